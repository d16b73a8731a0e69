//! What looks like a secret, wherever it stands.

use std::sync::LazyLock;

use aho_corasick::packed;
use memchr::memmem::Finder;

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

/// Looks for all prefixes at once; there is none on processors without the instructions for it.
static SEARCH: LazyLock<Option<packed::Searcher>> =
    LazyLock::new(|| packed::Searcher::new(PREFIXES.map(|(prefix, _)| prefix)));

/// Raises a note at every string that holds what looks like a secret. At most one pass over the text per prefix.
pub(super) fn judge<'d>(source: &'d Source, cx: &mut Reader<'d>) {
    let mut last = None;
    for at in places(source.text().as_bytes()) {
        let node = source.node_at(at);
        if node.kind() == Kind::String && last != Some(node.index()) {
            cx.raise(codes::SECRET_LOOKALIKE, Effect::Note, node, "the string holds what looks like a secret");
        }
        last = Some(node.index());
    }
}

/// Where something starts that looks like a secret.
pub(crate) fn places(bytes: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut look = |at: usize, (prefix, least): (&str, usize)| {
        let begins = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let token = bytes[at + prefix.len()..].iter().take(least).take_while(|byte| is_token(**byte)).count();
        if begins && token == least {
            places.push(at);
        }
    };
    match &*SEARCH {
        Some(search) => {
            search.find_iter(bytes).for_each(|found| look(found.start(), PREFIXES[found.pattern().as_usize()]));
        }
        None => {
            for row in PREFIXES {
                Finder::new(row.0).find_iter(bytes).for_each(|at| look(at, row));
            }
        }
    }
    places.sort_unstable();
    places
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'+' | b'=' | b' ')
}
