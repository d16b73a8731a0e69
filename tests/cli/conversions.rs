//! `runstate convert` on many states.

use std::fs;
use std::path::Path;

use runstate::json::{Document, Style, Writer};
use runstate::{Convert, convert};

use crate::{folder, json, list, python, runstate, state, typescript, with_stdin};

/// What the library makes of a state.
fn converted(state: &[u8], target: &str) -> Vec<u8> {
    let done = convert(state, target.parse().expect("it is a target"), &Convert::default());
    done.bytes.expect("the state converts")
}

/// A state as Python writes it without indentation.
fn line(state: &[u8]) -> String {
    let doc = Document::parse(state.to_vec()).expect("it is JSON");
    let mut out = Writer::new(Style::PythonLine);
    out.node(doc.root());
    String::from_utf8(out.finish()).expect("a writer writes UTF-8")
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("the file was written")
}

#[test]
fn lines_are_converted_in_order_and_bad_ones_are_passed_on() {
    let state = String::from_utf8(typescript()).expect("UTF-8");
    // As many as keep all threads busy, each with a turn of its own.
    let numbered = |turn: usize| state.replacen("\"currentTurn\":1,", &format!("\"currentTurn\":{turn},"), 1);
    assert_ne!(numbered(2), state, "the state's turn is replaced");
    let mut lines: Vec<String> = (0..120).map(numbered).collect();
    lines[7] = "{\"$schemaVersion\":\"1.99\"}".to_owned();
    lines[70] = "{\"half\": ".to_owned();
    let folder = folder(&[("states.ndjson", lines.join("\n").as_bytes())]);
    let arguments = ["convert", "--ndjson", "states.ndjson", "--to", "python@0.24.0"];
    let files = ["-o", "out.ndjson", "--rejects", "bad.ndjson", "--report", "report.json"];
    let run = runstate(folder.path(), &[&arguments[..], &files].concat());
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    let good = |turn: &usize| ![7, 70].contains(turn);
    let wanted: Vec<String> =
        (0..120).filter(good).map(|turn| line(&converted(numbered(turn).as_bytes(), "python@0.24.0"))).collect();
    let out = String::from_utf8(read(folder.path(), "out.ndjson")).expect("UTF-8");
    assert!(out.ends_with('\n'));
    assert!(out.lines().eq(&wanted));
    let bad = String::from_utf8(read(folder.path(), "bad.ndjson")).expect("UTF-8");
    assert_eq!(bad, format!("{}\n{}\n", lines[7], lines[70]));
    let report = json(&String::from_utf8(read(folder.path(), "report.json")).expect("UTF-8"));
    let refused: Vec<_> = list(&report["files"]).iter().filter(|file| file["converted"] == false).collect();
    assert_eq!(refused.iter().map(|file| &file["line"]).collect::<Vec<_>>(), [8, 71]);
    assert_eq!(list(&report["files"]).len(), 120);
    // One line for each state that is as it was but for bookkeeping, and one for all of them.
    assert!(run.err.contains("states.ndjson:120: typescript@1.22 to python@0.24.0 (python@1.21)\n"), "{}", run.err);
    assert!(!run.err.contains("  bookkeeping "), "{}", run.err);
    assert!(run.err.ends_with("118 converted (worst change: 118 bookkeeping), 2 not converted, 0 done before\n"));

    let run = with_stdin(folder.path(), &["convert", "--ndjson", "-", "--to", "python@0.24.0"], lines[0].as_bytes());
    assert_eq!((run.code, run.out), (0, wanted[0].clone() + "\n"));
    assert_eq!(run.err, "<stdin>:1: typescript@1.22 to python@0.24.0 (python@1.21)\n");
}

#[test]
fn a_directory_is_converted_once() {
    let files: [(&str, &[u8]); 4] = [
        ("in/py.json", &python()),
        ("in/deep/ts.json", &typescript()),
        ("in/bad.json", b"[1"),
        ("in/notes.txt", b"no state"),
    ];
    let folder = folder(&files);
    let again = || runstate(folder.path(), &["convert", "in", "--to", "typescript@0.20.0", "--out-dir", "out"]);
    let run = again();
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err.contains("2 converted (worst change: 1 bookkeeping), 1 not converted, 0 done before"),
        "{}",
        run.err
    );
    assert_eq!(read(folder.path(), "out/py.json"), converted(&python(), "typescript@0.20.0"));
    assert_eq!(read(folder.path(), "out/deep/ts.json"), typescript());
    assert!(!folder.path().join("out/bad.json").exists());

    let run = again();
    assert!(run.err.contains("0 converted, 1 not converted, 2 done before"), "{}", run.err);
    // A result of another format, and one that is older than its input, are made again.
    fs::write(folder.path().join("out/py.json"), python()).expect("the file can be written");
    let long_ago = fs::File::options().append(true).open(folder.path().join("out/deep/ts.json"));
    long_ago.and_then(|file| file.set_modified(std::time::UNIX_EPOCH)).expect("the time can be set");
    let run = again();
    assert!(run.err.contains("2 converted"), "{}", run.err);
    assert_eq!(read(folder.path(), "out/py.json"), converted(&python(), "typescript@0.20.0"));

    let run = runstate(folder.path(), &["convert", "in", "--to", "typescript@0.20.0"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("several states need --out-dir, --ndjson or --check"), "{}", run.err);
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let approved = state("python/1.21/always-approved.json");
    let folder = folder(&[("approved.json", &approved), ("there.json", b"mine"), ("py.json", &python())]);
    let to = |target, arguments: &[&str]| runstate(folder.path(), &[&["convert", "--to", target], arguments].concat());
    assert_eq!(to("typescript@0.20.0", &["py.json", "-o", "there.json"]).code, 2);
    assert_eq!(read(folder.path(), "there.json"), b"mine");
    assert_eq!(to("typescript@0.20.0", &["py.json", "-o", "there.json", "--force"]).code, 0);
    assert_eq!(read(folder.path(), "there.json"), converted(&python(), "typescript@0.20.0"));
    let run = to("python@0.22.3", &["approved.json", "-o", "new.json"]);
    assert_eq!((run.code, folder.path().join("new.json").exists()), (1, false), "{}", run.err);
    assert!(run.err.contains("--allow-loss resume converts it all the same; history is allowed"), "{}", run.err);
    assert_eq!(to("python@0.22.3", &["approved.json", "-o", "new.json", "--allow-loss", "resume"]).code, 0);
    assert!(folder.path().join("new.json").exists());
}

#[test]
fn a_sidecar_brings_everything_back() {
    let folder = folder(&[("state.json", &python())]);
    let there = ["convert", "state.json", "--to", "typescript@0.20.0", "-o", "ts.json", "--sidecar", "left.json"];
    assert_eq!(runstate(folder.path(), &there).code, 0);
    let back = ["convert", "ts.json", "--to", "python@0.24.0", "-o", "back.json", "--sidecar", "left.json"];
    assert_eq!(runstate(folder.path(), &back).code, 0);
    assert_eq!(read(folder.path(), "back.json"), python());
    let run = runstate(folder.path(), &["convert", "--ndjson", "state.json", "--to", "python", "--sidecar", "x.json"]);
    assert_eq!(run.code, 2, "{}", run.err);
}
