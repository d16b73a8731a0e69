//! Two values side by side, and what one has that the other has not.

use std::borrow::Cow;

use crate::hash::HashMap;
use crate::json::{Kind, Node, Value};

use super::align::{Mark, align};
use super::weigh::Scales;

/// Below this depth values are compared as a whole. What recurses here is never as deep as an input may be.
const DEEPEST: usize = 64;

/// A place where the two differ.
pub(super) struct Difference<'d> {
    /// The steps that lead there, members by their keys, elements by their place in the list that has them (the second
    /// list's, if both have).
    pub(super) path: Vec<String>,
    /// What the innermost elements of lists on the way are, for people.
    pub(super) names: Vec<String>,
    pub(super) one: Option<Value<'d>>,
    pub(super) two: Option<Value<'d>>,
    /// The nearest values of the inputs.
    pub(super) places: [Option<Node<'d>>; 2],
}

/// Walks down two values.
pub(super) struct Walk<'d> {
    scales: Scales,
    path: Vec<String>,
    names: Vec<String>,
    places: [Vec<Node<'d>>; 2],
    pub(super) found: Vec<Difference<'d>>,
}

impl<'d> Walk<'d> {
    pub(super) fn new() -> Self {
        Self {
            scales: Scales::new(),
            path: Vec::new(),
            names: Vec::new(),
            places: [Vec::new(), Vec::new()],
            found: Vec::new(),
        }
    }

    /// Compares two members of one key.
    pub(super) fn member(&mut self, key: &str, one: Option<&Value<'d>>, two: Option<&Value<'d>>) {
        self.path.push(key.to_owned());
        self.pair(one, two);
        self.path.pop();
    }

    fn pair(&mut self, one: Option<&Value<'d>>, two: Option<&Value<'d>>) {
        let [mut left, mut right] = [false; 2];
        for (value, side, pushed) in [(one, 0, &mut left), (two, 1, &mut right)] {
            if let Some(node) = value.and_then(Value::origin) {
                self.places[side].push(node);
                *pushed = true;
            }
        }
        match (one, two) {
            (Some(one), Some(two)) => self.both(one, two),
            (None, None) => {}
            // Of a list or object that one of them does not have, the parts are what people look for.
            (Some(whole), None) if self.is_taken_apart(whole) => self.both(whole, &empty(whole)),
            (None, Some(whole)) if self.is_taken_apart(whole) => self.both(&empty(whole), whole),
            _ => self.differ(one, two),
        }
        for (side, pushed) in [(0, left), (1, right)] {
            if pushed {
                self.places[side].pop();
            }
        }
    }

    /// Whole sections, and everything down to a decision.
    fn is_taken_apart(&self, value: &Value<'d>) -> bool {
        let decisions = self.path[0] == "decisions" && value.kind() == Kind::Object;
        let section = self.path.len() == 1 && matches!(value, Value::Object(_) | Value::List(_));
        (decisions || section) && !value.is_empty()
    }

    fn both(&mut self, one: &Value<'d>, two: &Value<'d>) {
        let kinds = (one.kind(), two.kind());
        if self.path.len() < DEEPEST && kinds == (Kind::Object, Kind::Object) {
            return self.objects(one, two);
        }
        if self.path.len() < DEEPEST && kinds == (Kind::Array, Kind::Array) {
            return self.lists(one, two);
        }
        if kinds.0 != kinds.1 || self.scales.weigh(one) != self.scales.weigh(two) {
            self.differ(Some(one), Some(two));
        }
    }

    fn differ(&mut self, one: Option<&Value<'d>>, two: Option<&Value<'d>>) {
        self.found.push(Difference {
            path: self.path.clone(),
            names: self.names.clone(),
            one: one.cloned(),
            two: two.cloned(),
            places: [self.places[0].last().copied(), self.places[1].last().copied()],
        });
    }

    fn objects(&mut self, one: &Value<'d>, two: &Value<'d>) {
        let (left, right) = (members(one), members(two));
        let mut places: HashMap<&[u8], usize> = right.iter().enumerate().map(|(at, (key, _))| (&key[..], at)).collect();
        for (key, value) in &left {
            let twin = places.remove(&key[..]).map(|at| &*right[at].1);
            self.member(&String::from_utf8_lossy(key), Some(value), twin);
        }
        for (key, value) in &right {
            if places.contains_key(&key[..]) {
                self.member(&String::from_utf8_lossy(key), None, Some(value));
            }
        }
    }

    fn lists(&mut self, one: &Value<'d>, two: &Value<'d>) {
        let (left, right) = (elements(one), elements(two));
        let weights = |scales: &mut Scales, list: &[Cow<'_, Value<'d>>]| -> Vec<u128> {
            list.iter().map(|value| scales.weigh(value)).collect()
        };
        let (left_weights, right_weights) = (weights(&mut self.scales, &left), weights(&mut self.scales, &right));
        // What both have in front and at the end needs no search.
        let equal = |pair: &(&u128, &u128)| pair.0 == pair.1;
        let front = left_weights.iter().zip(&right_weights).take_while(equal).count();
        let rest = left.len().min(right.len()) - front;
        let back = left_weights.iter().rev().zip(right_weights.iter().rev()).take(rest).take_while(equal).count();
        let (left, right) = (&left[front..left.len() - back], &right[front..right.len() - back]);
        let (left_weights, right_weights) = (&left_weights[front..], &right_weights[front..]);
        let marks = |scales: &mut Scales, list: &[Cow<'_, Value<'d>>], weights: &[u128]| -> Vec<Mark> {
            list.iter().zip(weights).map(|(value, weight)| mark(scales, value, *weight)).collect()
        };
        let (one, two) = (marks(&mut self.scales, left, left_weights), marks(&mut self.scales, right, right_weights));
        for (from, to) in align(&one, &two) {
            if let (Some(from), Some(to)) = (from, to)
                && left_weights[from] == right_weights[to]
            {
                continue;
            }
            let (from, to) = (from.map(|at| (at, &*left[at])), to.map(|at| (at, &*right[at])));
            let Some((at, value)) = to.or(from) else { continue };
            self.path.push((front + at).to_string());
            let name = name(value);
            let named = !name.is_empty();
            if named {
                self.names.push(name);
            }
            self.pair(from.map(|(_, value)| value), to.map(|(_, value)| value));
            if named {
                self.names.pop();
            }
            self.path.pop();
        }
    }
}

fn empty<'d>(value: &Value<'d>) -> Value<'d> {
    if value.kind() == Kind::Array { Value::List(Vec::new()) } else { Value::Object(crate::json::Object::new()) }
}

fn members<'v, 'd>(value: &'v Value<'d>) -> Vec<(Cow<'v, [u8]>, Cow<'v, Value<'d>>)> {
    match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.wtf8(), Cow::Borrowed(value))).collect(),
        _ => {
            let members = value.clone().into_object().map_or_else(Vec::new, crate::json::Object::into_members);
            members.into_iter().map(|(key, value)| (Cow::Owned(key.wtf8().into_owned()), Cow::Owned(value))).collect()
        }
    }
}

fn elements<'v, 'd>(value: &'v Value<'d>) -> Vec<Cow<'v, Value<'d>>> {
    match value {
        Value::List(list) => list.iter().map(Cow::Borrowed).collect(),
        _ => value.clone().into_elements().into_iter().map(Cow::Owned).collect(),
    }
}

/// The part of an element that says which call, item or response it is.
fn core<'d>(value: &Value<'d>) -> Value<'d> {
    let inner = value.member("raw").or_else(|| value.member("call"));
    inner.filter(|inner| inner.kind() == Kind::Object).unwrap_or_else(|| value.clone())
}

fn mark(scales: &mut Scales, value: &Value<'_>, weight: u128) -> Mark {
    if value.kind() != Kind::Object {
        return Mark { name: weight, kind: 0 };
    }
    let core = core(value);
    let text = |value: &Value<'_>, key: &str| value.member(key).and_then(|own| own.wtf8().map(|own| own.into_owned()));
    let kinds = ["type", "role", "name"].map(|key| text(&core, key));
    let kind: Vec<Option<Vec<u8>>> = kinds.into_iter().chain([text(value, "kind")]).collect();
    let id = ["call_id", "id", "response_id"].into_iter().find_map(|key| text(&core, key));
    let list = |parts: &[&Option<Vec<u8>>]| {
        let parts = parts.iter().map(|part| part.as_ref().map_or(Value::NULL, |part| Value::from(part.clone())));
        Value::List(parts.collect())
    };
    let mut kind_weight = scales.weigh(&list(&kind.iter().collect::<Vec<_>>()));
    if id.is_some() {
        // Two calls with different ids are two calls, but a run that was done again has other ids.
        kind_weight = kind_weight.wrapping_add(1);
    }
    // A call and its output share the id, and the kind tells them apart.
    let name = match id {
        Some(_) => scales.weigh(&list(&[&id, &kind[0], &kind[3]])),
        None => weight,
    };
    Mark { name, kind: kind_weight }
}

/// What an element is, for people.
fn name(value: &Value<'_>) -> String {
    let core = core(value);
    let text = |value: &Value<'_>, key: &str| {
        value.member(key).and_then(|own| own.wtf8().map(|own| String::from_utf8_lossy(&own).into_owned()))
    };
    let kind = text(value, "kind").or_else(|| text(&core, "type"));
    let id = ["call_id", "id", "response_id"].into_iter().find_map(|key| text(&core, key));
    let tool = text(&core, "name").or_else(|| text(&core, "role"));
    let copy = ["raw", "call"].into_iter().find_map(|key| text(value, key));
    [kind, tool, id, copy].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
