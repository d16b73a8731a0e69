//! What can be read, what cannot, and what that does to the exit code.

use std::fs::{self, File};
use std::process::Stdio;

use crate::{codes, command, folder, json, list, python, runstate, text, typescript, with_stdin};

/// The code of the one finding, and the exit code.
fn verdict(bytes: &[u8]) -> (Vec<String>, i32) {
    let folder = folder(&[("state.json", bytes)]);
    let run = runstate(folder.path(), &["validate", "state.json", "--format", "json"]);
    let [(_, codes)] = codes(&run.out).try_into().expect("one file, one entry");
    (codes, run.code)
}

fn one(code: &str, exit: i32) -> (Vec<String>, i32) {
    (vec![code.to_owned()], exit)
}

#[test]
fn what_the_sdks_wrote_is_clean() {
    assert_eq!(verdict(&python()), (vec![], 0));
    assert_eq!(verdict(&typescript()).1, 0);
}

#[test]
fn bad_bytes_get_one_finding_each() {
    assert_eq!(verdict(b""), one("RS102", 3));
    assert_eq!(verdict(b" \n"), one("RS102", 3));
    assert_eq!(verdict(b"{\"a\": \"\xff\"}"), one("RS103", 3));
    assert_eq!(verdict(b"\xff\xfe{\0}\0"), one("RS103", 3));
    assert_eq!(verdict(b"{\"a\": 1,}"), one("RS101", 3));
    assert_eq!(verdict(b"null"), one("RS201", 1));
    assert_eq!(verdict(b"[]"), one("RS201", 1));
}

#[test]
fn a_state_that_ends_early_gets_one_finding_wherever_it_ends() {
    let state = typescript();
    let names: Vec<String> = (1..state.len()).map(|end| format!("{end:05}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().enumerate().map(|(at, name)| (name.as_str(), &state[..=at])).collect();
    // The last of them lacks the closing brace alone.
    let folder = folder(&files);
    let run = runstate(folder.path(), &["validate", ".", "--format", "json"]);
    assert_eq!(run.code, 3);
    let found = codes(&run.out);
    assert_eq!(found.len(), state.len() - 1);
    assert!(found.iter().all(|(_, codes)| *codes == ["RS101"]), "one finding each");
}

#[test]
fn a_file_above_the_limit_is_refused_from_its_size() {
    let folder = folder(&[]);
    let file = File::create(folder.path().join("large.json")).expect("a file can be made");
    // Nothing is stored of a hole; reading it would take long and end in another finding.
    file.set_len(5 << 30).expect("a file with a hole can be made");
    let run = runstate(folder.path(), &["validate", "large.json", "--format", "json"]);
    assert_eq!((codes(&run.out)[0].1.clone(), run.code), one("RS104", 3));
}

#[test]
fn one_bad_file_never_stops_the_others() {
    let folder = folder(&[("a.json", b"{"), ("c.json", &python()), ("d.json", b"null")]);
    let run = runstate(folder.path(), &["validate", "a.json", "missing.json", "c.json", "d.json", "--format", "json"]);
    assert_eq!(run.code, 3);
    let report = json(&run.out);
    let files: Vec<&str> = list(&report["files"]).iter().map(|entry| text(&entry["file"])).collect();
    assert_eq!(files, ["a.json", "missing.json", "c.json", "d.json"]);
    assert_eq!(report["files"][1]["error"], "No such file or directory");
    assert_eq!(report["files"][2]["format"], "python@1.21");
    let summary = serde_json::json!({ "files": 4, "unreadable": 1, "errors": 2, "warnings": 0, "notes": 0 });
    assert_eq!(report["summary"], summary);
}

#[test]
fn a_missing_file_is_a_message_on_stderr() {
    let folder = folder(&[]);
    let run = runstate(folder.path(), &["validate", "missing.json", "--quiet"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert_eq!(run.err, "error: missing.json: No such file or directory\n");
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_unreadable_named_or_found() {
    let folder = folder(&[("states/a.json", &python())]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("states/b.json")).expect("a link can be made");
    std::os::unix::fs::symlink("a.json", folder.path().join("states/c.json")).expect("a link can be made");
    for input in ["states/b.json", "states"] {
        let run = runstate(folder.path(), &["validate", input, "--quiet"]);
        assert_eq!(run.code, 3);
        assert_eq!(run.err, "error: states/b.json: No such file or directory\n");
    }
    let run = runstate(folder.path(), &["validate", "states", "--format", "json"]);
    assert_eq!(codes(&run.out).len(), 3, "the link to a file is read");
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_unreadable() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder(&[("closed/a.json", &python()), ("open/b.json", &python())]);
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("the owner may");
    // Whoever may read everything, such as root in a container, finds the file.
    let privileged = fs::read_dir(&closed).is_ok();
    let run = runstate(folder.path(), &["validate", ".", "--format", "json"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("the owner may");
    let report = json(&run.out);
    let files = list(&report["files"]);
    assert_eq!(files.len(), 2);
    if privileged {
        assert_eq!(run.code, 0);
    } else {
        assert_eq!(run.code, 3);
        assert_eq!(files[0]["file"], "./closed");
        assert_eq!(files[0]["error"], "Permission denied");
    }
}

#[test]
fn a_folder_is_searched_for_json_in_order_and_ignore_files_count() {
    let state = python();
    let folder = folder(&[
        ("s/b/2.json", &state),
        ("s/a.json", &state),
        ("s/b/1.JSON", &state),
        ("s/notes.txt", b"no state"),
        ("s/skipped.json", b"no state"),
        ("s/.ignore", b"skipped.json\n"),
    ]);
    let run = runstate(folder.path(), &["validate", "s", "--format", "json"]);
    let files: Vec<String> = codes(&run.out).into_iter().map(|(file, _)| file).collect();
    let found: Vec<String> = files.iter().map(|file| file.replace('\\', "/")).collect();
    assert_eq!(found, ["s/a.json", "s/b/1.JSON", "s/b/2.json"]);
    assert_eq!(run.code, 0);
}

#[test]
fn a_folder_without_a_state_is_no_input() {
    let folder = folder(&[("empty/readme.txt", b"")]);
    let run = runstate(folder.path(), &["validate", "empty", "--quiet"]);
    assert_eq!((run.code, run.err.as_str()), (2, "error: empty: no *.json in this directory\n"));
}

#[test]
fn wrong_usage_ends_with_2() {
    let folder = folder(&[("state.json", &python())]);
    let cases: [&[&str]; 8] = [
        &[],
        &["validate"],
        &["frobnicate"],
        &["validate", "state.json", "--for", "ruby@1"],
        &["validate", "state.json", "--for", "python@9.9.9"],
        &["validate", "state.json", "--at", "run/state"],
        &["validate", "state.json", "--jobs", "0"],
        &["validate", "state.json", "--format", "xml"],
    ];
    for arguments in cases {
        let run = runstate(folder.path(), arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_fault_in_the_agents_file_is_wrong_usage_with_its_position() {
    let folder = folder(&[("state.json", &python()), ("agents.json", b"{\n  \"version\": \"one\"\n}")]);
    let run = runstate(folder.path(), &["validate", "state.json", "--agents", "agents.json"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with("error: --agents agents.json: ") && run.err.contains("line 2 column"), "{}", run.err);
}

#[test]
fn stdin_is_an_input() {
    let folder = folder(&[]);
    let run = with_stdin(folder.path(), &["validate", "-"], &python());
    assert_eq!((run.code, run.err.as_str()), (0, "1 state: 0 errors, 0 warnings, 0 notes\n"));
    assert_eq!(run.out, "<stdin>: python@1.21, loads, and the run can be resumed\n");
    let run = with_stdin(folder.path(), &["validate", "-", "--quiet"], b"{\"a\": ");
    assert!(run.out.contains("1 | {\"a\": \n"), "what came from stdin can be shown, too: {}", run.out);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_an_input() {
    let folder = folder(&[]);
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, python())
    });
    let run = runstate(folder.path(), &["validate", "pipe"]);
    writer.join().expect("no panic").expect("the pipe is read");
    assert_eq!((run.code, run.out.as_str()), (0, "pipe: python@1.21, loads, and the run can be resumed\n"));
}

#[test]
fn every_line_can_be_a_state() {
    let state = typescript();
    assert!(!state.contains(&b'\n'), "the TypeScript SDK writes one line");
    let lines = [state.as_slice(), b"\n\n{\"a\": \r\n", &state, b"\r\nnull"].concat();
    let folder = folder(&[("export.ndjson", &lines)]);
    for arguments in [vec!["validate", "export.ndjson"], vec!["validate", "-"]] {
        let arguments = [arguments.as_slice(), &["--ndjson", "--format", "json"]].concat();
        let run = with_stdin(folder.path(), &arguments, &lines);
        assert_eq!(run.code, 3);
        let report = json(&run.out);
        let entries: Vec<(u64, &str)> = list(&report["files"])
            .iter()
            .map(|entry| {
                (entry["line"].as_u64().expect("a number"), entry["findings"][0]["code"].as_str().unwrap_or(""))
            })
            .collect();
        assert_eq!(entries, [(1, ""), (3, "RS101"), (4, ""), (5, "RS201")]);
        let finding = &report["files"][1]["findings"][0];
        // Behind the state, two line feeds, `{"a":`, a space and a carriage return.
        let offset = state.len() + 2 + 7;
        assert_eq!((&finding["line"], &finding["span"]), (&3.into(), &serde_json::json!([offset, offset])));
    }
}

#[test]
fn several_lines_without_the_option_are_explained() {
    let folder = folder(&[("export.json", b"{}\n{}\n")]);
    let run = runstate(folder.path(), &["validate", "export.json"]);
    assert_eq!(run.code, 3);
    assert!(run.out.contains("if every line is a state of its own, read the file with --ndjson"), "{}", run.out);
}

#[test]
fn a_state_elsewhere_is_found_and_read_there() {
    let text = String::from_utf8(typescript()).expect("UTF-8");
    let inner = format!("{{\"id\": 1, \"it's/run\": {{\"state\": {text}}}}}");
    let string = format!("{{\"id\": 1, \"run\": {}}}", serde_json::to_string(&text).expect("a string is JSON"));
    let whole = serde_json::to_string(&text).expect("a string is JSON");
    let folder = folder(&[
        ("inner.json", inner.as_bytes()),
        ("string.json", string.as_bytes()),
        ("whole.json", whole.as_bytes()),
    ]);
    let cases = [
        ("inner.json", "/it's~1run/state", "Read it with --at '/it'\\''s~1run/state'."),
        ("string.json", "/run", "Read it with --at '/run'."),
        ("whole.json", "", "Read it with --at ''."),
    ];
    for (file, pointer, help) in cases {
        let run = runstate(folder.path(), &["validate", file, "--format", "json"]);
        assert_eq!((run.code, codes(&run.out)[0].1.as_slice()), (1, ["RS201", "RS207"].map(str::to_owned).as_slice()));
        let finding = &json(&run.out)["files"][0]["findings"][1];
        assert_eq!((finding["pointer"].as_str(), finding["help"].as_str()), (Some(pointer), Some(help)));
        let run = runstate(folder.path(), &["validate", file, "--at", pointer, "--format", "json"]);
        assert_eq!((run.code, &json(&run.out)["files"][0]["format"]), (0, &"typescript@1.22".into()));
    }
}

#[test]
fn a_finding_inside_a_string_says_where_the_string_is() {
    let text =
        String::from_utf8(typescript()).expect("UTF-8").replacen("\"currentTurn\":1", "\"currentTurn\":\"1\"", 1);
    let string = format!("[\n{}]", serde_json::to_string(&text).expect("a string is JSON"));
    let folder = folder(&[("string.json", string.as_bytes())]);
    let run = runstate(folder.path(), &["validate", "string.json", "--at", "/0", "--format", "json"]);
    let report = json(&run.out);
    let finding = &report["files"][0]["findings"][0];
    assert_eq!((run.code, &finding["code"]), (1, &"RS302".into()));
    assert_eq!((&finding["line"], &finding["column"], &finding["pointer"]), (&2.into(), &1.into(), &"/0".into()));
    assert_eq!(finding["inside"], serde_json::json!(["/currentTurn"]));
}

#[test]
fn ten_thousand_files_come_out_in_order_however_many_threads_there_are() {
    let state = b"{\"$schemaVersion\": \"1.21\"}";
    let names: Vec<String> = (0..10_000).map(|number| format!("{number:05}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), state.as_slice())).collect();
    let folder = folder(&files);
    let run = |jobs| runstate(folder.path(), &["validate", ".", "--jobs", jobs, "--format", "concise"]);
    let (one, many) = (run("1"), run("7"));
    assert_eq!((one.code, one.out.lines().count()), (1, 10_000));
    assert!(one.out == many.out && one.err == many.err, "the same output");
    assert!(one.out.lines().is_sorted(), "in the order of the names");
}

#[test]
fn a_reader_that_went_away_is_no_error_and_no_clean_bill() {
    let names: Vec<String> = (0..5_000).map(|number| format!("{number:05}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"null".as_slice())).collect();
    let folder = folder(&files);
    let mut child = command(folder.path())
        .args(["validate", "."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}
