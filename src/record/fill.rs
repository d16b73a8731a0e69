//! Members that a reader takes for a certain value when they are absent: written out, or left out.

use crate::format::Target;
use crate::json::{Document, Kind, Node, Object, Style, Value, Writer};

use super::fit::{DEEPEST, Members, record, within};
use super::{Field, Row, Shape};

/// What a reader takes an absent member for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// `0`
    Zero,
    /// `[]` or `{}`, whichever the member is.
    Empty,
}

impl Absent {
    fn value(self, shape: Shape) -> Value<'static> {
        match self {
            Self::Null => Value::NULL,
            Self::False => Value::bool(false),
            Self::True => Value::bool(true),
            Self::Zero => Value::integer(0),
            Self::Empty if shape.kinds().has(Kind::Object) => Value::Object(Object::new()),
            Self::Empty => Value::List(Vec::new()),
        }
    }

    fn is(self, node: Node<'_>, shape: Shape) -> bool {
        match self {
            Self::Null => node.is_null(),
            Self::False => node.as_bool() == Some(false),
            Self::True => node.as_bool() == Some(true),
            Self::Zero => node.raw() == "0",
            Self::Empty => shape.kinds().has(node.kind()) && node.is_empty(),
        }
    }
}

/// What happens to members whose absence means the same to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// Those that are absent come, where the SDK may write them.
    Explicit,
    /// Those whose value their absence means go.
    Removed,
}

/// Writes such members out, or leaves them out, in a state and in the runs in it.
pub(crate) struct Fill<'d> {
    /// The document of the state.
    pub(crate) doc: &'d Document,
    /// What a state of its dialect looks like.
    pub(crate) state: Shape,
    /// The label of a state.
    pub(crate) label: fn(Node<'d>) -> u16,
    /// Who is to read it.
    pub(crate) reader: Target,
    /// What happens.
    pub(crate) filling: Filling,
    /// How many members came or went.
    pub(crate) count: usize,
    /// The label of the run that is being filled.
    current: u16,
    depth: usize,
}

impl<'d> Fill<'d> {
    /// For states of this shape, each of which says its own label.
    #[must_use]
    pub(crate) fn new(
        doc: &'d Document,
        state: Shape,
        label: fn(Node<'d>) -> u16,
        reader: Target,
        filling: Filling,
    ) -> Self {
        Self { doc, state, label, reader, filling, count: 0, current: 0, depth: 0 }
    }

    /// The state with what changes in it; `None` when nothing does.
    pub(crate) fn apply(&mut self, root: Node<'d>) -> Option<Value<'d>> {
        let outer = std::mem::replace(&mut self.current, (self.label)(root));
        let filled = self.value(root, self.state);
        self.current = outer;
        filled
    }

    fn value(&mut self, node: Node<'d>, shape: Shape) -> Option<Value<'d>> {
        if self.depth > DEEPEST {
            return None;
        }
        match (shape, node.kind()) {
            (Shape::Record(info), Kind::Object) => {
                self.depth += 1;
                let filled = record(node, info, self);
                self.depth -= 1;
                filled
            }
            (Shape::State, Kind::Object) => self.apply(node),
            (Shape::StateText, Kind::String) => {
                let root = self.doc.decode(node).ok()?;
                let mut out = Writer::new(Style::TypeScript);
                self.apply(root)?.write(&mut out);
                Some(Value::from(out.finish()))
            }
            _ => within(node, shape, &mut |node, shape| self.value(node, shape)),
        }
    }

    /// What the reader takes the member for when it is absent, if every state under the label can have it.
    fn absent(&self, row: &'static Row) -> Option<Absent> {
        if is_surely_in(row, self.current) { row.for_reader(self.reader).absent } else { None }
    }
}

impl<'d> Members<'d> for Fill<'d> {
    fn member(&mut self, field: &'static Field, value: Node<'d>) -> Option<Option<Value<'d>>> {
        let shape = (field.shape)();
        if self.filling == Filling::Removed && self.absent(&field.row).is_some_and(|absent| absent.is(value, shape)) {
            self.count += 1;
            return Some(None);
        }
        self.value(value, shape).map(Some)
    }

    fn missing(&mut self, field: &'static Field) -> Option<Value<'static>> {
        let absent = self.absent(&field.row).filter(|_| self.filling == Filling::Explicit)?;
        self.count += 1;
        Some(absent.value((field.shape)()))
    }
}

/// Whether every state under a label can have the member, whichever release wrote it.
fn is_surely_in(row: &Row, label: u16) -> bool {
    row.since.is_none_or(|bound| bound.must_hold(label)) && row.until.is_none_or(|bound| !bound.may_hold(label))
}
