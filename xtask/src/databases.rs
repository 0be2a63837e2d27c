//! The PostgreSQL server that tests make their databases in: the one that `TEST_DATABASE_URL` names, or one that is started
//! from Debian's programs and ends with the tests.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::run;

const SERVER: &str = "TEST_DATABASE_URL";
/// How long a server may take to answer.
const START: Duration = Duration::from_secs(30);

/// A server.
pub(crate) struct Server {
    url: String,
    own: Option<(Child, PathBuf)>,
}

/// The server that there is, or else a new one.
pub(crate) fn start() -> Result<Server> {
    if let Ok(url) = std::env::var(SERVER) {
        return Ok(Server { url, own: None });
    }
    let folder = std::env::temp_dir().join(format!("gatewright-postgres-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let is_root = run::is_root();
    if is_root {
        // It does not run as root: for root it is the user `postgres` who runs it.
        run::run(Command::new("chmod").arg("0777").arg(&folder))?;
    }
    let data = folder.join("data");
    let mut initdb = run_as(is_root, &program("initdb")?);
    initdb.args(["--auth=trust", "--username=postgres", "--no-sync", "-D"]).arg(&data);
    run::run(initdb.stdout(Stdio::null()))?;
    let mut server = run_as(is_root, &program("postgres")?);
    server.arg("-D").arg(&data).arg("-k").arg(&folder).args(["-h", "", "-c", "fsync=off"]);
    server.args(["-c", "max_connections=400"]);
    let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let socket = folder.to_string_lossy().replace('/', "%2F");
    let server = Server { url: format!("postgres://postgres@{socket}/postgres"), own: Some((child, folder)) };
    server.answers()?;
    Ok(server)
}

impl Server {
    /// Tells a program of it.
    pub(crate) fn name(&self, command: &mut Command) {
        command.env(SERVER, &self.url);
    }

    fn answers(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let asked = Command::new(program("pg_isready")?)
                .args(["--quiet", "--dbname", &self.url])
                .status()
                .context("pg_isready")?;
            if asked.success() {
                return Ok(());
            }
            ensure!(begun.elapsed() < START, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((child, folder)) = &mut self.own {
            let _ = child.kill();
            let _ = child.wait();
            let _ = std::fs::remove_dir_all(folder);
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

/// A program of PostgreSQL, where Debian puts them.
fn program(name: &str) -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folder| folder.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    versions.sort();
    let newest = versions.into_iter().rev().map(|version| version.join("bin").join(name));
    let found = newest.into_iter().find(|program| program.is_file());
    found.with_context(|| format!("{name} is not installed: apt-get install postgresql"))
}
