//! For people: what is wrong where, what it leads to, and what to do.

use std::fmt::Write as _;

use runstate::{Effect, Finding};

use super::super::report::{Checked, Outcome, Summary};
use super::super::window::Window;
use super::{BOLD, DIM, Talk, place, printable, style};

pub(super) fn render(checked: &Checked, talk: Talk) -> String {
    let Outcome::Judged { verdict, windows } = &checked.outcome else { return String::new() };
    let mut out = String::new();
    for (number, finding) in verdict.findings.iter().enumerate() {
        // All findings inside a nested text point at its string: once is enough.
        let repeated = number > 0 && verdict.findings[number - 1].span == finding.span;
        let window = windows.get(number).and_then(Option::as_ref).filter(|_| !repeated);
        write_finding(&mut out, checked, finding, window).expect("writing to a string cannot fail");
    }
    if talk == Talk::Normal || !verdict.findings.is_empty() {
        let what = verdict.format.map_or_else(String::new, |format| format!("{format}, "));
        let worst = verdict.findings.iter().map(|finding| finding.effect).max();
        let conclusion = if verdict.is_json { conclusion(worst) } else { "not JSON: no SDK loads it" };
        writeln!(out, "{BOLD}{}{BOLD:#}: {what}{conclusion}", place(checked)).expect("writing to a string cannot fail");
    }
    if !verdict.findings.is_empty() {
        out.push('\n');
    }
    out
}

pub(crate) fn conclusion(worst: Option<Effect>) -> &'static str {
    match worst {
        Some(Effect::Refused) => "the SDK does not load it",
        Some(Effect::Stuck) => "loads, but the run cannot be resumed as it is",
        Some(Effect::Unsafe) => "loads, but something would run that nobody approved",
        Some(Effect::Exposed) => "loads; it holds secrets",
        Some(Effect::Lost) => "loads; the SDK drops or changes a part of it",
        Some(Effect::Note) | None => "loads, and the run can be resumed",
    }
}

fn write_finding(out: &mut String, checked: &Checked, finding: &Finding, window: Option<&Window>) -> std::fmt::Result {
    let color = style(finding.severity);
    let file = printable(&checked.file);
    let Finding { code, line, column, .. } = finding;
    let severity = finding.severity.name();
    write!(out, "{BOLD}{file}:{line}:{column}{BOLD:#}: {color}{severity}[{code}]{color:#}")?;
    if finding.effect != Effect::Note {
        write!(out, " {}:", finding.effect.name())?;
    } else {
        out.push(':');
    }
    writeln!(out, " {}", printable(&finding.message))?;
    let gutter = line.to_string().len();
    if !finding.pointer.is_empty() {
        let inside: String = finding.inside.iter().map(|pointer| format!(" > {}", printable(pointer))).collect();
        writeln!(out, "{:gutter$}{DIM}-->{DIM:#} {}{inside}", "", printable(&finding.pointer))?;
    }
    if let Some(Window { text, indent, width }) = window {
        let carets = "^".repeat(*width);
        writeln!(out, "{DIM}{line} |{DIM:#} {text}")?;
        writeln!(out, "{:gutter$} {DIM}|{DIM:#} {:indent$}{color}{carets}{color:#}", "", "")?;
    }
    writeln!(out, "{:gutter$} {DIM}={DIM:#} help: {}\n", "", printable(&finding.help))
}

/// All inputs in a sentence.
pub(crate) fn summary(summary: Summary) -> String {
    let count = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    let mut parts =
        vec![count(summary.errors, "error"), count(summary.warnings, "warning"), count(summary.notes, "note")];
    if summary.unreadable > 0 {
        parts.push(format!("{} unreadable", summary.unreadable));
    }
    format!("{}: {}", count(summary.files, "state"), parts.join(", "))
}
