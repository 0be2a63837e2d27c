//! A new account at a host behind this server: its identity is made here, its repository there.

use std::collections::BTreeMap;

use gatewright_protocol::plc::{self, Operation, Service, State};
use gatewright_protocol::syntax::{Did, Handle};

use super::create_account::CreateAccountError;
use crate::context::Context;
use crate::entryway::{Entryway, HostBehind};
use crate::identity::PlcError;

/// Makes the identity and the repository, and says at which host. The operation is signed with this server's key alone:
/// a stock host takes no other for a new account, and changes nothing of an identity itself.
pub(super) async fn create_behind(
    context: &Context,
    entryway: &Entryway,
    handle: &Handle,
    recovery_key: Option<String>,
) -> Result<(Did, Did), CreateAccountError> {
    let host = entryway.choose(&*context.store).await?.ok_or(CreateAccountError::NoRoom)?;
    let signing_key = entryway.reserve_signing_key(host).await?;
    let own = context.rotation_key.public().to_did_key();
    let state = State {
        rotation_keys: recovery_key.into_iter().chain([own]).collect(),
        verification_methods: BTreeMap::from([("atproto".to_owned(), signing_key)]),
        also_known_as: vec![format!("at://{handle}")],
        services: BTreeMap::from([(
            "atproto_pds".to_owned(),
            Service { kind: "AtprotoPersonalDataServer".to_owned(), endpoint: host.origin() },
        )]),
    };
    let (did, operation) = plc::genesis(state, &context.rotation_key);
    if let Err(error) = entryway.create_account(host, &did, handle, &operation).await {
        // It may have come as far as the directory before it failed, and taken back only what is its own.
        undo(context, entryway, host, &did).await;
        return Err(error.into());
    }
    Ok((did, host.service.clone()))
}

/// Takes back what [`create_behind`] made, because the account could not be kept here.
pub(super) async fn undo_behind(context: &Context, host: &Did, did: &Did) {
    let Some(entryway) = &context.entryway else { return };
    if let Some(host) = entryway.find(host) {
        undo(context, entryway, host, did).await;
    }
}

async fn undo(context: &Context, entryway: &Entryway, host: &HostBehind, did: &Did) {
    if let Err(error) = entryway.delete_account(host, did).await {
        tracing::error!(account.did = %did, %error, "half an account may be left at a host; delete it there");
    }
    if let Err(error) = end_identity(context, did).await {
        tracing::error!(account.did = %did, %error, "the identity of an account that was not made goes on");
    }
}

/// Ends an identity that nobody has, if the directory knows it.
async fn end_identity(context: &Context, did: &Did) -> Result<(), PlcError> {
    let last = match context.plc.last(did).await {
        Err(PlcError::Refused { status: 404 }) => return Ok(()),
        last => last?,
    };
    if last.state().is_none() {
        return Ok(());
    }
    context.plc.submit(did, &Operation::tombstone(&last.cid(), &context.rotation_key)).await
}
