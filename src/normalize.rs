//! The verb `normalize`: the same state in the byte style of its SDK.

mod redact;
mod volatile;

use serde::Serialize;

use crate::codes;
use crate::convert::{Convert, Loss, convert_document};
use crate::detect::{Identity, identify};
use crate::finding::{Effect, Finding};
use crate::format::{Dialect, Format, Target};
use crate::json::{Document, Kind, Node, Style, Value, Writer, sorted_value};
use crate::model::Account;
use crate::record::{Reader, Wire as _};
use crate::validate::{Validate, Verdict, judge, locate, unreadable};
use crate::{python, typescript};

pub use redact::Redact;

/// What to do besides.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Normalize {
    /// Which state to write and whom to ask whether it is one.
    pub validate: Validate,
    /// What happens to a state that its SDK would not load.
    pub invalid: Invalid,
    /// The format to bring it to before, as `convert` does.
    pub to: Option<Target>,
    /// Whether what differs from run to run becomes a placeholder: the same id the same one everywhere.
    pub volatile: bool,
    /// What is masked.
    pub redact: Vec<Redact>,
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
    /// What is wrong with the input, or with what it would become.
    pub findings: Vec<Finding>,
    /// What was changed, and how often.
    pub changes: Vec<Rewritten>,
    /// What a conversion could not keep.
    pub losses: Vec<Loss>,
}

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Rewritten {
    /// What it is: `ids`, `times`, `usage`, `masked`, or `undecided` for decisions about calls whose arguments are masked.
    pub what: &'static str,
    /// How often.
    pub count: usize,
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
    let refused = |findings| Outcome { bytes: None, findings, changes: Vec::new(), losses: Vec::new() };
    let doc = match Document::parse(bytes.to_vec()) {
        Ok(doc) => doc,
        Err(error) => return refused(vec![unreadable(error)]),
    };
    let Verdict { findings, .. } = judge(&doc, &options.validate);
    let is_refused = findings.iter().any(|finding| finding.effect == Effect::Refused);
    let state = locate(&doc, options.validate.at.as_deref()).ok();
    let Some(state) = state.filter(|_| !is_refused || options.invalid == Invalid::Accept) else {
        return refused(findings);
    };
    let mut losses = Vec::new();
    let mut converted = None;
    if let Some(target) = options.to {
        let mut how = Convert::default();
        how.at.clone_from(&options.validate.at);
        how.agents.clone_from(&options.validate.agents);
        how.accept_invalid = options.invalid == Invalid::Accept;
        let conversion = convert_document(&doc, target, &how);
        losses = conversion.losses;
        let doc = conversion.bytes.and_then(|bytes| Document::parse(bytes).ok());
        let Some(doc) = doc else { return Outcome { bytes: None, findings, changes: Vec::new(), losses } };
        converted = Some(doc);
    }
    let (doc, state) = match &converted {
        Some(doc) => (doc, doc.root()),
        None => (&doc, state),
    };
    if !options.volatile && options.redact.is_empty() {
        return Outcome { bytes: rewrite(doc, state, options), findings, changes: Vec::new(), losses };
    }
    let mut changes = Vec::new();
    let Some(edited) = edit(state, options, &mut changes) else { return refused(findings) };
    let Ok(doc) = Document::parse(edited) else { return refused(findings) };
    // Nothing that was right may be wrong now.
    let after = judge(&doc, &Validate { at: None, ..options.validate.clone() }).findings;
    let known = |finding: &Finding| findings.iter().any(|own| own.code == finding.code);
    let broken: Vec<Finding> = after.into_iter().filter(|own| own.effect >= Effect::Unsafe && !known(own)).collect();
    if !broken.is_empty() && options.invalid == Invalid::Refuse {
        return refused(broken);
    }
    Outcome { bytes: rewrite(&doc, doc.root(), options), findings, changes, losses }
}

/// The state with placeholders and masks; `None` when it is no state.
fn edit(state: Node<'_>, options: &Normalize, changes: &mut Vec<Rewritten>) -> Option<Vec<u8>> {
    let Identity::State { dialect, label, .. } = identify(state) else { return None };
    let style = style(dialect, Layout::Line);
    let mut out = Writer::new(style);
    out.node(state);
    let mut bytes = out.finish();
    let mut told = |what, count| {
        if count > 0 {
            changes.push(Rewritten { what, count });
        }
    };
    if !options.redact.is_empty() {
        let doc = Document::parse(bytes).ok()?;
        let mut done = redact::Masked::default();
        bytes = redact::mask(&doc, &options.redact, style, &mut done);
        told("masked", done.values);
        if !done.calls.is_empty() {
            let doc = Document::parse(bytes).ok()?;
            let mut tree = open(&doc, dialect);
            told("undecided", redact::undecide(&mut tree, &done.calls));
            bytes = settled(tree, dialect, label.format(dialect), style);
        }
    }
    if options.volatile {
        let doc = Document::parse(bytes).ok()?;
        let mut counts = volatile::Counts::default();
        bytes = volatile::replace(&doc, style, &mut counts);
        told("ids", counts.ids);
        told("times", counts.times);
        told("usage", counts.usage);
        if is_out_of_step(&bytes) {
            let doc = Document::parse(bytes).ok()?;
            bytes = settled(open(&doc, dialect), dialect, label.format(dialect), style);
        }
    }
    if dialect == Dialect::Python && !changes.is_empty() {
        bytes = owned(bytes, style)?;
    }
    Some(bytes)
}

/// A Python state with the digests of items that a nested history owns computed anew; the items are not what they were.
fn owned(bytes: Vec<u8>, style: Style) -> Option<Vec<u8>> {
    const REFS: &str = "nested_history_owned_session_item_refs";
    let doc = Document::parse(bytes).ok()?;
    let root = doc.root();
    if root.member(REFS).is_none_or(|refs| refs.elements().next().is_none()) {
        return Some(root.source().text().as_bytes().to_vec());
    }
    let input: Vec<Node<'_>> = root.member("original_input").into_iter().flat_map(Node::elements).collect();
    let mut tree = Value::Node(root);
    for own in tree.object_mut()?.get_mut(REFS)?.elements_mut() {
        let at = own.member("input_index").and_then(|at| usize::try_from(at.as_u64()?).ok());
        let digest = at.and_then(|at| python::input_digest(*input.get(at)?));
        if let (Some(digest), Some(own)) = (digest, own.object_mut()) {
            own.set("digest", Value::from(digest.into_bytes()));
        }
    }
    let mut out = Writer::new(style);
    tree.write(&mut out);
    Some(out.finish())
}

/// Whether the state's own records of its calls say something else than the calls.
fn is_out_of_step(bytes: &[u8]) -> bool {
    const RECORDS: [codes::Code; 3] = [codes::FINGERPRINT, codes::LEDGER, codes::EVIDENCE];
    let findings = crate::validate::validate(bytes, &Validate::default());
    findings.iter().any(|finding| RECORDS.contains(&finding.code))
}

fn open(doc: &Document, dialect: Dialect) -> Value<'_> {
    match dialect {
        Dialect::Python => python::convert::open(doc, doc.root()),
        Dialect::TypeScript => typescript::convert::open(doc, doc.root()),
    }
}

/// The state with its records of calls computed anew. Under older labels they stay as they are.
fn settled(tree: Value<'_>, dialect: Dialect, format: Option<Format>, style: Style) -> Vec<u8> {
    let mut tree = tree;
    if format == Some(dialect.newest().format) {
        without_records(&mut tree);
        match dialect {
            Dialect::Python => python::convert::derive(&mut tree),
            Dialect::TypeScript => typescript::convert::derive(&mut tree, &Account::default()),
        }
    }
    if dialect == Dialect::TypeScript {
        typescript::convert::close(&mut tree);
    }
    let mut out = Writer::new(style);
    tree.write(&mut out);
    out.finish()
}

fn without_records(tree: &mut Value<'_>) {
    let Some(state) = tree.object_mut() else { return };
    for key in ["completedToolInvocations", "completedToolInvocationEvidence", "ambiguousToolInvocationCallIds"] {
        state.take(key);
    }
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        context.take("tool_invocations");
        context.take("approvalInvocations");
    }
    redact::each_nested(state, &mut without_records);
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
    let kept = compared(&mut tree);
    let mut out = Writer::new(style);
    sorted_value(&tree, kept, &mut out);
    out.finish()
}

/// The TypeScript SDK compares the text of what a tool returned with the one that a session write names: the order of
/// members counts there.
fn compared(tree: &mut Value<'_>) -> Option<&'static str> {
    let write = tree.member("pendingSessionWrite")?;
    write.member("terminalToolFinalization").filter(|own| own.kind() == Kind::Object)?;
    let items = tree.object_mut()?.get_mut("generatedItems")?;
    for item in items.elements_mut() {
        item.object_mut();
    }
    Some("output")
}

/// Makes texts of nested runs again, with their members by their names.
fn sort(tree: &mut Value<'_>) {
    let Value::Object(state) = tree else { return };
    let Some(Value::Object(runs)) = state.get_mut("pendingAgentToolRuns") else { return };
    for (_, run) in runs.members_mut().iter_mut().filter(|(_, run)| run.kind() == Kind::Object) {
        sort(run);
        let kept = compared(run);
        let mut out = Writer::new(Style::TypeScript);
        sorted_value(run, kept, &mut out);
        *run = Value::from(out.finish());
    }
}
