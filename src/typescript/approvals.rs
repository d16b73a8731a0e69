//! Decisions about tool calls.

use crate::json::Text;
use crate::record::{Flag, List, Map, Slot, optional, record, required, union};

use super::v;

union! {
    /// For all calls of the tool, or for these.
    pub enum Decisions<'d> by kind {
        Standing(Flag<'d>);
        Calls(List<'d, Text<'d>>);
    }
}

record! {
    /// What was decided about the calls of one tool (`approvalRecordSchema`).
    pub struct ApprovalRecord<'d>, unknown: Dropped {
        approved: Slot<'d, Decisions<'d>> = required("approved");
        rejected: Slot<'d, Decisions<'d>> = required("rejected");
        /// What the model is told of a rejected call, by call id.
        messages: Slot<'d, Map<'d, Text<'d>>> = optional("messages").since(v(7));
        /// What the model is told of every rejected call.
        sticky_reject_message: Slot<'d, Text<'d>> = optional("stickyRejectMessage").since(v(7));
    }
}

record! {
    /// Decisions about the functions of one agent, by canonical tool key.
    pub struct AgentApprovals<'d>, unknown: Dropped {
        agent_identity: Slot<'d, Text<'d>> = required("agentIdentity");
        approvals: Slot<'d, Map<'d, ApprovalRecord<'d>>> = required("approvals");
    }
}

record! {
    /// Which calls of one agent were decided: fingerprints by call id, and single decisions about tools that are no
    /// functions.
    pub struct AgentInvocations<'d>, unknown: Dropped {
        agent_identity: Slot<'d, Text<'d>> = required("agentIdentity");
        invocations: Slot<'d, Map<'d, Text<'d>>> = required("invocations");
        approvals: Slot<'d, Map<'d, ApprovalRecord<'d>>> = required("approvals");
    }
}
