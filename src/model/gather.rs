//! How the canonical view of a run is gathered from a state whose keys a dialect names. Linear in the state.

use crate::json::{Kind, Member, Node, Text};

use super::{ApprovalStatus, Decision, Item, Role, Run, Step, Usage};

/// A dialect's keys and words for what the canonical view holds.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) struct Keys {
    /// `items`, `session items` and the input: where the history stands.
    pub(crate) items: &'static str,
    /// Further lists of run items.
    pub(crate) more_items: &'static [&'static str],
    /// Lists of raw items.
    pub(crate) inputs: &'static [&'static str],
    /// The raw item within an item.
    pub(crate) raw: &'static str,
    /// A call's id within a raw item.
    pub(crate) call: &'static str,
    /// Types of raw items that call a local tool.
    pub(crate) calls: &'static [&'static str],
    /// Types of raw items that answer a call.
    pub(crate) outputs: &'static [&'static str],
    /// Types of raw items that the service carries out itself.
    pub(crate) hosted: &'static [&'static str],
    /// The counters.
    pub(crate) turn: &'static str,
    /// The turn limit.
    pub(crate) max_turns: &'static str,
    /// All model responses.
    pub(crate) responses: &'static str,
    /// The last one.
    pub(crate) last_response: &'static str,
    /// Where the run stands.
    pub(crate) step: &'static str,
    /// Keys of conversations that the service keeps.
    pub(crate) server_managed: &'static [&'static str],
    /// Input, output and total tokens; the list of single requests.
    pub(crate) usage: [&'static str; 4],
}

/// Raw items' members that tell two calls of one id apart.
const ARGUMENTS: &[&str] = &["arguments", "action", "actions", "operation", "input"];

impl Keys {
    /// The run that `state` describes, without decisions and nested runs, which every dialect keeps in its own way.
    #[must_use]
    pub(crate) fn gather<'d>(&self, state: Node<'d>) -> Run<'d> {
        let list = |key: &str| state.member(key).into_iter().flat_map(Node::elements);
        let items: Vec<Item<'d>> = list(self.items).map(|node| self.item(node)).collect();
        let mut elsewhere: Vec<Item<'d>> = Vec::new();
        for key in self.more_items {
            elsewhere.extend(list(key).map(|node| self.item(node)));
        }
        for key in self.inputs {
            elsewhere.extend(list(key).map(|node| self.raw_item(node, node)));
        }
        let responses = state.member(self.responses);
        let last_listed = responses.and_then(|node| node.elements().last());
        let mut responded = Vec::new();
        for output in responses.into_iter().flat_map(Node::elements).filter_map(|response| response.member("output")) {
            for item in output.elements() {
                let (mut id, mut call) = (None, None);
                for Member { key, value } in item.members() {
                    if key.is("id") {
                        id = Some(value);
                    } else if key.is(self.call) {
                        call = Some(value);
                    }
                }
                responded.extend([id, call].into_iter().filter_map(|node| node.and_then(Node::text)));
            }
        }
        let managed = |key: &&&str| state.member(key).filter(|node| node.text().is_some_and(|text| !text.is_empty()));
        Run {
            state,
            turn: state.member(self.turn),
            max_turns: state.member(self.max_turns).filter(|node| !node.is_null()),
            items,
            elsewhere,
            decisions: Vec::new(),
            usage: state.member("context").and_then(|context| context.member("usage")).map(|node| self.usage(node)),
            last_responses: state.member(self.last_response).filter(|node| !node.is_null()).zip(last_listed),
            responded,
            forgotten: Vec::new(),
            server_managed: self.server_managed.iter().find_map(|key| managed(&key)),
            step: match state.member(self.step).and_then(|step| text(step, "type")) {
                Some(kind) if kind.is("next_step_interruption") => Step::Interrupted,
                Some(kind) if kind.is("next_step_run_again") => Step::RunAgain,
                _ => Step::Over,
            },
        }
    }

    fn item<'d>(&self, node: Node<'d>) -> Item<'d> {
        let (mut kind, mut raw) = (None, node);
        for Member { key, value } in node.members() {
            if key.is("type") {
                kind = Some(value);
            } else if key.is(self.raw) {
                raw = value;
            }
        }
        let mut item = self.raw_item(node, raw);
        if kind.and_then(Node::text).is_some_and(|kind| kind.is("tool_approval_item")) {
            item.role = Role::Approval;
            item.call = item.call.or(item.id);
        }
        item
    }

    fn raw_item<'d>(&self, node: Node<'d>, raw: Node<'d>) -> Item<'d> {
        let [mut kind, mut role, mut call, mut id, mut data] = [None; 5];
        let mut arguments = [None; ARGUMENTS.len()];
        for Member { key, value } in raw.members() {
            if key.is("type") {
                kind = Some(value);
            } else if key.is(self.call) {
                call = Some(value);
            } else if key.is("id") {
                id = Some(value);
            } else if key.is("role") {
                role = Some(value);
            } else if key.is("providerData") {
                data = Some(value);
            } else if let Some(place) = ARGUMENTS.iter().position(|own| key.is(own)) {
                arguments[place] = Some(value);
            }
        }
        let role = match kind.and_then(Node::text) {
            Some(kind) if self.calls.iter().any(|own| kind.is(own)) => Role::Call,
            Some(kind) if self.outputs.iter().any(|own| kind.is(own)) => Role::Output,
            Some(kind) if self.hosted.iter().any(|own| kind.is(own)) => Role::HostedCall,
            Some(kind) if kind.is("reasoning") => Role::Said,
            _ if role.and_then(Node::text).is_some_and(|role| role.is("assistant")) => Role::Said,
            _ => Role::Other,
        };
        // TypeScript keeps the id that the service gave a hosted call with the service's other data.
        let provided = || data.and_then(|data| text(data, "id").or_else(|| text(data, "itemId")));
        Item {
            node,
            role,
            call: call.and_then(Node::text),
            id: id.and_then(Node::text).or_else(provided),
            arguments: arguments.into_iter().find_map(|found| found),
        }
    }

    fn usage<'d>(&self, node: Node<'d>) -> Usage<'d> {
        let [input, output, total, requests] = self.usage;
        let counts = |node: Node<'d>| {
            [input, output, total].map(|key| node.member(key).and_then(Node::number).and_then(|number| number.to_u64()))
        };
        let requests = node.member(requests).into_iter().flat_map(Node::elements).map(counts).collect();
        Usage { node, totals: counts(node), requests }
    }
}

/// The decisions of one approval record, `{"approved": …, "rejected": …}` in both dialects.
pub(crate) fn decisions<'d>(record: Node<'d>, into: &mut Vec<Decision<'d>>) {
    for (key, verdict) in [("approved", ApprovalStatus::Approved), ("rejected", ApprovalStatus::Rejected)] {
        let Some(decided) = record.member(key) else { continue };
        if decided.as_bool() == Some(true) {
            into.push(Decision { record, verdict, call: None });
        }
        into.extend(decided.elements().filter_map(Node::text).map(|call| Decision {
            record,
            verdict,
            call: Some(call),
        }));
    }
}

fn text<'d>(node: Node<'d>, key: &str) -> Option<Text<'d>> {
    if node.kind() == Kind::Object { node.member(key).and_then(Node::text) } else { None }
}
