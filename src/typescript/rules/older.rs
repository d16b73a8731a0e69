//! What older readers insist on in items that they know: what their unions do not hold, and what they do not do without.

use crate::codes;
use crate::json::Node;
use crate::record::{List, Wire as _};
use crate::typescript::raw::{
    ApprovableCall, CallResult, FileReference, FunctionCallResult, FunctionOutput, InputFileSource, Message, ModelItem,
    OutputItem, ToolOutput, UserContent, UserText,
};
use crate::typescript::state::Input;
use crate::typescript::{ModelResponse, RunItem, bounds};

use super::Judge;

impl<'d> Judge<'_, 'd> {
    /// Items of kinds that the reader knows, at places or with contents that it does not.
    pub(super) fn older(&mut self) {
        if self.has(bounds::COMPUTER_APPROVALS) {
            return;
        }
        let state = self.state;
        if let Some(Input::Items(items)) = state.original_input.value() {
            items.values().for_each(|item| self.older_input(item));
        }
        for response in state.model_responses.value().into_iter().flat_map(List::values) {
            self.older_response(response);
        }
        if let Some(response) = state.last_model_response.value() {
            self.older_response(response);
        }
        let new = state.last_processed_response.value().and_then(|last| last.new_items.value());
        for item in state.history().chain(new.into_iter().flat_map(List::values).map(Box::as_ref)) {
            self.older_item(item);
        }
    }

    fn unknown_here(&mut self, node: Node<'d>, what: &str) {
        let message = format!("{} knows no {what} here", self.cx.reader);
        self.refuse(codes::NOT_IN_READER, node, message);
    }

    fn older_input(&mut self, item: &ModelItem<'d>) {
        match item {
            ModelItem::FunctionCallResult(result) => self.older_result(result),
            ModelItem::Message(Message::User(message)) => {
                let Some(UserText::Parts(parts)) = message.content.value() else { return };
                parts.values().for_each(|part| self.older_part(part));
            }
            _ => {}
        }
    }

    fn older_part(&mut self, part: &UserContent<'d>) {
        match part {
            UserContent::Image(image) if image.image.is_absent() && !self.has(bounds::OUTPUT_PARTS) => {
                self.unknown_here(image.node(), "image without its content");
            }
            UserContent::File(file) => match file.file.value() {
                None if file.file.is_absent() && !self.has(bounds::OUTPUT_PARTS) => {
                    self.unknown_here(file.node(), "file without its content");
                }
                Some(InputFileSource::Reference(FileReference::Url(url))) if !self.has(bounds::FILE_URLS) => {
                    self.unknown_here(url.node(), "file by its address");
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn older_response(&mut self, response: &ModelResponse<'d>) {
        for item in response.output.value().into_iter().flat_map(List::values) {
            if let OutputItem::FunctionCallResult(result) = item {
                if !self.has(bounds::PERSISTED) {
                    self.unknown_here(result.node(), "result of a function");
                }
                self.older_result(result);
            }
        }
    }

    fn older_item(&mut self, item: &RunItem<'d>) {
        match item {
            RunItem::ToolCallOutput(item) => match item.raw_item.value() {
                Some(CallResult::Function(result)) => self.older_result(result),
                Some(result @ (CallResult::Computer(_) | CallResult::Shell(_) | CallResult::ApplyPatch(_)))
                    if !self.has(bounds::LOCAL_RESULTS) =>
                {
                    self.unknown_here(result.node(), "result of this kind");
                }
                _ => {}
            },
            RunItem::HandoffOutput(item) => item.raw_item.value().into_iter().for_each(|raw| self.older_result(raw)),
            RunItem::Approval(item) => match item.raw_item.value() {
                Some(ApprovableCall::Computer(call)) => self.unknown_here(call.node(), "call of a computer"),
                Some(ApprovableCall::Hosted(call)) if !self.has(bounds::HOSTED_MCP) => {
                    self.unknown_here(call.node(), "call of a hosted tool");
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Before 0.2.0 a function returned one text or one image with its data.
    fn older_result(&mut self, result: &FunctionCallResult<'d>) {
        if self.has(bounds::OUTPUT_PARTS) {
            return;
        }
        match result.output.value() {
            Some(FunctionOutput::One(ToolOutput::Image(image))) => {
                let node = image.node();
                let filled = |key: &str| node.member(key).is_some_and(|member| member.text().is_some());
                if !filled("data") || !filled("mediaType") {
                    self.unknown_here(node, "image without `data` and `mediaType`");
                }
            }
            Some(FunctionOutput::Text(_) | FunctionOutput::Parts(_)) => {
                self.unknown_here(result.output.node().unwrap_or(result.node()), "output of this form");
            }
            _ => {}
        }
    }
}
