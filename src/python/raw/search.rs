//! Searches for tools.

use crate::json::{Node, Text};
use crate::record::{List, Slot, Tag, Word, nullish, record, required, tag, words};

use super::function::ItemStatus;
use super::tools::ToolDefinition;

words! {
    /// Who searches.
    pub enum Execution {
        Server = "server",
        Client = "client",
    }
}

record! {
    /// A search for tools whose definitions the model does not have yet.
    pub struct ToolSearchCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        arguments: Slot<'d, Node<'d>> = required("arguments");
        call_id: Slot<'d, Text<'d>> = nullish("call_id");
        execution: Slot<'d, Word<'d, Execution>> = required("execution");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["tool_search_call"]);
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// The tools that a search found.
    pub struct ToolSearchOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = nullish("call_id");
        execution: Slot<'d, Word<'d, Execution>> = required("execution");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        tools: Slot<'d, List<'d, ToolDefinition<'d>>> = required("tools");
        kind: Tag<'d> = tag("type", &["tool_search_output"]);
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

words! {
    /// Who speaks.
    pub enum Role {
        Unknown = "unknown",
        User = "user",
        Assistant = "assistant",
        System = "system",
        Critic = "critic",
        Discriminator = "discriminator",
        Developer = "developer",
        Tool = "tool",
    }
}

record! {
    /// Tools that were added within a conversation.
    pub struct AdditionalTools<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        role: Slot<'d, Word<'d, Role>> = required("role");
        tools: Slot<'d, List<'d, ToolDefinition<'d>>> = required("tools");
        kind: Tag<'d> = tag("type", &["additional_tools"]);
    }
}
