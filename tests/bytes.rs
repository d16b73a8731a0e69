//! What an SDK wrote comes out byte for byte as it went in, through tape, model and writer.

mod common;

use runstate::{Invalid, Layout, Normalize, normalize};

#[test]
fn every_fixture_is_written_as_the_sdk_wrote_it() {
    let mut options = Normalize::default();
    options.invalid = Invalid::Accept;
    for fixture in common::fixtures() {
        let outcome = normalize(&fixture.bytes, &options);
        let written = outcome.bytes.unwrap_or_else(|| panic!("{} is a state", fixture.path.display()));
        assert!(written == fixture.bytes, "{} comes out changed", fixture.path.display());
    }
}

#[test]
fn every_fixture_comes_back_from_any_layout() {
    let mut options = Normalize::default();
    options.invalid = Invalid::Accept;
    for fixture in common::fixtures() {
        let text = String::from_utf8(fixture.bytes.clone()).expect("the SDKs write UTF-8");
        let doc = runstate::json::Document::parse(fixture.bytes.clone()).expect("the SDKs write JSON");
        let other =
            if fixture.dialect == "python" { runstate::json::Style::TypeScript } else { runstate::json::Style::Python };
        let mut out = runstate::json::Writer::new(other);
        out.node(doc.root());
        let restyled = out.finish();
        assert_ne!(restyled, text.as_bytes(), "{} is restyled", fixture.path.display());
        let outcome = normalize(&restyled, &options);
        assert!(outcome.bytes.as_deref() == Some(text.as_bytes()), "{} does not come back", fixture.path.display());
    }
}

#[test]
fn one_line_is_the_text_of_json_dumps() {
    let mut options = Normalize::default();
    options.invalid = Invalid::Accept;
    options.layout = Layout::Line;
    let state = b"{\"current_turn\":1,\"current_agent\":{},\"max_turns\":null,\"original_input\":[\"\xC3\xA9\",[],{}]}";
    let outcome = normalize(state, &options);
    let expected =
        r#"{"current_turn": 1, "current_agent": {}, "max_turns": null, "original_input": ["\u00e9", [], {}]}"#;
    assert_eq!(outcome.bytes.as_deref().map(String::from_utf8_lossy).as_deref(), Some(expected));
}
