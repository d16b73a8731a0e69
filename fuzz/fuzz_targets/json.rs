//! Bytes -> tape -> bytes in both styles -> tape: nothing panics, nothing changes, and serde_json agrees.
//!
//! `cargo +nightly fuzz run json`

#![no_main]

use libfuzzer_sys::fuzz_target;
use runstate::json::{Aim, Document, Kind, Node, Style, Writer, places};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let theirs = serde_json::from_slice::<Value>(bytes);
    let doc = match Document::parse(bytes.to_vec()) {
        Ok(doc) => doc,
        Err(error) => {
            assert!(theirs.is_err(), "serde_json reads it, but {error}");
            assert!(error.offset <= bytes.len() && error.line > 0 && error.column > 0);
            return;
        }
    };
    let source = doc.source(0);
    match theirs {
        Ok(theirs) => {
            let ours = doc.root().parse_into::<Value>().expect("serde_json reads it");
            assert!(alike(&ours, &theirs));
        }
        Err(error) => {
            let odd = source.has_bom() || source.nonfinite().next().is_some() || source.lone_surrogates().next().is_some();
            assert!(odd || source.depth() >= 128 || doc.root().parse_into::<Value>().is_err(), "{error}");
        }
    }

    let tree = Flat::of(doc.root());
    let python = write(&doc, Style::Python);
    let typescript = write(&doc, Style::TypeScript);
    assert!(python.is_ascii());
    for written in [&python, &typescript] {
        let again = Document::parse(written.clone()).expect("what is written is JSON");
        assert!(Flat::of(again.root()) == tree);
        assert!(write(&again, Style::Python) == python);
        assert!(write(&again, Style::TypeScript) == typescript);
    }

    let wanted: Vec<_> = (0..source.len().min(500)).map(|index| (index as u32, Aim::Key)).collect();
    for place in places(source, &wanted) {
        assert!(source.text().is_char_boundary(place.span.start) && place.span.end <= source.text().len());
    }
    for overridden in source.duplicates() {
        assert!(overridden.index() > 0);
    }
    for text in tree.texts {
        let _ = doc.decode(text).map(|inner| inner.kind());
    }
});

fn write(doc: &Document, style: Style) -> Vec<u8> {
    let mut writer = Writer::new(style);
    writer.node(doc.root());
    writer.finish()
}

/// serde_json rounds some doubles to a neighbour of the nearest one.
fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) if ours.is_f64() && theirs.is_f64() => {
            let (ours, theirs) = (ours.as_f64().unwrap_or(0.0), theirs.as_f64().unwrap_or(1.0));
            (ours - theirs).abs() <= ours.abs() * 1e-15 + f64::from_bits(2)
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| alike(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|((key, ours), (same, theirs))| key == same && alike(ours, theirs))
        }
        _ => ours == theirs,
    }
}

/// Every value in document order: kind, digits or decoded text, and where its container ends. Without recursion.
struct Flat<'d> {
    values: Vec<(Kind, Vec<u8>, usize)>,
    texts: Vec<Node<'d>>,
}

impl PartialEq for Flat<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<'d> Flat<'d> {
    fn of(root: Node<'d>) -> Self {
        let mut flat = Self { values: Vec::new(), texts: Vec::new() };
        let mut pending = vec![root];
        while let Some(node) = pending.pop() {
            let content = match node.text() {
                Some(text) => {
                    flat.texts.push(node);
                    text.wtf8().into_owned()
                }
                None if matches!(node.kind(), Kind::Array | Kind::Object) => Vec::new(),
                None => node.raw().as_bytes().to_vec(),
            };
            flat.values.push((node.kind(), content, node.elements().count() + node.members().count()));
            pending.extend(node.elements());
            pending.extend(node.members().flat_map(|member| [member.key.node(), member.value]));
        }
        flat
    }
}
