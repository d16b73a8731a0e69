//! The transcript at the top of the README is what the program prints, and its Rust example runs.

mod common;

use std::process::Command;

#[test]
fn the_transcript_is_what_the_program_prints() {
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("there is a README");
    let block = readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a transcript");
    for entry in block.split("$ runstate ").skip(1) {
        let (arguments, expected) = entry.split_once('\n').expect("output behind the command");
        let run = Command::new(env!("CARGO_BIN_EXE_runstate"))
            .args(arguments.split(' '))
            .current_dir(common::root())
            .output()
            .expect("the program starts");
        let printed = String::from_utf8(run.stdout).expect("reports are UTF-8");
        assert_eq!(printed.trim_end(), expected.trim_end(), "{arguments}");
    }
}
