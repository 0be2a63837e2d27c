//! A copy of a database file, made while others work on it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{BUSY, create_private, failed, statements};
use crate::StoreError;

/// Copies a database into a new file of its owner alone: whole, as it was at one moment, and checked. Whoever writes
/// meanwhile goes on. Blocks.
///
/// # Errors
/// When the database cannot be read, the new file is there already or cannot be written, or the copy is not in order.
pub fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(failed("the file is there already"));
    }
    create_private(to)?;
    let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    connection.execute(COPY, [to.to_string_lossy()])?;
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: String = copy.query_row(CHECK, [], |row| row.get(0))?;
    if found != "ok" {
        return Err(failed(format!("the copy is not in order: {found}")));
    }
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(failed)
}

statements! {
    COPY = "VACUUM INTO ?1";
    CHECK = "PRAGMA quick_check(1)";
}
