//! Searches for tools and what they found (`rehydrateToolSearchRuntimeTools`).

use std::collections::VecDeque;

use crate::codes;
use crate::hash::{HashMap, HashSet};
use crate::json::{Kind, Node};
use crate::record::Wire as _;
use crate::typescript::raw::{Execution, ToolSearchCall, ToolSearchOutput};
use crate::typescript::{RunItem, ToolKey};

use super::{Judge, Owner};

/// A search by the client, and the output that counts for it.
struct Search<'s, 'd> {
    owner: Owner<'d>,
    output: Option<&'s ToolSearchOutput<'d>>,
}

pub(super) fn by_server(own: Option<Execution>, data: Option<Node<'_>>) -> bool {
    let word = data.and_then(|data| data.member("execution")?.text());
    match own {
        Some(own) => own == Execution::Server,
        None => word.is_some_and(|word| word.is("server")),
    }
}

/// The id that a search and its output are matched by.
fn explicit<'d>(data: Option<Node<'d>>, rest: [Option<Node<'d>>; 2]) -> Option<crate::json::Text<'d>> {
    let member = |key: &str| data.and_then(|data| data.member(key)?.text());
    let own = rest.into_iter().flatten().filter_map(Node::text);
    [member("call_id"), member("callId")].into_iter().flatten().chain(own).find(|text| !text.is_empty())
}

pub(super) fn call_id<'d>(call: &ToolSearchCall<'d>) -> Option<crate::json::Text<'d>> {
    explicit(call.provider_data.node(), [call.call_id_camel.node(), call.call_id.node()])
        .or_else(|| call.id.value().copied().filter(|id| !id.is_empty()))
}

impl<'s, 'd> Judge<'s, 'd> {
    pub(super) fn searches(&mut self) {
        let state = self.state;
        let mut searches: Vec<Search<'s, 'd>> = Vec::new();
        let mut latest: HashMap<(Owner<'d>, Vec<u8>), usize> = HashMap::default();
        let mut pending: HashMap<Owner<'d>, VecDeque<usize>> = HashMap::default();
        for item in state.history() {
            match item {
                RunItem::ToolSearchCall(item) => {
                    let (Some(owner), Some(call)) = (self.owner(item.agent.value()), item.raw_item.value()) else {
                        continue;
                    };
                    if by_server(call.execution.value().map(|word| word.value), call.provider_data.node()) {
                        continue;
                    }
                    let Some(id) = call_id(call) else {
                        self.refuse(codes::TOOL_SEARCH, call.node(), "a search for tools by the client without an id");
                        continue;
                    };
                    latest.insert((owner.clone(), id.wtf8().into_owned()), searches.len());
                    pending.entry(owner.clone()).or_default().push_back(searches.len());
                    searches.push(Search { owner, output: None });
                }
                RunItem::ToolSearchOutput(item) => {
                    let (Some(owner), Some(output)) = (self.owner(item.agent.value()), item.raw_item.value()) else {
                        continue;
                    };
                    if by_server(output.execution.value().map(|word| word.value), output.provider_data.node()) {
                        continue;
                    }
                    let id =
                        explicit(output.provider_data.node(), [output.call_id_camel.node(), output.call_id.node()]);
                    let queue = pending.entry(owner.clone()).or_default();
                    let found = match id {
                        Some(id) => latest.get(&(owner, id.wtf8().into_owned())).copied(),
                        None => queue.pop_front(),
                    };
                    let Some(found) = found else {
                        let message = "the search that this is the output of is not in the history";
                        self.refuse(codes::TOOL_SEARCH, output.node(), message);
                        continue;
                    };
                    queue.retain(|&at| at != found);
                    searches[found].output = Some(output);
                }
                _ => {}
            }
        }
        for search in searches {
            if let Some(output) = search.output {
                self.found(&search.owner, output);
            }
        }
    }

    fn found(&mut self, owner: &Owner<'d>, output: &ToolSearchOutput<'d>) {
        let explicit = explicit(output.provider_data.node(), [output.call_id_camel.node(), output.call_id.node()]);
        let own = output.id.value().filter(|id| !id.is_empty());
        if explicit.is_none() && own.is_none() {
            self.refuse(codes::TOOL_SEARCH, output.node(), "the output of a search for tools without an id");
        }
        let mut keys: HashSet<Vec<u8>> = HashSet::default();
        for tool in output.tools.value().into_iter().flat_map(|list| list.values()) {
            if let Err((node, message)) = collect(tool.0, None, true, 0, &mut keys) {
                self.refuse(codes::TOOL_SEARCH, node, message);
            }
        }
        let (Some(live), Owner::Live(at)) = (&self.live, owner) else { return };
        let agent = live.agent(*at);
        let searching = agent.tools.iter().any(|tool| tool.kind == "tool_search");
        let mut known: HashSet<Vec<u8>> = live.functions(*at).into_iter().map(|function| function.key).collect();
        known.extend(
            agent
                .tools
                .iter()
                .filter(|tool| tool.kind == "hosted_mcp")
                .map(|tool| [b"mcp:", tool.server_label.as_deref().unwrap_or(&tool.name).as_bytes()].concat()),
        );
        if !keys.is_subset(&known) {
            let message = "a tool that the search found is not among the agent's tools";
            self.refuse(codes::MISSING_TOOL, output.node(), message);
        } else if !searching {
            self.refuse(codes::MISSING_TOOL, output.node(), "the agent has no tool search by the client");
        }
    }
}

/// The keys of what a search found (`collectSerializedRuntimeToolKeys`).
fn collect<'d>(
    node: Node<'d>,
    namespace: Option<&[u8]>,
    strict: bool,
    depth: u8,
    keys: &mut HashSet<Vec<u8>>,
) -> Result<(), (Node<'d>, &'static str)> {
    if node.kind() != Kind::Object || depth == u8::MAX {
        return Ok(());
    }
    let text = |key: &str| node.member(key).and_then(Node::text);
    let filled = |key: &str| text(key).filter(|text| !text.is_empty()).map(|text| text.wtf8().into_owned());
    let is = |word: &str| text("type").is_some_and(|kind| kind.is(word));
    let add = |key: Vec<u8>, keys: &mut HashSet<Vec<u8>>| {
        if keys.insert(key) { Ok(()) } else { Err((node, "two tools of one search have the same key")) }
    };
    if is("namespace") {
        let tools = node.member("tools").filter(|tools| tools.kind() == Kind::Array);
        let (Some(name), Some(tools)) = (filled("name"), tools) else {
            return if strict { Err((node, "a namespace without a name or tools")) } else { Ok(()) };
        };
        return tools.elements().try_for_each(|tool| collect(tool, Some(&name), true, depth + 1, keys));
    }
    let direct = filled("namespace");
    let spaced = direct.as_deref().or(namespace);
    if is("function") {
        let Some(name) = filled("name") else {
            return if strict { Err((node, "a function without a name")) } else { Ok(()) };
        };
        if Some(&*name) == namespace || Some(&*name) == direct.as_deref() {
            return Err((node, "a function is called like its namespace"));
        }
        let deferred =
            ["deferLoading", "defer_loading"].iter().any(|key| node.member(key).and_then(Node::as_bool) == Some(true));
        let space = spaced.or(deferred.then_some(&*name));
        return match ToolKey::of_call(&name, space) {
            Some(key) => add(key, keys),
            None => Ok(()),
        };
    }
    if is("mcp") {
        return match filled("server_label") {
            Some(label) => add([b"mcp:", &label[..]].concat(), keys),
            None if strict => Err((node, "a server without a label")),
            None => Ok(()),
        };
    }
    match node.member("providerData") {
        Some(data) => collect(data, spaced, false, depth + 1, keys),
        None => Ok(()),
    }
}
