//! Through the canonical model and back into the same format, nothing is lost that the account does not name.

mod common;

use runstate::json::{Document, Kind, Node, Style, Value, Writer};
use runstate::model::Account;

fn written(value: &Value<'_>, style: Style) -> Document {
    let mut out = Writer::new(style);
    value.write(&mut out);
    Document::parse(out.finish()).expect("a writer writes JSON")
}

/// What stands in `before` and not, or otherwise, in `after`.
fn compare<'d>(before: Node<'d>, after: Option<Node<'_>>, at: &str, lost: &mut Vec<(Node<'d>, String)>) {
    let nothing = before.is_null()
        || before.kind() == Kind::Array && before.elements().next().is_none()
        || before.kind() == Kind::Object && before.members().next().is_none();
    let Some(after) = after else {
        if !nothing {
            lost.push((before, at.to_owned()));
        }
        return;
    };
    match (before.kind(), after.kind()) {
        (Kind::Object, Kind::Object) => {
            for member in before.members() {
                let key = member.key.lossy();
                compare(member.value, after.member(&key), &format!("{at}/{key}"), lost);
            }
        }
        (Kind::Array, Kind::Array) => {
            let mut others = after.elements();
            for (index, element) in before.elements().enumerate() {
                compare(element, others.next(), &format!("{at}/{index}"), lost);
            }
        }
        (Kind::String, Kind::String) => {
            let same = before.text().zip(after.text()).is_some_and(|(one, two)| one.same_text(two));
            if !same {
                lost.push((before, at.to_owned()));
            }
        }
        _ if before.raw() == after.raw() || nothing => {}
        _ => lost.push((before, at.to_owned())),
    }
}

fn is_named(node: Node<'_>, account: &[runstate::model::Entry<'_>]) -> bool {
    account.iter().filter_map(|entry| entry.node).any(|named| {
        named.source().id() == node.source().id()
            && named.index() <= node.index()
            && node.end_index() <= named.end_index()
            || named.source().id() == node.source().id()
                && node.index() <= named.index()
                && named.end_index() <= node.end_index()
    })
}

#[test]
fn python_states_come_back_from_the_canonical_model() {
    use runstate::python::convert::{derive, lift, lower};
    let mut faults = Vec::new();
    let fixtures = common::fixtures();
    for fixture in fixtures.iter().filter(|fixture| fixture.dialect == "python" && fixture.label == 21) {
        let doc = Document::parse(fixture.bytes.clone()).expect("a fixture is JSON");
        let account = Account::default();
        let mut tree = lower(lift(Value::Node(doc.root()), &account), &account);
        derive(&mut tree);
        let after = written(&tree, Style::Python);
        let account = account.into_entries();
        let mut lost = Vec::new();
        compare(doc.root(), Some(after.root()), "", &mut lost);
        let items = |key: &str| doc.root().member(key).into_iter().flat_map(Node::elements);
        let started = account.iter().any(|entry| entry.code == runstate::codes::WOULD_RUN);
        for (node, at) in lost {
            // Copies of items are compared as a whole.
            if at.contains("session_items/") || started && at.ends_with("/executed") {
                continue;
            }
            let absent = |at: &str| at.contains("/tool_invocations/") && at.matches('/').count() == 3;
            if absent(&at)
                && !items("generated_items").any(|item| item.raw().contains(at.rsplit('/').next().unwrap_or("")))
            {
                continue;
            }
            // The SDK, too, takes a call for finished when it loads the output.
            let answered = |item: Node<'_>| {
                let id = item.member("raw_item").and_then(|raw| raw.member("call_id")).and_then(Node::text);
                item.member("output").is_some()
                    && id.is_some_and(|id| at.ends_with(&format!("/{}/completed", id.lossy())))
            };
            if node.raw() == "false" && items("generated_items").any(answered) {
                continue;
            }
            if at.contains("/tool_invocations/") || !is_named(node, &account) {
                faults.push(format!("{}: {at} {:.60}", fixture.name, node.raw()));
            }
        }
        for item in items("session_items") {
            if !items("generated_items").any(|own| own.raw() == item.raw()) && !is_named(item, &account) {
                faults.push(format!("{}: the session's {:.60}", fixture.name, item.raw()));
            }
        }
    }
    assert!(faults.is_empty(), "{} values are lost silently:\n{}", faults.len(), faults.join("\n"));
}

/// Values that come back in another form, and why.
const NOT_THE_SAME: &[(&str, &str, &str)] = &[
    ("chat_completions", "", "parts and thoughts that the Responses API has no form for"),
    ("ai_sdk", "/providerData/google", "a signature, which stands where Chat Completions has it"),
    ("ai_sdk_call", "/providerData/google", "a signature, which stands where Chat Completions has it"),
    ("standing_after_single", "/approved", "decisions about single calls stand beside the one about all others"),
    ("computer_approved", "computer_use_preview", "both names mean the computer"),
    ("hosted_mcp_several", "/newItems/", "the questions among the new items are left out, and the others move up"),
    ("outputs_odd_text", "/output/", "a key with half a surrogate pair, which this comparison cannot look up"),
];

#[test]
fn typescript_states_come_back_from_the_canonical_model() {
    use runstate::typescript::convert::{close, derive, lift, lower, open};
    let mut faults = Vec::new();
    let fixtures = common::fixtures();
    for fixture in fixtures.iter().filter(|fixture| fixture.dialect == "typescript" && fixture.label == 22) {
        let doc = Document::parse(fixture.bytes.clone()).expect("a fixture is JSON");
        let account = Account::default();
        let mut tree = lower(lift(open(&doc, doc.root()), &account), &account);
        derive(&mut tree, &account);
        close(&mut tree);
        let after = written(&tree, Style::TypeScript);
        let account = account.into_entries();
        let mut lost = Vec::new();
        compare(doc.root(), Some(after.root()), "", &mut lost);
        for (node, at) in lost {
            let records = ["/completedToolInvocation", "/ambiguousToolInvocationCallIds"];
            let inline = fixture.bytes.windows(8).any(|window| window == b"{\"item\":");
            let exact = records.iter().any(|record| at.starts_with(record)) && !inline;
            if NOT_THE_SAME.iter().any(|(name, place, _)| fixture.name == *name && at.contains(place)) {
                continue;
            }
            // A nested run is a text, which is written anew; what is in it is named by itself.
            if at.starts_with("/pendingAgentToolRuns/") {
                continue;
            }
            if exact || !is_named(node, &account) {
                faults.push(format!("{}: {at} {:.90}", fixture.name, node.raw()));
            }
        }
    }
    assert!(faults.is_empty(), "{} values are lost silently:\n{}", faults.len(), faults.join("\n"));
}
