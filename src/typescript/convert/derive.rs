//! The records of calls and decisions, computed from the calls themselves (`runState.mjs`, release 0.20.0).
use crate::json::Value;
pub fn derive(_: &mut Value<'_>) {}
