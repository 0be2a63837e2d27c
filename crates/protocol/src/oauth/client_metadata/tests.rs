#![expect(clippy::needless_pass_by_value, reason = "changes are written where they are used")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "https://app.example.com/oauth-client-metadata.json";
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"k1","use":"sig","alg":"ES256"}"#;

fn id() -> ClientId {
    ID.parse().expect("a client id")
}

/// A good document with some fields replaced; `null` removes one.
fn document(changes: Value) -> Vec<u8> {
    let mut document = json!({
        "client_id": ID,
        "application_type": "web",
        "redirect_uris": ["https://app.example.com/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "atproto transition:generic",
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": true,
    });
    let fields = document.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    document.to_string().into_bytes()
}

fn fields_at_fault(changes: Value) -> Vec<String> {
    let checked = ClientMetadata::check(&id(), &document(changes), MetadataRules::default());
    assert_eq!(checked.metadata.is_some(), checked.errors.is_empty());
    checked.errors.into_iter().map(|finding| finding.field.into_owned()).collect()
}

fn confidential() -> Value {
    json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [serde_json::from_str::<Value>(KEY).expect("it is JSON")]},
    })
}

#[test]
fn a_public_web_client_is_read() {
    let checked = ClientMetadata::check(&id(), &document(json!({})), MetadataRules::default());
    assert_eq!((checked.errors, checked.warnings), (vec![], vec![]));
    let client = checked.metadata.expect("nothing is wrong");
    assert!(client.refreshes && !client.is_confidential());
    assert_eq!(client.application_type, ApplicationType::Web);
    assert!(client.has_redirect_uri(&"https://app.example.com/callback".parse().expect("a URI")));
}

#[test]
fn a_confidential_client_has_keys_in_one_place() {
    let client = ClientMetadata::parse(&id(), &document(confidential()), MetadataRules::default());
    assert!(client.expect("it is good").is_confidential());
    let mut both = confidential();
    both["jwks_uri"] = json!("https://app.example.com/jwks.json");
    assert_eq!(fields_at_fault(both.clone()), ["jwks_uri"]);
    both["jwks"] = Value::Null;
    assert!(fields_at_fault(both.clone()).is_empty());
    both["jwks_uri"] = json!("http://app.example.com/jwks.json");
    assert_eq!(fields_at_fault(both.clone()), ["jwks_uri"]);
    both["jwks_uri"] = Value::Null;
    assert_eq!(fields_at_fault(both), ["jwks"]);
    let mut empty = confidential();
    empty["jwks"] = json!({"keys": []});
    assert_eq!(fields_at_fault(empty), ["jwks"]);
}

#[test]
fn published_private_keys_are_not_used_and_pointed_at() {
    let mut changes = confidential();
    changes["jwks"]["keys"][0]["d"] = json!("AAAA");
    let checked = ClientMetadata::check(&id(), &document(changes), MetadataRules::default());
    assert_eq!(checked.errors.first().map(|finding| &*finding.field), Some("jwks"));
    assert_eq!(checked.warnings.first().map(|finding| &*finding.field), Some("jwks.keys[0]"));
}

#[test]
fn every_rule_of_the_table_names_its_field() {
    let mut without_alg = confidential();
    without_alg["token_endpoint_auth_signing_alg"] = Value::Null;
    let mut wrong_alg = confidential();
    wrong_alg["token_endpoint_auth_signing_alg"] = json!("none");
    let mut native = confidential();
    native["application_type"] = json!("native");
    for (changes, field) in [
        (json!({"client_id": null}), "client_id"),
        (json!({"client_id": "https://app.example.com/other.json"}), "client_id"),
        (json!({"application_type": "desktop"}), "application_type"),
        (json!({"grant_types": ["refresh_token"]}), "grant_types"),
        (json!({"grant_types": ["authorization_code", "implicit"]}), "grant_types"),
        (json!({"grant_types": ["authorization_code", "authorization_code"]}), "grant_types"),
        (json!({"grant_types": "authorization_code"}), "grant_types"),
        (json!({"response_types": ["code id_token"]}), "response_types"),
        (json!({"scope": null}), "scope"),
        (json!({"scope": "transition:generic"}), "scope"),
        (json!({"scope": "atproto atproto"}), "scope"),
        (json!({"scope": "atproto  x"}), "scope"),
        (json!({"redirect_uris": []}), "redirect_uris"),
        (json!({"redirect_uris": [1]}), "redirect_uris[0]"),
        (json!({"token_endpoint_auth_method": "client_secret_basic"}), "token_endpoint_auth_method"),
        (json!({"token_endpoint_auth_signing_alg": "ES256"}), "token_endpoint_auth_signing_alg"),
        (without_alg, "token_endpoint_auth_signing_alg"),
        (wrong_alg, "token_endpoint_auth_signing_alg"),
        (native, "token_endpoint_auth_method"),
        (json!({"dpop_bound_access_tokens": null}), "dpop_bound_access_tokens"),
        (json!({"client_uri": "https://example.com/"}), "client_uri"),
        (json!({"client_uri": "https://app.example.com/other"}), "client_uri"),
        (json!({"client_name": 5}), "client_name"),
        (json!({"logo_uri": "http://app.example.com/logo.png"}), "logo_uri"),
        (json!({"tos_uri": "javascript:alert(1)"}), "tos_uri"),
        (json!({"policy_uri": "data:text/html,x"}), "policy_uri"),
        (json!({"subject_type": "pairwise"}), "subject_type"),
        (json!({"client_secret": "x"}), "client_secret"),
        (json!({"default_max_age": 10}), "default_max_age"),
        (json!({"id_token_signed_response_alg": "ES256"}), "id_token_signed_response_alg"),
        (
            json!({"tls_client_certificate_bound_access_tokens": true}),
            "tls_client_certificate_bound_access_tokens",
        ),
        (json!({"authorization_details_types": ["x"]}), "authorization_details_types"),
    ] {
        assert_eq!(fields_at_fault(changes.clone()), [field], "{changes}");
    }
}

#[test]
fn what_may_be_absent_or_unknown_is_forgiven() {
    let changes = json!({
        "application_type": null, "grant_types": null, "response_types": null, "token_endpoint_auth_method": null,
        "contacts": ["x"], "anything": {"else": 1}, "client_uri": "https://app.example.com", "authorization_details_types": [],
    });
    let checked = ClientMetadata::check(&id(), &document(changes), MetadataRules::default());
    let client = checked.metadata.expect("nothing is wrong");
    assert!(!client.refreshes);
    let warned: Vec<_> = checked.warnings.iter().map(|finding| finding.field.as_ref()).collect();
    assert_eq!(warned, ["grant_types", "response_types", "token_endpoint_auth_method"]);
}

#[test]
fn redirects_of_apps_are_their_own() {
    for (uri, good) in [
        ("https://app.example.com/anywhere", true),
        ("https://other.example.com/callback", false),
        ("https://app.example.com:8443/callback", false),
        ("com.example.app:/callback", true),
        ("com.example:/callback", false),
        ("com.example.app.more:/callback", false),
        ("com.example.app://callback", false),
        ("http://127.0.0.1/callback", true),
        ("http://[::1]:8080/callback", true),
        ("http://localhost/callback", false),
    ] {
        let changes = json!({"application_type": "native", "redirect_uris": [uri]});
        assert_eq!(fields_at_fault(changes).is_empty(), good, "{uri}");
    }
}

#[test]
fn redirects_of_web_pages_are_public_https() {
    for (uri, good) in [
        ("https://elsewhere.example.net/callback", true),
        ("https://app.example.com:8443/callback", true),
        ("https://app.example.com:443/callback", false),
        ("https://app.example.test/callback", false),
        ("https://intranet/callback", false),
        ("http://127.0.0.1/callback", false),
        ("com.example.app:/callback", false),
        ("https://app.example.com/callback#x", false),
    ] {
        assert_eq!(fields_at_fault(json!({"redirect_uris": [uri]})).is_empty(), good, "{uri}");
    }
    let rules = MetadataRules { development: Development::Allowed, ..MetadataRules::default() };
    let document = document(json!({"redirect_uris": ["https://app.example.test/callback"]}));
    assert!(ClientMetadata::parse(&id(), &document, rules).is_ok());
}

#[test]
fn redirect_problems_have_a_code_of_their_own() {
    let code = |changes| {
        ClientMetadata::parse(&id(), &document(changes), MetadataRules::default()).expect_err("bad").code()
    };
    assert_eq!(code(json!({"redirect_uris": ["http://localhost/"]})), ErrorCode::InvalidRedirectUri);
    assert_eq!(code(json!({"scope": "x"})), ErrorCode::InvalidClientMetadata);
}

#[test]
fn all_errors_are_listed_at_once() {
    let changes = json!({"scope": "x", "dpop_bound_access_tokens": false, "redirect_uris": ["x"], "subject_type": "pairwise"});
    assert_eq!(
        fields_at_fault(changes),
        ["scope", "redirect_uris[0]", "dpop_bound_access_tokens", "subject_type"]
    );
}

#[test]
fn sec_51_documents_that_are_not_the_clients_are_refused() {
    for document in [&b""[..], b"<html>", b"[]", b"null", b"\"x\"", b"{", b"\x1f\x8b\x08", b"{}"] {
        let error =
            ClientMetadata::parse(&id(), document, MetadataRules::default()).expect_err("no document");
        assert_eq!(error.code(), ErrorCode::InvalidClientMetadata);
    }
    let other: ClientId = "https://app.example.com/other.json".parse().expect("a client id");
    assert!(ClientMetadata::parse(&other, &document(json!({})), MetadataRules::default()).is_err());
    let with_port = "https://app.example.com:8443/client.json";
    let changes = document(json!({"client_id": with_port}));
    let id: ClientId = with_port.parse().expect("it is well formed");
    assert!(ClientMetadata::parse(&id, &changes, MetadataRules::default()).is_err());
}

#[test]
fn loopback_clients_need_no_document() {
    let id: ClientId =
        "http://localhost?scope=atproto%20repo:com.example.note&redirect_uri=http://127.0.0.1/cb"
            .parse()
            .expect("a client id");
    let client = ClientMetadata::loopback(&id).expect("it is one");
    assert!(client.has_redirect_uri(&"http://127.0.0.1:54321/cb".parse().expect("a URI")));
    assert!(!client.has_redirect_uri(&"http://127.0.0.1:54321/other".parse().expect("a URI")));
    assert!(!client.has_redirect_uri(&"http://[::1]/cb".parse().expect("a URI")));
    assert!(client.declares("repo:com.example.note"));
    assert!(client.declares("repo?collection=com.example.note"));
    assert!(!client.declares("repo:com.example.other"));
    assert!(ClientMetadata::loopback(&ID.parse().expect("a client id")).is_none());
}

#[test]
fn what_was_understood_can_be_read_again() {
    let mut changes = confidential();
    changes["client_name"] = json!("Example");
    changes["logo_uri"] = json!("https://cdn.example.com/logo.png");
    let client =
        ClientMetadata::parse(&id(), &document(changes), MetadataRules::default()).expect("it is good");
    let again = client.to_json();
    let client = ClientMetadata::parse(&id(), again.to_string().as_bytes(), MetadataRules::default());
    assert_eq!(client.expect("it is good").to_json(), again);
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in "[a-z_]{1,40}", text in ".{0,80}") {
        let _ = ClientMetadata::check(&id(), &bytes, MetadataRules::default());
        for value in [json!(text), json!([text]), json!({"keys": [text, {"kty": text}]}), json!(1), json!(true)] {
            for field in [name.as_str(), "redirect_uris", "jwks", "jwks_uri", "client_uri", "scope", "grant_types", "client_id"] {
                let mut changes = confidential();
                changes[field] = value.clone();
                let checked = ClientMetadata::check(&id(), &document(changes), MetadataRules::default());
                prop_assert_eq!(checked.metadata.is_some(), checked.errors.is_empty());
            }
        }
    }
}
