//! The page for whoever forgot their password: who they are.

use askama::Template;

use super::{Page, Shell, paths};

/// The page for whoever forgot their password: who they are.
#[derive(Debug, Template)]
#[template(path = "reset_password.html")]
pub(crate) struct ResetPasswordPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that the form comes from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whether nothing was typed.
    pub(crate) is_refused: bool,
}

impl Page for ResetPasswordPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for ResetPasswordPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let csrf = super::Hidden::sample().csrf;
        let page = |is_refused| Self { shell, csrf, is_refused };
        vec![("first", page(false)), ("empty", page(true))]
    }
}
