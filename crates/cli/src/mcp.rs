//! The MCP server as a program has it: what it takes, where its sessions are, who may ask.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use gatewright_client::Sessions;
use gatewright_client::per_request::PerRequest;
use gatewright_client::sessions::KeyRing;
use gatewright_client::sessions::file::FolderStore;
use gatewright_mcp::Tools;
use gatewright_mcp::authorization::{Authorization, client};
use gatewright_mcp::http::{RESOURCES, router};
use gatewright_mcp::select::Selector;
use gatewright_protocol::random::Random;
use gatewright_protocol::time::Clock;
use gatewright_resolve::Resolver;
use url::Url;

/// What the MCP server over HTTP is started with.
#[derive(Debug)]
pub struct McpOverHttp<'a> {
    /// Where clients reach it.
    pub origin: Url,
    /// The folder of its sessions and their key.
    pub folder: &'a Path,
    /// The network that accounts are looked up in.
    pub resolver: Resolver,
    /// Hosts that callers may name whatever the identity says.
    pub hosts: &'a [String],
    /// Who runs jq programs.
    pub selector: Selector,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

impl McpOverHttp<'_> {
    /// Its routes.
    ///
    /// # Errors
    /// The folder cannot be used, a host is none, or the origin is none that can sign people in.
    pub fn router(self) -> Result<Router> {
        let Self { origin, folder, resolver, hosts, selector, clock, random } = self;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let ring = KeyRing::load_or_create(&folder.join("session.keys"), &*random)
            .with_context(|| format!("the key file in {} cannot be used", folder.display()))?;
        let sessions = Sessions::builder(FolderStore::open(folder.join("sessions"))?, ring)
            .resolver(resolver)
            .clock(Arc::clone(&clock))
            .random(Arc::clone(&random))
            .build();
        let client = client(&origin, sessions.clone()).context("this address cannot sign people in")?;
        let authorization = Authorization::new(&origin, RESOURCES, client, Arc::clone(&clock), random);
        let mut taken = PerRequest::builder(sessions.clone())
            .app_passwords()
            .session_tokens()
            .references(authorization.references());
        for host in hosts {
            taken = taken.allow_host(host).with_context(|| format!("`{host}` is no host"))?;
        }
        let per_request = taken.build();
        let tools = Tools::per_request(&sessions, per_request.clone(), clock, selector);
        Ok(router(&origin, tools, per_request, &authorization))
    }
}

/// Runs jq programs by this very program, if it is the one that can; in tests it may be another.
pub fn selector() -> Selector {
    match std::env::current_exe() {
        Ok(program) if program.file_stem().is_some_and(|name| name == "gatewright") => {
            Selector::in_process_of(program, ["mcp-select"])
        }
        _ => Selector::in_this_process(),
    }
}
