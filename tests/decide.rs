//! Decisions that `approve` and `reject` write, against what the SDKs wrote and against the rest of the state.

mod common;

use common::Fixture;
use runstate::{ApprovalStatus, Calls, Decide, Decided, Inspect, decide, inspect};
use serde_json::Value;

fn read(path: &str) -> Vec<u8> {
    std::fs::read(common::root().join("fixtures").join(path)).expect("the fixture is there")
}

fn all() -> Calls {
    Calls::All { tool: None }
}

fn ids(ids: &[&str]) -> Calls {
    Calls::Ids { ids: ids.iter().map(|id| (*id).to_owned()).collect(), path: None }
}

fn with(said: ApprovalStatus, calls: Calls, always: bool, message: Option<&str>) -> Decide {
    let mut options = Decide::new(said, calls);
    options.always = always;
    options.message = message.map(str::to_owned);
    options
}

fn code(decided: &Decided) -> &str {
    &decided.refusal.as_ref().expect("it is refused").code
}

/// The same play, saved once before and once after the decision.
#[test]
fn decisions_are_byte_for_byte_those_of_the_sdks() {
    let plays: &[(&str, &str, ApprovalStatus, bool, Option<&str>)] = &[
        ("python/1.21/pending-first-turn", "python/1.21/approved", ApprovalStatus::Approved, false, None),
        ("python/1.21/pending-first-turn", "python/1.21/rejected", ApprovalStatus::Rejected, false, None),
        (
            "python/1.21/pending-first-turn",
            "python/1.21/rejected-with-message",
            ApprovalStatus::Rejected,
            false,
            Some("too much"),
        ),
        (
            "python/1.21/deferred-tool-pending",
            "python/1.21/deferred-tool-approved",
            ApprovalStatus::Approved,
            false,
            None,
        ),
        ("typescript/1.22/pending_approval", "typescript/1.22/approved_once", ApprovalStatus::Approved, false, None),
        ("typescript/1.22/pending_approval", "typescript/1.22/always_approve", ApprovalStatus::Approved, true, None),
        ("typescript/1.22/pending_approval", "typescript/1.22/rejected_once", ApprovalStatus::Rejected, false, None),
        (
            "typescript/1.22/pending_approval",
            "typescript/1.22/rejected_with_message",
            ApprovalStatus::Rejected,
            false,
            Some("Over the limit."),
        ),
        (
            "typescript/1.22/pending_approval",
            "typescript/1.22/always_reject",
            ApprovalStatus::Rejected,
            true,
            Some("Never."),
        ),
        (
            "typescript/1.22/hosted_mcp_pending",
            "typescript/1.22/hosted_mcp_approved",
            ApprovalStatus::Approved,
            false,
            None,
        ),
        (
            "typescript/1.22/hosted_mcp_pending",
            "typescript/1.22/hosted_mcp_always",
            ApprovalStatus::Approved,
            true,
            None,
        ),
        (
            "typescript/1.22/hosted_mcp_pending",
            "typescript/1.22/hosted_mcp_rejected",
            ApprovalStatus::Rejected,
            false,
            Some("No."),
        ),
        (
            "typescript/1.22/nested_agent",
            "typescript/1.22/nested_agent_approved",
            ApprovalStatus::Approved,
            false,
            None,
        ),
    ];
    for (before, after, said, always, message) in plays {
        let decided = decide(&read(&format!("{before}.json")), &with(*said, all(), *always, *message));
        let written = decided.bytes.unwrap_or_else(|| panic!("{before}: {:?}", decided.refusal));
        assert_eq!(
            String::from_utf8_lossy(&written),
            String::from_utf8_lossy(&read(&format!("{after}.json"))),
            "{after}"
        );
    }
}

/// Where two values differ.
fn differences(one: &Value, two: &Value, path: &str, found: &mut Vec<String>) {
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            for key in one.keys().chain(two.keys().filter(|key| !one.contains_key(*key))) {
                match (one.get(key), two.get(key)) {
                    (Some(one), Some(two)) => differences(one, two, &format!("{path}/{key}"), found),
                    _ => found.push(format!("{path}/{key}")),
                }
            }
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            for (at, (one, two)) in one.iter().zip(two).enumerate() {
                differences(one, two, &format!("{path}/{at}"), found);
            }
        }
        _ if one == two => {}
        _ => found.push(path.to_owned()),
    }
}

/// Records of decisions and of what they are bound to, of the state itself and of runs that are objects in it.
fn is_of_decisions(path: &str) -> bool {
    let parts = ["approvals", "tool_invocations", "hosted_mcp_approvals", "function_tool_approvals"];
    let more = ["hostedMcpApprovals", "functionApprovals", "approvalInvocations"];
    parts.iter().chain(&more).any(|part| {
        path.match_indices("/context/").any(|(at, context)| {
            let rest = &path[at + context.len()..];
            rest.split('/').next() == Some(part)
        })
    })
}

/// What waits, without the arguments.
fn inbox(bytes: &[u8]) -> Vec<(Vec<String>, Option<String>, Option<String>)> {
    let summary = inspect(bytes, &Inspect::default());
    let path = |call: &runstate::Pending| call.path.iter().map(|outer| outer.call_id.clone()).collect();
    summary.inbox.iter().map(|call| (path(call), call.agent.clone(), call.call_id.clone())).collect()
}

#[test]
fn a_decision_is_about_one_call_and_changes_nothing_else_under_any_label() {
    let (mut decided_calls, mut labels) = (0, std::collections::BTreeSet::new());
    let mut refusals = Vec::new();
    for fixture in common::fixtures() {
        let Fixture { path, dialect, label, bytes, .. } = &fixture;
        let Ok(before) = serde_json::from_slice::<Value>(bytes) else { continue };
        let waiting = inbox(bytes);
        let Some((inside, _, id)) = waiting.first() else { continue };
        for said in [ApprovalStatus::Approved, ApprovalStatus::Rejected] {
            let calls = Calls::Ids { ids: vec![id.clone().expect("a call has an id")], path: Some(inside.clone()) };
            let decided = decide(bytes, &with(said, calls, false, None));
            let Some(written) = decided.bytes else {
                refusals.push(format!("{}: {:?} {:?}", path.display(), decided.refusal, decided.findings.first()));
                continue;
            };
            let after: Value = serde_json::from_slice(&written).expect("what is written is JSON");
            let mut changed = Vec::new();
            differences(&before, &after, "", &mut changed);
            assert!(!changed.is_empty(), "{}", path.display());
            for place in changed {
                assert!(is_of_decisions(&place), "{}: {place}", path.display());
            }
            assert_eq!(inbox(&written), waiting[1..], "{}", path.display());
            let summary = inspect(&written, &Inspect::default());
            let own = summary.decisions.iter().any(|one| one.call_id == *id && one.verdict == said && one.counts);
            assert!(own, "{}", path.display());
            decided_calls += 1;
            labels.insert((*dialect, *label));
        }
    }
    // States that their own SDK does not resume.
    assert!(refusals.len() < 40, "{}", refusals.join("\n"));
    assert!(decided_calls > 700 && labels.len() > 40, "{decided_calls} decisions under {} labels", labels.len());
}

#[test]
fn several_calls_at_once() {
    let state = read("python/1.21/pending-several.json");
    let decided = decide(&state, &with(ApprovalStatus::Approved, ids(&["call_1", "call_3"]), false, None));
    let left: Vec<_> = inbox(&decided.bytes.expect("it is decided")).into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(left, [Some("call_2".to_owned())]);
    let of_tool = Calls::All { tool: Some("wire".to_owned()) };
    let decided = decide(&state, &with(ApprovalStatus::Rejected, of_tool, false, Some("No.")));
    assert_eq!(decided.calls.len(), 2);
    let left: Vec<_> = inbox(&decided.bytes.expect("it is decided")).into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(left, [Some("call_3".to_owned())]);
}

/// Requests of the service have their ids in what the provider sent; some model providers leave the one of the item out.
#[test]
fn requests_of_hosted_servers_are_told_apart_by_the_id_of_the_request() {
    let state = String::from_utf8(read("typescript/1.22/hosted_mcp_several.json")).expect("it is UTF-8");
    let without_id = |state: String, id: &str| state.replace(&format!("\"id\":\"{id}\",\"status\""), "\"status\"");
    let state = ["mcpr_1", "mcpr_2", "mcpr_3"].into_iter().fold(state, without_id);
    for (id, said) in [
        ("mcpr_1", ApprovalStatus::Rejected),
        ("mcpr_2", ApprovalStatus::Approved),
        ("mcpr_3", ApprovalStatus::Rejected),
    ] {
        let decided = decide(state.as_bytes(), &with(said, ids(&[id]), false, None));
        let written = decided.bytes.unwrap_or_else(|| panic!("{id}: {:?}", decided.refusal));
        let own = |bytes: &[u8]| -> Vec<(Option<String>, ApprovalStatus)> {
            let decisions = inspect(bytes, &Inspect::default()).decisions;
            decisions.into_iter().map(|one| (one.call_id, one.verdict)).collect()
        };
        let mut expected = own(state.as_bytes());
        expected.iter_mut().filter(|(call, _)| call.as_deref() == Some(id)).for_each(|(_, verdict)| *verdict = said);
        assert_eq!(own(&written), expected, "{id}");
    }
}

#[test]
fn a_standing_decision_says_what_else_it_covers() {
    let decided = decide(
        &read("python/1.21/pending-several.json"),
        &with(ApprovalStatus::Approved, ids(&["call_1"]), true, None),
    );
    let covered: Vec<_> = decided.covered.iter().map(|call| call.call_id.as_deref()).collect();
    assert_eq!(covered, [Some("call_2")]);
}

#[test]
fn an_exact_rejection_is_never_turned_into_an_approval() {
    for (path, id) in [
        ("python/1.21/partly-decided.json", "call_1"),
        ("typescript/1.22/standing_approval_exact_rejection.json", "c1"),
    ] {
        let decided = decide(&read(path), &with(ApprovalStatus::Approved, ids(&[id]), true, None));
        assert_eq!(code(&decided), "RS612", "{path}");
        assert!(decided.bytes.is_none());
    }
}

/// The TypeScript SDK heeds a decision about a call itself more than a later one about all calls of its tool.
#[test]
fn a_call_that_is_decided_is_decided_again_before_all_calls_of_its_tool() {
    let state = read("typescript/1.22/shell_rejected.json");
    let all = with(ApprovalStatus::Approved, ids(&["s1"]), true, None);
    let refusal = decide(&state, &all).refusal.expect("it is refused");
    assert_eq!(refusal.help, "Decide about the call itself first, then about all calls of its tool.");
    let single =
        decide(&state, &with(ApprovalStatus::Approved, ids(&["s1"]), false, None)).bytes.expect("it is decided");
    assert!(decide(&single, &all).bytes.is_some());
}

#[test]
fn what_cannot_be_decided_is_refused_with_a_reason() {
    let state = read("python/1.21/pending-several.json");
    let unknown = decide(&state, &with(ApprovalStatus::Approved, ids(&["call_7"]), false, None));
    assert_eq!(code(&unknown), "RS610");
    let help = &unknown.refusal.as_ref().expect("it is refused").help;
    assert_eq!(help, "These wait for a decision: \"call_1\", \"call_2\", \"call_3\".");
    // One that exists and does not wait.
    let done = read("python/1.21/pending-after-typed-outputs.json");
    assert_eq!(code(&decide(&done, &with(ApprovalStatus::Approved, ids(&["call_1"]), false, None))), "RS610");
    // One of a nested run that is over.
    let over = read("typescript/1.22/nested_agent_failed.json");
    assert_eq!(code(&decide(&over, &with(ApprovalStatus::Approved, ids(&["l1"]), false, None))), "RS610");
    let none =
        decide(&state, &with(ApprovalStatus::Approved, Calls::All { tool: Some("bank".to_owned()) }, false, None));
    assert_eq!(code(&none), "RS610");
    for (path, id) in [("python/1.5", "call_1"), ("typescript/1.5", "s1")] {
        let fixture = common::fixtures().into_iter().find(|fixture| {
            fixture.path.to_string_lossy().contains(&format!("{path}/"))
                && inbox(&fixture.bytes).iter().any(|(_, _, own)| own.as_deref() == Some(id))
        });
        let fixture = fixture.expect("a call of the id waits under the label");
        let refused = decide(&fixture.bytes, &with(ApprovalStatus::Rejected, ids(&[id]), false, Some("No.")));
        assert_eq!(code(&refused), "RS612", "no place for words");
        assert!(decide(&fixture.bytes, &with(ApprovalStatus::Rejected, ids(&[id]), false, None)).bytes.is_some());
    }
}

/// The releases of these labels add the new decision to the old one, which is stronger.
#[test]
fn an_approval_is_not_taken_back_where_the_sdk_would_not_heed_that() {
    let mut tried = 0;
    for fixture in common::fixtures().iter().filter(|fixture| fixture.dialect == "typescript" && fixture.label < 18) {
        let summary = inspect(&fixture.bytes, &Inspect::default());
        for one in summary.decisions.iter().filter(|one| one.verdict == ApprovalStatus::Approved) {
            let Some(id) = one.call_id.as_deref() else { continue };
            if decide(&fixture.bytes, &with(ApprovalStatus::Approved, ids(&[id]), false, None)).bytes.is_some() {
                let rejected = decide(&fixture.bytes, &with(ApprovalStatus::Rejected, ids(&[id]), false, None));
                assert_eq!(code(&rejected), "RS612", "{}", fixture.path.display());
                tried += 1;
            }
        }
    }
    assert!(tried > 5, "{tried} approvals");
}

#[test]
fn states_that_do_not_load_or_resume_are_not_decided_about() {
    for path in ["broken/RS301-python.json", "broken/RS415-typescript.json", "python/1.21/terminal-unrecoverable.json"]
    {
        let decided = decide(&read(path), &with(ApprovalStatus::Approved, all(), false, None));
        assert!(decided.bytes.is_none() && decided.refusal.is_none() && !decided.findings.is_empty(), "{path}");
    }
    assert_eq!(decide(b"{", &with(ApprovalStatus::Approved, all(), false, None)).findings.len(), 1);
}

#[test]
fn runs_with_calls_of_the_same_id_must_be_told_apart() {
    let state = String::from_utf8(read("python/1.21/nested-twice-in-one-turn.json")).expect("it is UTF-8");
    let state = state.replace("\"call_2\"", "\"call_1\"");
    let asked = decide(state.as_bytes(), &with(ApprovalStatus::Approved, ids(&["call_1"]), false, None));
    assert_eq!(code(&asked), "RS611", "{:?}", asked.refusal);
    let help = &asked.refusal.as_ref().expect("it is refused").help;
    assert_eq!(help, "Say which run is meant: --inside call_a, or --inside call_b.");
    let one = Calls::Ids { ids: vec!["call_1".to_owned()], path: Some(vec!["call_b".to_owned()]) };
    let decided = decide(state.as_bytes(), &with(ApprovalStatus::Approved, one, false, None));
    let left = inbox(&decided.bytes.expect("it is decided"));
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].0, ["call_a"]);
}

#[test]
fn what_stands_around_a_state_stays_as_it_is() {
    let state = String::from_utf8(read("typescript/1.22/pending_approval.json")).expect("it is UTF-8");
    let decided = String::from_utf8(read("typescript/1.22/approved_once.json")).expect("it is UTF-8");
    let mut options = with(ApprovalStatus::Approved, all(), false, None);
    options.validate.at = Some("/runs/1".to_owned());
    let around = |state: &str| format!("{{ \"z\": 1.50,\t\"runs\" : [null,{state} ],\n\"z\": \"\\u00e9\"}}\n");
    let written = decide(around(&state).as_bytes(), &options).bytes.expect("it is decided");
    assert_eq!(String::from_utf8(written).expect("it is UTF-8"), around(&decided));
    let text = |state: &str| Value::from(state).to_string();
    let written = decide(around(&text(&state)).as_bytes(), &options).bytes.expect("it is decided");
    assert_eq!(String::from_utf8(written).expect("it is UTF-8"), around(&text(&decided)));
}

#[test]
fn the_layout_of_a_state_stays() {
    let line = |path: &str| {
        let mut options = runstate::Normalize::default();
        options.layout = runstate::Layout::Line;
        runstate::normalize(&read(path), &options).bytes.expect("it is a state")
    };
    let written =
        decide(&line("python/1.21/pending-first-turn.json"), &with(ApprovalStatus::Approved, all(), false, None));
    assert_eq!(written.bytes.expect("it is decided"), line("python/1.21/approved.json"));
}
