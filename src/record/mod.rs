//! One row is the whole truth of a field: the grammar in which both wire models are written.
//!
//! A model type is declared with the macro `record!` as a list of rows, `name: FieldType = ROW;`, where the row
//! is an ordinary constant expression such as `nullable("output").since(V1_13)`. From it come the struct field, the
//! reader, the writer, the JSON Schema and the field's documentation. Nothing here knows a dialect's keys.

mod arrange;
mod fill;
mod fit;
mod macros;
mod read;
#[cfg(test)]
mod tests;
mod types;
mod write;

use std::fmt;

use crate::finding::Effect;
use crate::format::{Bound, Target};
use crate::json::{Kind, Kinds, Node, Text, Writer};

pub(crate) use arrange::arrange;
pub use fill::Absent;
pub(crate) use fill::{Fill, Filling};
pub(crate) use fit::{Fit, Misfit};
pub(crate) use macros::{forward, record, union};
pub use read::{NESTING, Raised, Reader, Writers, Zone};
pub use types::{
    Digest, Filled, Flag, Float, Int, Label, List, Map, Natural, NonEmpty, Nullable, Open, Positive, Sifted, True,
    Word, Words,
};
pub(crate) use types::{known, words};
pub use write::write;

/// What a dialect's reader does with keys that no row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It drops them without a word.
    Dropped,
    /// It refuses the file.
    Rejected,
    /// It keeps them and writes them again.
    Kept,
    /// It looks at a few keys only and lets the SDK's own writer put anything else here: nothing to say of them.
    Open,
}

/// Whether a field must be there and may be null, in the words of zod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always there, never null.
    Required,
    /// May be absent, never null.
    Optional,
    /// Always there, may be null.
    Nullable,
    /// May be absent, may be null.
    Nullish,
}

impl Need {
    /// Whether `null` stands for a value.
    #[must_use]
    pub const fn allows_null(self) -> bool {
        matches!(self, Self::Nullable | Self::Nullish)
    }

    /// Whether the field may be absent.
    #[must_use]
    pub const fn allows_absence(self) -> bool {
        matches!(self, Self::Optional | Self::Nullish)
    }
}

/// Everything there is to say of one field. Built with [`required`], [`optional`], [`nullable`], [`nullish`] or
/// [`tag`] and refined by the methods, all of which are constant.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The key on the wire.
    pub key: &'static str,
    /// Presence and null, as the SDK writes the field.
    pub need: Need,
    /// The values that a tag may have; empty for a field that is no tag.
    pub tags: &'static [&'static str],
    /// The first format that has the field.
    pub since: Option<Bound>,
    /// The first format that no longer has it.
    pub until: Option<Bound>,
    /// The first format in which it must be there.
    pub required_since: Option<Bound>,
    /// The JSON kinds allowed, where fewer than the type allows.
    pub only: Kinds,
    /// Fewer JSON kinds before a format.
    pub before: Option<(Bound, Kinds)>,
    /// The reader refuses the field under a label that does not have it.
    pub gated: bool,
    /// The reader does not look at the field under a label that does not have it.
    pub passed_over: bool,
    /// What the reader does when the field is absent although the SDK always writes it.
    pub if_absent: Option<Effect>,
    /// What the reader does when the field has a wrong type or value.
    pub if_wrong: Option<Effect>,
    /// What the reader does when an element of the list or map has a wrong type or value.
    pub if_element_wrong: Option<Effect>,
    /// What the reader does about faults further down, where no row says otherwise.
    pub inside: Option<Effect>,
    /// What the reader does with a wrong value, where that depends on the value; `None` leaves it to `if_wrong`.
    pub weighed: Option<Weigh>,
    /// The same for a wrong element of the list or map.
    pub weighed_elements: Option<Weigh>,
    /// The reader never looks at the field: whatever is wrong in there is worth a note at most.
    pub ignored: bool,
    /// The reader converts nothing here, not even where the dialect usually does.
    pub strict: bool,
    /// Absence and a wrong type are reported by something else than the record layer.
    pub judged_elsewhere: bool,
    /// What the reader takes an absent member for, where it takes it for a value.
    pub absent: Option<Absent>,
    /// The row whose effects hold for readers before a bound.
    pub older: Option<(Bound, &'static Row)>,
}

/// What a reader does with a wrong value, from the value itself; `None` where it does what it does with most.
pub type Weigh = fn(Node<'_>) -> Option<Effect>;

impl Row {
    const fn new(key: &'static str, need: Need) -> Self {
        Self {
            key,
            need,
            tags: &[],
            since: None,
            until: None,
            required_since: None,
            only: Kinds::ANY,
            before: None,
            gated: false,
            passed_over: false,
            if_absent: None,
            if_wrong: None,
            if_element_wrong: None,
            inside: None,
            weighed: None,
            weighed_elements: None,
            ignored: false,
            strict: false,
            judged_elsewhere: false,
            absent: None,
            older: None,
        }
    }

    /// The first format that has the field.
    #[must_use]
    pub const fn since(mut self, bound: Bound) -> Self {
        self.since = Some(bound);
        self
    }

    /// The first format that no longer has the field.
    #[must_use]
    pub const fn until(mut self, bound: Bound) -> Self {
        self.until = Some(bound);
        self
    }

    /// Before this format the field may be absent.
    #[must_use]
    pub const fn required_since(mut self, bound: Bound) -> Self {
        self.required_since = Some(bound);
        self
    }

    /// Only these JSON kinds, where the type allows more.
    #[must_use]
    pub const fn only(mut self, kinds: Kinds) -> Self {
        self.only = kinds;
        self
    }

    /// Only these JSON kinds before a format.
    #[must_use]
    pub const fn before(mut self, bound: Bound, kinds: Kinds) -> Self {
        self.before = Some((bound, kinds));
        self
    }

    /// The reader refuses the field under a label that does not have it.
    #[must_use]
    pub const fn gated(mut self) -> Self {
        self.gated = true;
        self
    }

    /// The reader does not look at the field under a label that does not have it.
    #[must_use]
    pub const fn passed_over(mut self) -> Self {
        self.passed_over = true;
        self
    }

    /// The tag may be absent (messages without `type`).
    #[must_use]
    pub const fn or_absent(mut self) -> Self {
        self.need = Need::Optional;
        self
    }

    /// What the reader does when the field is absent although the SDK always writes it.
    #[must_use]
    pub const fn if_absent(mut self, effect: Effect) -> Self {
        self.if_absent = Some(effect);
        self
    }

    /// What the reader does when the field has a wrong type or value.
    #[must_use]
    pub const fn if_wrong(mut self, effect: Effect) -> Self {
        self.if_wrong = Some(effect);
        self
    }

    /// What the reader does when an element of the list or map has a wrong type or value.
    #[must_use]
    pub const fn if_element_wrong(mut self, effect: Effect) -> Self {
        self.if_element_wrong = Some(effect);
        self
    }

    /// What the reader does about faults further down, where no row says otherwise.
    #[must_use]
    pub const fn inside(mut self, effect: Effect) -> Self {
        self.inside = Some(effect);
        self
    }

    /// What the reader does with a wrong value, where that depends on the value.
    #[must_use]
    pub const fn weighed(mut self, weigh: Weigh) -> Self {
        self.weighed = Some(weigh);
        self
    }

    /// What the reader does with a wrong element of the list or map, where that depends on the element.
    #[must_use]
    pub const fn weighed_elements(mut self, weigh: Weigh) -> Self {
        self.weighed_elements = Some(weigh);
        self
    }

    /// The reader never looks at the field.
    #[must_use]
    pub const fn ignored(mut self) -> Self {
        self.ignored = true;
        self.tolerated(Effect::Note)
    }

    /// The reader converts nothing here, not even where the dialect usually does.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Absence and a wrong type are reported by something else than the record layer (the label is).
    #[must_use]
    pub const fn judged_elsewhere(mut self) -> Self {
        self.judged_elsewhere = true;
        self
    }

    /// The reader takes an absent member for this value.
    #[must_use]
    pub const fn absent_is(mut self, value: Absent) -> Self {
        self.absent = Some(value);
        self
    }

    /// Readers before this bound do what `older` says of a field that is absent or wrong. Of that row only the effects
    /// count; it may name a still older one.
    #[must_use]
    pub const fn read_before(mut self, bound: Bound, older: &'static Row) -> Self {
        self.older = Some((bound, older));
        self
    }

    /// The row whose effects hold for a reader.
    #[must_use]
    pub fn for_reader(&self, reader: Target) -> &Self {
        let mut row = self;
        while let Some((bound, older)) = row.older
            && !reader.has(bound)
        {
            row = older;
        }
        row
    }

    /// Absent, wrong, in an element or below: the reader always does the same.
    #[must_use]
    pub const fn tolerated(self, effect: Effect) -> Self {
        self.if_absent(effect).if_wrong(effect).if_element_wrong(effect).inside(effect)
    }

    /// Whether every format has the field and every reader knows it.
    const fn is_timeless(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether a format has the field.
    #[must_use]
    pub fn is_in(&self, label: u16) -> bool {
        self.since.is_none_or(|bound| bound.may_hold(label)) && self.until.is_none_or(|bound| !bound.must_hold(label))
    }

    /// Whether the SDK always writes the field in a format.
    #[must_use]
    pub fn is_required_in(&self, label: u16) -> bool {
        let must_hold = |bound: Option<Bound>| bound.is_none_or(|bound| bound.must_hold(label));
        !self.need.allows_absence()
            && must_hold(self.since)
            && must_hold(self.required_since)
            && self.until.is_none_or(|bound| !bound.may_hold(label))
    }

    /// The JSON kinds that the row allows in a format, whatever its type.
    #[must_use]
    pub fn kinds_in(&self, label: u16) -> Kinds {
        match self.before {
            Some((bound, kinds)) if !bound.may_hold(label) => kinds,
            _ => self.only,
        }
    }

    /// Whether `null` stands for a value in a format.
    #[must_use]
    pub fn allows_null_in(&self, label: u16) -> bool {
        let narrowed = self.before.is_some_and(|(bound, kinds)| !bound.may_hold(label) && !kinds.has(Kind::Null));
        self.need.allows_null() && !narrowed
    }
}

/// A field that is always there and never null.
#[must_use]
pub const fn required(key: &'static str) -> Row {
    Row::new(key, Need::Required)
}

/// A field that may be absent and is never null.
#[must_use]
pub const fn optional(key: &'static str) -> Row {
    Row::new(key, Need::Optional)
}

/// A field that is always there and may be null.
#[must_use]
pub const fn nullable(key: &'static str) -> Row {
    Row::new(key, Need::Nullable)
}

/// A field that may be absent and may be null.
#[must_use]
pub const fn nullish(key: &'static str) -> Row {
    Row::new(key, Need::Nullish)
}

/// The field that tells which record an object is.
#[must_use]
pub const fn tag(key: &'static str, value: &'static [&'static str]) -> Row {
    let mut row = Row::new(key, Need::Required);
    row.tags = value;
    row
}

/// A row with what the compiler knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The row.
    pub row: Row,
    /// Its sentence, empty when its name says enough.
    pub doc: &'static str,
    /// The shape of its value.
    pub shape: fn() -> Shape,
}

/// The constant data of one record type.
#[derive(Debug)]
pub struct Info {
    /// The type's name.
    pub name: &'static str,
    /// What it is, in one sentence or more.
    pub doc: &'static str,
    /// What the reader does with keys that no row names.
    pub unknown: Unknown,
    /// The rows in the order in which the SDK writes them.
    pub fields: &'static [Field],
    /// Since when the SDK knows a record with this tag.
    pub since: Option<Bound>,
    /// The first row that is a tag, by which most objects are told apart.
    tag: Option<&'static Row>,
    /// A bit for each row whose absence may be worth a word.
    needed: u64,
}

impl Info {
    /// The data of a record type.
    #[must_use]
    pub const fn new(name: &'static str, doc: &'static str, unknown: Unknown, fields: &'static [Field]) -> Self {
        let (mut since, mut tag, mut needed) = (None, None, 0);
        let mut i = 0;
        while i < fields.len() {
            let row = &fields[i].row;
            if !row.tags.is_empty() && tag.is_none() {
                since = row.since;
                tag = Some(row);
            }
            if !row.need.allows_absence() {
                needed |= 1 << i;
            }
            i += 1;
        }
        Self { name, doc, unknown, fields, since, tag, needed }
    }

    /// Whether an object has every member that the record cannot be without in a format; how unions `by fields` choose.
    #[must_use]
    pub fn has_fields_of(&self, node: Node<'_>, label: u16) -> bool {
        self.fields.iter().all(|field| !field.row.is_required_in(label) || node.member(field.row.key).is_some())
    }

    /// The row of a tag.
    #[must_use]
    pub fn tag_row(&self, key: &str) -> Option<&'static Row> {
        let first = self.tag?;
        if first.key == key {
            return Some(first);
        }
        self.fields.iter().map(|field| &field.row).find(|row| row.key == key && !row.tags.is_empty())
    }

    /// Whether an object with this tag is one of these records.
    #[must_use]
    pub fn claims(&self, key: &str, tag: Option<Text<'_>>) -> bool {
        let Some(row) = self.tag_row(key) else { return false };
        match tag {
            Some(tag) => row.tags.iter().any(|own| tag.is(own)),
            None => row.need.allows_absence(),
        }
    }

    /// Refuses, while compiling, rows that contradict themselves or one another.
    ///
    /// # Panics
    /// While compiling, on such a row.
    pub const fn checked(&self) {
        assert!(!self.doc.is_empty(), "a record has at least one sentence");
        assert!(self.fields.len() <= 64, "the rows that are there are bits of a number");
        let mut i = 0;
        while i < self.fields.len() {
            let row = &self.fields[i].row;
            assert!(!row.key.is_empty(), "a row has a key");
            assert!(!row.gated || row.since.is_some(), "a gated row says since when");
            if let (Some(since), Some(until)) = (row.since, row.until) {
                assert!(since.label < until.label, "`until` comes after `since`");
            }
            let mut j = 0;
            while j < i {
                assert!(!same(self.fields[j].row.key, row.key), "two rows have the same key");
                j += 1;
            }
            i += 1;
        }
    }
}

const fn same(one: &str, two: &str) -> bool {
    let (one, two) = (one.as_bytes(), two.as_bytes());
    if one.len() != two.len() {
        return false;
    }
    let mut i = 0;
    while i < one.len() {
        if one[i] != two[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// What a value looks like, for the schema and for sentences.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// Any JSON.
    Any,
    /// A boolean.
    Flag,
    /// Only `true`.
    True,
    /// A string.
    Text,
    /// A string that is not empty.
    NonEmpty,
    /// 64 lowercase hexadecimal digits.
    Digest,
    /// One of these strings.
    Words(&'static [&'static str]),
    /// The label of the format itself.
    Label,
    /// A number.
    Number,
    /// A number without fraction, within these bounds.
    Integer(Option<i64>, Option<i64>),
    /// An object with any members.
    Open,
    /// This or null.
    Nullable(fn() -> Shape),
    /// An array of this.
    List(fn() -> Shape),
    /// An array of this with at least one element.
    Filled(fn() -> Shape),
    /// An object with any keys and values like this.
    Map(fn() -> Shape),
    /// A record.
    Record(&'static Info),
    /// One of several shapes, told apart by a tag or by the JSON kind.
    Union(&'static Choices),
    /// A whole state of the same dialect under a label of its own.
    State,
    /// A string that holds a whole state.
    StateText,
}

/// The constant data of a union.
#[derive(Debug)]
pub struct Choices {
    /// The type's name.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The key of the tag, or `None` when the JSON kind decides, or the members that are there.
    pub tag: Option<&'static str>,
    /// The shapes to choose from.
    pub shapes: &'static [fn() -> Shape],
}

impl Shape {
    /// The JSON kinds that a value of this shape can have.
    #[must_use]
    pub fn kinds(self) -> Kinds {
        match self {
            Self::Any => Kinds::ANY,
            Self::Flag | Self::True => Kinds::BOOL,
            Self::Text | Self::NonEmpty | Self::Digest | Self::Words(_) | Self::Label | Self::StateText => Kinds::TEXT,
            Self::Number | Self::Integer(..) => Kinds::NUMBER,
            Self::List(_) | Self::Filled(_) => Kinds::ARRAY,
            Self::Open | Self::Map(_) | Self::Record(_) | Self::State => Kinds::OBJECT,
            Self::Nullable(shape) => shape().kinds().or(Kinds::NULL),
            Self::Union(choices) => choices.shapes.iter().fold(Kinds::NONE, |kinds, shape| kinds.or(shape().kinds())),
        }
    }

    /// Calls `each` with every tag value that the shape claims under `key`, `None` for an absent tag.
    pub fn tags(self, key: &str, each: &mut dyn FnMut(Option<&'static str>)) {
        match self {
            Self::Record(info) => {
                if let Some(row) = info.tag_row(key) {
                    row.tags.iter().for_each(|tag| each(Some(tag)));
                    if row.need.allows_absence() {
                        each(None);
                    }
                }
            }
            Self::Union(choices) => choices.shapes.iter().for_each(|shape| shape().tags(key, each)),
            Self::Nullable(shape) => shape().tags(key, each),
            _ => {}
        }
    }

    /// Whether an object is of the shape by the tag that it has under `key`, given as a test for equality.
    pub(super) fn claims(self, key: &str, tag: Option<impl Fn(&str) -> bool>) -> bool {
        let mut claims = false;
        self.tags(key, &mut |own| {
            claims |= match (own, &tag) {
                (Some(own), Some(tag)) => tag(own),
                (None, None) => true,
                _ => false,
            };
        });
        claims
    }
}

/// As in "expected an object".
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::True => f.write_str("true"),
            Self::NonEmpty => f.write_str("a string that is not empty"),
            Self::Digest => f.write_str("64 lowercase hexadecimal digits"),
            Self::Words(words) => {
                for (place, word) in words.iter().enumerate() {
                    let glue = if place == 0 {
                        ""
                    } else if place + 1 == words.len() {
                        " or "
                    } else {
                        ", "
                    };
                    write!(f, "{glue}\"{word}\"")?;
                }
                Ok(())
            }
            Self::Integer(None, None) => f.write_str("an integer"),
            Self::Integer(Some(least), Some(most)) => write!(f, "an integer from {least} to {most}"),
            Self::Integer(Some(least), None) => write!(f, "an integer of at least {least}"),
            Self::Nullable(shape) => write!(f, "{} or null", shape()),
            Self::Filled(_) => f.write_str("an array with at least one element"),
            Self::State => f.write_str("a nested state"),
            Self::StateText => f.write_str("a string that holds a nested state"),
            _ => write!(f, "{}", self.kinds()),
        }
    }
}

/// A type of value that a row can have.
pub trait Wire<'d>: Sized + Send {
    /// Whether `null` is a value of the type.
    const TAKES_NULL: bool = false;
    /// Whether values are large enough for a list of them to be read in halves.
    const IS_LARGE: bool = false;

    /// Reads a value, or gives `None` when it is none; the caller then raises the finding. Faults further down are
    /// raised here.
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self>;

    /// Writes the value.
    fn write(&self, out: &mut Writer);

    /// The node that the value was read from.
    fn node(&self) -> Node<'d>;

    /// What a value looks like.
    fn shape() -> Shape;

    /// The JSON kinds that a value can have.
    #[must_use]
    fn kinds() -> Kinds {
        Self::shape().kinds()
    }

    /// Whether the dialect's reader takes this value although the SDK never writes such a one.
    fn coerced(node: Node<'d>, cx: &Reader<'d>) -> bool {
        let _ = (node, cx);
        false
    }

    /// Whether a value with this tag is one of the type.
    #[must_use]
    fn claims(key: &str, tag: Option<Text<'d>>) -> bool {
        Self::shape().claims(key, tag.map(|tag| move |own: &str| tag.is(own)))
    }

    /// For [`fmt::Debug`] of records.
    ///
    /// # Errors
    /// When the formatter fails.
    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.node())
    }
}

/// The value of a field, or why there is none.
#[derive(Clone, Debug)]
pub enum Slot<'d, T> {
    /// The field is not there.
    Absent,
    /// The field is `null`, and may be.
    Null(Node<'d>),
    /// The field is there and is not what it should be.
    Invalid(Node<'d>),
    /// The field is there.
    Value(T),
}

impl<'d, T> Slot<'d, T> {
    /// The value, if there is a valid one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the field is not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the field is there with a value of a wrong type.
    pub const fn is_invalid(&self) -> bool {
        matches!(self, Self::Invalid(_))
    }

    /// Whether the field is absent or null.
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::Absent | Self::Null(_))
    }
}

impl<'d, T: Wire<'d>> Slot<'d, T> {
    /// The node of whatever is there.
    pub fn node(&self) -> Option<Node<'d>> {
        match self {
            Self::Absent => None,
            Self::Null(node) | Self::Invalid(node) => Some(*node),
            Self::Value(value) => Some(value.node()),
        }
    }
}

/// The tag of a record, as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'d>(pub Option<Node<'d>>);

/// The constant part of a field's type.
pub trait Described {
    /// The field before anything was read.
    const BLANK: Self;
    /// The shape of its value.
    fn shape() -> Shape;
}

/// A field of any type, seen from the reader and the writer.
pub trait Column<'d> {
    /// Reads the member's value.
    fn read(&mut self, field: &'static Field, node: Node<'d>, cx: &mut Reader<'d>);
    /// The node of whatever is there.
    fn node(&self) -> Option<Node<'d>>;
    /// Writes what is there.
    fn write(&self, out: &mut Writer);
    /// For [`fmt::Debug`] of records.
    ///
    /// # Errors
    /// When the formatter fails.
    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A record of any type, seen from the reader and the writer.
pub trait Rows<'d> {
    /// The type's constant data.
    fn info(&self) -> &'static Info;
    /// The object it was read from.
    fn origin(&self) -> Node<'d>;
    /// The field of the row with this number.
    fn column(&self, row: usize) -> &dyn Column<'d>;
    /// The same, for reading into it.
    fn column_mut(&mut self, row: usize) -> &mut dyn Column<'d>;
}

/// A record type.
pub trait Record<'d>: Rows<'d> + Sized {
    /// The type's constant data.
    const INFO: &'static Info;
    /// A record with nothing in it yet.
    fn blank(origin: Node<'d>) -> Self;
}

/// Prints a record's fields by name and place, without the values.
///
/// # Errors
/// When the formatter fails.
pub fn debug(rows: &dyn Rows<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    struct Shown<'r, 'd>(&'r dyn Column<'d>);
    impl fmt::Debug for Shown<'_, '_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.debug(f)
        }
    }
    let mut shown = f.debug_struct(rows.info().name);
    for (index, field) in rows.info().fields.iter().enumerate() {
        let column = rows.column(index);
        if column.node().is_some() {
            shown.field(field.row.key, &Shown(column));
        }
    }
    shown.finish()
}

/// Finds the row of a key, looking first behind the row found before: members come mostly in row order.
fn find(info: &Info, is: impl Fn(&str) -> bool, cursor: &mut usize) -> Option<usize> {
    let (behind, before) = (*cursor..info.fields.len(), 0..*cursor);
    let found = behind.chain(before).find(|&row| is(info.fields[row].row.key));
    if let Some(row) = found {
        *cursor = row + 1;
    }
    found
}
