//! The top level of a state.

use crate::json::{Node, Text};
use crate::record::{Reader, Slot, Wire as _, record, required};

record! {
    /// A paused or finished run (`RunState`).
    pub struct State<'d>, unknown: Dropped {
        schema_version: Slot<'d, Text<'d>> = required("$schemaVersion");
    }
}

impl<'d> State<'d> {
    /// Reads a state under the reader's label, or gives `None` when the node is no object.
    pub fn read_from(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        Self::read(node, cx)
    }
}
