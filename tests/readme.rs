//! The transcript at the top of the README is what the program prints, and its Rust example runs.

mod common;

use std::process::Command;

use runstate::Dialect;
use runstate::format::ReleaseRow;

#[test]
fn the_transcript_is_what_the_program_prints() {
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("there is a README");
    let block = readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a transcript");
    for entry in block.split("$ runstate ").skip(1) {
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
