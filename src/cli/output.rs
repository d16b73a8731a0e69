//! Where results go, and the frame around them.

use std::io::{self, BufWriter, Write};

use anstream::AutoStream;

use super::args::Format;
use super::report::Summary;
use super::{Exit, Failure};

/// What came of one input: its part of the report, and what it counts for.
#[derive(Debug)]
pub(crate) struct Part {
    /// For stdout, with colors; they are taken out where they are not wanted.
    pub(crate) report: String,
    /// For stderr: what keeps the input from being reported on.
    pub(crate) complaint: Option<String>,
    pub(crate) summary: Summary,
    pub(crate) exit: Exit,
}

/// Writes the parts as they come.
pub(crate) struct Output<'w> {
    out: Box<dyn Write + 'w>,
    format: Format,
    summary: Summary,
    exit: Exit,
}

/// What is left to say when all parts are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Total {
    pub(crate) summary: Summary,
    pub(crate) exit: Exit,
}

impl Output<'_> {
    pub(crate) fn stdout(format: Format) -> Self {
        Self::new(Box::new(BufWriter::new(AutoStream::auto(io::stdout()))), format)
    }

    pub(crate) fn stderr(format: Format) -> Self {
        Self::new(Box::new(BufWriter::new(AutoStream::auto(io::stderr()))), format)
    }
}

impl<'w> Output<'w> {
    fn new(out: Box<dyn Write + 'w>, format: Format) -> Self {
        Self { out, format, summary: Summary::default(), exit: Exit::Clean }
    }

    pub(crate) fn part(&mut self, part: &Part) -> Result<(), Failure> {
        if self.format == Format::Json {
            let frame = if self.summary.files == 0 { "{\"version\":1,\"files\":[\n" } else { ",\n" };
            self.out.write_all(frame.as_bytes())?;
        }
        self.out.write_all(part.report.as_bytes())?;
        if let Some(complaint) = &part.complaint {
            self.out.flush()?;
            super::complain(complaint);
        }
        self.summary.add(part.summary);
        self.exit = self.exit.max(part.exit);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Total, Failure> {
        if self.format == Format::Json {
            let frame = if self.summary.files == 0 { "{\"version\":1,\"files\":[" } else { "" };
            let summary = serde_json::to_string(&self.summary).expect("a summary is made of numbers");
            writeln!(self.out, "{frame}\n],\"summary\":{summary}}}")?;
        }
        self.out.flush()?;
        Ok(Total { summary: self.summary, exit: self.exit })
    }
}
