//! What a response leaves behind that says nothing any more, or less than it seems to.

use crate::hash::{HashMap, HashSet};
use crate::json::Value;

use super::state::{FunctionAction, Item, ItemKind, Processed, State, Step, ToolKey, call_id, paired_id};

/// Whether an item is what a hosted MCP server is answered when it asks.
fn is_answer(item: &Item<'_>) -> bool {
    item.raw.is_type("mcp_approval_response")
}

/// Whether an item asks for an approval.
pub(crate) fn is_question(item: &Item<'_>) -> bool {
    matches!(item.kind, ItemKind::Approval { .. })
}

/// Whether an item came from the model.
pub(crate) fn is_said(item: &Item<'_>) -> bool {
    matches!(item.kind, ItemKind::Message | ItemKind::Reasoning | ItemKind::Call { .. } | ItemKind::HandoffCall)
        && !is_answer(item)
}

impl<'d> State<'d> {
    /// The places of answers to hosted MCP servers that the service has, where it keeps the conversation: the Python SDK takes
    /// outputs before the last response for sent, and would send these with every turn that follows a pause.
    #[must_use]
    pub(crate) fn sent_answers(&self) -> Vec<usize> {
        if self.conversation_id.is_none() && self.previous_response_id.is_none() {
            return Vec::new();
        }
        let said = self.items.iter().rposition(is_said).unwrap_or(0);
        self.items[..said].iter().enumerate().filter(|(_, item)| is_answer(item)).map(|(at, _)| at).collect()
    }

    /// Takes out what a response asks for whose agent has handed the run over since: it is carried out.
    pub fn take_carried_out(&mut self) -> Option<Processed<'d>> {
        let (Step::RunAgain, Some(processed)) = (&self.step, &mut self.processed) else { return None };
        let current = self.agent.as_ref().and_then(|agent| agent.key().wtf8());
        let mut owners = processed.new_items.iter().filter_map(|item| item.agent.as_ref());
        if owners.all(|agent| agent.key().wtf8() == current) {
            return None;
        }
        let new_items = std::mem::take(&mut processed.new_items);
        let tools_used = std::mem::take(&mut processed.tools_used);
        let rest = Processed { new_items, tools_used, ..Processed::default() };
        Some(std::mem::replace(processed, rest))
    }

    /// Takes out the finished calls of tools that are loaded on demand, and that the call does not name as its namespace: the
    /// Python SDK finds no tool for them.
    pub fn take_finished_deferred(&mut self) -> Vec<FunctionAction<'d>> {
        let Some(processed) = &mut self.processed else { return Vec::new() };
        let is_bare = |call: &Value<'d>| call.member("namespace").is_none_or(|namespace| namespace.is_null());
        let is_deferred =
            |action: &FunctionAction<'d>| matches!(action.tool, Some(ToolKey::Deferred(_))) && is_bare(&action.call);
        if !processed.functions.iter().any(is_deferred) {
            return Vec::new();
        }
        let outputs = self.items.iter().filter(|item| matches!(item.kind, ItemKind::Output { .. }));
        let finished: HashSet<Vec<u8>> = outputs.filter_map(|item| paired_id(&item.raw)).collect();
        let is_over = |action: &FunctionAction<'d>| {
            is_deferred(action) && paired_id(&action.call).is_some_and(|id| finished.contains(&id))
        };
        let (over, open) = std::mem::take(&mut processed.functions).into_iter().partition(is_over);
        processed.functions = open;
        over
    }

    /// Makes calls of tools of the handoffs that have an output as tools have it: the Python SDK carries out one handoff of a
    /// response, and answers the others so. Gives the items that were changed.
    pub fn settle_ignored_handoffs(&mut self) -> Vec<&Item<'d>> {
        let is_answer =
            |item: &&Item<'d>| matches!(item.kind, ItemKind::Output { .. }) && item.raw.is_type("function_call_output");
        let answered: HashSet<Vec<u8>> =
            self.items.iter().filter(is_answer).filter_map(|item| paired_id(&item.raw)).collect();
        let new = self.processed.iter_mut().flat_map(|processed| &mut processed.new_items);
        let mut changed = Vec::new();
        for item in self.items.iter_mut().chain(new).filter(|item| matches!(item.kind, ItemKind::HandoffCall)) {
            if paired_id(&item.raw).is_some_and(|id| answered.contains(&id)) {
                item.kind = ItemKind::Call { tool: None, name: None };
                changed.push(&*item);
            }
        }
        changed
    }

    /// Puts the questions that wait behind everything that the model has said, and in the order of the history: the TypeScript SDK asks
    /// about a request of a hosted MCP server right behind it, and keeps the questions of nested runs in these alone.
    pub(crate) fn ask_last(&mut self) {
        let waiting = self.step.waiting();
        if self.ownership.is_some() || waiting.is_empty() {
            return;
        }
        let id = |item: &Item<'d>| call_id(&item.raw);
        let asked: HashSet<Vec<u8>> = waiting.iter().filter_map(id).collect();
        let waits = |item: &Item<'d>| is_question(item) && id(item).is_some_and(|id| asked.contains(&id));
        let is_earlier = |item: &Item<'d>| !is_question(item) && !matches!(item.kind, ItemKind::Output { .. });
        let there: HashSet<Vec<u8>> = self.items.iter().filter(|item| waits(item)).filter_map(id).collect();
        let missing = waiting.iter().filter(|item| id(item).is_some_and(|id| !there.contains(&id))).cloned();
        let missing: Vec<Item<'d>> = missing.collect();
        let last = self.items.iter().rposition(is_earlier).map_or(0, |last| last + 1);
        if self.items[..last].iter().any(waits) {
            let behind = self.items.split_off(last);
            let (questions, said): (Vec<_>, Vec<_>) = std::mem::take(&mut self.items).into_iter().partition(waits);
            self.items = said.into_iter().chain(questions).chain(behind).collect();
        }
        // In the first turn the SDK takes all items for the response's, without questions that prove it.
        if self.turn.as_ref().and_then(Value::as_u64) != Some(1) {
            self.items.extend(missing);
        }
        let questions = self.items.iter().filter(|item| is_question(item));
        let places: HashMap<Vec<u8>, usize> = questions.filter_map(id).zip(0..).collect();
        if let Step::Interrupted { interruptions, .. } = &mut self.step {
            interruptions.sort_by_cached_key(|item| id(item).and_then(|id| places.get(&id).copied()));
        }
    }

    /// Takes out the questions of the last response that are settled: the TypeScript SDK keeps only those that wait, and
    /// refuses a state that says whose items are whose and holds others. Gives them.
    pub(crate) fn take_settled(&mut self) -> Vec<Item<'d>> {
        let Some(own) = &mut self.ownership else { return Vec::new() };
        let open: HashSet<Vec<u8>> = self.step.waiting().iter().filter_map(|item| call_id(&item.raw)).collect();
        let place = |value: &Value<'d>| value.as_u64().and_then(|at| usize::try_from(at).ok());
        let (Some(start), Some(end)) = (place(&own.start), place(&own.end)) else { return Vec::new() };
        let waiting: HashSet<usize> = own.interruptions.iter().filter_map(place).collect();
        let (mut kept, mut settled) = (Vec::with_capacity(self.items.len()), Vec::new());
        // How many are gone before each place.
        let mut gone = Vec::with_capacity(self.items.len());
        for (at, item) in std::mem::take(&mut self.items).into_iter().enumerate() {
            gone.push(settled.len());
            // The places may not be what they should be.
            let waits = || waiting.contains(&at) || call_id(&item.raw).is_some_and(|id| open.contains(&id));
            let is_settled = (start..end).contains(&at) && is_question(&item) && !waits();
            if is_settled { settled.push(item) } else { kept.push(item) }
        }
        self.items = kept;
        for value in own.interruptions.iter_mut().chain([&mut own.end]) {
            let Some(at) = place(value) else { continue };
            let gone = gone.get(at).copied().unwrap_or(settled.len());
            if gone > 0 {
                *value = Value::integer((at - gone) as u64);
            }
        }
        settled
    }

    /// Puts the questions that wait in the order in which they stand in the history: the TypeScript SDK refuses any other.
    pub(crate) fn ask_in_order(&mut self) {
        let (Some(own), Step::Interrupted { interruptions, .. }) = (&mut self.ownership, &mut self.step) else {
            return;
        };
        if own.interruptions.len() == interruptions.len() && !own.interruptions.is_sorted_by_key(Value::as_u64) {
            let places = std::mem::take(&mut own.interruptions);
            let mut asked: Vec<_> = places.into_iter().zip(std::mem::take(interruptions)).collect();
            asked.sort_by_key(|(place, _)| place.as_u64());
            (own.interruptions, *interruptions) = asked.into_iter().unzip();
        }
    }
}
