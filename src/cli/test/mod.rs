//! `runstate test`: states against their golden files, and against what `runstate.toml` asks of them.

mod config;
mod golden;
mod report;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use globset::GlobMatcher;
use ignore::WalkBuilder;
use similar::TextDiff;

use runstate::codes;

use super::args::{Inputs, Test};
use super::inputs::{Content, Origin, Task, read, tasks};
use super::output::Output;
use super::render::Talk;
use super::save::{self, Existing};
use super::{Exit, Failure, batch};
use config::{Config, Fault, pattern};
use golden::{Look, Said, look};

pub(crate) use report::Report;
use report::{Count, Done, Status};

/// Ends the name of a golden file, behind the whole name of the state.
const ENDING: &str = ".golden";

pub(crate) fn run(arguments: &Test) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    if !folder.is_dir() {
        return Err(Failure::Usage(format!("{} is no directory", folder.display())));
    }
    let own = folder.join("runstate.toml");
    let path = arguments.config.clone().or_else(|| own.is_file().then_some(own));
    let config = match Config::read(path.as_deref()) {
        Ok(config) => config,
        Err(faults) => return complain(arguments, path.as_deref(), &faults),
    };
    let filter: Vec<GlobMatcher> = arguments
        .filter
        .iter()
        .map(|text| pattern(text).map_err(|error| Failure::Usage(format!("--filter: {error}"))))
        .collect::<Result<_, _>>()?;
    let is_wanted = |name: &str| filter.is_empty() || filter.iter().any(|pattern| pattern.is_match(name));
    let states = Folder { path: folder, config: &config };
    let all: Vec<Task> = states.tasks(arguments.jobs);
    let names: Vec<String> = all.iter().map(|task| states.name(task)).collect();
    let stale = config.stale(&names);
    if !stale.is_empty() {
        return complain(arguments, path.as_deref(), &stale);
    }
    let unused: Vec<String> =
        states.unused(&names).into_iter().filter(|name| is_wanted(name.trim_end_matches(ENDING))).collect();
    let wanted: Vec<Task> =
        all.into_iter().zip(&names).filter(|(_, name)| is_wanted(name)).map(|(task, _)| task).collect();
    if wanted.is_empty() && unused.is_empty() {
        return Err(Failure::Usage(format!("no state in {}", folder.display())));
    }
    let mode = match (arguments.update, is_ci()) {
        (true, _) => Mode::Update,
        (false, true) => Mode::Compare,
        (false, false) => Mode::WriteNew,
    };
    let format = arguments.reporting.format;
    let talk = Talk::new(&arguments.reporting);
    let mut output = Output::stdout(format, "test");
    let mut count = Count::default();
    batch::in_order(
        wanted.into_iter(),
        arguments.jobs,
        |task| states.test(task, mode),
        |done| {
            if let (Status::New | Status::Updated, Some(text)) = (done.status, &done.golden_text) {
                let path = folder.join(&done.golden);
                std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
                save::save(&path, text.as_bytes(), Existing::Replace)?;
            }
            count.add(&done);
            output.part(&report::part(&done, format, talk))
        },
    )?;
    for name in unused {
        let golden = format!("{}/{name}", config.golden);
        let path = folder.join(&golden);
        let mut done = Done::new(path.to_string_lossy().into_owned(), golden);
        if mode == Mode::Update {
            std::fs::remove_file(&path)?;
            done.status = Status::Removed;
        } else {
            done.fail(Said::new(codes::GOLDEN_UNUSED, "this golden file belongs to no state"));
        }
        count.add(&done);
        output.part(&report::part(&done, format, talk))?;
    }
    let total = output.finish()?;
    if talk == Talk::Normal && report::is_for_people(format) {
        // There is nowhere left to report that stderr is closed.
        let _ = writeln!(anstream::stderr(), "{count}");
    }
    Ok(total.exit)
}

/// What happens to golden files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Those that are missing are written.
    WriteNew,
    /// None is written: on a CI system, nobody would see it.
    Compare,
    Update,
}

/// As CI systems say that they are one.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Says what is wrong with `runstate.toml`.
fn complain(arguments: &Test, path: Option<&Path>, faults: &[Fault]) -> Result<Exit, Failure> {
    let file = path.map_or_else(|| "runstate.toml".to_owned(), |path| path.to_string_lossy().into_owned());
    for Fault { line, column, message } in faults {
        super::complain(&format!("{file}:{line}:{column}: {message}"));
    }
    report::config(arguments.reporting.format, &file, faults)?;
    Ok(Exit::Usage)
}

/// The folder that is tested.
struct Folder<'f> {
    path: &'f Path,
    config: &'f Config,
}

impl Folder<'_> {
    /// All states, in order.
    fn tasks(&self, jobs: Option<u16>) -> Vec<Task> {
        let inputs = Inputs { inputs: vec![self.path.to_owned()], ndjson: false, at: None, jobs };
        let is_state = |task: &Task| match &task.origin {
            Origin::File(path) => {
                let name = self.name(task);
                let is_golden = name.strip_prefix(&self.config.golden).is_some_and(|rest| rest.starts_with('/'));
                !is_golden && self.config.is_state(&name, path)
            }
            Origin::Empty => false,
            _ => true,
        };
        tasks(&inputs).filter(is_state).collect()
    }

    /// The path below the folder, with `/`.
    fn name(&self, task: &Task) -> String {
        let path = match &task.origin {
            Origin::File(path) => path.as_path(),
            _ => Path::new(&task.file),
        };
        portable(path.strip_prefix(self.path).unwrap_or(path))
    }

    /// The golden files of no state, by their names below their folder.
    fn unused(&self, names: &[String]) -> Vec<String> {
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let folder = self.path.join(&self.config.golden);
        let walk = WalkBuilder::new(&folder).standard_filters(false).sort_by_file_name(Ord::cmp).build();
        let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        let files = files.map(ignore::DirEntry::into_path);
        let found = files.filter_map(|path| Some((portable(path.strip_prefix(&folder).ok()?), path)));
        let unused = found.filter(|(name, path)| {
            // Nothing that another program wrote is complained about, let alone removed.
            name.strip_suffix(ENDING).is_some_and(|state| !names.contains(state)) && is_ours(path)
        });
        unused.map(|(name, _)| name).collect()
    }

    fn test(&self, task: Task, mode: Mode) -> Done {
        let name = self.name(&task);
        let golden = format!("{}/{name}{ENDING}", self.config.golden);
        let mut done = Done::new(task.file, golden);
        let read = match task.origin {
            Origin::Unreadable(error) => Content::Unreadable(error),
            origin => read(&origin),
        };
        let bytes = match read {
            Content::Bytes(bytes) => bytes,
            Content::TooLarge => return done.unreadable("larger than 4 GiB"),
            Content::Unreadable(error) => return done.unreadable(&super::report::reason(&error)),
        };
        let Look { golden: now, said, is_json } = look(&bytes, &self.config.asked(&name), self.config);
        said.into_iter().for_each(|said| done.fail(said));
        if !is_json {
            done.exit = Exit::Unreadable;
        }
        let before = match std::fs::read_to_string(self.path.join(&done.golden)) {
            Ok(text) => Some(text.replace("\r\n", "\n")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                let why = format!("{}: {}", done.golden, super::report::reason(&error));
                return done.unreadable(&why);
            }
        };
        match (before, mode) {
            (Some(before), _) if before == now => return done,
            (Some(before), Mode::WriteNew | Mode::Compare) => {
                done.diff = Some(difference(&before, &now, &done.golden));
                done.fail(Said::new(codes::GOLDEN_DIFFERS, "what is found is not what the golden file says"));
                return done;
            }
            (None, Mode::Compare) => {
                done.fail(Said::new(codes::GOLDEN_MISSING, format!("there is no golden file {}", done.golden)));
                return done;
            }
            (Some(_), Mode::Update) => done.write(Status::Updated),
            (None, Mode::Update | Mode::WriteNew) => done.write(Status::New),
        }
        done.golden_text = Some(now);
        done
    }
}

fn is_ours(path: &Path) -> bool {
    let mut start = Vec::new();
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(golden::HEAD.len() as u64).read_to_end(&mut start));
    read.is_ok() && start == golden::HEAD.as_bytes()
}

fn difference(before: &str, now: &str, golden: &str) -> String {
    TextDiff::from_lines(before, now).unified_diff().context_radius(3).header(golden, "now").to_string()
}

/// The path with `/` on every system.
fn portable(path: &Path) -> String {
    let parts: PathBuf = path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect();
    let text = parts.to_string_lossy().into_owned();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}
