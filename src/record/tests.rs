//! The grammar on a small model of its own.

use crate::codes;
use crate::finding::Effect;
use crate::format::{Bound, Dialect};
use crate::json::{Document, Node, Style, Text, Writer};

use super::{
    Digest, Flag, Int, List, Map, Reader, Slot, Tag, Wire, Word, nullable, optional, record, required, tag, union,
    words,
};

words! {
    /// How far a call is.
    enum Status { Done = "done", Open = "open" }
}

record! {
    /// A call.
    struct Call<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["call"]);
        id: Slot<'d, Text<'d>> = required("id");
        status: Slot<'d, Word<'d, Status>> = optional("status");
        /// How often.
        count: Slot<'d, Int<'d>> = nullable("count").since(Bound::label(3));
    }
}

record! {
    /// What came of a call.
    struct Output<'d>, unknown: Rejected {
        kind: Tag<'d> = tag("type", &["output"]).or_absent();
        value: Slot<'d, Node<'d>> = required("value");
        scope: Slot<'d, Digest<'d>> = optional("scope").if_wrong(Effect::Lost);
    }
}

union! {
    /// A call or what came of it.
    enum Item<'d> by tag "type" {
        Call(Call<'d>);
        Output(Box<Output<'d>>);
    }
}

union! {
    /// For all calls or for some.
    enum Decision<'d> by kind {
        Standing(Flag<'d>);
        Calls(List<'d, Text<'d>>);
    }
}

record! {
    /// Everything.
    struct Run<'d>, unknown: Kept {
        items: Slot<'d, List<'d, Item<'d>>> = required("items").inside(Effect::Lost);
        decisions: Slot<'d, Map<'d, Decision<'d>>> = optional("decisions");
    }
}

fn read(text: &str, label: u16) -> (Vec<(String, Effect, String)>, String) {
    let doc = Document::parse(text.as_bytes().to_vec()).expect("the tests' texts are JSON");
    let mut cx = Reader::new(&doc, Dialect::Python, label);
    let run = Run::read(doc.root(), &mut cx).expect("the tests' texts are objects");
    let mut out = Writer::new(Style::TypeScript);
    run.write(&mut out);
    let (raised, _) = cx.finish();
    let findings = raised.iter().map(|raised| (raised.code.to_string(), raised.effect, raised.message.to_string()));
    (findings.collect(), String::from_utf8(out.finish()).expect("the writer writes UTF-8"))
}

#[test]
fn a_sound_record_raises_nothing_and_is_written_as_it_was() {
    let text = r#"{"items":[{"id":"a","type":"call","count":null},{"value":[1.50]}],"decisions":{"x":true,"y":["a"]}}"#;
    assert_eq!(read(text, 3), (vec![], text.to_owned()));
}

#[test]
fn faults_are_found_where_they_are_and_everything_is_kept() {
    let text = concat!(
        r#"{"items":[{"type":"call","Status":"done","count":1.5},{"type":"output","value":null,"scope":"x","more":1},"#,
        r#"{"type":"calls"},{},7],"decisions":{"x":"yes"},"other":0}"#
    );
    let (findings, written) = read(text, 3);
    let expected = [
        (
            codes::UNKNOWN_FIELD,
            Effect::Lost,
            "`Status` is no field of a call; the SDK drops it; did you mean `status`?",
        ),
        (codes::INVALID_VALUE, Effect::Lost, "expected an integer, found another value"),
        (codes::MISSING_FIELD, Effect::Lost, "`id` is missing"),
        (codes::INVALID_VALUE, Effect::Lost, "expected 64 lowercase hexadecimal digits, found another value"),
        (codes::UNKNOWN_FIELD, Effect::Lost, "`more` is no field of an output; the SDK refuses it"),
        (codes::UNKNOWN_TYPE, Effect::Lost, "\"calls\" is no known `type` here; did you mean \"call\"?"),
        (codes::MISSING_FIELD, Effect::Lost, "`value` is missing"),
        (codes::WRONG_TYPE, Effect::Lost, "expected an object, found a number"),
        (codes::WRONG_TYPE, Effect::Refused, "expected an array or a boolean, found a string"),
        (codes::KEPT_UNKNOWN, Effect::Note, "`other` is no field of a run; the SDK keeps it"),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(code, effect, message)| (code.to_string(), effect, message.to_owned())).collect();
    assert_eq!(findings, expected);
    assert_eq!(written, text);
}

#[test]
fn a_field_of_a_later_label_is_reported_and_a_missing_one_of_a_later_label_is_not() {
    let (findings, _) = read(r#"{"items":[{"type":"call","id":"a","count":1},{"type":"call","id":"b"}]}"#, 2);
    assert_eq!(findings, [("RS306".to_owned(), Effect::Note, "`count` came with 1.3 and is not in 1.2".to_owned())]);
}

#[test]
fn of_duplicate_keys_the_last_one_counts_and_all_are_written() {
    let text = r#"{"items":[{"type":"call","id":1,"id":"a","count":2}]}"#;
    let (findings, written) = read(text, 3);
    assert_eq!(written, text);
    assert_eq!(
        findings.len(),
        1,
        "the overridden value is judged by the caller, who knows all duplicates: {findings:?}"
    );
}
