//! The top level of a state.

use crate::detect::{Identity, identify};
use crate::finding::Effect;
use crate::format::Dialect;
use crate::json::{Document, Kinds, Node, Text};
use crate::record::{
    Absent, Flag, Int, Label, List, Map, Open, Reader, Slot, True, Wire as _, Word, nullable, optional, record,
    required, union,
};

use super::bounds::{V1_2, V1_4, V1_7, V1_8, V1_10, V1_13, V1_15, V1_17};
use super::context::{Context, Usage};
use super::guardrails::{
    InputGuardrailResult, OutputGuardrailResult, Result, ToolInputGuardrailResult, ToolOutputGuardrailResult,
};
use super::items::{AgentRef, ByIdentity, Items};
use super::raw::Outputs;
use super::session::{ItemOwnership, NestedHistoryRef, PendingSessionWrite, ReasoningPolicy, SessionIndex};
use super::step::{CurrentStep, ProcessedResponse};
use super::weigh;

union! {
    /// What the run was started with: a text, or input items as the user gave them. Their content is not checked.
    pub enum Input<'d> by kind {
        Text(Text<'d>);
        Items(List<'d, Node<'d>>);
    }
}

record! {
    /// A response of the model (`ModelResponse`).
    pub struct ModelResponse<'d>, unknown: Dropped {
        usage: Slot<'d, Usage<'d>> = required("usage").if_absent(Effect::Lost);
        output: Slot<'d, Outputs<'d>> = required("output").weighed(weigh::looped);
        response_id: Slot<'d, Text<'d>> = nullable("response_id").if_absent(Effect::Note);
        request_id: Slot<'d, Text<'d>> = nullable("request_id").since(V1_4).if_absent(Effect::Note);
    }
}

record! {
    /// The trace that the run belongs to (`TraceState`).
    pub struct Trace<'d>, unknown: Kept {
        object: Slot<'d, Text<'d>> = optional("object");
        id: Slot<'d, Text<'d>> = optional("id");
        workflow_name: Slot<'d, Text<'d>> = optional("workflow_name");
        group_id: Slot<'d, Text<'d>> = optional("group_id");
        metadata: Slot<'d, Open<'d>> = optional("metadata");
        /// A secret; written on request only.
        tracing_api_key: Slot<'d, Text<'d>> = optional("tracing_api_key");
        /// SHA-256 of the tracing key.
        tracing_api_key_hash: Slot<'d, Text<'d>> = optional("tracing_api_key_hash");
    }
}

record! {
    /// A paused or finished run (`RunState`).
    pub struct State<'d>, unknown: Dropped {
        /// `1.` and a number; the two dialects count separately.
        schema_version: Slot<'d, Label<'d>> = required("$schemaVersion").judged_elsewhere();
        current_turn: Slot<'d, Int<'d>> = required("current_turn").strict().if_wrong(Effect::Stuck);
        current_agent: Slot<'d, ByIdentity<AgentRef<'d>>> = required("current_agent").weighed(weigh::named)
            .read_before(V1_15, &required("current_agent"));
        original_input: Slot<'d, Input<'d>> = required("original_input").if_wrong(Effect::Stuck);
        /// Input that was given to the paused run and not yet taken up.
        pending_input: Slot<'d, List<'d, Node<'d>>> = required("pending_input").absent_is(Absent::Empty).since(V1_15).if_absent(Effect::Note);
        model_responses: Slot<'d, List<'d, Box<ModelResponse<'d>>>> =
            required("model_responses").if_absent(Effect::Lost).weighed(weigh::looped);
        context: Slot<'d, Context<'d>> = required("context");
        /// Names of the tools that each agent has used.
        tool_use_tracker: Slot<'d, Map<'d, List<'d, Text<'d>>>> = required("tool_use_tracker").absent_is(Absent::Empty).if_absent(Effect::Lost)
            .weighed(weigh::object_or_false).weighed_elements(weigh::names).inside(Effect::Lost);
        max_turns: Slot<'d, Int<'d>> = nullable("max_turns").before(V1_10, Kinds::NUMBER)
            .strict().weighed(weigh::null).if_wrong(Effect::Stuck);
        no_active_agent_run: Slot<'d, True<'d>> = required("no_active_agent_run").absent_is(Absent::True).ignored();
        input_guardrail_results: Slot<'d, List<'d, Result<InputGuardrailResult<'d>>>> =
            required("input_guardrail_results").absent_is(Absent::Empty).if_absent(Effect::Lost).weighed(weigh::results).inside(Effect::Lost);
        output_guardrail_results: Slot<'d, List<'d, Result<OutputGuardrailResult<'d>>>> =
            required("output_guardrail_results").absent_is(Absent::Empty).if_absent(Effect::Lost).weighed(weigh::results).inside(Effect::Lost);
        tool_input_guardrail_results: Slot<'d, List<'d, Result<ToolInputGuardrailResult<'d>>>> =
            required("tool_input_guardrail_results").absent_is(Absent::Empty).if_absent(Effect::Lost).weighed(weigh::results).inside(Effect::Lost);
        tool_output_guardrail_results: Slot<'d, List<'d, Result<ToolOutputGuardrailResult<'d>>>> =
            required("tool_output_guardrail_results").absent_is(Absent::Empty).if_absent(Effect::Lost).weighed(weigh::results).inside(Effect::Lost);
        conversation_id: Slot<'d, Text<'d>> = nullable("conversation_id").absent_is(Absent::Null).tolerated(Effect::Note);
        previous_response_id: Slot<'d, Text<'d>> = nullable("previous_response_id").absent_is(Absent::Null).tolerated(Effect::Note);
        auto_previous_response_id: Slot<'d, Flag<'d>> = required("auto_previous_response_id").absent_is(Absent::False).tolerated(Effect::Note);
        generated_prompt_cache_key: Slot<'d, Text<'d>> =
            nullable("generated_prompt_cache_key").absent_is(Absent::Null).since(V1_8).tolerated(Effect::Lost);
        reasoning_item_id_policy: Slot<'d, Word<'d, ReasoningPolicy>> =
            nullable("reasoning_item_id_policy").absent_is(Absent::Null).since(V1_2).if_absent(Effect::Note).weighed(weigh::policy);
        nested_history_owned_session_item_refs: Slot<'d, List<'d, NestedHistoryRef<'d>>> =
            required("nested_history_owned_session_item_refs").absent_is(Absent::Empty).since(V1_13).if_absent(Effect::Note);
        /// Where each generated item stands among the session items.
        generated_session_item_indexes: Slot<'d, List<'d, SessionIndex<'d>>> =
            required("generated_session_item_indexes").since(V1_13).tolerated(Effect::Lost);
        current_response_generated_item_ownership: Slot<'d, ItemOwnership<'d>> =
            optional("current_response_generated_item_ownership").since(V1_17).tolerated(Effect::Lost);
        /// What the model is shown; may be a filtered view.
        generated_items: Slot<'d, Items<'d>> = required("generated_items").if_absent(Effect::Lost)
            .weighed(weigh::looped).if_element_wrong(Effect::Refused).inside(Effect::Lost);
        /// The whole history.
        session_items: Slot<'d, Items<'d>> = required("session_items").if_absent(Effect::Lost)
            .weighed(weigh::looped).if_element_wrong(Effect::Refused).inside(Effect::Lost);
        current_step: Slot<'d, CurrentStep<'d>> = nullable("current_step").absent_is(Absent::Null).if_absent(Effect::Note)
            .weighed(weigh::object_or_false).inside(Effect::Stuck);
        /// A copy of the last response that is never read.
        last_model_response: Slot<'d, ModelResponse<'d>> = nullable("last_model_response").ignored();
        last_processed_response: Slot<'d, ProcessedResponse<'d>> =
            nullable("last_processed_response").absent_is(Absent::Null).if_absent(Effect::Note).weighed(weigh::object_or_false);
        current_turn_persisted_item_count: Slot<'d, Int<'d>> =
            required("current_turn_persisted_item_count").absent_is(Absent::Zero).tolerated(Effect::Note);
        pending_session_write: Slot<'d, PendingSessionWrite<'d>> =
            optional("pending_session_write").since(V1_17).gated().weighed(weigh::null);
        /// The run ended in a way that cannot be resumed.
        terminal_unrecoverable: Slot<'d, True<'d>> =
            optional("terminal_unrecoverable").since(V1_17).gated().weighed(weigh::null);
        trace: Slot<'d, Trace<'d>> = nullable("trace").absent_is(Absent::Null).tolerated(Effect::Lost);
        sandbox: Slot<'d, super::sandbox::Sandbox<'d>> = optional("sandbox").since(V1_7)
            .read_before(V1_15, &optional("sandbox").tolerated(Effect::Lost));
    }
}

impl<'d> State<'d> {
    /// Reads a document as a state of the Python SDK under its own label, or gives `None` when it is none. What is wrong with it
    /// is left aside here, where [`judge`](crate::judge) says it; what is missing or of a wrong type is a
    /// [`Slot`] without a value.
    ///
    /// ```
    /// use runstate::json::Document;
    /// use runstate::python::State;
    ///
    /// let doc = Document::parse(std::fs::read("fixtures/python/1.21/pending-first-turn.json")?)?;
    /// let state = State::of(&doc).expect("a state of the Python SDK");
    /// let agent = state.current_agent.value().and_then(|agent| agent.0.name.value());
    /// assert_eq!(agent.map(|name| name.lossy()).as_deref(), Some("Bank"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(doc: &'d Document) -> Option<Self> {
        let Identity::State { dialect: Dialect::Python, label, .. } = identify(doc.root()) else { return None };
        let mut cx = Reader::new(doc, Dialect::Python, label.effective(Dialect::Python));
        Self::read_from(doc.root(), &mut cx)
    }

    /// Reads a state under the reader's label, which collects what is wrong, or gives `None` when the node is no object.
    pub fn read_from(node: Node<'d>, cx: &mut Reader<'d>) -> Option<Self> {
        Self::read(node, cx)
    }
}
