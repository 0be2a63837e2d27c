//! Both tokens, and everything that is neither.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::jose::jws::{self, SignHeader};
use crate::syntax::Did;
use crate::time::UnixTime;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const SECRET: [u8; 32] = [5; 32];

fn service() -> Did {
    "did:web:pds.example.com".parse().unwrap()
}

fn access(scope: LegacyScope) -> AccessClaims {
    AccessClaims {
        scope,
        audience: service(),
        account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
        session: LegacySessionId([7; 16]),
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(2)),
    }
}

fn refresh() -> RefreshClaims {
    let AccessClaims { audience, account, session, issued_at, .. } = access(LegacyScope::Full);
    let expires_at = NOW.plus(Duration::from_hours(90 * 24));
    RefreshClaims { id: LegacyRefreshId([8; 32]), audience, account, session, issued_at, expires_at }
}

fn payload(token: &SessionToken) -> Value {
    jws::decode(token.expose()).unwrap().claims_unverified().unwrap()
}

fn check_access(keys: &LegacyKeys, token: &str, now: UnixTime) -> Result<AccessClaims, LegacyTokenError> {
    keys.verify_access(&jws::decode(token).unwrap(), &service(), now)
}

fn check_refresh(keys: &LegacyKeys, token: &str) -> Result<RefreshClaims, LegacyTokenError> {
    keys.verify_refresh(&jws::decode(token).unwrap(), &service())
}

#[test]
fn an_access_token_reads_as_clients_expect() {
    let keys = LegacyKeys::new(SECRET, []);
    for scope in [
        LegacyScope::Full,
        LegacyScope::AppPassword,
        LegacyScope::PrivilegedAppPassword,
        LegacyScope::TakenDown,
        LegacyScope::SignupQueued,
    ] {
        let token = keys.sign_access(&access(scope));
        assert_eq!(
            payload(&token),
            json!({
                "scope": scope.as_str(), "aud": "did:web:pds.example.com", "iat": 1_800_000_000, "exp": 1_800_007_200,
                "sub": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "sid": "ses-07070707070707070707070707070707",
            })
        );
        let header = jws::decode(token.expose()).unwrap().header().clone();
        assert_eq!((header.typ.as_deref(), header.alg.as_str()), (Some("at+jwt"), "HS256"));
        assert_eq!(check_access(&keys, token.expose(), NOW), Ok(access(scope)));
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
    }
}

#[test]
fn a_refresh_token_has_a_name_and_its_time_is_asked_for_apart() {
    let keys = LegacyKeys::new(SECRET, []);
    let token = keys.sign_refresh(&service(), &refresh());
    assert_eq!(payload(&token)["jti"], refresh().id.to_string());
    let claims = check_refresh(&keys, token.expose()).unwrap();
    assert_eq!(claims, refresh());
    assert_eq!(claims.check_time(NOW), Ok(()));
    assert_eq!(claims.check_time(claims.expires_at), Err(LegacyTokenError::Expired));
    let mut nameless = payload(&token);
    nameless.as_object_mut().unwrap().remove("jti");
    let header = SignHeader { typ: "refresh+jwt", kid: None, jwk: None };
    let nameless = jws::sign_hs256(&SECRET, &header, &nameless);
    assert_eq!(check_refresh(&keys, &nameless), Err(LegacyTokenError::MissingId));
}

#[test]
fn an_access_token_ends_at_its_time() {
    let keys = LegacyKeys::new(SECRET, []);
    let token = keys.sign_access(&access(LegacyScope::Full));
    let end = access(LegacyScope::Full).expires_at;
    assert!(check_access(&keys, token.expose(), end.minus(Duration::from_millis(1))).is_ok());
    assert_eq!(check_access(&keys, token.expose(), end), Err(LegacyTokenError::Expired));
}

#[test]
fn secrets_are_replaced_without_ending_sessions() {
    let old = LegacyKeys::new(SECRET, []);
    let token = old.sign_access(&access(LegacyScope::Full));
    let both = LegacyKeys::new([6; 32], [SECRET]);
    assert!(check_access(&both, token.expose(), NOW).is_ok());
    let newer = both.sign_access(&access(LegacyScope::Full));
    assert_eq!(check_access(&old, newer.expose(), NOW), Err(LegacyTokenError::Invalid));
    let without = LegacyKeys::new([6; 32], []);
    assert_eq!(check_access(&without, token.expose(), NOW), Err(LegacyTokenError::Invalid));
    assert_eq!(format!("{both:?}"), "LegacyKeys { accepted: 2, .. }");
}

#[test]
fn sec_50_nothing_else_is_taken_for_either() {
    let keys = LegacyKeys::new(SECRET, []);
    let good = payload(&keys.sign_access(&access(LegacyScope::Full)));
    let sign = |typ: &str, claims: &Value| {
        jws::sign_hs256(&SECRET, &SignHeader { typ, kid: None, jwk: None }, claims)
    };
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign("at+jwt", &claims)
    };
    assert!(check_access(&keys, &sign("at+jwt", &good), NOW).is_ok());
    for token in [
        sign("JWT", &good),
        sign("", &good),
        sign("refresh+jwt", &good),
        sign("dpop+jwt", &good),
        with("aud", json!("did:web:other.example.com")),
        with("aud", json!(["did:web:pds.example.com"])),
        with("scope", json!("com.atproto.refresh")),
        with("scope", json!("atproto")),
        with("sub", json!("alice")),
        with("sid", json!("tok-07070707070707070707070707070707")),
        with("cnf", json!({"jkt": "x"})),
        with("lxm", json!("com.atproto.server.getSession")),
        with("jti", json!(7)),
        with("exp", json!(1_800_007_200.5)),
        with("exp", json!("1800007200")),
        keys.sign_refresh(&service(), &refresh()).expose().to_owned(),
    ] {
        assert_eq!(check_access(&keys, &token, NOW), Err(LegacyTokenError::Invalid), "{token}");
    }
    let access = keys.sign_access(&access(LegacyScope::Full));
    assert_eq!(check_refresh(&keys, access.expose()), Err(LegacyTokenError::Invalid));
    let as_refresh = sign("refresh+jwt", &good);
    assert_eq!(
        check_refresh(&keys, &as_refresh),
        Err(LegacyTokenError::Invalid),
        "its scope is of another kind"
    );
}

#[test]
fn names_are_read_as_they_are_written() {
    let session = LegacySessionId([171; 16]);
    assert_eq!(session.to_string().parse(), Ok(session));
    let id = LegacyRefreshId([171; 32]);
    assert_eq!(id.to_string().parse(), Ok(id));
    for text in [
        "",
        "ses-",
        "ses-0707",
        "ses-0707070707070707070707070707070G",
        "SES-07070707070707070707070707070707",
    ] {
        assert!(text.parse::<LegacySessionId>().is_err(), "{text}");
        assert!(text.parse::<LegacyRefreshId>().is_err(), "{text}");
    }
}

#[test]
fn sec_66_a_successor_is_the_same_each_time_and_of_one_session() {
    let (first, session) = (LegacyRefreshId([1; 32]), LegacySessionId([2; 16]));
    let next = first.successor(&[3; 32], session);
    assert_eq!(next, first.successor(&[3; 32], session));
    let others = [
        first.successor(&[4; 32], session),
        first.successor(&[3; 32], LegacySessionId([3; 16])),
        next.successor(&[3; 32], session),
        first,
    ];
    assert!(!others.contains(&next));
}

/// RS-8: the host of an account knows one key of the entryway, and nothing of its secrets.
#[test]
fn what_an_entryway_signs_is_for_the_host_of_the_account() {
    use crate::crypto::{Curve, PrivateKey};
    let host: Did = "did:web:host.example.com".parse().unwrap();
    let key = || PrivateKey::from_bytes(Curve::K256, &[9; 32]).unwrap();
    let keys = LegacyKeys::new(SECRET, []).with_entryway(key(), vec![host.clone()]);
    let there = AccessClaims { audience: host.clone(), ..access(LegacyScope::Full) };
    let token = keys.sign_access(&there);
    let read = jws::decode(token.expose()).unwrap();
    assert_eq!((read.header().alg.as_str(), read.header().kid.as_deref()), ("ES256K", None));
    assert!(read.header().is_typ("at+jwt"));
    assert!(read.verify(key().public()).is_ok());
    assert_eq!(check_access(&keys, token.expose(), NOW), Ok(there));
    let refreshing = keys.sign_refresh(&host, &refresh());
    assert!(jws::decode(refreshing.expose()).unwrap().verify(key().public()).is_ok());
    assert_eq!(check_refresh(&keys, refreshing.expose()), Ok(refresh()));
    // One's own tokens are signed with the secret still, and neither kind passes for the other.
    let own = keys.sign_access(&access(LegacyScope::Full));
    assert_eq!(jws::decode(own.expose()).unwrap().header().alg.as_str(), "HS256");
    assert!(check_access(&keys, own.expose(), NOW).is_ok());
    let as_own = LegacyKeys::new(SECRET, []).with_entryway(key(), vec![service()]);
    for forged in [as_own.sign_access(&access(LegacyScope::Full)), as_own.sign_refresh(&host, &refresh())] {
        assert_eq!(check_access(&keys, forged.expose(), NOW), Err(LegacyTokenError::Invalid));
    }
    let elsewhere = LegacyKeys::new(SECRET, []);
    assert_eq!(check_access(&elsewhere, token.expose(), NOW), Err(LegacyTokenError::Invalid));
}
