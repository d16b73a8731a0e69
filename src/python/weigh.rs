//! What Python makes of a wrong value: null, emptiness, and values that cannot be looked up.

use crate::finding::Effect;
use crate::json::{Kind, Node};

/// Whether Python takes the value for false.
pub(in crate::python) fn is_falsy(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Null => true,
        Kind::Bool => node.as_bool() == Some(false),
        Kind::Number => node.number().is_some_and(|number| number.to_f64() == 0.0),
        Kind::String => node.text().is_some_and(|text| text.is_empty()),
        Kind::Array | Kind::Object => node.is_empty(),
    }
}

/// A list that the reader loops over without a look at its type: an empty text or object is as good as an empty list,
/// and the characters or keys of others are no objects.
pub(in crate::python) fn looped(node: Node<'_>) -> Option<Effect> {
    match node.kind() {
        Kind::String | Kind::Object if is_falsy(node) => Some(Effect::Note),
        _ => Some(Effect::Refused),
    }
}

/// The same where anything false counts as an empty list.
pub(in crate::python) fn looped_or_false(node: Node<'_>) -> Option<Effect> {
    Some(if is_falsy(node) { Effect::Note } else { Effect::Refused })
}

/// The same where elements that are no objects are skipped, so that only what cannot be looped over is refused.
pub(in crate::python) fn skimmed(node: Node<'_>) -> Option<Effect> {
    match node.kind() {
        Kind::String | Kind::Object => Some(if is_falsy(node) { Effect::Note } else { Effect::Stuck }),
        _ => Some(Effect::Refused),
    }
}

/// The same where anything false counts as an empty list as well.
pub(in crate::python) fn skimmed_or_false(node: Node<'_>) -> Option<Effect> {
    if is_falsy(node) { Some(Effect::Note) } else { skimmed(node) }
}

/// An object of which anything false counts as absent.
pub(in crate::python) fn object_or_false(node: Node<'_>) -> Option<Effect> {
    Some(if is_falsy(node) { Effect::Note } else { Effect::Refused })
}

/// Null counts as absent, and nothing else does.
pub(in crate::python) fn null(node: Node<'_>) -> Option<Effect> {
    node.is_null().then_some(Effect::Note)
}

/// A name that is looked up: an array or object cannot be, and the reader fails on it; anything else is not found.
pub(in crate::python) fn looked_up(node: Node<'_>) -> Option<Effect> {
    (matches!(node.kind(), Kind::Array | Kind::Object) && !is_falsy(node)).then_some(Effect::Refused)
}

/// A reference to an agent: a name alone will do.
pub(in crate::python) fn named(node: Node<'_>) -> Option<Effect> {
    node.text().filter(|text| !text.is_empty()).map(|_| Effect::Note)
}

/// The names of used tools: texts and objects are looped over as well.
pub(in crate::python) fn names(node: Node<'_>) -> Option<Effect> {
    match node.kind() {
        Kind::String | Kind::Object => Some(Effect::Lost),
        _ => Some(Effect::Refused),
    }
}

/// A policy that is looked up in a set.
pub(in crate::python) fn policy(node: Node<'_>) -> Option<Effect> {
    match node.kind() {
        Kind::Array | Kind::Object => Some(Effect::Refused),
        _ => Some(Effect::Lost),
    }
}

/// Safety checks: anything empty that can be looped over will do.
pub(in crate::python) fn safety_checks(node: Node<'_>) -> Option<Effect> {
    (matches!(node.kind(), Kind::String | Kind::Object) && is_falsy(node)).then_some(Effect::Note)
}

/// The output of a tool in the history: null loses the item, and what is no object is kept as it is.
pub(in crate::python) fn unless_null(node: Node<'_>) -> Option<Effect> {
    (!node.is_null()).then_some(Effect::Note)
}

/// The type that a guardrail's result claims: anything false counts as the right one.
pub(in crate::python) fn kind(node: Node<'_>) -> Option<Effect> {
    is_falsy(node).then_some(Effect::Note)
}

/// The tool of an MCP server's question: one that is false is skipped, another is found by the request's server.
pub(in crate::python) fn mcp_tool(node: Node<'_>) -> Option<Effect> {
    Some(if is_falsy(node) { Effect::Stuck } else { Effect::Note })
}

/// The same before 1.14, where the tool is found by its name.
pub(in crate::python) fn named_mcp_tool(node: Node<'_>) -> Option<Effect> {
    Some(if is_falsy(node) { Effect::Stuck } else { Effect::Refused })
}

/// Results of guardrails: texts and objects are looped over, and what is in them becomes empty results.
pub(in crate::python) fn results(node: Node<'_>) -> Option<Effect> {
    match node.kind() {
        Kind::String | Kind::Object if !is_falsy(node) => Some(Effect::Lost),
        _ if is_falsy(node) => Some(Effect::Note),
        _ => Some(Effect::Refused),
    }
}
