//! Compaction items of states before 1.16, which had no run item for them: the reader works out where one belongs, and refuses
//! the state when the order of the items leaves it open (`rehydrateLegacyCompactionRunItems`, release 0.20.0).

use std::collections::BTreeMap;

use crate::codes;
use crate::hash::HashSet;
use crate::json::{Kind, Member, Node};
use crate::record::{Field, Record as _, Shape, Unknown, Wire as _};
use crate::typescript::raw::{FunctionCall, OutputItem};
use crate::typescript::{AgentRef, RunItem};

use super::Judge;
use super::progress::chosen;

/// The order of the items does not tell where the compaction item belongs.
struct Ambiguous;

/// An item of the history that stands for something in a response.
struct Anchor {
    key: Key,
    item: usize,
    agent: Option<Key>,
}

/// Something in a response that the history holds, too.
struct Source {
    key: Key,
    at: usize,
}

/// A value with its members in order, for comparing.
type Key = Vec<u8>;

/// The last label without run items for compaction.
const LAST: u16 = 15;

impl Judge<'_, '_> {
    /// Whether the latest compaction item of the responses has one place in the history.
    pub(super) fn legacy_compaction(&mut self) {
        if self.label > LAST {
            return;
        }
        let root = self.state.node();
        let elements = |key: &str| root.member(key).into_iter().flat_map(Node::elements).collect::<Vec<_>>();
        let mut responses = elements("modelResponses");
        if responses.is_empty() {
            responses.extend(root.member("lastModelResponse"));
        }
        let outputs: Vec<Vec<Node<'_>>> = responses
            .iter()
            .map(|response| response.member("output").into_iter().flat_map(Node::elements).collect())
            .collect();
        let latest = outputs.iter().enumerate().rev().find_map(|(response, output)| {
            output.iter().rposition(|item| is(*item, "compaction")).map(|item| (response, item))
        });
        let Some((response, at)) = latest else { return };
        let processed = root.member("lastProcessedResponse").filter(|node| node.kind() == Kind::Object);
        let history = History { items: elements("generatedItems"), processed, outputs: &outputs };
        if history.place(response, at).is_err() {
            let message = "where this compaction item belongs in the history cannot be told under this label";
            self.refuse(codes::LABEL_GATE, outputs[response][at], message);
        }
    }
}

struct History<'h, 'd> {
    items: Vec<Node<'d>>,
    processed: Option<Node<'d>>,
    outputs: &'h [Vec<Node<'d>>],
}

impl<'d> History<'_, 'd> {
    fn place(&self, response: usize, at: usize) -> Result<(), Ambiguous> {
        let output = &self.outputs[response];
        let last = self.outputs.last().map_or(&[][..], Vec::as_slice);
        let optional = self.omitted_handoffs(last);
        let new_items = self.processed.map(new_items);
        if response + 1 != self.outputs.len() {
            let boundary = new_items
                .as_deref()
                .map(|new_items| self.following(new_items, &self.outputs[response + 1..], &optional))
                .transpose()?
                .flatten()
                .ok_or(Ambiguous)?;
            return historical(&self.items[..boundary], output, at, response > 0);
        }
        let Some(new_items) = new_items else {
            return insertion(&self.items, output, at, &HashSet::default()).map(|_| ());
        };
        let processed_agent = insertion(&new_items, output, at, &optional)?;
        let start = trailing(&self.items, &new_items).ok_or(Ambiguous)?;
        let agent = insertion(&self.items[start..], output, at, &optional)?;
        match (processed_agent, agent) {
            (Some(one), Some(two)) if one != two => Err(Ambiguous),
            _ => Ok(()),
        }
    }

    /// The first item of the responses behind the compaction, if the history tells.
    fn following(
        &self,
        new_items: &[Node<'d>],
        outputs: &[Vec<Node<'d>>],
        optional: &HashSet<usize>,
    ) -> Result<Option<usize>, Ambiguous> {
        let Some((last, before)) = outputs.split_last() else { return Ok(None) };
        let item = trailing(&self.items, new_items).ok_or(Ambiguous)?;
        if !anchors(&self.items[item + new_items.len()..], last).is_empty() {
            return Err(Ambiguous);
        }
        let found = anchors(new_items, last);
        let sources = represented(last, None, &found, optional);
        all_represented(last, None, optional, &sources)?;
        if found.is_empty() || !same_keys(&found, &sources) {
            return Ok(None);
        }
        one_agent(&found)?;
        let boundary = before.iter().rev().try_fold(item, |end, output| self.preceding(end, output))?;
        Ok(Some(boundary))
    }

    fn preceding(&self, end: usize, output: &[Node<'d>]) -> Result<usize, Ambiguous> {
        let items = &self.items[..end];
        let found = anchors(items, output);
        let sources = represented(output, None, &found, &HashSet::default());
        all_represented(output, None, &HashSet::default(), &sources)?;
        let start = only_match(&found, &sources)?;
        let (matched, behind) = found[start..].split_at(sources.len());
        if behind.iter().any(|anchor| !is(items[anchor.item], "tool_call_output_item")) {
            return Err(Ambiguous);
        }
        one_agent(matched)?;
        Ok(matched[0].item)
    }

    /// Calls of handoffs behind the first of a response, which old releases left out of the history.
    fn omitted_handoffs(&self, output: &[Node<'d>]) -> HashSet<usize> {
        let handoffs = self.processed.and_then(|node| node.member("handoffs"));
        let (mut matched, mut from) = (Vec::new(), 0);
        for handoff in handoffs.into_iter().flat_map(Node::elements) {
            let Some(call) = handoff.member("toolCall").filter(|call| is(*call, "function_call")) else {
                return HashSet::default();
            };
            let wanted = key(call);
            let found = (from..output.len()).find(|&at| is(output[at], "function_call") && key(output[at]) == wanted);
            let Some(at) = found else { return HashSet::default() };
            matched.push(at);
            from = at + 1;
        }
        matched.into_iter().skip(1).collect()
    }
}

fn new_items(processed: Node<'_>) -> Vec<Node<'_>> {
    processed.member("newItems").into_iter().flat_map(Node::elements).collect()
}

/// Whether the compaction of an earlier response has one place before what follows.
fn historical(items: &[Node<'_>], output: &[Node<'_>], at: usize, earlier: bool) -> Result<(), Ambiguous> {
    let found = anchors(items, output);
    let sources = represented(output, Some(at), &found, &HashSet::default());
    all_represented(output, Some(at), &HashSet::default(), &sources)?;
    if sources.is_empty() {
        return if !earlier && !found.is_empty() { Err(Ambiguous) } else { Ok(()) };
    }
    let start = only_match(&found, &sources)?;
    one_agent(&found[start..start + sources.len()]).map(|_| ())
}

/// The agent of the items around the place of the compaction, if there is exactly one place.
fn insertion(
    items: &[Node<'_>],
    output: &[Node<'_>],
    at: usize,
    optional: &HashSet<usize>,
) -> Result<Option<Key>, Ambiguous> {
    let found = anchors(items, output);
    let sources = represented(output, Some(at), &found, optional);
    all_represented(output, Some(at), optional, &sources)?;
    if !same_keys(&found, &sources) {
        return Err(Ambiguous);
    }
    if sources.is_empty() {
        return if items.is_empty() { Ok(None) } else { Err(Ambiguous) };
    }
    let agent = one_agent(&found)?;
    let before = sources.iter().filter(|source| source.at < at).count();
    match found.get(before) {
        Some(next) if before == 0 && next.item != 0 => Err(Ambiguous),
        _ => Ok(agent),
    }
}

/// The items of the history that stand for parts of responses.
fn anchors(items: &[Node<'_>], output: &[Node<'_>]) -> Vec<Anchor> {
    const ALWAYS: &[&str] =
        &["message_output_item", "tool_search_call_item", "tool_call_item", "reasoning_item", "handoff_call_item"];
    let keys: HashSet<Key> = output.iter().map(|item| key(*item)).collect();
    let anchor = |(at, item): (usize, &Node<'_>)| {
        let raw = item.member("rawItem")?;
        let always = ALWAYS.iter().any(|kind| is(*item, kind));
        let answered = is(raw, "program_output") || is(raw, "shell_call_output");
        let listed = is(*item, "tool_search_output_item") || (is(*item, "tool_call_output_item") && answered);
        let key = key(raw);
        let stands = always || (listed && keys.contains(&key));
        stands.then(|| Anchor {
            key,
            item: at,
            agent: item.member("agent").map(|agent| canonical(agent, AgentRef::shape())),
        })
    };
    items.iter().enumerate().filter_map(anchor).collect()
}

/// The parts of a response that the history holds.
fn represented(
    output: &[Node<'_>],
    compaction: Option<usize>,
    found: &[Anchor],
    optional: &HashSet<usize>,
) -> Vec<Source> {
    let sources = output.iter().enumerate().filter(|(at, _)| Some(*at) != compaction);
    if optional.is_empty() {
        let keys: HashSet<&Key> = found.iter().map(|anchor| &anchor.key).collect();
        let sources = sources.map(|(at, item)| Source { key: key(*item), at });
        return sources.filter(|source| keys.contains(&source.key)).collect();
    }
    let mut next = found.iter().peekable();
    let mut kept = Vec::new();
    for (at, item) in sources.filter(|(at, _)| !optional.contains(at)) {
        let key = key(*item);
        if next.next_if(|anchor| anchor.key == key).is_some() {
            kept.push(Source { key, at });
        }
    }
    kept
}

/// Refuses when something in a response that must be in the history is not.
fn all_represented(
    output: &[Node<'_>],
    compaction: Option<usize>,
    optional: &HashSet<usize>,
    sources: &[Source],
) -> Result<(), Ambiguous> {
    const NEVER: &[&str] = &["compaction", "function_call_result", "apply_patch_call_output", "unknown"];
    let held: HashSet<usize> = sources.iter().map(|source| source.at).collect();
    let missing = output.iter().enumerate().any(|(at, item)| {
        let omitted = is(*item, "function_call") && optional.contains(&at);
        let free = Some(at) == compaction || omitted || NEVER.iter().any(|kind| is(*item, kind));
        !free && !held.contains(&at)
    });
    if missing { Err(Ambiguous) } else { Ok(()) }
}

/// The one place where the parts stand behind one another.
fn only_match(found: &[Anchor], sources: &[Source]) -> Result<usize, Ambiguous> {
    if sources.is_empty() || sources.len() > found.len() {
        return Err(Ambiguous);
    }
    let mut starts = (0..=found.len() - sources.len())
        .filter(|&start| found[start..].iter().zip(sources).all(|(anchor, source)| anchor.key == source.key));
    match (starts.next(), starts.next()) {
        (Some(start), None) => Ok(start),
        _ => Err(Ambiguous),
    }
}

fn same_keys(found: &[Anchor], sources: &[Source]) -> bool {
    found.len() == sources.len() && found.iter().zip(sources).all(|(anchor, source)| anchor.key == source.key)
}

fn one_agent(found: &[Anchor]) -> Result<Option<Key>, Ambiguous> {
    let first = found.first().and_then(|anchor| anchor.agent.clone());
    if found.iter().all(|anchor| anchor.agent == first) { Ok(first) } else { Err(Ambiguous) }
}

/// Where the items of the last response stand for the last time in the history.
fn trailing(items: &[Node<'_>], new_items: &[Node<'_>]) -> Option<usize> {
    let items: Vec<Key> = items.iter().map(|item| canonical(*item, RunItem::shape())).collect();
    let wanted: Vec<Key> = new_items.iter().map(|item| canonical(*item, RunItem::shape())).collect();
    if wanted.is_empty() { Some(items.len()) } else { items.windows(wanted.len()).rposition(|window| window == wanted) }
}

fn is(node: Node<'_>, kind: &str) -> bool {
    node.member("type").and_then(Node::text).is_some_and(|text| text.is(kind))
}

/// A part of a response for comparing; a call within a namespace is the same as a call of the dotted name.
fn key(item: Node<'_>) -> Key {
    let text = |key: &str| item.member(key).and_then(Node::text).filter(|text| !text.is_empty());
    match text("namespace").filter(|_| is(item, "function_call")) {
        None => canonical(item, OutputItem::shape()),
        Some(namespace) => {
            let mut members: BTreeMap<Vec<u8>, Key> = BTreeMap::new();
            for field in FunctionCall::INFO.fields.iter().filter(|field| field.row.key != "namespace") {
                if let Some(value) = item.member(field.row.key) {
                    members.insert(field.row.key.as_bytes().to_vec(), canonical(value, shape_of(field)));
                }
            }
            if let Some(name) = text("name") {
                let dotted = [b"s", &*namespace.wtf8(), b".", &*name.wtf8()].concat();
                members.insert(b"name".to_vec(), dotted);
            }
            object(members)
        }
    }
}

fn shape_of(field: &Field) -> Shape {
    if field.row.tags.is_empty() { (field.shape)() } else { Shape::Text }
}

/// What the schema keeps of a value, with its members in order. What lies deeper than 128 levels counts as it is written.
fn canonical(node: Node<'_>, shape: Shape) -> Key {
    fn at(node: Node<'_>, shape: Shape, depth: u8) -> Key {
        let element = match shape {
            Shape::Union(choices) => return at(node, chosen(node, choices), depth),
            Shape::List(element) | Shape::Filled(element) | Shape::Map(element) => element(),
            _ => Shape::Any,
        };
        match node.kind() {
            _ if depth == 0 => node.raw().as_bytes().to_vec(),
            Kind::String => [b"s", &*node.text().map(|text| text.wtf8()).unwrap_or_default()].concat(),
            Kind::Number => node.number().map_or_else(Vec::new, |number| number.to_f64().to_string().into_bytes()),
            Kind::Array => {
                let mut key = b"[".to_vec();
                for value in node.elements() {
                    part(&mut key, &at(value, element, depth - 1));
                }
                key
            }
            Kind::Object => {
                let fields = match shape {
                    Shape::Record(info) if info.unknown != Unknown::Kept => Some(info.fields),
                    _ => None,
                };
                let kept = |one: Member<'_>| {
                    let shape = match fields {
                        Some(fields) => shape_of(fields.iter().find(|field| one.key.is(field.row.key))?),
                        None => element,
                    };
                    Some((one.key.wtf8().into_owned(), at(one.value, shape, depth - 1)))
                };
                object(node.members().filter_map(kept).collect())
            }
            Kind::Null | Kind::Bool => node.raw().as_bytes().to_vec(),
        }
    }
    at(node, shape, 128)
}

fn object(members: BTreeMap<Vec<u8>, Key>) -> Key {
    let mut key = b"{".to_vec();
    for (name, value) in members {
        part(&mut key, &name);
        part(&mut key, &value);
    }
    key
}

/// Appends with the length in front, so that no two lists of parts look the same.
fn part(key: &mut Key, part: &[u8]) {
    key.extend_from_slice(&part.len().to_le_bytes());
    key.extend_from_slice(part);
}
