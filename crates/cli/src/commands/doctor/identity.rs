//! A handle and a DID: each has to lead to the other (ID-3 … ID-14).

use std::time::Duration;

use bytes::Bytes;
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::fetch::Get;
use gatewright_resolve::{FetchError, ResolveError};
use url::Url;

use super::network::{Network, unreached};
use super::report::{Fault, Report};
use super::server;

/// The handle, what it leads to, and everything behind that.
pub(super) async fn of_handle(network: &Network, handle: &Handle, report: &mut Report) {
    let Some(did) = leads_to(network, handle, report).await else { return };
    let Some(document) = document(network, &did, report).await else { return };
    report.say("did.handle", claims(&document, handle));
    host(network, &document, report).await;
}

/// The DID, the handle that it claims, and everything behind it.
pub(super) async fn of_did(network: &Network, did: &Did, report: &mut Report) {
    let Some(document) = document(network, did, report).await else { return };
    let claimed = report.note("did.handle", claimed(&document), |handle| format!("it claims {handle}"));
    if let Some(handle) = claimed
        && let Some(found) = leads_to(network, &handle, report).await
        && found != *did
    {
        let mend = format!("let {handle} lead to {did}, or give the account another handle at its host");
        report.say("handle.did", Err(Fault::new(format!("{handle} leads to {found}"), mend)));
    }
    host(network, &document, report).await;
}

/// Both ways from a handle to a DID. DNS wins, but two that differ are a fault waiting for a day without DNS.
async fn leads_to(network: &Network, handle: &Handle, report: &mut Report) -> Option<Did> {
    let reserved = handle.is_reserved(network.development());
    let name = if reserved {
        Err(Fault::new(
            format!("handles under the last part of {handle} never resolve"),
            "take a handle under a domain of the public internet",
        ))
    } else {
        Ok(handle.to_string())
    };
    if !report.say("handle.name", name) {
        return None;
    }
    let values = network.resolver.txt(&format!("_atproto.{handle}")).await;
    let by_dns = dns(handle, values.as_deref().map_err(|_| ()));
    let by_dns = report.note("handle.dns", by_dns, |did| match did {
        Some(did) => format!("TXT _atproto.{handle} names {did}"),
        None => format!("no TXT record at _atproto.{handle} names a DID"),
    })?;
    let by_https = https(handle, by_dns.as_ref(), well_known(network, handle).await);
    let by_https = report.note("handle.https", by_https, |did| match did {
        Some(did) => format!("https://{handle}/.well-known/atproto-did names {did}"),
        None => format!("https://{handle}/.well-known/atproto-did names no DID, and need not"),
    })?;
    let found = by_dns.or(by_https).ok_or_else(|| {
        Fault::new(
            format!("no account is published for {handle}"),
            format!(
                "add a TXT record at `_atproto.{handle}` with `did=` and the DID of the account; or answer \
                 https://{handle}/.well-known/atproto-did with it (does the proxy pass that name on, with its Host header?)"
            ),
        )
    });
    report.note("handle.did", found, |did| format!("{handle} leads to {did}"))
}

/// What DNS says.
fn dns(handle: &Handle, values: Result<&[String], ()>) -> Result<Option<Did>, Fault> {
    let values = values.map_err(|()| {
        Fault::new(
            format!("the name servers of {handle} gave no answer"),
            "look at the delegation of the domain, and at DNSSEC: do its name servers answer?",
        )
    })?;
    let named: Vec<&str> = values.iter().filter_map(|value| value.strip_prefix("did=")).collect();
    match named.as_slice() {
        [] => Ok(None),
        [only] => only.parse().map(Some).map_err(|_| {
            Fault::new(
                format!("TXT _atproto.{handle} is `did={only}`, which is no DID"),
                "write `did=` and the DID of the account, with nothing around it",
            )
        }),
        several => Err(Fault::new(
            format!(
                "_atproto.{handle} has {} TXT records with `did=`: {}",
                several.len(),
                several.join(", ")
            ),
            "leave exactly one of them: of several, none counts",
        )),
    }
}

async fn well_known(network: &Network, handle: &Handle) -> Result<Bytes, Fault> {
    let Ok(url) = Url::parse(&format!("https://{handle}/.well-known/atproto-did")) else {
        return Err(Fault::new(format!("{handle} is no host name"), "take another handle"));
    };
    let get =
        Get { types: &[], most: 2048, timeout: Duration::from_secs(10), redirects: 3, ..Get::json(&url) };
    let got = network.resolver.fetcher().get(get).await;
    match got {
        Ok(document) => Ok(document.bytes),
        // It may just not be there.
        Err(FetchError::Status(404 | 410)) => Ok(Bytes::new()),
        Err(error) => Err(unreached(&url, error)),
    }
}

/// What the host of the handle says, beside what DNS said.
fn https(handle: &Handle, by_dns: Option<&Did>, page: Result<Bytes, Fault>) -> Result<Option<Did>, Fault> {
    let bytes = match (page, by_dns) {
        (Ok(bytes), _) => bytes,
        // Who has a TXT record needs no web server.
        (Err(_), Some(_)) => return Ok(None),
        (Err(fault), None) => return Err(fault),
    };
    let said: Option<Did> = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
    match (said, by_dns) {
        (Some(said), Some(by_dns)) if said != *by_dns => Err(Fault::new(
            format!("https://{handle}/.well-known/atproto-did names {said}, but DNS names {by_dns}"),
            "let both name the account that the handle is for, or remove one of them",
        )),
        (Some(said), _) => Ok(Some(said)),
        (None, None) if !bytes.is_empty() => Err(Fault::new(
            format!("https://{handle}/.well-known/atproto-did is answered with something that is no DID"),
            "answer with the DID alone, as text; does a page for every path answer there?",
        )),
        (None, _) => Ok(None),
    }
}

async fn document(network: &Network, did: &Did, report: &mut Report) -> Option<std::sync::Arc<DidDocument>> {
    let seen = network.resolver.did(did).await.map_err(|error| undocumented(did, &error));
    report.note("did.document", seen, |_| format!("{did} has a document"))
}

fn undocumented(did: &Did, error: &ResolveError) -> Fault {
    let place = match did.method() {
        "plc" => "the PLC directory".to_owned(),
        _ => format!("https://{}/.well-known/did.json", did.identifier()),
    };
    let mend = match error {
        ResolveError::UnsupportedDid => {
            "only did:plc, and did:web of a host without a port or path, can have an account".to_owned()
        }
        ResolveError::DidNotFound => format!("is the DID written right? {place} has no document for it"),
        ResolveError::Document { .. } => format!("{place} has to hold the document of this very DID"),
        _ => format!("{place} has to answer with status 200 and `content-type: application/json`"),
    };
    let found = anyhow::Error::from(error.clone());
    Fault::new(format!("{did}: {found:#}"), mend)
}

fn claimed(document: &DidDocument) -> Result<Handle, Fault> {
    document.handle().ok_or_else(|| {
        Fault::new(
            "alsoKnownAs of the DID document has no `at://` entry with a handle",
            "set the handle at the account's host (com.atproto.identity.updateHandle)",
        )
    })
}

/// Does the document claim this handle?
fn claims(document: &DidDocument, handle: &Handle) -> Result<String, Fault> {
    let claimed = claimed(document)?;
    if claimed == *handle {
        return Ok(format!("it claims {handle} back"));
    }
    Err(Fault::new(
        format!("the DID document claims {claimed}, not {handle}"),
        format!(
            "set the handle {handle} at the account's host (com.atproto.identity.updateHandle), or let {handle} lead to the \
             account that has it"
        ),
    ))
}

/// What the document says of key and host, and the host itself.
async fn host(network: &Network, document: &DidDocument, report: &mut Report) {
    let key = document.signing_key().map(|_| "it has a signing key".to_owned()).ok_or_else(|| {
        Fault::new(
            "the DID document has no usable key `#atproto`",
            "publish the host's key for the account as verification method `#atproto`, a Multikey of P-256 or secp256k1",
        )
    });
    report.say("did.key", key);
    let origin = document.pds(network.development()).ok_or_else(|| {
        let endpoint = document.service("atproto_pds").map(|service| service.service_endpoint.clone());
        let found = match endpoint {
            Some(endpoint) => format!("the service `#atproto_pds` of the DID document is `{endpoint}`"),
            None => "the DID document has no service `#atproto_pds`".to_owned(),
        };
        let mend = "name the host as service `#atproto_pds` of type AtprotoPersonalDataServer, with an https origin: no path";
        Fault::new(found, mend)
    });
    if let Some(origin) = report.note("did.host", origin, |origin| format!("its host is {origin}")) {
        server::examine(network, &origin, report).await;
    }
}
