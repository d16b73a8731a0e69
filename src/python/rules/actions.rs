//! The calls of the last response that are to be executed, against the tools of the current agent.

use std::cell::OnceCell;

use crate::agents::{Agent, Graph, Handoff, Tool};
use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Node, Text};
use crate::record::{List, Reader, Sifted, Slot, Wire};

use super::super::bounds::{V1_13, V1_15};
use super::super::invocation::Lookup;
use super::super::state::State;
use super::super::step::{CurrentStep, FunctionAction, ProcessedResponse};
use super::super::weigh::is_falsy;
use super::View;
use super::programs::Programs;
use super::restore::has_unhashable_type;

/// Judges the actions, and notes the tools of those that the reader keeps.
pub(super) fn judge<'d>(processed: &ProcessedResponse<'d>, view: &mut View<'_, 'd>, cx: &mut Reader<'d>) {
    let agent = view.roster.zip(view.agent).map(|(roster, agent)| roster.agent(agent));
    let graph = view.roster.map(|roster| roster.graph());
    // A run that goes on carries out nothing of the response before, which after a handoff is another agent's.
    let waits = matches!(view.state.current_step.value(), Some(CurrentStep::Interruption(_)));
    let missing = |call: Option<Node<'d>>, agent: &Agent, code: codes::Code, cx: &mut Reader<'d>| {
        if let Some(call) = call.filter(|_| waits) {
            missing(call, agent, code, cx);
        }
    };
    let bench = Bench { agent, state: view.state, programs: OnceCell::new() };
    for action in kept(&processed.functions) {
        let Some(agent) = agent else {
            bench.check_caller(action.tool_call.node(), None, cx);
            continue;
        };
        match function_tool(agent, action) {
            Some(tool) => bench.check_caller(action.tool_call.node(), tool.allowed_callers.as_deref(), cx),
            None if is_mcp_tool(agent, action) => {
                bench.check_caller(action.tool_call.node(), None, cx);
                view.served.extend(action.tool_call.value().and_then(|call| Some(call.call_id.value()?.wtf8())));
            }
            None => missing(action.tool_call.node(), agent, codes::MISSING_TOOL, cx),
        }
    }
    for action in kept(&processed.handoffs) {
        let Some(name) = action.handoff.value().and_then(|handoff| handoff.tool_name.value()) else { continue };
        let Some(agent) = agent else {
            bench.check_caller(action.tool_call.node(), None, cx);
            continue;
        };
        if agent.handoffs.iter().any(|handoff| name.is(&handoff_tool(handoff, graph))) {
            bench.check_caller(action.tool_call.node(), None, cx);
        } else {
            missing(action.tool_call.node(), agent, codes::HANDOFF_TARGET, cx);
        }
    }
    let mut tools = Vec::new();
    let mut native = |call: Option<Node<'d>>, tool: Option<Node<'d>>, kind: &str, cx: &mut Reader<'d>| {
        let Some(name) = tool.and_then(|tool| tool.member("name")).and_then(Node::text) else { return };
        match agent.map(|agent| (agent, agent.tools.iter().find(|tool| is_native(tool, kind, name)))) {
            Some((agent, None)) => return missing(call, agent, codes::MISSING_TOOL, cx),
            Some((_, Some(tool))) => bench.check_caller(call, tool.allowed_callers.as_deref(), cx),
            None => bench.check_caller(call, None, cx),
        }
        if let Some(call) = call.filter(|call| cx.reader_has(V1_15) && has_unhashable_type(*call)) {
            let message = "the type of the call is no text; the SDK fails when it looks it up";
            cx.raise(codes::UNHASHABLE_TYPE, Effect::Refused, call, message);
        }
        tools.extend(call.map(|call| (call, name)));
    };
    for action in kept(&processed.computer_actions) {
        native(action.tool_call.node(), action.computer.node(), "computer", cx);
    }
    for action in kept(&processed.custom_tool_actions) {
        native(action.tool_call.node(), action.custom_tool.node(), "custom", cx);
    }
    for action in kept(&processed.local_shell_actions) {
        native(action.tool_call.node(), action.local_shell.node(), "local_shell", cx);
    }
    for action in kept(&processed.shell_actions) {
        native(action.tool_call.node(), action.shell.node(), "shell", cx);
    }
    for action in kept(&processed.apply_patch_actions) {
        native(action.tool_call.node(), action.apply_patch.node(), "apply_patch", cx);
    }
    view.tools = tools;
    let requests = processed.mcp_approval_requests.value().into_iter().flat_map(|requests| requests.values());
    for request in requests {
        let raw = request.request_item.value().and_then(|item| item.raw_item.node());
        let server = raw.and_then(|raw| raw.member("server_label")).and_then(Node::text);
        let Some(server) = server.filter(|_| !request.mcp_tool.node().is_none_or(is_falsy)) else { continue };
        let Some(agent) = agent else {
            bench.check_caller(raw, None, cx);
            continue;
        };
        let hosted = |tool: &&Tool| {
            tool.kind == "hosted_mcp" && tool.server_label.as_deref().is_some_and(|label| server.is(label))
        };
        match agent.tools.iter().find(hosted) {
            Some(tool) => bench.check_caller(raw, tool.allowed_callers.as_deref(), cx),
            None => missing(raw, agent, codes::MISSING_TOOL, cx),
        }
    }
}

/// The actions that the reader can read.
fn kept<'s, 'd, T: Wire<'d>>(slot: &'s Slot<'d, List<'d, Sifted<T>>>) -> impl Iterator<Item = &'s T> {
    slot.value().into_iter().flat_map(|list| list.values()).filter_map(|sifted| sifted.kept())
}

/// The tools of the current agent, if it is known, and the programs that may call them.
struct Bench<'g, 'd> {
    agent: Option<&'g Agent>,
    state: &'g State<'d>,
    programs: OnceCell<Programs<'d>>,
}

impl<'d> Bench<'_, 'd> {
    /// Whether the call comes from where calls of the tool may come from (`ensure_tool_caller_allowed`,
    /// `ensure_programmatic_tool_call_parent`). Where the agent is not known, its tools are taken to allow the call.
    fn check_caller(&self, call: Option<Node<'d>>, allowed: Option<&[String]>, cx: &mut Reader<'d>) {
        if !cx.reader_has(V1_13) {
            return;
        }
        let check_kind = |kind: &str, node: Option<Node<'d>>, cx: &mut Reader<'d>| {
            if self.agent.is_some() {
                check_kind(kind, node, allowed, cx);
            }
        };
        let Some(caller) = call.and_then(|call| call.member("caller")).filter(|caller| !caller.is_null()) else {
            return check_kind("direct", call, cx);
        };
        let kind = if caller.kind() == Kind::Object { caller.member("type").and_then(Node::text) } else { None };
        let refuse = |cx: &mut Reader<'d>, message: &'static str| {
            cx.raise(codes::CALLER, Effect::Refused, caller, message);
        };
        match kind {
            Some(kind) if kind.is("direct") => check_kind("direct", Some(caller), cx),
            Some(kind) if kind.is("program") => {
                let id = caller.member("caller_id").and_then(Node::text).map(Text::wtf8);
                let programs = self.programs.get_or_init(|| Programs::of(self.state));
                let runs_programs =
                    |agent: &Agent| agent.tools.iter().any(|tool| tool.kind == "programmatic_tool_calling");
                if !self.agent.is_none_or(runs_programs) {
                    refuse(cx, "a program called, and the agent has no tool for programs");
                } else if !id.as_ref().is_some_and(|id| programs.known.contains(id)) {
                    refuse(cx, "the program that called is not in the state");
                } else if id.is_some_and(|id| programs.finished.contains(&id)) {
                    refuse(cx, "the program that called is finished");
                } else {
                    check_kind("programmatic", Some(caller), cx);
                }
            }
            _ => refuse(cx, "the caller is of no known type"),
        }
    }
}

fn check_kind<'d>(kind: &str, node: Option<Node<'d>>, allowed: Option<&[String]>, cx: &mut Reader<'d>) {
    let fits = allowed.map_or(kind == "direct", |allowed| allowed.iter().any(|own| own == kind));
    if let Some(node) = node.filter(|_| !fits) {
        let who = if kind == "direct" { "the model itself" } else { "programs" };
        cx.raise(codes::CALLER, Effect::Refused, node, format!("the tool is not to be called by {who}"));
    }
}

#[cold]
fn missing<'d>(call: Node<'d>, agent: &Agent, code: codes::Code, cx: &mut Reader<'d>) {
    let text = |key: &str| call.member(key).and_then(Node::text);
    let name = text("name").or_else(|| text("type")).map_or("?".into(), |name| name.lossy());
    let message = format!("\"{}\" has no \"{name}\": the SDK drops the call", agent.name);
    cx.raise(code, Effect::Stuck, call, message);
}

/// The function tool of the agent that an action goes to (`_resolve_function_tool_name`).
pub(super) fn function_tool<'g>(agent: &'g Agent, action: &FunctionAction<'_>) -> Option<&'g Tool> {
    let wanted = wanted(action)?;
    agent.tools.iter().rev().find(|tool| tool.kind == "function" && wanted == key_of(tool))
}

/// Whether the action goes to a tool of one of the agent's MCP servers.
fn is_mcp_tool(agent: &Agent, action: &FunctionAction<'_>) -> bool {
    let Some(wanted) = wanted(action) else { return false };
    let names = agent.mcp_servers.iter().flat_map(|server| server.tools.iter().map(move |tool| (server, tool)));
    names.into_iter().any(|(server, tool)| {
        // With the server's name in it: `mcp_ledger__post`.
        let wanted = wanted.strip_prefix(b"mcp_").unwrap_or(&wanted);
        wanted == tool.name().as_bytes()
            || wanted.strip_prefix(server.name.as_bytes()).is_some_and(|rest| rest.ends_with(tool.name().as_bytes()))
    })
}

/// The key of the tool that an action names.
fn wanted(action: &FunctionAction<'_>) -> Option<Vec<u8>> {
    let tool = action.tool.node().filter(|tool| tool.kind() == Kind::Object);
    let call = action.tool_call.node().filter(|call| call.kind() == Kind::Object);
    let written = tool.and_then(|tool| tool.member("lookupKey")).and_then(Lookup::read);
    let of = |node: Node<'_>| -> Option<Vec<u8>> {
        let part = |key| node.member(key).and_then(Node::text);
        Lookup::of(part("name"), part("namespace")).map(|key| key.approval_key())
    };
    written.map(|key| key.approval_key()).or_else(|| call.and_then(of)).or_else(|| tool.and_then(of))
}

/// The key under which a tool of the program is found.
fn key_of(tool: &Tool) -> Vec<u8> {
    match (&tool.namespace, tool.defer_loading) {
        (Some(namespace), _) if !namespace.is_empty() => format!("{namespace}.{}", tool.name).into_bytes(),
        (_, Some(true)) => format!("deferred_top_level:{}", tool.name).into_bytes(),
        _ => tool.name.clone().into_bytes(),
    }
}

/// Whether a tool of the program is the one of this kind that has the name.
fn is_native(tool: &Tool, kind: &str, name: Text<'_>) -> bool {
    let alias = |own: &str| match own {
        "computer" => Some("computer_use_preview"),
        "computer_use_preview" => Some("computer"),
        _ => None,
    };
    tool.kind == kind
        && (name.is(&tool.name) || (kind == "computer" && alias(&tool.name).is_some_and(|own| name.is(own))))
}

/// The name of the tool that hands the run over.
fn handoff_tool(handoff: &Handoff, graph: Option<&Graph>) -> String {
    match handoff {
        Handoff::Named { tool_name, .. } => tool_name.clone(),
        Handoff::Agent(agent) => {
            let agent = graph.map_or(agent.as_str(), |graph| graph.name_of(agent));
            let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
            format!("transfer_to_{agent}").chars().map(plain).collect()
        }
    }
}
