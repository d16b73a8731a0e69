//! The part of a line that a finding is about, with what must not be shown masked.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

use super::mask::{Class, Ending, Go, Known, pieces};

/// So many characters are shown on either side.
const AROUND: usize = 60;
const MASK: &str = "•••";

/// Whether strings and numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    Masked,
    Shown,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) text: String,
    /// Columns of the terminal in front of the carets.
    pub(crate) indent: usize,
    /// Columns that are pointed at.
    pub(crate) width: usize,
}

/// The windows of byte ranges that are sorted by their start, in one pass over the text up to the last of them.
pub(crate) fn windows(text: &[u8], known: Known, values: Values, spans: &[(usize, usize)]) -> Vec<Window> {
    let mut line = Line { spans, views: Vec::with_capacity(spans.len()), open: 0, tail: VecDeque::new(), cut: Cut::No };
    pieces(text, known, |range, class| {
        line.begin(&range);
        if &text[range.clone()] == b"\n" {
            line.end();
        } else {
            let shown = shown(&text[range.clone()], class, values);
            shown.chars().for_each(|char| line.push(char));
            line.reach(range.end);
        }
        if line.views.len() == spans.len() && line.open == line.views.len() { Go::Stop } else { Go::On }
    });
    line.begin(&(text.len()..usize::MAX));
    line.end();
    line.views.into_iter().map(View::finish).collect()
}

fn shown(piece: &[u8], class: Class, values: Values) -> Cow<'_, str> {
    match (class, values) {
        (Class::Open, _) | (_, Values::Shown) => String::from_utf8_lossy(piece),
        (Class::Text(Ending::Closed), _) if piece.len() == 2 => Cow::Borrowed("\"\""),
        (Class::Text(Ending::Closed), _) => Cow::Owned(format!("\"{MASK}\"")),
        (Class::Text(Ending::Open), _) => Cow::Owned(format!("\"{MASK}")),
        (Class::Number | Class::Garbage, _) => Cow::Borrowed("•"),
    }
}

/// The line that is being scanned, and the windows that it is copied to.
struct Line<'s> {
    spans: &'s [(usize, usize)],
    /// One for each span that was met; those in front of `open` are complete.
    views: Vec<View>,
    open: usize,
    /// The last characters of the line.
    tail: VecDeque<char>,
    cut: Cut,
}

/// Whether there is more of the line than is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    No,
    Yes,
}

struct View {
    before: String,
    inside: String,
    after: String,
    /// Byte offset where what is pointed at ends.
    end: usize,
    state: ViewState,
    cut_before: Cut,
    cut_after: Cut,
}

#[derive(PartialEq, Eq)]
enum ViewState {
    Inside,
    /// So many characters are still wanted.
    After(usize),
    Full,
}

impl Line<'_> {
    /// Opens the windows of the spans that start in this piece.
    fn begin(&mut self, piece: &Range<usize>) {
        while let Some(&(start, end)) = self.spans.get(self.views.len()).filter(|(start, _)| *start < piece.end) {
            self.views.push(View {
                before: self.tail.iter().collect(),
                inside: String::new(),
                after: String::new(),
                end: end.max(start),
                state: if end > start { ViewState::Inside } else { ViewState::After(AROUND) },
                cut_before: self.cut,
                cut_after: Cut::No,
            });
        }
    }

    fn push(&mut self, char: char) {
        let char = printable(char);
        for view in &mut self.views[self.open..] {
            view.push(char);
        }
        if self.tail.len() == AROUND {
            self.tail.pop_front();
            self.cut = Cut::Yes;
        }
        self.tail.push_back(char);
    }

    /// What is pointed at ends where the scan has arrived.
    fn reach(&mut self, at: usize) {
        for view in &mut self.views[self.open..] {
            if view.state == ViewState::Inside && view.end <= at {
                view.state = ViewState::After(AROUND);
            }
        }
        while self.views.get(self.open).is_some_and(|view| view.state == ViewState::Full) {
            self.open += 1;
        }
    }

    fn end(&mut self) {
        self.open = self.views.len();
        self.tail.clear();
        self.cut = Cut::No;
    }
}

impl View {
    fn push(&mut self, char: char) {
        match &mut self.state {
            ViewState::Inside if self.inside.chars().count() < 2 * AROUND => self.inside.push(char),
            ViewState::After(left @ 1..) => {
                *left -= 1;
                self.after.push(char);
            }
            ViewState::Inside | ViewState::After(_) => {
                self.state = ViewState::Full;
                self.cut_after = Cut::Yes;
            }
            ViewState::Full => {}
        }
    }

    fn finish(self) -> Window {
        let ellipsis = |cut: Cut| if cut == Cut::Yes { "…" } else { "" };
        let lead = if self.cut_before == Cut::No { self.before.trim_start() } else { self.before.as_str() };
        let before = format!("{}{lead}", ellipsis(self.cut_before));
        // Of something that does not end on this line or is too long, the first character is pointed at.
        let whole = self.inside.chars().count() < 2 * AROUND && self.state != ViewState::Inside;
        let width = if whole { columns(&self.inside) } else { 1 };
        Window {
            indent: columns(&before),
            width: width.max(1),
            text: format!("{before}{}{}{}", self.inside, self.after.trim_end(), ellipsis(self.cut_after)),
        }
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(|char| char.width().unwrap_or(0)).sum()
}

/// The character, or another in its place if it would move the cursor, change colors or turn the direction of the text.
pub(crate) fn printable(char: char) -> char {
    match char {
        '\t' => ' ',
        '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' => {
            '\u{fffd}'
        }
        char if char.is_control() => '\u{fffd}',
        char => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str, span: Range<usize>) -> (String, String) {
        let found = windows(text.as_bytes(), Known::Json(Some(0)), Values::Masked, &[(span.start, span.end)]);
        let [window] = found.try_into().expect("one span, one window");
        (window.text, " ".repeat(window.indent) + &"^".repeat(window.width))
    }

    #[test]
    fn points_at_the_masked_value() {
        let text = "{\n  \"original_input\": \"hello\", \"max_turns\": 10\n}";
        let start = text.find("\"hello\"").expect("it is there");
        let (line, carets) = window(text, start..start + 7);
        assert_eq!(line, r#""original_input": "•••", "max_turns": •"#);
        assert_eq!(carets, "                  ^^^^^");
    }

    #[test]
    fn a_container_that_goes_on_is_pointed_at_by_its_first_character() {
        let text = "{\n  \"context\": {\n  }\n}";
        assert_eq!(window(text, 15..20), (r#""context": {"#.to_owned(), "           ^".to_owned()));
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = format!("{{{}\"b\":1{}}}", "\"a\":null,".repeat(1000), ",\"a\":null".repeat(1000));
        let start = text.find("1").expect("it is there");
        let (line, carets) = window(&text, start..start + 1);
        assert_eq!(line.chars().count(), 1 + AROUND + 1 + AROUND + 1);
        assert!(line.starts_with('…') && line.ends_with('…'), "{line}");
        assert_eq!(line.chars().nth(carets.len() - 1), Some('•'));
    }

    #[test]
    fn nothing_of_a_key_reaches_the_terminal_as_a_command() {
        let text = "{\"\u{9b}31m\u{202e}\": 1}";
        let (line, _) = window(text, 0..text.len());
        assert_eq!(line, "{\"\u{fffd}31m\u{fffd}\": •}");
    }

    #[test]
    fn windows_of_many_spans_come_in_order() {
        let text = "{\"a\": 1,\n\"b\": 2}";
        let found = windows(text.as_bytes(), Known::Json(Some(0)), Values::Shown, &[(0, 1), (6, 7), (6, 7), (14, 15)]);
        let lines: Vec<&str> = found.iter().map(|window| window.text.as_str()).collect();
        assert_eq!(lines, ["{\"a\": 1,", "{\"a\": 1,", "{\"a\": 1,", "\"b\": 2}"]);
        assert_eq!(found.iter().map(|window| window.indent).collect::<Vec<_>>(), [0, 6, 6, 5]);
    }
}
