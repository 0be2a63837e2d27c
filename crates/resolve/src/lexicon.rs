//! From the name of a lexicon to its document (PS-10 … PS-16).
//!
//! The domain of the name says which account publishes it, that account's document says where and with which key, and
//! the host there answers with a proof. Nothing but the key is believed.

use std::time::Duration;

use cid::Cid;
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::repo_proof::{MAX_FILE, ProofFault, ProvenRecord, prove_record};
use gatewright_protocol::syntax::{Did, Nsid, RecordKey, Tid};
use serde_json::Value;
use url::Url;

use crate::Resolver;
use crate::cache::Need;
use crate::did;
use crate::error::{FetchError, ResolveError};
use crate::fetch::Get;
use crate::handle::{Ambiguous, one_did, txt};
use crate::url_rules::UrlRules;

/// The collection that published lexicons lie in, and their `$type`.
pub const COLLECTION: &str = "com.atproto.lexicon.schema";

/// Less than a request may take in all (PS-27), so that there is time for the way to the host.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A DID document that may be out of date is fetched again if it is older than this.
const LATELY: Duration = Duration::from_secs(1);
const DOCUMENT: &str = "lexicon";

/// A lexicon whose proof was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Lexicon {
    /// Its name.
    pub nsid: Nsid,
    /// The account that publishes it.
    pub did: Did,
    /// The address of its record: names this very version.
    pub cid: Cid,
    /// The revision of the repository that it was read from.
    pub rev: Tid,
    /// Its document: `$type`, `lexicon` and `id` are right, whatever `defs` are.
    pub document: Value,
}

/// The name whose TXT records name the account that publishes a lexicon (PS-10). Each group of lexicons has its own:
/// there is no walking up.
pub fn txt_name(nsid: &Nsid) -> String {
    format!("_lexicon.{}", nsid.authority().to_ascii_lowercase())
}

pub(crate) async fn resolve(resolver: &Resolver, nsid: &Nsid) -> Result<Lexicon, ResolveError> {
    let did = match &resolver.shared.lexicon_authority {
        Some(did) => did.clone(),
        None => authority(resolver, nsid).await?,
    };
    let document = did::resolve(resolver, &did, Need::Fresh).await?;
    let error = match read(resolver, nsid, &document).await {
        Err(error) if may_be_outdated(&error) => error,
        outcome => return outcome,
    };
    // The account may have moved, or have another key, since its document was fetched.
    match did::resolve(resolver, &did, Need::YoungerThan(LATELY)).await {
        Ok(newer) if newer != document => read(resolver, nsid, &newer).await,
        _ => Err(error),
    }
}

/// The account that the domain of the lexicon names.
async fn authority(resolver: &Resolver, nsid: &Nsid) -> Result<Did, ResolveError> {
    let name = txt_name(nsid);
    let values = txt(resolver, &name).await?;
    match one_did(&values) {
        Ok(Some(did)) => Ok(did.parse()?),
        Ok(None) => Err(ResolveError::NoLexiconAuthority { name }),
        Err(Ambiguous) => Err(ResolveError::AmbiguousLexicon { name }),
    }
}

fn may_be_outdated(error: &ResolveError) -> bool {
    matches!(
        error,
        ResolveError::Fetch { .. }
            | ResolveError::LexiconNotFound { .. }
            | ResolveError::Proof(ProofFault::Signature)
    )
}

/// Reads the lexicon where the document of its account says that it is.
async fn read(resolver: &Resolver, nsid: &Nsid, account: &DidDocument) -> Result<Lexicon, ResolveError> {
    let wrong = |reason| ResolveError::document("DID document of the lexicon's account", reason);
    let host = account.pds(resolver.development()).ok_or_else(|| wrong("it names no host"))?;
    let key = account.signing_key().ok_or_else(|| wrong("it has no key for the repository"))?;
    let did = account.id();
    let car = fetch(resolver, nsid, did, &host).await?;
    let collection: Nsid = COLLECTION.parse()?;
    let rkey: RecordKey = nsid.as_str().parse()?;
    match prove_record(&car, did, &collection, &rkey, &key) {
        Ok(proven) => check(nsid, did, proven),
        Err(ProofFault::Absent) => Err(ResolveError::LexiconNotFound { did: did.clone() }),
        Err(fault) => Err(fault.into()),
    }
}

async fn fetch(
    resolver: &Resolver,
    nsid: &Nsid,
    did: &Did,
    host: &str,
) -> Result<bytes::Bytes, ResolveError> {
    let url = format!("{host}/xrpc/com.atproto.sync.getRecord");
    let query = [("did", did.as_str()), ("collection", COLLECTION), ("rkey", nsid.as_str())];
    let url = Url::parse_with_params(&url, query)
        .map_err(|_| ResolveError::fetching(DOCUMENT)(FetchError::Url("its host is none")))?;
    let get = Get {
        types: &["application/vnd.ipld.car"],
        most: MAX_FILE,
        timeout: TIMEOUT,
        rules: UrlRules::STRICT,
        peer: resolver.peer,
        ..Get::json(&url)
    };
    let fetched = resolver.shared.fetcher.get(get).await.map_err(|error| match error {
        FetchError::Status(400 | 404 | 410) => ResolveError::LexiconNotFound { did: did.clone() },
        other => ResolveError::fetching(DOCUMENT)(other),
    })?;
    Ok(fetched.bytes)
}

/// Is the record a lexicon of this name (PS-14)?
fn check(nsid: &Nsid, did: &Did, proven: ProvenRecord) -> Result<Lexicon, ResolveError> {
    let ProvenRecord { cid, rev, value: document, .. } = proven;
    let wrong = |reason: &str| Err(ResolveError::document(DOCUMENT, reason));
    if document.get("$type").and_then(Value::as_str) != Some(COLLECTION) {
        return wrong("its `$type` is not `com.atproto.lexicon.schema`");
    }
    if document.get("lexicon").and_then(Value::as_u64) != Some(1) {
        return wrong("`lexicon` is not 1");
    }
    if document.get("id").and_then(Value::as_str) != Some(nsid.as_str()) {
        return wrong("its `id` is another name");
    }
    if !document.get("defs").is_some_and(Value::is_object) {
        return wrong("it has no `defs`");
    }
    Ok(Lexicon { nsid: nsid.clone(), did: did.clone(), cid, rev, document })
}

#[cfg(test)]
mod tests;
