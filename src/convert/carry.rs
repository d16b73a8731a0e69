//! What a conversion has no place for, kept beside the converted state, so that a conversion back is lossless.
//!
//! It is the difference between the state and what comes back of it, and nothing else. Every part of it names the value
//! that it replaces by a hash: after another turn in the other SDK, what was not touched is still restored, and what was
//! touched is left as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::format::{Dialect, Format};
use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Key, Kind, Node, Object, Style, Text, Value, Writer, push_step};
use crate::model::Level;
use crate::{python, typescript};

use super::{Loss, roundtrip::DifferenceKind};

/// The member under which a converted state carries it.
const MEMBER: &str = "runstate_carry";
/// What is decided and what decisions are bound to: restored only when nothing was touched, since what was decided before
/// must not reach calls that came up in between.
const DECISIONS: [&str; 12] = [
    "approvals",
    "function_tool_approvals",
    "hosted_mcp_approvals",
    "tool_invocations",
    "functionApprovals",
    "legacyFunctionApprovals",
    "hostedMcpApprovals",
    "approvalInvocations",
    "completedToolInvocations",
    "completedToolInvocationEvidence",
    "ambiguousToolInvocationCallIds",
    "current_step",
];
/// What the live agents have, beside a call of it.
const LIVE: [&[u8]; 10] = [
    b"tool",
    b"handoff",
    b"computer",
    b"shell",
    b"local_shell",
    b"apply_patch",
    b"applyPatch",
    b"custom_tool",
    b"mcp_tool",
    b"mcpTool",
];
/// Values are compared this deep; what is deeper is taken as a whole.
const DEPTH: usize = 512;

/// What has to be done to what comes back.
enum Patch<'d> {
    /// Another value, where this one (by its hash) or none is.
    Leaf { was: Option<String>, is: Node<'d> },
    /// An object: changed members, members that go (with the hash of what goes), and the order of the keys if it is
    /// another one.
    Members { changed: Vec<(Vec<u8>, Patch<'d>)>, gone: Vec<(Vec<u8>, String)>, order: Vec<Vec<u8>> },
    /// An array: changed elements by their names, and new ones behind the element with a name.
    Elements { changed: Vec<(String, Patch<'d>)>, new: Vec<New<'d>> },
    /// A string that holds a state.
    Text(Box<Patch<'d>>),
}

/// An element that does not come back.
struct New<'d> {
    behind: Option<String>,
    element: Node<'d>,
    /// Whether one about the same does: if not, one that is there later is this one.
    twin: bool,
}

/// Writes down what has to be done to `back` so that it becomes `state`, and says whether that is anything, or anything
/// that matters is among the losses on the way back.
pub(super) fn pack(
    format: Format,
    state: &Document,
    root: Node<'_>,
    back: &Document,
    losses: &[Loss],
) -> (Vec<u8>, bool) {
    let patch = difference(state, root, back, back.root(), 0);
    let any = patch.is_some() || losses.iter().any(|loss| loss.level > Level::History);
    let patch = patch.unwrap_or(Patch::Members { changed: Vec::new(), gone: Vec::new(), order: Vec::new() });
    let text = |text: String| Value::from(text.into_bytes());
    let head = Object::new()
        .with("version", Value::integer(1))
        .with("format", text(format.to_string()))
        .with("back", text(essence(back.root())))
        .with("losses", Value::List(losses.iter().map(mark).map(text).collect()))
        .with("patch", patch.value());
    let mut out = Writer::new(Style::TypeScript);
    Value::Object(head).write(&mut out);
    (out.finish(), any)
}

/// The format that the carried part belongs to.
pub(super) fn format(carried: &Document) -> Option<Format> {
    let head = carried.root();
    let version = head.member("version").and_then(Node::number).and_then(|number| number.to_u64());
    let text = head.member("format").and_then(Node::text)?.lossy().into_owned();
    let target: crate::format::Target = text.parse().ok()?;
    (version == Some(1)).then_some(target.format)
}

/// Does what is written down to a state; parts that no longer fit are left out. What was lost on the way back when it was
/// written down is restored where nothing was touched, and no longer in the list then.
pub(super) fn restore<'d>(
    carried: Node<'d>,
    dialect: Dialect,
    back: &'d Document,
    losses: &mut Vec<Loss>,
) -> Option<Value<'d>> {
    let patch = carried.member("patch")?;
    let whole = carried.member("back").and_then(Node::text).is_some_and(|was| was.is(&essence(back.root())));
    let mut tree = applied(patch, back, back.root(), 0, whole);
    if whole {
        let marks = carried.member("losses").into_iter().flat_map(Node::elements).filter_map(Node::text);
        let known: HashSet<Cow<'_, str>> = marks.map(Text::lossy).collect();
        losses.retain(|loss| !known.contains(&*mark(loss)));
    } else if let Some(state) = tree.object_mut() {
        match dialect {
            Dialect::Python => python::convert::place_items(state),
            Dialect::TypeScript => typescript::convert::place_items(state),
        }
    }
    Some(tree)
}

/// What tells a loss from others.
fn mark(loss: &Loss) -> String {
    let Loss { code, level, count, reason, pointers, .. } = loss;
    short(format!("{code} {} {count} {reason} {pointers:?}", level.name()).as_bytes(), 4)
}

/// The converted state with the carried part in it; nothing when it has no place for it.
pub(super) fn put_in(bytes: Vec<u8>, dialect: Dialect, carried: Vec<u8>) -> Option<Vec<u8>> {
    let doc = Document::parse(bytes).ok()?;
    let mut tree = Value::Node(doc.root());
    let state = tree.object_mut()?;
    match dialect {
        Dialect::Python => {
            if state.get("trace").is_none_or(Value::is_null) {
                state.place("trace", &["current_turn_persisted_item_count", "last_processed_response"], Object::new());
            }
            state.get_mut("trace")?.object_mut()?.push(Key::Known(MEMBER), Value::from(carried));
        }
        Dialect::TypeScript => {
            let last = state.get("modelResponses").cloned().map_or(0, |own| own.into_elements().len());
            let first = state.get_mut("modelResponses")?.elements_mut().first_mut()?;
            provide(first, &carried)?;
            if last == 1
                && let Some(response) = state.get_mut("lastModelResponse")
            {
                provide(response, &carried)?;
            }
        }
    }
    let mut out = Writer::new(if dialect == Dialect::Python { Style::Python } else { Style::TypeScript });
    tree.write(&mut out);
    Some(out.finish())
}

fn provide(response: &mut Value<'_>, carried: &[u8]) -> Option<()> {
    let response = response.object_mut()?;
    if response.get("providerData").is_none_or(Value::is_null) {
        response.place("providerData", &["requestId", "responseId", "output"], Object::new());
    }
    response.get_mut("providerData")?.object_mut()?.push(Key::Known(MEMBER), Value::from(carried.to_vec()));
    Some(())
}

/// A state that carries something, without it.
pub(super) fn without(bytes: &[u8], dialect: Dialect) -> Option<Vec<u8>> {
    let doc = Document::parse(bytes.to_vec()).ok()?;
    let mut tree = Value::Node(doc.root());
    take_out(&mut tree, dialect)?;
    Some(super::write(&mut tree, dialect))
}

/// Takes the carried part out of a tree.
pub(super) fn take_out(tree: &mut Value<'_>, dialect: Dialect) -> Option<Vec<u8>> {
    let there = match dialect {
        Dialect::Python => tree.member("trace").is_some_and(|trace| trace.member(MEMBER).is_some()),
        Dialect::TypeScript => {
            let responses = tree.member("modelResponses").map_or_else(Vec::new, Value::into_elements);
            let data = responses.first().and_then(|response| response.member("providerData"));
            data.is_some_and(|data| data.member(MEMBER).is_some())
        }
    };
    if !there {
        return None;
    }
    let state = tree.object_mut()?;
    let text = match dialect {
        Dialect::Python => {
            let trace = state.get_mut("trace")?.object_mut()?;
            let text = trace.take(MEMBER)?;
            if trace.is_empty() {
                state.set("trace", Value::NULL);
            }
            text
        }
        Dialect::TypeScript => {
            let text = unprovide(state.get_mut("modelResponses")?.elements_mut().first_mut()?);
            if let Some(last) = state.get_mut("lastModelResponse") {
                unprovide(last);
            }
            text?
        }
    };
    text.wtf8().map(Cow::into_owned)
}

fn unprovide<'d>(response: &mut Value<'d>) -> Option<Value<'d>> {
    response.member("providerData").filter(|data| data.member(MEMBER).is_some())?;
    let response = response.object_mut()?;
    let data = response.get_mut("providerData")?.object_mut()?;
    let text = data.take(MEMBER);
    if data.is_empty() {
        response.take("providerData");
    }
    text
}

/// A digest of a value, whatever the order of members. Numbers count as the doubles that JavaScript makes of them.
fn hash(node: Node<'_>) -> String {
    digest(node, &|_, _| true)
}

/// The same of a state without what stands beside calls of the live tools: an SDK that saves it writes that anew.
fn essence(state: Node<'_>) -> String {
    digest(state, &|holder, key| !(LIVE.contains(&key) && calls(holder).next().is_some()))
}

fn digest<'d>(node: Node<'d>, counts: &dyn Fn(Node<'d>, &[u8]) -> bool) -> String {
    let mut out = Writer::new(Style::TypeScript);
    let members = |object: Node<'d>| {
        let members = object.members().map(|member| (member.key.wtf8(), member.value));
        let mut members: Vec<_> = members.filter(|(key, _)| counts(object, key)).collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        members
    };
    typescript::stringify(node, &members, DEPTH, &mut out);
    short(&out.finish(), 16)
}

/// What an action is about.
fn calls<'d>(action: Node<'d>) -> impl Iterator<Item = Node<'d>> {
    ["tool_call", "toolCall", "request_item", "requestItem"].into_iter().filter_map(move |key| action.member(key))
}

/// What is left of a state's numbers and keys when JavaScript has read and written it.
pub(super) fn through_javascript(state: &Document) -> Vec<u8> {
    let mut out = Writer::new(Style::TypeScript);
    typescript::stringify(state.root(), &typescript::as_javascript, DEPTH, &mut out);
    out.finish()
}

fn written(node: Node<'_>) -> Vec<u8> {
    let mut out = Writer::new(Style::TypeScript);
    out.node(node);
    out.finish()
}

/// The first bytes of a digest.
fn short(bytes: &[u8], length: usize) -> String {
    Sha256::digest(bytes)[..length].iter().fold(String::with_capacity(2 * length), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn difference<'d>(
    state: &'d Document,
    own: Node<'d>,
    other: &'d Document,
    back: Node<'d>,
    depth: usize,
) -> Option<Patch<'d>> {
    let leaf = || Patch::Leaf { was: Some(hash(back)), is: own };
    match (own.kind(), back.kind()) {
        _ if depth == DEPTH => (written(own) != written(back)).then(leaf),
        (Kind::Object, Kind::Object) => members(state, own, other, back, depth + 1),
        (Kind::Array, Kind::Array) => elements(state, own, other, back, depth + 1),
        (Kind::String, Kind::String) => {
            if own.text()?.same_text(back.text()?) {
                return None;
            }
            let nested = |doc: &'d Document, node: Node<'d>| {
                node.raw().contains("$schemaVersion").then(|| doc.decode(node).ok()).flatten()
            };
            match (nested(state, own), nested(other, back)) {
                (Some(own), Some(back)) => {
                    let inner = difference(state, own, other, back, depth + 1);
                    Some(inner.map_or_else(leaf, |inner| Patch::Text(Box::new(inner))))
                }
                _ => Some(leaf()),
            }
        }
        (own_kind, kind) if own_kind == kind && own.raw() == back.raw() => None,
        _ => Some(leaf()),
    }
}

fn members<'d>(
    state: &'d Document,
    own: Node<'d>,
    other: &'d Document,
    back: Node<'d>,
    depth: usize,
) -> Option<Patch<'d>> {
    let theirs: HashMap<Vec<u8>, Node<'d>> =
        back.members().map(|member| (member.key.wtf8().into_owned(), member.value)).collect();
    let mut kept: HashSet<Vec<u8>> = HashSet::default();
    let (mut changed, mut added) = (Vec::new(), Vec::new());
    let mut order: Vec<Vec<u8>> = Vec::new();
    for member in own.members() {
        let key = member.key.wtf8().into_owned();
        match theirs.get(&key) {
            Some(value) => {
                if let Some(patch) = difference(state, member.value, other, *value, depth) {
                    changed.push((key.clone(), patch));
                }
                kept.insert(key.clone());
            }
            None => {
                added.push(key.clone());
                changed.push((key.clone(), Patch::Leaf { was: None, is: member.value }));
            }
        }
        order.push(key);
    }
    let (mut natural, mut gone) = (Vec::new(), Vec::new());
    for member in back.members() {
        let key = member.key.wtf8().into_owned();
        if kept.contains(&key) {
            natural.push(key);
        } else {
            gone.push((key, hash(member.value)));
        }
    }
    natural.extend(added);
    let order = if natural == order { Vec::new() } else { order };
    (!changed.is_empty() || !gone.is_empty() || !order.is_empty()).then_some(Patch::Members { changed, gone, order })
}

/// What an element of a list is about: its type and its id.
fn subject(node: Node<'_>) -> Vec<u8> {
    if node.kind() != Kind::Object {
        return hash(node).into_bytes();
    }
    let mut text = Vec::new();
    for object in parts(node) {
        for own in [object.member("type").and_then(Node::text), id(object)] {
            text.push(b'/');
            own.into_iter().for_each(|own| text.extend_from_slice(&own.wtf8()));
        }
    }
    text
}

/// An element of a list and what in it says what it is about.
fn parts<'d>(element: Node<'d>) -> impl Iterator<Item = Node<'d>> {
    let raw = element.member("raw_item").or(element.member("rawItem"));
    [element].into_iter().chain(raw).chain(calls(element))
}

fn id<'d>(object: Node<'d>) -> Option<Text<'d>> {
    let ids = ["call_id", "callId", "id", "response_id", "responseId"];
    ids.into_iter().find_map(|key| object.member(key).and_then(Node::text))
}

/// The same, where a call that hands the run over counts as any other.
fn place(node: Node<'_>) -> Vec<u8> {
    let subject = subject(node);
    let kinds: [(&[u8], &[u8]); 2] =
        [(b"/handoff_call_item", b"/tool_call_item"), (b"/handoff_output_item", b"/tool_call_output_item")];
    let other = kinds.iter().find_map(|(own, other)| Some([other, subject.strip_prefix(*own)?].concat()));
    other.unwrap_or(subject)
}

fn elements<'d>(
    state: &'d Document,
    own: Node<'d>,
    other: &'d Document,
    back: Node<'d>,
    depth: usize,
) -> Option<Patch<'d>> {
    let whole = || Some(Patch::Leaf { was: Some(hash(back)), is: own });
    let (mine, theirs): (Vec<_>, Vec<_>) = (own.elements().collect(), back.elements().collect());
    let (mut changed, mut new): (Vec<(usize, Patch<'d>)>, Vec<_>) = (Vec::new(), Vec::new());
    // In another order, elements are not what stands at their places.
    let same = |one: &Node<'d>, other: &Node<'d>| one.kind() != Kind::Object || place(*one) == place(*other);
    let parallel = mine.len() == theirs.len() && mine.iter().zip(&theirs).all(|(one, other)| same(one, other));
    let mut at = 0;
    for element in mine {
        let paired = theirs.get(at).filter(|other| parallel || subject(element) == subject(**other));
        let Some(paired) = paired else {
            new.push((at.checked_sub(1), element));
            continue;
        };
        if let Some(patch) = difference(state, element, other, *paired, depth) {
            changed.push((at, patch));
        }
        at += 1;
    }
    if at < theirs.len() {
        return whole();
    }
    if changed.is_empty() && new.is_empty() {
        return None;
    }
    // One name stands for one element, or the place is not known.
    let names = names(&theirs);
    let mut times: HashMap<&str, usize> = HashMap::default();
    names.iter().for_each(|name| *times.entry(name).or_default() += 1);
    if changed.iter().any(|(at, _)| times[&*names[*at]] > 1) {
        return whole();
    }
    let name = |at: usize| names.get(at).cloned().unwrap_or_default();
    let subjects = subjects(&theirs);
    let is_there = |element: Node<'d>| subjects.contains(&subject(element));
    Some(Patch::Elements {
        changed: changed.into_iter().map(|(at, patch)| (name(at), patch)).collect(),
        new: new
            .into_iter()
            .map(|(behind, element)| New { behind: behind.map(name), element, twin: is_there(element) })
            .collect(),
    })
}

fn subjects(list: &[Node<'_>]) -> HashSet<Vec<u8>> {
    list.iter().map(|element| subject(*element)).collect()
}

/// What the elements of a list are known by: what they are about, where an id says so and tells them apart, or all that they
/// say.
fn names(list: &[Node<'_>]) -> Vec<String> {
    let subjects: Vec<Vec<u8>> = list.iter().map(|element| subject(*element)).collect();
    let mut times: HashMap<&[u8], usize> = HashMap::default();
    subjects.iter().for_each(|subject| *times.entry(subject).or_default() += 1);
    let name = |(element, subject): (&Node<'_>, &Vec<u8>)| match times[&**subject] {
        1 if parts(*element).any(|part| id(part).is_some()) => short(subject, 8),
        _ => hash(*element),
    };
    list.iter().zip(&subjects).map(name).collect()
}

impl<'d> Patch<'d> {
    fn value(self) -> Value<'d> {
        let text = |hash: String| Value::from(hash.into_bytes());
        match self {
            Self::Leaf { was, is } => Object::new().with("w", was.map(text)).with("v", Some(Value::Node(is))).into(),
            Self::Members { changed, gone, order } => {
                let changed: Object<'d> =
                    changed.into_iter().map(|(key, patch)| (Key::Made(key), patch.value())).collect();
                let order = (!order.is_empty()).then(|| Value::List(order.into_iter().map(Value::from).collect()));
                let gone: Object<'d> = gone.into_iter().map(|(key, hash)| (Key::Made(key), text(hash))).collect();
                let gone = (!gone.is_empty()).then_some(Value::Object(gone));
                Object::new().with("m", Value::Object(changed)).with("d", gone).with("o", order).into()
            }
            Self::Elements { changed, new } => {
                let changed: Object<'d> =
                    changed.into_iter().map(|(hash, patch)| (Key::Made(hash.into_bytes()), patch.value())).collect();
                let new: Vec<Value<'d>> = new
                    .into_iter()
                    .map(|New { behind, element, twin }| {
                        let behind = behind.map_or(Value::NULL, text);
                        Value::List(vec![behind, Value::Node(element), Value::bool(twin)])
                    })
                    .collect();
                Object::new().with("e", Value::Object(changed)).with("i", Value::List(new)).into()
            }
            Self::Text(inner) => Object::new().with("t", inner.value()).into(),
        }
    }
}

/// Names every place where `back` is not as `state`.
pub(super) fn places(state: &Document, root: Node<'_>, back: &Document, each: &mut dyn FnMut(&str, DifferenceKind)) {
    if let Some(patch) = difference(state, root, back, back.root(), 0) {
        patch.places(&mut String::new(), each);
    }
}

impl Patch<'_> {
    fn places(&self, at: &mut String, each: &mut dyn FnMut(&str, DifferenceKind)) {
        let length = at.len();
        match self {
            Self::Leaf { was: Some(_), .. } => each(at, DifferenceKind::Changed),
            Self::Leaf { was: None, .. } => each(at, DifferenceKind::Gone),
            Self::Members { changed, gone, order } => {
                for (key, patch) in changed {
                    push_step(at, &String::from_utf8_lossy(key));
                    patch.places(at, each);
                    at.truncate(length);
                }
                for (key, _) in gone {
                    push_step(at, &String::from_utf8_lossy(key));
                    each(at, DifferenceKind::New);
                    at.truncate(length);
                }
                if !order.is_empty() && changed.is_empty() && gone.is_empty() {
                    each(at, DifferenceKind::Order);
                }
            }
            Self::Elements { changed, new } => {
                at.push_str("/#");
                changed.iter().for_each(|(_, patch)| patch.places(at, each));
                new.iter().for_each(|_| each(at, DifferenceKind::Gone));
                at.truncate(length);
            }
            Self::Text(inner) => {
                at.push('!');
                inner.places(at, each);
                at.truncate(length);
            }
        }
    }
}

fn is_hash(node: Option<Node<'_>>, value: Node<'_>) -> bool {
    node.and_then(Node::text).is_some_and(|was| was.is(&hash(value)))
}

fn applied<'d>(patch: Node<'d>, doc: &'d Document, back: Node<'d>, depth: usize, whole: bool) -> Value<'d> {
    if depth == DEPTH {
        return Value::Node(back);
    }
    if let Some(value) = patch.member("v") {
        let fits = is_hash(patch.member("w"), back);
        return Value::Node(if fits { value } else { back });
    }
    if let Some(inner) = patch.member("t").filter(|_| back.kind() == Kind::String) {
        let Some(nested) = doc.decode(back).ok() else { return Value::Node(back) };
        let mut out = Writer::new(Style::TypeScript);
        applied(inner, doc, nested, depth + 1, whole).write(&mut out);
        return Value::from(out.finish());
    }
    if let Some(changed) = patch.member("m").filter(|_| back.kind() == Kind::Object) {
        return applied_members(patch, changed, doc, back, depth + 1, whole);
    }
    let Some(changed) = patch.member("e").filter(|_| back.kind() == Kind::Array) else { return Value::Node(back) };
    let patches: HashMap<String, Node<'d>> =
        changed.members().map(|member| (member.key.lossy().into_owned(), member.value)).collect();
    let mut behind: HashMap<String, Vec<Node<'d>>> = HashMap::default();
    let mut list: Vec<Value<'d>> = Vec::new();
    let elements: Vec<Node<'d>> = back.elements().collect();
    let subjects = subjects(&elements);
    for entry in patch.member("i").into_iter().flat_map(Node::elements) {
        let mut parts = entry.elements();
        let (Some(anchor), Some(value)) = (parts.next(), parts.next()) else { continue };
        let twin = parts.next().and_then(Node::as_bool) == Some(true);
        if !twin && subjects.contains(&subject(value)) {
            continue;
        }
        match anchor.text() {
            Some(anchor) => behind.entry(anchor.lossy().into_owned()).or_default().push(value),
            None => list.push(Value::Node(value)),
        }
    }
    for (element, own) in elements.iter().copied().zip(names(&elements)) {
        list.push(match patches.get(&own) {
            Some(patch) => applied(*patch, doc, element, depth + 1, whole),
            None => Value::Node(element),
        });
        list.extend(behind.remove(&own).into_iter().flatten().map(Value::Node));
    }
    Value::List(list)
}

fn applied_members<'d>(
    patch: Node<'d>,
    changed: Node<'d>,
    doc: &'d Document,
    back: Node<'d>,
    depth: usize,
    whole: bool,
) -> Value<'d> {
    let text = |node: Node<'d>| node.text().map(|text| text.wtf8().into_owned());
    let patches: HashMap<Vec<u8>, Node<'d>> =
        changed.members().map(|member| (member.key.wtf8().into_owned(), member.value)).collect();
    let gone: HashMap<Vec<u8>, Node<'d>> = patch
        .member("d")
        .into_iter()
        .flat_map(Node::members)
        .map(|member| (member.key.wtf8().into_owned(), member.value))
        .collect();
    let closed = |key: &[u8]| !whole && DECISIONS.iter().any(|own| own.as_bytes() == key);
    let mut there: HashSet<Vec<u8>> = HashSet::default();
    let mut members: Vec<(Key<'d>, Value<'d>)> = Vec::new();
    for member in back.members() {
        let key = member.key.wtf8().into_owned();
        let value = match patches.get(&key).filter(|_| !closed(&key)) {
            Some(patch) => applied(*patch, doc, member.value, depth, whole),
            None => Value::Node(member.value),
        };
        there.insert(key.clone());
        let goes = gone.get(&key).is_some_and(|was| is_hash(Some(*was), member.value)) && !closed(&key);
        if !goes {
            members.push((Key::Text(member.key), value));
        }
    }
    for member in changed.members() {
        let added = member.value.member("w").is_none().then(|| member.value.member("v")).flatten();
        let key = member.key.wtf8();
        let added = added.filter(|_| whole || *key != *b"agent_run_state");
        if let Some(value) = added.filter(|_| !there.contains(&*key) && !closed(&key)) {
            members.push((Key::Text(member.key), Value::Node(value)));
        }
    }
    let order: HashMap<Vec<u8>, usize> = patch
        .member("o")
        .into_iter()
        .flat_map(Node::elements)
        .filter_map(text)
        .enumerate()
        .map(|(at, key)| (key, at))
        .collect();
    if !order.is_empty() {
        members.sort_by_cached_key(|(key, _)| order.get(&*key.wtf8()).copied().unwrap_or(usize::MAX));
    }
    Value::Object(members.into_iter().collect())
}
