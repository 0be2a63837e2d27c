//! `identity`: the account's handle, or its whole identity (SC-18).

use std::fmt;

use super::describe::{Sentence, Warning};
use super::parse::{Syntax, Writer};
use super::permission::Resource;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// Which part of the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityAttr {
    /// The handle alone.
    Handle,
    /// Everything: also the keys and the host in the DID document.
    Any,
}

impl IdentityAttr {
    /// As a scope writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handle => "handle",
            Self::Any => "*",
        }
    }

    /// Reads what a scope writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Handle, Self::Any].into_iter().find(|attr| attr.as_str() == text)
    }
}

/// An `identity` scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which part.
    pub attr: IdentityAttr,
}

impl Resource for Identity {
    const NAME: &'static str = "identity";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        syntax.expect_only("attr", &["attr"])?;
        let attr = syntax.single("attr", true)?.ok_or(InvalidScope::Missing {
            parameter: "attr",
            hint: "write `identity:handle` or `identity:*`",
        })?;
        let expected = "a part of the identity (`handle`, or `*` for all of it)";
        let attr = IdentityAttr::parse(attr).ok_or_else(|| InvalidScope::value(attr, expected))?;
        Ok(Self { attr })
    }

    fn normal_form(&self) -> String {
        Writer::new(Self::NAME, "attr", [self.attr.as_str()].into_iter()).into_text()
    }

    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        let Need::Identity(need) = need else { return Err(WhyNot::resource(Self::NAME, need)) };
        if self.attr == IdentityAttr::Any || self.attr == need.attr {
            Ok(())
        } else {
            Err(WhyNot::Attribute { granted: self.attr.as_str(), needed: need.attr.as_str() })
        }
    }

    fn needs(&self) -> Vec<Need<'_>> {
        vec![Need::Identity(IdentityNeed { attr: self.attr })]
    }

    fn sentences(&self) -> Vec<Sentence> {
        vec![match self.attr {
            IdentityAttr::Handle => Sentence::new("identity-handle"),
            IdentityAttr::Any => Sentence::new("identity-any").warn(Warning::Serious),
        }]
    }
}

/// One change of one part of the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityNeed {
    /// Which part.
    pub attr: IdentityAttr,
}

impl fmt::Display for IdentityNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Identity { attr: self.attr }.normal_form())
    }
}
