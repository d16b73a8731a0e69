//! Manifests of sandboxes: the reader looks at them before anything else (`sanitize_run_state_sandbox_mount_authority`).

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Node};
use crate::record::{Reader, Wire as _};

use super::super::State;

/// Entries that the SDK knows and that are no directories of their own.
const LEAVES: [&str; 4] = ["file", "local_file", "local_dir", "git_repo"];
/// Mounts that the SDK knows.
const MOUNTS: [&str; 7] =
    ["azure_blob_mount", "blaxel_drive_mount", "box_mount", "gcs_mount", "r2_mount", "s3_files_mount", "s3_mount"];
/// How mounts are made.
const STRATEGIES: [&str; 10] = [
    "blaxel_cloud_bucket",
    "blaxel_drive",
    "cloudflare_bucket_mount",
    "daytona_cloud_bucket",
    "docker_volume",
    "e2b_cloud_bucket",
    "in_container",
    "modal_cloud_bucket",
    "runloop_cloud_bucket",
    "vercel_cloud_bucket",
];
/// With which programs mounts are made.
const PATTERNS: [&str; 4] = ["fuse", "mountpoint", "rclone", "s3files"];

/// Judges the manifests of all sessions of the sandbox.
pub(super) fn judge<'d>(state: &State<'d>, cx: &mut Reader<'d>) {
    let Some(sandbox) = state.sandbox.value() else { return };
    let agents = sandbox.sessions_by_agent.node().into_iter().flat_map(Node::members).map(|member| member.value);
    let by_agent = agents.map(|entry| entry.member("session_state").unwrap_or(entry));
    let own = sandbox.node().member("session_state");
    for session in own.into_iter().chain(by_agent) {
        let Some(entries) = session.member("manifest").and_then(|manifest| manifest.member("entries")) else {
            continue;
        };
        if let Some((node, message)) = fault(entries) {
            cx.raise(codes::SANDBOX, Effect::Refused, node, message);
        }
    }
}

/// The first thing that the reader refuses in a tree of entries.
fn fault(entries: Node<'_>) -> Option<(Node<'_>, &'static str)> {
    let mut trees = vec![entries];
    let mut mounts = Vec::new();
    while let Some(tree) = trees.pop() {
        if tree.kind() != Kind::Object {
            return Some((tree, "the entries of a manifest are an object"));
        }
        for entry in tree.members().map(|member| member.value) {
            let Some(kind) = entry.member("type").and_then(Node::text) else {
                return Some((entry, "an entry of a manifest is an object with a type"));
            };
            let one_of = |names: &[&str]| names.iter().any(|name| kind.is(name));
            if one_of(&MOUNTS) {
                mounts.push(entry);
            } else if !one_of(&LEAVES) {
                if !kind.is("dir") && entry.member("mount_strategy").is_some() {
                    return Some((entry, "a mount of an unknown type cannot be restored"));
                }
                trees.extend(entry.member("children"));
            }
        }
    }
    mounts.into_iter().find_map(mount_fault)
}

fn mount_fault(mount: Node<'_>) -> Option<(Node<'_>, &'static str)> {
    let strategy = mount.member("mount_strategy").filter(|strategy| !strategy.is_null())?;
    let named = |node: Node<'_>, names: &[&str]| match node.member("type").and_then(Node::text) {
        Some(kind) => names.iter().any(|name| kind.is(name)),
        None => true,
    };
    if strategy.kind() != Kind::Object {
        return Some((strategy, "a mount strategy is an object"));
    }
    if !named(strategy, &STRATEGIES) {
        return Some((strategy, "a mount strategy of an unknown type cannot be restored"));
    }
    let pattern = strategy.member("pattern").filter(|pattern| !pattern.is_null())?;
    if pattern.kind() != Kind::Object {
        return Some((pattern, "a mount pattern is an object"));
    }
    if !named(pattern, &PATTERNS) {
        return Some((pattern, "a mount pattern of an unknown type cannot be restored"));
    }
    let path = pattern.member("config_file_path").filter(|path| !path.is_null())?;
    path.text().is_none().then_some((path, "the path of a configuration is a text"))
}
