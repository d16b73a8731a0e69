//! What a response leaves behind that says nothing any more, or less than it seems to.

use crate::hash::HashSet;
use crate::json::Value;

use super::state::{FunctionAction, Item, ItemKind, Processed, State, Step, ToolKey, paired_id};

impl<'d> State<'d> {
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
                item.kind = ItemKind::Call { tool: None };
                changed.push(&*item);
            }
        }
        changed
    }
}
