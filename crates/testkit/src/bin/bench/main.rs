//! The driver of `cargo xtask bench`: starts the release binary on one processor, drives it from the other, and prints
//! one JSON object. Every figure is CPU of the server process divided by operations, at saturation, over 16
//! connections, a fresh proof for each request: median of three rounds. V is one P-256 verification, measured in the
//! same run on the same processor.

mod client;
mod compare;
mod limits;
mod mcp;
mod measure;
mod nodes;
mod operations;
mod process;
mod quota;
mod scopes;
mod subject;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};

use crate::measure::{Round, median};
use crate::process::Process;
use crate::subject::Subject;

/// Measures the release binary over loopback.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct Args {
    /// The binary to measure
    #[arg(long)]
    server: Option<PathBuf>,
    /// Seconds of each round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds of each operation, of which the median is taken
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure only the operations whose names contain this; `memory` and `scopes` measure those alone. With `--compare`:
    /// `nodes` leaves the reference out
    #[arg(long)]
    only: Option<String>,
    /// Measure one durability only: normal or full
    #[arg(long)]
    synchronous: Option<String>,
    /// Measure the reference server and ours in turn, and print the table of both
    #[arg(long)]
    compare: bool,
    /// Be the bare HTTP server that the limit is measured with
    #[arg(long, hide = true)]
    bare: bool,
    /// Print the microseconds of one P-256 verification and one password hash
    #[arg(long, hide = true)]
    limits: bool,
    /// Print what the scope language does by itself
    #[arg(long, hide = true)]
    scopes: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    if args.bare {
        return runtime.block_on(limits::bare());
    }
    if args.limits {
        println!(
            "{}",
            json!({"verification": limits::verification(), "password": limits::password(&runtime)})
        );
        return Ok(());
    }
    if args.scopes {
        println!("{}", scopes::measure());
        return Ok(());
    }
    // The driver keeps to the other processor.
    let own = std::process::id().to_string();
    Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", "1", &own])
        .output()
        .context("taskset is needed")?;
    if args.compare {
        return runtime.block_on(compare_servers(&args));
    }
    println!("{}", serde_json::to_string_pretty(&runtime.block_on(run(&args))?)?);
    Ok(())
}

async fn compare_servers(args: &Args) -> Result<()> {
    let server = args.server.clone().context("--server says which binary to measure")?;
    let limits = on_processor_0(&["--limits"])?;
    let v = limits["verification"].as_f64().context("no limit")?;
    let (mut report, mut table) = match args.only.as_deref() {
        Some("nodes") => (json!({}), String::new()),
        _ => compare::measure(&server, args.seconds, args.rounds, v).await?,
    };
    report["nodes"] = nodes::measure(&server, args.seconds, args.rounds, &mut table)
        .await
        .context("nodes over PostgreSQL")?;
    report["verification_us"] = json!(round(v));
    eprintln!("\n{table}");
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

async fn run(args: &Args) -> Result<Value> {
    let scopes = on_processor_0(&["--scopes"])?;
    eprintln!("scopes: {scopes}");
    if args.only.as_deref() == Some("scopes") {
        return Ok(json!({"scopes": scopes}));
    }
    let server = args.server.clone().context("--server says which binary to measure")?;
    let limits = on_processor_0(&["--limits"])?;
    let v = limits["verification"].as_f64().context("no limit")?;
    let password = limits["password"].as_f64().context("no limit")?;
    let bare = measure::bare(args.seconds).await?;
    eprintln!("V = {v:.1} µs; argon2id = {password:.0} µs; a bare HTTP answer = {bare:.1} µs");
    let mut report = json!({
        "limits": {"verification_us": round(v), "password_hash_us": round(password), "bare_http_us": round(bare), "bare_http_v": round(bare / v)},
        "scopes": scopes,
    });
    for synchronous in ["normal", "full"] {
        if args.synchronous.as_deref().is_some_and(|only| only != synchronous) {
            continue;
        }
        report[synchronous] = measure_server(args, &server, synchronous, v, password).await?;
    }
    compare_durability(&mut report);
    if args.only.as_deref().is_none_or(|only| "client".contains(only)) {
        report["client"] = client::measure(args.seconds).await?;
    }
    Ok(report)
}

async fn measure_server(
    args: &Args,
    server: &std::path::Path,
    synchronous: &str,
    v: f64,
    password: f64,
) -> Result<Value> {
    let data = tempfile::tempdir()?;
    // The first start makes keys and accounts; the second is the one that is measured.
    Process::start(server, data.path(), synchronous)?.stop()?;
    let process = Process::start(server, data.path(), synchronous)?;
    let (idle, subject) = (process.memory(), Subject::Ours(&process));
    let mut found = serde_json::Map::new();
    for operation in operations::ALL {
        if args.only.as_deref().is_some_and(|only| !operation.name.contains(only)) {
            continue;
        }
        let mut rounds = Vec::new();
        let mut hashes = vec![password];
        for _ in 0..args.rounds {
            rounds.push(operation.run(subject, args.seconds, 16).await.with_context(|| operation.name)?);
            // Nearly all of a sign-in is the hash, and what memory gives changes from minute to minute: the limit is
            // measured beside each round.
            if operation.hashes > 0.0 {
                hashes.push(on_processor_0(&["--limits"])?["password"].as_f64().context("no limit")?);
            }
        }
        let cpu = median(rounds.iter().map(Round::cpu_us));
        let per_second = median(rounds.iter().map(Round::per_second));
        let limit = operation.limit(v, median(hashes.into_iter()));
        eprintln!(
            "{synchronous:>6} {:<16} {cpu:>8.1} µs = {:>6.2} V (at most {:.2} V), {per_second:>7.0}/s",
            operation.name,
            cpu / v,
            limit / v
        );
        let mut row = json!({
            "cpu_us": round(cpu), "cpu_v": round(cpu / v), "limit_v": round(limit / v), "holds": cpu <= limit,
            "per_second": per_second.round(),
            "p50_ms": round(median(rounds.iter().map(|r| r.percentile(0.50)))), "p99_ms": round(median(rounds.iter().map(|r| r.percentile(0.99)))),
        });
        if operation.name == "refresh" || operation.name == "par" {
            row["per_second_64"] =
                json!(operation.run(subject, args.seconds, 64).await?.per_second().round());
        }
        found.insert(operation.name.to_owned(), row);
    }
    if args.only.is_none() {
        let half = found["guarded_read"]["per_second"].as_f64().context("no figure")? / 2.0;
        let paced = operations::paced_read(subject, half, args.seconds * 2.0).await?;
        found.insert("guarded_read_at_half_rate".into(), json!({"per_second": half.round(), "p50_ms": round(paced.percentile(0.5)), "p99_ms": round(paced.percentile(0.99)), "limit_p99_ms": 5.0}));
        found.insert(
            "ready_ms".into(),
            json!({"value": round(process.ready_after.as_secs_f64() * 1e3), "limit": 150.0}),
        );
    }
    if args.only.as_deref().is_none_or(|only| "reads_beside_sign_ins".contains(only)) {
        found.insert(
            "reads_beside_sign_ins".into(),
            reads_beside_sign_ins(subject, args.seconds, args.rounds).await?,
        );
    }
    if args.only.as_deref().is_none_or(|only| "mcp".contains(only)) {
        found.insert("mcp_get_record".into(), mcp::measure(&process, args.seconds, args.rounds).await?);
    }
    process.stop()?;
    if args.only.as_deref().is_none_or(|only| "memory".contains(only)) {
        found.insert("memory".into(), memory(server, synchronous, idle).await?);
    }
    Ok(Value::Object(found))
}

/// What is left of the rate of guarded reads while people sign in: at least seven tenths, and ten sign-ins a second.
async fn reads_beside_sign_ins(subject: Subject<'_>, seconds: f64, rounds: usize) -> Result<Value> {
    let reads = operations::ALL.iter().find(|one| one.name == "guarded_read").context("no reads")?;
    let (mut shares, mut sign_ins) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let alone = reads.run(subject, seconds, 16).await?;
        let (beside, signed_in) = operations::reads_beside_sign_ins(subject, seconds * 2.0).await?;
        shares.push(beside.per_second() / alone.per_second());
        sign_ins.push(signed_in.per_second());
    }
    let (share, per_second) = (median(shares.into_iter()), median(sign_ins.into_iter()));
    eprintln!("       reads beside sign-ins: {share:.2} of the rate alone, {per_second:.1} sign-ins/s");
    Ok(json!({
        "share_of_reads": round(share), "at_least": 0.7,
        "sign_ins_per_second": round(per_second), "at_least_per_second": 10.0,
        "holds": share >= 0.7 && per_second >= 10.0,
    }))
}

/// Memory of a server of its own: after a thousand sessions, when everything that fills up once is full, and after ten
/// thousand more.
async fn memory(server: &std::path::Path, synchronous: &str, idle: u64) -> Result<Value> {
    let data = tempfile::tempdir()?;
    let process = Process::start(server, data.path(), synchronous)?;
    operations::make_sessions(Subject::Ours(&process), 1_000).await?;
    let first = process.memory();
    operations::make_sessions(Subject::Ours(&process), 10_000).await?;
    let last = process.memory();
    process.stop()?;
    let mb = |bytes: u64| round(bytes as f64 / 1_048_576.0);
    Ok(
        json!({"idle_mb": mb(idle), "limit_idle_mb": 30.0, "after_1000_sessions_mb": mb(first), "after_11000_sessions_mb": mb(last),
        "per_thousand_mb": round((last as f64 - first as f64) / 10.0 / 1_048_576.0), "limit_per_thousand_mb": 1.0}),
    )
}

/// What FULL costs beside NORMAL: at most 1.3 times the CPU, and a quarter of the throughput at 64 connections.
fn compare_durability(report: &mut Value) {
    let mut rows = serde_json::Map::new();
    for name in ["par", "refresh"] {
        let figure = |kind: &str, key: &str| report[kind][name][key].as_f64();
        if let (Some(normal), Some(full), Some(fast), Some(slow)) = (
            figure("normal", "cpu_us"),
            figure("full", "cpu_us"),
            figure("normal", "per_second_64"),
            figure("full", "per_second_64"),
        ) {
            rows.insert(name.to_owned(), json!({"cpu_ratio": round(full / normal), "limit": 1.3, "throughput_at_64": round(slow / fast), "at_least": 0.75}));
        }
    }
    report["full_beside_normal"] = Value::Object(rows);
}

/// Runs this program again on the processor that the server runs on.
fn on_processor_0(args: &[&str]) -> Result<Value> {
    let own = std::env::current_exe()?;
    let output = Command::new("taskset").args(["--cpu-list", "0"]).arg(own).args(args).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
