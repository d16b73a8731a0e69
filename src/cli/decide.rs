//! `runstate approve` and `runstate reject`.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use schemars::JsonSchema;
use serde::Serialize;

use runstate::{ApprovalStatus, Calls, Decided, Pending, Refusal};

use super::args::{Deciding, Reply};
use super::inputs::{Content, Origin, read};
use super::judge::{look, options, too_large};
use super::render::{self, Talk, printable};
use super::report::{Checked, Outcome};
use super::save::{self, Existing};
use super::validate::windows;
use super::{Exit, Failure, batch};

/// What `--format json` writes for `approve` and `reject`, to stderr.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate approve --format json` and `runstate reject --format json`")]
pub(crate) struct Report<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// The file as it was named; `<stdin>`.
    file: &'r str,
    /// Why the file cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether a state with the decision in it was written.
    written: bool,
    /// `approved` or `rejected`.
    verdict: ApprovalStatus,
    /// Whether the decision is about all further calls of the tool, too.
    always: bool,
    /// What was decided.
    calls: &'r [Pending],
    /// Calls that wait and that a standing decision covers, too.
    covered: &'r [Pending],
    /// Why nothing was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'r Refusal>,
}

pub(crate) fn run(arguments: &Deciding, verdict: ApprovalStatus, message: Option<&str>) -> Result<Exit, Failure> {
    let calls = match (&arguments.call[..], arguments.all) {
        ([], true) => Calls::All { tool: arguments.tool.clone() },
        (ids, _) => Calls::Ids { ids: ids.to_vec(), path: path(&arguments.inside) },
    };
    let mut how = runstate::Decide::new(verdict, calls);
    how.validate = options(&arguments.judging, arguments.at.as_deref())?;
    how.always = arguments.always;
    how.message = message.map(str::to_owned);
    let existing = Existing::forced(arguments.force);
    existing.check(arguments.output.as_deref())?;
    let is_stdin = arguments.input.as_os_str() == "-";
    if is_stdin && arguments.in_place {
        return Err(Failure::Usage("--in-place needs a file".to_owned()));
    }
    let (file, origin) = match is_stdin {
        true => ("<stdin>".to_owned(), Origin::Stdin),
        false => (arguments.input.to_string_lossy().into_owned(), Origin::File(arguments.input.clone())),
    };
    let (decided, outcome) = match read(&origin) {
        Content::Bytes(bytes) => batch::alone(bytes.len(), || {
            let decided = runstate::decide(&bytes, &how);
            let refused = decided.bytes.is_none() && decided.refusal.is_none();
            // What keeps the state from being decided about is told as `validate` tells it.
            let outcome = refused.then(|| {
                let mut validate = how.validate.clone();
                validate.reader = validate.reader.or(decided.reader);
                look(bytes, &origin, &validate, windows(super::args::Format::Human, false))
            });
            (Some(decided), outcome)
        }),
        Content::TooLarge => (None, Some(Outcome::Judged { verdict: too_large(), windows: Vec::new() })),
        Content::Unreadable(error) => (None, Some(Outcome::Unreadable(error))),
    };
    let checked = outcome.map(|outcome| Checked { file: file.clone(), line: None, outcome });
    talk(&file, decided.as_ref(), checked.as_ref(), arguments, verdict);
    let exit = match (&decided, &checked) {
        (_, Some(checked)) => checked.exit(super::args::FailOn::Error).max(Exit::Findings),
        (Some(Decided { bytes: Some(_), .. }), None) => Exit::Clean,
        _ => Exit::Findings,
    };
    if let Some(bytes) = decided.and_then(|decided| decided.bytes) {
        match arguments.in_place {
            true => save::replace(&arguments.input, &bytes)?,
            false => save::write(arguments.output.as_deref(), &bytes, existing)?,
        }
    }
    Ok(exit)
}

/// The calls around; nothing when none are said, and the outermost run for an empty one.
fn path(inside: &[String]) -> Option<Vec<String>> {
    (!inside.is_empty()).then(|| inside.iter().filter(|id| !id.is_empty()).cloned().collect())
}

/// Says on stderr what was decided, or why not.
fn talk(
    file: &str,
    decided: Option<&Decided>,
    checked: Option<&Checked>,
    arguments: &Deciding,
    verdict: ApprovalStatus,
) {
    let text = if arguments.format == Reply::Human {
        let part = checked
            .map(|checked| render::part(checked, super::args::Format::Human, Talk::Normal, Exit::Findings, "approve"));
        if let Some(complaint) = part.as_ref().and_then(|part| part.complaint.as_deref()) {
            super::complain(complaint);
        }
        let report = part.map(|part| part.report).unwrap_or_default();
        report + &decided.map(|decided| human(file, decided, arguments, verdict)).unwrap_or_default()
    } else {
        let report = Report {
            version: 1,
            file,
            error: checked.and_then(Checked::error),
            written: decided.is_some_and(|decided| decided.bytes.is_some()),
            verdict,
            always: arguments.always,
            calls: decided.map_or(&[], |decided| &decided.calls),
            covered: decided.map_or(&[], |decided| &decided.covered),
            refusal: decided.and_then(|decided| decided.refusal.as_ref()),
        };
        render::json(&report) + "\n"
    };
    // There is nowhere left to report that stderr is closed.
    let _ = anstream::stderr().write_all(text.as_bytes());
}

fn human(file: &str, decided: &Decided, arguments: &Deciding, verdict: ApprovalStatus) -> String {
    const BAD: Style = AnsiColor::Red.on_default().bold();
    const GOOD: Style = AnsiColor::Green.on_default().bold();
    let file = printable(file);
    if let Some(refusal) = &decided.refusal {
        let (message, help) = (printable(&refusal.message), printable(&refusal.help));
        return format!("{file}: {BAD}error[{}]{BAD:#}: {message}\n  = help: {help}\n", refusal.code);
    }
    let (style, said) = if verdict == ApprovalStatus::Approved { (GOOD, "approved") } else { (BAD, "rejected") };
    let mut text = String::new();
    for (calls, more) in [(&decided.calls, ""), (&decided.covered, ", which waits and is covered, too")] {
        for call in calls {
            let name = call.tool.as_deref().unwrap_or("?");
            let agent = call.agent.as_deref().unwrap_or("?");
            let id = call.call_id.as_deref().unwrap_or_default();
            let path: Vec<&str> = call.path.iter().map(|outer| outer.call_id.as_str()).collect();
            let inside = if path.is_empty() { String::new() } else { format!(" inside {}", path.join(" > ")) };
            let always = if arguments.always { ", and all further calls of it" } else { "" };
            let call = format!("{name} for {agent}, call {id}{inside}{always}{more}: {}", call.arguments);
            text.push_str(&format!("{file}: {style}{said}{style:#} {}\n", printable(&call)));
        }
    }
    text
}
