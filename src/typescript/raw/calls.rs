//! Calls of tools.

use crate::json::{Node, Text};
use crate::record::{
    Filled, List, Natural, NonEmpty, Open, Slot, Tag, Word, nullish, optional, record, required, tag, union, words,
};

use super::super::bounds::{HOSTED_MCP, LOCAL_TOOLS, SANDBOXES};
use super::super::{ANYTHING_OR_ABSENT, anything};
use super::computer::ComputerActionItem;
use super::{Caller, Status, v};

words! {
    /// Where a tool search runs.
    pub enum Execution { Client = "client", Server = "server" }
}

words! {
    /// How far a patch is.
    pub enum PatchStatus { InProgress = "in_progress", Completed = "completed" }
}

record! {
    /// A search for tools whose definitions are loaded late (`ToolSearchCallItem`).
    pub struct ToolSearchCall<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["tool_search_call"]).since(v(8)).gated();
        call_id: Slot<'d, Text<'d>> = nullish("call_id");
        /// The same id in the SDK's own spelling.
        call_id_camel: Slot<'d, Text<'d>> = nullish("callId");
        execution: Slot<'d, Word<'d, Execution>> = optional("execution");
        arguments: Slot<'d, Node<'d>> =
            anything(required("arguments")).read_before(SANDBOXES, &ANYTHING_OR_ABSENT);
        status: Slot<'d, Text<'d>> = optional("status");
    }
}

record! {
    /// A call of a tool that the service runs itself (`HostedToolCallItem`).
    pub struct HostedToolCall<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["hosted_tool_call"]);
        name: Slot<'d, Text<'d>> = required("name");
        arguments: Slot<'d, Text<'d>> = optional("arguments").since(HOSTED_MCP);
        status: Slot<'d, Text<'d>> = optional("status");
        output: Slot<'d, Text<'d>> = optional("output");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}

record! {
    /// A program that the model wrote to call tools (`ProgramCallItem`).
    pub struct Program<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["program"]).since(v(14)).gated();
        call_id: Slot<'d, Text<'d>> = required("callId");
        code: Slot<'d, Text<'d>> = required("code");
        fingerprint: Slot<'d, Text<'d>> = required("fingerprint");
    }
}

record! {
    /// A call of a function of the program (`FunctionCallItem`).
    pub struct FunctionCall<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["function_call"]);
        call_id: Slot<'d, Text<'d>> = required("callId");
        name: Slot<'d, Text<'d>> = required("name");
        namespace: Slot<'d, Text<'d>> = optional("namespace").since(v(8));
        status: Slot<'d, Word<'d, Status>> = optional("status");
        /// The text as the model gave it; it need not be JSON.
        arguments: Slot<'d, Text<'d>> = required("arguments");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}

record! {
    /// A call of the computer (`ComputerUseCallItem`). At least one of `action` and `actions` is there.
    pub struct ComputerCall<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["computer_call"]);
        call_id: Slot<'d, Text<'d>> = required("callId");
        status: Slot<'d, Word<'d, Status>> = required("status");
        action: Slot<'d, ComputerActionItem<'d>> = optional("action");
        actions: Slot<'d, Filled<'d, ComputerActionItem<'d>>> = optional("actions").since(v(8));
    }
}

record! {
    /// What a shell is to do.
    pub struct ShellCommand<'d>, unknown: Dropped {
        commands: Slot<'d, List<'d, Text<'d>>> = required("commands");
        timeout_ms: Slot<'d, Natural<'d>> = optional("timeoutMs");
        max_output_length: Slot<'d, Natural<'d>> = optional("maxOutputLength");
    }
}

record! {
    /// A call of the shell (`ShellCallItem`).
    pub struct ShellCall<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["shell_call"]).since(LOCAL_TOOLS);
        call_id: Slot<'d, Text<'d>> = required("callId");
        status: Slot<'d, Word<'d, Status>> = optional("status");
        action: Slot<'d, ShellCommand<'d>> = required("action");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}

record! {
    /// A patch that makes a file.
    pub struct CreateFile<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["create_file"]);
        path: Slot<'d, Text<'d>> = required("path");
        diff: Slot<'d, Text<'d>> = required("diff");
    }
}

record! {
    /// A patch that changes or moves a file.
    pub struct UpdateFile<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["update_file"]);
        path: Slot<'d, Text<'d>> = required("path");
        diff: Slot<'d, Text<'d>> = required("diff");
        move_to: Slot<'d, NonEmpty<'d>> = optional("moveTo").since(v(9));
    }
}

record! {
    /// A patch that removes a file.
    pub struct DeleteFile<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["delete_file"]);
        path: Slot<'d, Text<'d>> = required("path");
    }
}

union! {
    /// What a patch does (`ApplyPatchOperation`).
    pub enum PatchOperation<'d> by tag "type" {
        Create(CreateFile<'d>);
        Update(UpdateFile<'d>);
        Delete(DeleteFile<'d>);
    }
}

record! {
    /// A call that patches a file (`ApplyPatchCallItem`).
    pub struct ApplyPatchCall<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["apply_patch_call"]).since(LOCAL_TOOLS);
        call_id: Slot<'d, Text<'d>> = required("callId");
        status: Slot<'d, Word<'d, PatchStatus>> = required("status");
        operation: Slot<'d, PatchOperation<'d>> = required("operation");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}
