//! Bytes to a flat pre-order tape, without recursion and without an allocation per value.

use std::fmt;

/// The largest input in bytes: positions are 32 bits wide.
pub const MAX_BYTES: u64 = u32::MAX as u64;

/// One value or one object key. An object's entry is followed by key, value, key, value, …
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Byte offset of the first character.
    pub(super) start: u32,
    /// Byte offset behind the last character.
    pub(super) end: u32,
    /// Of a container: the tape index behind its last descendant. Of anything else: flags.
    pub(super) link: u32,
}

impl Entry {
    /// The string holds at least one backslash.
    pub(super) const ESCAPED: u32 = 1;
    /// The string holds an escaped surrogate without its partner.
    pub(super) const LONE: u32 = 2;
}

pub(super) struct Parsed {
    pub(super) text: String,
    pub(super) tape: Vec<Entry>,
    pub(super) nonfinite: Vec<u32>,
    pub(super) bom: bool,
}

/// Where and why bytes are not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset of the first byte that does not fit.
    pub offset: usize,
    /// Line of that byte, from 1.
    pub line: usize,
    /// Column of that byte in characters, from 1; a byte order mark does not count.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at the place of a [`SyntaxError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No value at all: nothing, or white space alone.
    Empty,
    /// The text ends inside a value; the word says what was expected.
    Truncated(&'static str),
    /// Something else stands where the named thing was expected.
    Expected(&'static str),
    /// A second value behind the first.
    Trailing,
    /// A control character (below U+0020) inside a string that is not escaped.
    Control,
    /// A backslash that starts no JSON escape.
    Escape,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// UTF-16 or UTF-32 instead of UTF-8.
    Utf16,
    /// More than [`MAX_BYTES`] bytes.
    TooLarge,
    /// A nested text was asked for where no text is.
    NotText,
}

impl SyntaxError {
    pub(super) fn not_text() -> Self {
        Self::new(0, Problem::NotText)
    }

    fn new(offset: usize, problem: Problem) -> Self {
        Self { offset, line: 1, column: 1, problem }
    }

    /// The same with line and column worked out.
    #[cold]
    fn within(self, bytes: &[u8]) -> Self {
        let before = &bytes[..self.offset.min(bytes.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column =
            String::from_utf8_lossy(&before[line_start..]).chars().filter(|&char| char != '\u{feff}').count() + 1;
        Self { line, column, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a JSON value, found nothing"),
            Self::Truncated(what) => write!(f, "expected {what}, found the end of the text"),
            Self::Expected(what) => write!(f, "expected {what}, found something else"),
            Self::Trailing => f.write_str("expected the end of the text, found more after the value"),
            Self::Control => f.write_str("expected an escape, found a raw control character in a string"),
            Self::Escape => f.write_str("expected a JSON escape after the backslash"),
            Self::NotUtf8 => f.write_str("expected UTF-8, found other bytes"),
            Self::Utf16 => f.write_str("expected UTF-8, found UTF-16 or UTF-32"),
            Self::TooLarge => f.write_str("expected at most 4 GiB, found more"),
            Self::NotText => f.write_str("expected a string with JSON in it"),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.problem, self.line, self.column)
    }
}

impl std::error::Error for SyntaxError {}

pub(super) fn parse(bytes: Vec<u8>) -> Result<Parsed, SyntaxError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SyntaxError::new(0, Problem::TooLarge));
    }
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] = bytes.as_slice() {
        return Err(SyntaxError::new(0, Problem::Utf16));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        SyntaxError::new(error.utf8_error().valid_up_to(), Problem::NotUtf8).within(error.as_bytes())
    })?;
    let bom = text.starts_with('\u{feff}');
    let mut parser = Parser {
        bytes: text.as_bytes(),
        at: if bom { 3 } else { 0 },
        tape: Vec::with_capacity(text.len() / 24),
        nonfinite: Vec::new(),
    };
    parser.document().map_err(|error| error.within(text.as_bytes()))?;
    let Parser { mut tape, nonfinite, .. } = parser;
    tape.shrink_to_fit();
    Ok(Parsed { text, tape, nonfinite, bom })
}

struct Parser<'t> {
    bytes: &'t [u8],
    at: usize,
    tape: Vec<Entry>,
    nonfinite: Vec<u32>,
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "inputs are at most u32::MAX bytes, and no value takes less than one"
)]
impl Parser<'_> {
    /// The open containers form a chain through their `link` until they are closed, so that depth costs nothing.
    fn document(&mut self) -> Result<(), SyntaxError> {
        const NONE: u32 = u32::MAX;
        let mut open = NONE;
        self.space();
        if self.at == self.bytes.len() {
            return self.fail(Problem::Empty);
        }
        loop {
            // A value starts here.
            match self.peek() {
                first @ (b'{' | b'[') => {
                    let index = self.tape.len() as u32;
                    self.push(self.at, open);
                    self.at += 1;
                    self.space();
                    let close = first + 2;
                    if self.peek() != close {
                        open = index;
                        if first == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                    self.at += 1;
                    self.close(index);
                }
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                b'N' | b'I' => self.nonfinite()?,
                _ => return self.expected("a value"),
            }
            // A value ended here; close what ends with it.
            loop {
                self.space();
                if open == NONE {
                    return if self.at == self.bytes.len() { Ok(()) } else { self.fail(Problem::Trailing) };
                }
                let start = self.tape[open as usize].start as usize;
                let object = self.bytes[start] == b'{';
                match self.peek() {
                    b',' => {
                        self.at += 1;
                        self.space();
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return self.expected(if object { "`,` or `}`" } else { "`,` or `]`" }),
                }
                self.at += 1;
                let above = self.tape[open as usize].link;
                self.close(open);
                open = above;
            }
        }
    }

    fn close(&mut self, index: u32) {
        let link = self.tape.len() as u32;
        let entry = &mut self.tape[index as usize];
        entry.end = self.at as u32;
        entry.link = link;
    }

    fn push(&mut self, start: usize, link: u32) {
        self.tape.push(Entry { start: start as u32, end: self.at as u32, link });
    }

    /// The byte here; 0, which JSON has no use for, at the end.
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != b'"' {
            return self.expected("a key in double quotes");
        }
        self.string()?;
        self.space();
        if self.peek() != b':' {
            return self.expected("`:`");
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let mut flags = 0;
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let Some(plain) = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\') else {
                self.at = self.bytes.len();
                return self.fail(Problem::Truncated("`\"`"));
            };
            self.at += plain;
            match self.bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    self.push(start, flags);
                    return Ok(());
                }
                b'\\' => {
                    flags |= Entry::ESCAPED;
                    if self.escape()? {
                        flags |= Entry::LONE;
                    }
                }
                _ => return self.fail(Problem::Control),
            }
        }
    }

    /// Steps over one escape, or over both halves of a surrogate pair; true for a lone surrogate.
    fn escape(&mut self) -> Result<bool, SyntaxError> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(false)
            }
            Some(b'u') => {
                let unit = self.hex(self.at)?;
                self.at += 6;
                if !(0xD800..=0xDFFF).contains(&unit) {
                    return Ok(false);
                }
                let paired = unit < 0xDC00
                    && self.bytes[self.at..].starts_with(b"\\u")
                    && (0xDC00..=0xDFFF).contains(&self.hex(self.at)?);
                if paired {
                    self.at += 6;
                }
                Ok(!paired)
            }
            Some(_) => self.fail(Problem::Escape),
            None => {
                self.at = self.bytes.len();
                self.fail(Problem::Truncated("an escape"))
            }
        }
    }

    /// The four hexadecimal digits of the `\uXXXX` at `at`.
    fn hex(&mut self, at: usize) -> Result<u32, SyntaxError> {
        let mut unit = 0;
        for index in at + 2..at + 6 {
            let Some(&byte) = self.bytes.get(index) else {
                self.at = self.bytes.len();
                return self.fail(Problem::Truncated("four hexadecimal digits"));
            };
            let Some(digit) = char::from(byte).to_digit(16) else {
                self.at = index;
                return self.fail(Problem::Escape);
            };
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
            if self.peek() == b'I' {
                self.at = start;
                return self.nonfinite();
            }
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return self.expected("a digit"),
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.peek() {
            self.at += 1;
            if let b'+' | b'-' = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(start, 0);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { self.expected("a digit") } else { Ok(()) }
    }

    fn word(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        let start = self.at;
        for &byte in word.as_bytes() {
            if self.peek() != byte {
                return self.expected(word);
            }
            self.at += 1;
        }
        self.push(start, 0);
        Ok(())
    }

    fn nonfinite(&mut self) -> Result<(), SyntaxError> {
        self.nonfinite.push(self.tape.len() as u32);
        self.word(match self.peek() {
            b'N' => "NaN",
            b'-' => "-Infinity",
            _ => "Infinity",
        })
    }

    #[cold]
    fn expected<T>(&self, what: &'static str) -> Result<T, SyntaxError> {
        self.fail(if self.at >= self.bytes.len() { Problem::Truncated(what) } else { Problem::Expected(what) })
    }

    #[cold]
    fn fail<T>(&self, problem: Problem) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.at, problem))
    }
}
