//! `did:plc`: operations on an identity, the chain they form, and the document that comes out of it.
//!
//! Everything here is a function of its arguments; keeping logs and answering HTTP is the directory's. The limits are
//! those of the written method where it names any (1 to 5 rotation keys, none twice), and else those that its public
//! directory applies to new operations.

mod chain;
mod operation;
#[cfg(test)]
mod tests;

pub use chain::{Entry, PlcError, RECOVERY_WINDOW, check_genesis, check_next, current};
pub use operation::{InvalidOperation, Operation, Service, State, did_of, genesis};

use serde_json::{Value, json};

use crate::crypto::PublicKey;
use crate::did_document::DidDocument;
use crate::syntax::Did;

/// The DID document of an identity in this state.
pub fn document(did: &Did, state: &State) -> DidDocument {
    let document = state
        .also_known_as
        .iter()
        .fold(DidDocument::new(did.clone()), |document, name| document.with_name(name.clone()));
    let document = state.verification_methods.iter().fold(document, |document, (fragment, key)| {
        match PublicKey::from_did_key(key) {
            Ok(key) => document.with_key(fragment, &key),
            Err(_) => document,
        }
    });
    state.services.iter().fold(document, |document, (fragment, service)| {
        document.with_service(fragment, &service.kind, &service.endpoint)
    })
}

/// The state itself, as the directory answers at `/{did}/data`.
pub fn data(did: &Did, state: &State) -> Value {
    json!({
        "did": did,
        "rotationKeys": state.rotation_keys,
        "verificationMethods": state.verification_methods,
        "alsoKnownAs": state.also_known_as,
        "services": state.services,
    })
}
