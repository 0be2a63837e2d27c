//! A PostgreSQL server that lives as long as this value, and empty databases.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// Names a server that runs already, as a user who may make databases: `postgres://…`. `cargo xtask test` sets it.
pub const SERVER: &str = "TEST_DATABASE_URL";

/// How long a server may take to answer.
const START: Duration = Duration::from_secs(30);

/// A server with its data in a folder of its own, on a socket there.
#[derive(Debug)]
pub struct Cluster {
    child: Child,
    url: String,
    folder: TempDir,
}

impl Cluster {
    /// Starts one from Debian's programs, without care for the disk. It does not run as root, so for root it is the user
    /// `postgres` who runs it.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start: what was tried and why not.
    pub fn start() -> Result<Self, String> {
        let told = |what: &str| {
            let what = what.to_owned();
            move |error: std::io::Error| format!("{what}: {error}")
        };
        let folder = tempfile::tempdir().map_err(told("a folder"))?;
        let data = folder.path().join("data");
        let is_root = std::env::var_os("USER").is_none_or(|user| user == "root");
        #[cfg(unix)]
        if is_root {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
            std::fs::set_permissions(folder.path(), open).map_err(told("the folder"))?;
        }
        let mut initdb = run_as(is_root, &program("initdb")?);
        initdb.args(["--auth=trust", "--username=postgres", "--no-sync", "-D"]).arg(&data);
        let made = initdb.stdout(Stdio::null()).status().map_err(told("initdb"))?;
        if !made.success() {
            return Err(format!("initdb: {made}"));
        }
        let mut server = run_as(is_root, &program("postgres")?);
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        server.args(["-h", "", "-c", "fsync=off", "-c", "max_connections=200"]);
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(told("postgres"))?;
        let socket = folder.path().to_string_lossy().replace('/', "%2F");
        Ok(Self { child, url: format!("postgres://postgres@{socket}/postgres"), folder })
    }

    /// Its first database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where all of it lies, the socket too.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn answers(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            match PgConnection::connect(&self.url).await {
                Ok(connection) => return connection.close().await.map_err(|error| error.to_string()),
                Err(error) if begun.elapsed() > START => return Err(format!("no answer: {error}")),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty database, and what must live as long as it: in the server that [`SERVER`] names, or else in one of its own.
///
/// # Errors
/// There is no server, or it makes none.
pub async fn empty_database() -> Result<(String, Option<Cluster>), String> {
    let (server, cluster) = if let Ok(server) = std::env::var(SERVER) {
        (server, None)
    } else {
        let cluster = Cluster::start()?;
        cluster.answers().await?;
        (cluster.url().to_owned(), Some(cluster))
    };
    let mut admin = PgConnection::connect(&server).await.map_err(|error| error.to_string())?;
    let name = format!("gatewright_{}", unique());
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&mut admin).await.map_err(|error| error.to_string())?;
    let (host, _) = server.rsplit_once('/').ok_or("the URL names no database")?;
    Ok((format!("{host}/{name}"), cluster))
}

/// A word that nobody else has.
fn unique() -> String {
    use std::hash::{BuildHasher as _, RandomState};

    format!("{}_{:x}", std::process::id(), RandomState::new().hash_one("a database"))
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
fn program(name: &str) -> Result<PathBuf, String> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folder| folder.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        versions.into_iter().rev().map(|version| version.join("bin")).chain(std::env::split_paths(&path));
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    found.ok_or_else(|| format!("{name} is not installed: apt-get install postgresql"))
}
