//! The report as data: what every form of it is made from, and what `--format json` writes.

use std::borrow::Cow;
use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use runstate::codes::Code;
use runstate::{Finding, Severity, Verdict};

use super::Exit;
use super::args::FailOn;
use super::render::printable;
use super::window::Window;

/// What `--format json` writes for `validate`, apart from the entries that are written one by one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate validate --format json`")]
pub(crate) struct Report<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    pub(crate) version: u32,
    /// One entry a state, in the order of the inputs. With `--format ndjson`, every line is one of these.
    pub(crate) files: Vec<Entry<'r>>,
    /// All of them together.
    pub(crate) summary: Summary,
}

/// What was found about one state.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Entry<'r> {
    /// The file as it was named or found; `<stdin>`.
    pub(crate) file: &'r str,
    /// Number of the line, with `--ndjson`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// Dialect and label, such as `python@1.21`, when the state has a known label.
    pub(crate) format: Option<String>,
    /// Why the file cannot be read; then nothing else is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// In the order of the file.
    pub(crate) findings: Vec<Row<'r>>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row<'r> {
    /// Stable code, such as `RS301`; `runstate explain` explains it.
    code: String,
    /// The code's name.
    name: &'static str,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// `refused`, `stuck`, `unsafe`, `exposed`, `lost` or `note`.
    effect: &'static str,
    /// JSON pointer (RFC 6901) of the value in the file. Of something inside a string: the pointer of the string.
    pointer: &'r str,
    /// JSON pointers inside the texts of nested runs, outermost first.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    inside: &'r [String],
    /// Line in the file, from 1.
    line: usize,
    /// Column in characters, from 1.
    column: usize,
    /// Byte offsets in the file where what the finding is about starts and ends.
    span: (usize, usize),
    /// One sentence.
    message: &'r str,
    /// What to do.
    help: &'r str,
}

/// One input and what there is to say about it, whichever command looked at it: what the forms for other programs are
/// made from.
#[derive(Debug)]
pub(crate) struct Case<'r> {
    pub(crate) file: &'r str,
    /// Number of the line, with `--ndjson`.
    pub(crate) line: Option<usize>,
    /// Why the input could not be looked at.
    pub(crate) error: Option<String>,
    pub(crate) remarks: Vec<Remark<'r>>,
    pub(crate) exit: Exit,
}

/// One thing that there is to say.
#[derive(Debug)]
pub(crate) struct Remark<'r> {
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    /// What it leads to: a word of the effects, or of the levels of a loss.
    pub(crate) word: &'static str,
    /// Line and column, from 1.
    pub(crate) place: Option<(usize, usize)>,
    /// Where in the state; behind `!`, where in a text that stands there.
    pub(crate) pointers: Vec<String>,
    pub(crate) message: Cow<'r, str>,
    pub(crate) help: &'r str,
    /// More lines, for the forms that have room for them.
    pub(crate) detail: Option<&'r str>,
}

impl<'r> From<&'r Finding> for Remark<'r> {
    fn from(finding: &'r Finding) -> Self {
        let parts: Vec<&str> = std::iter::once(&finding.pointer).chain(&finding.inside).map(String::as_str).collect();
        Self {
            code: finding.code,
            severity: finding.severity,
            word: finding.effect.name(),
            place: Some((finding.line, finding.column)),
            pointers: vec![parts.join("!")],
            message: printable(&finding.message),
            help: &finding.help,
            detail: None,
        }
    }
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// States that were looked at, the unreadable ones included.
    pub(crate) files: usize,
    /// Files and directories that could not be read.
    pub(crate) unreadable: usize,
    /// Findings of severity `error`.
    pub(crate) errors: usize,
    /// Findings of severity `warning`.
    pub(crate) warnings: usize,
    /// Findings of severity `note`.
    pub(crate) notes: usize,
}

/// One state and what there is to say about it.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) file: String,
    /// Number of the line, with `--ndjson`.
    pub(crate) line: Option<usize>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Judged {
        verdict: Verdict,
        /// One a finding, where they are wanted and there is one.
        windows: Vec<Option<Window>>,
    },
    /// A directory without a state.
    Empty,
    Unreadable(io::Error),
}

impl Checked {
    pub(crate) fn findings(&self) -> &[Finding] {
        match &self.outcome {
            Outcome::Judged { verdict, .. } => &verdict.findings,
            Outcome::Empty | Outcome::Unreadable(_) => &[],
        }
    }

    /// Why there is no verdict.
    pub(crate) fn error(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Judged { .. } => None,
            Outcome::Empty => Some("no *.json in this directory".to_owned()),
            Outcome::Unreadable(error) => Some(reason(error)),
        }
    }

    pub(crate) fn format(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Judged { verdict, .. } => verdict.format.map(|format| format.to_string()),
            Outcome::Empty | Outcome::Unreadable(_) => None,
        }
    }

    pub(crate) fn entry(&self) -> Entry<'_> {
        Entry {
            file: &self.file,
            line: self.line,
            format: self.format(),
            error: self.error(),
            findings: self.findings().iter().map(Row::new).collect(),
        }
    }

    pub(crate) fn case(&self, exit: Exit) -> Case<'_> {
        Case {
            file: &self.file,
            line: self.line,
            error: self.error(),
            remarks: self.findings().iter().map(Remark::from).collect(),
            exit,
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        let count = |severity| self.findings().iter().filter(|finding| finding.severity == severity).count();
        Summary {
            files: 1,
            unreadable: usize::from(self.error().is_some()),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }

    pub(crate) fn exit(&self, fail_on: FailOn) -> Exit {
        match &self.outcome {
            Outcome::Unreadable(_) => Exit::Unreadable,
            Outcome::Empty => Exit::Usage,
            Outcome::Judged { verdict, .. } if !verdict.is_json => Exit::Unreadable,
            Outcome::Judged { verdict, .. } => {
                let failed = verdict.findings.iter().any(|finding| fail_on.covers(finding.severity));
                if failed { Exit::Findings } else { Exit::Clean }
            }
        }
    }
}

impl<'r> Row<'r> {
    pub(crate) fn new(finding: &'r Finding) -> Self {
        Self {
            code: finding.code.to_string(),
            name: finding.code.explanation().name,
            severity: finding.severity.name(),
            effect: finding.effect.name(),
            pointer: &finding.pointer,
            inside: &finding.inside,
            line: finding.line,
            column: finding.column,
            span: finding.span,
            message: &finding.message,
            help: &finding.help,
        }
    }
}

impl Summary {
    pub(crate) fn add(&mut self, other: Self) {
        let Self { files, unreadable, errors, warnings, notes } = other;
        self.files += files;
        self.unreadable += unreadable;
        self.errors += errors;
        self.warnings += warnings;
        self.notes += notes;
    }
}

/// The system's words without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.to_owned())
}
