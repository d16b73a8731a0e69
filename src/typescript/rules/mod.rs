//! What the TypeScript SDK's reader does with a state beyond its shape.

use crate::agents::Graph;
use crate::record::Reader;

use super::State;

/// Raises what the newest reader refuses, drops or cannot resume.
pub fn judge<'d>(state: &State<'d>, agents: Option<&Graph>, cx: &mut Reader<'d>) {
    let _ = (state, agents, cx);
}
