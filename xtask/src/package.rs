//! `cargo xtask package`: the Debian package of the release binary.

use std::process::Command;

use anyhow::Result;

use crate::run;

pub(crate) fn run() -> Result<()> {
    run::run(&mut run::cargo(&["build", "--release", "--locked", "--package", "gatewright"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| run::root().join("target"), Into::into);
    let mut deb = Command::new(run::root().join("packaging/deb.sh"));
    run::run(deb.arg(target.join("release/gatewright")).arg(target.join("package")))
}
