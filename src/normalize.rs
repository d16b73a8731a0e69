//! The verb `normalize`: the same state in the byte style of its SDK.

use crate::detect::{Identity, identify};
use crate::finding::{Effect, Finding};
use crate::format::Dialect;
use crate::json::{Document, Kind, Node, Style, Value, Writer, sorted_value};
use crate::record::{Reader, Wire as _};
use crate::validate::{Validate, judge, locate, unreadable};
use crate::{python, typescript};

/// What to do besides.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Normalize {
    /// Which state to write and whom to ask whether it is one.
    pub validate: Validate,
    /// What happens to a state that its SDK would not load.
    pub invalid: Invalid,
    /// In which order members stand.
    pub keys: Keys,
    /// How white space is written.
    pub layout: Layout,
}

/// In which order members stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// As they are: as the SDK wrote them.
    #[default]
    AsWritten,
    /// By their names, each once, in the texts of nested runs, too.
    Sorted,
}

/// How white space is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// As the SDK's own text: `RunState.to_string()` in Python, `RunState#toString()` in TypeScript.
    #[default]
    Sdk,
    /// On one line: `json.dumps(state.to_json())` in Python, `RunState#toString()` in TypeScript.
    Line,
    /// For people: two spaces, characters as they are.
    Indented,
}

/// What happens to a state that its SDK would not load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invalid {
    /// Nothing is written.
    #[default]
    Refuse,
    /// It is written as far as it can be read.
    Accept,
}

/// What came of a verb that writes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What was written; nothing when the input was refused.
    pub bytes: Option<Vec<u8>>,
    /// What is wrong with the input.
    pub findings: Vec<Finding>,
}

/// Reads a state through the typed model of its dialect and writes it in the byte style of its SDK: as
/// `json.dumps(state, indent=2)` in Python, as `JSON.stringify(state)` in TypeScript. A state that its SDK wrote comes out
/// byte for byte as it went in; digits, member order, unknown members and duplicates stay as they are in any state.
///
/// ```
/// let state = br#"[ 1 ]"#;
/// let outcome = runstate::normalize(state, &runstate::Normalize::default());
/// assert_eq!(outcome.bytes, None);
/// assert_eq!(outcome.findings[0].code.to_string(), "RS201");
/// ```
#[must_use]
pub fn normalize(bytes: &[u8], options: &Normalize) -> Outcome {
    let doc = match Document::parse(bytes.to_vec()) {
        Ok(doc) => doc,
        Err(error) => return Outcome { bytes: None, findings: vec![unreadable(error)] },
    };
    let verdict = judge(&doc, &options.validate);
    let refused = verdict.findings.iter().any(|finding| finding.effect == Effect::Refused);
    let state = locate(&doc, options.validate.at.as_deref()).ok();
    let written = state
        .filter(|_| !refused || options.invalid == Invalid::Accept)
        .and_then(|state| rewrite(&doc, state, options));
    Outcome { bytes: written, findings: verdict.findings }
}

/// The state read through the typed model and written again; `None` when it is no state.
fn rewrite<'d>(doc: &'d Document, root: Node<'d>, options: &Normalize) -> Option<Vec<u8>> {
    let Identity::State { dialect, label, .. } = identify(root) else { return None };
    let mut cx = Reader::new(doc, dialect, label.effective(dialect));
    let style = style(dialect, options.layout);
    let mut out = Writer::new(style);
    match dialect {
        Dialect::Python => python::State::read_from(root, &mut cx)?.write(&mut out),
        Dialect::TypeScript => typescript::State::read_from(root, &mut cx)?.write(&mut out),
    }
    let written = out.finish();
    if options.keys == Keys::AsWritten {
        return Some(written);
    }
    let doc = Document::parse(written).ok()?;
    Some(by_keys(&doc, doc.root(), dialect, style))
}

const fn style(dialect: Dialect, layout: Layout) -> Style {
    match (dialect, layout) {
        (_, Layout::Indented) => Style::Indented,
        (Dialect::Python, Layout::Sdk) => Style::Python,
        (Dialect::Python, Layout::Line) => Style::PythonLine,
        (Dialect::TypeScript, _) => Style::TypeScript,
    }
}

/// The state with members by their names, in the texts of nested runs, too.
pub(crate) fn by_keys<'d>(doc: &'d Document, root: Node<'d>, dialect: Dialect, style: Style) -> Vec<u8> {
    let mut tree = match dialect {
        Dialect::Python => Value::Node(root),
        Dialect::TypeScript => typescript::convert::open(doc, root),
    };
    sort(&mut tree);
    let mut out = Writer::new(style);
    sorted_value(&tree, &mut out);
    out.finish()
}

/// Makes texts of nested runs again, with their members by their names.
fn sort(tree: &mut Value<'_>) {
    let Value::Object(state) = tree else { return };
    let Some(Value::Object(runs)) = state.get_mut("pendingAgentToolRuns") else { return };
    for (_, run) in runs.members_mut().iter_mut().filter(|(_, run)| run.kind() == Kind::Object) {
        sort(run);
        let mut out = Writer::new(Style::TypeScript);
        sorted_value(run, &mut out);
        *run = Value::from(out.finish());
    }
}
