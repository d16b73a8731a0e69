//! The verb `decide`: approves or rejects calls that wait, in the words of the SDK that wrote the state.

pub(crate) mod record;

use serde::Serialize;

use crate::codes::{self, Code};
use crate::detect::{Identity, identify};
use crate::finding::{Effect, Finding};
use crate::format::{Dialect, Format, Target};
use crate::inspect::{Inspect, Pending, describe};
use crate::json::{Document, Node, Style, Text, Value, Writer};
use crate::model::ApprovalStatus;
use crate::runs::{self, Given, Run, Waiting};
use crate::validate::{Validate, judge, locate, unreadable};
use crate::{python, typescript};

/// What to decide.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decide {
    /// Where the state stands, who is to read it (by default the newest release that writes its label), with which agents.
    pub validate: Validate,
    /// Whether the calls may run.
    pub verdict: ApprovalStatus,
    /// The calls.
    pub calls: Calls,
    /// Whether the decision is about all further calls of the tool, too.
    pub always: bool,
    /// What the model is told of a rejection.
    pub message: Option<String>,
}

impl Decide {
    /// A decision about single calls, with the SDK's own words.
    #[must_use]
    pub fn new(verdict: ApprovalStatus, calls: Calls) -> Self {
        Self { validate: Validate::default(), verdict, calls, always: false, message: None }
    }
}

/// Which calls.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Calls {
    /// The ones with these ids, each of them inside the run that these calls started, where that is said.
    Ids {
        /// The ids.
        ids: Vec<String>,
        /// The ids of the calls around, outermost first; nothing when the id alone tells.
        path: Option<Vec<String>>,
    },
    /// All that wait undecided, of this tool if one is named.
    All {
        /// The tool.
        tool: Option<String>,
    },
}

/// What came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decided {
    /// The whole input with the decision in it; nothing when it was refused.
    pub bytes: Option<Vec<u8>>,
    /// What was decided.
    pub calls: Vec<Pending>,
    /// Calls that wait and that a standing decision covers, too.
    pub covered: Vec<Pending>,
    /// Why nothing was decided.
    pub refusal: Option<Refusal>,
    /// Who was asked what is wrong with the input.
    pub reader: Option<Target>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Refusal {
    /// Stable code, such as `RS610`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code.to_string(), message: message.into(), help: code.explanation().help.to_owned() }
    }

    fn with_help(mut self, help: String) -> Self {
        self.help = help;
        self
    }
}

/// Decides about calls that wait in a state. The label stays, and nothing else changes.
///
/// ```
/// use runstate::{ApprovalStatus, Calls, Decide, decide};
///
/// let state = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
/// let call = Calls::Ids { ids: vec!["call_1".to_owned()], path: None };
/// let decided = decide(&state, &Decide::new(ApprovalStatus::Approved, call));
/// assert!(decided.bytes.is_some());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn decide(bytes: &[u8], options: &Decide) -> Decided {
    let refused = |findings: Vec<Finding>, refusal: Option<Refusal>| Decided {
        bytes: None,
        calls: Vec::new(),
        covered: Vec::new(),
        refusal,
        reader: None,
        findings,
    };
    let doc = match Document::parse(bytes.to_vec()) {
        Ok(doc) => doc,
        Err(error) => return refused(vec![unreadable(error)], None),
    };
    let at = options.validate.at.as_deref();
    let state = locate(&doc, at).ok().and_then(|root| match identify(root) {
        Identity::State { dialect, label, .. } => Some((root, label.format(dialect)?)),
        _ => None,
    });
    let Some((root, format)) = state else { return refused(judge(&doc, &options.validate).findings, None) };
    let validate = Validate { reader: options.validate.reader.or_else(|| own(format)), ..options.validate.clone() };
    let findings = judge(&doc, &validate).findings;
    let broken = findings.iter().any(|finding| matches!(finding.effect, Effect::Refused | Effect::Stuck));
    let reader = validate.reader;
    if broken {
        return Decided { reader, ..refused(findings, None) };
    }
    let dialect = format.dialect;
    let all = runs::runs(&doc, root, dialect);
    let waiting = settled(&all, dialect);
    match plan(root, format, options, &all, &waiting) {
        Ok((chosen, tree)) => {
            let written = splice(&doc, root, tree, dialect);
            match prove(&written, &waiting, &chosen, options, &validate, &findings) {
                Ok(covered) => {
                    let show = Inspect::default();
                    let call = |at: &usize| describe(&waiting[*at], &all, &show);
                    Decided {
                        bytes: Some(written),
                        calls: chosen.iter().map(call).collect(),
                        covered: covered.iter().map(call).collect(),
                        refusal: None,
                        reader,
                        findings,
                    }
                }
                Err(refusal) => refused(findings, Some(refusal)),
            }
        }
        Err(refusal) => refused(findings, Some(refusal)),
    }
}

/// The newest release that writes a label.
fn own(format: Format) -> Option<Target> {
    format.to_string().parse().ok()
}

fn settled<'d>(all: &[Run<'d>], dialect: Dialect) -> Vec<Waiting<'d>> {
    let given: Vec<Given<'d>> =
        all.iter().enumerate().flat_map(|(number, run)| runs::decisions(number, run, dialect)).collect();
    let mut waiting = runs::waiting(all, dialect);
    runs::settle(&mut waiting, all, &given, dialect);
    waiting
}

/// The calls that are meant, by their numbers.
fn choose(options: &Decide, all: &[Run<'_>], waiting: &[Waiting<'_>]) -> Result<Vec<usize>, Refusal> {
    let path = |call: &Waiting<'_>| -> Vec<String> {
        all[call.run].path.iter().map(|step| step.call.clone().into_owned()).collect()
    };
    let open = || waiting.iter().filter(|call| call.decided.is_none());
    let names = || {
        let ids: Vec<String> = open().filter_map(|call| call.id).map(|id| format!("\"{}\"", id.lossy())).collect();
        match ids.is_empty() {
            true => "No call waits for a decision.".to_owned(),
            false => format!("These wait for a decision: {}.", ids.join(", ")),
        }
    };
    match &options.calls {
        Calls::Ids { ids, path: wanted } => {
            let mut chosen = Vec::new();
            for id in ids {
                let is_meant = |call: &Waiting<'_>| {
                    call.id.is_some_and(|own| own.lossy() == id.as_str())
                        && wanted.as_ref().is_none_or(|wanted| path(call) == *wanted)
                };
                let found: Vec<usize> = (0..waiting.len()).filter(|at| is_meant(&waiting[*at])).collect();
                match found.as_slice() {
                    [] => {
                        let message = format!("no call \"{id}\" waits for a decision");
                        return Err(Refusal::new(codes::UNKNOWN_CALL, message).with_help(names()));
                    }
                    [one] => chosen.push(*one),
                    several => {
                        let message = format!("{} calls with the id \"{id}\" wait", several.len());
                        let inside = |at: &usize| match path(&waiting[*at]) {
                            path if path.is_empty() => "--inside \"\"".to_owned(),
                            path => path.iter().map(|id| format!("--inside {id}")).collect::<Vec<_>>().join(" "),
                        };
                        let paths: Vec<String> = several.iter().map(inside).collect();
                        let help = format!("Say which run is meant: {}.", paths.join(", or "));
                        return Err(Refusal::new(codes::SEVERAL_CALLS, message).with_help(help));
                    }
                }
            }
            Ok(chosen)
        }
        Calls::All { tool } => {
            let is_meant = |call: &Waiting<'_>| {
                let named = tool.as_ref().is_none_or(|tool| runs::names(call).iter().any(|name| name == tool));
                call.decided.is_none() && named
            };
            let chosen: Vec<usize> = (0..waiting.len()).filter(|at| is_meant(&waiting[*at])).collect();
            if chosen.is_empty() {
                let of = tool.as_ref().map_or_else(String::new, |tool| format!(" of \"{tool}\""));
                let message = format!("no call{of} waits for a decision");
                return Err(Refusal::new(codes::UNKNOWN_CALL, message).with_help(names()));
            }
            Ok(chosen)
        }
    }
}

/// The calls that are meant, and the state with the decision in it.
fn plan<'d>(
    root: Node<'d>,
    format: Format,
    options: &Decide,
    all: &[Run<'d>],
    waiting: &[Waiting<'d>],
) -> Result<(Vec<usize>, Value<'d>), Refusal> {
    let chosen = choose(options, all, waiting)?;
    let mut tree = Value::Node(root);
    let wanted = options.verdict;
    for at in &chosen {
        let call = &waiting[*at];
        let decision = Decision {
            approve: wanted == ApprovalStatus::Approved,
            always: options.always,
            message: options.message.as_deref(),
        };
        match format.dialect {
            Dialect::Python => python::decide(&mut tree, all, call, decision)?,
            Dialect::TypeScript => typescript::decide(&mut tree, all, call, decision)?,
        }
    }
    Ok((chosen, tree))
}

/// One decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision<'o> {
    pub(crate) approve: bool,
    pub(crate) always: bool,
    pub(crate) message: Option<&'o str>,
}

impl Decision<'_> {
    /// Refuses words where the label has no place for them.
    pub(crate) fn check_words(&self, has_place: bool) -> Result<(), Refusal> {
        if self.message.is_some() && !has_place {
            let message = "states of this label have no place for what the model is told";
            return Err(Refusal::new(codes::UNDECIDABLE, message)
                .with_help("Decide without --message, or convert the state to a newer label first.".to_owned()));
        }
        Ok(())
    }
}

/// The input with the state in its place. Everything around the state stays as it is, and so does the state where it is
/// written in a layout that the SDKs' languages have.
fn splice(doc: &Document, root: Node<'_>, tree: Value<'_>, dialect: Dialect) -> Vec<u8> {
    let own = match dialect {
        Dialect::Python => Style::Python,
        Dialect::TypeScript => Style::TypeScript,
    };
    let is_written = |style: &Style| {
        let mut out = Writer::new(*style);
        out.node(root);
        out.finish() == root.raw().as_bytes()
    };
    let style = [own, Style::PythonLine, Style::Python, Style::TypeScript].into_iter().find(is_written).unwrap_or(own);
    let mut out = Writer::new(style);
    tree.write(&mut out);
    let mut written = out.finish();
    let mut place = root;
    // A state that stands in a string becomes one again.
    while let Some(holder) = doc.holder(place) {
        let text = place.source().text().as_bytes();
        let whole = [&text[..place.span().start], &written, &text[place.span().end..]].concat();
        let mut out = Writer::new(if holder.raw().is_ascii() { Style::Python } else { Style::TypeScript });
        out.string(&whole);
        written = out.finish();
        place = holder;
    }
    let text = place.source().text().as_bytes();
    [&text[..place.span().start], &written, &text[place.span().end..]].concat()
}

/// Reads what was written as the SDK will, and refuses what says more than was asked for, or less. Gives the calls that a
/// standing decision covers besides.
fn prove(
    written: &[u8],
    before: &[Waiting<'_>],
    chosen: &[usize],
    options: &Decide,
    validate: &Validate,
    findings: &[Finding],
) -> Result<Vec<usize>, Refusal> {
    let refuse = |message: String| Err(Refusal::new(codes::UNDECIDABLE, message));
    let id = |call: &Waiting<'_>| call.id.map(Text::lossy).unwrap_or_default().into_owned();
    let Ok(doc) = Document::parse(written.to_vec()) else { return refuse("the result is no JSON".to_owned()) };
    for finding in judge(&doc, validate).findings {
        let is_bad = matches!(finding.effect, Effect::Refused | Effect::Stuck | Effect::Unsafe);
        let is_old = findings.iter().any(|own| own.code == finding.code && own.pointer == finding.pointer);
        if is_bad && !is_old {
            return refuse(format!("the SDK would not heed it: {} ({})", finding.message, finding.code));
        }
    }
    let root = locate(&doc, validate.at.as_deref()).ok();
    let Some((root, Identity::State { dialect, .. })) = root.map(|root| (root, identify(root))) else {
        return refuse("the result is no state".to_owned());
    };
    let all = runs::runs(&doc, root, dialect);
    let after = settled(&all, dialect);
    if after.len() != before.len() {
        return refuse("the result has other calls that wait".to_owned());
    }
    let wanted = options.verdict;
    let mut covered = Vec::new();
    for (at, (old, new)) in before.iter().zip(&after).enumerate() {
        if chosen.contains(&at) {
            if new.decided != Some(wanted) {
                let message = "an earlier decision about it, or about all calls of its tool, is stronger in this label";
                let message = format!("the call \"{}\" would not be decided so: {message}", id(old));
                let refusal = Refusal::new(codes::UNDECIDABLE, message);
                if !options.always || old.decided.is_none() || old.standing {
                    return Err(refusal);
                }
                let help = "Decide about the call itself first, then about all calls of its tool.";
                return Err(refusal.with_help(help.to_owned()));
            }
        } else if new.decided != old.decided {
            let same_tool = chosen.iter().any(|one| before[*one].tool == old.tool);
            if !options.always || !same_tool {
                return refuse(format!(
                    "the call \"{}\" would be decided, too: nothing tells the calls apart",
                    id(old)
                ));
            }
            if old.decided == Some(ApprovalStatus::Rejected) && !old.standing {
                let message = "was rejected by itself, and the SDK forgets that when all calls are approved";
                return refuse(format!("the call \"{}\" {message}", id(old)));
            }
            covered.push(at);
        }
    }
    Ok(covered)
}
