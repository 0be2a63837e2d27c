//! `--compare`: the reference server and ours by the same driver on the same processor in the same run, in turn: while
//! one is measured the other stands still.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use gatewright_testkit::reference::Reference;
use serde_json::{Value, json};

use crate::measure::{Round, median};
use crate::operations::{self, Operation};
use crate::process::Process;
use crate::round;
use crate::subject::Subject;

/// What is compared, and at least how many times the reference's operations a CPU second ours is to do.
pub(crate) const COMPARED: &[(&str, f64)] = &[
    ("metadata", 1.0),
    ("par", 6.0),
    ("code_exchange", 1.0),
    ("refresh", 9.0),
    ("guarded_read", 15.0),
    ("create_record", 12.0),
    ("create_session", 1.0),
];
/// Accounts that each server has: as many repositories are written to.
const ACCOUNTS: usize = 8;
/// Sessions whose memory is measured.
const SESSIONS: usize = 1_000;

/// Measures both servers, and returns the figures and the table of them.
pub(crate) async fn measure(server: &Path, seconds: f64, rounds: usize, v: f64) -> Result<(Value, String)> {
    let data = tempfile::tempdir()?;
    // The first start makes keys and accounts, which the reference has made before its ready line too.
    Process::start(server, data.path(), "normal")?.stop()?;
    let process = Process::start(server, data.path(), "normal")?;
    let reference = Reference::start_plain(ACCOUNTS).await?;
    let id = reference.process_id().context("the reference server runs")?;
    crate::process::pin(id, "0")?;
    let (theirs, ours) = (Subject::Reference(&reference, id), Subject::Ours(&process));
    let idle = [theirs.memory(), ours.memory()];
    ours.run(false)?;
    let mut rows = serde_json::Map::new();
    let mut table = String::from(HEAD);
    for (name, at_least) in COMPARED {
        let operation = operations::ALL.iter().find(|one| one.name == *name).context("it is measured")?;
        let row = compare(operation, theirs, ours, seconds, rounds, v).await.with_context(|| *name)?;
        writeln!(table, "{}", line(name, &row))?;
        let ratio = row["ratio"].as_f64().context("a ratio")?;
        eprintln!("{name:<16} {ratio:>6.1} times the reference (at least {at_least})");
        let mut row = row;
        row["at_least"] = json!(at_least);
        row["holds"] = json!(ratio >= *at_least);
        rows.insert((*name).to_owned(), row);
    }
    let mut memory = Vec::new();
    for (subject, other, idle) in [(theirs, ours, idle[0]), (ours, theirs, idle[1])] {
        other.run(false)?;
        subject.run(true)?;
        let before = subject.memory();
        operations::make_sessions(subject, SESSIONS).await?;
        memory.push((idle, before, subject.memory()));
    }
    theirs.run(true)?;
    let mb = |bytes: u64| round(bytes as f64 / 1_048_576.0);
    let of = |(idle, before, after): (u64, u64, u64)| json!({"idle_mb": mb(idle), "after_the_operations_mb": mb(before), "per_thousand_sessions_mb": mb(after.saturating_sub(before))});
    let memory = json!({"reference": of(memory[0]), "ours": of(memory[1])});
    writeln!(table, "\nMemory in MiB: {memory}")?;
    process.stop()?;
    Ok((json!({"operations": rows, "memory": memory}), table))
}

/// Rounds of one operation, in turn.
async fn compare(
    operation: &Operation,
    theirs: Subject<'_>,
    ours: Subject<'_>,
    seconds: f64,
    rounds: usize,
    v: f64,
) -> Result<Value> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (subject, other, found) in [(theirs, ours, &mut first), (ours, theirs, &mut second)] {
            other.run(false)?;
            subject.run(true)?;
            found.push(operation.run(subject, seconds, 16).await?);
        }
    }
    let (theirs, ours) = (figures(&first, v), figures(&second, v));
    let cpu = |of: &Value| of["cpu_us"].as_f64().unwrap_or_default();
    Ok(json!({"ratio": round(cpu(&theirs) / cpu(&ours)), "reference": theirs, "ours": ours}))
}

pub(crate) fn figures(rounds: &[Round], v: f64) -> Value {
    let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure));
    let cpu = of(&Round::cpu_us);
    json!({
        "per_second": of(&Round::per_second).round(), "processors": round(of(&Round::processors)), "cpu_us": round(cpu), "cpu_v": round(cpu / v),
        "p50_ms": round(of(&|round| round.percentile(0.5))), "p99_ms": round(of(&|round| round.percentile(0.99))),
    })
}

const HEAD: &str =
    "| operation | reference: per second, p50 / p99 ms, CPU µs (V) | Gatewright: the same | CPU ratio |
|---|---|---|---|
";

fn line(name: &str, row: &Value) -> String {
    let of = |one: &Value| {
        let figure = |key: &str| one[key].as_f64().unwrap_or_default();
        format!(
            "{:.0}, {:.1} / {:.1}, {:.0} ({:.1})",
            figure("per_second"),
            figure("p50_ms"),
            figure("p99_ms"),
            figure("cpu_us"),
            figure("cpu_v"),
        )
    };
    let ratio = row["ratio"].as_f64().unwrap_or_default();
    format!(
        "| {} | {} | {} | **{ratio:.1}** |",
        name.replace('_', " "),
        of(&row["reference"]),
        of(&row["ours"])
    )
}
