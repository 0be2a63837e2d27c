//! Handle and DID together, checked both ways (ID-12 … ID-15).

use std::sync::Arc;

use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::syntax::{Did, Handle};

use crate::Resolver;
use crate::cache::Need;
use crate::error::ResolveError;
use crate::{did, handle};

/// Who an account is. The DID is what sessions are bound to; the handle is for showing.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account, for ever.
    pub did: Did,
    /// Its handle, if it leads back to the DID; otherwise people are shown `handle.invalid`.
    pub handle: Option<Handle>,
    /// The origin of the host that keeps its records, without a slash at the end, if the document names one that is
    /// acceptable (ID-13).
    pub pds: Option<String>,
    /// Its document.
    pub document: Arc<DidDocument>,
}

pub(crate) async fn of_handle(resolver: &Resolver, handle: &Handle) -> Result<Identity, ResolveError> {
    let did = handle::resolve(resolver, handle, Need::Fresh).await?;
    let document = did::resolve(resolver, &did, Need::Fresh).await?;
    if document.handle().as_ref() != Some(handle) {
        return Err(ResolveError::HandleMismatch);
    }
    Ok(identity(resolver, did, Some(handle.clone()), document))
}

pub(crate) async fn of_did(resolver: &Resolver, did: &Did) -> Result<Identity, ResolveError> {
    let document = did::resolve(resolver, did, Need::Fresh).await?;
    let handle = match document.handle() {
        Some(handle) => {
            let leads_to = handle::resolve(resolver, &handle, Need::Fresh).await;
            leads_to.is_ok_and(|found| found == *did).then_some(handle)
        }
        None => None,
    };
    Ok(identity(resolver, did.clone(), handle, document))
}

fn identity(resolver: &Resolver, did: Did, handle: Option<Handle>, document: Arc<DidDocument>) -> Identity {
    let pds = document.pds(resolver.development());
    Identity { did, handle, pds, document }
}
