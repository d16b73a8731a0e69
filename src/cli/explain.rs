//! `runstate explain` and `runstate rules`.

use std::io::{self, Write as _};

use runstate::codes::{ALL, Code, Explanation};

use super::args::{Explain, Listing, Rules};
use super::render::printable;
use super::{Exit, Failure};

pub(crate) fn run(arguments: &Explain) -> Result<Exit, Failure> {
    let rows = arguments.codes.iter().map(|code| find(code)).collect::<Result<Vec<_>, _>>()?;
    match arguments.format {
        Listing::Json => document(&rows),
        Listing::Human => {
            let mut out = anstream::AutoStream::auto(io::stdout().lock());
            for (number, row) in rows.into_iter().enumerate() {
                if number > 0 {
                    writeln!(out)?;
                }
                let bold = anstyle::Style::new().bold();
                writeln!(out, "{bold}{} {}{bold:#}", row.code, row.name)?;
                writeln!(out, "{}\n\nWhat to do: {}", row.text.trim(), row.help)?;
            }
            Ok(Exit::Clean)
        }
    }
}

pub(crate) fn rules(arguments: &Rules) -> Result<Exit, Failure> {
    let rows: Vec<&Explanation> = ALL.iter().collect();
    match arguments.format {
        Listing::Json => document(&rows),
        Listing::Human => {
            let mut out = io::BufWriter::new(anstream::AutoStream::auto(io::stdout()));
            let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
            for row in rows {
                let text = row.text.trim();
                let sentence = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
                writeln!(out, "{}  {:width$}  {sentence}", row.code, row.name)?;
            }
            out.flush()?;
            Ok(Exit::Clean)
        }
    }
}

/// By code in any case, or by name.
fn find(text: &str) -> Result<&'static Explanation, Failure> {
    let row = match Code::parse(&text.to_ascii_uppercase()) {
        Some(code) => Some(code.explanation()),
        None => ALL.iter().find(|row| row.name.eq_ignore_ascii_case(text)),
    };
    row.ok_or_else(|| {
        Failure::Usage(format!("there is no code `{}`; `runstate rules` lists all codes", printable(text)))
    })
}

fn document(rows: &[&Explanation]) -> Result<Exit, Failure> {
    #[derive(serde::Serialize)]
    struct Document<'r> {
        version: u32,
        rules: &'r [&'r Explanation],
    }
    let mut out = io::BufWriter::new(io::stdout());
    serde_json::to_writer_pretty(&mut out, &Document { version: 1, rules: rows }).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(Exit::Clean)
}
