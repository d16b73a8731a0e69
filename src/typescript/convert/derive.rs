//! The records of calls and decisions, computed from the calls themselves (`runState.mjs` and `toolInvocation.mjs`, release
//! 0.20.0).

use crate::format::Dialect;
use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Key, Kind, Object, Style, Value, Writer};
use crate::model::boundary::{Boundary, Words, boundary};
use crate::model::{Account, Level};
use crate::parallel;
use crate::record::Reader;
use crate::typescript::State;
use crate::typescript::rules::{Observed, observe, owns};

use super::names::base;
use super::{in_order, runs};

/// Puts in the records that are absent, of the state and of every nested one. A decision about a call that is nowhere in
/// the state cannot be bound and goes; the SDK would ask again.
pub fn derive<'d>(tree: &mut Value<'d>, account: &Account<'d>) {
    derive_run(tree, account);
}

/// What says the names of shells and patch tools until the records are made, see [`named_tools`].
pub const NAMED_TOOLS: &str = "namedTools";

/// Records that say nothing but the names of tools, by agent and call.
pub fn named_tools<'d>(names: impl IntoIterator<Item = (Vec<u8>, Vec<u8>, Value<'d>)>) -> Option<Value<'d>> {
    let mut tools = ByAgent::new();
    for (agent, id, name) in names {
        let mut out = Writer::new(Style::TypeScript);
        Value::Object(Object::new().with("toolName", name)).write(&mut out);
        tools.of(&agent).push((Key::Made(id), Value::from(out.finish())));
    }
    (!tools.agents.is_empty()).then(|| tools.into_list())
}

/// Whose a call is, and its fingerprint.
type Prints = HashMap<Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>>;

fn derive_run<'d>(tree: &mut Value<'d>, account: &Account<'d>) -> Prints {
    let mut prints = Prints::default();
    let Some(state) = tree.object_mut() else { return prints };
    let has_runs =
        state.get("pendingAgentToolRuns").is_some_and(|runs| runs.kind() == Kind::Object && !runs.is_empty());
    let asked = if has_runs { asked(state) } else { HashMap::default() };
    if has_runs && let Some(runs) = state.get_mut("pendingAgentToolRuns").and_then(Value::object_mut) {
        for (_, run) in runs.members_mut().iter_mut().filter(|(_, run)| run.kind() == Kind::Object) {
            for (id, owners) in derive_run(run, account) {
                // The agent of a call that waits may be called otherwise here.
                let known = asked.get(&id).map_or(&[][..], Vec::as_slice);
                let here = |agent: &Vec<u8>| known.iter().filter(|own| base(own) == base(agent)).cloned().collect();
                let named = owners.into_iter().flat_map(|(agent, text)| {
                    let here: Vec<Vec<u8>> = here(&agent);
                    let here = if here.is_empty() { vec![agent] } else { here };
                    here.into_iter().map(move |agent| (agent, text.clone()))
                });
                prints.entry(id).or_default().extend(named);
            }
        }
    }
    let named = state.take(NAMED_TOOLS);
    let observed = observed(state.get("generatedItems"), named);
    for call in &observed {
        if let Some(text) = call.fingerprint.as_ref().or(call.completed.as_ref().map(|(text, ..)| text)) {
            prints.entry(call.id.clone()).or_default().push((call.agent.clone(), text.clone()));
        }
    }
    if state.get("completedToolInvocations").is_none_or(Value::is_null) {
        ledger(state, observed);
    }
    let context = state.get("context").filter(|context| context.kind() == Kind::Object);
    if context.is_some_and(|context| context.member("approvalInvocations").is_none_or(|own| own.is_null()))
        && let Some(context) = state.get_mut("context").and_then(Value::object_mut)
    {
        bind(context, &prints, account);
    }
    prints
}

/// Says which generated items are the last response's, of a state and of every nested one, where nothing says so and the SDK
/// takes it: without it the SDK goes on with no run that output guardrails watch and a tool can end.
pub fn own_items(tree: &mut Value<'_>) {
    let Some(state) = tree.object_mut() else { return };
    runs(state).for_each(own_run);
    own_run(state);
}

/// Says anew where the items of a state stand, after some were put among them or changed.
pub fn place_items(state: &mut Object<'_>) {
    if let Some(records) = state.take("completedToolInvocations") {
        state.take("completedToolInvocationEvidence");
        state.take("ambiguousToolInvocationCallIds");
        let observed = observed(state.get("generatedItems"), Some(records));
        ledger(state, observed);
    }
    if let Some(results) = state.take(OWNERSHIP).and_then(|block| block.member(RESULTS)) {
        own_run(state);
        let block = state.get_mut(OWNERSHIP).and_then(Value::object_mut);
        block.into_iter().for_each(|block| block.set(RESULTS, results.clone()));
    }
}

const OWNERSHIP: &str = "currentResponseGeneratedItemOwnership";
const RESULTS: &str = "toolOutputGuardrailResultStartIndex";

fn own_run(state: &mut Object<'_>) {
    let is_silent = state.get(OWNERSHIP).is_none_or(Value::is_null);
    if let Some(block) = is_silent.then(|| block(state)).flatten() {
        state.place(OWNERSHIP, &["generatedItems"], block);
        if !is_taken(state) {
            state.take(OWNERSHIP);
        }
    }
}

fn block<'d>(state: &Object<'_>) -> Option<Object<'d>> {
    const WORDS: Words =
        Words { items: "generatedItems", step: "currentStep", processed: ["lastProcessedResponse", "newItems"] };
    let Boundary { start, end, questions } = boundary(state, &WORDS)?;
    let number = |at: usize| Value::integer(at as u64);
    let results = state.get("toolOutputGuardrailResults").map_or(0, |results| results.elements().len());
    Some(
        Object::new()
            .with("generatedItemStartIndex", number(start))
            .with("generatedItemEndIndexExclusive", number(end))
            .with("interruptionGeneratedItemIndexes", Value::List(questions.into_iter().map(number).collect()))
            .with(RESULTS, number(results)),
    )
}

/// Whether the SDK takes the block: it compares items as they are written, and refuses the state with any other.
fn is_taken(state: &Object<'_>) -> bool {
    const SEEN: [&str; 7] = [
        "$schemaVersion",
        "modelResponses",
        "toolOutputGuardrailResults",
        "currentStep",
        "lastModelResponse",
        "generatedItems",
        "lastProcessedResponse",
    ];
    let seen = SEEN.iter().chain([&OWNERSHIP]).filter_map(|key| Some((Key::Known(key), state.get(key)?.clone())));
    let mut out = Writer::new(Style::TypeScript);
    Value::Object(seen.collect()).write(&mut out);
    // What a writer has written is JSON.
    let Ok(doc) = Document::parse(out.finish()) else { return false };
    let mut cx = Reader::new(&doc, Dialect::TypeScript, 22);
    State::read_from(doc.root(), &mut cx).is_some_and(|state| owns(&state, &mut cx))
}

/// The agents of the calls that wait, by the ids of the calls.
fn asked(state: &Object<'_>) -> HashMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut agents: HashMap<Vec<u8>, Vec<Vec<u8>>> = HashMap::default();
    let items = state.get("currentStep").and_then(|step| step.at(&["data", "interruptions"]));
    for item in items.map_or_else(Vec::new, Value::into_elements) {
        let agent = item.member("agent").and_then(|agent| agent.member("identity").or_else(|| agent.member("name")));
        // A request of a hosted MCP server has an id of its own instead of a call's.
        let id = item.at(&["rawItem", "callId"]).or_else(|| item.at(&["rawItem", "providerData", "id"]));
        if let Some((id, agent)) = id.or_else(|| item.at(&["rawItem", "id"])).zip(agent)
            && let Some((id, agent)) = id.wtf8().zip(agent.wtf8())
        {
            agents.entry(id.into_owned()).or_default().push(agent.into_owned());
        }
    }
    agents
}

/// What the history says of its calls, in which the tools of some have names.
fn observed<'d>(items: Option<&Value<'d>>, named: Option<Value<'d>>) -> Vec<Observed> {
    let Some(items) = items else { return Vec::new() };
    let mut out = Writer::new(Style::TypeScript);
    let items = parallel::map(items.elements(), |item| seen(&item));
    let state = Object::new()
        .with("$schemaVersion", Value::text("1.22"))
        .with("generatedItems", Value::List(items))
        .with("completedToolInvocations", named);
    Value::Object(state).write(&mut out);
    // What a writer has written is JSON.
    let Ok(doc) = Document::parse(out.finish()) else { return Vec::new() };
    let mut cx = Reader::new(&doc, Dialect::TypeScript, 22);
    match State::read_from(doc.root(), &mut cx) {
        Some(state) => observe(&state, &mut cx),
        None => Vec::new(),
    }
}

/// An item without the output of a function, which may be long and says nothing about the call.
fn seen<'d>(item: &Value<'d>) -> Value<'d> {
    if !item.get("type").is_some_and(|kind| kind.is("tool_call_output_item")) {
        return item.clone();
    }
    let Some(mut seen) = item.without(&["output", "rawItem"]) else { return Value::NULL };
    seen.set("output", Value::text(""));
    if let Some(raw) = item.get("rawItem") {
        let is_function = raw.get("type").is_some_and(|kind| kind.is("function_call_result"));
        let cut = raw.without(&["output"]).filter(|_| is_function);
        let cut = cut.map(|raw| raw.with("output", Value::text("")));
        seen.set("rawItem", cut.map_or_else(|| raw.into_owned(), Value::Object));
    }
    seen.into()
}

/// The members of one agent's records.
type Records<'d> = Vec<(Key<'d>, Value<'d>)>;

/// Records by agent, in the order in which they came up.
struct ByAgent<'d> {
    agents: Vec<(Vec<u8>, Records<'d>)>,
    places: HashMap<Vec<u8>, usize>,
}

impl<'d> ByAgent<'d> {
    fn new() -> Self {
        Self { agents: Vec::new(), places: HashMap::default() }
    }

    fn of(&mut self, agent: &[u8]) -> &mut Records<'d> {
        let at = *self.places.entry(agent.to_vec()).or_insert(self.agents.len());
        if at == self.agents.len() {
            self.agents.push((agent.to_vec(), Vec::new()));
        }
        &mut self.agents[at].1
    }

    fn into_list(self) -> Value<'d> {
        let entries = self.agents.into_iter().map(|(agent, records)| {
            Object::new()
                .with("agentIdentity", Value::from(agent))
                .with("invocations", Value::Object(in_order(records)))
                .into()
        });
        Value::List(entries.collect())
    }
}

/// The records of finished calls.
fn ledger<'d>(state: &mut Object<'d>, observed: Vec<Observed>) {
    let (mut completed, mut evidence) = (ByAgent::new(), ByAgent::new());
    let mut ambiguous: Vec<(Vec<u8>, Vec<Value<'d>>)> = Vec::new();
    for call in &observed {
        if call.ambiguous {
            match ambiguous.iter_mut().find(|(agent, _)| *agent == call.agent) {
                Some((_, ids)) => ids.push(Value::from(call.id.clone())),
                None => ambiguous.push((call.agent.clone(), vec![Value::from(call.id.clone())])),
            }
        }
    }
    let mut finished: Vec<Observed> = observed.into_iter().filter(|call| call.completed.is_some()).collect();
    finished.sort_by_key(|call| call.completed.as_ref().map(|(.., output)| *output));
    for Observed { agent, id, completed: own, .. } in finished {
        let Some((text, call, output)) = own else { continue };
        let place = |at: usize| Object::new().with("generatedItemIndex", Value::integer(at as u64)).into();
        let proof = Object::new()
            .with("fingerprint", Value::from(text.clone()))
            .with("items", Value::List(vec![place(call), place(output)]));
        completed.of(&agent).push((Key::Made(id.clone()), Value::from(text)));
        evidence.of(&agent).push((Key::Made(id), proof.into()));
    }
    let ambiguous = ambiguous.into_iter().map(|(agent, ids)| {
        Object::new().with("agentIdentity", Value::from(agent)).with("callIds", Value::List(ids)).into()
    });
    let behind = ["currentTurnSessionInputItems", "currentTurnPersistedItemCount", "lastProcessedResponse"];
    state.place("completedToolInvocations", &behind, completed.into_list());
    state.place("completedToolInvocationEvidence", &["completedToolInvocations"], evidence.into_list());
    let behind = ["completedToolInvocationEvidence"];
    state.place("ambiguousToolInvocationCallIds", &behind, Value::List(ambiguous.collect()));
}

/// Binds every decision about a single call to the call.
fn bind<'d>(context: &mut Object<'d>, prints: &Prints, account: &Account<'d>) {
    let mut bound = ByAgent::new();
    let mut seen: HashSet<(Vec<u8>, Vec<u8>)> = HashSet::default();
    let mut singles: Vec<(Vec<u8>, Key<'d>, Value<'d>)> = Vec::new();
    if has_calls(context.get("functionApprovals"))
        && let Some(entries) = context.get_mut("functionApprovals")
    {
        for entry in entries.elements_mut() {
            let Some(agent) = entry.member("agentIdentity").and_then(|agent| agent.wtf8()) else { continue };
            let records = entry.object_mut().and_then(|entry| entry.get_mut("approvals")?.object_mut());
            for (_, record) in records.into_iter().flat_map(Object::members_mut) {
                keep(record, account, |id| {
                    let owners = prints.get(id)?;
                    let (_, text) = owners.iter().find(|(own, _)| **own == *agent)?;
                    if seen.insert((agent.to_vec(), id.to_vec())) {
                        bound.of(&agent).push((Key::Made(id.to_vec()), Value::from(text.clone())));
                    }
                    Some(())
                });
            }
        }
    }
    for member in ["approvals", "hostedMcpApprovals"] {
        if !has_calls(context.get(member)) {
            continue;
        }
        let Some(records) = context.get_mut(member).and_then(Value::object_mut) else { continue };
        for (name, record) in records.members_mut() {
            let mut owners: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
            keep(record, account, |id| {
                let (agent, text) = prints.get(id)?.first()?;
                if seen.insert((agent.clone(), id.to_vec())) {
                    bound.of(agent).push((Key::Made(id.to_vec()), Value::from(text.clone())));
                }
                owners.push((agent.clone(), id.to_vec()));
                Some(())
            });
            let mut agents: Vec<&[u8]> = Vec::new();
            for (agent, _) in &owners {
                if !agents.contains(&&agent[..]) {
                    agents.push(agent);
                }
            }
            for agent in agents {
                let mine: HashSet<&[u8]> =
                    owners.iter().filter(|(own, _)| own == agent).map(|(_, id)| &id[..]).collect();
                singles.push((agent.to_vec(), name.clone(), single(record, &mine)));
            }
        }
    }
    let mut list = bound.into_list();
    for entry in list.elements_mut() {
        let Some(entry) = entry.object_mut() else { continue };
        let agent = entry.get("agentIdentity").and_then(Value::wtf8).unwrap_or_default();
        let own = singles.iter().filter(|(owner, ..)| **owner == *agent);
        let own: Object<'d> = own.map(|(_, name, record)| (name.clone(), record.clone())).collect();
        entry.push(Key::Known("approvals"), own);
    }
    let behind = ["legacyFunctionApprovals", "functionApprovals", "hostedMcpApprovals", "approvals", "usage"];
    context.place("approvalInvocations", &behind, list);
}

/// Whether there may be decisions about single calls in records.
fn has_calls(records: Option<&Value<'_>>) -> bool {
    records.is_some_and(|records| !records.is_null() && !records.is_empty())
}

/// Keeps the decisions about calls that are there.
fn keep<'d>(record: &mut Value<'d>, account: &Account<'d>, mut bound: impl FnMut(&[u8]) -> Option<()>) {
    for half in ["approved", "rejected"] {
        let ids = record.member(half).filter(|ids| ids.kind() == Kind::Array);
        let Some(ids) = ids.filter(|ids| !ids.is_empty()) else { continue };
        let before = ids.clone().into_elements();
        let (kept, void): (Vec<_>, Vec<_>) =
            before.into_iter().partition(|id| id.wtf8().is_some_and(|id| bound(&id).is_some()));
        if void.is_empty() {
            continue;
        }
        for id in &void {
            let reason =
                "the call is nowhere in the state: the decision cannot be bound to it, and nothing waits for it";
            account.lost(Level::Bookkeeping, id, reason);
        }
        if let Some(record) = record.object_mut() {
            if let Some(own) = record.get_mut(half) {
                *own = Value::List(kept);
            }
            let spoken = record.get_mut("messages").and_then(Value::object_mut);
            if let Some(messages) = spoken {
                let void: HashSet<_> = void.iter().filter_map(Value::wtf8).collect();
                messages.members_mut().retain(|(key, value)| {
                    let kept = !void.contains(&key.wtf8());
                    if !kept {
                        account.lost(
                            Level::Bookkeeping,
                            value,
                            "what the model is told of a call that is nowhere in the state",
                        );
                    }
                    kept
                });
                if record.get("messages").is_some_and(Value::is_empty) {
                    record.take("messages");
                }
            }
        }
    }
}

/// The part of a record that is about single calls of one agent.
fn single<'d>(record: &Value<'d>, mine: &HashSet<&[u8]>) -> Value<'d> {
    let is_mine = |id: &[u8]| mine.contains(id);
    let half = |key: &str| {
        let ids =
            record.member(key).filter(|ids| ids.kind() == Kind::Array).map_or_else(Vec::new, Value::into_elements);
        Value::List(ids.into_iter().filter(|id| id.wtf8().is_some_and(|id| is_mine(&id))).collect())
    };
    let messages = record.member("messages").and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
    let messages: Object<'d> = messages.into_iter().filter(|(key, _)| is_mine(&key.wtf8())).collect();
    Object::new()
        .with("approved", half("approved"))
        .with("rejected", half("rejected"))
        .with("messages", (!messages.is_empty()).then_some(Value::Object(messages)))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_items_stand_is_said_anew() {
        let text = std::fs::read("fixtures/typescript/1.22/chat_parallel.json").expect("the fixture is there");
        let doc = Document::parse(text).expect("it is JSON");
        let evidence = |state: &Object<'_>| {
            let mut out = Writer::new(Style::TypeScript);
            state.get("completedToolInvocationEvidence").expect("a call is finished").write(&mut out);
            String::from_utf8(out.finish()).expect("it is text")
        };
        let mut state = Object::of(doc.root()).expect("it is an object");
        let before = evidence(&state);
        for moved in [true, false] {
            state.get_mut("generatedItems").expect("there are items").elements_mut().swap(0, 1);
            place_items(&mut state);
            assert_eq!(evidence(&state) != before, moved);
        }
    }

    #[test]
    fn who_asks_is_known_of_requests_of_hosted_servers_too() {
        let asks = |raw: &str| {
            let text = format!(
                r#"{{"currentStep": {{"data": {{"interruptions": [
                    {{"agent": {{"name": "Bank", "identity": "Bank#2"}}, "rawItem": {raw}}}]}}}}}}"#
            );
            let doc = Document::parse(text.into_bytes()).expect("it is JSON");
            let state = Object::of(doc.root()).expect("it is an object");
            asked(&state).into_iter().map(|(id, agents)| (id, agents.concat())).next()
        };
        let found = |id: &str| Some((id.as_bytes().to_vec(), b"Bank#2".to_vec()));
        assert_eq!(asks(r#"{"type": "function_call", "callId": "call_1", "id": "fc_1"}"#), found("call_1"));
        assert_eq!(asks(r#"{"type": "hosted_tool_call", "id": "mcpr_1"}"#), found("mcpr_1"));
        assert_eq!(asks(r#"{"type": "hosted_tool_call", "providerData": {"id": "mcpr_1"}}"#), found("mcpr_1"));
    }
}
