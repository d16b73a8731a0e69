//! The live agents, as the loader finds them.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::agents::{Agent, Graph, Handoff, Tool, prefixed};
use crate::format::Target;
use crate::hash::{HashMap, HashSet};
use crate::typescript::{ToolKey, bounds};

/// The agents that can be reached from the start, by the keys that a state names them by.
pub(super) struct Live<'g> {
    agents: Vec<&'g Agent>,
    keys: HashMap<Vec<u8>, usize>,
    /// A name that two agents share, where the label tells agents apart by name alone.
    pub(super) shared: Option<&'g str>,
    /// Whether tools of local MCP servers can have the server in their names.
    prefixes: bool,
}

/// A live function tool.
pub(super) struct Function<'g> {
    pub(super) tool: Option<&'g Tool>,
    pub(super) key: Vec<u8>,
    pub(super) name: Cow<'g, str>,
    pub(super) namespace: Option<&'g str>,
}

impl<'g> Live<'g> {
    /// Walks the graph breadth-first (`buildAgentMap`, `buildAgentIdentityMap`). Agents of one name are told apart by
    /// identity from 1.10 on: the start first, then the others in the order of the document. Readers before 0.8.3 know
    /// the first one of a name only.
    pub(super) fn of(graph: &'g Graph, label: u16, reader: Target) -> Self {
        let find = graph.places();
        let unique = reader.has(bounds::UNIQUE_NAMES);
        let mut names = HashSet::default();
        let mut reached = vec![false; graph.agents.len()];
        let first = find(&graph.start);
        let mut queue: VecDeque<usize> = first.into_iter().collect();
        while let Some(at) = queue.pop_front() {
            let agent = &graph.agents[at];
            if reached[at] || !unique && !names.insert(agent.name.as_str()) {
                continue;
            }
            reached[at] = true;
            queue.extend(agent.handoffs.iter().map(Handoff::agent).filter_map(&find));
            let spaced = reader.has(bounds::TOOL_SEARCH);
            let behind = agent
                .tools
                .iter()
                .filter(|tool| reader.has(bounds::AGENT_TOOLS) && !(spaced && tool.namespace.is_some()));
            queue.extend(behind.filter_map(|tool| tool.agent.as_deref()).filter_map(&find));
        }
        let mut order: Vec<usize> = (0..graph.agents.len()).filter(|&at| reached[at]).collect();
        order.sort_by_key(|&at| Some(at) != first);
        let mut live = Self {
            agents: order.iter().map(|&at| &graph.agents[at]).collect(),
            keys: HashMap::default(),
            shared: None,
            prefixes: reader.has(bounds::SERVER_NAMES),
        };
        let names: Vec<&str> = live.agents.iter().map(|agent| agent.name.as_str()).collect();
        for (at, name) in names.iter().enumerate() {
            if !names[..at].contains(name) {
                live.keys.insert(name.as_bytes().to_vec(), at);
                continue;
            }
            if label < 10 && unique {
                live.shared = Some(&live.agents[at].name);
            }
            let mut number = 2;
            let mut identity = format!("{name}#{number}");
            while names.contains(&identity.as_str()) || live.keys.contains_key(identity.as_bytes()) {
                number += 1;
                identity = format!("{name}#{number}");
            }
            live.keys.insert(identity.into_bytes(), at);
        }
        live
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        self.keys.get(key).copied()
    }

    pub(super) fn agent(&self, at: usize) -> &'g Agent {
        self.agents[at]
    }

    /// The function tools of an agent, MCP tools among them.
    pub(super) fn functions(&self, at: usize) -> Vec<Function<'g>> {
        let agent = self.agents[at];
        let served = agent.mcp_servers.iter().flat_map(|server| server.tools.iter().map(move |tool| (server, tool)));
        let servers = served.map(|(server, tool)| {
            let name = match agent.mcp_tool_prefix && self.prefixes {
                true => Cow::Owned(prefixed(&server.name, tool.name())),
                false => Cow::Borrowed(tool.name()),
            };
            Function { tool: None, key: ToolKey::text(&[b"bare", name.as_bytes()]), name, namespace: None }
        });
        let own = agent.tools.iter().filter(|tool| tool.kind == "function").map(|tool| {
            let namespace = tool.namespace.as_deref();
            let key = match namespace {
                None if tool.defer_loading == Some(true) => ToolKey::deferred(tool.name.as_bytes()),
                _ => ToolKey::of_call(tool.name.as_bytes(), namespace.map(str::as_bytes)).unwrap_or_default(),
            };
            Function { tool: Some(tool), key, name: Cow::Borrowed(&tool.name), namespace }
        });
        servers.chain(own).collect()
    }

    /// The name of the first tool of a kind, by default that of the kind (`computerTool`, `shellTool`, `applyPatchTool`).
    pub(super) fn named_tool(&self, at: usize, kind: &str) -> Option<&'g str> {
        let tool = self.agents[at].tools.iter().find(|tool| tool.kind == kind)?;
        Some(match (tool.name.as_str(), kind) {
            ("", "computer") => "computer_use_preview",
            ("", "shell") => "shell",
            ("", _) => "apply_patch",
            (name, _) => name,
        })
    }

    /// The name of an agent that a document refers to.
    pub(super) fn name_of<'a>(&'a self, agent: &'a str) -> &'a str {
        self.find(agent.as_bytes()).map_or(agent, |at| &self.agents[at].name)
    }

    fn handoff_tool(&self, handoff: &Handoff) -> String {
        match handoff {
            Handoff::Named { tool_name, .. } => tool_name.clone(),
            Handoff::Agent(agent) => {
                let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '_' };
                let name: String = self.name_of(agent).chars().map(plain).collect();
                format!("transfer_to_{name}")
            }
        }
    }

    /// The target of the handoff that a tool name stands for.
    pub(super) fn handoff(&self, at: usize, tool_name: &str) -> Option<Option<usize>> {
        self.agents[at].handoffs.iter().find(|handoff| self.handoff_tool(handoff) == tool_name).map(|handoff| {
            let name = handoff.agent();
            self.find(name.as_bytes()).or_else(|| self.agents.iter().position(|agent| agent.name == name))
        })
    }
}
