//! The labels and releases at which something changed, in the format or in what the reader does with it.

use crate::format::Bound;

/// The bound of the label with this number behind `1.`.
pub(super) const fn v(label: u16) -> Bound {
    Bound::label(label)
}

/// The bound of the release with these two last numbers, which kept the label that stands first.
pub(super) const fn kept(label: u16, minor: u16, patch: u16) -> Bound {
    Bound::release(label, minor, patch)
}

macro_rules! bounds {
    ($($(#[doc = $doc:literal])* $name:ident = $bound:expr;)*) => {
        $($(#[doc = $doc])* pub(super) const $name: Bound = $bound;)*
    };
}

bounds! {
    /// Approvals and arguments of hosted MCP calls.
    HOSTED_MCP = kept(0, 0, 7);
    /// `providerData` of model responses.
    RESPONSE_DATA = kept(0, 0, 8);
    /// `providerData` of requests of hosted MCP servers.
    REQUEST_DATA = kept(0, 0, 11);
    /// Input files by their address.
    FILE_URLS = kept(0, 0, 12);
    /// `rawContent` of reasoning.
    RAW_REASONING = kept(0, 0, 15);
    /// Parts as a tool's output, files and images without their content; from here on the schemas are those of zod 4.
    OUTPUT_PARTS = kept(0, 2, 0);
    /// Items that the session has; results of functions in responses.
    PERSISTED = kept(0, 3, 0);
    /// Calls of shells and patches.
    LOCAL_TOOLS = kept(0, 3, 1);
    /// Usage by request.
    USAGE_DETAILS = kept(0, 3, 3);
    /// Compacted history in responses.
    COMPACTION = kept(0, 3, 6);
    /// Results of computers, shells and patches in the history.
    LOCAL_RESULTS = v(1);
    /// Texts of nested runs.
    NESTED_RUNS = v(2);
    /// Requests for approval of computer calls.
    COMPUTER_APPROVALS = v(3);
    /// The reader takes interruptions for requests for approval; before, it kept them as they were.
    INTERRUPTIONS = v(5);
    /// Agents behind tools are among those that the reader finds.
    AGENT_TOOLS = kept(5, 4, 14);
    /// Tool search, namespaces, several actions on a computer.
    TOOL_SEARCH = v(8);
    /// The reader refuses agents of one name.
    UNIQUE_NAMES = kept(8, 8, 3);
    /// Sandboxes; from here on zod, at 4.4, takes no absence for a value of any kind.
    SANDBOXES = v(9);
    /// Identities of agents.
    IDENTITIES = v(10);
    /// Tools of local MCP servers can have the server in their names.
    SERVER_NAMES = v(11);
    /// The reader refuses agents that it does not find.
    KNOWN_AGENTS = kept(11, 11, 0);
    /// Ends of cached parts of the prompt.
    BREAKPOINTS = kept(13, 13, 2);
    /// Programs that call tools, and the reader's look at who calls.
    CALLERS = v(14);
    /// Canonical keys of tools; the reader of 1.16 is that of 0.14.3, which writes 1.17.
    TOOL_KEYS = v(16);
    /// Records of calls, JSON as outputs, staged input.
    LEDGER = v(18);
    /// A decision about one call is stronger than one about all of its tool.
    EXACT_DECISIONS = v(19);
    /// Ownership of the current response, unfinished session writes, tool keys of calls.
    OWNERSHIP = v(20);
    /// Why a tool was not found.
    NOT_FOUND_REASON = kept(20, 18, 0);
    /// Bindings of MCP calls, and the mark that the input guardrails have passed.
    BINDINGS = v(21);
}
