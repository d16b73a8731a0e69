//! Which parts of a text may be shown: keys, and the strings that identify something in a state.
//!
//! A lexical scan of its own, because it must work where the text is not JSON, too: what stands before the fault is
//! known for what it is, what stands behind it may be anything and is hidden, punctuation aside.

use std::ops::Range;

/// A place of a state, as far as identifiers are concerned. Whatever is not listed in [`inside`] is [`Zone::Opaque`], and
/// nothing in there is ever shown: a member `name` of a tool's output is the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    State,
    Agent,
    /// A model response, or a list of them.
    Response,
    /// A run item or an approval, or a list of them.
    Item,
    /// What the model service sent or is sent, or a list of it.
    Raw,
    /// A part of a message, or a list of them.
    Part,
    Step,
    Processed,
    /// A call together with the tool or handoff that executes it, or a list of them.
    Action,
    Tool,
    /// Tool names, or lists of them by agent.
    Names,
    /// One string that may be shown.
    Shown,
    Opaque,
}

/// The zone of the member `key` in a zone. Keys of both dialects, since no key means two things.
fn inside(zone: Zone, key: &[u8]) -> Zone {
    match (zone, key) {
        (Zone::State, b"$schemaVersion")
        | (Zone::Agent, b"name" | b"identity")
        | (Zone::Item, b"type" | b"tool_name" | b"toolName")
        | (Zone::Raw, b"type" | b"name" | b"call_id" | b"callId" | b"server_label" | b"serverLabel")
        | (Zone::Part | Zone::Step, b"type")
        | (Zone::Tool, b"type" | b"name" | b"tool_name" | b"toolName" | b"server_label" | b"serverLabel") => {
            Zone::Shown
        }
        (Zone::State, b"current_agent" | b"currentAgent")
        | (Zone::Item, b"agent" | b"source_agent" | b"sourceAgent" | b"target_agent" | b"targetAgent")
        | (Zone::Step, b"new_agent" | b"newAgent") => Zone::Agent,
        (Zone::State, b"model_responses" | b"modelResponses" | b"last_model_response" | b"lastModelResponse") => {
            Zone::Response
        }
        (Zone::State, b"generated_items" | b"generatedItems" | b"session_items" | b"sessionItems")
        | (Zone::Step, b"interruptions")
        | (Zone::Processed, b"new_items" | b"newItems" | b"interruptions") => Zone::Item,
        (Zone::State, b"original_input" | b"originalInput" | b"pending_input" | b"pendingInput")
        | (Zone::Response, b"output")
        | (Zone::Item, b"raw_item" | b"rawItem")
        | (Zone::Action, b"tool_call" | b"toolCall") => Zone::Raw,
        (Zone::Raw, b"content" | b"summary") => Zone::Part,
        (Zone::State, b"current_step" | b"currentStep") | (Zone::Step, b"data") => Zone::Step,
        (Zone::State, b"last_processed_response" | b"lastProcessedResponse") => Zone::Processed,
        (Zone::State, b"tool_use_tracker" | b"toolUseTracker") | (Zone::Processed, b"tools_used" | b"toolsUsed") => {
            Zone::Names
        }
        (
            Zone::Processed,
            b"functions"
            | b"handoffs"
            | b"computer_actions"
            | b"computerActions"
            | b"shell_actions"
            | b"shellActions"
            | b"local_shell_actions"
            | b"apply_patch_actions"
            | b"applyPatchActions"
            | b"custom_tool_actions"
            | b"mcp_approval_requests"
            | b"mcpApprovalRequests",
        ) => Zone::Action,
        (Zone::Action, b"tool" | b"handoff" | b"computer" | b"mcp_tool" | b"mcpTool") => Zone::Tool,
        (Zone::Action, b"request_item" | b"requestItem") => Zone::Item,
        (Zone::Action, b"agent_run_state") => Zone::State,
        // By agent name.
        (Zone::Names, _) => Zone::Names,
        _ => Zone::Opaque,
    }
}

/// What a piece of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A key, a string that identifies something, a word, punctuation or white space: what may be shown.
    Open,
    /// A string; `closed` when its end was found.
    Text(Ending),
    /// A number.
    Number,
    /// Something behind a fault.
    Garbage,
}

/// Whether a string has its closing quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    Open,
}

/// What is known of a text from elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known {
    /// It is JSON; the state starts at this byte, if there is one.
    Json(Option<usize>),
    /// It is JSON up to this byte.
    BrokenAt(usize),
}

/// Splits the text into pieces, in order and without gaps, until `each` asks for no more.
pub(crate) fn pieces(text: &[u8], known: Known, mut each: impl FnMut(Range<usize>, Class) -> Go) {
    let (trusted, start) = match known {
        Known::Json(start) => (text.len(), start),
        // Nothing tells where the state would start; most files are a state and nothing else.
        Known::BrokenAt(offset) => (offset.min(text.len()), text.iter().position(|&byte| byte == b'{')),
    };
    let mut scan = Scan { text: &text[..trusted], at: 0, start, open: Vec::new(), next: Next::Value(Zone::Opaque) };
    let mut from = 0;
    while let Some(class) = scan.piece() {
        if each(from..scan.at, class) == Go::Stop {
            return;
        }
        from = scan.at;
    }
    while from < text.len() {
        let plain = |byte: &u8| b"{}[]:,\" \t\r\n".contains(byte);
        let (end, class) = if plain(&text[from]) {
            (from + 1, Class::Open)
        } else {
            (text[from..].iter().position(plain).map_or(text.len(), |length| from + length), Class::Garbage)
        };
        if each(from..end, class) == Go::Stop {
            return;
        }
        from = end;
    }
}

/// Whether a scan goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    On,
    Stop,
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    /// Where the state starts.
    start: Option<usize>,
    /// The containers around, and their zones.
    open: Vec<(u8, Zone)>,
    next: Next,
}

/// What may stand here.
#[derive(Clone, Copy)]
enum Next {
    Value(Zone),
    /// A key with its colon; behind a brace, its closing one, too.
    Key,
    Colon(Zone),
    /// A comma or the end of the container.
    Comma,
}

impl Scan<'_> {
    /// The next piece ends at `self.at`; `None` from the first fault on.
    fn piece(&mut self) -> Option<Class> {
        let start = self.at;
        let first = *self.text.get(start)?;
        if let b' ' | b'\t' | b'\r' | b'\n' = first {
            // A line feed is a piece of its own.
            let rest = &self.text[start..];
            let length = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).unwrap_or(rest.len());
            self.at += length.max(1);
            return Some(Class::Open);
        }
        if start == 0 && self.text.starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
            return Some(Class::Open);
        }
        match (self.next, first) {
            (Next::Value(zone), b'{' | b'[') => {
                let zone = if self.start == Some(start) { Zone::State } else { zone };
                self.open.push((first, zone));
                self.next = if first == b'{' { Next::Key } else { Next::Value(element(zone)) };
                self.step()
            }
            (Next::Value(zone), b'"') => {
                let ending = self.string();
                self.next = Next::Comma;
                let shown = matches!(zone, Zone::Shown | Zone::Names) && ending == Ending::Closed;
                Some(if shown { Class::Open } else { Class::Text(ending) })
            }
            (Next::Value(_), b'-' | b'0'..=b'9') => {
                let digits = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                self.at = self.text[start..].iter().position(digits).map_or(self.text.len(), |length| start + length);
                if &self.text[start..self.at] == b"-" && self.text[self.at..].starts_with(b"Infinity") {
                    self.at += b"Infinity".len();
                }
                self.next = Next::Comma;
                Some(Class::Number)
            }
            (Next::Value(_), b'a'..=b'z' | b'A'..=b'Z') => {
                let words: [&[u8]; 5] = [b"null", b"true", b"false", b"NaN", b"Infinity"];
                let word = words.into_iter().find(|word| self.text[start..].starts_with(word))?;
                self.at += word.len();
                self.next = Next::Comma;
                Some(Class::Open)
            }
            (Next::Key, b'"') => {
                let ending = self.string();
                let behind = self.text[self.at..].trim_ascii_start().first();
                if ending == Ending::Open || behind != Some(&b':') {
                    // It may as well be a value that lost its key.
                    self.text = &self.text[..self.at];
                    return Some(Class::Text(ending));
                }
                let (_, zone) = *self.open.last()?;
                self.next = Next::Colon(inside(zone, &self.text[start + 1..self.at - 1]));
                Some(Class::Open)
            }
            (Next::Colon(zone), b':') => {
                self.next = Next::Value(zone);
                self.step()
            }
            (Next::Comma, b',') => {
                let (bracket, zone) = *self.open.last()?;
                self.next = if bracket == b'{' { Next::Key } else { Next::Value(element(zone)) };
                self.step()
            }
            (_, b'}' | b']') => {
                self.open.pop().filter(|(bracket, _)| first == bracket + 2)?;
                self.next = Next::Comma;
                self.step()
            }
            _ => None,
        }
    }

    fn step(&mut self) -> Option<Class> {
        self.at += 1;
        Some(Class::Open)
    }

    /// Steps over a string, or to its first control character, or to the end of the text.
    fn string(&mut self) -> Ending {
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\') else {
                self.at = self.text.len();
                return Ending::Open;
            };
            self.at += plain;
            match self.text[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ending::Closed;
                }
                b'\\' => self.at = (self.at + 2).min(self.text.len()),
                _ => {
                    self.text = &self.text[..self.at];
                    return Ending::Open;
                }
            }
        }
    }
}

/// The zone of an array's elements: the array's own, but a list is no identifier.
fn element(zone: Zone) -> Zone {
    if zone == Zone::Shown { Zone::Opaque } else { zone }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `s` for what a hidden string is replaced by, `n` for a number, `g` for garbage.
    fn masked(text: &str, known: Known) -> String {
        let mut out = String::new();
        let mut end = 0;
        pieces(text.as_bytes(), known, |range, class| {
            assert_eq!(range.start, end, "pieces have no gaps");
            end = range.end;
            match class {
                Class::Open => out.push_str(&text[range]),
                Class::Text(Ending::Closed) => out.push('s'),
                Class::Text(Ending::Open) => out.push('u'),
                Class::Number => out.push('n'),
                Class::Garbage => out.push('g'),
            }
            Go::On
        });
        assert_eq!(end, text.len(), "pieces cover the text");
        out
    }

    #[test]
    fn shows_identifiers_where_the_format_has_them_and_nothing_else() {
        let text = r#"{"$schemaVersion": "1.21", "original_input": "hello", "current_agent": {"name": "Bank"},
            "generated_items": [{"type": "tool_call_item", "raw_item": {"call_id": "c1", "id": "i", "arguments": "{}"},
            "output": {"name": "Ann", "type": "vip"}}], "context": {"name": "Bob", "age": 7, "ok": true}}"#;
        let shown = r#"{"$schemaVersion": "1.21", "original_input": s, "current_agent": {"name": "Bank"},
            "generated_items": [{"type": "tool_call_item", "raw_item": {"call_id": "c1", "id": s, "arguments": s},
            "output": {"name": s, "type": s}}], "context": {"name": s, "age": n, "ok": true}}"#;
        assert_eq!(masked(text, Known::Json(Some(0))), shown);
        let hidden = masked(text, Known::Json(None));
        assert!(!hidden.contains("Bank") && !hidden.contains("1.21") && hidden.contains("current_agent"), "{hidden}");
    }

    #[test]
    fn hides_what_may_have_lost_its_key_or_its_quotes() {
        let cases = [
            (r#"{"a": "one" two "three"}"#, r#"{"a": s g "g"}"#, 12),
            (r#"{"a": "one", "two" "three"}"#, r#"{"a": s, s "g"}"#, 19),
            (r#"{"a": "one", "two"#, r#"{"a": s, u"#, 17),
            (r#"{"a": "one"#, r#"{"a": u"#, 10),
            (r#"{"$schemaVersion": "1.2"#, r#"{"$schemaVersion": u"#, 23),
            (r#"{"a": tru sk-123"#, r#"{"a": g g"#, 9),
            ("{\"a\": \"one\ntwo\", \"b\": 1}", "{\"a\": u\ng\", \"g\": g}", 10),
            (r#"[1, 2}, "x""#, r#"[n, n}, "g""#, 5),
        ];
        for (text, shown, at) in cases {
            assert_eq!(masked(text, Known::BrokenAt(at)), shown, "{text}");
        }
    }

    #[test]
    fn nothing_is_trusted_that_the_scan_itself_does_not_understand() {
        assert_eq!(masked(r#"{"a" "b", "c": "d"}"#, Known::Json(Some(0))), r#"{s "g", "g": "g"}"#);
    }

    /// Values are made of Z, and no edit brings one, since what stands in an identifier is shown; no identifier is near enough to a
    /// value to get it by an edit.
    const STATE: &str = r#"{"$schemaVersion": "1.21", "current_agent": {"name": "Bank"}, "original_input": "ZZ: \"ZZ\", {ZZ}",
        "generated_items": [{"type": "message_output_item", "raw_item": {"call_id": "c1", "arguments": "[\"ZZ\"]"}}],
        "context": {"name": "ZZ", "more": [{"type": "ZZ"}, null, "ZZ"]}}"#;

    proptest::proptest! {
        #[test]
        fn no_edit_uncovers_a_value(
            edits in proptest::collection::vec((0..STATE.len(), "[^Z\\n]{0,2}", 0..6_usize), 0..3),
            trusted in proptest::bool::ANY,
        ) {
            let mut text = STATE.to_owned();
            let boundary = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
            for (place, more, less) in edits {
                let start = boundary(&text, place).unwrap_or(0);
                let end = boundary(&text, start + less).unwrap_or(start).max(start);
                text.replace_range(start..end, &more);
            }
            // As it is called for what is JSON and for what is not, and with a claim that does not hold.
            let known = match runstate::json::Document::parse(text.clone().into_bytes()) {
                Err(error) if !trusted => Known::BrokenAt(error.offset),
                _ => Known::Json(Some(0)),
            };
            let mut shown = Vec::new();
            pieces(text.as_bytes(), known, |range, class| {
                let key = text[range.end..].trim_start().starts_with(':');
                if class == Class::Open && !key && text[range.clone()].contains('Z') {
                    shown.push(range);
                }
                Go::On
            });
            proptest::prop_assert!(shown.is_empty(), "{} shows {:?}", text, shown);
        }
    }
}
