//! `runstate detect`.

use schemars::JsonSchema;
use serde::Serialize;

use runstate::detect::{Detection, Elsewhere, detect};
use runstate::{Effect, Severity, codes};

use super::args::{Detect, Format};
use super::inputs::{Content, Origin, Task, read, tasks};
use super::output::{Output, Part};
use super::render::{self, Talk, printable};
use super::report::{Case, Checked, Outcome, Remark, Summary};
use super::{Exit, Failure, batch};

/// What `--format json` writes for `detect`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate detect --format json`")]
pub(crate) struct Detections<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// One entry an input, in their order. With `--format ndjson`, every line is one of these.
    files: Vec<Entry<'r>>,
    /// All of them together.
    summary: Summary,
}

/// What one input is.
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
    /// What it is.
    #[serde(flatten)]
    what: Option<&'r Detection>,
}

pub(crate) fn run(arguments: &Detect) -> Result<Exit, Failure> {
    let Detect { inputs, reporting } = arguments;
    let talk = Talk::new(reporting);
    let mut output = Output::stdout(reporting.format, "detect");
    batch::in_order(
        tasks(inputs),
        inputs.jobs,
        |task| recognise(task, inputs.at.as_deref(), reporting.format, talk),
        |part| output.part(&part),
    )?;
    Ok(output.finish()?.exit)
}

fn recognise(task: Task, at: Option<&str>, format: Format, talk: Talk) -> Part {
    let Task { file, origin } = task;
    let (line, bytes) = match origin {
        Origin::Line { number, bytes, .. } => (Some(number), Content::Bytes(bytes)),
        Origin::LongLine { number, .. } => (Some(number), Content::TooLarge),
        Origin::File(_) | Origin::Stdin => (None, read(&origin)),
        Origin::Empty => return unknown(file, Outcome::Empty, format, talk),
        Origin::Unreadable(error) => (None, Content::Unreadable(error)),
    };
    let found = match bytes {
        Content::Bytes(bytes) => detect(bytes, at),
        Content::TooLarge => Detection::Unreadable { line: 1, column: 1, message: "larger than 4 GiB".to_owned() },
        Content::Unreadable(error) => return unknown(file, Outcome::Unreadable(error), format, talk),
    };
    let exit = exit(&found);
    let summary = Summary {
        files: 1,
        unreadable: usize::from(exit == Exit::Unreadable),
        errors: usize::from(exit == Exit::Findings),
        ..Summary::default()
    };
    let place = |own: usize, column: usize| format!("{}:{}:{column}", printable(&file), line.unwrap_or(own));
    let report = match format {
        Format::Json => render::json(&Entry { file: &file, line, error: None, what: Some(&found) }),
        Format::Ndjson => render::json(&Entry { file: &file, line, error: None, what: Some(&found) }) + "\n",
        Format::Human | Format::Concise if talk == Talk::Quiet && exit == Exit::Clean => String::new(),
        Format::Concise => format!("{}: {}\n", place(1, 1), headline(&found)),
        Format::Human => {
            let name =
                line.map_or_else(|| printable(&file).into_owned(), |line| format!("{}:{line}", printable(&file)));
            format!("{name}: {}\n{}", headline(&found), details(&found))
        }
        Format::Github | Format::Sarif | Format::Junit => {
            let remarks = remark(&found, line).into_iter().collect();
            return Part::of(&Case { file: &file, line, error: None, remarks, exit }, format, "detect", summary);
        }
    };
    Part { report, complaint: None, notice: None, summary, exit }
}

/// An input that nothing can be told about.
fn unknown(file: String, outcome: Outcome, format: Format, talk: Talk) -> Part {
    let checked = Checked { file, line: None, outcome };
    let exit = checked.exit(super::args::FailOn::Error);
    let mut part = render::part(&checked, format, talk, exit, "detect");
    let entry = Entry { file: &checked.file, line: None, error: checked.error(), what: None };
    match format {
        Format::Json => part.report = render::json(&entry),
        Format::Ndjson => part.report = render::json(&entry) + "\n",
        _ => {}
    }
    part
}

/// A state that no release reads counts as a finding.
fn exit(found: &Detection) -> Exit {
    match found {
        Detection::State { format: Some(_), .. } => Exit::Clean,
        Detection::Unreadable { .. } => Exit::Unreadable,
        _ => Exit::Findings,
    }
}

fn position(found: &Detection) -> (usize, usize) {
    match found {
        Detection::Unreadable { line, column, .. }
        | Detection::Unknown { elsewhere: Some(Elsewhere { line, column, .. }) } => (*line, *column),
        _ => (1, 1),
    }
}

/// What is wrong with an input that no release reads, in the words of the report.
fn remark(found: &Detection, line: Option<usize>) -> Option<Remark<'_>> {
    let code = match found {
        Detection::State { format: Some(_), .. } => return None,
        Detection::State { label: Some(_), .. } => codes::UNKNOWN_LABEL,
        Detection::State { .. } => codes::NO_LABEL,
        Detection::OtherPort { .. } => codes::OTHER_PORT,
        Detection::Unreadable { .. } => codes::SYNTAX,
        _ => codes::NOT_A_STATE,
    };
    let (own, column) = position(found);
    let pointers = match found {
        Detection::Unknown { elsewhere: Some(place) } => vec![place.pointer.clone()],
        _ => Vec::new(),
    };
    Some(Remark {
        code,
        severity: Severity::Error,
        word: Effect::Refused.name(),
        place: Some((line.unwrap_or(own), column)),
        pointers,
        message: headline(found).into(),
        help: code.explanation().help,
        detail: None,
    })
}

fn headline(found: &Detection) -> String {
    match found {
        Detection::State { format: Some(format), .. } => format.clone(),
        Detection::State { dialect, label: Some(label), .. } => {
            format!("{dialect}, unknown label \"{}\"", printable(label))
        }
        Detection::State { dialect, .. } => format!("{dialect}, without a label"),
        Detection::OtherPort { port, .. } => format!("no state of the two SDKs: {port} wrote it"),
        Detection::Unknown { elsewhere: None } => "JSON, but no RunState".to_owned(),
        Detection::Unknown { elsewhere: Some(place) } => {
            format!("JSON with a RunState at {}", printable(&place.pointer))
        }
        Detection::Unreadable { message, .. } => printable(message).into_owned(),
        _ => "unknown".to_owned(),
    }
}

fn details(found: &Detection) -> String {
    match found {
        Detection::State { dialect, written_by, readable_since, mixed, .. } => {
            let package = if *dialect == "python" { "openai-agents" } else { "@openai/agents" };
            let mut out = String::new();
            match written_by.as_slice() {
                [] => {}
                [one] => out += &format!("  written by  {package} {one}\n"),
                [first, .., last] => {
                    let count = written_by.len();
                    out += &format!("  written by  {package} {first} to {last} ({count} releases)\n");
                }
            }
            if let Some(since) = readable_since {
                out += &format!("  read by     {package} {since} and later\n");
            }
            if *mixed {
                out += "  note        keys of the other SDK's format stand beside its own\n";
            }
            out
        }
        Detection::Unknown { elsewhere: Some(place) } => {
            let how = if place.in_string { ", as text in a string" } else { "" };
            let pointer = printable(&place.pointer).replace('\'', r"'\''");
            format!("  line {}, column {}{how}; read it with --at '{pointer}'\n", place.line, place.column)
        }
        _ => String::new(),
    }
}
