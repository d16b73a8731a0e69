//! The canonical state becomes one of label 1.22, in the member order of release 0.20.0.

use sha2::{Digest as _, Sha256};

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::ECHO;
use crate::model::state::{
    Action, AgentRef, Binding, Context, Decided, FunctionAction, HandoffAction, Input, Item, ItemKind, McpRequest,
    Ownership, Processed, Record, Response, State, Step, ToolKey, Trace, Usage, paired_id,
};
use crate::model::{Account, Level};
use crate::record::{Wire as _, arrange};
use crate::typescript::raw::ModelItem;

use super::derive::{NAMED_TOOLS, named_tools};
use super::gather::gather;
use super::lift::respell;
use super::raw::{live, to_protocol, unknown};
use super::{in_order, key_of_tool, tool_of_call};

/// The id of input that stands for an item that the SDK has no type for.
const CARRIED: Value<'static> = Value::text("carried");
const COMPUTER: &str = "computer_use_preview";
/// What the SDK's schema has no place for.
const NO_PLACE: &str = "the TypeScript SDK has no place for this";

/// The state in the newest shape, without the records of finished calls.
#[must_use]
pub fn lower<'d>(state: State<'d>, account: &Account<'d>) -> Value<'d> {
    let mut state = state;
    gather(&mut state, account);
    lower_run(state, account)
}

fn lower_run<'d>(state: State<'d>, account: &Account<'d>) -> Value<'d> {
    let mut state = state;
    for copy in state.place_accepted_answer().iter().filter_map(|item| item.origin) {
        account.rebuilt(&Value::Node(copy), ECHO);
    }
    for item in state.settle_ignored_handoffs() {
        // The SDK refuses such an output for a handoff.
        let reason = "a handoff that was not carried out is a call of a tool in the history";
        account.note(codes::CHANGED_FORM, Level::Display, item.origin, reason);
    }
    for question in state.take_settled().iter().filter_map(|item| item.origin) {
        account.lost(
            Level::Bookkeeping,
            &Value::Node(question),
            "the TypeScript SDK forgets a question that is settled",
        );
    }
    let (calls, servers, current) = (Calls::of(&state), servers(&state), state.agent.clone());
    let (calls, servers, current) = (&calls, &servers, current.as_ref());
    let cx = Cx { calls, servers, current, account };
    let in_progress = matches!(state.step, Step::Interrupted { .. });
    let named = names_of_tools(&state);
    let stored = cx.stored(&state);
    said_twice(&state, account);
    state.ask_in_order();
    let ownership = state.ownership.filter(|own| {
        let fits = fits(own, &state.items);
        if !fits {
            for place in [&own.start, &own.end].into_iter().chain(&own.interruptions) {
                account.lost(Level::Bookkeeping, place, "the TypeScript SDK refuses places that are not there");
            }
        }
        fits
    });
    let guardrails = state.tool_output_guardrails_start.clone();
    let guardrails = guardrails.unwrap_or_else(|| Value::integer(state.tool_output_guardrails.len() as u64));
    let span = state.trace.as_ref().and_then(|trace| span(trace, state.agent.as_ref()));
    let mut runs = Runs::default();
    let processed = state.processed.map(|processed| cx.processed(processed, &mut runs));
    let interrupted = cx.step(state.step);
    let mut lowered = Object::new()
        .with("$schemaVersion", Value::text("1.22"))
        .with("currentTurn", state.turn.unwrap_or_else(|| Value::integer(0)))
        .with("currentAgent", state.agent.map(agent))
        .with(
            "originalInput",
            match state.input {
                Input::Text(text) => text,
                Input::Items(items) => cx.items(items),
            },
        );
    if !state.pending_input.is_empty() {
        lowered.push(Key::Known("pendingInput"), cx.items(state.pending_input));
    }
    let responses = account
        .map(state.responses, |response, account| Some(Cx { calls, servers, current, account }.response(response)));
    let last = state.last_response.map(|response| cx.response(response));
    let items =
        account.map(state.items, |item, account| Some(Cx { calls, servers, current, account }.item(item, false)));
    let lowered = lowered
        .with("modelResponses", Value::List(responses))
        .with("context", cx.context(state.context))
        .with("toolUseTracker", Value::Object(in_order(state.tools_used)))
        .with("maxTurns", state.max_turns.unwrap_or(Value::NULL))
        .with("currentAgentSpan", span.clone())
        .with("noActiveAgentRun", Value::bool(false))
        .with("inputGuardrailResults", cx.named(state.input_guardrails))
        .with("initialInputGuardrailsCompleted", Value::bool(true))
        .with("outputGuardrailResults", cx.named(state.output_guardrails))
        .with("toolInputGuardrailResults", results(state.tool_input_guardrails))
        .with("toolOutputGuardrailResults", results(state.tool_output_guardrails))
        .with("currentTurnInProgress", Value::bool(in_progress))
        .with("currentStep", interrupted)
        .with("lastModelResponse", last)
        .with("generatedItems", Value::List(items))
        .with("currentResponseGeneratedItemOwnership", ownership.map(|own| owned(own, guardrails)))
        .with("pendingAgentToolRuns", Value::Object(in_order(runs.runs)))
        .with("pendingAgentToolRunAliases", Value::Object(in_order(runs.aliases)))
        .with("lastProcessedResponse", processed)
        .with("currentTurnPersistedItemCount", stored)
        .with("conversationId", state.conversation_id)
        .with("previousResponseId", state.previous_response_id)
        .with("reasoningItemIdPolicy", state.reasoning_item_id_policy)
        .with("trace", trace(state.trace, span.is_some(), account))
        .with(NAMED_TOOLS, named);
    lowered.into()
}

/// The names of the tools of the state that no call names.
fn names_of_tools<'d>(state: &State<'d>) -> Option<Value<'d>> {
    named_tools(state.items.iter().filter_map(|item| {
        let ItemKind::Call { name: Some(name), .. } = &item.kind else { return None };
        let agent = item.agent.as_ref().or(state.agent.as_ref())?.key().wtf8()?.into_owned();
        Some((agent, paired_id(&item.raw)?, name.clone()))
    }))
}

/// What is looked up while a state is lowered.
struct Cx<'a, 'd> {
    calls: &'a Calls<'d>,
    servers: &'a HashSet<Vec<u8>>,
    /// The agent that the run is with.
    current: Option<&'a AgentRef<'d>>,
    account: &'a Account<'d>,
}

/// Runs of agents behind tools.
#[derive(Default)]
struct Runs<'d> {
    runs: Vec<(Key<'d>, Value<'d>)>,
    aliases: Vec<(Key<'d>, Value<'d>)>,
}

/// The function calls, by their ids: what came of them repeats who called what.
struct Calls<'d>(HashMap<Vec<u8>, Value<'d>>);

impl<'d> Calls<'d> {
    fn of(state: &State<'d>) -> Self {
        let mut calls = Self(HashMap::default());
        if let Input::Items(items) = &state.input {
            items.iter().for_each(|raw| calls.add(raw));
        }
        state.responses.iter().flat_map(|response| &response.output).for_each(|raw| calls.add(raw));
        state.items.iter().for_each(|item| calls.add(&item.raw));
        calls
    }

    fn add(&mut self, raw: &Value<'d>) {
        if raw.is_type("function_call")
            && let Some(id) = paired_id(raw)
        {
            self.0.insert(id, raw.clone());
        }
    }
}

/// Names of tools that the keys of tools say better, and copies of what is asked.
fn said_twice<'d>(state: &State<'d>, account: &Account<'d>) {
    let waiting = state.step.waiting();
    for item in state.items.iter().chain(waiting).filter(|item| item.raw.is_type("function_call")) {
        let ItemKind::Approval { name: Some(name), tool } = &item.kind else { continue };
        if tool.is_some() || tool_of_call(&item.raw).is_some() {
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
        if let Some(name) =
            action.name.as_ref().filter(|_| action.tool.is_some() || tool_of_call(&action.call).is_some())
        {
            account.rebuilt(name, ECHO);
        }
        if let Some(ToolKey::Namespaced(namespace, _)) = &action.tool {
            account.rebuilt(namespace, ECHO);
        }
    }
}

/// The labels of the hosted servers that the run is known to have called.
fn servers(state: &State<'_>) -> HashSet<Vec<u8>> {
    let items = state.items.iter().map(|item| &item.raw);
    let calls = items.filter(|raw| raw.is_type("mcp_approval_request") || raw.is_type("mcp_call"));
    calls.filter_map(|raw| Some(raw.member("server_label")?.wtf8()?.into_owned())).collect()
}

fn agent(agent: AgentRef<'_>) -> Value<'_> {
    Object::new().with("name", agent.name).with("identity", agent.identity).into()
}

/// Whether the places that an ownership block names are there: the SDK refuses a state in which they are not.
fn fits(own: &Ownership<'_>, items: &[Item<'_>]) -> bool {
    let (Some(start), Some(end)) = (own.start.as_u64(), own.end.as_u64()) else { return false };
    let asks = |at: u64| {
        let item = usize::try_from(at).ok().and_then(|at| items.get(at));
        (start..end).contains(&at) && item.is_some_and(|item| matches!(item.kind, ItemKind::Approval { .. }))
    };
    let asked = own.interruptions.iter().filter_map(Value::as_u64).collect::<crate::hash::HashSet<u64>>();
    let mut inside = items.iter().zip(0_u64..).filter(|(_, at)| (start..end).contains(at));
    start <= end
        && end <= items.len() as u64
        && own.interruptions.iter().all(|at| at.as_u64().is_some_and(asks))
        && inside.all(|(item, at)| asked.contains(&at) || !matches!(item.kind, ItemKind::Approval { .. }))
}

fn owned<'d>(own: Ownership<'d>, guardrails: Value<'d>) -> Value<'d> {
    Object::new()
        .with("generatedItemStartIndex", own.start)
        .with("generatedItemEndIndexExclusive", own.end)
        .with("interruptionGeneratedItemIndexes", Value::List(own.interruptions))
        .with("toolOutputGuardrailResultStartIndex", guardrails)
        .into()
}

/// Guardrails' results with the behaviors' names of the TypeScript SDK.
fn results(results: Vec<Value<'_>>) -> Value<'_> {
    Value::List(respell(results, &[("reject_content", "rejectContent"), ("raise_exception", "throwException")]))
}

/// The SDK takes up a trace only with the span of an agent in it.
fn span<'d>(trace: &Trace<'d>, agent: Option<&AgentRef<'d>>) -> Option<Value<'d>> {
    let id = trace.id.as_ref().filter(|id| id.kind() == Kind::String)?;
    trace.workflow.as_ref().filter(|name| name.kind() == Kind::String)?;
    let digest = Sha256::digest(id.wtf8().unwrap_or_default());
    let digits: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let data = Object::new()
        .with("type", Value::text("agent"))
        .with("name", agent.map_or(Value::text(""), |agent| agent.name.clone()))
        .with("handoffs", Value::List(Vec::new()))
        .with("tools", Value::List(Vec::new()))
        .with("output_type", Value::text("text"));
    let span = Object::new()
        .with("object", Value::text("trace.span"))
        .with("id", Value::from(format!("span_{digits}").into_bytes()))
        .with("trace_id", id.clone())
        .with("parent_id", Value::NULL)
        .with("started_at", Value::NULL)
        .with("ended_at", Value::NULL)
        .with("error", Value::NULL)
        .with("span_data", Value::Object(data));
    Some(span.into())
}

fn trace<'d>(trace: Option<Trace<'d>>, whole: bool, account: &Account<'d>) -> Value<'d> {
    let Some(trace) = trace else { return Value::NULL };
    if !whole {
        let reason = "the TypeScript SDK takes up a trace only with its id and its workflow's name";
        for value in [&trace.id, &trace.workflow, &trace.group, &trace.metadata, &trace.api_key].into_iter().flatten() {
            account.lost(Level::Display, value, reason);
        }
        return Value::NULL;
    }
    let metadata = trace.metadata.filter(|metadata| metadata.kind() == Kind::Object);
    Object::new()
        .with("object", Value::text("trace"))
        .with("id", trace.id)
        .with("workflow_name", trace.workflow)
        .with("group_id", trace.group.unwrap_or(Value::NULL))
        .with("metadata", metadata.unwrap_or_else(|| Object::new().into()))
        .with("tracing_api_key", trace.api_key)
        .into()
}

pub(super) fn record(record: Record<'_>) -> Value<'_> {
    let standing = |decided: &Decided<'_>| matches!(decided, Decided::Always);
    let (yes, no) = (standing(&record.approved), standing(&record.rejected));
    let half = |decided, other_stands: bool| match decided {
        Decided::Always => Value::bool(true),
        Decided::Calls(calls) if calls.is_empty() && other_stands && !yes => Value::bool(false),
        Decided::Calls(calls) => Value::List(calls),
    };
    let messages = in_order(record.messages);
    Object::new()
        .with("approved", half(record.approved, no))
        .with("rejected", half(record.rejected, yes))
        .with("messages", (!messages.is_empty()).then_some(Value::Object(messages)))
        .with("stickyRejectMessage", record.standing_message)
        .made_from(record.origin)
        .into()
}

impl<'d> Cx<'_, 'd> {
    /// Results of guardrails, each of which has a name here.
    fn named(&self, results: Vec<Value<'d>>) -> Value<'d> {
        let named = |mut result: Value<'d>| {
            let guardrail = result.object_mut().and_then(|result| result.get_mut("guardrail")?.object_mut());
            if let Some(name) = guardrail.and_then(|guardrail| guardrail.get_mut("name")).filter(|name| name.is_null())
            {
                let reason = "guardrails of the TypeScript SDK have names: this one gets an empty one";
                self.account.assumed(Level::Display, name.origin(), reason);
                *name = Value::text("");
            }
            result
        };
        Value::List(results.into_iter().map(named).collect())
    }

    /// The raw item in the order in which the SDK's schema has its members.
    fn raw(&self, raw: Value<'d>) -> Value<'d> {
        let is_result = raw.is_type("function_call_output");
        let call = paired_id(&raw).and_then(|id| self.calls.0.get(&id)).filter(|_| is_result);
        let id = raw.member("call_id");
        let mut own = to_protocol(raw, self.account);
        if is_result && let Some(object) = own.object_mut() {
            let data = object.get_mut("providerData").and_then(Value::object_mut);
            let spare = data.and_then(|data| data.take("name"));
            let name = call.and_then(|call| call.member("name")).or(spare).or(id);
            object.set("name", name.unwrap_or(Value::text("")));
            if let Some(namespace) = call.and_then(|call| call.member("namespace")).filter(|own| !own.is_null()) {
                object.set("namespace", namespace);
            }
            let caller = call.and_then(|call| to_protocol(call.clone(), &Account::default()).member("caller"));
            if let Some(caller) = caller {
                if let Some(own) = object.take("caller") {
                    self.account.rebuilt(&own, ECHO);
                }
                object.set("caller", caller);
            }
            if object.get("providerData").is_some_and(Value::is_empty) {
                object.take("providerData");
            }
        }
        arrange(&mut own, ModelItem::shape());
        own
    }

    fn items(&self, items: Vec<Value<'d>>) -> Value<'d> {
        Value::List(items.into_iter().map(|raw| self.raw(raw)).collect())
    }

    fn response(&self, response: Response<'d>) -> Value<'d> {
        Object::new()
            .with("usage", self.usage(response.usage.as_ref()))
            .with("output", self.items(response.output))
            .with("responseId", response.response_id)
            .with("requestId", response.request_id)
            .with("providerData", response.provider_data)
            .into()
    }

    fn usage(&self, usage: Option<&Usage<'d>>) -> Value<'d> {
        let none = || Value::integer(0);
        let unused = Usage::default();
        let usage = usage.unwrap_or(&unused);
        let counts = |object: Object<'d>, usage: &Usage<'d>| {
            object
                .with("inputTokens", usage.input.clone().unwrap_or_else(none))
                .with("outputTokens", usage.output.clone().unwrap_or_else(none))
                .with("totalTokens", usage.total.clone().unwrap_or_else(none))
        };
        let mut lowered = counts(Object::new().with("requests", usage.requests.clone().unwrap_or_else(none)), usage);
        for (key, details) in
            [("inputTokensDetails", &usage.input_details), ("outputTokensDetails", &usage.output_details)]
        {
            lowered.push(Key::Known(key), Value::List(details.iter().map(|own| self.details(own)).collect()));
        }
        if !usage.entries.is_empty() {
            let entries = usage.entries.iter().map(|entry| {
                let first = |details: &[Value<'d>]| details.first().map(|own| self.details(own));
                counts(Object::new(), entry)
                    .with("inputTokensDetails", first(&entry.input_details))
                    .with("outputTokensDetails", first(&entry.output_details))
                    .into()
            });
            lowered.push(Key::Known("requestUsageEntries"), Value::List(entries.collect()));
        }
        lowered.into()
    }

    /// Counts by kind: the SDK takes numbers alone.
    fn details(&self, details: &Value<'d>) -> Value<'d> {
        let members = details.clone().into_object().map_or_else(Vec::new, Object::into_members);
        let mut counts = Object::new();
        for (key, value) in members {
            if value.kind() == Kind::Number {
                counts.push(key, value);
            } else {
                self.account.lost(Level::Display, &value, "the TypeScript SDK keeps numbers of tokens alone");
            }
        }
        counts.into()
    }

    fn context(&self, context: Context<'d>) -> Value<'d> {
        let mut functions: Vec<(Value<'d>, Vec<(Key<'d>, Value<'d>)>)> = Vec::new();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::default();
        for decision in context.functions {
            let agent = decision.agent.wtf8().unwrap_or_default().into_owned();
            let at = *places.entry(agent).or_insert(functions.len());
            if at == functions.len() {
                functions.push((decision.agent, Vec::new()));
            }
            functions[at].1.push((Key::Made(key_of_tool(&decision.tool)), record(decision.record)));
        }
        let functions: Vec<Value<'d>> = functions
            .into_iter()
            .map(|(agent, records)| {
                Object::new().with("agentIdentity", agent).with("approvals", Value::Object(in_order(records))).into()
            })
            .collect();
        let hosted = context.hosted.into_iter().map(|decision| {
            let text = |value: &Value<'_>| value.wtf8().unwrap_or_default().into_owned();
            let parts = [b"hosted_mcp".to_vec(), text(&decision.server), text(&decision.tool)];
            let key = crate::typescript::ToolKey::text(&[&parts[0], &parts[1], &parts[2]]);
            (Key::Made(key), record(decision.record))
        });
        let hosted: Object<'d> = hosted.collect();
        let named = context.by_name.into_iter().map(|decision| {
            (Key::Made(decision.name.wtf8().unwrap_or_default().into_owned()), record(decision.record))
        });
        let user = match context.user {
            Some(user) if user.kind() == Kind::Object => user,
            Some(user) => {
                self.account.lost(Level::History, &user, "the context of the TypeScript SDK is an object or nothing");
                Object::new().into()
            }
            None => Object::new().into(),
        };
        if let Value::Node(user) = &user
            && let Some(hidden) = user.members().find(|member| member.key.is("__proto__"))
        {
            self.account.note(
                codes::NO_PLACE,
                Level::History,
                Some(hidden.value),
                "JavaScript drops a key of this name",
            );
        }
        Object::new()
            .with("usage", self.usage(context.usage.as_ref()))
            .with("approvals", Value::Object(in_order(named.collect())))
            .with("hostedMcpApprovals", (!hosted.is_empty()).then_some(Value::Object(hosted)))
            .with("functionApprovals", (!functions.is_empty()).then_some(Value::List(functions)))
            .with("context", user)
            .with("toolInput", context.tool_input)
            .into()
    }

    fn stored(&self, state: &State<'d>) -> Value<'d> {
        match &state.stored {
            Some(stored) if stored.as_u64() != Some(0) => {
                let reason = "the SDKs count the items that are in the session in different ways";
                self.account.changed(Level::Bookkeeping, stored, reason);
                Value::integer(state.items.len() as u64)
            }
            _ => Value::integer(0),
        }
    }

    fn step(&self, step: Step<'d>) -> Option<Value<'d>> {
        match step {
            Step::Over => None,
            Step::RunAgain => Some(Object::new().with("type", Value::text("next_step_run_again")).into()),
            Step::Interrupted { interruptions, accepted } => {
                let interruptions = interruptions.into_iter().map(|item| self.item(item, true)).collect();
                let data =
                    Object::new().with("interruptions", Value::List(interruptions)).with("responseAccepted", accepted);
                let step = Object::new().with("type", Value::text("next_step_interruption"));
                Some(step.with("data", Value::Object(data)).into())
            }
        }
    }

    /// An entry of the history; `waits` where it is a question that is put to a person right now.
    fn item(&self, item: Item<'d>, waits: bool) -> Value<'d> {
        let agent = item.agent.or_else(|| self.current.cloned()).map(agent);
        let asks = matches!(item.kind, ItemKind::Approval { .. });
        let raw = if asks { self.asked(item.raw.clone()) } else { self.raw(item.raw.clone()) };
        if !holds(&item.kind, &raw) {
            return self.carried(item.kind, item.raw, agent);
        }
        let local = !raw.is_type("program_output");
        let raw = if matches!(item.kind, ItemKind::ToolSearchOutput) { self.found(&item.raw, raw) } else { raw };
        let raw = if waits { live(raw) } else { raw };
        let lowered = |kind: &'static str| Object::new().with("type", Value::text(kind)).with("rawItem", raw.clone());
        match item.kind {
            ItemKind::Message => lowered("message_output_item").with("agent", agent),
            ItemKind::Reasoning => lowered("reasoning_item").with("agent", agent),
            ItemKind::Compaction => lowered("compaction_item").with("agent", agent),
            ItemKind::ToolSearchCall => lowered("tool_search_call_item").with("agent", agent),
            ItemKind::ToolSearchOutput => lowered("tool_search_output_item").with("agent", agent),
            ItemKind::HandoffCall => lowered("handoff_call_item").with("agent", agent),
            ItemKind::HandoffOutput { source, target } => lowered("handoff_output_item")
                .with("sourceAgent", self::agent(source))
                .with("targetAgent", self::agent(target)),
            ItemKind::Input { id } => {
                let id = id.filter(|id| id.kind() == Kind::String && !id.is("")).unwrap_or(CARRIED);
                lowered("input_item").with("agent", agent).with("inputId", id)
            }
            ItemKind::Call { tool, .. } => {
                // A tool that is loaded late is found by the call itself where the call names it as its namespace.
                let own = tool_of_call(&item.raw);
                let key = match (tool, own) {
                    (Some(ToolKey::Deferred(name)), Some(ToolKey::Bare(_))) => {
                        Some(Value::from(key_of_tool(&ToolKey::Deferred(name))))
                    }
                    _ => None,
                };
                lowered("tool_call_item").with("agent", agent).with("functionToolStateKey", key)
            }
            ItemKind::Output { output, custom_data } => {
                let data = custom_data.filter(|data| {
                    let fits = data.kind() == Kind::Object;
                    if !fits {
                        self.account.lost(Level::History, data, NO_PLACE);
                    }
                    fits
                });
                lowered("tool_call_output_item")
                    .with("agent", agent)
                    .with("output", output)
                    .with("customData", data)
                    .with("executionStatus", local.then_some(Value::text("executed")))
            }
            ItemKind::Approval { name, tool } => {
                let function = item.raw.is_type("function_call");
                let tool = tool.or_else(|| tool_of_call(&item.raw)).filter(|_| function);
                let name = match &tool {
                    Some(tool) => Some(shown(tool)),
                    None => name.or_else(|| item.raw.member("name")).or_else(|| named_by_type(&item.raw)),
                };
                let key = tool.map(|tool| Value::from(key_of_tool(&tool)));
                lowered("tool_approval_item")
                    .with("agent", agent)
                    .with("toolName", name)
                    .with("functionToolStateKey", key)
            }
        }
        .into()
    }

    /// What a search has found. The SDK runs a hosted server's tool that was searched for only if it finds it named here.
    fn found(&self, item: &Value<'d>, raw: Value<'d>) -> Value<'d> {
        let mut raw = raw;
        if item.member("execution").is_some_and(|execution| execution.is("client")) {
            return raw;
        }
        let mut names = Vec::new();
        for space in item.member("tools").map_or_else(Vec::new, Value::into_elements) {
            let name = space.member("name").filter(|_| space.is_type("namespace")).and_then(|name| name.wtf8());
            let Some(name) =
                name.filter(|name| name.strip_prefix(b"mcp_").is_some_and(|own| self.servers.contains(own)))
            else {
                continue;
            };
            for tool in space.member("tools").map_or_else(Vec::new, Value::into_elements) {
                let own = tool.member("name").filter(|_| tool.is_type("function")).and_then(|own| own.wtf8());
                names.extend(own.map(|own| super::raw::joined(&[&name, b".", &own])));
            }
        }
        if !names.is_empty()
            && let Some(raw) = raw.object_mut()
        {
            raw.set("toolSearchMcpToolNames", Value::List(names));
        }
        arrange(&mut raw, ModelItem::shape());
        raw
    }

    /// The call that a person is asked about: one of a hosted server goes by the name of its tool.
    fn asked(&self, raw: Value<'d>) -> Value<'d> {
        let tool = raw.is_type("mcp_approval_request").then(|| raw.member("name")).flatten();
        let mut own = self.raw(raw);
        if let (Some(tool), Some(object)) = (tool, own.object_mut()) {
            object.set("name", tool);
            object.set("status", Value::text("in_progress"));
        }
        own
    }

    /// An item that the SDK has no type for, as input: it gives the model everything in it.
    fn carried(&self, kind: ItemKind<'d>, raw: Value<'d>, agent: Option<Value<'d>>) -> Value<'d> {
        let pending = matches!(kind, ItemKind::Approval { .. });
        if pending {
            let reason = "the TypeScript SDK has no tool of this kind, and could not carry out the call";
            self.account.note(codes::NOT_CONVERTIBLE, Level::Resume, raw.origin(), reason);
        } else if let Some(node) = raw.origin() {
            let reason =
                "the TypeScript SDK has no type for this item; it stands as input, and the model gets it as it is";
            self.account.note(codes::CHANGED_FORM, Level::Bookkeeping, Some(node), reason);
        }
        if let ItemKind::Output { output, custom_data } = &kind {
            if raw.member("output").is_none_or(|own| own.wtf8() != output.wtf8() || own.kind() != output.kind()) {
                self.account.lost(Level::History, output, NO_PLACE);
            }
            self.account.lost_member(Level::History, custom_data.as_ref(), NO_PLACE);
        }
        let mut own = unknown(raw, self.account);
        arrange(&mut own, ModelItem::shape());
        Object::new()
            .with("type", Value::text("input_item"))
            .with("rawItem", own)
            .with("agent", agent)
            .with("inputId", CARRIED)
            .into()
    }

    fn processed(&self, processed: Processed<'d>, runs: &mut Runs<'d>) -> Value<'d> {
        let items = processed.new_items.into_iter().filter(|item| !matches!(item.kind, ItemKind::Approval { .. }));
        let items = items.map(|item| self.item(item, false)).collect();
        let call = |raw: Value<'d>| live(self.raw(raw));
        let actions = |actions: Vec<Action<'d>>, key: &'static str, kind: &'static str, name: &'static str| {
            let lowered = actions.into_iter().map(|action| {
                let tool = Object::new()
                    .with("type", Value::text(kind))
                    .with("name", action.name.unwrap_or(Value::text(name)));
                Object::new().with("toolCall", call(action.call)).with(key, Value::Object(tool)).into()
            });
            Value::List(lowered.collect())
        };
        let handoffs: Vec<Value<'d>> = processed.handoffs.into_iter().map(|handoff| self.handoff(handoff)).collect();
        let functions: Vec<Value<'d>> =
            processed.functions.into_iter().map(|action| self.function(action, runs)).collect();
        Object::new()
            .with("newItems", Value::List(items))
            .with("toolsUsed", Value::List(processed.tools_used))
            .with("handoffs", Value::List(handoffs))
            .with("functions", Value::List(functions))
            .with("functionToolsNotFound", Value::List(Vec::new()))
            .with("computerActions", actions(processed.computers, "computer", "computer", COMPUTER))
            .with("shellActions", actions(processed.shells, "shell", "shell", "shell"))
            .with("applyPatchActions", actions(processed.patches, "applyPatch", "apply_patch", "apply_patch"))
            .with(
                "mcpApprovalRequests",
                Value::List(processed.requests.into_iter().map(|request| self.request(request)).collect()),
            )
            .into()
    }

    fn handoff(&self, handoff: HandoffAction<'d>) -> Value<'d> {
        let target = handoff.target;
        let tool = Object::new()
            .with("toolName", handoff.name)
            .with("agentName", target.as_ref().map(|target| target.name.clone()));
        Object::new()
            .with("toolCall", live(self.raw(handoff.call)))
            .with("handoff", Value::Object(tool))
            .with("targetAgent", target.map(agent))
            .into()
    }

    fn function(&self, action: FunctionAction<'d>, runs: &mut Runs<'d>) -> Value<'d> {
        let key = action.tool.or_else(|| tool_of_call(&action.call));
        if let (Some(nested), Some(key), Some(id)) = (action.nested, &key, paired_id(&action.call)) {
            let full = [&key_of_tool(key)[..], b":", &id].concat();
            let alias = [&shown(key).wtf8().unwrap_or_default()[..], b":", &id].concat();
            runs.aliases.push((Key::Made(alias), Value::from(full.clone())));
            runs.runs.push((Key::Made(full), lower_run(*nested, self.account)));
        }
        let name = match &key {
            Some(ToolKey::Bare(name) | ToolKey::Namespaced(_, name) | ToolKey::Deferred(name)) => Some(name.clone()),
            None => action.name,
        };
        let tool = Object::new()
            .with("type", Value::text("function"))
            .with("name", name)
            .with("description", action.description.unwrap_or(Value::text("")))
            .with("parameters", action.parameters.unwrap_or_else(|| Object::new().into()))
            .with("strict", Value::bool(true))
            .with("deferLoading", Value::bool(matches!(key, Some(ToolKey::Deferred(_)))));
        let binding = match action.binding {
            Binding::Local => Value::NULL,
            Binding::Unknown => Value::text("unknown"),
            Binding::Server(server, tool, index) => Object::new()
                .with("serverName", server)
                .with("toolName", tool)
                .with("serverIndex", index.unwrap_or(Value::NULL))
                .into(),
        };
        Object::new()
            .with("toolCall", live(self.raw(action.call)))
            .with("tool", Value::Object(tool))
            .with("mcpToolBinding", binding)
            .into()
    }

    fn request(&self, request: McpRequest<'d>) -> Value<'d> {
        let mut raw = live(self.asked(request.raw));
        if let Some(raw) = raw.object_mut() {
            raw.take("id");
        }
        let item = Object::new().with("rawItem", raw);
        let data = Object::new().with("type", Value::text("mcp")).with("server_label", request.server);
        let tool = Object::new()
            .with("type", Value::text("hosted_tool"))
            .with("name", Value::text("hosted_mcp"))
            .with("providerData", Value::Object(data));
        Object::new().with("requestItem", Value::Object(item)).with("mcpTool", Value::Object(tool)).into()
    }
}

/// The name of a function with its namespace in front.
fn shown<'d>(tool: &ToolKey<'d>) -> Value<'d> {
    match tool {
        ToolKey::Bare(name) | ToolKey::Deferred(name) => name.clone(),
        ToolKey::Namespaced(namespace, name) => {
            super::raw::joined(&[&namespace.wtf8().unwrap_or_default(), b".", &name.wtf8().unwrap_or_default()])
        }
    }
}

/// The name of a tool that is the only one of its kind.
fn named_by_type<'d>(raw: &Value<'d>) -> Option<Value<'d>> {
    let names = [("shell_call", "shell"), ("apply_patch_call", "apply_patch"), ("computer_call", COMPUTER)];
    names.iter().find(|(kind, _)| raw.is_type(kind)).map(|(_, name)| Value::text(name))
}

/// Whether an entry of the history can hold a raw item of the protocol.
fn holds(kind: &ItemKind<'_>, raw: &Value<'_>) -> bool {
    let any = |kinds: &[&str]| kinds.iter().any(|kind| raw.is_type(kind));
    match kind {
        ItemKind::Message => raw.member("role").is_some_and(|role| role.is("assistant")),
        ItemKind::Reasoning => any(&["reasoning"]),
        ItemKind::Compaction => any(&["compaction"]),
        ItemKind::ToolSearchCall => any(&["tool_search_call"]),
        ItemKind::ToolSearchOutput => any(&["tool_search_output"]),
        ItemKind::Call { .. } => {
            any(&["function_call", "hosted_tool_call", "computer_call", "shell_call", "apply_patch_call", "program"])
        }
        ItemKind::Output { .. } => any(&[
            "function_call_result",
            "computer_call_result",
            "shell_call_output",
            "apply_patch_call_output",
            "program_output",
        ]),
        ItemKind::HandoffCall => any(&["function_call"]),
        ItemKind::HandoffOutput { .. } => any(&["function_call_result"]),
        ItemKind::Approval { .. } => {
            any(&["function_call", "hosted_tool_call", "computer_call", "shell_call", "apply_patch_call"])
        }
        ItemKind::Input { .. } => true,
    }
}
