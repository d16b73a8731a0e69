//! The labels at which something changed.

use crate::format::Bound;

macro_rules! labels {
    ($($(#[doc = $doc:literal])* $name:ident = $label:literal;)*) => {
        $($(#[doc = $doc])* pub(super) const $name: Bound = Bound::label($label);)*
    };
}

labels! {
    /// Nested runs of agents used as tools.
    V1_1 = 1;
    /// `reasoning_item_id_policy`.
    V1_2 = 2;
    /// `request_id` of model responses.
    V1_4 = 4;
    /// Tool search items, namespaces, lookup keys.
    V1_5 = 5;
    /// Texts of rejections.
    V1_6 = 6;
    /// Identities of agents, the sandbox.
    V1_7 = 7;
    /// `generated_prompt_cache_key`.
    V1_8 = 8;
    /// Custom tools, and tool origins from 0.14.2.
    V1_9 = 9;
    /// `max_turns` may be null.
    V1_10 = 10;
    /// `custom_data` of tool outputs.
    V1_11 = 11;
    /// Tokens written to the prompt cache.
    V1_12 = 12;
    /// Programs, and who owns which items.
    V1_13 = 13;
    /// Approvals of hosted MCP tools by server.
    V1_14 = 14;
    /// The ledger of tool calls, staged input, scopes of standing decisions.
    V1_15 = 15;
    /// Ownership of the current response, unfinished session writes, terminal runs.
    V1_17 = 17;
    /// Approvals that belong to an agent, bindings of MCP calls.
    V1_18 = 18;
    /// Withheld session writes.
    V1_19 = 19;
    /// Where the current response's guardrail results start.
    V1_20 = 20;
}

/// The release that first passes over decisions that are no records; it kept the label.
pub(super) const LENIENT_DECISIONS: Bound = Bound::release(10, 17, 3);
/// The release that first wrote where a tool comes from; it kept the label.
pub(super) const ORIGINS: Bound = Bound::release(9, 14, 2);
/// The release that first wrote the resolved name of a called tool; it kept the label.
pub(super) const TOOL_NAMES: Bound = Bound::release(9, 14, 7);
