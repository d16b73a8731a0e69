//! The value types that rows use, beside the JSON layer's own [`Node`] and [`Text`].

use std::fmt;

use crate::format::Dialect;
use crate::json::{Kind, Node, Number, Text, Writer};

use super::{Reader, Shape, Slot, Wire, forward};

/// Any JSON.
impl<'d> Wire<'d> for Node<'d> {
    const TAKES_NULL: bool = true;

    fn read(node: Node<'d>, _: &mut Reader<'d>) -> Option<Self> {
        Some(node)
    }

    fn write(&self, out: &mut Writer) {
        out.node(*self);
    }

    fn node(&self) -> Node<'d> {
        *self
    }

    fn shape() -> Shape {
        Shape::Any
    }
}

/// The label, `$schemaVersion`. Whatever stands there is taken; what is wrong with it is told by `detect`.
#[derive(Clone, Copy, Debug)]
pub struct Label<'d>(pub Node<'d>);

impl<'d> Wire<'d> for Label<'d> {
    const TAKES_NULL: bool = true;

    fn read(node: Node<'d>, _: &mut Reader<'d>) -> Option<Self> {
        Some(Self(node))
    }

    fn write(&self, out: &mut Writer) {
        out.node(self.0);
    }

    fn node(&self) -> Node<'d> {
        self.0
    }

    fn shape() -> Shape {
        Shape::Label
    }
}

/// Any string. Python's reader of raw items takes nothing else for one.
impl<'d> Wire<'d> for Text<'d> {
    fn read(node: Node<'d>, _: &mut Reader<'d>) -> Option<Self> {
        node.text()
    }

    fn write(&self, out: &mut Writer) {
        out.text(*self);
    }

    fn node(&self) -> Node<'d> {
        Text::node(*self)
    }

    fn shape() -> Shape {
        Shape::Text
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text@{}", self.node().span().start)
    }
}

impl<'d, T: Wire<'d>> Wire<'d> for Box<T> {
    forward!(T, own => **own);
    const IS_LARGE: bool = true;

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        T::read(node, cx).map(Box::new)
    }
}

/// Declares a type that is a node of which something is known, and what pydantic's lax mode reads as one.
/// A type for values that are kept as they stand, and are told by their shape.
macro_rules! known {
    ($(#[doc = $doc:literal])* $name:ident, $shape:expr, |$node:ident, $cx:pat_param| $holds:expr $(, lax: $lax:ident)?) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'d>(pub Node<'d>);

        impl<'d> Wire<'d> for $name<'d> {
            fn read($node: Node<'d>, $cx: &mut Reader<'d>) -> Option<Self> {
                $holds.then_some(Self($node))
            }

            fn write(&self, out: &mut Writer) {
                out.node(self.0);
            }

            fn node(&self) -> Node<'d> {
                self.0
            }

            fn shape() -> Shape {
                $shape
            }

            $(fn coerced(node: Node<'d>, cx: &Reader<'d>) -> bool {
                cx.dialect == Dialect::Python && $lax(node)
            })?
        }
    };
}

pub(crate) use known;

known!(
    /// A boolean.
    Flag, Shape::Flag, |node, _| node.kind() == Kind::Bool, lax: lax_bool
);
known!(
    /// Only `true`: a marker that is written when it is set.
    True, Shape::True, |node, _| node.as_bool() == Some(true)
);
known!(
    /// An object with any members.
    Open, Shape::Open, |node, _| node.kind() == Kind::Object
);
known!(
    /// Any finite number.
    Float, Shape::Number, |node, _| node.number().is_some(), lax: lax_float
);
known!(
    /// A number without fraction, as a Python integer or a JavaScript number with an integral value.
    Int, Shape::Integer(None, None), |node, cx| whole(node, cx).is_some(), lax: lax_int
);
known!(
    /// A number without fraction that is not negative.
    Natural, Shape::Integer(Some(0), None), |node, cx| whole(node, cx).is_some_and(|number| number.to_f64() >= 0.0)
);
known!(
    /// A number without fraction that is at least 1.
    Positive, Shape::Integer(Some(1), None), |node, cx| whole(node, cx).is_some_and(|number| number.to_f64() >= 1.0)
);
known!(
    /// A SHA-256 digest as 64 lowercase hexadecimal digits.
    Digest, Shape::Digest, |node, _| node.text().is_some_and(|text| is_digest(text.raw()))
);
known!(
    /// A string that is not empty.
    NonEmpty, Shape::NonEmpty, |node, _| node.text().is_some_and(|text| !text.is_empty())
);

impl<'d> Flag<'d> {
    /// The value.
    #[must_use]
    pub fn get(self) -> bool {
        self.0.as_bool() == Some(true)
    }
}

impl<'d> NonEmpty<'d> {
    /// The string.
    #[must_use]
    pub fn text(self) -> Text<'d> {
        self.0.text().expect("only strings are read as this type")
    }
}

impl<'d> Digest<'d> {
    /// The digits.
    #[must_use]
    pub fn as_str(self) -> &'d str {
        self.0.text().map_or("", Text::raw)
    }
}

impl<'d> Int<'d> {
    /// The value, if 64 bits hold it.
    #[must_use]
    pub fn get(self) -> Option<i64> {
        integer(self.0)
    }
}

impl<'d> Natural<'d> {
    /// The value; a number that is too large for a length counts as the largest.
    #[must_use]
    pub fn get(self) -> usize {
        length(self.0)
    }
}

impl<'d> Positive<'d> {
    /// The value; a number that is too large for a length counts as the largest.
    #[must_use]
    pub fn get(self) -> usize {
        length(self.0)
    }
}

fn is_digest(raw: &str) -> bool {
    raw.len() == 64 && raw.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The number, if it is an integer of the dialect.
fn whole<'d>(node: Node<'d>, cx: &Reader<'_>) -> Option<Number<'d>> {
    node.number().filter(|number| integral(*number) && safe(*number, cx))
}

/// Whether the literal has an integral value: `5`, and `5.0` too, which JavaScript does not tell apart. Every double from
/// 2^53 on is one.
fn integral(number: Number<'_>) -> bool {
    number.is_integer_literal() || (number.to_f64().is_finite() && number.to_f64().fract() == 0.0)
}

/// Whether the dialect's integers go so far: JavaScript's are exact up to 2^53, and zod takes no others for integers.
fn safe(number: Number<'_>, cx: &Reader<'_>) -> bool {
    cx.dialect == Dialect::Python || number.to_f64().abs() <= 9_007_199_254_740_991.0
}

/// The value of an integral literal that 64 bits hold.
#[allow(clippy::cast_possible_truncation, reason = "checked: an integral double below 2^53")]
fn integer(node: Node<'_>) -> Option<i64> {
    let number = node.number()?;
    number.to_i64().or_else(|| {
        let value = number.to_f64();
        (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
    })
}

fn length(node: Node<'_>) -> usize {
    integer(node).and_then(|value| usize::try_from(value).ok()).unwrap_or(usize::MAX)
}

/// What pydantic's lax mode reads as an `int`: integral floats, booleans, and strings of digits.
fn lax_int(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Bool => true,
        Kind::String => node.text().and_then(Text::exact).is_some_and(|text| lax_int_text(text.trim())),
        _ => false,
    }
}

fn lax_int_text(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, fraction) = digits.split_once('.').map_or((digits, "0"), |(digits, fraction)| (digits, fraction));
    let well_formed = |digits: &str| {
        !digits.starts_with('_')
            && !digits.ends_with('_')
            && !digits.contains("__")
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    !digits.is_empty() && well_formed(digits) && !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0')
}

/// What pydantic's lax mode reads as a `float`: booleans and strings that Python's `float` takes.
fn lax_float(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Bool => true,
        Kind::String => {
            node.text().and_then(Text::exact).is_some_and(|text| text.trim().replace('_', "").parse::<f64>().is_ok())
        }
        _ => false,
    }
}

/// What pydantic's lax mode reads as a `bool`: 0, 1 and a dozen words in any case.
fn lax_bool(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Number => node.number().is_some_and(|number| [0.0, 1.0].contains(&number.to_f64())),
        Kind::String => node.text().and_then(Text::exact).is_some_and(|text| {
            let text = text.to_lowercase();
            ["0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes"].contains(&text.as_str())
        }),
        _ => false,
    }
}

/// A value or null, where null is one of the values: an element of a list that may be null.
#[derive(Debug)]
pub struct Nullable<'d, T> {
    node: Node<'d>,
    /// The value, unless it is null.
    pub value: Option<T>,
}

impl<'d, T: Wire<'d>> Wire<'d> for Nullable<'d, T> {
    const TAKES_NULL: bool = true;

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        if node.is_null() {
            return Some(Self { node, value: None });
        }
        T::read(node, cx).map(|value| Self { node, value: Some(value) })
    }

    fn write(&self, out: &mut Writer) {
        match &self.value {
            Some(value) => value.write(out),
            None => out.node(self.node),
        }
    }

    fn node(&self) -> Node<'d> {
        self.node
    }

    fn shape() -> Shape {
        Shape::Nullable(T::shape)
    }

    fn coerced(node: Node<'d>, cx: &Reader<'d>) -> bool {
        T::coerced(node, cx)
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => value.debug(f),
            None => f.write_str("null"),
        }
    }
}

/// A value that the dialect's reader drops when there is a fault in it.
#[derive(Debug)]
pub struct Sifted<T> {
    /// The value, as far as it can be read.
    pub value: T,
    /// Whether the reader drops it.
    pub dropped: bool,
}

impl<T> Sifted<T> {
    /// The value, if the reader keeps it.
    pub const fn kept(&self) -> Option<&T> {
        if self.dropped { None } else { Some(&self.value) }
    }
}

impl<'d, T: Wire<'d>> Wire<'d> for Sifted<T> {
    forward!(T, own => own.value);

    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        let faults = cx.faults();
        let value = T::read(node, cx)?;
        Some(Self { value, dropped: cx.faults() != faults })
    }
}

/// An array.
#[derive(Debug)]
pub struct List<'d, T> {
    node: Node<'d>,
    /// The elements, those of a wrong type included; when very many have something wrong with them, only the first.
    pub items: Vec<Slot<'d, T>>,
}

impl<'d, T> List<'d, T> {
    /// The elements of the right type.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.items.iter().filter_map(Slot::value)
    }

    /// How many elements there are, whatever they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<'d, T: Wire<'d>> List<'d, T> {
    /// How many elements stand in the text, those that were not looked at included.
    #[must_use]
    pub fn written(&self) -> usize {
        let behind = self.items.last().and_then(Slot::node).map_or(self.node.index() + 1, Node::end_index);
        let rest = if behind == self.node.end_index() { 0 } else { self.node.elements().skip(self.len()).count() };
        self.len() + rest
    }
}

impl<'d, T: Wire<'d>> Wire<'d> for List<'d, T> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        if node.kind() != Kind::Array {
            return None;
        }
        let items = cx.elements(node, node.elements(), |element| *element, |_, slot| slot);
        Some(Self { node, items })
    }

    fn write(&self, out: &mut Writer) {
        out.begin_array();
        let mut items = self.items.iter();
        for element in self.node.elements() {
            match items.next() {
                Some(item) => super::write::write_slot(item, out),
                None => out.node(element),
            }
        }
        out.end_array();
    }

    fn node(&self) -> Node<'d> {
        self.node
    }

    fn shape() -> Shape {
        Shape::List(T::shape)
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for item in &self.items {
            list.entry(&Shown(item));
        }
        list.finish()
    }
}

/// An array with at least one element.
#[derive(Debug)]
pub struct Filled<'d, T>(pub List<'d, T>);

impl<'d, T: Wire<'d>> Wire<'d> for Filled<'d, T> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        List::read(node, cx).filter(|list| !list.is_empty()).map(Self)
    }

    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn node(&self) -> Node<'d> {
        self.0.node
    }

    fn shape() -> Shape {
        Shape::Filled(T::shape)
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Wire::debug(&self.0, f)
    }
}

/// An object whose keys are data: call ids, tool names, agents.
#[derive(Debug)]
pub struct Map<'d, T> {
    node: Node<'d>,
    /// The entries as written, duplicate keys and values of a wrong type included.
    pub entries: Vec<(Text<'d>, Slot<'d, T>)>,
}

impl<'d, T> Map<'d, T> {
    /// The entries with a value of the right type.
    pub fn values(&self) -> impl Iterator<Item = (Text<'d>, &T)> {
        self.entries.iter().filter_map(|(key, slot)| Some((*key, slot.value()?)))
    }

    /// How many entries there are, whatever they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'d, T: Wire<'d>> Wire<'d> for Map<'d, T> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        if node.kind() != Kind::Object {
            return None;
        }
        let entries = cx.elements(node, node.members(), |member| member.value, |member, slot| (member.key, slot));
        Some(Self { node, entries })
    }

    fn write(&self, out: &mut Writer) {
        out.begin_object();
        let mut entries = self.entries.iter();
        for member in self.node.members() {
            out.key_text(member.key);
            match entries.next() {
                Some((_, slot)) => super::write::write_slot(slot, out),
                None => out.node(member.value),
            }
        }
        out.end_object();
    }

    fn node(&self) -> Node<'d> {
        self.node
    }

    fn shape() -> Shape {
        Shape::Map(T::shape)
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, slot) in &self.entries {
            map.entry(&key.lossy(), &Shown(slot));
        }
        map.finish()
    }
}

struct Shown<'s, 'd, T>(&'s Slot<'d, T>);

impl<'d, T: Wire<'d>> fmt::Debug for Shown<'_, 'd, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::Column::debug(self.0, f)
    }
}

/// A fixed set of strings; declared with the crate's macro `words!`.
pub trait Words: Copy + fmt::Debug + Send + 'static {
    /// The strings.
    const WORDS: &'static [&'static str];
    /// The values, in the same order.
    const VALUES: &'static [Self];
}

/// A string that is one of a fixed set.
#[derive(Clone, Copy, Debug)]
pub struct Word<'d, W> {
    /// What it says.
    pub value: W,
    text: Text<'d>,
}

impl<'d, W: Words> Wire<'d> for Word<'d, W> {
    fn read(node: Node<'d>, _: &mut Reader<'d>) -> Option<Self> {
        let text = node.text()?;
        let at = W::WORDS.iter().position(|word| text.is(word))?;
        Some(Self { value: W::VALUES[at], text })
    }

    fn write(&self, out: &mut Writer) {
        out.text(self.text);
    }

    fn node(&self) -> Node<'d> {
        self.text.node()
    }

    fn shape() -> Shape {
        Shape::Words(W::WORDS)
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.value)
    }
}

/// Declares a fixed set of strings.
macro_rules! words {
    ($(#[doc = $doc:literal])* $vis:vis enum $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        $vis enum $name {
            $(#[doc = concat!("`", $word, "`")] $variant,)*
        }
        impl $crate::record::Words for $name {
            const WORDS: &'static [&'static str] = &[$($word),*];
            const VALUES: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

pub(crate) use words;
