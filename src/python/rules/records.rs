//! Records of the context: who owns a decision, and what the ledger may say.

use crate::codes;
use crate::finding::Effect;
use crate::record::{Reader, Wire as _};

use super::super::State;
use super::roster::{Found, Roster, resolve};
use super::unnamed;

/// The label that first has approvals that belong to an agent.
const OWNED: u16 = 18;
/// The label that first has the ledger.
const LEDGER: u16 = 15;
/// The label that first has approvals of hosted MCP tools by server.
const HOSTED: u16 = 14;

/// Judges the decisions and the ledger, whatever the history says.
pub(super) fn judge<'d>(state: &State<'d>, roster: Option<&Roster<'_>>, cx: &mut Reader<'d>) {
    let Some(context) = state.context.value() else { return };
    if let Some(approvals) = context.function_tool_approvals.value() {
        if cx.label < OWNED && !approvals.is_empty() {
            let message = format!("decisions that belong to an agent came with 1.{OWNED}");
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
        && cx.label < HOSTED
    {
        let message = format!("the SDK ignores decisions by server before 1.{HOSTED}");
        cx.raise(codes::DECISION_VOID, Effect::Lost, approvals.node(), message);
    }
    let Some(ledger) = context.tool_invocations.value().filter(|_| cx.label >= LEDGER) else { return };
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
