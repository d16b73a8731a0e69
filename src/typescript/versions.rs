//! What each label means beyond its fields, which the rows tell.

use crate::format::Version;

/// All labels, in order. What came and went on the wire stands in the rows.
pub const VERSIONS: &[Version] = &[
    Version::new("The first format; 38 releases wrote it, and much was added without a new label."),
    Version::new("Server-managed conversations, results of tool guardrails, outputs of computer, shell and patch calls.")
        .down("The conversation's id and the results of tool guardrails are dropped; outputs of other than function calls are refused."),
    Version::new("Paused runs of agents that are used as tools are kept.")
        .down("The nested run starts again from nothing."),
    Version::new("Computer calls can wait for approval.")
        .down("A state with a waiting computer call is refused."),
    Version::new("The structured input of a nested run is kept."),
    Version::new("Says whether the ids of reasoning items are sent back to the model."),
    Version::new("Model responses keep the id of their request."),
    Version::new("Rejections keep the text that the model is given.")
        .down("The model is given the SDK's own text for a rejected call."),
    Version::new("Tool search, tools in namespaces, several actions in one computer call.")
        .up("A state under an older label that holds items of tool searches is refused.")
        .down("Items of tool searches are refused; a tool in a namespace is looked up by its bare name."),
    Version::new("A sandbox is kept.").down("The sandbox, and where a patch moves a file, are dropped."),
    Version::new("Agents of the same name are told apart.")
        .up("Agents of the same name are refused under an older label.")
        .down("Agents of the same name become the first of them, or are refused."),
    Version::new("A run without a limit of turns.").down("A run without a limit is refused; give it a large limit instead."),
    Version::new("Calls of tools that were not found are kept.").down("Those calls are forgotten."),
    Version::new("Tool outputs keep data of the program's own.")
        .up("Such data under an older label is refused."),
    Version::new("Programs that call tools; phases of messages.")
        .up("A state under an older label that holds items of programs is refused.")
        .down("Items of programs are refused; who made a call is dropped."),
    Version::new("A sandbox keeps references to values of the environment.")
        .down("A sandbox of this version is refused."),
    Version::new("Decisions on function tools belong to an agent; compacted history has items of its own.")
        .up("Decisions by name move to the agent that has the tool; items of compacted history are put where they belong.")
        .down("Decisions on function tools are lost; items of compacted history are refused."),
    Version::new("Says which outputs a run has produced itself, and what its session has not got yet.")
        .up("What a session has not got under an older label is refused."),
    Version::new("Tool outputs are any JSON; decisions and finished calls are bound by fingerprints; input can be staged.")
        .up("Outputs stay texts; fingerprints and the records of finished calls are rebuilt.")
        .down("Outputs that are no texts are refused; decisions on hosted MCP tools are lost."),
    Version::new("A decision on one call counts more than a standing one on its tool.")
        .down("A call that was rejected is run when its tool is always approved."),
    Version::new("Unfinished session writes are kept; which items belong to the current response.")
        .up("Both are refused under an older label.")
        .down("A session write is repeated or lost; calls of tools that load late no longer match their fingerprints."),
    Version::new("Says whether the input guardrails have passed, and which MCP server a call goes to.")
        .up("The run cannot be resumed: the guardrails count as not passed, and waiting calls as of an unknown server."),
    Version::new("Results of tool searches say which MCP tools they hold.")
        .up("Results of tool searches that name only a server must be searched again."),
];
