//! Permission sets as their authors publish them: resolved with proof, from good hosts and bad ones, kept while their
//! author is away, and found at once when they are new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use gatewright::dev::{Network, Options};
use gatewright_protocol::repo_proof::testing::SPOILED;
use gatewright_protocol::scope::Permission;
use gatewright_protocol::syntax::{Handle, Nsid, Tid};
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::lexicon::{COLLECTION, txt_name};
use gatewright_resolve::system::SystemClock;
use gatewright_server::permission_sets::{FindSetError, KnownSet, Purpose};
use gatewright_testkit::app::App;
use gatewright_testkit::author::{Author, Wrong};
use gatewright_testkit::client_host::ClientHost;
use gatewright_testkit::client_key::ClientKey;
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::network::TestNetwork;
use serde_json::{Value, json};

use crate::hosted_clients::told;
use crate::misbehaving::push;
use crate::start::{network, signed_in};

const SET: &str = "com.acme.music.authBasic";
const DAY: Duration = Duration::from_hours(24);

/// A network whose clock the test moves, and an author whose sets it finds.
struct Stage {
    network: TestNetwork,
    clock: Arc<TestClock>,
    author: Author,
    nsid: Nsid,
}

impl Stage {
    async fn set() -> Result<Self> {
        let clock = Arc::new(TestClock::at(SystemClock.now().seconds()));
        let network = TestNetwork::start_with(|mut options| {
            options.clock = clock.clone();
            options
        })
        .await?;
        let (author, nsid) = (Author::start().await?, SET.parse()?);
        author.answer_for(&network, &nsid);
        Ok(Self { network, clock, author, nsid })
    }

    fn publish(&self, collections: &[&str]) {
        self.author.publish(&self.nsid, &repo(collections));
    }

    /// An application that asks for the set.
    fn app(&self) -> Result<App> {
        let scope = format!("atproto include:{SET}");
        Ok(App::loopback(self.network.url(), &scope)?.with_clock(self.clock.clone()))
    }

    async fn find(&self, purpose: Purpose) -> Result<Arc<KnownSet>, FindSetError> {
        find(&self.network, &self.nsid, purpose).await
    }

    async fn refused(&self, purpose: Purpose) -> String {
        match self.find(purpose).await {
            Err(FindSetError::Unresolved { nsid, why }) => {
                assert_eq!(nsid, self.nsid);
                why
            }
            other => panic!("{other:?}"),
        }
    }
}

fn repo(collections: &[&str]) -> Value {
    json!([{"type": "permission", "resource": "repo", "collection": collections}])
}

async fn find(network: &TestNetwork, nsid: &Nsid, purpose: Purpose) -> Result<Arc<KnownSet>, FindSetError> {
    network.network().solo().server().context().permission_sets.find(nsid, purpose).await
}

/// What an `include:` of the set grants.
fn granted(set: &KnownSet, include: &str) -> String {
    let Ok(Permission::Include(include)) = include.parse() else { panic!("{include}") };
    set.set.expand(&include).scopes().as_str().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_publishes_two_sets_that_its_server_resolves() -> Result<()> {
    let (network, alice, bob) = network().await?;
    let set = find(&network, &"fm.plyr.authFullApp".parse()?, Purpose::NewSession).await?;
    assert_eq!(set.set.title(&["en"]), Some("Full plyr.fm Access"));
    let scopes = granted(&set, "include:fm.plyr.authFullApp");
    for collection in ["track", "like", "comment", "list", "actor.profile"] {
        assert!(scopes.contains(&format!("fm.plyr.{collection}")), "{scopes}");
    }
    let set = find(&network, &"com.example.notes.authBasic".parse()?, Purpose::NewSession).await?;
    assert_eq!(set.set.title(&["de"]), Some("Notizen"));
    let scopes = granted(&set, "include:com.example.notes.authBasic?aud=did:web:api.example.com%23notes");
    assert!(scopes.contains("rpc:com.example.notes.search?aud=did:web:api.example.com%23notes"), "{scopes}");

    let people: Vec<String> = network.people().into_iter().map(|person| person.handle).collect();
    assert_eq!(people, [alice.handle, bob.handle], "who publishes them is nobody to sign in as");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_publishes_stays_as_it_is_over_restarts() -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let network =
            Network::start(Options { port: 0, demo: false, ..Options::new(data.path().into()) }).await?;
        let kept = network.solo().kept();
        let publisher = kept.find_account_by_handle(&"lexicons.test".parse::<Handle>()?).await?;
        let did = publisher.expect("the network has an account that publishes").did;
        let head = kept.find_repo(&did).await?.expect("it has a repository");
        seen.push((did, head.commit));
        drop(kept);
        network.stop().await;
    }
    assert_eq!(seen.first(), seen.last(), "the same account, and no commit");
    Ok(())
}

/// Trap 27, with the way that people publish: a record in their own repository.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_works_at_once_when_it_is_published() -> Result<()> {
    let (network, alice, _) = network().await?;
    let nsid: Nsid = SET.parse()?;
    let mut app = signed_in(&network, &alice, &format!("atproto repo:{COLLECTION}")).await?;
    let mut reader = App::loopback(network.url(), &format!("atproto include:{SET}"))?;
    assert_eq!(push(&mut reader).await?.status, 400);
    for _ in 0..2 {
        let refused = find(&network, &nsid, Purpose::NewSession).await.unwrap_err();
        let why = refused.to_string();
        assert!(why.contains(SET) && why.contains("_lexicon.music.acme.com"), "{why}");
    }
    let document = |collections: &[&str]| {
        json!({
            "$type": COLLECTION, "lexicon": 1, "id": SET,
            "defs": {"main": {"type": "permission-set", "title": "Music", "permissions": repo(collections)}},
        })
    };
    let mut put = json!({"repo": alice.did, "collection": COLLECTION, "rkey": SET,
        "record": document(&["com.acme.music.track"])});
    let answer = app.procedure(network.url(), "com.atproto.repo.putRecord", &put).await?;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    assert_eq!(push(&mut reader).await?.status, 201);
    assert_eq!(reader.sign_in(&alice).await?.scope, "repo:com.acme.music.track atproto");
    let set = find(&network, &nsid, Purpose::NewSession).await?;
    assert_eq!(granted(&set, &format!("include:{SET}")), "repo:com.acme.music.track");

    // Another name of the same group is found too, and one that is not published is still refused.
    let other: Nsid = "com.acme.music.authOther".parse()?;
    let why = find(&network, &other, Purpose::NewSession).await.unwrap_err().to_string();
    assert!(why.contains("has no such lexicon"), "{why}");
    put["rkey"] = json!(other);
    put["record"] = document(&["com.acme.music.list"]);
    put["record"]["id"] = json!(other);
    assert_eq!(app.procedure(network.url(), "com.atproto.repo.putRecord", &put).await?.status, 200);
    let set = find(&network, &other, Purpose::NewSession).await?;
    assert_eq!(granted(&set, &format!("include:{other}")), "repo:com.acme.music.list");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_set_takes_the_place_of_the_networks() -> Result<()> {
    let (network, alice, bob) = network().await?;
    let nsid: Nsid = "fm.plyr.authFullApp".parse()?;
    let publish = async |person| {
        let mut app = signed_in(&network, person, &format!("atproto repo:{COLLECTION}")).await?;
        let record = json!({"$type": COLLECTION, "lexicon": 1, "id": nsid, "defs": {"main": {
            "type": "permission-set", "title": "Mine", "permissions": repo(&["fm.plyr.track"])}}});
        let put = json!({"repo": person.did, "collection": COLLECTION, "rkey": nsid, "record": record});
        anyhow::Ok(app.procedure(network.url(), "com.atproto.repo.putRecord", &put).await?.status)
    };
    assert_eq!(publish(&alice).await?, 200);
    let set = find(&network, &nsid, Purpose::NewSession).await?;
    assert_eq!(set.set.title(&["en"]), Some("Mine"));
    assert_eq!(publish(&bob).await?, 200);
    let other: Nsid = "fm.plyr.authOther".parse()?;
    let why = find(&network, &other, Purpose::NewSession).await.unwrap_err().to_string();
    assert!(why.contains("names more than one DID"), "two people publish in one group: {why}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_59_what_does_not_prove_a_set_is_not_resolved() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    for spoiled in SPOILED {
        stage.author.spoil(spoiled);
        let why = stage.refused(Purpose::NewSession).await;
        assert!(
            why.contains("its proof does not hold") || why.contains("no such lexicon"),
            "{spoiled:?}: {why}"
        );
        assert_eq!(stage.refused(Purpose::RunningSession).await, why);
        stage.clock.advance(Duration::from_secs(5));
    }
    assert!(stage.author.asked() >= SPOILED.len());
    stage.author.spoil(None);
    let set = stage.find(Purpose::NewSession).await?;
    assert_eq!(granted(&set, &format!("include:{SET}")), "repo:com.acme.music.track");

    // Nor does a bad file take a good set away.
    stage.publish(&["com.acme.music.track", "com.acme.music.list"]);
    for spoiled in SPOILED {
        stage.clock.advance(Duration::from_hours(1));
        stage.author.spoil(spoiled);
        assert_eq!(stage.find(Purpose::NewSession).await?, set, "{spoiled:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_59_a_request_for_a_set_without_proof_is_refused_by_name() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    let mut app = stage.app()?;
    for spoiled in SPOILED {
        stage.author.spoil(spoiled);
        let answer = push(&mut app).await?;
        assert_eq!(told(&answer), (400, "invalid_scope".to_owned()), "{spoiled:?}");
        let description = answer.json()?["error_description"].as_str().unwrap_or_default().to_owned();
        assert!(description.contains(SET), "{description}");
        stage.clock.advance(Duration::from_secs(5));
    }
    stage.author.spoil(None);
    assert_eq!(push(&mut app).await?.status, 201);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_59_another_record_under_the_name_is_no_set() -> Result<()> {
    let stage = Stage::set().await?;
    for (record, reason) in [
        (json!({"$type": COLLECTION, "lexicon": 1, "id": "com.acme.music.authOther", "defs": {}}), "`id`"),
        (json!({"$type": "com.acme.music.track", "lexicon": 1, "id": SET, "defs": {}}), "`$type`"),
        (json!({"$type": COLLECTION, "lexicon": 2, "id": SET, "defs": {}}), "`lexicon`"),
        (
            json!({"$type": COLLECTION, "lexicon": 1, "id": SET, "defs": {"main": {"type": "record"}}}),
            "it is not a permission set",
        ),
    ] {
        stage.author.publish_record(&stage.nsid, &record);
        let why = stage.refused(Purpose::NewSession).await;
        assert!(why.contains(reason), "{why}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_59_hosts_that_answer_badly_are_told_apart() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    for (wrong, reason) in [
        (Wrong::Html, "content type"),
        (Wrong::NotFound, "no such lexicon"),
        (Wrong::Redirect, "redirect"),
        (Wrong::TooLarge, "too large"),
        (Wrong::Unavailable, "503"),
        (Wrong::Silent, "in time"),
    ] {
        stage.author.misbehave(wrong);
        let begun = Instant::now();
        let why = stage.refused(Purpose::NewSession).await;
        assert!(why.contains(reason), "{wrong:?}: {why}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{wrong:?} took {:?}", begun.elapsed());
        stage.clock.advance(Duration::from_secs(1));
    }
    // The silent one is left alone for half a minute.
    stage.author.misbehave(None);
    stage.author.asked();
    stage.refused(Purpose::NewSession).await;
    assert_eq!(stage.author.asked(), 0);
    stage.clock.advance(Duration::from_secs(30));
    assert!(stage.find(Purpose::NewSession).await.is_ok());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_56_two_did_records_are_none() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    let name = txt_name(&stage.nsid);
    let own = format!("did={}", stage.author.did());
    for other in [own.clone(), "did=did:plc:44ybard66vv44zksje25o7dz".to_owned()] {
        stage.network.network().set_txt(&name, vec![own.clone(), other]);
        assert!(stage.refused(Purpose::NewSession).await.contains("names more than one DID"));
    }
    assert_eq!(stage.author.asked(), 0);
    stage.network.network().set_txt(&name, vec!["v=spf1 -all".to_owned(), own]);
    assert!(stage.find(Purpose::NewSession).await.is_ok());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_60_an_older_revision_is_ignored() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    let first = stage.author.rev();
    stage.publish(&["com.acme.music.track", "com.acme.music.list"]);
    let newest = stage.find(Purpose::NewSession).await?;
    stage.clock.advance(Duration::from_hours(1));
    // The old set again, signed by its author, as it was published once.
    stage.publish(&["com.acme.music.track"]);
    stage.author.set_rev(first);
    assert_eq!(stage.find(Purpose::NewSession).await?, newest);
    assert_eq!(stage.author.asked(), 2, "it was asked for, and not believed");
    // And as the same revision.
    stage.clock.advance(Duration::from_mins(2));
    stage.author.set_rev(newest.rev.parse::<Tid>()?);
    assert_eq!(stage.find(Purpose::RunningSession).await?, newest);
    stage.clock.advance(Duration::from_mins(2));
    stage.author.set_rev(newest.rev.parse::<Tid>()?.next());
    let back = stage.find(Purpose::NewSession).await?;
    assert_eq!(
        granted(&back, &format!("include:{SET}")),
        "repo:com.acme.music.track",
        "a newer revision counts"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_60_a_copy_serves_while_the_author_is_away() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    let set = stage.find(Purpose::NewSession).await?;
    for wrong in [Wrong::Unavailable, Wrong::NotFound, Wrong::Silent] {
        stage.author.misbehave(wrong);
        assert_eq!(stage.find(Purpose::NewSession).await?, set, "fresh");
        assert_eq!(
            stage.author.asked(),
            usize::from(wrong == Wrong::Unavailable),
            "no more than the first time"
        );
        stage.clock.advance(20 * DAY);
        let begun = Instant::now();
        assert_eq!(stage.find(Purpose::NewSession).await?, set, "stale");
        assert!(begun.elapsed() < Duration::from_secs(5), "{wrong:?} took {:?}", begun.elapsed());
        assert!(stage.author.asked() >= 1, "it was asked for again");
        stage.clock.advance(Duration::from_mins(2));
        stage.author.misbehave(None);
        assert_eq!(stage.find(Purpose::NewSession).await?, set);
        stage.author.asked();
        stage.author.misbehave(wrong);
    }
    stage.author.misbehave(Wrong::Unavailable);
    stage.clock.advance(90 * DAY);
    assert!(stage.refused(Purpose::NewSession).await.contains("503"), "expired");
    assert_eq!(stage.find(Purpose::RunningSession).await?, set, "old sessions go on");
    stage.author.misbehave(None);
    assert_eq!(stage.find(Purpose::NewSession).await?, set, "the author is back");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_60_sessions_go_on_when_new_ones_are_refused() -> Result<()> {
    let stage = Stage::set().await?;
    stage.publish(&["com.acme.music.track"]);
    // Sessions of public clients end before a set expires.
    let (host, key) = (ClientHost::start().await?, ClientKey::generate("key-1"));
    host.publish_keys([key.jwk()]);
    let scope = format!("atproto include:{SET}");
    let app = App::confidential(stage.network.url(), &host, "/client.json", &scope, &key)?;
    let mut session = app.with_clock(stage.clock.clone());
    session.sign_in(&stage.network.people().swap_remove(0)).await?;
    let mut another = stage.app()?;

    stage.author.misbehave(Wrong::Unavailable);
    assert_eq!(push(&mut another).await?.status, 201, "fresh");
    for _ in 0..2 {
        stage.clock.advance(44 * DAY);
        assert_eq!(push(&mut another).await?.status, 201, "stale");
        assert_eq!(session.refresh().await?.scope, "repo:com.acme.music.track atproto");
    }
    stage.clock.advance(3 * DAY);
    let refused = push(&mut another).await?;
    assert_eq!(told(&refused), (400, "invalid_scope".to_owned()), "expired");
    assert_eq!(session.refresh().await?.scope, "repo:com.acme.music.track atproto");
    stage.author.misbehave(None);
    assert_eq!(push(&mut another).await?.status, 201);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_name_meant_on_a_day_has_an_answer() -> Result<()> {
    let stage = Stage::set().await?;
    let mut days = Vec::new();
    for collections in [&["com.acme.music.track"][..], &["com.acme.music.track", "com.acme.music.list"]] {
        stage.publish(collections);
        let set = stage.find(Purpose::NewSession).await?;
        days.push((stage.clock.now(), set.cid.clone()));
        stage.clock.advance(DAY);
    }
    let context = stage.network.network().solo().server().context();
    for (day, cid) in days {
        let version =
            context.store.find_lexicon_at(&stage.nsid, day.plus(DAY / 2)).await?.expect("it is kept");
        assert_eq!(version.cid.to_string(), cid);
        assert_eq!(version.did, *stage.author.did());
    }
    Ok(())
}
