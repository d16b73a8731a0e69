//! The verb `versions`: which releases there are, what each label changed, and what that means on the way up or down.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;

use serde::Serialize;

use crate::format::{Bound, Dialect, Format, Version};
use crate::record::{Info, Record as _, Row, Shape, Unknown};
use crate::{python, typescript};

/// A label, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LabelHistory {
    /// Such as `python@1.21`.
    pub format: String,
    /// The releases that write it, in order; empty for a label that no release wrote.
    pub written_by: Vec<PublishedRelease>,
    /// The first release that reads it; all later ones do too.
    pub readable_since: String,
    /// What came with it, in a sentence.
    pub summary: &'static str,
    /// What newer releases do with states under older labels.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub up: &'static str,
    /// What happens to a state of this label under an older one, in an older release.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub down: &'static str,
    /// What changed on the wire.
    pub changes: Vec<Change>,
}

/// A release and its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PublishedRelease {
    /// Three numbers.
    pub release: String,
    /// The day it was published, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<&'static str>,
}

/// One difference from the label before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where: a JSON pointer with `*` for any key or index.
    pub pointer: String,
    /// The `type` of the object, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<&'static str>,
    /// The release that brought it without a new label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// What a release before it does with it.
    pub before: &'static str,
}

/// What happened to a field or kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// A kind of object that was not there before.
    NewObject,
    /// A field that was not there before.
    NewField,
    /// A field that is no longer there.
    FieldGone,
    /// A field that is always there from then on.
    AlwaysThere,
    /// A field that can hold more than before.
    Widened,
}

/// What stands between two formats of one dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Between {
    /// The older format.
    pub from: String,
    /// The newer one.
    pub to: String,
    /// What the newer release does with a state of the older label, in sentences.
    pub up: Vec<String>,
    /// What becomes of a state of the newer label under the older one, in sentences.
    pub down: Vec<String>,
}

/// Title of [`LabelHistory::up`].
pub const UP: &str = "Older states in newer releases";
/// Title of [`LabelHistory::down`].
pub const DOWN: &str = "Under an older label";

/// The history of one label.
///
/// ```
/// use runstate::{Dialect, Format, versions::history};
///
/// let history = history(Format { dialect: Dialect::Python, label: 11 });
/// assert_eq!(history.readable_since, "0.17.6");
/// assert!(history.changes.iter().any(|change| change.pointer.ends_with("/custom_data")));
/// ```
#[must_use]
pub fn history(format: Format) -> LabelHistory {
    let Format { dialect, label } = format;
    let version = version(format);
    let writers = dialect.releases().filter(|row| row.label == label);
    LabelHistory {
        format: format.to_string(),
        written_by: writers.map(|row| PublishedRelease { release: row.release.to_string(), date: row.date }).collect(),
        readable_since: dialect
            .releases()
            .find(|row| row.label >= label)
            .map(|row| row.release.to_string())
            .unwrap_or_default(),
        summary: version.summary,
        up: version.up,
        down: version.down,
        changes: changes(dialect)
            .into_iter()
            .filter(|(bound, _)| bound.label == label)
            .map(|(_, change)| change)
            .collect(),
    }
}

/// What a change from one format to another means in both directions; `None` for formats of two dialects.
///
/// ```
/// use runstate::{Dialect, Format, versions::between};
///
/// let label = |label| Format { dialect: Dialect::Python, label };
/// let between = between(label(15), label(16)).expect("one dialect");
/// assert_eq!(between.down, ["1.16: A call that was rejected is run when its tool is always approved."]);
/// ```
#[must_use]
pub fn between(one: Format, two: Format) -> Option<Between> {
    if one.dialect != two.dialect {
        return None;
    }
    let (from, to) = if one.label <= two.label { (one, two) } else { (two, one) };
    let passed = || (from.label + 1..=to.label).map(|label| history(Format { dialect: from.dialect, label }));
    let label = |history: &LabelHistory| history.format.split('@').next_back().unwrap_or_default().to_owned();
    let said = |history: &LabelHistory, sentence: &str| format!("{}: {sentence}", label(history));
    let up = passed().filter(|history| !history.up.is_empty()).map(|history| said(&history, history.up)).collect();
    let mut down = Vec::new();
    for history in passed().collect::<Vec<_>>().iter().rev() {
        if !history.down.is_empty() {
            down.push(said(history, history.down));
        }
        for change in history.changes.iter().filter(|change| !change.before.is_empty()) {
            let object = change.object.map(|object| format!(" of {object}")).unwrap_or_default();
            down.push(said(history, &format!("`{}`{object} is {}.", change.pointer, change.before)));
        }
    }
    Some(Between { from: from.to_string(), to: to.to_string(), up, down })
}

/// All that changed from label to label, as a page in Markdown.
#[must_use]
pub fn page() -> String {
    let mut out = String::from(
        "# What changed from label to label\n\nGenerated from the rows of the wire models; do not edit.\n",
    );
    for dialect in Dialect::ALL {
        let _ = write!(out, "\n## {}\n", dialect.sdk());
        for format in dialect.formats().collect::<Vec<_>>().into_iter().rev() {
            let history = history(format);
            let releases = match history.written_by.as_slice() {
                [] => format!("written by no release, read since {}", history.readable_since),
                [one] => one.release.clone(),
                [first, .., last] => format!("{} to {}", first.release, last.release),
            };
            let _ = write!(out, "\n### 1.{} ({releases})\n\n{}\n", format.label, history.summary);
            for (title, sentence) in [(UP, history.up), (DOWN, history.down)] {
                if !sentence.is_empty() {
                    let _ = write!(out, "\n*{title}:* {sentence}\n");
                }
            }
            if !history.changes.is_empty() {
                out.push('\n');
            }
            for change in &history.changes {
                let _ = writeln!(out, "- {}", sentence(change));
            }
        }
    }
    out
}

/// A change in words.
#[must_use]
pub fn sentence(change: &Change) -> String {
    let kind = match change.kind {
        ChangeKind::NewObject => "new object",
        ChangeKind::NewField => "new",
        ChangeKind::FieldGone => "gone",
        ChangeKind::AlwaysThere => "always there",
        ChangeKind::Widened => "holds more",
    };
    let object = change.object.map(|object| format!(" ({object})")).unwrap_or_default();
    let release = change.release.as_ref().map(|release| format!(", from {release}")).unwrap_or_default();
    let what = if change.what.is_empty() { String::new() } else { format!(": {}", change.what) };
    format!("`{}`{object} {kind}{release}{what}", change.pointer)
}

fn version(format: Format) -> Version {
    let versions = match format.dialect {
        Dialect::Python => python::VERSIONS,
        Dialect::TypeScript => typescript::VERSIONS,
    };
    versions.get(usize::from(format.label)).copied().unwrap_or(Version::new(""))
}

/// All changes of a dialect, in the order of its rows.
fn changes(dialect: Dialect) -> Vec<(Bound, Change)> {
    let root = match dialect {
        Dialect::Python => python::State::INFO,
        Dialect::TypeScript => typescript::State::INFO,
    };
    let mut found = Vec::new();
    let mut seen = HashSet::from([root.name]);
    let mut open = VecDeque::from([(String::new(), root)]);
    // Breadth first: a type that stands in several places is shown at the one with the shortest way.
    while let Some((pointer, info)) = open.pop_front() {
        record(&pointer, info, dialect, &mut found);
        for field in info.fields {
            below(format!("{pointer}/{}", field.row.key), (field.shape)(), &mut seen, &mut open);
        }
    }
    found
}

fn below(
    pointer: String,
    shape: Shape,
    seen: &mut HashSet<&'static str>,
    open: &mut VecDeque<(String, &'static Info)>,
) {
    match shape {
        Shape::Record(info) if seen.insert(info.name) => open.push_back((pointer, info)),
        Shape::Union(choices) => choices.shapes.iter().for_each(|shape| below(pointer.clone(), shape(), seen, open)),
        Shape::Nullable(shape) => below(pointer, shape(), seen, open),
        Shape::List(shape) | Shape::Filled(shape) | Shape::Map(shape) => below(pointer + "/*", shape(), seen, open),
        _ => {}
    }
}

fn record(pointer: &str, info: &'static Info, dialect: Dialect, found: &mut Vec<(Bound, Change)>) {
    let tag = info.fields.iter().find(|field| !field.row.tags.is_empty());
    let object = tag.and_then(|field| field.row.tags.first().copied());
    let mut add = |bound: Bound, kind, pointer: String, what: &str, before| {
        let release = bound.release.map(|release| release.to_string());
        let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        found.push((bound, Change { kind, pointer, object, release, what, before }));
    };
    if let Some(since) = info.since {
        let before = match dialect {
            Dialect::Python => "dropped as an item, and refused in a model response",
            Dialect::TypeScript => "refused",
        };
        add(since, ChangeKind::NewObject, pointer.to_owned(), info.doc, before);
    }
    let dropped = match info.unknown {
        Unknown::Dropped => "dropped",
        Unknown::Rejected => "refused",
        Unknown::Kept | Unknown::Open => "kept and not used",
    };
    for field in info.fields {
        let Row { key, tags, since, until, required_since, before, .. } = field.row;
        let pointer = format!("{pointer}/{key}");
        // Fields that came with their object are told by it.
        if let Some(since) = since.filter(|since| tags.is_empty() && Some(*since) != info.since) {
            add(since, ChangeKind::NewField, pointer.clone(), field.doc, dropped);
        }
        if let Some(until) = until {
            add(until, ChangeKind::FieldGone, pointer.clone(), field.doc, "");
        }
        if let Some(since) = required_since {
            add(since, ChangeKind::AlwaysThere, pointer.clone(), field.doc, "");
        }
        if let Some((bound, kinds)) = before {
            let what = format!("before, {kinds} alone");
            add(bound, ChangeKind::Widened, pointer, &what, "refused where it holds more");
        }
    }
}
