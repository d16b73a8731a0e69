//! What the other SDK has no place for is carried along, and restored.

mod common;

use runstate::json::{Document, Kind, Node};
use runstate::{Carry, Convert, Dialect, Level, Target, convert, roundtrip};

fn newest() -> impl Iterator<Item = (common::Fixture, Target, Target)> {
    common::fixtures().into_iter().filter_map(|fixture| {
        let own = if fixture.dialect == "python" { Dialect::Python } else { Dialect::TypeScript };
        let other = if own == Dialect::Python { Dialect::TypeScript } else { Dialect::Python };
        (fixture.label == own.newest_label()).then(|| (fixture, own.newest(), other.newest()))
    })
}

fn carrying() -> Convert {
    let mut options = Convert::default();
    options.carry = Carry::Inside;
    options
}

/// The part that is carried along.
fn carried(state: &Document) -> Option<Document> {
    let root = state.root();
    let response = root.member("modelResponses").and_then(|responses| responses.elements().next());
    let data = response.and_then(|response| response.member("providerData"));
    let text = root.member("trace").into_iter().chain(data).find_map(|place| place.member("runstate_carry"))?;
    let text = text.text()?.lossy().into_owned();
    Some(Document::parse(text.into_bytes()).expect("what is carried is JSON"))
}

#[test]
fn every_state_comes_back_byte_for_byte() {
    let (mut converted, mut faults) = (0, Vec::new());
    for (fixture, _, other) in newest() {
        let trip = roundtrip(&fixture.bytes, other, &Convert::default());
        if !trip.converted {
            continue;
        }
        converted += 1;
        if !trip.restored {
            faults.push(format!("{}/{}", fixture.dialect, fixture.name));
        }
    }
    assert!(converted > 140, "only {converted} states are converted");
    assert!(faults.is_empty(), "{} do not come back: {faults:?}", faults.len());
}

#[test]
fn older_labels_come_back_byte_for_byte_through_the_other_sdk() {
    let mut faults = Vec::new();
    let mut converted = 0;
    for fixture in common::fixtures().iter().filter(|fixture| fixture.label % 4 == 1).step_by(common::SHARE) {
        let other = if fixture.dialect == "python" { Dialect::TypeScript } else { Dialect::Python };
        let trip = roundtrip(&fixture.bytes, other.newest(), &Convert::default());
        if trip.converted {
            converted += 1;
            if !trip.restored {
                faults.push(format!("{}/{}/{}", fixture.dialect, fixture.label, fixture.name));
            }
        }
    }
    assert!(converted > 100 / common::SHARE, "only {converted} states are converted");
    assert!(faults.is_empty(), "{} do not come back: {faults:?}", faults.len());
}

/// What the label in between cannot hold is restored, so that nothing gets lost on the way back.
#[test]
fn states_come_back_from_older_labels_without_a_loss() {
    let (mut converted, mut faults) = (0, Vec::new());
    let through = |dialect: &str| -> &[&str] {
        match dialect {
            "python" => &["python@1.17", "python@1.10", "python@1.0", "typescript@1.8"],
            _ => &["typescript@1.18", "typescript@1.12", "typescript@1.0", "python@1.8"],
        }
    };
    for (fixture, own, _) in newest().step_by(common::SHARE) {
        for via in through(fixture.dialect) {
            let there = convert(&fixture.bytes, via.parse().expect("it is a target"), &carrying());
            let Some(bytes) = there.bytes else { continue };
            if there.losses.iter().any(|loss| loss.reason.contains("carried along")) {
                continue;
            }
            converted += 1;
            let carries = carried(&Document::parse(bytes.clone()).expect("it is JSON")).is_some();
            let back = convert(&bytes, own, &Convert::default());
            let alike = back.bytes.as_deref() == Some(&fixture.bytes[..]);
            // The newest releases do not load one of them, and one waits for what nobody may run undecided.
            let known = [("arguments_odd", "python@1.8"), ("local_mcp_pending", "python@1.8")];
            if !known.contains(&(&*fixture.name, via)) && !(alike && (back.losses.is_empty() || !carries)) {
                faults.push(format!("{}/{} {via}: {:?}", fixture.dialect, fixture.name, back.losses.first()));
            }
        }
    }
    assert!(converted > 400 / common::SHARE, "only {converted} states are converted");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// An SDK that loads and saves a state writes what the live program says of its tools, and JavaScript its own numbers.
#[test]
fn what_an_sdk_saves_again_counts_as_untouched() {
    let saved = |name: &str, dialect: &str, changes: &[(&str, &str)], unchanged: &[&str]| {
        let is_meant =
            |(fixture, ..): &(common::Fixture, Target, Target)| fixture.name == name && fixture.dialect == dialect;
        let (fixture, own, other) = newest().find(is_meant).expect("the fixture is there");
        let there = convert(&fixture.bytes, other, &carrying()).bytes.expect("it converts");
        let mut there = String::from_utf8(there).expect("it is UTF-8");
        for (before, after) in changes {
            assert!(there.contains(before), "{name}: {before}");
            there = there.replace(before, after);
        }
        let back = convert(there.as_bytes(), own, &Convert::default());
        assert!(back.losses.iter().all(|loss| loss.level == Level::Bookkeeping), "{name}: {:?}", back.losses);
        let back = String::from_utf8(back.bytes.expect("it converts back")).expect("it is UTF-8");
        let before = String::from_utf8(fixture.bytes.clone()).expect("it is UTF-8");
        for text in unchanged {
            assert!(before.contains(text), "{name}: {text}");
            assert_eq!(before.matches(text).count(), back.matches(text).count(), "{name}: {text}");
        }
    };
    let live = (
        "\"name\":\"wire\",\"description\":\"Sends money, once a person has agreed.\"",
        "\"name\":\"wire\",\"description\":\"Runs wire.\"",
    );
    let numbers = ["\"EUR\": 1.0", "\"output\": 2.0"];
    saved("pending-after-typed-outputs", "python", &[live, ("\"EUR\":1.0", "\"EUR\":1")], &numbers);
    saved("handoff-with-input-filter", "python", &[live], &["\"call_0\": {", "\"tool_origin\": {"]);
    saved("nested-always-rejected", "python", &[live], &["\"tool_origin\": {", "\"description\": \"Asks"]);
}

/// The place of what is carried may not be there, or be empty.
#[test]
fn the_place_of_what_is_carried_is_again_as_it_was() {
    let find = |dialect: &str| {
        let is_meant = |(fixture, ..): &(common::Fixture, Target, Target)| {
            fixture.dialect == dialect
                && fixture.name == if dialect == "python" { "handoff-before-pause" } else { "guardrails" }
        };
        let (fixture, own, _) = newest().find(is_meant).expect("the fixture is there");
        let state: serde_json::Value = serde_json::from_slice(&fixture.bytes).expect("a fixture is JSON");
        (state, own)
    };
    let comes_back = |state: &serde_json::Value, own: Target, via: &str| {
        let bytes = state.to_string().into_bytes();
        let there = convert(&bytes, via.parse().expect("it is a target"), &carrying()).bytes.expect("it converts");
        assert!(carried(&Document::parse(there.clone()).expect("it is JSON")).is_some(), "{via} carries something");
        let back = convert(&there, own, &Convert::default()).bytes.expect("it converts back");
        assert_eq!(&serde_json::from_slice::<serde_json::Value>(&back).expect("it is JSON"), state);
    };
    let (mut state, own) = find("python");
    state.as_object_mut().expect("an object").remove("trace");
    comes_back(&state, own, "python@1.10");
    let (mut state, own) = find("typescript");
    state["modelResponses"][0]["providerData"] = serde_json::json!({});
    comes_back(&state, own, "typescript@1.18");
}

fn long_texts(node: Node<'_>, found: &mut Vec<String>) {
    match node.kind() {
        Kind::String => found.extend(node.text().map(|text| text.lossy().into_owned()).filter(|text| text.len() > 40)),
        Kind::Array => node.elements().for_each(|element| long_texts(element, found)),
        // The Python SDK repeats the description of a tool in every item about it.
        Kind::Object => {
            let members = node.members().filter(|member| !member.key.is("description"));
            members.for_each(|member| long_texts(member.value, found));
        }
        _ => {}
    }
}

/// The values that are carried, without the hashes of those that they replace.
fn values(patch: Node<'_>, found: &mut Vec<String>) {
    if let Some(value) = patch.member("v") {
        return long_texts(value, found);
    }
    for key in ["m", "e"] {
        let members = patch.member(key).into_iter().flat_map(Node::members);
        members.filter(|member| !member.key.is("description")).for_each(|member| values(member.value, found));
    }
    patch.member("i").into_iter().flat_map(Node::elements).for_each(|entry| long_texts(entry, found));
    patch.member("t").into_iter().for_each(|inner| values(inner, found));
}

#[test]
fn nothing_is_carried_that_stands_in_the_state_anyhow() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for (fixture, _, other) in newest() {
        let Some(bytes) = convert(&fixture.bytes, other, &carrying()).bytes else { continue };
        let state = Document::parse(bytes).expect("what is written is JSON");
        let Some(left) = carried(&state) else { continue };
        let mut elsewhere = Vec::new();
        for member in
            state.root().members().filter(|member| !member.key.is("trace") && !member.key.is("modelResponses"))
        {
            long_texts(member.value, &mut elsewhere);
        }
        let mut own = Vec::new();
        left.root().member("patch").into_iter().for_each(|patch| values(patch, &mut own));
        for text in own {
            seen += 1;
            if elsewhere.contains(&text) {
                faults.push(format!("{}/{}: {text:.80}", fixture.dialect, fixture.name));
            }
        }
    }
    assert!(seen > 10, "only {seen} texts are carried");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn what_was_touched_in_between_stays_as_it_is_and_the_rest_is_restored() {
    let fixture = newest().find(|(fixture, ..)| fixture.name == "always-approved").expect("the fixture is there");
    let (fixture, own, other) = fixture;
    let there = convert(&fixture.bytes, other, &carrying()).bytes.expect("it converts");
    let there = String::from_utf8(there).expect("it is UTF-8");
    let turned = there.replacen("\"currentTurn\":1", "\"currentTurn\":2", 1);
    assert_ne!(turned, there);
    let back = convert(turned.as_bytes(), own, &Convert::default()).bytes.expect("it converts back");
    let back = Document::parse(back).expect("it is JSON");
    let turn = back.root().member("current_turn").and_then(Node::number).and_then(|number| number.to_u64());
    assert_eq!(turn, Some(2));
    let items = back.root().member("generated_items").into_iter().flat_map(Node::elements);
    assert!(items.filter(|item| item.member("tool_origin").is_some()).count() > 3, "origins of tools are restored");
}

/// What comes back in another order is not taken for what stood there: an answer that the model got would be gone.
#[test]
fn items_in_another_order_are_not_put_in_the_place_of_others() {
    let (fixture, own, other) =
        newest().find(|(fixture, ..)| fixture.name == "hosted-mcp-answered").expect("the fixture is there");
    let mut state: serde_json::Value = serde_json::from_slice(&fixture.bytes).expect("it is JSON");
    state.as_object_mut().expect("an object").remove("current_response_generated_item_ownership");
    let items = state["generated_items"].as_array_mut().expect("a list");
    let last = items.len() - 1;
    items.swap(last - 1, last);
    state["session_items"] = state["generated_items"].clone();
    let indexes = (0..=last).collect::<Vec<_>>();
    state["generated_session_item_indexes"] = indexes.into();
    let mut options = carrying();
    options.allow_loss = runstate::Level::Resume;
    let there = convert(state.to_string().as_bytes(), other, &options).bytes.expect("it converts");
    let mut turned: serde_json::Value = serde_json::from_slice(&there).expect("it is JSON");
    let items = turned["generatedItems"].as_array_mut().expect("a list");
    items.push(items[0].clone());
    let turned = turned.to_string();
    let back = |carry: Carry| {
        let mut options = Convert::default();
        options.carry = carry;
        options.allow_loss = runstate::Level::Resume;
        let bytes = convert(turned.as_bytes(), own, &options).bytes.expect("it converts back");
        let state: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
        let kinds = state["generated_items"].as_array().expect("a list").iter().map(|item| item["type"].to_string());
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(back(Carry::Nothing), back(Carry::Stripped));
}

#[test]
fn decisions_are_restored_only_where_nothing_was_touched() {
    // A standing approval that the label in between cannot hold becomes a list, and stays one after another turn.
    let fixture = newest().find(|(fixture, ..)| fixture.name == "always-approved").expect("the fixture is there").0;
    let mut options = carrying();
    options.allow_loss = runstate::Level::Resume;
    let older: Target = "python@1.17".parse().expect("it is a target");
    let there = convert(&fixture.bytes, older, &options).bytes.expect("it converts");
    let newest = Dialect::Python.newest();
    let back = convert(&there, newest, &Convert::default()).bytes.expect("it converts back");
    assert!(back == fixture.bytes, "it comes back as it was");
    let there = String::from_utf8(there).expect("it is UTF-8");
    let turned = there.replacen("\"current_turn\": 1", "\"current_turn\": 2", 1);
    assert_ne!(turned, there);
    let back = convert(turned.as_bytes(), newest, &Convert::default()).bytes.expect("it converts back");
    let back = String::from_utf8(back).expect("it is UTF-8");
    assert!(!back.contains("\"approved\": true"), "a standing approval must not come up again");
}

#[test]
fn a_sidecar_restores_and_can_be_forgotten() {
    let (fixture, own, other) =
        newest().find(|(fixture, ..)| fixture.name == "handoff-before-pause").expect("the fixture is there");
    let mut options = Convert::default();
    options.carry = Carry::Beside;
    let there = convert(&fixture.bytes, other, &options);
    let sidecar = there.sidecar.expect("there is a sidecar");
    let bytes = there.bytes.expect("it converts");
    assert_eq!(runstate::sidecar_format(&sidecar), Some(own.format));
    let mut back = Convert::default();
    back.sidecar = Some(sidecar);
    assert!(convert(&bytes, own, &back).bytes.as_deref() == Some(&fixture.bytes[..]));
    let inside = convert(&fixture.bytes, other, &carrying()).bytes.expect("it converts");
    let mut strip = Convert::default();
    strip.carry = Carry::Stripped;
    let stripped = convert(&inside, other, &strip).bytes.expect("it is the same format");
    assert!(carried(&Document::parse(stripped).expect("it is JSON")).is_none());
}

#[test]
fn what_cannot_be_carried_inside_is_told() {
    let fixture = newest().find(|(fixture, ..)| fixture.name == "pending-first-turn").expect("the fixture is there").0;
    let mut state: serde_json::Value = serde_json::from_slice(&fixture.bytes).expect("a fixture is JSON");
    for (member, empty) in [("model_responses", "[]"), ("generated_items", "[]"), ("session_items", "[]")] {
        state[member] = serde_json::from_str(empty).expect("it is JSON");
    }
    for member in ["last_model_response", "last_processed_response", "current_step"] {
        state[member] = serde_json::Value::Null;
    }
    state["context"]["tool_invocations"] = serde_json::json!({});
    let bytes = serde_json::to_vec(&state).expect("a state can be written");
    let mut options = carrying();
    options.allow_loss = Level::Resume;
    let done = convert(&bytes, Dialect::TypeScript.newest(), &options);
    assert!(done.bytes.is_some());
    assert!(done.losses.iter().any(|loss| loss.reason.contains("use a sidecar")), "{:?}", done.losses);
}
