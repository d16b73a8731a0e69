//! What the user's program has put into a state: the context, and what its tools returned. Held against the user's own
//! JSON Schemas.

use std::collections::BTreeMap;

use crate::check::{Checker, Fault};
use crate::codes::{self, Code};
use crate::convert::canonical;
use crate::detect::{Identity, identify};
use crate::finding::{Effect, Finding, Severity};
use crate::hash::HashMap;
use crate::json::{Document, Kind, Node, Style, Value, Writer};
use crate::model::Account;
use crate::model::state::{Context, Input, Item, ItemKind, State};
use crate::record::Reader;
use crate::validate::{locate, place};

/// Deeper values are not held against a schema, which may follow them as deep as they go.
const DEPTH: usize = 512;

/// So many places are named of one value.
const FAULTS: usize = 100;

/// The user's schemas.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Schemas<'c> {
    /// What the context is.
    pub context: Option<&'c Checker>,
    /// What a tool returns, by its name.
    pub tools: BTreeMap<&'c str, &'c Checker>,
}

impl Schemas<'_> {
    /// Where the context or the outputs of tools are not what the schemas say, in states of either SDK and any label, and
    /// in the runs that are nested in them. A string that its schema refuses may also hold the value as JSON: that is how
    /// older formats store what is no string.
    ///
    /// ```
    /// use runstate::{check::Checker, content::Schemas, json::Document};
    ///
    /// let state = Document::parse(std::fs::read("fixtures/python/1.21/pending-after-typed-outputs.json")?)?;
    /// let mut schemas = Schemas::default();
    /// let checker = Checker::of(&serde_json::json!({ "type": "boolean" }))?;
    /// schemas.context = Some(&checker);
    /// assert_eq!(schemas.check(&state, None)[0].code.to_string(), "RS702");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn check(&self, doc: &Document, at: Option<&str>) -> Vec<Finding> {
        let Ok(root) = locate(doc, at) else { return Vec::new() };
        let Identity::State { dialect, label, .. } = identify(root) else { return Vec::new() };
        let Some(format) = label.format(dialect) else { return Vec::new() };
        let state = canonical(doc, root, format, &Account::default());
        let mut cx = Reader::new(doc, dialect, format.label);
        self.state(&state, root, &mut cx);
        let mut findings = place(doc, cx);
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
        findings
    }

    fn state<'d>(&self, state: &State<'d>, near: Node<'d>, cx: &mut Reader<'d>) {
        let Context { user, .. } = &state.context;
        if let (Some(checker), Some(user)) = (&self.context, user) {
            judge(checker, user, near, codes::CONTEXT_SCHEMA, "the context", cx);
        }
        if !self.tools.is_empty() {
            self.outputs(state, near, cx);
        }
        let nested = state.processed.iter().flat_map(|processed| &processed.functions);
        for nested in nested.filter_map(|action| action.nested.as_deref()) {
            // The context of a nested run is its own, and the schema says nothing of it.
            self.nested(nested, nested.origin.unwrap_or(near), cx);
        }
    }

    fn nested<'d>(&self, state: &State<'d>, near: Node<'d>, cx: &mut Reader<'d>) {
        self.outputs(state, near, cx);
        let nested = state.processed.iter().flat_map(|processed| &processed.functions);
        for nested in nested.filter_map(|action| action.nested.as_deref()) {
            self.nested(nested, nested.origin.unwrap_or(near), cx);
        }
    }

    fn outputs<'d>(&self, state: &State<'d>, near: Node<'d>, cx: &mut Reader<'d>) {
        let mut names: HashMap<Vec<u8>, String> = HashMap::default();
        let input = match &state.input {
            Input::Items(items) => items.as_slice(),
            Input::Text(_) => &[],
        };
        for raw in input.iter().chain(state.items.iter().map(|item| &item.raw)) {
            let text = |key: &str| raw.member(key).and_then(|value| value.wtf8());
            if let (Some(call), Some(name)) = (text("call_id"), text("name")) {
                names.insert(call.into_owned(), String::from_utf8_lossy(&name).into_owned());
            }
        }
        for Item { origin, kind, raw, .. } in &state.items {
            let ItemKind::Output { output, .. } = kind else { continue };
            let call = raw.member("call_id").and_then(|call| call.wtf8());
            let Some(name) = call.and_then(|call| names.get(&*call)) else { continue };
            if let Some(checker) = self.tools.get(name.as_str()) {
                let what = format!("the output of {name}");
                judge(checker, output, origin.unwrap_or(near), codes::OUTPUT_SCHEMA, &what, cx);
            }
        }
    }
}

/// Raises what is wrong with a value of the input, or near it where the value is made of several.
fn judge<'d>(checker: &Checker, value: &Value<'d>, near: Node<'d>, code: Code, what: &str, cx: &mut Reader<'d>) {
    let Some(node) = value.origin().filter(|node| matches!(value, Value::Node(_)) || node.kind() == value.kind())
    else {
        let mut out = Writer::new(Style::TypeScript);
        value.write(&mut out);
        let Ok(made) = Document::parse(out.finish()) else { return };
        for fault in faults(checker, made.root()) {
            cx.raise(code, Effect::Note, near, sentence(what, &fault));
        }
        return;
    };
    let mut found = faults(checker, node);
    let mut within = node;
    if !found.is_empty()
        && node.kind() == Kind::String
        && let Ok(inner) = cx.doc.decode(node)
    {
        (found, within) = (faults(checker, inner), inner);
    }
    // One wrong type in a long list is wrong in all its elements.
    for fault in found.into_iter().take(FAULTS) {
        let node = follow(within, &fault.pointer);
        cx.raise(code, Effect::Note, node, sentence(what, &fault));
    }
}

fn faults(checker: &Checker, node: Node<'_>) -> Vec<Fault> {
    if is_deep(node) {
        let keyword = format!("what is more than {DEPTH} levels deep");
        return vec![Fault { pointer: String::new(), keyword, property: None }];
    }
    checker.check(node)
}

fn sentence(what: &str, fault: &Fault) -> String {
    let Fault { keyword, property, .. } = fault;
    match (keyword.as_str(), property) {
        ("required", Some(property)) => format!("{what} is not what its schema says: `{property}` is missing"),
        (_, Some(property)) => format!("{what} is not what its schema says: `{property}` is not expected"),
        (keyword, None) if keyword.contains(' ') => format!("{what} cannot be held against its schema: {keyword}"),
        (keyword, None) => format!("{what} is not what its schema says: `{keyword}` does not hold"),
    }
}

/// The value at a pointer, as far as there is one.
fn follow<'d>(mut node: Node<'d>, pointer: &str) -> Node<'d> {
    for step in pointer.split('/').skip(1) {
        let Some(next) = node.step(step) else { break };
        node = next;
    }
    node
}

/// Whether brackets are nested deeper than a schema may follow.
fn is_deep(node: Node<'_>) -> bool {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in node.raw().bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    deepest > DEPTH
}
