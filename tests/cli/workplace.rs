//! Where people work: shells, manual pages, editors, pre-commit, GitHub Actions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::{common, folder, json, list, python, runstate, text};

/// All commands, from the help of the program.
fn commands() -> Vec<String> {
    let help = runstate(&common::root(), &["--help"]).out;
    let (_, rest) = help.split_once("Commands:\n").expect("commands are listed");
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<String> = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(names.len() > 9 && names.contains(&"validate".to_owned()), "{names:?}");
    names.into_iter().filter(|name| name != "help").collect()
}

#[test]
fn completions_know_every_command() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = runstate(folder.path(), &["completions", shell]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{shell}");
        for command in commands() {
            assert!(run.out.contains(&command), "{shell} completes {command}");
        }
    }
    assert_eq!(runstate(folder.path(), &["completions", "dos"]).code, 2);
}

#[test]
fn bash_completes_commands_options_and_values() {
    let folder = folder(&[]);
    let script = runstate(folder.path(), &["completions", "bash"]).out;
    fs::write(folder.path().join("runstate.bash"), script).expect("the file can be written");
    let bash = |command: &str| {
        let run = Command::new("bash").args(["--norc", "-c", command]).current_dir(folder.path()).output();
        let output = run.expect("there is a bash");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    bash("bash -n runstate.bash");
    let complete = |words: &str, last: &str, before: &str| {
        let at = words.split(' ').count() - 1;
        let call = format!("_runstate runstate '{last}' '{before}'");
        bash(&format!(
            "source ./runstate.bash; COMP_WORDS=({words}); COMP_CWORD={at}; {call}; echo \"${{COMPREPLY[@]}}\""
        ))
    };
    assert_eq!(complete("runstate vali", "vali", "runstate"), "validate\n");
    assert_eq!(complete("runstate validate --fail", "--fail", "validate"), "--fail-on\n");
    assert_eq!(complete("runstate validate --format sa", "sa", "--format"), "sarif\n");
}

#[test]
fn manual_pages_describe_every_command_and_option() {
    let folder = folder(&[("man/runstate.1", b"an older version")]);
    let run = runstate(folder.path(), &["man", "--out-dir", "man"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""));
    let page = |name: &str| {
        let page = fs::read_to_string(folder.path().join("man").join(format!("{name}.1"))).expect("a page");
        assert!(page.contains(".TH ") && page.contains(".SH NAME"), "{page}");
        // In roff, a hyphen that is one is escaped.
        page.replace("\\-", "-")
    };
    let main = page("runstate");
    for command in commands() {
        assert!(main.contains(&format!("runstate-{command}(1)")), "{command}");
        let help = runstate(folder.path(), &[&command, "--help"]).out;
        let page = page(&format!("runstate-{command}"));
        for option in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
            let option = option.trim_end_matches(|char: char| !char.is_ascii_alphanumeric());
            assert!(page.contains(option), "{command} {option}");
        }
    }
    assert_eq!(common::entries(&folder.path().join("man")).len(), commands().len() + 1);
    let run = runstate(folder.path(), &["man"]);
    assert_eq!((run.code, run.out.replace("\\-", "-") == main), (0, true));
}

#[test]
fn the_editor_settings_name_schemas_that_are_there() {
    let page = fs::read_to_string(common::root().join("docs/setup.md")).expect("there is a page");
    let blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let settings = blocks.map(json).find(|block| block["json.schemas"].is_array()).expect("settings are shown");
    let entries = list(&settings["json.schemas"]);
    assert!(entries.len() > 2);
    for entry in entries {
        let url = text(&entry["url"]).strip_prefix("./").expect("within the workspace");
        let schema = fs::read_to_string(common::root().join(url)).expect("the schema is there");
        jsonschema::validator_for(&json(&schema)).expect("it is a schema");
    }
}

#[test]
fn the_hook_is_what_pre_commit_reads() {
    let text = fs::read_to_string(common::root().join(".pre-commit-hooks.yaml")).expect("the hooks are there");
    let hooks = Yaml::load_from_str(&text).expect("YAML").remove(0);
    let hook = &hooks[0];
    let entry = hook["entry"].as_str().expect("a command");
    assert_eq!(hook["language"].as_str(), Some("rust"));
    let mut words = entry.split(' ');
    assert_eq!(words.next(), Some("runstate"), "the program that `language: rust` builds");
    let folder = folder(&[("good.json", &python()), ("bad.json", b"{\"$schemaVersion\": 1}")]);
    let arguments: Vec<&str> = words.collect();
    let run = |files: &[&str]| runstate(folder.path(), &[&arguments[..], files].concat());
    let good = run(&["good.json"]);
    assert_eq!((good.code, good.out.as_str(), good.err.as_str()), (0, "", ""));
    let both = run(&["good.json", "bad.json"]);
    assert!(both.code == 1 && both.out.contains("bad.json"), "{}", both.out);
}

/// A step of the action, run as GitHub runs it.
struct Action {
    folder: tempfile::TempDir,
    inputs: BTreeMap<String, String>,
}

struct Step {
    code: i32,
    log: String,
    outputs: BTreeMap<String, String>,
}

impl Action {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = folder(files);
        fs::create_dir(folder.path().join("temp")).expect("the folder can be made");
        let action = definition();
        let inputs = action["inputs"].as_mapping().expect("inputs are listed");
        let default =
            |input: &Yaml<'_>| input.as_mapping_get("default").and_then(Yaml::as_str).unwrap_or_default().to_owned();
        let inputs = inputs.iter().map(|(name, input)| (name.as_str().expect("a name").to_owned(), default(input)));
        Self { inputs: inputs.collect(), folder }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        *self.inputs.get_mut(name).unwrap_or_else(|| panic!("there is no input {name}")) = value.to_owned();
        self
    }

    /// With the program of this test in place of an installed one.
    fn validate(self, paths: &str) -> Step {
        self.with("executable", env!("CARGO_BIN_EXE_runstate")).with("paths", paths).step(1, None)
    }

    fn step(&self, number: usize, path: Option<&Path>) -> Step {
        let action = definition();
        let step = &action["runs"]["steps"][number];
        assert_eq!(step["shell"].as_str(), Some("bash"));
        let temp = self.folder.path().join("temp");
        let output = temp.join("output");
        let script = temp.join("script.sh");
        fs::write(&output, "").expect("the file can be written");
        fs::write(&script, step["run"].as_str().expect("a script")).expect("the file can be written");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(&script).current_dir(self.folder.path());
        bash.env("RUNNER_TEMP", &temp).env("GITHUB_OUTPUT", &output).env_remove("NO_COLOR");
        for (name, value) in step["env"].as_mapping().expect("variables are listed") {
            let value = value.as_str().expect("a text");
            let expression =
                value.strip_prefix("${{ ").and_then(|value| value.strip_suffix(" }}")).expect("one of ours");
            let value = match expression.strip_prefix("inputs.") {
                Some(input) => self.inputs[input].clone(),
                None => {
                    assert_eq!(expression, "github.action_path");
                    "/the/action".to_owned()
                }
            };
            bash.env(name.as_str().expect("a name"), value);
        }
        if let Some(path) = path {
            let rest = std::env::var("PATH").expect("there is a PATH");
            bash.env("PATH", format!("{}:{rest}", path.display()));
        }
        let run = bash.output().expect("there is a bash");
        let outputs = fs::read_to_string(&output).expect("the file is there");
        let outputs = outputs.lines().map(|line| line.split_once('=').expect("name=value"));
        Step {
            code: run.status.code().expect("it is not killed"),
            log: String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned(),
            outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

fn definition() -> Yaml<'static> {
    let text = fs::read_to_string(common::root().join("action.yml")).expect("the action is there");
    Yaml::load_from_str(Box::leak(text.into_boxed_str())).expect("YAML").remove(0)
}

fn faulty() -> Vec<u8> {
    let text = String::from_utf8(python()).expect("UTF-8");
    text.replacen("\"max_turns\": 10", "\"max_turns\": \"ten\"", 1).into_bytes()
}

#[test]
fn the_action_annotates_and_leaves_a_sarif_file() {
    let action = Action::new(&[("my states/a.json", &faulty()), ("my states/b.json", &python())]);
    let folder = action.folder.path().to_owned();
    let action = action.with("executable", env!("CARGO_BIN_EXE_runstate")).with("paths", "\n  my states/*.json \n");
    let step = action.step(1, None);
    assert_eq!(step.code, 1, "{}", step.log);
    assert!(step.log.contains("::error file=my states/a.json,line=103,col=16,title=RS302 "), "{}", step.log);
    assert!(step.log.contains("findings at or above error"), "{}", step.log);
    assert_eq!(step.outputs["exit-code"], "1");
    let sarif = Path::new(&step.outputs["sarif"]);
    assert!(sarif.starts_with(&folder));
    let sarif = json(&fs::read_to_string(sarif).expect("it is there"));
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "RS302");
}

#[test]
fn the_action_passes_what_is_clean_and_what_may_be() {
    let files: [(&str, &[u8]); 2] = [("a.json", &python()), ("faulty.json", &faulty())];
    let step = Action::new(&files).validate("a.json");
    assert_eq!((step.code, step.log.as_str(), step.outputs["exit-code"].as_str()), (0, "", "0"));
    assert!(Path::new(&step.outputs["sarif"]).starts_with("/") && step.outputs.len() == 2);
    let step = Action::new(&files).with("fail-on", "never").validate("a.json\nfaulty.json");
    assert!(step.code == 0 && step.log.contains("RS302"), "{}", step.log);
    let step = Action::new(&files).with("for", "typescript").with("format", "concise").validate("a.json");
    assert!(step.code == 1 && step.log.contains("[RS208]"), "{}", step.log);
}

#[test]
fn the_action_fails_loudly_when_nothing_was_checked() {
    let files: [(&str, &[u8]); 2] = [("a.json", &python()), ("broken.json", b"{")];
    for (paths, fail_on, code, word) in [
        ("missing.json", "never", 3, "not every input can be read"),
        ("nothing*here.json", "never", 3, "not every input can be read"),
        ("broken.json", "never", 3, "not every input can be read"),
        ("a.json", "sometimes", 2, "called wrongly"),
        (" \n", "error", 2, "nothing was checked"),
    ] {
        let step = Action::new(&files).with("fail-on", fail_on).validate(paths);
        assert_eq!((step.code, step.outputs["exit-code"].parse()), (code, Ok(code)), "{paths}: {}", step.log);
        assert!(step.log.contains("::error title=runstate::") && step.log.contains(word), "{}", step.log);
    }
    let step = Action::new(&files).with("executable", "/nowhere/runstate").with("paths", "a.json").step(1, None);
    assert!(step.code > 3 && step.log.contains("runstate itself failed"), "{}", step.log);
    assert!(!step.outputs.contains_key("sarif"), "there is no report");
}

#[cfg(unix)]
#[test]
fn the_action_installs_what_it_then_runs() {
    use std::os::unix::fs::PermissionsExt as _;
    let fake = "#!/bin/sh\necho \"cargo $*\"\nfor last; do :; done\nmkdir -p \"$last/bin\"\nln -sf \"$BUILT\" \"$last/bin/runstate\"\n";
    let fake = fake.replace("$BUILT", env!("CARGO_BIN_EXE_runstate"));
    let action = Action::new(&[("a.json", &python()), ("fake/cargo", fake.as_bytes())]).with("paths", "a.json");
    let cargo = action.folder.path().join("fake/cargo");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("the owner may");
    let step = action.step(0, cargo.parent());
    assert!(
        step.code == 0 && step.log.starts_with("cargo install --path /the/action --locked --root "),
        "{}",
        step.log
    );
    assert_eq!(action.step(1, None).code, 0);
    let step = action.with("version", "0.1.0").step(0, cargo.parent());
    assert!(step.log.starts_with("cargo install runstate --version 0.1.0 --locked --root "), "{}", step.log);
}
