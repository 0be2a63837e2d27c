//! The e-mail address of an account: confirmed, and changed.

use gatewright_store::account::AccountStore as _;
use serde_json::{Value, json};

use crate::support::app::public;
use crate::support::notices::code_of;
use crate::support::session::{Session, refusal};
use crate::support::{ALICE, ALICE_EMAIL, BOB, BOB_PASSWORD, World};

const REQUEST_CONFIRMATION: &str = "com.atproto.server.requestEmailConfirmation";
const CONFIRM: &str = "com.atproto.server.confirmEmail";
const REQUEST_UPDATE: &str = "com.atproto.server.requestEmailUpdate";
const UPDATE: &str = "com.atproto.server.updateEmail";

impl World {
    async fn called(&self, method: &str, session: &Session, body: Option<Value>) -> (u16, String) {
        let reply = self.xrpc(method, Some(&session.access), body.as_ref()).await;
        let error = if reply.status == 200 { reply.text } else { refusal(&reply).1 };
        (reply.status.as_u16(), error)
    }

    /// Alice's address, and whether it is confirmed.
    async fn address(&self) -> (String, bool) {
        let account = self.store.find_account(&ALICE.parse().unwrap()).await.unwrap().unwrap();
        (account.email.unwrap(), account.email_confirmed)
    }

    async fn confirm(&self, session: &Session) {
        assert_eq!(self.called(REQUEST_CONFIRMATION, session, None).await.0, 200);
        let token = code_of(&self.notices.next().await);
        let body = json!({ "email": ALICE_EMAIL, "token": token });
        assert_eq!(self.called(CONFIRM, session, Some(body)).await.0, 200);
    }
}

fn answer(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[tokio::test]
async fn an_address_is_confirmed_by_whoever_reads_its_mail() {
    let world = World::new().await;
    let session = world.session().await;
    assert_eq!(world.called(REQUEST_CONFIRMATION, &session, None).await.0, 200);
    let message = world.notices.next().await;
    assert_eq!(message.to, ALICE_EMAIL);
    let token = code_of(&message);
    let confirm = async |email: &str, token: &str| {
        world.called(CONFIRM, &session, Some(json!({ "email": email, "token": token }))).await
    };
    assert_eq!(confirm(ALICE_EMAIL, "abcde-23456").await, answer(400, "InvalidToken"));
    assert_eq!(confirm("other@example.net", &token).await, answer(400, "InvalidEmail"));
    let bob = Session::of(&world.log_in(BOB, BOB_PASSWORD).await);
    let body = json!({ "email": ALICE_EMAIL, "token": token });
    assert_eq!(world.called(CONFIRM, &bob, Some(body)).await, answer(400, "InvalidToken"));
    assert_eq!(
        world.called(REQUEST_CONFIRMATION, &bob, None).await,
        answer(400, "InvalidRequest"),
        "no address"
    );
    assert!(!world.address().await.1);
    world.clock.seconds(15 * 60);
    assert_eq!(confirm(ALICE_EMAIL, &token).await, answer(400, "ExpiredToken"));
    world.confirm(&session).await;
    assert_eq!(world.address().await, (ALICE_EMAIL.to_owned(), true));
}

#[tokio::test]
async fn a_confirmed_address_is_changed_by_whoever_reads_its_mail() {
    let world = World::new().await;
    let session = world.session().await;
    let update = async |email: &str, token: Option<&str>| {
        let mut body = json!({ "email": email });
        if let Some(token) = token {
            body["token"] = json!(token);
        }
        world.called(UPDATE, &session, Some(body)).await
    };
    assert_eq!(update("nonsense", None).await, answer(400, "InvalidRequest"));
    let asked = world.called(REQUEST_UPDATE, &session, None).await;
    assert_eq!(asked, answer(200, r#"{"tokenRequired":false}"#));
    world.confirm(&session).await;
    assert_eq!(update("New@Example.net", None).await, answer(400, "TokenRequired"));
    let asked = world.called(REQUEST_UPDATE, &session, None).await;
    assert_eq!(asked, answer(200, r#"{"tokenRequired":true}"#));
    let message = world.notices.next().await;
    let token = code_of(&message);
    assert_eq!(update("New@Example.net", Some("abcde-23456")).await, answer(400, "InvalidToken"));
    assert_eq!(world.address().await.0, ALICE_EMAIL);
    assert_eq!(update("New@Example.net", Some(&token)).await.0, 200);
    assert_eq!(world.address().await, ("new@example.net".to_owned(), false));
    let told = world.notices.next().await;
    assert_eq!(told.to, ALICE_EMAIL, "the address before is told");
    assert!(!told.text.contains("new@example.net"));
    let bob = Session::of(&world.log_in(BOB, BOB_PASSWORD).await);
    let body = json!({ "email": "NEW@example.net" });
    assert_eq!(world.called(UPDATE, &bob, Some(body)).await, answer(400, "InvalidRequest"), "it is taken");
}

#[tokio::test]
async fn sec_64_app_passwords_and_applications_do_not_change_the_address() {
    let world = World::new().await;
    let app_password = world.new_app_password(json!({"name": "bot", "privileged": true})).await;
    let bot = Session::of(&world.log_in(ALICE, &app_password).await);
    let email = json!({ "email": "new@example.net" });
    for method in [REQUEST_CONFIRMATION, CONFIRM, REQUEST_UPDATE, UPDATE] {
        assert_ne!(world.called(method, &bot, Some(email.clone())).await.0, 200, "{method}");
    }
    let app = public(&world);
    let tokens = app.tokens().await;
    for method in [REQUEST_CONFIRMATION, REQUEST_UPDATE, UPDATE] {
        assert_eq!(app.call_xrpc(method, &tokens.access).await.status, 403, "{method}");
    }
    world.notices.assert_none().await;
    assert_eq!(world.address().await.0, ALICE_EMAIL);
}

#[tokio::test]
async fn mail_that_an_account_asks_for_is_limited() {
    let world = World::new().await;
    let session = world.session().await;
    for _ in 0..5 {
        assert_eq!(world.called(REQUEST_CONFIRMATION, &session, None).await.0, 200);
        world.notices.next().await;
    }
    assert_eq!(world.called(REQUEST_CONFIRMATION, &session, None).await.0, 429);
    let bob = Session::of(&world.log_in(BOB, BOB_PASSWORD).await);
    assert_eq!(world.called(REQUEST_UPDATE, &bob, None).await.0, 200, "nobody else is");
}
