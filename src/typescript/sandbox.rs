//! The state of sandboxes.

use crate::json::Text;
use crate::record::{Flag, Map, Open, Slot, nullish, optional, record, required};

use super::v;
use super::values::EnvelopeVersion;

record! {
    /// The state of one sandbox session (`sandboxSessionStateEnvelopeSchema`).
    pub struct SandboxEnvelope<'d>, unknown: Dropped {
        version: Slot<'d, EnvelopeVersion<'d>> = required("version");
        backend_id: Slot<'d, Text<'d>> = required("backendId");
        manifest: Slot<'d, Open<'d>> = required("manifest");
        snapshot: Slot<'d, Open<'d>> = nullish("snapshot");
        snapshot_fingerprint: Slot<'d, Text<'d>> = nullish("snapshotFingerprint");
        snapshot_fingerprint_version: Slot<'d, Text<'d>> = nullish("snapshotFingerprintVersion");
        workspace_ready: Slot<'d, Flag<'d>> = required("workspaceReady");
        exposed_ports: Slot<'d, Open<'d>> = optional("exposedPorts");
        provider_state: Slot<'d, Open<'d>> = required("providerState");
    }
}

record! {
    /// The sandbox session of one agent.
    pub struct SandboxEntry<'d>, unknown: Dropped {
        backend_id: Slot<'d, Text<'d>> = required("backendId");
        current_agent_key: Slot<'d, Text<'d>> = required("currentAgentKey");
        current_agent_name: Slot<'d, Text<'d>> = required("currentAgentName");
        session_state: Slot<'d, SandboxEnvelope<'d>> = required("sessionState");
        preserved_owned_session: Slot<'d, Flag<'d>> = optional("preservedOwnedSession");
        reuse_live_session: Slot<'d, Flag<'d>> = optional("reuseLiveSession");
        requires_fresh_creation: Slot<'d, Flag<'d>> = optional("requiresFreshCreation").since(v(19));
    }
}

record! {
    /// The sandboxes of a run (`sandboxStateSchema`).
    pub struct Sandbox<'d>, unknown: Dropped {
        backend_id: Slot<'d, Text<'d>> = required("backendId");
        current_agent_key: Slot<'d, Text<'d>> = required("currentAgentKey");
        current_agent_name: Slot<'d, Text<'d>> = required("currentAgentName");
        session_state: Slot<'d, SandboxEnvelope<'d>> = required("sessionState");
        sessions_by_agent: Slot<'d, Map<'d, SandboxEntry<'d>>> = required("sessionsByAgent");
    }
}
