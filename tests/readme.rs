//! The transcripts of the README are what the program prints, and its Rust example runs.

mod common;

use std::process::Command;

use runstate::Dialect;
use runstate::format::ReleaseRow;

#[test]
fn the_transcripts_are_what_the_program_prints() {
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("there is a README");
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let entries: Vec<&str> = blocks.flat_map(|block| block.split("$ runstate ").skip(1)).collect();
    assert!(entries.len() > 2, "there are transcripts");
    for entry in entries {
        let (arguments, expected) = entry.split_once('\n').expect("output behind the command");
        let run = Command::new(env!("CARGO_BIN_EXE_runstate"))
            .args(arguments.split(' '))
            .current_dir(common::root())
            .output()
            .expect("the program starts");
        let printed = String::from_utf8(run.stdout).expect("reports are UTF-8");
        assert_eq!(printed.trim_end(), expected.trim_end(), "{arguments}");
    }
}

#[test]
fn the_tested_readers_are_those_of_the_table() {
    let path = common::root().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("there is a README");
    let (before, rest) = readme.split_once("<!-- readers -->\n").expect("the list begins");
    let (_, behind) = rest.split_once("<!-- /readers -->").expect("the list ends");
    let mut list = String::new();
    for dialect in Dialect::ALL {
        let tested = dialect.releases().map(ReleaseRow::target).filter(|target| target.is_tested());
        let names: Vec<_> = tested.map(|target| format!("{}", target.release)).collect();
        list += &format!("- `{dialect}@` {}\n", names.join(", "));
    }
    common::generated(&path, &format!("{before}<!-- readers -->\n{list}<!-- /readers -->{behind}"));
}

#[test]
fn every_label_that_was_written_has_a_tested_reader_in_python() {
    for row in Dialect::Python.releases() {
        assert_eq!(row.target().tested().format.label, row.label, "{}", row.release);
    }
}

#[test]
fn the_readme_counts_the_fixtures_and_the_releases() {
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("there is a README");
    let states = common::fixtures().len();
    let releases =
        std::fs::read_to_string(common::root().join("tests/sdk/releases.json")).expect("releases are listed");
    let releases = releases.matches("\"release\"").count();
    let formats: usize = runstate::Dialect::ALL.iter().map(|dialect| dialect.formats().count()).sum();
    let counted = format!("{states} states under all {formats} labels (`fixtures/`), written by {releases} releases");
    assert!(readme.contains(&counted), "expected: {counted}");
}
