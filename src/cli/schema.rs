//! `runstate schema`.

use std::io::{self, Write as _};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema as JsonSchemaDocument, schema_for};

use runstate::Target;
use runstate::agents::Graph;

use super::args::Schema;
use super::detect::Detections;
use super::report::Report;
use super::roundtrip::RoundTrips;
use super::versions::History;
use super::{Exit, Failure};

pub(crate) fn run(arguments: &Schema) -> Result<Exit, Failure> {
    let schema = match arguments.of.as_str() {
        "report" => written::<Report<'_>>(),
        "summary" => written::<super::inspect::Inspections<'_>>(),
        "decision" => written::<super::decide::Report<'_>>(),
        "conversion" => written::<super::convert::Report<'_>>(),
        "comparison" => written::<runstate::Comparison>(),
        "hash" => written::<super::hash::Row>(),
        "normalization" => written::<super::normalize::Report<'_>>(),
        "detection" => written::<Detections<'_>>(),
        "roundtrip" => written::<RoundTrips<'_>>(),
        "test" => written::<super::test::Report<'_>>(),
        "versions" => written::<History>(),
        "agents" => schema_for!(Graph),
        format => match format.strip_suffix("@any") {
            Some(dialect) => runstate::schema_of_any(target(dialect)?.format.dialect),
            None => runstate::schema(target(format)?.format),
        },
    };
    io::stdout().write_all(runstate::schema_text(&schema).as_bytes())?;
    Ok(Exit::Clean)
}

/// What the tool writes: a member that is always there is required.
fn written<T: JsonSchema>() -> JsonSchemaDocument {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn target(text: &str) -> Result<Target, Failure> {
    text.parse().map_err(|error| {
        Failure::Usage(format!(
            "{error}; `report`, `summary`, `decision`, `conversion`, `comparison`, `detection`, `hash`, `normalization`, `roundtrip`, `test`, `versions` and `agents` are the tool's own \
             documents, python@any and typescript@any stand for all labels"
        ))
    })
}
