//! Records to JSON: the object that the record was read from is walked again, so that order, unknown members and
//! duplicates cost no memory.

use crate::json::{Node, Writer};

use super::{Described, Rows, Shape, Slot, Tag, Wire, find};

/// Writes a record.
pub fn write(rows: &dyn Rows<'_>, out: &mut Writer) {
    let mut cursor = 0;
    out.begin_object();
    for member in rows.origin().members() {
        out.key_text(member.key);
        let column = find(rows.info(), |own| member.key.is(own), &mut cursor).map(|row| rows.column(row));
        // Of duplicate keys the last one is what the field holds; the others are written as they are.
        match column.filter(|column| column.node().is_some_and(|node| node.same(member.value))) {
            Some(column) => column.write(out),
            None => out.node(member.value),
        }
    }
    out.end_object();
}

impl<'d, T: Wire<'d>> Described for Slot<'d, T> {
    const BLANK: Self = Slot::Absent;

    fn shape() -> Shape {
        T::shape()
    }
}

impl Described for Tag<'_> {
    const BLANK: Self = Tag(None);

    fn shape() -> Shape {
        Shape::Text
    }
}

pub(super) fn write_slot<'d, T: Wire<'d>>(slot: &Slot<'d, T>, out: &mut Writer) {
    match slot {
        Slot::Absent => {}
        Slot::Null(node) | Slot::Invalid(node) => out.node(*node),
        Slot::Value(value) => value.write(out),
    }
}

pub(super) fn write_tag(tag: Option<Node<'_>>, out: &mut Writer) {
    if let Some(node) = tag {
        out.node(node);
    }
}
