//! Values written again with some keys and scalars replaced. The depth of the value costs no stack.

use super::{Kind, Node, Text, Writer};

/// One step of the way from the root to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'d> {
    Key(Text<'d>),
    At(usize),
}

/// What stands in place of a scalar.
#[derive(Clone, Debug)]
pub(crate) enum New {
    /// A string, in generalized UTF-8.
    Text(Vec<u8>),
    /// A number, `true`, `false` or `null`.
    Literal(&'static str),
}

/// What is replaced.
pub(crate) trait Edit<'d> {
    /// What an edit knows of a place.
    type Place: Copy;
    /// The place of a child of `holder`, which is at the place `around`.
    fn step(&mut self, around: &Self::Place, holder: Node<'d>, step: Step<'d>) -> Self::Place;
    /// Whether everything at a place stays as it is.
    fn stays(&self, place: &Self::Place) -> bool;
    /// Another key for a member of an object at the place `around`.
    fn key(&mut self, around: &Self::Place, key: Text<'d>) -> Option<Vec<u8>>;
    /// Another value at a place, at the end of the way.
    fn scalar(&mut self, place: &Self::Place, way: &[Step<'d>], node: Node<'d>) -> Option<New>;
}

/// A container that is open, and its own place.
struct Open<'d, P> {
    node: Node<'d>,
    close: u32,
    count: usize,
    place: P,
}

/// A text that is written as it stands, apart from some places.
struct Patch<'d> {
    root: Node<'d>,
    /// What stands before this byte is written.
    done: usize,
}

impl Patch<'_> {
    fn put(&mut self, node: Node<'_>, new: &New, out: &mut Writer) {
        let span = node.span();
        out.respell(&self.root.source().text()[self.done..span.start]);
        match new {
            New::Text(text) => out.quoted_wtf8(text),
            New::Literal(literal) => out.respell(literal),
        }
        self.done = span.end;
    }

    fn end(self, out: &mut Writer) {
        out.respell(&self.root.source().text()[self.done..self.root.span().end]);
    }
}

/// Writes the value. Objects and arrays stay what they are.
pub(crate) fn edited<'d, E: Edit<'d>>(root: Node<'d>, start: E::Place, out: &mut Writer, edit: &mut E) {
    let source = root.source();
    // Where white space stays as it is, what lies between two changes is written at once.
    let mut patch = out.writes_as_it_stands(root).then(|| Patch { root, done: root.span().start });
    if patch.is_some() {
        out.begin_patched();
    }
    let mut open: Vec<Open<'d, E::Place>> = Vec::new();
    // One step for every container that is open: to the child that is being written.
    let mut way: Vec<Step<'d>> = Vec::new();
    let mut index = root.index();
    loop {
        while let Some(last) = open.pop_if(|last| last.close == index) {
            match last.node.kind() {
                _ if patch.is_some() => {}
                Kind::Object => out.end_object(),
                _ => out.end_array(),
            }
            way.pop();
        }
        if index >= root.end_index() {
            if let Some(patch) = patch {
                patch.end(out);
            }
            return;
        }
        let mut place = start;
        if let Some(last) = open.last_mut() {
            let step = if last.node.kind() == Kind::Object {
                let key = Text::new(Node::new(source, index));
                index += 1;
                match (edit.key(&last.place, key), &mut patch) {
                    (Some(new), Some(patch)) => patch.put(key.node(), &New::Text(new), out),
                    (Some(new), None) => out.key_wtf8(&new),
                    (None, Some(_)) => {}
                    (None, None) => out.key_text(key),
                }
                Step::Key(key)
            } else {
                Step::At(last.count)
            };
            last.count += 1;
            place = edit.step(&last.place, last.node, step);
            if let Some(last) = way.last_mut() {
                *last = step;
            }
        }
        let node = Node::new(source, index);
        if edit.stays(&place) {
            if patch.is_none() {
                out.node(node);
            }
            index = node.end_index();
            continue;
        }
        match node.kind() {
            Kind::Object | Kind::Array if patch.is_some() => {}
            Kind::Object => out.begin_object(),
            Kind::Array => out.begin_array(),
            _ => match (edit.scalar(&place, &way, node), &mut patch) {
                (Some(new), Some(patch)) => patch.put(node, &new, out),
                (Some(New::Text(text)), None) => out.string(&text),
                (Some(New::Literal(literal)), None) => out.literal(literal),
                (None, Some(_)) => {}
                (None, None) => out.node(node),
            },
        }
        index += 1;
        if matches!(node.kind(), Kind::Object | Kind::Array) {
            open.push(Open { node, close: node.end_index(), count: 0, place });
            way.push(Step::At(0));
        }
    }
}
