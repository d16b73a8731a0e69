//! The format of the Python SDK, `openai-agents`: `RunState.to_string()` and `RunState.from_string()`.

mod lift;
mod rules;
mod state;

pub use lift::lift;
pub use rules::judge;
pub use state::State;
