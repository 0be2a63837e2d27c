//! Which host may be named in `x-atproto-pds-url`. Decided before anything is looked up or sent.

use gatewright_protocol::syntax::Development;
use gatewright_resolve::UrlRules;
use url::Url;

use super::Refused;
use crate::app_password::origin_of;

/// The hosts that the operator allows whatever an identity says, by their origins.
#[derive(Clone, Debug, Default)]
pub(super) struct AllowedHosts(Vec<String>);

/// A host that a caller has named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedHost {
    /// It is one of the operator's list.
    Allowed(String),
    /// It must be what the identity names, and then it is of no consequence.
    MustBeOwn(String),
}

impl AllowedHosts {
    pub(super) fn allow(&mut self, origin: String) {
        self.0.push(origin);
    }

    /// # Errors
    /// It is no origin of a host, or one that is not on the public internet by its name alone.
    pub(super) fn judge(&self, text: &str) -> Result<NamedHost, Refused> {
        let origin = origin_of(text).map_err(|_| Refused::HostUrl)?;
        if self.0.contains(&origin) {
            return Ok(NamedHost::Allowed(origin));
        }
        let url = Url::parse(&origin).map_err(|_| Refused::HostUrl)?;
        let mut secure = url.clone();
        secure.set_scheme("https").map_err(|()| Refused::HostUrl)?;
        // Not in development either: a network of one's own is on the list.
        UrlRules::CONFIGURED.admits(&secure, Development::Refused).map_err(|_| Refused::PrivateHost)?;
        if url.scheme() != "https" {
            return Err(Refused::HostUrl);
        }
        Ok(NamedHost::MustBeOwn(origin))
    }
}

impl NamedHost {
    pub(super) fn origin(&self) -> &str {
        match self {
            Self::Allowed(origin) | Self::MustBeOwn(origin) => origin,
        }
    }
}

/// Are the two texts one origin?
pub(super) fn is_same_origin(one: &str, other: &str) -> bool {
    let origin = |text| Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    origin(one).is_some_and(|one| origin(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_47_private_addresses_are_refused_however_they_are_written() {
        let hosts = AllowedHosts::default();
        for text in [
            "http://127.0.0.1:2583",
            "http://localhost",
            "https://localhost:8443",
            "https://10.0.0.1",
            "https://169.254.169.254",
            "https://100.64.0.1",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://2130706433",
            "https://0x7f.1",
            "https://127.1",
            "https://intranet",
            "https://pds.internal",
            "https://pds.local",
            "https://a.test",
        ] {
            assert!(matches!(hosts.judge(text), Err(Refused::PrivateHost)), "{text} {:?}", hosts.judge(text));
        }
        for text in ["", "pds.client.net", "ftp://pds.client.net", "https://u@pds.client.net"] {
            assert!(matches!(hosts.judge(text), Err(Refused::HostUrl)), "{text}");
        }
        for text in ["http://pds.client.net", "https://pds.client.net/a", "https://pds.client.net?a"] {
            assert!(matches!(hosts.judge(text), Err(Refused::HostUrl)), "{text}");
        }
    }

    #[test]
    fn the_operators_list_is_compared_by_origin() {
        let mut hosts = AllowedHosts::default();
        hosts.allow("http://localhost:2583".to_owned());
        let allowed = NamedHost::Allowed("http://localhost:2583".to_owned());
        assert_eq!(hosts.judge(" http://LOCALHOST:2583/xrpc ").unwrap(), allowed);
        assert!(hosts.judge("http://localhost:2584").is_err());
        assert_eq!(
            hosts.judge("https://PDS.client.net:443/").unwrap(),
            NamedHost::MustBeOwn("https://pds.client.net".to_owned())
        );
        assert!(is_same_origin("https://pds.client.net", "https://pds.client.net:443/"));
        assert!(!is_same_origin("https://pds.client.net", "https://pds.client.net.evil.net"));
        assert!(!is_same_origin("https://pds.client.net", "https://pds.client.net:8443"));
    }
}
