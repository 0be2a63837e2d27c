//! The server under test: ours, or the reference server, whose pages are others.

use anyhow::Result;
use gatewright_testkit::app::{App, Person, Pushed, Tokens};
use gatewright_testkit::form::Browser;
use gatewright_testkit::reference::Reference;
use url::Url;

use crate::process::{self, Process};

/// A running server.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Ours(&'a Process),
    /// With the number of its process.
    Reference(&'a Reference, u32),
}

impl<'a> Subject<'a> {
    /// Its origin.
    pub(crate) fn url(self) -> &'a str {
        match self {
            Self::Ours(process) => process.url(),
            Self::Reference(reference, _) => reference.url(),
        }
    }

    /// Its accounts.
    pub(crate) fn people(self) -> Vec<Person> {
        match self {
            Self::Ours(process) => Person::all(&process.ready),
            Self::Reference(reference, _) => reference.people(),
        }
    }

    /// CPU time so far, in seconds.
    pub(crate) fn cpu(self) -> f64 {
        process::cpu_of(self.id())
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(self) -> u64 {
        process::memory_of(self.id())
    }

    /// Lets it run, or stops it where it stands, so that another has the processor for itself.
    pub(crate) fn run(self, runs: bool) -> Result<()> {
        process::signal(self.id(), if runs { "-CONT" } else { "-STOP" })
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
            Self::Ours(_) => app.approve(browser, pushed, person).await,
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

    fn id(self) -> u32 {
        match self {
            Self::Ours(process) => process.id(),
            Self::Reference(_, id) => id,
        }
    }
}
