//! New values in the member order of the SDK.

use crate::json::Value;

use super::fit::chosen;
use super::{Info, Shape};

/// Sorts the members of what is new in `value` as the rows of its shape stand; members without a row come last, and
/// what a document holds stays as it is written.
pub(crate) fn arrange(value: &mut Value<'_>, shape: Shape) {
    if matches!(value, Value::Node(_)) {
        return;
    }
    match shape {
        Shape::Nullable(inner) => arrange(value, inner()),
        Shape::List(inner) | Shape::Filled(inner) => {
            value.elements_mut().iter_mut().for_each(|element| arrange(element, inner()));
        }
        Shape::Map(inner) => {
            if let Some(object) = value.object_mut() {
                object.members_mut().iter_mut().for_each(|(_, value)| arrange(value, inner()));
            }
        }
        Shape::Union(choices) => {
            if let Some(shape) = chosen(value, choices) {
                arrange(value, shape);
            }
        }
        Shape::Record(info) => arrange_record(value, info),
        _ => {}
    }
}

fn arrange_record(value: &mut Value<'_>, info: &'static Info) {
    let Some(object) = value.object_mut() else { return };
    object.members_mut().sort_by_cached_key(|(key, _)| {
        info.fields.iter().position(|field| key.is(field.row.key)).unwrap_or(info.fields.len())
    });
    for (key, value) in object.members_mut() {
        if let Some(field) = info.fields.iter().find(|field| key.is(field.row.key)) {
            arrange(value, (field.shape)());
        }
    }
}
