//! What old states do not say of their calls, and the agents do: which local MCP server a call goes to, and what shells and
//! patch tools are called. The releases that wrote them took what the agent has under the name, and so does this where one
//! server alone has it.

use crate::agents::{Agent, Graph, prefixed};
use crate::codes;
use crate::format::Dialect;
use crate::hash::HashMap;
use crate::json::{Key, Object, Value};
use crate::model::state::has_nameless_tool;
use crate::model::{Account, Level};
use crate::typescript::convert::{NAMED_TOOLS, named_tools};

use super::resume::{behind, by_key, nameless_tool};

/// What the members of a state are called.
struct Words {
    agent: &'static str,
    processed: &'static str,
    call: &'static str,
    id: &'static str,
}

const PYTHON: Words =
    Words { agent: "current_agent", processed: "last_processed_response", call: "tool_call", id: "call_id" };
const TYPESCRIPT: Words =
    Words { agent: "currentAgent", processed: "lastProcessedResponse", call: "toolCall", id: "callId" };

/// A server, its tool, and its place among the agent's.
type Served<'d> = [Value<'d>; 3];

/// Writes down where the calls of functions go, in a state and in every nested one.
pub(super) fn bind<'d>(tree: &mut Value<'d>, dialect: Dialect, graph: &Graph, account: &Account<'d>) {
    if let Some(state) = tree.object_mut() {
        bind_run(state, dialect, graph, account);
    }
}

fn bind_run<'d>(state: &mut Object<'d>, dialect: Dialect, graph: &Graph, account: &Account<'d>) {
    let words = if dialect == Dialect::Python { PYTHON } else { TYPESCRIPT };
    let agent = state.get(words.agent).and_then(|agent| agent.member("identity").or_else(|| agent.member("name")));
    let Some(agent) = agent.and_then(|agent| by_key(graph, &agent.wtf8()?)) else { return };
    if dialect == Dialect::TypeScript {
        name_tools(state, graph);
    }
    let mut runs = state.take("pendingAgentToolRuns");
    let open = runs.as_mut().and_then(Value::object_mut).map_or(&mut [][..], |runs| runs.members_mut());
    let mut open: HashMap<_, _> = open.iter_mut().map(|(key, run)| (id_in(&key.wtf8()).to_vec(), run)).collect();
    let processed = state.get_mut(words.processed).and_then(Value::object_mut);
    let mut bound: Vec<(Key<'d>, Value<'d>)> = Vec::new();
    let functions = processed.and_then(|processed| processed.get_mut("functions"));
    for action in functions.map_or(&mut [][..], Value::elements_mut).iter_mut().filter_map(Value::object_mut) {
        let Some(call) = action.get(words.call).cloned() else { continue };
        let Some(id) = call.member(words.id).and_then(|id| Some(id.wtf8()?.into_owned())) else { continue };
        let nested = action.get_mut("agent_run_state").or(open.remove(&id));
        if let Some(nested) = nested.and_then(Value::object_mut) {
            bind_run(nested, dialect, &behind(graph, Some(agent), &call), account);
        } else if let Some([server, tool, place]) = served(agent, &call) {
            let reason = "the call goes to the only server of the agent that has the tool, as the releases that wrote the state send it";
            account.note(codes::ASSUMED, Level::Bookkeeping, call.origin(), reason);
            match dialect {
                Dialect::Python => bound.push((Key::Made(id), Value::List(vec![server, tool, place]))),
                Dialect::TypeScript => {
                    let binding = [("serverName", server), ("toolName", tool), ("serverIndex", place)];
                    let binding = binding.into_iter().map(|(key, value)| (Key::Known(key), value));
                    action.set("mcpToolBinding", binding.collect::<Object<'d>>());
                }
            }
        }
    }
    if let Some(runs) = runs {
        state.place("pendingAgentToolRuns", &["currentResponseGeneratedItemOwnership", "generatedItems"], runs);
    }
    let processed = state.get_mut(words.processed).and_then(Value::object_mut);
    if let Some(processed) = processed.filter(|_| !bound.is_empty()) {
        processed.set("mcp_tool_bindings", bound.into_iter().collect::<Object<'d>>());
    }
}

/// The records of finished calls name the shells and patch tools that no call names.
fn name_tools<'d>(state: &mut Object<'d>, graph: &Graph) {
    let items = state.get("generatedItems").map_or_else(Vec::new, Value::elements);
    let calls = items.iter().filter(|item| item.is_type("tool_call_item"));
    let calls = calls.filter_map(|item| Some((item.member("agent")?, item.member("rawItem")?)));
    let named = calls.filter(|(_, call)| has_nameless_tool(call)).filter_map(|(agent, call)| {
        let agent = agent.member("identity").or_else(|| agent.member("name"))?;
        let name = nameless_tool(by_key(graph, &agent.wtf8()?)?, &call)?;
        Some((agent.wtf8()?.into_owned(), call.member("callId")?.wtf8()?.into_owned(), name))
    });
    let named: Vec<_> = named.collect();
    if let Some(records) = named_tools(named) {
        state.push(Key::Known(NAMED_TOOLS), records);
    }
}

/// The id of the call in the key of a nested run, such as `["bare","ask"]:call_1`, or `ask:call_1` before 1.16.
fn id_in(key: &[u8]) -> &[u8] {
    let canonical = key.windows(2).rposition(|end| end == b"]:").map(|end| end + 2);
    let named = || key.iter().position(|&byte| byte == b':').map(|end| end + 1);
    &key[canonical.or_else(named).unwrap_or_default()..]
}

/// The one server whose tool a call without a namespace goes to, where the agent has no function of the name.
fn served<'d>(agent: &Agent, call: &Value<'_>) -> Option<Served<'d>> {
    let name = call.member("name")?.wtf8()?.into_owned();
    let has_own = agent.tools.iter().any(|tool| tool.kind == "function" && tool.name.as_bytes() == name);
    if has_own || call.member("namespace").is_some_and(|space| !space.is_null()) {
        return None;
    }
    let servers = agent.mcp_servers.iter().zip(0_u64..);
    let tools = servers.flat_map(|(server, at)| server.tools.iter().map(move |tool| (server, tool.name(), at)));
    let mut found = tools.filter(|(server, tool, _)| match agent.mcp_tool_prefix {
        true => prefixed(&server.name, tool).as_bytes() == name,
        false => tool.as_bytes() == name,
    });
    let (server, tool, at) = found.next()?;
    let text = |text: &str| Value::from(text.as_bytes().to_vec());
    found.next().is_none().then(|| [text(&server.name), text(tool), Value::integer(at)])
}
