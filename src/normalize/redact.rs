//! Values are masked and keep their types, so that the state still loads. A call whose arguments are masked is another
//! call: what was decided about it does not hold for it, and goes.

use std::borrow::Cow;
use std::str::FromStr;

use memchr::memmem;

use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Edit, Kind, New, Node, Object, Step, Style, Text, Value, Writer, edited};
use crate::validate::secrets::{MASK, is_secret_name, masked, suspicious};

use super::DATA;

/// What is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redact {
    /// What stands at this JSON pointer and below; `*` is any one step. The words that a state is made of (types, ids, names of
    /// tools and agents) stay, unless the pointer leads to just one of them or to data of the program.
    Pointer(String),
    /// What stands under this key, wherever it is, in the arguments of calls and in nested runs, too. Where it is one of the
    /// words that a state is made of, such as `name`, it is masked in the data of the program.
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

/// Members that say what a state is made of: without them it would be none. What a program calls its own data is another
/// matter.
const STRUCTURE: [&str; 31] = [
    "$schemaVersion",
    "type",
    "role",
    "status",
    "kind",
    "phase",
    "execution",
    "detail",
    "button",
    "mode",
    "name",
    "identity",
    "id",
    "call_id",
    "callId",
    "caller_id",
    "callerId",
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
const CALLS: [&str; 8] =
    ["arguments", "input", "action", "actions", "operation", "code", "fingerprint", "pending_safety_checks"];

/// What masking a state has come to.
#[derive(Default)]
pub(super) struct Masked {
    pub(super) values: usize,
    /// Calls that are not what they were, with the names of their tools.
    pub(super) calls: HashMap<Vec<u8>, Vec<u8>>,
}

/// The state in the style with values masked.
pub(super) fn mask<'d>(
    state: Node<'d>,
    doc: &'d Document,
    rules: &[Redact],
    style: Style,
    done: &mut Masked,
) -> Vec<u8> {
    let mut whole = HashSet::default();
    let first = pass(state, doc, rules, style, done, &mut whole, false);
    if whole.is_empty() {
        return first;
    }
    // The other copies of calls that were named by their places.
    match Document::parse(first) {
        Ok(doc) => pass(doc.root(), &doc, rules, style, done, &mut whole, false),
        Err(_) => Vec::new(),
    }
}

/// `data` says whether it is the program's own.
fn pass<'d>(
    root: Node<'d>,
    doc: &'d Document,
    rules: &[Redact],
    style: Style,
    done: &mut Masked,
    whole: &mut HashSet<Vec<u8>>,
    data: bool,
) -> Vec<u8> {
    let mut out = Writer::with_capacity(style, root.raw().len());
    let mut edit = Mask::new(doc, rules, done, whole);
    edit.suspects = edit.suspects_of(root);
    edited(root, Place { data, ..Place::default() }, &mut out, &mut edit);
    out.finish()
}

/// A place of the state, as far as it matters here.
#[derive(Clone, Copy, Default)]
struct Place<'d> {
    /// What the last step says, and the one before it.
    role: Role,
    holder: Role,
    /// The item that the value is a part of what it does of.
    call: Option<Node<'d>>,
    /// Whether that item is masked as a whole.
    enclosed: bool,
    /// Whether everything is masked here.
    hit: bool,
    /// Whether it is the program's own data.
    data: bool,
}

/// What a key says of what stands under it.
#[derive(Clone, Copy, Default)]
struct Role(u16);

impl Role {
    const STRUCTURE: u16 = 1;
    const CALL: u16 = 1 << 1;
    const RUNS: u16 = 1 << 2;
    const ARGUMENTS: u16 = 1 << 3;
    /// It is the name of a secret, or one that is masked.
    const HIT: u16 = 1 << 4;
    const DATA: u16 = 1 << 5;
    /// What the program keeps there is its data: `context` in `context`.
    const CONTEXT: u16 = 1 << 6;
    /// What a tool or a run has come to is its data beside an item, and in a step.
    const OUTPUT: u16 = 1 << 7;
    const STEP: u16 = 1 << 8;

    fn is(self, bits: u16) -> bool {
        self.0 & bits != 0
    }
}

/// A step of a pointer.
enum Want {
    Any,
    Key(String),
}

struct Mask<'r, 'd> {
    doc: &'d Document,
    keys: Vec<&'r str>,
    pointers: Vec<Vec<Want>>,
    secrets: bool,
    done: &'r mut Masked,
    /// Calls that are masked wherever they stand.
    whole: &'r mut HashSet<Vec<u8>>,
    /// What is known of keys.
    roles: HashMap<&'d [u8], Role>,
    /// The numbers of the strings that may hold what looks like a secret.
    suspects: HashSet<u32>,
    /// The way to the text that is being read.
    below: Vec<Step<'d>>,
    nested: usize,
}

impl<'d> Edit<'d> for Mask<'_, 'd> {
    type Place = Place<'d>;

    fn step(&mut self, around: &Place<'d>, holder: Node<'d>, step: Step<'d>) -> Place<'d> {
        let role = match step {
            Step::Key(key) => self.role(key),
            Step::At(_) => Role::default(),
        };
        let data = around.data
            || role.is(Role::DATA)
            || role.is(Role::CONTEXT) && around.role.is(Role::CONTEXT)
            || role.is(Role::OUTPUT) && is_output(around, holder);
        let is_part = |around: &Place<'d>| around.call.is_none() || named(holder).is_some();
        let (call, enclosed) = match role.is(Role::CALL) && !around.data && is_part(around) {
            true => (Some(holder), around.hit),
            false => (around.call, around.enclosed),
        };
        Place { role, holder: around.role, call, enclosed, hit: around.hit || role.is(Role::HIT), data }
    }

    fn stays(&self, _: &Place<'d>) -> bool {
        false
    }

    fn key(&mut self, _: &Place<'d>, _: Text<'d>) -> Option<Vec<u8>> {
        None
    }

    fn scalar(&mut self, place: &Place<'d>, way: &[Step<'d>], node: Node<'d>) -> Option<New> {
        if place.holder.is(Role::RUNS) && node.text().is_some() {
            return self.inside(way, node);
        }
        let (pointed, exactly) = self.points(way);
        let masks = place.data || exactly || !place.role.is(Role::STRUCTURE);
        let whole = pointed || place.enclosed;
        if masks && (whole || !self.whole.is_empty()) {
            let call = place.call.and_then(named);
            if let Some((id, _)) = &call
                && (whole || self.whole.contains(id))
            {
                self.whole.insert(id.clone());
                let is_arguments = place.role.is(Role::ARGUMENTS) && node.text().is_some();
                let new = if is_arguments { self.counted(node, New::Text(b"{}".to_vec())) } else { self.masked(node) };
                self.called(place, new.is_some());
                return new;
            }
        }
        let new = if masks && (pointed || place.hit) {
            self.masked(node)
        } else {
            self.json(node).or_else(|| self.secret(node))
        };
        self.called(place, new.is_some());
        new
    }
}

/// Whether an `output` is what a tool or a run has come to, in the program's own form.
fn is_output(around: &Place<'_>, holder: Node<'_>) -> bool {
    around.role.is(Role::STEP) || ["raw_item", "rawItem"].into_iter().any(|key| holder.member(key).is_some())
}

fn is_digest(node: Node<'_>) -> bool {
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    node.text().and_then(Text::plain).is_some_and(|text| text.len() == 64 && text.as_bytes().iter().all(hex))
}

/// The id of a call and its tool.
fn named(item: Node<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let id = ["call_id", "callId", "id"].into_iter().find_map(|key| item.member(key).and_then(Node::text))?;
    let name = ["name", "type"].into_iter().find_map(|key| item.member(key).and_then(Node::text))?;
    Some((id.wtf8().into_owned(), name.wtf8().into_owned()))
}

impl<'r, 'd> Mask<'r, 'd> {
    fn new(doc: &'d Document, rules: &'r [Redact], done: &'r mut Masked, whole: &'r mut HashSet<Vec<u8>>) -> Self {
        let (mut keys, mut pointers, mut secrets) = (Vec::new(), Vec::new(), false);
        for rule in rules {
            match rule {
                Redact::Key(key) => keys.push(&**key),
                Redact::Pointer(pointer) => pointers.push(pointer.split('/').skip(1).map(want).collect()),
                Redact::Secrets => secrets = true,
            }
        }
        let mut roles: HashMap<&'d [u8], Role> = HashMap::default();
        let mut add = |key: &'static str, bit: u16| roles.entry(key.as_bytes()).or_default().0 |= bit;
        STRUCTURE.iter().for_each(|key| add(key, Role::STRUCTURE));
        CALLS.iter().for_each(|key| add(key, Role::CALL));
        DATA.iter().chain(&["agentOutput"]).for_each(|key| add(key, Role::DATA));
        add("pendingAgentToolRuns", Role::RUNS);
        add("arguments", Role::ARGUMENTS);
        add("context", Role::CONTEXT);
        add("output", Role::OUTPUT);
        add("data", Role::STEP);
        add("currentStep", Role::STEP);
        for (key, role) in &mut roles {
            let hit = keys.iter().any(|own| own.as_bytes() == *key)
                || secrets && is_secret_name(&String::from_utf8_lossy(key));
            role.0 |= if hit { Role::HIT } else { 0 };
        }
        let (suspects, below) = (HashSet::default(), Vec::new());
        Self { doc, keys, pointers, secrets, done, whole, roles, suspects, below, nested: 0 }
    }

    fn role(&mut self, key: Text<'d>) -> Role {
        // A state has few names for its members; what its data is named is another matter.
        const REMEMBERED: usize = 4096;
        let bytes = key.wtf8();
        if let Some(role) = self.roles.get(&*bytes) {
            return *role;
        }
        let hit = self.keys.iter().any(|own| key.is(own)) || self.secrets && is_secret_name(&key.lossy());
        let role = Role(if hit { Role::HIT } else { 0 });
        if let Cow::Borrowed(bytes) = bytes
            && self.roles.len() < REMEMBERED
        {
            self.roles.insert(bytes, role);
        }
        role
    }

    /// The strings of a text that may hold what looks like a secret.
    fn suspects_of(&self, root: Node<'d>) -> HashSet<u32> {
        let source = root.source();
        let places = if self.secrets { suspicious(source.text().as_bytes()) } else { Vec::new() };
        places.into_iter().map(|at| source.node_at(at).index()).collect()
    }

    fn secret(&mut self, node: Node<'d>) -> Option<New> {
        if !self.suspects.contains(&node.index()) {
            return None;
        }
        let text = node.text()?.lossy();
        let Cow::Owned(new) = masked(&text) else { return None };
        self.done.values += 1;
        Some(New::Text(new.into_bytes()))
    }

    fn masked(&mut self, node: Node<'d>) -> Option<New> {
        let new = match node.kind() {
            // A digest stays one.
            Kind::String if is_digest(node) => New::Text(vec![b'0'; 64]),
            Kind::String => New::Text(MASK.as_bytes().to_vec()),
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
    fn called(&mut self, place: &Place<'d>, changed: bool) {
        if changed {
            self.done.calls.extend(place.call.and_then(named));
        }
    }

    /// Whether a pointer leads to the value or to something that it stands in, and whether one leads to just the value.
    fn points(&self, way: &[Step<'d>]) -> (bool, bool) {
        let length = self.below.len() + way.len();
        let reaches = |pointer: &&Vec<Want>| {
            let mut steps = self.below.iter().chain(way);
            pointer.iter().all(|want| match (want, steps.next()) {
                (_, None) => false,
                (Want::Any, _) => true,
                (Want::Key(want), Some(Step::Key(key))) => key.is(want),
                (Want::Key(want), Some(Step::At(at))) => want.parse() == Ok(*at),
            })
        };
        let (mut pointed, mut exactly) = (false, false);
        for pointer in self.pointers.iter().filter(reaches) {
            (pointed, exactly) = (true, exactly || pointer.len() == length);
        }
        (pointed, exactly)
    }

    /// A text that is JSON, such as the arguments of a call or what the model is shown of an output, where something in it is
    /// masked.
    fn json(&mut self, node: Node<'d>) -> Option<New> {
        let raw = node.raw().as_bytes();
        if !matches!(raw, [b'"', b'{' | b'[', ..]) || self.keys.is_empty() && !self.secrets {
            return None;
        }
        if !self.secrets && !self.keys.iter().any(|key| may_name(raw, key)) {
            return None;
        }
        let doc = Document::parse(node.text()?.wtf8().into_owned()).ok()?;
        if !self.concerns(&doc) {
            return None;
        }
        let mut rules: Vec<Redact> = self.keys.iter().map(|key| Redact::Key((*key).to_owned())).collect();
        rules.extend(self.secrets.then_some(Redact::Secrets));
        let mut done = Masked::default();
        let new = pass(doc.root(), &doc, &rules, Style::TypeScript, &mut done, &mut HashSet::default(), true);
        if done.values == 0 {
            return None;
        }
        self.done.values += done.values;
        Some(New::Text(new))
    }

    /// Whether anything in the text of a string may be masked.
    fn concerns(&self, doc: &Document) -> bool {
        let hits = |key: Text<'_>| match self.roles.get(&*key.wtf8()) {
            Some(role) => role.is(Role::HIT),
            None => self.keys.iter().any(|own| key.is(own)) || self.secrets && is_secret_name(&key.lossy()),
        };
        let source = doc.source(0);
        self.secrets && !suspicious(source.text().as_bytes()).is_empty()
            || source.nodes().any(|node| match node.kind() {
                Kind::Object => node.members().any(|member| hits(member.key)),
                Kind::String => matches!(node.raw().as_bytes(), [_, b'{' | b'[', ..]),
                _ => false,
            })
    }

    fn inside(&mut self, way: &[Step<'d>], node: Node<'d>) -> Option<New> {
        if self.nested > usize::from(crate::record::NESTING) {
            return None;
        }
        let root = self.doc.decode(node).ok()?;
        let length = self.below.len();
        self.below.extend_from_slice(way);
        self.nested += 1;
        let suspects = self.suspects_of(root);
        let outer = std::mem::replace(&mut self.suspects, suspects);
        let mut out = Writer::with_capacity(Style::TypeScript, root.raw().len());
        edited(root, Place::default(), &mut out, self);
        self.suspects = outer;
        self.nested -= 1;
        self.below.truncate(length);
        Some(New::Text(out.finish()))
    }
}

/// Whether JSON in a string can have a member of this name.
fn may_name(raw: &[u8], key: &str) -> bool {
    let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    !is_plain || memmem::find(raw, key.as_bytes()).is_some() || memmem::find(raw, b"\\u").is_some()
}

fn want(step: &str) -> Want {
    if step == "*" { Want::Any } else { Want::Key(step.replace("~1", "/").replace("~0", "~")) }
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
    let standing = calls.values().any(|tool| memmem::find(name, tool).is_some());
    for (key, value) in object.members_mut() {
        if key.is("approved") || key.is("rejected") {
            if value.kind() == Kind::Array {
                let ids = value.take().into_elements();
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
