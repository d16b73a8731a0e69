//! A string of the document, compared and decoded without losing what `str` cannot hold.

use std::borrow::Cow;
use std::fmt;

use super::Node;
use super::tape::Entry;

/// A node that is a string (or an object key).
///
/// Comparisons look at the decoded string: `"\u0074ype"` is `type`. A string may hold lone surrogates, which both
/// SDKs write; [`Text::wtf8`] keeps them in the generalized UTF-8 encoding.
#[derive(Clone, Copy)]
pub struct Text<'d>(Node<'d>);

impl<'d> Text<'d> {
    pub(super) fn new(node: Node<'d>) -> Self {
        Self(node)
    }

    /// The node that this text is.
    #[must_use]
    pub fn node(self) -> Node<'d> {
        self.0
    }

    /// What stands between the quotes, escapes as written.
    #[must_use]
    pub fn raw(self) -> &'d str {
        let span = self.0.span();
        &self.0.source().text()[span.start + 1..span.end - 1]
    }

    /// The string itself when it is written without escapes.
    #[must_use]
    pub fn plain(self) -> Option<&'d str> {
        (self.0.entry().link & Entry::ESCAPED == 0).then(|| self.raw())
    }

    /// Whether an escape stands for half a surrogate pair.
    #[must_use]
    pub fn has_lone_surrogate(self) -> bool {
        self.0.entry().link & Entry::LONE != 0
    }

    /// Whether the decoded string is `other`.
    #[must_use]
    pub fn is(self, other: &str) -> bool {
        match self.plain() {
            Some(plain) => plain == other,
            None => *self.wtf8() == *other.as_bytes(),
        }
    }

    /// Whether both strings are equal once decoded.
    #[must_use]
    pub fn same_text(self, other: Text<'_>) -> bool {
        match (self.plain(), other.plain()) {
            (Some(one), Some(two)) => one == two,
            _ => self.wtf8() == other.wtf8(),
        }
    }

    /// Whether the string is `""`.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw().is_empty()
    }

    /// The decoded string, or `None` when it holds a lone surrogate.
    #[must_use]
    pub fn exact(self) -> Option<Cow<'d, str>> {
        if self.has_lone_surrogate() {
            return None;
        }
        Some(self.lossy())
    }

    /// The decoded string, with U+FFFD in the place of each lone surrogate.
    #[must_use]
    pub fn lossy(self) -> Cow<'d, str> {
        match self.plain() {
            Some(plain) => Cow::Borrowed(plain),
            None => Cow::Owned(
                decode(self.raw()).into_iter().map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).collect(),
            ),
        }
    }

    /// The decoded string in generalized UTF-8, where a lone surrogate takes three bytes. The order of these bytes is
    /// the order of code points.
    #[must_use]
    pub fn wtf8(self) -> Cow<'d, [u8]> {
        match self.plain() {
            Some(plain) => Cow::Borrowed(plain.as_bytes()),
            None => {
                let mut bytes = Vec::with_capacity(self.raw().len());
                for unit in decode(self.raw()) {
                    push_wtf8(&mut bytes, unit);
                }
                Cow::Owned(bytes)
            }
        }
    }
}

/// The code points of a string body that the parser has accepted; lone surrogates as themselves.
fn decode(raw: &str) -> Vec<u32> {
    let mut units = Vec::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            units.push(u32::from(char));
            continue;
        }
        let unit = match chars.next() {
            Some('b') => 0x08,
            Some('f') => 0x0C,
            Some('n') => 0x0A,
            Some('r') => 0x0D,
            Some('t') => 0x09,
            Some('u') => {
                let unit = hex(&mut chars);
                let mut ahead = chars.clone();
                if (0xD800..0xDC00).contains(&unit) && ahead.next() == Some('\\') && ahead.next() == Some('u') {
                    let low = hex(&mut ahead);
                    if (0xDC00..0xE000).contains(&low) {
                        chars = ahead;
                        units.push(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
                        continue;
                    }
                }
                unit
            }
            Some(other) => u32::from(other),
            None => break,
        };
        units.push(unit);
    }
    units
}

fn hex(chars: &mut std::str::Chars<'_>) -> u32 {
    chars.by_ref().take(4).fold(0, |unit, char| unit * 16 + char.to_digit(16).unwrap_or(0))
}

#[allow(clippy::cast_possible_truncation, reason = "six bits at a time")]
fn push_wtf8(bytes: &mut Vec<u8>, unit: u32) {
    if let Some(char) = char::from_u32(unit) {
        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        bytes.extend([0xE0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3F) as u8, 0x80 | (unit & 0x3F) as u8]);
    }
}

/// Shows the place, not the content: a state may hold secrets.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
