//! Agents that the state names.

use crate::codes;
use crate::finding::Effect;
use crate::hash::HashSet;
use crate::json::Text;
use crate::record::{List, Slot, Wire as _};
use crate::typescript::{EvidenceItem, PendingWrite, RunItem, bounds};

use super::{Judge, Owner};

impl<'s, 'd> Judge<'s, 'd> {
    /// Every agent that the state names is among the live ones.
    pub(super) fn agents(&mut self) {
        if let Some(name) = self.live.as_ref().and_then(|live| live.shared) {
            let node = self.state.current_agent.node().unwrap_or(self.state.node());
            let message = format!("two agents are called \"{name}\", and the label tells agents apart by name");
            self.refuse(codes::AMBIGUOUS_NAME, node, message);
        }
        if self.live.is_none() {
            return;
        }
        let state = self.state;
        for item in state.history() {
            self.item_agents(item);
        }
        if let Some(agent) = state.current_agent.value()
            && let Some(key) = self.key_of(agent)
        {
            let identity = self.has(bounds::IDENTITIES) && agent.identity.value().is_some();
            self.key_found(key, agent.node(), identity, Effect::Refused);
        }
        for (key, _) in state.tool_use_tracker.value().into_iter().flat_map(|map| map.values()) {
            self.key_exists(key, key.node(), false);
        }
        for result in state.output_guardrail_results.value().into_iter().flat_map(List::values) {
            self.agent_exists(result.agent.value());
        }
        let last = state.last_processed_response.value().and_then(|last| last.new_items.value());
        let handoff = state.pending_write.value().and_then(PendingWrite::handoff_input);
        let handoff = handoff.and_then(|input| input.generated_items.value());
        for item in last.into_iter().chain(handoff).flat_map(List::values) {
            self.item_agents(item);
        }
    }

    pub(super) fn item_agents(&mut self, item: &RunItem<'d>) {
        match item {
            RunItem::HandoffOutput(item) => {
                self.agent_exists(item.source_agent.value());
                self.agent_exists(item.target_agent.value());
            }
            RunItem::Input(item) => self.agent_exists(item.agent.value()),
            RunItem::Message(item) => self.agent_exists(item.agent.value()),
            RunItem::ToolSearchCall(item) => self.agent_exists(item.agent.value()),
            RunItem::ToolSearchOutput(item) => self.agent_exists(item.agent.value()),
            RunItem::ToolCall(item) => self.agent_exists(item.agent.value()),
            RunItem::ToolCallOutput(item) => self.agent_exists(item.agent.value()),
            RunItem::Reasoning(item) => self.agent_exists(item.agent.value()),
            RunItem::Compaction(item) => self.agent_exists(item.agent.value()),
            RunItem::HandoffCall(item) => self.agent_exists(item.agent.value()),
            RunItem::Approval(item) => {
                self.agent_exists(item.agent.value());
                self.nameless_approval(item);
            }
            RunItem::Other(_) => {}
        }
    }

    /// The owner of a record; refuses unknown and repeated ones.
    pub(super) fn record_owner(
        &mut self,
        identity: &Slot<'d, Text<'d>>,
        seen: &mut HashSet<Owner<'d>>,
    ) -> Option<Owner<'d>> {
        let identity = *identity.value()?;
        let Some(owner) = self.owner_of(identity.wtf8()) else {
            let message = format!("the agent identity \"{}\" is not among the agents", identity.lossy());
            self.refuse(codes::DECISION_OWNER, identity.node(), message);
            return None;
        };
        if !seen.insert(owner.clone()) {
            let message = format!("the agent identity \"{}\" stands in the list twice", identity.lossy());
            self.refuse(codes::DECISION_OWNER, identity.node(), message);
            return None;
        }
        Some(owner)
    }

    /// Whether a call of the agent that the run is with is recorded as finished.
    pub(super) fn is_done(&mut self, id: &[u8]) -> bool {
        if self.label < 18 || !self.has(bounds::LEDGER) {
            return false;
        }
        if self.done.is_none() {
            let current = self.current();
            let mut entries = self.state.completed.value().into_iter().flat_map(List::values);
            let own = entries.find(|entry| {
                let owner = entry.agent_identity.value().and_then(|identity| self.owner_of(identity.wtf8()));
                owner.is_some() && owner == current
            });
            let calls = own.and_then(|entry| entry.invocations.value()).into_iter().flat_map(|map| map.values());
            self.done = Some(calls.map(|(id, _)| id.wtf8()).collect());
        }
        self.done.as_ref().is_some_and(|done| done.contains(id))
    }

    /// Takes in the records of finished calls; before 1.18 the reader does not look at them.
    pub(super) fn records(&mut self) {
        if self.label < 18 {
            return;
        }
        let state = self.state;
        let mut seen = HashSet::default();
        for entry in state.completed.value().into_iter().flat_map(List::values) {
            let Some(owner) = self.record_owner(&entry.agent_identity, &mut seen) else { continue };
            let calls = entry.invocations.value().into_iter().flat_map(|map| map.values());
            let calls = calls.map(|(id, text)| (id.wtf8(), *text)).collect();
            self.recorded.insert(owner, calls);
        }
        seen.clear();
        for entry in state.ambiguous.value().into_iter().flat_map(List::values) {
            let Some(owner) = self.record_owner(&entry.agent_identity, &mut seen) else { continue };
            let ids = entry.call_ids.value().into_iter().flat_map(List::values).map(|id| id.wtf8()).collect();
            self.listed.insert(owner, ids);
        }
        seen.clear();
        for entry in state.evidence.value().into_iter().flat_map(List::values) {
            self.record_owner(&entry.agent_identity, &mut seen);
            for (_, evidence) in entry.invocations.value().into_iter().flat_map(|map| map.values()) {
                for item in evidence.items.value().into_iter().flat_map(List::values) {
                    if let EvidenceItem::Inline(inline) = item
                        && let Some(item) = inline.item.value()
                        && self.live.is_some()
                    {
                        self.item_agents(item);
                    }
                }
            }
        }
    }
}
