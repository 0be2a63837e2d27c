//! The secret for an authenticator application, as text and as a picture, and the field for its first code.

use std::fmt::Write as _;

use askama::Template;
use qrcode::{Color, QrCode};
use zeroize::Zeroizing;

use super::account_picker::AccountName;
use super::factor::FactorRefused;
use super::{Page, Shell, paths};
use crate::operations::{Asked, FactorWays, OfferedTotp};

/// What an authenticator application is given.
#[derive(Template)]
#[template(path = "add_totp.html")]
pub(crate) struct AddTotpPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that its form comes from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whose factor it is to be.
    pub(crate) account: AccountName,
    /// The secret as it is typed.
    pub(crate) secret: Zeroizing<String>,
    /// The secret as it is photographed.
    pub(crate) picture: Option<Picture>,
    /// The secret as it comes back with the form: sealed.
    pub(crate) sealed: &'a str,
    /// Why the last attempt failed.
    pub(crate) refused: Option<FactorRefused>,
}

/// A QR code: dark squares on light ground.
pub(crate) struct Picture {
    /// How many squares wide and high, with the margin that readers need.
    pub(crate) size: usize,
    /// The dark ones, as the data of an SVG path.
    pub(crate) path: Zeroizing<String>,
}

/// Light squares around the code (ISO/IEC 18004: four).
const MARGIN: usize = 4;

impl Picture {
    /// The picture of a text. `None` if it is longer than any such picture holds.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text.as_bytes()).ok()?;
        let width = code.width();
        let mut path = Zeroizing::new(String::with_capacity(16 * width * width));
        for (at, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (at % width + MARGIN, at / width + MARGIN);
                let _ = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
        Some(Self { size: width + 2 * MARGIN, path })
    }
}

impl<'a> AddTotpPage<'a> {
    /// The page of an offer.
    pub(crate) fn new(
        shell: Shell<'a>,
        csrf: &'a str,
        account: AccountName,
        offered: &'a OfferedTotp,
        refused: Option<FactorRefused>,
    ) -> Self {
        let uri = offered.secret.expose_uri(&shell.look.name, &account.handle);
        let secret = offered.secret.expose_text();
        Self { shell, csrf, account, secret, picture: Picture::of(&uri), sealed: &offered.sealed, refused }
    }

    fn refusal(&self) -> Option<String> {
        let asked = Asked::Factor(FactorWays { totp: true, ..FactorWays::default() });
        Some(self.refused?.text(self.shell.locale, asked))
    }
}

impl std::fmt::Debug for AddTotpPage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddTotpPage").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Page for AddTotpPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for AddTotpPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let secret = || gatewright_protocol::factor::TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let page = |refused| Self {
            shell,
            csrf: super::Hidden::sample().csrf,
            account: AccountName::sample("alice.test"),
            secret: secret().expose_text(),
            // The whole picture would only make the snapshot long.
            picture: Some(Picture { size: 9, path: Zeroizing::new("M4 4h1v1h-1z".to_owned()) }),
            sealed: "c2VhbGVk",
            refused,
        };
        vec![("first", page(None)), ("wrong", page(Some(FactorRefused::Wrong)))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_three_corners_and_its_margin() {
        let picture = Picture::of("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ").expect("it is short");
        let far = picture.size - MARGIN - 1;
        for (x, y) in [(MARGIN, MARGIN), (far, MARGIN), (MARGIN, far)] {
            assert!(picture.path.contains(&format!("M{x} {y}h1v1h-1z")), "{x} {y}");
        }
        for side in 0..picture.size {
            assert!(
                !picture.path.contains(&format!("M{side} 3h"))
                    && !picture.path.contains(&format!("M3 {side}h"))
            );
        }
        assert!(Picture::of(&"x".repeat(5000)).is_none());
    }
}
