//! The way from one label of the Python SDK to another. What a label's fields are is in the rows of the model; here is
//! what the labels changed besides, and what it means that an older one has no place for something.

use crate::codes;
use crate::format::{Bound, Target};
use crate::hash::{HashMap, HashSet};
use crate::json::{Kind, Object, Value};
use crate::model::lift::THOUGHT_FIELD;
use crate::model::state::paired_id;
use crate::model::steps::{self, Step, label, relabel, turn};
use crate::model::{Account, Level};
use crate::python::State;
use crate::record::{Fit, Record as _, Row, Shape};

use super::decisions::{
    bind_standing, drop_unbound, exact_first, hand_down, hand_up, name_functions, name_hosted, nested, own_functions,
    own_hosted, standing_first,
};
use super::derive::indexes;
use super::lower::{COMPUTER, lookup_key, own_key};
use super::{derive, own_items};

/// From here on every call of a tool is in a ledger.
pub const LEDGER: u16 = 15;
/// From here on a state says which local MCP server a call goes to.
pub const SERVERS: u16 = 18;
/// From here on outputs that are not in the session yet are written to it when the run goes on.
pub const OUTPUT_ROWS: u16 = 19;
/// From here on nested runs keep their own decisions.
const OWN_DECISIONS: u16 = 15;
const LEDGERS: Bound = Bound::label(LEDGER);
/// From here on a call that the model goes on beside can be written where there are ledgers.
const ASIDE: Bound = Bound::label(19);
/// From here on outputs of local shells are loaded.
const LOCAL_SHELL_OUTPUTS: Bound = Bound::label(15);
/// From here on every output for the last response is sent to the service that keeps the conversation.
const SENT_OUTPUTS: u16 = 17;
/// From here on agents of nested runs are looked up from the agent of the nested run, not of the outer one.
const OWN_AGENTS: Bound = Bound::label(18);
/// From here on a call of a nested run is told from one of the outer run with its id.
const NESTED_CALLS: Bound = Bound::label(15);
/// From here on a nested run that was handed to the agent of the outer one waits for ever.
const HANDED_BACK: Bound = Bound::label(13);
/// From here on agents that are handoffs themselves are found.
const BARE_HANDOFFS: Bound = Bound::label(13);
/// From here on the model is told of the calls that a program makes.
const PROGRAM_OUTPUTS: Bound = Bound::label(13);
/// From here on a thought that came in Chat Completions goes back to the model.
const GIVEN_BACK: Bound = Bound::release(16, 22, 0);
/// From here on tools of MCP servers can have the server in their name.
const SERVER_NAMES: Bound = Bound::label(10);
/// From here on a patch can have several operations.
const PATCH_LISTS: Bound = Bound::label(9);

/// What the labels changed, in order.
const STEPS: [Step; 10] = [
    // Tools can be in a namespace.
    Step { to: 5, up: Some(name_tools), down: None },
    // A message can be without a status.
    Step { to: 9, up: None, down: Some(complete_messages) },
    // A run can have no turn limit.
    Step { to: 10, up: None, down: Some(limit_turns) },
    // Items know their place in the session, what is carried out is not asked about, and a status can be null.
    Step { to: 13, up: Some(count_items), down: Some(leave_items) },
    // Decisions about hosted MCP tools are kept by server.
    Step { to: 14, up: Some(own_hosted), down: Some(name_hosted) },
    // Every call is in a ledger that decisions are bound to, and a run can stop between two turns.
    Step { to: 15, up: Some(enter), down: Some(leave) },
    // A decision about one call wins over a standing one.
    Step { to: 16, up: Some(exact_first), down: Some(standing_first) },
    // A state says which items the last response brought.
    Step { to: 17, up: Some(|state, _| own_items(state)), down: None },
    // Decisions about function tools are kept by agent.
    Step { to: 18, up: Some(own), down: Some(name_functions) },
    // The session need not hold every output of the response.
    Step { to: 19, up: None, down: Some(forget_ownership) },
];

/// What it means that the target has no place for a member, by key.
const NO_PLACE: [(&str, Level, &str); 44] = [
    ("request_id", Level::Display, "the id of a request is not stored"),
    ("pending_input", Level::Resume, "input that waits for the next turn has no place: the model would not get it"),
    ("generated_prompt_cache_key", Level::Bookkeeping, CACHE),
    ("reasoning_item_id_policy", Level::Resume, "whether the model gets the ids of its thoughts again is not stored"),
    ("nested_history_owned_session_item_refs", Level::Bookkeeping, SESSION),
    ("generated_session_item_indexes", Level::Bookkeeping, SESSION),
    ("current_response_generated_item_ownership", Level::Bookkeeping, REBUILT),
    ("pending_session_write", Level::Resume, "rows for the session that are not written yet would be missing"),
    ("terminal_unrecoverable", Level::Authority, "the run has ended for good, and the target would go on with it"),
    ("sandbox", Level::Resume, "a sandbox session has no place: the run would start with a new one"),
    ("tool_invocations", Level::Bookkeeping, REBUILT),
    ("hosted_mcp_approvals", Level::Bookkeeping, REBUILT),
    ("function_tool_approvals", Level::Bookkeeping, REBUILT),
    ("cache_write_tokens", Level::Display, "tokens written to a cache are not counted"),
    ("rejection_messages", Level::Resume, MESSAGE),
    ("sticky_rejection_message", Level::Resume, MESSAGE),
    ("sticky_scope", Level::Bookkeeping, REBUILT),
    ("identity", Level::Authority, "agents of the same name cannot be told apart: another one could run the call"),
    ("tool_name", Level::Bookkeeping, REBUILT),
    ("title", Level::Display, "only people see the title of a tool"),
    ("tool_origin", Level::Bookkeeping, REBUILT),
    ("custom_data", Level::History, "what the program keeps with a tool's output has no place"),
    ("tool_namespace", Level::Resume, "tools in a namespace cannot be told from others"),
    ("namespace", Level::Resume, "tools in a namespace cannot be told from others"),
    ("tool_lookup_key", Level::Bookkeeping, REBUILT),
    ("lookupKey", Level::Bookkeeping, REBUILT),
    ("qualifiedName", Level::Bookkeeping, REBUILT),
    ("allow_bare_name_alias", Level::Bookkeeping, REBUILT),
    ("held", Level::Resume, HELD),
    ("append_acknowledged", Level::Resume, HELD),
    ("compaction_model_exchange", Level::Resume, HELD),
    ("response_id", Level::Resume, HELD),
    ("store", Level::Resume, HELD),
    ("has_local_tool_outputs", Level::Resume, HELD),
    ("current_response", Level::Resume, HELD),
    (
        "response_accepted",
        Level::Resume,
        "the response was accepted and nothing of it was carried out: that has no place",
    ),
    ("llm_end_hooks_started", Level::Bookkeeping, "the target does not call these hooks when a run goes on"),
    (
        "agent_run_state",
        Level::Resume,
        "the paused run of an agent that is used as a tool has no place: it would start anew",
    ),
    ("custom_tool_actions", Level::Resume, "calls of custom tools have no place: they would not run"),
    ("mcp_tool_bindings", Level::Bookkeeping, "the target finds the MCP server by the name of the tool"),
    (
        "tool_output_guardrail_result_start",
        Level::History,
        "which results belong to the current response is not stored",
    ),
    ("caller", Level::Resume, "calls that a program makes have no place"),
    ("output", Level::History, REBUILT),
    ("input_id", Level::History, REBUILT),
];

const REBUILT: &str = "the target's SDK works this out itself, or has no use for it";
const SESSION: &str = "which items the session holds is counted anew";
const CACHE: &str = "the target does not name its prompts for the cache";
const MESSAGE: &str = "the model is told of the rejection in the SDK's own words";
const PROGRAM: &str = "releases before 0.19.0 do not tell the model that it was a program that called";
const HELD: &str = "what is still to be written to the session cannot be told completely";

/// Brings a state, and the runs within it, to another label.
pub fn bring<'d>(tree: &mut Value<'d>, to: Target, account: &Account<'d>) {
    let Some(state) = tree.object_mut() else { return };
    let Some(from) = label(state) else { return };
    let (own, target) = (OWN_DECISIONS..=u16::MAX, to.format.label);
    if !own.contains(&from) && own.contains(&target) {
        hand_down(state, account);
    }
    take_over(state, target, account);
    forgotten(state, to, account);
    if own.contains(&from) && !own.contains(&target) {
        hand_up(state, account);
    }
    if target >= LEDGER {
        derive(tree);
    }
    if let Some(state) = tree.object_mut() {
        settle(state, to, account);
    }
    let mut misfit =
        |misfit, row: &'static Row, value: &Value<'d>| steps::no_place(&NO_PLACE, misfit, row, value, account);
    Fit { from, to, misfit: &mut misfit, depth: 0 }.apply(tree, Shape::Record(State::INFO));
}

fn list(value: Option<Value<'_>>) -> Vec<Value<'_>> {
    value.map_or_else(Vec::new, Value::into_elements)
}

/// Whether a program makes the call.
fn is_programmed(call: &Value<'_>) -> bool {
    call.member("caller").is_some_and(|caller| caller.is_type("program"))
}

/// What a run waits for.
fn questions<'d>(state: &Object<'d>) -> Vec<Value<'d>> {
    list(state.get("current_step").and_then(|step| step.at(&["data", "interruptions"])))
}

/// What older releases drop, or do not do, although their label has a place for it.
fn forgotten<'d>(state: &mut Object<'d>, to: Target, account: &Account<'d>) {
    let note = |node, reason: &'static str| account.note(codes::NO_PLACE, Level::Resume, node, reason);
    if !to.has(GIVEN_BACK) {
        for item in list(state.get("generated_items").cloned()) {
            let kind = item.at(&["raw_item", "type"]);
            let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
            if is("reasoning") && item.at(&["raw_item", "provider_data", THOUGHT_FIELD]).is_some() {
                let reason = "releases before 0.22.0 do not give the thought back to the model in Chat Completions";
                note(item.origin(), reason);
            } else if is("local_shell_call_output") && !to.has(LOCAL_SHELL_OUTPUTS) {
                note(item.origin(), "releases before 0.20.0 drop the output of a local shell when they load a state");
            } else if is("program_output") && !to.has(PROGRAM_OUTPUTS) {
                note(item.origin(), "releases before 0.19.0 drop the output of a program when they load a state");
            } else if is("mcp_approval_request")
                && !to.has(PROGRAM_OUTPUTS)
                && item.member("raw_item").as_ref().is_some_and(is_programmed)
            {
                note(item.origin(), PROGRAM);
            }
        }
    }
    if let Some(processed) = state.get("last_processed_response") {
        let handoffs = processed.member("handoffs").filter(|handoffs| !handoffs.is_empty());
        if let Some(handoffs) = handoffs.filter(|_| !to.has(BARE_HANDOFFS)) {
            note(
                handoffs.origin(),
                "releases before 0.19.0 forget a handoff that waits, unless the program offers it as a `Handoff` object",
            );
        }
        let bindings = processed.member("mcp_tool_bindings");
        for action in list(processed.member("functions")) {
            let Some(call) = action.member("tool_call") else { continue };
            // They read the API's name of the member, and write the SDK's, whatever its value is.
            let aside =
                call.member("async_").is_some() || call.member("async").and_then(|flag| flag.as_bool()) == Some(true);
            if aside && to.has(LEDGERS) && !to.has(ASIDE) {
                let reason =
                    "releases before 0.24.0 that keep ledgers cannot write a call that the model goes on beside";
                note(call.origin(), reason);
            }
            if !to.has(SERVER_NAMES) && names_server(&call, bindings.as_ref()) {
                let reason = "releases before 0.16.0 have no tools with the server in the name: they drop the call";
                note(call.origin(), reason);
            }
        }
        let programmed =
            ["functions", "shell_actions", "apply_patch_actions", "custom_tool_actions", "mcp_approval_requests"];
        for action in programmed.iter().flat_map(|key| list(processed.member(key))) {
            let call = action.member("tool_call").or_else(|| action.at(&["request_item", "raw_item"]));
            if let Some(call) = call.filter(|call| is_programmed(call) && !to.has(PROGRAM_OUTPUTS)) {
                note(call.origin(), PROGRAM);
            }
        }
        for action in list(processed.member("apply_patch_actions")) {
            let call = action.member("tool_call").filter(|_| !to.has(PATCH_LISTS));
            if let Some(call) = call.filter(|call| call.member("operations").is_some()) {
                note(call.origin(), "releases before 0.14.0 take a patch with one operation only: they fail");
            }
        }
    }
    mistaken(state, to, account);
    renamed(state, to, account);
    unsent(state, to, account);
    for run in nested(state) {
        forgotten(run, to, account);
    }
}

/// Calls of nested runs that older releases take for calls of the outer run.
fn mistaken<'d>(state: &mut Object<'d>, to: Target, account: &Account<'d>) {
    if to.has(NESTED_CALLS) || nested(state).is_empty() {
        return;
    }
    let id = |call: &Value<'d>| call.member("call_id")?.wtf8();
    let functions = list(state.get("last_processed_response").and_then(|processed| processed.member("functions")));
    let own: HashSet<_> = functions.iter().filter_map(|action| id(&action.member("tool_call")?)).collect();
    let agent = state.get("current_agent").and_then(agent_key);
    let waiting =
        questions(state).into_iter().filter(|item| item.member("agent").and_then(|own| agent_key(&own)) == agent);
    let waiting: HashSet<_> = waiting.filter_map(|item| id(&item.member("raw_item")?)).collect();
    for run in nested(state) {
        for item in questions(run) {
            let Some(id) = item.member("raw_item").and_then(|raw| id(&raw)) else { continue };
            if own.contains(&id) {
                let reason = "releases before 0.20.0 take a decision about this call for one about the call of the outer \
                              run that has its id";
                account.note(codes::NO_PLACE, Level::Resume, item.origin(), reason);
            } else if waiting.contains(&id) && !to.has(HANDED_BACK) {
                let reason = "releases before 0.19.0 carry this call out twice: in the nested run and in the outer one";
                account.note(codes::WOULD_RUN, Level::Authority, item.origin(), reason);
            }
        }
    }
}

/// Outputs of calls for which no tool ran: releases before 0.22.1 take them for sent.
fn unsent<'d>(state: &Object<'d>, to: Target, account: &Account<'d>) {
    let step = state.get("current_step").and_then(|step| step.member("type"));
    let knows = label(state).is_some_and(|from| from >= SENT_OUTPUTS);
    if to.has(Bound::label(SENT_OUTPUTS)) || !knows || !step.is_some_and(|step| step.is("next_step_interruption")) {
        return;
    }
    let processed = state.get("last_processed_response").and_then(|processed| processed.clone().into_object());
    let lists = processed.map_or_else(Vec::new, Object::into_members).into_iter();
    let calls = lists.flat_map(|(_, list)| list.into_elements()).filter_map(|action| action.member("tool_call"));
    let known = calls.filter_map(|call| paired_id(&call)).collect();
    let reason = "releases before 0.22.1 take this output for sent, as no tool ran for it: the model would not get it";
    not_sent(state, &known, reason, account);
}

/// Takes down outputs for the last response that the service that keeps the conversation would not get.
fn not_sent<'d>(state: &Object<'d>, known: &HashSet<Vec<u8>>, reason: &'static str, account: &Account<'d>) {
    let is_set = |key: &str| state.get(key).is_some_and(|value| !value.is_null());
    if !is_set("conversation_id") && !is_set("previous_response_id") {
        return;
    }
    let last = list(state.get("model_responses").cloned()).pop();
    let last: HashSet<_> = list(last.and_then(|last| last.member("output"))).iter().filter_map(paired_id).collect();
    for item in list(state.get("generated_items").cloned()) {
        let Some(raw) = item.member("raw_item").filter(|_| item.is_type("tool_call_output_item")) else { continue };
        if paired_id(&raw).is_some_and(|id| last.contains(&id) && !known.contains(&id)) {
            account.note(codes::NO_PLACE, Level::Resume, raw.origin().or(item.origin()), reason);
        }
    }
}

/// Agents of nested runs that older releases, which look for them from the outer agent, take for others of their name.
fn renamed<'d>(state: &mut Object<'d>, to: Target, account: &Account<'d>) {
    if to.has(OWN_AGENTS) || nested(state).is_empty() {
        return;
    }
    let agents: HashMap<_, _> = questions(state).iter().filter_map(question).map(|(agent, id)| (id, agent)).collect();
    for run in nested(state) {
        for item in questions(run) {
            let Some((agent, id)) = question(&item) else { continue };
            if agents.get(&id).is_none_or(|outer| *outer == agent) {
                continue;
            }
            let (code, level, reason) = match to.has(NESTED_CALLS) {
                true => (
                    codes::NO_PLACE,
                    Level::Resume,
                    "releases before 0.23.1 take another agent of this name for the one that asks, and ask again whatever \
                     is decided",
                ),
                false => (
                    codes::WOULD_RUN,
                    Level::Authority,
                    "releases before 0.20.0 take another agent of this name for the one that asks: its tool would run",
                ),
            };
            account.note(code, level, item.origin(), reason);
        }
    }
}

/// Whether a call goes to a local MCP server under another name than the server has for the tool.
fn names_server(call: &Value<'_>, bindings: Option<&Value<'_>>) -> bool {
    let id = call.member("call_id").and_then(|id| id.wtf8());
    let binding = id.and_then(|id| bindings?.member(std::str::from_utf8(&id).ok()?));
    let tool = binding.and_then(|binding| binding.into_elements().into_iter().nth(1)?.wtf8());
    tool.is_some_and(|tool| call.member("name").and_then(|name| name.wtf8()) != Some(tool))
}

/// Changes what has another meaning, in every run.
fn take_over<'d>(state: &mut Object<'d>, to: u16, account: &Account<'d>) {
    if let Some(from) = label(state) {
        turn(&STEPS, state, from, to, account);
    }
    for run in nested(state) {
        take_over(run, to, account);
    }
}

/// Brings the runs within a state to the shape of the target, and labels all of them.
fn settle<'d>(state: &mut Object<'d>, to: Target, account: &Account<'d>) {
    for run in nested(state) {
        let Some(from) = label(run) else { continue };
        settle(run, to, account);
        let mut misfit =
            |misfit, row: &'static Row, value: &Value<'d>| steps::no_place(&NO_PLACE, misfit, row, value, account);
        let mut tree = Value::Object(std::mem::take(run));
        Fit { from, to, misfit: &mut misfit, depth: 0 }.apply(&mut tree, Shape::Record(State::INFO));
        *run = tree.into_object().unwrap_or_default();
    }
    relabel(state, to.format.label);
}

fn limit_turns<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    steps::limit_turns(state, "max_turns", account);
}

/// Every function that is called says what its tool is found by, and so does every question about one.
fn name_tools<'d>(state: &mut Object<'d>, _: &Account<'d>) {
    each_list(state, |items| {
        for item in items.elements_mut() {
            let raw = item.member("raw_item").filter(|_| item.is_type("tool_approval_item"));
            let key = raw.filter(|raw| raw.is_type("function_call")).and_then(|raw| own_key(&raw));
            if let (Some(key), Some(item)) = (key, item.object_mut())
                && item.get("tool_lookup_key").is_none()
            {
                item.place("tool_lookup_key", &["tool_namespace", "tool_name", "agent"], lookup_key(&key));
            }
        }
    });
    let processed = state.get_mut("last_processed_response").and_then(Value::object_mut);
    let functions = processed.and_then(|processed| processed.get_mut("functions"));
    for action in functions.map_or(&mut [][..], Value::elements_mut) {
        let key = action.member("tool_call").and_then(|call| own_key(&call)).map(|key| lookup_key(&key));
        let tool = action.object_mut().and_then(|action| action.get_mut("tool")?.object_mut());
        if let (Some(key), Some(tool)) = (key, tool)
            && tool.get("lookupKey").is_none()
        {
            tool.place("lookupKey", &["qualifiedName", "namespace", "name"], key);
        }
    }
}

/// Every list of run items in a state.
fn each_list<'d>(state: &mut Object<'d>, mut each: impl FnMut(&mut Value<'d>)) {
    fn inside<'s, 'd>(object: Option<&'s mut Value<'d>>, key: &str) -> Option<&'s mut Value<'d>> {
        object?.object_mut()?.get_mut(key)
    }
    for key in ["generated_items", "session_items"] {
        state.get_mut(key).into_iter().for_each(&mut each);
    }
    for key in ["new_items", "interruptions"] {
        inside(state.get_mut("last_processed_response"), key).into_iter().for_each(&mut each);
    }
    inside(inside(state.get_mut("current_step"), "data"), "interruptions").into_iter().for_each(&mut each);
}

/// The calls of which it is said which server they go to; a run asks about those of the runs within it, too.
fn bound(state: &mut Object<'_>, found: &mut HashSet<Vec<u8>>) {
    let bindings = state.get("last_processed_response").and_then(|processed| processed.member("mcp_tool_bindings"));
    let bindings = bindings.and_then(Value::into_object).map_or_else(Vec::new, Object::into_members);
    found.extend(bindings.into_iter().map(|(id, _)| id.wtf8().into_owned()));
    nested(state).into_iter().for_each(|run| bound(run, found));
}

/// Decisions get owners. A call of a local MCP server would have to name the server, which older labels do not store.
fn own<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    own_functions(state, account);
    let mut known = HashSet::default();
    bound(state, &mut known);
    let data = state.get("current_step").and_then(|step| step.member("data"));
    let waiting = data.and_then(|data| data.member("interruptions")).map_or_else(Vec::new, Value::into_elements);
    for item in waiting {
        let id = item.at(&["raw_item", "call_id"]).and_then(|id| id.wtf8());
        if id.is_some_and(|id| known.contains(&*id)) {
            continue;
        }
        let origin = item.at(&["tool_origin", "type"]);
        let reason = "which MCP server the call goes to is not stored under this label, and newer releases demand it";
        match origin {
            Some(kind) if kind.is("mcp") => {
                account.note(codes::NOT_CONVERTIBLE, Level::Resume, item.origin(), reason);
            }
            None if item.member("raw_item").is_some_and(|raw| raw.is_type("function_call")) => {
                let reason = "the function that waits is taken to be the program's own, not one of an MCP server";
                account.assumed(Level::Bookkeeping, item.origin(), reason);
            }
            _ => {}
        }
    }
}

/// The session holds the items of the history, and others among them.
fn count_items<'d>(state: &mut Object<'d>, _: &Account<'d>) {
    if state.get("generated_session_item_indexes").is_some() {
        return;
    }
    let indexes = indexes(state);
    let behind = ["nested_history_owned_session_item_refs", "session_items", "generated_items"];
    state.place("generated_session_item_indexes", &behind, Value::List(indexes));
}

/// Down from there.
fn leave_items<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    drop_answered(state, account);
    let is_null = |message: &Value<'d>| message.member("status").is_some_and(|status| status.is_null());
    each_message(state, is_null, |message| drop(message.take("status")));
}

/// Releases before 0.14.0 refuse messages without a status.
fn complete_messages<'d>(state: &mut Object<'d>, _: &Account<'d>) {
    let is_absent = |message: &Value<'d>| message.member("status").is_none_or(|status| status.is_null());
    each_message(state, is_absent, |message| message.place("status", &["role"], Value::text("completed")));
}

/// The messages of the model of which something is true, in answers and in items.
fn each_message<'d>(
    state: &mut Object<'d>,
    is_meant: impl Fn(&Value<'d>) -> bool,
    mut each: impl FnMut(&mut Object<'d>),
) {
    let is_meant = |raw: &Value<'d>| {
        raw.is_type("message") && raw.member("role").is_some_and(|role| role.is("assistant")) && is_meant(raw)
    };
    each_list(state, |items| {
        for item in items.elements_mut() {
            if item.member("raw_item").is_some_and(|raw| is_meant(&raw))
                && let Some(raw) = item.object_mut().and_then(|item| item.get_mut("raw_item")?.object_mut())
            {
                each(raw);
            }
        }
    });
    let mut answer = |response: &mut Value<'d>| {
        let output = response.member("output").map_or_else(Vec::new, Value::into_elements);
        if !output.iter().any(is_meant) {
            return;
        }
        let output = response.object_mut().and_then(|response| response.get_mut("output"));
        for raw in output.map_or(&mut [][..], Value::elements_mut).iter_mut().filter(|raw| is_meant(raw)) {
            if let Some(raw) = raw.object_mut() {
                each(raw);
            }
        }
    };
    state.get_mut("model_responses").map_or(&mut [][..], Value::elements_mut).iter_mut().for_each(&mut answer);
    state.get_mut("last_model_response").into_iter().for_each(&mut answer);
}

/// Takes away questions about functions that have been carried out: releases before 0.19.0 would do that once more.
fn drop_answered<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let answered = answered(state);
    let step = state.get_mut("current_step").and_then(Value::object_mut);
    let data = step.and_then(|step| step.get_mut("data")?.object_mut());
    let Some(questions) = data.and_then(|data| data.get_mut("interruptions")) else { return };
    let is_answered = |item: &Value<'d>| {
        item.at(&["raw_item", "type"]).is_some_and(|kind| kind.is("function_call"))
            && question(item).is_some_and(|call| answered.contains(&call))
    };
    if !questions.clone().into_elements().iter().any(is_answered) {
        return;
    }
    let (over, open): (Vec<_>, Vec<_>) =
        std::mem::replace(questions, Value::NULL).into_elements().into_iter().partition(is_answered);
    *questions = Value::List(open);
    for item in over {
        account.lost(Level::Bookkeeping, &item, "the call is carried out already, and nothing waits for a decision");
    }
}

/// Whose call is in question, and its id.
fn question(item: &Value<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    Some((agent_key(&item.member("agent")?)?, paired_id(&item.member("raw_item")?)?))
}

fn agent_key(agent: &Value<'_>) -> Option<Vec<u8>> {
    Some(agent.member("identity").or_else(|| agent.member("name"))?.wtf8()?.into_owned())
}

/// The functions that have been carried out in a run or in those within it, by agent and call.
fn answered(state: &mut Object<'_>) -> HashSet<(Vec<u8>, Vec<u8>)> {
    let mut found = HashSet::default();
    if let Some(agent) = state.get("current_agent").and_then(agent_key) {
        let items = state.get("generated_items").map_or_else(Vec::new, Value::elements);
        let outputs =
            items.iter().filter_map(|item| item.member("raw_item").filter(|raw| raw.is_type("function_call_output")));
        found.extend(outputs.filter_map(|raw| Some((agent.clone(), paired_id(&raw)?))));
    }
    nested(state).into_iter().for_each(|run| found.extend(answered(run)));
    found
}

/// Readers before 0.24.0 believe which items are of the current response where the session ends with all of them
/// (`_restore_current_response_item_identities`), and forget it elsewhere.
fn forget_ownership<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    const KEY: &str = "current_response_generated_item_ownership";
    let number = |value: Option<Value<'d>>| value.and_then(|value| usize::try_from(value.as_u64()?).ok());
    let Some(ownership) = state.get(KEY).filter(|ownership| !ownership.is_null()) else { return };
    let (Some(start), Some(end)) = (number(ownership.member("start")), number(ownership.member("end"))) else { return };
    let list = |key: &str| state.get(key).cloned().map_or_else(Vec::new, Value::into_elements);
    let (places, session) = (list("generated_session_item_indexes"), list("session_items").len());
    let is_suffix = places.get(start..end).is_some_and(|places| {
        let first = session.checked_sub(places.len());
        first.is_some_and(|first| {
            places.iter().enumerate().all(|(at, place)| number(Some(place.clone())) == Some(first + at))
        })
    });
    if !is_suffix {
        account.lost_member(Level::Bookkeeping, state.take(KEY).as_ref(), SESSION);
    }
}

/// Up to the ledger: everything that calls and decisions are bound by.
fn enter<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    name_calls(state);
    forget_ledger(state, account);
}

/// Down from the ledger.
fn leave<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    drop_unbound(state, account);
    each_call(state, |item, _| {
        account.lost_member(Level::Bookkeeping, item.take("tool_name").as_ref(), REBUILT);
    });
    forget_turn(state, account);
}

/// Calls whose raw item does not say what the tool is called, with the id and the usual name.
fn each_call<'d>(state: &mut Object<'d>, mut each: impl FnMut(&mut Object<'d>, (Vec<u8>, &'static str))) {
    let mut list = |items: Option<&mut Value<'d>>| {
        let Some(items) = items else { return };
        let native = |item: &Value<'d>| {
            let raw = item.member("raw_item").filter(|_| item.is_type("tool_call_item"))?;
            let kind = raw.member("type")?;
            let usual = match &*kind.wtf8()? {
                b"shell_call" => "shell",
                b"local_shell_call" => "local_shell",
                b"apply_patch_call" => "apply_patch",
                b"computer_call" => COMPUTER,
                _ => return None,
            };
            Some((raw.member("call_id")?.wtf8()?.into_owned(), usual))
        };
        if !items.clone().into_elements().iter().any(|item| native(item).is_some()) {
            return;
        }
        for item in items.elements_mut() {
            if let Some(call) = native(item)
                && let Some(item) = item.object_mut()
            {
                each(item, call);
            }
        }
    };
    list(state.get_mut("generated_items"));
    list(state.get_mut("session_items"));
    let processed = state.get_mut("last_processed_response").and_then(Value::object_mut);
    list(processed.and_then(|processed| processed.get_mut("new_items")));
}

/// Calls say what their tool is called: as the question about it or the action does, or as it is called by default.
fn name_calls<'d>(state: &mut Object<'d>) {
    let mut names: HashMap<Vec<u8>, Value<'d>> = HashMap::default();
    let mut add = |call: Option<Value<'d>>, name: Option<Value<'d>>| {
        let id = call.and_then(|call| call.member("call_id")?.wtf8());
        if let (Some(id), Some(name)) = (id, name.filter(|name| name.kind() == Kind::String)) {
            names.entry(id.into_owned()).or_insert(name);
        }
    };
    let data = state.get("current_step").and_then(|step| step.member("data"));
    for item in list(data.and_then(|data| data.member("interruptions")))
        .iter()
        .chain(&list(state.get("generated_items").cloned()))
    {
        if item.is_type("tool_approval_item") {
            add(item.member("raw_item"), item.member("tool_name"));
        }
    }
    let processed = state.get("last_processed_response");
    for (actions, tool) in [
        ("computer_actions", "computer"),
        ("shell_actions", "shell"),
        ("local_shell_actions", "local_shell"),
        ("apply_patch_actions", "apply_patch"),
    ] {
        for action in list(processed.and_then(|processed| processed.member(actions))) {
            add(action.member("tool_call"), action.member(tool).and_then(|tool| tool.member("name")));
        }
    }
    each_call(state, |item, (id, usual)| {
        if item.get("tool_name").is_none() {
            let name = names.get(&id).cloned().unwrap_or(Value::text(usual));
            item.place("tool_name", &["agent", "raw_item"], name);
        }
    });
    each_list(state, |items| {
        for item in items.elements_mut() {
            let raw = item.member("raw_item").filter(|_| item.is_type("tool_call_item"));
            let name = raw.and_then(|raw| raw.member("name")).filter(|name| name.kind() == Kind::String);
            if let (Some(name), Some(item)) = (name, item.object_mut())
                && item.get("tool_name").is_none()
            {
                item.place("tool_name", &["agent", "raw_item"], name);
            }
        }
    });
}

/// Readers do not believe a ledger under a label that has none, and standing decisions are not bound yet.
fn forget_ledger<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let stale = state.get_mut("context").and_then(Value::object_mut).and_then(|own| own.take("tool_invocations"));
    if let Some(stale) = stale {
        account.lost(Level::Bookkeeping, &stale, "no SDK reads a ledger under this label");
    }
    bind_standing(state, account);
}

/// A run that stopped between two turns goes on with the next one, as one without a step does.
fn forget_turn<'d>(state: &mut Object<'d>, account: &Account<'d>) {
    let kind = state.get("current_step").and_then(|step| step.member("type"));
    if !kind.is_some_and(|kind| kind.is("next_step_run_again")) {
        return;
    }
    let reason = "releases before 0.20.0 take this output for sent between two turns: the model would not get it";
    not_sent(state, &HashSet::default(), reason, account);
    if let Some(step) = state.get_mut("current_step") {
        let reason = "that the run stopped between two turns has no place: it goes on with the next turn all the same";
        account.changed(Level::Bookkeeping, step, reason);
        *step = Value::NULL;
    }
}
