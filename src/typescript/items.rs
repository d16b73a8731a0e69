//! Run items: the history that a run has produced.

use crate::json::{Node, Text};
use crate::record::{NonEmpty, Open, Slot, Tag, Word, optional, record, required, tag, union, words};

use super::bounds::{LOCAL_TOOLS, v};
use super::raw::{
    ApprovableCall, AssistantMessage, Call, CallResult, Compaction, FunctionCall, FunctionCallResult, ModelItem,
    Reasoning, ToolSearchCall, ToolSearchOutput,
};
use crate::json::Kinds;

record! {
    /// An agent of the program, by its name, or by its identity where several agents have the name.
    pub struct AgentRef<'d>, unknown: Dropped {
        name: Slot<'d, Text<'d>> = required("name");
        identity: Slot<'d, Text<'d>> = optional("identity").since(v(10));
    }
}

impl<'d> AgentRef<'d> {
    /// What the reader looks the agent up by.
    #[must_use]
    pub fn key(&self) -> Option<Text<'d>> {
        self.identity.value().or(self.name.value()).copied()
    }
}

record! {
    /// Input that was added while the run was going on (`RunInputItem`).
    pub struct InputRunItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["input_item"]).since(v(18)).gated();
        raw_item: Slot<'d, ModelItem<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
        input_id: Slot<'d, NonEmpty<'d>> = required("inputId");
    }
}

record! {
    /// A message of the model (`RunMessageOutputItem`).
    pub struct MessageOutputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["message_output_item"]);
        raw_item: Slot<'d, AssistantMessage<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
    }
}

record! {
    /// A search for tools (`RunToolSearchCallItem`).
    pub struct ToolSearchCallRunItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_search_call_item"]).since(v(8)).gated();
        raw_item: Slot<'d, ToolSearchCall<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
    }
}

record! {
    /// What a search for tools found (`RunToolSearchOutputItem`).
    pub struct ToolSearchOutputRunItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_search_output_item"]).since(v(8)).gated();
        raw_item: Slot<'d, ToolSearchOutput<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
    }
}

record! {
    /// A call of a tool (`RunToolCallItem`).
    pub struct ToolCallItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_call_item"]);
        raw_item: Slot<'d, Call<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
        /// The tool's canonical key, of a call without namespace that was resolved to a tool that is loaded late.
        function_tool_state_key: Slot<'d, Text<'d>> = optional("functionToolStateKey").since(v(20));
    }
}

words! {
    /// Whether a tool ran in this program.
    pub enum Executed { Executed = "executed" }
}

record! {
    /// What a tool returned, and what the model was shown of it (`RunToolCallOutputItem`).
    pub struct ToolCallOutputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_call_output_item"]);
        raw_item: Slot<'d, CallResult<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
        /// A text before 1.18, any JSON from then on.
        output: Slot<'d, Node<'d>> = required("output").before(v(18), Kinds::TEXT);
        custom_data: Slot<'d, Open<'d>> = optional("customData").since(v(13)).gated();
        execution_status: Slot<'d, Word<'d, Executed>> = optional("executionStatus").since(v(17)).gated();
    }
}

record! {
    /// What the model thought (`RunReasoningItem`).
    pub struct ReasoningRunItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["reasoning_item"]);
        raw_item: Slot<'d, Reasoning<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
    }
}

record! {
    /// Compacted history (`RunCompactionItem`).
    pub struct CompactionRunItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["compaction_item"]).since(v(16)).gated();
        raw_item: Slot<'d, Compaction<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
    }
}

record! {
    /// The model hands the run over (`RunHandoffCallItem`).
    pub struct HandoffCallItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["handoff_call_item"]);
        raw_item: Slot<'d, FunctionCall<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
    }
}

record! {
    /// The run was handed over (`RunHandoffOutputItem`).
    pub struct HandoffOutputItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["handoff_output_item"]);
        raw_item: Slot<'d, FunctionCallResult<'d>> = required("rawItem");
        source_agent: Slot<'d, AgentRef<'d>> = required("sourceAgent");
        target_agent: Slot<'d, AgentRef<'d>> = required("targetAgent");
    }
}

record! {
    /// A call that waits for a decision (`RunToolApprovalItem`).
    pub struct ToolApprovalItem<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["tool_approval_item"]);
        raw_item: Slot<'d, ApprovableCall<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
        /// The tool's name as people know it: with its namespace in front.
        tool_name: Slot<'d, Text<'d>> = optional("toolName").since(LOCAL_TOOLS);
        /// The tool's canonical key.
        function_tool_state_key: Slot<'d, Text<'d>> = optional("functionToolStateKey").since(v(16));
    }
}

union! {
    /// One step of the history (`RunItem`).
    pub enum RunItem<'d> by tag "type" {
        Input(InputRunItem<'d>);
        Message(MessageOutputItem<'d>);
        ToolSearchCall(ToolSearchCallRunItem<'d>);
        ToolSearchOutput(ToolSearchOutputRunItem<'d>);
        ToolCall(ToolCallItem<'d>);
        ToolCallOutput(ToolCallOutputItem<'d>);
        Reasoning(ReasoningRunItem<'d>);
        Compaction(CompactionRunItem<'d>);
        HandoffCall(HandoffCallItem<'d>);
        HandoffOutput(HandoffOutputItem<'d>);
        Approval(ToolApprovalItem<'d>);
    }
}
