//! What the TypeScript SDK's reader does with a state beyond its shape (`RunState.fromString`), release by release. What names
//! no release holds for all since the rule's own label.
//!
//! The rules look at the model as it was read, under its own label. What depends on the live agents is judged when they are
//! given.

mod actions;
mod approvals;
mod compaction;
mod decided;
mod gates;
mod graph;
mod history;
mod ledger;
mod named;
mod older;
mod progress;
mod resume;
mod sandbox;
mod search;
#[cfg(test)]
mod tests;
mod values;

use std::borrow::Cow;
use std::sync::Arc;

use crate::agents::Graph;
use crate::codes;
use crate::finding::Effect;
use crate::format::Bound;
use crate::hash::{HashMap, HashSet};
use crate::json::{Node, Text};
use crate::parallel::both;
use crate::record::{Reader, Wire as _};

use super::{AgentRef, NestedRun, State, bounds};
use graph::Live;
use ledger::{Listed, Recorded};
pub(in crate::typescript) use ledger::{Observed, observe, tool_of};

/// Raises what the reader refuses, drops or cannot resume.
pub fn judge<'d>(state: &State<'d>, agents: Option<&Graph>, cx: &mut Reader<'d>) {
    let live = agents.map(|graph| Arc::new(Live::of(graph, cx.label, cx.reader)));
    Judge::new(state, agents, live, cx).run();
}

/// Whether the reader takes the block that says which items the last response brought.
pub(in crate::typescript) fn owns<'d>(state: &State<'d>, cx: &mut Reader<'d>) -> bool {
    let judge = Judge::new(state, None, None, cx);
    state.ownership.value().is_some_and(|block| judge.owned(block).is_ok())
}

/// An agent of the state: one of the live agents, or, when these are not known, the key that it is named by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner<'d> {
    Live(usize),
    Named(Cow<'d, [u8]>),
}

struct Judge<'s, 'd> {
    state: &'s State<'d>,
    graph: Option<&'s Graph>,
    live: Option<Arc<Live<'s>>>,
    label: u16,
    cx: &'s mut Reader<'d>,
    /// Recorded fingerprints of finished calls, by agent.
    recorded: HashMap<Owner<'d>, Recorded<'d>>,
    /// Call ids that are listed as ambiguous, by agent.
    listed: HashMap<Owner<'d>, Listed<'d>>,
    /// The finished calls of the agent that the run is with, once somebody has asked.
    done: Option<HashSet<Cow<'d, [u8]>>>,
}

impl<'s, 'd> Judge<'s, 'd> {
    fn new(
        state: &'s State<'d>,
        graph: Option<&'s Graph>,
        live: Option<Arc<Live<'s>>>,
        cx: &'s mut Reader<'d>,
    ) -> Self {
        let label = cx.label;
        Self { state, graph, live, label, cx, recorded: HashMap::default(), listed: HashMap::default(), done: None }
    }

    /// The ledger takes as long as everything else.
    fn run(&mut self) {
        if !self.has(bounds::LEDGER) {
            return self.rest();
        }
        let (state, graph, live, mut apart) = (self.state, self.graph, self.live.clone(), self.cx.apart());
        let rest = || Judge::new(state, graph, live, &mut apart).rest();
        let ledger = || {
            self.records();
            self.ledger();
        };
        both(state.node().raw().len(), ledger, rest);
        self.cx.join(apart);
    }

    fn rest(&mut self) {
        self.values();
        self.older();
        self.label_gates();
        if self.has(bounds::TOOL_KEYS) {
            self.legacy_compaction();
        }
        self.progress();
        self.agents();
        if self.has(bounds::TOOL_KEYS) {
            self.approvals();
        }
        self.standing();
        self.step();
        if self.has(bounds::TOOL_KEYS) {
            self.searches();
            self.routes();
            self.actions();
        } else {
            self.named_searches();
            self.interruptions();
            self.named_actions();
        }
        if self.has(bounds::LEDGER) {
            self.sandbox();
            self.decided_calls();
        }
        self.resume();
        self.gates();
        self.nested();
    }

    /// Whether the reader is from this bound on.
    fn has(&self, bound: Bound) -> bool {
        self.cx.reader_has(bound)
    }

    fn refuse(&mut self, code: codes::Code, node: Node<'d>, message: impl Into<Cow<'static, str>>) {
        self.cx.raise(code, Effect::Refused, node, message);
    }

    /// Whose something is.
    fn owner(&self, agent: Option<&AgentRef<'d>>) -> Option<Owner<'d>> {
        self.owner_of(self.key_of(agent?)?.wtf8())
    }

    fn owner_of(&self, key: Cow<'d, [u8]>) -> Option<Owner<'d>> {
        match &self.live {
            Some(live) => live.find(&key).map(Owner::Live),
            None => Some(Owner::Named(key)),
        }
    }

    /// What the reader looks an agent up by.
    fn key_of(&self, agent: &AgentRef<'d>) -> Option<Text<'d>> {
        if self.has(bounds::IDENTITIES) { agent.key() } else { agent.name.value().copied() }
    }

    /// The agent that the run is with.
    fn current(&self) -> Option<Owner<'d>> {
        self.owner(self.state.current_agent.value())
    }

    /// Raises an agent that is not among the live ones.
    fn agent_exists(&mut self, agent: Option<&AgentRef<'d>>) {
        let Some(agent) = agent else { return };
        let Some(key) = self.key_of(agent) else { return };
        let identity = self.has(bounds::IDENTITIES) && agent.identity.value().is_some();
        self.key_exists(key, agent.node(), identity);
    }

    /// Before 0.11.0 the reader went on without the agent, except without that of the run.
    fn key_exists(&mut self, key: Text<'d>, node: Node<'d>, identity: bool) {
        let effect = if self.has(bounds::KNOWN_AGENTS) { Effect::Refused } else { Effect::Lost };
        self.key_found(key, node, identity, effect);
    }

    fn key_found(&mut self, key: Text<'d>, node: Node<'d>, identity: bool, effect: Effect) {
        let known = self.live.as_ref().is_none_or(|live| live.find(&key.wtf8()).is_some());
        if known {
            return;
        }
        let (code, what) = if identity { (codes::UNKNOWN_IDENTITY, "identity ") } else { (codes::UNKNOWN_AGENT, "") };
        self.cx.raise(code, effect, node, format!("the agent {what}\"{}\" is not among the agents", key.lossy()));
    }

    /// The texts of nested runs, each under its own label and with the agent behind its tool.
    fn nested(&mut self) {
        if !self.has(bounds::NESTED_RUNS) {
            return;
        }
        let state = self.state;
        let Some(runs) = state.pending_agent_tool_runs.value().filter(|runs| !runs.is_empty()) else { return };
        let open = self.open_functions();
        for (key, run) in runs.values() {
            // The SDK leaves runs behind whose calls failed, and never comes back to them.
            let Some(nested) = run.state.as_ref().filter(|_| is_of(&key.wtf8(), &open)) else { continue };
            let graph = self.behind(tool_behind(&key.wtf8()).as_deref());
            let ((), refused) = self.cx.nested(run.label, |cx| judge(nested, graph.as_ref(), cx));
            self.nested_refused(run, refused);
        }
    }

    /// The agents of the run behind a tool: that of the agent that the run is with, or, where that is not known, of any.
    fn behind(&self, tool: Option<&[u8]>) -> Option<Graph> {
        let graph = self.graph?;
        let own = match (&self.live, self.current()) {
            (Some(live), Some(Owner::Live(at))) => &live.agent(at).tools[..],
            _ => &[],
        };
        let mut tools = own.iter().chain(graph.agents.iter().flat_map(|agent| &agent.tools));
        let start = tools.find(|own| Some(own.name.as_bytes()) == tool && own.agent.is_some())?.agent.as_deref()?;
        graph.within(start)
    }

    fn nested_refused(&mut self, run: &NestedRun<'d>, refused: bool) {
        if run.refused || refused {
            let message =
                "the nested run cannot be loaded: the model is told so as the tool's result, and the run goes on";
            self.cx.raise(codes::NESTED_RUN, Effect::Stuck, run.text.node(), message);
        }
    }
}

/// Whether the key of a nested run names one of these calls, whose ids can hold a few colons, too.
fn is_of(key: &[u8], calls: &HashSet<Cow<'_, [u8]>>) -> bool {
    let ends = key.iter().enumerate().rev().filter(|(_, byte)| **byte == b':').take(8);
    ends.into_iter().any(|(end, _)| calls.contains(&key[end + 1..]))
}

/// The tool's name in the key of a nested run, such as `["bare","ask"]:call_1`, or `ask:call_1` before 1.16.
fn tool_behind(key: &[u8]) -> Option<Vec<u8>> {
    let end = key.iter().rposition(|&byte| byte == b':')?;
    let tool = &key[..end];
    Some(super::ToolKey::legacy(tool).unwrap_or_else(|| tool.to_vec()))
}
