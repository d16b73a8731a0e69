//! Two states compared by what they mean.

mod common;

use common::{Fixture, fixtures, newest_label};
use runstate::json::{Document, Kind};
use runstate::{Convert, Dialect, Diff, Hash, Keys, Layout, Normalize, convert, diff, hash, normalize};

/// The fixtures of the newest label of either SDK.
fn newest() -> Vec<Fixture> {
    let fixtures = fixtures();
    let labels = ["python", "typescript"].map(|dialect| (dialect, newest_label(&fixtures, dialect)));
    fixtures.into_iter().filter(|fixture| labels.contains(&(fixture.dialect, fixture.label))).collect()
}

/// The other SDK's newest release.
fn other(fixture: &Fixture) -> runstate::Target {
    if fixture.dialect == "python" { Dialect::TypeScript.newest() } else { Dialect::Python.newest() }
}

/// Whether one pointer leads to what the other one leads to, or to something in it. What is missing from the whole state
/// has no pointer.
fn meets(one: &str, two: &str) -> bool {
    let steps = |pointer: &str| pointer.split(['/', '!']).map(str::to_owned).collect::<Vec<_>>();
    steps(one).iter().zip(&steps(two)).all(|(one, two)| one == two)
}

#[test]
fn a_state_means_what_its_conversion_means_apart_from_the_losses() {
    let (mut compared, mut wrong) = (0, Vec::new());
    for fixture in newest() {
        let conversion = convert(&fixture.bytes, other(&fixture), &Convert::default());
        let Some(converted) = conversion.bytes else { continue };
        compared += 1;
        let comparison = diff(&fixture.bytes, &converted, &Diff::default());
        assert!(comparison.a.problem.is_none() && comparison.b.problem.is_none(), "{}", fixture.name);
        for change in comparison.changes {
            let named = conversion
                .losses
                .iter()
                .flat_map(|loss| &loss.pointers)
                .any(|place| !change.a.is_empty() && meets(place, &change.a));
            if !named {
                wrong.push(format!(
                    "{} {}: {} ({}) {:?} -> {:?}",
                    fixture.dialect, fixture.name, change.path, change.a, change.before, change.after
                ));
            }
        }
    }
    assert!(compared > 60, "{compared}");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

fn meaning(bytes: &[u8]) -> String {
    let mut options = Hash::default();
    options.meaning = true;
    hash(bytes, &options).expect("it is a state")
}

#[test]
fn the_hash_of_the_meaning_survives_a_conversion_and_the_way_back() {
    let mut there = 0;
    let mut back = 0;
    let mut hashes = std::collections::HashSet::new();
    for fixture in newest() {
        let own = meaning(&fixture.bytes);
        hashes.insert(own.clone());
        let Some(converted) = convert(&fixture.bytes, other(&fixture), &Convert::default()).bytes else { continue };
        there += 1;
        assert_eq!(meaning(&converted), own, "{} {}", fixture.dialect, fixture.name);
        let home = if fixture.dialect == "python" { Dialect::Python } else { Dialect::TypeScript };
        let Some(again) = convert(&converted, home.newest(), &Convert::default()).bytes else { continue };
        back += 1;
        assert_eq!(meaning(&again), own, "{} {} and back", fixture.dialect, fixture.name);
    }
    assert!(there > 60 && back > 60 && hashes.len() > 60, "{there} {back} {}", hashes.len());
}

#[test]
fn what_a_state_means_changes_its_hash() {
    let names = ["/arguments", "/output", "/text", "/content", "/approved/#", "/rejected/#", "/commands/#"];
    let mut seen = std::collections::BTreeMap::new();
    let several = [
        "pending-several",
        "approved",
        "rejected",
        "second_pause",
        "approved_once",
        "hosted_mcp_rejected",
        "shell-pending",
        "pending-after-typed-outputs",
        "input_history",
    ];
    for fixture in newest().into_iter().filter(|fixture| several.contains(&&*fixture.name)) {
        let own = meaning(&fixture.bytes);
        // Copies of the SDK's own, which it works out or reads from elsewhere.
        let copies = [
            "newItems",
            "tool_invocations",
            "completedTool",
            "approvalInvocations",
            "hostedMcpApprovals",
            "currentTurnSession",
            "interruptions",
        ];
        for (place, text) in changed_leaves(&fixture.bytes) {
            let Some(name) = names.iter().find(|name| place.ends_with(**name)) else { continue };
            // What a provider said besides has no place in Python.
            if place.contains("providerData/output")
                || copies.iter().any(|copy| place.contains(copy))
                || place.contains("session_items")
                || place.contains("/query")
            {
                continue;
            }
            *seen.entry(*name).or_insert(0) += 1;
            assert_ne!(meaning(&text), own, "{} {} {place}", fixture.dialect, fixture.name);
        }
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn the_plain_hash_is_that_of_the_sorted_line() {
    let fixture = std::fs::read(common::root().join("fixtures/typescript/1.22/nested_agent.json")).expect("a fixture");
    let doc = Document::parse(fixture.clone()).expect("it is JSON");
    let mut reversed = runstate::json::Writer::new(runstate::json::Style::Indented);
    reversed.begin_object();
    let members: Vec<_> = doc.root().members().collect();
    for member in members.into_iter().rev() {
        reversed.key_text(member.key);
        reversed.node(member.value);
    }
    reversed.end_object();
    let reversed = reversed.finish();
    let options = Hash::default();
    let own = hash(&fixture, &options).expect("it is a state");
    assert_eq!(hash(&reversed, &options).expect("it is a state"), own);
    assert!(own.starts_with("rs1:sha256:") && own.len() == "rs1:sha256:".len() + 64);
    let mut how = Normalize::default();
    (how.keys, how.layout) = (Keys::Sorted, Layout::Line);
    let line = normalize(&reversed, &how).bytes.expect("it loads");
    assert_eq!(hash(&line, &options).expect("it is a state"), own);
    assert_eq!(normalize(&line, &how).bytes.expect("it loads"), line);
}

/// The state with one leaf after the other changed, and the leaf's pointer with `#` for places in lists.
fn changed_leaves(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let doc = Document::parse(bytes.to_vec()).expect("a fixture is JSON");
    let source = doc.source(0);
    let mut keys = std::collections::HashSet::new();
    for object in source.nodes() {
        keys.extend(object.members().map(|member| member.key.node().index()));
    }
    let leaf = |node: &runstate::json::Node<'_>| {
        !matches!(node.kind(), Kind::Object | Kind::Array) && !keys.contains(&node.index())
    };
    let leaves: Vec<_> = source.nodes().filter(leaf).collect();
    let places = runstate::json::pointers(&doc, &leaves.iter().copied().map(Some).collect::<Vec<_>>());
    let changed = leaves.into_iter().zip(places).map(|(node, place)| {
        let span = node.span();
        let new = match node.kind() {
            Kind::String => format!("{}x\"", node.raw().trim_end_matches('"')),
            Kind::Number => format!("1{}", node.raw().trim_start_matches('-')),
            Kind::Bool => (node.raw() != "true").to_string(),
            _ => "\"x\"".to_owned(),
        };
        let mut text = bytes[..span.start].to_vec();
        text.extend_from_slice(new.as_bytes());
        text.extend_from_slice(&bytes[span.end..]);
        let steps = place.split('/').map(|step| if step.parse::<u32>().is_ok() { "#" } else { step });
        (steps.collect::<Vec<_>>().join("/"), text)
    });
    changed.collect()
}

/// What no difference is made of, with the reason.
const SILENT: [(&str, &str); 4] = [
    ("/$schemaVersion", "both labels are shown beside the comparison"),
    ("/interruptions/#/type", "the Python SDK takes these for questions whatever they say"),
    ("/lookupKey/kind", "no SDK writes another word"),
    ("/tool_lookup_key/kind", "no SDK writes another word"),
];

#[test]
fn every_leaf_that_is_changed_alone_is_a_difference() {
    let chosen = [
        "always-approved",
        "nested-pending",
        "hosted-mcp-pending",
        "deferred-tool-pending",
        "duplicate-agent-names",
        "shell-pending",
        "nested_agent_approved",
        "hosted_mcp_pending",
        "deferred_bare",
        "duplicate_agents",
        "handoff_before_pause",
        "outputs_typed",
        "partial_decisions",
    ];
    let mut seen = 0;
    let mut silent = std::collections::BTreeSet::new();
    let mut met = std::collections::BTreeSet::new();
    for fixture in newest().into_iter().filter(|fixture| chosen.contains(&&*fixture.name)) {
        for (place, text) in changed_leaves(&fixture.bytes) {
            let comparison = diff(&fixture.bytes, &text, &Diff::default());
            seen += 1;
            // What the SDK works out itself is counted, and does not count.
            if comparison.same && comparison.bookkeeping == 0 {
                match SILENT.iter().find(|(end, _)| place.ends_with(end)) {
                    Some((end, _)) => drop(met.insert(*end)),
                    None => drop(silent.insert(format!("{} {place}", fixture.dialect))),
                }
            }
        }
    }
    assert!(seen > 1000, "{seen}");
    assert!(silent.is_empty(), "{silent:#?}");
    let unmet: Vec<&str> = SILENT.iter().map(|(end, _)| *end).filter(|end| !met.contains(end)).collect();
    assert_eq!(unmet, Vec::<&str>::new(), "the list is no longer than it must be");
}

#[test]
fn differences_are_told_once_and_in_order() {
    let state = common::root().join("fixtures/python/1.21/pending-several.json");
    let one = std::fs::read_to_string(state).expect("a fixture");
    let two = one.replace(r#""{\"amount\": 2}""#, r#""{\"amount\": 20}""#);
    assert_ne!(one, two);
    let told = diff(one.as_bytes(), two.as_bytes(), &Diff::default());
    let places: Vec<&str> = told.changes.iter().map(|change| &*change.path).collect();
    assert_eq!(places, ["/items/1/raw/arguments"]);
    assert_eq!(told.changes[0].name.as_deref(), Some("call wire call_2"));
    assert_eq!(told.changes[0].a, "/generated_items/1/raw_item/arguments");
    let mut options = Diff::default();
    for pointer in ["/items/*/raw", "/generated_items/1/raw_item/arguments"] {
        options.ignore = vec![pointer.parse().expect("a pointer")];
        assert!(diff(one.as_bytes(), two.as_bytes(), &options).same, "{pointer}");
    }
    options.ignore = vec!["/items/0".parse().expect("a pointer")];
    assert!(!diff(one.as_bytes(), two.as_bytes(), &options).same);
}

#[test]
fn names_and_json_in_strings_show_no_secrets() {
    let state = common::root().join("fixtures/python/1.21/pending-several.json");
    let one = std::fs::read_to_string(state).expect("a fixture");
    let id = "\"response_id\": \"";
    let at = one.find(id).expect("a response") + id.len();
    let token = "Bearer abcdefghijklmnopqrstuvwxyz";
    let two = format!("{}{token} {}", &one[..at], &one[at..]);
    let two = two.replace(r#""{\"amount\": 2}""#, r#""{\"password\": \"hunter2\"}""#);
    // A member that only one SDK could know.
    let two = two.replacen("\"usage\": {", "\"usage\": {\"headers\": {\"x\": \"hunter2\"},", 4);
    let told = diff(one.as_bytes(), two.as_bytes(), &Diff::default());
    let text = serde_json::to_string(&told).expect("plain data");
    assert!(["responses", "password", "headers"].iter().all(|key| text.contains(key)), "{text}");
    assert!(!text.contains("abcdefghijklm") && !text.contains("hunter2"), "{text}");
    let mut options = Diff::default();
    options.show_secrets = true;
    let told = diff(one.as_bytes(), two.as_bytes(), &options);
    assert!(told.changes.iter().any(|change| change.name.as_deref().is_some_and(|name| name.contains(token))));
}

#[test]
fn another_conversation_differs_from_run_to_run() {
    let state = common::root().join("fixtures/python/1.21/pending-several.json");
    let one = std::fs::read_to_string(state).expect("a fixture");
    let with = |id: &str| one.replacen("\"conversation_id\": null", &format!("\"conversation_id\": \"{id}\""), 1);
    let (one, two) = (with("conv_1"), with("conv_2"));
    let told = diff(one.as_bytes(), two.as_bytes(), &Diff::default());
    assert_eq!(told.changes.iter().map(|change| &*change.path).collect::<Vec<_>>(), ["/step/conversation_id"]);
    let mut options = Diff::default();
    options.ignore = vec!["volatile".parse().expect("it can be ignored")];
    assert!(diff(one.as_bytes(), two.as_bytes(), &options).same);
}
