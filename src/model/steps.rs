//! What a label changed beyond its fields, and the way from one label of a dialect to another.

use std::cmp::Ordering;

use crate::codes;
use crate::json::{Object, Value};
use crate::record::{Misfit, Row};

use super::{Account, Level};

/// More turns than any run has.
const MANY_TURNS: u64 = 1_000_000_000;

/// Changes a state in place.
pub(crate) type Turn = for<'d> fn(&mut Object<'d>, &Account<'d>);

/// What has to be done to a state where a label changed the meaning of what stands in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The number behind `1.` of the label.
    pub(crate) to: u16,
    /// Brings a state of an older label to this one.
    pub(crate) up: Option<Turn>,
    /// Brings a state of this label to the one before it.
    pub(crate) down: Option<Turn>,
}

/// Takes a state over all steps that lie between two labels, in either direction. `steps` are in order.
pub(crate) fn turn<'d>(steps: &[Step], state: &mut Object<'d>, from: u16, to: u16, account: &Account<'d>) {
    let between = |step: &&Step| step.to > from.min(to) && step.to <= from.max(to);
    match from.cmp(&to) {
        Ordering::Less => {
            steps.iter().filter(between).filter_map(|step| step.up).for_each(|up| up(state, account));
        }
        Ordering::Greater => {
            steps.iter().rev().filter(between).filter_map(|step| step.down).for_each(|down| down(state, account));
        }
        Ordering::Equal => {}
    }
}

/// Takes down that the target has no place for something. `known` says of members how much that matters, and why; for any
/// other it is taken to matter.
pub(crate) fn no_place<'d>(
    known: &[(&str, Level, &'static str)],
    misfit: Misfit,
    row: &Row,
    value: &Value<'d>,
    account: &Account<'d>,
) {
    let impossible = |reason| account.note(codes::NOT_CONVERTIBLE, Level::Resume, value.origin(), reason);
    match misfit {
        Misfit::Member => match known.iter().find(|(key, ..)| *key == row.key) {
            Some((_, level, reason)) => account.lost(*level, value, reason),
            None => account.lost(Level::Resume, value, "the target has no place for this member"),
        },
        Misfit::Object => impossible("the target has no items of this type"),
        Misfit::Kind => impossible("the target cannot hold a value of this kind here"),
    }
}

/// Gives a run without a turn limit one that no run reaches.
pub(crate) fn limit_turns<'d>(state: &mut Object<'d>, key: &'static str, account: &Account<'d>) {
    if let Some(limit) = state.get(key).filter(|limit| limit.is_null()) {
        account.assumed(Level::Bookkeeping, limit.origin(), "no turn limit becomes one that no run reaches");
        state.set(key, Value::integer(MANY_TURNS));
    }
}

/// The number behind `1.` of a state's label; `None` for what is no label.
#[must_use]
pub(crate) fn label(state: &Object<'_>) -> Option<u16> {
    let text = state.get("$schemaVersion").and_then(Value::wtf8)?;
    std::str::from_utf8(&text).ok()?.strip_prefix("1.")?.parse().ok()
}

/// Gives a state its label.
pub(crate) fn relabel(state: &mut Object<'_>, to: u16) {
    let text = format!("1.{to}").into_bytes();
    if state.get("$schemaVersion").and_then(Value::wtf8).as_deref() != Some(&text[..]) {
        state.set("$schemaVersion", Value::from(text));
    }
}
