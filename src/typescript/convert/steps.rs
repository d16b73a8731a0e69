//! The way from one label of the TypeScript SDK to another. What a label's fields are is in the rows of the model; here
//! is what the labels changed besides, and what it means that an older one has no place for something.

use crate::codes;
use crate::format::Target;
use crate::hash::HashSet;
use crate::json::{Document, Key, Kind, Object, Style, Value, Writer};
use crate::model::state::ToolKey;
use crate::model::steps::{self, Step, label, relabel, turn};
use crate::model::{Account, Level};
use crate::record::{Fit, Misfit, Record as _, Row, Shape};
use crate::typescript::State;

use super::decisions::{
    called, deferred, exact_first, legacy_name, name_functions, name_hosted, own_functions, own_hosted, standing_first,
    with_singles,
};
use super::lift::before;
use super::{derive, key_of_tool, own_items, runs, tool_of_call};

/// From here on finished calls are on record.
pub const LEDGER: u16 = 18;
/// From here on a state says which local MCP server a call goes to.
pub const SERVERS: u16 = 21;
/// From here on a handoff is carried out after the questions beside it are answered.
const HANDOFFS_AFTERWARDS: u16 = 20;
/// From here on a state says which items the last response brought.
const OWNERSHIP: u16 = 20;
/// From here on outputs that the service has are not sent to it again.
const SENT_OUTPUTS: u16 = 13;
/// From here on the turn that goes on counts against the limit of turns.
const COUNTED_TURNS: u16 = 22;
/// From here on a state says whether the model gets the ids of its thoughts.
const POLICY: u16 = 5;
/// From here on that is heeded when a run goes on.
const HEEDED_POLICY: u16 = 8;
/// From here on the shell, patches and requests of hosted MCP servers are seen to after the questions are answered.
const RESUMED_TOOLS: u16 = 1;

/// What the labels changed, in order.
const STEPS: [Step; 9] = [
    // Functions that are done are not called again, and a turn that has begun is not counted again.
    Step { to: 1, up: None, down: Some(begin_anew) },
    // A computer call can have several actions.
    Step { to: 8, up: None, down: Some(single_action) },
    // A run can have no turn limit.
    Step { to: 11, up: None, down: Some(limit_turns) },
    // Calls of tools that are not there are kept.
    Step { to: 12, up: Some(none_missing), down: None },
    // Functions are known by agent and canonical key, handoffs by their target.
    Step { to: 16, up: Some(own), down: Some(name) },
    // Tool outputs are JSON, finished calls are on record, and hosted MCP tools are known by server.
    Step { to: 18, up: Some(record), down: Some(say) },
    // A decision about one call wins over a standing one.
    Step { to: 19, up: Some(exact_first), down: Some(standing_first) },
    // A call of a deferred tool says what the tool is found by.
    Step { to: 20, up: Some(note_keys), down: Some(forget_keys) },
    // A state says whether the guardrails of the input have passed, and which MCP server is behind a tool.
    Step { to: 21, up: Some(assume_passed), down: Some(check_passed) },
];

const REBUILT: &str = "the target's SDK works this out itself, or has no use for it";
const MESSAGE: &str = "the model is told of the rejection in the SDK's own words";
const SESSION: &str = "what of the turn is in the session already is not stored completely";
/// `commitApprovedToolInputCompaction` writes this when nothing is left to write.
pub(super) const COMPACTED: &str = "that the session was told to compact itself after its last rows is not stored";
const OPEN: &str = "the response was accepted, and what of it was carried out is not stored";
const CALLER: &str = "whether a program makes the call has no place";

/// What it means that the target has no place for a member, by key.
const NO_PLACE: [(&str, Level, &str); 66] = [
    ("tracing_api_key", Level::Display, "the key that traces are sent with has no place"),
    ("messages", Level::Resume, MESSAGE),
    ("stickyRejectMessage", Level::Resume, MESSAGE),
    ("pendingInput", Level::Resume, "input that waits for the next turn has no place: the model would not get it"),
    ("initialInputGuardrailsCompleted", Level::Bookkeeping, REBUILT),
    ("toolInputGuardrailResults", Level::History, "what guardrails said of tools has no place"),
    ("toolOutputGuardrailResults", Level::History, "what guardrails said of tools has no place"),
    ("currentTurnInProgress", Level::Bookkeeping, REBUILT),
    ("currentResponseGeneratedItemOwnership", Level::Bookkeeping, REBUILT),
    (
        "pendingAgentToolRuns",
        Level::Resume,
        "the paused run of an agent that is used as a tool has no place: it would start anew",
    ),
    ("pendingAgentToolRunAliases", Level::Bookkeeping, REBUILT),
    ("currentTurnPersistedItemCount", Level::Bookkeeping, REBUILT),
    ("currentTurnSessionWriteCompactedItemCount", Level::Bookkeeping, COMPACTED),
    ("currentTurnDeferredSessionItemIndexes", Level::Resume, SESSION),
    ("currentTurnBlockedSessionStartIndex", Level::Resume, SESSION),
    ("currentTurnExecutedWithSessionBinding", Level::Resume, SESSION),
    (
        "currentTurnSessionInputItems",
        Level::History,
        "the input of the turn would not get into a session that is attached later",
    ),
    (
        "pendingSessionHistoryTransaction",
        Level::Resume,
        "rows for the session that are not written yet would be missing",
    ),
    ("pendingSessionWrite", Level::Resume, "rows for the session that are not written yet would be missing"),
    ("pendingLegacyCompactionSessionItems", Level::Resume, SESSION),
    ("completedToolInvocations", Level::Bookkeeping, REBUILT),
    ("completedToolInvocationEvidence", Level::Bookkeeping, REBUILT),
    ("ambiguousToolInvocationCallIds", Level::Bookkeeping, REBUILT),
    ("conversationId", Level::Resume, "the conversation that the service keeps is forgotten"),
    ("previousResponseId", Level::Resume, "the response to go on from is forgotten"),
    ("reasoningItemIdPolicy", Level::Resume, "whether the model gets the ids of its thoughts again is not stored"),
    ("sandbox", Level::Resume, "a sandbox session has no place: the run would start with a new one"),
    ("requiresFreshCreation", Level::Resume, "that the sandbox must be made anew is not stored"),
    ("targetAgent", Level::Bookkeeping, REBUILT),
    ("mcpToolBinding", Level::Bookkeeping, "the target finds the MCP server by the name of the tool"),
    ("reason", Level::Display, "why a tool was not found is not stored"),
    ("functionToolsNotFound", Level::Resume, "calls of tools that were not found are forgotten"),
    ("shellActions", Level::Resume, "calls of the shell have no place: they would not run"),
    ("applyPatchActions", Level::Resume, "calls of the patch tool have no place: they would not run"),
    ("mcpApprovalRequests", Level::Resume, "requests of hosted MCP servers have no place"),
    ("providerData", Level::History, "what the provider said besides has no place"),
    ("caller", Level::Bookkeeping, CALLER),
    ("hostedMcpApprovals", Level::Bookkeeping, REBUILT),
    ("functionApprovals", Level::Bookkeeping, REBUILT),
    ("legacyFunctionApprovals", Level::Bookkeeping, REBUILT),
    ("approvalInvocations", Level::Bookkeeping, REBUILT),
    ("toolInput", Level::Resume, "an agent that is a tool takes nothing but a text: a call with other arguments fails"),
    ("phase", Level::Resume, "whether a message is a comment or the answer is not told to the model"),
    ("rawContent", Level::Resume, "what the model thought in full has no place"),
    ("arguments", Level::Resume, "the arguments of a hosted call have no place"),
    ("namespace", Level::Resume, "tools in a namespace cannot be told from others"),
    ("actions", Level::Resume, "a computer call can have one action only"),
    ("moveTo", Level::Resume, "a patch cannot move a file"),
    ("promptCacheBreakpoint", Level::Bookkeeping, "where the prompt cache ends is not stored"),
    ("detail", Level::Resume, "how closely the model looks at an image is not stored"),
    ("filename", Level::Resume, "the model does not get the name of the file"),
    ("image", Level::Resume, "the image has no place"),
    ("toolSearchAgentName", Level::Bookkeeping, REBUILT),
    ("toolSearchMcpToolNames", Level::Resume, "tools of MCP servers that were found must be searched for again"),
    ("status", Level::History, "how the call ended is not stored"),
    ("endpoint", Level::Display, "only people see where a request went"),
    ("inputTokensDetails", Level::Display, "tokens are not told apart by kind"),
    ("outputTokensDetails", Level::Display, "tokens are not told apart by kind"),
    ("requestUsageEntries", Level::Display, "tokens are not counted by request"),
    ("requestId", Level::Display, "the id of a request is not stored"),
    ("identity", Level::Authority, "agents of the same name cannot be told apart: another one could run the call"),
    ("functionToolStateKey", Level::Bookkeeping, REBUILT),
    ("customData", Level::History, "what the program keeps with a tool's output has no place"),
    ("executionStatus", Level::Bookkeeping, REBUILT),
    ("toolName", Level::Bookkeeping, REBUILT),
    ("responseAccepted", Level::Resume, OPEN),
];

/// The first label under which an output can be more than text.
pub const TYPED_OUTPUTS: u16 = 18;

/// Makes outputs that are texts of JSON the JSON that they are, where the label has only texts.
pub fn revive<'d>(tree: &mut Value<'d>, doc: &'d Document, account: &Account<'d>) {
    if let Some(state) = tree.object_mut() {
        revive_run(state, doc, account);
    }
}

fn revive_run<'d>(state: &mut Object<'d>, doc: &'d Document, account: &Account<'d>) {
    if label(state).is_some_and(|label| label < TYPED_OUTPUTS) {
        items(state, |item| {
            let output = item.member("output").filter(|_| item.is_type("tool_call_output_item"));
            let Some(Value::Node(node)) = output else { return };
            let Some(json) = (node.kind() == Kind::String).then(|| doc.decode(node).ok()).flatten() else { return };
            if json.kind() == Kind::String {
                return;
            }
            let reason = "the text that a tool returned is taken for the JSON that it is";
            account.assumed(Level::History, Some(node), reason);
            if let Some(item) = item.object_mut() {
                item.set("output", json);
            }
        });
    }
    for run in runs(state) {
        revive_run(run, doc, account);
    }
}

/// Brings a state, and the runs within it, to another label.
pub fn bring<'d>(tree: &mut Value<'d>, to: Target, account: &Account<'d>) {
    let mut is_silent = false;
    if let Some(state) = tree.object_mut() {
        is_silent = label(state).is_some_and(|from| from < OWNERSHIP);
        take_over(state, to.format.label, account);
    }
    if to.format.label >= LEDGER {
        derive(tree, account);
    }
    settle(tree, to, account);
    if is_silent && to.format.label >= OWNERSHIP {
        own_items(tree);
    }
}

/// Changes what has another meaning, in every run.
fn take_over<'d>(state: &mut Object<'d>, to: u16, account: &Account<'d>) {
    if let Some(from) = label(state) {
        turn(&STEPS, state, from, to, account);
    }
    for run in runs(state) {
        take_over(run, to, account);
    }
}

/// Brings a state and the runs within it to the shape of the target.
fn settle<'d>(tree: &mut Value<'d>, to: Target, account: &Account<'d>) {
    let Some(state) = tree.object_mut() else { return };
    let Some(from) = label(state) else { return };
    if let Some(Value::Object(runs)) = state.get_mut("pendingAgentToolRuns") {
        for (_, run) in runs.members_mut().iter_mut().filter(|(_, run)| run.kind() == Kind::Object) {
            settle(run, to, account);
        }
    }
    relabel(state, to.format.label);
    let mut misfit = |misfit, row: &'static Row, value: &Value<'d>| report(misfit, row, value, account);
    Fit { from, to, misfit: &mut misfit, depth: 0 }.apply(tree, Shape::Record(State::INFO));
}

fn report<'d>(misfit: Misfit, row: &'static Row, value: &Value<'d>, account: &Account<'d>) {
    if misfit == Misfit::Member && row.key == "caller" && !value.is_type("direct") {
        return account.lost(Level::Resume, value, CALLER);
    }
    steps::no_place(&NO_PLACE, misfit, row, value, account);
}

fn limit_turns<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    steps::limit_turns(state, "maxTurns", account);
}

fn begin_anew<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    forget_done(state, account);
    let step = state.get("currentStep").and_then(|step| step.member("type"));
    let interrupted = step.is_some_and(|step| step.is("next_step_interruption"));
    let begun = state.get("currentTurnInProgress").is_some_and(|flag| flag.as_bool() == Some(true));
    if let Some(turn) = state.take("currentTurn") {
        state.place(
            "currentTurn",
            &["$schemaVersion"],
            if begun && !interrupted { before(turn, account) } else { turn },
        );
    }
}

/// Releases before 0.3.8 call every function of the last response again that anybody was asked about.
fn forget_done<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let done = answered(state);
    let processed = state.get_mut("lastProcessedResponse").and_then(Value::object_mut);
    let Some(functions) = processed.and_then(|processed| processed.get_mut("functions")) else { return };
    let id = |action: &Value<'d>| action.at(&["toolCall", "callId"]).and_then(|id| id.wtf8());
    let is_done = |action: &Value<'d>| id(action).is_some_and(|id| done.contains(&*id));
    if !functions.clone().into_elements().iter().any(is_done) {
        return;
    }
    let (gone, kept): (Vec<_>, Vec<_>) = functions.take().into_elements().into_iter().partition(is_done);
    *functions = Value::List(kept);
    for action in &gone {
        account.lost(Level::Bookkeeping, action, "the function has been called, and the target would call it again");
    }
}

/// The ids of the function calls that have an output.
fn answered(state: &mut Object<'_>) -> HashSet<Vec<u8>> {
    let mut done = HashSet::default();
    items(state, |item| {
        let raw = item.member("rawItem").filter(|raw| raw.is_type("function_call_result"));
        done.extend(raw.and_then(|raw| raw.member("callId")?.wtf8()).map(|id| id.into_owned()));
    });
    done
}

/// The SDK has checked its guardrails before any release stopped for an approval.
fn assume_passed<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if state.get("initialInputGuardrailsCompleted").is_none() {
        let reason = "the guardrails of the input are taken to have passed, since the run went on to call tools";
        account.assumed(Level::Bookkeeping, state.origin(), reason);
        state.place("initialInputGuardrailsCompleted", &["inputGuardrailResults"], Value::bool(true));
    }
    let processed = state.get("lastProcessedResponse");
    let functions =
        processed.and_then(|processed| processed.member("functions")).map_or_else(Vec::new, Value::into_elements);
    if let Some(action) = functions.iter().find(|action| action.member("mcpToolBinding").is_none()) {
        let reason = "the functions that are called are taken to be the program's own, not those of MCP servers";
        account.assumed(Level::Bookkeeping, action.origin(), reason);
    }
}

/// Whoever reads labels before it goes on, whatever the guardrails of the input have said, and wherever a call goes.
fn check_passed<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let started = state.get("currentTurn").is_some_and(|turn| turn.as_u64() != Some(0));
    let passed = state.get("initialInputGuardrailsCompleted");
    if started && let Some(passed) = passed.filter(|passed| passed.as_bool() != Some(true)) {
        let reason = "guardrails on the input have not passed, and older releases would go on without them";
        account.note(codes::WOULD_RUN, Level::Authority, passed.origin(), reason);
    }
    let calls = unbound(state);
    if !calls.is_empty() {
        let done = answered(state);
        for call in calls.iter().filter(|call| call.wtf8().is_none_or(|id| !done.contains(&*id))) {
            let reason =
                "it is not known whether the call goes to a local MCP server, and older releases would execute it";
            account.note(codes::WOULD_RUN, Level::Authority, call.origin(), reason);
        }
    }
}

/// The ids of function calls of which the state says that it is not known where they go.
fn unbound<'d>(state: &Object<'d>) -> Vec<Value<'d>> {
    let functions = state.get("lastProcessedResponse").and_then(|processed| processed.member("functions"));
    let functions = functions.map_or_else(Vec::new, Value::into_elements);
    let is_unbound = |action: &&Value<'d>| action.member("mcpToolBinding").is_some_and(|binding| binding.is("unknown"));
    functions.iter().filter(is_unbound).filter_map(|action| action.at(&["toolCall", "callId"])).collect()
}

fn none_missing<'d>(state: &mut Object<'d>, _: &Account<'d>) {
    let processed = state.get_mut("lastProcessedResponse").and_then(Value::object_mut);
    if let Some(processed) = processed {
        processed.place("functionToolsNotFound", &["functions", "handoffs"], Value::List(Vec::new()));
    }
}

/// What releases do or do not do although the label has a place for it.
fn forgotten<'d>(state: &mut Object<'d>, to: u16, account: &Account<'d>) {
    let step = state.get("currentStep").and_then(|step| step.member("type"));
    let interrupted = step.is_some_and(|step| step.is("next_step_interruption"));
    let handoffs = state.get("lastProcessedResponse").and_then(|processed| processed.member("handoffs"));
    if to < HANDOFFS_AFTERWARDS
        && interrupted
        && let Some(handoffs) = handoffs.filter(|handoffs| !handoffs.is_empty())
    {
        let reason = "releases before 0.17.1 do not carry out a handoff that waits next to a question";
        account.note(codes::NO_PLACE, Level::Resume, handoffs.origin(), reason);
    }
    let has_span = state.get("currentAgentSpan").is_some_and(|span| span.kind() == Kind::Object);
    if to >= LEDGER
        && !has_span
        && let Some(trace) = state.get_mut("trace").filter(|trace| !trace.is_null())
    {
        account.lost(Level::Display, trace, "without the span of the current agent the SDK throws the trace away");
        *trace = Value::NULL;
    }
    let is_filled = |key: &&str| state.get(key).is_some_and(|id| !id.is_null());
    if to < SENT_OUTPUTS && ["previousResponseId", "conversationId"].iter().any(is_filled) {
        let items = state.get("generatedItems").cloned().map_or_else(Vec::new, Value::into_elements);
        for item in items.iter().filter(|item| item.is_type("tool_call_output_item")) {
            let reason = "releases before 0.11.8 send this output again, which the service has already";
            account.note(codes::NO_PLACE, Level::Resume, item.origin(), reason);
        }
    }
    let number = |key: &str| state.get(key).and_then(Value::as_u64);
    if to < COUNTED_TURNS
        && interrupted
        && (to < RESUMED_TOOLS || state.get("currentTurnInProgress").is_some_and(|flag| flag.as_bool() == Some(true)))
        && number("currentTurn").zip(number("maxTurns")).is_some_and(|(turn, most)| turn >= most)
    {
        let reason = "releases before 0.20.0 do not count the turn that goes on: the run gets one more than its limit";
        let near = state.get("maxTurns").and_then(Value::origin);
        account.note(codes::NO_PLACE, Level::Resume, near, reason);
    }
    if (POLICY..HEEDED_POLICY).contains(&to)
        && let Some(policy) = state.get("reasoningItemIdPolicy").filter(|policy| policy.is("omit"))
    {
        let reason = "releases before 0.6.0 send the ids of thoughts all the same when a run goes on";
        account.note(codes::NO_PLACE, Level::Resume, policy.origin(), reason);
    }
    if to < RESUMED_TOOLS
        && interrupted
        && let Some(processed) = state.get("lastProcessedResponse")
    {
        for (key, reason) in [
            ("shellActions", "releases before 0.3.8 do not run the shell once the run has stopped for a question"),
            ("applyPatchActions", "releases before 0.3.8 do not apply patches once the run has stopped for a question"),
            ("mcpApprovalRequests", "releases before 0.3.8 forget which request it is, and ask again for ever"),
        ] {
            if let Some(actions) = processed.member(key).filter(|actions| !actions.is_empty()) {
                account.note(codes::NO_PLACE, Level::Resume, actions.origin(), reason);
            }
        }
    }
    for run in runs(state) {
        forgotten(run, to, account);
    }
}

/// What the target's releases would drop from a state that is finished otherwise.
pub fn finish<'d>(tree: &mut Value<'d>, to: Target, account: &Account<'d>) {
    if let Some(state) = tree.object_mut() {
        forgotten(state, to.format.label, account);
    }
}

/// Every list of run items in a state.
fn items<'d>(state: &mut Object<'d>, mut each: impl FnMut(&mut Value<'d>)) {
    if let Some(items) = state.get_mut("generatedItems") {
        items.elements_mut().iter_mut().for_each(&mut each);
    }
    let new = state.get_mut("lastProcessedResponse").and_then(Value::object_mut);
    if let Some(new) = new.and_then(|processed| processed.get_mut("newItems")) {
        new.elements_mut().iter_mut().for_each(&mut each);
    }
}

/// Calls of tools that are loaded late say so.
fn note_keys<'d>(state: &mut Object<'d>, _: &Account<'d>) {
    let late = deferred(state);
    if late.is_empty() {
        return;
    }
    items(state, |item| {
        let raw = item.member("rawItem").filter(|raw| item.is_type("tool_call_item") && raw.is_type("function_call"));
        if let Some(tool @ ToolKey::Deferred(_)) = raw.and_then(|raw| called(&raw, &late))
            && item.member("functionToolStateKey").is_none()
            && let Some(item) = item.object_mut()
        {
            item.push(Key::Known("functionToolStateKey"), Value::from(key_of_tool(&tool)));
        }
    });
}

/// Questions about functions say what the tool is found by.
fn ask_by_key<'d>(state: &mut Object<'d>) {
    let late = deferred(state);
    let ask = |item: &mut Value<'d>| {
        let raw =
            item.member("rawItem").filter(|raw| item.is_type("tool_approval_item") && raw.is_type("function_call"));
        if let Some(tool) = raw.and_then(|raw| called(&raw, &late))
            && item.member("functionToolStateKey").is_none()
            && let Some(item) = item.object_mut()
        {
            item.push(Key::Known("functionToolStateKey"), Value::from(key_of_tool(&tool)));
        }
    };
    items(state, ask);
    let data = state.get_mut("currentStep").and_then(Value::object_mut).and_then(|step| step.get_mut("data"));
    if let Some(waiting) = data.and_then(Value::object_mut).and_then(|data| data.get_mut("interruptions")) {
        waiting.elements_mut().iter_mut().for_each(ask);
    }
}

/// A call of a deferred tool is found by its bare name, and its fingerprint with it.
fn forget_keys<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let mut found = false;
    items(state, |item| {
        if item.is_type("tool_call_item")
            && item.member("functionToolStateKey").is_some()
            && let Some(item) = item.object_mut()
        {
            found = true;
            item.take("functionToolStateKey");
            let reason =
                "releases before 0.17.1 take a finished call of a tool that is loaded late for one of another tool";
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, item.origin(), reason);
        }
    });
    if found {
        for key in ["completedToolInvocations", "completedToolInvocationEvidence", "ambiguousToolInvocationCallIds"] {
            account.lost_member(Level::Bookkeeping, state.take(key).as_ref(), REBUILT);
        }
    }
}

/// Functions by agent and canonical key.
fn own<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    ask_by_key(state);
    own_functions(state, account);
    rename_runs(state, |tool| (legacy_name(&tool), key_of_tool(&tool)));
    let Some(processed) = state.get_mut("lastProcessedResponse").and_then(Value::object_mut) else { return };
    let Some(handoffs) = processed.get_mut("handoffs").filter(|handoffs| !handoffs.is_empty()) else { return };
    for action in handoffs.elements_mut() {
        let name = action.member("handoff").and_then(|handoff| {
            let own = handoff.member("agentName").filter(|name| name.kind() == Kind::String);
            own.or_else(|| handoff.at(&["agent", "name"]))
        });
        if let (Some(name), Some(action)) = (name, action.object_mut())
            && action.get("targetAgent").is_none()
        {
            action.push(Key::Known("targetAgent"), Object::new().with("name", name));
        }
    }
}

/// Functions by name.
fn name<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    name_functions(state, account);
    rename_runs(state, |tool| (key_of_tool(&tool), legacy_name(&tool)));
    let is_summary = |item: &Value<'_>| item.is_type("compaction_item");
    for (outer, list) in [(None, "generatedItems"), (Some("lastProcessedResponse"), "newItems")] {
        let object = match outer {
            Some(outer) => state.get_mut(outer).and_then(Value::object_mut),
            None => Some(&mut *state),
        };
        let Some(items) = object.and_then(|object| object.get_mut(list)) else { continue };
        if !items.clone().into_elements().iter().any(is_summary) {
            continue;
        }
        let (gone, kept): (Vec<_>, Vec<_>) = items.take().into_elements().into_iter().partition(is_summary);
        for item in &gone {
            account.lost(Level::Resume, item, "a summary has no place in the history: the model would not get it");
        }
        *items = Value::List(kept);
    }
}

/// Gives the runs of agent tools the keys that the target looks for.
fn rename_runs<'d>(state: &mut Object<'d>, keys: impl Fn(ToolKey<'d>) -> (Vec<u8>, Vec<u8>)) {
    if state.get("pendingAgentToolRuns").is_none_or(Value::is_empty) {
        return;
    }
    let processed = state.get("lastProcessedResponse");
    let functions =
        processed.and_then(|processed| processed.member("functions")).map_or_else(Vec::new, Value::into_elements);
    let calls: Vec<Value<'d>> = functions.iter().filter_map(|action| action.member("toolCall")).collect();
    let Some(runs) = state.get_mut("pendingAgentToolRuns").and_then(Value::object_mut) else { return };
    for call in calls {
        let (Some(tool), Some(id)) = (tool_of_call(&call), call.member("callId").and_then(|id| id.wtf8())) else {
            continue;
        };
        let (from, to) = keys(tool);
        let (from, to) = ([&from[..], b":", &id].concat(), [&to[..], b":", &id].concat());
        if let Some(member) = runs.members_mut().iter_mut().find(|(key, _)| *key.wtf8() == *from) {
            member.0 = Key::Made(to);
        }
    }
}

/// Readers do not believe what stands on record under a label that has no records.
fn record<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    const STALE: &str = "no SDK reads this under this label";
    for key in ["completedToolInvocations", "completedToolInvocationEvidence", "ambiguousToolInvocationCallIds"] {
        account.lost_member(Level::Bookkeeping, state.take(key).as_ref(), STALE);
    }
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        for key in ["approvalInvocations", "hostedMcpApprovals"] {
            account.lost_member(Level::Bookkeeping, context.take(key).as_ref(), STALE);
        }
    }
    ignored_handoffs(state, account);
    own_hosted(state, account);
    let processed = state.get("lastProcessedResponse");
    let requests = processed.and_then(|processed| processed.member("mcpApprovalRequests"));
    for action in requests.map_or_else(Vec::new, Value::into_elements) {
        let raw = action.at(&["requestItem", "rawItem"]);
        let id = raw.and_then(|raw| raw.at(&["providerData", "id"]));
        if id.is_none_or(|id| id.kind() != Kind::String) {
            let reason = "which request of a hosted MCP server waits is not stored: it cannot be answered";
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, action.origin(), reason);
        }
    }
}

/// Releases before 0.8.0 carry out one handoff of a response and give the others an output as tools have it. On record
/// these are calls of tools: the SDK refuses such an output for a handoff.
fn ignored_handoffs<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let id = |item: &Value<'d>| item.at(&["rawItem", "callId"]).and_then(|id| id.wtf8());
    let mut answered = HashSet::default();
    items(state, |item| {
        if item.is_type("tool_call_output_item") {
            answered.extend(id(item).map(|id| id.into_owned()));
        }
    });
    items(state, |item| {
        if item.is_type("handoff_call_item") && id(item).is_some_and(|id| answered.contains(&*id)) {
            let reason = "a handoff that was not carried out is a call of a tool in the history";
            account.note(codes::CHANGED_FORM, Level::Display, item.origin(), reason);
            if let Some(item) = item.object_mut() {
                item.set("type", Value::text("tool_call_item"));
            }
        }
    });
}

/// Outputs are texts, as that SDK would have written them.
fn say<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        with_singles(context);
    }
    standing_first(state, account);
    name_hosted(state, account);
    items(state, |item| {
        let output = item.member("output").filter(|_| item.is_type("tool_call_output_item"));
        let Some(output) = output.filter(|output| output.kind() != Kind::String) else { return };
        let shown = item.at(&["rawItem", "output"]);
        let shown = shown.filter(|shown| shown.is_type("text")).and_then(|shown| shown.member("text"));
        let text = shown.filter(|text| text.kind() == Kind::String).unwrap_or_else(|| {
            let mut out = Writer::new(Style::TypeScript);
            output.write(&mut out);
            Value::from(out.finish())
        });
        let reason = "the target keeps what a tool returned as text only";
        account.changed(Level::History, &output, reason);
        if let Some(item) = item.object_mut() {
            item.set("output", text);
        }
    });
}

/// A computer call with one action.
fn single_action<'d>(state: &mut Object<'d>, _: &Account<'d>) {
    fn single(call: &mut Value<'_>) {
        let actions = call.member("actions").filter(|_| call.is_type("computer_call"));
        let Some(actions) = actions.filter(|_| call.member("action").is_none()) else { return };
        let mut actions = actions.into_elements();
        if let (1, Some(action), Some(call)) = (actions.len(), actions.pop(), call.object_mut()) {
            call.place("action", &["status", "callId"], action);
            call.take("actions");
        }
    }
    fn each<'d>(list: Option<&mut Value<'d>>, key: &str) {
        for element in list.map_or(&mut [][..], Value::elements_mut) {
            let held = element.member(key).is_some_and(|call| call.is_type("computer_call"));
            if let Some(call) = element.object_mut().filter(|_| held).and_then(|element| element.get_mut(key)) {
                single(call);
            }
        }
    }
    if !mentions_actions(state) {
        return;
    }
    each(state.get_mut("generatedItems"), "rawItem");
    if let Some(processed) = state.get_mut("lastProcessedResponse").and_then(Value::object_mut) {
        each(processed.get_mut("newItems"), "rawItem");
        each(processed.get_mut("computerActions"), "toolCall");
    }
    let data = state.get_mut("currentStep").and_then(Value::object_mut).and_then(|step| step.get_mut("data"));
    if let Some(data) = data.and_then(Value::object_mut) {
        each(data.get_mut("interruptions"), "rawItem");
    }
    let last = state.get_mut("lastModelResponse").into_iter();
    for response in last {
        each_output(response, single);
    }
    for response in state.get_mut("modelResponses").map_or(&mut [][..], Value::elements_mut) {
        each_output(response, single);
    }
}

fn each_output<'d>(response: &mut Value<'d>, each: fn(&mut Value<'_>)) {
    if let Some(output) = response.object_mut().and_then(|response| response.get_mut("output")) {
        output.elements_mut().iter_mut().for_each(|item| each(item));
    }
}

/// Whether there is a computer call with a list of actions.
fn mentions_actions(state: &Object<'_>) -> bool {
    let items = state.get("generatedItems").cloned().map_or_else(Vec::new, Value::into_elements);
    items.iter().any(|item| {
        item.member("rawItem").is_some_and(|raw| raw.is_type("computer_call") && raw.member("actions").is_some())
    })
}
