//! Which call a raw item makes: the approval scope and the fingerprint that the ledger binds decisions to
//! (`_tool_invocation.py`, 0.20.0 on).

use std::borrow::Cow;

use crate::json::{Document, Kind, Node, Text};
use crate::model::state::ToolKey;

use super::canonical::{Canonical, Style, Unhashable, digest};

/// The fields of a raw item that say what is called, in the order of their names.
const FIELDS: [&str; 13] = [
    "action",
    "actions",
    "arguments",
    "caller",
    "environment",
    "input",
    "name",
    "namespace",
    "operation",
    "operations",
    "pending_safety_checks",
    "server_label",
    "type",
];
const ACTION: usize = 0;
const ARGUMENTS: usize = 2;
const CALLER: usize = 3;
const INPUT: usize = 5;
const NAME: usize = 6;
const NAMESPACE: usize = 7;
const OPERATION: usize = 8;
const OPERATIONS: usize = 9;
const SERVER_LABEL: usize = 11;
const TYPE: usize = 12;

/// The types of calls that have an identity, and of the outputs that complete them.
pub(super) const CALLS: [(&str, &str); 7] = [
    ("apply_patch_call", "apply_patch_call_output"),
    ("computer_call", "computer_call_output"),
    ("custom_tool_call", "custom_tool_call_output"),
    ("function_call", "function_call_output"),
    ("local_shell_call", "local_shell_call_output"),
    ("mcp_approval_request", "mcp_approval_response"),
    ("shell_call", "shell_call_output"),
];

/// The first part of a function tool's lookup key, the namespace, and the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lookup<'d> {
    kind: &'static str,
    namespace: Option<Cow<'d, [u8]>>,
    name: Cow<'d, [u8]>,
}

impl<'d> Lookup<'d> {
    /// The key of a name and a namespace (`get_function_tool_lookup_key`).
    pub(super) fn of(name: Option<Text<'d>>, namespace: Option<Text<'d>>) -> Option<Self> {
        let name = name.filter(|name| !name.is_empty())?.wtf8();
        let namespace = namespace.filter(|namespace| !namespace.is_empty()).map(Text::wtf8);
        Some(match namespace {
            Some(namespace) if namespace == name => Self { kind: "deferred_top_level", namespace: None, name },
            Some(namespace) => Self { kind: "namespaced", namespace: Some(namespace), name },
            None => Self { kind: "bare", namespace: None, name },
        })
    }

    /// A key that is written out (`deserialize_function_tool_lookup_key`).
    pub(super) fn read(node: Node<'d>) -> Option<Self> {
        let text = |key| node.member(key).and_then(Node::text).filter(|text| !text.is_empty());
        let (kind, name) = (text("kind")?, text("name")?.wtf8());
        if kind.is("bare") {
            Some(Self { kind: "bare", namespace: None, name })
        } else if kind.is("deferred_top_level") {
            Some(Self { kind: "deferred_top_level", namespace: None, name })
        } else if kind.is("namespaced") {
            Some(Self { kind: "namespaced", namespace: Some(text("namespace")?.wtf8()), name })
        } else {
            None
        }
    }

    /// The key of the canonical model.
    fn of_key(key: &'d ToolKey<'_>) -> Option<Self> {
        Some(match key {
            ToolKey::Bare(name) => Self { kind: "bare", namespace: None, name: name.wtf8()? },
            ToolKey::Deferred(name) => Self { kind: "deferred_top_level", namespace: None, name: name.wtf8()? },
            ToolKey::Namespaced(namespace, name) => {
                Self { kind: "namespaced", namespace: Some(namespace.wtf8()?), name: name.wtf8()? }
            }
        })
    }

    /// The key under which a tool is looked up, as one text: `name`, `namespace.name`, `deferred_top_level:name`.
    pub(super) fn approval_key(&self) -> Vec<u8> {
        match (&self.namespace, self.kind) {
            (Some(namespace), _) => [namespace, b".".as_slice(), &self.name].concat(),
            (None, "deferred_top_level") => [b"deferred_top_level:".as_slice(), &self.name].concat(),
            (None, _) => self.name.to_vec(),
        }
    }

    fn write(&self, out: &mut Canonical) -> Result<(), Unhashable> {
        out.literal("[\"");
        out.literal(self.kind);
        out.literal("\"");
        for part in self.namespace.iter().chain([&self.name]) {
            out.literal(",");
            out.string(part)?;
        }
        out.literal("]");
        Ok(())
    }
}

/// What a standing decision holds for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scoped<'k> {
    /// A function tool.
    Function(&'k ToolKey<'k>),
    /// A tool that is known by its name, with the type of its calls.
    Named {
        /// One of the names in [`CALLS`].
        kind: &'static str,
        /// The name.
        name: &'k [u8],
    },
    /// A tool of a hosted MCP server.
    Hosted {
        /// The server's label.
        server: &'k [u8],
        /// The tool's name.
        name: &'k [u8],
    },
}

/// The scope that all calls of a tool share; `None` where Python could not hash it.
pub(super) fn standing_scope(scoped: Scoped<'_>) -> Option<String> {
    let mut out = Canonical::new(Style::Compact);
    match scoped {
        Scoped::Function(tool) => {
            out.literal("{\"tool_lookup_key\":");
            Lookup::of_key(tool)?.write(&mut out).ok()?;
            out.literal(",\"type\":\"function_call\"}");
        }
        Scoped::Named { kind, name } => {
            out.literal("{\"name\":");
            out.string(name).ok()?;
            out.literal(",\"type\":\"");
            out.literal(kind);
            out.literal("\"}");
        }
        Scoped::Hosted { server, name } => {
            out.literal("{\"name\":");
            out.string(name).ok()?;
            out.literal(",\"server_label\":");
            out.string(server).ok()?;
            out.literal(",\"type\":\"mcp_approval_request\"}");
        }
    }
    Some(out.digest())
}

/// A raw item that calls something.
#[derive(Clone, Debug)]
pub(super) struct Call<'d> {
    /// One of the names in [`CALLS`].
    pub(super) kind: &'static str,
    /// The id of the call, if it is a text that is not empty.
    pub(super) id: Option<Text<'d>>,
    fields: [Option<Node<'d>>; FIELDS.len()],
}

/// What the history says of a call beside its raw item.
#[derive(Clone, Debug, Default)]
pub(super) struct Known<'d> {
    /// The lookup key of an approval item.
    pub(super) lookup: Option<Lookup<'d>>,
    /// The name of the tool.
    pub(super) tool: Option<Text<'d>>,
    /// Whether the call is a handoff.
    pub(super) handoff: bool,
}

impl Known<'_> {
    /// Whether two places say the same of their calls.
    pub(super) fn same(&self, other: &Self) -> bool {
        let tools = match (self.tool, other.tool) {
            (Some(one), Some(two)) => one.same_text(two),
            (one, two) => one.is_none() && two.is_none(),
        };
        tools && self.lookup == other.lookup && self.handoff == other.handoff
    }
}

impl<'d> Call<'d> {
    /// The call that a raw item makes, if it makes one (`tool_invocation_call_id`).
    pub(super) fn of(raw: Node<'d>) -> Option<Self> {
        if raw.kind() != Kind::Object {
            return None;
        }
        let mut call = Self { kind: "", id: None, fields: [None; FIELDS.len()] };
        let (mut id, mut call_id, mut provider) = (None, None, None);
        for member in raw.members() {
            match &*member.key.lossy() {
                "id" => id = Some(member.value),
                "call_id" => call_id = Some(member.value),
                "provider_data" => provider = Some(member.value),
                key => call.set(key, member.value),
            }
        }
        let filled = |node: Option<Node<'d>>| node.and_then(Node::text).filter(|text| !text.is_empty());
        let kind = call.fields[TYPE].and_then(Node::text)?;
        if kind.is("hosted_tool_call") {
            let provider = provider.filter(|provider| provider.is_type("mcp_approval_request"))?;
            let own = call.fields[NAME];
            for member in provider.members() {
                call.set(&member.key.lossy(), member.value);
            }
            if filled(call.fields[NAME]).is_none() && filled(own).is_some() {
                call.fields[NAME] = own;
            }
            id = match provider.member("id").filter(|id| !id.is_null()) {
                Some(request) => Some(request),
                None => filled(call_id).or(filled(id)).map(Text::node),
            };
            call.kind = "mcp_approval_request";
            call.id = filled(id);
            return Some(call);
        }
        call.kind = CALLS.iter().map(|(call, _)| *call).find(|name| kind.is(name))?;
        call.id = filled(if call.kind == "mcp_approval_request" { id } else { call_id });
        Some(call)
    }

    fn set(&mut self, key: &str, value: Node<'d>) {
        // Most keys of a state are none of these, and differ in their length.
        if let Some(place) = FIELDS.iter().position(|field| field.len() == key.len() && *field == key) {
            self.fields[place] = Some(value);
        }
    }

    fn text(&self, field: usize) -> Option<Text<'d>> {
        self.fields[field].and_then(Node::text).filter(|text| !text.is_empty())
    }

    /// The name that the raw item gives.
    pub(super) fn name(&self) -> Option<Text<'d>> {
        self.text(NAME)
    }

    /// The arguments of a function call, or the input of a custom tool's.
    pub(super) fn argument_text(&self) -> Option<Text<'d>> {
        let field = if self.kind == "custom_tool_call" { INPUT } else { ARGUMENTS };
        self.fields[field].and_then(Node::text)
    }

    /// Whether hashing the call may fail: something in it may be half of a surrogate pair, or nested very deep.
    pub(super) fn may_fail(&self) -> bool {
        const SHALLOW: usize = 200;
        self.fields.iter().flatten().map(|node| node.raw().as_bytes()).any(|raw| {
            // The escape of half a pair starts so, also behind a backslash of its own inside of arguments.
            let escape = |at: usize| raw[..at].ends_with(b"\\") && matches!(raw.get(at + 1), Some(b'd' | b'D'));
            memchr::memchr_iter(b'u', raw).any(escape) || memchr::memchr2_iter(b'[', b'{', raw).nth(SHALLOW).is_some()
        })
    }

    /// The patch that a call of a tool named like the patch tool stands for, from its arguments
    /// (`normalize_apply_patch_fallback_call`).
    pub(super) fn as_patch<'t>(&self, arguments: Node<'t>) -> Option<Call<'t>>
    where
        'd: 't,
    {
        if arguments.kind() != Kind::Object {
            return None;
        }
        let mut patch = Call { kind: "apply_patch_call", id: self.id, fields: [None; FIELDS.len()] };
        let whole = arguments.member("operation").is_some() || arguments.member("operations").is_some();
        if self.kind == "custom_tool_call" && whole {
            for member in arguments.members() {
                patch.set(&member.key.lossy(), member.value);
            }
        } else {
            patch.fields[OPERATION] = Some(arguments);
        }
        patch.fields[CALLER] = self.fields[CALLER].or(patch.fields[CALLER]);
        // Any text: what is hashed is the kind.
        patch.fields[TYPE] = self.fields[TYPE];
        Some(patch)
    }

    /// The lookup key of a function call itself.
    pub(super) fn own_lookup(&self) -> Option<Lookup<'d>> {
        Lookup::of(self.text(NAME), self.text(NAMESPACE))
    }

    /// The scope that a standing decision about the call holds in, or `None` when the item says too little
    /// (`tool_invocation_approval_scope`).
    pub(super) fn scope(&self, known: &Known<'d>) -> Result<Option<String>, Unhashable> {
        Ok(self.scope_text(known)?.map(|text| digest(&text)))
    }

    /// What is hashed for the scope.
    pub(super) fn scope_text(&self, known: &Known<'d>) -> Result<Option<Vec<u8>>, Unhashable> {
        let mut out = Canonical::new(Style::Compact);
        out.literal("{");
        if known.handoff {
            out.literal("\"invocation_role\":\"handoff\",");
        }
        match self.kind {
            "function_call" => {
                let Some(lookup) = known.lookup.clone().or_else(|| self.own_lookup()) else { return Ok(None) };
                out.literal("\"tool_lookup_key\":");
                lookup.write(&mut out)?;
                out.literal(",");
            }
            "mcp_approval_request" => {
                let (Some(name), Some(server)) = (self.text(NAME), self.text(SERVER_LABEL)) else { return Ok(None) };
                out.literal("\"name\":");
                out.text_of(name)?;
                out.literal(",\"server_label\":");
                out.text_of(server)?;
                out.literal(",");
            }
            _ => {
                if let Some(name) = known.tool.or(self.text(NAME)) {
                    out.literal("\"name\":");
                    out.text_of(name)?;
                    out.literal(",");
                }
            }
        }
        out.literal("\"type\":\"");
        out.literal(self.kind);
        out.literal("\"}");
        Ok(Some(out.into_bytes()))
    }

    /// Whether another raw item says the same of the call, letter by letter.
    pub(super) fn is_written_like(&self, other: &Self) -> bool {
        let same = |(one, two): (&Option<Node<'_>>, &Option<Node<'_>>)| one.map(Node::raw) == two.map(Node::raw);
        self.kind == other.kind && self.fields.iter().zip(&other.fields).all(same)
    }

    /// Whether the item says enough of the call to tell it from another one.
    pub(super) fn is_complete(&self) -> bool {
        let has = |field: usize| self.fields[field].is_some();
        self.id.is_some()
            && match self.kind {
                "function_call" | "mcp_approval_request" => has(ARGUMENTS),
                "custom_tool_call" => self.text(NAME).is_some() && has(INPUT),
                "apply_patch_call" => has(OPERATION) || has(OPERATIONS),
                _ => has(ACTION),
            }
    }

    /// The digest that stands for the call with everything that it is called with
    /// (`tool_invocation_identity_and_scope`).
    pub(super) fn fingerprint(&self, scope: &str) -> Result<String, Unhashable> {
        let mut out = Canonical::new(Style::Compact);
        let mut first = true;
        let mut key = |out: &mut Canonical, name: &str| {
            out.literal(if first { "{\"" } else { ",\"" });
            out.literal(name);
            out.literal("\":");
            first = false;
        };
        // `approval_scope` stands between `actions` and `arguments`.
        for (place, name) in FIELDS.iter().enumerate() {
            if place == ARGUMENTS {
                key(&mut out, "approval_scope");
                out.string(scope.as_bytes())?;
            }
            let Some(value) = self.fields[place].filter(|value| !value.is_null()) else { continue };
            match place {
                NAME | NAMESPACE if self.kind == "function_call" => {}
                ARGUMENTS => {
                    key(&mut out, name);
                    arguments(value, &mut out)?;
                }
                TYPE => {
                    key(&mut out, name);
                    out.string(self.kind.as_bytes())?;
                }
                _ => {
                    key(&mut out, name);
                    out.value(value, false)?;
                }
            }
        }
        out.literal("}");
        Ok(out.digest())
    }
}

/// Writes arguments by their value where they are JSON, so that their layout does not matter (`_normalize_arguments`).
fn arguments(value: Node<'_>, out: &mut Canonical) -> Result<(), Unhashable> {
    let Some(text) = value.text() else { return out.value(value, true) };
    if text.has_lone_surrogate() {
        return Err(Unhashable::LoneSurrogate);
    }
    match Document::parse(text.wtf8().into_owned()) {
        Ok(doc) if !is_no_value(&doc) => out.value(doc.root(), true),
        _ => out.text_of(text),
    }
}

/// Whether Python's parser, called with constants forbidden, gives up on a text that the JSON layer accepts.
fn is_no_value(doc: &Document) -> bool {
    const DIGITS: usize = 4_300;
    let source = doc.source(0);
    source.has_bom()
        || source.nonfinite().next().is_some()
        || (source.text().len() > DIGITS && has_long_integer(doc.root(), DIGITS))
}

/// Whether a value holds an integer of more digits than Python reads.
fn has_long_integer(root: Node<'_>, digits: usize) -> bool {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if node
            .number()
            .is_some_and(|number| number.is_integer_literal() && number.raw().trim_start_matches('-').len() > digits)
        {
            return true;
        }
        open.extend(node.elements());
        open.extend(node.members().map(|member| member.value));
    }
    false
}

/// The id of the call that a raw item makes.
pub(super) fn call_id(raw: Node<'_>) -> Option<Text<'_>> {
    let kind = raw.member("type").and_then(Node::text)?;
    if kind.is("hosted_tool_call") {
        return Call::of(raw)?.id;
    }
    let (kind, _) = CALLS.iter().find(|(call, _)| kind.is(call))?;
    let key = if *kind == "mcp_approval_request" { "id" } else { "call_id" };
    raw.member(key).and_then(Node::text).filter(|id| !id.is_empty())
}

/// The call that an output completes: the type of the call, and its id (`tool_output_identity`).
pub(super) fn completes(raw: Node<'_>) -> Option<(&'static str, Text<'_>)> {
    let kind = raw.member("type").and_then(Node::text)?;
    let (call, _) = CALLS.iter().find(|(_, output)| kind.is(output))?;
    let key = if *call == "mcp_approval_request" { "approval_request_id" } else { "call_id" };
    let id = raw.member(key).and_then(Node::text).filter(|id| !id.is_empty())?;
    Some((call, id))
}

#[cfg(test)]
mod tests {
    use super::{Call, Known, Unhashable, completes};
    use crate::json::Document;

    fn identity(raw: &str) -> Result<Option<(String, String)>, Unhashable> {
        let doc = Document::parse(raw.as_bytes().to_vec()).expect("the tests' texts are JSON");
        let call = Call::of(doc.root()).expect("the tests' items are calls");
        assert!(call.is_complete());
        let Some(scope) = call.scope(&Known::default())? else { return Ok(None) };
        let fingerprint = call.fingerprint(&scope)?;
        Ok(Some((scope, fingerprint)))
    }

    const SCOPE: &str = "a0b19d558d4121243df66fedd27ad25efa338493b2112da0c4a0945ba3a48e1d";
    const FINGERPRINT: &str = "d6dcf2c9a6ce12110133815c3a2b513aaa7b0d64216efdf92c4a916388a7c601";

    #[test]
    fn a_function_call_has_the_digests_that_the_sdk_computes() {
        let raw = r#"{"arguments":"{\"amount\": 5}","call_id":"c","name":"wire","type":"function_call","id":"x"}"#;
        assert_eq!(identity(raw), Ok(Some((SCOPE.to_owned(), FINGERPRINT.to_owned()))));
    }

    #[test]
    fn neither_layout_nor_ids_nor_nulls_beside_the_arguments_matter() {
        let raw = r#"{"type":"function_call","name":"wire","arguments":" { \"amount\" :5, \"amount\":5}","call_id":"other",
            "caller":null,"status":"completed"}"#;
        assert_eq!(identity(raw), Ok(Some((SCOPE.to_owned(), FINGERPRINT.to_owned()))));
    }

    #[test]
    fn a_float_is_another_value_than_an_integer() {
        let raw = r#"{"type":"function_call","name":"wire","arguments":"{\"amount\": 5.0}","call_id":"c"}"#;
        let (scope, fingerprint) = identity(raw).expect("it can be hashed").expect("it has an identity");
        assert_eq!(scope, SCOPE);
        assert_ne!(fingerprint, FINGERPRINT);
    }

    #[test]
    fn a_lone_surrogate_behind_two_escapes_cannot_be_hashed() {
        let raw = r#"{"type":"function_call","name":"wire","arguments":"\"\\ud800\"","call_id":"c"}"#;
        assert_eq!(identity(raw), Err(Unhashable::LoneSurrogate));
    }

    #[test]
    fn an_output_completes_the_call_of_its_type() {
        let doc =
            Document::parse(br#"{"type":"mcp_approval_response","approval_request_id":"r","call_id":"c"}"#.to_vec());
        let doc = doc.expect("the text is JSON");
        let (kind, id) = completes(doc.root()).expect("it completes a request");
        assert_eq!((kind, id.raw()), ("mcp_approval_request", "r"));
    }
}
