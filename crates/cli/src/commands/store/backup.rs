//! `gatewright store backup FOLDER`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::args::Installation;
use crate::config::Config;
use crate::hint::Hint;
use crate::printer::Printer;
use crate::{rotation_key, solo};

const EXAMPLES: &str = "Examples:
  gatewright store backup /backup/gatewright                          the database and the blobs
  gatewright store backup /backup/gatewright --keys /other-place      the keys too, somewhere else

Run it again on the same folder: the database is copied anew, of the blobs only what is new.
To go back: stop the server, put the files in the place of those of `server.data`, start it.";

/// Copy the database and the blobs to a folder, while the server runs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder of the copy; made if there is none
    folder: PathBuf,
    /// Copy the keys too, to this folder: apart from the rest, for together they open everything
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    installation: Installation,
}

/// Copies the installation: first the database, so that every blob it names is there to be copied after it.
///
/// # Errors
/// When there is no installation, or a folder cannot be written.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let config = Config::load(&args.installation.config)?;
    ensure!(
        config.store.url.is_none(),
        Hint::new(
            "this copies a SQLite file, and the installation has a PostgreSQL database",
            "`pg_dump` copies that; copy the folder of blobs after it"
        )
    );
    let data = config.server.data;
    let database = solo::database_file(&data);
    ensure!(
        database.is_file(),
        Hint::new(format!("there is no installation in {}", data.display()), "is `server.data` right?")
    );
    if let Some(keys) = &args.keys {
        ensure!(
            *keys != args.folder,
            Hint::new(
                "the keys would lie beside the rest",
                "name a folder in another place: whoever has both has everything"
            )
        );
    }
    make_folder(&args.folder)?;
    let (copy, fresh) = (solo::database_file(&args.folder), args.folder.join("gatewright.sqlite.new"));
    if fresh.exists() {
        // Of a run that was cut off.
        fs::remove_file(&fresh)?;
    }
    printer.note(format_args!("copying {}", database.display()));
    gatewright_store::sqlite::backup(&database, &fresh)
        .with_context(|| format!("cannot copy {} to {}", database.display(), fresh.display()))?;
    fs::rename(&fresh, &copy)?;
    printer.note("copying the blobs that the folder does not have yet");
    let blobs = copy_new(&data.join("blobs"), &args.folder.join("blobs"))?;
    if let Some(keys) = &args.keys {
        make_folder(keys)?;
        let entryway = Some(rotation_key::entryway_file(&data)).filter(|file| file.exists());
        for file in [solo::key_file(&data), rotation_key::file(&data)].into_iter().chain(entryway) {
            copy_secret(&file, keys)?;
        }
    } else {
        printer.note("the keys are not in the copy (`--keys FOLDER`): without them nobody's session or repository goes on");
    }
    let bytes = fs::metadata(&copy)?.len();
    printer.line(format_args!("{}: {bytes} bytes, and {blobs} new blobs", copy.display()))?;
    Ok(0)
}

fn make_folder(folder: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))
}

/// Copies the files that are not there yet; how many those were. A blob never changes: its name is its content.
fn copy_new(from: &Path, to: &Path) -> Result<u64> {
    make_folder(to)?;
    let mut copied = 0;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            // What is being received is none yet.
            if entry.file_name() != OsStr::new("incoming") {
                copied += copy_new(&source, &target)?;
            }
        } else if !target.exists() {
            let part = to.join(".part");
            match fs::copy(&source, &part) {
                Ok(_) => fs::rename(&part, &target)?,
                // Deleted since: the account that had it is gone, or its last record.
                Err(_) if !source.exists() => continue,
                Err(error) => return Err(error).with_context(|| format!("cannot copy {}", source.display())),
            }
            copied += 1;
        }
    }
    Ok(copied)
}

/// Copies a file that nobody else may read.
fn copy_secret(file: &Path, folder: &Path) -> Result<()> {
    let target = folder.join(file.file_name().context("a file has a name")?);
    let mut from = fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let to = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&target);
    let mut to = to.with_context(|| format!("cannot write {}", target.display()))?;
    std::io::copy(&mut from, &mut to)?;
    to.sync_all()?;
    Ok(())
}
