//! JSON Schemas of the formats, generated from the rows of the wire models.
//!
//! A schema describes what the SDK *writes* under a label. What its reader tolerates beyond that is `validate`'s matter.

use std::collections::BTreeMap;

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::format::{Dialect, Format};
use crate::json::{Kind, Kinds};
use crate::record::{Choices, Field, Info, Record as _, Shape, Unknown};
use crate::{python, typescript};

/// The JSON Schema (draft 2020-12) of a format.
///
/// ```
/// use runstate::{Dialect, schema};
///
/// let schema = schema(Dialect::Python.newest().format);
/// assert_eq!(schema.get("title").and_then(|title| title.as_str()), Some("RunState, python@1.21"));
/// ```
#[must_use]
pub fn schema(format: Format) -> Schema {
    let root = match format.dialect {
        Dialect::Python => python::State::INFO,
        Dialect::TypeScript => typescript::State::INFO,
    };
    let mut defs = Defs { format, made: BTreeMap::new(), docs: BTreeMap::new() };
    defs.record(root);
    let root = defs.reference(root.name);
    let defs: Map<String, Value> = defs.made.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    Schema::try_from(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:runstate:{}:1.{}", format.dialect, format.label),
        "title": format!("RunState, {format}"),
        "description": format!("What the {} writes under label 1.{}. Generated; do not edit.", format.dialect.sdk(), format.label),
        "$ref": root["$ref"],
        "$defs": defs,
    }))
    .expect("an object is a schema")
}

/// The definitions made so far. A definition is entered before its parts are made, so that records may contain
/// themselves.
struct Defs {
    format: Format,
    made: BTreeMap<&'static str, Value>,
    docs: BTreeMap<&'static str, &'static str>,
}

impl Defs {
    fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("#/$defs/{name}") })
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
            Shape::Label => json!({ "const": format!("1.{}", self.format.label) }),
            Shape::Number => json!({ "type": "number" }),
            Shape::Integer(None) => json!({ "type": "integer" }),
            Shape::Integer(Some(least)) if self.format.dialect == Dialect::TypeScript => {
                json!({ "type": "integer", "minimum": least, "maximum": 9_007_199_254_740_991_u64 })
            }
            Shape::Integer(Some(least)) => json!({ "type": "integer", "minimum": least }),
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
                "if": { "properties": { "$schemaVersion": { "const": format!("1.{}", self.format.label) } } },
                "then": { "$ref": "#" },
            }),
            Shape::StateText => json!({ "type": "string", "contentMediaType": "application/json" }),
        }
    }

    fn record(&mut self, info: &'static Info) -> Value {
        self.define(info.name, info.doc, |defs| {
            let label = defs.format.label;
            let fields = || info.fields.iter().filter(move |field| field.row.is_in(label));
            let mut properties: Map<String, Value> =
                fields().map(|field| (field.row.key.to_owned(), defs.field(field))).collect();
            let kept = matches!(info.unknown, Unknown::Kept | Unknown::Open);
            if kept {
                let absent = info.fields.iter().filter(|field| !field.row.is_in(label));
                properties.extend(absent.map(|field| (field.row.key.to_owned(), json!(false))));
            }
            let required: Vec<&str> =
                fields().filter(|field| field.row.is_required_in(label)).map(|field| field.row.key).collect();
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
        let narrow = row.kinds_in(self.format.label);
        if narrow != Kinds::ANY {
            schema = merge(schema, json!({ "type": types(narrow) }));
        }
        if row.allows_null_in(self.format.label) && !shape.kinds().has(Kind::Null) {
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
        let label = self.format.label;
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
            let needed = info.fields.iter().filter(|field| field.row.is_required_in(self.format.label));
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
