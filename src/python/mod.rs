//! The format of the Python SDK, `openai-agents`: `RunState.to_string()` and `RunState.from_string()`.

mod rules;
mod state;

pub use rules::judge;
pub use state::State;
