//! The decisions of nested runs. In the Python SDK every run has its own; the TypeScript SDK keeps those of all runs on
//! the outermost one, and what a nested run brings along holds in every run as soon as that run goes on.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Value};
use crate::model::state::{
    Context, Decided, FunctionDecision, HostedDecision, Item, ItemKind, NamedDecision, Record, State, ToolKey, call_id,
};
use crate::model::{Account, Level};

use super::names::{Names, Outermost, agents, base, identity};
use super::{key_of_tool, tool_of_call};

/// Puts the decisions of nested runs on the outermost one, as far as they hold for the same calls there. A standing
/// approval that would reach into other runs becomes the list of the calls that wait for it.
pub(super) fn gather<'d>(state: &mut State<'d>, account: &Account<'d>) {
    if !has_nested(state) {
        return;
    }
    let mut names = vec![Names::default()];
    let mut nested = HashSet::default();
    name(state, &Outermost::of(state), &mut names, &mut nested);
    let mut waiting = Vec::new();
    waits(state, &names, &mut 0, &mut waiting);
    let waiting = Lookup::of(waiting);
    let mut approved = HashSet::default();
    approvals(state, &names, &mut 0, &waiting, &mut approved);
    let cx = Cx { names, waiting, approved, nested, account };
    let mut moved = Context::default();
    cx.run(state, &mut 0, &mut moved);
    merge(&mut state.context, moved, join);
}

/// Adds decisions. Those about the same tool go into one record, in the way that `join` says.
pub(super) fn merge<'d>(own: &mut Context<'d>, more: Context<'d>, join: impl Fn(&mut Record<'d>, Record<'d>)) {
    let function = |own: &FunctionDecision<'d>| (own.agent.wtf8(), key_of_tool(&own.tool));
    each(&mut own.functions, more.functions, function, |own, more| join(&mut own.record, more.record));
    let hosted = |own: &HostedDecision<'d>| (own.server.wtf8(), own.tool.wtf8());
    each(&mut own.hosted, more.hosted, hosted, |own, more| join(&mut own.record, more.record));
    let name = |own: &NamedDecision<'d>| own.name.wtf8();
    each(&mut own.by_name, more.by_name, name, |own, more| join(&mut own.record, more.record));
}

/// Adds what is about something else than all that is there, and joins the others.
fn each<T, K: Eq + Hash>(own: &mut Vec<T>, more: Vec<T>, about: impl Fn(&T) -> K, join: impl Fn(&mut T, T)) {
    let mut places: HashMap<K, usize> = HashMap::default();
    for (at, decision) in own.iter().enumerate() {
        places.entry(about(decision)).or_insert(at);
    }
    for decision in more {
        match places.entry(about(&decision)) {
            Entry::Occupied(place) => join(&mut own[*place.get()], decision),
            Entry::Vacant(place) => {
                place.insert(own.len());
                own.push(decision);
            }
        }
    }
}

fn has_nested(state: &State<'_>) -> bool {
    state.processed.iter().flat_map(|processed| &processed.functions).any(|action| action.nested.is_some())
}

/// Collects what the outermost run calls the agents of each run, and the names of those of nested runs.
fn name(state: &State<'_>, outermost: &Outermost, names: &mut Vec<Names>, nested: &mut HashSet<Vec<u8>>) {
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    for run in functions.filter_map(|action| action.nested.as_deref()) {
        let own = Names::of(outermost, run);
        let waiting = run.step.waiting().iter().filter_map(|item| item.agent.as_ref()).map(identity);
        for agent in agents(run).into_iter().chain(waiting) {
            nested.insert(own.outer(&agent).unwrap_or(base(&agent)).to_vec());
        }
        names.push(own);
        name(run, outermost, names, nested);
    }
}

/// What a decision is about.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Tool {
    /// A function of an agent.
    Function(Vec<u8>, Vec<u8>),
    /// A tool that is known by its name.
    Named(Vec<u8>),
    /// A tool of a hosted server.
    Hosted(Vec<u8>, Vec<u8>),
}

impl Tool {
    /// What is asked about, in the words of the outermost run.
    fn of(item: &Item<'_>, names: &Names) -> Option<Self> {
        let ItemKind::Approval { name, tool } = &item.kind else { return None };
        let is = |kind: &str| item.raw.is_type(kind);
        let text = |value: Option<Value<'_>>| value.and_then(|value| Some(value.wtf8()?.into_owned()));
        if is("function_call") {
            let tool = tool.clone().or_else(|| tool_of_call(&item.raw))?;
            return Some(Self::function(&identity(item.agent.as_ref()?), &tool, names));
        }
        if is("mcp_approval_request") {
            return Some(Self::Hosted(text(item.raw.member("server_label"))?, text(item.raw.member("name"))?));
        }
        if is("computer_call") {
            return Some(Self::Named(b"computer".to_vec()));
        }
        let fixed = if is("shell_call") { "shell" } else { "apply_patch" };
        Some(Self::Named(text(name.clone()).unwrap_or_else(|| fixed.into())))
    }

    fn of_function(decision: &FunctionDecision<'_>, names: &Names) -> Self {
        Self::function(&text(&decision.agent), &decision.tool, names)
    }

    fn function(agent: &[u8], tool: &ToolKey<'_>, names: &Names) -> Self {
        Self::Function(names.outer(agent).unwrap_or(agent).to_vec(), key_of_tool(tool))
    }

    fn of_hosted(decision: &HostedDecision<'_>) -> Self {
        Self::Hosted(text(&decision.server), text(&decision.tool))
    }
}

fn text(value: &Value<'_>) -> Vec<u8> {
    value.wtf8().unwrap_or_default().into_owned()
}

/// A call that waits for a decision in a run.
struct Waiting<'d> {
    run: usize,
    tool: Tool,
    id: Value<'d>,
}

/// The calls that wait, to be found.
struct Lookup<'d> {
    /// The ids of a run's calls of a tool.
    ids: HashMap<(usize, Tool), Vec<Value<'d>>>,
    /// The runs in which calls of a tool wait.
    runs: HashMap<Tool, BTreeSet<usize>>,
    /// The runs in which a call waits.
    runs_of_call: HashMap<(Tool, Vec<u8>), Vec<usize>>,
}

impl<'d> Lookup<'d> {
    fn of(waiting: Vec<Waiting<'d>>) -> Self {
        let mut lookup = Self { ids: HashMap::default(), runs: HashMap::default(), runs_of_call: HashMap::default() };
        for Waiting { run, tool, id } in waiting {
            lookup.runs.entry(tool.clone()).or_default().insert(run);
            lookup.runs_of_call.entry((tool.clone(), text(&id))).or_default().push(run);
            lookup.ids.entry((run, tool)).or_default().push(id);
        }
        lookup
    }

    /// The ids of a run's calls of a tool.
    fn ids(&self, run: usize, tool: &Tool) -> &[Value<'d>] {
        self.ids.get(&(run, tool.clone())).map_or(&[], Vec::as_slice)
    }
}

/// Collects what waits in each run; a run repeats what waits in those within it.
fn waits<'d>(state: &State<'d>, names: &[Names], runs: &mut usize, waiting: &mut Vec<Waiting<'d>>) {
    let run = *runs;
    *runs += 1;
    let inner = waiting.len();
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    functions.filter_map(|action| action.nested.as_deref()).for_each(|nested| waits(nested, names, runs, waiting));
    let repeated: HashSet<(Tool, Vec<u8>)> =
        waiting[inner..].iter().map(|call| (call.tool.clone(), text(&call.id))).collect();
    for item in state.step.waiting() {
        let key = if item.raw.is_type("mcp_approval_request") { "id" } else { "call_id" };
        let (Some(tool), Some(id)) = (Tool::of(item, &names[run]), item.raw.member(key)) else { continue };
        if call_id(&item.raw).is_some_and(|id| !repeated.contains(&(tool.clone(), id))) {
            waiting.push(Waiting { run, tool, id });
        }
    }
}

/// Collects which calls each run has approved; of a standing approval, the calls that wait for it.
fn approvals(
    state: &State<'_>,
    names: &[Names],
    runs: &mut usize,
    waiting: &Lookup<'_>,
    approved: &mut HashSet<(usize, Tool, Vec<u8>)>,
) {
    let run = *runs;
    *runs += 1;
    let context = &state.context;
    let functions = context.functions.iter().map(|own| (Tool::of_function(own, &names[run]), &own.record));
    let named = context.by_name.iter().map(|own| (Tool::Named(text(&own.name)), &own.record));
    let hosted = context.hosted.iter().map(|own| (Tool::of_hosted(own), &own.record));
    for (tool, record) in functions.chain(named).chain(hosted) {
        match &record.approved {
            Decided::Calls(ids) => approved.extend(ids.iter().map(|id| (run, tool.clone(), text(id)))),
            Decided::Always => {
                approved.extend(waiting.ids(run, &tool).iter().map(|id| (run, tool.clone(), text(id))));
            }
        }
    }
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    functions
        .filter_map(|action| action.nested.as_deref())
        .for_each(|nested| approvals(nested, names, runs, waiting, approved));
}

struct Cx<'a, 'd> {
    /// What the outermost run calls the agents of each run.
    names: Vec<Names>,
    waiting: Lookup<'d>,
    approved: HashSet<(usize, Tool, Vec<u8>)>,
    /// The agents of nested runs.
    nested: HashSet<Vec<u8>>,
    account: &'a Account<'d>,
}

impl<'d> Cx<'_, 'd> {
    fn run(&self, state: &mut State<'d>, runs: &mut usize, moved: &mut Context<'d>) {
        let run = *runs;
        *runs += 1;
        let context = &mut state.context;
        for own in &mut context.functions {
            let tool = Tool::of_function(own, &self.names[run]);
            if let Some(record) = self.settle(run, &tool, &mut own.record) {
                let Tool::Function(agent, _) = tool else { continue };
                let agent = if text(&own.agent) == agent { own.agent.clone() } else { Value::from(agent) };
                moved.functions.push(FunctionDecision { agent, record, ..own.clone() });
            }
        }
        for own in &mut context.by_name {
            if let Some(record) = self.settle(run, &Tool::Named(text(&own.name)), &mut own.record) {
                moved.by_name.push(NamedDecision { record, ..own.clone() });
            }
        }
        for own in &mut context.hosted {
            if let Some(record) = self.settle(run, &Tool::of_hosted(own), &mut own.record) {
                moved.hosted.push(HostedDecision { record, ..own.clone() });
            }
        }
        if run > 0 {
            context.functions.retain(|own| says(&own.record));
            context.by_name.retain(|own| says(&own.record));
            context.hosted.retain(|own| says(&own.record));
        }
        let functions = state.processed.iter_mut().flat_map(|processed| &mut processed.functions);
        functions.filter_map(|action| action.nested.as_deref_mut()).for_each(|nested| self.run(nested, runs, moved));
    }

    /// Makes a decision one that can hold in all runs; of a nested run, gives the part that is about single calls.
    fn settle(&self, run: usize, tool: &Tool, record: &mut Record<'d>) -> Option<Record<'d>> {
        self.narrow(run, tool, record);
        let Decided::Calls(ids) = &mut record.approved else { return None };
        let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(ids).into_iter().partition(|id| self.is_only(tool, id));
        *ids = mine;
        for id in others {
            let reason = "a call of another run has the same id, and the TypeScript SDK would take the approval for that \
                          one, too; the target asks again";
            self.account.note(codes::NARROWED, Level::Resume, id.origin().or(record.origin), reason);
        }
        if run == 0 {
            return None;
        }
        let approved = std::mem::take(&mut record.approved);
        let rejected = match &mut record.rejected {
            Decided::Always => Decided::default(),
            calls @ Decided::Calls(_) => std::mem::take(calls),
        };
        let standing = matches!(record.rejected, Decided::Always);
        let messages = if standing { Vec::new() } else { std::mem::take(&mut record.messages) };
        let moved = Record { origin: record.origin, approved, rejected, messages, standing_message: None };
        says(&moved).then_some(moved)
    }

    /// Standing decisions that would reach into other runs.
    fn narrow(&self, run: usize, tool: &Tool, record: &mut Record<'d>) {
        let reaches = run > 0
            || match tool {
                Tool::Function(agent, _) => self.nested.contains(agent) || self.nested.contains(base(agent)),
                Tool::Named(_) | Tool::Hosted(..) => true,
            };
        if !reaches {
            return;
        }
        if matches!(record.approved, Decided::Always) {
            let refused: HashSet<Vec<u8>> = match &record.rejected {
                Decided::Calls(ids) => ids.iter().map(text).collect(),
                Decided::Always => HashSet::default(),
            };
            let mine = self.waiting.ids(run, tool).iter().filter(|id| !refused.contains(&text(id)));
            record.approved = Decided::Calls(mine.cloned().collect());
            let reason = "a standing approval would hold in the nested runs of the TypeScript SDK, too; it is given to the \
                          calls that wait for it, and the target asks about later ones";
            self.account.note(codes::NARROWED, Level::Resume, record.origin, reason);
        }
        if matches!(record.rejected, Decided::Always) {
            let runs = self.waiting.runs.get(tool);
            let elsewhere = runs.is_some_and(|runs| runs.iter().any(|other| *other != run));
            let level = if elsewhere { Level::Resume } else { Level::History };
            let reason = "a standing rejection holds in the nested runs of the TypeScript SDK, too";
            self.account.note(codes::NARROWED, level, record.origin, reason);
        }
    }

    /// Whether every run in which the call waits has approved it.
    fn is_only(&self, tool: &Tool, id: &Value<'_>) -> bool {
        let call = (tool.clone(), text(id));
        let mut runs = self.waiting.runs_of_call.get(&call).into_iter().flatten();
        runs.all(|run| self.approved.contains(&(*run, call.0.clone(), call.1.clone())))
    }
}

fn says(record: &Record<'_>) -> bool {
    let has = |decided: &Decided<'_>| !matches!(decided, Decided::Calls(ids) if ids.is_empty());
    has(&record.approved) || has(&record.rejected)
}

/// Adds decisions about single calls.
fn join<'d>(own: &mut Record<'d>, more: Record<'d>) {
    let add = |own: &mut Decided<'d>, more: Decided<'d>| {
        if let (Decided::Calls(own), Decided::Calls(more)) = (own, more) {
            let known: HashSet<Vec<u8>> = own.iter().map(text).collect();
            own.extend(more.into_iter().filter(|id| !known.contains(&text(id))));
        }
    };
    add(&mut own.approved, more.approved);
    add(&mut own.rejected, more.rejected);
    let known: HashSet<Vec<u8>> = own.messages.iter().map(|(key, _)| key.wtf8().into_owned()).collect();
    let fresh = |(key, _): &(Key<'d>, Value<'d>)| !known.contains(&*key.wtf8());
    own.messages.extend(more.messages.into_iter().filter(fresh));
}
