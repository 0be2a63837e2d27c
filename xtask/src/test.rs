//! Every test: ours, the vectors where they lie beside the checkout, and the programs of others. The last line says how
//! many passed, failed and were skipped.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::counts::{Counts, run_tests};
use crate::{databases, install, run};

/// Which tests to run.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Run only with this store in what keeps anything; both by default
    #[arg(long)]
    store: Option<Store>,
    /// Hand these words to nextest, and run nothing else.
    #[arg(trailing_var_arg = true)]
    filter: Vec<String>,
}

/// What the servers of tests keep everything in.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Store {
    Postgres,
    Sqlite,
}

/// What never starts a server of ours: once is enough.
const OTHERS: &str = "package(gatewright-testkit) - test(client_kill::) - test(client_at_rest::) \
    - test(renew_them_one_at_a_time)";

pub(crate) fn run(args: &Args) -> Result<()> {
    install::for_tests()?;
    let filter: Vec<&str> = args.filter.iter().map(String::as_str).collect();
    // The tests start the examples as the programs that they are.
    run::run(&mut run::cargo(&["build", "--workspace", "--all-features", "--bins"]))?;
    let database = databases::start()?;
    let mut counts = Counts::default();
    let all = ["nextest", "run", "--workspace", "--all-features"];
    if args.store != Some(Store::Postgres) {
        let mut nextest = run::cargo(&all);
        database.name(&mut nextest);
        counts += run_tests(nextest.args(&filter))?;
    }
    if args.store != Some(Store::Sqlite) {
        let mut nextest = run::cargo(&all);
        database.name(&mut nextest);
        nextest.env("GATEWRIGHT_TEST_STORE", "postgres");
        if filter.is_empty() && args.store.is_none() {
            nextest.args(["-E", OTHERS]);
        }
        counts += run_tests(nextest.args(&filter))?;
    }
    if filter.is_empty() {
        let doc = ["test", "--workspace", "--all-features", "--doc", "--quiet", "--no-fail-fast"];
        counts += run_tests(&mut run::cargo(&doc))?;
        counts += vectors()?;
    }
    println!("{counts}");
    if counts.has_failed() {
        bail!("tests failed");
    }
    Ok(())
}

/// The vectors are shared with other projects and lie beside the checkout, when they do.
fn vectors() -> Result<Counts> {
    let folder: PathBuf = std::env::var_os("GATEWRIGHT_VECTORS")
        .map_or_else(|| run::root().join("../shared/vectors"), Into::into);
    if !folder.is_dir() {
        eprintln!(
            "vectors: NOT RUN, none at {} (the repository's own tables cover each rule)",
            folder.display()
        );
        return Ok(Counts::default());
    }
    let mut command =
        run::cargo(&["run", "--quiet", "--package", "gatewright-testkit", "--bin", "vectors", "--"]);
    run_tests(command.arg(folder))
}
