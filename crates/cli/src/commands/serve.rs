//! `gatewright serve --config FILE`: the production server.

use std::path::Path;
use std::pin::pin;

use anyhow::{Context, Result};
use axum::Router;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::args::Installation;
use crate::config::Config;
use crate::config::telemetry::Metrics;
use crate::listen::Routes;
use crate::printer::Printer;
use crate::solo::Solo;
use crate::{listen, metrics, telemetry};

/// How many read the figures at once.
const METRICS_CONNECTIONS: usize = 16;

const RELOADING: &str = "SIGTERM stops the server once it has finished what it accepted. SIGHUP reads the configuration \
    and the keys anew; nobody who is connected notices. What was wrong with them is in the log, and all stays as it was.";

/// Run the production server.
#[derive(Debug, clap::Args)]
#[command(after_help = RELOADING)]
pub struct Args {
    #[command(flatten)]
    installation: Installation,
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// When the configuration is not good, the data cannot be opened or the address is taken.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let file = &args.installation.config;
    let config = Config::load(file)?;
    telemetry::start(&config.telemetry);
    super::runtime()?.block_on(async {
        let listener = listen::bind(config.server.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.server.listen))?;
        let stop = super::dev::stop_signal();
        let mut reload = signal(SignalKind::hangup()).context("signals cannot be heard")?;
        let mut solo = Solo::open_installation(&config).await?;
        let mut tasks = tasks(&solo, &stop);
        let routes = Routes::from(router(&solo, &config));
        let mut figures = JoinSet::new();
        if let Metrics::Address(address) = config.telemetry.metrics {
            match listen::bind(address).await {
                Ok(listener) => {
                    figures.spawn(listen::serve(
                        listener,
                        metrics::router(),
                        METRICS_CONNECTIONS,
                        stop.clone(),
                    ));
                }
                // The server is worth more than its figures: two on one machine both start.
                Err(error) => {
                    tracing::warn!(%address, %error, "nobody can read /metrics; `telemetry.metrics` says where");
                }
            }
        }
        printer.note(format_args!("{} is served on {}", config.server.public_url, config.server.listen));
        let mut serving = pin!(listen::serve(listener, routes.clone(), config.room(), stop.clone()));
        loop {
            tokio::select! {
                () = &mut serving => break,
                _ = reload.recv() => match reopen(&solo, file, &config) {
                    Ok((next, by_now)) => {
                        routes.replace(by_now);
                        tasks.shutdown().await;
                        tasks = self::tasks(&next, &stop);
                        solo = next;
                        tracing::info!("the configuration and the keys were read anew");
                    }
                    Err(error) => {
                        tracing::error!(error = format!("{error:#}"), "nothing was read anew; all stays as it was");
                    }
                },
            }
        }
        tasks.shutdown().await;
        figures.shutdown().await;
        Ok(0)
    })
}

/// The server by what the file says now. `first` is what the program was started with.
fn reopen(solo: &Solo, file: &Path, first: &Config) -> Result<(Solo, Router)> {
    let config = Config::load(file)?;
    for (what, stays) in [
        ("server.listen", config.server.listen == first.server.listen),
        ("limits.connections", config.room() == first.room()),
        ("telemetry", config.telemetry == first.telemetry),
    ] {
        if !stays {
            tracing::warn!("a change of {what} counts from the next start");
        }
    }
    let next = solo.reopen(&config)?;
    let router = router(&next, first);
    Ok((next, router))
}

fn router(solo: &Solo, first: &Config) -> Router {
    match first.telemetry.metrics {
        Metrics::Public => metrics::router().merge(solo.router()),
        Metrics::Address(_) | Metrics::Off => solo.router(),
    }
}

fn tasks(solo: &Solo, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    solo.spawn_tasks(&mut tasks, stop.clone());
    tasks
}
