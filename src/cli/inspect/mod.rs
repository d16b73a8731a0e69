//! `runstate inspect`.

mod human;

use schemars::JsonSchema;
use serde::Serialize;

use runstate::{Severity, inspect};

use super::args::{Inspect, Reply};
use super::inputs::{Content, Origin, Task, read, tasks};
use super::judge::options;
use super::output::{Output, Part};
use super::render::{self, Talk};
use super::report::{Checked, Outcome, Summary};
use super::{Exit, Failure, batch};

/// So many characters of a value stand on a line.
const WIDTH: usize = 96;

/// What `--format json` writes for `inspect`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate inspect --format json`")]
pub(crate) struct Inspections<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// One entry a state, in the order of the inputs. With `--format ndjson`, every line is one of these.
    files: Vec<Entry<'r>>,
    /// All of them together.
    summary: Summary,
}

/// What one input says.
#[derive(Debug, Serialize, JsonSchema)]
struct Entry<'r> {
    /// The file as it was named or found; `<stdin>`.
    file: &'r str,
    /// Number of the line, with `--ndjson`.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Why the file cannot be read; then nothing else is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What it says.
    #[serde(flatten)]
    says: Option<&'r runstate::Summary>,
}

pub(crate) fn run(arguments: &Inspect) -> Result<Exit, Failure> {
    let mut how = runstate::Inspect::default();
    how.validate = options(&arguments.judging, arguments.inputs.at.as_deref())?;
    how.width = (arguments.format == Reply::Human && !arguments.full).then_some(WIDTH);
    how.show_values = arguments.show_values;
    how.size = arguments.size;
    let mut output = Output::stdout(arguments.format.into(), "inspect");
    batch::in_order(
        tasks(&arguments.inputs),
        arguments.inputs.jobs,
        |task| look(task, &how, arguments),
        |part| output.part(&part),
    )?;
    Ok(output.finish()?.exit)
}

fn look(task: Task, how: &runstate::Inspect, arguments: &Inspect) -> Part {
    let Task { file, origin } = task;
    let (line, content) = match origin {
        Origin::Line { number, bytes, .. } => (Some(number), Content::Bytes(bytes)),
        Origin::LongLine { number, .. } => (Some(number), Content::TooLarge),
        Origin::File(_) | Origin::Stdin => (None, read(&origin)),
        Origin::Empty => return unknown(file, Outcome::Empty, arguments),
        Origin::Unreadable(error) => return unknown(file, Outcome::Unreadable(error), arguments),
    };
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLarge => {
            let outcome = Outcome::Judged { verdict: super::judge::too_large(), windows: Vec::new() };
            return unknown(file, outcome, arguments);
        }
        Content::Unreadable(error) => return unknown(file, Outcome::Unreadable(error), arguments),
    };
    let says = inspect(&bytes, how);
    let count = |severity: Severity| says.findings.iter().filter(|own| own.severity == severity.name()).count();
    let is_json = says.dialect.is_some() || runstate::json::Document::parse(bytes).is_ok();
    let summary = Summary {
        files: 1,
        unreadable: usize::from(!is_json),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
    };
    let exit = match summary.errors {
        _ if !is_json => Exit::Unreadable,
        0 => Exit::Clean,
        _ => Exit::Findings,
    };
    let report = match arguments.format {
        Reply::Human => {
            let name = line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
            human::render(&name, &says, arguments)
        }
        Reply::Json => render::json(&Entry { file: &file, line, error: None, says: Some(&says) }),
        Reply::Ndjson => render::json(&Entry { file: &file, line, error: None, says: Some(&says) }) + "\n",
    };
    Part { report, complaint: None, notice: None, summary, exit }
}

/// An input that nothing can be told about.
fn unknown(file: String, outcome: Outcome, arguments: &Inspect) -> Part {
    let checked = Checked { file, line: None, outcome };
    let exit = checked.exit(super::args::FailOn::Error);
    let mut part = render::part(&checked, arguments.format.into(), Talk::Normal, exit, "inspect");
    let entry = Entry { file: &checked.file, line: None, error: checked.error(), says: None };
    match arguments.format {
        Reply::Human => {}
        Reply::Json => part.report = render::json(&entry),
        Reply::Ndjson => part.report = render::json(&entry) + "\n",
    }
    part
}
