//! Who owns the bytes: a document is the input and every text that was decoded from inside it.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use elsa::sync::FrozenVec;

use super::tape::{self, Entry, Notes};
use super::{Kind, Node, SyntaxError, Text, duplicates};
use crate::hash::HashMap;

/// A parsed input together with the nested texts decoded from it. Append-only: a [`Node`] stays valid for as long
/// as the document lives.
pub struct Document {
    sources: FrozenVec<Box<Source>>,
    /// The source of each string that was decoded, by the source and the index of the string.
    decoded: Mutex<HashMap<(u32, u32), u32>>,
}

/// One text with its tape: the input itself, or the content of a string inside another source.
pub struct Source {
    id: u32,
    text: String,
    tape: Vec<Entry>,
    notes: Notes,
    /// The string node that this source is the content of.
    within: Option<(u32, u32)>,
    /// The values that are not read, once somebody has asked.
    overridden: OnceLock<Vec<u32>>,
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
        Ok(Self { sources, decoded: Mutex::default() })
    }

    /// The outermost value of the input.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.source(0).root()
    }

    /// The input, apart from a byte order mark.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let input = self.sources.into_vec().into_iter().next();
        input.map(|source| source.text.into_bytes()).unwrap_or_default()
    }

    /// Reads the content of the string `node` as JSON of its own, once. Positions inside lead back to `node`.
    ///
    /// # Errors
    /// When `node` is not a string ([`Problem::NotText`](super::Problem::NotText)), holds a lone surrogate, or
    /// its content is not JSON; the offset counts bytes of the decoded content.
    pub fn decode<'d>(&'d self, node: Node<'d>) -> Result<Node<'d>, SyntaxError> {
        let text = node.text().ok_or_else(SyntaxError::not_text)?;
        let within = (node.source().id, node.index());
        // Held until the source has its number, which is its place.
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&id) = decoded.get(&within) {
            return Ok(self.source(id).root());
        }
        let mut bytes = text.wtf8().into_owned();
        bytes.shrink_to_fit();
        let id = u32::try_from(self.sources.len()).map_err(|_| SyntaxError::not_text())?;
        let source = Source::parse(bytes, id, Some(within))?;
        decoded.insert(within, id);
        Ok(self.sources.push_get(Box::new(source)).root())
    }

    /// The string node that `node`'s source was decoded from, or `None` for the input itself.
    #[must_use]
    pub fn holder(&self, node: Node<'_>) -> Option<Node<'_>> {
        let (source, index) = node.source().within?;
        Some(Node::new(self.source(source), index))
    }

    /// The input and every text decoded from inside it so far, in the order of their numbers.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        (0..self.sources.len()).filter_map(|at| self.sources.get(at))
    }

    /// The source with this number; 0 is the input.
    ///
    /// # Panics
    /// When no source of this document has the number. [`Source::id`] gives none but those.
    #[must_use]
    pub fn source(&self, id: u32) -> &Source {
        self.sources.get(id as usize).expect("a source id is handed out after its source was stored")
    }
}

impl Source {
    fn parse(bytes: Vec<u8>, id: u32, within: Option<(u32, u32)>) -> Result<Self, SyntaxError> {
        let parsed = tape::parse(bytes)?;
        let overridden = OnceLock::new();
        Ok(Self { id, text: parsed.text, tape: parsed.tape, notes: parsed.notes, within, overridden })
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, 0)
    }

    /// The innermost value or key that starts at this byte offset or last before it.
    #[must_use]
    pub fn node_at(&self, offset: usize) -> Node<'_> {
        let behind = self.tape.partition_point(|entry| entry.start as usize <= offset);
        Node::new(self, u32::try_from(behind.saturating_sub(1)).unwrap_or(0))
    }

    /// All values and keys in document order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..u32::try_from(self.tape.len()).unwrap_or(u32::MAX)).map(|index| Node::new(self, index))
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
        self.notes.bom
    }

    /// The values written as `NaN`, `Infinity` or `-Infinity`, in order.
    pub fn nonfinite(&self) -> impl Iterator<Item = Node<'_>> {
        self.notes.nonfinite.iter().map(|&index| Node::new(self, index))
    }

    /// The strings and keys that hold an escaped surrogate without its partner, in order.
    ///
    /// ```
    /// # use runstate::json::Document;
    /// let doc = Document::parse(br#"["\ud83d\ude00", "\ud83d", {"\ude00": 1}]"#.to_vec())?;
    /// let lone: Vec<_> = doc.source(0).lone_surrogates().map(|text| text.raw()).collect();
    /// assert_eq!(lone, [r"\ud83d", r"\ude00"]);
    /// # Ok::<(), runstate::json::SyntaxError>(())
    /// ```
    pub fn lone_surrogates(&self) -> impl Iterator<Item = Text<'_>> {
        self.notes.lone.iter().map(|&index| Text::new(Node::new(self, index)))
    }

    /// How many arrays and objects are open at the deepest place: 0 for a lone number, 1 for `[]`. Python's own
    /// reader gives up at about 1,000, serde_json's at 128.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.notes.depth as usize
    }

    /// The values that are not read because a later member of the same object has the same key, in order. Keys are
    /// compared decoded. Linear in the text, whatever stands in it.
    ///
    /// ```
    /// # use runstate::json::Document;
    /// let doc = Document::parse(br#"{"a": 1, "b": 2, "\u0061": 3}"#.to_vec())?;
    /// let overridden: Vec<_> = doc.source(0).duplicates().iter().map(|node| node.raw()).collect();
    /// assert_eq!(overridden, ["1"]);
    /// # Ok::<(), runstate::json::SyntaxError>(())
    /// ```
    #[must_use]
    pub fn duplicates(&self) -> Vec<Node<'_>> {
        self.overridden().iter().map(|&index| Node::new(self, index)).collect()
    }

    /// The numbers of the values that are not read, in order.
    pub(super) fn overridden(&self) -> &[u32] {
        self.overridden.get_or_init(|| duplicates::find(self).iter().map(|node| node.index()).collect())
    }

    /// Whether no white space stands between the first and the last character of the outermost value.
    pub(super) fn is_compact(&self) -> bool {
        self.notes.compact
    }

    #[inline]
    pub(super) fn entry(&self, index: u32) -> Entry {
        self.tape[index as usize]
    }

    #[inline]
    pub(super) fn kind(&self, index: u32) -> Kind {
        let entry = self.entry(index);
        entry.scalar().unwrap_or_else(|| match self.text.as_bytes()[entry.start as usize] {
            b'{' => Kind::Object,
            _ => Kind::Array,
        })
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
