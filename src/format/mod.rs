//! Names of formats and readers: dialect, label, release.

mod releases;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use releases::{RELEASES, ReleaseRow};

/// Whose format a state is in. The two count their labels separately: Python 1.8 and TypeScript 1.8 have nothing in
/// common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// The Python SDK, `openai-agents`.
    Python,
    /// The TypeScript SDK, `@openai/agents`.
    TypeScript,
}

/// A published version of an SDK, such as 0.24.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number.
    pub patch: u16,
}

/// Where in the order of formats something changed: at a label, or at a release that kept the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The number behind `1.` of the label.
    pub label: u16,
    /// The release, where the label alone does not tell.
    pub release: Option<Release>,
}

impl Bound {
    /// The label with this number behind `1.`.
    #[must_use]
    pub const fn label(label: u16) -> Self {
        Self { label, release: None }
    }

    /// A release that writes the label with this number behind `1.` and is not the first to do so.
    #[must_use]
    pub const fn release(label: u16, minor: u16, patch: u16) -> Self {
        Self { label, release: Some(Release { major: 0, minor, patch }) }
    }

    /// Whether a state under this label can be from this bound on. Of a release that kept the label, a label does not tell
    /// on which side of it a state was written.
    #[must_use]
    pub const fn may_hold(self, label: u16) -> bool {
        label >= self.label
    }

    /// Whether every state under this label is from this bound on.
    #[must_use]
    pub const fn must_hold(self, label: u16) -> bool {
        label > self.label || label == self.label && self.release.is_none()
    }
}

/// What a label means beyond its fields.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Version {
    /// What came with it.
    pub summary: &'static str,
    /// What newer releases do with states under older labels; empty when nothing is worth a word.
    pub up: &'static str,
    /// What happens to a state of this label under an older one, in an older release.
    pub down: &'static str,
}

impl Version {
    pub(crate) const fn new(summary: &'static str) -> Self {
        Self { summary, up: "", down: "" }
    }

    pub(crate) const fn up(mut self, up: &'static str) -> Self {
        self.up = up;
        self
    }

    pub(crate) const fn down(mut self, down: &'static str) -> Self {
        self.down = down;
        self
    }
}

/// A dialect and the number behind `1.` of a label: `python@1.21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Format {
    /// The SDK.
    pub dialect: Dialect,
    /// The number behind `1.`.
    pub label: u16,
}

/// Who is to read or write: a dialect, a label and the release whose habits count.
///
/// ```
/// use runstate::Target;
///
/// let release: Target = "python@0.22.3".parse()?;
/// assert_eq!(release.format.to_string(), "python@1.17");
/// let label: Target = "python@1.17".parse()?;
/// assert_eq!(label.to_string(), "python@0.22.3", "the newest release that writes the label");
/// let newest: Target = "typescript".parse()?;
/// assert_eq!(newest, runstate::Dialect::TypeScript.newest());
/// # Ok::<(), runstate::format::UnknownTarget>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// What it writes.
    pub format: Format,
    /// The release whose rules count.
    pub release: Release,
}

impl Target {
    /// Whether the release itself is compared with the rules that it is judged by (tests/sdk).
    #[must_use]
    pub fn is_tested(self) -> bool {
        releases::TESTED_READERS.contains(&(self.format.dialect, self.release))
    }

    /// The release that stands for this one in the comparison: itself, or one that writes the same label, or the next newer
    /// one.
    #[must_use]
    pub fn tested(self) -> Self {
        if self.is_tested() {
            return self;
        }
        let dialect = self.format.dialect;
        let mut tested = dialect.releases().map(ReleaseRow::target).filter(|target| target.is_tested());
        tested.find(|target| target.release >= self.release).unwrap_or_else(|| dialect.newest())
    }

    /// Whether the release is from this bound on.
    #[must_use]
    pub fn has(self, bound: Bound) -> bool {
        let label = self.format.label;
        label > bound.label || label == bound.label && bound.release.is_none_or(|release| self.release >= release)
    }
}

impl fmt::Display for Bound {
    /// The label, or the release where the label does not tell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.release {
            Some(release) => release.fmt(f),
            None => write!(f, "1.{}", self.label),
        }
    }
}

impl Dialect {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Python, Self::TypeScript];

    /// The name that formats start with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::TypeScript => "typescript",
        }
    }

    /// The name of the SDK in a sentence.
    #[must_use]
    pub const fn sdk(self) -> &'static str {
        match self {
            Self::Python => "Python SDK",
            Self::TypeScript => "TypeScript SDK",
        }
    }

    /// The releases in order.
    pub fn releases(self) -> impl DoubleEndedIterator<Item = &'static ReleaseRow> {
        RELEASES.iter().filter(move |row| row.dialect == self)
    }

    /// All formats, those that no release wrote but newer ones read included.
    pub fn formats(self) -> impl Iterator<Item = Format> {
        (0..=self.newest_label()).map(move |label| Format { dialect: self, label })
    }

    /// The newest release.
    #[must_use]
    pub fn newest(self) -> Target {
        let row = self.releases().next_back().expect("every dialect has releases");
        row.target()
    }

    /// The number behind `1.` of the newest label.
    #[must_use]
    pub fn newest_label(self) -> u16 {
        self.newest().format.label
    }
}

impl ReleaseRow {
    /// The release as a target.
    #[must_use]
    pub const fn target(&self) -> Target {
        Target { format: Format { dialect: self.dialect, label: self.label }, release: self.release }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@1.{}", self.dialect, self.label)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.format.dialect, self.release)
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text names no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget(String);

impl fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownTarget {}

/// `python@1.21` (a label), `python@0.24.0` (a release), `python` (the newest release); `py`, `ts` and `js` for short.
///
/// A label means the newest release that writes it; a label that no release wrote means the next newer release.
impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        let dialect = match name {
            "python" | "py" => Dialect::Python,
            "typescript" | "ts" | "js" => Dialect::TypeScript,
            _ => return Err(UnknownTarget(format!("expected python or typescript, found `{name}`"))),
        };
        let Some(version) = version else { return Ok(dialect.newest()) };
        let numbers: Option<Vec<u16>> = version.split('.').map(|part| part.parse().ok()).collect();
        let found = match numbers.as_deref() {
            Some(&[1, label]) => {
                let newest = dialect.releases().rfind(|row| row.label == label);
                let next = dialect.releases().find(|row| row.label > label);
                newest.or(next).map(|row| Self { format: Format { dialect, label }, ..row.target() })
            }
            Some(&[major, minor, patch]) => {
                let release = Release { major, minor, patch };
                dialect.releases().find(|row| row.release == release).map(ReleaseRow::target)
            }
            _ => None,
        };
        found.ok_or_else(|| {
            let newest = dialect.newest();
            UnknownTarget(format!(
                "expected a label from {dialect}@1.0 to {} or a release up to {newest}, found `{text}`",
                newest.format
            ))
        })
    }
}
