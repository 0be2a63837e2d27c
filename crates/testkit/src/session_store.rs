//! Session stores of every kind by one text, and database servers that live as long as a test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use gatewright_client::sessions::SessionStore;
use gatewright_client::sessions::file::FolderStore;
use gatewright_client::sessions::postgres::Postgres;
use gatewright_client::sessions::redis::Redis;
use gatewright_client::sessions::sqlite::Sqlite;
use tempfile::TempDir;

/// How long a database server may take to answer.
const START: Duration = Duration::from_secs(30);

/// The store of a text: `file:FOLDER`, `sqlite:FILE`, `postgres://…`, `redis+unix://…`.
///
/// # Errors
/// It cannot be opened.
pub async fn open(text: &str) -> Result<Arc<dyn SessionStore>> {
    Ok(if let Some(folder) = text.strip_prefix("file:") {
        Arc::new(FolderStore::open(folder)?)
    } else if let Some(file) = text.strip_prefix("sqlite:") {
        Arc::new(Sqlite::open(file)?)
    } else if text.starts_with("postgres:") {
        Arc::new(Postgres::connect(text).await?)
    } else if text.starts_with("redis") {
        Arc::new(Redis::connect(text).await?)
    } else {
        bail!("no such store: {text}")
    })
}

/// A database server of one test, on a socket in a folder of its own.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// What [`open`] takes.
    pub url: String,
    folder: TempDir,
}

impl Server {
    /// Makes a database of its own in a PostgreSQL server, and gives its URL.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn database(&self, name: &str) -> Result<String> {
        let mut createdb = Command::new(program("createdb")?);
        createdb.arg("-h").arg(self.folder.path()).args(["-U", "postgres", name]);
        ensure!(createdb.status()?.success(), "createdb failed");
        let (server, _) = self.url.rsplit_once('/').context("the URL names a database")?;
        Ok(format!("{server}/{name}"))
    }

    /// The folder where it keeps everything, after it was told to write down all that it holds.
    ///
    /// # Errors
    /// It does not write.
    pub fn written(&self) -> Result<&Path> {
        let folder = self.folder.path();
        let mut tell;
        if self.url.starts_with("redis") {
            tell = Command::new("redis-cli");
            tell.arg("-s").arg(folder.join("redis.sock")).arg("SAVE");
        } else {
            tell = Command::new(program("psql")?);
            tell.arg("-h").arg(folder).args(["-q", "-U", "postgres", "-c", "CHECKPOINT"]);
        }
        ensure!(tell.stdout(Stdio::null()).status()?.success(), "it does not write");
        Ok(folder)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Redis server.
///
/// # Errors
/// `redis-server` is not installed, or does not start.
pub async fn redis() -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("redis.sock");
    let child = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--rdbcompression", "no", "--unixsocket"])
        .arg(&socket)
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .context("redis-server is not installed")?;
    let url = format!("redis+unix://{}", socket.display());
    answering(Server { child, url, folder }).await
}

/// A PostgreSQL server. It does not run as root, so for root it is the user `postgres` who runs it.
///
/// # Errors
/// PostgreSQL is not installed, or does not start.
pub async fn postgres() -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let is_root = std::env::var_os("USER").is_none_or(|user| user == "root");
    if is_root {
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
    }
    let initdb = run_as(is_root, &program("initdb")?)
        .args(["--auth=trust", "--username=postgres", "--no-sync", "-D"])
        .arg(&data)
        .stdout(Stdio::null())
        .status()?;
    ensure!(initdb.success(), "initdb failed");
    let child = run_as(is_root, &program("postgres")?)
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(folder.path())
        .args(["-h", "", "-c", "fsync=off", "-c", "max_connections=100"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let socket = folder.path().to_string_lossy().replace('/', "%2F");
    let url = format!("postgres://postgres@{socket}/postgres");
    answering(Server { child, url, folder }).await
}

async fn answering(server: Server) -> Result<Server> {
    let begun = Instant::now();
    loop {
        match open(&server.url).await {
            Ok(_) => return Ok(server),
            Err(error) if begun.elapsed() > START => return Err(error.context("the server does not answer")),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn run_as(is_root: bool, program: &Path) -> Command {
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

/// A program of PostgreSQL, where Debian puts them or on the path.
fn program(name: &str) -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folder| folder.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        versions.into_iter().rev().map(|version| version.join("bin")).chain(std::env::split_paths(&path));
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    found.with_context(|| format!("{name} is not installed: apt-get install postgresql"))
}
