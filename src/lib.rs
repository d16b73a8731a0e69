//! Validates, inspects, decides, converts and compares the serialized RunState of the OpenAI Agents SDKs: what
//! `RunState.to_string()` (Python) and `RunState#toString()` (TypeScript) write when a run pauses.
//!
//! # Where to begin
//!
//! Every verb takes the bytes of a state and options, and gives plain data that is owned. Nothing is read from files, clocks or
//! the environment, and nothing is sent anywhere.
//!
//! | to know or to do | call |
//! |---|---|
//! | whose state it is, under which label, and which releases write and read it | [`detect`](detect::detect) |
//! | whether the SDK loads it, whether the run can go on, and what is wrong where | [`validate`]; [`verdict`] with the format |
//! | what waits for whom, what was decided, what happened | [`inspect`] |
//! | approve or reject calls that wait | [`decide`] |
//! | make it a state of the other SDK or of another release | [`convert`]; [`roundtrip`] proves what survives |
//! | write it in its SDK's own bytes, sorted, masked or with placeholders | [`normalize`] |
//! | what two states say differently; a digest of what one says | [`diff`], [`hash`] |
//! | which release writes which label, and what changed from label to label | [`versions`] |
//! | the JSON Schema of a label | `schema`, with the feature of that name |
//!
//! To do several of these with one state, parse it once, as a [`json::Document`], and call [`judge`], [`inspect_document`],
//! [`convert_document`], [`normalize_document`] or [`diff_documents`].
//!
//! What is wrong with a state is never an `Err`: it is a [`Finding`] with a stable code ([`codes`] lists them), its [`Effect`] in
//! the SDK, its place (a JSON pointer as in RFC 6901; line and column from 1, the column in characters; a range of bytes), one
//! sentence, and what to do. Messages show keys, labels, item types, agents, tools, servers and call ids, and no other value.
//!
//! # Options
//!
//! Options are structs with public fields, to which later versions may add some. Begin with the default and set fields:
//!
//! ```
//! use runstate::{Convert, Level, convert};
//!
//! let state = std::fs::read("fixtures/python/1.21/always-approved.json")?;
//! let mut options = Convert::default();
//! options.allow_loss = Level::Display;
//! let done = convert(&state, "python@0.22.3".parse()?, &options);
//! assert!(done.bytes.is_none(), "more would change than may");
//! for loss in done.losses.iter().filter(|loss| loss.level > options.allow_loss) {
//!     println!("{} {} {}: {}", loss.level, loss.code, loss.pointer, loss.reason);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Approving a call
//!
//! ```
//! use runstate::{ApprovalStatus, Calls, Decide, Inspect, decide, inspect};
//!
//! let state = std::fs::read("fixtures/python/1.21/pending-several.json")?;
//! let waiting = inspect(&state, &Inspect::default()).inbox;
//! let call = waiting.iter().find(|call| call.tool.as_deref() == Some("audit")).expect("a call of this tool waits");
//! let ids = call.call_id.iter().cloned().collect();
//! let done = decide(&state, &Decide::new(ApprovalStatus::Approved, Calls::Ids { ids, path: None }));
//! let approved = done.bytes.expect("nothing stands against it");
//! assert_eq!(inspect(&approved, &Inspect::default()).inbox.len(), waiting.len() - 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Typed models
//!
//! [`python`] and [`typescript`] hold a typed model of each format, with every field, run item, raw item, approval and action;
//! [`python::State::of`] and [`typescript::State::of`] read one. A field is a [`Slot`](record::Slot): its value, or why there is
//! none. The leaves are [`Node`](json::Node)s, which know where they stand, keep their digits, and read into any type that
//! implements `serde::Deserialize` ([`json::Node::parse_into`]). The example `pending` reads what a tool returned that way.
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `cli` | the command `runstate`, and all other features | yes |
//! | `schema` | JSON Schemas: `schema`, `schema_of_any`, `schema_text` | with `cli` |
//! | `check` | documents held against JSON Schemas: the modules `check` and `content` | with `cli` |
//! | `parallel` | large states on several cores: [`on_cores`] | with `cli` |
//!
//! Without default features the library needs neither clap nor files, and no thread.

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
    Size, Spending, Summary, Tokens, inspect, inspect_document,
};
pub use model::{ApprovalStatus, Level};
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
