//! Pending calls whose tools do not ask in the program that resumes: they run, of whatever kind they are (release 0.20.0).

use crate::codes;
use crate::finding::Effect;
use crate::json::Text;
use crate::record::{List, Map, Wire as _};
use crate::typescript::{ApprovalRecord, Decisions, LiveCall, Step, ToolKey};

use super::{Judge, Owner};

impl<'d> Judge<'_, 'd> {
    /// Raises pending calls that would run unasked.
    pub(super) fn gates(&mut self) {
        let state = self.state;
        for item in state.current_step.value().into_iter().flat_map(Step::interruptions).filter_map(|slot| slot.value())
        {
            let (Some(raw), Some(Owner::Live(at))) = (item.raw_item.value(), self.owner(item.agent.value())) else {
                continue;
            };
            if self.runs_unasked(raw, at)
                && let Some(id) = raw.call_id.value().filter(|id| !self.decided(**id))
            {
                let message =
                    format!("the tool of \"{}\" does not ask in the program: the call runs unasked", id.lossy());
                self.cx.raise(codes::NO_GATE, Effect::Unsafe, item.node(), message);
            }
        }
    }

    /// Whether the live tool of a call never asks.
    fn runs_unasked(&self, call: &LiveCall<'d>, at: usize) -> bool {
        let Some(live) = &self.live else { return false };
        let of_kind = |kind: &str| live.agent(at).tools.iter().find(|tool| tool.kind == kind);
        let Some(kind) = call.kind.value() else { return false };
        let tool = if kind.is("function_call") {
            let namespace = call.namespace.value().map(|namespace| namespace.wtf8());
            let key = call.name.value().and_then(|name| ToolKey::of_call(&name.wtf8(), namespace.as_deref()));
            live.functions(at)
                .into_iter()
                .find(|function| Some(&function.key) == key.as_ref())
                .and_then(|function| function.tool)
        } else if kind.is("shell_call") {
            of_kind("shell")
        } else if kind.is("apply_patch_call") {
            of_kind("apply_patch")
        } else if kind.is("computer_call") {
            of_kind("computer")
        } else {
            None
        };
        tool.is_some_and(|tool| tool.needs_approval == Some(false))
    }

    /// Whether some decision may be about a call.
    fn decided(&self, id: Text<'d>) -> bool {
        let Some(context) = self.state.context.value() else { return false };
        let owned = context.function_approvals.value().into_iter().flat_map(List::values);
        let owned = owned.filter_map(|owned| owned.approvals.value());
        let single = context.approval_invocations.value().into_iter().flat_map(List::values);
        let single = single.filter_map(|owned| owned.approvals.value());
        let mut records = context.approvals.value().into_iter().chain(owned).chain(single).flat_map(Map::values);
        records.any(|(_, record): (_, &ApprovalRecord<'d>)| {
            [&record.approved, &record.rejected].into_iter().any(|decisions| match decisions.value() {
                Some(Decisions::Standing(flag)) => flag.get(),
                Some(Decisions::Calls(ids)) => ids.values().any(|own| own.same_text(id)),
                None => false,
            })
        })
    }
}
