//! The transcripts of the README are what the program prints, and its Rust example runs.

mod common;

use std::process::Command;

#[test]
fn the_transcripts_are_what_the_program_prints() {
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("there is a README");
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let entries: Vec<&str> = blocks.flat_map(|block| block.split("$ runstate ").skip(1)).collect();
    assert!(entries.len() > 2, "there are transcripts");
    for entry in entries {
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
