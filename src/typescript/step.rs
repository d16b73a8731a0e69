//! Where the run stands.

use crate::finding::Effect;
use crate::json::Text;
use crate::record::{List, Slot, Tag, True, optional, record, required, tag, union};

use super::actions::LiveCall;
use super::items::AgentRef;
use super::{anything, v};

record! {
    /// The run goes on with another agent.
    pub struct HandoffStep<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["next_step_handoff"]);
        new_agent: Slot<'d, AgentRef<'d>> = anything(required("newAgent"));
    }
}

record! {
    /// The run has ended.
    pub struct FinalOutputStep<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["next_step_final_output"]);
        /// A text; of a typed output, its JSON.
        output: Slot<'d, Text<'d>> = required("output");
        /// The service has the response already.
        response_accepted: Slot<'d, True<'d>> = optional("responseAccepted").since(v(18)).gated();
        local_finalization_started: Slot<'d, True<'d>> = optional("localFinalizationStarted").since(v(18)).gated();
    }
}

record! {
    /// The model is called again.
    pub struct RunAgainStep<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["next_step_run_again"]);
    }
}

record! {
    /// A call that waits for a decision, as the run holds it; other members may stand beside these.
    pub struct Interruption<'d>, unknown: Open {
        kind: Tag<'d> = tag("type", &["tool_approval_item"]);
        raw_item: Slot<'d, LiveCall<'d>> = required("rawItem");
        agent: Slot<'d, AgentRef<'d>> = required("agent");
        tool_name: Slot<'d, Text<'d>> = optional("toolName");
        function_tool_state_key: Slot<'d, Text<'d>> = optional("functionToolStateKey").since(v(16));
    }
}

record! {
    /// What the run waits for; other members may stand beside these.
    pub struct InterruptionData<'d>, unknown: Open {
        interruptions: Slot<'d, List<'d, Interruption<'d>>> =
            required("interruptions").if_absent(Effect::Stuck).if_wrong(Effect::Stuck).inside(Effect::Note);
        /// The service has the response already.
        response_accepted: Slot<'d, True<'d>> = optional("responseAccepted").since(v(18)).gated();
        local_processing_started: Slot<'d, True<'d>> = optional("localProcessingStarted").since(v(18)).gated();
    }
}

record! {
    /// The run waits for decisions.
    pub struct InterruptionStep<'d>, unknown: Dropped {
        kind: Tag<'d> = tag("type", &["next_step_interruption"]);
        data: Slot<'d, InterruptionData<'d>> = required("data");
    }
}

union! {
    /// Where the run stands (`nextStep`).
    pub enum Step<'d> by tag "type" {
        Handoff(HandoffStep<'d>);
        FinalOutput(FinalOutputStep<'d>);
        RunAgain(RunAgainStep<'d>);
        Interruption(InterruptionStep<'d>);
    }
}

impl<'d> Step<'d> {
    /// What the run waits for.
    pub fn interruptions(&self) -> impl Iterator<Item = &Slot<'d, Interruption<'d>>> {
        let data = match self {
            Self::Interruption(step) => step.data.value(),
            _ => None,
        };
        data.and_then(|data| data.interruptions.value()).into_iter().flat_map(|list| &list.items)
    }
}
