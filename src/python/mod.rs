//! The format of the Python SDK, `openai-agents`: `RunState.to_string()` and `RunState.from_string()`.
//!
//! Rows say what the SDK writes and what the reader of release 0.24.0 (label 1.21) does with anything else, under the
//! labels 1.0 to 1.21 alike; `read_before` and `Reader::reader_has` say what older readers do.

mod bounds;
mod canonical;
pub mod context;
#[doc(hidden)]
pub mod convert;
mod decide;
mod digest;
pub mod guardrails;
mod invocation;
pub mod items;
mod lift;
mod nested;
pub mod raw;
mod rules;
pub mod sandbox;
pub mod session;
mod state;
pub mod step;
mod versions;
mod weigh;

pub(crate) use decide::decide;
pub(crate) use digest::of_input as input_digest;
pub use lift::lift;
pub use nested::NestedState;
pub use rules::judge;
pub use state::{Input, ModelResponse, State, Trace};
pub use versions::VERSIONS;
