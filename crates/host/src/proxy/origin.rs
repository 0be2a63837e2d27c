//! Where a service is (PX-3), and that it is not this host (PX-11).

use gatewright_guard::Destination;
use gatewright_resolve::{ResolveError, Resolver, UrlRules};
use url::{Host, Url};

use crate::settings::Settings;

/// Why there is no place to call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Its DID has no document.
    #[error("the DID of the service cannot be resolved")]
    NoDocument(#[source] ResolveError),
    /// The document names no such service, or not by an origin.
    #[error("the DID document names no such service with an https origin as its endpoint")]
    NoService,
    /// It is this host: calling it would never end.
    #[error("the service is this host itself")]
    Own,
    /// The document cannot be had just now.
    #[error("the DID document of the service cannot be fetched")]
    Unreachable(#[source] ResolveError),
}

/// The origin of the service, and what its URL may look like.
pub(crate) async fn find_origin(
    settings: &Settings,
    resolver: &Resolver,
    destination: &Destination,
) -> Result<(Url, UrlRules), OriginError> {
    let did = destination.audience().did();
    if did == settings.service_did {
        return Err(OriginError::Own);
    }
    let (origin, rules) = if let Some(origin) = destination.origin() {
        (origin.clone(), UrlRules::CONFIGURED)
    } else {
        let document = resolver.did(&did).await.map_err(|error| {
            if error.is_transient() {
                OriginError::Unreachable(error)
            } else {
                OriginError::NoDocument(error)
            }
        })?;
        let origin = document.service_origin(destination.audience().service(), settings.development);
        let origin = origin.and_then(|origin| origin.parse().ok()).ok_or(OriginError::NoService)?;
        (origin, UrlRules::STRICT)
    };
    if is_own(settings, &origin) { Err(OriginError::Own) } else { Ok((origin, rules)) }
}

/// By its own name, by a name that it gives away, or as the same machine by another name.
fn is_own(settings: &Settings, origin: &Url) -> bool {
    let own = &settings.public_url;
    let same_port = origin.port_or_known_default() == own.port_or_known_default();
    match (own.host(), origin.host()) {
        (Some(own), Some(other)) if is_this_machine(&own) && is_this_machine(&other) => same_port,
        (Some(own), Some(other)) if is_this_machine(&own) => own == other,
        (own, Some(Host::Domain(name))) => {
            let name = name.trim_end_matches('.');
            let is_given_away = settings.handle_domains.iter().any(|domain| name.ends_with(domain.as_str()));
            is_given_away || own == Some(Host::Domain(name))
        }
        (own, other) => own == other,
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(public_url: &str, other: &str) -> bool {
        let mut settings =
            Settings::new(public_url.parse().unwrap(), "did:web:x.com".parse().unwrap(), "unused".into());
        settings.handle_domains = vec![".people.net".to_owned()];
        is_own(&settings, &other.parse().unwrap())
    }

    #[test]
    fn sec_47_this_host_is_told_by_every_name_of_its_own() {
        for other in [
            "https://pds.people.net",
            "https://PDS.people.net",
            "https://pds.people.net.",
            "https://pds.people.net:8443",
            "https://alice.people.net",
        ] {
            assert!(own("https://pds.people.net", other), "{other}");
            assert!(other.contains("alice") || own("https://pds.people.net:8443", other), "{other}");
        }
        for other in ["https://people.net", "https://api.other.net", "https://pds.people.net.evil.net"] {
            assert!(!own("https://pds.people.net", other), "{other}");
        }
        for other in ["http://localhost:2583", "http://127.0.0.1:2583", "http://[::1]:2583"] {
            assert!(own("http://localhost:2583", other), "{other}");
        }
        for other in ["http://localhost:2584", "http://127.0.0.1:2584"] {
            assert!(!own("http://localhost:2583", other), "a neighbour on a developer's machine: {other}");
        }
    }
}
