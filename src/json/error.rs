//! Why bytes are not JSON, without saying what they hold.

use std::fmt;

use super::MAX_BYTES;

/// Where and why bytes are not JSON. Shows no content: a state may hold secrets.
///
/// ```
/// use runstate::json::{Document, Found, Problem};
///
/// let error = Document::parse(b"{\n  \"id\": 1,\n}".to_vec()).unwrap_err();
/// assert_eq!((error.offset, error.line, error.column), (13, 3, 1));
/// assert_eq!((error.problem, error.found), (Problem::Expected("a key in double quotes"), Found::Punctuation('}')));
/// assert_eq!(error.to_string(), "expected a key in double quotes, found `}` at line 3, column 1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset of the first byte that does not fit.
    pub offset: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
    /// What stands there.
    pub found: Found,
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

/// What stands at the place of a [`SyntaxError`]: its class, or itself when it is punctuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Nothing more.
    End,
    /// A space or a line break.
    Space,
    /// A control character that is not white space.
    Control,
    /// `0` to `9`.
    Digit,
    /// `a` to `z` or `A` to `Z`.
    Letter,
    /// An ASCII character that is none of the others.
    Punctuation(char),
    /// Anything outside ASCII.
    NotAscii,
}

impl Found {
    fn at(bytes: &[u8], offset: usize) -> Self {
        match bytes.get(offset) {
            None => Self::End,
            Some(b' ' | b'\t' | b'\n' | b'\r') => Self::Space,
            Some(0..0x20 | 0x7F) => Self::Control,
            Some(b'0'..=b'9') => Self::Digit,
            Some(byte) if byte.is_ascii_alphabetic() => Self::Letter,
            Some(&byte) if byte.is_ascii() => Self::Punctuation(char::from(byte)),
            Some(_) => Self::NotAscii,
        }
    }
}

impl SyntaxError {
    #[cold]
    pub(super) fn new(bytes: &[u8], offset: usize, problem: Problem) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let column = 1 + super::scan::characters(before, start..before.len());
        Self { offset, line, column, problem, found: Found::at(bytes, offset) }
    }

    pub(super) fn not_text() -> Self {
        Self { offset: 0, line: 1, column: 1, problem: Problem::NotText, found: Found::End }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("the end of the text"),
            Self::Space => f.write_str("white space"),
            Self::Control => f.write_str("a control character"),
            Self::Digit => f.write_str("a digit"),
            Self::Letter => f.write_str("a letter"),
            Self::Punctuation(char) => write!(f, "`{char}`"),
            Self::NotAscii => f.write_str("a character outside ASCII"),
        }
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
            Self::TooLarge => write!(f, "expected at most {MAX_BYTES} bytes, found more"),
            Self::NotText => f.write_str("expected a string with JSON in it"),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::TooLarge | Problem::NotText => return self.problem.fmt(f),
            Problem::Expected(what) => write!(f, "expected {what}, found {}", self.found)?,
            Problem::Trailing => write!(f, "expected the end of the text, found {} after the value", self.found)?,
            problem => problem.fmt(f)?,
        }
        write!(f, " at line {}, column {}", self.line, self.column)
    }
}

impl std::error::Error for SyntaxError {}
