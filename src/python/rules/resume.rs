//! What loads and does not work: where the resumed run ends, forgets a call or asks again.

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::{HashMap, HashSet};
use crate::json::{Kind, Node, Text};
use crate::record::{Flag, Reader, Sifted, Slot, Wire as _};

use super::super::State;
use super::super::bounds::{V1_10, V1_13, V1_15, V1_17, V1_18};
use super::super::context::{ApprovalRecord, Decision, Invocation};
use super::super::invocation::{Call, Known, completes};
use super::super::items::{ApprovalItem, OriginKind, RunItem};
use super::super::nested::NestedState;
use super::super::step::{CurrentStep, ProcessedResponse};
use super::super::weigh::is_falsy;
use super::View;
use super::gates;
use super::history::{History, approval_lookup};
use super::programs;
use super::restore::has_unhashable_type;
use super::roster::{Found, resolve};

/// The label that first has the ledger.
const LEDGER: u16 = 15;
/// The label that first says which items the last response brought.
const OWNERSHIP: u16 = 17;

/// Judges what the resumed run makes of the state.
pub(super) fn judge<'d>(view: &View<'_, 'd>, history: &History<'d>, cx: &mut Reader<'d>) {
    let state = view.state;
    if let Some(processed) = view.processed {
        let interruptions = processed.interruptions.value().into_iter().flat_map(|list| list.values());
        for approval in interruptions {
            resolve(view.roster, approval.agent.node(), cx);
            unhashable(approval, cx);
        }
    }
    if let Some(terminal) = state.terminal_unrecoverable.value().filter(|_| cx.reader_has(V1_17)) {
        cx.raise(codes::TERMINAL, Effect::Stuck, terminal.node(), "the run ended in a way that cannot be resumed");
    }
    if let Slot::Null(limit) | Slot::Invalid(limit) = state.max_turns
        && limit.is_null()
        && !cx.reader_has(V1_10)
    {
        let message = format!("{} compares the limit of turns with a number, and fails on null", cx.reader);
        cx.raise(codes::TURN_LIMIT, Effect::Stuck, limit, message);
    }
    let pending = pending(view, cx);
    let sought = Sought::of(view);
    match state.current_step.value() {
        Some(CurrentStep::Interruption(step)) => {
            let accepted = step.data.node().and_then(|data| data.member("response_accepted"));
            let accepted = cx.reader_has(V1_15) && accepted.is_some_and(|accepted| !is_falsy(accepted));
            interrupted(view, step.node(), &pending, accepted, &sought, cx);
        }
        _ => forgotten(view, history, cx),
    }
    decisions(view, &pending, &sought, cx);
    gates::judge(view, &pending, cx);
}

/// What is looked up for each pending call.
struct Sought<'s, 'd> {
    /// The ledger, by call id.
    ledger: HashMap<Cow<'d, [u8]>, &'s Invocation<'d>>,
    /// The calls that wait for a nested run.
    nested: HashSet<Cow<'d, [u8]>>,
    /// The calls of which it is known which server they go to.
    bound: HashSet<Cow<'d, [u8]>>,
    /// The calls of functions that the response asks for.
    functions: HashSet<Cow<'d, [u8]>>,
    /// The calls that wait in nested runs.
    inside: HashSet<Cow<'d, [u8]>>,
    /// Whether some nested run is not read.
    opaque: bool,
    /// What the outputs of the history complete: the types of calls, and their ids.
    answered: HashSet<[Cow<'d, [u8]>; 2]>,
}

impl<'s, 'd> Sought<'s, 'd> {
    fn of(view: &View<'s, 'd>) -> Self {
        let functions = view.processed.and_then(|processed| processed.functions.value());
        let kept = functions.into_iter().flat_map(|list| list.values()).filter_map(|sifted| sifted.kept());
        let nested = kept.filter(|action| !action.agent_run_state.is_none());
        let (mut bound, mut inside) = (HashSet::default(), HashSet::default());
        if let Some(processed) = view.processed {
            bindings(processed, &mut bound);
            nested_runs(processed).for_each(|nested| waiting(nested, &mut inside));
        }
        let actions = functions.into_iter().flat_map(|list| list.values()).map(|sifted| &sifted.value.agent_run_state);
        let opaque = |slot: &Slot<'d, NestedState<'d>>| {
            !slot.is_none() && slot.value().is_none_or(|nested| nested.state.is_none())
        };
        let ledger: HashMap<_, _> = view.ledger().map(|(id, entry)| (id.wtf8(), entry)).collect();
        // Most runs have begun nothing that is not finished.
        let begun = ledger.values().any(|entry| is_set(&entry.executed) && !is_set(&entry.completed));
        let outputs = view.generated.iter().filter(|_| begun).filter_map(|item| output(item.item, item.raw));
        Self {
            opaque: actions.into_iter().any(opaque),
            answered: outputs.map(|(kind, id)| [kind.as_bytes().into(), id.wtf8()]).collect(),
            ledger,
            nested: nested.filter_map(|action| Some(action.tool_call.value()?.call_id.value()?.wtf8())).collect(),
            bound,
            functions: function_ids(view).map(Text::wtf8).collect(),
            inside,
        }
    }

    /// Whether a call did something of which nothing is recorded. The output of one that is in the history makes it
    /// finished (`_register_tool_call_items`).
    fn is_begun(&self, id: Text<'d>, entry: &Invocation<'d>) -> bool {
        let kind = entry.kind.node().and_then(Node::text);
        is_set(&entry.executed)
            && !is_set(&entry.completed)
            && kind.is_none_or(|kind| !self.answered.contains(&[kind.wtf8(), id.wtf8()]))
    }
}

/// The calls of functions that the response asks for.
fn function_ids<'d>(view: &View<'_, 'd>) -> impl Iterator<Item = Text<'d>> {
    let functions = view.processed.and_then(|processed| processed.functions.value());
    let actions = functions.into_iter().flat_map(|list| list.values());
    actions.filter_map(|action| action.value.tool_call.value()?.call_id.value().copied())
}

/// All calls that the response asks for and that the reader keeps (`_dedupe_processed_response_invocations`).
fn called<'d>(view: &View<'_, 'd>) -> impl Iterator<Item = Text<'d>> {
    let handoffs = view.processed.and_then(|processed| processed.handoffs.value());
    let handoffs = handoffs.into_iter().flat_map(|list| list.values());
    let handoffs = handoffs.filter_map(|action| action.value.tool_call.value()?.call_id.value().copied());
    let tools = view.tools.iter().filter_map(|(call, _)| Call::of(*call)?.id);
    function_ids(view).chain(handoffs).chain(tools)
}

fn nested_runs<'s, 'd>(processed: &'s ProcessedResponse<'d>) -> impl Iterator<Item = &'s State<'d>> {
    let functions = processed.functions.value().into_iter().flat_map(|list| list.values());
    functions.filter_map(|sifted| sifted.value.agent_run_state.value()?.state.as_deref())
}

/// The calls that a run asks about; it repeats those of the runs within it.
fn waiting<'d>(state: &State<'d>, found: &mut HashSet<Cow<'d, [u8]>>) {
    let Some(CurrentStep::Interruption(step)) = state.current_step.value() else { return };
    let list = step.data.value().and_then(|data| data.interruptions.value());
    let raws = list.into_iter().flat_map(|list| list.values()).filter_map(|sifted| sifted.value.raw_item.node());
    found.extend(raws.filter_map(|raw| Some(Call::of(raw)?.id?.wtf8())));
}

/// A run repeats what waits in those within it, which know the servers of their calls.
fn bindings<'d>(processed: &ProcessedResponse<'d>, bound: &mut HashSet<Cow<'d, [u8]>>) {
    let own = processed.mcp_tool_bindings.value().into_iter().flat_map(|bindings| bindings.values());
    bound.extend(own.map(|(id, _)| id.wtf8()));
    for nested in nested_runs(processed) {
        nested.last_processed_response.value().into_iter().for_each(|processed| bindings(processed, bound));
    }
}

/// The approvals that the reader keeps of the interruption.
fn pending<'s, 'd>(view: &View<'s, 'd>, cx: &mut Reader<'d>) -> Vec<&'s ApprovalItem<'d>> {
    let Some(CurrentStep::Interruption(step)) = view.state.current_step.value() else { return Vec::new() };
    let list = step.data.value().and_then(|data| data.interruptions.value());
    let mut kept = Vec::new();
    for sifted in list.into_iter().flat_map(|list| list.values()) {
        let Sifted { value: approval, dropped } = sifted;
        match resolve(view.roster, approval.agent.node(), cx) {
            Found::Agent(_) => {}
            Found::Unknown(name) => {
                let message = format!("the agent \"{}\" is not there: the SDK drops the pending call", name.lossy());
                cx.raise(codes::UNKNOWN_AGENT, Effect::Stuck, name.node(), message);
                continue;
            }
            Found::Nobody => continue,
        }
        unhashable(approval, cx);
        if !dropped {
            kept.push(approval);
        }
    }
    kept
}

/// A pending call of a nested run that is no object: the reader takes it, and fails when it stores the run.
pub(super) fn unreadable_approval<'d>(nested: &State<'d>) -> Option<Node<'d>> {
    let Some(CurrentStep::Interruption(step)) = nested.current_step.value() else { return None };
    let approvals = step.data.value().and_then(|data| data.interruptions.value());
    let raws = approvals.into_iter().flat_map(|list| list.values()).filter_map(|sifted| sifted.kept()?.raw_item.node());
    raws.into_iter().find(|raw| raw.kind() != Kind::Object && !is_falsy(*raw))
}

/// Approvals outside of the history are read without a net.
fn unhashable<'d>(approval: &ApprovalItem<'d>, cx: &mut Reader<'d>) {
    if let Some(raw) = approval.raw_item.node().filter(|raw| raw.kind() == Kind::Object && has_unhashable_type(*raw)) {
        let message = "the type of the raw item is no text; the SDK fails when it looks it up";
        cx.raise(codes::UNHASHABLE_TYPE, Effect::Refused, raw, message);
    }
}

fn interrupted<'d>(
    view: &View<'_, 'd>,
    step: Node<'d>,
    pending: &[&ApprovalItem<'d>],
    accepted: bool,
    sought: &Sought<'_, 'd>,
    cx: &mut Reader<'d>,
) {
    let state = view.state;
    if view.processed.is_none() {
        let message = match accepted {
            true => "the response was accepted, and what it asks for is not recorded: the SDK refuses to go on",
            false => "the run waits, but the response it works on is missing",
        };
        cx.raise(codes::NO_RESPONSE, Effect::Stuck, step, message);
    }
    if state.model_responses.value().is_none_or(|responses| responses.is_empty()) {
        cx.raise(codes::NO_RESPONSE, Effect::Stuck, step, "the run waits, but there is no model response");
    }
    if pending.is_empty() && !accepted {
        cx.raise(codes::NOTHING_PENDING, Effect::Note, step, "the run waits, but no call is pending");
    }
    half_done(view, pending, sought, cx);
    unproven(view, step, cx);
    if !accepted {
        ended_programs(view, cx);
    }
    let current = state.current_agent.node().and_then(agent_key);
    let processed = view.processed.filter(|_| view.label >= LEDGER);
    let functions = processed.and_then(|processed| processed.functions.value());
    let called =
        functions.into_iter().flat_map(|list| list.values()).filter_map(|action| action.value.tool_call.node());
    let called: HashMap<_, _> = called.filter_map(|node| Some((Call::of(node)?.id?.wtf8(), node))).collect();
    for approval in pending {
        let raw = approval.raw_item.node();
        let Some(call) = raw.and_then(Call::of) else { continue };
        unbound(view, approval, &call, sought, cx);
        let agent = approval.agent.node().and_then(agent_key);
        let own = agent.is_some() && agent == current;
        if current.is_some() && agent.is_some() {
            homeless(approval, &call, own, sought, cx);
        }
        // A call of a nested run stands in that run's ledger; here its id can be another call's.
        if !own && call.id.is_some_and(|id| sought.inside.contains(&id.wtf8())) {
            continue;
        }
        let known = Known {
            lookup: raw.and_then(|raw| approval_lookup(approval.node(), raw)),
            tool: approval.tool_name.node().and_then(Node::text).filter(|name| !name.is_empty()).or(call.name()),
            handoff: false,
        };
        let outcome = match call.scope(&known) {
            Ok(Some(scope)) if call.is_complete() && (call.may_fail() || view.label >= LEDGER) => {
                call.fingerprint(&scope).map(|digest| Some((scope, digest)))
            }
            Ok(_) => Ok(None),
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(None) => {}
            Ok(Some((scope, digest))) => {
                let agent_tool = is_from(approval, OriginKind::AgentAsTool);
                started(view, &call, (&scope, &digest), agent_tool, sought, cx);
                let action = call.id.and_then(|id| called.get(&id.wtf8()));
                // Mostly it is a copy of the question.
                if let Some(action) = action.filter(|action| raw.is_none_or(|raw| raw.raw() != action.raw())) {
                    exchanged(*action, (&scope, &digest), cx);
                }
            }
            Err(_) if !cx.reader_has(V1_15) => {}
            Err(_) => {
                let node = raw.unwrap_or(approval.node());
                let message = "the SDK cannot hash the pending call";
                cx.raise(codes::UNHASHABLE_CALL, Effect::Refused, node, message);
            }
        }
    }
}

fn is_from(approval: &ApprovalItem<'_>, kind: OriginKind) -> bool {
    let origin = approval.tool_origin.value().and_then(|origin| origin.kind.value());
    origin.is_some_and(|origin| origin.value == kind)
}

/// A call of a local MCP server's tool cannot be executed unless it is known which server it goes to.
fn unbound<'d>(
    view: &View<'_, 'd>,
    approval: &ApprovalItem<'d>,
    call: &Call<'d>,
    sought: &Sought<'_, 'd>,
    cx: &mut Reader<'d>,
) {
    let Some(id) = call.id.filter(|_| cx.reader_has(V1_18)) else { return };
    // Labels before 1.9 do not say what kind of tool it is; the program does.
    let served = is_from(approval, OriginKind::Mcp) || view.served.contains(&id.wtf8());
    if served && !sought.bound.contains(&id.wtf8()) {
        let message = format!("it is not known which server \"{}\" goes to: it cannot be executed", id.lossy());
        cx.raise(codes::MCP_BINDING, Effect::Stuck, approval.node(), message);
    }
}

/// Guarded output can only be taken back where it is known which items are of the response that waits
/// (`_validate_resumed_session_output_guardrail_safety`); in the first turn all are.
fn unproven<'d>(view: &View<'_, 'd>, step: Node<'d>, cx: &mut Reader<'d>) {
    let new = view.processed.and_then(|processed| processed.new_items.node());
    let is_first = view.state.current_turn.node().and_then(Node::number).and_then(|turn| turn.to_u64()) == Some(1);
    if !cx.reader_has(V1_17) || is_first || new.is_none_or(|new| new.elements().next().is_none()) {
        return;
    }
    let block = view.state.current_response_generated_item_ownership.node().filter(|_| view.label >= OWNERSHIP);
    if !block.zip(new).is_some_and(|(block, new)| proves(view, block, new, step)) {
        let message = "nothing proves which items the response brought that waits: where output guardrails watch its agent, \
                       the SDK refuses to go on";
        cx.raise(codes::UNPROVEN_RESPONSE, Effect::Note, block.unwrap_or(step), message);
    }
}

/// Whether a block says rightly where the items of the last response and its questions end the history
/// (`_restore_current_response_item_identities`).
fn proves<'d>(view: &View<'_, 'd>, block: Node<'d>, new: Node<'d>, step: Node<'d>) -> bool {
    let place = |node: Node<'d>| node.number().and_then(|at| usize::try_from(at.to_u64()?).ok());
    let at = |key: &str| block.member(key).and_then(place);
    let list = |node: Option<Node<'d>>| node.into_iter().flat_map(Node::elements).collect::<Vec<_>>();
    let items = list(view.state.generated_items.node());
    let questions = list(step.member("data").and_then(|data| data.member("interruptions")));
    let places: Vec<_> = list(block.member("interruptions")).into_iter().map(place).collect();
    let new = list(Some(new));
    let (Some(start), Some(end)) = (at("start"), at("end")) else { return false };
    let behind = start.saturating_add(new.len());
    let is_there = |(place, item): (Option<usize>, &Node<'d>)| {
        place.and_then(|place| items.get(place)).is_some_and(|own| own.is_same(*item))
    };
    end == items.len()
        && places.len() == questions.len()
        && places.iter().all(|place| place.is_some_and(|place| place >= behind))
        && (start..behind).map(Some).zip(&new).all(is_there)
        && places.iter().copied().zip(&questions).all(is_there)
}

/// The response asks for calls beside those that wait; one that was started cannot be told from one that did something.
fn half_done<'d>(view: &View<'_, 'd>, pending: &[&ApprovalItem<'d>], sought: &Sought<'_, 'd>, cx: &mut Reader<'d>) {
    if view.label < LEDGER || !cx.reader_has(V1_15) {
        return;
    }
    let asked: HashSet<_> = pending.iter().filter_map(|own| Some(Call::of(own.raw_item.node()?)?.id?.wtf8())).collect();
    for id in called(view) {
        let key = id.wtf8();
        let Some(entry) = sought.ledger.get(&key).filter(|_| !asked.contains(&key) && !sought.nested.contains(&key))
        else {
            continue;
        };
        if sought.is_begun(id, entry) {
            let message = format!(
                "\"{}\" was started, and what came of it is not recorded: the SDK refuses to go on",
                id.lossy()
            );
            cx.raise(codes::STARTED_CALL, Effect::Stuck, entry.node(), message);
        }
    }
}

/// The SDK looks at the last answer once more (`classifier_context_items` in `resolve_interrupted_turn`), and finds its program over.
fn ended_programs<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    if !cx.reader_has(V1_13) {
        return;
    }
    let ended = view.generated.iter().filter_map(|item| programs::ended(item.raw));
    let ended: HashSet<_> = ended.map(Text::wtf8).collect();
    let responses = view.state.model_responses.value();
    let last = responses.and_then(|responses| responses.items.last()).and_then(Slot::node);
    for raw in last.and_then(|last| last.member("output")).into_iter().flat_map(Node::elements) {
        if let Some(id) = programs::ended(raw).filter(|id| ended.contains(&id.wtf8())) {
            let message = format!(
                "the answer that waits holds the output of the program \"{}\": the SDK takes it for a second one, and refuses \
                 to go on",
                id.lossy()
            );
            cx.raise(codes::PROGRAM_OUTPUT, Effect::Stuck, raw, message);
        }
    }
}

fn is_set(flag: &Slot<'_, Flag<'_>>) -> bool {
    flag.value().is_some_and(|flag| flag.get())
}

/// What an agent is known by, in a reference to it.
fn agent_key<'d>(agent: Node<'d>) -> Option<Cow<'d, [u8]>> {
    let text = |key: &str| agent.member(key).and_then(Node::text);
    text("identity").or_else(|| text("name")).map(Text::wtf8)
}

/// A call of a nested run is decided in that run. One that the SDK takes for a call of this run is asked about for ever.
fn homeless<'d>(approval: &ApprovalItem<'d>, call: &Call<'d>, own: bool, sought: &Sought<'_, 'd>, cx: &mut Reader<'d>) {
    let Some(id) = call.id.filter(|_| cx.reader_has(V1_13)) else { return };
    let inside = sought.inside.contains(&id.wtf8());
    let message = if own && inside && call.kind == "function_call" && !sought.functions.contains(&id.wtf8()) {
        format!(
            "\"{}\" waits in a nested run of the agent that waits here, too: the SDK asks again whatever is decided",
            id.lossy()
        )
    } else if !own && !inside && !sought.opaque {
        format!("the nested run in which \"{}\" waits is not there: the call never runs", id.lossy())
    } else {
        return;
    };
    cx.raise(codes::NESTED_RUN, Effect::Stuck, approval.node(), message);
}

/// What the ledger says of a pending call, given its scope and its fingerprint.
fn started<'d>(
    view: &View<'_, 'd>,
    call: &Call<'d>,
    own: (&str, &str),
    agent_tool: bool,
    sought: &Sought<'_, 'd>,
    cx: &mut Reader<'d>,
) {
    let (scope, digest) = own;
    let Some(id) = call.id.filter(|_| view.label >= LEDGER) else { return };
    let Some(entry) = sought.ledger.get(&id.wtf8()) else { return };
    let is = |node: Option<Node<'d>>, wanted: &str| node.and_then(Node::text).is_some_and(|text| text.is(wanted));
    let bound = is(entry.kind.node(), call.kind)
        && is(entry.approval_scope.node(), scope)
        && is(entry.fingerprint.node(), digest);
    if !bound {
        let message =
            format!("the ledger's entry for \"{}\" is for another call: a decision on it is void", id.lossy());
        cx.raise(codes::FINGERPRINT, Effect::Stuck, entry.node(), message);
        return;
    }
    if sought.is_begun(id, entry) && !agent_tool && !sought.nested.contains(&id.wtf8()) {
        let message =
            format!("\"{}\" was started, and what came of it is not recorded: the SDK refuses to go on", id.lossy());
        cx.raise(codes::STARTED_CALL, Effect::Stuck, entry.node(), message);
    }
}

/// The call that is to be executed must be the one that is asked about, whose scope and fingerprint are given.
fn exchanged<'d>(action: Node<'d>, (scope, digest): (&str, &str), cx: &mut Reader<'d>) {
    let Some(call) = Call::of(action) else { return };
    if let (Some(id), Ok(own)) = (call.id, call.fingerprint(scope))
        && own != digest
    {
        let message =
            format!("the call \"{}\" is to be executed otherwise than it is asked about: it would not run", id.lossy());
        cx.raise(codes::FINGERPRINT, Effect::Stuck, action, message);
    }
}

/// A run that does not wait must not leave calls behind.
fn forgotten<'d>(view: &View<'_, 'd>, history: &History<'d>, cx: &mut Reader<'d>) {
    let Some(processed) = view.processed else { return };
    if processed.interruptions.value().is_none_or(|interruptions| interruptions.is_empty()) {
        return;
    }
    let outputs = view.items().filter_map(|item| output(item.item, item.raw));
    let answered: HashSet<_> = outputs.map(|(_, id)| id.wtf8()).collect();
    let interruptions = processed.interruptions.value().into_iter().flat_map(|list| list.values());
    for approval in interruptions {
        let Some(id) = approval.raw_item.node().and_then(Call::of).and_then(|call| call.id) else { continue };
        if !answered.contains(&id.wtf8()) && history.has(id) {
            let message =
                format!("\"{}\" waits for a decision, but the step does not say so: it is never run", id.lossy());
            cx.raise(codes::PENDING_FORGOTTEN, Effect::Stuck, approval.node(), message);
        }
    }
}

/// The call that an item completes.
fn output<'d>(item: &RunItem<'d>, raw: Node<'d>) -> Option<(&'static str, Text<'d>)> {
    match item {
        RunItem::ToolCallOutput(_) | RunItem::HandoffOutput(_) | RunItem::McpApprovalResponse(_) => completes(raw),
        _ => None,
    }
}

/// Decisions that the reader does not honour.
fn decisions<'d>(view: &View<'_, 'd>, pending: &[&ApprovalItem<'d>], sought: &Sought<'_, 'd>, cx: &mut Reader<'d>) {
    let Some(context) = view.state.context.value() else { return };
    let waiting: HashSet<_> =
        pending.iter().filter_map(|approval| approval.raw_item.node().and_then(Call::of)?.id).map(Text::wtf8).collect();
    let by_key: HashMap<_, _> = context
        .approvals
        .value()
        .into_iter()
        .flat_map(|approvals| approvals.values())
        .map(|(key, record)| (key.wtf8(), record))
        .collect();
    let mut records: Vec<(&ApprovalRecord<'d>, bool)> = Vec::new();
    for (_, record) in context.approvals.value().into_iter().flat_map(|approvals| approvals.values()) {
        records.push((record, false));
    }
    for approval in context.function_tool_approvals.value().into_iter().flat_map(|list| list.values()) {
        records.extend(approval.decision.value().map(|record| (record, true)));
    }
    for approval in pending {
        let Some(raw) = approval.raw_item.node() else { continue };
        let function = raw.member("type").and_then(Node::text).is_some_and(|kind| kind.is("function_call"));
        let Some(key) = approval_lookup(approval.node(), raw).filter(|_| function).map(|key| key.approval_key()) else {
            continue;
        };
        if !cx.reader_has(V1_18) {
            break;
        }
        if let Some(record) = by_key.get(key.as_slice()) {
            let stands =
                |slot: &Slot<'d, Decision<'d>>| matches!(slot.value(), Some(Decision::Standing(flag)) if flag.get());
            if stands(&record.approved) || stands(&record.rejected) {
                let id = raw.member("call_id").and_then(Node::text).map(Text::lossy).unwrap_or_default();
                let message = format!(
                    "a standing decision that belongs to no agent is ignored: the call \"{id}\" is asked again"
                );
                cx.raise(codes::DECISION_VOID, Effect::Lost, record.node(), message);
            }
        }
    }
    for (record, owned) in records {
        for (slot, verb) in [(&record.approved, "approved"), (&record.rejected, "rejected")] {
            match slot.value() {
                Some(Decision::Calls(calls)) if view.label >= LEDGER => {
                    for call in calls
                        .values()
                        .filter(|call| waiting.contains(&call.wtf8()) && !sought.ledger.contains_key(&call.wtf8()))
                    {
                        let message =
                            format!("\"{}\" is {verb}, but not in the ledger: it is asked again", call.lossy());
                        cx.raise(codes::DECISION_VOID, Effect::Lost, call.node(), message);
                    }
                }
                Some(Decision::Standing(flag)) if flag.get() => {
                    let scoped = record.sticky_scope.value().is_some();
                    if owned && !scoped && cx.reader_has(V1_18) {
                        let message = "a standing decision without its scope is ignored: the calls are asked again";
                        cx.raise(codes::STANDING_WITHOUT_SCOPE, Effect::Lost, record.node(), message);
                    }
                }
                _ => {}
            }
        }
    }
}
