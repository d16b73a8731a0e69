//! Calls of all kinds seen alike, and the names that tools go by.

use std::borrow::Cow;

use crate::json::{Node, Text};
use crate::record::{Slot, Wire};

use super::canonical::{Compact, strict};
use super::raw::{
    ApplyPatchCall, ApprovableCall, Call, Caller, ComputerCall, FunctionCall, HostedToolCall, Program, ShellCall,
};

/// A tool's canonical key: the text of an array with a kind and names (`getFunctionToolLookupKey`).
#[derive(Clone, Copy, Debug)]
pub struct ToolKey(());

impl ToolKey {
    /// The key of a function call. `None` when the name is empty.
    #[must_use]
    pub fn of_call(name: &[u8], namespace: Option<&[u8]>) -> Option<Vec<u8>> {
        match namespace.filter(|namespace| !namespace.is_empty()) {
            _ if name.is_empty() => None,
            Some(namespace) if namespace == name => Some(Self::text(&[b"deferred_top_level", name])),
            Some(namespace) => Some(Self::text(&[b"namespaced", namespace, name])),
            None => Some(Self::text(&[b"bare", name])),
        }
    }

    /// The key of a tool without namespace whose definition is loaded late.
    #[must_use]
    pub fn deferred(name: &[u8]) -> Vec<u8> {
        Self::text(&[b"deferred_top_level", name])
    }

    /// The compact text of an array of strings, in generalized UTF-8 as the strings are.
    #[must_use]
    pub fn text(parts: &[&[u8]]) -> Vec<u8> {
        let mut out = Compact::default();
        out.begin_array();
        parts.iter().for_each(|part| out.string(part));
        out.end_array();
        out.finish()
    }

    /// The name that labels before 1.16 called the tool by (`getFunctionToolLegacyStateKeyFromStateKey`); `None` when the
    /// text is no canonical key.
    #[must_use]
    pub fn legacy(key: &[u8]) -> Option<Vec<u8>> {
        let doc = strict(key.to_vec())?;
        let parts: Vec<Text<'_>> = doc.root().elements().map(Node::text).collect::<Option<_>>()?;
        match parts.as_slice() {
            [kind, name] if (kind.is("bare") || kind.is("deferred_top_level")) && !name.is_empty() => {
                Some(name.wtf8().into_owned())
            }
            [kind, namespace, name] if kind.is("namespaced") && !namespace.is_empty() && !name.is_empty() => {
                Some(qualified(&name.wtf8(), Some(&namespace.wtf8())))
            }
            _ => None,
        }
    }
}

/// A function's name with its namespace in front, as people see it (`toolQualifiedName`).
pub(in crate::typescript) fn qualified(name: &[u8], namespace: Option<&[u8]>) -> Vec<u8> {
    match namespace.filter(|namespace| !namespace.is_empty() && *namespace != name) {
        Some(namespace) => [namespace, b".", name].concat(),
        None => name.to_vec(),
    }
}

/// A call, whatever kind it is of.
#[derive(Clone, Copy, Debug)]
pub(in crate::typescript) enum AnyCall<'s, 'd> {
    Function(&'s FunctionCall<'d>),
    Hosted(&'s HostedToolCall<'d>),
    Computer(&'s ComputerCall<'d>),
    Shell(&'s ShellCall<'d>),
    ApplyPatch(&'s ApplyPatchCall<'d>),
    Program(&'s Program<'d>),
}

impl<'s, 'd> AnyCall<'s, 'd> {
    pub(in crate::typescript) fn of(call: &'s Call<'d>) -> Option<Self> {
        Some(match call {
            Call::Function(call) => Self::Function(call),
            Call::Hosted(call) => Self::Hosted(call),
            Call::Computer(call) => Self::Computer(call),
            Call::Shell(call) => Self::Shell(call),
            Call::ApplyPatch(call) => Self::ApplyPatch(call),
            Call::Program(call) => Self::Program(call),
            Call::Other(_) => return None,
        })
    }

    pub(in crate::typescript) fn of_approvable(call: &'s ApprovableCall<'d>) -> Option<Self> {
        Some(match call {
            ApprovableCall::Function(call) => Self::Function(call),
            ApprovableCall::Hosted(call) => Self::Hosted(call),
            ApprovableCall::Computer(call) => Self::Computer(call),
            ApprovableCall::Shell(call) => Self::Shell(call),
            ApprovableCall::ApplyPatch(call) => Self::ApplyPatch(call),
            ApprovableCall::Other(_) => return None,
        })
    }

    pub(in crate::typescript) fn node(self) -> Node<'d> {
        match self {
            Self::Function(call) => call.node(),
            Self::Hosted(call) => call.node(),
            Self::Computer(call) => call.node(),
            Self::Shell(call) => call.node(),
            Self::ApplyPatch(call) => call.node(),
            Self::Program(call) => call.node(),
        }
    }

    pub(in crate::typescript) const fn kind(self) -> &'static str {
        match self {
            Self::Function(_) => "function_call",
            Self::Hosted(_) => "hosted_tool_call",
            Self::Computer(_) => "computer_call",
            Self::Shell(_) => "shell_call",
            Self::ApplyPatch(_) => "apply_patch_call",
            Self::Program(_) => "program",
        }
    }

    /// Whether the call runs in the program and is answered there.
    pub(in crate::typescript) const fn is_local(self) -> bool {
        !matches!(self, Self::Hosted(_) | Self::Program(_))
    }

    pub(in crate::typescript) fn caller(self) -> Option<&'s Caller<'d>> {
        match self {
            Self::Function(call) => call.caller.value(),
            Self::Hosted(call) => call.caller.value(),
            Self::Shell(call) => call.caller.value(),
            Self::ApplyPatch(call) => call.caller.value(),
            Self::Computer(_) | Self::Program(_) => None,
        }
    }

    pub(in crate::typescript) fn name(self) -> Option<Text<'d>> {
        match self {
            Self::Function(call) => call.name.value().copied(),
            Self::Hosted(call) => call.name.value().copied(),
            _ => None,
        }
    }

    fn provider_data(self) -> Option<Node<'d>> {
        match self {
            Self::Function(call) => call.provider_data.node(),
            Self::Hosted(call) => call.provider_data.node(),
            Self::Computer(call) => call.provider_data.node(),
            Self::Shell(call) => call.provider_data.node(),
            Self::ApplyPatch(call) => call.provider_data.node(),
            Self::Program(call) => call.provider_data.node(),
        }
    }

    /// The id that decisions and records name the call by (`getToolInvocationCallId`).
    pub(in crate::typescript) fn call_id(self) -> Option<Text<'d>> {
        if let Some(id) = self.hosted_identity().and_then(|identity| identity.request_id) {
            return Some(id);
        }
        let own = match self {
            Self::Function(call) => call.call_id.value(),
            Self::Computer(call) => call.call_id.value(),
            Self::Shell(call) => call.call_id.value(),
            Self::ApplyPatch(call) => call.call_id.value(),
            Self::Program(call) => call.call_id.value(),
            Self::Hosted(call) => call.id.value(),
        };
        let member = |key: &str| self.provider_data()?.member(key)?.text();
        own.copied().or_else(|| member("id")).or_else(|| member("itemId"))
    }

    /// What a hosted MCP server asks for (`getHostedMcpApprovalRequestIdentity`).
    pub(in crate::typescript) fn hosted_identity(self) -> Option<HostedIdentity<'d>> {
        let Self::Hosted(call) = self else { return None };
        let data = self.provider_data()?;
        let filled = |key: &str| data.member(key).and_then(Node::text).filter(|text| !text.is_empty());
        match data.member("type") {
            Some(kind) if !kind.text().is_some_and(|text| text.is("mcp_approval_request")) => return None,
            None if filled("server_label").is_none()
                && (filled("serverLabel").is_none() || filled("itemId").is_none()) =>
            {
                return None;
            }
            _ => {}
        }
        let own = |slot: &Slot<'d, Text<'d>>| slot.value().copied().filter(|text| !text.is_empty());
        Some(HostedIdentity {
            request_id: filled("id").or_else(|| filled("itemId")).or_else(|| own(&call.id)),
            server_label: filled("server_label").or_else(|| filled("serverLabel")),
            tool_name: filled("name").or_else(|| own(&call.name).filter(|name| !name.is("mcp_approval_request"))),
        })
    }

    /// The canonical key of a function call.
    pub(in crate::typescript) fn key(self) -> Option<Vec<u8>> {
        let Self::Function(call) = self else { return None };
        let name = call.name.value()?.wtf8();
        let namespace = call.namespace.value().map(|text| text.wtf8());
        ToolKey::of_call(&name, namespace.as_deref())
    }

    /// The name of the tool as fingerprints spell it (`canonicalizeToolName`).
    pub(in crate::typescript) fn canonical_name<'n>(self, name: &'n [u8]) -> Cow<'n, [u8]> {
        match self {
            Self::Hosted(_) => Cow::Owned(self.hosted_name(name)),
            Self::Computer(_) if name == b"computer_use_preview" => Cow::Borrowed(b"computer"),
            _ => Cow::Borrowed(name),
        }
    }

    /// The name of a hosted MCP tool with its server, where both are known (`getHostedMcpApprovalToolName`).
    pub(in crate::typescript) fn hosted_name(self, name: &[u8]) -> Vec<u8> {
        match self.hosted_identity() {
            Some(HostedIdentity { server_label: Some(server), tool_name: Some(tool), .. }) => {
                ToolKey::text(&[b"hosted_mcp", &server.wtf8(), &tool.wtf8()])
            }
            _ => name.to_vec(),
        }
    }
}

/// What is known of a request of a hosted MCP server.
#[derive(Clone, Copy, Debug)]
pub(in crate::typescript) struct HostedIdentity<'d> {
    pub(in crate::typescript) request_id: Option<Text<'d>>,
    pub(in crate::typescript) server_label: Option<Text<'d>>,
    pub(in crate::typescript) tool_name: Option<Text<'d>>,
}
