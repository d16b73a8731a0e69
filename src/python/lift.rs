//! To the canonical model.

use crate::model::{Run, Step};

use super::State;

/// The run as both dialects understand it.
#[must_use]
pub fn lift<'d>(state: &State<'d>) -> Run<'d> {
    use crate::record::Wire as _;
    Run {
        state: state.node(),
        turn: None,
        max_turns: None,
        items: Vec::new(),
        elsewhere: Vec::new(),
        decisions: Vec::new(),
        usage: None,
        last_responses: None,
        responded: Vec::new(),
        server_managed: None,
        step: Step::Over,
        persisted: None,
    }
}
