//! What looks like a secret, wherever it stands.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Source};
use crate::record::Reader;

/// How well-known secrets begin, and how many characters of a token must follow.
const PREFIXES: [(&str, usize); 10] = [
    ("sk-", 20),
    ("ghp_", 30),
    ("github_pat_", 30),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("AKIA", 16),
    ("AIza", 30),
    ("glpat-", 20),
    ("Bearer ", 20),
    ("-----BEGIN ", 10),
];

static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(PREFIXES.map(|(prefix, _)| prefix)).expect("a few short prefixes make a small automaton")
});

/// Raises a note at every string that holds what looks like a secret. One pass over the text.
pub(super) fn judge<'d>(source: &'d Source, cx: &mut Reader<'d>) {
    let bytes = source.text().as_bytes();
    let mut last = None;
    for found in SEARCH.find_iter(bytes) {
        let (_, least) = PREFIXES[found.pattern().as_usize()];
        let begins = found.start() == 0 || !bytes[found.start() - 1].is_ascii_alphanumeric();
        let token = bytes[found.end()..].iter().take(least).take_while(|byte| is_token(**byte)).count();
        if !begins || token < least {
            continue;
        }
        let node = source.node_at(found.start());
        if node.kind() == Kind::String && last != Some(node.index()) {
            cx.raise(codes::SECRET_LOOKALIKE, Effect::Note, node, "the string holds what looks like a secret");
        }
        last = Some(node.index());
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'+' | b'=' | b' ')
}
