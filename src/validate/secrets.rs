//! What looks like a secret, wherever it stands.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::packed;
use memchr::memmem::{self, Finder};

use crate::codes;
use crate::finding::Effect;
use crate::json::{Kind, Source};
use crate::record::Reader;

/// How well-known secrets begin, and how many characters of a token must follow.
const PREFIXES: [(&str, usize); 21] = [
    ("sk-", 20),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("ghu_", 30),
    ("github_pat_", 30),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xapp-", 20),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("glpat-", 20),
    ("hf_", 30),
    ("npm_", 30),
    // The headers of JSON Web Tokens, by their first member.
    ("eyJhbGci", 20),
    ("eyJ0eXAi", 20),
    ("Bearer ", 20),
    ("-----BEGIN ", 10),
];

/// Parts of the names of members whose values are secrets.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "authorization",
    "credential",
];

/// Names that are secrets by themselves.
const WHOLE_NAMES: [&str; 4] = ["token", "pwd", "cookie", "headers"];

/// What stands for a secret.
pub(crate) const MASK: &str = "***";

/// Looks for all prefixes at once; there is none on processors without the instructions for it.
static SEARCH: LazyLock<Option<packed::Searcher>> =
    LazyLock::new(|| packed::Searcher::new(PREFIXES.map(|(prefix, _)| prefix)));

/// Raises a note at every string that holds what looks like a secret, given the [`places`] in the text.
pub(super) fn judge<'d>(source: &'d Source, places: &[(usize, &str)], cx: &mut Reader<'d>) {
    let mut last = None;
    for &(at, _) in places {
        let node = source.node_at(at);
        if node.kind() == Kind::String && last != Some(node.index()) {
            cx.raise(codes::SECRET_LOOKALIKE, Effect::Note, node, "the string holds what looks like a secret");
        }
        last = Some(node.index());
    }
}

/// Where something begins that looks like a secret, in order, and with which prefix. At most one pass over the text per
/// prefix.
pub(super) fn places(bytes: &[u8]) -> Vec<(usize, &'static str)> {
    let mut places = Vec::new();
    let mut look = |at: usize, (prefix, least): (&'static str, usize)| {
        let begins = at == 0 || !bytes[at - 1].is_ascii_alphanumeric() || is_behind_escape(&bytes[..at]);
        let token = bytes[at + prefix.len()..].iter().take(least).take_while(|byte| is_token(**byte)).count();
        if begins && token == least {
            places.push((at, prefix));
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

/// Whether the text, which may be that of a string with escapes in it, ends with an escape: `\n` or `\u00e9`.
fn is_behind_escape(text: &[u8]) -> bool {
    match text {
        [.., b'\\', b'b' | b'f' | b'n' | b'r' | b't'] => true,
        [.., b'\\', b'u', a, b, c, d] => [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()),
        _ => false,
    }
}

/// Whether values of members with this name are secrets.
pub(crate) fn is_secret_name(key: &str) -> bool {
    let mut plain = [0; 64];
    let letters = key.bytes().filter(u8::is_ascii_alphanumeric);
    let length = plain.iter_mut().zip(letters).map(|(own, byte)| *own = byte.to_ascii_lowercase()).count();
    let plain = &plain[..length];
    NAMES.iter().any(|name| memmem::find(plain, name.as_bytes()).is_some())
        || WHOLE_NAMES.iter().any(|name| name.as_bytes() == plain)
}

/// Where in a JSON text something may look like a secret once its strings are decoded.
pub(crate) fn suspicious(text: &[u8]) -> Vec<usize> {
    // Letters that are written as escapes, which no SDK does.
    let escape = Finder::new("\\u00");
    let escaped = escape.find_iter(text).filter(|at| matches!(text.get(at + 4), Some(b'2'..=b'7')));
    places(text).into_iter().map(|(at, _)| at).chain(escaped).collect()
}

/// The text with `***` for what looks like a secret.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let places = places(text.as_bytes());
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut done = 0;
    for (at, prefix) in places {
        if at < done {
            continue;
        }
        out.push_str(&text[done..at]);
        out.push_str(MASK);
        let token = text.as_bytes()[at + prefix.len()..].iter().take_while(|byte| is_token(**byte) && **byte != b' ');
        // Behind the first line of a key comes the key.
        done = if prefix.starts_with('-') { text.len() } else { at + prefix.len() + token.count() };
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'+' | b'=' | b' ')
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn what_looks_like_a_secret_is_masked_and_the_rest_stays() {
        let key = "sk-abcdefghijklmnopqrstuvwx";
        assert_eq!(masked(&format!("use {key}, then Bearer {key} and go")), "use ***, then *** and go");
        assert_eq!(masked("-----BEGIN PRIVATE KEY-----\nMIIE"), "***");
        assert_eq!(masked(&format!("first\\n{key}")), "first\\n***");
        assert_eq!(masked(&format!("{{\"jwt\": \"eyJhbGciOiJIUzI1NiJ9.{key}\"}}")), "{\"jwt\": \"***\"}");
        for prefix in ["sk_live_", "ghs_", "hf_", "npm_", "ASIA"] {
            assert_eq!(masked(&format!("{prefix}{}", "Az0".repeat(12))), "***");
        }
        assert_eq!(masked("sk-short, task-abcdefghijklmnopqrstuvwx"), "sk-short, task-abcdefghijklmnopqrstuvwx");
    }
}
