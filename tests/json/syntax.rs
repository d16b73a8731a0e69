//! What is read and what is refused, and where.

use runstate::json::{Found, Problem};

use super::{read, recorded, refuse, states};
use runstate::json::Document;

#[test]
fn reads_what_python_or_javascript_reads() {
    let mut counts = [0, 0];
    for case in recorded().verdicts {
        let ours = Document::parse(case.text.clone().into_bytes());
        assert_eq!(ours.is_ok(), case.python || case.javascript, "{:?}: {ours:?}", case.text);
        counts[usize::from(ours.is_ok())] += 1;
    }
    assert!(counts[0] > 100 && counts[1] > 40, "refused and read: {counts:?}");
}

#[test]
fn says_where_and_what() {
    use Problem::{Control, Empty, Escape, Expected, Trailing, Truncated};
    let value = "a value";
    let key = "a key in double quotes";
    for (text, offset, problem, found) in [
        ("", 0, Empty, Found::End),
        (" \n", 2, Empty, Found::End),
        ("\u{feff}", 3, Empty, Found::End),
        ("[1,]", 3, Expected(value), Found::Punctuation(']')),
        ("[1,", 3, Truncated(value), Found::End),
        ("[1 2]", 3, Expected("`,` or `]`"), Found::Digit),
        ("[1}", 2, Expected("`,` or `]`"), Found::Punctuation('}')),
        ("[1", 2, Truncated("`,` or `]`"), Found::End),
        ("{\"a\":1,}", 7, Expected(key), Found::Punctuation('}')),
        ("{a:1}", 1, Expected(key), Found::Letter),
        ("{'a':1}", 1, Expected(key), Found::Punctuation('\'')),
        ("{", 1, Truncated(key), Found::End),
        ("{\"a\" 1}", 5, Expected("`:`"), Found::Digit),
        ("{\"a\":1]", 6, Expected("`,` or `}`"), Found::Punctuation(']')),
        ("[1]é", 3, Trailing, Found::NotAscii),
        ("1 // x", 2, Trailing, Found::Punctuation('/')),
        ("None", 0, Expected(value), Found::Letter),
        ("\u{a0}1", 0, Expected(value), Found::NotAscii),
        ("\u{b}1", 0, Expected(value), Found::Control),
        ("tru", 3, Truncated("true"), Found::End),
        ("trUe", 2, Expected("true"), Found::Letter),
        ("[-Inf ]", 1, Expected(value), Found::Punctuation('-')),
        ("-", 1, Truncated("a digit"), Found::End),
        ("-x", 1, Expected("a digit"), Found::Letter),
        ("1.", 2, Truncated("a digit"), Found::End),
        ("[1.e1]", 3, Expected("a digit"), Found::Letter),
        ("01", 1, Trailing, Found::Digit),
        ("\"a", 2, Truncated("`\"`"), Found::End),
        ("\"a\nb\"", 2, Control, Found::Space),
        ("\"\u{1}\"", 1, Control, Found::Control),
        ("\"\\x\"", 1, Escape, Found::Punctuation('\\')),
        ("\"\\u12g4\"", 5, Escape, Found::Letter),
        ("\"\\ud800\\uzz\"", 9, Escape, Found::Letter),
        ("\"\\u12", 5, Truncated("four hexadecimal digits"), Found::End),
        ("\"\\", 2, Truncated("an escape"), Found::End),
    ] {
        let error = refuse(text);
        assert_eq!((error.offset, error.problem, error.found), (offset, problem, found), "{text:?}");
    }
}

#[test]
fn says_lines_and_columns_in_characters() {
    let place = |text: &str| {
        let error = refuse(text);
        (error.line, error.column)
    };
    assert_eq!(place("\u{feff}x"), (1, 1));
    assert_eq!(place("[\"é😀\", x]"), (1, 8));
    assert_eq!(place("[\r\n1,\n\n  x]"), (4, 3));
    assert_eq!(place("[\n"), (2, 1));
}

#[test]
fn never_shows_content() {
    for text in
        ["{\"key\": \"secret\" secret}", "[\"secret\\q\"]", "secret", "\"secret\"secret", "[secret]", "{\"a\": secret}"]
    {
        assert!(!refuse(text).to_string().contains("secret"), "{text}");
    }
}

#[test]
fn messages_read_as_sentences() {
    let message = |text: &str| refuse(text).to_string();
    assert_eq!(message("[1 2]"), "expected `,` or `]`, found a digit at line 1, column 4");
    assert_eq!(message("[1"), "expected `,` or `]`, found the end of the text at line 1, column 3");
    assert_eq!(message("1 x"), "expected the end of the text, found a letter after the value at line 1, column 3");
    assert_eq!(message("\"\t\""), "expected an escape, found a raw control character in a string at line 1, column 2");
    assert_eq!(message(""), "expected a JSON value, found nothing at line 1, column 1");
}

#[test]
fn a_state_that_ends_early_is_truncated_wherever_it_ends() {
    for (_, style, script) in states::KINDS {
        let state = states::grow(style, script, 1);
        assert_eq!(refuse("").problem, Problem::Empty);
        for length in 1..state.len() {
            let error = refuse(&state[..length]);
            assert!(matches!(error.problem, Problem::Truncated(_)), "{length} of {}: {error}", state.len());
            assert_eq!((error.offset, error.found), (length, Found::End));
        }
    }
}

#[test]
fn invalid_utf8_is_found_wherever_it_stands() {
    let bad: [&[u8]; 8] = [
        b"\x80",
        b"\xBF",
        b"\xC0\x80",
        b"\xE0\x80\x80",
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"\xF5\x80\x80\x80",
        b"\xE3\x81\"",
    ];
    let text = "{\"kéy\": [\"vál\\n\", -1.5e3, true], \"z\": \"\"}";
    for bad in bad {
        for (place, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let mut bytes = text.as_bytes().to_vec();
            bytes.splice(place..place, bad.iter().copied());
            let error = refuse(bytes);
            assert_eq!((error.offset, error.problem), (place, Problem::NotUtf8), "{bad:x?} at {place}");
        }
    }
    assert_eq!(refuse(b"\"\xE3\x81").problem, Problem::Truncated("the rest of a character"));
}

#[test]
fn other_encodings_are_named() {
    let text = "{\"a\": 1}";
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<_>>();
    let utf32 = |unit: fn(u32) -> [u8; 4]| text.chars().map(u32::from).flat_map(unit).collect::<Vec<_>>();
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    for bytes in [
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        marked(b"\xFF\xFE", utf16(u16::to_le_bytes)),
        marked(b"\xFE\xFF", utf16(u16::to_be_bytes)),
        utf32(u32::to_le_bytes),
        utf32(u32::to_be_bytes),
        marked(b"\xFF\xFE\0\0", utf32(u32::to_le_bytes)),
        marked(b"\0\0\xFE\xFF", utf32(u32::to_be_bytes)),
    ] {
        assert_eq!(refuse(bytes).problem, Problem::Utf16);
    }
}

#[test]
fn remembers_what_is_odd() {
    let doc = read(
        "\u{feff} [NaN, {\"a\": -Infinity, \"\\ud800\": \"\\udc00\\ud800\\udc00\"}, Infinity, 1, \"\\ud83d\\ude00\"]\n",
    );
    let source = doc.source(0);
    assert!(source.has_bom());
    assert_eq!(source.nonfinite().map(|node| node.raw()).collect::<Vec<_>>(), ["NaN", "-Infinity", "Infinity"]);
    let lone: Vec<_> = source.lone_surrogates().map(|text| text.raw()).collect();
    assert_eq!(lone, ["\\ud800", "\\udc00\\ud800\\udc00"]);
    assert_eq!(source.depth(), 2);
    assert_eq!([read("1"), read("[]"), read("{}"), read("[[],[[]]]")].map(|doc| doc.source(0).depth()), [0, 1, 1, 3]);
}
