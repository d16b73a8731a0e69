//! The bookkeeping between the run and its session.

use crate::json::Text;
use crate::record::{
    Digest, Filled, Flag, Int, List, Natural, Open, Slot, Word, nullable, nullish, optional, record, required, words,
};

use super::bounds::{V1_18, V1_19};

words! {
    /// What becomes of the ids of reasoning items.
    pub enum ReasoningPolicy {
        Preserve = "preserve",
        Omit = "omit",
    }
}

record! {
    /// A session item that a nested history owns.
    pub struct NestedHistoryRef<'d>, unknown: Dropped {
        index: Slot<'d, Natural<'d>> = required("index");
        digest: Slot<'d, Digest<'d>> = required("digest");
        input_index: Slot<'d, Natural<'d>> = required("input_index");
    }
}

record! {
    /// Which generated items belong to the response that is being worked on. Not used when it does not fit.
    pub struct ItemOwnership<'d>, unknown: Dropped {
        start: Slot<'d, Natural<'d>> = required("start");
        end: Slot<'d, Natural<'d>> = required("end");
        interruptions: Slot<'d, List<'d, Natural<'d>>> = required("interruptions");
    }
}

record! {
    /// The evidence for compacting a session: digests of one exchange with the model.
    pub struct ModelExchange<'d>, unknown: Rejected {
        item_digests: Slot<'d, List<'d, Text<'d>>> = required("item_digests");
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningPolicy>> = nullable("reasoning_item_id_policy");
    }
}

record! {
    /// The part of a withheld batch that belongs to the current turn.
    pub struct HeldResponse<'d>, unknown: Rejected {
        turn: Slot<'d, Natural<'d>> = required("turn");
        start: Slot<'d, Natural<'d>> = required("start");
    }
}

record! {
    /// Items that are to be appended to the session, and what is known of that (`_PendingSessionWrite`). The reader
    /// takes exactly these keys.
    pub struct PendingSessionWrite<'d>, unknown: Rejected {
        session_id: Slot<'d, Text<'d>> = required("session_id");
        items: Slot<'d, Filled<'d, Open<'d>>> = required("items");
        /// Digests of the newest session rows seen before the append.
        before: Slot<'d, List<'d, Text<'d>>> = nullable("before");
        persisted_count: Slot<'d, Natural<'d>> = required("persisted_count");
        held: Slot<'d, Flag<'d>> = optional("held").since(V1_19).gated().strict();
        append_acknowledged: Slot<'d, Flag<'d>> = optional("append_acknowledged").since(V1_18).gated().strict();
        compaction_model_exchange: Slot<'d, ModelExchange<'d>> =
            optional("compaction_model_exchange").since(V1_18).gated();
        response_id: Slot<'d, Text<'d>> = nullish("response_id").since(V1_18).gated();
        store: Slot<'d, Flag<'d>> = nullish("store").since(V1_18).gated().strict();
        has_local_tool_outputs: Slot<'d, Flag<'d>> =
            optional("has_local_tool_outputs").since(V1_18).gated().strict();
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningPolicy>> =
            nullish("reasoning_item_id_policy").since(V1_19).gated();
        current_response: Slot<'d, HeldResponse<'d>> = optional("current_response").since(V1_19).gated();
    }
}

/// An index, or null for an item that is in the generated items alone.
pub type SessionIndex<'d> = crate::record::Nullable<'d, Int<'d>>;
