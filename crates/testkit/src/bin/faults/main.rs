//! The driver of `cargo xtask faults`: three nodes over one PostgreSQL behind nginx, a load of clients, and faults. What was
//! acknowledged has to hold whatever breaks, and what was ended or used has to stay so.

mod client;
mod dice;
mod load;
mod maker;
mod proxy;
mod said;
mod tally;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Parser;
use gatewright_protocol::random::random_bytes;
use gatewright_resolve::system::SystemRandom;
use gatewright_testkit::cluster::{Cluster, HOST};
use gatewright_testkit::program;
use serde_json::json;
use tokio::time::Instant;

use crate::dice::Dice;
use crate::load::{Doors, Load};
use crate::proxy::Proxy;
use crate::tally::Tally;

const NODES: usize = 3;

/// Breaks a cluster under load, and counts what it lost.
#[derive(Parser)]
struct Args {
    /// How long clients work and faults are made, in seconds
    #[arg(long, default_value_t = 200)]
    seconds: u64,
    /// Which faults, in which order; one of its own for each run when absent
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients work at once
    #[arg(long, default_value_t = 12)]
    clients: usize,
    /// Print one JSON object in place of the tables
    #[arg(long)]
    json: bool,
}

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| u64::from(u32::from_be_bytes(random_bytes(&SystemRandom))));
    eprintln!("seed {seed}");
    let (mut cluster, people) = Cluster::start(&program::path()?, NODES, args.clients.div_ceil(2)).await?;
    let nodes = cluster.addresses();
    let proxy = Proxy::start(cluster.folder(), HOST, &nodes)?;
    let doors = Doors { issuer: Cluster::issuer(), proxy: proxy.address, nodes };
    let tally = Arc::new(Tally::default());
    let load = Arc::new(Load::new(doors, people, Arc::clone(&tally), seed));
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let (working, clients) = (Arc::clone(&load), args.clients);
    let at_work = std::thread::spawn(move || on_one_thread(async move { working.run(clients, until).await }));
    maker::make(&mut cluster, &proxy, &Dice::seeded(seed), &tally, until).await?;
    done(at_work).await?;
    let checking = Arc::clone(&load);
    done(std::thread::spawn(move || on_one_thread(async move { checking.check().await }))).await?;
    if args.json {
        let mut all = tally.json();
        (all["seed"], all["seconds"]) = (json!(seed), json!(args.seconds));
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        println!("seed {seed}, {} seconds\n\n{tally}", args.seconds);
    }
    if tally.is_clean() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("the logs are in {}", cluster.keep_folder().display());
    Ok(ExitCode::FAILURE)
}

/// Clients on a thread of their own.
fn on_one_thread(work: impl Future<Output = ()>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work);
    Ok(())
}

async fn done(thread: std::thread::JoinHandle<Result<()>>) -> Result<()> {
    let joined = tokio::task::spawn_blocking(move || thread.join()).await?;
    joined.map_err(|_| anyhow!("the clients ended in a panic"))?
}
