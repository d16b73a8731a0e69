//! What the reader takes of a sandbox's manifest (`sanitizeSerializedSandboxState`).

use crate::codes;
use crate::json::{Kind, Node};
use crate::record::Wire as _;
use crate::typescript::SandboxEnvelope;

use super::Judge;

impl<'d> Judge<'_, 'd> {
    pub(super) fn sandbox(&mut self) {
        let Some(sandbox) = self.state.sandbox.value() else { return };
        let entries = sandbox.sessions_by_agent.value().into_iter().flat_map(|map| map.values());
        for (_, entry) in entries {
            entry.session_state.value().into_iter().for_each(|envelope| self.envelope(envelope));
        }
        sandbox.session_state.value().into_iter().for_each(|envelope| self.envelope(envelope));
    }

    fn envelope(&mut self, envelope: &SandboxEnvelope<'d>) {
        let Some(manifest) = envelope.manifest.value().map(|open| open.node()) else { return };
        if let Some(root) = manifest.member("root") {
            let sound = root.text().is_some_and(|text| {
                let text = text.lossy();
                text.starts_with('/') && !text.contains('\\') && !text.split('/').any(|part| part == "..")
            });
            if !sound {
                self.refuse(codes::SANDBOX, root, "expected the absolute path of the workspace");
            }
        }
        if let Some(entries) = manifest.member("entries") {
            self.entries(entries, true, 0);
        }
        for key in ["users", "groups", "extraPathGrants", "remoteMountCommandAllowlist"] {
            if let Some(list) = manifest.member(key).filter(|list| !matches!(list.kind(), Kind::Array | Kind::Null)) {
                self.refuse(codes::SANDBOX, list, format!("expected an array as `{key}`"));
            }
        }
        if let Some(environment) =
            manifest.member("environment").filter(|node| !matches!(node.kind(), Kind::Object | Kind::Null))
        {
            self.refuse(codes::SANDBOX, environment, "expected an object as `environment`");
        }
    }

    fn entries(&mut self, entries: Node<'d>, top: bool, depth: u8) {
        if entries.kind() != Kind::Object {
            return self.refuse(codes::SANDBOX, entries, "expected an object of entries");
        }
        for entry in entries.members() {
            if entry.value.kind() != Kind::Object {
                self.refuse(codes::SANDBOX, entry.value, "expected an entry of the workspace as an object");
                continue;
            }
            let path = entry.key.lossy();
            let escapes = path.contains('\\') || path.split('/').any(|part| part == "..");
            if escapes || (top && path.starts_with('/')) {
                self.refuse(codes::SANDBOX, entry.key.node(), "expected a path inside the workspace");
            }
            if let Some(children) = entry.value.member("children")
                && entry.value.member("type").and_then(Node::text).is_some_and(|kind| kind.is("dir"))
                && depth < u8::MAX
            {
                self.entries(children, false, depth + 1);
            }
        }
    }
}
