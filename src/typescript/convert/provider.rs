//! What the Python SDK keeps of an answer that came in Chat Completions (`provider_data`; `chatcmpl_converter.py` of release
//! 0.24.0). It gives the Responses API nothing of it. The TypeScript SDK gives the model everything that stands in
//! `providerData`, so there it has no place, except for what either SDK gives back in Chat Completions.

use crate::hash::HashSet;
use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::{ECHO, THOUGHT_FIELD};
use crate::model::state::State;
use crate::model::{Account, Level};

use super::raw::NO_ID;

/// The field whose text both SDKs give back in the next request.
const GIVEN_BACK: &str = "reasoning";
const DEEPSEEK: &str = "the Python SDK gives DeepSeek its thoughts back, the TypeScript SDK does not";
const CLAUDE: &str = "the Python SDK gives Claude its thoughts back with their signatures, the TypeScript SDK does not";

/// Whether an item came in Chat Completions: there is a note of its provider, or it is a message that never had an id.
pub(super) fn is_of_chat(item: &Value<'_>) -> bool {
    item.get("provider_data").is_some() && !item.is_type("hosted_tool_call")
        || item.is_type("message") && item.get("id").is_some_and(|id| id.is(NO_ID[0]))
}

/// Takes what belongs to Python out of such an item as the API spells it. What comes back are members of the protocol.
pub(super) fn take<'d>(item: &mut Object<'d>, account: &Account<'d>) -> Object<'d> {
    let mut own = Object::new();
    let Some(data) = item.take_filled("provider_data") else {
        besides_text(item, Value::is_empty);
        return own;
    };
    let mut data = match data.kind() {
        Kind::Object => data.into_object().unwrap_or_default(),
        _ => Object::new().with("provider_data", data),
    };
    let kind = item.get("type").cloned();
    let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
    if is("message") {
        for more in besides_text(item, |_| true) {
            account.lost(Level::Display, &more, "Chat Completions does not take this back");
        }
    } else if is("function_call") {
        if let Some(signature) = data.take_filled("thought_signature") {
            let google = Object::new().with("thought_signature", signature);
            item.push(Key::Known("extra_content"), Object::new().with("google", Value::from(google)));
        }
    } else if is("reasoning") {
        lost_thoughts(item, &mut data, account);
        if data.get(THOUGHT_FIELD).is_some_and(|field| field.is(GIVEN_BACK)) {
            data.take(THOUGHT_FIELD);
            let content = item.take_filled("content");
            for further in content.iter().flat_map(Value::elements).skip(1) {
                account.changed(
                    Level::Resume,
                    &further,
                    "the TypeScript SDK gives back the first part of a thought only",
                );
            }
            own = own.with("rawContent", content);
        }
    }
    // Of an output it is what the program's own executor said besides.
    let level = if is("shell_call_output") { Level::History } else { Level::Bookkeeping };
    account.rest(data, level, "the TypeScript SDK has no use for what Python keeps beside an item");
    own
}

/// Takes out what texts have beside them as Python writes them, and parts of Chat Completions do not.
fn besides_text<'d>(item: &mut Object<'d>, goes: fn(&Value<'d>) -> bool) -> Vec<Value<'d>> {
    let parts = item.get_mut("content").map_or(&mut [][..], Value::elements_mut);
    let parts = parts.iter_mut().filter(|part| part.is_type("output_text")).filter_map(Value::object_mut);
    let mut taken = Vec::new();
    for part in parts {
        for key in ["annotations", "logprobs"] {
            if part.get(key).is_some_and(goes) {
                taken.extend(part.take(key));
            }
        }
    }
    taken
}

/// Thoughts that Python gives back to the model that had them.
fn lost_thoughts<'d>(item: &Object<'d>, data: &mut Object<'d>, account: &Account<'d>) {
    let model = data.get("model").and_then(Value::wtf8).unwrap_or_default();
    let names = |name: &str| model.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
    if names("deepseek") {
        item.get("summary").into_iter().for_each(|summary| account.changed(Level::Resume, summary, DEEPSEEK));
    }
    if names("claude") || names("anthropic") {
        item.get("content").into_iter().for_each(|content| account.changed(Level::Resume, content, CLAUDE));
    }
    account.lost_member(Level::Resume, data.take("thinking_blocks").as_ref(), CLAUDE);
}

/// Takes the ids from items that have the one of their answer, as everything in an answer in Chat Completions has: for
/// Python they have none, and its releases before 0.20.0 take items that share an id for one. A run asks about the calls of the runs
/// within it, too.
pub(super) fn forget_answer_ids<'d>(state: &mut State<'d>, account: &Account<'d>) {
    let mut answers = HashSet::default();
    answer_ids(state, &mut answers);
    if !answers.is_empty() {
        forget_ids(state, &answers, account);
    }
}

fn answer_ids(state: &State<'_>, answers: &mut HashSet<Vec<u8>>) {
    for response in state.responses.iter().chain(&state.last_response) {
        let Some(id) = response.response_id.as_ref().and_then(Value::wtf8) else { continue };
        if response.output.iter().any(|item| item.get("id").is_some_and(|own| own.is_wtf8(&id))) {
            answers.insert(id.into_owned());
        }
    }
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    functions.filter_map(|action| action.nested.as_deref()).for_each(|run| answer_ids(run, answers));
}

fn forget_ids<'d>(state: &mut State<'d>, answers: &HashSet<Vec<u8>>, account: &Account<'d>) {
    state.each_raw(|raw| {
        if raw.get("id").and_then(|id| id.wtf8()).is_some_and(|id| answers.contains(&*id))
            && let Some(raw) = raw.object_mut()
            && let Some(id) = raw.take("id")
        {
            account.rebuilt(&id, ECHO);
            raw.set("id", Value::text(NO_ID[0]));
        }
    });
    let functions = state.processed.iter_mut().flat_map(|processed| &mut processed.functions);
    functions.filter_map(|action| action.nested.as_deref_mut()).for_each(|run| forget_ids(run, answers, account));
}

/// What the adapter for the AI SDK notes about an item's provider (`buildBaseProviderData` of `@openai/agents-extensions`
/// 0.18.0), as Python notes it. Whatever stands beside the model's name is for that model only.
pub(super) fn noted<'d>(item: &mut Object<'d>) -> Option<Object<'d>> {
    let is = |key: &str, text: &str| item.get(key).is_some_and(|own| own.is(text));
    if !(is("type", "function_call") || is("type", "reasoning") || is("role", "assistant"))
        || item.get("providerData")?.get("model")?.kind() != Kind::String
    {
        return None;
    }
    let mut data = item.take("providerData")?.into_object()?;
    data.rename("responseId", "response_id");
    let signature = data.get("google").and_then(|google| only(google, "thoughtSignature"));
    if let Some(signature) = signature {
        data.take("google");
        data.push(Key::Known("thought_signature"), signature);
    }
    Some(data)
}

/// Gives an item as the API spells it what Python notes: of a thought in the protocol's `rawContent`, and of a signed call.
pub(super) fn give<'d>(
    item: &mut Object<'d>,
    thought: Option<Value<'d>>,
    noted: Option<Object<'d>>,
    account: &Account<'d>,
) {
    let is_noted = noted.is_some();
    let mut data = noted.unwrap_or_default();
    match thought {
        Some(thought) if item.get("content").is_some() => account.rebuilt(&thought, ECHO),
        Some(thought) => {
            if is_noted {
                account.changed(
                    Level::Resume,
                    &thought,
                    "the AI SDK gives the model its thoughts back, the Python SDK does not",
                );
            } else {
                data.push(Key::Known(THOUGHT_FIELD), Value::text(GIVEN_BACK));
            }
            item.push(Key::Known("content"), thought);
        }
        None => {}
    }
    if let Some(google) = item.get("extra_content").and_then(|extra| only(extra, "google"))
        && let Some(signature) = only(&google, "thought_signature").filter(|signature| signature.kind() == Kind::String)
    {
        item.take("extra_content");
        data.push(Key::Known("thought_signature"), signature);
    }
    if !data.is_empty() {
        item.push(Key::Known("provider_data"), data);
    }
}

/// The only member of an object, if it has this key.
fn only<'d>(object: &Value<'d>, key: &str) -> Option<Value<'d>> {
    object.member(key).filter(|_| object.without(&[key]).is_some_and(|rest| rest.is_empty()))
}
