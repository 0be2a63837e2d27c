//! Whom the host asks about identities, and what it says about those of its accounts.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::plc::Operation;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::{Peer, Resolver};
use serde::Serialize;
use url::Url;

/// The directory of `did:plc`.
#[async_trait]
pub trait PlcDirectory: Debug + Send + Sync {
    /// Hands in an operation of this DID.
    async fn submit(&self, did: &Did, operation: &Operation) -> Result<(), PlcError>;
    /// The operation of this DID that counts at present: the one that the next follows.
    async fn last(&self, did: &Did) -> Result<Operation, PlcError>;
}

/// Who knows what others publish: handles that are not of this host, and documents of DIDs.
#[async_trait]
pub trait IdentityResolver: Debug + Send + Sync {
    /// The DID that the handle stands for; `None` if it cannot be found out. `peer` is whom it is asked for: everybody
    /// may ask, so nobody may have all the requests that can be under way (ID-24, SEC-72).
    async fn resolve(&self, handle: &Handle, peer: Option<Peer>) -> Option<Did>;

    /// The document that a DID publishes at this moment; `None` if it cannot be found out, and where nobody is asked.
    async fn document(&self, did: &Did) -> Option<Arc<DidDocument>> {
        let _ = did;
        None
    }
}

/// An operation was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlcError {
    /// The directory looked at it and said no.
    #[error("the PLC directory refused the operation with status {status}")]
    Refused {
        /// What it answered with.
        status: u16,
    },
    /// What the directory answered is no operation.
    #[error("the PLC directory answered with something that is no operation")]
    Unreadable(#[source] serde_json::Error),
    /// The directory could not be asked.
    #[error("the PLC directory cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// No handles but the host's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnHandlesOnly;

#[async_trait]
impl IdentityResolver for OwnHandlesOnly {
    async fn resolve(&self, _: &Handle, _: Option<Peer>) -> Option<Did> {
        None
    }
}

#[async_trait]
impl IdentityResolver for Resolver {
    async fn resolve(&self, handle: &Handle, peer: Option<Peer>) -> Option<Did> {
        match peer {
            Some(peer) => self.on_behalf_of(peer).handle(handle).await.ok(),
            None => self.handle(handle).await.ok(),
        }
    }

    async fn document(&self, did: &Did) -> Option<Arc<DidDocument>> {
        self.did_now(did).await.ok()
    }
}

/// The DID document of an account, as its host knows it.
#[derive(Clone, Debug, Serialize)]
pub struct AccountDocument {
    #[serde(rename = "@context")]
    context: [&'static str; 3],
    id: Did,
    #[serde(rename = "alsoKnownAs")]
    also_known_as: [String; 1],
    #[serde(rename = "verificationMethod")]
    verification_method: Vec<VerificationMethod>,
    service: [Service; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VerificationMethod {
    id: String,
    r#type: &'static str,
    controller: Did,
    public_key_multibase: String,
}

#[derive(Clone, Debug, Serialize)]
struct Service {
    id: &'static str,
    r#type: &'static str,
    #[serde(rename = "serviceEndpoint")]
    endpoint: String,
}

impl AccountDocument {
    /// The document that says: this handle, this signing key, this host.
    pub fn new(did: &Did, handle: &Handle, multikey: &str, origin: String) -> Self {
        let key = VerificationMethod {
            id: format!("{did}#atproto"),
            r#type: "Multikey",
            controller: did.clone(),
            public_key_multibase: multikey.to_owned(),
        };
        Self { verification_method: vec![key], ..Self::behind(did, handle, origin) }
    }

    /// The document of an account at a host behind this one: the key is that host's to tell.
    pub fn behind(did: &Did, handle: &Handle, origin: String) -> Self {
        Self {
            context: [
                "https://www.w3.org/ns/did/v1",
                "https://w3id.org/security/multikey/v1",
                "https://w3id.org/security/suites/secp256k1-2019/v1",
            ],
            id: did.clone(),
            also_known_as: [format!("at://{handle}")],
            verification_method: Vec::new(),
            service: [Service::of_host(origin)],
        }
    }
}

impl Service {
    fn of_host(origin: String) -> Self {
        Self { id: "#atproto_pds", r#type: "AtprotoPersonalDataServer", endpoint: origin }
    }
}

/// The DID document of the host itself, for a `did:web` (ID-27).
#[derive(Clone, Debug, Serialize)]
pub struct HostDocument {
    #[serde(rename = "@context")]
    context: [&'static str; 1],
    id: Did,
    service: [Service; 1],
}

impl HostDocument {
    /// The document that says: this DID is the service at this origin.
    pub fn new(did: &Did, public_url: &Url) -> Self {
        Self {
            context: ["https://www.w3.org/ns/did/v1"],
            id: did.clone(),
            service: [Service::of_host(public_url.origin().ascii_serialization())],
        }
    }
}
