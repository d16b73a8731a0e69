//! Validates the files whose paths it reads, and prints the seconds that each takes: the counterpart of an SDK's process.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use runstate::{Validate, verdict};

#[allow(clippy::print_stdout, reason = "the numbers are the purpose")]
fn main() -> ExitCode {
    for path in std::io::stdin().lines().map_while(Result::ok) {
        let Ok(bytes) = std::fs::read(&path) else { return ExitCode::FAILURE };
        let start = Instant::now();
        let verdict = black_box(verdict(bytes, &Validate::default()));
        let took = start.elapsed();
        println!("[{}, {}]", took.as_secs_f64(), verdict.findings.len());
    }
    ExitCode::SUCCESS
}
