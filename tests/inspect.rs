//! What `inspect` says of a state, against what stands in its JSON.

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use common::Fixture;
use runstate::{Answer, Inspect, NextStep, inspect};
use serde_json::{Value, json};

#[path = "../benches/states/mod.rs"]
mod states;

/// A call that waits: the calls of the runs around it, its agent, its id, its arguments.
type Asked = (Vec<String>, String, String, String);

fn list<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().collect()
}

fn members<'v>(value: &'v Value, key: &str) -> Vec<(&'v String, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten().collect()
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// All calls that the runs wait for, undecided or not; what an outer run repeats of an inner one is the inner one's.
fn asked(state: &Value, path: &[String], decided: &mut Vec<Value>) -> Vec<Asked> {
    decided.push(state["context"].clone());
    let python = state.get("current_agent").is_some();
    let mut inner = Vec::new();
    if python {
        for action in list(&state["last_processed_response"], "functions") {
            if let Some(run) = action.get("agent_run_state").filter(|run| run.is_object()) {
                let call = text(&action["tool_call"]["call_id"]).expect("a call has an id").to_owned();
                inner.extend(asked(run, &[path, &[call]].concat(), decided));
            }
        }
    } else {
        for (key, run) in members(state, "pendingAgentToolRuns") {
            let run = serde_json::from_str(text(run).expect("a run is a text")).expect("the text is JSON");
            let (_, call) = key.rsplit_once(':').expect("the key ends with the call's id");
            // The SDK never comes back to the run of a call that has an output.
            let is_output = |item: &Value| item["type"] == "tool_call_output_item" && item["rawItem"]["callId"] == call;
            if list(state, "generatedItems").into_iter().any(is_output) {
                continue;
            }
            inner.extend(asked(&run, &[path, &[call.to_owned()]].concat(), decided));
        }
    }
    let step = state.get(if python { "current_step" } else { "currentStep" });
    let waits = step.filter(|step| step["type"] == "next_step_interruption");
    for item in waits.map(|step| list(&step["data"], "interruptions")).unwrap_or_default() {
        let raw = item.get("raw_item").or_else(|| item.get("rawItem")).expect("an item has a raw item");
        let data = raw.get("providerData").filter(|_| raw["type"] == "hosted_tool_call");
        let id = data.map(|data| &data["id"]).or(raw.get("call_id")).or(raw.get("callId")).unwrap_or(&raw["id"]);
        let agent = item["agent"].get("identity").unwrap_or(&item["agent"]["name"]);
        let keys = ["arguments", "input", "action", "operation", "operations"];
        let arguments = keys.iter().find_map(|key| raw.get(key)).or(data.map(|data| &data["arguments"]));
        let arguments = arguments.expect("a call is called with something");
        let arguments = text(arguments).map_or_else(|| arguments.to_string(), str::to_owned);
        let agent = text(agent).expect("an agent has a name").to_owned();
        let id = text(id).expect("a call has an id").to_owned();
        // Every run counts agents of one name for itself; the TypeScript SDK decides by the names of the outermost one.
        let name = text(&item["agent"]["name"]).expect("an agent has a name");
        let is_same =
            |own: &str| own == agent || own == name || own.strip_prefix(name).is_some_and(|rest| rest.starts_with('#'));
        match inner.iter_mut().find(|(_, own, call, _)| is_same(own) && *call == id) {
            Some((_, own, ..)) if !python => *own = agent,
            Some(_) => {}
            None => inner.push((path.to_vec(), agent, id, squeezed(&arguments))),
        }
    }
    inner
}

/// The text without what does not matter where it is JSON.
fn squeezed(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}

/// All records of decisions in these contexts, with the tools and agents that they are about.
fn records(contexts: &[Value]) -> Vec<(String, &Value)> {
    let mut found: Vec<(String, &Value)> = Vec::new();
    for context in contexts {
        for key in ["approvals", "hostedMcpApprovals", "legacyFunctionApprovals"] {
            found.extend(members(context, key).into_iter().map(|(tool, record)| (tool.clone(), record)));
        }
        for entry in list(context, "functionApprovals") {
            let key = |tool: &String| format!("{tool} of {}", entry["agentIdentity"]);
            found.extend(members(entry, "approvals").into_iter().map(|(tool, record)| (key(tool), record)));
        }
        for entry in list(context, "function_tool_approvals") {
            let agent = entry["agent"].get("identity").unwrap_or(&entry["agent"]["name"]);
            found.push((format!("{} of {agent}", entry["tool_key"]), &entry["decision"]));
        }
        for entry in list(context, "hosted_mcp_approvals") {
            found.push((entry["identity"].to_string(), &entry["decision"]));
        }
    }
    found
}

/// Whether some record decides about the call, or about all calls of its tool.
fn is_decided(state: &Value, agent: &str, call: &str, contexts: &[Value]) -> bool {
    let tools: Vec<String> = tools_of(state, call);
    records(contexts).iter().any(|(key, record)| {
        ["approved", "rejected"].iter().any(|half| match &record[half] {
            Value::Array(ids) => ids.iter().any(|id| id == call),
            half => {
                half == true
                    && tools.iter().any(|tool| is_about(key, tool))
                    && (!key.contains(" of ") || key.ends_with(&format!(" of \"{agent}\"")))
            }
        })
    })
}

/// Whether a key, which may be JSON, is that of a tool.
fn is_about(key: &str, tool: &str) -> bool {
    let words: Vec<&str> = key.split(['"', '[', ']', ',', ' ', ':']).collect();
    words.contains(&tool) || tool.contains('.') && tool.split('.').all(|part| words.contains(&part))
}

/// The names by which the state knows the tool of a call.
fn tools_of(state: &Value, call: &str) -> Vec<String> {
    let whole = state.to_string();
    let mut found = Vec::new();
    let mut open = vec![serde_json::from_str::<Value>(&whole).expect("it was JSON")];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                let raw = map.get("raw_item").or_else(|| map.get("rawItem"));
                let is_call = raw.is_some_and(|raw| {
                    let ids = [&raw["call_id"], &raw["callId"], &raw["id"], &raw["providerData"]["id"]];
                    ids.iter().any(|id| *id == call)
                });
                if let Some(raw) = raw.filter(|_| is_call) {
                    let names = [map.get("tool_name"), map.get("toolName"), raw.get("name")];
                    let space = raw.get("namespace").and_then(text).filter(|space| *space != raw["name"]);
                    let space = space.map_or_else(String::new, |space| format!("{space}."));
                    found.extend(names.into_iter().flatten().filter_map(text).map(|name| format!("{space}{name}")));
                }
                open.extend(map.into_iter().map(|(_, value)| value));
            }
            Value::Array(list) => open.extend(list),
            Value::String(inner) if inner.starts_with("{\"$schemaVersion") => open.extend(serde_json::from_str(&inner)),
            _ => {}
        }
    }
    found
}

/// What should wait in a fixture, or nothing when serde cannot read it.
fn expected(fixture: &Fixture) -> Option<Vec<Asked>> {
    let state = serde_json::from_slice(&fixture.bytes).ok()?;
    let mut contexts = Vec::new();
    let mut all = asked(&state, &[], &mut contexts);
    all.retain(|(_, agent, call, _)| !is_decided(&state, agent, call, &contexts));
    all.sort();
    Some(all)
}

fn found(fixture: &Fixture) -> Vec<Asked> {
    let summary = inspect(&fixture.bytes, &Inspect::default());
    let mut all: Vec<Asked> = summary
        .inbox
        .into_iter()
        .map(|call| {
            let path = call.path.into_iter().map(|step| step.call_id).collect();
            let agent = call.agent.expect("an agent has a name");
            (path, agent, call.call_id.expect("a call has an id"), squeezed(&call.arguments))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn the_inbox_is_what_waits_undecided_in_every_fixture() {
    let mut wrong = Vec::new();
    let (mut waiting, mut nested) = (0, 0);
    for fixture in common::fixtures() {
        // What is expected takes the decisions of all runs together, and here two runs have agents of one name.
        let Some(expected) = expected(&fixture).filter(|_| fixture.name != "nested-same-name") else { continue };
        let found = found(&fixture);
        waiting += expected.len();
        nested += expected.iter().filter(|(path, ..)| !path.is_empty()).count();
        if found != expected {
            wrong.push(format!("{}: expected {expected:?}, found {found:?}", fixture.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(waiting > 800 && nested >= 12, "{waiting} calls wait, {nested} of them in nested runs");
}

/// The decisions of a fixture are all there, by call.
#[test]
fn no_decision_is_left_out() {
    for fixture in common::fixtures() {
        let Ok(state) = serde_json::from_slice(&fixture.bytes) else { continue };
        let mut contexts = Vec::new();
        asked(&state, &[], &mut contexts);
        let summary = inspect(&fixture.bytes, &Inspect::default());
        // A `query` is the twin of another record.
        for (tool, record) in records(&contexts).iter().filter(|(tool, _)| !tool.contains("\"query\"")) {
            for half in ["approved", "rejected"] {
                for id in list(record, half) {
                    let known = summary.decisions.iter().any(|one| one.call_id.as_deref() == id.as_str());
                    assert!(known, "{}: {tool} {half} {id}", fixture.path.display());
                }
                if record[half] == true {
                    let known = summary.decisions.iter().any(|one| one.call_id.is_none() && is_about(tool, &one.tool));
                    assert!(known, "{}: {tool} {half} always", fixture.path.display());
                }
            }
        }
    }
}

fn printed(arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_runstate"))
        .arg("inspect")
        .args(arguments)
        .current_dir(common::root())
        .output()
        .expect("the program starts");
    String::from_utf8(run.stdout).expect("reports are UTF-8")
}

/// What waits, for whom, with which arguments, and whether the run can go on: on one screen.
#[test]
fn one_screen_answers_the_questions() {
    let fixtures = common::fixtures();
    let folders: Vec<&str> = ["fixtures/python", "fixtures/typescript"].to_vec();
    let all = printed(&folders);
    let mut screens: Vec<(String, Vec<&str>)> = Vec::new();
    for screen in all.split("\n\n").filter(|screen| !screen.trim().is_empty()) {
        let lines: Vec<&str> = screen.lines().collect();
        let (file, _) = lines[0].split_once(": ").expect("the first line begins with the file");
        screens.push((file.to_owned(), lines));
    }
    for fixture in &fixtures {
        let path = fixture.path.strip_prefix(common::root()).expect("fixtures are in the repository");
        let name = path.display().to_string();
        let (_, lines) = screens.iter().find(|(file, _)| *file == name).expect("every fixture has a screen");
        assert!(lines.len() <= 40, "{name} takes {} lines", lines.len());
        assert!(lines.iter().any(|line| line.starts_with("  resumable ")), "{name}");
        let summary = inspect(&fixture.bytes, &Inspect::default());
        let short: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
        for call in summary.inbox.iter().take(7) {
            let (tool, agent) = (call.tool.as_deref().unwrap_or("?"), call.agent.as_deref().unwrap_or("?"));
            let id = call.call_id.as_deref().expect("a call has an id");
            let head = short
                .iter()
                .position(|line| line.starts_with(tool) && line.contains(&format!(" for {agent}, call {id}")));
            let head = head.unwrap_or_else(|| panic!("{name}: {tool} {agent} {id} is not in\n{}", lines.join("\n")));
            let beginning: String = call.arguments.chars().take(20).collect();
            assert!(short[head + 1].starts_with(beginning.trim()) || beginning.contains(char::is_control), "{name}");
        }
    }
}

#[test]
fn screens_of_some_fixtures() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/inspect" }, {
        for (name, arguments) in [
            ("python-nested-twice", &["fixtures/python/1.21/nested-twice-in-one-turn.json"][..]),
            ("python-hosted-mcp-secrets", &["fixtures/python/1.21/hosted-mcp-secrets.json"]),
            ("python-pending-several", &["fixtures/python/1.21/pending-several.json"]),
            ("python-handoff", &["fixtures/python/1.21/handoff-before-pause.json", "--items"]),
            ("python-1.0", &["fixtures/python/1.0/pending-after-typed-outputs.json"]),
            ("python-size", &["fixtures/python/1.21/session-with-history.json", "--size"]),
            ("typescript-nested-three-deep", &["fixtures/typescript/1.22/nested_three_deep.json"]),
            ("typescript-partial-decisions", &["fixtures/typescript/1.22/partial_decisions.json", "--approvals"]),
            ("typescript-computer-pending", &["fixtures/typescript/1.22/computer_pending.json"]),
            ("typescript-finished", &["fixtures/typescript/1.22/finished.json", "--full"]),
            ("typescript-1.17", &["fixtures/typescript/1.17/nested_agent_approved.json"]),
            ("typescript-json", &["fixtures/typescript/1.22/nested_agent_approved.json", "--format", "json"]),
        ] {
            insta::assert_snapshot!(name, printed(arguments));
        }
    });
}

#[test]
fn what_cannot_be_read_says_so_and_never_panics() {
    let broken = common::root().join("fixtures/broken");
    for path in common::entries(&broken) {
        let bytes = std::fs::read(&path).expect("a file can be read");
        let summary = inspect(&bytes, &Inspect::default());
        let refused = summary.findings.iter().any(|finding| ["refused", "stuck"].contains(&finding.effect));
        assert_eq!(summary.resumable.answer == Answer::No, refused || summary.run.is_none(), "{}", path.display());
    }
    for fixture in common::fixtures().iter().step_by(7) {
        for part in 1..9 {
            let cut = &fixture.bytes[..fixture.bytes.len() * part / 9];
            let summary = inspect(cut, &Inspect::default());
            assert_eq!(summary.resumable.answer, Answer::No);
            assert!(summary.run.is_none() && !summary.resumable.reason.is_empty());
        }
    }
}

/// Every member of a state may be anything.
#[test]
fn odd_members_do_no_harm() {
    for fixture in common::fixtures().iter().filter(|fixture| fixture.label == 21 && fixture.name == "nested-pending") {
        let Ok(state) = serde_json::from_slice::<Value>(&fixture.bytes) else { continue };
        let mut places = vec![String::new()];
        let mut all = Vec::new();
        while let Some(place) = places.pop() {
            match state.pointer(&place).expect("the place is of this state") {
                Value::Object(map) => {
                    places.extend(map.keys().map(|key| format!("{place}/{}", key.replace('/', "~1"))))
                }
                Value::Array(list) => places.extend((0..list.len()).map(|at| format!("{place}/{at}"))),
                _ => {}
            }
            all.push(place);
        }
        for place in all {
            for odd in [Value::Null, Value::Bool(true), serde_json::json!([{}]), serde_json::json!({"type": 1})] {
                let mut state = state.clone();
                *state.pointer_mut(&place).expect("the place is of this state") = odd;
                let mut options = Inspect::default();
                options.size = true;
                let _ = inspect(state.to_string().as_bytes(), &options);
            }
        }
    }
}

/// What is decided about a tool does not reach the tool of that name in a namespace.
#[test]
fn a_call_in_a_namespace_waits_whatever_is_decided_about_a_namesake() {
    let python =
        json!([{"agent": {"name": "Bank"}, "tool_key": "wire", "decision": {"approved": ["call_2"], "rejected": []}}]);
    let (bare, decision) = (r#"["bare","drop"]"#, json!({"approved": true, "rejected": []}));
    let typescript = json!([{"agentIdentity": "Teller", "approvals": {bare: decision}}]);
    for (path, member, decided) in [
        ("python/1.21/namespaced-tools.json", "function_tool_approvals", python),
        ("typescript/1.22/namespaced_pending.json", "functionApprovals", typescript),
    ] {
        let bytes = std::fs::read(common::root().join("fixtures").join(path)).expect("the fixture is there");
        let mut state: Value = serde_json::from_slice(&bytes).expect("a state is JSON");
        state["context"][member] = decided;
        let summary = inspect(state.to_string().as_bytes(), &Inspect::default());
        assert_eq!(summary.inbox.len(), 2, "{path}");
    }
}

#[test]
fn where_a_run_stands() {
    let step = |path: &str| {
        let bytes = std::fs::read(common::root().join("fixtures").join(path)).expect("the fixture is there");
        let summary = inspect(&bytes, &Inspect::default());
        (summary.run.expect("it is a state").step, summary.resumable.answer)
    };
    assert_eq!(step("python/1.21/pending-first-turn.json"), (NextStep::Interrupted, Answer::AfterDecisions));
    assert_eq!(step("python/1.21/approved.json"), (NextStep::Interrupted, Answer::Yes));
    assert_eq!(step("python/1.21/run-again.json"), (NextStep::RunAgain, Answer::Yes));
    assert_eq!(step("python/1.21/typed-final-output.json"), (NextStep::Over, Answer::Finished));
    assert_eq!(step("python/1.21/terminal-unrecoverable.json").1, Answer::No);
    assert_eq!(step("typescript/1.22/run_again.json"), (NextStep::RunAgain, Answer::Yes));
    assert_eq!(step("typescript/1.22/finished.json"), (NextStep::Over, Answer::Finished));
}

#[test]
fn secrets_are_masked_unless_they_are_asked_for() {
    let fixture = common::root().join("fixtures/python/1.21/pending-first-turn.json");
    let state = String::from_utf8(std::fs::read(fixture).expect("the fixture is there")).expect("it is UTF-8");
    let key = "sk-abcdefghijklmnopqrstuvwxyz0123";
    let state = state
        .replace(
            r#"{\"amount\": 5}"#,
            &format!(r#"{{\"amount\": 5, \"password\": \"pa55\", \"note\": \"use {key}\"}}"#),
        )
        .replace("\"hello\"", &format!("\"hello {key}\""));
    let json = |options: &Inspect| serde_json::to_string(&inspect(state.as_bytes(), options)).expect("plain data");
    let masked = json(&Inspect::default());
    assert!(!masked.contains(key) && !masked.contains("pa55"), "{masked}");
    assert!(masked.contains("use ***") && masked.contains("hello ***"), "{masked}");
    let mut open = Inspect::default();
    open.show_values = true;
    let open = json(&open);
    assert!(open.contains(key) && open.contains("pa55"), "{open}");
}

#[test]
fn time_grows_with_the_size_alone() {
    let mut options = Inspect::default();
    options.size = true;
    for (name, dialect, script) in states::KINDS {
        let [part, whole] = [4, 1].map(|part| states::grow(dialect, script, 2_000_000 / part));
        let time = |state: &[u8]| {
            let start = Instant::now();
            assert!(inspect(state, &options).run.is_some());
            start.elapsed()
        };
        let (mut short, mut long) = (Duration::MAX, Duration::MAX);
        let linear = (0..6).any(|_| {
            short = short.min(time(&part));
            long = long.min(time(&whole));
            long.as_secs_f64() < 9.0 * short.as_secs_f64()
        });
        assert!(linear, "{name}: {} bytes take {short:?}, {} take {long:?}", part.len(), whole.len());
    }
}
