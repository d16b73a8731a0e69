//! The trace that the run belongs to.

use crate::codes;
use crate::finding::Effect;
use crate::json::{Node, Text, Writer};
use crate::record::{
    NESTING, Open, Reader, Shape, Slot, Tag, Wire, nullable, nullish, optional, record, required, tag,
};

use super::v;

record! {
    /// A trace (`serializedTraceSchema`).
    pub struct Trace<'d>, unknown: Dropped {
        object: Tag<'d> = tag("object", &["trace"]);
        id: Slot<'d, Text<'d>> = required("id");
        workflow_name: Slot<'d, Text<'d>> = required("workflow_name");
        group_id: Slot<'d, Text<'d>> = nullable("group_id");
        metadata: Slot<'d, Open<'d>> = required("metadata");
        /// The key that the trace is sent with; a secret.
        tracing_api_key: Slot<'d, Text<'d>> = nullish("tracing_api_key").since(v(1));
    }
}

record! {
    /// What went wrong in a span.
    pub struct SpanError<'d>, unknown: Dropped {
        message: Slot<'d, Text<'d>> = required("message");
        data: Slot<'d, Open<'d>> = optional("data");
    }
}

record! {
    /// A span (`SerializedSpan`).
    pub struct Span<'d>, unknown: Dropped {
        object: Tag<'d> = tag("object", &["trace.span"]);
        id: Slot<'d, Text<'d>> = required("id");
        trace_id: Slot<'d, Text<'d>> = required("trace_id");
        parent_id: Slot<'d, Text<'d>> = nullable("parent_id");
        started_at: Slot<'d, Text<'d>> = nullable("started_at");
        ended_at: Slot<'d, Text<'d>> = nullable("ended_at");
        error: Slot<'d, SpanError<'d>> = nullable("error");
        span_data: Slot<'d, Open<'d>> = required("span_data");
        previous_span: Slot<'d, PreviousSpan<'d>> = optional("previous_span");
    }
}

/// The span before; opaque where spans are nested deeper than [`NESTING`].
#[derive(Debug)]
pub enum PreviousSpan<'d> {
    /// The span.
    Span(Box<Span<'d>>),
    /// A span that was not looked at.
    Opaque(Node<'d>),
}

impl<'d> Wire<'d> for PreviousSpan<'d> {
    fn read(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        if cx.depth >= NESTING {
            let message = format!("spans nested deeper than {NESTING} are not looked at");
            cx.raise(codes::NESTED_TOO_DEEP, Effect::Note, node, message);
            return Some(Self::Opaque(node));
        }
        cx.depth += 1;
        let span = Span::read(node, cx).map(|span| Self::Span(Box::new(span)));
        cx.depth -= 1;
        span
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Span(span) => span.write(out),
            Self::Opaque(node) => out.node(*node),
        }
    }

    fn node(&self) -> Node<'d> {
        match self {
            Self::Span(span) => span.node(),
            Self::Opaque(node) => *node,
        }
    }

    fn shape() -> Shape {
        Span::shape()
    }
}
