//! Nodes as serde sees them: into the user's own types, and into any serializer.

use std::borrow::Cow;
use std::fmt;

use ::serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use ::serde::forward_to_deserialize_any;
use ::serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Elements, Kind, Members, Node, Number, Text};

/// One more open container than serde_json reads, which has the same limit.
const LIMIT: u8 = 128;

/// Why a node is not the type that was asked for. The message comes from the type and may name values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    message: String,
    offset: Option<usize>,
}

impl ReadError {
    fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), offset: None }
    }

    /// Byte offset, in the text that the node stands in, of the innermost value that could not be read.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    fn at(mut self, node: Node<'_>) -> Self {
        self.offset.get_or_insert(node.span().start);
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.offset.map_or(Ok(()), |offset| write!(f, " at byte {offset}"))
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

impl<'d> Node<'d> {
    /// Reads the value into a type, by the rules of serde_json: the same types fit, nesting of 128 is an error, and
    /// so is a lone surrogate in a `str` (bytes take it). Strings without escapes can be borrowed. Doubles are the
    /// nearest ones, and `NaN` and the infinities are doubles too.
    ///
    /// ```
    /// use runstate::json::Document;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Refund<'a> {
    ///     order: &'a str,
    ///     cents: u64,
    ///     #[serde(default)]
    ///     reason: Option<String>,
    /// }
    ///
    /// let doc = Document::parse(br#"{"output": {"order": "A-17", "cents": 1250}}"#.to_vec())?;
    /// let output = doc.root().member("output").expect("a member of the text above");
    /// let refund: Refund = output.parse_into()?;
    /// assert_eq!((refund.order, refund.cents, refund.reason), ("A-17", 1250, None));
    ///
    /// let error = output.parse_into::<Vec<u8>>().unwrap_err();
    /// assert_eq!(error.to_string(), "invalid type: map, expected a sequence at byte 11");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What the type says of the first value that it does not take.
    pub fn parse_into<T: Deserialize<'d>>(self) -> Result<T, ReadError> {
        T::deserialize(self)
    }
}

/// A node, and how many containers may still be opened.
#[derive(Clone, Copy)]
struct Reader<'d> {
    node: Node<'d>,
    left: u8,
}

impl<'d> Reader<'d> {
    fn new(node: Node<'d>) -> Self {
        Self { node, left: LIMIT }
    }

    /// The budget inside of this container.
    fn inside(self) -> Result<u8, ReadError> {
        match self.left.saturating_sub(1) {
            0 => Err(ReadError::new("recursion limit exceeded")),
            left => Ok(left),
        }
    }

    fn mismatch<T>(self, expected: &dyn Expected) -> Result<T, ReadError> {
        let text = self.node.text().map(Text::lossy);
        let unexpected = match self.node.kind() {
            Kind::Null => Unexpected::Unit,
            Kind::Bool => Unexpected::Bool(self.node.as_bool() == Some(true)),
            Kind::Number => self.node.number().map_or(Unexpected::Other("number"), unexpected),
            Kind::String => Unexpected::Str(text.as_deref().unwrap_or_default()),
            Kind::Array => Unexpected::Seq,
            Kind::Object => Unexpected::Map,
        };
        Err(de::Error::invalid_type(unexpected, expected))
    }

    /// A number of 128 bits, which is read from an integer literal alone.
    fn wide<T: std::str::FromStr>(self, expected: &dyn Expected) -> Result<T, ReadError> {
        match self.node.number() {
            Some(number) if number.is_integer_literal() => {
                number.raw().parse().map_err(|_| ReadError::new("number out of range"))
            }
            _ => self.mismatch(expected),
        }
    }

    fn seq<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut rest = Seq { elements: self.node.elements(), left: self.inside()? };
        let value = visitor.visit_seq(&mut rest)?;
        if rest.elements.next().is_some() { Err(ReadError::new("trailing elements in an array")) } else { Ok(value) }
    }

    fn map<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut rest = Map { members: self.node.members(), value: None, left: self.inside()? };
        let value = visitor.visit_map(&mut rest)?;
        if rest.members.next().is_some() { Err(ReadError::new("trailing members in an object")) } else { Ok(value) }
    }
}

fn unexpected(number: Number<'_>) -> Unexpected<'_> {
    match (number.to_u64(), number.to_i64()) {
        (Some(value), _) => Unexpected::Unsigned(value),
        (None, Some(value)) => Unexpected::Signed(value),
        (None, None) => Unexpected::Float(number.to_f64()),
    }
}

fn visit_number<'d, V: Visitor<'d>>(number: Number<'_>, visitor: V) -> Result<V::Value, ReadError> {
    // `-0` is a double for serde_json: no integer keeps its sign.
    let integer = number.raw() != "-0";
    match (number.to_u64(), number.to_i64()) {
        (Some(value), _) if integer => visitor.visit_u64(value),
        (None, Some(value)) => visitor.visit_i64(value),
        _ => match number.to_f64() {
            value if value.is_infinite() && number.is_finite_literal() => Err(ReadError::new("number out of range")),
            value => visitor.visit_f64(value),
        },
    }
}

fn visit_str<'d, V: Visitor<'d>>(text: Text<'d>, visitor: V) -> Result<V::Value, ReadError> {
    match text.exact() {
        Some(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
        Some(Cow::Owned(text)) => visitor.visit_string(text),
        None => Err(ReadError::new("lone surrogate in a string")),
    }
}

fn visit_bytes<'d, V: Visitor<'d>>(text: Text<'d>, visitor: V) -> Result<V::Value, ReadError> {
    match text.wtf8() {
        Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
        Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match self.node.number() {
                Some(number) => visit_number(number, visitor),
                None => self.mismatch(&visitor),
            }
        }
    )*};
}

macro_rules! strings {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match self.node.text() {
                Some(text) => $visit(text, visitor),
                None => self.mismatch(&visitor),
            }
        }
    )*};
}

impl<'d> Deserializer<'d> for Reader<'d> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool => self.deserialize_bool(visitor),
            Kind::Number => self.deserialize_f64(visitor),
            Kind::String => self.deserialize_str(visitor),
            Kind::Array => self.seq(visitor),
            Kind::Object => self.map(visitor),
        }
    }

    numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    numbers!(deserialize_f32 deserialize_f64);
    strings!(deserialize_char visit_str deserialize_str visit_str deserialize_string visit_str);
    strings!(deserialize_identifier visit_str);

    fn deserialize_i128<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let value = self.wide(&visitor)?;
        visitor.visit_i128(value)
    }

    fn deserialize_u128<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let value = self.wide(&visitor)?;
        visitor.visit_u128(value)
    }

    fn deserialize_bool<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.as_bool() {
            Some(value) => visitor.visit_bool(value),
            None => self.mismatch(&visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match (self.node.kind(), self.node.text()) {
            (_, Some(text)) => visit_bytes(text, visitor),
            (Kind::Array, None) => self.seq(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.is_null() { visitor.visit_unit() } else { self.mismatch(&visitor) }
    }

    fn deserialize_unit_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.kind() == Kind::Array { self.seq(visitor) } else { self.mismatch(&visitor) }
    }

    fn deserialize_tuple<V: Visitor<'d>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.kind() == Kind::Object { self.map(visitor) } else { self.mismatch(&visitor) }
    }

    fn deserialize_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.node.kind() {
            Kind::Array => self.seq(visitor),
            Kind::Object => self.map(visitor),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.node.kind() {
            Kind::String => visitor.visit_enum(Variant { name: self, content: None }),
            Kind::Object => {
                let left = self.inside()?;
                let mut members = self.node.members();
                match (members.next(), members.next()) {
                    (Some(member), None) => visitor.visit_enum(Variant {
                        name: Reader { node: member.key.node(), left },
                        content: Some(Reader { node: member.value, left }),
                    }),
                    _ => Err(ReadError::new("expected an object with one member, the variant")),
                }
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

macro_rules! delegate {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'d>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, ReadError> {
            Reader::new(self).$method($($argument,)* visitor).map_err(|error| error.at(self))
        }
    )*};
}

/// By the rules of [`Node::parse_into`].
impl<'d> Deserializer<'d> for Node<'d> {
    type Error = ReadError;

    delegate! {
        deserialize_any() deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64()
        deserialize_char() deserialize_str() deserialize_string() deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit() deserialize_seq() deserialize_map()
        deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize) deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}

struct Seq<'d> {
    elements: Elements<'d>,
    left: u8,
}

impl<'d> SeqAccess<'d> for Seq<'d> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(node) = self.elements.next() else { return Ok(None) };
        seed.deserialize(Reader { node, left: self.left }).map(Some).map_err(|error| error.at(node))
    }
}

struct Map<'d> {
    members: Members<'d>,
    value: Option<Node<'d>>,
    left: u8,
}

impl<'d> MapAccess<'d> for Map<'d> {
    type Error = ReadError;

    fn next_key_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(member) = self.members.next() else { return Ok(None) };
        self.value = Some(member.value);
        seed.deserialize(Key(member.key)).map(Some).map_err(|error| error.at(member.key.node()))
    }

    fn next_value_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<T::Value, ReadError> {
        let node = self.value.take().ok_or_else(|| ReadError::new("a value was asked for before its key"))?;
        seed.deserialize(Reader { node, left: self.left }).map_err(|error| error.at(node))
    }
}

/// An object's key: a string, or what stands in it where the map's keys are numbers or booleans.
struct Key<'d>(Text<'d>);

macro_rules! numeric_keys {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let raw = self.0.raw();
            if !raw.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                || !raw.ends_with(|last: char| last.is_ascii_digit())
            {
                return Err(ReadError::new("expected a number in quotes as a key"));
            }
            let mut digits = serde_json::Deserializer::from_str(raw);
            let value = digits.$method(visitor).map_err(ReadError::new)?;
            digits.end().map(|()| value).map_err(ReadError::new)
        }
    )*};
}

impl<'d> Deserializer<'d> for Key<'d> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visit_str(self.0, visitor)
    }

    numeric_keys!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128);
    numeric_keys!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    numeric_keys!(deserialize_f32 deserialize_f64);

    fn deserialize_bool<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0.raw() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Reader::new(self.0.node()).mismatch(&visitor),
        }
    }

    fn deserialize_option<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        Reader::new(self.0.node()).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_bytes<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visit_bytes(self.0, visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visit_bytes(self.0, visitor)
    }

    forward_to_deserialize_any! {
        <W: Visitor<'d>>
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum: a string, or an object with one member.
struct Variant<'d> {
    name: Reader<'d>,
    content: Option<Reader<'d>>,
}

impl<'d> EnumAccess<'d> for Variant<'d> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'d>>(self, seed: T) -> Result<(T::Value, Self), ReadError> {
        let name = seed.deserialize(self.name).map_err(|error| error.at(self.name.node))?;
        Ok((name, self))
    }
}

impl<'d> Variant<'d> {
    fn content(self, expected: &'static str) -> Result<Reader<'d>, ReadError> {
        self.content.ok_or_else(|| de::Error::invalid_type(Unexpected::UnitVariant, &expected))
    }
}

impl<'d> VariantAccess<'d> for Variant<'d> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        self.content.map_or(Ok(()), Deserialize::deserialize)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'d>>(self, seed: T) -> Result<T::Value, ReadError> {
        let content = self.content("newtype variant")?;
        seed.deserialize(content).map_err(|error| error.at(content.node))
    }

    fn tuple_variant<V: Visitor<'d>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        let content = self.content("tuple variant")?;
        content.deserialize_seq(visitor).map_err(|error| error.at(content.node))
    }

    fn struct_variant<V: Visitor<'d>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let content = self.content("struct variant")?;
        content.deserialize_struct("", fields, visitor).map_err(|error| error.at(content.node))
    }
}

/// Members keep their order, duplicate keys included. Nesting of 128 is an error, and so are a lone surrogate and a
/// number that no double comes near; integers that fit no type of serde's become doubles.
impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reader::new(*self).serialize(serializer)
    }
}

impl Serialize for Reader<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.node;
        match node.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool => serializer.serialize_bool(node.as_bool() == Some(true)),
            Kind::Number => match node.number() {
                Some(number) => serialize_number(number, serializer),
                None => serializer.serialize_unit(),
            },
            Kind::String => match node.text().and_then(Text::exact) {
                Some(text) => serializer.serialize_str(&text),
                None => Err(S::Error::custom("lone surrogate in a string")),
            },
            Kind::Array => {
                let left = self.inside().map_err(S::Error::custom)?;
                let mut seq = serializer.serialize_seq(Some(node.elements().count()))?;
                for node in node.elements() {
                    seq.serialize_element(&Reader { node, left })?;
                }
                seq.end()
            }
            Kind::Object => {
                let left = self.inside().map_err(S::Error::custom)?;
                let mut map = serializer.serialize_map(Some(node.members().count()))?;
                for member in node.members() {
                    map.serialize_entry(
                        &Reader { node: member.key.node(), left },
                        &Reader { node: member.value, left },
                    )?;
                }
                map.end()
            }
        }
    }
}

fn serialize_number<S: Serializer>(number: Number<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    if number.raw() == "-0" {
        return serializer.serialize_f64(-0.0);
    }
    if let Some(value) = number.to_u64() {
        return serializer.serialize_u64(value);
    }
    if let Some(value) = number.to_i64() {
        return serializer.serialize_i64(value);
    }
    if let Some(value) = number.to_u128() {
        return serializer.serialize_u128(value);
    }
    if let Some(value) = number.to_i128() {
        return serializer.serialize_i128(value);
    }
    match number.to_f64() {
        value if value.is_infinite() && number.is_finite_literal() => Err(S::Error::custom("number out of range")),
        value => serializer.serialize_f64(value),
    }
}
