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

/// What the loader infers of one agent's calls, by their ids.
type Inferred<'s, 'd> = HashMap<Id<'d>, Inference<'s, 'd>>;

/// What it infers of one of them.
#[derive(Default)]
struct Inference<'s, 'd> {
    /// The key that a request for approval gives.
    name: Vec<u8>,
    local: Option<Pending<'s, 'd>>,
    hosted: Option<AnyCall<'s, 'd>>,
    observed: Option<Rc<[u8]>>,
    completed: Option<(Rc<[u8]>, Node<'d>)>,
    ambiguous: Option<Node<'d>>,
}

impl<'d> Inference<'_, 'd> {
    fn blur(&mut self, node: Node<'d>) {
        self.ambiguous.get_or_insert(node);
        self.observed = None;
    }

    fn observe(&mut self, text: Rc<[u8]>, node: Node<'d>) {
        match &self.observed {
            Some(previous) if **previous != *text => self.blur(node),
            _ if self.ambiguous.is_some() => {}
            _ => self.observed = Some(text),
        }
    }

    fn complete(&mut self, node: Node<'d>) {
        if let Some(text) = &self.observed
            && self.ambiguous.is_none()
        {
            self.completed = Some((Rc::clone(text), node));
        }
    }
}

/// The fingerprints of all calls, each worked out once.
#[derive(Default)]
struct Prints {
    by_node: HashMap<(u32, u32), Printed>,
    buffer: Vec<u8>,
}

/// What stands for a call, and the text for the tool's name that was asked for last: it is mostly the same.
struct Printed {
    print: Print,
    name: Vec<u8>,
    text: Option<Rc<[u8]>>,
}

impl Prints {
    fn printed<'p>(by_node: &'p mut HashMap<(u32, u32), Printed>, call: AnyCall<'_, '_>) -> &'p mut Printed {
        let node = call.node();
        let printed = by_node.entry((node.source().id(), node.index()));
        printed.or_insert_with(|| Printed { print: Rc::new(Fingerprint::of(call)), name: Vec::new(), text: None })
    }

    fn of(&mut self, call: AnyCall<'_, '_>) -> Print {
        Rc::clone(&Self::printed(&mut self.by_node, call).print)
    }

    /// The whole text; empty for a call that has none.
    fn text(&mut self, call: AnyCall<'_, '_>, name: &[u8]) -> Rc<[u8]> {
        let printed = Self::printed(&mut self.by_node, call);
        let name = call.canonical_name(name);
        if let Some(text) = printed.text.as_ref().filter(|_| printed.name == *name) {
            return Rc::clone(text);
        }
        self.buffer.clear();
        if let Some(print) = &*printed.print {
            print.push_text(&name, &mut self.buffer);
        }
        let text: Rc<[u8]> = Rc::from(&self.buffer[..]);
        (printed.name, printed.text) = (name.into_owned(), Some(Rc::clone(&text)));
        text
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

    /// What a call must look like that this came of (`toolResultMatchesCall`).
    fn claim(&self) -> Option<Claim<'d>> {
        let function = self.kind == "function_call";
        Some(Claim {
            kind: self.kind,
            id: self.call_id.map(Text::wtf8),
            program: program(self.caller)?,
            name: self.name.filter(|_| function).map(Text::wtf8),
            namespace: self.namespace.filter(|_| function).map(Text::wtf8),
        })
    }

    /// Whether this can be what came of a call.
    fn answers(&self, call: AnyCall<'_, 'd>) -> bool {
        self.claim().is_some_and(|claim| Claim::of(call) == Some(claim))
    }
}

/// What a call and its output have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Claim<'d> {
    kind: &'static str,
    id: Option<Id<'d>>,
    /// The program that called.
    program: Option<Id<'d>>,
    name: Option<Id<'d>>,
    namespace: Option<Id<'d>>,
}

impl<'d> Claim<'d> {
    /// What the output of a call must look like; `None` for a call that no output answers.
    fn of(call: AnyCall<'_, 'd>) -> Option<Self> {
        let (id, name, namespace) = match call {
            AnyCall::Function(call) => (&call.call_id, call.name.value(), call.namespace.value()),
            AnyCall::Computer(call) => (&call.call_id, None, None),
            AnyCall::Shell(call) => (&call.call_id, None, None),
            AnyCall::ApplyPatch(call) => (&call.call_id, None, None),
            AnyCall::Hosted(_) | AnyCall::Program(_) => return None,
        };
        Some(Self {
            kind: call.kind(),
            id: id.value().map(|id| id.wtf8()),
            program: program(call.caller())?,
            name: name.map(|name| name.wtf8()),
            namespace: namespace.map(|namespace| namespace.wtf8()),
        })
    }
}

/// The program that a caller is, if it is one; `None` for one without an id, which is the same as no other.
fn program<'d>(caller: Option<&Caller<'d>>) -> Option<Option<Id<'d>>> {
    match caller {
        Some(Caller::Program(program)) => program.caller_id.value().map(|id| Some(id.wtf8())),
        _ => Some(None),
    }
}

fn same_caller(one: Option<&Caller<'_>>, two: Option<&Caller<'_>>) -> bool {
    program(one).is_some_and(|one| program(two) == Some(one))
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

/// What the history says of one call of an agent.
pub(in crate::typescript) struct Observed {
    /// The agent's identity.
    pub(in crate::typescript) agent: Vec<u8>,
    /// The id that decisions and records name the call by.
    pub(in crate::typescript) id: Vec<u8>,
    /// The fingerprint, unless different calls have the id.
    pub(in crate::typescript) fingerprint: Option<Vec<u8>>,
    /// The fingerprint of a finished call, and the places of the call and of its output in the history.
    pub(in crate::typescript) completed: Option<(Vec<u8>, usize, usize)>,
    /// Whether the id cannot be tied to one call.
    pub(in crate::typescript) ambiguous: bool,
}

/// All calls of the history, in its order. Records name the tools of calls that do not.
pub(in crate::typescript) fn observe<'d>(
    state: &super::State<'d>,
    cx: &mut crate::record::Reader<'d>,
) -> Vec<Observed> {
    let mut judge = Judge::new(state, None, None, cx);
    judge.records();
    let mut prints = Prints::default();
    let inferred = judge.infer(&mut prints);
    let mut last: HashMap<(Owner<'d>, Id<'d>), usize> = HashMap::default();
    let mut found: Vec<Observed> = Vec::new();
    let mut places: HashMap<(Owner<'d>, Id<'d>), usize> = HashMap::default();
    let mut observe = |owner: &Owner<'d>, id: &Id<'d>| {
        let key = (owner.clone(), id.clone());
        let (Owner::Named(agent), Some(seen)) = (owner, inferred.get(owner).and_then(|agent| agent.get(id))) else {
            return None;
        };
        Some(*places.entry(key).or_insert_with(|| {
            found.push(Observed {
                agent: agent.to_vec(),
                id: id.to_vec(),
                fingerprint: seen.observed.as_ref().map(|text| text.to_vec()).filter(|text| !text.is_empty()),
                completed: None,
                ambiguous: seen.ambiguous.is_some(),
            });
            found.len() - 1
        }))
    };
    let mut finished: Vec<(usize, usize, usize)> = Vec::new();
    let all = state.generated_items.value().map_or(&[][..], |list| &list.items);
    for (at, item) in all.iter().enumerate().filter_map(|(at, slot)| Some((at, &**slot.value()?))) {
        if let Some((agent, id)) = completion(item)
            && let Some(owner) = judge.owner(agent)
        {
            let id = id.wtf8();
            let call = last.get(&(owner.clone(), id.clone())).copied();
            if let Some((place, call)) = observe(&owner, &id).zip(call) {
                finished.push((place, call, at));
            }
        }
        if let Some(call) = CallItem::of(item)
            && let Some(owner) = judge.owner(call.agent())
            && let Some(id) = call.call().filter(|call| !matches!(call, AnyCall::Program(_))).and_then(evidence_id)
        {
            observe(&owner, &id.wtf8());
            last.insert((owner, id.wtf8()), at);
        }
    }
    for (place, call, output) in finished {
        let observed = &mut found[place];
        let owner = Owner::Named(Cow::Borrowed(&observed.agent[..]));
        let completed = inferred.get(&owner).and_then(|agent| agent.get(&observed.id[..])?.completed.as_ref());
        let Some((text, node)) = completed.filter(|(text, _)| !text.is_empty()) else { continue };
        let item = all.get(output).and_then(crate::record::Slot::node);
        if item.is_some_and(|item| item.index() <= node.index() && node.index() < item.end_index()) {
            observed.completed = Some((text.to_vec(), call, output));
        }
    }
    found
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
                    let key = approval_key(item).unwrap_or_default();
                    let seen = all.entry(owner).or_default().entry(id.wtf8()).or_default();
                    let print = prints.of(call);
                    if let Some(pending) = &seen.local {
                        if pending.print != print {
                            seen.blur(node);
                        } else if seen.completed.is_none() {
                            let text = prints.text(pending.call, &key);
                            seen.observed = None;
                            seen.observe(text, node);
                        }
                    }
                    seen.observe(prints.text(call, &key), node);
                    if call.is_local() {
                        seen.local = Some(Pending { call, print, resolved: true });
                    }
                    seen.name = key;
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
                    let seen = all.entry(owner).or_default().entry(id.wtf8()).or_default();
                    seen.observe(prints.text(call, &handoff_name(raw)), item.node());
                    seen.local = Some(Pending { call, print: prints.of(call), resolved: true });
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
                let seen = agent.entry(id.wtf8()).or_default();
                seen.observe(prints.text(call, &name.wtf8()), node);
                seen.hosted = Some(call);
            } else if let Some(request) = answered_request(item) {
                let Some(id) = request.filter(|id| !id.is_empty()) else {
                    return self.no_id(node, "an answer to a hosted MCP server");
                };
                let seen = agent.entry(id.wtf8()).or_default();
                let pending = seen.hosted.take();
                if !pending.is_some_and(|pending| same_caller(pending.caller(), call.caller())) {
                    seen.blur(node);
                }
                seen.complete(node);
            }
            return;
        }
        if !call.is_local() {
            return;
        }
        let Some(id) = call.call_id().filter(|id| !id.is_empty()) else { return self.no_id(node, "a call") };
        let id = id.wtf8();
        let seen = agent.entry(id.clone()).or_default();
        let name = match call {
            AnyCall::Function(_) => self.routed(call, item.function_tool_state_key.value().copied()),
            _ if !seen.name.is_empty() => Some(seen.name.clone()),
            _ => self.tool_name(&owner, tool_kind(call), &id),
        };
        let print = prints.of(call);
        if seen.local.as_ref().is_some_and(|pending| pending.print != print) {
            seen.local = None;
            return seen.blur(node);
        }
        if seen.ambiguous.is_none() {
            seen.local = Some(Pending { call, print, resolved: name.is_some() });
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            seen.observe(prints.text(call, &name), node);
        }
    }

    fn infer_output(&mut self, output: &Output<'_, 'd>, agent: &mut Inferred<'_, 'd>, what: &'static str) {
        let Some(id) = output.call_id.filter(|id| !id.is_empty()) else { return self.no_id(output.node, what) };
        let seen = agent.entry(id.wtf8()).or_default();
        let pending = seen.local.take();
        if !pending.is_some_and(|pending| pending.resolved && output.answers(pending.call)) {
            seen.blur(output.node);
        }
        seen.complete(output.node);
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
            let (records, proofs) = (self.recorded.get(owner), evidence.get(owner));
            let listed = self.listed.get(owner);
            for (id, seen) in agent {
                let recorded = records.and_then(|calls| calls.get(id));
                let proof = proofs.and_then(|calls| calls.get(id));
                match (&seen.completed, recorded) {
                    (Some((text, _)), Some(recorded)) if text.is_empty() || says(*recorded, text, proof) => {}
                    (Some(_), Some(recorded)) => mismatches.push((
                        codes::FINGERPRINT,
                        recorded.node(),
                        "the recorded fingerprint is not that of the finished call in the history".into(),
                    )),
                    (Some((_, node)), None) => mismatches.push((
                        codes::LEDGER,
                        *node,
                        "the call that this finishes is not in the record of finished calls".into(),
                    )),
                    (None, _) => {}
                }
                if let Some(node) = seen.ambiguous
                    && proof.is_none()
                    && !listed.is_some_and(|ids| ids.contains(id))
                {
                    let message = "the call id cannot be tied to one call, and is not listed as such";
                    mismatches.push((codes::AMBIGUOUS_CALL, node, message.into()));
                }
            }
        }
        for (owner, calls) in &self.recorded {
            let proofs = evidence.get(owner);
            for (id, text) in calls {
                let proof = proofs.and_then(|calls| calls.get(id));
                if !proof.is_some_and(|proof| proof.text.raw() == text.raw() || proof.text.same_text(*text)) {
                    let message = "no evidence with this fingerprint is given for the finished call";
                    mismatches.push((codes::LEDGER, text.node(), message.into()));
                }
            }
        }
        for (owner, calls) in &evidence {
            let records = self.recorded.get(owner);
            for (id, proof) in calls {
                if !records.is_some_and(|calls| calls.contains_key(id)) {
                    let message = "the evidence is for a call that is not in the record of finished calls";
                    mismatches.push((codes::LEDGER, proof.text.node(), message.into()));
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
    fn evidence(&mut self, prints: &mut Prints) -> HashMap<Owner<'d>, HashMap<Id<'d>, Given<'d>>> {
        let state = self.state;
        let history: Vec<Option<&'s RunItem<'d>>> = state
            .generated_items
            .value()
            .map(|list| list.items.iter().map(|slot| slot.value().map(Box::as_ref)).collect())
            .unwrap_or_default();
        let mut mentions = self.mentions(history.iter().flatten().copied());
        let mut found: HashMap<Owner<'d>, HashMap<Id<'d>, Given<'d>>> = HashMap::default();
        for entry in state.evidence.value().into_iter().flat_map(|list| list.values()) {
            let Some(owner) = entry.agent_identity.value().and_then(|key| self.owner_of(key.wtf8())) else { continue };
            let mentions = mentions.entry(owner.clone()).or_default();
            let found = found.entry(owner.clone()).or_default();
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
                let resolved = [call, output].map(|slot| match slot.value()? {
                    EvidenceItem::Index(index) => {
                        let at = index.generated_item_index.value()?.get();
                        if at >= history.len() {
                            let message = "no item of the history has this index";
                            self.cx.raise(codes::INDEX, Effect::Refused, index.node(), message);
                        }
                        *history.get(at)?
                    }
                    EvidenceItem::Inline(inline) => inline.item.value().map(|item| &**item),
                    EvidenceItem::Other(_) => None,
                });
                let mut given = Given { text: *fingerprint, decoded: None };
                if let [Some(call), Some(output)] = resolved {
                    let call = CallItem::of(call);
                    given.decoded = call.and_then(|call| self.expected_text(call, *fingerprint, prints));
                    let expected = given.decoded.is_some();
                    let text = given.decoded.get_or_insert_with(|| fingerprint.wtf8().into_owned().into());
                    let mut proof = Proof { owner: &owner, id: &id, name: Vec::new(), text };
                    // A fingerprint that is the expected one need not be taken apart to see which tool it names.
                    let name = call.filter(|_| expected).and_then(|call| self.expected_name(call));
                    match name.map(|(call, name)| call.canonical_name(&name).into_owned()).or_else(|| tool_of(text)) {
                        Some(name) => {
                            proof.name = name;
                            let mentioned = mentions.get_mut(&id);
                            self.judge_evidence((call, output), mentioned, items.node(), &proof, prints);
                        }
                        None => {
                            let message = "the fingerprint names no tool";
                            self.cx.raise(codes::FINGERPRINT, Effect::Refused, fingerprint.node(), message);
                        }
                    }
                }
                found.insert(id, given);
            }
        }
        found
    }

    /// The text that a call item leads to expect, if that is the given one.
    fn expected_text(&self, item: CallItem<'_, 'd>, given: Text<'d>, prints: &mut Prints) -> Option<Rc<[u8]>> {
        let (call, name) = self.expected_name(item)?;
        Some(prints.text(call, &name)).filter(|text| !text.is_empty() && given.is_wtf8(text))
    }

    /// Everything in the history that names a call, by agent and call id.
    fn mentions(
        &self,
        history: impl Iterator<Item = &'s RunItem<'d>>,
    ) -> HashMap<Owner<'d>, HashMap<Id<'d>, Mentions<'s, 'd>>> {
        let mut all: HashMap<Owner<'d>, HashMap<Id<'d>, Mentions<'s, 'd>>> = HashMap::default();
        for item in history {
            if let Some((agent, id)) = completion(item)
                && let Some(owner) = self.owner(agent)
            {
                all.entry(owner).or_default().entry(id.wtf8()).or_default().items.push(Mention::Output(item));
            }
            if let Some(call) = CallItem::of(item)
                && let Some(owner) = self.owner(call.agent())
                && let Some(id) = call.call().and_then(evidence_id)
            {
                all.entry(owner).or_default().entry(id.wtf8()).or_default().items.push(Mention::Call(call));
            }
        }
        all
    }

    /// Whether the evidence shows its call, and whether the history has no other output for it.
    fn judge_evidence(
        &mut self,
        (call, output): (Option<CallItem<'_, 'd>>, &RunItem<'d>),
        mentioned: Option<&mut Mentions<'s, 'd>>,
        node: Node<'d>,
        proof: &Proof<'_, 'd>,
        prints: &mut Prints,
    ) {
        let shown = call.filter(|call| self.shows(*call, proof, prints)).and_then(answer_to);
        if shown.is_none() || shown != self.answer_in(output, proof) {
            let message = "the evidence does not show this call and its output";
            self.cx.raise(codes::EVIDENCE, Effect::Refused, node, message);
        }
        let Some(mentioned) = mentioned.filter(|mentioned| mentioned.proofs < PROOFS) else { return };
        mentioned.proofs += 1;
        let is_other = |item: &Mention<'s, 'd>| matches!(item, Mention::Output(other) if !std::ptr::eq(*other, output));
        if !mentioned.items.iter().any(is_other) {
            return;
        }
        let mut answers: HashSet<Answer<'d>> = shown.into_iter().collect();
        for item in &mentioned.items {
            if let Mention::Call(other) = *item
                && self.shows(other, proof, prints)
            {
                answers.extend(answer_to(other));
            }
        }
        for item in mentioned.items.iter().filter(|item| is_other(item)) {
            let Mention::Output(other) = *item else { continue };
            let answer = self.answer_in(other, proof);
            if !answer.is_some_and(|answer| answers.contains(&answer)) {
                let message = "the history conflicts with the evidence of this finished call";
                self.cx.raise(codes::EVIDENCE, Effect::Refused, other.node(), message);
            }
        }
    }

    /// Whether a call is what a fingerprint says (`validateToolInvocationCompletionEvidence`).
    fn shows(&self, item: CallItem<'_, 'd>, proof: &Proof<'_, 'd>, prints: &mut Prints) -> bool {
        let Some(call) = item.call() else { return false };
        if self.owner(item.agent()).as_ref() != Some(proof.owner) {
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
                    let same = key.as_deref() == Some(&proof.name)
                        || ToolKey::legacy(&proof.name) == key.and_then(|key| ToolKey::legacy(&key));
                    same.then(|| proof.name.clone())
                }
            },
            _ => Some(proof.name.clone()),
        };
        let fits = |text: &[u8]| text.is_empty() || text == proof.text;
        expected.is_some_and(|expected| expected == proof.name)
            && evidence_id(call).is_some_and(|id| id.is_wtf8(proof.id))
            && fits(&prints.text(call, &proof.name))
    }

    /// What an output of the owner of a proof answers.
    fn answer_in(&self, output: &RunItem<'d>, proof: &Proof<'_, 'd>) -> Option<Answer<'d>> {
        let (agent, answer) = match output {
            RunItem::HandoffOutput(item) => {
                (item.source_agent.value(), Answer::Handoff(Output::function(item.raw_item.value()?).claim()?))
            }
            RunItem::ToolCallOutput(item) => {
                (item.agent.value(), Answer::Tool(Output::of(item.raw_item.value()?)?.claim()?))
            }
            RunItem::ToolCall(item) => {
                answered_request(item).flatten().filter(|id| id.is_wtf8(proof.id))?;
                (item.agent.value(), Answer::Hosted(program(CallItem::Tool(item).call()?.caller())?))
            }
            _ => return None,
        };
        (self.owner(agent).as_ref() == Some(proof.owner)).then_some(answer)
    }
}

/// So many proofs of one call are compared with all of its outputs. The SDK writes one.
const PROOFS: u8 = 8;

/// What the history says of one call id.
#[derive(Default)]
struct Mentions<'s, 'd> {
    items: Vec<Mention<'s, 'd>>,
    proofs: u8,
}

#[derive(Clone, Copy)]
enum Mention<'s, 'd> {
    Call(CallItem<'s, 'd>),
    Output(&'s RunItem<'d>),
}

/// What answers a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Answer<'d> {
    Handoff(Claim<'d>),
    Tool(Claim<'d>),
    /// By a hosted MCP server, with the program that asks.
    Hosted(Option<Id<'d>>),
}

/// What must answer a call.
fn answer_to<'d>(item: CallItem<'_, 'd>) -> Option<Answer<'d>> {
    match (item, item.call()?) {
        (CallItem::Handoff(_), call) => Claim::of(call).map(Answer::Handoff),
        (_, call @ AnyCall::Hosted(_)) => program(call.caller()).map(Answer::Hosted),
        (_, call) => Claim::of(call).map(Answer::Tool),
    }
}

/// A fingerprint as evidence gives it.
struct Given<'d> {
    text: Text<'d>,
    /// The same, where it had to be decoded.
    decoded: Option<Rc<[u8]>>,
}

/// Whether a record says what was worked out; mostly it is written like a proof that was decoded already.
fn says(recorded: Text<'_>, text: &[u8], proof: Option<&Given<'_>>) -> bool {
    match proof {
        Some(Given { text: proof, decoded: Some(decoded) }) if proof.raw() == recorded.raw() => **decoded == *text,
        _ => recorded.is_wtf8(text),
    }
}

/// What evidence says of a call.
struct Proof<'p, 'd> {
    owner: &'p Owner<'d>,
    id: &'p [u8],
    name: Vec<u8>,
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
pub(in crate::typescript) fn tool_of(fingerprint: &[u8]) -> Option<Vec<u8>> {
    let doc = crate::json::Document::parse(fingerprint.to_vec()).ok()?;
    let name = doc.root().member("toolName")?.text()?;
    Some(name.wtf8().into_owned()).filter(|name| !name.is_empty())
}

/// The recorded call ids of one agent.
pub(super) type Recorded<'d> = HashMap<Id<'d>, Text<'d>>;
/// The call ids of one agent that are listed as ambiguous.
pub(super) type Listed<'d> = HashSet<Id<'d>>;
