//! Calls of tools on MCP servers that the service makes, and the questions before them.

use crate::json::{Node, Text};
use crate::record::{Flag, Int, List, Slot, Tag, Word, nullish, record, required, tag, union, words};

record! {
    /// The server broke the protocol.
    pub struct McpProtocolError<'d>, unknown: Kept {
        code: Slot<'d, Int<'d>> = required("code");
        message: Slot<'d, Text<'d>> = required("message");
        kind: Tag<'d> = tag("type", &["mcp_protocol_error"]);
    }
}

record! {
    /// The tool failed.
    pub struct McpToolError<'d>, unknown: Kept {
        content: Slot<'d, Node<'d>> = required("content");
        kind: Tag<'d> = tag("type", &["mcp_tool_execution_error"]);
    }
}

record! {
    /// The server answered with an HTTP error.
    pub struct McpHttpError<'d>, unknown: Kept {
        code: Slot<'d, Int<'d>> = required("code");
        message: Slot<'d, Text<'d>> = required("message");
        kind: Tag<'d> = tag("type", &["http_error"]);
    }
}

union! {
    /// Why an MCP call failed.
    pub enum McpError<'d> by tag "type" {
        McpProtocolError(McpProtocolError<'d>);
        McpToolError(McpToolError<'d>);
        McpHttpError(McpHttpError<'d>);
    }
}

words! {
    /// How far an MCP call is.
    pub enum McpStatus {
        InProgress = "in_progress",
        Completed = "completed",
        Incomplete = "incomplete",
        Calling = "calling",
        Failed = "failed",
    }
}

record! {
    /// A call of a tool on an MCP server that the service made.
    pub struct McpCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        arguments: Slot<'d, Text<'d>> = required("arguments");
        name: Slot<'d, Text<'d>> = required("name");
        server_label: Slot<'d, Text<'d>> = required("server_label");
        kind: Tag<'d> = tag("type", &["mcp_call"]);
        approval_request_id: Slot<'d, Text<'d>> = nullish("approval_request_id");
        error: Slot<'d, McpError<'d>> = nullish("error");
        output: Slot<'d, Text<'d>> = nullish("output");
        status: Slot<'d, Word<'d, McpStatus>> = nullish("status");
    }
}

record! {
    /// A tool of an MCP server.
    pub struct McpListedTool<'d>, unknown: Kept {
        input_schema: Slot<'d, Node<'d>> = required("input_schema");
        name: Slot<'d, Text<'d>> = required("name");
        annotations: Slot<'d, Node<'d>> = nullish("annotations");
        description: Slot<'d, Text<'d>> = nullish("description");
    }
}

record! {
    /// The tools that an MCP server offers.
    pub struct McpListTools<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        server_label: Slot<'d, Text<'d>> = required("server_label");
        tools: Slot<'d, List<'d, McpListedTool<'d>>> = required("tools");
        kind: Tag<'d> = tag("type", &["mcp_list_tools"]);
        error: Slot<'d, Text<'d>> = nullish("error");
    }
}

record! {
    /// The service asks whether it may call a tool on an MCP server.
    pub struct McpApprovalRequest<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        arguments: Slot<'d, Text<'d>> = required("arguments");
        name: Slot<'d, Text<'d>> = required("name");
        server_label: Slot<'d, Text<'d>> = required("server_label");
        kind: Tag<'d> = tag("type", &["mcp_approval_request"]);
    }
}

record! {
    /// The answer to such a question, as the service reports it.
    pub struct McpApprovalResponse<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        approval_request_id: Slot<'d, Text<'d>> = required("approval_request_id");
        approve: Slot<'d, Flag<'d>> = required("approve");
        kind: Tag<'d> = tag("type", &["mcp_approval_response"]);
        reason: Slot<'d, Text<'d>> = nullish("reason");
    }
}
