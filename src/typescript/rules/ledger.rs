//! The records of finished calls against the history (`inferCompletedToolInvocations` and what follows, release 0.20.0).

use std::borrow::Cow;
use std::rc::Rc;

use crate::codes;
use crate::finding::Effect;
use crate::hash::{HashMap, HashSet};
use crate::json::{Node, Text};
use crate::record::Wire as _;
use crate::typescript::calls::{AnyCall, qualified};
use crate::typescript::raw::{CallResult, Caller};
use crate::typescript::{
    AgentRef, EvidenceItem, Fingerprint, RunItem, ToolApprovalItem, ToolCallItem, ToolKey, bounds,
};

use super::{Judge, Owner};

type Id<'d> = Cow<'d, [u8]>;

/// A call whose output has not come yet.
struct Pending<'s, 'd> {
    call: AnyCall<'s, 'd>,
    print: Print,
    resolved: bool,
}

type Print = Rc<Option<Fingerprint>>;

/// What the loader infers of one agent's calls.
#[derive(Default)]
struct Inferred<'s, 'd> {
    names: HashMap<Id<'d>, Vec<u8>>,
    local: HashMap<Id<'d>, Pending<'s, 'd>>,
    hosted: HashMap<Id<'d>, AnyCall<'s, 'd>>,
    observed: HashMap<Id<'d>, Rc<[u8]>>,
    completed: HashMap<Id<'d>, (Rc<[u8]>, Node<'d>)>,
    ambiguous: HashMap<Id<'d>, Node<'d>>,
}

impl<'d> Inferred<'_, 'd> {
    fn blur(&mut self, id: &Id<'d>, node: Node<'d>) {
        self.ambiguous.entry(id.clone()).or_insert(node);
        self.observed.remove(id);
    }

    fn observe(&mut self, id: &Id<'d>, text: Rc<[u8]>, node: Node<'d>) {
        match self.observed.get(id) {
            Some(previous) if **previous != *text => self.blur(id, node),
            _ if self.ambiguous.contains_key(id) => {}
            _ => {
                self.observed.insert(id.clone(), text);
            }
        }
    }

    fn complete(&mut self, id: &Id<'d>, node: Node<'d>) {
        if let Some(text) = self.observed.get(id)
            && !self.ambiguous.contains_key(id)
        {
            self.completed.insert(id.clone(), (Rc::clone(text), node));
        }
    }
}

/// The fingerprints of all calls, each worked out once.
#[derive(Default)]
struct Prints {
    by_node: HashMap<(u32, u32), Print>,
}

impl Prints {
    fn of(&mut self, call: AnyCall<'_, '_>) -> Print {
        let node = call.node();
        let print = self.by_node.entry((node.source().id(), node.index()));
        Rc::clone(print.or_insert_with(|| Rc::new(Fingerprint::of(call))))
    }

    fn text(&mut self, call: AnyCall<'_, '_>, name: &[u8]) -> Rc<[u8]> {
        match &*self.of(call) {
            Some(print) => print.text(&call.canonical_name(name)).into(),
            None => Rc::from(&b""[..]),
        }
    }
}

/// A call item, whatever kind it is of.
#[derive(Clone, Copy)]
enum CallItem<'s, 'd> {
    Tool(&'s ToolCallItem<'d>),
    Approval(&'s ToolApprovalItem<'d>),
    Handoff(&'s crate::typescript::HandoffCallItem<'d>),
}

impl<'s, 'd> CallItem<'s, 'd> {
    fn of(item: &'s RunItem<'d>) -> Option<Self> {
        Some(match item {
            RunItem::ToolCall(item) => Self::Tool(item),
            RunItem::Approval(item) => Self::Approval(item),
            RunItem::HandoffCall(item) => Self::Handoff(item),
            _ => return None,
        })
    }

    fn call(self) -> Option<AnyCall<'s, 'd>> {
        match self {
            Self::Tool(item) => AnyCall::of(item.raw_item.value()?),
            Self::Approval(item) => AnyCall::of_approvable(item.raw_item.value()?),
            Self::Handoff(item) => item.raw_item.value().map(AnyCall::Function),
        }
    }

    fn agent(self) -> Option<&'s AgentRef<'d>> {
        match self {
            Self::Tool(item) => item.agent.value(),
            Self::Approval(item) => item.agent.value(),
            Self::Handoff(item) => item.agent.value(),
        }
    }
}

/// The name that an approval item has (`RunToolApprovalItem#name`).
fn approval_name(item: &ToolApprovalItem<'_>) -> Option<Vec<u8>> {
    if let Some(name) = item.tool_name.value() {
        return Some(name.wtf8().into_owned());
    }
    let call = AnyCall::of_approvable(item.raw_item.value()?)?;
    let name = call.name()?.wtf8();
    match call {
        AnyCall::Function(function) => {
            let namespace = function.namespace.value().map(|text| text.wtf8());
            Some(qualified(&name, namespace.as_deref()))
        }
        _ => Some(name.into_owned()),
    }
}

/// The key that decisions about an approval item's call are kept by.
fn approval_key(item: &ToolApprovalItem<'_>) -> Option<Vec<u8>> {
    if let Some(key) = item.function_tool_state_key.value() {
        return Some(key.wtf8().into_owned());
    }
    let call = AnyCall::of_approvable(item.raw_item.value()?)?;
    call.key().or_else(|| approval_name(item))
}

/// The outcome of a call, as far as it is matched with its call.
struct Output<'s, 'd> {
    kind: &'static str,
    call_id: Option<Text<'d>>,
    caller: Option<&'s Caller<'d>>,
    name: Option<Text<'d>>,
    namespace: Option<Text<'d>>,
    node: Node<'d>,
}

impl<'s, 'd> Output<'s, 'd> {
    fn of(result: &'s CallResult<'d>) -> Option<Self> {
        let node = result.node();
        let plain = |kind, call_id: &crate::record::Slot<'d, Text<'d>>, caller| Self {
            kind,
            call_id: call_id.value().copied(),
            caller,
            name: None,
            namespace: None,
            node,
        };
        Some(match result {
            CallResult::Function(result) => Self::function(result),
            CallResult::Computer(result) => plain("computer_call", &result.call_id, None),
            CallResult::Shell(result) => plain("shell_call", &result.call_id, result.caller.value()),
            CallResult::ApplyPatch(result) => plain("apply_patch_call", &result.call_id, result.caller.value()),
            CallResult::Program(_) | CallResult::Other(_) => return None,
        })
    }

    fn function(result: &'s crate::typescript::raw::FunctionCallResult<'d>) -> Self {
        Self {
            kind: "function_call",
            call_id: result.call_id.value().copied(),
            caller: result.caller.value(),
            name: result.name.value().copied(),
            namespace: result.namespace.value().copied(),
            node: result.node(),
        }
    }

    /// Whether this can be what came of a call (`toolResultMatchesCall`).
    fn answers(&self, call: AnyCall<'_, '_>) -> bool {
        let same = |one: Option<Text<'_>>, two: Option<Text<'_>>| match (one, two) {
            (Some(one), Some(two)) => one.same_text(two),
            (None, None) => true,
            _ => false,
        };
        let id = match call {
            AnyCall::Function(call) => call.call_id.value(),
            AnyCall::Computer(call) => call.call_id.value(),
            AnyCall::Shell(call) => call.call_id.value(),
            AnyCall::ApplyPatch(call) => call.call_id.value(),
            AnyCall::Hosted(_) | AnyCall::Program(_) => return false,
        };
        if self.kind != call.kind() || !same(self.call_id, id.copied()) || !same_caller(self.caller, call.caller()) {
            return false;
        }
        match call {
            AnyCall::Function(call) => {
                same(self.name, call.name.value().copied()) && same(self.namespace, call.namespace.value().copied())
            }
            _ => true,
        }
    }
}

fn same_caller(one: Option<&Caller<'_>>, two: Option<&Caller<'_>>) -> bool {
    match (one, two) {
        (Some(Caller::Program(one)), Some(Caller::Program(two))) => {
            one.caller_id.value().zip(two.caller_id.value()).is_some_and(|(one, two)| one.same_text(*two))
        }
        (Some(Caller::Program(_)), _) | (_, Some(Caller::Program(_))) => false,
        _ => true,
    }
}

/// The request that a hosted MCP server's answer belongs to.
fn answered_request<'d>(item: &ToolCallItem<'d>) -> Option<Option<Text<'d>>> {
    match AnyCall::of(item.raw_item.value()?)? {
        AnyCall::Hosted(call) if call.name.value().is_some_and(|name| name.is("mcp_approval_response")) => {
            Some(call.provider_data.node().and_then(|data| data.member("approval_request_id")?.text()))
        }
        _ => None,
    }
}

/// The first tool's kind that answers a call of a kind.
const fn tool_kind(call: AnyCall<'_, '_>) -> &'static str {
    match call {
        AnyCall::Computer(_) => "computer",
        AnyCall::Shell(_) => "shell",
        _ => "apply_patch",
    }
}

impl<'s, 'd> Judge<'s, 'd> {
    /// Raises what the history and the records contradict each other in.
    pub(super) fn ledger(&mut self) {
        let mut prints = Prints::default();
        let inferred = self.infer(&mut prints);
        if self.label >= 18 {
            self.compare(&inferred, &mut prints);
        }
    }

    /// The tool's key that a call item carries; readers before 0.17.1 do not look at it.
    fn key_of_item(&self, item: &ToolCallItem<'d>) -> Option<Text<'d>> {
        item.function_tool_state_key.value().copied().filter(|_| self.has(bounds::OWNERSHIP))
    }

    /// The tool's name that a call item leads to expect in its fingerprint.
    fn expected_name<'c>(&self, item: CallItem<'c, 'd>) -> Option<(AnyCall<'c, 'd>, Vec<u8>)> {
        let call = item.call()?;
        let name = match (item, call) {
            (CallItem::Handoff(_), AnyCall::Function(call)) => handoff_name(call),
            (CallItem::Approval(item), _) => approval_key(item)?,
            (CallItem::Tool(item), AnyCall::Function(_)) => match self.key_of_item(item) {
                Some(key) => key.wtf8().into_owned(),
                None => call.key()?,
            },
            _ => return None,
        };
        Some((call, name))
    }

    fn no_id(&mut self, node: Node<'d>, what: &'static str) {
        let message = format!("{what} without a call id that is not empty");
        self.cx.raise(codes::NO_CALL_ID, Effect::Refused, node, message);
    }

    /// The key of a function call as its item gives it (`getSerializedLocalToolIdentity`).
    fn routed(&mut self, call: AnyCall<'_, 'd>, given: Option<Text<'d>>) -> Option<Vec<u8>> {
        let own = call.key();
        let Some(given) = given.filter(|_| self.has(bounds::OWNERSHIP)) else { return own };
        let key = given.wtf8();
        if own.as_deref() != Some(&*key) {
            let AnyCall::Function(function) = call else { return own };
            let spaced = function.namespace.value().is_some_and(|text| !text.is_empty());
            let name = function.name.value().map(|name| ToolKey::deferred(&name.wtf8()));
            if spaced || name.as_deref() != Some(&*key) {
                let message = "the tool key of this item is not that of its call";
                self.cx.raise(codes::REROUTED_CALL, Effect::Refused, given.node(), message);
            }
        }
        Some(key.into_owned())
    }

    #[allow(clippy::too_many_lines, reason = "one pass over the history, one arm for each kind of item")]
    fn infer(&mut self, prints: &mut Prints) -> HashMap<Owner<'d>, Inferred<'s, 'd>> {
        let mut all: HashMap<Owner<'d>, Inferred<'s, 'd>> = HashMap::default();
        let state = self.state;
        for item in state.history() {
            match item {
                RunItem::Approval(item) => {
                    let (Some(owner), Some(call)) = (self.owner(item.agent.value()), CallItem::Approval(item).call())
                    else {
                        continue;
                    };
                    let node = item.node();
                    let id = call.call_id().filter(|id| !id.is_empty());
                    let name = approval_name(item).filter(|name| !name.is_empty());
                    let (Some(id), Some(_)) = (id, name) else {
                        let message = "a request for approval without a call id or a tool name";
                        self.cx.raise(codes::NO_CALL_ID, Effect::Refused, node, message);
                        continue;
                    };
                    let (id, key) = (id.wtf8(), approval_key(item).unwrap_or_default());
                    let agent = all.entry(owner).or_default();
                    agent.names.insert(id.clone(), key.clone());
                    let print = prints.of(call);
                    if let Some(pending) = agent.local.get(&id) {
                        if pending.print != print {
                            agent.blur(&id, node);
                        } else if !agent.completed.contains_key(&id) {
                            let text = prints.text(pending.call, &key);
                            agent.observed.remove(&id);
                            agent.observe(&id, text, node);
                        }
                    }
                    agent.observe(&id, prints.text(call, &key), node);
                    if call.is_local() {
                        agent.local.insert(id, Pending { call, print, resolved: true });
                    }
                }
                RunItem::HandoffCall(item) => {
                    let (Some(owner), Some(raw)) = (self.owner(item.agent.value()), item.raw_item.value()) else {
                        continue;
                    };
                    let call = AnyCall::Function(raw);
                    let Some(id) = call.call_id().filter(|id| !id.is_empty()) else {
                        self.no_id(item.node(), "a handoff");
                        continue;
                    };
                    let id = id.wtf8();
                    let name = handoff_name(raw);
                    let agent = all.entry(owner).or_default();
                    agent.observe(&id, prints.text(call, &name), item.node());
                    agent.local.insert(id, Pending { call, print: prints.of(call), resolved: true });
                }
                RunItem::ToolCall(item) => {
                    let (Some(owner), Some(call)) = (self.owner(item.agent.value()), CallItem::Tool(item).call())
                    else {
                        continue;
                    };
                    self.infer_call(item, call, owner.clone(), all.entry(owner).or_default(), prints);
                }
                RunItem::HandoffOutput(item) => {
                    let (Some(owner), Some(result)) = (self.owner(item.source_agent.value()), item.raw_item.value())
                    else {
                        continue;
                    };
                    let output = Output::function(result);
                    self.infer_output(&output, all.entry(owner).or_default(), "the output of a handoff");
                }
                RunItem::ToolCallOutput(item) => {
                    let output = item.raw_item.value().and_then(Output::of);
                    let (Some(owner), Some(output)) = (self.owner(item.agent.value()), output) else { continue };
                    self.infer_output(&output, all.entry(owner).or_default(), "the output of a call");
                }
                _ => {}
            }
        }
        all
    }

    fn infer_call(
        &mut self,
        item: &'s ToolCallItem<'d>,
        call: AnyCall<'s, 'd>,
        owner: Owner<'d>,
        agent: &mut Inferred<'s, 'd>,
        prints: &mut Prints,
    ) {
        let node = item.node();
        if let AnyCall::Hosted(hosted) = call {
            let data = hosted.provider_data.node();
            let member = |key: &str| data?.member(key)?.text();
            let named = |name: &str| hosted.name.value().is_some_and(|text| text.is(name));
            if member("type").is_some_and(|kind| kind.is("mcp_approval_request")) || named("mcp_approval_request") {
                let filled = |key: &str| member(key).filter(|text| !text.is_empty());
                let (Some(id), Some(name)) = (filled("id"), filled("name")) else {
                    return self.no_id(node, "a request of a hosted MCP server");
                };
                let id = id.wtf8();
                agent.observe(&id, prints.text(call, &name.wtf8()), node);
                agent.hosted.insert(id, call);
            } else if let Some(request) = answered_request(item) {
                let Some(id) = request.filter(|id| !id.is_empty()) else {
                    return self.no_id(node, "an answer to a hosted MCP server");
                };
                let id = id.wtf8();
                let pending = agent.hosted.remove(&id);
                if !pending.is_some_and(|pending| same_caller(pending.caller(), call.caller())) {
                    agent.blur(&id, node);
                }
                agent.complete(&id, node);
            }
            return;
        }
        if !call.is_local() {
            return;
        }
        let Some(id) = call.call_id().filter(|id| !id.is_empty()) else { return self.no_id(node, "a call") };
        let id = id.wtf8();
        let name = match call {
            AnyCall::Function(_) => self.routed(call, item.function_tool_state_key.value().copied()),
            _ => match agent.names.get(&id).filter(|name| !name.is_empty()) {
                Some(name) => Some(name.clone()),
                None => self.tool_name(&owner, tool_kind(call), &id),
            },
        };
        let print = prints.of(call);
        if agent.local.get(&id).is_some_and(|pending| pending.print != print) {
            agent.local.remove(&id);
            return agent.blur(&id, node);
        }
        if !agent.ambiguous.contains_key(&id) {
            agent.local.insert(id.clone(), Pending { call, print, resolved: name.is_some() });
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            agent.observe(&id, prints.text(call, &name), node);
        }
    }

    fn infer_output(&mut self, output: &Output<'_, 'd>, agent: &mut Inferred<'s, 'd>, what: &'static str) {
        let Some(id) = output.call_id.filter(|id| !id.is_empty()) else { return self.no_id(output.node, what) };
        let id = id.wtf8();
        let pending = agent.local.remove(&id);
        if !pending.is_some_and(|pending| pending.resolved && output.answers(pending.call)) {
            agent.blur(&id, output.node);
        }
        agent.complete(&id, output.node);
    }

    /// The name of an agent's tool of a kind. Without the agents: the name that the record of the call gives it, or none for
    /// a call that the state lists as one that could not be tied to a tool.
    fn tool_name(&self, owner: &Owner<'d>, kind: &str, id: &Id<'d>) -> Option<Vec<u8>> {
        match (&self.live, owner) {
            (Some(live), Owner::Live(at)) => live.named_tool(*at, kind).map(|name| name.as_bytes().to_vec()),
            _ if self.listed.get(owner).is_some_and(|ids| ids.contains(id)) => None,
            _ => {
                let recorded = self.recorded.get(owner).and_then(|calls| calls.get(id));
                recorded.and_then(|text| tool_of(&text.wtf8())).or_else(|| Some(kind.as_bytes().to_vec()))
            }
        }
    }

    /// The records against what was inferred, and against each other (`validateCurrentCompletedToolInvocations`).
    fn compare(&mut self, inferred: &HashMap<Owner<'d>, Inferred<'_, 'd>>, prints: &mut Prints) {
        let evidence = self.evidence(prints);
        let mut mismatches: Vec<(crate::codes::Code, Node<'d>, Cow<'static, str>)> = Vec::new();
        for (owner, agent) in inferred {
            for (id, (text, node)) in &agent.completed {
                let recorded = self.recorded.get(owner).and_then(|calls| calls.get(id));
                match recorded {
                    Some(recorded) if text.is_empty() || *recorded.wtf8() == **text => {}
                    Some(recorded) => mismatches.push((
                        codes::FINGERPRINT,
                        recorded.node(),
                        "the recorded fingerprint is not that of the finished call in the history".into(),
                    )),
                    None => mismatches.push((
                        codes::LEDGER,
                        *node,
                        "the call that this finishes is not in the record of finished calls".into(),
                    )),
                }
            }
            for (id, node) in &agent.ambiguous {
                let listed = self.listed.get(owner).is_some_and(|ids| ids.contains(id));
                let proven = evidence.get(owner).is_some_and(|calls| calls.contains_key(id));
                if !listed && !proven {
                    let message = "the call id cannot be tied to one call, and is not listed as such";
                    mismatches.push((codes::AMBIGUOUS_CALL, *node, message.into()));
                }
            }
        }
        for (owner, calls) in &self.recorded {
            for (id, text) in calls {
                let proof = evidence.get(owner).and_then(|calls| calls.get(id));
                if !proof.is_some_and(|proof| proof.raw() == text.raw() || proof.same_text(*text)) {
                    let message = "no evidence with this fingerprint is given for the finished call";
                    mismatches.push((codes::LEDGER, text.node(), message.into()));
                }
            }
        }
        for (owner, calls) in &evidence {
            for (id, proof) in calls {
                let recorded = self.recorded.get(owner).and_then(|calls| calls.get(id));
                if recorded.is_none() {
                    let message = "the evidence is for a call that is not in the record of finished calls";
                    mismatches.push((codes::LEDGER, proof.node(), message.into()));
                }
            }
        }
        // Of many findings only the first are kept: which, must not depend on the order of a map.
        mismatches.sort_by_key(|(_, node, _)| (node.source().id(), node.index()));
        for (code, node, message) in mismatches {
            self.cx.raise(code, Effect::Refused, node, message);
        }
    }

    /// Checks all evidence, and gives the fingerprints by agent and call id.
    fn evidence(&mut self, prints: &mut Prints) -> HashMap<Owner<'d>, HashMap<Id<'d>, Text<'d>>> {
        let state = self.state;
        let history: Vec<Option<&RunItem<'d>>> = state
            .generated_items
            .value()
            .map(|list| list.items.iter().map(|slot| slot.value().map(Box::as_ref)).collect())
            .unwrap_or_default();
        let mut outputs: HashMap<(Owner<'d>, Id<'d>), Vec<&RunItem<'d>>> = HashMap::default();
        let mut calls: HashMap<(Owner<'d>, Id<'d>), Vec<CallItem<'_, 'd>>> = HashMap::default();
        for item in history.iter().flatten().copied() {
            if let Some((agent, id)) = completion(item)
                && let Some(owner) = self.owner(agent)
            {
                outputs.entry((owner, id.wtf8())).or_default().push(item);
            }
            if let Some(call) = CallItem::of(item)
                && let Some(owner) = self.owner(call.agent())
                && let Some(id) = call.call().and_then(evidence_id)
            {
                calls.entry((owner, id.wtf8())).or_default().push(call);
            }
        }
        let mut found: HashMap<Owner<'d>, HashMap<Id<'d>, Text<'d>>> = HashMap::default();
        for entry in state.evidence.value().into_iter().flat_map(|list| list.values()) {
            let Some(owner) = entry.agent_identity.value().and_then(|key| self.owner_of(key.wtf8())) else { continue };
            for (id, evidence) in entry.invocations.value().into_iter().flat_map(|map| map.values()) {
                let (Some(fingerprint), Some(items)) = (evidence.fingerprint.value(), evidence.items.value()) else {
                    continue;
                };
                let id = id.wtf8();
                let [call, output] = items.items.as_slice() else {
                    let message = "expected a call and its output as evidence";
                    self.cx.raise(codes::EVIDENCE, Effect::Refused, items.node(), message);
                    continue;
                };
                let mut resolved = Vec::with_capacity(2);
                for slot in [call, output] {
                    match slot.value() {
                        Some(EvidenceItem::Index(index)) => {
                            let at = index.generated_item_index.value().map(|index| index.get());
                            match at.and_then(|at| history.get(at)) {
                                Some(item) => resolved.extend(*item),
                                None if at.is_some() => {
                                    let message = "no item of the history has this index";
                                    self.cx.raise(codes::INDEX, Effect::Refused, index.node(), message);
                                }
                                None => {}
                            }
                        }
                        Some(EvidenceItem::Inline(inline)) => resolved.extend(inline.item.value().map(|item| &**item)),
                        _ => {}
                    }
                }
                found.entry(owner.clone()).or_default().insert(id.clone(), *fingerprint);
                let &[call, output] = resolved.as_slice() else { continue };
                let text = fingerprint.wtf8();
                let named = CallItem::of(call).and_then(|call| self.expected_name(call)).filter(|(call, name)| {
                    (*prints.of(*call)).as_ref().is_some_and(|print| print.text(&call.canonical_name(name)) == *text)
                });
                // A fingerprint that is the expected one need not be taken apart to see which tool it names.
                let Some(name) =
                    named.map(|(call, name)| call.canonical_name(&name).into_owned()).or_else(|| tool_of(&text))
                else {
                    let message = "the fingerprint names no tool";
                    self.cx.raise(codes::FINGERPRINT, Effect::Refused, fingerprint.node(), message);
                    continue;
                };
                let proof = Proof { owner: &owner, id: &id, name: &name, text: &text };
                let call = CallItem::of(call);
                let one = call.filter(|call| self.proves(*call, output, &proof, prints));
                if one.is_none() {
                    let message = "the evidence does not show this call and its output";
                    self.cx.raise(codes::EVIDENCE, Effect::Refused, items.node(), message);
                }
                let key = (owner.clone(), id.clone());
                for other in outputs.get(&key).into_iter().flatten().copied() {
                    let candidates = calls.get(&key).into_iter().flatten().rev().copied().chain(call);
                    let mut proven = false;
                    for candidate in candidates {
                        proven = proven || self.proves(candidate, other, &proof, prints);
                    }
                    if !proven && !std::ptr::eq(other, output) {
                        let message = "the history conflicts with the evidence of this finished call";
                        self.cx.raise(codes::EVIDENCE, Effect::Refused, other.node(), message);
                    }
                }
            }
        }
        found
    }

    /// Whether a call and an output are what a fingerprint says (`validateToolInvocationCompletionEvidence`).
    fn proves(
        &mut self,
        item: CallItem<'_, 'd>,
        output: &RunItem<'d>,
        proof: &Proof<'_, 'd>,
        prints: &mut Prints,
    ) -> bool {
        let Some(call) = item.call() else { return false };
        let mine = |judge: &Self, agent: Option<&AgentRef<'d>>| judge.owner(agent).as_ref() == Some(proof.owner);
        if !mine(self, item.agent()) {
            return false;
        }
        let expected: Option<Vec<u8>> = match (item, call) {
            (CallItem::Handoff(_), AnyCall::Function(call)) => Some(handoff_name(call)),
            (_, AnyCall::Program(_)) => None,
            (_, AnyCall::Hosted(hosted)) => {
                let data = hosted.provider_data.node();
                let name = data.and_then(|data| data.member("name")?.text()).map(|name| name.wtf8().into_owned());
                let name = name.or_else(|| match item {
                    CallItem::Approval(item) => approval_name(item),
                    _ => None,
                });
                name.filter(|name| !name.is_empty()).map(|name| call.hosted_name(&name))
            }
            (CallItem::Approval(item), AnyCall::Function(_)) => approval_key(item),
            (CallItem::Approval(item), _) => approval_name(item),
            (CallItem::Tool(item), AnyCall::Function(_)) => match self.key_of_item(item) {
                Some(key) => Some(key.wtf8().into_owned()),
                None => {
                    let key = call.key();
                    // Most keys are the name itself, and need not be taken apart.
                    let same = key.as_deref() == Some(proof.name)
                        || ToolKey::legacy(proof.name) == key.and_then(|key| ToolKey::legacy(&key));
                    same.then(|| proof.name.to_vec())
                }
            },
            _ => Some(proof.name.to_vec()),
        };
        let correlated = match (item, output) {
            (CallItem::Handoff(_), RunItem::HandoffOutput(item)) => {
                mine(self, item.source_agent.value())
                    && item.raw_item.value().is_some_and(|result| Output::function(result).answers(call))
            }
            (CallItem::Handoff(_), _) => false,
            (_, RunItem::ToolCall(item)) => {
                matches!(call, AnyCall::Hosted(_))
                    && mine(self, item.agent.value())
                    && answered_request(item).flatten().is_some_and(|id| *id.wtf8() == *proof.id)
                    && CallItem::Tool(item).call().is_some_and(|answer| same_caller(call.caller(), answer.caller()))
            }
            (_, RunItem::ToolCallOutput(item)) => {
                mine(self, item.agent.value())
                    && item.raw_item.value().and_then(Output::of).is_some_and(|output| output.answers(call))
            }
            _ => false,
        };
        let print = prints.of(call);
        correlated
            && expected.is_some_and(|expected| expected == proof.name)
            && evidence_id(call).is_some_and(|id| *id.wtf8() == *proof.id)
            && (*print).as_ref().is_none_or(|print| print.text(&call.canonical_name(proof.name)) == proof.text)
    }
}

/// What evidence says of a call.
struct Proof<'p, 'd> {
    owner: &'p Owner<'d>,
    id: &'p [u8],
    name: &'p [u8],
    text: &'p [u8],
}

/// The id that evidence names a call by.
fn evidence_id<'d>(call: AnyCall<'_, 'd>) -> Option<Text<'d>> {
    match call {
        AnyCall::Hosted(hosted) => {
            let own = hosted.provider_data.node().and_then(|data| data.member("id")?.text());
            own.or_else(|| call.call_id())
        }
        _ => call.call_id(),
    }
}

/// The owner and the call id of an output that counts for the records (`getCompletionOutputCallId`).
fn completion<'s, 'd>(item: &'s RunItem<'d>) -> Option<(Option<&'s AgentRef<'d>>, Text<'d>)> {
    Some(match item {
        RunItem::HandoffOutput(item) => (item.source_agent.value(), *item.raw_item.value()?.call_id.value()?),
        RunItem::ToolCallOutput(item) => (item.agent.value(), Output::of(item.raw_item.value()?)?.call_id?),
        RunItem::ToolCall(item) => (item.agent.value(), answered_request(item)??),
        _ => return None,
    })
}

/// The name of the tool that stands for a handoff (`getHandoffToolInvocationName`).
fn handoff_name(call: &crate::typescript::raw::FunctionCall<'_>) -> Vec<u8> {
    let name = call.name.value().map(|name| name.wtf8()).unwrap_or_default();
    [b"handoff:", &name[..]].concat()
}

/// The tool's name in a fingerprint (`getToolInvocationNameFromFingerprint`).
fn tool_of(fingerprint: &[u8]) -> Option<Vec<u8>> {
    let doc = crate::json::Document::parse(fingerprint.to_vec()).ok()?;
    let name = doc.root().member("toolName")?.text()?;
    Some(name.wtf8().into_owned()).filter(|name| !name.is_empty())
}

/// The recorded call ids of one agent.
pub(super) type Recorded<'d> = HashMap<Id<'d>, Text<'d>>;
/// The call ids of one agent that are listed as ambiguous.
pub(super) type Listed<'d> = HashSet<Id<'d>>;
