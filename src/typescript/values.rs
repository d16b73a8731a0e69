//! Numbers as the SDK's schemas take them.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Node, Writer};
use crate::record::{Reader, Shape, Wire, known};

use super::bounds::OUTPUT_PARTS;

/// A finite number (`z.number()`). A literal such as `1e999` is `Infinity` for JavaScript, and refused.
#[derive(Clone, Copy, Debug)]
pub struct Finite<'d>(pub Node<'d>);

impl Finite<'_> {
    /// The double.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0.number().map_or(f64::NAN, |number| number.to_f64())
    }
}

impl<'d> Wire<'d> for Finite<'d> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        let value = node.number()?.to_f64();
        if value.is_infinite() {
            let message = "the number is too large for JavaScript, which reads Infinity here";
            // zod 3 took Infinity for a number.
            let effect = if cx.reader_has(OUTPUT_PARTS) { cx.zone.fault } else { Effect::Lost.min(cx.zone.fault) };
            cx.raise(codes::IMPRECISE_NUMBER, effect, node, message);
        }
        Some(Self(node))
    }

    fn write(&self, out: &mut Writer) {
        out.node(self.0);
    }

    fn node(&self) -> Node<'d> {
        self.0
    }

    fn shape() -> Shape {
        Shape::Number
    }
}

known!(
    /// The version of the state of a sandbox session, 1 to 5 (`SUPPORTED_SANDBOX_SESSION_STATE_VERSIONS`, release 0.20.0).
    /// Another number is told where labels and versions are compared.
    EnvelopeVersion, Shape::Integer(Some(1), Some(5)), |node, _| node.number().is_some()
);

impl EnvelopeVersion<'_> {
    /// The first label that knows the version; nothing when no release does.
    #[must_use]
    pub fn since(self) -> Option<u16> {
        let since = [0, 15, 18, 19, 20];
        let version = self.0.number()?.to_f64();
        (1..=5_u8).zip(since).find(|(number, _)| version == f64::from(*number)).map(|(_, since)| since)
    }
}
