//! What differs from run to run becomes the same: ids, times, token counts. The same id becomes the same placeholder
//! everywhere where an SDK keeps ids; what tools return and what the user's own data says stays.

use std::sync::LazyLock;

use crate::hash::HashMap;
use crate::json::{Document, Edit, Kind, New, Node, Step, Style, Text, Writer, edited};

use super::DATA;

/// Members that hold ids, and what a placeholder begins with when the id has no beginning of its own.
const IDS: [(&str, &str); 29] = [
    ("call_id", "call"),
    ("callId", "call"),
    ("id", "id"),
    ("itemId", "id"),
    ("item_id", "id"),
    ("approval_request_id", "mcpr"),
    ("approvalRequestId", "mcpr"),
    ("request_id", "req"),
    ("requestId", "req"),
    ("response_id", "resp"),
    ("responseId", "resp"),
    ("previous_response_id", "resp"),
    ("previousResponseId", "resp"),
    ("conversation_id", "conv"),
    ("conversationId", "conv"),
    ("caller_id", "call"),
    ("callerId", "call"),
    ("trace_id", "trace"),
    ("parent_id", "span"),
    ("group_id", "group"),
    ("encrypted_content", "encrypted"),
    ("encryptedContent", "encrypted"),
    ("thought_signature", "encrypted"),
    ("system_fingerprint", "fp"),
    ("generated_prompt_cache_key", "key"),
    ("inputId", "id"),
    ("selectedCallId", "call"),
    ("sessionId", "session"),
    ("session_id", "session"),
];
/// Members that hold times.
const TIMES: [&str; 8] =
    ["started_at", "ended_at", "created", "created_at", "completed_at", "createdAt", "completedAt", "expires_at"];
/// Further members whose content is the user's, or a tool's.
const OPAQUE: [&str; 3] = ["paramsJsonSchema", "parameters", "span_data"];
/// Responses of the model, or lists of them.
const RESPONSES: [&str; 5] =
    ["last_model_response", "lastModelResponse", "model_responses", "modelResponses", "providerData"];
/// Members whose keys are call ids.
const BY_CALL: [&str; 5] = ["invocations", "tool_invocations", "rejection_messages", "messages", "mcp_tool_bindings"];
/// Lists of call ids.
const LISTS: [&str; 3] = ["approved", "rejected", "callIds"];
const RUNS: &str = "pendingAgentToolRuns";
const ALIASES: &str = "pendingAgentToolRunAliases";
const NO_ID: [&str; 4] = ["__fake_id__", "FAKE_ID", "", "carried"];

/// How many of what were replaced.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) ids: usize,
    pub(super) times: usize,
    pub(super) usage: usize,
}

/// What a key says of what stands under it: several bits, and the row of `IDS`.
#[derive(Clone, Copy, Debug, Default)]
struct Role {
    bits: u16,
    id: u8,
}

impl Role {
    const ID: u16 = 1;
    const TIME: u16 = 1 << 1;
    const OPAQUE: u16 = 1 << 2;
    const CONTEXT: u16 = 1 << 3;
    const OUTPUT: u16 = 1 << 4;
    const RESPONSE: u16 = 1 << 5;
    const RAW_ITEM: u16 = 1 << 6;
    const BY_CALL: u16 = 1 << 7;
    const RUNS: u16 = 1 << 8;
    const ALIASES: u16 = 1 << 9;
    const LIST: u16 = 1 << 10;
    const USAGE: u16 = 1 << 11;
    const COMPARED: u16 = 1 << 12;
    const STATE: u16 = 1 << 13;
    /// No key, but an element of an array.
    const ELEMENT: u16 = 1 << 14;

    fn of(key: &[u8]) -> Self {
        static ROLES: LazyLock<HashMap<&'static [u8], Role>> = LazyLock::new(|| {
            let mut roles: HashMap<&'static [u8], Role> = HashMap::default();
            let mut add = |key: &'static str, bit: u16| roles.entry(key.as_bytes()).or_default().bits |= bit;
            IDS.iter().for_each(|(key, _)| add(key, Role::ID));
            TIMES.iter().for_each(|key| add(key, Role::TIME));
            OPAQUE.iter().chain(&DATA).for_each(|key| add(key, Role::OPAQUE));
            RESPONSES.iter().for_each(|key| add(key, Role::RESPONSE));
            BY_CALL.iter().for_each(|key| add(key, Role::BY_CALL));
            LISTS.iter().for_each(|key| add(key, Role::LIST));
            add("context", Role::CONTEXT);
            add("output", Role::OUTPUT);
            add("rawItem", Role::RAW_ITEM);
            add(RUNS, Role::RUNS);
            add(ALIASES, Role::ALIASES);
            add("usage", Role::USAGE);
            // The texts that calls are compared by hold the ids of programs.
            ["fingerprint", "invocations"].iter().for_each(|key| add(key, Role::COMPARED));
            add("agent_run_state", Role::STATE);
            for (place, (key, _)) in (0..).zip(IDS) {
                roles.entry(key.as_bytes()).or_default().id = place;
            }
            roles
        });
        ROLES.get(key).copied().unwrap_or_default()
    }

    fn is(self, bits: u16) -> bool {
        self.bits & bits != 0
    }

    /// What a placeholder begins with when the id has no beginning of its own.
    fn class(self) -> &'static str {
        IDS[usize::from(self.id)].1
    }
}

/// A place of the state, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The steps that lead here, the last one first.
    steps: [Role; 3],
    /// Whether this is the user's, or a tool's.
    opaque: bool,
    /// Whether tokens are counted here.
    usage: bool,
}

impl Place {
    fn then(self, step: Step<'_>) -> Self {
        match step {
            Step::Key(key) => self.under(Role::of(&key.wtf8())),
            Step::At(_) => self.under(Role { bits: Role::ELEMENT, id: 0 }),
        }
    }

    fn under(self, role: Role) -> Self {
        let [before, second, _] = self.steps;
        // Of a response the output is a list of items; of an item, what came of a call.
        let direct = before.is(Role::RESPONSE) && !second.is(Role::RAW_ITEM);
        let listed = before.is(Role::ELEMENT) && second.is(Role::RESPONSE);
        let opaque = role.is(Role::OPAQUE)
            || role.is(Role::CONTEXT) && before.is(Role::CONTEXT)
            || role.is(Role::OUTPUT) && !direct && !listed;
        Self { steps: [role, before, second], opaque: self.opaque || opaque, usage: self.usage || role.is(Role::USAGE) }
    }
}

/// The state in the style with placeholders.
pub(super) fn replace<'d>(doc: &'d Document, state: Node<'d>, style: Style, counts: &mut Counts) -> Vec<u8> {
    let mut names = Names::default();
    names.collect(doc, state, 0);
    names.leftovers();
    let mut edit = Replace { doc, names: &names, counts, nested: 0 };
    let mut out = Writer::with_capacity(style, state.raw().len());
    edited(state, Place::default(), &mut out, &mut edit);
    out.finish()
}

/// Placeholders by ids, in the order in which the history names them.
#[derive(Default)]
struct Names {
    names: HashMap<Vec<u8>, Vec<u8>>,
    counts: HashMap<Vec<u8>, usize>,
    /// Ids that stand where nothing orders them.
    rest: Vec<(Vec<u8>, &'static str)>,
}

/// Deeper than this no SDK keeps ids.
const DEEPEST: usize = 32;

impl Names {
    fn collect<'d>(&mut self, doc: &'d Document, state: Node<'d>, depth: usize) {
        // What is in an order of its own comes first; the order of members does not count.
        const SECTIONS: [&[&str]; 8] = [
            &["original_input", "originalInput"],
            &["model_responses", "modelResponses"],
            &["generated_items", "generatedItems"],
            &["session_items", "pending_input", "pendingInput"],
            &["current_step", "currentStep"],
            &["last_processed_response", "lastProcessedResponse"],
            &["last_model_response", "lastModelResponse"],
            &["trace"],
        ];
        let members = crate::json::sorted_members(state);
        let member = |key: &str| members.iter().find(|member| *member.0 == *key.as_bytes());
        let sections = SECTIONS.iter().flat_map(|keys| keys.iter().filter_map(|key| member(key)));
        let is_section = |key: &[u8]| SECTIONS.iter().any(|keys| keys.iter().any(|own| own.as_bytes() == key));
        for (key, value) in sections.chain(members.iter().filter(|member| !is_section(&member.0))) {
            let role = Role::of(key);
            if let (true, Some(text)) = (role.is(Role::ID), value.text()) {
                self.add(&text.wtf8(), role.class());
            } else if !role.is(Role::RUNS) {
                self.ordered(doc, *value, Place::default().under(role), depth);
            }
        }
        let mut runs: Vec<_> = state.member(RUNS).into_iter().flat_map(Node::members).collect();
        // By the calls that have started them, which have their numbers by now.
        let order = |key: Text<'_>| {
            let key = key.wtf8();
            let id = key.rsplit(|byte| *byte == b':').next().unwrap_or_default();
            self.names.get(id).map(|name| (name.len(), name.clone()))
        };
        runs.sort_by_cached_key(|member| order(member.key));
        if depth < usize::from(crate::record::NESTING) {
            for run in runs {
                if let Ok(nested) = doc.decode(run.value) {
                    self.collect(doc, nested, depth + 1);
                }
            }
        }
    }

    /// The ids in a value: of an object the own ones before those further down, by the order of `IDS`.
    fn ordered<'d>(&mut self, doc: &'d Document, node: Node<'d>, place: Place, depth: usize) {
        let nests = depth < usize::from(crate::record::NESTING);
        let mut open = vec![(place, 0, node)];
        let mut own: Vec<(u8, Text<'d>)> = Vec::new();
        let mut inner: Vec<(Text<'d>, Place, Node<'d>)> = Vec::new();
        while let Some((place, far, node)) = open.pop() {
            if node.kind() == Kind::Array {
                let element = place.then(Step::At(0));
                let from = open.len();
                if far < DEEPEST && !element.opaque {
                    let containers = node.elements().filter(|own| matches!(own.kind(), Kind::Object | Kind::Array));
                    open.extend(containers.map(|own| (element, far + 1, own)));
                    open[from..].reverse();
                }
                continue;
            }
            let by_call = place.steps[0].is(Role::BY_CALL);
            let mut run = None;
            for member in node.members() {
                let key = member.key.wtf8();
                if by_call {
                    self.rest.push((key.to_vec(), "call"));
                }
                let role = Role::of(&key);
                match member.value.kind() {
                    Kind::String if role.is(Role::ID) => {
                        // Of several members with one key the last one is read.
                        own.retain(|(id, _)| *id != role.id);
                        own.extend(member.value.text().map(|text| (role.id, text)));
                    }
                    Kind::Object | Kind::Array => {
                        if role.is(Role::LIST) {
                            let ids = member.value.elements().filter_map(Node::text);
                            self.rest.extend(ids.map(|id| (id.wtf8().into_owned(), "call")));
                        }
                        let place = place.under(role);
                        if nests && role.is(Role::STATE) {
                            run = Some(member.value);
                        } else if far < DEEPEST && !place.opaque {
                            inner.push((member.key, place, member.value));
                        }
                    }
                    _ => {}
                }
            }
            own.sort_by_key(|(id, _)| *id);
            for (id, text) in own.drain(..) {
                self.add(&text.wtf8(), IDS[usize::from(id)].1);
            }
            inner.sort_by(|one, two| one.0.wtf8().cmp(&two.0.wtf8()));
            open.extend(inner.drain(..).rev().map(|(_, place, node)| (place, far + 1, node)));
            if let Some(run) = run {
                self.collect(doc, run, depth + 1);
            }
        }
    }

    fn add(&mut self, id: &[u8], class: &'static str) {
        if NO_ID.iter().any(|none| none.as_bytes() == id) || self.names.contains_key(id) {
            return;
        }
        // The service knows items by how their ids begin.
        let beginning = id.iter().position(|byte| *byte == b'_').filter(|at| (1..=8).contains(at));
        let beginning = beginning.map(|at| &id[..at]).filter(|own| own.iter().all(u8::is_ascii_lowercase));
        let beginning = beginning.unwrap_or(class.as_bytes());
        let count = match self.counts.get_mut(beginning) {
            Some(count) => count,
            None => self.counts.entry(beginning.to_vec()).or_default(),
        };
        *count += 1;
        let name = match beginning {
            // As long as they must be.
            b"trace" => format!("trace_{count:032}").into_bytes(),
            b"span" => format!("span_{count:024}").into_bytes(),
            _ => [beginning, format!("_{count}").as_bytes()].concat(),
        };
        self.names.insert(id.to_vec(), name);
    }

    fn leftovers(&mut self) {
        let mut rest = std::mem::take(&mut self.rest);
        rest.retain(|(id, _)| !self.names.contains_key(id));
        rest.sort_by(|one, two| (one.0.len(), &one.0).cmp(&(two.0.len(), &two.0)));
        for (id, class) in rest {
            self.add(&id, class);
        }
    }
}

struct Replace<'r, 'd> {
    doc: &'d Document,
    names: &'r Names,
    counts: &'r mut Counts,
    nested: usize,
}

impl<'d> Edit<'d> for Replace<'_, 'd> {
    type Place = Place;

    fn step(&mut self, around: &Place, _: Node<'d>, step: Step<'d>) -> Place {
        around.then(step)
    }

    fn stays(&self, place: &Place) -> bool {
        place.opaque
    }

    fn key(&mut self, around: &Place, key: Text<'d>) -> Option<Vec<u8>> {
        // Keys of objects that go by call ids; the name of a member is never an id.
        if around.steps[0].is(Role::BY_CALL) {
            return self.names.names.get(&*key.wtf8()).cloned();
        }
        if around.steps[0].is(Role::RUNS | Role::ALIASES) { self.tail(&key.wtf8()) } else { None }
    }

    fn scalar(&mut self, place: &Place, _: &[Step<'d>], node: Node<'d>) -> Option<New> {
        let [last, holder, _] = place.steps;
        if node.kind() == Kind::Number {
            let count = if place.usage {
                &mut self.counts.usage
            } else if last.is(Role::TIME) {
                &mut self.counts.times
            } else {
                return None;
            };
            *count += usize::from(node.raw() != "0");
            return Some(New::Literal("0"));
        }
        let text = node.text()?;
        if last.is(Role::TIME) {
            let new = b"1970-01-01T00:00:00.000Z".to_vec();
            self.counts.times += usize::from(!text.is_wtf8(&new));
            return Some(New::Text(new));
        }
        if holder.is(Role::ALIASES) {
            return self.tail(&text.wtf8()).map(New::Text);
        }
        if holder.is(Role::RUNS) {
            return self.inside(node);
        }
        let compared = holder.is(Role::COMPARED) || last.is(Role::COMPARED);
        if compared && matches!(node.raw().as_bytes(), [_, b'{', ..]) {
            return self.inside(node);
        }
        let listed = last.is(Role::ELEMENT) && holder.is(Role::LIST);
        if !last.is(Role::ID) && !listed {
            return None;
        }
        let text = text.wtf8();
        let new = self.names.names.get(&*text)?;
        self.counts.ids += usize::from(**new != *text);
        Some(New::Text(new.clone()))
    }
}

impl<'d> Replace<'_, 'd> {
    /// A key that ends with a call id.
    fn tail(&self, text: &[u8]) -> Option<Vec<u8>> {
        let at = (0..text.len())
            .rev()
            .filter(|at| text[*at] == b':')
            .find(|at| self.names.names.contains_key(&text[at + 1..]))?;
        Some([&text[..=at], &self.names.names[&text[at + 1..]]].concat())
    }

    /// The text of a value that stands in a string.
    fn inside(&mut self, node: Node<'d>) -> Option<New> {
        if self.nested > usize::from(crate::record::NESTING) {
            return None;
        }
        let root = self.doc.decode(node).ok()?;
        self.nested += 1;
        let mut out = Writer::new(Style::TypeScript);
        edited(root, Place::default(), &mut out, self);
        self.nested -= 1;
        Some(New::Text(out.finish()))
    }
}
