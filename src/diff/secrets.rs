//! What is not shown when values are: the known places of secrets, and what looks like one.

use crate::json::{Document, Kind, Node};
use crate::validate::secrets::{is_secret_name, masked};

/// What stands for a secret, as JSON text.
pub(super) const MASK: &str = "\"***\"";

/// JSON text without what stands in known places of secrets or looks like one. Of what is no JSON, without the latter.
#[must_use]
pub fn mask_secrets(text: &str) -> String {
    let text = masked(text);
    let Ok(doc) = Document::parse(text.as_bytes().to_vec()) else { return text.into_owned() };
    let objects = doc.source(0).nodes().filter(|node| node.kind() == Kind::Object);
    let members = objects.flat_map(Node::members).filter(|member| is_secret_name(&member.key.lossy()));
    let mut hidden: Vec<_> = members.map(|member| member.value).filter(|value| !value.is_null()).collect();
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
        assert_eq!(mask_secrets(text), r#"{"apiKey":"***","a":["***",1],"headers":"***","token_count":5}"#);
        assert_eq!(mask_secrets("\"sk-abcdefghijklmnopqrstuvwx\""), "\"***\"");
    }
}
