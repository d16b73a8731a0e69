//! Texts that the Python SDK cannot send.

use crate::codes;
use crate::hash::HashSet;
use crate::json::{Document, Kind, Node, Value};
use crate::model::state::{Input, ItemKind, Record, State};
use crate::model::{Account, Level};

const REASON: &str = "the text holds half of a surrogate pair: the Python SDK reads it, and fails when it encodes it for \
                      the model";

/// Takes down every text that the model is to get and that is no Unicode. What is only stored stays as it is.
pub(super) fn judge<'d>(doc: &'d Document, state: &State<'d>, account: &Account<'d>) {
    let mut lone: HashSet<(u32, u32)> = HashSet::default();
    for source in doc.sources() {
        lone.extend(source.lone_surrogates().map(|text| (source.id(), text.node().index())));
    }
    if !lone.is_empty() {
        run(state, &Cx { lone, account });
    }
}

struct Cx<'a, 'd> {
    lone: HashSet<(u32, u32)>,
    account: &'a Account<'d>,
}

fn run<'d>(state: &State<'d>, cx: &Cx<'_, 'd>) {
    match &state.input {
        Input::Text(text) => cx.value(text),
        Input::Items(items) => items.iter().for_each(|raw| cx.value(raw)),
    }
    state.pending_input.iter().for_each(|raw| cx.value(raw));
    // The model is told of a decision, not asked for one.
    let told = state.items.iter().filter(|item| !matches!(item.kind, ItemKind::Approval { .. }));
    told.for_each(|item| cx.value(&item.raw));
    let context = &state.context;
    context.by_name.iter().for_each(|own| cx.record(&own.record));
    context.functions.iter().for_each(|own| cx.record(&own.record));
    context.hosted.iter().for_each(|own| cx.record(&own.record));
    let functions = state.processed.iter().flat_map(|processed| &processed.functions);
    functions.filter_map(|action| action.nested.as_deref()).for_each(|nested| run(nested, cx));
}

impl<'d> Cx<'_, 'd> {
    fn record(&self, record: &Record<'d>) {
        record
            .messages
            .iter()
            .map(|(_, message)| message)
            .chain(&record.standing_message)
            .for_each(|own| self.value(own));
    }

    fn value(&self, value: &Value<'d>) {
        match value {
            Value::Node(node) => self.node(*node),
            Value::List(list) => list.iter().for_each(|value| self.value(value)),
            Value::Object(object) => object.iter().for_each(|(_, value)| self.value(value)),
            Value::Text(_) | Value::Literal(_) => {}
        }
    }

    fn node(&self, node: Node<'d>) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match node.kind() {
                Kind::String if self.lone.contains(&(node.source().id(), node.index())) => {
                    self.account.note(codes::NOT_CONVERTIBLE, Level::Resume, Some(node), REASON);
                }
                Kind::Array => open.extend(node.elements()),
                Kind::Object => {
                    for member in node.members() {
                        let key = member.key.node();
                        if self.lone.contains(&(key.source().id(), key.index())) {
                            self.account.note(codes::NOT_CONVERTIBLE, Level::Resume, Some(member.value), REASON);
                        }
                        open.push(member.value);
                    }
                }
                _ => {}
            }
        }
    }
}
