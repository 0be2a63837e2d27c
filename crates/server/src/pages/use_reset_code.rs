//! The page for whoever forgot their password: the code that was sent, and the new one.

use askama::Template;

use super::{Page, Shell, paths};

/// The page for whoever forgot their password: the code that was sent, and the new one.
#[derive(Debug, Template)]
#[template(path = "use_reset_code.html")]
pub(crate) struct UseResetCodePage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that the form comes from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whether the box for app passwords was ticked before.
    pub(crate) ends_app_passwords: bool,
    /// Why the last attempt failed.
    pub(crate) refused: Option<ResetRefused>,
}

/// Why a password was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetRefused {
    /// There is no code.
    Empty,
    /// The time of the code is over.
    Expired,
    /// Too many codes were tried from here.
    TooMany {
        /// Until when to wait.
        seconds: u64,
    },
    /// The password is too short, or too long.
    Unfit,
    /// The code is not right, or was used.
    Wrong,
}

impl ResetRefused {
    const fn message(self) -> &'static str {
        match self {
            Self::Empty => "reset-refused-empty",
            Self::Expired => "reset-refused-expired",
            Self::TooMany { .. } => "error-too-many-do",
            Self::Unfit => "reset-refused-unfit",
            Self::Wrong => "reset-refused-wrong",
        }
    }
}

impl UseResetCodePage<'_> {
    fn blames_code(&self) -> bool {
        matches!(self.refused, Some(ResetRefused::Empty | ResetRefused::Expired | ResetRefused::Wrong))
    }

    fn blames_password(&self) -> bool {
        self.refused == Some(ResetRefused::Unfit)
    }
}

impl Page for UseResetCodePage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for UseResetCodePage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let csrf = super::Hidden::sample().csrf;
        let page = |ends_app_passwords, refused| Self { shell, csrf, ends_app_passwords, refused };
        vec![
            ("first", page(false, None)),
            ("empty", page(true, Some(ResetRefused::Empty))),
            ("expired", page(false, Some(ResetRefused::Expired))),
            ("too_many", page(false, Some(ResetRefused::TooMany { seconds: 60 }))),
            ("unfit", page(false, Some(ResetRefused::Unfit))),
            ("wrong", page(false, Some(ResetRefused::Wrong))),
        ]
    }
}
