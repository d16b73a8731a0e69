//! Rules on small states.

use crate::agents::Graph;
use crate::codes::Code;
use crate::finding::Effect;
use crate::{Validate, validate};

/// A finished run of one agent, with members in the place of the last ones.
fn state(label: &str, members: &str) -> String {
    format!(
        r#"{{"$schemaVersion":"{label}","current_turn":1,"current_agent":{{"name":"A"}},"original_input":"hi","max_turns":10,
        "generated_items":[],"session_items":[],"model_responses":[],"context":{{"usage":{{}},"context":{{}},"tool_invocations":{{}}}}{members}}}"#
    )
}

fn worse_than_lost(text: &str, agents: Option<&str>) -> Vec<(String, Effect)> {
    let agents = agents.map(|text| Graph::parse(text.as_bytes()).expect("the tests' graphs are sound"));
    let options = Validate { agents, ..Validate::default() };
    let findings = validate(text.as_bytes(), &options);
    findings.into_iter().filter(|it| it.effect > Effect::Exposed).map(|it| (it.code.to_string(), it.effect)).collect()
}

fn refused(code: &str) -> Vec<(String, Effect)> {
    assert!(Code::parse(code).is_some());
    vec![(code.to_owned(), Effect::Refused)]
}

const CALL: &str = r#"{"type":"tool_call_item","agent":{"name":"A"},"raw_item":{"type":"function_call","name":"wire",
    "call_id":"c","arguments":"{\"amount\": 5}"}}"#;
const OUTPUT: &str = r#"{"type":"tool_call_output_item","agent":{"name":"A"},"output":"ok","raw_item":{
    "type":"function_call_output","call_id":"c","output":"ok"}}"#;
const SCOPE: &str = "a0b19d558d4121243df66fedd27ad25efa338493b2112da0c4a0945ba3a48e1d";
const FINGERPRINT: &str = "d6dcf2c9a6ce12110133815c3a2b513aaa7b0d64216efdf92c4a916388a7c601";

fn ledger(items: &str, fingerprint: &str, executed: bool) -> String {
    let context = format!(
        r#","context":{{"usage":{{}},"context":{{}},"tool_invocations":{{"c":{{"type":"function_call",
        "approval_scope":"{SCOPE}","fingerprint":"{fingerprint}","executed":{executed},"completed":true}}}}}}"#
    );
    state("1.21", &format!(r#","session_items":[{items}]{context}"#))
}

#[test]
fn a_small_state_is_sound() {
    assert_eq!(worse_than_lost(&state("1.21", ""), None), []);
}

#[test]
fn a_finished_call_needs_its_call_its_output_and_its_fingerprint() {
    let both = format!("{CALL},{OUTPUT}");
    assert_eq!(worse_than_lost(&ledger(&both, FINGERPRINT, true), None), []);
    assert_eq!(worse_than_lost(&ledger(CALL, FINGERPRINT, true), None), refused("RS507"));
    assert_eq!(worse_than_lost(&ledger(OUTPUT, FINGERPRINT, true), None), refused("RS507"));
    assert_eq!(worse_than_lost(&ledger(&both, SCOPE, true), None), refused("RS506"));
    assert_eq!(worse_than_lost(&ledger(&both, FINGERPRINT, false), None), refused("RS507"));
    let edited = both.replace("\\\"amount\\\": 5", "\\\"amount\\\": 6");
    assert_eq!(worse_than_lost(&ledger(&edited, FINGERPRINT, true), None), refused("RS506"));
    let spaced = both.replace("\\\"amount\\\": 5", " \\\"amount\\\":5 ");
    assert_eq!(worse_than_lost(&ledger(&spaced, FINGERPRINT, true), None), []);
}

#[test]
fn an_item_of_an_unknown_agent_takes_its_output_with_it() {
    let text = ledger(&format!("{CALL},{}", OUTPUT.replace("\"A\"", "\"B\"")), FINGERPRINT, true);
    assert_eq!(worse_than_lost(&text, None), []);
    let agents = r#"{"version":1,"start":"A","agents":[{"name":"A"}]}"#;
    assert_eq!(worse_than_lost(&text, Some(agents)), refused("RS507"));
}

#[test]
fn the_current_agent_must_be_there() {
    let agents = r#"{"version":1,"start":"B","agents":[{"name":"B"}]}"#;
    assert_eq!(worse_than_lost(&state("1.21", ""), Some(agents)), refused("RS401"));
    let identity = state("1.21", r#","current_agent":{"name":"B","identity":"B#2"}"#);
    assert_eq!(worse_than_lost(&identity, Some(agents)), refused("RS402"));
}

#[test]
fn a_lone_surrogate_in_a_call_cannot_be_hashed() {
    let text = state("1.21", &format!(r#","session_items":[{}]"#, CALL.replace("wire", "wire\\ud800")));
    assert_eq!(worse_than_lost(&text, None), refused("RS540"));
}

#[test]
fn a_type_that_is_no_text_is_refused_in_the_input_only() {
    let text = state("1.21", r#","original_input":[{"type":["message"]}]"#);
    assert_eq!(worse_than_lost(&text, None), refused("RS440"));
    let item = r#"{"type":"tool_call_item","agent":{"name":"A"},"raw_item":{"type":[]}}"#;
    assert_eq!(worse_than_lost(&state("1.21", &format!(r#","session_items":[{item}]"#)), None), []);
}

#[test]
fn features_of_later_labels_are_gated() {
    let program = r#","original_input":[{"type":"program","call_id":"p"}]"#;
    assert_eq!(worse_than_lost(&state("1.12", program), None), refused("RS209"));
    assert_eq!(worse_than_lost(&state("1.13", program), None), []);
    let terminal = r#","terminal_unrecoverable":true"#;
    assert_eq!(worse_than_lost(&state("1.16", terminal), None).first(), refused("RS306").first());
    assert_eq!(worse_than_lost(&state("1.17", terminal), None), [("RS429".to_owned(), Effect::Stuck)]);
}

#[test]
fn an_unfinished_session_write_needs_a_step_that_goes_on() {
    let write = r#","pending_session_write":{"session_id":"s","items":[{}],"before":null,"persisted_count":0}"#;
    assert_eq!(worse_than_lost(&state("1.21", write), None), refused("RS430"));
    let step = format!(r#"{write},"current_step":{{"type":"next_step_run_again"}}"#);
    assert_eq!(worse_than_lost(&state("1.21", &step), None), []);
    let held = step.replace("\"persisted_count\":0", "\"persisted_count\":0,\"held\":true");
    assert_eq!(worse_than_lost(&state("1.21", &held), None), refused("RS430"));
}

#[test]
fn a_mount_of_an_unknown_type_cannot_be_restored() {
    let sandbox = |kind: &str| {
        format!(
            r#","sandbox":{{"session_state":{{"manifest":{{"entries":{{"a":{{"type":"{kind}","mount_strategy":{{}}}}}}}}}}}}"#
        )
    };
    assert_eq!(worse_than_lost(&state("1.21", &sandbox("own_mount")), None), refused("RS433"));
    assert_eq!(worse_than_lost(&state("1.21", &sandbox("s3_mount")), None), []);
}

#[test]
fn python_gives_up_on_deep_values() {
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        state("1.21", &format!(r#","conversation_id":{open}{close}"#))
    };
    assert_eq!(worse_than_lost(&deep(984), None), []);
    assert_eq!(worse_than_lost(&deep(985), None), refused("RS108"));
}

#[test]
fn a_pending_call_of_a_local_server_needs_its_server_whatever_the_label_says_of_it() {
    let read = |path: &str| {
        let path = format!("{}/fixtures/python/{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the fixture is there")
    };
    let agents = read("agents/local-mcp-pending.json");
    for label in ["1.4", "1.13", "1.17", "1.21"] {
        let expected = if label == "1.21" { vec![] } else { vec![("RS436".to_owned(), Effect::Stuck)] };
        let text = read(&format!("{label}/local-mcp-pending.json"));
        assert_eq!(worse_than_lost(&text, Some(&agents)), expected, "{label}");
    }
}

#[test]
fn a_call_that_waits_needs_the_program_that_called() {
    let path = format!("{}/fixtures/python/1.21/program-pending.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    assert_eq!(worse_than_lost(&text, None), []);
    let other = text.replace(r#""caller_id": "prog_1""#, r#""caller_id": "prog_2""#);
    assert_ne!(other, text);
    // The ledger, too, tells that the caller is another one.
    assert!(worse_than_lost(&other, None).ends_with(&refused("RS441")));
}
