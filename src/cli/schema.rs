//! `runstate schema`.

use std::io::{self, Write as _};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema as JsonSchemaDocument, schema_for};

use runstate::agents::Graph;
use runstate::{Dialect, Target};

use super::args::Schema;
use super::detect::Detections;
use super::report::Report;
use super::{Exit, Failure};

pub(crate) fn run(arguments: &Schema) -> Result<Exit, Failure> {
    let schema = match arguments.of.as_str() {
        "report" => written::<Report<'_>>(),
        "detection" => written::<Detections<'_>>(),
        "agents" => schema_for!(Graph),
        format => runstate::schema(target(format)?.format),
    };
    let mut out = io::BufWriter::new(io::stdout());
    serde_json::to_writer_pretty(&mut out, &schema).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(Exit::Clean)
}

/// What the tool writes: a member that is always there is required.
fn written<T: JsonSchema>() -> JsonSchemaDocument {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn target(text: &str) -> Result<Target, Failure> {
    let target: Target = text.parse().map_err(|error| {
        Failure::Usage(format!("{error}; `report`, `detection` and `agents` are the tool's own documents"))
    })?;
    let newest = target.format.dialect.newest();
    if target.format != newest.format {
        let known = Dialect::ALL.map(|dialect| dialect.newest().format.to_string()).join(" and ");
        return Err(Failure::Usage(format!("there is no schema of {}; there are {known}", target.format)));
    }
    Ok(target)
}
