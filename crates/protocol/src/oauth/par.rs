//! What a pushed authorization request asks for (3.2, AS-20 … AS-25).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::client_metadata::ClientMetadata;
use super::error::{ErrorCode, OAuthError};
use super::params::Params;
use super::pkce::CodeChallenge;
use super::redirect_uri::RedirectUri;
use crate::jose::Thumbprint;
use crate::scope::{Permission, Scopes};
use crate::syntax::{Did, Handle};

/// The longest `state` that is kept.
pub const MAX_STATE: usize = 512;

/// What a client asks for: every parameter checked against the client's metadata. Kept as JSON in a row, from the
/// push until the code is exchanged; the client's name and key stand beside it (AS-28).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// What the answer has to repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Where the answer goes: one of the client's, its port as it was asked for.
    pub redirect_uri: RedirectUri,
    /// What is asked for, as it was written; scopes that mean nothing here are gone (AS-23).
    pub scope: Scopes,
    /// The challenge that the code's verifier has to answer.
    pub code_challenge: CodeChallenge,
    /// How the answer is sent.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// What has to be shown, after the rule for clients that cannot prove who they are (AS-25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Who is expected to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<LoginHint>,
    /// The most seconds since the account last signed in; 0 always asks for a new sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// The languages that the person reads, best first, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// What kind of window shows the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
}

/// How an answer is sent to a redirect URI (AS-45).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// As a form that the browser posts.
    FormPost,
    /// In the fragment of the redirect URI: for clients that are a page.
    Fragment,
    /// In the query of the redirect URI.
    #[default]
    Query,
}

/// What has to be shown before an answer (AS-39).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// The approval, though it was given before.
    Consent,
    /// A new account.
    Create,
    /// The sign-in, though it happened before.
    Login,
    /// Nothing at all.
    None,
    /// The choice among accounts.
    SelectAccount,
}

/// What kind of window shows the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A whole page.
    Page,
    /// A small window.
    Popup,
    /// A screen that is touched.
    Touch,
    /// An old telephone.
    Wap,
}

/// Who is expected to sign in: a handle, in lower case, or a DID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginHint {
    /// An account by its DID.
    Did(Did),
    /// An account by its handle.
    Handle(Handle),
}

/// What the server's settings and the rest of the request have to say about a pushed request.
#[derive(Clone, Copy, Debug)]
pub struct ParRules<'a> {
    /// The key that the proof of this request was made with.
    pub dpop_jkt: &'a Thumbprint,
    /// Whether a request without `state` is taken.
    pub state: StateRule,
    /// Whether the operator trusts this client (CM-11).
    pub trusted: bool,
}

/// Whether a request without `state` is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateRule {
    /// It may be absent, as some clients in the field have it.
    Optional,
    /// It has to be there.
    #[default]
    Required,
}

impl AuthorizationRequest {
    /// Checks the parameters of a pushed request against the document of the client that pushed it.
    ///
    /// What is left to the server: that the client proved who it is, that the challenge is new (AS-29), and that
    /// every permission set that is asked for can be found (AS-24).
    ///
    /// # Errors
    /// The code that table 3.2 gives; codes that ask for a page (`consent_required`) are to be sent as
    /// [`OAuthError::at_par`] has them.
    pub fn from_params(
        params: &Params,
        client: &ClientMetadata,
        rules: ParRules<'_>,
    ) -> Result<Self, OAuthError> {
        refuse_unsupported(params)?;
        if params.get("client_id").is_some_and(|id| id != client.client_id.as_str()) {
            return Err(invalid("`client_id` is not the client that was authenticated"));
        }
        if params.require("response_type")? != "code" {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedResponseType,
                "`response_type` has to be code",
            ));
        }
        let redirect_uri = redirect_uri(params, client)?;
        let state = state(params, rules.state)?;
        let code_challenge = code_challenge(params)?;
        let scope = requested_scope(params.get("scope").unwrap_or_default(), client)?;
        if let Some(jkt) = params.get("dpop_jkt")
            && jkt.parse().ok().as_ref() != Some(rules.dpop_jkt)
        {
            let description = "`dpop_jkt` is not the thumbprint of the key that the proof was made with";
            return Err(OAuthError::new(ErrorCode::InvalidDpopProof, description));
        }
        let prompt = forced_prompt(one_of(params, "prompt", Prompt::from_name)?, client, rules.trusted)?;
        Ok(Self {
            state,
            redirect_uri,
            scope,
            code_challenge,
            response_mode: one_of(params, "response_mode", ResponseMode::from_name)?.unwrap_or_default(),
            prompt,
            login_hint: one_of(params, "login_hint", |text| text.parse().ok())?,
            max_age: one_of(params, "max_age", |text| text.parse().ok())?,
            ui_locales: one_of(params, "ui_locales", locales)?,
            display: one_of(params, "display", Display::from_name)?,
        })
    }
}

/// Request objects, `OpenID` Connect and rich requests are not spoken here (AS-19, AS-20, 3.2).
fn refuse_unsupported(params: &Params) -> Result<(), OAuthError> {
    for name in ["request", "request_uri", "nonce", "claims", "id_token_hint"] {
        if params.contains(name) {
            return Err(invalid(format!("the parameter `{name}` is not taken here")));
        }
    }
    if params.contains("authorization_details") {
        let description = "`authorization_details` is not supported";
        return Err(OAuthError::new(ErrorCode::InvalidAuthorizationDetails, description));
    }
    Ok(())
}

fn redirect_uri(params: &Params, client: &ClientMetadata) -> Result<RedirectUri, OAuthError> {
    let uri: RedirectUri = params
        .require("redirect_uri")?
        .parse()
        .map_err(|error| invalid(format!("`redirect_uri` cannot be used: {error}")))?;
    if !client.has_redirect_uri(&uri) {
        return Err(invalid("`redirect_uri` is not one of those in the metadata of the client"));
    }
    Ok(uri)
}

fn state(params: &Params, rule: StateRule) -> Result<Option<String>, OAuthError> {
    let state = match (params.get("state"), rule) {
        (None, StateRule::Optional) => return Ok(None),
        (None, StateRule::Required) => params.require("state")?,
        (Some(state), _) => state,
    };
    if state.len() > MAX_STATE {
        return Err(invalid(format!("`state` is longer than {MAX_STATE} characters")));
    }
    Ok(Some(state.to_owned()))
}

fn code_challenge(params: &Params) -> Result<CodeChallenge, OAuthError> {
    let challenge = params.require("code_challenge")?;
    // Absent means `plain` (RFC 7636 section 4.3), which is no protection.
    if params.get("code_challenge_method") != Some("S256") {
        return Err(invalid("`code_challenge_method` has to be S256"));
    }
    challenge.parse().map_err(|_| invalid("`code_challenge` has to be 43 base64url characters"))
}

/// What a client is granted of a `scope` that it asks for (AS-22, AS-23): every scope has to be declared in its
/// metadata, as the same text or with the same normal form; what means nothing here is then dropped, and what is
/// repeated. The rest stays as it was written.
///
/// # Errors
/// `invalid_scope`: malformed, undeclared, without `atproto`, or with `openid`.
pub fn requested_scope(scope: &str, client: &ClientMetadata) -> Result<Scopes, OAuthError> {
    let refused = |description: String| OAuthError::new(ErrorCode::InvalidScope, description);
    let asked: Scopes = scope.parse().map_err(|error| refused(format!("`scope` is malformed: {error}")))?;
    if asked.contains("openid") {
        return Err(refused("`openid` is not granted here".to_owned()));
    }
    if !asked.contains("atproto") {
        return Err(refused("`scope` has to contain atproto".to_owned()));
    }
    let mut kept: Vec<&str> = Vec::new();
    for token in asked.iter() {
        if !client.declares(token) {
            let description = format!("the metadata of the client does not declare the scope {token}");
            return Err(refused(description));
        }
        if !kept.contains(&token) && token.parse::<Permission>().is_ok() {
            kept.push(token);
        }
    }
    Scopes::from_tokens(kept).map_err(|error| refused(error.to_string()))
}

/// What of a `scope` that was asked for is not in the request that came of it, because it means nothing here (SC-8): for
/// the log, so whoever prints it bounds it.
pub fn dropped_scopes<'a>(asked: &'a str, kept: &Scopes) -> Vec<&'a str> {
    let mut dropped: Vec<&str> = Vec::new();
    for token in asked.split(' ').filter(|token| !token.is_empty() && !kept.contains(token)) {
        if !dropped.contains(&token) {
            dropped.push(token);
        }
    }
    dropped
}

/// A client that can be impersonated never gets by without the approval being shown: `none` cannot succeed, and
/// every other prompt becomes `consent`, but for `create`, which shows it anyway (AS-25).
fn forced_prompt(
    asked: Option<Prompt>,
    client: &ClientMetadata,
    trusted: bool,
) -> Result<Option<Prompt>, OAuthError> {
    if trusted || client.is_confidential() {
        return Ok(asked);
    }
    match asked {
        Some(Prompt::None) => {
            let description = "this client cannot prove who it is, so its permissions have to be shown";
            Err(OAuthError::new(ErrorCode::ConsentRequired, description))
        }
        Some(Prompt::Create) => Ok(Some(Prompt::Create)),
        _ => Ok(Some(Prompt::Consent)),
    }
}

fn one_of<T>(
    params: &Params,
    name: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, OAuthError> {
    let Some(text) = params.get(name) else { return Ok(None) };
    read(text)
        .map(Some)
        .ok_or_else(|| invalid(format!("the value of `{name}` is not one that is taken here")))
}

/// Language tags as `fr` or `fr-CA`, separated by single spaces.
fn locales(text: &str) -> Option<String> {
    let tag = |tag: &str| {
        let (language, region) = tag.split_once('-').unwrap_or((tag, "ZZ"));
        (2..=3).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_lowercase())
            && region.len() == 2
            && region.bytes().all(|b| b.is_ascii_uppercase())
    };
    (text.len() <= 256 && text.split(' ').all(tag)).then(|| text.to_owned())
}

fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

impl ResponseMode {
    /// Its name in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FormPost => "form_post",
            Self::Fragment => "fragment",
            Self::Query => "query",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::FormPost, Self::Fragment, Self::Query].into_iter().find(|mode| mode.as_str() == name)
    }
}

impl Prompt {
    /// Its name in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Create => "create",
            Self::Login => "login",
            Self::None => "none",
            Self::SelectAccount => "select_account",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Consent, Self::Create, Self::Login, Self::None, Self::SelectAccount]
            .into_iter()
            .find(|prompt| prompt.as_str() == name)
    }
}

impl Display {
    /// Its name in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Popup => "popup",
            Self::Touch => "touch",
            Self::Wap => "wap",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Page, Self::Popup, Self::Touch, Self::Wap].into_iter().find(|display| display.as_str() == name)
    }
}

/// The text is neither a handle nor a DID of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a login hint is a handle, or a did:plc or did:web")]
pub struct InvalidLoginHint;

impl LoginHint {
    /// The text, as it is filled into the sign-in form.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Did(did) => did.as_str(),
            Self::Handle(handle) => handle.as_str(),
        }
    }
}

impl FromStr for LoginHint {
    type Err = InvalidLoginHint;

    fn from_str(text: &str) -> Result<Self, InvalidLoginHint> {
        if text.starts_with("did:") {
            // In DIDs capitals count (ID-10).
            let did: Did = text.parse().map_err(|_| InvalidLoginHint)?;
            if did.is_atproto() { Ok(Self::Did(did)) } else { Err(InvalidLoginHint) }
        } else {
            text.to_ascii_lowercase().parse().map(Self::Handle).map_err(|_| InvalidLoginHint)
        }
    }
}

impl fmt::Display for LoginHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LoginHint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LoginHint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
