//! Whether a state survives: the same format through the typed model, and there and back through another one.

use serde::Serialize;

use crate::finding::Finding;
use crate::format::{Format, Target};
use crate::json::Document;
use crate::normalize::{Invalid, Normalize, normalize};
use crate::validate::Validate;

use super::{Carry, Convert, Loss, carry, convert, newest_release};

/// What a state is after it was written again, and after it was converted there and back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoundTrip {
    /// What the input is; nothing when it is no state that its SDK loads.
    pub from: Option<Format>,
    /// What is wrong with the input.
    pub findings: Vec<Finding>,
    /// Whether it is byte for byte the same once it was read into the typed model and written again. It is not when
    /// something else than the SDK has written it.
    pub same: bool,
    /// Whether it can be converted.
    pub converted: bool,
    /// What is not as it was in the other format, the worst first.
    pub losses: Vec<Loss>,
    /// What is not as it was when it is back, and was not carried along.
    pub differences: Vec<Difference>,
    /// Whether it is byte for byte the same when it is back, and was carried along ([`Carry::Inside`]).
    pub restored: bool,
}

/// Places where a state is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Difference {
    /// JSON pointer with `#` for places in lists and `!` in front of what stands in a text.
    pub pointer: String,
    /// What happened there.
    pub kind: DifferenceKind,
    /// How many places there are.
    pub count: usize,
}

/// What happened to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// It is another one.
    Changed,
    /// It is not there any more.
    Gone,
    /// It was not there.
    New,
    /// Its members stand in another order.
    Order,
}

/// Writes a state again in its own format, and converts it to `via` and back.
///
/// ```
/// use runstate::{Convert, roundtrip};
///
/// let state = std::fs::read("fixtures/python/1.21/partly-decided.json")?;
/// let trip = roundtrip(&state, "typescript@0.20.0".parse()?, &Convert::default());
/// assert!(trip.same && trip.converted && trip.restored);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn roundtrip(bytes: &[u8], via: Target, options: &Convert) -> RoundTrip {
    let mut again =
        Normalize { validate: Validate { at: options.at.clone(), ..Validate::default() }, ..Normalize::default() };
    if options.accept_invalid {
        again.invalid = Invalid::Accept;
    }
    let written = normalize(bytes, &again);
    let mut result = RoundTrip {
        from: None,
        findings: written.findings,
        same: written.bytes.as_deref() == Some(bytes),
        converted: false,
        losses: Vec::new(),
        differences: Vec::new(),
        restored: false,
    };
    let Some(written) = written.bytes else { return result };
    let inside = Convert { carry: Carry::Inside, at: None, ..options.clone() };
    let there = convert(&written, via, &inside);
    (result.from, result.losses) = (there.from, there.losses);
    let (Some(format), Some(there)) = (result.from, there.bytes) else { return result };
    result.converted = true;
    let home = Target { format, release: newest_release(format) };
    let back = Convert::back_from(via.format);
    let allowed = Convert { allow_loss: options.allow_loss, ..back.clone() };
    result.restored = convert(&there, home, &allowed).bytes.as_deref() == Some(&written[..]);
    let plain = convert(&there, home, &Convert { carry: Carry::Stripped, ..back }).bytes;
    let plain = plain.and_then(|plain| Document::parse(plain).ok());
    if let (Some(plain), Ok(doc)) = (plain, Document::parse(written)) {
        let mut places = Vec::new();
        carry::places(&doc, doc.root(), &plain, &mut |pointer, kind| places.push((pointer.to_owned(), kind)));
        result.differences = grouped(places);
    }
    result
}

fn grouped(places: Vec<(String, DifferenceKind)>) -> Vec<Difference> {
    let mut differences: Vec<Difference> = Vec::new();
    let mut known: crate::hash::HashMap<(String, u8), usize> = crate::hash::HashMap::default();
    for (pointer, kind) in places {
        let at = *known.entry((pointer.clone(), kind as u8)).or_insert(differences.len());
        if at == differences.len() {
            differences.push(Difference { pointer, kind, count: 0 });
        }
        differences[at].count += 1;
    }
    differences
}
