//! To the canonical model.

use std::borrow::Cow;
use std::cell::LazyCell;

use crate::hash::HashSet;
use crate::json::Node;
use crate::model::{Keys, Run, decisions};
use crate::record::{List, Map, Slot, Wire as _};

use super::State;

const KEYS: Keys = Keys {
    items: "generatedItems",
    more_items: &[],
    inputs: &["originalInput", "pendingInput"],
    raw: "rawItem",
    call: "callId",
    calls: &["function_call", "computer_call", "shell_call", "apply_patch_call"],
    outputs: &["function_call_result", "computer_call_result", "shell_call_output", "apply_patch_call_output"],
    hosted: &["hosted_tool_call", "tool_search_call", "program"],
    turn: "currentTurn",
    max_turns: "maxTurns",
    responses: "modelResponses",
    last_response: "lastModelResponse",
    step: "currentStep",
    server_managed: &["conversationId", "previousResponseId"],
    usage: ["inputTokens", "outputTokens", "totalTokens", "requestUsageEntries"],
};

/// The run as both dialects understand it.
#[must_use]
pub fn lift<'d>(state: &State<'d>) -> Run<'d> {
    let mut run = KEYS.gather(state.node());
    if let Some(context) = state.context.value() {
        let named = [&context.approvals, &context.hosted_mcp_approvals, &context.legacy_function_approvals];
        let named = named.into_iter().filter_map(Slot::value).flat_map(Map::values);
        named.for_each(|(_, record)| decisions(record.node(), &mut run.decisions));
        let owned = context.function_approvals.value().into_iter().flat_map(List::values);
        let owned = owned.map(|owned| (&owned.agent_identity, &owned.approvals));
        let single = context.approval_invocations.value().into_iter().flat_map(List::values);
        let single = single.map(|owned| (&owned.agent_identity, &owned.approvals));
        let agents = LazyCell::new(|| agents(state));
        for (owner, approvals) in owned.chain(single) {
            let before = run.decisions.len();
            let records = approvals.value().into_iter().flat_map(Map::values);
            records.for_each(|(_, record)| decisions(record.node(), &mut run.decisions));
            if owner.value().is_some_and(|owner| !agents.contains(&owner.wtf8())) {
                run.forgotten.extend(run.decisions[before..].iter().filter_map(|decision| decision.call));
            }
        }
    }
    for (_, nested) in state.pending_agent_tool_runs.value().into_iter().flat_map(Map::values) {
        if let Some(inner) = nested.state.as_deref() {
            run.nest(lift(inner));
        }
    }
    run
}

/// The agents that have the run or have had it.
fn agents<'d>(state: &State<'d>) -> HashSet<Cow<'d, [u8]>> {
    let items = state.history().filter_map(|item| item.node().member("agent"));
    let own = state.current_agent.value().map(|agent| agent.node());
    let key = |agent: Node<'d>| agent.member("identity").or(agent.member("name")).and_then(Node::text);
    items.chain(own).filter_map(key).map(|name| name.wtf8()).collect()
}
