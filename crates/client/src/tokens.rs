//! From answers of servers to pairs of tokens.

use std::time::Duration;

use gatewright_protocol::jose::base64url_decode;
use gatewright_protocol::oauth::token::TokenResponse;
use gatewright_protocol::time::UnixTime;
use serde::Deserialize;

use crate::record::Tokens;
use crate::secret::Secret;

/// The longest life that a server is believed.
const LONGEST: Duration = Duration::from_hours(24 * 366);

impl Tokens {
    /// The tokens of a token response that was just received.
    pub(crate) fn of_response(response: TokenResponse, now: UnixTime) -> Self {
        let life =
            response.expires_in.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
        Self {
            access: response.access_token.expose().into(),
            refresh: response.refresh_token.map(|token| token.expose().into()),
            obtained: now,
            expires: life.map(|life| now.plus(life.min(LONGEST))),
        }
    }

    /// The tokens of an app-password session. Tokens that were just received are timed by the life that they say, so
    /// that a wrong clock does no harm; others by the end that they say.
    pub(crate) fn of_pair(access: Secret, refresh: Secret, now: UnixTime, age: Age) -> Self {
        let times = JwtTimes::read(access.expose());
        let expires = times.map(|times| match (age, times.iat) {
            (Age::New, Some(iat)) => {
                now.plus(UnixTime::from_seconds(times.exp).since(UnixTime::from_seconds(iat)).min(LONGEST))
            }
            _ => UnixTime::from_seconds(times.exp),
        });
        Self { access, refresh: Some(refresh), obtained: now, expires }
    }
}

/// Whether tokens were just received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    New,
    Unknown,
}

/// The times in a JWT, whose signature is somebody else's to check. No token of another form has any.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
struct JwtTimes {
    exp: i64,
    #[serde(default)]
    iat: Option<i64>,
}

impl JwtTimes {
    fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        serde_json::from_slice(&base64url_decode(payload)?).ok()
    }
}

/// The token that ends most when it is given back.
pub(crate) fn strongest(response: &TokenResponse) -> &str {
    response.refresh_token.as_ref().map_or_else(|| response.access_token.expose(), |token| token.expose())
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::jose::base64url_encode;

    use super::*;

    fn jwt(claims: &str) -> Secret {
        format!("e30.{}.sig", base64url_encode(claims.as_bytes())).into()
    }

    #[test]
    fn new_tokens_are_timed_by_their_life_and_old_ones_by_their_end() {
        let now = UnixTime::from_seconds(5_000);
        let pair = |access: Secret, age| Tokens::of_pair(access, "r".into(), now, age).expires;
        // The server's clock is at 1,000.
        assert_eq!(pair(jwt(r#"{"iat":1000,"exp":8200}"#), Age::New), Some(UnixTime::from_seconds(12_200)));
        assert_eq!(
            pair(jwt(r#"{"iat":1000,"exp":8200}"#), Age::Unknown),
            Some(UnixTime::from_seconds(8_200))
        );
        assert_eq!(pair(jwt(r#"{"exp":8200}"#), Age::New), Some(UnixTime::from_seconds(8_200)));
        for opaque in ["opaque", "a.b.c", "..", "e30.e30.x"] {
            assert_eq!(pair(opaque.into(), Age::New), None, "{opaque}");
        }
    }
}
