//! The verb `hash`: a short text that is the same for the same state.

use sha2::{Digest as _, Sha256};

use crate::convert::canonical;
use crate::detect::{Identity, identify};
use crate::diff::portrait::{View, portrait};
use crate::diff::weigh::plain;
use crate::finding::Finding;
use crate::format::{Dialect, Format};
use crate::json::{Document, Node, Style};
use crate::model::Account;
use crate::normalize::by_keys;
use crate::validate::{Validate, judge, locate, unreadable};

/// What to digest: begin with the default, and set fields.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Hash {
    /// Whether what the state means is digested, which is the same in both SDKs' formats and under all labels, or the state as
    /// it stands, whatever the order of its members and its white space.
    pub meaning: bool,
    /// JSON pointer of the state inside a larger document.
    pub at: Option<String>,
}

/// The digest of a state: `rs1:sha256:…` of the text that `normalize --keys sorted --style line` writes; `rs1m:sha256:…` of its
/// meaning, of which the fields that both SDKs hold are a part and no others.
///
/// ```
/// use runstate::{Convert, Hash, convert, hash};
///
/// let mut options = Hash::default();
/// options.meaning = true;
/// let python = std::fs::read("fixtures/python/1.21/approved.json")?;
/// let typescript = convert(&python, "typescript".parse()?, &Convert::default()).bytes.expect("it converts");
/// assert_eq!(hash(&python, &options), hash(&typescript, &options));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The finding that says why the input is no state.
pub fn hash(bytes: &[u8], options: &Hash) -> Result<String, Box<Finding>> {
    let doc = Document::parse(bytes.to_vec()).map_err(|error| Box::new(unreadable(error)))?;
    let state = locate(&doc, options.at.as_deref()).ok().and_then(|root| Some((root, state(root)?)));
    let Some((root, format)) = state else {
        let validate = Validate { at: options.at.clone(), ..Validate::default() };
        let first = judge(&doc, &validate).findings.into_iter().next();
        return Err(Box::new(first.expect("what is no state has a finding that says so")));
    };
    if !options.meaning {
        let style = if format.dialect == Dialect::Python { Style::PythonLine } else { Style::TypeScript };
        return Ok(told("rs1", &by_keys(&doc, root, format.dialect, style)));
    }
    let view = View { common: true, ..View::default() };
    let mut meaning = Vec::new();
    plain(&portrait(canonical(&doc, root, format, &Account::default()), view), &mut meaning);
    Ok(told("rs1m", &meaning))
}

fn state(root: Node<'_>) -> Option<Format> {
    match identify(root) {
        Identity::State { dialect, label, .. } => Some(Format { dialect, label: label.effective(dialect) }),
        _ => None,
    }
}

fn told(prefix: &str, bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}:sha256:{digits}")
}
