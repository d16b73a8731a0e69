//! What the target must know to resume the run and the canonical state does not say: who a handoff goes to, and whether
//! the program asks before it runs what waits.

use crate::agents::{Agent, Graph, Handoff, prefixed};
use crate::codes;
use crate::format::{Dialect, Target};
use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Node, Value};
use crate::model::leftovers::is_said;
use crate::model::state::{
    Action, AgentRef, Binding, Decided, FunctionAction, HandoffAction, Item, ItemKind, McpRequest, Record, State, Step,
    ToolKey, call_id, has_nameless_tool,
};
use crate::model::{Account, ApprovalStatus, Level};

use super::Convert;

/// Fills in what can be known, and takes down what is assumed and what must not happen.
pub(super) fn prepare<'d>(state: &mut State<'d>, target: Target, options: &Convert, account: &Account<'d>) {
    if target.format.dialect == Dialect::TypeScript {
        carried_out(state, account);
        handoffs(state, options.agents.as_ref(), account);
        unreadable(state, account);
    }
    if let Some(graph) = &options.agents {
        name_tools(state, graph);
    }
    gates(state, target.format.dialect, options, account);
    if target.format.dialect == Dialect::Python {
        unbound(state, account);
    }
    half_decided(state, target.format.dialect, account);
    conversation(state, target.format.dialect, account);
    others_of_handoffs(state, account);
    let agent = options.agents.as_ref().and_then(|graph| find(graph, state.agent.as_ref()?));
    for action in state.processed.iter_mut().flat_map(|processed| &mut processed.functions) {
        if let Some(nested) = action.nested.as_deref_mut() {
            let agents = options.agents.as_ref().map(|graph| behind(graph, agent, &action.call));
            prepare(nested, target, &Convert { agents, ..options.clone() }, account);
        }
    }
}

/// Calls of shells and patch tools do not name them, and old states do not, either: the first tool of the kind counts, as for
/// the TypeScript SDK.
fn name_tools(state: &mut State<'_>, graph: &Graph) {
    for item in state.items.iter_mut().filter(|item| has_nameless_tool(&item.raw)) {
        let agent = item.agent.as_ref().and_then(|agent| find(graph, agent));
        let tool = agent.and_then(|agent| nameless_tool(agent, &item.raw));
        if let (ItemKind::Call { name, .. }, Some(tool)) = (&mut item.kind, tool) {
            *name = Some(tool);
        }
    }
}

/// The name of the tool of an agent that answers a call which does not name it.
pub(super) fn nameless_tool<'d>(agent: &Agent, call: &Value<'_>) -> Option<Value<'d>> {
    let kind = if call.is_type("shell_call") { "shell" } else { "apply_patch" };
    let tool = agent.tools.iter().find(|tool| tool.kind == kind).filter(|tool| !tool.name.is_empty())?;
    Some(Value::from(tool.name.clone().into_bytes()))
}

/// The agents of the run behind the call of an agent's tool, as far as the document tells.
pub(super) fn behind(graph: &Graph, agent: Option<&Agent>, call: &Value<'_>) -> Graph {
    let name = call.member("name").and_then(|name| text(&name));
    let tools = agent.map_or(&[][..], |agent| &agent.tools);
    let tool = tools.iter().find(|tool| Some(tool.name.as_bytes()) == name.as_deref() && tool.agent.is_some());
    tool.and_then(|tool| graph.within(tool.agent.as_deref()?)).unwrap_or_else(|| graph.clone())
}

/// What the SDKs take for sent, and do not send again, where the service keeps the conversation.
fn conversation<'d>(state: &State<'d>, dialect: Dialect, account: &Account<'d>) {
    let Some(kept) = state.conversation_id.as_ref().or(state.previous_response_id.as_ref()) else { return };
    if state.responses.is_empty() {
        let (level, reason) = match dialect {
            Dialect::Python => (
                Level::Resume,
                "the model has not answered yet: the Python SDK takes the input for sent all the same, and the model would \
                 not get it",
            ),
            Dialect::TypeScript => (
                Level::History,
                "the model has not answered yet: the TypeScript SDK sends the input, which the Python SDK takes for sent",
            ),
        };
        account.note(codes::CHANGED_FORM, level, kept.origin(), reason);
    }
    if dialect == Dialect::TypeScript {
        for item in state.sent_answers().into_iter().map(|at| &state.items[at]) {
            let reason = "the Python SDK sends this answer to a hosted server with every turn that follows a pause, the \
                          TypeScript SDK once";
            account.note(codes::CHANGED_FORM, Level::History, item.raw.origin().or(item.origin), reason);
        }
    }
    let said = state.items.iter().rposition(is_said).map_or(0, |last| last + 1);
    for item in state.items[said..].iter().filter(|item| matches!(item.kind, ItemKind::Output { .. })) {
        let is = |kind: &str| item.raw.is_type(kind);
        let (level, reason) = match dialect {
            Dialect::Python if matches!(state.step, Step::Over) => (Level::Resume, UNSENT),
            Dialect::TypeScript if matches!(state.step, Step::Over) => (Level::History, UNSENT),
            Dialect::TypeScript if !OUTPUTS.into_iter().any(is) => (
                Level::Resume,
                "the TypeScript SDK takes what it has no type for for sent, and the model would not get it",
            ),
            _ => continue,
        };
        account.note(codes::CHANGED_FORM, level, item.raw.origin().or(item.origin), reason);
    }
}

/// What the TypeScript SDK knows for an output.
const OUTPUTS: [&str; 4] =
    ["function_call_output", "computer_call_output", "shell_call_output", "apply_patch_call_output"];
const UNBOUND: &str = "it is not known whether the call goes to a local MCP server: the TypeScript SDK would not execute it, \
                       the Python SDK would";
const UNSENT: &str = "between two turns the Python SDK takes this output for sent to the service that keeps the conversation, \
                      the TypeScript SDK sends it";

/// Of several handoffs of one response the SDKs carry out the first.
fn others_of_handoffs<'d>(state: &State<'d>, account: &Account<'d>) {
    let handoffs = state.processed.iter().flat_map(|processed| &processed.handoffs);
    for handoff in handoffs.skip(1) {
        let reason =
            "one handoff is carried out; the Python SDK tells the model of the others, the TypeScript SDK forgets them";
        account.note(codes::CHANGED_FORM, Level::History, handoff.call.origin(), reason);
    }
}

/// When the run is to go on after a handoff, the response that made it is done with. The TypeScript SDK would look
/// for the tools that it calls with the agent that took over.
fn carried_out<'d>(state: &mut State<'d>, account: &Account<'d>) {
    const DONE: &str = "the calls of the agent that handed over are carried out";
    let Some(processed) = state.take_carried_out() else { return };
    let done = |values: &[Option<&Value<'d>>]| values.iter().flatten().for_each(|value| account.rebuilt(value, DONE));
    for FunctionAction { call, name, tool, description, parameters, binding, nested } in processed.functions {
        done(&[Some(&call), name.as_ref(), description.as_ref(), parameters.as_ref()]);
        match &tool {
            Some(ToolKey::Bare(name) | ToolKey::Deferred(name)) => done(&[Some(name)]),
            Some(ToolKey::Namespaced(namespace, name)) => done(&[Some(namespace), Some(name)]),
            None => {}
        }
        if let Binding::Server(server, tool, place) = &binding {
            done(&[Some(server), Some(tool), place.as_ref()]);
        }
        if nested.is_some() {
            let reason = "this nested run belongs to no call that waits";
            account.note(codes::NO_PLACE, Level::Bookkeeping, call.origin(), reason);
        }
    }
    for HandoffAction { call, name, target } in processed.handoffs {
        done(&[Some(&call), Some(&name)]);
        if let Some(AgentRef { name, identity }) = &target {
            done(&[Some(name), identity.as_ref()]);
        }
    }
    for Action { call, name } in processed.computers.into_iter().chain(processed.shells).chain(processed.patches) {
        done(&[Some(&call), name.as_ref()]);
    }
    for McpRequest { raw, server } in processed.requests {
        done(&[Some(&raw), server.as_ref()]);
    }
}

/// Takes down calls that wait for a decision in a run that is not in the file, which labels without nested runs leave
/// behind: an agent that is used as a tool would start anew, and ask again.
pub(super) fn lost_runs<'d>(root: Node<'d>, dialect: Dialect, account: &Account<'d>) {
    let (step, agent, held) = match dialect {
        Dialect::Python => ("current_step", "current_agent", root.member("last_processed_response")),
        Dialect::TypeScript => ("currentStep", "currentAgent", root.member("pendingAgentToolRuns")),
    };
    let has_runs = match dialect {
        Dialect::Python => held
            .and_then(|processed| processed.member("functions"))
            .into_iter()
            .flat_map(Node::elements)
            .any(|action| action.member("agent_run_state").is_some_and(|run| !run.is_null())),
        Dialect::TypeScript => held.is_some_and(|runs| runs.members().next().is_some()),
    };
    let Some(current) = root.member(agent).filter(|_| !has_runs) else { return };
    let differ = |key: &str, own: Node<'_>| {
        current
            .member(key)
            .and_then(Node::text)
            .zip(own.member(key).and_then(Node::text))
            .is_some_and(|(one, two)| !one.same_text(two))
    };
    let data = root.member(step).and_then(|step| step.member("data"));
    for item in data.and_then(|data| data.member("interruptions")).into_iter().flat_map(Node::elements) {
        let Some(own) = item.member("agent") else { continue };
        if differ("name", own) || differ("identity", own) {
            let reason = "the run that this call belongs to is not in the state: the agent that is used as a tool would start anew";
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, Some(item), reason);
        }
    }
}

/// Takes down outputs that are not in the session yet: only the Python SDK since 0.24.0 writes them when the run goes on.
pub(super) fn lost_rows<'d>(root: Node<'d>, account: &Account<'d>) {
    let count = root.member("current_turn_persisted_item_count");
    if count.is_none_or(|count| count.raw() == "0") {
        return;
    }
    let raws =
        |key: &str| root.member(key).into_iter().flat_map(Node::elements).filter_map(|item| item.member("raw_item"));
    let id = |raw: Node<'d>| raw.member("call_id").and_then(Node::text).map(|id| id.wtf8());
    let is_output =
        |raw: &Node<'d>| raw.member("type").and_then(Node::text).is_some_and(|kind| kind.wtf8().ends_with(b"_output"));
    let (outputs, calls): (Vec<_>, Vec<_>) = raws("session_items").partition(is_output);
    let ids = |raws: Vec<Node<'d>>| raws.into_iter().filter_map(id).collect::<HashSet<_>>();
    let (outputs, calls) = (ids(outputs), ids(calls));
    for raw in raws("generated_items").filter(is_output) {
        if id(raw).is_some_and(|id| calls.contains(&id) && !outputs.contains(&id)) {
            let reason = "the output is not in the session yet, and would be missing there";
            account.note(codes::NO_PLACE, Level::Resume, Some(raw), reason);
        }
    }
}

/// Takes down calls that the target would send elsewhere: the state says which MCP server they go to, and releases without
/// bindings take what the agent has under the name.
pub(super) fn rerouted<'d>(state: &State<'d>, root: Node<'d>, graph: &Graph, account: &Account<'d>) {
    let Some(agent) = state.agent.as_ref().and_then(|agent| find(graph, agent)) else { return };
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    let outputs = state.items.iter().filter(|item| matches!(item.kind, ItemKind::Output { .. }));
    let mut done: HashSet<_> = outputs.filter_map(|item| call_id(&item.raw)).collect();
    for id in state.step.waiting().iter().filter_map(|item| call_id(&item.raw)) {
        done.remove(&id);
    }
    for action in functions.clone() {
        if call_id(&action.call).is_some_and(|id| done.contains(&id)) {
            continue;
        }
        let bound = match &action.binding {
            Binding::Server(server, tool, _) => text(server).zip(text(tool)),
            Binding::Local => None,
            Binding::Unknown => continue,
        };
        let name = action.call.member("name").and_then(|name| text(&name));
        let is_plain = action.call.member("namespace").is_none_or(|namespace| namespace.is_null());
        if name.is_some_and(|name| is_plain && goes_elsewhere(agent, &name, bound.as_ref())) {
            account.note(codes::WOULD_RUN, Level::Authority, action.call.origin().or(state.origin), REROUTED);
        }
    }
    // The Python SDK keeps the binding of a call whose tool it has not found.
    let bindings = root.member("last_processed_response").and_then(|processed| processed.member("mcp_tool_bindings"));
    let own: HashSet<_> = functions.clone().filter_map(|action| call_id(&action.call)).collect();
    for item in state.step.waiting() {
        let Some(id) = call_id(&item.raw).filter(|id| !own.contains(id)) else { continue };
        let Some(binding) = std::str::from_utf8(&id).ok().and_then(|id| bindings?.member(id)) else { continue };
        let mut parts = binding.elements().map(|part| part.text().map(|part| part.wtf8().into_owned()));
        let bound = parts.next().flatten().zip(parts.next().flatten());
        let name = item.raw.member("name").and_then(|name| text(&name));
        if name.is_some_and(|name| goes_elsewhere(agent, &name, bound.as_ref())) {
            account.note(codes::WOULD_RUN, Level::Authority, item.raw.origin().or(item.origin), REROUTED);
        }
    }
    for action in functions {
        if let Some(run) = action.nested.as_deref() {
            rerouted(run, root, &behind(graph, Some(agent), &action.call), account);
        }
    }
}

const REROUTED: &str = "the agent has another tool of this name than the one that the call is bound to: the SDK refuses to run \
                        it, the target would";

/// Whether what an agent has under a name is not what a call is bound to: a server and its tool, or a tool of the program.
fn goes_elsewhere(agent: &Agent, name: &[u8], bound: Option<&(Vec<u8>, Vec<u8>)>) -> bool {
    let own = agent.tools.iter().filter(|tool| tool.kind == "function" && tool.namespace.is_none());
    let own = own.filter(|tool| tool.name.as_bytes() == name).map(|_| None);
    let served = agent.mcp_servers.iter().flat_map(|server| server.tools.iter().map(move |tool| (server, tool.name())));
    let served = served.filter(|(server, tool)| match agent.mcp_tool_prefix {
        true => prefixed(&server.name, tool).as_bytes() == name,
        false => tool.as_bytes() == name,
    });
    let served = served.map(|(server, tool)| Some((server.name.as_bytes().to_vec(), tool.as_bytes().to_vec())));
    own.chain(served).any(|found| found.as_ref() != bound)
}

/// Finds the agents that pending handoffs go to.
fn handoffs<'d>(state: &mut State<'d>, graph: Option<&Graph>, account: &Account<'d>) {
    let Some(processed) = state.processed.as_mut().filter(|processed| !processed.handoffs.is_empty()) else { return };
    let mut handoffs = std::mem::take(&mut processed.handoffs);
    let known = names(state);
    for handoff in &mut handoffs {
        if handoff.target.is_some() {
            continue;
        }
        handoff.target = target_of(state, handoff, graph, &known, account);
    }
    handoffs.retain(|handoff| {
        if handoff.target.is_none() {
            let reason = "the TypeScript SDK needs to know the agent that this handoff goes to; name it with --agents";
            for place in [&handoff.name, &handoff.call] {
                account.note(codes::NOT_CONVERTIBLE, Level::Resume, place.origin(), reason);
            }
        }
        handoff.target.is_some()
    });
    if let Some(processed) = &mut state.processed {
        processed.handoffs = handoffs;
    }
}

fn target_of<'d>(
    state: &State<'d>,
    handoff: &HandoffAction<'d>,
    graph: Option<&Graph>,
    known: &[Vec<u8>],
    account: &Account<'d>,
) -> Option<AgentRef<'d>> {
    let tool = handoff.name.wtf8()?;
    if let Some(graph) = graph {
        let agent = state.agent.as_ref().and_then(|agent| find(graph, agent));
        let handoffs = agent.into_iter().flat_map(|agent| &agent.handoffs);
        let mut named = handoffs.filter_map(|handoff| match handoff {
            Handoff::Named { agent, tool_name } => (*tool_name.as_bytes() == *tool).then_some(agent),
            Handoff::Agent(agent) => offers(&tool, graph.name_of(agent).as_bytes()).then_some(agent),
        });
        if let Some(identity) = named.next() {
            let text = |text: &str| Value::from(text.as_bytes().to_vec());
            let name = graph.name_of(identity);
            return Some(AgentRef { name: text(name), identity: (name != identity).then(|| text(identity)) });
        }
    }
    let guess = known.iter().find(|name| offers(&tool, name))?;
    account.assumed(
        Level::Bookkeeping,
        handoff.call.origin(),
        "the handoff's agent is taken from the name of its tool",
    );
    Some(AgentRef { name: Value::from(guess.clone()), identity: None })
}

fn find<'g>(graph: &'g Graph, agent: &AgentRef<'_>) -> Option<&'g Agent> {
    by_key(graph, &agent.key().wtf8()?)
}

/// The agent that has an identity.
pub(super) fn by_key<'g>(graph: &'g Graph, key: &[u8]) -> Option<&'g Agent> {
    let identities = graph.identities();
    let at = identities.iter().position(|identity| identity.as_bytes() == key)?;
    graph.agents.get(at)
}

/// Whether an SDK would give the handoff to an agent of this name the tool name by itself.
fn offers(tool: &[u8], agent: &[u8]) -> bool {
    let Some(rest) = tool.strip_prefix(b"transfer_to_") else { return false };
    let plain = |byte: u8| if byte.is_ascii_alphanumeric() { byte } else { b'_' };
    // A character of several bytes becomes one underscore.
    let name: Vec<u8> =
        String::from_utf8_lossy(agent).chars().map(|char| u8::try_from(char).map_or(b'_', plain)).collect();
    rest == name || rest == name.to_ascii_lowercase()
}

/// The names of all agents that the state names.
fn names(state: &State<'_>) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut seen: HashSet<Vec<u8>> = HashSet::default();
    let mut add = |name: Option<Vec<u8>>| {
        if let Some(name) = name.filter(|name| !seen.contains(name)) {
            seen.insert(name.clone());
            found.push(name);
        }
    };
    let text = |value: &Value<'_>| value.wtf8().map(|text| text.into_owned());
    for item in &state.items {
        if let ItemKind::HandoffOutput { source, target } = &item.kind {
            add(text(&source.name));
            add(text(&target.name));
        }
        add(item.agent.as_ref().and_then(|agent| text(&agent.name)));
    }
    for (agent, _) in &state.tools_used {
        add(Some(agent.wtf8().into_owned()));
    }
    add(state.agent.as_ref().and_then(|agent| text(&agent.name)));
    found
}

/// Takes down calls that wait with arguments that are no JSON. The Python SDK asks about them and hands them to the tool as
/// they are; the TypeScript SDK does neither.
fn unreadable<'d>(state: &State<'d>, account: &Account<'d>) {
    for item in state.step.waiting().iter().filter(|item| item.raw.is_type("function_call")) {
        let text = item.raw.member("arguments").and_then(|text| Some(text.wtf8()?.into_owned()));
        let sound = text.and_then(|text| Document::parse(text).ok()).is_some_and(|doc| {
            let source = doc.root().source();
            !source.has_bom() && source.nonfinite().next().is_none()
        });
        if !sound {
            let reason =
                "the arguments are no JSON: the TypeScript SDK tells the model so, asks nobody and runs nothing";
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, item.raw.origin().or(item.origin), reason);
        }
    }
}

/// Takes down what waits undecided: whether the target asks about it depends on its program.
fn gates<'d>(state: &State<'d>, target: Dialect, options: &Convert, account: &Account<'d>) {
    let Step::Interrupted { interruptions, .. } = &state.step else { return };
    let mut inner = HashSet::default();
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    functions.filter_map(|action| action.nested.as_deref()).for_each(|nested| waiting(nested, &mut inner));
    let (verdicts, bindings) = (Verdicts::of(state), bindings(state));
    for item in interruptions {
        let binding = call_id(&item.raw).and_then(|id| bindings.get(&id).copied());
        let is = |kind: &str| item.raw.is_type(kind);
        // A run repeats what waits in those within it.
        if is("mcp_approval_request") || inner.contains(&asked(item)) || verdicts.about(item).is_some() {
            continue;
        }
        let gated = options.agents.as_ref().and_then(|graph| gate(graph, binding, item));
        if target == Dialect::TypeScript && binding.is_some() && gated != Some(true) {
            if options.assume_target_gates {
                let reason = "the program is taken at its word that it asks before it runs tools of local MCP servers";
                account.assumed(Level::Display, item.origin, reason);
            } else {
                let reason = "MCP servers of the TypeScript SDK ask nobody: the call would run undecided. Decide first, \
                              show the gate with --agents, or vouch for it with --assume-target-gates";
                account.note(codes::WOULD_RUN, Level::Authority, item.origin, reason);
            }
        } else if gated == Some(false) && (target == Dialect::TypeScript || !is("function_call")) {
            let reason = "the call waits for a decision, and the agents' tool does not ask: it would run undecided";
            account.note(codes::WOULD_RUN, Level::Authority, item.origin, reason);
        } else if gated.is_none() {
            let reason = "the call waits for a decision; the target asks about it if its program makes the tool ask";
            account.assumed(Level::Bookkeeping, item.origin, reason);
        }
    }
}

/// Takes down calls of which the state says that it is not known where they go: the TypeScript SDK executes them for no
/// approval.
fn unbound<'d>(state: &State<'d>, account: &Account<'d>) {
    let outputs = state.items.iter().filter(|item| matches!(item.kind, ItemKind::Output { .. }));
    let done: HashSet<_> = outputs.filter_map(|item| call_id(&item.raw)).collect();
    for action in state.processed.iter().flat_map(|processed| &processed.functions) {
        let is_open = call_id(&action.call).is_none_or(|id| !done.contains(&id));
        if is_open && matches!(action.binding, Binding::Unknown) {
            let place = action.call.origin().or(action.call.member("call_id").and_then(|id| id.origin()));
            account.note(codes::WOULD_RUN, Level::Authority, place, UNBOUND);
        }
    }
}

/// Takes down nested runs of which some calls are approved and others open: the TypeScript SDK goes on with such a run at
/// once, the Python SDK only when all of its calls are decided, or one is rejected (`_nested_interruptions_status`).
fn half_decided<'d>(state: &State<'d>, target: Dialect, account: &Account<'d>) {
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    for (call, nested) in functions.filter_map(|action| Some((&action.call, action.nested.as_deref()?))) {
        let mut found = Vec::new();
        verdicts(nested, &mut found);
        let has = |verdict| found.contains(&verdict);
        if has(Some(ApprovalStatus::Approved)) && has(None) && !has(Some(ApprovalStatus::Rejected)) {
            let reason = match target {
                Dialect::TypeScript => {
                    "of this nested run some calls are approved and others open: the TypeScript SDK runs the approved \
                     ones at once, the Python SDK when all are decided"
                }
                Dialect::Python => {
                    "of this nested run some calls are approved and others open: the Python SDK runs the approved ones \
                     when all are decided, the TypeScript SDK at once"
                }
            };
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, call.origin().or(nested.origin), reason);
        }
    }
}

/// What was decided about each call that waits in a run or in those within it, each in the run that it belongs to.
fn verdicts(state: &State<'_>, found: &mut Vec<Option<ApprovalStatus>>) {
    let mut inner = HashSet::default();
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    for nested in functions.filter_map(|action| action.nested.as_deref()) {
        waiting(nested, &mut inner);
        verdicts(nested, found);
    }
    if let Step::Interrupted { interruptions, .. } = &state.step {
        let verdicts = Verdicts::of(state);
        let own = interruptions.iter().filter(|item| !inner.contains(&asked(item)));
        found.extend(own.map(|item| verdicts.about(item)));
    }
}

/// Whose call it is, and its id.
type Asked = (Option<Vec<u8>>, Option<Vec<u8>>);

fn asked(item: &Item<'_>) -> Asked {
    let agent = item.agent.as_ref().and_then(|agent| agent.key().wtf8());
    (agent.map(|agent| agent.into_owned()), call_id(&item.raw))
}

/// What waits in a run and in those within it.
fn waiting(state: &State<'_>, found: &mut HashSet<Asked>) {
    found.extend(state.step.waiting().iter().map(asked));
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    functions.filter_map(|action| action.nested.as_deref()).for_each(|nested| waiting(nested, found));
}

/// Whether the program makes the tool of a call ask, where the document says so.
fn gate(graph: &Graph, binding: Option<&Binding<'_>>, item: &Item<'_>) -> Option<bool> {
    let agent = find(graph, item.agent.as_ref()?)?;
    if let Some(Binding::Server(server, tool, _)) = binding {
        let (server, tool) = (server.wtf8()?, tool.wtf8()?);
        let server = agent.mcp_servers.iter().find(|own| *own.name.as_bytes() == *server)?;
        return server.asks(std::str::from_utf8(&tool).ok()?);
    }
    let kind = item.raw.member("type")?;
    let name = item.raw.member("name").and_then(|name| name.wtf8().map(|name| name.into_owned()));
    let own = |wanted: &str| agent.tools.iter().find(|tool| tool.kind == wanted);
    let tool = if kind.is("function_call") {
        agent.tools.iter().find(|tool| tool.kind == "function" && Some(tool.name.as_bytes()) == name.as_deref())
    } else if kind.is("shell_call") {
        own("shell")
    } else if kind.is("apply_patch_call") {
        own("apply_patch")
    } else {
        own("computer")
    };
    tool.and_then(|tool| tool.needs_approval)
}

/// The local MCP servers behind the tools of calls, by call id, where there is one or may be one.
fn bindings<'s, 'd>(state: &'s State<'d>) -> HashMap<Vec<u8>, &'s Binding<'d>> {
    let mut found = HashMap::default();
    for action in state.processed.iter().flat_map(|processed| &processed.functions) {
        if let Some(id) = call_id(&action.call).filter(|_| !matches!(action.binding, Binding::Local)) {
            found.entry(id).or_insert(&action.binding);
        }
    }
    found
}

/// What was decided; one about the call itself is stronger than one about all calls of its tool.
#[derive(Default)]
struct Verdicts {
    /// About single calls of functions, by agent and call id.
    functions: HashMap<Asked, ApprovalStatus>,
    /// About other calls, by call id.
    others: HashMap<Vec<u8>, ApprovalStatus>,
    /// About all calls of a tool.
    standing: HashMap<Tool, ApprovalStatus>,
}

#[derive(PartialEq, Eq, Hash)]
enum Tool {
    /// An agent's function.
    Function(Option<Vec<u8>>, Option<Vec<u8>>),
    /// A hosted server's tool.
    Hosted(Option<Vec<u8>>, Option<Vec<u8>>),
    Named(Option<Vec<u8>>),
}

impl Verdicts {
    fn of(state: &State<'_>) -> Self {
        let mut all = Self::default();
        for own in &state.context.functions {
            let name = match &own.tool {
                ToolKey::Bare(name) | ToolKey::Deferred(name) | ToolKey::Namespaced(_, name) => text(name),
            };
            let agent = text(&own.agent);
            let calls = &mut all.functions;
            let mut single = |id, verdict| {
                calls.entry((agent.clone(), Some(id))).or_insert(verdict);
            };
            each_half(&own.record, Tool::Function(agent.clone(), name), &mut all.standing, &mut single);
        }
        let mut single = |id, verdict| {
            all.others.entry(id).or_insert(verdict);
        };
        for own in &state.context.hosted {
            let tool = Tool::Hosted(text(&own.server), text(&own.tool));
            each_half(&own.record, tool, &mut all.standing, &mut single);
        }
        for own in &state.context.by_name {
            each_half(&own.record, Tool::Named(text(&own.name)), &mut all.standing, &mut single);
        }
        all
    }

    /// What was decided about a call.
    fn about(&self, item: &Item<'_>) -> Option<ApprovalStatus> {
        let call = asked(item);
        let id = call.1.as_ref()?;
        let member = |key: &str| item.raw.get(key).and_then(|value| text(&value));
        let shown = match &item.kind {
            ItemKind::Approval { name, .. } => name.as_ref().and_then(text),
            _ => None,
        };
        let name = member("name");
        let own = Tool::Named(shown.or_else(|| name.clone()));
        let function = Tool::Function(call.0.clone(), name.clone());
        let hosted = Tool::Hosted(member("server_label"), name);
        let standing = |tool: &Tool| self.standing.get(tool);
        let by_name = || standing(&own).filter(|_| !item.raw.is_type("function_call"));
        let single = self.functions.get(&call).or_else(|| self.others.get(id));
        single.or_else(|| standing(&function)).or_else(|| standing(&hosted)).or_else(by_name).copied()
    }
}

fn each_half(
    record: &Record<'_>,
    tool: Tool,
    standing: &mut HashMap<Tool, ApprovalStatus>,
    single: &mut impl FnMut(Vec<u8>, ApprovalStatus),
) {
    let halves = [(&record.approved, ApprovalStatus::Approved), (&record.rejected, ApprovalStatus::Rejected)];
    for (decided, verdict) in halves {
        if let Decided::Calls(ids) = decided {
            ids.iter().filter_map(text).for_each(|id| single(id, verdict));
        }
    }
    if let Some((_, verdict)) = halves.into_iter().find(|(decided, _)| matches!(decided, Decided::Always)) {
        standing.entry(tool).or_insert(verdict);
    }
}

fn text(value: &Value<'_>) -> Option<Vec<u8>> {
    value.wtf8().map(|text| text.into_owned())
}
