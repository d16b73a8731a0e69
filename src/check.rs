//! Values against JSON Schemas: a document against that of its format, as a second opinion on the record layer, and the
//! user's own data against the user's.
//!
//! The only file that names the `jsonschema` crate. It validates over the tape itself, so that nothing is copied or
//! rounded, and never shows a value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jsonschema::JsonType;
use jsonschema::error::ValidationErrorKind;
use jsonschema::json::{self, JsonNumber, NodeIdentity};
use serde_json::Value;

use crate::format::Format;
use crate::json::{Document, Elements, Kind, Members, Node, Number, Text, push_step};
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
///
/// ```
/// use runstate::check::Checker;
/// use runstate::json::Document;
/// use runstate::{Dialect, Format};
///
/// let checker = Checker::new(Format { dialect: Dialect::Python, label: 21 });
/// let doc = Document::parse(br#"{"$schemaVersion": "1.21", "current_turn": "1"}"#.to_vec())?;
/// let faults = checker.check(doc.root());
/// assert!(faults.iter().any(|fault| fault.pointer == "/current_turn" && fault.keyword == "type"));
/// # Ok::<(), runstate::json::SyntaxError>(())
/// ```
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

    /// Compiles any schema. References to other documents are not followed.
    ///
    /// # Errors
    /// What is wrong with the schema, and where in it.
    pub fn of(schema: &Value) -> Result<Self, String> {
        let built = jsonschema::options_for::<Tape>().build(schema);
        built.map(|validator| Self { validator }).map_err(|error| {
            let place = error.instance_path().as_str().to_owned();
            let place = if place.is_empty() { place } else { format!(" at {place}") };
            format!("{error}{place}")
        })
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
                        let mut pointer = pointer.clone();
                        push_step(&mut pointer, key);
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

/// Deeper than this, values are compared by their text alone.
const DEPTH: usize = 128;

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

    fn with_string_node<T>((): &mut (), string: &str, each: impl FnOnce(Instance<'_>) -> T) -> T {
        let text = Value::String(string.to_owned()).to_string();
        let doc = Document::parse(text.into_bytes()).expect("a quoted string is JSON");
        each(Instance(doc.root()))
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

    /// Goes no deeper than what is expected, which serde_json has read.
    fn equals_value(&self, expected: &Value) -> bool {
        match expected {
            Value::Null => self.0.is_null(),
            Value::String(expected) => self.0.text().is_some_and(|text| text.is(expected)),
            Value::Bool(expected) => self.0.as_bool() == Some(*expected),
            Value::Number(expected) => {
                let expected = match expected.as_i128() {
                    Some(value) => value.to_string(),
                    None => written(expected.as_f64().unwrap_or(f64::NAN)),
                };
                self.0.number().is_some_and(|number| digits(number) == expected)
            }
            Value::Array(expected) => {
                self.0.kind() == Kind::Array
                    && self.0.elements().count() == expected.len()
                    && self.0.elements().zip(expected).all(|(own, expected)| Instance(own).equals_value(expected))
            }
            Value::Object(expected) => {
                let same = |(key, expected): (&String, &Value)| {
                    self.0.member(key).is_some_and(|own| Instance(own).equals_value(expected))
                };
                self.0.kind() == Kind::Object
                    && self.0.members().all(|member| expected.contains_key(&*member.key.lossy()))
                    && expected.iter().all(same)
            }
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

    fn is_unique(&self) -> bool {
        let mut seen = crate::hash::HashSet::default();
        self.0.elements().all(|element| {
            let mut form = String::new();
            one_form(element, DEPTH, &mut form);
            seen.insert(form)
        })
    }
}

/// The value in a form that equal values share: members in the order of their names, numbers by their value.
fn one_form(node: Node<'_>, depth: usize, out: &mut String) {
    match node.kind() {
        _ if depth == 0 => out.push_str(node.raw()),
        Kind::Number => out.push_str(&node.number().map(digits).unwrap_or_default()),
        Kind::String => out.push_str(&Value::from(&*node.text().map(Text::lossy).unwrap_or_default()).to_string()),
        Kind::Null | Kind::Bool => out.push_str(node.raw()),
        Kind::Array => {
            out.push('[');
            for element in node.elements() {
                one_form(element, depth - 1, out);
                out.push(',');
            }
            out.push(']');
        }
        Kind::Object => {
            // Of a key that stands twice, the last one counts.
            let members: BTreeMap<_, _> = node.members().map(|member| (member.key.lossy(), member.value)).collect();
            out.push('{');
            for (key, value) in members {
                out.push_str(&Value::from(&*key).to_string());
                out.push(':');
                one_form(value, depth - 1, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

/// The number in a form that equal numbers share.
fn digits(number: Number<'_>) -> String {
    match number.to_i128() {
        Some(value) => value.to_string(),
        None => written(number.to_f64()),
    }
}

fn written(value: f64) -> String {
    // Beyond 2^53 a double is written as the integer that it is, too.
    if value == 0.0 { "0".to_owned() } else { value.to_string() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(schema: &Value, text: &str) -> Vec<String> {
        let checker = Checker::of(schema).expect("a schema");
        let doc = Document::parse(text.as_bytes().to_vec()).expect("JSON");
        checker.check(doc.root()).into_iter().map(|fault| format!("{} {}", fault.pointer, fault.keyword)).collect()
    }

    #[test]
    fn values_are_compared_as_json_schema_does() {
        let is = |expected: Value, text: &str| faults(&json!({ "const": expected }), text).is_empty();
        assert!(is(json!(1), "1.0") && is(json!(1.0), "1") && is(json!(100), "1E2") && is(json!(0), "-0.0"));
        assert!(!is(json!(1), "2") && !is(json!(9_007_199_254_740_993_u64), "9007199254740992"));
        assert!(is(json!(u64::MAX), "18446744073709551615") && !is(json!(u64::MAX), "18446744073709551614"));
        assert!(is(json!(null), "null") && !is(json!(null), "0") && !is(json!(true), "1"));
        assert!(is(json!({"a": [1, {"b": null}]}), r#"{"\u0061": [1.0, {"b": null}]}"#));
        assert!(!is(json!({"a": 1}), r#"{"a": 1, "b": 1}"#) && !is(json!({"a": 1, "b": 1}), r#"{"a": 1}"#));
        assert!(!is(json!([1, 2]), "[1]") && !is(json!([1]), "[1, 2]"));
    }

    #[test]
    fn elements_are_told_apart_by_what_they_are() {
        let unique = |text: &str| faults(&json!({ "uniqueItems": true }), text).is_empty();
        assert!(unique(r#"[1, "1", true, null, [1], {"a": 1}, {"a": 2}, 1.5]"#));
        for text in ["[1, 1.0]", r#"[{"a": 1, "b": 2}, {"b": 2, "a": 1e0}]"#, r#"["a", "\u0061"]"#, "[0, -0.0]"] {
            assert!(!unique(text), "{text}");
        }
    }

    #[test]
    fn names_of_properties_are_values_too() {
        let schema = json!({ "propertyNames": { "maxLength": 3, "pattern": "^[a-z\"]+$" } });
        assert_eq!(faults(&schema, r#"{"abc": 1, "a\"b": 2}"#), Vec::<String>::new());
        assert_eq!(faults(&schema, r#"{"abcd": 1}"#), [" propertyNames"]);
    }

    #[test]
    fn what_is_no_schema_or_needs_another_document_is_an_error() {
        assert!(Checker::of(&json!({ "type": "strin" })).expect_err("no type").contains("/type"));
        assert!(Checker::of(&json!({ "$ref": "other.json" })).is_err());
        assert!(Checker::of(&json!({ "$ref": "https://example.com/schema.json" })).is_err());
    }

    #[test]
    fn no_fault_shows_a_value() {
        let schema = json!({ "enum": ["a"], "type": "number", "pattern": "^x" });
        let checker = Checker::of(&schema).expect("a schema");
        let doc = Document::parse(b"\"sesame\"".to_vec()).expect("JSON");
        assert!(!format!("{:?}", checker.check(doc.root())).contains("sesame"));
    }
}
