//! One state from an input to what there is to say about it.

use std::path::Path;

use runstate::agents::Graph;
use runstate::json::{Document, Found, Problem, SyntaxError};
use runstate::{Validate, Verdict, codes, judge};

use super::Failure;
use super::args::Judging;
use super::inputs::{Content, Origin, Task, read};
use super::mask::Known;
use super::report::{Checked, Outcome};
use super::window::{Values, Window, windows};

/// Whether the report shows windows of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Windows {
    None,
    With(Values),
}

/// The options of the library's verbs.
pub(crate) fn options(judging: &Judging, at: Option<&str>) -> Result<Validate, Failure> {
    let mut options = Validate::default();
    options.reader = judging.reader;
    options.at = at.map(str::to_owned);
    options.agents = judging.agents.as_deref().map(agents).transpose()?;
    Ok(options)
}

pub(crate) fn agents(path: &Path) -> Result<Graph, Failure> {
    let usage = |why: String| Failure::Usage(format!("--agents {}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| usage(error.to_string()))?;
    Graph::parse(&bytes).map_err(usage)
}

/// Reads and judges one state.
pub(crate) fn check(task: Task, options: &Validate, shown: Windows) -> Checked {
    let Task { file, origin } = task;
    match origin {
        Origin::Line { number, offset, bytes } => {
            let mut outcome = look(bytes, &Origin::Stdin, options, shown);
            if let Outcome::Judged { verdict, .. } = &mut outcome {
                for finding in &mut verdict.findings {
                    finding.line = number;
                    finding.span = (finding.span.0 + offset, finding.span.1 + offset);
                }
            }
            Checked { file, line: Some(number), outcome }
        }
        Origin::LongLine { number, offset } => {
            let mut verdict = too_large();
            for finding in &mut verdict.findings {
                finding.line = number;
                finding.span = (offset, offset);
            }
            Checked { file, line: Some(number), outcome: Outcome::Judged { verdict, windows: Vec::new() } }
        }
        Origin::Empty => Checked { file, line: None, outcome: Outcome::Empty },
        Origin::Unreadable(error) => Checked { file, line: None, outcome: Outcome::Unreadable(error) },
        origin @ (Origin::File(_) | Origin::Stdin) => {
            let outcome = match read(&origin) {
                Content::Bytes(bytes) => look(bytes, &origin, options, shown),
                Content::TooLarge => Outcome::Judged { verdict: too_large(), windows: Vec::new() },
                Content::Unreadable(error) => Outcome::Unreadable(error),
            };
            Checked { file, line: None, outcome }
        }
    }
}

pub(crate) fn too_large() -> Verdict {
    let problem = Problem::TooLarge;
    Verdict::from(SyntaxError { offset: 0, line: 1, column: 1, problem, found: Found::End })
}

pub(crate) fn look(bytes: Vec<u8>, origin: &Origin, options: &Validate, shown: Windows) -> Outcome {
    let Windows::With(values) = shown else {
        let verdict = match Document::parse(bytes) {
            Ok(doc) => judge(&doc, options),
            Err(error) => error.into(),
        };
        return Outcome::Judged { verdict, windows: Vec::new() };
    };
    // Bytes that are no JSON are gone with the parser; a regular file can be read again, anything else cannot.
    let again = match origin {
        Origin::File(path) if path.is_file() => None,
        _ => Some(bytes.clone()),
    };
    match Document::parse(bytes) {
        Ok(doc) => {
            let verdict = judge(&doc, options);
            let known = Known::Json(verdict.state.map(|(start, _)| start));
            let windows = views(doc.root().source().text().as_bytes(), known, values, &verdict);
            Outcome::Judged { verdict, windows }
        }
        Err(error) => {
            let verdict = Verdict::from(error);
            let text = again.or_else(|| match read(origin) {
                Content::Bytes(bytes) => Some(bytes),
                Content::TooLarge | Content::Unreadable(_) => None,
            });
            let text = text.filter(|_| verdict.findings.iter().all(|finding| finding.code != codes::EMPTY));
            let text = text.filter(|text| error.problem != Problem::Utf16 && error.offset <= text.len());
            let windows =
                text.map_or_else(Vec::new, |text| views(&text, Known::BrokenAt(error.offset), values, &verdict));
            Outcome::Judged { verdict, windows }
        }
    }
}

fn views(text: &[u8], known: Known, values: Values, verdict: &Verdict) -> Vec<Option<Window>> {
    let spans: Vec<(usize, usize)> = verdict.findings.iter().map(|finding| finding.span).collect();
    debug_assert!(spans.is_sorted_by_key(|span| span.0), "findings are in the order of the file");
    windows(text, known, values, &spans)
        .into_iter()
        .map(|window| Some(window).filter(|it| !it.text.is_empty()))
        .collect()
}
