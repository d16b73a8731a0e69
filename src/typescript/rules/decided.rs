//! The calls that are to be executed, against the calls that were decided about (`_validateAgentApprovalInvocation`).

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::{HashMap, HashSet};
use crate::json::{Node, Text};
use crate::record::{List, Slot, Wire as _};
use crate::typescript::calls::{AnyCall, qualified};
use crate::typescript::raw::ApprovableCall;
use crate::typescript::{AgentRef, Fingerprint, State, Step, ToolKey};

use super::ledger::tool_of;
use super::resume::answered_id;
use super::{Judge, is_of};

/// What the decisions about a call id are bound to, with the agents that they are of.
type Bound<'d> = HashMap<Cow<'d, [u8]>, Vec<(Cow<'d, [u8]>, Text<'d>)>>;

impl<'s, 'd> Judge<'s, 'd> {
    /// A decision holds for the very call that it was made about. Decisions about calls of nested runs are in the outermost one.
    pub(super) fn decided_calls(&mut self) {
        if self.label < 18 {
            return;
        }
        let Some(context) = self.state.context.value() else { return };
        let mut bound = Bound::default();
        for entry in context.approval_invocations.value().into_iter().flat_map(List::values) {
            let (Some(agent), Some(calls)) = (entry.agent_identity.value(), entry.invocations.value()) else {
                continue;
            };
            for (id, text) in calls.values() {
                bound.entry(id.wtf8()).or_default().push((agent.wtf8(), *text));
            }
        }
        let mut runs = if bound.is_empty() { Vec::new() } else { vec![self.state] };
        while let Some(run) = runs.pop() {
            let answered: HashSet<_> = run.history().filter_map(answered_id).map(Text::wtf8).collect();
            let is_open = |id: &Text<'d>| !answered.contains(&id.wtf8());
            let outermost = std::ptr::eq(run, self.state);
            if let Some(step @ Step::Interruption(_)) = run.current_step.value() {
                let current = run.current_agent.value();
                for node in actions(run) {
                    self.decided_call(node, current, outermost, &bound, is_open);
                }
                // Those of nested runs are asked about under their names in the outermost one.
                for item in step.interruptions().filter_map(Slot::value).filter(|_| outermost) {
                    if let Some(node) = item.raw_item.node() {
                        self.decided_call(node, item.agent.value(), outermost, &bound, is_open);
                    }
                }
            }
            let processed = run.last_processed_response.value();
            let functions = processed.and_then(|last| last.functions.value()).into_iter().flat_map(List::values);
            let ids = functions.filter_map(|action| action.tool_call.value()?.call_id.value().copied());
            let open: HashSet<_> = ids.filter(is_open).map(Text::wtf8).collect();
            let nested = run.pending_agent_tool_runs.value().into_iter().flat_map(|runs| runs.values());
            runs.extend(
                nested.filter(|(key, _)| is_of(&key.wtf8(), &open)).filter_map(|(_, run)| run.state.as_deref()),
            );
        }
    }

    fn decided_call(
        &mut self,
        node: Node<'d>,
        agent: Option<&AgentRef<'d>>,
        outermost: bool,
        bound: &Bound<'d>,
        is_open: impl Fn(&Text<'d>) -> bool,
    ) {
        let Some(agent) = agent else { return };
        // What is wrong with its shape is told where the action is read.
        let Some(call) = ApprovableCall::read(node, &mut self.cx.apart()) else { return };
        let Some(call) = AnyCall::of_approvable(&call) else { return };
        let Some(id) = call.call_id().filter(|id| is_open(id)) else { return };
        let of_agent = bound.get(&id.wtf8()).into_iter().flatten().filter(|(own, _)| is_agent(own, agent, outermost));
        let mut texts = of_agent.map(|(_, text)| *text).peekable();
        if texts.peek().is_some() && !texts.any(|text| is_of_call(&text.wtf8(), call)) {
            let message = format!(
                "the call \"{}\" is not the one that the decision about it was made for: the SDK refuses to go on",
                id.lossy()
            );
            self.cx.raise(codes::FINGERPRINT, Effect::Stuck, node, message);
        }
    }
}

/// Whether an agent is named so in the outermost run. Every run numbers agents of one name for itself.
fn is_agent(named: &[u8], agent: &AgentRef<'_>, outermost: bool) -> bool {
    if outermost {
        return agent.key().is_some_and(|key| *key.wtf8() == *named);
    }
    let rest = agent.name.value().and_then(|name| named.strip_prefix(&*name.wtf8()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"#"))
}

/// The calls that the last response asks for.
fn actions<'d>(run: &State<'d>) -> impl Iterator<Item = Node<'d>> {
    let last = run.last_processed_response.node();
    let called =
        ["functions", "computerActions", "shellActions", "applyPatchActions"].map(|key| (key, ["toolCall"].as_slice()));
    let requested = ("mcpApprovalRequests", ["requestItem", "rawItem"].as_slice());
    called.into_iter().chain([requested]).flat_map(move |(key, path)| {
        let actions = last.and_then(|last| last.member(key)).into_iter().flat_map(Node::elements);
        actions.filter_map(move |action| path.iter().try_fold(action, |node, key| node.member(key)))
    })
}

/// Whether a fingerprint is that of a call. The agents alone know how a tool that is no function is named.
fn is_of_call(fingerprint: &[u8], call: AnyCall<'_, '_>) -> bool {
    let Some(name) = tool_of(fingerprint) else { return false };
    if let (AnyCall::Function(function), Some(named)) = (call, ToolKey::legacy(&name)) {
        let own = function.name.value().map(|name| name.wtf8()).unwrap_or_default();
        let space = function.namespace.value().map(|space| space.wtf8());
        if qualified(&own, space.as_deref()) != named {
            return false;
        }
    }
    Fingerprint::of(call).is_none_or(|print| print.text(&call.canonical_name(&name)) == fingerprint)
}
