//! To the canonical model.

use crate::model::{Keys, Run, decisions};
use crate::record::Wire as _;

use super::State;

const KEYS: Keys = Keys {
    items: "generated_items",
    more_items: &["session_items"],
    inputs: &["original_input", "pending_input"],
    raw: "raw_item",
    call: "call_id",
    calls: &[
        "function_call",
        "computer_call",
        "shell_call",
        "apply_patch_call",
        "local_shell_call",
        "custom_tool_call",
    ],
    outputs: &[
        "function_call_output",
        "computer_call_output",
        "shell_call_output",
        "apply_patch_call_output",
        "local_shell_call_output",
        "custom_tool_call_output",
    ],
    hosted: &[
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "tool_search_call",
        "program",
    ],
    turn: "current_turn",
    max_turns: "max_turns",
    responses: "model_responses",
    last_response: "last_model_response",
    step: "current_step",
    server_managed: &["conversation_id", "previous_response_id"],
    usage: ["input_tokens", "output_tokens", "total_tokens", "request_usage_entries"],
};

/// The run as both dialects understand it.
#[must_use]
pub fn lift<'d>(state: &State<'d>) -> Run<'d> {
    let mut run = KEYS.gather(state.node());
    if let Some(context) = state.context.value() {
        let records = context.approvals.value().into_iter().flat_map(|approvals| approvals.values());
        records.for_each(|(_, record)| decisions(record.node(), &mut run.decisions));
        for owned in context.function_tool_approvals.value().into_iter().flat_map(|list| list.values()) {
            owned.decision.value().into_iter().for_each(|record| decisions(record.node(), &mut run.decisions));
        }
        for hosted in context.hosted_mcp_approvals.value().into_iter().flat_map(|list| list.values()) {
            hosted.decision.value().into_iter().for_each(|record| decisions(record.node(), &mut run.decisions));
        }
    }
    let functions = state.last_processed_response.value().and_then(|response| response.functions.value());
    for action in functions.into_iter().flat_map(|list| list.values()) {
        let nested = action.value.agent_run_state.value();
        if let Some(inner) = nested.and_then(|nested| nested.state.as_deref()) {
            run.nest(lift(inner));
        }
    }
    run
}
