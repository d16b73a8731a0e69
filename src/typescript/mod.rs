//! The format of the TypeScript SDK, `@openai/agents`: `RunState#toString()` and `RunState.fromString()`.

mod lift;
mod rules;
mod state;

pub use lift::lift;
pub use rules::judge;
pub use state::State;
