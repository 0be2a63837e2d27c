//! `cargo xtask faults`: builds the program and the driver as tests do, and runs the driver.

use anyhow::Result;

use crate::{install, run};

/// What to break.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Words for the driver: `--seconds N`, `--seed N`, `--json`; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    driver: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    install::for_faults()?;
    run::run(&mut run::cargo(&["build", "--workspace", "--all-features", "--bins"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| run::root().join("target"), Into::into);
    run::run(std::process::Command::new(target.join("debug/faults")).args(&args.driver))
}
