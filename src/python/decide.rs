//! Decisions as the Python SDK records them (`RunContextWrapper._apply_approval_decision`, releases 0.8.0 to 0.24.0).

use std::borrow::Cow;

use crate::codes;
use crate::decide::record::{Change, Forgets, Habits, Half, Names, Record};
use crate::decide::{Decision, Refusal};
use crate::json::{Key, Kind, Node, Object, Text, Value};
use crate::runs::{Run, Waiting};

use super::invocation::{Call, Known};
use super::rules::approval_lookup;

const NAMES: Names = Names { messages: "rejection_messages", standing: "sticky_rejection_message" };

/// From this label on, the decision about a call of a nested run is in the nested run's state.
const OWN_CONTEXT: u16 = 14;
const KEYS: u16 = 5;
const WORDS: u16 = 6;
const SERVERS: u16 = 14;
const LEDGER: u16 = 15;
const LISTS: u16 = 16;
const OWNERS: u16 = 18;

/// Puts a decision into the tree of a state.
pub(crate) fn decide<'d>(
    tree: &mut Value<'d>,
    all: &[Run<'d>],
    call: &Waiting<'d>,
    decision: Decision<'_>,
) -> Result<(), Refusal> {
    let outermost = all[0].label < OWN_CONTEXT;
    let run = if outermost { 0 } else { call.run };
    let label = all[run].label;
    decision.check_words(label >= WORDS)?;
    let lost = || Refusal::new(codes::UNDECIDABLE, "the state has no context that could hold a decision");
    let mut state = tree;
    for step in &all[run].path {
        let functions = state.object_mut().and_then(|state| state.get_mut("last_processed_response"));
        let functions = functions.and_then(Value::object_mut).and_then(|processed| processed.get_mut("functions"));
        let action = functions.and_then(|functions| functions.elements_mut().get_mut(step.action));
        state = action.and_then(Value::object_mut).and_then(|it| it.get_mut("agent_run_state")).ok_or_else(lost)?;
    }
    let context = state.object_mut().and_then(|state| state.get_mut("context")).and_then(Value::object_mut);
    let context = context.ok_or_else(lost)?;
    let item = Item::of(call)?;
    let scope = if label >= LEDGER { Some(bind(context, &item)?) } else { None };
    record(context, &item, label, scope.as_deref(), decision);
    Ok(())
}

/// What the SDK reads from a request for approval.
struct Item<'d> {
    item: Node<'d>,
    raw: Node<'d>,
    id: Cow<'d, [u8]>,
    kind: Cow<'d, str>,
    tool: Cow<'d, [u8]>,
}

/// A request of a hosted MCP server.
struct Request<'d> {
    server: Option<Cow<'d, [u8]>>,
    tool: Option<Cow<'d, [u8]>>,
}

fn filled(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

impl<'d> Item<'d> {
    fn of(call: &Waiting<'d>) -> Result<Self, Refusal> {
        let Some(id) = call.id else {
            return Err(Refusal::new(codes::UNDECIDABLE, "the call has no id that a decision could name"));
        };
        let (item, raw) = (call.item, call.raw);
        let tool = filled(item.member("tool_name"));
        let tool = tool.or_else(|| filled(raw.member("name"))).or_else(|| filled(raw.member("type")));
        Ok(Self {
            item,
            raw,
            id: id.wtf8(),
            kind: filled(raw.member("type")).map(Text::lossy).unwrap_or_default(),
            tool: tool.map_or(Cow::Borrowed(b"unknown_tool"), Text::wtf8),
        })
    }

    /// The keys that a function or a tool known by its name is decided by; the last one is the exact one.
    fn keys(&self, label: u16) -> Vec<Vec<u8>> {
        if label < KEYS {
            return vec![self.tool.to_vec()];
        }
        let mut keys = Vec::new();
        if self.item.member("allow_bare_name_alias").and_then(Node::as_bool) == Some(true) {
            keys.push(self.tool.to_vec());
        }
        let exact = match approval_lookup(self.item, self.raw) {
            Some(lookup) => lookup.approval_key(),
            None => {
                let namespace = filled(self.item.member("tool_namespace"));
                let namespace = namespace.or_else(|| filled(self.raw.member("namespace")));
                match namespace {
                    Some(namespace) => [&*namespace.wtf8(), b".", &*self.tool].concat(),
                    None => self.tool.to_vec(),
                }
            }
        };
        if !keys.contains(&exact) {
            keys.push(exact);
        }
        keys
    }

    /// What a hosted MCP server asks (`get_hosted_mcp_approval_request_identity`).
    fn request(&self) -> Option<Request<'d>> {
        let own = self.raw.member("name");
        let (request, name) = match &*self.kind {
            "mcp_approval_request" => (self.raw, filled(own)),
            "hosted_tool_call" => {
                let data = self.raw.member("provider_data")?;
                if !data.member("type")?.text()?.is("mcp_approval_request") {
                    return None;
                }
                (data, filled(data.member("name")).or_else(|| filled(own)))
            }
            _ => return None,
        };
        Some(Request { server: filled(request.member("server_label")).map(Text::wtf8), tool: name.map(Text::wtf8) })
    }
}

/// Writes the call into the ledger, unless it is there, and gives its scope.
fn bind<'d>(context: &mut Object<'d>, item: &Item<'d>) -> Result<String, Refusal> {
    let undecidable = |message: &str| Refusal::new(codes::UNDECIDABLE, message);
    let none = || undecidable("the SDK cannot tell this call from another one");
    let call = Call::of(item.raw).filter(Call::is_complete).ok_or_else(none)?;
    let known = Known {
        lookup: approval_lookup(item.item, item.raw),
        tool: filled(item.item.member("tool_name")).or(call.name()),
        handoff: false,
    };
    let scope = call.scope(&known).ok().flatten().ok_or_else(none)?;
    let fingerprint = call.fingerprint(&scope).map_err(|_| none())?;
    if context.get("tool_invocations").is_none_or(|ledger| ledger.kind() != Kind::Object) {
        context.place("tool_invocations", &["approvals", "usage"], Object::new());
    }
    let ledger = context.get_mut("tool_invocations").and_then(Value::object_mut).ok_or_else(none)?;
    let entry = ledger.iter().find(|(key, _)| *key.wtf8() == *item.id).map(|(_, entry)| entry);
    match entry {
        Some(entry) => {
            let is = |key: &str, text: &str| entry.member(key).is_some_and(|own| own.is(text));
            if !(is("type", call.kind) && is("approval_scope", &scope) && is("fingerprint", &fingerprint)) {
                return Err(undecidable("the ledger knows another call by this id"));
            }
        }
        None => {
            let entry = Object::new()
                .with("type", Value::text(call.kind))
                .with("approval_scope", Value::from(scope.clone().into_bytes()))
                .with("fingerprint", Value::from(fingerprint.into_bytes()))
                .with("executed", Value::bool(false))
                .with("completed", Value::bool(false));
            ledger.push(Key::Made(item.id.to_vec()), entry);
        }
    }
    Ok(scope)
}

/// A list of members in their own order, which Python keeps.
fn as_is<'d>(members: Vec<(Key<'d>, Value<'d>)>) -> Object<'d> {
    members.into_iter().collect()
}

fn record<'d>(context: &mut Object<'d>, item: &Item<'d>, label: u16, scope: Option<&str>, decision: Decision<'_>) {
    let apply = |own: Option<Value<'d>>, always: bool| -> Value<'d> {
        let mut record = Record::of(own, NAMES);
        let change = Change { approve: decision.approve, id: &item.id, message: decision.message };
        if always {
            stand(&mut record, change, scope);
        } else {
            let habits = Habits { takes_back: true, turns_flags: label >= LISTS, forgets_words: Forgets::Always };
            record.decide(change, habits);
        }
        record.into_value(NAMES, as_is)
    };
    if let Some(request) = item.request().filter(|_| label >= SERVERS) {
        hosted(context, item, &request, decision.always, apply);
        return;
    }
    let mut keys = item.keys(label);
    if decision.always {
        keys.drain(..keys.len() - 1);
    }
    for key in keys {
        if label >= OWNERS && item.kind == "function_call" {
            owned(context, item, &key, |own| apply(own, decision.always));
        } else {
            let key = if label >= OWNERS { patch_key(context, key, scope) } else { key };
            named(context, key, |own| apply(own, decision.always));
        }
    }
}

/// Decides about all calls.
fn stand(record: &mut Record<'_>, change: Change<'_>, scope: Option<&str>) {
    record.scope = scope.map(|scope| Value::from(scope.as_bytes().to_vec()));
    if change.approve {
        record.approved = Half::Flag(true);
        record.rejected = Half::Calls(Vec::new());
        record.messages.clear();
        record.standing = None;
        return;
    }
    record.approved = Half::Flag(false);
    record.rejected = Half::Flag(true);
    match change.message {
        Some(message) => record.tell(change.id, message),
        None => record.messages.retain(|(key, _)| *key.wtf8() != *change.id),
    }
    record.standing = change.message.map(|message| Value::from(message.as_bytes().to_vec()));
}

/// Changes a record by its name.
fn named<'d>(context: &mut Object<'d>, key: Vec<u8>, change: impl FnOnce(Option<Value<'d>>) -> Value<'d>) {
    if context.get("approvals").is_none_or(|own| own.kind() != Kind::Object) {
        context.place("approvals", &["usage"], Object::new());
    }
    let Some(records) = context.get_mut("approvals").and_then(Value::object_mut) else { return };
    match records.members_mut().iter_mut().find(|(own, _)| *own.wtf8() == *key) {
        Some((_, record)) => *record = change(Some(record.take())),
        None => records.push(Key::Made(key), change(None)),
    }
}

/// Changes the record of an agent's function.
fn owned<'d>(
    context: &mut Object<'d>,
    item: &Item<'d>,
    key: &[u8],
    change: impl FnOnce(Option<Value<'d>>) -> Value<'d>,
) {
    let Some(agent) = item.item.member("agent") else { return };
    let who = |agent: &Value<'d>| agent.member("identity").or_else(|| agent.member("name")).and_then(|own| own.wtf8());
    let owner = who(&Value::Node(agent));
    let mut list = context.get_mut("function_tool_approvals").map_or_else(Vec::new, |list| list.take().into_elements());
    let is_own = |entry: &Value<'d>| {
        entry.member("tool_key").and_then(|own| own.wtf8()).as_deref() == Some(key)
            && entry.member("agent").is_some_and(|own| who(&own) == owner)
    };
    match list.iter_mut().find(|entry| is_own(entry)).and_then(Value::object_mut) {
        Some(entry) => {
            let record = change(entry.get_mut("decision").map(Value::take));
            entry.set("decision", record);
        }
        None => {
            let entry = Object::new()
                .with("agent", Value::Node(agent))
                .with("tool_key", Value::from(key.to_vec()))
                .with("decision", change(None));
            list.push(entry.into());
        }
    }
    context.set("function_tool_approvals", list);
}

/// The key of patches: with its scope behind it where another kind of patch has the plain one
/// (`_get_or_create_approval_entry`).
fn patch_key(context: &Object<'_>, key: Vec<u8>, scope: Option<&str>) -> Vec<u8> {
    let Some(scope) = scope.filter(|_| key == b"apply_patch") else { return key };
    let scoped = format!("apply_patch:{scope}");
    let records = context.get("approvals");
    if records.is_some_and(|records| records.member(&scoped).is_some()) {
        return scoped.into_bytes();
    }
    let Some(plain) = records.and_then(|records| records.member("apply_patch")) else { return key };
    let differs = |own: &Value<'_>| !own.is(scope);
    let ledger = context.get("tool_invocations");
    let other_call = ["approved", "rejected"].into_iter().any(|half| {
        let calls =
            plain.member(half).filter(|half| half.kind() == Kind::Array).map_or_else(Vec::new, Value::into_elements);
        calls.iter().any(|id| {
            let id = id.wtf8().unwrap_or_default();
            let entry = ledger.and_then(|ledger| ledger.member(&String::from_utf8_lossy(&id)));
            entry.and_then(|entry| entry.member("approval_scope")).is_some_and(|own| differs(&own))
        })
    });
    let other_scope = plain.member("sticky_scope").filter(|own| !own.is_null()).is_some_and(|own| differs(&own));
    if other_call || other_scope { scoped.into_bytes() } else { key }
}

/// Changes the records of a hosted MCP server's request, which are kept in order.
fn hosted<'d>(
    context: &mut Object<'d>,
    item: &Item<'d>,
    request: &Request<'d>,
    always: bool,
    change: impl Fn(Option<Value<'d>>, bool) -> Value<'d>,
) {
    let text = |bytes: &[u8]| Value::from(bytes.to_vec());
    let mut wanted: Vec<(Object<'d>, bool)> = Vec::new();
    match (&request.server, &request.tool) {
        (Some(server), Some(tool)) => {
            let identity = Object::new()
                .with("type", Value::text("server_tool"))
                .with("server_label", text(server))
                .with("tool_name", text(tool));
            wanted.push((identity, always));
        }
        _ => {
            let identity = Object::new().with("type", Value::text("request")).with("request_id", text(&item.id));
            wanted.push((identity, always));
        }
    }
    let named = filled(item.item.member("tool_name")).map(Text::wtf8);
    if let Some(tool) = request.tool.clone().or(named) {
        let identity = Object::new()
            .with("type", Value::text("query"))
            .with("tool_name", text(&tool))
            .with("request_id", text(&item.id));
        wanted.push((identity, false));
    }
    let mut list = context.get_mut("hosted_mcp_approvals").map_or_else(Vec::new, |list| list.take().into_elements());
    for (identity, always) in wanted {
        let identity = Value::Object(identity);
        let own =
            list.iter_mut().find(|entry| entry.member("identity").is_some_and(|own| place(&own) == place(&identity)));
        match own.and_then(Value::object_mut) {
            Some(entry) => {
                let record = change(entry.get_mut("decision").map(Value::take), always);
                entry.set("decision", record);
            }
            None => {
                let entry = Object::new().with("identity", identity).with("decision", change(None, always));
                list.push(entry.into());
            }
        }
    }
    list.sort_by_cached_key(|entry| entry.member("identity").map(|identity| place(&identity)));
    let behind = ["tool_input", "context_meta", "context"];
    context.place("hosted_mcp_approvals", &behind, list);
}

/// Where the record of an identity stands among the others.
fn place(identity: &Value<'_>) -> (u8, Vec<u8>, Vec<u8>) {
    let text = |key: &str| identity.member(key).and_then(|own| own.wtf8()).unwrap_or_default().into_owned();
    let kind = identity.member("type");
    let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
    if is("server_tool") {
        (0, text("server_label"), text("tool_name"))
    } else if is("request") {
        (1, text("request_id"), Vec::new())
    } else {
        (2, text("tool_name"), text("request_id"))
    }
}
