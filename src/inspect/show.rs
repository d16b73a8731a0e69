//! Values as text for people: cut where they are long, masked where they look like secrets.

use std::borrow::Cow;

use crate::json::{Kind, Node, Text, Value};
use crate::validate::secrets::{MASK, is_secret_name, masked};

/// How values are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show {
    /// The most characters of a value; `None` for all.
    pub(super) width: Option<usize>,
    /// Whether what looks like a secret is shown.
    pub(super) secrets: bool,
}

/// Deeper values are shown as they are written.
const DEPTH: usize = 64;

impl Show {
    /// A text.
    pub(super) fn text(self, text: &str) -> String {
        let mut out = Out::new(self);
        out.plain(text);
        out.finish()
    }

    /// Any value; strings without quotes, everything else as compact JSON.
    pub(super) fn value(self, value: &Value<'_>) -> String {
        let mut out = Out::new(self);
        match value.wtf8() {
            Some(text) => out.plain(&String::from_utf8_lossy(&text)),
            None => out.value(value, 0),
        }
        out.finish()
    }

    /// The same of a value of a document.
    pub(super) fn node(self, node: Node<'_>) -> String {
        self.value(&Value::Node(node))
    }

    /// Arguments: a string with JSON in it is shown as that JSON.
    pub(super) fn arguments(self, value: &Value<'_>) -> String {
        let text = value.wtf8().map(|text| String::from_utf8_lossy(&text).into_owned());
        let doc = text.filter(|text| text.trim_start().starts_with(['{', '[']));
        let doc = doc.and_then(|text| crate::json::Document::parse(text.into_bytes()).ok());
        match doc {
            Some(doc) => self.node(doc.root()),
            None => self.value(value),
        }
    }
}

struct Out {
    show: Show,
    text: String,
    /// Characters so far.
    count: usize,
    full: bool,
}

impl Out {
    fn new(show: Show) -> Self {
        Self { show, text: String::new(), count: 0, full: false }
    }

    fn finish(mut self) -> String {
        if self.full {
            self.text.push('…');
        }
        self.text
    }

    fn push(&mut self, text: &str) {
        let Some(width) = self.show.width else { return self.text.push_str(text) };
        for char in text.chars() {
            if self.count >= width {
                self.full = true;
                return;
            }
            self.text.push(char);
            self.count += 1;
        }
    }

    /// As much of the text as can be shown, and enough more to tell what looks like a secret.
    fn visible<'t>(&self, text: &'t str) -> &'t str {
        const MORE: usize = 256;
        let Some(width) = self.show.width else { return text };
        let end = 4 * (width - self.count.min(width)) + MORE;
        if end >= text.len() {
            return text;
        }
        let end = (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        &text[..end]
    }

    fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let text = self.visible(text);
        if self.show.secrets { Cow::Borrowed(text) } else { masked(text) }
    }

    fn plain(&mut self, text: &str) {
        let masked = self.mask(text);
        self.push(&masked);
    }

    fn quoted(&mut self, text: &str) {
        let masked = self.mask(text).into_owned();
        self.push("\"");
        for char in masked.chars() {
            match char {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                '\t' => self.push("\\t"),
                char if u32::from(char) < 0x20 => self.push(&format!("\\u{:04x}", u32::from(char))),
                char => self.push(char.encode_utf8(&mut [0; 4])),
            }
            if self.full {
                return;
            }
        }
        self.push("\"");
    }

    fn value(&mut self, value: &Value<'_>, depth: usize) {
        if self.full {
            return;
        }
        match value {
            Value::Node(node) => self.node(*node, depth),
            Value::Text(text) => self.quoted(&String::from_utf8_lossy(text)),
            Value::Literal(literal) => self.push(literal),
            Value::List(list) => {
                self.push("[");
                for (place, value) in list.iter().enumerate() {
                    self.comma(place);
                    self.value(value, depth + 1);
                    if self.full {
                        return;
                    }
                }
                self.push("]");
            }
            Value::Object(object) => {
                self.push("{");
                for (place, (key, value)) in object.iter().enumerate() {
                    self.comma(place);
                    let key = String::from_utf8_lossy(&key.wtf8()).into_owned();
                    if self.key(&key, value.kind()) {
                        self.value(value, depth + 1);
                    }
                    if self.full {
                        return;
                    }
                }
                self.push("}");
            }
        }
    }

    fn node(&mut self, node: Node<'_>, depth: usize) {
        if self.full {
            return;
        }
        match node.kind() {
            Kind::Array | Kind::Object if depth >= DEPTH => {
                let raw = self.mask(node.raw()).into_owned();
                self.push(&raw);
            }
            Kind::Array => {
                self.push("[");
                for (place, element) in node.elements().enumerate() {
                    self.comma(place);
                    self.node(element, depth + 1);
                    if self.full {
                        return;
                    }
                }
                self.push("]");
            }
            Kind::Object => {
                self.push("{");
                for (place, member) in node.members().enumerate() {
                    self.comma(place);
                    if self.key(&member.key.lossy(), member.value.kind()) {
                        self.node(member.value, depth + 1);
                    }
                    if self.full {
                        return;
                    }
                }
                self.push("}");
            }
            Kind::String => self.quoted(&node.text().map(Text::lossy).unwrap_or_default()),
            Kind::Number | Kind::Bool | Kind::Null => self.push(node.raw()),
        }
    }

    /// Writes a key, and `false` with what stands for the value if that is a secret.
    fn key(&mut self, key: &str, kind: Kind) -> bool {
        self.quoted(key);
        self.push(": ");
        let hides = !self.show.secrets && is_secret_name(key) && !matches!(kind, Kind::Null | Kind::Bool);
        if hides {
            self.push(&format!("\"{MASK}\""));
        }
        !hides
    }

    fn comma(&mut self, place: usize) {
        if place > 0 {
            self.push(", ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Show;
    use crate::json::{Document, Value};

    fn shown(json: &str, show: Show) -> String {
        let doc = Document::parse(json.as_bytes().to_vec()).expect("the tests' texts are JSON");
        show.arguments(&Value::Node(doc.root()))
    }

    #[test]
    fn long_values_are_cut_and_secrets_masked() {
        let json =
            r#""{\"to\": \"Ann\", \"apiKey\": 7, \"key\": \"sk-abcdefghijklmnopqrstuvwx\", \"list\": [1, true]}""#;
        let all = Show { width: None, secrets: false };
        assert_eq!(shown(json, all), r#"{"to": "Ann", "apiKey": "***", "key": "***", "list": [1, true]}"#);
        assert_eq!(shown(json, Show { width: Some(12), ..all }), r#"{"to": "Ann"…"#);
        let open = Show { secrets: true, ..all };
        assert!(shown(json, open).contains("sk-abc"));
        assert_eq!(shown(r#""no JSON, { at all""#, all), "no JSON, { at all");
    }

    #[test]
    fn a_secret_is_masked_where_the_value_is_cut_in_the_middle_of_it() {
        let show = Show { width: Some(8), secrets: false };
        assert_eq!(show.text("key sk-abcdefghijklmnopqrstuvwxyz"), "key ***");
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(shown(&deep, Show { width: None, secrets: false }).len(), deep.len());
    }
}
