//! What is wrong with a file, as plain data.

use std::fmt;

use serde::Serialize;

use crate::codes::Code;

/// What a finding leads to in the SDK. In rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing; worth knowing.
    Note,
    /// It loads, and the SDK drops or changes something.
    Lost,
    /// A secret stands in a known place.
    Exposed,
    /// It loads, and a call would run that nobody approved, or an approval reaches further than it was given.
    Unsafe,
    /// It loads, but the run cannot be resumed, or the pending tool would not run.
    Stuck,
    /// The SDK does not load the file.
    Refused,
}

/// How bad a finding is; follows from its [`Effect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For your information.
    Note,
    /// Look at it.
    Warning,
    /// The file does not do what it is for.
    Error,
}

impl Effect {
    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Refused | Self::Stuck | Self::Unsafe => Severity::Error,
            Self::Exposed | Self::Lost => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }

    /// The word that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Stuck => "stuck",
            Self::Unsafe => "unsafe",
            Self::Exposed => "exposed",
            Self::Lost => "lost",
            Self::Note => "note",
        }
    }
}

impl Severity {
    /// The word that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One thing to know about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Stable code, such as `RS301`.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What it leads to.
    pub effect: Effect,
    /// JSON pointer (RFC 6901) of the value in the file. Of something inside a string: the pointer of the string.
    pub pointer: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the file in characters, from 1.
    pub column: usize,
    /// Byte range in the file that the finding is about.
    pub span: (usize, usize),
    /// Pointers inside nested texts, outermost first; empty when the value stands in the file itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<String>,
    /// One sentence. Shows keys, labels, item types, agents, tools, servers and call ids only.
    pub message: String,
    /// What to do.
    pub help: String,
}
