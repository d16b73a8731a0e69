//! `runstate hash`.

use std::io::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use runstate::{Effect, hash};

use super::args::{Hash, Listing};
use super::inputs::{Content, Origin, Task, read, tasks};
use super::render::printable;
use super::{Exit, Failure, batch};

/// What `--format json` writes, one such object a line and state.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Line of `runstate hash --format json`")]
pub(crate) struct Row {
    /// The file as it was named or found; `<stdin>`.
    file: String,
    /// Number of the line, with `--ndjson`.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The digest, with its version in front.
    hash: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

pub(crate) fn run(arguments: &Hash) -> Result<Exit, Failure> {
    let mut options = runstate::Hash::default();
    options.meaning = arguments.meaning;
    options.at.clone_from(&arguments.inputs.at);
    let mut exit = Exit::Clean;
    let mut out = anstream::stdout();
    batch::in_order(
        tasks(&arguments.inputs),
        arguments.inputs.jobs,
        |task| row(task, &options),
        |row| {
            exit = exit.max(row.exit);
            let place = row.line.map_or_else(|| row.file.clone(), |line| format!("{}:{line}", row.file));
            match (arguments.format, &row.hash, &row.problem) {
                (Listing::Json, ..) => writeln!(out, "{}", super::render::json(&row))?,
                (Listing::Human, Some(hash), _) => writeln!(out, "{hash}  {}", printable(&place))?,
                (Listing::Human, None, problem) => {
                    super::complain(&format!("{place}: {}", problem.as_deref().unwrap_or_default()));
                }
            }
            Ok(())
        },
    )?;
    Ok(exit)
}

fn row(task: Task, options: &runstate::Hash) -> Row {
    let Task { file, origin } = task;
    let failed = |file, line, problem: String, exit| Row { file, line, hash: None, problem: Some(problem), exit };
    let large = || "larger than a state can be".to_owned();
    let (bytes, line) = match origin {
        Origin::Line { number, bytes, .. } => (bytes, Some(number)),
        Origin::LongLine { number, .. } => return failed(file, Some(number), large(), Exit::Unreadable),
        Origin::Empty => return failed(file, None, "no *.json in this directory".to_owned(), Exit::Usage),
        Origin::Unreadable(error) => return failed(file, None, error.to_string(), Exit::Unreadable),
        origin @ (Origin::File(_) | Origin::Stdin) => match read(&origin) {
            Content::Bytes(bytes) => (bytes, None),
            Content::TooLarge => return failed(file, None, large(), Exit::Unreadable),
            Content::Unreadable(error) => return failed(file, None, error.to_string(), Exit::Unreadable),
        },
    };
    match hash(&bytes, options) {
        Ok(hash) => Row { file, line, hash: Some(hash), problem: None, exit: Exit::Clean },
        Err(finding) => {
            let code = finding.code.to_string();
            let exit = match finding.effect {
                // RS1xx: it is not even JSON.
                Effect::Refused if code.starts_with("RS1") => Exit::Unreadable,
                _ => Exit::Findings,
            };
            failed(file, line, format!("{} ({code})", finding.message), exit)
        }
    }
}
