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
use crate::json::{Document, Key, Kind, Node, Object, Style, Value, Writer, push_step};

use crate::{python, typescript};

use super::roundtrip::DifferenceKind;

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
/// Nested runs are followed this deep.
const DEPTH: usize = 16;

/// What has to be done to what comes back.
enum Patch<'d> {
    /// Another value, where this one (by its hash) or none is.
    Leaf { was: Option<String>, is: Node<'d> },
    /// An object: changed members, members that go (with the hash of what goes), and the order of the keys if it is
    /// another one.
    Members { changed: Vec<(Vec<u8>, Patch<'d>)>, gone: Vec<(Vec<u8>, String)>, order: Vec<Vec<u8>> },
    /// An array: changed elements by their hash, and new ones behind the element with a hash.
    Elements { changed: Vec<(String, Patch<'d>)>, new: Vec<(Option<String>, Node<'d>)> },
    /// A string that holds a state.
    Text(Box<Patch<'d>>),
}

/// Writes down what has to be done to `back` so that it becomes `state`, and says whether that is anything.
pub(super) fn pack(format: Format, state: &Document, root: Node<'_>, back: &Document) -> (Vec<u8>, bool) {
    let patch = difference(state, root, back, back.root(), 0);
    let any = patch.is_some();
    let patch = patch.unwrap_or(Patch::Members { changed: Vec::new(), gone: Vec::new(), order: Vec::new() });
    let head = Object::new()
        .with("version", Value::integer(1))
        .with("format", Value::from(format.to_string().into_bytes()))
        .with("back", Value::from(hash(back.root()).into_bytes()))
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

/// Does what is written down to a state; parts that no longer fit are left out.
pub(super) fn restore<'d>(carried: Node<'d>, back: &'d Document) -> Option<Value<'d>> {
    let patch = carried.member("patch")?;
    let whole = is_hash(carried.member("back"), back.root());
    let mut tree = applied(patch, back, back.root(), 0, whole);
    if !whole && let Some(state) = tree.object_mut() {
        python::convert::place_items(state);
        typescript::convert::place_items(state);
    }
    Some(tree)
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

fn hash(node: Node<'_>) -> String {
    let mut out = Writer::new(Style::TypeScript);
    out.node(node);
    let digest = Sha256::digest(out.finish());
    digest[..16].iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether two values are written alike, the order of members included.
fn same(one: Node<'_>, two: Node<'_>) -> bool {
    if one.kind() != two.kind() {
        return false;
    }
    match one.kind() {
        Kind::Object => {
            let mut others = two.members();
            let all = one.members().all(|member| {
                others.next().is_some_and(|other| member.key.same_text(other.key) && same(member.value, other.value))
            });
            all && others.next().is_none()
        }
        Kind::Array => {
            let mut others = two.elements();
            one.elements().all(|element| others.next().is_some_and(|other| same(element, other)))
                && others.next().is_none()
        }
        Kind::String => one.text().zip(two.text()).is_some_and(|(one, two)| one.same_text(two)),
        _ => one.raw() == two.raw(),
    }
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
        (Kind::Object, Kind::Object) => members(state, own, other, back, depth),
        (Kind::Array, Kind::Array) => elements(state, own, other, back, depth),
        (Kind::String, Kind::String) => {
            if own.text()?.same_text(back.text()?) {
                return None;
            }
            let nested = |doc: &'d Document, node: Node<'d>| {
                node.raw().contains("$schemaVersion").then(|| doc.decode(node).ok()).flatten()
            };
            match (nested(state, own), nested(other, back)) {
                (Some(own), Some(back)) if depth < DEPTH => {
                    let inner = difference(state, own, other, back, depth + 1);
                    Some(inner.map_or_else(leaf, |inner| Patch::Text(Box::new(inner))))
                }
                _ => Some(leaf()),
            }
        }
        _ if same(own, back) => None,
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

/// What an element of a list is about: its type and the ids in it.
fn subject(node: Node<'_>) -> Vec<u8> {
    if node.kind() != Kind::Object {
        return hash(node).into_bytes();
    }
    let mut text = Vec::new();
    let raw = node.member("raw_item").or(node.member("rawItem"));
    for object in [Some(node), raw].into_iter().flatten() {
        for key in ["type", "id", "call_id", "callId", "response_id", "responseId"] {
            text.push(b'/');
            if let Some(own) = object.member(key).and_then(Node::text) {
                text.extend_from_slice(&own.wtf8());
            }
        }
    }
    text
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
    let (mut changed, mut new): (Vec<(String, Patch<'d>)>, Vec<_>) = (Vec::new(), Vec::new());
    // In another order, elements are not what stands at their places.
    let same = |one: &Node<'d>, other: &Node<'d>| one.kind() != Kind::Object || place(*one) == place(*other);
    let parallel = mine.len() == theirs.len() && mine.iter().zip(&theirs).all(|(one, other)| same(one, other));
    let mut at = 0;
    for element in mine {
        let paired = theirs.get(at).filter(|other| parallel || subject(element) == subject(**other));
        let Some(paired) = paired else {
            new.push((at.checked_sub(1).and_then(|at| theirs.get(at)).map(|before| hash(*before)), element));
            continue;
        };
        if let Some(patch) = difference(state, element, other, *paired, depth) {
            changed.push((hash(*paired), patch));
        }
        at += 1;
    }
    if at < theirs.len() {
        return whole();
    }
    // One hash stands for one element, or the place is not known.
    let mut seen: HashSet<&str> = HashSet::default();
    let anchors = changed.iter().map(|(hash, _)| hash.as_str());
    let twice = !anchors.into_iter().all(|hash| seen.insert(hash));
    let counts = |wanted: &str| theirs.iter().filter(|node| hash(**node) == wanted).count() > 1;
    if twice || changed.len() < 8 && changed.iter().any(|(hash, _)| counts(hash)) {
        return whole();
    }
    (!changed.is_empty() || !new.is_empty()).then_some(Patch::Elements { changed, new })
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
                    .map(|(behind, value)| Value::List(vec![behind.map_or(Value::NULL, text), Value::Node(value)]))
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
    if let Some(value) = patch.member("v") {
        let fits = is_hash(patch.member("w"), back);
        return Value::Node(if fits { value } else { back });
    }
    if let Some(inner) = patch.member("t").filter(|_| depth < DEPTH && back.kind() == Kind::String) {
        let Some(nested) = doc.decode(back).ok() else { return Value::Node(back) };
        let mut out = Writer::new(Style::TypeScript);
        applied(inner, doc, nested, depth + 1, whole).write(&mut out);
        return Value::from(out.finish());
    }
    if let Some(changed) = patch.member("m").filter(|_| back.kind() == Kind::Object) {
        return applied_members(patch, changed, doc, back, depth, whole);
    }
    let Some(changed) = patch.member("e").filter(|_| back.kind() == Kind::Array) else { return Value::Node(back) };
    let patches: HashMap<String, Node<'d>> =
        changed.members().map(|member| (member.key.lossy().into_owned(), member.value)).collect();
    let mut behind: HashMap<String, Vec<Node<'d>>> = HashMap::default();
    let mut list: Vec<Value<'d>> = Vec::new();
    for entry in patch.member("i").into_iter().flat_map(Node::elements) {
        let mut parts = entry.elements();
        let (Some(anchor), Some(value)) = (parts.next(), parts.next()) else { continue };
        match anchor.text() {
            Some(anchor) => behind.entry(anchor.lossy().into_owned()).or_default().push(value),
            None => list.push(Value::Node(value)),
        }
    }
    for element in back.elements() {
        let own = hash(element);
        list.push(match patches.get(&own) {
            Some(patch) => applied(*patch, doc, element, depth, whole),
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
