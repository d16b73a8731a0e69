//! The verb `convert`: a state of one SDK and label becomes one of another, and the real SDK resumes it.

mod carry;
mod numbers;
mod report;
mod resume;
mod roundtrip;
mod servers;
mod texts;

use crate::agents::Graph;
use crate::codes::{self, Code};
use crate::detect::{Identity, identify};
use crate::finding::{Effect, Finding};
use crate::format::{Dialect, Format, Release, Target};
use crate::json::{Document, Node, Style, Value, Writer};
use crate::model::state::State;
use crate::model::{Account, Entry, Level};
use crate::parallel::{ahead, both};
use crate::validate::{Validate, judge, locate, unreadable};
use crate::{python, typescript};

pub use report::Loss;
pub use roundtrip::{Difference, DifferenceKind, RoundTrip, roundtrip};

/// How to convert: begin with the default, and set fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Convert {
    /// What the input is, where it does not say so itself.
    pub from: Option<Format>,
    /// JSON pointer of the state inside a larger document.
    pub at: Option<String>,
    /// The agents of the program that will resume the run.
    pub agents: Option<Graph>,
    /// The most that may change; by default [`Level::History`]. [`Level::Authority`] is never allowed.
    pub allow_loss: Level,
    /// Whether a state that its own SDK would not load is converted as far as it can be read.
    pub accept_invalid: bool,
    /// Whether the program that will resume the run is known to ask before it runs any tool that waits for a decision.
    pub assume_target_gates: bool,
    /// What becomes of the things that the target has no place for.
    pub carry: Carry,
    /// What [`Conversion::sidecar`] gave when the state was converted to the other SDK: it is restored.
    pub sidecar: Option<Vec<u8>>,
    /// Whether outputs that are text because their label has only that (TypeScript below 1.18) become the JSON that the
    /// text is.
    pub revive_outputs: bool,
    /// Whether the output is compared with the JSON Schema of its format, too.
    #[cfg(feature = "check")]
    pub prove: bool,
}

/// What becomes of the things that the target has no place for, so that a conversion back can restore them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Carry {
    /// They are lost. What an earlier conversion carried is restored all the same.
    #[default]
    Nothing,
    /// They stand in the converted state, where the target's SDK keeps them and neither a model nor a tool sees them:
    /// in `trace` of a Python state, in `providerData` of the first response of a TypeScript one.
    Inside,
    /// They are in [`Conversion::sidecar`].
    Beside,
    /// They are lost, and so is what an earlier conversion carried.
    Stripped,
}

impl Default for Convert {
    fn default() -> Self {
        Self {
            from: None,
            at: None,
            agents: None,
            allow_loss: Level::History,
            accept_invalid: false,
            assume_target_gates: false,
            carry: Carry::Nothing,
            sidecar: None,
            revive_outputs: false,
            #[cfg(feature = "check")]
            prove: false,
        }
    }
}

impl Convert {
    /// How a state that was converted to a format comes back: whatever gets lost by that.
    fn back_from(format: Format) -> Self {
        Self {
            from: Some(format),
            allow_loss: Level::Resume,
            accept_invalid: true,
            assume_target_gates: true,
            ..Self::default()
        }
    }
}

/// What came of a conversion.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversion {
    /// The converted state; nothing when more would change than may, or when the input was refused.
    pub bytes: Option<Vec<u8>>,
    /// What the input is.
    pub from: Option<Format>,
    /// What is wrong with the input.
    pub findings: Vec<Finding>,
    /// What is not as it was, the worst first.
    pub losses: Vec<Loss>,
    /// What the converted state has no place for, with [`Carry::Beside`]; a JSON document.
    pub sidecar: Option<Vec<u8>>,
}

impl Conversion {
    /// How much the worst change matters.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.losses.first().map(|loss| loss.level)
    }
}

/// Faults of a state that say that it was edited, or that the run is in an unknown state: computing the target's
/// records anew would hide them.
const BINDING: [Code; 6] = [
    codes::FINGERPRINT,
    codes::LEDGER,
    codes::EVIDENCE,
    codes::REROUTED_CALL,
    codes::STARTED_CALL,
    codes::DECISION_OWNER,
];

/// Converts a state so that `target` loads and resumes it, and says what is not as it was.
///
/// ```
/// use runstate::{Convert, convert};
///
/// let state = std::fs::read("fixtures/python/1.21/pending-first-turn.json")?;
/// let done = convert(&state, "typescript@0.20.0".parse()?, &Convert::default());
/// assert!(done.bytes.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn convert(bytes: &[u8], target: Target, options: &Convert) -> Conversion {
    match Document::parse(bytes.to_vec()) {
        Ok(doc) => convert_document(&doc, target, options),
        Err(error) => {
            Conversion { bytes: None, from: None, findings: vec![unreadable(error)], losses: Vec::new(), sidecar: None }
        }
    }
}

/// The same of a document that is parsed already.
#[must_use]
pub fn convert_document(doc: &Document, target: Target, options: &Convert) -> Conversion {
    let source = locate(doc, options.at.as_deref()).ok().and_then(|root| Some((root, source(root, options)?)));
    let judged = || judge(doc, &Validate { at: options.at.clone(), ..Validate::default() });
    let refusal = |from, findings| Conversion { bytes: None, from, findings, losses: Vec::new(), sidecar: None };
    let Some((root, format)) = source else { return refusal(None, judged().findings) };
    let opened = Opened::of(doc, root, format, target);
    let translated = || {
        let account = Account::default();
        let (bytes, tree) = translate(doc, root, format, target, opened, options, &account);
        (bytes, tree, account.into_entries())
    };
    // A large state is translated while it is judged; most are not refused.
    let (verdict, translated) = ahead(root.raw().len(), judged, translated);
    let refused = verdict.findings.iter().any(|finding| finding.effect == Effect::Refused);
    if refused && !options.accept_invalid {
        return refusal(Some(format), verdict.findings);
    }
    if let Some(done) = restored(root, format, target, options) {
        return Conversion { findings: verdict.findings, ..done };
    }
    let account = Account::default();
    for finding in &verdict.findings {
        if BINDING.contains(&finding.code) && finding.effect > Effect::Note && recorded_anew(format, target.format) {
            let reason = "the state's own records contradict it, and new ones would hide that";
            account.note(codes::WOULD_RUN, Level::Authority, Some(root), reason);
            break;
        }
    }
    if format != target.format {
        resume::lost_runs(root, format.dialect, &account);
        if writes_outputs(format) && !writes_outputs(target.format) {
            resume::lost_rows(root, &account);
        }
        if let Some(graph) = options.agents.as_ref().filter(|_| knows_servers(format) && !knows_servers(target.format))
        {
            let state = canonical(doc, root, format, &Account::default());
            resume::rerouted(&state, root, graph, &account);
        }
        let nested = |own: &Finding| own.code == codes::NESTED_RUN && own.effect == Effect::Stuck;
        if format.dialect != target.format.dialect && verdict.findings.iter().any(nested) {
            let reason = match format.dialect {
                Dialect::Python => "the Python SDK does not go on with a nested run of the state: the target would",
                Dialect::TypeScript => "the TypeScript SDK cannot read a nested run: in the target it would start anew",
            };
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, Some(root), reason);
        }
    }
    let (bytes, tree, entries) = translated.done();
    // Where the label has no place for servers, the conversion says where calls go, and has to be right.
    let counts = |code: &Code| *code != codes::MCP_BINDING || knows_servers(format);
    let before: Vec<Code> = verdict.findings.iter().map(|finding| finding.code).filter(counts).collect();
    let mut noted = account.into_entries();
    noted.extend(entries);
    let (mut losses, (bytes, proven)) = both(
        root.raw().len(),
        || {
            drop(tree);
            report::losses(doc, noted)
        },
        || match bytes {
            Some(bytes) if format != target.format => prove(bytes, root, target, options, &before),
            bytes => (bytes, Vec::new()),
        },
    );
    losses.extend(report::losses(doc, proven));
    losses.sort_by_key(|loss| std::cmp::Reverse(loss.level));
    let level = losses.first().map(|loss| loss.level);
    let allowed = level.is_none_or(|level| level <= options.allow_loss && level < Level::Authority);
    let bytes = bytes.filter(|_| allowed);
    let done = Conversion { bytes, from: Some(format), findings: verdict.findings, losses, sidecar: None };
    carried(doc, root, format, target, options, done)
}

/// The conversion of a state that an earlier one has left something for: inside it, or in the sidecar. Nothing when there
/// is none, or none for this target.
fn restored(root: Node<'_>, format: Format, target: Target, options: &Convert) -> Option<Conversion> {
    let mut tree = Value::Node(root);
    let inside = carry::take_out(&mut tree, format.dialect);
    let strip = options.carry == Carry::Stripped;
    let text = options.sidecar.clone().filter(|_| !strip).or_else(|| inside.clone())?;
    let plain = Convert { at: None, carry: Carry::Nothing, sidecar: None, ..options.clone() };
    let mut stripped = || match inside {
        Some(_) => write(&mut tree, format.dialect),
        None => root.raw().as_bytes().to_vec(),
    };
    if strip {
        return Some(convert(&stripped(), target, &plain));
    }
    let left = Document::parse(text).ok()?;
    let own = carry::format(&left).filter(|own| own.dialect == target.format.dialect && *own != format)?;
    if own.dialect == format.dialect && own != target.format {
        return None;
    }
    let between = Target { format: own, release: newest_release(own) };
    let plain = Convert { from: Some(format), ..plain };
    // What gets lost may be restored.
    let done = convert(&stripped(), between, &Convert { allow_loss: Level::Resume, ..plain.clone() });
    let Some(bytes) = done.bytes else { return Some(done) };
    let back = Document::parse(bytes).ok()?;
    let mut losses = done.losses;
    let mut tree = carry::restore(left.root(), own.dialect, &back, &mut losses)?;
    let allowed = losses.iter().all(|loss| loss.level <= options.allow_loss);
    let bytes = allowed.then(|| write(&mut tree, own.dialect));
    let done = Conversion { bytes, losses, ..done };
    if between == target || !allowed {
        return Some(done);
    }
    let next = convert(done.bytes.as_deref()?, target, &Convert { from: Some(own), carry: options.carry, ..plain });
    let mut losses = done.losses;
    losses.extend(next.losses);
    losses.sort_by_key(|loss| std::cmp::Reverse(loss.level));
    Some(Conversion { losses, ..next })
}

/// Keeps what a conversion back would not bring back.
fn carried(
    doc: &Document,
    root: Node<'_>,
    format: Format,
    target: Target,
    options: &Convert,
    done: Conversion,
) -> Conversion {
    let wanted = matches!(options.carry, Carry::Inside | Carry::Beside) && format != target.format;
    let Some(bytes) = done.bytes.as_deref().filter(|_| wanted) else { return done };
    let back = Target { format, release: newest_release(format) };
    let all = Convert::back_from(target.format);
    let pack = |bytes: &[u8]| {
        let saved = match target.format.dialect {
            Dialect::Python => bytes.to_vec(),
            Dialect::TypeScript => carry::through_javascript(&Document::parse(bytes.to_vec()).ok()?),
        };
        let back = convert(&saved, back, &all);
        let state = Document::parse(back.bytes?).ok()?;
        Some(carry::pack(format, doc, root, &state, &back.losses))
    };
    let reason = match pack(bytes) {
        Some((left, _)) if options.carry == Carry::Beside => return Conversion { sidecar: Some(left), ..done },
        Some((_, false)) => return done,
        Some((left, true)) => {
            let dialect = target.format.dialect;
            let put_in = |left| carry::put_in(bytes.to_vec(), dialect, left);
            let carrying = put_in(left).and_then(|carrying| {
                // Without what is carried, its place can be another one than before.
                let without = carry::without(&carrying, dialect)?;
                if without == bytes { Some(carrying) } else { put_in(pack(&without)?.0) }
            });
            if carrying.is_some() {
                return Conversion { bytes: carrying, ..done };
            }
            "the TypeScript SDK keeps what is carried along with an answer of the model, and there is none yet: use a sidecar"
        }
        None => "nothing is carried along: a conversion back would be refused",
    };
    let account = Account::default();
    account.note(codes::NO_PLACE, Level::Bookkeeping, Some(root), reason);
    let mut losses = done.losses;
    losses.extend(report::losses(doc, account.into_entries()));
    Conversion { losses, ..done }
}

/// The format of the states that a sidecar belongs to; nothing for what is no sidecar.
#[must_use]
pub fn sidecar_format(sidecar: &[u8]) -> Option<Format> {
    carry::format(&Document::parse(sidecar.to_vec()).ok()?)
}

/// Whether the target's records are not those of the source: computed, or none at all.
fn recorded_anew(from: Format, to: Format) -> bool {
    let has = |format: Format| {
        format.label
            >= match format.dialect {
                Dialect::Python => python::convert::LEDGER,
                Dialect::TypeScript => typescript::convert::LEDGER,
            }
    };
    from != to && !(from.dialect == to.dialect && has(from) && has(to))
}

/// Whether states say which local MCP server a call goes to.
fn knows_servers(format: Format) -> bool {
    format.label
        >= match format.dialect {
            Dialect::Python => python::convert::SERVERS,
            Dialect::TypeScript => typescript::convert::SERVERS,
        }
}

/// Whether outputs that are not in the session yet are written to it when the run goes on (0.24.0 of the Python SDK).
fn writes_outputs(format: Format) -> bool {
    format.dialect == Dialect::Python && format.label >= python::convert::OUTPUT_ROWS
}

/// What the state is.
fn source(root: Node<'_>, options: &Convert) -> Option<Format> {
    if options.from.is_some() {
        return options.from;
    }
    match identify(root) {
        Identity::State { dialect, label, .. } => label.format(dialect),
        _ => None,
    }
}

/// What is read of a state before it is judged: every text in it that the translation will look at.
struct Opened<'d> {
    tree: Value<'d>,
    /// About the numbers that JavaScript cannot hold, where it is to read them.
    numbers: Account<'d>,
    /// There is no way to write one of them.
    impossible: bool,
}

impl<'d> Opened<'d> {
    fn of(doc: &'d Document, root: Node<'d>, from: Format, target: Target) -> Self {
        let tree = open(doc, root, from.dialect);
        let numbers = Account::default();
        let across = from.dialect != target.format.dialect;
        let impossible = across && target.format.dialect == Dialect::TypeScript && numbers::judge(doc, &numbers);
        Self { tree, numbers, impossible }
    }
}

/// The state in the target's format, if it has one there, and the tree that it was written from: to take it apart takes
/// time, too.
fn translate<'d>(
    doc: &'d Document,
    root: Node<'d>,
    from: Format,
    target: Target,
    opened: Opened<'d>,
    options: &Convert,
    account: &Account<'d>,
) -> (Option<Vec<u8>>, Value<'d>) {
    let Opened { mut tree, numbers, impossible } = opened;
    let newest_of_label = target.release == newest_release(target.format);
    if from == target.format && newest_of_label && root.same(doc.root()) {
        return (Some(doc.source(0).text().as_bytes().to_vec()), tree);
    }
    account.extend(numbers);
    if impossible {
        return (None, tree);
    }
    let same = from.dialect == target.format.dialect;
    let typed = target.format.dialect == Dialect::Python || target.format.label >= typescript::convert::TYPED_OUTPUTS;
    if options.revive_outputs && typed && from.dialect == Dialect::TypeScript {
        typescript::convert::revive(&mut tree, doc, account);
    }
    if let Some(graph) =
        options.agents.as_ref().filter(|_| !knows_servers(from) && (!same || knows_servers(target.format)))
    {
        servers::bind(&mut tree, from.dialect, graph, account);
    }
    if !same {
        let mut state = lifted(tree, from, account);
        resume::prepare(&mut state, target, options, account);
        if target.format.dialect == Dialect::Python {
            texts::judge(doc, &state, account);
        }
        tree = match target.format.dialect {
            Dialect::Python => python::convert::lower(state, account),
            Dialect::TypeScript => typescript::convert::lower(state, account),
        };
        bring(&mut tree, target.format.dialect.newest(), account);
    }
    let there = if same { from == target.format && newest_of_label } else { target == target.format.dialect.newest() };
    if !there {
        bring(&mut tree, target, account);
    }
    if target.format.dialect == Dialect::TypeScript && from != target.format {
        typescript::convert::finish(&mut tree, target, account);
    }
    (Some(write(&mut tree, target.format.dialect)), tree)
}

/// The release that a label alone stands for.
fn newest_release(format: Format) -> Release {
    let target: Result<Target, _> = format.to_string().parse();
    target.map_or(format.dialect.newest().release, |target| target.release)
}

/// What a state means, whatever its dialect and label. Total: what cannot be read is in the account.
pub(crate) fn canonical<'d>(doc: &'d Document, root: Node<'d>, from: Format, account: &Account<'d>) -> State<'d> {
    lifted(open(doc, root, from.dialect), from, account)
}

fn lifted<'d>(tree: Value<'d>, from: Format, account: &Account<'d>) -> State<'d> {
    let mut tree = tree;
    if from != from.dialect.newest().format {
        bring(&mut tree, from.dialect.newest(), account);
    }
    match from.dialect {
        Dialect::Python => python::convert::lift(tree, account),
        Dialect::TypeScript => typescript::convert::lift(tree, account),
    }
}

/// The state as a tree, nested runs opened.
fn open<'d>(doc: &'d Document, root: Node<'d>, dialect: Dialect) -> Value<'d> {
    match dialect {
        Dialect::Python => python::convert::open(doc, root),
        Dialect::TypeScript => typescript::convert::open(doc, root),
    }
}

/// Brings a tree to another label of its dialect, with the records of calls and decisions that the label has.
fn bring<'d>(tree: &mut Value<'d>, target: Target, account: &Account<'d>) {
    match target.format.dialect {
        Dialect::Python => python::convert::bring(tree, target, account),
        Dialect::TypeScript => typescript::convert::bring(tree, target, account),
    }
}

fn write(tree: &mut Value<'_>, dialect: Dialect) -> Vec<u8> {
    let mut out = Writer::new(match dialect {
        Dialect::Python => Style::Python,
        Dialect::TypeScript => Style::TypeScript,
    });
    if dialect == Dialect::TypeScript {
        typescript::convert::close(tree);
    }
    tree.write(&mut out);
    out.finish()
}

/// Runs the output through the rules of the one who will read it. What was wrong before may be wrong afterwards.
fn prove<'d>(
    bytes: Vec<u8>,
    root: Node<'d>,
    target: Target,
    options: &Convert,
    before: &[Code],
) -> (Option<Vec<u8>>, Vec<Entry<'d>>) {
    let account = Account::default();
    let doc = match Document::parse(bytes) {
        Ok(doc) => doc,
        Err(error) => {
            let reason = format!("{target}: {}", unreadable(error).message);
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, Some(root), reason);
            return (None, account.into_entries());
        }
    };
    let validate = Validate { reader: Some(target), agents: options.agents.clone(), at: None };
    for finding in judge(&doc, &validate).findings {
        let (code, level) = match finding.effect {
            Effect::Unsafe => (codes::WOULD_RUN, Level::Authority),
            Effect::Refused => (codes::NOT_CONVERTIBLE, Level::Resume),
            Effect::Stuck if !before.contains(&finding.code) => (codes::NOT_CONVERTIBLE, Level::Resume),
            _ => continue,
        };
        // What became of which place of the input is not known here.
        let place = match report::pattern(&finding.pointer) {
            whole if whole.is_empty() => whole,
            place => format!(" at {place} of the output"),
        };
        account.note(code, level, Some(root), format!("{target}: {} ({}{place})", finding.message, finding.code));
    }
    #[cfg(feature = "check")]
    if options.prove {
        for fault in crate::check::Checker::new(target.format).check(doc.root()) {
            let reason = format!("{target}: {} is not what the schema says ({})", fault.pointer, fault.keyword);
            account.note(codes::NOT_CONVERTIBLE, Level::Resume, Some(root), reason);
        }
    }
    (Some(doc.into_bytes()), account.into_entries())
}
