//! `runstate versions`.

use std::io::{self, Write};

use anstyle::Style;
use schemars::JsonSchema;
use serde::Serialize;

use runstate::versions::{Between, DOWN, LabelHistory, UP, between, history, sentence};
use runstate::{Dialect, Format, Target};

use super::args::{Listing, Versions};
use super::{Exit, Failure};

/// What `--format json` writes for `versions`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Answer of `runstate versions --format json`")]
pub(crate) struct History {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// The labels asked for, by SDK and in order.
    labels: Vec<LabelHistory>,
    /// What stands between the two formats of `--between`.
    #[serde(skip_serializing_if = "Option::is_none")]
    between: Option<Between>,
}

pub(crate) fn run(arguments: &Versions) -> Result<Exit, Failure> {
    let formats = match &arguments.of {
        _ if !arguments.between.is_empty() => Vec::new(),
        None => Dialect::ALL.iter().flat_map(|dialect| dialect.formats()).collect(),
        Some(of) => formats(of)?,
    };
    let between = match arguments.between.as_slice() {
        [one, two] => Some(way(*one, *two)?),
        _ => None,
    };
    let mut out = io::BufWriter::new(anstream::AutoStream::auto(io::stdout()));
    let labels: Vec<LabelHistory> = formats.into_iter().map(history).collect();
    match arguments.format {
        Listing::Json => {
            serde_json::to_writer_pretty(&mut out, &History { version: 1, labels, between })
                .map_err(io::Error::from)?;
            writeln!(out)?;
        }
        Listing::Human => match (between, labels.as_slice()) {
            (Some(between), _) => explain_way(&between, &mut out)?,
            (None, [label]) => explain(label, &mut out)?,
            (None, labels) => list(labels, &mut out)?,
        },
    }
    out.flush()?;
    Ok(Exit::Clean)
}

/// All labels of an SDK, or the one that is meant.
fn formats(of: &str) -> Result<Vec<Format>, Failure> {
    let target: Target = of.parse().map_err(|error| Failure::Usage(format!("{error}")))?;
    Ok(if of.contains('@') { vec![target.format] } else { target.format.dialect.formats().collect() })
}

fn way(one: Target, two: Target) -> Result<Between, Failure> {
    between(one.format, two.format).ok_or_else(|| {
        Failure::Usage("the labels of the two SDKs have nothing in common; give two of one SDK".to_owned())
    })
}

const BOLD: Style = Style::new().bold();

fn list(labels: &[LabelHistory], out: &mut impl Write) -> io::Result<()> {
    let releases: Vec<String> = labels.iter().map(releases).collect();
    let width = releases.iter().map(String::len).max().unwrap_or(0);
    for (label, releases) in labels.iter().zip(&releases) {
        writeln!(out, "{BOLD}{:16}{BOLD:#}  {releases:width$}  {}", label.format, label.summary)?;
    }
    Ok(())
}

fn releases(label: &LabelHistory) -> String {
    match label.written_by.as_slice() {
        [] => format!("- (read since {})", label.readable_since),
        [one] => one.release.clone(),
        [first, .., last] => format!("{} to {}", first.release, last.release),
    }
}

fn explain(label: &LabelHistory, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}  {}", label.format, label.summary)?;
    if label.written_by.is_empty() {
        writeln!(out, "  written by no release")?;
    }
    for (at, release) in label.written_by.iter().enumerate() {
        let title = if at == 0 { "written by" } else { "" };
        let date = release.date.map(|date| format!("  {date}")).unwrap_or_default();
        writeln!(out, "{}", format!("  {title:10}  {:8}{date}", release.release).trim_end())?;
    }
    writeln!(out, "  {:10}  {} and later", "read by", label.readable_since)?;
    for (title, sentence) in [(UP, label.up), (DOWN, label.down)] {
        if !sentence.is_empty() {
            writeln!(out, "\n{title}:\n  {sentence}")?;
        }
    }
    if !label.changes.is_empty() {
        writeln!(out, "\nOn the wire:")?;
    }
    for change in &label.changes {
        writeln!(out, "  {}", sentence(change))?;
    }
    Ok(())
}

fn explain_way(between: &Between, out: &mut impl Write) -> io::Result<()> {
    let Between { from, to, up, down, .. } = between;
    let ways = [(format!("From {from} up to {to}"), up), (format!("From {to} down to {from}"), down)];
    for (number, (title, sentences)) in ways.into_iter().enumerate() {
        writeln!(out, "{}{BOLD}{title}{BOLD:#}", if number > 0 { "\n" } else { "" })?;
        if sentences.is_empty() {
            writeln!(out, "  nothing that is worth a word")?;
        }
        for sentence in sentences {
            writeln!(out, "  {sentence}")?;
        }
    }
    Ok(())
}
