//! The records of finished tool calls.

use crate::json::Text;
use crate::record::{List, Map, Natural, Slot, record, required, union};

use super::items::RunItem;

record! {
    /// Fingerprints of one agent's finished calls, by call id.
    pub struct AgentFingerprints<'d>, unknown: Dropped {
        agent_identity: Slot<'d, Text<'d>> = required("agentIdentity");
        invocations: Slot<'d, Map<'d, Text<'d>>> = required("invocations");
    }
}

record! {
    /// An item of the history, by its place.
    pub struct EvidenceIndex<'d>, unknown: Rejected {
        generated_item_index: Slot<'d, Natural<'d>> = required("generatedItemIndex");
    }
}

record! {
    /// An item that is no longer in the history.
    pub struct EvidenceInline<'d>, unknown: Rejected {
        item: Slot<'d, Box<RunItem<'d>>> = required("item");
    }
}

union! {
    /// A call or its output.
    pub enum EvidenceItem<'d> by fields {
        Index(EvidenceIndex<'d>);
        Inline(EvidenceInline<'d>);
    }
}

record! {
    /// That a call was finished: its fingerprint, and the two items.
    pub struct Evidence<'d>, unknown: Rejected {
        fingerprint: Slot<'d, Text<'d>> = required("fingerprint");
        /// The call and its output.
        items: Slot<'d, List<'d, EvidenceItem<'d>>> = required("items");
    }
}

record! {
    /// Evidence of one agent's finished calls, by call id.
    pub struct AgentEvidence<'d>, unknown: Dropped {
        agent_identity: Slot<'d, Text<'d>> = required("agentIdentity");
        invocations: Slot<'d, Map<'d, Evidence<'d>>> = required("invocations");
    }
}

record! {
    /// Call ids of one agent that cannot be tied to one call.
    pub struct AgentCallIds<'d>, unknown: Dropped {
        agent_identity: Slot<'d, Text<'d>> = required("agentIdentity");
        call_ids: Slot<'d, List<'d, Text<'d>>> = required("callIds");
    }
}
