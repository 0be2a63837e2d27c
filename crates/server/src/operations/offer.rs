//! What a person is asked to approve: every scope of a request, down to the single things that can be unticked (AS-40).
//!
//! The page shows an [`Offer`] and the approval is made from the same [`Offer`], so that what is granted is what was
//! shown. A permission set that changes while the page is open is shown again.

use std::collections::HashSet;
use std::sync::Arc;

use gatewright_protocol::permission_set::{Difference, Dropped};
use gatewright_protocol::scope::{Include, Permission, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::approved_set::{self, ApprovedSet};
use gatewright_store::consent::Consent;
use gatewright_store::request::Request;

use super::ExpandScopesError;
use super::expand_scopes::{FoundSet, find_sets, fits, includes};
use super::permission_parts::{meant, parts, touches, widest, without};
use super::set_drift::given;
use crate::context::Context;
use crate::permission_sets::{KnownSet, Purpose};

/// What a person is asked to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Every scope that was asked for and means something, in the order of the request.
    pub scopes: Vec<OfferedScope>,
    /// When the account last approved something for this client; never for one on `localhost`.
    pub approved_before: Option<UnixTime>,
}

/// One scope that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedScope {
    /// The scope as it was asked for.
    pub scope: String,
    /// The set, where it is an `include:`.
    pub set: Option<OfferedSet>,
    /// The single things in it.
    pub parts: Vec<OfferedPart>,
}

/// A permission set that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSet {
    /// How it is included.
    pub include: Include,
    /// The set, in one version.
    pub known: Arc<KnownSet>,
    /// Entries of it that grant nothing.
    pub dropped: Vec<Dropped>,
}

/// A single thing that can be unticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedPart {
    /// What it allows.
    pub permission: Permission,
    /// What the account decided about it before.
    pub before: DecidedBefore,
}

/// What the account decided about a thing when it last approved the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBefore {
    /// It was allowed.
    Approved,
    /// It was declined.
    Declined,
    /// Nothing: it was not asked for, or there was no approval.
    Nothing,
}

impl OfferedScope {
    /// Whether it can be taken out of what is approved: anything but the mark of every grant (AS-41).
    pub fn is_optional(&self) -> bool {
        self.scope != "atproto"
    }

    /// The value of the box of one of its parts. The whole scope is its own value, which no part has, but for a plain
    /// scope that is about one thing.
    pub fn part_value(&self, part: &OfferedPart) -> String {
        match (&self.set, self.parts.as_slice()) {
            (None, [_]) => self.scope.clone(),
            _ => format!("{} {}", self.scope, part.permission),
        }
    }

    /// What the form says about the version of the set that was shown.
    pub fn version_value(&self) -> Option<String> {
        self.set.as_ref().map(|set| format!("{} {}", self.scope, set.known.cid))
    }
}

/// What the form of a person holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// The values of the boxes that were left ticked.
    pub boxes: HashSet<String>,
    /// What it says about the versions of the sets that were shown.
    pub versions: HashSet<String>,
}

/// What a person decided about an [`Offer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// What was approved, as it was asked for; a plain scope that was narrowed, in what is left of it.
    pub(super) approved: Scopes,
    /// What was not.
    pub(super) declined: Scopes,
    /// What was approved of the sets.
    pub(super) sets: Vec<ApprovedSet>,
}

/// Why no offer can be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum OfferError {
    /// A permission set does not resolve.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] gatewright_store::StoreError),
}

/// What an account is asked to approve.
pub(super) async fn offer(ctx: &Context, request: &Request, account: &Did) -> Result<Offer, OfferError> {
    let asked = &request.parameters.scope;
    let found = find_sets(ctx, &includes(asked), Purpose::NewSession).await?;
    let consent = ctx.store.find_consent(account, &request.client).await?;
    Ok(Offer::of(asked, &found, consent.as_ref())?)
}

impl Offer {
    /// What is offered where this is asked for, these sets were found, and this was approved before.
    ///
    /// # Errors
    /// One of the sets was not found.
    pub(crate) fn of(
        asked: &Scopes,
        found: &[FoundSet],
        consent: Option<&Consent>,
    ) -> Result<Self, ExpandScopesError> {
        let memory = Memory::of(consent);
        let (mut scopes, mut seen) = (Vec::new(), HashSet::new());
        for (scope, meaning) in asked.permissions() {
            let Ok(permission) = meaning else { continue };
            // One scope in two spellings is one.
            if !seen.insert(permission.to_string()) {
                continue;
            }
            scopes.push(match &permission {
                Permission::Include(include) => {
                    let normal = permission.to_string();
                    let known = found.iter().find(|set| set.scope == normal).map(|set| &set.known);
                    let known = match known {
                        Some(Ok(known)) => Arc::clone(known),
                        Some(Err(why)) => return Err(unresolved(include, why)),
                        None => return Err(unresolved(include, "it was not looked up")),
                    };
                    let expansion = known.set.expand(include);
                    let parts = parts(expansion.granted.iter().map(|entry| &entry.permission));
                    let parts = parts.into_iter().map(|part| memory.part(part, Some(&normal))).collect();
                    let set = OfferedSet { include: include.clone(), known, dropped: expansion.dropped };
                    OfferedScope { scope: scope.to_owned(), set: Some(set), parts }
                }
                plain => {
                    let parts = parts([plain]).into_iter().map(|part| memory.part(part, None)).collect();
                    OfferedScope { scope: scope.to_owned(), set: None, parts }
                }
            });
        }
        Ok(Self { scopes, approved_before: consent.map(|consent| consent.decided_at) })
    }
}

fn unresolved(include: &Include, why: &str) -> ExpandScopesError {
    ExpandScopesError::Unresolved { nsid: include.nsid.to_string(), why: why.to_owned() }
}

/// What is remembered of earlier decisions.
struct Memory<'a> {
    consent: Option<&'a Consent>,
    /// Everything that was approved, in sets and by itself.
    approved: Scopes,
    declined: Vec<Permission>,
}

impl<'a> Memory<'a> {
    fn of(consent: Option<&'a Consent>) -> Self {
        let Some(known) = consent else {
            return Self { consent, approved: Scopes::empty(), declined: Vec::new() };
        };
        let approved = known.sets.iter().fold(known.approved.clone(), |all, set| all.union(&set.granted));
        Self { consent, approved, declined: meant(&known.declined) }
    }

    fn part(&self, permission: Permission, include: Option<&str>) -> OfferedPart {
        let before = match self.consent {
            Some(consent) if self.is_declined(consent, &permission, include) => DecidedBefore::Declined,
            Some(_) if self.is_approved(&permission) => DecidedBefore::Approved,
            _ => DecidedBefore::Nothing,
        };
        OfferedPart { permission, before }
    }

    fn is_approved(&self, permission: &Permission) -> bool {
        let text = permission.to_string();
        if self.approved.contains(&text) {
            return true;
        }
        // Only what is about the same name can cover it, or a wildcard.
        let near = self.approved.filter(|scope| {
            scope
                .parse()
                .is_ok_and(|approved: Permission| touches(permission, &[approved]) || covers_all(scope))
        });
        let this = Scopes::from_tokens([text]).unwrap_or_default();
        !this.is_empty() && Difference::between(&near, &this).added.is_empty()
    }

    fn is_declined(&self, consent: &Consent, permission: &Permission, include: Option<&str>) -> bool {
        let in_set = include.and_then(|include| approved_set::find(&consent.sets, include));
        let in_set = in_set.map(|set| meant(&set.declined)).unwrap_or_default();
        without(permission, &self.declined).is_none() || without(permission, &in_set).is_none()
    }
}

/// Whether a scope can cover what it does not name.
fn covers_all(scope: &str) -> bool {
    scope.contains('*') || scope.starts_with("transition:") || scope.contains("action=manage")
}

impl Offer {
    /// Whether the form was made from these versions of the sets.
    pub(super) fn is_as_shown(&self, ticked: &Ticked) -> bool {
        let mut versions = self.scopes.iter().filter_map(OfferedScope::version_value);
        versions.all(|version| ticked.versions.contains(&version))
    }

    /// What the boxes come to that were left ticked. Boxes that nothing was offered for count for nothing.
    pub(super) fn choose(&self, ticked: &Ticked) -> Chosen {
        let (mut approved, mut declined, mut sets) = (Vec::new(), Vec::new(), Vec::new());
        for offered in &self.scopes {
            let Some(set) = &offered.set else {
                let (left, gone) = choose_plain(offered, ticked);
                approved.extend(left);
                declined.extend(gone);
                continue;
            };
            match choose_set(offered, set, ticked) {
                Some(chosen) => {
                    approved.push(offered.scope.clone());
                    sets.push(chosen);
                }
                None => declined.push(offered.scope.clone()),
            }
        }
        let list = |tokens: &[String]| Scopes::from_tokens(tokens).unwrap_or_default();
        Chosen { approved: list(&approved), declined: list(&declined), sets }
    }
}

/// What is left of a plain scope, and what is not.
fn choose_plain(offered: &OfferedScope, ticked: &Ticked) -> (Option<String>, Option<String>) {
    let is_ticked = |part: &OfferedPart| ticked.boxes.contains(&offered.part_value(part));
    let gone: Vec<Permission> = offered
        .parts
        .iter()
        .filter(|part| offered.is_optional() && !is_ticked(part))
        .map(|part| part.permission.clone())
        .collect();
    if gone.is_empty() {
        return (Some(offered.scope.clone()), None);
    }
    let left: Vec<Permission> = meant(&offered.scope.parse().unwrap_or_default());
    let left = left.iter().find_map(|permission| without(permission, &gone));
    match left {
        None => (None, Some(offered.scope.clone())),
        // Of one scope, so the widest form of them is one scope too.
        Some(left) => (Some(left.to_string()), widest(&gone).first().map(Permission::to_string)),
    }
}

/// What is approved of a set; nothing if the set as a whole was unticked, or everything in it.
fn choose_set(offered: &OfferedScope, set: &OfferedSet, ticked: &Ticked) -> Option<ApprovedSet> {
    if !ticked.boxes.contains(&offered.scope) {
        return None;
    }
    let gone: Vec<Permission> = offered
        .parts
        .iter()
        .filter(|part| !ticked.boxes.contains(&offered.part_value(part)))
        .map(|part| part.permission.clone())
        .collect();
    if !offered.parts.is_empty() && gone.len() == offered.parts.len() {
        return None;
    }
    let declined = Scopes::from_tokens(widest(&gone).iter().map(Permission::to_string)).ok()?;
    let granted = given(&set.known, &set.include, &declined);
    let include = Permission::Include(set.include.clone()).to_string();
    let version = set.known.cid.clone();
    fits(&granted).then_some(ApprovedSet { include, version, granted, declined, held: Scopes::empty() })
}
