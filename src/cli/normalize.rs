//! `runstate normalize`.

use std::io::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use runstate::{Finding, Invalid, Layout, Level, Loss, Rewritten, Severity, Verdict, normalize};

use super::args::{Defaults, Format, Keys, Normalize, Style};
use super::inputs::{Content, Origin, read};
use super::judge::{look, options, too_large};
use super::output::Output;
use super::render::{self, Talk};
use super::report::{Checked, Outcome, Row};
use super::save::{self, Existing};
use super::validate::windows;
use super::{Exit, Failure, batch};

pub(crate) fn run(arguments: &Normalize) -> Result<Exit, Failure> {
    let mut how = runstate::Normalize::default();
    how.validate = options(&arguments.judging, arguments.at.as_deref())?;
    how.invalid = if arguments.accept_invalid { Invalid::Accept } else { Invalid::Refuse };
    how.layout = match arguments.style {
        Style::Sdk => Layout::Sdk,
        Style::Line => Layout::Line,
        Style::Indented => Layout::Indented,
    };
    how.keys = match arguments.keys {
        Keys::Sdk => runstate::Keys::AsWritten,
        Keys::Sorted => runstate::Keys::Sorted,
    };
    how.defaults = match arguments.defaults {
        Defaults::AsWritten => runstate::Defaults::AsWritten,
        Defaults::Explicit => runstate::Defaults::Explicit,
        Defaults::Removed => runstate::Defaults::Removed,
    };
    how.to = arguments.to;
    how.volatile = arguments.volatile;
    how.redact.clone_from(&arguments.redact);
    let existing = Existing::forced(arguments.force);
    existing.check(arguments.output.as_deref())?;
    let (file, origin) = match arguments.input.as_os_str().to_str() {
        Some("-") => ("<stdin>".to_owned(), Origin::Stdin),
        _ => (arguments.input.to_string_lossy().into_owned(), Origin::File(arguments.input.clone())),
    };
    let mut done = None;
    let outcome = match read(&origin) {
        Content::Bytes(bytes) => batch::alone(bytes.len(), || {
            let outcome = done.insert(normalize(&bytes, &how));
            if outcome.bytes.is_some() && outcome.findings.is_empty() {
                Outcome::Judged { verdict: Verdict::clean(), windows: Vec::new() }
            } else {
                let shown = windows(arguments.format, arguments.show_values);
                look(bytes, &origin, &how.validate, shown)
            }
        }),
        Content::TooLarge => Outcome::Judged { verdict: too_large(), windows: Vec::new() },
        Content::Unreadable(error) => Outcome::Unreadable(error),
    };
    let checked = Checked { file, line: None, outcome };
    let edits =
        how.to.is_some() || how.volatile || !how.redact.is_empty() || how.defaults != runstate::Defaults::AsWritten;
    let written = done.as_ref().and_then(|done| done.bytes.as_deref());
    let exit = checked.exit(arguments.fail_on).max(if written.is_some() { Exit::Clean } else { Exit::Findings });
    if let Some(done) = done.as_ref().filter(|_| edits) {
        if matches!(arguments.format, Format::Json | Format::Ndjson) {
            let report = Report::of(done, &checked);
            let _ = writeln!(anstream::stderr(), "{}", render::json(&report));
        } else {
            tell(done, &checked, arguments.quiet);
        }
        if let Some(bytes) = written {
            save::write(arguments.output.as_deref(), bytes, existing)?;
        }
        return Ok(exit);
    }
    let is_document = matches!(arguments.format, Format::Sarif | Format::Junit);
    if is_document || !(checked.findings().is_empty() && checked.error().is_none()) {
        let talk = if arguments.quiet { Talk::Quiet } else { Talk::Normal };
        let mut report = Output::stderr(arguments.format, "normalize");
        report.part(&render::part(&checked, arguments.format, talk, exit, "normalize"))?;
        report.finish()?;
    }
    if let Some(bytes) = written {
        save::write(arguments.output.as_deref(), bytes, existing)?;
    }
    Ok(exit)
}

/// What `--format json` writes to stderr when a state is changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate normalize --format json` with --to, --volatile, --redact or --defaults")]
pub(crate) struct Report<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// The file as it was named; `<stdin>`.
    file: &'r str,
    /// Whether there is a result.
    written: bool,
    /// What was changed, and how often.
    changes: &'r [Rewritten],
    /// What a conversion could not keep, the worst first.
    losses: &'r [Loss],
    /// What is wrong with the input; where there is no result, with what would have come of it.
    findings: Vec<Row<'r>>,
}

impl<'r> Report<'r> {
    fn of(done: &'r runstate::Outcome, checked: &'r Checked) -> Self {
        Self {
            version: 1,
            file: &checked.file,
            written: done.bytes.is_some(),
            changes: &done.changes,
            losses: &done.losses,
            findings: done.findings.iter().map(Row::new).collect(),
        }
    }
}

/// Says on stderr what was changed and how often, and why there is no result.
fn tell(done: &runstate::Outcome, checked: &Checked, quiet: bool) {
    let file = render::printable(&checked.file);
    if done.bytes.is_none() {
        for finding in done.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            let is_old = |own: &Finding| own.code == finding.code && own.pointer == finding.pointer;
            let whose = if checked.findings().iter().any(is_old) { "" } else { "the result is not written: " };
            super::complain(&format!("{file}: {whose}{} ({})", finding.message, finding.code));
        }
    }
    for loss in done.losses.iter().filter(|loss| !quiet || done.bytes.is_none() && loss.level >= Level::Resume) {
        let _ = writeln!(
            anstream::stderr(),
            "{file}: {} {}: {}",
            loss.level.name(),
            loss.code,
            render::printable(&loss.reason)
        );
    }
    if !quiet && !done.changes.is_empty() {
        let changes: Vec<String> = done.changes.iter().map(|own| format!("{} {}", own.count, own.what)).collect();
        let _ = writeln!(anstream::stderr(), "{file}: {}", changes.join(", "));
    }
}
