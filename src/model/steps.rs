//! What a label changed beyond its fields, and the way from one label of a dialect to another.

use std::cmp::Ordering;

use crate::json::{Object, Value};

use super::Account;

/// Changes a state in place.
pub type Turn = for<'d> fn(&mut Object<'d>, &Account<'d>);

/// What has to be done to a state where a label changed the meaning of what stands in it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The number behind `1.` of the label.
    pub to: u16,
    /// What has changed, in a sentence.
    pub summary: &'static str,
    /// Brings a state of an older label to this one.
    pub up: Option<Turn>,
    /// Brings a state of this label to the one before it.
    pub down: Option<Turn>,
}

/// Takes a state over all steps that lie between two labels, in either direction. `steps` are in order.
pub fn turn<'d>(steps: &[Step], state: &mut Object<'d>, from: u16, to: u16, account: &Account<'d>) {
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

/// The number behind `1.` of a state's label; `None` for what is no label.
#[must_use]
pub fn label(state: &Object<'_>) -> Option<u16> {
    let text = state.get("$schemaVersion").and_then(Value::wtf8)?;
    std::str::from_utf8(&text).ok()?.strip_prefix("1.")?.parse().ok()
}

/// Gives a state its label.
pub fn relabel(state: &mut Object<'_>, to: u16) {
    let text = format!("1.{to}").into_bytes();
    if state.get("$schemaVersion").and_then(Value::wtf8).as_deref() != Some(&text[..]) {
        state.set("$schemaVersion", Value::from(text));
    }
}
