//! The `gatewright` program.

use std::process::ExitCode;

use clap::Parser;
use gatewright::args::Args;
use gatewright::printer::Printer;
use gatewright::{commands, hint};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let mut printer = Printer::standard();
    match commands::run(args, &mut printer) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            hint::print(&error, &mut printer);
            ExitCode::from(commands::FAILED)
        }
    }
}
