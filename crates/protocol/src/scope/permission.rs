//! One scope, parsed; and the table of the resources there are.

use std::fmt;
use std::str::FromStr;

use super::parse::Syntax;
use super::set::{MAX_LENGTH, is_token_byte};
use super::why_not::WhyNot;
use super::{InvalidScope, Sentence, account, blob, fixed, identity, include, repo, rpc, transition};

/// What a resource of the scope language knows about itself. A new one implements this in its own file and gets
/// its row in the table below.
pub(super) trait Resource: Sized {
    /// The word before the first `:` or `?`.
    const NAME: &'static str;
    /// Gives the syntax a meaning.
    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope>;
    /// The normal form (SC-9), as one token.
    fn normal_form(&self) -> String;
    /// Whether it grants `need`, itself and alone; the reason if not.
    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>>;
    /// The single things it asks for when it is read as what a request needs; none where no request needs it.
    fn needs(&self) -> Vec<Need<'_>> {
        Vec::new()
    }
    /// What it opens, in plain words.
    fn sentences(&self) -> Vec<Sentence>;
}

macro_rules! resources {
    ($($(#[$doc:meta])* $resource:ident = $module:ident $(needs $need:ty)?,)*) => {
        /// What one scope means.
        ///
        /// Reads any spelling and prints the normal form (SC-9), which reads as the same permission again.
        ///
        /// ```
        /// use gatewright_protocol::scope::Permission;
        /// let permission: Permission = "repo?collection=app.example.note&action=delete&action=create".parse()?;
        /// assert_eq!(permission.to_string(), "repo:app.example.note?action=create&action=delete");
        /// # Ok::<(), gatewright_protocol::scope::InvalidScope>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Permission {
            $($(#[$doc])* $resource($module::$resource),)*
        }

        /// One single thing that a request needs a grant for. Prints as the scope to name when it is missing.
        ///
        /// Holds what the request said as it said it, so that an odd value is refused and never a panic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Need<'a> {
            $($(#[doc = concat!("What a `", stringify!($module), "` scope grants.")] $resource($need),)?)*
        }

        impl<'a> Need<'a> {
            /// The word that the scopes which could grant it begin with.
            pub const fn resource(&self) -> &'static str {
                match self { $($(Self::$resource(_) => {
                    let _: Option<$need> = None;
                    <$module::$resource as Resource>::NAME
                })?)* }
            }
        }

        impl<'a> fmt::Display for Need<'a> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $($(Self::$resource(need) => {
                    let need: &$need = need;
                    fmt::Display::fmt(need, f)
                })?)* }
            }
        }

        /// The resources there are, as the word that their scopes begin with.
        pub const RESOURCES: &[&str] = &[$(<$module::$resource as Resource>::NAME,)*];

        impl Permission {
            /// The word before the first `:` or `?`.
            pub const fn resource(&self) -> &'static str {
                match self { $(Self::$resource(_) => <$module::$resource as Resource>::NAME,)* }
            }

            /// The single things it asks for when it is read as what a request needs: each pair of collection
            /// and action, for instance. Empty where it is nothing that a request needs (`atproto`, `include:`,
            /// `transition:`).
            pub fn needs(&self) -> Vec<Need<'_>> {
                match self { $(Self::$resource(inner) => Resource::needs(inner),)* }
            }

            pub(super) fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
                match self { $(Self::$resource(inner) => Resource::grants(inner, need),)* }
            }

            pub(super) fn sentences(&self) -> Vec<Sentence> {
                match self { $(Self::$resource(inner) => Resource::sentences(inner),)* }
            }

            pub(crate) fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
                match syntax.resource {
                    $(<$module::$resource as Resource>::NAME => {
                        <$module::$resource as Resource>::read(syntax).map(Self::$resource)
                    })*
                    _ => Err(InvalidScope::unknown_scope(syntax.text)),
                }
            }

            fn normal_form(&self) -> String {
                match self { $(Self::$resource(inner) => Resource::normal_form(inner),)* }
            }
        }
    };
}

resources! {
    /// An attribute of the account (SC-17).
    Account = account needs account::AccountNeed,
    /// The mark that every grant carries: who signed in (SC-20).
    Atproto = fixed,
    /// Upload of files by media type (SC-16).
    Blob = blob needs blob::BlobNeed<'a>,
    /// The account's handle, or its whole identity (SC-18).
    Identity = identity needs identity::IdentityNeed,
    /// A published permission set; grants nothing until it is expanded (SC-19, PS-22).
    Include = include,
    /// Writing records (SC-12).
    Repo = repo needs repo::RepoNeed<'a>,
    /// Calling other services in the account's name (SC-14).
    Rpc = rpc needs rpc::RpcNeed<'a>,
    /// What applications held before there were permissions (SC-21 to SC-23).
    Transition = transition,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.normal_form())
    }
}

impl FromStr for Permission {
    type Err = InvalidScope;

    /// # Errors
    /// The text means nothing as a scope; the error says why in words for its author.
    fn from_str(scope: &str) -> Result<Self, InvalidScope> {
        if scope.len() > MAX_LENGTH {
            return Err(InvalidScope::TooLong);
        }
        if !scope.bytes().all(is_token_byte) {
            return Err(InvalidScope::Character);
        }
        Self::read(&Syntax::parse(scope)?)
    }
}
