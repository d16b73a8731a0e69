//! What `runstate test` says.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use schemars::JsonSchema;
use serde::Serialize;

use runstate::Severity;

use super::super::args::Format;
use super::super::output::Part;
use super::super::render::{self, BOLD, Talk, printable, style};
use super::super::report::{Case, Remark, Summary};
use super::super::{Exit, Failure};
use super::config::Fault;
use super::golden::Said;

/// What `--format json` writes for `test`, apart from the entries that are written one by one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate test --format json`")]
pub(crate) struct Report<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// One entry a state, then one a golden file that belongs to none. With `--format ndjson`, every line is one of these.
    files: Vec<Entry<'r>>,
    /// All of them together.
    summary: Summary,
}

/// What came of one state.
#[derive(Debug, Serialize, JsonSchema)]
struct Entry<'r> {
    /// The state as it was found; of a golden file without a state, that file.
    file: &'r str,
    /// The golden file, from the tested folder on.
    golden: &'r str,
    /// `passed`, `failed`, `unreadable`, or what was done to the golden file: `new`, `updated`, `removed`. A state fails
    /// whatever is done to its golden file when there are problems.
    status: &'static str,
    /// What is not as it is asked for.
    problems: Vec<Problem<'r>>,
    /// How the golden file differs, in the unified form.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<&'r str>,
    /// Why the state cannot be read; then nothing else is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
}

/// One thing that is not as it is asked for.
#[derive(Debug, Serialize, JsonSchema)]
struct Problem<'r> {
    /// Stable code, such as `RS711`; `runstate explain` explains it.
    code: String,
    /// The code's name.
    name: &'static str,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// Where in the state; behind `!`, where in a text that stands there.
    pointers: &'r [String],
    /// Line in the state, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// One sentence.
    message: &'r str,
    /// What to do.
    help: &'r str,
}

impl<'r> Problem<'r> {
    fn new(said: &'r Said) -> Self {
        let Said { code, severity, word: _, place, pointers, message, help } = said;
        Self {
            code: code.to_string(),
            name: code.explanation().name,
            severity: severity.name(),
            pointers,
            line: place.map(|place| place.0),
            column: place.map(|place| place.1),
            message,
            help,
        }
    }
}

/// What became of the golden file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Same,
    New,
    Updated,
    Removed,
}

/// What came of one state.
#[derive(Debug)]
pub(super) struct Done {
    file: String,
    /// The golden file, from the tested folder on.
    pub(super) golden: String,
    pub(super) status: Status,
    said: Vec<Said>,
    /// What is written to the golden file.
    pub(super) golden_text: Option<String>,
    pub(super) diff: Option<String>,
    error: Option<String>,
    pub(super) exit: Exit,
}

impl Done {
    pub(super) fn new(file: String, golden: String) -> Self {
        let (said, golden_text, diff, error) = (Vec::new(), None, None, None);
        Self { file, golden, status: Status::Same, said, golden_text, diff, error, exit: Exit::Clean }
    }

    pub(super) fn fail(&mut self, said: Said) {
        if said.severity == Severity::Error {
            self.exit = self.exit.max(Exit::Findings);
        }
        self.said.push(said);
    }

    pub(super) fn write(&mut self, status: Status) {
        self.status = status;
    }

    pub(super) fn unreadable(mut self, error: &str) -> Self {
        self.error = Some(error.to_owned());
        self.exit = Exit::Unreadable;
        self
    }

    fn status(&self) -> &'static str {
        match (&self.error, self.exit, self.status) {
            (Some(_), ..) => "unreadable",
            (None, Exit::Clean, Status::Same) => "passed",
            (None, Exit::Clean, Status::New) => "new",
            (None, Exit::Clean, Status::Updated) => "updated",
            (None, Exit::Clean, Status::Removed) => "removed",
            (None, ..) => "failed",
        }
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            file: &self.file,
            golden: &self.golden,
            status: self.status(),
            problems: self.said.iter().map(Problem::new).collect(),
            diff: self.diff.as_deref(),
            error: self.error.as_deref(),
        }
    }

    fn case(&self) -> Case<'_> {
        Case {
            file: &self.file,
            line: None,
            error: self.error.clone(),
            remarks: self.said.iter().map(|said| self.remark(said)).collect(),
            exit: self.exit,
        }
    }

    fn remark<'d>(&'d self, said: &'d Said) -> Remark<'d> {
        let Said { code, severity, word, place, pointers, message, help } = said;
        Remark {
            code: *code,
            severity: *severity,
            word,
            place: *place,
            pointers: pointers.clone(),
            message: printable(message),
            help,
            detail: self.diff.as_deref().filter(|_| *code == runstate::codes::GOLDEN_DIFFERS),
        }
    }

    fn summary(&self) -> Summary {
        let count = |severity| self.said.iter().filter(|said| said.severity == severity).count();
        Summary {
            files: 1,
            unreadable: usize::from(self.error.is_some()),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}

pub(super) const fn is_for_people(format: Format) -> bool {
    matches!(format, Format::Human | Format::Concise)
}

/// The part of the report that is about one state.
pub(super) fn part(done: &Done, format: Format, talk: Talk) -> Part {
    let report = match format {
        Format::Human => human(done, talk),
        Format::Concise => concise(done),
        Format::Json => render::json(&done.entry()),
        Format::Ndjson => render::json(&done.entry()) + "\n",
        Format::Github | Format::Sarif | Format::Junit => {
            return Part::of(&done.case(), format, "test", done.summary());
        }
    };
    let complaint = done.error.as_ref().filter(|_| is_for_people(format));
    let complaint = complaint.map(|error| format!("{}: {error}", done.file));
    Part { report, complaint, notice: None, summary: done.summary(), exit: done.exit }
}

/// What is wrong with `runstate.toml`, where it is looked for: all of it is on stderr as well.
pub(super) fn config(format: Format, file: &str, faults: &[Fault]) -> Result<(), Failure> {
    if format == Format::Github {
        let mut out = std::io::stdout().lock();
        for Fault { line, column, message } in faults {
            out.write_all(render::annotation(file, (*line, *column), "runstate test", message).as_bytes())?;
        }
    }
    Ok(())
}

/// So many lines of a difference are shown to people.
const LINES: usize = 200;

fn diff_length(done: &Done) -> usize {
    done.diff.as_deref().unwrap_or_default().lines().count()
}

// Writing into a string cannot fail.
fn concise(done: &Done) -> String {
    let mut out = String::new();
    for said in &done.said {
        let (color, severity, code) = (style(said.severity), said.severity.name(), said.code);
        let _ = writeln!(
            out,
            "{BOLD}{}{BOLD:#}: {color}{severity}[{code}]{color:#} {}",
            place(done, said),
            printable(&said.message)
        );
    }
    out
}

fn human(done: &Done, talk: Talk) -> String {
    let mut out = String::new();
    for said in &done.said {
        let (color, severity, code) = (style(said.severity), said.severity.name(), said.code);
        let message = printable(&said.message);
        let _ = writeln!(out, "{BOLD}{}{BOLD:#}: {color}{severity}[{code}]{color:#}: {message}", place(done, said));
        for pointer in said.pointers.iter().filter(|pointer| !pointer.is_empty()) {
            let _ = writeln!(out, "  --> {}", printable(pointer));
        }
        if code == runstate::codes::GOLDEN_DIFFERS {
            let diff = done.diff.as_deref().unwrap_or_default();
            for line in diff.lines().take(LINES) {
                let color = match line.as_bytes().first() {
                    Some(b'+') => AnsiColor::Green.on_default(),
                    Some(b'-') => AnsiColor::Red.on_default(),
                    Some(b'@') => AnsiColor::Cyan.on_default(),
                    _ => Style::new(),
                };
                let _ = writeln!(out, "  {color}{}{color:#}", printable(line));
            }
        }
        if code == runstate::codes::GOLDEN_DIFFERS && diff_length(done) > LINES {
            let _ = writeln!(out, "  … and {} more lines", diff_length(done) - LINES);
        }
        let _ = writeln!(out, "  = help: {}\n", printable(&said.help));
    }
    if done.error.is_none() && (talk == Talk::Normal || done.status != Status::Same) {
        let file = printable(&done.file);
        let what: Cow<'_, str> = match (done.exit, done.status) {
            (Exit::Clean, Status::Same) => "as before".into(),
            (_, Status::New) => format!("new, {} is written", done.golden).into(),
            (_, Status::Updated) => format!("{} is written anew", done.golden).into(),
            (_, Status::Removed) => "belonged to no state and is removed".into(),
            (_, Status::Same) => return out,
        };
        let _ = writeln!(out, "{BOLD}{file}{BOLD:#}: {}", printable(&what));
    }
    out
}

fn place<'d>(done: &'d Done, said: &Said) -> Cow<'d, str> {
    let file = printable(&done.file);
    match said.place {
        Some((line, column)) => Cow::Owned(format!("{file}:{line}:{column}")),
        None => file,
    }
}

/// All states in a sentence.
#[derive(Debug, Default)]
pub(super) struct Count {
    passed: usize,
    failed: usize,
    written: usize,
    removed: usize,
}

impl Count {
    pub(super) fn add(&mut self, done: &Done) {
        match (done.exit, done.status) {
            (Exit::Clean, Status::Same) => self.passed += 1,
            (Exit::Clean, Status::New | Status::Updated) => self.written += 1,
            (Exit::Clean, Status::Removed) => self.removed += 1,
            _ => self.failed += 1,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, written, removed } = self;
        write!(f, "{passed} as before, {failed} failed")?;
        if *written > 0 {
            write!(f, ", {written} golden file{} written", if *written == 1 { "" } else { "s" })?;
        }
        if *removed > 0 {
            write!(f, ", {removed} removed")?;
        }
        Ok(())
    }
}
