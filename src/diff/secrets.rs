//! What is not shown when values are: the known places of secrets, and what looks like one.

use crate::json::{Document, Kind, Node};
use crate::validate::secrets::places;

/// What stands for a secret, as JSON text.
pub(super) const MASK: &str = "\"•••\"";

/// Keys that secrets stand under, in lower case and without what joins words.
const KEYS: [&str; 18] = [
    "accesskeyid",
    "accesstoken",
    "accountkey",
    "apikey",
    "authorization",
    "clientsecret",
    "configcredentials",
    "credentials",
    "headers",
    "idtoken",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "sessiontoken",
    "tracingapikey",
];

/// Whether what stands under the key is a secret.
pub(crate) fn is_key(key: &str) -> bool {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect();
    KEYS.contains(&&*plain)
}

/// JSON text without what stands in known places of secrets or looks like one. Of what is no JSON nothing is left that
/// looks like one.
#[must_use]
pub fn mask_secrets(text: &str) -> String {
    let Ok(doc) = Document::parse(text.as_bytes().to_vec()) else {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            out.push_str(if places(line.as_bytes()).is_empty() { line } else { "•••\n" });
        }
        return out;
    };
    let source = doc.source(0);
    let mut hidden: Vec<Node<'_>> = places(text.as_bytes()).into_iter().map(|at| source.node_at(at)).collect();
    hidden.retain(|node| node.kind() == Kind::String);
    for node in source.nodes().filter(|node| node.kind() == Kind::Object) {
        let secret = node.members().filter(|member| is_key(&member.key.lossy()) && !member.value.is_null());
        hidden.extend(secret.map(|member| member.value));
    }
    hidden.sort_by_key(|node| node.index());
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for span in hidden.into_iter().map(Node::span) {
        if span.start >= done {
            out.push_str(&text[done..span.start]);
            out.push_str(MASK);
            done = span.end;
        }
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::mask_secrets;

    #[test]
    fn secrets_are_masked_by_their_place_and_by_their_look() {
        let text = r#"{"apiKey":"x","a":["sk-abcdefghijklmnopqrstuvwx",1],"headers":{"b":1},"token_count":5}"#;
        assert_eq!(mask_secrets(text), r#"{"apiKey":"•••","a":["•••",1],"headers":"•••","token_count":5}"#);
        assert_eq!(mask_secrets("\"sk-abcdefghijklmnopqrstuvwx\""), "\"•••\"");
    }
}
