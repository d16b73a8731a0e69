//! What a conversion could not keep, grouped for people and with every place for programs.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::codes::Code;
use crate::json::{Document, pointers};
use crate::model::{Entry, Level};

/// Everything that changed in the same way and for the same reason.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Loss {
    /// What kind of change it is.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub code: Code,
    /// How much it matters.
    #[serde(serialize_with = "name")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub level: Level,
    /// The first place, with `#` for places in lists; a place in a text within the state stands behind `!`.
    pub pointer: String,
    /// How many places there are.
    pub count: usize,
    /// What the user will notice.
    pub reason: Cow<'static, str>,
    /// All places, as JSON pointers.
    pub pointers: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn name<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.name())
}

/// Groups entries by code, level and reason; the worst come first, then as they came up.
pub(super) fn losses(doc: &Document, entries: Vec<Entry<'_>>) -> Vec<Loss> {
    let nodes: Vec<_> = entries.iter().map(|entry| entry.node).collect();
    let pointers = pointers(doc, &nodes);
    let mut groups: crate::hash::HashMap<(Code, Level, Cow<'static, str>), usize> = crate::hash::HashMap::default();
    let mut losses: Vec<Loss> = Vec::new();
    for (entry, pointer) in entries.into_iter().zip(pointers) {
        let Entry { code, level, reason, .. } = entry;
        let at = *groups.entry((code, level, reason.clone())).or_insert(losses.len());
        if at == losses.len() {
            let pointer = pattern(&pointer);
            losses.push(Loss { code, level, pointer, count: 0, reason, pointers: Vec::new() });
        }
        losses[at].count += 1;
        losses[at].pointers.push(pointer);
    }
    losses.sort_by_key(|loss| std::cmp::Reverse(loss.level));
    losses
}

/// The pointer with `#` in place of numbers.
pub(super) fn pattern(pointer: &str) -> String {
    let step = |step: &str| {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { "#".to_owned() } else { step.to_owned() }
    };
    pointer.split('/').map(step).collect::<Vec<_>>().join("/")
}
