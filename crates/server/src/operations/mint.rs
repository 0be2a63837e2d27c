//! Access tokens (AS-53, AS-54, AS-59, AS-66, AS-67).

use std::time::Duration;

use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::jose::jws::{self, SignHeader};
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::{AccessToken, RefreshToken};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::scope_reference::ScopeReference;
use gatewright_store::token::{Token, TokenId};
use serde::Serialize;

use crate::context::Context;
use crate::settings::Verification;

/// What a client gets.
#[derive(Debug)]
pub struct TokenSet {
    /// To call with.
    pub access_token: AccessToken,
    /// How long it is good.
    pub expires_in: Duration,
    /// To refresh with; none for a client that does not.
    pub refresh_token: Option<RefreshToken>,
    /// What the access token may do.
    pub scope: Scopes,
    /// On whose behalf.
    pub sub: Did,
}

/// The `typ` of access tokens (RFC 9068 section 2.1).
pub(super) const ACCESS_TOKEN_TYPE: &str = "at+jwt";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    client_id: &'a str,
    cnf: Confirmation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

#[derive(Serialize)]
struct Confirmation<'a> {
    jkt: &'a Thumbprint,
}

/// The longest scope that stands in a token for a host behind this entryway; a longer one is named there, and the host asks
/// for it. Proxies in front of hosts take header lines of 8 KiB, and in a token a scope is a third longer than it is.
const LONGEST_SCOPE: usize = 2048;

/// Signs the current access token of a session. Asked twice for the same rotation, it says the same (AS-57).
pub(super) async fn mint(
    ctx: &Context,
    token: Token,
    refresh_token: Option<RefreshToken>,
    now: UnixTime,
) -> TokenSet {
    let verification =
        ctx.settings.audience(&token.audience).map_or(Verification::Shared, |a| a.verification);
    let entryway = ctx.keys.entryway().filter(|_| verification == Verification::Entryway);
    let scope = match verification {
        Verification::Entryway => Some(scope_or_reference(ctx, &token).await),
        Verification::Jwks => Some(token.granted.as_str().to_owned()),
        // Who shares the store takes the scope from there: a token without it cannot be read as wider than its session.
        Verification::Shared => None,
    };
    let claims = Claims {
        iss: ctx.settings.issuer.as_str(),
        sub: token.account.as_str(),
        aud: token.audience.as_str(),
        iat: token.rotated_at.seconds(),
        exp: token.access_expires_at.seconds(),
        jti: if entryway.is_some() { short_name(&token) } else { token.access_id().to_string() },
        client_id: token.client.as_str(),
        cnf: Confirmation { jkt: &token.dpop_jkt },
        scope: scope.as_deref(),
    };
    let ring = ctx.keys.ring();
    // Hosts look for a key of the name in the header, and theirs has none.
    let (key, kid) = entryway.map_or_else(|| (&ring.signing, ring.kid()), |key| (key, None));
    let access_token = jws::sign(key, &SignHeader { typ: ACCESS_TOKEN_TYPE, kid, jwk: None }, &claims);
    TokenSet {
        access_token: AccessToken::new(access_token),
        expires_in: token.access_expires_at.since(now),
        refresh_token,
        scope: token.granted,
        sub: token.account,
    }
}

/// What a token says of its scope where its host cannot look the session up. Where a long one cannot be kept under its name,
/// it is in the token all the same: a proxy may let it through, and nobody is signed out for it.
async fn scope_or_reference(ctx: &Context, token: &Token) -> String {
    let scope = &token.granted;
    if scope.as_str().len() <= LONGEST_SCOPE {
        return scope.as_str().to_owned();
    }
    let name = scope.reference();
    let reference =
        ScopeReference { name: name.clone(), scope: scope.clone(), until: token.access_expires_at };
    match ctx.store.keep_scope(reference).await {
        Ok(()) => name,
        Err(error) => {
            tracing::warn!(%error, "a long scope was not kept under its name");
            scope.as_str().to_owned()
        }
    }
}

/// A name of 16 bytes for this rotation: stock hosts take no other `jti`.
fn short_name(token: &Token) -> String {
    let hash = sha256(token.access_id().to_string().as_bytes());
    TokenId(hash.first_chunk().copied().unwrap_or_default()).to_string()
}

/// When an access token made now ends: never after its session (AS-59), and on a whole second, as its `exp` says it.
/// `None` if the session has ended or is about to.
pub(super) fn access_expiry(
    ctx: &Context,
    client: &ClientId,
    auth: &ClientAuth,
    audience: &Did,
    session_start: UnixTime,
    now: UnixTime,
) -> Option<UnixTime> {
    let verification = ctx.settings.audience(audience).map_or(Verification::Shared, |a| a.verification);
    let session_end = session_start.plus(ctx.settings.session(client, auth).session);
    if session_end.since(now) <= SHORTEST {
        return None;
    }
    let expiry = now.plus(ctx.settings.lifetimes.access(verification)).min(session_end);
    let whole = UnixTime::from_seconds(expiry.seconds());
    (whole > now).then_some(whole)
}

/// A session with less than this left gives no more tokens.
const SHORTEST: Duration = Duration::from_millis(250);
