use serde_json::{Value, json};

use super::*;
use crate::crypto::{Curve, PrivateKey};
use crate::dpop::proof::{self, build};
use crate::jose::base64url_encode;

const NOW: UnixTime = UnixTime::from_seconds(1_750_000_000);
const ORIGIN: &str = "https://pds.example.com";
const PATH: &str = "/oauth/token";

fn key(curve: Curve) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[1; 32]).expect("in range")
}

fn nonces() -> Nonces {
    Nonces::new([7; 32])
}

fn request(proof: &str) -> ProofRequest<'_> {
    ProofRequest { proof, method: "POST", origin: ORIGIN, path: PATH, access_token: None, now: NOW }
}

fn built(access_token: Option<&str>, jti: u8) -> String {
    let nonce = nonces().next(NOW);
    let url = format!("{ORIGIN}{PATH}?query=1#fragment");
    let claims = proof::Claims {
        method: "POST",
        url: &url,
        access_token,
        nonce: Some(nonce.as_str()),
        jti: [jti; 16],
        now: NOW,
    };
    build(&key(Curve::P256), &claims)
}

/// A proof with some claims replaced; `null` removes one.
fn signed(changes: &Value) -> String {
    let mut claims = json!({
        "jti": "once", "htm": "POST", "htu": format!("{ORIGIN}{PATH}"), "iat": NOW.seconds(), "nonce": nonces().next(NOW).as_str(),
    });
    let fields = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    let jwk = key(Curve::P256).public().to_jwk();
    let header = jws::SignHeader { typ: TYP, jwk: Some(&jwk), ..Default::default() };
    jws::sign(&key(Curve::P256), &header, &claims)
}

fn outcome(changes: &Value) -> Result<Proof, ProofError> {
    check(&request(&signed(changes)), &nonces())
}

#[test]
fn what_is_built_is_accepted_on_both_curves() {
    let checked = check(&request(&built(None, 1)), &nonces()).expect("it is good");
    assert_eq!(checked.jkt, Thumbprint::of(key(Curve::P256).public()));
    assert_eq!(checked.iat, NOW);
    let nonce = nonces().next(NOW);
    let url = format!("{ORIGIN}{PATH}");
    let claims = proof::Claims {
        method: "POST",
        url: &url,
        access_token: None,
        nonce: Some(nonce.as_str()),
        jti: [1; 16],
        now: NOW,
    };
    let checked = check(&request(&build(&key(Curve::K256), &claims)), &nonces()).expect("it is good");
    assert_eq!(checked.jkt, Thumbprint::of(key(Curve::K256).public()));
}

#[test]
fn sec_33_a_jti_of_one_key_has_one_name() {
    let one = check(&request(&built(None, 1)), &nonces()).expect("it is good");
    let again = check(&request(&built(None, 1)), &nonces()).expect("memory is not here");
    let other = check(&request(&built(None, 2)), &nonces()).expect("it is good");
    assert_eq!(one.jti_key, again.jti_key);
    assert_ne!(one.jti_key, other.jti_key);
    assert_ne!(jti_key(&Thumbprint([1; 32]), "x"), jti_key(&Thumbprint([2; 32]), "x"));
    assert_eq!(ProofError::Replayed.code(), ErrorCode::InvalidDpopProof);
    assert!(MEMORY >= nonces().longest_life());
}

#[test]
fn sec_33_a_missing_nonce_is_found_last() {
    assert_eq!(outcome(&json!({"nonce": null})), Err(ProofError::Nonce));
    assert_eq!(outcome(&json!({"nonce": ""})), Err(ProofError::Nonce));
    assert_eq!(outcome(&json!({"nonce": null, "htm": "GET"})), Err(ProofError::Method));
    assert_eq!(outcome(&json!({"nonce": null, "jti": ""})), Err(ProofError::Claims));
    assert_eq!(ProofError::Nonce.code(), ErrorCode::UseDpopNonce);
}

#[test]
fn sec_34_proofs_are_for_one_method_and_url() {
    for (htm, good) in [("POST", true), ("post", false), ("GET", false), ("", false)] {
        assert_eq!(outcome(&json!({"htm": htm})).is_ok(), good, "{htm}");
    }
    for (htu, good) in [
        ("https://pds.example.com/oauth/token?a=b#c", true),
        ("https://pds.example.com:443/oauth/token", true),
        ("HTTPS://PDS.example.com/oauth/token", true),
        ("https://pds.example.com/x/../oauth/token", true),
        ("https://pds.example.com/%6fauth/token", true),
        ("https://pds.example.com/oauth%2Ftoken", false),
        ("https://pds.example.com/oauth/token/", false),
        ("https://pds.example.com/oauth/Token", false),
        ("https://pds.example.com//oauth/token", false),
        ("https://pds.example.com/oauth/par", false),
        ("https://pds.example.com.evil.example/oauth/token", false),
        ("https://pds.example.com@evil.example/oauth/token", false),
        ("https://u:p@pds.example.com/oauth/token", false),
        ("https://pds.example.com:8443/oauth/token", false),
        ("http://pds.example.com/oauth/token", false),
        ("ftp://pds.example.com/oauth/token", false),
        ("/oauth/token", false),
        ("", false),
    ] {
        assert_eq!(outcome(&json!({"htu": htu})).is_ok(), good, "{htu}");
    }
}

#[test]
fn sec_34_a_query_of_the_request_does_not_count() {
    let text = signed(&json!({"htu": "https://pds.example.com/xrpc/a%3ab"}));
    for (path, good) in
        [("/xrpc/a%3Ab?x=y", true), ("/xrpc/a:b", false), ("/xrpc/a", false), ("*", false), ("", false)]
    {
        assert_eq!(check(&ProofRequest { path, ..request(&text) }, &nonces()).is_ok(), good, "{path}");
    }
}

#[test]
fn sec_35_proofs_are_of_now() {
    let now = NOW.seconds();
    for (iat, good) in [
        (now - 190, true),
        (now - 191, false),
        (now + 180, true),
        (now + 181, false),
        (0, false),
        (i64::MAX, false),
    ] {
        assert_eq!(outcome(&json!({"iat": iat})).is_ok(), good, "{iat}");
    }
    assert!(outcome(&json!({"iat": 1_749_999_999.5})).is_ok());
    assert_eq!(outcome(&json!({"iat": "1750000000"})), Err(ProofError::Claims));
    assert_eq!(outcome(&json!({"iat": null})), Err(ProofError::Claims));
    assert_eq!(outcome(&json!({"nbf": now + 181})), Err(ProofError::Time));
    assert_eq!(outcome(&json!({"exp": now - 181})), Err(ProofError::Time));
    let late = NOW.plus(std::time::Duration::from_secs(185));
    let text = built(None, 1);
    assert_eq!(check(&ProofRequest { now: late, ..request(&text) }, &nonces()), Err(ProofError::Nonce));
    assert_eq!(check(&request(&text), &Nonces::new([8; 32])), Err(ProofError::Nonce));
}

#[test]
fn sec_36_ath_goes_with_the_token() {
    let text = built(Some("token"), 1);
    let with = |proof: &str, access_token| check(&ProofRequest { access_token, ..request(proof) }, &nonces());
    assert!(with(&text, Some("token")).is_ok());
    assert_eq!(with(&text, Some("other")), Err(ProofError::TokenHash));
    assert_eq!(with(&text, None), Err(ProofError::TokenHash));
    assert_eq!(with(&built(None, 1), Some("token")), Err(ProofError::TokenHash));
    let padded = format!("{}=", base64url_encode(&sha256(b"token")));
    assert_eq!(with(&signed(&json!({"ath": padded})), Some("token")), Err(ProofError::TokenHash));
}

/// A proof whose header is of our making, and whose signature fits header and claims.
fn with_header(header: &Value) -> String {
    let good = signed(&json!({}));
    let claims = good.split('.').nth(1).expect("it has claims");
    let input = format!("{}.{claims}", base64url_encode(header.to_string().as_bytes()));
    let signature = key(Curve::P256).sign(input.as_bytes());
    format!("{input}.{}", base64url_encode(&signature))
}

#[test]
fn sec_38_headers_hold_one_public_key_of_their_algorithm() {
    let jwk = json!(key(Curve::P256).public().to_jwk());
    let with = |changes: &[(&str, Value)]| {
        let mut jwk = jwk.clone();
        for (name, value) in changes {
            jwk[*name] = value.clone();
        }
        jwk
    };
    let header = |alg: &str, typ: &str, jwk: Value| json!({"alg": alg, "typ": typ, "jwk": jwk});
    assert!(check(&request(&with_header(&header("ES256", TYP, jwk.clone()))), &nonces()).is_ok());
    let kid_is_ignored = header("ES256", TYP, with(&[("kid", json!("x"))]));
    assert!(check(&request(&with_header(&kid_is_ignored)), &nonces()).is_ok());
    for bad in [
        header("ES256", TYP, with(&[("d", json!("AAAA"))])),
        header("ES256", TYP, with(&[("k", json!("AAAA"))])),
        header("HS256", TYP, json!({"kty": "oct", "k": "AAAA"})),
        header("HS256", TYP, jwk.clone()),
        header("ES256K", TYP, jwk.clone()),
        header("ES256", TYP, with(&[("crv", json!("secp256k1"))])),
        header("ES256", TYP, with(&[("y", json!("AAAA"))])),
        header("none", TYP, jwk.clone()),
        header("EdDSA", TYP, jwk.clone()),
        header("ES256", "JWT", jwk.clone()),
        json!({"alg": "ES256", "jwk": jwk}),
        json!({"alg": "ES256", "typ": TYP}),
    ] {
        let error = check(&request(&with_header(&bad)), &nonces()).expect_err("a bad header");
        assert_eq!(error.code(), ErrorCode::InvalidDpopProof, "{bad}");
    }
}

#[test]
fn sec_38_there_is_one_header() {
    let text = built(None, 1);
    assert_eq!(only_header([text.as_bytes()]), Ok(Some(text.as_str())));
    assert_eq!(only_header([]), Ok(None));
    assert_eq!(only_header([text.as_bytes(), text.as_bytes()]), Err(ProofError::Repeated));
    assert_eq!(only_header([&b""[..]]), Err(ProofError::Malformed));
    assert_eq!(only_header([&b"\xff"[..]]), Err(ProofError::Malformed));
    let joined = format!("{text}, {text}");
    assert!(check(&request(&joined), &nonces()).is_err());
}

#[test]
fn claims_are_an_object() {
    let jwk = key(Curve::P256).public().to_jwk();
    let header = jws::SignHeader { typ: TYP, jwk: Some(&jwk), ..Default::default() };
    let nonce = nonces().next(NOW);
    let list =
        json!(["once", "POST", format!("{ORIGIN}{PATH}"), NOW.seconds(), null, nonce.as_str(), null, null]);
    let text = jws::sign(&key(Curve::P256), &header, &list);
    assert_eq!(check(&request(&text), &nonces()), Err(ProofError::Claims));
}

#[test]
fn signatures_are_checked() {
    let text = built(None, 1);
    let (input, signature) = text.rsplit_once('.').expect("it has a signature");
    let swapped = built(None, 2);
    let (_, other) = swapped.rsplit_once('.').expect("it has a signature");
    assert_ne!(signature, other);
    assert_eq!(check(&request(&format!("{input}.{other}")), &nonces()), Err(ProofError::Signature));
    assert!(check(&request(&format!("{input}.")), &nonces()).is_err());
}

#[test]
fn errors_say_nothing_that_cannot_be_sent() {
    let error = OAuthError::from(ProofError::Nonce);
    assert_eq!(error.code, ErrorCode::UseDpopNonce);
    assert_eq!(error.description(), ProofError::Nonce.to_string());
}

proptest::proptest! {
    #[test]
    fn checking_never_panics(text in ".{0,200}", path in ".{0,40}", htu in ".{0,60}") {
        proptest::prop_assert!(check(&request(&text), &nonces()).is_err());
        let _ = check(&ProofRequest { path: &path, ..request(&signed(&json!({"htu": htu}))) }, &nonces());
    }
}
