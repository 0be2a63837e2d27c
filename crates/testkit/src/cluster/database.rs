//! The PostgreSQL server that all nodes share: started from Debian's programs, stopped and started again where a test wants it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};

const DATABASE: &str = "gatewright";

/// The server. It ends with this value.
#[derive(Debug)]
pub struct Database {
    folder: PathBuf,
    programs: PathBuf,
}

impl Database {
    /// A new one in this folder, as an operator has it: a commit is on the disk before it is acknowledged.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not do it.
    pub fn start(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        open_to_all(folder)?;
        let server = Self { folder: folder.to_owned(), programs: programs()? };
        let data = server.data();
        server.run("initdb", &["--auth=trust", "--username=postgres", "-D", &data])?;
        server.begin()?;
        server.run("createdb", &["-h", &server.socket(), "-U", "postgres", DATABASE])?;
        Ok(server)
    }

    /// The URL for nodes.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/{DATABASE}", self.socket().replace('/', "%2F"))
    }

    /// Stops it as `pg_ctl` does it in this mode, and starts it again.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not do it.
    pub fn restart(&self, mode: &str) -> Result<()> {
        self.run("pg_ctl", &["-D", &self.data(), "-m", mode, "-w", "stop"])?;
        self.begin()
    }

    /// Cuts every connection of the nodes; how many there were.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not do it.
    pub fn cut(&self) -> Result<u64> {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'gatewright'";
        let words = ["-h", &self.socket(), "-U", "postgres", "-d", DATABASE, "-XqtAc", cut];
        let output = self.run("psql", &words)?;
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }

    /// The number of its first process, whose children do the work.
    ///
    /// # Errors
    /// It does not run.
    pub fn process_id(&self) -> Result<u32> {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(file.lines().next().context("a process")?.trim().parse()?)
    }

    fn begin(&self) -> Result<()> {
        let options = format!("-h '' -k {} -c max_connections=200", self.socket());
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-o", &options, "-w", "start"]).map(drop)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn socket(&self) -> String {
        self.folder.display().to_string()
    }

    /// Runs a program of PostgreSQL. It does not run as root, so for root it is the user `postgres` who runs it.
    fn run(&self, program: &str, words: &[&str]) -> Result<Output> {
        let path = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        // A server that is started keeps what it writes to open, so that is a file.
        let said = tempfile::tempfile()?;
        command.current_dir(&self.folder).args(words).stdin(Stdio::null()).stderr(said.try_clone()?);
        let output = if program == "pg_ctl" {
            command.stdout(said.try_clone()?).output()
        } else {
            command.stdout(Stdio::piped()).output()
        };
        let output = output.with_context(|| format!("{program} is not installed"))?;
        ensure!(
            output.status.success(),
            "{program} ended with {}: see {}",
            output.status,
            self.folder.display()
        );
        Ok(output)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
    }
}

/// Lets another user work in a folder.
pub(super) fn open_to_all(folder: &Path) -> Result<()> {
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    Ok(std::fs::set_permissions(folder, open)?)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Where the programs of the newest PostgreSQL are.
fn programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").context("apt-get install postgresql")?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    found.pop().context("apt-get install postgresql")
}
