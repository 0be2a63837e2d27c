//! What an `include:` stands for today: its set is resolved with proof and expanded, as a server does it.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use gatewright_protocol::permission_set::{Dropped, PermissionSet};
use gatewright_protocol::scope::{Include, Permission, Sentence, sentences};
use gatewright_protocol::syntax::Did;
use gatewright_resolve::lexicon::Lexicon;
use gatewright_resolve::system::SystemClock;
use gatewright_resolve::{Network, Resolver};
use serde::Serialize;
use tokio::runtime::Runtime;
use url::Url;

use crate::env;
use crate::printer::Printer;

/// Whether to look permission sets up, and where.
#[derive(Debug, clap::Args)]
pub struct SetOptions {
    /// Look up the permission set of each `include:`, check its proof, and say what it gives
    #[arg(long)]
    pub resolve: bool,
    /// The account that publishes the sets, instead of the one that `_lexicon` DNS records name
    #[arg(long, value_name = "DID", requires = "resolve")]
    pub authority: Option<Did>,
    /// The PLC directory to ask, as `gatewright dev` prints it; one on this machine makes hosts on it count too
    #[arg(long, value_name = "URL", requires = "resolve", env = env::PLC)]
    pub plc: Option<Url>,
}

/// Where permission sets are looked up.
pub(super) struct Sets {
    runtime: Runtime,
    resolver: Resolver,
}

/// What a set gives.
#[derive(Default, Serialize)]
pub(super) struct Resolved {
    title: Option<String>,
    detail: Option<String>,
    did: Option<String>,
    cid: Option<String>,
    rev: Option<String>,
    scopes: Vec<String>,
    sentences: Vec<String>,
    dropped: Vec<Dropped>,
    /// Why there is no such set to be had.
    pub(super) unresolved: Option<String>,
}

impl Sets {
    /// Where to look, if sets are to be looked up.
    pub(super) fn new(options: &SetOptions) -> Result<Option<Self>> {
        if !options.resolve {
            return Ok(None);
        }
        let mut resolver = Resolver::builder(Arc::new(SystemClock));
        if let Some(plc) = &options.plc {
            resolver = resolver.plc_url(plc.clone());
            if plc.scheme() == "http" {
                resolver = resolver.network(Network::Development(Arc::new(())));
            }
        }
        if let Some(authority) = &options.authority {
            resolver = resolver.lexicon_authority(authority.clone());
        }
        Ok(Some(Self { runtime: crate::commands::runtime()?, resolver: resolver.build() }))
    }

    /// What the set of this scope gives; nothing for a scope that is no `include:`.
    ///
    /// # Errors
    /// The network is away: that says nothing about the set.
    pub(super) fn resolve(&self, scope: &str) -> Result<Option<Resolved>> {
        let Ok(Permission::Include(include)) = scope.parse() else { return Ok(None) };
        Ok(Some(match self.runtime.block_on(self.resolver.lexicon(&include.nsid)) {
            Ok(lexicon) => Resolved::of(&include, &lexicon),
            Err(error) if error.is_transient() => {
                return Err(error).with_context(|| format!("`{}` could not be looked up", include.nsid));
            }
            Err(error) => Resolved::none(format!("{:#}", anyhow::Error::from(error))),
        }))
    }
}

impl Resolved {
    fn none(why: String) -> Self {
        Self { unresolved: Some(why), ..Self::default() }
    }

    fn of(include: &Include, lexicon: &Lexicon) -> Self {
        let set = match PermissionSet::from_document(&lexicon.document) {
            Ok(set) => set,
            Err(error) => return Self::none(error.to_string()),
        };
        let expansion = set.expand(include);
        let permissions = || expansion.granted.iter().map(|entry| &entry.permission);
        Self {
            title: set.title(&["en"]).map(Into::into),
            detail: set.detail(&["en"]).map(Into::into),
            did: Some(lexicon.did.to_string()),
            cid: Some(lexicon.cid.to_string()),
            rev: Some(lexicon.rev.to_string()),
            scopes: permissions().map(Permission::to_string).collect(),
            sentences: permissions()
                .flat_map(sentences)
                .map(|sentence| Sentence::to_string(&sentence))
                .collect(),
            dropped: expansion.dropped,
            unresolved: None,
        }
    }

    pub(super) fn print(&self, printer: &mut Printer) -> Result<()> {
        if let Some(why) = &self.unresolved {
            return Ok(printer.line(format_args!("  cannot be resolved: {why}"))?);
        }
        for text in self.title.iter().chain(&self.detail) {
            printer.line(format_args!("  {text}"))?;
        }
        for sentence in &self.sentences {
            printer.line(format_args!("    - {sentence}"))?;
        }
        for Dropped { index, reason } in &self.dropped {
            printer.line(format_args!("    entry {index} gives nothing: {reason}"))?;
        }
        if let (Some(did), Some(rev)) = (&self.did, &self.rev) {
            printer.line(format_args!("  published by {did}, revision {rev}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lexicon(permissions: &serde_json::Value) -> Lexicon {
        let main = json!({"type": "permission-set", "title": "Music", "permissions": permissions});
        Lexicon {
            nsid: "com.example.music.auth".parse().unwrap(),
            did: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
            cid: "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a".parse().unwrap(),
            rev: "3jzfcijpj2z2a".parse().unwrap(),
            document: json!({"lexicon": 1, "id": "com.example.music.auth", "defs": {"main": main}}),
        }
    }

    fn include() -> Include {
        match "include:com.example.music.auth".parse() {
            Ok(Permission::Include(include)) => include,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_set_says_what_it_gives_and_what_of_it_gives_nothing() {
        let repo =
            json!({"type": "permission", "resource": "repo", "collection": ["com.example.music.like"]});
        let blob = json!({"type": "permission", "resource": "blob", "accept": ["image/*"]});
        let resolved = Resolved::of(&include(), &lexicon(&json!([repo, blob])));
        assert_eq!(resolved.title.as_deref(), Some("Music"));
        assert_eq!(resolved.scopes, ["repo:com.example.music.like"]);
        assert_eq!(resolved.sentences, ["Create, update and delete com.example.music.like records"]);
        assert_eq!(resolved.dropped.len(), 1);
        assert!(resolved.unresolved.is_none());
    }

    #[test]
    fn what_is_no_set_is_unresolved() {
        let mut lexicon = lexicon(&json!([]));
        lexicon.document["defs"]["main"]["type"] = json!("record");
        assert!(Resolved::of(&include(), &lexicon).unresolved.is_some());
    }
}
