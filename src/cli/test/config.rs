//! `runstate.toml`: what is asked of which states.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use runstate::agents::Graph;
use runstate::check::Checker;
use runstate::codes::{ALL, Code};
use runstate::{Effect, Level, Severity, Target};

/// The file as it is written.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    golden: Option<Spanned<String>>,
    include: Option<Spanned<Patterns>>,
    exclude: Option<Spanned<Patterns>>,
    states: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    files: Spanned<Patterns>,
    format: Option<Spanned<String>>,
    #[serde(rename = "for")]
    reader: Option<Spanned<String>>,
    agents: Option<Spanned<String>>,
    verdict: Option<Spanned<String>>,
    normalized: Option<Spanned<String>>,
    assume_target_gates: Option<bool>,
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    convert: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    schemas: Schemas,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Schemas {
    context: Option<Spanned<String>>,
    tools: BTreeMap<String, Spanned<String>>,
}

/// One pattern or several.
struct Patterns(Vec<String>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Patterns;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a pattern such as \"python/*.json\", or a list of them")
            }

            fn visit_str<E>(self, text: &str) -> Result<Patterns, E> {
                Ok(Patterns(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Patterns, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = list.next_element()? {
                    patterns.push(pattern);
                }
                Ok(Patterns(patterns))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// What is asked of the states of a folder.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// The folder of the golden files, below the one of the states.
    pub(super) golden: String,
    /// Each pattern with its place in the file and as it is written.
    include: Vec<(GlobMatcher, (usize, usize), String)>,
    exclude: Vec<GlobMatcher>,
    /// Files that the configuration itself names: no states.
    own: Vec<PathBuf>,
    rules: Vec<Rule>,
    agents: Vec<Graph>,
    schemas: Vec<Checker>,
}

/// What is asked of the states that a pattern matches.
#[derive(Debug)]
struct Rule {
    files: Vec<GlobMatcher>,
    /// Where the patterns stand in the file.
    place: (usize, usize),
    shown: String,
    asked: Asked,
}

/// What is asked of a state.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) format: Option<runstate::Format>,
    pub(super) reader: Option<Target>,
    agents: Option<usize>,
    pub(super) verdict: Option<Verdict>,
    pub(super) normalized: Option<Normalized>,
    pub(super) assume_target_gates: Option<bool>,
    pub(super) severity: BTreeMap<Code, Option<Severity>>,
    /// By the name of the target as it is written.
    pub(super) convert: BTreeMap<String, (Target, Level)>,
    context: Option<usize>,
    tools: BTreeMap<String, usize>,
}

/// The worst effect that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict(pub(super) Option<Effect>);

/// How a normalized state is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Normalized {
    /// As digests of its parts: they tell where something changed, show no value, and are short.
    #[default]
    Digest,
    /// As text, with all values.
    Text,
}

/// What is wrong with the file.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

impl Config {
    /// Reads the file at `path`, or takes what goes without one.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let Some(path) = path else { return Ok(Self { golden: "golden".to_owned(), ..Self::default() }) };
        let whole = |message: String| vec![Fault { line: 1, column: 1, message }];
        let text = std::fs::read_to_string(path).map_err(|error| whole(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            let (line, column) = place(&text, error.span().map_or(0, |span| span.start));
            vec![Fault { line, column, message: error.message().replace('\n', ", ") }]
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut reading = Reading { text: &text, folder, faults: Vec::new(), config: Self::default() };
        reading.file(file);
        if reading.faults.is_empty() { Ok(reading.config) } else { Err(reading.faults) }
    }

    /// Whether the file is a state to look at; `name` is its path below the folder, with `/`.
    pub(super) fn is_state(&self, name: &str, path: &Path) -> bool {
        let matches = |patterns: &[GlobMatcher]| patterns.iter().any(|pattern| pattern.is_match(name));
        (self.include.is_empty() || self.include.iter().any(|(pattern, ..)| pattern.is_match(name)))
            && !matches(&self.exclude)
            && !self.own.iter().any(|own| is_same(own, path))
    }

    /// What is asked of a state. Later entries win.
    pub(super) fn asked(&self, name: &str) -> Asked {
        let mut asked = Asked::default();
        let matching = self.rules.iter().filter(|rule| rule.files.iter().any(|pattern| pattern.is_match(name)));
        for Rule { asked: rule, .. } in matching {
            let Asked {
                format,
                reader,
                agents,
                verdict,
                normalized,
                assume_target_gates,
                severity,
                convert,
                context,
                tools,
            } = rule.clone();
            asked.format = format.or(asked.format);
            asked.reader = reader.or(asked.reader);
            asked.agents = agents.or(asked.agents);
            asked.verdict = verdict.or(asked.verdict);
            asked.normalized = normalized.or(asked.normalized);
            asked.assume_target_gates = assume_target_gates.or(asked.assume_target_gates);
            asked.context = context.or(asked.context);
            asked.severity.extend(severity);
            asked.convert.extend(convert);
            asked.tools.extend(tools);
        }
        asked
    }

    /// The agents that a state is to be resumed with.
    pub(super) fn agents(&self, asked: &Asked) -> Option<&Graph> {
        asked.agents.map(|at| &self.agents[at])
    }

    /// The schema of the context, and those of tools' outputs by the tool's name.
    pub(super) fn schemas<'c>(&'c self, asked: &'c Asked) -> runstate::content::Schemas<'c> {
        let mut schemas = runstate::content::Schemas::default();
        schemas.context = asked.context.map(|at| &self.schemas[at]);
        schemas.tools = asked.tools.iter().map(|(tool, at)| (tool.as_str(), &self.schemas[*at])).collect();
        schemas
    }

    /// Patterns that match none of the states.
    pub(super) fn stale(&self, names: &[String]) -> Vec<Fault> {
        let is_stale = |rule: &&Rule| {
            let mut patterns = rule.files.iter();
            !patterns.any(|pattern| names.iter().any(|name| pattern.is_match(name)))
        };
        let fault = |(line, column), shown: &str| {
            let message = format!("no state matches {shown}; correct the pattern, or remove it");
            Fault { line, column, message }
        };
        let is_unmatched = |(pattern, ..): &&(GlobMatcher, _, _)| !names.iter().any(|name| pattern.is_match(name));
        let include = self.include.iter().filter(is_unmatched).map(|(_, place, shown)| fault(*place, shown));
        let rules = self.rules.iter().filter(is_stale).map(|rule| fault(rule.place, &rule.shown));
        include.chain(rules).collect()
    }
}

/// A pattern in which `*` stands for a part of a name, and `**` for any folders.
pub(super) fn pattern(text: &str) -> Result<GlobMatcher, String> {
    let text = text.strip_prefix("./").unwrap_or(text);
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.to_string())
}

struct Reading<'t> {
    text: &'t str,
    folder: &'t Path,
    faults: Vec<Fault>,
    config: Config,
}

impl Reading<'_> {
    fn file(&mut self, file: File) {
        let File { golden, include, exclude, states } = file;
        self.config.golden = match golden {
            Some(name) if name.get_ref().is_empty() || name.get_ref().starts_with('/') => {
                self.fault(name.span(), "expected a folder below the one of the states, such as \"golden\"".to_owned());
                String::new()
            }
            Some(name) => name.into_inner().trim_end_matches('/').to_owned(),
            None => "golden".to_owned(),
        };
        if let Some(patterns) = include {
            let place = place(self.text, patterns.span().start);
            let matchers = self.patterns(&patterns).into_iter().zip(&patterns.get_ref().0);
            self.config.include = matchers.map(|(matcher, text)| (matcher, place, text.clone())).collect();
        }
        self.config.exclude = exclude.map(|patterns| self.patterns(&patterns)).unwrap_or_default();
        for entry in states {
            let rule = self.entry(entry);
            self.config.rules.push(rule);
        }
    }

    fn entry(&mut self, entry: Entry) -> Rule {
        let Entry {
            files,
            format,
            reader,
            agents,
            verdict,
            normalized,
            assume_target_gates,
            severity,
            convert,
            schemas,
        } = entry;
        let mut asked = Asked { assume_target_gates, ..Asked::default() };
        asked.format = format.and_then(|format| self.pinned(&format)).map(|target| target.format);
        asked.reader = reader.and_then(|reader| self.pinned(&reader));
        asked.agents = agents.and_then(|path| self.agents(&path));
        asked.verdict = verdict.and_then(|word| {
            let effects = [Effect::Refused, Effect::Stuck, Effect::Unsafe, Effect::Exposed, Effect::Lost, Effect::Note];
            let mut known: Vec<(&str, Verdict)> =
                effects.into_iter().map(|effect| (effect.name(), Verdict(Some(effect)))).collect();
            known.push(("clean", Verdict(None)));
            self.one_of(&word, &known)
        });
        asked.normalized = normalized
            .and_then(|word| self.one_of(&word, &[("digest", Normalized::Digest), ("text", Normalized::Text)]));
        for (name, word) in severity {
            let levels = [Severity::Error, Severity::Warning, Severity::Note];
            let mut known: Vec<_> = levels.into_iter().map(|severity| (severity.name(), Some(severity))).collect();
            known.push(("ignore", None));
            let severity = self.one_of(&word, &known);
            if let (Some(code), Some(severity)) = (self.code(&name), severity) {
                asked.severity.insert(code, severity);
            }
        }
        for (name, word) in convert {
            let known = Level::ALL.map(|level| (level.name(), level));
            // The last one is never allowed.
            let level = self.one_of(&word, &known[..known.len() - 1]);
            if let (Some(target), Some(level)) = (self.pinned(&name), level) {
                asked.convert.insert(name.into_inner(), (target, level));
            }
        }
        asked.context = schemas.context.and_then(|path| self.schema(&path));
        for (tool, path) in schemas.tools {
            if let Some(schema) = self.schema(&path) {
                asked.tools.insert(tool, schema);
            }
        }
        let place = place(self.text, files.span().start);
        let shown = files.get_ref().0.join(", ");
        Rule { files: self.patterns(&files), place, shown, asked }
    }

    fn fault(&mut self, span: Range<usize>, message: String) {
        let (line, column) = place(self.text, span.start);
        self.faults.push(Fault { line, column, message });
    }

    fn patterns(&mut self, patterns: &Spanned<Patterns>) -> Vec<GlobMatcher> {
        let mut matchers = Vec::new();
        for text in &patterns.get_ref().0 {
            match pattern(text) {
                Ok(matcher) => matchers.push(matcher),
                Err(error) => self.fault(patterns.span(), error),
            }
        }
        matchers
    }

    /// A format with its label or release: what `python` alone stands for changes with every release of this program.
    fn pinned(&mut self, text: &Spanned<String>) -> Option<Target> {
        match text.get_ref().parse::<Target>() {
            Ok(target) if text.get_ref().contains('@') => Some(target),
            Ok(target) => {
                let message = format!(
                    "`{}` means the newest release, which changes; write the label ({}) or the release ({target})",
                    text.get_ref(),
                    target.format
                );
                self.fault(text.span(), message);
                None
            }
            Err(error) => {
                self.fault(text.span(), error.to_string());
                None
            }
        }
    }

    fn one_of<T: Copy>(&mut self, word: &Spanned<String>, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| name == word.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<String> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
            self.fault(word.span(), format!("expected one of {}, found `{}`", names.join(", "), word.get_ref()));
        }
        found
    }

    fn code(&mut self, name: &Spanned<String>) -> Option<Code> {
        let text = name.get_ref();
        let found = Code::parse(text).or_else(|| ALL.iter().find(|row| row.name == text).map(|row| row.code));
        if found.is_none() {
            self.fault(name.span(), format!("there is no code `{text}`; `runstate rules` lists all codes"));
        }
        found
    }

    fn bytes(&mut self, path: &Spanned<String>) -> Option<Vec<u8>> {
        let file = self.folder.join(path.get_ref());
        match std::fs::read(&file) {
            Ok(bytes) => {
                self.config.own.push(file);
                Some(bytes)
            }
            Err(error) => {
                let words = error.to_string();
                let words = words.split_once(" (os error").map_or(words.as_str(), |(words, _)| words);
                self.fault(path.span(), format!("{}: {words}", path.get_ref()));
                None
            }
        }
    }

    fn agents(&mut self, path: &Spanned<String>) -> Option<usize> {
        let bytes = self.bytes(path)?;
        match Graph::parse(&bytes) {
            Ok(graph) => {
                self.config.agents.push(graph);
                Some(self.config.agents.len() - 1)
            }
            Err(error) => {
                self.fault(path.span(), format!("{}: {error}", path.get_ref()));
                None
            }
        }
    }

    fn schema(&mut self, path: &Spanned<String>) -> Option<usize> {
        let bytes = self.bytes(path)?;
        let schema = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
        match schema.and_then(|schema: serde_json::Value| Checker::of(&schema)) {
            Ok(checker) => {
                self.config.schemas.push(checker);
                Some(self.config.schemas.len() - 1)
            }
            Err(error) => {
                self.fault(path.span(), format!("{}: {error}", path.get_ref()));
                None
            }
        }
    }
}

/// Line and column in characters, from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Whether two names lead to one file.
fn is_same(one: &Path, two: &Path) -> bool {
    if one.file_name() != two.file_name() {
        return false;
    }
    let plain = |path: &Path| {
        path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect::<PathBuf>()
    };
    plain(one) == plain(two) || matches!((one.canonicalize(), two.canonicalize()), (Ok(one), Ok(two)) if one == two)
}
