//! Tokens that are made here, spoilt in one place each.

use serde_json::{Value, json};

use super::*;
use crate::crypto::{Curve, PrivateKey, flipped};
use crate::jose::jws::{self, SignHeader};
use crate::jose::{base64url_decode, base64url_encode};
use crate::time::UnixTime;

const NOW: UnixTime = UnixTime::from_seconds(1_750_000_000);
const ALICE: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const METHOD: &str = "com.example.notes.add";
const BOTH: [Curve; 2] = [Curve::K256, Curve::P256];

fn key(curve: Curve) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[5; 32]).unwrap()
}

fn recipients() -> Vec<Recipient> {
    vec!["did:web:api.example.com".parse().unwrap(), "did:web:api.example.com#notes".parse().unwrap()]
}

fn check_at(text: &str, now: UnixTime, curve: Curve) -> Result<Proven, ServiceAuthError> {
    let recipients = recipients();
    let expected =
        Expected { recipients: &recipients, method: METHOD, without_method: false, label_key: false, now };
    read(text, &expected)?.verify(key(curve).public())
}

fn check(text: &str) -> Result<Proven, ServiceAuthError> {
    check_at(text, NOW, Curve::K256)
}

/// A token as others make them, with one claim changed; `null` leaves it away.
fn with(name: &str, value: Value) -> String {
    let mut claims = json!({
        "iss": ALICE, "aud": "did:web:api.example.com", "lxm": METHOD, "jti": "one",
        "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
    });
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    sign_raw(Curve::K256, Some("JWT"), None, &claims)
}

/// Signs any header, for which the signing of this crate is too strict.
fn sign_raw(curve: Curve, typ: Option<&str>, kid: Option<&str>, claims: &Value) -> String {
    let mut header = json!({ "alg": if curve == Curve::K256 { "ES256K" } else { "ES256" } });
    if let Some(typ) = typ {
        header["typ"] = typ.into();
    }
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    let part = |value: &Value| base64url_encode(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&header), part(claims));
    let signature = key(curve).sign(input.as_bytes());
    format!("{input}.{}", base64url_encode(&signature))
}

#[test]
fn what_is_signed_here_is_taken_on_both_curves() {
    for curve in BOTH {
        for recipient in recipients() {
            let token = sign(
                &key(curve),
                &Claims {
                    issuer: &ALICE.parse().unwrap(),
                    key: KeyName::Account,
                    recipient: &recipient,
                    method: Some(&METHOD.parse().unwrap()),
                    expires_at: NOW.plus(USUAL_LIFE),
                    jti: [9; 16],
                    now: NOW,
                },
            );
            let proven = check_at(token.expose(), NOW, curve).unwrap();
            assert_eq!(proven.issuer.as_str(), ALICE);
            assert_eq!(proven.method.unwrap().as_str(), METHOD);
            assert_eq!(proven.once.unwrap().until, NOW.plus(USUAL_LIFE).plus(SKEW));

            let unverified = jws::decode(token.expose()).unwrap();
            assert!(unverified.header().is_typ("JWT") && unverified.header().kid.is_none());
            let claims: Value = unverified.claims_unverified().unwrap();
            assert_eq!(
                claims,
                json!({
                    "iat": 1_750_000_000, "iss": ALICE, "aud": recipient.as_str(), "exp": 1_750_000_060,
                    "lxm": METHOD, "jti": "09090909090909090909090909090909",
                })
            );
        }
    }
}

#[test]
fn a_key_of_the_other_curve_or_another_key_proves_nothing() {
    let token = with("iss", ALICE.into());
    assert!(check_at(&token, NOW, Curve::K256).is_ok());
    assert_eq!(check_at(&token, NOW, Curve::P256), Err(ServiceAuthError::Signature));
    let recipients = recipients();
    let expected = Expected {
        recipients: &recipients,
        method: METHOD,
        without_method: false,
        label_key: false,
        now: NOW,
    };
    let other = PrivateKey::from_bytes(Curve::K256, &[6; 32]).unwrap();
    let presented = read(&token, &expected).unwrap();
    assert_eq!(presented.verify(other.public()), Err(ServiceAuthError::Signature));
}

#[test]
fn the_high_one_of_two_signatures_is_refused() {
    for curve in BOTH {
        let claims = json!({
            "iss": ALICE, "aud": "did:web:api.example.com", "lxm": METHOD, "exp": NOW.seconds() + 60,
        });
        let token = sign_raw(curve, Some("JWT"), None, &claims);
        assert!(check_at(&token, NOW, curve).is_ok());
        let (input, signature) = token.rsplit_once('.').unwrap();
        let low = base64url_decode(signature).unwrap().try_into().unwrap();
        let high = format!("{input}.{}", base64url_encode(&flipped(curve, low)));
        assert_eq!(check_at(&high, NOW, curve), Err(ServiceAuthError::Signature));
    }
}

#[test]
fn each_claim_is_checked() {
    let seconds = NOW.seconds();
    let audience = |named: &str| ServiceAuthError::Audience {
        named: named.to_owned(),
        accepted: "did:web:api.example.com or did:web:api.example.com#notes".to_owned(),
    };
    let method = ServiceAuthError::Method { expected: METHOD.to_owned() };
    for (name, value, expected) in [
        ("exp", json!(seconds - 10), ServiceAuthError::Expired),
        ("exp", json!(-1e300), ServiceAuthError::Expired),
        ("exp", json!(seconds + 3700), ServiceAuthError::Time),
        ("exp", json!(1e300), ServiceAuthError::Time),
        ("exp", json!("1750000060"), ServiceAuthError::Malformed),
        ("exp", Value::Null, ServiceAuthError::Malformed),
        ("iat", json!(seconds + 61), ServiceAuthError::Time),
        ("aud", json!("did:web:api.example.com#other"), audience("did:web:api.example.com#other")),
        ("aud", json!("did:web:other.example.com"), audience("did:web:other.example.com")),
        ("aud", json!("did:web:API.example.com"), audience("did:web:API.example.com")),
        ("aud", json!("https://api.example.com"), audience("somebody else")),
        ("aud", json!("*"), audience("somebody else")),
        ("aud", json!(["did:web:api.example.com"]), ServiceAuthError::Malformed),
        ("aud", Value::Null, ServiceAuthError::Malformed),
        ("lxm", json!("com.example.notes.erase"), method.clone()),
        ("lxm", json!("com.example.Notes.add"), method.clone()),
        ("lxm", json!("*"), method.clone()),
        ("lxm", Value::Null, method),
        ("iss", json!("alice.test"), ServiceAuthError::Issuer),
        ("iss", json!("did:key:zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo"), ServiceAuthError::Issuer),
        ("iss", json!("did:web:a.example.com:path"), ServiceAuthError::Issuer),
        ("iss", json!(format!("{ALICE}#atproto_pds")), ServiceAuthError::Issuer),
        ("iss", json!(format!("{ALICE}#atproto_labeler")), ServiceAuthError::Key),
        ("iss", Value::Null, ServiceAuthError::Malformed),
    ] {
        assert_eq!(check(&with(name, value.clone())), Err(expected), "{name}: {value}");
    }
    for (name, value) in [
        ("exp", json!(seconds - 9)),
        ("exp", json!(seconds + 3600)),
        ("exp", json!(1_750_000_000.5)),
        ("iat", json!(seconds + 60)),
        ("iat", Value::Null),
        ("jti", Value::Null),
        ("aud", json!("did:web:api.example.com#notes")),
        ("sub", json!("ignored")),
    ] {
        check(&with(name, value.clone())).unwrap_or_else(|error| panic!("{name}: {value}: {error}"));
    }
    assert_eq!(check(&with("jti", json!(""))).unwrap().once, None);
}

#[test]
fn the_order_is_that_of_the_specification() {
    // Everything is wrong; each step mends the one that was complained about.
    let mut claims = json!({ "iss": "x", "aud": "x", "lxm": "x", "exp": NOW.seconds() - 60 });
    let refused = |typ: &str, claims: &Value| {
        let token = sign_raw(Curve::P256, Some(typ), None, claims);
        check(&token).unwrap_err().name()
    };
    assert_eq!(refused("at+jwt", &claims), "BadJwtType");
    assert_eq!(refused("JWT", &claims), "JwtExpired");
    claims["exp"] = json!(NOW.seconds() + 60);
    assert_eq!(refused("JWT", &claims), "BadJwtAudience");
    claims["aud"] = json!("did:web:api.example.com");
    assert_eq!(refused("JWT", &claims), "BadJwtLexiconMethod");
    claims["lxm"] = json!(METHOD);
    assert_eq!(refused("JWT", &claims), "BadJwtIss");
    claims["iss"] = json!(ALICE);
    assert_eq!(refused("JWT", &claims), "BadJwtSignature");
}

#[test]
fn sec_50_no_other_kind_of_token_passes_for_one() {
    let claims = json!({
        "iss": ALICE, "aud": "did:web:api.example.com", "lxm": METHOD, "exp": NOW.seconds() + 60,
    });
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "refresh+jwt", "dpop+jwt", "JOSE", ""] {
        let token = sign_raw(Curve::K256, Some(typ), None, &claims);
        assert_eq!(check(&token), Err(ServiceAuthError::Type), "{typ}");
    }
    for typ in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
        assert!(check(&sign_raw(Curve::K256, typ, None, &claims)).is_ok(), "{typ:?}");
    }
    let header = SignHeader { typ: "JWT", ..Default::default() };
    let hmac = jws::sign_hs256(&[1; 32], &header, &claims);
    assert_eq!(check(&hmac), Err(ServiceAuthError::Malformed));
    let none = format!("{}.{}.AA", base64url_encode(b"{\"alg\":\"none\"}"), hmac.split('.').nth(1).unwrap());
    for text in ["", "a.b", "a.b.c", "a.b.c.d", none.as_str()] {
        assert_eq!(check(text), Err(ServiceAuthError::Malformed), "{text}");
    }
}

#[test]
fn only_the_keys_that_are_expected_are_taken() {
    let claims = |iss: &str| json!({ "iss": iss, "aud": "did:web:api.example.com", "lxm": METHOD, "exp": NOW.seconds() + 60 });
    let labeler = format!("{ALICE}#atproto_labeler");
    let recipients = recipients();
    let read = |iss: &str, kid: Option<&str>, label_key: bool| {
        let text = sign_raw(Curve::K256, Some("JWT"), kid, &claims(iss));
        let expected =
            Expected { recipients: &recipients, method: METHOD, without_method: false, label_key, now: NOW };
        read(&text, &expected).map(|presented| presented.key())
    };
    for label_key in [false, true] {
        assert_eq!(read(ALICE, None, label_key), Ok(KeyName::Account));
        assert_eq!(read(ALICE, Some("#atproto"), label_key), Ok(KeyName::Account));
        for kid in ["atproto", "#other", "", &format!("{ALICE}#atproto")] {
            assert_eq!(read(ALICE, Some(kid), label_key), Err(ServiceAuthError::Key), "{kid}");
        }
    }
    assert_eq!(read(ALICE, Some("#atproto_label"), true), Ok(KeyName::Label));
    assert_eq!(read(&labeler, None, true), Ok(KeyName::Label));
    assert_eq!(read(ALICE, Some("#atproto_label"), false), Err(ServiceAuthError::Key));
    assert_eq!(read(&labeler, None, false), Err(ServiceAuthError::Key));
}

#[test]
fn a_token_without_a_method_is_taken_where_that_is_wanted() {
    let recipients = recipients();
    let expected = Expected {
        recipients: &recipients,
        method: METHOD,
        without_method: true,
        label_key: false,
        now: NOW,
    };
    let bare = with("lxm", Value::Null);
    let proven = read(&bare, &expected).unwrap().verify(key(Curve::K256).public()).unwrap();
    assert_eq!(proven.method, None);
    let other = with("lxm", json!("com.example.notes.erase"));
    assert_eq!(read(&other, &expected).unwrap_err().name(), "BadJwtLexiconMethod");
}

#[test]
fn one_use_is_told_from_another_by_issuer_and_name() {
    let once = |name: &str, value: &str| check(&with(name, value.into())).unwrap().once.unwrap().key;
    let usual = once("jti", "one");
    assert_eq!(usual, once("jti", "one"));
    assert_ne!(usual, once("jti", "two"));
    assert_ne!(usual, once("iss", "did:plc:44ybard66vv44zksje25o7dz"));
}

#[test]
fn a_recipient_is_a_did_or_a_service_of_one() {
    for text in
        ["did:web:api.example.com", "did:web:localhost%3A2583", ALICE, "did:web:api.example.com#notes"]
    {
        assert_eq!(text.parse::<Recipient>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "*",
        "alice.test",
        "did:key:z6",
        "did:web:a.com#",
        "did:web:a.com#b#c",
        "did:web:a.com%23s",
        "#s",
    ] {
        assert_eq!(text.parse::<Recipient>(), Err(InvalidRecipient), "{text}");
    }
}
