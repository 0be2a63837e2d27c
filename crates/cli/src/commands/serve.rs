//! `gatewright serve --config FILE`: the production server.

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::args::Installation;
use crate::config::Config;
use crate::config::telemetry::Metrics;
use crate::printer::Printer;
use crate::solo::Solo;
use crate::{listen, metrics, telemetry};

/// How many read the figures at once.
const METRICS_CONNECTIONS: usize = 16;

/// Run the production server.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    installation: Installation,
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// When the configuration is not good, the data cannot be opened or the address is taken.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let config = Config::load(&args.installation.config)?;
    telemetry::start(&config.telemetry);
    super::runtime()?.block_on(async {
        let listener = listen::bind(config.server.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.server.listen))?;
        let solo = Solo::open_installation(&config)?;
        let stop = super::dev::stop_signal();
        let mut running = JoinSet::new();
        let mut router = solo.router();
        match config.telemetry.metrics {
            Metrics::Address(address) => match listen::bind(address).await {
                Ok(listener) => {
                    running.spawn(listen::serve(listener, metrics::router(), METRICS_CONNECTIONS, stop.clone()));
                }
                // The server is worth more than its figures: two on one machine both start.
                Err(error) => {
                    tracing::warn!(%address, %error, "nobody can read /metrics; `telemetry.metrics` says where");
                }
            },
            Metrics::Off => {}
            Metrics::Public => router = metrics::router().merge(router),
        }
        printer.note(format_args!("{} is served on {}", config.server.public_url, config.server.listen));
        solo.spawn_tasks(&mut running, stop.clone());
        listen::serve(listener, router, config.room(), stop).await;
        running.shutdown().await;
        Ok(0)
    })
}
