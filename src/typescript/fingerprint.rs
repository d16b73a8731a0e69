//! The text that stands for a tool call, as the SDK computes it (`toolInvocation.mjs`, release 0.20.0): compact JSON with
//! sorted keys, in which calls that mean the same look the same.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::json::{Document, Kind, Node, Style, Text, Writer};
use crate::record::{Rows, Slot, Wire};

use super::raw::{ApprovableCall, Call, Caller, ComputerActionItem, FunctionCall, PatchOperation};

/// What JavaScript's stack bears is about 1,500 levels; deeper calls have no fingerprint here.
const DEEPEST: u16 = 1_000;

/// In front of what replaces numbers, and of strings that happen to begin like it.
const MARK: &[u8] = b"\0openai-agents-json:";

/// A tool's canonical key: the text of an array with a kind and names (`getFunctionToolLookupKey`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ToolKey;

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
        let doc = strict(key)?;
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

/// JSON as `JSON.parse` takes it.
fn strict(bytes: &[u8]) -> Option<Document> {
    let doc = Document::parse(bytes.to_vec()).ok()?;
    let source = doc.root().source();
    let sound = !source.has_bom() && source.nonfinite().next().is_none();
    sound.then_some(doc)
}

/// A call, whatever kind it is of.
#[derive(Clone, Copy, Debug)]
pub(in crate::typescript) enum AnyCall<'s, 'd> {
    Function(&'s FunctionCall<'d>),
    Hosted(&'s super::raw::HostedToolCall<'d>),
    Computer(&'s super::raw::ComputerCall<'d>),
    Shell(&'s super::raw::ShellCall<'d>),
    ApplyPatch(&'s super::raw::ApplyPatchCall<'d>),
    Program(&'s super::raw::Program<'d>),
}

impl<'s, 'd> AnyCall<'s, 'd> {
    pub(super) fn of(call: &'s Call<'d>) -> Option<Self> {
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

    pub(super) fn of_approvable(call: &'s ApprovableCall<'d>) -> Option<Self> {
        Some(match call {
            ApprovableCall::Function(call) => Self::Function(call),
            ApprovableCall::Hosted(call) => Self::Hosted(call),
            ApprovableCall::Computer(call) => Self::Computer(call),
            ApprovableCall::Shell(call) => Self::Shell(call),
            ApprovableCall::ApplyPatch(call) => Self::ApplyPatch(call),
            ApprovableCall::Other(_) => return None,
        })
    }

    pub(super) fn node(self) -> Node<'d> {
        match self {
            Self::Function(call) => call.node(),
            Self::Hosted(call) => call.node(),
            Self::Computer(call) => call.node(),
            Self::Shell(call) => call.node(),
            Self::ApplyPatch(call) => call.node(),
            Self::Program(call) => call.node(),
        }
    }

    pub(super) const fn kind(self) -> &'static str {
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
    pub(super) const fn is_local(self) -> bool {
        !matches!(self, Self::Hosted(_) | Self::Program(_))
    }

    pub(super) fn caller(self) -> Option<&'s Caller<'d>> {
        match self {
            Self::Function(call) => call.caller.value(),
            Self::Hosted(call) => call.caller.value(),
            Self::Shell(call) => call.caller.value(),
            Self::ApplyPatch(call) => call.caller.value(),
            Self::Computer(_) | Self::Program(_) => None,
        }
    }

    pub(super) fn name(self) -> Option<Text<'d>> {
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
    pub(super) fn call_id(self) -> Option<Text<'d>> {
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
    pub(super) fn hosted_identity(self) -> Option<HostedIdentity<'d>> {
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
    pub(super) fn key(self) -> Option<Vec<u8>> {
        let Self::Function(call) = self else { return None };
        let name = call.name.value()?.wtf8();
        let namespace = call.namespace.value().map(|text| text.wtf8());
        ToolKey::of_call(&name, namespace.as_deref())
    }

    /// The name of the tool as fingerprints spell it (`canonicalizeToolName`).
    pub(super) fn canonical_name<'n>(self, name: &'n [u8]) -> Cow<'n, [u8]> {
        match self {
            Self::Hosted(_) => Cow::Owned(self.hosted_name(name)),
            Self::Computer(_) if name == b"computer_use_preview" => Cow::Borrowed(b"computer"),
            _ => Cow::Borrowed(name),
        }
    }

    /// The name of a hosted MCP tool with its server, where both are known (`getHostedMcpApprovalToolName`).
    pub(super) fn hosted_name(self, name: &[u8]) -> Vec<u8> {
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
pub(super) struct HostedIdentity<'d> {
    pub(super) request_id: Option<Text<'d>>,
    pub(super) server_label: Option<Text<'d>>,
    pub(super) tool_name: Option<Text<'d>>,
}

/// What of a call does not depend on the tool's name: all that is in a fingerprint up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Vec<u8>, &'static str);

impl Fingerprint {
    /// The part for a call; `None` for calls nested too deep, and for numbers with exponents beyond reason.
    pub(super) fn of(call: AnyCall<'_, '_>) -> Option<Self> {
        let mut out = Compact::default();
        out.begin_object();
        out.key("caller");
        out.begin_object();
        match call.caller() {
            Some(Caller::Program(program)) => {
                if let Some(id) = program.caller_id.value() {
                    out.key("callerId");
                    out.text(*id);
                }
                out.key("type");
                out.string(b"program");
            }
            _ => {
                out.key("type");
                out.string(b"direct");
            }
        }
        out.end_object();
        payload(call, &mut out)?;
        Some(Self(out.finish(), call.kind()))
    }

    /// The whole text for a tool of this name, in generalized UTF-8.
    #[must_use]
    pub fn text(&self, name: &[u8]) -> Vec<u8> {
        let mut out = Compact::default();
        out.string(name);
        let name = out.finish();
        [&self.0, &b",\"toolName\":"[..], &name, b",\"type\":\"", self.1.as_bytes(), b"\"}"].concat()
    }
}

/// Writes the member `payload`, unless the call has none.
fn payload(call: AnyCall<'_, '_>, out: &mut Compact) -> Option<()> {
    match call {
        AnyCall::Function(call) => {
            let arguments = call.arguments.value()?;
            out.key("payload");
            normalized(*arguments, out)
        }
        AnyCall::Hosted(hosted) => {
            out.key("payload");
            out.begin_object();
            let data = hosted.provider_data.node();
            let arguments = hosted.arguments.node().or_else(|| data?.member("arguments"));
            if let Some(arguments) = arguments {
                out.key("arguments");
                match arguments.text() {
                    Some(text) => normalized(text, out)?,
                    None => canonical(arguments, Numbers::JavaScript, 0, out)?,
                }
            }
            let label = |key: &str| data?.member(key)?.text();
            if let Some(label) = label("server_label").or_else(|| label("serverLabel")) {
                out.key("serverLabel");
                out.text(label);
            }
            out.end_object();
            Some(())
        }
        AnyCall::Computer(call) => {
            out.key("payload");
            match (call.actions.value(), call.action.value()) {
                (Some(actions), _) => {
                    out.begin_array();
                    for action in actions.0.values() {
                        computer_action(action, out)?;
                    }
                    out.end_array();
                    Some(())
                }
                (None, Some(action)) => computer_action(action, out),
                (None, None) => None,
            }
        }
        AnyCall::Shell(call) => {
            out.key("payload");
            known_members(call.action.value()?, out)
        }
        AnyCall::ApplyPatch(call) => {
            out.key("payload");
            match call.operation.value()? {
                PatchOperation::Create(operation) => known_members(operation, out),
                PatchOperation::Update(operation) => known_members(operation, out),
                PatchOperation::Delete(operation) => known_members(operation, out),
                PatchOperation::Other(_) => None,
            }
        }
        AnyCall::Program(_) => Some(()),
    }
}

fn computer_action(action: &ComputerActionItem<'_>, out: &mut Compact) -> Option<()> {
    match action {
        ComputerActionItem::Screenshot(action) => known_members(action, out),
        ComputerActionItem::Click(action) => known_members(action, out),
        ComputerActionItem::DoubleClick(action) => known_members(action, out),
        ComputerActionItem::Scroll(action) => known_members(action, out),
        ComputerActionItem::Type(action) => known_members(action, out),
        ComputerActionItem::Wait(action) => known_members(action, out),
        ComputerActionItem::Move(action) => known_members(action, out),
        ComputerActionItem::Keypress(action) => known_members(action, out),
        ComputerActionItem::Drag(action) => {
            out.begin_object();
            out.key("path");
            out.begin_array();
            for point in action.path.value()?.values() {
                known_members(point, out)?;
            }
            out.end_array();
            out.key("type");
            out.string(b"drag");
            out.end_object();
            Some(())
        }
        ComputerActionItem::Other(_) => None,
    }
}

/// Writes a record's members in sorted order; the schema has dropped all others.
fn known_members<'d>(rows: &dyn Rows<'d>, out: &mut Compact) -> Option<()> {
    let mut members: Vec<(&str, Node<'d>)> = Vec::new();
    for (row, field) in rows.info().fields.iter().enumerate() {
        members.extend(rows.column(row).node().map(|node| (field.row.key, node)));
    }
    members.sort_unstable_by_key(|(key, _)| *key);
    out.begin_object();
    for (key, node) in members {
        out.key(key);
        canonical(node, Numbers::JavaScript, 0, out)?;
    }
    out.end_object();
    Some(())
}

/// An argument text: what it says when it is JSON, else the text itself (`normalizeJsonString`).
fn normalized(text: Text<'_>, out: &mut Compact) -> Option<()> {
    out.begin_object();
    out.key("format");
    match strict(&escaped(text)) {
        Some(doc) => {
            out.string(b"json");
            out.key("value");
            canonical(doc.root(), Numbers::Exact, 0, out)?;
        }
        None => {
            out.string(b"raw");
            out.key("value");
            out.text(text);
        }
    }
    out.end_object();
    Some(())
}

/// The string with half surrogate pairs as escapes: within JSON they mean the same, and UTF-8 can hold them.
fn escaped(text: Text<'_>) -> Cow<'_, [u8]> {
    let bytes = text.wtf8();
    if !text.has_lone_surrogate() {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let Some((&first, tail)) = rest.split_first() {
        match tail {
            [second @ 0xA0..=0xBF, third, more @ ..] if first == 0xED => {
                let unit = 0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F);
                out.extend(format!("\\u{unit:04x}").bytes());
                rest = more;
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

/// How numbers are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// As JavaScript prints the double.
    JavaScript,
    /// As a marked string with all their digits.
    Exact,
}

/// Writes a value with sorted keys.
fn canonical(node: Node<'_>, numbers: Numbers, depth: u16, out: &mut Compact) -> Option<()> {
    if depth == DEEPEST {
        return None;
    }
    match node.kind() {
        Kind::Null | Kind::Bool => out.literal(node.raw()),
        Kind::Number if numbers == Numbers::JavaScript => out.literal(&javascript(node.number()?.to_f64())),
        Kind::Number => out.string(&[MARK, b"number:", exact(node.raw())?.as_bytes()].concat()),
        Kind::String => {
            let text = node.text()?;
            out.string(&marked(text, numbers));
        }
        Kind::Array => {
            out.begin_array();
            for element in node.elements() {
                canonical(element, numbers, depth + 1, out)?;
            }
            out.end_array();
        }
        Kind::Object => {
            let mut members: Vec<(Cow<'_, [u8]>, Node<'_>)> =
                node.members().map(|member| (marked(member.key, numbers), member.value)).collect();
            // Stable, so that of duplicates the last one stays behind.
            members.sort_by(|(one, _), (two, _)| in_order(one, two));
            out.begin_object();
            for (at, (key, value)) in members.iter().enumerate() {
                if members.get(at + 1).is_none_or(|(next, _)| next != key) {
                    out.key_bytes(key);
                    canonical(*value, numbers, depth + 1, out)?;
                }
            }
            out.end_object();
        }
    }
    Some(())
}

fn marked(text: Text<'_>, numbers: Numbers) -> Cow<'_, [u8]> {
    let bytes = text.wtf8();
    if numbers == Numbers::Exact && bytes.starts_with(MARK) {
        return Cow::Owned([MARK, b"string:", &bytes].concat());
    }
    bytes
}

/// JavaScript's order of sorted keys: array indexes by value, then the others by UTF-16 code units.
fn in_order(one: &[u8], two: &[u8]) -> Ordering {
    match (array_index(one), array_index(two)) {
        (Some(one), Some(two)) => one.cmp(&two),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => by_units(one, two),
    }
}

fn array_index(key: &[u8]) -> Option<u32> {
    if key.len() > 10 || !key.first()?.is_ascii_digit() || (key.len() > 1 && key[0] == b'0') {
        return None;
    }
    std::str::from_utf8(key).ok()?.parse().ok().filter(|&index| index != u32::MAX)
}

/// The order of UTF-16 differs from that of the bytes where a character beyond the basic plane meets one of its end.
fn by_units(one: &[u8], two: &[u8]) -> Ordering {
    let same = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    match (one.get(same), two.get(same)) {
        (Some(&one @ 0xEE..), Some(&two @ 0xEE..)) if (one < 0xF0) != (two < 0xF0) => two.cmp(&one),
        // A half surrogate stands at the same place as the pairs that begin with it.
        _ => one.cmp(two),
    }
}

/// A double as JavaScript prints it.
pub(in crate::typescript) fn javascript(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if (1e-6..1e21).contains(&magnitude) {
        return format!("{value}");
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}e{sign}{exponent}")
}

/// A literal's exact decimal value: sign, digits without zeros at either end, exponent (`canonicalizeJsonNumber`).
pub(in crate::typescript) fn exact(literal: &str) -> Option<String> {
    let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [integer, fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(format!("{sign}0"));
    }
    let short = digits.trim_end_matches('0');
    let exponent: i128 = exponent.parse().ok()?;
    let exponent = exponent
        .checked_sub(i128::try_from(fraction.len()).ok()?)?
        .checked_add(i128::try_from(digits.len() - short.len()).ok()?)?;
    Some(format!("{sign}{short}e{exponent}"))
}

/// Compact JSON with keys that need not be UTF-8.
#[derive(Default)]
struct Compact {
    out: Vec<u8>,
    /// Whether a value or a key stands in front that a comma must follow.
    behind: bool,
}

impl Compact {
    fn finish(self) -> Vec<u8> {
        self.out
    }

    fn comma(&mut self) {
        if std::mem::replace(&mut self.behind, true) {
            self.out.push(b',');
        }
    }

    fn begin(&mut self, bracket: u8) {
        self.comma();
        self.out.push(bracket);
        self.behind = false;
    }

    fn end(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.behind = true;
    }

    fn begin_object(&mut self) {
        self.begin(b'{');
    }

    fn end_object(&mut self) {
        self.end(b'}');
    }

    fn begin_array(&mut self) {
        self.begin(b'[');
    }

    fn end_array(&mut self) {
        self.end(b']');
    }

    fn key(&mut self, key: &str) {
        self.key_bytes(key.as_bytes());
    }

    fn key_bytes(&mut self, key: &[u8]) {
        self.string(key);
        self.out.push(b':');
        self.behind = false;
    }

    fn literal(&mut self, literal: &str) {
        self.comma();
        self.out.extend_from_slice(literal.as_bytes());
    }

    fn text(&mut self, text: Text<'_>) {
        self.string(&text.wtf8());
    }

    fn string(&mut self, wtf8: &[u8]) {
        self.comma();
        if wtf8.iter().any(|&byte| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0xED)) {
            let mut quoted = Writer::new(Style::TypeScript);
            quoted.string(wtf8);
            self.out.extend_from_slice(&quoted.finish());
        } else {
            self.out.push(b'"');
            self.out.extend_from_slice(wtf8);
            self.out.push(b'"');
        }
    }
}
