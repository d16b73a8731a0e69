//! Where the run stopped: the step and the response that it was working on.

use crate::finding::Effect;
use crate::json::{Node, Text};
use crate::record::{
    Absent, Flag, List, Map, Natural, Open, Sifted, Slot, Tag, optional, record, required, tag, union,
};

use super::bounds::{V1_1, V1_5, V1_9, V1_12, V1_14, V1_15, V1_18, V1_20};
use super::items::{ApprovalItem, Items, LookupKey};
use super::nested::NestedState;
use super::raw::{ComputerCall, CustomToolCall, FunctionCall, McpApprovalRequest, ToolCall, Unchecked};
use super::weigh;

record! {
    /// What waits for a decision.
    pub struct Interruption<'d>, unknown: Dropped {
        interruptions: Slot<'d, List<'d, Sifted<ApprovalItem<'d>>>> =
            required("interruptions").weighed(weigh::looped).if_element_wrong(Effect::Refused);
        /// Whether the service has stored the response before it was worked on.
        response_accepted: Slot<'d, Flag<'d>> = required("response_accepted").absent_is(Absent::False).since(V1_15).tolerated(Effect::Note);
        llm_end_hooks_started: Slot<'d, Flag<'d>> =
            required("llm_end_hooks_started").absent_is(Absent::True).since(V1_15).tolerated(Effect::Note);
    }
}

record! {
    /// The run waits for decisions.
    pub struct InterruptionStep<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["next_step_interruption"]);
        data: Slot<'d, Interruption<'d>> = required("data").if_wrong(Effect::Refused);
    }
}

record! {
    /// The run goes on with the next call of the model.
    pub struct RunAgainStep<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["next_step_run_again"]).since(V1_15);
    }
}

union! {
    /// Where the run stopped. A step of another type is read as none.
    pub enum CurrentStep<'d> by tag "type" {
        Interruption(InterruptionStep<'d>);
        RunAgain(RunAgainStep<'d>);
    }
}

record! {
    /// The function tool that a call goes to. Only its names are read.
    pub struct FunctionToolRef<'d>, unknown: Dropped {
        name: Slot<'d, Text<'d>> = required("name")
            .read_before(V1_5, &required("name").weighed(weigh::looked_up));
        namespace: Slot<'d, Text<'d>> = optional("namespace").since(V1_5);
        qualified_name: Slot<'d, Text<'d>> = optional("qualifiedName").since(V1_5);
        lookup_key: Slot<'d, LookupKey<'d>> = required("lookupKey").since(V1_5);
        description: Slot<'d, Text<'d>> = required("description");
        parameters: Slot<'d, Open<'d>> = required("paramsJsonSchema");
    }
}

record! {
    /// A call of a function tool that is to be executed (`ToolRunFunction`).
    pub struct FunctionAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, FunctionCall<'d>> = required("tool_call");
        tool: Slot<'d, FunctionToolRef<'d>> = required("tool").tolerated(Effect::Note);
        /// The run of an agent that is used as a tool, while it waits itself.
        agent_run_state: Slot<'d, NestedState<'d>> = optional("agent_run_state").since(V1_1).if_wrong(Effect::Stuck);
    }
}

record! {
    /// The name of the tool that a call goes to.
    pub struct ToolRef<'d>, unknown: Dropped {
        name: Slot<'d, Text<'d>> = required("name").weighed(weigh::looked_up);
        description: Slot<'d, Text<'d>> = optional("description").tolerated(Effect::Note);
    }
}

record! {
    /// A call of the computer tool that is to be executed.
    pub struct ComputerCallAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, ComputerCall<'d>> = required("tool_call");
        computer: Slot<'d, ToolRef<'d>> = required("computer");
    }
}

record! {
    /// A call of a custom tool that is to be executed.
    pub struct CustomAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, CustomToolCall<'d>> = required("tool_call");
        custom_tool: Slot<'d, ToolRef<'d>> = required("custom_tool");
    }
}

record! {
    /// A call of the local shell tool that is to be executed.
    pub struct LocalShellCallAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, Unchecked<ToolCall<'d>>> = required("tool_call").if_absent(Effect::Stuck).if_wrong(Effect::Stuck);
        local_shell: Slot<'d, ToolRef<'d>> = required("local_shell");
    }
}

record! {
    /// A call of the shell tool that is to be executed.
    pub struct ShellCallAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, Unchecked<ToolCall<'d>>> = required("tool_call").if_absent(Effect::Stuck).if_wrong(Effect::Stuck);
        shell: Slot<'d, ToolRef<'d>> = required("shell");
    }
}

record! {
    /// A call of the patch tool that is to be executed.
    pub struct PatchAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, Unchecked<ToolCall<'d>>> = required("tool_call").if_absent(Effect::Stuck).if_wrong(Effect::Stuck);
        apply_patch: Slot<'d, ToolRef<'d>> = required("apply_patch");
    }
}

record! {
    /// The name of the tool that hands the run over.
    pub struct HandoffRef<'d>, unknown: Dropped {
        tool_name: Slot<'d, Text<'d>> = required("tool_name")
            .read_before(V1_5, &required("tool_name").weighed(weigh::looked_up));
    }
}

record! {
    /// A handoff that is to be made.
    pub struct HandoffAction<'d>, unknown: Dropped {
        tool_call: Slot<'d, FunctionCall<'d>> = required("tool_call");
        handoff: Slot<'d, HandoffRef<'d>> = required("handoff")
            .read_before(V1_5, &required("handoff").if_wrong(Effect::Refused));
    }
}

record! {
    /// The request of an MCP server.
    pub struct RequestItem<'d>, unknown: Dropped {
        raw_item: Slot<'d, McpApprovalRequest<'d>> = required("raw_item");
    }
}

record! {
    /// The hosted MCP tool that asks, with its whole configuration: address, headers, authorization.
    pub struct HostedMcpTool<'d>, unknown: Dropped {
        name: Slot<'d, Text<'d>> = required("name").tolerated(Effect::Note)
            .read_before(V1_14, &required("name").if_absent(Effect::Stuck).if_wrong(Effect::Stuck).weighed(weigh::looked_up));
        tool_config: Slot<'d, Open<'d>> = optional("tool_config").if_wrong(Effect::Note);
        /// From other tool classes than the SDK's own.
        value: Slot<'d, Node<'d>> = optional("value");
    }
}

record! {
    /// A question of an MCP server that waits for its answer.
    pub struct McpRequestAction<'d>, unknown: Dropped {
        request_item: Slot<'d, RequestItem<'d>> = required("request_item");
        mcp_tool: Slot<'d, HostedMcpTool<'d>> = required("mcp_tool").if_absent(Effect::Stuck).weighed(weigh::mcp_tool)
            .read_before(V1_14, &required("mcp_tool").if_absent(Effect::Stuck).weighed(weigh::named_mcp_tool));
    }
}

record! {
    /// The model's last response, as far as it was worked on (`ProcessedResponse`).
    pub struct ProcessedResponse<'d>, unknown: Dropped {
        new_items: Slot<'d, Items<'d>> = required("new_items").if_absent(Effect::Lost).weighed(weigh::looped)
            .if_element_wrong(Effect::Refused).inside(Effect::Lost);
        tools_used: Slot<'d, List<'d, Text<'d>>> = required("tools_used").absent_is(Absent::Empty).tolerated(Effect::Note);
        functions: Slot<'d, List<'d, Sifted<FunctionAction<'d>>>> = required("functions").if_absent(Effect::Stuck)
            .weighed(weigh::skimmed).inside(Effect::Stuck)
            .read_before(V1_12, &required("functions").if_absent(Effect::Stuck).weighed(weigh::looped_or_false)
                .if_element_wrong(Effect::Refused).inside(Effect::Stuck)
                .read_before(V1_5, &required("functions").if_absent(Effect::Stuck).weighed(weigh::skimmed_or_false)
                    .inside(Effect::Stuck)));
        computer_actions: Slot<'d, List<'d, Sifted<ComputerCallAction<'d>>>> = required("computer_actions")
            .if_absent(Effect::Stuck).weighed(weigh::skimmed_or_false).inside(Effect::Stuck);
        custom_tool_actions: Slot<'d, List<'d, Sifted<CustomAction<'d>>>> = required("custom_tool_actions").since(V1_9)
            .if_absent(Effect::Stuck).weighed(weigh::skimmed_or_false).inside(Effect::Stuck);
        local_shell_actions: Slot<'d, List<'d, Sifted<LocalShellCallAction<'d>>>> = required("local_shell_actions")
            .if_absent(Effect::Stuck).weighed(weigh::skimmed_or_false).inside(Effect::Stuck);
        shell_actions: Slot<'d, List<'d, Sifted<ShellCallAction<'d>>>> = required("shell_actions")
            .if_absent(Effect::Stuck).weighed(weigh::skimmed_or_false).inside(Effect::Stuck);
        apply_patch_actions: Slot<'d, List<'d, Sifted<PatchAction<'d>>>> = required("apply_patch_actions")
            .if_absent(Effect::Stuck).weighed(weigh::skimmed_or_false).inside(Effect::Stuck);
        handoffs: Slot<'d, List<'d, Sifted<HandoffAction<'d>>>> = required("handoffs").if_absent(Effect::Stuck)
            .weighed(weigh::looped_or_false).if_element_wrong(Effect::Refused).inside(Effect::Stuck);
        mcp_approval_requests: Slot<'d, List<'d, McpRequestAction<'d>>> = required("mcp_approval_requests")
            .if_absent(Effect::Stuck).weighed(weigh::looped);
        interruptions: Slot<'d, List<'d, ApprovalItem<'d>>> = required("interruptions").absent_is(Absent::Empty).if_absent(Effect::Note)
            .weighed(weigh::looped).if_element_wrong(Effect::Refused).inside(Effect::Note);
        /// Server, tool and place among the servers of every local MCP call.
        mcp_tool_bindings: Slot<'d, Map<'d, List<'d, Node<'d>>>> = required("mcp_tool_bindings").since(V1_18)
            .if_absent(Effect::Stuck).if_element_wrong(Effect::Stuck);
        tool_output_guardrail_result_start: Slot<'d, Natural<'d>> =
            optional("tool_output_guardrail_result_start").since(V1_20).gated().weighed(weigh::null);
    }
}
