//! The page on which people look after what they prove themselves with.

use askama::Template;
use gatewright_store::factor::FactorKind;

use super::account_picker::AccountName;
use super::said::Said;
use super::{Page, Shell, day, paths};
use crate::operations::Factors;

/// The second factors of an account.
#[derive(Debug, Template)]
#[template(path = "factors.html")]
pub(crate) struct FactorsPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that its forms come from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whose page it is.
    pub(crate) account: AccountName,
    /// Its factors, oldest first.
    pub(crate) factors: Vec<FactorView>,
    /// How many recovery codes are left.
    pub(crate) recovery_codes: u32,
    /// Whether there can be passkeys here.
    pub(crate) has_passkeys: bool,
    /// Where codes can be sent to.
    pub(crate) email: Option<&'a str>,
    /// What was just done.
    pub(crate) done: Option<FactorDone>,
}

/// A factor as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FactorView {
    /// Names it in its form.
    pub(crate) id: String,
    /// The message that says what it is.
    pub(crate) kind: &'static str,
    /// What its owner calls it.
    pub(crate) name: String,
    /// The day on which it was added.
    pub(crate) added: String,
    /// The day on which it was last used.
    pub(crate) used: Option<String>,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorDone {
    /// A factor was added.
    Added,
    /// A factor was removed.
    Removed,
}

impl Said for FactorDone {
    const ALL: &'static [(Self, &'static str, &'static str)] =
        &[(Self::Added, "added", "factors-done-added"), (Self::Removed, "removed", "factors-done-removed")];
}

impl FactorView {
    /// The factors as the page shows them.
    pub(crate) fn all(factors: &Factors) -> Vec<Self> {
        let view = |factor: &gatewright_store::factor::Factor| Self {
            id: factor.id.to_string(),
            kind: match factor.kind {
                FactorKind::Email => "factors-kind-email",
                FactorKind::Passkey => "factors-kind-passkey",
                FactorKind::Totp => "factors-kind-totp",
            },
            name: factor.name.clone(),
            added: day(factor.created_at),
            used: factor.used_at.map(day),
        };
        factors.factors.iter().map(view).collect()
    }
}

impl FactorsPage<'_> {
    fn has_totp(&self) -> bool {
        self.factors.iter().any(|factor| factor.kind == "factors-kind-totp")
    }

    /// Where codes could be sent to, if that is not a factor yet.
    fn offered_email(&self) -> Option<&str> {
        let has = self.factors.iter().any(|factor| factor.kind == "factors-kind-email");
        self.email.filter(|_| !has)
    }
}

impl Page for FactorsPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for FactorsPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |factors, recovery_codes, done| Self {
            shell,
            csrf: super::Hidden::sample().csrf,
            account: AccountName::sample("alice.test"),
            factors,
            recovery_codes,
            has_passkeys: true,
            email: Some("<b>alice@example.com"),
            done,
        };
        let totp = FactorView {
            id: "00112233445566778899aabbccddeeff".to_owned(),
            kind: "factors-kind-totp",
            name: String::new(),
            added: "2026-07-01".to_owned(),
            used: Some("2026-08-01".to_owned()),
        };
        vec![
            ("none", page(Vec::new(), 0, Some(FactorDone::Removed))),
            ("totp", page(vec![totp.clone()], 10, Some(FactorDone::Added))),
            ("one_code_left", page(vec![FactorView { used: None, ..totp.clone() }], 1, None)),
            (
                "email",
                page(
                    vec![FactorView { kind: "factors-kind-email", ..totp.clone() }],
                    10,
                    Some(FactorDone::Added),
                ),
            ),
            ("no_code_left", page(vec![totp], 0, None)),
        ]
    }
}
