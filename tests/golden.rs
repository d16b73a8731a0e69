//! Per fixture, locked: what is found and what the typed model holds. The newest label's fixtures have a snapshot each;
//! those of an older label share one, which holds the digests of their models.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use common::Fixture;
use runstate::record::Reader;
use runstate::{Dialect, Finding, Validate, detect, json, python, typescript, validate};
use sha2::{Digest as _, Sha256};

#[test]
fn findings_and_models_of_all_fixtures() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        let fixtures = common::fixtures();
        for dialect in Dialect::ALL {
            let newest = common::newest_label(&fixtures, dialect.name());
            let mut expected = BTreeSet::new();
            let mut older: BTreeMap<u16, String> = BTreeMap::new();
            let folder = common::root().join("tests/snapshots").join(dialect.name());
            insta::with_settings!({ snapshot_path => &folder }, {
                for fixture in fixtures.iter().filter(|fixture| fixture.dialect == dialect.name()) {
                    if fixture.label == newest {
                        expected.insert(format!("{}.snap", fixture.name));
                        let (findings, model) = (findings(fixture), model(fixture));
                        insta::assert_snapshot!(fixture.name.as_str(), format!("{findings}\n{model}"));
                    } else {
                        let digest = Sha256::digest(model(fixture));
                        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                        let entry = format!("{} {digest}\n{}", fixture.name, findings(fixture));
                        older.entry(fixture.label).or_default().push_str(&entry);
                    }
                }
                for (label, entries) in older {
                    expected.insert(format!("1.{label}.snap"));
                    insta::assert_snapshot!(format!("1.{label}"), entries);
                }
            });
            let mut found: BTreeSet<String> = BTreeSet::new();
            for path in common::entries(&folder) {
                found.insert(path.file_name().expect("an entry has a name").to_string_lossy().into_owned());
            }
            found.retain(|name| name.ends_with(".snap"));
            let stale: Vec<_> = found.difference(&expected).collect();
            assert!(stale.is_empty(), "snapshots of no fixture in {}: {stale:?}", folder.display());
        }
    });
}

fn findings(fixture: &Fixture) -> String {
    let mut out = String::new();
    for finding in validate(&fixture.bytes, &Validate::default()) {
        line(&mut out, &finding);
    }
    out
}

fn model(fixture: &Fixture) -> String {
    let doc = json::Document::parse(fixture.bytes.clone()).expect("fixtures are JSON");
    let detect::Identity::State { dialect, label, .. } = detect::identify(doc.root()) else {
        panic!("fixtures are states");
    };
    assert_eq!(
        (dialect.name(), label.effective(dialect)),
        (fixture.dialect, fixture.label),
        "{}",
        fixture.path.display()
    );
    let mut cx = Reader::new(&doc, dialect, label.effective(dialect));
    match dialect {
        Dialect::Python => {
            format!("{:#?}", python::State::read_from(doc.root(), &mut cx).expect("fixtures are objects"))
        }
        Dialect::TypeScript => {
            format!("{:#?}", typescript::State::read_from(doc.root(), &mut cx).expect("fixtures are objects"))
        }
    }
}

fn line(out: &mut String, finding: &Finding) {
    let inside: String = finding.inside.iter().map(|pointer| format!(" > {pointer}")).collect();
    let (effect, pointer) = (finding.effect.name(), &finding.pointer);
    writeln!(
        out,
        "{}:{} {} {effect} {pointer}{inside} {}",
        finding.line, finding.column, finding.code, finding.message
    )
    .expect("writing to a string cannot fail");
}
