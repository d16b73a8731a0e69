//! Values are masked and keep their types, so that the state still loads. A call whose arguments are masked is another
//! call: what was decided about it does not hold for it, and goes.

use std::str::FromStr;

use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Edit, Kind, New, Node, Object, Step, Style, Text, Value, Writer, edited};
use crate::validate::secrets::masked;

/// What is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redact {
    /// What stands at this JSON pointer and below; `*` is any one step.
    Pointer(String),
    /// What stands under this key, wherever it is, in the arguments of calls and in nested runs, too.
    Key(String),
    /// What stands in the known places of secrets, and what looks like one.
    Secrets,
}

impl FromStr for Redact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("key:") {
            Some(key) if !key.is_empty() => Ok(Self::Key(key.to_owned())),
            None if text == "secrets" => Ok(Self::Secrets),
            None if text.starts_with('/') => Ok(Self::Pointer(text.to_owned())),
            _ => Err("expected `secrets`, `key:NAME` or a JSON pointer, which starts with `/`".to_owned()),
        }
    }
}

const MASK: &[u8] = b"***";

/// Members that say what a state is made of: without them it would be none.
const STRUCTURE: [&str; 24] = [
    "$schemaVersion",
    "type",
    "role",
    "status",
    "kind",
    "name",
    "identity",
    "id",
    "call_id",
    "callId",
    "tool_name",
    "toolName",
    "functionToolStateKey",
    "tool_lookup_key",
    "lookupKey",
    "executionStatus",
    "object",
    "server_label",
    "serverLabel",
    "agentIdentity",
    "tool_key",
    "sticky_scope",
    "namespace",
    "toolKey",
];

/// Members of a raw item that say what a call does.
const CALLS: [&str; 5] = ["arguments", "input", "action", "actions", "operation"];

/// What masking a state has come to.
#[derive(Default)]
pub(super) struct Masked {
    pub(super) values: usize,
    /// Calls that are not what they were, with the names of their tools.
    pub(super) calls: HashMap<Vec<u8>, Vec<u8>>,
}

/// The state in the same style with values masked.
pub(super) fn mask(doc: &Document, rules: &[Redact], style: Style, done: &mut Masked) -> Vec<u8> {
    let mut whole = HashSet::default();
    let first = pass(doc, rules, style, done, &mut whole);
    if whole.is_empty() {
        return first;
    }
    // The other copies of calls that were named by their places.
    match Document::parse(first) {
        Ok(doc) => pass(&doc, rules, style, done, &mut whole),
        Err(_) => Vec::new(),
    }
}

fn pass(doc: &Document, rules: &[Redact], style: Style, done: &mut Masked, whole: &mut HashSet<Vec<u8>>) -> Vec<u8> {
    let mut out = Writer::new(style);
    let mut edit = Mask { doc, rules, done, whole, below: Vec::new(), nested: 0 };
    edited(doc.root(), &mut out, &mut edit);
    out.finish()
}

struct Mask<'r, 'd> {
    doc: &'d Document,
    rules: &'r [Redact],
    done: &'r mut Masked,
    /// Calls that are masked wherever they stand.
    whole: &'r mut HashSet<Vec<u8>>,
    /// The way to the text that is being read.
    below: Vec<Step<'d>>,
    nested: usize,
}

impl<'d> Edit<'d> for Mask<'_, 'd> {
    fn key(&mut self, _: &[Step<'d>], _: Text<'d>) -> Option<Vec<u8>> {
        None
    }

    fn scalar(&mut self, way: &[Step<'d>], holders: &[Node<'d>], node: Node<'d>) -> Option<New> {
        let last = way.last().copied();
        let named = |keys: &[&str]| last.is_some_and(|step| keys.iter().any(|key| step.is(key)));
        let holder = way.iter().rev().nth(1).copied();
        if holder.is_some_and(|step| step.is("pendingAgentToolRuns")) && node.text().is_some() {
            return self.inside(way, node);
        }
        let call = call_of(way, holders);
        let pointed = self.points(way);
        if let Some((id, _)) = &call
            && (pointed || self.whole.contains(id))
            && !named(&STRUCTURE)
        {
            self.whole.insert(id.clone());
            let new = if named(&["arguments"]) && node.text().is_some() {
                self.counted(node, New::Text(b"{}".to_vec()))
            } else {
                self.masked(node)
            };
            return self.called(call, new);
        }
        if (pointed || self.hits(way)) && !named(&STRUCTURE) {
            let new = self.masked(node);
            return self.called(call, new);
        }
        if let Some(new) = self.json(node) {
            return self.called(call, Some(new));
        }
        if self.rules.contains(&Redact::Secrets)
            && let Some(text) = node.text().and_then(Text::exact)
            && let std::borrow::Cow::Owned(new) = masked(&text)
        {
            self.done.values += 1;
            return self.called(call, Some(New::Text(new.into_bytes())));
        }
        None
    }
}

fn is_digest(node: Node<'_>) -> bool {
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    node.text().and_then(Text::plain).is_some_and(|text| text.len() == 64 && text.as_bytes().iter().all(hex))
}

/// The call that a value is a part of what it does of: its id and its tool.
fn call_of(way: &[Step<'_>], holders: &[Node<'_>]) -> Option<(Vec<u8>, Vec<u8>)> {
    let at = way.iter().rposition(|step| CALLS.iter().any(|key| step.is(key)))?;
    let item = holders.get(at)?;
    let id = ["call_id", "callId", "id"].into_iter().find_map(|key| item.member(key).and_then(Node::text))?;
    let name = ["name", "type"].into_iter().find_map(|key| item.member(key).and_then(Node::text))?;
    Some((id.wtf8().into_owned(), name.wtf8().into_owned()))
}

impl<'d> Mask<'_, 'd> {
    fn masked(&mut self, node: Node<'d>) -> Option<New> {
        let new = match node.kind() {
            // A digest stays one.
            Kind::String if is_digest(node) => New::Text(vec![b'0'; 64]),
            Kind::String => New::Text(MASK.to_vec()),
            Kind::Number => New::Literal("0"),
            Kind::Bool => New::Literal("false"),
            _ => return None,
        };
        let same = match &new {
            New::Text(text) => node.text().is_some_and(|own| own.is_wtf8(text)),
            New::Literal(literal) => node.raw() == *literal,
        };
        self.done.values += usize::from(!same);
        Some(new)
    }

    fn counted(&mut self, node: Node<'d>, new: New) -> Option<New> {
        let New::Text(text) = &new else { return Some(new) };
        self.done.values += usize::from(!node.text().is_some_and(|own| own.is_wtf8(text)));
        Some(new)
    }

    /// Takes down that a call is another one now.
    fn called(&mut self, call: Option<(Vec<u8>, Vec<u8>)>, new: Option<New>) -> Option<New> {
        if new.is_some() {
            self.done.calls.extend(call);
        }
        new
    }

    /// Whether a pointer leads to the value or to something that it stands in.
    fn points(&self, way: &[Step<'d>]) -> bool {
        self.rules.iter().any(|rule| {
            let Redact::Pointer(pointer) = rule else { return false };
            let mut steps = self.below.iter().chain(way);
            pointer.split('/').skip(1).all(|want| {
                let Some(step) = steps.next() else { return false };
                want == "*"
                    || match step {
                        Step::Key(key) => key.is(&want.replace("~1", "/").replace("~0", "~")),
                        Step::At(at) => want.parse() == Ok(*at),
                    }
            })
        })
    }

    /// Whether the value stands under a key that is masked.
    fn hits(&self, way: &[Step<'d>]) -> bool {
        self.rules.iter().any(|rule| match rule {
            Redact::Key(name) => way.iter().any(|step| step.is(name)),
            Redact::Secrets => way.iter().any(|step| match step {
                Step::Key(key) => crate::inspect::is_secret_name(&key.lossy()),
                Step::At(_) => false,
            }),
            Redact::Pointer(_) => false,
        })
    }

    /// A text that is JSON, such as the arguments of a call or what the model is shown of an output, where something in it is
    /// masked.
    fn json(&mut self, node: Node<'d>) -> Option<New> {
        let raw = node.raw().as_bytes();
        if !matches!(raw, [b'"', b'{' | b'[', ..]) || self.rules.iter().all(|rule| matches!(rule, Redact::Pointer(_))) {
            return None;
        }
        let doc = Document::parse(node.text()?.wtf8().into_owned()).ok()?;
        let mut done = Masked::default();
        let rules: Vec<Redact> =
            self.rules.iter().filter(|rule| !matches!(rule, Redact::Pointer(_))).cloned().collect();
        let new = pass(&doc, &rules, Style::TypeScript, &mut done, &mut HashSet::default());
        if done.values == 0 {
            return None;
        }
        self.done.values += done.values;
        Some(New::Text(new))
    }

    fn inside(&mut self, way: &[Step<'d>], node: Node<'d>) -> Option<New> {
        if self.nested > usize::from(crate::record::NESTING) {
            return None;
        }
        let root = self.doc.decode(node).ok()?;
        let length = self.below.len();
        self.below.extend_from_slice(way);
        self.nested += 1;
        let mut out = Writer::new(Style::TypeScript);
        edited(root, &mut out, self);
        self.nested -= 1;
        self.below.truncate(length);
        Some(New::Text(out.finish()))
    }
}

/// Takes decisions about these calls out of a state and of the runs in it; how many. A standing decision goes when it is
/// about a tool of such a call.
pub(super) fn undecide(tree: &mut Value<'_>, calls: &HashMap<Vec<u8>, Vec<u8>>) -> usize {
    let Some(state) = tree.object_mut() else { return 0 };
    let mut gone = 0;
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        const PLACES: [&str; 7] = [
            "approvals",
            "function_tool_approvals",
            "hosted_mcp_approvals",
            "functionApprovals",
            "hostedMcpApprovals",
            "legacyFunctionApprovals",
            "approvalInvocations",
        ];
        for place in PLACES {
            if let Some(records) = context.get_mut(place) {
                gone += undecided(records, b"", calls, 0);
            }
        }
    }
    each_nested(state, &mut |run| gone += undecide(run, calls));
    gone
}

/// Does something with every run that is nested in a state.
pub(super) fn each_nested<'d>(state: &mut Object<'d>, each: &mut dyn FnMut(&mut Value<'d>)) {
    if let Some(runs) = state.get_mut("pendingAgentToolRuns").and_then(Value::object_mut) {
        runs.members_mut().iter_mut().map(|(_, run)| run).filter(|run| run.kind() == Kind::Object).for_each(&mut *each);
    }
    let processed = state.get_mut("last_processed_response").and_then(Value::object_mut);
    if let Some(functions) = processed.and_then(|processed| processed.get_mut("functions")) {
        let has_run = |action: &Value<'_>| action.member("agent_run_state").is_some();
        for action in functions.elements_mut().iter_mut().filter(|action| has_run(action)) {
            if let Some(run) = action.object_mut().and_then(|action| action.get_mut("agent_run_state")) {
                each(run);
            }
        }
    }
}

/// Records stand in lists and under names, never deeper than a few steps.
fn undecided(records: &mut Value<'_>, name: &[u8], calls: &HashMap<Vec<u8>, Vec<u8>>, depth: usize) -> usize {
    const DEEPEST: usize = 4;
    if depth > DEEPEST {
        return 0;
    }
    let mut gone = 0;
    if records.kind() == Kind::Array {
        for record in records.elements_mut() {
            // The tool of a decision that stands in a list is a member beside it.
            let tool = ["tool_key", "identity"].into_iter().find_map(|key| record.member(key));
            let tool = tool.map(|tool| tool.member("tool_name").unwrap_or(tool)).and_then(|tool| tool.wtf8());
            gone += undecided(record, &tool.unwrap_or_default(), calls, depth + 1);
        }
        return gone;
    }
    let Some(object) = records.object_mut() else { return 0 };
    let standing = calls.values().any(|tool| memchr::memmem::find(name, tool).is_some());
    for (key, value) in object.members_mut() {
        if key.is("approved") || key.is("rejected") {
            if value.kind() == Kind::Array {
                let ids = std::mem::replace(value, Value::NULL).into_elements();
                let before = ids.len();
                let kept: Vec<Value<'_>> =
                    ids.into_iter().filter(|id| id.wtf8().is_none_or(|id| !calls.contains_key(&*id))).collect();
                gone += before - kept.len();
                *value = Value::List(kept);
            } else if standing && value.as_bool() == Some(true) {
                gone += 1;
                *value = Value::List(Vec::new());
            }
        } else if key.is("rejection_messages") || key.is("messages") || key.is("invocations") {
            if let Some(messages) = value.object_mut() {
                messages.members_mut().retain(|(id, _)| !calls.contains_key(&*id.wtf8()));
            }
        } else if matches!(value.kind(), Kind::Object | Kind::Array) {
            let name = if key.is("decision") || key.is("approvals") { name.to_vec() } else { key.wtf8().into_owned() };
            gone += undecided(value, &name, calls, depth + 1);
        }
    }
    gone
}
