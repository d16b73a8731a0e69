//! Where nodes stand, for people: line, column and JSON pointer, worked out for many nodes in one pass.

use std::ops::Range;

use super::{Kind, Node, Source};

/// What of a node a finding points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aim {
    /// The value.
    Value,
    /// The key in front of the value.
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
/// to the last wanted node, however many are wanted.
#[must_use]
pub fn places(source: &Source, wanted: &[(u32, Aim)]) -> Vec<Place> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&slot| wanted[slot].0);
    let mut found: Vec<Option<Place>> = vec![None; wanted.len()];
    let mut pending = order.iter().copied().peekable();

    // Containers on the way to the current node, each with its pointer's length and the next child.
    let mut path: Vec<Frame> = Vec::new();
    let mut pointer = String::new();
    let mut node = Some(source.root());
    while let Some(current) = node {
        while let Some(&slot) = pending.peek().filter(|&&slot| wanted[slot].0 == current.index()) {
            found[slot] =
                Some(Place { pointer: pointer.clone(), span: aimed(current, wanted[slot].1), line: 0, column: 0 });
            pending.next();
        }
        let Some(&next) = pending.peek() else { break };
        if wanted[next].0 < current.end_index() {
            path.push(Frame { container: current, next: current.index() + 1, count: 0, pointer: pointer.len() });
        }
        node = step(source, &mut path, &mut pointer);
    }
    let mut found: Vec<Place> =
        found.into_iter().map(|place| place.expect("every wanted index is a value of this source")).collect();
    lines(source.text(), &mut found);
    found
}

struct Frame<'d> {
    container: Node<'d>,
    next: u32,
    count: usize,
    pointer: usize,
}

/// The next child on the path, with `pointer` set to it.
fn step<'d>(source: &'d Source, path: &mut Vec<Frame<'d>>, pointer: &mut String) -> Option<Node<'d>> {
    use std::fmt::Write as _;
    loop {
        let frame = path.last_mut()?;
        if frame.next >= frame.container.end_index() {
            path.pop();
            continue;
        }
        pointer.truncate(frame.pointer);
        let value = if frame.container.kind() == Kind::Object {
            let key = Node::new(source, frame.next).text().expect("a member starts with its key");
            pointer.push('/');
            for char in key.lossy().chars() {
                match char {
                    '~' => pointer.push_str("~0"),
                    '/' => pointer.push_str("~1"),
                    char => pointer.push(char),
                }
            }
            Node::new(source, frame.next + 1)
        } else {
            write!(pointer, "/{}", frame.count).expect("writing to a string cannot fail");
            Node::new(source, frame.next)
        };
        frame.next = value.end_index();
        frame.count += 1;
        return Some(value);
    }
}

fn aimed(node: Node<'_>, aim: Aim) -> Range<usize> {
    match aim {
        Aim::Key if node.index() > 0 => Node::new(node.source(), node.index() - 1).span(),
        _ => node.span(),
    }
}

/// Fills in lines and columns, counting every character at most once.
fn lines(text: &str, places: &mut [Place]) {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&slot| places[slot].span.start);
    let (mut at, mut line, mut column) = (0, 1, 1);
    for slot in order {
        let target = places[slot].span.start;
        for newline in
            memchr::memchr_iter(b'\n', &text.as_bytes()[at..target]).map(|found| at + found).collect::<Vec<_>>()
        {
            line += 1;
            column = 1;
            at = newline + 1;
        }
        column += text[at..target].chars().filter(|&char| char != '\u{feff}').count();
        at = target;
        places[slot].line = line;
        places[slot].column = column;
    }
}
