//! JUnit's XML, for the test pages of CI systems: one suite, one test case an input.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::Exit;
use super::super::report::Case;

/// One test case.
pub(super) fn case(case: &Case<'_>, verb: &str) -> String {
    let mut out = String::new();
    let name = match case.line {
        Some(line) => Cow::Owned(format!("{}:{line}", case.file)),
        None => Cow::Borrowed(case.file),
    };
    let mut lines = String::new();
    for remark in &case.remarks {
        let place = remark.place.map_or_else(String::new, |(line, column)| format!("{line}:{column}: "));
        let (severity, code, word, message) = (remark.severity.name(), remark.code, remark.word, &remark.message);
        let pointer = remark.pointers.first().map_or("", String::as_str);
        let gap = if pointer.is_empty() { "" } else { " " };
        let _ = writeln!(lines, "{place}{severity}[{code}] {word}{gap}{pointer}: {message}");
        lines.push_str(remark.detail.unwrap_or_default());
    }
    let lines = escape(&lines);
    // Writing into a string cannot fail.
    let _ = write!(out, "  <testcase name=\"{}\" classname=\"runstate.{verb}\"", escape(&name));
    let _ = match (&case.error, case.exit) {
        (Some(error), _) => writeln!(out, ">\n    <error message=\"{}\"/>\n  </testcase>", escape(error)),
        (None, Exit::Clean) if lines.is_empty() => writeln!(out, "/>"),
        (None, Exit::Clean) => writeln!(out, ">\n    <system-out>{lines}</system-out>\n  </testcase>"),
        (None, _) => {
            let worst = case.remarks.iter().max_by_key(|remark| remark.severity);
            let message = worst.map_or("not done", |remark| &remark.message);
            let code = worst.map_or_else(String::new, |remark| format!(" type=\"{}\"", remark.code));
            let message = escape(message);
            writeln!(out, ">\n    <failure message=\"{message}\"{code}>{lines}</failure>\n  </testcase>")
        }
    };
    out
}

/// How many test cases there are, and what came of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) tests: usize,
    pub(crate) failures: usize,
    pub(crate) errors: usize,
}

impl Count {
    pub(crate) fn add(&mut self, exit: Exit, unreadable: bool) {
        self.tests += 1;
        self.errors += usize::from(unreadable);
        self.failures += usize::from(!unreadable && exit != Exit::Clean);
    }
}

/// The whole document.
pub(crate) fn document(verb: &str, count: Count, cases: &str) -> String {
    let Count { tests, failures, errors } = count;
    let counts = format!("name=\"runstate {verb}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n<testsuite {counts}>\n{cases}</testsuite>\n\
         </testsuites>\n"
    )
}

/// The text as content or as an attribute. What XML cannot hold becomes a replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Names and messages of one line come here without any.
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            char => out.push(super::window::printable(char)),
        }
    }
    out
}
