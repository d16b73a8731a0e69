//! Numbers as the SDK's schemas take them.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Node, Writer};
use crate::record::{Reader, Shape, Wire};

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
