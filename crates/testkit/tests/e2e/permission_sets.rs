//! Permission sets from their authors to what a token may do, and back to the person who approved them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use gatewright::config::permission_sets::Changes;
use gatewright_protocol::syntax::Nsid;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::author::Author;
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::form::Browser;
use gatewright_testkit::form::page::Page;
use gatewright_testkit::network::TestNetwork;
use serde_json::{Value, json};

use crate::start::{network, signed_in};

const PLYR: &str = "atproto blob:*/* include:fm.plyr.authFullApp";
const SET: &str = "com.acme.music.authBasic";

/// What writing a record of this collection is answered with.
async fn write(network: &TestNetwork, app: &mut App, person: &Person, collection: &str) -> Result<u16> {
    let record = json!({"repo": person.did, "collection": collection, "record": {"$type": collection}});
    Ok(app.procedure(network.url(), "com.atproto.repo.createRecord", &record).await?.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_set_writes_what_is_in_it_and_nothing_else() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = signed_in(&network, &alice, PLYR).await?;
    let scope = &app.tokens.as_ref().context("signed in")?.scope;
    assert!(!scope.contains("include:"), "{scope}");
    assert!(
        scope.starts_with("repo?collection=fm.plyr.actor.profile&") && scope.ends_with(" atproto blob:*/*")
    );
    for (collection, status) in
        [("fm.plyr.track", 200), ("fm.plyr.actor.profile", 200), ("fm.plyr.other", 403)]
    {
        assert_eq!(write(&network, &mut app, &alice, collection).await?, status, "{collection}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_unticked_inside_a_set_cannot_be_written() -> Result<()> {
    let (network, alice, _) = network().await?;
    let mut app = App::loopback(network.url(), PLYR)?;
    let (pushed, mut browser) = (app.push(&[]).await?, Browser::new());
    let page = browser.open(&app.authorize_url(&pushed.request_uri)).await?.page()?;
    let sign_in = page.form_with("password")?.fill("identifier", &alice.handle)?;
    let sign_in = sign_in.fill("password", &alice.password)?;
    let page = browser.send(&sign_in).await?.page()?;
    assert!(page.text().contains("Full plyr.fm Access"), "{}", page.text());
    let consent = page.form_with("decision")?;
    let consent = consent.tick("scope", "include:fm.plyr.authFullApp repo:fm.plyr.like", false)?;
    let back = browser.send(&consent.press("decision", "approve")?).await?.left()?;
    let answer = app.exchange(&app.code(&back, &pushed)?, &pushed).await?;
    app.keep(&answer)?;
    for _ in 0..2 {
        for (collection, status) in [("fm.plyr.track", 200), ("fm.plyr.like", 403)] {
            assert_eq!(write(&network, &mut app, &alice, collection).await?, status, "{collection}");
        }
        app.refresh().await?;
    }
    Ok(())
}

/// A set that grows between two refreshes, under each policy.
#[tokio::test(flavor = "multi_thread")]
async fn sec_61_a_set_that_grew_shows_in_the_next_token_and_on_the_account_page() -> Result<()> {
    for changes in [Changes::Follow, Changes::Hold, Changes::Notify] {
        let clock = Arc::new(TestClock::at(SystemClock.now().seconds()));
        let network = TestNetwork::start_with(|mut options| {
            options.clock = clock.clone();
            options.set_changes = changes;
            options
        })
        .await?;
        let alice = network.people().swap_remove(0);
        let (author, nsid): (_, Nsid) = (Author::start().await?, SET.parse()?);
        author.answer_for(&network, &nsid);
        author.publish(&nsid, &permissions(&["com.acme.music.track"]));
        let mut app =
            App::loopback(network.url(), &format!("atproto include:{SET}"))?.with_clock(clock.clone());
        let mut browser = Browser::new();
        app.sign_in_with(&mut browser, &alice).await?;

        author.publish(
            &nsid,
            &permissions(&["com.acme.music.track", "com.acme.music.list", "app.bsky.feed.post"]),
        );
        author.publish(&nsid, &permissions(&["com.acme.music.track", "com.acme.music.list"]));
        // As long as a copy is fresh and a token lives, nothing changes.
        assert_eq!(write(&network, &mut app, &alice, "com.acme.music.list").await?, 403, "{changes:?}");
        clock.advance(Duration::from_hours(2));
        app.refresh().await?;
        let expected = if changes == Changes::Hold { 403 } else { 200 };
        assert_eq!(write(&network, &mut app, &alice, "com.acme.music.list").await?, expected, "{changes:?}");
        assert_eq!(write(&network, &mut app, &alice, "com.acme.music.track").await?, 200);

        let page = account_page(&network, &mut browser, &alice).await?;
        assert!(
            page.text().contains("Create, update and delete com.acme.music.list records"),
            "{}",
            page.text()
        );
        let mail = std::fs::read_dir(network.data().join("mail")).map_or(0, Iterator::count);
        assert_eq!(mail, usize::from(changes == Changes::Notify), "{changes:?}");
        if changes == Changes::Hold {
            let page = browser.send(&page.form_saying("Approve these too")?).await?.page()?;
            assert!(page.text().contains("Approved. The application has it"), "{}", page.text());
            clock.advance(Duration::from_mins(2));
            app.refresh().await?;
            assert_eq!(write(&network, &mut app, &alice, "com.acme.music.list").await?, 200);
        }
        let page = account_page(&network, &mut browser, &alice).await?;
        browser.send(&page.form_saying("End access")?).await?;
        assert_eq!(write(&network, &mut app, &alice, "com.acme.music.track").await?, 401);
    }
    Ok(())
}

/// The account page; whoever is not signed in there signs in.
async fn account_page(network: &TestNetwork, browser: &mut Browser, person: &Person) -> Result<Page> {
    let page = browser.open(&format!("{}/account", network.url())).await?.page()?;
    let Ok(sign_in) = page.form_with("password") else { return Ok(page) };
    let sign_in = sign_in.fill("identifier", &person.handle)?.fill("password", &person.password)?;
    browser.send(&sign_in.tick("remember", "on", true)?).await?.page()
}

fn permissions(collections: &[&str]) -> Value {
    json!([{"type": "permission", "resource": "repo", "collection": collections}])
}
