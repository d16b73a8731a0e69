//! One report, in the forms that `--format` names.

mod concise;
mod github;
mod human;
mod junit;
mod sarif;

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

use runstate::Severity;

use super::args::Format;
use super::output::Part;
use super::report::{Case, Checked, Summary};
use super::window;

pub(crate) use github::annotation;
pub(crate) use human::{conclusion, summary};
pub(crate) use junit::{Count, document};
pub(crate) use sarif::{head, tail};

/// How much is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    Normal,
    /// Nothing about what is clean.
    Quiet,
}

impl Talk {
    pub(crate) fn new(options: &super::args::Reporting) -> Self {
        if options.quiet { Self::Quiet } else { Self::Normal }
    }
}

/// The part of the report that is about one state.
pub(crate) fn part(checked: &Checked, format: Format, talk: Talk, exit: super::Exit, verb: &str) -> Part {
    let report = match format {
        Format::Human => human::render(checked, talk),
        Format::Concise => concise::render(checked),
        Format::Json => json(&checked.entry()),
        Format::Ndjson => json(&checked.entry()) + "\n",
        Format::Github | Format::Sarif | Format::Junit => {
            return Part::of(&checked.case(exit), format, verb, checked.summary());
        }
    };
    let complaint = checked
        .error()
        .filter(|_| matches!(format, Format::Human | Format::Concise))
        .map(|error| format!("{}: {error}", checked.file));
    Part { report, complaint, notice: None, summary: checked.summary(), exit }
}

impl Part {
    /// The part of a form for other programs.
    pub(crate) fn of(case: &Case<'_>, format: Format, verb: &str, summary: Summary) -> Self {
        let (report, notice) = match format {
            Format::Sarif => (sarif::results(case), sarif::notice(case)),
            Format::Junit => (junit::case(case, verb), case.error.clone()),
            _ => (github::render(case), None),
        };
        Self { report, complaint: None, notice, summary, exit: case.exit }
    }
}

pub(crate) fn json(entry: &impl serde::Serialize) -> String {
    serde_json::to_string(entry).expect("an entry is made of strings and numbers")
}

/// `file`, or `file:line` of a state that is a line.
fn place(checked: &Checked) -> Cow<'_, str> {
    let file = printable(&checked.file);
    match checked.line {
        Some(line) => Cow::Owned(format!("{file}:{line}")),
        None => file,
    }
}

/// The text without what would move the cursor, change colors or turn the direction of the text.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(|char| window::printable(char) == char) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(window::printable).collect())
}

/// The name of a file for other programs: with `/`, and relative without `./`.
fn portable(file: &str) -> Cow<'_, str> {
    let file = if cfg!(windows) { Cow::Owned(file.replace('\\', "/")) } else { Cow::Borrowed(file) };
    match file.strip_prefix("./") {
        Some(rest) => Cow::Owned(rest.trim_start_matches('/').to_owned()),
        None => file,
    }
}

pub(crate) const fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Note => AnsiColor::Cyan.on_default().bold(),
    }
}

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
