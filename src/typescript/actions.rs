//! What the last response asked for.
//!
//! Calls, tools and handoffs in here are copies of live objects that the SDK writes as they are and hardly looks at when
//! it reads (`z.any()`): it finds the live ones again by name.

use crate::json::{Node, Text};
use crate::record::{
    Absent, Flag, List, Natural, Open, Row, Slot, Tag, Word, nullable, nullish, optional, record, required, tag, union,
    words,
};

use super::bounds::{HOSTED_MCP, LOCAL_TOOLS, NOT_FOUND_REASON, REQUEST_DATA, SANDBOXES, v};
use super::items::{AgentRef, RunItem};
use super::raw::Caller;
use super::{ANYTHING_OR_ABSENT, anything};
use crate::finding::Effect;

/// The call behind an action.
const fn called() -> Row {
    anything(required("toolCall")).read_before(SANDBOXES, &ANYTHING_OR_ABSENT)
}

record! {
    /// A call as the provider gave it; other members may stand beside these.
    pub struct LiveCall<'d>, unknown: Open {
        provider_data: Slot<'d, Node<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Slot<'d, Text<'d>> = optional("type");
        call_id: Slot<'d, Text<'d>> = optional("callId");
        name: Slot<'d, Text<'d>> = optional("name");
        namespace: Slot<'d, Text<'d>> = optional("namespace");
        status: Slot<'d, Text<'d>> = optional("status");
        arguments: Slot<'d, Text<'d>> = optional("arguments");
        action: Slot<'d, Node<'d>> = optional("action");
        actions: Slot<'d, Node<'d>> = optional("actions");
        operation: Slot<'d, Node<'d>> = optional("operation");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}

record! {
    /// A tool without its functions; other members may stand beside these.
    pub struct LiveTool<'d>, unknown: Open {
        kind: Slot<'d, Text<'d>> = optional("type");
        name: Slot<'d, Text<'d>> = optional("name");
        description: Slot<'d, Text<'d>> = optional("description");
        parameters: Slot<'d, Node<'d>> = optional("parameters");
        strict: Slot<'d, Flag<'d>> = optional("strict");
        /// Whether its definition is sent to the model only when searched for.
        defer_loading: Slot<'d, Flag<'d>> = optional("deferLoading");
    }
}

record! {
    /// A handoff without its functions; other members may stand beside these.
    pub struct LiveHandoff<'d>, unknown: Open {
        tool_name: Slot<'d, Text<'d>> = optional("toolName");
        tool_description: Slot<'d, Text<'d>> = optional("toolDescription");
        input_json_schema: Slot<'d, Node<'d>> = optional("inputJsonSchema");
        strict_json_schema: Slot<'d, Flag<'d>> = optional("strictJsonSchema");
        agent_name: Slot<'d, Text<'d>> = optional("agentName");
    }
}

record! {
    /// A handoff that the model asked for.
    pub struct HandoffAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, LiveCall<'d>> = called();
        handoff: Slot<'d, LiveHandoff<'d>> = anything(required("handoff"));
        /// Whom to hand over to; the reader insists on it from 1.16 on.
        target_agent: Slot<'d, AgentRef<'d>> = required("targetAgent").since(v(16));
    }
}

record! {
    /// Which tool of which local MCP server a function call goes to.
    pub struct McpBinding<'d>, unknown: Dropped {
        server_name: Slot<'d, Text<'d>> = required("serverName");
        tool_name: Slot<'d, Text<'d>> = required("toolName");
        server_index: Slot<'d, Natural<'d>> = nullable("serverIndex");
    }
}

words! {
    /// That it is not known where a function call goes to.
    pub enum Unbound { Unknown = "unknown" }
}

union! {
    /// Where a function call goes to; `null` on the wire for a function of the program.
    pub enum McpToolBinding<'d> by kind {
        Server(McpBinding<'d>);
        Unknown(Word<'d, Unbound>);
    }
}

record! {
    /// A function that the model called.
    pub struct FunctionAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, LiveCall<'d>> = called();
        tool: Slot<'d, LiveTool<'d>> =
            anything(required("tool")).read_before(SANDBOXES, &ANYTHING_OR_ABSENT);
        mcp_tool_binding: Slot<'d, McpToolBinding<'d>> =
            nullable("mcpToolBinding").since(v(21)).if_absent(Effect::Note);
    }
}

words! {
    /// Why a tool was not found.
    pub enum NotFoundReason { NotLoaded = "not_loaded" }
}

record! {
    /// A function that the model called and the agent does not have.
    pub struct FunctionNotFound<'d>, unknown: Dropped {
        tool_call: Slot<'d, LiveCall<'d>> = called();
        tool_name: Slot<'d, Text<'d>> = required("toolName");
        reason: Slot<'d, Word<'d, NotFoundReason>> = optional("reason").since(NOT_FOUND_REASON);
    }
}

record! {
    /// A call of the computer.
    pub struct ComputerAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, LiveCall<'d>> = called();
        computer: Slot<'d, LiveTool<'d>> = anything(required("computer"));
    }
}

record! {
    /// A call of the shell.
    pub struct ShellAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, LiveCall<'d>> = called();
        shell: Slot<'d, LiveTool<'d>> = anything(required("shell"));
    }
}

record! {
    /// A call that patches a file.
    pub struct ApplyPatchAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, LiveCall<'d>> = called();
        apply_patch: Slot<'d, LiveTool<'d>> = anything(required("applyPatch"));
    }
}

record! {
    /// What a server asks to be approved.
    pub struct RequestedCall<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["hosted_tool_call"]);
        name: Slot<'d, Text<'d>> = required("name");
        arguments: Slot<'d, Text<'d>> = optional("arguments");
        status: Slot<'d, Text<'d>> = optional("status");
        output: Slot<'d, Text<'d>> = optional("output");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
        provider_data: Slot<'d, Open<'d>> = nullish("providerData").since(REQUEST_DATA);
    }
}

record! {
    /// The item of a request for approval.
    pub struct McpRequestItem<'d>, unknown: Dropped {
        raw_item: Slot<'d, RequestedCall<'d>> = required("rawItem");
    }
}

words! {
    /// The name of the tool behind all hosted MCP servers.
    pub enum HostedMcp { HostedMcp = "hosted_mcp" }
}

record! {
    /// The tool behind a hosted MCP server: its label since 1.21, its whole configuration before.
    pub struct McpTool<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["hosted_tool"]);
        name: Slot<'d, Word<'d, HostedMcp>> = required("name");
        provider_data: Slot<'d, Open<'d>> = required("providerData");
    }
}

record! {
    /// A hosted MCP server asks whether it may call a tool.
    pub struct McpRequest<'d>, unknown: Dropped {
        request_item: Slot<'d, McpRequestItem<'d>> = required("requestItem");
        mcp_tool: Slot<'d, McpTool<'d>> = required("mcpTool");
    }
}

record! {
    /// The last response, taken apart (`serializedProcessedResponseSchema`).
    pub struct ProcessedResponse<'d>, unknown: Dropped {
        new_items: Slot<'d, List<'d, Box<RunItem<'d>>>> = required("newItems");
        tools_used: Slot<'d, List<'d, Text<'d>>> = required("toolsUsed");
        handoffs: Slot<'d, List<'d, HandoffAction<'d>>> = required("handoffs");
        functions: Slot<'d, List<'d, FunctionAction<'d>>> = required("functions");
        functions_not_found: Slot<'d, List<'d, FunctionNotFound<'d>>> = optional("functionToolsNotFound").absent_is(Absent::Empty).since(v(12));
        computer_actions: Slot<'d, List<'d, ComputerAction<'d>>> = required("computerActions");
        shell_actions: Slot<'d, List<'d, ShellAction<'d>>> = optional("shellActions").absent_is(Absent::Empty).since(LOCAL_TOOLS);
        apply_patch_actions: Slot<'d, List<'d, ApplyPatchAction<'d>>> = optional("applyPatchActions").absent_is(Absent::Empty).since(LOCAL_TOOLS);
        mcp_requests: Slot<'d, List<'d, McpRequest<'d>>> = optional("mcpApprovalRequests").absent_is(Absent::Empty).since(HOSTED_MCP);
    }
}
