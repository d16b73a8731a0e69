//! What happened in a run, one line each.

use crate::hash::HashMap;
use crate::json::{Kind, Value};
use crate::model::state::{AgentRef, Input, Item, ItemKind, State, ToolKey};

use super::show::Show;
use super::{Entry, EntryKind};

/// The timeline of a run and of those nested in it.
pub(super) fn of(state: &State<'_>, show: Show) -> Vec<Entry> {
    let mut entries = Vec::new();
    run(state, 0, show, &mut entries);
    entries
}

fn run(state: &State<'_>, depth: usize, show: Show, out: &mut Vec<Entry>) {
    match &state.input {
        Input::Text(text) => out.push(said(EntryKind::User, depth, show.value(text))),
        Input::Items(items) => out.extend(items.iter().map(|raw| entry(raw, depth, show))),
    }
    let mut nested: HashMap<Vec<u8>, &State<'_>> = HashMap::default();
    for action in state.processed.iter().flat_map(|processed| &processed.functions) {
        if let (Some(inner), Some(id)) = (&action.nested, call_id(&action.call)) {
            nested.insert(id, inner);
        }
    }
    for item in &state.items {
        let call = call_id(&item.raw);
        out.push(of_item(item, depth, show));
        let starts = matches!(item.kind, ItemKind::Call { .. });
        if let Some(inner) = call.filter(|_| starts).and_then(|id| nested.remove(&id)) {
            run(inner, depth + 1, show, out);
        }
    }
    // Of calls that the history does not have.
    for action in state.processed.iter().flat_map(|processed| &processed.functions) {
        if let Some(inner) = call_id(&action.call).and_then(|id| nested.remove(&id)) {
            out.push(entry(&action.call, depth, show));
            run(inner, depth + 1, show, out);
        }
    }
    out.extend(state.pending_input.iter().map(|raw| entry(raw, depth, show)));
}

fn said(kind: EntryKind, depth: usize, text: String) -> Entry {
    Entry { depth, kind, agent: None, tool: None, call_id: None, text }
}

fn call_id(raw: &Value<'_>) -> Option<Vec<u8>> {
    Some(raw.member("call_id").filter(|id| !id.is_null()).or_else(|| raw.member("id"))?.wtf8()?.into_owned())
}

fn name(agent: &AgentRef<'_>, show: Show) -> String {
    show.value(agent.key())
}

fn of_item(item: &Item<'_>, depth: usize, show: Show) -> Entry {
    let mut made = entry(&item.raw, depth, show);
    made.agent = item.agent.as_ref().map(|agent| name(agent, show));
    let tool = |tool: &ToolKey<'_>| match tool {
        ToolKey::Bare(name) | ToolKey::Deferred(name) => show.value(name),
        ToolKey::Namespaced(space, name) => format!("{}.{}", show.value(space), show.value(name)),
    };
    match &item.kind {
        ItemKind::Message => made.kind = EntryKind::Assistant,
        ItemKind::Reasoning => made.kind = EntryKind::Reasoning,
        ItemKind::Compaction => made.kind = EntryKind::Compaction,
        ItemKind::ToolSearchCall | ItemKind::ToolSearchOutput => made.kind = EntryKind::ToolSearch,
        ItemKind::Call { tool: key, .. } => {
            made.kind = EntryKind::Call;
            if let Some(key) = key {
                made.tool = Some(tool(key));
            }
        }
        ItemKind::Output { output, .. } => {
            made.kind = EntryKind::Output;
            made.text = show.value(output);
        }
        ItemKind::HandoffCall => made.kind = EntryKind::Call,
        ItemKind::HandoffOutput { source, target } => {
            made.kind = EntryKind::Handoff;
            made.text = format!("{} to {}", name(source, show), name(target, show));
        }
        ItemKind::Input { .. } => made.kind = EntryKind::User,
        ItemKind::Approval { name, tool: key } => {
            made.kind = EntryKind::Approval;
            if let Some(key) = key {
                made.tool = Some(tool(key));
            } else if let Some(name) = name.as_ref().filter(|name| name.kind() == Kind::String) {
                made.tool = Some(show.value(name));
            }
        }
    }
    made
}

/// What a raw item says by itself.
fn entry(raw: &Value<'_>, depth: usize, show: Show) -> Entry {
    let kind = raw.member("type").and_then(|kind| kind.wtf8()).unwrap_or_default();
    let kind = String::from_utf8_lossy(&kind).into_owned();
    let filled = |key: &str| raw.member(key).filter(|value| !value.is_null());
    let text = |key: &str| filled(key).filter(|value| value.kind() == Kind::String);
    let id = |key: &str| text(key).and_then(|id| id.wtf8()).map(|id| String::from_utf8_lossy(&id).into_owned());
    if let Some(role) = text("role") {
        let kind = if role.is("assistant") { EntryKind::Assistant } else { EntryKind::User };
        return said(kind, depth, content(filled("content"), show));
    }
    if kind == "reasoning" {
        let summary = content(filled("summary"), show);
        let summary = if summary.is_empty() { content(filled("content"), show) } else { summary };
        return said(EntryKind::Reasoning, depth, summary);
    }
    let tool = text("name").map(|name| match text("namespace") {
        Some(space) if space.wtf8() != name.wtf8() => format!("{}.{}", show.value(&space), show.value(&name)),
        _ => show.value(&name),
    });
    let is_output = kind.ends_with("_output") || kind == "mcp_approval_response";
    let searches = kind.starts_with("tool_search");
    let kind_of = if searches {
        EntryKind::ToolSearch
    } else if is_output {
        EntryKind::Output
    } else if kind.ends_with("_call") || kind == "program" || kind.starts_with("mcp_") {
        EntryKind::Call
    } else if kind == "compaction" {
        EntryKind::Compaction
    } else {
        EntryKind::Other
    };
    const SAYS: [&str; 12] = [
        "arguments",
        "input",
        "actions",
        "action",
        "operation",
        "operations",
        "code",
        "output",
        "queries",
        "tools",
        "approve",
        "result",
    ];
    let says = SAYS.iter().find_map(|key| filled(key));
    Entry {
        depth,
        kind: kind_of,
        agent: None,
        tool: tool.or(Some(kind).filter(|kind| !kind.is_empty())),
        call_id: id("call_id").or_else(|| id("approval_request_id")).or_else(|| id("id")),
        text: says.map_or_else(String::new, |value| show.arguments(&value)),
    }
}

/// The texts of a message, and what stands between them by its type.
fn content(content: Option<Value<'_>>, show: Show) -> String {
    let Some(content) = content else { return String::new() };
    if content.kind() != Kind::Array {
        return show.value(&content);
    }
    let part = |part: Value<'_>| {
        let words = ["text", "refusal", "transcript"].iter().find_map(|key| part.member(key));
        match words.filter(|words| words.kind() == Kind::String) {
            Some(words) => show.value(&words),
            None => match part.member("type") {
                Some(kind) if kind.kind() == Kind::String => format!("[{}]", show.value(&kind)),
                _ => show.value(&part),
            },
        }
    };
    let parts: Vec<String> = content.into_elements().into_iter().map(part).collect();
    show.text(&parts.join(" "))
}
