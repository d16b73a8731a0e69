//! `runstate convert`.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use schemars::JsonSchema;
use serde::Serialize;

use runstate::json::Document;
use runstate::{Carry, Conversion, Level, Loss, Severity, Target, convert_document, detect, sidecar_format};

use super::args::{Convert, Format};
use super::inputs::{Content, Origin, Task, read, tasks};
use super::judge::{Windows, agents, look, too_large};
use super::output::{Output, Part};
use super::render::{self, Talk};
use super::report::{Case, Checked, Outcome, Remark, Row, Summary};
use super::save::{self, Existing};
use super::window::Values;
use super::{Exit, Failure, batch};

/// What `--report` writes, apart from the entries that are written one by one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Report of `runstate convert --report`")]
pub(crate) struct Report<'r> {
    /// Version of this document's format: 1. Members may be added to it.
    version: u32,
    /// One entry a state, in the order of the inputs.
    files: Vec<Entry<'r>>,
}

/// What came of one state.
#[derive(Debug, Serialize, JsonSchema)]
struct Entry<'r> {
    /// The file as it was named or found; `<stdin>`.
    file: &'r str,
    /// Number of the line, with `--ndjson`.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Dialect and label, such as `python@1.21`, when the state has a known label.
    from: Option<String>,
    /// The release that is to read the result.
    to: String,
    /// Whether there is a result.
    converted: bool,
    /// The highest level of all entries.
    level: Option<&'static str>,
    /// Why the file cannot be read; then nothing else is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What is wrong with the input, when that is why there is no result.
    findings: Vec<Row<'r>>,
    /// What is not as it was, the worst first.
    entries: &'r [Loss],
}

/// One state after its conversion.
struct Done {
    file: String,
    line: Option<usize>,
    origin: Option<PathBuf>,
    /// The line itself, for `--rejects`.
    original: Option<Vec<u8>>,
    what: What,
}

enum What {
    Converted(Conversion),
    /// The input is no state that can be read, or its SDK refuses it.
    Refused(Checked, Option<Conversion>),
    /// The result of an earlier run is there.
    Skipped,
}

pub(crate) fn run(arguments: &Convert) -> Result<Exit, Failure> {
    let mut options = runstate::Convert::default();
    options.from = arguments.from.map(|from| from.format);
    options.at.clone_from(&arguments.inputs.at);
    options.agents = arguments.agents.as_deref().map(agents).transpose()?;
    options.allow_loss = arguments.allow_loss;
    options.accept_invalid = arguments.accept_invalid;
    options.assume_target_gates = arguments.assume_target_gates;
    options.revive_outputs = arguments.revive_outputs;
    options.prove = arguments.prove;
    options.carry = match (arguments.carry, arguments.strip_carry) {
        (true, _) => Carry::Inside,
        (_, true) => Carry::Stripped,
        _ => Carry::Nothing,
    };
    if let Some(path) = &arguments.sidecar {
        sidecar(path, arguments, &mut options)?;
    }
    let existing = Existing::forced(arguments.force);
    for path in [&arguments.output, &arguments.report, &arguments.rejects] {
        existing.check(path.as_deref())?;
    }
    let several = arguments.inputs.ndjson || arguments.out_dir.is_some() || arguments.check;
    let one = matches!(&arguments.inputs.inputs[..], [input] if !input.is_dir());
    if !several && !one {
        return Err(Failure::Usage("several states need --out-dir, --ndjson or --check".to_owned()));
    }
    // What hardly matters would bury the rest.
    let least = if one && !arguments.inputs.ndjson { Level::Bookkeeping } else { Level::Display };
    let mut sink = Sink::new(arguments, existing, least)?;
    batch::in_order(
        tasks(&arguments.inputs),
        arguments.inputs.jobs,
        |task| one_state(task, arguments, &options),
        |done| sink.take(&done),
    )?;
    sink.finish()
}

/// Reads the sidecar if it is for the target's SDK; otherwise it will be written.
fn sidecar(path: &Path, arguments: &Convert, options: &mut runstate::Convert) -> Result<(), Failure> {
    if arguments.inputs.ndjson || !matches!(&arguments.inputs.inputs[..], [input] if !input.is_dir()) {
        return Err(Failure::Usage("a sidecar belongs to a single state".to_owned()));
    }
    options.carry = Carry::Beside;
    if !path.exists() {
        return Ok(());
    }
    let bytes = std::fs::read(path)?;
    match sidecar_format(&bytes) {
        Some(format) if format.dialect == arguments.to.format.dialect => {
            options.carry = Carry::Nothing;
            options.sidecar = Some(bytes);
            Ok(())
        }
        _ if arguments.force => Ok(()),
        Some(format) => Err(Failure::Usage(format!(
            "{} belongs to a state of {format}, and {} is wanted; --force overwrites it",
            path.display(),
            arguments.to
        ))),
        None => Err(Failure::Usage(format!("{} is no sidecar; --force overwrites it", path.display()))),
    }
}

fn one_state(task: Task, arguments: &Convert, options: &runstate::Convert) -> Done {
    let Task { file, origin } = task;
    let refused = |file: String, line, outcome| What::Refused(Checked { file, line, outcome }, None);
    let (bytes, line, path) = match origin {
        Origin::Line { number, bytes, .. } => (bytes, Some(number), None),
        Origin::LongLine { number, .. } => {
            let outcome = Outcome::Judged { verdict: too_large(), windows: Vec::new() };
            let what = refused(file.clone(), Some(number), outcome);
            return Done { file, line: Some(number), origin: None, original: None, what };
        }
        Origin::Empty => {
            let what = refused(file.clone(), None, Outcome::Empty);
            return Done { file, line: None, origin: None, original: None, what };
        }
        Origin::Unreadable(error) => {
            let what = refused(file.clone(), None, Outcome::Unreadable(error));
            return Done { file, line: None, origin: None, original: None, what };
        }
        origin @ (Origin::File(_) | Origin::Stdin) => {
            let path = match &origin {
                Origin::File(path) => Some(path.clone()),
                _ => None,
            };
            if let (Some(path), Some(folder)) = (&path, &arguments.out_dir)
                && !arguments.force
                && is_finished(path, &place(path, folder, arguments), arguments.to)
            {
                return Done { file, line: None, origin: None, original: None, what: What::Skipped };
            }
            match read(&origin) {
                Content::Bytes(bytes) => (bytes, None, path),
                Content::TooLarge => {
                    let outcome = Outcome::Judged { verdict: too_large(), windows: Vec::new() };
                    let what = refused(file.clone(), None, outcome);
                    return Done { file, line: None, origin: path, original: None, what };
                }
                Content::Unreadable(error) => {
                    let what = refused(file.clone(), None, Outcome::Unreadable(error));
                    return Done { file, line: None, origin: path, original: None, what };
                }
            }
        }
    };
    let mut converted = Document::parse(bytes.clone()).ok().map(|doc| convert_document(&doc, arguments.to, options));
    if let Some(conversion) = converted.as_mut().filter(|_| line.is_some()) {
        conversion.bytes = conversion.bytes.take().map(on_one_line);
    }
    let original = line.is_some().then(|| bytes.clone());
    let what = match converted {
        Some(conversion) if conversion.bytes.is_some() || !conversion.losses.is_empty() => What::Converted(conversion),
        conversion => {
            let mut validate = runstate::Validate::default();
            validate.at.clone_from(&options.at);
            let shown = if arguments.format == Format::Human { Windows::With(Values::Masked) } else { Windows::None };
            let outcome = look(bytes, &Origin::Stdin, &validate, shown);
            What::Refused(Checked { file: file.clone(), line, outcome }, conversion)
        }
    };
    Done { file, line, origin: path, original, what }
}

/// Where the result of a file goes: the name stays, and the folders below the input.
fn place(path: &Path, folder: &Path, arguments: &Convert) -> PathBuf {
    let below = arguments.inputs.inputs.iter().find_map(|input| path.strip_prefix(input).ok());
    let below = below.filter(|below| !below.as_os_str().is_empty());
    folder.join(below.unwrap_or_else(|| path.file_name().map_or(path, Path::new)))
}

/// Whether a result that is not older than its input is there, in the format that is wanted.
fn is_finished(path: &Path, result: &Path, to: Target) -> bool {
    let time = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let (Some(before), Some(after)) = (time(path), time(result)) else { return false };
    if after < before {
        return false;
    }
    let Ok(bytes) = std::fs::read(result) else { return false };
    matches!(detect::detect(bytes, None), detect::Detection::State { format, .. } if format == Some(to.format.to_string()))
}

/// Where results go.
struct Sink<'a> {
    arguments: &'a Convert,
    existing: Existing,
    lines: Option<Box<dyn Write>>,
    output: Option<tempfile::NamedTempFile>,
    rejects: Option<BufWriter<tempfile::NamedTempFile>>,
    report: Option<BufWriter<tempfile::NamedTempFile>>,
    /// What is said in a form for other programs.
    said: Option<Output<'static>>,
    /// The lowest level that people are told about, state by state.
    least: Level,
    count: Count,
    exit: Exit,
}

#[derive(Default)]
struct Count {
    converted: usize,
    /// Of the converted ones, by the highest level of what changed.
    levels: [usize; Level::ALL.len()],
    refused: usize,
    skipped: usize,
}

impl Count {
    fn all(&self) -> usize {
        self.converted + self.refused + self.skipped
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} converted", self.converted)?;
        let mut mark = " (worst change: ";
        for (level, count) in Level::ALL.into_iter().zip(self.levels).filter(|(_, count)| *count > 0) {
            write!(f, "{mark}{count} {}", level.name())?;
            mark = ", ";
        }
        let end = if mark == ", " { ")" } else { "" };
        write!(f, "{end}, {} not converted, {} done before", self.refused, self.skipped)
    }
}

impl<'a> Sink<'a> {
    fn new(arguments: &'a Convert, existing: Existing, least: Level) -> Result<Self, Failure> {
        let begin = |path: &Option<PathBuf>| path.as_deref().map(save::begin).transpose();
        let output = if arguments.inputs.ndjson && !arguments.check { begin(&arguments.output)? } else { None };
        let stdout = || Some(Box::new(BufWriter::new(io::stdout())) as Box<dyn Write>);
        let lines = match &output {
            _ if !arguments.inputs.ndjson || arguments.check => None,
            Some(file) => Some(Box::new(BufWriter::new(file.reopen()?)) as Box<dyn Write>),
            None => stdout(),
        };
        let mut report = begin(&arguments.report)?.map(BufWriter::new);
        if let Some(report) = &mut report {
            report.write_all(b"{\"version\":1,\"files\":[")?;
        }
        let rejects = begin(&arguments.rejects)?.map(BufWriter::new);
        let said = match arguments.format {
            format @ (Format::Github | Format::Sarif | Format::Junit) if arguments.check => {
                Some(Output::stdout(format, "convert"))
            }
            format @ (Format::Github | Format::Sarif | Format::Junit) => Some(Output::stderr(format, "convert")),
            _ => None,
        };
        let (count, exit) = (Count::default(), Exit::Clean);
        Ok(Self { arguments, existing, lines, output, rejects, report, said, least, count, exit })
    }

    fn take(&mut self, done: &Done) -> Result<(), Failure> {
        let exit = match &done.what {
            What::Skipped => {
                self.count.skipped += 1;
                return Ok(());
            }
            What::Converted(conversion) if conversion.bytes.is_some() => {
                if let Some(level) = conversion.level() {
                    self.count.levels[level as usize] += 1;
                }
                Exit::Clean
            }
            What::Converted(_) => Exit::Findings,
            What::Refused(checked, _) => checked.exit(super::args::FailOn::Error).max(Exit::Findings),
        };
        self.exit = self.exit.max(exit);
        let first = self.count.converted + self.count.refused == 0;
        if exit == Exit::Clean {
            self.count.converted += 1;
        } else {
            self.count.refused += 1;
        }
        if let Some(report) = &mut self.report {
            report.write_all(if first { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *report, &entry(done, self.arguments.to)).map_err(io::Error::from)?;
        }
        match &mut self.said {
            Some(said) => {
                let case = case(done, self.arguments, exit);
                let summary = Summary { files: 1, ..Summary::default() };
                said.part(&Part::of(&case, self.arguments.format, "convert", summary))?;
            }
            None => self.talk(done)?,
        }
        self.put(done)
    }

    fn put(&mut self, done: &Done) -> Result<(), Failure> {
        let bytes = match &done.what {
            What::Converted(conversion) => conversion.bytes.as_deref(),
            _ => None,
        };
        let Some(bytes) = bytes else {
            if let (Some(rejects), Some(original)) = (&mut self.rejects, &done.original) {
                rejects.write_all(original)?;
                rejects.write_all(b"\n")?;
            }
            return Ok(());
        };
        if self.arguments.check {
            return Ok(());
        }
        if let (Some(path), What::Converted(Conversion { sidecar: Some(sidecar), .. })) =
            (&self.arguments.sidecar, &done.what)
        {
            save::save(path, sidecar, Existing::Replace)?;
        }
        if let Some(lines) = &mut self.lines {
            lines.write_all(bytes)?;
            return Ok(lines.write_all(b"\n")?);
        }
        match (&self.arguments.out_dir, &done.origin) {
            (Some(folder), Some(path)) => {
                let place = place(path, folder, self.arguments);
                if let Some(folder) = place.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                // A result of an earlier run that is out of date.
                save::save(&place, bytes, Existing::Replace)
            }
            (Some(folder), None) => save::save(&folder.join("stdin.json"), bytes, Existing::Replace),
            (None, _) => save::write(self.arguments.output.as_deref(), bytes, self.existing),
        }
    }

    /// Says what came of it: on stderr, or on stdout where no state is written.
    fn talk(&self, done: &Done) -> Result<(), Failure> {
        let quiet = self.arguments.quiet;
        let text = match &done.what {
            What::Skipped => return Ok(()),
            What::Refused(checked, _) => {
                let talk = if quiet { Talk::Quiet } else { Talk::Normal };
                let part = render::part(checked, self.arguments.format, talk, Exit::Findings, "convert");
                if let Some(complaint) = &part.complaint {
                    super::complain(complaint);
                }
                part.report
            }
            What::Converted(conversion) if quiet && conversion.bytes.is_some() => return Ok(()),
            What::Converted(conversion) => match self.arguments.format {
                Format::Json | Format::Ndjson => {
                    let mut line = render::json(&entry(done, self.arguments.to));
                    line.push('\n');
                    line
                }
                _ => human(done, conversion, self.arguments, self.least),
            },
        };
        if self.arguments.check {
            // Nothing else is written: this is the result.
            return Ok(anstream::stdout().write_all(text.as_bytes())?);
        }
        // There is nowhere left to report that stderr is closed.
        let _ = anstream::stderr().write_all(text.as_bytes());
        Ok(())
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        if let Some(mut lines) = self.lines.take() {
            lines.flush()?;
        }
        if let (Some(file), Some(path)) = (self.output.take(), &self.arguments.output) {
            save::finish(file, path, self.existing)?;
        }
        if let (Some(rejects), Some(path)) = (self.rejects.take(), &self.arguments.rejects) {
            save::finish(rejects.into_inner().map_err(io::IntoInnerError::into_error)?, path, self.existing)?;
        }
        if let (Some(mut report), Some(path)) = (self.report.take(), &self.arguments.report) {
            report.write_all(b"\n]}\n")?;
            save::finish(report.into_inner().map_err(io::IntoInnerError::into_error)?, path, self.existing)?;
        }
        let documented = match self.said.take() {
            Some(said) => said.finish().map(|_| true)?,
            None => false,
        };
        if self.count.all() > 1 && !self.arguments.quiet && !documented {
            let human = self.arguments.format == Format::Human && self.arguments.report.is_none();
            let hint = if human && self.count.levels.iter().any(|count| *count > 0) {
                "; --report FILE lists every change"
            } else {
                ""
            };
            let _ = writeln!(anstream::stderr(), "{}{hint}", self.count);
        }
        Ok(self.exit)
    }
}

/// A state as a line of NDJSON. What the SDKs write holds line breaks only between its tokens.
fn on_one_line(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.contains(&b'\n') {
        return bytes;
    }
    let mut line = Vec::with_capacity(bytes.len());
    for part in bytes.split(|byte| *byte == b'\n') {
        if line.ends_with(b",") {
            line.push(b' ');
        }
        line.extend_from_slice(part.trim_ascii_start());
    }
    line
}

fn entry(done: &Done, to: Target) -> Entry<'_> {
    let (conversion, checked) = match &done.what {
        What::Converted(conversion) => (Some(conversion), None),
        What::Refused(checked, conversion) => (conversion.as_ref(), Some(checked)),
        What::Skipped => (None, None),
    };
    Entry {
        file: &done.file,
        line: done.line,
        from: conversion.and_then(|conversion| conversion.from).map(|from| from.to_string()),
        to: to.to_string(),
        converted: conversion.is_some_and(|conversion| conversion.bytes.is_some()),
        level: conversion.and_then(Conversion::level).map(Level::name),
        error: checked.and_then(Checked::error),
        findings: checked.map_or_else(Vec::new, |checked| checked.findings().iter().map(Row::new).collect()),
        entries: conversion.map_or(&[], |conversion| &conversion.losses),
    }
}

/// What was found about the input, if that is why there is no result, and what is not as it was.
fn case<'d>(done: &'d Done, arguments: &Convert, exit: Exit) -> Case<'d> {
    let (conversion, checked) = match &done.what {
        What::Converted(conversion) => (Some(conversion), None),
        What::Refused(checked, conversion) => (conversion.as_ref(), Some(checked)),
        What::Skipped => (None, None),
    };
    let losses = conversion.map_or(&[][..], |conversion| &conversion.losses).iter().map(|loss| {
        let severity = match loss.level {
            level if exit != Exit::Clean && level > arguments.allow_loss => Severity::Error,
            Level::Authority | Level::Resume => Severity::Error,
            Level::History | Level::Display => Severity::Warning,
            Level::Bookkeeping => Severity::Note,
        };
        Remark {
            code: loss.code,
            severity,
            word: loss.level.name(),
            // The state itself; a program that shows only what has a place shows it at its beginning.
            place: Some((done.line.unwrap_or(1), 1)),
            pointers: loss.pointers.clone(),
            message: render::printable(&loss.reason),
            help: loss.code.explanation().help,
            detail: None,
        }
    });
    let found = checked.map_or(&[][..], Checked::findings).iter().map(|finding| {
        let mut remark = Remark::from(finding);
        if let (Some(line), Some(place)) = (done.line, &mut remark.place) {
            place.0 = line;
        }
        remark
    });
    Case {
        file: &done.file,
        line: done.line,
        error: checked.and_then(Checked::error),
        remarks: found.chain(losses).collect(),
        exit,
    }
}

fn human(done: &Done, conversion: &Conversion, arguments: &Convert, least: Level) -> String {
    use std::fmt::Write as _;
    const BOLD: Style = Style::new().bold();
    let mut text = String::new();
    let place = done.line.map_or_else(|| done.file.clone(), |line| format!("{}:{line}", done.file));
    let from = conversion.from.map_or_else(|| "?".to_owned(), |from| from.to_string());
    let to = arguments.to;
    let place = render::printable(&place);
    let converted = conversion.bytes.is_some();
    let head = if converted { "" } else { ", not converted" };
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{BOLD}{place}{BOLD:#}: {from} to {to} ({}){head}", to.format);
    for loss in conversion.losses.iter().filter(|loss| loss.level >= least) {
        let style = color(loss.level);
        let more = if loss.count > 1 { format!(" and {} more", loss.count - 1) } else { String::new() };
        let pointer = if loss.pointer.is_empty() { "the state" } else { &loss.pointer };
        let _ = writeln!(
            text,
            "  {style}{}{style:#} {} {}{more}: {}",
            loss.level.name(),
            loss.code,
            render::printable(pointer),
            render::printable(&loss.reason)
        );
    }
    if !converted && let Some(level) = conversion.level() {
        let _ = match level {
            Level::Authority => writeln!(text, "  help: no option allows this; see the reason above"),
            level => writeln!(
                text,
                "  help: --allow-loss {} converts it all the same; {} is allowed",
                level.name(),
                arguments.allow_loss.name()
            ),
        };
    }
    text
}

fn color(level: Level) -> Style {
    match level {
        Level::Authority | Level::Resume => AnsiColor::Red.on_default(),
        Level::History | Level::Display => AnsiColor::Yellow.on_default(),
        Level::Bookkeeping => AnsiColor::BrightBlack.on_default(),
    }
}
