//! `diff` and `git-diff`.

use std::path::Path;
use std::process::Command;

use snapbox::{assert_data_eq, str};

use crate::{folder, json, python, runstate, state, typescript};

fn edited(state: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(state).expect("UTF-8");
    assert!(text.contains(from), "{from}");
    text.replace(from, to).into_bytes()
}

#[test]
fn what_two_states_say_differently() {
    let folder =
        folder(&[("a.json", &python()), ("b.json", &edited(state("python/1.21/approved.json"), "u_1", "u\u{202e}2"))]);
    let run = runstate(folder.path(), &["diff", "a.json", "b.json"]);
    assert_eq!(run.code, 1);
    assert_data_eq!(
        run.out,
        str![[r#"
--- a.json (python@1.21)
+++ b.json (python@1.21)
@@ decisions @@
+agent Bank.wire.calls.call_1: "approved"
@@ context @@
-value.user: "u_1"
+value.user: "u�2"

"#]]
    );
    let run = runstate(folder.path(), &["diff", "a.json", "a.json"]);
    assert_eq!((run.code, &*run.out, &*run.err), (0, "", ""));
}

#[test]
fn a_state_and_its_conversion_mean_the_same() {
    let folder = folder(&[("a.json", &typescript())]);
    assert_eq!(runstate(folder.path(), &["convert", "a.json", "--to", "python", "-o", "b.json"]).code, 0);
    let run = runstate(folder.path(), &["diff", "a.json", "b.json"]);
    assert_eq!((run.code, &*run.out), (0, ""), "{}", run.err);
}

#[test]
fn the_comparison_is_what_its_schema_says() {
    let folder = folder(&[("a.json", &python()), ("b.json", &state("python/1.21/pending-several.json"))]);
    let run = runstate(folder.path(), &["diff", "a.json", "b.json", "--format", "json"]);
    let schema = runstate(folder.path(), &["schema", "comparison"]);
    let validator = jsonschema::validator_for(&json(&schema.out)).expect("a schema");
    let comparison = json(&run.out);
    let errors: Vec<String> = validator.iter_errors(&comparison).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(comparison["changes"].as_array().is_some_and(|changes| changes.len() > 3));
    assert!(!validator.is_valid(&serde_json::json!({ "version": 1, "changes": [{}] })));
}

#[test]
fn secrets_are_masked() {
    let secret = "sk-abcdefghijklmnopqrstuvwxyz";
    let with = |key: &str, note: &str| {
        let context = format!(r#""context": {{"user": "u_1", "api_key": "{key}", "note": "it is {note}, honestly"}}"#);
        edited(python(), "\"context\": {\n      \"user\": \"u_1\"\n    }", &context)
    };
    let folder =
        folder(&[("a.json", &python()), ("b.json", &with("first", secret)), ("c.json", &with("second", "no"))]);
    for other in ["a.json", "c.json"] {
        for more in [&[][..], &["--format", "json"], &["--text"]] {
            let run = runstate(folder.path(), &[&["diff", "b.json", other][..], more].concat());
            assert_eq!(run.code, 1);
            assert!(run.out.contains("***") && run.out.contains("honestly"), "{}", run.out);
            assert!(
                !run.out.contains(secret) && !run.out.contains("first") && !run.out.contains("second"),
                "{}",
                run.out
            );
        }
        for more in [&[][..], &["--text"]] {
            let shown = runstate(folder.path(), &[&["diff", "b.json", other, "--show-values"][..], more].concat());
            assert!(shown.out.contains(secret) && shown.out.contains("first"));
        }
    }
}

#[test]
fn texts_that_differ_in_a_secret_alone_are_not_said_to_be_the_same() {
    let with = |key: &str| edited(python(), "\"user\": \"u_1\"", &format!(r#""password": "{key}""#));
    let folder = folder(&[("a.json", &with("first")), ("b.json", &with("second"))]);
    let run = runstate(folder.path(), &["diff", "a.json", "b.json", "--text"]);
    assert_eq!((run.code, &*run.out), (1, ""));
    assert_eq!(run.err, "they differ in what looks like a secret alone; --show-values shows it\n");
}

#[test]
fn what_cannot_be_compared_is_no_match() {
    let folder = folder(&[("a.json", &python()), ("b.json", b"{\"x\": 1}"), ("c.json", b"{\"x\": ")]);
    let codes = ["b.json", "c.json", "missing.json"].map(|other| {
        let run = runstate(folder.path(), &["diff", "a.json", other]);
        assert!(run.err.contains(other), "{}", run.err);
        run.code
    });
    assert_eq!(codes, [1, 3, 3]);
    assert_eq!(runstate(folder.path(), &["diff", "b.json", "b.json"]).code, 1);
    assert_eq!(runstate(folder.path(), &["diff", "-", "-"]).code, 2);
}

#[test]
fn hashes_of_files_and_of_what_is_none() {
    let folder = folder(&[("a.json", &python()), ("b.json", b"{\"x\": 1}"), ("c.json", b"{")]);
    let run = runstate(folder.path(), &["hash", "a.json", "b.json"]);
    assert_eq!(run.code, 1);
    assert!(run.out.starts_with("rs1:sha256:") && run.out.ends_with("  a.json\n") && run.out.lines().count() == 1);
    assert!(run.err.contains("b.json: ") && run.err.contains("RS201"), "{}", run.err);
    assert_eq!(runstate(folder.path(), &["hash", "c.json"]).code, 3);
    let meaning = runstate(folder.path(), &["hash", "--meaning", "a.json", "--format", "json"]);
    let row = json(&meaning.out);
    assert!(row["hash"].as_str().is_some_and(|hash| hash.starts_with("rs1m:sha256:")), "{row}");
    let schema = json(&runstate(folder.path(), &["schema", "hash"]).out);
    assert!(jsonschema::validator_for(&schema).expect("a schema").is_valid(&row));
    // Recorded: another digest for the same meaning needs another prefix.
    assert_eq!(row["hash"], "rs1m:sha256:1e8cf542809a3a26190845083cf58ab01fb88d62cec9fca42ae4091c0a2e437c");
}

#[test]
fn normalizing_says_what_it_changed() {
    let folder = folder(&[("a.json", &state("python/1.21/approved.json"))]);
    let options = ["normalize", "a.json", "--volatile", "--redact", "key:amount", "-o", "b.json"];
    let run = runstate(folder.path(), &options);
    assert_eq!((run.code, &*run.out), (0, ""), "{}", run.err);
    assert!(run.err.starts_with("a.json: ") && run.err.contains(" masked, 1 undecided, "), "{}", run.err);
    assert_eq!(runstate(folder.path(), &["validate", "b.json"]).code, 0);
    let again = runstate(folder.path(), &["normalize", "b.json", "--volatile", "--redact", "key:amount"]);
    assert_eq!((&*again.err, again.out), ("", std::fs::read_to_string(folder.path().join("b.json")).expect("a file")));
    let report = runstate(
        folder.path(),
        &["normalize", "a.json", "--redact", "secrets", "--to", "typescript", "--format", "json"],
    );
    let schema = json(&runstate(folder.path(), &["schema", "normalization"]).out);
    let report = json(&report.err);
    assert!(jsonschema::validator_for(&schema).expect("a schema").is_valid(&report), "{report}");
    assert_eq!(report["written"], true);
    assert!(report["losses"].as_array().is_some_and(|losses| !losses.is_empty()));
    let refused = runstate(folder.path(), &["normalize", "a.json", "--redact", "/context/*"]);
    assert_eq!((refused.code, &*refused.out), (1, ""));
    assert!(refused.err.starts_with("error: a.json: the result is not written: "), "{}", refused.err);
    assert_eq!(runstate(folder.path(), &["normalize", "a.json", "--redact", "iban"]).code, 2);
}

#[test]
fn texts_line_by_line() {
    let folder =
        folder(&[("a.json", &typescript()), ("b.json", &edited(typescript(), "\"maxTurns\":10", "\"maxTurns\":11"))]);
    let run = runstate(folder.path(), &["diff", "a.json", "b.json", "--text"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("-  \"maxTurns\": 10,\n+  \"maxTurns\": 11,\n"), "{}", run.out);
    assert_eq!(runstate(folder.path(), &["diff", "a.json", "a.json", "--text"]).code, 0);
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.pager=cat"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("git passes UTF-8 on")
}

/// The lines that `docs/states.md` shows, with the program that was built for this test.
#[test]
fn git_shows_what_a_commit_changes() {
    let page = include_str!("../../docs/states.md");
    let program = env!("CARGO_BIN_EXE_runstate");
    let folder = folder(&[("a.json", &python()), ("gone.json", &typescript())]);
    let path = folder.path();
    git(path, &["init", "-q"]);
    std::fs::write(path.join(".gitattributes"), "*.json diff=runstate\n").expect("a file");
    git(path, &["add", "."]);
    git(path, &["commit", "-qm", "one"]);
    std::fs::write(path.join("a.json"), state("python/1.21/approved.json")).expect("a file");
    std::fs::rename(path.join("gone.json"), path.join("new.json")).expect("a file");
    git(path, &["add", "."]);
    for (key, command, expected) in [
        ("diff.runstate.command", "runstate git-diff", "+agent Bank.wire.calls.call_1: \"approved\""),
        (
            "diff.runstate.textconv",
            "runstate normalize --keys sorted --style indented --accept-invalid --fail-on never",
            "+            \"call_1\"",
        ),
    ] {
        assert!(page.contains(&format!("git config {key} \"{command}\"")), "the page shows {key}");
        let command = command.replacen("runstate", &format!("'{program}'"), 1);
        git(path, &["config", key, &command]);
        let shown = git(path, &["diff", "--cached"]);
        assert!(shown.contains(expected), "{key}: {shown}");
        git(path, &["config", "--unset", key]);
    }
    git(path, &["config", "diff.runstate.command", &format!("'{program}' git-diff")]);
    assert!(git(path, &["diff", "--cached", "--no-renames"]).contains("deleted file"));
    std::fs::write(path.join("a.json"), "no state").expect("a file");
    assert!(git(path, &["diff"]).contains("+no state"));
}
