//! Writes a grown state to standard output: `cargo run --example grow -- python cjk 1000000`.

use std::io::Write as _;
use std::process::ExitCode;

#[path = "mod.rs"]
mod states;

fn main() -> ExitCode {
    let wish: Vec<String> = std::env::args().skip(1).collect();
    let [dialect, script, bytes] = wish.as_slice() else { return usage() };
    let name = format!("{dialect} {script}");
    let Some((_, dialect, script)) = states::KINDS.into_iter().find(|(known, ..)| *known == name) else {
        return usage();
    };
    let Ok(bytes) = bytes.parse() else { return usage() };
    match std::io::stdout().write_all(&states::grow(dialect, script, bytes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[allow(clippy::print_stderr, reason = "a program says on standard error how it is called")]
fn usage() -> ExitCode {
    eprintln!("usage: grow (python|typescript) (ascii|cjk) BYTES");
    ExitCode::from(2)
}
