//! Bookkeeping that points into the lists of the state: nested histories, session indexes, guardrail results,
//! unfinished session writes.

use crate::codes;
use crate::finding::Effect;
use crate::hash::HashMap;
use crate::json::{Kind, Node};
use crate::record::{List, Reader, Slot, Wire as _};

use super::super::bounds::{V1_13, V1_17, V1_20};
use super::super::digest;
use super::super::session::PendingSessionWrite;
use super::super::state::Input;
use super::super::step::CurrentStep;
use super::View;

/// Judges everything that points somewhere.
pub(super) fn judge<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    if cx.reader_has(V1_13) {
        nested_history(view, cx);
        session_indexes(view, cx);
    }
    if cx.reader_has(V1_20) {
        guardrail_boundary(view, cx);
    }
    if let Some(write) = view.state.pending_session_write.value().filter(|_| cx.reader_has(V1_17)) {
        pending_write(write, view, cx);
    }
}

/// An integer as Python counts them: written without a fraction.
fn integer(node: Option<Node<'_>>) -> Option<i64> {
    node?.number()?.to_i64()
}

fn nested_history<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let state = view.state;
    let Some(refs) = state.nested_history_owned_session_item_refs.value().filter(|refs| !refs.is_empty()) else {
        return;
    };
    let restored: HashMap<usize, _> = view.session.iter().map(|restored| (restored.place, restored)).collect();
    let stored = state.session_items.node().map(|node| node.elements().count());
    let input = match state.original_input.value() {
        Some(Input::Items(items)) => Some(items),
        _ => None,
    };
    for owned in refs.values() {
        let mut refuse = |message: &'static str| cx.raise(codes::INDEX, Effect::Refused, owned.node(), message);
        let (Some(index), Some(input_index)) = (integer(owned.index.node()), integer(owned.input_index.node())) else {
            refuse("the indexes of a nested history must be integers");
            continue;
        };
        let (Ok(index), Ok(input_index)) = (usize::try_from(index), usize::try_from(input_index)) else { continue };
        if stored.is_some_and(|stored| index >= stored) {
            refuse("a nested history owns a session item that is not there");
            continue;
        }
        let Some(restored) = restored.get(&index) else {
            if stored.is_some() {
                let message = "a nested history owns a session item that the SDK drops";
                cx.raise(codes::INDEX, Effect::Lost, owned.node(), message);
            }
            continue;
        };
        let Some(item) = input.and_then(|input| input.items.get(input_index)).and_then(Slot::value) else {
            refuse("a nested history owns an input item that is not there");
            continue;
        };
        let Some(wanted) = owned.digest.node().and_then(Node::text) else { continue };
        let fits = |digest: Option<String>| digest.is_some_and(|digest| wanted.is(&digest));
        if !fits(digest::of_item(restored.item, restored.raw)) {
            refuse("the session item that a nested history owns is another one");
        } else if !fits(digest::of_input(*item)) {
            refuse("the input item that a nested history owns is another one");
        }
    }
}

fn session_indexes<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let state = view.state;
    let Some(indexes) = state.generated_session_item_indexes.value() else { return };
    let generated = state.generated_items.value().map_or(0, List::written);
    let session = state.session_items.value().map_or(0, List::written);
    if indexes.len() != generated {
        let message = format!("there are {generated} generated items, and indexes for {}", indexes.len());
        return cx.raise(codes::INDEX, Effect::Lost, indexes.node(), message);
    }
    let mut used = vec![false; session];
    for index in indexes.values().filter(|index| index.value.is_some()) {
        let value = integer(Some(index.node())).and_then(|value| usize::try_from(value).ok());
        let free = value.and_then(|value| used.get_mut(value)).is_some_and(|used| !std::mem::replace(used, true));
        if !free {
            let message = "the index points at no session item, or at one that is taken; the SDK ignores all of them";
            return cx.raise(codes::INDEX, Effect::Lost, index.node(), message);
        }
    }
}

fn guardrail_boundary<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let Some(processed) = view.processed else { return };
    let Some(start) = processed.tool_output_guardrail_result_start.node().filter(|start| !start.is_null()) else {
        return;
    };
    let results = view.state.tool_output_guardrail_results.value();
    let stored = results.map_or(0, |results| results.len());
    let dropped = results.map_or(0, |results| results.values().filter(|result| result.dropped).count());
    let fits = integer(Some(start)).and_then(|start| usize::try_from(start).ok()).is_some_and(|start| start <= stored);
    if !fits || dropped > 0 {
        let message = "the place where the current response's guardrail results start does not fit the results";
        cx.raise(codes::GUARDRAIL_RESULT, Effect::Refused, start, message);
    }
}

fn pending_write<'d>(write: &PendingSessionWrite<'d>, view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let mut refuse = |node: Node<'d>, message: &'static str| {
        cx.raise(codes::PENDING_WRITE, Effect::Refused, node, message);
    };
    let there = |node: Option<Node<'d>>| node.filter(|node| !node.is_null());
    let is_true = |node: Option<Node<'d>>| node.and_then(Node::as_bool) == Some(true);
    let known =
        matches!(view.state.current_step.value(), Some(CurrentStep::Interruption(_) | CurrentStep::RunAgain(_)));
    if !known {
        refuse(write.node(), "a session write is unfinished, but the run neither waits nor goes on");
    }
    let (held, before, current) = (write.held.node(), there(write.before.node()), write.current_response.node());
    if let Some(held) = held.filter(|held| is_true(Some(*held))) {
        if before.is_some() {
            refuse(held, "a withheld session write has not looked at the session");
        }
        if current.is_none() {
            refuse(held, "a withheld session write says which part is the current response's");
        }
    } else if let Some(node) = current.or(write.reasoning_item_id_policy.node()) {
        refuse(node, "only a withheld session write has this field");
    }
    if let Some(acknowledged) = write.append_acknowledged.node().filter(|node| is_true(Some(*node)))
        && before.is_none()
    {
        refuse(acknowledged, "an acknowledged session write has looked at the session");
    }
    if let Some(count) = write.persisted_count.node().filter(|count| count.number().is_some())
        && !count.number().is_some_and(|number| number.is_integer_literal())
    {
        refuse(count, "the count must be an integer");
    }
    let Some(response) = write.current_response.value() else { return };
    let items =
        write.items.node().filter(|items| items.kind() == Kind::Array).map_or(0, |items| items.elements().count());
    let turn = view.state.current_turn.node().and_then(Node::number).map(|number| number.to_f64());
    let number = |node: Option<Node<'d>>| node.and_then(Node::number).filter(|number| number.is_integer_literal());
    let own = number(response.turn.node()).map(|number| number.to_f64());
    if !own.zip(turn).is_some_and(|(own, turn)| own <= turn) {
        refuse(response.node(), "the turn of the withheld response is not one of the run's");
    }
    let start = integer(response.start.node()).and_then(|start| usize::try_from(start).ok());
    if start.is_none_or(|start| start > items) {
        refuse(response.node(), "the withheld response starts behind the items");
    }
}
