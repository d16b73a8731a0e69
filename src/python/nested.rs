//! A run of an agent that is used as a tool, while it waits inside its caller's state.

use crate::codes;
use crate::detect::{Label, label};
use crate::finding::Effect;
use crate::format::Dialect;
use crate::json::{Kind, Node, Writer};
use crate::record::{NESTING, Reader, Shape, Wire, Zone};

use super::State;

/// A whole state within another, under a label of its own. The reader drops one that it cannot load and only warns
/// (`_restore_pending_nested_agent_tool_runs`), so that nothing in it is worse than a call that cannot be finished.
#[derive(Debug)]
pub struct NestedState<'d> {
    /// The state, unless it lies too deep.
    pub state: Option<Box<State<'d>>>,
    /// The number behind `1.` of its label.
    pub label: u16,
    node: Node<'d>,
}

/// Reads, or judges, something in a nested state: under its label, and with nothing worse than a call that cannot be
/// finished. Other than in [`Reader::nested`], what makes the state unreadable counts for the action that holds it: without its
/// run the SDK takes the action's call for one that was started and never answered.
pub(super) fn within<'d, T>(cx: &mut Reader<'d>, label: u16, read: impl FnOnce(&mut Reader<'d>) -> T) -> T {
    let outer = std::mem::replace(&mut cx.label, label);
    cx.depth += 1;
    let zone = Zone { fault: Effect::Refused, worst: cx.zone.worst.min(Effect::Stuck) };
    let value = cx.within(zone, read);
    cx.depth -= 1;
    cx.label = outer;
    value
}

impl<'d> Wire<'d> for NestedState<'d> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        if node.kind() != Kind::Object {
            return None;
        }
        let own = label(node, Dialect::Python);
        let number = own.effective(Dialect::Python);
        if cx.depth >= NESTING {
            cx.raise(codes::NESTED_TOO_DEEP, Effect::Note, node, "this nested run lies too deep to be looked at");
            return Some(Self { state: None, label: number, node });
        }
        let state = within(cx, number, |cx| {
            judge_label(own, node, cx);
            State::read_from(node, cx)
        });
        Some(Self { state: state.map(Box::new), label: number, node })
    }

    fn write(&self, out: &mut Writer) {
        match &self.state {
            Some(state) => state.write(out),
            None => out.node(self.node),
        }
    }

    fn node(&self) -> Node<'d> {
        self.node
    }

    fn shape() -> Shape {
        Shape::State
    }
}

fn judge_label<'d>(own: Label<'d>, node: Node<'d>, cx: &mut Reader<'d>) {
    let (at, message) = match own {
        Label::Known(label) if label <= cx.reader.format.label => return,
        Label::Known(_) => {
            (node.member("$schemaVersion").unwrap_or(node), "the reader does not know the label of the nested run")
        }
        Label::Newer(at) | Label::Unknown(at) => (at, "the label of the nested run is unknown"),
        Label::NotText(at) => (at, "the label of the nested run is no string"),
        Label::Missing => (node.member("$schemaVersion").unwrap_or(node), "the nested run has no label"),
    };
    cx.raise(codes::NESTED_RUN, Effect::Stuck, at, message);
}
