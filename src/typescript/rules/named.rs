//! How readers before 0.14.3 find what the last response asked for, and what searches found: by plain names.

use std::borrow::Cow;

use crate::agents::{Handoff, Tool};
use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Kind, Node, Text};
use crate::record::{List, Slot, Wire as _};
use crate::typescript::raw::ToolSearchOutput;
use crate::typescript::{FunctionAction, LiveCall, LiveTool, RunItem, ToolApprovalItem, bounds};

use super::actions::server_label;
use super::search::{by_server, call_id};
use super::{Judge, Owner};

/// A name with its namespace in front (`toolQualifiedName`).
fn qualified(name: &[u8], namespace: Option<&[u8]>) -> Vec<u8> {
    match namespace.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => [namespace, b".", name].concat(),
        None => name.to_vec(),
    }
}

fn filled<'d>(slot: &Slot<'d, Text<'d>>) -> Option<Cow<'d, [u8]>> {
    slot.value().filter(|text| !text.is_empty()).map(|text| text.wtf8())
}

impl<'s, 'd> Judge<'s, 'd> {
    /// What the last response asked for (`deserializeProcessedResponse` before 0.14.3).
    pub(super) fn named_actions(&mut self) {
        let Some(last) = self.state.last_processed_response.value() else { return };
        let at = match self.current() {
            Some(Owner::Live(at)) => Some(at),
            _ => None,
        };
        for action in last.handoffs.value().into_iter().flat_map(List::values) {
            let Some(node) = action.handoff.node() else { continue };
            let name = action.handoff.value().and_then(|handoff| handoff.tool_name.value());
            let found = at.is_none_or(|at| name.is_some_and(|name| self.named_handoff(at, *name)));
            if node.is_null() || !found {
                let name = name.map(|name| name.lossy()).unwrap_or_default();
                self.refuse(codes::HANDOFF_TARGET, action.node(), format!("the agent has no handoff \"{name}\""));
            } else {
                self.caller(&action.tool_call, None);
            }
        }
        for action in last.functions.value().into_iter().flat_map(List::values) {
            self.named_function(action, at);
        }
        for action in last.computer_actions.value().into_iter().flat_map(List::values) {
            self.named_tool(&action.computer, &action.tool_call, at, "computer");
        }
        for action in
            last.shell_actions.value().filter(|_| self.has(bounds::LOCAL_TOOLS)).into_iter().flat_map(List::values)
        {
            self.named_tool(&action.shell, &action.tool_call, at, "shell");
        }
        for action in last
            .apply_patch_actions
            .value()
            .filter(|_| self.has(bounds::LOCAL_TOOLS))
            .into_iter()
            .flat_map(List::values)
        {
            self.named_tool(&action.apply_patch, &action.tool_call, at, "apply_patch");
        }
        if !self.has(bounds::CALLERS) {
            return;
        }
        for request in last.mcp_requests.value().into_iter().flat_map(List::values) {
            let Some(label) = server_label(request) else {
                self.refuse(codes::MISSING_TOOL, request.node(), "the request does not say of which server it is");
                continue;
            };
            let tools = at.and_then(|at| Some(self.live.as_ref()?.agent(at).tools.as_slice()));
            let has = tools.is_none_or(|tools| {
                let of = |tool: &Tool| label.is(tool.server_label.as_deref().unwrap_or(&tool.name));
                tools.iter().any(|tool| tool.kind == "hosted_mcp" && of(tool))
            });
            if !has {
                let message = format!("the agent does not have the server \"{}\"", label.lossy());
                self.refuse(codes::MISSING_TOOL, request.node(), message);
            }
        }
    }

    /// A handoff that is an agent goes by the agent's name, not by that of its tool.
    fn named_handoff(&self, at: usize, name: Text<'d>) -> bool {
        let Some(live) = &self.live else { return true };
        live.agent(at).handoffs.iter().any(|handoff| match handoff {
            Handoff::Named { tool_name, .. } => name.is(tool_name),
            Handoff::Agent(agent) => name.is(live.name_of(agent)),
        })
    }

    /// Who calls is looked at from 0.14.0 on.
    fn caller(&mut self, call: &Slot<'d, LiveCall<'d>>, allowed: Option<&[String]>) {
        if self.has(bounds::CALLERS) {
            self.called_directly(call, allowed);
        }
    }

    fn named_function(&mut self, action: &FunctionAction<'d>, at: Option<usize>) {
        let tool_gone = action.tool.node().is_none_or(Node::is_null);
        let own = action.tool.value().and_then(|tool| tool.name.value()).map(|name| name.wtf8());
        let spaced = self.has(bounds::TOOL_SEARCH);
        if spaced && action.tool_call.node().is_none_or(Node::is_null) {
            return self.refuse(codes::REROUTED_CALL, action.node(), "expected the call of the action");
        }
        let tools: HashMap<Vec<u8>, Option<&'s Tool>> = match (at, &self.live) {
            (Some(at), Some(live)) => live
                .functions(at)
                .into_iter()
                .map(|function| {
                    let namespace = function.namespace.filter(|_| spaced).map(str::as_bytes);
                    (qualified(function.name.as_bytes(), namespace), function.tool)
                })
                .collect(),
            _ => HashMap::default(),
        };
        let named = action.tool_call.value().filter(|_| spaced).and_then(|call| resolved(call, &tools));
        if named.is_none() && tool_gone {
            return self.refuse(codes::MISSING_TOOL, action.node(), "expected the tool of the action");
        }
        let Some(at) = at else { return };
        let name = named.or(own.map(Cow::into_owned)).unwrap_or_default();
        match tools.get(&name) {
            Some(tool) => {
                let allowed = tool.and_then(|tool| tool.allowed_callers.as_deref());
                self.caller(&action.tool_call, allowed);
            }
            None if self.holds_place(action.tool.node(), at, "function") => self.caller(&action.tool_call, None),
            None => {
                let message = format!("the agent does not have the tool \"{}\"", String::from_utf8_lossy(&name));
                self.refuse(codes::MISSING_TOOL, action.node(), message);
            }
        }
    }

    fn named_tool(
        &mut self,
        tool: &Slot<'d, LiveTool<'d>>,
        call: &Slot<'d, LiveCall<'d>>,
        at: Option<usize>,
        kind: &'static str,
    ) {
        let Some(node) = tool.node() else { return };
        if node.is_null() {
            return self.refuse(codes::MISSING_TOOL, node, format!("expected the {kind} tool of the action"));
        }
        let (Some(at), Some(live)) = (at, &self.live) else { return };
        let name = tool.value().and_then(|tool| tool.name.value());
        let own = live.named_tool(at, kind);
        let aliases = ["computer", "computer_use_preview"];
        let found = own.is_some_and(|own| {
            let alias = kind == "computer" && self.has(bounds::TOOL_SEARCH) && aliases.contains(&own);
            name.is_some_and(|name| name.is(own) || alias && aliases.iter().any(|alias| name.is(alias)))
        });
        if found {
            let allowed = live.agent(at).tools.iter().find(|tool| tool.kind == kind);
            let allowed = allowed.and_then(|tool| tool.allowed_callers.as_deref());
            if kind != "computer" {
                self.caller(call, allowed);
            }
        } else if !self.holds_place(Some(node), at, kind) {
            self.refuse(codes::MISSING_TOOL, node, format!("the agent does not have this {kind} tool"));
        }
    }

    /// In a sandbox a tool may come later: until then its copy holds the place (`toolRehydration`).
    pub(super) fn holds_place(&self, tool: Option<Node<'d>>, at: usize, kind: &str) -> bool {
        let sandboxed = self.live.as_ref().is_some_and(|live| live.agent(at).sandbox);
        let same = |tool: Node<'d>| tool.member("type").and_then(Node::text).is_some_and(|own| own.is(kind));
        sandboxed && self.has(bounds::SANDBOXES) && tool.is_some_and(same)
    }

    /// From 0.6.0 on a request for approval without the tool's name asks its agent for it.
    pub(super) fn nameless_approval(&mut self, item: &ToolApprovalItem<'d>) {
        if !self.has(bounds::TOOL_SEARCH) || self.has(bounds::KNOWN_AGENTS) {
            return;
        }
        let function = matches!(item.raw_item.value(), Some(crate::typescript::raw::ApprovableCall::Function(_)));
        if function && item.tool_name.is_absent() && self.owner(item.agent.value()).is_none() {
            let message = "the agent is not among the agents, and the request does not name the tool";
            self.refuse(codes::UNKNOWN_AGENT, item.node(), message);
        }
    }

    /// What searches by the client found (`rehydrateToolSearchRuntimeTools` before 0.14.3).
    pub(super) fn named_searches(&mut self) {
        if !self.has(bounds::TOOL_SEARCH) {
            return;
        }
        for item in self.state.history() {
            let (agent, node, server, id) = match item {
                RunItem::ToolSearchCall(item) => {
                    let Some(call) = item.raw_item.value() else { continue };
                    let server = by_server(call.execution.value().map(|word| word.value), call.provider_data.node());
                    (item.agent.value(), call.node(), server, call_id(call))
                }
                RunItem::ToolSearchOutput(item) => {
                    let Some(output) = item.raw_item.value() else { continue };
                    let server =
                        by_server(output.execution.value().map(|word| word.value), output.provider_data.node());
                    (item.agent.value(), output.node(), server, None)
                }
                _ => continue,
            };
            if server {
                continue;
            }
            let owner = self.owner(agent);
            if owner.is_none() && !self.has(bounds::KNOWN_AGENTS) {
                self.refuse(codes::UNKNOWN_AGENT, node, "the agent of this search is not among the agents");
            } else if let RunItem::ToolSearchOutput(item) = item {
                if let (Some(Owner::Live(at)), Some(output)) = (owner, item.raw_item.value()) {
                    self.named_found(at, output);
                }
            } else if id.is_none() {
                self.refuse(codes::TOOL_SEARCH, node, "a search for tools by the client without an id");
            }
        }
    }

    /// The agents' document has no tools that a search makes: what a search found must be among the agent's own.
    fn named_found(&mut self, at: usize, output: &ToolSearchOutput<'d>) {
        let Some(live) = &self.live else { return };
        let mut known: HashSet<Vec<u8>> = live
            .functions(at)
            .into_iter()
            .map(|function| qualified(function.name.as_bytes(), function.namespace.map(str::as_bytes)))
            .collect();
        let servers = live.agent(at).tools.iter().filter(|tool| tool.kind == "hosted_mcp");
        known.extend(
            servers.map(|tool| [b"mcp:", tool.server_label.as_deref().unwrap_or(&tool.name).as_bytes()].concat()),
        );
        let mut keys = HashSet::default();
        for tool in output.tools.value().into_iter().flat_map(List::values) {
            collect(tool.0, None, 0, &mut keys);
        }
        if !keys.is_subset(&known) {
            let message = "a tool that the search found is not among the agent's tools";
            self.refuse(codes::MISSING_TOOL, output.node(), message);
        }
    }
}

/// The tool that a call goes to (`resolveFunctionToolCallName`, releases 0.6.0 to 0.14.2).
fn resolved(call: &LiveCall<'_>, tools: &HashMap<Vec<u8>, Option<&Tool>>) -> Option<Vec<u8>> {
    let name = filled(&call.name)?;
    let namespace = filled(&call.namespace);
    let bare = tools.get(&*name);
    if namespace.is_none() && bare.is_some() {
        return Some(name.into_owned());
    }
    let own = namespace.as_deref() == Some(&*name) && bare.is_some();
    let full = qualified(&name, namespace.as_deref());
    let late =
        bare.and_then(|tool| *tool).is_some_and(|tool| tool.defer_loading == Some(true) && tool.namespace.is_none());
    if own && (late || !tools.contains_key(&full)) {
        return Some(name.into_owned());
    }
    Some(full)
}

/// The keys of what a search found (`collectSerializedRuntimeToolKeys` before 0.14.3).
fn collect(node: Node<'_>, namespace: Option<&[u8]>, depth: u8, keys: &mut HashSet<Vec<u8>>) {
    if node.kind() != Kind::Object || depth == u8::MAX {
        return;
    }
    let text = |key: &str| node.member(key).and_then(Node::text);
    let filled = |key: &str| text(key).filter(|text| !text.is_empty()).map(|text| text.wtf8().into_owned());
    let is = |word: &str| text("type").is_some_and(|kind| kind.is(word));
    let tools = node.member("tools").filter(|tools| is("namespace") && tools.kind() == Kind::Array);
    if let Some(tools) = tools {
        let name = filled("name");
        let namespace = name.as_deref().or(namespace);
        tools.elements().for_each(|tool| collect(tool, namespace, depth + 1, keys));
        return;
    }
    let direct = filled("namespace");
    let namespace = direct.as_deref().or(namespace);
    if is("function") {
        keys.extend(filled("name").map(|name| qualified(&name, namespace)));
    } else if let Some(label) = filled("server_label").filter(|_| is("mcp")) {
        keys.insert([b"mcp:", &label[..]].concat());
    } else if let Some(data) = node.member("providerData") {
        collect(data, namespace, depth + 1, keys);
    }
}
