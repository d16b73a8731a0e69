//! Fixtures and how to spoil them.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) mod spoil;

/// A state that a released SDK wrote.
pub(crate) struct Fixture {
    pub(crate) path: PathBuf,
    pub(crate) dialect: &'static str,
    /// The number behind `1.` of its label.
    pub(crate) label: u16,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All states that released SDKs wrote, in order.
pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut all = Vec::new();
    for dialect in ["python", "typescript"] {
        let mut folders: Vec<PathBuf> = entries(&root().join("fixtures").join(dialect));
        folders.retain(|path| {
            path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("1."))
        });
        for path in folders.iter().flat_map(|folder| entries(folder)) {
            let bytes = fs::read(&path).expect("a fixture can be read");
            let name = path.file_stem().expect("a fixture has a name").to_string_lossy().into_owned();
            let folder = path.parent().and_then(Path::file_name).expect("a fixture is in a folder").to_string_lossy();
            let label = folder[2..].parse().expect("the folder is named after the label");
            all.push(Fixture { path, dialect, label, name, bytes });
        }
    }
    assert!(all.len() > 100, "the fixtures are there");
    all
}

/// How many cases there are for each that an unoptimized build looks at, where there are thousands of a kind.
pub(crate) const SHARE: usize = if cfg!(debug_assertions) { 8 } else { 1 };

/// The newest label of a dialect that has fixtures.
pub(crate) fn newest_label(fixtures: &[Fixture], dialect: &str) -> u16 {
    let of = fixtures.iter().filter(|fixture| fixture.dialect == dialect);
    of.map(|fixture| fixture.label).max().expect("every dialect has fixtures")
}

/// The entries of a folder, in order.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    paths
}

/// Compares a generated file with what it should be; with `RUNSTATE_UPDATE=1` writes it.
pub(crate) fn generated(path: &Path, expected: &str) {
    let found = fs::read_to_string(path).unwrap_or_default();
    if found != expected && std::env::var_os("RUNSTATE_UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, expected).expect("the file can be written");
        return;
    }
    assert!(found == expected, "{} is stale; RUNSTATE_UPDATE=1 cargo test writes it anew", path.display());
}
