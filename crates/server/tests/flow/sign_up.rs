//! New accounts, on the page and by `createAccount`.

use gatewright_server::sign_ups::SignUpMode;
use gatewright_store::account::AccountStore as _;
use serde_json::json;

use crate::support::app::{App, Form, SCOPE, Tokens, form, loopback, public, replaced};
use crate::support::browser::{Browser, form_of, location, query};
use crate::support::machine::Reply;
use crate::support::registrar::CODE;
use crate::support::{ALICE, ALICE_EMAIL, World};

const SIGN_UP: &str = "/oauth/authorize/sign-up";
const CREATE: [(&str, &str); 1] = [("prompt", "create")];
const PASSWORD: &str = "a sentence of a few words";

async fn open(app: &App<'_>, browser: &mut Browser<'_>, more: &[(&str, &str)]) -> Reply {
    let push = app.push_with(SCOPE, more).await;
    browser.get(&app.authorize_path(&push)).await
}

/// The fields of the form on this page, filled in.
fn filled(page: &Reply, changes: &[(&str, &str)]) -> Form {
    let mut fields = form_of(page, SIGN_UP).fields;
    let usual = [("handle", "carol"), ("email", "carol@example.com"), ("password", PASSWORD)];
    for (name, value) in usual.iter().chain(changes) {
        assert!(fields.iter().any(|(known, _)| known == name), "{name}: {}", page.text);
        fields = replaced(fields, name, value);
    }
    fields
}

async fn is_there(world: &World, handle: &str) -> bool {
    world.store.find_account_by_handle(&handle.parse().unwrap()).await.unwrap().is_some()
}

#[tokio::test]
async fn whoever_makes_an_account_is_signed_in_and_asked_for_consent() {
    let world = World::signing_up(SignUpMode::Open).await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let push = app.push_with(SCOPE, &CREATE).await;
    let page = browser.get(&app.authorize_path(&push)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("alice.example.net"), "an example of a handle: {}", page.text);
    assert!(!page.text.contains("name=\"invite\""), "no code is asked for");
    let mut fields = filled(&page, &[]);
    fields.extend(form(&[("remember", "on")]));
    let consent = browser.post(SIGN_UP, &fields).await;
    assert!(consent.text.contains("carol.example.net"), "{}", consent.text);
    let back = location(&browser.decide(&consent, "approve").await);
    let reply = app.exchange(&query(&back)["code"], &push.verifier).await;
    let account = world.store.find_account_by_handle(&"carol.example.net".parse().unwrap()).await.unwrap();
    let account = account.unwrap();
    assert_eq!(reply.json()["sub"], account.did.as_str());
    assert_eq!(account.email.as_deref(), Some("carol@example.com"));
    drop(Tokens::of(&reply));
    // The device remembers the account, as it was asked to.
    let picker = open(&app, &mut browser, &[]).await;
    assert!(picker.text.contains("carol.example.net"), "{}", picker.text);
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost_but_the_password() {
    let world = World::signing_up(SignUpMode::Invite).await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, &CREATE).await;
    let good = [("invite", CODE)];
    let wrong: [(&str, &str, &str); 8] = [
        ("handle", "a_b", "handle-refusal"),
        ("handle", "carol.example.org", "handle-refusal"),
        ("handle", "alice", "handle-refusal"),
        ("email", "nowhere", "email-refusal"),
        ("email", ALICE_EMAIL, "email-refusal"),
        ("password", "short", "password-refusal"),
        ("invite", "no-such-code", "invite-refusal"),
        ("invite", "<b>", "invite-refusal"),
    ];
    for (field, value, id) in wrong {
        let sent = filled(&page, &[good[0], (field, value)]);
        let again = browser.post(SIGN_UP, &sent).await;
        assert_eq!(again.status, 400, "{field} {value}");
        for known in ["handle-refusal", "email-refusal", "password-refusal", "invite-refusal"] {
            let is_shown = again.text.contains(&format!("id=\"{known}\""));
            assert_eq!(is_shown, known == id, "{field} {value}: {known}");
        }
        for name in ["handle", "email", "invite"] {
            let expected = sent.iter().find(|(known, _)| known == name);
            let kept = form_of(&again, SIGN_UP).fields;
            assert_eq!(kept.iter().find(|(known, _)| known == name), expected, "{field} {value}: {name}");
        }
        assert!(!again.text.contains(PASSWORD) && !again.text.contains("short"), "the password stays away");
    }
    let broken = browser.post(SIGN_UP, &filled(&page, &[good[0], ("handle", "broken")])).await;
    assert_eq!(broken.status, 503);
    assert!(!is_there(&world, "carol.example.net").await);
    let consent = browser.post(SIGN_UP, &filled(&page, &good)).await;
    form_of(&consent, "/oauth/authorize/consent");
}

#[tokio::test]
async fn nobody_is_offered_what_they_cannot_have() {
    let closed = World::new().await;
    let open_world = World::signing_up(SignUpMode::Open).await;
    let metadata = async |world: &World| {
        let reply = Browser::new(world).get("/.well-known/oauth-authorization-server").await.json();
        reply["prompt_values_supported"].as_array().unwrap().contains(&json!("create"))
    };
    assert!(!metadata(&closed).await && metadata(&open_world).await);

    let app = public(&closed);
    let mut browser = Browser::new(&closed);
    let page = open(&app, &mut browser, &CREATE).await;
    form_of(&page, "/oauth/authorize/sign-in");
    assert!(!page.text.contains(SIGN_UP), "no link: {}", page.text);
    let mut fields = form_of(&page, "/oauth/authorize/sign-in").fields;
    fields.extend(form(&[("handle", "carol"), ("email", "carol@example.com")]));
    let refused = browser.post(SIGN_UP, &replaced(fields, "password", PASSWORD)).await;
    assert_eq!(refused.status, 503);
    assert!(!is_there(&closed, "carol.example.net").await);

    // Where anybody may, a link leads there and back; but not where the client expects an account that there is.
    let app = public(&open_world);
    let mut browser = Browser::new(&open_world);
    let page = open(&app, &mut browser, &[]).await;
    let link = page.text.split("href=\"").find(|rest| rest.starts_with(SIGN_UP)).expect("a link");
    let link = link.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let form_page = browser.get(&link).await;
    form_of(&form_page, SIGN_UP);
    assert!(form_page.text.contains("/oauth/authorize/sign-in?"), "the way back");
    let hinted = open(&app, &mut browser, &[("login_hint", ALICE), CREATE[0]]).await;
    assert!(!hinted.text.contains(SIGN_UP), "{}", hinted.text);
    assert_eq!(browser.get(SIGN_UP).await.status, 405, "without a request it is no page");
}

#[tokio::test]
async fn sec_11_an_account_is_made_only_by_a_form_of_ours() {
    let world = World::signing_up(SignUpMode::Open).await;
    let app = loopback(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, &CREATE).await;
    let fields = filled(&page, &[]);
    assert_eq!(browser.post(SIGN_UP, &replaced(fields.clone(), "csrf", "")).await.status, 403);
    assert_eq!(Browser::new(&world).post(SIGN_UP, &fields).await.status, 403, "another browser");
    browser.extra = vec![("origin", "https://evil.example.net".to_owned())];
    assert_eq!(browser.post(SIGN_UP, &fields).await.status, 403);
    assert!(!is_there(&world, "carol.example.net").await);
}

#[tokio::test]
async fn as_49_sign_ups_are_limited_by_network_on_the_page_and_by_the_method_together() {
    let world = World::signing_up(SignUpMode::Open).await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = open(&app, &mut browser, &CREATE).await;
    let fields = filled(&page, &[("email", "nowhere")]);
    for _ in 0..100 {
        assert_eq!(browser.post(SIGN_UP, &fields).await.status, 400);
    }
    let refused = browser.post(SIGN_UP, &filled(&page, &[])).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert!(!is_there(&world, "carol.example.net").await);

    let create = "com.atproto.server.createAccount";
    let input = json!({"handle": "x", "email": "nowhere", "password": PASSWORD});
    for _ in 0..100 {
        assert_eq!(world.xrpc(create, None, Some(&input)).await.status, 400);
    }
    let input = json!({"handle": "dave.example.net", "email": "dave@example.com", "password": PASSWORD});
    assert_eq!(world.xrpc(create, None, Some(&input)).await.status, 429);
    let elsewhere = world.xrpc_from("198.51.100.1:4711", create, None, Some(&input)).await;
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.text);
}
