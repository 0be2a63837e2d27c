//! Rows to test with: each is made of a number, so that different numbers never agree in anything unique.

use std::time::Duration;

use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::app_password::AppPasswordHash;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::factor::{MailPurpose, OneTimeCodeHash};
use gatewright_protocol::jose::{Algorithm, Thumbprint, base64url_encode};
use gatewright_protocol::legacy::{LegacyRefreshId, LegacySessionId};
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::{CodeHash, DeviceSecretHash, RefreshTokenHash};
use gatewright_protocol::syntax::{Did, Nsid, RecordKey, Tid};
use gatewright_protocol::time::UnixTime;

use crate::account::{Account, AccountStatus, NewAccount, PasswordHash};
use crate::app_password::{AppPassword, AppPasswordId};
use crate::approved_set::ApprovedSet;
use crate::blob::Blob;
use crate::consent::Consent;
use crate::device::{Device, DeviceAccount, DeviceId};
use crate::factor::{Factor, FactorId, FactorKind, NewFactor, WaitingSignIn};
use crate::legacy_session::{
    AppPasswordAccess, LegacyAccess, LegacyRefresh, LegacySession, NewLegacySession, RefreshLegacySession,
};
use crate::lexicon::LexiconVersion;
use crate::mail_code::MailCode;
use crate::repo::{NewCommit, Record, RecordChange, RepoHead};
use crate::request::{Request, RequestId, Stage};
use crate::set_change::{SetChange, SetOutcome};
use crate::sweep::Horizon;
use crate::token::{NewToken, RotateToken, Token, TokenId};

/// When every test begins.
pub const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
/// A minute.
pub const MINUTE: Duration = Duration::from_mins(1);
/// A day.
pub const DAY: Duration = Duration::from_hours(24);

/// That many seconds after the beginning.
pub fn after(seconds: u64) -> UnixTime {
    NOW.plus(Duration::from_secs(seconds))
}

/// 32 bytes for a purpose.
pub fn bytes(purpose: &str, number: usize) -> [u8; 32] {
    sha256(format!("{purpose} {number}").as_bytes())
}

/// A DID; greater numbers below 1000 come later in order.
pub fn did(number: usize) -> Did {
    format!("did:web:a{number:03}.example.com").parse().expect("a DID")
}

/// A client.
pub fn client(number: usize) -> ClientId {
    ClientId::from_stored(&format!("https://c{number}.example.com/oauth-client-metadata.json"))
        .expect("a client id")
}

/// A confidential client's proof of who it is.
pub fn key_auth(number: usize) -> ClientAuth {
    let thumbprint = Thumbprint(bytes("client key", number));
    ClientAuth::PrivateKeyJwt { kid: format!("key-{number}"), alg: Algorithm::Es256, thumbprint }
}

/// A list of scopes.
pub fn scopes(text: &str) -> Scopes {
    text.parse().expect("scopes")
}

/// A revision; of greater numbers below 1000, later ones.
pub fn tid(number: usize) -> Tid {
    Tid::new(1_800_000_000_000_000 + number as u64, 0)
}

/// The name of a lexicon.
pub fn lexicon_name(name: usize) -> Nsid {
    format!("com.example.app{name}.authBasic").parse().expect("an NSID")
}

/// A version of a lexicon of account 1, resolved that many seconds after the beginning.
pub fn lexicon(name: usize, number: usize, seconds: u64) -> LexiconVersion {
    let document = format!("{{\"name\":{name},\"number\":{number}}}");
    LexiconVersion {
        nsid: lexicon_name(name),
        did: did(1),
        cid: block(1000 * name + number).0,
        rev: tid(number),
        document: document.into_bytes().into(),
        resolved_at: after(seconds),
    }
}

/// An account with a password and a signing key.
pub fn account(number: usize) -> NewAccount {
    let account = Account {
        did: did(number),
        handle: format!("h{number}.example.com").parse().expect("a handle"),
        email: Some(format!("p{number}@example.com")),
        email_confirmed: false,
        status: AccountStatus::Active,
        host: None,
        created_at: NOW,
    };
    NewAccount { account, password: Some(password(number)), sealed_signing_key: Some(vec![7; 60]) }
}

/// Stands for the hash of a password.
pub fn password(number: usize) -> PasswordHash {
    PasswordHash(format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ${number}"))
}

/// A device on which nobody signed in.
pub fn device(number: usize) -> Device {
    Device {
        id: device_id(number),
        secret: secret(number),
        previous_secret: None,
        rotated_at: NOW,
        fingerprint: bytes("fingerprint", number),
        user_agent: Some("Mozilla/5.0".to_owned()),
        place: Some("192.0.2.0/24".to_owned()),
        created_at: NOW,
        seen_at: NOW,
    }
}

/// The name of a device.
pub fn device_id(number: usize) -> DeviceId {
    DeviceId::of_cookie(&format!("device {number}"))
}

/// The secret of a device.
pub fn secret(number: usize) -> DeviceSecretHash {
    DeviceSecretHash(bytes("device secret", number))
}

/// Account `account`, remembered on device `device`.
pub fn sign_in(device: usize, account: usize) -> DeviceAccount {
    DeviceAccount {
        device: device_id(device),
        account: did(account),
        signed_in_at: NOW,
        proven_at: NOW,
        request: None,
    }
}

/// The name of a request.
pub fn request_id(number: usize) -> RequestId {
    RequestId(format!("req-{number:032x}"))
}

/// A pushed request that ends in five minutes.
pub fn request(number: usize) -> Request {
    let parameters = serde_json::json!({
        "state": format!("state {number}"),
        "redirect_uri": "https://client.example.com/callback",
        "scope": "atproto repo:com.example.note",
        "code_challenge": base64url_encode(&bytes("challenge", number)),
    });
    Request {
        id: request_id(number),
        client: client(number),
        client_auth: ClientAuth::None,
        dpop_jkt: Thumbprint(bytes("dpop key", number)),
        parameters: serde_json::from_value(parameters).expect("parameters"),
        created_at: NOW,
        expires_at: after(300),
        device: None,
        stage: Stage::Pushed,
    }
}

/// The code of a request.
pub fn code(number: usize) -> CodeHash {
    CodeHash(bytes("code", number))
}

/// Approval by account `number`, with a code that ends in a minute.
pub fn approved(number: usize) -> Stage {
    Stage::Approved {
        account: did(number),
        scope: scopes("atproto"),
        sets: Vec::new(),
        code: code(number),
        code_expires_at: NOW.plus(MINUTE),
    }
}

/// What account `number` allowed client `number`.
pub fn consent(number: usize) -> Consent {
    Consent {
        account: did(number),
        client: client(number),
        approved: scopes("atproto"),
        declined: scopes("repo:com.example.note"),
        sets: vec![set(number)],
        decided_at: NOW,
    }
}

/// What was approved of version `version` of a set.
pub fn set(version: usize) -> ApprovedSet {
    ApprovedSet {
        include: "include:com.example.set".to_owned(),
        version: format!("version-{version}"),
        granted: scopes("repo:com.example.one"),
        declined: scopes("repo:com.example.two"),
        held: Scopes::empty(),
    }
}

/// Version `version` of the set changed what token `number` has, at `at`.
pub fn set_change(number: usize, version: usize, at: UnixTime) -> SetChange {
    SetChange {
        token: token_id(number),
        account: did(number),
        client: client(number),
        at,
        include: "include:com.example.set".to_owned(),
        from: format!("version-{}", version - 1),
        to: format!("version-{version}"),
        added: scopes("repo:com.example.three rpc:com.example.read?aud=*"),
        removed: scopes("repo:com.example.four?action=create"),
        outcome: SetOutcome::Held,
    }
}

/// The name of a token.
pub fn token_id(number: usize) -> TokenId {
    let [.., a, b] = number.to_be_bytes();
    TokenId([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, a, b])
}

/// A refresh token of token `number`, the one after `rotation` rotations.
pub fn refresh(number: usize, rotation: usize) -> RefreshTokenHash {
    RefreshTokenHash(bytes(&format!("refresh {number}"), rotation))
}

/// A new token of account `number` for client `number`, made on device `number`.
pub fn token(number: usize) -> Token {
    Token {
        id: token_id(number),
        account: did(number),
        client: client(number),
        client_auth: ClientAuth::None,
        began_public: true,
        dpop_jkt: Thumbprint(bytes("dpop key", number)),
        audience: "did:web:host.example.com".parse().expect("a DID"),
        approved: scopes("atproto include:com.example.set"),
        granted: scopes("atproto repo:com.example.note"),
        device: Some(device_id(number)),
        created_at: NOW,
        rotated_at: NOW,
        rotation: 0,
        access_expires_at: after(900),
        refresh: Some(refresh(number, 0)),
        previous_refresh: None,
    }
}

/// Rotation number `rotation` of token `number`, at `now`.
pub fn rotate(number: usize, rotation: usize, now: UnixTime) -> RotateToken {
    RotateToken {
        id: token_id(number),
        presented: refresh(number, rotation - 1),
        successor: refresh(number, rotation),
        client_auth: ClientAuth::None,
        granted: scopes("atproto"),
        sets: None,
        access_expires_at: now.plus(15 * MINUTE),
        now,
        recovery: MINUTE,
    }
}

/// The name of app password `number` of account `account`.
fn app_password_id(account: usize, number: usize) -> AppPasswordId {
    let ([.., a], [.., b]) = (account.to_be_bytes(), number.to_be_bytes());
    AppPasswordId([6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, a, b])
}

/// App password `number` of account `account`, which is good for everything that app passwords are.
pub fn app_password(account: usize, number: usize) -> AppPassword {
    AppPassword {
        id: app_password_id(account, number),
        account: did(account),
        name: format!("app {number}").parse().expect("a name"),
        privileged: false,
        scope: None,
        created_at: NOW,
        expires_at: None,
        last_use: None,
    }
}

/// What app password `number` of account `account` is looked up by.
pub fn app_password_hash(account: usize, number: usize) -> AppPasswordHash {
    AppPasswordHash(bytes(&format!("app password {account}"), number))
}

/// The TOTP of an account, or whatever `kind` is made of it: of different numbers, different ones.
pub fn factor(account: usize, number: usize) -> Factor {
    let [.., a, b] = account.to_be_bytes();
    let [.., c, d] = number.to_be_bytes();
    Factor {
        id: FactorId([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, a, b, c, d]),
        account: did(account),
        kind: FactorKind::Totp,
        name: String::new(),
        sealed: bytes("sealed", number).to_vec(),
        counter: 100,
        created_at: NOW,
        used_at: None,
    }
}

/// A factor to be kept, from device 1, with ten recovery codes.
pub fn new_factor(account: usize, number: usize) -> NewFactor {
    let recovery_codes = (0..10).map(one_time_code).collect();
    NewFactor { factor: factor(account, number), recovery_codes, device: device_id(1) }
}

/// The hash of a code that is good once.
pub fn one_time_code(number: usize) -> OneTimeCodeHash {
    OneTimeCodeHash(bytes("one-time code", number))
}

/// A code that was sent to account `account`, good for a minute.
pub fn mail_code(account: usize, number: usize, purpose: MailPurpose) -> MailCode {
    MailCode { hash: one_time_code(number), account: did(account), purpose, ends_at: after(60) }
}

/// A sign-in of account `account` on device `device` for request 1, that waits for five minutes.
pub fn waiting_sign_in(device: usize, account: usize) -> WaitingSignIn {
    WaitingSignIn {
        device: device_id(device),
        request: request_id(1),
        account: did(account),
        remember: true,
        tries: 0,
        ends_at: after(300),
    }
}

/// The name of a session.
pub fn session_id(number: usize) -> LegacySessionId {
    let [.., a, b] = number.to_be_bytes();
    LegacySessionId([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, a, b])
}

/// The refresh token of session `number` that comes after `rotation` others.
fn session_refresh(number: usize, rotation: usize) -> LegacyRefreshId {
    LegacyRefreshId(bytes(&format!("session refresh {number}"), rotation))
}

/// Session `number` of account 1, begun now with the password of the account or an app password of it.
pub fn new_session(number: usize, app_password: Option<usize>) -> NewLegacySession {
    new_session_of(1, number, app_password)
}

/// The same of another account.
pub fn new_session_of(account: usize, number: usize, app_password: Option<usize>) -> NewLegacySession {
    let access = app_password.map_or(LegacyAccess::Full, |of| {
        LegacyAccess::AppPassword(AppPasswordAccess {
            id: app_password_id(account, of),
            privileged: false,
            approved: None,
            granted: None,
            expires_at: None,
        })
    });
    let session = LegacySession {
        id: session_id(number),
        account: did(account),
        access,
        created_at: NOW,
        refreshed_at: NOW,
        ends_at: NOW.plus(90 * DAY),
    };
    let refresh = LegacyRefresh { id: session_refresh(number, 1), expires_at: NOW.plus(90 * DAY) };
    NewLegacySession { session, refresh: Some(refresh), used: None, proven: None, event: None }
}

/// What follows refresh token `rotation` of session `number`, made at `now`.
pub fn successor(number: usize, rotation: usize, now: UnixTime) -> LegacyRefresh {
    LegacyRefresh { id: session_refresh(number, rotation + 1), expires_at: now.plus(90 * DAY) }
}

/// Refresh token `rotation` of session `number` is presented at `now`.
pub fn refresh_session(number: usize, rotation: usize, now: UnixTime) -> RefreshLegacySession {
    RefreshLegacySession {
        id: session_id(number),
        presented: session_refresh(number, rotation),
        successor: successor(number, rotation, now),
        granted: None,
        grace: 120 * MINUTE,
        used: None,
        now,
    }
}

/// Lives as they are in production, seen at `now`.
pub fn horizon(now: UnixTime) -> Horizon {
    Horizon {
        now,
        public_session: 14 * DAY,
        public_refresh: 14 * DAY,
        confidential_session: 730 * DAY,
        confidential_refresh: 90 * DAY,
        device: 400 * DAY,
        batch: 1000,
    }
}

/// A block and its CID.
pub fn block(number: usize) -> (Cid, Bytes) {
    let content = format!("block {number}").into_bytes();
    let hash = cid::multihash::Multihash::wrap(0x12, &sha256(&content)).expect("a SHA-256");
    (Cid::new_v1(0x71, hash), content.into())
}

/// A head whose commit is block `number`.
pub fn head(number: usize) -> RepoHead {
    let micros = u64::try_from(number).unwrap_or(0) + 1_800_000_000_000_000;
    RepoHead { commit: block(number).0, rev: Tid::new(micros, 0), data: block(number + 1).0 }
}

/// A collection.
pub fn collection(name: &str) -> Nsid {
    format!("com.example.{name}").parse().expect("an NSID")
}

/// A record key.
pub fn key(name: &str) -> RecordKey {
    name.parse().expect("a record key")
}

/// A record whose value is block `number`.
pub fn record(name: &str, number: usize) -> Record {
    let (cid, value) = block(number);
    Record { collection: collection("note"), key: key(name), cid, value }
}

/// A commit of account `number`: from head `previous` to head `next`, with these records put.
pub fn commit(number: usize, previous: Option<usize>, next: usize, records: &[Record]) -> NewCommit {
    let mut blocks = vec![block(next), block(next + 1)];
    blocks.extend(records.iter().map(|record| (record.cid, record.value.clone())));
    NewCommit {
        did: did(number),
        previous: previous.map(|previous| block(previous).0),
        head: head(next),
        blocks,
        removed: previous.map(|previous| vec![block(previous).0]).unwrap_or_default(),
        changes: records
            .iter()
            .map(|record| RecordChange::Put { record: record.clone(), blobs: Vec::new() })
            .collect(),
    }
}

/// A blob of account `number`.
pub fn blob(number: usize, block_number: usize) -> Blob {
    Blob {
        did: did(number),
        cid: block(block_number).0,
        size: 1234,
        declared_type: "image/png".to_owned(),
        sniffed_type: Some("image/png".to_owned()),
        created_at: NOW,
    }
}

/// Pushes request `number`, opens it on device `number` and approves it as account `number`.
pub async fn approve(store: &super::Subject, number: usize) {
    store.create_request(request(number), NOW.plus(DAY)).await.expect("it is kept");
    store.open_request(&request_id(number), &device_id(number), NOW, after(300)).await.expect("it opens");
    let done =
        store.approve_request(&request_id(number), &device_id(number), approved(number), None, NOW).await;
    assert!(done.expect("it is approved"), "a pushed request can be approved");
}

/// Keeps token `number`, by way of a request.
pub async fn grant(store: &super::Subject, number: usize) {
    grant_token(store, number, token(number)).await;
}

/// Keeps this token, by way of request `number`.
pub async fn grant_token(store: &super::Subject, number: usize, token: Token) {
    grant_new(store, number, token.into()).await;
}

/// Keeps this token with its sets, by way of request `number`.
pub async fn grant_new(store: &super::Subject, number: usize, new: NewToken) {
    approve(store, number).await;
    let exchanged = store.exchange_code(&code(number), new).await.expect("it is exchanged");
    assert!(matches!(exchanged, crate::request::CodeExchanged::Created), "{exchanged:?}");
}
