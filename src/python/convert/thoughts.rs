//! Thoughts that came in Chat Completions. Python gives them back to the model that had them, which it knows by its name
//! (`chatcmpl_converter.py`, since 0.22.0); what is written in TypeScript does not say it of every thought.

use crate::codes;
use crate::json::{Key, Object, Value};
use crate::model::lift::THOUGHT_FIELD;
use crate::model::state::{Input, Response, State};
use crate::model::{Account, Level};

/// Names the model, if all answers name the same one.
pub(super) fn name_model<'d>(state: &mut State<'d>, account: &Account<'d>) {
    let mut names = state.responses.iter().filter_map(|response| response.provider_data.as_ref()?.member("model"));
    let first = names.next();
    let same = names.all(|name| Some(name.wtf8()) == first.as_ref().map(Value::wtf8));
    let model = first.filter(|_| same);
    let name = |raw: &mut Value<'d>| {
        let data = unnamed(raw)?;
        let model = model.clone()?;
        data.members_mut().insert(0, (Key::Known("model"), model));
        Some(())
    };
    let sent = state.items.iter_mut().map(|item| &mut item.raw).chain(match &mut state.input {
        Input::Items(items) => items.iter_mut(),
        Input::Text(_) => [].iter_mut(),
    });
    for raw in sent {
        let origin = raw.origin().or_else(|| raw.member("content")?.origin());
        if unnamed(raw).is_none() {
            continue;
        }
        if name(raw).is_some() {
            account.assumed(Level::Bookkeeping, origin, "the thought goes back to the model that the answers name");
        } else {
            let reason =
                "the Python SDK does not give the thought back in Chat Completions: which model had it is not known";
            account.note(codes::CHANGED_FORM, Level::Resume, origin, reason);
        }
    }
    let said = state
        .responses
        .iter_mut()
        .chain(&mut state.last_response)
        .flat_map(|response: &mut Response<'d>| &mut response.output);
    let new = state.processed.iter_mut().flat_map(|processed| &mut processed.new_items).map(|item| &mut item.raw);
    for raw in said.chain(new) {
        name(raw);
    }
}

/// What is noted about a thought whose model is not named.
fn unnamed<'v, 'd>(raw: &'v mut Value<'d>) -> Option<&'v mut Object<'d>> {
    if !raw.is_type("reasoning") || raw.get("provider_data").is_none() {
        return None;
    }
    let data = raw.object_mut()?.get_mut("provider_data")?.object_mut()?;
    (data.get(THOUGHT_FIELD).is_some() && data.get("model").is_none()).then_some(data)
}
