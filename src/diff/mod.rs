//! The verb `diff`: what two states say differently, whatever SDK and label they are of.

mod align;
mod compare;
pub(crate) mod portrait;
mod secrets;
pub(crate) mod weigh;

use std::borrow::Cow;

use serde::Serialize;

use crate::codes;
use crate::convert::canonical;
use crate::detect::{Identity, identify};
use crate::finding::Finding;
use crate::format::Format;
use crate::hash::{HashMap, HashSet};
use crate::json::{Document, Node, Style, SyntaxError, Value, Writer, pointers, push_step, sorted};
use crate::model::Account;
use crate::parallel::both;
use crate::validate::secrets::{is_secret_name, masked};
use crate::validate::{Validate, judge, locate, unreadable};

pub use secrets::mask_secrets;

use compare::{Difference, Walk};
use portrait::{View, portrait};

/// How to compare: begin with the default, and set fields.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diff {
    /// What does not count.
    pub ignore: Vec<Ignore>,
    /// JSON pointer of the states inside larger documents.
    pub at: Option<String>,
    /// Whether secrets are shown.
    pub show_secrets: bool,
}

/// What does not count as a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ignore {
    /// What differs from run to run: ids, encrypted thoughts, usage, the trace. Calls are named by their tools, in order.
    Volatile,
    /// What the model cost.
    Usage,
    /// The trace.
    Trace,
    /// What stands at this JSON pointer of either input, or of the comparison's own paths, and below; `*` is any one step.
    Pointer(String),
}

impl std::str::FromStr for Ignore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "volatile" => Ok(Self::Volatile),
            "usage" => Ok(Self::Usage),
            "trace" => Ok(Self::Trace),
            pointer if pointer.starts_with('/') => Ok(Self::Pointer(pointer.to_owned())),
            _ => Err("expected `volatile`, `usage`, `trace` or a JSON pointer, which starts with `/`".to_owned()),
        }
    }
}

/// What two states say differently.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Comparison {
    /// Version of this document's format: 1. Members may be added to it.
    pub version: u32,
    /// Whether both were read and mean the same.
    pub same: bool,
    /// The first state.
    pub a: Side,
    /// The second one.
    pub b: Side,
    /// The decisions first, then where the run stands, what it started from, its items, and the rest.
    pub changes: Vec<Change>,
    /// How many values differ that an SDK computes anew or takes from the live program: ledgers, fingerprints, spans. They do
    /// not count. Always 0 for states of different SDKs.
    pub bookkeeping: usize,
}

/// One of two states.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Side {
    /// Dialect and label, such as `python@1.21`, when the label is a known one.
    pub format: Option<String>,
    /// Why it cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Whether it is JSON at all.
    pub is_json: bool,
}

/// One difference.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Change {
    /// What it is about: `decisions`, `step`, `input`, `pending_input`, `items`, `actions`, `nested`, `context`, `guardrails`,
    /// `tools_used`, `usage`, `responses`, `last_response`, `trace`, or `other` for what only one SDK knows.
    pub section: String,
    /// Whether only one of the two has it.
    pub kind: ChangeKind,
    /// Where it is in the form that both are compared in, which is the same for both SDKs: a JSON pointer.
    pub path: String,
    /// The item or call that it belongs to, for people.
    pub name: Option<String>,
    /// The value in the first state, as JSON text; digits are kept as they are written.
    pub before: Option<String>,
    /// The value in the second state, likewise.
    pub after: Option<String>,
    /// JSON pointer of the value in the first state, or of what it is missing from; behind `!`, where in a text there.
    pub a: String,
    /// The same of the second state.
    pub b: String,
}

/// How the two differ at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Only the second one has it.
    Added,
    /// Only the first one has it.
    Removed,
    /// Both have it.
    Changed,
}

/// Compares two states by what they mean. They may be of different SDKs and labels: what only one SDK can hold does not
/// count then.
///
/// ```
/// use runstate::{Diff, diff};
///
/// let one = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
/// let two = std::fs::read("fixtures/python/1.21/approved.json")?;
/// let comparison = diff(&one, &two, &Diff::default());
/// assert_eq!(comparison.changes[0].section, "decisions");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn diff(a: &[u8], b: &[u8], options: &Diff) -> Comparison {
    let (a, b) = both(a.len().min(b.len()), || Document::parse(a.to_vec()), || Document::parse(b.to_vec()));
    compared([a.as_ref(), b.as_ref()], options)
}

/// The same of documents that are parsed already.
#[must_use]
pub fn diff_documents(a: &Document, b: &Document, options: &Diff) -> Comparison {
    compared([Ok(a), Ok(b)], options)
}

fn compared(docs: [Result<&Document, &SyntaxError>; 2], options: &Diff) -> Comparison {
    let sides = docs.each_ref().map(|doc| match doc {
        Ok(doc) => side(doc, options.at.as_deref()),
        Err(error) => Err(Side { format: None, problem: Some(told(&unreadable(**error))), is_json: false }),
    });
    let mut comparison = Comparison {
        version: 1,
        same: false,
        a: shown(&sides[0]),
        b: shown(&sides[1]),
        changes: Vec::new(),
        bookkeeping: 0,
    };
    if let ([Ok(one), Ok(two)], [Ok(doc_one), Ok(doc_two)]) = (&sides, &docs) {
        if one.0.raw() != two.0.raw() {
            compare([(doc_one, *one), (doc_two, *two)], options, &mut comparison);
        }
        comparison.same = comparison.changes.is_empty();
    }
    comparison
}

/// A state's own text for people and for tools that compare line by line: members sorted, one value a line. `None` for what is
/// not JSON or holds nothing at the pointer `at`.
#[must_use]
pub fn plain_text(bytes: &[u8], at: Option<&str>) -> Option<String> {
    let doc = Document::parse(bytes.to_vec()).ok()?;
    let root = locate(&doc, at).ok()?;
    let mut out = Writer::new(Style::Indented);
    sorted(root, &mut out);
    String::from_utf8(out.finish()).ok()
}

/// A state, its format, and whether the label is one that is known.
type State<'d> = (Node<'d>, Format, bool);

fn side<'d>(doc: &'d Document, at: Option<&str>) -> Result<State<'d>, Side> {
    let root = locate(doc, at).map_err(|raised| Side {
        format: None,
        problem: Some(raised.message.into_owned()),
        is_json: true,
    })?;
    match identify(root) {
        Identity::State { dialect, label, .. } => {
            let format = Format { dialect, label: label.effective(dialect) };
            Ok((root, format, label.format(dialect).is_some()))
        }
        _ => {
            let validate = Validate { at: at.map(str::to_owned), ..Validate::default() };
            let finding = judge(doc, &validate).findings.into_iter().next();
            let problem = finding.map_or_else(|| "this is no RunState".to_owned(), |finding| told(&finding));
            Err(Side { format: None, problem: Some(problem), is_json: true })
        }
    }
}

fn told(finding: &Finding) -> String {
    format!("{}:{}: {} ({})", finding.line, finding.column, finding.message, finding.code)
}

fn shown(side: &Result<State<'_>, Side>) -> Side {
    match side {
        Ok((_, format, known)) => Side { format: known.then(|| format.to_string()), problem: None, is_json: true },
        Err(side) => side.clone(),
    }
}

/// What an account took down: what the other form has no place for, and what is computed anew.
struct Left<'d> {
    /// By the place in the state.
    other: Vec<(String, Node<'d>)>,
    computed: Vec<(String, Node<'d>)>,
}

fn left<'d>(doc: &'d Document, account: Account<'d>) -> Left<'d> {
    let entries = account.into_entries();
    let (mut other, mut computed) = (Vec::new(), Vec::new());
    for entry in entries {
        let Some(node) = entry.node else { continue };
        match entry.code {
            codes::NO_PLACE | codes::NOT_CONVERTIBLE | codes::NARROWED => other.push(node),
            codes::REBUILT => computed.push(node),
            _ => {}
        }
    }
    let placed = |mut nodes: Vec<Node<'d>>| {
        // Two parts of the form may have had no place for one value.
        let mut seen = HashSet::default();
        nodes.retain(|node| seen.insert((node.source().id(), node.index())));
        let wanted: Vec<Option<Node<'d>>> = nodes.iter().copied().map(Some).collect();
        pointers(doc, &wanted).into_iter().zip(nodes).collect()
    };
    Left { other: placed(other), computed: placed(computed) }
}

fn compare<'d>(states: [(&'d Document, State<'d>); 2], options: &Diff, comparison: &mut Comparison) {
    let dialects = states.map(|(_, (_, format, _))| format.dialect);
    let has = |ignore: Ignore| options.ignore.contains(&ignore);
    let steady = has(Ignore::Volatile);
    let view = View {
        common: dialects[0] != dialects[1],
        steady,
        free: steady || has(Ignore::Usage),
        untraced: steady || has(Ignore::Trace),
    };
    let painted = |(doc, (root, format, _)): (&'d Document, State<'d>)| {
        let account = Account::default();
        let painted = portrait(canonical(doc, root, format, &account), view);
        (painted, left(doc, account))
    };
    let [one, two] = states;
    let bytes = one.1.0.raw().len().min(two.1.0.raw().len());
    let ((one, left_one), (two, left_two)) = both(bytes, || painted(one), || painted(two));
    let mut walk = Walk::new();
    for section in SECTIONS {
        walk.member(section, one.member(section).as_ref(), two.member(section).as_ref());
    }
    if !view.common && !view.steady {
        let mut others = Walk::new();
        side_by_side(&left_one.other, &left_two.other, &mut others);
        walk.found.append(&mut others.found);
        let mut computed = Walk::new();
        side_by_side(&left_one.computed, &left_two.computed, &mut computed);
        comparison.bookkeeping = computed.found.len();
    }
    let wanted = |side: usize| walk.found.iter().map(|own| own.places[side]).collect::<Vec<_>>();
    let places = [0, 1].map(|side| pointers(states[side].0, &wanted(side)));
    let [a, b] = places;
    let ignored: Vec<&str> = options
        .ignore
        .iter()
        .filter_map(|ignore| if let Ignore::Pointer(pointer) = ignore { Some(&**pointer) } else { None })
        .collect();
    for ((difference, a), b) in walk.found.into_iter().zip(a).zip(b) {
        let path = pointer(&difference.path);
        if ignored.iter().any(|pattern| [&path, &a, &b].into_iter().any(|own| covers(pattern, own))) {
            continue;
        }
        comparison.changes.push(change(difference, path, a, b, options));
    }
}

/// The order of importance.
const SECTIONS: [&str; 14] = [
    "decisions",
    "step",
    "input",
    "pending_input",
    "items",
    "actions",
    "nested",
    "context",
    "guardrails",
    "tools_used",
    "usage",
    "responses",
    "last_response",
    "trace",
];

/// Values that stand at the same place of their states.
fn side_by_side<'d>(one: &[(String, Node<'d>)], two: &[(String, Node<'d>)], walk: &mut Walk<'d>) {
    let mut twins: HashMap<&str, Node<'d>> = two.iter().map(|(place, node)| (&**place, *node)).collect();
    for (place, node) in one {
        let twin = twins.remove(&**place).map(Value::Node);
        walk.member(&format!("other{place}"), Some(&Value::Node(*node)), twin.as_ref());
    }
    for (place, node) in two {
        if twins.contains_key(&**place) {
            walk.member(&format!("other{place}"), None, Some(&Value::Node(*node)));
        }
    }
}

/// The steps as a JSON pointer. The first step of what stands apart is a pointer already.
fn pointer(path: &[String]) -> String {
    let mut pointer = String::new();
    for step in path {
        match step.strip_prefix("other/") {
            Some(_) => pointer.extend(["/", step]),
            None => push_step(&mut pointer, step),
        }
    }
    pointer
}

/// Whether a pattern leads to a place or to something above it.
fn covers(pattern: &str, pointer: &str) -> bool {
    let mut steps = pointer.split(['/', '!']);
    pattern.split('/').all(|want| steps.next().is_some_and(|step| want == "*" || want == step))
}

fn change(difference: Difference<'_>, path: String, a: String, b: String, options: &Diff) -> Change {
    let Difference { path: steps, names, one, two, .. } = difference;
    // What stands apart has its whole way in the first step.
    let keys = steps.iter().flat_map(|step| step.split(if step.starts_with("other/") { &['/', '!'][..] } else { &[] }));
    let secret = !options.show_secrets && keys.into_iter().any(is_secret_name);
    let text = |value: Option<Value<'_>>| {
        let value = value?;
        Some(match (secret, options.show_secrets) {
            (true, _) => secrets::MASK.to_owned(),
            (false, shown) => {
                let text = written(&value);
                if shown { text } else { secrets::mask_secrets(&text) }
            }
        })
    };
    let kind = match (&one, &two) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    let section = steps.first().map_or(Cow::Borrowed(""), |step| {
        if step.starts_with("other") { Cow::Borrowed("other") } else { Cow::Borrowed(&**step) }
    });
    Change {
        section: section.into_owned(),
        kind,
        path,
        name: (!names.is_empty()).then(|| {
            let name = names.join(", ");
            if options.show_secrets { name } else { masked(&name).into_owned() }
        }),
        before: text(one),
        after: text(two),
        a,
        b,
    }
}

/// The value on one line.
fn written(value: &Value<'_>) -> String {
    let mut out = Writer::new(Style::TypeScript);
    value.write(&mut out);
    String::from_utf8_lossy(&out.finish()).into_owned()
}
