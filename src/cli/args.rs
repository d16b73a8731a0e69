//! What can be typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use runstate::{Ignore, Level, Redact, Severity, Target};

/// Validate, inspect, decide, convert and compare the serialized RunState of the OpenAI Agents SDKs.
#[derive(Debug, Parser)]
#[command(
    name = "runstate",
    version,
    about,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colors; the variable NO_COLOR switches them off, too.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    clean
  1    a finding at or above --fail-on (default: error)
  2    wrong usage, or no input found
  3    an input that cannot be read or is not JSON
  141  whoever read the output went away before the end
Of several inputs, the highest counts.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find out whether the SDK loads a state, whether the run can be resumed, and what is wrong where.
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate(Validate),
    /// Tell what a file is: whose state, under which label, which releases write and read it.
    #[command(after_help = DETECT_EXAMPLES)]
    Detect(Detect),
    /// Show a state to a person: what waits for whom with which arguments, what happened, and whether the run can go on.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Inspect),
    /// Approve calls that wait, as the SDK that wrote the state would write it.
    #[command(after_help = APPROVE_EXAMPLES)]
    Approve(Deciding),
    /// Reject calls that wait, as the SDK that wrote the state would write it.
    #[command(after_help = REJECT_EXAMPLES)]
    Reject(Reject),
    /// Write a state again in the byte style of its SDK.
    #[command(after_help = NORMALIZE_EXAMPLES)]
    Normalize(Normalize),
    /// Make a state of one SDK and release into one that another SDK or release loads and resumes.
    #[command(after_help = CONVERT_EXAMPLES)]
    Convert(Convert),
    /// Hold a folder of states against the golden files of an earlier run, and against what runstate.toml asks of them.
    #[command(after_help = TEST_EXAMPLES)]
    Test(Test),
    /// Tell what two states say differently, whatever SDK and label they are of.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// The same for git, which calls it with its own arguments; docs/states.md shows how to set it up.
    #[command(after_help = GIT_DIFF_EXAMPLES)]
    GitDiff(GitDiff),
    /// Print a digest of a state as it stands, or of what it means.
    #[command(after_help = HASH_EXAMPLES)]
    Hash(Hash),
    /// Prove what of a state survives: in its own format, and converted there and back.
    #[command(after_help = ROUNDTRIP_EXAMPLES)]
    Roundtrip(Roundtrip),
    /// Print the JSON Schema of a format or of a report.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(Schema),
    /// Tell which release writes and reads which label, and what changed from label to label.
    #[command(after_help = VERSIONS_EXAMPLES)]
    Versions(Versions),
    /// List the codes of all findings.
    #[command(after_help = RULES_EXAMPLES)]
    Rules(Rules),
    /// Explain the codes of findings.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Print what makes a shell complete commands, options and values.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write a page for every command.
    #[command(after_help = MAN_EXAMPLES)]
    Man(Man),
}

/// How `normalize` writes white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Style {
    /// As the SDK's own text: indented in Python, compact in TypeScript.
    Sdk,
    /// On one line: `json.dumps(state.to_json())` in Python, compact in TypeScript.
    Line,
    /// For people and for comparing line by line: two spaces, characters as they are.
    Indented,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Defaults {
    /// Nothing.
    AsWritten,
    /// Those that are absent are written out.
    Explicit,
    /// Those with that value are left out.
    Removed,
}

/// In which order `normalize` writes members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Keys {
    /// As they are: as the SDK wrote them.
    Sdk,
    /// By their names.
    Sorted,
}

const VALIDATE_EXAMPLES: &str = "\
Examples:
  runstate validate paused.json
  runstate validate states/ --format concise
  kubectl get configmap run -o json | runstate validate - --at /data/state
  runstate validate --ndjson export.ndjson --fail-on warning
  runstate validate paused.json --for python@0.24.0 --agents graph.json";

const DETECT_EXAMPLES: &str = "\
Examples:
  runstate detect paused.json
  runstate detect states/ --format ndjson";

const INSPECT_EXAMPLES: &str = "\
Examples:
  runstate inspect paused.json
  runstate inspect paused.json --approvals --full
  runstate inspect states/ --format ndjson
  runstate inspect paused.json --size";

const APPROVE_EXAMPLES: &str = "\
Examples:
  runstate approve paused.json --call call_1 -o approved.json
  runstate approve paused.json --call call_1 --always --in-place
  runstate approve paused.json --all --tool lookup > approved.json
  runstate approve paused.json --call call_1 --inside call_outer --in-place";

const REJECT_EXAMPLES: &str = "\
Examples:
  runstate reject paused.json --call call_1 --message 'Too much' --in-place
  runstate reject paused.json --all -o rejected.json";

const RULES_EXAMPLES: &str = "\
Examples:
  runstate rules
  runstate rules --format json";

const NORMALIZE_EXAMPLES: &str = "\
Examples:
  runstate normalize pretty.json > state.json
  runstate normalize session.json --at /run/state --output state.json
  runstate normalize paused.json --keys sorted --style indented
  runstate normalize paused.json --defaults removed
  runstate normalize paused.json --volatile --redact secrets --redact key:iban > golden.json";

const CONVERT_EXAMPLES: &str = "\
Examples:
  runstate convert paused.json --to typescript -o paused.ts.json
  runstate convert paused.json --to typescript --carry -o paused.ts.json
  runstate convert paused.json --to python@0.17.5 --check
  runstate convert states/ --to typescript@0.20.0 --out-dir converted/ --report report.json
  runstate convert --ndjson export.ndjson --to python@1.21 --rejects rejects.ndjson > import.ndjson";

const TEST_EXAMPLES: &str = "\
Examples:
  runstate test
  runstate test states/ --update
  runstate test states/ --filter 'python/**' --format github

The golden file of a new state is written, but not on a CI system (CI=true), where the state fails.

runstate.toml in the folder says what is asked of the states; all of it is optional:

  [[states]]
  files = \"python/*.json\"           # patterns below the folder; later entries win
  format = \"python@1.21\"            # what the states must be
  for = \"python@0.24.0\"             # who is to read them
  agents = \"agents.json\"            # as for `validate --agents`
  verdict = \"clean\"                 # or the worst effect that is expected, such as `stuck`
  severity = { RS303 = \"error\", secret-lookalike = \"ignore\" }
  convert = { \"typescript@1.22\" = \"history\" }   # must stay possible, with no more loss than this
  schemas.context = \"context.schema.json\"
  schemas.tools = { wire = \"wire.schema.json\" }";

const DIFF_EXAMPLES: &str = "\
Examples:
  runstate diff before.json after.json
  runstate diff paused.py.json paused.ts.json
  runstate diff monday.json tuesday.json --ignore volatile
  runstate diff a.json b.json --ignore /context/value/updated_at --format json

Exit codes: 0 the two mean the same, 1 they do not, or one of them is no state, 3 one of them cannot be read.";

const GIT_DIFF_EXAMPLES: &str = "\
Examples:
  git config diff.runstate.command \"runstate git-diff\"
  echo \"states/*.json diff=runstate\" >> .gitattributes";

const HASH_EXAMPLES: &str = "\
Examples:
  runstate hash states/
  runstate hash --meaning paused.py.json paused.ts.json

`rs1:sha256:` is the digest of what `runstate normalize --keys sorted --style line` writes. `rs1m:sha256:` is that of what the \
state means, over the fields that both SDKs hold: it stays the same when the state is converted, and back.";

const ROUNDTRIP_EXAMPLES: &str = "\
Examples:
  runstate roundtrip paused.json
  runstate roundtrip states/ --via python@0.17.5 --format json

Exit codes: 0 every state comes back byte for byte (what the other format has no place for is carried along), 1 one \
does not, or cannot be converted.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  runstate schema python@1.21
  runstate schema typescript@any
  runstate schema report";

const VERSIONS_EXAMPLES: &str = "\
Examples:
  runstate versions
  runstate versions typescript
  runstate versions python@0.20.0
  runstate versions --between python@0.17.5 python@0.24.0";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  runstate explain RS301
  runstate explain rs301 missing-tool";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  runstate completions bash > ~/.local/share/bash-completion/completions/runstate
  runstate completions fish > ~/.config/fish/completions/runstate.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  runstate man | man -l -
  runstate man --out-dir ~/.local/share/man/man1";

#[derive(Debug, Args)]
pub(crate) struct Validate {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) judging: Judging,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
    /// Lowest severity that makes the exit code 1.
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// Show strings and numbers of the state in the windows of the human report. They may be secrets.
    #[arg(long)]
    pub(crate) show_values: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Detect {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// Show all calls that wait and all decisions.
    #[arg(long)]
    pub(crate) approvals: bool,
    /// Show the whole timeline.
    #[arg(long)]
    pub(crate) items: bool,
    /// Show what takes the space, and what stands in the state twice.
    #[arg(long)]
    pub(crate) size: bool,
    /// Show the user's own data.
    #[arg(long)]
    pub(crate) context: bool,
    /// Cut nothing.
    #[arg(long)]
    pub(crate) full: bool,
    /// Show values that look like secrets, too.
    #[arg(long)]
    pub(crate) show_values: bool,
    /// Form of the answer; `runstate schema summary` describes the JSON document.
    #[arg(long, value_enum, default_value_t = Reply::Human)]
    pub(crate) format: Reply,
}

/// What `approve` and `reject` have in common.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).multiple(false).args(["call", "all"])))]
pub(crate) struct Deciding {
    /// The file with the state; - is stdin.
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// The id of a call that waits; several may be given.
    #[arg(long, value_name = "ID")]
    pub(crate) call: Vec<String>,
    /// The call of an agent as a tool that the run of the call is nested in, outermost first where there are several; an
    /// empty one is the outermost run. Needed only where several runs have calls of the same id.
    #[arg(long, value_name = "ID", requires = "call")]
    pub(crate) inside: Vec<String>,
    /// All calls that wait undecided.
    #[arg(long)]
    pub(crate) all: bool,
    /// Of these, the calls of this tool.
    #[arg(long, value_name = "NAME", requires = "all")]
    pub(crate) tool: Option<String>,
    /// Decide about all further calls of the tool by the same agent, too, as far as the SDK does.
    #[arg(long)]
    pub(crate) always: bool,
    /// JSON pointer of the state inside a larger document, which is written with it; a string there is read as the state's
    /// text.
    #[arg(long, value_name = "POINTER", value_parser = pointer)]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// Write to this file instead of stdout; it appears complete or not at all.
    #[arg(long, short, value_name = "FILE", conflicts_with = "in_place")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite the output file.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Write the input file anew, at once.
    #[arg(long)]
    pub(crate) in_place: bool,
    /// Form of what is said on stderr; `runstate schema decision` describes the JSON document.
    #[arg(long, value_enum, default_value_t = Reply::Human)]
    pub(crate) format: Reply,
}

#[derive(Debug, Args)]
pub(crate) struct Reject {
    #[command(flatten)]
    pub(crate) deciding: Deciding,
    /// What the model is told; by default the SDK's own words.
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) message: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Normalize {
    /// The file with the state; - is stdin.
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// JSON pointer of the state inside a larger document; a string there is read as the state's text.
    #[arg(long, value_name = "POINTER", value_parser = pointer)]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// Bring the state to this format before, as `convert` does.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<Target>,
    /// Put placeholders for what differs from run to run: ids (the same id gets the same placeholder everywhere), times,
    /// token counts.
    #[arg(long)]
    pub(crate) volatile: bool,
    /// Mask values, which keep their types: `secrets`, `key:NAME`, or a JSON pointer, in which * is any one step. The
    /// words that a state is made of stay (types, ids, names of tools and agents), except in the data of the program and where
    /// a pointer leads to just one. Decisions about calls whose arguments are masked go. May be given several times.
    #[arg(long, value_name = "WHAT")]
    pub(crate) redact: Vec<Redact>,
    /// What happens to members whose absence means the same to the reader: to those that are absent, or to those with just that
    /// value. Decisions stay as they are.
    #[arg(long, value_enum, default_value_t = Defaults::AsWritten)]
    pub(crate) defaults: Defaults,
    /// In which order members stand.
    #[arg(long, value_enum, default_value_t = Keys::Sdk)]
    pub(crate) keys: Keys,
    /// How white space is written.
    #[arg(long, value_enum, default_value_t = Style::Sdk)]
    pub(crate) style: Style,
    /// Write to this file instead of stdout; it appears complete or not at all.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite the output file.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Write a state that its SDK does not load, as far as it can be read.
    #[arg(long)]
    pub(crate) accept_invalid: bool,
    /// Form of the findings, which go to stderr.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Report errors only.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Lowest severity that makes the exit code 1.
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// Show strings and numbers of the state in the windows of the human report. They may be secrets.
    #[arg(long)]
    pub(crate) show_values: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Who is to resume the run: python@0.24.0 (a release), typescript@1.22 (a label), python (the newest release).
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Target,
    /// What the input is, where it does not say so itself.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<Target>,
    /// The agents that the run will be resumed with; `runstate schema agents` describes the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) agents: Option<PathBuf>,
    /// The most that may change: with more, nothing is written and the exit code is 1.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::History)]
    pub(crate) allow_loss: Level,
    /// Convert and report on stdout, and write no state.
    #[arg(long)]
    pub(crate) check: bool,
    /// Write to this file instead of stdout; it appears complete or not at all.
    #[arg(long, short, value_name = "FILE", conflicts_with = "out_dir")]
    pub(crate) output: Option<PathBuf>,
    /// Write every state into this directory under its own name. What is finished and not out of date is left alone.
    #[arg(long, value_name = "DIR", conflicts_with = "ndjson")]
    pub(crate) out_dir: Option<PathBuf>,
    /// Write a JSON document of everything that is not as it was; `runstate schema conversion` describes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write the lines that are not converted to this file.
    #[arg(long, value_name = "FILE", requires = "ndjson")]
    pub(crate) rejects: Option<PathBuf>,
    /// Overwrite output files.
    #[arg(long)]
    pub(crate) force: bool,
    /// Convert a state that its SDK does not load, as far as it can be read.
    #[arg(long)]
    pub(crate) accept_invalid: bool,
    /// Take it that the program that will resume the run asks before it runs any tool that waits for a decision.
    #[arg(long)]
    pub(crate) assume_target_gates: bool,
    /// Keep what the target has no place for in the converted state, so that a conversion back restores it.
    #[arg(long, conflicts_with_all = ["sidecar", "strip_carry"])]
    pub(crate) carry: bool,
    /// Keep it in this file instead; if the file is there and is of the target's SDK, restore what it holds.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out_dir", "strip_carry"])]
    pub(crate) sidecar: Option<PathBuf>,
    /// Forget what an earlier conversion has kept.
    #[arg(long)]
    pub(crate) strip_carry: bool,
    /// Make outputs of TypeScript states below 1.18, which are all text, the JSON that the text is.
    #[arg(long)]
    pub(crate) revive_outputs: bool,
    /// Compare what is written with the JSON Schema of its format, too.
    #[arg(long)]
    pub(crate) prove: bool,
    /// Form of what is said on stderr.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Say only what was not converted.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Roundtrip {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// The format to go through; by default the newest one of the other SDK.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) via: Option<Target>,
    /// The most that may change on the way there.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::History)]
    pub(crate) allow_loss: Level,
    /// Take it that the program in between asks before it runs any tool that waits for a decision.
    #[arg(long)]
    pub(crate) assume_target_gates: bool,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The folder with the states (*.json, ignore files honoured), runstate.toml and the golden files.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// What is asked of the states; by default runstate.toml in the folder, if there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Write golden files anew where they differ, and remove those of states that are gone.
    #[arg(long)]
    pub(crate) update: bool,
    /// Look only at the states that match this pattern, such as 'python/**'. May be given several times.
    #[arg(long, value_name = "GLOB")]
    pub(crate) filter: Vec<String>,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
    /// Number of threads; by default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The first state; - is stdin.
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,
    /// The second one.
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,
    /// JSON pointer of the states inside larger documents; a string there is read as the state's text.
    #[arg(long, value_name = "POINTER", value_parser = pointer)]
    pub(crate) at: Option<String>,
    /// What does not count: `volatile` (ids, usage, trace), `usage`, `trace`, or a JSON pointer of A, of B or of the comparison
    /// itself, in which * is any one step. May be given several times.
    #[arg(long, value_name = "WHAT")]
    pub(crate) ignore: Vec<Ignore>,
    /// Compare the texts instead: members sorted, one value a line.
    #[arg(long, conflicts_with = "ignore")]
    pub(crate) text: bool,
    #[command(flatten)]
    pub(crate) showing: Showing,
    /// Form of the result; `runstate schema comparison` describes the JSON document.
    #[arg(long, value_enum, default_value_t = Listing::Human, conflicts_with = "text")]
    pub(crate) format: Listing,
}

/// How much of the values is shown.
#[derive(Debug, Args)]
pub(crate) struct Showing {
    /// Show long values whole.
    #[arg(long)]
    pub(crate) full: bool,
    /// Show what stands in known places of secrets, and what looks like one.
    #[arg(long)]
    pub(crate) show_values: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GitDiff {
    /// What git gives: path, old file, its hash and mode, new file, its hash and mode.
    #[arg(value_name = "ARGUMENT", num_args = 1..=9, required = true)]
    pub(crate) arguments: Vec<String>,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Debug, Args)]
pub(crate) struct Hash {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Digest what the state means, which does not depend on its SDK and label.
    #[arg(long)]
    pub(crate) meaning: bool,
    /// Form of the result; `runstate schema hash` describes a line of the JSON form.
    #[arg(long, value_enum, default_value_t = Listing::Human)]
    pub(crate) format: Listing,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// A format such as python@1.21, python@any for all labels, or `report`, `summary`, `decision`, `conversion`, `comparison`,
    /// `detection`, `hash`, `normalization`, `roundtrip`, `test`, `versions` or `agents` for the tool's own documents.
    #[arg(value_name = "FORMAT")]
    pub(crate) of: String,
}

#[derive(Debug, Args)]
pub(crate) struct Versions {
    /// An SDK (python), a label (python@1.21) or a release (python@0.24.0); by default all.
    #[arg(value_name = "FORMAT", conflicts_with = "between")]
    pub(crate) of: Option<String>,
    /// What a state meets on its way from one to the other, in both directions.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub(crate) between: Vec<Target>,
    /// Form of the answer; `runstate schema versions` describes the JSON document.
    #[arg(long, value_enum, default_value_t = Listing::Human)]
    pub(crate) format: Listing,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = Listing::Human)]
    pub(crate) format: Listing,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Codes or names, such as RS301 or missing-field.
    #[arg(required = true, value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Form of the explanation.
    #[arg(long, value_enum, default_value_t = Listing::Human)]
    pub(crate) format: Listing,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for every command into this directory, which is made where it is missing; pages of an older version are
    /// replaced.
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
}

/// Where the states are.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// Files, directories (searched for *.json, ignore files honoured), named pipes; - is stdin.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Every line of an input is a state of its own.
    #[arg(long)]
    pub(crate) ndjson: bool,
    /// JSON pointer of the state inside a larger document; a string there is read as the state's text.
    #[arg(long, value_name = "POINTER", value_parser = pointer)]
    pub(crate) at: Option<String>,
    /// Number of threads; by default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

/// What to judge a state by.
#[derive(Debug, Args)]
pub(crate) struct Judging {
    /// Who is to read the state: python@0.24.0 (a release), python@1.21 (a label), typescript (the newest release).
    #[arg(long = "for", value_name = "READER")]
    pub(crate) reader: Option<Target>,
    /// The agents that the run will be resumed with; `runstate schema agents` describes the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) agents: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Reporting {
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Do not report what is clean, and no summary.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: with a window of the line and what to do.
    Human,
    /// One line a finding.
    Concise,
    /// One document; `runstate schema --help` names the schemas of them all.
    Json,
    /// One JSON object a line and file.
    Ndjson,
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML: one test case an input.
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reply {
    /// For people.
    Human,
    /// One document.
    Json,
    /// One JSON object a line and state.
    Ndjson,
}

impl From<Reply> for Format {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Human => Self::Human,
            Reply::Json => Self::Json,
            Reply::Ndjson => Self::Ndjson,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// For people.
    Human,
    /// One document.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Any finding.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
    /// No finding; only inputs that cannot be read.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity makes the exit code 1.
    pub(crate) fn covers(self, severity: Severity) -> bool {
        match self {
            Self::Note => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes this the choice of every stream.
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

fn pointer(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with('/') {
        return Ok(text.to_owned());
    }
    Err("a JSON pointer starts with `/`".to_owned())
}
