//! Thoughts that came in Chat Completions. Python gives them back to the model that had them, which it knows by its name
//! (`chatcmpl_converter.py`, since 0.22.0); what is written in TypeScript does not say it of every thought.

use crate::codes;
use crate::json::{Key, Object, Value};
use crate::model::lift::THOUGHT_FIELD;
use crate::model::state::State;
use crate::model::{Account, Level};

/// Names the model, if all answers name the same one.
pub(super) fn name_model<'d>(state: &mut State<'d>, account: &Account<'d>) {
    let mut names = state.responses.iter().filter_map(|response| response.provider_data.as_ref()?.member("model"));
    let first = names.next();
    let same = names.all(|name| Some(name.wtf8()) == first.as_ref().map(Value::wtf8));
    let model = first.filter(|_| same);
    state.each_raw(|raw| {
        if !raw.is_type("reasoning") {
            return;
        }
        let origin = raw.origin().or_else(|| raw.get("content")?.origin());
        let Some(data) = unnamed(raw) else { return };
        if let Some(model) = model.clone() {
            data.members_mut().insert(0, (Key::Known("model"), model));
            account.assumed(Level::Bookkeeping, origin, "the thought goes back to the model that the answers name");
        } else {
            let reason =
                "the Python SDK does not give the thought back in Chat Completions: which model had it is not known";
            account.note(codes::CHANGED_FORM, Level::Resume, origin, reason);
        }
    });
}

/// What is noted about a thought whose model is not named.
fn unnamed<'v, 'd>(raw: &'v mut Value<'d>) -> Option<&'v mut Object<'d>> {
    raw.get("provider_data")?;
    let data = raw.object_mut()?.get_mut("provider_data")?.object_mut()?;
    (data.get(THOUGHT_FIELD).is_some() && data.get("model").is_none()).then_some(data)
}
