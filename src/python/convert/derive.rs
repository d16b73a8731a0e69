//! The ledger of tool calls, computed from the calls themselves (`_tool_invocation.py`, release 0.24.0).

use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Key, Kind, Node, Object, Style, Value, Writer};
use crate::parallel;
use crate::python::invocation::{Call, Known, Lookup, completes};
use crate::python::rules::approval_lookup;

/// Puts in the ledger of the state and of every nested one, where it is absent.
pub fn derive(tree: &mut Value<'_>) {
    let Some(state) = tree.object_mut() else { return };
    let mut waiting: HashSet<Vec<u8>> = HashSet::default();
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
        }
    }
    let Some(context) = state.get("context") else { return };
    if context.kind() != Kind::Object || context.member("tool_invocations").is_some_and(|ledger| !ledger.is_null()) {
        return;
    }
    let ledger = ledger(state.get("generated_items"), &waiting);
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        context.place("tool_invocations", &["approvals", "usage"], ledger);
    }
}

fn ledger<'d>(items: Option<&Value<'_>>, waiting: &HashSet<Vec<u8>>) -> Object<'d> {
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
