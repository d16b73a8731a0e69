//! The top level of a state.

use crate::json::Node;
use crate::record::{Label, Reader, Slot, Wire as _, record, required};

record! {
    /// A paused or finished run (`RunState`).
    pub struct State<'d>, unknown: Dropped {
        /// `1.` and a number; the two dialects count separately.
        schema_version: Slot<'d, Label<'d>> = required("$schemaVersion").judged_elsewhere();
    }
}

impl<'d> State<'d> {
    /// Reads a state under the reader's label, or gives `None` when the node is no object.
    pub fn read_from(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        Self::read(node, cx)
    }
}
