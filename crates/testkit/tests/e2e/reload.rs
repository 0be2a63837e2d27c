//! SIGHUP: the configuration and the keys are read anew, and nobody who is connected notices.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::program;
use gatewright_testkit::wire::Connection;

/// `serve` over a configuration that is written here; it ends with this value.
struct Served {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Served {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        write(folder.path(), port, "name = \"First Name\"")?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let mut serve = Command::new(program::path()?);
        serve.args(["serve", "--config"]).arg(folder.path().join("gatewright.toml"));
        let child = serve.env("GATEWRIGHT_LOG", "info").stdout(Stdio::null()).stderr(log).spawn()?;
        let served = Self { child, folder, port };
        served.until(async || Connection::open(([127, 0, 0, 1], port).into()).await.is_ok()).await?;
        Ok(served)
    }

    fn configure(&self, more: &str) -> Result<()> {
        write(self.folder.path(), self.port, more)
    }

    fn reload(&self) -> Result<()> {
        ensure!(Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status()?.success());
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn until(&self, holds: impl AsyncFn() -> bool) -> Result<()> {
        let started = Instant::now();
        while !holds().await {
            ensure!(started.elapsed() < Duration::from_secs(20), "it takes too long: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(folder: &Path, port: u16, more: &str) -> Result<()> {
    let data = folder.join("data");
    let text = format!(
        "[server]\npublic_url = \"https://pds.example.net\"\nlisten = \"127.0.0.1:{port}\"\ndata = {:?}\n{more}\n\
         [telemetry]\nmetrics = \"off\"\n",
        data.display()
    );
    Ok(std::fs::write(folder.join("gatewright.toml"), text)?)
}

async fn keys(connection: &mut Connection) -> Result<Vec<String>> {
    let set = connection.send("GET", "/oauth/jwks", &[], &[]).await?.json()?;
    let keys = set["keys"].as_array().context("a set of keys")?;
    Ok(keys.iter().map(|key| key["kid"].as_str().unwrap_or_default().to_owned()).collect())
}

async fn page(connection: &mut Connection) -> Result<String> {
    let headers =
        [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "none")];
    Ok(String::from_utf8(connection.send("GET", "/account", &headers, &[]).await?.body)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_anew_counts_from_the_next_request_on_the_same_connection() -> Result<()> {
    let served = Served::start().await?;
    let mut connection = Connection::open(([127, 0, 0, 1], served.port).into()).await?;
    let before = keys(&mut connection).await?;
    assert!(page(&mut connection).await?.contains("First Name"));
    let config = served.folder.path().join("gatewright.toml");
    let rotated =
        Command::new(program::path()?).args(["keys", "rotate", "--config"]).arg(&config).output()?;
    ensure!(rotated.status.success(), "{rotated:?}");
    served.configure("name = \"Second Name\"")?;
    assert_eq!(keys(&mut connection).await?, before, "nothing happens by itself");

    served.reload()?;
    served.until(async || served.log().contains("were read anew")).await?;
    let after = keys(&mut connection).await?;
    assert_eq!(after.len(), 2);
    assert!(after[0] != before[0] && after[1] == before[0], "the old key stays published: {after:?}");
    assert!(page(&mut connection).await?.contains("Second Name"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_good_changes_nothing_and_the_log_says_why() -> Result<()> {
    let served = Served::start().await?;
    let mut connection = Connection::open(([127, 0, 0, 1], served.port).into()).await?;
    let before = keys(&mut connection).await?;
    for (more, why) in [
        ("nmae = \"Misspelt\"", "nmae"),
        ("name = \"Elsewhere\"\ndata = \"elsewhere\"", "duplicate key"),
        (
            "name = \"Third Name\"\n[store]\nsynchronous = \"normal\"",
            "store cannot change while the server runs",
        ),
    ] {
        served.configure(more)?;
        served.reload()?;
        served.until(async || served.log().contains(why)).await?;
        assert!(page(&mut connection).await?.contains("First Name"));
        assert_eq!(keys(&mut connection).await?, before);
    }
    assert!(!served.log().contains("were read anew"));
    Ok(())
}
