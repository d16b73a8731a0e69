//! Validates the files whose paths it reads and converts them for the other SDK, and prints the seconds that each takes: the
//! counterpart of an SDK's process.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use runstate::{Convert, Dialect, Format, Level, Validate, convert, on_cores, verdict};

fn main() -> ExitCode {
    on_cores(0, measure)
}

#[allow(clippy::print_stdout, reason = "the numbers are the purpose")]
fn measure() -> ExitCode {
    for path in std::io::stdin().lines().map_while(Result::ok) {
        let Ok(bytes) = std::fs::read(&path) else { return ExitCode::FAILURE };
        let own = bytes.clone();
        let start = Instant::now();
        let verdict = black_box(verdict(own, &Validate::default()));
        let judged = start.elapsed();
        let Some(format) = verdict.format else { return ExitCode::FAILURE };
        let findings = verdict.findings.len();
        let mut options = Convert::default();
        options.allow_loss = Level::Resume;
        let start = Instant::now();
        let done = black_box(convert(&bytes, other(format).newest(), &options));
        let converted = start.elapsed();
        if done.bytes.is_none() {
            return ExitCode::FAILURE;
        }
        println!("[{}, {}, {findings}]", judged.as_secs_f64(), converted.as_secs_f64());
    }
    ExitCode::SUCCESS
}

fn other(format: Format) -> Dialect {
    match format.dialect {
        Dialect::Python => Dialect::TypeScript,
        Dialect::TypeScript => Dialect::Python,
    }
}
