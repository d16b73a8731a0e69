//! The run's context: usage, approvals, the ledger of tool calls, and the user's own object.

use crate::finding::Effect;
use crate::json::{Node, Text};
use crate::record::{
    Absent, Digest, Flag, Int, List, Map, NonEmpty, Open, Sifted, Slot, Tag, Word, nullable, nullish, optional, record,
    required, tag, union, words,
};

use super::bounds::{LENIENT_DECISIONS, V1_6, V1_12, V1_14, V1_15, V1_18};
use super::items::{AgentRef, ByIdentity};
use super::weigh;

record! {
    /// The run's context (`RunContextWrapper`).
    pub struct Context<'d>, unknown: Dropped {
        usage: Slot<'d, Usage<'d>> = required("usage").if_absent(Effect::Lost);
        /// Decisions by the key of the tool: those of function tools up to 1.17, from then on the others'.
        approvals: Slot<'d, Map<'d, ApprovalRecord<'d>>> = required("approvals").absent_is(Absent::Empty).tolerated(Effect::Lost)
            .read_before(LENIENT_DECISIONS, &required("approvals").if_absent(Effect::Lost).inside(Effect::Lost)
                .if_wrong(Effect::Refused).if_element_wrong(Effect::Refused));
        tool_invocations: Slot<'d, Map<'d, Invocation<'d>>> =
            required("tool_invocations").absent_is(Absent::Empty).since(V1_15).passed_over().if_absent(Effect::Note);
        /// The user's own object, as far as it is a mapping or could be made one.
        context: Slot<'d, Open<'d>> = nullable("context").if_absent(Effect::Lost);
        context_meta: Slot<'d, ContextMeta<'d>> = required("context_meta").tolerated(Effect::Note);
        /// The structured input of an agent that is used as a tool.
        tool_input: Slot<'d, Node<'d>> = optional("tool_input");
        hosted_mcp_approvals: Slot<'d, List<'d, HostedMcpApproval<'d>>> =
            optional("hosted_mcp_approvals").absent_is(Absent::Empty).since(V1_14).tolerated(Effect::Lost);
        function_tool_approvals: Slot<'d, List<'d, FunctionApproval<'d>>> =
            optional("function_tool_approvals").absent_is(Absent::Empty).since(V1_18);
    }
}

record! {
    /// Tokens that the model read, by kind.
    pub struct InputTokensDetails<'d>, unknown: Kept {
        cached_tokens: Slot<'d, Int<'d>> = required("cached_tokens");
        cache_write_tokens: Slot<'d, Int<'d>> = required("cache_write_tokens").since(V1_12).if_absent(Effect::Note);
        /// Written with the package `openai` from its third major version on.
        cache_write_tokens_details: Slot<'d, Node<'d>> = optional("cache_write_tokens_details");
    }
}

record! {
    /// Tokens that the model wrote, by kind.
    pub struct OutputTokensDetails<'d>, unknown: Kept {
        reasoning_tokens: Slot<'d, Int<'d>> = required("reasoning_tokens");
    }
}

record! {
    /// The tokens of one request.
    pub struct RequestUsage<'d>, unknown: Dropped {
        input_tokens: Slot<'d, Int<'d>> = required("input_tokens").if_absent(Effect::Lost);
        output_tokens: Slot<'d, Int<'d>> = required("output_tokens").if_absent(Effect::Lost);
        total_tokens: Slot<'d, Int<'d>> = required("total_tokens").if_absent(Effect::Lost);
        input_tokens_details: Slot<'d, InputTokensDetails<'d>> =
            required("input_tokens_details").tolerated(Effect::Lost);
        output_tokens_details: Slot<'d, OutputTokensDetails<'d>> =
            required("output_tokens_details").tolerated(Effect::Lost);
    }
}

record! {
    /// The tokens of a run or a response. Details are lists of one object here and plain objects in the entries.
    pub struct Usage<'d>, unknown: Dropped {
        requests: Slot<'d, Int<'d>> = required("requests").if_absent(Effect::Lost);
        input_tokens: Slot<'d, Int<'d>> = required("input_tokens").if_absent(Effect::Lost);
        input_tokens_details: Slot<'d, List<'d, InputTokensDetails<'d>>> =
            required("input_tokens_details").tolerated(Effect::Lost);
        output_tokens: Slot<'d, Int<'d>> = required("output_tokens").if_absent(Effect::Lost);
        output_tokens_details: Slot<'d, List<'d, OutputTokensDetails<'d>>> =
            required("output_tokens_details").tolerated(Effect::Lost);
        total_tokens: Slot<'d, Int<'d>> = required("total_tokens").if_absent(Effect::Lost);
        request_usage_entries: Slot<'d, List<'d, RequestUsage<'d>>> =
            required("request_usage_entries").absent_is(Absent::Empty).if_absent(Effect::Lost).weighed(weigh::looped_or_false);
    }
}

union! {
    /// Calls that were decided on one by one, or a standing decision for all of them.
    pub enum Decision<'d> by kind {
        Standing(Flag<'d>);
        Calls(List<'d, Text<'d>>);
    }
}

record! {
    /// What was decided about the calls of a tool (`_ApprovalRecord`).
    pub struct ApprovalRecord<'d>, unknown: Dropped {
        approved: Slot<'d, Decision<'d>> = required("approved");
        rejected: Slot<'d, Decision<'d>> = required("rejected");
        /// What the model is told, by call.
        rejection_messages: Slot<'d, Map<'d, Text<'d>>> = optional("rejection_messages").since(V1_6);
        /// What the model is told when a standing decision rejects a call.
        sticky_rejection_message: Slot<'d, Text<'d>> = optional("sticky_rejection_message").since(V1_6);
        /// The approval scope of the call that a standing decision was given for.
        sticky_scope: Slot<'d, Digest<'d>> = optional("sticky_scope").since(V1_15);
    }
}

words! {
    /// The kinds of calls that the ledger knows.
    pub enum InvocationKind {
        ApplyPatch = "apply_patch_call",
        Computer = "computer_call",
        Custom = "custom_tool_call",
        Function = "function_call",
        LocalShell = "local_shell_call",
        Mcp = "mcp_approval_request",
        Shell = "shell_call",
    }
}

record! {
    /// A call in the ledger (`_ToolInvocationRecord`).
    pub struct Invocation<'d>, unknown: Dropped {
        kind: Slot<'d, Word<'d, InvocationKind>> = required("type");
        approval_scope: Slot<'d, Digest<'d>> = required("approval_scope");
        fingerprint: Slot<'d, Digest<'d>> = required("fingerprint");
        executed: Slot<'d, Flag<'d>> = required("executed").strict();
        completed: Slot<'d, Flag<'d>> = required("completed").strict();
    }
}

record! {
    /// How the user's object was made into JSON, for a warning on loading.
    pub struct ContextMeta<'d>, unknown: Dropped {
        original_type: Slot<'d, Word<'d, ContextKind>> = required("original_type");
        serialized_via: Slot<'d, Word<'d, ContextRoute>> = required("serialized_via");
        requires_deserializer: Slot<'d, Flag<'d>> = required("requires_deserializer").absent_is(Absent::False);
        omitted: Slot<'d, Flag<'d>> = required("omitted").absent_is(Absent::False);
        class_path: Slot<'d, Text<'d>> = nullish("class_path");
    }
}

words! {
    /// What kind of object the user's context is.
    pub enum ContextKind {
        None = "none",
        Mapping = "mapping",
        Pydantic = "pydantic",
        Dataclass = "dataclass",
        Custom = "custom",
    }
}

words! {
    /// How the user's object was made into JSON.
    pub enum ContextRoute {
        None = "none",
        Mapping = "mapping",
        Serializer = "context_serializer",
        ModelDump = "model_dump",
        Asdict = "asdict",
        Omitted = "omitted",
    }
}

record! {
    /// Decisions about one agent's calls of a function tool.
    pub struct FunctionApproval<'d>, unknown: Dropped {
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").weighed(weigh::named);
        tool_key: Slot<'d, Text<'d>> = required("tool_key");
        decision: Slot<'d, ApprovalRecord<'d>> = required("decision").inside(Effect::Lost);
    }
}

record! {
    /// All calls of a tool on a server.
    pub struct ServerTool<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["server_tool"]);
        server_label: Slot<'d, NonEmpty<'d>> = required("server_label");
        tool_name: Slot<'d, NonEmpty<'d>> = required("tool_name");
    }
}

record! {
    /// One request whose tool is not known.
    pub struct SingleRequest<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["request"]);
        request_id: Slot<'d, NonEmpty<'d>> = required("request_id");
    }
}

record! {
    /// One request, for look-ups by the tool's name alone; it authorizes nothing.
    pub struct NamedQuery<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["query"]);
        tool_name: Slot<'d, NonEmpty<'d>> = required("tool_name");
        request_id: Slot<'d, NonEmpty<'d>> = required("request_id");
    }
}

union! {
    /// What a decision about a hosted MCP tool is about.
    pub enum HostedIdentity<'d> by tag "type" {
        ServerTool(ServerTool<'d>);
        SingleRequest(SingleRequest<'d>);
        NamedQuery(NamedQuery<'d>);
    }
}

record! {
    /// Decisions about the calls of a hosted MCP tool.
    pub struct HostedMcpApproval<'d>, unknown: Dropped {
        identity: Slot<'d, Sifted<HostedIdentity<'d>>> = required("identity");
        decision: Slot<'d, ApprovalRecord<'d>> = required("decision").inside(Effect::Lost);
    }
}
