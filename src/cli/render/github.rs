//! Workflow commands of GitHub Actions, which become annotations of the file.

use std::fmt::Write as _;

use runstate::Severity;

use super::super::report::Case;
use super::{portable, printable};

/// So many more lines fit into an annotation.
const LINES: usize = 40;

pub(super) fn render(case: &Case<'_>) -> String {
    let file = portable(case.file);
    if let Some(error) = &case.error {
        return format!("::error file={},title=runstate::{}\n", property(&file), data(error));
    }
    let mut out = String::new();
    for remark in &case.remarks {
        let command = match remark.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let place = remark.place.map_or_else(String::new, |(line, column)| format!(",line={line},col={column}"));
        let title = format!("{} {}", remark.code, remark.code.explanation().name);
        let mut message = format!("{} ({})\n{}", remark.message, remark.word, remark.help);
        for line in remark.detail.unwrap_or_default().lines().take(LINES) {
            message.push('\n');
            message.push_str(line);
        }
        let (file, title, message) = (property(&file), property(&title), data(&message));
        writeln!(out, "::{command} file={file}{place},title={title}::{message}")
            .expect("writing to a string cannot fail");
    }
    out
}

/// An error in a file that is no state.
pub(crate) fn annotation(file: &str, (line, column): (usize, usize), title: &str, message: &str) -> String {
    let (file, title, message) = (property(&portable(file)), property(title), data(message));
    format!("::error file={file},line={line},col={column},title={title}::{message}\n")
}

/// A line break would end the command; nothing else than it may stand in the log as it is.
pub(super) fn data(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| printable(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

/// Of a property, the separators would end it, too.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
