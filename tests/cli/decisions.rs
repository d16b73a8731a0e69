//! `approve` and `reject`.

use super::{folder, json, python, runstate, state, with_stdin};

#[test]
fn a_decision_goes_to_stdout_a_file_or_in_its_place() {
    let approved = state("python/1.21/approved.json");
    let folder = folder(&[("a.json", &python()), ("b.json", b"mine")]);
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect("the file is there");
    let run = runstate(folder.path(), &["approve", "a.json", "--call", "call_1"]);
    assert_eq!((run.code, run.out.as_bytes()), (0, &approved[..]));
    assert_eq!(run.err, "a.json: approved wire for Bank, call call_1: {\"amount\": 5}\n");
    assert_eq!(read("a.json"), python(), "the input stays");
    let run = runstate(folder.path(), &["approve", "a.json", "--all", "-o", "b.json"]);
    assert_eq!((run.code, read("b.json")), (2, b"mine".to_vec()));
    let run = runstate(folder.path(), &["approve", "a.json", "--all", "-o", "b.json", "--force"]);
    assert_eq!((run.code, run.out.as_str(), read("b.json")), (0, "", approved.clone()));
    let run = with_stdin(folder.path(), &["approve", "-", "--all"], &python());
    assert_eq!(run.out.as_bytes(), approved);
    let run = runstate(folder.path(), &["reject", "a.json", "--all", "--message", "too much", "--in-place"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    assert_eq!(read("a.json"), state("python/1.21/rejected-with-message.json"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder is there").count(), 2, "nothing else is left");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_decided_in_place_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder(&[("a.json", &python())]);
    let path = folder.path().join("a.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("it can be changed");
    symlink("a.json", folder.path().join("link.json")).expect("a link can be made");
    let run = runstate(folder.path(), &["approve", "link.json", "--all", "--in-place"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(std::fs::read(&path).expect("the file is there"), state("python/1.21/approved.json"));
    assert_eq!(std::fs::metadata(&path).expect("the file is there").permissions().mode() & 0o777, 0o640);
    assert!(folder.path().join("link.json").is_symlink());
}

#[test]
fn what_is_refused_leaves_everything_as_it_is() {
    let stuck = state("broken/RS415-typescript.json");
    let folder = folder(&[("a.json", &python()), ("stuck.json", &stuck), ("text.json", b"{")]);
    let run = runstate(folder.path(), &["approve", "a.json", "--call", "call_7", "--in-place"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert_eq!(
        run.err,
        "a.json: error[RS610]: no call \"call_7\" waits for a decision\n  = help: These wait for a decision: \"call_1\".\n"
    );
    assert_eq!(std::fs::read(folder.path().join("a.json")).expect("the file is there"), python());
    let run = runstate(folder.path(), &["approve", "stuck.json", "--all"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("error[RS415] stuck"), "{}", run.err);
    assert_eq!(runstate(folder.path(), &["approve", "text.json", "--all"]).code, 3);
    assert_eq!(runstate(folder.path(), &["approve", "missing.json", "--all"]).code, 3);
    for wrong in [
        &["approve", "a.json"][..],
        &["approve", "a.json", "--all", "--call", "call_1"],
        &["approve", "a.json", "--tool", "wire"],
        &["approve", "a.json", "--all", "--message", "m"],
        &["approve", "-", "--all", "--in-place"],
    ] {
        assert_eq!(runstate(folder.path(), wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn decisions_as_data_are_what_their_schema_says() {
    let folder = folder(&[("a.json", &python())]);
    let schema = json(&runstate(folder.path(), &["schema", "decision"]).out);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (call, code) in [("call_1", 0), ("call_7", 1)] {
        let run = runstate(folder.path(), &["reject", "a.json", "--call", call, "--format", "json"]);
        assert_eq!(run.code, code);
        let report = json(&run.err);
        assert!(validator.is_valid(&report), "{report}");
        assert_eq!(report["written"], code == 0);
    }
    let run = runstate(folder.path(), &["approve", "missing.json", "--all", "--format", "json"]);
    assert!(validator.is_valid(&json(&run.err)), "{}", run.err);
}
