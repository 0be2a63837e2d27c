//! The account picker: who signed in on this device may go on without a password.

use askama::Template;

use super::client_name::ClientName;
use super::{Hidden, Page, Shell, paths};

/// The accounts that are signed in on this device.
#[derive(Debug, Template)]
#[template(path = "account_picker.html")]
pub(crate) struct AccountPickerPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// The hidden fields of its forms.
    pub(crate) hidden: Hidden<'a>,
    /// Who asks for the sign-in.
    pub(crate) client: ClientName,
    /// Who can be chosen, at least one.
    pub(crate) accounts: Vec<AccountName>,
    /// Whom the client asked for, if it did: another account ends the request (AS-38).
    pub(crate) expected: Option<&'a str>,
    /// Where the sign-in form is, for an account that is not in the list.
    pub(crate) sign_in: Option<&'a str>,
}

/// An account as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountName {
    /// Its DID.
    pub(crate) did: String,
    /// Its handle.
    pub(crate) handle: String,
}

impl AccountName {
    /// Names the account in the address of one of its pages.
    pub(crate) fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).append_pair("account", &self.did).finish()
    }

    /// The letter in the circle beside the name.
    fn initial(&self) -> String {
        self.handle.chars().take(1).flat_map(char::to_uppercase).collect()
    }
}

impl Page for AccountPickerPage<'_> {}

#[cfg(test)]
impl AccountName {
    pub(crate) fn sample(handle: &str) -> Self {
        Self { did: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".to_owned(), handle: handle.to_owned() }
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for AccountPickerPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |client, handles: &[&str]| Self {
            shell,
            hidden: Hidden::sample(),
            client,
            accounts: handles.iter().map(|handle| AccountName::sample(handle)).collect(),
            expected: None,
            sign_in: Some("/oauth/authorize/sign-in?client_id=a&request_uri=b"),
        };
        vec![
            (
                "expected",
                Self {
                    expected: Some("alice.test"),
                    sign_in: None,
                    ..page(ClientName::sample_host(), &["alice.test"])
                },
            ),
            ("one", page(ClientName::sample_host(), &["alice.test"])),
            (
                "three",
                page(
                    ClientName::sample_url(),
                    &[
                        "alice.test",
                        "bob.test",
                        "the-longest-handle-that-somebody-could-think-of.an-equally-long-domain.example.com",
                    ],
                ),
            ),
        ]
    }
}
