//! What is done on several cores at once comes to the same as on one, in the same order, whatever the state is.
//!
//! White space makes most states large enough for threads: what is in them is small, so that both sides are quick.

mod common;
#[path = "../benches/states/mod.rs"]
mod states;

use runstate::json::{Document, Node};
use runstate::{
    Convert, Defaults, Diff, Inspect, Level, Normalize, Redact, Validate, convert, diff, inspect, normalize, on_cores,
    validate,
};

use common::{Fixture, SHARE};

/// The state with white space behind the first element of every list and map of the run and its context, so that both halves
/// of them are read at the same time, and in front of the state's end.
fn large(bytes: &[u8]) -> Vec<u8> {
    let doc = Document::parse(bytes.to_vec()).expect("a fixture is JSON");
    let root = doc.root();
    let inner = root.member("context").into_iter().flat_map(Node::members);
    let holders = root.members().chain(inner).map(|member| member.value);
    let second = holders
        .filter_map(|holder| holder.elements().nth(1).or(holder.members().nth(1).map(|member| member.key.node())));
    let mut cuts: Vec<usize> = second.map(|node| node.span().start).collect();
    cuts.push(root.span().end - 1);
    cuts.sort_unstable();
    let (mut grown, mut done) = (Vec::new(), 0);
    for cut in cuts {
        grown.extend_from_slice(&bytes[done..cut]);
        grown.resize(grown.len() + (300 << 10), b' ');
        done = cut;
    }
    grown.extend_from_slice(&bytes[done..]);
    grown
}

/// A share of all states, and of those with runs within runs a larger one: their texts are read by all threads.
fn chosen() -> impl Iterator<Item = Fixture> {
    let share = |own: &Fixture| if own.name.contains("nested") { SHARE } else { 5 * SHARE };
    common::fixtures().into_iter().enumerate().filter(move |(at, own)| at % share(own) == 0).map(|(_, own)| own)
}

/// Compares what `work` says on one core and on several.
fn same(name: &str, work: impl Fn() -> String + Sync) {
    assert!(on_cores(4, &work) == on_cores(1, &work), "{name}: several cores come to something else");
}

#[test]
fn every_verb_says_the_same_on_several_cores() {
    for fixture in chosen() {
        let (name, bytes) = (fixture.path.display(), large(&fixture.bytes));
        same(&format!("validate {name}"), || format!("{:?}", validate(&bytes, &Validate::default())));
        same(&format!("inspect {name}"), || {
            serde_json::to_string(&inspect(&bytes, &Inspect::default())).expect("a summary is JSON")
        });
        let mut forms = [Normalize::default(), Normalize::default()];
        forms[1].volatile = true;
        forms[1].defaults = Defaults::Explicit;
        forms[1].redact = vec![Redact::Secrets, Redact::Key("amount".to_owned())];
        for how in &forms {
            same(&format!("normalize {name}"), || {
                let outcome = normalize(&bytes, how);
                format!("{:?} {:?} {:?}", outcome.bytes, outcome.changes, outcome.findings)
            });
        }
        let mut how = Convert::default();
        how.allow_loss = Level::Resume;
        for target in ["python@1.21", "typescript@1.22", "python@1.10", "typescript@1.9"] {
            let target = target.parse().expect("it is a target");
            same(&format!("convert {name} to {target}"), || format!("{:?}", convert(&bytes, target, &how)));
        }
    }
}

/// More than 256 turns: long lists are translated and written in halves, too.
#[test]
fn long_states_are_converted_the_same_on_several_cores() {
    for (name, dialect, script) in states::KINDS {
        let bytes = states::grow(dialect, script, 1_200_000);
        let mut how = Convert::default();
        how.allow_loss = Level::Resume;
        for target in ["python@1.21", "typescript@1.22", "python@1.10", "typescript@1.9"] {
            let target = target.parse().expect("it is a target");
            same(&format!("convert {name} to {target}"), || format!("{:?}", convert(&bytes, target, &how)));
        }
    }
}

#[test]
fn two_states_are_compared_the_same_on_several_cores() {
    let states: Vec<Fixture> = chosen().collect();
    for pair in states.chunks_exact(2) {
        let [one, two] = [&pair[0], &pair[1]].map(|fixture| large(&fixture.bytes));
        let comparison = || serde_json::to_string(&diff(&one, &two, &Diff::default())).expect("a comparison is JSON");
        same(&format!("diff {} {}", pair[0].path.display(), pair[1].path.display()), comparison);
    }
}

/// So many wrong elements that the rest of the list is not looked at: before its middle, behind it, or nowhere.
#[test]
fn what_is_not_looked_at_is_the_same_on_several_cores() {
    let fixture =
        common::fixtures().into_iter().find(|own| own.name == "pending-after-typed-outputs" && own.label == 21);
    let bytes = fixture.expect("the state is there").bytes;
    let doc = Document::parse(bytes.clone()).expect("a fixture is JSON");
    let items = doc.root().member("generated_items").expect("a Python state has items");
    let item = items.elements().next().expect("an item is there").raw();
    for (front, wrong, behind) in [(0, 250_000, 0), (600, 150_000, 600), (0, 99_999, 600), (600, 20, 0)] {
        let list = [vec![item; front], vec!["1"; wrong], vec![item; behind]].concat().join(",");
        let state = [&bytes[..items.span().start], b"[", list.as_bytes(), b"]", &bytes[items.span().end..]].concat();
        let told = || format!("{:?}", validate(&state, &Validate::default()));
        assert_eq!(on_cores(1, told).contains("too much in here is wrong"), wrong >= 100_000);
        same(&format!("{front} {wrong} {behind}"), told);
    }
}

#[test]
fn documents_go_from_thread_to_thread() {
    fn shared<T: Send + Sync>() {}
    shared::<Document>();
}
