//! The command line: files, threads, colors and exit codes. The only place with I/O.

mod args;
mod batch;
mod convert;
mod decide;
mod detect;
mod diff;
mod explain;
mod hash;
mod inputs;
mod inspect;
mod judge;
mod mask;
mod normalize;
mod output;
mod render;
mod report;
mod roundtrip;
mod save;
mod schema;
mod shell;
mod test;
mod validate;
mod versions;
mod window;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::Parser as _;

use runstate::ApprovalStatus;

use args::{Arguments, Command};

/// What the process ends with. In rising order: of several inputs, the highest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Nothing to complain about.
    #[default]
    Clean = 0,
    /// A finding at or above `--fail-on`.
    Findings = 1,
    /// Wrong usage, or no input.
    Usage = 2,
    /// An input that cannot be read or is not JSON.
    Unreadable = 3,
    /// Whoever read the output went away, so that not everything was looked at: what a shell says of a program that SIGPIPE ends.
    Closed = 141,
}

/// Why a command cannot go on.
#[derive(Debug)]
enum Failure {
    /// The user asked for something that cannot be done; the text says what.
    Usage(String),
    /// The output cannot be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Reads the arguments, does what they say, and gives the exit code.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.write_global();
    let done = match arguments.command {
        Command::Validate(options) => validate::run(&options),
        Command::Detect(options) => detect::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Approve(options) => decide::run(&options, ApprovalStatus::Approved, None),
        Command::Reject(options) => {
            decide::run(&options.deciding, ApprovalStatus::Rejected, options.message.as_deref())
        }
        Command::Normalize(options) => normalize::run(&options),
        Command::Convert(options) => convert::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::GitDiff(options) => diff::git(&options),
        Command::Test(options) => test::run(&options),
        Command::Hash(options) => hash::run(&options),
        Command::Roundtrip(options) => roundtrip::run(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Versions(options) => versions::run(&options),
        Command::Rules(options) => explain::rules(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Completions(options) => shell::completions(&options),
        Command::Man(options) => shell::man(&options),
    };
    let exit = match done {
        Ok(exit) => exit,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Closed,
        Err(Failure::Output(error)) => {
            complain(&format!("cannot write the output: {error}"));
            Exit::Unreadable
        }
        Err(Failure::Usage(message)) => {
            complain(&message);
            Exit::Usage
        }
    };
    ExitCode::from(exit as u8)
}

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Says on stderr what is wrong apart from the content of the inputs.
fn complain(message: &str) {
    let message = render::printable(message);
    // There is nowhere left to report that stderr is closed.
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {message}");
}
