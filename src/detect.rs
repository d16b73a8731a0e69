//! What a document is: whose state, under which label.

use serde::Serialize;

use crate::finding::Finding;
use crate::format::{Dialect, Format, Release};
use crate::json::{Aim, Document, Kind, Node, places};
use crate::record::{Reader, Writers};
use crate::validate::{locate, unreadable};
use crate::{python, typescript};

/// What an input is, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Detection {
    /// A state of one of the two SDKs.
    State {
        /// `python` or `typescript`.
        dialect: &'static str,
        /// `$schemaVersion` as it is written, when it is a string.
        label: Option<String>,
        /// Dialect and label, such as `python@1.21`, when the label is a known one.
        format: Option<String>,
        /// The releases that can have written the state, in order: those that write its label, without the ones that do not
        /// write what it holds. Empty for a label that no release wrote.
        written_by: Vec<String>,
        /// The first release that reads this label; all later ones do too.
        readable_since: Option<String>,
        /// Whether keys of the other SDK's format stand beside its own.
        mixed: bool,
    },
    /// A state of another port of the Agents SDK.
    OtherPort {
        /// What wrote it.
        port: &'static str,
        /// Its version, as it is written.
        version: Option<String>,
    },
    /// JSON that is no state.
    Unknown {
        /// A state further down.
        elsewhere: Option<Elsewhere>,
    },
    /// Nothing that could be looked at.
    Unreadable {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

/// Where a state stands inside a document that is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Elsewhere {
    /// JSON pointer of the state, or of the string that holds it.
    pub pointer: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Whether it is the content of a string.
    pub in_string: bool,
}

/// Recognises what the bytes are, or what stands at the JSON pointer `at` of them.
///
/// ```
/// use runstate::detect::{Detection, detect};
///
/// let detection = detect(br#"{"$schemaVersion": "1.4", "currentTurn": 1, "currentAgent": {}}"#.to_vec(), None);
/// let Detection::State { format, readable_since, .. } = detection else { panic!("two keys tell it") };
/// assert_eq!(format.as_deref(), Some("typescript@1.4"));
/// assert_eq!(readable_since.as_deref(), Some("0.4.5"));
/// ```
#[must_use]
pub fn detect(bytes: Vec<u8>, at: Option<&str>) -> Detection {
    let doc = match Document::parse(bytes) {
        Ok(doc) => doc,
        Err(error) => {
            let Finding { line, column, message, .. } = unreadable(error);
            return Detection::Unreadable { line, column, message };
        }
    };
    let root = match locate(&doc, at) {
        Ok(root) => root,
        Err(raised) => {
            let (_, line, column) = position(raised.node);
            return Detection::Unreadable { line, column, message: raised.message.into_owned() };
        }
    };
    match identify(root) {
        Identity::State { dialect, label, mixed } => {
            state(root, dialect, label, mixed, writers(&doc, root, dialect, label))
        }
        Identity::OtherPort { port, version } => {
            Detection::OtherPort { port, version: version.text().map(|text| text.lossy().into_owned()) }
        }
        Identity::Unknown { elsewhere } => Detection::Unknown {
            elsewhere: elsewhere.filter(|node| doc.holder(*node).is_none()).map(|node| {
                let (pointer, line, column) = position(node);
                Elsewhere { pointer, line, column, in_string: node.kind() == Kind::String }
            }),
        },
    }
}

/// What is said of a state that can have been written by these releases.
pub(crate) fn state(root: Node<'_>, dialect: Dialect, label: Label<'_>, mixed: bool, writers: Writers) -> Detection {
    let format = label.format(dialect);
    // A state that somebody edited can say two things at once; then it says nothing.
    let contradicts = writers.from.zip(writers.until).is_some_and(|(from, until)| from >= until);
    let writers = if contradicts { Writers::default() } else { writers };
    let writers = |release: &Release| {
        writers.from.is_none_or(|from| *release >= from) && writers.until.is_none_or(|until| *release < until)
    };
    let releases = |wanted: fn(u16, u16) -> bool| {
        let known = format.map(|format| format.label);
        dialect.releases().filter(move |row| known.is_some_and(|known| wanted(row.label, known))).map(|row| row.release)
    };
    Detection::State {
        dialect: dialect.name(),
        label: root.member("$schemaVersion").and_then(Node::text).map(|text| text.lossy().into_owned()),
        format: format.map(|format| format.to_string()),
        written_by: releases(|writes, known| writes == known)
            .filter(writers)
            .map(|release| release.to_string())
            .collect(),
        readable_since: releases(|writes, known| writes >= known).next().as_ref().map(Release::to_string),
        mixed,
    }
}

/// What the fields of a state tell about the release that wrote it.
fn writers<'d>(doc: &'d Document, root: Node<'d>, dialect: Dialect, label: Label<'d>) -> Writers {
    let mut cx = Reader::new(doc, dialect, label.effective(dialect));
    match dialect {
        Dialect::Python => drop(python::State::read_from(root, &mut cx)),
        Dialect::TypeScript => drop(typescript::State::read_from(root, &mut cx)),
    }
    cx.writer
}

fn position(node: Node<'_>) -> (String, usize, usize) {
    let place = places(node.source(), &[(node.index(), Aim::Value)]).swap_remove(0);
    (place.pointer, place.line, place.column)
}

/// What a document was recognised as.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Identity<'d> {
    /// A state of one of the two SDKs.
    State {
        /// Whose.
        dialect: Dialect,
        /// Its label.
        label: Label<'d>,
        /// Whether keys of the other dialect stand beside its own.
        mixed: bool,
    },
    /// A state of another port of the Agents SDK.
    OtherPort {
        /// What wrote it, in a sentence.
        port: &'static str,
        /// The value of its version key.
        version: Node<'d>,
    },
    /// JSON that is no state.
    Unknown {
        /// A state further down, if there is one: the node, and whether it is a string that holds one.
        elsewhere: Option<Node<'d>>,
    },
}

/// The value of `$schemaVersion`.
#[derive(Clone, Copy, Debug)]
pub enum Label<'d> {
    /// `1.` and this number, which some release reads.
    Known(u16),
    /// A label written like one of the SDKs', but newer than all known ones.
    Newer(Node<'d>),
    /// A string that is no label of this dialect.
    Unknown(Node<'d>),
    /// No string.
    NotText(Node<'d>),
    /// Absent, null, or empty: what both SDKs call missing.
    Missing,
}

impl Label<'_> {
    /// The number behind `1.` whose rules are used: the label's own, else the newest.
    #[must_use]
    pub fn effective(self, dialect: Dialect) -> u16 {
        match self {
            Self::Known(label) => label,
            _ => dialect.newest_label(),
        }
    }

    /// The format, if the label is a known one.
    #[must_use]
    pub fn format(self, dialect: Dialect) -> Option<Format> {
        match self {
            Self::Known(label) => Some(Format { dialect, label }),
            _ => None,
        }
    }
}

/// Top-level keys that only one dialect has, as votes.
const PYTHON: &[&str] = &[
    "current_turn",
    "current_agent",
    "original_input",
    "model_responses",
    "tool_use_tracker",
    "max_turns",
    "no_active_agent_run",
    "generated_items",
    "session_items",
    "current_step",
    "last_model_response",
    "last_processed_response",
    "current_turn_persisted_item_count",
    "input_guardrail_results",
];
const TYPESCRIPT: &[&str] = &[
    "currentTurn",
    "currentAgent",
    "originalInput",
    "modelResponses",
    "toolUseTracker",
    "maxTurns",
    "noActiveAgentRun",
    "generatedItems",
    "currentStep",
    "lastModelResponse",
    "lastProcessedResponse",
    "currentTurnPersistedItemCount",
    "inputGuardrailResults",
    "currentAgentSpan",
];
/// Fewer votes than this do not make a state, unless it names its version.
const QUORUM: usize = 2;

/// Recognises what `root` is, by the shape of its top level and its label.
#[must_use]
pub fn identify(root: Node<'_>) -> Identity<'_> {
    let (python, typescript) = votes(root);
    if let Some((port, version)) = other_port(root, typescript) {
        return Identity::OtherPort { port, version };
    }
    let versioned = root.member("$schemaVersion").is_some_and(|version| version.kind() == Kind::String);
    if python.max(typescript) < if versioned { 1 } else { QUORUM } {
        return Identity::Unknown { elsewhere: elsewhere(root) };
    }
    let dialect = if python >= typescript { Dialect::Python } else { Dialect::TypeScript };
    Identity::State { dialect, label: label(root, dialect), mixed: python.min(typescript) > 0 }
}

fn votes(root: Node<'_>) -> (usize, usize) {
    let (mut python, mut typescript) = (0, 0);
    for member in root.members() {
        let key = member.key.lossy();
        python += usize::from(PYTHON.contains(&key.as_ref()));
        typescript += usize::from(TYPESCRIPT.contains(&key.as_ref()));
    }
    (python, typescript)
}

/// The label of a state of this dialect.
#[must_use]
pub fn label(root: Node<'_>, dialect: Dialect) -> Label<'_> {
    let Some(node) = root.member("$schemaVersion") else { return Label::Missing };
    let Some(text) = node.text() else {
        let falsy = match node.kind() {
            Kind::Null => true,
            Kind::Bool => node.as_bool() == Some(false),
            Kind::Number => node.number().is_some_and(|number| number.to_f64() == 0.0),
            Kind::Array | Kind::Object => dialect == Dialect::Python && node.is_empty(),
            Kind::String => false,
        };
        return if falsy { Label::Missing } else { Label::NotText(node) };
    };
    if text.is_empty() {
        return Label::Missing;
    }
    let text = text.lossy();
    let number: Option<u16> = text
        .strip_prefix("1.")
        .filter(|digits| *digits == "0" || !digits.starts_with(['0', '+']))
        .and_then(|digits| digits.parse().ok());
    match number {
        Some(number) if number <= dialect.newest_label() => Label::Known(number),
        Some(_) => Label::Newer(node),
        None => Label::Unknown(node),
    }
}

/// Other ports of the Agents SDK write a `RunState` of their own.
fn other_port(root: Node<'_>, typescript: usize) -> Option<(&'static str, Node<'_>)> {
    let dollar = root.member("$schemaVersion").filter(|node| node.text().is_some());
    let begins = |prefix: &str| dollar.filter(|node| node.text().is_some_and(|text| text.lossy().starts_with(prefix)));
    if let Some(version) = begins("openai-agents-rust/").or_else(|| begins("openai-agents-rs/")) {
        return Some(("a Rust port (openai-agents-rust)", version));
    }
    let has = |key: &&str| root.member(key).is_some();
    let plain = root.member("schema_version").filter(|node| node.text().is_some());
    if let Some(version) = plain.filter(|_| !has(&"$schemaVersion") && typescript < QUORUM) {
        return Some(("another port (it writes `schema_version`), such as the Go and Rust ones", version));
    }
    // The Go ports write the SDKs' own version key over a snake_case body. They name the agent otherwise than Python, and
    // leave out what is empty, so that little may be left of a state.
    let named = GO.iter().any(has) && !has(&"current_agent");
    let bare =
        dollar.is_some_and(|node| node.text().is_some_and(|text| text.is("1.0"))) && !PYTHON_SINCE_1_0.iter().any(has);
    dollar
        .filter(|_| typescript == 0 && (named || bare) && has(&"current_turn") && has(&"max_turns"))
        .map(|version| ("a Go port", version))
}

/// Top-level keys of the Go ports that Python does not have.
const GO: &[&str] = &["current_agent_name", "interruptions", "tool_approvals"];
/// What every Python state has, whatever its label, and the Go ports' never or only when it is not empty.
const PYTHON_SINCE_1_0: &[&str] = &["current_agent", "context", "tool_use_tracker", "no_active_agent_run"];

/// The first state inside a document that is none itself, within its first few levels; the document may be the text of one.
fn elsewhere(root: Node<'_>) -> Option<Node<'_>> {
    const LOOK_AT: u32 = 100_000;
    if root.text().is_some_and(|text| holds_state(text.raw())) {
        return Some(root);
    }
    let end = root.end_index().min(root.index() + LOOK_AT);
    let mut level = vec![root];
    for _ in 0..4 {
        let mut below = Vec::new();
        for node in level {
            for child in node.members().map(|member| member.value).chain(node.elements()) {
                if child.index() >= end {
                    break;
                }
                if let Kind::Object = child.kind()
                    && (votes(child).0.max(votes(child).1) >= QUORUM && child.member("$schemaVersion").is_some())
                {
                    return Some(child);
                }
                if child.text().is_some_and(|text| holds_state(text.raw())) {
                    return Some(child);
                }
                below.push(child);
            }
        }
        level = below;
    }
    None
}

/// Whether a string looks as if it held a state: an object with the version key, which is all that can be told cheaply.
fn holds_state(raw: &str) -> bool {
    raw.trim_start_matches(['\\', 'n', 'r', 't', ' ']).starts_with('{') && raw.contains("$schemaVersion")
}

#[cfg(test)]
mod tests {
    use super::{Detection, detect};

    /// What a broken state still says of itself is enough to say what is wrong with it.
    #[test]
    fn a_version_and_one_key_make_a_state() {
        let dialect = |text: &str| match detect(text.into(), None) {
            Detection::State { dialect, .. } => Some(dialect),
            _ => None,
        };
        assert_eq!(dialect(r#"{"$schemaVersion":"1.15","current_agent":"Bank"}"#), Some("python"));
        assert_eq!(dialect(r#"{"$schemaVersion":"999","currentAgent":{"name":"Bank"}}"#), Some("typescript"));
        assert_eq!(dialect(r#"{"current_agent":"Bank"}"#), None);
        assert_eq!(dialect(r#"{"$schemaVersion":"1.15","agent":"Bank"}"#), None);
        assert_eq!(dialect(r#"{"$schemaVersion":1.15,"current_agent":"Bank"}"#), None);
    }
}
