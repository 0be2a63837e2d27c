//! Every rule of this repository as a command: `cargo xtask test`, `cargo xtask ci`, `cargo xtask bench`…

mod bench;
mod ci;
mod compare;
mod counts;
mod databases;
mod faults;
mod install;
mod layers;
mod package;
mod run;
mod security;
mod sizes;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Every rule of this repository as a command.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the release binary over loopback and print one JSON object.
    Bench(bench::Args),
    /// All that CI asks for: format, lints, docs, dependencies, layers, and every test.
    Ci,
    /// Measure the reference server (`@atproto/pds`) and ours in turn, and print the table of both.
    Compare(compare::Args),
    /// Break three nodes over one PostgreSQL under load, and count what was lost.
    Faults(faults::Args),
    /// Check who may import whom.
    Layers,
    /// Make the Debian package of the release binary, and print its path.
    Package,
    /// Print SEC-1 … SEC-75 with the tests that cover each.
    Security,
    /// Print how long the source files are.
    Sizes,
    /// Run every test, with the programs of others in it; installs what it needs when run as root.
    Test(test::Args),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Bench(args) => bench::run(&args),
        Command::Ci => ci::run(),
        Command::Compare(args) => compare::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Layers => layers::run(),
        Command::Package => package::run(),
        Command::Security => security::run(),
        Command::Sizes => sizes::run(),
        Command::Test(args) => test::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
