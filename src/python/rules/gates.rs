//! What the program that resumes must bring with it: gates of the pending calls, and the user's context.

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::HashSet;
use crate::json::{Node, Text};
use crate::record::{Flag, Reader, Slot, Wire as _};

use super::super::context::Decision;
use super::super::invocation::Call;
use super::super::items::ApprovalItem;
use super::View;
use super::roster::{Found, resolve};

/// Calls of these kinds run when the tool does not ask, although the state has them wait (`execute_shell_calls`,
/// `execute_apply_patch_calls`, release 0.24.0); functions and custom tools are asked about again.
const UNASKED: [(&str, &str); 2] = [("shell_call", "shell"), ("apply_patch_call", "apply_patch")];

/// Judges what the state needs of the program.
pub(super) fn judge<'d>(view: &View<'_, 'd>, pending: &[&ApprovalItem<'d>], cx: &mut Reader<'d>) {
    context(view, cx);
    let Some(roster) = view.roster else { return };
    let decided = Decided::of(view);
    for approval in pending {
        let Found::Agent(Some(at)) = resolve(view.roster, approval.agent.node(), cx) else { continue };
        let Some(call) = approval.raw_item.node().and_then(Call::of) else { continue };
        let Some((_, kind)) = UNASKED.iter().find(|(own, _)| call.kind == *own) else { continue };
        let tool = roster.agent(at).tools.iter().find(|tool| tool.kind == *kind);
        let open = tool.is_some_and(|tool| tool.needs_approval == Some(false));
        if open && let Some(id) = call.id.filter(|id| !decided.may_be_about(*id)) {
            let message = format!("the tool of \"{}\" does not ask in the program: the call runs unasked", id.lossy());
            cx.raise(codes::NO_GATE, Effect::Unsafe, approval.node(), message);
        }
    }
}

/// What decisions there are.
#[derive(Default)]
struct Decided<'d> {
    /// Some decision stands for all calls of a tool.
    all: bool,
    /// The calls that are decided one by one.
    calls: HashSet<Cow<'d, [u8]>>,
}

impl<'d> Decided<'d> {
    fn of(view: &View<'_, 'd>) -> Self {
        let mut decided = Self::default();
        let Some(context) = view.state.context.value() else { return decided };
        let named = context.approvals.value().into_iter().flat_map(|approvals| approvals.values());
        let owned = context.function_tool_approvals.value().into_iter().flat_map(|list| list.values());
        for record in named.map(|(_, record)| record).chain(owned.filter_map(|owned| owned.decision.value())) {
            for slot in [&record.approved, &record.rejected] {
                match slot.value() {
                    Some(Decision::Standing(flag)) => decided.all |= flag.get(),
                    Some(Decision::Calls(calls)) => decided.calls.extend(calls.values().map(|call| call.wtf8())),
                    _ => {}
                }
            }
        }
        decided
    }

    /// Whether some decision may be about a call.
    fn may_be_about(&self, id: Text<'_>) -> bool {
        self.all || self.calls.contains(&*id.wtf8())
    }
}

/// The SDK warns when it cannot restore the context by itself (`_handle_context_restoration`, release 0.24.0).
fn context<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let Some(meta) = view.state.context.value().and_then(|context| context.context_meta.value()) else { return };
    let set = |slot: &Slot<'d, Flag<'d>>| slot.value().is_some_and(|flag| flag.get());
    let message = if set(&meta.omitted) {
        "the context was left out of the state"
    } else if set(&meta.requires_deserializer) {
        "the context is of a type that must be restored by the program"
    } else {
        return;
    };
    let node: Node<'d> = meta.node();
    cx.raise(codes::CONTEXT, Effect::Note, node, message);
}
