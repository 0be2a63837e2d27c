//! Clients that publish who they are: how they prove it, what is remembered of them, and what becomes of their sessions
//! when what they publish changes or is away.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;
use gatewright_server::operations::sweep_client_keys;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::client_host::{ClientHost, JWKS, Misbehaviour};
use gatewright_testkit::client_key::ClientKey;
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::form::{Arrival, Browser};
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::wire::Answer;
use url::Url;

use crate::start::NOTES;

const PATH: &str = "/oauth-client-metadata.json";

/// A network whose clock the test moves, and a host of clients with one published key.
pub(crate) struct Stage {
    pub(crate) network: TestNetwork,
    pub(crate) alice: Person,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) host: ClientHost,
    pub(crate) key: ClientKey,
}

impl Stage {
    pub(crate) async fn set() -> Result<Self> {
        let clock = Arc::new(TestClock::at(SystemClock.now().seconds()));
        let network = TestNetwork::start_with(|mut options| {
            options.clock = clock.clone();
            // What clients publish is remembered by each node for itself, and here it is counted.
            options.nodes = 1;
            options
        })
        .await?;
        let alice = network.people().into_iter().next().expect("a network starts with accounts");
        let (host, key) = (ClientHost::start().await?, ClientKey::generate("key-1"));
        host.publish_keys([key.jwk()]);
        Ok(Self { network, alice, clock, host, key })
    }

    /// The confidential client at [`PATH`], not signed in.
    pub(crate) fn client(&self) -> Result<App> {
        self.client_with(&self.key)
    }

    fn client_with(&self, key: &ClientKey) -> Result<App> {
        let app = App::confidential(self.network.url(), &self.host, PATH, NOTES, key)?;
        Ok(app.with_clock(self.clock.clone()))
    }

    /// The same with a session.
    pub(crate) async fn signed_in(&self) -> Result<App> {
        let mut app = self.client()?;
        app.sign_in(&self.alice).await?;
        Ok(app)
    }

    /// The public web client at this path.
    pub(crate) fn public(&self, path: &str) -> Result<App> {
        Ok(App::hosted(self.network.url(), &self.host, path, NOTES)?.with_clock(self.clock.clone()))
    }

    /// What the host says to the access token that the app has.
    pub(crate) async fn session(&self, app: &mut App) -> Result<u16> {
        Ok(app.query(self.network.url(), "com.atproto.server.getSession", &[]).await?.status)
    }

    async fn sweep(&self) -> Result<u64> {
        Ok(sweep_client_keys(&self.network.network().solo().server().context()).await?)
    }
}

/// The status and error code of an answer.
pub(crate) fn told(answer: &Answer) -> (u16, String) {
    let body = answer.json().unwrap_or_default();
    (answer.status, body["error"].as_str().unwrap_or_default().to_owned())
}

/// What [`told`] gives for a refusal.
pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn present(app: &mut App) -> Result<Answer> {
    let refresh = app.tokens.clone().expect("signed in").refresh;
    app.present(&refresh).await
}

/// What the person sees first: a page, or nothing because the browser is sent back at once.
async fn first_sight(app: &mut App, browser: &mut Browser, extra: &[(&str, &str)]) -> Result<Sight> {
    let pushed = app.push(extra).await?;
    Ok(match browser.open(&app.authorize_url(&pushed.request_uri)).await? {
        Arrival::Page(page) if page.form_with("decision").is_ok() => Sight::Consent,
        Arrival::Page(_) => Sight::OtherPage,
        arrival => {
            let back = arrival.left()?;
            match app.code(&back, &pushed) {
                Ok(code) => {
                    let answer = app.exchange(&code, &pushed).await?;
                    Sight::Silent(app.keep(&answer)?.scope)
                }
                Err(_) => Sight::Error(back),
            }
        }
    })
}

#[derive(Debug)]
enum Sight {
    Consent,
    Error(Url),
    OtherPage,
    /// What was granted.
    Silent(String),
}

impl Sight {
    fn granted(&self) -> Option<&str> {
        if let Self::Silent(scope) = self { Some(scope) } else { None }
    }

    fn is_error(&self, code: &str) -> bool {
        matches!(self, Self::Error(url) if url.query_pairs().any(|pair| pair == ("error".into(), code.into())))
    }
}

#[tokio::test]
async fn a_confidential_client_signs_in_refreshes_and_revokes() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.signed_in().await?;
    assert_eq!(app.tokens.as_ref().expect("signed in").scope, NOTES);
    assert_eq!(stage.session(&mut app).await?, 200);
    let before = app.tokens.clone().expect("signed in");
    let after = app.refresh().await?;
    assert_ne!(before.refresh, after.refresh);
    assert_eq!(stage.session(&mut app).await?, 200);

    // Whoever has the tokens and the DPoP key, but not the client's key, has nothing.
    let key = app.client_key.take();
    assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_client"));
    assert_eq!(told(&app.revoke(&after.access).await?), refused(400, "invalid_client"));
    assert_eq!(stage.session(&mut app).await?, 200);
    app.client_key = key;

    assert_eq!(app.revoke(&after.refresh).await?.status, 200);
    assert_eq!(stage.session(&mut app).await?, 401);
    assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_grant"));
    Ok(())
}

#[tokio::test]
async fn a_public_web_client_signs_in_and_is_asked_for_each_time() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.public("/public.json")?;
    let mut browser = Browser::new();
    browser.remember = true;
    app.sign_in_with(&mut browser, &stage.alice).await?;
    app.refresh().await?;
    assert_eq!(stage.session(&mut app).await?, 200);
    // Anybody can say that they are a public client, so nothing is ever approved silently.
    let hint = [("login_hint", stage.alice.handle.as_str())];
    let again = first_sight(&mut app, &mut browser, &hint).await?;
    assert!(matches!(again, Sight::Consent), "{again:?}");
    let verifier = CodeVerifier::from_bytes(&[9; 32]);
    let parameters = app.parameters(&verifier, "state");
    let mut form: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    form.extend([hint[0], ("prompt", "none")]);
    assert_eq!(told(&app.post_form("/oauth/par", &form).await?), refused(400, "invalid_request"));
    Ok(())
}

#[tokio::test]
async fn a_remembered_consent_makes_the_next_request_silent() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.client()?;
    let mut browser = Browser::new();
    browser.remember = true;
    app.sign_in_with(&mut browser, &stage.alice).await?;
    // On a clock that stands still a request would be no younger than the sign-in, as if that was made for it.
    stage.clock.advance(Duration::from_secs(1));

    for hint in [&stage.alice.handle, &stage.alice.did] {
        let hint = ("login_hint", hint.as_str());
        for extra in [vec![hint], vec![hint, ("prompt", "none")]] {
            let again = first_sight(&mut app, &mut browser, &extra).await?;
            assert_eq!(again.granted(), Some(NOTES), "{again:?}");
        }
        let asked = first_sight(&mut app, &mut browser, &[hint, ("prompt", "consent")]).await?;
        assert!(matches!(asked, Sight::Consent), "{asked:?}");
        let login = first_sight(&mut app, &mut browser, &[hint, ("prompt", "login")]).await?;
        assert!(matches!(login, Sight::OtherPage), "{login:?}");
    }
    let unnamed = first_sight(&mut app, &mut browser, &[]).await?;
    assert!(matches!(unnamed, Sight::OtherPage), "without a hint the account is chosen: {unnamed:?}");
    let hint = [("login_hint", stage.alice.handle.as_str())];
    let stranger = first_sight(&mut app, &mut Browser::new(), &hint).await?;
    assert!(matches!(stranger, Sight::OtherPage), "another browser is nobody: {stranger:?}");
    // What was approved is one client's.
    let mut other = App::confidential(stage.network.url(), &stage.host, "/other.json", NOTES, &stage.key)?
        .with_clock(stage.clock.clone());
    let other = first_sight(&mut other, &mut browser, &hint).await?;
    assert!(matches!(other, Sight::Consent), "{other:?}");
    Ok(())
}

#[tokio::test]
async fn sec_15_a_declined_scope_is_asked_for_again() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.client()?;
    let mut browser = Browser::new();
    let pushed = app.push(&[]).await?;
    let page = browser.open(&app.authorize_url(&pushed.request_uri)).await?.page()?;
    let form = page.form_with("password")?.fill("identifier", &stage.alice.handle)?;
    let form = form.fill("password", &stage.alice.password)?.tick("remember", "on", true)?;
    let page = browser.send(&form).await?.page()?;
    let form =
        page.form_with("decision")?.tick("scope", "blob:image/*", false)?.press("decision", "approve")?;
    let back = browser.send(&form).await?.left()?;
    let code = app.code(&back, &pushed)?;
    let answer = app.exchange(&code, &pushed).await?;
    let kept = "atproto repo:com.example.note?action=create";
    assert_eq!(app.keep(&answer)?.scope, kept);
    assert_eq!(app.refresh().await?.scope, kept, "a refresh brings nothing back");

    let hint = ("login_hint", stage.alice.handle.as_str());
    let all = first_sight(&mut app, &mut browser, &[hint]).await?;
    assert!(matches!(all, Sight::Consent), "{all:?}");
    let none = first_sight(&mut app, &mut browser, &[hint, ("prompt", "none")]).await?;
    assert!(none.is_error("consent_required"), "{none:?}");
    let approved = first_sight(&mut app, &mut browser, &[hint, ("scope", kept)]).await?;
    assert_eq!(approved.granted(), Some(kept), "{approved:?}");
    Ok(())
}

#[tokio::test]
async fn sec_28_a_removed_key_ends_its_sessions() -> Result<()> {
    let stage = Stage::set().await?;
    let (mut one, mut other) = (stage.signed_in().await?, stage.signed_in().await?);
    let next = ClientKey::generate("key-2");
    stage.host.publish_keys([next.jwk()]);
    let mut new = stage.client_with(&next)?;
    stage.clock.advance(Duration::from_mins(11));
    new.sign_in(&stage.alice).await?;

    assert_eq!(told(&present(&mut one).await?), refused(400, "invalid_client"));
    assert_eq!(stage.session(&mut one).await?, 401, "its access token is dead at once");
    assert_eq!(stage.session(&mut other).await?, 200, "nobody asked for this one yet");
    assert_eq!(stage.sweep().await?, 1);
    assert_eq!(stage.session(&mut other).await?, 401);
    assert_eq!(stage.session(&mut new).await?, 200, "the sweep ends what lost its key and nothing else");
    new.refresh().await?;

    // A key that comes back brings no session back.
    stage.host.publish_keys([stage.key.jwk(), next.jwk()]);
    stage.clock.advance(Duration::from_mins(11));
    for app in [&mut one, &mut other] {
        assert_eq!(told(&present(app).await?), refused(400, "invalid_grant"));
    }
    Ok(())
}

#[tokio::test]
async fn sec_28_another_key_of_the_same_name_is_another_key() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.signed_in().await?;
    let replaced = ClientKey::generate("key-1");
    stage.host.publish_keys([replaced.jwk()]);
    stage.clock.advance(Duration::from_mins(11));
    assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_client"));
    assert_eq!(stage.session(&mut app).await?, 401);

    // Nor does a session move from one published key to another.
    let mut app = stage.client_with(&replaced)?;
    app.sign_in(&stage.alice).await?;
    let second = ClientKey::generate("key-2");
    stage.host.publish_keys([replaced.jwk(), second.jwk()]);
    stage.clock.advance(Duration::from_mins(11));
    app.client_key = Some(second);
    assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_grant"));
    assert_eq!(stage.session(&mut app).await?, 401);
    Ok(())
}

#[tokio::test]
async fn a_made_up_assertion_ends_no_session() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.signed_in().await?;
    for stranger in ["key-1", "key-2"] {
        let own = app.client_key.replace(ClientKey::generate(stranger));
        assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_client"), "{stranger}");
        app.client_key = own;
        assert_eq!(stage.session(&mut app).await?, 200, "{stranger}");
    }
    app.refresh().await?;
    Ok(())
}

#[tokio::test]
async fn sec_29_no_session_is_lost_while_the_host_is_away() -> Result<()> {
    let mut stage = Stage::set().await?;
    let mut app = stage.signed_in().await?;
    stage.host.close().await?;
    for _ in 0..4 {
        stage.clock.advance(Duration::from_mins(14));
        app.refresh().await?;
        assert_eq!(stage.session(&mut app).await?, 200, "the last good copy serves for an hour");
    }
    stage.clock.advance(Duration::from_mins(5));
    for _ in 0..2 {
        let away = present(&mut app).await?;
        assert_eq!(told(&away), refused(503, "temporarily_unavailable"));
        assert!(away.header("retry-after").is_some());
    }
    assert_eq!(stage.sweep().await?, 0, "what cannot be asked is not gone");
    assert_eq!(stage.session(&mut app).await?, 200, "nothing ended");

    stage.host.reopen()?;
    app.refresh().await?;
    assert_eq!(stage.session(&mut app).await?, 200);
    Ok(())
}

#[tokio::test]
async fn sec_29_no_session_is_lost_while_the_keys_cannot_be_had() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.signed_in().await?;
    let wrongs = [
        (Misbehaviour::Unavailable, refused(503, "temporarily_unavailable")),
        // Whoever gets an answer gets another one than before: the client has to mend it, and no copy serves.
        (Misbehaviour::NotFound, refused(400, "invalid_client_metadata")),
        (Misbehaviour::Html, refused(400, "invalid_client_metadata")),
    ];
    for (wrong, answer) in wrongs {
        for path in [JWKS, PATH] {
            stage.host.misbehave(path, wrong);
            // The document of a client serves for a day, its keys for an hour only.
            stage.clock.advance(Duration::from_mins(61));
            assert_eq!(told(&present(&mut app).await?), answer, "{wrong:?} at {path}");
            assert_eq!(stage.sweep().await?, 0, "{wrong:?} at {path}");
            stage.host.misbehave(path, None);
            stage.clock.advance(Duration::from_secs(31));
            app.refresh().await?;
            assert_eq!(stage.session(&mut app).await?, 200, "{wrong:?} at {path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_stops_proving_itself_loses_its_sessions() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.public(PATH)?;
    app.sign_in(&stage.alice).await?;
    // What began without a key is bound to the one that comes (CM-36)…
    stage.host.publish(PATH, stage.host.confidential_client(PATH, NOTES));
    stage.clock.advance(Duration::from_mins(11));
    assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_client"));
    app.client_key = Some(stage.key.clone());
    app.refresh().await?;
    // …and never goes back.
    stage.host.publish(PATH, stage.host.public_client(PATH, NOTES));
    stage.clock.advance(Duration::from_mins(11));
    app.client_key = None;
    assert_eq!(stage.session(&mut app).await?, 200);
    assert_eq!(told(&present(&mut app).await?), refused(400, "invalid_grant"));
    assert_eq!(stage.session(&mut app).await?, 401);
    Ok(())
}
