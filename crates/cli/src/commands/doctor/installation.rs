//! This machine's own server: its configuration, its files, its listener, and then all that others see of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::network::Network;
use super::report::{Fault, Report};
use super::server;
use crate::config::Config;
use crate::solo;

/// How long the server may take to say that it lives.
const PATIENCE: Duration = Duration::from_secs(5);

/// The installation of a configuration file.
pub(super) async fn examine(network: &Network, file: &Path, report: &mut Report) {
    let config = Config::load(file).map_err(|error| {
        let mend = "correct the file: `gatewright config check` says in which line, `config schema` what there can be";
        Fault::new(format!("{error:#}"), mend)
    });
    let Some(config) = report.note("config.file", config, |_| format!("{} is good", file.display())) else {
        return;
    };
    report.say("config.proxies", proxies(&config));
    report.say("data.folder", folder(&config.server.data));
    report.say("data.key", key(&solo::key_file(&config.server.data)));
    let lives = lives(config.server.listen).await;
    report.note("listen", lives, |()| format!("the server answers at {}", config.server.listen));
    server::examine(network, &config.server.public_url, report).await;
}

/// Who listens on this machine only has a proxy in front, and everybody comes from that.
fn proxies(config: &Config) -> Result<String, Fault> {
    if config.server.listen.ip().is_loopback() && config.server.trusted_proxies.is_empty() {
        return Err(Fault::new(
            "requests come from a proxy on this machine, and no proxy is trusted: all people share one limit",
            "set server.trusted_proxies = [\"127.0.0.1\"], and let the proxy send X-Forwarded-For",
        ));
    }
    Ok(format!("{} trusted proxies", config.server.trusted_proxies.len()))
}

fn folder(data: &Path) -> Result<String, Fault> {
    let shown = data.display();
    let metadata = std::fs::metadata(data).map_err(|error| {
        Fault::new(
            format!("{shown}: {error}"),
            format!("make the folder for the user of the server: install -d -m 700 -o gatewright {shown}"),
        )
    })?;
    if !metadata.is_dir() {
        return Err(Fault::new(format!("{shown} is no folder"), "set server.data to a folder"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(Fault::new(
            format!("others may look into {shown}"),
            format!("keep it to the user of the server: chmod 700 {shown}"),
        ));
    }
    Ok(format!("{shown} is the server's alone"))
}

fn key(file: &Path) -> Result<String, Fault> {
    let shown = file.display();
    let metadata = std::fs::metadata(file).map_err(|error| {
        let mend =
            "put the file of the backup in its place; a server that never ran makes it at its first start";
        Fault::new(format!("{shown}: {error}"), mend)
    })?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(Fault::new(
            format!("others may read {shown}"),
            format!(
                "chmod 600 {shown}; if anybody else could have read it, change the keys (`gatewright keys rotate`)"
            ),
        ));
    }
    Ok(format!("{shown} is there, and nobody else reads it"))
}

/// Asks the listener itself, past the proxy.
async fn lives(listen: SocketAddr) -> Result<(), Fault> {
    let near: IpAddr = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    let asked = async {
        let mut stream = TcpStream::connect((near, listen.port())).await?;
        stream
            .write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        Ok::<_, std::io::Error>(head)
    };
    let found = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(head)) if head.ends_with(b" 200") => return Ok(()),
        Ok(Ok(_)) => format!("what answers at {listen} is not ready"),
        Ok(Err(error)) => format!("nothing answers at {listen}: {error}"),
        Err(_) => format!("{listen} gives no answer"),
    };
    Err(Fault::new(
        found,
        "start the server (`systemctl start gatewright`), and read why it stopped: `journalctl -u gatewright`",
    ))
}
