//! Consent: what the client would be allowed to do, and the two buttons.

use askama::Template;
use gatewright_protocol::oauth::redirect_uri::{Kind, RedirectUri};

use super::account_picker::AccountName;
use super::client_name::ClientName;
use super::permission::Row;
use super::{Hidden, Page, Shell, paths};
use crate::http::headers::Content;
use crate::i18n::Html;

/// What the client would be allowed to do, and the two buttons.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// The hidden fields of its form.
    pub(crate) hidden: Hidden<'a>,
    /// Who would be allowed.
    pub(crate) client: ClientName,
    /// On whose behalf.
    pub(crate) account: AccountName,
    /// To do what, in the order of the request: [`super::permission::rows`].
    pub(crate) permissions: Vec<Row>,
    /// Where the answer goes.
    pub(crate) destination: Destination,
    /// Whom the client asked for, if it did: another account ends the request (AS-38).
    pub(crate) expected: Option<&'a str>,
    /// Where another account can be chosen, where that makes sense.
    pub(crate) picker: Option<&'a str>,
    /// Whether the form was sent before with everything unticked or otherwise not as it must be, so that it is shown
    /// again.
    pub(crate) refused: Option<ConsentRefused>,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentRefused {
    /// Neither button was pressed.
    Undecided,
}

/// Where the browser goes when the decision is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To an app on the device, by its private-use scheme.
    App(String),
    /// To a program that listens on this device.
    Device,
    /// To this host.
    Host(String),
}

impl Destination {
    /// Where a redirect URI leads.
    pub(crate) fn new(redirect_uri: &RedirectUri) -> Self {
        let url = redirect_uri.url();
        match redirect_uri.kind() {
            Kind::Https => Self::Host(url.host_str().unwrap_or_default().to_owned()),
            Kind::Loopback => Self::Device,
            Kind::PrivateUse => Self::App(url.scheme().to_owned()),
        }
    }

    /// Where that is, as a sentence: `id`, which `-app`, `-device` or `-host` is put after.
    pub(crate) fn sentence(&self, shell: &Shell<'_>, id: &str) -> Html {
        match self {
            Self::App(scheme) => shell.h1(&format!("{id}-app"), "scheme", scheme),
            Self::Device => shell.locale.html(&format!("{id}-device"), &[]),
            Self::Host(host) => shell.h1(&format!("{id}-host"), "host", host),
        }
    }
}

impl ConsentPage<'_> {
    /// Whether anything can be unticked.
    fn narrowable(&self) -> bool {
        self.permissions.iter().any(|row| row.optional)
    }
}

impl Page for ConsentPage<'_> {
    fn content(&self) -> Content<'_> {
        match &self.client {
            ClientName::Trusted { logo: Some(logo), .. } => Content::Image(logo),
            _ => Content::Plain,
        }
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for ConsentPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |client, scopes: &str, redirect: &str| Self {
            shell,
            hidden: Hidden::sample(),
            client,
            account: AccountName::sample("alice.test"),
            permissions: super::permission::rows(&scopes.parse().unwrap(), shell.locale),
            destination: Destination::new(&redirect.parse().unwrap()),
            expected: None,
            picker: Some("/oauth/authorize/account?client_id=a&request_uri=b"),
            refused: None,
        };
        let host = ClientName::sample_host;
        vec![
            (
                "notes",
                page(
                    host(),
                    "atproto repo:com.example.note?action=create blob:image/* \
                     rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview account:email",
                    "https://notes.example.com/callback",
                ),
            ),
            ("identity_only", page(ClientName::Device, "atproto", "http://127.0.0.1:4711/")),
            (
                "loud",
                page(
                    ClientName::sample_url(),
                    "atproto repo:* rpc:*?aud=did:web:api.example.com%23all rpc:com.example.ping?aud=* identity:* \
                     account:email?action=manage account:repo?action=manage blob:*/*",
                    "com.example.reader:/callback",
                ),
            ),
            (
                "transition",
                page(
                    ClientName::sample_trusted(),
                    "atproto transition:generic transition:chat.bsky transition:email",
                    "https://notes.example.com/callback",
                ),
            ),
            (
                "many",
                page(
                    ClientName::sample_url(),
                    "atproto repo:com.example.a?action=create&action=update \
                     repo?collection=com.example.b&collection=com.example.averyveryverylongname.withmanyparts.indeedVeryLong \
                     blob?accept=image/png&accept=video/* identity:handle include:com.example.permissions.basic",
                    "https://xn--pple-43d.example.com/callback",
                ),
            ),
            (
                "undecided",
                Self {
                    refused: Some(ConsentRefused::Undecided),
                    expected: Some("alice.test"),
                    picker: None,
                    ..page(host(), "atproto", "https://notes.example.com/callback")
                },
            ),
        ]
    }
}
