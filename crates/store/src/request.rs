//! Requests: pushed authorization requests, from PAR until their code is exchanged.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::par::AuthorizationRequest;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::CodeHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::device::DeviceId;
use crate::token::{NewToken, Token};

/// Names a request: what follows `urn:ietf:params:oauth:request_uri:` in its URI.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub String);

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestId(…)")
    }
}

/// A pushed authorization request (AS-28).
#[derive(Clone, Debug)]
pub struct Request {
    /// Its name.
    pub id: RequestId,
    /// Who pushed it.
    pub client: ClientId,
    /// How the client proved who it is; the same is asked for when the code is exchanged.
    pub client_auth: ClientAuth,
    /// The key its proof was made with; codes and tokens are bound to it.
    pub dpop_jkt: Thumbprint,
    /// What it asks for.
    pub parameters: AuthorizationRequest,
    /// When it was pushed: the hard limit of its life counts from here.
    pub created_at: UnixTime,
    /// When it ends unless the page is opened again.
    pub expires_at: UnixTime,
    /// The browser that opened it first; no other may go on with it (AS-32).
    pub device: Option<DeviceId>,
    /// How far it came.
    pub stage: Stage,
}

/// How far a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Pushed, perhaps opened in a browser; nobody approved it.
    Pushed,
    /// Approved: a code is on its way to the client.
    Approved {
        /// Who approved.
        account: Did,
        /// What was approved, as it was asked for (`include:` unexpanded); no wider than asked.
        scope: Scopes,
        /// What was approved of the permission sets in it.
        sets: Vec<ApprovedSet>,
        /// Hash of the code.
        code: CodeHash,
        /// When the code ends.
        code_expires_at: UnixTime,
    },
}

/// What became of a new request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestCreated {
    /// Another request of the last 24 hours used the same `code_challenge` (AS-29).
    ChallengeUsed,
    /// It is kept, and its challenge reserved.
    Created,
    /// There are as many open requests as the store takes (SEC-72).
    Full,
}

/// What became of opening a request in a browser.
#[derive(Clone, Debug)]
pub enum RequestOpened {
    /// It was approved before, on whatever device; the code stays good (AS-32).
    Approved(Box<Request>),
    /// It has ended, and is deleted now; what it said serves to send the client an error.
    Expired(Box<Request>),
    /// It belongs to this device now, and its expiry was moved.
    Opened(Box<Request>),
    /// Another device opened it first; it is deleted now.
    OtherDevice,
    /// There is none.
    Unknown,
}

/// What became of exchanging a code.
#[derive(Clone, Debug)]
pub enum CodeExchanged {
    /// The code is used up now, and the token exists, if one was to be made.
    Created,
    /// The code was used before. The token made from it, if it still lived, is ended now, and the sign-in of its
    /// account on its device is forgotten.
    Replayed(Option<Box<Token>>),
    /// There is no such code.
    Unknown,
}

/// How long a used code is known as used at least. The code of a token that lives is known as long as the token: whoever
/// presents it ends the session, however late (RFC 6749 section 4.1.2). After that it is as unknown as one that never was.
pub const USED_CODE_MEMORY: Duration = Duration::from_hours(24);

/// Requests and their codes.
#[async_trait]
pub trait RequestStore: Send + Sync {
    /// Keeps a request and reserves its code challenge for it until `challenge_until`, both or neither.
    async fn create_request(
        &self,
        request: Request,
        challenge_until: UnixTime,
    ) -> Result<RequestCreated, StoreError>;
    /// The request of this name, whatever its stage; expired ones too until they are swept.
    async fn find_request(&self, id: &RequestId) -> Result<Option<Request>, StoreError>;
    /// Binds the request to the first device that opens it and moves its expiry to `expires_at`.
    async fn open_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<RequestOpened, StoreError>;
    /// Moves a request from `Pushed` to `stage`, which is `Approved`, if `device` opened it and it has not ended.
    /// With `consent`, what was approved is remembered in the same step (AS-42). False if it was not so.
    async fn approve_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        stage: Stage,
        consent: Option<crate::consent::Consent>,
        now: UnixTime,
    ) -> Result<bool, StoreError>;
    /// Forgets a request. False if there was none.
    async fn delete_request(&self, id: &RequestId) -> Result<bool, StoreError>;
    /// The request that a code belongs to, without using the code up.
    async fn find_request_by_code(&self, code: &CodeHash) -> Result<Option<Request>, StoreError>;
    /// Uses a code up and makes its token, in one step: of any number of callers one gets `Created`.
    async fn exchange_code(&self, code: &CodeHash, new: NewToken) -> Result<CodeExchanged, StoreError>;
    /// Uses a code up without making a token, because the exchange was refused. A code that was exchanged before
    /// counts as a replay, as in [`exchange_code`](Self::exchange_code).
    async fn consume_code(&self, code: &CodeHash, now: UnixTime) -> Result<CodeExchanged, StoreError>;
}
