//! When two JSON values are the same one: whatever the order of members, the spelling of strings and of numbers.
//!
//! `1`, `1.0` and `10e-1` are one number: JavaScript has no other, and writes `1.0` as `1` when it saves what it loaded.
//! Digits are compared as they are written, not as doubles, so that 2^53 and its neighbours stay apart.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use crate::json::{Elements, Kind, Node, Text, Value, sorted_members};

/// Tells values apart by what they weigh: 128 bits, of which no state can know the seeds.
pub(crate) struct Scales {
    seeds: [RandomState; 2],
    buffer: Vec<u8>,
}

impl Scales {
    pub(crate) fn new() -> Self {
        Self { seeds: [RandomState::default(), RandomState::default()], buffer: Vec::new() }
    }

    /// Equal for equal values, and, but for chance, for no others.
    pub(crate) fn weigh(&mut self, value: &Value<'_>) -> u128 {
        self.buffer.clear();
        plain(value, &mut self.buffer);
        let [one, two] = [0, 1].map(|at: usize| u128::from(self.seeds[at].hash_one(&self.buffer[..])));
        one << 64 | two
    }
}

/// Appends bytes that are the same for the same values and differ for different ones.
pub(crate) fn plain(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Node(node) => plain_node(*node, out),
        Value::Text(text) => string(text, out),
        Value::Literal(literal) => scalar(literal, out),
        Value::List(list) => {
            out.push(b'[');
            list.iter().for_each(|value| plain(value, out));
            out.push(b']');
        }
        Value::Object(object) => {
            let mut members: Vec<(Cow<'_, [u8]>, &Value<'_>)> =
                object.iter().map(|(key, value)| (key.wtf8(), value)).collect();
            members.sort_by(|one, two| one.0.cmp(&two.0));
            out.push(b'{');
            for (key, value) in members {
                string(&key, out);
                plain(value, out);
            }
            out.push(b'}');
        }
    }
}

/// Containers that are open, with what is left of them.
enum Rest<'d> {
    Array(Elements<'d>),
    Object(std::vec::IntoIter<(Cow<'d, [u8]>, Node<'d>)>),
}

/// The depth of the value costs no stack.
fn plain_node(node: Node<'_>, out: &mut Vec<u8>) {
    let mut open: Vec<Rest<'_>> = Vec::new();
    let mut next = Some(node);
    loop {
        if let Some(node) = next.take() {
            match node.kind() {
                Kind::Object => {
                    out.push(b'{');
                    open.push(Rest::Object(sorted_members(node).into_iter()));
                }
                Kind::Array => {
                    out.push(b'[');
                    open.push(Rest::Array(node.elements()));
                }
                Kind::String => string(&node.text().map_or(Cow::Borrowed(&b""[..]), Text::wtf8), out),
                Kind::Null | Kind::Bool | Kind::Number => scalar(node.raw(), out),
            }
        }
        match open.last_mut() {
            None => return,
            Some(Rest::Array(elements)) => next = elements.next(),
            Some(Rest::Object(members)) => {
                next = members.next().map(|(key, value)| {
                    string(&key, out);
                    value
                });
            }
        }
        if next.is_none() {
            out.push(if matches!(open.pop(), Some(Rest::Array(_))) { b']' } else { b'}' });
        }
    }
}

fn string(wtf8: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(&(wtf8.len() as u64).to_le_bytes());
    out.extend_from_slice(wtf8);
}

fn scalar(literal: &str, out: &mut Vec<u8>) {
    match literal.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') if !literal.ends_with('y') => number(literal, out),
        _ => {
            out.push(b'=');
            out.extend_from_slice(literal.as_bytes());
            out.push(b';');
        }
    }
}

/// The significant digits, and where the point stands.
fn number(literal: &str, out: &mut Vec<u8>) {
    let (negative, rest) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let leading = digits.trim_start_matches('0');
    let significant = leading.trim_end_matches('0');
    if significant.is_empty() {
        out.extend_from_slice(b"#0;");
        return;
    }
    let places = i128::try_from(fraction.len()).unwrap_or(0);
    let trailing = i128::try_from(leading.len() - significant.len()).unwrap_or(0);
    let Ok(exponent) = exponent.parse::<i64>() else {
        out.push(b'#');
        out.extend_from_slice(literal.to_ascii_lowercase().as_bytes());
        out.push(b';');
        return;
    };
    out.extend_from_slice(if negative { b"#-" } else { b"#" });
    out.extend_from_slice(significant.as_bytes());
    out.push(b'e');
    out.extend_from_slice((i128::from(exponent) - places + trailing).to_string().as_bytes());
    out.push(b';');
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::json::{Document, Value};

    fn bytes(text: &str) -> Vec<u8> {
        let doc = Document::parse(text.as_bytes().to_vec()).expect("it is JSON");
        let mut out = Vec::new();
        plain(&Value::Node(doc.root()), &mut out);
        // What is taken apart weighs the same.
        let mut value = Value::Node(doc.root());
        value.object_mut();
        value.elements_mut();
        let mut again = Vec::new();
        plain(&value, &mut again);
        assert_eq!(out, again, "{text}");
        out
    }

    #[test]
    fn the_same_value_in_another_spelling_is_the_same() {
        for (one, two) in [
            ("1", "1.0"),
            ("100", "1E2"),
            ("0.5", "5e-1"),
            ("-0.0", "0"),
            (r#"{"a":1,"b":[2]}"#, r#"{"b":[2.0],"\u0061":1}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#""\u00e9""#, "\"é\""),
        ] {
            assert_eq!(bytes(one), bytes(two), "{one} {two}");
        }
    }

    #[test]
    fn different_values_are_different() {
        for (one, two) in [
            ("1", "\"1\""),
            ("9007199254740993", "9007199254740992"),
            ("1e400", "1e401"),
            ("-1", "1"),
            ("10", "1"),
            ("[1,2]", "[2,1]"),
            ("[[1],2]", "[[1,2]]"),
            ("{}", "[]"),
            ("null", "false"),
            ("NaN", "Infinity"),
            ("-Infinity", "Infinity"),
            (r#"{"a":null}"#, "{}"),
            (r#""\ud800""#, r#""\ufffd""#),
            (r#"["a","b"]"#, r#"["ab"]"#),
        ] {
            assert_ne!(bytes(one), bytes(two), "{one} {two}");
        }
    }
}
