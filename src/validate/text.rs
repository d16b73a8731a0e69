//! What is wrong with the text itself, whatever it says: what the JSON layer accepts and a reader may not.

use crate::codes;
use crate::finding::Effect;
use crate::format::Dialect;
use crate::json::{Node, Text};
use crate::record::Reader;

/// Judges the text of a state. Forgets what was raised inside of values that a duplicate key overrides.
pub(super) fn judge<'d>(root: Node<'d>, cx: &mut Reader<'d>) {
    let source = root.source();
    let inside = |node: &Node<'d>| (root.index()..root.end_index()).contains(&node.index());
    if source.has_bom() {
        cx.raise(codes::BOM, Effect::Refused, root, "the text starts with a byte order mark");
    }
    let refused = if cx.dialect == Dialect::TypeScript { Effect::Refused } else { Effect::Note };
    for node in source.nonfinite().filter(inside) {
        cx.raise(codes::NONFINITE, refused, node, "expected a JSON number, found NaN or an infinity");
    }
    let overridden: Vec<Node<'d>> = source.duplicates().into_iter().filter(inside).collect();
    cx.forget_inside(&overridden);
    for node in overridden {
        let message = "the key stands again further down; the SDK reads the last one only";
        cx.raise_at_key(codes::DUPLICATE_KEY, Effect::Lost, node, message);
    }
    for node in source.lone_surrogates().map(Text::node).filter(inside) {
        cx.raise(codes::LONE_SURROGATE, Effect::Note, node, "the string holds half of a surrogate pair");
    }
}
