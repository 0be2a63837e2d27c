//! Errors that carry what to do: `hint:` lines after the chain of causes.

use std::fmt;

use crate::printer::Printer;

/// An error with a hint for the person who reads it.
#[derive(Debug)]
pub struct Hint {
    message: String,
    hint: String,
}

impl Hint {
    /// `message` says what was wrong, `hint` what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Hint {}

/// Prints an error, its causes and its hints.
pub fn print(error: &anyhow::Error, printer: &mut Printer) {
    printer.error(error);
    for cause in error.chain().skip(1) {
        printer.cause(cause);
    }
    for hint in error.chain().filter_map(|cause| cause.downcast_ref::<Hint>()) {
        printer.hint(&hint.hint);
    }
}
