//! A state of label 1.21 becomes the canonical one. Raw items are those of the API already.

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::{self as shared, OWN, THOUGHT_FIELD, UNKNOWN};
use crate::model::state::{
    Action, AgentRef, Binding, Context, Decided, FunctionAction, FunctionDecision, HandoffAction, HostedDecision,
    Input, Item, ItemKind, McpRequest, NamedDecision, Ownership, Processed, Record, Response, State, Step, ToolKey,
    Trace, Usage, call_id, has_nameless_tool,
};
use crate::model::{Account, Level};
use crate::python::invocation::{Scoped, completes, standing_scope};

use super::STANDING_KINDS;

const ODD: &str = "the Python SDK does not understand this, and neither would the target";

/// The canonical form of a state.
#[must_use]
pub fn lift<'d>(tree: Value<'d>, account: &Account<'d>) -> State<'d> {
    let origin = tree.origin();
    let mut state = open(tree, account);
    state.take("$schemaVersion");
    let items = state.take_elements("generated_items");
    let finished = Finished::of(&items);
    session_items(&mut state, &items, account);
    let ledger = Ledger::of(&mut state, account);
    let dotted = dotted(&items);
    let context = state.take_filled("context");
    let context = context.map(|context| lift_context(context, &ledger, &dotted, account)).unwrap_or_default();
    if let Some(idle) = state.take("no_active_agent_run").filter(|idle| idle.as_bool() != Some(true)) {
        account.rebuilt(&idle, OWN);
    }
    if let Some(auto) = state.take("auto_previous_response_id").filter(|auto| auto.as_bool() != Some(false)) {
        let reason = "the TypeScript SDK does not chain responses by itself: it sends the history instead";
        account.lost(Level::History, &auto, reason);
    }
    if let Some(key) = state.take("generated_prompt_cache_key") {
        account.rebuilt(&key, OWN);
    }
    if let Some(refs) = state.take("nested_history_owned_session_item_refs") {
        account.lost(
            Level::History,
            &refs,
            "which session items a nested history owns is known to the Python SDK alone",
        );
    }
    for key in ["pending_session_write", "terminal_unrecoverable", "sandbox"] {
        let Some(held) = state.take_filled(key) else { continue };
        let reason = match key {
            "sandbox" => "a sandbox session of the Python SDK cannot be reopened from another SDK",
            "terminal_unrecoverable" => "the run has ended in a way that no SDK goes on from",
            _ => "rows for the session are not written yet, and only the Python SDK can finish that",
        };
        account.note(codes::NOT_CONVERTIBLE, Level::Resume, held.origin(), reason);
    }
    let input = match state.take("original_input") {
        Some(input) if input.kind() == Kind::Array => Input::Items(input.into_elements()),
        input => Input::Text(input.unwrap_or(Value::text(""))),
    };
    let lifted_items = account.map(items, lift_item);
    let (processed, tool_output_guardrails_start) = match state.take_filled("last_processed_response") {
        Some(processed) => {
            let (processed, start) = lift_processed(processed, &finished, &ledger, account);
            (Some(processed), start)
        }
        None => (None, None),
    };
    let step = lift_step(state.take_filled("current_step"), account);
    let mut lifted = State {
        origin,
        turn: state.take_filled("current_turn"),
        max_turns: state.take_filled("max_turns"),
        agent: state.take_filled("current_agent").map(|agent| agent_ref(agent, account)),
        input,
        pending_input: state.take_elements("pending_input"),
        responses: account
            .map(state.take_elements("model_responses"), |response, account| Some(lift_response(response, account))),
        last_response: state.take_filled("last_model_response").map(|response| lift_response(response, account)),
        context,
        tools_used: state
            .take_filled("tool_use_tracker")
            .and_then(Value::into_object)
            .map_or_else(Vec::new, Object::into_members),
        input_guardrails: state.take_elements("input_guardrail_results"),
        output_guardrails: state.take_elements("output_guardrail_results"),
        tool_input_guardrails: state.take_elements("tool_input_guardrail_results"),
        tool_output_guardrails: state.take_elements("tool_output_guardrail_results"),
        tool_output_guardrails_start,
        conversation_id: state.take_filled("conversation_id"),
        previous_response_id: state.take_filled("previous_response_id"),
        reasoning_item_id_policy: state.take_filled("reasoning_item_id_policy"),
        items: lifted_items,
        ownership: state
            .take_filled("current_response_generated_item_ownership")
            .and_then(|ownership| lift_ownership(ownership, account)),
        step,
        processed,
        stored: state.take_filled("current_turn_persisted_item_count"),
        trace: state.take_filled("trace").map(|trace| lift_trace(trace, account)),
    };
    account.rest(state, Level::History, UNKNOWN);
    remember_authors(&mut lifted);
    lifted
}

/// The Python SDK keeps who made a summary, and who called a shell or the patch tool, in the answer alone. To the TypeScript
/// SDK an item that differs from the answer is a new one, which it would send to a service that has it already.
fn remember_authors(state: &mut State<'_>) {
    let kept = state.conversation_id.is_some() || state.previous_response_id.is_some();
    let kind = |raw: &Value<'_>| raw.member("type").and_then(|kind| Some(kind.wtf8()?.into_owned()));
    let made = |raw: &Value<'_>| kept || raw.is_type("compaction");
    let id = |raw: &Value<'_>| Some((kind(raw)?, raw.member("id")?.wtf8()?.into_owned()));
    let outputs = state.responses.iter().flat_map(|response| &response.output).filter(|raw| made(raw));
    let authors = outputs.filter_map(|raw| Some((raw.member("created_by")?, id(raw)?)));
    let authors: HashMap<_, _> = authors.map(|(author, id)| (id, author)).collect();
    if authors.is_empty() {
        return;
    }
    let new = state.processed.iter_mut().flat_map(|processed| &mut processed.new_items);
    let said = |item: &&mut Item<'_>| matches!(item.kind, ItemKind::Compaction | ItemKind::Call { .. });
    for item in state.items.iter_mut().chain(new).filter(said) {
        if let Some(author) = id(&item.raw).and_then(|id| authors.get(&id))
            && let Some(raw) = item.raw.object_mut().filter(|raw| raw.get("created_by").is_none())
        {
            raw.set("created_by", author.clone());
        }
    }
}

/// The members of an object. Anything else is lost.
fn open<'d>(value: Value<'d>, account: &Account<'d>) -> Object<'d> {
    if value.kind() != Kind::Object {
        account.lost(Level::Resume, &value, ODD);
    }
    value.into_object().unwrap_or_default()
}

fn each<'d, T>(object: &mut Object<'d>, key: &str, lift: impl FnMut(Value<'d>) -> T) -> Vec<T> {
    object.take_elements(key).into_iter().map(lift).collect()
}

/// What the session's own history holds beside the generated items.
fn session_items<'d>(state: &mut Object<'d>, items: &[Value<'d>], account: &Account<'d>) {
    let session = state.take_elements("session_items");
    let same = |one: &Value<'_>, two: &Value<'_>| match (one, two) {
        (Value::Node(one), Value::Node(two)) => one.raw() == two.raw(),
        _ => false,
    };
    let parallel = session.len() == items.len() && session.iter().zip(items).all(|(one, two)| same(one, two));
    if let Some(indexes) = state.take("generated_session_item_indexes")
        && !(parallel && is_counted(&indexes, items.len()))
    {
        account.rebuilt(&indexes, OWN);
    }
    if parallel {
        return;
    }
    let generated: HashSet<&str> = items
        .iter()
        .filter_map(|item| match item {
            Value::Node(node) => Some(node.raw()),
            _ => None,
        })
        .collect();
    for item in session {
        if !matches!(&item, Value::Node(node) if generated.contains(node.raw())) {
            let reason = "the Python SDK keeps this item for the session alone; the model does not get it";
            account.lost(Level::History, &item, reason);
        }
    }
}

/// Whether a list counts from 0 up.
fn is_counted(list: &Value<'_>, length: usize) -> bool {
    let Value::Node(list) = list else { return false };
    let mut count = 0;
    for (at, index) in list.elements().enumerate() {
        if index.number().and_then(|number| number.to_u64()) != Some(at as u64) {
            return false;
        }
        count += 1;
    }
    count == length
}

/// Calls whose output stands in the history.
struct Finished(HashSet<Vec<u8>>);

impl Finished {
    fn of(items: &[Value<'_>]) -> Self {
        let outputs = items.iter().filter_map(|item| {
            let Some(Value::Node(raw)) = item.member("raw_item") else { return None };
            completes(raw).map(|(_, id)| id.wtf8().into_owned())
        });
        Self(outputs.collect())
    }

    fn has(&self, call: &Value<'_>) -> bool {
        call_id(call).is_some_and(|id| self.0.contains(&id))
    }
}

/// What the ledger says of calls: whether they were started and not finished.
struct Ledger(HashMap<Vec<u8>, bool>);

impl Ledger {
    fn of<'d>(state: &mut Object<'d>, account: &Account<'d>) -> Self {
        let context = state.get_mut("context").and_then(Value::object_mut);
        let Some(ledger) = context.and_then(|context| context.take_filled("tool_invocations")) else {
            return Self(HashMap::default());
        };
        account.rebuilt(&ledger, OWN);
        let entries = ledger.into_object().map_or_else(Vec::new, Object::into_members);
        let is = |entry: &Value<'_>, key: &str| entry.member(key).and_then(|flag| flag.as_bool()) == Some(true);
        let open = |entry: &Value<'_>| is(entry, "executed") && !is(entry, "completed");
        Self(entries.into_iter().map(|(id, entry)| (id.wtf8().into_owned(), open(&entry))).collect())
    }

    /// Whether the call was started and is not finished.
    fn has_started(&self, call: &Value<'_>) -> bool {
        call_id(call).is_some_and(|id| self.0.get(&id) == Some(&true))
    }

    /// Whether decisions about the call count.
    fn knows(&self, id: &Value<'_>) -> bool {
        id.wtf8().is_some_and(|id| self.0.contains_key(&*id))
    }
}

/// Names of tools without a namespace that look as if they had one.
fn dotted(items: &[Value<'_>]) -> HashSet<Vec<u8>> {
    let names = items.iter().filter_map(|item| {
        let raw = item.member("raw_item")?;
        let bare = raw.member("namespace").is_none_or(|namespace| namespace.is_null() || namespace.is(""));
        let name = raw.member("name").filter(|_| bare)?.wtf8()?;
        name.contains(&b'.').then(|| name.into_owned())
    });
    names.collect()
}

fn agent_ref<'d>(value: Value<'d>, account: &Account<'d>) -> AgentRef<'d> {
    if value.kind() == Kind::String {
        return AgentRef { name: value, identity: None };
    }
    let mut agent = open(value, account);
    let name = agent.take("name").unwrap_or(Value::text(""));
    let identity = agent.take_filled("identity");
    account.rest(agent, Level::History, UNKNOWN);
    AgentRef { name, identity }
}

fn lift_response<'d>(value: Value<'d>, account: &Account<'d>) -> Response<'d> {
    let mut response = open(value, account);
    let output: Vec<Value<'d>> = response.take_elements("output").into_iter().map(to_api).collect();
    // A thought that is given back names the model that had it; in the other SDK the answer names it.
    let thought = output.iter().find(|item| item.at(&["provider_data", THOUGHT_FIELD]).is_some());
    let model = thought.and_then(|thought| thought.at(&["provider_data", "model"]));
    let lifted = Response {
        usage: response.take_filled("usage").map(|usage| lift_usage(usage, account)),
        output,
        response_id: response.take_filled("response_id"),
        request_id: response.take_filled("request_id"),
        provider_data: model.map(|model| Object::new().with("model", model).into()),
    };
    account.rest(response, Level::History, UNKNOWN);
    lifted
}

fn lift_usage<'d>(value: Value<'d>, account: &Account<'d>) -> Usage<'d> {
    let mut usage = open(value, account);
    let mut details = |key: &str| match usage.take_filled(key) {
        Some(details) if details.kind() == Kind::Array => details.into_elements(),
        Some(details) => vec![details],
        None => Vec::new(),
    };
    let (input_details, output_details) = (details("input_tokens_details"), details("output_tokens_details"));
    let lifted = Usage {
        requests: usage.take_filled("requests"),
        input: usage.take_filled("input_tokens"),
        output: usage.take_filled("output_tokens"),
        total: usage.take_filled("total_tokens"),
        input_details,
        output_details,
        entries: each(&mut usage, "request_usage_entries", |entry| lift_usage(entry, account)),
    };
    account.rest(usage, Level::Display, UNKNOWN);
    lifted
}

fn lift_context<'d>(
    value: Value<'d>,
    ledger: &Ledger,
    dotted: &HashSet<Vec<u8>>,
    account: &Account<'d>,
) -> Context<'d> {
    let mut context = open(value, account);
    let mut lifted = Context {
        usage: context.take_filled("usage").map(|usage| lift_usage(usage, account)),
        user: context.take_filled("context"),
        tool_input: context.take_filled("tool_input"),
        ..Context::default()
    };
    if let Some(meta) = context.take("context_meta") {
        account.rebuilt(&meta, OWN);
    }
    for (name, record) in
        context.take_filled("approvals").and_then(Value::into_object).map_or_else(Vec::new, Object::into_members)
    {
        if name.wtf8().starts_with(b"apply_patch:") {
            let reason =
                "a decision about patches that come from another kind of tool has no place; the target asks again";
            account.note(codes::NARROWED, Level::Resume, record.origin(), reason);
            continue;
        }
        let scopes: Vec<String> = STANDING_KINDS
            .iter()
            .filter_map(|kind| standing_scope(Scoped::Named { kind, name: &name.wtf8() }))
            .collect();
        let record = lift_record(record, &scopes, ledger, account);
        let name = match &name {
            name if name.is("computer_use_preview") => Value::text("computer"),
            Key::Text(text) => Value::Node(text.node()),
            name => Value::from(name.wtf8().into_owned()),
        };
        lifted.by_name.push(NamedDecision { name, record });
    }
    for value in context.take_elements("function_tool_approvals") {
        let origin = value.origin();
        let mut owned = open(value, account);
        let (agent, key, decision) = (owned.take("agent"), owned.take("tool_key"), owned.take("decision"));
        account.rest(owned, Level::Bookkeeping, UNKNOWN);
        let (Some(agent), Some(key), Some(decision)) = (agent, key, decision) else { continue };
        let tool = tool_of_key(&key, dotted);
        let scopes: Vec<String> = standing_scope(Scoped::Function(&tool)).into_iter().collect();
        let agent = agent_ref(agent, account);
        let agent = match agent.identity {
            Some(identity) => {
                account.rebuilt(&agent.name, OWN);
                identity
            }
            None => agent.name,
        };
        let record = Record { origin, ..lift_record(decision, &scopes, ledger, account) };
        lifted.functions.push(FunctionDecision { agent, tool, record });
    }
    for value in context.take_elements("hosted_mcp_approvals") {
        lift_hosted(value, &mut lifted, ledger, account);
    }
    account.rest(context, Level::History, UNKNOWN);
    lifted
}

/// The tool that a key such as `name`, `namespace.name` or `deferred_top_level:name` is of.
fn tool_of_key<'d>(key: &Value<'d>, dotted: &HashSet<Vec<u8>>) -> ToolKey<'d> {
    let text = key.wtf8().unwrap_or_default();
    if let Some(name) = text.strip_prefix(b"deferred_top_level:") {
        return ToolKey::Deferred(Value::from(name.to_vec()));
    }
    match memchr::memchr(b'.', &text) {
        Some(dot) if dot > 0 && dot + 1 < text.len() && !dotted.contains(&*text) => {
            ToolKey::Namespaced(Value::from(text[..dot].to_vec()), Value::from(text[dot + 1..].to_vec()))
        }
        _ => ToolKey::Bare(key.clone()),
    }
}

fn lift_hosted<'d>(value: Value<'d>, context: &mut Context<'d>, ledger: &Ledger, account: &Account<'d>) {
    let whole = value.clone();
    let mut owned = open(value, account);
    let (identity, decision) = (owned.take("identity"), owned.take("decision"));
    account.rest(owned, Level::Bookkeeping, UNKNOWN);
    let Some(mut identity) = identity.and_then(Value::into_object) else {
        return account.lost(Level::Bookkeeping, &whole, ODD);
    };
    match identity.take("type") {
        Some(kind) if kind.is("server_tool") => {
            let (server, tool) = (identity.take("server_label"), identity.take("tool_name"));
            let (Some(server), Some(tool), Some(decision)) = (server, tool, decision) else { return };
            let (label, name) = (server.wtf8().unwrap_or_default(), tool.wtf8().unwrap_or_default());
            let scopes: Vec<String> =
                standing_scope(Scoped::Hosted { server: &label, name: &name }).into_iter().collect();
            let record = Record { origin: whole.origin(), ..lift_record(decision, &scopes, ledger, account) };
            context.hosted.push(HostedDecision { server, tool, record });
            account.rest(identity, Level::Bookkeeping, UNKNOWN);
        }
        Some(kind) if kind.is("query") => account.rebuilt(&whole, OWN),
        _ => account.note(
            codes::NARROWED,
            Level::Resume,
            whole.origin(),
            "a decision about a request whose server is not known has no place; the target asks again",
        ),
    }
}

/// What was decided. A standing decision that is not bound to the tool does not hold in the Python SDK either.
fn lift_record<'d>(value: Value<'d>, scopes: &[String], ledger: &Ledger, account: &Account<'d>) -> Record<'d> {
    let origin = value.origin();
    let mut record = open(value, account);
    let scope = record.take_filled("sticky_scope");
    let bound = scope.as_ref().is_some_and(|scope| scopes.iter().any(|own| scope.is(own)));
    if let Some(scope) = &scope {
        account.rebuilt(scope, OWN);
    }
    let mut decided = |key: &str| match record.take(key) {
        Some(list) if list.kind() == Kind::Array => {
            let (known, void): (Vec<_>, Vec<_>) = list.into_elements().into_iter().partition(|id| ledger.knows(id));
            for id in void {
                let reason = "the Python SDK does not heed this decision: the ledger does not know the call";
                account.lost(Level::Bookkeeping, &id, reason);
            }
            Decided::Calls(known)
        }
        Some(flag) if flag.as_bool() == Some(true) && bound => Decided::Always,
        Some(flag) => {
            if flag.as_bool() == Some(true) {
                account.lost(
                    Level::Bookkeeping,
                    &flag,
                    "the Python SDK does not heed this decision: its scope is another one",
                );
            }
            Decided::default()
        }
        None => Decided::default(),
    };
    let (approved, rejected) = (decided("approved"), decided("rejected"));
    let messages = record.take_filled("rejection_messages").and_then(Value::into_object);
    let standing_message = record.take_filled("sticky_rejection_message");
    account.rest(record, Level::Bookkeeping, UNKNOWN);
    let messages = messages.map_or_else(Vec::new, Object::into_members);
    Record { origin, approved, rejected, messages, standing_message }
}

/// A key that is written out: `{"kind": "bare", "name": "wire"}`.
fn lookup_key<'d>(value: Option<Value<'d>>, account: &Account<'d>) -> Option<ToolKey<'d>> {
    let mut key = open(value.filter(|value| !value.is_null())?, account);
    let (kind, namespace, name) = (key.take("kind"), key.take_filled("namespace"), key.take("name")?);
    account.rest(key, Level::Bookkeeping, UNKNOWN);
    let kind = kind?;
    match namespace {
        Some(namespace) if kind.is("namespaced") => return Some(ToolKey::Namespaced(namespace, name)),
        Some(namespace) => account.lost(Level::Bookkeeping, &namespace, ODD),
        None => {}
    }
    Some(if kind.is("deferred_top_level") { ToolKey::Deferred(name) } else { ToolKey::Bare(name) })
}

/// A raw item as the API has it.
fn to_api(mut raw: Value<'_>) -> Value<'_> {
    let (theirs, own) = super::ASYNCHRONOUS;
    super::respell(&mut raw, own, theirs);
    raw
}

fn lift_item<'d>(value: Value<'d>, account: &Account<'d>) -> Option<Item<'d>> {
    let origin = value.origin();
    let mut item = open(value, account);
    let kind = item.take("type").unwrap_or(Value::NULL);
    let raw = item.take("raw_item").map_or(Value::NULL, to_api);
    let agent = item.take_filled("agent").map(|agent| agent_ref(agent, account));
    let name = item.get("tool_name").filter(|_| has_nameless_tool(&raw)).cloned();
    for own in ["tool_name", "tool_namespace", "description", "title", "tool_origin", "allow_bare_name_alias"] {
        if own == "tool_name" && kind.is("tool_approval_item") {
            continue;
        }
        if let Some(value) = item.take_filled(own) {
            account.rebuilt(&value, OWN);
        }
    }
    let kind = kind.wtf8().unwrap_or_default();
    let kind = match &*kind {
        b"message_output_item" => ItemKind::Message,
        b"reasoning_item" => ItemKind::Reasoning,
        b"compaction_item" => ItemKind::Compaction,
        b"tool_search_call_item" => ItemKind::ToolSearchCall,
        b"tool_search_output_item" => ItemKind::ToolSearchOutput,
        b"tool_call_item" | b"mcp_list_tools_item" | b"mcp_approval_request_item" | b"mcp_approval_response_item" => {
            ItemKind::Call { tool: None, name }
        }
        b"tool_call_output_item" => ItemKind::Output {
            output: item.take("output").unwrap_or(Value::NULL),
            custom_data: item.take_filled("custom_data"),
        },
        b"handoff_call_item" => ItemKind::HandoffCall,
        b"handoff_output_item" => {
            let mut end = |key: &str| item.take_filled(key).map(|agent| agent_ref(agent, account));
            if let Some(own) = &agent {
                account.rebuilt(&own.name, OWN);
            }
            match (end("source_agent"), end("target_agent")) {
                (Some(source), Some(target)) => ItemKind::HandoffOutput { source, target },
                _ => ItemKind::Output { output: Value::NULL, custom_data: None },
            }
        }
        b"input_item" => ItemKind::Input { id: item.take_filled("input_id") },
        b"tool_approval_item" => ItemKind::Approval {
            name: item.take_filled("tool_name"),
            tool: lookup_key(item.take("tool_lookup_key"), account),
        },
        _ => {
            account.note(codes::NO_PLACE, Level::History, origin, "no released SDK reads items of this type");
            return None;
        }
    };
    account.rest(item, Level::History, UNKNOWN);
    Some(Item { origin, kind, agent, raw })
}

fn lift_ownership<'d>(value: Value<'d>, account: &Account<'d>) -> Option<Ownership<'d>> {
    let mut ownership = open(value, account);
    let (start, end) = (ownership.take("start"), ownership.take("end"));
    let interruptions = ownership.take_elements("interruptions");
    account.rest(ownership, Level::Bookkeeping, UNKNOWN);
    Some(Ownership { start: start?, end: end?, interruptions })
}

fn lift_step<'d>(value: Option<Value<'d>>, account: &Account<'d>) -> Step<'d> {
    let Some(value) = value else { return Step::Over };
    let mut step = open(value, account);
    let kind = step.take("type").unwrap_or(Value::NULL);
    if kind.is("next_step_run_again") {
        account.rest(step, Level::Bookkeeping, UNKNOWN);
        return Step::RunAgain;
    }
    if !kind.is("next_step_interruption") {
        account.lost(Level::Resume, &kind, "the Python SDK reads a step of this type as none");
        account.rest(step, Level::Bookkeeping, ODD);
        return Step::Over;
    }
    let mut data = step.take_filled("data").and_then(Value::into_object).unwrap_or_default();
    account.rest(step, Level::Bookkeeping, UNKNOWN);
    let interruptions = data.take_elements("interruptions");
    let interruptions = interruptions.into_iter().filter_map(|item| lift_interruption(item, account)).collect();
    let accepted = data.take("response_accepted").filter(|flag| flag.as_bool() == Some(true));
    if let Some(hooks) = data.take("llm_end_hooks_started").filter(|hooks| hooks.as_bool() != Some(true)) {
        let reason = "the hooks for the end of the model's answer have not run, and the target does not run them later";
        account.lost(Level::History, &hooks, reason);
    }
    account.rest(data, Level::Bookkeeping, UNKNOWN);
    Step::Interrupted { interruptions, accepted }
}

/// A question, which the reader takes as one whatever its type says.
fn lift_interruption<'d>(value: Value<'d>, account: &Account<'d>) -> Option<Item<'d>> {
    let mut value = value;
    if let Some(item) = value.object_mut() {
        item.set("type", Value::text("tool_approval_item"));
    }
    lift_item(value, account)
}

fn lift_processed<'d>(
    value: Value<'d>,
    finished: &Finished,
    ledger: &Ledger,
    account: &Account<'d>,
) -> (Processed<'d>, Option<Value<'d>>) {
    let mut response = open(value, account);
    let bindings = response.take_filled("mcp_tool_bindings").and_then(Value::into_object).unwrap_or_default();
    let mut bindings: HashMap<Vec<u8>, Value<'d>> =
        bindings.into_members().into_iter().map(|(id, binding)| (id.wtf8().into_owned(), binding)).collect();
    let mut processed = Processed {
        new_items: response
            .take_elements("new_items")
            .into_iter()
            .filter_map(|item| lift_item(item, account))
            .collect(),
        tools_used: response.take_elements("tools_used"),
        ..Processed::default()
    };
    for value in response.take_elements("functions") {
        if let Some(action) = lift_function(value, &mut bindings, account) {
            if ledger.has_started(&action.call) && action.nested.is_none() && !finished.has(&action.call) {
                let reason =
                    "this call was started and what came of it is not recorded: the target would run it a second time";
                account.note(codes::WOULD_RUN, Level::Authority, action.call.origin(), reason);
            }
            processed.functions.push(action);
        }
    }
    let named = [("computer_actions", "computer"), ("shell_actions", "shell"), ("apply_patch_actions", "apply_patch")];
    for (key, tool) in named {
        for value in response.take_elements(key) {
            let Some(action) = lift_action(value, tool, account) else { continue };
            if ledger.has_started(&action.call) && !finished.has(&action.call) {
                let reason =
                    "this call was started and what came of it is not recorded: the target would run it a second time";
                account.note(codes::WOULD_RUN, Level::Authority, action.call.origin(), reason);
            }
            match tool {
                "computer" => processed.computers.push(action),
                "shell" => processed.shells.push(action),
                _ => processed.patches.push(action),
            }
        }
    }
    for (key, tool) in [("custom_tool_actions", "custom_tool"), ("local_shell_actions", "local_shell")] {
        for value in response.take_elements(key) {
            let origin = value.origin();
            let Some(action) = lift_action(value, tool, account) else { continue };
            if finished.has(&action.call) {
                account.rebuilt(&action.call, OWN);
                account.lost_member(Level::Bookkeeping, action.name.as_ref(), OWN);
            } else {
                let reason = "the TypeScript SDK has no tool of this kind, and could not carry out the call";
                account.note(codes::NOT_CONVERTIBLE, Level::Resume, origin, reason);
            }
        }
    }
    for value in response.take_elements("handoffs") {
        let mut handoff = open(value, account);
        let call = handoff.take("tool_call").map(to_api);
        let name = handoff.take("handoff").and_then(Value::into_object).and_then(|mut tool| {
            let name = tool.take("tool_name");
            account.rest(tool, Level::Bookkeeping, UNKNOWN);
            name
        });
        account.rest(handoff, Level::Bookkeeping, UNKNOWN);
        let (Some(call), Some(name)) = (call, name) else { continue };
        processed.handoffs.push(HandoffAction { call, name, target: None });
    }
    for value in response.take_elements("mcp_approval_requests") {
        if let Some(request) = lift_request(value, account) {
            processed.requests.push(request);
        }
    }
    for (_, binding) in bindings {
        account.lost(Level::Bookkeeping, &binding, "this binding belongs to no call that waits");
    }
    if let Some(copies) = response.take_filled("interruptions") {
        account.rebuilt(&copies, OWN);
    }
    let start = response.take_filled("tool_output_guardrail_result_start");
    account.rest(response, Level::History, UNKNOWN);
    (processed, start)
}

fn lift_function<'d>(
    value: Value<'d>,
    bindings: &mut HashMap<Vec<u8>, Value<'d>>,
    account: &Account<'d>,
) -> Option<FunctionAction<'d>> {
    let mut action = open(value, account);
    let call = action.take("tool_call").map(to_api)?;
    let mut tool = action.take_filled("tool").and_then(Value::into_object).unwrap_or_default();
    let nested = action.take_filled("agent_run_state").map(|nested| Box::new(lift(nested, account)));
    account.rest(action, Level::History, UNKNOWN);
    let name = tool.take_filled("name");
    let key = lookup_key(tool.take("lookupKey"), account);
    for own in ["namespace", "qualifiedName"] {
        if let Some(value) = tool.take_filled(own) {
            account.rebuilt(&value, OWN);
        }
    }
    let (description, parameters) = (tool.take_filled("description"), tool.take_filled("paramsJsonSchema"));
    account.rest(tool, Level::Bookkeeping, UNKNOWN);
    let binding = match call_id(&call).and_then(|id| bindings.remove(&id)) {
        None => Binding::Local,
        Some(binding) => {
            let mut parts = binding.into_elements().into_iter();
            match (parts.next(), parts.next()) {
                (Some(server), Some(tool)) => {
                    Binding::Server(server, tool, parts.next().filter(|index| !index.is_null()))
                }
                _ => Binding::Unknown,
            }
        }
    };
    Some(FunctionAction { call, name, tool: key, description, parameters, binding, nested })
}

fn lift_action<'d>(value: Value<'d>, tool: &str, account: &Account<'d>) -> Option<Action<'d>> {
    let mut action = open(value, account);
    let call = action.take("tool_call").map(to_api)?;
    let tool = action.take_filled(tool);
    account.rest(action, Level::History, UNKNOWN);
    Some(shared::action(call, tool, account))
}

fn lift_request<'d>(value: Value<'d>, account: &Account<'d>) -> Option<McpRequest<'d>> {
    let mut request = open(value, account);
    let mut item = request.take("request_item").and_then(Value::into_object)?;
    let raw = item.take("raw_item")?;
    account.rest(item, Level::Bookkeeping, UNKNOWN);
    let tool = request.take_filled("mcp_tool");
    account.rest(request, Level::History, UNKNOWN);
    Some(shared::request(raw, tool, account))
}

fn lift_trace<'d>(value: Value<'d>, account: &Account<'d>) -> Trace<'d> {
    let mut trace = open(value, account);
    let lifted = shared::trace(&mut trace, account);
    if let Some(hash) = trace.take_filled("tracing_api_key_hash") {
        let own = lifted.api_key.as_ref().and_then(Value::wtf8).map(|key| super::key_hash(&key));
        if own.is_some_and(|own| hash.is(&own)) {
            account.rebuilt(&hash, OWN);
        } else {
            let reason =
                "the TypeScript SDK knows a tracing key, not its hash: traces go on with the program's own key";
            account.lost(Level::Display, &hash, reason);
        }
    }
    account.rest(trace, Level::Display, "the other SDK's traces have no place for this");
    lifted
}
