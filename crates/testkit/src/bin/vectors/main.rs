//! Runs recorded test vectors against the project's own functions.
//!
//! `vectors DIR…` reads every `*.json` in each DIR (`{"reference", "count", "cases": [{id, op, input, expect}]}`), runs
//! the cases that it knows, and prints what fails, one line an op, how many of an op it does not know, and totals. Where
//! the project differs from a vector on purpose it says by which rule; the modules know rules, never case ids.

#![expect(clippy::print_stdout, reason = "this is a program for the terminal")]

mod authorize;
mod basics;
mod compare;
mod oauth;
mod permission_sets;
mod report;
mod scopes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use crate::report::Report;

/// What the project's own function made of an input.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It answers so; where that is not what is recorded, it differs on purpose, by this rule of the specification.
    ByRule(Box<Self>, &'static str),
    /// It refused the input.
    Rejected,
    /// No module knows the op, or this kind of case of it.
    Unknown,
    /// It yielded this.
    Value(Value),
}

impl Outcome {
    /// This answer follows a rule that the recorded one may break.
    #[must_use]
    pub(crate) fn by_rule(self, rule: &'static str) -> Self {
        Self::ByRule(Box::new(self), rule)
    }
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<bool> for Outcome {
    fn from(value: bool) -> Self {
        Self::Value(value.into())
    }
}

/// Runs one case: the op, its input, and what the cases of its file share.
pub(crate) type Run = fn(op: &str, input: &Value, reference: &Value) -> Outcome;

/// Asked in turn until one knows the op.
const MODULES: [Run; 5] = [authorize::run, basics::run, oauth::run, permission_sets::run, scopes::run];

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    reference: Value,
    cases: Vec<Case>,
}

/// One case of a file.
#[derive(Deserialize)]
pub(crate) struct Case {
    id: String,
    op: String,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    expect: Value,
}

fn main() -> anyhow::Result<ExitCode> {
    let directories: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    anyhow::ensure!(!directories.is_empty(), "usage: vectors DIR…");
    let mut report = Report::default();
    for directory in &directories {
        for path in json_files(directory)? {
            let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let file: File = serde_json::from_slice(&text)
                .with_context(|| format!("{} is not a file of vectors", path.display()))?;
            for case in &file.cases {
                report.add(case, run(case, &file.reference));
            }
        }
    }
    report.print();
    Ok(if report.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn json_files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn run(case: &Case, reference: &Value) -> Outcome {
    MODULES
        .iter()
        .map(|module| module(&case.op, &case.input, reference))
        .find(|outcome| !matches!(outcome, Outcome::Unknown))
        .unwrap_or(Outcome::Unknown)
}
