//! The JSON layer against serde_json, against the readers and writers of both SDKs' languages, and against hostile
//! input.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bridge;
mod bytes;
mod deep;
mod places;
mod syntax;
mod tree;

use runstate::json::{Document, Style, SyntaxError, Writer};

#[path = "../../benches/states/mod.rs"]
mod states;

fn read(text: impl Into<Vec<u8>>) -> Document {
    Document::parse(text.into()).unwrap()
}

fn refuse(text: impl Into<Vec<u8>>) -> SyntaxError {
    Document::parse(text.into()).unwrap_err()
}

fn write(doc: &Document, style: Style) -> String {
    let mut writer = Writer::new(style);
    writer.node(doc.root());
    String::from_utf8(writer.finish()).unwrap()
}

/// What Python and JavaScript did with small texts; `record.py` writes it.
#[derive(serde::Deserialize)]
struct Recorded {
    verdicts: Vec<Verdict>,
    writings: Vec<Writing>,
}

#[derive(serde::Deserialize)]
struct Verdict {
    text: String,
    python: bool,
    javascript: bool,
}

#[derive(serde::Deserialize)]
struct Writing {
    text: String,
    python: String,
    javascript: String,
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("recorded.json")).unwrap()
}
