//! `runstate normalize`.

use runstate::{Invalid, Layout, normalize};

use super::args::{Format, Keys, Normalize, Style};
use super::inputs::{Content, Origin, read};
use super::judge::{look, options, too_large};
use super::output::Output;
use super::render::{self, Talk};
use super::report::{Checked, Outcome};
use super::save::{self, Existing};
use super::validate::windows;
use super::{Exit, Failure};

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
    let existing = Existing::forced(arguments.force);
    existing.check(arguments.output.as_deref())?;
    let (file, origin) = match arguments.input.as_os_str().to_str() {
        Some("-") => ("<stdin>".to_owned(), Origin::Stdin),
        _ => (arguments.input.to_string_lossy().into_owned(), Origin::File(arguments.input.clone())),
    };
    let (written, outcome) = match read(&origin) {
        Content::Bytes(bytes) => {
            let written = normalize(&bytes, &how).bytes;
            let shown = windows(arguments.format, arguments.show_values);
            (written, look(bytes, &origin, &how.validate, shown))
        }
        Content::TooLarge => (None, Outcome::Judged { verdict: too_large(), windows: Vec::new() }),
        Content::Unreadable(error) => (None, Outcome::Unreadable(error)),
    };
    let checked = Checked { file, line: None, outcome };
    let exit = checked.exit(arguments.fail_on).max(if written.is_some() { Exit::Clean } else { Exit::Findings });
    let is_document = matches!(arguments.format, Format::Sarif | Format::Junit);
    if is_document || !(checked.findings().is_empty() && checked.error().is_none()) {
        let talk = if arguments.quiet { Talk::Quiet } else { Talk::Normal };
        let mut report = Output::stderr(arguments.format, "normalize");
        report.part(&render::part(&checked, arguments.format, talk, exit, "normalize"))?;
        report.finish()?;
    }
    if let Some(bytes) = written {
        save::write(arguments.output.as_deref(), &bytes, existing)?;
    }
    Ok(exit)
}
