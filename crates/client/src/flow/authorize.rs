//! Pushing the request, and where the browser goes (CL-2 … CL-9).

use std::time::Duration;

use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::json;
use gatewright_protocol::oauth::error::ErrorCode;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::scope::Scopes;
use serde::Deserialize;
use url::Url;

use super::discover::{Target, discover};
use super::pending::{Beginning, Pending};
use super::{BrowserSecret, SignIn, SignInError, Started};
use crate::client::Client;
use crate::dpop::ProofKey;
use crate::endpoint::{Asker, refusal, retry_after};

/// How often a request is pushed while the server cannot be reached, and the pauses between.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];
/// The longest name of a pushed request that is repeated to a browser.
const MOST_REQUEST_URI: usize = 2048;

/// Pushes a request, and tells where the browser goes. Everything that the way back needs is kept before.
pub(crate) async fn start(
    client: &Client,
    sign_in: SignIn,
    browser: &BrowserSecret,
) -> Result<Started, SignInError> {
    let described = client.described();
    let mut asked = requested_scope(client, &sign_in)?;
    if sign_in.without_sets {
        asked = described.without_sets(&asked).unwrap_or(asked);
    }
    let named = sign_in.redirect_uri.as_deref();
    let redirect_uri =
        described.redirect_uri(named).ok_or(SignInError::Client("it does not declare this redirect URI"))?;
    let target = discover(client.sessions().resolver(), &sign_in.identifier).await?;
    let push =
        Push { client, browser, sign_in: &sign_in, target: &target, redirect_uri: redirect_uri.as_str() };
    let pushed = match push.push(&asked).await {
        // A server that knows no sets (P7).
        Err(SignInError::Refused { code }) if code == ErrorCode::InvalidScope.as_str() => {
            let granular = described.without_sets(&asked).ok_or(SignInError::Refused { code })?;
            push.push(&granular).await?
        }
        other => other?,
    };
    let mut url = Url::parse(&target.server.authorization_endpoint)
        .map_err(|_| SignInError::Answer("its authorization endpoint is no URL"))?;
    url.query_pairs_mut()
        .append_pair("client_id", described.client_id())
        .append_pair("request_uri", &pushed.request_uri);
    Ok(Started { url, account: target.expected })
}

fn requested_scope(client: &Client, sign_in: &SignIn) -> Result<Scopes, SignInError> {
    let described = client.described();
    let Some(text) = &sign_in.scope else {
        // All that is declared; a set stands for its parts.
        let parts = described.sets.iter().fold(Scopes::empty(), |all, (_, scopes)| all.union(scopes));
        let with_sets = described.metadata.scope.difference(&parts);
        return Ok(with_sets);
    };
    let asked: Scopes = text.trim().parse().map_err(|_| SignInError::Client("the scope is malformed"))?;
    let asked = if asked.contains("atproto") {
        asked
    } else {
        Scopes::from_tokens(["atproto"]).map(|atproto| atproto.union(&asked)).unwrap_or(asked)
    };
    match described.undeclared(&asked) {
        Some(scope) => Err(SignInError::Undeclared { scope: scope.to_owned() }),
        None => Ok(asked),
    }
}

struct Push<'a> {
    client: &'a Client,
    browser: &'a BrowserSecret,
    sign_in: &'a SignIn,
    target: &'a Target,
    redirect_uri: &'a str,
}

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

impl Push<'_> {
    /// Pushes until the server answers. Each try is a request of its own: of one whose answer was lost, nobody knows
    /// whether its challenge is used up.
    async fn push(&self, asked: &Scopes) -> Result<Pushed, SignInError> {
        for pause in PAUSES {
            match self.push_once(asked).await {
                Err(SignInError::Network(error)) if error.is_transient() => tokio::time::sleep(pause).await,
                other => return other,
            }
        }
        self.push_once(asked).await
    }

    async fn push_once(&self, asked: &Scopes) -> Result<Pushed, SignInError> {
        let (sessions, described) = (self.client.sessions(), self.client.described());
        let server = &self.target.server;
        let proof = ProofKey::generate(sessions.random());
        let verifier = CodeVerifier::from_bytes(&random_bytes(sessions.random()));
        let state = base64url_encode(&random_bytes::<16>(sessions.random()));
        let client_key = described.keys.newest();
        let beginning = Beginning {
            client_id: described.client_id().to_owned(),
            issuer: server.issuer.clone(),
            expected: self.target.expected.clone(),
            asked: asked.clone(),
            key: proof.to_secret(),
            client_key: client_key.map(|key| key.kid().to_owned()),
            redirect_uri: self.redirect_uri.to_owned(),
            remembered: self.sign_in.remembered.clone(),
            replaces: self.sign_in.replaces.clone(),
        };
        let mut pending = Pending::new(beginning, verifier.expose().into(), sessions.now());
        pending.keep(sessions, &state, self.browser).await?;

        let challenge = verifier.challenge();
        let mut params = vec![
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri),
            ("scope", asked.as_str()),
            ("state", &state),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        params.extend(self.target.hint.as_deref().map(|hint| ("login_hint", hint)));
        params.extend(self.sign_in.prompt.map(|prompt| ("prompt", prompt_name(prompt))));
        let url = server
            .pushed_authorization_request_endpoint
            .as_deref()
            .ok_or(SignInError::Answer("it takes no pushed requests"))?;
        let poster = Asker {
            sessions,
            proof: &proof,
            client_id: described.client_id(),
            client_key,
            issuer: &server.issuer,
        };
        let answer = poster.post(url, &params).await.map_err(SignInError::Network)?;
        let pushed = match answer.status.as_u16() {
            200 | 201 => json::from_slice::<Pushed>(&answer.body)
                .ok()
                .filter(|pushed| (1..=MOST_REQUEST_URI).contains(&pushed.request_uri.len()))
                .ok_or(SignInError::Answer("it names no request"))?,
            429 => return Err(SignInError::RateLimited { retry_after: retry_after(&answer) }),
            status @ 500.. => {
                return Err(SignInError::Network(gatewright_resolve::FetchError::Status(status)));
            }
            _ => return Err(SignInError::refused(refusal(&answer))),
        };
        // Spares the way back one request.
        pending.nonce = proof.nonce(&server_origin(&server.token_endpoint));
        if pending.nonce.is_some() {
            pending.keep(sessions, &state, self.browser).await?;
        }
        Ok(pushed)
    }
}

pub(super) fn server_origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

const fn prompt_name(prompt: gatewright_protocol::oauth::par::Prompt) -> &'static str {
    use gatewright_protocol::oauth::par::Prompt;
    match prompt {
        Prompt::Consent => "consent",
        Prompt::Create => "create",
        Prompt::Login => "login",
        Prompt::None => "none",
        Prompt::SelectAccount => "select_account",
    }
}
