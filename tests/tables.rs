//! Tables, texts and the files around the code keep in step with it.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use runstate::detect::{Detection, detect};
use runstate::format::{RELEASES, ReleaseRow};
use runstate::record::{Info, Record as _, Shape};
use runstate::{Dialect, codes, python, typescript};
use sha2::{Digest as _, Sha256};

fn text(path: &str) -> String {
    fs::read_to_string(common::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder that belong to the repository, in order, as paths from its root.
fn files(folder: &str) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 4] = ["target", ".git", "node_modules", "__pycache__"];
    let root = common::root();
    let mut open = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            open.extend(common::entries(&path));
        } else {
            files.push(path.strip_prefix(&root).expect("the path is below the root").to_owned());
        }
    }
    files.sort();
    files
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files(folder).into_iter().filter(is_rust).map(|path| (path.clone(), text(&path.to_string_lossy()))).collect()
}

#[test]
fn codes_are_in_order_and_told_apart() {
    let numbers: Vec<u16> = codes::ALL.iter().map(|row| row.code.number()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert!(numbers.iter().all(|number| (100..800).contains(number)), "RS1xx to RS7xx: {numbers:?}");
    let names: BTreeSet<&str> = codes::ALL.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), codes::ALL.len(), "every name is used once");
    let texts: BTreeSet<&str> = codes::ALL.iter().map(|row| row.text).collect();
    assert_eq!(texts.len(), codes::ALL.len(), "every text is used once");
}

#[test]
fn codes_are_explained() {
    for row in codes::ALL {
        let plain = |char: char| char.is_ascii_lowercase() || char == '-';
        assert!(row.name.chars().all(plain), "{}: {}", row.code, row.name);
        for sentence in [row.text.trim(), row.help] {
            assert!(sentence.ends_with('.') && sentence.len() > 10, "{}: {sentence:?}", row.code);
        }
        let text = row.text.trim();
        assert!(text.starts_with(|char: char| char.is_uppercase() || "`$".contains(char)), "{}: {text:?}", row.code);
        assert!(!text.contains("  "), "{}: {text:?}", row.code);
        assert_eq!(codes::Code::parse(&row.code.to_string()), Some(row.code));
        assert_eq!(row.code.explanation(), row);
    }
}

#[test]
fn every_code_is_raised_somewhere() {
    let table = text("src/codes.rs");
    let sources: String = sources("src")
        .into_iter()
        .filter(|(path, _)| path != Path::new("src/codes.rs"))
        .map(|(_, text)| text)
        .collect();
    let mut rows = 0;
    for line in table.lines() {
        let Some((name, number)) = line.trim().split_once(" = ") else { continue };
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        if number.len() != 3
            || !name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
        {
            continue;
        }
        rows += 1;
        let used = sources.match_indices(&format!("codes::{name}")).any(|(at, found)| {
            !sources[at + found.len()..].starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_')
        });
        assert!(used, "RS{number} {name} is raised nowhere");
    }
    assert_eq!(rows, codes::ALL.len(), "every row was looked at");
}

#[test]
fn releases_are_in_order_and_labels_never_fall() {
    for dialect in Dialect::ALL {
        let rows: Vec<&ReleaseRow> = dialect.releases().collect();
        for pair in rows.windows(2) {
            assert!(pair[0].release < pair[1].release, "{:?}", pair[1]);
            assert!(pair[0].label <= pair[1].label, "{:?}", pair[1]);
            if let (Some(one), Some(two)) = (pair[0].date, pair[1].date) {
                assert!(one <= two, "{:?}", pair[1]);
            }
        }
        for date in rows.iter().filter_map(|row| row.date) {
            let digits = date.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
            assert!(date.len() == 10 && digits, "{date}");
        }
        let newest = rows.last().expect("every dialect has releases");
        assert_eq!(dialect.newest(), newest.target());
        assert!(rows.iter().any(|row| row.label == 0), "the first label is there");
    }
    let count = |dialect: Dialect| dialect.releases().count();
    assert_eq!(count(Dialect::Python) + count(Dialect::TypeScript), RELEASES.len());
    let python = RELEASES.iter().take_while(|row| row.dialect == Dialect::Python).count();
    assert_eq!(python, count(Dialect::Python), "one dialect stands behind the other");
}

#[test]
fn no_two_types_of_a_dialect_have_one_name() {
    for (root, dialect) in [(python::State::INFO, "python"), (typescript::State::INFO, "typescript")] {
        let mut docs: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = vec![Shape::Record(root)];
        while let Some(shape) = open.pop() {
            let (name, doc): (_, &'static str) = match shape {
                Shape::Record(info) => (info.name, info.doc),
                Shape::Union(choices) => (choices.name, choices.doc),
                Shape::Nullable(inner) | Shape::List(inner) | Shape::Filled(inner) | Shape::Map(inner) => {
                    open.push(inner());
                    continue;
                }
                _ => continue,
            };
            match docs.insert(name, doc) {
                Some(known) => assert_eq!(known, doc, "two types of {dialect} are called {name}"),
                None => match shape {
                    Shape::Record(Info { fields, .. }) => {
                        open.extend(
                            fields.iter().filter(|field| field.row.tags.is_empty()).map(|field| (field.shape)()),
                        );
                    }
                    Shape::Union(choices) => open.extend(choices.shapes.iter().map(|shape| shape())),
                    _ => unreachable!("only records and unions have names"),
                },
            }
        }
        assert!(docs.len() > 60, "{dialect}: all types were looked at, {}", docs.len());
    }
}

/// What stands between backticks or as the target of a link and looks like a path.
fn mentioned(text: &str) -> BTreeSet<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let known = ["src/", "tests/", "fixtures/", "schemas/", "benches/", "fuzz/", "examples/", ".ci/"];
    let mut paths = BTreeSet::new();
    for word in quoted.chain(linked).flat_map(str::split_whitespace) {
        let word = word.trim_end_matches([',', '.', ':', ';']);
        let is_file = known.iter().any(|folder| word.starts_with(folder))
            || (word.ends_with(".md") && !word.contains("//") && !word.contains('<'));
        if is_file && !word.contains(['<', '*', '{', '…']) {
            // Without an anchor, and without the line and column that a finding has.
            paths.insert(word.split(['#', ':']).next().unwrap_or(word).to_owned());
        }
    }
    paths
}

#[test]
fn documents_mention_only_files_that_are_there() {
    let mut seen = 0;
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "fixtures/broken/README.md"] {
        for path in mentioned(&text(document)) {
            seen += 1;
            let beside = common::root().join(document).with_file_name(&path);
            let made = path.ends_with("PROVENANCE.md") && path.len() == "PROVENANCE.md".len();
            assert!(made || beside.exists() || common::root().join(&path).exists(), "{document} mentions {path}");
        }
    }
    assert!(seen > 20, "paths are found: {seen}");
}

#[test]
fn the_changelog_names_the_version() {
    let changelog = text("CHANGELOG.md");
    let version = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(changelog.contains("## Unreleased") || changelog.contains(&version));
}

#[test]
fn every_fixture_is_listed_with_its_hash() {
    for dialect in Dialect::ALL {
        let folder = format!("fixtures/{}", dialect.name());
        let table = text(&format!("{folder}/PROVENANCE.md"));
        let mut listed = BTreeMap::new();
        for line in table.lines().filter(|line| line.starts_with("| `1.")) {
            let cells: Vec<&str> =
                line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
            let (path, hash) = (cells[0], *cells.last().expect("a row has cells"));
            assert_eq!(listed.insert(path.to_owned(), hash.to_owned()), None, "{path} is listed once");
        }
        let mut found = BTreeMap::new();
        for fixture in common::fixtures().iter().filter(|fixture| fixture.dialect == dialect.name()) {
            let path = fixture.path.strip_prefix(common::root().join(&folder)).expect("fixtures are in their folder");
            let hash: String = Sha256::digest(&fixture.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            found.insert(path.to_string_lossy().into_owned(), hash);
        }
        assert_eq!(found, listed, "{folder}");
    }
}

/// Paths of one machine have no place in the repository. Written in two parts, so that this file is none of those found.
#[test]
fn no_path_of_anybodys_machine() {
    let foreign = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    for path in files(".") {
        let bytes = fs::read(common::root().join(&path)).expect("the file can be read");
        let text = String::from_utf8_lossy(&bytes);
        for prefix in foreign {
            // Part of a longer path, or of a word, it is another folder.
            let stands_alone = |at: usize| {
                !text[..at].ends_with(|char: char| char.is_alphanumeric() || "._-*~\\".contains(char))
                    && text[at + prefix.len()..].starts_with(|char: char| char.is_alphanumeric())
            };
            let found = text.match_indices(prefix).find(|(at, _)| stands_alone(*at));
            assert_eq!(found, None, "{}", path.display());
        }
    }
}

/// A pattern that leaves out members would let a new one be forgotten.
#[test]
fn lifting_opens_everything() {
    let lifts = ["src/python/lift.rs", "src/typescript/lift.rs"];
    for path in lifts {
        for (number, line) in text(path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            let rest = [", ..", "{ ..", "( ..", "(..)", ": _"].iter().any(|pattern| code.contains(pattern));
            assert!(!rest, "{path}:{} leaves something out: {line}", number + 1);
        }
    }
}

#[test]
fn detect_names_the_release_that_wrote_each_fixture() {
    let mut compared = 0;
    for dialect in ["python", "typescript"] {
        let folder = common::root().join("fixtures").join(dialect);
        let page = std::fs::read_to_string(folder.join("PROVENANCE.md")).expect("every fixture has a provenance");
        for row in page.lines().filter(|line| line.starts_with("| `1.")) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let (file, release) = (cells[1].trim_matches('`'), cells[2]);
            if release == "derived" {
                continue;
            }
            let bytes = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let Detection::State { written_by, .. } = detect(bytes, None) else { panic!("{file} is a state") };
            assert!(
                written_by.iter().any(|name| name == release),
                "{dialect}/{file}: {release} is not in {written_by:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 900, "{compared} fixtures were compared");
}
