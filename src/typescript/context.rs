//! The run context: usage, decisions, and what the program itself keeps.

use crate::json::Node;
use crate::record::{Absent, List, Map, Open, Slot, optional, record, required};

use super::approvals::{AgentApprovals, AgentInvocations, ApprovalRecord};
use super::response::Usage;
use super::v;

record! {
    /// The run context (`RunContext#toJSON`).
    pub struct Context<'d>, unknown: Dropped {
        usage: Slot<'d, Usage<'d>> = required("usage");
        /// Decisions by tool name; those about functions only before 1.16.
        approvals: Slot<'d, Map<'d, ApprovalRecord<'d>>> = required("approvals");
        /// Decisions about hosted MCP tools by server and tool.
        hosted_mcp_approvals: Slot<'d, Map<'d, ApprovalRecord<'d>>> = optional("hostedMcpApprovals").absent_is(Absent::Empty).since(v(18));
        /// Decisions about functions by agent and tool.
        function_approvals: Slot<'d, List<'d, AgentApprovals<'d>>> = optional("functionApprovals").absent_is(Absent::Empty).since(v(16)).gated();
        /// Decisions about functions from labels before 1.16 that no single agent could be given.
        legacy_function_approvals: Slot<'d, Map<'d, ApprovalRecord<'d>>> =
            optional("legacyFunctionApprovals").absent_is(Absent::Empty).since(v(16)).gated();
        approval_invocations: Slot<'d, List<'d, AgentInvocations<'d>>> = required("approvalInvocations").since(v(18));
        /// The program's own context.
        context: Slot<'d, Open<'d>> = required("context");
        /// Input of a nested run.
        tool_input: Slot<'d, Node<'d>> = optional("toolInput").since(v(4));
    }
}
