//! Where labels keep decisions: by the name of the tool, or by whose tool it is, each with what the label can say.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::OWN;
use crate::model::state::{Record, ToolKey};
use crate::model::{Account, Level, Named, Spelling, UNHEEDED, found, index};
use crate::python::invocation::{Scoped, standing_scope};

use super::lower::{self, lower_record};

const SPELLING: Spelling = Spelling {
    messages: "rejection_messages",
    standing_message: "sticky_rejection_message",
    scope: Some("sticky_scope"),
};

/// The start of the keys for decisions about patches of several tools (0.23.1 on).
const SCOPED_PATCH: &[u8] = b"apply_patch:";

/// A call, as the state shows it.
struct Call<'d> {
    /// The identity of the agent that calls.
    agent: Value<'d>,
    /// The reference to that agent.
    reference: Value<'d>,
    id: Value<'d>,
    tool: Tool<'d>,
    /// Whether it waits for a decision.
    waits: bool,
}

enum Tool<'d> {
    Function(ToolKey<'d>),
    Hosted { server: Value<'d>, name: Value<'d> },
    Named { kind: &'static str, name: Value<'d> },
}

impl<'d> Call<'d> {
    fn of(item: &Value<'d>, waits: bool) -> Option<Self> {
        let raw = item.member("raw_item")?;
        let reference = item.member("agent").filter(|agent| !agent.is_null())?;
        let agent = match reference.member("identity").filter(|own| own.kind() == Kind::String) {
            Some(identity) => identity,
            None => reference.member("name").unwrap_or_else(|| reference.clone()),
        };
        let text = |value: Option<Value<'d>>| value.filter(|value| value.kind() == Kind::String && !value.is(""));
        let kind = raw.member("type")?;
        if kind.is("mcp_approval_request") {
            let tool = Tool::Hosted { server: text(raw.member("server_label"))?, name: text(raw.member("name"))? };
            return Some(Self { agent, reference, id: text(raw.member("id"))?, tool, waits });
        }
        let id = text(raw.member("call_id"))?;
        if kind.is("function_call") {
            let tool = lower::own_key(&raw);
            let stated = item.member("tool_lookup_key").filter(|_| waits);
            let deferred = stated.as_ref().and_then(|key| key.member("kind"));
            let tool = match (tool, deferred) {
                (Some(ToolKey::Bare(name)), Some(kind)) if kind.is("deferred_top_level") => ToolKey::Deferred(name),
                (tool, _) => tool?,
            };
            return Some(Self { agent, reference, id, tool: Tool::Function(tool), waits });
        }
        let kind = super::STANDING_KINDS.into_iter().find(|own| kind.is(own))?;
        let usual = match kind {
            "shell_call" => Some(Value::text("shell")),
            "local_shell_call" => Some(Value::text("local_shell")),
            "apply_patch_call" => Some(Value::text("apply_patch")),
            "computer_call" => Some(Value::text(lower::COMPUTER)),
            _ => None,
        };
        let name = text(item.member("tool_name")).or_else(|| text(raw.member("name"))).or(usual)?;
        Some(Self { agent, reference, id, tool: Tool::Named { kind, name }, waits })
    }

    /// The names under which old labels keep decisions about the call.
    fn names(&self) -> Vec<Vec<u8>> {
        match &self.tool {
            Tool::Function(tool @ ToolKey::Deferred(own)) => vec![text(own), text(&lower::tool_key(tool))],
            Tool::Function(tool) => vec![text(&lower::tool_key(tool))],
            Tool::Hosted { name, .. } | Tool::Named { name, .. } => vec![text(name)],
        }
    }

    fn id(&self) -> Vec<u8> {
        text(&self.id)
    }

    /// The agent and the key of the function.
    fn function(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match &self.tool {
            Tool::Function(tool) => Some((text(&self.agent), text(&lower::tool_key(tool)))),
            _ => None,
        }
    }

    /// The server and the name of the hosted tool.
    fn hosted(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match &self.tool {
            Tool::Hosted { server, name } => Some((text(server), text(name))),
            _ => None,
        }
    }

    fn scope(&self) -> Option<String> {
        let text = |value: &Value<'d>| value.wtf8().unwrap_or_default();
        match &self.tool {
            Tool::Function(tool) => standing_scope(Scoped::Function(tool)),
            Tool::Hosted { server, name } => {
                standing_scope(Scoped::Hosted { server: &text(server), name: &text(name) })
            }
            Tool::Named { kind, name } => standing_scope(Scoped::Named { kind, name: &text(name) }),
        }
    }
}

fn text(value: &Value<'_>) -> Vec<u8> {
    value.wtf8().unwrap_or_default().into_owned()
}

fn ids(calls: &[&Call<'_>]) -> HashSet<Vec<u8>> {
    calls.iter().map(|call| call.id()).collect()
}

/// The ids of the calls that wait.
fn waiting<'d>(calls: &[&Call<'d>]) -> Vec<Value<'d>> {
    calls.iter().filter(|call| call.waits).map(|call| call.id.clone()).collect()
}

/// The calls of a run, those of the runs within it that wait included.
fn calls<'d>(state: &Object<'d>) -> Vec<Call<'d>> {
    let mut calls: Vec<Call<'d>> = Vec::new();
    let data = state.get("current_step").and_then(|step| step.member("data"));
    let waiting = data.and_then(|data| data.member("interruptions")).map_or_else(Vec::new, Value::into_elements);
    calls.extend(waiting.iter().filter_map(|item| Call::of(item, true)));
    let list = |value: Option<Value<'d>>| value.map_or_else(Vec::new, Value::into_elements);
    let new = state.get("last_processed_response").and_then(|processed| processed.member("new_items"));
    for item in list(state.get("generated_items").cloned()).iter().chain(&list(new)) {
        calls.extend(Call::of(item, false));
    }
    calls
}

fn context<'s, 'd>(state: &'s mut Object<'d>) -> Option<&'s mut Object<'d>> {
    state.get_mut("context").and_then(Value::object_mut)
}

/// The decisions by name, taken out.
fn take_named<'d>(state: &mut Object<'d>) -> Vec<(Key<'d>, Value<'d>)> {
    let approvals = context(state).and_then(|context| context.take("approvals"));
    approvals.and_then(Value::into_object).map_or_else(Vec::new, Object::into_members)
}

fn put_named<'d>(state: &mut Object<'d>, records: Vec<(Key<'d>, Value<'d>)>) {
    if let Some(context) = context(state) {
        context.place("approvals", &["usage"], records.into_iter().collect::<Object<'d>>());
    }
}

fn has_decisions(state: &Object<'_>, members: &[&str]) -> bool {
    let context = state.get("context");
    members
        .iter()
        .any(|key| context.and_then(|context| context.member(key)).is_some_and(|own| !own.is_null() && !own.is_empty()))
}

/// The records under their names as they are written, with the scopes that they have.
fn lowered<'d>(records: Named<'d>, account: &Account<'d>) -> Vec<(Key<'d>, Value<'d>)> {
    records.finish(SPELLING, account, |record, before| {
        let scope = before.and_then(|before| before.member("sticky_scope")?.wtf8());
        lower_record(record, scope.and_then(|scope| String::from_utf8(scope.into_owned()).ok()))
    })
}

/// Functions' decisions by name become those of the agents whose calls they are.
pub(super) fn own_functions<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let mut kept: Vec<(Key<'d>, Value<'d>)> = Vec::new();
    let mut owned: Vec<Value<'d>> = Vec::new();
    for (name, value) in take_named(state) {
        let mine = found(&by_name, &name.wtf8().into_owned());
        let is_function = |call: &&&Call<'d>| matches!(call.tool, Tool::Function(_));
        let functions: Vec<&Call<'d>> = mine.iter().filter(is_function).copied().collect();
        if functions.is_empty() {
            kept.push((name, value));
            continue;
        }
        let scope = value.member("sticky_scope").and_then(|scope| scope.wtf8());
        let record = Record::read(value.clone(), SPELLING, account);
        for (call, mut part) in record.by(functions.iter().map(|call| (*call, call.function(), Some(call.id())))) {
            let Tool::Function(tool) = &call.tool else { continue };
            let own = call.scope();
            // A standing decision holds for the tool that it was made on.
            if part.is_standing() && scope.as_deref() != own.as_deref().map(str::as_bytes) {
                part = part.listed(&[]);
            }
            if part.is_empty() {
                continue;
            }
            owned.push(
                Object::new()
                    .with("agent", call.reference.clone())
                    .with("tool_key", lower::tool_key(tool))
                    .with("decision", lower_record(part, own))
                    .into(),
            );
        }
        if record.is_standing() {
            let reason = "the decision is given to the agents that have called the tool; others will ask";
            account.note(codes::NARROWED, Level::Bookkeeping, record.origin, reason);
        }
        if mine.len() > functions.len() {
            kept.push((name, value));
            continue;
        }
        let known = ids(&functions);
        record.void(|id| known.contains(id), account);
    }
    put_named(state, kept);
    if !owned.is_empty()
        && let Some(context) = context(state)
    {
        let mut all = context.take("function_tool_approvals").map_or_else(Vec::new, Value::into_elements);
        all.extend(owned);
        context.push(Key::Known("function_tool_approvals"), Value::List(all));
    }
}

/// The reverse: by name, single calls only. What an agent may always do, others may not.
pub(super) fn name_functions<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["approvals", "function_tool_approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let by_scope = index(&calls, |call| call.scope().map(String::into_bytes).into_iter().collect());
    let by_function = index(&calls, |call| call.function().into_iter().collect());
    let (scoped, records): (Vec<_>, Vec<_>) =
        take_named(state).into_iter().partition(|(name, _)| name.wtf8().starts_with(SCOPED_PATCH));
    let mut records = Named::new(records);
    for (name, value) in scoped {
        let covered = waiting(found(&by_scope, &name.wtf8()[SCOPED_PATCH.len()..].to_vec()));
        let record = Record::read(value, SPELLING, account).narrowed(&covered, account);
        records.add(b"apply_patch".to_vec(), record);
    }
    let owned = context(state).and_then(|context| context.take("function_tool_approvals"));
    for entry in owned.map_or_else(Vec::new, Value::into_elements) {
        let (Some(key), Some(decision)) = (entry.member("tool_key"), entry.member("decision")) else {
            account.lost(Level::Bookkeeping, &entry, UNHEEDED);
            continue;
        };
        let agent = entry.member("agent").and_then(|agent| {
            let identity = agent.member("identity")?;
            account.lost_member(
                Level::Bookkeeping,
                agent.member("name").as_ref(),
                "the agent is known by its identity",
            );
            Some(identity)
        });
        let agent = agent.or_else(|| entry.member("agent")?.member("name"));
        let (Some(agent), Some(name)) = (agent.and_then(|agent| agent.wtf8()), key.wtf8()) else {
            account.lost(Level::Bookkeeping, &entry, UNHEEDED);
            continue;
        };
        let name = name.into_owned();
        let mine = found(&by_function, &(agent.into_owned(), name.clone()));
        let known = ids(mine);
        let record = Record::read(decision.clone(), SPELLING, account);
        let record = standing_of(&decision, record, found(&by_name, &name));
        let record = record.heeded(&entry, |id| known.contains(id), account);
        records.add(name, record.narrowed(&waiting(mine), account));
    }
    put_named(state, lowered(records, account));
}

/// A standing decision whose scope is not that of the tool does not hold.
fn standing_of<'d>(wire: &Value<'d>, record: Record<'d>, calls: &[&Call<'d>]) -> Record<'d> {
    if !record.is_standing() {
        return record;
    }
    let scope = wire.member("sticky_scope").and_then(|scope| scope.wtf8());
    let mut known = calls.iter().filter_map(|call| call.scope()).peekable();
    if known.peek().is_some() && !known.any(|own| Some(own.as_bytes()) == scope.as_deref()) {
        return record.listed(&[]);
    }
    record
}

/// Where calls are in a ledger, a standing decision that does not name the tool it was made on holds for nothing. Before that
/// it would.
pub(super) fn drop_unbound<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    each_standing(state, |_, calls, record, value| {
        let is_bound = value.member("sticky_scope").is_some_and(|scope| !scope.is_null());
        let origin = record.origin;
        let bound = if is_bound { standing_of(value, record, calls) } else { record.listed(&[]) };
        if !bound.is_standing() {
            account.note(codes::NARROWED, Level::Bookkeeping, origin, UNHEEDED);
            *value = lower_record(bound, None);
        }
    });
}

/// Does something with every standing decision by name, given its name and the calls that have it.
fn each_standing<'d>(state: &mut Object<'d>, mut each: impl FnMut(&[u8], &[&Call<'d>], Record<'d>, &mut Value<'d>)) {
    if !has_decisions(state, &["approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let mut records = take_named(state);
    for (name, value) in &mut records {
        let record = Record::read(value.clone(), SPELLING, &Account::default());
        if record.is_standing() {
            let name = name.wtf8().into_owned();
            each(&name, found(&by_name, &name), record, value);
        }
    }
    put_named(state, records);
}

/// Decisions about hosted MCP tools by name become those of the servers that asked.
pub(super) fn own_hosted<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let mut kept: Vec<(Key<'d>, Value<'d>)> = Vec::new();
    let mut owned: Vec<Value<'d>> = Vec::new();
    for (name, value) in take_named(state) {
        let mine = found(&by_name, &name.wtf8().into_owned());
        let is_hosted = |call: &&&Call<'d>| matches!(call.tool, Tool::Hosted { .. });
        let requests: Vec<&Call<'d>> = mine.iter().filter(is_hosted).copied().collect();
        if requests.is_empty() {
            kept.push((name, value));
            continue;
        }
        let record = Record::read(value.clone(), SPELLING, account);
        for (call, part) in record.by(requests.iter().map(|call| (*call, call.hosted(), Some(call.id())))) {
            let Tool::Hosted { server, name } = &call.tool else { continue };
            if part.is_empty() {
                continue;
            }
            let queries = lower::queries(name, &part);
            let identity = Object::new()
                .with("type", Value::text("server_tool"))
                .with("server_label", server.clone())
                .with("tool_name", name.clone());
            let decision = lower_record(part, call.scope());
            owned.push(Object::new().with("identity", Value::Object(identity)).with("decision", decision).into());
            owned.extend(queries);
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
    put_named(state, kept);
    if !owned.is_empty()
        && let Some(context) = context(state)
    {
        context.place(
            "hosted_mcp_approvals",
            &["tool_input", "context_meta", "context", "approvals"],
            lower::in_order(owned),
        );
    }
}

/// The reverse: by name, single requests only. What one server may always do, others may not.
pub(super) fn name_hosted<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["hosted_mcp_approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_id = index(&calls, |call| vec![call.id()]);
    let by_tool = index(&calls, |call| call.hosted().into_iter().collect());
    let mut records = Named::new(take_named(state));
    let owned = context(state).and_then(|context| context.take("hosted_mcp_approvals"));
    for entry in owned.map_or_else(Vec::new, Value::into_elements) {
        let (Some(identity), Some(decision)) = (entry.member("identity"), entry.member("decision")) else {
            account.lost(Level::Bookkeeping, &entry, UNHEEDED);
            continue;
        };
        let kind = identity.member("type");
        let is = |own: &str| kind.as_ref().is_some_and(|kind| kind.is(own));
        if is("query") {
            account.rebuilt(&entry, OWN);
            continue;
        }
        let record = Record::read(decision, SPELLING, account);
        let server = identity.member("server_label").and_then(|server| server.wtf8());
        let tool = identity.member("tool_name").and_then(|name| name.wtf8());
        if is("request") {
            let id = identity.member("request_id").and_then(|id| id.wtf8()).unwrap_or_default();
            match found(&by_id, &id.clone().into_owned()).first().map(|call| &call.tool) {
                Some(Tool::Hosted { name, .. }) => records.add(text(name), record.only(|own| *own == *id)),
                _ => account.note(
                    codes::NARROWED,
                    Level::Resume,
                    entry.origin(),
                    "a decision about a request that is not in the state has no place; the target asks again",
                ),
            }
            continue;
        }
        let (Some(server), Some(name)) = (server, tool) else {
            account.lost(Level::Bookkeeping, &entry, UNHEEDED);
            continue;
        };
        let mine = found(&by_tool, &(server.into_owned(), name.clone().into_owned()));
        let known = ids(mine);
        let record = record.heeded(&entry, |id| known.contains(id), account);
        records.add(name.into_owned(), record.narrowed(&waiting(mine), account));
    }
    put_named(state, lowered(records, account));
}

/// Standing decisions say for which calls they are: what labels before that leave open.
pub(super) fn bind_standing<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    bind_hosted(state, account);
    each_standing(state, |name, calls, record, value| {
        let usual = match name {
            b"shell" => Some("shell_call"),
            b"local_shell" => Some("local_shell_call"),
            b"apply_patch" => Some("apply_patch_call"),
            b"computer_use_preview" => Some("computer_call"),
            _ => None,
        };
        let scope = calls.iter().find_map(|call| call.scope());
        let scope = scope.or_else(|| standing_scope(Scoped::Named { kind: usual?, name }));
        if scope.is_none() {
            let reason = "no call of the tool is in the state: the decision cannot be bound to it, and the tool asks";
            account.note(codes::NARROWED, Level::Resume, record.origin, reason);
        }
        *value = lower_record(Record::read(value.clone(), SPELLING, account), scope);
    });
}

/// The same of decisions about hosted MCP tools, which name the tool themselves.
fn bind_hosted<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let Some(entries) = context(state).and_then(|context| context.get_mut("hosted_mcp_approvals")) else { return };
    for entry in entries.elements_mut() {
        let Some(identity) = entry.member("identity") else { continue };
        let text = |key: &str| identity.member(key).and_then(|own| own.wtf8());
        let (Some(server), Some(name)) = (text("server_label"), text("tool_name")) else { continue };
        let scope = standing_scope(Scoped::Hosted { server: &server, name: &name });
        let Some(decision) = entry.object_mut().and_then(|entry| entry.get_mut("decision")) else { continue };
        if Record::read(decision.clone(), SPELLING, &Account::default()).is_standing() {
            *decision = lower_record(Record::read(decision.clone(), SPELLING, account), scope);
        }
    }
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
    if !has_decisions(state, &["approvals", "hosted_mcp_approvals", "function_tool_approvals"]) {
        return;
    }
    let calls = calls(state);
    let by_name = index(&calls, Call::names);
    let changed = |value: &mut Value<'d>, name: &Vec<u8>| {
        let record = Record::read(value.clone(), SPELLING, &Account::default());
        if !record.has_exceptions() {
            return;
        }
        let scope = value.member("sticky_scope").and_then(|scope| scope.wtf8());
        let scope = scope.and_then(|scope| String::from_utf8(scope.into_owned()).ok());
        let covered = found(&by_name, name).iter().filter(|call| scope.is_none() || call.scope() == scope);
        let covered = waiting(&covered.copied().collect::<Vec<_>>());
        let record = Record::read(value.clone(), SPELLING, account);
        *value = lower_record(change(record, &covered, account), scope);
    };
    let Some(context) = context(state) else { return };
    if let Some(records) = context.get_mut("approvals").and_then(Value::object_mut) {
        for (name, value) in records.members_mut() {
            changed(value, &name.wtf8().into_owned());
        }
    }
    for (member, key) in [("hosted_mcp_approvals", "identity"), ("function_tool_approvals", "tool_key")] {
        let Some(entries) = context.get_mut(member) else { continue };
        for entry in entries.elements_mut() {
            let name = entry.member(key).and_then(|key| match key.kind() {
                Kind::Object => key.member("tool_name"),
                _ => Some(key),
            });
            let name = name.as_ref().map(text).unwrap_or_default();
            if let Some(value) = entry.object_mut().and_then(|entry| entry.get_mut("decision")) {
                changed(value, &name);
            }
        }
    }
}

/// The runs within a state, by their actions.
pub(super) fn nested<'s, 'd>(state: &'s mut Object<'d>) -> Vec<&'s mut Object<'d>> {
    let functions = state.get("last_processed_response").and_then(|processed| processed.get("functions"));
    let held = |action: &Value<'_>| action.get("agent_run_state").is_some_and(|own| own.kind() == Kind::Object);
    if !functions.is_some_and(|functions| functions.elements().iter().any(|action| held(action))) {
        return Vec::new();
    }
    let functions = state
        .get_mut("last_processed_response")
        .and_then(Value::object_mut)
        .and_then(|processed| processed.get_mut("functions"));
    let actions = functions.map_or(&mut [][..], Value::elements_mut);
    actions.iter_mut().filter_map(|action| action.object_mut()?.get_mut("agent_run_state")?.object_mut()).collect()
}

/// The outermost run keeps the decisions for all runs within it; from here on each keeps its own.
pub(super) fn hand_down<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if !has_decisions(state, &["approvals"]) || nested(state).is_empty() {
        return;
    }
    let mut records: Vec<(Key<'d>, Record<'d>)> =
        take_named(state).into_iter().map(|(name, value)| (name, Record::read(value, SPELLING, account))).collect();
    let mut runs = nested(state);
    // By call, the first run that it is in; by name, the runs with calls of the tool.
    let mut owners: HashMap<Vec<u8>, usize> = HashMap::default();
    let mut callers: HashMap<Vec<u8>, BTreeSet<usize>> = HashMap::default();
    let mut handed: Vec<Named<'d>> = Vec::new();
    for (run, state) in runs.iter_mut().enumerate() {
        for call in calls(state) {
            owners.entry(call.id()).or_insert(run);
            for name in call.names() {
                callers.entry(name).or_default().insert(run);
            }
        }
        handed.push(Named::new(take_named(state)));
    }
    for (name, record) in &mut records {
        let name = name.wtf8().into_owned();
        let single = record.single().into_iter().map(Cow::into_owned);
        let told = record.messages.iter().map(|(id, _)| id.wtf8().into_owned());
        let ids = single.chain(told).filter_map(|id| Some((*owners.get(&id)?, Some(id))));
        let callers = callers.get(&name);
        let standing = callers.into_iter().flatten().map(|run| (*run, None));
        for (run, part) in record.by(ids.chain(standing).map(|(run, id)| (run, run, id))) {
            let calls_it = callers.is_some_and(|callers| callers.contains(&run));
            handed[run].add(name.clone(), if calls_it { part } else { part.listed(&[]) });
        }
        *record = record.only(|id| !owners.contains_key(id));
    }
    for (run, own) in runs.into_iter().zip(handed) {
        put_named(run, lowered(own, account));
        hand_down(run, account);
    }
    let records = records.into_iter().filter(|(_, record)| !record.is_empty());
    put_named(state, records.map(|(name, record)| (name, lower_record(record, None))).collect());
}

/// The single calls that a run has decided, by the name of the tool and the id.
fn decided(state: &Object<'_>) -> HashSet<(Vec<u8>, Vec<u8>)> {
    let records = state.get("context").and_then(|context| context.member("approvals"));
    let records = records.and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
    let single = records.into_iter().flat_map(|(name, record)| {
        let name = name.wtf8().into_owned();
        let single = Record::read(record, SPELLING, &Account::default()).single();
        single.into_iter().map(move |id| (name.clone(), id.into_owned())).collect::<Vec<_>>()
    });
    single.collect()
}

/// The reverse.
pub(super) fn hand_up<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let mut collected: Vec<(Vec<u8>, Record<'d>)> = Vec::new();
    let decided = decided(state);
    for run in nested(state) {
        hand_up(run, account);
        let calls = calls(run);
        let own = self::decided(run);
        for call in calls.iter().filter(|call| call.waits) {
            let mut keys = call.names().into_iter().map(|name| (name, call.id()));
            if keys.any(|key| decided.contains(&key) && !own.contains(&key)) {
                let reason = "releases before 0.20.0 take a decision of the outer run about another call for one about this \
                              call, which has its id";
                account.note(codes::WOULD_RUN, Level::Authority, call.id.origin(), reason);
            }
        }
        let by_name = index(&calls, Call::names);
        for (name, value) in take_named(run) {
            let name = name.wtf8().into_owned();
            let record = Record::read(value, SPELLING, account).narrowed(&waiting(found(&by_name, &name)), account);
            collected.push((name, record));
        }
        put_named(run, Vec::new());
    }
    if collected.is_empty() {
        return;
    }
    let mut records = Named::new(take_named(state));
    for (name, record) in collected {
        records.add(name, record);
    }
    put_named(state, lowered(records, account));
}
