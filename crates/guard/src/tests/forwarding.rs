//! Calls that go on to other services.

use super::*;

pub(super) const APP_VIEW: &str = "did:web:view.example.com#bsky_appview";
const LABELER: &str = "did:web:mod.example.com#atproto_labeler";
pub(super) const TIMELINE: &str = "/xrpc/app.bsky.feed.getTimeline";
const REPORT: &str = "/xrpc/com.atproto.moderation.createReport";

fn service(audience: &str) -> Service {
    let host = audience.trim_start_matches("did:web:").split('#').next().unwrap();
    let origin = format!("https://{host}").parse().unwrap();
    Service { audience: Audience::parse(audience).unwrap(), origin }
}

pub(super) fn all() -> Services {
    Services {
        app_view: Some(service(APP_VIEW)),
        moderation: Some(service(LABELER)),
        report: Some(service(LABELER)),
    }
}

/// A world whose guard sends calls on, to a handler that says where to.
pub(super) fn forwarding(services: Services) -> World {
    let mut world = World::new();
    let tokens = StoreTokens::new(Arc::new(OneKey(world.signing.public().clone())), world.rows.clone());
    world.guard = Guard::builder(&ORIGIN.parse().unwrap(), SERVICE.parse().unwrap(), tokens)
        .accounts(world.memory.clone())
        .legacy_sessions(LegacySessions::new(Arc::new(LegacyKeys::new(SECRET, [])), world.memory.clone()))
        .forwarding(services)
        .build(world.nonces.clone(), world.memory.clone(), world.clock.clone());
    world.app = routes()
        .route(
            "/xrpc/{*method}",
            axum::routing::any(async |to: Destination| {
                format!(
                    "{} at {} ({})",
                    to.method(),
                    to.audience(),
                    to.origin().map_or("?", |url| url.as_str())
                )
            }),
        )
        .layer(GuardLayer::new(world.guard.clone()));
    world
}

#[tokio::test]
async fn a_call_goes_to_the_usual_service_of_its_method() {
    let world = forwarding(all());
    let token = world.token("atproto transition:generic");
    for (path, expected) in [
        (
            TIMELINE,
            "app.bsky.feed.getTimeline at did:web:view.example.com#bsky_appview (https://view.example.com/)",
        ),
        (
            REPORT,
            "com.atproto.moderation.createReport at did:web:mod.example.com#atproto_labeler (https://mod.example.com/)",
        ),
        (
            "/xrpc/tools.ozone.team.listMembers",
            "tools.ozone.team.listMembers at did:web:mod.example.com#atproto_labeler (https://mod.example.com/)",
        ),
        (
            "/xrpc/com.example.notes.list?a=b",
            "com.example.notes.list at did:web:view.example.com#bsky_appview (https://view.example.com/)",
        ),
        (
            "/xrpc/com.atproto.sync.listHosts",
            "com.atproto.sync.listHosts at did:web:view.example.com#bsky_appview (https://view.example.com/)",
        ),
    ] {
        assert_eq!(world.call("GET", path, &token).await.body, expected);
    }
}

#[tokio::test]
async fn the_header_names_another_service_and_the_permission_is_for_that_one() {
    let world = forwarding(all());
    let elsewhere = [("atproto-proxy", "did:web:api.example.com#notes")];
    let path = "/xrpc/com.example.notes.list";
    let token = world.token("atproto rpc:com.example.notes.list?aud=did:web:api.example.com%23notes");
    let answer = world.call_with("GET", path, &token, &elsewhere).await;
    assert_eq!(answer.body, "com.example.notes.list at did:web:api.example.com#notes (?)");
    assert_eq!(
        world.call("GET", path, &token).await.error(),
        (403, "ScopeMissingError"),
        "the usual service"
    );
    for other in ["did:web:api.example.com#other", "did:web:other.example.com#notes"] {
        let answer = world.call_with("GET", path, &token, &[("atproto-proxy", other)]).await;
        assert_eq!(answer.error(), (403, "ScopeMissingError"), "{other}");
        let missing = format!("rpc:com.example.notes.list?aud={}", other.replace('#', "%23"));
        assert_eq!(answer.body["missing"], missing);
    }
    let other = world.call_with("GET", "/xrpc/com.example.notes.add", &token, &elsewhere).await;
    assert_eq!(other.error(), (403, "ScopeMissingError"), "another method");
    let bare = [("atproto-proxy", "did:web:api.example.com")];
    assert_eq!(world.call_with("GET", path, &token, &bare).await.error(), (400, "InvalidRequest"));
    let twice = [elsewhere[0], ("atproto-proxy", "did:web:evil.example.com#notes")];
    assert_eq!(world.call_with("GET", path, &token, &twice).await.error(), (400, "InvalidRequest"));
    // The name of a service of the configuration is its origin, too: nothing has to be looked up.
    let generic = world.token("atproto transition:generic");
    let answer = world.call_with("GET", path, &generic, &[("atproto-proxy", LABELER)]).await;
    assert_eq!(
        answer.body,
        "com.example.notes.list at did:web:mod.example.com#atproto_labeler (https://mod.example.com/)"
    );
}

#[tokio::test]
async fn without_a_service_a_method_is_not_implemented_whoever_asks() {
    let world = forwarding(Services::default());
    let token = world.token("atproto rpc:app.bsky.feed.getTimeline?aud=*");
    assert_eq!(world.call("GET", TIMELINE, &token).await.error(), (501, "MethodNotImplemented"));
    for path in ["/xrpc/com.example.notes.list", "/xrpc/com.atproto.server.methodOfTomorrow"] {
        assert_eq!(world.call("GET", path, &token).await.error(), (501, "MethodNotImplemented"), "{path}");
        assert_eq!(world.send("GET", path, &[]).await.error(), (501, "MethodNotImplemented"), "{path}");
    }
    // A service that is named by the client is one.
    let named = [("atproto-proxy", LABELER)];
    let path = "/xrpc/com.example.notes.list";
    assert_eq!(world.send("GET", path, &named).await.error(), (401, "AuthMissing"));
    assert_eq!(world.call_with("GET", path, &token, &named).await.error(), (403, "ScopeMissingError"));
    let only = forwarding(Services { report: Some(service(LABELER)), ..Services::default() });
    let token = only.token("atproto transition:generic");
    assert_eq!(only.call("POST", REPORT, &token).await.status, 200);
    assert_eq!(only.call("GET", path, &token).await.error(), (501, "MethodNotImplemented"));
}

#[tokio::test]
async fn sec_40_identity_alone_calls_nobody_and_nobody_calls_anonymously() {
    let world = forwarding(all());
    let token = world.token("atproto");
    for path in [TIMELINE, REPORT, "/xrpc/com.example.notes.list", "/xrpc/app.bsky.feed.getFeed"] {
        for headers in [&[][..], &[("atproto-proxy", LABELER)]] {
            assert_eq!(
                world.call_with("GET", path, &token, headers).await.error(),
                (403, "ScopeMissingError")
            );
            assert_eq!(world.send("GET", path, headers).await.error(), (401, "AuthMissing"));
        }
    }
    let half = world.token("atproto rpc:app.bsky.feed.getFeed?aud=*");
    let answer = world.call("GET", "/xrpc/app.bsky.feed.getFeed", &half).await;
    assert_eq!(
        answer.body["missing"],
        format!("rpc:app.bsky.feed.getFeedSkeleton?aud={}", APP_VIEW.replace('#', "%23"))
    );
}

#[tokio::test]
async fn sec_43_no_spelling_goes_on_that_is_not_the_canonical_one() {
    let world = forwarding(all());
    let token = world.token("atproto transition:generic");
    assert_eq!(
        world.call("GET", "/xrpc/chat.bsky.convo.getLog", &token).await.error(),
        (403, "ScopeMissingError")
    );
    for path in [
        "/xrpc/Chat.Bsky.convo.getLog",
        "/xrpc/chat.bsky.Convo.getLog",
        "/xrpc/chat.bsky.convo.getLog.",
        "/xrpc/chat%2Ebsky.convo.getLog",
        "/xrpc//chat.bsky.convo.getLog",
        "/xrpc/chat.bsky.convo.getLog/",
        "/xrpc/com.example.notes.list/..",
        "/xrpc/Com.Atproto.server.updateEmail",
        "/xrpc/com.example.notes.list%00",
    ] {
        for headers in [&[][..], &[("atproto-proxy", LABELER)]] {
            let answer = world.call_with("GET", path, &token, headers).await;
            assert_eq!(answer.error(), (400, "InvalidRequest"), "{path}");
        }
    }
    // The name is no domain and keeps its case: it is another method, of the same family.
    assert_eq!(
        world.call("GET", "/xrpc/chat.bsky.convo.GETLOG", &token).await.error(),
        (403, "ScopeMissingError")
    );
}

#[tokio::test]
async fn what_the_host_answers_or_keeps_to_itself_goes_nowhere() {
    let world = forwarding(all());
    world.create_account().await;
    let token = world.token("atproto transition:generic");
    let headers = [("atproto-proxy", LABELER)];
    assert_eq!(world.call_with("GET", SESSION, &token, &headers).await.body, ALICE);
    for (path, expected) in [
        ("com.atproto.server.createInviteCode", (403, "Forbidden")),
        ("com.atproto.admin.methodOfTomorrow", (403, "Forbidden")),
        ("com.atproto.repo.listMissingBlobs", (501, "MethodNotImplemented")),
        ("com.atproto.server.reserveSigningKey", (501, "MethodNotImplemented")),
        ("app.bsky.actor.putPreferences", (501, "MethodNotImplemented")),
    ] {
        let answer = world.call_with("POST", &format!("/xrpc/{path}"), &token, &headers).await;
        assert_eq!(answer.error(), expected, "{path}");
    }
}
