//! Items as the model service speaks them, in the types of the `openai` package (3.54.0): what the models of that
//! package hold is validated and keeps unknown keys, what its typed dictionaries describe loses them.

mod computer;
mod containers;
mod function;
mod hosted;
mod mcp;
mod message;
mod returned;
mod search;
mod shell;
mod tools;

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Node};
use crate::record::{List, Reader, Tag, Wire, forward, record, tag, union};

use super::bounds::{V1_9, V1_13};

pub use computer::*;
pub use containers::*;
pub use function::*;
pub use hosted::*;
pub use mcp::*;
pub use message::*;
pub use returned::*;
pub use search::*;
pub use shell::*;
pub use tools::*;

union! {
    /// An item of a model response (`ResponseOutputItem`).
    pub enum OutputItem<'d> by tag "type" {
        Message(Message<'d>);
        FunctionCall(FunctionCall<'d>);
        Reasoning(Reasoning<'d>);
        FileSearchCall(FileSearchCall<'d>);
        FunctionCallOutput(FunctionCallOutput<'d>);
        WebSearchCall(WebSearchCall<'d>);
        ComputerCall(ComputerCall<'d>);
        ComputerCallOutput(ComputerCallOutput<'d>);
        Program(Program<'d>);
        ProgramOutput(ProgramOutput<'d>);
        ToolSearchCall(ToolSearchCall<'d>);
        ToolSearchOutput(ToolSearchOutput<'d>);
        AdditionalTools(AdditionalTools<'d>);
        Compaction(Compaction<'d>);
        ImageGenerationCall(Box<ImageGenerationCall<'d>>);
        CodeInterpreterCall(CodeInterpreterCall<'d>);
        LocalShellCall(LocalShellCall<'d>);
        LocalShellCallOutput(LocalShellCallOutput<'d>);
        ShellCall(ShellCall<'d>);
        ShellCallOutput(ShellCallOutput<'d>);
        ApplyPatchCall(ApplyPatchCall<'d>);
        ApplyPatchCallOutput(ApplyPatchCallOutput<'d>);
        McpCall(McpCall<'d>);
        McpListTools(McpListTools<'d>);
        McpApprovalRequest(McpApprovalRequest<'d>);
        McpApprovalResponse(McpApprovalResponse<'d>);
        CustomToolCall(CustomToolCall<'d>);
        CustomToolCallOutput(CustomToolCallOutput<'d>);
    }
}

record! {
    /// A call of a hosted tool as adapters of other model services write it.
    pub struct HostedToolCall<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["hosted_tool_call"]);
    }
}

union! {
    /// A tool call in an item of the history.
    pub enum ToolCall<'d> by tag "type" {
        FunctionCall(FunctionCall<'d>);
        FileSearchCall(FileSearchCall<'d>);
        WebSearchCall(WebSearchCall<'d>);
        ComputerCall(ComputerCall<'d>);
        Program(Program<'d>);
        ImageGenerationCall(Box<ImageGenerationCall<'d>>);
        CodeInterpreterCall(CodeInterpreterCall<'d>);
        LocalShellCall(CalledLocalShell<'d>);
        ShellCall(CalledShell<'d>);
        ApplyPatchCall(CalledPatch<'d>);
        McpCall(McpCall<'d>);
        McpApprovalRequest(McpApprovalRequest<'d>);
        CustomToolCall(CustomToolCall<'d>);
        HostedToolCall(HostedToolCall<'d>);
    }
}

/// A message of the model. One of the assistant whose content is a text is taken as it is, whatever else is in it
/// (`_deserialize_message_output_item`, since 0.19.0, as is a null `status`; an absent one since 0.14.0).
#[derive(Debug)]
pub struct Message<'d>(pub OutputMessage<'d>);

impl<'d> Wire<'d> for Message<'d> {
    forward!(OutputMessage<'d>, own => own.0);

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        let assistant = || node.member("role").and_then(Node::text).is_some_and(|role| role.is("assistant"));
        let message = match node.member("content") {
            Some(content) if content.kind() == Kind::String && cx.reader_has(V1_13) && assistant() => {
                cx.tolerating(Effect::Note, |cx| OutputMessage::read(node, cx))
            }
            _ => OutputMessage::read(node, cx),
        };
        let status = node.member("status");
        if status.is_none() && !cx.reader_has(V1_9) || status.is_some_and(Node::is_null) && !cx.reader_has(V1_13) {
            let message = format!("{} takes no message without `status`", cx.reader);
            cx.raise(codes::INVALID_VALUE, cx.zone.fault, status.unwrap_or(node), message);
        }
        message.map(Self)
    }
}

/// The items of a model response. When a program among them does not fit its model, the reader stores the whole list
/// without a look at it, messages excepted (`_deserialize_model_responses`, since 0.19.0).
#[derive(Debug)]
pub struct Outputs<'d>(pub List<'d, OutputItem<'d>>);

impl<'d> Wire<'d> for Outputs<'d> {
    forward!(List<'d, OutputItem<'d>>, own => own.0);

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        let list = if cx.reader_has(V1_13) && node.elements().any(has_raw_program) {
            let refused = node.elements().find(|element| is_refused_message(*element, cx));
            let list = cx.tolerating(Effect::Note, |cx| List::read(node, cx));
            if let Some(message) = refused {
                cx.raise(
                    codes::INVALID_VALUE,
                    cx.zone.fault,
                    message,
                    "the message does not fit the model of a message",
                );
            }
            list
        } else {
            List::read(node, cx)
        };
        list.map(Self)
    }
}

/// Whether the element is a program, or the output of one, that its model does not take.
fn has_raw_program(element: Node<'_>) -> bool {
    let text = |key| element.member(key).and_then(Node::text);
    let kind = text("type");
    let texts: &[&str] = match kind {
        Some(kind) if kind.is("program") => &["id", "call_id", "code", "fingerprint"],
        Some(kind) if kind.is("program_output") => &["id", "call_id", "result", "status"],
        _ => return false,
    };
    let status = |status: crate::json::Text<'_>| status.is("completed") || status.is("incomplete");
    texts.iter().any(|key| text(key).is_none())
        || (texts.contains(&"status") && !text("status").is_some_and(status))
        || element.members().any(|member| member.key.has_lone_surrogate())
}

/// Whether the element is a message that its model does not take.
fn is_refused_message<'d>(element: Node<'d>, cx: &Reader<'d>) -> bool {
    if !element.is_type("message") {
        return false;
    }
    let mut aside = Reader::new(cx.doc, cx.dialect, cx.label);
    aside.reader = cx.reader;
    let read = Message::read(element, &mut aside);
    read.is_none() || aside.faults() > 0
}

/// A value that the reader does not look into: it keeps whatever stands there.
#[derive(Debug)]
pub struct Unchecked<T>(pub T);

impl<'d, T: Wire<'d>> Wire<'d> for Unchecked<T> {
    forward!(T, own => own.0);

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        cx.tolerating(Effect::Note, |cx| T::read(node, cx)).map(Self)
    }
}
