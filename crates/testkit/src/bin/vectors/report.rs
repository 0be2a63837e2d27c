//! Counting and printing.

use std::collections::BTreeMap;

use crate::{Case, Outcome, compare};

/// What came of all cases.
#[derive(Default)]
pub(crate) struct Report {
    ops: BTreeMap<String, Tally>,
    unknown: BTreeMap<String, usize>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

#[derive(Default)]
struct Tally {
    passed: usize,
    total: usize,
}

impl Report {
    /// Counts a case, and prints it where it did not pass.
    pub(crate) fn add(&mut self, case: &Case, outcome: Outcome) {
        let Case { id, op, expect, .. } = case;
        if matches!(outcome, Outcome::Unknown) {
            *self.unknown.entry(op.clone()).or_default() += 1;
            self.skipped += 1;
            return;
        }
        let tally = self.ops.entry(op.clone()).or_default();
        tally.total += 1;
        if compare::agrees(&outcome, expect) {
            tally.passed += 1;
            self.passed += 1;
            return;
        }
        let got = match outcome {
            Outcome::ByRule(_, rule) => {
                self.skipped += 1;
                println!("DIFFERS {id} {op}: {rule}");
                return;
            }
            Outcome::Value(value) => value.to_string(),
            Outcome::Rejected | Outcome::Unknown => "rejected".to_owned(),
        };
        self.failed += 1;
        println!("FAIL {id} {op}: expected {expect}, got {got}");
    }

    /// Prints one line an op, how many of an op nobody knew, and the totals last.
    pub(crate) fn print(&self) {
        for (op, tally) in &self.ops {
            println!("{op} {}/{}", tally.passed, tally.total);
        }
        for (op, count) in &self.unknown {
            println!("{op}: {count} not known here, skipped");
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
    }

    /// Did nothing fail?
    pub(crate) fn all_passed(&self) -> bool {
        self.failed == 0
    }
}
