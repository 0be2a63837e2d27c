use serde_json::{Value, json};

use super::*;
use crate::crypto::{Curve, PrivateKey};
use crate::jose::Jwk;
use crate::oauth::client_id::ClientId;
use crate::oauth::client_metadata::MetadataRules;

const ID: &str = "https://app.example.com/client.json";
const ISSUER: &str = "https://pds.example.com";
const NOW: i64 = 1_750_000_000;
const DPOP: Thumbprint = Thumbprint([9; 32]);

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::P256, &[byte; 32]).expect("in range")
}

fn keys() -> JwkSet {
    JwkSet::new([Jwk::new(key(1).public().clone(), "k1"), Jwk::new(key(2).public().clone(), "k2")])
}

fn client(confidential: bool) -> ClientMetadata {
    let mut document = json!({
        "client_id": ID,
        "redirect_uris": ["https://app.example.com/callback"],
        "scope": "atproto",
        "dpop_bound_access_tokens": true,
    });
    if confidential {
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["token_endpoint_auth_signing_alg"] = json!("ES256");
        document["jwks"] = json!(keys());
    }
    let id: ClientId = ID.parse().expect("a client id");
    ClientMetadata::parse(&id, document.to_string().as_bytes(), MetadataRules::default()).expect("it is good")
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({"iss": ID, "sub": ID, "aud": ISSUER, "jti": "once", "iat": NOW, "exp": NOW + 60});
    let fields = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    claims
}

fn rules(dpop_jkt: &Thumbprint) -> AssertionRules<'_> {
    AssertionRules {
        issuer: ISSUER,
        dpop_jkt,
        absent_exp: AbsentExp::Refused,
        now: UnixTime::from_seconds(NOW),
    }
}

fn sent(assertion: &str) -> Params {
    let body = json!({"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion});
    Params::from_json(body.to_string().as_bytes()).expect("an object")
}

fn signed(kid: Option<&str>, changes: &Value) -> String {
    jws::sign(&key(1), &jws::SignHeader { typ: "JWT", kid, ..Default::default() }, &claims(changes))
}

fn outcome(changes: &Value) -> Result<Authenticated, AssertionError> {
    authenticate(&sent(&signed(Some("k1"), changes)), &client(true), Some(&keys()), rules(&DPOP))
}

#[test]
fn a_good_assertion_binds_the_key_and_is_good_once() {
    let known = outcome(&json!({})).expect("it is good");
    let thumbprint = Thumbprint::of(key(1).public());
    assert_eq!(
        known.auth,
        ClientAuth::PrivateKeyJwt { kid: "k1".to_owned(), alg: crate::jose::Algorithm::Es256, thumbprint }
    );
    let once = known.once.expect("it is remembered");
    assert_eq!(once.until, UnixTime::from_seconds(NOW + 90));
    assert_eq!(outcome(&json!({})).expect("it is good").once, Some(once));
    assert_ne!(
        outcome(&json!({"jti": "twice"})).expect("it is good").once.map(|once| once.key),
        Some(once.key)
    );
}

#[test]
fn clocks_may_be_off_by_half_a_minute() {
    for (changes, good) in [
        (json!({"iat": NOW - 90, "exp": NOW + 10}), true),
        (json!({"iat": NOW - 91, "exp": NOW + 10}), false),
        (json!({"iat": NOW + 30, "exp": NOW + 90}), true),
        (json!({"iat": NOW + 31, "exp": NOW + 90}), false),
        (json!({"exp": NOW + 300}), true),
        (json!({"exp": NOW + 301}), false),
        (json!({"nbf": NOW + 31}), false),
        (json!({"iat": NOW - 60, "exp": NOW - 30}), false),
        (json!({"exp": 1_750_000_059.5}), true),
    ] {
        assert_eq!(outcome(&changes).is_ok(), good, "{changes}");
    }
}

#[test]
fn an_absent_exp_is_a_minute_by_a_switch_only() {
    let params = sent(&signed(Some("k1"), &json!({"exp": null})));
    let at = |absent_exp| {
        authenticate(&params, &client(true), Some(&keys()), AssertionRules { absent_exp, ..rules(&DPOP) })
    };
    assert_eq!(at(AbsentExp::Refused), Err(AssertionError::Claims));
    assert_eq!(
        at(AbsentExp::Minute).expect("by the switch").once.expect("once").until,
        UnixTime::from_seconds(NOW + 90)
    );
}

#[test]
fn public_clients_are_what_their_document_says() {
    let params = sent(&signed(Some("k1"), &json!({})));
    let known = authenticate(&params, &client(false), None, rules(&DPOP)).expect("no assertion is needed");
    assert_eq!(known, Authenticated { auth: ClientAuth::None, once: None });
}

#[test]
fn sec_32_bad_assertions_are_invalid_client() {
    for (changes, error) in [
        (json!({"aud": format!("{ISSUER}/oauth/token")}), AssertionError::Audience),
        (json!({"aud": [ISSUER, "https://other.example.com"]}), AssertionError::Audience),
        (json!({"aud": []}), AssertionError::Audience),
        (json!({"iss": "https://other.example.com/client.json"}), AssertionError::Claims),
        (json!({"sub": "did:plc:x"}), AssertionError::Claims),
        (json!({"jti": ""}), AssertionError::Claims),
        (json!({"jti": null}), AssertionError::Claims),
        (json!({"iat": null}), AssertionError::Claims),
        (json!({"exp": NOW - 31}), AssertionError::Time),
        (json!({"iat": NOW - 100}), AssertionError::Time),
    ] {
        assert_eq!(outcome(&changes), Err(error), "{changes}");
        assert_eq!(error.code(), ErrorCode::InvalidClient);
    }
    let with = |assertion: &str| authenticate(&sent(assertion), &client(true), Some(&keys()), rules(&DPOP));
    assert_eq!(with(&signed(None, &json!({}))), Err(AssertionError::KeyName));
    assert_eq!(with(&signed(Some("k2"), &json!({}))), Err(AssertionError::Signature));
    assert_eq!(with(&signed(Some("k3"), &json!({}))), Err(AssertionError::UnknownKey));
    assert_eq!(with("x.y.z"), Err(AssertionError::Malformed));
    let hs256 = jws::sign_hs256(
        b"secret",
        &jws::SignHeader { kid: Some("k1"), ..Default::default() },
        &claims(&json!({})),
    );
    assert_eq!(with(&hs256), Err(AssertionError::Algorithm));
    let body = crate::jose::base64url_encode(claims(&json!({})).to_string().as_bytes());
    let none = format!("{}.{body}.", crate::jose::base64url_encode(br#"{"alg":"none","kid":"k1"}"#));
    assert_eq!(with(&none), Err(AssertionError::Malformed));
    let k256 = PrivateKey::from_bytes(Curve::K256, &[1; 32]).expect("in range");
    let es256k =
        jws::sign(&k256, &jws::SignHeader { kid: Some("k1"), ..Default::default() }, &claims(&json!({})));
    assert_eq!(with(&es256k), Err(AssertionError::Algorithm));
    let nothing = Params::default();
    assert_eq!(
        authenticate(&nothing, &client(true), Some(&keys()), rules(&DPOP)),
        Err(AssertionError::Missing)
    );
    assert_eq!(AssertionError::Missing.code(), ErrorCode::InvalidClient);
}

#[test]
fn sec_32_the_assertion_key_is_not_the_proof_key() {
    let same = Thumbprint::of(key(1).public());
    let params = sent(&signed(Some("k1"), &json!({})));
    let refused =
        authenticate(&params, &client(true), Some(&keys()), rules(&same)).expect_err("one key for two");
    assert_eq!((refused, refused.code()), (AssertionError::SameKey, ErrorCode::InvalidRequest));
}

#[test]
fn a_confirmed_key_is_that_of_the_proof() {
    assert!(outcome(&json!({"cnf": {"jkt": DPOP}})).is_ok());
    let refused = outcome(&json!({"cnf": {"jkt": Thumbprint([8; 32])}})).expect_err("another key");
    assert_eq!(refused.code(), ErrorCode::InvalidDpopProof);
    assert!(outcome(&json!({"cnf": {"jkt": "x"}})).is_err());
}

#[test]
fn claims_and_what_is_in_them_are_objects() {
    assert_eq!(outcome(&json!({"cnf": [DPOP]})), Err(AssertionError::Claims));
    let header = jws::SignHeader { kid: Some("k1"), ..Default::default() };
    let list = json!([ID, ID, ISSUER, "once", NOW, NOW + 60, null, null]);
    let params = sent(&jws::sign(&key(1), &header, &list));
    assert_eq!(
        authenticate(&params, &client(true), Some(&keys()), rules(&DPOP)),
        Err(AssertionError::Claims)
    );
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in ".{0,200}") {
        let params = Params::from_json(json!({"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}).to_string().as_bytes());
        proptest::prop_assert!(authenticate(&params.expect("an object"), &client(true), Some(&keys()), rules(&DPOP)).is_err());
    }
}
