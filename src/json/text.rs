//! A string of the document, compared and decoded without losing what `str` cannot hold.

use std::borrow::Cow;
use std::fmt;

use super::{Node, scan};

/// A node that is a string (or an object key).
///
/// Comparisons look at the decoded string: `"\u0074ype"` is `type`. A string may hold lone surrogates, which both
/// SDKs write; [`Text::wtf8`] keeps them in the generalized UTF-8 encoding.
///
/// ```
/// use runstate::json::Document;
///
/// let doc = Document::parse(br#"["\u0074ype\n", "\ud800!"]"#.to_vec())?;
/// let texts: Vec<_> = doc.root().elements().filter_map(|node| node.text()).collect();
/// assert!(texts[0].is("type\n"));
/// assert_eq!(texts[1].exact(), None);
/// assert_eq!(texts[1].lossy(), "\u{fffd}!");
/// assert_eq!(*texts[1].wtf8(), *b"\xED\xA0\x80!");
/// assert!(texts[1].is_wtf8(b"\xED\xA0\x80!"));
/// # Ok::<(), runstate::json::SyntaxError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Text<'d>(Node<'d>);

impl<'d> Text<'d> {
    #[inline]
    pub(super) fn new(node: Node<'d>) -> Self {
        Self(node)
    }

    /// The node that this text is.
    #[must_use]
    pub fn node(self) -> Node<'d> {
        self.0
    }

    /// What stands between the quotes, escapes as written.
    #[inline]
    #[must_use]
    pub fn raw(self) -> &'d str {
        let span = self.0.span();
        &self.0.source().text()[span.start + 1..span.end - 1]
    }

    /// The string itself when it is written without escapes.
    #[inline]
    #[must_use]
    pub fn plain(self) -> Option<&'d str> {
        if self.0.entry().is_escaped() { None } else { Some(self.raw()) }
    }

    /// The same as bytes, without a look at the text.
    #[inline]
    pub(super) fn plain_bytes(self) -> Option<&'d [u8]> {
        let entry = self.0.entry();
        if entry.is_escaped() {
            return None;
        }
        Some(&self.0.source().text().as_bytes()[entry.start as usize + 1..entry.end as usize - 1])
    }

    /// Whether an escape stands for half a surrogate pair.
    #[must_use]
    pub fn has_lone_surrogate(self) -> bool {
        self.0.entry().is_lone()
    }

    /// Whether the decoded string is `other`.
    #[inline]
    #[must_use]
    pub fn is(self, other: &str) -> bool {
        let entry = self.0.entry();
        if entry.is_escaped() {
            return self.is_escaped(other.as_bytes());
        }
        // Most strings differ in their length, which the tape knows.
        let (start, end) = (entry.start as usize + 1, entry.end as usize - 1);
        end - start == other.len() && scan::same(&self.0.source().text().as_bytes()[start..end], other.as_bytes())
    }

    /// Whether both strings are equal once decoded.
    #[must_use]
    pub fn same_text(self, other: Text<'_>) -> bool {
        match (self.plain_bytes(), other.plain_bytes()) {
            (Some(one), Some(two)) => one == two,
            (Some(one), None) => other.is_escaped(one),
            (None, Some(two)) => self.is_escaped(two),
            (None, None) => self.raw() == other.raw() || self.units().eq(other.units()),
        }
    }

    /// Whether the decoded string is `other`, in generalized UTF-8.
    #[must_use]
    pub fn is_wtf8(self, other: &[u8]) -> bool {
        match self.plain_bytes() {
            Some(plain) => plain == other,
            None => self.is_escaped(other),
        }
    }

    /// The same of a string that is written with escapes. No `str` holds the bytes of a lone surrogate.
    #[inline(never)]
    fn is_escaped(self, other: &[u8]) -> bool {
        let (mut raw, mut rest) = (self.raw().as_bytes(), other);
        loop {
            let same = scan::same_plain(raw, rest);
            (raw, rest) = (&raw[same..], &rest[same..]);
            match raw.first() {
                None => return rest.is_empty(),
                Some(b'\\') => {}
                Some(_) => return false,
            }
            let (unit, width) = escape(raw);
            let left = match rest {
                [first, left @ ..] if u32::from(*first) == unit && unit < 0x80 => Some(left),
                _ => {
                    let mut bytes = Vec::with_capacity(4);
                    push_unit(&mut bytes, unit);
                    rest.strip_prefix(&bytes[..])
                }
            };
            let Some(left) = left else { return false };
            (raw, rest) = (&raw[width..], left);
        }
    }

    /// Whether the string is `""`.
    #[must_use]
    pub fn is_empty(self) -> bool {
        let entry = self.0.entry();
        entry.end - entry.start == 2
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
        if let Some(plain) = self.plain() {
            return Cow::Borrowed(plain);
        }
        let raw = self.raw();
        let mut text = String::with_capacity(raw.len());
        for piece in Pieces(raw) {
            match piece {
                Piece::Plain(run) => text.push_str(run),
                Piece::Unit(unit) => text.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
            }
        }
        Cow::Owned(text)
    }

    /// The decoded string in generalized UTF-8, where a lone surrogate takes three bytes. The order of these bytes is
    /// the order of code points.
    #[must_use]
    pub fn wtf8(self) -> Cow<'d, [u8]> {
        if let Some(plain) = self.plain_bytes() {
            return Cow::Borrowed(plain);
        }
        let mut bytes = Vec::with_capacity(self.raw().len());
        self.push_wtf8(&mut bytes);
        Cow::Owned(bytes)
    }

    /// Appends the decoded string in generalized UTF-8.
    pub(super) fn push_wtf8(self, bytes: &mut Vec<u8>) {
        let raw = self.raw().as_bytes();
        let mut at = scan::copy_plain(raw, 0, bytes);
        while at < raw.len() {
            let (unit, width) = escape(&raw[at..]);
            push_unit(bytes, unit);
            at = scan::copy_plain(raw, at + width, bytes);
        }
    }

    /// The code points, lone surrogates as themselves.
    fn units(self) -> impl Iterator<Item = u32> {
        Pieces(self.raw()).flat_map(|piece| {
            let (run, unit) = match piece {
                Piece::Plain(run) => (run, None),
                Piece::Unit(unit) => ("", Some(unit)),
            };
            run.chars().map(u32::from).chain(unit)
        })
    }
}

/// The body of a string that the parser has accepted, cut at its escapes.
pub(super) struct Pieces<'d>(pub(super) &'d str);

pub(super) enum Piece<'d> {
    /// Characters that stand for themselves.
    Plain(&'d str),
    /// What one escape, or a pair of them, stands for.
    Unit(u32),
}

impl<'d> Iterator for Pieces<'d> {
    type Item = Piece<'d>;

    #[inline]
    fn next(&mut self) -> Option<Piece<'d>> {
        let raw = self.0.as_bytes();
        let (piece, width) = if *raw.first()? == b'\\' {
            let (unit, width) = escape(raw);
            (Piece::Unit(unit), width)
        } else {
            // Runs between escapes are short; nothing else that ends a run can stand in a string.
            let width = scan::string_stop(raw, 0);
            (Piece::Plain(&self.0[..width]), width)
        };
        self.0 = &self.0[width..];
        Some(piece)
    }
}

/// What the escape at the front of `raw` stands for, and how many bytes it takes: two, six, or twelve for a pair.
/// The parser has accepted it, so nothing but ASCII is in those bytes.
#[inline]
pub(super) fn escape(raw: &[u8]) -> (u32, usize) {
    let unit = match raw.get(1) {
        Some(b'u') => return unicode(raw),
        Some(b'b') => 0x08,
        Some(b'f') => 0x0C,
        Some(b'n') => 0x0A,
        Some(b'r') => 0x0D,
        Some(b't') => 0x09,
        Some(&other) => u32::from(other),
        None => return (u32::from(b'\\'), raw.len()),
    };
    (unit, 2)
}

fn unicode(raw: &[u8]) -> (u32, usize) {
    let Ok(unit) = scan::hex(raw, 2) else { return (0xFFFD, raw.len()) };
    if (0xD800..0xDC00).contains(&unit)
        && raw[6..].starts_with(b"\\u")
        && let Ok(low @ 0xDC00..=0xDFFF) = scan::hex(raw, 8)
    {
        return (join(unit, low), 12);
    }
    (unit, 6)
}

/// The character of a surrogate pair.
pub(super) fn join(high: u32, low: u32) -> u32 {
    0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF)
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "six bits at a time")]
pub(super) fn push_unit(bytes: &mut Vec<u8>, unit: u32) {
    if unit < 0x80 {
        bytes.push(unit as u8);
    } else if let Some(char) = char::from_u32(unit) {
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
