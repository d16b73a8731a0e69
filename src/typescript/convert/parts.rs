//! Members of raw items that have another form on the other side.

use crate::json::{Key, Kind, Object, Value};
use crate::model::lift::{ECHO, UNKNOWN};
use crate::model::{Account, Level};

use super::raw::joined;

type Turned<'d> = Result<Value<'d>, Value<'d>>;

/// What the SDK's schema does not know, and drops.
const DROPPED: &str = "the TypeScript SDK drops this when it loads the state, and the model does not get it";

pub(super) fn as_it_is<'d>(value: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    Ok(value)
}

fn typed<'d>(value: &Value<'d>) -> Option<Value<'d>> {
    value.member("type").filter(|kind| kind.kind() == Kind::String)
}

fn is_text(value: &Value<'_>) -> bool {
    value.kind() == Kind::String
}

/// Who called: the program by its id.
pub(super) fn caller_to<'d>(value: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    let program = value.is_type("program") && value.member("caller_id").is_some();
    if !program && !value.is_type("direct") {
        return Err(value);
    }
    Ok(renamed(value, &[("type", "type"), ("caller_id", "callerId")], Some((account, DROPPED))))
}

pub(super) fn caller_from<'d>(value: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    Ok(renamed(value, &[("type", "type"), ("callerId", "caller_id")], Some((account, UNKNOWN))))
}

/// The object with members under other names; what is not named is kept, or lost if there is a reason.
fn renamed<'d>(
    value: Value<'d>,
    names: &[(&'static str, &'static str)],
    drop: Option<(&Account<'d>, &'static str)>,
) -> Value<'d> {
    let Some(mut rest) = value.clone().into_object() else { return value };
    let mut own = Object::new();
    for (from, to) in names {
        if let Some(value) = rest.take_filled(from) {
            own.push(Key::Known(to), value);
        }
    }
    match drop {
        Some((account, reason)) => account.rest(rest, Level::Resume, reason),
        None => rest.into_members().into_iter().for_each(|(key, value)| own.push(key, value)),
    }
    own.into()
}

fn each<'d>(list: Value<'d>, turn: impl FnMut(Value<'d>) -> Value<'d>) -> Value<'d> {
    Value::List(list.into_elements().into_iter().map(turn).collect())
}

/// The part with what has no member of its own in `providerData`.
fn part_to<'d>(part: Value<'d>, kind: &'static str, names: &[(&'static str, &'static str)]) -> Object<'d> {
    let mut rest = part.into_object().unwrap_or_default();
    rest.take("type");
    let mut own = Object::new().with("type", Value::text(kind));
    for (api, name) in names {
        if let Some(value) = rest.take_filled(api) {
            own.push(Key::Known(name), value);
        }
    }
    let left: Object<'d> = rest.into_members().into_iter().filter(|(_, value)| !value.is_null()).collect();
    if !left.is_empty() {
        own.push(Key::Known("providerData"), left);
    }
    own
}

/// The part with what stands in `providerData` beside its own members.
fn part_from<'d>(
    part: Value<'d>,
    kind: &'static str,
    names: &[(&'static str, &'static str)],
    account: &Account<'d>,
) -> Object<'d> {
    let mut rest = part.into_object().unwrap_or_default();
    rest.take("type");
    let mut own = Object::new().with("type", Value::text(kind));
    for (name, api) in names {
        if let Some(value) = rest.take_filled(name) {
            own.push(Key::Known(api), value);
        }
    }
    let data = rest.take_filled("providerData").and_then(Value::into_object).unwrap_or_default();
    let filled = data.into_members().into_iter().filter(|(_, value)| !value.is_null());
    own.fill(filled.collect(), |value| account.rebuilt(&value, ECHO));
    account.rest(rest, Level::History, UNKNOWN);
    own
}

const TEXT: &[(&str, &str)] = &[("text", "text"), ("prompt_cache_breakpoint", "promptCacheBreakpoint")];
const TEXT_BACK: &[(&str, &str)] = &[("text", "text"), ("promptCacheBreakpoint", "prompt_cache_breakpoint")];

/// Whether a user's message is one in the protocol, too.
pub(super) fn is_user_content(content: &Value<'_>) -> bool {
    let known = ["input_text", "input_image", "input_file", "input_audio"];
    is_text(content)
        || content.kind() == Kind::Array
            && content.clone().into_elements().iter().all(|part| known.iter().any(|kind| part.is_type(kind)))
}

/// Whether a message of the model is one in the protocol, too.
pub(super) fn is_assistant_content(content: &Value<'_>) -> bool {
    is_text(content)
        || content.kind() == Kind::Array
            && content.clone().into_elements().iter().all(|part| part.is_type("output_text") || part.is_type("refusal"))
}

pub(super) fn user_to<'d>(content: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if is_text(&content) {
        return Ok(content);
    }
    for part in content.elements().iter().filter(|part| part.is_type("input_audio")) {
        account.assumed(Level::Bookkeeping, part.origin(), "the TypeScript SDK takes audio in Chat Completions only");
    }
    Ok(each(content, input_to))
}

/// A part of what a person or a tool says to the model.
fn input_to(part: Value<'_>) -> Value<'_> {
    if part.is_type("input_image") {
        return image_to(part);
    }
    if part.is_type("input_file") {
        return file_to(part);
    }
    if part.is_type("input_audio") {
        let mut part = part.into_object().unwrap_or_default();
        let mut audio = part.take_filled("input_audio").and_then(Value::into_object).unwrap_or_default();
        audio.rename("data", "audio");
        for (key, value) in part.into_members() {
            if !key.is("type") {
                audio.push(key, value);
            }
        }
        return part_to(audio.into(), "audio", &[("audio", "audio"), ("format", "format")]).into();
    }
    if part.is_type("input_text") {
        return part_to(part, "input_text", TEXT).into();
    }
    part
}

/// The first of the members that is there, in the form that it has in the protocol.
fn source<'d>(part: &mut Object<'d>, forms: &[(&str, &'static str)]) -> Option<Value<'d>> {
    forms.iter().find_map(|(api, own)| {
        let value = part.get(api).filter(|value| is_text(value))?.clone();
        part.take(api);
        Some(if own.is_empty() { value } else { Object::new().with(own, value).into() })
    })
}

fn image_to(part: Value<'_>) -> Value<'_> {
    let mut part = part.into_object().unwrap_or_default();
    if let Some(image) = source(&mut part, &[("image_url", ""), ("file_id", "id")]) {
        part.push(Key::Known("image"), image);
    }
    let names = [("image", "image"), ("detail", "detail"), ("prompt_cache_breakpoint", "promptCacheBreakpoint")];
    part_to(part.into(), "input_image", &names).into()
}

fn file_to(part: Value<'_>) -> Value<'_> {
    let mut part = part.into_object().unwrap_or_default();
    if let Some(file) = source(&mut part, &[("file_data", ""), ("file_url", "url"), ("file_id", "id")]) {
        part.push(Key::Known("file"), file);
    }
    let names = [("file", "file"), ("filename", "filename"), ("prompt_cache_breakpoint", "promptCacheBreakpoint")];
    part_to(part.into(), "input_file", &names).into()
}

pub(super) fn user_from<'d>(content: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if content.kind() != Kind::Array {
        return Ok(content);
    }
    Ok(each(content, |part| input_from(part, account)))
}

fn input_from<'d>(part: Value<'d>, account: &Account<'d>) -> Value<'d> {
    if part.is_type("input_image") {
        return image_from(part, account);
    }
    if part.is_type("input_file") {
        return file_from(part, account);
    }
    if part.is_type("audio") {
        let mut own = part_from(part, "input_audio", &[("audio", "data"), ("format", "format")], account);
        let audio = Object::new().with("data", own.take("data")).with("format", own.take("format"));
        own.push(Key::Known("input_audio"), audio);
        return own.into();
    }
    if part.is_type("input_text") {
        return part_from(part, "input_text", TEXT_BACK, account).into();
    }
    part
}

/// The one member that says where something is: a string itself, or the id or address in an object.
fn located<'d>(value: Value<'d>, text: &'static str, account: &Account<'d>) -> Option<(&'static str, Value<'d>)> {
    if is_text(&value) {
        return Some((text, value));
    }
    let mut place = value.into_object()?;
    let found =
        [("id", "file_id"), ("fileId", "file_id"), ("url", if text == "image_url" { text } else { "file_url" })]
            .into_iter()
            .find_map(|(own, api)| Some((api, place.take_filled(own)?)));
    let found = found.or_else(|| {
        let data = place.take_filled("data")?;
        Some((text, inline(data, place.take_filled("mediaType"))))
    });
    account.rest(place, Level::History, UNKNOWN);
    found
}

/// A `data:` address of encoded data (`formatInlineData`).
fn inline<'d>(data: Value<'d>, media: Option<Value<'d>>) -> Value<'d> {
    let bytes = data.wtf8().unwrap_or_default();
    match media.and_then(|media| media.wtf8()) {
        Some(media) if !bytes.starts_with(b"data:") && !media.is_empty() => {
            joined(&[b"data:", &media, b";base64,", &bytes])
        }
        _ => data,
    }
}

fn image_from<'d>(part: Value<'d>, account: &Account<'d>) -> Value<'d> {
    let names = [
        ("detail", "detail"),
        ("promptCacheBreakpoint", "prompt_cache_breakpoint"),
        ("imageUrl", "image_url"),
        ("fileId", "file_id"),
    ];
    let mut part = part.into_object().unwrap_or_default();
    let image = part.take_filled("image");
    let mut own = part_from(part.into(), "input_image", &names, account);
    if let Some((key, value)) = image.and_then(|image| located(image, "image_url", account)) {
        own.set(key, value);
    }
    own.into()
}

fn file_from<'d>(part: Value<'d>, account: &Account<'d>) -> Value<'d> {
    let names = [("filename", "filename"), ("promptCacheBreakpoint", "prompt_cache_breakpoint")];
    let mut part = part.into_object().unwrap_or_default();
    let file = part.take_filled("file");
    let mut own = part_from(part.into(), "input_file", &names, account);
    if let Some((key, value)) = file.and_then(|file| {
        let text = file.wtf8().map(|text| text_of_file(&text));
        located(file, text.unwrap_or("file_data"), account)
    }) {
        own.set(key, value);
    }
    own.into()
}

/// What the SDK takes a file's string for: data, or an address (`convertStructuredOutputToRequestItem`).
fn text_of_file(text: &[u8]) -> &'static str {
    let text = text.trim_ascii();
    let is_data = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    if text.starts_with(b"data:") || !text.is_empty() && text.iter().all(is_data) { "file_data" } else { "file_url" }
}

pub(super) fn assistant_to<'d>(content: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    if is_text(&content) {
        let part = Object::new().with("type", Value::text("output_text")).with("text", content);
        return Ok(Value::List(vec![part.into()]));
    }
    Ok(each(content, |part| {
        if part.is_type("refusal") {
            part_to(part, "refusal", &[("refusal", "refusal")]).into()
        } else {
            part_to(part, "output_text", &[("text", "text")]).into()
        }
    }))
}

pub(super) fn assistant_from<'d>(content: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if content.kind() != Kind::Array {
        return Ok(content);
    }
    Ok(each(content, |part| {
        if part.is_type("output_text") {
            part_from(part, "output_text", &[("text", "text")], account).into()
        } else if part.is_type("refusal") {
            part_from(part, "refusal", &[("refusal", "refusal")], account).into()
        } else {
            account.changed(Level::Resume, &part, "the API has no such part in a message of the model");
            part
        }
    }))
}

/// Thoughts: in the protocol they are input texts.
pub(super) fn summary_to<'d>(summary: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    if summary.kind() != Kind::Array {
        return Err(summary);
    }
    Ok(each(summary, |part| {
        let mut rest = part.into_object().unwrap_or_default();
        let text = rest.take("text");
        Object::new()
            .with("providerData", (!rest.is_empty()).then_some(Value::Object(rest)))
            .with("type", Value::text("input_text"))
            .with("text", text)
            .into()
    }))
}

pub(super) fn summary_from<'d>(content: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if content.kind() != Kind::Array {
        return Err(content);
    }
    Ok(each(content, |part| part_from(part, "summary_text", &[("text", "text")], account).into()))
}

/// What a function returned, as the model sees it.
pub(super) fn output_to<'d>(output: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    Ok(match output.kind() {
        Kind::String => Object::new().with("type", Value::text("text")).with("text", output).into(),
        Kind::Array => each(output, input_to),
        _ => output,
    })
}

pub(super) fn output_from<'d>(output: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if output.kind() == Kind::Array {
        return Ok(each(output, |part| input_from(part, account)));
    }
    if output.is_type("text") {
        let mut rest = output.into_object().unwrap_or_default();
        rest.take("type");
        let text = rest.take("text").unwrap_or(Value::text(""));
        account.rest(rest, Level::Display, "the text goes to the model alone, in either SDK");
        return Ok(text);
    }
    if output.is_type("image") {
        return Ok(Value::List(vec![image_from(output, account)]));
    }
    if output.is_type("file") {
        let mut output = output;
        if let Some(part) = output.object_mut()
            && let Some(name) = part.get_mut("file").and_then(Value::object_mut).and_then(|file| file.take("filename"))
        {
            part.set("filename", name);
        }
        return Ok(Value::List(vec![file_from(output, account)]));
    }
    Ok(output)
}

/// A picture of the screen.
pub(super) fn screen_to<'d>(output: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    Ok(part_to(output, "computer_screenshot", &[("image_url", "data")]).into())
}

pub(super) fn screen_from<'d>(output: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    Ok(part_from(output, "computer_screenshot", &[("data", "image_url")], account).into())
}

/// Members that the protocol has for each action on a computer.
const ACTIONS: [(&str, &[&str]); 9] = [
    ("screenshot", &["type"]),
    ("click", &["type", "x", "y", "button"]),
    ("double_click", &["type", "x", "y"]),
    ("scroll", &["type", "x", "y", "scroll_x", "scroll_y"]),
    ("type", &["type", "text"]),
    ("wait", &["type"]),
    ("move", &["type", "x", "y"]),
    ("keypress", &["type", "keys"]),
    ("drag", &["type", "path"]),
];

/// An action on a computer; the protocol knows fewer members.
pub(super) fn action_to<'d>(action: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    let Some((_, known)) = ACTIONS.iter().find(|(kind, _)| action.is_type(kind)) else { return Ok(action) };
    let Value::Node(node) = &action else { return Ok(action) };
    if node.members().all(|member| known.iter().any(|key| member.key.is(key))) {
        return Ok(action);
    }
    let names: Vec<(&'static str, &'static str)> = known.iter().map(|key| (*key, *key)).collect();
    Ok(renamed(action, &names, Some((account, DROPPED))))
}

pub(super) fn actions_to<'d>(actions: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if actions.kind() != Kind::Array || actions.is_empty() {
        return Err(actions);
    }
    Ok(each(actions, |action| action_to(action, account).unwrap_or_else(|odd| odd)))
}

pub(super) fn shell_to<'d>(action: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    let names = [("commands", "commands"), ("timeout_ms", "timeoutMs"), ("max_output_length", "maxOutputLength")];
    Ok(renamed(action, &names, Some((account, DROPPED))))
}

pub(super) fn shell_from<'d>(action: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    let names = [("commands", "commands"), ("timeoutMs", "timeout_ms"), ("maxOutputLength", "max_output_length")];
    Ok(renamed(action, &names, None))
}

/// What came of commands; members that nobody knows are kept on both sides.
pub(super) fn shell_output_to<'d>(output: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if output.kind() != Kind::Array {
        return Err(output);
    }
    let drop = Some((account, DROPPED));
    Ok(each(output, |result| {
        outcome(result, |outcome| {
            let exits = outcome.is_type("exit");
            let mut own = renamed(outcome, &[("type", "type"), ("exit_code", "exitCode")], drop);
            if exits
                && own.member("exitCode").is_none()
                && let Some(own) = own.object_mut()
            {
                own.push(Key::Known("exitCode"), Value::NULL);
            }
            own
        })
    }))
}

/// The SDK keeps no exit code of a call that was rejected, and sends the service, which wants one, a 0 for it.
pub(super) fn shell_output_from<'d>(output: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    if output.kind() != Kind::Array {
        return Err(output);
    }
    Ok(each(output, |result| {
        outcome(result, |outcome| {
            let (exits, origin) = (outcome.is_type("exit"), outcome.origin());
            let mut own = renamed(outcome, &[("type", "type"), ("exitCode", "exit_code")], None);
            if exits
                && own.member("exit_code").is_none_or(|code| code.is_null())
                && let Some(own) = own.object_mut()
            {
                own.set("exit_code", Value::integer(0));
                account.assumed(Level::Bookkeeping, origin, "where there is no exit code the TypeScript SDK sends 0");
            }
            own
        })
    }))
}

fn outcome<'d>(result: Value<'d>, turn: impl FnOnce(Value<'d>) -> Value<'d>) -> Value<'d> {
    let mut result = result;
    if let Some(own) = result.object_mut().and_then(|result| result.get_mut("outcome")) {
        let value = own.take();
        *own = turn(value);
    }
    result
}

pub(super) fn patch_to<'d>(operation: Value<'d>, account: &Account<'d>) -> Turned<'d> {
    let names: &[_] = match typed(&operation).and_then(|kind| kind.wtf8()).as_deref() {
        Some(b"create_file") => &[("type", "type"), ("path", "path"), ("diff", "diff")],
        Some(b"update_file") => &[("type", "type"), ("path", "path"), ("diff", "diff"), ("move_to", "moveTo")],
        Some(b"delete_file") => &[("type", "type"), ("path", "path")],
        _ => return Ok(operation),
    };
    Ok(renamed(operation, names, Some((account, DROPPED))))
}

pub(super) fn patch_from<'d>(operation: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    Ok(renamed(operation, &[("type", "type"), ("path", "path"), ("diff", "diff"), ("moveTo", "move_to")], None))
}

/// Names of members of found tools: of a function, of a reference to one.
const TOOLS: [(&str, &str, &str); 4] = [
    ("function", "defer_loading", "deferLoading"),
    ("function", "allowed_callers", "allowedCallers"),
    ("function", "output_schema", "outputSchema"),
    ("tool_reference", "function_name", "functionName"),
];

pub(super) fn tools_to<'d>(tools: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    if tools.kind() != Kind::Array {
        return Err(tools);
    }
    Ok(found(tools, true, 0))
}

pub(super) fn tools_from<'d>(tools: Value<'d>, _: &Account<'d>) -> Turned<'d> {
    if tools.kind() != Kind::Array {
        return Err(tools);
    }
    Ok(found(tools, false, 0))
}

/// Namespaces are not nested any deeper than the service nests them.
const DEEPEST: usize = 64;

fn found(tools: Value<'_>, to: bool, depth: usize) -> Value<'_> {
    each(tools, |mut tool| {
        let kind = typed(&tool);
        let is = |name: &str| kind.as_ref().is_some_and(|kind| kind.is(name));
        let concerned = |api: &str, own: &str| tool.member(if to { api } else { own }).is_some();
        let renames: Vec<_> = TOOLS.iter().filter(|(of, api, own)| is(of) && concerned(api, own)).collect();
        let nested = is("namespace") && depth < DEEPEST && tool.member("tools").is_some();
        if renames.is_empty() && !nested {
            return tool;
        }
        if let Some(tool) = tool.object_mut() {
            for (_, api, own) in renames {
                let (from, into) = if to { (api, own) } else { (own, api) };
                tool.rename(from, into);
            }
            if let Some(tools) = tool.get_mut("tools").filter(|tools| nested && tools.kind() == Kind::Array) {
                let own = tools.take();
                *tools = found(own, to, depth + 1);
            }
        }
        tool
    })
}
