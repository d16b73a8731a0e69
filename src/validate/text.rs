//! What is wrong with the text itself, whatever it says: what the JSON layer accepts and a reader may not.

use crate::codes;
use crate::finding::Effect;
use crate::format::Dialect;
use crate::json::Source;
use crate::record::Reader;

/// Judges one text. Forgets what was raised inside of values that a duplicate key overrides.
pub(super) fn judge<'d>(source: &'d Source, cx: &mut Reader<'d>) {
    let root = source.root();
    if source.has_bom() {
        cx.raise(codes::BOM, Effect::Refused, root, "the text starts with a byte order mark");
    }
    let refused = if cx.dialect == Dialect::TypeScript { Effect::Refused } else { Effect::Note };
    for node in source.nonfinite() {
        cx.raise(codes::NONFINITE, refused, node, "expected a JSON number, found NaN or an infinity");
    }
    let overridden = source.duplicates();
    cx.forget_inside(&overridden);
    for node in overridden {
        let message = "the key stands again further down; the SDK reads the last one only";
        cx.raise_at_key(codes::DUPLICATE_KEY, Effect::Lost, node, message);
    }
    for text in source.lone_surrogates() {
        cx.raise(codes::LONE_SURROGATE, Effect::Note, text.node(), "the string holds half of a surrogate pair");
    }
}
