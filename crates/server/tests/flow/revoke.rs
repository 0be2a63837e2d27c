//! Revoking.

use crate::support::World;
use crate::support::app::{App, Tokens, confidential, copy, form, public};

#[tokio::test]
async fn sec_30_any_token_of_a_session_ends_it() {
    let world = World::new().await;
    let app = public(&world);
    for which in ["access", "refresh", "used refresh", "expired access"] {
        let first = app.tokens().await;
        let second = Tokens::of(&app.refresh(&first.refresh).await);
        let token = match which {
            "refresh" => &second.refresh,
            "used refresh" => &first.refresh,
            _ => &second.access,
        };
        if which == "expired access" {
            world.clock.seconds(3600);
        }
        let reply = app.revoke(token).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "{}"), "{which}");
        assert!(!app.is_alive(&second).await, "{which}");
    }
}

#[tokio::test]
async fn sec_30_nobody_elses_token_is_ended_and_nothing_is_told() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    let mut other = App::new(&world, "https://other.example.dev/client.json", &app.redirect_uri, false);
    other.dpop = copy(&app.dpop);
    other.publish();
    let thief = app.with_other_dpop_key();
    for stranger in [&other, &thief] {
        for token in [&tokens.access, &tokens.refresh, "gatewright_rt_unknown", "x.y.z"] {
            let reply = stranger.revoke(token).await;
            assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "{}"));
        }
    }
    assert!(app.is_alive(&tokens).await);
}

#[tokio::test]
async fn who_asks_has_to_be_proven() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let bare = form(&[("client_id", &app.id), ("token", &tokens.refresh)]);
    app.send("/oauth/revoke", &bare, Some(&app.proof("/oauth/revoke")))
        .await
        .assert_refused(400, "invalid_client");
    let mut all = app.own();
    all.extend(form(&[("token", &tokens.refresh)]));
    app.send("/oauth/revoke", &all, None).await.assert_refused(400, "invalid_dpop_proof");
    app.post("/oauth/revoke", form(&[])).await.assert_refused(400, "invalid_request");
    assert!(app.is_alive(&tokens).await);
}

#[tokio::test]
async fn json_is_taken_for_a_revocation() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    let reply = app.post_json("/oauth/revoke", form(&[("token", &tokens.refresh)])).await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, "{}"));
    assert!(!app.is_alive(&tokens).await);
}
