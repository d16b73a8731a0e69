//! What is done on several cores at once comes to the same as on one, in the same order, whatever the state is.
//!
//! White space makes states large enough for threads: what is in them is small, so that both sides are quick.

mod common;

use runstate::json::Document;
use runstate::{
    Convert, Defaults, Diff, Inspect, Level, Normalize, Redact, Validate, convert, diff, inspect, normalize, on_cores,
    validate,
};

use common::{Fixture, SHARE};

/// The state with half a megabyte of white space in front of its end.
fn large(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.trim_ascii_end();
    let (end, rest) = text.split_last().expect("a state is not empty");
    [rest, &[b' '; 600 << 10], &[*end]].concat()
}

/// A share of all states, and of those with runs within runs a larger one: their texts are read by all threads.
fn chosen() -> impl Iterator<Item = Fixture> {
    let share = |own: &Fixture| if own.name.contains("nested") { SHARE } else { 5 * SHARE };
    common::fixtures().into_iter().enumerate().filter(move |(at, own)| at % share(own) == 0).map(|(_, own)| own)
}

/// Compares what `work` says on one core and on several.
fn same(name: &str, work: impl Fn() -> String) {
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

#[test]
fn two_states_are_compared_the_same_on_several_cores() {
    let states: Vec<Fixture> = chosen().collect();
    for pair in states.chunks_exact(2) {
        let [one, two] = [&pair[0], &pair[1]].map(|fixture| large(&fixture.bytes));
        let comparison = || serde_json::to_string(&diff(&one, &two, &Diff::default())).expect("a comparison is JSON");
        same(&format!("diff {} {}", pair[0].path.display(), pair[1].path.display()), comparison);
    }
}

#[test]
fn documents_go_from_thread_to_thread() {
    fn shared<T: Send + Sync>() {}
    shared::<Document>();
}
