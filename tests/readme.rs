//! The transcripts of the README and of the pages that it leads to are what the program prints.

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use runstate::Dialect;
use runstate::format::ReleaseRow;

/// The README and the pages that it leads to.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = common::entries(&common::root().join("docs"));
    pages.push(common::root().join("README.md"));
    pages.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a page is a text"))).collect()
}

#[test]
fn the_transcripts_are_what_the_program_prints() {
    let pages = pages();
    let blocks = pages.iter().flat_map(|(_, page)| page.split("```console\n").skip(1));
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
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
    let path = common::root().join("docs/evidence.md");
    let page = fs::read_to_string(&path).expect("there is a page");
    let (before, rest) = page.split_once("<!-- readers -->\n").expect("the list begins");
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
fn the_pages_count_the_fixtures_and_the_releases() {
    let states = common::fixtures().len();
    let releases =
        std::fs::read_to_string(common::root().join("tests/sdk/releases.json")).expect("releases are listed");
    let releases = releases.matches("\"release\"").count();
    let formats: usize = runstate::Dialect::ALL.iter().map(|dialect| dialect.formats().count()).sum();
    let counted = format!("{states} states under all {formats} labels (`fixtures/`), written by {releases} releases");
    assert_eq!(pages().iter().filter(|(_, page)| page.contains(&counted)).count(), 2, "expected: {counted}");
}

#[test]
fn the_links_lead_somewhere() {
    for (path, page) in pages() {
        let links = page.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
            let target = path.parent().expect("a page is in a folder").join(link);
            assert!(target.exists(), "{}: {link}", path.display());
        }
    }
}
