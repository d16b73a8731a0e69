//! Every value of a state has an effect on what becomes of it: when one leaf changes, the converted state changes, or
//! the report names the leaf or a value that it stands in. Nothing of this test knows how the conversion works.
//!
//! One leaf of each kind is changed among all states of a pair of labels, which takes seconds instead of minutes, and a
//! build that is not optimized looks at a share of those. In every state it is in an optimized build between the newest
//! labels, and everywhere with `RUNSTATE_EVERY_STATE=1`.

mod common;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use runstate::json::{Document, Kind, Node};
use runstate::{Conversion, Convert, Dialect, Level, Target, convert};

/// A leaf: where it stands, and the whole text with another value in its place.
struct Changed {
    pointer: String,
    text: String,
}

/// What the conversion is told so that it converts as much as it can.
fn all() -> Convert {
    let mut options = Convert::default();
    options.allow_loss = Level::Resume;
    options.accept_invalid = true;
    options.assume_target_gates = true;
    options
}

/// The text with one leaf of each kind changed that is not among `kinds` yet. Places in lists and under ids are one kind.
fn changed(text: &str, kinds: &mut HashSet<String>) -> Vec<Changed> {
    let doc = Document::parse(text.as_bytes().to_vec()).expect("a fixture is JSON");
    let mut found = Vec::new();
    walk(&doc, doc.root(), "", "", kinds, &|text| text, &mut found);
    found
}

/// Changes the leaves below a value; `wrap` puts the text that it stands in into the whole one.
fn walk(
    doc: &Document,
    node: Node<'_>,
    pointer: &str,
    kind: &str,
    kinds: &mut HashSet<String>,
    wrap: &dyn Fn(String) -> String,
    found: &mut Vec<Changed>,
) {
    match node.kind() {
        Kind::Object => {
            for member in node.members() {
                let key = member.key.lossy();
                let step = key.replace('~', "~0").replace('/', "~1");
                let general = if is_id(&key) { "#" } else { &step };
                walk(doc, member.value, &format!("{pointer}/{step}"), &format!("{kind}/{general}"), kinds, wrap, found);
            }
        }
        Kind::Array => {
            for (at, element) in node.elements().enumerate() {
                walk(doc, element, &format!("{pointer}/{at}"), &format!("{kind}/#"), kinds, wrap, found);
            }
        }
        Kind::String if pointer.rsplit('/').nth(1) == Some("pendingAgentToolRuns") => {
            let Ok(inner) = doc.decode(node) else { return };
            let outer = |text: String| {
                let string = serde_json::to_string(&text).expect("a text can be written");
                wrap(replaced(node, &string))
            };
            walk(doc, inner, &format!("{pointer}!"), &format!("{kind}!"), kinds, &outer, found);
        }
        _ => {
            let Some(other) = other(node) else { return };
            if kinds.insert(kind.to_owned()) && !pointer.ends_with("/$schemaVersion") {
                found.push(Changed { pointer: pointer.to_owned(), text: wrap(replaced(node, &other)) });
            }
        }
    }
}

/// Whether a key is one of the user's, or names a call.
fn is_id(key: &str) -> bool {
    key.bytes().any(|byte| byte.is_ascii_digit()) || key.starts_with('[')
}

/// Another value of the same kind. `null` means as much as nothing.
fn other(node: Node<'_>) -> Option<String> {
    let raw = node.raw();
    match node.kind() {
        Kind::String => Some(format!("{}~\"", &raw[..raw.len() - 1])),
        Kind::Bool => Some((raw != "true").to_string()),
        Kind::Number => match raw.strip_prefix('-') {
            Some(digits) => Some(format!("-1{digits}")),
            None if raw.starts_with(|first: char| first.is_ascii_digit()) => Some(format!("1{raw}")),
            None => None,
        },
        _ => None,
    }
}

fn replaced(node: Node<'_>, other: &str) -> String {
    let text = node.source().text();
    let span = node.span();
    format!("{}{other}{}", &text[..span.start], &text[span.end..])
}

/// Whether a report names the place or one that it stands in. The whole state is no place.
fn names(conversion: &Conversion, pointer: &str) -> bool {
    let losses = conversion.losses.iter().flat_map(|loss| &loss.pointers).cloned();
    let findings = conversion.findings.iter().map(|finding| {
        let inside = finding.inside.iter().map(|inner| format!("!{inner}"));
        finding.pointer.clone() + &inside.collect::<String>()
    });
    let mut named = losses.chain(findings).filter(|named| !named.is_empty());
    named.any(|named| {
        let rest = pointer.strip_prefix(&named[..]);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '!']))
    })
}

/// How many values were changed on the way from some labels to a target, and which of them had no effect.
fn silent(dialect: Dialect, labels: &RangeInclusive<u16>, target: &str, every_state: bool) -> (usize, Vec<String>) {
    let to: Target = target.parse().expect("a target");
    let (mut count, mut faults) = (0, Vec::new());
    let mut kinds = HashSet::new();
    for fixture in common::fixtures() {
        if fixture.dialect != dialect.name() || !labels.contains(&fixture.label) {
            continue;
        }
        let base = convert(&fixture.bytes, to, &all());
        let Some(bytes) = &base.bytes else { continue };
        if every_state {
            kinds.clear();
        }
        let text = std::str::from_utf8(&fixture.bytes).expect("a fixture is UTF-8");
        for Changed { pointer, text } in changed(text, &mut kinds) {
            count += 1;
            if count % common::SHARE > 0 || names(&base, &pointer) {
                continue;
            }
            let after = convert(text.as_bytes(), to, &all());
            if after.bytes.as_ref() == Some(bytes) && !names(&after, &pointer)
                || after.bytes.is_none() && after.losses.is_empty() && after.findings.is_empty()
            {
                faults.push(format!("{}/1.{}/{} -> {target} {pointer}", fixture.dialect, fixture.label, fixture.name));
            }
        }
    }
    (count, faults)
}

fn none_is_silent(
    (dialect, labels): (Dialect, RangeInclusive<u16>),
    targets: &[&str],
    every_state: bool,
    least: usize,
) {
    for target in targets {
        let (count, faults) = silent(dialect, &labels, target, every_state);
        assert!(count > least, "only {count} values were changed on the way to {target}");
        assert!(faults.is_empty(), "{} of {count} values have no effect:\n{}", faults.len(), faults.join("\n"));
    }
}

fn every_state() -> bool {
    std::env::var_os("RUNSTATE_EVERY_STATE").is_some()
}

fn newest(dialect: Dialect) -> (Dialect, RangeInclusive<u16>) {
    (dialect, dialect.newest_label()..=dialect.newest_label())
}

fn older(dialect: Dialect) -> (Dialect, RangeInclusive<u16>) {
    (dialect, 0..=dialect.newest_label() - 1)
}

#[test]
fn every_value_of_a_python_state_counts() {
    none_is_silent(newest(Dialect::Python), &["typescript@0.20.0"], every_state() || !cfg!(debug_assertions), 500);
}

#[test]
fn every_value_of_a_typescript_state_counts() {
    none_is_silent(newest(Dialect::TypeScript), &["python@0.24.0"], every_state() || !cfg!(debug_assertions), 500);
}

#[test]
fn every_value_counts_on_the_way_to_older_labels_of_python() {
    let targets = ["python@1.17", "python@1.13", "python@1.8", "python@1.0"];
    none_is_silent(newest(Dialect::Python), &targets, every_state(), 500);
    none_is_silent(newest(Dialect::TypeScript), &targets[..3], every_state(), 500);
}

#[test]
fn every_value_counts_on_the_way_to_older_labels_of_typescript() {
    let targets = ["typescript@1.19", "typescript@1.15", "typescript@1.8", "typescript@1.0"];
    none_is_silent(newest(Dialect::TypeScript), &targets, every_state(), 500);
    none_is_silent(newest(Dialect::Python), &targets[..3], every_state(), 500);
}

#[test]
fn every_value_of_older_labels_counts() {
    none_is_silent(older(Dialect::Python), &["python@1.21", "typescript@1.22"], every_state(), 500);
    none_is_silent(older(Dialect::TypeScript), &["typescript@1.22", "python@1.21"], every_state(), 500);
}
