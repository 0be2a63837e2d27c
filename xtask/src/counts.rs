//! Tests that are run and counted while what they print goes on to whoever started them.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::ops::AddAssign;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::run;

/// How many tests passed, failed and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Whether any failed.
    pub(crate) fn has_failed(self) -> bool {
        self.failed > 0
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Runs tests and counts them by the lines in which their programs sum them up. That some failed is in the counts.
///
/// # Errors
/// The program could not be started, or ended badly without a failed test: it did not build, for one.
pub(crate) fn run_tests(command: &mut Command) -> Result<Counts> {
    let line = run::line(command);
    eprintln!("» {line}");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{line}`"))?;
    let (out, err) =
        (child.stdout.take().context("it is piped")?, child.stderr.take().context("it is piped")?);
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let err = scope.spawn(|| pass_on(err, |line| eprintln!("{line}")));
        counts += pass_on(out, |line| println!("{line}"));
        counts += err.join().unwrap_or_default();
    });
    let status = child.wait()?;
    if !status.success() && !counts.has_failed() {
        bail!("`{line}` ended with {status}");
    }
    Ok(counts)
}

fn pass_on(from: impl Read, print: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    let mut lines = BufReader::new(from);
    let mut bytes = Vec::new();
    while lines.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches(['\r', '\n']);
        print(line);
        counts += sum(line).unwrap_or_default();
        bytes.clear();
    }
    counts
}

/// The counts of a line in which nextest, the harness of doc tests or the vectors sum up.
fn sum(line: &str) -> Option<Counts> {
    let line = line.trim();
    let is_sum = line.starts_with("Summary [")
        || line.starts_with("test result:")
        || (line.starts_with(|c: char| c.is_ascii_digit()) && line.ends_with(" skipped"));
    if !is_sum {
        return None;
    }
    let mut counts = Counts::default();
    let words: Vec<&str> = line.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let [number, word] = pair else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match *word {
            "passed" => counts.passed += number,
            // `exec failed` and `timed out` are nextest's.
            "failed" | "exec" | "timed" => counts.failed += number,
            "skipped" | "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_is_understood() {
        for (line, passed, failed, skipped) in [
            (
                "     Summary [  12.340s] 14 tests run: 12 passed (3 slow, 1 flaky), 1 failed, 1 timed out, 2 skipped",
                12,
                2,
                2,
            ),
            ("     Summary [   0.010s] 1 test run: 1 passed, 0 skipped", 1, 0, 0),
            ("     Summary [   0.010s] 3/9 tests run: 2 passed, 1 exec failed, 0 skipped", 2, 1, 0),
            (
                "test result: ok. 7 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.20s",
                7,
                0,
                2,
            ),
            ("test result: FAILED. 6 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out", 6, 1, 0),
            ("823 passed, 4 failed, 11 skipped", 823, 4, 11),
        ] {
            assert_eq!(sum(line), Some(Counts { passed, failed, skipped }), "{line}");
        }
        for line in ["", "scope.parse 12/12", "        PASS [   0.010s] gatewright a::b", "running 3 tests"] {
            assert_eq!(sum(line), None, "{line}");
        }
    }

    #[test]
    fn a_program_that_fails_without_a_failed_test_is_an_error() {
        let run = |script: &str| run_tests(Command::new("sh").args(["-c", script]));
        let counts =
            run("echo 1 passed, 0 failed, 0 skipped; echo 2 passed, 1 failed, 4 skipped >&2; exit 1");
        assert_eq!(counts.expect("tests failed").to_string(), "3 passed, 1 failed, 4 skipped");
        assert!(run("echo error: it does not build; exit 101").is_err());
    }
}
