//! Sign-in: who are you, and prove it.

use askama::Template;

use super::client_name::ClientName;
use super::{Hidden, Page, Shell, paths};
use crate::http::headers::Content;
use crate::i18n::{Html, Locale};
use crate::operations::AskedPasskey;

/// The sign-in form.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// The hidden fields of its forms.
    pub(crate) hidden: Hidden<'a>,
    /// Who asks for the sign-in.
    pub(crate) client: ClientName,
    /// What stands in the field: the hint, or what was typed before.
    pub(crate) identifier: &'a str,
    /// Whether "remember" was ticked before.
    pub(crate) remember: bool,
    /// Why the last attempt failed.
    pub(crate) refused: Option<SignInRefused>,
    /// Whom the client asked for, if it did: another account ends the request (AS-38).
    pub(crate) expected: Option<&'a str>,
    /// Whether a forgotten password can be set anew here.
    pub(crate) can_reset: bool,
    /// What the browser is asked, if a passkey will do.
    pub(crate) passkey: Option<AskedPasskey>,
    /// Where the account picker is, if accounts are remembered on this device.
    pub(crate) picker: Option<&'a str>,
    /// Where an account can be made, if anybody may.
    pub(crate) sign_up: Option<&'a str>,
}

/// Why an attempt to sign in failed, as the person is told. A wrong password and an unknown account are one (AS-37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInRefused {
    /// A field was left empty.
    Empty,
    /// The client asked for another account than this one (AS-38).
    OtherAccount,
    /// The second step took too long, or was tried too often.
    Over,
    /// Nobody here has this passkey, or it took too long.
    Passkey,
    /// Too many attempts; may try again in so many minutes.
    TooMany {
        /// At least one.
        minutes: u32,
    },
    /// No such account, or not its password, or it may not sign in.
    Wrong,
}

impl SignInRefused {
    /// Whether what was typed is to blame.
    pub(super) fn blames_input(self) -> bool {
        !matches!(self, Self::Over | Self::Passkey | Self::TooMany { .. })
    }

    /// The reason, for the person. `expected` is the account that the client asked for.
    pub(super) fn html(self, locale: &Locale, expected: &str) -> Html {
        match self {
            Self::Empty => locale.html("sign-in-refused-empty", &[]),
            Self::OtherAccount => {
                locale.html("sign-in-refused-other-account", &[("account", expected.into())])
            }
            Self::Over => locale.html("sign-in-refused-over", &[]),
            Self::Passkey => locale.html("sign-in-refused-passkey", &[]),
            Self::TooMany { minutes } => {
                locale.html("sign-in-refused-too-many", &[("minutes", minutes.into())])
            }
            Self::Wrong => locale.html("sign-in-refused-wrong", &[]),
        }
    }
}

impl SignInPage<'_> {
    fn invalid(&self) -> bool {
        self.refused.is_some_and(SignInRefused::blames_input)
    }

    fn refusal(&self) -> Option<Html> {
        Some(self.refused?.html(self.shell.locale, self.expected.unwrap_or_default()))
    }
}

impl Page for SignInPage<'_> {
    fn content(&self) -> Content<'_> {
        if self.passkey.is_some() { Content::Script } else { Content::Plain }
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for SignInPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let plain = |client| Self {
            shell,
            hidden: Hidden::sample(),
            client,
            identifier: "",
            remember: false,
            refused: None,
            expected: None,
            can_reset: true,
            passkey: None,
            picker: None,
            sign_up: None,
        };
        vec![
            ("first", plain(ClientName::sample_host())),
            (
                "sign_up",
                Self {
                    sign_up: Some("/oauth/authorize/sign-up?client_id=a&request_uri=b"),
                    ..plain(ClientName::sample_host())
                },
            ),
            (
                "hint",
                Self { identifier: "alice.test", expected: Some("alice.test"), ..plain(ClientName::Device) },
            ),
            (
                "wrong",
                Self {
                    identifier: "\"><b>alice",
                    remember: true,
                    refused: Some(SignInRefused::Wrong),
                    picker: Some("/oauth/authorize/account?client_id=a&request_uri=b"),
                    ..plain(ClientName::sample_url())
                },
            ),
            (
                "passkey",
                Self {
                    passkey: Some(AskedPasskey::sample()),
                    refused: Some(SignInRefused::Passkey),
                    ..plain(ClientName::sample_host())
                },
            ),
            ("over", Self { refused: Some(SignInRefused::Over), ..plain(ClientName::Device) }),
            ("empty", Self { refused: Some(SignInRefused::Empty), ..plain(ClientName::Device) }),
            (
                "too_many",
                Self {
                    identifier: "alice.test",
                    refused: Some(SignInRefused::TooMany { minutes: 5 }),
                    ..plain(ClientName::sample_trusted())
                },
            ),
            (
                "other_account",
                Self {
                    identifier: "bob.test",
                    expected: Some("alice.test"),
                    refused: Some(SignInRefused::OtherAccount),
                    ..plain(ClientName::sample_host())
                },
            ),
        ]
    }
}
