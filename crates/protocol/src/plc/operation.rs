//! One operation: its form, its bytes, its signature.

use std::collections::BTreeMap;

use cid::Cid;
use cid::multihash::Multihash;
use ipld_core::ipld::Ipld;
use multibase::Base;
use serde::{Deserialize, Deserializer, Serialize};

use crate::crypto::{PrivateKey, PublicKey, sha256};
use crate::jose::{base64url_decode, base64url_encode};
use crate::json::Object;
use crate::syntax::Did;

/// What an identity is made of, as an operation sets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Who may change the identity, as `did:key`, the mightiest first.
    pub rotation_keys: Vec<String>,
    /// Keys of the document, as `did:key`, by fragment.
    pub verification_methods: BTreeMap<String, String>,
    /// Names of the document.
    pub also_known_as: Vec<String>,
    /// Services of the document, by fragment.
    #[serde(deserialize_with = "services")]
    pub services: BTreeMap<String, Service>,
}

fn services<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Service>, D::Error> {
    let services = BTreeMap::<String, Object<Service>>::deserialize(deserializer)?;
    Ok(services.into_iter().map(|(fragment, Object(service))| (fragment, service)).collect())
}

/// A service of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What it does.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is.
    pub endpoint: String,
}

/// A signed operation. Reads and prints as the directory's JSON; what a stranger sent is to be read by
/// [`json::from_slice`](crate::json::from_slice).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Operation {
    /// The first operation in the form of the early days: to be read, not made.
    #[serde(rename = "create", rename_all = "camelCase")]
    LegacyCreate {
        /// The key of the document.
        signing_key: String,
        /// The mightier of the two keys that may change the identity.
        recovery_key: String,
        /// The handle, without `at://`.
        handle: String,
        /// The host.
        service: String,
        /// Always null.
        prev: Option<String>,
        /// The signature, in base64url.
        sig: String,
    },
    /// The end of an identity.
    #[serde(rename = "plc_tombstone")]
    Tombstone {
        /// CID of the operation before.
        prev: String,
        /// The signature, in base64url.
        sig: String,
    },
    /// Sets everything anew.
    #[serde(rename = "plc_operation")]
    Update {
        /// What the identity is made of from now on.
        #[serde(flatten)]
        state: State,
        /// CID of the operation before; null in the first.
        prev: Option<String>,
        /// The signature, in base64url.
        sig: String,
    },
}

/// An operation has not the form, or is beyond the limits, of the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOperation(pub(super) &'static str);

/// The first operation of an identity that begins in `state`, signed with `key`, which must be one of its rotation
/// keys; and the DID that it makes.
pub fn genesis(state: State, key: &PrivateKey) -> (Did, Operation) {
    let operation = Operation::update(state, None, key);
    (did_of(&operation), operation)
}

/// The DID that begins with this operation: the head of its hash.
pub fn did_of(genesis: &Operation) -> Did {
    let hash = Base::Base32Lower.encode(sha256(&genesis.bytes()));
    let head = hash.get(..24).unwrap_or_default();
    format!("did:plc:{head}").parse().expect("base32 is what did:plc is made of")
}

impl Operation {
    /// An operation that sets `state` after the operation `prev`.
    pub fn update(state: State, prev: Option<&Cid>, key: &PrivateKey) -> Self {
        Self::Update { state, prev: prev.map(Cid::to_string), sig: String::new() }.signed(key)
    }

    /// An operation that ends the identity after the operation `prev`.
    pub fn tombstone(prev: &Cid, key: &PrivateKey) -> Self {
        Self::Tombstone { prev: prev.to_string(), sig: String::new() }.signed(key)
    }

    /// Its CID: what the next operation names as `prev`.
    pub fn cid(&self) -> Cid {
        const DAG_CBOR: u64 = 0x71;
        const SHA2_256: u64 = 0x12;
        let hash = Multihash::wrap(SHA2_256, &sha256(&self.bytes())).expect("32 bytes fit a multihash of 64");
        Cid::new_v1(DAG_CBOR, hash)
    }

    /// CID of the operation before; `None` for the first.
    pub fn prev(&self) -> Option<&str> {
        match self {
            Self::LegacyCreate { prev, .. } | Self::Update { prev, .. } => prev.as_deref(),
            Self::Tombstone { prev, .. } => Some(prev),
        }
    }

    /// What it sets; `None` for the end.
    pub fn state(&self) -> Option<State> {
        match self {
            Self::LegacyCreate { signing_key, recovery_key, handle, service, .. } => Some(State {
                rotation_keys: vec![recovery_key.clone(), signing_key.clone()],
                verification_methods: BTreeMap::from([("atproto".to_owned(), signing_key.clone())]),
                also_known_as: vec![with_scheme("at://", handle)],
                services: BTreeMap::from([(
                    "atproto_pds".to_owned(),
                    Service {
                        kind: "AtprotoPersonalDataServer".to_owned(),
                        endpoint: with_scheme("https://", service),
                    },
                )]),
            }),
            Self::Tombstone { .. } => None,
            Self::Update { state, .. } => Some(state.clone()),
        }
    }

    /// Which of the keys signed it: its index.
    pub fn signer(&self, keys: &[String]) -> Option<usize> {
        let signature = base64url_decode(self.sig())?;
        let message = self.unsigned_bytes();
        keys.iter().position(|key| {
            PublicKey::from_did_key(key).is_ok_and(|key| key.verify_low_s(&message, &signature).is_ok())
        })
    }

    /// Its encoding, over which its CID is made.
    pub fn bytes(&self) -> Vec<u8> {
        encode(&self.data())
    }

    fn unsigned_bytes(&self) -> Vec<u8> {
        let mut data = self.data();
        if let Ipld::Map(members) = &mut data {
            members.remove("sig");
        }
        encode(&data)
    }

    /// By way of the data model, whose maps the encoding sorts whatever order serde has them in.
    fn data(&self) -> Ipld {
        ipld_core::serde::to_ipld(self).expect("texts, lists and maps are always IPLD")
    }

    fn signed(mut self, key: &PrivateKey) -> Self {
        let signature = base64url_encode(&key.sign(&self.unsigned_bytes()));
        match &mut self {
            Self::LegacyCreate { sig, .. } | Self::Tombstone { sig, .. } | Self::Update { sig, .. } => {
                *sig = signature;
            }
        }
        self
    }

    fn sig(&self) -> &str {
        match self {
            Self::LegacyCreate { sig, .. } | Self::Tombstone { sig, .. } | Self::Update { sig, .. } => sig,
        }
    }

    /// Is it within the limits of the method?
    pub fn check_form(&self) -> Result<(), InvalidOperation> {
        if self.bytes().len() > MAX_BYTES {
            return Err(InvalidOperation("the operation is larger than 4000 bytes"));
        }
        match self {
            Self::Update { state, .. } => state.check_form(),
            Self::LegacyCreate { .. } | Self::Tombstone { .. } => Ok(()),
        }
    }
}

fn encode(data: &Ipld) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(data).expect("IPLD is always DAG-CBOR")
}

const MAX_BYTES: usize = 4000;
const MAX_ENTRIES: usize = 10;
const MAX_ROTATION_KEYS: usize = 5;
const MAX_NAME: usize = 258;
const MAX_FRAGMENT: usize = 32;
const MAX_KEY: usize = 256;
const MAX_SERVICE_TYPE: usize = 256;
const MAX_ENDPOINT: usize = 512;

impl State {
    fn check_form(&self) -> Result<(), InvalidOperation> {
        let keys = &self.rotation_keys;
        let repeated =
            keys.iter().enumerate().any(|(at, key)| keys.iter().skip(at + 1).any(|other| other == key));
        let fragments = || self.verification_methods.keys().chain(self.services.keys());
        let checks = [
            ((1..=MAX_ROTATION_KEYS).contains(&keys.len()), "there are not 1 to 5 rotation keys"),
            (!repeated, "a rotation key stands twice"),
            (keys.iter().all(|key| PublicKey::from_did_key(key).is_ok()), "a rotation key is not a key"),
            (self.verification_methods.len() <= MAX_ENTRIES, "there are more than 10 verification methods"),
            (
                self.verification_methods.values().all(|key| is_did_key(key)),
                "a verification method is not a key",
            ),
            (self.also_known_as.len() <= MAX_ENTRIES, "there are more than 10 names"),
            (
                self.also_known_as.iter().all(|name| name.len() <= MAX_NAME),
                "a name is longer than 258 characters",
            ),
            (self.services.len() <= MAX_ENTRIES, "there are more than 10 services"),
            (
                self.services.values().all(|service| {
                    service.kind.len() <= MAX_SERVICE_TYPE && service.endpoint.len() <= MAX_ENDPOINT
                }),
                "the type or endpoint of a service is too long",
            ),
            (
                fragments().all(|fragment| (1..=MAX_FRAGMENT).contains(&fragment.len())),
                "a fragment is too long",
            ),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(InvalidOperation(rule)),
            None => Ok(()),
        }
    }
}

/// Any kind of key may stand in the document, so only its frame is looked at.
fn is_did_key(text: &str) -> bool {
    text.len() <= MAX_KEY && text.starts_with("did:key:z")
}

fn with_scheme(scheme: &str, text: &str) -> String {
    let bare = text.strip_prefix("http://").or_else(|| text.strip_prefix(scheme)).unwrap_or(text);
    if text.starts_with("http://") { text.to_owned() } else { format!("{scheme}{bare}") }
}
