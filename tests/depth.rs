//! No depth of a value overflows the stack or takes long, wherever it stands and whatever is done with the state.

mod common;

use std::collections::BTreeSet;

use runstate::{
    Carry, Convert, Defaults, Dialect, Diff, Hash, Inspect, Keys, Normalize, Target, convert, diff, hash, inspect,
    normalize,
};
use serde_json::Value;

const LEVELS: usize = 200_000;
const SHARE: usize = 20 * common::SHARE;
const FIXTURES: [&str; 4] = [
    "python/1.21/nested-approved.json",
    "python/1.21/handoff-with-nested-history.json",
    "typescript/1.22/nested_agent_approved.json",
    "typescript/1.22/approved_once.json",
];

#[test]
fn values_of_any_depth() {
    for (number, fixture) in FIXTURES.into_iter().enumerate() {
        let path = common::root().join("fixtures").join(fixture);
        let bytes = std::fs::read(&path).expect("a fixture");
        let state: Value = serde_json::from_slice(&bytes).expect("it is JSON");
        let mut places = Vec::new();
        collect(&state, &mut String::new(), &mut BTreeSet::new(), &mut String::new(), &mut places);
        places.retain(|place| place != "/$schemaVersion");
        assert!(places.len() > 100, "{fixture}: {}", places.len());
        // Each is asked for some of the places; those of one dialect have most of them in common.
        for (at, place) in places.iter().enumerate().skip(number).step_by(SHARE) {
            let (open, close) = [("[", "]"), (r#"{"a":"#, "}")][at / SHARE % 2];
            let deep = deep(&state, place, open, close);
            everything(&deep, &bytes);
        }
    }
}

/// One place for each way with the numbers of elements left out.
fn collect(
    value: &Value,
    way: &mut String,
    seen: &mut BTreeSet<String>,
    pattern: &mut String,
    places: &mut Vec<String>,
) {
    if !way.is_empty() && seen.insert(pattern.clone()) {
        places.push(way.clone());
    }
    let (long, short) = (way.len(), pattern.len());
    let mut inner = |step: &str, general: &str, value: &Value| {
        way.push('/');
        way.push_str(step);
        pattern.push('/');
        pattern.push_str(general);
        collect(value, way, seen, pattern, places);
        way.truncate(long);
        pattern.truncate(short);
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| inner(&key.replace('~', "~0").replace('/', "~1"), key, value));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| inner(&at.to_string(), "*", value));
        }
        _ => {}
    }
}

fn deep(state: &Value, place: &str, open: &str, close: &str) -> Vec<u8> {
    const MARK: &str = "the place of the deep value";
    let mut state = state.clone();
    *state.pointer_mut(place).expect("the place is there") = Value::from(MARK);
    let deep = format!("{}1{}", open.repeat(LEVELS), close.repeat(LEVELS));
    state.to_string().replacen(&format!("\"{MARK}\""), &deep, 1).into_bytes()
}

fn everything(state: &[u8], original: &[u8]) {
    let mut size = Inspect::default();
    (size.size, size.width) = (true, Some(96));
    for how in [Inspect::default(), size] {
        drop(inspect(state, &how));
    }
    let told = diff(state, state, &Diff::default());
    assert!(told.same || told.a.problem.is_some(), "{:?}", told.changes.first().map(|own| &own.path));
    drop(diff(original, state, &Diff::default()));
    for meaning in [false, true] {
        let mut how = Hash::default();
        how.meaning = meaning;
        assert_eq!(hash(state, &how).is_ok(), told.a.problem.is_none());
    }
    let mut how = Normalize::default();
    (how.volatile, how.keys, how.defaults) = (true, Keys::Sorted, Defaults::Explicit);
    how.redact = vec!["secrets".parse().expect("a rule"), "key:a".parse().expect("a rule")];
    how.invalid = runstate::Invalid::Accept;
    drop(normalize(state, &how));
    for target in ["python", "typescript", "python@1.5", "typescript@1.6"] {
        let mut how = Convert::default();
        (how.accept_invalid, how.carry) = (true, Carry::Inside);
        let target: Target = target.parse().expect("a target");
        if let Some(there) = convert(state, target, &how).bytes {
            for back in [Dialect::Python, Dialect::TypeScript] {
                drop(convert(&there, back.newest(), &how));
            }
        }
    }
}

#[test]
fn spans_of_any_depth() {
    let path = common::root().join("fixtures/typescript/1.22/traced.json");
    let original = std::fs::read(path).expect("a fixture");
    let state: Value = serde_json::from_slice(&original).expect("it is JSON");
    let span = state.pointer("/currentAgentSpan").expect("it has a span").to_string();
    let outer = format!("{},\"previous_span\":", &span[..span.len() - 1]);
    let deep = format!("{}{span}{}", outer.repeat(LEVELS / 10), "}".repeat(LEVELS / 10));
    let text = state.to_string();
    everything(text.replacen(&span, &deep, 1).as_bytes(), &original);
}
