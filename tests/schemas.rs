//! The JSON Schemas: up to date, and of one mind with the record layer.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::spoil::{Random, spoil};
use runstate::check::Checker;
use runstate::json::Document;
use runstate::{Dialect, Finding, Format, Validate, schema, schema_of_any, schema_text, validate};

#[test]
fn the_schemas_in_the_repository_are_up_to_date() {
    let folder = common::root().join("schemas");
    for dialect in Dialect::ALL {
        let folder = folder.join(dialect.name());
        common::generated(&folder.join("any.json"), &schema_text(&schema_of_any(dialect)));
        for format in dialect.formats() {
            common::generated(&folder.join(format!("1.{}.json", format.label)), &schema_text(&schema(format)));
        }
    }
}

#[test]
fn the_schema_reports_an_error_exactly_where_there_is_a_structural_finding() {
    const SPOILED_OF_NEWEST: usize = 60 / common::SHARE;
    const SPOILED_OF_OLDER: usize = 12 / common::SHARE;
    let mut checkers = BTreeMap::new();
    let mut comparison = Comparison::default();
    for (at, fixture) in common::fixtures().into_iter().enumerate() {
        let dialect = if fixture.dialect == "python" { Dialect::Python } else { Dialect::TypeScript };
        let format = Format { dialect, label: fixture.label };
        let checker = checkers.entry(format).or_insert_with(|| Checker::new(format));
        let spoiled = if format == dialect.newest().format { SPOILED_OF_NEWEST } else { SPOILED_OF_OLDER };
        let text = String::from_utf8(fixture.bytes).expect("the SDKs write UTF-8");
        let mut random = Random::new(at as u64 + 1);
        for round in 0..=spoiled {
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
            comparison.compare(checker, &spoiled, || format!("{format} {} where {what}", fixture.name));
        }
    }
    comparison.finish(5_000 / common::SHARE);
}

#[test]
fn under_another_label_the_schema_of_that_label_reports_an_error_exactly_where_there_is_a_structural_finding() {
    let mut comparison = Comparison::default();
    let fixtures = common::fixtures();
    for format in Dialect::ALL.iter().flat_map(|dialect| dialect.formats()) {
        let checker = Checker::new(format);
        let name = format.dialect.name();
        let newest = common::newest_label(&fixtures, name);
        let of_newest = fixtures.iter().filter(|fixture| fixture.dialect == name && fixture.label == newest);
        for fixture in of_newest.skip(usize::from(format.label) % common::SHARE).step_by(common::SHARE) {
            let text = std::str::from_utf8(&fixture.bytes).expect("the SDKs write UTF-8");
            let text = relabel(text, format.label);
            comparison.compare(&checker, &text, || format!("{format} {}", fixture.name));
        }
    }
    comparison.finish(4_000 / common::SHARE);
}

/// Structural findings held against the errors of a schema, text by text.
#[derive(Default)]
struct Comparison {
    compared: usize,
    faulty: usize,
    disagreements: Vec<String>,
}

impl Comparison {
    fn compare(&mut self, checker: &Checker, text: &str, what: impl Fn() -> String) {
        self.compared += 1;
        let ours = structural(&validate(text.as_bytes(), &Validate::default()));
        let theirs = by_schema(checker, text);
        self.faulty += usize::from(!ours.is_empty());
        if ours != theirs {
            let only =
                |one: &BTreeSet<String>, two: &BTreeSet<String>| one.difference(two).cloned().collect::<Vec<_>>();
            let (ours_only, theirs_only) = (only(&ours, &theirs), only(&theirs, &ours));
            self.disagreements.push(format!("{}: only findings {ours_only:?}, only schema {theirs_only:?}", what()));
        }
    }

    fn finish(self, least: usize) {
        let Self { compared, faulty, disagreements } = self;
        let enough = compared > least && faulty > 2_000 / common::SHARE;
        assert!(enough, "enough was compared: {compared}, of which {faulty} had faults");
        let shown = disagreements.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(disagreements.is_empty(), "{} of {compared} disagree:\n{shown}", disagreements.len());
    }
}

/// The state, and the states inside it that are no texts, under another label.
fn relabel(text: &str, label: u16) -> String {
    let mut parts = text.split("\"$schemaVersion\"");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let start = part.find('"').expect("a label is a text");
        let end = start + 1 + part[start + 1..].find('"').expect("a text ends");
        out.push_str("\"$schemaVersion\"");
        out.push_str(&part[..start]);
        out.push_str(&format!("\"1.{label}\""));
        out.push_str(&part[end + 1..]);
    }
    out
}

/// Where the structural findings are, except inside of texts and of what the label does not have: no schema looks there.
fn structural(findings: &[Finding]) -> BTreeSet<String> {
    let found = || findings.iter().filter(|finding| finding.code.is_structural() && finding.inside.is_empty());
    let outside: Vec<String> = found()
        .filter(|finding| finding.code == runstate::codes::NOT_IN_LABEL)
        .map(|finding| format!("{}/", finding.pointer))
        .collect();
    let is_inside = |pointer: &str| outside.iter().any(|outer| pointer.starts_with(outer));
    found().map(|finding| finding.pointer.clone()).filter(|pointer| !is_inside(pointer)).collect()
}

fn by_schema(checker: &Checker, text: &str) -> BTreeSet<String> {
    let doc = Document::parse(text.as_bytes().to_vec()).expect("spoiled texts are JSON");
    checker.check(doc.root()).into_iter().map(|fault| fault.pointer).collect()
}

fn labels(text: &str) -> Vec<&str> {
    text.split("\"$schemaVersion\"").skip(1).map(|rest| &rest[..rest.len().min(12)]).collect()
}

#[test]
fn the_page_of_changes_is_up_to_date() {
    common::generated(&common::root().join("schemas/CHANGES.md"), &runstate::versions::page());
}

#[test]
fn every_label_says_what_it_means_and_every_bound_is_a_label_or_a_release() {
    for dialect in Dialect::ALL {
        let versions = match dialect {
            Dialect::Python => runstate::python::VERSIONS,
            Dialect::TypeScript => runstate::typescript::VERSIONS,
        };
        assert_eq!(versions.len(), dialect.formats().count(), "one version a label of {dialect}");
        for format in dialect.formats() {
            for change in runstate::versions::history(format).changes {
                let Some(release) = change.release else { continue };
                let mut known = dialect.releases().filter(|row| row.release.to_string() == release);
                let label = known.next().map(|row| row.label);
                assert_eq!(label, Some(format.label), "{} came with {release}", change.pointer);
            }
        }
    }
}
