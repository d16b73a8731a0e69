//! The records of calls by which the SDKs bind decisions, computed anew where the calls are not what they were.

use crate::format::Dialect;
use crate::hash::HashMap;
use crate::json::{Object, Value};
use crate::model::Account;
use crate::{python, typescript};

use super::redact::each_nested;

/// What the TypeScript SDK records of finished calls follows from the history alone.
const OF_HISTORY: [&str; 3] =
    ["completedToolInvocations", "completedToolInvocationEvidence", "ambiguousToolInvocationCallIds"];

const BINDINGS: [&str; 2] = ["tool_invocations", "approvalInvocations"];

/// Brings the records that are there into step with the calls. None comes or goes: an entry says what was bound or has begun,
/// which the calls do not tell.
pub(super) fn renew(tree: &mut Value<'_>, dialect: Dialect) {
    let mut fresh = tree.clone();
    without_records(&mut fresh);
    match dialect {
        Dialect::Python => python::convert::derive(&mut fresh),
        Dialect::TypeScript => typescript::convert::derive(&mut fresh, &Account::default()),
    }
    take_over(tree, fresh);
}

fn without_records(tree: &mut Value<'_>) {
    let Some(state) = tree.object_mut() else { return };
    for key in OF_HISTORY {
        state.take(key);
    }
    // A filter of a handoff may have taken calls out of the one list and left them in the other.
    let session = state.get("session_items").cloned().map_or_else(Vec::new, Value::into_elements);
    if !session.is_empty() {
        let generated = state.take("generated_items").map_or_else(Vec::new, Value::into_elements);
        state.set("generated_items", Value::List(generated.into_iter().chain(session).collect()));
    }
    if let Some(context) = state.get_mut("context").and_then(Value::object_mut) {
        for key in BINDINGS {
            context.take(key);
        }
    }
    each_nested(state, &mut without_records);
}

fn take_over<'d>(tree: &mut Value<'d>, fresh: Value<'d>) {
    let (Some(state), Some(mut fresh)) = (tree.object_mut(), fresh.into_object()) else { return };
    for key in OF_HISTORY {
        if let Some((own, new)) = state.get_mut(key).filter(|own| !own.is_null()).zip(fresh.take(key)) {
            *own = new;
        }
    }
    if let Some((own, new)) = state.get_mut("context").and_then(Value::object_mut).zip(fresh.get("context")) {
        if let Some((ledger, new)) = own.get_mut("tool_invocations").zip(new.member("tool_invocations")) {
            entries(ledger, &new, &mut |entry, new| {
                if let Some((entry, new)) = entry.object_mut().zip(new.into_object()) {
                    for key in ["approval_scope", "fingerprint"] {
                        if let Some((own, new)) = entry.get_mut(key).zip(new.get(key)) {
                            *own = new.clone();
                        }
                    }
                }
            });
        }
        if let Some((agents, new)) = own.get_mut("approvalInvocations").zip(new.member("approvalInvocations")) {
            let new = new.into_elements();
            for agent in agents.elements_mut() {
                let name = agent.member("agentIdentity").and_then(|name| name.wtf8());
                let is_own = |new: &&Value<'d>| new.member("agentIdentity").and_then(|own| own.wtf8()) == name;
                let new = new.iter().find(is_own).and_then(|new| new.member("invocations"));
                let own = agent.object_mut().and_then(|agent| agent.get_mut("invocations"));
                if let Some((own, new)) = own.zip(new) {
                    entries(own, &new, &mut |print, new| *print = new);
                }
            }
        }
    }
    let mut runs = Vec::new();
    each_nested(&mut fresh, &mut |run| runs.push(run.take()));
    let mut runs = runs.into_iter();
    each_nested(state, &mut |run| {
        if let Some(fresh) = runs.next() {
            take_over(run, fresh);
        }
    });
}

/// Does something with every entry of a record that the new one has, too.
fn entries<'d>(own: &mut Value<'d>, new: &Value<'d>, each: &mut dyn FnMut(&mut Value<'d>, Value<'d>)) {
    let Some(own) = own.object_mut() else { return };
    let new = new.clone().into_object().map_or_else(Vec::new, Object::into_members);
    let mut new: HashMap<Vec<u8>, Value<'d>> =
        new.into_iter().map(|(id, entry)| (id.wtf8().into_owned(), entry)).collect();
    for (id, entry) in own.members_mut() {
        if let Some(new) = new.remove(&*id.wtf8()) {
            each(entry, new);
        }
    }
}
