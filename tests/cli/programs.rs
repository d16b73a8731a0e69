//! The forms of the report for other programs: SARIF, JUnit, annotations.

use std::collections::BTreeSet;

use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::{common, folder, json, list, python, runstate, text, typescript};

/// A state with one error and one warning.
fn faulty() -> Vec<u8> {
    let text = String::from_utf8(python()).expect("UTF-8");
    text.replacen("\"max_turns\": 10", "\"max_turns\": \"ten\", \"extra, key\": \"sesame\"", 1).into_bytes()
}

/// The one run of a SARIF document that is what the standard says.
fn sarif(document: &str) -> Value {
    let path = common::root().join("tests/sarif/sarif-schema-2.1.0.json");
    let schema = std::fs::read_to_string(path).expect("the schema is there");
    // The pattern of languages has a bracket that not every reader of regular expressions takes for a character.
    let schema = json(&schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$"));
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
    let document = json(document);
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut spoiled = document.clone();
    spoiled["runs"][0]["results"] = "none".into();
    assert!(!validator.is_valid(&spoiled), "the schema does not accept everything");
    let [run] = list(&document["runs"]) else { panic!("one run") };
    run.clone()
}

#[test]
fn sarif_says_what_is_wrong_where() {
    let folder = folder(&[("states/a b.json", &faulty()), ("states/clean.json", &python())]);
    let run = runstate(folder.path(), &["validate", "./states", "--format", "sarif"]);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    let found = sarif(&run.out);
    assert_eq!(
        found["invocations"],
        json(r#"[{"executionSuccessful":true,"exitCode":1,"toolExecutionNotifications":[]}]"#)
    );
    let rules = list(&found["tool"]["driver"]["rules"]);
    assert_eq!(rules.len(), runstate::codes::ALL.len());
    let results = list(&found["results"]);
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("a small number");
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let pretty = serde_json::to_string_pretty(&results[0]).expect("it was JSON");
    assert_data_eq!(
        pretty,
        str![[r#"
{
  "level": "error",
  "locations": [
    {
      "logicalLocations": [
        {
          "fullyQualifiedName": "/max_turns",
          "kind": "value",
          "name": "max_turns"
        }
      ],
      "physicalLocation": {
        "artifactLocation": {
          "uri": "states/a%20b.json"
        },
        "region": {
          "startColumn": 16,
          "startLine": 103
        }
      }
    }
  ],
  "message": {
    "text": "expected an integer, found a string (stuck)"
  },
  "partialFingerprints": {
    "runstate/v1": "[..]:1"
  },
  "properties": {
    "effect": "stuck",
    "help": "Restore the value that the SDK wrote."
  },
  "ruleId": "RS302",
  "ruleIndex": [..]
}
"#]]
    );
    assert!(!run.out.contains("sesame"), "no value is shown");
}

#[test]
fn fingerprints_survive_what_does_not_matter_and_tell_findings_apart() {
    let prints = |state: &[u8]| {
        let folder = folder(&[("state.json", state)]);
        let found = sarif(&runstate(folder.path(), &["validate", "state.json", "--format", "sarif"]).out);
        let prints = list(&found["results"]).iter();
        prints.map(|result| text(&result["partialFingerprints"]["runstate/v1"]).to_owned()).collect::<Vec<_>>()
    };
    let state = String::from_utf8(faulty()).expect("UTF-8");
    let moved = state.replacen('{', "{\n\n", 1);
    assert_eq!(prints(state.as_bytes()), prints(moved.as_bytes()));
    let twice = state.replace("\"type\": \"tool_approval_item\"", "\"type\": \"tool_approval_item\", \"huh\": 1");
    let prints = prints(twice.as_bytes());
    let different: BTreeSet<&String> = prints.iter().collect();
    assert!(prints.len() > 2 && different.len() == prints.len(), "{prints:?}");
}

#[test]
fn every_command_and_every_broken_file_makes_a_sarif_document() {
    let broken = common::root().join("fixtures/broken");
    let run = runstate(&broken, &["validate", ".", "missing.json", "--format", "sarif"]);
    assert_eq!(run.code, 3);
    let found = sarif(&run.out);
    let codes: BTreeSet<&str> = list(&found["results"]).iter().map(|result| text(&result["ruleId"])).collect();
    assert!(codes.len() > 60 && codes.contains("RS101"), "{codes:?}");
    let invocation = &found["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&false.into(), &3.into()));
    let [notice] = list(&invocation["toolExecutionNotifications"]) else { panic!("one notice") };
    assert_eq!(notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "missing.json");

    let run = runstate(&broken, &["detect", ".", "--format", "sarif"]);
    let found = sarif(&run.out);
    let codes: BTreeSet<&str> = list(&found["results"]).iter().map(|result| text(&result["ruleId"])).collect();
    assert_eq!(codes, BTreeSet::from(["RS101", "RS201", "RS202", "RS204", "RS205"]));

    let run = runstate(&broken, &["normalize", "RS302-python.json", "--format", "sarif"]);
    assert_eq!(list(&sarif(&run.err)["results"]).len(), 1);
    let clean = folder(&[("state.json", &python()), ("typescript.json", &typescript())]);
    let run = runstate(clean.path(), &["normalize", "state.json", "--format", "sarif"]);
    assert_eq!((run.code, list(&sarif(&run.err)["results"]).len()), (0, 0));

    let arguments = ["convert", ".", "--to", "python", "--check", "--format", "sarif"];
    let found = sarif(&runstate(clean.path(), &arguments).out);
    let results = list(&found["results"]);
    assert!(results.iter().any(|result| text(&result["ruleId"]).starts_with("RS6")), "{results:?}");
    let run =
        runstate(&broken, &["convert", "RS302-typescript.json", "--to", "python", "--check", "--format", "sarif"]);
    assert_eq!((run.code, &sarif(&run.out)["results"][0]["ruleId"]), (1, &"RS302".into()));
    let run = runstate(clean.path(), &["convert", "state.json", "--to", "typescript", "--format", "sarif"]);
    assert_eq!((run.code, &json(&run.out)["$schemaVersion"]), (0, &"1.22".into()), "the state is on stdout");
    assert!(!list(&sarif(&run.err)["results"]).is_empty(), "and the report on stderr");
}

#[test]
fn nothing_to_report_is_a_document_too() {
    let folder = folder(&[("state.json", &python())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--format", "sarif", "--quiet"]);
    assert_eq!((run.code, list(&sarif(&run.out)["results"]).len()), (0, 0));
}

#[test]
fn junit_has_a_test_case_an_input() {
    let noted = String::from_utf8(python()).expect("UTF-8").replacen("\"max_turns\"", "\"a<b\": 1, \"max_turns\"", 1);
    let files: [(&str, &[u8]); 4] =
        [("a&b.json", &faulty()), ("broken.json", b"{"), ("clean.json", &python()), ("warned.json", noted.as_bytes())];
    let folder = folder(&files);
    let run = runstate(folder.path(), &["validate", ".", "gone.json", "--format", "junit"]);
    assert_eq!((run.code, run.err.as_str()), (3, ""));
    assert_data_eq!(
        run.out.as_str(),
        str![[r#"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="runstate validate" tests="5" failures="2" errors="1">
<testsuite name="runstate validate" tests="5" failures="2" errors="1">
  <testcase name="./a&amp;b.json" classname="runstate.validate">
    <failure message="expected an integer, found a string" type="RS302">103:16: error[RS302] stuck /max_turns: expected an integer, found a string
103:23: warning[RS303] lost /extra, key: `extra, key` is no field of a state; the SDK drops it
</failure>
  </testcase>
  <testcase name="./broken.json" classname="runstate.validate">
    <failure message="expected a key in double quotes, found the end of the text" type="RS101">1:2: error[RS101] refused: expected a key in double quotes, found the end of the text
</failure>
  </testcase>
  <testcase name="./clean.json" classname="runstate.validate"/>
  <testcase name="./warned.json" classname="runstate.validate">
    <system-out>103:3: warning[RS303] lost /a&lt;b: `a&lt;b` is no field of a state; the SDK drops it
</system-out>
  </testcase>
  <testcase name="gone.json" classname="runstate.validate">
    <error message="No such file or directory"/>
  </testcase>
</testsuite>
</testsuites>

"#]]
    );
    let document = roxmltree::Document::parse(&run.out).expect("XML");
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let names: Vec<_> = cases.filter_map(|case| case.attribute("name")).collect();
    assert_eq!(names, ["./a&b.json", "./broken.json", "./clean.json", "./warned.json", "gone.json"]);
    // What fails is what --fail-on says.
    let run = runstate(folder.path(), &["validate", "warned.json", "--format", "junit", "--fail-on", "warning"]);
    assert!(run.code == 1 && run.out.contains("failures=\"1\""), "{}", run.out);
    let run = runstate(folder.path(), &["validate", "warned.json", "--format", "junit", "--fail-on", "never"]);
    assert!(run.code == 0 && run.out.contains("failures=\"0\""), "{}", run.out);
}

#[test]
fn no_text_of_a_state_breaks_the_xml() {
    let key = r#""]]>\u0000\u001b\uffff\ud800<!-- &lt; \"'""#;
    let state = String::from_utf8(python()).expect("UTF-8");
    let state = state.replacen("\"max_turns\"", &format!("{key}: 1, \"max_turns\""), 1);
    let folder = folder(&[("state.json", state.as_bytes())]);
    for fail_on in ["never", "warning"] {
        let arguments = ["validate", "state.json", "--format", "junit", "--fail-on", fail_on];
        let run = runstate(folder.path(), &arguments);
        let document = roxmltree::Document::parse(&run.out).expect("XML");
        let text: String = document.descendants().filter_map(|node| node.text()).collect();
        assert!(text.contains("]]>") && text.contains("<!-- &lt; \"'"), "{text:?}");
    }
}

#[test]
fn conversions_say_in_every_form_what_changed_and_what_was_not_converted() {
    let folder = folder(&[("state.json", &python()), ("broken.json", b"{\"current_turn\": 1, \"current_agent\": 3}")]);
    let arguments = |format| ["convert", ".", "--to", "typescript", "--check", "--format", format];
    let run = runstate(folder.path(), &arguments("junit"));
    let document = roxmltree::Document::parse(&run.out).expect("XML");
    let failed = |case: &roxmltree::Node<'_, '_>| case.children().any(|child| child.has_tag_name("failure"));
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases.iter().map(failed).collect::<Vec<_>>(), [true, false]);
    let run = runstate(folder.path(), &arguments("github"));
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("::")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("::error file=broken.json,line=1,")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("::notice file=state.json,line=1,col=1,title=RS60")), "{lines:?}");
}

#[test]
fn lines_of_a_file_are_the_lines_of_every_form() {
    let folder = folder(&[("states.ndjson", b"\n{}\n{\"current_turn\"\n")]);
    let validate = |format| runstate(folder.path(), &["validate", "--ndjson", "states.ndjson", "--format", format]).out;
    let results = sarif(&validate("sarif"));
    let lines: Vec<&Value> = list(&results["results"])
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["region"]["startLine"])
        .collect();
    assert_eq!(lines, [2, 3]);
    assert!(validate("junit").contains("name=\"states.ndjson:3\""));
    assert!(validate("github").contains("file=states.ndjson,line=3,col="));
    let convert = ["convert", "--ndjson", "states.ndjson", "--to", "python", "--check", "--format", "github"];
    let run = runstate(folder.path(), &convert);
    assert!(run.out.contains("line=2,") && run.out.contains("line=3,"), "{}", run.out);
    assert!(run.out.lines().all(|line| line.contains("line=2,") || line.contains("line=3,")), "{}", run.out);
}

#[test]
fn nothing_commands_the_log_of_an_action() {
    let state = String::from_utf8(python()).expect("UTF-8");
    let state = state.replacen("\"max_turns\"", "\"\\n::set-env name=A::\\u001b[2J,:%\": 1, \"max_turns\"", 1);
    let folder = folder(&[("state.json", state.as_bytes())]);
    let run = runstate(folder.path(), &["validate", "state.json", "--format", "github"]);
    assert_eq!(run.out.lines().count(), 1);
    assert!(
        run.out.starts_with("::warning file=state.json,line=103,col=3,title=RS303 unknown-field::`"),
        "{}",
        run.out
    );
    assert!(run.out.contains(",:%25`") && !run.out.contains('\u{1b}'), "{}", run.out);
}
