//! Numbers as the SDK's schemas take them.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Node, Writer};
use crate::record::{Int, Reader, Shape, Wire};

use super::bounds::OUTPUT_PARTS;

/// The first double behind which not every integer has one of its own.
const UNSAFE: f64 = 9_007_199_254_740_992.0;

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

/// Declares a safe integer of at least so much.
macro_rules! integers {
    ($(#[doc = $doc:literal])* $name:ident from $least:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'d>(Int<'d>);

        impl $name<'_> {
            /// The value; one that is not exact in JavaScript counts as the largest.
            #[must_use]
            pub fn get(self) -> usize {
                self.0.get().and_then(|value| usize::try_from(value).ok()).unwrap_or(usize::MAX)
            }
        }

        impl<'d> Wire<'d> for $name<'d> {
            fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
                let int = Int::read(node, cx)?;
                let value = node.number()?.to_f64();
                if value < f64::from($least) {
                    return None;
                }
                if value >= UNSAFE {
                    let message = "the integer is too large for JavaScript to be exact, which the SDK refuses here";
                    cx.raise(codes::IMPRECISE_NUMBER, cx.zone.fault, node, message);
                }
                Some(Self(int))
            }

            fn write(&self, out: &mut Writer) {
                self.0.write(out);
            }

            fn node(&self) -> Node<'d> {
                self.0.0
            }

            fn shape() -> Shape {
                Shape::Integer(Some(i64::from($least)))
            }
        }
    };
}

integers!(
    /// A count or an index (`z.number().int().min(0)`).
    Index from 0_i32
);
integers!(
    /// A count of at least one (`z.number().int().min(1)`).
    OneOrMore from 1_i32
);
