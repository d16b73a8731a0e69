//! How long a whole conversion takes, as a multiple of the parse of its input, which it contains; on all cores.
//!
//! `cargo bench --bench convert -- [MEGABYTES]`. Both sides take turns, so that a busy machine slows both alike; the
//! medians are compared.

#![allow(clippy::print_stdout, reason = "the numbers are the purpose")]

use runstate::json::{Document, Style};
use runstate::{Convert, Level, Target, convert, on_cores};

mod states;
mod time;

use time::{median, timed};

const ROUNDS: usize = 7;

fn main() {
    on_cores(0, measure);
}

fn measure() {
    let megabytes: f64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size from the command line")]
    let size = (megabytes * 1e6) as usize;
    println!("{:<18} {:>9} {:<18} {:>10} {:>10} {:>7}", "state", "bytes", "to", "parse", "convert", "ratio");
    for (name, dialect, script) in states::KINDS {
        let bytes = states::grow(dialect, script, size);
        let python = dialect == Style::Python;
        let targets = if python { ["typescript@1.22", "python@1.13"] } else { ["python@1.21", "typescript@1.15"] };
        for target in targets {
            let to: Target = target.parse().expect("it is a target");
            let mut options = Convert::default();
            options.allow_loss = Level::Resume;
            let (mut parses, mut converts) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let owned = bytes.clone();
                parses.push(timed(|| drop(Document::parse(owned))));
                converts.push(timed(|| {
                    let done = convert(&bytes, to, &options);
                    assert!(done.bytes.is_some(), "{name} converts to {target}: {:?}", done.losses.first());
                }));
            }
            let (parse, convert) = (median(parses), median(converts));
            println!(
                "{name:<18} {:>9} {target:<18} {:>8.1}ms {:>8.1}ms {:>6.2}x",
                bytes.len(),
                parse.as_secs_f64() * 1e3,
                convert.as_secs_f64() * 1e3,
                convert.as_secs_f64() / parse.as_secs_f64(),
            );
        }
    }
}
