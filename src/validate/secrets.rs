//! What looks like a secret, wherever it stands.

use memchr::memmem::Finder;

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Source};
use crate::record::Reader;

/// How well-known secrets begin, and how many characters of a token must follow.
const PREFIXES: &[(&str, usize)] = &[
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

/// So much of the text is searched for all prefixes before the next part is: as much as stays in a processor's cache.
const PART: usize = 1 << 14;

/// Raises a note at every string that holds what looks like a secret. One search of the text per prefix.
pub(super) fn judge<'d>(source: &'d Source, cx: &mut Reader<'d>) {
    let bytes = source.text().as_bytes();
    let mut places = Vec::new();
    let finders: Vec<_> = PREFIXES.iter().map(|&(prefix, least)| (Finder::new(prefix), prefix, least)).collect();
    for (from, (finder, prefix, least)) in
        (0..bytes.len()).step_by(PART).flat_map(|from| finders.iter().map(move |finder| (from, finder)))
    {
        // What begins in this part may end in the next one.
        let part = &bytes[from..bytes.len().min(from + PART + prefix.len() - 1)];
        for at in finder.find_iter(part).map(|at| from + at) {
            let begins = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
            let token = bytes[at + prefix.len()..].iter().take(*least).take_while(|byte| is_token(**byte)).count();
            if begins && token == *least {
                places.push(at);
            }
        }
    }
    places.sort_unstable();
    let mut last = None;
    for at in places {
        let node = source.node_at(at);
        if node.kind() == Kind::String && last != Some(node.index()) {
            cx.raise(codes::SECRET_LOOKALIKE, Effect::Note, node, "the string holds what looks like a secret");
        }
        last = Some(node.index());
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'+' | b'=' | b' ')
}
