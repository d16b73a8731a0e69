//! What both dialects read alike on the way to the canonical form, and what both say of what is left over.

use crate::json::{Kind, Object, Value};

use super::state::{Action, McpRequest, Trace};
use super::{Account, Level};

/// What the target's SDK computes anew or takes from the live program.
pub(crate) const OWN: &str = "the SDK that loads the state works this out itself, or takes it from the program";
/// What is said twice.
pub(crate) const ECHO: &str = "another part of the state says this, too";
/// What no other place is there for.
pub(crate) const UNKNOWN: &str = "no released SDK defines this member";
/// The member of Python's `provider_data` that says in which field of an answer in Chat Completions a thought stood.
pub(crate) const THOUGHT_FIELD: &str = "_chat_completions_reasoning_field";

/// The call of a tool of which the program needs the name only.
pub(crate) fn action<'d>(call: Value<'d>, tool: Option<Value<'d>>, account: &Account<'d>) -> Action<'d> {
    let mut tool = tool.and_then(Value::into_object).unwrap_or_default();
    let name = tool.take_filled("name");
    rebuilt(tool, account);
    Action { call, name }
}

/// A request for an approval; where it does not name its server, the tool does.
pub(crate) fn request<'d>(raw: Value<'d>, tool: Option<Value<'d>>, account: &Account<'d>) -> McpRequest<'d> {
    let mut server = raw.member("server_label").filter(|label| !label.is_null());
    for (_, value) in tool.and_then(Value::into_object).unwrap_or_default().into_members() {
        if let Some(label) = value.member("server_label").filter(|label| label.kind() == Kind::String) {
            server = server.or(Some(label));
        }
        account.rebuilt(&value, OWN);
    }
    McpRequest { raw, server }
}

/// The members of a trace that both dialects have.
pub(crate) fn trace<'d>(trace: &mut Object<'d>, account: &Account<'d>) -> Trace<'d> {
    if let Some(object) = trace.take("object").filter(|object| !object.is("trace")) {
        account.lost(Level::Bookkeeping, &object, OWN);
    }
    Trace {
        id: trace.take_filled("id"),
        workflow: trace.take_filled("workflow_name"),
        group: trace.take_filled("group_id"),
        metadata: trace.take_filled("metadata"),
        api_key: trace.take_filled("tracing_api_key"),
    }
}

/// The target has its own in place of these members.
pub(crate) fn rebuilt<'d>(object: Object<'d>, account: &Account<'d>) {
    for (_, value) in object.into_members() {
        account.rebuilt(&value, OWN);
    }
}
