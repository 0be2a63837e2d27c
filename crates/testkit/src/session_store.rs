//! Session stores of every kind by one text, and database servers that live as long as a test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use gatewright_client::sessions::SessionStore;
use gatewright_client::sessions::file::FolderStore;
use gatewright_client::sessions::postgres::Postgres;
use gatewright_client::sessions::redis::Redis;
use gatewright_client::sessions::sqlite::Sqlite;
use gatewright_store::contract::cluster::Cluster;
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
    process: Process,
    /// What [`open`] takes.
    pub url: String,
}

#[derive(Debug)]
enum Process {
    Postgres(Cluster),
    Redis(Child, TempDir),
}

impl Server {
    /// Makes a database of its own in a PostgreSQL server, and gives its URL.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn database(&self, name: &str) -> Result<String> {
        let mut createdb = Command::new("createdb");
        createdb.arg("--maintenance-db").arg(&self.url).arg(name);
        ensure!(createdb.status()?.success(), "createdb failed");
        let (server, _) = self.url.rsplit_once('/').context("the URL names a database")?;
        Ok(format!("{server}/{name}"))
    }

    /// The folder where it keeps everything, after it was told to write down all that it holds.
    ///
    /// # Errors
    /// It does not write.
    pub fn written(&self) -> Result<&Path> {
        let (folder, mut tell) = match &self.process {
            Process::Redis(_, folder) => (folder.path(), Command::new("redis-cli")),
            Process::Postgres(cluster) => (cluster.folder(), Command::new("psql")),
        };
        match &self.process {
            Process::Redis(..) => tell.arg("-s").arg(folder.join("redis.sock")).arg("SAVE"),
            Process::Postgres(_) => tell.args(["--quiet", "--dbname", &self.url, "--command", "CHECKPOINT"]),
        };
        ensure!(tell.stdout(Stdio::null()).status()?.success(), "it does not write");
        Ok(folder)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Self::Redis(child, _) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
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
    answering(Server { process: Process::Redis(child, folder), url }).await
}

/// A PostgreSQL server.
///
/// # Errors
/// PostgreSQL is not installed, or does not start.
pub async fn postgres() -> Result<Server> {
    let cluster = Cluster::start().map_err(anyhow::Error::msg)?;
    let url = cluster.url().to_owned();
    answering(Server { process: Process::Postgres(cluster), url }).await
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
