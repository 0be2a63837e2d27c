//! Password sessions (RS-2, RS-7, RS-8, APP-8 to APP-10).

use gatewright_protocol::legacy::{
    AccessClaims, LegacyRefreshId, LegacyScope, LegacySessionId, RefreshClaims,
};
use gatewright_protocol::scope::Permission;
use gatewright_store::app_password::{AppPassword, AppPasswordId, AppPasswordStore as _, NewAppPassword};
use gatewright_store::legacy_session::{
    AppPasswordAccess, LegacyAccess, LegacySession, LegacySessionStore as _, NewLegacySession,
};

use super::forwarding::{APP_VIEW, TIMELINE, all, forwarding};
use super::*;

const APP_PASSWORDS: &str = "/xrpc/com.atproto.server.createAppPassword";
const REFRESH: &str = "/xrpc/com.atproto.server.refreshSession";
const DELETE: &str = "/xrpc/com.atproto.server.deleteSession";
const SERVICE_AUTH: &str = "/xrpc/com.atproto.server.getServiceAuth";
const AUD: &str = "did:web:api.example.com%23x";

fn session_id() -> LegacySessionId {
    LegacySessionId([4; 16])
}

fn app_password() -> AppPassword {
    AppPassword {
        id: AppPasswordId([5; 16]),
        account: ALICE.parse().unwrap(),
        name: "bot".parse().unwrap(),
        privileged: false,
        scope: None,
        created_at: UnixTime::from_seconds(NOW),
        expires_at: None,
        last_use: None,
    }
}

fn scoped(scope: &str) -> AppPassword {
    AppPassword { scope: Some(scope.parse().unwrap()), ..app_password() }
}

impl World {
    /// A session with this access, and its access token.
    async fn begin(&self, access: LegacyAccess) -> String {
        let scope = access.scope();
        let session = LegacySession {
            id: session_id(),
            account: ALICE.parse().unwrap(),
            access,
            created_at: self.now(),
            refreshed_at: self.now(),
            ends_at: self.now().plus(Duration::from_hours(100)),
        };
        self.memory.end_legacy_session(session.id).await.unwrap();
        let new = NewLegacySession { session, refresh: None, used: None, proven: None, event: None };
        assert!(self.memory.create_legacy_session(new).await.unwrap());
        self.access(scope, |_| ())
    }

    /// A session of an app password.
    async fn begin_with(&self, row: AppPassword) -> String {
        self.memory.revoke_app_password(&row.account, &row.name).await.unwrap();
        let access = AppPasswordAccess {
            id: row.id,
            privileged: row.privileged,
            approved: row.scope.clone(),
            granted: row.scope.clone(),
            expires_at: row.expires_at,
        };
        let hash = gatewright_protocol::app_password::AppPasswordHash([6; 32]);
        self.memory.create_app_password(NewAppPassword { app_password: row, hash }).await.unwrap();
        self.begin(LegacyAccess::AppPassword(access)).await
    }

    fn access(&self, scope: LegacyScope, change: impl FnOnce(&mut AccessClaims)) -> String {
        let mut claims = AccessClaims {
            scope,
            audience: SERVICE.parse().unwrap(),
            account: ALICE.parse().unwrap(),
            session: session_id(),
            issued_at: self.now(),
            expires_at: self.now().plus(Duration::from_hours(2)),
        };
        change(&mut claims);
        LegacyKeys::new(SECRET, []).sign_access(&claims).expose().to_owned()
    }

    fn refresh(&self, change: impl FnOnce(&mut RefreshClaims)) -> String {
        let mut claims = RefreshClaims {
            id: LegacyRefreshId([7; 32]),
            audience: SERVICE.parse().unwrap(),
            account: ALICE.parse().unwrap(),
            session: session_id(),
            issued_at: self.now(),
            expires_at: self.now().plus(Duration::from_hours(2160)),
        };
        change(&mut claims);
        LegacyKeys::new(SECRET, []).sign_refresh(&claims.audience, &claims).expose().to_owned()
    }

    async fn bearer(&self, method: &str, path: &str, token: &str) -> Answer {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))]).await
    }
}

fn said(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, answer.error().1, answer.body["message"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_session_of_the_password_may_everything_that_is_open_to_it() {
    let world = World::new();
    world.create_account().await;
    let token = world.begin(LegacyAccess::Full).await;
    for (method, path) in [("GET", SESSION), ("POST", CREATE), ("POST", APP_PASSWORDS)] {
        let answer = world.bearer(method, path, &token).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.header("cache-control"), "private");
    }
    let upload = world.bearer("POST", "/xrpc/com.atproto.repo.uploadBlob", &token).await;
    assert_eq!(upload.status, 200);
    let chat = world.bearer("GET", "/xrpc/chat.bsky.convo.getLog", &token).await;
    assert_eq!(chat.error(), (501, "MethodNotImplemented"), "there is no service for it");
    let without_method = world.bearer("GET", &format!("{SERVICE_AUTH}?aud={AUD}"), &token).await;
    assert_eq!(without_method.body, "a service token");
    let own = world.bearer("GET", "/xrpc/com.atproto.sync.getRepo", &token).await;
    assert_eq!(own.body, "known");
    let admin = world.bearer("GET", "/xrpc/com.atproto.admin.getAccountInfo", &token).await;
    assert_eq!(said(&admin), (400, "InvalidToken", "Bad token scope"));
}

#[tokio::test]
async fn sec_64_an_app_password_may_not_look_after_the_account() {
    let world = World::new();
    world.create_account().await;
    for row in [
        app_password(),
        AppPassword { privileged: true, ..app_password() },
        scoped("account:email?action=manage account:repo?action=manage identity:* repo:*"),
    ] {
        let token = world.begin_with(row).await;
        for method in [
            "server.createAppPassword",
            "server.listAppPasswords",
            "server.revokeAppPassword",
            "server.requestAccountDelete",
            "server.activateAccount",
            "server.deactivateAccount",
            "server.requestEmailConfirmation",
            "server.confirmEmail",
            "server.requestEmailUpdate",
            "server.updateEmail",
            "server.getAccountInviteCodes",
            "repo.importRepo",
            "identity.updateHandle",
            "identity.requestPlcOperationSignature",
            "identity.signPlcOperation",
            "identity.submitPlcOperation",
        ] {
            let answer = world.bearer("POST", &format!("/xrpc/com.atproto.{method}"), &token).await;
            assert_eq!(said(&answer), (400, "InvalidToken", "Bad token scope"), "{method}");
        }
        assert_eq!(world.bearer("GET", SESSION, &token).await.status, 200);
    }
}

#[tokio::test]
async fn sec_44_an_ordinary_app_password_reaches_no_direct_messages() {
    let world = World::new();
    let named = |lxm: &str| format!("{SERVICE_AUTH}?aud={AUD}&lxm={lxm}");
    let closed = [
        "/xrpc/chat.bsky.convo.getLog".to_owned(),
        format!("{SERVICE_AUTH}?aud={AUD}"),
        SERVICE_AUTH.to_owned(),
        named("chat.bsky.convo.getLog"),
        named("Chat.Bsky.convo.getLog"),
        named("com.atproto.server.createAccount"),
    ];
    let ordinary = world.begin_with(app_password()).await;
    for path in &closed {
        let answer = world.bearer("GET", path, &ordinary).await;
        assert_eq!(said(&answer), (400, "InvalidToken", "Bad token method"), "{path}");
    }
    let open = named("app.bsky.feed.getTimeline");
    assert_eq!(world.bearer("GET", &open, &ordinary).await.body, "a service token");
    assert_eq!(world.bearer("GET", "/xrpc/app.bsky.feed.getTimeline", &ordinary).await.status, 501);
    // However it is scoped.
    let wide =
        world.begin_with(scoped("rpc:*?aud=did:web:api.example.com%23x rpc:chat.bsky.convo.getLog?aud=*"));
    let wide = wide.await;
    for path in &closed {
        let answer = world.bearer("GET", path, &wide).await;
        assert_eq!(answer.error(), (400, "InvalidToken"), "{path}");
    }
    let privileged = world.begin_with(AppPassword { privileged: true, ..app_password() }).await;
    for path in &closed {
        let expected = match path.as_str() {
            SERVICE_AUTH => 400,
            path if path.starts_with(SERVICE_AUTH) => 200,
            _ => 501,
        };
        assert_eq!(world.bearer("GET", path, &privileged).await.status, expected, "{path}");
    }
    let protected = named("com.atproto.server.updateEmail");
    assert_eq!(world.bearer("GET", &protected, &privileged).await.error(), (400, "InvalidRequest"));
}

#[tokio::test]
async fn sec_44_sessions_reach_other_services_as_far_as_their_kind_goes() {
    let world = forwarding(all());
    let chat = "/xrpc/chat.bsky.convo.getLog";
    let labeler = ("atproto-proxy", "did:web:mod.example.com#atproto_labeler");
    let call = async |path: &str, token: &str, header: Option<(&str, &str)>| {
        let bearer = format!("Bearer {token}");
        let headers = [Some(("authorization", bearer.as_str())), header];
        let headers: Vec<(&str, &str)> = headers.into_iter().flatten().collect();
        world.send("GET", path, &headers).await
    };
    let privileged = world.begin_with(AppPassword { privileged: true, ..app_password() }).await;
    assert_eq!(call(chat, &privileged, Some(labeler)).await.status, 200);
    let full = world.begin(LegacyAccess::Full).await;
    for path in [chat, TIMELINE, "/xrpc/com.example.notes.list", "/xrpc/app.bsky.feed.getFeed"] {
        for header in [None, Some(labeler)] {
            assert_eq!(call(path, &full, header).await.status, 200, "{path}: no scope is asked for");
        }
    }
    let sign = "/xrpc/com.atproto.identity.signPlcOperation";
    assert_eq!(said(&call(sign, &full, Some(labeler)).await), (400, "InvalidToken", "Bad token method"));

    let ordinary = world.begin_with(app_password()).await;
    assert_eq!(
        call(TIMELINE, &ordinary, None).await.body,
        format!("app.bsky.feed.getTimeline at {APP_VIEW} (https://view.example.com/)")
    );
    for header in [None, Some(labeler)] {
        let answer = call(chat, &ordinary, header).await;
        assert_eq!(said(&answer), (400, "InvalidToken", "Bad token method"), "{header:?}");
    }

    let scope = format!("rpc:app.bsky.feed.getTimeline?aud={}", APP_VIEW.replace('#', "%23"));
    let scoped = world.begin_with(scoped(&scope)).await;
    assert_eq!(call(TIMELINE, &scoped, None).await.status, 200);
    for (path, header) in [(TIMELINE, Some(labeler)), ("/xrpc/com.example.notes.list", None)] {
        let answer = call(path, &scoped, header).await;
        assert_eq!(answer.error(), (403, "ScopeMissingError"), "{path}");
    }
    // Answered here, and handed the service too: whoever passes it on must ask.
    let profile = call("/xrpc/app.bsky.actor.getProfile", &scoped, Some(labeler)).await;
    assert_eq!(profile.status, 200);
    let broken = call(TIMELINE, &scoped, Some(("atproto-proxy", "did:web:mod.example.com"))).await;
    assert_eq!(broken.error(), (400, "InvalidRequest"));
}

#[tokio::test]
async fn a_scoped_app_password_is_asked_for_the_scopes_of_applications() {
    let world = World::new();
    world.create_account().await;
    let token = world.begin_with(scoped("repo:com.example.note?action=create")).await;
    assert_eq!(world.bearer("POST", CREATE, &token).await.status, 200);
    let narrow = world.begin_with(scoped("repo:com.example.note?action=update blob:image/*")).await;
    let answer = world.bearer("POST", CREATE, &narrow).await;
    assert_eq!(answer.error(), (403, "ScopeMissingError"));
    assert_eq!(answer.body["missing"], "repo:com.example.note?action=create");
    assert_eq!(
        answer.all("www-authenticate"),
        ["Bearer error=\"insufficient_scope\", scope=\"repo:com.example.note?action=create\""]
    );
    let upload = "/xrpc/com.atproto.repo.uploadBlob";
    let bearer = format!("Bearer {narrow}");
    for (declared, status) in [("image/png", 200), ("text/plain", 403)] {
        let headers = [("authorization", bearer.as_str()), ("content-type", declared)];
        assert_eq!(world.send("POST", upload, &headers).await.status, status, "{declared}");
    }
    let timeline = world.bearer("GET", "/xrpc/app.bsky.feed.getTimeline", &narrow).await;
    assert_eq!(timeline.error(), (403, "ScopeMissingError"));
    assert_eq!(world.bearer("GET", SESSION, &narrow).await.status, 200, "any session may");
    let profile = world.bearer("GET", "/xrpc/app.bsky.actor.getProfile", &narrow).await;
    assert_eq!(profile.body, "a profile", "what libraries ask for at once");
    let oauth = world.call("GET", "/xrpc/app.bsky.actor.getProfile", &world.token("atproto")).await;
    assert_eq!(oauth.error(), (403, "ScopeMissingError"));
}

#[tokio::test]
async fn sec_48_a_scoped_app_password_sees_the_address_only_if_it_is_scoped_to_it() {
    let email: Permission = "account:email".parse().unwrap();
    let session = |scope: Option<&str>| {
        let session = LegacySession {
            id: session_id(),
            account: ALICE.parse().unwrap(),
            access: LegacyAccess::Full,
            created_at: UnixTime::from_seconds(NOW),
            refreshed_at: UnixTime::from_seconds(NOW),
            ends_at: UnixTime::from_seconds(NOW),
        };
        let permissions =
            scope.map(|scope| Arc::new(gatewright_protocol::scope::Permissions::of(&scope.parse().unwrap())));
        Granted::of(Arc::new(session), Kind::AppPassword, permissions)
    };
    assert!(session(None).allows(&email));
    assert!(!session(Some("repo:*")).allows(&email));
    assert!(session(Some("repo:* account:email")).allows(&email));
    let manage: Permission = "account:email?action=manage".parse().unwrap();
    assert!(!session(None).allows(&manage));
    assert!(!session(Some("account:email?action=manage")).allows(&manage), "no scope gives it");
}

#[tokio::test]
async fn tokens_that_are_not_good_are_400_by_the_names_that_clients_know() {
    let world = World::new();
    world.create_account().await;
    let token = world.begin(LegacyAccess::Full).await;
    for broken in ["x", "a.b.c", &format!("{token}x"), &token[..token.len() - 2]] {
        let answer = world.bearer("GET", SESSION, broken).await;
        assert_eq!(said(&answer), (400, "InvalidToken", "Token could not be verified"), "{broken}");
        assert!(answer.all("www-authenticate").is_empty());
    }
    // RS-9: no way back to nobody.
    let open = world.bearer("GET", "/xrpc/com.atproto.sync.getRepo", "a.b.c").await;
    assert_eq!(open.error(), (400, "InvalidToken"));
    world.pass(7199);
    assert_eq!(world.bearer("GET", SESSION, &token).await.status, 200);
    world.pass(1);
    let late = world.bearer("GET", SESSION, &token).await;
    assert_eq!(said(&late), (400, "ExpiredToken", "Token has expired"));
}

#[tokio::test]
async fn sec_50_no_token_of_another_kind_is_an_access_token() {
    let world = World::new();
    world.create_account().await;
    world.begin(LegacyAccess::Full).await;
    let other = world.access(LegacyScope::Full, |claims| {
        claims.audience = "did:web:other.example.com".parse().unwrap();
    });
    let good: Value =
        jws::decode(&world.access(LegacyScope::Full, |_| ())).unwrap().claims_unverified().unwrap();
    let sign = |typ: &str, claims: &Value| {
        jws::sign_hs256(&SECRET, &SignHeader { typ, kid: None, jwk: None }, claims)
    };
    let mut service = good.clone();
    service["lxm"] = "com.atproto.server.getSession".into();
    let claims = world.refresh(|_| ());
    for token in [
        other,
        claims,
        sign("JWT", &good),
        sign("at+jwt", &service),
        // By the key of OAuth tokens, and without any.
        world.sign("at+jwt", &good),
        jws::sign_hs256(&[8; 32], &SignHeader { typ: "at+jwt", kid: None, jwk: None }, &good),
    ] {
        let answer = world.bearer("GET", SESSION, &token).await;
        assert_eq!(said(&answer), (400, "InvalidToken", "Token could not be verified"), "{token}");
    }
    let access = world.access(LegacyScope::Full, |_| ());
    for path in [REFRESH, DELETE] {
        let answer = world.bearer("POST", path, &access).await;
        assert_eq!(said(&answer), (400, "InvalidToken", "Token could not be verified"), "{path}");
    }
}

#[tokio::test]
async fn sec_37_neither_guard_takes_the_tokens_of_the_other() {
    let world = World::new();
    world.create_account().await;
    // A token of a password session with a perfect proof.
    let legacy = world.begin(LegacyAccess::Full).await;
    assert_eq!(world.call("GET", SESSION, &legacy).await.error(), (401, "invalid_token"));
    // A token that is bound to a key, as bearer.
    let bound = world.token("atproto");
    let answer = world.bearer("GET", SESSION, &bound).await;
    assert_eq!(answer.error(), (401, "invalid_token"));
    assert!(
        answer.header("www-authenticate").starts_with("DPoP algs=\"ES256 ES256K\", error=\"invalid_token\"")
    );
    // Even one that we signed ourselves.
    let mut claims: Value = jws::decode(&legacy).unwrap().claims_unverified().unwrap();
    claims["cnf"] = json!({ "jkt": "x" });
    let token = jws::sign_hs256(&SECRET, &SignHeader { typ: "at+jwt", kid: None, jwk: None }, &claims);
    assert_eq!(world.bearer("GET", SESSION, &token).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn sec_65_a_revoked_app_password_counts_on_the_next_request() {
    let world = World::new();
    world.create_account().await;
    let token = world.begin_with(app_password()).await;
    assert_eq!(world.bearer("POST", CREATE, &token).await.status, 200);
    world.memory.revoke_app_password(&app_password().account, &app_password().name).await.unwrap();
    let answer = world.bearer("POST", CREATE, &token).await;
    assert_eq!(said(&answer), (400, "ExpiredToken", "Token has been revoked"));
}

#[tokio::test]
async fn an_app_password_that_ends_takes_its_tokens_along() {
    let world = World::new();
    let expires_at = Some(world.now().plus(Duration::from_secs(1)));
    let token = world.begin_with(AppPassword { expires_at, ..app_password() }).await;
    assert_eq!(world.bearer("GET", SESSION, &token).await.status, 200);
    world.pass(1);
    let answer = world.bearer("GET", SESSION, &token).await;
    assert_eq!(said(&answer), (400, "ExpiredToken", "Token has expired"));
}

#[tokio::test]
async fn a_session_is_of_the_account_that_its_token_names() {
    let world = World::new();
    world.begin(LegacyAccess::Full).await;
    let mixed = world.access(LegacyScope::Full, |claims| {
        claims.account = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap();
    });
    assert_eq!(world.bearer("GET", SESSION, &mixed).await.error(), (400, "ExpiredToken"));
    // The row says what the session may do, whatever its token does.
    let row_decides = world.begin_with(app_password()).await;
    assert_eq!(world.bearer("GET", SESSION, &row_decides).await.status, 200);
    let claimed = world.access(LegacyScope::Full, |_| ());
    let answer = world.bearer("POST", APP_PASSWORDS, &claimed).await;
    assert_eq!(said(&answer), (400, "InvalidToken", "Bad token scope"));
}

#[tokio::test]
async fn somebody_whose_account_was_taken_down_may_only_move_away() {
    let world = World::new();
    let did = world.create_account().await;
    let token = world.begin(LegacyAccess::TakenDown).await;
    world.memory.set_account_status(&did, AccountStatus::Active).await.unwrap();
    let named = |lxm: &str| format!("{SERVICE_AUTH}?aud={AUD}&lxm={lxm}");
    assert_eq!(world.bearer("GET", &named("com.atproto.server.createAccount"), &token).await.status, 200);
    for path in [named("app.bsky.feed.getTimeline"), named("com.atproto.moderation.createReport")] {
        assert_eq!(
            said(&world.bearer("GET", &path, &token).await),
            (400, "InvalidToken", "Bad token method")
        );
    }
    assert_eq!(world.bearer("GET", "/xrpc/com.atproto.sync.getRepo", &token).await.body, "known");
    for path in [CREATE, SESSION, APP_PASSWORDS, "/xrpc/app.bsky.feed.getTimeline"] {
        let answer = world.bearer("POST", path, &token).await;
        assert_eq!(said(&answer), (400, "InvalidToken", "Bad token scope"), "{path}");
    }
}

#[tokio::test]
async fn refresh_tokens_are_for_two_methods_and_one_of_them_takes_late_ones() {
    let world = World::new();
    let token = world.refresh(|_| ());
    for path in [REFRESH, DELETE] {
        let answer = world.bearer("POST", path, &token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, Some(ALICE)), "{path}");
    }
    world.pass(90 * 86_400);
    let late = world.bearer("POST", REFRESH, &token).await;
    assert_eq!(said(&late), (400, "ExpiredToken", "Token has expired"));
    assert_eq!(world.bearer("POST", DELETE, &token).await.status, 200);
    let mut claims: Value = jws::decode(&token).unwrap().claims_unverified().unwrap();
    claims.as_object_mut().unwrap().remove("jti");
    let nameless =
        jws::sign_hs256(&SECRET, &SignHeader { typ: "refresh+jwt", kid: None, jwk: None }, &claims);
    assert_eq!(world.bearer("POST", REFRESH, &nameless).await.error(), (401, "MissingTokenId"));
    assert_eq!(world.send("POST", REFRESH, &[]).await.error(), (401, "AuthMissing"));
    let oauth = world.token("atproto");
    assert_eq!(world.call("POST", REFRESH, &oauth).await.error(), (403, "Forbidden"));
}

#[tokio::test]
async fn sec_49_takedown_counts_for_live_sessions_too() {
    let world = World::new();
    let did = world.create_account().await;
    let upload = "/xrpc/com.atproto.repo.uploadBlob";
    let token = world.begin(LegacyAccess::Full).await;
    assert_eq!(world.bearer("POST", upload, &token).await.status, 200);
    world.memory.set_account_status(&did, AccountStatus::TakenDown).await.unwrap();
    let answer = world.bearer("POST", upload, &token).await;
    assert_eq!(said(&answer), (400, "ExpiredToken", "Token has been revoked"));
    // One that was begun while it was taken down.
    let token = world.begin(LegacyAccess::Full).await;
    assert_eq!(world.bearer("POST", upload, &token).await.error(), (401, "AccountTakedown"));
}

#[tokio::test]
async fn where_no_sessions_are_kept_no_bearer_token_is_taken() {
    let world = World::new();
    let token = world.begin(LegacyAccess::Full).await;
    let tokens = StoreTokens::new(Arc::new(OneKey(world.signing.public().clone())), world.rows.clone());
    let guard = Guard::builder(&ORIGIN.parse().unwrap(), SERVICE.parse().unwrap(), tokens).build(
        world.nonces.clone(),
        world.memory.clone(),
        world.clock.clone(),
    );
    let app = routes().layer(GuardLayer::new(guard));
    let request = Request::get(SESSION).header("authorization", format!("Bearer {token}"));
    let answer = Answer::read(app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await;
    assert_eq!(answer.error(), (400, "InvalidToken"));
}
