//! How much memory a complete `validate` holds at most, its input included, as a multiple of the input; on all cores.
//!
//! `cargo bench --bench memory -- [MEGABYTES...]`, by default 1, 10 and 50.

#![allow(clippy::print_stdout, reason = "the numbers are the purpose")]

use std::hint::black_box;

use peak_alloc::PeakAlloc;
use runstate::{Validate, on_cores, verdict};

mod states;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() {
    let mut megabytes: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    if megabytes.is_empty() {
        megabytes = vec![1, 10, 50];
    }
    println!("{:<18} {:>10} {:>10} {:>7}", "state", "bytes", "peak", "ratio");
    for (name, dialect, script) in states::KINDS {
        for &size in &megabytes {
            let bytes = states::grow(dialect, script, size * 1_000_000);
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            drop(black_box(on_cores(0, || verdict(bytes.clone(), &Validate::default()))));
            let peak = MEMORY.peak_usage() - before;
            println!("{name:<18} {:>10} {peak:>10} {:>6.2}x", bytes.len(), peak as f64 / bytes.len() as f64);
        }
    }
}
