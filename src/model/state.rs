//! The canonical model: what a state of either SDK says, in one form. Leaves are values of the input, as written.
//!
//! A raw item is the one of the OpenAI Responses API, which both SDKs translate their items to when they call the
//! model: its member names, its types. Members that the API has and this program does not know are kept in it.

use crate::json::{Key, Node, Value};

/// A run that has stopped.
#[derive(Clone, Debug)]
pub struct State<'d> {
    /// Where it stands in the input.
    pub origin: Option<Node<'d>>,
    /// Turns done so far, a number.
    pub turn: Option<Value<'d>>,
    /// The turn limit; `None` when there is none.
    pub max_turns: Option<Value<'d>>,
    /// The agent whose turn it is.
    pub agent: Option<AgentRef<'d>>,
    /// What the run started from: a string, or raw items.
    pub input: Input<'d>,
    /// Raw items that were added and not sent yet.
    pub pending_input: Vec<Value<'d>>,
    /// What the model answered, turn by turn.
    pub responses: Vec<Response<'d>>,
    /// The last of it, stored a second time.
    pub last_response: Option<Response<'d>>,
    /// Usage, decisions and the user's own data.
    pub context: Context<'d>,
    /// Agent identities with the names of the tools that each has used.
    pub tools_used: Vec<(Key<'d>, Value<'d>)>,
    /// What guardrails said of the run's input.
    pub input_guardrails: Vec<Value<'d>>,
    /// What guardrails said of the run's output.
    pub output_guardrails: Vec<Value<'d>>,
    /// What guardrails said of tools' input. `output.behavior.type` is spelled as in Python.
    pub tool_input_guardrails: Vec<Value<'d>>,
    /// What guardrails said of tools' output, likewise.
    pub tool_output_guardrails: Vec<Value<'d>>,
    /// Where the results of the current response start in that list, a number; `None` for its end.
    pub tool_output_guardrails_start: Option<Value<'d>>,
    /// The conversation that the service keeps.
    pub conversation_id: Option<Value<'d>>,
    /// The response to go on from.
    pub previous_response_id: Option<Value<'d>>,
    /// `preserve` or `omit`.
    pub reasoning_item_id_policy: Option<Value<'d>>,
    /// The history behind the input.
    pub items: Vec<Item<'d>>,
    /// Which of these items the last response brought.
    pub ownership: Option<Ownership<'d>>,
    /// Where the run stands.
    pub step: Step<'d>,
    /// What the last response asks for.
    pub processed: Option<Processed<'d>>,
    /// Whether items of the current turn are in the session already, and the number that says so in its dialect's
    /// own way of counting.
    pub stored: Option<Value<'d>>,
    /// The trace that the run belongs to.
    pub trace: Option<Trace<'d>>,
}

/// What a run started from.
#[derive(Clone, Debug)]
pub enum Input<'d> {
    /// One string.
    Text(Value<'d>),
    /// Raw items.
    Items(Vec<Value<'d>>),
}

/// Which agent is meant.
#[derive(Clone, Debug)]
pub struct AgentRef<'d> {
    /// Its name, a string.
    pub name: Value<'d>,
    /// Its name with a number (`Bank#2`) where several agents share one.
    pub identity: Option<Value<'d>>,
}

impl<'d> AgentRef<'d> {
    /// The identity, or the name where that is enough.
    #[must_use]
    pub fn key(&self) -> &Value<'d> {
        self.identity.as_ref().unwrap_or(&self.name)
    }
}

impl<'d> State<'d> {
    /// Every raw item in every place where it stands, apart from nested runs.
    pub(crate) fn each_raw(&mut self, mut each: impl FnMut(&mut Value<'d>)) {
        let mut items = |items: &mut [Item<'d>]| items.iter_mut().for_each(|item| each(&mut item.raw));
        items(&mut self.items);
        if let Step::Interrupted { interruptions, .. } = &mut self.step {
            items(interruptions);
        }
        if let Some(processed) = &mut self.processed {
            items(&mut processed.new_items);
            processed.functions.iter_mut().for_each(|action| each(&mut action.call));
            processed.handoffs.iter_mut().for_each(|action| each(&mut action.call));
            let lists = [&mut processed.computers, &mut processed.shells, &mut processed.patches];
            lists.into_iter().flatten().for_each(|action| each(&mut action.call));
            processed.requests.iter_mut().for_each(|request| each(&mut request.raw));
        }
        if let Input::Items(raws) = &mut self.input {
            raws.iter_mut().for_each(&mut each);
        }
        let responses = self.responses.iter_mut().chain(&mut self.last_response);
        responses.flat_map(|response| &mut response.output).for_each(each);
    }
}

/// One answer of the model.
#[derive(Clone, Debug)]
pub struct Response<'d> {
    /// What it cost.
    pub usage: Option<Usage<'d>>,
    /// Raw items.
    pub output: Vec<Value<'d>>,
    /// The service's id of the response.
    pub response_id: Option<Value<'d>>,
    /// The service's id of the request.
    pub request_id: Option<Value<'d>>,
    /// What the provider said besides.
    pub provider_data: Option<Value<'d>>,
}

/// Token counts, all of them numbers.
#[derive(Clone, Debug, Default)]
pub struct Usage<'d> {
    /// How many requests were made.
    pub requests: Option<Value<'d>>,
    /// Tokens of the input.
    pub input: Option<Value<'d>>,
    /// Tokens of the output.
    pub output: Option<Value<'d>>,
    /// Tokens of both.
    pub total: Option<Value<'d>>,
    /// Objects of counts by kind (`cached_tokens`), which add up.
    pub input_details: Vec<Value<'d>>,
    /// The same of the output (`reasoning_tokens`).
    pub output_details: Vec<Value<'d>>,
    /// The same per request; in these, details are one object.
    pub entries: Vec<Usage<'d>>,
}

/// What a run knows besides its history.
#[derive(Clone, Debug, Default)]
pub struct Context<'d> {
    /// Usage totals.
    pub usage: Option<Usage<'d>>,
    /// The user's own data.
    pub user: Option<Value<'d>>,
    /// The arguments that a nested run was started with.
    pub tool_input: Option<Value<'d>>,
    /// Decisions about tools that are known by their name alone: shell, patch, computer, and old formats' functions.
    pub by_name: Vec<NamedDecision<'d>>,
    /// Decisions about function tools, by the agent that calls and the tool.
    pub functions: Vec<FunctionDecision<'d>>,
    /// Decisions about the tools of hosted MCP servers.
    pub hosted: Vec<HostedDecision<'d>>,
}

impl<'d> Context<'d> {
    /// Keeps the decisions whose records say so, once they are changed.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&mut Record<'d>) -> bool) {
        self.functions.retain_mut(|decision| keeps(&mut decision.record));
        self.hosted.retain_mut(|decision| keeps(&mut decision.record));
        self.by_name.retain_mut(|decision| keeps(&mut decision.record));
    }
}

/// Decisions about a tool that is known by its name. The computer is `computer`.
#[derive(Clone, Debug)]
pub struct NamedDecision<'d> {
    /// The name.
    pub name: Value<'d>,
    /// What was decided.
    pub record: Record<'d>,
}

/// Decisions about a function tool of an agent.
#[derive(Clone, Debug)]
pub struct FunctionDecision<'d> {
    /// The agent's identity.
    pub agent: Value<'d>,
    /// The tool.
    pub tool: ToolKey<'d>,
    /// What was decided.
    pub record: Record<'d>,
}

/// Decisions about a tool of a hosted MCP server.
#[derive(Clone, Debug)]
pub struct HostedDecision<'d> {
    /// The server's label.
    pub server: Value<'d>,
    /// The tool's name.
    pub tool: Value<'d>,
    /// What was decided.
    pub record: Record<'d>,
}

/// What was decided about a tool.
#[derive(Clone, Debug, Default)]
pub struct Record<'d> {
    /// Where it stands in the input.
    pub origin: Option<Node<'d>>,
    /// Calls that may run.
    pub approved: Decided<'d>,
    /// Calls that must not run.
    pub rejected: Decided<'d>,
    /// What the model is told of rejected calls, by call id.
    pub messages: Vec<(Key<'d>, Value<'d>)>,
    /// What it is told of calls that a standing rejection covers.
    pub standing_message: Option<Value<'d>>,
}

/// One half of a decision.
#[derive(Clone, Debug)]
pub enum Decided<'d> {
    /// For all calls of the tool.
    Always,
    /// For these call ids, strings.
    Calls(Vec<Value<'d>>),
}

impl Default for Decided<'_> {
    fn default() -> Self {
        Self::Calls(Vec::new())
    }
}

/// What a function tool is found by.
#[derive(Clone, Debug)]
pub enum ToolKey<'d> {
    /// Its name.
    Bare(Value<'d>),
    /// A namespace and the name in it.
    Namespaced(Value<'d>, Value<'d>),
    /// The name of a tool that is loaded when it is first searched for.
    Deferred(Value<'d>),
}

/// An entry of the history.
#[derive(Clone, Debug)]
pub struct Item<'d> {
    /// Where it stands in the input.
    pub origin: Option<Node<'d>>,
    /// What it is.
    pub kind: ItemKind<'d>,
    /// The agent it belongs to.
    pub agent: Option<AgentRef<'d>>,
    /// What the model said or is told.
    pub raw: Value<'d>,
}

/// What an entry of the history is.
#[derive(Clone, Debug)]
pub enum ItemKind<'d> {
    /// A message of the model.
    Message,
    /// What the model thought.
    Reasoning,
    /// A summary that stands for what was before it.
    Compaction,
    /// A search for tools.
    ToolSearchCall,
    /// The tools that were found.
    ToolSearchOutput,
    /// A call of any tool, also one that the service carries out, also requests to and answers from hosted MCP servers.
    Call {
        /// What the tool is found by, where the item says so itself.
        tool: Option<ToolKey<'d>>,
        /// The name of a shell or of a patch tool: calls of these do not name it.
        name: Option<Value<'d>>,
    },
    /// What came of a call.
    Output {
        /// What the tool returned.
        output: Value<'d>,
        /// What the program keeps with it.
        custom_data: Option<Value<'d>>,
    },
    /// A call that hands the run over.
    HandoffCall,
    /// The run was handed over.
    HandoffOutput {
        /// The agent that gave it.
        source: AgentRef<'d>,
        /// The agent that got it.
        target: AgentRef<'d>,
    },
    /// Input that was added while the run was under way.
    Input {
        /// Its id.
        id: Option<Value<'d>>,
    },
    /// A question whether a call may run.
    Approval {
        /// The name of the tool as it is shown.
        name: Option<Value<'d>>,
        /// What a function tool is found by.
        tool: Option<ToolKey<'d>>,
    },
}

/// Which items of the history the last response brought: numbers.
#[derive(Clone, Debug)]
pub struct Ownership<'d> {
    /// The first one.
    pub start: Value<'d>,
    /// The one behind the last one.
    pub end: Value<'d>,
    /// The requests for approval among them.
    pub interruptions: Vec<Value<'d>>,
}

/// Where a run stands.
#[derive(Clone, Debug)]
pub enum Step<'d> {
    /// It waits for decisions.
    Interrupted {
        /// Requests for approval.
        interruptions: Vec<Item<'d>>,
        /// `true` where the response was accepted and nothing of it has been carried out.
        accepted: Option<Value<'d>>,
    },
    /// Its next turn calls the model.
    RunAgain,
    /// It is finished, or was never started.
    Over,
}

impl<'d> Step<'d> {
    /// The requests for approval.
    #[must_use]
    pub fn waiting(&self) -> &[Item<'d>] {
        match self {
            Self::Interrupted { interruptions, .. } => interruptions,
            Self::RunAgain | Self::Over => &[],
        }
    }
}

/// The id that decisions name a call of the API by.
#[must_use]
pub fn call_id(raw: &Value<'_>) -> Option<Vec<u8>> {
    if raw.is_type("mcp_approval_request") { Some(raw.member("id")?.wtf8()?.into_owned()) } else { paired_id(raw) }
}

/// Whether a call of the API is one that does not name its tool, which may have any name.
#[must_use]
pub fn has_nameless_tool(call: &Value<'_>) -> bool {
    call.is_type("shell_call") || call.is_type("apply_patch_call")
}

/// The id that a call of the API and its output share.
#[must_use]
pub fn paired_id(raw: &Value<'_>) -> Option<Vec<u8>> {
    Some(raw.member("call_id")?.wtf8()?.into_owned())
}

/// What a response asks for.
#[derive(Clone, Debug, Default)]
pub struct Processed<'d> {
    /// The items that it brought.
    pub new_items: Vec<Item<'d>>,
    /// Names of the tools that it calls, strings.
    pub tools_used: Vec<Value<'d>>,
    /// Calls of function tools.
    pub functions: Vec<FunctionAction<'d>>,
    /// Calls that hand the run over.
    pub handoffs: Vec<HandoffAction<'d>>,
    /// Calls of computers.
    pub computers: Vec<Action<'d>>,
    /// Calls of shells.
    pub shells: Vec<Action<'d>>,
    /// Calls of patch tools.
    pub patches: Vec<Action<'d>>,
    /// Requests of hosted MCP servers.
    pub requests: Vec<McpRequest<'d>>,
}

/// A call of a function tool.
#[derive(Clone, Debug)]
pub struct FunctionAction<'d> {
    /// The raw item.
    pub call: Value<'d>,
    /// The tool's name.
    pub name: Option<Value<'d>>,
    /// What the tool is found by.
    pub tool: Option<ToolKey<'d>>,
    /// What the model is told of the tool.
    pub description: Option<Value<'d>>,
    /// JSON Schema of the arguments.
    pub parameters: Option<Value<'d>>,
    /// The MCP server behind the tool.
    pub binding: Binding<'d>,
    /// The run that the call has started, if the tool is an agent.
    pub nested: Option<Box<State<'d>>>,
}

/// The local MCP server behind a function tool.
#[derive(Clone, Debug)]
pub enum Binding<'d> {
    /// There is none.
    Local,
    /// The state does not say whether there is one.
    Unknown,
    /// A server by its name, the tool's name there, and the server's place among the agent's.
    Server(Value<'d>, Value<'d>, Option<Value<'d>>),
}

/// A call that hands the run over.
#[derive(Clone, Debug)]
pub struct HandoffAction<'d> {
    /// The raw item.
    pub call: Value<'d>,
    /// The name under which the handoff is offered.
    pub name: Value<'d>,
    /// The agent that gets the run.
    pub target: Option<AgentRef<'d>>,
}

/// A call of a tool that is known by its name.
#[derive(Clone, Debug)]
pub struct Action<'d> {
    /// The raw item.
    pub call: Value<'d>,
    /// The tool's name.
    pub name: Option<Value<'d>>,
}

/// A request of a hosted MCP server.
#[derive(Clone, Debug)]
pub struct McpRequest<'d> {
    /// The raw item.
    pub raw: Value<'d>,
    /// The server's label.
    pub server: Option<Value<'d>>,
}

/// The trace that a run belongs to.
#[derive(Clone, Debug)]
pub struct Trace<'d> {
    /// Its id.
    pub id: Option<Value<'d>>,
    /// The name of what is traced.
    pub workflow: Option<Value<'d>>,
    /// The group of traces that it belongs to.
    pub group: Option<Value<'d>>,
    /// The user's own data.
    pub metadata: Option<Value<'d>>,
    /// The key that traces are sent with, a secret.
    pub api_key: Option<Value<'d>>,
}
