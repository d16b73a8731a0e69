//! The verb `inspect`: what a state says, for a person and for other tools.

mod show;
mod size;
mod timeline;

use serde::Serialize;

use crate::codes;
use crate::convert::canonical;
use crate::detect::{self, Detection, Identity, identify};
use crate::finding::{Effect, Finding};
use crate::format::Format;
use crate::json::{Document, Kind, Node, Text, Value};
use crate::model::state::{State, Step, Usage};
use crate::model::{Account, ApprovalStatus};
use crate::parallel::both;
use crate::runs::{self, Given, Run, Waiting};
use crate::validate::{Validate, judge, locate};

use show::Show;
pub use size::{Part, Repeat, Size};

/// How to inspect: begin with the default, and set fields.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Inspect {
    /// Who is to read the state, where it stands, and with which agents it will be resumed.
    pub validate: Validate,
    /// The most characters of a value; `None` for all.
    pub width: Option<usize>,
    /// Whether values that look like secrets are shown; otherwise `***` stands for them.
    pub show_values: bool,
    /// Whether to say what takes the space.
    pub size: bool,
}

/// What a state says, as plain data. Texts are for people: half a surrogate pair is U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// Dialect and label, such as `python@1.21`, when the state has a known label.
    pub format: Option<String>,
    /// `python` or `typescript`.
    pub dialect: Option<&'static str>,
    /// The label as it is written.
    pub label: Option<String>,
    /// The releases that can have written the state, in order.
    pub written_by: Vec<String>,
    /// The first release that reads its label.
    pub readable_since: Option<String>,
    /// How many bytes the input has.
    pub bytes: usize,
    /// Whether the run can go on.
    pub resumable: Resumable,
    /// Where the run stands; nothing when the input is no state that can be read.
    pub run: Option<RunSummary>,
    /// Calls that wait for a decision, nested runs included.
    pub inbox: Vec<Pending>,
    /// Decisions given so far, nested runs included.
    pub decisions: Vec<Decision>,
    /// What happened, in order; items of a nested run stand behind the call that started it.
    pub items: Vec<Entry>,
    /// What it cost.
    pub usage: Spending,
    /// The user's own data, as JSON.
    pub context: Option<String>,
    /// What takes the space, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// What is wrong with the state, in the order of the file.
    pub findings: Vec<Remark>,
}

/// Whether a run can go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Resumable {
    /// The answer.
    pub answer: Answer,
    /// Whose answer it is: an SDK release, such as `python@0.24.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// One sentence.
    pub reason: String,
    /// The code of the finding that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Whether a run can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// It can.
    Yes,
    /// It can, and stops again as long as calls wait for a decision.
    AfterDecisions,
    /// It can, and something would run that nobody approved.
    Unsafe,
    /// There is nothing to resume.
    Finished,
    /// It cannot.
    No,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RunSummary {
    /// Turns done so far.
    pub turn: Option<u64>,
    /// The turn limit; nothing when there is none.
    pub max_turns: Option<u64>,
    /// The agent whose turn it is: its identity where it has one, else its name.
    pub agent: Option<String>,
    /// What comes next.
    pub step: NextStep,
    /// The conversation that the service keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The response to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_response_id: Option<String>,
    /// How many runs are nested in it.
    pub nested_runs: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NextStep {
    /// The run waits for decisions.
    Interrupted,
    /// The model is called.
    RunAgain,
    /// The run is finished, or was never started.
    Over,
}

/// A call that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Pending {
    /// The agent that calls: its identity where it has one, else its name.
    pub agent: Option<String>,
    /// The tool; in a namespace, `namespace.name`.
    pub tool: Option<String>,
    /// The type of the call as the SDK writes it.
    pub kind: Option<String>,
    /// The hosted MCP server that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What it is called with: JSON, or the text as it is where it is none.
    pub arguments: String,
    /// The id that decisions name the call by.
    pub call_id: Option<String>,
    /// The calls that the run of this one is nested in, outermost first.
    pub path: Vec<Outer>,
}

/// A call of an agent as a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Outer {
    /// The tool.
    pub tool: Option<String>,
    /// The id of the call.
    pub call_id: String,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Decision {
    /// What it says.
    pub verdict: ApprovalStatus,
    /// The tool; in a namespace, `namespace.name`.
    pub tool: String,
    /// The agent, where decisions name one.
    pub agent: Option<String>,
    /// The hosted MCP server, where decisions name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The call; nothing for all calls of the tool.
    pub call_id: Option<String>,
    /// What the model is told of a rejection.
    pub message: Option<String>,
    /// Whether the SDK of the state's label heeds it.
    pub counts: bool,
    /// The calls that the run of the decision is nested in, outermost first.
    pub path: Vec<Outer>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Entry {
    /// In how many runs the run of it is nested.
    pub depth: usize,
    /// What it is.
    pub kind: EntryKind,
    /// The agent that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The tool that is called or asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The id of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// What it says.
    pub text: String,
}

/// What an entry of the timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EntryKind {
    /// What a user, the developer or the system says.
    User,
    /// What an agent says.
    Assistant,
    /// What the model thought.
    Reasoning,
    /// A call of a tool.
    Call,
    /// What came of a call.
    Output,
    /// The run is handed over.
    Handoff,
    /// A question whether a call may run.
    Approval,
    /// A search for tools, or what it found.
    ToolSearch,
    /// A summary that stands for what was before it.
    Compaction,
    /// Anything else.
    Other,
}

/// What a run cost, nested runs not included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Spending {
    /// All of it, as the state has added it up.
    pub total: Option<Tokens>,
    /// Of each response of the model.
    pub responses: Vec<Tokens>,
}

/// Token counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Tokens {
    /// The service's id of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// How many requests were made.
    pub requests: Option<u64>,
    /// Tokens of the input.
    pub input: Option<u64>,
    /// Tokens of the output.
    pub output: Option<u64>,
    /// Tokens of both.
    pub total: Option<u64>,
}

/// Something that is wrong with the state. `runstate validate` says more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Remark {
    /// Stable code, such as `RS301`.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// `refused`, `stuck`, `unsafe`, `exposed`, `lost` or `note`.
    pub effect: &'static str,
    /// JSON pointer of the value in the file.
    pub pointer: String,
    /// One sentence.
    pub message: String,
}

/// What a state says. Total: of an input that cannot be read, it says that.
///
/// ```
/// use runstate::{Inspect, inspect};
///
/// let state = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
/// let summary = inspect(&state, &Inspect::default());
/// let call = &summary.inbox[0];
/// assert_eq!((call.agent.as_deref(), call.tool.as_deref()), (Some("Bank"), Some("wire")));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn inspect(bytes: &[u8], options: &Inspect) -> Summary {
    match Document::parse(bytes.to_vec()) {
        Ok(doc) => inspect_document(&doc, options),
        Err(error) => unreadable(&crate::validate::Verdict::from(error).findings, bytes.len()),
    }
}

/// The same of a document that is parsed already.
#[must_use]
pub fn inspect_document(doc: &Document, options: &Inspect) -> Summary {
    let judged = || judge(doc, &options.validate);
    let state = locate(doc, options.validate.at.as_deref()).ok().map(|root| (root, identify(root)));
    let Some((root, Identity::State { dialect, label, mixed })) = state else {
        return unreadable(&judged().findings, doc.source(0).text().len());
    };
    let format = Format { dialect, label: label.effective(dialect) };
    let (verdict, (mut summary, step, waiting)) = both(root.raw().len(), judged, || told(doc, root, format, options));
    if let Detection::State { label, format, written_by, readable_since, .. } =
        detect::state(root, dialect, label, mixed, verdict.writers)
    {
        summary.dialect = Some(dialect.name());
        summary.label = label;
        summary.format = format;
        summary.written_by = written_by;
        summary.readable_since = readable_since;
    }
    summary.findings = verdict.findings.iter().map(remark).collect();
    summary.resumable = resumable(&verdict.findings, &step, &waiting);
    summary.resumable.reader = Some(options.validate.reader.unwrap_or_else(|| dialect.newest()).to_string());
    summary
}

/// What a state tells of itself, whether or not something is wrong with it; where the run stands and what waits.
fn told<'d>(
    doc: &'d Document,
    root: Node<'d>,
    format: Format,
    options: &Inspect,
) -> (Summary, Step<'d>, Vec<Waiting<'d>>) {
    let show = Show { width: options.width, secrets: options.show_values };
    let dialect = format.dialect;
    let mut summary = unreadable(&[], root.span().len());
    summary.size = options.size.then(|| size::of(root));
    let all = runs::runs(doc, root, dialect);
    let given: Vec<Given<'_>> =
        all.iter().enumerate().flat_map(|(number, run)| runs::decisions(number, run, dialect)).collect();
    let mut waiting = runs::waiting(&all, dialect);
    runs::settle(&mut waiting, &all, &given, dialect);
    summary.inbox =
        waiting.iter().filter(|call| call.decided.is_none()).map(|call| pending(call, &all, show)).collect();
    summary.decisions = given.iter().map(|one| decision(one, &all, show)).collect();
    let state = canonical(doc, root, format, &Account::default());
    summary.items = timeline::of(&state, show);
    summary.usage = spending(&state, show);
    summary.context = state.context.user.as_ref().map(|user| match user.kind() {
        Kind::String => format!("\"{}\"", show.value(user)),
        _ => show.value(user),
    });
    summary.run = Some(run_summary(&state, all.len() - 1, show));
    (summary, state.step, waiting)
}

/// What there is to say of an input that is no state.
fn unreadable(findings: &[Finding], bytes: usize) -> Summary {
    let worst = findings.iter().max_by_key(|finding| finding.effect);
    Summary {
        format: None,
        dialect: None,
        label: None,
        written_by: Vec::new(),
        readable_since: None,
        bytes,
        resumable: Resumable {
            answer: Answer::No,
            reader: None,
            reason: worst.map_or_else(|| "this is no state".to_owned(), |finding| finding.message.clone()),
            code: worst.map(|finding| finding.code.to_string()),
        },
        run: None,
        inbox: Vec::new(),
        decisions: Vec::new(),
        items: Vec::new(),
        usage: Spending::default(),
        context: None,
        size: None,
        findings: findings.iter().map(remark).collect(),
    }
}

fn remark(finding: &Finding) -> Remark {
    Remark {
        code: finding.code.to_string(),
        severity: finding.severity.name(),
        effect: finding.effect.name(),
        pointer: finding.pointer.clone(),
        message: finding.message.clone(),
    }
}

fn resumable(findings: &[Finding], step: &Step<'_>, waiting: &[Waiting<'_>]) -> Resumable {
    let first = |effect: Effect| findings.iter().find(|finding| finding.effect == effect);
    let because = |answer: Answer, finding: &Finding| Resumable {
        answer,
        reader: None,
        reason: finding.message.clone(),
        code: Some(finding.code.to_string()),
    };
    let says = |answer: Answer, reason: String| Resumable { answer, reader: None, reason, code: None };
    if let Some(finding) = first(Effect::Refused).or_else(|| first(Effect::Stuck)) {
        return because(Answer::No, finding);
    }
    if let Some(finding) = first(Effect::Unsafe) {
        return because(Answer::Unsafe, finding);
    }
    let open = waiting.iter().filter(|call| call.decided.is_none()).count();
    match step {
        Step::Over => says(Answer::Finished, "the run is finished, or was never started".to_owned()),
        Step::RunAgain => says(Answer::Yes, "the model is called next".to_owned()),
        Step::Interrupted { .. } if open == 0 => says(Answer::Yes, "no call waits for a decision".to_owned()),
        Step::Interrupted { .. } => {
            let calls = if open == 1 { "1 call waits".to_owned() } else { format!("{open} calls wait") };
            let limit = findings.iter().any(|finding| finding.code == codes::TURN_LIMIT);
            let behind = if limit { "; the turn limit is reached behind it" } else { "" };
            says(Answer::AfterDecisions, format!("{calls} for a decision{behind}"))
        }
    }
}

fn run_summary(state: &State<'_>, nested_runs: usize, show: Show) -> RunSummary {
    let number = |value: &Option<Value<'_>>| value.as_ref().and_then(Value::as_u64);
    let text = |value: &Option<Value<'_>>| value.as_ref().map(|value| show.value(value));
    RunSummary {
        turn: number(&state.turn),
        max_turns: number(&state.max_turns),
        agent: state.agent.as_ref().map(|agent| show.value(agent.key())),
        step: match state.step {
            Step::Interrupted { .. } => NextStep::Interrupted,
            Step::RunAgain => NextStep::RunAgain,
            Step::Over => NextStep::Over,
        },
        conversation_id: text(&state.conversation_id),
        previous_response_id: text(&state.previous_response_id),
        nested_runs,
    }
}

/// A call that waits, as plain data.
pub(crate) fn describe(call: &Waiting<'_>, all: &[Run<'_>], options: &Inspect) -> Pending {
    pending(call, all, Show { width: options.width, secrets: options.show_values })
}

fn path(run: usize, all: &[Run<'_>], show: Show) -> Vec<Outer> {
    let outer = |step: &runs::Step<'_>| Outer {
        tool: step.tool.as_deref().map(|tool| show.text(tool)),
        call_id: step.call.clone().into_owned(),
    };
    all[run].path.iter().map(outer).collect()
}

fn pending(call: &Waiting<'_>, all: &[Run<'_>], show: Show) -> Pending {
    let raw = call.raw;
    let data = raw.member("provider_data").or_else(|| raw.member("providerData"));
    let of_data = |key: &str| data.and_then(|data| data.member(key));
    let text = |node: Option<Node<'_>>| node.and_then(Node::text).map(|text| show.text(&text.lossy()));
    Pending {
        agent: call.agent.as_deref().map(|agent| show.text(agent)),
        tool: call.tool.as_deref().map(|tool| show.text(tool)),
        kind: text(raw.member("type")),
        server: text(raw.member("server_label").or_else(|| of_data("server_label")).or_else(|| of_data("serverLabel"))),
        arguments: arguments(raw, data).map_or_else(String::new, |node| show.arguments(&Value::Node(node))),
        call_id: call.id.map(|id: Text<'_>| id.lossy().into_owned()),
        path: path(call.run, all, show),
    }
}

/// What a call is called with, whatever its type.
fn arguments<'d>(raw: Node<'d>, data: Option<Node<'d>>) -> Option<Node<'d>> {
    const KEYS: [&str; 7] = ["arguments", "input", "actions", "action", "operation", "operations", "code"];
    let filled = |node: Node<'d>, key: &str| node.member(key).filter(|value| !value.is_null());
    KEYS.iter().find_map(|key| filled(raw, key)).or_else(|| data.and_then(|data| filled(data, "arguments")))
}

fn decision(one: &Given<'_>, all: &[Run<'_>], show: Show) -> Decision {
    Decision {
        verdict: one.verdict,
        tool: show.text(&one.tool),
        agent: one.agent.as_deref().map(|agent| show.text(agent)),
        server: one.server.as_deref().map(|server| show.text(server)),
        call_id: one.call.as_deref().map(str::to_owned),
        message: one.message.as_deref().map(|message| show.text(message)),
        counts: one.counts,
        path: path(one.run, all, show),
    }
}

fn spending(state: &State<'_>, show: Show) -> Spending {
    let number = |value: &Option<Value<'_>>| value.as_ref().and_then(Value::as_u64);
    let tokens = |usage: &Usage<'_>, response_id: Option<String>| Tokens {
        response_id,
        requests: number(&usage.requests),
        input: number(&usage.input),
        output: number(&usage.output),
        total: number(&usage.total),
    };
    let responses = state.responses.iter().map(|response| {
        let id = response.response_id.as_ref().map(|id| show.value(id));
        match &response.usage {
            Some(usage) => tokens(usage, id),
            None => Tokens { response_id: id, ..Tokens::default() },
        }
    });
    Spending { total: state.context.usage.as_ref().map(|usage| tokens(usage, None)), responses: responses.collect() }
}
