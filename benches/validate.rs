//! How long a complete `validate` takes, as a multiple of `serde_json::from_slice::<Value>` over the same bytes; on all
//! cores.
//!
//! `cargo bench --bench validate -- [MEGABYTES...]`, by default 1, 10 and 50. Both sides take turns, so that a busy machine
//! slows both alike; the medians are compared. What `validate` builds is dropped within its time, what serde_json builds
//! is not.

#![allow(clippy::print_stdout, reason = "the numbers are the purpose")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use runstate::{Severity, Validate, Verdict, on_cores, verdict};
use serde_json::Value;

mod states;

fn main() {
    on_cores(0, measure);
}

fn measure() {
    let mut megabytes: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    if megabytes.is_empty() {
        megabytes = vec![1, 10, 50];
    }
    println!("{:<18} {:>10} {:>12} {:>12} {:>7} {:>10}", "state", "bytes", "serde_json", "validate", "ratio", "MB/s");
    for (name, dialect, script) in states::KINDS {
        for &size in &megabytes {
            let bytes = states::grow(dialect, script, size * 1_000_000);
            let [theirs, ours] = medians(
                rounds(size),
                [
                    &mut || {
                        let start = Instant::now();
                        let value: Value = black_box(serde_json::from_slice(&bytes).expect("a grown state is JSON"));
                        let took = start.elapsed();
                        drop(value);
                        took
                    },
                    &mut || {
                        let owned = bytes.clone();
                        let start = Instant::now();
                        black_box(judge(owned));
                        start.elapsed()
                    },
                ],
            );
            println!(
                "{name:<18} {:>10} {:>12} {:>12} {:>6.2}x {:>10.0}",
                bytes.len(),
                show(theirs),
                show(ours),
                ours.as_secs_f64() / theirs.as_secs_f64(),
                bytes.len() as f64 / 1e6 / ours.as_secs_f64(),
            );
        }
    }
}

/// Enough for a median, and not minutes of large states.
fn rounds(megabytes: usize) -> usize {
    (200 / megabytes.max(1)).clamp(7, 41) | 1
}

fn judge(bytes: Vec<u8>) -> Verdict {
    let verdict = verdict(bytes, &Validate::default());
    let errors = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "what is grown can be resumed");
    verdict
}

fn medians<const N: usize>(rounds: usize, mut tasks: [&mut dyn FnMut() -> Duration; N]) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (task, times) in tasks.iter_mut().zip(&mut times) {
            times.push(task());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[rounds / 2]
    })
}

fn show(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}
