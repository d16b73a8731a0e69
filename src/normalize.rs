//! The verb `normalize`: the same state in the byte style of its SDK.

mod records;
mod redact;
mod volatile;

use serde::Serialize;

use crate::codes;
use crate::convert::{Convert, Loss, convert_document};
use crate::detect::{Identity, identify, label};
use crate::finding::{Effect, Finding};
use crate::format::{Dialect, Target};
use crate::json::{Document, Kind, Node, Style, Value, Writer, sorted_value};
use crate::parallel::ahead;
use crate::record::{self, Fill, Filling, Wire as _};
use crate::validate::{Validate, judge, judge_and, locate, unreadable};
use crate::{python, typescript};

/// Members under which the data of programs stands, of which no SDK looks at the words.
const DATA: [&str; 7] = ["arguments", "tool_input", "toolInput", "outputInfo", "metadata", "custom_data", "customData"];

pub use redact::Redact;

/// What to do besides writing it: begin with the default, and set fields.
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
    /// What happens to members whose absence means the same to the reader.
    pub defaults: Defaults,
    /// In which order members stand.
    pub keys: Keys,
    /// How white space is written.
    pub layout: Layout,
}

/// What happens to members that the reader takes for a certain value when they are absent. Only where a state with the member
/// and one without it are the same to the SDK, which saves both in the same way; decisions stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Defaults {
    /// They stay as they are.
    #[default]
    AsWritten,
    /// Those that are absent come, where the state's label has them.
    Explicit,
    /// Those with that value go.
    Removed,
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

impl Normalize {
    /// Whether more changes than the style and the order.
    fn edits(&self) -> bool {
        self.volatile || !self.redact.is_empty() || self.defaults != Defaults::AsWritten
    }
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
    /// What it is: `ids`, `times`, `usage`, `masked`, `undecided` for decisions about calls whose arguments are masked,
    /// `added` or `removed` for members whose absence means the same.
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
    match Document::parse(bytes.to_vec()) {
        Ok(doc) => normalize_document(&doc, options),
        Err(error) => refused(vec![unreadable(error)]),
    }
}

fn refused(findings: Vec<Finding>) -> Outcome {
    Outcome { bytes: None, findings, changes: Vec::new(), losses: Vec::new() }
}

/// The same of a document that is parsed already.
#[must_use]
pub fn normalize_document(doc: &Document, options: &Normalize) -> Outcome {
    let is_plain = !options.edits() && options.to.is_none() && options.keys == Keys::AsWritten;
    let state = locate(doc, options.validate.at.as_deref()).ok();
    let bytes = state.map_or(0, |state| state.raw().len());
    let mut plain = None;
    let judged = || {
        judge_and(doc, &options.validate, &mut |dialect, state| {
            plain = is_plain.then(|| {
                let mut out = Writer::with_capacity(style(dialect, options.layout), doc.source(0).text().len());
                record::write(state, &mut out);
                out.finish()
            });
        })
        .findings
    };
    // A large state is written while it is judged; most are not refused.
    let (findings, made) = ahead(bytes, judged, || {
        let state = state.filter(|_| !is_plain && options.to.is_none())?;
        made(doc, state, options)
    });
    let is_refused = findings.iter().any(|finding| finding.effect == Effect::Refused);
    if state.is_none() || is_refused && options.invalid == Invalid::Refuse {
        return refused(findings);
    }
    if is_plain {
        return Outcome { bytes: plain, findings, changes: Vec::new(), losses: Vec::new() };
    }
    let (made, losses) = match options.to {
        None => (made.done(), Vec::new()),
        Some(target) => {
            let mut how = Convert::default();
            how.at.clone_from(&options.validate.at);
            how.agents.clone_from(&options.validate.agents);
            how.accept_invalid = options.invalid == Invalid::Accept;
            let conversion = convert_document(doc, target, &how);
            let doc = conversion.bytes.and_then(|bytes| Document::parse(bytes).ok());
            let Some(doc) = doc else {
                return Outcome { bytes: None, findings, changes: Vec::new(), losses: conversion.losses };
            };
            (self::made(&doc, doc.root(), options), conversion.losses)
        }
    };
    let Some(made) = made else { return refused(findings) };
    // Nothing that was right may be wrong now.
    let known = |finding: &Finding| findings.iter().any(|own| own.code == finding.code);
    let broken = made.findings.into_iter().filter(|own| own.effect >= Effect::Unsafe && !known(own));
    let broken: Vec<Finding> = broken.collect();
    if !broken.is_empty() && options.invalid == Invalid::Refuse {
        return refused(broken);
    }
    Outcome { bytes: Some(made.bytes), findings, changes: made.changes, losses }
}

/// A state as it was asked for.
struct Made {
    bytes: Vec<u8>,
    changes: Vec<Rewritten>,
    /// What is wrong with it, where it was changed.
    findings: Vec<Finding>,
}

/// `None` when it cannot be read any more.
fn made(doc: &Document, state: Node<'_>, options: &Normalize) -> Option<Made> {
    let Identity::State { dialect, .. } = identify(state) else { return None };
    let mut changes = Vec::new();
    if !options.edits() {
        return Some(Made { bytes: written(doc, state, dialect, options), changes, findings: Vec::new() });
    }
    let reader = options.to.or(options.validate.reader).filter(|reader| reader.format.dialect == dialect);
    let work = Work { dialect, options, reader: reader.unwrap_or(dialect.newest()) };
    let Edited { doc, findings } = work.edit(doc, state, &mut changes)?;
    let bytes = match options.keys {
        Keys::AsWritten => doc.into_bytes(),
        Keys::Sorted => by_keys(&doc, doc.root(), dialect, style(dialect, options.layout)),
    };
    Some(Made { bytes, changes, findings })
}

/// A state in the style and order that are asked for.
fn written<'d>(doc: &'d Document, state: Node<'d>, dialect: Dialect, options: &Normalize) -> Vec<u8> {
    let style = style(dialect, options.layout);
    if options.keys == Keys::Sorted {
        return by_keys(doc, state, dialect, style);
    }
    let mut out = Writer::with_capacity(style, state.raw().len());
    out.node(state);
    out.finish()
}

/// A state that was changed, and what is wrong with it now.
struct Edited {
    doc: Document,
    findings: Vec<Finding>,
}

/// What is to be done with a state.
struct Work<'o> {
    dialect: Dialect,
    reader: Target,
    options: &'o Normalize,
}

impl Work<'_> {
    /// The style of all steps, so that the last one is the result.
    const fn style(&self) -> Style {
        style(self.dialect, self.options.layout)
    }

    /// The state with placeholders and masks, with its defaults out or in; `None` when it cannot be read any more.
    fn edit<'d>(&self, doc: &'d Document, state: Node<'d>, changes: &mut Vec<Rewritten>) -> Option<Edited> {
        let mut told = |what, count| {
            if count > 0 {
                changes.push(Rewritten { what, count });
            }
        };
        // Every step makes a document of its own from the one before.
        let mut made: Option<Document> = None;
        if !self.options.redact.is_empty() {
            let mut done = redact::Masked::default();
            let masked = redact::mask(state, doc, &self.options.redact, self.style(), &mut done);
            told("masked", done.values);
            let masked = Document::parse(masked).ok()?;
            if !done.calls.is_empty() {
                let mut tree = self.open(&masked, masked.root());
                told("undecided", redact::undecide(&mut tree, &done.calls));
                let settled = self.settled(tree, self.is_in_step(doc));
                made = Some(Document::parse(settled).ok()?);
            } else {
                made = Some(masked);
            }
        }
        if self.options.volatile {
            let mut counts = volatile::Counts::default();
            let (doc, state) = made.as_ref().map_or((doc, state), |made| (made, made.root()));
            let replaced = volatile::replace(doc, state, self.style(), &mut counts);
            told("ids", counts.ids);
            told("times", counts.times);
            told("usage", counts.usage);
            made = Some(Document::parse(replaced).ok()?);
        }
        let owns_digests = self.dialect == Dialect::Python && !changes.is_empty();
        let mut edited = self.finished(made, doc, state, owns_digests, changes)?;
        if self.options.volatile && edited.findings.iter().any(is_out_of_step) && self.is_in_step(doc) {
            let settled = self.settled(self.open(&edited.doc, edited.doc.root()), true);
            let settled = Document::parse(settled).ok()?;
            let (mut again, root) = (Vec::new(), settled.root());
            let made = self.finished(None, &settled, root, owns_digests, &mut again)?;
            // Members that came or went before are in what was settled.
            again.retain(|own| changes.iter().all(|known| known.what != own.what));
            changes.append(&mut again);
            edited = made;
        }
        Some(edited)
    }

    /// The state with everything that follows from its content, judged again.
    fn finished<'d>(
        &self,
        made: Option<Document>,
        doc: &'d Document,
        state: Node<'d>,
        owns_digests: bool,
        changes: &mut Vec<Rewritten>,
    ) -> Option<Edited> {
        let mut made = made;
        if owns_digests {
            let state = made.as_ref().map_or(state, |made| made.root());
            if let Some(owned) = owned(state, self.style()) {
                made = Some(Document::parse(owned).ok()?);
            }
        }
        let filled = match &made {
            Some(made) => self.filled(made, made.root(), changes),
            None => self.filled(doc, state, changes),
        };
        if let Some(filled) = filled {
            made = Some(Document::parse(filled).ok()?);
        }
        let doc = match made {
            Some(made) => made,
            None => {
                let mut out = Writer::with_capacity(self.style(), state.raw().len());
                out.node(state);
                Document::parse(out.finish()).ok()?
            }
        };
        let reader = if self.options.to.is_some() { Some(self.reader) } else { self.options.validate.reader };
        let findings = judge(&doc, &Validate { at: None, reader, ..self.options.validate.clone() }).findings;
        Some(Edited { doc, findings })
    }

    /// The state with its defaults out or in; `None` when nothing changes.
    fn filled<'d>(&self, doc: &'d Document, state: Node<'d>, changes: &mut Vec<Rewritten>) -> Option<Vec<u8>> {
        let (filling, what) = match self.options.defaults {
            Defaults::AsWritten => return None,
            Defaults::Explicit => (Filling::Explicit, "added"),
            Defaults::Removed => (Filling::Removed, "removed"),
        };
        let (shape, label): (_, fn(Node<'d>) -> u16) = match self.dialect {
            Dialect::Python => {
                (python::State::shape(), |state| label(state, Dialect::Python).effective(Dialect::Python))
            }
            Dialect::TypeScript => {
                (typescript::State::shape(), |state| label(state, Dialect::TypeScript).effective(Dialect::TypeScript))
            }
        };
        let mut fill = Fill::new(doc, shape, label, self.reader, filling);
        let filled = fill.apply(state)?;
        changes.push(Rewritten { what, count: fill.count });
        let mut out = Writer::with_capacity(self.style(), state.raw().len());
        filled.write(&mut out);
        Some(out.finish())
    }

    fn open<'d>(&self, doc: &'d Document, root: Node<'d>) -> Value<'d> {
        match self.dialect {
            Dialect::Python => python::convert::open(doc, root),
            Dialect::TypeScript => typescript::convert::open(doc, root),
        }
    }

    /// The state with its records of calls brought into step with the calls. Records that were out of step before stay so: a
    /// decision that is void must not become one that counts.
    fn settled(&self, tree: Value<'_>, was_in_step: bool) -> Vec<u8> {
        let mut tree = tree;
        if was_in_step {
            records::renew(&mut tree, self.dialect);
        }
        if self.dialect == Dialect::TypeScript {
            typescript::convert::close(&mut tree);
        }
        let mut out = Writer::new(self.style());
        tree.write(&mut out);
        out.finish()
    }

    /// Whether the records of the input say the same as its calls.
    fn is_in_step(&self, doc: &Document) -> bool {
        let validate = &self.options.validate;
        let judged = match self.options.to {
            None => judge(doc, validate),
            // What was converted stands alone.
            Some(reader) => judge(doc, &Validate { at: None, reader: Some(reader), ..validate.clone() }),
        };
        !judged.findings.iter().any(is_out_of_step)
    }
}

/// A Python state with the digests of items that a nested history owns computed anew; the items are not what they were.
/// `None` when there are none.
fn owned(root: Node<'_>, style: Style) -> Option<Vec<u8>> {
    const REFS: &str = "nested_history_owned_session_item_refs";
    root.member(REFS)?.elements().next()?;
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
fn is_out_of_step(finding: &Finding) -> bool {
    [codes::FINGERPRINT, codes::LEDGER, codes::EVIDENCE].contains(&finding.code)
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
