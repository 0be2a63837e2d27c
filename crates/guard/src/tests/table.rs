//! The table in force (SEC-40, SEC-43 to SEC-45).

use super::*;

#[tokio::test]
async fn sec_40_a_token_with_atproto_alone_writes_nothing_and_calls_nobody() {
    let world = World::new();
    let token = world.token("atproto");
    world.create_account().await;
    let table = Table::atproto();
    let mut refused = 0;
    for row in table.rows() {
        let nsid = row.nsid.replace(".*", ".methodOfTomorrow");
        let has_handler = row.oauth != Rule::Body || nsid.ends_with("createRecord");
        if matches!(row.oauth, Rule::Any | Rule::Unasked) || !has_handler {
            continue;
        }
        let answer = world.call("POST", &format!("/xrpc/{nsid}"), &token).await;
        assert_eq!(answer.status, 403, "{nsid}: {answer:?}");
        refused += 1;
    }
    assert!(refused > 60, "{refused} rows were tried");
}

#[tokio::test]
async fn a_method_that_may_be_called_but_has_no_handler_is_not_implemented() {
    let world = World::new();
    let token = world.token("atproto account:email?action=manage rpc:app.bsky.feed.getTimeline?aud=*");
    let timeline = "/xrpc/app.bsky.feed.getTimeline";
    assert_eq!(world.call("GET", timeline, &token).await.error(), (501, "MethodNotImplemented"));
    assert_eq!(world.send("GET", timeline, &[]).await.error(), (401, "AuthMissing"));
    assert_eq!(
        world.call("GET", "/xrpc/com.example.unknown", &token).await.error(),
        (501, "MethodNotImplemented")
    );
    assert_eq!(
        world.send("GET", "/xrpc/com.example.unknown", &[]).await.error(),
        (501, "MethodNotImplemented")
    );
}

#[tokio::test]
async fn sec_43_no_spelling_of_a_method_opens_more_than_its_own() {
    let world = World::new();
    let token = world.token("atproto transition:generic");
    let canonical = world.call("GET", "/xrpc/chat.bsky.convo.getLog", &token).await;
    assert_eq!(canonical.error(), (403, "ScopeMissingError"));
    for path in [
        "/xrpc/Chat.Bsky.convo.getLog",
        "/xrpc/chat.bsky.Convo.getLog",
        "/xrpc/chat.bsky.convo.getLog.",
        "/xrpc/chat%2Ebsky.convo.getLog",
        "/xrpc/Com.example.notes.list",
        "/xrpc/com.example.notes.list.",
        "/xrpc/com.example.notes.list%2F..",
        "/xrpc/chat.bsky.convo.getLog%20",
        "/xrpc//chat.bsky.convo.getLog",
        "/xrpc/chat.bsky.convo.getLog/",
        "/xrpc/",
    ] {
        let answer = world.call("GET", path, &token).await;
        assert_eq!(answer.error(), (400, "InvalidRequest"), "{path}");
    }
    let capital = world.call("GET", "/xrpc/chat.bsky.Convo", &token).await;
    assert_eq!(capital.error(), (403, "ScopeMissingError"));
}

#[tokio::test]
async fn sec_44_a_service_token_for_any_method_needs_more_than_generic() {
    let world = World::new();
    let path = "/xrpc/com.atproto.server.getServiceAuth";
    let aud = "did:web:api.bsky.chat%23bsky_chat";
    let generic = world.token("atproto transition:generic");
    let answer = world.call("GET", &format!("{path}?aud={aud}"), &generic).await;
    assert_eq!(answer.error(), (403, "ScopeMissingError"));
    assert_eq!(answer.body["missing"], "rpc:*?aud=did:web:api.bsky.chat%23bsky_chat");
    let named = world.call("GET", &format!("{path}?aud={aud}&lxm=app.bsky.feed.getFeed"), &generic).await;
    assert_eq!((named.status, named.body.as_str()), (200, Some("a service token")));
    // What some reader may take for no method at all is no way to name one.
    for lxm in ["", "*", "app.bsky", "app.bsky.feed.getFeed&lxm=app.bsky.feed.getFeed"] {
        let answer = world.call("GET", &format!("{path}?aud={aud}&lxm={lxm}"), &generic).await;
        assert_eq!(answer.error(), (400, "InvalidRequest"), "{lxm}");
    }
    let both = world.token("atproto transition:generic transition:chat.bsky");
    assert_eq!(world.call("GET", &format!("{path}?aud={aud}"), &both).await.status, 200);
    let chat = world.call("GET", &format!("{path}?aud={aud}&lxm=Chat.bsky.convo.getLog"), &generic).await;
    assert_eq!(chat.error(), (403, "ScopeMissingError"));
    let none = world.token("atproto");
    for query in ["", "?aud=did:web:x.com", "?aud=did:web:x.com%23s&lxm=a.b.c", "?lxm=a.b.c"] {
        let answer = world.call("GET", &format!("{path}{query}"), &none).await;
        assert_eq!(answer.error(), (403, "ScopeMissingError"), "{query}");
    }
    let wide = world.token("atproto rpc:*?aud=did:web:api.bsky.chat%23bsky_chat");
    let answer =
        world.call("GET", &format!("{path}?aud={aud}&lxm=com.atproto.server.updateEmail"), &wide).await;
    assert_eq!(answer.error(), (400, "InvalidRequest"), "a protected method");
}

#[tokio::test]
async fn the_header_atproto_proxy_is_read_strictly() {
    let world = World::new();
    let token = world.token("atproto rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview");
    let path = "/xrpc/app.bsky.feed.getTimeline";
    for (header, outcome) in [
        ("did:web:api.bsky.app#bsky_appview", (501, "MethodNotImplemented")),
        ("did:web:evil.example.com#bsky_appview", (403, "ScopeMissingError")),
        ("did:web:api.bsky.app", (400, "InvalidRequest")),
        ("did:web:api.bsky.app#a#b", (400, "InvalidRequest")),
        ("did:web:api.bsky.app#bsky_appview x", (400, "InvalidRequest")),
        ("", (400, "InvalidRequest")),
    ] {
        let answer = world.call_with("GET", path, &token, &[("atproto-proxy", header)]).await;
        assert_eq!(answer.error(), outcome, "{header}");
    }
}

#[tokio::test]
async fn sec_45_a_header_leads_no_local_method_elsewhere() {
    let world = World::new();
    let token = world.token("atproto transition:generic");
    let headers = [("atproto-proxy", "did:web:evil.example.com#s")];
    let answer = world.call_with("GET", SESSION, &token, &headers).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, Some(ALICE)));
    world.create_account().await;
    let wide = world.token("atproto identity:* rpc:*?aud=did:web:evil.example.com%23s");
    let mut barred = 0;
    for row in Table::atproto().rows().filter(|row| !row.answered && crate::table::is_protected(row.nsid)) {
        let path = format!("/xrpc/{}", row.nsid);
        let answer = world.call_with("POST", &path, &wide, &headers).await;
        assert_eq!(answer.error(), (400, "InvalidToken"), "{}", row.nsid);
        assert_eq!(answer.body["message"], "Bad token method");
        let here = world.call("POST", &path, &wide).await;
        assert!(matches!(here.status, 403 | 501), "{}: {here:?}", row.nsid);
        barred += 1;
    }
    assert!(barred > 0, "no protected method is left that is not answered here");
}

#[tokio::test]
async fn the_declared_type_of_an_upload_counts_without_its_parameters() {
    let world = World::new();
    world.create_account().await;
    let token = world.token("atproto blob:image/*");
    let path = "/xrpc/com.atproto.repo.uploadBlob";
    for (declared, status) in [
        ("image/png", 200),
        ("IMAGE/PNG; q=1", 200),
        ("text/plain", 403),
        ("image/*", 403),
        ("text/plain;image/png", 403),
        // Declares nothing: for the handler to ask, which this one forgets.
        ("*/*", 500),
    ] {
        let answer = world.call_with("POST", path, &token, &[("content-type", declared)]).await;
        assert_eq!(answer.status, status, "{declared}");
    }
    let undeclared = world.call("POST", path, &token).await;
    assert_eq!(undeclared.body["missing"], "blob:application/octet-stream");
}

#[tokio::test]
async fn only_the_operator_passes_rows_of_the_operator() {
    let world = World::new();
    let path = "/xrpc/com.atproto.admin.getAccountInfo";
    assert_eq!(world.send("GET", path, &[]).await.error(), (401, "AuthMissing"));
    let answer = world.send("GET", path, &[("authorization", "Basic YWRtaW46eA==")]).await;
    assert_eq!(
        answer.error(),
        (401, "AuthenticationRequired"),
        "no password is configured: nobody is the operator"
    );
    assert_eq!(world.call("GET", path, &world.token("atproto repo:*")).await.error(), (403, "Forbidden"));
}
