//! Raw items of the SDK's protocol and those of the OpenAI Responses API, each as the other one
//! (`openaiResponsesConverter.mjs`, release 0.20.0). What one of them has no member for stands in `providerData`.

use std::borrow::Cow;

use crate::codes;
use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::{ECHO, UNKNOWN};
use crate::model::{Account, Level};

use super::{parts, provider};

/// Gives a member in the other form, or back as it is when it has none there.
type Turn = for<'d> fn(Value<'d>, &Account<'d>) -> Result<Value<'d>, Value<'d>>;

/// A member of a raw item on both sides.
struct Field {
    api: &'static str,
    own: &'static str,
    turns: Option<(Turn, Turn)>,
}

/// A type of raw items on both sides.
struct Pair {
    api: &'static str,
    own: &'static str,
    fields: &'static [Field],
}

const fn same(name: &'static str) -> Field {
    Field { api: name, own: name, turns: None }
}

const fn named(api: &'static str, own: &'static str) -> Field {
    Field { api, own, turns: None }
}

const fn turned(api: &'static str, own: &'static str, to: Turn, from: Turn) -> Field {
    Field { api, own, turns: Some((to, from)) }
}

const ID: Field = same("id");
const CALL_ID: Field = named("call_id", "callId");
const STATUS: Field = same("status");
const CALLER: Field = turned("caller", "caller", parts::caller_to, parts::caller_from);

const USER: Pair = Pair {
    api: "message",
    own: "message",
    fields: &[ID, same("role"), turned("content", "content", parts::user_to, parts::user_from)],
};
const SYSTEM: Pair = Pair { api: "message", own: "message", fields: &[ID, same("role"), same("content")] };
const ASSISTANT: Pair = Pair {
    api: "message",
    own: "message",
    fields: &[
        ID,
        same("role"),
        same("phase"),
        STATUS,
        turned("content", "content", parts::assistant_to, parts::assistant_from),
    ],
};
const TOOL_SEARCH_CALL: Pair =
    Pair { api: "tool_search_call", own: "tool_search_call", fields: &[ID, STATUS, same("arguments")] };
const TOOL_SEARCH_OUTPUT: Pair = Pair {
    api: "tool_search_output",
    own: "tool_search_output",
    fields: &[ID, STATUS, turned("tools", "tools", parts::tools_to, parts::tools_from)],
};

/// Everything but messages, hosted calls, and what the protocol does not know.
const PAIRS: [Pair; 14] = [
    Pair {
        api: "function_call",
        own: "function_call",
        fields: &[ID, CALL_ID, same("name"), same("namespace"), STATUS, same("arguments"), CALLER],
    },
    Pair {
        api: "function_call_output",
        own: "function_call_result",
        fields: &[ID, CALL_ID, STATUS, CALLER, turned("output", "output", parts::output_to, parts::output_from)],
    },
    Pair {
        api: "reasoning",
        own: "reasoning",
        fields: &[ID, turned("summary", "content", parts::summary_to, parts::summary_from)],
    },
    TOOL_SEARCH_CALL,
    TOOL_SEARCH_OUTPUT,
    Pair {
        api: "computer_call",
        own: "computer_call",
        fields: &[
            ID,
            CALL_ID,
            STATUS,
            turned("action", "action", parts::action_to, parts::as_it_is),
            turned("actions", "actions", parts::actions_to, parts::as_it_is),
        ],
    },
    Pair {
        api: "computer_call_output",
        own: "computer_call_result",
        fields: &[ID, CALL_ID, turned("output", "output", parts::screen_to, parts::screen_from)],
    },
    Pair {
        api: "shell_call",
        own: "shell_call",
        fields: &[ID, CALL_ID, STATUS, turned("action", "action", parts::shell_to, parts::shell_from), CALLER],
    },
    Pair {
        api: "shell_call_output",
        own: "shell_call_output",
        fields: &[
            ID,
            CALL_ID,
            STATUS,
            named("max_output_length", "maxOutputLength"),
            turned("output", "output", parts::shell_output_to, parts::shell_output_from),
            CALLER,
        ],
    },
    Pair {
        api: "apply_patch_call",
        own: "apply_patch_call",
        fields: &[ID, CALL_ID, STATUS, turned("operation", "operation", parts::patch_to, parts::patch_from), CALLER],
    },
    Pair {
        api: "apply_patch_call_output",
        own: "apply_patch_call_output",
        fields: &[ID, CALL_ID, STATUS, same("output"), CALLER],
    },
    Pair { api: "compaction", own: "compaction", fields: &[ID, same("encrypted_content"), same("created_by")] },
    Pair { api: "program", own: "program", fields: &[ID, CALL_ID, same("code"), same("fingerprint")] },
    Pair { api: "program_output", own: "program_output", fields: &[ID, CALL_ID, named("result", "output"), STATUS] },
];

/// Types of calls that the service carries out itself; the protocol has one type for all.
const HOSTED: [&str; 8] = [
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
];
/// Those of them that say how far they are.
const WITH_STATUS: usize = 4;

/// The ids of items that the service never gave one, in either SDK.
pub(super) const NO_ID: [&str; 2] = ["__fake_id__", "FAKE_ID"];

/// An item of the API as one of the protocol. Calls and messages are asked for by [`parts::chosen`] later.
pub(super) fn to_protocol<'d>(item: Value<'d>, account: &Account<'d>) -> Value<'d> {
    let kind = item.member("type").filter(|kind| !kind.is_null());
    let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
    if item.kind() != Kind::Object {
        return item;
    }
    let mut item = item;
    let more = if provider::is_of_chat(&item)
        && let Some(item) = item.object_mut()
    {
        provider::take(item, account)
    } else {
        Object::new()
    };
    let mut own = if kind.is_none() || is("message") {
        message_to(item, kind.is_some(), account)
    } else if let Some(at) = HOSTED.iter().position(|name| is(name)) {
        hosted_to(item, at, account)
    } else if let Some(pair) = PAIRS.iter().find(|pair| is(pair.api)) {
        pair_to(item, pair, account)
    } else {
        unknown(item, account)
    };
    if let Some(own) = own.object_mut() {
        own.fill(more.into_members(), |value| account.rebuilt(&value, ECHO));
    }
    own
}

/// An item that the protocol has no type for: the SDK gives the model everything in it.
pub(super) fn unknown<'d>(item: Value<'d>, account: &Account<'d>) -> Value<'d> {
    respelled(&item, account);
    let id = item.member("id").filter(|id| id.kind() == Kind::String);
    Object::new().with("providerData", item).with("id", id).with("type", Value::text("unknown")).into()
}

/// Takes down that the SDK spells keys of nested objects its own way when it calls the model.
fn respelled<'d>(value: &Value<'d>, account: &Account<'d>) {
    if let Some(node) = value.origin()
        && node.kind() == Kind::Object
        && has_capitals(value)
    {
        let reason = "the TypeScript SDK spells keys with capitals another way when it gives this to the model";
        account.note(codes::CHANGED_FORM, Level::Resume, Some(node), reason);
    }
}

/// Whether a key of an object outside of lists has capital letters.
fn has_capitals(value: &Value<'_>) -> bool {
    let Value::Node(node) = value else { return false };
    let mut open = vec![*node];
    while let Some(node) = open.pop() {
        for member in node.members() {
            if member.key.wtf8().iter().any(u8::is_ascii_uppercase) {
                return true;
            }
            if member.value.kind() == Kind::Object {
                open.push(member.value);
            }
        }
    }
    false
}

fn message_to<'d>(item: Value<'d>, typed: bool, account: &Account<'d>) -> Value<'d> {
    let Some(role) = item.member("role") else { return unknown(item, account) };
    let content = item.member("content");
    let pair = match role.wtf8().as_deref() {
        Some(b"user") if content.as_ref().is_some_and(parts::is_user_content) => &USER,
        Some(b"assistant") if content.as_ref().is_some_and(parts::is_assistant_content) => &ASSISTANT,
        Some(b"system") if content.as_ref().is_some_and(|content| content.kind() == Kind::String) => &SYSTEM,
        _ => return unknown(item, account),
    };
    let assistant = role.is("assistant");
    let mut own = pair_to(item, pair, account);
    if let Some(own) = own.object_mut() {
        if assistant && own.get("status").is_none() {
            own.set("status", Value::text("completed"));
        }
        if !typed {
            own.take("type");
        }
    }
    own
}

fn pair_to<'d>(item: Value<'d>, pair: &Pair, account: &Account<'d>) -> Value<'d> {
    let mut rest = item.into_object().unwrap_or_default();
    let mut own = Object::new();
    rest.take("type");
    for field in pair.fields {
        let Some(value) = rest.take_filled(field.api) else { continue };
        match field.turns.map_or(Ok(value.clone()), |(to, _)| to(value, account)) {
            Ok(value) => own.push(Key::Known(field.own), value),
            Err(value) => rest.push(Key::Known(field.api), value),
        }
    }
    if own.get("id").is_some_and(|id| NO_ID.iter().any(|none| id.is(none))) {
        // Of other items the SDK would send the made-up id.
        if matches!(pair.api, "message" | "function_call") {
            own.set("id", Value::text(NO_ID[1]));
        } else {
            own.take("id");
        }
    }
    own.push(Key::Known("type"), Value::text(pair.own));
    let status = match pair.api {
        "apply_patch_call" | "computer_call" => Some("in_progress"),
        "function_call_output" => Some("completed"),
        _ => None,
    };
    if let Some(status) = status.filter(|_| own.get("status").is_none()) {
        own.push(Key::Known("status"), Value::text(status));
    }
    provider_data(&mut own, rest, account);
    own.into()
}

/// Keeps what the protocol has no member for.
fn provider_data<'d>(own: &mut Object<'d>, rest: Object<'d>, account: &Account<'d>) {
    let left: Object<'d> = rest.into_members().into_iter().filter(|(_, value)| !value.is_null()).collect();
    for (_, value) in left.iter() {
        respelled(value, account);
    }
    if !left.is_empty() {
        own.push(Key::Known("providerData"), left);
    }
}

/// A call that the service carries out: everything about it stands in `providerData`.
fn hosted_to<'d>(item: Value<'d>, at: usize, account: &Account<'d>) -> Value<'d> {
    let mut data = item.into_object().unwrap_or_default();
    let id = data.get("id").filter(|id| id.kind() == Kind::String).cloned();
    let caller = match data.take_filled("caller").map(|caller| parts::caller_to(caller, account)) {
        Some(Ok(caller)) => Some(caller),
        Some(Err(caller)) => {
            data.push(Key::Known("caller"), caller);
            None
        }
        None => None,
    };
    let status = if at < WITH_STATUS { data.take_filled("status") } else { Some(Value::text("completed")) };
    let output = match HOSTED[at] {
        "image_generation_call" => data.get("result"),
        "mcp_call" => data.get("output"),
        _ => None,
    };
    let output = output.filter(|output| output.kind() == Kind::String).cloned();
    for (_, value) in data.iter() {
        respelled(value, account);
    }
    Object::new()
        .with("providerData", Value::Object(data))
        .with("id", id)
        .with("type", Value::text("hosted_tool_call"))
        .with("name", Value::text(HOSTED[at]))
        .with("status", status)
        .with("output", output)
        .with("caller", caller)
        .into()
}

/// An item of the protocol as one of the API.
pub(super) fn to_api<'d>(item: Value<'d>, account: &Account<'d>) -> Value<'d> {
    let kind = item.member("type").filter(|kind| !kind.is_null());
    let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
    if item.kind() != Kind::Object {
        return item;
    }
    let mut item = item;
    let noted = item.object_mut().and_then(provider::noted);
    if kind.is_none() || is("message") {
        let role = item.member("role").and_then(|role| role.wtf8());
        let pair = match role.as_deref() {
            Some(b"assistant") => &ASSISTANT,
            Some(b"system") => &SYSTEM,
            _ => &USER,
        };
        let mut own = pair_from(item, pair, account);
        if kind.is_none() {
            own.take("type");
        }
        return own.with("provider_data", noted.map(Value::from)).into();
    }
    if is("hosted_tool_call") {
        return hosted_from(item, account);
    }
    if is("unknown") {
        return unknown_from(item, account);
    }
    let Some(pair) = PAIRS.iter().find(|pair| is(pair.own)) else { return item };
    let mut more = Object::new();
    let mut thought = None;
    if let Some(object) = item.object_mut() {
        match pair.api {
            "tool_search_call" | "tool_search_output" => {
                let camel = object.take_filled("callId");
                if let Some(id) = object.take_filled("call_id").or(camel) {
                    more.push(Key::Known("call_id"), id);
                }
                if let Some(execution) = object.take_filled("execution") {
                    more.push(Key::Known("execution"), execution);
                }
                for key in ["toolSearchAgentName", "toolSearchMcpToolNames"] {
                    if let Some(value) = object.take_filled(key) {
                        account.rebuilt(&value, OWNER_OF_SEARCH);
                    }
                }
            }
            "function_call_output" => {
                for key in ["name", "namespace"] {
                    if let Some(value) = object.take_filled(key) {
                        account.rebuilt(&value, ECHO);
                    }
                }
            }
            "reasoning" => thought = object.take_filled("rawContent"),
            _ => {}
        }
    }
    let mut own = pair_from(item, pair, account);
    own.fill(more.into_members(), |value| account.rebuilt(&value, ECHO));
    provider::give(&mut own, thought, noted, account);
    if pair.api == "function_call_output" && own.get("status").is_some_and(|status| status.is("completed")) {
        own.take("status");
    }
    own.into()
}

const OWNER_OF_SEARCH: &str = "whose tools were searched is known to the TypeScript SDK alone";

fn pair_from<'d>(item: Value<'d>, pair: &Pair, account: &Account<'d>) -> Object<'d> {
    let mut rest = item.into_object().unwrap_or_default();
    let mut own = Object::new();
    rest.take("type");
    for field in pair.fields {
        let Some(value) = rest.take_filled(field.own) else { continue };
        match field.turns.map_or(Ok(value.clone()), |(_, from)| from(value, account)) {
            Ok(value) => own.push(Key::Known(field.api), value),
            Err(value) => rest.push(Key::Known(field.own), value),
        }
    }
    own.push(Key::Known("type"), Value::text(pair.api));
    let data = rest.take_filled("providerData");
    let names = |key: &str| key == "type" || pair.fields.iter().any(|field| field.api == key);
    merge(&mut own, data, names, account);
    account.rest(rest, Level::History, UNKNOWN);
    own
}

/// Adds what stands in `providerData`, with the keys that the SDK gives the model. Of what has a member of its own, only
/// the message's phase counts.
fn merge<'d>(own: &mut Object<'d>, data: Option<Value<'d>>, names: impl Fn(&str) -> bool, account: &Account<'d>) {
    let Some(data) = data.and_then(Value::into_object) else { return };
    let mut more = Vec::new();
    for (key, value) in data.into_members().into_iter().filter(|(_, value)| !value.is_null()) {
        let key = snake(key);
        let is_named = std::str::from_utf8(&key.wtf8()).is_ok_and(&names);
        if is_named && !(key.is("phase") && own.get("phase").is_none()) {
            account.rebuilt(&value, ECHO);
        } else {
            more.push((key, value));
        }
    }
    fill(own, more, account);
}

/// Adds members in `snake_case`, as far as they are not there.
fn fill<'d>(own: &mut Object<'d>, members: Vec<(Key<'d>, Value<'d>)>, account: &Account<'d>) {
    let there = own.members_mut().len();
    own.fill(members.into_iter().map(|(key, value)| (snake(key), value)).collect(), |value| {
        account.rebuilt(&value, ECHO)
    });
    for (_, value) in &mut own.members_mut()[there..] {
        *value = snaked(value.take());
    }
}

/// The key in `snake_case`.
fn snake<'d>(key: Key<'d>) -> Key<'d> {
    let text = key.wtf8();
    if !text.iter().any(u8::is_ascii_uppercase) {
        return key;
    }
    let mut made = Vec::with_capacity(text.len() + 4);
    for &byte in text.iter() {
        if byte.is_ascii_uppercase() {
            made.push(b'_');
        }
        made.push(byte.to_ascii_lowercase());
    }
    Key::Made(made)
}

/// The same for all keys in a value, except in lists. Values without capitals in keys stay as they are.
fn snaked(value: Value<'_>) -> Value<'_> {
    if !has_capitals(&value) {
        return value;
    }
    let members = value.into_object().map_or_else(Vec::new, Object::into_members);
    let made: Object<'_> = members.into_iter().map(|(key, value)| (snake(key), snaked(value))).collect();
    made.into()
}

fn hosted_from<'d>(item: Value<'d>, account: &Account<'d>) -> Value<'d> {
    let mut rest = item.into_object().unwrap_or_default();
    rest.take("type");
    let mut data = rest.take_filled("providerData").and_then(Value::into_object).unwrap_or_default();
    let name = rest.take_filled("name");
    let kind = data.take_filled("type").or_else(|| name.clone());
    let is = |api: &str| {
        let kind = kind.as_ref().and_then(|kind| kind.wtf8());
        // Older releases left the end away.
        kind.is_some_and(|kind| *kind == *api.as_bytes() || api.as_bytes().strip_suffix(b"_call") == Some(&*kind))
    };
    let at = HOSTED.iter().position(|api| is(api));
    let mut own = Object::new();
    own.push(Key::Known("type"), at.map_or_else(|| kind.clone().unwrap_or(Value::NULL), |at| Value::text(HOSTED[at])));
    if let Some(id) = rest.take_filled("id") {
        own.push(Key::Known("id"), id);
    }
    let (status, arguments) = (rest.take_filled("status"), rest.take_filled("arguments"));
    let output = rest.take_filled("output");
    let caller = rest.take_filled("caller").map(|caller| parts::caller_from(caller, account).unwrap_or_else(|odd| odd));
    let hosted = at.map(|at| HOSTED[at]);
    let asks = matches!(hosted, Some("mcp_approval_request" | "mcp_call"));
    // The name of the tool, where the item stands for a request.
    match name {
        Some(name) if asks && !name.is("mcp_approval_request") && !name.is("mcp_call") => {
            if data.get("name").is_none() {
                own.push(Key::Known("name"), name);
            } else {
                account.rebuilt(&name, ECHO);
            }
        }
        Some(name) => account.rebuilt(&name, ECHO),
        None => {}
    }
    if at.is_none_or(|at| at < WITH_STATUS)
        && let Some(status) = status
    {
        own.push(Key::Known("status"), status);
    } else if let Some(status) = status {
        account.rebuilt(&status, ECHO);
    }
    let mut spare = |key: &'static str, value: Option<Value<'d>>, data: &Object<'d>| match value {
        Some(value) if data.get(key).is_some() => account.rebuilt(&value, ECHO),
        Some(value) => own.push(Key::Known(key), value),
        None => {}
    };
    spare("arguments", arguments, &data);
    spare(if hosted == Some("image_generation_call") { "result" } else { "output" }, output, &data);
    spare("caller", caller, &data);
    if hosted == Some("mcp_approval_request") {
        data.rename("itemId", "id");
        data.rename("serverLabel", "server_label");
    }
    fill(&mut own, data.into_members(), account);
    account.rest(rest, Level::History, UNKNOWN);
    own.into()
}

fn unknown_from<'d>(item: Value<'d>, account: &Account<'d>) -> Value<'d> {
    let mut rest = item.into_object().unwrap_or_default();
    rest.take("type");
    let data = rest.take_filled("providerData");
    if let Some(id) = rest.take_filled("id") {
        if data.as_ref().is_some_and(|data| data.member("id").is_some()) {
            account.rebuilt(&id, ECHO);
        } else if let Some(mut data) = data {
            if let Some(data) = data.object_mut() {
                data.push(Key::Known("id"), id);
            }
            account.rest(rest, Level::History, UNKNOWN);
            return snaked(data);
        }
    }
    account.rest(rest, Level::History, UNKNOWN);
    snaked(data.unwrap_or_else(|| Object::new().into()))
}

/// The item in the member order of calls that are not read yet: what the provider adds comes last.
pub(super) fn live(item: Value<'_>) -> Value<'_> {
    let mut item = item;
    if let Some(object) = item.object_mut() {
        for (key, last) in [("type", false), ("providerData", true)] {
            if let Some(value) = object.take(key) {
                let at = if last { object.members_mut().len() } else { 0 };
                object.members_mut().insert(at, (Key::Known(key), value));
            }
        }
    }
    item
}

/// A string in generalized UTF-8, made of parts.
pub(super) fn joined<'d>(parts: &[&[u8]]) -> Value<'d> {
    Value::Text(Cow::Owned(parts.concat()))
}
