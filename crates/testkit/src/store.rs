//! The store that a test's network keeps everything in: a SQLite file, or with `GATEWRIGHT_TEST_STORE=postgres` a database
//! for each folder, in the server that `TEST_DATABASE_URL` names. `cargo xtask test` runs everything with both.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use gatewright_protocol::crypto::sha256;
use gatewright_store::contract::cluster::SERVER;
use rusqlite::types::ValueRef;

/// Which store tests run over.
pub const STORE: &str = "GATEWRIGHT_TEST_STORE";

/// The PostgreSQL database for what a network keeps in this folder, made where it is missing; none with SQLite.
///
/// # Errors
/// There is no server, or no such store.
pub fn database(folder: &Path) -> Result<Option<String>> {
    match std::env::var(STORE).as_deref() {
        Err(_) | Ok("sqlite") => return Ok(None),
        Ok("postgres") => {}
        Ok(other) => bail!("{STORE} is `{other}`: it can be `sqlite` or `postgres`"),
    }
    let server = std::env::var(SERVER).with_context(|| format!("{SERVER} names no PostgreSQL server"))?;
    let mut name = "gatewright_".to_owned();
    for byte in &sha256(folder.as_os_str().as_encoded_bytes())[..12] {
        write!(name, "{byte:02x}")?;
    }
    let made = Command::new("createdb").arg("--maintenance-db").arg(&server).arg(&name).output()?;
    let said = String::from_utf8_lossy(&made.stderr);
    ensure!(made.status.success() || said.contains("already exists"), "createdb: {said}");
    let (host, _) = server.rsplit_once('/').context("the URL names a database")?;
    Ok(Some(format!("{host}/{name}")))
}

/// How many nodes serve a network in turn: over a database that they share, two, so that whatever a test does meets a node
/// that did not see what was done before.
pub fn nodes() -> usize {
    if std::env::var(STORE).as_deref() != Ok("postgres") {
        return 1;
    }
    std::env::var("GATEWRIGHT_TEST_NODES").ok().and_then(|nodes| nodes.parse().ok()).unwrap_or(2)
}

/// What a network keeps, past the network: for tests that look at it or break it.
#[derive(Debug)]
pub enum Database {
    /// A database of PostgreSQL.
    Postgres(String),
    /// A file of SQLite.
    Sqlite(PathBuf),
}

impl Database {
    /// That of the network over this folder.
    ///
    /// # Errors
    /// There is no server for it.
    pub fn of(folder: &Path) -> Result<Self> {
        Ok(database(folder)?.map_or_else(|| Self::Sqlite(folder.join("gatewright.sqlite")), Self::Postgres))
    }

    /// Everything that is in a column somewhere: `table.column`, and its bytes.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn values(&self) -> Result<Vec<(String, Vec<u8>)>> {
        match self {
            Self::Postgres(url) => postgres_values(url),
            Self::Sqlite(file) => sqlite_values(file),
        }
    }

    /// Runs statements that both engines know.
    ///
    /// # Errors
    /// They fail.
    pub fn execute(&self, sql: &str) -> Result<()> {
        match self {
            Self::Postgres(url) => psql(url, sql).map(drop),
            Self::Sqlite(file) => {
                let database = rusqlite::Connection::open(file)?;
                database.busy_timeout(Duration::from_secs(5))?;
                Ok(database.execute_batch(sql)?)
            }
        }
    }

    /// What inserts into or updates this table fails from now on, as if the disk were full.
    ///
    /// # Errors
    /// The database does not take it.
    pub fn fill_up(&self, table: &str, event: &str) -> Result<()> {
        self.execute(&match self {
            Self::Postgres(_) => format!(
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$; \
                 CREATE TRIGGER full_{table}_{event} BEFORE {event} ON {table} EXECUTE FUNCTION full_disk();"
            ),
            Self::Sqlite(_) => format!(
                "CREATE TRIGGER full_{table}_{event} BEFORE {event} ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            ),
        })
    }

    /// It works again.
    ///
    /// # Errors
    /// It was not full.
    pub fn make_room(&self, table: &str, event: &str) -> Result<()> {
        self.execute(&match self {
            Self::Postgres(_) => format!("DROP TRIGGER full_{table}_{event} ON {table}"),
            Self::Sqlite(_) => format!("DROP TRIGGER full_{table}_{event}"),
        })
    }
}

fn sqlite_values(file: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let database = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for table in names {
        let mut all = database.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns: Vec<String> = all.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            for (at, column) in columns.iter().enumerate() {
                let bytes = match row.get_ref(at)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
                    ValueRef::Integer(number) => number.to_string().into_bytes(),
                    ValueRef::Null | ValueRef::Real(_) => continue,
                };
                found.push((format!("{table}.{column}"), bytes));
            }
        }
    }
    Ok(found)
}

fn postgres_values(url: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let columns = "SELECT table_name || '.' || column_name || '.' || data_type FROM information_schema.columns \
                   WHERE table_schema = 'public' ORDER BY 1";
    let mut found = Vec::new();
    // One look at all of them: a program for each would take long.
    let mut looks = String::new();
    let listed = psql(url, columns)?;
    for line in listed.lines() {
        let mut parts = line.splitn(3, '.');
        let (Some(table), Some(column), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
            bail!("not a column: {line}")
        };
        let hexadecimal = match kind {
            "bytea" => format!("encode(\"{column}\", 'hex')"),
            _ => format!("encode(convert_to(\"{column}\"::text, 'UTF8'), 'hex')"),
        };
        write!(
            looks,
            "SELECT '{table}.{column}.' || {hexadecimal} FROM \"{table}\" WHERE \"{column}\" IS NOT NULL; "
        )?;
    }
    for line in psql(url, &looks)?.lines() {
        let (place, digits) = line.rsplit_once('.').context("a value has a place")?;
        let bytes: Option<Vec<u8>> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        found.push((place.to_owned(), bytes.context("hexadecimal digits")?));
    }
    Ok(found)
}

/// What `psql` prints of statements: a line a row.
fn psql(url: &str, sql: &str) -> Result<String> {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
    let output = psql.args(["--dbname", url, "--command", sql]).output().context("psql is not installed")?;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
