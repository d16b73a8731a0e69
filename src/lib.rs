//! Validates, normalizes and explains the serialized RunState of the OpenAI Agents SDKs.

pub mod agents;
pub mod codes;
pub mod detect;
pub mod finding;
pub mod format;
pub mod json;
pub mod python;
pub mod record;
pub mod typescript;
mod validate;

pub use finding::{Effect, Finding, Severity};
pub use format::{Dialect, Format, Target};
pub use validate::{Validate, Verdict, validate, verdict};
