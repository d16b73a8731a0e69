//! Bytes to a flat pre-order tape, without recursion and without an allocation per value.

use stdx::string::StringExt as _;

use super::{Kind, Problem, SyntaxError, scan};

/// The largest input in bytes: positions are 32 bits wide.
pub const MAX_BYTES: u64 = u32::MAX as u64;

/// One value or one object key. An object's entry is followed by key, value, key, value, …
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Byte offset of the first character.
    pub(super) start: u32,
    /// Byte offset behind the last character.
    pub(super) end: u32,
    /// Of a container: the tape index behind its last descendant, which leaves the highest bit free because a value
    /// takes two bytes on average. Of anything else: [`Entry::SCALAR`] with its kind and flags.
    pub(super) link: u32,
}

const _: () = assert!(size_of::<Entry>() == 12, "the tape is the memory that a document takes");

impl Entry {
    const SCALAR: u32 = 1 << 31;
    const NULL: u32 = Self::SCALAR;
    const BOOL: u32 = Self::SCALAR | 1;
    const NUMBER: u32 = Self::SCALAR | 2;
    const STRING: u32 = Self::SCALAR | 3;
    /// The string holds at least one backslash.
    const ESCAPED: u32 = 1 << 2;
    /// The string holds an escaped surrogate without its partner.
    const LONE: u32 = 1 << 3;

    /// `None` for a container.
    #[inline]
    pub(super) fn scalar(self) -> Option<Kind> {
        if self.link & Self::SCALAR == 0 {
            return None;
        }
        Some(match self.link & 3 {
            0 => Kind::Null,
            1 => Kind::Bool,
            2 => Kind::Number,
            _ => Kind::String,
        })
    }

    /// The index behind the value that stands at `index`.
    #[inline]
    pub(super) fn next(self, index: u32) -> u32 {
        if self.link & Self::SCALAR == 0 { self.link } else { index + 1 }
    }

    #[inline]
    pub(super) fn is_string(self) -> bool {
        self.link & (Self::SCALAR | 3) == Self::STRING
    }

    #[inline]
    pub(super) fn is_escaped(self) -> bool {
        self.link & Self::ESCAPED != 0
    }

    #[inline]
    pub(super) fn is_lone(self) -> bool {
        self.link & Self::LONE != 0
    }
}

pub(super) struct Parsed {
    pub(super) text: String,
    pub(super) tape: Vec<Entry>,
    pub(super) notes: Notes,
}

/// What the parse saw on its way.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) bom: bool,
    /// No white space stands between the first and the last character.
    pub(super) compact: bool,
    /// How many containers stand around the deepest value.
    pub(super) depth: u32,
    /// The indices of `NaN` and the infinities.
    pub(super) nonfinite: Vec<u32>,
    /// The indices of strings and keys with a lone surrogate.
    pub(super) lone: Vec<u32>,
}

pub(super) fn parse(bytes: Vec<u8>) -> Result<Parsed, SyntaxError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SyntaxError::new(&[], 0, Problem::TooLarge));
    }
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] = bytes.as_slice() {
        return Err(SyntaxError::new(&bytes, 0, Problem::Utf16));
    }
    // The check of the standard library takes half the time of a parse where most characters take several bytes.
    let text = String::from_utf8_simd(bytes).map_err(|error| not_utf8(&error.into_bytes()))?;
    let bom = text.starts_with('\u{feff}');
    let mut parser = Parser {
        bytes: text.as_bytes(),
        // The rest is estimated from what the first entries took.
        tape: Vec::with_capacity((text.len() / 64).clamp(16, 1 << 12)),
        notes: Notes { bom, compact: true, ..Notes::default() },
        failure: None,
    };
    if parser.document(if bom { 3 } else { 0 }).is_none() {
        let (at, problem) = parser.failure.unwrap_or((0, Problem::Empty));
        return Err(SyntaxError::new(text.as_bytes(), at, problem));
    }
    let Parser { mut tape, notes, .. } = parser;
    // What a short text could give back is less than the time to do so is worth.
    if tape.capacity() > 16 && tape.capacity() - tape.len() > tape.len() / 8 {
        tape.shrink_to_fit();
    }
    Ok(Parsed { text, tape, notes })
}

#[cold]
fn not_utf8(bytes: &[u8]) -> SyntaxError {
    let error = std::str::from_utf8(bytes).expect_err("both checks say the same");
    match error.error_len() {
        Some(_) => SyntaxError::new(bytes, error.valid_up_to(), Problem::NotUtf8),
        None => SyntaxError::new(bytes, bytes.len(), Problem::Truncated("the rest of a character")),
    }
}

struct Parser<'t> {
    bytes: &'t [u8],
    tape: Vec<Entry>,
    notes: Notes,
    /// Where and why a step returned `None`.
    failure: Option<(usize, Problem)>,
}

/// While a container is open, its `link` leads to the container around it, so that depth costs nothing.
#[derive(Clone, Copy)]
struct Open(u32);

impl Open {
    const OBJECT: u32 = 1 << 31;
    const NONE: Self = Self(Self::OBJECT - 1);

    #[inline]
    fn index(self) -> usize {
        (self.0 & !Self::OBJECT) as usize
    }

    #[inline]
    fn is_object(self) -> bool {
        self.0 & Self::OBJECT != 0
    }
}

/// Every step takes the offset where it starts and returns the one where it ended.
#[allow(
    clippy::cast_possible_truncation,
    reason = "inputs are at most u32::MAX bytes, and no value takes less than one"
)]
impl Parser<'_> {
    fn document(&mut self, at: usize) -> Option<()> {
        let mut open = Open::NONE;
        let mut depth = 0;
        let mut at = scan::space(self.bytes, at);
        if at == self.bytes.len() {
            return self.fail(at, Problem::Empty);
        }
        loop {
            // A value starts here.
            match self.peek(at) {
                b'"' => at = self.string(at)?,
                first @ (b'{' | b'[') => {
                    let index = self.tape.len() as u32;
                    self.push(at, at, open.0)?;
                    depth += 1;
                    self.notes.depth = self.notes.depth.max(depth);
                    let object = first == b'{';
                    open = Open(if object { index | Open::OBJECT } else { index });
                    at = self.space(at + 1);
                    // `}` is `{` + 2, and so are the square brackets.
                    if self.peek(at) != first + 2 {
                        if object {
                            at = self.key(at)?;
                        }
                        continue;
                    }
                    at += 1;
                    open = self.close(open, at);
                    depth -= 1;
                }
                b'-' | b'0'..=b'9' => at = self.number(at)?,
                b't' => at = self.word(at, "true", Entry::BOOL)?,
                b'f' => at = self.word(at, "false", Entry::BOOL)?,
                b'n' => at = self.word(at, "null", Entry::NULL)?,
                b'N' | b'I' => at = self.nonfinite(at)?,
                _ => return self.expected(at, "a value"),
            }
            // A value ended here; close what ends with it.
            loop {
                if depth == 0 {
                    at = scan::space(self.bytes, at);
                    return if at == self.bytes.len() { Some(()) } else { self.fail(at, Problem::Trailing) };
                }
                at = self.space(at);
                let object = open.is_object();
                match self.peek(at) {
                    b',' => {
                        at = self.space(at + 1);
                        if object {
                            at = self.key(at)?;
                        }
                        break;
                    }
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return self.expected(at, if object { "`,` or `}`" } else { "`,` or `]`" }),
                }
                at += 1;
                open = self.close(open, at);
                depth -= 1;
            }
        }
    }

    /// Ends a container and returns the one around it.
    #[inline(always)]
    fn close(&mut self, open: Open, at: usize) -> Open {
        let link = self.tape.len() as u32;
        let entry = &mut self.tape[open.index()];
        entry.end = at as u32;
        Open(std::mem::replace(&mut entry.link, link))
    }

    #[inline(always)]
    fn push(&mut self, start: usize, end: usize, link: u32) -> Option<()> {
        if self.tape.len() == self.tape.capacity() {
            self.grow(start)?;
        }
        self.tape.push(Entry { start: start as u32, end: end as u32, link });
        Some(())
    }

    /// Makes room for as many entries as the rest of the text will take if it goes on as it began. Doubling would
    /// take up to three times the final tape for a moment.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: usize) -> Option<()> {
        let length = self.tape.len();
        if length as u64 >= u64::from(Open::NONE.0) {
            // Two bytes a value: only a text that will not close what it opens comes here.
            return self.fail(at, Problem::TooLarge);
        }
        let rest = (self.bytes.len() - at) as u64;
        let estimate = rest * length as u64 / at.max(1) as u64;
        let estimate = usize::try_from(estimate + estimate / 16).unwrap_or(0);
        self.tape.reserve_exact(estimate.clamp(length / 4 + 16, length * 64 + 16));
        Some(())
    }

    /// The byte here; 0, which JSON has no use for, at the end.
    #[inline(always)]
    fn peek(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn space(&mut self, at: usize) -> usize {
        let end = scan::space(self.bytes, at);
        self.notes.compact &= end == at;
        end
    }

    #[inline(always)]
    fn key(&mut self, at: usize) -> Option<usize> {
        if self.peek(at) != b'"' {
            return self.expected(at, "a key in double quotes");
        }
        let at = self.string(at)?;
        let at = self.space(at);
        if self.peek(at) != b':' {
            return self.expected(at, "`:`");
        }
        Some(self.space(at + 1))
    }

    #[inline]
    fn string(&mut self, start: usize) -> Option<usize> {
        let mut at = scan::string_stop(self.bytes, start + 1);
        let mut link = Entry::STRING;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    link |= Entry::ESCAPED;
                    at = self.escape(at, &mut link)?;
                    // Escapes come in runs.
                    if self.peek(at) != b'\\' {
                        at = scan::string_stop(self.bytes, at);
                    }
                }
                Some(_) => return self.fail(at, Problem::Control),
                None => return self.fail(at, Problem::Truncated("`\"`")),
            }
        }
        if link & Entry::LONE != 0 {
            self.notes.lone.push(self.tape.len() as u32);
        }
        self.push(start, at + 1, link)?;
        Some(at + 1)
    }

    /// Steps over one escape, or over both halves of a surrogate pair.
    #[inline(always)]
    fn escape(&mut self, at: usize, link: &mut u32) -> Option<usize> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(at + 2),
            Some(b'u') => match scan::hex(self.bytes, at + 2) {
                Ok(0xD800..=0xDFFF) => self.surrogate(at, link),
                Ok(_) => Some(at + 6),
                Err(stop) => self.not_hex(stop),
            },
            Some(_) => self.fail(at, Problem::Escape),
            None => self.fail(at + 1, Problem::Truncated("an escape")),
        }
    }

    fn surrogate(&mut self, at: usize, link: &mut u32) -> Option<usize> {
        let low = at + 6;
        if let Ok(0xD800..=0xDBFF) = scan::hex(self.bytes, at + 2)
            && self.bytes[low..].starts_with(b"\\u")
        {
            match scan::hex(self.bytes, low + 2) {
                Ok(0xDC00..=0xDFFF) => return Some(low + 6),
                Ok(_) => {}
                Err(stop) => return self.not_hex(stop),
            }
        }
        *link |= Entry::LONE;
        Some(low)
    }

    #[cold]
    fn not_hex(&mut self, at: usize) -> Option<usize> {
        let problem =
            if at >= self.bytes.len() { Problem::Truncated("four hexadecimal digits") } else { Problem::Escape };
        self.fail(at, problem)
    }

    #[inline]
    fn number(&mut self, start: usize) -> Option<usize> {
        let mut at = start;
        if self.peek(at) == b'-' {
            at += 1;
            if self.peek(at) == b'I' {
                return self.nonfinite(start);
            }
        }
        at = if self.peek(at) == b'0' { at + 1 } else { self.digits(at)? };
        if self.peek(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if let b'e' | b'E' = self.peek(at) {
            at += 1;
            if let b'+' | b'-' = self.peek(at) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        self.push(start, at, Entry::NUMBER)?;
        Some(at)
    }

    #[inline(always)]
    fn digits(&mut self, start: usize) -> Option<usize> {
        let mut at = start;
        while self.peek(at).is_ascii_digit() {
            at += 1;
        }
        if at == start { self.expected(at, "a digit") } else { Some(at) }
    }

    #[inline(always)]
    fn word(&mut self, start: usize, word: &'static str, link: u32) -> Option<usize> {
        let end = start + word.len();
        if self.bytes.get(start..end) != Some(word.as_bytes()) {
            return self.misspelt(start, word);
        }
        self.push(start, end, link)?;
        Some(end)
    }

    #[cold]
    fn misspelt(&mut self, start: usize, word: &'static str) -> Option<usize> {
        let rest = &self.bytes[start..];
        let same = rest.iter().zip(word.as_bytes()).take_while(|(found, wanted)| found == wanted).count();
        if matches!(word, "true" | "false" | "null") || same == rest.len() {
            return self.expected(start + same, word);
        }
        // Nobody who writes `None` or `-I` had `NaN` or `-Infinity` in mind.
        self.expected(start, "a value")
    }

    #[cold]
    fn nonfinite(&mut self, at: usize) -> Option<usize> {
        self.notes.nonfinite.push(self.tape.len() as u32);
        let word = match self.peek(at) {
            b'N' => "NaN",
            b'-' => "-Infinity",
            _ => "Infinity",
        };
        self.word(at, word, Entry::NUMBER)
    }

    #[cold]
    fn expected<T>(&mut self, at: usize, what: &'static str) -> Option<T> {
        self.fail(at, if at >= self.bytes.len() { Problem::Truncated(what) } else { Problem::Expected(what) })
    }

    #[cold]
    fn fail<T>(&mut self, at: usize, problem: Problem) -> Option<T> {
        self.failure = Some((at, problem));
        None
    }
}
