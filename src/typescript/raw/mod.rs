//! The items of the protocol: what models give and receive (`types/protocol.mjs`).

mod calls;
mod computer;
mod content;
mod messages;
mod results;

pub use calls::{
    ApplyPatchCall, ComputerCall, CreateFile, DeleteFile, Execution, FunctionCall, HostedToolCall, PatchOperation,
    PatchStatus, Program, ShellCall, ShellCommand, ToolSearchCall, UpdateFile,
};
pub use computer::{
    Button, Click, ComputerActionItem, DoubleClick, Drag, Keypress, Move, Point, Screenshot, Scroll, TypeText, Wait,
};
pub use content::{
    AssistantContent, Audio, BreakpointMode, FileId, FileReference, FileUrl, Image, InputFile, InputFileSource,
    InputImage, InputPart, InputText, Media, OutputText, PromptCacheBreakpoint, ReasoningText, Refusal, UserContent,
};
pub use messages::{
    AssistantMessage, AssistantText, Compaction, Message, Phase, Reasoning, SystemMessage, UnknownItem, UserMessage,
    UserText,
};
pub use results::{
    ApplyPatchCallOutput, ComputerCallResult, ComputerScreenshot, EndedOutcome, FunctionCallResult, FunctionOutput,
    Outcome, OutputFile, OutputImage, PatchResult, ProgramOutput, ProgramStatus, ShellCallOutput, ShellResult,
    TimeoutOutcome, ToolFile, ToolFileData, ToolFileId, ToolFileObject, ToolFileUrl, ToolImage, ToolImageData,
    ToolImageFile, ToolImageObject, ToolImageUrl, ToolOutput, ToolSearchOutput, ToolText,
};

use crate::json::Text;
use crate::record::{Slot, Tag, record, required, tag, union, words};

use super::v;

words! {
    /// How far an item of the protocol is.
    pub enum Status { InProgress = "in_progress", Completed = "completed", Incomplete = "incomplete" }
}

record! {
    /// The model itself called the tool.
    pub struct DirectCaller<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["direct"]);
    }
}

record! {
    /// A program that the model wrote called the tool.
    pub struct ProgramCaller<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["program"]);
        caller_id: Slot<'d, Text<'d>> = required("callerId");
    }
}

union! {
    /// Who called a tool (`ToolCaller`).
    pub enum Caller<'d> by tag "type" {
        Direct(DirectCaller<'d>);
        Program(ProgramCaller<'d>);
    }
}

union! {
    /// Anything that a model can be given (`ModelItem`).
    pub enum ModelItem<'d> by tag "type" {
        Message(Message<'d>);
        ToolSearchCall(ToolSearchCall<'d>);
        ToolSearchOutput(ToolSearchOutput<'d>);
        HostedToolCall(HostedToolCall<'d>);
        Program(Program<'d>);
        ProgramOutput(ProgramOutput<'d>);
        FunctionCall(FunctionCall<'d>);
        ComputerCall(ComputerCall<'d>);
        ShellCall(ShellCall<'d>);
        ApplyPatchCall(ApplyPatchCall<'d>);
        FunctionCallResult(FunctionCallResult<'d>);
        ComputerCallResult(ComputerCallResult<'d>);
        ShellCallOutput(ShellCallOutput<'d>);
        ApplyPatchCallOutput(ApplyPatchCallOutput<'d>);
        Reasoning(Reasoning<'d>);
        Compaction(Compaction<'d>);
        Unknown(UnknownItem<'d>);
    }
}

union! {
    /// Anything that a model can give (`OutputModelItem`).
    pub enum OutputItem<'d> by tag "type" {
        Message(AssistantMessage<'d>);
        ToolSearchCall(ToolSearchCall<'d>);
        ToolSearchOutput(ToolSearchOutput<'d>);
        HostedToolCall(HostedToolCall<'d>);
        Program(Program<'d>);
        ProgramOutput(ProgramOutput<'d>);
        FunctionCall(FunctionCall<'d>);
        ComputerCall(ComputerCall<'d>);
        ShellCall(ShellCall<'d>);
        ApplyPatchCall(ApplyPatchCall<'d>);
        FunctionCallResult(FunctionCallResult<'d>);
        ShellCallOutput(ShellCallOutput<'d>);
        ApplyPatchCallOutput(ApplyPatchCallOutput<'d>);
        Reasoning(Reasoning<'d>);
        Compaction(Compaction<'d>);
        Unknown(UnknownItem<'d>);
    }
}

union! {
    /// A call of any tool (`ToolCallItem` of the protocol).
    pub enum Call<'d> by tag "type" {
        Program(Program<'d>);
        Computer(ComputerCall<'d>);
        Shell(ShellCall<'d>);
        ApplyPatch(ApplyPatchCall<'d>);
        Function(FunctionCall<'d>);
        Hosted(HostedToolCall<'d>);
    }
}

union! {
    /// A call that a person can be asked about.
    pub enum ApprovableCall<'d> by tag "type" {
        Function(FunctionCall<'d>);
        Hosted(HostedToolCall<'d>);
        Computer(ComputerCall<'d>);
        Shell(ShellCall<'d>);
        ApplyPatch(ApplyPatchCall<'d>);
    }
}

union! {
    /// What came of a call.
    pub enum CallResult<'d> by tag "type" {
        Function(FunctionCallResult<'d>);
        Computer(ComputerCallResult<'d>);
        Shell(ShellCallOutput<'d>);
        ApplyPatch(ApplyPatchCallOutput<'d>);
        Program(ProgramOutput<'d>);
    }
}
