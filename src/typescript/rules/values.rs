//! Single values that the shape does not rule out, and numbers that JavaScript changes.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Node};
use crate::record::{List, Wire as _};
use crate::typescript::calls::AnyCall;
use crate::typescript::raw::{ApprovableCall, Call, ModelItem, OutputItem};
use crate::typescript::state::Input;
use crate::typescript::{Evidence, EvidenceItem, ModelResponse, PendingWrite, RunItem, bounds};

use super::Judge;

impl<'d> Judge<'_, 'd> {
    /// Values by themselves.
    pub(super) fn values(&mut self) {
        let state = self.state;
        let inputs = [
            state.pending_input.value().filter(|_| self.has(bounds::LEDGER)),
            state.session_input.value().filter(|_| self.has(bounds::TOOL_KEYS)),
            state.legacy_compaction.value().filter(|_| self.has(bounds::TOOL_KEYS)),
        ];
        for item in inputs.into_iter().flatten().flat_map(List::values) {
            self.model_item(item);
        }
        if let Some(Input::Items(items)) = state.original_input.value() {
            items.values().for_each(|item| self.model_item(item));
        }
        for response in state.model_responses.value().into_iter().flat_map(List::values) {
            self.response(response);
        }
        if let Some(response) = state.last_model_response.value() {
            self.response(response);
        }
        for item in state.history() {
            self.item(item);
        }
        for item in state.last_processed_response.value().into_iter().filter_map(|last| last.new_items.value()) {
            item.values().for_each(|item| self.item(item));
        }
        for entry in state.evidence.value().filter(|_| self.has(bounds::LEDGER)).into_iter().flat_map(List::values) {
            for (_, evidence) in entry.invocations.value().into_iter().flat_map(|map| map.values()) {
                self.evidence_values(evidence);
            }
        }
        if let Some(write) = state.pending_write.value().filter(|_| self.has(bounds::OWNERSHIP)) {
            self.write_values(write);
        }
        for result in state.input_guardrail_results.value().into_iter().flat_map(List::values) {
            self.info(result.output.value());
        }
        for result in state.output_guardrail_results.value().into_iter().flat_map(List::values) {
            self.info(result.output.value());
        }
        if let Some(context) = state.context.value().and_then(|context| context.context.node()) {
            self.numbers(context, false);
        }
    }

    fn evidence_values(&mut self, evidence: &Evidence<'d>) {
        let Some(items) = evidence.items.value() else { return };
        if items.len() != 2 {
            self.refuse(codes::EVIDENCE, items.node(), "expected a call and its output as evidence");
        }
        for item in items.values() {
            if let EvidenceItem::Inline(inline) = item
                && let Some(item) = inline.item.value()
            {
                self.item(item);
            }
        }
    }

    fn write_values(&mut self, write: &PendingWrite<'d>) {
        if let PendingWrite::AppendReady(write) = write {
            let lists = [write.before_items.value(), write.comparable_append_items.value().map(|list| &list.0)];
            for item in lists.into_iter().flatten().flat_map(List::values) {
                self.model_item(item);
            }
        }
        let handoff = write.handoff_input().and_then(|input| input.generated_items.value());
        handoff.into_iter().flat_map(List::values).for_each(|item| self.item(item));
    }

    /// `z.any()` takes no absence for a value (from zod 4.4 on).
    fn info(&mut self, output: Option<&crate::typescript::GuardrailOutput<'d>>) {
        if let Some(output) = output
            && output.output_info.is_absent()
            && self.has(bounds::SANDBOXES)
        {
            let message = "`outputInfo` is missing; the SDK writes the state so when a guardrail returns undefined, and \
                           refuses to read it";
            self.refuse(codes::GUARDRAIL_RESULT, output.node(), message);
        }
    }

    fn response(&mut self, response: &ModelResponse<'d>) {
        for item in response.output.value().into_iter().flat_map(List::values) {
            if let OutputItem::ComputerCall(call) = item {
                self.call(AnyCall::Computer(call));
            }
        }
    }

    fn model_item(&mut self, item: &ModelItem<'d>) {
        if let ModelItem::ComputerCall(call) = item {
            self.call(AnyCall::Computer(call));
        }
    }

    fn item(&mut self, item: &RunItem<'d>) {
        match item {
            RunItem::Input(item) => item.raw_item.value().into_iter().for_each(|item| self.model_item(item)),
            RunItem::ToolCall(item) => {
                if let Some(Call::Computer(call)) = item.raw_item.value() {
                    self.call(AnyCall::Computer(call));
                }
            }
            RunItem::Approval(item) => {
                if let Some(ApprovableCall::Computer(call)) = item.raw_item.value() {
                    self.call(AnyCall::Computer(call));
                }
            }
            RunItem::ToolCallOutput(item) => {
                if let Some(output) = item.output.value() {
                    self.numbers(*output, true);
                }
                if let Some(data) = item.custom_data.node() {
                    self.numbers(data, false);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, call: AnyCall<'_, 'd>) {
        if let AnyCall::Computer(call) = call
            && call.action.is_absent()
        {
            if !self.has(bounds::TOOL_SEARCH) {
                let message = "expected `action`: several actions in one call came with 1.8";
                self.refuse(codes::NO_ACTION, call.node(), message);
            } else if call.actions.is_absent() {
                self.refuse(codes::NO_ACTION, call.node(), "expected `action` or `actions`");
            }
        }
    }

    /// Numbers that the SDK reads as doubles and writes again. In outputs it insists on finite ones.
    fn numbers(&mut self, node: Node<'d>, finite: bool) {
        if matches!(node.kind(), Kind::String | Kind::Bool | Kind::Null) {
            return;
        }
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match node.kind() {
                Kind::Number => self.number(node, finite),
                Kind::Array => open.extend(node.elements()),
                Kind::Object => open.extend(node.members().map(|member| member.value)),
                _ => {}
            }
        }
    }

    fn number(&mut self, node: Node<'d>, finite: bool) {
        let raw = node.raw();
        // Fifteen digits are always kept.
        if raw.len() <= 15 && !raw.contains(['e', 'E']) {
            return;
        }
        let Some(value) = node.number().map(|number| number.to_f64()) else { return };
        if value.is_infinite() {
            let effect = if finite { Effect::Refused } else { Effect::Lost };
            let message = "the number is too large for JavaScript, which reads Infinity here";
            self.cx.raise(codes::IMPRECISE_NUMBER, effect, node, message);
        } else if !same_value(raw, value) {
            let message = "JavaScript cannot hold this number exactly; the SDK writes another one";
            self.cx.raise(codes::IMPRECISE_NUMBER, Effect::Lost, node, message);
        }
    }
}

/// Whether the double, as JavaScript prints it, is the same number as the literal.
fn same_value(literal: &str, value: f64) -> bool {
    use crate::typescript::canonical::{exact, javascript};
    match (exact(literal), exact(&javascript(value))) {
        (Some(one), Some(two)) => one == two || one == "-0",
        _ => false,
    }
}
