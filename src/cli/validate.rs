//! `runstate validate`.

use std::io::Write as _;

use super::args::{Format, Validate};
use super::judge::{Windows, check, options};
use super::output::Output;
use super::render::{self, Talk};
use super::window::Values;
use super::{Exit, Failure, batch, inputs};

pub(crate) fn run(arguments: &Validate) -> Result<Exit, Failure> {
    let Validate { inputs, judging, reporting, fail_on, show_values } = arguments;
    let options = options(judging, inputs.at.as_deref())?;
    let windows = windows(reporting.format, *show_values);
    let talk = Talk::new(reporting);
    let mut output = Output::stdout(reporting.format, "validate");
    batch::in_order(
        inputs::tasks(inputs),
        inputs.jobs,
        |task| {
            let checked = check(task, &options, windows);
            let exit = checked.exit(*fail_on);
            render::part(&checked, reporting.format, talk, exit, "validate")
        },
        |part| output.part(&part),
    )?;
    let total = output.finish()?;
    if talk == Talk::Normal && matches!(reporting.format, Format::Human | Format::Concise) {
        // There is nowhere left to report that stderr is closed.
        let _ = writeln!(anstream::stderr(), "{}", render::summary(total.summary));
    }
    Ok(total.exit)
}

/// The windows that this form of the report has.
pub(crate) fn windows(format: Format, show_values: bool) -> Windows {
    match (format, show_values) {
        (Format::Human, true) => Windows::With(Values::Shown),
        (Format::Human, false) => Windows::With(Values::Masked),
        _ => Windows::None,
    }
}
