//! Run items: the history as the SDK keeps it, one record for each kind of item.

use crate::finding::Effect;
use crate::json::{Kind, Node, Text};
use crate::record::{
    List, NonEmpty, Open, Reader, Sifted, Slot, Tag, True, Wire, Word, forward, optional, record, required, tag, union,
    words,
};

use super::bounds::{ORIGINS, TOOL_NAMES, V1_5, V1_7, V1_11, V1_15};
use super::raw::{
    FunctionCall, McpApprovalRequest, McpListTools, Message, Reasoning, ReturnedCompaction, ReturnedFunctionOutput,
    ReturnedMcpApproval, ToolCall, ToolOutput, ToolSearchCall, ToolSearchOutput, Unchecked,
};
use super::weigh;

record! {
    /// Which agent is meant. A bare name in its place is read as well.
    pub struct AgentRef<'d>, unknown: Dropped {
        name: Slot<'d, Text<'d>> = required("name").weighed(weigh::looked_up);
        /// Written when several agents share the name.
        identity: Slot<'d, Text<'d>> = optional("identity").since(V1_7).if_wrong(Effect::Note);
    }
}

record! {
    /// The agent at one end of a handoff. The reader looks it up where a failure only costs the item.
    pub struct HandoffEnd<'d>, unknown: Dropped {
        name: Slot<'d, Text<'d>> = required("name");
        /// Written when several agents share the name.
        identity: Slot<'d, Text<'d>> = optional("identity").since(V1_7).if_wrong(Effect::Note);
    }
}

/// A reference to an agent: one with an identity is looked up by it alone (`_resolve_agent_from_data`, since 0.14.0).
#[derive(Debug)]
pub struct ByIdentity<T>(pub T);

impl<'d, T: Wire<'d>> Wire<'d> for ByIdentity<T> {
    forward!(T, own => own.0);

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        let identity = node.member("identity").and_then(Node::text).filter(|_| node.kind() == Kind::Object);
        let read = match identity.filter(|_| cx.reader_has(V1_7)) {
            Some(_) => cx.tolerating(Effect::Note, |cx| T::read(node, cx)),
            None => T::read(node, cx),
        };
        read.map(Self)
    }
}

words! {
    /// Where a tool comes from.
    pub enum OriginKind {
        Function = "function",
        Mcp = "mcp",
        AgentAsTool = "agent_as_tool",
    }
}

record! {
    /// Where a tool comes from (`ToolOrigin`).
    pub struct ToolOrigin<'d>, unknown: Dropped {
        kind: Slot<'d, Word<'d, OriginKind>> = required("type");
        mcp_server_name: Slot<'d, Text<'d>> = optional("mcp_server_name");
        agent_name: Slot<'d, Text<'d>> = optional("agent_name");
        agent_tool_name: Slot<'d, Text<'d>> = optional("agent_tool_name");
    }
}

words! {
    /// How a function tool is looked up.
    pub enum LookupKind {
        Bare = "bare",
        Namespaced = "namespaced",
        DeferredTopLevel = "deferred_top_level",
    }
}

record! {
    /// How a function tool is looked up (`SerializedFunctionToolLookupKey`).
    pub struct LookupKey<'d>, unknown: Dropped {
        kind: Slot<'d, Word<'d, LookupKind>> = required("kind");
        namespace: Slot<'d, NonEmpty<'d>> = optional("namespace");
        name: Slot<'d, NonEmpty<'d>> = required("name");
    }
}

record! {
    /// What was given to a run that had already begun (`InputItem`).
    pub struct InputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["input_item"]).since(V1_15);
        raw_item: Slot<'d, Node<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
        /// A new one is made up where it is missing.
        input_id: Slot<'d, Text<'d>> = required("input_id").tolerated(Effect::Note);
    }
}

record! {
    /// A message of the model (`MessageOutputItem`).
    pub struct MessageItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["message_output_item"]);
        raw_item: Slot<'d, Message<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// A search for tools (`ToolSearchCallItem`). Kept as it is when it does not fit its model.
    pub struct ToolSearchCallItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_search_call_item"]).since(V1_5);
        raw_item: Slot<'d, Unchecked<ToolSearchCall<'d>>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// The tools that a search found (`ToolSearchOutputItem`). Kept as it is when it does not fit its model.
    pub struct ToolSearchOutputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_search_output_item"]).since(V1_5);
        raw_item: Slot<'d, Unchecked<ToolSearchOutput<'d>>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// A tool call (`ToolCallItem`). Nothing in it is refused.
    pub struct ToolCallItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_call_item"]);
        raw_item: Slot<'d, Unchecked<ToolCall<'d>>> =
            required("raw_item").if_absent(Effect::Refused).if_wrong(Effect::Note);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
        tool_name: Slot<'d, Text<'d>> = optional("tool_name").since(TOOL_NAMES).if_wrong(Effect::Note);
        description: Slot<'d, Text<'d>> = optional("description").if_wrong(Effect::Note);
        title: Slot<'d, Text<'d>> = optional("title").since(V1_5).if_wrong(Effect::Note);
        tool_origin: Slot<'d, ToolOrigin<'d>> = optional("tool_origin").since(ORIGINS).tolerated(Effect::Lost);
    }
}

record! {
    /// What a tool returned, and what the model was shown of it (`ToolCallOutputItem`).
    pub struct ToolCallOutputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_call_output_item"]);
        raw_item: Slot<'d, ToolOutput<'d>> =
            required("raw_item").if_absent(Effect::Refused).weighed(weigh::unless_null);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
        /// What the tool returned, as JSON; the text that the model was shown stands in the raw item.
        output: Slot<'d, Node<'d>> = required("output").if_absent(Effect::Lost);
        tool_origin: Slot<'d, ToolOrigin<'d>> = optional("tool_origin").since(ORIGINS).tolerated(Effect::Lost);
        custom_data: Slot<'d, Open<'d>> = optional("custom_data").since(V1_11).if_wrong(Effect::Lost);
    }
}

record! {
    /// What the model thought (`ReasoningItem`).
    pub struct ReasoningItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["reasoning_item"]);
        raw_item: Slot<'d, Reasoning<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// A call that hands the run to another agent (`HandoffCallItem`).
    pub struct HandoffCallItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["handoff_call_item"]);
        raw_item: Slot<'d, FunctionCall<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// The answer to a handoff (`HandoffOutputItem`). The raw item is kept as it is when it fits no input item.
    pub struct HandoffOutputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["handoff_output_item"]);
        raw_item: Slot<'d, Unchecked<ReturnedFunctionOutput<'d>>> =
            required("raw_item").if_absent(Effect::Refused).if_wrong(Effect::Note);
        /// Any of the three agents will do for the item, but both ends of the handoff must be known.
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").tolerated(Effect::Note);
        source_agent: Slot<'d, ByIdentity<HandoffEnd<'d>>> = required("source_agent").weighed(weigh::named);
        target_agent: Slot<'d, ByIdentity<HandoffEnd<'d>>> = required("target_agent").weighed(weigh::named);
    }
}

record! {
    /// The tools that an MCP server offers (`MCPListToolsItem`).
    pub struct McpListToolsItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["mcp_list_tools_item"]);
        raw_item: Slot<'d, McpListTools<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// An MCP server's question whether it may be called (`MCPApprovalRequestItem`).
    pub struct McpApprovalRequestItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["mcp_approval_request_item"]);
        raw_item: Slot<'d, McpApprovalRequest<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// The answer to an MCP server's question (`MCPApprovalResponseItem`).
    pub struct McpApprovalResponseItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["mcp_approval_response_item"]);
        raw_item: Slot<'d, ReturnedMcpApproval<'d>> = required("raw_item").if_absent(Effect::Refused);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// An earlier part of the history, compacted by the service (`CompactionItem`). Kept as it is when it fits no
    /// input item.
    pub struct CompactionItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["compaction_item"]);
        raw_item: Slot<'d, Unchecked<ReturnedCompaction<'d>>> =
            required("raw_item").if_absent(Effect::Refused).if_wrong(Effect::Note);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
    }
}

record! {
    /// A tool call that waits for a decision (`ToolApprovalItem`). Its raw item is not checked.
    pub struct ApprovalItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_approval_item"]).tolerated(Effect::Note);
        raw_item: Slot<'d, Unchecked<ToolCall<'d>>> =
            required("raw_item").if_absent(Effect::Stuck).if_wrong(Effect::Note);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
        tool_name: Slot<'d, Text<'d>> = optional("tool_name").if_wrong(Effect::Note);
        tool_namespace: Slot<'d, Text<'d>> = optional("tool_namespace").since(V1_5).if_wrong(Effect::Note);
        tool_lookup_key: Slot<'d, LookupKey<'d>> = optional("tool_lookup_key").since(V1_5).tolerated(Effect::Lost);
        /// Whether a standing decision holds under the bare name too.
        allow_bare_name_alias: Slot<'d, True<'d>> =
            optional("allow_bare_name_alias").since(V1_5).if_wrong(Effect::Lost);
        tool_origin: Slot<'d, ToolOrigin<'d>> = optional("tool_origin").since(ORIGINS).tolerated(Effect::Lost);
    }
}

record! {
    /// A tool call that waits, or waited, for a decision, in the history (`ToolApprovalItem`).
    pub struct HistoryApproval<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_approval_item"]);
        raw_item: Slot<'d, Unchecked<ToolCall<'d>>> =
            required("raw_item").if_absent(Effect::Refused).if_wrong(Effect::Note);
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
        tool_name: Slot<'d, Text<'d>> = optional("tool_name").if_wrong(Effect::Note);
        tool_namespace: Slot<'d, Text<'d>> = optional("tool_namespace").since(V1_5).if_wrong(Effect::Note);
        tool_lookup_key: Slot<'d, LookupKey<'d>> = optional("tool_lookup_key").since(V1_5).tolerated(Effect::Lost);
        /// Whether a standing decision holds under the bare name too.
        allow_bare_name_alias: Slot<'d, True<'d>> =
            optional("allow_bare_name_alias").since(V1_5).if_wrong(Effect::Lost);
        tool_origin: Slot<'d, ToolOrigin<'d>> = optional("tool_origin").since(ORIGINS).tolerated(Effect::Lost);
    }
}

union! {
    /// An item of the history. The reader drops one with a fault in it, with at most a line in the log.
    pub enum RunItem<'d> by tag "type" {
        ToolCall(ToolCallItem<'d>);
        ToolCallOutput(ToolCallOutputItem<'d>);
        Message(MessageItem<'d>);
        Reasoning(ReasoningItem<'d>);
        Approval(HistoryApproval<'d>);
        Input(InputItem<'d>);
        ToolSearchCall(ToolSearchCallItem<'d>);
        ToolSearchOutput(ToolSearchOutputItem<'d>);
        HandoffCall(HandoffCallItem<'d>);
        HandoffOutput(HandoffOutputItem<'d>);
        McpListTools(McpListToolsItem<'d>);
        McpApprovalRequest(McpApprovalRequestItem<'d>);
        McpApprovalResponse(McpApprovalResponseItem<'d>);
        Compaction(CompactionItem<'d>);
    }
}

/// A list of items, with those that the reader drops.
pub type Items<'d> = List<'d, Box<Sifted<RunItem<'d>>>>;
