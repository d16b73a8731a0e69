//! A whole state inside a string: the paused run of an agent that is used as a tool.

use crate::codes;
use crate::detect::{self, Label};
use crate::finding::Effect;
use crate::format::Dialect;
use crate::json::{Kind, Node, Style, Text, Writer};
use crate::record::{NESTING, Reader, Shape, Wire};

use super::State;

/// The text of a nested run, and the state that it holds.
#[derive(Debug)]
pub struct NestedRun<'d> {
    /// The text.
    pub text: Text<'d>,
    /// The state under its own label; nothing when the text is no state, or nested deeper than [`NESTING`].
    pub state: Option<Box<State<'d>>>,
    /// The number behind `1.` of the nested state's label.
    pub label: u16,
    /// Whether the reader refuses the nested state for its shape alone.
    pub refused: bool,
}

impl<'d> NestedRun<'d> {
    /// Reads the text; what is wrong with it does not concern the reader of the state around it, which keeps the text as
    /// it is (`pendingAgentToolRuns` in `SerializedRunState`, release 0.20.0).
    fn open(&mut self, cx: &mut Reader<'d>) {
        let node = self.text.node();
        let root = match cx.doc.decode(node) {
            Ok(root) if root.kind() == Kind::Object => root,
            Ok(root) => {
                self.refused = true;
                let message = format!("expected the text of a nested state, found that of {}", root.kind());
                return cx.raise(codes::NESTED_RUN, Effect::Stuck, node, message);
            }
            Err(error) => {
                self.refused = true;
                let message = format!("expected the text of a nested state: {}", error.problem);
                return cx.raise(codes::NESTED_RUN, Effect::Stuck, node, message);
            }
        };
        cx.texts.push(root);
        let label = detect::label(root, Dialect::TypeScript);
        self.label = label.effective(Dialect::TypeScript);
        let (state, refused) = cx.nested(self.label, |cx| {
            judge_label(label, root, cx);
            State::read_from(root, cx)
        });
        self.state = state.map(Box::new);
        self.refused = refused;
    }
}

/// Raises what is wrong with the label of a nested state.
fn judge_label<'d>(label: Label<'d>, root: Node<'d>, cx: &mut Reader<'d>) {
    let (code, node, message) = match label {
        Label::Known(label) if label <= cx.reader.format.label => return,
        Label::Known(_) => {
            let node = root.member("$schemaVersion").unwrap_or(root);
            (codes::UNKNOWN_LABEL, node, "the reader does not know the label of the nested state")
        }
        Label::Newer(node) | Label::Unknown(node) => {
            (codes::UNKNOWN_LABEL, node, "the nested state's label is unknown")
        }
        Label::NotText(node) => (codes::LABEL_TYPE, node, "expected the label of the nested state as a string"),
        Label::Missing => {
            let node = root.member("$schemaVersion").unwrap_or(root);
            (codes::NO_LABEL, node, "the label `$schemaVersion` of the nested state is missing or empty")
        }
    };
    cx.raise(code, Effect::Refused, node, message);
}

impl<'d> Wire<'d> for NestedRun<'d> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        let mut run = Self { text: node.text()?, state: None, label: cx.label, refused: false };
        if cx.depth >= NESTING {
            let message = format!("runs nested deeper than {NESTING} are not looked at");
            cx.raise(codes::NESTED_TOO_DEEP, Effect::Note, node, message);
        } else {
            run.open(cx);
        }
        Some(run)
    }

    fn write(&self, out: &mut Writer) {
        match &self.state {
            Some(state) => {
                let mut nested = Writer::new(Style::TypeScript);
                state.write(&mut nested);
                out.string(&nested.finish());
            }
            None => out.text(self.text),
        }
    }

    fn node(&self) -> Node<'d> {
        self.text.node()
    }

    fn shape() -> Shape {
        Shape::StateText
    }
}
