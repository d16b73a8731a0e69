//! The JSON Schemas: up to date, and of one mind with the record layer.

mod common;

use std::collections::BTreeSet;

use common::spoil::{Random, spoil};
use runstate::check::Checker;
use runstate::json::Document;
use runstate::{Dialect, Finding, Validate, schema, validate};

#[test]
fn the_schemas_in_the_repository_are_up_to_date() {
    for dialect in Dialect::ALL {
        let format = dialect.newest().format;
        let path = common::root().join("schemas").join(dialect.name()).join(format!("1.{}.json", format.label));
        let text = serde_json::to_string_pretty(&schema(format)).expect("a schema is JSON") + "\n";
        common::generated(&path, &text);
    }
}

#[test]
fn the_schema_reports_an_error_exactly_where_there_is_a_structural_finding() {
    const SPOILED_PER_FIXTURE: usize = 60;
    let checkers = Dialect::ALL.map(|dialect| Checker::new(dialect.newest().format));
    let mut disagreements = Vec::new();
    let (mut compared, mut faulty) = (0, 0);
    for (at, fixture) in common::fixtures().into_iter().enumerate() {
        let checker = &checkers[usize::from(fixture.dialect == "typescript")];
        let text = String::from_utf8(fixture.bytes).expect("the SDKs write UTF-8");
        let mut random = Random::new(at as u64 + 1);
        for round in 0..=SPOILED_PER_FIXTURE {
            let (spoiled, what) = if round == 0 {
                (text.clone(), "nothing".to_owned())
            } else {
                let spoiled = spoil(&text, &mut random);
                (spoiled.text, spoiled.what)
            };
            // Under another label another schema holds.
            if labels(&spoiled) != labels(&text) {
                continue;
            }
            compared += 1;
            let ours = structural(&validate(spoiled.as_bytes(), &Validate::default()));
            let theirs = by_schema(checker, &spoiled);
            faulty += usize::from(!ours.is_empty());
            if ours != theirs {
                let only =
                    |one: &BTreeSet<String>, two: &BTreeSet<String>| one.difference(two).cloned().collect::<Vec<_>>();
                disagreements.push(format!(
                    "{} where {what}: only findings {:?}, only schema {:?}",
                    fixture.name,
                    only(&ours, &theirs),
                    only(&theirs, &ours)
                ));
            }
        }
    }
    assert!(compared > 5_000 && faulty > 2_000, "enough was compared: {compared}, of which {faulty} had faults");
    let shown = disagreements.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(disagreements.is_empty(), "{} of {compared} disagree:\n{shown}", disagreements.len());
}

/// Where the structural findings are, except inside of texts, which a schema does not look into.
fn structural(findings: &[Finding]) -> BTreeSet<String> {
    let mut pointers = BTreeSet::new();
    for finding in
        findings.iter().filter(|finding| (301..=306).contains(&finding.code.number()) && finding.inside.is_empty())
    {
        pointers.insert(finding.pointer.clone());
    }
    pointers
}

fn by_schema(checker: &Checker, text: &str) -> BTreeSet<String> {
    let doc = Document::parse(text.as_bytes().to_vec()).expect("spoiled texts are JSON");
    checker.check(doc.root()).into_iter().map(|fault| fault.pointer).collect()
}

fn labels(text: &str) -> Vec<&str> {
    text.split("\"$schemaVersion\"").skip(1).map(|rest| &rest[..rest.len().min(12)]).collect()
}
