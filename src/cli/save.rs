//! Files that appear complete or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::Failure;

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

impl Existing {
    /// As `--force` says.
    pub(crate) const fn forced(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }

    /// Complains about a file that is in the way, before any work is done.
    pub(crate) fn check(self, path: Option<&Path>) -> Result<(), Failure> {
        match path {
            Some(path) if self == Self::Keep && path.exists() => Err(exists(path)),
            _ => Ok(()),
        }
    }
}

fn exists(path: &Path) -> Failure {
    Failure::Usage(format!("{} exists already; --force overwrites it", path.display()))
}

/// A file next to `path` that becomes it with [`finish`].
pub(crate) fn begin(path: &Path) -> Result<tempfile::NamedTempFile, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let readable = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(readable);
    Ok(builder.tempfile_in(folder)?)
}

/// Moves the file to its place.
pub(crate) fn finish(file: tempfile::NamedTempFile, path: &Path, existing: Existing) -> Result<(), Failure> {
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

/// Writes the file next to its place and moves it there, so that nobody ever sees half of it.
pub(crate) fn save(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Failure> {
    let mut file = begin(path)?;
    file.write_all(bytes)?;
    finish(file, path, existing)
}

/// Replaces a file by these bytes, at once. A link stays one, and so do the file's permissions.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    let mut file = begin(&path)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(permissions)?;
    finish(file, &path, Existing::Replace)
}

/// Writes to the file, or to stdout where there is none.
pub(crate) fn write(path: Option<&Path>, bytes: &[u8], existing: Existing) -> Result<(), Failure> {
    match path {
        Some(path) => save(path, bytes, existing),
        None => {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            Ok(out.flush()?)
        }
    }
}
