//! Where labels keep decisions: by the name of the tool, or by whose tool it is, each with what the label can say.

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::state::{Decided, Record, ToolKey};
use crate::model::{Account, Level, Named, Spelling, UNHEEDED, found, index};

use super::lower::record as lower_record;
use super::{in_order, key_of_tool, runs, tool_of_call, tool_of_key};

type Members<'d> = Vec<(Key<'d>, Value<'d>)>;

const SPELLING: Spelling = Spelling { messages: "messages", standing_message: "stickyRejectMessage", scope: None };

/// A call, as the state shows it.
struct Call<'d> {
    /// The identity of the agent that calls.
    agent: Vec<u8>,
    id: Value<'d>,
    tool: Tool<'d>,
    /// Whether it waits for a decision.
    waits: bool,
}

enum Tool<'d> {
    Function(ToolKey<'d>),
    Hosted { server: Vec<u8>, name: Vec<u8> },
    Named(Vec<u8>),
}

impl<'d> Call<'d> {
    fn of(item: &Value<'d>, waits: bool, deferred: &HashSet<Vec<u8>>) -> Option<Self> {
        let raw = item.member("rawItem")?;
        let agent = item.member("agent")?;
        let text = |value: Option<Value<'d>>| value.filter(|value| value.kind() == Kind::String && !value.is(""));
        let agent = text(agent.member("identity")).or_else(|| text(agent.member("name")))?.wtf8()?.into_owned();
        let kind = raw.member("type")?;
        if kind.is("function_call") {
            let stated = text(item.member("functionToolStateKey")).and_then(|key| tool_of_key(&key.wtf8()?));
            let tool = Tool::Function(stated.or_else(|| called(&raw, deferred))?);
            return Some(Self { agent, id: text(raw.member("callId"))?, tool, waits });
        }
        if kind.is("hosted_tool_call") {
            let data = raw.member("providerData")?;
            let known = |key: &str| text(data.member(key));
            let server = known("server_label").or_else(|| known("serverLabel"))?;
            let own = text(raw.member("name")).filter(|name| !name.is("mcp_approval_request"));
            let name = known("name").or(own)?;
            let id = known("id").or_else(|| known("itemId")).or_else(|| text(raw.member("id")))?;
            let (server, name) = (server.wtf8()?.into_owned(), name.wtf8()?.into_owned());
            return Some(Self { agent, id, tool: Tool::Hosted { server, name }, waits });
        }
        let usual = ["computer", "shell", "apply_patch"];
        let usual = usual
            .into_iter()
            .find(|name| kind.wtf8().is_some_and(|kind| kind.strip_suffix(b"_call") == Some(name.as_bytes())))?;
        let name = text(item.member("toolName"))
            .map_or(usual.as_bytes().to_vec(), |name| name.wtf8().unwrap_or_default().into_owned());
        Some(Self { agent, id: text(raw.member("callId"))?, tool: Tool::Named(name), waits })
    }

    /// The names under which old labels keep decisions about the call.
    fn names(&self) -> Vec<Vec<u8>> {
        match &self.tool {
            Tool::Function(tool) => vec![legacy_name(tool)],
            Tool::Named(name) if computer(name) == COMPUTER[0] => COMPUTER.map(Vec::from).into(),
            Tool::Hosted { name, .. } | Tool::Named(name) => vec![name.clone()],
        }
    }

    fn id(&self) -> Vec<u8> {
        self.id.wtf8().unwrap_or_default().into_owned()
    }

    /// The agent and the key of the function.
    fn function(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match &self.tool {
            Tool::Function(tool) => Some((self.agent.clone(), key_of_tool(tool))),
            _ => None,
        }
    }

    /// The key of the hosted tool.
    fn hosted(&self) -> Option<Vec<u8>> {
        match &self.tool {
            Tool::Hosted { server, name } => Some(crate::typescript::ToolKey::text(&[b"hosted_mcp", server, name])),
            _ => None,
        }
    }
}

fn ids(calls: &[&Call<'_>]) -> HashSet<Vec<u8>> {
    calls.iter().map(|call| call.id()).collect()
}

/// The ids of the calls that wait.
fn waiting<'d>(calls: &[&Call<'d>]) -> Vec<Value<'d>> {
    calls.iter().filter(|call| call.waits).map(|call| call.id.clone()).collect()
}

/// What a call of a function is found by, when these tools are loaded late.
pub(super) fn called<'d>(call: &Value<'d>, deferred: &HashSet<Vec<u8>>) -> Option<ToolKey<'d>> {
    match tool_of_call(call)? {
        ToolKey::Bare(name) if name.wtf8().is_some_and(|name| deferred.contains(&*name)) => {
            Some(ToolKey::Deferred(name))
        }
        tool => Some(tool),
    }
}

/// The tools that are loaded when they are searched for, as the searches and the calls say.
pub(super) fn deferred(state: &Object<'_>) -> HashSet<Vec<u8>> {
    let mut names = HashSet::default();
    let mut add = |tool: &Value<'_>| {
        if tool.member("deferLoading").and_then(|own| own.as_bool()) == Some(true)
            && let Some(name) = tool.member("name").and_then(|name| name.wtf8())
        {
            names.insert(name.into_owned());
        }
    };
    for item in state.get("generatedItems").cloned().map_or_else(Vec::new, Value::into_elements) {
        let raw = item.member("rawItem").filter(|_| item.is_type("tool_search_output_item"));
        raw.and_then(|raw| raw.member("tools")).map_or_else(Vec::new, Value::into_elements).iter().for_each(&mut add);
    }
    let functions = state.get("lastProcessedResponse").and_then(|processed| processed.member("functions"));
    for action in functions.map_or_else(Vec::new, Value::into_elements) {
        action.member("tool").iter().for_each(&mut add);
    }
    names
}

/// The names of the computer tool.
const COMPUTER: [&[u8]; 2] = [b"computer", b"computer_use_preview"];

/// The first of the names that a tool has.
fn computer(name: &[u8]) -> &[u8] {
    if name == COMPUTER[1] { COMPUTER[0] } else { name }
}

/// The name that old labels called a function by.
pub(super) fn legacy_name(tool: &ToolKey<'_>) -> Vec<u8> {
    let text = |value: &Value<'_>| value.wtf8().unwrap_or_default().into_owned();
    match tool {
        ToolKey::Bare(name) | ToolKey::Deferred(name) => text(name),
        ToolKey::Namespaced(namespace, name) => [text(namespace), b".".to_vec(), text(name)].concat(),
    }
}

/// The calls of a run and of the runs within it.
fn calls<'d>(state: &mut Object<'d>) -> Vec<Call<'d>> {
    let mut calls: Vec<Call<'d>> = Vec::new();
    let late = deferred(state);
    let data = state.get("currentStep").and_then(|step| step.member("data"));
    let list = |value: Option<Value<'d>>| value.map_or_else(Vec::new, Value::into_elements);
    let waiting = list(data.and_then(|data| data.member("interruptions")));
    calls.extend(waiting.iter().filter_map(|item| Call::of(item, true, &late)));
    let new = state.get("lastProcessedResponse").and_then(|processed| processed.member("newItems"));
    for item in list(state.get("generatedItems").cloned()).iter().chain(&list(new)) {
        calls.extend(Call::of(item, false, &late));
    }
    // What waits in runs within it stands in the run itself, too, by the identity that the agent has here.
    let waiting: HashSet<Vec<u8>> =
        calls.iter().filter(|call| call.waits).filter_map(|call| Some(call.id.wtf8()?.into_owned())).collect();
    for run in runs(state) {
        let inner = self::calls(run).into_iter();
        calls.extend(inner.filter(|call| call.id.wtf8().is_none_or(|id| !waiting.contains(&*id))));
    }
    calls
}

fn context<'s, 'd>(state: &'s mut Object<'d>) -> Option<&'s mut Object<'d>> {
    state.get_mut("context").and_then(Value::object_mut)
}

fn take<'d>(state: &mut Object<'d>, key: &str) -> Option<Value<'d>> {
    context(state)?.take_filled(key)
}

fn take_records<'d>(state: &mut Object<'d>, key: &str) -> Vec<(Key<'d>, Value<'d>)> {
    take(state, key).and_then(Value::into_object).map_or_else(Vec::new, Object::into_members)
}

fn put_records<'d>(state: &mut Object<'d>, key: &'static str, records: Vec<(Key<'d>, Value<'d>)>) {
    let behind: &[&str] = match key {
        "approvals" => &["usage"],
        "hostedMcpApprovals" => &["approvals"],
        _ => &["functionApprovals", "hostedMcpApprovals", "approvals"],
    };
    if let Some(context) = context(state)
        && (key == "approvals" || !records.is_empty())
    {
        context.place(key, behind, in_order(records));
    }
}

fn has_decisions(state: &Object<'_>, members: &[&str]) -> bool {
    let context = state.get("context");
    members
        .iter()
        .any(|key| context.and_then(|context| context.member(key)).is_some_and(|own| !own.is_null() && !own.is_empty()))
}

/// The records under their names as they are written.
fn lowered<'d>(records: Named<'d>, account: &Account<'d>) -> Members<'d> {
    records.finish(SPELLING, account, |record, _| lower_record(record))
}

/// Decisions about single calls of tools that are no functions count where they stand with the agent, from label 1.18 on:
/// the records by tool, where a later decision for all calls wipes them out, say only what holds for all calls.
pub(super) fn with_singles<'d>(context: &mut Object<'d>) {
    let mut singles: Vec<(Vec<u8>, Record<'d>)> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::default();
    for entry in context.get("approvalInvocations").cloned().map_or_else(Vec::new, Value::into_elements) {
        let members =
            |key: &str| entry.member(key).and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
        let bound: HashSet<Vec<u8>> = members("invocations").iter().map(|(id, _)| id.wtf8().into_owned()).collect();
        for (key, value) in members("approvals") {
            let record = Record::read(value, SPELLING, &Account::default()).only(|id| bound.contains(id)).listed(&[]);
            let name = computer(&key.wtf8()).to_vec();
            match places.get(&name) {
                Some(&at) => singles[at].1.merge(record),
                None => {
                    places.insert(name.clone(), singles.len());
                    singles.push((name, record));
                }
            }
        }
    }
    singles.retain(|(_, record)| !record.is_empty());
    let (hosted, others) = singles.into_iter().partition(|(name, _)| super::lift::hosted_key(name).is_some());
    // Of what is said about a single rejection, the SDK tells a hosted server alone; the model only what stands by tool.
    put_singles(context, "approvals", others, false);
    put_singles(context, "hostedMcpApprovals", hosted, true);
}

fn put_singles<'d>(
    context: &mut Object<'d>,
    member: &'static str,
    singles: Vec<(Vec<u8>, Record<'d>)>,
    tells_singles: bool,
) {
    if singles.is_empty() {
        return;
    }
    if context.get(member).is_none_or(Value::is_null) {
        context.place(member, &["approvals", "usage"], Object::new());
    }
    let Some(records) = context.get_mut(member).and_then(Value::object_mut) else { return };
    let mut places: HashMap<Vec<u8>, usize> = HashMap::default();
    for (at, (key, _)) in records.members_mut().iter().enumerate() {
        places.entry(computer(&key.wtf8()).to_vec()).or_insert(at);
    }
    for (name, mut single) in singles {
        let Some(&at) = places.get(&name) else {
            records.push(Key::Made(name), lower_record(single));
            continue;
        };
        let value = &mut records.members_mut()[at].1;
        let own = Record::read(value.clone(), SPELLING, &Account::default());
        if !says(&own.approved, &single.approved) || !says(&own.rejected, &single.rejected) {
            single.origin = own.origin;
            if !tells_singles {
                single.messages.clear();
            }
            single.merge(own);
            *value = lower_record(single);
        }
    }
}

/// Whether calls that are decided one by one are among others that are.
fn says(half: &Decided<'_>, single: &Decided<'_>) -> bool {
    let Decided::Calls(ids) = single else { return false };
    match half {
        Decided::Always => true,
        Decided::Calls(own) => {
            let own: HashSet<_> = own.iter().map(Value::wtf8).collect();
            ids.iter().all(|id| own.contains(&id.wtf8()))
        }
    }
}

/// Functions' decisions by name become those of the agents whose calls they are; standing ones keep their reach.
pub(super) fn own_functions<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let mut kept: Members<'d> = Vec::new();
    let mut legacy: Members<'d> = Vec::new();
    let mut owned: Vec<(Vec<u8>, Named<'d>)> = Vec::new();
    let mut agents: HashMap<Vec<u8>, usize> = HashMap::default();
    for (name, value) in take_records(state, "approvals") {
        let mine = found(&by_name, &name.wtf8().into_owned());
        let is_function = |call: &&&Call<'d>| matches!(call.tool, Tool::Function(_));
        let functions: Vec<&Call<'d>> = mine.iter().filter(is_function).copied().collect();
        if functions.is_empty() {
            kept.push((name, value));
            continue;
        }
        let record = Record::read(value.clone(), SPELLING, account);
        for (call, part) in record.by(functions.iter().map(|call| (*call, call.function(), Some(call.id())))) {
            let Some((agent, key)) = call.function() else { continue };
            let at = *agents.entry(agent.clone()).or_insert(owned.len());
            if at == owned.len() {
                owned.push((agent, Named::new(Vec::new())));
            }
            owned[at].1.add(key, Record { standing_message: None, ..part.listed(&[]) });
        }
        if record.is_standing() {
            // Single decisions stay beside it: they win over it.
            legacy.push((name.clone(), value.clone()));
        } else if mine.len() == functions.len() {
            let known = ids(&functions);
            record.void(|id| known.contains(id), account);
        }
        if mine.len() > functions.len() {
            kept.push((name, value));
        }
    }
    put_records(state, "approvals", kept);
    let owned: Vec<Value<'d>> = owned
        .into_iter()
        .map(|(agent, records)| (agent, lowered(records, account)))
        .filter(|(_, records)| !records.is_empty())
        .map(|(agent, records)| {
            Object::new()
                .with("agentIdentity", Value::from(agent))
                .with("approvals", Value::Object(in_order(records)))
                .into()
        })
        .collect();
    if !owned.is_empty()
        && let Some(context) = context(state)
    {
        context.place("functionApprovals", &["hostedMcpApprovals", "approvals"], Value::List(owned));
    }
    put_records(state, "legacyFunctionApprovals", legacy);
}

/// The reverse: by name, single calls only. What an agent may always do, others may not.
pub(super) fn name_functions<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["functionApprovals", "legacyFunctionApprovals"]) {
        return;
    }
    let calls = calls(state);
    let by_function = index(&calls, |call| call.function().into_iter().collect());
    let mut records = Named::new(take_records(state, "approvals"));
    for entry in take(state, "functionApprovals").map_or_else(Vec::new, Value::into_elements) {
        let Some(agent) = entry.member("agentIdentity").and_then(|agent| agent.wtf8()) else {
            account.lost(Level::Bookkeeping, &entry, UNHEEDED);
            continue;
        };
        let own = entry.member("approvals").and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
        for (key, value) in own {
            let Some(tool) = tool_of_key(&key.wtf8()) else {
                account.lost(Level::Bookkeeping, &value, UNHEEDED);
                continue;
            };
            let mine = found(&by_function, &(agent.clone().into_owned(), key.wtf8().into_owned()));
            let known = ids(mine);
            let record = Record::read(value.clone(), SPELLING, account);
            let record = record.heeded(&value, |id| known.contains(id), account);
            records.add(legacy_name(&tool), record.narrowed(&waiting(mine), account));
        }
    }
    for (name, value) in take_records(state, "legacyFunctionApprovals") {
        records.add(name.wtf8().into_owned(), Record::read(value, SPELLING, account));
    }
    put_records(state, "approvals", lowered(records, account));
}

/// Decisions about hosted MCP tools by name become those of the servers that asked.
pub(super) fn own_hosted<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let mut kept: Members<'d> = Vec::new();
    let mut owned = Named::new(Vec::new());
    for (name, value) in take_records(state, "approvals") {
        let mine = found(&by_name, &name.wtf8().into_owned());
        let is_hosted = |call: &&&Call<'d>| matches!(call.tool, Tool::Hosted { .. });
        let requests: Vec<&Call<'d>> = mine.iter().filter(is_hosted).copied().collect();
        if requests.is_empty() {
            kept.push((name, value));
            continue;
        }
        let record = Record::read(value.clone(), SPELLING, account);
        for (call, part) in record.by(requests.iter().map(|call| (*call, call.hosted(), Some(call.id())))) {
            owned.add(call.hosted().unwrap_or_default(), part);
        }
        if record.is_standing() {
            let reason = "the decision is given to the servers that have asked; others will ask";
            account.note(codes::NARROWED, Level::Bookkeeping, record.origin, reason);
        }
        if mine.len() > requests.len() {
            kept.push((name, value));
        } else {
            let known = ids(&requests);
            record.void(|id| known.contains(id), account);
        }
    }
    put_records(state, "approvals", kept);
    put_records(state, "hostedMcpApprovals", lowered(owned, account));
}

/// The reverse: by name, single requests only. What one server may always do, others may not.
pub(super) fn name_hosted<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["hostedMcpApprovals"]) {
        return;
    }
    let calls = calls(state);
    let by_key = index(&calls, |call| call.hosted().into_iter().collect());
    let mut records = Named::new(take_records(state, "approvals"));
    for (key, value) in take_records(state, "hostedMcpApprovals") {
        let mine = found(&by_key, &key.wtf8().into_owned());
        let known = ids(mine);
        let record = Record::read(value.clone(), SPELLING, account);
        let record = record.heeded(&value, |id| known.contains(id), account);
        let record = record.narrowed(&waiting(mine), account);
        let Some((_, name)) = super::lift::hosted_key(&key.wtf8()) else {
            record.origin.into_iter().for_each(|node| account.lost(Level::Bookkeeping, &Value::Node(node), UNHEEDED));
            continue;
        };
        records.add(name.wtf8().unwrap_or_default().into_owned(), record);
    }
    put_records(state, "approvals", lowered(records, account));
}

/// From here on single decisions win over standing ones. What a standing one overruled is no decision.
pub(super) fn exact_first<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    each_record(state, account, |record, waiting, account| record.exact_first(waiting, account));
}

/// Before it standing decisions win: where single calls are decided otherwise, only lists say so.
pub(super) fn standing_first<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    each_record(state, account, |record, waiting, account| record.narrowed(waiting, account));
}

/// Changes every record in which single calls are decided otherwise than all others.
fn each_record<'d>(
    state: &mut Object<'d>,
    account: &Account<'d>,
    change: impl Fn(Record<'d>, &[Value<'d>], &Account<'d>) -> Record<'d>,
) {
    let maps = ["approvals", "hostedMcpApprovals", "legacyFunctionApprovals"];
    if !has_decisions(state, &maps) && !has_decisions(state, &["functionApprovals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let by_key = index(&calls, |call| call.hosted().into_iter().collect());
    let by_function = index(&calls, |call| call.function().into_iter().collect());
    let changed = |value: &mut Value<'d>, covered: &[&Call<'d>]| {
        let record = Record::read(value.clone(), SPELLING, &Account::default());
        if record.has_exceptions() {
            let record = Record::read(value.clone(), SPELLING, account);
            *value = lower_record(change(record, &waiting(covered), account));
        }
    };
    let Some(context) = context(state) else { return };
    for member in maps {
        let Some(records) = context.get_mut(member).and_then(Value::object_mut) else { continue };
        for (name, value) in records.members_mut() {
            let name = name.wtf8().into_owned();
            let known = if member == "hostedMcpApprovals" { &by_key } else { &by_name };
            changed(value, found(known, &name));
        }
    }
    let Some(entries) = context.get_mut("functionApprovals") else { return };
    for entry in entries.elements_mut() {
        let agent = entry.member("agentIdentity").and_then(|agent| agent.wtf8()).unwrap_or_default().into_owned();
        let records = entry.object_mut().and_then(|entry| entry.get_mut("approvals")?.object_mut());
        for (key, value) in records.into_iter().flat_map(Object::members_mut) {
            changed(value, found(&by_function, &(agent.clone(), key.wtf8().into_owned())));
        }
    }
}
