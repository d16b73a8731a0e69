//! A state as one JSON value that says what it means and nothing twice: what `diff` compares and `hash --meaning` digests.
//!
//! What is only representation is evened out here, each by a rule:
//! * a member that is `null` or at the default that its SDK fills in says as much as one that is absent;
//! * ids that an SDK makes up because the service gave none are no ids;
//! * a copy of what the history holds (in a model response, an action, a question) is named, not repeated;
//! * names that follow from a tool's key are not said beside it;
//! * places in the history are counted from its end, so that an item that comes before them does not move them.

use std::collections::BTreeMap;

use crate::hash::{HashMap, HashSet};
use crate::json::{Key, Kind, Object, Value};
use crate::model::leftovers::is_question;
use crate::model::lift::THOUGHT_FIELD;
use crate::model::state::{
    Action, AgentRef, Binding, Context, Decided, FunctionAction, Input, Item, ItemKind, Ownership, Processed, Record,
    Response, State, Step, ToolKey, Trace, Usage, call_id,
};

use super::weigh::Scales;

/// What of a state is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View {
    /// Only what both dialects hold.
    pub(crate) common: bool,
    /// Not what differs from run to run: ids, encrypted thoughts.
    pub(crate) steady: bool,
    /// Not what the model cost.
    pub(crate) free: bool,
    /// Not the trace.
    pub(crate) untraced: bool,
}

/// The ids that SDKs make up.
const NO_ID: [&str; 3] = ["__fake_id__", "FAKE_ID", ""];

/// The state's meaning.
pub(crate) fn portrait<'d>(state: State<'d>, view: View) -> Value<'d> {
    let mut painter = Painter { view, scales: Scales::new(), ..Painter::default() };
    let mut run = painter.run(state);
    if let Some(run) = run.object_mut() {
        put_filled(run, "decisions", painter.decisions());
    }
    run
}

const APPROVED: &str = "approved";
const REJECTED: &str = "rejected";

/// What was decided about a tool: the empty id stands for all calls.
#[derive(Default)]
struct Verdicts<'d> {
    calls: BTreeMap<Vec<u8>, &'static str>,
    messages: Vec<(Vec<u8>, Value<'d>)>,
}

impl<'d> Verdicts<'d> {
    fn add(&mut self, id: Vec<u8>, word: &'static str) {
        let own = self.calls.entry(id).or_insert(word);
        if *own != word {
            *own = "approved and rejected";
        }
    }

    fn told(mut self, scales: &mut Scales) -> Object<'d> {
        let mut own = Object::new();
        put(&mut own, "always", self.calls.remove(&b""[..]).map(Value::text));
        let calls: Object<'d> = self.calls.into_iter().map(|(id, word)| (Key::Made(id), Value::text(word))).collect();
        put_filled(&mut own, "calls", calls);
        let mut messages: Vec<(Vec<u8>, Value<'d>)> = Vec::new();
        self.messages.sort_by(|one, two| one.0.cmp(&two.0));
        for (id, message) in self.messages {
            match messages.last_mut() {
                Some((last, known)) if *last == id => {
                    if scales.weigh(known) != scales.weigh(&message) {
                        *known = Value::List(vec![known.take(), message]);
                    }
                }
                _ => messages.push((id, message)),
            }
        }
        let standing = messages.iter().position(|(id, _)| id.is_empty()).map(|at| messages.remove(at).1);
        put_filled(
            &mut own,
            "messages",
            messages.into_iter().map(|(id, own)| (Key::Made(id), own)).collect::<Object<'d>>(),
        );
        put(&mut own, "standing_message", standing);
        own
    }
}

struct Painter<'d> {
    view: View,
    scales: Scales,
    /// Raw items that the history holds.
    known: HashSet<u128>,
    /// Items that it holds.
    items: HashSet<u128>,
    /// What calls are named by where their ids do not count.
    names: HashMap<Vec<u8>, Vec<u8>>,
    counts: HashMap<Vec<u8>, usize>,
    /// By who asks and by the tool.
    verdicts: BTreeMap<(Vec<u8>, Vec<u8>), Verdicts<'d>>,
    agent: Option<Value<'d>>,
}

impl Default for Painter<'_> {
    fn default() -> Self {
        Self {
            view: View::default(),
            scales: Scales::new(),
            known: HashSet::default(),
            items: HashSet::default(),
            names: HashMap::default(),
            counts: HashMap::default(),
            verdicts: BTreeMap::new(),
            agent: None,
        }
    }
}

fn put<'d>(object: &mut Object<'d>, key: &'static str, value: impl Into<Option<Value<'d>>>) {
    if let Some(value) = value.into().filter(|value| !value.is_null()) {
        object.push(Key::Known(key), value);
    }
}

/// The same for lists and objects, of which an empty one says nothing.
fn put_filled<'d>(object: &mut Object<'d>, key: &'static str, value: impl Into<Value<'d>>) {
    let value = value.into();
    if !value.is_empty() {
        put(object, key, value);
    }
}

fn text(value: &Value<'_>) -> Vec<u8> {
    value.wtf8().map(|text| text.into_owned()).unwrap_or_default()
}

/// An agent by its identity, which is its name with a number where several share it.
fn key<'d>(agent: AgentRef<'d>) -> Value<'d> {
    let Some(identity) = agent.identity else { return agent.name };
    let (own, name) = (text(&identity), text(&agent.name));
    if own.strip_prefix(&name[..]).is_some_and(|number| number.is_empty() || number.starts_with(b"#")) {
        return identity;
    }
    Object::new().with("name", agent.name).with("identity", identity).into()
}

/// What a function is found by, from its call alone.
fn own_key<'d>(raw: &Value<'d>) -> Option<ToolKey<'d>> {
    if !raw.is_type("function_call") {
        return None;
    }
    let name = raw.member("name").filter(|name| name.kind() == Kind::String)?;
    let namespace = raw.member("namespace").filter(|space| space.kind() == Kind::String && !space.is(""));
    Some(match namespace {
        Some(namespace) if namespace.wtf8() == name.wtf8() => ToolKey::Deferred(name),
        Some(namespace) => ToolKey::Namespaced(namespace, name),
        None => ToolKey::Bare(name),
    })
}

/// A tool's key as one name. A tool that is loaded on demand is one whose namespace has its own name; a dialect that does
/// not always say so has the same tool under its bare name.
fn tool_name<'d>(tool: ToolKey<'d>, view: View) -> Value<'d> {
    match tool {
        ToolKey::Bare(name) => name,
        ToolKey::Deferred(name) if view.common => name,
        ToolKey::Deferred(name) => Value::from([text(&name), text(&name)].join(&b'.')),
        ToolKey::Namespaced(namespace, name) => Value::from([text(&namespace), text(&name)].join(&b'.')),
    }
}

impl<'d> Painter<'d> {
    /// The SDKs ask in different orders and places, and one forgets what is settled: a question says nothing more than the
    /// step and the call that it is about.
    fn ask_alike(&mut self, state: &mut State<'d>) {
        let mut told: HashSet<u128> = HashSet::default();
        if let Step::Interrupted { interruptions, .. } = &mut state.step {
            interruptions.sort_by_cached_key(|item| call_id(&item.raw));
            told.extend(interruptions.iter().map(|item| self.scales.weigh(&item.raw)));
        }
        if state.items.iter().any(is_question) {
            let calls = state.items.iter().filter(|item| matches!(item.kind, ItemKind::Call { .. }));
            told.extend(calls.map(|item| self.scales.weigh(&item.raw)));
            state.items.retain(|item| !is_question(item) || !told.contains(&self.scales.weigh(&item.raw)));
        }
    }

    fn run(&mut self, state: State<'d>) -> Value<'d> {
        let mut state = state;
        state.take_carried_out();
        // Where states of both SDKs must look alike.
        if self.view.common || self.view.steady {
            state.take_finished_deferred();
            state.place_accepted_answer();
            self.ask_alike(&mut state);
        }
        state.settle_ignored_handoffs();
        let outer = (
            std::mem::take(&mut self.known),
            std::mem::take(&mut self.items),
            std::mem::take(&mut self.names),
            self.agent.take(),
        );
        self.agent = state.agent.clone().map(key);
        if self.view.steady {
            self.name_calls(&state);
        }
        let length = state.items.len() as u64;
        let mut items: Vec<Value<'d>> = state.items.into_iter().map(|item| self.item(item, Copies::Told)).collect();
        for item in &items {
            let weight = self.scales.weigh(item);
            self.items.insert(weight);
        }
        // A question repeats the call that it is about.
        for questions in [false, true] {
            for item in items.iter_mut().filter_map(Value::object_mut) {
                if item.get("kind").is_some_and(|kind| kind.is("approval")) != questions {
                    continue;
                }
                let Some(raw) = item.get_mut("raw") else { continue };
                let weight = self.scales.weigh(raw);
                if !self.known.insert(weight) && questions {
                    *raw = reference(raw);
                }
            }
        }
        let mut run = Object::new();
        self.decide(&state.context);
        let mut step = Object::new();
        let (kind, waiting, accepted) = match state.step {
            Step::Interrupted { interruptions, accepted } => ("interrupted", interruptions, accepted),
            Step::RunAgain => ("run_again", Vec::new(), None),
            Step::Over => ("over", Vec::new(), None),
        };
        put(&mut step, "kind", Value::text(kind));
        put(&mut step, "turn", state.turn.unwrap_or_else(|| Value::integer(0)));
        put(&mut step, "max_turns", state.max_turns);
        put(&mut step, "agent", self.agent.clone());
        put(&mut step, "accepted", accepted);
        put(&mut step, "conversation_id", state.conversation_id.filter(|_| !self.view.steady));
        put(&mut step, "previous_response_id", state.previous_response_id.filter(|_| !self.view.steady));
        put(&mut step, "reasoning_item_id_policy", state.reasoning_item_id_policy);
        let waiting: Vec<Value<'d>> = waiting.into_iter().map(|item| self.item(item, Copies::Named)).collect();
        put_filled(&mut step, "interruptions", waiting);
        put(&mut run, "step", Value::from(step));
        put(
            &mut run,
            "input",
            match state.input {
                Input::Text(text) => text,
                Input::Items(items) => self.raws(items).into(),
            },
        );
        put_filled(&mut run, "pending_input", self.raws(state.pending_input));
        put_filled(&mut run, "items", items);
        let mut nested = Object::new();
        let stored = state.stored.filter(|_| !self.view.common);
        let progress = progress(state.ownership.filter(|_| !self.view.common), stored, length);
        put_filled(&mut run, "actions", self.actions(state.processed, &mut nested, progress));
        put_filled(&mut run, "nested", nested);
        let mut context = Object::new();
        // What a run without a context has is `null` in one dialect and an empty object in the other.
        let user = state.context.user.filter(|user| !(self.view.common && user.is_empty()));
        put(&mut context, "value", user);
        put(&mut context, "tool_input", state.context.tool_input);
        put_filled(&mut run, "context", context);
        let mut guardrails = Object::new();
        put_filled(&mut guardrails, "input", results(state.input_guardrails));
        put_filled(&mut guardrails, "output", results(state.output_guardrails));
        put_filled(&mut guardrails, "tool_input", results(state.tool_input_guardrails));
        let total = state.tool_output_guardrails.len() as u64;
        put_filled(&mut guardrails, "tool_output", results(state.tool_output_guardrails));
        // Behind the last result is where it stands if nothing says otherwise.
        let start = state.tool_output_guardrails_start.filter(|start| start.as_u64() != Some(total));
        put(&mut guardrails, "tool_output_start", start.filter(|_| !self.view.common));
        put_filled(&mut run, "guardrails", guardrails);
        let tools: Object<'d> = state.tools_used.into_iter().filter(|(_, tools)| !tools.is_empty()).collect();
        put_filled(&mut run, "tools_used", tools);
        if !self.view.free {
            put_filled(&mut run, "usage", state.context.usage.map_or_else(Object::new, usage));
        }
        let responses: Vec<Value<'d>> = state.responses.into_iter().map(|own| self.response(own)).collect();
        let last = state.last_response.map(|own| self.response(own));
        // It is the last of the others, stored a second time.
        let again = match (&last, responses.last()) {
            (Some(last), Some(listed)) => self.scales.weigh(last) == self.scales.weigh(listed),
            _ => false,
        };
        put_filled(&mut run, "responses", responses);
        put(&mut run, "last_response", last.filter(|_| !again));
        if !self.view.untraced && !self.view.steady {
            put_filled(&mut run, "trace", state.trace.map_or_else(Object::new, trace));
        }
        (self.known, self.items, self.names, self.agent) = outer;
        run.into()
    }

    /// Names calls by their tools, in order.
    fn name_calls(&mut self, state: &State<'d>) {
        let input: &[Value<'d>] = match &state.input {
            Input::Items(items) => items,
            Input::Text(_) => &[],
        };
        let waiting = state.step.waiting();
        let items = state.items.iter().map(|item| &item.raw);
        let responses = state.responses.iter().flat_map(|response| &response.output);
        for raw in input.iter().chain(items).chain(waiting.iter().map(|item| &item.raw)).chain(responses) {
            let Some(id) = call_id(raw).filter(|id| !self.names.contains_key(id)) else { continue };
            let name = raw.member("name").or_else(|| raw.member("type")).map(|name| text(&name)).unwrap_or_default();
            let count = self.counts.entry(name.clone()).or_default();
            *count += 1;
            self.names.insert(id, [name, format!("#{count}").into_bytes()].concat());
        }
    }

    /// The id of a call, or its name where ids do not count.
    fn call(&self, id: Value<'d>) -> Value<'d> {
        if !self.view.steady {
            return id;
        }
        match id.wtf8().and_then(|own| self.names.get(&*own)) {
            Some(name) => Value::from(name.clone()),
            None => id,
        }
    }

    /// Takes down the decisions of a run. One dialect keeps those of nested runs with the outermost, the other one with
    /// each; and a tool that is loaded on demand may have a record under either of its keys.
    fn decide(&mut self, context: &Context<'d>) {
        for decision in &context.functions {
            let tool = text(&tool_name(decision.tool.clone(), self.view));
            self.record([b"agent ".to_vec(), text(&decision.agent)].concat(), tool, &decision.record);
        }
        for decision in &context.hosted {
            let server = [b"server ".to_vec(), text(&decision.server)].concat();
            self.record(server, text(&decision.tool), &decision.record);
        }
        for decision in &context.by_name {
            self.record(b"tools".to_vec(), text(&decision.name), &decision.record);
        }
    }

    fn record(&mut self, owner: Vec<u8>, tool: Vec<u8>, record: &Record<'d>) {
        let mut verdicts = self.verdicts.remove(&(owner.clone(), tool.clone())).unwrap_or_default();
        for (decided, word) in [(&record.approved, APPROVED), (&record.rejected, REJECTED)] {
            match decided {
                Decided::Always => verdicts.add(Vec::new(), word),
                Decided::Calls(ids) => ids.iter().for_each(|id| verdicts.add(text(&self.call(id.clone())), word)),
            }
        }
        for (id, message) in &record.messages {
            let id = Value::from(id.wtf8().into_owned());
            verdicts.messages.push((text(&self.call(id)), message.clone()));
        }
        verdicts.messages.extend(record.standing_message.clone().map(|message| (Vec::new(), message)));
        self.verdicts.insert((owner, tool), verdicts);
    }

    /// All decisions, by who asks and by the tool.
    fn decisions(&mut self) -> Object<'d> {
        let mut owners: BTreeMap<Vec<u8>, Object<'d>> = BTreeMap::new();
        for ((owner, tool), verdicts) in std::mem::take(&mut self.verdicts) {
            let record = verdicts.told(&mut self.scales);
            if !record.is_empty() {
                owners.entry(owner).or_default().push(Key::Made(tool), record);
            }
        }
        owners.into_iter().map(|(owner, records)| (Key::Made(owner), records.into())).collect()
    }

    fn item(&mut self, item: Item<'d>, copies: Copies) -> Value<'d> {
        let mut own = Object::new().made_from(item.origin);
        let mut agent = item.agent.map(key).or_else(|| self.agent.clone());
        let mut more = Object::new();
        let found = own_key(&item.raw);
        let common = self.view.common;
        let kind = match item.kind {
            ItemKind::Message => "message",
            ItemKind::Reasoning => "reasoning",
            ItemKind::Compaction => "compaction",
            ItemKind::ToolSearchCall => "tool_search_call",
            ItemKind::ToolSearchOutput => "tool_search_output",
            ItemKind::Call { tool, .. } => {
                put_tool(&mut more, tool, found, self.view);
                "call"
            }
            ItemKind::Output { output, custom_data } => {
                // What the model was shown stands in the raw item, too; most outputs are that text.
                let shown = item.raw.member("output").map(|shown| self.scales.weigh(&shown));
                let same = shown == Some(self.scales.weigh(&output));
                if !same {
                    more.push(Key::Known("output"), output);
                }
                put(&mut more, "custom_data", custom_data);
                "output"
            }
            ItemKind::HandoffCall => "handoff_call",
            ItemKind::HandoffOutput { source, target } => {
                let source = key(source);
                // It is the agent that gave the run away.
                agent = agent.filter(|agent| !common && agent.wtf8() != source.wtf8());
                put(&mut more, "source", source);
                put(&mut more, "target", key(target));
                "handoff_output"
            }
            ItemKind::Input { id } => {
                put(&mut more, "id", id.filter(|_| !self.view.common && !self.view.steady));
                "input"
            }
            ItemKind::Approval { name, tool } => {
                if let Some(own) = tool.as_ref().or(found.as_ref()) {
                    put(&mut more, "name", name.filter(|name| !common && !is_name_of(own, name)));
                    put_tool(&mut more, tool, found, self.view);
                } else {
                    let computer = |name: &Value<'_>| name.is("computer_use_preview") || name.is("computer");
                    let name = name.or_else(|| item.raw.member("name"));
                    let name = name.filter(|name| !computer(name) || !item.raw.is_type("computer_call"));
                    put(&mut more, "name", name.filter(|name| !by_type(&item.raw, name)));
                }
                "approval"
            }
        };
        put(&mut own, "kind", Value::text(kind));
        put(&mut own, "agent", agent);
        let raw = self.raw(item.raw);
        put(&mut own, "raw", if copies == Copies::Named { self.named(raw) } else { raw });
        for (key, value) in more.into_members() {
            own.push(key, value);
        }
        own.into()
    }

    fn raws(&self, raws: Vec<Value<'d>>) -> Vec<Value<'d>> {
        raws.into_iter().map(|raw| self.raw(raw)).collect()
    }

    /// A raw item that the history holds is named; any other is told.
    fn named(&mut self, raw: Value<'d>) -> Value<'d> {
        let weight = self.scales.weigh(&raw);
        if self.known.contains(&weight) { reference(&raw) } else { raw }
    }

    /// A raw item without what says nothing.
    fn raw(&self, raw: Value<'d>) -> Value<'d> {
        let mut raw = raw;
        let is = |name: &str| raw.is_type(name);
        let assistant = raw.member("role").is_some_and(|role| role.is("assistant"));
        // What calls of these tools are when nobody says how far they are.
        let begun = is("computer_call") || is("apply_patch_call");
        let untyped = raw.member("role").is_some() && raw.member("type").is_none_or(|kind| kind.is_null());
        let hosted =
            is("mcp_approval_request") || is("mcp_approval_response") || is("mcp_list_tools") || is("mcp_call");
        let calls = !is("mcp_approval_request");
        // A namespace of the tool's own name says that the tool is loaded on demand, which its key says, too.
        let spaced = self.view.common && own_key(&raw).is_some_and(|key| matches!(key, ToolKey::Deferred(_)));
        let steady = self.view.steady;
        // Only one dialect keeps who made a summary.
        let unsigned = self.view.common && is("compaction");
        let Some(object) = raw.object_mut() else { return raw };
        if untyped {
            object.set("type", Value::text("message"));
        }
        for (key, value) in object.members_mut() {
            if (key.is("content") || key.is("summary") || key.is("output")) && value.kind() == Kind::Array {
                value.elements_mut().iter_mut().for_each(part);
            } else if key.is("content") && assistant && value.kind() == Kind::String {
                let part = Object::new().with("type", Value::text("output_text")).with("text", value.clone());
                *value = Value::List(vec![part.into()]);
            } else if key.is("call_id") || key.is("approval_request_id") || key.is("id") && !calls {
                let id = value.take();
                *value = self.call(id);
            } else if key.is("provider_data")
                && let Some(data) = value.object_mut()
            {
                data.members_mut().retain(|(key, _)| {
                    let signature = key.is("thought_signature");
                    let given_back = signature || key.is(THOUGHT_FIELD);
                    let volatile = signature || key.is("response_id");
                    !(self.view.common && !given_back || steady && volatile)
                });
            }
        }
        object.members_mut().retain(|(key, value)| {
            let volatile = key.is("id") && calls || key.is("encrypted_content") || key.is("created_at");
            let made_up = key.is("id") && NO_ID.iter().any(|id| value.is(id));
            let done = if begun { "in_progress" } else { "completed" };
            let usual = key.is("status") && (value.is(done) || hosted);
            let nothing =
                ["summary", "pending_safety_checks", "acknowledged_safety_checks", "annotations", "provider_data"];
            let empty = nothing.iter().any(|own| key.is(own)) && value.is_empty();
            let space = spaced && key.is("namespace") || unsigned && key.is("created_by");
            !(value.is_null() || made_up || space || usual || empty || steady && volatile)
        });
        raw
    }

    fn response(&mut self, response: Response<'d>) -> Value<'d> {
        let mut own = Object::new();
        let output: Vec<Value<'d>> = self.raws(response.output).into_iter().map(|raw| self.named(raw)).collect();
        put_filled(&mut own, "output", output);
        if !self.view.steady {
            put(&mut own, "response_id", response.response_id);
            put(&mut own, "request_id", response.request_id);
        }
        if !self.view.free {
            put_filled(&mut own, "usage", response.usage.map_or_else(Object::new, usage));
        }
        if !self.view.common {
            put(&mut own, "provider_data", response.provider_data);
        }
        own.into()
    }

    fn actions(
        &mut self,
        processed: Option<Processed<'d>>,
        nested: &mut Object<'d>,
        progress: Object<'d>,
    ) -> Object<'d> {
        let mut own = progress;
        let Some(processed) = processed else { return own };
        // Only one dialect has the questions among them; they stand in the history and in the step, too.
        let common = self.view.common;
        let items = processed.new_items.into_iter();
        let items = items.filter(|item| !(common && matches!(item.kind, ItemKind::Approval { .. })));
        let mut items: Vec<Value<'d>> = items.map(|item| self.item(item, Copies::Told)).collect();
        items.retain(|item| !self.items.contains(&self.scales.weigh(item)));
        put_filled(&mut own, "new_items", items);
        put_filled(&mut own, "tools_used", processed.tools_used);
        let functions = processed.functions.into_iter().map(|action| self.function(action, nested)).collect::<Vec<_>>();
        put_filled(&mut own, "functions", functions);
        let handoffs = processed.handoffs.into_iter().map(|handoff| {
            let raw = self.raw(handoff.call);
            let mut own = Object::new().with("call", self.named(raw)).with("name", handoff.name);
            put(&mut own, "target", handoff.target.map(key).filter(|_| !self.view.common));
            own.into()
        });
        let handoffs: Vec<Value<'d>> = handoffs.collect();
        put_filled(&mut own, "handoffs", handoffs);
        let kinds = [("computers", processed.computers), ("shells", processed.shells), ("patches", processed.patches)];
        for (kind, actions) in kinds {
            let actions: Vec<Value<'d>> = actions.into_iter().map(|action| self.action(action)).collect();
            put_filled(&mut own, kind, actions);
        }
        let requests = processed.requests.into_iter().map(|request| {
            let server = request
                .server
                .filter(|server| request.raw.member("server_label").is_none_or(|label| label.wtf8() != server.wtf8()));
            let raw = self.raw(request.raw);
            let mut own = Object::new().with("call", self.named(raw));
            put(&mut own, "server", server);
            own.into()
        });
        let requests: Vec<Value<'d>> = requests.collect();
        put_filled(&mut own, "requests", requests);
        own
    }

    fn action(&mut self, action: Action<'d>) -> Value<'d> {
        let name = action.name.filter(|name| !by_type(&action.call, name));
        let raw = self.raw(action.call);
        let mut own = Object::new().with("call", self.named(raw));
        put(&mut own, "name", name);
        own.into()
    }

    fn function(&mut self, action: FunctionAction<'d>, nested: &mut Object<'d>) -> Value<'d> {
        let found = own_key(&action.call);
        let id = call_id(&action.call);
        let raw = self.raw(action.call);
        let mut own = Object::new().with("call", self.named(raw));
        if let Some(tool) = action.tool.as_ref().or(found.as_ref()) {
            let common = self.view.common;
            put(&mut own, "name", action.name.filter(|name| !common && !is_name_of(tool, name)));
            put_tool(&mut own, action.tool, found, self.view);
        } else {
            put(&mut own, "name", action.name);
        }
        put(&mut own, "description", action.description.filter(|text| !text.is("")));
        if let Some(parameters) = action.parameters {
            put_filled(&mut own, "parameters", parameters);
        }
        match action.binding {
            Binding::Server(server, tool, index) => {
                let mut binding = Object::new().with("server", server).with("tool", tool);
                put(&mut binding, "index", index);
                put(&mut own, "mcp", Value::from(binding));
            }
            // Only one dialect can say that it does not know.
            Binding::Unknown if !self.view.common => put(&mut own, "mcp", Value::text("unknown")),
            Binding::Unknown | Binding::Local => {}
        }
        if let Some(run) = action.nested {
            let name = self.call(Value::from(id.unwrap_or_default()));
            let run = self.run(*run);
            nested.push(Key::Made(text(&name)), run);
        }
        own.into()
    }
}

/// What stands for a copy.
fn reference<'d>(raw: &Value<'d>) -> Value<'d> {
    let id = raw.member("call_id").or_else(|| raw.member("id"));
    let name = [raw.member("type").map(|kind| text(&kind)), id.map(|id| text(&id))];
    Value::from(name.into_iter().flatten().collect::<Vec<_>>().join(&b' '))
}

/// Whether a raw item that the history holds is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    Told,
    Named,
}

/// Whether a tool is shown by this name.
fn is_name_of(tool: &ToolKey<'_>, name: &Value<'_>) -> bool {
    let name = text(name);
    match tool {
        ToolKey::Bare(own) | ToolKey::Deferred(own) => name == text(own),
        ToolKey::Namespaced(namespace, own) => name == text(own) || name == [text(namespace), text(own)].join(&b'.'),
    }
}

/// The tool's name where the call itself does not say it.
fn put_tool<'d>(own: &mut Object<'d>, tool: Option<ToolKey<'d>>, found: Option<ToolKey<'d>>, view: View) {
    let [tool, found] = [tool, found].map(|tool| tool.map(|tool| tool_name(tool, view)));
    if let Some(tool) = tool
        && found.as_ref().and_then(Value::wtf8) != tool.wtf8()
    {
        put(own, "tool", tool);
    }
}

/// Whether a tool of this name is what calls of this type are for.
fn by_type(raw: &Value<'_>, name: &Value<'_>) -> bool {
    let usual = [
        ("shell_call", "shell"),
        ("apply_patch_call", "apply_patch"),
        ("computer_call", "computer"),
        ("computer_call", "computer_use_preview"),
        ("local_shell_call", "local_shell"),
    ];
    usual.iter().any(|(kind, own)| raw.is_type(kind) && name.is(own))
        || raw.member("name").is_some_and(|own| own.wtf8() == name.wtf8())
}

/// A part of a message or of an output, without what says nothing.
fn part(part: &mut Value<'_>) {
    let nothing = |value: &Value<'_>| value.is_null() || value.kind() == Kind::Array && value.is_empty();
    let concerned = match &*part {
        Value::Node(node) => node.members().any(|member| nothing(&Value::Node(member.value))),
        Value::Object(object) => object.iter().any(|(_, value)| nothing(value)),
        _ => false,
    };
    if concerned && let Some(object) = part.object_mut() {
        object.members_mut().retain(|(_, value)| !nothing(value));
    }
}

/// Guardrails' results; a guardrail that found nothing to say says `null` or nothing.
fn results(results: Vec<Value<'_>>) -> Vec<Value<'_>> {
    let mut results = results;
    for output in results.iter_mut().filter_map(|result| result.object_mut()?.get_mut("output")?.object_mut()) {
        output.members_mut().retain(|(_, value)| !value.is_null());
    }
    results
}

/// Which items the last response brought, and what the session holds of them.
fn progress<'d>(ownership: Option<Ownership<'d>>, stored: Option<Value<'d>>, length: u64) -> Object<'d> {
    let mut own = Object::new();
    let from_end = |at: Value<'d>| match at.as_u64().and_then(|at| length.checked_sub(at)) {
        Some(left) => Value::integer(left),
        None => at,
    };
    if let Some(ownership) = ownership {
        put(&mut own, "first_from_end", from_end(ownership.start));
        put(&mut own, "last_from_end", from_end(ownership.end));
        put_filled(&mut own, "asked_from_end", ownership.interruptions.into_iter().map(from_end).collect::<Vec<_>>());
    }
    put(&mut own, "in_session", stored.filter(|stored| stored.as_u64() != Some(0)));
    own
}

/// Counts of tokens. Zero is what an SDK writes for what it was not told.
fn usage<'d>(usage: Usage<'d>) -> Object<'d> {
    let mut own = Object::new();
    let mut count = |key, value: Option<Value<'d>>| put(&mut own, key, value.filter(|value| value.as_u64() != Some(0)));
    count("requests", usage.requests);
    count("input", usage.input);
    count("output", usage.output);
    count("total", usage.total);
    put_filled(&mut own, "input_details", details(usage.input_details));
    put_filled(&mut own, "output_details", details(usage.output_details));
    let entries: Vec<Value<'d>> = usage.entries.into_iter().map(|entry| self::usage(entry).into()).collect();
    put_filled(&mut own, "entries", entries);
    own
}

/// Counts by kind: one dialect adds up what the other one lists.
fn details(details: Vec<Value<'_>>) -> Object<'_> {
    let mut own = Object::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::default();
    for (key, value) in details.into_iter().filter_map(Value::into_object).flat_map(Object::into_members) {
        if value.is_null() || value.as_u64() == Some(0) {
            continue;
        }
        let name = key.wtf8().into_owned();
        match places.get(&name) {
            None => {
                places.insert(name, own.iter().count());
                own.push(key, value);
            }
            Some(&at) => {
                let sum = &mut own.members_mut()[at].1;
                *sum = match (sum.as_u64(), value.as_u64()) {
                    (Some(one), Some(two)) => Value::integer(one.saturating_add(two)),
                    _ => Value::List(vec![sum.take(), value]),
                };
            }
        }
    }
    own
}

fn trace(trace: Trace<'_>) -> Object<'_> {
    let mut own = Object::new();
    put(&mut own, "id", trace.id);
    put(&mut own, "workflow", trace.workflow);
    put(&mut own, "group", trace.group);
    if let Some(metadata) = trace.metadata {
        put_filled(&mut own, "metadata", metadata);
    }
    put(&mut own, "api_key", trace.api_key);
    own
}
