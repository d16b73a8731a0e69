//! What a golden file keeps of a state: enough to see what changed, and no value.
//!
//! The states themselves stand beside their golden files, so the golden file need not repeat them: of what is written
//! it keeps the size, a digest, and a short digest of every part, which tell where a difference is. Everything in it is
//! the same on every machine.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use runstate::json::{Document, Kind, Node, Style, Writer};
use runstate::{
    Conversion, Convert, Effect, Finding, Invalid, Level, Normalize, Severity, Validate, Verdict, codes,
    convert_document, judge, normalize,
};

use super::super::render::{conclusion, printable};
use super::config::{self, Asked, Config, Normalized};

/// The form of the files; with another one, all of them are written anew.
const FORM: u32 = 1;

/// What every golden file begins with.
pub(super) const HEAD: &str = "runstate test: golden file, form ";

/// What is found about a state.
#[derive(Debug)]
pub(super) struct Look {
    /// The golden file as it should be.
    pub(super) golden: String,
    /// What is not as it is asked for.
    pub(super) said: Vec<Said>,
    /// Whether the state is JSON, or is not expected to be.
    pub(super) is_json: bool,
}

/// One thing to say about a state.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: codes::Code,
    pub(super) severity: Severity,
    pub(super) word: &'static str,
    pub(super) place: Option<(usize, usize)>,
    pub(super) pointers: Vec<String>,
    pub(super) message: String,
    pub(super) help: String,
}

impl Said {
    pub(super) fn new(code: codes::Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            word: "failed",
            place: None,
            pointers: Vec::new(),
            message: message.into(),
            help: code.explanation().help.to_owned(),
        }
    }

    fn of(finding: &Finding, severity: Severity) -> Self {
        let parts: Vec<&str> = std::iter::once(&finding.pointer).chain(&finding.inside).map(String::as_str).collect();
        Self {
            code: finding.code,
            severity,
            word: finding.effect.name(),
            place: Some((finding.line, finding.column)),
            pointers: vec![parts.join("!")],
            message: finding.message.clone(),
            help: finding.help.clone(),
        }
    }
}

pub(super) fn look(bytes: &[u8], asked: &Asked, config: &Config) -> Look {
    let mut validate = Validate::default();
    validate.reader = asked.reader;
    validate.agents = config.agents(asked).cloned();
    let mut out = format!("{HEAD}{FORM}\n\n");
    let (verdict, doc) = match Document::parse(bytes.to_vec()) {
        Ok(doc) => (judge(&doc, &validate), Some(doc)),
        Err(error) => (Verdict::from(error), None),
    };
    let mut said = Vec::new();
    head(&verdict, asked, &mut out, &mut said);
    findings(&verdict, asked, &mut out, &mut said);
    if let Some(doc) = &doc {
        let mut broken = config.schemas(asked).check(doc, None);
        broken.retain(|finding| asked.severity.get(&finding.code) != Some(&None));
        for finding in &broken {
            let severity = asked.severity.get(&finding.code).copied().flatten().unwrap_or(finding.severity);
            said.push(Said { word: "schema", ..Said::of(finding, severity) });
        }
        normalized(bytes, &validate, asked, &mut out);
        for (name, (target, most)) in &asked.convert {
            let mut how = Convert::default();
            how.agents = validate.agents.clone();
            how.assume_target_gates = asked.assume_target_gates.unwrap_or_default();
            // The file keeps what comes of it; what is allowed is another question.
            how.allow_loss = Level::Resume;
            let conversion = convert_document(doc, *target, &how);
            converted(name, *most, &conversion, &mut out, &mut said);
        }
    }
    let expected = asked.verdict == Some(config::Verdict(Some(Effect::Refused)));
    Look { golden: out, said, is_json: verdict.is_json || expected }
}

fn head(verdict: &Verdict, asked: &Asked, out: &mut String, said: &mut Vec<Said>) {
    let format = verdict.format.map_or_else(|| "unknown".to_owned(), |format| format.to_string());
    let worst = verdict.findings.iter().map(|finding| finding.effect).max();
    let what = if verdict.is_json { conclusion(worst) } else { "not JSON: no SDK loads it" };
    // Writing into a string cannot fail.
    let _ = writeln!(out, "format: {format}\nverdict: {what}");
    if let Some(expected) = asked.format.filter(|expected| verdict.format != Some(*expected)) {
        said.push(Said::new(codes::OTHER_FORMAT, format!("expected {expected}, found {format}")));
    }
    if let Some(config::Verdict(expected)) = asked.verdict.filter(|expected| expected.0 != worst) {
        let name = |effect: Option<Effect>| effect.map_or("clean", Effect::name);
        let message = format!("expected the verdict `{}`, found `{}`", name(expected), name(worst));
        said.push(Said::new(codes::OTHER_VERDICT, message));
    }
}

/// The findings with the severities that are asked for. Without an expected verdict, errors fail the test; that the SDK
/// refuses the state can only be expected, and not made smaller.
fn findings(verdict: &Verdict, asked: &Asked, out: &mut String, said: &mut Vec<Said>) {
    let mut kept = Vec::new();
    for finding in &verdict.findings {
        let own = asked.severity.get(&finding.code).copied();
        let severity = own.unwrap_or(Some(finding.severity));
        let is_expected = asked.verdict.is_some() && own.is_none();
        if severity == Some(Severity::Error) && !is_expected
            || finding.effect == Effect::Refused && asked.verdict.is_none()
        {
            said.push(Said::of(finding, Severity::Error));
        }
        kept.extend(severity.map(|severity| (finding, severity)));
    }
    let count = if kept.is_empty() { "none".to_owned() } else { kept.len().to_string() };
    let _ = writeln!(out, "findings: {count}");
    for (finding, severity) in kept {
        let Finding { code, effect, line, column, pointer, inside, message, .. } = finding;
        let inside: String = inside.iter().map(|pointer| format!(" > {}", printable(pointer))).collect();
        let (severity, effect, pointer) = (severity.name(), effect.name(), printable(pointer));
        let _ = writeln!(
            out,
            "  {severity}[{code}] {effect} {line}:{column} {pointer}{inside}\n    {}",
            printable(message)
        );
    }
}

fn normalized(bytes: &[u8], validate: &Validate, asked: &Asked, out: &mut String) {
    let mut how = Normalize::default();
    how.validate = validate.clone();
    how.invalid = Invalid::Accept;
    let Some(written) = normalize(bytes, &how).bytes else {
        out.push_str("\nnormalized: no state\n");
        return;
    };
    let _ = writeln!(out, "\nnormalized: {}", size(&written));
    let Ok(doc) = Document::parse(written) else { return };
    match asked.normalized.unwrap_or_default() {
        Normalized::Digest => parts(doc.root(), Elements::Each, out),
        Normalized::Text => {
            // Indented whatever the SDK does: a difference within one line of megabytes cannot be read.
            let mut writer = Writer::new(Style::Python);
            writer.node(doc.root());
            for line in String::from_utf8_lossy(&writer.finish()).lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
}

fn converted(name: &str, most: Level, conversion: &Conversion, out: &mut String, said: &mut Vec<Said>) {
    let level = conversion.level();
    let what = match (&conversion.bytes, level) {
        (Some(bytes), _) => size(bytes),
        (None, Some(_)) => "not converted".to_owned(),
        (None, None) => "not converted, because its SDK does not load it".to_owned(),
    };
    let _ = writeln!(out, "\nconvert to {name}: {what}");
    if let Some(doc) = conversion.bytes.clone().and_then(|bytes| Document::parse(bytes).ok()) {
        parts(doc.root(), Elements::Together, out);
    }
    for loss in &conversion.losses {
        let places = if loss.count == 1 { String::new() } else { format!(" and {} more", loss.count - 1) };
        let pointer = if loss.pointer.is_empty() { "the state" } else { &loss.pointer };
        let (level, code, reason) = (loss.level.name(), loss.code, printable(&loss.reason));
        let _ = writeln!(out, "  {level}[{code}] {}{places}\n    {reason}", printable(pointer));
    }
    let worst = conversion.losses.first();
    let too_much = worst.filter(|loss| loss.level > most);
    if conversion.bytes.is_some() && too_much.is_none() {
        return;
    }
    let message = match worst {
        Some(loss) if conversion.bytes.is_none() => format!("not converted to {name}: {}", loss.reason),
        Some(loss) => {
            let (level, most) = (loss.level.name(), most.name());
            format!("converted to {name} only with a loss of level {level}, and {most} is allowed: {}", loss.reason)
        }
        None => format!("not converted to {name}: its SDK does not load it"),
    };
    let mut one = Said::new(codes::LOSS_LIMIT, message);
    one.pointers = too_much.map(|loss| loss.pointers.iter().take(1).cloned().collect()).unwrap_or_default();
    said.push(one);
}

fn size(bytes: &[u8]) -> String {
    format!("{} bytes, sha256 {}", bytes.len(), digest(bytes, 32))
}

fn digest(bytes: &[u8], length: usize) -> String {
    Sha256::digest(bytes).iter().take(length).map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Elements {
    Each,
    Together,
}

/// A line for every member of a state, or for every element of those that hold several.
fn parts(root: Node<'_>, elements: Elements, out: &mut String) {
    let mut line = |pointer: &str, node: Node<'_>| {
        // What says nothing of anybody is shown.
        let shown = match node.raw() {
            raw @ ("null" | "true" | "false" | "[]" | "{}") => raw.to_owned(),
            raw => digest(raw.as_bytes(), 4),
        };
        let _ = writeln!(out, "  {shown:8} {}", printable(pointer));
    };
    let step = |key: &str| key.replace('~', "~0").replace('/', "~1");
    for member in root.members() {
        let pointer = format!("/{}", step(&member.key.lossy()));
        let node = member.value;
        match node.kind() {
            Kind::Array if elements == Elements::Each && node.elements().next().is_some() => {
                for (at, element) in node.elements().enumerate() {
                    line(&format!("{pointer}/{at}"), element);
                }
            }
            Kind::Object if elements == Elements::Each && node.members().next().is_some() => {
                for inner in node.members() {
                    line(&format!("{pointer}/{}", step(&inner.key.lossy())), inner.value);
                }
            }
            _ => line(&pointer, node),
        }
    }
}
