//! Results of guardrails.

use crate::finding::Effect;
use crate::json::{Node, Text};
use crate::record::{Absent, Flag, Sifted, Slot, Tag, nullable, record, required, tag, union};

use super::items::{AgentRef, ByIdentity};
use super::weigh;

/// Declares the record of a guardrail and of its result.
macro_rules! named {
    ($(#[doc = $doc:literal])* $name:ident, $kind:literal) => {
        record! {
            $(#[doc = $doc])*
            pub struct $name<'d>, unknown: Dropped {
                kind: Tag<'d> = tag("type", &[$kind]).if_absent(Effect::Note).weighed(weigh::kind);
                name: Slot<'d, Text<'d>> = nullable("name").tolerated(Effect::Note);
            }
        }
    };
}

named!(
    /// A guardrail of the input.
    InputGuardrail, "input"
);
named!(
    /// A guardrail of the output.
    OutputGuardrail, "output"
);
named!(
    /// A guardrail of a tool's input.
    ToolInputGuardrail, "tool_input"
);
named!(
    /// A guardrail of a tool's output.
    ToolOutputGuardrail, "tool_output"
);

record! {
    /// What a guardrail found.
    pub struct GuardrailOutput<'d>, unknown: Dropped {
        tripwire_triggered: Slot<'d, Flag<'d>> = required("tripwireTriggered").tolerated(Effect::Note);
        output_info: Slot<'d, Node<'d>> = required("outputInfo").tolerated(Effect::Note);
    }
}

record! {
    /// A result of an input guardrail.
    pub struct InputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, InputGuardrail<'d>> = required("guardrail").if_absent(Effect::Note).if_wrong(Effect::Note);
        output: Slot<'d, GuardrailOutput<'d>> = required("output").tolerated(Effect::Note);
    }
}

record! {
    /// A result of an output guardrail.
    pub struct OutputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, OutputGuardrail<'d>> = required("guardrail").if_absent(Effect::Note).if_wrong(Effect::Note);
        output: Slot<'d, GuardrailOutput<'d>> = required("output").tolerated(Effect::Note);
        /// The output that was judged.
        agent_output: Slot<'d, Node<'d>> = required("agentOutput").tolerated(Effect::Note);
        /// The current agent stands in for one that is not known.
        agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("agent").tolerated(Effect::Note);
    }
}

record! {
    /// The tool call goes on.
    pub struct Allow<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["allow"]);
    }
}

record! {
    /// The model gets a message instead of the tool's output.
    pub struct RejectContent<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["reject_content"]);
        message: Slot<'d, Text<'d>> = required("message");
    }
}

record! {
    /// The run ends with an exception.
    pub struct RaiseException<'d>, unknown: Kept {
        kind: Tag<'d> = tag("type", &["raise_exception"]);
    }
}

union! {
    /// What follows from what a tool's guardrail found.
    pub enum Behavior<'d> by tag "type" {
        Allow(Allow<'d>);
        RejectContent(RejectContent<'d>);
        RaiseException(RaiseException<'d>);
    }
}

record! {
    /// What a tool's guardrail found.
    pub struct ToolGuardrailOutput<'d>, unknown: Dropped {
        output_info: Slot<'d, Node<'d>> = nullable("outputInfo").absent_is(Absent::Null).tolerated(Effect::Note);
        behavior: Slot<'d, Behavior<'d>> = required("behavior").tolerated(Effect::Note);
    }
}

record! {
    /// A result of a tool's input guardrail.
    pub struct ToolInputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, ToolInputGuardrail<'d>> =
            required("guardrail").if_absent(Effect::Note).if_wrong(Effect::Note);
        output: Slot<'d, ToolGuardrailOutput<'d>> = required("output").tolerated(Effect::Note);
    }
}

record! {
    /// A result of a tool's output guardrail.
    pub struct ToolOutputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, ToolOutputGuardrail<'d>> =
            required("guardrail").if_absent(Effect::Note).if_wrong(Effect::Note);
        output: Slot<'d, ToolGuardrailOutput<'d>> = required("output").tolerated(Effect::Note);
    }
}

/// A result, and whether the reader drops it because it says that it is another guardrail's.
pub type Result<T> = Sifted<T>;
