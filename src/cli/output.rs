//! Where results go, and the frame around them.

use std::io::{self, BufWriter, Write};

use anstream::AutoStream;

use super::args::Format;
use super::render;
use super::report::Summary;
use super::{Exit, Failure};

/// What came of one input: its part of the report, and what it counts for.
#[derive(Debug)]
pub(crate) struct Part {
    /// For stdout, with colors; they are taken out where they are not wanted.
    pub(crate) report: String,
    /// For stderr: what keeps the input from being reported on.
    pub(crate) complaint: Option<String>,
    /// The same inside the report, for the forms that keep it apart from what was found.
    pub(crate) notice: Option<String>,
    pub(crate) summary: Summary,
    pub(crate) exit: Exit,
}

/// Writes the parts as they come.
pub(crate) struct Output<'w> {
    out: Box<dyn Write + 'w>,
    format: Format,
    /// The command whose report it is.
    verb: &'static str,
    /// Whether something stands in the list of the document.
    list: List,
    /// What the document ends with.
    notices: Vec<String>,
    /// The test cases: their numbers stand in front of them.
    cases: String,
    count: render::Count,
    summary: Summary,
    exit: Exit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Closed,
    Empty,
    Filled,
}

/// What is left to say when all parts are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Total {
    pub(crate) summary: Summary,
    pub(crate) exit: Exit,
}

impl Output<'_> {
    pub(crate) fn stdout(format: Format, verb: &'static str) -> Self {
        Self::new(Box::new(BufWriter::new(AutoStream::auto(io::stdout()))), format, verb)
    }

    pub(crate) fn stderr(format: Format, verb: &'static str) -> Self {
        Self::new(Box::new(BufWriter::new(AutoStream::auto(io::stderr()))), format, verb)
    }
}

impl<'w> Output<'w> {
    fn new(out: Box<dyn Write + 'w>, format: Format, verb: &'static str) -> Self {
        Self {
            out,
            format,
            verb,
            list: List::Closed,
            notices: Vec::new(),
            cases: String::new(),
            count: render::Count::default(),
            summary: Summary::default(),
            exit: Exit::Clean,
        }
    }

    pub(crate) fn part(&mut self, part: &Part) -> Result<(), Failure> {
        match self.format {
            Format::Json | Format::Sarif => {
                self.open()?;
                if self.list == List::Filled && !part.report.is_empty() {
                    self.out.write_all(b",\n")?;
                }
                self.out.write_all(part.report.as_bytes())?;
                if !part.report.is_empty() {
                    self.list = List::Filled;
                }
                self.notices.extend(part.notice.clone());
            }
            Format::Junit => {
                self.cases.push_str(&part.report);
                self.count.add(part.exit, part.notice.is_some());
            }
            Format::Human | Format::Concise | Format::Ndjson | Format::Github => {
                self.out.write_all(part.report.as_bytes())?;
            }
        }
        if let Some(complaint) = &part.complaint {
            self.out.flush()?;
            super::complain(complaint);
        }
        self.summary.add(part.summary);
        self.exit = self.exit.max(part.exit);
        Ok(())
    }

    /// Begins the document.
    fn open(&mut self) -> Result<(), Failure> {
        if self.list == List::Closed {
            let head =
                if self.format == Format::Sarif { render::head() } else { "{\"version\":1,\"files\":[\n".to_owned() };
            self.out.write_all(head.as_bytes())?;
            self.list = List::Empty;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Total, Failure> {
        match self.format {
            Format::Json => {
                self.open()?;
                let summary = serde_json::to_string(&self.summary).expect("a summary is made of numbers");
                writeln!(self.out, "\n],\"summary\":{summary}}}")?;
            }
            Format::Sarif => {
                self.open()?;
                self.out.write_all(render::tail(&self.notices, self.exit).as_bytes())?;
            }
            Format::Junit => {
                self.out.write_all(render::document(self.verb, self.count, &self.cases).as_bytes())?;
            }
            Format::Human | Format::Concise | Format::Ndjson | Format::Github => {}
        }
        self.out.flush()?;
        Ok(Total { summary: self.summary, exit: self.exit })
    }
}
