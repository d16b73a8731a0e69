//! `runstate test`: states against their golden files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::{Run, command, common, folder, json, list, python, runstate, state, text, typescript};

/// As on a CI system.
fn in_ci(folder: &Path, arguments: &[&str]) -> Run {
    let output =
        command(folder).args(arguments).env("CI", "true").output().expect("the program was built for this test");
    Run {
        code: output.status.code().expect("the program is not killed"),
        out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("the messages are UTF-8"),
    }
}

/// Codes and messages of what is not as it is asked for, by file.
fn problems(run: &Run) -> Vec<(String, Vec<String>)> {
    let entry = |entry: &Value| {
        let codes = list(&entry["problems"]).iter().map(|problem| text(&problem["code"]).to_owned());
        (text(&entry["file"]).to_owned(), codes.collect())
    };
    list(&json(&run.out)["files"]).iter().map(entry).collect()
}

/// The problems of the one state of a folder, whose golden file may be written.
fn asked(config: &str, files: &[(&str, &[u8])]) -> (Vec<String>, i32) {
    let folder = folder(&[files, &[("runstate.toml", config.as_bytes())]].concat());
    let run = runstate(folder.path(), &["test", ".", "--format", "json"]);
    assert_eq!(run.err, "");
    let [(_, codes)] = problems(&run).try_into().expect("one state");
    (codes, run.code)
}

fn broken(turns: &str) -> Vec<u8> {
    let text = String::from_utf8(python()).expect("UTF-8");
    text.replacen("\"max_turns\": 10", &format!("\"max_turns\": {turns}"), 1).into_bytes()
}

fn golden(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("golden").join(name)).expect("it is there")
}

#[test]
fn a_new_state_is_written_once_and_then_compared() {
    let folder = folder(&[("a.json", &python()), ("deep/b.json", &typescript())]);
    let run = runstate(folder.path(), &["test"]);
    assert_eq!((run.code, run.err.as_str()), (0, "0 as before, 0 failed, 2 golden files written\n"));
    assert_data_eq!(
        run.out,
        str![[r#"
./a.json: new, golden/a.json.golden is written
./deep/b.json: new, golden/deep/b.json.golden is written

"#]]
    );
    let run = in_ci(folder.path(), &["test"]);
    assert_eq!((run.code, run.err.as_str()), (0, "2 as before, 0 failed\n"));
    assert_eq!(run.out, "./a.json: as before\n./deep/b.json: as before\n");
    let run = runstate(folder.path(), &["test", "--quiet"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""));
}

#[test]
fn in_ci_a_state_without_a_golden_file_fails_and_nothing_is_written() {
    let folder = folder(&[("a.json", &python())]);
    let run = in_ci(folder.path(), &["test", "--format", "json"]);
    assert_eq!((run.code, problems(&run)), (1, vec![("./a.json".to_owned(), vec!["RS712".to_owned()])]));
    assert!(!folder.path().join("golden").exists());
    for unset in ["", "0", "false"] {
        let output = command(folder.path()).args(["test"]).env("CI", unset).output().expect("the program starts");
        assert!(output.status.success(), "CI={unset} is no CI system");
    }
}

#[test]
fn a_difference_is_shown_and_written_when_it_is_meant() {
    let folder = folder(&[("a.json", &python())]);
    assert_eq!(runstate(folder.path(), &["test"]).code, 0);
    let before = golden(folder.path(), "a.json.golden");
    fs::write(folder.path().join("a.json"), broken("12")).expect("the file can be written");
    let run = runstate(folder.path(), &["test"]);
    assert_eq!((run.code, run.err.as_str()), (1, "0 as before, 1 failed\n"));
    assert_data_eq!(
        run.out,
        str![[r#"
./a.json: error[RS711]: what is found is not what the golden file says
  --- golden/a.json.golden
  +++ now
  @@ -4,7 +4,7 @@
   verdict: loads, and the run can be resumed
   findings: none
   
  -normalized: 8658 bytes, sha256 [..]
  +normalized: 8658 bytes, sha256 [..]
     4941e595 /$schemaVersion
     6b86b273 /current_turn
     095f97b4 /current_agent/name
  @@ -17,7 +17,7 @@
[..]
[..]
[..]
  -  4a44dc15 /max_turns
  +  6b51d431 /max_turns
[..]
[..]
[..]
  = help: Read the difference; when it is meant, `runstate test --update` writes the file anew.


"#]]
    );
    assert_eq!(golden(folder.path(), "a.json.golden"), before, "nothing is written without being told to");
    let long: String = std::iter::repeat_n("more\n", 500).collect();
    fs::write(folder.path().join("golden/a.json.golden"), before.clone() + &long).expect("the file can be written");
    let long = runstate(folder.path(), &["test"]).out;
    assert!(long.lines().count() < 210 && long.contains("\n  … and "), "{long}");
    let run = in_ci(folder.path(), &["test", "--update"]);
    assert_eq!((run.code, run.out.as_str()), (0, "./a.json: golden/a.json.golden is written anew\n"));
    assert_ne!(golden(folder.path(), "a.json.golden"), before);
    assert_eq!(in_ci(folder.path(), &["test"]).code, 0);
}

#[test]
fn every_kind_of_change_is_a_difference() {
    let typed = state("python/1.21/pending-after-typed-outputs.json");
    let text = String::from_utf8(typed.clone()).expect("UTF-8");
    let config: &[u8] = b"[[states]]\nfiles = '*'\nconvert = { 'typescript@1.22' = 'resume' }\n";
    let folder = folder(&[("a.json", &typed), ("runstate.toml", config)]);
    assert_eq!(runstate(folder.path(), &["test"]).code, 0);
    for (what, from, to) in [
        ("a digit", "\"EUR\": 1.0", "\"EUR\": 1.00"),
        ("a type", "\"fresh\": true", "\"fresh\": \"true\""),
        ("a finding", "\"max_turns\": 10", "\"max_turns\": 10, \"extra\": null"),
        ("a name", "\"name\": \"rates\"", "\"name\": \"Rates\""),
    ] {
        assert!(text.contains(from), "{what}");
        fs::write(folder.path().join("a.json"), text.replace(from, to)).expect("the file can be written");
        let run = runstate(folder.path(), &["test", "--format", "json"]);
        assert!(problems(&run)[0].1.contains(&"RS711".to_owned()), "{what}: {}", run.out);
    }
    // The normalized state is what counts: white space is not.
    let compact: String = text.lines().map(str::trim_start).collect();
    fs::write(folder.path().join("a.json"), compact).expect("the file can be written");
    assert_eq!(runstate(folder.path(), &["test"]).code, 0);
}

#[test]
fn golden_files_show_no_values_unless_the_text_is_asked_for() {
    let secret = String::from_utf8(python()).expect("UTF-8").replacen(
        "\"original_input\": \"",
        "\"original_input\": \"sesame ",
        1,
    );
    let folder = folder(&[("a.json", secret.as_bytes())]);
    assert_eq!(runstate(folder.path(), &["test"]).code, 0);
    let digests = golden(folder.path(), "a.json.golden");
    assert!(!digests.contains("sesame") && digests.contains(" /original_input\n"), "{digests}");
    let config = "[[states]]\nfiles = '**'\nnormalized = 'text'\n";
    fs::write(folder.path().join("runstate.toml"), config).expect("the file can be written");
    assert_eq!(runstate(folder.path(), &["test", "--update"]).code, 0);
    assert!(golden(folder.path(), "a.json.golden").contains("\n    \"original_input\": \"sesame "));
}

#[test]
fn golden_files_are_the_same_wherever_the_folder_is_and_however_it_is_named() {
    let config: &[u8] =
        b"[[states]]\nfiles = '**'\nconvert = { 'python@1.21' = 'resume', 'typescript@1.22' = 'resume' }\n";
    let files: [(&str, &[u8]); 3] = [("x/a.json", &python()), ("b.json", &typescript()), ("runstate.toml", config)];
    let written = |folder: &Path, arguments: &[&str], below: &str| {
        let run = runstate(folder, arguments);
        assert_eq!(run.code, 0, "{}", run.out);
        ["x/a.json.golden", "b.json.golden"].map(|name| golden(&folder.join(below), name))
    };
    let (one, two) = (folder(&files), folder(&files));
    let first = written(one.path(), &["test", "--jobs", "1"], ".");
    assert_eq!(first, written(two.path(), &["test", &two.path().to_string_lossy(), "--jobs", "4"], "."));
    let three =
        folder(&files.map(|(name, bytes)| (Box::leak(format!("deep/er/{name}").into_boxed_str()) as &str, bytes)));
    assert_eq!(first, written(three.path(), &["test", "./deep/../deep/er/"], "deep/er"));
    // A golden file that was checked out with other line ends is the same.
    let name = one.path().join("golden/b.json.golden");
    fs::write(&name, first[1].replace('\n', "\r\n")).expect("the file can be written");
    assert_eq!(in_ci(one.path(), &["test"]).code, 0);
}

#[test]
fn a_golden_file_without_a_state_fails_and_is_removed_by_an_update() {
    let other: (&str, &[u8]) = ("golden/x.json.golden", b"of another program");
    let folder = folder(&[("a.json", &python()), ("b.json", &python()), ("golden/notes.txt", b"mine"), other]);
    assert_eq!(runstate(folder.path(), &["test"]).code, 0);
    fs::remove_file(folder.path().join("b.json")).expect("the file can be removed");
    let run = runstate(folder.path(), &["test", "--format", "json"]);
    assert_eq!(run.code, 1);
    assert_eq!(problems(&run)[1], ("./golden/b.json.golden".to_owned(), vec!["RS713".to_owned()]));
    assert_eq!(runstate(folder.path(), &["test", "--filter", "a*"]).code, 0, "it is not looked at");
    let run = runstate(folder.path(), &["test", "--update"]);
    assert_eq!((run.code, run.err.as_str()), (0, "1 as before, 0 failed, 1 removed\n"));
    let left: Vec<_> = common::entries(&folder.path().join("golden"));
    assert_eq!(left.len(), 3, "what is no golden file of ours stays: {left:?}");
}

#[test]
fn a_filter_looks_at_a_part() {
    let folder = folder(&[("py/a.json", &python()), ("py/deep/b.json", &python()), ("ts/c.json", &typescript())]);
    for (filter, expected) in [("py/*", 1), ("py/**", 2), ("**/*.json", 3), ("./ts/c.json", 1)] {
        let run = runstate(folder.path(), &["test", "--filter", filter, "--format", "ndjson"]);
        assert_eq!((run.code, run.out.lines().count()), (0, expected), "{filter}");
    }
    let run = runstate(folder.path(), &["test", "--filter", "py/*", "--filter", "ts/*", "--format", "ndjson"]);
    assert_eq!(run.out.lines().count(), 2);
    let run = runstate(folder.path(), &["test", "--filter", "nothing"]);
    assert_eq!((run.code, run.err.as_str()), (2, "error: no state in .\n"));
    assert_eq!(runstate(folder.path(), &["test", "--filter", "["]).code, 2);
    assert_eq!(runstate(folder.path(), &["test", "nowhere"]).code, 2);
}

#[test]
fn one_bad_file_never_stops_the_others() {
    let folder = folder(&[("a.json", b"{"), ("b.json", &python())]);
    let run = runstate(folder.path(), &["test", "--format", "json"]);
    assert_eq!(run.code, 3);
    assert_eq!(problems(&run), [("./a.json".to_owned(), vec!["RS101".to_owned()]), ("./b.json".to_owned(), vec![])]);
    let entry = &json(&run.out)["files"][1];
    assert_eq!((&entry["status"], &entry["golden"]), (&"new".into(), &"golden/b.json.golden".into()));
}

#[test]
fn what_its_sdk_refuses_passes_only_when_that_is_expected() {
    let refused = String::from_utf8(python()).expect("UTF-8").replacen("\"1.21\"", "\"1.99\"", 1);
    let files: [(&str, &[u8]); 1] = [("a.json", refused.as_bytes())];
    assert_eq!(asked("", &files), (vec!["RS204".to_owned()], 1));
    let config = "[[states]]\nfiles = '*'\nseverity = { unknown-label = 'ignore' }";
    assert_eq!(asked(config, &files), (vec!["RS204".to_owned()], 1), "this cannot be made smaller");
    assert_eq!(asked("[[states]]\nfiles = '*'\nverdict = 'refused'", &files), (vec![], 0));
    let config = "[[states]]\nfiles = '*'\nverdict = 'refused'";
    assert_eq!(asked(config, &[("a.json", &python())]), (vec!["RS715".to_owned()], 1), "it must be refused then");
    assert_eq!(asked(config, &[("a.json", b"{")]), (vec![], 0), "nobody loads what is not JSON");
}

#[test]
fn severities_and_verdicts_are_what_is_asked_for() {
    let stuck = broken("\"ten\"");
    let files: [(&str, &[u8]); 1] = [("a.json", &stuck)];
    let with = |line: &str| asked(&format!("[[states]]\nfiles = '*'\n{line}"), &files);
    let failed = |code: &str| (vec![code.to_owned()], 1);
    assert_eq!(with(""), failed("RS302"));
    assert_eq!(with("severity = { RS302 = 'warning' }"), (vec![], 0));
    assert_eq!(with("severity = { wrong-type = 'ignore' }"), (vec![], 0));
    assert_eq!(with("verdict = 'stuck'"), (vec![], 0));
    assert_eq!(with("verdict = 'clean'"), failed("RS715"));
    assert_eq!(with("verdict = 'stuck'\nseverity = { RS302 = 'error' }"), failed("RS302"));
    let extra = broken("10, \"extra\": 1");
    let files: [(&str, &[u8]); 1] = [("a.json", &extra)];
    assert_eq!(asked("", &files), (vec![], 0));
    assert_eq!(asked("[[states]]\nfiles = '*'\nseverity = { RS303 = 'error' }", &files), failed("RS303"));
    // Later entries win, for what they say.
    let config = "[[states]]\nfiles = '**'\nformat = 'python@1.20'\nseverity = { RS303 = 'error' }\n\
                  [[states]]\nfiles = ['a.json', 'b.json']\nseverity = { RS303 = 'note' }\nformat = 'python@1.21'";
    assert_eq!(asked(config, &files), (vec![], 0));
}

#[test]
fn formats_readers_and_agents_are_what_is_asked_for() {
    let files: [(&str, &[u8]); 1] = [("a.json", &python())];
    let failed = |code: &str| (vec![code.to_owned()], 1);
    let with = |line: &str| asked(&format!("[[states]]\nfiles = '*'\n{line}"), &files);
    assert_eq!(with("format = 'python@1.21'"), (vec![], 0));
    assert_eq!(with("format = 'python@0.24.0'"), (vec![], 0));
    assert_eq!(with("format = 'typescript@1.21'"), failed("RS714"));
    assert_eq!(with("for = 'python@0.9.0'"), failed("RS204"));
    let agents = br#"{"version": 1, "start": "Other", "agents": [{"name": "Other"}]}"#;
    let files: [(&str, &[u8]); 2] = [("a.json", &python()), ("agents.json", agents)];
    let (codes, exit) = asked("[[states]]\nfiles = '*.json'\nagents = 'agents.json'", &files);
    assert!(exit == 1 && codes.contains(&"RS401".to_owned()), "the agents are no state, and count: {codes:?}");
}

#[test]
fn conversions_must_stay_possible_within_the_allowed_loss() {
    let typed = state("python/1.21/pending-after-typed-outputs.json");
    let files: [(&str, &[u8]); 1] = [("a.json", &typed)];
    let to = |target: &str, level: &str| {
        asked(&format!("[[states]]\nfiles = '*'\nconvert = {{ '{target}' = '{level}' }}"), &files)
    };
    assert_eq!(to("typescript@1.22", "history"), (vec![], 0));
    assert_eq!(to("typescript@1.22", "display"), (vec!["RS716".to_owned()], 1), "1.0 becomes 1 there");
    assert_eq!(to("python@0.24.0", "bookkeeping"), (vec![], 0));
    let secret = state("python/1.21/program-pending.json");
    let config = "[[states]]\nfiles = '*'\nconvert = { 'typescript@1.22' = 'resume' }";
    let folder = folder(&[("a.json", &secret), ("runstate.toml", config.as_bytes())]);
    let run = runstate(folder.path(), &["test", "--format", "json"]);
    let text = golden(folder.path(), "a.json.golden");
    let converted = !text.contains("convert to typescript@1.22: not converted");
    assert_eq!(run.code, i32::from(!converted), "{}", run.out);
}

#[test]
fn outputs_and_contexts_are_held_against_schemas() {
    let typed = state("python/1.21/pending-after-typed-outputs.json");
    let rates = br#"{"type": "object", "required": ["base"], "properties": {"EUR": {"type": "number"}}}"#;
    let count = br#"{"const": 42.0}"#;
    let person = br#"{"type": "object", "properties": {"user": {"pattern": "^u_"}}, "additionalProperties": false}"#;
    let config = "[[states]]\nfiles = 'a.json'\nschemas.context = 'schemas/person.json'\n\
                  schemas.tools = { rates = 'schemas/rates.json', count = 'schemas/count.json' }\n";
    let with = |rates: &[u8], count: &[u8], person: &[u8]| {
        let files: [(&str, &[u8]); 4] = [
            ("a.json", &typed),
            ("schemas/rates.json", rates),
            ("schemas/count.json", count),
            ("schemas/person.json", person),
        ];
        let folder = folder(&[&files[..], &[("runstate.toml", config.as_bytes())]].concat());
        let run = runstate(folder.path(), &["test", "--format", "json"]);
        let report = json(&run.out);
        let problem = |problem: &Value| format!("{} {}", text(&problem["code"]), text(&problem["pointers"][0]));
        (list(&report["files"][0]["problems"]).iter().map(problem).collect::<Vec<_>>(), run.code)
    };
    assert_eq!(with(rates, count, person), (vec![], 0));
    let wrong = br#"{"required": ["base", "GBP"], "properties": {"history": {"items": {"type": "number"}}}}"#;
    let (found, code) = with(wrong, br#"{"type": "string"}"#, br#"{"properties": {"user": false}}"#);
    assert_eq!(code, 1);
    assert_eq!(
        found,
        [
            "RS702 /context/context/user",
            "RS701 /generated_items/4/output",
            "RS701 /generated_items/4/output/history/2",
            "RS701 /generated_items/7/output"
        ]
    );
    let folder =
        folder(&[("a.json", &typed), ("s.json", wrong), ("runstate.toml", config.replace("schemas/", "").as_bytes())]);
    let run = runstate(folder.path(), &["test"]);
    assert_eq!(run.code, 2, "schemas that are missing are wrong usage");
    assert!(run.err.contains("error: ./runstate.toml:4:27: rates.json: No such file or directory"), "{}", run.err);
}

#[test]
fn outputs_that_an_old_format_stores_as_text_are_held_against_schemas_too() {
    let old = state("typescript/1.15/outputs_typed.json");
    let new = state("typescript/1.22/outputs_typed.json");
    // Which of the outputs are objects, in the newest format.
    let names = |state: &[u8]| {
        let state = json(std::str::from_utf8(state).expect("UTF-8"));
        let items = list(&state["generatedItems"]).to_vec();
        let call = |item: &Value| (item["rawItem"]["callId"].clone(), item["rawItem"]["name"].clone());
        let calls: Vec<_> = items.iter().filter(|item| item["type"] == "tool_call_item").map(call).collect();
        let objects = items.iter().filter(|item| item["type"] == "tool_call_output_item" && item["output"].is_object());
        let ids: Vec<Value> = objects.map(|item| item["rawItem"]["callId"].clone()).collect();
        calls.into_iter().filter(|(id, _)| ids.contains(id)).map(|(_, name)| text(&name).to_owned()).collect::<Vec<_>>()
    };
    let objects = names(&new);
    assert!(!objects.is_empty() && names(&old).is_empty());
    let tool = &objects[0];
    let config = format!(
        "[[states]]\nfiles = ['a.json', 'b.json']\nschemas.tools.{tool} = 's.schema.json'\n\
                          [[states]]\nfiles = 'a.json'\nfor = 'typescript@1.15'"
    );
    for (schema, code) in [(r#"{"type": "object"}"#, 0), (r#"{"type": "array"}"#, 1)] {
        let files: [(&str, &[u8]); 4] = [
            ("a.json", &old),
            ("b.json", &new),
            ("s.schema.json", schema.as_bytes()),
            ("runstate.toml", config.as_bytes()),
        ];
        let folder = folder(&files);
        let run = runstate(folder.path(), &["test", "--format", "json"]);
        assert_eq!(run.code, code, "{schema}: {}", run.out);
        let codes: Vec<_> = problems(&run).into_iter().map(|(_, codes)| codes).collect();
        let expected = if code == 0 { vec![] } else { vec!["RS701".to_owned()] };
        assert_eq!(codes, [expected.clone(), expected], "both formats alike");
    }
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_with_its_place() {
    let schema = br#"{"type": "strin"}"#;
    for (config, place, words) in [
        ("[[states]]\nfiles = ", "2:9", "string"),
        ("[[states]]\nfile = '*'", "2:1", "unknown field `file`"),
        ("[[states]]\nformat = 'python@1.21'", "1:1", "missing field `files`"),
        ("golden = 3", "1:10", "expected a string"),
        ("golden = ''", "1:10", "expected a folder below the one of the states"),
        ("[[states]]\nfiles = 3", "2:9", "expected a pattern such as"),
        ("[[states]]\nfiles = 'a[.json'", "2:9", "unclosed character class"),
        (
            "[[states]]\nfiles = '*'\nformat = 'python'",
            "3:10",
            "write the label (python@1.21) or the release (python@0.24.0)",
        ),
        ("[[states]]\nfiles = '*'\nformat = 'perl@1'", "3:10", "expected python or typescript"),
        (
            "[[states]]\nfiles = '*'\nconvert = { typescript = 'history' }",
            "3:13",
            "`typescript` means the newest release",
        ),
        ("[[states]]\nfiles = '*'\nconvert = { 'ts@1.22' = 'authority' }", "3:25", "expected one of `bookkeeping`"),
        ("[[states]]\nfiles = '*'\nverdict = 'fine'", "3:11", "`clean`, found `fine`"),
        ("[[states]]\nfiles = '*'\nseverity = { RS999 = 'note' }", "3:14", "there is no code `RS999`"),
        ("[[states]]\nfiles = '*'\nseverity = { RS303 = 'bad' }", "3:22", "expected one of `error`"),
        ("[[states]]\nfiles = '*'\nagents = 'nobody.json'", "3:10", "nobody.json: No such file or directory"),
        ("[[states]]\nfiles = '*'\nschemas.context = 's.schema.json'", "3:19", "s.schema.json: "),
        ("[[states]]\nfiles = 'b*.json'", "2:9", "no state matches b*.json"),
        ("include = ['a.json', 'c.json']", "1:11", "no state matches c.json"),
    ] {
        let folder = folder(&[("a.json", &python()), ("s.schema.json", schema), ("runstate.toml", config.as_bytes())]);
        let run = runstate(folder.path(), &["test"]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{config}");
        let start = format!("error: ./runstate.toml:{place}: ");
        assert!(run.err.starts_with(&start) && run.err.contains(words), "{config}: {}", run.err);
        assert!(!folder.path().join("golden").exists(), "nothing is done");
        let run = runstate(folder.path(), &["test", "--format", "github"]);
        let (line, column) = place.split_once(':').expect("two numbers");
        assert!(run.out.starts_with(&format!("::error file=runstate.toml,line={line},col={column},")), "{}", run.out);
    }
    let several = b"[[states]]\nfiles = '*'\nformat = 'ts'\nverdict = 'x'\n";
    let folder = folder(&[("a.json", &python()), ("runstate.toml", several)]);
    assert_eq!(runstate(folder.path(), &["test"]).err.lines().count(), 2, "all at once");
}

#[test]
fn the_configuration_says_which_files_are_states_and_where_golden_files_are() {
    let config: &[u8] = b"golden = 'expected/here'\ninclude = ['states/**']\nexclude = '**/*.skip.json'\n";
    let files: [(&str, &[u8]); 4] =
        [("states/a.json", &python()), ("states/b.skip.json", b"{"), ("package.json", b"{}"), ("other.toml", config)];
    let folder = folder(&files);
    let run = runstate(folder.path(), &["test", "--config", "other.toml"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (0, "./states/a.json: new, expected/here/states/a.json.golden is written\n")
    );
    assert!(folder.path().join("expected/here/states/a.json.golden").is_file());
    assert_eq!(runstate(folder.path(), &["test", "--config", "missing.toml"]).code, 2);
}

/// A folder in which the examples of the documentation can be run.
fn example() -> tempfile::TempDir {
    let agents = br#"{"version": 1, "start": "Bank", "agents": [{"name": "Bank", "tools": [{"name": "wire", "type": "function", "needs_approval": true}]}]}"#;
    let stuck = broken("\"ten\"");
    folder(&[
        ("states/python/a.json", &state("python/1.21/approved.json")),
        ("python/a.json", &state("python/1.21/approved.json")),
        ("states/broken/b.json", &stuck),
        ("agents.json", agents),
        ("context.schema.json", br#"{"type": "object"}"#),
        ("rates.schema.json", b"true"),
        ("wire.schema.json", b"true"),
    ])
}

#[test]
fn the_configuration_of_the_page_works() {
    let page = fs::read_to_string(common::root().join("docs/golden-files.md")).expect("there is a page");
    let (_, rest) = page.split_once("```toml\n").expect("a configuration is shown");
    let (config, _) = rest.split_once("```").expect("a block ends");
    let folder = example();
    fs::write(folder.path().join("runstate.toml"), config).expect("the file can be written");
    let run = runstate(folder.path(), &["test"]);
    assert_eq!((run.code, run.err.as_str()), (0, "0 as before, 0 failed, 2 golden files written\n"), "{}", run.out);
}

#[test]
fn the_configuration_of_the_help_works() {
    let folder = example();
    let help = runstate(folder.path(), &["test", "--help"]).out;
    let (_, config) = help.split_once("[[states]]").expect("a configuration is shown");
    let config = format!("include = 'python/**'\n[[states]]{config}");
    fs::write(folder.path().join("runstate.toml"), config).expect("the file can be written");
    let run = runstate(folder.path(), &["test"]);
    assert_eq!((run.code, run.err.as_str()), (0, "0 as before, 0 failed, 1 golden file written\n"), "{}", run.out);
}

#[test]
fn reports_are_there_in_every_form() {
    let folder = folder(&[("a.json", &python()), ("b.json", &typescript())]);
    assert_eq!(runstate(folder.path(), &["test"]).code, 0);
    fs::write(folder.path().join("a.json"), broken("12")).expect("the file can be written");
    let run = |format: &str| runstate(folder.path(), &["test", "--format", format]);
    let junit = run("junit");
    assert_eq!(junit.code, 1);
    let document = roxmltree::Document::parse(&junit.out).expect("XML");
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).expect("one suite");
    assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("2"), Some("1")));
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("one failure");
    assert_eq!(failure.attribute("type"), Some("RS711"));
    assert!(failure.text().expect("a text").contains("\n+  6b51d431 /max_turns\n"), "{}", junit.out);
    let github = run("github").out;
    assert!(github.starts_with("::error file=a.json,title=RS711 golden-differs::"), "{github}");
    assert!(github.lines().count() == 1 && github.contains("%0A+  6b51d431 /max_turns%0A"), "{github}");
    assert_eq!(run("concise").out, "./a.json: error[RS711] what is found is not what the golden file says\n");
    let sarif = json(&run("sarif").out);
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "RS711");
    let report = json(&run("json").out);
    let entries: BTreeMap<&str, &Value> =
        list(&report["files"]).iter().map(|entry| (text(&entry["file"]), &entry["status"])).collect();
    assert_eq!(entries, BTreeMap::from([("./a.json", &"failed".into()), ("./b.json", &"passed".into())]));
    let schema = json(&runstate(folder.path(), &["schema", "test"]).out);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(!validator.is_valid(&serde_json::json!({ "version": 1, "files": [{}], "summary": {} })));
}

#[test]
fn the_fixtures_of_this_repository_are_what_their_golden_files_say() {
    let update = std::env::var_os("RUNSTATE_UPDATE").is_some();
    let arguments: &[&str] = if update { &["test", "fixtures", "--update"] } else { &["test", "fixtures"] };
    let run = in_ci(&common::root(), arguments);
    assert!(run.code == 0, "{}{}; RUNSTATE_UPDATE=1 cargo test writes golden files anew", run.out, run.err);
    assert!(run.out.lines().count() > 10, "{}", run.out);
}
