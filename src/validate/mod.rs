//! The verb `validate`: everything that is wrong with a state, in one pass.

mod checks;
mod place;
pub(crate) mod secrets;
mod text;

use std::borrow::Cow;

use crate::agents::Graph;
use crate::codes;
use crate::detect::{Identity, Label, identify};
use crate::finding::{Effect, Finding};
use crate::format::{Dialect, Format, Target};
use crate::json::{Document, Node, Problem, SyntaxError};
use crate::model::Run;
use crate::parallel::both;
use crate::record::{Raised, Reader, Rows, Writers};
use crate::{python, typescript};
pub(crate) use place::place;

/// What to judge a state by: begin with the default, and set fields.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Validate {
    /// Who is to read it; by default the newest release of the state's own dialect.
    pub reader: Option<Target>,
    /// The agents that it will be resumed with.
    pub agents: Option<Graph>,
    /// JSON pointer of the state inside a larger document; a string there is read as the state's text.
    pub at: Option<String>,
}

/// What was found about one input.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The format, when the input is a state with a known label.
    pub format: Option<Format>,
    /// What is wrong, in the order of the file.
    pub findings: Vec<Finding>,
    /// Whether the input is JSON at all.
    pub is_json: bool,
    /// Byte range of the state in the input, when there is one that does not stand inside a string.
    pub state: Option<(usize, usize)>,
    /// Which releases can have written it, as far as its fields tell.
    pub(crate) writers: Writers,
}

impl Verdict {
    /// Of JSON that nothing is wrong with.
    #[must_use]
    pub fn clean() -> Self {
        Self { format: None, findings: Vec::new(), is_json: true, state: None, writers: Writers::default() }
    }
}

/// What there is to say of bytes that are not JSON.
impl From<SyntaxError> for Verdict {
    fn from(error: SyntaxError) -> Self {
        Self { findings: vec![unreadable(error)], is_json: false, ..Self::clean() }
    }
}

/// Everything that is wrong with a state.
///
/// ```
/// let findings = runstate::validate(b"[1, 2", &runstate::Validate::default());
/// assert_eq!(findings[0].code.to_string(), "RS101");
/// ```
#[must_use]
pub fn validate(bytes: &[u8], options: &Validate) -> Vec<Finding> {
    verdict(bytes.to_vec(), options).findings
}

/// The same, with the format, from bytes that need not be copied.
#[must_use]
pub fn verdict(bytes: Vec<u8>, options: &Validate) -> Verdict {
    match Document::parse(bytes) {
        Ok(doc) => judge(&doc, options),
        Err(error) => error.into(),
    }
}

/// The state that is meant: the document itself, or what stands at a pointer of it, inside a string there if it is one.
pub(crate) fn locate<'d>(doc: &'d Document, at: Option<&str>) -> Result<Node<'d>, Raised<'d>> {
    let mut node = doc.root();
    let Some(pointer) = at else { return Ok(node) };
    for step in pointer.split('/').skip(1) {
        node = node.step(step).ok_or_else(|| {
            let step = step.replace("~1", "/").replace("~0", "~");
            Raised::new(codes::NOT_A_STATE, node, format!("`{step}` of --at {pointer} is not here"))
        })?;
    }
    if node.text().is_none() {
        return Ok(node);
    }
    let code = codes::SYNTAX;
    doc.decode(node)
        .map_err(|error| Raised::new(code, node, format!("the string at --at '{pointer}' holds no JSON: {error}")))
}

/// The same of a document that is parsed already, so that its text stays at hand.
///
/// ```
/// use runstate::{Validate, judge, json::Document};
///
/// let doc = Document::parse(b"[1, 2]".to_vec())?;
/// assert_eq!(judge(&doc, &Validate::default()).findings[0].code.to_string(), "RS201");
/// # Ok::<(), runstate::json::SyntaxError>(())
/// ```
#[must_use]
pub fn judge(doc: &Document, options: &Validate) -> Verdict {
    judge_and(doc, options, &mut |_, _| ())
}

/// The same; `and` gets the state as it was read.
pub(crate) fn judge_and(doc: &Document, options: &Validate, and: &mut dyn FnMut(Dialect, &dyn Rows<'_>)) -> Verdict {
    let mut cx = Reader::new(doc, Dialect::Python, 0);
    let root = match locate(doc, options.at.as_deref()) {
        Ok(root) => root,
        Err(raised) => {
            cx.raise(raised.code, raised.effect, raised.node, raised.message);
            return Verdict { findings: place(doc, cx), ..Verdict::clean() };
        }
    };
    let identity = identify(root);
    let mut verdict = Verdict::clean();
    match identity {
        Identity::State { dialect, label, mixed } => {
            cx.dialect = dialect;
            cx.label = label.effective(dialect);
            verdict.format = label.format(dialect);
            if doc.holder(root).is_none() {
                verdict.state = Some((root.span().start, root.span().end));
            }
            judge_reader(options.reader, label, root, &mut cx);
            if mixed {
                let message = "keys of the other SDK's format stand beside those of this one";
                cx.raise(codes::MIXED_DIALECTS, Effect::Note, root, message);
            }
            verdict.writers = judge_state(root, options.agents.as_ref(), &mut cx, and);
        }
        Identity::OtherPort { port, version } => {
            cx.raise(codes::OTHER_PORT, Effect::Refused, version, format!("{port} wrote this state"));
        }
        Identity::Unknown { elsewhere } => {
            cx.raise(codes::NOT_A_STATE, Effect::Refused, root, "this is JSON, but no RunState of either SDK");
            if let Some(node) = elsewhere {
                cx.raise(codes::STATE_ELSEWHERE, Effect::Note, node, "a state stands here");
            }
        }
    }
    verdict.findings = place(doc, cx);
    verdict
}

/// Reads the state into its dialect's model and judges it there, then what both dialects have in common. Which releases can
/// have written it.
fn judge_state<'d>(
    root: Node<'d>,
    agents: Option<&Graph>,
    cx: &mut Reader<'d>,
    and: &mut dyn FnMut(Dialect, &dyn Rows<'_>),
) -> Writers {
    let (source, bytes) = (root.source(), root.raw().len());
    let mut apart = cx.apart();
    let text = || {
        // The source keeps them.
        let _ = source.duplicates();
        secrets::places(source.text().as_bytes())
    };
    let mut common = |run: Run<'d>| {
        checks::check(&run, &mut apart);
        text()
    };
    let suspects = match cx.dialect {
        Dialect::Python => match python::State::read_from(root, cx) {
            Some(state) => {
                and(cx.dialect, &state);
                both(bytes, || python::judge(&state, agents, cx), || common(python::lift(&state))).1
            }
            None => text(),
        },
        Dialect::TypeScript => match typescript::State::read_from(root, cx) {
            Some(state) => {
                and(cx.dialect, &state);
                both(bytes, || typescript::judge(&state, agents, cx), || common(typescript::lift(&state))).1
            }
            None => text(),
        },
    };
    cx.join(apart);
    let writers = cx.writer;
    text::judge(root, cx);
    let whole = cx.zone;
    // The texts of nested runs are read only when the calls that wait for them go on.
    cx.zone.worst = Effect::Stuck;
    let mut texts = std::mem::take(&mut cx.texts);
    texts.sort_unstable_by_key(|text| text.source().id());
    texts.dedup_by_key(|text| text.source().id());
    for text in texts {
        text::judge(text, cx);
    }
    cx.zone = whole;
    secrets::judge(source, &suspects, cx);
    writers
}

/// Whether the reader reads this dialect and label at all.
fn judge_reader<'d>(reader: Option<Target>, label: Label<'d>, root: Node<'d>, cx: &mut Reader<'d>) {
    let dialect = cx.dialect;
    if let Some(other) = reader.filter(|reader| reader.format.dialect != dialect) {
        let message = format!("{other} does not read states of the {}", dialect.sdk());
        cx.raise(codes::OTHER_DIALECT, Effect::Refused, root, message);
    }
    let own = reader.filter(|reader| reader.format.dialect == dialect);
    cx.reader = own.unwrap_or_else(|| dialect.newest());
    if let Some(other) = own.filter(|own| !own.is_tested()) {
        let message = format!("the rules for {other} were compared with {} only", other.tested());
        cx.raise(codes::READER_RULES, Effect::Note, root, message);
    }
    judge_label(label, cx.reader, root, cx);
}

fn judge_label<'d>(label: Label<'d>, reader: Target, root: Node<'d>, cx: &mut Reader<'d>) {
    let unknown = |node: Node<'_>| {
        let shown = node.text().map_or(Cow::Borrowed(""), |text| text.lossy());
        format!("the label \"{shown}\" is unknown; {reader} reads 1.0 to 1.{}", reader.format.label)
    };
    match label {
        Label::Known(label) if label > reader.format.label => {
            let node = root.member("$schemaVersion").unwrap_or(root);
            cx.raise(codes::UNKNOWN_LABEL, Effect::Refused, node, unknown(node));
        }
        Label::Known(_) => {}
        Label::Newer(node) | Label::Unknown(node) => {
            cx.raise(codes::UNKNOWN_LABEL, Effect::Refused, node, unknown(node))
        }
        Label::NotText(node) => {
            let message = format!("expected the label as a string, found {}", node.kind());
            cx.raise(codes::LABEL_TYPE, Effect::Refused, node, message);
        }
        Label::Missing => {
            let node = root.member("$schemaVersion").unwrap_or(root);
            cx.raise(codes::NO_LABEL, Effect::Refused, node, "the label `$schemaVersion` is missing or empty");
        }
    }
}

/// The finding for bytes that are not JSON.
pub(crate) fn unreadable(error: SyntaxError) -> Finding {
    let code = match error.problem {
        Problem::Empty => codes::EMPTY,
        Problem::NotUtf8 | Problem::Utf16 => codes::ENCODING,
        Problem::TooLarge => codes::TOO_LARGE,
        _ => codes::SYNTAX,
    };
    Finding {
        code,
        severity: Effect::Refused.severity(),
        effect: Effect::Refused,
        pointer: String::new(),
        line: error.line,
        column: error.column,
        span: (error.offset, error.offset),
        inside: Vec::new(),
        message: match error.problem {
            Problem::Expected(what) => format!("expected {what}, found {}", error.found),
            problem => problem.to_string(),
        },
        help: match error.problem {
            Problem::Trailing => "Keep one value; if every line is a state of its own, read the file with --ndjson.",
            _ => code.explanation().help,
        }
        .to_owned(),
    }
}
