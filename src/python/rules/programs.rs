//! Programs that the model wrote to call tools: which of them are there, and which labels know them.

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::HashSet;
use crate::json::{Kind, Node, Text};
use crate::record::{Reader, Wire as _};

use super::super::State;
use super::super::bounds::V1_13;
use super::super::weigh::is_falsy;
use super::restore::has_unhashable_type;

/// Ids of the programs of a state (`_run_state_program_call_ids`).
#[derive(Debug, Default)]
pub(super) struct Programs<'d> {
    /// All of them, with those that only the service knows.
    pub(super) known: HashSet<Cow<'d, [u8]>>,
    /// Those that are finished.
    pub(super) finished: HashSet<Cow<'d, [u8]>>,
}

/// Labels before programs must not hold any.
pub(super) fn gate<'d>(state: &State<'d>, cx: &mut Reader<'d>) {
    if V1_13.may_hold(cx.label) || !cx.reader_has(V1_13) {
        return;
    }
    for raw in raw_items(state.node()).into_iter().filter(|raw| raw.kind() == Kind::Object) {
        if has_unhashable_type(raw) {
            let message = "the type of the item is no text; the SDK fails when it looks it up";
            return cx.raise(codes::UNHASHABLE_TYPE, Effect::Refused, raw, message);
        }
        let program = is_kind(raw, "program") || is_kind(raw, "program_output") || caller(raw).is_some();
        if program {
            let message = format!("programs came with {V1_13} and must not stand in 1.{}", cx.label);
            return cx.raise(codes::LABEL_GATE, Effect::Refused, raw, message);
        }
    }
}

impl<'d> Programs<'d> {
    /// The programs of a state.
    pub(super) fn of(state: &State<'d>) -> Self {
        let root = state.node();
        let truthy = |key| root.member(key).is_some_and(|node| !is_falsy(node));
        let managed =
            truthy("conversation_id") || truthy("previous_response_id") || truthy("auto_previous_response_id");
        let mut programs = Self::default();
        for raw in raw_items(root).into_iter().filter(|raw| raw.kind() == Kind::Object) {
            let id = raw.member("call_id").and_then(Node::text).filter(|id| !id.is_empty());
            if let Some(id) = id.filter(|_| is_kind(raw, "program")) {
                programs.known.insert(id.wtf8());
            } else if let Some(id) = id.filter(|_| is_kind(raw, "program_output")) {
                if managed {
                    programs.known.insert(id.wtf8());
                }
                programs.finished.extend(ended(raw).map(Text::wtf8));
            }
            if let Some(id) = caller(raw).filter(|id| managed && !id.is_empty()) {
                programs.known.insert(id.wtf8());
            }
        }
        programs
    }
}

/// The program that has ended with this output.
pub(super) fn ended(raw: Node<'_>) -> Option<Text<'_>> {
    let completed = raw.member("status").and_then(Node::text).is_some_and(|status| status.is("completed"));
    let id = raw.member("call_id").and_then(Node::text).filter(|id| !id.is_empty());
    id.filter(|_| completed && is_kind(raw, "program_output"))
}

fn is_kind(raw: Node<'_>, wanted: &str) -> bool {
    raw.member("type").and_then(Node::text).is_some_and(|kind| kind.is(wanted))
}

/// The program that called, if one did.
fn caller(raw: Node<'_>) -> Option<Text<'_>> {
    let caller = raw.member("caller").filter(|caller| caller.kind() == Kind::Object)?;
    if is_kind(caller, "program") { caller.member("caller_id").and_then(Node::text) } else { None }
}

/// The raw items of all places that last (`_run_state_raw_items`).
fn raw_items<'d>(root: Node<'d>) -> Vec<Node<'d>> {
    let mut raws = Vec::new();
    let listed = |node: Option<Node<'d>>| node.into_iter().flat_map(Node::elements);
    for key in ["original_input", "pending_input"] {
        raws.extend(listed(root.member(key)));
    }
    for key in ["model_responses", "last_model_response"] {
        let Some(responses) = root.member(key) else { continue };
        let single = (responses.kind() == Kind::Object).then_some(responses);
        for response in responses.elements().chain(single) {
            raws.extend(listed(response.member("output")));
        }
    }
    for key in ["generated_items", "session_items"] {
        raws.extend(listed(root.member(key)).filter_map(|item| item.member("raw_item")));
    }
    if let Some(processed) = root.member("last_processed_response") {
        for key in ["new_items", "interruptions"] {
            raws.extend(listed(processed.member(key)).filter_map(|item| item.member("raw_item")));
        }
        for key in ACTIONS {
            raws.extend(listed(processed.member(key)).filter_map(|action| action.member("tool_call")));
        }
    }
    let step = root.member("current_step").and_then(|step| step.member("data"));
    let interruptions = step.and_then(|data| data.member("interruptions"));
    raws.extend(listed(interruptions).filter_map(|item| item.member("raw_item")));
    raws
}

/// The lists of actions that hold tool calls.
const ACTIONS: [&str; 7] = [
    "functions",
    "computer_actions",
    "custom_tool_actions",
    "local_shell_actions",
    "shell_actions",
    "apply_patch_actions",
    "handoffs",
];
