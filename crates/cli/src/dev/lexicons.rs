//! The permission sets that the network brings along, published by an account of its own.

use anyhow::{Context, Result};
use gatewright_host::operations::access::Identifier;
use gatewright_host::operations::create_account::{CreateAccount, NewIdentity};
use gatewright_host::operations::put_record::{PutRecord, put_record};
use gatewright_host::operations::write::Validate;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::lexicon::COLLECTION;
use serde_json::Value;

use crate::solo::Solo;

/// Who publishes them. Nobody signs in as this account: it has no password.
const PUBLISHER: &str = "lexicons.test";
/// A set as it is published in the field, and a small one with a permission to call a service.
const SETS: [&str; 2] = [
    include_str!("lexicons/fm.plyr.authFullApp.json"),
    include_str!("lexicons/com.example.notes.authBasic.json"),
];

/// Publishes what is not there yet. The account that did.
pub(super) async fn publish(solo: &Solo) -> Result<Did> {
    let did = publisher(solo).await.with_context(|| format!("{PUBLISHER} cannot be made"))?;
    for set in SETS {
        put(solo, &did, serde_json::from_str(set)?).await?;
    }
    Ok(did)
}

async fn publisher(solo: &Solo) -> Result<Did> {
    if let Some(account) = solo.find_account(PUBLISHER).await? {
        return Ok(account.did);
    }
    let handle: Handle = PUBLISHER.parse()?;
    let identity = NewIdentity::Plc { recovery_key: None };
    let new = CreateAccount { handle, email: None, password: None, identity };
    Ok(solo.host().create_account(new).await?.did)
}

/// The same value again makes no commit.
async fn put(solo: &Solo, did: &Did, mut document: Value) -> Result<()> {
    let name = document.get("id").and_then(Value::as_str).context("the lexicon has no `id`")?.to_owned();
    let members = document.as_object_mut().context("the lexicon is no object")?;
    members.insert("$type".to_owned(), COLLECTION.into());
    let put = PutRecord {
        repo: Identifier::Did(did.clone()),
        collection: COLLECTION.parse()?,
        key: name.parse()?,
        validate: Validate::IfKnown,
        value: document,
        swap_record: None,
        swap_commit: None,
    };
    put_record(solo.host().context(), did, put)
        .await
        .with_context(|| format!("{name} cannot be published"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::permission_set::{PermissionSet, lint};
    use gatewright_protocol::scope::Permission;

    use super::*;

    #[test]
    fn the_sets_grant_what_they_say() {
        let expanded = |set: &str, include: &str| {
            let document: Value = serde_json::from_str(set).unwrap();
            let lint = lint(&document);
            assert!(lint.errors.is_empty() && lint.warnings.is_empty(), "{lint:?}");
            let set = PermissionSet::from_document(&document).unwrap();
            let Ok(Permission::Include(include)) = include.parse() else { panic!("{include}") };
            let expansion = set.expand(&include);
            assert!(expansion.dropped.is_empty(), "{:?}", expansion.dropped);
            expansion.scopes().as_str().to_owned()
        };
        let [plyr, notes] = SETS;
        let plyr = expanded(plyr, "include:fm.plyr.authFullApp");
        for collection in ["track", "like", "comment", "list", "actor.profile"] {
            assert!(plyr.contains(&format!("fm.plyr.{collection}")), "{plyr}");
        }
        let notes =
            expanded(notes, "include:com.example.notes.authBasic?aud=did:web:api.example.com%23notes");
        assert!(
            notes.contains("rpc:com.example.notes.search?aud=did:web:api.example.com%23notes"),
            "{notes}"
        );
    }
}
