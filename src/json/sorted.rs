//! Members by their keys.

use std::borrow::Cow;

use super::{Elements, Kind, Node, Value, Writer};

/// The members by their keys; of several with one key the last, which is the one that both SDKs read.
pub(crate) fn sorted_members(object: Node<'_>) -> Vec<(Cow<'_, [u8]>, Node<'_>)> {
    let mut members: Vec<(Cow<'_, [u8]>, Node<'_>)> =
        object.members().map(|member| (member.key.wtf8(), member.value)).collect();
    members.sort_by(|one, two| one.0.cmp(&two.0));
    let mut kept: Vec<(Cow<'_, [u8]>, Node<'_>)> = Vec::with_capacity(members.len());
    for member in members {
        match kept.last_mut() {
            Some(last) if last.0 == member.0 => *last = member,
            _ => kept.push(member),
        }
    }
    kept
}

/// Containers that are open, with what is left of them.
enum Rest<'d> {
    Array(Elements<'d>),
    Object(std::vec::IntoIter<(Cow<'d, [u8]>, Node<'d>)>),
}

/// Writes a value with the members of all objects by their keys. The depth of the value costs no stack.
pub(crate) fn sorted(node: Node<'_>, out: &mut Writer) {
    let mut open: Vec<Rest<'_>> = Vec::new();
    let mut next = Some(node);
    loop {
        if let Some(node) = next.take() {
            match node.kind() {
                Kind::Object => {
                    out.begin_object();
                    open.push(Rest::Object(sorted_members(node).into_iter()));
                }
                Kind::Array => {
                    out.begin_array();
                    open.push(Rest::Array(node.elements()));
                }
                _ => out.node(node),
            }
        }
        match open.last_mut() {
            None => return,
            Some(Rest::Array(elements)) => next = elements.next(),
            Some(Rest::Object(members)) => {
                next = members.next().map(|(key, value)| {
                    out.key_wtf8(&key);
                    value
                });
            }
        }
        if next.is_none() {
            match open.pop() {
                Some(Rest::Array(_)) => out.end_array(),
                _ => out.end_object(),
            }
        }
    }
}

/// The same of a value that is put together; what stands under `kept` in a part that is new stays as it is.
pub(crate) fn sorted_value(value: &Value<'_>, kept: Option<&str>, out: &mut Writer) {
    match value {
        Value::Node(node) => sorted(*node, out),
        Value::List(list) => {
            out.begin_array();
            list.iter().for_each(|value| sorted_value(value, kept, out));
            out.end_array();
        }
        Value::Object(object) => {
            let mut members: Vec<(Cow<'_, [u8]>, &Value<'_>)> =
                object.iter().map(|(key, value)| (key.wtf8(), value)).collect();
            members.sort_by(|one, two| one.0.cmp(&two.0));
            out.begin_object();
            for (key, value) in members {
                out.key_wtf8(&key);
                if kept.is_some_and(|kept| kept.as_bytes() == &*key) {
                    value.write(out);
                } else {
                    sorted_value(value, kept, out);
                }
            }
            out.end_object();
        }
        other => other.write(out),
    }
}
