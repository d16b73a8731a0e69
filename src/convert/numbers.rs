//! Numbers that JavaScript cannot hold as they are written.

use crate::codes;
use crate::json::{Document, Kind, Node, Source};
use crate::model::{Account, Level};

/// Takes down every number that the TypeScript SDK would change; whether there is one that it cannot hold at all.
pub(super) fn judge<'d>(doc: &'d Document, account: &Account<'d>) -> bool {
    let mut impossible = false;
    for source in doc.sources() {
        for node in source.nonfinite() {
            let reason = "NaN and the infinities are no JSON: the TypeScript SDK cannot read a state that holds one";
            account.note(codes::NUMBER_CHANGES, Level::Resume, Some(node), reason);
            impossible = true;
        }
        changed(source, account);
    }
    impossible
}

fn changed<'d>(source: &'d Source, account: &Account<'d>) {
    for node in numbers(source) {
        let raw = node.raw();
        let digits = raw.trim_start_matches('-');
        // Integers of up to 15 digits are exact.
        if digits.len() < 16 && digits.bytes().all(|byte| byte.is_ascii_digit()) && raw != "-0" {
            continue;
        }
        let Ok(value) = raw.parse::<f64>() else { continue };
        if !value.is_finite() {
            let reason = "JavaScript reads this number as infinite";
            account.note(codes::NUMBER_CHANGES, Level::Resume, Some(node), reason);
        } else if is_integer(digits) {
            if format!("{value:.0}") != raw {
                let reason = "JavaScript cannot hold this integer exactly and reads the nearest one that it can hold";
                account.note(codes::NUMBER_CHANGES, Level::History, Some(node), reason);
            }
        } else if value.fract() == 0.0 {
            let reason = "JavaScript does not tell this from an integer, and will write one";
            account.note(codes::NUMBER_CHANGES, Level::History, Some(node), reason);
        }
    }
}

fn is_integer(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn numbers(source: &Source) -> impl Iterator<Item = Node<'_>> {
    source.nodes().filter(|node| node.kind() == Kind::Number)
}
