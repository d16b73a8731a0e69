//! What is not shown when values are: the known places of secrets, and what looks like one.

use crate::json::{Document, Kind, Node, Style, Text, Writer};
use crate::validate::secrets::{is_secret_name, masked};

/// What stands for a secret, as JSON text.
pub(super) const MASK: &str = "\"***\"";

/// JSON text without what stands in known places of secrets or looks like one, in strings that hold JSON, too. Of what is no
/// JSON, without the latter.
#[must_use]
pub fn mask_secrets(text: &str) -> String {
    let Ok(doc) = Document::parse(text.as_bytes().to_vec()) else { return masked(text).into_owned() };
    let source = doc.source(0);
    let objects = source.nodes().filter(|node| node.kind() == Kind::Object);
    let members = objects.flat_map(Node::members).filter(|member| is_secret_name(&member.key.lossy()));
    let hidden = members.map(|member| member.value).filter(|value| !value.is_null());
    let mut new: Vec<(Node<'_>, String)> = hidden.map(|value| (value, MASK.to_owned())).collect();
    new.extend(source.nodes().filter_map(|node| Some((node, string(node)?))));
    // Stable, so that of a string with a secret name it is the first that counts.
    new.sort_by_key(|(node, _)| node.index());
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (node, new) in new {
        let span = node.span();
        if span.start >= done {
            out.push_str(&masked(&text[done..span.start]));
            out.push_str(&new);
            done = span.end;
        }
    }
    out.push_str(&masked(&text[done..]));
    out
}

/// A string without the secrets in it, as JSON text; nothing where it has none.
fn string(node: Node<'_>) -> Option<String> {
    let text = node.text().map(Text::lossy)?;
    // Every level of quotes doubles the length of the next, so that there are never many.
    let is_json = text.trim_start().starts_with(['{', '[']);
    let new = if is_json { mask_secrets(&text) } else { masked(&text).into_owned() };
    (new != text).then(|| {
        let mut out = Writer::new(Style::TypeScript);
        out.string(new.as_bytes());
        String::from_utf8_lossy(&out.finish()).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::mask_secrets;

    #[test]
    fn secrets_are_masked_by_their_place_and_by_their_look() {
        let text = r#"{"apiKey":"x","a":["sk-abcdefghijklmnopqrstuvwx",1],"headers":{"b":1},"token_count":5}"#;
        assert_eq!(mask_secrets(text), r#"{"apiKey":"***","a":["***",1],"headers":"***","token_count":5}"#);
        assert_eq!(mask_secrets("\"sk-abcdefghijklmnopqrstuvwx\""), "\"***\"");
        assert_eq!(mask_secrets(r#"{"sk-abcdefghijklmnopqrstuvwx":1}"#), r#"{"***":1}"#);
        assert_eq!(mask_secrets("no JSON: Bearer abcdefghijklmnopqrstuvwx"), "no JSON: ***");
    }

    #[test]
    fn secrets_are_masked_in_strings_that_hold_json() {
        let text = r#"{"arguments":"{\"to\": \"Ann\", \"password\": \"x\", \"more\": \"[{\\\"pwd\\\":7}]\"}"}"#;
        let hidden =
            r#"{"arguments":"{\"to\": \"Ann\", \"password\": \"***\", \"more\": \"[{\\\"pwd\\\":\\\"***\\\"}]\"}"}"#;
        assert_eq!(mask_secrets(text), hidden);
    }

    #[test]
    fn what_looks_like_a_private_key_hides_its_string_alone() {
        let text = r#"{"password":"x","key":"-----BEGIN PRIVATE KEY-----\nMIIE","a":1}"#;
        assert_eq!(mask_secrets(text), r#"{"password":"***","key":"***","a":1}"#);
    }
}
