//! Digests of items as the model is given them (`digest_input_item`): which item a nested history or a session owns.

use std::borrow::Cow;

use crate::json::{Kind, Node, Text};
use crate::record::Record as _;

use super::canonical::{Canonical, Style, Unhashable, members};
use super::items::RunItem;
use super::raw::{ReturnedComputerOutput, ReturnedFunctionOutput, ReturnedMcpApproval};

type Members<'d> = Vec<(Cow<'d, [u8]>, Node<'d>)>;

/// The digest of an input item, or `None` for null, which has none.
pub(crate) fn of_input(item: Node<'_>) -> Option<String> {
    match item.kind() {
        Kind::Null => None,
        Kind::Object => of_members(members(item)).ok(),
        _ => {
            let mut out = Canonical::new(Style::Spaced);
            out.value(item, true).ok().map(|()| out.digest())
        }
    }
}

/// The digest of an item of the history in the form in which the model is given it, or `None` when it has no such
/// form (`run_item_to_input_item`).
pub(super) fn of_item<'d>(item: &RunItem<'d>, raw: Node<'d>) -> Option<String> {
    if matches!(item, RunItem::Approval(_)) || raw.kind() != Kind::Object {
        return None;
    }
    let mut members = members(raw);
    // What the typed dictionaries do not describe is gone once the item is loaded.
    let described = match item {
        RunItem::ToolCallOutput(_) | RunItem::HandoffOutput(_) => match raw.member("type").and_then(Node::text) {
            Some(kind) if kind.is("function_call_output") => Some(ReturnedFunctionOutput::INFO),
            Some(kind) if kind.is("computer_call_output") => Some(ReturnedComputerOutput::INFO),
            _ => None,
        },
        RunItem::McpApprovalResponse(_) => Some(ReturnedMcpApproval::INFO),
        _ => None,
    };
    if let Some(info) = described {
        members.retain(|(key, _)| info.fields.iter().any(|field| **key == *field.row.key.as_bytes()));
    }
    if raw.is_type("shell_call_output") {
        let own: [&[u8]; 3] = [b"status", b"shell_output", b"provider_data"];
        members.retain(|(key, _)| !own.contains(&key.as_ref()));
    }
    members.retain(|(key, value)| !(key.as_ref() == b"status" && value.is_null()));
    of_members(members).ok()
}

fn of_members(mut members: Members<'_>) -> Result<String, Unhashable> {
    let internal: [&[u8]; 3] = [b"_agents_tool_description", b"_agents_tool_title", b"created_by"];
    members.retain(|(key, _)| !internal.contains(&key.as_ref()));
    let assistant = last(&members, b"role").and_then(Node::text).is_some_and(|role| role.is("assistant"));
    let status = last(&members, b"status");
    if assistant
        && status.is_none_or(|status| status.is_null() || status.text().is_some_and(|text| text.is("completed")))
    {
        members.retain(|(key, _)| key.as_ref() != b"status");
    }
    let spread = last(&members, b"content").and_then(Node::text).filter(|_| assistant);
    let mut out = Canonical::new(Style::Spaced);
    out.object(members, |out, value| match spread {
        Some(text) if text.node().same(*value) => spread_text(out, text),
        _ => out.value(*value, true),
    })?;
    Ok(out.digest())
}

/// The value of the last member with a key.
fn last<'d>(members: &Members<'d>, wanted: &[u8]) -> Option<Node<'d>> {
    members.iter().rev().find(|(key, _)| key.as_ref() == wanted).map(|(_, value)| *value)
}

/// A plain text of the assistant counts as a list with one part.
fn spread_text(out: &mut Canonical, text: Text<'_>) -> Result<(), Unhashable> {
    out.literal("[{\"text\": ");
    out.text_of(text)?;
    out.literal(", \"type\": \"output_text\"}]");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::of_input;
    use crate::json::Document;

    fn digest(text: &str) -> Option<String> {
        let doc = Document::parse(text.as_bytes().to_vec()).expect("the tests' texts are JSON");
        of_input(doc.root())
    }

    #[test]
    fn a_user_message_has_the_digest_of_its_python_text() {
        // hashlib.sha256(b'{"content": "h\\u00e9", "role": "user"}').hexdigest()
        let expected = Some("8ea70956e59a98d20af8115779a04a3a2620b00ef07fc130ac366ecce6e359a2".to_owned());
        assert_eq!(digest(r#"{"role":"user","content":"hé"}"#), expected);
        assert_eq!(digest(r#"{ "content": "h\u00e9", "created_by": "x", "role": "user" }"#), expected);
    }

    #[test]
    fn texts_of_the_assistant_count_as_parts_and_completion_as_nothing() {
        let plain = digest(r#"{"role":"assistant","content":"hi","status":"completed"}"#);
        let spread = digest(r#"{"role":"assistant","content":[{"type":"output_text","text":"hi"}],"status":null}"#);
        assert!(plain.is_some());
        assert_eq!(plain, spread);
        assert_ne!(plain, digest(r#"{"role":"assistant","content":"hi","status":"incomplete"}"#));
    }

    #[test]
    fn null_has_no_digest() {
        assert_eq!(digest("null"), None);
    }
}
