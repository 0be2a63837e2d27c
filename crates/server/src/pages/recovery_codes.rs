//! Recovery codes, shown this once.

use askama::Template;
use gatewright_protocol::factor::OneTimeCode;

use super::account_picker::AccountName;
use super::{Page, Shell};

/// New recovery codes of an account.
#[derive(Debug, Template)]
#[template(path = "recovery_codes.html")]
pub(crate) struct RecoveryCodesPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Whose they are.
    pub(crate) account: AccountName,
    /// The codes.
    pub(crate) codes: &'a [OneTimeCode],
    /// Whether a factor was added with them.
    pub(crate) has_added: bool,
    /// Where the page of the factors is.
    pub(crate) back: String,
}

impl Page for RecoveryCodesPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for RecoveryCodesPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let codes = || -> &'static [OneTimeCode] {
            let codes = ["abcde-fghij", "klmno-pqrst", "uvwxy-z2345"];
            Box::leak(codes.map(|code| code.parse().unwrap()).into())
        };
        let page = |has_added| Self {
            shell,
            account: AccountName::sample("alice.test"),
            codes: codes(),
            has_added,
            back: "/account/factors?account=did%3Aplc%3Aalice".to_owned(),
        };
        vec![("added", page(true)), ("renewed", page(false))]
    }
}
