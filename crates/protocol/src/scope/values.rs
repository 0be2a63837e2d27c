//! The values that several resources share: NSIDs or `*`, and audiences.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::syntax::{Did, Nsid};

/// An NSID, or `*` for all of them. There are no partial wildcards (SC-12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NsidOrAny {
    /// `*`
    Any,
    /// This one.
    Nsid(Nsid),
}

impl NsidOrAny {
    /// Reads a `collection` or `lxm` value.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" { Some(Self::Any) } else { text.parse().ok().map(Self::Nsid) }
    }

    /// As it is written in a scope.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Nsid(nsid) => nsid.as_str(),
        }
    }

    /// Whether it stands for the NSID `needed`. The authority part is a domain name, so its case is nothing (SC-24).
    pub fn covers(&self, needed: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Nsid(nsid) => same_nsid(nsid.as_str(), needed),
        }
    }

    /// The values in normal form: `*` stands for all, otherwise sorted and each once.
    pub(super) fn normalized(values: &[Self]) -> Vec<&str> {
        if values.contains(&Self::Any) {
            return vec!["*"];
        }
        let mut values: Vec<&str> = values.iter().map(Self::as_str).collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

/// Whether two texts are one NSID: authorities without regard to case, names exactly.
pub(super) fn same_nsid(one: &str, other: &str) -> bool {
    match (one.rsplit_once('.'), other.rsplit_once('.')) {
        (Some((authority, name)), Some((other_authority, other_name))) => {
            name == other_name && authority.eq_ignore_ascii_case(other_authority)
        }
        _ => one == other,
    }
}

/// A service of a DID as a scope names it: `did#serviceId`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience(String);

impl Audience {
    /// Reads an audience: a `did:plc` or `did:web` with a fragment that is not empty. A bare DID is none (SC-14).
    pub fn parse(text: &str) -> Option<Self> {
        let (did, service) = text.split_once('#')?;
        let service_is_sound =
            !service.is_empty() && service.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        (service_is_sound && is_audience_did(did)).then(|| Self(text.to_owned()))
    }

    /// `did#serviceId`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose service it is.
    pub fn did(&self) -> Did {
        self.parts().0.parse().expect("an audience is read with a DID before its service")
    }

    /// The name of the service in the DID document, without `#`.
    pub fn service(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('#').unwrap_or_default()
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `did:plc`, or `did:web` with a host alone; only `localhost` may have a port. Form only: nothing is fetched here.
fn is_audience_did(text: &str) -> bool {
    let Ok(did) = text.parse::<Did>() else { return false };
    if did.is_atproto() {
        return true;
    }
    let Some(id) = text.strip_prefix("did:web:") else { return false };
    let Ok(host) = percent_decode_str(id).decode_utf8() else { return false };
    let host_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !id.contains(':') && !host.is_empty() && host.bytes().all(host_byte)
}

/// An audience, or `*` for every service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudienceOrAny {
    /// `*`
    Any,
    /// This service.
    Service(Audience),
}

impl AudienceOrAny {
    /// Reads the `aud` of an `rpc` scope.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" { Some(Self::Any) } else { Audience::parse(text).map(Self::Service) }
    }

    /// As it is compared: not percent-encoded.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Service(audience) => audience.as_str(),
        }
    }
}

pub(super) const AUDIENCE_EXPECTED: &str =
    "an audience: a did:plc or did:web with a service, such as `did:web:api.example.com%23service`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authority_case_is_nothing_and_name_case_is_something() {
        let nsid = NsidOrAny::parse("com.example.getNote").unwrap();
        assert!(nsid.covers("COM.Example.getNote"));
        assert!(!nsid.covers("com.example.getnote"));
        assert!(!nsid.covers("com.example.getNote.x"));
    }

    #[test]
    fn an_audience_has_a_service() {
        for text in ["did:web:a.com#s", "did:web:localhost%3A2583#s", "did:plc:l3rouwludahu3ui3bt66mfvj#s"] {
            assert!(Audience::parse(text).is_some(), "{text}");
        }
        for text in [
            "did:web:a.com",
            "did:web:a.com#",
            "did:web:a.com%3A80#s",
            "did:web:a.com:x#s",
            "did:key:z6#s",
            "*",
        ] {
            assert!(Audience::parse(text).is_none(), "{text}");
        }
    }
}
