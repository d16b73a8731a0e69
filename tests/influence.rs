//! Every value of a state has an effect on what becomes of it: when one leaf changes, the converted state changes, or
//! the report names the leaf or a value that it stands in. Nothing of this test knows how the conversion works.

mod common;

use std::collections::HashMap;

use runstate::json::{Document, Kind, Node};
use runstate::{Conversion, Convert, Level, Target, convert};

/// A leaf: where it stands, and the whole text with another value in its place.
struct Changed {
    pointer: String,
    text: String,
}

/// How many leaves of one kind are changed in each state. Places in lists and under ids are one kind.
const EACH: usize = 1;

/// What the conversion is told so that it converts as much as it can.
fn all() -> Convert {
    let mut options = Convert::default();
    options.allow_loss = Level::Resume;
    options.accept_invalid = true;
    options.assume_target_gates = true;
    options
}

fn changed(text: &str) -> Vec<Changed> {
    let doc = Document::parse(text.as_bytes().to_vec()).expect("a fixture is JSON");
    let mut kinds: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    walk(&doc, doc.root(), "", "", &mut kinds, &|text| text, &mut found);
    found
}

/// Changes the leaves below a value; `wrap` puts the text that it stands in into the whole one.
fn walk(
    doc: &Document,
    node: Node<'_>,
    pointer: &str,
    kind: &str,
    kinds: &mut HashMap<String, usize>,
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
            let seen = kinds.entry(kind.to_owned()).or_default();
            *seen += 1;
            if *seen <= EACH && !pointer.ends_with("/$schemaVersion") {
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

fn silent(dialect: &str, target: &str) -> (usize, Vec<String>) {
    let target: Target = target.parse().expect("a target");
    let fixtures = common::fixtures();
    let newest = common::newest_label(&fixtures, dialect);
    let (mut count, mut faults) = (0, Vec::new());
    for fixture in fixtures.iter().filter(|fixture| fixture.dialect == dialect && fixture.label == newest) {
        let base = convert(&fixture.bytes, target, &all());
        let Some(bytes) = &base.bytes else { continue };
        let text = std::str::from_utf8(&fixture.bytes).expect("a fixture is UTF-8");
        for Changed { pointer, text } in changed(text) {
            count += 1;
            if names(&base, &pointer) {
                continue;
            }
            let after = convert(text.as_bytes(), target, &all());
            if after.bytes.as_ref() == Some(bytes) && !names(&after, &pointer)
                || after.bytes.is_none() && after.losses.is_empty() && after.findings.is_empty()
            {
                faults.push(format!("{} {pointer}", fixture.name));
            }
        }
    }
    (count, faults)
}

#[test]
fn every_value_of_a_python_state_counts() {
    let (count, faults) = silent("python", "typescript@0.20.0");
    assert!(count > 3000, "{count} values were changed");
    assert!(faults.is_empty(), "{} of {count} values have no effect:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_value_of_a_typescript_state_counts() {
    let (count, faults) = silent("typescript", "python@0.24.0");
    assert!(count > 3000, "{count} values were changed");
    assert!(faults.is_empty(), "{} of {count} values have no effect:\n{}", faults.len(), faults.join("\n"));
}
