//! The canonical state becomes one of label 1.21, in the member order of release 0.24.0.

use std::borrow::Cow;

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::ECHO;
use crate::model::state::{
    Action, AgentRef, Binding, Context, Decided, FunctionAction, Input, Item, ItemKind, McpRequest, Ownership,
    Processed, Record, Response, State, Step, ToolKey, Trace, Usage, paired_id,
};
use crate::model::{Account, Level};
use crate::parallel;
use crate::python::invocation::{Scoped, completes, standing_scope};
use crate::python::raw::OutputItem;
use crate::record::{Wire as _, arrange};

use super::{own_items, thoughts};

/// The id of an item that the service never gave one; the SDK leaves it out when it calls the model.
const NO_ID: Value<'static> = Value::text("__fake_id__");
pub(super) const COMPUTER: &str = "computer_use_preview";

/// The state in the newest shape, without the ledger.
#[must_use]
pub fn lower<'d>(state: State<'d>, account: &Account<'d>) -> Value<'d> {
    let mut state = state;
    let finished = finished(&state.items);
    name_spaces(&mut state, &finished, account);
    forget_authors(&mut state, account);
    said_twice(&state, account);
    thoughts::name_model(&mut state, account);
    state.ask_last();
    let names = Names::of(&state);
    ungated(&state, &finished, account);
    let numbered = numbered(&state);
    let stored = lower_stored(&state, account);
    let is_silent = state.ownership.is_none() && matches!(state.step, Step::Interrupted { .. });
    let results = is_silent.then(|| Value::integer(state.tool_output_guardrails.len() as u64));
    let results = state.tool_output_guardrails_start.take().or(results);
    let sent = state.sent_answers();
    if !sent.is_empty() {
        state.ownership = None;
    }
    let lower = |item, _: &Account<'d>| Some(lower_item(item, state.agent.as_ref(), &names));
    let items = account.map(std::mem::take(&mut state.items), lower);
    let kinds = names.kinds;
    let response = |response: Option<Response<'d>>| response.map_or(Value::NULL, |own| lower_response(own, account));
    let shown: Vec<usize> = (0..items.len()).filter(|at| sent.binary_search(at).is_err()).collect();
    let indexes: Vec<Value<'d>> = shown.iter().map(|at| Value::integer(*at as u64)).collect();
    let step = lower_step(state.step, state.agent.as_ref(), &names.names);
    let interruptions = step.at(&["data", "interruptions"]);
    let mut lowered = Object::new()
        .with("$schemaVersion", Value::text("1.21"))
        .with("current_turn", state.turn.unwrap_or_else(|| Value::integer(0)))
        .with("current_agent", state.agent.clone().map(lower_agent).unwrap_or(Value::NULL))
        .with(
            "original_input",
            match state.input {
                Input::Text(text) => text,
                Input::Items(items) => Value::List(items),
            },
        )
        .with("pending_input", Value::List(state.pending_input))
        .with(
            "model_responses",
            Value::List(account.map(state.responses, |own, account| Some(lower_response(own, account)))),
        )
        .with("context", lower_context(state.context, &kinds, &numbered, account))
        .with("tool_use_tracker", Value::Object(state.tools_used.into_iter().collect()))
        .with("max_turns", state.max_turns.unwrap_or(Value::NULL))
        .with("no_active_agent_run", Value::bool(true))
        .with("input_guardrail_results", lower_results(state.input_guardrails))
        .with("output_guardrail_results", lower_results(state.output_guardrails))
        .with("tool_input_guardrail_results", lower_results(state.tool_input_guardrails))
        .with("tool_output_guardrail_results", lower_results(state.tool_output_guardrails))
        .with("conversation_id", state.conversation_id.unwrap_or(Value::NULL))
        .with("previous_response_id", state.previous_response_id.unwrap_or(Value::NULL))
        .with("auto_previous_response_id", Value::bool(false))
        .with("generated_prompt_cache_key", Value::NULL)
        .with("reasoning_item_id_policy", state.reasoning_item_id_policy.unwrap_or(Value::NULL))
        .with("nested_history_owned_session_item_refs", Value::List(Vec::new()))
        .with("generated_session_item_indexes", Value::List(indexes));
    if let Some(ownership) = state.ownership {
        lowered.push(Key::Known("current_response_generated_item_ownership"), lower_ownership(ownership));
    }
    lowered.push(Key::Known("generated_items"), Value::List(parallel::map(shown, |at| items[at].clone())));
    lowered.push(Key::Known("session_items"), Value::List(items));
    lowered.push(Key::Known("current_step"), step);
    lowered.push(Key::Known("last_model_response"), response(state.last_response));
    let processed = state.processed.map(|processed| {
        lower_processed(processed, state.agent.as_ref(), &names.names, interruptions, results, account)
    });
    lowered.push(Key::Known("last_processed_response"), processed.unwrap_or(Value::NULL));
    lowered.push(Key::Known("current_turn_persisted_item_count"), stored);
    lowered.push(Key::Known("trace"), state.trace.map_or(Value::NULL, lower_trace));
    own_items(&mut lowered);
    Value::Object(lowered)
}

/// The Python SDK finds a tool that is loaded on demand only where the call names it as its own namespace; every copy of
/// a call that is still to be made has to.
fn name_spaces<'d>(state: &mut State<'d>, finished: &HashSet<Vec<u8>>, account: &Account<'d>) {
    for action in state.take_finished_deferred() {
        let tool = match &action.tool {
            Some(ToolKey::Deferred(tool)) => Some(tool),
            _ => None,
        };
        let parts = [tool, action.name.as_ref(), action.description.as_ref(), action.parameters.as_ref()];
        for part in parts.into_iter().flatten().chain([&action.call]) {
            account.rebuilt(part, "the function has been called, and the history says so");
        }
    }
    let mut bare: HashMap<Vec<u8>, Value<'d>> = HashMap::default();
    let mut find = |call: &Value<'d>, tool: Option<&ToolKey<'d>>| {
        if let Some(ToolKey::Deferred(name)) = tool
            && call.member("namespace").is_none_or(|namespace| namespace.is_null())
            && let Some(id) = paired_id(call).filter(|id| !finished.contains(id))
        {
            let reason = "the call gets the tool's name as its namespace, without which the Python SDK does not find a tool \
                          that is loaded on demand; the model will see that";
            if bare.insert(id, name.clone()).is_none() {
                account.note(codes::CHANGED_FORM, Level::Resume, call.origin(), reason);
            }
        }
    };
    let items = |items: &'_ [Item<'d>], find: &mut dyn FnMut(&Value<'d>, Option<&ToolKey<'d>>)| {
        for item in items {
            if let ItemKind::Call { tool, .. } | ItemKind::Approval { tool, .. } = &item.kind {
                find(&item.raw, tool.as_ref());
            }
        }
    };
    items(&state.items, &mut find);
    items(state.step.waiting(), &mut find);
    if let Some(processed) = &state.processed {
        items(&processed.new_items, &mut find);
        processed.functions.iter().for_each(|action| find(&action.call, action.tool.as_ref()));
    }
    if bare.is_empty() {
        return;
    }
    let space = |call: &mut Value<'d>| {
        let name = paired_id(call).and_then(|id| bare.get(&id));
        if let Some(name) = name
            && call.is_type("function_call")
            && call.member("namespace").is_none_or(|namespace| namespace.is_null())
            && let Some(call) = call.object_mut()
        {
            call.take("namespace");
            call.place("namespace", &["name"], name.clone());
        }
    };
    state.each_raw(space);
}

/// Names of tools that the keys of tools, or the calls, say better, and copies of what is asked.
fn said_twice<'d>(state: &State<'d>, account: &Account<'d>) {
    let waiting = state.step.waiting();
    for item in state.items.iter().chain(waiting) {
        let ItemKind::Approval { name: Some(name), tool } = &item.kind else { continue };
        let is = |kind: &str| item.raw.is_type(kind);
        let keyed = is("function_call") && (tool.is_some() || own_key(&item.raw).is_some());
        if keyed || is("computer_call") || is("mcp_approval_request") {
            account.rebuilt(name, ECHO);
        }
    }
    let Some(processed) = &state.processed else { return };
    for item in processed.new_items.iter().filter(|item| matches!(item.kind, ItemKind::Approval { .. })) {
        if let Some(node) = item.origin {
            account.rebuilt(&Value::Node(node), ECHO);
        }
    }
    for action in &processed.functions {
        if let Some(name) = action.name.as_ref().filter(|_| action.tool.is_some() || own_key(&action.call).is_some()) {
            account.rebuilt(name, ECHO);
        }
    }
}

/// The SDK drops who made a summary when it loads the state, except in the model's answers.
fn forget_authors<'d>(state: &mut State<'d>, account: &Account<'d>) {
    let new = state.processed.iter_mut().flat_map(|processed| &mut processed.new_items);
    for item in state.items.iter_mut().chain(new).filter(|item| matches!(item.kind, ItemKind::Compaction)) {
        if let Some(author) = item.raw.object_mut().and_then(|raw| raw.take_filled("created_by")) {
            account.lost(Level::Display, &author, "the Python SDK does not keep who made a summary");
        }
    }
}

/// The names of tools by the ids of their calls, and the types of the calls of tools that are known by name.
struct Names<'d> {
    names: HashMap<Vec<u8>, Value<'d>>,
    kinds: HashMap<Vec<u8>, &'static str>,
}

impl<'d> Names<'d> {
    fn of(state: &State<'d>) -> Self {
        let mut own = Self { names: HashMap::default(), kinds: HashMap::default() };
        for (name, kind) in [("shell", "shell_call"), ("apply_patch", "apply_patch_call"), (COMPUTER, "computer_call")]
        {
            own.kinds.insert(name.as_bytes().to_vec(), kind);
        }
        if let Some(processed) = &state.processed {
            processed.shells.iter().for_each(|action| own.add(&action.call, action.name.as_ref(), "shell_call"));
            processed.patches.iter().for_each(|action| own.add(&action.call, action.name.as_ref(), "apply_patch_call"));
        }
        let waiting = state.step.waiting();
        for item in state.items.iter().chain(waiting) {
            let (ItemKind::Approval { name, .. } | ItemKind::Call { name, .. }) = &item.kind else { continue };
            for kind in ["shell_call", "apply_patch_call"] {
                if item.raw.is_type(kind) {
                    own.add(&item.raw, name.as_ref(), kind);
                }
            }
        }
        own
    }

    fn add(&mut self, call: &Value<'d>, name: Option<&Value<'d>>, kind: &'static str) {
        let Some(name) = name.filter(|name| name.kind() == Kind::String) else { return };
        if let Some(text) = name.wtf8() {
            self.kinds.insert(text.into_owned(), kind);
        }
        if let Some(id) = paired_id(call) {
            self.names.insert(id, name.clone());
        }
    }
}

/// Calls whose output stands in the history.
fn finished(items: &[Item<'_>]) -> HashSet<Vec<u8>> {
    let outputs = items.iter().filter_map(|item| match (&item.kind, &item.raw) {
        (ItemKind::Output { .. } | ItemKind::HandoffOutput { .. } | ItemKind::Input { .. }, Value::Node(raw)) => {
            completes(*raw).map(|(_, id)| id.wtf8().into_owned())
        }
        (ItemKind::Output { .. } | ItemKind::HandoffOutput { .. } | ItemKind::Input { .. }, raw) => paired_id(raw),
        _ => None,
    });
    outputs.collect()
}

/// The Python SDK's computer tool asks nobody: what waits for a decision would be carried out, even if it is rejected.
fn ungated<'d>(state: &State<'d>, finished: &HashSet<Vec<u8>>, account: &Account<'d>) {
    let computers = state.processed.iter().flat_map(|processed| &processed.computers);
    let open =
        computers.map(|action| &action.call).filter(|call| paired_id(call).is_none_or(|id| !finished.contains(&id)));
    let asked = state.step.waiting().iter().map(|item| &item.raw);
    let asked = asked.filter(|raw| raw.is_type("computer_call"));
    if let Some(call) = asked.chain(open).next() {
        let reason =
            "the Python SDK asks nobody before it uses a computer, and would carry out this call whatever is decided";
        account.note(codes::WOULD_RUN, Level::Authority, call.origin().or(state.origin), reason);
    }
}

fn lower_agent(agent: AgentRef<'_>) -> Value<'_> {
    Object::new().with("name", agent.name).with("identity", agent.identity).into()
}

fn lower_response<'d>(response: Response<'d>, account: &Account<'d>) -> Value<'d> {
    if let Some(data) = &response.provider_data {
        account.lost(Level::Bookkeeping, data, "the Python SDK does not keep the provider's answer as it came");
    }
    let output = response.output.into_iter().map(lower_raw).collect();
    Object::new()
        .with("usage", response.usage.map_or_else(|| lower_usage(&NO_USAGE), |usage| lower_usage(&usage)))
        .with("output", Value::List(output))
        .with("response_id", response.response_id.unwrap_or(Value::NULL))
        .with("request_id", response.request_id.unwrap_or(Value::NULL))
        .into()
}

const NO_USAGE: Usage<'static> = Usage {
    requests: None,
    input: None,
    output: None,
    total: None,
    input_details: Vec::new(),
    output_details: Vec::new(),
    entries: Vec::new(),
};

/// The members of token details that the SDK always writes.
const INPUT_DETAILS: &[&str] = &["cache_write_tokens", "cached_tokens"];
const OUTPUT_DETAILS: &[&str] = &["reasoning_tokens"];

fn lower_usage<'d>(usage: &Usage<'d>) -> Value<'d> {
    let entries = usage.entries.iter().map(|entry| {
        lower_counts(Object::new(), entry)
            .with("input_tokens_details", lower_details(&entry.input_details, INPUT_DETAILS))
            .with("output_tokens_details", lower_details(&entry.output_details, OUTPUT_DETAILS))
            .into()
    });
    let count = |value: &Option<Value<'d>>| value.clone().unwrap_or_else(|| Value::integer(0));
    Object::new()
        .with("requests", count(&usage.requests))
        .with("input_tokens", count(&usage.input))
        .with("input_tokens_details", Value::List(vec![lower_details(&usage.input_details, INPUT_DETAILS)]))
        .with("output_tokens", count(&usage.output))
        .with("output_tokens_details", Value::List(vec![lower_details(&usage.output_details, OUTPUT_DETAILS)]))
        .with("total_tokens", count(&usage.total))
        .with("request_usage_entries", Value::List(entries.collect()))
        .into()
}

fn lower_counts<'d>(object: Object<'d>, usage: &Usage<'d>) -> Object<'d> {
    let count = |value: &Option<Value<'d>>| value.clone().unwrap_or_else(|| Value::integer(0));
    object
        .with("input_tokens", count(&usage.input))
        .with("output_tokens", count(&usage.output))
        .with("total_tokens", count(&usage.total))
}

/// Counts by kind, added up: the SDK keeps one object for all requests.
fn lower_details<'d>(details: &[Value<'d>], always: &[&'static str]) -> Value<'d> {
    let mut sum: Object<'d> = Object::new();
    for key in always {
        sum.push(Key::Known(key), Value::integer(0));
    }
    if always.len() > 1 {
        sum.push(Key::Known("cache_write_tokens_details"), Value::NULL);
    }
    let mut made: HashMap<Vec<u8>, usize> =
        sum.iter().enumerate().map(|(at, (key, _))| (key.wtf8().into_owned(), at)).collect();
    for (key, value) in
        details.iter().filter_map(|details| details.clone().into_object()).flat_map(Object::into_members)
    {
        let name = key.wtf8().into_owned();
        match made.get(&name) {
            Some(&at) => {
                let own = &mut sum.members_mut()[at].1;
                *own = match (own.as_u64(), value.as_u64()) {
                    (Some(0), _) | (None, _) => value,
                    (Some(one), Some(two)) => Value::integer(one.saturating_add(two)),
                    (Some(_), None) => own.clone(),
                };
            }
            None => {
                made.insert(name, sum.iter().count());
                sum.push(key, value);
            }
        }
    }
    sum.into()
}

fn lower_context<'d>(
    context: Context<'d>,
    kinds: &HashMap<Vec<u8>, &'static str>,
    numbered: &HashSet<Vec<u8>>,
    account: &Account<'d>,
) -> Value<'d> {
    let meta = |kind: &'static str| {
        Object::new()
            .with("original_type", Value::text(kind))
            .with("serialized_via", Value::text(kind))
            .with("requires_deserializer", Value::bool(false))
            .with("omitted", Value::bool(false))
    };
    let approvals = context.by_name.into_iter().map(|named| {
        let name = if named.name.is("computer") { Value::text(COMPUTER) } else { named.name };
        let text = name.wtf8().unwrap_or_default().into_owned();
        let kind = kinds.get(&text).copied();
        let scope = kind.and_then(|kind| standing_scope(Scoped::Named { kind, name: &text }));
        if scope.is_none() && named.record.is_standing() {
            let reason =
                "nobody has called this tool, so that the standing decision is bound to nothing: the target asks";
            account.note(codes::NARROWED, Level::Bookkeeping, named.record.origin, reason);
        }
        (Key::Made(text), lower_record(named.record, scope))
    });
    let approvals: Object<'d> = approvals.collect();
    let kind = if context.user.is_some() { "mapping" } else { "none" };
    let mut lowered = Object::new()
        .with("usage", lower_usage(context.usage.as_ref().unwrap_or(&NO_USAGE)))
        .with("approvals", Value::Object(approvals))
        .with("context", context.user.unwrap_or(Value::NULL))
        .with("context_meta", Value::Object(meta(kind)))
        .with("tool_input", context.tool_input);
    let mut hosted = Vec::new();
    for decision in context.hosted {
        let (server, name) = (decision.server.wtf8().unwrap_or_default(), decision.tool.wtf8().unwrap_or_default());
        let scope = standing_scope(Scoped::Hosted { server: &server, name: &name });
        let queries = queries(&decision.tool, &decision.record);
        let identity = Object::new()
            .with("type", Value::text("server_tool"))
            .with("server_label", decision.server)
            .with("tool_name", decision.tool);
        let owned = Object::new()
            .with("identity", Value::Object(identity))
            .with("decision", lower_record(decision.record, scope));
        hosted.push(owned.into());
        hosted.extend(queries);
    }
    if !hosted.is_empty() {
        lowered.push(Key::Known("hosted_mcp_approvals"), in_order(hosted));
    }
    let functions = context.functions.into_iter().map(|decision| {
        let scope = standing_scope(Scoped::Function(&decision.tool));
        Object::new()
            .with("agent", owner(decision.agent, numbered))
            .with("tool_key", tool_key(&decision.tool))
            .with("decision", lower_record(decision.record, scope))
            .into()
    });
    let functions: Vec<Value<'d>> = functions.collect();
    if !functions.is_empty() {
        lowered.push(Key::Known("function_tool_approvals"), Value::List(functions));
    }
    lowered.into()
}

/// Decisions about tools of hosted MCP servers in the order in which the SDK saves them (`_serialize_hosted_mcp_approvals`).
pub(super) fn in_order(mut entries: Vec<Value<'_>>) -> Value<'_> {
    entries.sort_by_cached_key(|entry| {
        let text = |key| entry.at(&["identity", key]).and_then(|own| own.wtf8().map(Cow::into_owned));
        (text("request_id").is_some(), text("server_label"), text("tool_name"), text("request_id"))
    });
    Value::List(entries)
}

/// Agents whose own names end like the identity of one of several of the same name.
fn numbered(state: &State<'_>) -> HashSet<Vec<u8>> {
    let waiting = state.step.waiting();
    let agents = state.items.iter().chain(waiting).filter_map(|item| item.agent.as_ref()).chain(&state.agent);
    let names = agents.filter(|agent| agent.identity.is_none()).filter_map(|agent| agent.name.wtf8());
    names.filter(|name| name.contains(&b'#')).map(Cow::into_owned).collect()
}

/// The reference to an agent by its identity. One with a number needs the name beside it.
fn owner<'d>(identity: Value<'d>, named: &HashSet<Vec<u8>>) -> Value<'d> {
    let text = identity.wtf8().unwrap_or_default().into_owned();
    let number = text.iter().rposition(|byte| *byte == b'#').filter(|at| {
        let number = &text[at + 1..];
        !number.is_empty() && number.iter().all(u8::is_ascii_digit) && !named.contains(&text)
    });
    match number {
        Some(at) => {
            Object::new().with("name", Value::from(text[..at].to_vec())).with("identity", Some(identity)).into()
        }
        None => Object::new().with("name", identity).into(),
    }
}

/// Every single decision a second time, by request: for look-ups by the tool's name alone.
pub(super) fn queries<'d>(tool: &Value<'d>, record: &Record<'d>) -> Vec<Value<'d>> {
    let mut queries = Vec::new();
    let messages: HashMap<_, _> = record.messages.iter().rev().map(|own| (own.0.wtf8(), own)).collect();
    for (decided, approved) in [(&record.approved, true), (&record.rejected, false)] {
        let Decided::Calls(calls) = decided else { continue };
        for call in calls {
            let identity = Object::new()
                .with("type", Value::text("query"))
                .with("tool_name", tool.clone())
                .with("request_id", call.clone());
            let own = Value::List(vec![call.clone()]);
            let none = Value::List(Vec::new());
            let (yes, no) = if approved { (own, none) } else { (none, own) };
            let mut decision = Object::new().with("approved", yes).with("rejected", no);
            if let Some((key, message)) = messages.get(&call.wtf8().unwrap_or_default()) {
                let messages: Object<'d> = [(key.clone(), message.clone())].into_iter().collect();
                decision.push(Key::Known("rejection_messages"), Value::Object(messages));
            }
            queries.push(
                Object::new()
                    .with("identity", Value::Object(identity))
                    .with("decision", Value::Object(decision))
                    .into(),
            );
        }
    }
    queries
}

pub(super) fn lower_record<'d>(record: Record<'d>, scope: Option<String>) -> Value<'d> {
    let standing = |decided: &Decided<'_>| matches!(decided, Decided::Always);
    let (yes, no) = (standing(&record.approved), standing(&record.rejected));
    let half = |decided: Decided<'d>, other_stands: bool| match decided {
        Decided::Always => Value::bool(true),
        Decided::Calls(calls) if calls.is_empty() && other_stands && !yes => Value::bool(false),
        Decided::Calls(calls) => Value::List(calls),
    };
    let messages: Object<'d> = record.messages.into_iter().collect();
    Object::new()
        .with("approved", half(record.approved, no))
        .with("rejected", half(record.rejected, yes))
        .with("rejection_messages", (!messages.is_empty()).then_some(Value::Object(messages)))
        .with("sticky_rejection_message", record.standing_message)
        .with("sticky_scope", scope.filter(|_| yes || no).map(|scope| Value::from(scope.into_bytes())))
        .made_from(record.origin)
        .into()
}

/// `name`, `namespace.name` or `deferred_top_level:name`
pub(super) fn tool_key<'d>(tool: &ToolKey<'d>) -> Value<'d> {
    let text = |value: &Value<'d>| value.wtf8().unwrap_or_default().into_owned();
    match tool {
        ToolKey::Bare(name) => name.clone(),
        ToolKey::Namespaced(namespace, name) => Value::from([text(namespace), b".".to_vec(), text(name)].concat()),
        ToolKey::Deferred(name) => Value::from([b"deferred_top_level:".to_vec(), text(name)].concat()),
    }
}

pub(super) fn lookup_key<'d>(tool: &ToolKey<'d>) -> Value<'d> {
    let (kind, namespace, name) = match tool {
        ToolKey::Bare(name) => ("bare", None, name),
        ToolKey::Namespaced(namespace, name) => ("namespaced", Some(namespace.clone()), name),
        ToolKey::Deferred(name) => ("deferred_top_level", None, name),
    };
    Object::new().with("kind", Value::text(kind)).with("namespace", namespace).with("name", name.clone()).into()
}

/// What a call of a function tool is found by, from the call alone.
pub(super) fn own_key<'d>(call: &Value<'d>) -> Option<ToolKey<'d>> {
    let name = call.member("name").filter(|name| name.kind() == Kind::String)?;
    let namespace = call.member("namespace").filter(|space| space.kind() == Kind::String && !space.is(""));
    Some(match namespace {
        Some(namespace) if namespace.wtf8() == name.wtf8() => ToolKey::Deferred(name),
        Some(namespace) => ToolKey::Namespaced(namespace, name),
        None => ToolKey::Bare(name),
    })
}

/// A raw item in the form that the SDK reads: it skips messages and thoughts that lack what it expects.
fn lower_raw(raw: Value<'_>) -> Value<'_> {
    let mut raw = raw;
    let (theirs, own) = super::ASYNCHRONOUS;
    super::respell(&mut raw, theirs, own);
    let kind = raw.member("type");
    let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
    let assistant = raw.member("role").is_some_and(|role| role.is("assistant"));
    if let Some(object) = raw.object_mut() {
        let unnamed =
            |object: &Object<'_>| object.get("id").is_none_or(|id| id.is_null() || id.is("FAKE_ID") || id.is(""));
        if assistant && (kind.is_none() || is("message")) {
            if unnamed(object) {
                object.set("id", NO_ID);
            }
            object.set("type", Value::text("message"));
            if object.get("status").is_none_or(Value::is_null) {
                object.set("status", Value::text("completed"));
            }
            for part in object.get_mut("content").map_or(&mut [][..], Value::elements_mut) {
                if part.is_type("output_text")
                    && part.member("annotations").is_none_or(|annotations| annotations.is_null())
                    && let Some(part) = part.object_mut()
                {
                    part.set("annotations", Value::List(Vec::new()));
                }
            }
        } else if is("reasoning") {
            if unnamed(object) {
                object.set("id", NO_ID);
            }
            if object.get("summary").is_none_or(Value::is_null) {
                object.set("summary", Value::List(Vec::new()));
            }
        } else if (is("tool_search_call") || is("tool_search_output")) && unnamed(object) {
            object.set("id", NO_ID);
        } else if is("computer_call") && object.get("pending_safety_checks").is_none_or(Value::is_null) {
            object.set("pending_safety_checks", Value::List(Vec::new()));
        } else if object.get("id").is_some_and(|id| id.is("FAKE_ID")) {
            object.set("id", NO_ID);
        }
    }
    // The SDK makes answers to servers' requests itself, and keeps them as it made them.
    if !is("mcp_approval_response") {
        arrange(&mut raw, OutputItem::shape());
    }
    raw
}

fn lower_item<'d>(item: Item<'d>, current: Option<&AgentRef<'d>>, names: &Names<'d>) -> Value<'d> {
    lower_item_named(item, current, &names.names)
}

fn lower_item_named<'d>(
    item: Item<'d>,
    current: Option<&AgentRef<'d>>,
    names: &HashMap<Vec<u8>, Value<'d>>,
) -> Value<'d> {
    let tag = item.raw.member("type");
    let is = |name: &str| tag.as_ref().is_some_and(|tag| tag.is(name));
    let agent = item.agent.or_else(|| current.cloned());
    let raw = item.raw;
    let known = paired_id(&raw).and_then(|id| names.get(&id).cloned());
    let tool_name = || {
        let own = ["function_call", "mcp_call", "custom_tool_call"].into_iter().any(is);
        let fixed = [
            ("shell_call", "shell"),
            ("apply_patch_call", "apply_patch"),
            ("computer_call", COMPUTER),
            ("local_shell_call", "local_shell"),
        ];
        let fixed = || fixed.into_iter().find(|(kind, _)| is(kind)).map(|(_, name)| Value::text(name));
        if own { raw.member("name") } else { known.clone().or_else(fixed) }
    };
    let mut more = Object::new();
    let kind = match item.kind {
        ItemKind::Message => "message_output_item",
        ItemKind::Reasoning => "reasoning_item",
        ItemKind::Compaction => "compaction_item",
        ItemKind::ToolSearchCall => "tool_search_call_item",
        ItemKind::ToolSearchOutput => "tool_search_output_item",
        ItemKind::Call { .. } if is("mcp_list_tools") => "mcp_list_tools_item",
        ItemKind::Call { .. } if is("mcp_approval_request") => "mcp_approval_request_item",
        ItemKind::Call { .. } if is("mcp_approval_response") => "mcp_approval_response_item",
        ItemKind::Call { .. } => {
            more = more.with("tool_name", tool_name());
            "tool_call_item"
        }
        // The other SDK can hold these only as input.
        ItemKind::Input { .. } if is("custom_tool_call") || is("local_shell_call") => {
            more = more.with("tool_name", tool_name());
            "tool_call_item"
        }
        ItemKind::Input { .. } if is("custom_tool_call_output") || is("local_shell_call_output") => {
            more = more.with("output", raw.member("output").unwrap_or(Value::NULL));
            "tool_call_output_item"
        }
        ItemKind::Input { id } => {
            more = more.with("input_id", id);
            "input_item"
        }
        ItemKind::Output { output, custom_data } => {
            more = more.with("output", output).with("custom_data", custom_data);
            "tool_call_output_item"
        }
        ItemKind::HandoffCall => "handoff_call_item",
        ItemKind::HandoffOutput { source, target } => {
            let lowered = Object::new()
                .with("type", Value::text("handoff_output_item"))
                .with("raw_item", lower_raw(raw))
                .with("agent", lower_agent(source.clone()))
                .with("source_agent", lower_agent(source))
                .with("target_agent", lower_agent(target));
            return lowered.into();
        }
        ItemKind::Approval { name, tool } => {
            let function = is("function_call");
            let tool = tool.or_else(|| own_key(&raw)).filter(|_| function);
            let name = match &tool {
                Some(ToolKey::Bare(name) | ToolKey::Namespaced(_, name) | ToolKey::Deferred(name)) => {
                    Some(name.clone())
                }
                None if is("computer_call") => Some(Value::text(COMPUTER)),
                None if is("mcp_approval_request") => raw.member("name"),
                None => name.or_else(tool_name),
            };
            let namespace = match &tool {
                Some(ToolKey::Namespaced(namespace, _)) => Some(namespace.clone()),
                Some(ToolKey::Deferred(name)) => Some(name.clone()),
                _ => None,
            };
            more = more
                .with("tool_name", name)
                .with("tool_namespace", namespace)
                .with("tool_lookup_key", tool.as_ref().map(lookup_key));
            "tool_approval_item"
        }
    };
    let mut lowered = Object::new()
        .with("type", Value::text(kind))
        .with("raw_item", if kind == "input_item" { raw } else { lower_raw(raw) })
        .with("agent", agent.map_or(Value::NULL, lower_agent));
    for (key, value) in more.into_members() {
        lowered.push(key, value);
    }
    lowered.into()
}

fn lower_ownership(ownership: Ownership<'_>) -> Value<'_> {
    Object::new()
        .with("start", ownership.start)
        .with("end", ownership.end)
        .with("interruptions", Value::List(ownership.interruptions))
        .into()
}

fn lower_step<'d>(step: Step<'d>, current: Option<&AgentRef<'d>>, names: &HashMap<Vec<u8>, Value<'d>>) -> Value<'d> {
    match step {
        Step::Over => Value::NULL,
        Step::RunAgain => Object::new().with("type", Value::text("next_step_run_again")).into(),
        Step::Interrupted { interruptions, accepted } => {
            let interruptions = interruptions.into_iter().map(|item| lower_item_named(item, current, names)).collect();
            let data = Object::new()
                .with("interruptions", Value::List(interruptions))
                .with("response_accepted", accepted.unwrap_or(Value::bool(false)))
                .with("llm_end_hooks_started", Value::bool(true));
            Object::new().with("type", Value::text("next_step_interruption")).with("data", Value::Object(data)).into()
        }
    }
}

fn lower_processed<'d>(
    processed: Processed<'d>,
    current: Option<&AgentRef<'d>>,
    names: &HashMap<Vec<u8>, Value<'d>>,
    interruptions: Option<Value<'d>>,
    start: Option<Value<'d>>,
    account: &Account<'d>,
) -> Value<'d> {
    let items = processed.new_items.into_iter().filter(|item| !matches!(item.kind, ItemKind::Approval { .. }));
    let items = items.map(|item| lower_item_named(item, current, names)).collect();
    let mut bindings: Object<'d> = Object::new();
    let mut functions = Vec::new();
    for action in processed.functions {
        functions.push(lower_function(action, &mut bindings, account));
    }
    let actions = |actions: Vec<Action<'d>>, tool: &'static str, fallback: &'static str| {
        let lowered = actions.into_iter().map(|action| {
            let name = if tool == "computer" { None } else { action.name };
            let name = Object::new().with("name", name.unwrap_or(Value::text(fallback)));
            Object::new().with("tool_call", lower_raw(action.call)).with(tool, Value::Object(name)).into()
        });
        Value::List(lowered.collect())
    };
    let handoffs = processed.handoffs.into_iter().map(|handoff| {
        let tool = Object::new().with("tool_name", handoff.name);
        Object::new().with("tool_call", lower_raw(handoff.call)).with("handoff", Value::Object(tool)).into()
    });
    let handoffs: Vec<Value<'d>> = handoffs.collect();
    Object::new()
        .with("new_items", Value::List(items))
        .with("tools_used", Value::List(processed.tools_used))
        .with("functions", Value::List(functions))
        .with("computer_actions", actions(processed.computers, "computer", COMPUTER))
        .with("custom_tool_actions", Value::List(Vec::new()))
        .with("local_shell_actions", Value::List(Vec::new()))
        .with("shell_actions", actions(processed.shells, "shell", "shell"))
        .with("apply_patch_actions", actions(processed.patches, "apply_patch", "apply_patch"))
        .with("handoffs", Value::List(handoffs))
        .with("mcp_approval_requests", Value::List(processed.requests.into_iter().map(lower_request).collect()))
        .with("interruptions", interruptions.unwrap_or(Value::List(Vec::new())))
        .with("mcp_tool_bindings", Value::Object(bindings))
        .with("tool_output_guardrail_result_start", start)
        .into()
}

fn lower_function<'d>(action: FunctionAction<'d>, bindings: &mut Object<'d>, account: &Account<'d>) -> Value<'d> {
    let call = action.call;
    let key = action.tool.or_else(|| own_key(&call));
    let name = match &key {
        Some(ToolKey::Bare(name) | ToolKey::Namespaced(_, name) | ToolKey::Deferred(name)) => Some(name.clone()),
        None => action.name,
    };
    let mut tool = Object::new().with("name", name.unwrap_or(Value::text("")));
    if let Some(ToolKey::Namespaced(namespace, name)) = &key {
        tool.push(Key::Known("namespace"), namespace.clone());
        let text = [namespace.wtf8().unwrap_or_default(), name.wtf8().unwrap_or_default()];
        tool.push(Key::Known("qualifiedName"), Value::from(text.join(&b'.')));
    }
    if let Some(key) = &key {
        tool.push(Key::Known("lookupKey"), lookup_key(key));
    }
    let tool = tool
        .with("description", action.description.unwrap_or(Value::text("")))
        .with("paramsJsonSchema", action.parameters.unwrap_or_else(|| Object::new().into()));
    match action.binding {
        Binding::Local => {}
        Binding::Server(server, tool, index) => {
            if let Some(id) = paired_id(&call) {
                let parts = vec![server, tool, index.unwrap_or(Value::NULL)];
                bindings.push(Key::Made(id), Value::List(parts));
            }
        }
        Binding::Unknown => account.assumed(
            Level::Bookkeeping,
            call.origin(),
            "the state does not say whether the tool is on a local MCP server; it is taken for one that is not",
        ),
    }
    let nested = action.nested.map(|nested| lower(*nested, account));
    Object::new()
        .with("tool_call", lower_raw(call))
        .with("tool", Value::Object(tool))
        .with("agent_run_state", nested)
        .into()
}

fn lower_request(request: McpRequest<'_>) -> Value<'_> {
    let item = Object::new().with("raw_item", lower_raw(request.raw));
    let config = Object::new().with("type", Value::text("mcp")).with("server_label", request.server);
    let tool = Object::new().with("name", Value::text("hosted_mcp")).with("tool_config", Value::Object(config));
    Object::new().with("request_item", Value::Object(item)).with("mcp_tool", Value::Object(tool)).into()
}

/// Guardrails' results; the SDK writes what they found even if it is nothing.
fn lower_results(results: Vec<Value<'_>>) -> Value<'_> {
    let mut results = results;
    for result in &mut results {
        let bare = result
            .member("output")
            .is_some_and(|output| output.kind() == Kind::Object && output.member("outputInfo").is_none());
        if bare && let Some(output) = result.object_mut().and_then(|result| result.get_mut("output")?.object_mut()) {
            output.members_mut().insert(0, (Key::Known("outputInfo"), Value::NULL));
        }
    }
    Value::List(results)
}

/// The SDK counts the items of the turn that are in the session; the other one counts in another way.
fn lower_stored<'d>(state: &State<'d>, account: &Account<'d>) -> Value<'d> {
    let Some(stored) = &state.stored else { return Value::integer(0) };
    if stored.as_u64() == Some(0) {
        return Value::integer(0);
    }
    let bounds = state.ownership.as_ref().and_then(|own| Some((own.start.as_u64()?, own.end.as_u64()?)));
    let is_counted = |item: &&Item<'d>| !matches!(item.kind, ItemKind::Approval { .. });
    let count = match bounds {
        Some((start, end)) if start <= end && end <= state.items.len() as u64 => {
            let (start, end) = (usize::try_from(start).unwrap_or(0), usize::try_from(end).unwrap_or(0));
            state.items[start..end].iter().filter(is_counted).count()
        }
        _ => state.processed.as_ref().map_or(0, |own| own.new_items.iter().filter(is_counted).count()),
    };
    account.changed(Level::Bookkeeping, stored, "the SDKs count the items that are in the session in different ways");
    Value::integer(count as u64)
}

fn lower_trace(trace: Trace<'_>) -> Value<'_> {
    let hash = trace.api_key.as_ref().and_then(Value::wtf8).map(|key| Value::from(super::key_hash(&key).into_bytes()));
    Object::new()
        .with("object", Value::text("trace"))
        .with("id", trace.id)
        .with("workflow_name", trace.workflow)
        .with("group_id", trace.group.filter(|group| !group.is_null()))
        .with("metadata", trace.metadata)
        .with("tracing_api_key", trace.api_key)
        .with("tracing_api_key_hash", hash)
        .into()
}
