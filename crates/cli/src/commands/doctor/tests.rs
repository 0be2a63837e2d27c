//! A small internet in which nothing is wrong, and one fault after the other planted in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::dpop::verify::{self, ProofRequest};
use gatewright_protocol::oauth::resource_metadata::ResourceMetadata;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::time::{Clock as _, UnixTime};
use gatewright_resolve::testing::Scripted;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::report::{Check, IDS};
use super::{Network, Report, Resolver, Subject, SystemClock, SystemRandom, examine};

const ALICE: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const MALLORY: &str = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm";
const HANDLE: &str = "alice.example.net";
const HOST: &str = "https://host.example.net";
const SERVER: &str = "https://auth.example.net";
const CLIENT: &str = "https://app.example.net/client.json";
const RESOURCE_METADATA: &str = "https://host.example.net/.well-known/oauth-protected-resource";
const SERVER_METADATA: &str = "https://auth.example.net/.well-known/oauth-authorization-server";
const PUSHED: &str = "https://auth.example.net/oauth/par";
const WELL_KNOWN_DID: &str = "https://alice.example.net/.well-known/atproto-did";
const DOCUMENT: &str = "https://plc.directory.net/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";

/// What everybody publishes, and how the server behind it behaves.
#[derive(Clone)]
struct World {
    txt: BTreeMap<String, Vec<String>>,
    addresses: BTreeMap<&'static str, IpAddr>,
    pages: BTreeMap<String, Page>,
    /// Names that nobody listens at.
    silent: BTreeSet<&'static str>,
    /// Names without an address.
    unknown: BTreeSet<&'static str>,
    /// How far the clock of the servers is ahead, in seconds.
    ahead: i64,
    /// Where the authorization server takes itself to be.
    takes_itself_for: &'static str,
    /// Whether each request meets another node, which does not know the nonces of the first.
    forgets_nonces: bool,
    /// Headers that the proxy drops from every answer.
    dropped: Vec<&'static str>,
    name_servers_fail: bool,
}

#[derive(Clone)]
struct Page {
    status: u16,
    kind: &'static str,
    location: Option<&'static str>,
    body: String,
}

impl Page {
    fn json(body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_string(body).expect("it can be written");
        Self { status: 200, kind: "application/json", location: None, body }
    }

    fn text(body: &str) -> Self {
        Self { kind: "text/plain", body: body.to_owned(), ..Self::json(&()) }
    }
}

impl World {
    fn healthy() -> Self {
        let key = PrivateKey::generate(Curve::P256, &SystemRandom);
        let document = DidDocument::new(ALICE.parse().expect("a DID"))
            .with_handle(&HANDLE.parse().expect("a handle"))
            .with_key("atproto", key.public())
            .with_pds(HOST);
        let client = json!({
            "client_id": CLIENT,
            "redirect_uris": ["https://app.example.net/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "atproto",
            "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": true,
        });
        let pages = [
            (DOCUMENT, Page::json(&document.to_json())),
            (WELL_KNOWN_DID, Page::text(ALICE)),
            (RESOURCE_METADATA, Page::json(&ResourceMetadata::of(HOST, SERVER))),
            (
                "https://host.example.net/xrpc/com.atproto.server.describeServer",
                Page::json(&json!({"did": "did:web:host.example.net"})),
            ),
            (SERVER_METADATA, Page::json(&ServerMetadata::of(SERVER, Some(vec![HOST.to_owned()])))),
            ("https://auth.example.net/oauth/jwks", Page::json(&json!({"keys": []}))),
            (CLIENT, Page::json(&client)),
        ];
        Self {
            txt: [(format!("_atproto.{HANDLE}"), vec![format!("did={ALICE}")])].into(),
            addresses: BTreeMap::new(),
            pages: pages.map(|(url, page)| (url.to_owned(), page)).into(),
            silent: BTreeSet::new(),
            unknown: BTreeSet::new(),
            ahead: 0,
            takes_itself_for: SERVER,
            forgets_nonces: false,
            dropped: Vec::new(),
            name_servers_fail: false,
        }
    }

    fn txt(&mut self, values: &[&str]) {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        self.txt.insert(format!("_atproto.{HANDLE}"), values);
    }

    fn page(&mut self, url: &str) -> &mut Page {
        self.pages.get_mut(url).expect("there is such a page")
    }

    /// Changes a JSON document.
    fn edit(&mut self, url: &str, change: impl FnOnce(&mut Value)) {
        let page = self.page(url);
        let mut body = serde_json::from_str(&page.body).expect("it is JSON");
        change(&mut body);
        page.body = body.to_string();
    }

    fn set(&mut self, url: &str, member: &str, value: Value) {
        self.edit(url, |body| body[member] = value);
    }

    /// Looks at it as it is now.
    async fn look(self, target: &str) -> Vec<Check> {
        let names = Arc::new(Scripted::new());
        for (name, values) in &self.txt {
            names.set_txt(name, &values.iter().map(String::as_str).collect::<Vec<_>>());
        }
        names.set_failing(self.name_servers_fail);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let socket = listener.local_addr().expect("an address");
        let nowhere = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        for name in ["alice", "app", "auth", "host"].map(|name| format!("{name}.example.net")) {
            if !self.unknown.contains(name.as_str()) {
                names.set_server(&name, socket);
            }
        }
        names.set_server("plc.directory.net", socket);
        for name in &self.silent {
            names.set_server(name, nowhere.as_ref().copied().expect("an address"));
        }
        for (name, address) in &self.addresses {
            names.set_addresses(name, &[*address]);
        }
        let resolver = Resolver::builder(Arc::new(SystemClock))
            .plc_url("https://plc.directory.net".parse().expect("a URL"))
            .timeout(Duration::from_secs(5))
            .scripted(names)
            .build();
        let site = Site { world: self, nonces: Nonces::new([7; 32]), others: Nonces::new([8; 32]) };
        let router = Router::new().fallback(answer).with_state(Arc::new(site));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let network = Network::new(resolver, Arc::new(SystemClock), Arc::new(SystemRandom));
        let mut report = Report::default();
        examine(&network, &Subject::parse(target).expect("something to look at"), &mut report).await;
        serving.abort();
        report.checks
    }
}

struct Site {
    world: World,
    nonces: Nonces,
    others: Nonces,
}

async fn answer(State(site): State<Arc<Site>>, request: Request) -> Response {
    let world = &site.world;
    let (parts, body) = request.into_parts();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = parts.uri.path();
    let now = SystemClock.now();
    let there = UnixTime::from_seconds(now.seconds() + world.ahead);
    let url = format!("https://{host}{path}");
    let mut response = if url == PUSHED && !world.pages.contains_key(PUSHED) {
        drop(to_bytes(body, 1 << 16).await);
        pushed(&site, &parts.headers, there)
    } else if let Some(page) = world.pages.get(&url) {
        let status = StatusCode::from_u16(page.status).expect("a status");
        let mut response = (status, [("content-type", page.kind)], page.body.clone()).into_response();
        if let Some(to) = page.location {
            response.headers_mut().insert("location", HeaderValue::from_static(to));
        }
        response
    } else {
        StatusCode::NOT_FOUND.into_response()
    };
    let seconds = u64::try_from(there.seconds()).expect("after 1970");
    let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let headers = response.headers_mut();
    headers.insert("date", HeaderValue::from_str(&date).expect("a header"));
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    headers.insert("access-control-expose-headers", HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate"));
    for name in &world.dropped {
        headers.remove(HeaderName::from_static(name));
    }
    response
}

/// Checks the proof, as a real server would: by where it takes itself to be, and by its own clock.
fn pushed(site: &Site, headers: &HeaderMap, now: UnixTime) -> Response {
    let proof = headers.get("dpop").and_then(|proof| proof.to_str().ok()).unwrap_or_default();
    let request = ProofRequest {
        proof,
        method: "POST",
        origin: site.world.takes_itself_for,
        path: "/oauth/par",
        access_token: None,
        now,
    };
    let known = if site.world.forgets_nonces { &site.others } else { &site.nonces };
    let body = match verify::check(&request, known) {
        Ok(_) => json!({"request_uri": "urn:ietf:params:oauth:request_uri:req-1", "expires_in": 299}),
        Err(verify::ProofError::Nonce) => json!({"error": "use_dpop_nonce"}),
        Err(error) => json!({"error": "invalid_dpop_proof", "error_description": error.to_string()}),
    };
    let status = if body["error"].is_null() { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
    let nonce = site.nonces.next(now);
    (status, [("dpop-nonce", nonce.as_str().to_owned())], axum::Json(body)).into_response()
}

/// A fault, the check that finds it, and a word of the mend.
struct Planted {
    what: &'static str,
    target: &'static str,
    plant: fn(&mut World),
    id: &'static str,
    mend: &'static str,
}

const fn planted(
    what: &'static str,
    target: &'static str,
    id: &'static str,
    mend: &'static str,
    plant: fn(&mut World),
) -> Planted {
    Planted { what, target, plant, id, mend }
}

const PLANTED: [Planted; 38] = [
    planted("a handle of this machine", "alice.localhost", "handle.name", "public internet", |_| ()),
    planted("two TXT records", HANDLE, "handle.dns", "exactly one", |world| {
        world.txt(&["did=did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did=did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"]);
    }),
    planted("quotes in the TXT record", HANDLE, "handle.dns", "nothing around it", |world| {
        world.txt(&["did=\"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa\""]);
    }),
    planted("name servers that fail", HANDLE, "handle.dns", "delegation", |world| {
        world.name_servers_fail = true;
    }),
    planted("DNS and the web at odds", HANDLE, "handle.https", "both name", |world| {
        world.page(WELL_KNOWN_DID).body = MALLORY.to_owned();
    }),
    planted("a page for every path", HANDLE, "handle.https", "DID alone", |world| {
        world.txt(&[]);
        world.page(WELL_KNOWN_DID).body = "<!doctype html><title>Hello</title>".to_owned();
    }),
    planted("a handle without a record or an address", HANDLE, "handle.https", "A or AAAA", |world| {
        world.txt(&[]);
        world.unknown.insert("alice.example.net");
    }),
    planted("a proxy that rewrites the host", HANDLE, "handle.did", "Host header", |world| {
        world.txt(&[]);
        world.pages.remove(WELL_KNOWN_DID);
    }),
    planted("an account that claims another handle", HANDLE, "did.handle", "updateHandle", |world| {
        world.set(DOCUMENT, "alsoKnownAs", json!(["at://bob.example.net"]));
    }),
    planted("an account without a handle", ALICE, "did.handle", "updateHandle", |world| {
        world.set(DOCUMENT, "alsoKnownAs", json!([]));
    }),
    planted("a handle that leads to somebody else", ALICE, "handle.did", "lead to did:plc:a", |world| {
        world.txt(&["did=did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"]);
        world.pages.remove(WELL_KNOWN_DID);
    }),
    planted("a DID that nobody knows", MALLORY, "did.document", "written right", |_| ()),
    planted(
        "a DID of another kind",
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        "did.document",
        "did:plc",
        |_| (),
    ),
    planted("the document of another DID", ALICE, "did.document", "this very DID", |world| {
        world.set(DOCUMENT, "id", json!("did:plc:mmmmmmmmmmmmmmmmmmmmmmmm"));
    }),
    planted("no signing key", ALICE, "did.key", "#atproto", |world| {
        world.set(DOCUMENT, "verificationMethod", json!([]));
    }),
    planted("no host", ALICE, "did.host", "#atproto_pds", |world| {
        world.set(DOCUMENT, "service", json!([]));
    }),
    planted("a host with a path", ALICE, "did.host", "no path", |world| {
        world.edit(DOCUMENT, |document| {
            document["service"][0]["serviceEndpoint"] = json!("https://host.example.net/pds");
        });
    }),
    planted("nobody listens", HOST, "host.reached", "port 443", |world| {
        world.silent.insert("host.example.net");
    }),
    planted("a private address", HOST, "host.reached", "public address", |world| {
        world.addresses.insert("host.example.net", IpAddr::from([192, 168, 1, 2]));
    }),
    planted("a name without an address", "https://nobody.example.net", "host.reached", "A or AAAA", |_| ()),
    planted("a clock that is behind", HOST, "host.clock", "NTP", |world| world.ahead = -90),
    planted("a clock that is ahead", HOST, "host.clock", "NTP", |world| world.ahead = 600),
    planted("a redirect", HOST, "host.metadata", "follows a redirect", |world| {
        let page = world.page(RESOURCE_METADATA);
        (page.status, page.location) = (301, Some("https://www.example.net/"));
    }),
    planted("a proxy that answers itself", HOST, "host.metadata", "content-type", |world| {
        world.page(RESOURCE_METADATA).kind = "text/html";
    }),
    planted("a server that is down behind its proxy", HOST, "host.metadata", "pass this path", |world| {
        world.page(RESOURCE_METADATA).status = 502;
    }),
    planted("a resource with a trailing slash", HOST, "host.resource", "slash", |world| {
        world.set(RESOURCE_METADATA, "resource", json!("https://host.example.net/"));
    }),
    planted("two authorization servers", HOST, "host.servers", "exactly one", |world| {
        world.set(RESOURCE_METADATA, "authorization_servers", json!([SERVER, "https://other.example.net"]));
    }),
    planted("no host of the protocol", HOST, "host.describe", "AT Protocol", |world| {
        world.set("https://host.example.net/xrpc/com.atproto.server.describeServer", "did", Value::Null);
    }),
    planted("a wrong issuer", HOST, "server.issuer", "public URL", |world| {
        world.set(SERVER_METADATA, "issuer", json!("https://old.example.net"));
    }),
    planted("an issuer with a trailing slash", HOST, "server.issuer", "slash", |world| {
        world.set(SERVER_METADATA, "issuer", json!("https://auth.example.net/"));
    }),
    planted("a server that does not know of TLS", HOST, "server.issuer", "X-Forwarded-Proto", |world| {
        world.set(SERVER_METADATA, "issuer", json!("http://auth.example.net"));
    }),
    planted("no metadata of the server", HOST, "server.metadata", "pass this path", |world| {
        world.pages.remove(SERVER_METADATA);
    }),
    planted("no pushed requests", HOST, "server.profile", "pushed_authorization_request_endpoint", |world| {
        world.edit(SERVER_METADATA, |metadata| {
            let members = metadata.as_object_mut().expect("an object");
            members.remove("pushed_authorization_request_endpoint");
            members.remove("require_pushed_authorization_requests");
        });
    }),
    planted("a host that its server does not list", HOST, "server.profile", "list every host", |world| {
        world.set(SERVER_METADATA, "protected_resources", json!(["https://other.example.net"]));
    }),
    planted("keys that are none", HOST, "server.keys", "jwks_uri", |world| {
        world.page("https://auth.example.net/oauth/jwks").body = "{}".to_owned();
    }),
    planted("a proxy that drops the nonce", HOST, "proof.nonce", "DPoP-Nonce", |world| {
        world.dropped.push("dpop-nonce");
    }),
    planted("nodes with different secrets", HOST, "proof.accepted", "same secret", |world| {
        world.forgets_nonces = true;
    }),
    planted("a proxy that rewrites the address (htu)", HOST, "proof.accepted", "Host header", |world| {
        world.takes_itself_for = "http://10.0.0.7:3000";
    }),
];

/// Found beside another fault, or in other targets than a server.
const MORE: [Planted; 5] = [
    planted("nonces that pages cannot read", HOST, "proof.cors", "expose-headers", |world| {
        world.dropped.push("access-control-expose-headers");
    }),
    planted(
        "a client id with a port",
        "https://app.example.net:8443/client.json",
        "client.id",
        "without a port",
        |_| (),
    ),
    planted(
        "no document of the client",
        "https://app.example.net/other.json",
        "client.document",
        "pass this path",
        |_| (),
    ),
    planted(
        "a client without bound tokens",
        CLIENT,
        "client.metadata",
        "dpop_bound_access_tokens",
        |world| {
            world.set(CLIENT, "dpop_bound_access_tokens", json!(false));
        },
    ),
    planted("a confidential client whose keys are away", CLIENT, "client.keys", "jwks_uri", |world| {
        world.edit(CLIENT, |client| {
            client["token_endpoint_auth_method"] = json!("private_key_jwt");
            client["token_endpoint_auth_signing_alg"] = json!("ES256");
            client["jwks_uri"] = json!("https://app.example.net/jwks.json");
        });
    }),
];

#[tokio::test]
async fn every_planted_fault_is_found_and_its_mend_named() {
    for Planted { what, target, plant, id, mend } in PLANTED.iter().chain(&MORE) {
        let mut world = World::healthy();
        plant(&mut world);
        let checks = world.look(target).await;
        let wrong: Vec<&Check> = checks.iter().filter(|check| !check.ok).collect();
        let [found] = wrong.as_slice() else { panic!("{what}: {} faults found: {checks:#?}", wrong.len()) };
        assert_eq!(found.id, *id, "{what}: {found:?}");
        let said = found.mend.as_deref().unwrap_or_default();
        assert!(said.contains(mend), "{what}: the mend is `{said}`");
    }
}

#[tokio::test]
async fn an_answer_that_no_page_may_read_is_found_wherever_it_is() {
    let mut world = World::healthy();
    world.dropped.push("access-control-allow-origin");
    let checks = world.look(HOST).await;
    let wrong: Vec<&str> = checks.iter().filter(|check| !check.ok).map(|check| check.id).collect();
    assert_eq!(wrong, ["host.cors", "server.cors", "proof.cors"]);
}

#[tokio::test]
async fn nothing_is_wrong_where_nothing_is() {
    for target in
        [HANDLE, ALICE, HOST, "https://host.example.net/", SERVER, CLIENT, "http://localhost?scope=atproto"]
    {
        let checks = World::healthy().look(target).await;
        assert!(!checks.is_empty(), "{target}");
        assert!(checks.iter().all(|check| check.ok && check.mend.is_none()), "{target}: {checks:#?}");
    }
}

#[tokio::test]
async fn a_handle_needs_one_of_the_two_ways_only() {
    let mut by_dns = World::healthy();
    by_dns.silent.insert("alice.example.net");
    let mut by_https = World::healthy();
    by_https.txt(&["v=spf1 -all"]);
    for world in [by_dns, by_https] {
        let checks = world.look(HANDLE).await;
        assert!(checks.iter().all(|check| check.ok), "{checks:#?}");
    }
}

#[test]
fn every_check_stands_in_the_guide_and_no_other() {
    let guide = include_str!("../../../../../docs/guides/doctor.md");
    let told: BTreeSet<&str> =
        guide.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(told, BTreeSet::from(IDS));
}

#[test]
fn what_cannot_be_looked_at_is_refused() {
    for text in ["", "alice", "did:", "ftp://host.example.net", "https://"] {
        assert!(Subject::parse(text).is_err(), "{text}");
    }
    assert_eq!(Subject::parse("@Alice.Example.NET").unwrap(), Subject::Handle(HANDLE.parse().unwrap()));
}

mod installations {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::commands::doctor::installation;

    /// Without anybody out there: what is looked at is this machine's own part.
    async fn look(file: &Path) -> Vec<Check> {
        let resolver = Resolver::builder(Arc::new(SystemClock)).scripted(Arc::new(Scripted::new())).build();
        let network = Network::new(resolver, Arc::new(SystemClock), Arc::new(SystemRandom));
        let mut report = Report::default();
        installation::examine(&network, file, &mut report).await;
        report.checks
    }

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn its_own_faults_are_found_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, data) = (folder.path().join("gatewright.toml"), folder.path().join("data"));
        // Nobody listens there yet.
        let listen = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap();
        let proxies = "trusted_proxies = [\"127.0.0.1\"]\n";
        let text = format!(
            "[server]\npublic_url = \"https://pds.example.net\"\nlisten = \"{listen}\"\ndata = \"{}\"\n",
            data.display()
        );
        let first_fault = async |id: &str, mend: &str| {
            let checks = look(&file).await;
            let found = checks.iter().find(|check| !check.ok).expect("a fault");
            assert_eq!(found.id, id, "{checks:#?}");
            assert!(found.mend.as_deref().unwrap().contains(mend), "{found:?}");
        };
        first_fault("config.file", "config check").await;
        std::fs::write(&file, "[server]\npublik_url = 1\n").unwrap();
        first_fault("config.file", "config schema").await;
        std::fs::write(&file, &text).unwrap();
        first_fault("config.proxies", "trusted_proxies").await;
        std::fs::write(&file, format!("{text}{proxies}")).unwrap();
        first_fault("data.folder", "install -d").await;
        std::fs::create_dir(&data).unwrap();
        mode(&data, 0o755);
        first_fault("data.folder", "chmod 700").await;
        mode(&data, 0o700);
        first_fault("data.key", "backup").await;
        let key = crate::solo::key_file(&data);
        std::fs::write(&key, "a key").unwrap();
        mode(&key, 0o644);
        first_fault("data.key", "chmod 600").await;
        mode(&key, 0o600);
        // It listens, but answers with what is no readiness.
        let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
        let busy = tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE)).await
        });
        first_fault("listen", "journalctl").await;
        busy.abort();
        drop(busy.await);
        first_fault("listen", "systemctl start").await;
        let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
        let ready =
            tokio::spawn(
                async move { axum::serve(listener, Router::new().fallback(async || "ready")).await },
            );
        // All of its own is well: what is left is the world, where the name has no address.
        first_fault("host.reached", "A or AAAA").await;
        ready.abort();
    }
}
