//! An `include:` → the permissions of its set (PS-5 to PS-9, PS-21, PS-29).

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::namespace::{group, is_within};
use super::{DropReason, PermissionSet, entry};
use crate::scope::{
    AudienceOrAny, Include, InvalidScope, MAX_LENGTH, NsidOrAny, Permission, RESOURCES, Scopes, shorten,
};

/// What an `include:` grants, and what of its set grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The permissions, in the order of their entries. Together they fit one scope value (SC-1).
    pub granted: Vec<Entry>,
    /// The other entries, in their order.
    pub dropped: Vec<Dropped>,
}

/// An entry that grants something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which of the set's entries, from 0.
    pub index: usize,
    /// What it grants; prints as one scope, in normal form.
    pub permission: Permission,
}

/// An entry that grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Which of the set's entries, from 0.
    pub index: usize,
    /// Why.
    #[serde(serialize_with = "as_text")]
    pub reason: DropReason,
}

fn as_text<S: Serializer>(reason: &DropReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

impl Expansion {
    /// The scopes to put in place of the `include:`, in normal form, each once. Never an `include:` (PS-22).
    pub fn scopes(&self) -> Scopes {
        let all = self.granted.iter().map(|entry| entry.permission.to_string());
        all.fold(Scopes::empty(), |scopes, scope| scopes.union(&Scopes::join([scope.as_str()].into_iter())))
    }
}

impl PermissionSet {
    /// What this `include:` of the set grants. The one function for it: at the pushed request, on the consent page, at
    /// the exchange of a code and at every refresh (PS-20).
    pub fn expand(&self, include: &Include) -> Expansion {
        let mut expansion = Expansion::default();
        let mut room = MAX_LENGTH + 1;
        for (index, value) in self.entries.iter().enumerate() {
            match self.grant(value, include, &mut room) {
                Ok(permission) => expansion.granted.push(Entry { index, permission }),
                Err(reason) => expansion.dropped.push(Dropped { index, reason }),
            }
        }
        expansion
    }

    /// What one entry grants; `room` is how many bytes are left for its scope. (There are fewer entries than a scope
    /// value may have scopes.)
    fn grant(&self, value: &Value, include: &Include, room: &mut usize) -> Result<Permission, DropReason> {
        if self.nsid().authority_lowercased() != include.nsid.authority_lowercased() {
            let (set, asked) = (self.nsid().to_string(), include.nsid.to_string());
            return Err(DropReason::OtherSet { set, asked });
        }
        let fields = value.as_object().ok_or(DropReason::NotAnObject)?;
        check_resource(entry::resource(fields)?)?;
        check_wildcards(fields)?;
        let inherits = entry::inherits(fields)?;
        let permission = entry::permission(value, include.aud.as_ref()).map_err(|reason| match reason {
            DropReason::NoAudience if inherits => {
                DropReason::NoInheritedAudience { set: self.nsid().to_string() }
            }
            DropReason::Invalid(InvalidScope::Missing { parameter: "aud", .. }) => DropReason::NoAudience,
            other => other,
        })?;
        self.check_bounds(&permission, inherits)?;
        // Whatever a stranger wrote, what comes of it is one scope that means the same (PS-29).
        let text = permission.to_string();
        let again: Permission = text.parse()?;
        if again.to_string() != text {
            return Err(InvalidScope::Character.into());
        }
        *room = room.checked_sub(text.len() + 1).ok_or(DropReason::NoRoom)?;
        Ok(again)
    }

    fn check_bounds(&self, permission: &Permission, inherits: bool) -> Result<(), DropReason> {
        let names = match permission {
            Permission::Repo(repo) => &repo.collection,
            Permission::Rpc(rpc) => {
                if let AudienceOrAny::Service(audience) = &rpc.aud
                    && !inherits
                {
                    return Err(DropReason::FixedAudience { aud: shorten(audience.as_str()) });
                }
                &rpc.lxm
            }
            other => return Err(DropReason::UnsuitableResource { resource: other.resource() }),
        };
        match names.iter().map(NsidOrAny::as_str).find(|name| !is_within(self.nsid(), name)) {
            None => Ok(()),
            Some(outside) => Err(DropReason::OutsideNamespace {
                value: shorten(outside),
                group: group(self.nsid()).to_owned(),
            }),
        }
    }
}

/// Only `repo` and `rpc` can be in a set (PS-5).
fn check_resource(resource: &str) -> Result<(), DropReason> {
    if matches!(resource, "repo" | "rpc") {
        return Ok(());
    }
    Err(match RESOURCES.iter().find(|known| **known == resource) {
        Some(known) => DropReason::UnsuitableResource { resource: known },
        None => DropReason::UnknownResource { resource: shorten(resource) },
    })
}

fn check_wildcards(fields: &Map<String, Value>) -> Result<(), DropReason> {
    let holds_any = |name: &str| {
        let values = fields.get(name).and_then(Value::as_array).into_iter().flatten();
        values.into_iter().any(|value| value == "*")
    };
    match ["collection", "lxm"].into_iter().find(|name| holds_any(name)) {
        Some(parameter) => Err(DropReason::Wildcard { parameter }),
        None => Ok(()),
    }
}
