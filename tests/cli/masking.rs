//! No value of a state is ever printed unasked, whatever state the state is in.
//!
//! All values that are no identifiers are made of the letter Z and the digit 7, which occur nowhere else.

use serde_json::{Map, Value, json};

use crate::{common, folder, runstate};

const FORMATS: [&str; 5] = ["human", "concise", "json", "ndjson", "github"];

fn small() -> String {
    serde_json::to_string_pretty(&json!({
        "$schemaVersion": "1.21",
        "current_turn": 777_777,
        "current_agent": {"name": "Bank", "note": "ZZZZZZ"},
        "original_input": "ZZZZZZ \"ZZZZZZ\" ZZZZZZ: {ZZZZZZ} [ZZZZZZ], ZZZZZZ\nZZZZZZ",
        "generated_items": [
            {"type": "tool_call_item", "raw_item": {"call_id": "c1", "name": "wire", "arguments": "{\"to\": \"ZZZZZZ\"}"}},
            {"type": "tool_call_output_item", "output": {"name": "ZZZZZZ", "type": "ZZZZZZ", "sum": -777_777.777e7}}
        ],
        "context": {"name": "ZZZZZZ", "list": ["ZZZZZZ", 777_777, true, null, ["ZZZZZZ"]]}
    }))
    .expect("a value is JSON")
}

fn assert_nothing_shown(what: &str, run: &crate::Run) {
    for text in [&run.out, &run.err] {
        let shown = text.lines().find(|line| line.contains('Z') || line.contains("77777"));
        assert_eq!(shown, None, "{what}");
    }
}

fn check(what: &str, texts: &[String]) {
    let names: Vec<String> =
        (0..texts.len()).map(|number| format!("{:06}.json", number % 100 + number / 100 * 1_000)).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(texts).map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let folder = folder(&files);
    assert_nothing_shown(&format!("{what}, detect"), &runstate(folder.path(), &["detect", "."]));
    for format in FORMATS {
        let run = runstate(folder.path(), &["validate", ".", "--format", format]);
        assert!(run.code == 3 || run.code == 1 || run.code == 0, "{}", run.err);
        assert_nothing_shown(&format!("{what}, {format}"), &run);
    }
}

#[test]
fn not_of_a_whole_state() {
    check("whole", &[small(), small().replace(['\n', ' '], "")]);
}

#[test]
fn not_of_a_state_that_ends_early() {
    let text = small();
    check("truncated", &(0..text.len()).map(|end| text[..end].to_owned()).collect::<Vec<_>>());
}

#[test]
fn not_of_a_state_that_lacks_any_one_character() {
    let text = small();
    check("one character less", &(0..text.len()).map(|at| text[..at].to_owned() + &text[at + 1..]).collect::<Vec<_>>());
}

#[test]
fn not_of_a_state_with_any_one_character_too_many() {
    let text = small();
    for more in ["\"", "{", "[", ",", "}", "\\", "\n"] {
        let texts: Vec<String> = (0..text.len()).map(|at| format!("{}{more}{}", &text[..at], &text[at..])).collect();
        check(&format!("one {more:?} more"), &texts);
    }
}

#[test]
fn not_of_a_state_cut_inside_a_character() {
    let text = small().replace("ZZZZZZ", "ZZZ\u{20ac}ZZZ");
    let broken: Vec<Vec<u8>> = (0..text.len())
        .filter(|at| !text.is_char_boundary(*at))
        .map(|at| [&text.as_bytes()[..at], &text.as_bytes()[at + 1..]].concat())
        .collect();
    let names: Vec<String> = (0..broken.len()).map(|number| format!("{number}.json")).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(&broken).map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let folder = folder(&files);
    let run = runstate(folder.path(), &["validate", "."]);
    assert_eq!(run.code, 3);
    assert_nothing_shown("not UTF-8", &run);
}

#[test]
fn not_of_what_the_sdks_wrote_with_its_values_replaced() {
    let texts: Vec<String> = common::fixtures()
        .into_iter()
        .map(|fixture| {
            let state: Value = serde_json::from_slice(&fixture.bytes).unwrap_or(Value::Null);
            serde_json::to_string(&hidden(state)).expect("a value is JSON")
        })
        .collect();
    check("replaced", &texts);
}

#[test]
fn unless_asked_to() {
    let folder = folder(&[("state.json", small().replace("null", "nil").as_bytes())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--show-values"]);
    assert!(run.out.contains("nil") && run.code == 3, "{}", run.out);
    let text = small().replacen("\"Bank\"", "\"Bank\", \"x\": \"ZZZ\"", 1);
    let folder = crate::folder(&[("state.json", text.replace('\n', "").as_bytes())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--show-values"]);
    assert!(run.out.contains("ZZZ"), "{}", run.out);
}

/// The state with everything replaced that does not identify something.
fn hidden(value: Value) -> Value {
    match value {
        Value::String(_) => json!("ZZZZZZ"),
        Value::Number(_) => json!(777_777),
        Value::Array(elements) => elements.into_iter().map(hidden).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| {
                let identifies = [
                    "$schemaVersion",
                    "type",
                    "name",
                    "identity",
                    "agentIdentity",
                    "agent_identity",
                    "id",
                    "call_id",
                    "callId",
                    "tool_name",
                    "toolName",
                    "server_label",
                    "serverLabel",
                    "tools_used",
                    "toolsUsed",
                    "toolUseTracker",
                    "tool_use_tracker",
                    // Lists of call ids.
                    "approved",
                    "rejected",
                    "ambiguousToolInvocationCallIds",
                    // They tell the kind of an item where it has no type.
                ];
                let value = if identifies.contains(&key.as_str()) { value } else { hidden(value) };
                (key, value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other,
    }
}
