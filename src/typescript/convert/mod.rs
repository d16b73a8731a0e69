//! How a state of the TypeScript SDK becomes another one. A state is a tree here, in which nested runs are opened: the
//! values of `pendingAgentToolRuns` are objects, and [`close`] turns them into texts again.

mod decisions;
mod derive;
mod gather;
mod lift;
mod lower;
mod names;
mod parts;
mod provider;
mod raw;
mod steps;

pub use derive::{NAMED_TOOLS, derive, named_tools, own_items, place_items};
pub use lift::lift;
pub use lower::lower;
pub use steps::{LEDGER, SERVERS, TYPED_OUTPUTS, bring, finish, revive};

use crate::json::{Document, Key, Kind, Node, Object, Style, Value, Writer};
use crate::model::state::ToolKey;
use crate::record::NESTING;
use crate::typescript::canonical::{array_index, strict};

/// The state as a tree, in which the texts of nested runs are opened as deep as states are read.
#[must_use]
pub fn open<'d>(doc: &'d Document, root: Node<'d>) -> Value<'d> {
    opened(doc, root, 0)
}

fn opened<'d>(doc: &'d Document, root: Node<'d>, depth: usize) -> Value<'d> {
    let mut tree = Value::Node(root);
    let has_runs = root
        .member("pendingAgentToolRuns")
        .is_some_and(|runs| runs.kind() == Kind::Object && runs.members().next().is_some());
    if !has_runs || depth >= usize::from(NESTING) {
        return tree;
    }
    if let Some(runs) = tree.object_mut().and_then(|state| state.get_mut("pendingAgentToolRuns")?.object_mut()) {
        for (_, run) in runs.members_mut() {
            let Value::Node(node) = run else { continue };
            let nested = (node.kind() == Kind::String).then(|| doc.decode(*node).ok()).flatten();
            if let Some(nested) = nested.filter(|nested| nested.kind() == Kind::Object) {
                *run = opened(doc, nested, depth + 1);
            }
        }
    }
    tree
}

/// Makes texts of nested runs again. A run that was not touched keeps its text.
pub fn close(tree: &mut Value<'_>) {
    let Some(state) = touched(tree) else { return };
    let Some(runs) = state.get_mut("pendingAgentToolRuns").and_then(touched) else { return };
    for (_, run) in runs.members_mut() {
        if run.kind() != Kind::Object {
            continue;
        }
        close(run);
        let mut out = Writer::new(Style::TypeScript);
        run.write(&mut out);
        *run = Value::from(out.finish());
    }
}

/// The runs within a run that were opened.
fn runs<'s, 'd>(state: &'s mut Object<'d>) -> impl Iterator<Item = &'s mut Object<'d>> {
    let has_runs = state.get("pendingAgentToolRuns").is_some_and(|runs| matches!(runs, Value::Object(_)));
    let runs = if has_runs { state.get_mut("pendingAgentToolRuns").and_then(Value::object_mut) } else { None };
    let runs = runs.into_iter().flat_map(Object::members_mut);
    runs.filter_map(|(_, run)| run.object_mut())
}

/// The members of an object that was taken apart.
fn touched<'t, 'd>(value: &'t mut Value<'d>) -> Option<&'t mut Object<'d>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// What a canonical tool key, the text of an array, says.
fn tool_of_key<'d>(key: &[u8]) -> Option<ToolKey<'d>> {
    let doc = strict(key.to_vec())?;
    let mut parts = doc.root().elements().map(|part| part.text().map(|text| Value::from(text.wtf8().into_owned())));
    let kind = doc.root().elements().next()?.text()?;
    parts.next();
    let (first, second) = (parts.next()??, parts.next());
    if kind.is("bare") && second.is_none() {
        return Some(ToolKey::Bare(first));
    }
    if kind.is("deferred_top_level") && second.is_none() {
        return Some(ToolKey::Deferred(first));
    }
    match second {
        Some(Some(name)) if kind.is("namespaced") => Some(ToolKey::Namespaced(first, name)),
        _ => None,
    }
}

/// The canonical key of a tool.
fn key_of_tool(tool: &ToolKey<'_>) -> Vec<u8> {
    let text = |value: &Value<'_>| value.wtf8().unwrap_or_default().into_owned();
    match tool {
        ToolKey::Bare(name) => super::ToolKey::text(&[b"bare", &text(name)]),
        ToolKey::Namespaced(namespace, name) => super::ToolKey::text(&[b"namespaced", &text(namespace), &text(name)]),
        ToolKey::Deferred(name) => super::ToolKey::deferred(&text(name)),
    }
}

/// What a call of a function tool is found by, from the call alone.
fn tool_of_call<'d>(call: &Value<'d>) -> Option<ToolKey<'d>> {
    let name = call.member("name").filter(|name| name.kind() == Kind::String)?;
    let namespace = call.member("namespace").filter(|space| space.kind() == Kind::String && !space.is(""));
    Some(match namespace {
        Some(namespace) if namespace.wtf8() == name.wtf8() => ToolKey::Deferred(name),
        Some(namespace) => ToolKey::Namespaced(namespace, name),
        None => ToolKey::Bare(name),
    })
}

/// Members in the order in which JavaScript keeps them: array indexes first.
pub(in crate::typescript) fn in_order<'d>(mut members: Vec<(Key<'d>, Value<'d>)>) -> Object<'d> {
    members.sort_by_key(|(key, _)| array_index(&key.wtf8()).map_or(u64::MAX, u64::from));
    members.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_of_javascript() {
        // Object.keys of an object with these members in node.
        let keys = ["b", "+5", "4294967295", "10", "4000000000", "01", "2", "a"];
        let members = keys.map(|key| (Key::Made(key.into()), Value::NULL));
        let sorted = in_order(members.into()).into_members();
        let sorted: Vec<_> = sorted.iter().map(|(key, _)| String::from_utf8_lossy(&key.wtf8()).into_owned()).collect();
        assert_eq!(sorted, ["2", "10", "4000000000", "b", "+5", "4294967295", "01", "a"]);
    }
}
