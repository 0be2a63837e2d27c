//! What the protocol takes from a DID document: handle, host, signing key (ID-11 to ID-13). And making one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::crypto::{Curve, PublicKey};
use crate::syntax::{Development, Did, Handle};

/// The fragment of the service that hosts an account, and its type.
const PDS: (&str, &str) = ("atproto_pds", "AtprotoPersonalDataServer");
/// The fragment of the key that signs an account's repository.
const SIGNING_KEY: &str = "atproto";

/// A DID document, of which only the entries that have the form of the protocol are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DidDocument {
    id: Did,
    also_known_as: Vec<String>,
    verification_methods: Vec<VerificationMethod>,
    services: Vec<Service>,
}

/// A key of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMethod {
    /// `#fragment`, or the DID before it.
    pub id: String,
    /// The kind of key.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who may change it: the DID itself, for keys of an account.
    pub controller: String,
    /// The key.
    pub public_key_multibase: String,
}

/// A service of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// `#fragment`, or the DID before it.
    pub id: String,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is.
    pub service_endpoint: String,
}

/// Why a document is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DidDocumentError {
    /// It is not JSON of the form of a DID document.
    #[error("not a DID document")]
    Malformed,
    /// It is about another DID than the one that was asked for (ID-11).
    #[error("the document is about another DID")]
    OtherDid,
}

impl DidDocument {
    /// An empty document.
    pub fn new(id: Did) -> Self {
        Self { id, also_known_as: Vec::new(), verification_methods: Vec::new(), services: Vec::new() }
    }

    /// Reads what was published for `did`. Entries of another form than the protocol's are passed over; whether
    /// what is needed is there, the accessors tell.
    pub fn parse(did: &Did, json: &[u8]) -> Result<Self, DidDocumentError> {
        Self::from_value(did, &serde_json::from_slice(json).map_err(|_| DidDocumentError::Malformed)?)
    }

    /// As [`parse`](Self::parse), of JSON that was read already.
    pub fn from_value(did: &Did, document: &Value) -> Result<Self, DidDocumentError> {
        let id = document.get("id").and_then(Value::as_str).ok_or(DidDocumentError::Malformed)?;
        if id != did.as_str() {
            return Err(DidDocumentError::OtherDid);
        }
        Ok(Self {
            id: did.clone(),
            also_known_as: entries(document, "alsoKnownAs")?,
            verification_methods: entries(document, "verificationMethod")?,
            services: entries(document, "service")?,
        })
    }

    /// Whose document it is.
    pub fn id(&self) -> &Did {
        &self.id
    }

    /// The handle that it claims: the first `at://` entry of `alsoKnownAs` that is a valid handle (ID-12). It counts
    /// only once the handle leads back here (ID-14).
    pub fn handle(&self) -> Option<Handle> {
        self.also_known_as.iter().find_map(|name| name.strip_prefix("at://")?.parse().ok())
    }

    /// The origin of the account's host, without a slash at the end (ID-12, ID-13).
    pub fn pds(&self, development: Development) -> Option<String> {
        let (fragment, kind) = PDS;
        let service = self
            .services
            .iter()
            .find(|service| self.is_named(&service.id, fragment) && service.kind == kind)?;
        origin(&service.service_endpoint, development)
    }

    /// The key that signs the account's repository and service tokens.
    pub fn signing_key(&self) -> Option<PublicKey> {
        self.key(SIGNING_KEY)
    }

    /// The first key with this fragment that the DID itself controls.
    pub fn key(&self, fragment: &str) -> Option<PublicKey> {
        self.verification_methods
            .iter()
            .filter(|method| self.is_named(&method.id, fragment) && method.controller == self.id.as_str())
            .find_map(VerificationMethod::read)
    }

    /// The first service with this fragment, of any type. `fragment` may be written with or without `#`.
    pub fn service(&self, fragment: &str) -> Option<&Service> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        self.services.iter().find(|service| self.is_named(&service.id, fragment))
    }

    /// The origin of a service, by the rules of a host's (ID-13).
    pub fn service_origin(&self, fragment: &str, development: Development) -> Option<String> {
        origin(&self.service(fragment)?.service_endpoint, development)
    }

    /// Adds a name.
    #[must_use]
    pub fn with_handle(self, handle: &Handle) -> Self {
        self.with_name(format!("at://{handle}"))
    }

    /// Adds a name in the form of a URI.
    #[must_use]
    pub fn with_name(mut self, name: String) -> Self {
        self.also_known_as.push(name);
        self
    }

    /// Adds a key under a fragment.
    #[must_use]
    pub fn with_key(mut self, fragment: &str, key: &PublicKey) -> Self {
        self.verification_methods.push(VerificationMethod {
            id: format!("{}#{fragment}", self.id),
            kind: "Multikey".to_owned(),
            controller: self.id.to_string(),
            public_key_multibase: key.to_multikey(),
        });
        self
    }

    /// Adds a service under a fragment.
    #[must_use]
    pub fn with_service(mut self, fragment: &str, kind: &str, endpoint: &str) -> Self {
        self.services.push(Service {
            id: format!("#{fragment}"),
            kind: kind.to_owned(),
            service_endpoint: endpoint.to_owned(),
        });
        self
    }

    /// Adds the host of the account.
    #[must_use]
    pub fn with_pds(self, origin: &str) -> Self {
        self.with_service(PDS.0, PDS.1, origin)
    }

    /// The document as it is published.
    pub fn to_json(&self) -> Value {
        let mut contexts = vec!["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"];
        let has = |curve| self.verification_methods.iter().any(|method| method.curve() == Some(curve));
        if has(Curve::K256) {
            contexts.push("https://w3id.org/security/suites/secp256k1-2019/v1");
        }
        if has(Curve::P256) {
            contexts.push("https://w3id.org/security/suites/ecdsa-2019/v1");
        }
        json!({
            "@context": contexts,
            "id": self.id,
            "alsoKnownAs": self.also_known_as,
            "verificationMethod": self.verification_methods,
            "service": self.services,
        })
    }

    fn is_named(&self, id: &str, fragment: &str) -> bool {
        let relative = id.strip_prefix(self.id.as_str()).unwrap_or(id);
        relative.strip_prefix('#') == Some(fragment)
    }
}

impl VerificationMethod {
    /// The key, be it a Multikey or one of the two older kinds, which hold the bare point.
    fn read(&self) -> Option<PublicKey> {
        let curve = match self.kind.as_str() {
            "Multikey" => return PublicKey::from_multikey(&self.public_key_multibase).ok(),
            "EcdsaSecp256k1VerificationKey2019" => Curve::K256,
            "EcdsaSecp256r1VerificationKey2019" => Curve::P256,
            _ => return None,
        };
        PublicKey::from_multibase_point(curve, &self.public_key_multibase).ok()
    }

    fn curve(&self) -> Option<Curve> {
        self.read().map(|key| key.curve())
    }
}

/// The entries of a list that have the form of `T`; none where there is no such list.
fn entries<T: for<'de> Deserialize<'de>>(document: &Value, name: &str) -> Result<Vec<T>, DidDocumentError> {
    match document.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.iter().filter_map(|entry| T::deserialize(entry).ok()).collect()),
        Some(_) => Err(DidDocumentError::Malformed),
    }
}

/// An endpoint that is scheme, host and perhaps a port, in its canonical form; `None` for anything more or else.
fn origin(endpoint: &str, development: Development) -> Option<String> {
    let url = Url::parse(endpoint).ok()?;
    let scheme_allowed = match url.scheme() {
        "https" => true,
        "http" => development.is_allowed(),
        _ => false,
    };
    // Written out again it must be what was written: the parser forgives white space, backslashes and dots.
    let bare = endpoint.strip_suffix('/').unwrap_or(endpoint);
    let origin = url.origin().ascii_serialization();
    let default_port = if url.scheme() == "https" { ":443" } else { ":80" };
    let same = bare.eq_ignore_ascii_case(&origin)
        || bare.strip_suffix(default_port).is_some_and(|bare| bare.eq_ignore_ascii_case(&origin));
    (scheme_allowed && same).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PrivateKey;

    const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

    fn did() -> Did {
        DID.parse().unwrap()
    }

    fn key(curve: Curve) -> PublicKey {
        PrivateKey::from_bytes(curve, &[5; 32]).unwrap().public().clone()
    }

    fn document(change: impl FnOnce(&mut Value)) -> DidDocument {
        let mut document = DidDocument::new(did())
            .with_handle(&"alice.test".parse().unwrap())
            .with_key("atproto", &key(Curve::K256))
            .with_pds("https://pds.social")
            .to_json();
        change(&mut document);
        DidDocument::parse(&did(), document.to_string().as_bytes()).unwrap()
    }

    fn pds(endpoint: &str, development: Development) -> Option<String> {
        document(|document| document["service"][0]["serviceEndpoint"] = endpoint.into()).pds(development)
    }

    #[test]
    fn what_is_needed_is_found() {
        let document = document(|_| {});
        assert_eq!(document.handle().unwrap().as_str(), "alice.test");
        assert_eq!(document.pds(Development::Refused).as_deref(), Some("https://pds.social"));
        assert_eq!(document.signing_key(), Some(key(Curve::K256)));
        assert_eq!(document.service("#atproto_pds").unwrap().service_endpoint, "https://pds.social");
        assert!(document.service("atproto_labeler").is_none());
    }

    #[test]
    fn sec_55_a_document_of_another_did_is_refused() {
        let json = DidDocument::new("did:web:pds.social".parse().unwrap()).to_json();
        assert_eq!(DidDocument::from_value(&did(), &json), Err(DidDocumentError::OtherDid));
        let upper = json!({ "id": DID.to_uppercase() });
        assert_eq!(DidDocument::from_value(&did(), &upper), Err(DidDocumentError::OtherDid));
        assert_eq!(DidDocument::from_value(&did(), &json!({})), Err(DidDocumentError::Malformed));
        assert_eq!(DidDocument::parse(&did(), b"{"), Err(DidDocumentError::Malformed));
    }

    #[test]
    fn sec_55_an_endpoint_that_is_more_than_an_origin_is_refused() {
        for refused in [
            "https://pds.social/path",
            "https://pds.social//",
            "https://pds.social/.",
            "https://pds.social/?",
            "https://pds.social?query",
            "https://pds.social#fragment",
            "https://name@pds.social",
            "https://:@pds.social",
            "https:\\\\pds.social",
            "https:pds.social",
            " https://pds.social",
            "https://pds.social\n",
            "https://pds%2esocial",
            "http://pds.social",
            "ftp://pds.social",
            "did:web:pds.social",
            "",
        ] {
            assert_eq!(pds(refused, Development::Refused), None, "{refused}");
        }
        let taken = |endpoint| pds(endpoint, Development::Refused).unwrap();
        assert_eq!(taken("https://pds.social:8443"), "https://pds.social:8443");
        assert_eq!(taken("https://PDS.social/"), "https://pds.social");
        assert_eq!(taken("https://pds.social:443"), "https://pds.social");
    }

    #[test]
    fn http_is_for_development() {
        assert_eq!(pds("http://localhost:2583", Development::Refused), None);
        assert_eq!(
            pds("http://localhost:2583", Development::Allowed).as_deref(),
            Some("http://localhost:2583")
        );
        assert_eq!(pds("http://localhost:2583/x", Development::Allowed), None);
    }

    #[test]
    fn the_first_valid_handle_counts() {
        let names =
            json!(["https://x.test", "at://not a handle", "at://alice", "at://Bob.test", "at://carol.test"]);
        let claiming = document(|document| document["alsoKnownAs"] = names);
        assert_eq!(claiming.handle().unwrap().as_str(), "bob.test");
        let none = document(|document| document["alsoKnownAs"] = json!(["at://alice.test/path", 7]));
        assert_eq!(none.handle(), None);
    }

    #[test]
    fn the_host_needs_its_id_and_its_type() {
        let good = || json!({ "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://b.social" });
        let found = |first: Value| {
            document(|document| document["service"] = json!([first, good()]))
                .pds(Development::Refused)
                .unwrap()
        };
        let other = |name: &str, value: Value| {
            let mut other = good();
            other["serviceEndpoint"] = "https://a.social".into();
            other[name] = value;
            other
        };
        assert_eq!(found(other("type", json!("BskyFeedGenerator"))), "https://b.social");
        assert_eq!(found(other("id", json!("#pds"))), "https://b.social");
        assert_eq!(found(other("id", json!("atproto_pds"))), "https://b.social");
        assert_eq!(found(other("id", json!("did:web:x.social#atproto_pds"))), "https://b.social");
        assert_eq!(found(other("serviceEndpoint", json!({ "uri": "https://a.social" }))), "https://b.social");
        assert_eq!(found(other("id", json!(format!("{DID}#atproto_pds")))), "https://a.social");
    }

    #[test]
    fn the_key_needs_its_id_controller_and_type() {
        for (name, value) in
            [("controller", "did:web:x.social"), ("id", "#atproto_label"), ("type", "JsonWebKey2020")]
        {
            let changed = document(|document| document["verificationMethod"][0][name] = value.into());
            assert_eq!(changed.signing_key(), None, "{name}");
        }
        let relative = document(|document| document["verificationMethod"][0]["id"] = "#atproto".into());
        assert_eq!(relative.signing_key(), Some(key(Curve::K256)));
    }

    #[test]
    fn the_older_kinds_of_key_are_read() {
        let kinds = [
            (Curve::K256, "EcdsaSecp256k1VerificationKey2019"),
            (Curve::P256, "EcdsaSecp256r1VerificationKey2019"),
        ];
        for (curve, kind) in kinds {
            for point in [key(curve).uncompressed().as_slice(), &key(curve).compressed()] {
                let old = document(|document| {
                    let method = &mut document["verificationMethod"][0];
                    method["type"] = kind.into();
                    method["publicKeyMultibase"] =
                        multibase::encode(multibase::Base::Base58Btc, point).into();
                });
                assert_eq!(old.signing_key(), Some(key(curve)));
            }
        }
    }
}
