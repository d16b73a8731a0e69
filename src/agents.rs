//! The agents that a state will be resumed with, as far as a file can tell: `--agents graph.json`.
//!
//! Whether an agent, a tool or a handoff of a state exists cannot be told from the state. With this document it can.

use serde::{Deserialize, Serialize};

/// The agents of a program. Members that this version does not know are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Graph {
    /// Version of this document's format: 1.
    pub version: u32,
    /// Name of the agent that the run is started with.
    pub start: String,
    /// All agents that can be reached from the start agent. Agents that share a name are listed in the order of their
    /// identities.
    pub agents: Vec<Agent>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// Its identity where it differs from the name: `name#2` for the second agent of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Its tools.
    #[serde(default)]
    pub tools: Vec<Tool>,
    /// Names of the agents that it hands off to, or the handoffs with their tool names.
    #[serde(default)]
    pub handoffs: Vec<Handoff>,
    /// Its local MCP servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mcp_servers: Vec<McpServer>,
    /// Whether the names of their tools start with the server's: `mcp_ledger__post`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mcp_tool_prefix: bool,
    /// Whether it runs in a sandbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// When the output of a tool ends the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_behavior: Option<ToolUseBehavior>,
}

/// When the output of a tool ends the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum ToolUseBehavior {
    /// `run_llm_again`, `stop_on_first_tool`, or `function` for one that the program computes.
    Word(String),
    /// At these tools.
    Names {
        /// Their names.
        stop_at_tool_names: Vec<String>,
    },
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tool {
    /// Its name; tools of a kind that has a name of its own need none.
    #[serde(default)]
    pub name: String,
    /// `function`, `shell`, `local_shell`, `apply_patch`, `computer`, `custom`, `hosted_mcp`, `web_search`, `file_search`,
    /// `code_interpreter`, `image_generation`, `tool_search` or `programmatic_tool_calling`.
    #[serde(rename = "type", default = "function")]
    pub kind: String,
    /// Whether it asks before it runs; absent when that depends on the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_approval: Option<bool>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Whether its definition is sent to the model only when searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defer_loading: Option<bool>,
    /// Name of the agent behind an agent used as a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Who may call it: `direct`, `programmatic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_callers: Option<Vec<String>>,
    /// Label of the server behind a hosted MCP tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_label: Option<String>,
    /// Where a tool search runs: `client` or `server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
}

/// A handoff: the name of the agent, or the agent with the name of the tool that the model calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum Handoff {
    /// The agent's name; the tool has the SDK's default name for it.
    Agent(String),
    /// The agent's name and the tool's.
    Named {
        /// The agent.
        agent: String,
        /// The tool.
        tool_name: String,
    },
}

impl Handoff {
    /// The agent's name.
    pub(crate) fn agent(&self) -> &str {
        match self {
            Self::Agent(agent) | Self::Named { agent, .. } => agent,
        }
    }
}

/// One local MCP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct McpServer {
    /// Its name.
    pub name: String,
    /// Its tools.
    #[serde(default)]
    pub tools: Vec<McpToolName>,
    /// Which of them ask before they run: `true`, `"always"`, `"never"`, or a list of names; absent when that depends on the
    /// call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_approval: Option<McpApproval>,
}

impl McpServer {
    /// Whether a tool asks before it runs, where the document says so.
    #[must_use]
    pub fn asks(&self, tool: &str) -> Option<bool> {
        match self.require_approval.as_ref()? {
            McpApproval::All(all) => Some(*all),
            McpApproval::Word(word) if word == "always" => Some(true),
            McpApproval::Word(word) if word == "never" => Some(false),
            McpApproval::Word(_) => None,
            McpApproval::Names(names) => Some(names.iter().any(|name| name == tool)),
        }
    }
}

/// Which tools of an MCP server ask before they run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum McpApproval {
    /// All of them, or none.
    All(bool),
    /// `always` or `never`.
    Word(String),
    /// Those of these names.
    Names(Vec<String>),
}

/// A tool of an MCP server: its name, or an object with the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[non_exhaustive]
pub enum McpToolName {
    /// The name.
    Plain(String),
    /// The name as a member.
    Named {
        /// The name.
        name: String,
    },
}

impl McpToolName {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::Named { name } => name,
        }
    }
}

fn function() -> String {
    "function".to_owned()
}

impl Graph {
    /// Reads the document.
    ///
    /// ```
    /// use runstate::agents::Graph;
    /// use runstate::{Validate, validate};
    ///
    /// let agents = br#"{"version": 1, "start": "Bank", "agents": [{"name": "Bank", "tools": [{"name": "audit"}]}]}"#;
    /// let mut options = Validate::default();
    /// options.agents = Some(Graph::parse(agents)?);
    /// let state = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
    /// let findings = validate(&state, &options);
    /// assert!(findings.iter().any(|finding| finding.code == runstate::codes::MISSING_TOOL), "there is no tool wire");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the bytes are not this document; the text says where and why.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let graph: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if graph.version != 1 {
            return Err(format!("expected version 1 of the agents file, found {}", graph.version));
        }
        Ok(graph)
    }

    /// The name of the agent that has an identity.
    pub(crate) fn name_of<'g>(&'g self, identity: &'g str) -> &'g str {
        let at = self.identities().iter().position(|own| own == identity);
        at.map_or(identity, |at| &self.agents[at].name)
    }

    /// The place of an agent by its identity, or of the first one of a name.
    pub(crate) fn places(&self) -> impl Fn(&str) -> Option<usize> {
        let identities = self.identities();
        move |reference| {
            let named = || self.agents.iter().position(|agent| agent.name == reference);
            identities.iter().position(|identity| identity == reference).or_else(named)
        }
    }

    /// The places of the agents that one of them reaches by handoffs and tools, itself first; none when there is no such agent.
    pub(crate) fn reach(&self, root: &str) -> Vec<usize> {
        let place = self.places();
        let mut reached: Vec<usize> = place(root).into_iter().collect();
        let mut next = 0;
        while let Some(agent) = reached.get(next).map(|&at| &self.agents[at]) {
            let handoffs = agent.handoffs.iter().map(Handoff::agent);
            let tools = agent.tools.iter().filter_map(|tool| tool.agent.as_deref());
            for found in handoffs.chain(tools).filter_map(&place) {
                if !reached.contains(&found) {
                    reached.push(found);
                }
            }
            next += 1;
        }
        reached
    }

    /// The agents that one of them reaches, under the identities that they have in a run that starts with it: the SDKs load
    /// nested runs so. Nothing when there is no such agent.
    pub(crate) fn within(&self, root: &str) -> Option<Self> {
        let place = self.places();
        let mut reached = self.reach(root);
        reached.get_mut(1..)?.sort_unstable();
        let agents = reached.iter().map(|&at| Agent { identity: None, ..self.agents[at].clone() });
        let mut within = Self { version: self.version, start: String::new(), agents: agents.collect() };
        let own = within.identities();
        let rename = |name: &mut String| {
            if let Some(at) = place(name).and_then(|at| reached.iter().position(|own| *own == at)) {
                name.clone_from(&own[at]);
            }
        };
        for agent in &mut within.agents {
            agent.tools.iter_mut().filter_map(|tool| tool.agent.as_mut()).for_each(rename);
            for Handoff::Agent(agent) | Handoff::Named { agent, .. } in &mut agent.handoffs {
                rename(agent);
            }
        }
        within.start.clone_from(&own[0]);
        Some(within)
    }

    /// The agents with their identities: the name, and `name#2`, `name#3`, … for the next ones of a name unless the
    /// document says otherwise.
    #[must_use]
    pub fn identities(&self) -> Vec<String> {
        let taken = |candidate: &str| self.agents.iter().any(|agent| agent.name == candidate);
        let mut given: Vec<String> = Vec::with_capacity(self.agents.len());
        for agent in &self.agents {
            let mut identity = agent.identity.clone().unwrap_or_else(|| agent.name.clone());
            let mut number = 2;
            while given.contains(&identity) {
                identity = format!("{}#{number}", agent.name);
                number += 1;
                while taken(&identity) {
                    identity = format!("{}#{number}", agent.name);
                    number += 1;
                }
            }
            given.push(identity);
        }
        given
    }
}

/// What a tool of a local MCP server is called where the server's name goes before its own in both
/// SDKs (`buildPrefixedToolBaseName`, `_build_prefixed_tool_base_name`).
pub(crate) fn prefixed(server: &str, tool: &str) -> String {
    let part = |name: &str, otherwise: &str| {
        let plain = |char: char| if char.is_ascii_alphanumeric() || "_-".contains(char) { char } else { '_' };
        let safe: String = name.chars().map(plain).collect();
        let safe = safe.trim_matches(['_', '-']);
        if safe.is_empty() { otherwise.to_owned() } else { safe.to_owned() }
    };
    format!("mcp_{}__{}", part(server, "server"), part(tool, "tool"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a nested run of the SDKs the first agent of a name that it reaches goes by the name.
    #[test]
    fn a_nested_run_knows_agents_by_other_identities() {
        let text = br#"{"version": 1, "start": "Bank", "agents": [
            {"name": "Bank", "tools": [{"name": "ask", "agent": "Triage"}]}, {"name": "Bank"},
            {"name": "Triage", "handoffs": ["Bank#3"], "tools": [{"name": "ask", "agent": "Bank#2"}]}, {"name": "Bank"}]}"#;
        let graph = Graph::parse(text).expect("it describes agents");
        let within = graph.within("Triage").expect("there is such an agent");
        let triage = &within.agents[0];
        assert_eq!((within.start.as_str(), within.identities().join(" ")), ("Triage", "Triage Bank Bank#2".to_owned()));
        assert_eq!((triage.handoffs[0].agent(), triage.tools[0].agent.as_deref()), ("Bank#2", Some("Bank")));
        assert_eq!(graph.within("Nobody"), None);
    }
}
