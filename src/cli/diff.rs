//! `runstate diff` and `runstate git-diff`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use runstate::json::{Document, Kind, Writer};
use runstate::{Change, Comparison, Side, diff, plain_text};

use super::args::{Diff, GitDiff, Listing, Showing};
use super::inputs::{Content, Origin, read};
use super::render::printable;
use super::{Exit, Failure, batch};

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const HEAD: Style = AnsiColor::Cyan.on_default();
const BOLD: Style = Style::new().bold();

/// Lines of a value, and characters of a line, that are shown unless all are wanted.
const LINES: usize = 24;
const COLUMNS: usize = 160;
/// How long the search for the shortest edit of long texts may take; what is found by then is shown.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn run(arguments: &Diff) -> Result<Exit, Failure> {
    let mut options = runstate::Diff::default();
    options.ignore.clone_from(&arguments.ignore);
    options.at.clone_from(&arguments.at);
    options.show_secrets = arguments.showing.show_values;
    let names = [&arguments.a, &arguments.b].map(|path| match path.to_str() {
        Some("-") => "<stdin>".to_owned(),
        _ => path.to_string_lossy().into_owned(),
    });
    if names.iter().all(|name| name == "<stdin>") {
        return Err(Failure::Usage("only one of the two can come from stdin".to_owned()));
    }
    let mut inputs = Vec::new();
    for (path, name) in [&arguments.a, &arguments.b].into_iter().zip(&names) {
        match load(path) {
            Ok(bytes) => inputs.push(bytes),
            Err(why) => super::complain(&format!("{name}: {why}")),
        }
    }
    let [a, b] = &inputs[..] else { return Ok(Exit::Unreadable) };
    let mut out = anstream::stdout();
    if arguments.text {
        let Some(texts) = plain_text(a, arguments.at.as_deref()).zip(plain_text(b, arguments.at.as_deref())) else {
            super::complain("one of the two is not JSON, or holds nothing there");
            return Ok(Exit::Unreadable);
        };
        let [one, two] = [&texts.0, &texts.1].map(|text| masked(text, &arguments.showing));
        out.write_all(unified(&one, &two, &names).as_bytes())?;
        if texts.0 == texts.1 {
            return Ok(Exit::Clean);
        }
        if one == two {
            writeln!(anstream::stderr(), "they differ in what looks like a secret alone; --show-values shows it")?;
        }
        return Ok(Exit::Findings);
    }
    let comparison = batch::alone(a.len() + b.len(), || diff(a, b, &options));
    match arguments.format {
        Listing::Json => {
            let text = serde_json::to_string_pretty(&comparison).expect("a comparison is made of strings and numbers");
            writeln!(out, "{text}")?;
        }
        Listing::Human => {
            complain(&comparison, &names);
            out.write_all(human(&comparison, &names, &arguments.showing).as_bytes())?;
            if comparison.bookkeeping > 0 {
                let count = comparison.bookkeeping;
                let values = if count == 1 { "value" } else { "values" };
                writeln!(
                    anstream::stderr(),
                    "{count} {values} of the SDK's own records and of the program differ, too; they do not count"
                )?;
            }
        }
    }
    Ok(exit(&comparison))
}

fn exit(comparison: &Comparison) -> Exit {
    let side = |side: &Side| match &side.problem {
        None => Exit::Clean,
        Some(_) if side.is_json => Exit::Findings,
        Some(_) => Exit::Unreadable,
    };
    let differ = if comparison.same { Exit::Clean } else { Exit::Findings };
    differ.max(side(&comparison.a)).max(side(&comparison.b))
}

fn load(path: &Path) -> Result<Vec<u8>, String> {
    let origin = if path.as_os_str() == "-" { Origin::Stdin } else { Origin::File(path.to_owned()) };
    match read(&origin) {
        Content::Bytes(bytes) => Ok(bytes),
        Content::TooLarge => Err("larger than a state can be".to_owned()),
        Content::Unreadable(error) => Err(error.to_string()),
    }
}

/// Says on stderr which of the two cannot be compared, and why.
fn complain(comparison: &Comparison, names: &[String; 2]) {
    for (side, name) in [&comparison.a, &comparison.b].into_iter().zip(names) {
        if let Some(problem) = &side.problem {
            super::complain(&format!("{name}: {problem}"));
        }
    }
}

/// For git: path, old file, hash, mode, new file, hash, mode, and of a file that was renamed the new path and a message.
pub(crate) fn git(arguments: &GitDiff) -> Result<Exit, Failure> {
    let mut out = anstream::stdout();
    let [path, old, _, _, new, _, _, rest @ ..] = &arguments.arguments[..] else {
        // A path that is not merged yet comes alone.
        writeln!(out, "{BOLD}unmerged {}{BOLD:#}", printable(&arguments.arguments[0]))?;
        return Ok(Exit::Clean);
    };
    let names = [format!("a/{path}"), format!("b/{}", rest.first().unwrap_or(path))];
    writeln!(out, "{BOLD}diff --runstate {} {}{BOLD:#}", printable(&names[0]), printable(&names[1]))?;
    if let Some(message) = rest.get(1) {
        writeln!(out, "{}", printable(message.trim_end()))?;
    }
    let nothing = |file: &str| file == "/dev/null" || file == "nul";
    if nothing(old) || nothing(new) {
        writeln!(out, "{}", if nothing(old) { "new file" } else { "deleted file" })?;
    }
    let content = |file: &str| if nothing(file) { Ok(Vec::new()) } else { load(Path::new(file)) };
    let (a, b) = match (content(old), content(new)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(why), _) | (_, Err(why)) => {
            writeln!(out, "cannot be read: {}", printable(&why))?;
            return Ok(Exit::Clean);
        }
    };
    let mut options = runstate::Diff::default();
    options.show_secrets = arguments.showing.show_values;
    let comparison = batch::alone(a.len() + b.len(), || diff(&a, &b, &options));
    if comparison.a.problem.is_none() && comparison.b.problem.is_none() {
        let text = human(&comparison, &names, &arguments.showing);
        if text.is_empty() && a != b {
            writeln!(out, "the two mean the same; the text differs")?;
        }
        out.write_all(text.as_bytes())?;
    } else {
        // A file that begins, ends or is something else: its text is what there is to show. Secrets are looked for in JSON.
        let text =
            |bytes: &[u8]| plain_text(bytes, None).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
        let (a, b) = (text(&a), text(&b));
        let [a, b] = [a, b].map(|text| masked(&text, &arguments.showing));
        out.write_all(unified(&a, &b, &names).as_bytes())?;
    }
    Ok(Exit::Clean)
}

fn masked(text: &str, showing: &Showing) -> String {
    if showing.show_values { text.to_owned() } else { runstate::mask_secrets(text) }
}

/// The lines of one text that are not in the other, with some around them.
fn unified(a: &str, b: &str, names: &[String; 2]) -> String {
    let mut text = String::new();
    let differ = TextDiff::configure().timeout(PATIENCE).diff_lines(a, b);
    let mut heads = format!("{BOLD}--- {}{BOLD:#}\n{BOLD}+++ {}{BOLD:#}\n", printable(&names[0]), printable(&names[1]));
    for hunk in differ.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&std::mem::take(&mut heads));
        let _ = writeln!(text, "{HEAD}{}{HEAD:#}", hunk.header());
        for change in hunk.iter_changes() {
            line(&mut text, change.tag(), change.value().trim_end_matches('\n'));
        }
    }
    text
}

fn line(text: &mut String, tag: ChangeTag, content: &str) {
    let content = printable(content);
    let _ = match tag {
        ChangeTag::Delete => writeln!(text, "{REMOVED}-{content}{REMOVED:#}"),
        ChangeTag::Insert => writeln!(text, "{ADDED}+{content}{ADDED:#}"),
        ChangeTag::Equal => writeln!(text, " {content}"),
    };
}

/// The changes, grouped by what they are about.
fn human(comparison: &Comparison, names: &[String; 2], showing: &Showing) -> String {
    let mut text = String::new();
    if comparison.changes.is_empty() {
        return text;
    }
    for (side, name, sign) in [(&comparison.a, &names[0], "---"), (&comparison.b, &names[1], "+++")] {
        let format = side.format.as_deref().unwrap_or("a label that no released SDK writes");
        let _ = writeln!(text, "{BOLD}{sign} {} ({format}){BOLD:#}", printable(name));
    }
    let mut last = String::new();
    for change in &comparison.changes {
        let (head, rest) = heading(change);
        if head != last {
            let _ = writeln!(text, "{HEAD}@@ {} @@{HEAD:#}", printable(&head));
            last = head;
        }
        body(&mut text, &rest, change, showing);
    }
    text
}

/// What a change is about, and the way from there to the value.
fn heading(change: &Change) -> (String, String) {
    let steps: Vec<String> = change.path.split('/').skip(1).map(unescaped).collect();
    // Up to the innermost place in a list that is named, or the section.
    let named = change.name.as_ref().and_then(|_| steps.iter().position(|step| step.parse::<usize>().is_ok()));
    let split = named.map_or(1, |at| at + 1).min(steps.len());
    let (front, rest) = steps.split_at(split);
    let name = change.name.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
    (format!("{}{name}", front.join(" ")), rest.join("."))
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// One change: both values on a line each where they fit, or the lines of them that differ.
fn body(text: &mut String, rest: &str, change: &Change, showing: &Showing) {
    let lines = |value: &Option<String>| value.as_deref().map(shown).unwrap_or_default();
    let (before, after) = (lines(&change.before), lines(&change.after));
    let prefix = if rest.is_empty() { String::new() } else { format!("{rest}: ") };
    let mut rows: Vec<(ChangeTag, String)> = Vec::new();
    if before.len() <= 1 && after.len() <= 1 {
        rows.extend(before.iter().map(|line| (ChangeTag::Delete, format!("{prefix}{line}"))));
        rows.extend(after.iter().map(|line| (ChangeTag::Insert, format!("{prefix}{line}"))));
    } else {
        if !rest.is_empty() {
            rows.push((ChangeTag::Equal, format!("{rest}:")));
        }
        let (before, after) = (before.join("\n"), after.join("\n"));
        let differ = TextDiff::configure().timeout(PATIENCE).diff_lines(&*before, &*after);
        if change.before.is_none() || change.after.is_none() {
            rows.extend(differ.iter_all_changes().filter(|row| !row.value().is_empty()).map(row));
        } else {
            for hunk in differ.unified_diff().context_radius(2).iter_hunks() {
                rows.extend(hunk.iter_changes().map(row));
            }
        }
    }
    let total = rows.len();
    for (tag, content) in rows.into_iter().take(if showing.full { usize::MAX } else { LINES }) {
        let long = !showing.full && content.chars().count() > COLUMNS;
        let content = if long { content.chars().take(COLUMNS).chain(['…']).collect() } else { content };
        line(text, tag, &content);
    }
    if total > LINES && !showing.full {
        let _ = writeln!(text, "  … {} more lines; --full shows them", total - LINES);
    }
}

fn row(change: similar::Change<&str>) -> (ChangeTag, String) {
    (change.tag(), change.value().trim_end_matches('\n').to_owned())
}

/// JSON text as lines: a short value on one, a text of several lines as they are.
fn shown(json: &str) -> Vec<String> {
    let Ok(doc) = Document::parse(json.as_bytes().to_vec()) else { return vec![json.to_owned()] };
    let root = doc.root();
    if let Some(text) = root.text() {
        let text = text.lossy();
        return if text.contains('\n') { text.lines().map(str::to_owned).collect() } else { vec![json.to_owned()] };
    }
    let small = matches!(root.kind(), Kind::Object | Kind::Array) && json.chars().count() <= COLUMNS / 2;
    if small {
        return vec![json.to_owned()];
    }
    let mut out = Writer::new(runstate::json::Style::Indented);
    out.node(root);
    String::from_utf8_lossy(&out.finish()).lines().map(str::to_owned).collect()
}
