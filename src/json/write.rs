//! Nodes to bytes, in the byte style of either SDK.

use super::text::{escape, join};
use super::{Kind, Node, Text, scan};

/// Containers deeper than this are written on one line. Python's own writer cannot come here (its recursion limit is
/// 1,000), and indentation would make the output quadratic.
const DEEPEST_INDENT: usize = 1000;

/// A new line with the indentation of most values.
const LINE: &[u8] = b"\n                                                                ";

/// How white space and characters are written. Digits, order and duplicates always stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As Python's `json.dumps(value, indent=2)`: two spaces, ASCII only.
    Python,
    /// As Python's `json.dumps(value)`: one line, a space behind commas and colons, ASCII only.
    PythonLine,
    /// As JavaScript's `JSON.stringify(value)`: no space, everything but control characters literal.
    TypeScript,
    /// For people: two spaces as in Python, characters as in JavaScript.
    Indented,
}

impl Style {
    /// Whether everything beyond ASCII is escaped.
    const fn is_ascii(self) -> bool {
        matches!(self, Self::Python | Self::PythonLine)
    }

    const fn is_indented(self) -> bool {
        matches!(self, Self::Python | Self::Indented)
    }
}

/// Writes JSON piece by piece. The caller says what comes in order; the writer adds commas and white space.
///
/// ```
/// use runstate::json::{Document, Style, Writer};
///
/// let doc = Document::parse(b"[1.50, \"\\u00E9\\/\"]".to_vec())?;
/// let mut writer = Writer::new(Style::Python);
/// writer.begin_object();
/// writer.key("amounts");
/// writer.node(doc.root());
/// writer.end_object();
/// assert_eq!(
///     String::from_utf8_lossy(&writer.finish()),
///     "{\n  \"amounts\": [\n    1.50,\n    \"\\u00e9/\"\n  ]\n}",
/// );
/// # Ok::<(), runstate::json::SyntaxError>(())
/// ```
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

    /// The same with room for so many bytes.
    pub(crate) fn with_capacity(style: Style, bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), ..Self::new(style) }
    }

    /// A writer that goes on behind what is written already.
    pub(crate) fn behind(style: Style, written: Vec<u8>) -> Self {
        Self { out: written, ..Self::new(style) }
    }

    /// A writer of what comes behind something in the same container.
    pub(super) fn apart(&self) -> Self {
        Self { depth: self.depth, empty: false, keyed: false, ..Self::new(self.style) }
    }

    /// Takes over what another one has written behind this.
    pub(super) fn join(&mut self, behind: Self) {
        self.out.extend_from_slice(&behind.out);
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

    /// Writes a key.
    pub fn key(&mut self, key: &str) {
        self.separate();
        self.out.push(b'"');
        self.characters(key);
        self.out.push(b'"');
        self.colon();
    }

    /// Writes a key that both styles write as it is: the name of a field.
    pub(super) fn name(&mut self, name: &'static str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
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

    /// Writes a string given in generalized UTF-8, as [`Text::wtf8`] gives it. Halves of a pair that have come
    /// together become their character; bytes that are no generalized UTF-8 become U+FFFD.
    pub fn string(&mut self, wtf8: &[u8]) {
        self.value();
        self.quoted_wtf8(wtf8);
    }

    /// Writes a key given in generalized UTF-8.
    pub fn key_wtf8(&mut self, wtf8: &[u8]) {
        self.separate();
        self.quoted_wtf8(wtf8);
        self.colon();
    }

    pub(super) fn quoted_wtf8(&mut self, wtf8: &[u8]) {
        self.out.push(b'"');
        let mut rest = wtf8;
        while let Some(stop) = self.valid(rest) {
            let (unit, width) = match rest[stop..] {
                [0xED, a @ 0xA0..=0xAF, b, 0xED, c @ 0xB0..=0xBF, d, ..] if is_tail(b) && is_tail(d) => {
                    (join(surrogate(a, b), surrogate(c, d)), 6)
                }
                [0xED, a @ 0xA0..=0xBF, b, ..] if is_tail(b) => (surrogate(a, b), 3),
                _ => (u32::from(char::REPLACEMENT_CHARACTER), 1),
            };
            self.unit(unit);
            rest = &rest[stop + width..];
        }
        self.out.push(b'"');
    }

    /// Writes a string of a document.
    pub fn text(&mut self, text: Text<'_>) {
        self.value();
        self.quoted(text);
    }

    /// Writes a value with everything in it. Linear in its size, and its depth costs nothing.
    pub fn node(&mut self, node: Node<'_>) {
        self.out.reserve(node.raw().len());
        if self.writes_as_it_stands(node) {
            // Nothing but strings can change, and no backslash stands outside of strings.
            self.value();
            self.respell(node.raw());
            return;
        }
        let mut open: Vec<(u32, bool)> = Vec::new();
        let mut index = node.index();
        loop {
            while let Some(&(_, object)) = open.last().filter(|(close, _)| *close == index) {
                if object {
                    self.end_object()
                } else {
                    self.end_array()
                }
                open.pop();
            }
            let current = Node::new(node.source(), index);
            match open.last() {
                None if index > node.index() => return,
                Some((_, true)) if !self.keyed => {
                    self.key_text(Text::new(current));
                    index += 1;
                    continue;
                }
                _ => {}
            }
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

    /// Whether the white space of a value is this style's.
    pub(super) fn writes_as_it_stands(&self, node: Node<'_>) -> bool {
        self.style == Style::TypeScript && node.source().is_compact()
    }

    /// Starts a value that is written piece by piece, as it stands.
    pub(super) fn begin_patched(&mut self) {
        self.value();
    }

    fn begin(&mut self, bracket: u8) {
        self.value();
        self.out.push(bracket);
        self.depth += 1;
        self.empty = true;
        self.keyed = false;
    }

    fn end(&mut self, bracket: u8) {
        self.depth = self.depth.saturating_sub(1);
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
        let comma = !std::mem::replace(&mut self.empty, false);
        match self.style {
            Style::TypeScript if comma => self.out.push(b','),
            Style::PythonLine if comma => self.out.extend_from_slice(b", "),
            Style::TypeScript | Style::PythonLine => {}
            Style::Python | Style::Indented => {
                if comma {
                    self.out.push(b',');
                }
                self.line();
            }
        }
    }

    fn line(&mut self) {
        if !self.style.is_indented() || self.depth > DEEPEST_INDENT {
            return;
        }
        match LINE.get(..=2 * self.depth) {
            Some(line) => self.out.extend_from_slice(line),
            None => {
                self.out.push(b'\n');
                self.out.resize(self.out.len() + 2 * self.depth, b' ');
            }
        }
    }

    fn colon(&mut self) {
        self.out.extend_from_slice(if self.style == Style::TypeScript { b":" } else { b": " });
        self.keyed = true;
    }

    fn quoted(&mut self, text: Text<'_>) {
        self.out.push(b'"');
        match text.plain() {
            Some(plain) if !self.style.is_ascii() => self.out.extend_from_slice(plain.as_bytes()),
            _ => self.respell(text.raw()),
        }
        self.out.push(b'"');
    }

    /// Writes the body of a string that is JSON already, changing only the characters that the style spells
    /// differently.
    pub(super) fn respell(&mut self, raw: &str) {
        let bytes = raw.as_bytes();
        let python = self.style.is_ascii();
        // What stands before `done` is written; what stands between `done` and `at` is right as it is.
        let (mut done, mut at) = (0, 0);
        loop {
            at = if python { scan::not_python(bytes, at) } else { at + backslash(&bytes[at..]) };
            match bytes[at..] {
                // In a whole value, the quotes of its strings.
                [b'"', ..] => at += 1,
                [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at += 2,
                [b'\\', b'u', a, b, c, d, ..] if python && [a, b, c, d] > *b"007e" && is_lower([a, b, c, d]) => at += 6,
                [] => {
                    self.out.extend_from_slice(&bytes[done..]);
                    return;
                }
                [b'\\', ..] => {
                    self.out.extend_from_slice(&bytes[done..at]);
                    // Escapes come in runs.
                    while bytes.get(at) == Some(&b'\\') {
                        let (unit, width) = escape(&bytes[at..]);
                        self.unit(unit);
                        at += width;
                    }
                    done = at;
                }
                _ => {
                    self.out.extend_from_slice(&bytes[done..at]);
                    at += self.escaped(&raw[at..]);
                    done = at;
                }
            }
        }
    }

    /// Writes the characters at the front that only Python escapes. How many bytes they take as they are.
    fn escaped(&mut self, text: &str) -> usize {
        let mut units = [[0; 6]; 32];
        let (mut filled, mut width) = (0, 0);
        for char in text.chars().take_while(|&char| char > '~') {
            let (unit, more) = (u32::from(char), u32::from(char).checked_sub(0x1_0000));
            units[filled] = spelt(more.map_or(unit, |more| 0xD800 + (more >> 10)));
            filled += 1;
            if more.is_some() {
                units[filled] = spelt(0xDC00 + (unit & 0x3FF));
                filled += 1;
            }
            width += char.len_utf8();
            if filled > units.len() - 2 {
                self.out.extend_from_slice(units[..filled].as_flattened());
                filled = 0;
            }
        }
        self.out.extend_from_slice(units[..filled].as_flattened());
        width
    }

    /// Writes the valid characters at the front of `wtf8`; where the others start, if there are any.
    fn valid(&mut self, wtf8: &[u8]) -> Option<usize> {
        match std::str::from_utf8(wtf8) {
            Ok(text) => {
                self.characters(text);
                None
            }
            Err(error) => {
                let stop = error.valid_up_to();
                self.characters(std::str::from_utf8(&wtf8[..stop]).unwrap_or_default());
                Some(stop)
            }
        }
    }

    /// Writes characters that are not JSON yet, without quotes around them.
    fn characters(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let python = self.style.is_ascii();
        let mut at = 0;
        loop {
            let stop = if python { scan::not_python(bytes, at) } else { scan::string_stop(bytes, at) };
            self.out.extend_from_slice(&bytes[at..stop]);
            if stop == bytes.len() {
                return;
            }
            match bytes[stop] {
                mark @ (b'"' | b'\\') => {
                    self.out.extend_from_slice(&[b'\\', mark]);
                    at = stop + 1;
                }
                _ => {
                    let Some(char) = text[stop..].chars().next() else { return };
                    self.unit(u32::from(char));
                    at = stop + char.len_utf8();
                }
            }
        }
    }

    /// Writes one code point as the style spells it inside a string.
    fn unit(&mut self, unit: u32) {
        match unit {
            0x22 => self.out.extend_from_slice(b"\\\""),
            0x5C => self.out.extend_from_slice(b"\\\\"),
            0x08 => self.out.extend_from_slice(b"\\b"),
            0x0C => self.out.extend_from_slice(b"\\f"),
            0x0A => self.out.extend_from_slice(b"\\n"),
            0x0D => self.out.extend_from_slice(b"\\r"),
            0x09 => self.out.extend_from_slice(b"\\t"),
            _ => match char::from_u32(unit) {
                Some(char) if unit >= 0x20 && (unit < 0x7F || !self.style.is_ascii()) => {
                    self.out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(char) => {
                    for &mut half in char.encode_utf16(&mut [0; 2]) {
                        self.out.extend_from_slice(&spelt(half.into()));
                    }
                }
                None => self.out.extend_from_slice(&spelt(unit)),
            },
        }
    }
}

/// A unit of UTF-16 as an escape.
#[inline]
fn spelt(unit: u32) -> [u8; 6] {
    // The four digits in the four bytes of a word, the first one lowest.
    let digits = (unit >> 12 & 15) | (unit >> 8 & 15) << 8 | (unit >> 4 & 15) << 16 | (unit & 15) << 24;
    let letters = (digits + 0x0606_0606) >> 4 & 0x0101_0101;
    let digits = digits + 0x3030_3030 + letters * u32::from(b'a' - b'0' - 10);
    let [a, b, c, d] = digits.to_le_bytes();
    [b'\\', b'u', a, b, c, d]
}

fn backslash(bytes: &[u8]) -> usize {
    memchr::memchr(b'\\', bytes).unwrap_or(bytes.len())
}

fn is_lower(digits: [u8; 4]) -> bool {
    digits.iter().all(|digit| !digit.is_ascii_uppercase())
}

fn is_tail(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// The surrogate in generalized UTF-8 behind its first byte, which is always `0xED`.
fn surrogate(second: u8, third: u8) -> u32 {
    0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F)
}
