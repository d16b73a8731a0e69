//! Records of the context: who owns a decision, and what the ledger may say.

use crate::codes;
use crate::finding::Effect;
use crate::record::{Reader, Wire as _};

use super::super::State;
use super::super::bounds::{V1_14, V1_15, V1_18};
use super::roster::{Found, Roster, resolve};
use super::unnamed;

/// Judges the decisions and the ledger, whatever the history says.
pub(super) fn judge<'d>(state: &State<'d>, roster: Option<&Roster<'_>>, cx: &mut Reader<'d>) {
    let Some(context) = state.context.value() else { return };
    if let Some(approvals) = context.function_tool_approvals.value().filter(|_| cx.reader_has(V1_18)) {
        if !V1_18.may_hold(cx.label) && !approvals.is_empty() {
            let message = format!("decisions that belong to an agent came with {V1_18}");
            cx.raise(codes::LABEL_GATE, Effect::Refused, approvals.node(), message);
        }
        for approval in approvals.values() {
            match resolve(roster, approval.agent.node(), cx) {
                Found::Agent(_) => {}
                Found::Unknown(name) => {
                    let message = format!("the decision belongs to \"{}\", who is not there", name.lossy());
                    cx.raise(codes::DECISION_OWNER, Effect::Refused, name.node(), message);
                }
                Found::Nobody => unnamed(approval.agent.node(), Effect::Refused, cx),
            }
        }
    }
    if let Some(approvals) = context.hosted_mcp_approvals.value().filter(|approvals| !approvals.is_empty())
        && !V1_14.may_hold(cx.label)
        && cx.reader_has(V1_14)
    {
        let message = format!("the SDK ignores decisions by server before {V1_14}");
        cx.raise(codes::DECISION_VOID, Effect::Lost, approvals.node(), message);
    }
    let Some(ledger) = context.tool_invocations.value().filter(|_| V1_15.may_hold(cx.label) && cx.reader_has(V1_15))
    else {
        return;
    };
    for (id, entry) in ledger.values() {
        if id.is_empty() {
            cx.raise(codes::LEDGER, Effect::Refused, entry.node(), "the ledger has an entry for an empty call id");
        }
        let flag = |slot: &crate::record::Slot<'d, crate::record::Flag<'d>>| slot.value().map(|flag| flag.get());
        if flag(&entry.completed) == Some(true) && flag(&entry.executed) == Some(false) {
            let message = format!("the ledger calls \"{}\" finished, but not started", id.lossy());
            cx.raise(codes::LEDGER, Effect::Refused, entry.node(), message);
        }
    }
}
