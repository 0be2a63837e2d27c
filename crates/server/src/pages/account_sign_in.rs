//! The sign-in form of the account pages: nobody asks for anything, the person comes by themselves.

use askama::Template;

use super::sign_in::SignInRefused;
use super::{Page, Shell, paths};
use crate::http::headers::Content;
use crate::i18n::Html;
use crate::operations::AskedPasskey;

/// The sign-in form of the account pages.
#[derive(Debug, Template)]
#[template(path = "account_sign_in.html")]
pub(crate) struct AccountSignInPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that the form comes from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// What was typed before.
    pub(crate) identifier: &'a str,
    /// Whether "remember" was ticked before.
    pub(crate) remember: bool,
    /// Whether a forgotten password can be set anew here.
    pub(crate) can_reset: bool,
    /// What the browser is asked, if a passkey will do.
    pub(crate) passkey: Option<AskedPasskey>,
    /// Why the last attempt failed.
    pub(crate) refused: Option<SignInRefused>,
}

impl AccountSignInPage<'_> {
    fn invalid(&self) -> bool {
        self.refused.is_some_and(SignInRefused::blames_input)
    }

    fn refusal(&self) -> Option<Html> {
        self.refused.map(|refused| refused.html(self.shell.locale, ""))
    }
}

impl Page for AccountSignInPage<'_> {
    fn content(&self) -> Content<'_> {
        if self.passkey.is_some() { Content::Script } else { Content::Plain }
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for AccountSignInPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let csrf = super::Hidden::sample().csrf;
        let page = |identifier, refused| Self {
            shell,
            csrf,
            identifier,
            remember: false,
            can_reset: true,
            passkey: None,
            refused,
        };
        vec![
            ("passkey", Self { passkey: Some(AskedPasskey::sample()), ..page("", None) }),
            ("first", page("", None)),
            ("too_many", page("alice.test", Some(SignInRefused::TooMany { minutes: 1 }))),
            ("wrong", page("\"><b>alice", Some(SignInRefused::Wrong))),
        ]
    }
}
