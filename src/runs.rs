//! The runs of a state, nested ones included, what each of them waits for and what was decided in it: as written,
//! whatever the label. Texts are for people and for comparing with one another: half a surrogate pair becomes U+FFFD.

use std::borrow::Cow;

use crate::format::Dialect;
use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Kind, Node, Text};
use crate::model::ApprovalStatus;
use crate::record::NESTING;

/// The labels from which the Python SDK keeps decisions in another way.
mod python {
    /// Those about hosted MCP tools by server.
    pub(super) const SERVERS: u16 = 14;
    /// The ledger of calls, with scopes; nested runs have their own.
    pub(super) const LEDGER: u16 = 15;
    /// Those about single calls come first.
    pub(super) const EXACT_FIRST: u16 = 16;
    /// Those about functions by agent.
    pub(super) const OWNERS: u16 = 18;
}

/// The labels from which the TypeScript SDK does.
mod typescript {
    pub(super) const OWNERS: u16 = 16;
    /// Calls are bound to what they call; those about hosted MCP tools by server.
    pub(super) const BINDINGS: u16 = 18;
    pub(super) const EXACT_FIRST: u16 = 19;
}

/// A run and where it is nested.
#[derive(Debug)]
pub(crate) struct Run<'d> {
    /// The state.
    pub(crate) root: Node<'d>,
    /// The number behind `1.` of its own label.
    pub(crate) label: u16,
    /// The run that it is nested in, by its number.
    pub(crate) outer: Option<usize>,
    /// The calls that started it, outermost first.
    pub(crate) path: Vec<Step<'d>>,
    /// Whether the SDK never comes back to it.
    pub(crate) over: bool,
}

/// A call of an agent as a tool.
#[derive(Clone, Debug)]
pub(crate) struct Step<'d> {
    /// The tool.
    pub(crate) tool: Option<Cow<'d, str>>,
    /// The id of the call.
    pub(crate) call: Cow<'d, str>,
    /// The number of the action that holds the run; a TypeScript run stands elsewhere.
    pub(crate) action: usize,
}

/// The state and all runs nested in it, each behind the one that it is nested in.
pub(crate) fn runs<'d>(doc: &'d Document, root: Node<'d>, dialect: Dialect) -> Vec<Run<'d>> {
    let mut runs: Vec<Run<'d>> = Vec::new();
    let mut open = vec![(root, None, Vec::new(), false)];
    while let Some((root, outer, path, over)) = open.pop() {
        let label = crate::detect::label(root, dialect).effective(dialect);
        let number = runs.len();
        let mut inner = nested(doc, root, dialect);
        inner.reverse();
        for (step, root, ended) in inner {
            if path.len() < usize::from(NESTING) {
                let path: Vec<Step<'d>> = path.iter().cloned().chain([step]).collect();
                open.push((root, Some(number), path, over || ended));
            }
        }
        runs.push(Run { root, label, outer, path, over });
    }
    runs
}

/// The runs right below one, and whether they are over: the TypeScript SDK leaves runs behind whose calls failed, or which
/// belong to an earlier response.
fn nested<'d>(doc: &'d Document, root: Node<'d>, dialect: Dialect) -> Vec<(Step<'d>, Node<'d>, bool)> {
    let of = |node: Node<'d>, key: &str| node.member(key).and_then(Node::text).map(Text::lossy);
    match dialect {
        Dialect::Python => functions(root, "last_processed_response")
            .enumerate()
            .filter_map(|(number, action)| {
                let call = action.member("tool_call")?;
                let run = action.member("agent_run_state").filter(|run| run.kind() == Kind::Object)?;
                let step =
                    Step { tool: of(call, "name"), call: of(call, "call_id").unwrap_or_default(), action: number };
                Some((step, run, false))
            })
            .collect(),
        Dialect::TypeScript => {
            let Some(runs) = root.member("pendingAgentToolRuns").filter(|runs| runs.members().next().is_some()) else {
                return Vec::new();
            };
            let items = root.member("generatedItems").into_iter().flat_map(Node::elements);
            let outputs = items.filter(|item| item.is_type("tool_call_output_item"));
            let answered: HashSet<_> = outputs.filter_map(|item| of(item.member("rawItem")?, "callId")).collect();
            let calls: HashMap<Cow<'d, str>, Option<Cow<'d, str>>> = functions(root, "lastProcessedResponse")
                .filter_map(|action| action.member("toolCall"))
                .filter_map(|call| Some((of(call, "callId")?, of(call, "name"))))
                .collect();
            runs.members()
                .filter_map(|member| {
                    let run = doc.decode(member.value).ok().filter(|run| run.kind() == Kind::Object)?;
                    let key = member.key.lossy();
                    let known = key.match_indices(':').find_map(|(at, _)| calls.get_key_value(&key[at + 1..]));
                    Some(match known {
                        Some((call, tool)) => {
                            let step = Step { tool: tool.clone(), call: call.clone(), action: 0 };
                            (step, run, answered.contains(call))
                        }
                        None => {
                            let call = key.rsplit_once(':').map_or(&*key, |(_, call)| call).to_owned();
                            (Step { tool: None, call: call.into(), action: 0 }, run, true)
                        }
                    })
                })
                .collect()
        }
    }
}

fn functions<'d>(root: Node<'d>, processed: &str) -> impl Iterator<Item = Node<'d>> {
    let functions = root.member(processed).and_then(|processed| processed.member("functions"));
    functions.into_iter().flat_map(Node::elements)
}

/// A call that waits, or waited when the state was written.
#[derive(Debug)]
pub(crate) struct Waiting<'d> {
    /// The innermost run that waits for it.
    pub(crate) run: usize,
    /// The request for approval.
    pub(crate) item: Node<'d>,
    /// The call.
    pub(crate) raw: Node<'d>,
    /// The id that decisions name the call by.
    pub(crate) id: Option<Text<'d>>,
    /// The tool as people call it.
    pub(crate) tool: Option<Cow<'d, str>>,
    /// The agent that calls: its identity where it has one, else its name.
    pub(crate) agent: Option<Cow<'d, str>>,
    /// What was decided.
    pub(crate) decided: Option<ApprovalStatus>,
    /// Whether that was decided about all calls of the tool.
    pub(crate) standing: bool,
}

/// What all runs wait for, in the order of the runs. Outer runs repeat what inner ones wait for; it counts for the inner one,
/// which may call the agent otherwise: every run counts agents of one name for itself. In the TypeScript SDK decisions are
/// made by the names of the outermost one.
pub(crate) fn waiting<'d>(runs: &[Run<'d>], dialect: Dialect) -> Vec<Waiting<'d>> {
    type Seen<'d> = HashMap<(Option<Cow<'d, str>>, Option<Cow<'d, str>>), Vec<(usize, usize)>>;
    let mut below: Vec<Seen<'d>> = runs.iter().map(|_| Seen::default()).collect();
    let mut found: Vec<Vec<Waiting<'d>>> = Vec::new();
    for (number, run) in runs.iter().enumerate().rev().filter(|(_, run)| !run.over) {
        let mut inner = std::mem::take(&mut below[number]);
        let key = |asked: &Waiting<'d>| {
            let agent = asked.item.member("agent");
            let name = agent.and_then(|agent| agent.member("name").or(Some(agent))?.text()).map(Text::lossy);
            (asked.id.map(Text::lossy), name)
        };
        let asked: Vec<Waiting<'d>> = interruptions(run.root, dialect).map(|item| ask(number, item, dialect)).collect();
        let current = agent(run.root.member(match dialect {
            Dialect::Python => "current_agent",
            Dialect::TypeScript => "currentAgent",
        }));
        let mut repeats: Vec<Option<(usize, usize)>> = vec![None; asked.len()];
        // Of requests that are alike, those of the run's own agent are its own.
        for mine in [false, true] {
            for (asked, repeats) in asked.iter().zip(&mut repeats).filter(|(asked, _)| (asked.agent == current) == mine)
            {
                *repeats = inner.get_mut(&key(asked)).and_then(|places| {
                    let same = places.iter().rposition(|(run, at)| found[*run][*at].agent == asked.agent);
                    same.map(|same| places.remove(same)).or_else(|| places.pop())
                });
            }
        }
        let mut own = Vec::new();
        for (asked, repeats) in asked.into_iter().zip(repeats) {
            let place = repeats.unwrap_or((found.len(), own.len()));
            if let Some(outer) = run.outer {
                below[outer].entry(key(&asked)).or_default().push(place);
            }
            match repeats.map(|(run, at)| &mut found[run][at]) {
                None => own.push(asked),
                Some(inner) if dialect == Dialect::TypeScript && inner.agent != asked.agent => {
                    (inner.agent, inner.item, inner.raw) = (asked.agent, asked.item, asked.raw);
                }
                Some(_) => {}
            }
        }
        found.push(own);
    }
    found.into_iter().rev().flatten().collect()
}

/// The requests for approval that a run waits for.
pub(crate) fn interruptions<'d>(root: Node<'d>, dialect: Dialect) -> impl Iterator<Item = Node<'d>> {
    let step = root.member(match dialect {
        Dialect::Python => "current_step",
        Dialect::TypeScript => "currentStep",
    });
    let step = step.filter(|step| step.is_type("next_step_interruption"));
    let data = step.and_then(|step| step.member("data").filter(|data| data.kind() == Kind::Object).or(Some(step)));
    let list = data.and_then(|data| data.member("interruptions"));
    list.into_iter().flat_map(Node::elements).filter(|item| item.kind() == Kind::Object)
}

fn ask<'d>(run: usize, item: Node<'d>, dialect: Dialect) -> Waiting<'d> {
    let raw = raw(item);
    let lossy = |node: Option<Node<'d>>| filled(node).map(Text::lossy);
    let id = id(raw, dialect);
    let shown = lossy(item.member("tool_name").or_else(|| item.member("toolName")));
    let name = lossy(raw.member("name")).or_else(|| lossy(provided(raw, dialect)?.member("name")));
    let namespace = lossy(raw.member("namespace"));
    let tool = match (namespace, name) {
        (Some(space), Some(name)) if space != name => Some(format!("{space}.{name}").into()),
        (_, name) => shown.or(name).or_else(|| lossy(raw.member("type"))),
    };
    Waiting { run, item, raw, id, tool, agent: agent(item.member("agent")), decided: None, standing: false }
}

fn raw(item: Node<'_>) -> Node<'_> {
    item.member("raw_item").or_else(|| item.member("rawItem")).unwrap_or(item)
}

fn provided(raw: Node<'_>, dialect: Dialect) -> Option<Node<'_>> {
    raw.member(if dialect == Dialect::Python { "provider_data" } else { "providerData" })
}

fn filled(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// The id that decisions name a call by.
fn id(raw: Node<'_>, dialect: Dialect) -> Option<Text<'_>> {
    let is = |kind: &str| filled(raw.member("type")).is_some_and(|own| own.is(kind));
    let own = || filled(raw.member("id"));
    if is("hosted_tool_call") {
        let data = provided(raw, dialect);
        let of_data = |key: &str| filled(data?.member(key));
        of_data("id").or_else(|| of_data("itemId")).or_else(own)
    } else if is("mcp_approval_request") {
        own()
    } else {
        filled(raw.member(if dialect == Dialect::Python { "call_id" } else { "callId" })).or_else(own)
    }
}

/// Whether an item asks about the same call of the same agent.
pub(crate) fn asks_about(item: Node<'_>, call: &Waiting<'_>, dialect: Dialect) -> bool {
    let of = [item, call.item].map(|item| item.member("agent").map(Node::raw));
    of[0] == of[1] && id(raw(item), dialect).map(Text::lossy) == call.id.map(Text::lossy)
}

/// The identity of an agent, or its name where it has none.
pub(crate) fn agent(reference: Option<Node<'_>>) -> Option<Cow<'_, str>> {
    let reference = reference?;
    let identity = reference.member("identity").and_then(Node::text).or_else(|| reference.member("name")?.text());
    identity.or_else(|| reference.text()).map(Text::lossy)
}

/// A decision.
#[derive(Clone, Debug)]
pub(crate) struct Given<'d> {
    /// The run that records it.
    pub(crate) run: usize,
    /// The tool, in a namespace `namespace.name`.
    pub(crate) tool: Cow<'d, str>,
    /// The agent, where decisions name one.
    pub(crate) agent: Option<Cow<'d, str>>,
    /// The hosted MCP server.
    pub(crate) server: Option<Cow<'d, str>>,
    /// What it says.
    pub(crate) verdict: ApprovalStatus,
    /// The call; nothing for all calls of the tool.
    pub(crate) call: Option<Cow<'d, str>>,
    /// What the model is told of a rejection.
    pub(crate) message: Option<Cow<'d, str>>,
    /// The digest of what a standing decision is about, in Python.
    pub(crate) scope: Option<Cow<'d, str>>,
    /// Whether the SDK of the label heeds it.
    pub(crate) counts: bool,
}

/// All decisions of a run.
pub(crate) fn decisions<'d>(number: usize, run: &Run<'d>, dialect: Dialect) -> Vec<Given<'d>> {
    let Some(context) = run.root.member("context") else { return Vec::new() };
    let mut found = Records { run: number, label: run.label, dialect, found: Vec::new(), bound: HashSet::default() };
    match dialect {
        Dialect::Python => found.python(context),
        Dialect::TypeScript => found.typescript(context),
    }
    found.found
}

struct Records<'d> {
    run: usize,
    label: u16,
    dialect: Dialect,
    found: Vec<Given<'d>>,
    /// Calls whose decisions count, where the label says so.
    bound: HashSet<Cow<'d, str>>,
}

impl<'d> Records<'d> {
    fn python(&mut self, context: Node<'d>) {
        let text = |node: Node<'d>, key: &str| node.member(key).and_then(Node::text).map(Text::lossy);
        if let Some(ledger) = context.member("tool_invocations") {
            self.bound = ledger.members().map(|member| member.key.lossy()).collect();
        }
        let has_functions = self.label >= python::OWNERS;
        for member in context.member("approvals").into_iter().flat_map(Node::members) {
            // Behind the colon is the digest of one of several kinds of patches.
            let tool = match member.key.lossy() {
                key if key.starts_with("apply_patch:") => "apply_patch".into(),
                key => undeferred(key),
            };
            self.record(tool, None, None, member.value, true);
        }
        let owned = context.member("function_tool_approvals").filter(|_| has_functions);
        for entry in owned.into_iter().flat_map(Node::elements) {
            let (Some(key), Some(record)) = (text(entry, "tool_key"), entry.member("decision")) else { continue };
            self.record(undeferred(key), agent(entry.member("agent")), None, record, true);
        }
        let hosted = context.member("hosted_mcp_approvals").filter(|_| self.label >= python::SERVERS);
        for entry in hosted.into_iter().flat_map(Node::elements) {
            let (Some(identity), Some(record)) = (entry.member("identity"), entry.member("decision")) else { continue };
            let kind = text(identity, "type").unwrap_or_default();
            let tool = text(identity, "tool_name").unwrap_or_else(|| "a hosted MCP tool".into());
            // The twin of another entry, for look-ups by name.
            if kind != "query" {
                self.record(tool, None, text(identity, "server_label"), record, true);
            }
        }
    }

    fn typescript(&mut self, context: Node<'d>) {
        let text = |node: Node<'d>, key: &str| node.member(key).and_then(Node::text).map(Text::lossy);
        let entries = |key: &str| context.member(key).into_iter().flat_map(Node::elements);
        if self.label >= typescript::BINDINGS {
            for entry in entries("approvalInvocations") {
                let calls = entry.member("invocations").into_iter().flat_map(Node::members);
                self.bound.extend(calls.map(|member| member.key.lossy()));
            }
        }
        for member in context.member("approvals").into_iter().flat_map(Node::members) {
            self.record(member.key.lossy(), None, None, member.value, true);
        }
        let hosted = context.member("hostedMcpApprovals").filter(|_| self.label >= typescript::BINDINGS);
        for member in hosted.into_iter().flat_map(Node::members) {
            if let Some([_, server, tool]) = parts(&member.key.lossy()).as_deref() {
                self.record(tool.clone().into(), None, Some(server.clone().into()), member.value, true);
            }
        }
        if self.label >= typescript::BINDINGS {
            self.singles(entries("approvalInvocations").filter_map(|entry| entry.member("approvals")));
        }
        if self.label < typescript::OWNERS {
            return;
        }
        for entry in entries("functionApprovals") {
            for member in entry.member("approvals").into_iter().flat_map(Node::members) {
                let tool = match parts(&member.key.lossy()).as_deref() {
                    Some([kind, name]) if kind != "namespaced" => name.clone(),
                    Some([_, space, name]) => format!("{space}.{name}"),
                    _ => continue,
                };
                self.record(tool.into(), text(entry, "agentIdentity"), None, member.value, true);
            }
        }
        for member in context.member("legacyFunctionApprovals").into_iter().flat_map(Node::members) {
            self.record(member.key.lossy(), None, None, member.value, false);
        }
    }

    /// Decisions about single calls of tools that are no functions. The records by tool say them, too, until a decision
    /// for all calls replaces them.
    fn singles(&mut self, records: impl Iterator<Item = Node<'d>>) {
        let key = |one: &Given<'d>| (one.call.clone(), one.verdict, one.tool.clone(), one.server.clone());
        let known: HashSet<_> = self.found.iter().map(key).collect();
        let first = self.found.len();
        for member in records.flat_map(Node::members) {
            let (tool, server) = match parts(&member.key.lossy()).as_deref() {
                Some([_, server, tool]) => (tool.clone().into(), Some(server.clone().into())),
                _ => (member.key.lossy(), None),
            };
            self.record(tool, None, server, member.value, true);
        }
        let single = self.found.split_off(first);
        self.found.extend(single.into_iter().filter(|one| one.call.is_some() && !known.contains(&key(one))));
    }

    fn record(
        &mut self,
        tool: Cow<'d, str>,
        agent: Option<Cow<'d, str>>,
        server: Option<Cow<'d, str>>,
        record: Node<'d>,
        needs_binding: bool,
    ) {
        let (messages, standing) = match self.dialect {
            Dialect::Python => ("rejection_messages", "sticky_rejection_message"),
            Dialect::TypeScript => ("messages", "stickyRejectMessage"),
        };
        let messages: HashMap<Cow<'d, str>, Node<'d>> = record
            .member(messages)
            .into_iter()
            .flat_map(Node::members)
            .map(|member| (member.key.lossy(), member.value))
            .collect();
        let first_label = match self.dialect {
            Dialect::Python => python::LEDGER,
            Dialect::TypeScript => typescript::BINDINGS,
        };
        let needs_binding = needs_binding && self.label >= first_label;
        for (key, verdict) in [("approved", ApprovalStatus::Approved), ("rejected", ApprovalStatus::Rejected)] {
            let Some(value) = record.member(key) else { continue };
            let mut given = Given {
                run: self.run,
                tool: tool.clone(),
                agent: agent.clone(),
                server: server.clone(),
                verdict,
                call: None,
                message: None,
                scope: None,
                counts: true,
            };
            if value.as_bool() == Some(true) {
                if verdict == ApprovalStatus::Rejected {
                    given.message = record.member(standing).and_then(Node::text).map(Text::lossy);
                }
                if self.dialect == Dialect::Python && self.label >= python::LEDGER {
                    given.scope = record.member("sticky_scope").and_then(Node::text).map(Text::lossy);
                    given.counts = given.scope.is_some();
                }
                self.found.push(given);
                continue;
            }
            for id in value.elements().filter_map(Node::text).map(Text::lossy) {
                let message = messages.get(&id).and_then(|message| message.text()).map(Text::lossy);
                let counts = !needs_binding || self.bound.contains(&id);
                let message = message.filter(|_| verdict == ApprovalStatus::Rejected);
                self.found.push(Given { call: Some(id), message, counts, ..given.clone() });
            }
        }
    }
}

/// The name in the key of a tool that is loaded when it is first searched for.
fn undeferred(key: Cow<'_, str>) -> Cow<'_, str> {
    match key.strip_prefix("deferred_top_level:") {
        Some(name) => Cow::Owned(name.to_owned()),
        None => key,
    }
}

/// The strings of a key that is the text of an array.
fn parts(key: &str) -> Option<Vec<String>> {
    serde_json::from_str(key).ok()
}

/// Says of every call that waits whether it is decided, by the rules of the SDK that wrote the state.
pub(crate) fn settle<'d>(waiting: &mut [Waiting<'d>], runs: &[Run<'d>], given: &[Given<'d>], dialect: Dialect) {
    let mut exact: HashMap<&str, Vec<&Given<'d>>> = HashMap::default();
    let mut standing: HashMap<&str, Vec<&Given<'d>>> = HashMap::default();
    for one in given.iter().filter(|one| one.counts) {
        match &one.call {
            Some(call) => exact.entry(call).or_default().push(one),
            None => standing.entry(&one.tool).or_default().push(one),
        }
    }
    let scopes = scopes(runs, dialect);
    for call in waiting {
        let label = runs[call.run].label;
        let id = call.id.map(Text::lossy);
        let scope = id.as_ref().and_then(|id| scopes.get(&(call.run, id.clone())));
        let reaches = |one: &Given<'d>| {
            let mut run = Some(call.run);
            let own = dialect == Dialect::Python && label >= python::LEDGER;
            while let Some(number) = run.filter(|number| *number != one.run) {
                run = if own { None } else { runs[number].outer };
            }
            run.is_some()
        };
        let suits = |one: &&&Given<'d>| {
            reaches(one)
                && one.agent.as_ref().is_none_or(|agent| Some(agent) == call.agent.as_ref())
                && is_tool(call, one, label, dialect)
                && one.scope.as_ref().is_none_or(|own| scope.is_none_or(|scope| scope == own))
        };
        let verdict = |list: Option<&Vec<&Given<'d>>>| {
            let said: Vec<ApprovalStatus> = list.into_iter().flatten().filter(suits).map(|one| one.verdict).collect();
            let approved = said.contains(&ApprovalStatus::Approved);
            if approved { Some(ApprovalStatus::Approved) } else { said.first().copied() }
        };
        let one = verdict(id.as_ref().and_then(|id| exact.get(&**id)));
        let all = names(call).iter().find_map(|name| verdict(standing.get(&**name)));
        let exact_first = match dialect {
            Dialect::Python => label >= python::EXACT_FIRST,
            Dialect::TypeScript => label >= typescript::EXACT_FIRST,
        };
        call.decided = if exact_first { one.or(all) } else { all.or(one) };
        call.standing = if exact_first { one.is_none() } else { all.is_some() };
    }
}

/// What the ledgers of Python runs say of their calls.
fn scopes<'d>(runs: &[Run<'d>], dialect: Dialect) -> HashMap<(usize, Cow<'d, str>), Cow<'d, str>> {
    let mut scopes = HashMap::default();
    let runs = runs.iter().enumerate().filter(|(_, run)| dialect == Dialect::Python && run.label >= python::LEDGER);
    for (number, run) in runs {
        let ledger = run.root.member("context").and_then(|context| context.member("tool_invocations"));
        for entry in ledger.into_iter().flat_map(Node::members) {
            if let Some(scope) = entry.value.member("approval_scope").and_then(Node::text) {
                scopes.insert((number, entry.key.lossy()), scope.lossy());
            }
        }
    }
    scopes
}

/// The names that decisions may know the tool of a call by. One of a tool in a namespace is not known by its bare name, unless
/// the question says so.
pub(crate) fn names<'w>(call: &'w Waiting<'_>) -> Vec<Cow<'w, str>> {
    let text = |node: Option<Node<'w>>| node.and_then(Node::text).filter(|text| !text.is_empty()).map(Text::lossy);
    let mut names: Vec<Cow<'w, str>> = call.tool.iter().map(|tool| Cow::Borrowed(&**tool)).collect();
    let (name, space) = (text(call.raw.member("name")), text(call.raw.member("namespace")));
    let alias = call.item.member("allow_bare_name_alias").and_then(Node::as_bool) == Some(true);
    let is_known = |own: &Cow<'w, str>| alias || name.as_ref() != Some(own) || space.is_none() || space == name;
    let shown = text(call.item.member("tool_name").or_else(|| call.item.member("toolName")));
    names.extend([name.clone(), shown].into_iter().flatten().filter(is_known));
    if call.raw.member("type").and_then(Node::text).is_some_and(|kind| kind.is("computer_call")) {
        names.extend(["computer".into(), "computer_use_preview".into()]);
    }
    names.dedup();
    names
}

fn is_tool(call: &Waiting<'_>, one: &Given<'_>, label: u16, dialect: Dialect) -> bool {
    let is_function = call.raw.is_type("function_call");
    // Decisions without an owner are from before the label that gave function tools one, or about one call.
    let owned = match dialect {
        Dialect::Python => label >= python::OWNERS,
        Dialect::TypeScript => false,
    };
    if is_function && owned && one.agent.is_none() && one.call.is_none() {
        return false;
    }
    names(call).contains(&one.tool)
}
