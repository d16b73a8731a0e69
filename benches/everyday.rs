//! How long `inspect`, `diff` and `normalize` take, as a multiple of the parse of all their inputs.
//!
//! `cargo bench --bench everyday -- [MEGABYTES] [WORK...]`, where a work is a part of its name. Both sides take turns, so that a busy machine slows both alike; the
//! medians are compared.

#![allow(clippy::print_stdout, reason = "the numbers are the purpose")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use runstate::json::Document;
use runstate::{Diff, Inspect, Keys, Normalize, Redact, diff, inspect, normalize};

mod states;

const ROUNDS: usize = 7;

fn main() {
    let megabytes: f64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size from the command line")]
    let size = (megabytes * 1e6) as usize;
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| word.parse::<f64>().is_err()).collect();
    let is_wanted = |work: &str| {
        let mut named = wanted.iter().filter(|word| !word.starts_with("--bench")).peekable();
        named.peek().is_none() || named.any(|word| work.contains(&**word))
    };
    println!("{:<18} {:>9} {:<22} {:>10} {:>10} {:>7}", "state", "bytes", "work", "parse", "work", "ratio");
    for (name, dialect, script) in states::KINDS {
        let bytes = states::grow(dialect, script, size);
        let other = states::grow(dialect, script, size - size / 10);
        let mut rows: Vec<(&str, usize, Box<dyn Fn() + '_>)> = Vec::new();
        for (work, size) in [("inspect", false), ("inspect --size", true)] {
            let mut how = Inspect::default();
            (how.width, how.size) = (Some(96), size);
            let bytes = &bytes;
            rows.push((work, 1, Box::new(move || drop(black_box(inspect(bytes, &how))))));
        }
        rows.push(("diff", 2, Box::new(|| drop(black_box(diff(&bytes, &other, &Diff::default()))))));
        rows.push(("diff with itself", 2, Box::new(|| drop(black_box(diff(&bytes, &bytes, &Diff::default()))))));
        for (work, how) in forms() {
            let bytes = &bytes;
            rows.push((
                work,
                1,
                Box::new(move || assert!(normalize(bytes, &how).bytes.is_some(), "a grown state is one")),
            ));
        }
        for (work, inputs, run) in rows.into_iter().filter(|row| is_wanted(row.0)) {
            let (mut parses, mut works) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let owned = bytes.clone();
                parses.push(timed(|| drop(Document::parse(owned))));
                works.push(timed(&run));
            }
            #[allow(clippy::cast_possible_truncation, reason = "one or two")]
            let (parse, worked) = (median(parses) * inputs as u32, median(works));
            println!(
                "{name:<18} {:>9} {work:<22} {:>8.1}ms {:>8.1}ms {:>6.2}x",
                bytes.len(),
                parse.as_secs_f64() * 1e3,
                worked.as_secs_f64() * 1e3,
                worked.as_secs_f64() / parse.as_secs_f64(),
            );
        }
    }

}

/// The forms of `normalize`, by what is typed.
fn forms() -> Vec<(&'static str, Normalize)> {
    let plain = Normalize::default();
    let with = |change: fn(&mut Normalize)| {
        let mut how = plain.clone();
        change(&mut how);
        how
    };
    vec![
        ("normalize", plain.clone()),
        ("--keys sorted", with(|how| how.keys = Keys::Sorted)),
        ("--volatile", with(|how| how.volatile = true)),
        ("--redact secrets", with(|how| how.redact = vec![Redact::Secrets])),
        ("--redact key", with(|how| how.redact = vec![Redact::Key("amount".to_owned())])),
        ("all of them", with(|how| {
            (how.keys, how.volatile) = (Keys::Sorted, true);
            how.redact = vec![Redact::Secrets, Redact::Key("amount".to_owned())];
        })),
    ]
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
