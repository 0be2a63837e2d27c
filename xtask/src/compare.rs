//! `cargo xtask compare`: the reference server and ours, SQLite and PostgreSQL, one node and two, in turn, by the driver of `cargo xtask bench`.

use anyhow::Result;

use crate::{bench, install};

/// How to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Words for the driver, such as `--seconds 5`; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    driver: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    install::for_compare()?;
    bench::drive(&[&["--compare".to_owned()], &args.driver[..]].concat())
}
