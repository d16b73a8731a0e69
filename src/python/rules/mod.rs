//! What the Python SDK's reader does with a state beyond its shape: the newest one, and older ones where they have the rule.

mod actions;
mod gates;
mod history;
mod programs;
mod records;
mod restore;
mod resume;
mod roster;
mod sandbox;
mod secrets;
mod session;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::agents::Graph;
use crate::codes;
use crate::finding::Effect;
use crate::hash::HashSet;
use crate::json::{Node, Text};
use crate::record::{Reader, Wire as _};

use super::State;
use super::bounds::{V1_1, V1_7, V1_15};
use super::context::Invocation;
use super::nested::within;
use super::step::ProcessedResponse;
use history::History;
pub(in crate::python) use history::approval_lookup;
use restore::Restored;
use roster::{Found, Roster, resolve};

/// The levels that Python's JSON parser takes at the top of an event loop (3.11, recursion limit 1000).
const LEVELS: usize = 985;

/// A state as it is once it is loaded.
#[derive(Debug)]
struct View<'s, 'd> {
    state: &'s State<'d>,
    label: u16,
    roster: Option<&'s Roster<'s>>,
    /// The current agent's place among the agents.
    agent: Option<usize>,
    generated: Vec<Restored<'s, 'd>>,
    session: Vec<Restored<'s, 'd>>,
    new_items: Vec<Restored<'s, 'd>>,
    processed: Option<&'s ProcessedResponse<'d>>,
    /// The calls of actions that the reader keeps, with the names of their tools, functions and handoffs excepted.
    tools: Vec<(Node<'d>, Text<'d>)>,
    /// The calls that the program's local MCP servers would answer.
    served: HashSet<Cow<'d, [u8]>>,
    /// Whether some agent has the patch tool, if that is known.
    patches: Option<bool>,
}

impl<'s, 'd> View<'s, 'd> {
    /// All items in the order in which the reader goes through them.
    fn items(&self) -> impl Iterator<Item = &Restored<'s, 'd>> {
        self.generated.iter().chain(&self.session).chain(&self.new_items)
    }

    /// The ledger, which labels before it do not have whatever stands there.
    fn ledger(&self) -> impl Iterator<Item = (Text<'d>, &'s Invocation<'d>)> {
        let context = self.state.context.value().filter(|_| self.label >= 15);
        let ledger = context.and_then(|context| context.tool_invocations.value());
        ledger.into_iter().flat_map(|ledger| ledger.values())
    }

    /// The calls that the ledger calls finished.
    fn completed(&self) -> impl Iterator<Item = (Text<'d>, &'s Invocation<'d>)> {
        self.ledger().filter(|(_, entry)| entry.completed.value().is_some_and(|flag| flag.get()))
    }
}

/// Raises what the reader refuses, drops or cannot resume.
pub fn judge<'d>(state: &State<'d>, agents: Option<&Graph>, cx: &mut Reader<'d>) {
    let source = state.node().source();
    if source.depth() > LEVELS {
        let message = format!("values are nested deeper than {LEVELS} levels");
        return cx.raise(codes::TOO_DEEP, Effect::Refused, state.node(), message);
    }
    let roster = agents.map(Roster::new);
    judge_run(state, roster.as_ref(), true, cx);
}

/// Judges a state, and the runs that are nested in it.
fn judge_run<'d>(state: &State<'d>, roster: Option<&Roster<'_>>, outermost: bool, cx: &mut Reader<'d>) {
    if outermost && cx.reader_has(V1_15) {
        sandbox::judge(state, cx);
    }
    programs::gate(state, cx);
    let agent = current_agent(state, roster, cx);
    records::judge(state, roster, cx);
    let processed = state.last_processed_response.value().filter(|processed| !processed.node().is_empty());
    let mut view = View {
        state,
        label: cx.label,
        roster,
        agent,
        generated: Vec::new(),
        session: Vec::new(),
        new_items: Vec::new(),
        processed,
        tools: Vec::new(),
        served: HashSet::default(),
        patches: roster.map(|roster| roster.tools().any(|tool| tool.kind == "apply_patch")),
    };
    let mut history = History::new(&view);
    view.generated = restore::items(&state.generated_items, roster, &mut history, cx);
    view.session = restore::items(&state.session_items, roster, &mut history, cx);
    if let Some(processed) = processed {
        view.new_items = restore::items(&processed.new_items, roster, &mut history, cx);
        actions::judge(processed, &mut view, cx);
    }
    session::judge(&view, cx);
    history.finish(&view, cx);
    history.judge(&view, cx);
    resume::judge(&view, &history, cx);
    secrets::judge(&view, cx);
    if let Some(processed) = processed.filter(|_| cx.reader_has(V1_1)) {
        nested(processed, &view, cx);
    }
}

fn current_agent<'d>(state: &State<'d>, roster: Option<&Roster<'_>>, cx: &mut Reader<'d>) -> Option<usize> {
    let reference = state.current_agent.node().filter(|_| cx.reader_has(V1_7) && !cx.reader_has(V1_15));
    if let Some(node) = reference.filter(|node| node.member("identity").is_some() && node.member("name").is_none()) {
        let message = format!("{} looks at the current agent's name before its identity", cx.reader);
        cx.raise(codes::UNKNOWN_AGENT, Effect::Refused, node, message);
    }
    match resolve(roster, state.current_agent.node(), cx) {
        Found::Agent(at) => at,
        Found::Unknown(name) => {
            let message = format!("the current agent \"{}\" is not there", name.lossy());
            cx.raise(codes::UNKNOWN_AGENT, Effect::Refused, name.node(), message);
            None
        }
        Found::Nobody => {
            unnamed(state.current_agent.node(), Effect::Refused, cx);
            None
        }
    }
}

/// Raises a reference with an empty name, which leads to nobody.
fn unnamed<'d>(reference: Option<Node<'d>>, effect: Effect, cx: &mut Reader<'d>) {
    let name = reference.and_then(|reference| reference.member("name"));
    if let Some(name) = name.filter(|name| name.text().is_some_and(|text| text.is_empty())) {
        cx.raise(codes::UNKNOWN_AGENT, effect, name, "no agent has an empty name");
    }
}

/// The runs of agents that are used as tools; each sees the agents from its own agent on.
fn nested<'d>(processed: &ProcessedResponse<'d>, view: &View<'_, 'd>, cx: &mut Reader<'d>) {
    let functions = processed.functions.value().map_or(&[][..], |functions| &functions.items);
    for action in functions.iter().filter_map(|slot| slot.value()).filter_map(|sifted| sifted.kept()) {
        let Some(run) = action.agent_run_state.value() else { continue };
        let Some(state) = &run.state else { continue };
        let root = view.roster.zip(view.agent).and_then(|(roster, agent)| {
            let tool = actions::function_tool(roster.agent(agent), action)?;
            let root = tool.agent.as_deref().unwrap_or(&roster.agent(agent).name);
            Some(Roster::within(roster.graph(), root))
        });
        if view.roster.is_some() && root.is_none() {
            continue;
        }
        within(cx, run.label, |cx| judge_run(state, root.as_ref(), false, cx));
        if let Some(raw) = resume::unreadable_approval(state) {
            let message = "the SDK fails on a pending call of a nested run that is no object";
            cx.raise(codes::NESTED_RUN, Effect::Refused, raw, message);
        }
    }
}
