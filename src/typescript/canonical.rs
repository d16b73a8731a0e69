//! JSON as JavaScript writes it: order of keys, numbers, and the exact numbers of fingerprints.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::hash::HashMap;
use crate::json::{Document, Kind, Node, Style, Text, Writer};

/// What JavaScript's stack bears is about 1,500 levels; deeper calls have no fingerprint here.
const DEEPEST: u16 = 1_000;

/// In front of what replaces numbers, and of strings that happen to begin like it.
const MARK: &[u8] = b"\0openai-agents-json:";

/// JSON as `JSON.parse` takes it.
pub(in crate::typescript) fn strict(bytes: Vec<u8>) -> Option<Document> {
    let doc = Document::parse(bytes).ok()?;
    let source = doc.root().source();
    let sound = !source.has_bom() && source.nonfinite().next().is_none();
    sound.then_some(doc)
}

/// How numbers are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::typescript) enum Numbers {
    /// As JavaScript prints the double.
    JavaScript,
    /// As a marked string with all their digits.
    Exact,
}

/// Writes a value with sorted keys.
pub(in crate::typescript) fn canonical(node: Node<'_>, numbers: Numbers, depth: u16, out: &mut Compact) -> Option<()> {
    if depth == DEEPEST {
        return None;
    }
    match node.kind() {
        Kind::Null | Kind::Bool => out.literal(node.raw()),
        Kind::Number if numbers == Numbers::JavaScript => out.literal(&javascript(node.number()?.to_f64())),
        Kind::Number => out.string(&[MARK, b"number:", exact(node.raw())?.as_bytes()].concat()),
        Kind::String => {
            let text = node.text()?;
            out.string(&marked(text, numbers));
        }
        Kind::Array => {
            out.begin_array();
            for element in node.elements() {
                canonical(element, numbers, depth + 1, out)?;
            }
            out.end_array();
        }
        Kind::Object => {
            let mut members: Vec<(Cow<'_, [u8]>, Node<'_>)> =
                node.members().map(|member| (marked(member.key, numbers), member.value)).collect();
            // Stable, so that of duplicates the last one stays behind.
            members.sort_by(|(one, _), (two, _)| in_order(one, two));
            out.begin_object();
            for (at, (key, value)) in members.iter().enumerate() {
                if members.get(at + 1).is_none_or(|(next, _)| next != key) {
                    out.key_bytes(key);
                    canonical(*value, numbers, depth + 1, out)?;
                }
            }
            out.end_object();
        }
    }
    Some(())
}

fn marked(text: Text<'_>, numbers: Numbers) -> Cow<'_, [u8]> {
    let bytes = text.wtf8();
    if numbers == Numbers::Exact && bytes.starts_with(MARK) {
        return Cow::Owned([MARK, b"string:", &bytes].concat());
    }
    bytes
}

/// JavaScript's order of sorted keys: array indexes by value, then the others by UTF-16 code units.
fn in_order(one: &[u8], two: &[u8]) -> Ordering {
    match (array_index(one), array_index(two)) {
        (Some(one), Some(two)) => one.cmp(&two),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => by_units(one, two),
    }
}

/// Members of an object, in order.
pub(crate) type Members<'d> = Vec<(Cow<'d, [u8]>, Node<'d>)>;

/// An object's members as JavaScript holds them: array indexes first, and of duplicates the last value at the place of the
/// first.
pub(crate) fn as_javascript(node: Node<'_>) -> Members<'_> {
    let mut members: Members<'_> = Vec::new();
    let mut places: HashMap<Cow<'_, [u8]>, usize> = HashMap::default();
    for member in node.members() {
        let key = member.key.wtf8();
        match places.get(&key) {
            Some(&at) => members[at].1 = member.value,
            None => {
                places.insert(key.clone(), members.len());
                members.push((key, member.value));
            }
        }
    }
    members.sort_by_key(|(key, _)| array_index(key).map_or(u64::MAX, u64::from));
    members
}

/// Writes a value with numbers as JavaScript does, and of objects what `members` says of them. What stands deeper is
/// written as it is.
pub(crate) fn stringify<'d>(node: Node<'d>, members: &dyn Fn(Node<'d>) -> Members<'d>, depth: usize, out: &mut Writer) {
    match node.kind() {
        _ if depth == 0 => out.node(node),
        Kind::Object => {
            out.begin_object();
            for (key, value) in members(node) {
                out.key_wtf8(&key);
                stringify(value, members, depth - 1, out);
            }
            out.end_object();
        }
        Kind::Array => {
            out.begin_array();
            node.elements().for_each(|element| stringify(element, members, depth - 1, out));
            out.end_array();
        }
        Kind::Number => out.literal(&javascript(node.number().map_or(f64::NAN, |number| number.to_f64()))),
        _ => out.node(node),
    }
}

pub(in crate::typescript) fn array_index(key: &[u8]) -> Option<u32> {
    if key.len() > 10 || !key.first()?.is_ascii_digit() || (key.len() > 1 && key[0] == b'0') {
        return None;
    }
    std::str::from_utf8(key).ok()?.parse().ok().filter(|&index| index != u32::MAX)
}

/// The order of UTF-16 differs from that of the bytes where a character beyond the basic plane meets one of its end.
fn by_units(one: &[u8], two: &[u8]) -> Ordering {
    let same = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    match (one.get(same), two.get(same)) {
        (Some(&one @ 0xEE..), Some(&two @ 0xEE..)) if (one < 0xF0) != (two < 0xF0) => two.cmp(&one),
        // A half surrogate stands at the same place as the pairs that begin with it.
        _ => one.cmp(two),
    }
}

/// A double as JavaScript prints it.
pub(in crate::typescript) fn javascript(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if (1e-6..1e21).contains(&magnitude) {
        return format!("{value}");
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}e{sign}{exponent}")
}

/// A literal's exact decimal value: sign, digits without zeros at either end, exponent (`canonicalizeJsonNumber`).
pub(in crate::typescript) fn exact(literal: &str) -> Option<String> {
    let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [integer, fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(format!("{sign}0"));
    }
    let short = digits.trim_end_matches('0');
    let exponent: i128 = exponent.parse().ok()?;
    let exponent = exponent
        .checked_sub(i128::try_from(fraction.len()).ok()?)?
        .checked_add(i128::try_from(digits.len() - short.len()).ok()?)?;
    Some(format!("{sign}{short}e{exponent}"))
}

/// Compact JSON with keys that need not be UTF-8.
pub(in crate::typescript) struct Compact(Writer);

impl Default for Compact {
    fn default() -> Self {
        Self(Writer::with_capacity(Style::TypeScript, 256))
    }
}

impl Compact {
    /// Goes on behind what is written already.
    pub(in crate::typescript) fn behind(written: Vec<u8>) -> Self {
        Self(Writer::behind(Style::TypeScript, written))
    }

    pub(in crate::typescript) fn finish(self) -> Vec<u8> {
        self.0.finish()
    }

    pub(in crate::typescript) fn begin_object(&mut self) {
        self.0.begin_object();
    }

    pub(in crate::typescript) fn end_object(&mut self) {
        self.0.end_object();
    }

    pub(in crate::typescript) fn begin_array(&mut self) {
        self.0.begin_array();
    }

    pub(in crate::typescript) fn end_array(&mut self) {
        self.0.end_array();
    }

    pub(in crate::typescript) fn key(&mut self, key: &str) {
        self.0.key(key);
    }

    pub(in crate::typescript) fn key_bytes(&mut self, key: &[u8]) {
        self.0.key_wtf8(key);
    }

    pub(in crate::typescript) fn literal(&mut self, literal: &str) {
        self.0.literal(literal);
    }

    pub(in crate::typescript) fn text(&mut self, text: Text<'_>) {
        self.string(&text.wtf8());
    }

    pub(in crate::typescript) fn string(&mut self, wtf8: &[u8]) {
        self.0.string(wtf8);
    }
}
