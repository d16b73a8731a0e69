//! Members that a reader takes for a certain value when they are absent: written out, or left out.

use crate::format::Target;
use crate::json::{Document, Kind, Node, Object, Style, Value, Writer};

use super::fit::{DEEPEST, changed, chosen, place};
use super::{Info, Row, Shape, find};

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
            Self::Empty => shape.kinds().has(node.kind()) && node.end_index() == node.index() + 1,
        }
    }
}

/// What happens to members whose absence means the same to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// Those that are absent come, where the SDK may write them.
    Explicit,
    /// Those whose value their absence means go.
    Removed,
}

/// Writes such members out, or leaves them out, in a state and in the runs in it.
pub struct Fill<'d> {
    /// The document of the state.
    pub doc: &'d Document,
    /// What a state of its dialect looks like.
    pub state: Shape,
    /// The label of a state.
    pub label: fn(Node<'d>) -> u16,
    /// Who is to read it.
    pub reader: Target,
    /// What happens.
    pub filling: Filling,
    /// How many members came or went.
    pub count: usize,
}

impl<'d> Fill<'d> {
    /// The state with what changes in it; `None` when nothing does.
    pub fn apply(&mut self, root: Node<'d>) -> Option<Value<'d>> {
        self.run(root, 0)
    }

    fn run(&mut self, root: Node<'d>, depth: usize) -> Option<Value<'d>> {
        self.value(root, self.state, (self.label)(root), depth)
    }

    fn value(&mut self, node: Node<'d>, shape: Shape, label: u16, depth: usize) -> Option<Value<'d>> {
        if depth > DEEPEST {
            return None;
        }
        match (shape, node.kind()) {
            (Shape::Nullable(inner), _) => self.value(node, inner(), label, depth),
            (Shape::List(inner) | Shape::Filled(inner), Kind::Array) => {
                let shape = inner();
                let mut filled: Option<Vec<Value<'d>>> = None;
                for (at, element) in node.elements().enumerate() {
                    if let Some(value) = self.value(element, shape, label, depth) {
                        filled.get_or_insert_with(|| node.elements().map(Value::Node).collect())[at] = value;
                    }
                }
                filled.map(Value::List)
            }
            (Shape::Map(inner), Kind::Object) => {
                let shape = inner();
                let filled = node
                    .members()
                    .filter_map(|member| Some((member.value, Some(self.value(member.value, shape, label, depth)?))));
                changed(node, filled.collect()).map(Value::Object)
            }
            (Shape::Union(choices), _) => self.value(node, chosen(&Value::Node(node), choices)?, label, depth),
            (Shape::Record(info), Kind::Object) => self.record(node, info, label, depth + 1),
            (Shape::State, Kind::Object) => self.run(node, depth),
            (Shape::StateText, Kind::String) => {
                let root = self.doc.decode(node).ok()?;
                let mut out = Writer::new(Style::TypeScript);
                self.run(root, depth)?.write(&mut out);
                Some(Value::from(out.finish()))
            }
            _ => None,
        }
    }

    fn record(&mut self, node: Node<'d>, info: &'static Info, label: u16, depth: usize) -> Option<Value<'d>> {
        let (mut cursor, mut there) = (0, 0_u128);
        let mut changes = Vec::new();
        for member in node.members() {
            let Some(at) = find(info, |own| member.key.is(own), &mut cursor) else { continue };
            let field = &info.fields[at];
            there |= 1 << at;
            let absent = self.absent(&field.row).filter(|_| is_surely_in(&field.row, label));
            if self.filling == Filling::Removed && absent.is_some_and(|absent| absent.is(member.value, (field.shape)()))
            {
                changes.push((member.value, None));
                self.count += 1;
            } else if let Some(value) = self.value(member.value, (field.shape)(), label, depth) {
                changes.push((member.value, Some(value)));
            }
        }
        let missing = |at: &usize| there & (1 << at) == 0 && is_surely_in(&info.fields[*at].row, label);
        let missing: Vec<(usize, Absent)> = (0..info.fields.len())
            .filter(|at| self.filling == Filling::Explicit && missing(at))
            .filter_map(|at| Some((at, self.absent(&info.fields[at].row)?)))
            .collect();
        if changes.is_empty() && missing.is_empty() {
            return None;
        }
        let mut object = changed(node, changes).or_else(|| Object::of(node))?;
        for (at, absent) in missing {
            place(&mut object, info, at, absent.value((info.fields[at].shape)()));
            self.count += 1;
        }
        Some(Value::Object(object))
    }

    fn absent(&self, row: &'static Row) -> Option<Absent> {
        row.for_reader(self.reader).absent
    }
}

/// Whether every state under a label can have the member, whichever release wrote it.
fn is_surely_in(row: &Row, label: u16) -> bool {
    row.since.is_none_or(|bound| bound.must_hold(label)) && row.until.is_none_or(|bound| !bound.may_hold(label))
}
