//! The forms of the report.

use snapbox::{assert_data_eq, str};

use crate::{common, folder, json, python, runstate, typescript, with_stdin};

/// A state with one error, one warning and nothing else.
fn faulty() -> Vec<u8> {
    let text = String::from_utf8(python()).expect("UTF-8");
    let text = text.replacen("\"max_turns\": 10", "\"max_turns\": \"ten\", \"extra, key\": \"sesame\"", 1);
    text.into_bytes()
}

#[test]
fn human() {
    let folder = folder(&[("state.json", &faulty())]);
    let run = runstate(folder.path(), &["validate", "state.json"]);
    assert_eq!(run.code, 1);
    assert_data_eq!(
        run.out,
        str![[r#"
state.json:103:16: error[RS302] stuck: expected an integer, found a string
   --> /max_turns
103 | "max_turns": "•••", "extra, key": "•••",
    |              ^^^^^
    = help: Restore the value that the SDK wrote.

state.json:103:23: warning[RS303] lost: `extra, key` is no field of a state; the SDK drops it
   --> /extra, key
103 | "max_turns": "•••", "extra, key": "•••",
    |                     ^^^^^^^^^^^^
    = help: Remove it, or correct its spelling.

state.json: python@1.21, loads, but the run cannot be resumed as it is


"#]]
    );
    assert_data_eq!(
        run.err,
        str![[r#"
1 state: 1 error, 1 warning, 0 notes

"#]]
    );
}

#[test]
fn human_on_one_line() {
    let text = String::from_utf8(typescript()).expect("UTF-8").replacen("\"maxTurns\":10", "\"maxTurns\":\"ten\"", 1);
    let folder = folder(&[("state.json", text.as_bytes())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--quiet"]);
    assert_eq!(run.code, 1);
    assert_data_eq!(
        run.out,
        str![[r#"
state.json:1:1583: error[RS302] refused: expected a number, found a string
 --> /maxTurns
1 | …ontext":{}},"toolUseTracker":{"Teller":["wire"]},"maxTurns":"•••","noActiveAgentRun":false,"inputGuardrailResults":[],"initia…
  |                                                              ^^^^^
  = help: Restore the value that the SDK wrote.

state.json: typescript@1.22, the SDK does not load it


"#]]
    );
}

#[test]
fn human_of_broken_json() {
    let text = String::from_utf8(python()).expect("UTF-8").replacen("\"max_turns\": 10", "\"max_turns\" 10", 1);
    let folder = folder(&[("state.json", text.as_bytes())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--quiet"]);
    assert_eq!(run.code, 3);
    assert_data_eq!(
        run.out,
        str![[r#"
state.json:103:15: error[RS101] refused: expected `:`, found a digit
103 | "•••" •,
    |       ^
    = help: Repair the text here, or save the state again with the SDK.

state.json: not JSON: no SDK loads it


"#]]
    );
}

#[test]
fn concise() {
    let folder = folder(&[("state.json", &faulty())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--format", "concise"]);
    assert_eq!(run.code, 1);
    assert_data_eq!(
        run.out,
        str![[r#"
state.json:103:16: error[RS302] stuck: expected an integer, found a string
state.json:103:23: warning[RS303] lost: `extra, key` is no field of a state; the SDK drops it

"#]]
    );
}

#[test]
fn json_is_one_document() {
    let folder = folder(&[("state.json", &faulty())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    let pretty = serde_json::to_string_pretty(&json(&run.out)).expect("it was JSON");
    assert_data_eq!(
        pretty,
        str![[r#"
{
  "files": [
    {
      "file": "state.json",
      "findings": [
        {
          "code": "RS302",
          "column": 16,
          "effect": "stuck",
          "help": "Restore the value that the SDK wrote.",
          "line": 103,
          "message": "expected an integer, found a string",
          "name": "wrong-type",
          "pointer": "/max_turns",
          "severity": "error",
          "span": [
            2398,
            2403
          ]
        },
        {
          "code": "RS303",
          "column": 23,
          "effect": "lost",
          "help": "Remove it, or correct its spelling.",
          "line": 103,
          "message": "`extra, key` is no field of a state; the SDK drops it",
          "name": "unknown-field",
          "pointer": "/extra, key",
          "severity": "warning",
          "span": [
            2405,
            2417
          ]
        }
      ],
      "format": "python@1.21"
    }
  ],
  "summary": {
    "errors": 1,
    "files": 1,
    "notes": 0,
    "unreadable": 0,
    "warnings": 1
  },
  "version": 1
}
"#]]
    );
}

#[test]
fn ndjson_has_the_entries_of_json() {
    let files: [(&str, &[u8]); 3] = [("a.json", &faulty()), ("b.json", b"null"), ("c.json", &typescript())];
    let folder = folder(&files);
    let document = json(&runstate(folder.path(), &["validate", ".", "--format", "json"]).out);
    let run = runstate(folder.path(), &["validate", ".", "--format", "ndjson"]);
    assert_eq!(run.code, 1);
    let lines: Vec<_> = run.out.lines().map(json).collect();
    assert_eq!(document["files"].as_array(), Some(&lines));
    assert_eq!(lines.len(), 3);
}

#[test]
fn github_escapes_what_ends_a_command() {
    let folder = folder(&[("a,b:c%.json", &faulty())]);
    let run = runstate(folder.path(), &["validate", ".", "--format", "github"]);
    assert_eq!(run.code, 1);
    assert_data_eq!(
        run.out,
        str![[r#"
::error file=a%2Cb%3Ac%25.json,line=103,col=16,title=RS302 wrong-type::expected an integer, found a string (stuck)%0ARestore the value that the SDK wrote.
::warning file=a%2Cb%3Ac%25.json,line=103,col=23,title=RS303 unknown-field::`extra, key` is no field of a state; the SDK drops it (lost)%0ARemove it, or correct its spelling.

"#]]
    );
}

#[test]
fn reports_are_what_their_schemas_say() {
    let folder =
        folder(&[("a.json", &faulty()), ("b.json", b""), ("c.json", b"{\"x\": {\"$schemaVersion\": \"1.1\"}}")]);
    for (verb, name) in [("validate", "report"), ("detect", "detection"), ("inspect", "summary")] {
        let run = runstate(folder.path(), &[verb, "a.json", "b.json", "c.json", "missing.json", "--format", "json"]);
        let schema = runstate(folder.path(), &["schema", name]);
        assert_eq!(schema.code, 0);
        let validator = jsonschema::validator_for(&json(&schema.out)).expect("a schema");
        let report = json(&run.out);
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{verb}");
        assert_eq!(report["files"].as_array().map(Vec::len), Some(4));
        let empty = serde_json::json!({ "version": 1, "files": [{}], "summary": {} });
        assert!(!validator.is_valid(&empty), "the schema does not accept everything");
    }
}

#[test]
fn the_schemas_of_the_tools_own_documents_are_up_to_date() {
    let folder = folder(&[]);
    for name in ["report", "summary", "decision", "comparison", "hash", "normalization", "detection", "test", "agents"]
    {
        let schema = runstate(folder.path(), &["schema", name]).out;
        common::generated(&common::root().join("schemas").join(format!("{name}.json")), &schema);
    }
}

#[test]
fn colors_only_where_they_are_wanted() {
    let folder = folder(&[("state.json", &faulty())]);
    let colored = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let output = crate::command(folder.path())
            .args(["validate", "state.json"])
            .args(arguments)
            .envs(variable)
            .output()
            .expect("the program was built for this test");
        output.stdout.contains(&0x1b)
    };
    assert!(!colored(&[], None), "not into a pipe");
    assert!(colored(&["--color", "always"], None));
    assert!(!colored(&["--color", "never"], Some(("CLICOLOR_FORCE", "1"))));
    assert!(colored(&[], Some(("CLICOLOR_FORCE", "1"))));
    assert!(!colored(&[], Some(("NO_COLOR", "1"))));
    assert!(!colored(&["--color", "always", "--format", "json"], None), "JSON has no colors");
}

#[test]
fn what_counts_as_failed_can_be_chosen() {
    let text = String::from_utf8(python()).expect("UTF-8").replacen("\"max_turns\"", "\"extra\": 1, \"max_turns\"", 1);
    let folder = folder(&[("state.json", text.as_bytes()), ("broken.json", b"{")]);
    for (fail_on, code) in [("never", 0), ("error", 0), ("warning", 1), ("note", 1)] {
        let run = runstate(folder.path(), &["validate", "state.json", "--fail-on", fail_on]);
        assert_eq!(run.code, code, "{fail_on}: {}", run.out);
    }
    let run = runstate(folder.path(), &["validate", "broken.json", "--fail-on", "never"]);
    assert_eq!(run.code, 3, "what is not JSON never passes");
}

#[test]
fn names_cannot_command_the_terminal() {
    let folder = folder(&[]);
    let run = with_stdin(
        folder.path(),
        &["validate", "-", "--format", "concise"],
        "{\"current_turn\": 1, \"current_agent\": {}, \"\u{9b}2J\\u001b[2J\u{202e}\": 1}".as_bytes(),
    );
    assert!(run.out.contains("2J"), "the key is shown: {}", run.out);
    assert!(!run.out.contains(['\u{9b}', '\u{1b}', '\u{202e}']), "{:?}", run.out);
}
