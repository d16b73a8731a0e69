//! A value in the shape that another label of its dialect has: members that it does not have go, members that it always
//! has come.

use crate::format::Target;
use crate::hash::HashMap;
use crate::json::{Kind, Node, Object, Value};

use super::{Choices, Field, Info, NESTING, Need, Row, Shape, find};

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The label does not have the member; it is no longer there.
    Member,
    /// The label does not have objects of this type; it is still there.
    Object,
    /// The label allows no value of this kind; it is still there.
    Kind,
}

/// Brings values to the shape of a label.
pub(crate) struct Fit<'f, 'd> {
    /// The label they come from.
    pub(crate) from: u16,
    /// Who is to read them.
    pub(crate) to: Target,
    /// Is told of everything that does not fit.
    pub(crate) misfit: &'f mut dyn FnMut(Misfit, &'static Row, &Value<'d>),
    /// In how many records the value stands that is being brought to the shape.
    pub(crate) depth: usize,
}

/// So many records stand in one another at most; what is deeper stays as it is.
pub(super) const DEEPEST: usize = NESTING as usize * 8;

impl<'d> Fit<'_, 'd> {
    /// Brings a value to the shape. States within states are left alone: each has a label of its own.
    pub(crate) fn apply(&mut self, value: &mut Value<'d>, shape: Shape) {
        if self.depth > DEEPEST || self.is_idle() {
            return;
        }
        if let Value::Node(node) = value {
            if let Some(fitted) = self.node(*node, shape) {
                *value = fitted;
            }
            return;
        }
        match shape {
            Shape::Nullable(inner) => self.apply(value, inner()),
            Shape::List(inner) | Shape::Filled(inner) => {
                value.elements_mut().iter_mut().for_each(|element| self.apply(element, inner()));
            }
            Shape::Map(inner) => {
                if let Some(object) = value.object_mut() {
                    object.members_mut().iter_mut().for_each(|(_, value)| self.apply(value, inner()));
                }
            }
            Shape::Union(choices) => {
                if let Some(shape) = chosen(value, choices) {
                    self.apply(value, shape);
                }
            }
            Shape::Record(info) => self.record(value, info),
            _ => {}
        }
    }

    fn record(&mut self, value: &mut Value<'d>, info: &'static Info) {
        self.judge(value, info);
        let Some(object) = value.object_mut() else { return };
        let mut cursor = 0;
        object.members_mut().retain_mut(|(key, value)| {
            let Some(at) = find(info, |own| key.is(own), &mut cursor) else { return true };
            let field = &info.fields[at];
            if !self.keeps(&field.row, value, field.shape) {
                return false;
            }
            self.depth += 1;
            self.apply(value, (field.shape)());
            self.depth -= 1;
            true
        });
        for (at, field) in info.fields.iter().enumerate() {
            if self.comes(&field.row)
                && object.get(field.row.key).is_none()
                && let Some(value) = blank(&field.row, (field.shape)())
            {
                place(object, info, at, value);
            }
        }
    }

    /// The same of a value that nobody has opened; `None` when it fits as it is.
    fn node(&mut self, node: Node<'d>, shape: Shape) -> Option<Value<'d>> {
        if self.depth > DEEPEST {
            return None;
        }
        match (shape, node.kind()) {
            (Shape::Record(info), Kind::Object) => {
                self.judge(&Value::Node(node), info);
                record(node, info, self)
            }
            _ => within(node, shape, &mut |node, shape| self.node(node, shape)),
        }
    }

    /// Whether nothing can change: the newest release has all that came under the newest label.
    fn is_idle(&self) -> bool {
        self.from == self.to.format.label && self.to == self.to.format.dialect.newest()
    }

    /// Whether the target has objects of the type.
    fn judge(&mut self, value: &Value<'d>, info: &'static Info) {
        if let Some(row) = info.tag.filter(|row| row.since.is_some_and(|bound| !self.to.has(bound))) {
            (self.misfit)(Misfit::Object, row, value);
        }
    }

    /// Whether the target has the member.
    fn keeps(&mut self, row: &'static Row, value: &Value<'d>, shape: fn() -> Shape) -> bool {
        if row.tags.is_empty() && !has(row, self.to) {
            if !is_blank(row, value, shape()) {
                (self.misfit)(Misfit::Member, row, value);
            }
            return false;
        }
        if let Some((bound, kinds)) = row.before
            && !self.to.has(bound)
            && !kinds.has(value.kind())
        {
            (self.misfit)(Misfit::Kind, row, value);
        }
        true
    }

    /// Whether the target's SDK always writes the member, and the source's does not.
    fn comes(&self, row: &Row) -> bool {
        row.tags.is_empty()
            && matches!(row.need, Need::Required | Need::Nullable)
            && has(row, self.to)
            && !row.is_required_in(self.from)
    }
}

impl<'d> Members<'d> for Fit<'_, 'd> {
    fn member(&mut self, field: &'static Field, value: Node<'d>) -> Option<Option<Value<'d>>> {
        if !self.keeps(&field.row, &Value::Node(value), field.shape) {
            return Some(None);
        }
        self.depth += 1;
        let fitted = self.node(value, (field.shape)());
        self.depth -= 1;
        fitted.map(Some)
    }

    fn missing(&mut self, field: &'static Field) -> Option<Value<'static>> {
        if self.comes(&field.row) { blank(&field.row, (field.shape)()) } else { None }
    }
}

/// What becomes of the members of a record.
pub(super) trait Members<'d> {
    /// The new value of a member, or that it goes; `None` when it stays.
    fn member(&mut self, field: &'static Field, value: Node<'d>) -> Option<Option<Value<'d>>>;
    /// The value of a member that is not there and comes.
    fn missing(&mut self, field: &'static Field) -> Option<Value<'static>>;
}

/// An object with what changes in it; `None` when nothing does.
pub(super) fn record<'d>(node: Node<'d>, info: &'static Info, members: &mut dyn Members<'d>) -> Option<Value<'d>> {
    let (mut cursor, mut there) = (0, 0_u64);
    let mut changes = Vec::new();
    for member in node.members() {
        let Some(at) = find(info, |own| member.key.is(own), &mut cursor) else { continue };
        there |= 1 << at;
        if let Some(change) = members.member(&info.fields[at], member.value) {
            changes.push((member.value, change));
        }
    }
    let absent = (0..info.fields.len()).filter(|at| there & (1 << at) == 0);
    let missing: Vec<_> = absent.filter_map(|at| Some((at, members.missing(&info.fields[at])?))).collect();
    if changes.is_empty() && missing.is_empty() {
        return None;
    }
    let mut object = changed(node, changes).or_else(|| Object::of(node))?;
    missing.into_iter().for_each(|(at, value)| place(&mut object, info, at, value));
    Some(Value::Object(object))
}

/// A value that is no record with what `each` changes in it; `None` when nothing changes.
pub(super) fn within<'d>(
    node: Node<'d>,
    shape: Shape,
    each: &mut dyn FnMut(Node<'d>, Shape) -> Option<Value<'d>>,
) -> Option<Value<'d>> {
    match (shape, node.kind()) {
        (Shape::Nullable(inner), _) => each(node, inner()),
        (Shape::List(inner) | Shape::Filled(inner), Kind::Array) => {
            let shape = inner();
            let mut list: Option<Vec<Value<'d>>> = None;
            for (at, element) in node.elements().enumerate() {
                if let Some(value) = each(element, shape) {
                    list.get_or_insert_with(|| node.elements().map(Value::Node).collect())[at] = value;
                }
            }
            list.map(Value::List)
        }
        (Shape::Map(inner), Kind::Object) => {
            let shape = inner();
            let values = node.members().map(|member| member.value);
            let changes = values.filter_map(|value| Some((value, Some(each(value, shape)?))));
            changed(node, changes.collect()).map(Value::Object)
        }
        (Shape::Union(choices), _) => each(node, chosen(&Value::Node(node), choices)?),
        _ => None,
    }
}

fn has(row: &Row, target: Target) -> bool {
    row.since.is_none_or(|bound| target.has(bound)) && row.until.is_none_or(|bound| !target.has(bound))
}

/// The value that says nothing.
fn blank(row: &Row, shape: Shape) -> Option<Value<'static>> {
    if row.need.allows_null() {
        return Some(Value::NULL);
    }
    match shape {
        Shape::Flag => Some(Value::bool(false)),
        Shape::List(_) => Some(Value::List(Vec::new())),
        Shape::Map(_) | Shape::Open => Some(Value::Object(Object::new())),
        Shape::Integer(..) | Shape::Number => Some(Value::integer(0)),
        Shape::Nullable(_) => Some(Value::NULL),
        _ => None,
    }
}

/// Whether a value says the same as its absence.
fn is_blank(row: &Row, value: &Value<'_>, shape: Shape) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Array | Kind::Object => value.is_empty(),
        Kind::Bool => value.as_bool() == Some(false) && matches!(shape, Shape::Flag),
        Kind::Number => value.as_u64() == Some(0) && row.need == Need::Required,
        Kind::String => false,
    }
}

/// Gives the member of a row this value; a new one stands behind the nearest earlier row that is there.
fn place<'d>(object: &mut Object<'d>, info: &'static Info, at: usize, value: Value<'d>) {
    let earlier: Vec<&str> = info.fields[..at].iter().rev().map(|field| field.row.key).collect();
    object.place(info.fields[at].row.key, &earlier, value);
}

/// The object with these values of it changed, or taken out; `None` when there is nothing to change.
fn changed<'d>(node: Node<'d>, changes: Vec<(Node<'d>, Option<Value<'d>>)>) -> Option<Object<'d>> {
    if changes.is_empty() {
        return None;
    }
    let mut changes: HashMap<usize, Option<Value<'d>>> =
        changes.into_iter().map(|(node, change)| (node.span().start, change)).collect();
    let mut object = Object::of(node)?;
    object.members_mut().retain_mut(|(_, value)| {
        match value.origin().and_then(|own| changes.remove(&own.span().start)) {
            Some(Some(new)) => *value = new,
            Some(None) => return false,
            None => {}
        }
        true
    });
    Some(object)
}

/// The shape that the tag or the kind of a value says.
pub(super) fn chosen(value: &Value<'_>, choices: &'static Choices) -> Option<Shape> {
    let tag = choices.tag.filter(|_| value.kind() == Kind::Object);
    let claimed = tag.map(|key| (key, value.member(key)));
    choices.shapes.iter().map(|shape| shape()).find(|shape| match &claimed {
        Some((key, tag)) => shape.claims(key, tag.as_ref().map(|tag| |own: &str| tag.is(own))),
        None => shape.kinds().has(value.kind()),
    })
}
