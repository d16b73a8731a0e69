//! What is known of writing the history to a session, and which items belong to the current response.

use crate::json::Text;
use crate::record::{
    Filled, List, Natural, NonEmpty, Positive, Slot, Tag, Word, optional, record, required, tag, union, words,
};

use super::items::RunItem;
use super::raw::ModelItem;
use super::state::{Input, ReasoningIds};

record! {
    /// Which items of the history belong to the current response (`currentResponseGeneratedItemOwnershipSchema`).
    pub struct Ownership<'d>, unknown: Rejected {
        start: Slot<'d, Natural<'d>> = required("generatedItemStartIndex");
        end: Slot<'d, Natural<'d>> = required("generatedItemEndIndexExclusive");
        interruptions: Slot<'d, List<'d, Natural<'d>>> = required("interruptionGeneratedItemIndexes");
        guardrails: Slot<'d, Natural<'d>> = required("toolOutputGuardrailResultStartIndex");
    }
}

words! {
    /// What a session transaction does.
    pub enum TransactionKind { BlockedAppend = "blocked_append", AcceptedReplace = "accepted_replace" }
}

record! {
    /// A transaction on the session that was not finished; no state with one can be loaded.
    pub struct HistoryTransaction<'d>, unknown: Rejected {
        operation_id: Slot<'d, NonEmpty<'d>> = required("operationId");
        transaction_kind: Slot<'d, Word<'d, TransactionKind>> = required("transactionKind");
        run_item_indexes: Slot<'d, List<'d, Natural<'d>>> = required("runItemIndexes");
        replace_run_item_indexes: Slot<'d, List<'d, Natural<'d>>> = required("replaceRunItemIndexes");
        already_persisted_count: Slot<'d, Natural<'d>> = required("alreadyPersistedCount");
        persisted_item_count: Slot<'d, Natural<'d>> = required("persistedItemCount");
        deferred_item_indexes: Slot<'d, List<'d, Natural<'d>>> = required("deferredItemIndexes");
    }
}

record! {
    /// The history at a handoff, before a filter (`handoffInputSnapshotSchema`).
    pub struct HandoffInput<'d>, unknown: Dropped {
        original_input: Slot<'d, Input<'d>> = required("originalInput");
        generated_items: Slot<'d, List<'d, Box<RunItem<'d>>>> = required("generatedItems");
    }
}

words! {
    /// Which rule ended the run.
    pub enum TerminalBehavior {
        FirstTool = "stop_on_first_tool", ToolNames = "stop_at_tool_names", Function = "function",
    }
}

record! {
    /// The tool output that ended the run.
    pub struct TerminalFinalization<'d>, unknown: Rejected {
        behavior: Slot<'d, Word<'d, TerminalBehavior>> = required("behavior");
        selected_call_id: Slot<'d, NonEmpty<'d>> = optional("selectedCallId");
        selected_index: Slot<'d, Natural<'d>> = optional("selectedGeneratedItemIndex");
        final_output: Slot<'d, Text<'d>> = required("finalOutput");
    }
}

record! {
    /// A write to the session that is prepared.
    pub struct PreparedWrite<'d>, unknown: Rejected {
        session_id: Slot<'d, NonEmpty<'d>> = required("sessionId");
        already_persisted_count: Slot<'d, Natural<'d>> = required("alreadyPersistedCount");
        persisted_item_count: Slot<'d, Positive<'d>> = required("persistedItemCount");
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningIds>> = required("reasoningItemIdPolicy");
        handoff_input: Slot<'d, HandoffInput<'d>> = optional("handoffInput");
        terminal: Slot<'d, TerminalFinalization<'d>> = optional("terminalToolFinalization");
        phase: Tag<'d> = tag("phase", &["prepared"]);
    }
}

record! {
    /// A write to the session that was begun, and of which it is not known whether it arrived.
    pub struct AppendReady<'d>, unknown: Rejected {
        session_id: Slot<'d, NonEmpty<'d>> = required("sessionId");
        already_persisted_count: Slot<'d, Natural<'d>> = required("alreadyPersistedCount");
        persisted_item_count: Slot<'d, Positive<'d>> = required("persistedItemCount");
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningIds>> = required("reasoningItemIdPolicy");
        handoff_input: Slot<'d, HandoffInput<'d>> = optional("handoffInput");
        terminal: Slot<'d, TerminalFinalization<'d>> = optional("terminalToolFinalization");
        phase: Tag<'d> = tag("phase", &["append_ready"]);
        /// What the session held before.
        before_items: Slot<'d, List<'d, ModelItem<'d>>> = required("beforeItems");
        /// What is appended, as it can be recognised in the session.
        comparable_append_items: Slot<'d, Filled<'d, ModelItem<'d>>> = required("comparableAppendItems");
    }
}

record! {
    /// A write to the session that is done, before the session was compacted.
    pub struct CompactionPending<'d>, unknown: Rejected {
        session_id: Slot<'d, NonEmpty<'d>> = required("sessionId");
        already_persisted_count: Slot<'d, Natural<'d>> = required("alreadyPersistedCount");
        persisted_item_count: Slot<'d, Positive<'d>> = required("persistedItemCount");
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningIds>> = required("reasoningItemIdPolicy");
        handoff_input: Slot<'d, HandoffInput<'d>> = optional("handoffInput");
        terminal: Slot<'d, TerminalFinalization<'d>> = optional("terminalToolFinalization");
        phase: Tag<'d> = tag("phase", &["compaction_pending"]);
    }
}

union! {
    /// A write to the session that is not confirmed (`pendingSessionWriteSchema`).
    pub enum PendingWrite<'d> by tag "phase" {
        Prepared(PreparedWrite<'d>);
        AppendReady(AppendReady<'d>);
        CompactionPending(CompactionPending<'d>);
    }
}

impl<'d> PendingWrite<'d> {
    /// The history at a handoff that the write belongs to.
    pub(in crate::typescript) fn handoff_input(&self) -> Option<&HandoffInput<'d>> {
        match self {
            Self::Prepared(write) => write.handoff_input.value(),
            Self::AppendReady(write) => write.handoff_input.value(),
            Self::CompactionPending(write) => write.handoff_input.value(),
            Self::Other(_) => None,
        }
    }
}
