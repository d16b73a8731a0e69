//! To the canonical model.

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
        let named = named.into_iter().filter_map(Slot::value).flat_map(Map::values).map(|(_, record)| record);
        let owned = context.function_approvals.value().into_iter().flat_map(List::values);
        let owned = owned.filter_map(|owned| owned.approvals.value());
        let single = context.approval_invocations.value().into_iter().flat_map(List::values);
        let single = single.filter_map(|owned| owned.approvals.value());
        let owned = owned.chain(single).flat_map(Map::values).map(|(_, record)| record);
        named.chain(owned).for_each(|record| decisions(record.node(), &mut run.decisions));
    }
    for (_, nested) in state.pending_agent_tool_runs.value().into_iter().flat_map(Map::values) {
        if let Some(inner) = nested.state.as_deref() {
            run.nest(lift(inner));
        }
    }
    run
}
