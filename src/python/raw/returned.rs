//! Calls and outputs of tools as the SDK itself writes them into the history. They are described by typed dictionaries of the
//! `openai` package, so that the reader drops unknown keys.

use crate::finding::Effect;
use crate::json::{Node, Text};
use crate::record::{Flag, List, NonEmpty, Open, Slot, Tag, Word, nullish, optional, record, required, tag, union};

use super::super::bounds::{V1_9, V1_15};
use super::Unchecked;
use super::function::{CALLER, CacheMode, CacheTtl, Caller, FileDetail, ImageDetail, ItemStatus, ProgramOutput};
use super::shell::{LocalShellAction, PatchOperation, PatchStatus, ShellAction, ShellEnvironment};

record! {
    /// Where the service's prompt cache may end.
    pub struct ReturnedBreakpoint<'d>, unknown: Dropped {
        mode: Slot<'d, Word<'d, CacheMode>> = required("mode");
        ttl: Slot<'d, Word<'d, CacheTtl>> = optional("ttl");
    }
}

record! {
    /// A text given to the model.
    pub struct ReturnedText<'d>, unknown: Dropped {
        text: Slot<'d, Text<'d>> = required("text");
        kind: Tag<'d> = tag("type", &["input_text"]);
        prompt_cache_breakpoint: Slot<'d, ReturnedBreakpoint<'d>> = nullish("prompt_cache_breakpoint");
    }
}

record! {
    /// An image given to the model.
    pub struct ReturnedImage<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["input_image"]);
        detail: Slot<'d, Word<'d, ImageDetail>> = nullish("detail");
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        image_url: Slot<'d, Text<'d>> = nullish("image_url");
        prompt_cache_breakpoint: Slot<'d, ReturnedBreakpoint<'d>> = nullish("prompt_cache_breakpoint");
    }
}

record! {
    /// A file given to the model.
    pub struct ReturnedFile<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["input_file"]);
        detail: Slot<'d, Word<'d, FileDetail>> = optional("detail");
        file_data: Slot<'d, Text<'d>> = nullish("file_data");
        file_id: Slot<'d, Text<'d>> = nullish("file_id");
        file_url: Slot<'d, Text<'d>> = nullish("file_url");
        filename: Slot<'d, Text<'d>> = nullish("filename");
        prompt_cache_breakpoint: Slot<'d, ReturnedBreakpoint<'d>> = nullish("prompt_cache_breakpoint");
    }
}

union! {
    /// A part of what the model is given.
    pub enum ReturnedPart<'d> by tag "type" {
        Text(ReturnedText<'d>);
        Image(ReturnedImage<'d>);
        File(ReturnedFile<'d>);
    }
}

union! {
    /// What the model is shown of a tool's output: a text or several parts.
    pub enum ReturnedContent<'d> by kind {
        Text(Text<'d>);
        Parts(List<'d, ReturnedPart<'d>>);
    }
}

record! {
    /// The model itself called.
    pub struct ReturnedDirectCaller<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["direct"]);
    }
}

record! {
    /// A program that the model wrote called.
    pub struct ReturnedProgramCaller<'d>, unknown: Dropped {
        caller_id: Slot<'d, Text<'d>> = required("caller_id");
        kind: Tag<'d> = tag("type", &["program"]);
    }
}

union! {
    /// Who called: the model or its program.
    pub enum ReturnedCaller<'d> by tag "type" {
        Direct(ReturnedDirectCaller<'d>);
        Program(ReturnedProgramCaller<'d>);
    }
}

record! {
    /// What a function tool returned (`FunctionCallOutput` of the input items).
    pub struct ReturnedFunctionOutput<'d>, unknown: Dropped {
        call_id: Slot<'d, Text<'d>> = nullish("call_id");
        output: Slot<'d, ReturnedContent<'d>> = required("output");
        kind: Tag<'d> = tag("type", &["function_call_output"]);
        id: Slot<'d, Text<'d>> = nullish("id");
        caller: Slot<'d, ReturnedCaller<'d>> = CALLER;
        name: Slot<'d, Text<'d>> = nullish("name");
        namespace: Slot<'d, Text<'d>> = nullish("namespace");
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
    }
}

record! {
    /// A screenshot of the computer.
    pub struct ReturnedScreenshot<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["computer_screenshot"]);
        file_id: Slot<'d, Text<'d>> = optional("file_id");
        image_url: Slot<'d, Text<'d>> = optional("image_url");
    }
}

record! {
    /// A warning that a person acknowledged.
    pub struct ReturnedSafetyCheck<'d>, unknown: Dropped {
        id: Slot<'d, Text<'d>> = required("id");
        code: Slot<'d, Text<'d>> = nullish("code");
        message: Slot<'d, Text<'d>> = nullish("message");
    }
}

record! {
    /// What the computer showed (`ComputerCallOutput` of the input items).
    pub struct ReturnedComputerOutput<'d>, unknown: Dropped {
        call_id: Slot<'d, Text<'d>> = required("call_id");
        output: Slot<'d, ReturnedScreenshot<'d>> = required("output");
        kind: Tag<'d> = tag("type", &["computer_call_output"]);
        id: Slot<'d, Text<'d>> = nullish("id");
        acknowledged_safety_checks: Slot<'d, List<'d, ReturnedSafetyCheck<'d>>> =
            nullish("acknowledged_safety_checks").weighed(super::super::weigh::safety_checks);
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
    }
}

record! {
    /// What a local shell call printed (`_LocalShellCallOutputPayload`, since 0.20.0).
    pub struct ReturnedLocalShellOutput<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["local_shell_call_output"]);
        call_id: Slot<'d, NonEmpty<'d>> =
            required("call_id").read_before(V1_15, &required("call_id").tolerated(Effect::Note));
        output: Slot<'d, Text<'d>> = required("output");
    }
}

record! {
    /// What a shell call printed, with the SDK's own record of it. The reader keeps it as it is.
    pub struct ReturnedShellOutput<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["shell_call_output"]);
        call_id: Slot<'d, Text<'d>> = required("call_id");
        output: Slot<'d, Node<'d>> = required("output");
        status: Slot<'d, Text<'d>> = optional("status");
        max_output_length: Slot<'d, Node<'d>> = optional("max_output_length");
        shell_output: Slot<'d, List<'d, Open<'d>>> = optional("shell_output");
        provider_data: Slot<'d, Node<'d>> = optional("provider_data");
        caller: Slot<'d, ReturnedCaller<'d>> = CALLER;
        id: Slot<'d, Text<'d>> = nullish("id");
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// What came of a patch. The reader keeps it as it is.
    pub struct ReturnedPatchOutput<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["apply_patch_call_output"]);
        call_id: Slot<'d, Text<'d>> = required("call_id");
        status: Slot<'d, Text<'d>> = required("status");
        output: Slot<'d, Text<'d>> = nullish("output");
        caller: Slot<'d, ReturnedCaller<'d>> = CALLER;
        id: Slot<'d, Text<'d>> = nullish("id");
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// What a custom tool returned. The reader keeps it as it is.
    pub struct ReturnedCustomOutput<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["custom_tool_call_output"]).since(V1_9);
        call_id: Slot<'d, Text<'d>> = required("call_id");
        output: Slot<'d, ReturnedContent<'d>> = required("output");
        caller: Slot<'d, ReturnedCaller<'d>> = CALLER;
        id: Slot<'d, Text<'d>> = nullish("id");
    }
}

record! {
    /// The answer to a question of an MCP server.
    pub struct ReturnedMcpApproval<'d>, unknown: Dropped {
        approval_request_id: Slot<'d, Text<'d>> = required("approval_request_id");
        approve: Slot<'d, Flag<'d>> = required("approve");
        kind: Tag<'d> = tag("type", &["mcp_approval_response"]);
        id: Slot<'d, Text<'d>> = nullish("id");
        reason: Slot<'d, Text<'d>> = nullish("reason");
        /// Kept beside the dictionary since 0.19.0.
        caller: Slot<'d, Node<'d>> = nullish("caller");
    }
}

record! {
    /// An earlier part of the history, compacted by the service (`ResponseCompactionItemParam`).
    pub struct ReturnedCompaction<'d>, unknown: Dropped {
        encrypted_content: Slot<'d, Text<'d>> = required("encrypted_content");
        kind: Tag<'d> = tag("type", &["compaction"]);
        id: Slot<'d, Text<'d>> = nullish("id");
        /// Lost when the item is loaded: the input item does not have it.
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// A call of the patch tool in the history: the model's own, or what the SDK made of a call of another tool.
    pub struct CalledPatch<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["apply_patch_call"]);
        call_id: Slot<'d, Text<'d>> = required("call_id");
        operation: Slot<'d, PatchOperation<'d>> = optional("operation");
        /// Several operations of a call of a custom tool.
        operations: Slot<'d, List<'d, PatchOperation<'d>>> = optional("operations");
        id: Slot<'d, Text<'d>> = nullish("id");
        status: Slot<'d, Word<'d, PatchStatus>> = nullish("status");
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// A call of the shell tool in the history.
    pub struct CalledShell<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["shell_call"]);
        call_id: Slot<'d, Text<'d>> = required("call_id");
        action: Slot<'d, ShellAction<'d>> = required("action");
        id: Slot<'d, Text<'d>> = nullish("id");
        environment: Slot<'d, ShellEnvironment<'d>> = nullish("environment");
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// A call of the local shell tool in the history.
    pub struct CalledLocalShell<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["local_shell_call"]);
        call_id: Slot<'d, Text<'d>> = required("call_id");
        action: Slot<'d, LocalShellAction<'d>> = required("action");
        id: Slot<'d, Text<'d>> = nullish("id");
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
    }
}

union! {
    /// What a tool returned, as an item of the history holds it. Objects with another `type` are dropped with their
    /// item.
    pub enum ToolOutput<'d> by tag "type" {
        Function(ReturnedFunctionOutput<'d>);
        Computer(ReturnedComputerOutput<'d>);
        Program(Unchecked<ProgramOutput<'d>>);
        LocalShell(ReturnedLocalShellOutput<'d>);
        Shell(Unchecked<ReturnedShellOutput<'d>>);
        Patch(Unchecked<ReturnedPatchOutput<'d>>);
        Custom(Unchecked<ReturnedCustomOutput<'d>>);
    }
}
