//! A copyable handle on one value.

use std::fmt;
use std::ops::Range;

use crate::hash::{HashMap, HashSet};

use super::tape::Entry;
use super::{Number, Source, Text};

/// One JSON value of a [`Document`](super::Document).
#[derive(Clone, Copy)]
pub struct Node<'d> {
    source: &'d Source,
    index: u32,
}

/// The six kinds of JSON values. `NaN` and the infinities are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number
    Number,
    /// A string
    String,
    /// An array
    Array,
    /// An object
    Object,
}

/// A set of [`Kind`]s.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// `null`
    pub const NULL: Self = Self(1 << Kind::Null as u8);
    /// Booleans
    pub const BOOL: Self = Self(1 << Kind::Bool as u8);
    /// Numbers
    pub const NUMBER: Self = Self(1 << Kind::Number as u8);
    /// Strings
    pub const TEXT: Self = Self(1 << Kind::String as u8);
    /// Arrays
    pub const ARRAY: Self = Self(1 << Kind::Array as u8);
    /// Objects
    pub const OBJECT: Self = Self(1 << Kind::Object as u8);
    /// Every kind
    pub const ANY: Self = Self(0b11_1111);

    /// The kinds that are in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds that are in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `kind` is in the set.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// The kinds in the set, in the order of [`Kind`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        [Kind::Null, Kind::Bool, Kind::Number, Kind::String, Kind::Array, Kind::Object]
            .into_iter()
            .filter(move |&kind| self.has(kind))
    }
}

impl Kind {
    /// The name that JSON Schema gives the kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Prints as a list in a sentence: `a string, an array or null`.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.iter().count();
        let order = [Kind::Object, Kind::Array, Kind::String, Kind::Number, Kind::Bool, Kind::Null];
        for (place, kind) in order.into_iter().filter(|&kind| self.has(kind)).enumerate() {
            if place > 0 {
                f.write_str(if place + 1 == count { " or " } else { ", " })?;
            }
            write!(f, "{kind}")?;
        }
        Ok(())
    }
}

/// Prints with its article: `an object`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// A key with its value.
#[derive(Clone, Copy, Debug)]
pub struct Member<'d> {
    /// The key.
    pub key: Text<'d>,
    /// The value.
    pub value: Node<'d>,
}

impl<'d> Node<'d> {
    #[inline]
    pub(super) fn new(source: &'d Source, index: u32) -> Self {
        Self { source, index }
    }

    #[inline]
    pub(super) fn entry(self) -> Entry {
        self.source.entry(self.index)
    }

    /// The text that the value stands in.
    #[must_use]
    pub fn source(self) -> &'d Source {
        self.source
    }

    /// The value's number in document order, counting keys and values of its source from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// The number of the first value behind this one and everything in it.
    #[inline]
    #[must_use]
    pub fn end_index(self) -> u32 {
        self.entry().next(self.index)
    }

    /// Whether both handles lead to the same place.
    #[must_use]
    pub fn same(self, other: Node<'_>) -> bool {
        self.index == other.index && std::ptr::eq(self.source, other.source)
    }

    /// The kind of the value.
    #[inline]
    #[must_use]
    pub fn kind(self) -> Kind {
        self.source.kind(self.index)
    }

    /// Byte range in the source's text.
    #[inline]
    #[must_use]
    pub fn span(self) -> Range<usize> {
        let entry = self.entry();
        entry.start as usize..entry.end as usize
    }

    /// The value exactly as it is written.
    #[inline]
    #[must_use]
    pub fn raw(self) -> &'d str {
        &self.source.text()[self.span()]
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether the value is an array or object with nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.entry().scalar().is_none() && self.end_index() == self.index + 1
    }

    /// Whether the value is an object whose `type` is this one, as everything in a state that has kinds says it.
    #[must_use]
    pub fn is_type(self, kind: &str) -> bool {
        self.member("type").and_then(Node::text).is_some_and(|own| own.is(kind))
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.source.text().as_bytes()[self.entry().start as usize] {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        }
    }

    /// The string.
    #[inline]
    #[must_use]
    pub fn text(self) -> Option<Text<'d>> {
        self.entry().is_string().then(|| Text::new(self))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> Option<Number<'d>> {
        (self.kind() == Kind::Number).then(|| Number::new(self.raw()))
    }

    /// The elements of an array; nothing for anything else.
    #[inline]
    #[must_use]
    pub fn elements(self) -> Elements<'d> {
        let end = if self.kind() == Kind::Array { self.end_index() } else { 0 };
        Elements { source: self.source, next: self.index + 1, end }
    }

    /// The members of an object as written, duplicate keys included; nothing for anything else.
    #[inline]
    #[must_use]
    pub fn members(self) -> Members<'d> {
        let end = if self.kind() == Kind::Object { self.end_index() } else { 0 };
        Members { source: self.source, next: self.index + 1, end }
    }

    /// The value of the last member with this key, which is the one that both SDKs read.
    #[must_use]
    pub fn member(self, key: &str) -> Option<Node<'d>> {
        let mut found = None;
        for member in self.members() {
            if member.key.is(key) {
                found = Some(member.value);
            }
        }
        found
    }

    /// The value that one step of a JSON pointer (RFC 6901) leads to.
    pub(crate) fn step(self, token: &str) -> Option<Node<'d>> {
        match self.kind() {
            Kind::Array if token != "0" && token.starts_with(['0', '+']) => None,
            Kind::Array => token.parse().ok().and_then(|at| self.elements().nth(at)),
            _ => self.member(&token.replace("~1", "/").replace("~0", "~")),
        }
    }

    /// Whether two values are the same JSON: members in any order, numbers by their digits. Linear, and no deeper on the
    /// stack than 128 levels; what is deeper is compared as it is written.
    #[must_use]
    pub fn is_same(self, other: Self) -> bool {
        same(self, other, 128)
    }
}

/// See [`Node::is_same`].
fn same(one: Node<'_>, two: Node<'_>, depth: u8) -> bool {
    if one.raw() == two.raw() {
        return true;
    }
    match (one.kind(), two.kind()) {
        (Kind::String, Kind::String) => one.text().zip(two.text()).is_some_and(|(one, two)| one.same_text(two)),
        _ if depth == 0 => false,
        (Kind::Array, Kind::Array) => {
            let (mut one, mut two) = (one.elements(), two.elements());
            loop {
                match (one.next(), two.next()) {
                    (None, None) => return true,
                    (Some(one), Some(two)) if same(one, two, depth - 1) => {}
                    _ => return false,
                }
            }
        }
        (Kind::Object, Kind::Object) => {
            let theirs: HashMap<_, _> = two.members().map(|member| (member.key.wtf8(), member.value)).collect();
            let mut seen = HashSet::default();
            one.members().all(|member| {
                seen.insert(member.key.wtf8());
                theirs.get(&member.key.wtf8()).is_some_and(|other| same(member.value, *other, depth - 1))
            }) && seen.len() == theirs.len()
        }
        _ => false,
    }
}

/// Iterator over the elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'d> {
    source: &'d Source,
    next: u32,
    end: u32,
}

impl<'d> Iterator for Elements<'d> {
    type Item = Node<'d>;

    #[inline]
    fn next(&mut self) -> Option<Node<'d>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node::new(self.source, self.next);
        self.next = node.end_index();
        Some(node)
    }
}

/// Iterator over the members of an object.
#[derive(Clone, Debug)]
pub struct Members<'d> {
    source: &'d Source,
    next: u32,
    end: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = Member<'d>;

    #[inline]
    fn next(&mut self) -> Option<Member<'d>> {
        if self.next >= self.end {
            return None;
        }
        let key = Text::new(Node::new(self.source, self.next));
        let value = Node::new(self.source, self.next + 1);
        self.next = value.end_index();
        Some(Member { key, value })
    }
}

/// Shows kind and place, not the content: a state may hold secrets.
impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = self.span();
        write!(f, "{:?}@{}..{}", self.kind(), span.start, span.end)
    }
}

#[cfg(test)]
mod tests {
    use crate::json::{Document, Node};

    #[test]
    fn a_step_of_a_pointer_is_a_name_or_an_index_without_sign_and_zeros() {
        let doc = Document::parse(br#"{"a/~": [10, 11], "+1": 12, "01": 13}"#.to_vec()).expect("it is JSON");
        let root = doc.root();
        let list = root.step("a~1~0").expect("it is there");
        let found =
            |node: Node<'_>, steps: [&str; 4]| steps.map(|step| node.step(step).map(|found| found.raw().to_owned()));
        assert_eq!(found(list, ["0", "1", "+1", "01"]), [Some("10".to_owned()), Some("11".to_owned()), None, None]);
        assert_eq!(found(root, ["+1", "01", "0", ""]), [Some("12".to_owned()), Some("13".to_owned()), None, None]);
        assert!(list.elements().all(|element| element.step("0").is_none()));
    }
}
