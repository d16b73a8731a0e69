//! The agents that a state is to be resumed with, as the reader looks them up.

use crate::agents::{Agent, Graph, Tool};
use crate::codes;
use crate::finding::Effect;
use crate::hash::HashMap;
use crate::json::{Kind, Node, Text};
use crate::record::Reader;

use super::super::bounds::V1_7;
use super::super::weigh::is_falsy;

/// The agents within reach of a root agent.
#[derive(Debug)]
pub(super) struct Roster<'g> {
    graph: &'g Graph,
    /// By identity, and by name where the first of a name is meant.
    found: HashMap<String, usize>,
    /// Places in the graph's list, the root first.
    reached: Vec<usize>,
}

/// What an agent reference leads to (`_resolve_agent_from_data`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'d> {
    /// An agent; its place in the graph when there is one.
    Agent(Option<usize>),
    /// A name that no agent has.
    Unknown(Text<'d>),
    /// The reference names nobody, or an identity that no agent has, which is raised already.
    Nobody,
}

impl<'g> Roster<'g> {
    /// The agents that the start agent reaches.
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self::within(graph, &graph.start)
    }

    /// The agents that the agent with this identity reaches: those of a nested run.
    pub(super) fn within(graph: &'g Graph, root: &str) -> Self {
        let identities = graph.identities();
        let reached = graph.reach(root);
        let mut found = HashMap::default();
        for &at in &reached {
            found.insert(identities[at].clone(), at);
        }
        for &at in &reached {
            found.entry(graph.agents[at].name.clone()).or_insert(at);
        }
        Self { graph, found, reached }
    }

    /// The graph behind the roster.
    pub(super) fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// An agent by its place.
    pub(super) fn agent(&self, at: usize) -> &'g Agent {
        &self.graph.agents[at]
    }

    /// The tools of all agents within reach.
    pub(super) fn tools(&self) -> impl Iterator<Item = &'g Tool> {
        self.reached.iter().flat_map(|&at| self.graph.agents[at].tools.iter())
    }

    /// Before there were identities, the first agent of a name stood for all of them.
    fn first_named(&self, name: Text<'_>) -> Option<usize> {
        self.reached.iter().copied().find(|&at| name.is(&self.graph.agents[at].name))
    }

    fn look_up(&self, name: Text<'_>) -> Option<usize> {
        self.found.get(name.exact()?.as_ref()).copied()
    }
}

/// Follows an agent reference. An identity that no agent has is refused wherever it stands.
pub(super) fn resolve<'d>(roster: Option<&Roster<'_>>, node: Option<Node<'d>>, cx: &mut Reader<'d>) -> Found<'d> {
    let Some(node) = node else { return Found::Nobody };
    let object = node.kind() == Kind::Object;
    let identity = (object && cx.reader_has(V1_7)).then(|| node.member("identity")).flatten().and_then(Node::text);
    if let Some(identity) = identity {
        let Some(roster) = roster else { return Found::Agent(None) };
        let found = roster.look_up(identity);
        if found.is_none() {
            let message = format!("no agent has the identity \"{}\"", identity.lossy());
            cx.raise(codes::UNKNOWN_IDENTITY, Effect::Refused, identity.node(), message);
        }
        return found.map_or(Found::Nobody, |at| Found::Agent(Some(at)));
    }
    let name = if object { node.member("name") } else { Some(node).filter(|node| node.text().is_some()) };
    match name.filter(|name| !is_falsy(*name)).and_then(Node::text) {
        None => Found::Nobody,
        Some(name) => match roster {
            None => Found::Agent(None),
            Some(roster) if !cx.reader_has(V1_7) => {
                roster.first_named(name).map_or(Found::Unknown(name), |at| Found::Agent(Some(at)))
            }
            Some(roster) => roster.look_up(name).map_or(Found::Unknown(name), |at| Found::Agent(Some(at))),
        },
    }
}
