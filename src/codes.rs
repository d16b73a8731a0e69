//! The stable codes of all findings.

use std::fmt;

use serde::{Serialize, Serializer};

/// A stable code, such as `RS301`. Codes keep their meaning for ever; a code that is no longer used is never given away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

/// What there is to say of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// A name in words and hyphens.
    pub name: &'static str,
    /// What the finding means and what it leads to.
    pub text: &'static str,
    /// What to do about it.
    pub help: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $text:literal])* $name:ident = $number:literal $slug:literal, $help:literal;)*) => {
        $(#[doc = concat!("`RS", $number, "` ", $slug)] pub const $name: Code = Code($number);)*

        /// All codes, in order.
        pub const ALL: &[Explanation] = &[$(Explanation {
            code: Code($number),
            name: $slug,
            text: concat!($($text),*),
            help: $help,
        }),*];
    };
}

codes! {
    /// The text is not JSON from this place on. Both SDKs refuse it.
    SYNTAX = 101 "syntax", "Repair the text here, or save the state again with the SDK.";
    /// The file is empty or holds white space alone.
    EMPTY = 102 "empty", "Check that the state was written completely.";
    /// The bytes are not UTF-8.
    ENCODING = 103 "encoding", "Store the state as UTF-8.";
    /// The file is larger than 4 GiB.
    TOO_LARGE = 104 "too-large", "Split the file; a single state of this size cannot be read.";
    /// The text starts with a byte order mark. JSON.parse refuses it, and Python's json does when it is given a string.
    BOM = 105 "byte-order-mark", "Save the file without a byte order mark.";
    /// `NaN`, `Infinity` and `-Infinity` are no JSON. Python writes and reads them; JSON.parse and most databases refuse them.
    NONFINITE = 106 "nonfinite-number", "Return null or a string from the tool instead of a number that JSON cannot hold.";
    /// A key stands twice in one object. Both SDKs read the last one and drop the others.
    DUPLICATE_KEY = 107 "duplicate-key", "Keep one of them.";
    /// Python's JSON parser gives up at about 1000 levels.
    TOO_DEEP = 108 "too-deep", "Store deep data outside of the state.";
    /// JavaScript holds integers exactly only up to 2^53; the TypeScript SDK changes this number when it saves the state.
    IMPRECISE_NUMBER = 109 "imprecise-number", "Return large numbers as strings.";
    /// A string holds half of a surrogate pair. Both SDKs write and read such strings, but it cannot be encoded as UTF-8.
    LONE_SURROGATE = 110 "lone-surrogate", "Cut texts at character boundaries before they get into the state.";

    /// The text is JSON, but no RunState of either SDK.
    NOT_A_STATE = 201 "not-a-state", "Give a file that RunState.to_string() (Python) or RunState#toString() (TypeScript) wrote.";
    /// `$schemaVersion` is missing or empty. Both SDKs refuse the file.
    NO_LABEL = 202 "no-label", "Restore the `$schemaVersion` that the SDK wrote.";
    /// `$schemaVersion` is not a string. Both SDKs refuse the file.
    LABEL_TYPE = 203 "label-type", "Write the label as a string, such as \"1.21\".";
    /// The reader does not know this label. No SDK release reads a label newer than its own.
    UNKNOWN_LABEL = 204 "unknown-label", "Read the file with an SDK release that knows the label; `runstate versions` names those that do.";
    /// Another port of the Agents SDK wrote this; its format is not one of the two SDKs'.
    OTHER_PORT = 205 "other-port", "Read it with the port that wrote it.";
    /// The file holds keys of both SDKs' formats.
    MIXED_DIALECTS = 206 "mixed-dialects", "Find out which SDK wrote the state and undo the edit.";
    /// The document is no state itself but holds one further down.
    STATE_ELSEWHERE = 207 "state-elsewhere", "Point at it with --at.";
    /// The file is not the dialect that the chosen reader reads.
    OTHER_DIALECT = 208 "other-dialect", "Choose a reader of the file's own dialect, or convert the file.";
    /// A feature is used that the reader refuses under this label.
    LABEL_GATE = 209 "label-gate", "Restore the label under which the state was written.";
    /// The rules by which the chosen reader judges were compared with another release, which writes the same label or a newer
    /// one.
    READER_RULES = 210 "reader-rules", "Load the state with the release itself before you rely on it.";
    /// A later release than the chosen reader wrote this field or kind of object; the reader does not know it.
    NOT_IN_READER = 211 "not-in-reader", "Read the state with a newer release of the SDK.";

    /// A field that the SDK always writes is missing.
    MISSING_FIELD = 301 "missing-field", "Restore the field, or save the state again with the SDK.";
    /// A field has another JSON type than the SDK writes.
    WRONG_TYPE = 302 "wrong-type", "Restore the value that the SDK wrote.";
    /// No format of this dialect has this key here.
    UNKNOWN_FIELD = 303 "unknown-field", "Remove it, or correct its spelling.";
    /// An object says that it is of a kind that does not exist here.
    UNKNOWN_TYPE = 304 "unknown-type", "Correct the spelling, or upgrade the SDK that reads it.";
    /// A value has the right type but is not one that the SDK writes.
    INVALID_VALUE = 305 "invalid-value", "Restore the value that the SDK wrote.";
    /// The field exists, but not in the format that the label names.
    NOT_IN_LABEL = 306 "not-in-label", "Restore the label under which the state was written.";
    /// Nested runs and spans are read to a depth of 64; what is deeper was not looked at.
    NESTED_TOO_DEEP = 307 "nested-too-deep", "Check the nested state on its own with --at.";

    /// An agent of the state is not among the agents that it is to be resumed with.
    UNKNOWN_AGENT = 401 "unknown-agent", "Resume with a program that has the agent, or correct the name.";
    /// An identity such as `name#2` is not among the agents that the state is to be resumed with.
    UNKNOWN_IDENTITY = 402 "unknown-identity", "Resume with the same agents, in the same order, as when the state was written.";
    /// A tool of the state is not among the tools of its agent.
    MISSING_TOOL = 403 "missing-tool", "Resume with a program in which the agent has the tool.";
    /// Several agents or tools have the same name, and the state does not say which one is meant.
    AMBIGUOUS_NAME = 404 "ambiguous-name", "Give the agents different names, or save the state with a release that writes identities.";
    /// The target of a handoff is missing or is not among the agents.
    HANDOFF_TARGET = 405 "handoff-target", "Resume with a program in which the agent has the handoff.";
    /// A tool output stands in the history without the call that it answers.
    OUTPUT_WITHOUT_CALL = 411 "output-without-call", "Restore the call, or remove its output.";
    /// A call stands in the history that is neither answered nor waits for a decision. Both SDKs leave it out of what they send to
    /// the model.
    CALL_WITHOUT_OUTPUT = 412 "call-without-output", "Restore the output, or remove the call.";
    /// Two different calls have the same id.
    DUPLICATE_CALL_ID = 413 "duplicate-call-id", "Give every call an id of its own.";
    /// A pending approval names a call that is not in the history: the model would be sent its output without the call.
    APPROVAL_WITHOUT_CALL = 414 "approval-without-call", "Restore the call item.";
    /// A pending approval is missing where the SDK looks for it on resume; the approved tool would silently never run.
    PENDING_NOT_IN_HISTORY = 415 "pending-not-in-history", "Restore the approval item, or save the state again with the SDK.";
    /// A pending call has no action to be executed with; the approved tool would silently never run.
    PENDING_WITHOUT_ACTION = 416 "pending-without-action", "Restore the entry of the last processed response.";
    /// The run is interrupted, but nothing is pending. On resume both SDKs look at the last response again, and ask again.
    NOTHING_PENDING = 417 "nothing-pending", "Restore the interruptions.";
    /// The run is interrupted, but the response that it was working on is missing.
    NO_RESPONSE = 418 "no-response", "Restore the last model response and the last processed response.";
    /// Calls are pending, but the step says that nothing is: no tool runs, no approval is asked.
    PENDING_FORGOTTEN = 419 "pending-forgotten", "Restore the interruption step.";
    /// An index points outside of its list, or to the wrong entry.
    INDEX = 421 "index", "Restore the index lists together with the items, or drop them where they are optional.";
    /// The block that says which items belong to the current response does not fit the items.
    OWNERSHIP = 422 "ownership", "Drop the block; the SDK does without it.";
    /// More items are said to be stored in the session than there are.
    PERSISTED_COUNT = 423 "persisted-count", "Restore the count.";
    /// Usage totals do not fit the usage of the single requests.
    USAGE_TOTALS = 424 "usage-totals", "Nothing to do if the totals were adjusted on purpose.";
    /// The turn counter has reached or passed the turn limit: the resumed run ends at once.
    TURN_LIMIT = 425 "turn-limit", "Raise the limit when resuming.";
    /// The same item stands in the history twice: the model would receive it twice.
    DUPLICATED_HISTORY = 426 "duplicated-history", "Remove one of them.";
    /// The service keeps the conversation, but the resumed run would send it items that it already has.
    RESENT_ITEMS = 427 "resent-items", "Drop the conversation id, or the items that the service already has.";
    /// The last model response is not the last of the model responses.
    RESPONSES_DIFFER = 428 "responses-differ", "Make both the same.";
    /// The run was marked as one that cannot be resumed.
    TERMINAL = 429 "terminal", "Start a new run.";
    /// The record of an unfinished session write contradicts itself or the state.
    PENDING_WRITE = 430 "pending-write", "Save the state again with the SDK, or start a new run from the session.";
    /// The record of session bookkeeping contradicts the state or cannot be resumed.
    SESSION = 431 "session", "Start a new run from the session history.";
    /// A nested run cannot be read: the call that waits for it cannot be finished.
    NESTED_RUN = 432 "nested-run", "Repair the nested state; its own findings say where.";
    /// The sandbox part of the state is not what the reader accepts.
    SANDBOX = 433 "sandbox", "Restore the sandbox state as the SDK wrote it.";
    /// The SDK throws the trace away when it loads this state, or what one of its spans says of an error.
    TRACE_LOST = 434 "trace-lost", "Keep the current agent span together with the trace; the error stands in the file alone.";
    /// The input guardrails are not marked as passed: the SDK refuses to resume the run.
    GUARDRAILS_OPEN = 435 "guardrails-open", "If the guardrails are known to have passed, set the mark; otherwise start a new run.";
    /// It is not known which server the call goes to: the call cannot be executed.
    MCP_BINDING = 436 "mcp-binding", "Restore the binding: null for a function tool of the program.";
    /// The SDK drops this item when it loads the state.
    ITEM_DROPPED = 437 "item-dropped", "Repair the item.";
    /// A guardrail result does not fit the state.
    GUARDRAIL_RESULT = 438 "guardrail-result", "Restore the guardrail results as the SDK wrote them.";
    /// The user's context cannot be restored from this state alone.
    CONTEXT = 439 "context", "Pass the context, or its deserializer, when resuming.";
    /// A type or name is no text; the Python SDK fails when it looks it up.
    UNHASHABLE_TYPE = 440 "unhashable-type", "Restore the text that the SDK wrote.";
    /// A call belongs to a program that is not there, is finished, or may not call this tool; the Python SDK refuses the state.
    CALLER = 441 "caller", "Restore the call's caller and the program that it belongs to.";
    /// The answer that waits holds the output of a program; the Python SDK takes it for a second one, and refuses to go on.
    PROGRAM_OUTPUT = 442 "program-output", "Start a new run, or let the TypeScript SDK go on with the run.";
    /// Nothing proves which items the response brought that waits. Where output guardrails watch the agent, the SDK refuses to go on.
    UNPROVEN_RESPONSE = 443 "unproven-response", "Where the agent has output guardrails, convert the state to the newest label, or start a new run.";
    /// The state says that the service has a response already, but not in which conversation, or how far it was worked on.
    ACCEPTED_RESPONSE = 460 "accepted-response", "Restore the marks and the conversation id as the SDK wrote them.";
    /// A search for tools and what it found do not belong together.
    TOOL_SEARCH = 461 "tool-search", "Restore the search, its output and their ids.";
    /// A call, its output or a request for approval has no call id.
    NO_CALL_ID = 463 "no-call-id", "Restore the call id.";
    /// A call of the computer says nothing of what to do.
    NO_ACTION = 464 "no-action", "Restore the actions of the call.";
    /// The interruptions are no list.
    INTERRUPTIONS = 465 "interruptions", "Restore the list of interruptions.";
    /// A key of a nested run from an old label leads nowhere.
    RUN_ALIAS = 466 "run-alias", "Remove the key, or restore the nested run.";

    /// A decision was given for a call that is not in the state.
    DECISION_WITHOUT_CALL = 501 "decision-without-call", "Remove the decision, or restore the call.";
    /// A decision has no effect with this reader: the call is asked again.
    DECISION_VOID = 502 "decision-void", "Decide again after loading.";
    /// The same call is both approved and rejected.
    CONTRADICTING_DECISIONS = 503 "contradicting-decisions", "Keep one of them.";
    /// A standing decision does not say what it was given for, so that the reader ignores it.
    STANDING_WITHOUT_SCOPE = 504 "standing-without-scope", "Decide again after loading.";
    /// A standing approval is given, and calls of the same tool are rejected one by one: readers before the precedence change run them.
    STANDING_AGAINST_EXACT = 505 "standing-against-exact", "Resume with a release that lets the single decision win.";
    /// A fingerprint is not that of the call.
    FINGERPRINT = 506 "fingerprint", "The call was changed after it was recorded; restore it.";
    /// The record of tool calls contradicts the history.
    LEDGER = 507 "ledger", "Restore the record and the history as the SDK wrote them.";
    /// The evidence of a finished call does not point at the call and its output.
    EVIDENCE = 508 "evidence", "Restore the evidence and the items as the SDK wrote them.";
    /// A call id cannot be tied to one call.
    AMBIGUOUS_CALL = 509 "ambiguous-call", "Give every call an id of its own.";
    /// The owner of a decision is missing, unknown or named twice.
    DECISION_OWNER = 510 "decision-owner", "Restore the owner's agent reference.";
    /// The pending call's tool does not ask in the program that resumes: the call runs although nobody approved it.
    NO_GATE = 511 "no-gate", "Make the tool ask for approval in the program that resumes.";
    /// A call was started, and what came of it is not recorded: it may run a second time.
    STARTED_CALL = 512 "started-call", "Find out whether the call took effect before resuming.";
    /// A call is routed to another tool than the one that was recorded.
    REROUTED_CALL = 513 "rerouted-call", "Restore the call's tool.";
    /// A tracing key stands in the state.
    TRACING_KEY = 531 "tracing-key", "Save the state without the tracing key, and revoke the key.";
    /// The configuration of a hosted MCP tool stands in the state, with headers or an authorization.
    MCP_CREDENTIALS = 532 "mcp-credentials", "Keep the state as secret as the credentials in it.";
    /// Credentials of the sandbox stand in the state.
    SANDBOX_CREDENTIALS = 533 "sandbox-credentials", "Keep the state as secret as the credentials in it.";
    /// A value looks like a secret.
    SECRET_LOOKALIKE = 534 "secret-lookalike", "Keep secrets out of texts and contexts.";
    /// The Python SDK cannot compute the fingerprint of a call, and fails.
    UNHASHABLE_CALL = 540 "unhashable-call", "Restore the call as the model made it.";
    /// A decision stands under a key that names no function.
    TOOL_KEY = 550 "tool-key", "Write the key as [\"bare\",name], [\"namespaced\",namespace,name] or [\"deferred_top_level\",name].";

    /// The SDK keeps a key that no released version defines.
    KEPT_UNKNOWN = 601 "kept-unknown", "Nothing to do if it is meant.";
    /// The target has no place for this, and it is left out.
    NO_PLACE = 602 "no-place", "Convert with --carry to get it back later, or keep the original file.";
    /// The target's SDK computes this itself, so it is computed anew and not copied.
    REBUILT = 603 "rebuilt", "Nothing to do.";
    /// The state does not say what the target needs to know; the likely answer is written.
    ASSUMED = 604 "assumed", "Check that it holds for this run.";
    /// The target holds this in another form or gives it another meaning.
    CHANGED_FORM = 605 "changed-form", "Check that the difference does not matter to you.";
    /// The target can hold this decision only for fewer calls than it was given for; it asks about the others.
    NARROWED = 606 "narrowed-decision", "Decide again when the target asks.";
    /// After this conversion a call would run that nobody approved, or run twice.
    WOULD_RUN = 607 "would-run", "Decide about the call first, or resume the run in its own SDK.";
    /// The target's language reads another number.
    NUMBER_CHANGES = 608 "number-changes", "Return large or exact numbers as strings.";
    /// The target cannot go on with a state of this kind.
    NOT_CONVERTIBLE = 609 "not-convertible", "Resume the run in its own SDK.";
    /// No call of this id waits for a decision.
    UNKNOWN_CALL = 610 "unknown-call", "`runstate inspect --approvals` lists the calls that wait.";
    /// Several calls of this id wait for a decision, in different runs.
    SEVERAL_CALLS = 611 "several-calls", "Say which run is meant with --inside.";
    /// The state cannot hold the decision so that the SDK heeds it and nothing else is decided.
    UNDECIDABLE = 612 "undecidable", "Decide in the program that runs the agents.";

    /// What a tool returned is not what the program's own JSON Schema for it says.
    OUTPUT_SCHEMA = 701 "output-schema", "Correct the tool, or the schema that runstate.toml names.";
    /// The context is not what the program's own JSON Schema for it says.
    CONTEXT_SCHEMA = 702 "context-schema", "Correct the context, or the schema that runstate.toml names.";
    /// The golden file of a state is not what is found about the state now.
    GOLDEN_DIFFERS = 711 "golden-differs", "Read the difference; when it is meant, `runstate test --update` writes the file anew.";
    /// A state has no golden file, and on a CI system none is written.
    GOLDEN_MISSING = 712 "golden-missing", "Run `runstate test` on your own machine and commit the golden file.";
    /// A golden file belongs to no state.
    GOLDEN_UNUSED = 713 "golden-unused", "Restore the state; `runstate test --update` removes the file.";
    /// A state is in another format than runstate.toml says.
    OTHER_FORMAT = 714 "other-format", "Write the state with the expected release, or correct `format` in runstate.toml.";
    /// The worst effect of a state's findings is another one than runstate.toml says.
    OTHER_VERDICT = 715 "other-verdict", "Repair the state, or correct `verdict` in runstate.toml.";
    /// A state cannot be converted to a format without changing more than runstate.toml allows.
    LOSS_LIMIT = 716 "loss-limit", "Allow the level in runstate.toml, or keep what is lost out of the state.";
}

impl Code {
    /// The number behind `RS`.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether it says that an object differs from what the SDK writes: what a JSON Schema can see.
    #[must_use]
    pub const fn is_structural(self) -> bool {
        matches!(self.0, 301..=306)
    }

    /// What there is to say of it.
    #[must_use]
    pub fn explanation(self) -> &'static Explanation {
        let at = ALL
            .binary_search_by_key(&self, |row| row.code)
            .expect("every code is made by the table, which is in order");
        &ALL[at]
    }

    /// The code written as `RS301`, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("RS").or_else(|| text.strip_prefix("rs"))?;
        let code = Self(digits.parse().ok()?);
        ALL.iter().any(|row| row.code == code).then_some(code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RS{}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
