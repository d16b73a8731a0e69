//! Nodes to bytes, in the byte style of either SDK.

use super::{Kind, Node, Text};

/// How white space and characters are written. Digits, order and duplicates always stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As Python's `json.dumps(value, indent=2)`: two spaces, ASCII only.
    Python,
    /// As JavaScript's `JSON.stringify(value)`: no space, everything but control characters literal.
    TypeScript,
}

/// Writes JSON piece by piece. The caller says what comes in order; the writer adds commas and white space.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    style: Style,
    depth: usize,
    /// Whether the innermost container has nothing in it yet.
    empty: bool,
    /// Whether the next value stands behind its key.
    keyed: bool,
}

impl Writer {
    /// An empty text in this style.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { out: Vec::new(), style, depth: 0, empty: true, keyed: true }
    }

    /// The style that everything is written in.
    #[must_use]
    pub fn style(&self) -> Style {
        self.style
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Starts an object.
    pub fn begin_object(&mut self) {
        self.begin(b'{');
    }

    /// Ends an object.
    pub fn end_object(&mut self) {
        self.end(b'}');
    }

    /// Starts an array.
    pub fn begin_array(&mut self) {
        self.begin(b'[');
    }

    /// Ends an array.
    pub fn end_array(&mut self) {
        self.end(b']');
    }

    /// Writes a key that needs no escape in any style.
    pub fn key(&mut self, key: &str) {
        self.separate();
        self.plain_string(key);
        self.colon();
    }

    /// Writes a key of a document.
    pub fn key_text(&mut self, key: Text<'_>) {
        self.separate();
        self.quoted(key);
        self.colon();
    }

    /// Writes text that is already a JSON literal: a number, `true`, `false` or `null`.
    pub fn literal(&mut self, literal: &str) {
        self.value();
        self.out.extend_from_slice(literal.as_bytes());
    }

    /// Writes a string given in generalized UTF-8.
    pub fn string(&mut self, wtf8: &[u8]) {
        self.value();
        self.out.push(b'"');
        self.escape(wtf8);
        self.out.push(b'"');
    }

    /// Writes a string of a document.
    pub fn text(&mut self, text: Text<'_>) {
        self.value();
        self.quoted(text);
    }

    /// Writes a value with everything in it. Linear in its size, and its depth costs nothing.
    pub fn node(&mut self, node: Node<'_>) {
        let mut open: Vec<(u32, bool)> = Vec::new();
        let mut index = node.index();
        let end = node.end_index();
        loop {
            while let Some(&(close, object)) = open.last().filter(|(close, _)| *close == index) {
                debug_assert_eq!(close, index, "containers close in order");
                if object {
                    self.end_object()
                } else {
                    self.end_array()
                }
                open.pop();
            }
            if index >= end {
                return;
            }
            if !self.keyed && open.last().is_some_and(|&(_, object)| object) {
                self.key_text(Text::new(Node::new(node.source(), index)));
                index += 1;
                continue;
            }
            let current = Node::new(node.source(), index);
            match current.kind() {
                kind @ (Kind::Object | Kind::Array) => {
                    let object = kind == Kind::Object;
                    if object {
                        self.begin_object()
                    } else {
                        self.begin_array()
                    }
                    open.push((current.end_index(), object));
                }
                Kind::String => self.text(Text::new(current)),
                _ => self.literal(current.raw()),
            }
            index += 1;
        }
    }

    fn begin(&mut self, bracket: u8) {
        self.value();
        self.out.push(bracket);
        self.depth += 1;
        self.empty = true;
        self.keyed = false;
    }

    fn end(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.empty {
            self.line();
        }
        self.out.push(bracket);
        self.empty = false;
        self.keyed = false;
    }

    /// Everything that stands between the last piece and a value.
    fn value(&mut self) {
        if !self.keyed {
            self.separate();
        }
        self.keyed = false;
    }

    fn separate(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.line();
    }

    fn line(&mut self) {
        if self.style == Style::Python {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * self.depth, b' ');
        }
    }

    fn colon(&mut self) {
        self.out.extend_from_slice(if self.style == Style::Python { b": " } else { b":" });
        self.keyed = true;
    }

    fn plain_string(&mut self, text: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    fn quoted(&mut self, text: Text<'_>) {
        match text.plain().filter(|plain| self.style == Style::TypeScript || plain.bytes().all(|byte| byte < 0x7F)) {
            Some(plain) => self.plain_string(plain),
            None => {
                self.out.push(b'"');
                self.escape(&text.wtf8());
                self.out.push(b'"');
            }
        }
    }

    fn escape(&mut self, wtf8: &[u8]) {
        let mut rest = wtf8;
        while let Some(&first) = rest.first() {
            let (unit, width) = code_point(rest);
            match first {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                0x08 => self.out.extend_from_slice(b"\\b"),
                0x0C => self.out.extend_from_slice(b"\\f"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0x20..=0x7E => self.out.push(first),
                _ if first < 0x20 || self.style == Style::Python || (0xD800..0xE000).contains(&unit) => {
                    self.unicode(unit)
                }
                _ => self.out.extend_from_slice(&rest[..width]),
            }
            rest = &rest[width..];
        }
    }

    fn unicode(&mut self, unit: u32) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut push = |half: u32| {
            self.out.extend_from_slice(b"\\u");
            self.out.extend([12, 8, 4, 0].map(|shift| HEX[(half >> shift & 15) as usize]));
        };
        if unit >= 0x1_0000 {
            push(0xD800 + ((unit - 0x1_0000) >> 10));
            push(0xDC00 + (unit & 0x3FF));
        } else {
            push(unit);
        }
    }
}

/// The first code point of generalized UTF-8 and its width in bytes.
fn code_point(bytes: &[u8]) -> (u32, usize) {
    let first = u32::from(bytes[0]);
    let (start, width) = match first {
        0..0x80 => return (first, 1),
        0x80..0xE0 => (first & 0x1F, 2),
        0xE0..0xF0 => (first & 0x0F, 3),
        _ => (first & 0x07, 4),
    };
    let unit = bytes[1..width].iter().fold(start, |unit, &byte| unit << 6 | u32::from(byte & 0x3F));
    (unit, width)
}
