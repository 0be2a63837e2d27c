use proptest::prelude::*;
use serde_json::{Value, json};

use super::jws::{JwsError, SignHeader, decode, sign, sign_hs256};
use super::*;
use crate::crypto::{Curve, PrivateKey};

/// The key of RFC 7515 appendix A.3.
fn rfc_key() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

fn with(mut key: Value, name: &str, value: impl Into<Value>) -> Value {
    key[name] = value.into();
    key
}

fn private(curve: Curve) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[5; 32]).unwrap()
}

const RFC_CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn the_es256_example_of_rfc_7515_verifies() {
    let text = format!(
        "eyJhbGciOiJFUzI1NiJ9.{RFC_CLAIMS}.\
         DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    let key = Jwk::parse_public(&rfc_key()).unwrap();
    let token = decode(&text).unwrap();
    let claims: Value = token.verify(key.key()).unwrap().claims().unwrap();
    assert_eq!(claims["iss"], "joe");
    // Its s is above half the order: fine for JOSE, not for what accounts sign.
    assert_eq!(token.verify_low_s(key.key()).unwrap_err(), JwsError::Signature);
}

#[test]
fn the_hs256_example_of_rfc_7515_verifies() {
    let key = base64url_decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
    .unwrap();
    let text = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let token = decode(&text).unwrap();
    assert!(token.header().is_typ("jwt"));
    token.verify_hs256(&key).unwrap();
    assert_eq!(token.verify_hs256(&key[1..]).unwrap_err(), JwsError::Signature);
    assert_eq!(token.verify(private(Curve::P256).public()).unwrap_err(), JwsError::Algorithm);
}

/// The key and thumbprint of RFC 9449 section 6.1 and figure 1, and RFC 7638's rule that other members do not count.
#[test]
fn thumbprints_agree_with_rfc_9449() {
    let key = json!({
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    });
    let expected = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(Jwk::parse_public(&key).unwrap().thumbprint().to_string(), expected);
    let named = with(with(key, "kid", "name"), "use", "sig");
    let thumbprint = Jwk::parse_public(&named).unwrap().thumbprint();
    assert_eq!(thumbprint, expected.parse().unwrap());
    assert_eq!(serde_json::to_value(thumbprint).unwrap(), expected);
    assert!(format!("{expected}A").parse::<Thumbprint>().is_err());
    assert!("".parse::<Thumbprint>().is_err());
}

#[test]
fn sec_38_a_jwk_with_a_private_member_is_refused() {
    assert!(Jwk::parse_public(&rfc_key()).is_ok());
    for name in ["d", "dp", "dq", "k", "oth", "p", "q", "qi"] {
        for value in [json!("AQAB"), Value::Null, json!(1)] {
            let key = with(rfc_key(), name, value);
            assert!(Jwk::parse_public(&key).is_err(), "{name}");
            assert!(PublishedKey::parse(&with(key, "kid", "name")).is_none(), "{name}");
        }
    }
}

#[test]
fn sec_38_a_symmetric_jwk_is_refused() {
    assert!(Jwk::parse_public(&json!({ "kty": "oct", "k": "AQAB" })).is_err());
    assert!(Jwk::parse_public(&json!({ "kty": "oct" })).is_err());
    assert!(PublishedKey::parse(&json!({ "kty": "oct", "k": "AQAB", "kid": "name" })).is_none());
}

#[test]
fn sec_38_alg_must_be_that_of_the_curve() {
    for (curve, other) in [(Curve::P256, Curve::K256), (Curve::K256, Curve::P256)] {
        let text = sign(&private(curve), &SignHeader { typ: "JWT", ..Default::default() }, &json!({}));
        let token = decode(&text).unwrap();
        token.verify(private(curve).public()).unwrap();
        assert_eq!(token.verify(private(other).public()).unwrap_err(), JwsError::Algorithm);
        assert_eq!(token.verify_hs256(&[0; 32]).unwrap_err(), JwsError::Algorithm);
    }
    assert!(Jwk::parse_public(&with(rfc_key(), "alg", "ES256")).is_ok());
    for alg in ["ES256K", "ES384", "HS256", "none"] {
        assert!(Jwk::parse_public(&with(rfc_key(), "alg", alg)).is_err(), "{alg}");
    }
}

#[test]
fn keys_that_do_not_serve_for_signing_are_refused() {
    let key = rfc_key;
    for refused in [
        with(key(), "use", "enc"),
        with(key(), "key_ops", json!(["encrypt"])),
        with(key(), "key_ops", json!("verify")),
        with(key(), "revoked", json!({ "revoked_at": 1 })),
        with(key(), "crv", "secp256k1"),
        with(key(), "crv", "P-384"),
        with(key(), "kty", "OKP"),
        with(key(), "x", ""),
        with(key(), "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU="),
        with(key(), "x", "AGY_NyfdvRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF"),
        with(key(), "x", 1),
        json!([]),
        Value::Null,
    ] {
        assert!(Jwk::parse_public(&refused).is_err(), "{refused}");
    }
    assert!(Jwk::parse_public(&with(with(key(), "use", "sig"), "key_ops", json!(["verify"]))).is_ok());
}

#[test]
fn a_set_finds_keys_by_unique_names() {
    let named = |kid: &str| with(rfc_key(), "kid", kid);
    let revoked = with(named("gone"), "revoked", json!({ "revoked_at": 1 }));
    let other_kind = json!({ "kty": "OKP", "crv": "Ed25519", "x": "x", "kid": "other" });
    let document = json!({ "keys": [named("a"), named("b"), rfc_key(), revoked, other_kind, 7] });
    let set = JwkSet::parse(&document).unwrap();
    assert_eq!(set.keys().iter().map(PublishedKey::kid).collect::<Vec<_>>(), ["a", "b", "other"]);
    assert_eq!(set.find("b").and_then(Jwk::kid), Some("b"));
    assert!(set.find("gone").is_none() && set.find("other").is_none() && set.find("").is_none());
    assert_eq!(JwkSet::parse(&json!({ "keys": [named("a"), named("a")] })), Err(JwkSetError::DuplicateKid));
    let many: Vec<Value> = (0..65).map(|number| named(&number.to_string())).collect();
    assert_eq!(JwkSet::parse(&json!({ "keys": many })), Err(JwkSetError::TooMany));
}

#[test]
fn our_own_set_is_published_and_read_again() {
    let jwk = Jwk::new(private(Curve::P256).public().clone(), "one");
    let published = serde_json::to_value(JwkSet::new([jwk.clone()])).unwrap();
    assert_eq!(published["keys"][0]["use"], "sig");
    assert_eq!(published["keys"][0]["alg"], "ES256");
    assert_eq!(JwkSet::parse(&published).unwrap().find("one"), Some(&jwk));
}

#[test]
fn what_we_sign_we_verify_and_nothing_else() {
    for curve in [Curve::P256, Curve::K256] {
        let key = private(curve);
        let jwk = key.public().to_jwk();
        let header = SignHeader { typ: "dpop+jwt", kid: Some("#atproto"), jwk: Some(&jwk) };
        let text = sign(&key, &header, &json!({ "jti": "1" }));
        let token = decode(&text).unwrap();
        assert_eq!(token.header().jwk.as_ref(), Some(&jwk));
        assert_eq!(token.header().kid.as_deref(), Some("#atproto"));
        assert!(token.header().is_typ("dpop+jwt") && !token.header().is_typ("at+jwt"));
        assert_eq!(token.verify_low_s(jwk.key()).unwrap().claims::<Value>().unwrap(), json!({ "jti": "1" }));

        let (input, signature) = text.rsplit_once('.').unwrap();
        let (header, claims) = input.split_once('.').unwrap();
        let forged = [
            format!("{header}.{}.{signature}", base64url_encode(br#"{"jti":"2"}"#)),
            format!("{header}.{claims}.{}", base64url_encode(&[1; 64])),
            format!("{header}.{claims}.{}", base64url_encode(&[1; 63])),
            format!("{header}.{claims}.{signature}AA"),
        ];
        for forged in &forged {
            assert!(decode(forged).unwrap().verify(jwk.key()).is_err(), "{forged}");
        }
    }
    let text = sign_hs256(&[1; 32], &SignHeader { typ: "JWT", ..Default::default() }, &json!({}));
    assert!(decode(&text).unwrap().verify_hs256(&[1; 32]).is_ok());
    assert!(decode(&text).unwrap().verify_hs256(&[2; 32]).is_err());
}

#[test]
fn headers_that_are_not_understood_are_refused() {
    let refusal = |header: &str| {
        let text = format!("{}.e30.{}", base64url_encode(header.as_bytes()), base64url_encode(&[1; 64]));
        decode(&text).err()
    };
    assert_eq!(refusal(r#"{"alg":"ES256","other":{}}"#), None);
    for alg in ["none", "None", "", "ES384", "RS256", "EdDSA", "es256", "HS512"] {
        assert_eq!(refusal(&json!({ "alg": alg }).to_string()), Some(JwsError::Algorithm), "{alg}");
    }
    for header in [
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"ES256","crit":["exp"]}"#,
        r#"{"alg":"ES256","crit":null}"#,
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"alg":"ES256","jwk":{"kty":"oct","k":"AQAB"}}"#,
        r#"{"alg":["ES256"]}"#,
        r#"["ES256"]"#,
        r#"{"alg":"ES256","jwk":["EC","P-256","f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"]}"#,
        "{}x",
        "",
    ] {
        assert_eq!(refusal(header), Some(JwsError::Header), "{header}");
    }
}

#[test]
fn claims_are_an_object() {
    #[derive(Debug, serde::Deserialize)]
    struct Claims {
        _jti: String,
    }
    let key = private(Curve::P256);
    let text = sign(&key, &SignHeader { typ: "JWT", ..Default::default() }, &json!(["1"]));
    let token = decode(&text).unwrap();
    assert_eq!(token.claims_unverified::<Claims>().unwrap_err(), JwsError::Claims);
    assert_eq!(token.verify(key.public()).unwrap().claims::<Claims>().unwrap_err(), JwsError::Claims);
}

#[test]
fn texts_that_are_not_a_compact_jws_are_refused() {
    let good = sign(&private(Curve::P256), &SignHeader { typ: "JWT", ..Default::default() }, &json!({}));
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    for refused in [
        String::new(),
        "..".to_owned(),
        input.to_owned(),
        format!("{good}."),
        format!("{good}.e30"),
        format!(".{good}"),
        format!("{header}..{signature}"),
        format!("{header}.{claims}."),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}\n.{claims}.{signature}"),
        format!("{header}.{}.{signature}", "A".repeat(jws::MAX_LENGTH)),
        format!("{}.{claims}.{signature}", "A".repeat(5000)),
    ] {
        assert_eq!(decode(&refused).err(), Some(JwsError::Malformed), "{refused:.60}");
    }
    // Stray bits after the last byte would be a second text for the same signature.
    let key = private(Curve::P256);
    let (body, last) = good.split_at(good.len() - 1);
    let place = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".find(last).unwrap();
    assert_eq!(place % 16, 0, "64 bytes leave four bits free");
    let next =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".get(place + 1..place + 2).unwrap();
    let second = format!("{body}{next}");
    assert_eq!(decode(&second).unwrap().verify(key.public()).unwrap_err(), JwsError::Malformed);
}

proptest! {
    #[test]
    fn nothing_panics(text in "[A-Za-z0-9_.-]{0,200}|\\PC{0,80}", header in "\\PC{0,60}") {
        let _ = decode(&text);
        let framed = format!("{}.{text}", base64url_encode(header.as_bytes()));
        let _ = decode(&framed);
        if let Ok(value) = serde_json::from_str::<Value>(&header) {
            let _ = (Jwk::parse_public(&value), JwkSet::parse(&value));
        }
    }

    #[test]
    fn base64url_has_one_text_for_each_bytes(bytes in any::<Vec<u8>>(), text in "[A-Za-z0-9_=-]{0,20}") {
        prop_assert_eq!(base64url_decode(&base64url_encode(&bytes)), Some(bytes));
        if let Some(bytes) = base64url_decode(&text) {
            prop_assert_eq!(base64url_encode(&bytes), text);
        }
    }
}
