//! Where nodes stand, for people: line, column and JSON pointer, worked out for many nodes in one pass.

use std::ops::Range;

use super::{Document, Kind, Node, Source, Text, scan};

/// What of a node a finding points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aim {
    /// The value.
    Value,
    /// The key in front of the value; the value itself where there is none.
    Key,
}

/// Where a node stands in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer (RFC 6901) of the value; a lone surrogate in a key shows as U+FFFD.
    pub pointer: String,
    /// Byte range of what is aimed at.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The places of `wanted` (tape index of a value, and what of it is meant), in the same order. Linear in the tape up
/// to the last wanted node, however many are wanted, and in the pointers that come out.
///
/// The index of a key stands for its value, aimed at its key. An index behind the last one stands for the whole text.
///
/// ```
/// use runstate::json::{Aim, Document, places};
///
/// let doc = Document::parse(b"{\n  \"a/b\": [null, true]\n}".to_vec())?;
/// let list = doc.root().member("a/b").expect("a member of the text above");
/// let last = list.elements().last().expect("two elements");
/// let found = places(doc.source(0), &[(last.index(), Aim::Value), (list.index(), Aim::Key)]);
/// assert_eq!((found[0].pointer.as_str(), found[0].line, found[0].column), ("/a~1b/1", 2, 17));
/// assert_eq!((found[1].pointer.as_str(), found[1].line, found[1].column), ("/a~1b", 2, 3));
/// # Ok::<(), runstate::json::SyntaxError>(())
/// ```
#[must_use]
pub fn places(source: &Source, wanted: &[(u32, Aim)]) -> Vec<Place> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&slot| wanted[slot].0);
    let whole = Place { pointer: String::new(), span: source.root().span(), line: 0, column: 0 };
    let mut found = vec![whole; wanted.len()];
    let mut path = Path::new(source);
    for slot in order {
        let (index, aim) = wanted[slot];
        if (index as usize) < source.len() {
            let step = path.walk(index);
            found[slot].pointer.clone_from(&path.pointer);
            found[slot].span = match step.key {
                Some(key) if aim == Aim::Key || index < step.node.index() => key.node().span(),
                _ => step.node.span(),
            };
        }
    }
    lines(source.text().as_bytes(), &mut found);
    found
}

/// The JSON pointers of nodes, in the same order; behind `!`, where in a text that stands there. Nothing for no node.
#[must_use]
pub fn pointers(doc: &Document, nodes: &[Option<Node<'_>>]) -> Vec<String> {
    let mut wanted: Vec<(u32, u32, usize)> = Vec::with_capacity(nodes.len());
    for (slot, node) in nodes.iter().enumerate() {
        let mut node = *node;
        while let Some(own) = node {
            wanted.push((own.source().id(), own.index(), slot));
            node = doc.holder(own);
        }
    }
    // A text has a higher number than the source that it stands in: the way from the outside to the inside.
    wanted.sort_unstable();
    let mut found = vec![String::new(); nodes.len()];
    for group in wanted.chunk_by(|one, two| one.0 == two.0) {
        let source = doc.source(group[0].0);
        let mark = if doc.holder(source.root()).is_some() { "!" } else { "" };
        let mut path = Path::new(source);
        for &(_, index, slot) in group {
            path.walk(index);
            found[slot] += mark;
            found[slot] += &path.pointer;
        }
    }
    found
}

/// The way from the root to a node, and its pointer. It only ever goes forward.
struct Path<'d> {
    steps: Vec<Step<'d>>,
    pointer: String,
}

/// One value on the way, and how far its children have been passed.
#[derive(Clone, Copy)]
struct Step<'d> {
    node: Node<'d>,
    key: Option<Text<'d>>,
    end: u32,
    /// The length of the node's own pointer.
    pointer: usize,
    child: u32,
    count: usize,
}

impl<'d> Step<'d> {
    fn new(node: Node<'d>, key: Option<Text<'d>>, pointer: usize) -> Self {
        Self { node, key, end: node.end_index(), pointer, child: node.index() + 1, count: 0 }
    }
}

impl<'d> Path<'d> {
    fn new(source: &'d Source) -> Self {
        Self { steps: vec![Step::new(source.root(), None, 0)], pointer: String::new() }
    }

    /// Goes on to the value at `index`, or to the value behind the key at `index`; not before the last one.
    fn walk(&mut self, index: u32) -> Step<'d> {
        // The root contains every index, so that the path never becomes empty.
        while self.steps.len() > 1 && self.steps.last().is_some_and(|step| step.end <= index) {
            self.steps.pop();
        }
        loop {
            let last = self.steps.len() - 1;
            let step = &mut self.steps[last];
            self.pointer.truncate(step.pointer);
            // A step that contains the index and is not it leads further down.
            if index <= step.node.index() {
                return *step;
            }
            let below = step.down(index, &mut self.pointer);
            self.steps.push(below);
        }
    }
}

impl<'d> Step<'d> {
    /// Passes children up to the one that is or contains `index`, and writes its part of the pointer.
    fn down(&mut self, index: u32, pointer: &mut String) -> Self {
        let source = self.node.source();
        let object = self.node.kind() == Kind::Object;
        loop {
            let (key, value) = if object {
                (Some(Text::new(Node::new(source, self.child))), Node::new(source, self.child + 1))
            } else {
                (None, Node::new(source, self.child))
            };
            let end = value.end_index();
            if index < end {
                match key {
                    Some(key) => push_step(pointer, &key.lossy()),
                    None => push_step(pointer, &self.count.to_string()),
                }
                return Self::new(value, key, pointer.len());
            }
            self.child = end;
            self.count += 1;
        }
    }
}

/// Adds a step to a key to a JSON pointer.
pub(crate) fn push_step(pointer: &mut String, key: &str) {
    pointer.push('/');
    for char in key.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            char => pointer.push(char),
        }
    }
}

/// Fills in lines and columns, passing every byte at most twice.
fn lines(text: &[u8], places: &mut [Place]) {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&slot| places[slot].span.start);
    let (mut at, mut line, mut column) = (0, 1, 1);
    for slot in order {
        let target = places[slot].span.start;
        let passed = &text[at..target];
        if let Some(last) = memchr::memrchr(b'\n', passed) {
            line += memchr::memchr_iter(b'\n', passed).count();
            column = 1;
            at += last + 1;
        }
        column += scan::characters(text, at..target);
        at = target;
        places[slot].line = line;
        places[slot].column = column;
    }
}
