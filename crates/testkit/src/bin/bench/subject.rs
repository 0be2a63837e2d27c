//! The server under test: ours, in one process or in several nodes, or the reference server, whose pages are others.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use gatewright_testkit::app::{App, Person, Pushed, Tokens};
use gatewright_testkit::form::Browser;
use gatewright_testkit::reference::Reference;
use url::Url;

use crate::nodes::Nodes;
use crate::process::{self, Process};

/// A running server.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Nodes(&'a Nodes),
    Ours(&'a Process),
    /// With the number of its process.
    Reference(&'a Reference, u32),
}

impl<'a> Subject<'a> {
    /// Its origin.
    pub(crate) fn url(self) -> &'a str {
        match self {
            Self::Nodes(nodes) => &nodes.issuer,
            Self::Ours(process) => process.url(),
            Self::Reference(reference, _) => reference.url(),
        }
    }

    /// Its accounts.
    pub(crate) fn people(self) -> Vec<Person> {
        match self {
            Self::Nodes(nodes) => nodes.people.clone(),
            Self::Ours(process) => Person::all(&process.ready),
            Self::Reference(reference, _) => reference.people(),
        }
    }

    /// CPU time so far, in seconds.
    pub(crate) fn cpu(self) -> f64 {
        match self {
            Self::Nodes(nodes) => nodes.cpu(),
            Self::Ours(_) | Self::Reference(..) => self.ids().into_iter().map(process::cpu_of).sum(),
        }
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(self) -> u64 {
        self.ids().into_iter().map(process::memory_of).sum()
    }

    /// Lets it run, or stops it where it stands, so that another has the processor for itself.
    pub(crate) fn run(self, runs: bool) -> Result<()> {
        let signal = if runs { "-CONT" } else { "-STOP" };
        self.ids().into_iter().try_for_each(|id| process::signal(id, signal))
    }

    /// Takes a person through its pages, and returns the URL that the browser is sent back to.
    pub(crate) async fn approve(
        self,
        app: &App,
        browser: &mut Browser,
        pushed: &Pushed,
        person: &Person,
    ) -> Result<Url> {
        match self {
            Self::Nodes(_) | Self::Ours(_) => app.approve(browser, pushed, person).await,
            Self::Reference(reference, _) => {
                reference.approve(&app.authorize_url(&pushed.request_uri).parse()?, person).await
            }
        }
    }

    /// A whole sign-in: push, pages, exchange.
    pub(crate) async fn sign_in(
        self,
        app: &mut App,
        browser: &mut Browser,
        person: &Person,
    ) -> Result<Tokens> {
        let pushed = app.push(&[]).await?;
        let back = self.approve(app, browser, &pushed, person).await?;
        let code = app.code(&back, &pushed)?;
        let answer = app.exchange(&code, &pushed).await?;
        app.keep(&answer)
    }

    /// Where its nodes listen: each request of a client goes to the next one.
    pub(crate) fn addresses(self) -> Result<Vec<SocketAddr>> {
        if let Self::Nodes(nodes) = self {
            return Ok(nodes.addresses.clone());
        }
        let port = Url::parse(self.url())?.port_or_known_default().context("no port")?;
        Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))])
    }

    fn ids(self) -> Vec<u32> {
        match self {
            Self::Nodes(nodes) => nodes.ids(),
            Self::Ours(process) => vec![process.id()],
            Self::Reference(_, id) => vec![id],
        }
    }
}
