//! What differs from run to run becomes the same: ids, times, token counts. The same id becomes the same placeholder
//! everywhere where an SDK keeps ids; what tools return and what the user's own data says stays.

use crate::hash::HashMap;
use crate::json::{Document, Edit, Kind, New, Node, Step, Style, Text, Writer, edited};

/// Members that hold ids, and what a placeholder begins with when the id has no beginning of its own.
const IDS: [(&str, &str); 27] = [
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
    ("generated_prompt_cache_key", "key"),
    ("inputId", "id"),
    ("selectedCallId", "call"),
    ("sessionId", "session"),
    ("session_id", "session"),
];
/// Members that hold times.
const TIMES: [&str; 7] =
    ["started_at", "ended_at", "created_at", "completed_at", "createdAt", "completedAt", "expires_at"];
/// Members whose content is the user's, or a tool's.
const OPAQUE: [&str; 10] = [
    "tool_input",
    "toolInput",
    "arguments",
    "metadata",
    "customData",
    "custom_data",
    "paramsJsonSchema",
    "parameters",
    "outputInfo",
    "span_data",
];
const NO_ID: [&str; 4] = ["__fake_id__", "FAKE_ID", "", "carried"];

/// How many of what were replaced.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) ids: usize,
    pub(super) times: usize,
    pub(super) usage: usize,
}

/// The state in the same style with placeholders.
pub(super) fn replace(doc: &Document, style: Style, counts: &mut Counts) -> Vec<u8> {
    let mut names = Names::default();
    names.collect(doc, doc.root(), 0);
    names.leftovers();
    let mut edit = Replace { doc, names: &names, counts, nested: 0 };
    let mut out = Writer::new(style);
    edited(doc.root(), &mut out, &mut edit);
    out.finish()
}

/// Whether the way leads into what is the user's or a tool's.
fn is_opaque(way: &[Step<'_>]) -> bool {
    way.iter().enumerate().any(|(at, step)| {
        let Step::Key(key) = step else { return false };
        if OPAQUE.iter().any(|own| key.is(own)) {
            return true;
        }
        let before = |back: usize| at.checked_sub(back).and_then(|at| way.get(at)).copied();
        if key.is("context") {
            return before(1).is_some_and(|step| step.is("context"));
        }
        if key.is("output") {
            // Of a response it is a list of items; of an item, what came of a call.
            let response = |step: Option<Step<'_>>| {
                step.is_some_and(|step| {
                    ["last_model_response", "lastModelResponse", "model_responses", "modelResponses", "providerData"]
                        .iter()
                        .any(|key| step.is(key))
                })
            };
            let direct = response(before(1)) && !before(2).is_some_and(|step| step.is("rawItem"));
            return !(direct || matches!(before(1), Some(Step::At(_))) && response(before(2)));
        }
        false
    })
}

/// Placeholders by ids, in the order in which the history names them.
#[derive(Default)]
struct Names {
    names: HashMap<Vec<u8>, Vec<u8>>,
    counts: HashMap<Vec<u8>, usize>,
    /// Ids that stand where nothing orders them.
    rest: Vec<(Vec<u8>, &'static str)>,
}

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
        let sections: Vec<Node<'d>> =
            SECTIONS.iter().flat_map(|keys| keys.iter().filter_map(|key| state.member(key))).collect();
        for section in sections {
            self.ordered(doc, section, depth);
        }
        for member in crate::json::sorted_members(state) {
            self.ordered_at(doc, &member.0, member.1, depth);
        }
        let mut runs: Vec<_> = state.member("pendingAgentToolRuns").into_iter().flat_map(Node::members).collect();
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

    fn ordered_at<'d>(&mut self, doc: &'d Document, key: &[u8], node: Node<'d>, depth: usize) {
        let scalar = IDS.iter().find(|(own, _)| own.as_bytes() == key);
        if let (Some((_, class)), Some(text)) = (scalar, node.text()) {
            self.add(&text.wtf8(), class);
        } else if key != b"pendingAgentToolRuns" {
            self.ordered(doc, node, depth);
        }
    }

    /// The ids in a value: of an object the own ones before those further down, by the order of `IDS`.
    fn ordered<'d>(&mut self, doc: &'d Document, node: Node<'d>, depth: usize) {
        let mut open: Vec<(Vec<Step<'d>>, Node<'d>)> = vec![(Vec::new(), node)];
        while let Some((way, node)) = open.pop() {
            if node.kind() == Kind::Array {
                let elements: Vec<_> = node.elements().collect();
                for (at, element) in elements.into_iter().enumerate().rev() {
                    let mut way = way.clone();
                    way.push(Step::At(at));
                    open.push((way, element));
                }
                continue;
            }
            if node.kind() != Kind::Object {
                continue;
            }
            for (key, class) in IDS {
                if let Some(text) = node.member(key).and_then(Node::text) {
                    self.add(&text.wtf8(), class);
                }
            }
            self.rest.extend(unordered(&way, node));
            let mut members: Vec<_> =
                node.members().filter(|member| matches!(member.value.kind(), Kind::Object | Kind::Array)).collect();
            members.sort_by(|one, two| one.key.wtf8().cmp(&two.key.wtf8()));
            for member in members.into_iter().rev() {
                let mut way = way.clone();
                way.push(Step::Key(member.key));
                if member.key.is("agent_run_state") && depth < usize::from(crate::record::NESTING) {
                    continue;
                }
                if !is_opaque(&way) && way.len() < 32 {
                    open.push((way, member.value));
                }
            }
            if let Some(run) = node.member("agent_run_state").filter(|_| depth < usize::from(crate::record::NESTING)) {
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
        let beginning = beginning.unwrap_or(class.as_bytes()).to_vec();
        let count = self.counts.entry(beginning.clone()).or_default();
        *count += 1;
        let name = match &beginning[..] {
            // As long as they must be.
            b"trace" => format!("trace_{count:032}").into_bytes(),
            b"span" => format!("span_{count:024}").into_bytes(),
            _ => [&beginning[..], format!("_{count}").as_bytes()].concat(),
        };
        self.names.insert(id.to_vec(), name);
    }

    fn leftovers(&mut self) {
        let mut rest = std::mem::take(&mut self.rest);
        rest.sort_by(|one, two| (one.0.len(), &one.0).cmp(&(two.0.len(), &two.0)));
        for (id, class) in rest {
            self.add(&id, class);
        }
    }
}

/// Members whose keys are call ids.
const BY_CALL: [&str; 5] = ["invocations", "tool_invocations", "rejection_messages", "messages", "mcp_tool_bindings"];

/// The ids of calls that an object of decisions or a ledger names.
fn unordered(way: &[Step<'_>], node: Node<'_>) -> Vec<(Vec<u8>, &'static str)> {
    let mut found = Vec::new();
    for key in ["approved", "rejected", "callIds"] {
        let ids = node.member(key).into_iter().flat_map(Node::elements).filter_map(Node::text);
        found.extend(ids.map(|id| (id.wtf8().into_owned(), "call")));
    }
    if way.last().is_some_and(|step| BY_CALL.iter().any(|key| step.is(key))) {
        found.extend(node.members().map(|member| (member.key.wtf8().into_owned(), "call")));
    }
    found
}

struct Replace<'r, 'd> {
    doc: &'d Document,
    names: &'r Names,
    counts: &'r mut Counts,
    nested: usize,
}

impl<'d> Edit<'d> for Replace<'_, 'd> {
    fn key(&mut self, way: &[Step<'d>], key: Text<'d>) -> Option<Vec<u8>> {
        // Keys of objects that go by call ids; the name of a member is never an id.
        let holder = way.iter().rev().nth(1).copied();
        let by_tail = ["pendingAgentToolRuns", "pendingAgentToolRunAliases"];
        let text = key.wtf8();
        let is = |keys: &[&str]| holder.is_some_and(|step| keys.iter().any(|key| step.is(key)));
        if is_opaque(&way[..way.len().saturating_sub(1)]) {
            return None;
        }
        if is(&BY_CALL) {
            return self.names.names.get(&*text).cloned();
        }
        if is(&by_tail) { self.tail(&text) } else { None }
    }

    fn scalar(&mut self, way: &[Step<'d>], _: &[Node<'d>], node: Node<'d>) -> Option<New> {
        if is_opaque(way) {
            return None;
        }
        let last = way.last().copied();
        let named = |keys: &[&str]| last.is_some_and(|step| keys.iter().any(|key| step.is(key)));
        if node.kind() == Kind::Number {
            if way.iter().any(|step| step.is("usage")) {
                self.counts.usage += usize::from(node.raw() != "0");
                return Some(New::Literal("0"));
            }
            if named(&TIMES) {
                self.counts.times += usize::from(node.raw() != "0");
                return Some(New::Literal("0"));
            }
            return None;
        }
        let text = node.text()?;
        if named(&TIMES) {
            let new = b"1970-01-01T00:00:00.000Z".to_vec();
            self.counts.times += usize::from(!text.is_wtf8(&new));
            return Some(New::Text(new));
        }
        let holder = way.iter().rev().nth(1).copied();
        let text = text.wtf8();
        if holder.is_some_and(|step| step.is("pendingAgentToolRunAliases")) {
            return self.tail(&text).map(New::Text);
        }
        if holder.is_some_and(|step| step.is("pendingAgentToolRuns")) {
            return self.inside(node);
        }
        // The texts that calls are compared by hold the ids of programs.
        let compared = holder.is_some_and(|step| step.is("invocations")) || named(&["fingerprint"]);
        if compared && text.starts_with(b"{") {
            return self.inside(node);
        }
        let id = IDS.iter().any(|(key, _)| last.is_some_and(|step| step.is(key)));
        let listed = matches!(last, Some(Step::At(_)))
            && holder.is_some_and(|step| ["approved", "rejected", "callIds"].iter().any(|key| step.is(key)));
        if !id && !listed {
            return None;
        }
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
        edited(root, &mut out, self);
        self.nested -= 1;
        Some(New::Text(out.finish()))
    }
}
