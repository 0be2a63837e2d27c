//! The load: clients that live one session after the other, and what is known of all of them.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::{join, join_all};
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::form::Browser;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use crate::client::{COLLECTION, Client, Sent};
use crate::dice::Dice;
use crate::said::{Said, settle};
use crate::tally::{Done, Tally, Wrong};

/// Where clients find the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    /// The issuer.
    pub(crate) issuer: String,
    /// The proxy.
    pub(crate) proxy: SocketAddr,
    /// Each node, past the proxy.
    pub(crate) nodes: Vec<SocketAddr>,
}

/// How old a proof is at most when it is presented again: longer than any node can take it.
const OLD_PROOF: Duration = Duration::from_mins(4);

/// A record whose writing was acknowledged.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) did: String,
    pub(crate) rkey: String,
}

/// What all clients share.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) doors: Doors,
    pub(crate) tally: std::sync::Arc<Tally>,
    pub(crate) records: Mutex<Vec<Record>>,
    people: Vec<Person>,
    dice: Dice,
    /// Sessions that were left alone.
    alive: Mutex<Vec<Client>>,
    /// Sessions that have ended.
    ended: Mutex<Vec<Client>>,
}

impl Load {
    pub(crate) fn new(doors: Doors, people: Vec<Person>, tally: std::sync::Arc<Tally>, seed: u64) -> Self {
        Self {
            doors,
            tally,
            records: Mutex::default(),
            people,
            dice: Dice::seeded(!seed),
            alive: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// Two nodes, past the proxy.
    pub(crate) fn two_nodes(&self) -> (SocketAddr, SocketAddr) {
        let mut nodes = self.doors.nodes.clone();
        self.dice.shuffle(&mut nodes);
        (nodes[0], nodes[1])
    }

    /// So many clients at once, until then.
    pub(crate) async fn run(&self, clients: usize, until: Instant) {
        let lives = join_all((0..clients).map(|index| self.live(index, until)));
        join(lives, self.replay_old_proofs(until)).await;
    }

    async fn live(&self, index: usize, until: Instant) {
        let person = &self.people[index % self.people.len()];
        let mut browser = Browser::new();
        (browser.via, browser.remember) = (Some(self.doors.proxy), true);
        while Instant::now() < until {
            if self.dice.below(20) == 0 {
                // Somebody who comes for the first time, and types the password.
                browser.forget();
            }
            if self.dice.below(10) == 0 {
                Client::race_code(self, &mut browser, person).await;
            } else if let Some(client) = Client::sign_in(self, &mut browser, person).await {
                self.session(client, until).await;
            }
        }
    }

    async fn session(&self, mut client: Client, until: Instant) {
        for _ in 0..8 + self.dice.below(16) {
            if Instant::now() >= until {
                break;
            }
            let goes_on = match self.dice.below(20) {
                0..5 => client.refresh(self).await,
                5..10 => client.write(self).await,
                10..14 => client.read(self, Wrong::SessionEnded).await,
                14..16 => client.race_refresh(self).await,
                16..18 => client.replay_proof(self).await,
                _ => client.race_proof(self).await,
            };
            if !goes_on {
                return;
            }
        }
        let has_ended = match self.dice.below(20) {
            0..10 => client.revoke(self).await,
            10..14 => client.present_spent(self).await,
            14..17 => client.replay_code(self).await,
            _ => return self.alive.lock().push(client),
        };
        if has_ended {
            client.ask_ended(self).await;
            self.ended.lock().push(client);
        }
    }

    /// A session that stays as it is, whose proofs are presented again seconds and minutes after their use.
    async fn replay_old_proofs(&self, until: Instant) {
        let mut browser = Browser::new();
        browser.via = Some(self.doors.proxy);
        let Some(mut client) = Client::sign_in(self, &mut browser, &self.people[0]).await else { return };
        let mut used: Vec<(Sent, Instant)> = Vec::new();
        while Instant::now() < until {
            let (node, other) = self.two_nodes();
            if let Some(sent) = client.sent(self, node).await
                && let Said::Yes(_) = sent.send(node).await
            {
                used.push((sent, Instant::now()));
            }
            used.retain(|(_, at)| at.elapsed() < OLD_PROOF);
            for _ in 0..4 {
                sleep(Duration::from_millis(150)).await;
                let Some((sent, at)) = used.get(self.dice.below(used.len() as u64) as usize) else {
                    continue;
                };
                match sent.again(other).await {
                    Some(true) => {
                        let how = format!("{} s after its use", at.elapsed().as_secs());
                        self.tally.wrong(Wrong::ProofTwice, how);
                    }
                    Some(false) => self.tally.done(Done::OldProofReplayed),
                    None => self.tally.done(Done::Unknown),
                }
            }
        }
        client.read(self, Wrong::SessionEnded).await;
    }

    /// Whether all that was acknowledged is so, once everything runs again.
    pub(crate) async fn check(&self) {
        let (alive, ended) =
            (std::mem::take(&mut *self.alive.lock()), std::mem::take(&mut *self.ended.lock()));
        for mut client in alive {
            let lives = client.read(self, Wrong::SessionEnded).await;
            if lives && client.refresh(self).await {
                self.tally.done(Done::Checked);
            }
        }
        for mut client in ended {
            client.ask_ended(self).await;
            self.tally.done(Done::Checked);
        }
        let records = std::mem::take(&mut *self.records.lock());
        let Ok(mut app) = App::loopback(&self.doors.issuer, "atproto") else { return };
        app.via = Some(self.doors.proxy);
        for Record { did, rkey } in records {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("repo", did.as_str()), ("collection", COLLECTION), ("rkey", &rkey)])
                .finish();
            let url = app.at_issuer(&format!("/xrpc/com.atproto.repo.getRecord?{query}"));
            let settled = settle(&self.tally, async || app.send("GET", &url, &[], b"").await).await;
            if settled.is_yes() {
                self.tally.done(Done::Checked);
            } else {
                self.tally.wrong(Wrong::WriteLost, format!("{did}/{rkey}: {}", settled.text()));
            }
        }
    }
}
