//! Known places of secrets. No message shows them.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Node};
use crate::record::{Reader, Wire as _};

use super::super::weigh::is_falsy;
use super::View;

/// Raises what lies open.
pub(super) fn judge<'d>(view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let trace = view.state.trace.node().filter(|trace| trace.kind() == Kind::Object);
    if let Some(key) = trace.and_then(|trace| trace.member("tracing_api_key")).filter(|key| key.text().is_some()) {
        if key.text().is_some_and(|text| text.has_lone_surrogate()) {
            let message = "the key holds half of a surrogate pair, so that the SDK cannot hash it";
            cx.raise(codes::TRACING_KEY, Effect::Refused, key, message);
        } else if !is_falsy(key) {
            cx.raise(codes::TRACING_KEY, Effect::Exposed, key, "the tracing key stands in the state");
        }
    }
    let requests = view.processed.and_then(|processed| processed.mcp_approval_requests.value());
    for request in requests.into_iter().flat_map(|requests| requests.values()) {
        let config = request.mcp_tool.value().and_then(|tool| tool.tool_config.node());
        let secret = |key| config.and_then(|config: Node<'d>| config.member(key)).filter(|node| !is_falsy(*node));
        for (key, what) in [("authorization", "an authorization"), ("headers", "HTTP headers")] {
            if let Some(node) = secret(key) {
                let message = format!("{what} for an MCP server stands in the state");
                cx.raise(codes::MCP_CREDENTIALS, Effect::Exposed, node, message);
            }
        }
    }
    if let Some(sandbox) = view.state.sandbox.value() {
        credentials(sandbox.node(), cx);
    }
}

/// Fields of mounts that grant access, and the environment of a sandbox.
const CREDENTIALS: [&str; 14] = [
    "access_id",
    "access_key_id",
    "access_token",
    "account_key",
    "box_config_file",
    "client_secret",
    "config_credentials",
    "identity_client_id",
    "secret_access_key",
    "secret_environment_name",
    "secret_name",
    "service_account_credentials",
    "service_account_file",
    "session_token",
];

fn credentials<'d>(sandbox: Node<'d>, cx: &mut Reader<'d>) {
    let mut open = vec![sandbox];
    while let Some(node) = open.pop() {
        for member in node.members() {
            let known = CREDENTIALS.iter().any(|key| member.key.is(key));
            if known && member.value.text().is_some_and(|text| !text.is_empty()) {
                let message = format!("`{}` of a sandbox stands in the state", member.key.lossy());
                cx.raise(codes::SANDBOX_CREDENTIALS, Effect::Exposed, member.value, message);
            } else {
                open.push(member.value);
            }
        }
        open.extend(node.elements());
    }
}
