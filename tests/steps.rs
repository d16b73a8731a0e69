//! Every fixture brought to every label of both dialects: what comes out is a sound state of that label, and nothing
//! reaches further than before.

mod common;

use std::collections::BTreeSet;

use runstate::check::Checker;
use runstate::codes;
use runstate::json::{Document, Kind, Node};
use runstate::{Convert, Dialect, Effect, Format, Level, Target, Validate, convert, validate};

fn targets(dialect: Dialect) -> Vec<Target> {
    dialect.formats().map(|format| format.to_string().parse().expect("every label is a target")).collect()
}

/// The labels of a state and of the runs within it.
fn labels(node: Node<'_>, found: &mut BTreeSet<String>) {
    let Some(label) = node.member("$schemaVersion").and_then(Node::text) else { return };
    found.insert(label.lossy().into_owned());
    let functions = node.member("last_processed_response").and_then(|processed| processed.member("functions"));
    for action in functions.into_iter().flat_map(Node::elements) {
        action.member("agent_run_state").into_iter().for_each(|run| labels(run, found));
    }
    for run in node.member("pendingAgentToolRuns").into_iter().flat_map(Node::members) {
        let text = run.value.text().map(|text| text.lossy().into_owned()).unwrap_or_default();
        if let Ok(doc) = Document::parse(text.into_bytes()) {
            labels(doc.root(), found);
        }
    }
}

/// What is allowed: single calls, and tools for all calls, each of the latter with its owner where there is one.
#[derive(Default, Debug)]
struct Allowed {
    calls: BTreeSet<String>,
    standing: BTreeSet<String>,
}

fn allowed(node: Node<'_>, into: &mut Allowed) {
    match node.kind() {
        Kind::Object => {
            if let (Some(approved), Some(_)) = (node.member("approved"), node.member("rejected")) {
                if approved.as_bool() == Some(true) {
                    into.standing.insert(node.raw().to_owned());
                }
                into.calls.extend(approved.elements().filter_map(Node::text).map(|id| id.lossy().into_owned()));
            }
            node.members().for_each(|member| allowed(member.value, into));
        }
        Kind::Array => node.elements().for_each(|element| allowed(element, into)),
        Kind::String if node.raw().contains("approvals") => {
            let text = node.text().map(|text| text.lossy().into_owned()).unwrap_or_default();
            if let Ok(doc) = Document::parse(text.into_bytes()) {
                allowed(doc.root(), into);
            }
        }
        _ => {}
    }
}

/// What is rejected one by one.
fn rejected(node: Node<'_>, into: &mut BTreeSet<String>) {
    match node.kind() {
        Kind::Object => {
            if let (Some(_), Some(rejected)) = (node.member("approved"), node.member("rejected")) {
                into.extend(rejected.elements().filter_map(Node::text).map(|id| id.lossy().into_owned()));
            }
            node.members().for_each(|member| self::rejected(member.value, into));
        }
        Kind::Array => node.elements().for_each(|element| self::rejected(element, into)),
        _ => {}
    }
}

/// Calls that wait for a decision.
fn waiting(node: Node<'_>) -> BTreeSet<String> {
    let step = node.member("current_step").or(node.member("currentStep"));
    let data = step.and_then(|step| step.member("data"));
    let items = data.and_then(|data| data.member("interruptions")).into_iter().flat_map(Node::elements);
    let raw = items.filter_map(|item| item.member("raw_item").or(item.member("rawItem")));
    let id = |raw: Node<'_>| {
        let request = raw.member("providerData").and_then(|data| data.member("id"));
        let request =
            request.filter(|_| raw.member("type").and_then(Node::text).is_some_and(|own| own.is("hosted_tool_call")));
        let own = request.or(raw.member("call_id")).or(raw.member("callId")).or(raw.member("id"));
        own.and_then(Node::text).map(|id| id.lossy().into_owned())
    };
    raw.filter_map(id).collect()
}

/// Where something changed that is more than a field, and the ends.
const TURNS: [u16; 8] = [0, 4, 9, 13, 15, 17, 18, 20];

fn every_label(source: &str, target: Dialect) {
    let mut options = Convert::default();
    options.allow_loss = Level::Resume;
    let targets = targets(target);
    let checkers: Vec<Checker> = targets.iter().map(|target| Checker::new(target.format)).collect();
    let mut faults: Vec<String> = Vec::new();
    let (mut converted, mut refused) = (0, 0);
    for (at, fixture) in common::fixtures().iter().filter(|fixture| fixture.dialect == source).enumerate() {
        let before = Document::parse(fixture.bytes.clone()).expect("a fixture is JSON");
        let mut had = Allowed::default();
        allowed(before.root(), &mut had);
        let open = waiting(before.root());
        let sound = validate(&fixture.bytes, &Validate::default()).iter().all(|own| own.effect < Effect::Refused);
        let everywhere = source == target.name() && fixture.label == target.newest_label();
        for (target, checker) in targets.iter().zip(&checkers) {
            let label = target.format.label;
            let is_turn = TURNS.contains(&label) || label == target.format.dialect.newest_label();
            if !(everywhere || is_turn) || (at + usize::from(label)) % common::SHARE > 0 {
                continue;
            }
            let name = format!("{} {}/{} -> {}", source, fixture.label, fixture.name, target.format);
            let done = convert(&fixture.bytes, *target, &options);
            let Some(bytes) = done.bytes else {
                refused += 1;
                let said = done.losses.iter().any(|loss| loss.level >= Level::Resume);
                if sound && !said {
                    faults.push(format!("{name}: refused without a reason"));
                }
                continue;
            };
            converted += 1;
            let after = Document::parse(bytes.clone()).expect("what is written is JSON");
            let mut found = BTreeSet::new();
            labels(after.root(), &mut found);
            if found != BTreeSet::from([format!("1.{}", target.format.label)]) {
                faults.push(format!("{name}: its labels are {found:?}"));
            }
            let level = done.losses.iter().map(|loss| loss.level).max();
            // Where something is lost that matters, the file may be half of what the SDK would write.
            if level.is_none_or(|level| level < Level::Resume) {
                for fault in checker.check(after.root()) {
                    // The TypeScript SDK needs no id of what a search for tools found.
                    if fault.property.as_deref() == Some("id") && fixture.name.starts_with("tool_search") {
                        continue;
                    }
                    faults.push(format!("{name}: {} {} {:?}", fault.pointer, fault.keyword, fault.property));
                }
                let mut judge = Validate::default();
                judge.reader = Some(*target);
                for finding in validate(&bytes, &judge) {
                    if matches!(finding.effect, Effect::Refused | Effect::Unsafe) {
                        faults.push(format!("{name}: {} {}", finding.code, finding.message));
                    }
                }
            }
            let mut has = Allowed::default();
            allowed(after.root(), &mut has);
            let new: Vec<&String> = has.calls.difference(&had.calls).collect();
            // A standing decision may have become the list of what waits.
            let covered = new.iter().all(|id| open.contains(*id)) && (new.is_empty() || !had.standing.is_empty());
            if !covered {
                faults.push(format!("{name}: {new:?} may run now"));
            }
            if had.standing.is_empty() && !has.standing.is_empty() {
                faults.push(format!("{name}: there is a standing approval now"));
            }
            let (mut was, mut is) = (BTreeSet::new(), BTreeSet::new());
            rejected(before.root(), &mut was);
            rejected(after.root(), &mut is);
            if let Some(id) = was.iter().find(|id| has.calls.contains(*id) && !had.calls.contains(*id)) {
                faults.push(format!("{name}: {id} was rejected and is approved"));
            }
        }
    }
    faults.truncate(60);
    assert!(
        faults.is_empty(),
        "{source} -> {target}, {converted} converted, {refused} refused, {} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn python_states_fit_every_label_of_their_own() {
    every_label("python", Dialect::Python);
}

#[test]
fn typescript_states_fit_every_label_of_their_own() {
    every_label("typescript", Dialect::TypeScript);
}

#[test]
fn python_states_fit_every_label_of_the_other_sdk() {
    every_label("python", Dialect::TypeScript);
}

#[test]
fn typescript_states_fit_every_label_of_the_other_sdk() {
    every_label("typescript", Dialect::Python);
}

/// A call that was started and not finished is never carried over: it would run a second time.
#[test]
fn a_started_call_is_not_converted_into_the_other_sdk() {
    let started = common::fixtures();
    let started = started.iter().filter(|fixture| {
        validate(&fixture.bytes, &Validate::default()).iter().any(|finding| finding.code == codes::STARTED_CALL)
    });
    let mut count = 0;
    for fixture in started {
        count += 1;
        let own = if fixture.dialect == "python" { Dialect::Python } else { Dialect::TypeScript };
        for other in Dialect::ALL.into_iter().filter(|dialect| *dialect != own) {
            let format = Format { dialect: other, label: other.newest_label() };
            let target: Target = format.to_string().parse().expect("it is a target");
            let mut options = Convert::default();
            options.allow_loss = Level::Authority;
            let done = convert(&fixture.bytes, target, &options);
            assert!(done.bytes.is_none(), "{} is converted", fixture.name);
        }
    }
    assert!(count > 0, "no fixture has a started call");
}

fn fixture(name: &str) -> String {
    let path = common::root().join(format!("fixtures/{name}.json"));
    std::fs::read_to_string(path).expect("the fixture is there")
}

fn target(name: &str) -> Target {
    name.parse().expect("it is a target")
}

fn most() -> Convert {
    let mut options = Convert::default();
    options.allow_loss = Level::Resume;
    options
}

/// Under labels that keep decisions by the name of the tool, one about a call of somebody else would begin to hold.
#[test]
fn a_decision_that_does_not_hold_does_not_begin_to() {
    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change, [&str; 2]); 3] = [
        (
            "python/1.21/approved",
            |context| context["function_tool_approvals"][0]["agent"]["name"] = "Other".into(),
            ["python@1.17", "python@1.13"],
        ),
        (
            "python/1.21/hosted-mcp-approved",
            |context| context["hosted_mcp_approvals"][0]["identity"]["server_label"] = "other".into(),
            ["python@1.13", "python@1.8"],
        ),
        (
            "typescript/1.22/hosted_mcp_approved",
            |context| {
                for place in ["/hostedMcpApprovals", "/approvalInvocations/0/approvals"] {
                    let approvals = context.pointer_mut(place).and_then(|own| own.as_object_mut()).expect("an object");
                    let (_, record) = std::mem::take(approvals).into_iter().next().expect("a decision");
                    approvals.insert(r#"["hosted_mcp","other","delete_all"]"#.into(), record);
                }
            },
            ["typescript@1.17", "typescript@1.15"],
        ),
    ];
    for (name, change, targets) in cases {
        let text = fixture(name);
        let mut state: serde_json::Value = serde_json::from_str(&text).expect("a fixture is JSON");
        change(&mut state["context"]);
        let changed = state.to_string();
        for older in targets {
            let calls = |text: &str| {
                let bytes = convert(text.as_bytes(), target(older), &most()).bytes.expect("it is converted");
                let mut found = Allowed::default();
                allowed(Document::parse(bytes).expect("what is written is JSON").root(), &mut found);
                found.calls.len()
            };
            assert_eq!((calls(&text), calls(&changed)), (1, 0), "{name} -> {older}");
        }
    }
}

/// Each with the last release that does not do it and the first one that does.
#[test]
fn what_older_releases_do_not_do_is_said_before() {
    for (name, older, newer, phrase) in [
        ("python/1.21/local-mcp-two-servers", "python@0.15.3", "python@0.16.0", "the server in the name"),
        ("python/1.21/apply-patch-as-custom-tool", "python@0.13.6", "python@0.14.0", "one operation only"),
        ("python/1.21/program-pending", "python@0.18.3", "python@0.19.0", "a program that called"),
        ("python/1.21/max-turns-reached", "typescript@0.19.0", "typescript@0.20.0", "one more than its limit"),
        ("typescript/1.22/nested_tool_input", "typescript@0.4.4", "typescript@0.4.5", "takes nothing but a text"),
        ("typescript/1.22/shell_pending", "typescript@0.3.7", "typescript@0.3.8", "do not run the shell"),
        ("typescript/1.22/apply_patch_pending", "typescript@0.3.7", "typescript@0.3.8", "do not apply patches"),
        ("typescript/1.22/hosted_mcp_pending", "typescript@0.3.7", "typescript@0.3.8", "ask again for ever"),
        ("typescript/1.22/previous_response_id", "typescript@0.11.7", "typescript@0.11.8", "send this output again"),
        ("typescript/1.22/reasoning_ids_omitted", "typescript@0.5.4", "typescript@0.6.0", "the ids of thoughts"),
    ] {
        let text = fixture(name);
        let said = |to: &str| {
            let done = convert(text.as_bytes(), target(to), &most());
            done.losses.iter().any(|loss| loss.level == Level::Resume && loss.reason.contains(phrase))
        };
        assert_eq!((said(older), said(newer)), (true, false), "{name} -> {older}");
    }
}

#[test]
fn a_request_that_nobody_could_answer_is_not_brought_up() {
    let text = fixture("typescript/1.0/tool_search_mcp@0.0.8");
    let done = convert(text.as_bytes(), target("typescript@1.22"), &Convert::default());
    assert!(done.bytes.is_none());
    let reason = "which request of a hosted MCP server waits is not stored: it cannot be answered";
    assert!(done.losses.iter().any(|loss| loss.reason == reason), "{:?}", done.losses);
}

/// The first call of the last response was approved and carried out before the run stopped again.
#[test]
fn releases_that_would_call_a_function_again_are_not_told_of_it() {
    let text = fixture("python/1.21/second-pause-partial");
    let called = |to: &str| -> Vec<String> {
        let bytes = convert(text.as_bytes(), target(to), &most()).bytes.expect("it is converted");
        let state: serde_json::Value = serde_json::from_slice(&bytes).expect("what is written is JSON");
        let functions = state["lastProcessedResponse"]["functions"].as_array().expect("a list");
        functions.iter().map(|action| action["toolCall"]["callId"].to_string()).collect()
    };
    assert_eq!(called("typescript@0.3.8"), [r#""call_1""#, r#""call_2""#]);
    assert_eq!(called("typescript@0.3.7"), [r#""call_2""#]);
}

/// As the newest release does when it loads them.
#[test]
fn items_of_old_labels_say_what_their_tools_are_called_and_found_by() {
    let text = fixture("python/1.4/pending-after-typed-outputs");
    let bytes = convert(text.as_bytes(), target("python@1.21"), &Convert::default()).bytes.expect("it is converted");
    let state: serde_json::Value = serde_json::from_slice(&bytes).expect("what is written is JSON");
    for list in [&state["generated_items"], &state["session_items"], &state["current_step"]["data"]["interruptions"]] {
        for item in list.as_array().expect("a list") {
            let name = &item["raw_item"]["name"];
            match item["type"].as_str().expect("a text") {
                "tool_call_item" => assert_eq!(item["tool_name"], *name),
                "tool_approval_item" => {
                    assert_eq!(item["tool_lookup_key"], serde_json::json!({"kind": "bare", "name": name}));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn decisions_of_1_14_hold_where_that_label_has_them_and_are_bound() {
    let newest = |name: &str| -> serde_json::Value {
        let text = fixture(name);
        let bytes =
            convert(text.as_bytes(), target("python@1.21"), &Convert::default()).bytes.expect("it is converted");
        serde_json::from_slice(&bytes).expect("what is written is JSON")
    };
    let hosted = newest("python/1.14/hosted-mcp-always-approved");
    assert!(hosted["context"]["hosted_mcp_approvals"][0]["decision"]["sticky_scope"].is_string());
    let outer = newest("python/1.14/nested-approved");
    let inner = &outer["last_processed_response"]["functions"][0]["agent_run_state"];
    let decision = serde_json::json!({"approved": ["call_1"], "rejected": []});
    assert_eq!(inner["context"]["function_tool_approvals"][0]["decision"], decision);
}
