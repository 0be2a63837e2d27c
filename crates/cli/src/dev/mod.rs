//! A whole network on loopback: a PLC directory, the authorization server with the record host, and the demo app.
//!
//! `gatewright dev` starts it for people, the tests for themselves. It is the same code as `serve`, with names and
//! addresses of one machine: `.test` handles, plain HTTP, client metadata on localhost. Nothing else is relaxed.

mod accounts;
mod lexicons;
pub mod mail;
mod names;
mod nodes;
pub mod plc;
mod ports;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gatewright_client::Sessions;
use gatewright_client::sessions::KeyRing;
use gatewright_client::sessions::file::FolderStore;
use gatewright_host::settings::SignUpMode;
use gatewright_protocol::random::Random;
use gatewright_protocol::time::Clock;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

pub use accounts::DevAccount;

use crate::config::hosts::Host;
use crate::config::permission_sets::{Changes, PermissionSets};
use crate::config::services::Services;
use crate::config::store::{Store as StoreConfig, Synchronous};
use crate::hint::Hint;
use crate::mcp::{McpOverHttp, selector};
use crate::solo::{Parts, Solo};
use crate::{listen, metrics};
use mail::MailFolder;
use names::Names;
use plc::Directory;
use ports::Ports;

/// How many connections each service of the network takes at once.
const CONNECTIONS: usize = 4096;
/// How long the network may take to stop.
const STOP: Duration = Duration::from_millis(4500);

/// How to start a network.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of everything that is kept.
    pub data: PathBuf,
    /// The port of the server; the directory has the one before, the app the one after. 0: any free ones.
    pub port: u16,
    /// How many accounts there are, at least two.
    pub accounts: usize,
    /// Who may make an account.
    pub sign_up: SignUpMode,
    /// Whether the demo app runs.
    pub demo: bool,
    /// Whether requests are counted.
    pub rate_limits: bool,
    /// What an acknowledged change survives.
    pub synchronous: Synchronous,
    /// The PostgreSQL database that takes the place of the file.
    pub store: Option<String>,
    /// How many nodes serve it in turn; more than one only over a database.
    pub nodes: usize,
    /// Who answers what the server does not: services on this machine, too.
    pub services: Services,
    /// Stock hosts on this machine that keep the records of accounts. They start after the server, for they are told its
    /// key; so no account is made at the start.
    pub hosts: Vec<Host>,
    /// The PLC directory; one of its own if there is none.
    pub plc: Option<Url>,
    /// What a permission set that gives more than before means for sessions.
    pub set_changes: Changes,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

impl Options {
    /// What `gatewright dev` starts without options, over this folder.
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            port: 2583,
            accounts: 2,
            sign_up: SignUpMode::Closed,
            demo: true,
            rate_limits: true,
            synchronous: Synchronous::Normal,
            store: None,
            nodes: 1,
            services: Services::default(),
            hosts: Vec::new(),
            plc: None,
            set_changes: Changes::Follow,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }
}

/// What the network prints once everything answers.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the fields")]
pub struct Ready {
    /// Always true.
    ready: bool,
    /// The origin of the server, which is its issuer too.
    pub url: String,
    /// The origin of the PLC directory.
    pub plc_url: String,
    /// The DID of the record host.
    pub service_did: String,
    /// The origin of the demo app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_url: Option<String>,
    /// The MCP server.
    pub mcp_url: String,
    /// The folder of everything that is kept.
    pub data: PathBuf,
    /// The accounts, with their passwords.
    pub accounts: Vec<DevAccount>,
}

/// A running network.
#[derive(Debug)]
pub struct Network {
    ready: Ready,
    solo: Arc<Solo>,
    names: Arc<Names>,
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Network {
    /// Starts a network; when this returns, everything answers.
    ///
    /// # Errors
    /// When a port is taken, the folder cannot be used, or holds the network of another port.
    pub async fn start(options: Options) -> Result<Self> {
        std::fs::create_dir_all(&options.data)
            .with_context(|| format!("cannot make {}", options.data.display()))?;
        let Ports { directory: plc, server, app, mcp } =
            Ports::bind(options.port, options.demo, &options.data).await?;
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();

        let own_plc = format!("http://localhost:{}", plc.local_addr()?.port());
        let plc_url = options.plc.as_ref().map_or(own_plc, |plc| plc.origin().ascii_serialization());
        let directory = Directory::open(&options.data.join("plc.jsonl"), Arc::clone(&options.clock))?;
        running.spawn(listen::serve(plc, directory.router(), CONNECTIONS, stopped.clone()));

        let port = server.local_addr()?.port();
        let url = format!("http://localhost:{port}");
        let names = Arc::new(Names::default());
        let parts = Parts {
            origin: url.clone(),
            development: true,
            data: options.data.clone(),
            plc_url: Url::parse(&plc_url)?,
            handle_domains: vec![".test".to_owned()],
            sign_up: options.sign_up,
            network: gatewright_resolve::Network::Development(Arc::clone(&names) as _),
            store: StoreConfig {
                synchronous: options.synchronous,
                url: options.store.clone(),
                ..StoreConfig::default()
            },
            rate_limits: options.rate_limits,
            name: None,
            oauth: crate::config::oauth::Oauth::default(),
            trusted_proxies: Vec::new(),
            permission_sets: PermissionSets { changes: options.set_changes, ..PermissionSets::default() },
            notices: Some(Arc::new(MailFolder::new(options.data.join("mail"), Arc::clone(&options.clock)))),
            blob_bytes: crate::config::limits::Limits::default().blob_bytes,
            services: options.services.clone(),
            hosts: options.hosts.clone(),
            clock: Arc::clone(&options.clock),
            random: Arc::clone(&options.random),
        };
        ensure!(
            options.nodes == 1 || options.store.is_some(),
            Hint::new("several nodes cannot share a file", "name a PostgreSQL database with --store")
        );
        let solo = Arc::new(Solo::open(parts.clone()).await?);
        names.answer_from(solo.kept());
        directory.move_hosts(&url, &solo.rotation_key()?)?;
        let mut nodes = vec![solo.router()];
        for _ in 1..options.nodes {
            let node = Solo::open(parts.clone()).await?;
            node.spawn_tasks(&mut running, stopped.clone());
            nodes.push(node.router());
        }
        let router = metrics::router().merge(nodes::in_turn(nodes));
        running.spawn(listen::serve(server, router, CONNECTIONS, stopped.clone()));
        solo.spawn_tasks(&mut running, stopped.clone());

        // Each service looks accounts up for itself, as it would from elsewhere.
        let resolver = || -> Result<gatewright_resolve::Resolver> {
            Ok(gatewright_resolve::Resolver::builder(Arc::clone(&options.clock))
                .network(gatewright_resolve::Network::Development(Arc::clone(&names) as _))
                .plc_url(Url::parse(&plc_url)?)
                .build())
        };
        let demo_url = match app {
            None => None,
            Some(app) => {
                let own = format!("http://127.0.0.1:{}", app.local_addr()?.port());
                let demo = demo(&url, &own, resolver()?, &options)?;
                running.spawn(listen::serve(app, demo, CONNECTIONS, stopped.clone()));
                Some(own)
            }
        };
        let mcp_origin = format!("http://127.0.0.1:{}", mcp.local_addr()?.port());
        let over_http = McpOverHttp {
            origin: Url::parse(&mcp_origin)?,
            folder: &options.data.join("mcp"),
            resolver: resolver()?,
            hosts: std::slice::from_ref(&url),
            selector: selector(),
            clock: Arc::clone(&options.clock),
            random: Arc::clone(&options.random),
        };
        running.spawn(listen::serve(mcp, over_http.router()?, CONNECTIONS, stopped));
        let mut accounts = Vec::new();
        if options.hosts.is_empty() {
            accounts = accounts::ensure(&options, &solo).await?;
            names.fall_back_to(lexicons::publish(&solo).await?);
        }
        let ready = Ready {
            ready: true,
            url,
            plc_url,
            service_did: solo.service_did().to_string(),
            demo_url,
            mcp_url: format!("{mcp_origin}{}", gatewright_mcp::http::OPEN),
            data: options.data,
            accounts,
        };
        Ok(Self { ready, solo, names, stop, running })
    }

    /// What it printed, or would print.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The server and host of the network.
    pub fn solo(&self) -> &Solo {
        &self.solo
    }

    /// Sets the TXT values of a `_lexicon` name, such as `_lexicon.notes.example.com`, in place of those that follow from
    /// what is published here: for trying what an author elsewhere may do.
    pub fn set_txt(&self, name: &str, values: Vec<String>) {
        self.names.set_txt(name, values);
    }

    /// Finishes what was accepted and stops.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.running.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(STOP, all).await;
    }
}

/// The app over sessions of its own, sealed in the folder of the network beside their key: nothing in it is worth more.
fn demo(
    url: &str,
    own: &str,
    resolver: gatewright_resolve::Resolver,
    options: &Options,
) -> Result<axum::Router> {
    let folder = options.data.join("demo");
    std::fs::create_dir_all(&folder)?;
    let ring = KeyRing::load_or_create(&folder.join("session.keys"), &*options.random)?;
    let sessions = Sessions::builder(FolderStore::open(folder.join("sessions"))?, ring)
        .resolver(resolver)
        .clock(Arc::clone(&options.clock))
        .build();
    let config = gatewright_demo::Config {
        authorization_server: Url::parse(url)?,
        clock: Arc::clone(&options.clock),
        own_origin: Url::parse(own)?,
        sessions,
    };
    Ok(gatewright_demo::App::new(config)?.router())
}
