//! Any bytes through `validate` and `normalize`: nothing panics, every finding lies in the text, and what is written is the
//! same state again.
//!
//! `fuzz/seed && cargo +nightly fuzz run validate -- -dict=fuzz/corpus/validate.dict`

#![no_main]

use libfuzzer_sys::fuzz_target;
use runstate::json::Document;
use runstate::{Effect, Invalid, Normalize, Validate, Verdict, judge, normalize};

fuzz_target!(|bytes: &[u8]| {
    let options = Validate::default();
    let Ok(doc) = Document::parse(bytes.to_vec()) else {
        let findings = runstate::validate(bytes, &options);
        assert!(matches!(findings.as_slice(), [finding] if finding.effect == Effect::Refused));
        check(bytes, &findings);
        return;
    };
    let Verdict { format, findings, state, .. } = judge(&doc, &options);
    check(bytes, &findings);
    assert!(state.is_none_or(|(start, end)| start < end && end <= bytes.len()));
    // The same again: no order of a map may show.
    assert!(judge(&doc, &options).findings == findings);

    let mut write = Normalize::default();
    let refused = findings.iter().any(|finding| finding.effect == Effect::Refused);
    let strict = normalize(bytes, &write);
    assert!(strict.bytes.is_none() || !refused);
    write.invalid = Invalid::Accept;
    let Some(written) = normalize(bytes, &write).bytes else {
        assert!(format.is_none() || state.is_none(), "a state can always be written");
        return;
    };
    assert!(strict.bytes.is_none_or(|strict| strict == written));
    let again = normalize(&written, &write);
    assert!(again.bytes.as_ref() == Some(&written), "what is written stays as it is");
    // Byte order marks are not written; all else is the same state.
    let told = |findings: &[runstate::Finding]| {
        let mut told: Vec<_> = findings.iter().map(|finding| (finding.code.to_string(), finding.effect)).collect();
        told.retain(|(code, _)| code != &runstate::codes::BOM.to_string());
        told.sort();
        told
    };
    assert_eq!(told(&again.findings), told(&findings));
});

fn check(bytes: &[u8], findings: &[runstate::Finding]) {
    let text = String::from_utf8_lossy(bytes);
    for finding in findings {
        let (start, end) = finding.span;
        assert!(start <= end && end <= bytes.len(), "{finding:?}");
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{finding:?}");
        }
        assert!(finding.line > 0 && finding.column > 0, "{finding:?}");
        assert!(finding.pointer.is_empty() || finding.pointer.starts_with('/'), "{finding:?}");
        assert!(!finding.message.is_empty() && finding.message.len() < 1000 + text.len(), "{finding:?}");
    }
}
