//! Sessions begun with a password or an app password, over HTTP.

#![expect(clippy::indexing_slicing, reason = "a test that panics has failed")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gatewright::dev::{Network, Options};
use gatewright_store::account::AccountStatus;
use gatewright_testkit::app::App;
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::program::Program;
use gatewright_testkit::wire::{Answer, Connection};
use serde_json::{Value, json};
use url::Url;

use crate::start::NOTES;

const CREATE_RECORD: &str = "com.atproto.repo.createRecord";
const CREATE_SESSION: &str = "com.atproto.server.createSession";
const REFRESH_SESSION: &str = "com.atproto.server.refreshSession";
pub(crate) const GET_SESSION: &str = "com.atproto.server.getSession";
const CREATE_APP_PASSWORD: &str = "com.atproto.server.createAppPassword";
const REVOKE_APP_PASSWORD: &str = "com.atproto.server.revokeAppPassword";
const PREFERENCES: &str = "app.bsky.actor.getPreferences";

/// Somebody with a password.
pub(crate) struct Bot {
    connection: Connection,
    access: String,
    refresh: String,
}

impl Bot {
    /// Logs in.
    pub(crate) async fn log_in(url: &str, identifier: &str, password: &str) -> Result<Result<Self, Answer>> {
        let address = SocketAddr::from(([127, 0, 0, 1], Url::parse(url)?.port().context("a port")?));
        let connection = Connection::open(address).await?;
        let mut bot = Self { connection, access: String::new(), refresh: String::new() };
        let body = json!({"identifier": identifier, "password": password});
        let answer = bot.call(CREATE_SESSION, Some(&body)).await?;
        if answer.status != 200 {
            return Ok(Err(answer));
        }
        bot.keep(&answer)?;
        Ok(Ok(bot))
    }

    /// Logs in, which must succeed.
    pub(crate) async fn new(url: &str, identifier: &str, password: &str) -> Result<Self> {
        Self::log_in(url, identifier, password).await?.map_err(|answer| answer.unexpected(CREATE_SESSION))
    }

    fn keep(&mut self, answer: &Answer) -> Result<()> {
        let body = answer.json()?;
        body["accessJwt"].as_str().context("a token")?.clone_into(&mut self.access);
        body["refreshJwt"].as_str().context("a token")?.clone_into(&mut self.refresh);
        Ok(())
    }

    /// Calls a procedure, or a query if there is no body.
    pub(crate) async fn call(&mut self, method: &str, body: Option<&Value>) -> Result<Answer> {
        let authorization = format!("Bearer {}", self.access);
        let path = format!("/xrpc/{method}");
        let mut headers = vec![("user-agent", "bot/1.0")];
        if !self.access.is_empty() {
            headers.push(("authorization", authorization.as_str()));
        }
        match body {
            Some(body) => {
                headers.push(("content-type", "application/json"));
                self.connection.send("POST", &path, &headers, body.to_string().as_bytes()).await
            }
            None => self.connection.send("GET", &path, &headers, &[]).await,
        }
    }

    async fn refresh(&mut self) -> Result<Answer> {
        let authorization = format!("Bearer {}", self.refresh);
        let path = format!("/xrpc/{REFRESH_SESSION}");
        let answer =
            self.connection.send("POST", &path, &[("authorization", authorization.as_str())], &[]).await?;
        if answer.status == 200 {
            self.keep(&answer)?;
        }
        Ok(answer)
    }

    async fn app_password(&mut self, fields: Value) -> Result<String> {
        let answer = self.call(CREATE_APP_PASSWORD, Some(&fields)).await?;
        let password = answer.json()?["password"].as_str().map(str::to_owned);
        password.ok_or_else(|| answer.unexpected(CREATE_APP_PASSWORD))
    }
}

pub(crate) fn error(answer: &Answer) -> (u16, String) {
    let body = answer.json().unwrap_or_default();
    (answer.status, body["error"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

fn note(did: &str, collection: &str) -> Value {
    json!({"repo": did, "collection": collection, "record": {"$type": collection}})
}

/// What a ready line says of alice.
struct Alice {
    url: String,
    did: String,
    password: String,
    app_password: String,
}

impl Alice {
    fn of(ready: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let account = &ready["accounts"][0];
        Self {
            url: text(&ready["url"]),
            did: text(&account["did"]),
            password: text(&account["password"]),
            app_password: text(&account["app_password"]),
        }
    }

    async fn owner(&self) -> Result<Bot> {
        Bot::new(&self.url, &self.did, &self.password).await
    }
}

#[tokio::test]
async fn an_app_password_of_one_scope_and_one_second_works_once_and_then_not_at_all() -> Result<()> {
    let data = tempfile::tempdir()?;
    // 2027-01-15T08:00:00Z
    let clock = Arc::new(TestClock::at(1_800_000_000));
    let options =
        Options { port: 0, demo: false, clock: clock.clone(), ..Options::new(data.path().to_owned()) };
    let network = Network::start(options).await?;
    let alice = Alice::of(&serde_json::to_value(network.ready())?);
    let mut owner = alice.owner().await?;
    let fields = json!({
        "name": "once", "scope": "repo:com.example.note?action=create", "expiresAt": "2027-01-15T08:00:01Z",
    });
    let password = owner.app_password(fields).await?;
    let mut bot = Bot::new(&alice.url, "alice.test", &password).await?;
    let write = note(&alice.did, "com.example.note");
    let first = bot.call(CREATE_RECORD, Some(&write)).await?;
    assert_eq!(first.status, 200, "{:?}", first.json());
    // Nothing else, not even in this second.
    let other = bot.call(CREATE_RECORD, Some(&note(&alice.did, "com.example.other"))).await?;
    assert_eq!(error(&other), refused(403, "ScopeMissingError"));
    assert_eq!(other.json()?["missing"], "repo:com.example.other?action=create");
    let key =
        first.json()?["uri"].as_str().and_then(|uri| uri.rsplit('/').next()).context("a key")?.to_owned();
    let place = json!({"repo": alice.did, "collection": "com.example.note", "rkey": key});
    let delete = bot.call("com.atproto.repo.deleteRecord", Some(&place)).await?;
    assert_eq!(error(&delete), refused(403, "ScopeMissingError"));

    clock.advance(Duration::from_secs(1));
    let late = bot.call(CREATE_RECORD, Some(&write)).await?;
    assert_eq!(error(&late), refused(400, "ExpiredToken"));
    assert_eq!(error(&bot.refresh().await?), refused(400, "ExpiredToken"));
    let again = Bot::log_in(&alice.url, "alice.test", &password).await?.err().context("it has ended")?;
    assert_eq!(error(&again), refused(401, "AuthenticationRequired"));
    let fine = owner.call(CREATE_RECORD, Some(&write)).await?;
    assert_eq!(fine.status, 200, "its owner goes on");
    network.stop().await;
    Ok(())
}

#[tokio::test]
async fn sec_65_a_revoked_app_password_fails_on_the_next_request() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = Alice::of(network.ready());
    let mut owner = alice.owner().await?;
    let password = owner.app_password(json!({"name": "bot"})).await?;
    let mut bot = Bot::new(&alice.url, "alice.test", &password).await?;
    let write = note(&alice.did, "com.example.note");
    assert_eq!(bot.call(CREATE_RECORD, Some(&write)).await?.status, 200);
    let revoked = owner.call(REVOKE_APP_PASSWORD, Some(&json!({"name": "bot"}))).await?;
    assert_eq!(revoked.status, 200);
    let next = bot.call(CREATE_RECORD, Some(&write)).await?;
    assert_eq!(error(&next), refused(400, "ExpiredToken"));
    assert_eq!(next.json()?["message"], "Token has been revoked");
    assert_eq!(error(&bot.refresh().await?), refused(400, "ExpiredToken"));
    assert!(Bot::log_in(&alice.url, "alice.test", &password).await?.is_err());
    Ok(())
}

#[tokio::test]
async fn sec_48_a_session_shows_what_its_holder_may_see() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = Alice::of(network.ready());
    let mut owner = alice.owner().await?;
    let scoped = owner.app_password(json!({"name": "scoped", "scope": "repo:com.example.note"})).await?;
    let details =
        json!({"$type": "app.bsky.actor.defs#personalDetailsPref", "birthDate": "1990-01-01T00:00:00Z"});
    let put = owner.call("app.bsky.actor.putPreferences", Some(&json!({"preferences": [details]}))).await?;
    assert_eq!(put.status, 200, "{:?}", put.json());
    for (password, sees_email, is_owner) in
        [(&alice.password, true, true), (&alice.app_password, true, false), (&scoped, false, false)]
    {
        let mut bot = Bot::new(&alice.url, "alice.test", password).await?;
        let session = bot.call(GET_SESSION, None).await?.json()?;
        assert_eq!((&session["did"], &session["active"]), (&json!(alice.did), &json!(true)));
        assert_eq!(session["didDoc"]["service"][0]["serviceEndpoint"], alice.url);
        assert_eq!(session.get("email").is_some(), sees_email);
        let seen = bot.call(PREFERENCES, None).await?;
        if *password == scoped {
            assert_eq!(error(&seen), refused(403, "ScopeMissingError"), "it is not scoped to them");
        } else {
            let kinds: Vec<Value> = seen.json()?["preferences"]
                .as_array()
                .context("a list")?
                .iter()
                .map(|preference| preference["$type"].clone())
                .collect();
            assert_eq!(kinds.contains(&details["$type"]), is_owner);
        }
        let profile = bot.call("app.bsky.actor.getProfile?actor=bob.test", None).await?;
        assert_eq!((profile.status, &profile.json()?["handle"]), (200, &json!("bob.test")));
        let elsewhere = bot.call("app.bsky.actor.getProfile?actor=somebody.example", None).await?;
        assert_eq!(error(&elsewhere), refused(501, "MethodNotImplemented"));
    }
    Ok(())
}

#[tokio::test]
async fn sec_49_a_takedown_counts_on_the_next_request_and_a_rest_keeps_the_way_back() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = Alice::of(network.ready());
    let mut owner = alice.owner().await?;
    let write = note(&alice.did, "com.example.note");
    let accounts = network.network().solo().accounts();
    let did = alice.did.parse()?;
    accounts.set_account_status(&did, AccountStatus::Deactivated).await?;
    assert_eq!(error(&owner.call(CREATE_RECORD, Some(&write)).await?), refused(401, "AccountDeactivated"));
    let session = owner.call(GET_SESSION, None).await?.json()?;
    assert_eq!((&session["active"], &session["status"]), (&json!(false), &json!("deactivated")));
    assert_eq!(owner.refresh().await?.status, 200);
    accounts.set_account_status(&did, AccountStatus::TakenDown).await?;
    assert_eq!(error(&owner.call(CREATE_RECORD, Some(&write)).await?), refused(400, "ExpiredToken"));
    assert_eq!(error(&owner.refresh().await?), refused(401, "AccountTakedown"));
    Ok(())
}

#[tokio::test]
async fn sec_37_tokens_of_both_kinds_stay_apart() -> Result<()> {
    let network = TestNetwork::start().await?;
    let alice = Alice::of(network.ready());
    let owner = alice.owner().await?;
    let mut app = App::loopback(network.url(), NOTES)?;
    app.sign_in(&network.people()[0]).await?;
    let url = format!("{}/xrpc/{GET_SESSION}", alice.url);
    // The token of a password session with a proof.
    let legacy = app.call_with(&owner.access, "GET", &url, None, &[]).await?;
    assert_eq!(error(&legacy), refused(401, "invalid_token"));
    // An application's token without one.
    let mut bearer = owner;
    bearer.access = app.tokens.as_ref().context("signed in")?.access.clone();
    let bound = bearer.call(GET_SESSION, None).await?;
    assert_eq!(error(&bound), refused(401, "invalid_token"));
    assert!(bound.header("www-authenticate").is_some_and(|text| text.starts_with("DPoP ")));
    Ok(())
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_the_app_passwords_that_it_prints() -> Result<()> {
    let data = tempfile::tempdir()?;
    let start = async || {
        let options = Options { port: 0, demo: false, ..Options::new(data.path().to_owned()) };
        Network::start(options).await
    };
    let network = start().await?;
    let before = Alice::of(&serde_json::to_value(network.ready())?);
    let mut bot = Bot::new(&before.url, "alice.test", &before.app_password).await?;
    let mut owner = before.owner().await?;
    network.stop().await;

    let network = start().await?;
    let after = Alice::of(&serde_json::to_value(network.ready())?);
    assert_eq!(after.app_password, before.app_password);
    assert_eq!(bot.reconnected(&after.url).await?.refresh().await?.status, 200);
    // One that its owner revoked is replaced by another, or the line would lie.
    let revoke = json!({"name": "gatewright dev"});
    let revoked = owner.reconnected(&after.url).await?.call(REVOKE_APP_PASSWORD, Some(&revoke)).await?;
    assert_eq!(revoked.status, 200);
    network.stop().await;

    let network = start().await?;
    let last = Alice::of(&serde_json::to_value(network.ready())?);
    assert_ne!(last.app_password, before.app_password);
    Bot::new(&last.url, "alice.test", &last.app_password).await?;
    network.stop().await;
    Ok(())
}

impl Bot {
    /// The same after the server was away.
    async fn reconnected(&mut self, url: &str) -> Result<&mut Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], Url::parse(url)?.port().context("a port")?));
        self.connection = Connection::open(address).await?;
        Ok(self)
    }
}

#[tokio::test]
async fn sec_31_neither_files_nor_log_lines_hold_a_password_or_token() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let program = Program::start_logging(&data, &["--port", "0", "--no-demo"], "trace", &log)?;
    let alice = Alice::of(&program.ready);
    let mut owner = alice.owner().await?;
    let app_password = owner.app_password(json!({"name": "bot"})).await?;
    let mut bot = Bot::new(&alice.url, "alice.test", &app_password).await?;
    let mut secrets = vec![app_password.clone(), owner.access, owner.refresh];
    secrets.extend([bot.access.clone(), bot.refresh.clone()]);
    assert_eq!(bot.refresh().await?.status, 200);
    assert_eq!(bot.call(GET_SESSION, None).await?.status, 200);
    assert!(Bot::log_in(&alice.url, "alice.test", "wrong-password-9").await?.is_err());
    secrets.extend([bot.access, bot.refresh, "wrong-password-9".to_owned()]);
    let holds = |file: &Path, secret: &str| -> Result<bool> {
        let bytes = std::fs::read(file).unwrap_or_default();
        Ok(bytes.windows(secret.len()).any(|part| part == secret.as_bytes()))
    };
    let database = data.join("gatewright.sqlite");
    let files = [database.clone(), database.with_extension("sqlite-wal"), log.clone()];
    for secret in &secrets {
        for file in &files {
            assert!(!holds(file, secret)?, "{} holds {secret}", file.display());
        }
    }
    assert!(
        files.iter().any(|file| holds(file, &alice.did).unwrap_or(false)),
        "the search finds what is there"
    );
    assert!(holds(&log, "password session begun")?, "the log is written");
    program.stop("TERM")?;
    Ok(())
}
