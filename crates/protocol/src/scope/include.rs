//! `include`: everything in a published permission set (SC-19). Its expansion is not done here; as it stands it
//! grants nothing (PS-22).

use super::describe::Sentence;
use super::parse::{Syntax, Writer};
use super::permission::Resource;
use super::values::Audience;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};
use crate::syntax::Nsid;

/// An `include` scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// The permission set.
    pub nsid: Nsid,
    /// The service that its entries with `inheritAud` are about; never all of them.
    pub aud: Option<Audience>,
}

impl Resource for Include {
    const NAME: &'static str = "include";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        syntax.expect_only("nsid", &["nsid", "aud"])?;
        let nsid = syntax.single("nsid", true)?.ok_or(InvalidScope::Missing {
            parameter: "nsid",
            hint: "name the permission set, such as `include:app.example.authBasic`",
        })?;
        let expected = "the NSID of a permission set (such as `app.example.authBasic`)";
        let nsid = nsid.parse().map_err(|_| InvalidScope::value(nsid, expected))?;
        let expected =
            "the service to include it for, such as `did:web:api.example.com%23service`; never `*`";
        let aud = syntax
            .single("aud", false)?
            .map(|aud| Audience::parse(aud).ok_or_else(|| InvalidScope::value(aud, expected)))
            .transpose()?;
        Ok(Self { nsid, aud })
    }

    fn normal_form(&self) -> String {
        let writer = Writer::new(Self::NAME, "nsid", [self.nsid.as_str()].into_iter());
        self.aud.iter().fold(writer, |writer, aud| writer.param("aud", aud.as_str())).into_text()
    }

    fn grants<'a>(&'a self, _: &Need<'a>) -> Result<(), WhyNot<'a>> {
        Err(WhyNot::Because("a permission set grants nothing until the server expands it"))
    }

    fn sentences(&self) -> Vec<Sentence> {
        vec![match &self.aud {
            None => Sentence::new("include").with("set", self.nsid.as_str()),
            Some(aud) => {
                Sentence::new("include-service").with("set", self.nsid.as_str()).with("service", aud.as_str())
            }
        }]
    }
}
