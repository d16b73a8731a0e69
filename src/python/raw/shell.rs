//! Calls of the shell tools and of the patch tool.

use crate::json::Text;
use crate::record::{Int, List, Map, Slot, Tag, Word, nullish, record, required, tag, union, words};

use super::containers::ContainerEnvironment;
use super::function::{CALLER, Caller, ItemStatus};

record! {
    /// The command of a local shell call.
    pub struct LocalShellAction<'d>, unknown: Kept {
        command: Slot<'d, List<'d, Text<'d>>> = required("command");
        env: Slot<'d, Map<'d, Text<'d>>> = required("env");
        kind: Tag<'d> = tag("type", &["exec"]);
        timeout_ms: Slot<'d, Int<'d>> = nullish("timeout_ms");
        user: Slot<'d, Text<'d>> = nullish("user");
        working_directory: Slot<'d, Text<'d>> = nullish("working_directory");
    }
}

record! {
    /// A call of the local shell tool.
    pub struct LocalShellCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        action: Slot<'d, LocalShellAction<'d>> = required("action");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["local_shell_call"]);
    }
}

record! {
    /// What a local shell call printed, as the service reports it.
    pub struct LocalShellCallOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        output: Slot<'d, Text<'d>> = required("output");
        kind: Tag<'d> = tag("type", &["local_shell_call_output"]);
        status: Slot<'d, Word<'d, ItemStatus>> = nullish("status");
    }
}

record! {
    /// The commands of a shell call.
    pub struct ShellAction<'d>, unknown: Kept {
        commands: Slot<'d, List<'d, Text<'d>>> = required("commands");
        max_output_length: Slot<'d, Int<'d>> = nullish("max_output_length");
        timeout_ms: Slot<'d, Int<'d>> = nullish("timeout_ms");
    }
}

record! {
    /// The shell runs where the program runs.
    pub struct LocalEnvironment<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["local"]);
    }
}

union! {
    /// Where a shell runs.
    pub enum ShellEnvironment<'d> by tag "type" {
        LocalEnvironment(LocalEnvironment<'d>);
        ContainerEnvironment(ContainerEnvironment<'d>);
    }
}

record! {
    /// A call of the shell tool.
    pub struct ShellCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        action: Slot<'d, ShellAction<'d>> = required("action");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        environment: Slot<'d, ShellEnvironment<'d>> = nullish("environment");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["shell_call"]);
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// The command took too long.
    pub struct TimedOut<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["timeout"]);
    }
}

record! {
    /// The command ended.
    pub struct Exited<'d>, unknown: Kept {
        exit_code: Slot<'d, Int<'d>> = required("exit_code");
        kind: Tag<'d> = tag("type", &["exit"]);
    }
}

union! {
    /// How a command ended.
    pub enum Outcome<'d> by tag "type" {
        TimedOut(TimedOut<'d>);
        Exited(Exited<'d>);
    }
}

record! {
    /// What one command printed and how it ended.
    pub struct ShellOutput<'d>, unknown: Kept {
        outcome: Slot<'d, Outcome<'d>> = required("outcome");
        stderr: Slot<'d, Text<'d>> = required("stderr");
        stdout: Slot<'d, Text<'d>> = required("stdout");
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// What a shell call printed.
    pub struct ShellCallOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        max_output_length: Slot<'d, Int<'d>> = nullish("max_output_length");
        output: Slot<'d, List<'d, ShellOutput<'d>>> = required("output");
        status: Slot<'d, Word<'d, ItemStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["shell_call_output"]);
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

record! {
    /// A file to create.
    pub struct CreateFile<'d>, unknown: Kept {
        diff: Slot<'d, Text<'d>> = required("diff");
        path: Slot<'d, Text<'d>> = required("path");
        kind: Tag<'d> = tag("type", &["create_file"]);
    }
}

record! {
    /// A file to delete.
    pub struct DeleteFile<'d>, unknown: Kept {
        path: Slot<'d, Text<'d>> = required("path");
        kind: Tag<'d> = tag("type", &["delete_file"]);
    }
}

record! {
    /// A file to change.
    pub struct UpdateFile<'d>, unknown: Kept {
        diff: Slot<'d, Text<'d>> = required("diff");
        path: Slot<'d, Text<'d>> = required("path");
        kind: Tag<'d> = tag("type", &["update_file"]);
    }
}

union! {
    /// What a patch does to a file.
    pub enum PatchOperation<'d> by tag "type" {
        CreateFile(CreateFile<'d>);
        DeleteFile(DeleteFile<'d>);
        UpdateFile(UpdateFile<'d>);
    }
}

words! {
    /// How far a patch is.
    pub enum PatchStatus {
        InProgress = "in_progress",
        Completed = "completed",
    }
}

record! {
    /// A call of the patch tool.
    pub struct ApplyPatchCall<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        operation: Slot<'d, PatchOperation<'d>> = required("operation");
        status: Slot<'d, Word<'d, PatchStatus>> = required("status");
        kind: Tag<'d> = tag("type", &["apply_patch_call"]);
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
    }
}

words! {
    /// How a patch ended.
    pub enum PatchOutcome {
        Completed = "completed",
        Failed = "failed",
    }
}

record! {
    /// What came of a patch.
    pub struct ApplyPatchCallOutput<'d>, unknown: Kept {
        id: Slot<'d, Text<'d>> = required("id");
        call_id: Slot<'d, Text<'d>> = required("call_id");
        status: Slot<'d, Word<'d, PatchOutcome>> = required("status");
        kind: Tag<'d> = tag("type", &["apply_patch_call_output"]);
        caller: Slot<'d, Caller<'d>> = CALLER;
        created_by: Slot<'d, Text<'d>> = nullish("created_by");
        output: Slot<'d, Text<'d>> = nullish("output");
    }
}
