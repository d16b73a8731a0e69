//! `runstate normalize`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use runstate::{Invalid, Layout, normalize};

use super::args::{Normalize, Style};
use super::inputs::{Content, Origin, read};
use super::judge::{look, options, too_large};
use super::output::Output;
use super::render::{self, Talk};
use super::report::{Checked, Outcome};
use super::validate::windows;
use super::{Exit, Failure};

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Keep,
    Replace,
}

pub(crate) fn run(arguments: &Normalize) -> Result<Exit, Failure> {
    let mut how = runstate::Normalize::default();
    how.validate = options(&arguments.judging, arguments.at.as_deref())?;
    how.invalid = if arguments.accept_invalid { Invalid::Accept } else { Invalid::Refuse };
    how.layout = if arguments.style == Style::Line { Layout::Line } else { Layout::Sdk };
    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    if let Some(path) = arguments.output.as_deref().filter(|path| existing == Existing::Keep && path.exists()) {
        return Err(exists(path));
    }
    let (file, origin) = match arguments.input.as_os_str().to_str() {
        Some("-") => ("<stdin>".to_owned(), Origin::Stdin),
        _ => (arguments.input.to_string_lossy().into_owned(), Origin::File(arguments.input.clone())),
    };
    let (written, outcome) = match read(&origin) {
        Content::Bytes(bytes) => {
            let written = normalize(&bytes, &how).bytes;
            let shown = windows(arguments.format, arguments.show_values);
            (written, look(bytes, &origin, &how.validate, shown))
        }
        Content::TooLarge => (None, Outcome::Judged { verdict: too_large(), windows: Vec::new() }),
        Content::Unreadable(error) => (None, Outcome::Unreadable(error)),
    };
    let checked = Checked { file, line: None, outcome };
    let exit = checked.exit(arguments.fail_on).max(if written.is_some() { Exit::Clean } else { Exit::Findings });
    if !(checked.findings().is_empty() && checked.error().is_none()) {
        let talk = if arguments.quiet { Talk::Quiet } else { Talk::Normal };
        let mut report = Output::stderr(arguments.format);
        report.part(&render::part(&checked, arguments.format, talk, exit))?;
        report.finish()?;
    }
    match (written, &arguments.output) {
        (None, _) => {}
        (Some(bytes), None) => {
            let mut out = io::stdout().lock();
            out.write_all(&bytes)?;
            out.flush()?;
        }
        (Some(bytes), Some(path)) => save(path, &bytes, existing)?,
    }
    Ok(exit)
}

fn exists(path: &Path) -> Failure {
    Failure::Usage(format!("{} exists already; --force overwrites it", path.display()))
}

/// Writes the file next to its place and moves it there, so that nobody ever sees half of it.
fn save(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let readable = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(readable);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    let moved = match existing {
        Existing::Keep => file.persist_noclobber(path),
        Existing::Replace => file.persist(path),
    };
    match moved {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(error.error.into()),
    }
}
