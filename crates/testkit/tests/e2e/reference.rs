//! The client against the reference server (`@atproto/pds` from npm): what it does with software that we did not write.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use gatewright_client::{
    AppSignIn, CallError, Client, ClientDescription, Finished, Session, Sessions, SignIn,
};
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::app::Person;
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::reference::{Counted, Reference};
use gatewright_testkit::session_store;
use serde_json::{Value, json};

use crate::client_crew::{Crew, Said};
use crate::client_start::{SCOPE, at, browser, client, memory, ring, sessions_at_reference};

/// Of the sharing test: 64 tasks on each store.
const PROCESSES: usize = 8;
const TASKS: usize = 8;
const EXPIRATIONS: u64 = 200;
/// What access tokens live there.
const TOKENS_LIVE: u64 = 2;

async fn through_pages(
    client: &Client,
    reference: &Reference,
    sign_in: SignIn,
    person: &Person,
) -> Result<Finished> {
    let secret = browser();
    let started = client.start(sign_in, &secret).await?;
    let back = reference.approve(&started.url, person).await?;
    Ok(client.finish(back.query().unwrap_or_default(), &secret).await?)
}

async fn write(session: &Session, collection: &str) -> Result<Value, CallError> {
    let record =
        json!({"$type": collection, "text": "written by a test", "createdAt": "2026-01-01T00:00:00Z"});
    let input = json!({"repo": session.account(), "collection": collection, "record": record});
    session.procedure("com.atproto.repo.createRecord", &input).await
}

/// A clock that goes with the reference server's when that is moved on.
fn clock_now() -> Arc<TestClock> {
    Arc::new(TestClock::at(SystemClock.now().seconds()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_reference_server_signs_in_acts_renews_and_signs_out() -> Result<()> {
    let reference = Reference::start().await?;
    let alice = reference.people().into_iter().next().context("there is alice")?;
    let (sessions, told) = sessions_at_reference(&reference, memory(), Arc::new(SystemClock));
    let client = client(sessions.clone());
    for start in [alice.handle.as_str(), alice.did.as_str(), reference.url()] {
        let finished = through_pages(&client, &reference, at(start), &alice).await?;
        assert!(finished.missing.is_empty(), "{start}: {:?}", finished.missing);
        let session = finished.session;
        assert_eq!(
            (session.account().as_str(), session.host().as_deref()),
            (&*alice.did, Some(reference.url()))
        );
        let made = write(&session, "com.example.note").await?;
        let uri = made["uri"].as_str().context("it has an address")?;
        assert!(uri.starts_with(&format!("at://{}/com.example.note/", alice.did)), "{uri}");
        let picture = session.upload("image/png", b"\x89PNG\r\n\x1a\n".as_slice()).await?;
        assert_eq!(picture["$type"], "blob");
        let refused = write(&session, "com.example.other").await.expect_err("it was not granted");
        assert!(matches!(refused, CallError::ScopeMissing { .. }), "{refused:?}");
        session.renew_now().await?;
        write(&session, "com.example.note").await?;
        let copy = session.export_sealed()?;
        session.sign_out().await?;
        assert!(matches!(write(&session, "com.example.note").await, Err(CallError::SignedOut)));
        let (elsewhere, _) = sessions_at_reference(&reference, memory(), Arc::new(SystemClock));
        let copied = crate::client_start::client(elsewhere).import_sealed(&copy).await?;
        let refused = write(&copied, "com.example.note").await.expect_err("the server has ended it");
        assert!(matches!(refused, CallError::Revoked), "{refused:?}");
    }
    // Each was renewed once because the program said so, and nothing is left of them there.
    assert_eq!(reference.count().await?, Counted { early: 3, sessions: 0, used: 0 });
    assert_eq!(*told.lock(), ["created", "refreshed", "deleted"].repeat(3));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_reference_server_expire_and_the_session_goes_on() -> Result<()> {
    let reference = Reference::start().await?;
    let alice = reference.people().into_iter().next().context("there is alice")?;
    let clock = clock_now();
    let (sessions, told) = sessions_at_reference(&reference, memory(), clock.clone());
    let session = through_pages(&client(sessions), &reference, at(&alice.handle), &alice).await?.session;
    for day in 1..=3 {
        let past = Duration::from_hours(20);
        reference.advance(past).await?;
        clock.advance(past);
        write(&session, "com.example.note").await.with_context(|| format!("day {day}"))?;
        assert_eq!(told.lock().len(), 1 + day);
    }
    assert_eq!(reference.count().await?, Counted { early: 0, sessions: 1, used: 3 });
    // Nobody has used it for so long that the server has ended it.
    let past = Duration::from_hours(24 * 15);
    reference.advance(past).await?;
    clock.advance(past);
    let refused = write(&session, "com.example.note").await.expect_err("it is over");
    assert!(matches!(refused, CallError::Expired | CallError::Revoked), "{refused:?}");
    assert_eq!(told.lock().last(), Some(&"expired"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_password_of_the_reference_server_signs_in_once_and_its_tokens_are_renewed() -> Result<()> {
    let reference = Reference::start().await?;
    let alice = reference.people().into_iter().next().context("there is alice")?;
    let (sessions, told) = sessions_at_reference(&reference, memory(), Arc::new(SystemClock));
    // With the account's own password, since somebody has to make the app password.
    let owner = sessions.sign_in(AppSignIn::new(alice.handle.as_str(), alice.password.as_str())).await?;
    let made: Value =
        owner.procedure("com.atproto.server.createAppPassword", &json!({"name": "a bot"})).await?;
    let password = made["password"].as_str().context("it is told once")?;

    let bot = Session::for_bot(&sessions, &alice.handle, password).await?;
    write(&bot, "com.example.note").await?;
    let account: Value = bot.query("com.atproto.server.getSession", &[]).await?;
    assert_eq!(account["handle"], alice.handle.as_str());
    let begun = told.lock().len();
    // The server's clock alone: its word is what the client hears of it (400 ExpiredToken).
    for hours in [3, 6] {
        reference.advance(Duration::from_hours(3)).await?;
        write(&bot, "com.example.note").await.with_context(|| format!("after {hours} hours"))?;
    }
    assert_eq!(told.lock()[begun..], ["refreshed", "refreshed"]);

    let input = json!({"name": "a bot"});
    owner.procedure::<Value>("com.atproto.server.revokeAppPassword", &input).await?;
    reference.advance(Duration::from_hours(3)).await?;
    let refused = write(&bot, "com.example.note").await.expect_err("it was revoked");
    assert!(matches!(refused, CallError::PasswordRefused), "{refused:?}");
    owner.sign_out().await?;
    Ok(())
}

/// Signs in with a client and a store of its own, and starts processes that share the session.
async fn crew(reference: &Reference, person: &Person, store: &str) -> Result<Crew> {
    let (sessions, _): (Sessions, _) =
        sessions_at_reference(reference, session_store::open(store).await?, Arc::new(SystemClock));
    let description = ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(SCOPE);
    let session = through_pages(&Client::new(description, sessions)?, reference, at(&person.handle), person)
        .await?
        .session;
    let told = json!({
        "store": store, "plc": reference.plc_url(), "ring": ring().to_text().as_str(), "scope": SCOPE,
        "session": session.id().to_string(), "tasks": TASKS,
        "call": "com.atproto.server.getSession", "pause_ms": 1500,
    });
    let mut crew = Crew::new(format!("{told}\n"));
    for _ in 0..PROCESSES {
        crew.start().await?;
    }
    Ok(crew)
}

/// Lets all of them call until the session was renewed often enough.
async fn renewed(mut crew: Crew, store: &str) -> Result<u64> {
    let mut renewals = 0;
    while renewals < EXPIRATIONS {
        match crew.next().await? {
            (number, Said::Failed(why)) => anyhow::bail!("{store}, renewal {renewals}: {number} says {why}"),
            (number, Said::Saving) => {
                renewals += 1;
                crew.let_on(number).await?;
            }
            (_, Said::Ok) => {}
        }
    }
    Ok(renewals)
}

/// Eight processes with 64 tasks on each store that processes can share. The reference server ends a session whose
/// refresh token comes a second time, so one request too many is one session less.
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_share_sessions_at_the_reference_server_renew_them_one_at_a_time() -> Result<()> {
    let reference = Reference::start().await?;
    reference.tokens_live(TOKENS_LIVE).await?;
    let alice = reference.people().into_iter().next().context("there is alice")?;
    let place = tempfile::tempdir()?;
    let (postgres, redis) = (session_store::postgres().await?, session_store::redis().await?);
    let stores = [
        format!("file:{}", place.path().join("sessions").display()),
        format!("sqlite:{}", place.path().join("sessions.db").display()),
        postgres.url.clone(),
        redis.url.clone(),
    ];
    let mut crews = Vec::new();
    for store in &stores {
        let crew = crew(&reference, &alice, store).await?;
        crews.push(renewed(crew, store));
    }
    let renewals: u64 = futures::future::try_join_all(crews).await?.iter().sum();
    let Counted { early, sessions, used } = reference.count().await?;
    assert_eq!(sessions, 4, "nobody was signed out");
    assert_eq!(early, 0, "one an expiration: none while the tokens were good");
    // What was let on may not have been written when its processes ended.
    assert!(used.abs_diff(renewals) <= 4, "{used} refresh tokens used, {renewals} renewals");
    println!("{renewals} renewals on four stores, {used} refresh tokens used");
    Ok(())
}
