//! What the new set is to hold, and its document.

use std::collections::BTreeMap;

use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::Nsid;
use serde::Serialize;

use super::{Args, Service};

/// What is known of the set so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) nsid: Option<Nsid>,
    pub(super) title: Option<String>,
    pub(super) title_translations: BTreeMap<String, String>,
    pub(super) detail: Option<String>,
    pub(super) detail_translations: BTreeMap<String, String>,
    pub(super) collections: Vec<Nsid>,
    pub(super) actions: Vec<RepoAction>,
    pub(super) methods: Vec<Nsid>,
    pub(super) service: Option<Service>,
}

impl From<Args> for Draft {
    fn from(args: Args) -> Self {
        Self {
            nsid: args.nsid,
            title: args.title,
            title_translations: args.title_translations.into_iter().collect(),
            detail: args.detail,
            detail_translations: args.detail_translations.into_iter().collect(),
            collections: args.collections,
            actions: args.actions,
            methods: args.methods,
            service: args.aud,
        }
    }
}

impl Draft {
    /// The options that would say what is not known yet.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let needed = [
            ("--nsid", self.nsid.is_some()),
            ("--title", self.title.is_some()),
            ("--detail", self.detail.is_some()),
            ("--collection or --lxm", !(self.collections.is_empty() && self.methods.is_empty())),
            ("--aud", self.methods.is_empty() || self.service.is_some()),
        ];
        needed.into_iter().filter(|(_, known)| !known).map(|(option, _)| option).collect()
    }

    /// The lexicon document.
    pub(super) fn document(&self) -> Document<'_> {
        Document {
            lexicon: 1,
            id: self.nsid.as_ref().map(Nsid::as_str).unwrap_or_default(),
            defs: Definitions {
                main: Main {
                    kind: "permission-set",
                    title: self.title.as_deref().unwrap_or_default(),
                    title_translations: &self.title_translations,
                    detail: self.detail.as_deref().unwrap_or_default(),
                    detail_translations: &self.detail_translations,
                    permissions: self.permissions(),
                },
            },
        }
    }

    fn permissions(&self) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        if !self.collections.is_empty() {
            entries.push(Entry {
                collection: &self.collections,
                action: self.actions.iter().map(|action| action.as_str()).collect(),
                ..Entry::about("repo")
            });
        }
        if !self.methods.is_empty() {
            entries.push(Entry {
                lxm: &self.methods,
                aud: (self.service == Some(Service::Any)).then_some("*"),
                inherit_aud: (self.service == Some(Service::Inherit)).then_some(true),
                ..Entry::about("rpc")
            });
        }
        entries
    }
}

/// A lexicon document, in the order in which people read it.
#[derive(Debug, Serialize)]
pub(super) struct Document<'d> {
    lexicon: u8,
    id: &'d str,
    defs: Definitions<'d>,
}

impl Document<'_> {
    /// The NSID of the set.
    pub(super) const fn id(&self) -> &str {
        self.id
    }
}

#[derive(Debug, Serialize)]
struct Definitions<'d> {
    main: Main<'d>,
}

#[derive(Debug, Serialize)]
struct Main<'d> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'d str,
    #[serde(rename = "title:lang", skip_serializing_if = "BTreeMap::is_empty")]
    title_translations: &'d BTreeMap<String, String>,
    detail: &'d str,
    #[serde(rename = "detail:lang", skip_serializing_if = "BTreeMap::is_empty")]
    detail_translations: &'d BTreeMap<String, String>,
    permissions: Vec<Entry<'d>>,
}

#[derive(Debug, Serialize)]
struct Entry<'d> {
    #[serde(rename = "type")]
    kind: &'static str,
    resource: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    collection: &'d [Nsid],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    action: Vec<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    lxm: &'d [Nsid],
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'static str>,
    #[serde(rename = "inheritAud", skip_serializing_if = "Option::is_none")]
    inherit_aud: Option<bool>,
}

impl Entry<'_> {
    const fn about(resource: &'static str) -> Self {
        Self {
            kind: "permission",
            resource,
            collection: &[],
            action: Vec::new(),
            lxm: &[],
            aud: None,
            inherit_aud: None,
        }
    }
}
