//! Why an entry of a set grants nothing, in words for the author of the set.

use crate::scope::InvalidScope;

/// An entry of a permission set is dropped, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DropReason {
    /// `aud` and `inheritAud: true` in one entry (PS-7).
    #[error("`aud` and `inheritAud` exclude each other: leave one of them out")]
    AudienceTwice,
    /// The set chose a service (PS-7).
    #[error(
        "`aud` is `{aud}`, but a set may not choose the service: write `\"aud\": \"*\"` for every one, or \
         `\"inheritAud\": true` for the one that the application names"
    )]
    FixedAudience {
        /// The service, shortened.
        aud: String,
    },
    /// A value is not of its type, or is missing.
    #[error(transparent)]
    Invalid(#[from] InvalidScope),
    /// An `rpc` entry says nothing about the service (PS-7).
    #[error("it names no service: write `\"aud\": \"*\"` or `\"inheritAud\": true`")]
    NoAudience,
    /// The entry takes the service of the `include:`, which names none (PS-7).
    #[error(
        "it inherits the service, and the `include:` names none: `include:{set}?aud=did:web:api.example.com%23service`"
    )]
    NoInheritedAudience {
        /// The set.
        set: String,
    },
    /// The scopes before it take up all the room of one scope value (SC-1).
    #[error(
        "there is no room for it: together with the entries before it, it passes the limits of one scope value"
    )]
    NoRoom,
    /// It is no JSON object.
    #[error("it is not an object")]
    NotAnObject,
    /// The `include:` asks for another set than this (PS-14).
    #[error("it belongs to the set `{set}`, and `{asked}` was asked for")]
    OtherSet {
        /// The set that there is.
        set: String,
        /// The set that was asked for.
        asked: String,
    },
    /// A value lies outside the namespace of the set: the whole entry goes (PS-9).
    #[error(
        "`{value}` is outside `{group}*`: a set reaches its own group and what is below it, nothing else"
    )]
    OutsideNamespace {
        /// The value, shortened.
        value: String,
        /// The group of the set, with its last dot.
        group: String,
    },
    /// A parameter has another JSON type than it must have (PS-4, PS-8).
    #[error("`{parameter}` is not {expected}")]
    Shape {
        /// Which.
        parameter: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A field that is not known here: it might narrow what the entry grants (PS-8).
    #[error("`{resource}` has no field `{field}`: an entry that is not understood as a whole grants nothing")]
    UnknownField {
        /// Of which resource.
        resource: String,
        /// The field, shortened.
        field: String,
    },
    /// There is no such resource.
    #[error("there is no resource `{resource}`")]
    UnknownResource {
        /// What was written, shortened.
        resource: String,
    },
    /// A resource that no set can hold (PS-5).
    #[error("`{resource}` cannot be in a permission set: applications ask for it beside the `include:`")]
    UnsuitableResource {
        /// Which.
        resource: &'static str,
    },
    /// `*` in place of names (PS-6, PS-7).
    #[error("`{parameter}` holds `*`: a set names what it grants one by one")]
    Wildcard {
        /// Of which parameter.
        parameter: &'static str,
    },
}
