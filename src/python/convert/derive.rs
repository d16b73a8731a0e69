//! The ledger of tool calls, computed from the calls themselves (`_tool_invocation.py`, release 0.24.0), and which items the
//! last response brought.

use std::borrow::Cow;

use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Key, Kind, Node, Object, Style, Value, Writer};
use crate::model::boundary::{Boundary, Words, boundary, by_text, written};
use crate::model::state::call_id;
use crate::parallel;
use crate::python::invocation::{Call, Known, Lookup, completes};
use crate::python::rules::approval_lookup;

use super::decisions::nested;

/// Puts in the ledger of the state and of every nested one, where it is absent.
pub fn derive(tree: &mut Value<'_>) {
    let Some(state) = tree.object_mut() else { return };
    let (mut waiting, mut within): (HashSet<Vec<u8>>, HashSet<Vec<u8>>) = Default::default();
    if let Some(processed) = state.get_mut("last_processed_response").and_then(Value::object_mut)
        && let Some(functions) = processed.get_mut("functions")
        && functions.clone().into_elements().iter().any(|action| action.member("agent_run_state").is_some())
    {
        for action in functions.elements_mut() {
            let id = action.at(&["tool_call", "call_id"]).and_then(|id| id.wtf8());
            let Some(nested) = action.object_mut().and_then(|action| action.get_mut("agent_run_state")) else {
                continue;
            };
            waiting.extend(id.map(|id| id.into_owned()));
            derive(nested);
            let ledger = nested.at(&["context", "tool_invocations"]).and_then(Value::into_object).unwrap_or_default();
            within.extend(ledger.into_members().iter().map(|(id, _)| id.wtf8().into_owned()));
        }
    }
    let Some(context) = state.get("context") else { return };
    if context.kind() != Kind::Object || context.member("tool_invocations").is_some_and(|ledger| !ledger.is_null()) {
        return;
    }
    let ledger = ledger(state.get("generated_items"), &waiting, &within);
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        context.place("tool_invocations", &["approvals", "usage"], ledger);
    }
}

const OWNERSHIP: &str = "current_response_generated_item_ownership";
const INDEXES: &str = "generated_session_item_indexes";

/// Says which generated items are the last response's, where a run waits and nothing says so: without it the SDK goes on with
/// no run that output guardrails watch (`_restore_current_response_item_identities`).
pub fn own_items(state: &mut Object<'_>) {
    let is_silent = state.get(OWNERSHIP).is_none_or(Value::is_null);
    if let Some(place) = is_silent.then(|| place(state)).flatten() {
        state.place(OWNERSHIP, &[INDEXES], place);
    }
}

/// Says anew, of a state and of every nested one, where its items stand, after some were put among them or changed.
pub fn place_items(state: &mut Object<'_>) {
    nested(state).into_iter().for_each(place_items);
    ask_alike(state);
    if state.get(INDEXES).is_some() {
        let indexes = indexes(state);
        state.set(INDEXES, Value::List(indexes));
    }
    if state.take(OWNERSHIP).is_some() {
        own_items(state);
    }
}

/// Makes the questions that wait the copies of those in the history that they are. What was put into the one alone, such as
/// a null, does not tell them apart.
fn ask_alike(state: &mut Object<'_>) {
    let key = |item: &Value<'_>| Some((call_id(&item.member("raw_item")?)?, written(&item.member("agent")?)));
    let items = state.get("generated_items").map_or_else(Vec::new, Value::elements);
    let questions = items.iter().filter(|item| item.is_type("tool_approval_item"));
    let questions: HashMap<_, _> = questions.filter_map(|item| Some((key(item)?, item.clone().into_owned()))).collect();
    let step = state.get_mut("current_step").and_then(Value::object_mut).and_then(|step| step.get_mut("data"));
    let waiting = step.and_then(Value::object_mut).and_then(|data| data.get_mut("interruptions"));
    for question in waiting.map_or(&mut [][..], Value::elements_mut) {
        if let Some(own) = key(question).and_then(|key| questions.get(&key)) {
            *question = own.clone();
        }
    }
}

/// The places of the generated items in the session's list, which holds them in the same order.
pub(super) fn indexes<'d>(state: &Object<'_>) -> Vec<Value<'d>> {
    let list = |key: &str| state.get(key).map_or_else(Vec::new, Value::elements);
    let (items, session) = (list("generated_items"), list("session_items"));
    if items.len() == session.len() && items.iter().zip(&session).all(|(one, other)| same(one, other)) {
        return (0..items.len() as u64).map(Value::integer).collect();
    }
    let mut places = by_text(session.iter().zip(0..));
    let mut from = 0;
    let place = |item: &Cow<'_, Value<'_>>| {
        let places = places.get_mut(&written(item));
        // What is passed over stands before all that follow.
        let place = places.and_then(|places| places.find(|at| *at >= from));
        from = place.map_or(from, |at| at + 1);
        place.map_or(Value::NULL, |at| Value::integer(at as u64))
    };
    items.iter().map(place).collect()
}

fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Node(one), Value::Node(other)) => one.is_same(*other),
        _ => written(one) == written(other),
    }
}

/// Where the items of the last response end the history.
fn place<'d>(state: &Object<'_>) -> Option<Object<'d>> {
    const WORDS: Words =
        Words { items: "generated_items", step: "current_step", processed: ["last_processed_response", "new_items"] };
    let Boundary { start, end, questions } = boundary(state, &WORDS)?;
    let number = |at: usize| Value::integer(at as u64);
    let own = Object::new().with("start", number(start)).with("end", number(end));
    Some(own.with("interruptions", Value::List(questions.into_iter().map(number).collect())))
}

/// `waiting` are the calls of agents whose runs wait, `within` the calls of these runs: a run asks about them, too.
fn ledger<'d>(items: Option<&Value<'_>>, waiting: &HashSet<Vec<u8>>, within: &HashSet<Vec<u8>>) -> Object<'d> {
    let mut out = Writer::new(Style::PythonLine);
    let items = items.map_or_else(Vec::new, Value::elements);
    let seen = parallel::map(items, |item| (!is_said(&item)).then(|| seen(&item)));
    Value::List(seen.into_iter().flatten().collect()).write(&mut out);
    // What a writer has written is JSON.
    let Ok(doc) = Document::parse(out.finish()) else { return Object::new() };
    let mut calls = Vec::new();
    let mut answered: HashSet<(&str, Vec<u8>)> = HashSet::default();
    let names = names(doc.root());
    for item in doc.root().elements() {
        let Some(raw) = item.member("raw_item") else { continue };
        if let Some((kind, id)) = completes(raw) {
            answered.insert((kind, id.wtf8().into_owned()));
        }
        let Some(call) = Call::of(raw).filter(Call::is_complete) else { continue };
        let Some(id) = call.id.map(|id| id.wtf8().into_owned()) else { continue };
        let is = |kind: &str| item.member("type").and_then(Node::text).is_some_and(|own| own.is(kind));
        let approval = is("tool_approval_item");
        let known = Known {
            lookup: approval.then(|| approval_lookup(item, raw)).flatten(),
            tool: names.get(&id).and_then(|name| name.text()),
            handoff: is("handoff_call_item"),
        };
        calls.push((id, approval, call, known));
    }
    let mut entries: Vec<(Vec<u8>, Entry)> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::default();
    let own: HashSet<Vec<u8>> = calls.iter().filter(|(_, approval, ..)| !approval).map(|(id, ..)| id.clone()).collect();
    calls.retain(|(id, ..)| own.contains(id) || !within.contains(id));
    for (id, approval, entry) in
        parallel::map(calls, |(id, approval, call, known)| (id, approval, Entry::of(&call, &known)))
    {
        let Some(entry) = entry else { continue };
        match places.get(&id) {
            Some(&at) if approval => entries[at].1 = entry,
            Some(_) => {}
            None => {
                places.insert(id.clone(), entries.len());
                entries.push((id, entry));
            }
        }
    }
    let members = entries.into_iter().map(|(id, entry)| {
        let completed = answered.contains(&(entry.kind, id.clone()));
        let executed = completed || waiting.contains(&id);
        let entry = Object::new()
            .with("type", Value::text(entry.kind))
            .with("approval_scope", Value::from(entry.scope.into_bytes()))
            .with("fingerprint", Value::from(entry.fingerprint.into_bytes()))
            .with("executed", Value::bool(executed))
            .with("completed", Value::bool(completed));
        (Key::Made(id), Value::Object(entry))
    });
    members.collect()
}

/// Whether an item is a message or a thought, which says nothing about a call.
fn is_said(item: &Value<'_>) -> bool {
    let kind = item.at(&["raw_item", "type"]);
    kind.is_some_and(|kind| kind.is("message") || kind.is("reasoning"))
}

/// An item without what may be long and says nothing about a call.
fn seen<'d>(item: &Value<'d>) -> Value<'d> {
    const UNSEEN: [&str; 4] = ["content", "encrypted_content", "output", "summary"];
    let Some(mut seen) = item.without(&["output", "raw_item"]) else { return item.clone() };
    if let Some(raw) = item.get("raw_item") {
        seen.push(Key::Known("raw_item"), raw.without(&UNSEEN).map_or_else(|| raw.into_owned(), Value::Object));
    }
    seen.into()
}

/// The first name that any item gives the tool of a call.
fn names(items: Node<'_>) -> HashMap<Vec<u8>, Node<'_>> {
    let mut names = HashMap::default();
    for item in items.elements() {
        let Some(raw) = item.member("raw_item") else { continue };
        let name = item.member("tool_name").or_else(|| raw.member("name"));
        let name = name.filter(|name| name.text().is_some_and(|text| !text.is_empty()));
        if let (Some(name), Some(id)) = (name, Call::of(raw).and_then(|call| call.id)) {
            names.entry(id.wtf8().into_owned()).or_insert(name);
        }
    }
    names
}

struct Entry {
    kind: &'static str,
    scope: String,
    fingerprint: String,
}

impl Entry {
    fn of<'d>(call: &Call<'d>, known: &Known<'d>) -> Option<Self> {
        let known = match call.kind {
            "function_call" => known.clone(),
            _ => Known { lookup: None::<Lookup<'d>>, ..known.clone() },
        };
        let scope = call.scope(&known).ok()??;
        let fingerprint = call.fingerprint(&scope).ok()?;
        Some(Self { kind: call.kind, scope, fingerprint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_waits_is_the_one_in_the_history() {
        let asks = |more: &str| {
            format!(
                r#"{{"type": "tool_approval_item", "agent": {{"name": "Bank"}},
                    "raw_item": {{"type": "shell_call", "call_id": "call_1", "action": {{"commands": ["ls"]{more}}}}}}}"#
            )
        };
        let call = r#"{"type": "tool_call_item", "raw_item": {"type": "shell_call", "call_id": "call_1"}}"#;
        let text = format!(
            r#"{{"current_response_generated_item_ownership": {{}}, "generated_items": [{call}, {}],
                "last_processed_response": {{"new_items": [{call}]}},
                "current_step": {{"type": "next_step_interruption", "data": {{"interruptions": [{}]}}}}}}"#,
            asks(r#", "timeout_ms": null"#),
            asks(""),
        );
        let doc = Document::parse(text.into_bytes()).expect("it is JSON");
        let mut state = Object::of(doc.root()).expect("it is an object");
        place_items(&mut state);
        let own = state.get(OWNERSHIP).map(written);
        assert_eq!(own.as_deref(), Some(&br#"{"end": 2, "interruptions": [1], "start": 0}"#[..]));
    }
}
