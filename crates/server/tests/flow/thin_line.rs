//! The thin line: push, page, sign-in, consent, code, token, refresh, revoke.

use crate::support::World;
use crate::support::app::{SCOPE, Tokens, confidential, loopback};
use crate::support::browser::{Browser, query};

#[tokio::test]
async fn a_loopback_client_gets_refreshes_and_gives_back_its_tokens() {
    let world = World::new().await;
    let app = loopback(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let location = browser.approve(&app.authorize_path(&push)).await;
    assert!(location.starts_with("http://127.0.0.1:4711/callback?"), "{location}");
    let answer = query(&location);
    assert_eq!(answer["state"], "state-1");
    let first = Tokens::of(&app.exchange(&answer["code"], &push.verifier).await);
    assert_eq!(first.scope, SCOPE);
    assert_eq!(first.expires_in, 900);
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.claim("jti"), second.claim("jti"));
    assert!(app.is_alive(&second).await);
    let revoked = app.revoke(&second.access).await;
    assert_eq!((revoked.status.as_u16(), revoked.text.as_str()), (200, "{}"));
    assert!(!app.is_alive(&second).await);
    app.refresh(&second.refresh).await.assert_refused(400, "invalid_grant");
}

#[tokio::test]
async fn a_confidential_client_gets_and_refreshes_its_tokens() {
    let world = World::new().await;
    let app = confidential(&world);
    let first = app.tokens().await;
    Tokens::of(&app.refresh(&first.refresh).await);
}
