//! Who owns the bytes: a document is the input and every text that was decoded from inside it.

use std::fmt;

use elsa::FrozenVec;

use super::tape::{self, Entry, SyntaxError};
use super::{Kind, Node};

/// A parsed input together with the nested texts decoded from it. Append-only: a [`Node`] stays valid for as long
/// as the document lives. For one thread.
pub struct Document {
    sources: FrozenVec<Box<Source>>,
}

/// One text with its tape: the input itself, or the content of a string inside another source.
pub struct Source {
    id: u32,
    text: String,
    tape: Vec<Entry>,
    nonfinite: Vec<u32>,
    bom: bool,
    /// The string node that this source is the content of.
    within: Option<(u32, u32)>,
}

impl Document {
    /// Reads `bytes` as one JSON value, as leniently as either SDK's own parser: a leading byte order mark,
    /// `NaN`, `Infinity` and lone surrogate escapes are accepted and can be asked for afterwards.
    ///
    /// # Errors
    /// The first place where the bytes stop being JSON, as a byte offset and what was expected there.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, SyntaxError> {
        let source = Source::parse(bytes, 0, None)?;
        let sources = FrozenVec::new();
        sources.push(Box::new(source));
        Ok(Self { sources })
    }

    /// The outermost value of the input.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.source(0).root()
    }

    /// Reads the content of the string `node` as JSON of its own. Positions inside lead back to `node`.
    ///
    /// # Errors
    /// When `node` is not a string ([`Problem::NotText`](super::Problem::NotText)), holds a lone surrogate, or
    /// its content is not JSON; the offset counts bytes of the decoded content.
    pub fn decode<'d>(&'d self, node: Node<'d>) -> Result<Node<'d>, SyntaxError> {
        let text = node.text().ok_or_else(SyntaxError::not_text)?;
        let bytes = text.wtf8().into_owned();
        let id = u32::try_from(self.sources.len()).map_err(|_| SyntaxError::not_text())?;
        let source = Source::parse(bytes, id, Some((node.source().id, node.index())))?;
        Ok(self.sources.push_get(Box::new(source)).root())
    }

    /// The string node that `node`'s source was decoded from, or `None` for the input itself.
    #[must_use]
    pub fn holder(&self, node: Node<'_>) -> Option<Node<'_>> {
        let (source, index) = node.source().within?;
        Some(Node::new(self.source(source), index))
    }

    /// The source with this number; 0 is the input.
    #[must_use]
    pub fn source(&self, id: u32) -> &Source {
        self.sources.get(id as usize).expect("a source id is handed out after its source was stored")
    }
}

impl Source {
    fn parse(bytes: Vec<u8>, id: u32, within: Option<(u32, u32)>) -> Result<Self, SyntaxError> {
        let parsed = tape::parse(bytes)?;
        Ok(Self { id, text: parsed.text, tape: parsed.tape, nonfinite: parsed.nonfinite, bom: parsed.bom, within })
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, 0)
    }

    /// The number of this source in its document.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The whole text, a byte order mark included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many values and keys the text holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tape.len()
    }

    /// Never true: a source holds at least one value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tape.is_empty()
    }

    /// Whether the text starts with a byte order mark.
    #[must_use]
    pub fn has_bom(&self) -> bool {
        self.bom
    }

    /// The values written as `NaN`, `Infinity` or `-Infinity`, in order.
    pub fn nonfinite(&self) -> impl Iterator<Item = Node<'_>> {
        self.nonfinite.iter().map(|&index| Node::new(self, index))
    }

    pub(super) fn entry(&self, index: u32) -> Entry {
        self.tape[index as usize]
    }

    pub(super) fn kind(&self, index: u32) -> Kind {
        match self.text.as_bytes()[self.entry(index).start as usize] {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => Kind::Number,
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("id", &self.id).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
