//! Decisions as the TypeScript SDK records them (`RunContext#approveTool` and `#rejectTool`, releases 0.0.1 to 0.20.0).

use crate::codes;
use crate::decide::record::{Change, Forgets, Habits, Half, Names, Record};
use crate::decide::{Decision, Refusal};
use crate::format::Dialect;
use crate::json::{Document, Key, Kind, Node, Object, Style, Value, Writer};
use crate::record::{List, Reader};
use crate::runs::{self, Run, Waiting};

use super::calls::AnyCall;
use super::convert::in_order;
use super::{Fingerprint, RunItem, State, ToolApprovalItem};

const NAMES: Names = Names { messages: "messages", standing: "stickyRejectMessage" };

const WORDS: u16 = 7;
const ALIASES: u16 = 8;
const OWNERS: u16 = 16;
const BINDINGS: u16 = 18;
const EXACT: u16 = 19;

/// Puts a decision into the tree of a state: those about calls of nested runs are in the outermost one, too.
pub(crate) fn decide<'d>(
    tree: &mut Value<'d>,
    all: &[Run<'d>],
    call: &Waiting<'d>,
    decision: Decision<'_>,
) -> Result<(), Refusal> {
    let (root, label) = (all[0].root, all[0].label);
    decision.check_words(label >= WORDS)?;
    let undecidable = |message: &str| Refusal::new(codes::UNDECIDABLE, message);
    let asks = |item: &Node<'d>| runs::asks_about(*item, call, Dialect::TypeScript);
    let Some(item) = runs::interruptions(root, Dialect::TypeScript).find(asks) else {
        return Err(undecidable("the outermost run does not ask about the call"));
    };
    let Some(context) = tree.object_mut().and_then(|state| state.get_mut("context")).and_then(Value::object_mut) else {
        return Err(undecidable("the state has no context that could hold a decision"));
    };
    let call = Asked::of(item, label).ok_or_else(|| undecidable("the SDK cannot tell this call from another one"))?;
    if call.id.is_empty() {
        return Err(undecidable("the call has no id that a decision could name"));
    }
    let habits = match label {
        EXACT.. => Habits { takes_back: true, turns_flags: true, forgets_words: Forgets::OnApproval },
        _ => Habits { takes_back: false, turns_flags: false, forgets_words: Forgets::Never },
    };
    let change = Change { approve: decision.approve, id: &call.id, message: decision.message };
    let single = |own: Option<Value<'d>>| -> Value<'d> {
        let mut record = Record::of(own, NAMES);
        record.decide(change, habits);
        record.into_value(NAMES, in_order)
    };
    if label < BINDINGS && decision.message.is_some() && !decision.always {
        let records = match call.function && label >= OWNERS {
            true => owned(context, "functionApprovals", &call.agent, &["hostedMcpApprovals", "approvals"]),
            false => context.get_mut("approvals").and_then(Value::object_mut),
        };
        let own = records.and_then(|records| records.iter().find(|(name, _)| *name.wtf8() == *call.name).cloned());
        if own.is_some_and(|(_, record)| record.member("rejected").and_then(|half| half.as_bool()) == Some(true)) {
            return Err(undecidable("all calls of the tool are rejected, and the model is told what was said then"));
        }
    }
    let apply = |own: Option<Value<'d>>| if decision.always { standing(change) } else { single(own) };
    if label >= BINDINGS {
        let print = call.print.clone().ok_or_else(|| undecidable("the SDK cannot compute the call's fingerprint"))?;
        bind(context, &call, print)?;
    }
    if call.function && label >= OWNERS {
        let records = owned(context, "functionApprovals", &call.agent, &["hostedMcpApprovals", "approvals"]);
        put(records, &call.name, &[], apply);
    } else if call.hosted && label >= BINDINGS {
        if context.get("hostedMcpApprovals").is_none_or(|own| own.kind() != Kind::Object) {
            context.place("hostedMcpApprovals", &["approvals"], Object::new());
        }
        put(context.get_mut("hostedMcpApprovals").and_then(Value::object_mut), &call.name, &[], apply);
    } else {
        let aliases: &[&[u8]] = match &*call.name {
            b"computer" if label >= ALIASES => &[b"computer_use_preview"],
            b"computer_use_preview" if label >= ALIASES => &[b"computer"],
            _ => &[],
        };
        put(context.get_mut("approvals").and_then(Value::object_mut), &call.name, aliases, apply);
    }
    if label >= BINDINGS && !call.function && !decision.always {
        let behind = ["legacyFunctionApprovals", "functionApprovals", "hostedMcpApprovals", "approvals"];
        let records = owned(context, "approvalInvocations", &call.agent, &behind);
        let aliases: &[&[u8]] = match &*call.name {
            b"computer" => &[b"computer_use_preview"],
            b"computer_use_preview" => &[b"computer"],
            _ => &[],
        };
        put(records, &call.name, aliases, single);
    }
    Ok(())
}

/// The record of a decision about all calls.
fn standing<'d>(change: Change<'_>) -> Value<'d> {
    let text = |message: &str| Value::from(message.as_bytes().to_vec());
    let mut record = Record {
        approved: Half::Flag(true),
        rejected: Half::Calls(Vec::new()),
        messages: Vec::new(),
        standing: None,
        scope: None,
    };
    if !change.approve {
        record.approved = Half::Flag(false);
        record.rejected = Half::Flag(true);
        if let Some(message) = change.message {
            record.tell(change.id, message);
            record.standing = Some(text(message));
        }
    }
    record.into_value(NAMES, in_order)
}

/// A request for approval.
struct Asked {
    id: Vec<u8>,
    agent: Vec<u8>,
    /// The name or key that decisions are kept by.
    name: Vec<u8>,
    function: bool,
    hosted: bool,
    print: Option<Vec<u8>>,
}

impl Asked {
    fn of(item: Node<'_>, label: u16) -> Option<Self> {
        let mut out = Writer::new(Style::TypeScript);
        out.begin_object();
        out.key("$schemaVersion");
        out.string(b"1.22");
        out.key("generatedItems");
        out.begin_array();
        out.node(item);
        out.end_array();
        out.end_object();
        let doc = Document::parse(out.finish()).ok()?;
        let mut cx = Reader::new(&doc, Dialect::TypeScript, 22);
        let state = State::read_from(doc.root(), &mut cx)?;
        let item = state.generated_items.value().into_iter().flat_map(List::values).find_map(|item| match &**item {
            RunItem::Approval(item) => Some(item),
            _ => None,
        })?;
        Self::read(item, label)
    }

    fn read(item: &ToolApprovalItem<'_>, label: u16) -> Option<Self> {
        let call = AnyCall::of_approvable(item.raw_item.value()?)?;
        let agent = item.agent.value()?;
        let agent = agent.identity.value().or_else(|| agent.name.value())?.wtf8().into_owned();
        let shown = item.tool_name.value().copied().or_else(|| call.name())?.wtf8().into_owned();
        let function = matches!(call, AnyCall::Function(_));
        let identity = call.hosted_identity();
        let hosted = identity.is_some();
        let name = match call {
            AnyCall::Function(_) if label >= OWNERS => {
                let own = item.function_tool_state_key.value().map(|key| key.wtf8().into_owned());
                own.or_else(|| call.key()).unwrap_or(shown)
            }
            AnyCall::Hosted(_) if label >= BINDINGS => {
                let identity = identity?;
                identity.request_id?;
                let (server, tool) = (identity.server_label?, identity.tool_name?);
                super::ToolKey::text(&[b"hosted_mcp", &server.wtf8(), &tool.wtf8()])
            }
            _ => shown,
        };
        let print = Fingerprint::of(call).map(|print| print.text(&call.canonical_name(&name)));
        let id = match call {
            AnyCall::Hosted(hosted) if label < BINDINGS => hosted.id.value().copied().or_else(|| call.call_id()),
            _ => call.call_id(),
        };
        Some(Self { id: id?.wtf8().into_owned(), agent, name, function, hosted, print })
    }
}

/// Binds the call's id to what is called.
fn bind<'d>(context: &mut Object<'d>, call: &Asked, print: Vec<u8>) -> Result<(), Refusal> {
    let behind = ["legacyFunctionApprovals", "functionApprovals", "hostedMcpApprovals", "approvals"];
    let Some(entry) = entry(context, "approvalInvocations", &call.agent, &behind) else { return Ok(()) };
    let Some(invocations) = entry.get_mut("invocations").and_then(Value::object_mut) else { return Ok(()) };
    let own = invocations.iter().find(|(id, _)| *id.wtf8() == *call.id).map(|(_, own)| own.wtf8());
    match own {
        Some(own) if own.as_deref() == Some(&*print) => {}
        Some(_) => {
            let message = "a decision about another call of this id is recorded";
            return Err(Refusal::new(codes::UNDECIDABLE, message));
        }
        None => {
            invocations.push(Key::Made(call.id.clone()), Value::from(print));
            sort(invocations);
        }
    }
    Ok(())
}

/// An agent's entry in a list, a new one at the end.
fn entry<'t, 'd>(
    context: &'t mut Object<'d>,
    list: &'static str,
    agent: &[u8],
    behind: &[&str],
) -> Option<&'t mut Object<'d>> {
    if context.get(list).is_none_or(|own| own.kind() != Kind::Array) {
        context.place(list, behind, Value::List(Vec::new()));
    }
    let entries = context.get_mut(list)?;
    let is_own = |entry: &Value<'d>| entry.member("agentIdentity").and_then(|own| own.wtf8()).as_deref() == Some(agent);
    let at = entries.elements_mut().iter().position(is_own);
    let Value::List(entries) = entries else { return None };
    let at = at.unwrap_or_else(|| {
        let mut entry = Object::new().with("agentIdentity", Value::from(agent.to_vec()));
        if list == "approvalInvocations" {
            entry.push(Key::Known("invocations"), Object::new());
        }
        entry.push(Key::Known("approvals"), Object::new());
        entries.push(entry.into());
        entries.len() - 1
    });
    entries.get_mut(at)?.object_mut()
}

/// An agent's records.
fn owned<'t, 'd>(
    context: &'t mut Object<'d>,
    list: &'static str,
    agent: &[u8],
    behind: &[&str],
) -> Option<&'t mut Object<'d>> {
    entry(context, list, agent, behind)?.get_mut("approvals")?.object_mut()
}

/// Changes the record of a name, or of another name of the same tool if that is there.
fn put<'d>(
    records: Option<&mut Object<'d>>,
    name: &[u8],
    aliases: &[&[u8]],
    change: impl FnOnce(Option<Value<'d>>) -> Value<'d>,
) {
    let Some(records) = records else { return };
    let is_there = |name: &[u8]| records.iter().any(|(own, _)| *own.wtf8() == *name);
    let other = aliases.iter().find(|alias| !is_there(name) && is_there(alias));
    let name = other.copied().unwrap_or(name);
    match records.members_mut().iter_mut().find(|(own, _)| *own.wtf8() == *name) {
        Some((_, record)) => *record = change(Some(record.take())),
        None => {
            records.push(Key::Made(name.to_vec()), change(None));
            sort(records);
        }
    }
}

/// Members in the order in which JavaScript keeps them.
fn sort(object: &mut Object<'_>) {
    let members = std::mem::take(object.members_mut());
    *object.members_mut() = in_order(members).into_members();
}
