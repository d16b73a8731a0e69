//! A state on one screen.

use std::collections::BTreeMap;
use std::fmt::{Result, Write as _};

use anstyle::{AnsiColor, Style};

use runstate::{
    Answer, ApprovalStatus, Decision, Entry, EntryKind, NextStep, Outer, Part, Pending, RunSummary, Size, Summary,
    Tokens,
};

use crate::cli::args::Inspect;
use crate::cli::render::printable;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const WAITS: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// So many lines fit on a screen.
const SCREEN: usize = 38;
/// So many calls and decisions are shown of each.
const CALLS: usize = 7;
const DECISIONS: usize = 4;

/// What is shown.
#[derive(Clone, Copy)]
struct Parts {
    /// Nothing in particular: what fits on a screen.
    overview: bool,
    full: bool,
}

pub(super) fn render(file: &str, says: &Summary, arguments: &Inspect) -> String {
    let Inspect { approvals, items, size, context, full, .. } = *arguments;
    let overview = !(approvals || items || size || context);
    let parts = Parts { overview, full };
    let mut out = String::new();
    write(&mut out, file, says, parts, arguments).expect("writing to a string cannot fail");
    out.push('\n');
    out
}

fn write(out: &mut String, file: &str, says: &Summary, parts: Parts, arguments: &Inspect) -> Result {
    header(out, file, says)?;
    if says.run.is_none() {
        return Ok(());
    }
    if parts.overview || arguments.approvals {
        let most = if parts.overview && !parts.full { CALLS } else { usize::MAX };
        inbox(out, &says.inbox, most)?;
        let most = if parts.overview && !parts.full { DECISIONS } else { usize::MAX };
        decisions(out, &says.decisions, most)?;
    }
    if parts.overview || arguments.items {
        let used = out.lines().count() + 3;
        let most = if parts.overview && !parts.full { SCREEN.saturating_sub(used).max(3) } else { usize::MAX };
        timeline(out, &says.items, most)?;
    }
    if parts.overview {
        usage(out, says, parts.full)?;
    }
    if arguments.context || parts.overview && parts.full {
        title(out, "context", None)?;
        writeln!(out, "  {}", printable(says.context.as_deref().unwrap_or("none")))?;
    }
    if let Some(size) = &says.size {
        space(out, size, says.bytes)?;
    }
    Ok(())
}

fn title(out: &mut String, name: &str, count: Option<usize>) -> Result {
    match count {
        Some(count) => writeln!(out, "{BOLD}{name}{BOLD:#} ({count})"),
        None => writeln!(out, "{BOLD}{name}{BOLD:#}"),
    }
}

fn row(out: &mut String, name: &str, value: &str) -> Result {
    writeln!(out, "  {DIM}{name:<11}{DIM:#}{}", printable(value))
}

fn header(out: &mut String, file: &str, says: &Summary) -> Result {
    let what = match (&says.format, says.dialect, &says.label) {
        (Some(format), ..) => format.clone(),
        (None, Some(dialect), Some(label)) => format!("{dialect}, unknown label \"{label}\""),
        (None, Some(dialect), None) => format!("{dialect}, without a label"),
        _ => "no state".to_owned(),
    };
    writeln!(out, "{BOLD}{}{BOLD:#}: {}, {}", printable(file), printable(&what), bytes(says.bytes))?;
    if let Some(dialect) = says.dialect {
        let package = if dialect == "python" { "openai-agents" } else { "@openai/agents" };
        let written = match says.written_by.as_slice() {
            [] => "no release wrote this label".to_owned(),
            [one] => format!("{package} {one}"),
            [first, .., last] => format!("{package} {first} to {last}"),
        };
        let read = says.readable_since.as_ref().map_or_else(String::new, |since| format!(", read since {since}"));
        row(out, "written by", &format!("{written}{read}"))?;
    }
    if let Some(run) = &says.run {
        row(out, "run", &standing(run))?;
    }
    let (style, answer) = match says.resumable.answer {
        Answer::Yes => (GOOD, "yes"),
        Answer::AfterDecisions => (WAITS, "yes, when decided"),
        Answer::Finished => (DIM, "nothing to resume"),
        Answer::Unsafe => (BAD, "unsafe"),
        _ => (BAD, "no"),
    };
    let code = says.resumable.code.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
    let reason = printable(&says.resumable.reason).into_owned();
    // The newest release of the SDK refuses some of what the one that wrote it resumes.
    let reader = says.resumable.reader.as_ref().filter(|_| says.resumable.code.is_some());
    let reader = reader.map_or_else(String::new, |reader| format!(" for {reader}"));
    writeln!(out, "  {DIM}{:<11}{DIM:#}{style}{answer}{style:#}{reader}: {reason}{code}", "resumable")?;
    row(out, "findings", &findings(says))
}

fn standing(run: &RunSummary) -> String {
    let RunSummary { turn, max_turns, agent, step, conversation_id, previous_response_id, nested_runs, .. } = run;
    let number = |number: &Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let limit = max_turns.map_or_else(|| "no limit".to_owned(), |limit| format!("of {limit}"));
    let agent = agent.as_deref().unwrap_or("nobody");
    let step = match step {
        NextStep::Interrupted => "interrupted",
        NextStep::RunAgain => "the model is next",
        _ => "over",
    };
    let mut text = format!("turn {} {limit}, agent {agent}, {step}", number(turn));
    match nested_runs {
        0 => {}
        1 => text.push_str(", 1 nested run"),
        more => text.push_str(&format!(", {more} nested runs")),
    }
    if let Some(id) = conversation_id {
        text.push_str(&format!(", conversation {id}"));
    }
    if let Some(id) = previous_response_id {
        text.push_str(&format!(", after response {id}"));
    }
    text
}

/// How many findings of which severity, with their codes.
fn findings(says: &Summary) -> String {
    if says.findings.is_empty() {
        return "none".to_owned();
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &says.findings {
        *codes.entry(&finding.code).or_default() += 1;
    }
    let mut parts = Vec::new();
    for severity in ["error", "warning", "note"] {
        match says.findings.iter().filter(|finding| finding.severity == severity).count() {
            0 => {}
            1 => parts.push(format!("1 {severity}")),
            more => parts.push(format!("{more} {severity}s")),
        }
    }
    const SHOWN: usize = 8;
    let mut named: Vec<String> = codes
        .iter()
        .take(SHOWN)
        .map(|(code, count)| if *count > 1 { format!("{code} ×{count}") } else { (*code).to_owned() })
        .collect();
    if codes.len() > SHOWN {
        named.push("…".to_owned());
    }
    format!("{} ({}); `runstate validate` says more", parts.join(", "), named.join(", "))
}

fn inside(path: &[Outer]) -> String {
    let step = |step: &Outer| format!("{}({})", step.tool.as_deref().unwrap_or("?"), step.call_id);
    match path {
        [] => String::new(),
        path => format!(", inside {}", path.iter().map(step).collect::<Vec<_>>().join(" > ")),
    }
}

fn inbox(out: &mut String, inbox: &[Pending], most: usize) -> Result {
    title(out, "waiting for a decision", Some(inbox.len()))?;
    for call in inbox.iter().take(most) {
        let tool = call.tool.as_deref().unwrap_or("?");
        let agent = call.agent.as_deref().unwrap_or("?");
        let id = call.call_id.as_deref().unwrap_or("without an id");
        let server = call.server.as_ref().map_or_else(String::new, |server| format!(" of the server {server}"));
        let text = format!("{server} for {agent}, call {id}{}", inside(&call.path));
        writeln!(out, "  {WAITS}{}{WAITS:#}{}", printable(tool), printable(&text))?;
        writeln!(out, "    {}", printable(&call.arguments))?;
    }
    more(out, inbox.len(), most, "--approvals shows all")
}

fn decisions(out: &mut String, decisions: &[Decision], most: usize) -> Result {
    if decisions.is_empty() {
        return Ok(());
    }
    title(out, "decisions", Some(decisions.len()))?;
    for one in decisions.iter().take(most) {
        let (style, said) = match one.verdict {
            ApprovalStatus::Approved => (GOOD, "approved"),
            _ => (BAD, "rejected"),
        };
        let call = one.call_id.as_ref().map_or_else(|| "all calls".to_owned(), |id| format!("call {id}"));
        let agent = one.agent.as_ref().map_or_else(String::new, |agent| format!(" for {agent}"));
        let server = one.server.as_ref().map_or_else(String::new, |server| format!(" of the server {server}"));
        let message = one.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
        let void = if one.counts { "" } else { " (the SDK does not heed it)" };
        let text = format!("{}{server}{agent}, {call}{}{void}{message}", one.tool, inside(&one.path));
        writeln!(out, "  {style}{said}{style:#} {}", printable(&text))?;
    }
    more(out, decisions.len(), most, "--approvals shows all")
}

fn more(out: &mut String, all: usize, most: usize, how: &str) -> Result {
    match all.checked_sub(most) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "  {DIM}… and {more} more; {how}{DIM:#}"),
    }
}

fn timeline(out: &mut String, items: &[Entry], most: usize) -> Result {
    title(out, "timeline", Some(items.len()))?;
    let left_out = items.len().saturating_sub(most);
    if left_out > 0 {
        writeln!(out, "  {DIM}… {left_out} earlier; --items shows all{DIM:#}")?;
    }
    for entry in &items[left_out..] {
        let kind = match entry.kind {
            EntryKind::User => "user",
            EntryKind::Assistant => "says",
            EntryKind::Reasoning => "thinks",
            EntryKind::Call => "call",
            EntryKind::Output => "output",
            EntryKind::Handoff => "handoff",
            EntryKind::Approval => "asks",
            EntryKind::ToolSearch => "search",
            EntryKind::Compaction => "compact",
            _ => "other",
        };
        let indent = "  ".repeat(entry.depth.min(16));
        let mut head = String::new();
        if let Some(agent) = entry.agent.as_ref().filter(|_| entry.kind != EntryKind::Handoff) {
            head.push_str(&format!("{agent}  "));
        }
        let names =
            matches!(entry.kind, EntryKind::Call | EntryKind::Approval | EntryKind::ToolSearch | EntryKind::Other);
        if let Some(tool) = entry.tool.as_ref().filter(|_| names) {
            head.push_str(&format!("{tool}  "));
        }
        if let Some(id) = &entry.call_id {
            head.push_str(&format!("[{id}]  "));
        }
        let text = if entry.kind == EntryKind::Approval { "" } else { &*entry.text };
        let line = format!("{}{}", printable(&head), printable(text));
        writeln!(out, "  {indent}{DIM}{kind:<8}{DIM:#}{}", line.trim_end())?;
    }
    Ok(())
}

fn usage(out: &mut String, says: &Summary, full: bool) -> Result {
    let tokens = |tokens: &Tokens| {
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        format!("{} in, {} out, {} together", number(tokens.input), number(tokens.output), number(tokens.total))
    };
    let responses = &says.usage.responses;
    let count = match responses.len() {
        1 => "1 response".to_owned(),
        more => format!("{more} responses"),
    };
    let total = says.usage.total.as_ref().map_or_else(|| "unknown".to_owned(), tokens);
    writeln!(out, "{BOLD}tokens{BOLD:#} {total} ({count})")?;
    if full {
        for response in responses {
            let id = response.response_id.as_deref().unwrap_or("without an id");
            writeln!(out, "  {}  {}", tokens(response), printable(id))?;
        }
    }
    Ok(())
}

fn space(out: &mut String, size: &Size, whole: usize) -> Result {
    title(out, "size", None)?;
    branch(out, &size.parts, whole, 1)?;
    let share = percent(size.repeated, whole);
    writeln!(out, "  {DIM}repeats what stands before{DIM:#}  {} ({share})", bytes(size.repeated))?;
    for repeat in &size.repeats {
        let text = format!("{} = {}", repeat.pointer, repeat.first);
        writeln!(out, "    {:>9}  {}", bytes(repeat.bytes), printable(&text))?;
    }
    Ok(())
}

fn branch(out: &mut String, parts: &[Part], whole: usize, depth: usize) -> Result {
    for part in parts {
        let indent = "  ".repeat(depth);
        let count = if part.count > 0 { format!(" ({})", part.count) } else { String::new() };
        let name = format!("{}{count}", printable(&part.name));
        writeln!(out, "{indent}{:>9} {:>5}  {name}", bytes(part.bytes), percent(part.bytes, whole))?;
        branch(out, &part.parts, whole, depth + 1)?;
    }
    Ok(())
}

fn percent(part: usize, whole: usize) -> String {
    format!("{} %", (100 * part).checked_div(whole).unwrap_or(0))
}

fn bytes(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
