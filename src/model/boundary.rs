//! Which items of a history the response brought that waits.

use std::borrow::Cow;

use crate::hash::HashMap;
use crate::json::{Object, Style, Value, Writer, sorted_value};

/// What a dialect calls the members of a state that say it.
pub(crate) struct Words {
    /// The history.
    pub(crate) items: &'static str,
    /// Where the run stands.
    pub(crate) step: &'static str,
    /// The response that waits, and the items in it.
    pub(crate) processed: [&'static str; 2],
}

/// Places in the history.
pub(crate) struct Boundary {
    /// Where the items that the response brought begin.
    pub(crate) start: usize,
    /// Where the history ends.
    pub(crate) end: usize,
    /// Where the questions that wait stand.
    pub(crate) questions: Vec<usize>,
}

/// Where the items of the last response end the history: the calls, and behind them questions, outputs and answers.
pub(crate) fn boundary(state: &Object<'_>, words: &Words) -> Option<Boundary> {
    let [processed, new] = words.processed;
    let new = state.get(processed)?.member(new)?;
    let step = state.get(words.step).filter(|step| step.is_type("next_step_interruption"))?;
    let interruptions = step.at(&["data", "interruptions"])?;
    let (items, brought, asked) = (state.get(words.items)?.elements(), new.elements(), interruptions.elements());
    if brought.is_empty() || asked.is_empty() {
        return None;
    }
    let is_later = |item: &Value<'_>| {
        ["tool_approval_item", "tool_call_output_item", "mcp_approval_response_item"]
            .iter()
            .any(|kind| item.is_type(kind))
    };
    let earliest = items.iter().rposition(|item| !is_later(item)).map_or(0, |last| last + 1).max(brought.len());
    let first = earliest - brought.len();
    let texts = |items: &[Cow<'_, Value<'_>>]| items.iter().map(|item| written(item)).collect::<Vec<_>>();
    let (said, brought) = (texts(items.get(first..)?), texts(&brought));
    let behind = earliest + said.windows(brought.len()).position(|items| items == brought)?;
    let mut places = by_text(items[behind..].iter().zip(behind..));
    let questions = asked.iter().map(|question| places.get_mut(&written(question))?.next());
    let questions = questions.collect::<Option<Vec<_>>>()?;
    Some(Boundary { start: behind - brought.len(), end: items.len(), questions })
}

/// The places of values, in order, by what they say.
pub(crate) fn by_text<'v, 'd: 'v>(
    values: impl Iterator<Item = (&'v Cow<'v, Value<'d>>, usize)>,
) -> HashMap<Vec<u8>, std::vec::IntoIter<usize>> {
    let mut places: HashMap<Vec<u8>, Vec<usize>> = HashMap::default();
    for (value, at) in values {
        places.entry(written(value)).or_default().push(at);
    }
    places.into_iter().map(|(text, places)| (text, places.into_iter())).collect()
}

/// A value as text; the SDKs write the members of one question in several orders.
pub(crate) fn written(value: &Value<'_>) -> Vec<u8> {
    let mut out = Writer::new(Style::PythonLine);
    sorted_value(value, None, &mut out);
    out.finish()
}
