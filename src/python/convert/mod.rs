//! How a state of the Python SDK becomes another one.

mod decisions;
mod derive;
mod lift;
mod lower;
mod steps;

pub use derive::derive;
pub use lift::lift;
pub use lower::lower;
pub use steps::{LEDGER, SERVERS, bring};

use sha2::{Digest as _, Sha256};

use crate::json::{Document, Node, Value};

/// The state as a tree. Nested runs are objects in it already.
#[must_use]
pub fn open<'d>(_: &'d Document, root: Node<'d>) -> Value<'d> {
    Value::Node(root)
}

/// What a standing decision's scope is the digest of: the type of the call, and the tool.
const STANDING_KINDS: [&str; 5] =
    ["apply_patch_call", "computer_call", "custom_tool_call", "local_shell_call", "shell_call"];

/// What the SDK keeps of a tracing key.
fn key_hash(key: &[u8]) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}
