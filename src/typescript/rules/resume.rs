//! What loads but does not work: the run cannot be resumed, or the pending tool would not run.

use std::borrow::Cow;

use crate::agents::ToolUseBehavior;
use crate::codes;
use crate::finding::Effect;
use crate::hash::HashSet;
use crate::json::{Node, Text};
use crate::record::{List, Slot, Wire as _};
use crate::typescript::calls::AnyCall;
use crate::typescript::{ApprovalRecord, Decisions, McpToolBinding, PreviousSpan, RunItem, Step, bounds};

use super::{Judge, Owner};

impl<'d> Judge<'_, 'd> {
    pub(super) fn resume(&mut self) {
        self.guardrails();
        self.trace();
        self.secrets();
        self.pending_calls();
        self.old_decisions();
    }

    /// The gate of release 0.19.0 (`initialInputGuardrailsCompleted`).
    fn guardrails(&mut self) {
        if !self.has(bounds::BINDINGS) {
            return;
        }
        let state = self.state;
        let finished = matches!(state.current_step.value(), Some(Step::FinalOutput(_)));
        let passed = state.initial_input_guardrails_completed.value().is_some_and(|flag| flag.get());
        let armed = state.current_turn.value().is_some_and(|turn| turn.get() > 0.0)
            || state.pending_input.value().is_some_and(|input| !input.is_empty());
        if armed && !passed && !finished {
            let node = state.initial_input_guardrails_completed.node().unwrap_or(state.node());
            let message = "the input guardrails are not marked as passed; the SDK refuses to resume the run";
            self.cx.raise(codes::GUARDRAILS_OPEN, Effect::Stuck, node, message);
        }
    }

    fn trace(&mut self) {
        let state = self.state;
        if let Some(trace) = state.trace.value()
            && state.current_agent_span.is_none()
            && !trace.id.value().is_some_and(|id| id.is("no-op"))
        {
            let message = "there is no current agent span, so that the SDK throws the trace away";
            self.cx.raise(codes::TRACE_LOST, Effect::Lost, trace.node(), message);
        }
        let mut span = state.current_agent_span.value();
        while let Some(own) = span {
            // `deserializeSpan` leaves it out, in all releases to 0.20.0.
            if let Some(error) = own.error.value() {
                let message = "the SDK forgets what went wrong in the span";
                self.cx.raise(codes::TRACE_LOST, Effect::Lost, error.node(), message);
            }
            span = match own.previous_span.value() {
                Some(PreviousSpan::Span(previous)) => Some(&**previous),
                _ => None,
            };
        }
    }

    fn secrets(&mut self) {
        let state = self.state;
        if let Some(key) = state.trace.value().and_then(|trace| trace.tracing_api_key.value()) {
            self.cx.raise(codes::TRACING_KEY, Effect::Exposed, key.node(), "the tracing key stands in the state");
        }
        let processed = state.last_processed_response.value();
        let requests = processed.and_then(|last| last.mcp_requests.value());
        for request in requests.into_iter().flat_map(List::values) {
            let tool = request.mcp_tool.value().and_then(|tool| tool.provider_data.node());
            let secret = ["headers", "authorization"].into_iter().find_map(|key| tool?.member(key));
            if let Some(node) = secret.filter(|node| !node.is_null()) {
                let message = "the configuration of a hosted MCP tool stands in the state";
                self.cx.raise(codes::MCP_CREDENTIALS, Effect::Exposed, node, message);
            }
        }
        let Some(sandbox) = state.sandbox.value() else { return };
        let entries = sandbox.sessions_by_agent.value().into_iter().flat_map(|map| map.values());
        let envelopes = entries.filter_map(|(_, entry)| entry.session_state.value());
        let mut found: Vec<Node<'d>> = Vec::new();
        for envelope in sandbox.session_state.value().into_iter().chain(envelopes) {
            let environment = envelope.manifest.node().and_then(|manifest| manifest.member("environment"));
            found.extend(environment.filter(|node| node.members().next().is_some()));
            for key in ["apiKey", "accessToken", "token", "password", "credentials", "environment"] {
                let secret = envelope.provider_state.node().and_then(|state| state.member(key));
                found.extend(secret.filter(|node| !node.is_null() && node.end_index() > node.index()));
            }
        }
        for node in found {
            if node.members().next().is_none() && node.text().is_none_or(Text::is_empty) {
                continue;
            }
            let message = "values of the sandbox's environment stand in the state";
            self.cx.raise(codes::SANDBOX_CREDENTIALS, Effect::Exposed, node, message);
        }
    }

    /// The calls that have an output.
    fn answered(&self) -> HashSet<Cow<'d, [u8]>> {
        self.state.history().filter_map(answered_id).map(Text::wtf8).collect()
    }

    /// The functions that the last response calls and that have no output.
    pub(super) fn open_functions(&self) -> HashSet<Cow<'d, [u8]>> {
        let answered = self.answered();
        let functions = self.state.last_processed_response.value().and_then(|last| last.functions.value());
        let actions = functions.into_iter().flat_map(List::values);
        let ids = actions.filter_map(|action| Some(action.tool_call.value()?.call_id.value()?.wtf8()));
        ids.filter(|id| !answered.contains(id)).collect()
    }

    /// A pending call stands in the history as call and as request, in the step, and among the actions.
    fn pending_calls(&mut self) {
        let state = self.state;
        let asked: HashSet<_> = state.history().filter_map(request_id).map(Text::wtf8).collect();
        let called: HashSet<_> = state.history().filter_map(called_id).map(Text::wtf8).collect();
        let answered = self.answered();
        let step = state.current_step.value();
        if !matches!(step, Some(Step::Interruption(_))) {
            let over = matches!(step, Some(Step::FinalOutput(_) | Step::Handoff(_)));
            for item in state.history().filter(|_| !over) {
                if let RunItem::Approval(item) = item
                    && let Some(id) = item.raw_item.value().and_then(AnyCall::of_approvable).and_then(AnyCall::call_id)
                    && !answered.contains(&id.wtf8())
                {
                    let message = "the call waits for a decision, but the step does not say so: it is forgotten";
                    self.cx.raise(codes::PENDING_FORGOTTEN, Effect::Stuck, item.node(), message);
                }
            }
            return;
        }
        let processed = state.last_processed_response.value();
        if state.last_model_response.value().is_none() || processed.is_none() {
            let message = "the response that the run was working on is missing; the SDK refuses to resume";
            self.cx.raise(codes::NO_RESPONSE, Effect::Stuck, state.node(), message);
        }
        let mut waiting = 0;
        let (nested, complete) = self.nested_call_ids();
        let actions = self.action_ids();
        for slot in step.into_iter().flat_map(Step::interruptions) {
            waiting += 1;
            let Some(item) = slot.value() else { continue };
            let Some(raw) = item.raw_item.value() else { continue };
            let data = raw.provider_data.value().copied();
            let hosted = raw.kind.value().is_some_and(|kind| kind.is("hosted_tool_call"));
            let member = |key: &str| data.and_then(|data| data.member(key)?.text());
            let id = if hosted { member("id").or_else(|| member("itemId")) } else { None };
            let id = id.or(raw.call_id.value().copied()).or(raw.id.value().copied());
            let Some(id) = id else { continue };
            let key = id.wtf8();
            if nested.contains(&*key) {
                continue;
            }
            if self.owner(item.agent.value()) != self.current() {
                // The SDK hands the decision to the nested run that asked; without it nobody looks at the decision.
                if complete && !asked.contains(&key) && !actions.contains(&key) {
                    let message = format!(
                        "the nested run that the call \"{}\" belongs to is missing: it would never run",
                        id.lossy()
                    );
                    self.cx.raise(codes::PENDING_NOT_IN_HISTORY, Effect::Stuck, item.node(), message);
                }
                continue;
            }
            // What is carried out waits for nothing.
            let open = !answered.contains(&key);
            if open && !asked.contains(&key) {
                let message = format!("the history does not ask about the call \"{}\": it would never run", id.lossy());
                self.cx.raise(codes::PENDING_NOT_IN_HISTORY, Effect::Stuck, item.node(), message);
            }
            if !hosted && !called.contains(&key) {
                let message =
                    format!("the call \"{}\" is not in the history: the model gets its output without it", id.lossy());
                self.cx.raise(codes::APPROVAL_WITHOUT_CALL, Effect::Lost, item.node(), message);
            }
            if open && processed.is_some() && !actions.contains(&key) {
                let message = format!("no action is there for the call \"{}\": it would never run", id.lossy());
                self.cx.raise(codes::PENDING_WITHOUT_ACTION, Effect::Stuck, item.node(), message);
            }
        }
        let accepted = matches!(step, Some(Step::Interruption(step))
            if step.data.value().is_some_and(|data| data.response_accepted.value().is_some()));
        let listed = matches!(step, Some(Step::Interruption(step))
            if !step.data.value().is_some_and(|data| matches!(data.interruptions, Slot::Invalid(_))));
        if waiting == 0 && listed && !accepted {
            let node = step.map_or(state.node(), crate::record::Wire::node);
            let message = "the run waits for decisions, but for none in particular";
            self.cx.raise(codes::NOTHING_PENDING, Effect::Note, node, message);
        }
        self.bindings(&answered);
        self.half_done(&answered);
        self.unproven();
    }

    /// Call ids that belong to nested runs, at any depth: their requests stand in the nested states. And whether all
    /// of those states could be read.
    fn nested_call_ids(&self) -> (HashSet<Vec<u8>>, bool) {
        let mut ids = HashSet::default();
        let mut complete = true;
        let mut states = vec![self.state];
        while let Some(state) = states.pop() {
            for (_, run) in state.pending_agent_tool_runs.value().into_iter().flat_map(|map| map.values()) {
                let Some(nested) = run.state.as_ref() else {
                    complete = false;
                    continue;
                };
                ids.extend(nested.history().filter_map(request_id).map(|id| id.wtf8().into_owned()));
                states.push(nested);
            }
        }
        (ids, complete)
    }

    /// The ids that the actions of the last response are found by.
    fn action_ids(&self) -> HashSet<Cow<'d, [u8]>> {
        let mut ids = HashSet::default();
        let Some(last) = self.state.last_processed_response.value() else { return ids };
        let functions = last.functions.value().into_iter().flat_map(List::values).map(|action| &action.tool_call);
        let computers =
            last.computer_actions.value().into_iter().flat_map(List::values).map(|action| &action.tool_call);
        let shells = last.shell_actions.value().into_iter().flat_map(List::values).map(|action| &action.tool_call);
        let patches =
            last.apply_patch_actions.value().into_iter().flat_map(List::values).map(|action| &action.tool_call);
        for call in functions.chain(computers).chain(shells).chain(patches).filter_map(Slot::value) {
            ids.extend([call.call_id.value(), call.id.value()].into_iter().flatten().map(|id| id.wtf8()));
        }
        for request in last.mcp_requests.value().into_iter().flat_map(List::values) {
            let item = request.request_item.value().and_then(|item| item.raw_item.value());
            let Some(data) = item.and_then(|item| item.provider_data.node()) else { continue };
            ids.extend(["id", "itemId"].into_iter().filter_map(|key| data.member(key)?.text()).map(Text::wtf8));
        }
        ids
    }

    /// Guarded output that can end the run can only be taken back where it is known which items are of the response that waits, and
    /// these are calls of functions (`assertResumedSessionOutputGuardrailSafety`).
    fn unproven(&mut self) {
        let state = self.state;
        let (Some(live), Some(Owner::Live(at))) = (&self.live, self.current()) else { return };
        let ends = match &live.agent(at).tool_use_behavior {
            Some(ToolUseBehavior::Word(word)) => word != "run_llm_again",
            behavior => behavior.is_some(),
        };
        let output = state.last_model_response.node().and_then(|response| response.member("output"));
        let is_call =
            |item: Node<'d>| item.member("type").and_then(Node::text).is_some_and(|kind| kind.is("function_call"));
        let is_plain = output.is_none_or(|output| output.elements().all(is_call));
        if !ends || !self.has(bounds::OWNERSHIP) || is_plain && !state.ownership.is_absent() {
            return;
        }
        let message = "nothing proves which items the response brought that waits, or it holds more than calls of functions: \
                       where output guardrails watch the agent, which a tool's output can end, the SDK refuses to go on";
        let node = state.current_step.node().unwrap_or(state.node());
        self.cx.raise(codes::UNPROVEN_RESPONSE, Effect::Note, node, message);
    }

    /// What an accepted response asks for is not carried out a second time (`resumeAcceptedModelResponse`).
    fn half_done(&mut self, answered: &HashSet<Cow<'d, [u8]>>) {
        let Some(Step::Interruption(step)) = self.state.current_step.value() else { return };
        let Some(started) = step.data.value().and_then(|data| data.local_processing_started.node()) else { return };
        let last = self.state.last_processed_response.node();
        let actions = ["functions", "computerActions", "shellActions", "applyPatchActions"];
        let actions = actions.into_iter().filter_map(|key| last?.member(key)).flat_map(Node::elements);
        let open = |action: Node<'d>| {
            let id = action.member("toolCall").and_then(|call| call.member("callId")).and_then(Node::text);
            id.is_some_and(|id| !answered.contains(&id.wtf8()))
        };
        if actions.into_iter().any(open) {
            let message =
                "the calls of the accepted response were begun, and not all have an output: the SDK refuses to go on";
            self.cx.raise(codes::ACCEPTED_RESPONSE, Effect::Stuck, started, message);
        }
    }

    /// A function whose server is not known is not executed (release 0.19.0).
    fn bindings(&mut self, answered: &HashSet<Cow<'d, [u8]>>) {
        if !self.has(bounds::BINDINGS) {
            return;
        }
        let last = self.state.last_processed_response.value();
        let functions = self.functions();
        for action in last.and_then(|last| last.functions.value()).into_iter().flat_map(List::values) {
            let id = action.tool_call.value().and_then(|call| call.call_id.value());
            if id.is_some_and(|id| answered.contains(&id.wtf8())) {
                continue;
            }
            let binding = &action.mcp_tool_binding;
            let served = functions.as_deref().and_then(|own| Self::called(action, own)).map(|own| own.tool.is_none());
            if binding.is_absent() || matches!(binding.value(), Some(McpToolBinding::Unknown(_))) {
                let message = "it is not known whether the call goes to a local MCP server: it cannot be executed";
                self.cx.raise(codes::MCP_BINDING, Effect::Stuck, action.node(), message);
            } else if served.is_some_and(|served| served == binding.value().is_none()) {
                let message = "the state and the program do not agree on whether the tool is a local MCP server's: the \
                               call is not executed";
                self.cx.raise(codes::MCP_BINDING, Effect::Stuck, action.node(), message);
            }
        }
    }

    /// Decisions about functions that this reader does not look for where they stand.
    fn old_decisions(&mut self) {
        let Some(context) = self.state.context.value() else { return };
        if self.label < 16 {
            return;
        }
        let functions: HashSet<_> = self
            .state
            .history()
            .filter_map(|item| match item {
                RunItem::Approval(item) => match item.raw_item.value()? {
                    crate::typescript::raw::ApprovableCall::Function(call) => call.name.value().map(|name| name.wtf8()),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        for (name, record) in context.approvals.value().into_iter().flat_map(|map| map.values()) {
            if functions.contains(&name.wtf8()) && decides(record) {
                let message = "decisions about functions are not looked for here from 1.16 on";
                self.cx.raise(codes::DECISION_VOID, Effect::Lost, name.node(), message);
            }
        }
    }
}

fn decides(record: &ApprovalRecord<'_>) -> bool {
    [&record.approved, &record.rejected].into_iter().any(|decisions| match decisions.value() {
        Some(Decisions::Standing(flag)) => flag.get(),
        Some(Decisions::Calls(ids)) => !ids.is_empty(),
        None => false,
    })
}

fn request_id<'d>(item: &RunItem<'d>) -> Option<Text<'d>> {
    match item {
        RunItem::Approval(item) => AnyCall::of_approvable(item.raw_item.value()?)?.call_id(),
        _ => None,
    }
}

fn called_id<'d>(item: &RunItem<'d>) -> Option<Text<'d>> {
    match item {
        RunItem::ToolCall(item) => AnyCall::of(item.raw_item.value()?)?.call_id(),
        RunItem::HandoffCall(item) => item.raw_item.value()?.call_id.value().copied(),
        _ => None,
    }
}

pub(super) fn answered_id<'d>(item: &RunItem<'d>) -> Option<Text<'d>> {
    use crate::typescript::raw::CallResult;
    let RunItem::ToolCallOutput(item) = item else { return None };
    match item.raw_item.value()? {
        CallResult::Function(result) => result.call_id.value(),
        CallResult::Computer(result) => result.call_id.value(),
        CallResult::Shell(result) => result.call_id.value(),
        CallResult::ApplyPatch(result) => result.call_id.value(),
        CallResult::Program(result) => result.call_id.value(),
        CallResult::Other(_) => None,
    }
    .copied()
}
