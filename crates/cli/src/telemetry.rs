//! Log lines: to standard error, as text for people or as JSON for programs; never a secret, address or e-mail.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::telemetry::{Format, Telemetry};
use crate::env;

/// Starts printing log lines. Only the first call of a process has an effect.
pub fn start(telemetry: &Telemetry) {
    let filter = EnvFilter::try_from_env(env::LOG).unwrap_or_else(|_| EnvFilter::new(&telemetry.filter));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    let _ = match telemetry.format {
        Format::Json => lines.json().flatten_event(true).try_init(),
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
}
