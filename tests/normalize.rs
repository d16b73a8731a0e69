//! What `normalize` does besides the byte style.

mod common;

use std::collections::HashSet;

use common::{fixtures, newest_label};
use runstate::json::Document;
use runstate::{Defaults, Effect, Keys, Layout, Normalize, Redact, normalize, validate};

fn options(redact: &[&str]) -> Normalize {
    let mut options = Normalize::default();
    options.redact = redact.iter().map(|text| text.parse().expect("a rule")).collect();
    options
}

fn defaults(defaults: Defaults) -> Normalize {
    let mut options = Normalize::default();
    options.defaults = defaults;
    options
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is written is UTF-8")
}

/// Codes of what is worse than a warning.
fn errors(bytes: &[u8]) -> HashSet<String> {
    let findings = validate(bytes, &runstate::Validate::default());
    findings.iter().filter(|own| own.effect >= Effect::Unsafe).map(|own| own.code.to_string()).collect()
}

#[test]
fn every_form_is_idempotent_and_still_loads() {
    let fixtures = fixtures();
    let newest = ["python", "typescript"].map(|dialect| (dialect, newest_label(&fixtures, dialect)));
    let mut wrong = Vec::new();
    let (mut written, mut held) = (0, 0);
    for (at, fixture) in fixtures.iter().enumerate() {
        // All of the newest labels, and a share of the others.
        if !newest.contains(&(fixture.dialect, fixture.label)) && at % 4 != 0 {
            continue;
        }
        let before = errors(&fixture.bytes);
        let mut all = options(&["secrets", "key:amount"]);
        (all.volatile, all.keys, all.layout) = (true, Keys::Sorted, Layout::Indented);
        all.defaults = Defaults::Removed;
        let mut volatile = Normalize::default();
        volatile.volatile = true;
        let mut sorted = Normalize::default();
        sorted.keys = Keys::Sorted;
        let forms = [
            ("all", all),
            ("volatile", volatile),
            ("sorted", sorted),
            ("secrets", options(&["secrets"])),
            ("explicit", defaults(Defaults::Explicit)),
            ("removed", defaults(Defaults::Removed)),
        ];
        for (name, how) in forms {
            let place = format!("{} {} 1.{} {name}", fixture.dialect, fixture.name, fixture.label);
            let Some(once) = normalize(&fixture.bytes, &how).bytes else {
                held += 1;
                if before.is_empty() && newest.contains(&(fixture.dialect, fixture.label)) {
                    wrong.push(format!("{place}: {:?}", normalize(&fixture.bytes, &how).findings));
                }
                continue;
            };
            written += 1;
            let after = errors(&once);
            if !after.is_subset(&before) {
                wrong.push(format!("{place}: {after:?}"));
            }
            let twice = normalize(&once, &how);
            if twice.bytes.as_ref() != Some(&once) {
                wrong.push(format!("{place} is not idempotent: {:?} {:?}", twice.findings.len(), twice.changes));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {written}\n{}", wrong.len(), wrong.join("\n"));
    assert!(written > 1000 && held * 10 < written, "{written} {held}");
}

#[test]
fn defaults_come_and_go_and_the_state_means_the_same() {
    let mut wrong = Vec::new();
    let (mut added, mut removed) = (0, 0);
    for fixture in fixtures() {
        let place = format!("{} {} 1.{}", fixture.dialect, fixture.name, fixture.label);
        let with = |state: &[u8], how| {
            let outcome = normalize(state, &defaults(how));
            let count: usize = outcome.changes.iter().map(|own| own.count).sum();
            outcome.bytes.map(|bytes| (bytes, count))
        };
        let Some((explicit, more)) = with(&fixture.bytes, Defaults::Explicit) else { continue };
        let Some((short, less)) = with(&fixture.bytes, Defaults::Removed) else {
            wrong.push(format!("{place}: only one way"));
            continue;
        };
        (added, removed) = (added + more, removed + less);
        for (name, state) in [("explicit", &explicit), ("removed", &short)] {
            let told = runstate::diff(&fixture.bytes, state, &runstate::Diff::default());
            if !told.same {
                let paths: Vec<&str> = told.changes.iter().map(|own| &*own.path).collect();
                wrong.push(format!("{place} {name}: {paths:?}"));
            }
        }
        // Whatever was there before, both ways lead to one state each.
        if with(&explicit, Defaults::Removed).is_none_or(|(state, _)| state != short) {
            wrong.push(format!("{place}: what was added does not go again"));
        }
        if with(&short, Defaults::Explicit).map(|(state, _)| state).as_deref().map(sorted) != Some(sorted(&explicit)) {
            wrong.push(format!("{place}: what went does not come again"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(added > 1000 && removed > 1000, "{added} {removed}");
}

/// Members that come again stand where the SDK writes them, which need not be where they stood.
fn sorted(state: &[u8]) -> Vec<u8> {
    let mut how = Normalize::default();
    how.keys = Keys::Sorted;
    normalize(state, &how).bytes.expect("it still loads")
}

#[test]
fn members_that_mean_nothing_are_known_by_their_rows() {
    let state = std::fs::read(common::root().join("fixtures/python/1.21/pending-first-turn.json")).expect("a fixture");
    let explicit = normalize(&state, &defaults(Defaults::Explicit));
    let (before, after) = (text(&state), text(&explicit.bytes.expect("it loads")));
    for key in ["\"hosted_mcp_approvals\": []", "\"function_tool_approvals\": []"] {
        assert!(!before.contains(key) && after.contains(key), "{key}");
    }
    let removed = normalize(&state, &defaults(Defaults::Removed));
    let after = text(&removed.bytes.expect("it loads"));
    for key in ["\"conversation_id\": null", "\"pending_input\": []", "\"llm_end_hooks_started\": true"] {
        assert!(before.contains(key) && !after.contains(key), "{key}");
    }
    assert_eq!(removed.changes.iter().map(|own| own.what).collect::<Vec<_>>(), ["removed"]);
}

#[test]
fn the_same_run_with_other_ids_is_the_same() {
    for path in ["python/1.21/nested-approved.json", "typescript/1.22/nested_agent_approved.json"] {
        let state = text(&std::fs::read(common::root().join("fixtures").join(path)).expect("a fixture"));
        let ids: HashSet<String> = ids(&state).into_iter().collect();
        assert!(ids.len() > 1, "{ids:?}");
        let mut other = state.clone();
        for id in &ids {
            // It begins as before. Nothing else stands between quotes, colons or escapes like that.
            let new = id.split_once('_').map_or_else(|| format!("x{id}"), |(kind, rest)| format!("{kind}_zz{rest}"));
            for (before, behind) in [("\"", "\""), (":", "\""), ("\\\"", "\\\""), (":", "\\\"")] {
                other = other.replace(&format!("{before}{id}{behind}"), &format!("{before}{new}{behind}"));
            }
        }
        assert_ne!(other, state);
        let mut how = Normalize::default();
        how.volatile = true;
        let one = normalize(state.as_bytes(), &how);
        let two = normalize(other.as_bytes(), &how);
        assert!(two.changes.iter().any(|own| own.what == "ids" && own.count > 10), "{path}: {:?}", two.changes);
        let shown = |outcome: &runstate::Outcome| outcome.bytes.as_deref().map(text);
        assert!(shown(&one).is_some(), "{path}: {:?}", one.findings);
        assert_eq!(shown(&one), shown(&two), "{path}");
    }
}

/// Call ids of a state and of the runs in it.
fn ids(state: &str) -> Vec<String> {
    let keys = ["\"call_id\": \"", "\"callId\":\"", "\\\"callId\\\":\\\""];
    let found = keys.iter().flat_map(|key| state.split(key).skip(1));
    found.map(|rest| rest.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect()).collect()
}

#[test]
fn masked_arguments_take_their_decision_along() {
    for (path, pointer) in [
        ("python/1.21/approved.json", "/generated_items/0/raw_item/arguments"),
        ("typescript/1.22/approved_once.json", "/generatedItems/0/rawItem/arguments"),
    ] {
        let state = std::fs::read(common::root().join("fixtures").join(path)).expect("a fixture");
        for rule in [pointer, "key:amount"] {
            let outcome = normalize(&state, &options(&[rule]));
            let written = outcome.bytes.unwrap_or_else(|| panic!("{path} {rule}: {:?}", outcome.findings));
            let what: Vec<&str> = outcome.changes.iter().map(|own| own.what).collect();
            assert_eq!(what, ["masked", "undecided"], "{path} {rule}");
            let left = ["amount\\\": 5", "amount\\\":5"].into_iter().find(|left| text(&written).contains(left));
            assert_eq!(left, None, "{path} {rule}");
            let told = runstate::diff(&state, &written, &runstate::Diff::default());
            let gone = told.changes.iter().filter(|own| own.section == "decisions").count();
            assert_eq!(gone, 1, "{path} {rule}");
            assert!(errors(&written).is_empty(), "{path} {rule}");
        }
    }
}

#[test]
fn what_calls_say_and_give_can_be_masked_under_every_label() {
    let mut wrong = Vec::new();
    let mut masked = std::collections::BTreeSet::new();
    for fixture in fixtures() {
        if normalize(&fixture.bytes, &Normalize::default()).bytes.is_none() {
            continue;
        }
        for key in ["arguments", "output", "content", "action", "operation", "text"] {
            let outcome = normalize(&fixture.bytes, &options(&[&format!("key:{key}")]));
            match &outcome.bytes {
                // What ended a run is proven by the text of its output, and where a summary belongs by what is around.
                None if key == "output"
                    && ["pending_session_write_final", "upgraded_compaction"].contains(&&*fixture.name) => {}
                None => wrong.push(format!("{} {key}: {:?}", fixture.path.display(), outcome.findings)),
                Some(_) if outcome.changes.is_empty() => {}
                Some(_) => {
                    masked.insert((fixture.dialect, fixture.label, key));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(masked.len() > 150, "{masked:?}");
}

/// A call that has begun, and of whose end nothing is known, must not be taken for one that has not.
#[test]
fn what_the_records_say_of_a_call_stays_when_another_one_is_masked() {
    let path = common::root().join("fixtures/python/1.21/response-accepted.json");
    let state = std::fs::read(path).expect("a fixture");
    let ledger = |state: &[u8]| -> Vec<(String, serde_json::Value, serde_json::Value)> {
        let state: serde_json::Value = serde_json::from_slice(state).expect("JSON");
        let entries = state["context"]["tool_invocations"].as_object().expect("a ledger").clone();
        entries.into_iter().map(|(id, own)| (id, own["executed"].clone(), own["completed"].clone())).collect()
    };
    let before = ledger(&state);
    assert!(before.iter().any(|(_, executed, completed)| *executed == true && *completed == false));
    let written = normalize(&state, &options(&["key:arguments"])).bytes.expect("it is written");
    assert_eq!(ledger(&written), before);
}

/// A decision about a call that was changed afterwards is void, and masking something else does not make it count.
#[test]
fn decisions_that_are_void_stay_void() {
    for (path, from, to, other) in [
        (
            "python/1.21/partly-decided.json",
            r#"{\"amount\": 1}"#,
            r#"{\"amount\": 100}"#,
            "/generated_items/1/raw_item/arguments",
        ),
        (
            "typescript/1.22/standing_rejection_exact_approval.json",
            r#"{\"amount\":1}"#,
            r#"{\"amount\":100}"#,
            "/generatedItems/0/rawItem/arguments",
        ),
    ] {
        let state = text(&std::fs::read(common::root().join("fixtures").join(path)).expect("a fixture"));
        let forged = state.replace(from, to);
        assert_ne!(forged, state, "{path}");
        assert!(errors(forged.as_bytes()).contains("RS506"), "{path}: {:?}", errors(forged.as_bytes()));
        let mut how = options(&[other]);
        for volatile in [false, true] {
            how.volatile = volatile;
            how.invalid = runstate::Invalid::Accept;
            let written = normalize(forged.as_bytes(), &how).bytes.expect("it is written");
            assert!(errors(&written).contains("RS506"), "{path}: {:?}", errors(&written));
        }
    }
}

#[test]
fn masks_keep_types_and_leave_the_rest() {
    let state = std::fs::read(common::root().join("fixtures/python/1.21/context-mapping.json")).expect("a fixture");
    let outcome = normalize(&state, &options(&["/context/context"]));
    let written = outcome.bytes.expect("it still loads");
    let (before, after) = (Document::parse(state).expect("JSON"), Document::parse(written).expect("JSON"));
    let nodes =
        |doc: &Document| doc.source(0).nodes().map(|node| (node.kind(), node.raw().to_owned())).collect::<Vec<_>>();
    let (before, after) = (nodes(&before), nodes(&after));
    assert_eq!(before.len(), after.len());
    assert!(before.iter().zip(&after).all(|(one, two)| one.0 == two.0), "types stay");
    let changed =
        before.iter().zip(&after).filter(|(one, two)| one.1 != two.1 && one.0 != runstate::json::Kind::Object);
    let changed = changed.filter(|(one, _)| one.0 != runstate::json::Kind::Array).count();
    assert_eq!(outcome.changes.iter().find(|own| own.what == "masked").map(|own| own.count), Some(changed));
}

#[test]
fn digests_of_masked_items_are_those_of_the_masked_items() {
    for (name, rule) in [("handoff-with-nested-history", "key:content"), ("traced-with-key-hash", "secrets")] {
        let path = common::root().join("fixtures/python/1.21").join(name).with_extension("json");
        let outcome = normalize(&std::fs::read(path).expect("a fixture"), &options(&[rule]));
        assert!(outcome.bytes.is_some(), "{name}: {:?}", outcome.findings);
        assert!(outcome.changes.iter().any(|own| own.what == "masked"), "{name}");
    }
}

/// Words that the format has of its own are masked where a program uses them in its data.
#[test]
fn names_of_the_format_are_masked_in_the_data_of_programs() {
    let own = r#"{"name":"Alice","id":"ID-77","status":{"kind":"divorced"},"type":"blood","identity":["passport"]}"#;
    let data: serde_json::Value = serde_json::from_str(own).expect("JSON");
    let (leaves, arguments) =
        (["Alice", "ID-77", "divorced", "blood", "passport"], serde_json::Value::from(own).to_string());
    let keys = ["key:name", "key:id", "key:status", "key:type", "key:identity"];
    for (path, amount) in [
        ("python/1.21/pending-first-turn", r#""{\"amount\": 5}""#),
        ("typescript/1.22/pending_approval", r#""{\"amount\":5}""#),
    ] {
        let state = text(&std::fs::read(common::root().join(format!("fixtures/{path}.json"))).expect("a fixture"));
        let called = state.replace(amount, &arguments);
        assert_ne!(called, state, "{path} calls with this amount");
        let mut state: serde_json::Value = serde_json::from_str(&called).expect("JSON");
        state["context"]["context"] = data.clone();
        let bytes = state.to_string();
        for rules in [&keys[..], &["/context/context", "key:arguments"], &["/context/context/*", "key:arguments"]] {
            let mut how = options(rules);
            how.invalid = runstate::Invalid::Accept;
            let written = text(&normalize(bytes.as_bytes(), &how).bytes.expect("it is written"));
            for leaf in leaves {
                assert!(bytes.contains(leaf) && !written.contains(leaf), "{path} {rules:?}: {leaf} stays in {written}");
            }
        }
    }
}

/// A pointer to one of the words that the state is made of is not passed over.
#[test]
fn what_a_pointer_names_is_masked_or_nothing_is_written() {
    for (pointer, is_written) in [("/generated_items/0/raw_item/id", true), ("/current_step/type", false)] {
        let state =
            std::fs::read(common::root().join("fixtures/python/1.21/pending-first-turn.json")).expect("a fixture");
        let outcome = normalize(&state, &options(&[pointer]));
        assert_eq!(outcome.bytes.is_some(), is_written, "{pointer}: {:?}", outcome.findings);
        let masked = outcome.changes.iter().filter(|own| own.what == "masked").map(|own| own.count).sum::<usize>();
        assert_eq!(masked, usize::from(is_written), "{pointer}");
    }
}

#[test]
fn rules_are_told_apart() {
    assert_eq!("secrets".parse(), Ok(Redact::Secrets));
    assert_eq!("key:iban".parse(), Ok(Redact::Key("iban".to_owned())));
    assert_eq!("/a/*".parse(), Ok(Redact::Pointer("/a/*".to_owned())));
    for odd in ["", "key:", "iban", "secret"] {
        assert!(odd.parse::<Redact>().is_err(), "{odd}");
    }
}
