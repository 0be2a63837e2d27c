//! `cargo xtask bench`: builds the release binary and its driver, and runs the driver.

use anyhow::Result;

use crate::run;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Words for the driver; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    driver: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    drive(&args.driver)
}

/// Builds both, and runs the driver with these words.
pub(crate) fn drive(words: &[String]) -> Result<()> {
    run::run(&mut run::cargo(&["build", "--release", "--package", "gatewright", "--bin", "gatewright"]))?;
    run::run(&mut run::cargo(&["build", "--release", "--package", "gatewright-testkit", "--bin", "bench"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| run::root().join("target"), Into::into);
    let release = target.join("release");
    let mut driver = std::process::Command::new(release.join("bench"));
    run::run(driver.arg("--server").arg(release.join("gatewright")).args(words))
}
