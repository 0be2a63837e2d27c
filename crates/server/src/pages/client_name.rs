//! What a client is called on the pages.
//!
//! Anybody can write any name and picture into client metadata, so the only thing shown of a client that the operator
//! does not vouch for is what it cannot choose freely: the address of its document (CM-10). International hosts are
//! shown in punycode, so that a look-alike letter shows (SEC-17).

use gatewright_protocol::oauth::client_id::ClientId;
use url::Url;

use super::Shell;
use crate::i18n::Html;

/// What a client is called on the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientName {
    /// A loopback client: nothing tells one from another (CM-24).
    Device,
    /// The host alone, where the document is at the conventional place (CM-6).
    Host(String),
    /// A client the operator vouches for, by the name it gave itself.
    Trusted {
        /// Its name.
        name: String,
        /// Its address.
        address: String,
        /// Its picture.
        logo: Option<Url>,
    },
    /// The whole address of the document, around its host.
    Url {
        /// Up to the host.
        before: String,
        /// The host: the part that tells whose it is.
        host: String,
        /// After the host.
        after: String,
    },
}

/// What a client says about itself and the operator vouches for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vouched<'a> {
    /// `client_name`
    pub(crate) name: &'a str,
    /// `logo_uri`
    pub(crate) logo: Option<&'a Url>,
}

impl ClientName {
    /// The name to show. `vouched` is for trusted clients only: of any other what it says about itself is not shown.
    pub(crate) fn new(client: &ClientId, vouched: Option<Vouched<'_>>) -> Self {
        if client.is_loopback() {
            return Self::Device;
        }
        if let Some(Vouched { name, logo }) = vouched {
            let logo = logo.filter(|logo| logo.scheme() == "https").cloned();
            return Self::Trusted { name: name.to_owned(), address: client.host(), logo };
        }
        if client.is_conventional() {
            return Self::Host(client.host());
        }
        // As the URL parser writes it: the host in punycode, everything unusual escaped.
        let url = client.url();
        let (before, after) =
            (format!("{}://", url.scheme()), url.as_str().split_once("://").map_or("", |(_, rest)| rest));
        let host = after.split(['/', '?']).next().unwrap_or_default();
        let after = after.get(host.len()..).unwrap_or_default();
        Self::Url { before, host: host.to_owned(), after: after.to_owned() }
    }

    /// In the middle of a sentence: short, and never more than the host of what is not vouched for.
    pub(crate) fn short(&self, shell: &Shell<'_>) -> String {
        match self {
            Self::Device => shell.t("client-device"),
            Self::Host(host) | Self::Url { host, .. } => host.clone(),
            Self::Trusted { name, .. } => name.clone(),
        }
    }

    /// A sentence about the client: `id` with `{ $client }` in it, or `id` + `-device` for an application that has no
    /// name to put there.
    pub(crate) fn sentence(&self, shell: &Shell<'_>, id: &str) -> Html {
        match self {
            Self::Device => shell.locale.html(&format!("{id}-device"), &[]),
            named => shell.h1(id, "client", &named.short(shell)),
        }
    }

    /// [`sentence`](Self::sentence) as plain text.
    pub(crate) fn title(&self, shell: &Shell<'_>, id: &str) -> String {
        match self {
            Self::Device => shell.t(&format!("{id}-device")),
            named => shell.t1(id, "client", &named.short(shell)),
        }
    }
}

#[cfg(test)]
impl ClientName {
    pub(crate) fn sample_host() -> Self {
        Self::Host("notes.example.com".to_owned())
    }

    pub(crate) fn sample_url() -> Self {
        let id = "https://xn--pple-43d.example.com/apps/reader/production/oauth/client-metadata.json?channel=stable&v=2";
        Self::new(&id.parse().unwrap(), None)
    }

    pub(crate) fn sample_trusted() -> Self {
        Self::Trusted {
            name: "Example Notes <the real one>".to_owned(),
            address: "notes.example.com".to_owned(),
            logo: Some("https://cdn.example.com/logo.png".parse().unwrap()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(client: &str) -> ClientName {
        ClientName::new(&client.parse().unwrap(), None)
    }

    #[test]
    fn sec_17_a_client_is_called_by_its_address() {
        let logo = "https://notes.example.com/logo.png".parse().unwrap();
        let vouched = Some(Vouched { name: "Notes", logo: Some(&logo) });
        let conventional = "https://notes.example.com/oauth-client-metadata.json".parse().unwrap();
        assert_eq!(
            name("https://notes.example.com/oauth-client-metadata.json"),
            ClientName::Host("notes.example.com".into())
        );
        assert!(matches!(ClientName::new(&conventional, vouched), ClientName::Trusted { .. }));
        assert_eq!(name("http://localhost?scope=atproto"), ClientName::Device);
        assert_eq!(
            ClientName::new(&"http://localhost".parse().unwrap(), vouched),
            ClientName::Device,
            "nothing tells one loopback client from another, so none can be vouched for"
        );
        assert_eq!(
            name("https://app.example.com/client.json?x=1"),
            ClientName::Url {
                before: "https://".into(),
                host: "app.example.com".into(),
                after: "/client.json?x=1".into()
            }
        );
    }

    #[test]
    fn sec_17_international_hosts_are_shown_in_punycode() {
        // The first letter is the Cyrillic "а".
        let ClientName::Url { host, .. } = name("https://\u{430}pple.com/client.json") else {
            panic!("a URL")
        };
        assert_eq!(host, "xn--pple-43d.com");
        let ClientName::Host(host) = name("https://\u{430}pple.com/oauth-client-metadata.json") else {
            panic!("a host")
        };
        assert_eq!(host, "xn--pple-43d.com");
    }
}
