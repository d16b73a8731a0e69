//! A state of label 1.22 becomes the canonical one. Raw items become those of the API.

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::leftovers::is_question;
use crate::model::lift::{self as shared, ECHO, OWN, UNKNOWN};
use crate::model::state::{
    Action, AgentRef, Binding, Context, Decided, FunctionAction, FunctionDecision, HandoffAction, HostedDecision,
    Input, Item, ItemKind, McpRequest, NamedDecision, Ownership, Processed, Record, Response, State, Step, ToolKey,
    Trace, Usage, call_id, has_nameless_tool, paired_id,
};
use crate::model::{Account, Level};
use crate::typescript::canonical::strict;
use crate::typescript::rules::tool_of;

use super::decisions::with_singles;
use super::gather::merge;
use super::names::{Names, Outermost, agents, base, identity};
use super::provider::forget_answer_ids;
use super::raw::to_api;
use super::steps::COMPACTED;
use super::{tool_of_call, tool_of_key};

const ODD: &str = "the TypeScript SDK does not understand this, and neither would the target";
const STARTED: &str =
    "this call was started and what came of it is not recorded: the target would run it a second time";

/// The canonical form of a state.
#[must_use]
pub fn lift<'d>(tree: Value<'d>, account: &Account<'d>) -> State<'d> {
    let mut state = lift_run(tree, account);
    forget_answer_ids(&mut state, account);
    forget_finished(&mut state, account);
    hand_down(&mut state, account);
    state
}

#[allow(clippy::too_many_lines, reason = "one line for each member of a state")]
fn lift_run<'d>(tree: Value<'d>, account: &Account<'d>) -> State<'d> {
    let origin = tree.origin();
    let mut state = open(tree, account);
    state.take("$schemaVersion");
    let begun = state.get("currentTurnInProgress").is_some_and(|flag| flag.as_bool() == Some(true));
    let ledger = state.get("completedToolInvocations").cloned();
    rebuilt(&mut state, account);
    unfinished(&mut state, account);
    let mut items = account.map(state.take_elements("generatedItems"), lift_item);
    name_tools(&mut items, ledger);
    let mut runs = Runs::of(&mut state, &items, account);
    let processed = state.take_filled("lastProcessedResponse").map(|own| lift_processed(own, &mut runs, account));
    let gone = runs.rest(processed.as_ref(), account);
    let ownership = state.take_filled("currentResponseGeneratedItemOwnership");
    let (ownership, start) = match ownership {
        Some(ownership) => lift_ownership(ownership, account),
        None => (None, None),
    };
    let step = lift_step(state.take_filled("currentStep"), processed.as_ref(), &items, account);
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        with_singles(context);
    }
    let context = state.take_filled("context");
    let bound = Bound::of(context.as_ref());
    let calls = Calls::of(&items, processed.as_ref(), &step);
    let context = context.map(|context| lift_context(context, &bound, &calls, account)).unwrap_or_default();
    let turn = state.take_filled("currentTurn");
    let (last, responses) = (state.take_filled("lastModelResponse"), state.take_elements("modelResponses"));
    if let Some(last) = last.as_ref().and_then(Value::origin)
        && !responses.last().and_then(Value::origin).is_some_and(|listed| listed.is_same(last))
    {
        let reason = "the Python SDK keeps no answer that is not the last of the answers";
        account.note(codes::NO_PLACE, Level::History, Some(last), reason);
    }
    let mut lifted = State {
        origin,
        turn: if begun && !matches!(step, Step::Interrupted { .. }) {
            turn.map(|turn| before(turn, account))
        } else {
            turn
        },
        max_turns: state.take_filled("maxTurns"),
        agent: state.take_filled("currentAgent").map(|agent| agent_ref(agent, account)),
        input: match state.take("originalInput") {
            Some(input) if input.kind() == Kind::Array => {
                Input::Items(input.into_elements().into_iter().map(|item| to_api(item, account)).collect())
            }
            input => Input::Text(input.unwrap_or(Value::text(""))),
        },
        pending_input: state.take_elements("pendingInput").into_iter().map(|item| to_api(item, account)).collect(),
        responses: account.map(responses, |own, account| Some(lift_response(own, account))),
        last_response: last.map(|own| lift_response(own, account)),
        context,
        tools_used: state
            .take_filled("toolUseTracker")
            .and_then(Value::into_object)
            .map_or_else(Vec::new, Object::into_members),
        input_guardrails: named(state.take_elements("inputGuardrailResults")),
        output_guardrails: named(state.take_elements("outputGuardrailResults")),
        tool_input_guardrails: results(state.take_elements("toolInputGuardrailResults")),
        tool_output_guardrails: results(state.take_elements("toolOutputGuardrailResults")),
        tool_output_guardrails_start: start,
        conversation_id: state.take_filled("conversationId"),
        previous_response_id: state.take_filled("previousResponseId"),
        reasoning_item_id_policy: state.take_filled("reasoningItemIdPolicy"),
        items,
        ownership,
        step,
        processed,
        stored: state.take_filled("currentTurnPersistedItemCount"),
        trace: state.take_filled("trace").map(|trace| lift_trace(trace, account)),
    };
    account.rest(state, Level::History, UNKNOWN);
    forget(&mut lifted, gone, account);
    lifted
}

/// The turn before one that is to be taken up again, where it is counted then.
pub(super) fn before<'d>(turn: Value<'d>, account: &Account<'d>) -> Value<'d> {
    match turn.as_u64() {
        Some(count @ 1..) => {
            account.rebuilt(&turn, "the turn that has begun is counted when it is taken up");
            Value::integer(count - 1)
        }
        _ => turn,
    }
}

/// What the other SDK has no use for.
fn rebuilt<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let own = [
        "noActiveAgentRun",
        "currentTurnInProgress",
        "completedToolInvocations",
        "completedToolInvocationEvidence",
        "ambiguousToolInvocationCallIds",
        "currentTurnSessionInputItems",
        "currentTurnExecutedWithSessionBinding",
    ];
    for key in own {
        if let Some(value) = state.take_filled(key) {
            account.rebuilt(&value, OWN);
        }
    }
    match state.take_filled("initialInputGuardrailsCompleted") {
        Some(done) if done.as_bool() != Some(true) => {
            let reason = "guardrails on the input have not passed, and the Python SDK would go on without them";
            account.note(codes::WOULD_RUN, Level::Authority, done.origin(), reason);
        }
        Some(done) => account.rebuilt(&done, OWN),
        None => {}
    }
    if let Some(span) = state.take_filled("currentAgentSpan") {
        account.lost(Level::Bookkeeping, &span, "the trace goes on with a new span");
    }
}

/// Calls of shells and patch tools do not name them; the records of finished calls do.
fn name_tools<'d>(items: &mut [Item<'d>], ledger: Option<Value<'d>>) {
    let calls = items.iter_mut().filter(|item| has_nameless_tool(&item.raw));
    let calls: Vec<_> = calls.filter_map(|item| Some((paired_id(&item.raw)?, item))).collect();
    if calls.is_empty() {
        return;
    }
    let mut names = HashMap::default();
    for entry in ledger.map_or_else(Vec::new, Value::into_elements) {
        let Some(agent) = entry.member("agentIdentity").and_then(|agent| agent.wtf8()) else { continue };
        let records =
            entry.member("invocations").and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
        for (id, text) in records {
            names.insert((agent.to_vec(), id.wtf8().into_owned()), text);
        }
    }
    for (id, item) in calls {
        let agent = item.agent.as_ref().and_then(|agent| agent.key().wtf8());
        let text = agent.and_then(|agent| names.get(&(agent.into_owned(), id))?.wtf8());
        if let (ItemKind::Call { name, .. }, Some(text)) = (&mut item.kind, text) {
            *name = tool_of(&text).map(Value::from);
        }
    }
}

/// What only the SDK that began it can finish.
fn unfinished<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let session = "rows for the session are not written yet, and only the TypeScript SDK can finish that";
    let own = [
        ("pendingSessionWrite", session),
        ("pendingSessionHistoryTransaction", session),
        ("currentTurnDeferredSessionItemIndexes", session),
        ("currentTurnBlockedSessionStartIndex", session),
        ("pendingLegacyCompactionSessionItems", "the session was not told of the compacted history yet"),
        ("sandbox", "a sandbox session of the TypeScript SDK cannot be reopened from another SDK"),
    ];
    for (key, reason) in own {
        if let Some(held) = state.take_filled(key).filter(|held| !held.is_empty()) {
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, held.origin(), reason);
        }
    }
    if let Some(done) = state.take_filled("currentTurnSessionWriteCompactedItemCount") {
        account.lost(Level::Bookkeeping, &done, COMPACTED);
    }
}

/// The members of an object. Anything else is lost.
fn open<'d>(value: Value<'d>, account: &Account<'d>) -> Object<'d> {
    if value.kind() != Kind::Object {
        account.lost(Level::Resume, &value, ODD);
    }
    value.into_object().unwrap_or_default()
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
    let lifted = Response {
        usage: response.take_filled("usage").map(|usage| lift_usage(usage, account)),
        output: response.take_elements("output").into_iter().map(|item| to_api(item, account)).collect(),
        response_id: response.take_filled("responseId"),
        request_id: response.take_filled("requestId"),
        provider_data: response.take_filled("providerData"),
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
    let (input_details, output_details) = (details("inputTokensDetails"), details("outputTokensDetails"));
    if let Some(endpoint) = usage.take_filled("endpoint") {
        account.lost(Level::Bookkeeping, &endpoint, "the Python SDK does not keep which endpoint a request went to");
    }
    let lifted = Usage {
        requests: usage.take_filled("requests"),
        input: usage.take_filled("inputTokens"),
        output: usage.take_filled("outputTokens"),
        total: usage.take_filled("totalTokens"),
        input_details,
        output_details,
        entries: usage
            .take_elements("requestUsageEntries")
            .into_iter()
            .map(|entry| lift_usage(entry, account))
            .collect(),
    };
    account.rest(usage, Level::Display, UNKNOWN);
    lifted
}

/// Which decisions about single calls the SDK heeds: those that are bound to the call, by the tool's key.
#[derive(Default)]
struct Bound {
    calls: HashMap<Vec<u8>, HashSet<Vec<u8>>>,
    singles: HashSet<(Vec<u8>, Vec<u8>)>,
}

impl Bound {
    fn of(context: Option<&Value<'_>>) -> Self {
        let mut bound = Self::default();
        let entries = context.and_then(|context| context.member("approvalInvocations"));
        for entry in entries.map_or_else(Vec::new, Value::into_elements) {
            let agent = entry.member("agentIdentity").and_then(|agent| agent.wtf8());
            let calls = bound.calls.entry(agent.unwrap_or_default().into_owned()).or_default();
            let members =
                |key: &str| entry.member(key).and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
            calls.extend(members("invocations").into_iter().map(|(id, _)| id.wtf8().into_owned()));
            for (name, record) in members("approvals") {
                for half in ["approved", "rejected"] {
                    for id in record.member(half).map_or_else(Vec::new, Value::into_elements) {
                        let id = id.wtf8().unwrap_or_default().into_owned();
                        bound.singles.insert((name.wtf8().into_owned(), id));
                    }
                }
            }
        }
        bound
    }

    /// Whether an agent's decision about a call of a function counts.
    fn has(&self, agent: &[u8], id: &[u8]) -> bool {
        self.calls.get(agent).is_some_and(|calls| calls.contains(id))
    }

    /// Whether a decision about a call of another tool counts.
    fn has_single(&self, name: &[u8], id: &[u8]) -> bool {
        self.singles.contains(&(name.to_vec(), id.to_vec()))
    }
}

/// The agents that have calls of a function, and whose each call is.
struct Calls<'d> {
    owners: HashMap<Vec<u8>, (Value<'d>, ToolKey<'d>)>,
    tools: Vec<(Vec<u8>, Value<'d>, ToolKey<'d>)>,
}

impl<'d> Calls<'d> {
    fn of(items: &[Item<'d>], processed: Option<&Processed<'d>>, step: &Step<'d>) -> Self {
        let mut calls = Self { owners: HashMap::default(), tools: Vec::new() };
        let mut seen: HashSet<(Vec<u8>, Vec<u8>)> = HashSet::default();
        let waiting = step.waiting();
        let new = processed.map_or(&[][..], |processed| &processed.new_items);
        for item in items.iter().chain(new).chain(waiting) {
            if !item.raw.is_type("function_call") {
                continue;
            }
            let tool = match &item.kind {
                ItemKind::Call { tool, .. } | ItemKind::Approval { tool, .. } => {
                    tool.clone().or_else(|| tool_of_call(&item.raw))
                }
                _ => None,
            };
            let (Some(tool), Some(agent)) = (tool, item.agent.as_ref().map(|agent| agent.key().clone())) else {
                continue;
            };
            if let Some(id) = call_id(&item.raw) {
                calls.owners.entry(id).or_insert_with(|| (agent.clone(), tool.clone()));
            }
            let name = super::decisions::legacy_name(&tool);
            if seen.insert((name.clone(), agent.wtf8().unwrap_or_default().into_owned())) {
                calls.tools.push((name, agent, tool));
            }
        }
        calls
    }
}

fn lift_context<'d>(value: Value<'d>, bound: &Bound, calls: &Calls<'d>, account: &Account<'d>) -> Context<'d> {
    let mut context = open(value, account);
    let mut lifted = Context {
        usage: context.take_filled("usage").map(|usage| lift_usage(usage, account)),
        user: context.take_filled("context"),
        tool_input: context.take_filled("toolInput"),
        ..Context::default()
    };
    let mut members =
        |key: &str| context.take_filled(key).and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
    for (name, record) in members("approvals") {
        let record = lift_record(record, |id| bound.has_single(&name.wtf8(), id), account);
        let name = match &name {
            name if name.is("computer_use_preview") => Value::text("computer"),
            Key::Text(text) => Value::Node(text.node()),
            name => Value::from(name.wtf8().into_owned()),
        };
        lifted.by_name.push(NamedDecision { name, record });
    }
    for (key, record) in members("hostedMcpApprovals") {
        let text = key.wtf8().into_owned();
        let Some((server, tool)) = hosted_key(&text) else {
            account.lost(
                Level::Bookkeeping,
                &record,
                "the TypeScript SDK does not heed this decision: no tool has the key",
            );
            continue;
        };
        let record = lift_record(record, |id| bound.has_single(&text, id), account);
        lifted.hosted.push(HostedDecision { server, tool, record });
    }
    let legacy = members("legacyFunctionApprovals");
    for value in context.take_elements("functionApprovals") {
        let mut owned = open(value, account);
        let Some(agent) = owned.take("agentIdentity") else { continue };
        let identity = agent.wtf8().unwrap_or_default().into_owned();
        let records = owned.take("approvals").and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
        account.rest(owned, Level::Bookkeeping, UNKNOWN);
        for (key, record) in records {
            let Some(tool) = tool_of_key(&key.wtf8()) else {
                account.lost(Level::Bookkeeping, &record, ODD);
                continue;
            };
            let record = lift_record(record, |id| bound.has(&identity, id), account);
            lifted.functions.push(FunctionDecision { agent: agent.clone(), tool, record });
        }
    }
    for (name, record) in legacy {
        give(&name.wtf8(), record, calls, &mut lifted, account);
    }
    if let Some(own) = context.take_filled("approvalInvocations") {
        account.rebuilt(&own, OWN);
    }
    account.rest(context, Level::History, UNKNOWN);
    lifted
}

/// The server and the tool that a key of decisions about hosted MCP tools names.
pub(super) fn hosted_key<'d>(key: &[u8]) -> Option<(Value<'d>, Value<'d>)> {
    let doc = strict(key.to_vec())?;
    let mut parts = doc.root().elements().map(|part| part.text().map(|text| text.wtf8().into_owned()));
    let (kind, server, tool) = (parts.next()??, parts.next()??, parts.next()??);
    (kind == b"hosted_mcp" && !server.is_empty() && !tool.is_empty() && parts.next().is_none())
        .then(|| (Value::from(server), Value::from(tool)))
}

/// Decisions that no single agent could be given when the label changed: those about single calls belong to the agents of
/// the calls, standing ones to every agent that has called the tool, and to no other.
fn give<'d>(name: &[u8], record: Value<'d>, calls: &Calls<'d>, context: &mut Context<'d>, account: &Account<'d>) {
    let record = lift_record(record, |_| true, account);
    for (_, agent, tool) in calls.tools.iter().filter(|(own, ..)| own == name) {
        let mine = |decided: &Decided<'d>| match decided {
            Decided::Always => Decided::Always,
            Decided::Calls(ids) => {
                let own = |id: &&Value<'d>| {
                    let id = id.wtf8().unwrap_or_default();
                    calls.owners.get(&*id).is_some_and(|(owner, _)| owner.wtf8() == agent.wtf8())
                };
                Decided::Calls(ids.iter().filter(own).cloned().collect())
            }
        };
        let record = Record { approved: mine(&record.approved), rejected: mine(&record.rejected), ..record.clone() };
        let has = |decided: &Decided<'_>| !matches!(decided, Decided::Calls(ids) if ids.is_empty());
        if !has(&record.approved) && !has(&record.rejected) {
            continue;
        }
        let same = context
            .functions
            .iter()
            .any(|own| own.agent.wtf8() == agent.wtf8() && super::key_of_tool(&own.tool) == super::key_of_tool(tool));
        if !same {
            context.functions.push(FunctionDecision { agent: agent.clone(), tool: tool.clone(), record });
        }
    }
    if let Some(origin) = record.origin {
        let reason = "the decision is given to the agents that have called the tool; others will ask";
        account.note(codes::NARROWED, Level::Bookkeeping, Some(origin), reason);
    }
}

fn lift_record<'d>(value: Value<'d>, counts: impl Fn(&[u8]) -> bool, account: &Account<'d>) -> Record<'d> {
    let origin = value.origin();
    let mut record = open(value, account);
    let mut decided = |key: &str| match record.take(key) {
        Some(list) if list.kind() == Kind::Array => {
            let (known, void): (Vec<_>, Vec<_>) =
                list.into_elements().into_iter().partition(|id| id.wtf8().is_some_and(|id| counts(&id)));
            for id in void {
                let reason = "the TypeScript SDK does not heed this decision: it is bound to no call";
                account.lost(Level::Bookkeeping, &id, reason);
            }
            Decided::Calls(known)
        }
        Some(flag) if flag.as_bool() == Some(true) => Decided::Always,
        _ => Decided::default(),
    };
    let (approved, rejected) = (decided("approved"), decided("rejected"));
    let messages = record.take_filled("messages").and_then(Value::into_object);
    let standing_message = record.take_filled("stickyRejectMessage");
    account.rest(record, Level::Bookkeeping, UNKNOWN);
    Record {
        origin,
        approved,
        rejected,
        messages: messages.map_or_else(Vec::new, Object::into_members),
        standing_message,
    }
}

/// Results of guardrails, which in the Python SDK may have no name.
fn named(results: Vec<Value<'_>>) -> Vec<Value<'_>> {
    let mut results = results;
    for result in &mut results {
        let is_unnamed = |result: &Value<'_>| result.at(&["guardrail", "name"]).map(|name| name.is(""));
        if is_unnamed(result) == Some(true)
            && let Some(guardrail) = result.object_mut().and_then(|result| result.get_mut("guardrail")?.object_mut())
        {
            guardrail.set("name", Value::NULL);
        }
    }
    results
}

/// Guardrails' results with the behaviors' names of the Python SDK.
fn results(results: Vec<Value<'_>>) -> Vec<Value<'_>> {
    let names = [("rejectContent", "reject_content"), ("throwException", "raise_exception")];
    respell(results, &names)
}

/// Gives the behaviors in guardrails' results other names.
pub(super) fn respell<'d>(results: Vec<Value<'d>>, names: &[(&str, &'static str)]) -> Vec<Value<'d>> {
    let mut results = results;
    for result in &mut results {
        let kind = result.at(&["output", "behavior", "type"]);
        let Some((_, name)) = names.iter().find(|(from, _)| kind.as_ref().is_some_and(|kind| kind.is(from))) else {
            continue;
        };
        let behavior = result
            .object_mut()
            .and_then(|result| result.get_mut("output")?.object_mut())
            .and_then(|output| output.get_mut("behavior")?.object_mut());
        if let Some(behavior) = behavior {
            behavior.set("type", Value::text(name));
        }
    }
    results
}

fn lift_item<'d>(value: Value<'d>, account: &Account<'d>) -> Option<Item<'d>> {
    let origin = value.origin();
    let mut item = open(value, account);
    let kind = item.take("type").and_then(|kind| kind.wtf8()).unwrap_or_default();
    let raw = to_api(item.take("rawItem").unwrap_or(Value::NULL), account);
    let mut agent = item.take_filled("agent").map(|agent| agent_ref(agent, account));
    let key = item.take_filled("functionToolStateKey");
    let tool = key.as_ref().and_then(|key| tool_of_key(&key.wtf8()?));
    if let Some(key) = key.filter(|_| tool.is_none()) {
        account.lost(Level::Bookkeeping, &key, ODD);
    }
    let kind = match &*kind {
        b"message_output_item" => ItemKind::Message,
        b"reasoning_item" => ItemKind::Reasoning,
        b"compaction_item" => ItemKind::Compaction,
        b"tool_search_call_item" => ItemKind::ToolSearchCall,
        b"tool_search_output_item" => ItemKind::ToolSearchOutput,
        b"tool_call_item" => ItemKind::Call { tool, name: None },
        b"tool_call_output_item" => {
            if let Some(status) = item.take_filled("executionStatus") {
                account.rebuilt(&status, OWN);
            }
            let output = item.take("output").unwrap_or(Value::NULL);
            ItemKind::Output { output, custom_data: item.take_filled("customData") }
        }
        b"handoff_call_item" => ItemKind::HandoffCall,
        b"handoff_output_item" => {
            let mut end = |key: &str| item.take_filled(key).map(|agent| agent_ref(agent, account));
            let (source, target) = (end("sourceAgent")?, end("targetAgent")?);
            if let Some(own) = agent.replace(source.clone()) {
                account.rebuilt(&own.name, ECHO);
            }
            ItemKind::HandoffOutput { source, target }
        }
        b"input_item" => ItemKind::Input { id: item.take_filled("inputId") },
        b"tool_approval_item" => ItemKind::Approval { name: item.take_filled("toolName"), tool },
        _ => {
            account.note(codes::NO_PLACE, Level::History, origin, "no released SDK reads items of this type");
            return None;
        }
    };
    account.rest(item, Level::History, UNKNOWN);
    Some(Item { origin, kind, agent, raw })
}

fn lift_ownership<'d>(value: Value<'d>, account: &Account<'d>) -> (Option<Ownership<'d>>, Option<Value<'d>>) {
    let mut ownership = open(value, account);
    let (start, end) = (ownership.take("generatedItemStartIndex"), ownership.take("generatedItemEndIndexExclusive"));
    let interruptions = ownership.take_elements("interruptionGeneratedItemIndexes");
    let guardrails = ownership.take_filled("toolOutputGuardrailResultStartIndex");
    account.rest(ownership, Level::Bookkeeping, UNKNOWN);
    let own = start.zip(end).map(|(start, end)| Ownership { start, end, interruptions });
    (own, guardrails)
}

fn lift_step<'d>(
    value: Option<Value<'d>>,
    processed: Option<&Processed<'d>>,
    items: &[Item<'d>],
    account: &Account<'d>,
) -> Step<'d> {
    let Some(value) = value else { return Step::Over };
    let origin = value.origin();
    let mut step = open(value, account);
    let kind = step.take("type").unwrap_or(Value::NULL);
    if kind.is("next_step_run_again") {
        account.rest(step, Level::Bookkeeping, UNKNOWN);
        return Step::RunAgain;
    }
    if !kind.is("next_step_interruption") {
        let reason = if kind.is("next_step_final_output") {
            "the run is finished; the Python SDK knows no finished runs and would call the model again"
        } else {
            "the run is about to be handed over; the Python SDK has no such step"
        };
        account.note(codes::NOT_CONVERTIBLE, Level::Resume, origin, reason);
        return Step::Over;
    }
    let mut data = step.take_filled("data").and_then(Value::into_object).unwrap_or_default();
    account.rest(step, Level::Bookkeeping, UNKNOWN);
    let interruptions =
        data.take_elements("interruptions").into_iter().filter_map(|item| lift_item(item, account)).collect();
    let accepted = data.take("responseAccepted").filter(|flag| flag.as_bool() == Some(true));
    for key in ["localProcessingStarted", "localFinalizationStarted"] {
        let Some(flag) = data.take_filled(key) else { continue };
        match processed.and_then(|processed| unanswered(processed, items)) {
            Some(call) if flag.as_bool() == Some(true) => {
                account.note(codes::WOULD_RUN, Level::Authority, call.origin().or(flag.origin()), STARTED);
            }
            _ => account.rebuilt(&flag, OWN),
        }
    }
    account.rest(data, Level::History, UNKNOWN);
    Step::Interrupted { interruptions, accepted }
}

/// A call that the last response asks for and that nothing came of.
fn unanswered<'d>(processed: &Processed<'d>, items: &[Item<'d>]) -> Option<Value<'d>> {
    let outputs = answered(items);
    let functions = processed.functions.iter().map(|action| &action.call);
    let named = processed.computers.iter().chain(&processed.shells).chain(&processed.patches);
    let handoffs = processed.handoffs.iter().map(|action| &action.call);
    let mut calls = functions.chain(named.map(|action| &action.call)).chain(handoffs);
    calls.find(|call| call_id(call).is_none_or(|id| !outputs.contains(&id))).cloned()
}

/// The calls that have an output.
fn answered(items: &[Item<'_>]) -> HashSet<Vec<u8>> {
    items
        .iter()
        .filter(|item| matches!(item.kind, ItemKind::Output { .. } | ItemKind::HandoffOutput { .. }))
        .filter_map(|item| call_id(&item.raw))
        .collect()
}

/// The runs that calls have started, by the keys that name them.
struct Runs<'d> {
    runs: Vec<(Vec<u8>, Value<'d>)>,
    aliases: HashMap<Vec<u8>, Vec<u8>>,
    /// The calls that have an output. The SDK leaves the runs of those behind that failed, and never comes back to them.
    answered: HashSet<Vec<u8>>,
}

impl<'d> Runs<'d> {
    fn of(state: &mut Object<'d>, items: &[Item<'d>], account: &Account<'d>) -> Self {
        let mut members =
            |key: &str| state.take_filled(key).and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
        let runs = members("pendingAgentToolRuns");
        let runs: Vec<_> = runs.into_iter().map(|(key, run)| (key.wtf8().into_owned(), run)).collect();
        let mut aliases = HashMap::default();
        for (key, alias) in members("pendingAgentToolRunAliases") {
            account.rebuilt(&alias, OWN);
            if let Some(alias) = alias.wtf8() {
                aliases.insert(key.wtf8().into_owned(), alias.into_owned());
            }
        }
        let answered = if runs.is_empty() { HashSet::default() } else { answered(items) };
        Self { runs, aliases, answered }
    }

    /// The run of a call.
    fn take(&mut self, tool: Option<&ToolKey<'_>>, call: &Value<'_>) -> Option<Value<'d>> {
        let id = call_id(call).filter(|id| !self.answered.contains(id))?;
        let tool = tool?;
        let key = [&super::key_of_tool(tool)[..], b":", &id].concat();
        let old = [&super::decisions::legacy_name(tool)[..], b":", &id].concat();
        let alias = self.aliases.get(&old).cloned();
        let is_run = |run: &Value<'_>| run.kind() == Kind::Object;
        let keys = [Some(key), alias, Some(old)];
        let at = keys
            .into_iter()
            .flatten()
            .find_map(|key| self.runs.iter().position(|(own, run)| *own == key && is_run(run)))?;
        Some(self.runs.remove(at).1)
    }

    /// What no call belongs to that waits, or none of the last response: the SDK never comes back to it. Gives the calls of
    /// these runs.
    fn rest(self, processed: Option<&Processed<'d>>, account: &Account<'d>) -> HashSet<Vec<u8>> {
        const REASON: &str = "this nested run belongs to no call that waits";
        let mut gone = HashSet::default();
        if self.runs.is_empty() {
            return gone;
        }
        let functions = processed.into_iter().flat_map(|processed| &processed.functions);
        let asked: HashSet<_> = functions.filter_map(|action| call_id(&action.call)).collect();
        for (key, run) in self.runs {
            let id = key.rsplit(|byte| *byte == b':').next().unwrap_or_default();
            if self.answered.contains(id) || !asked.contains(id) {
                calls_within(&run, &mut gone);
                account.rebuilt(&run, REASON);
            } else if let Some(node) = run.origin() {
                let level = if run.kind() == Kind::Object { Level::Resume } else { Level::History };
                account.note(codes::NO_PLACE, level, Some(node), REASON);
            }
        }
        gone
    }
}

/// The ids of the calls that a run and those within it have made.
fn calls_within(run: &Value<'_>, found: &mut HashSet<Vec<u8>>) {
    let list = |key: &str| run.member(key).map_or_else(Vec::new, Value::into_elements);
    for item in list("generatedItems") {
        found.extend(item.member("rawItem").and_then(|raw| Some(raw.member("callId")?.wtf8()?.into_owned())));
    }
    let runs = run.member("pendingAgentToolRuns").and_then(Value::into_object);
    runs.into_iter().flat_map(Object::into_members).for_each(|(_, run)| calls_within(&run, found));
}

/// Takes out decisions about the calls of runs that are over: nothing waits for them.
fn forget<'d>(state: &mut State<'d>, mut gone: HashSet<Vec<u8>>, account: &Account<'d>) {
    if gone.is_empty() {
        return;
    }
    let mut runs = vec![&*state];
    while let Some(run) = runs.pop() {
        run.items.iter().filter_map(|item| call_id(&item.raw)).for_each(|id| {
            gone.remove(&id);
        });
        let functions = run.processed.iter().flat_map(|processed| &processed.functions);
        runs.extend(functions.filter_map(|action| action.nested.as_deref()));
    }
    state.context.retain(|record| narrow(record, |id| !gone.contains(id), account));
}

/// Takes out decisions about the calls of nested runs that are over and kept nowhere: the Python SDK heeds none about a call
/// that it does not know.
fn forget_finished<'d>(state: &mut State<'d>, account: &Account<'d>) {
    let mut known = HashSet::default();
    let mut runs = vec![&*state];
    while let Some(run) = runs.pop() {
        known.extend(run.items.iter().chain(run.step.waiting()).filter_map(|item| call_id(&item.raw)));
        for action in run.processed.iter().flat_map(|processed| &processed.functions) {
            known.extend(call_id(&action.call));
            runs.extend(action.nested.as_deref());
        }
    }
    let is_left = |record: &mut Record<'d>| {
        record.single().iter().all(|id| known.contains(&**id)) || narrow(record, |id| known.contains(id), account)
    };
    state.context.functions.retain_mut(|own| {
        let is_left = is_left(&mut own.record);
        if !is_left {
            account.rebuilt(&own.agent, "nothing is decided about the calls of this agent");
        }
        is_left
    });
    state.context.hosted.retain_mut(|own| is_left(&mut own.record));
    state.context.by_name.retain_mut(|own| is_left(&mut own.record));
}

/// The calls that a run itself has made; it asks about those of nested runs, too.
fn own_calls<'s>(run: &'s State<'_>) -> impl Iterator<Item = Vec<u8>> + 's {
    let calls = run.items.iter().filter(|item| !is_question(item));
    let functions = run.processed.iter().flat_map(|processed| &processed.functions);
    calls.filter_map(|item| call_id(&item.raw)).chain(functions.filter_map(|action| call_id(&action.call)))
}

/// Leaves to each run what is decided about single calls that it has made, and not another one.
fn keep_own(state: &mut State<'_>) {
    fn collect(run: &State<'_>, all: &mut HashSet<Vec<u8>>) {
        all.extend(own_calls(run));
        let functions = run.processed.iter().flat_map(|processed| &processed.functions);
        functions.filter_map(|action| action.nested.as_deref()).for_each(|run| collect(run, all));
    }
    fn keep(run: &mut State<'_>, all: &HashSet<Vec<u8>>) {
        let own: HashSet<Vec<u8>> = own_calls(run).collect();
        run.context.retain(|record| {
            let before = record.is_empty();
            *record = record.only(|id| own.contains(id) || !all.contains(id));
            before || !record.is_empty()
        });
        let functions = run.processed.iter_mut().flat_map(|processed| &mut processed.functions);
        functions.filter_map(|action| action.nested.as_deref_mut()).for_each(|run| keep(run, all));
    }
    let mut all = HashSet::default();
    collect(state, &mut all);
    keep(state, &all);
}

/// Leaves of a record what is about known calls, and says whether that is anything.
fn narrow<'d>(record: &mut Record<'d>, known: impl Fn(&[u8]) -> bool, account: &Account<'d>) -> bool {
    record.void(&known, account);
    *record = record.only(known);
    !record.is_empty()
}

fn lift_processed<'d>(value: Value<'d>, runs: &mut Runs<'d>, account: &Account<'d>) -> Processed<'d> {
    let mut response = open(value, account);
    let mut processed = Processed {
        new_items: response.take_elements("newItems").into_iter().filter_map(|item| lift_item(item, account)).collect(),
        tools_used: response.take_elements("toolsUsed"),
        ..Processed::default()
    };
    for value in response.take_elements("functions") {
        processed.functions.extend(lift_function(value, runs, account));
    }
    for value in response.take_elements("functionToolsNotFound") {
        let reason = "the model called a tool that the agent does not have; only the TypeScript SDK tells it so later";
        account.note(codes::NOT_CONVERTIBLE, Level::Resume, value.origin(), reason);
    }
    for value in response.take_elements("handoffs") {
        let mut handoff = open(value, account);
        let call = handoff.take("toolCall").map(|call| to_api(call, account));
        let mut tool = handoff.take("handoff").and_then(Value::into_object).unwrap_or_default();
        let name = tool.take_filled("toolName").or_else(|| call.as_ref()?.member("name"));
        let named = tool.take_filled("agentName");
        shared::rebuilt(tool, account);
        let target = handoff.take_filled("targetAgent").map(|agent| agent_ref(agent, account));
        account.rest(handoff, Level::Bookkeeping, UNKNOWN);
        let (Some(call), Some(name)) = (call, name) else { continue };
        // The other SDK finds the agent by the name of the tool.
        for value in target.iter().map(|target| &target.name).chain(&named) {
            account.rebuilt(value, OWN);
        }
        let target = target.or_else(|| Some(AgentRef { name: named?, identity: None }));
        processed.handoffs.push(HandoffAction { call, name, target });
    }
    let named = [("computerActions", "computer"), ("shellActions", "shell"), ("applyPatchActions", "applyPatch")];
    for (key, tool) in named {
        for value in response.take_elements(key) {
            let Some(action) = lift_action(value, tool, account) else { continue };
            match tool {
                "computer" => processed.computers.push(action),
                "shell" => processed.shells.push(action),
                _ => processed.patches.push(action),
            }
        }
    }
    for value in response.take_elements("mcpApprovalRequests") {
        processed.requests.extend(lift_request(value, account));
    }
    account.rest(response, Level::History, UNKNOWN);
    processed
}

fn lift_function<'d>(value: Value<'d>, runs: &mut Runs<'d>, account: &Account<'d>) -> Option<FunctionAction<'d>> {
    let mut action = open(value, account);
    let call = to_api(action.take("toolCall")?, account);
    let mut tool = action.take_filled("tool").and_then(Value::into_object).unwrap_or_default();
    let binding = match action.take("mcpToolBinding") {
        Some(binding) if binding.is_null() => Binding::Local,
        Some(binding) if binding.kind() == Kind::Object => {
            let mut binding = open(binding, account);
            let (server, tool) = (binding.take_filled("serverName"), binding.take_filled("toolName"));
            let index = binding.take_filled("serverIndex");
            account.rest(binding, Level::Bookkeeping, UNKNOWN);
            match (server, tool) {
                (Some(server), Some(tool)) => Binding::Server(server, tool, index),
                _ => Binding::Unknown,
            }
        }
        _ => Binding::Unknown,
    };
    account.rest(action, Level::History, UNKNOWN);
    let name = tool.take_filled("name");
    let deferred = tool.take_filled("deferLoading");
    if let Some(flag) = &deferred {
        account.rebuilt(flag, OWN);
    }
    let deferred = deferred.is_some_and(|flag| flag.as_bool() == Some(true));
    let key = match tool_of_call(&call) {
        Some(ToolKey::Bare(name)) if deferred => Some(ToolKey::Deferred(name)),
        key => key,
    };
    let (description, parameters) = (tool.take_filled("description"), tool.take_filled("parameters"));
    shared::rebuilt(tool, account);
    let nested = runs.take(key.as_ref(), &call).map(|run| Box::new(lift_run(run, account)));
    Some(FunctionAction { call, name, tool: key, description, parameters, binding, nested })
}

fn lift_action<'d>(value: Value<'d>, tool: &str, account: &Account<'d>) -> Option<Action<'d>> {
    let mut action = open(value, account);
    let call = to_api(action.take("toolCall")?, account);
    let tool = action.take_filled(tool);
    account.rest(action, Level::History, UNKNOWN);
    Some(shared::action(call, tool, account))
}

fn lift_request<'d>(value: Value<'d>, account: &Account<'d>) -> Option<McpRequest<'d>> {
    let mut request = open(value, account);
    let mut item = request.take("requestItem").and_then(Value::into_object)?;
    let raw = to_api(item.take("rawItem")?, account);
    for (_, value) in item.into_members() {
        account.rebuilt(&value, ECHO);
    }
    let tool = request.take_filled("mcpTool");
    account.rest(request, Level::History, UNKNOWN);
    Some(shared::request(raw, tool, account))
}

fn lift_trace<'d>(value: Value<'d>, account: &Account<'d>) -> Trace<'d> {
    let mut trace = open(value, account);
    let lifted = shared::trace(&mut trace, account);
    account.rest(trace, Level::Display, "the other SDK's traces have no place for this");
    lifted
}

/// The outermost run keeps the decisions for all runs within it; the other SDK looks for them in each. Every run gets
/// those of its own agents.
fn hand_down<'d>(state: &mut State<'d>, account: &Account<'d>) {
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    if !functions.clone().any(|action| action.nested.is_some()) {
        return;
    }
    let outer = state.context.clone();
    let records = outer.functions.iter().map(|own| &own.record).chain(outer.hosted.iter().map(|own| &own.record));
    for record in records.chain(outer.by_name.iter().map(|own| &own.record)) {
        if matches!(record.approved, Decided::Always) || matches!(record.rejected, Decided::Always) {
            let reason =
                "the standing decision holds in the runs that are there; nested runs that begin later will ask";
            account.note(codes::NARROWED, Level::Bookkeeping, record.origin, reason);
        }
    }
    let outermost = Outermost::of(state);
    let functions = state.processed.iter_mut().flat_map(|processed| &mut processed.functions);
    for nested in functions.filter_map(|action| action.nested.as_deref_mut()) {
        inherit(nested, &outer, &outermost, account);
    }
    keep_own(state);
}

fn inherit<'d>(state: &mut State<'d>, outer: &Context<'d>, outermost: &Outermost, account: &Account<'d>) {
    let names = Names::of(outermost, state);
    let mut mine: HashMap<Vec<u8>, Vec<Vec<u8>>> = HashMap::default();
    let mut unknown: HashSet<Vec<u8>> = HashSet::default();
    let mut agents = agents(state);
    agents.extend(state.step.waiting().iter().filter_map(|item| item.agent.as_ref()).map(identity));
    for agent in agents {
        match names.outer(&agent) {
            Some(outer) => mine.entry(outer.to_vec()).or_default().push(agent),
            None => _ = unknown.insert(base(&agent).to_vec()),
        }
    }
    let mut handed = Context { hosted: outer.hosted.clone(), by_name: outer.by_name.clone(), ..Context::default() };
    for own in &outer.functions {
        let Some(agent) = own.agent.wtf8() else { continue };
        for inner in mine.get(&*agent).into_iter().flatten() {
            let agent = if **inner == *agent { own.agent.clone() } else { Value::from(inner.clone()) };
            handed.functions.push(FunctionDecision { agent, ..own.clone() });
        }
        if unknown.contains(base(&agent)) {
            let reason = "a nested run has an agent of this name; it is not known whether it is the same, and it asks";
            account.note(codes::NARROWED, Level::Resume, own.record.origin, reason);
        }
    }
    merge(&mut state.context, handed, Record::merge);
    let functions = state.processed.iter_mut().flat_map(|processed| &mut processed.functions);
    for nested in functions.filter_map(|action| action.nested.as_deref_mut()) {
        inherit(nested, outer, outermost, account);
    }
}
