//! The top level of a state.

use crate::detect::{Identity, identify};
use crate::finding::Effect;
use crate::format::Dialect;
use crate::json::{Document, Kinds, Node, Text};
use crate::record::{
    Absent, Flag, Label, List, Map, Natural, Reader, Row, Slot, True, Wire as _, Word, nullable, nullish, optional,
    record, required, union, words,
};

use super::actions::ProcessedResponse;
use super::bounds::{PERSISTED, v};
use super::context::Context;
use super::guardrails::{
    InputGuardrailResult, OutputGuardrailResult, ToolInputGuardrailResult, ToolOutputGuardrailResult,
};
use super::items::{AgentRef, RunItem};
use super::ledger::{AgentCallIds, AgentEvidence, AgentFingerprints};
use super::nested::NestedRun;
use super::raw::ModelItem;
use super::response::ModelResponse;
use super::sandbox::Sandbox;
use super::session::{HistoryTransaction, Ownership, PendingWrite};
use super::step::Step;
use super::trace::{Span, Trace};
use super::values::Finite;

words! {
    /// Whether the ids of reasoning items are sent back to the model.
    pub enum ReasoningIds { Preserve = "preserve", Omit = "omit" }
}

union! {
    /// Input of a run: a text or items.
    pub enum Input<'d> by kind {
        Text(Text<'d>);
        Items(List<'d, ModelItem<'d>>);
    }
}

/// The turn limit as readers before 1.11 take it: as a number.
const LIMITED: Row = required("maxTurns");

/// No limit is a value for all readers from 1.11 on, whatever the label.
fn unlimited(node: Node<'_>) -> Option<Effect> {
    node.is_null().then_some(Effect::Note)
}

record! {
    /// A paused or finished run (`SerializedRunState`).
    pub struct State<'d>, unknown: Dropped {
        /// `1.` and a number; the two dialects count separately.
        schema_version: Slot<'d, Label<'d>> = required("$schemaVersion").judged_elsewhere();
        /// Turns so far.
        current_turn: Slot<'d, Finite<'d>> = required("currentTurn");
        current_agent: Slot<'d, AgentRef<'d>> = required("currentAgent");
        original_input: Slot<'d, Input<'d>> = required("originalInput");
        /// Input that the next turn takes up (`RunState#addInput`).
        pending_input: Slot<'d, List<'d, ModelItem<'d>>> = optional("pendingInput").absent_is(Absent::Empty).since(v(18)).gated();
        model_responses: Slot<'d, List<'d, Box<ModelResponse<'d>>>> = required("modelResponses");
        context: Slot<'d, Context<'d>> = required("context");
        /// Names of the tools that each agent has used.
        tool_use_tracker: Slot<'d, Map<'d, List<'d, Text<'d>>>> = required("toolUseTracker");
        /// `null` for no limit.
        max_turns: Slot<'d, Finite<'d>> = nullable("maxTurns").before(v(11), Kinds::NUMBER).weighed(unlimited).read_before(v(11), &LIMITED);
        current_agent_span: Slot<'d, Span<'d>> = nullish("currentAgentSpan").absent_is(Absent::Null);
        /// Whether the next turn starts an agent.
        no_active_agent_run: Slot<'d, Flag<'d>> = required("noActiveAgentRun");
        input_guardrail_results: Slot<'d, List<'d, InputGuardrailResult<'d>>> = required("inputGuardrailResults");
        initial_input_guardrails_completed: Slot<'d, Flag<'d>> =
            required("initialInputGuardrailsCompleted").absent_is(Absent::False).since(v(21)).if_absent(Effect::Note);
        output_guardrail_results: Slot<'d, List<'d, OutputGuardrailResult<'d>>> = required("outputGuardrailResults");
        tool_input_guardrail_results: Slot<'d, List<'d, ToolInputGuardrailResult<'d>>> =
            required("toolInputGuardrailResults").absent_is(Absent::Empty).since(v(1)).if_absent(Effect::Note);
        tool_output_guardrail_results: Slot<'d, List<'d, ToolOutputGuardrailResult<'d>>> =
            required("toolOutputGuardrailResults").absent_is(Absent::Empty).since(v(1)).if_absent(Effect::Note);
        current_turn_in_progress: Slot<'d, Flag<'d>> =
            required("currentTurnInProgress").absent_is(Absent::False).since(v(1)).if_absent(Effect::Note);
        current_step: Slot<'d, Step<'d>> = optional("currentStep");
        last_model_response: Slot<'d, ModelResponse<'d>> = optional("lastModelResponse");
        /// The history after the original input.
        generated_items: Slot<'d, List<'d, Box<RunItem<'d>>>> = required("generatedItems");
        ownership: Slot<'d, Ownership<'d>> = optional("currentResponseGeneratedItemOwnership").since(v(20)).gated();
        /// Paused runs of agents used as tools, by tool key and call id.
        pending_agent_tool_runs: Slot<'d, Map<'d, NestedRun<'d>>> =
            required("pendingAgentToolRuns").absent_is(Absent::Empty).since(v(2)).if_absent(Effect::Note);
        /// Keys of nested runs from labels before 1.16.
        pending_agent_tool_run_aliases: Slot<'d, Map<'d, Text<'d>>> =
            required("pendingAgentToolRunAliases").absent_is(Absent::Empty).since(v(16)).if_absent(Effect::Note);
        last_processed_response: Slot<'d, ProcessedResponse<'d>> = optional("lastProcessedResponse");
        /// How many items of this turn the session has already.
        persisted_count: Slot<'d, Natural<'d>> =
            required("currentTurnPersistedItemCount").absent_is(Absent::Zero).since(PERSISTED).if_absent(Effect::Note);
        compacted_count: Slot<'d, Natural<'d>> =
            optional("currentTurnSessionWriteCompactedItemCount").since(v(20)).gated();
        deferred_indexes: Slot<'d, List<'d, Natural<'d>>> =
            optional("currentTurnDeferredSessionItemIndexes").since(v(17)).gated();
        blocked_start: Slot<'d, Natural<'d>> = optional("currentTurnBlockedSessionStartIndex").since(v(17)).gated();
        session_bound: Slot<'d, True<'d>> = optional("currentTurnExecutedWithSessionBinding").since(v(17)).gated();
        session_input: Slot<'d, List<'d, ModelItem<'d>>> =
            optional("currentTurnSessionInputItems").absent_is(Absent::Empty).since(v(17)).gated();
        history_transaction: Slot<'d, HistoryTransaction<'d>> =
            optional("pendingSessionHistoryTransaction").since(v(17)).gated();
        pending_write: Slot<'d, PendingWrite<'d>> = optional("pendingSessionWrite").since(v(20)).gated();
        /// Fingerprints of finished calls.
        completed: Slot<'d, List<'d, AgentFingerprints<'d>>> = required("completedToolInvocations").since(v(18));
        evidence: Slot<'d, List<'d, AgentEvidence<'d>>> = required("completedToolInvocationEvidence").since(v(18));
        ambiguous: Slot<'d, List<'d, AgentCallIds<'d>>> = required("ambiguousToolInvocationCallIds").since(v(18));
        /// Compacted history of a state from before 1.16 that the session has not been told of.
        legacy_compaction: Slot<'d, List<'d, ModelItem<'d>>> =
            optional("pendingLegacyCompactionSessionItems").since(v(16)).gated();
        conversation_id: Slot<'d, Text<'d>> = optional("conversationId").since(v(1));
        previous_response_id: Slot<'d, Text<'d>> = optional("previousResponseId").since(v(1));
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningIds>> = optional("reasoningItemIdPolicy").since(v(5));
        trace: Slot<'d, Trace<'d>> = nullable("trace");
        sandbox: Slot<'d, Sandbox<'d>> = optional("sandbox").since(v(9));
    }
}

impl<'d> State<'d> {
    /// Reads a document as a state of the TypeScript SDK under its own label, or gives `None` when it is none. What is wrong with it
    /// is left aside here, where [`judge`](crate::judge) says it; what is missing or of a wrong type is a
    /// [`Slot`] without a value.
    ///
    /// ```
    /// use runstate::json::Document;
    /// use runstate::typescript::State;
    ///
    /// let doc = Document::parse(std::fs::read("fixtures/typescript/1.22/nested_two.json")?)?;
    /// let state = State::of(&doc).expect("a state of the TypeScript SDK");
    /// let agent = state.current_agent.value().and_then(|agent| agent.name.value());
    /// assert_eq!(agent.map(|name| name.lossy()).as_deref(), Some("Outer"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(doc: &'d Document) -> Option<Self> {
        let Identity::State { dialect: Dialect::TypeScript, label, .. } = identify(doc.root()) else { return None };
        let mut cx = Reader::new(doc, Dialect::TypeScript, label.effective(Dialect::TypeScript));
        Self::read_from(doc.root(), &mut cx)
    }

    /// Reads a state under the reader's label, which collects what is wrong, or gives `None` when the node is no object.
    pub fn read_from(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        Self::read(node, cx)
    }

    /// The history after the original input.
    pub fn history(&self) -> impl Iterator<Item = &RunItem<'d>> {
        self.generated_items.value().into_iter().flat_map(List::values).map(Box::as_ref)
    }
}
