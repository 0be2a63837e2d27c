//! The proof key of one session, and the nonces that servers gave for it (CL-2, CL-19, CL-20).

use std::fmt;

use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::proof::{self, Claims};
use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::fetch::Answer;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use serde_json::Value;

use crate::secret::Secret;

pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// Only a host and its authorization server are ever asked, and the ones before them after a move.
const MOST_ORIGINS: usize = 4;
/// The longest nonce that is repeated to its server.
const MOST_NONCE: usize = 1024;

/// A P-256 key that proves possession, and the latest nonce of each origin.
pub(crate) struct ProofKey {
    key: PrivateKey,
    nonces: Mutex<Vec<(String, String)>>,
}

impl ProofKey {
    /// A new key: never shared with another session.
    pub(crate) fn generate(random: &dyn Random) -> Self {
        Self { key: PrivateKey::generate(Curve::P256, random), nonces: Mutex::default() }
    }

    pub(crate) fn from_secret(secret: &Secret) -> Option<Self> {
        let bytes = zeroize::Zeroizing::new(base64url_decode(secret.expose())?);
        let key = PrivateKey::from_bytes(Curve::P256, bytes.as_slice().try_into().ok()?).ok()?;
        Some(Self { key, nonces: Mutex::default() })
    }

    pub(crate) fn to_secret(&self) -> Secret {
        base64url_encode(&*self.key.to_bytes()).into()
    }

    /// Is it the key of this secret?
    pub(crate) fn is(&self, secret: &Secret) -> bool {
        self.to_secret().hash() == secret.hash()
    }

    pub(crate) fn nonce(&self, origin: &str) -> Option<String> {
        self.nonces.lock().iter().find(|(known, _)| known == origin).map(|(_, nonce)| nonce.clone())
    }

    pub(crate) fn set_nonce(&self, origin: &str, nonce: &str) {
        if nonce.is_empty() || nonce.len() > MOST_NONCE {
            return;
        }
        let mut nonces = self.nonces.lock();
        if let Some((_, known)) = nonces.iter_mut().find(|(known, _)| known == origin) {
            if known != nonce {
                nonce.clone_into(known);
            }
            return;
        }
        if nonces.len() >= MOST_ORIGINS {
            nonces.remove(0);
        }
        nonces.push((origin.to_owned(), nonce.to_owned()));
    }

    /// Remembers the nonce of an answer, whatever its status.
    pub(crate) fn remember(&self, origin: &str, answer: &Answer) {
        if let Some(nonce) = answer.headers.get(&DPOP_NONCE).and_then(|value| value.to_str().ok()) {
            self.set_nonce(origin, nonce);
        }
    }

    /// Does the answer only ask for another nonce than the one that was used, and is there one? Perhaps another call's
    /// answer has brought it already.
    pub(crate) fn should_try_again(&self, origin: &str, used: Option<&str>, answer: &Answer) -> bool {
        wants_nonce(answer) && self.nonce(origin).is_some_and(|nonce| used != Some(nonce.as_str()))
    }

    /// A proof with a `jti` of its own, with the nonce that was used.
    pub(crate) fn proof(
        &self,
        request: Proven<'_>,
        random: &dyn Random,
        now: UnixTime,
    ) -> (String, Option<String>) {
        let nonce = self.nonce(request.origin);
        let claims = Claims {
            method: request.method,
            url: request.url,
            access_token: request.access_token,
            nonce: nonce.as_deref(),
            jti: random_bytes(random),
            now,
        };
        let proof = proof::build(&self.key, &claims);
        (proof, nonce)
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(…)")
    }
}

/// What a proof is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proven<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) access_token: Option<&'a str>,
}

/// Does the answer only ask for another nonce? 400 of an authorization server, 401 of a host (trap 6).
fn wants_nonce(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 400 | 401)
        && (challenged(answer, "use_dpop_nonce")
            || text(answer, "error").is_some_and(|error| error == "use_dpop_nonce"))
}

/// Does a challenge of the answer name this error?
pub(crate) fn challenged(answer: &Answer, error: &str) -> bool {
    challenge_parameter(answer, "error").is_some_and(|found| found == error)
}

/// A parameter of the first DPoP challenge of the answer, or of a Bearer one.
pub(crate) fn challenge_parameter(answer: &Answer, name: &str) -> Option<String> {
    let challenges = answer.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    challenges.filter(|text| is_token_challenge(text)).find_map(|text| parameter(text, name))
}

fn is_token_challenge(text: &str) -> bool {
    text.split(' ')
        .next()
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("dpop") || scheme.eq_ignore_ascii_case("bearer"))
}

/// `name="value"` or `name=value`, outside of quotes.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (mut rest, wanted) = (challenge.split_once(' ')?.1, name);
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let key = key.trim_start_matches([' ', ',']).trim();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once([',', ' ']).unwrap_or((after, "")),
        };
        if key.eq_ignore_ascii_case(wanted) {
            return Some(value.to_owned());
        }
        rest = next;
    }
    None
}

/// A text of a JSON answer.
pub(crate) fn text(answer: &Answer, name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body.get(name)?.as_str().map(str::to_owned)
}

/// A header that is not to be logged by anything below.
pub(crate) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn answer(status: u16, challenges: &[&str], body: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        for challenge in challenges {
            headers.append(WWW_AUTHENTICATE, challenge.parse().unwrap());
        }
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
    }

    #[test]
    fn challenges_are_read_wherever_the_parameter_stands() {
        let given = answer(
            401,
            &[
                r#"DPoP algs="ES256 ES256K", error="invalid_token", error_description="a, error=\"x""#,
                "Bearer",
            ],
            "",
        );
        assert!(challenged(&given, "invalid_token") && !challenged(&given, "use_dpop_nonce"));
        let scope = r#"DPoP error="insufficient_scope", scope="repo:a.b.c?action=create""#;
        let given = answer(403, &[scope], "");
        assert_eq!(challenge_parameter(&given, "scope").as_deref(), Some("repo:a.b.c?action=create"));
        assert!(!challenged(&answer(401, &["Basic error=invalid_token"], ""), "invalid_token"));
        assert!(challenged(&answer(401, &["dpop error=invalid_token"], ""), "invalid_token"));
        for broken in ["DPoP", "DPoP =", "DPoP error=\"x", "DPoP ,,,"] {
            assert!(!challenged(&answer(401, &[broken], ""), "invalid_token"), "{broken}");
        }
    }

    #[test]
    fn a_wish_for_a_nonce_is_one_at_either_server() {
        assert!(wants_nonce(&answer(400, &[], r#"{"error":"use_dpop_nonce"}"#)));
        assert!(wants_nonce(&answer(401, &[r#"DPoP error="use_dpop_nonce""#], "")));
        assert!(!wants_nonce(&answer(403, &[], r#"{"error":"use_dpop_nonce"}"#)));
        assert!(!wants_nonce(&answer(400, &[], r#"{"error":"invalid_grant"}"#)));
    }

    #[test]
    fn a_call_is_tried_again_if_another_nonce_is_at_hand_whoever_brought_it() {
        let key = ProofKey::generate(&gatewright_resolve::system::SystemRandom);
        let asks = answer(400, &[], r#"{"error":"use_dpop_nonce"}"#);
        assert!(!key.should_try_again("https://a", None, &asks), "there is none");
        key.set_nonce("https://a", "1");
        assert!(key.should_try_again("https://a", None, &asks));
        assert!(!key.should_try_again("https://a", Some("1"), &asks), "it was the one that is refused");
        key.set_nonce("https://a", "2");
        assert!(key.should_try_again("https://a", Some("1"), &asks), "another call's answer brought it");
        assert!(!key.should_try_again("https://a", Some("1"), &answer(400, &[], r#"{"error":"x"}"#)));
    }

    #[test]
    fn nonces_are_kept_for_each_origin_and_bounded() {
        let key = ProofKey::generate(&gatewright_resolve::system::SystemRandom);
        for (origin, nonce) in [("https://a", "1"), ("https://a", "2"), ("https://b", "1")] {
            key.set_nonce(origin, nonce);
        }
        assert_eq!(key.nonce("https://a").as_deref(), Some("2"));
        for n in 0..10 {
            key.set_nonce(&format!("https://{n}"), "1");
        }
        assert_eq!(key.nonces.lock().len(), MOST_ORIGINS);
        key.set_nonce("https://9", &"x".repeat(2000));
        assert_eq!(key.nonce("https://9").as_deref(), Some("1"));
        assert!(ProofKey::from_secret(&key.to_secret()).unwrap().is(&key.to_secret()));
        assert!(ProofKey::from_secret(&"short".into()).is_none());
    }
}
