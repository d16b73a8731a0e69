//! The verb `validate`: everything that is wrong with a state, in one pass.

use std::borrow::Cow;

use crate::agents::Graph;
use crate::codes::{self, Code};
use crate::detect::{Identity, Label, identify};
use crate::finding::{Effect, Finding};
use crate::format::{Dialect, Format, Target};
use crate::json::{Aim, Document, Kind, Node, Problem, SyntaxError, places};
use crate::record::{Raised, Reader};
use crate::{python, typescript};

/// What to judge a state by.
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
}

/// What there is to say of bytes that are not JSON.
impl From<SyntaxError> for Verdict {
    fn from(error: SyntaxError) -> Self {
        Self { format: None, findings: vec![unreadable(error)], is_json: false, state: None }
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
    let Some(pointer) = at.filter(|pointer| !pointer.is_empty()) else { return Ok(node) };
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let next = match node.kind() {
            Kind::Array => step.parse().ok().and_then(|at| node.elements().nth(at)),
            _ => node.member(&step),
        };
        node = next
            .ok_or_else(|| Raised::new(codes::NOT_A_STATE, node, format!("`{step}` of --at {pointer} is not here")))?;
    }
    if node.text().is_none() {
        return Ok(node);
    }
    let code = codes::SYNTAX;
    doc.decode(node)
        .map_err(|error| Raised::new(code, node, format!("the string at --at {pointer} holds no JSON: {error}")))
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
    let mut cx = Reader::new(doc, Dialect::Python, 0);
    let root = match locate(doc, options.at.as_deref()) {
        Ok(root) => root,
        Err(raised) => {
            cx.raise(raised.code, raised.effect, raised.node, raised.message);
            return Verdict { format: None, findings: place(doc, cx), is_json: true, state: None };
        }
    };
    let identity = identify(root);
    let mut format = None;
    let mut state = None;
    match identity {
        Identity::State { dialect, label, mixed } => {
            cx.dialect = dialect;
            cx.label = label.effective(dialect);
            format = label.format(dialect);
            if doc.holder(root).is_none() {
                state = Some((root.span().start, root.span().end));
            }
            judge_reader(options.reader, label, root, &mut cx);
            if mixed {
                let message = "keys of the other SDK's format stand beside those of this one";
                cx.raise(codes::MIXED_DIALECTS, Effect::Note, root, message);
            }
            match dialect {
                Dialect::Python => {
                    if let Some(state) = python::State::read_from(root, &mut cx) {
                        python::judge(&state, options.agents.as_ref(), &mut cx);
                    }
                }
                Dialect::TypeScript => {
                    if let Some(state) = typescript::State::read_from(root, &mut cx) {
                        typescript::judge(&state, options.agents.as_ref(), &mut cx);
                    }
                }
            }
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
    Verdict { format, findings: place(doc, cx), is_json: true, state }
}

/// Whether the reader reads this dialect and label at all.
fn judge_reader<'d>(reader: Option<Target>, label: Label<'d>, root: Node<'d>, cx: &mut Reader<'d>) {
    let dialect = cx.dialect;
    if let Some(other) = reader.filter(|reader| reader.format.dialect != dialect) {
        let message = format!("{other} does not read states of the {}", dialect.sdk());
        cx.raise(codes::OTHER_DIALECT, Effect::Refused, root, message);
    }
    let own = reader.filter(|reader| reader.format.dialect == dialect);
    judge_label(label, own.unwrap_or_else(|| dialect.newest()), root, cx);
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

/// Works out where the findings are and puts them into the order of the file.
fn place<'d>(doc: &'d Document, cx: Reader<'d>) -> Vec<Finding> {
    let (raised, left_out) = cx.finish();
    // The chain of nodes that leads to a finding: inside nested texts first, in the file itself last.
    let mut aims: Vec<Vec<(Node<'d>, Aim)>> = Vec::with_capacity(raised.len());
    for finding in &raised {
        let mut chain = vec![(finding.node, finding.aim)];
        let mut node = finding.node;
        while let Some(holder) = doc.holder(node) {
            chain.push((holder, Aim::Value));
            node = holder;
        }
        aims.push(chain);
    }
    let mut wanted: Vec<(u32, u32, Aim, usize, usize)> = Vec::new();
    for (finding, chain) in aims.iter().enumerate() {
        for (step, (node, aim)) in chain.iter().enumerate() {
            wanted.push((node.source().id(), node.index(), *aim, finding, step));
        }
    }
    wanted.sort_unstable();
    let mut found = vec![Vec::new(); raised.len()];
    for group in wanted.chunk_by(|one, two| one.0 == two.0) {
        let source = doc.source(group[0].0);
        let aims: Vec<(u32, Aim)> = group.iter().map(|&(_, index, aim, ..)| (index, aim)).collect();
        for (place, &(.., finding, step)) in places(source, &aims).into_iter().zip(group) {
            found[finding].push((step, place));
        }
    }
    let mut findings: Vec<Finding> =
        raised.into_iter().zip(found).map(|(raised, places)| finish(raised, places)).collect();
    findings.sort_by(|one, two| (one.span.0, one.code, &one.inside).cmp(&(two.span.0, two.code, &two.inside)));
    for (code, count) in left_out {
        if let Some(last) = findings.iter_mut().rfind(|finding| finding.code == code) {
            last.message.push_str(&more(code, count));
        }
    }
    findings
}

fn more(code: Code, count: u32) -> String {
    format!(" ({count} more findings {code} are not listed)")
}

fn finish(raised: Raised<'_>, mut places: Vec<(usize, crate::json::Place)>) -> Finding {
    places.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    let mut places = places.into_iter().map(|(_, place)| place);
    let outer = places.next().expect("every finding has the place of its own node");
    let help = match raised.help {
        Some(help) => help,
        None if raised.code == codes::STATE_ELSEWHERE => {
            Cow::Owned(format!("Read it with --at '{}'.", outer.pointer.replace('\'', r"'\''")))
        }
        None => Cow::Borrowed(raised.code.explanation().help),
    };
    Finding {
        code: raised.code,
        severity: raised.effect.severity(),
        effect: raised.effect,
        pointer: outer.pointer,
        line: outer.line,
        column: outer.column,
        span: (outer.span.start, outer.span.end),
        inside: places.map(|place| place.pointer).collect(),
        message: raised.message.into_owned(),
        help: help.into_owned(),
    }
}
