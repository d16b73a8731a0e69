//! What each label means beyond its fields, which the rows tell.

use crate::format::Version;

/// All labels, in order. What came and went on the wire stands in the rows.
pub const VERSIONS: &[Version] = &[
    Version::new("The first format."),
    Version::new("A paused run of an agent that is used as a tool stands in its caller's state.")
        .down("The nested run starts again, and an approval that waits in it is lost."),
    Version::new("Says whether the ids of reasoning items are sent back to the model."),
    Version::new("No field changed: a resumed run joins the trace of its state."),
    Version::new("Model responses keep the id of their request."),
    Version::new("Tool search, tools in namespaces and tools that load late; decisions name such tools by qualified keys.")
        .down("Items of tool searches are dropped, and decisions on tools in namespaces are not found."),
    Version::new("Rejections keep the text that the model is given.")
        .down("The model is given the SDK's own text for a rejected call."),
    Version::new("Agents of the same name are told apart, and a sandbox is kept.")
        .up("A pending approval is matched to the first agent of its name.")
        .down("Agents of the same name become the first of them."),
    Version::new("The prompt cache key that the SDK made up is kept."),
    Version::new("Calls of custom tools can wait for approval; from 0.14.2 items say where their tool comes from.")
        .down("A waiting call of a custom tool is never run."),
    Version::new("A run without a limit of turns.")
        .down("A run without a limit loads and fails when it is resumed; give it a large limit instead."),
    Version::new("Tool outputs keep data of the program's own."),
    Version::new("Usage counts the tokens written to the prompt cache."),
    Version::new("Programs that call tools; which items stand where in the session.")
        .up("A state under an older label that holds items of programs is refused."),
    Version::new("Decisions on hosted MCP tools belong to a server.")
        .up("Decisions by server under an older label are ignored.")
        .down("Decisions on hosted MCP tools are asked for again."),
    Version::new("A ledger binds decisions to calls by hashes; input can be staged; a run can wait to go on.")
        .up("The ledger is rebuilt from the items; a ledger under an older label is ignored.")
        .down("Staged input and input items are dropped, and a run that waits to go on is read as one without a step."),
    Version::new("A decision on one call counts more than a standing one on its tool.")
        .down("A call that was rejected is run when its tool is always approved."),
    Version::new("Unfinished session writes and runs that must not be resumed are kept.")
        .up("An unfinished session write or the mark of an ended run under an older label is refused.")
        .down("A session misses what was not yet written, and a run that has ended can be resumed."),
    Version::new("Decisions on function tools belong to an agent; calls of local MCP tools to a server.")
        .up("Standing decisions on function tools are ignored and asked for again; waiting calls of local MCP tools cannot be run.")
        .down("Decisions on function tools are lost and asked for again; new keys of an unfinished session write are refused."),
    Version::new("Session writes can be held back until output guardrails have passed.")
        .down("A session write that is held back is refused."),
    Version::new("Says where the guardrail results of the current response start.")
        .up("That place under an older label is refused."),
    Version::new("The order of agents of the same name no longer depends on the state of their hooks.")
        .up("A state whose agents of the same name have hooks can be refused.")
        .down("Agents of the same name that have hooks can be taken for one another."),
];
