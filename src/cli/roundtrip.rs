//! `runstate roundtrip`.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use runstate::{Dialect, Difference, DifferenceKind, Loss, RoundTrip, Target, codes, roundtrip};

use super::args::{Format, Roundtrip};
use super::inputs::{Content, Origin, Task, read, tasks};
use super::output::{Output, Part};
use super::render::{self, Talk, printable};
use super::report::{Case, Checked, Outcome, Remark, Summary};
use super::{Exit, Failure, batch};

/// What `--format json` writes for `roundtrip`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate roundtrip --format json`")]
pub(crate) struct RoundTrips<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// One entry an input, in their order. With `--format ndjson`, every line is one of these.
    files: Vec<Entry<'r>>,
    /// All of them together.
    summary: Summary,
}

/// What became of one input.
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
    /// What it is, such as `python@1.21`.
    from: Option<String>,
    /// The format that it went through.
    via: String,
    /// Whether it is byte for byte the same once it was read into the typed model and written again.
    same: bool,
    /// Whether it could be converted.
    converted: bool,
    /// Whether it comes back byte for byte when what the other format has no place for is carried along.
    restored: bool,
    /// What is not as it was when nothing is carried along.
    differences: &'r [Difference],
    /// What is not as it was in the other format.
    losses: &'r [Loss],
}

pub(crate) fn run(arguments: &Roundtrip) -> Result<Exit, Failure> {
    let mut output = Output::stdout(arguments.reporting.format, "roundtrip");
    batch::in_order(
        tasks(&arguments.inputs),
        arguments.inputs.jobs,
        |task| one(task, arguments),
        |part| output.part(&part),
    )?;
    Ok(output.finish()?.exit)
}

fn one(task: Task, arguments: &Roundtrip) -> Part {
    let Task { file, origin } = task;
    let (line, content) = match origin {
        Origin::Line { number, bytes, .. } => (Some(number), Content::Bytes(bytes)),
        Origin::LongLine { number, .. } => (Some(number), Content::TooLarge),
        Origin::File(_) | Origin::Stdin => (None, read(&origin)),
        Origin::Empty => return unread(file, Outcome::Empty, arguments),
        Origin::Unreadable(error) => (None, Content::Unreadable(error)),
    };
    let bytes = match content {
        Content::Bytes(bytes) => bytes,
        Content::TooLarge => {
            let outcome = Outcome::Judged { verdict: super::judge::too_large(), windows: Vec::new() };
            return unread(file, outcome, arguments);
        }
        Content::Unreadable(error) => return unread(file, Outcome::Unreadable(error), arguments),
    };
    let mut options = runstate::Convert::default();
    options.at.clone_from(&arguments.inputs.at);
    options.allow_loss = arguments.allow_loss;
    options.assume_target_gates = arguments.assume_target_gates;
    let via = arguments.via.unwrap_or_else(|| other(&bytes, arguments.inputs.at.as_deref()));
    let trip = roundtrip(&bytes, via, &options);
    if trip.from.is_none() {
        let mut validate = runstate::Validate::default();
        validate.at.clone_from(&options.at);
        let outcome = super::judge::look(bytes, &Origin::Stdin, &validate, super::judge::Windows::None);
        return unread(file, outcome, arguments);
    }
    let exit = if trip.same && trip.converted && trip.restored { Exit::Clean } else { Exit::Findings };
    let summary = Summary { files: 1, errors: usize::from(exit != Exit::Clean), ..Summary::default() };
    let report = match arguments.reporting.format {
        Format::Json => render::json(&entry(&file, line, via, &trip)),
        Format::Ndjson => render::json(&entry(&file, line, via, &trip)) + "\n",
        Format::Human | Format::Concise if Talk::new(&arguments.reporting) == Talk::Quiet && exit == Exit::Clean => {
            String::new()
        }
        format @ (Format::Human | Format::Concise) => human(&file, line, via, &trip, format == Format::Human),
        format @ (Format::Github | Format::Sarif | Format::Junit) => {
            let remarks = if exit == Exit::Clean { Vec::new() } else { vec![remark(via, &trip, line)] };
            let case = Case { file: &file, line, error: None, remarks, exit };
            return Part::of(&case, format, "roundtrip", summary);
        }
    };
    Part { report, complaint: None, notice: None, summary, exit }
}

/// The newest format of the SDK that did not write the state.
fn other(bytes: &[u8], at: Option<&str>) -> Target {
    match runstate::detect::detect(bytes.to_vec(), at) {
        runstate::detect::Detection::State { dialect, .. } if dialect == Dialect::Python.name() => {
            Dialect::TypeScript.newest()
        }
        _ => Dialect::Python.newest(),
    }
}

fn unread(file: String, outcome: Outcome, arguments: &Roundtrip) -> Part {
    let checked = Checked { file, line: None, outcome };
    let exit = checked.exit(super::args::FailOn::Error).max(Exit::Findings);
    render::part(&checked, arguments.reporting.format, Talk::new(&arguments.reporting), exit, "roundtrip")
}

fn entry<'r>(file: &'r str, line: Option<usize>, via: Target, trip: &'r RoundTrip) -> Entry<'r> {
    Entry {
        file,
        line,
        error: None,
        from: trip.from.map(|from| from.to_string()),
        via: via.to_string(),
        same: trip.same,
        converted: trip.converted,
        restored: trip.restored,
        differences: &trip.differences,
        losses: &trip.losses,
    }
}

fn verdict(via: Target, trip: &RoundTrip) -> String {
    let own = if trip.same {
        "written again byte for byte"
    } else {
        "written again in the style of its SDK, which is another one"
    };
    let level = trip.losses.first().map_or("nothing", |loss| loss.level.name());
    let back = match (trip.converted, trip.restored) {
        (false, _) => format!("not converted to {via}: the loss would be of level {level}"),
        (true, true) => format!("back from {via} byte for byte with --carry"),
        (true, false) => format!("back from {via}, but not byte for byte, not even with --carry"),
    };
    format!("{own}; {back}")
}

fn human(file: &str, line: Option<usize>, via: Target, trip: &RoundTrip, whole: bool) -> String {
    let name = line.map_or_else(|| printable(file).into_owned(), |line| format!("{}:{line}", printable(file)));
    let from = trip.from.map(|from| from.to_string()).unwrap_or_default();
    let mut text = format!("{name}: {from}: {}\n", verdict(via, trip));
    if !whole {
        return text;
    }
    for Difference { pointer, kind, count, .. } in &trip.differences {
        let word = match kind {
            DifferenceKind::Changed => "changed",
            DifferenceKind::Gone => "gone",
            DifferenceKind::New => "new",
            DifferenceKind::Order => "in another order",
            _ => "different",
        };
        let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  without --carry {word}: {}{times}", printable(pointer));
    }
    if !trip.converted {
        for loss in trip.losses.iter().filter(|loss| Some(loss.level) == trip.losses.first().map(|loss| loss.level)) {
            let _ =
                writeln!(text, "  {} {} {}: {}", loss.level.name(), loss.code, printable(&loss.pointer), loss.reason);
        }
    }
    text
}

fn remark(via: Target, trip: &RoundTrip, line: Option<usize>) -> Remark<'static> {
    let code = trip.losses.first().map_or(codes::CHANGED_FORM, |loss| loss.code);
    Remark {
        code,
        severity: runstate::Severity::Error,
        word: trip.losses.first().map_or("note", |loss| loss.level.name()),
        place: Some((line.unwrap_or(1), 1)),
        pointers: Vec::new(),
        message: verdict(via, trip).into(),
        help: code.explanation().help,
        detail: None,
    }
}
