//! Searches over bytes, eight at a time without `unsafe`.

use std::ops::Range;

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

const QUOTES: u64 = every(b'"');
const BACKSLASHES: u64 = every(b'\\');
const SPACES: u64 = every(b' ');
const DELETES: u64 = every(0x7F);

/// The byte eight times.
const fn every(byte: u8) -> u64 {
    ONES * byte as u64
}

/// How many bytes the long loops look at together; the compiler turns a block into vector instructions.
const BLOCK: usize = 32;

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The high bit of every byte that is zero; bits above the lowest set one may be wrong.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}

/// Where the first byte with its high bit set stands in a word whose other bits do not matter.
#[inline(always)]
fn first(hits: u64) -> usize {
    hits.trailing_zeros() as usize / 8
}

/// Whether two texts of the same length are equal. Keys and tags are short: a call of `memcmp` costs more than the
/// comparison.
#[inline(always)]
pub(super) fn same(one: &[u8], two: &[u8]) -> bool {
    debug_assert_eq!(one.len(), two.len(), "the caller has compared the lengths");
    let ends = |(one, two): (Option<&[u8; 8]>, Option<&[u8; 8]>)| one == two;
    match one.len() {
        0 => true,
        1..4 => one[0] == two[0] && one[1..].iter().eq(&two[1..]),
        4..8 => one.first_chunk::<4>() == two.first_chunk() && one.last_chunk::<4>() == two.last_chunk(),
        8..=16 => ends((one.first_chunk(), two.first_chunk())) && ends((one.last_chunk(), two.last_chunk())),
        _ => ends((one.first_chunk(), two.first_chunk())) && one == two,
    }
}

/// Whether a byte ends a run of plain bytes in a JSON string.
#[inline(always)]
fn stops(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The first quote, backslash or control character from `at` on, or the end.
#[inline(always)]
pub(super) fn string_stop(bytes: &[u8], at: usize) -> usize {
    let hits = |word| zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES) | below_space(word);
    stop(bytes, at, hits, stops)
}

/// The first byte that stops, or the end. `hits` marks in a word what `stops` says of a byte.
#[inline(always)]
fn stop(bytes: &[u8], mut at: usize, hits: impl Fn(u64) -> u64, stops: impl Fn(u8) -> bool) -> usize {
    // Most strings of a state are keys and tags, which end within a few words.
    for _ in 0..4 {
        let Some(word) = word(bytes, at) else { return last(bytes, at, hits, stops) };
        let hits = hits(word) & HIGHS;
        if hits != 0 {
            return at + first(hits);
        }
        at += 8;
    }
    long(bytes, at, hits, stops)
}

#[inline(never)]
fn long(bytes: &[u8], mut at: usize, hits: impl Fn(u64) -> u64, stops: impl Fn(u8) -> bool) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if block.iter().fold(false, |any, &byte| any | stops(byte)) {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = word(bytes, at) {
        let hits = hits(word) & HIGHS;
        if hits != 0 {
            return at + first(hits);
        }
        at += 8;
    }
    last(bytes, at, hits, stops)
}

/// The same with fewer than eight bytes left.
#[inline(always)]
fn last(bytes: &[u8], at: usize, hits: impl Fn(u64) -> u64, stops: impl Fn(u8) -> bool) -> usize {
    let passed = bytes.len().saturating_sub(8);
    match word(bytes, passed) {
        // In the place of the bytes in front of `at` come zeros behind the end, which stop.
        Some(word) if at < bytes.len() => at + first(hits(word >> (8 * (at - passed))) & HIGHS),
        _ => tail(bytes, at, stops),
    }
}

#[inline(always)]
fn below_space(word: u64) -> u64 {
    word.wrapping_sub(SPACES) & !word
}

/// Byte by byte: the last bytes of a text.
#[inline(always)]
fn tail(bytes: &[u8], at: usize, stops: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| stops(byte)).unwrap_or(rest.len())
}

/// How many bytes at the front of both are equal and no backslash.
#[inline]
pub(super) fn same_plain(one: &[u8], two: &[u8]) -> usize {
    let mut at = 0;
    while let (Some(own), Some(other)) = (word(one, at), word(two, at)) {
        let differ = own ^ other;
        let hits = zeros(own ^ BACKSLASHES) & HIGHS;
        if differ | hits != 0 {
            return at + first(differ).min(first(hits));
        }
        at += 8;
    }
    let rest = one[at..].iter().zip(&two[at..]);
    at + rest.take_while(|(own, other)| own == other && **own != b'\\').count()
}

/// Copies what stands in front of the first backslash from `at` on, and gives its place or the end.
#[inline]
pub(super) fn copy_plain(bytes: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    // Runs between escapes are short: whole words are copied, and what was too much is taken back.
    for _ in 0..4 {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { break };
        let hits = zeros(u64::from_le_bytes(*chunk) ^ BACKSLASHES) & HIGHS;
        out.extend_from_slice(chunk);
        if hits != 0 {
            out.truncate(out.len() - 8 + first(hits));
            return at + first(hits);
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let run = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
    out.extend_from_slice(&rest[..run]);
    at + run
}

/// The first byte from `at` on that Python's writer escapes, or the end.
#[inline]
pub(super) fn not_python(bytes: &[u8], at: usize) -> usize {
    let hits = |word| {
        let high = word | zeros(word ^ DELETES);
        zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES) | below_space(word) | high
    };
    stop(bytes, at, hits, |byte| stops(byte) || byte >= 0x7F)
}

/// The first byte from `at` on that is no JSON white space, and whether any was passed.
#[inline(always)]
pub(super) fn space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(..=b' ') => spaces(bytes, at),
        _ => at,
    }
}

#[inline]
fn spaces(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
        // Indentation.
        while let Some(word) = word(bytes, at) {
            let other = word ^ SPACES;
            if other != 0 {
                at += first(other);
                break;
            }
            at += 8;
        }
    }
    at
}

/// The value of the four hexadecimal digits from `at` on, or where the first other byte stands.
#[inline(always)]
pub(super) fn hex(bytes: &[u8], at: usize) -> Result<u32, usize> {
    let digits = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    if let Some(&[a, b, c, d]) = digits {
        let (a, b, c, d) = (HEX[a as usize], HEX[b as usize], HEX[c as usize], HEX[d as usize]);
        if a | b | c | d < 16 {
            return Ok(u32::from(a) << 12 | u32::from(b) << 8 | u32::from(c) << 4 | u32::from(d));
        }
    }
    Err(tail(bytes, at, |byte| !byte.is_ascii_hexdigit()))
}

/// The value of a hexadecimal digit; 255 for any other byte.
static HEX: [u8; 256] = {
    let mut table = [255; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit as usize] as usize] = digit;
        table[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    table
};

/// How many characters start in `range`; a byte order mark at the front of the text counts for nothing.
pub(super) fn characters(text: &[u8], range: Range<usize>) -> usize {
    let marked = range.start == 0 && text.starts_with(b"\xEF\xBB\xBF") && range.end >= 3;
    let bytes = text.get(range).unwrap_or_default();
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() - usize::from(marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every search against the plain loop, for every byte at every distance around the word and block sizes.
    #[test]
    fn searches_agree_with_plain_loops() {
        for byte in 0..=255 {
            for distance in 0..80 {
                for behind in [0, 1, 7, 8, 40] {
                    let mut bytes = vec![b'a'; distance + behind];
                    bytes.insert(distance, byte);
                    let here = format!("byte {byte} at {distance} of {}", bytes.len());
                    assert_eq!(string_stop(&bytes, 0), tail(&bytes, 0, stops), "{here}");
                    assert_eq!(not_python(&bytes, 0), tail(&bytes, 0, |byte| stops(byte) || byte >= 0x7F), "{here}");
                    for from in 0..=bytes.len() {
                        assert_eq!(string_stop(&bytes, from), tail(&bytes, from, stops), "{here} from {from}");
                    }
                    bytes[..distance].fill(b' ');
                    let blank = |byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
                    assert_eq!(space(&bytes, 0), tail(&bytes, 0, |byte| !blank(byte)), "{here}");
                }
            }
        }
    }

    #[test]
    fn a_stop_behind_a_stop_is_not_taken_for_the_first() {
        for pair in [*b"\x7F\x80", *b"\x21\x20", *b"\"#", *b"\\]", *b"\x1F\x20", *b"\xFF\""] {
            let mut bytes = vec![b'a'; 16];
            bytes[3..5].copy_from_slice(&pair);
            assert_eq!(string_stop(&bytes, 0), tail(&bytes, 0, stops));
            assert_eq!(not_python(&bytes, 0), tail(&bytes, 0, |byte| stops(byte) || byte >= 0x7F));
        }
    }

    /// A backslash or a difference at every distance.
    #[test]
    fn plain_runs_end_at_the_first_backslash_or_difference() {
        for length in 0..40 {
            for at in 0..=length {
                for byte in [b'\\', b'[', b']', 0xDC] {
                    let (one, mut two) = (vec![b'a'; length], vec![b'a'; length]);
                    let mut out = b"x".to_vec();
                    two.iter_mut().skip(at).for_each(|other| *other = byte);
                    assert_eq!(same_plain(&one, &two), at, "{at} of {length}");
                    assert_eq!(same_plain(&two, &two), if byte == b'\\' { at } else { length });
                    assert_eq!(same_plain(&one, &two[..at]), at);
                    let stop = copy_plain(&two, 0, &mut out);
                    assert_eq!(stop, if byte == b'\\' { at } else { length });
                    assert_eq!(out, [b"x", &two[..stop]].concat());
                }
            }
        }
    }

    #[test]
    fn texts_are_the_same_when_no_byte_differs() {
        for length in 0..40 {
            let one: Vec<u8> = (0..length).collect();
            assert!(same(&one, &one.clone()));
            for at in 0..one.len() {
                let mut two = one.clone();
                two[at] ^= 0x20;
                assert!(!same(&one, &two), "byte {at} of {length}");
            }
        }
    }

    #[test]
    fn hex_takes_exactly_four_digits() {
        assert_eq!(hex(b"d83D", 0), Ok(0xD83D));
        assert_eq!(hex(b"xxFFfe0", 2), Ok(0xFFFE));
        assert_eq!(hex(b"12", 0), Err(2));
        assert_eq!(hex(b"1g34", 0), Err(1));
        assert_eq!(hex(b"", 5), Err(5));
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        let text = "\u{feff}é\u{feff}x".as_bytes();
        assert_eq!(characters(text, 0..0), 0);
        assert_eq!(characters(text, 0..text.len()), 3);
        assert_eq!(characters(text, 3..text.len()), 3);
    }
}
