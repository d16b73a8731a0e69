//! The text that stands for a tool call, as the SDK computes it (`toolInvocation.mjs`, release 0.20.0): compact JSON with
//! sorted keys, in which calls that mean the same look the same.

use std::borrow::Cow;

use crate::json::{Node, Text};
use crate::record::Rows;

use super::calls::AnyCall;
use super::canonical::{Compact, Numbers, canonical, strict};
use super::raw::{Caller, ComputerActionItem, PatchOperation};

/// What of a call does not depend on the tool's name: all that is in a fingerprint up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Box<[u8]>, &'static str);

impl Fingerprint {
    /// The part for a call; `None` for calls nested too deep, and for numbers with exponents beyond reason.
    pub(super) fn of(call: AnyCall<'_, '_>) -> Option<Self> {
        let mut out = Compact::default();
        out.begin_object();
        out.key("caller");
        out.begin_object();
        match call.caller() {
            Some(Caller::Program(program)) => {
                if let Some(id) = program.caller_id.value() {
                    out.key("callerId");
                    out.text(*id);
                }
                out.key("type");
                out.string(b"program");
            }
            _ => {
                out.key("type");
                out.string(b"direct");
            }
        }
        out.end_object();
        payload(call, &mut out)?;
        Some(Self(out.finish().into_boxed_slice(), call.kind()))
    }

    /// The whole text for a tool of this name, in generalized UTF-8.
    #[must_use]
    pub fn text(&self, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.push_text(name, &mut out);
        out
    }

    /// Appends the whole text for a tool of this name.
    pub(super) fn push_text(&self, name: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
        out.extend_from_slice(b",\"toolName\":");
        let mut rest = Compact::behind(std::mem::take(out));
        rest.string(name);
        *out = rest.finish();
        out.extend_from_slice(b",\"type\":\"");
        out.extend_from_slice(self.1.as_bytes());
        out.extend_from_slice(b"\"}");
    }
}

/// Writes the member `payload`, unless the call has none.
fn payload(call: AnyCall<'_, '_>, out: &mut Compact) -> Option<()> {
    match call {
        AnyCall::Function(call) => {
            let arguments = call.arguments.value()?;
            out.key("payload");
            normalized(*arguments, out)
        }
        AnyCall::Hosted(hosted) => {
            out.key("payload");
            out.begin_object();
            let data = hosted.provider_data.node();
            let arguments = hosted.arguments.node().or_else(|| data?.member("arguments"));
            if let Some(arguments) = arguments {
                out.key("arguments");
                match arguments.text() {
                    Some(text) => normalized(text, out)?,
                    None => canonical(arguments, Numbers::JavaScript, 0, out)?,
                }
            }
            let label = |key: &str| data?.member(key)?.text();
            if let Some(label) = label("server_label").or_else(|| label("serverLabel")) {
                out.key("serverLabel");
                out.text(label);
            }
            out.end_object();
            Some(())
        }
        AnyCall::Computer(call) => {
            out.key("payload");
            match (call.actions.value(), call.action.value()) {
                (Some(actions), _) => {
                    out.begin_array();
                    for action in actions.0.values() {
                        computer_action(action, out)?;
                    }
                    out.end_array();
                    Some(())
                }
                (None, Some(action)) => computer_action(action, out),
                (None, None) => None,
            }
        }
        AnyCall::Shell(call) => {
            out.key("payload");
            known_members(call.action.value()?, out)
        }
        AnyCall::ApplyPatch(call) => {
            out.key("payload");
            match call.operation.value()? {
                PatchOperation::Create(operation) => known_members(operation, out),
                PatchOperation::Update(operation) => known_members(operation, out),
                PatchOperation::Delete(operation) => known_members(operation, out),
                PatchOperation::Other(_) => None,
            }
        }
        AnyCall::Program(_) => Some(()),
    }
}

fn computer_action(action: &ComputerActionItem<'_>, out: &mut Compact) -> Option<()> {
    match action {
        ComputerActionItem::Screenshot(action) => known_members(action, out),
        ComputerActionItem::Click(action) => known_members(action, out),
        ComputerActionItem::DoubleClick(action) => known_members(action, out),
        ComputerActionItem::Scroll(action) => known_members(action, out),
        ComputerActionItem::Type(action) => known_members(action, out),
        ComputerActionItem::Wait(action) => known_members(action, out),
        ComputerActionItem::Move(action) => known_members(action, out),
        ComputerActionItem::Keypress(action) => known_members(action, out),
        ComputerActionItem::Drag(action) => {
            out.begin_object();
            out.key("path");
            out.begin_array();
            for point in action.path.value()?.values() {
                known_members(point, out)?;
            }
            out.end_array();
            out.key("type");
            out.string(b"drag");
            out.end_object();
            Some(())
        }
        ComputerActionItem::Other(_) => None,
    }
}

/// Writes a record's members in sorted order; the schema has dropped all others.
fn known_members<'d>(rows: &dyn Rows<'d>, out: &mut Compact) -> Option<()> {
    let mut members: Vec<(&str, Node<'d>)> = Vec::new();
    for (row, field) in rows.info().fields.iter().enumerate() {
        members.extend(rows.column(row).node().map(|node| (field.row.key, node)));
    }
    members.sort_unstable_by_key(|(key, _)| *key);
    out.begin_object();
    for (key, node) in members {
        out.key(key);
        canonical(node, Numbers::JavaScript, 0, out)?;
    }
    out.end_object();
    Some(())
}

/// An argument text: what it says when it is JSON, else the text itself (`normalizeJsonString`).
fn normalized(text: Text<'_>, out: &mut Compact) -> Option<()> {
    out.begin_object();
    out.key("format");
    match strict(escaped(text).into_owned()) {
        Some(doc) => {
            out.string(b"json");
            out.key("value");
            canonical(doc.root(), Numbers::Exact, 0, out)?;
        }
        None => {
            out.string(b"raw");
            out.key("value");
            out.text(text);
        }
    }
    out.end_object();
    Some(())
}

/// The string with half surrogate pairs as escapes: within JSON they mean the same, and UTF-8 can hold them.
fn escaped(text: Text<'_>) -> Cow<'_, [u8]> {
    let bytes = text.wtf8();
    if !text.has_lone_surrogate() {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let Some((&first, tail)) = rest.split_first() {
        match tail {
            [second @ 0xA0..=0xBF, third, more @ ..] if first == 0xED => {
                let unit = 0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F);
                out.extend(format!("\\u{unit:04x}").bytes());
                rest = more;
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Effect;
    use crate::format::Dialect;
    use crate::json::Document;
    use crate::record::{Reader, Wire as _};
    use crate::typescript::raw::Call;

    /// The expected texts are what `getToolInvocationFingerprint` of release 0.20.0 returned for these calls.
    #[test]
    fn fingerprints_are_those_of_the_sdk() {
        let cases = Document::parse(include_bytes!("fingerprints.json").to_vec()).expect("the recorded cases are JSON");
        let mut count = 0;
        for case in cases.root().elements() {
            let text = |key: &str| case.member(key).and_then(Node::text).expect("a case has three texts").wtf8();
            let doc = Document::parse(escaped_bytes(&text("call"))).expect("a call is JSON");
            let mut cx = Reader::new(&doc, Dialect::TypeScript, 22);
            let call = Call::read(doc.root(), &mut cx).expect("a call is an object");
            assert!(cx.finish().0.iter().all(|raised| raised.effect < Effect::Refused), "{:?}", doc.root().raw());
            let call = AnyCall::of(&call).expect("a call has a known type");
            let print = Fingerprint::of(call).expect("no case is nested deeply");
            let found = print.text(&call.canonical_name(&text("name")));
            assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&text("expected")));
            count += 1;
        }
        assert_eq!(count, 38);
    }

    fn escaped_bytes(wtf8: &[u8]) -> Vec<u8> {
        String::from_utf8(wtf8.to_vec()).expect("the calls escape half surrogate pairs").into_bytes()
    }
}
