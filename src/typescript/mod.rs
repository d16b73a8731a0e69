//! The format of the TypeScript SDK, `@openai/agents`: `RunState#toString()` and `RunState.fromString()`.
//!
//! One superset of all labels from 1.0 to 1.22, with what the readers of all releases do about faults, each with the zod of its time.
//! Shapes are those of `SerializedRunState` and of the protocol schemas (`runState.mjs`, `types/protocol.mjs`).

mod actions;
mod approvals;
mod bounds;
mod calls;
mod canonical;
mod context;
#[doc(hidden)]
pub mod convert;
mod decide;
mod fingerprint;
mod guardrails;
mod items;
mod ledger;
mod lift;
mod nested;
pub mod raw;
mod response;
mod rules;
mod sandbox;
mod session;
mod state;
mod step;
mod trace;
mod values;
mod versions;

pub use actions::{
    ApplyPatchAction, ComputerAction, FunctionAction, FunctionNotFound, HandoffAction, HostedMcp, LiveCall,
    LiveHandoff, LiveTool, McpBinding, McpRequest, McpRequestItem, McpTool, McpToolBinding, NotFoundReason,
    ProcessedResponse, RequestedCall, ShellAction, Unbound,
};
pub use approvals::{AgentApprovals, AgentInvocations, ApprovalRecord, Decisions};
pub use calls::ToolKey;
pub(crate) use canonical::{as_javascript, stringify};
pub use context::Context;
pub(crate) use decide::decide;
pub use fingerprint::Fingerprint;
pub use guardrails::{
    AllowBehavior, Behavior, GuardrailOutput, InputGuardrail, InputGuardrailResult, OutputGuardrail,
    OutputGuardrailResult, RejectBehavior, ThrowBehavior, ToolGuardrailOutput, ToolInputGuardrail,
    ToolInputGuardrailResult, ToolOutputGuardrail, ToolOutputGuardrailResult,
};
pub use items::{
    AgentRef, CompactionRunItem, Executed, HandoffCallItem, HandoffOutputItem, InputRunItem, MessageOutputItem,
    ReasoningRunItem, RunItem, ToolApprovalItem, ToolCallItem, ToolCallOutputItem, ToolSearchCallRunItem,
    ToolSearchOutputRunItem,
};
pub use ledger::{
    AgentCallIds, AgentEvidence, AgentFingerprints, Evidence, EvidenceIndex, EvidenceInline, EvidenceItem,
};
pub use lift::lift;
pub use nested::NestedRun;
pub use response::{ModelResponse, RequestUsage, Usage};
pub use rules::judge;
pub use sandbox::{Sandbox, SandboxEntry, SandboxEnvelope};
pub use session::{
    AppendReady, CompactionPending, HandoffInput, HistoryTransaction, Ownership, PendingWrite, PreparedWrite,
    TerminalBehavior, TerminalFinalization, TransactionKind,
};
pub use state::{Input, ReasoningIds, State};
pub use step::{FinalOutputStep, HandoffStep, Interruption, InterruptionData, InterruptionStep, RunAgainStep, Step};
pub use trace::{PreviousSpan, Span, SpanError, Trace};
pub use values::Finite;
pub use versions::VERSIONS;

use crate::finding::Effect;
use crate::record::{Row, required};
use bounds::v;

/// A place that the SDK fills in a known way and does not look at when it reads (`z.any()`).
const fn anything(row: Row) -> Row {
    row.if_wrong(Effect::Note).if_element_wrong(Effect::Note).inside(Effect::Note)
}

/// The same in the schemas that zod before 4.4 checked: absence is a value, too.
const ANYTHING_OR_ABSENT: Row = anything(required("any")).if_absent(Effect::Note);
