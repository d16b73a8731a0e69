//! What guardrails found.

use crate::json::{Node, Text};
use crate::record::{Flag, Slot, Tag, optional, record, required, tag, union};

use super::bounds::SANDBOXES;
use super::items::AgentRef;
use super::{ANYTHING_OR_ABSENT, anything};

/// Declares a guardrail of one kind.
macro_rules! guardrail {
    ($(#[doc = $doc:literal])* $name:ident $kind:literal) => {
        record! {
            $(#[doc = $doc])*
            pub struct $name<'d>, unknown: Dropped {
                kind: Tag<'d> = tag("type", &[$kind]);
                name: Slot<'d, Text<'d>> = required("name");
            }
        }
    };
}

guardrail!(
    /// A guardrail on the run's input.
    InputGuardrail "input"
);
guardrail!(
    /// A guardrail on the run's output.
    OutputGuardrail "output"
);
guardrail!(
    /// A guardrail on a tool's input.
    ToolInputGuardrail "tool_input"
);
guardrail!(
    /// A guardrail on a tool's output.
    ToolOutputGuardrail "tool_output"
);

record! {
    /// What a guardrail says (`guardrailFunctionOutputSchema`).
    pub struct GuardrailOutput<'d>, unknown: Dropped {
        tripwire_triggered: Slot<'d, Flag<'d>> = required("tripwireTriggered");
        /// Left out when the guardrail returned `undefined`; the reader then refuses the state.
        output_info: Slot<'d, Node<'d>> = optional("outputInfo");
    }
}

record! {
    /// What a guardrail said of the run's input.
    pub struct InputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, InputGuardrail<'d>> = required("guardrail");
        output: Slot<'d, GuardrailOutput<'d>> = required("output");
    }
}

record! {
    /// What a guardrail said of the run's output.
    pub struct OutputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, OutputGuardrail<'d>> = required("guardrail");
        /// What the guardrail looked at.
        agent_output: Slot<'d, Node<'d>> = anything(required("agentOutput")).read_before(SANDBOXES, &ANYTHING_OR_ABSENT);
        agent: Slot<'d, AgentRef<'d>> = required("agent");
        output: Slot<'d, GuardrailOutput<'d>> = required("output");
    }
}

record! {
    /// The call goes on.
    pub struct AllowBehavior<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["allow"]);
    }
}

record! {
    /// The model is told this instead.
    pub struct RejectBehavior<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["rejectContent"]);
        message: Slot<'d, Text<'d>> = required("message");
    }
}

record! {
    /// The run ends.
    pub struct ThrowBehavior<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["throwException"]);
    }
}

union! {
    /// What follows from a tool guardrail (`toolGuardrailBehaviorSchema`).
    pub enum Behavior<'d> by tag "type" {
        Allow(AllowBehavior<'d>);
        Reject(RejectBehavior<'d>);
        Throw(ThrowBehavior<'d>);
    }
}

record! {
    /// What a tool guardrail says.
    pub struct ToolGuardrailOutput<'d>, unknown: Dropped {
        output_info: Slot<'d, Node<'d>> = optional("outputInfo");
        behavior: Slot<'d, Behavior<'d>> = required("behavior");
    }
}

record! {
    /// What a guardrail said of a tool's input.
    pub struct ToolInputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, ToolInputGuardrail<'d>> = required("guardrail");
        output: Slot<'d, ToolGuardrailOutput<'d>> = required("output");
    }
}

record! {
    /// What a guardrail said of a tool's output.
    pub struct ToolOutputGuardrailResult<'d>, unknown: Dropped {
        guardrail: Slot<'d, ToolOutputGuardrail<'d>> = required("guardrail");
        output: Slot<'d, ToolGuardrailOutput<'d>> = required("output");
    }
}
