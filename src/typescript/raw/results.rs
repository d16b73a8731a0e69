//! What came of calls.

use crate::json::Text;
use crate::record::{
    Int, List, Open, Slot, Tag, Word, nullable, nullish, optional, record, required, tag, union, words,
};

use super::super::bounds::{LOCAL_TOOLS, OUTPUT_PARTS};
use super::super::values::Finite;
use super::calls::Execution;
use super::content::InputPart;
use super::{Caller, Status, v};

words! {
    /// How a program ended.
    pub enum ProgramStatus { Completed = "completed", Incomplete = "incomplete" }
}

words! {
    /// What came of a patch.
    pub enum PatchResult { Completed = "completed", Failed = "failed" }
}

record! {
    /// What a search for tools found (`ToolSearchOutputItem`).
    pub struct ToolSearchOutput<'d>, unknown: Dropped {
        /// The agent whose tools were searched.
        tool_search_agent_name: Slot<'d, Text<'d>> = optional("toolSearchAgentName").since(v(20));
        /// Names of the local MCP tools among the found ones.
        tool_search_mcp_tool_names: Slot<'d, List<'d, Text<'d>>> = optional("toolSearchMcpToolNames").since(v(22));
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["tool_search_output"]).since(v(8)).gated();
        call_id: Slot<'d, Text<'d>> = nullish("call_id");
        /// The same id in the SDK's own spelling.
        call_id_camel: Slot<'d, Text<'d>> = nullish("callId");
        execution: Slot<'d, Word<'d, Execution>> = optional("execution");
        status: Slot<'d, Text<'d>> = optional("status");
        tools: Slot<'d, List<'d, Open<'d>>> = required("tools");
    }
}

record! {
    /// What came of a program (`ProgramCallResultItem`).
    pub struct ProgramOutput<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["program_output"]).since(v(14)).gated();
        call_id: Slot<'d, Text<'d>> = required("callId");
        output: Slot<'d, Text<'d>> = required("output");
        status: Slot<'d, Word<'d, ProgramStatus>> = required("status");
    }
}

record! {
    /// A text that a tool returned (`ToolOutputText`).
    pub struct ToolText<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["text"]);
        text: Slot<'d, Text<'d>> = required("text");
    }
}

record! {
    /// An image as data.
    pub struct ToolImageData<'d>, unknown: Dropped {
        data: Slot<'d, Text<'d>> = required("data");
        media_type: Slot<'d, Text<'d>> = optional("mediaType");
    }
}

record! {
    /// An image by its address.
    pub struct ToolImageUrl<'d>, unknown: Dropped {
        url: Slot<'d, Text<'d>> = required("url");
    }
}

record! {
    /// An image as a file of the service.
    pub struct ToolImageFile<'d>, unknown: Dropped {
        file_id: Slot<'d, Text<'d>> = required("fileId");
    }
}

union! {
    /// Where an image is.
    pub enum ToolImageObject<'d> by fields {
        Data(ToolImageData<'d>);
        Url(ToolImageUrl<'d>);
        File(ToolImageFile<'d>);
    }
}

union! {
    /// An image: itself as a string, or where it is.
    pub enum ToolImage<'d> by kind {
        Inline(Text<'d>);
        Object(ToolImageObject<'d>);
    }
}

record! {
    /// An image that a tool returned (`ToolOutputImage`).
    pub struct OutputImage<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["image"]);
        image: Slot<'d, ToolImage<'d>> = optional("image").since(OUTPUT_PARTS);
        detail: Slot<'d, Text<'d>> = optional("detail").since(OUTPUT_PARTS);
    }
}

record! {
    /// A file as data.
    pub struct ToolFileData<'d>, unknown: Dropped {
        data: Slot<'d, Text<'d>> = required("data");
        media_type: Slot<'d, Text<'d>> = required("mediaType");
        filename: Slot<'d, Text<'d>> = required("filename");
    }
}

record! {
    /// A file by its address.
    pub struct ToolFileUrl<'d>, unknown: Dropped {
        url: Slot<'d, Text<'d>> = required("url");
        filename: Slot<'d, Text<'d>> = optional("filename");
    }
}

record! {
    /// A file of the service.
    pub struct ToolFileId<'d>, unknown: Dropped {
        id: Slot<'d, Text<'d>> = required("id");
        filename: Slot<'d, Text<'d>> = optional("filename");
    }
}

union! {
    /// Where a file is.
    pub enum ToolFileObject<'d> by fields {
        Data(ToolFileData<'d>);
        Url(ToolFileUrl<'d>);
        Id(ToolFileId<'d>);
    }
}

union! {
    /// A file: itself as a string, or where it is.
    pub enum ToolFile<'d> by kind {
        Inline(Text<'d>);
        Object(ToolFileObject<'d>);
    }
}

record! {
    /// A file that a tool returned (`ToolOutputFileContent`).
    pub struct OutputFile<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["file"]).since(OUTPUT_PARTS);
        file: Slot<'d, ToolFile<'d>> = required("file");
    }
}

union! {
    /// One thing that a tool returned, as the model sees it.
    pub enum ToolOutput<'d> by tag "type" {
        Text(ToolText<'d>);
        Image(OutputImage<'d>);
        File(OutputFile<'d>);
    }
}

union! {
    /// What a function returned, as the model sees it.
    pub enum FunctionOutput<'d> by kind {
        Text(Text<'d>);
        One(ToolOutput<'d>);
        Parts(List<'d, InputPart<'d>>);
    }
}

record! {
    /// What came of a function call (`FunctionCallResultItem`).
    pub struct FunctionCallResult<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["function_call_result"]);
        name: Slot<'d, Text<'d>> = required("name");
        namespace: Slot<'d, Text<'d>> = optional("namespace").since(v(8));
        call_id: Slot<'d, Text<'d>> = required("callId");
        status: Slot<'d, Word<'d, Status>> = required("status");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
        output: Slot<'d, FunctionOutput<'d>> = required("output");
    }
}

record! {
    /// A picture of the screen (`ComputerToolOutput`).
    pub struct ComputerScreenshot<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        kind: Tag<'d> = tag("type", &["computer_screenshot"]);
        data: Slot<'d, Text<'d>> = required("data");
    }
}

record! {
    /// What came of a call of the computer (`ComputerCallResultItem`).
    pub struct ComputerCallResult<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["computer_call_result"]);
        call_id: Slot<'d, Text<'d>> = required("callId");
        output: Slot<'d, ComputerScreenshot<'d>> = required("output");
    }
}

record! {
    /// A command that took too long.
    pub struct TimeoutOutcome<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["timeout"]);
    }
}

record! {
    /// A command that ended.
    pub struct EndedOutcome<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["exit"]);
        exit_code: Slot<'d, Int<'d>> = nullable("exitCode");
    }
}

union! {
    /// How a command ended.
    pub enum Outcome<'d> by tag "type" {
        Timeout(TimeoutOutcome<'d>);
        Exit(EndedOutcome<'d>);
    }
}

record! {
    /// What came of one command; other members are kept.
    pub struct ShellResult<'d>, unknown: Kept {
        stdout: Slot<'d, Text<'d>> = required("stdout");
        stderr: Slot<'d, Text<'d>> = required("stderr");
        outcome: Slot<'d, Outcome<'d>> = required("outcome");
    }
}

record! {
    /// What came of a call of the shell (`ShellCallResultItem`).
    pub struct ShellCallOutput<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["shell_call_output"]).since(LOCAL_TOOLS);
        call_id: Slot<'d, Text<'d>> = required("callId");
        status: Slot<'d, Word<'d, Status>> = optional("status").since(v(14));
        max_output_length: Slot<'d, Finite<'d>> = optional("maxOutputLength");
        output: Slot<'d, List<'d, ShellResult<'d>>> = required("output");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}

record! {
    /// What came of a patch (`ApplyPatchCallResultItem`).
    pub struct ApplyPatchCallOutput<'d>, unknown: Dropped {
        provider_data: Slot<'d, Open<'d>> = optional("providerData");
        id: Slot<'d, Text<'d>> = optional("id");
        kind: Tag<'d> = tag("type", &["apply_patch_call_output"]).since(LOCAL_TOOLS);
        call_id: Slot<'d, Text<'d>> = required("callId");
        status: Slot<'d, Word<'d, PatchResult>> = required("status");
        output: Slot<'d, Text<'d>> = optional("output");
        caller: Slot<'d, Caller<'d>> = optional("caller").since(v(14));
    }
}
