//! The page that says that a password is another now.

use askama::Template;

use super::{Page, Shell, paths};

/// The page that says that a password is another now.
#[derive(Debug, Template)]
#[template(path = "password_reset.html")]
pub(crate) struct PasswordResetPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
}

impl Page for PasswordResetPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for PasswordResetPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        vec![("done", Self { shell })]
    }
}
