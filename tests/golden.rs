//! Per fixture, locked: what is found and what the typed model holds.

mod common;

use std::fmt::Write as _;

use runstate::record::Reader;
use runstate::{Dialect, Finding, Validate, detect, json, python, typescript, validate};

#[test]
fn findings_and_models_of_all_fixtures() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        for dialect in ["python", "typescript"] {
            for fixture in common::fixtures().iter().filter(|fixture| fixture.dialect == dialect) {
                let folder = common::root().join("tests/snapshots").join(dialect);
                insta::with_settings!({ snapshot_path => folder }, {
                    insta::assert_snapshot!(fixture.name.as_str(), snapshot(&fixture.bytes));
                });
            }
        }
    });
}

fn snapshot(bytes: &[u8]) -> String {
    let mut out = String::new();
    for finding in validate(bytes, &Validate::default()) {
        line(&mut out, &finding);
    }
    out.push('\n');
    let doc = json::Document::parse(bytes.to_vec()).expect("fixtures are JSON");
    let detect::Identity::State { dialect, label, .. } = detect::identify(doc.root()) else {
        panic!("fixtures are states");
    };
    let mut cx = Reader::new(&doc, dialect, label.effective(dialect));
    let model = match dialect {
        Dialect::Python => {
            format!("{:#?}", python::State::read_from(doc.root(), &mut cx).expect("fixtures are objects"))
        }
        Dialect::TypeScript => {
            format!("{:#?}", typescript::State::read_from(doc.root(), &mut cx).expect("fixtures are objects"))
        }
    };
    out.push_str(&model);
    out
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
