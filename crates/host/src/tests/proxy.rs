//! Calls that go on to other services: what arrives there, what comes back, and where nothing goes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use gatewright_guard::Destination;
use gatewright_protocol::scope::Audience;
use gatewright_protocol::syntax::{Development, Did};
use gatewright_resolve::Resolver;
use gatewright_resolve::testing::{Scripted, TestClock};
use gatewright_store::account::{AccountStatus, AccountStore as _};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::service_tokens::checked;
use super::support::{Answer, Network, caller, refused};
use crate::proxy::{Forwarding, RecipientForm};

const NOTES: &str = "did:web:api.notes.net#notes";
const LIST: &str = "com.example.notes.list";

/// A stranger's service: it records what it is sent, and publishes its DID document.
#[derive(Default)]
struct Stranger {
    calls: Mutex<Vec<Call>>,
    document: Mutex<Value>,
    answer: Mutex<Option<Response>>,
}

#[derive(Clone, Debug)]
struct Call {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn token(&self) -> &str {
        self.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).expect("a service token")
    }
}

async fn stranger_answers(State(stranger): State<Arc<Stranger>>, request: Request) -> Response {
    if request.uri().path() == "/.well-known/did.json" {
        let document = stranger.document.lock().await.to_string();
        return ([("content-type", "application/json")], document).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let call = Call { method: parts.method, target: parts.uri.to_string(), headers: parts.headers, body };
    stranger.calls.lock().await.push(call);
    let answer = stranger.answer.lock().await.take();
    answer.unwrap_or_else(|| ([("content-type", "application/json")], "{\"notes\":[]}").into_response())
}

struct World {
    network: Network,
    stranger: Arc<Stranger>,
    names: Arc<Scripted>,
    alice: Did,
}

impl World {
    async fn new() -> Self {
        Self::with(RecipientForm::Did).await
    }

    async fn with(recipient: RecipientForm) -> Self {
        let stranger = Arc::new(Stranger::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let names = Arc::new(Scripted::new());
        let socket = listener.local_addr().unwrap();
        for name in ["api.notes.net", "view.net"] {
            names.set_server(name, socket);
        }
        let router = Router::new().fallback(stranger_answers).with_state(Arc::clone(&stranger));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        let resolver = Resolver::builder(Arc::new(TestClock::new())).scripted(Arc::clone(&names)).build();
        let network = Network::forwarding(Forwarding { resolver, recipient }, |settings| {
            settings.development = Development::Refused;
            settings.handle_domains = vec![".people.net".to_owned()];
        });
        let new = crate::operations::create_account::CreateAccount {
            handle: "alice.people.net".parse().unwrap(),
            email: None,
            password: None,
            identity: crate::operations::create_account::NewIdentity::Plc { recovery_key: None },
        };
        let alice = network.host.create_account(new).await.unwrap().did;
        let world = Self { network, stranger, names, alice };
        world.publish("https://api.notes.net").await;
        world
    }

    /// The DID document of the stranger, with this endpoint.
    async fn publish(&self, endpoint: &str) {
        let service = json!({"id": "#notes", "type": "Notes", "serviceEndpoint": endpoint});
        let document = json!({"id": "did:web:api.notes.net", "service": [service]});
        *self.stranger.document.lock().await = document;
    }

    async fn call(
        &self,
        to: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        self.call_known(to, None, method, path, headers, body).await
    }

    async fn call_known(
        &self,
        to: &str,
        origin: Option<&str>,
        verb: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let nsid = path.split('?').next().unwrap().trim_start_matches("/xrpc/").parse().unwrap();
        let audience = Audience::parse(to).unwrap();
        let destination =
            Destination::unchecked(nsid, audience, origin.map(|origin| origin.parse().unwrap()));
        let mut request = http::Request::builder().method(verb).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.extension(caller(&self.alice, "atproto")).extension(destination);
        self.network.send(request.body(body).unwrap()).await
    }

    async fn list(&self) -> Answer {
        self.call(NOTES, Method::GET, "/xrpc/com.example.notes.list", &[], Body::empty()).await
    }

    /// The one call that arrived since the last look.
    async fn arrived(&self) -> Call {
        let mut calls = self.stranger.calls.lock().await;
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }

    async fn answer_with(&self, answer: impl axum::response::IntoResponse) {
        *self.stranger.answer.lock().await = Some(answer.into_response());
    }

    async fn nothing_arrived(&self) -> bool {
        self.stranger.calls.lock().await.is_empty()
    }
}

#[tokio::test]
async fn sec_46_a_query_arrives_with_a_service_token_and_without_credentials_of_the_client() {
    let world = World::new().await;
    let headers = [
        ("authorization", "DPoP secret"),
        ("dpop", "secret"),
        ("cookie", "secret"),
        ("atproto-proxy", NOTES),
        ("x-forwarded-for", "secret"),
        ("accept-language", "de"),
        ("accept-encoding", "br"),
        ("atproto-accept-labelers", "did:web:mod.net"),
        ("content-type", "text/plain"),
    ];
    let path = "/xrpc/com.example.notes.list?tag=a%20b&tag=%C3%A4&cursor=x%2Fy";
    let answer = world.call(NOTES, Method::GET, path, &headers, Body::empty()).await;
    assert_eq!(answer.ok(), json!({"notes": []}));
    let call = world.arrived().await;
    assert_eq!((&call.method, call.target.as_str()), (&Method::GET, path));
    assert!(!format!("{:?}", call.headers).contains("secret"), "{call:?}");
    let mut names: Vec<&str> = call.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "accept-language",
            "atproto-accept-labelers",
            "authorization",
            "host",
            "user-agent",
        ]
    );
    let proven =
        checked(&world.network, &world.alice, call.token(), "did:web:api.notes.net", Some(LIST)).await;
    assert!(proven.once.is_some());
    world.list().await.ok();
    assert_ne!(world.arrived().await.token(), call.token(), "a token for each call");
}

#[tokio::test]
async fn a_procedure_arrives_with_its_body_and_its_answer_comes_back() {
    let world = World::new().await;
    let headers = [("content-type", "application/json"), ("content-length", "15")];
    let answered = (
        StatusCode::CREATED,
        [
            ("content-type", "application/json"),
            ("content-language", "de"),
            ("atproto-repo-rev", "3jzfcijpj2z2a"),
            ("set-cookie", "a=b"),
            ("access-control-allow-origin", "https://evil.net"),
            ("dpop-nonce", "evil"),
            ("x-own", "1"),
        ],
        "{\"id\":1}",
    );
    world.answer_with(answered).await;
    let path = "/xrpc/com.example.notes.add";
    let answer = world.call(NOTES, Method::POST, path, &headers, Body::from("{\"text\":\"milk\"}")).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (201, json!({"id": 1})));
    let mut names: Vec<&str> = answer.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "atproto-repo-rev",
            "content-language",
            "content-length",
            "content-security-policy",
            "content-type",
            "x-content-type-options",
        ]
    );
    let call = world.arrived().await;
    assert_eq!((&call.method, &call.body[..]), (&Method::POST, &b"{\"text\":\"milk\"}"[..]));
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("content-length"), Some("15"));
    let method = Some("com.example.notes.add");
    checked(&world.network, &world.alice, call.token(), "did:web:api.notes.net", method).await;
}

#[tokio::test]
async fn a_token_names_the_service_where_that_is_wanted() {
    let world = World::with(RecipientForm::Service).await;
    world.list().await.ok();
    checked(&world.network, &world.alice, world.arrived().await.token(), NOTES, Some(LIST)).await;
}

#[tokio::test]
async fn a_service_of_the_configuration_needs_no_document() {
    let world = World::new().await;
    let view = "did:plc:ewvi7nxzyoun6zhxrhs64oiz#bsky_appview";
    let path = "/xrpc/app.bsky.feed.getTimeline";
    let answer =
        world.call_known(view, Some("https://view.net"), Method::GET, path, &[], Body::empty()).await;
    answer.ok();
    assert_eq!(world.arrived().await.header("host"), Some("view.net"));
}

#[tokio::test]
async fn what_a_service_answers_comes_back_as_it_is_but_its_failures() {
    let world = World::new().await;
    for status in [400, 401, 403, 404, 429, 501, 503] {
        let answered =
            (StatusCode::from_u16(status).unwrap(), axum::Json(json!({"error": "Odd", "message": "x"})));
        world.answer_with(answered).await;
        assert_eq!(world.list().await.refusal(), refused(status, "Odd"), "{status}");
    }
    world.answer_with((StatusCode::INTERNAL_SERVER_ERROR, "stack trace")).await;
    let failed = world.list().await;
    assert_eq!(failed.refusal(), refused(502, "UpstreamFailure"));
    assert!(!failed.json().to_string().contains("stack"));
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    world.answer_with(large).await;
    assert_eq!(world.list().await.refusal(), refused(502, "UpstreamFailure"));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_502_and_not_a_fault_of_this_host() {
    let world = World::new().await;
    world.names.set_server("gone.net", ([127, 0, 0, 1], 1).into());
    let origin = Some("https://gone.net");
    let path = "/xrpc/com.example.notes.list";
    let answer = world.call_known(NOTES, origin, Method::GET, path, &[], Body::empty()).await;
    assert_eq!(answer.refusal(), refused(502, "UpstreamFailure"));
    // Nor is a document that cannot be fetched just now.
    world.names.set_failing(true);
    assert_eq!(world.list().await.refusal(), refused(502, "UpstreamFailure"));
}

#[tokio::test]
async fn sec_12_a_redirect_of_a_service_leads_nobody_anywhere() {
    let world = World::new().await;
    for status in [301, 302, 303, 307, 308] {
        let to = [("location", "https://evil.net/")];
        world.answer_with((StatusCode::from_u16(status).unwrap(), to)).await;
        let answer = world.list().await;
        assert_eq!(answer.refusal(), refused(502, "UpstreamFailure"), "{status}");
        assert!(answer.headers.get("location").is_none());
        world.arrived().await;
    }
}

#[tokio::test]
async fn sec_47_nothing_goes_into_private_networks_or_back_to_this_host() {
    let world = World::new().await;
    for private in ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "100.64.0.1", "64:ff9b::a00:1"]
    {
        world.names.set_addresses("inside.net", &[private.parse().unwrap()]);
        let origin = Some("https://inside.net");
        let path = "/xrpc/com.example.notes.list";
        let answer = world.call_known(NOTES, origin, Method::GET, path, &[], Body::empty()).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{private}");
    }
    assert!(world.nothing_arrived().await);
}

#[tokio::test]
async fn sec_47_a_document_leads_only_to_public_origins() {
    for endpoint in [
        "https://inside.net",
        "https://127.0.0.1",
        "https://[::1]",
        "http://api.notes.net",
        "http://localhost:2583",
        "https://localhost",
        "https://api.notes.net/path",
        "https://name@api.notes.net",
        "https://api.notes.net:8443",
        // This host, by its own name and by one that it gives away.
        "https://host.example.com",
        "https://alice.people.net",
        "ftp://api.notes.net",
        "nonsense",
    ] {
        let world = World::new().await;
        world.names.set_addresses("inside.net", &["10.0.0.1".parse().unwrap()]);
        world.publish(endpoint).await;
        assert_eq!(world.list().await.refusal(), refused(400, "InvalidRequest"), "{endpoint}");
        assert!(world.nothing_arrived().await);
    }
}

#[tokio::test]
async fn a_service_that_nobody_publishes_is_the_callers_mistake() {
    let world = World::new().await;
    let path = "/xrpc/com.example.notes.list";
    for to in [
        "did:web:api.notes.net#other",
        "did:web:unknown.notes.net#notes",
        // This host itself.
        "did:web:host.example.com#atproto_pds",
        "did:web:localhost%3A2583#notes",
    ] {
        let answer = world.call(to, Method::GET, path, &[], Body::empty()).await;
        let expected =
            if to.contains("unknown") { (502, "UpstreamFailure") } else { (400, "InvalidRequest") };
        assert_eq!(answer.refusal(), refused(expected.0, expected.1), "{to}");
    }
    assert!(world.nothing_arrived().await);
}

#[tokio::test]
async fn sec_49_an_account_that_may_not_act_calls_nobody() {
    let world = World::new().await;
    for (status, error) in
        [(AccountStatus::TakenDown, "AccountTakedown"), (AccountStatus::Deactivated, "AccountDeactivated")]
    {
        world.network.store.set_account_status(&world.alice, status).await.unwrap();
        assert_eq!(world.list().await.refusal(), refused(401, error));
    }
    assert!(world.nothing_arrived().await);
}

#[tokio::test]
async fn only_queries_and_procedures_go_on() {
    let world = World::new().await;
    let path = "/xrpc/com.example.notes.list";
    for verb in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = world.call(NOTES, verb.clone(), path, &[], Body::empty()).await;
        assert_eq!(answer.refusal(), refused(405, "InvalidRequest"), "{verb}");
    }
    assert!(world.nothing_arrived().await);
    let head = world.call(NOTES, Method::HEAD, path, &[], Body::empty()).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(world.arrived().await.method, Method::HEAD);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let world = World::new().await;
    let path = "/xrpc/com.example.notes.add";
    let said = [("content-length", "1001"), ("content-type", "application/json")];
    let answer = world.call(NOTES, Method::POST, path, &said, Body::from(vec![b'x'; 1001])).await;
    assert_eq!(answer.refusal(), refused(413, "PayloadTooLarge"));
    let pieces = stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 400]))));
    let answer = world.call(NOTES, Method::POST, path, &[], Body::from_stream(pieces)).await;
    assert_eq!(answer.refusal(), refused(413, "PayloadTooLarge"));
    let pieces = stream::iter((0..2).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 500]))));
    world.call(NOTES, Method::POST, path, &[], Body::from_stream(pieces)).await.ok();
    assert_eq!(world.arrived().await.body.len(), 1000, "up to the limit");
}

#[tokio::test]
async fn without_a_destination_or_a_way_there_the_method_is_not_implemented() {
    let world = World::new().await;
    let path = "/xrpc/com.example.notes.list";
    let answer = world.network.get_as(&world.alice, "atproto", path).await;
    assert_eq!(answer.refusal(), refused(501, "MethodNotImplemented"));
    let apart = Network::new();
    let did = apart.account("alice").await.did;
    let destination = Destination::unchecked(LIST.parse().unwrap(), Audience::parse(NOTES).unwrap(), None);
    let request = http::Request::get(path).extension(caller(&did, "atproto")).extension(destination);
    let answer = apart.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.refusal(), refused(501, "MethodNotImplemented"));
}

#[tokio::test]
async fn profiles_of_others_are_asked_for_where_they_are_known_and_those_of_this_host_are_not() {
    let world = World::new().await;
    let view = "did:web:view.net#bsky_appview";
    let ask = async |scope: &str, path: &str| {
        let nsid = path.split('?').next().unwrap().trim_start_matches("/xrpc/").parse().unwrap();
        let origin = "https://view.net".parse().unwrap();
        let destination = Destination::unchecked(nsid, Audience::parse(view).unwrap(), Some(origin));
        let request = Request::get(path).extension(caller(&world.alice, scope)).extension(destination);
        world.network.send(request.body(Body::empty()).unwrap()).await
    };
    let (one, several) = ("/xrpc/app.bsky.actor.getProfile", "/xrpc/app.bsky.actor.getProfiles");
    let granted = "atproto rpc?lxm=app.bsky.actor.getProfile&lxm=app.bsky.actor.getProfiles&aud=*";
    assert_eq!(
        ask(granted, &format!("{one}?actor=alice.people.net")).await.ok()["did"],
        world.alice.as_str()
    );
    assert_eq!(ask(granted, &format!("{several}?actors=alice.people.net")).await.status, 200);
    assert!(world.nothing_arrived().await);
    for path in [
        format!("{one}?actor=bob.elsewhere.net"),
        format!("{several}?actors=alice.people.net&actors=bob.elsewhere.net"),
    ] {
        // What a session of its own kind needed no permission for, it needs one for there.
        assert_eq!(ask("atproto", &path).await.refusal(), refused(403, "ScopeMissingError"));
        assert!(world.nothing_arrived().await);
        assert_eq!(ask(granted, &path).await.ok(), json!({"notes": []}));
        assert_eq!(world.arrived().await.target, path);
    }
}

#[tokio::test]
async fn what_an_authorization_server_answers_is_not_implemented_by_a_host_alone() {
    let network = Network::new();
    let request = Request::post("/xrpc/com.atproto.server.createSession").body(Body::empty()).unwrap();
    assert_eq!(network.send(request).await.refusal(), refused(501, "MethodNotImplemented"));
}
