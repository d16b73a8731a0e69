//! The format of the TypeScript SDK, `@openai/agents`: `RunState#toString()` and `RunState.fromString()`.

mod rules;
mod state;

pub use rules::judge;
pub use state::State;
