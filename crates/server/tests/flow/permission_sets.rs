//! Permission sets: expanded for tokens, narrowed by people, changed by their authors.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright_server::permission_sets::Purpose;
use gatewright_server::settings::SetChanges;
use gatewright_store::consent::ConsentStore as _;
use gatewright_store::set_change::{ReplaceSets, SetChange, SetChangeStore as _, SetOutcome};
use gatewright_store::token::{Token, TokenStore as _};
use serde_json::json;

use crate::support::app::{App, LOOPBACK_REDIRECT, Push, Tokens, WEB, WEB_REDIRECT, form, replaced};
use crate::support::browser::{Browser, form_of, location, query};
use crate::support::machine::Reply;
use crate::support::sets::{MUSIC, SERVICE};
use crate::support::{ALICE, ALICE_EMAIL, World};

const TRACK: &str = "com.example.music.track";
const LIKE: &str = "com.example.music.like";

fn include() -> String {
    format!("include:{MUSIC}?aud={SERVICE}")
}

fn scope() -> String {
    format!("atproto blob:image/* {}", include())
}

/// A client that may ask for everything these tests ask for.
fn app(world: &World, is_confidential: bool) -> App<'_> {
    let app = App::new(world, WEB, WEB_REDIRECT, is_confidential);
    let mut document = app.document();
    let includes: Vec<String> = (0..25).map(|number| format!("include:com.example.s{number}.auth")).collect();
    document["scope"] = json!(format!(
        "atproto blob:image/* repo:{LIKE} repo?collection=com.example.a&collection=com.example.b {} include:{MUSIC} {}",
        include(),
        includes.join(" ")
    ));
    world.clients.publish(WEB, document);
    app
}

async fn world(change: SetChanges) -> World {
    let world = World::with(|settings| settings.set_changes = change).await;
    world.sets.publish_music(&["track", "like"]);
    world
}

/// The consent page for alice.
async fn consent_page(app: &App<'_>, browser: &mut Browser<'_>, scope: &str) -> (Reply, Push) {
    let push = app.push(scope).await;
    let path = app.authorize_path(&push);
    let page = browser.get(&path).await;
    let page = if page.text.contains("name=\"password\"") { browser.sign_in(&path).await } else { page };
    if page.text.contains("class=\"account\"") {
        let picker = form_of(&page, "/oauth/authorize/account");
        let mut fields = picker.fields;
        fields.extend(picker.buttons);
        return (browser.post(&picker.action, &fields).await, push);
    }
    (page, push)
}

/// Approves what is left of the form.
async fn approve(browser: &mut Browser<'_>, page: &Reply, keep: impl Fn(&str) -> bool) -> Reply {
    let consent = form_of(page, "/oauth/authorize/consent");
    let mut fields: Vec<_> =
        consent.fields.into_iter().filter(|(name, value)| name != "scope" || keep(value)).collect();
    fields.extend(form(&[("decision", "approve")]));
    browser.post(&consent.action, &fields).await
}

/// Tokens for what is left of the form.
async fn tokens(app: &App<'_>, browser: &mut Browser<'_>, keep: impl Fn(&str) -> bool) -> Tokens {
    let (page, push) = consent_page(app, browser, &scope()).await;
    let reply = approve(browser, &page, keep).await;
    let code = query(&location(&reply))["code"].clone();
    Tokens::of(&app.exchange(&code, &push.verifier).await)
}

async fn changes(world: &World) -> Vec<SetChange> {
    world.store.list_set_changes(&ALICE.parse().unwrap()).await.unwrap()
}

/// The one session of alice.
async fn session(world: &World) -> Token {
    world.store.list_tokens(&ALICE.parse().unwrap()).await.unwrap().swap_remove(0)
}

fn repo(names: &[&str]) -> String {
    match names {
        [one] => format!("repo:com.example.music.{one}"),
        many => format!(
            "repo?{}",
            many.iter()
                .map(|name| format!("collection=com.example.music.{name}"))
                .collect::<Vec<_>>()
                .join("&")
        ),
    }
}

fn call() -> String {
    format!("rpc:com.example.music.search?aud={SERVICE}")
}

#[tokio::test]
async fn the_token_has_what_the_set_holds_and_no_include() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let tokens = tokens(&app, &mut Browser::new(&world), |_| true).await;
    let expected = format!("{} {} atproto blob:image/*", repo(&["like", "track"]), call());
    assert_eq!(tokens.scope, expected, "expanded scopes first, then the others in the order of the request");
    let again = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(again.scope, expected);
    assert!(changes(&world).await.is_empty());
    let purposes: Vec<Purpose> = world.sets.asked.lock().iter().map(|(_, purpose)| *purpose).collect();
    assert_eq!(purposes.first(), Some(&Purpose::NewSession));
    assert_eq!(purposes.last(), Some(&Purpose::RunningSession));
}

#[tokio::test]
async fn what_a_set_and_the_request_name_both_is_there_once() {
    let world = world(SetChanges::Follow).await;
    world.sets.publish(MUSIC, &json!([{"type": "permission", "resource": "repo", "collection": [LIKE]}]));
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let asked = format!("atproto repo:{LIKE} {}", include());
    let (page, push) = consent_page(&app, &mut browser, &asked).await;
    let reply = approve(&mut browser, &page, |_| true).await;
    let tokens = Tokens::of(&app.exchange(&query(&location(&reply))["code"], &push.verifier).await);
    assert_eq!(tokens.scope, format!("repo:{LIKE} atproto"));
}

#[tokio::test]
async fn a_set_that_does_not_resolve_is_refused_by_its_name() {
    let world = World::new().await;
    let app = app(&world, true);
    let verifier = app.verifier();
    let refused = app.post("/oauth/par", app.push_form(&verifier, &scope())).await;
    refused.assert_refused(400, "invalid_scope");
    let why = refused.json()["error_description"].as_str().unwrap().to_owned();
    assert!(why.contains(MUSIC) && why.contains("_lexicon"), "{why}");
    world.sets.fail(MUSIC);
    let refused = app.post("/oauth/par", app.push_form(&verifier, &scope())).await;
    refused.assert_refused(503, "temporarily_unavailable");
    assert!(!refused.text.contains("injected"), "{}", refused.text);
    // Nothing was reserved: the same challenge goes through as soon as the set is there.
    world.sets.publish_music(&["track"]);
    assert_eq!(app.post("/oauth/par", app.push_form(&verifier, &scope())).await.status, 201);
}

#[tokio::test]
async fn sets_are_limited_in_number_size_and_time() {
    let world = World::new().await;
    let app = app(&world, true);
    let names = |count: usize| (0..count).map(|number| format!("com.example.s{number}.auth"));
    let scope = |count| {
        let includes: Vec<String> = names(count).map(|name| format!("include:{name}")).collect();
        format!("atproto {}", includes.join(" "))
    };
    for name in names(21) {
        world.sets.publish(&name, &json!([]));
    }
    let push = async |scope: String| app.post("/oauth/par", app.push_form(&app.verifier(), &scope)).await;
    *world.sets.slow.lock() = Duration::from_millis(5);
    assert_eq!(push(scope(20)).await.status, 201);
    assert_eq!(world.sets.most.load(Ordering::SeqCst), 5, "at most five at a time");
    push(scope(21)).await.assert_refused(400, "invalid_scope");
    *world.sets.slow.lock() = Duration::ZERO;
    // Each fits a scope value, all of them together do not.
    for name in names(4) {
        let group = name.trim_end_matches("auth");
        let collections: Vec<String> =
            (0..100).map(|number| format!("{group}record{number}{}", "x".repeat(20))).collect();
        world
            .sets
            .publish(&name, &json!([{"type": "permission", "resource": "repo", "collection": collections}]));
    }
    assert_eq!(push(scope(1)).await.status, 201);
    push(scope(4)).await.assert_refused(400, "invalid_scope");
}

#[tokio::test]
async fn a_set_that_takes_too_long_is_refused() {
    let world = World::with(|settings| settings.limits.set_resolution = Duration::from_millis(150)).await;
    let app = app(&world, true);
    world.sets.publish_music(&["track"]);
    *world.sets.slow.lock() = Duration::from_millis(1);
    assert_eq!(app.post("/oauth/par", app.push_form(&app.verifier(), &scope())).await.status, 201);
    *world.sets.slow.lock() = Duration::from_mins(1);
    let refused = app.post("/oauth/par", app.push_form(&app.verifier(), &scope())).await;
    refused.assert_refused(400, "invalid_scope");
    assert!(refused.text.contains("too long"), "{}", refused.text);
}

#[tokio::test]
async fn the_page_says_exactly_what_the_set_holds() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    world.sets.publish(
        MUSIC,
        &json!([
            {"type": "permission", "resource": "repo", "collection": [TRACK], "action": ["create"]},
            {"type": "permission", "resource": "repo", "collection": ["app.bsky.feed.post"]},
            {"type": "permission", "resource": "rpc", "lxm": ["com.example.music.search"], "inheritAud": true},
            {"type": "permission", "resource": "account", "attr": "email"},
        ]),
    );
    let (page, _) = consent_page(&app, &mut browser, &scope()).await;
    for said in [
        "<bdi>Music library</bdi>",
        "<bdi>Everything about your music.</bdi>",
        MUSIC,
        "Create <bdi>com.example.music.track</bdi> records",
        "Call <bdi>com.example.music.search</bdi> of the service <bdi>api.example.com</bdi> in your name",
        "2 permissions in it",
        "It cannot change records of other applications, see your e-mail address",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text.split("<main>").last().unwrap());
    }
    // Trap 28: what is dropped is not shown as granted, and nothing is said beyond what was asked.
    let list = page.text.split("<details class=\"raw\">").next().unwrap();
    for silent in ["app.bsky.feed.post", "update and delete", "Create, update", "likes", "follows"] {
        assert!(!list.contains(silent), "{silent}");
    }
    browser.extra = vec![("accept-language", "de-CH, en;q=0.5".to_owned())];
    let (page, _) = consent_page(&app, &mut browser, &scope()).await;
    assert!(page.text.contains("<html lang=\"de\">") && page.text.contains("<bdi>Musiksammlung</bdi>"));
}

#[tokio::test]
async fn one_thing_inside_a_set_can_be_unticked() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let tokens = tokens(&app, &mut Browser::new(&world), |value| !value.contains(LIKE)).await;
    let expected = format!("{} {} atproto blob:image/*", repo(&["track"]), call());
    assert_eq!(tokens.scope, expected, "the token lacks exactly what was unticked");
    let again = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(again.scope, expected);
}

#[tokio::test]
async fn sec_15_what_was_declined_in_a_set_stays_out_and_is_asked_for_again() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let mut narrow = tokens(&app, &mut browser, |value| !value.contains(LIKE)).await;
    // Whatever the set says about it later: by another action, or as one of more.
    for permissions in [
        json!([{"type": "permission", "resource": "repo", "collection": [LIKE, TRACK], "action": ["delete"]}]),
        json!([{"type": "permission", "resource": "repo", "collection": [LIKE]},
               {"type": "permission", "resource": "repo", "collection": [TRACK]}]),
    ] {
        world.sets.publish(MUSIC, &permissions);
        world.clock.seconds(100);
        narrow = Tokens::of(&app.refresh(&narrow.refresh).await);
        assert!(!narrow.scope.contains(LIKE) && narrow.scope.contains(TRACK), "{}", narrow.scope);
    }
    world.sets.publish_music(&["track", "like"]);
    let hint = [("login_hint", ALICE)];
    let asked_again = |reply: &Reply| reply.status == 200 && reply.text.contains("name=\"decision\"");
    for scope in [scope(), format!("atproto repo:{LIKE}")] {
        let page = browser.get(&app.authorize_path(&app.push_with(&scope, &hint).await)).await;
        assert!(asked_again(&page), "{scope}: {}", page.text);
    }
    let page = browser.get(&app.authorize_path(&app.push_with(&scope(), &hint).await)).await;
    assert!(page.text.contains("You declined this last time"), "{}", page.text);
    let verifier = app.verifier();
    let mut silent = app.push_form(&verifier, &scope());
    silent.extend(form(&[("prompt", "none"), ("login_hint", ALICE)]));
    let pushed = app.post("/oauth/par", silent).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let reply = browser.get(&app.authorize_path(&Push { request_uri: uri, verifier })).await;
    assert_eq!(query(&location(&reply))["error"], "consent_required");
    // Approved in full now, it needs no page any more.
    let page = browser.get(&app.authorize_path(&app.push_with(&scope(), &hint).await)).await;
    location(&approve(&mut browser, &page, |_| true).await);
    let reply = browser.get(&app.authorize_path(&app.push_with(&scope(), &hint).await)).await;
    assert!(location(&reply).contains("code="));
}

#[tokio::test]
async fn sec_15_what_is_declined_by_itself_is_declined_in_sets_too() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    tokens(&app, &mut browser, |_| true).await;
    let hint = [("login_hint", ALICE)];
    let reply = browser.get(&app.authorize_path(&app.push_with(&scope(), &hint).await)).await;
    assert!(location(&reply).contains("code="), "approved before");
    let page =
        browser.get(&app.authorize_path(&app.push_with(&format!("atproto repo:{LIKE}"), &hint).await)).await;
    location(&approve(&mut browser, &page, |value| !value.contains(LIKE)).await);
    let page = browser.get(&app.authorize_path(&app.push_with(&scope(), &hint).await)).await;
    assert!(page.text.contains("name=\"decision\""), "the last word about a name counts: {}", page.text);
}

#[tokio::test]
async fn a_set_of_which_everything_is_unticked_is_declined() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let whole = include();
    // The box of the set, or every box in it.
    for keep in [
        Box::new(|value: &str| value != whole) as Box<dyn Fn(&str) -> bool>,
        Box::new(|value: &str| !value.starts_with(&format!("{whole} "))),
    ] {
        let tokens = tokens(&app, &mut Browser::new(&world), &keep).await;
        assert_eq!(tokens.scope, "atproto blob:image/*");
        let consent = world.store.find_consent(&ALICE.parse().unwrap(), &WEB.parse().unwrap()).await.unwrap();
        let consent = consent.unwrap();
        assert!(consent.declined.contains(&whole) && !consent.approved.contains(&whole), "{consent:?}");
        assert!(consent.sets.is_empty());
    }
}

#[tokio::test]
async fn one_thing_of_a_plain_scope_can_be_unticked() {
    let world = World::new().await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let asked = "atproto repo?collection=com.example.a&collection=com.example.b";
    let (page, push) = consent_page(&app, &mut browser, asked).await;
    let reply = approve(&mut browser, &page, |value| !value.ends_with("com.example.a")).await;
    let tokens = Tokens::of(&app.exchange(&query(&location(&reply))["code"], &push.verifier).await);
    assert_eq!(tokens.scope, "atproto repo:com.example.b");
    let page = browser.get(&app.authorize_path(&app.push_with(asked, &[("login_hint", ALICE)]).await)).await;
    assert!(page.text.contains("You declined this last time"), "{}", page.text);
}

#[tokio::test]
async fn a_set_that_changes_while_the_page_is_open_is_shown_again() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let (page, push) = consent_page(&app, &mut browser, &scope()).await;
    world.sets.publish_music(&["track", "like", "payment"]);
    let again = approve(&mut browser, &page, |_| true).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("has changed while this page was open"), "{}", again.text);
    assert!(again.text.contains("com.example.music.payment"));
    let reply = approve(&mut browser, &again, |value| !value.contains("payment")).await;
    let tokens = Tokens::of(&app.exchange(&query(&location(&reply))["code"], &push.verifier).await);
    assert!(!tokens.scope.contains("payment"), "{}", tokens.scope);
    // A form that does not say what it showed is none of ours.
    let (page, _) = consent_page(&app, &mut browser, &scope()).await;
    let consent = form_of(&page, "/oauth/authorize/consent");
    let mut fields = replaced(consent.fields, "set", "");
    fields.extend(form(&[("decision", "approve")]));
    assert_eq!(browser.post(&consent.action, &fields).await.status, 400);
}

#[tokio::test]
async fn what_is_new_since_the_last_approval_comes_first() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    tokens(&app, &mut browser, |_| true).await;
    world.sets.publish_music(&["track", "like", "comment"]);
    let push = app.push_with(&scope(), &[("login_hint", ALICE), ("prompt", "consent")]).await;
    let page = browser.get(&app.authorize_path(&push)).await;
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
    assert!(at("New since") < at("com.example.music.comment"));
    assert!(at("com.example.music.comment") < at(TRACK), "what is new in the set comes first in it");
    assert!(at(TRACK) < at("As before, it can") && at("As before, it can") < at("image/*"));
    assert_eq!(page.text.matches("class=\"tag\"").count(), 1, "only the new thing is marked");
}

#[tokio::test]
async fn sec_61_a_set_that_grows_widens_the_next_token_and_not_this_one() {
    for policy in [SetChanges::Follow, SetChanges::Notify] {
        let world = world(policy).await;
        let app = app(&world, true);
        let tokens = tokens(&app, &mut Browser::new(&world), |_| true).await;
        world.clock.seconds(100);
        world.sets.publish(
            MUSIC,
            &json!([
                {"type": "permission", "resource": "repo",
                 "collection": [TRACK, LIKE, "com.example.music.comment"]},
                {"type": "permission", "resource": "repo", "collection": ["com.example.elsewhere"]},
                {"type": "permission", "resource": "repo", "collection": ["app.bsky.feed.post"]},
                {"type": "permission", "resource": "rpc", "lxm": ["com.example.music.search"], "inheritAud": true},
            ]),
        );
        assert_eq!(session(&world).await.granted.as_str(), tokens.scope, "token N is what it was");
        let wider = Tokens::of(&app.refresh(&tokens.refresh).await);
        let expected = format!("{} {} atproto blob:image/*", repo(&["comment", "like", "track"]), call());
        assert_eq!(wider.scope, expected, "never outside its namespace");
        // The lost answer is the same answer, and noted once.
        assert_eq!(Tokens::of(&app.refresh(&tokens.refresh).await).scope, expected);
        let noted = changes(&world).await;
        assert_eq!(noted.len(), 1, "{noted:?}");
        assert_eq!(noted[0].added.as_str(), "repo:com.example.music.comment");
        assert!(noted[0].removed.is_empty());
        assert_eq!((noted[0].outcome, noted[0].include.as_str()), (SetOutcome::Applied, include().as_str()));
        assert_eq!((noted[0].from.as_str(), noted[0].to.as_str()), ("version-0", "version-1"));
        Tokens::of(&app.refresh(&wider.refresh).await);
        assert_eq!(changes(&world).await.len(), 1, "no change, nothing noted");
        let told = world.notices.sent.lock().len();
        assert_eq!(told, usize::from(policy == SetChanges::Notify), "{policy:?}");
    }
}

#[tokio::test]
async fn whoever_wants_to_be_told_gets_mail() {
    let world = world(SetChanges::Notify).await;
    let app = app(&world, true);
    let first = tokens(&app, &mut Browser::new(&world), |_| true).await;
    world.sets.publish_music(&["track", "like", "comment"]);
    world.clock.seconds(100);
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let sent = world.notices.sent.lock().clone();
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, ALICE_EMAIL));
    assert!(sent[0].subject.contains("app.example.dev"), "{}", sent[0].subject);
    for said in
        ["- Create, update and delete com.example.music.comment records", "https://auth.example.com/account"]
    {
        assert!(sent[0].text.contains(said), "{said}: {}", sent[0].text);
    }
    assert!(!sent[0].text.contains(TRACK), "only what is new: {}", sent[0].text);
    // Mail that cannot be sent ends nothing.
    world.notices.is_broken.store(true, Ordering::SeqCst);
    world.sets.publish_music(&["track", "like", "comment", "list"]);
    world.clock.seconds(100);
    let third = Tokens::of(&app.refresh(&second.refresh).await);
    assert!(third.scope.contains("com.example.music.list"), "{}", third.scope);
    assert_eq!(world.notices.sent.lock().len(), 1);
}

#[tokio::test]
async fn a_set_that_shrinks_narrows_the_next_token_at_once() {
    for policy in [SetChanges::Follow, SetChanges::Notify, SetChanges::Hold] {
        let world = world(policy).await;
        let app = app(&world, true);
        let tokens = tokens(&app, &mut Browser::new(&world), |_| true).await;
        world
            .sets
            .publish(MUSIC, &json!([{"type": "permission", "resource": "repo", "collection": [TRACK]}]));
        let narrower = Tokens::of(&app.refresh(&tokens.refresh).await);
        assert_eq!(narrower.scope, format!("{} atproto blob:image/*", repo(&["track"])));
        let noted = changes(&world).await;
        assert_eq!((noted.len(), noted[0].outcome), (1, SetOutcome::Applied), "{policy:?}");
        assert!(noted[0].added.is_empty());
        assert_eq!(noted[0].removed.as_str(), format!("repo:{LIKE} {}", call()));
        assert!(world.notices.sent.lock().is_empty());
    }
}

#[tokio::test]
async fn sec_61_what_is_held_waits_for_the_person() {
    let world = world(SetChanges::Hold).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let first = tokens(&app, &mut browser, |_| true).await;
    let before = format!("{} {} atproto blob:image/*", repo(&["like", "track"]), call());
    assert_eq!(first.scope, before);
    // It grows and shrinks at once: what is gone is gone, what is new waits.
    world.clock.seconds(100);
    world.sets.publish_music(&["track", "comment"]);
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let kept = format!("{} {} atproto blob:image/*", repo(&["track"]), call());
    assert_eq!(second.scope, kept);
    let noted = changes(&world).await;
    assert_eq!((noted.len(), noted[0].outcome), (1, SetOutcome::Held));
    assert_eq!(
        (noted[0].added.as_str(), noted[0].removed.as_str()),
        ("repo:com.example.music.comment", &*format!("repo:{LIKE}"))
    );
    world.clock.seconds(100);
    let third = Tokens::of(&app.refresh(&second.refresh).await);
    assert_eq!((third.scope.as_str(), changes(&world).await.len()), (kept.as_str(), 1), "noted once");

    let page = browser.get("/account").await;
    assert!(page.text.contains("asks for more than you approved"), "{}", page.text);
    assert!(page.text.contains("Create, update and delete <bdi>com.example.music.comment</bdi> records"));
    let approve = form_of(&page, "/account/approve");
    // Another version came between: what was shown is not what waits.
    world.sets.publish_music(&["track", "comment", "payment"]);
    world.clock.seconds(100);
    let fourth = Tokens::of(&app.refresh(&third.refresh).await);
    assert_eq!(fourth.scope, kept);
    let reply = browser.post(&approve.action, &approve.fields).await;
    assert!(location(&reply).contains("done=changed"));
    world.clock.seconds(100);
    let fifth = Tokens::of(&app.refresh(&fourth.refresh).await);
    assert_eq!(fifth.scope, kept);

    let page = browser.get("/account").await;
    let approve = form_of(&page, "/account/approve");
    let reply = browser.post(&approve.action, &approve.fields).await;
    let page = browser.get(&location(&reply)).await;
    assert!(page.text.contains("Approved. The application has it"), "{}", page.text);
    assert!(!page.text.contains("asks for more than you approved"));
    world.clock.seconds(100);
    let last = Tokens::of(&app.refresh(&fifth.refresh).await);
    assert_eq!(
        last.scope,
        format!("{} {} atproto blob:image/*", repo(&["comment", "payment", "track"]), call())
    );
    let outcomes: Vec<SetOutcome> = changes(&world).await.iter().map(|change| change.outcome).collect();
    assert_eq!(outcomes, [SetOutcome::Approved, SetOutcome::Held, SetOutcome::Held]);
}

#[tokio::test]
async fn what_is_held_is_released_by_a_later_consent() {
    let world = world(SetChanges::Hold).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let first = tokens(&app, &mut browser, |_| true).await;
    world.clock.seconds(100);
    world.sets.publish_music(&["track", "like", "comment", "payment"]);
    let held = Tokens::of(&app.refresh(&first.refresh).await);
    assert!(!held.scope.contains("comment"), "{}", held.scope);
    // A silent sign-in is approved as before, and has no more than was approved.
    world.clock.seconds(100);
    let push = app.push_with(&scope(), &[("login_hint", ALICE)]).await;
    let reply = browser.get(&app.authorize_path(&push)).await;
    let silent = Tokens::of(&app.exchange(&query(&location(&reply))["code"], &push.verifier).await);
    assert!(!silent.scope.contains("comment"), "{}", silent.scope);
    // At the next consent the person takes one of the two new things.
    let push = app.push_with(&scope(), &[("login_hint", ALICE), ("prompt", "consent")]).await;
    let page = browser.get(&app.authorize_path(&push)).await;
    location(&approve(&mut browser, &page, |value| !value.contains("payment")).await);
    world.clock.seconds(100);
    let released = Tokens::of(&app.refresh(&held.refresh).await);
    assert!(released.scope.contains("comment") && !released.scope.contains("payment"), "{}", released.scope);
    let noted = changes(&world).await;
    assert!(
        noted.iter().any(|change| change.outcome == SetOutcome::Approved
            && change.added.as_str() == "repo:com.example.music.comment"),
        "{noted:?}"
    );
}

#[tokio::test]
async fn a_set_that_fails_at_a_refresh_ends_no_session() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let tokens = tokens(&app, &mut Browser::new(&world), |_| true).await;
    world.sets.fail(MUSIC);
    let reply = app.refresh(&tokens.refresh).await;
    reply.assert_refused(503, "temporarily_unavailable");
    assert!(reply.header("retry-after").is_some());
    assert!(app.is_alive(&tokens).await);
    // Gone from everywhere: the session goes on with what it had.
    world.sets.forget(MUSIC);
    let next = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!(next.scope, tokens.scope);
    // A session that never had it waits, and lives.
    let token = session(&world).await;
    let before = world.store.find_sets(token.id).await.unwrap();
    let none = ReplaceSets { before, ..ReplaceSets::default() };
    assert!(world.store.replace_sets(token.id, none).await.unwrap());
    app.refresh(&next.refresh).await.assert_refused(503, "temporarily_unavailable");
    assert!(app.is_alive(&next).await);
    world.sets.publish_music(&["track", "like"]);
    assert_eq!(Tokens::of(&app.refresh(&next.refresh).await).scope, tokens.scope);
}

#[tokio::test]
async fn a_set_that_fails_at_the_exchange_leaves_the_code() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let mut browser = Browser::new(&world);
    let (page, push) = consent_page(&app, &mut browser, &scope()).await;
    let reply = approve(&mut browser, &page, |_| true).await;
    let code = query(&location(&reply))["code"].clone();
    world.sets.fail(MUSIC);
    app.exchange(&code, &push.verifier).await.assert_refused(503, "temporarily_unavailable");
    world.sets.forget(MUSIC);
    let tokens = Tokens::of(&app.exchange(&code, &push.verifier).await);
    assert!(tokens.scope.contains(TRACK), "what was shown a moment ago still counts: {}", tokens.scope);
}

#[tokio::test]
async fn a_refresh_may_ask_for_a_set_alone() {
    let world = world(SetChanges::Follow).await;
    let app = app(&world, true);
    let tokens = tokens(&app, &mut Browser::new(&world), |value| !value.contains(LIKE)).await;
    let narrow = form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.refresh),
        ("scope", &format!("atproto {}", include())),
    ]);
    let narrow = Tokens::of(&app.post("/oauth/token", narrow).await);
    assert_eq!(narrow.scope, format!("{} {} atproto", repo(&["track"]), call()));
    let all = Tokens::of(&app.refresh(&narrow.refresh).await);
    assert_eq!(all.scope, tokens.scope);
}

#[tokio::test]
async fn a_loopback_client_can_be_narrowed_too() {
    let world = world(SetChanges::Follow).await;
    let mut id = "http://localhost?".to_owned();
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("redirect_uri", "http://127.0.0.1/callback");
    parameters.append_pair("scope", &scope());
    id.push_str(&parameters.finish());
    let app = App::new(&world, &id, LOOPBACK_REDIRECT, false);
    let mut browser = Browser::new(&world);
    let narrow = tokens(&app, &mut browser, |value| !value.contains(LIKE)).await;
    assert!(!narrow.scope.contains(LIKE) && narrow.scope.contains(TRACK), "{}", narrow.scope);
    assert_eq!(Tokens::of(&app.refresh(&narrow.refresh).await).scope, narrow.scope);
}
