//! Which calls wait for a decision, and what a tool returned, read into a type of one's own.
//!
//!     cargo run --example pending

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to the one who runs it")]

use std::error::Error;
use std::fs;

use runstate::json::{Document, Node};
use runstate::python::{self, items::RunItem, step::CurrentStep};
use runstate::{Validate, judge};

/// What the tool `look_up` of the fixture returns.
#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "shown with Debug")]
struct Weather {
    city: String,
    celsius: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let doc = Document::parse(fs::read("fixtures/python/1.21/pending-after-model-outputs.json")?)?;
    for finding in judge(&doc, &Validate::default()).findings {
        eprintln!("{}: {}", finding.code, finding.message);
    }
    let state = python::State::of(&doc).ok_or("not a state of the Python SDK")?;

    let Some(CurrentStep::Interruption(step)) = state.current_step.value() else { return Ok(()) };
    let waiting = step.data.value().and_then(|data| data.interruptions.value());
    for item in waiting.into_iter().flat_map(|list| list.values()) {
        let call: Option<Node<'_>> = item.value.raw_item.node();
        let show = |key| call.and_then(|call| call.member(key)).map_or("?", Node::raw);
        println!("pending: {} {} with {}", show("call_id"), show("name"), show("arguments"));
    }
    for item in state.generated_items.value().into_iter().flat_map(|list| list.values()) {
        if let RunItem::ToolCallOutput(output) = &item.value
            && let Some(returned) = output.output.value()
            && let Ok(weather) = returned.parse_into::<Weather>()
        {
            println!("a tool returned: {weather:?}");
        }
    }
    Ok(())
}
