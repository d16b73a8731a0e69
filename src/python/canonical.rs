//! JSON texts as Python writes them before it hashes them: sorted keys, exact integers, shortest floats.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::json::{Kind, Node, Number, Text};

/// Nothing that Python can load is nested deeper.
const DEPTH: u16 = 1_000;

/// Why Python cannot hash a value. Both make the loader fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unhashable {
    /// It holds half of a surrogate pair, which has no UTF-8.
    LoneSurrogate,
    /// It is nested deeper than Python's stack allows.
    TooDeep,
}

/// How a text is written for hashing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `json.dumps(…, ensure_ascii=False, sort_keys=True, separators=(",", ":"))`: fingerprints and scopes.
    Compact,
    /// `json.dumps(…, sort_keys=True)`: digests of items.
    Spaced,
}

/// A canonical text in the making.
#[derive(Debug)]
pub(super) struct Canonical {
    out: Vec<u8>,
    style: Style,
}

impl Canonical {
    pub(super) fn new(style: Style) -> Self {
        Self { out: Vec::with_capacity(256), style }
    }

    /// SHA-256 of the text in lowercase hexadecimal digits.
    pub(super) fn digest(&self) -> String {
        digest(&self.out)
    }

    /// The text itself.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// The text so far.
    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("canonical texts are UTF-8")
    }

    /// Writes text that is canonical already.
    pub(super) fn literal(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn comma(&mut self) {
        self.literal(if self.style == Style::Compact { "," } else { ", " });
    }

    fn colon(&mut self) {
        self.literal(if self.style == Style::Compact { ":" } else { ": " });
    }

    /// Writes an object from entries in any order, of which the last one of a key counts.
    pub(super) fn object<'k, V>(
        &mut self,
        mut entries: Vec<(Cow<'k, [u8]>, V)>,
        mut value: impl FnMut(&mut Self, &V) -> Result<(), Unhashable>,
    ) -> Result<(), Unhashable> {
        entries.sort_by(|one, two| one.0.cmp(&two.0));
        self.literal("{");
        let mut first = true;
        for (place, (key, entry)) in entries.iter().enumerate() {
            if entries.get(place + 1).is_some_and(|next| next.0 == *key) {
                continue;
            }
            if !first {
                self.comma();
            }
            first = false;
            self.string(key)?;
            self.colon();
            value(self, entry)?;
        }
        self.literal("}");
        Ok(())
    }

    /// Writes a value; without members that are null, if `nulls` are not wanted.
    pub(super) fn value(&mut self, node: Node<'_>, nulls: bool) -> Result<(), Unhashable> {
        self.at_depth(node, nulls, 0)
    }

    fn at_depth(&mut self, node: Node<'_>, nulls: bool, depth: u16) -> Result<(), Unhashable> {
        if depth > DEPTH {
            return Err(Unhashable::TooDeep);
        }
        match node.kind() {
            Kind::Null => self.literal("null"),
            Kind::Bool => self.literal(if node.as_bool() == Some(true) { "true" } else { "false" }),
            Kind::Number => node.number().into_iter().for_each(|number| self.number(number)),
            Kind::String => node.text().map_or(Ok(()), |text| self.text_of(text))?,
            Kind::Array => {
                self.literal("[");
                for (place, element) in node.elements().enumerate() {
                    if place > 0 {
                        self.comma();
                    }
                    self.at_depth(element, nulls, depth + 1)?;
                }
                self.literal("]");
            }
            Kind::Object => {
                let mut members = members(node);
                if !nulls {
                    members.retain(|(_, value)| !value.is_null());
                }
                self.object(members, |canonical, value| canonical.at_depth(*value, nulls, depth + 1))?;
            }
        }
        Ok(())
    }

    /// Writes a string of the document.
    pub(super) fn text_of(&mut self, text: Text<'_>) -> Result<(), Unhashable> {
        self.string(&text.wtf8())
    }

    /// Writes a number as Python reads and writes it.
    fn number(&mut self, number: Number<'_>) {
        let raw = number.raw();
        if !number.is_integer_literal() {
            return self.literal(&float(number.to_f64()));
        }
        self.literal(if raw == "-0" { "0" } else { raw });
    }

    /// Writes a string in generalized UTF-8.
    pub(super) fn string(&mut self, wtf8: &[u8]) -> Result<(), Unhashable> {
        self.literal("\"");
        match std::str::from_utf8(wtf8) {
            Ok(text) => self.characters(text),
            Err(_) if self.style == Style::Compact => return Err(Unhashable::LoneSurrogate),
            Err(_) => self.surrogates(wtf8),
        }
        self.literal("\"");
        Ok(())
    }

    fn characters(&mut self, mut text: &str) {
        let compact = self.style == Style::Compact;
        let plain = |byte: &u8| match byte {
            b'"' | b'\\' | ..0x20 => false,
            0x7F.. => compact,
            _ => true,
        };
        while let Some(stop) = text.bytes().position(|byte| !plain(&byte)) {
            self.literal(&text[..stop]);
            let mut rest = text[stop..].chars();
            rest.by_ref().take(1).for_each(|char| self.char(char));
            text = rest.as_str();
        }
        self.literal(text);
    }

    fn char(&mut self, char: char) {
        let short = match char {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            _ => "",
        };
        if !short.is_empty() {
            self.literal(short);
        } else if char < ' ' || (self.style == Style::Spaced && !(' '..='~').contains(&char)) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                self.escape(*unit);
            }
        } else {
            self.literal(char.encode_utf8(&mut [0; 4]));
        }
    }

    fn escape(&mut self, unit: u16) {
        self.literal(&format!("\\u{unit:04x}"));
    }

    /// A string with lone surrogates, each of which takes three bytes of generalized UTF-8.
    fn surrogates(&mut self, mut wtf8: &[u8]) {
        while !wtf8.is_empty() {
            let valid = match std::str::from_utf8(wtf8) {
                Ok(_) => wtf8.len(),
                Err(error) => error.valid_up_to(),
            };
            let (text, rest) = wtf8.split_at(valid);
            self.characters(std::str::from_utf8(text).unwrap_or_default());
            let Some((surrogate, rest)) = rest.split_at_checked(3) else { break };
            self.escape(0xD000 | u16::from(surrogate[1] & 0x3F) << 6 | u16::from(surrogate[2] & 0x3F));
            wtf8 = rest;
        }
    }
}

/// SHA-256 of a text in lowercase hexadecimal digits.
pub(super) fn digest(text: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
        hex.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    hex
}

/// The members of an object with their decoded keys.
pub(super) fn members<'d>(node: Node<'d>) -> Vec<(Cow<'d, [u8]>, Node<'d>)> {
    node.members().map(|member| (member.key.wtf8(), member.value)).collect()
}

/// `repr` of a Python float: the shortest digits that read back as the same double.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').expect("the format writes an exponent");
    let exponent: i32 = exponent.parse().expect("the format writes an integer behind the e");
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::{Canonical, Style, Unhashable, float};
    use crate::json::Document;

    fn canonical(text: &str, style: Style) -> Result<String, Unhashable> {
        let doc = Document::parse(text.as_bytes().to_vec()).expect("the tests' texts are JSON");
        let mut canonical = Canonical::new(style);
        canonical.value(doc.root(), true).map(|()| canonical.text().to_owned())
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let expected = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e5, "100000.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e-7, "1e-07"),
            (1.5e-10, "1.5e-10"),
            (5e-324, "5e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (f64::INFINITY, "Infinity"),
        ];
        for (value, text) in expected {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn keys_are_sorted_by_code_point_and_the_last_of_a_key_counts() {
        let text = r#"{"\uff5e":1,"😀":2,"b":3,"a":-0,"b":[1e999,-0.0,123456789012345678901234567890]}"#;
        let expected = r#"{"a":0,"b":[Infinity,-0.0,123456789012345678901234567890],"～":1,"😀":2}"#;
        assert_eq!(canonical(text, Style::Compact), Ok(expected.to_owned()));
    }

    #[test]
    fn strings_are_escaped_as_each_style_does() {
        let text = r#"{"k": "é😀\u0001\b/\u007f\u2028\"\\"}"#;
        assert_eq!(canonical(text, Style::Compact), Ok("{\"k\":\"é😀\\u0001\\b/\u{7f}\u{2028}\\\"\\\\\"}".to_owned()));
        let spaced = r#"{"k": "\u00e9\ud83d\ude00\u0001\b/\u007f\u2028\"\\"}"#;
        assert_eq!(canonical(text, Style::Spaced), Ok(spaced.to_owned()));
    }

    #[test]
    fn a_lone_surrogate_has_no_utf8() {
        assert_eq!(canonical(r#"["\ud800"]"#, Style::Compact), Err(Unhashable::LoneSurrogate));
        assert_eq!(canonical(r#"["a\udfffb"]"#, Style::Spaced), Ok(r#"["a\udfffb"]"#.to_owned()));
    }
}
