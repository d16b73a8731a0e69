//! Validates, normalizes and explains the serialized RunState of the OpenAI Agents SDKs.

pub mod agents;
#[cfg(feature = "check")]
pub mod check;
pub mod codes;
#[cfg(feature = "check")]
pub mod content;
mod convert;
mod decide;
pub mod detect;
mod diff;
mod digest;
pub mod finding;
pub mod format;
mod hash;
mod inspect;
pub mod json;
pub mod model;
mod normalize;
mod parallel;
pub mod python;
pub mod record;
mod runs;
#[cfg(feature = "schema")]
mod schema;
pub mod typescript;
mod validate;
pub mod versions;

pub use convert::{
    Carry, Conversion, Convert, Difference, DifferenceKind, Loss, RoundTrip, convert, convert_document, roundtrip,
    sidecar_format,
};
pub use decide::{Calls, Decide, Decided, Refusal, decide};
pub use diff::{Change, ChangeKind, Comparison, Diff, Ignore, Side, diff, diff_documents, mask_secrets, plain_text};
pub use digest::{Hash, hash};
pub use finding::{Effect, Finding, Severity};
pub use format::{Dialect, Format, Target};
pub use inspect::{
    Answer, Decision, Entry, EntryKind, Inspect, NextStep, Outer, Part, Pending, Remark, Repeat, Resumable, RunSummary,
    Said, Size, Spending, Summary, Tokens, inspect, inspect_document,
};
pub use model::Level;
pub use normalize::{
    Defaults, Invalid, Keys, Layout, Normalize, Outcome, Redact, Rewritten, normalize, normalize_document,
};
pub use parallel::on_cores;
#[cfg(feature = "schema")]
pub use schema::{schema, schema_of_any, schema_text};
pub use validate::{Validate, Verdict, judge, validate, verdict};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
