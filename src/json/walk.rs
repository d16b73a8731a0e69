//! Values written again with some keys and scalars replaced. The depth of the value costs no stack.

use super::{Kind, Node, Text, Writer};

/// One step of the way from the root to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'d> {
    Key(Text<'d>),
    At(usize),
}

impl Step<'_> {
    /// Whether the step leads to a member of this key.
    pub(crate) fn is(self, key: &str) -> bool {
        matches!(self, Self::Key(own) if own.is(key))
    }
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
    /// Another key for the last step of the way.
    fn key(&mut self, way: &[Step<'d>], key: Text<'d>) -> Option<Vec<u8>>;
    /// Another value at the end of the way; `holders` are the objects and arrays that its steps start from.
    fn scalar(&mut self, way: &[Step<'d>], holders: &[Node<'d>], node: Node<'d>) -> Option<New>;
}

/// A container that is open.
struct Open {
    close: u32,
    object: bool,
    count: usize,
}

/// Writes the value. Objects and arrays stay what they are.
pub(crate) fn edited<'d>(root: Node<'d>, out: &mut Writer, edit: &mut dyn Edit<'d>) {
    let source = root.source();
    let mut open: Vec<Open> = Vec::new();
    // One step for every container that is open: to the child that is being written.
    let mut way: Vec<Step<'d>> = Vec::new();
    let mut holders: Vec<Node<'d>> = Vec::new();
    let mut index = root.index();
    let mut keyed = false;
    loop {
        while let Some(last) = open.last().filter(|last| last.close == index) {
            if last.object {
                out.end_object()
            } else {
                out.end_array()
            }
            open.pop();
            way.pop();
            holders.pop();
        }
        let node = Node::new(source, index);
        match open.last_mut() {
            None if index > root.index() => return,
            Some(last) if last.object && !keyed => {
                let key = Text::new(node);
                if let Some(step) = way.last_mut() {
                    *step = Step::Key(key);
                }
                match edit.key(&way, key) {
                    Some(new) => out.key_wtf8(&new),
                    None => out.key_text(key),
                }
                keyed = true;
                index += 1;
                continue;
            }
            Some(last) if !last.object => {
                if let Some(step) = way.last_mut() {
                    *step = Step::At(last.count);
                }
                last.count += 1;
            }
            _ => {}
        }
        keyed = false;
        match node.kind() {
            kind @ (Kind::Object | Kind::Array) => {
                let object = kind == Kind::Object;
                if object {
                    out.begin_object()
                } else {
                    out.begin_array()
                }
                open.push(Open { close: node.end_index(), object, count: 0 });
                way.push(Step::At(0));
                holders.push(node);
            }
            _ => match edit.scalar(&way, &holders, node) {
                Some(New::Text(text)) => out.string(&text),
                Some(New::Literal(literal)) => out.literal(literal),
                None => out.node(node),
            },
        }
        index += 1;
        // The end of the source: what is open ends here, too.
        if index as usize >= source.len() {
            while let Some(last) = open.pop() {
                if last.object { out.end_object() } else { out.end_array() }
            }
            return;
        }
    }
}
