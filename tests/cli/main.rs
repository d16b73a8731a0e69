//! The command line as a user meets it: the real program on real files.

#[path = "../common/mod.rs"]
#[allow(unreachable_pub, reason = "other test files use it, too")]
mod common;

mod conversions;
mod decisions;
mod diff;
mod formats;
mod golden;
mod inputs;
mod labels;
mod masking;
mod programs;
mod verbs;
mod workplace;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What came of a run of the program.
struct Run {
    code: i32,
    out: String,
    err: String,
}

/// Runs `runstate` in a folder.
fn runstate(folder: &Path, arguments: &[&str]) -> Run {
    with_stdin(folder, arguments, b"")
}

fn with_stdin(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    // A thread of its own, so that neither side waits for the other; a program that does not read is no fault.
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("the writer does not panic");
    Run {
        code: output.status.code().expect("the program is not killed"),
        out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("the messages are UTF-8"),
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runstate"));
    command.current_dir(folder).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CI");
    command
}

/// A state that the Python SDK wrote.
fn python() -> Vec<u8> {
    state("python/1.21/pending-first-turn.json")
}

/// A state that the TypeScript SDK wrote.
fn typescript() -> Vec<u8> {
    state("typescript/1.22/pending_approval.json")
}

fn state(path: &str) -> Vec<u8> {
    std::fs::read(common::root().join("fixtures").join(path)).expect("the fixture is there")
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        std::fs::write(path, bytes).expect("the file can be written");
    }
    folder
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The elements of an array.
fn list(value: &serde_json::Value) -> &[serde_json::Value] {
    value.as_array().expect("an array")
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("a string")
}

/// The codes of all findings of the report, by file.
fn codes(report: &str) -> Vec<(String, Vec<String>)> {
    let entry = |entry: &serde_json::Value| {
        let codes = list(&entry["findings"]).iter().map(|finding| text(&finding["code"]).to_owned());
        (text(&entry["file"]).to_owned(), codes.collect())
    };
    list(&json(report)["files"]).iter().map(entry).collect()
}
