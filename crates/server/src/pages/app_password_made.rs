//! The page that shows a new app password, this once.

use askama::Template;
use gatewright_protocol::app_password::AppPasswordSecret;

use super::account_picker::AccountName;
use super::{Page, Shell, paths};

/// A new app password.
#[derive(Debug, Template)]
#[template(path = "app_password_made.html")]
pub(crate) struct AppPasswordMadePage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Whose it is.
    pub(crate) account: AccountName,
    /// What its owner calls it.
    pub(crate) name: &'a str,
    /// The secret.
    pub(crate) secret: &'a AppPasswordSecret,
}

impl Page for AppPasswordMadePage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for AppPasswordMadePage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        static SECRET: std::sync::LazyLock<AppPasswordSecret> =
            std::sync::LazyLock::new(|| "abcd-2345-wxyz-7777".parse().unwrap());
        let account = AccountName::sample("alice.test");
        vec![("new", Self { shell, account, name: "\"><b>alice", secret: &SECRET })]
    }
}
