//! What a URL may look like before anything is looked up (ID-24).

use std::net::IpAddr;

use gatewright_protocol::syntax::Development;
use url::{Host, Url};

use crate::address::is_public;
use crate::error::FetchError;

/// What is let through beyond the strictest reading. In development, `http://localhost:*` and `http://127.0.0.1:*`
/// are let through whatever stands here; nothing else changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UrlRules {
    /// A host that is written as an address, if that address is public.
    pub literals: bool,
    /// A port other than 443.
    pub ports: bool,
    /// The host is one of our own configuration: more requests may be under way to it.
    pub own: bool,
}

impl UrlRules {
    /// For everything that a stranger chose.
    pub const STRICT: Self = Self { literals: false, ports: false, own: false };
    /// For what an operator wrote into the configuration. It is still `https` to public addresses.
    pub const CONFIGURED: Self = Self { literals: true, ports: true, own: true };
}

impl UrlRules {
    /// Whether a URL may be asked at all, before anything is looked up: what can be said of a configuration without the
    /// network.
    ///
    /// # Errors
    /// It is not one that is asked.
    pub fn admits(self, url: &Url, development: Development) -> Result<(), FetchError> {
        check(url, self, development).map(drop)
    }
}

/// Domains that lead nowhere on the internet (ID-4, ID-24).
const RESERVED: [&str; 9] =
    ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"];

/// Checks `url` and returns its host, as the key for counting.
pub(crate) fn check(url: &Url, rules: UrlRules, development: Development) -> Result<String, FetchError> {
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(FetchError::Url("it has a userinfo or fragment"));
    }
    let host = url.host().ok_or(FetchError::Url("it has no host"))?;
    if development.is_allowed() && is_this_machine(url) {
        return Ok(url.authority().to_owned());
    }
    if url.scheme() != "https" {
        return Err(FetchError::Url("it is not https"));
    }
    if url.port().is_some() && !rules.ports {
        return Err(FetchError::Url("it names a port"));
    }
    match host {
        Host::Domain(name) => check_name(name)?,
        Host::Ipv4(address) => check_literal(address.into(), rules)?,
        Host::Ipv6(address) => check_literal(address.into(), rules)?,
    }
    Ok(host.to_string())
}

/// `http://localhost:*` and `http://127.0.0.1:*`, as a developer's own network uses them (CM-37).
pub(crate) fn is_this_machine(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
}

fn check_name(name: &str) -> Result<(), FetchError> {
    let Some((_, top)) = name.rsplit_once('.') else {
        return Err(FetchError::Url("its host has a single label"));
    };
    if top.is_empty() {
        return Err(FetchError::Url("its host ends in a dot"));
    }
    if RESERVED.contains(&top) {
        return Err(FetchError::Url("its host is under a reserved domain"));
    }
    Ok(())
}

fn check_literal(address: IpAddr, rules: UrlRules) -> Result<(), FetchError> {
    if !rules.literals {
        return Err(FetchError::Url("its host is an address"));
    }
    if is_public(address) { Ok(()) } else { Err(FetchError::NotPublic) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str, rules: UrlRules, development: Development) -> bool {
        check(&Url::parse(url).unwrap(), rules, development).is_ok()
    }

    #[test]
    fn sec_51_urls_that_are_refused_before_any_lookup() {
        for url in [
            "http://app.client.net/a",
            "ftp://app.client.net/a",
            "https://app.client.net:8443/a",
            "https://name@app.client.net/a",
            "https://app.client.net/a#b",
            "https://10.0.0.1/a",
            "https://8.8.8.8/a",
            "https://[::1]/a",
            "https://2130706433/a",
            "https://0x7f.1/a",
            "https://127.1/a",
            "https://localhost/a",
            "https://localhost./a",
            "https://app.client.net./a",
            "https://intranet/a",
            "https://a.test/a",
            "https://a.local/a",
            "https://a.LOCALHOST/a",
            "https://a.invalid/a",
            "https://a.example/a",
            "https://a.internal/a",
            "http://localhost:2583/a",
            "http://127.0.0.1:2583/a",
            "data:text/plain,a",
        ] {
            assert!(!checked(url, UrlRules::STRICT, Development::Refused), "{url}");
        }
        assert!(checked("https://app.client.net/a?b=c", UrlRules::STRICT, Development::Refused));
        assert!(checked("https://app.client.net:443/a", UrlRules::STRICT, Development::Refused));
    }

    #[test]
    fn development_lets_through_this_machine_and_nothing_else() {
        for url in ["http://localhost:2583/a", "http://127.0.0.1:9/a", "http://localhost/a"] {
            assert!(checked(url, UrlRules::STRICT, Development::Allowed), "{url}");
        }
        for url in [
            "https://localhost:2583/a",
            "http://127.0.0.2:2583/a",
            "http://[::1]:2583/a",
            "http://10.0.0.1/a",
            "http://app.client.net/a",
            "http://localhost.client.net/a",
            "http://a.localhost/a",
            "https://127.0.0.1/a",
            "https://a.test/a",
            "https://app.client.net:8443/a",
        ] {
            assert!(!checked(url, UrlRules::STRICT, Development::Allowed), "{url}");
        }
    }

    #[test]
    fn configuration_may_name_ports_and_public_addresses() {
        for (url, expected) in [
            ("https://plc.directory.net:8443", true),
            ("https://8.8.8.8", true),
            ("https://[2606:4700::1111]", true),
            ("https://10.0.0.1", false),
            ("https://[::ffff:127.0.0.1]", false),
            ("http://plc.directory.net", false),
        ] {
            assert_eq!(checked(url, UrlRules::CONFIGURED, Development::Refused), expected, "{url}");
        }
    }
}
