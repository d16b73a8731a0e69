//! Time grows with the size of a state and no faster, whatever there is much of.
//!
//! Every list and every map of fixtures is filled with many copies of what it holds, once with the ids that stand there and
//! once with ids of their own. Four times as much may take [`MOST`] times as long: a walk over all for each one would take
//! sixteen times. A measurement can only be too long, so that the best of some counts.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use runstate::agents::Graph;
use runstate::{
    ApprovalStatus, Calls, Convert, Decide, Diff, Inspect, Level, Normalize, Validate, convert, decide, diff, inspect,
    normalize, verdict,
};
use serde_json::{Value, json};

#[path = "../benches/states/mod.rs"]
mod states;

/// Linear is 4, quadratic is 16.
const MOST: f64 = 9.0;
/// The larger of two states has as many copies, unless it gets too long.
const COPIES: usize = 4_000;
const LONGEST: usize = 250_000;
const ATTEMPTS: usize = 6;

/// What the copies have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    /// Everything, the keys of maps included.
    Same,
    /// Ids and keys are each copy's own.
    Own,
}

/// What takes longer than to validate a state gets so many of them.
const OTHERS: usize = 8;

/// What is done with a state.
type Work<'w> = &'w dyn Fn(&[u8]);

#[test]
fn python_lists_and_maps() {
    lists_and_maps("validate", "python@1.21", 1, &validate);
}

#[test]
fn typescript_lists_and_maps() {
    lists_and_maps("validate", "typescript@1.22", 1, &validate);
}

#[test]
fn older_labels() {
    for format in ["python@1.13", "python@1.4", "typescript@1.17", "typescript@1.15", "typescript@1.8"] {
        lists_and_maps("validate", format, OTHERS, &validate);
        everything("validate", format, OTHERS, &validate);
    }
}

/// Across, down and up, past every label that changed how decisions and calls are kept.
const CONVERSIONS: [(&str, &str); 8] = [
    ("python@1.21", "typescript@1.22"),
    ("typescript@1.22", "python@1.21"),
    ("python@1.21", "python@1.0"),
    ("typescript@1.22", "typescript@1.0"),
    ("python@1.13", "typescript@1.22"),
    ("typescript@1.15", "python@1.21"),
    ("python@1.4", "typescript@1.15"),
    ("typescript@1.8", "python@1.13"),
];

fn conversion(to: &str) -> impl Fn(&[u8]) {
    let target = to.parse().expect("it is a target");
    let mut options = Convert::default();
    options.allow_loss = Level::Resume;
    options.accept_invalid = true;
    options.assume_target_gates = true;
    move |state| assert!(convert(state, target, &options).from.is_some())
}

#[test]
fn conversions() {
    for (from, to) in CONVERSIONS {
        lists_and_maps(to, from, OTHERS, &conversion(to));
    }
}

#[test]
fn everyday_verbs() {
    let mut normal = Normalize::default();
    normal.volatile = true;
    let all = Decide::new(ApprovalStatus::Approved, Calls::All { tool: None });
    let works: [(&str, Work<'_>); 4] = [
        ("normalize", &|state| drop(normalize(state, &normal))),
        ("inspect", &|state| drop(inspect(state, &Inspect::default()))),
        ("diff", &|state| {
            let other = String::from_utf8_lossy(state).replace('0', "9");
            drop(diff(state, other.as_bytes(), &Diff::default()));
        }),
        ("approve", &|state| drop(decide(state, &all))),
    ];
    for (name, work) in works {
        for format in ["python@1.21", "typescript@1.22"] {
            lists_and_maps(name, format, OTHERS, work);
            everything(name, format, OTHERS, work);
        }
    }
}

#[test]
fn everything_at_once() {
    for format in ["python@1.21", "typescript@1.22"] {
        everything("validate", format, 1, &validate);
    }
}

#[test]
fn conversions_of_everything() {
    for (from, to) in CONVERSIONS {
        everything(to, from, OTHERS, &conversion(to));
    }
}

/// Items, responses, ledger, decisions and evidence grow together, as in a long run: what is looked up in one another is all
/// there.
fn everything(name: &str, format: &str, share: usize, work: Work<'_>) {
    let mut slow = Vec::new();
    for fixture in fixtures_of(format).step_by(share * common::SHARE) {
        let Ok(state) = serde_json::from_slice(&fixture.bytes) else { continue };
        let mut places = Vec::new();
        containers(&state, &mut Vec::new(), &mut places);
        places.retain(|place| is_of_many(at(&state, place)));
        let all = places.clone();
        places.retain(|place| !all.iter().any(|outer| outer.len() < place.len() && place.starts_with(outer)));
        slow.extend(filled(&format!("{name} {format} {}", fixture.name), &state, &places, work));
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

fn fixtures_of(format: &str) -> impl Iterator<Item = common::Fixture> {
    let is_own = move |fixture: &common::Fixture| format == format!("{}@1.{}", fixture.dialect, fixture.label);
    common::fixtures().into_iter().filter(is_own)
}

/// A list, or a map by ids.
fn is_of_many(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.keys().any(|key| has_digit(key)),
        other => other.is_array(),
    }
}

fn at<'v>(state: &'v Value, place: &[String]) -> &'v Value {
    place.iter().fold(state, |value, step| match value {
        Value::Array(list) => &list[step.parse::<usize>().expect("a place in a list is an index")],
        other => &other[step],
    })
}

/// Calls that wait, each with its items, its request and its action.
#[test]
fn calls_that_wait() {
    let python = [
        "/model_responses/0/output",
        "/last_model_response/output",
        "/generated_items",
        "/session_items",
        "/last_processed_response/new_items",
        "/last_processed_response/functions",
        "/last_processed_response/interruptions",
        "/current_step/data/interruptions",
    ];
    let typescript = [
        "/modelResponses/0/output",
        "/lastModelResponse/output",
        "/generatedItems",
        "/lastProcessedResponse/newItems",
        "/lastProcessedResponse/functions",
        "/currentStep/data/interruptions",
    ];
    for (dialect, places) in [("python", &python[..]), ("typescript", &typescript)] {
        let mut state = serde_json::from_slice(&pending(dialect)).expect("the fixture is JSON");
        // It holds indexes of items, which the copies would contradict.
        Value::as_object_mut(&mut state).and_then(|state| state.remove("currentResponseGeneratedItemOwnership"));
        let places = places.iter().map(|place| {
            assert!(state.pointer(place).is_some_and(is_of_many), "{place} is a list");
            place.split('/').skip(1).map(str::to_owned).collect()
        });
        let places: Vec<Vec<String>> = places.collect();
        let across = ["typescript@1.22", "python@1.21"].map(conversion);
        let works: [(&str, Work<'_>); 3] =
            [("validate", &validate), ("to TypeScript", &across[0]), ("to Python", &across[1])];
        for (name, work) in works {
            let name = format!("{name}: {dialect} calls that wait");
            let slow = judge(&name, work, |part| many(&state, &places, 16_000 / common::SHARE / part, Copies::Own));
            assert!(slow.is_none(), "{slow:?}");
        }
    }
}

/// One call, made and answered and proven over and over: all of these are compared with one another.
#[test]
fn one_call_id_many_times() {
    let python: &[&[&str]] = &[
        &["/generated_items/1", "/generated_items/2"],
        &["/session_items/1", "/session_items/2", "/generated_items/1"],
        &["/model_responses/0/output/1", "/generated_items/2"],
        &["/generated_items/4", "/generated_items/1"],
    ];
    let typescript: &[&[&str]] = &[
        &["/completedToolInvocationEvidence/0", "/generatedItems/2"],
        &["/completedToolInvocationEvidence/0", "/generatedItems/1", "/generatedItems/2"],
        &["/completedToolInvocationEvidence/0/invocations/c1/items/0", "/generatedItems/1"],
        &["/currentStep/data/interruptions/0", "/generatedItems/5", "/generatedItems/4"],
    ];
    for (dialect, sets) in [("python", python), ("typescript", typescript)] {
        let state = serde_json::from_slice(&streamed(dialect)).expect("the fixture is JSON");
        for places in sets {
            let slow =
                judge(&places.join(", "), &validate, |part| copied(&state, places, 2_000 / common::SHARE / part));
            assert!(slow.is_none(), "{slow:?}");
        }
    }
}

/// The state with further copies of the elements at `places` at the ends of their lists.
fn copied(state: &Value, places: &[&str], count: usize) -> String {
    let mut state = state.clone();
    for place in places {
        let element = state.pointer(place).expect("the fixture has the element").clone();
        let (list, _) = place.rsplit_once('/').expect("an element is in a list");
        let list = state.pointer_mut(list).and_then(Value::as_array_mut).expect("an element is in a list");
        list.extend(std::iter::repeat_n(element, count));
    }
    state.to_string()
}

/// The fixture of the newest label in which a call is finished and another one waits.
fn streamed(dialect: &str) -> Vec<u8> {
    newest(dialect, "streamed")
}

/// The fixture of the newest label in which the first call waits.
fn pending(dialect: &str) -> Vec<u8> {
    newest(dialect, if dialect == "python" { "pending-first-turn" } else { "pending_approval" })
}

fn newest(dialect: &str, name: &str) -> Vec<u8> {
    let fixtures = common::fixtures();
    let newest = common::newest_label(&fixtures, dialect);
    let is_meant =
        |fixture: &common::Fixture| (fixture.dialect, fixture.label, &*fixture.name) == (dialect, newest, name);
    fixtures.into_iter().find(is_meant).expect("the fixture is there").bytes
}

/// As many agents as copies, each with an item, tools, and handoffs to the next one and to the first.
#[test]
fn agents() {
    for (dialect, start, list) in [("python", "Bank", "generated_items"), ("typescript", "Teller", "generatedItems")] {
        let text = String::from_utf8(streamed(dialect)).expect("a fixture is UTF-8");
        let text = text.replace(&format!("\"{start}\""), &format!("\"{start}1\""));
        let state = serde_json::from_str(&text).expect("a fixture is JSON");
        let (state, place) = (&state, vec![list.to_owned()]);
        let [part, whole] = [4, 1].map(|part| 1_000 / common::SHARE / part).map(|count| {
            let mut options = Validate::default();
            options.agents = Some(graph(&format!("{start}1"), count));
            (many(state, std::slice::from_ref(&place), count, Copies::Own).into_bytes(), options)
        });
        let judged = |(state, options): &(Vec<u8>, Validate)| drop(verdict(state.clone(), options));
        validate(&part.0);
        let slow = compare(dialect, &|| judged(&part), &|| judged(&whole));
        assert!(slow.is_none(), "{slow:?}");
    }
}

fn graph(start: &str, count: usize) -> Graph {
    let agents: Vec<Value> = (1..count)
        .map(|number| {
            let next = format!("{start}_{}", number % (count - 1) + 1);
            let name = format!("{start}_{number}");
            json!({"name": name, "tools": [{"name": "wire"}, {"name": "lookup"}], "handoffs": [next, start]})
        })
        .chain([json!({"name": start, "tools": [{"name": "wire"}], "handoffs": [format!("{start}_1")]})])
        .collect();
    let graph = json!({"version": 1, "start": start, "agents": agents});
    Graph::parse(graph.to_string().as_bytes()).expect("the graph is complete")
}

#[test]
fn depth() {
    for (dialect, state) in [
        (
            "python",
            r#"{"$schemaVersion":"1.21","current_turn":1,"current_agent":{"name":"A"},"original_input":"","x":"#,
        ),
        (
            "typescript",
            r#"{"$schemaVersion":"1.22","currentTurn":1,"currentAgent":{"name":"A"},"originalInput":"","x":"#,
        ),
    ] {
        for (open, close) in [("[", "]"), (r#"{"k":"#, "}"), (r#"[0,{"k":0,"":"#, "}]")] {
            let slow = judge(&format!("{dialect} {open}"), &validate, |part| {
                let levels = 200_000 / part;
                format!("{state}{}0{}}}", open.repeat(levels), close.repeat(levels))
            });
            assert!(slow.is_none(), "{slow:?}");
        }
    }
}

/// Minutes in a test build: `cargo test --release --test scale -- --ignored`.
#[test]
#[ignore = "takes gigabytes of memory"]
fn three_hundred_megabytes() {
    for (name, dialect, script) in states::KINDS {
        let slow = judge(name, &validate, |part| {
            String::from_utf8(states::grow(dialect, script, 300_000_000 / part)).expect("a grown state is UTF-8")
        });
        assert!(slow.is_none(), "{slow:?}");
    }
}

fn validate(state: &[u8]) {
    assert!(verdict(state.to_vec(), &Validate::default()).format.is_some(), "it is looked at as a state");
}

/// Fills the lists and maps of all fixtures of a format, each place once, as far as they are in the share.
fn lists_and_maps(name: &str, format: &str, share: usize, work: Work<'_>) {
    let mut seen = BTreeSet::new();
    let mut slow = Vec::new();
    for fixture in fixtures_of(format) {
        // It reads neither `NaN` nor half surrogate pairs, which two fixtures hold.
        let Ok(state) = serde_json::from_slice(&fixture.bytes) else { continue };
        let mut places = Vec::new();
        containers(&state, &mut Vec::new(), &mut places);
        for place in places {
            // Places that differ in an index or an id alone are one and the same.
            let general = |step: &String| if has_digit(step) { "*".to_owned() } else { step.clone() };
            if seen.insert(place.iter().map(general).collect::<Vec<_>>()) && seen.len() % (share * common::SHARE) == 0 {
                let name = format!("{name} {} /{}", fixture.name, place.join("/"));
                slow.extend(filled(&name, &state, &[place], work));
            }
        }
    }
    assert!(seen.len() > 20, "the fixtures have lists and maps");
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Fills the containers at `places`, and says which take too long.
fn filled(name: &str, state: &Value, places: &[Vec<String>], work: Work<'_>) -> Vec<String> {
    let [none, one] = [1, 2].map(|count| many(state, places, count, Copies::Own).len());
    let count = COPIES.min(LONGEST / (one - none));
    let judged = [Copies::Same, Copies::Own]
        .map(|copies| judge(&format!("{name} {copies:?}"), work, |part| many(state, places, count / part, copies)));
    judged.into_iter().flatten().collect()
}

/// Where the lists and maps of a value are that hold something.
fn containers(value: &Value, path: &mut Vec<String>, places: &mut Vec<Vec<String>>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Array(list) => list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        _ => return,
    };
    if !inside.is_empty() {
        places.push(path.clone());
    }
    for (step, value) in inside {
        path.push(step);
        containers(value, path, places);
        path.pop();
    }
}

/// The state with the containers at `places` holding what they hold `count` times.
fn many(state: &Value, places: &[Vec<String>], count: usize, copies: Copies) -> String {
    let mut out = String::new();
    let places: Vec<&[String]> = places.iter().map(Vec::as_slice).collect();
    write(state, &places, count, copies, "", &mut out);
    out
}

fn write(value: &Value, places: &[&[String]], count: usize, copies: Copies, mark: &str, out: &mut String) {
    let times = if places.iter().any(|place| place.is_empty()) { count } else { 1 };
    let inside = |step: &str| -> Vec<&[String]> {
        places
            .iter()
            .filter(|place| place.first().is_some_and(|first| first == step))
            .map(|place| &place[1..])
            .collect()
    };
    // The first copy stays as it is: the state itself may be what is filled.
    let marks = (0..times).map(|copy| match copies {
        Copies::Own if copy > 0 => format!("_{copy}"),
        _ => mark.to_owned(),
    });
    match value {
        Value::Array(list) => {
            out.push('[');
            for (copy, mark) in marks.enumerate() {
                for (at, value) in list.iter().enumerate() {
                    out.push_str(if copy + at == 0 { "" } else { "," });
                    write(value, &inside(&at.to_string()), count, copies, &mark, out);
                }
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (copy, mark) in marks.enumerate() {
                for (at, (key, value)) in map.iter().enumerate() {
                    out.push_str(if copy + at == 0 { "" } else { "," });
                    let own = if times > 1 && copies == Copies::Own { mark.as_str() } else { "" };
                    write!(out, "{}:", Value::from(format!("{key}{own}"))).expect("a string takes all");
                    write(value, &inside(key), count, copies, &mark, out);
                }
            }
            out.push('}');
        }
        // Ids and hashes have digits, the words of the format have none.
        Value::String(text) if has_digit(text) && !text.starts_with("1.") => {
            write!(out, "{}", Value::from(format!("{text}{mark}"))).expect("a string takes all");
        }
        other => write!(out, "{other}").expect("a string takes all"),
    }
}

/// Compares a state with a quarter of it, and says so when it takes too long.
fn judge(name: &str, work: Work<'_>, state: impl Fn(usize) -> String) -> Option<String> {
    let [part, whole] = [4, 1].map(|part| state(part).into_bytes());
    let slow = compare(name, &|| work(&part), &|| work(&whole))?;
    Some(format!("{slow}, for {} and {} bytes", part.len(), whole.len()))
}

fn compare(name: &str, part: &dyn Fn(), whole: &dyn Fn()) -> Option<String> {
    let (mut short, mut long) = (Duration::MAX, Duration::MAX);
    for attempt in 0..ATTEMPTS {
        // Times below this say nothing, and a walk that matters takes longer.
        short = short.min(time(part)).max(Duration::from_micros(200));
        long = long.min(time(whole));
        if attempt > 0 && long.as_secs_f64() < MOST * short.as_secs_f64() || long < Duration::from_millis(2) {
            return None;
        }
    }
    Some(format!("{name}: {short:?} and {long:?}"))
}

fn time(work: &dyn Fn()) -> Duration {
    let start = clock();
    work();
    clock() - start
}

/// The time of the processor that this thread has had, so that it does not count who else runs.
#[cfg(unix)]
fn clock() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("it is counted from the start of the thread")
}

#[cfg(not(unix))]
fn clock() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

fn has_digit(text: &str) -> bool {
    text.contains(|letter: char| letter.is_ascii_digit())
}
