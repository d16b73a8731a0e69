//! How a state of the Python SDK becomes another one.

mod decisions;
mod derive;
mod lift;
mod lower;
mod steps;
mod thoughts;

pub use derive::{derive, own_items, place_items};
pub use lift::lift;
pub use lower::lower;
pub use steps::{LEDGER, OUTPUT_ROWS, SERVERS, bring};

use sha2::{Digest as _, Sha256};

use crate::json::{Document, Kind, Node, Value};

/// The state as a tree. Nested runs are objects in it already.
#[must_use]
pub fn open<'d>(_: &'d Document, root: Node<'d>) -> Value<'d> {
    Value::Node(root)
}

/// Calls, apart from those of functions, whose type is a part of what the scope of a standing decision is the digest of.
const STANDING_KINDS: [&str; 5] =
    ["apply_patch_call", "computer_call", "custom_tool_call", "local_shell_call", "shell_call"];

/// What the SDK keeps of a tracing key.
fn key_hash(key: &[u8]) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The API's name of a member that is a keyword of Python, and the SDK's: releases since 0.21.0 write the latter into states.
const ASYNCHRONOUS: (&str, &str) = ("async", "async_");

/// Gives that member of a call, or of the tools that a search found, its other name.
fn respell<'d>(raw: &mut Value<'d>, from: &str, to: &'static str) {
    let kind = raw.member("type");
    let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
    if is("tool_search_output") || is("namespace") {
        let has_tools = raw.member("tools").is_some_and(|tools| tools.kind() == Kind::Array && !tools.is_empty());
        if let Some(tools) = raw.object_mut().filter(|_| has_tools).and_then(|raw| raw.get_mut("tools")) {
            tools.elements_mut().iter_mut().for_each(|tool| respell(tool, from, to));
        }
    } else if ["function_call", "custom_tool_call", "function", "custom"].into_iter().any(is)
        && raw.member(from).is_some()
        && let Some(raw) = raw.object_mut()
    {
        raw.rename(from, to);
    }
}
