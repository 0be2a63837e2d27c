use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://pds.example.com";

fn published(changes: &Value) -> Vec<u8> {
    let mut document = serde_json::to_value(ServerMetadata::of(ISSUER, None)).expect("it is JSON");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            document.as_object_mut().expect("an object").remove(name);
        } else {
            document[name] = value.clone();
        }
    }
    document.to_string().into_bytes()
}

fn outcome(changes: &Value) -> Result<ServerMetadata, InvalidServerMetadata> {
    ServerMetadata::parse_profile(&published(changes), ISSUER, Development::Refused)
}

#[test]
fn our_own_document_passes_our_own_check() {
    let metadata = outcome(&json!({})).expect("it is good");
    assert_eq!(metadata, ServerMetadata::of(ISSUER, None));
    assert!(outcome(&json!({"unknown": 1, "require_request_uri_registration": null})).is_ok());
}

#[test]
fn flags_are_published_explicitly() {
    let document: Value = serde_json::from_slice(&published(&json!({}))).expect("it is JSON");
    assert_eq!(document["request_parameter_supported"], false);
    assert_eq!(document["request_uri_parameter_supported"], true);
    assert_eq!(document["require_request_uri_registration"], true);
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["ES256", "ES256K"]));
    assert!(document.get("protected_resources").is_none());
    let listed =
        serde_json::to_value(ServerMetadata::of(ISSUER, Some(vec![ISSUER.to_owned()]))).expect("it is JSON");
    assert_eq!(listed["protected_resources"], json!([ISSUER]));
}

#[test]
fn sec_52_servers_that_lack_something_are_refused() {
    use InvalidServerMetadata as Error;
    for (changes, error) in [
        (json!({"issuer": "https://other.example.com"}), Error::Issuer),
        (json!({"issuer": "https://pds.example.com/"}), Error::Issuer),
        (json!({"issuer": "https://PDS.example.com"}), Error::Issuer),
        (json!({"issuer": "http://pds.example.com"}), Error::Issuer),
        (json!({"issuer": 5}), Error::Form),
        (json!({"authorization_endpoint": null}), Error::Endpoint),
        (json!({"token_endpoint": "http://pds.example.com/oauth/token"}), Error::Endpoint),
        (json!({"pushed_authorization_request_endpoint": null}), Error::Pushed),
        (json!({"require_pushed_authorization_requests": false}), Error::Pushed),
        (json!({"require_pushed_authorization_requests": null}), Error::Pushed),
        (json!({"response_types_supported": ["token"]}), Error::ResponseTypes),
        (json!({"response_types_supported": null}), Error::ResponseTypes),
        (json!({"grant_types_supported": ["authorization_code"]}), Error::GrantTypes),
        (json!({"grant_types_supported": ["refresh_token"]}), Error::GrantTypes),
        (json!({"code_challenge_methods_supported": ["plain"]}), Error::ChallengeMethods),
        (json!({"code_challenge_methods_supported": null}), Error::ChallengeMethods),
        (json!({"token_endpoint_auth_methods_supported": ["none"]}), Error::ClientAuth),
        (json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}), Error::ClientAuth),
        (json!({"token_endpoint_auth_signing_alg_values_supported": ["ES256K"]}), Error::SigningAlgorithms),
        (
            json!({"token_endpoint_auth_signing_alg_values_supported": ["ES256", "none"]}),
            Error::SigningAlgorithms,
        ),
        (json!({"scopes_supported": ["openid"]}), Error::Scopes),
        (json!({"authorization_response_iss_parameter_supported": false}), Error::IssParameter),
        (json!({"authorization_response_iss_parameter_supported": null}), Error::IssParameter),
        (json!({"dpop_signing_alg_values_supported": ["EdDSA"]}), Error::Dpop),
        (json!({"client_id_metadata_document_supported": null}), Error::ClientIds),
        (json!({"require_request_uri_registration": false}), Error::RequestUris),
    ] {
        assert_eq!(outcome(&changes), Err(error), "{changes}");
    }
    for document in [&b""[..], b"[]", b"<html>", b"null"] {
        assert_eq!(ServerMetadata::parse(document, Development::Refused), Err(Error::Form));
    }
}

#[test]
fn issuers_are_origins_in_one_spelling() {
    for (text, good, in_development) in [
        ("https://pds.example.com", true, true),
        ("https://pds.example.com:8443", true, true),
        ("https://pds.example.com:443", false, false),
        ("https://pds.example.com/", false, false),
        ("https://pds.example.com/a", false, false),
        ("https://pds.example.com?x", false, false),
        ("https://u@pds.example.com", false, false),
        ("https://localhost", false, false),
        ("https://127.0.0.1", false, false),
        ("https://intranet.local", false, false),
        ("http://localhost:2583", false, true),
        ("http://127.0.0.1:2583", false, true),
        ("http://[::1]:2583", false, true),
        ("http://10.0.0.1:2583", false, false),
        ("http://pds.example.com", false, false),
        ("", false, false),
    ] {
        assert_eq!(is_issuer(text, Development::Refused), good, "{text}");
        assert_eq!(is_issuer(text, Development::Allowed), in_development, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in ".{0,60}") {
        let _ = ServerMetadata::parse(&bytes, Development::Allowed);
        let _ = outcome(&json!({"issuer": text, "token_endpoint": text}));
    }
}
