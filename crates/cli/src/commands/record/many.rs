//! Many records at once: one line of standard input each, and at the end how many, and which failed.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::Result;
use gatewright_client::CallError;

use crate::commands::FAILED;
use crate::printer::Printer;

/// Does one thing for each line of standard input that is not empty. Goes on after a line that fails, unless nothing can
/// succeed any more; says which failed and why.
pub(super) async fn each_line<F>(printer: &mut Printer, mut one: F) -> Result<u8>
where
    F: AsyncFnMut(&str) -> Result<String>,
{
    let (mut done, mut failed) = (0_usize, 0_usize);
    let shows_progress = std::io::stderr().is_terminal();
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match one(line.trim()).await {
            Ok(text) => {
                done += 1;
                printer.line(text)?;
                if shows_progress && done % 50 == 0 {
                    printer.note(format_args!("{done} done"));
                }
            }
            Err(error) => {
                failed += 1;
                printer.error(format_args!("line {}: {error:#}", number + 1));
                let is_final =
                    |error: &CallError| error.is_over() || matches!(error, CallError::RateLimited { .. });
                if error.downcast_ref::<CallError>().is_some_and(is_final) {
                    printer.note("the lines after it were not tried");
                    break;
                }
            }
        }
    }
    printer.note(format_args!("{done} done, {failed} failed"));
    Ok(if failed == 0 { 0 } else { FAILED })
}
