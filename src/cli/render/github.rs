//! Workflow commands of GitHub Actions, which become annotations of the file.

use std::fmt::Write as _;

use runstate::Severity;

use super::super::report::Case;
use super::{portable, printable};

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
        let message = format!("{} ({})\n{}", remark.message, remark.word, remark.help);
        let (file, title, message) = (property(&file), property(&title), data(&message));
        writeln!(out, "::{command} file={file}{place},title={title}::{message}")
            .expect("writing to a string cannot fail");
    }
    out
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
