//! What of a state takes the space, and what of it stands there twice.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use serde::Serialize;

use crate::hash::HashMap;
use crate::json::{Aim, Kind, Node, places};

/// What takes the space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Size {
    /// The largest members of the state and of what is in them.
    pub parts: Vec<Part>,
    /// How many bytes repeat what stands in front of them, white space aside.
    pub repeated: usize,
    /// The largest of these.
    pub repeats: Vec<Repeat>,
}

/// A value and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Part {
    /// Its key, or its number in an array.
    pub name: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// How many elements or members it has.
    pub count: usize,
    /// The largest of these.
    pub parts: Vec<Part>,
}

/// A value that stands somewhere else, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Repeat {
    /// JSON pointer of the value.
    pub pointer: String,
    /// JSON pointer of the first one that is the same.
    pub first: String,
    /// How many bytes it has.
    pub bytes: usize,
}

/// Members and elements below this depth are not named one by one.
const DEPTH: usize = 3;
/// At most so many of one container are named.
const WIDTH: usize = 6;
/// What is smaller than this part of the state is not named, save at the top.
const SHARE: usize = 50;
/// Smaller values are no repeats worth a word.
const SMALL: usize = 200;
/// So many repeats are named.
const REPEATS: usize = 8;

/// Measures a state in two passes over its tape.
pub(super) fn of(root: Node<'_>) -> Size {
    let whole = root.span().len();
    let (repeated, found) = repeats(root);
    Size { parts: parts(root, whole, 1), repeated, repeats: found }
}

fn parts(node: Node<'_>, whole: usize, depth: usize) -> Vec<Part> {
    let members = node.members().map(|member| (Some(member.key), member.value));
    let mut children: Vec<(usize, String, Node<'_>)> = Vec::new();
    let mut largest: Vec<(usize, usize, Option<crate::json::Text<'_>>, Node<'_>)> = members
        .chain(node.elements().map(|element| (None, element)))
        .enumerate()
        .filter(|(_, (_, value))| value.span().len() * SHARE >= whole)
        .map(|(place, (key, value))| (value.span().len(), place, key, value))
        .collect();
    largest.sort_by_key(|(bytes, place, ..)| (std::cmp::Reverse(*bytes), *place));
    largest.truncate(WIDTH);
    for (bytes, place, key, value) in largest {
        let name = key.map_or_else(|| place.to_string(), |key| key.lossy().into_owned());
        children.push((bytes, name, value));
    }
    let part = |(bytes, name, value): (usize, String, Node<'_>)| {
        let count = value.members().count() + value.elements().count();
        let parts = if depth < DEPTH { parts(value, whole, depth + 1) } else { Vec::new() };
        Part { name, bytes, count, parts }
    };
    children.into_iter().map(part).collect()
}

/// Bytes that repeat others, and the largest values that do.
fn repeats(root: Node<'_>) -> (usize, Vec<Repeat>) {
    let source = root.source();
    let (first, end) = (root.index() as usize, root.end_index() as usize);
    let hashes = hashes(root);
    let nodes: Vec<Node<'_>> = source.nodes().skip(first).take(end - first).collect();
    let mut seen: HashMap<u128, u32> = HashMap::default();
    let mut found: Vec<(usize, u32, u32)> = Vec::new();
    let mut repeated = 0;
    let mut at = 0;
    while at < nodes.len() {
        let node = nodes[at];
        let bytes = node.span().len();
        let container = matches!(node.kind(), Kind::Array | Kind::Object);
        if (container || node.kind() == Kind::String) && bytes >= SMALL {
            if let Some(other) = seen.get(&hashes[at]) {
                repeated += bytes;
                found.push((bytes, node.index(), *other));
                at = node.end_index() as usize - first;
                continue;
            }
            seen.insert(hashes[at], node.index());
        }
        at += 1;
    }
    found.sort_by_key(|(bytes, index, _)| (std::cmp::Reverse(*bytes), *index));
    found.truncate(REPEATS);
    let wanted: Vec<(u32, Aim)> =
        found.iter().flat_map(|(_, one, two)| [(*one, Aim::Value), (*two, Aim::Value)]).collect();
    let pointers = places(source, &wanted);
    let named = found.iter().zip(pointers.chunks_exact(2)).map(|((bytes, ..), pair)| Repeat {
        pointer: pair[0].pointer.clone(),
        first: pair[1].pointer.clone(),
        bytes: *bytes,
    });
    (repeated, named.collect())
}

/// A hash of every value's content, white space aside, by its place behind the root: from the last to the first, so that
/// those in a container are there when it is.
fn hashes(root: Node<'_>) -> Vec<u128> {
    let builders = [foldhash::quality::RandomState::default(), foldhash::quality::RandomState::default()];
    let first = root.index();
    let nodes: Vec<Node<'_>> =
        root.source().nodes().skip(first as usize).take((root.end_index() - first) as usize).collect();
    let mut hashes = vec![0_u128; nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        let mut hashers = [builders[0].build_hasher(), builders[1].build_hasher()];
        for hasher in &mut hashers {
            match node.kind() {
                kind @ (Kind::Array | Kind::Object) => {
                    kind.hash(hasher);
                    let mut child = at + 1;
                    while child < nodes.len() && nodes[child].index() < node.end_index() {
                        hashes[child].hash(hasher);
                        child = (nodes[child].end_index() - first) as usize;
                    }
                }
                _ => node.raw().hash(hasher),
            }
        }
        hashes[at] = u128::from(hashers[0].finish()) << 64 | u128::from(hashers[1].finish());
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::json::Document;

    #[test]
    fn what_stands_there_twice_is_named_with_the_first_place() {
        let item = format!("{{\"text\": \"{}\"}}", "x".repeat(300));
        let other = item.replace(": ", " :  ");
        let text = format!("{{\"a\": [{item}], \"b\": 1, \"c\": {other}}}");
        let doc = Document::parse(text.into_bytes()).expect("it is JSON");
        let size = of(doc.root());
        assert_eq!(size.repeats.len(), 1);
        assert_eq!((&*size.repeats[0].pointer, &*size.repeats[0].first), ("/c", "/a/0"));
        assert_eq!(size.repeated, other.len());
        let names: Vec<&str> = size.parts.iter().map(|part| &*part.name).collect();
        // They are equally long.
        assert_eq!(names, ["a", "c"]);
    }
}
