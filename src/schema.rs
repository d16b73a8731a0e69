//! JSON Schemas of the formats, generated from the rows of the wire models.
//!
//! A schema describes what the SDK *writes* under a label. What its reader tolerates beyond that is `validate`'s matter.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::format::{Dialect, Format};
use crate::json::{Kind, Kinds};
use crate::record::{Choices, Field, Info, Record as _, Row, Shape, Unknown};
use crate::{python, typescript};

/// The JSON Schema (draft 2020-12) of a format.
///
/// ```
/// use runstate::{Dialect, Format, schema};
///
/// let schema = schema(Format { dialect: Dialect::Python, label: 21 });
/// assert_eq!(schema.get("title").and_then(|title| title.as_str()), Some("RunState, python@1.21"));
/// ```
#[must_use]
pub fn schema(format: Format) -> Schema {
    let label = format!("1.{}", format.label);
    let says = format!("What the {} writes under label {label}.", format.dialect.sdk());
    document(format.dialect, format.label..=format.label, &label, &says)
}

/// The JSON Schema of what an SDK writes under any of its labels: a field of some labels is optional.
#[must_use]
pub fn schema_of_any(dialect: Dialect) -> Schema {
    let says = format!("What the {} writes, under any of its labels.", dialect.sdk());
    document(dialect, 0..=dialect.newest_label(), "any", &says)
}

fn document(dialect: Dialect, labels: RangeInclusive<u16>, name: &str, says: &str) -> Schema {
    let root = match dialect {
        Dialect::Python => python::State::INFO,
        Dialect::TypeScript => typescript::State::INFO,
    };
    let mut defs = Defs { dialect, labels, made: BTreeMap::new(), docs: BTreeMap::new() };
    defs.record(root);
    let root = defs.reference(root.name);
    let defs: Map<String, Value> = defs.made.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    Schema::try_from(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:runstate:{dialect}:{name}"),
        "title": format!("RunState, {dialect}@{name}"),
        "description": format!("{says} Generated; do not edit."),
        "$ref": root["$ref"],
        "$defs": defs,
    }))
    .expect("an object is a schema")
}

/// A schema as text: what fits into a line stands on one.
///
/// ```
/// let text = runstate::schema_text(&runstate::schema_of_any(runstate::Dialect::Python));
/// assert!(text.starts_with("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"));
/// ```
#[must_use]
pub fn schema_text(schema: &Schema) -> String {
    let mut out = String::new();
    lines(schema.as_value(), 0, 0, &mut out);
    out.push('\n');
    out
}

/// Writes a value that starts in a line at this column, in a block that is indented so far.
fn lines(value: &Value, indent: usize, column: usize, out: &mut String) {
    const WIDTH: usize = 120;
    let start = out.len();
    one_line(value, out);
    if column + out.len() - start <= WIDTH || !(value.is_object() || value.is_array()) {
        return;
    }
    out.truncate(start);
    let indented = indent + 2;
    let open_line = |out: &mut String, at: usize, indent: usize| {
        out.push_str(if at > 0 { ",\n" } else { "\n" });
        out.extend(std::iter::repeat_n(' ', indent));
    };
    match value {
        Value::Object(members) => {
            out.push('{');
            for (at, (key, member)) in in_order(members).into_iter().enumerate() {
                open_line(out, at, indented);
                one_line(&json!(key), out);
                out.push_str(": ");
                lines(member, indented, indented + key.len() + 4, out);
            }
            open_line(out, 0, indent);
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                open_line(out, at, indented);
                lines(element, indented, indented, out);
            }
            open_line(out, 0, indent);
            out.push(']');
        }
        _ => {}
    }
}

fn one_line(value: &Value, out: &mut String) {
    let comma = |at: usize| if at > 0 { ", " } else { "" };
    match value {
        Value::Object(members) => {
            out.push('{');
            for (at, (key, member)) in in_order(members).into_iter().enumerate() {
                out.push_str(comma(at));
                one_line(&json!(key), out);
                out.push_str(": ");
                one_line(member, out);
            }
            out.push('}');
        }
        Value::Array(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(comma(at));
                one_line(element, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// What a reader of a schema wants to know first stands first.
fn in_order(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    const FIRST: &[&str] =
        &["$schema", "$id", "title", "description", "$ref", "type", "if", "then", "else", "properties"];
    let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut ordered: Vec<_> = members.iter().collect();
    ordered.sort_by_key(|(key, _)| rank(key));
    ordered
}

/// The definitions made so far. A definition is entered before its parts are made, so that records may contain
/// themselves.
struct Defs {
    dialect: Dialect,
    labels: RangeInclusive<u16>,
    made: BTreeMap<&'static str, Value>,
    docs: BTreeMap<&'static str, &'static str>,
}

impl Defs {
    fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn label_names(&self) -> Vec<String> {
        self.labels.clone().map(|label| format!("1.{label}")).collect()
    }

    /// The names of all types of a dialect share one space, in which none may hide another.
    fn define(&mut self, name: &'static str, doc: &'static str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        let known = *self.docs.entry(name).or_insert(doc);
        debug_assert_eq!(known, doc, "two types are called {name}");
        if !self.made.contains_key(name) {
            self.made.insert(name, Value::Null);
            let schema = make(self);
            self.made.insert(name, schema);
        }
        self.reference(name)
    }

    fn shape(&mut self, shape: Shape) -> Value {
        match shape {
            Shape::Any => json!({}),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::True => json!({ "const": true }),
            Shape::Text => json!({ "type": "string" }),
            Shape::NonEmpty => json!({ "type": "string", "minLength": 1 }),
            Shape::Digest => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
            Shape::Words(words) => json!({ "enum": words }),
            Shape::Label => match self.label_names().as_slice() {
                [label] => json!({ "const": label }),
                labels => json!({ "enum": labels }),
            },
            Shape::Number => json!({ "type": "number" }),
            Shape::Integer(least, most) => {
                const SAFE: i64 = 9_007_199_254_740_991;
                let safe = (self.dialect == Dialect::TypeScript).then_some(SAFE);
                let mut schema = json!({ "type": "integer" });
                for (key, bound) in [("minimum", least.or(safe.map(|safe| -safe))), ("maximum", most.or(safe))] {
                    if let Some(bound) = bound {
                        schema[key] = json!(bound);
                    }
                }
                schema
            }
            Shape::Open => json!({ "type": "object" }),
            Shape::Nullable(shape) => with_null(self.shape(shape())),
            Shape::List(element) => json!({ "type": "array", "items": self.shape(element()) }),
            Shape::Filled(element) => json!({ "type": "array", "minItems": 1, "items": self.shape(element()) }),
            Shape::Map(value) => json!({ "type": "object", "additionalProperties": self.shape(value()) }),
            Shape::Record(info) => self.record(info),
            Shape::Union(choices) => self.define(choices.name, choices.doc, |defs| defs.union(choices)),
            // A nested state has a label of its own; only under the same label is it described here.
            Shape::State => json!({
                "type": "object",
                "if": { "properties": { "$schemaVersion": { "enum": self.label_names() } } },
                "then": { "$ref": "#" },
            }),
            Shape::StateText => json!({ "type": "string", "contentMediaType": "application/json" }),
        }
    }

    fn record(&mut self, info: &'static Info) -> Value {
        self.define(info.name, info.doc, |defs| {
            let labels = || defs.labels.clone();
            let is_in = |row: &Row| labels().any(|label| row.is_in(label));
            let required: Vec<&str> = info
                .fields
                .iter()
                .filter(|field| labels().all(|label| field.row.is_required_in(label)))
                .map(|field| field.row.key)
                .collect();
            let (there, absent): (Vec<&Field>, Vec<&Field>) = info.fields.iter().partition(|field| is_in(&field.row));
            let mut properties: Map<String, Value> =
                there.into_iter().map(|field| (field.row.key.to_owned(), defs.field(field))).collect();
            let kept = matches!(info.unknown, Unknown::Kept | Unknown::Open);
            if kept {
                properties.extend(absent.into_iter().map(|field| (field.row.key.to_owned(), json!(false))));
            }
            let mut schema = json!({ "description": sentence(info.doc), "type": "object", "properties": properties });
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            if !kept {
                schema["additionalProperties"] = json!(false);
            }
            schema
        })
    }

    fn field(&mut self, field: &Field) -> Value {
        let row = &field.row;
        let mut schema = match row.tags {
            [] => self.shape((field.shape)()),
            [tag] => json!({ "const": tag }),
            tags => json!({ "enum": tags }),
        };
        let shape = if row.tags.is_empty() { (field.shape)() } else { Shape::Text };
        let narrow = row.kinds_in(*self.labels.end());
        // Kinds that the shape does not have anyway add nothing, and say less than the shape: a number of an integer.
        if shape.kinds().without(narrow) != Kinds::NONE {
            schema = merge(schema, json!({ "type": types(narrow) }));
        }
        if row.allows_null_in(*self.labels.end()) && !shape.kinds().has(Kind::Null) {
            schema = with_null(schema);
        }
        if !field.doc.is_empty() {
            schema["description"] = json!(sentence(field.doc));
        }
        if let Some(since) = row.since {
            schema["x-since"] = json!(since.to_string());
        }
        schema
    }

    /// The parts are tried by a condition each, not by `oneOf`, so that a fault is reported where it is.
    fn union(&mut self, choices: &'static Choices) -> Value {
        let label = *self.labels.end();
        let in_label = |shape: &Shape| match shape {
            Shape::Record(info) => info.since.is_none_or(|since| since.may_hold(label)),
            _ => true,
        };
        let shapes: Vec<Shape> = choices.shapes.iter().map(|shape| shape()).filter(in_label).collect();
        let mut schema = match choices.tag {
            Some(tag) => self.tagged(tag, &shapes),
            None if shapes.iter().all(|shape| matches!(shape, Shape::Record(_))) => self.by_fields(&shapes),
            None => self.by_kind(&shapes),
        };
        schema["description"] = json!(sentence(choices.doc));
        schema
    }

    fn tagged(&mut self, tag: &'static str, shapes: &[Shape]) -> Value {
        let mut claimed: Vec<&'static str> = Vec::new();
        let mut absent = false;
        let mut parts = Vec::new();
        for &shape in shapes {
            let (mut own, mut own_absent) = (Vec::new(), false);
            shape.tags(tag, &mut |value| match value {
                Some(value) if !claimed.contains(&value) && !own.contains(&value) => own.push(value),
                Some(_) => {}
                None => own_absent = !absent,
            });
            let then = self.shape(shape);
            if !own.is_empty() {
                parts.push(json!({
                    "if": { "properties": { tag: { "enum": own } }, "required": [tag] },
                    "then": then,
                }));
            }
            if own_absent {
                parts.push(json!({ "if": { "not": { "required": [tag] } }, "then": then }));
            }
            claimed.extend(own);
            absent |= own_absent;
        }
        let mut schema = json!({ "type": "object", "properties": { tag: { "enum": claimed } }, "allOf": parts });
        if !absent {
            schema["required"] = json!([tag]);
        }
        schema
    }

    /// The first record all of whose required members are there; where none is, those of the last one are missing.
    fn by_fields(&mut self, shapes: &[Shape]) -> Value {
        let mut schema = Value::Null;
        for shape in shapes.iter().rev() {
            let Shape::Record(info) = *shape else { continue };
            let needed =
                info.fields.iter().filter(|field| self.labels.clone().all(|label| field.row.is_required_in(label)));
            let condition = json!({ "required": needed.map(|field| field.row.key).collect::<Vec<_>>() });
            let other = if schema.is_null() { condition.clone() } else { schema };
            schema = json!({ "type": "object", "if": condition, "then": self.record(info), "else": other });
        }
        schema
    }

    fn by_kind(&mut self, shapes: &[Shape]) -> Value {
        let mut taken = Kinds::NONE;
        let mut parts = Vec::new();
        for &shape in shapes {
            let own = shape.kinds().without(taken);
            taken = taken.or(own);
            let then = self.shape(shape);
            parts.push(json!({ "if": { "type": types(own) }, "then": then }));
        }
        json!({ "type": types(taken), "allOf": parts })
    }
}

fn types(kinds: Kinds) -> Value {
    let names: Vec<&str> = kinds.iter().map(Kind::name).collect();
    if let [name] = names.as_slice() { json!(name) } else { json!(names) }
}

/// The schema, or null. A condition where the schema is not simple, so that its faults are reported where they are.
fn with_null(mut schema: Value) -> Value {
    let simple = schema.get("$ref").is_none() && schema.get("if").is_none() && schema.get("allOf").is_none();
    if simple && let Some(Value::String(own)) = schema.get("type").cloned() {
        schema["type"] = json!([own, "null"]);
        return schema;
    }
    if simple && let Some(Value::Array(own)) = schema.get_mut("type") {
        own.push(json!("null"));
        return schema;
    }
    json!({ "if": { "type": "null" }, "else": schema })
}

fn merge(mut schema: Value, more: Value) -> Value {
    if let (Some(schema), Value::Object(more)) = (schema.as_object_mut(), more) {
        schema.extend(more);
    }
    schema
}

/// Documentation without its markup of links to types.
fn sentence(doc: &str) -> String {
    doc.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}
