//! The way from one label of the TypeScript SDK to another.

use crate::format::Target;
use crate::json::Value;
use crate::model::Account;

use super::derive;

/// Brings a state, and the runs within it, to another label.
pub fn bring<'d>(tree: &mut Value<'d>, to: Target, account: &Account<'d>) {
    let _ = to;
    derive(tree, account);
}
