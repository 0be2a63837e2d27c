//! The ports of the network: fixed ones, or free ones that are taken again at the next start on the same folder, since
//! the port is part of the issuer.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::hint::Hint;
use crate::listen;

/// How often, and how long apart, a port of the last start is tried.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// The ports of the network, bound.
#[derive(Debug)]
pub(super) struct Ports {
    /// Of the PLC directory.
    pub(super) directory: TcpListener,
    /// Of the server.
    pub(super) server: TcpListener,
    /// Of the app.
    pub(super) app: Option<TcpListener>,
    /// Of the MCP server.
    pub(super) mcp: TcpListener,
}

/// What the last start took.
#[derive(Default, Serialize, Deserialize)]
struct Taken {
    directory: u16,
    server: u16,
    app: u16,
    #[serde(default)]
    mcp: u16,
}

impl Ports {
    /// Binds the ports around `port`, or those of the last start and else any free ones where it is 0.
    pub(super) async fn bind(port: u16, app: bool, data: &Path) -> Result<Self> {
        if port == 0 {
            Self::free(app, &data.join("ports.json")).await
        } else {
            Self::around(port, app).await
        }
    }

    async fn around(port: u16, app: bool) -> Result<Self> {
        let next =
            |offset: i32| u16::try_from(i32::from(port) + offset).context("there is no port beside that one");
        let app = if app { Some(bind(next(1)?).await?) } else { None };
        Ok(Self {
            directory: bind(next(-1)?).await?,
            server: bind(port).await?,
            app,
            mcp: bind(next(2)?).await?,
        })
    }

    async fn free(app: bool, file: &Path) -> Result<Self> {
        let last: Taken =
            std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let app = if app { Some(bind_or_any(last.app).await?) } else { None };
        let ports = Self {
            directory: bind_or_any(last.directory).await?,
            server: bind_or_any(last.server).await?,
            app,
            mcp: bind_or_any(last.mcp).await?,
        };
        let taken = Taken {
            directory: ports.directory.local_addr()?.port(),
            server: ports.server.local_addr()?.port(),
            mcp: ports.mcp.local_addr()?.port(),
            app: ports
                .app
                .as_ref()
                .map_or(Ok(last.app), |app| app.local_addr().map(|address| address.port()))?,
        };
        std::fs::write(file, serde_json::to_vec(&taken)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(ports)
    }
}

async fn bind(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    listen::bind(address).await.with_context(|| {
        Hint::new(
            format!("cannot listen on {address}"),
            "another network may be running here; `--port 0` takes any free ports",
        )
    })
}

/// The port of the last start; any other only when it stays taken, for it is part of the issuer.
async fn bind_or_any(port: u16) -> Result<TcpListener> {
    if port != 0 {
        for _ in 0..TRIES {
            if let Ok(listener) = bind(port).await {
                return Ok(listener);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    bind(0).await
}
