//! Decisions and what they are bound to.

use std::borrow::Cow;

use crate::codes;
use crate::finding::Effect;
use crate::hash::{HashMap, HashSet};
use crate::json::Text;
use crate::record::{List, Map, Wire as _};
use crate::typescript::{ApprovalRecord, Decisions, ToolKey, bounds};

use super::Judge;

/// Members that every JavaScript object has: as call ids they count as bound.
const INHERITED: &[&str] = &[
    "constructor",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];

impl<'d> Judge<'_, 'd> {
    /// Owners, keys and bindings of decisions (`validateCurrentApprovalInvocationRecords` and the context's own checks).
    pub(super) fn approvals(&mut self) {
        let Some(context) = self.state.context.value() else { return };
        let mut seen = HashSet::default();
        let bound = context.approval_invocations.value();
        let mut bindings: HashMap<Vec<u8>, Bound<'d>> = HashMap::default();
        for entry in bound.into_iter().flat_map(List::values) {
            if self.label >= 18 {
                self.record_owner(&entry.agent_identity, &mut seen);
            }
            if let (Some(identity), Some(calls)) = (entry.agent_identity.value(), entry.invocations.value()) {
                bindings.insert(identity.wtf8().into_owned(), bound_ids(calls));
            }
        }
        seen.clear();
        for entry in context.function_approvals.value().into_iter().flat_map(List::values) {
            self.record_owner(&entry.agent_identity, &mut seen);
            let calls = entry.agent_identity.value().and_then(|identity| bindings.get(&*identity.wtf8()));
            for (key, record) in entry.approvals.value().into_iter().flat_map(|map| map.values()) {
                if !key.is("__proto__") && ToolKey::legacy(&key.wtf8()).is_none() {
                    let message = format!("\"{}\" is no canonical tool key", key.lossy());
                    self.refuse(codes::TOOL_KEY, key.node(), message);
                }
                self.bound(record, calls);
            }
        }
        for entry in bound.into_iter().flat_map(List::values) {
            let calls = entry.invocations.value().map(bound_ids);
            for (_, record) in entry.approvals.value().into_iter().flat_map(|map| map.values()) {
                self.bound(record, calls.as_ref());
            }
        }
        for (key, _) in context.hosted_mcp_approvals.value().into_iter().flat_map(|map| map.values()) {
            if self.label >= 18 && !is_hosted_key(key) {
                let message = "the key does not name a server and a tool; the SDK drops the decision";
                self.cx.raise(codes::DECISION_VOID, Effect::Lost, key.node(), message);
            }
        }
    }

    /// Before 0.16.1 a decision about all calls of a tool was stronger than one about a single call of it.
    pub(super) fn standing(&mut self) {
        if self.has(bounds::EXACT_DECISIONS) {
            return;
        }
        let Some(context) = self.state.context.value() else { return };
        let owned = context.function_approvals.value().filter(|_| self.has(bounds::TOOL_KEYS));
        let owned = owned.into_iter().flat_map(List::values).filter_map(|owned| owned.approvals.value());
        let legacy = context.legacy_function_approvals.value().filter(|_| self.has(bounds::TOOL_KEYS));
        let records = context.approvals.value().into_iter().chain(legacy).chain(owned).flat_map(Map::values);
        for (_, record) in records {
            let (Some(Decisions::Standing(always)), Some(Decisions::Calls(rejected))) =
                (record.approved.value(), record.rejected.value())
            else {
                continue;
            };
            if always.get() && !rejected.is_empty() {
                let message = "the tool is approved for all calls: this reader runs the rejected ones, too";
                self.cx.raise(codes::STANDING_AGAINST_EXACT, Effect::Unsafe, rejected.node(), message);
            }
        }
    }

    /// Every decision about one call is bound to the call's fingerprint.
    fn bound(&mut self, record: &ApprovalRecord<'d>, calls: Option<&Bound<'d>>) {
        if self.label < 18 {
            return;
        }
        for decisions in [&record.approved, &record.rejected] {
            let Some(Decisions::Calls(ids)) = decisions.value() else { continue };
            for id in ids.values() {
                let known = calls.is_some_and(|calls| calls.contains(&id.wtf8()));
                let inherited = calls.is_some() && INHERITED.iter().any(|name| id.is(name));
                if !known && !inherited {
                    let message = format!("the decision about \"{}\" has no fingerprint of its call", id.lossy());
                    self.refuse(codes::FINGERPRINT, id.node(), message);
                }
            }
        }
    }
}

/// The ids of the calls that have a fingerprint.
type Bound<'d> = HashSet<Cow<'d, [u8]>>;

fn bound_ids<'d>(calls: &Map<'d, Text<'d>>) -> Bound<'d> {
    calls.values().map(|(id, _)| id.wtf8()).collect()
}

/// Whether a key is the text of `["hosted_mcp", server, tool]`.
fn is_hosted_key(key: Text<'_>) -> bool {
    let Ok(doc) = crate::json::Document::parse(key.wtf8().into_owned()) else { return false };
    let parts: Option<Vec<Text<'_>>> = doc.root().elements().map(crate::json::Node::text).collect();
    parts.is_some_and(|parts| match parts.as_slice() {
        [kind, server, tool] => kind.is("hosted_mcp") && !server.is_empty() && !tool.is_empty(),
        _ => false,
    })
}
