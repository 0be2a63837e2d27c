//! All that CI asks for, cheapest first.

use anyhow::Result;

use crate::{install, layers, run, security, test};

pub(crate) fn run() -> Result<()> {
    run::run(&mut run::cargo(&["fmt", "--all", "--check"]))?;
    layers::run()?;
    security::run()?;
    install::cargo_deny()?;
    deny()?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    run::run(&mut run::cargo(&clippy))?;
    fuzz()?;
    run::run(run::cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    test::run(&test::Args::default())
}

/// The fuzz targets are a workspace of their own. They are only checked, beside everything else that was built, so what
/// they are linked with is not.
fn fuzz() -> Result<()> {
    let target = run::root().join("target");
    let mut check = run::cargo(&["check", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
    check.env("CUSTOM_LIBFUZZER_PATH", target.join("libfuzzer.a")).env("CARGO_TARGET_DIR", target);
    run::run(&mut check)
}

/// Bans, licences and sources always; advisories where their database can be fetched.
fn deny() -> Result<()> {
    run::run(&mut run::cargo(&[
        "deny",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    let advisories = run::cargo(&["deny", "check", "advisories"]).output()?;
    let text = String::from_utf8_lossy(&advisories.stderr);
    if advisories.status.success() {
        eprintln!("advisories: none");
    } else if text.contains("failed to fetch advisory database")
        || text.contains("failed to load advisory database")
    {
        eprintln!("advisories: NOT CHECKED, their database could not be fetched here");
    } else {
        anyhow::bail!("cargo deny check advisories:\n{text}");
    }
    Ok(())
}
