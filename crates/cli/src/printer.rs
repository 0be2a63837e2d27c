//! Where output goes: answers to standard output, messages and hints to standard error, colours only on a terminal.

use std::fmt;
use std::io::{self, Write};

use owo_colors::OwoColorize;

/// The two streams of a command.
pub struct Printer {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").finish_non_exhaustive()
    }
}

impl Printer {
    /// The program's own streams; colours are dropped where the stream is not a terminal, or `NO_COLOR` is set.
    pub fn standard() -> Self {
        Self { out: Box::new(anstream::stdout()), err: Box::new(anstream::stderr()) }
    }

    /// Streams of a test.
    pub fn to(out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self { out, err }
    }

    /// The stream of answers.
    pub fn out(&mut self) -> &mut dyn Write {
        &mut *self.out
    }

    /// Prints one line of the answer.
    pub fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Prints a value as one line of JSON.
    pub fn json(&mut self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.line(serde_json::to_string(value)?)?;
        Ok(())
    }

    /// Says something to the person who watches.
    pub fn note(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Says what went wrong.
    pub fn error(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{} {text}", "error:".red().bold());
    }

    /// Says why.
    pub fn cause(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "  {} {text}", "caused by:".dimmed());
    }

    /// Says what to do.
    pub fn hint(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.err, "{} {text}", "hint:".cyan().bold());
    }
}
