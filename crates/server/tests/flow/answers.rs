//! What goes back to the client through the browser.

use crate::support::app::{SCOPE, confidential, public};
use crate::support::browser::{Browser, forms, location, query};
use crate::support::{ISSUER, World};

#[tokio::test]
async fn sec_07_iss_on_every_answer_in_every_mode() {
    let world = World::new().await;
    let app = public(&world);
    for mode in ["query", "fragment", "form_post"] {
        for decision in ["approve", "deny"] {
            let push = app.push_with(SCOPE, &[("response_mode", mode)]).await;
            let mut browser = Browser::new(&world);
            let page = browser.sign_in(&app.authorize_path(&push)).await;
            let reply = browser.decide(&page, decision).await;
            let fields: std::collections::BTreeMap<_, _> = if mode == "form_post" {
                assert_eq!(reply.status, 200);
                let form = forms(&reply.text).remove(0);
                assert_eq!(form.action, app.redirect_uri);
                form.fields.into_iter().collect()
            } else {
                let location = location(&reply);
                assert_eq!(location.contains('#'), mode == "fragment", "{location}");
                assert!(location.starts_with("https://app.example.dev/cb"), "{location}");
                query(&location)
            };
            assert_eq!(fields["iss"], ISSUER, "{mode} {decision}");
            assert_eq!(fields["state"], "state-1", "{mode} {decision}");
            assert_eq!(fields.contains_key("code"), decision == "approve", "{mode}");
            assert_eq!(
                fields.get("error").map(String::as_str),
                (decision == "deny").then_some("access_denied")
            );
        }
    }
}

#[tokio::test]
async fn sec_09_redirects_are_303_and_kept_nowhere() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&app.authorize_path(&push)).await;
    let reply = browser.decide(&page, "approve").await;
    assert_eq!(reply.status, 303);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(reply.text.is_empty());
}

#[tokio::test]
async fn sec_10_pages_cannot_be_framed_and_other_origins_cannot_read_them() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let sign_in = browser.get(&app.authorize_path(&push)).await;
    let consent = browser.sign_in(&app.authorize_path(&push)).await;
    let error = browser.get("/oauth/authorize").await;
    for page in [sign_in, consent, error] {
        assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert!(page.header("access-control-allow-origin").is_none());
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn sec_13_what_a_stranger_sends_is_escaped() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/oauth/authorize?client_id=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&request_uri=urn:ietf:params:oauth:request_uri:x").await;
    assert_eq!(page.status, 400);
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    let app = public(&world);
    let verifier = app.verifier();
    let reply = app.post("/oauth/par", app.push_form(&verifier, "atproto \u{e9}\"\\<script>")).await;
    let text = reply.json()["error_description"].as_str().unwrap().to_owned();
    assert!(text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{text}");
}

#[tokio::test]
async fn sec_17_an_untrusted_client_is_named_by_its_address_alone() {
    let world = World::new().await;
    let app = confidential(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    for page in
        [browser.get(&app.authorize_path(&push)).await, browser.sign_in(&app.authorize_path(&push)).await]
    {
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("Totally Your Bank") && !page.text.contains("logo.png"));
        assert!(page.text.contains("app.example.dev"));
    }
}
