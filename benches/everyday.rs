//! How long `inspect`, `diff` and `normalize` take, as a multiple of the parse of all their inputs; on all cores.
//!
//! `cargo bench --bench everyday -- [MEGABYTES] [WORK...]`, where a work is a part of its name. Both sides take turns, so that a busy machine slows both alike; the
//! medians are compared.

#![allow(clippy::print_stdout, reason = "the numbers are the purpose")]

use runstate::json::Document;
use runstate::{
    Defaults, Diff, Inspect, Keys, Normalize, Redact, diff_documents, inspect_document, normalize_document, on_cores,
};

mod states;
mod time;

use time::{median, timed};

const ROUNDS: usize = 7;

/// Something that is done with parsed inputs.
type Work = Box<dyn Fn(&[Document])>;

fn main() {
    on_cores(0, measure);
}

fn measure() {
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
        let mut rows: Vec<(&str, Vec<&[u8]>, Work)> = Vec::new();
        for (work, size) in [("inspect", false), ("inspect --size", true)] {
            let mut how = Inspect::default();
            (how.width, how.size) = (Some(96), size);
            rows.push((work, vec![&bytes], Box::new(move |docs| drop(inspect_document(&docs[0], &how)))));
        }
        let compare: fn(&[Document]) = |docs| drop(diff_documents(&docs[0], &docs[1], &Diff::default()));
        rows.push(("diff", vec![&bytes, &other], Box::new(compare)));
        rows.push(("diff with itself", vec![&bytes, &bytes], Box::new(compare)));
        for (work, how) in forms() {
            let write = move |docs: &[Document]| assert!(normalize_document(&docs[0], &how).bytes.is_some());
            rows.push((work, vec![&bytes], Box::new(write)));
        }
        for (work, inputs, run) in rows.into_iter().filter(|row| is_wanted(row.0)) {
            let (mut parses, mut works) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let owned = inputs.iter().map(|bytes| bytes.to_vec()).collect();
                parses.push(timed(|| drop(parsed(owned))));
                let owned = inputs.iter().map(|bytes| bytes.to_vec()).collect();
                works.push(timed(|| run(&parsed(owned))));
            }
            let (parse, worked) = (median(parses), median(works));
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

fn parsed(inputs: Vec<Vec<u8>>) -> Vec<Document> {
    inputs.into_iter().map(|bytes| Document::parse(bytes).expect("a grown state is JSON")).collect()
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
        ("--defaults removed", with(|how| how.defaults = Defaults::Removed)),
        ("--volatile", with(|how| how.volatile = true)),
        ("--redact secrets", with(|how| how.redact = vec![Redact::Secrets])),
        ("--redact key", with(|how| how.redact = vec![Redact::Key("amount".to_owned())])),
        (
            "all of them",
            with(|how| {
                (how.keys, how.volatile) = (Keys::Sorted, true);
                how.redact = vec![Redact::Secrets, Redact::Key("amount".to_owned())];
            }),
        ),
    ]
}
