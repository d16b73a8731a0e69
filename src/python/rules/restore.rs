//! What is left of the items after loading: the reader drops those that it cannot read, or whose agent is not there.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Node};
use crate::record::{Reader, Sifted, Slot, Wire as _};

use super::super::bounds::{V1_5, V1_13, V1_15};
use super::super::items::{Items, RunItem};
use super::super::weigh::is_falsy;
use super::history::History;
use super::roster::{Found, Roster, resolve};
use super::unnamed;

/// An item that the reader keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restored<'s, 'd> {
    /// The item.
    pub(super) item: &'s RunItem<'d>,
    /// Its raw item.
    pub(super) raw: Node<'d>,
    /// Its place in the list of the file.
    pub(super) place: usize,
}

/// The items that the reader keeps of a list. The history takes each in while it is at hand: a pass of its own over all
/// items would take as long as everything else.
pub(super) fn items<'s, 'd>(
    list: &'s Slot<'d, Items<'d>>,
    roster: Option<&Roster<'_>>,
    history: &mut History<'d>,
    cx: &mut Reader<'d>,
) -> Vec<Restored<'s, 'd>> {
    let Some(list) = list.value() else { return Vec::new() };
    let mut kept = Vec::with_capacity(list.len());
    for (place, sifted) in list.items.iter().enumerate().filter_map(|(place, slot)| Some((place, slot.value()?))) {
        if let Some(raw) = keep(sifted, roster, cx) {
            let restored = Restored { item: &sifted.value, raw, place };
            history.item(&restored, cx);
            kept.push(restored);
        }
    }
    kept
}

/// The raw item, if the reader keeps the item.
fn keep<'d>(sifted: &Sifted<RunItem<'d>>, roster: Option<&Roster<'_>>, cx: &mut Reader<'d>) -> Option<Node<'d>> {
    let node = sifted.value.node();
    let (mut kind, mut agent, mut raw) = (None, None, None);
    for member in node.members() {
        if member.key.is("type") {
            kind = Some(member.value);
        } else if member.key.is("agent") {
            agent = Some(member.value);
        } else if member.key.is("raw_item") {
            raw = Some(member.value);
        }
    }
    if kind.is_none_or(is_falsy) {
        return None;
    }
    let own = resolve(roster, agent, cx);
    let found = match &sifted.value {
        RunItem::HandoffOutput(_) => {
            let ends = [node.member("source_agent"), node.member("target_agent")];
            let [source, target] = ends.map(|end| resolve(roster, end, cx));
            let ends = [source, target].into_iter().find(|end| !matches!(end, Found::Agent(_)));
            ends.unwrap_or(if matches!(own, Found::Agent(_)) { own } else { source })
        }
        _ => own,
    };
    if let Found::Unknown(name) = found {
        let message = format!("the agent \"{}\" is not there: the SDK drops the item", name.lossy());
        cx.raise(codes::UNKNOWN_AGENT, Effect::Lost, name.node(), message);
    } else if matches!(found, Found::Nobody) {
        unnamed(agent, Effect::Lost, cx);
    }
    let Some(raw) = raw else {
        // The rows of the items that it knows say the same.
        if matches!(found, Found::Agent(_)) && is_strange(&sifted.value, cx) {
            cx.raise(codes::ITEM_DROPPED, Effect::Refused, node, "the SDK fails on an item without `raw_item`");
        }
        return None;
    };
    if sifted.dropped || !matches!(found, Found::Agent(_)) {
        return None;
    }
    let kind = raw.member("type");
    let is_kind = |wanted| kind.and_then(Node::text).is_some_and(|kind| kind.is(wanted));
    if let Some(wanted) = wanted(&sifted.value)
        && !is_kind(wanted)
    {
        cx.raise(codes::ITEM_DROPPED, Effect::Lost, raw, format!("expected a raw item of type \"{wanted}\""));
        return None;
    }
    if is_kind("local_shell_call_output") && !cx.reader_has(V1_15) && raw.member("id").and_then(Node::text).is_none() {
        let message = format!("{} drops what a local shell call printed when it has no `id`", cx.reader);
        cx.raise(codes::ITEM_DROPPED, Effect::Lost, raw, message);
        return None;
    }
    if is_kind("program_output") && matches!(sifted.value, RunItem::ToolCallOutput(_)) && !cx.reader_has(V1_13) {
        let message = format!("{} drops what came of a program", cx.reader);
        cx.raise(codes::ITEM_DROPPED, Effect::Lost, raw, message);
        return None;
    }
    let parsed = matches!(sifted.value, RunItem::ToolCall(_) | RunItem::Approval(_));
    if parsed && has_unhashable_type(raw) {
        cx.raise(codes::ITEM_DROPPED, Effect::Lost, raw, "the type of the raw item cannot be looked up");
        return None;
    }
    Some(raw)
}

/// Whether the reader does not know the type of an item.
fn is_strange(item: &RunItem<'_>, cx: &Reader<'_>) -> bool {
    match item {
        RunItem::Other(_) => true,
        RunItem::Input(_) => !cx.reader_has(V1_15),
        RunItem::ToolSearchCall(_) | RunItem::ToolSearchOutput(_) => !cx.reader_has(V1_5),
        _ => false,
    }
}

/// The type that the raw item of a search for tools must have.
fn wanted(item: &RunItem<'_>) -> Option<&'static str> {
    match item {
        RunItem::ToolSearchCall(_) => Some("tool_search_call"),
        RunItem::ToolSearchOutput(_) => Some("tool_search_output"),
        _ => None,
    }
}

/// Whether the `type` of a raw item is an array or object, which Python cannot look up in a set.
pub(super) fn has_unhashable_type(raw: Node<'_>) -> bool {
    raw.member("type").is_some_and(|kind| matches!(kind.kind(), Kind::Array | Kind::Object))
}
