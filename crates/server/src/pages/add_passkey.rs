//! The page on which a browser makes a passkey.

use askama::Template;

use super::account_picker::AccountName;
use super::{Page, Shell, paths};
use crate::http::headers::Content;
use crate::operations::AskedPasskey;

/// What a browser is given to make a passkey.
#[derive(Debug, Template)]
#[template(path = "add_passkey.html")]
pub(crate) struct AddPasskeyPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that its form comes from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whose passkey it is to be.
    pub(crate) account: AccountName,
    /// What the browser is asked.
    pub(crate) asked: AskedPasskey,
    /// What its owner calls it.
    pub(crate) name: &'a str,
    /// Whether the last answer was none.
    pub(crate) is_refused: bool,
}

impl Page for AddPasskeyPage<'_> {
    fn content(&self) -> Content<'_> {
        Content::Script
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for AddPasskeyPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |name, is_refused| Self {
            shell,
            csrf: super::Hidden::sample().csrf,
            account: AccountName::sample("alice.test"),
            asked: AskedPasskey::sample(),
            name,
            is_refused,
        };
        vec![("first", page("", false)), ("refused", page("\"><b>my phone", true))]
    }
}
