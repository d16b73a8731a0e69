//! The state of the sandbox that the run works in.

use crate::finding::Effect;
use crate::json::{Node, Text};
use crate::record::{Map, Slot, nullish, optional, record};

record! {
    /// A sandbox session, in the form of its backend: each adds members. Only the manifest is looked at on loading.
    pub struct SessionState<'d>, unknown: Open {
        kind: Slot<'d, Text<'d>> = optional("type").if_wrong(Effect::Note);
        session_id: Slot<'d, Node<'d>> = optional("session_id");
        snapshot: Slot<'d, Node<'d>> = optional("snapshot");
        manifest: Slot<'d, Manifest<'d>> = optional("manifest");
        exposed_ports: Slot<'d, Node<'d>> = optional("exposed_ports");
        snapshot_fingerprint: Slot<'d, Node<'d>> = optional("snapshot_fingerprint");
        snapshot_fingerprint_version: Slot<'d, Node<'d>> = optional("snapshot_fingerprint_version");
        workspace_root_ready: Slot<'d, Node<'d>> = optional("workspace_root_ready");
    }
}

record! {
    /// What is put into a sandbox.
    pub struct Manifest<'d>, unknown: Kept {
        version: Slot<'d, Node<'d>> = optional("version");
        root: Slot<'d, Node<'d>> = optional("root");
        /// Judged by the sandbox's own rules.
        entries: Slot<'d, Node<'d>> = optional("entries");
        environment: Slot<'d, Node<'d>> = optional("environment");
        users: Slot<'d, Node<'d>> = optional("users");
        groups: Slot<'d, Node<'d>> = optional("groups");
        extra_path_grants: Slot<'d, Node<'d>> = optional("extra_path_grants");
        remote_mount_command_allowlist: Slot<'d, Node<'d>> = optional("remote_mount_command_allowlist");
    }
}

record! {
    /// The sandbox session of one agent; older releases write the bare session state in its place.
    pub struct AgentSession<'d>, unknown: Open {
        agent_name: Slot<'d, Text<'d>> = optional("agent_name").if_wrong(Effect::Note);
        session_state: Slot<'d, SessionState<'d>> = optional("session_state");
        manifest: Slot<'d, Manifest<'d>> = optional("manifest");
    }
}

record! {
    /// What is needed to find the sandbox again.
    pub struct Sandbox<'d>, unknown: Kept {
        backend_id: Slot<'d, Text<'d>> = nullish("backend_id").if_wrong(Effect::Note);
        current_agent_key: Slot<'d, Text<'d>> = nullish("current_agent_key").if_wrong(Effect::Note);
        current_agent_name: Slot<'d, Text<'d>> = nullish("current_agent_name").if_wrong(Effect::Note);
        session_state: Slot<'d, SessionState<'d>> = optional("session_state");
        sessions_by_agent: Slot<'d, Map<'d, AgentSession<'d>>> = nullish("sessions_by_agent");
    }
}
