//! How long a parse takes, as a multiple of `from_utf8` + `serde_json`'s `IgnoredAny` over the same bytes.
//!
//! `cargo bench --bench ratio -- [MEGABYTES]`. Both sides take turns, so that a busy machine slows both alike; the
//! medians are compared.

#![allow(clippy::print_stdout, reason = "the numbers are the purpose")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use runstate::json::{Document, Style, Writer};
use serde::de::IgnoredAny;

mod states;

const ROUNDS: usize = 41;

fn main() {
    let megabytes: f64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size from the command line")]
    let size = (megabytes * 1e6) as usize;
    println!(
        "{:<18} {:>9} {:>10} {:>10} {:>7}   {:>10} {:>10} {:>10}",
        "state", "bytes", "baseline", "parse", "ratio", "duplicates", "write same", "write other"
    );
    for (name, dialect, script) in states::KINDS {
        let bytes = states::grow(dialect, script, size);
        let other = if dialect == Style::Python { Style::TypeScript } else { Style::Python };
        let doc = Document::parse(bytes.clone()).expect("a grown state is JSON");
        let [baseline, parse, duplicates, same, restyled] = medians([
            &mut || timed(|| baseline(&bytes)),
            &mut || {
                let owned = bytes.clone();
                timed(|| Document::parse(owned))
            },
            &mut || timed(|| doc.source(0).duplicates().len()),
            &mut || timed(|| write(&doc, dialect)),
            &mut || timed(|| write(&doc, other)),
        ]);
        println!(
            "{name:<18} {:>9} {:>10} {:>10} {:>6.2}x   {:>10} {:>10} {:>10}",
            bytes.len(),
            show(baseline),
            show(parse),
            parse.as_secs_f64() / baseline.as_secs_f64(),
            show(duplicates),
            show(same),
            show(restyled),
        );
    }
}

fn baseline(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

fn write(doc: &Document, style: Style) -> Vec<u8> {
    let mut writer = Writer::new(style);
    writer.node(doc.root());
    writer.finish()
}

/// The result is dropped outside the measured time on both sides.
fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = black_box(work());
    let took = start.elapsed();
    drop(result);
    took
}

fn medians<const N: usize>(mut tasks: [&mut dyn FnMut() -> Duration; N]) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        for (task, times) in tasks.iter_mut().zip(&mut times) {
            times.push(task());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    })
}

fn show(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}
