//! The village on loopback, asked as programs and browsers ask.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::net::SocketAddr;

use gatewright_testkit::app::{App, Person};
use gatewright_testkit::form::Browser;
use tokio::net::TcpListener;

/// Starts the village on a free port; its issuer.
async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let app = embed_in_axum::app(&issuer).await.unwrap();
    let served = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(async { served.await.unwrap() });
    issuer
}

fn alice() -> Person {
    Person {
        handle: "alice.example.net".to_owned(),
        did: "did:web:alice.example.net".to_owned(),
        password: "a walk in the wood".to_owned(),
    }
}

#[tokio::test]
async fn the_own_route_and_the_metadata_stand_beside_each_other() {
    let issuer = start().await;
    let mut app = App::loopback(&issuer, "atproto").unwrap();
    let own = app.send("GET", &format!("{issuer}/"), &[], b"").await.unwrap();
    assert_eq!((own.status, own.body.as_slice()), (200, b"The village fair is on Saturday.".as_slice()));

    let url = format!("{issuer}/.well-known/oauth-authorization-server");
    let metadata = app.send("GET", &url, &[], b"").await.unwrap().json().unwrap();
    assert_eq!(metadata["issuer"], issuer.as_str());
    assert_eq!(metadata["pushed_authorization_request_endpoint"], format!("{issuer}/oauth/par"));
    assert_eq!(metadata["protected_resources"], serde_json::json!(["http://localhost:2591"]));
}

#[tokio::test]
async fn a_pushed_request_leads_to_the_sign_in_page() {
    let issuer = start().await;
    let mut app = App::loopback(&issuer, "atproto repo:com.example.note").unwrap();
    let unproven = app.send("POST", &format!("{issuer}/oauth/par"), &[], b"").await.unwrap();
    assert!((400..500).contains(&unproven.status), "{unproven:?}");

    let pushed = app.push(&[]).await.unwrap();
    let page = Browser::new().open(&app.authorize_url(&pushed.request_uri)).await.unwrap().page().unwrap();
    assert_eq!(page.status, 200);
    assert!(page.form_with("password").is_ok(), "{}", page.text());
    assert!(page.text().contains("The village"), "{}", page.text());
}

#[tokio::test]
async fn members_sign_in_with_the_password_they_have_there() {
    let issuer = start().await;
    let mut app = App::loopback(&issuer, "atproto").unwrap();
    let pushed = app.push(&[]).await.unwrap();
    let url = app.authorize_url(&pushed.request_uri);
    let refused = Browser::new().sign_in(&url, "alice.example.net", "a boat on the lake").await.unwrap();
    assert_eq!(refused.page().unwrap().status, 401);

    let tokens = app.sign_in(&alice()).await.unwrap();
    assert_eq!((tokens.sub.as_str(), tokens.scope.as_str()), ("did:web:alice.example.net", "atproto"));
    assert_ne!(app.refresh().await.unwrap().refresh, tokens.refresh);
}
