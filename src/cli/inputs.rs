//! From what was typed to single states, one after the other, without reading ahead.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use runstate::json::MAX_BYTES;

use super::args::Inputs;

/// One state to look at.
#[derive(Debug)]
pub(crate) struct Task {
    /// The input's name in reports.
    pub(crate) file: String,
    pub(crate) origin: Origin,
}

#[derive(Debug)]
pub(crate) enum Origin {
    File(PathBuf),
    Stdin,
    /// A line of an input: its number, the byte offset of its start, and its bytes.
    Line {
        number: usize,
        offset: usize,
        bytes: Vec<u8>,
    },
    /// A line above the size limit: its number and the byte offset of its start.
    LongLine {
        number: usize,
        offset: usize,
    },
    /// A directory without a state.
    Empty,
    Unreadable(io::Error),
}

/// The bytes of an input, or why there are none.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// More than [`MAX_BYTES`].
    TooLarge,
    Unreadable(io::Error),
}

/// All states of the inputs, in the order in which they are reported.
pub(crate) fn tasks(inputs: &Inputs) -> impl Iterator<Item = Task> {
    let lines = if inputs.ndjson { Lines::Each } else { Lines::Whole };
    inputs.inputs.iter().flat_map(files).flat_map(move |task| split(task, lines))
}

#[derive(Clone, Copy)]
enum Lines {
    Whole,
    Each,
}

type Tasks = Box<dyn Iterator<Item = Task>>;

fn files(input: &PathBuf) -> Tasks {
    if input.as_os_str() == "-" {
        return Box::new(std::iter::once(Task { file: "<stdin>".to_owned(), origin: Origin::Stdin }));
    }
    match fs::metadata(input) {
        Ok(metadata) if metadata.is_dir() => walk(input),
        Ok(_) => Box::new(std::iter::once(Task { file: name(input), origin: Origin::File(input.clone()) })),
        Err(error) => Box::new(std::iter::once(unreadable(input, error))),
    }
}

/// The `*.json` of a directory, by name. Links to files are read, links to directories are not followed.
fn walk(directory: &Path) -> Tasks {
    let walk = WalkBuilder::new(directory).sort_by_file_name(Ord::cmp).build();
    let mut found = walk.filter_map(|entry| match entry {
        Ok(entry) => {
            let kind = entry.file_type()?;
            let path = entry.into_path();
            let wanted = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
            if !wanted || kind.is_dir() {
                return None;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => Some(Task { file: name(&path), origin: Origin::File(path) }),
                Ok(_) => None,
                Err(error) => Some(unreadable(&path, error)),
            }
        }
        Err(error) => Some(unreadable_entry(error)),
    });
    match found.next() {
        Some(first) => Box::new(std::iter::once(first).chain(found)),
        None => Box::new(std::iter::once(Task { file: name(directory), origin: Origin::Empty })),
    }
}

fn unreadable(path: &Path, error: io::Error) -> Task {
    Task { file: name(path), origin: Origin::Unreadable(error) }
}

fn unreadable_entry(error: ignore::Error) -> Task {
    let path = path_of(&error).map_or_else(|| "<directory>".to_owned(), name);
    let text = error.to_string();
    let cause = error.into_io_error().unwrap_or_else(|| io::Error::other(text));
    Task { file: path, origin: Origin::Unreadable(cause) }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn split(task: Task, lines: Lines) -> Tasks {
    let reader: Box<dyn BufRead> = match (lines, &task.origin) {
        (Lines::Each, Origin::Stdin) => Box::new(BufReader::new(io::stdin())),
        (Lines::Each, Origin::File(path)) => match File::open(path) {
            Ok(file) => Box::new(BufReader::with_capacity(1 << 16, file)),
            Err(error) => return Box::new(std::iter::once(unreadable(path, error))),
        },
        _ => return Box::new(std::iter::once(task)),
    };
    Box::new(LineTasks { file: task.file, reader, number: 0, offset: 0 })
}

/// The lines of one input that are not blank.
struct LineTasks {
    file: String,
    reader: Box<dyn BufRead>,
    number: usize,
    offset: usize,
}

impl Iterator for LineTasks {
    type Item = Task;

    fn next(&mut self) -> Option<Task> {
        loop {
            let (number, offset) = (self.number + 1, self.offset);
            let mut bytes = Vec::new();
            let length = match read_line(&mut self.reader, &mut bytes) {
                Ok(0) => return None,
                Ok(length) => length,
                Err(error) => {
                    // Nothing can be read behind an error.
                    self.reader = Box::new(io::empty());
                    return Some(Task { file: self.file.clone(), origin: Origin::Unreadable(error) });
                }
            };
            self.number = number;
            self.offset += length;
            let origin = if bytes.len() as u64 > MAX_BYTES {
                Origin::LongLine { number, offset }
            } else if bytes.trim_ascii().is_empty() {
                continue;
            } else {
                Origin::Line { number, offset, bytes }
            };
            return Some(Task { file: self.file.clone(), origin });
        }
    }
}

/// Reads up to a line feed, which is not kept; gives the number of bytes read. Of a line above the limit, one byte more
/// than the limit is kept.
fn read_line(reader: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let mut length = 0;
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok(length);
        }
        let newline = memchr::memchr(b'\n', buffer);
        let piece = &buffer[..newline.unwrap_or(buffer.len())];
        let room = usize::try_from(MAX_BYTES + 1).unwrap_or(usize::MAX).saturating_sub(line.len());
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        let used = piece.len() + usize::from(newline.is_some());
        reader.consume(used);
        length += used;
        if newline.is_some() {
            return Ok(length);
        }
    }
}

/// The whole of a file or of stdin. A regular file that is too large is not read at all.
pub(crate) fn read(origin: &Origin) -> Content {
    let read = match origin {
        Origin::File(path) => read_file(path),
        _ => read_stream(io::stdin().lock()),
    };
    match read {
        Ok(Some(bytes)) => Content::Bytes(bytes),
        Ok(None) => Content::TooLarge,
        Err(error) => Content::Unreadable(error),
    }
}

fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return read_stream(file);
    }
    if metadata.len() > MAX_BYTES {
        return Ok(None);
    }
    // One byte more than the size: the read that finds the end needs no second allocation.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn read_stream(stream: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    stream.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() as u64 > MAX_BYTES { None } else { Some(bytes) })
}
