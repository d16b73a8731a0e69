//! Where calls go: the routes that history, actions and interruptions give them, and the live tools behind them.

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::{HashMap, HashSet};
use crate::json::{Kind, Node, Text};
use crate::record::{List, Slot, Wire as _};
use crate::typescript::calls::AnyCall;
use crate::typescript::raw::{Call, Caller};
use crate::typescript::{Interruption, LiveCall, LiveTool, ProcessedResponse, RunItem, Step, ToolKey, bounds};

use super::graph::Function;
use super::{Judge, Owner};

type Id<'d> = Option<Cow<'d, [u8]>>;

/// The route of a processed call: as the call says, and as it was resolved.
struct Route {
    raw: Vec<u8>,
    resolved: Vec<u8>,
}

fn id<'d>(call: &LiveCall<'d>) -> Id<'d> {
    call.call_id.value().map(|id| id.wtf8())
}

fn key(call: &LiveCall<'_>) -> Option<Vec<u8>> {
    let namespace = call.namespace.value().map(|namespace| namespace.wtf8());
    ToolKey::of_call(&call.name.value()?.wtf8(), namespace.as_deref())
}

fn spaced(call: &LiveCall<'_>) -> bool {
    call.namespace.value().is_some_and(|namespace| !namespace.is_empty())
}

/// The key of a serialized tool, which carries no namespace.
fn tool_key(tool: &LiveTool<'_>) -> Option<Vec<u8>> {
    let name = tool.name.value().filter(|name| !name.is_empty())?.wtf8();
    let deferred = tool.defer_loading.value().is_some_and(|flag| flag.get());
    if deferred { Some(ToolKey::deferred(&name)) } else { ToolKey::of_call(&name, None) }
}

impl<'s, 'd> Judge<'s, 'd> {
    /// One call id, one tool (`assertUnambiguousFunctionCallIds`).
    pub(super) fn routes(&mut self) {
        let state = self.state;
        let mut generated: HashMap<(Owner<'d>, Id<'d>), Vec<u8>> = HashMap::default();
        for item in state.history() {
            let RunItem::ToolCall(item) = item else { continue };
            let (Some(owner), Some(Call::Function(call))) = (self.owner(item.agent.value()), item.raw_item.value())
            else {
                continue;
            };
            let Some(key) = AnyCall::Function(call).key() else { continue };
            let id = call.call_id.value().map(|id| id.wtf8());
            if let Some(previous) = generated.insert((owner, id), key.clone())
                && previous != key
            {
                self.rerouted(call.node());
            }
        }
        let Some(current) = self.current() else { return };
        let mut processed: HashMap<Id<'d>, Route> = HashMap::default();
        let last = state.last_processed_response.value();
        for action in last.and_then(|last| last.functions.value()).into_iter().flat_map(List::values) {
            let Some(call) = action.tool_call.value() else {
                if action.tool_call.node().is_some_and(Node::is_null) {
                    self.refuse(codes::REROUTED_CALL, action.node(), "expected the call of the action");
                }
                continue;
            };
            let Some(raw) = key(call) else { continue };
            let serialized = if spaced(call) { Some(raw.clone()) } else { action.tool.value().and_then(tool_key) };
            let deferred =
                action.tool.value().and_then(|tool| tool.defer_loading.value()).is_some_and(|flag| flag.get());
            let named = |tool: &LiveTool<'d>| {
                tool.name.value().zip(call.name.value()).is_some_and(|(tool, call)| tool.same_text(*call))
            };
            let resolved = match serialized {
                None => raw.clone(),
                Some(serialized) if serialized == raw => raw.clone(),
                Some(serialized) if !spaced(call) && deferred && action.tool.value().is_some_and(named) => serialized,
                Some(_) => {
                    self.rerouted(call.node());
                    continue;
                }
            };
            if resolved != raw {
                self.deferred(call, &resolved, &current);
            }
            let id = id(call);
            let conflict = processed.get(&id).is_some_and(|previous| previous.resolved != resolved)
                || generated.get(&(current.clone(), id.clone())).is_some_and(|known| *known != raw);
            if conflict {
                self.rerouted(call.node());
            }
            processed.insert(id, Route { raw, resolved });
        }
        self.interruption_routes(&current, &generated, &processed);
    }

    /// The interruptions as readers before 0.14.3 take them: without a look at where their calls go.
    pub(super) fn interruptions(&mut self) {
        let Some(current) = self.current().filter(|_| self.has(bounds::INTERRUPTIONS)) else { return };
        for slot in self.state.current_step.value().into_iter().flat_map(Step::interruptions) {
            self.taken(slot, &current);
        }
    }

    fn rerouted(&mut self, node: Node<'d>) {
        let message = "the call id is used for calls of different tools";
        self.refuse(codes::REROUTED_CALL, node, message);
    }

    /// A call without namespace that was resolved to a tool that is loaded late (`assertDeferredFunctionCallProvenance`).
    fn deferred(&mut self, call: &LiveCall<'d>, resolved: &[u8], current: &Owner<'d>) {
        let (Some(live), Owner::Live(at)) = (&self.live, current) else { return };
        let Some(name) = call.name.value() else { return };
        let functions = live.functions(*at);
        let bare = functions.iter().find(|function| key(call).is_some_and(|key| key == function.key));
        let found = bare.or_else(|| functions.iter().find(|function| function.key == resolved));
        let handoff = live.handoff(*at, &name.lossy()).is_some();
        if handoff || found.is_some_and(|function| function.key != resolved) {
            let message = "the call was resolved to a tool that is loaded late, which it does not reach any more";
            self.refuse(codes::REROUTED_CALL, call.node(), message);
        }
    }

    fn interruption_routes(
        &mut self,
        current: &Owner<'d>,
        generated: &HashMap<(Owner<'d>, Id<'d>), Vec<u8>>,
        processed: &HashMap<Id<'d>, Route>,
    ) {
        let state = self.state;
        let Some(Step::Interruption(step)) = state.current_step.value() else { return };
        let Some(data) = step.data.value() else { return };
        if let Slot::Invalid(node) = &data.interruptions
            && matches!(node.kind(), Kind::Object | Kind::Number | Kind::Bool)
        {
            self.refuse(codes::INTERRUPTIONS, *node, "expected an array of interruptions");
        }
        for slot in state.current_step.value().into_iter().flat_map(Step::interruptions) {
            let Some((item, owner)) = self.taken(slot, current) else { continue };
            let raw = item.raw_item.value().filter(|raw| raw.kind.value().is_some_and(|kind| kind.is("function_call")));
            let Some(raw) = raw else { continue };
            let Some(route) = key(raw) else { continue };
            let id = id(raw);
            let known = generated.get(&(owner.clone(), id.clone()));
            let action = if owner == *current { processed.get(&id) } else { None };
            if known.is_some_and(|known| *known != route) || action.is_some_and(|action| action.raw != route) {
                self.rerouted(raw.node());
                continue;
            }
            let expected = action.map_or(&route, |action| &action.resolved);
            let given = item.function_tool_state_key.value();
            let open = owner != *current && action.is_none() && state.last_processed_response.value().is_some();
            if let Some(given) = given.filter(|given| !open && *given.wtf8() != expected[..]) {
                let message = "the tool key of the interruption is not that of its call";
                self.refuse(codes::REROUTED_CALL, given.node(), message);
            }
        }
    }

    /// What the reader takes an interruption for: a request for approval and its agent (`deserializeInterruptionItem`).
    fn taken<'i>(
        &mut self,
        slot: &'i Slot<'d, Interruption<'d>>,
        current: &Owner<'d>,
    ) -> Option<(&'i Interruption<'d>, Owner<'d>)> {
        let Some(item) = slot.value() else {
            if let Some(node) = slot.node() {
                self.dropped(node);
            }
            return None;
        };
        let kind = item.raw_item.value().and_then(|raw| raw.kind.value());
        let approvable = kind.is_some_and(|kind| {
            let kinds = ["function_call", "hosted_tool_call", "computer_call", "shell_call", "apply_patch_call"];
            kinds.iter().any(|word| kind.is(word))
        });
        match &self.parsed(item.node()) {
            Some(RunItem::Approval(_)) => {}
            Some(other) => {
                if self.live.is_some() {
                    self.item_agents(other);
                }
                self.dropped(item.node());
                return None;
            }
            None if !approvable => {
                self.dropped(item.node());
                return None;
            }
            None => {}
        }
        Some((item, self.interruption_owner(item.agent.value(), item.node(), current)))
    }

    fn dropped(&mut self, node: Node<'d>) {
        let message = "this is no request for approval; the SDK drops it";
        self.cx.raise(codes::ITEM_DROPPED, Effect::Lost, node, message);
    }

    /// An interruption of an unknown agent falls back to the current one, unless it has an identity.
    fn interruption_owner(
        &mut self,
        agent: Option<&crate::typescript::AgentRef<'d>>,
        node: Node<'d>,
        current: &Owner<'d>,
    ) -> Owner<'d> {
        let Some(agent) = agent else { return current.clone() };
        if let Some(owner) = self.owner(Some(agent)) {
            return owner;
        }
        let identity = agent.identity.value().filter(|identity| !identity.is_empty());
        if let Some(identity) = identity.filter(|_| self.has(bounds::IDENTITIES)) {
            let message = format!("the agent identity \"{}\" is not among the agents", identity.lossy());
            self.refuse(codes::UNKNOWN_IDENTITY, node, message);
        } else {
            let message = "the interruption's agent is not among the agents; the current one takes its place";
            self.cx.raise(codes::UNKNOWN_AGENT, Effect::Lost, node, message);
        }
        current.clone()
    }

    /// The agent that a step hands over to. Before 0.11.0 the reader asked it for its name, and took any answer.
    pub(super) fn step(&mut self) {
        let Some(Step::Handoff(step)) = self.state.current_step.value() else { return };
        match step.new_agent.value() {
            Some(agent) if self.key_of(agent).is_some() => self.agent_exists(Some(agent)),
            _ => {
                let node = step.new_agent.node().unwrap_or(step.node());
                let named = self.has(bounds::KNOWN_AGENTS) || step.new_agent.node().is_none_or(Node::is_null);
                let effect = if named { Effect::Refused } else { Effect::Stuck };
                self.cx.raise(codes::UNKNOWN_AGENT, effect, node, "expected the agent to hand over to");
            }
        }
    }

    /// What the last response asked for (`deserializeProcessedResponse`).
    pub(super) fn actions(&mut self) {
        let state = self.state;
        self.aliases();
        let Some(last) = state.last_processed_response.value() else { return };
        self.file_actions(last);
        if let Some(Owner::Live(at)) = self.current() {
            self.live_actions(last, at);
        }
    }

    /// What can be told without the live agents.
    fn file_actions(&mut self, last: &ProcessedResponse<'d>) {
        for action in last.handoffs.value().into_iter().flat_map(List::values) {
            self.agent_exists(action.target_agent.value());
            if action.handoff.node().is_some_and(Node::is_null) {
                self.refuse(codes::HANDOFF_TARGET, action.node(), "expected the handoff of the action");
            }
            self.called_directly(&action.tool_call, None);
        }
        for action in last.computer_actions.value().into_iter().flat_map(List::values) {
            if action.computer.node().is_some_and(Node::is_null) {
                self.refuse(codes::MISSING_TOOL, action.node(), "expected the computer of the action");
            }
        }
        for action in last.shell_actions.value().into_iter().flat_map(List::values) {
            if action.shell.node().is_some_and(Node::is_null) {
                self.refuse(codes::MISSING_TOOL, action.node(), "expected the shell of the action");
            }
        }
        for action in last.apply_patch_actions.value().into_iter().flat_map(List::values) {
            if action.apply_patch.node().is_some_and(Node::is_null) {
                self.refuse(codes::MISSING_TOOL, action.node(), "expected the patch tool of the action");
            }
        }
        for request in last.mcp_requests.value().into_iter().flat_map(List::values) {
            if server_label(request).is_none() {
                self.refuse(codes::MISSING_TOOL, request.node(), "the request does not say of which server it is");
            }
        }
    }

    /// A tool is called only by whom it allows; `allowed` is what the live tool says.
    pub(super) fn called_directly(&mut self, slot: &Slot<'d, LiveCall<'d>>, allowed: Option<&[String]>) {
        let Some(call) = slot.value() else {
            if let Some(node) = slot.node().filter(|node| node.kind() != Kind::Array) {
                self.refuse(codes::REROUTED_CALL, node, "expected the call of the action");
            }
            return;
        };
        let caller = call.caller.value();
        let word = if matches!(caller, Some(Caller::Program(_))) { "programmatic" } else { "direct" };
        let allows = match allowed {
            Some(allowed) => allowed.iter().any(|allowed| allowed == word),
            None => word == "direct",
        };
        if !allows {
            let node = caller.map_or(call.node(), |caller| caller.node());
            let message = format!("the tool does not allow {word} calls");
            self.refuse(codes::CALLER, node, message);
        }
    }

    fn live_actions(&mut self, last: &ProcessedResponse<'d>, at: usize) {
        for action in last.handoffs.value().into_iter().flat_map(List::values) {
            let Some(handoff) = action.handoff.value() else { continue };
            let name = handoff.tool_name.value().map(|name| name.lossy()).unwrap_or_default();
            let found = self.live.as_ref().and_then(|live| Some((live, live.handoff(at, &name)?)));
            let fits = match (found, action.target_agent.value()) {
                (None, _) => false,
                (Some((_, found)), Some(target)) => found.map(Owner::Live) == self.owner(Some(target)),
                // Before 1.16 the handoff itself says whom it leads to.
                (Some((live, found)), None) => found
                    .map(|at| live.agent(at))
                    .is_some_and(|agent| handoff.agent_name.value().is_some_and(|name| name.is(&agent.name))),
            };
            if !fits {
                let message = format!("the agent has no handoff \"{name}\" to this agent");
                self.refuse(codes::HANDOFF_TARGET, action.node(), message);
            }
        }
        for action in last.functions.value().into_iter().flat_map(List::values) {
            self.function(action, at);
        }
        for action in last.computer_actions.value().into_iter().flat_map(List::values) {
            let Some(tool) = action.computer.value() else { continue };
            let has = self.live.as_ref().is_some_and(|live| live.named_tool(at, "computer").is_some());
            let named = tool.name.value().is_some_and(|name| name.is("computer") || name.is("computer_use_preview"));
            if (!has || !named) && !self.holds_place(Some(tool.node()), at, "computer") {
                self.refuse(codes::MISSING_TOOL, action.node(), "the agent does not have this computer");
            }
        }
        for action in last.shell_actions.value().into_iter().flat_map(List::values) {
            self.named(&action.shell, &action.tool_call, at, "shell");
        }
        for action in last.apply_patch_actions.value().into_iter().flat_map(List::values) {
            self.named(&action.apply_patch, &action.tool_call, at, "apply_patch");
        }
        for request in last.mcp_requests.value().into_iter().flat_map(List::values) {
            let Some(label) = server_label(request) else { continue };
            let tools = self.live.as_ref().map(|live| live.agent(at).tools.as_slice()).unwrap_or_default();
            let has = tools
                .iter()
                .any(|tool| tool.kind == "hosted_mcp" && label.is(tool.server_label.as_deref().unwrap_or(&tool.name)));
            if !has {
                let message = format!("the agent does not have the server \"{}\"", label.lossy());
                self.refuse(codes::MISSING_TOOL, request.node(), message);
            }
        }
    }

    fn named(&mut self, tool: &Slot<'d, LiveTool<'d>>, call: &Slot<'d, LiveCall<'d>>, at: usize, kind: &'static str) {
        let Some(tool) = tool.value() else { return };
        let Some(live) = &self.live else { return };
        let allowed = live.agent(at).tools.iter().find(|tool| tool.kind == kind);
        let (name, allowed) = (live.named_tool(at, kind), allowed.and_then(|tool| tool.allowed_callers.clone()));
        match name {
            Some(live) if tool.name.value().is_some_and(|name| name.is(live)) => {
                self.called_directly(call, allowed.as_deref());
            }
            _ if self.holds_place(Some(tool.node()), at, kind) => self.called_directly(call, None),
            _ => self.refuse(codes::MISSING_TOOL, tool.node(), format!("the agent does not have this {kind} tool")),
        }
    }

    /// The program's function that an action calls.
    pub(super) fn called<'f, 'g>(
        action: &crate::typescript::FunctionAction<'d>,
        functions: &'f [Function<'g>],
    ) -> Option<&'f Function<'g>> {
        let call = action.tool_call.value()?;
        let own = key(call)?;
        let direct = functions.iter().find(|function| function.key == own);
        if direct.is_some() || spaced(call) {
            return direct;
        }
        let name = call.name.value().filter(|name| !name.is_empty())?.wtf8();
        let deferred = ToolKey::deferred(&name);
        functions.iter().find(|function| function.key == deferred).or_else(|| {
            let mut flat = functions.iter().filter(|function| {
                function.namespace.is_some_and(|space| {
                    crate::typescript::calls::qualified(function.name.as_bytes(), Some(space.as_bytes())) == *name
                })
            });
            flat.next().filter(|_| flat.next().is_none())
        })
    }

    /// The functions of the program's agent that the run is with, if that is known.
    pub(super) fn functions(&self) -> Option<Vec<Function<'s>>> {
        let (Some(live), Some(Owner::Live(at))) = (&self.live, self.current()) else { return None };
        Some(live.functions(at))
    }

    fn function(&mut self, action: &crate::typescript::FunctionAction<'d>, at: usize) {
        let Some(live) = &self.live else { return };
        let call = action.tool_call.value();
        let functions = live.functions(at);
        let name = call.and_then(|call| call.name.value()).filter(|name| !name.is_empty());
        if let Some(found) = Self::called(action, &functions) {
            let allowed = found.tool.and_then(|tool| tool.allowed_callers.clone());
            return self.called_directly(&action.tool_call, allowed.as_deref());
        }
        let sandboxed = self.holds_place(action.tool.node(), at, "function");
        let id = call.and_then(id).unwrap_or_default();
        let bound = !matches!(action.mcp_tool_binding, Slot::Null(_));
        let dead = self.has(bounds::BINDINGS) && (bound || self.is_done(&id));
        if action.tool.node().is_some_and(Node::is_null) {
            self.refuse(codes::MISSING_TOOL, action.node(), "expected the tool of the action");
        } else if !dead && !sandboxed {
            let name = name.map(|name| name.lossy().into_owned()).unwrap_or_default();
            self.refuse(codes::MISSING_TOOL, action.node(), format!("the agent does not have the tool \"{name}\""));
        } else {
            if !sandboxed {
                let message = "the agent does not have the tool of this call: the call is not executed";
                self.cx.raise(codes::MISSING_TOOL, Effect::Lost, action.node(), message);
            }
            self.called_directly(&action.tool_call, None);
        }
    }

    /// Keys of nested runs from old labels lead to runs that are there (`restorePendingAgentToolRunAliases`).
    fn aliases(&mut self) {
        let state = self.state;
        let Some(aliases) = state.pending_agent_tool_run_aliases.value().filter(|aliases| !aliases.is_empty()) else {
            return;
        };
        let runs = state.pending_agent_tool_runs.value().into_iter().flat_map(|runs| &runs.entries);
        let runs: HashSet<_> = runs.map(|(key, _)| key.wtf8()).collect();
        let last = state.last_processed_response.value().and_then(|last| last.functions.value());
        let calls = last.into_iter().flat_map(List::values).filter_map(|action| action.tool_call.value());
        let named = calls.filter_map(|call| Some((id(call)?, ToolKey::legacy(&key(call)?)?)));
        let calls: HashSet<(Cow<'_, [u8]>, Vec<u8>)> = named.collect();
        for (alias, target) in aliases.values() {
            let (alias_key, target_key) = (alias.wtf8(), target.wtf8());
            let split = |key: &[u8]| key.iter().rposition(|&byte| byte == b':');
            let fits = split(&target_key).zip(split(&alias_key)).is_some_and(|(target_end, alias_end)| {
                let (id, name) = (&target_key[target_end + 1..], &alias_key[..alias_end]);
                *id == alias_key[alias_end + 1..]
                    && ToolKey::legacy(&target_key[..target_end]).as_deref() == Some(name)
                    && calls.contains(&(Cow::Borrowed(id), name.to_vec()))
            });
            if !runs.contains(&target_key) || !fits {
                let message = format!("the key \"{}\" does not lead to a nested run of its call", alias.lossy());
                self.refuse(codes::RUN_ALIAS, target.node(), message);
            }
        }
    }
}

/// The server that a request for approval comes from.
pub(super) fn server_label<'d>(request: &crate::typescript::McpRequest<'d>) -> Option<Text<'d>> {
    let raw = request.request_item.value()?.raw_item.value()?.provider_data.node();
    let own = raw.and_then(|data| data.member("server_label")?.text());
    let tool = request.mcp_tool.value()?.provider_data.node();
    own.or_else(|| tool.and_then(|data| data.member("server_label")?.text())).filter(|label| !label.is_empty())
}
