//! What the Python SDK keeps of an answer that came in Chat Completions (`provider_data`; `chatcmpl_converter.py` of release
//! 0.24.0). It gives the Responses API nothing of it. The TypeScript SDK gives the model everything that stands in
//! `providerData`, so there it has no place, except for what either SDK gives back in Chat Completions.

use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::{ECHO, THOUGHT_FIELD};
use crate::model::{Account, Level};

/// The field whose text both SDKs give back in the next request.
const GIVEN_BACK: &str = "reasoning";
const DEEPSEEK: &str = "the Python SDK gives DeepSeek its thoughts back, the TypeScript SDK does not";
const CLAUDE: &str = "the Python SDK gives Claude its thoughts back with their signatures, the TypeScript SDK does not";

/// Takes what belongs to Python out of an item as the API spells it. What comes back are members of the protocol.
pub(super) fn take<'d>(item: &mut Object<'d>, account: &Account<'d>) -> Object<'d> {
    let mut own = Object::new();
    let Some(data) = item.take_filled("provider_data") else { return own };
    let mut data = match data.kind() {
        Kind::Object => data.into_object().unwrap_or_default(),
        _ => Object::new().with("provider_data", data),
    };
    let is = |kind: &str| item.get("type").is_some_and(|own| own.is(kind));
    if is("message") {
        for part in item.get_mut("content").map_or(&mut [][..], Value::elements_mut).iter_mut() {
            for key in ["annotations", "logprobs"] {
                let more = part.object_mut().and_then(|part| part.take(key));
                account.lost_member(Level::Display, more.as_ref(), "Chat Completions does not take this back");
            }
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
    account.rest(data, Level::Bookkeeping, "the TypeScript SDK has no use for what Python notes about other providers");
    own
}

/// Thoughts that Python gives back to the model that had them.
fn lost_thoughts<'d>(item: &Object<'d>, data: &mut Object<'d>, account: &Account<'d>) {
    let model = data.get("model").and_then(Value::wtf8).unwrap_or_default();
    let names = |name: &str| model.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
    if names("deepseek") {
        account.lost_member(Level::Resume, item.get("summary"), DEEPSEEK);
    }
    if names("claude") || names("anthropic") {
        account.lost_member(Level::Resume, item.get("content"), CLAUDE);
    }
    account.lost_member(Level::Resume, data.take("thinking_blocks").as_ref(), CLAUDE);
}

/// Gives an item as the API spells it what Python keeps: of a thought in the protocol's `rawContent`, and of a signed call.
pub(super) fn give<'d>(item: &mut Object<'d>, thought: Option<Value<'d>>, account: &Account<'d>) {
    match thought {
        Some(thought) if item.get("content").is_some() => account.rebuilt(&thought, ECHO),
        Some(thought) => {
            item.push(Key::Known("content"), thought);
            item.push(Key::Known("provider_data"), Object::new().with(THOUGHT_FIELD, Value::text(GIVEN_BACK)));
        }
        None => {}
    }
    if let Some(google) = item.get("extra_content").and_then(|extra| only(extra, "google"))
        && let Some(signature) = only(&google, "thought_signature").filter(|signature| signature.kind() == Kind::String)
    {
        item.take("extra_content");
        item.push(Key::Known("provider_data"), Object::new().with("thought_signature", signature));
    }
}

/// The only member of an object, if it has this key.
fn only<'d>(object: &Value<'d>, key: &str) -> Option<Value<'d>> {
    object.member(key).filter(|_| object.without(&[key]).is_some_and(|rest| rest.is_empty()))
}
