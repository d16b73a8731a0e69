//! Workflow commands of GitHub Actions, which become annotations of the file.

use std::fmt::Write as _;

use runstate::Severity;

use super::super::report::Checked;

pub(super) fn render(checked: &Checked) -> String {
    if let Some(error) = checked.error() {
        return format!("::error file={}::{}\n", property(&checked.file), data(&error));
    }
    let mut out = String::new();
    for finding in checked.findings() {
        let title = format!("{} {}", finding.code, finding.code.explanation().name);
        let message = format!("{} ({})\n{}", finding.message, finding.effect.name(), finding.help);
        let place = (finding.line, finding.column);
        out.push_str(&annotation(finding.severity, &checked.file, place, &title, &message));
    }
    out
}

/// One workflow command.
pub(crate) fn annotation(severity: Severity, file: &str, place: (usize, usize), title: &str, message: &str) -> String {
    let command = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut out = String::new();
    let (line, column) = place;
    let (file, title, message) = (property(file), property(title), data(message));
    writeln!(out, "::{command} file={file},line={line},col={column},title={title}::{message}")
        .expect("writing to a string cannot fail");
    out
}

/// Line breaks would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Of a property, the separators would, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
