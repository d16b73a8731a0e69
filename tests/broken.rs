//! One smallest broken file per code: what is found in it, and that nothing else is.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use runstate::agents::Graph;
use runstate::codes::{self, Code};
use runstate::{Effect, Finding, Invalid, Normalize, Severity, Validate, normalize, validate};

/// Codes without a file, and why.
const WITHOUT_FILE: &[(Code, &str)] = &[
    (codes::READER_RULES, "not the file is wrong, but an older reader was chosen"),
    (codes::NOT_IN_READER, "not the file is wrong, but an older reader was chosen"),
    (codes::TOO_LARGE, "a file of more than 4 GiB is made in the tests of the command line"),
    (codes::TOO_DEEP, "1,000 levels are no small file; made below"),
    (codes::OTHER_DIALECT, "not the file is wrong, but the chosen reader; asked for below"),
    (codes::NESTED_TOO_DEEP, "65 nested runs are no small file; made below"),
    (codes::NO_PLACE, CONVERTED),
    (codes::REBUILT, CONVERTED),
    (codes::ASSUMED, CONVERTED),
    (codes::CHANGED_FORM, CONVERTED),
    (codes::NARROWED, CONVERTED),
    (codes::WOULD_RUN, CONVERTED),
    (codes::NUMBER_CHANGES, CONVERTED),
    (codes::NOT_CONVERTIBLE, CONVERTED),
    (codes::UNKNOWN_CALL, DECIDED),
    (codes::SEVERAL_CALLS, DECIDED),
    (codes::UNDECIDABLE, DECIDED),
    (codes::OUTPUT_SCHEMA, TESTED),
    (codes::CONTEXT_SCHEMA, TESTED),
    (codes::GOLDEN_DIFFERS, TESTED),
    (codes::GOLDEN_MISSING, TESTED),
    (codes::GOLDEN_UNUSED, TESTED),
    (codes::OTHER_FORMAT, TESTED),
    (codes::OTHER_VERDICT, TESTED),
    (codes::LOSS_LIMIT, TESTED),
];

const TESTED: &str = "not the file is wrong, but it is not what runstate.toml or its golden file says";

const DECIDED: &str = "not the file is wrong, but the decision that is asked for";

const CONVERTED: &str = "not the file is wrong, but something changes when it is converted";

/// Errors of another code that the same defect brings with it, and why.
const IMPLIED: &[(&str, Code, &str)] = &[
    ("RS207-typescript", codes::NOT_A_STATE, "what is found at the top is no state"),
    ("RS465-typescript", codes::WRONG_TYPE, "the shape is wrong as well, which most wrong types of this field survive"),
];

/// A file that breaks one thing.
struct Broken {
    name: String,
    code: Code,
    bytes: Vec<u8>,
    findings: Vec<Finding>,
}

fn folder() -> std::path::PathBuf {
    common::root().join("fixtures/broken")
}

fn all() -> Vec<Broken> {
    let mut all = Vec::new();
    for path in common::entries(&folder()) {
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".json").filter(|name| !name.ends_with(".agents")) else { continue };
        let code = name.split('-').next().and_then(Code::parse);
        let code = code.unwrap_or_else(|| panic!("{name} is named after a code"));
        let bytes = fs::read(&path).expect("a fixture can be read");
        let mut options = Validate::default();
        options.agents = agents(&path);
        let findings = validate(&bytes, &options);
        all.push(Broken { name: name.to_owned(), code, bytes, findings });
    }
    all
}

/// The agents beside a file, where its code needs them.
fn agents(path: &Path) -> Option<Graph> {
    let bytes = fs::read(path.with_extension("agents.json")).ok()?;
    Some(serde_json::from_slice(&bytes).expect("the agents are a graph"))
}

#[test]
fn what_is_found() {
    let mut out = String::new();
    for broken in all() {
        writeln!(out, "{}", broken.name).expect("writing to a string cannot fail");
        for finding in &broken.findings {
            let inside: String = finding.inside.iter().map(|pointer| format!(" > {pointer}")).collect();
            let (effect, pointer) = (finding.effect.name(), &finding.pointer);
            let message = &finding.message;
            writeln!(out, "  {} {effect} {pointer}{inside} {message}", finding.code)
                .expect("writing to a string cannot fail");
        }
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("broken", out);
    });
}

#[test]
fn every_file_has_the_finding_that_it_is_named_after_and_no_other_error() {
    let mut used = BTreeSet::new();
    for broken in all() {
        let codes: Vec<Code> = broken.findings.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&broken.code), "{} has {codes:?}", broken.name);
        for finding in broken.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            let implied = IMPLIED.iter().find(|(name, code, _)| *name == broken.name && *code == finding.code);
            used.extend(implied.map(|(name, code, _)| (*name, *code)));
            assert!(finding.code == broken.code || implied.is_some(), "{} has {finding:?}", broken.name);
        }
    }
    assert_eq!(used.len(), IMPLIED.len(), "every implied error is there: {used:?}");
}

#[test]
fn every_code_has_a_file() {
    let found: BTreeSet<Code> = all().iter().map(|broken| broken.code).collect();
    let without: BTreeSet<Code> = WITHOUT_FILE.iter().map(|(code, _)| *code).collect();
    assert!(found.is_disjoint(&without), "a code with a file is not listed as one without");
    let missing: Vec<Code> = codes::ALL
        .iter()
        .map(|explanation| explanation.code)
        .filter(|code| !found.contains(code) && !without.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?} have no file in fixtures/broken");
}

#[test]
fn no_file_is_there_for_nothing() {
    for path in common::entries(&folder()) {
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        match name.strip_suffix(".agents.json") {
            Some(state) => assert!(folder().join(format!("{state}.json")).exists(), "{name} belongs to no state"),
            None => assert!(name == "README.md" || name.ends_with(".json"), "{name} is no state"),
        }
    }
    let readme = fs::read_to_string(folder().join("README.md")).expect("the folder has a README");
    for broken in all() {
        let rows = readme.matches(&format!("| `{}` |", broken.name)).count();
        assert_eq!(rows, 1, "the README says how {} came about", broken.name);
    }
}

/// A file with one defect is small: what has nothing to do with it is left out.
#[test]
fn files_are_small() {
    for broken in all() {
        assert!(broken.bytes.len() < 16_000, "{} has {} bytes", broken.name, broken.bytes.len());
    }
}

/// The files are in the style of the SDK that they are meant for, so that `normalize` gives them back as they are, however
/// broken; all others are in the snapshot.
#[test]
fn what_normalize_makes_of_them() {
    let mut options = Normalize::default();
    options.invalid = Invalid::Accept;
    let mut changed = BTreeMap::new();
    for broken in all() {
        let outcome = normalize(&broken.bytes, &options);
        if outcome.bytes.as_deref() != Some(&broken.bytes[..]) {
            let written = outcome.bytes.map(|bytes| String::from_utf8(bytes).expect("states are written as UTF-8"));
            changed.insert(broken.name, written.unwrap_or_else(|| "nothing".to_owned()));
        }
    }
    let out: String = changed.iter().map(|(name, written)| format!("{name}\n{written}\n")).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("broken_normalized", out);
    });
}

#[test]
fn nothing_is_written_of_a_state_that_is_refused() {
    for broken in all() {
        let refused = broken.findings.iter().any(|finding| finding.effect == Effect::Refused);
        let written = normalize(&broken.bytes, &Normalize::default()).bytes;
        let judged_without_agents = validate(&broken.bytes, &Validate::default());
        let refused_without = judged_without_agents.iter().any(|finding| finding.effect == Effect::Refused);
        assert!(refused || !refused_without, "{}: agents only add findings", broken.name);
        assert!(written.is_none() || !refused_without, "{} is written", broken.name);
    }
}

fn codes_of(text: &str) -> Vec<(Code, Effect)> {
    let findings = validate(text.as_bytes(), &Validate::default());
    findings.iter().map(|finding| (finding.code, finding.effect)).collect()
}

/// The smallest state of a dialect without a finding.
fn whole(dialect: &str) -> String {
    let path = folder().join(format!("RS101-{dialect}.json"));
    let text = fs::read_to_string(path).expect("the file is there") + if dialect == "python" { "\n}" } else { "}" };
    assert_eq!(codes_of(&text), [], "{dialect}");
    text
}

#[test]
fn data_too_deep_for_python() {
    let python = whole("python");
    let deep = |levels: usize| format!("\"context\":{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let with = |levels| python.replacen("\"context\": {}", &deep(levels), 1);
    assert_eq!(codes_of(&with(900)), []);
    assert_eq!(codes_of(&with(1_000)), [(codes::TOO_DEEP, Effect::Refused)]);
    let typescript = whole("typescript").replacen("\"context\":{}}", &(deep(1_000) + "}"), 1);
    assert_eq!(codes_of(&typescript), []);
}

#[test]
fn a_reader_of_the_other_dialect() {
    for (state, reader) in [("python", "typescript"), ("typescript", "python")] {
        let mut options = Validate::default();
        options.reader = Some(reader.parse().expect("a dialect is a reader"));
        let findings = validate(whole(state).as_bytes(), &options);
        let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.effect)).collect();
        assert_eq!(found, [(codes::OTHER_DIALECT, Effect::Refused)], "{state}");
    }
}
