//! Bytes as Python and JavaScript write them.

use runstate::json::{Style, Writer};

use super::{read, recorded, states, write};

#[test]
fn writes_what_python_and_javascript_write() {
    let cases = recorded().writings;
    assert!(cases.len() > 150);
    for case in cases {
        // From the first spelling, from their own and from the other's.
        for text in [&case.text, &case.python, &case.javascript] {
            let doc = read(text.as_str());
            assert_eq!(write(&doc, Style::Python), case.python);
            assert_eq!(write(&doc, Style::TypeScript), case.javascript);
        }
    }
}

#[test]
fn decoded_strings_are_written_as_the_languages_write_them() {
    for case in recorded().writings {
        let doc = read(case.text.as_str());
        let Some(text) = doc.root().text() else { continue };
        for (style, wanted) in [(Style::Python, &case.python), (Style::TypeScript, &case.javascript)] {
            let mut writer = Writer::new(style);
            writer.string(&text.wtf8());
            assert_eq!(String::from_utf8_lossy(&writer.finish()), *wanted, "{}", case.text);
        }
    }
}

/// Runs of all lengths, of characters that take one escape and of those that take two.
#[test]
fn runs_of_characters_are_escaped_one_by_one() {
    let escaped = |text: &str| text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
    for length in 0..70 {
        for last in ["", "\u{7f}", "\u{1f600}", "\u{10ffff}\u{e000}"] {
            let run = ["\u{6f22}\u{e9}", last].concat().repeat(length / 2) + last;
            let text = format!("\"a{run}\\tb\"");
            assert_eq!(write(&read(text.as_str()), Style::Python), format!("\"a{}\\tb\"", escaped(&run)));
            assert_eq!(write(&read(text.as_str()), Style::TypeScript), text);
        }
    }
}

#[test]
fn strings_that_are_no_generalized_utf8_are_still_written() {
    let string = |style, bytes: &[u8]| {
        let mut writer = Writer::new(style);
        writer.string(bytes);
        String::from_utf8(writer.finish()).unwrap()
    };
    // Halves that have come together.
    let pair = b"\xED\xA0\xBD\xED\xB8\x80";
    assert_eq!(string(Style::Python, pair), r#""\ud83d\ude00""#);
    assert_eq!(string(Style::TypeScript, pair), "\"😀\"");
    assert_eq!(string(Style::TypeScript, b"a\xFFb\xED"), "\"a\u{fffd}b\u{fffd}\"");
    assert_eq!(string(Style::Python, b"\xED\xA0"), r#""\ufffd\ufffd""#);
    assert_eq!(string(Style::TypeScript, b"\xED\xB8\x80\xED\xA0\xBD"), r#""\ude00\ud83d""#);
}

#[test]
fn comparisons_see_decoded_strings() {
    let cases = recorded().writings;
    for case in &cases {
        let (one, two, three) = (read(case.text.as_str()), read(case.python.as_str()), read(case.javascript.as_str()));
        let Some(text) = one.root().text() else { continue };
        for other in [&one, &two, &three] {
            let other = other.root().text().unwrap();
            assert!(text.same_text(other));
            assert_eq!(text.wtf8(), other.wtf8());
            assert_eq!(text.lossy(), other.lossy());
            match text.exact() {
                Some(exact) => assert!(other.is(&exact) && !other.is(&format!("{exact}x")) && !other.is("x")),
                None => assert!(other.has_lone_surrogate() && !other.is(&text.lossy())),
            }
        }
    }
    let texts: Vec<_> = cases.iter().map(|case| read(case.text.as_str())).collect();
    let texts: Vec<_> = texts.iter().filter_map(|doc| doc.root().text()).collect();
    for one in &texts {
        for two in &texts {
            assert_eq!(one.same_text(*two), one.wtf8() == two.wtf8(), "{} {}", one.raw(), two.raw());
        }
    }
}

#[test]
fn a_state_is_written_as_it_was() {
    for (_, style, script) in states::KINDS {
        let other = if style == Style::Python { Style::TypeScript } else { Style::Python };
        let state = String::from_utf8(states::grow(style, script, 50_000)).unwrap();
        let doc = read(state.as_str());
        assert_eq!(write(&doc, style), state);
        let there = read(write(&doc, other));
        assert_eq!(write(&there, style), state);
    }
}

#[test]
fn parts_are_written_at_their_own_depth() {
    let doc = read(r#"{"a": [1, {"b": []}], "\u0063": {}}"#);
    let mut writer = Writer::new(Style::Python);
    writer.begin_array();
    writer.node(doc.root().member("a").unwrap());
    writer.begin_object();
    for member in doc.root().members() {
        writer.key_text(member.key);
        writer.node(member.value);
    }
    writer.key("d\"\u{e9}");
    writer.literal("1.50");
    writer.end_object();
    writer.end_array();
    let wanted = r#"[
  [
    1,
    {
      "b": []
    }
  ],
  {
    "a": [
      1,
      {
        "b": []
      }
    ],
    "c": {},
    "d\"\u00e9": 1.50
  }
]"#;
    assert_eq!(String::from_utf8(writer.finish()).unwrap(), wanted);
}

#[test]
fn nested_text_leads_back_to_its_holder() {
    let doc = read(r#"{"run": "{\"a\": [\"\\ud83d\\ude00\"]}", "bad": "{", "lone": "\ud800", "no": 1}"#);
    let run = doc.root().member("run").unwrap();
    let inner = doc.decode(run).unwrap();
    assert_eq!(write_node(inner), "{\"a\":[\"😀\"]}");
    assert!(doc.holder(inner).unwrap().same(run));
    assert!(doc.holder(doc.root()).is_none());
    let error = |key| doc.decode(doc.root().member(key).unwrap()).unwrap_err().to_string();
    assert_eq!(error("bad"), "expected a key in double quotes, found the end of the text at line 1, column 2");
    assert_eq!(error("lone"), "expected UTF-8, found other bytes at line 1, column 1");
    assert_eq!(error("no"), "expected a string with JSON in it");
}

fn write_node(node: runstate::json::Node<'_>) -> String {
    let mut writer = Writer::new(Style::TypeScript);
    writer.node(node);
    String::from_utf8(writer.finish()).unwrap()
}
