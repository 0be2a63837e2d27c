//! `rpc`: calling a remote service in the account's name, by proxy or service token (SC-14, SC-15).

use std::fmt;

use super::describe::{Sentence, Warning};
use super::parse::{Syntax, Writer};
use super::permission::Resource;
use super::values::{AUDIENCE_EXPECTED, AudienceOrAny, NsidOrAny};
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// An `rpc` scope. Methods are in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Which methods; at least one.
    pub lxm: Vec<NsidOrAny>,
    /// Of which service.
    pub aud: AudienceOrAny,
}

impl Resource for Rpc {
    const NAME: &'static str = "rpc";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        syntax.expect_only("lxm", &["lxm", "aud"])?;
        let lxm = syntax
            .values("lxm", true)
            .map(|text| {
                NsidOrAny::parse(text).ok_or_else(|| InvalidScope::value(text, expected_method(text)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if lxm.is_empty() {
            let hint = "write `rpc:app.example.getNote?aud=did:web:api.example.com%23service`";
            return Err(InvalidScope::Missing { parameter: "lxm", hint });
        }
        let aud = syntax.single("aud", false)?.ok_or(InvalidScope::Missing {
            parameter: "aud",
            hint: "name the service, such as `aud=did:web:api.example.com%23service`, or `aud=*` for any",
        })?;
        let aud = AudienceOrAny::parse(aud).ok_or_else(|| InvalidScope::value(aud, AUDIENCE_EXPECTED))?;
        if aud == AudienceOrAny::Any && lxm.contains(&NsidOrAny::Any) {
            return Err(InvalidScope::BothWildcards);
        }
        Ok(Self { lxm, aud })
    }

    fn normal_form(&self) -> String {
        let methods = NsidOrAny::normalized(&self.lxm);
        Writer::new(Self::NAME, "lxm", methods.into_iter()).param("aud", self.aud.as_str()).into_text()
    }

    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        let Need::Rpc(need) = need else { return Err(WhyNot::resource(Self::NAME, need)) };
        if !self.lxm.iter().any(|lxm| lxm.covers(need.lxm)) {
            return Err(WhyNot::Name { what: "method", granted: &self.lxm, needed: need.lxm });
        }
        match &self.aud {
            AudienceOrAny::Any => Ok(()),
            AudienceOrAny::Service(audience) if audience.as_str() == need.aud => Ok(()),
            AudienceOrAny::Service(audience) => {
                Err(WhyNot::Audience { granted: audience.as_str(), needed: need.aud })
            }
        }
    }

    fn needs(&self) -> Vec<Need<'_>> {
        let aud = self.aud.as_str();
        NsidOrAny::normalized(&self.lxm).into_iter().map(|lxm| Need::Rpc(RpcNeed { lxm, aud })).collect()
    }

    fn sentences(&self) -> Vec<Sentence> {
        let service = match &self.aud {
            AudienceOrAny::Any => None,
            AudienceOrAny::Service(audience) => Some(audience.as_str()),
        };
        NsidOrAny::normalized(&self.lxm)
            .into_iter()
            .map(|lxm| match (lxm, service) {
                ("*", Some(service)) => {
                    Sentence::new("rpc-any-method").with("service", service).warn(Warning::Serious)
                }
                (lxm, Some(service)) => Sentence::new("rpc").with("method", lxm).with("service", service),
                (lxm, None) => Sentence::new("rpc-any-service").with("method", lxm).warn(Warning::Serious),
            })
            .collect()
    }
}

fn expected_method(text: &str) -> &'static str {
    if text.contains('*') {
        "the NSID of a method (such as `app.example.getNote`) or `*` alone: there are no partial wildcards"
    } else {
        "the NSID of a method (such as `app.example.getNote`) or `*`"
    }
}

/// One call of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcNeed<'a> {
    /// The method, or `*` for a service token that names none.
    pub lxm: &'a str,
    /// The service as the request names it: `did#serviceId`, or the bare DID of an old caller.
    pub aud: &'a str,
}

impl fmt::Display for RpcNeed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Writer::new(Rpc::NAME, "lxm", [self.lxm].into_iter()).param("aud", self.aud).into_text())
    }
}
