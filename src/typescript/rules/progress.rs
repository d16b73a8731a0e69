//! Labels, session bookkeeping, the step, and the block of the current response.

use crate::codes;
use crate::format::Dialect;
use crate::hash::HashMap;
use crate::json::{Kind, Node};
use crate::record::{Choices, List, Natural, Reader, Shape, Slot, Wire};
use crate::typescript::canonical::{Compact, as_javascript, javascript};
use crate::typescript::raw::CallResult;
use crate::typescript::state::Input;
use crate::typescript::{
    AppendReady, CompactionPending, PendingWrite, PreparedWrite, RunItem, Step, TerminalBehavior, TerminalFinalization,
    bounds,
};

use super::Judge;

/// What the three phases of a pending session write have in common.
struct Write<'s, 'd> {
    node: Node<'d>,
    already: Option<usize>,
    persisted: Option<usize>,
    terminal: Option<&'s TerminalFinalization<'d>>,
    handoff: Option<Node<'d>>,
    compaction: bool,
}

macro_rules! write_of {
    ($write:expr, $compaction:expr) => {
        Write {
            node: $write.node(),
            already: $write.already_persisted_count.value().map(|count| count.get()),
            persisted: $write.persisted_item_count.value().map(|count| count.get()),
            terminal: $write.terminal.value(),
            handoff: $write.handoff_input.node(),
            compaction: $compaction,
        }
    };
}

fn common<'s, 'd>(write: &'s PendingWrite<'d>) -> Option<Write<'s, 'd>> {
    let prepared = |write: &'s PreparedWrite<'d>| write_of!(write, false);
    let ready = |write: &'s AppendReady<'d>| write_of!(write, false);
    let compaction = |write: &'s CompactionPending<'d>| write_of!(write, true);
    Some(match write {
        PendingWrite::Prepared(write) => prepared(write),
        PendingWrite::AppendReady(write) => ready(write),
        PendingWrite::CompactionPending(write) => compaction(write),
        PendingWrite::Other(_) => return None,
    })
}

impl<'s, 'd> Judge<'s, 'd> {
    /// What a label does not have although its key is old enough.
    pub(super) fn label_gates(&mut self) {
        let state = self.state;
        let sandbox = state.sandbox.value().filter(|_| self.has(bounds::SANDBOXES));
        if let (Some(sandbox), label) = (sandbox, self.label) {
            let entries = sandbox.sessions_by_agent.value().into_iter().flat_map(|map| map.values());
            let envelopes = sandbox.session_state.value().into_iter();
            for envelope in envelopes.chain(entries.filter_map(|(_, entry)| entry.session_state.value())) {
                let Some(version) = envelope.version.value() else { continue };
                match version.since() {
                    None => self.refuse(codes::SANDBOX, version.0, "expected a version of sandbox state from 1 to 5"),
                    Some(since) if label < since => {
                        let message =
                            format!("this version of sandbox state came with 1.{since} and is not in 1.{label}");
                        self.refuse(codes::LABEL_GATE, version.0, message);
                    }
                    Some(_) => {}
                }
            }
        }
        if self.label < 14 && self.has(bounds::CALLERS) {
            self.program_gate();
        }
    }

    /// Programs, and calls that they made, in what the reader looks through (`containsProgrammaticToolCallingState`).
    fn program_gate(&mut self) {
        let state = self.state;
        let mut items: Vec<Node<'d>> = Vec::new();
        if let Some(Input::Items(list)) = state.original_input.value() {
            items.extend(list.values().map(Wire::node));
        }
        let responses = state.model_responses.value().into_iter().flat_map(List::values).map(Box::as_ref);
        for response in responses.chain(state.last_model_response.value()) {
            items.extend(response.output.value().into_iter().flat_map(List::values).map(Wire::node));
        }
        let last = state.last_processed_response.value();
        let new = last.and_then(|last| last.new_items.value()).into_iter().flat_map(List::values).map(Box::as_ref);
        items.extend(state.history().chain(new).filter_map(|item| item.node().member("rawItem")));
        if let Some(last) = last {
            let functions = last.functions.value().into_iter().flat_map(List::values);
            items.extend(functions.filter_map(|action| action.tool_call.node()));
            let missing = last.functions_not_found.value().into_iter().flat_map(List::values);
            items.extend(missing.filter_map(|action| action.tool_call.node()));
            let shells = last.shell_actions.value().into_iter().flat_map(List::values);
            items.extend(shells.filter_map(|action| action.tool_call.node()));
            let patches = last.apply_patch_actions.value().into_iter().flat_map(List::values);
            items.extend(patches.filter_map(|action| action.tool_call.node()));
        }
        for item in items.into_iter().filter(|item| is_programmed(*item)) {
            self.refuse(codes::LABEL_GATE, item, "programs that call tools came with 1.14");
        }
    }

    /// How far the run is, and what of it the session has.
    pub(super) fn progress(&mut self) {
        self.session();
        self.ownership();
        self.pending_write();
        self.accepted_response();
    }

    fn history_length(&self) -> usize {
        self.state.generated_items.value().map_or(0, List::len)
    }

    fn session(&mut self) {
        if self.label < 17 {
            return;
        }
        let state = self.state;
        let writing = self.has(bounds::OWNERSHIP) && !state.pending_write.is_absent();
        let unsafe_node = [
            state.deferred_indexes.value().filter(|list| !list.is_empty()).map(Wire::node),
            state.blocked_start.value().map(Wire::node),
            state.session_bound.value().map(Wire::node).filter(|_| !writing),
            state.history_transaction.value().map(Wire::node),
        ];
        for node in unsafe_node.into_iter().flatten() {
            let message = "the session was in the middle of a transaction, which cannot be resumed";
            self.refuse(codes::SESSION, node, message);
        }
        if let Some(count) = state.persisted_count.value()
            && count.get() > self.history_length()
        {
            let message = format!("the history has only {} items", self.history_length());
            self.refuse(codes::PERSISTED_COUNT, count.node(), message);
        }
        let processed = state.last_processed_response.value().and_then(|last| last.new_items.value());
        for item in state.history().chain(processed.into_iter().flat_map(List::values).map(Box::as_ref)) {
            if let RunItem::ToolCallOutput(item) = item
                && let Some(CallResult::Program(_)) = item.raw_item.value()
                && let Some(status) = item.execution_status.value()
            {
                self.refuse(codes::SESSION, status.node(), "the output of a program is not one of a local tool");
            }
        }
    }

    fn step_word(&self) -> Option<&'static str> {
        Some(match self.state.current_step.value()? {
            Step::Handoff(_) => "handoff",
            Step::FinalOutput(_) => "final",
            Step::RunAgain(_) => "again",
            Step::Interruption(_) => "interruption",
            Step::Other(_) => return None,
        })
    }

    fn pending_write(&mut self) {
        if self.label < 20 {
            return;
        }
        let state = self.state;
        let count = state.persisted_count.value().map_or(0, |count| count.get());
        let step = self.step_word();
        let resumable = matches!(step, Some("again" | "interruption" | "final"));
        if let Some(compacted) = state.compacted_count.value()
            && (!state.pending_write.is_absent() || compacted.get() != count || !resumable)
        {
            let message = "the mark of a compacted session does not fit the state";
            self.refuse(codes::PENDING_WRITE, compacted.node(), message);
        }
        let Some(write) = state.pending_write.value().and_then(common) else { return };
        let is_final = step == Some("final");
        let terminal_fits = write.terminal.is_none_or(|terminal| {
            let function = terminal.behavior.value().is_some_and(|word| word.value == TerminalBehavior::Function);
            let given = (!terminal.selected_call_id.is_absent(), !terminal.selected_index.is_absent());
            if function { given == (false, false) } else { given == (true, true) }
        });
        let expected = if write.compaction { write.persisted } else { write.already };
        let input_fits = match (state.session_input.is_absent(), state.session_bound.is_absent()) {
            (false, bound) => !bound && !write.compaction,
            (true, false) => !write.compaction,
            (true, true) => true,
        };
        let handoff_fits = write.handoff.is_none()
            || (step == Some("again")
                && state.no_active_agent_run.value().is_some_and(|flag| flag.get())
                && !state.current_turn_in_progress.value().is_some_and(|flag| flag.get())
                && self.handed_over());
        let owns_item = state
            .generated_items
            .value()
            .into_iter()
            .flat_map(|list| list.items.iter().enumerate())
            .filter(|(at, _)| write.already.is_some_and(|first| *at >= first))
            .any(|(_, item)| !matches!(item.value().map(Box::as_ref), Some(RunItem::Approval(_))));
        let sound = resumable
            && is_final == write.terminal.is_some()
            && terminal_fits
            && expected == Some(count)
            && write.persisted > write.already
            && write.persisted == Some(self.history_length())
            && state.history_transaction.is_absent()
            && state.legacy_compaction.is_absent()
            && state.deferred_indexes.value().is_none_or(List::is_empty)
            && state.blocked_start.is_absent()
            && input_fits
            && state.conversation_id.is_absent()
            && state.previous_response_id.is_absent()
            && handoff_fits
            && owns_item;
        if !sound {
            let message = "the unfinished session write does not fit the state";
            self.refuse(codes::PENDING_WRITE, write.node, message);
        } else if let Some(terminal) = write.terminal
            && !self.terminal_fits(terminal, &write)
        {
            let message = "the tool output that ended the run is not the one that the write names";
            self.refuse(codes::PENDING_WRITE, terminal.node(), message);
        }
    }

    /// Whether the history holds a handoff to the current agent.
    fn handed_over(&self) -> bool {
        let current = self.current();
        self.state.history().any(|item| match item {
            RunItem::HandoffOutput(item) => current.is_some() && self.owner(item.target_agent.value()) == current,
            _ => false,
        })
    }

    /// Whether the output that ended the run is the one that is named (`ownsPendingTerminalToolFinalization`), as far as
    /// the file tells.
    fn terminal_fits(&self, terminal: &TerminalFinalization<'d>, write: &Write<'_, 'd>) -> bool {
        let Some(Step::FinalOutput(step)) = self.state.current_step.value() else { return false };
        let (Some(output), Some(last)) = (step.output.value(), terminal.final_output.value()) else { return true };
        let kind = terminal.behavior.value().map(|word| word.value);
        if kind == Some(TerminalBehavior::Function) || !output.same_text(*last) || !self.behaves(kind) {
            return false;
        }
        let (Some(id), Some(at)) = (terminal.selected_call_id.value(), terminal.selected_index.value()) else {
            return false;
        };
        let in_slice =
            write.already.is_some_and(|first| at.get() >= first) && write.persisted.is_some_and(|end| at.get() < end);
        let item = self.state.generated_items.value().and_then(|list| list.items.get(at.get())).and_then(Slot::value);
        let Some(RunItem::ToolCallOutput(item)) = item.filter(|_| in_slice).map(Box::as_ref) else { return false };
        let call_id = match item.raw_item.value() {
            Some(CallResult::Function(result)) => result.call_id.value(),
            _ => None,
        };
        let text = match item.output.value() {
            Some(value) if value.kind() == Kind::String => value.text().is_some_and(|text| text.same_text(*last)),
            Some(value) => *plain(*value) == *last.wtf8(),
            None => false,
        };
        text && call_id.is_some_and(|call_id| call_id.same_text(id.text()))
            && self.owner(item.agent.value()) == self.current()
    }

    fn behaves(&self, kind: Option<TerminalBehavior>) -> bool {
        use crate::agents::ToolUseBehavior;
        let (Some(live), Some(super::Owner::Live(at))) = (&self.live, self.current()) else { return true };
        match (&live.agent(at).tool_use_behavior, kind) {
            (Some(ToolUseBehavior::Word(word)), Some(TerminalBehavior::FirstTool)) => word == "stop_on_first_tool",
            (Some(ToolUseBehavior::Names { .. }), Some(TerminalBehavior::ToolNames)) => true,
            _ => false,
        }
    }

    /// `responseAccepted` and what follows from it (`validateAcceptedResponseState`).
    fn accepted_response(&mut self) {
        if self.label < 18 {
            return;
        }
        let state = self.state;
        let (node, accepted, started) = match state.current_step.value() {
            Some(Step::Interruption(step)) => {
                let Some(data) = step.data.value() else { return };
                (data.node(), &data.response_accepted, &data.local_processing_started)
            }
            Some(Step::FinalOutput(step)) => (step.node(), &step.response_accepted, &step.local_finalization_started),
            _ => return,
        };
        if !started.is_absent() && accepted.value().is_none() {
            let message = "the response is being worked on, but it is not marked as accepted";
            self.refuse(codes::ACCEPTED_RESPONSE, node, message);
        }
        if accepted.value().is_some() {
            let filled = |slot: &Slot<'d, crate::json::Text<'d>>| slot.value().is_some_and(|text| !text.is_empty());
            let one = (filled(&state.conversation_id) && state.previous_response_id.is_absent())
                || (filled(&state.previous_response_id) && state.conversation_id.is_absent());
            if !one {
                let message =
                    "an accepted response needs a conversation id or the id of the previous response, not both";
                self.refuse(codes::ACCEPTED_RESPONSE, node, message);
            }
        }
    }

    /// The block of the current response (`validateCurrentResponseGeneratedItemOwnership`).
    fn ownership(&mut self) {
        let state = self.state;
        let Some(block) = state.ownership.value().filter(|_| self.label >= 20) else { return };
        if let Err(message) = self.owned(block) {
            self.refuse(codes::OWNERSHIP, block.node(), message);
        }
    }

    pub(super) fn owned(&self, block: &crate::typescript::Ownership<'d>) -> Result<(), &'static str> {
        let state = self.state;
        let get = |slot: &Slot<'d, Natural<'d>>| slot.value().map(|index| index.get());
        let (Some(start), Some(end), Some(guardrails)) = (get(&block.start), get(&block.end), get(&block.guardrails))
        else {
            return Ok(());
        };
        let Some(indexes) = block.interruptions.value() else { return Ok(()) };
        let items = state.generated_items.value().map_or(&[][..], |list| &list.items);
        let new = state.last_processed_response.value().and_then(|last| last.new_items.value());
        let new = new.map_or(&[][..], |list| &list.items);
        let interruptions: Vec<Node<'d>> =
            state.current_step.value().into_iter().flat_map(Step::interruptions).filter_map(Slot::node).collect();
        let last = state.model_responses.value().and_then(|list| list.items.last()).and_then(Slot::node);
        let after = start.saturating_add(new.len());
        let results = state.tool_output_guardrail_results.value().map_or(0, List::len);
        if new.is_empty() || interruptions.is_empty() {
            return Err("the block of the current response needs items and an interruption");
        }
        let (Some(last), Some(response)) = (last, state.last_model_response.node()) else {
            return Err("the block of the current response needs the last model response");
        };
        if end != items.len()
            || start >= end
            || after > end
            || indexes.len() != interruptions.len()
            || guardrails > results
        {
            return Err("the block of the current response does not fit the history");
        }
        if !equal(response, last, crate::typescript::ModelResponse::shape()) {
            return Err("the last model response is not the last of all, so that no block of items can be its own");
        }
        let shape = RunItem::shape();
        for (new, item) in new.iter().zip(&items[start..]) {
            if !new.node().zip(item.node()).is_some_and(|(new, item)| equal(new, item, shape)) {
                return Err("the items of the current response are not those of the block");
            }
        }
        let mut previous = None;
        let mut owned: HashMap<usize, ()> = HashMap::default();
        for (index, node) in indexes.values().map(|index| index.get()).zip(&interruptions) {
            if index < after || index >= end || previous.is_some_and(|previous| index <= previous) {
                return Err("the indexes of the interruptions do not rise within the block");
            }
            previous = Some(index);
            owned.insert(index, ());
            let approval = matches!(self.parsed(*node), Some(RunItem::Approval(_)));
            if !approval || !items[index].node().is_some_and(|item| equal(*node, item, shape)) {
                return Err("an interruption is not the item at its index");
            }
        }
        let stray = items[after..end].iter().enumerate().any(|(at, item)| {
            matches!(item.value().map(Box::as_ref), Some(RunItem::Approval(_))) && !owned.contains_key(&(after + at))
        });
        if stray { Err("the block holds a request for approval that is no interruption") } else { Ok(()) }
    }

    /// A value as a run item, if the schema takes it for one.
    pub(super) fn parsed(&self, node: Node<'d>) -> Option<RunItem<'d>> {
        let mut probe = Reader::new(self.cx.doc, self.cx.dialect, self.cx.dialect.newest_label());
        probe.reader = self.cx.reader;
        let item = RunItem::read(node, &mut probe)?;
        (probe.faults() == 0).then_some(item)
    }
}

/// Whether an item is a program, or comes of one (`isProgrammaticToolCallingProtocolItem`).
fn is_programmed(item: Node<'_>) -> bool {
    const CALLED: &[&str] = &[
        "function_call",
        "function_call_result",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "hosted_tool_call",
    ];
    let kind = |node: Node<'_>, words: &[&str]| {
        node.member("type").and_then(Node::text).is_some_and(|kind| words.iter().any(|word| kind.is(word)))
    };
    kind(item, &["program", "program_output"])
        || kind(item, CALLED)
            && item.member("caller").is_some_and(|caller| {
                kind(caller, &["program"]) && caller.member("callerId").is_some_and(|id| id.text().is_some())
            })
}

/// Whether two values are the same once the schema has read them and `JSON.stringify` has written them.
fn equal(one: Node<'_>, two: Node<'_>, shape: Shape) -> bool {
    one.raw() == two.raw() || text(one, shape) == text(two, shape)
}

fn text(node: Node<'_>, shape: Shape) -> Vec<u8> {
    let mut out = Compact::default();
    parsed(node, shape, 0, &mut out);
    out.finish()
}

/// A value as `JSON.stringify` writes it.
fn plain(node: Node<'_>) -> Vec<u8> {
    text(node, Shape::Any)
}

/// Writes what the schema keeps of a value, in the schema's order; what is nested too deep for that as it stands.
fn parsed(node: Node<'_>, shape: Shape, depth: u16, out: &mut Compact) {
    if depth == 512 {
        return out.literal(node.raw());
    }
    match (shape, node.kind()) {
        (Shape::Record(info), Kind::Object) => {
            out.begin_object();
            for field in info.fields {
                if let Some(value) = node.member(field.row.key) {
                    let shape = if field.row.tags.is_empty() { (field.shape)() } else { Shape::Text };
                    out.key(field.row.key);
                    parsed(value, shape, depth + 1, out);
                }
            }
            out.end_object();
        }
        (Shape::Union(choices), _) => parsed(node, chosen(node, choices), depth + 1, out),
        (shape, Kind::Array) => {
            let element = match shape {
                Shape::List(element) | Shape::Filled(element) => element(),
                _ => Shape::Any,
            };
            out.begin_array();
            node.elements().for_each(|value| parsed(value, element, depth + 1, out));
            out.end_array();
        }
        (shape, Kind::Object) => {
            let value_shape = match shape {
                Shape::Map(value) => value(),
                _ => Shape::Any,
            };
            out.begin_object();
            for (key, value) in as_javascript(node) {
                out.key_bytes(&key);
                parsed(value, value_shape, depth + 1, out);
            }
            out.end_object();
        }
        (_, Kind::String) => node.text().into_iter().for_each(|text| out.text(text)),
        (_, Kind::Number) => {
            let number = node.number().map_or(f64::NAN, |number| number.to_f64());
            out.literal(&javascript(number));
        }
        _ => out.literal(node.raw()),
    }
}

/// The shape that a union reads a value as.
pub(super) fn chosen(node: Node<'_>, choices: &Choices) -> Shape {
    let tag = choices.tag.map(|key| (key, node.member(key).and_then(Node::text)));
    let mut shapes = choices.shapes.iter().map(|shape| shape());
    let found = shapes.find(|shape| match (tag, shape) {
        (Some((key, tag)), shape) => {
            let mut claimed = false;
            shape.tags(key, &mut |own| {
                claimed |= match (own, tag) {
                    (Some(own), Some(tag)) => tag.is(own),
                    (None, None) => true,
                    _ => false,
                };
            });
            claimed
        }
        (None, Shape::Record(info)) => {
            node.kind() == Kind::Object && info.has_fields_of(node, Dialect::TypeScript.newest_label())
        }
        (None, shape) => shape.kinds().has(node.kind()),
    });
    found.unwrap_or(Shape::Any)
}
