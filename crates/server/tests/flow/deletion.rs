//! Deleting an account.

use gatewright_store::account::AccountStore as _;
use serde_json::json;

use crate::support::app::public;
use crate::support::notices::code_of;
use crate::support::session::{Session, refusal, refused};
use crate::support::{ALICE, ALICE_EMAIL, ALICE_PASSWORD, BOB, BOB_PASSWORD, World};

const REQUEST: &str = "com.atproto.server.requestAccountDelete";
const DELETE: &str = "com.atproto.server.deleteAccount";

#[tokio::test]
async fn an_account_is_deleted_by_password_and_code_and_leaves_nothing() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    let session = world.session().await;
    assert_eq!(world.xrpc(REQUEST, Some(&session.access), None).await.status, 200);
    let message = world.notices.next().await;
    assert_eq!(message.to, ALICE_EMAIL);
    let code = code_of(&message);
    let delete = async |did: &str, password: &str, token: &str| {
        let body = json!({ "did": did, "password": password, "token": token });
        world.xrpc(DELETE, None, Some(&body)).await
    };
    let wrong = refused(401, "AuthenticationRequired", "Invalid identifier or password");
    assert_eq!(refusal(&delete(ALICE, "wrong", &code).await), wrong);
    assert_eq!(refusal(&delete("did:plc:nobodynobodynobodynobody", ALICE_PASSWORD, &code).await), wrong);
    assert_eq!(refusal(&delete(ALICE, ALICE_PASSWORD, "abcde-23456").await).1, "InvalidToken");
    assert_eq!(refusal(&delete(BOB, BOB_PASSWORD, &code).await).1, "InvalidToken", "somebody else's code");
    world.clock.seconds(15 * 60);
    assert_eq!(refusal(&delete(ALICE, ALICE_PASSWORD, &code).await).1, "ExpiredToken");
    assert!(app.is_alive(&tokens).await);

    assert_eq!(world.xrpc(REQUEST, Some(&session.access), None).await.status, 200);
    let code = code_of(&world.notices.next().await);
    assert_eq!(delete(ALICE, ALICE_PASSWORD, &code).await.status, 200);
    assert!(world.store.find_account(&ALICE.parse().unwrap()).await.unwrap().is_none());
    assert!(!app.is_alive(&tokens).await && !world.is_open(&session).await);
    assert_eq!(world.log_in(ALICE, ALICE_PASSWORD).await.status, 401);
    assert_eq!(refusal(&delete(ALICE, ALICE_PASSWORD, &code).await), wrong);
    Session::of(&world.log_in(BOB, BOB_PASSWORD).await);
}

#[tokio::test]
async fn sec_64_an_app_password_deletes_nothing() {
    let world = World::new().await;
    let app_password = world.new_app_password(json!({"name": "bot", "privileged": true})).await;
    let bot = Session::of(&world.log_in(ALICE, &app_password).await);
    assert_ne!(world.xrpc(REQUEST, Some(&bot.access), None).await.status, 200);
    world.notices.assert_none().await;
    let session = world.session().await;
    assert_eq!(world.xrpc(REQUEST, Some(&session.access), None).await.status, 200);
    let token = code_of(&world.notices.next().await);
    let body = json!({ "did": ALICE, "password": app_password, "token": token });
    assert_eq!(refusal(&world.xrpc(DELETE, None, Some(&body)).await).1, "AuthenticationRequired");
    assert!(world.is_open(&session).await);
}
