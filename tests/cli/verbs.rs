//! The verbs beside `validate`.

use std::fs;

use snapbox::{assert_data_eq, str};

use crate::{folder, json, list, python, runstate, text, typescript, with_stdin};

#[test]
fn detect_tells_what_each_file_is() {
    let text = String::from_utf8(typescript()).expect("UTF-8");
    let [old, unknown] = ["1.0", "1.99"].map(|label| text.replacen("1.22", label, 1));
    let outer = format!("{{\"run\": {text}}}");
    let files: [(&str, &[u8]); 7] = [
        ("a.json", &python()),
        ("b.json", &typescript()),
        ("c.json", old.as_bytes()),
        ("d.json", unknown.as_bytes()),
        ("e.json", outer.as_bytes()),
        ("f.json", b"{\"schema_version\": \"1.0\", \"current_turn\": 1}"),
        ("g.json", b"[1"),
    ];
    let folder = folder(&files);
    let run = runstate(folder.path(), &["detect", "."]);
    assert_eq!(run.code, 3);
    assert_data_eq!(
        run.out,
        str![[r#"
./a.json: python@1.21
  written by  openai-agents 0.24.0
  read by     openai-agents 0.24.0 and later
./b.json: typescript@1.22
  written by  @openai/agents 0.20.0
  read by     @openai/agents 0.20.0 and later
./c.json: typescript@1.0
  written by  @openai/agents 0.3.6 to 0.3.7 (2 releases)
  read by     @openai/agents 0.0.1 and later
./d.json: typescript, unknown label "1.99"
./e.json: JSON with a RunState at /run
  line 1, column 9; read it with --at '/run'
./f.json: no state of the two SDKs: another port (it writes `schema_version`), such as the Go and Rust ones wrote it
./g.json: expected `,` or `]`, found the end of the text

"#]]
    );
    let run = runstate(folder.path(), &["detect", "a.json", "b.json", "c.json", "--quiet"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    let run = runstate(folder.path(), &["detect", "d.json", "--format", "ndjson"]);
    let entry = json(&run.out);
    assert_eq!((run.code, &entry["label"], &entry["format"]), (1, &"1.99".into(), &serde_json::Value::Null));
    let run = runstate(folder.path(), &["detect", "e.json", "--at", "/run", "--format", "json"]);
    assert_eq!((run.code, &json(&run.out)["files"][0]["format"]), (0, &"typescript@1.22".into()));
}

#[test]
fn a_reader_refuses_what_is_not_its_own() {
    let folder = folder(&[("py.json", &python()), ("ts.json", &typescript())]);
    let codes = |reader: &str| {
        let run = runstate(folder.path(), &["validate", ".", "--for", reader, "--format", "json"]);
        crate::codes(&run.out).into_iter().map(|(_, codes)| codes.join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(codes("python@0.24.0"), ["", "RS208"]);
    assert_eq!(codes("ts"), ["RS208", ""]);
    assert_eq!(codes("py@0.8.0"), ["RS210 RS204", "RS208"]);
    assert_eq!(codes("py@0.9.0"), ["RS204", "RS208"]);
}

#[test]
fn normalize_gives_back_what_the_sdk_wrote() {
    for (state, name) in [(python(), "python"), (typescript(), "typescript")] {
        // A line break and the white space behind it never stand inside a string.
        let text = String::from_utf8(state.clone()).expect("UTF-8");
        let compact: String = text.lines().map(str::trim_start).collect();
        let folder = folder(&[("state.json", &state), ("again.json", compact.as_bytes())]);
        for input in ["state.json", "again.json"] {
            let run = runstate(folder.path(), &["normalize", input]);
            assert_eq!((run.code, run.err.as_str()), (0, ""), "{name}");
            assert!(run.out.as_bytes() == state, "{name}");
        }
        let run = with_stdin(folder.path(), &["normalize", "-"], &state);
        assert!(run.out.as_bytes() == state && run.code == 0, "{name}");
    }
}

#[test]
fn normalize_takes_a_state_out_of_a_string() {
    let state = typescript();
    let text = String::from_utf8(state.clone()).expect("UTF-8");
    let outer = serde_json::json!({ "run": { "state": text } }).to_string();
    let folder = folder(&[("row.json", outer.as_bytes())]);
    let run = runstate(folder.path(), &["normalize", "row.json", "--at", "/run/state", "--output", "state.json"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""));
    assert!(fs::read(folder.path().join("state.json")).expect("it was written") == state);
}

#[test]
fn normalize_overwrites_only_when_told_to() {
    let folder = folder(&[("state.json", &python()), ("out.json", b"precious")]);
    let out = folder.path().join("out.json");
    let run = runstate(folder.path(), &["normalize", "state.json", "--output", "out.json"]);
    assert_eq!((run.code, run.err.as_str()), (2, "error: out.json exists already; --force overwrites it\n"));
    assert_eq!(fs::read(&out).expect("it is there"), b"precious");
    let run = runstate(folder.path(), &["normalize", "state.json", "--output", "out.json", "--force"]);
    assert_eq!(run.code, 0);
    assert!(fs::read(&out).expect("it is there") == python());
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2, "nothing else is left behind");
}

#[test]
fn normalize_refuses_what_the_sdk_does() {
    let text = String::from_utf8(python()).expect("UTF-8").replacen(
        "\"$schemaVersion\": \"1.21\"",
        "\"$schemaVersion\": \"1.99\"",
        1,
    );
    let folder = folder(&[("state.json", text.as_bytes()), ("broken.json", b"{")]);
    let run = runstate(folder.path(), &["normalize", "state.json", "--output", "out.json"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("error[RS204] refused"), "{}", run.err);
    assert!(!folder.path().join("out.json").exists());
    let run = runstate(folder.path(), &["normalize", "state.json", "--accept-invalid", "--fail-on", "never"]);
    assert_eq!((run.code, run.out == text), (0, true));
    let run = runstate(folder.path(), &["normalize", "broken.json", "--accept-invalid", "--fail-on", "never"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""));
}

#[test]
fn explain_knows_every_code_in_any_case_and_by_name() {
    let folder = folder(&[]);
    let run = runstate(folder.path(), &["explain", "rs301", "Unknown-Label"]);
    assert_eq!(run.code, 0);
    assert_data_eq!(
        run.out,
        str![[r#"
RS301 missing-field
A field that the SDK always writes is missing.

What to do: Restore the field, or save the state again with the SDK.

RS204 unknown-label
The reader does not know this label. No SDK release reads a label newer than its own.

What to do: Read the file with an SDK release that knows the label; `runstate versions` names those that do.

"#]]
    );
    let every: Vec<String> = runstate::codes::ALL.iter().map(|row| row.code.to_string()).collect();
    let arguments: Vec<&str> = ["explain"].into_iter().chain(every.iter().map(String::as_str)).collect();
    let run = runstate(folder.path(), &arguments);
    assert!(run.code == 0 && every.iter().all(|code| run.out.contains(&format!("{code} "))), "{}", run.err);
    let run = runstate(folder.path(), &["explain", "RS999"]);
    assert_eq!(
        (run.code, run.err.as_str()),
        (2, "error: there is no code `RS999`; `runstate rules` lists all codes\n")
    );
}

#[test]
fn rules_lists_every_code() {
    let folder = folder(&[]);
    let run = runstate(folder.path(), &["rules"]);
    assert_eq!((run.code, run.out.lines().count()), (0, runstate::codes::ALL.len()));
    let document = json(&runstate(folder.path(), &["rules", "--format", "json"]).out);
    let codes: Vec<&str> = list(&document["rules"]).iter().map(|row| text(&row["code"])).collect();
    let every: Vec<String> = runstate::codes::ALL.iter().map(|row| row.code.to_string()).collect();
    assert_eq!(codes, every);
}

#[test]
fn schema_prints_every_format() {
    let folder = folder(&[]);
    let document = json(&runstate(folder.path(), &["schema", "python@1.21"]).out);
    assert_eq!(document["title"], "RunState, python@1.21");
    let document = json(&runstate(folder.path(), &["schema", "ts"]).out);
    assert_eq!(document["title"], "RunState, typescript@1.22");
    let document = json(&runstate(folder.path(), &["schema", "python@0.10.5"]).out);
    assert_eq!(document["title"], "RunState, python@1.4");
    let document = json(&runstate(folder.path(), &["schema", "ts@any"]).out);
    assert_eq!(document["title"], "RunState, typescript@any");
    assert_eq!(document["$defs"]["State"]["properties"]["$schemaVersion"]["enum"][22], "1.22");
    for wrong in ["nonsense", "nonsense@any", "python@1.99"] {
        assert_eq!(runstate(folder.path(), &["schema", wrong]).code, 2);
    }
}

#[test]
fn versions_tells_labels_releases_and_what_lies_between() {
    let folder = folder(&[]);
    let run = runstate(folder.path(), &["versions"]);
    let labels = |dialect: runstate::Dialect| dialect.formats().count();
    let all = runstate::Dialect::ALL.into_iter().map(labels).sum();
    assert_eq!((run.code, run.out.lines().count()), (0, all));
    let run = runstate(folder.path(), &["versions", "typescript"]);
    assert_eq!((run.code, run.out.lines().count()), (0, labels(runstate::Dialect::TypeScript)));
    let document = json(&runstate(folder.path(), &["versions", "py@0.21.1", "--format", "json"]).out);
    let label = &document["labels"][0];
    assert_eq!(label["format"], "python@1.16");
    assert_eq!(label["written_by"][0], json(r#"{"release": "0.21.1", "date": "2026-08-16"}"#));
    assert_eq!(label["readable_since"], "0.21.1");
    let run = runstate(folder.path(), &["versions", "--between", "py@1.16", "py@1.15"]);
    let expected = "\
From python@1.15 up to python@1.16
  nothing that is worth a word

From python@1.16 down to python@1.15
  1.16: A call that was rejected is run when its tool is always approved.
";
    assert_eq!((run.code, run.out.as_str()), (0, expected));
    assert_eq!(runstate(folder.path(), &["versions", "--between", "py", "ts"]).code, 2);
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let folder = folder(&[]);
    let run = runstate(folder.path(), &["validate", "--help"]);
    assert!(run.code == 0 && run.out.contains("runstate validate paused.json"), "{}", run.out);
    let run = runstate(folder.path(), &["--help"]);
    assert!(run.code == 0 && run.out.contains("Exit codes:"), "{}", run.out);
    let run = runstate(folder.path(), &["--version"]);
    assert_eq!((run.code, run.out), (0, format!("runstate {}\n", env!("CARGO_PKG_VERSION"))));
}
