//! One client with one session: what a real one does, and what the server must refuse it.

use std::net::SocketAddr;

use anyhow::Result;
use gatewright_protocol::random::random_bytes;
use gatewright_resolve::system::SystemRandom;
use gatewright_testkit::app::{App, Person, Pushed, hex};
use gatewright_testkit::form::Browser;
use gatewright_testkit::wire::{Answer, Connection};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::load::{Load, Record};
use crate::said::{PATIENCE, PAUSE, Said, Settled, judge, once, settle};
use crate::tally::{Done, Wrong};

pub(crate) const COLLECTION: &str = "com.example.faults";
const SCOPE: &str = "atproto repo:com.example.faults";
const SESSION: &str = "com.atproto.server.getSession";

/// A client that is signed in.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) app: App,
    person: Person,
    /// The code that its session came of, and what it was exchanged with.
    pub(crate) code: (String, Pushed),
    /// Refresh tokens that it had, the oldest first; the last one is current.
    pub(crate) refreshes: Vec<String>,
}

/// A proof and the access token it is for, as they were sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    authorization: String,
    proof: String,
}

/// Takes a person through the pages, and returns the client with a code that it has not exchanged yet.
async fn authorize(load: &Load, browser: &mut Browser, person: &Person) -> Option<(App, String, Pushed)> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE * 6 {
        let attempt = async {
            let mut app = App::loopback(&load.doors.issuer, SCOPE)?;
            app.via = Some(load.doors.proxy);
            let pushed = app.push(&[]).await?;
            load.tally.done(Done::Pushed);
            let back = app.approve(browser, &pushed, person).await?;
            let code = app.code(&back, &pushed)?;
            load.tally.done(Done::Approved);
            anyhow::Ok((app, code, pushed))
        };
        if let Ok(Ok(found)) = tokio::time::timeout(PATIENCE * 2, attempt).await {
            return Some(found);
        }
        load.tally.done(Done::Unknown);
        sleep(PAUSE).await;
    }
    load.tally.wrong(Wrong::Stuck, "nobody can sign in");
    None
}

impl Client {
    /// Signs a person in. None if nothing can be said about what came of it.
    pub(crate) async fn sign_in(load: &Load, browser: &mut Browser, person: &Person) -> Option<Self> {
        let (mut app, code, pushed) = authorize(load, browser, person).await?;
        let settled = settle(&load.tally, async || app.exchange(&code, &pushed).await).await;
        let Some(answer) = settled.answer.as_ref().filter(|_| settled.is_yes()) else {
            if settled.was_unknown {
                load.tally.done(Done::Abandoned);
            } else {
                load.tally.wrong(Wrong::GrantLost, format!("a fresh code: {}", settled.text()));
            }
            return None;
        };
        load.tally.done(Done::Exchanged);
        let refresh = app.keep(answer).ok()?.refresh;
        let mut client = Self { app, person: person.clone(), code: (code, pushed), refreshes: vec![refresh] };
        client.read(load, Wrong::GrantLost).await.then_some(client)
    }

    /// Presents a new code at two nodes at once.
    pub(crate) async fn race_code(load: &Load, browser: &mut Browser, person: &Person) {
        let Some((app, code, pushed)) = authorize(load, browser, person).await else { return };
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", app.redirect_uri.as_str()),
            ("code", code.as_str()),
            ("code_verifier", pushed.verifier.expose()),
        ];
        let (one, other) = race(load, &app, &form).await;
        if matches!((&one, &other), (Said::Yes(_), Said::Yes(_))) {
            load.tally.wrong(Wrong::CodeTwice, "at two nodes at once");
        }
        load.tally.done(Done::CodeRaced);
    }

    /// Reads as the person, through the proxy. Whether it goes on.
    pub(crate) async fn read(&mut self, load: &Load, otherwise: Wrong) -> bool {
        let app = &mut self.app;
        let settled = settle(&load.tally, async || app.query(&load.doors.issuer, SESSION, &[]).await).await;
        self.goes_on(load, &settled, Done::Read, otherwise)
    }

    /// Writes a record. Whether it goes on.
    pub(crate) async fn write(&mut self, load: &Load) -> bool {
        let rkey = hex(&random_bytes::<8>(&SystemRandom));
        let record = json!({
            "repo": self.person.did, "collection": COLLECTION, "rkey": rkey, "record": {"$type": COLLECTION},
        });
        let app = &mut self.app;
        let create = "com.atproto.repo.createRecord";
        let settled =
            settle(&load.tally, async || app.procedure(&load.doors.issuer, create, &record).await).await;
        if settled.is_yes() {
            load.records.lock().push(Record { did: self.person.did.clone(), rkey });
        } else if settled.was_unknown && settled.answer.as_ref().is_some_and(|answer| answer.status == 400) {
            // It is there already: the first time was not acknowledged.
            return true;
        }
        self.goes_on(load, &settled, Done::Written, Wrong::SessionEnded)
    }

    /// Refreshes. Whether it goes on.
    pub(crate) async fn refresh(&mut self, load: &Load) -> bool {
        let (app, current) = (&mut self.app, self.refreshes.last().cloned().unwrap_or_default());
        let settled = settle(&load.tally, async || app.present(&current).await).await;
        if settled.is_late && !settled.is_yes() {
            load.tally.done(Done::Abandoned);
            return false;
        }
        if !self.goes_on(load, &settled, Done::Refreshed, Wrong::SessionEnded) {
            return false;
        }
        self.keep(settled.answer.as_ref()) && self.read(load, Wrong::RotationLost).await
    }

    /// Presents its refresh token at two nodes at once, as two tasks of one client may: both get the same next one.
    pub(crate) async fn race_refresh(&mut self, load: &Load) -> bool {
        let current = self.refreshes.last().cloned().unwrap_or_default();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.app.client_id.as_str()),
            ("refresh_token", current.as_str()),
        ];
        let began = Instant::now();
        let said = race(load, &self.app, &form).await;
        load.tally.done(Done::RefreshRaced);
        let next = |said: &Said| match said {
            Said::Yes(answer) => answer.json().ok().map(|body| body["refresh_token"].clone()),
            _ => None,
        };
        match (next(&said.0), next(&said.1)) {
            (Some(one), Some(other)) if one != other => {
                load.tally.wrong(Wrong::RefreshTwice, "at two nodes at once, with two successors");
                false
            }
            (None, None) if began.elapsed() > PATIENCE / 2 => {
                load.tally.done(Done::Abandoned);
                false
            }
            // It asks for the pair again, and nothing else than that pair can come.
            _ => self.refresh(load).await,
        }
    }

    /// Presents a proof at one node and again at another. Whether it goes on.
    pub(crate) async fn replay_proof(&mut self, load: &Load) -> bool {
        let nodes = load.two_nodes();
        let Some(sent) = self.sent(load, nodes.0).await else { return true };
        if let Said::Yes(_) = sent.send(nodes.0).await {
            match sent.again(nodes.1).await {
                Some(true) => load.tally.wrong(Wrong::ProofTwice, "one node after the other"),
                Some(false) => load.tally.done(Done::ProofReplayed),
                None => load.tally.done(Done::Unknown),
            }
        }
        true
    }

    /// Presents a proof at two nodes at once. Whether it goes on.
    pub(crate) async fn race_proof(&mut self, load: &Load) -> bool {
        let nodes = load.two_nodes();
        let Some(sent) = self.sent(load, nodes.0).await else { return true };
        let said = tokio::join!(sent.send(nodes.0), sent.send(nodes.1));
        if matches!(said, (Said::Yes(_), Said::Yes(_))) {
            load.tally.wrong(Wrong::ProofTwice, "at two nodes at once");
        }
        load.tally.done(Done::ProofRaced);
        true
    }

    /// A fresh proof with the newest nonce of this node. None if the node does not answer.
    pub(crate) async fn sent(&mut self, load: &Load, node: SocketAddr) -> Option<Sent> {
        self.app.via = Some(node);
        let said = once(self.app.query(&load.doors.issuer, SESSION, &[])).await;
        self.app.via = Some(load.doors.proxy);
        let Said::Yes(_) = said else { return None };
        load.tally.done(Done::Read);
        let access = self.app.tokens.as_ref()?.access.clone();
        let proof = self.app.proof("GET", &self.app.at_issuer(&format!("/xrpc/{SESSION}")), Some(&access));
        Some(Sent { authorization: format!("DPoP {access}"), proof })
    }

    /// Revokes its session. Whether that is sure.
    pub(crate) async fn revoke(&mut self, load: &Load) -> bool {
        let (app, current) = (&mut self.app, self.refreshes.last().cloned().unwrap_or_default());
        let settled = settle(&load.tally, async || app.revoke(&current).await).await;
        self.goes_on(load, &settled, Done::Revoked, Wrong::SessionEnded)
    }

    /// Presents a refresh token that is spent for longer than one rotation, so that no grace covers it. Whether the session
    /// is sure to have ended by it.
    pub(crate) async fn present_spent(&mut self, load: &Load) -> bool {
        let Some(at) = self.refreshes.len().checked_sub(3) else { return self.revoke(load).await };
        let (app, spent) = (&mut self.app, self.refreshes[at].clone());
        let settled = settle(&load.tally, async || app.present(&spent).await).await;
        is_refused(load, &settled, Done::SpentRefresh, Wrong::RefreshTwice)
    }

    /// Presents its code again. Whether the session is sure to have ended by it.
    pub(crate) async fn replay_code(&mut self, load: &Load) -> bool {
        let (app, (code, pushed)) = (&mut self.app, &self.code);
        let settled = settle(&load.tally, async || app.exchange(code, pushed).await).await;
        is_refused(load, &settled, Done::CodeReplayed, Wrong::CodeTwice)
    }

    /// Asks every node whether its session, which has ended, lives.
    pub(crate) async fn ask_ended(&mut self, load: &Load) {
        for node in &load.doors.nodes {
            self.app.via = Some(*node);
            if let Said::Yes(_) = once(self.app.query(&load.doors.issuer, SESSION, &[])).await {
                load.tally.wrong(Wrong::SessionAlive, "its access token is good");
            }
        }
        self.app.via = Some(load.doors.proxy);
        let (app, current) = (&mut self.app, self.refreshes.last().cloned().unwrap_or_default());
        let settled = settle(&load.tally, async || app.present(&current).await).await;
        if settled.is_yes() {
            load.tally.wrong(Wrong::SessionAlive, "its refresh token is good");
        }
        load.tally.done(Done::EndedAsked);
    }

    fn keep(&mut self, answer: Option<&Answer>) -> bool {
        let tokens = answer.and_then(|answer| self.app.keep(answer).ok());
        tokens.is_some_and(|tokens| {
            self.refreshes.push(tokens.refresh);
            true
        })
    }

    fn goes_on(&self, load: &Load, settled: &Settled, done: Done, otherwise: Wrong) -> bool {
        if settled.is_yes() {
            load.tally.done(done);
        } else if settled.answer.is_none() {
            load.tally.wrong(Wrong::Stuck, done_words(done));
        } else {
            let rotations = self.refreshes.len() - 1;
            let how = format!("after {rotations} rotations, {}: {}", done_words(done), settled.text());
            load.tally.wrong(otherwise, how);
        }
        settled.is_yes()
    }
}

impl Sent {
    /// Sends it to this node, past the proxy.
    pub(crate) async fn send(&self, node: SocketAddr) -> Said {
        once(self.answer(node)).await
    }

    /// Whether it is taken once more; none if nobody knows.
    pub(crate) async fn again(&self, node: SocketAddr) -> Option<bool> {
        let answer = tokio::time::timeout(PATIENCE, self.answer(node)).await.ok()?.ok()?;
        (answer.status < 500).then_some(answer.status == 200)
    }

    async fn answer(&self, node: SocketAddr) -> Result<Answer> {
        let headers = [("authorization", self.authorization.as_str()), ("dpop", self.proof.as_str())];
        Connection::open(node).await?.send("GET", &format!("/xrpc/{SESSION}"), &headers, b"").await
    }
}

/// Sends a form to two nodes at once, each with a proof of its own.
async fn race(load: &Load, app: &App, form: &[(&str, &str)]) -> (Said, Said) {
    let (body, url) = (app.body(form), app.at_issuer("/oauth/token"));
    let to = async |node: SocketAddr| {
        let proof = app.proof("POST", &url, None);
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", proof.as_str())];
        let asked = async {
            let mut connection = Connection::open(node).await?;
            connection.send("POST", "/oauth/token", &headers, body.as_bytes()).await
        };
        let answer = tokio::time::timeout(PATIENCE / 2, asked).await;
        answer.map_or(Said::Unknown, judge)
    };
    let nodes = load.two_nodes();
    tokio::join!(to(nodes.0), to(nodes.1))
}

/// Whether something was refused, as it must be.
fn is_refused(load: &Load, settled: &Settled, done: Done, otherwise: Wrong) -> bool {
    if settled.is_yes() {
        load.tally.wrong(otherwise, format!("{done:?}"));
    } else if settled.answer.is_some() {
        load.tally.done(done);
    }
    settled.answer.is_some() && !settled.is_yes()
}

fn done_words(done: Done) -> String {
    format!("{done:?}")
}
