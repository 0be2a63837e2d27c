//! Credentials with each request: everybody gets their own answer, at most one sign-in each, and clear refusals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use futures::future::join_all;
use gatewright_client::per_request::{
    Caller, Credential, NewReference, PerRequest, PerRequestLayer, ReferenceError, References, Refused,
    ServiceTokens,
};
use gatewright_client::{CallError, Sessions};
use gatewright_protocol::syntax::Did;
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::peer::{ALICE, PASSWORD, Peer};
use gatewright_testkit::wire::Connection;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client_start::{client, memory, sessions_in, sessions_of, signed_in};

const CREATE: &str = "/xrpc/com.atproto.server.createSession";
const PEOPLE: usize = 50;
const REQUESTS: usize = 2000;
const CONNECTIONS: usize = 16;

async fn sessions(network: &TestNetwork) -> Result<Sessions> {
    Ok(sessions_in(network, memory(), Arc::new(SystemClock)).await?.0)
}

/// The same account as the caller's host knows it: whoever was mixed up with somebody gets the other's.
async fn me(caller: Caller) -> Result<Json<Value>, Refused> {
    let before = caller.account().cloned();
    let host_says = match caller.session() {
        Some(session) => session.query::<Value>("com.atproto.server.getSession", &[]).await?["did"].clone(),
        None => Value::Null,
    };
    tokio::time::sleep(Duration::from_millis(2)).await;
    Ok(Json(json!({"caller": before, "host": host_says})))
}

async fn serve(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// A person and their app password.
type Pair = (Person, String);

fn pairs(network: &TestNetwork) -> Vec<Pair> {
    let passwords = network.ready()["accounts"].as_array().cloned().unwrap_or_default();
    let passwords = passwords.into_iter().map(|a| a["app_password"].as_str().unwrap_or_default().to_owned());
    network.people().into_iter().zip(passwords).collect()
}

/// Sends all requests over few connections, each of which carries everybody's; gives how many answers were another's.
async fn drive(address: SocketAddr, pairs: &[Pair]) -> Result<usize> {
    let lanes = (0..CONNECTIONS).map(|lane| async move {
        let mut connection = Connection::open(address).await?;
        let mut wrong = 0;
        for number in 0..REQUESTS / CONNECTIONS {
            // One in 51 is nobody.
            let who = pairs.get((number * 7 + lane * 13) % (pairs.len() + 1));
            let headers: Vec<(&str, &str)> = who
                .map(|(person, password)| {
                    vec![("x-atproto-handle", &*person.handle), ("x-atproto-password", password)]
                })
                .unwrap_or_default();
            let answer = connection.send("GET", "/me", &headers, b"").await?;
            ensure!(answer.status == 200, answer.unexpected("refused"));
            let expected = who.map_or(Value::Null, |(person, _)| json!(person.did));
            let answer = answer.json()?;
            wrong += usize::from(answer["caller"] != expected || answer["host"] != expected);
        }
        Ok::<_, anyhow::Error>(wrong)
    });
    join_all(lanes).await.into_iter().sum()
}

async fn crowd() -> Result<TestNetwork> {
    TestNetwork::start_with(|mut options| {
        options.accounts = PEOPLE;
        options.demo = false;
        options
    })
    .await
}

async fn sessions_at_host(network: &TestNetwork, person: &Person) -> Result<usize> {
    let did: Did = person.did.parse()?;
    Ok(network.network().solo().server().context().store.list_legacy_sessions(&did).await?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_requests_of_fifty_people_are_each_answered_as_their_own() -> Result<()> {
    let network = crowd().await?;
    let per_request = PerRequest::builder(sessions(&network).await?).app_passwords().build();
    let router = Router::new().route("/me", get(me)).layer(PerRequestLayer::new(per_request.clone()));
    let pairs = pairs(&network);
    assert_eq!(pairs.len(), PEOPLE);
    assert_eq!(drive(serve(router).await?, &pairs).await?, 0, "answers that were another's");
    for (person, _) in &pairs {
        assert_eq!(sessions_at_host(&network, person).await?, 1, "sign-ins of {}", person.handle);
    }
    let counts = per_request.counts();
    assert_eq!(counts.begun, PEOPLE as u64);
    assert_eq!(counts.of(Credential::AppPassword).accepted + counts.anonymous, REQUESTS as u64);
    assert!(counts.anonymous > 0 && per_request.at_hand() == PEOPLE);
    Ok(())
}

/// What must not be: the caller is where all requests see it.
type Ambient = Arc<Mutex<Caller>>;

async fn set_ambient(
    State(ambient): State<Ambient>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    *ambient.lock() = caller;
    next.run(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_requests_show_a_caller_that_comes_from_shared_state() -> Result<()> {
    let network = crowd().await?;
    let per_request = PerRequest::builder(sessions(&network).await?).app_passwords().build();
    let ambient: Ambient = Arc::new(Mutex::new(Caller::Anonymous));
    let from_ambient = |State(ambient): State<Ambient>| async move {
        tokio::task::yield_now().await;
        let caller = ambient.lock().clone();
        me(caller).await
    };
    let router = Router::new()
        .route("/me", get(from_ambient))
        .layer(from_fn_with_state(Arc::clone(&ambient), set_ambient))
        .layer(PerRequestLayer::new(per_request))
        .with_state(ambient);
    let wrong = drive(serve(router).await?, &pairs(&network)).await?;
    assert!(wrong > 0, "the drive would not notice a caller that is shared");
    Ok(())
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value")))
        .collect()
}

async fn ask(per_request: &PerRequest, pairs: &[(&'static str, &str)]) -> Result<Caller, Refused> {
    per_request.caller(&headers(pairs), &Method::GET, &Uri::from_static("/me")).await
}

async fn bearer(per_request: &PerRequest, token: &str) -> Result<Caller, Refused> {
    ask(per_request, &[("authorization", &format!("Bearer {token}"))]).await
}

const HANDLE: &str = "x-atproto-handle";
const SECRET: &str = "x-atproto-password";
const HOST: &str = "x-atproto-pds-url";

#[tokio::test(flavor = "multi_thread")]
async fn sec_47_what_is_wrong_with_a_pair_is_said_and_sent_nowhere() -> Result<()> {
    let (peer, foreign) = (Peer::start().await?, Peer::start().await?);
    let per_request = PerRequest::builder(sessions_of(&peer, memory()).0).app_passwords().build();
    let tried = async |pairs: &[(&'static str, &str)]| ask(&per_request, pairs).await.expect_err("refused");
    let pair = [(HANDLE, "alice.test"), (SECRET, PASSWORD)];
    let with = |host| [pair[0], pair[1], (HOST, host)];
    assert!(matches!(tried(&with(foreign.origin())).await, Refused::PrivateHost));
    assert!(matches!(tried(&with("http://169.254.169.254")).await, Refused::PrivateHost));
    // Its own host, too, as it is on this machine and not on the operator's list.
    assert!(matches!(tried(&with(peer.origin())).await, Refused::PrivateHost));
    assert!(matches!(tried(&with("https://pds.foreign.net")).await, Refused::ForeignHost));
    assert!(matches!(tried(&with("ftp://pds.foreign.net")).await, Refused::HostUrl));
    assert!(matches!(tried(&pair[..1]).await, Refused::HalfPair { missing: SECRET }));
    assert!(matches!(tried(&pair[1..]).await, Refused::HalfPair { missing: HANDLE }));
    let main = [pair[0], (SECRET, "correct horse battery staple")];
    assert!(matches!(tried(&main).await, Refused::MainPassword));
    assert!(matches!(tried(&[(HANDLE, "alice"), pair[1]]).await, Refused::Identifier));
    assert!(matches!(tried(&[(HANDLE, "a@b.net"), pair[1]]).await, Refused::Identifier));
    assert!(matches!(tried(&[(HANDLE, "nobody.test"), pair[1]]).await, Refused::UnknownAccount));
    assert!(matches!(bearer(&per_request, "a.b.c").await, Err(Refused::Token)));
    let reference = "gatewright_sr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(matches!(bearer(&per_request, reference).await, Err(Refused::SwitchedOff(_))));
    assert_eq!((peer.asked(CREATE), foreign.calls(), foreign.asked(CREATE)), (0, 0, 0), "nothing was sent");
    // The operator's list opens it, and nothing else.
    let (own, _) = sessions_of(&peer, memory());
    let allowed = PerRequest::builder(own).app_passwords().allow_host(peer.origin())?.build();
    assert_eq!(ask(&allowed, &with(peer.origin())).await?.account().map(Did::as_str), Some(ALICE));
    assert!(matches!(ask(&allowed, &with(foreign.origin())).await, Err(Refused::PrivateHost)));
    assert_eq!(foreign.calls(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_comes_at_once_waits_for_one_sign_in() -> Result<()> {
    let peer = Peer::start().await?;
    let per_request = PerRequest::builder(sessions_of(&peer, memory()).0).app_passwords().build();
    let asked = (0..64).map(|number| {
        let per_request = per_request.clone();
        // A DID, a handle, a handle as people write it: one account.
        let name = ["alice.test", ALICE, "@Alice.test"][number % 3];
        tokio::spawn(async move { ask(&per_request, &[(HANDLE, name), (SECRET, PASSWORD)]).await })
    });
    for caller in join_all(asked).await {
        assert_eq!(caller??.account().map(Did::as_str), Some(ALICE));
    }
    assert_eq!(peer.asked(CREATE), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_refused_is_dropped_and_never_tried_up_to_the_limit() -> Result<()> {
    let peer = Peer::start().await?;
    let per_request = PerRequest::builder(sessions_of(&peer, memory()).0).app_passwords().build();
    let pair = [(HANDLE, "alice.test"), (SECRET, PASSWORD)];
    let caller = ask(&per_request, &pair).await?;
    crate::client_start::ping(caller.require_session()?).await?;
    peer.revoke_app_password();
    peer.expire_legacy_tokens();
    let failed = crate::client_start::ping(caller.require_session()?).await.expect_err("it was revoked");
    assert!(failed.is_over(), "{failed}");
    for _ in 0..20 {
        assert!(matches!(ask(&per_request, &pair).await, Err(Refused::PasswordRefused)));
    }
    assert_eq!(peer.asked(CREATE), 2, "one that was taken, one that was not");
    // Each of these is another secret.
    let mut limited = 0;
    for number in 0..40 {
        let secret = format!("abcd-efgh-2345-{}", ["aaaa", "bbbb", "cccc", "dddd"][number % 4]);
        let secret = secret.replace(
            "efgh",
            ["efga", "efgb", "efgc", "efgd", "efge", "efgf", "efgg", "efgi", "efgj", "efgk"][number / 4],
        );
        match ask(&per_request, &[(HANDLE, "alice.test"), (SECRET, &secret)]).await {
            Err(Refused::RateLimited { retry_after: Some(_) }) => limited += 1,
            Err(Refused::PasswordRefused) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(limited >= 30 && peer.asked(CREATE) <= 30, "{limited} {}", peer.asked(CREATE));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_opens_what_it_says_until_it_is_revoked() -> Result<()> {
    let peer = Peer::start().await?;
    let (sessions, _) = sessions_of(&peer, memory());
    let client = client(sessions.clone());
    let session = signed_in(&client, &peer).await?;
    let references = References::new(client);
    let per_request = PerRequest::builder(sessions).references(references.clone()).build();
    let week = Duration::from_hours(24 * 7);
    let wider = NewReference::new("laptop", "atproto repo:com.example.other", week)?;
    assert!(matches!(references.mint(&session, wider).await, Err(ReferenceError::Wider(_))));
    let new = NewReference::new("laptop", "atproto blob:image/png", week)?;
    let minted = references.mint(&session, new).await?;
    let token = minted.token.expose().to_owned();
    assert!(token.starts_with("gatewright_sr_") && !format!("{minted:?}").contains(&token[14..]));

    let caller = bearer(&per_request, &token).await?;
    assert_eq!(caller.account(), Some(session.account()));
    assert_eq!(caller.credential(), Some(Credential::SessionReference));
    assert_eq!(caller.scopes().map(|scopes| scopes.to_string()).as_deref(), Some("atproto blob:image/png"));
    let limited = caller.require_session()?;
    let input = json!({"repo": ALICE, "collection": "com.example.note", "record": {}});
    let calls = peer.calls();
    let refused = limited.procedure::<Value>("com.atproto.repo.createRecord", &input).await;
    assert!(matches!(refused, Err(CallError::ScopeMissing { scope: Some(_) })), "{refused:?}");
    assert_eq!(peer.calls(), calls, "nothing was sent");
    // The session itself is held to no more than it was.
    assert!(session.procedure::<Value>("com.atproto.repo.createRecord", &input).await.is_ok());

    let listed = references.list(session.account()).await?;
    assert_eq!((listed.len(), &*listed[0].name, listed[0].is_revoked), (1, "laptop", false));
    let stranger: Did = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb".parse()?;
    let id = listed[0].id.to_string().parse()?;
    assert!(matches!(references.revoke(&stranger, &id).await, Err(ReferenceError::Unknown)));
    references.revoke(session.account(), &id).await?;
    assert!(matches!(bearer(&per_request, &token).await, Err(Refused::ReferenceRevoked)));
    let mistyped = format!("{}A{}", &token[..20], &token[21..]);
    let mistyped = if mistyped == token { format!("{}B{}", &token[..20], &token[21..]) } else { mistyped };
    assert!(matches!(bearer(&per_request, &mistyped).await, Err(Refused::ReferenceUnknown)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_50_tokens_are_taken_by_whom_they_are_meant_for() -> Result<()> {
    let network = TestNetwork::start().await?;
    let (alice, password) = pairs(&network).into_iter().next().context("there is alice")?;
    let notes = "did:web:api.example.com#notes";
    let per_request = PerRequest::builder(sessions(&network).await?)
        .session_tokens()
        .service_tokens(ServiceTokens::new(notes.parse()?))
        .build();
    let mut app = App::loopback(network.url(), "atproto")?;
    // A password session: its access token is taken, its refresh token is not.
    let url = format!("{}{CREATE}", network.url());
    let input = json!({"identifier": alice.handle, "password": password}).to_string();
    let pair =
        app.send("POST", &url, &[("content-type", "application/json")], input.as_bytes()).await?.json()?;
    let access = pair["accessJwt"].as_str().context("a token")?.to_owned();
    for _ in 0..3 {
        let caller = bearer(&per_request, &access).await?;
        assert_eq!(caller.credential(), Some(Credential::SessionToken));
        let said: Value = caller.require_session()?.query("com.atproto.server.getSession", &[]).await?;
        assert_eq!(said["did"], alice.did);
    }
    assert_eq!(per_request.counts().begun, 1, "its host was asked once");
    let refresh = pair["refreshJwt"].as_str().context("a token")?;
    assert!(matches!(bearer(&per_request, refresh).await, Err(Refused::Token)));
    let damaged = format!("{}AAAA", &access[..access.len() - 4]);
    assert!(matches!(bearer(&per_request, &damaged).await, Err(Refused::Token)));

    // Service tokens: for this service and this method, once where something changes.
    let lxm = "com.example.notes.add";
    let authorization = format!("Bearer {access}");
    let mut service_token = async |aud: &str| -> Result<String> {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("aud", aud)
            .append_pair("lxm", lxm)
            .finish();
        let url = format!("{}/xrpc/com.atproto.server.getServiceAuth?{query}", network.url());
        let answer = app.send("GET", &url, &[("authorization", &*authorization)], b"").await?;
        Ok(answer.json()?["token"].as_str().context("a token")?.to_owned())
    };
    let token = service_token(notes).await?;
    let send = async |token: &str, method: Method, path: &'static str| {
        let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
        per_request.caller(&headers, &method, &Uri::from_static(path)).await
    };
    let path = "/xrpc/com.example.notes.add";
    let caller = send(&token, Method::POST, path).await?;
    assert_eq!(caller.account().map(Did::as_str), Some(&*alice.did));
    assert!(caller.session().is_none() && matches!(caller.require_session(), Err(Refused::NoSession)));
    let again = send(&token, Method::POST, path).await.expect_err("it came before");
    assert_eq!(again.name(), "BadJwt");
    let elsewhere =
        send(&token, Method::GET, "/xrpc/com.example.notes.list").await.expect_err("another method");
    assert_eq!(elsewhere.name(), "BadJwtLexiconMethod");
    let others = service_token("did:web:other.example.com#notes").await?;
    assert!(matches!(send(&others, Method::GET, path).await, Err(Refused::Audience)));
    Ok(())
}
