//! A document against the JSON Schema of its format, as a second opinion on the record layer.
//!
//! The only file that names the `jsonschema` crate. It validates over the tape itself, so that nothing is copied or
//! rounded, and never shows a value.

use std::borrow::Cow;
use std::ops::ControlFlow;

use jsonschema::JsonType;
use jsonschema::error::ValidationErrorKind;
use jsonschema::json::{self, JsonNumber, NodeIdentity};
use serde_json::Value;

use crate::format::Format;
use crate::json::{Elements, Kind, Members, Node, Number, Text};
use crate::schema::schema;

/// A place where a document is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Fault {
    /// JSON pointer of the value; for an unexpected property, of that property.
    pub pointer: String,
    /// The keyword of the schema that does not hold.
    pub keyword: String,
    /// The missing or unexpected property.
    pub property: Option<String>,
}

/// A compiled schema.
#[derive(Debug)]
pub struct Checker {
    validator: jsonschema::Validator<Tape>,
}

impl Checker {
    /// Compiles the schema of a format.
    ///
    /// # Panics
    /// Never: the schemas of all formats compile, and a test sees to it.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let schema = schema(format).to_value();
        let validator = jsonschema::options_for::<Tape>().build(&schema).expect("generated schemas compile");
        Self { validator }
    }

    /// All places where `node` is not what the schema says, in order.
    #[must_use]
    pub fn check(&self, node: Node<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        for error in self.validator.iter_errors(Instance(node)) {
            let pointer = error.instance_path().as_str().to_owned();
            let keyword = error.kind().keyword().to_owned();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    for key in unexpected {
                        let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                        faults.push(Fault { pointer, keyword: keyword.clone(), property: Some(key.clone()) });
                    }
                }
                ValidationErrorKind::Required { property } => {
                    let property = property.as_str().map(str::to_owned);
                    faults.push(Fault { pointer, keyword, property });
                }
                _ => faults.push(Fault { pointer, keyword, property: None }),
            }
        }
        faults.sort();
        faults.dedup();
        faults
    }
}

/// The representation that the crate validates.
#[derive(Debug)]
struct Tape;

#[derive(Clone, Copy)]
struct Instance<'d>(Node<'d>);

struct Name<'d>(Cow<'d, str>);

struct MemberIter<'d>(Members<'d>);

struct ElementIter<'d>(Elements<'d>);

struct Decimal<'d>(Number<'d>);

impl json::Json for Tape {
    type Node<'a> = Instance<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(_: &mut (), _: &str, _: impl FnOnce(Instance<'_>) -> T) -> T {
        unreachable!("the generated schemas do not use propertyNames")
    }
}

impl<'a> json::Node<'a, Tape> for Instance<'a> {
    type Object = Instance<'a>;
    type Array = Instance<'a>;
    type Number = Decimal<'a>;

    fn as_object(&self) -> Option<Self> {
        (self.0.kind() == Kind::Object).then_some(*self)
    }

    fn as_array(&self) -> Option<Self> {
        (self.0.kind() == Kind::Array).then_some(*self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.0.text().map(Text::lossy)
    }

    fn as_number(&self) -> Option<Decimal<'a>> {
        self.0.number().map(Decimal)
    }

    fn as_boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        self.0.is_null()
    }

    fn json_type(&self) -> JsonType {
        match self.0.kind() {
            Kind::Null => JsonType::Null,
            Kind::Bool => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    /// The schemas compare with strings and booleans only.
    fn equals_value(&self, expected: &Value) -> bool {
        match expected {
            Value::String(expected) => self.0.text().is_some_and(|text| text.is(expected)),
            Value::Bool(expected) => self.0.as_bool() == Some(*expected),
            _ => false,
        }
    }

    /// Only errors ask for it, and they must not hold values.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::tagged(std::ptr::from_ref(self.0.source()) as usize, self.0.index()))
    }
}

impl<'a> json::Object<'a, Tape> for Instance<'a> {
    type Node = Instance<'a>;
    type MemberName = Name<'a>;
    type MembersIter = MemberIter<'a>;

    fn len(&self) -> usize {
        self.0.members().count()
    }

    fn get(&self, key: &String) -> Option<Self> {
        self.0.member(key).map(Instance)
    }

    fn members(&self) -> MemberIter<'a> {
        MemberIter(self.0.members())
    }

    fn try_for_each_name_node<B>(
        &self,
        (): &mut (),
        mut each: impl FnMut(Instance<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.0.members().try_for_each(|member| each(Instance(member.key.node())))
    }
}

impl<'a> json::Array<'a, Tape> for Instance<'a> {
    type Node = Instance<'a>;
    type ElementsIter = ElementIter<'a>;

    fn len(&self) -> usize {
        self.0.elements().count()
    }

    fn elements(&self) -> ElementIter<'a> {
        ElementIter(self.0.elements())
    }
}

impl JsonNumber for Decimal<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.to_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.to_i64()
    }

    fn as_f64(&self) -> Option<f64> {
        Some(self.0.to_f64())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0.raw())
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        let number = self.0.to_i64().map(serde_json::Number::from);
        Cow::Owned(number.or_else(|| serde_json::Number::from_f64(self.0.to_f64())).unwrap_or_else(|| 0.into()))
    }

    fn is_integer(&self) -> bool {
        let value = self.0.to_f64();
        self.0.is_integer_literal() || (value.is_finite() && value.fract() == 0.0)
    }
}

impl AsRef<str> for Name<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<Name<'a>> for Cow<'a, str> {
    fn from(name: Name<'a>) -> Self {
        name.0
    }
}

impl<'a> Iterator for MemberIter<'a> {
    type Item = (Name<'a>, Instance<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|member| (Name(member.key.lossy()), Instance(member.value)))
    }
}

impl<'a> Iterator for ElementIter<'a> {
    type Item = Instance<'a>;

    fn next(&mut self) -> Option<Instance<'a>> {
        self.0.next().map(Instance)
    }
}
