//! One line a finding, for editors and `grep`.

use std::fmt::Write as _;

use super::super::report::Checked;
use super::{BOLD, printable, style};

pub(super) fn render(checked: &Checked) -> String {
    let mut out = String::new();
    let file = printable(&checked.file);
    for finding in checked.findings() {
        let color = style(finding.severity);
        writeln!(
            out,
            "{BOLD}{file}:{}:{}{BOLD:#}: {color}{}[{}]{color:#} {}: {}",
            finding.line,
            finding.column,
            finding.severity.name(),
            finding.code,
            finding.effect.name(),
            printable(&finding.message)
        )
        .expect("writing to a string cannot fail");
    }
    out
}
