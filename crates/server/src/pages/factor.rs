//! The second factor, or the password once more: the second step of a sign-in, and the question before something that
//! matters.

use askama::Template;

use super::client_name::ClientName;
use super::{Hidden, Page, Shell, paths};
use crate::http::headers::Content;
use crate::i18n::{Html, Locale};
use crate::operations::{Asked, AskedPasskey, FactorProof, FactorWays};

/// A form that asks for one proof, and carries along what it is for.
#[derive(Debug, Template)]
#[template(path = "factor.html")]
pub(crate) struct FactorPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Where the form goes.
    pub(crate) action: &'a str,
    /// The fields that it carries along, among them the token (AS-35).
    pub(crate) carried: Carried,
    /// Whose proof is asked for.
    pub(crate) handle: &'a str,
    /// Why it is asked for.
    pub(crate) reason: Reason,
    /// What is asked for.
    pub(crate) asked: Asked,
    /// What the browser is asked, if a passkey will do.
    pub(crate) passkey: Option<AskedPasskey>,
    /// Who asks for the sign-in, if it is an application.
    pub(crate) client: Option<ClientName>,
    /// Whether a code was just sent by mail.
    pub(crate) is_sent: bool,
    /// Why the last attempt failed.
    pub(crate) refused: Option<FactorRefused>,
    /// The hidden fields of the button that goes back to the application, if there is one.
    pub(crate) cancel: Option<Hidden<'a>>,
}

/// Fields of a form that were filled in before: they may hold anything that a person typed.
#[derive(Clone, Default)]
pub(crate) struct Carried(pub(crate) Vec<(String, String)>);

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Why somebody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// To show that codes by mail arrive.
    AddEmail,
    /// To sign in: the password was right.
    SignIn,
    /// Because of what they are about to do.
    StepUp,
}

/// Why an attempt failed, as the person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorRefused {
    /// Nothing was typed.
    Empty,
    /// The passkey is another account's, is gone, or took too long.
    Passkey,
    /// Too many attempts; may try again in so many minutes.
    TooMany {
        /// At least one.
        minutes: u32,
    },
    /// It is not the code (any more), or not the password.
    Wrong,
}

impl FactorRefused {
    pub(super) fn text(self, locale: &Locale, asked: Asked) -> String {
        match (self, asked) {
            (Self::Empty, Asked::Factor(_)) => locale.text("factor-refused-empty", &[]),
            (Self::Empty, Asked::Password) => locale.text("factor-refused-empty-password", &[]),
            (Self::TooMany { minutes }, _) => {
                locale.text("factor-refused-too-many", &[("minutes", minutes.into())])
            }
            (Self::Passkey, _) => locale.text("factor-refused-passkey", &[]),
            (Self::Wrong, Asked::Factor(_)) => locale.text("factor-refused-wrong", &[]),
            (Self::Wrong, Asked::Password) => locale.text("factor-refused-wrong-password", &[]),
        }
    }

    /// Why a proof that is wrong failed.
    pub(crate) fn of(proof: &FactorProof) -> Self {
        match proof {
            FactorProof::Code(_) => Self::Wrong,
            FactorProof::Passkey(_) => Self::Passkey,
        }
    }

    fn blames_input(self) -> bool {
        !matches!(self, Self::Passkey | Self::TooMany { .. })
    }
}

impl FactorPage<'_> {
    fn heading(&self) -> String {
        match self.reason {
            Reason::AddEmail => self.shell.t("factor-heading-add-email"),
            Reason::SignIn => self.shell.t("factor-heading-sign-in"),
            Reason::StepUp => self.shell.t("factor-heading-step-up"),
        }
    }

    fn lead(&self) -> Html {
        match (&self.client, self.reason) {
            (Some(client), Reason::SignIn) => client.sentence(&self.shell, "sign-in-for"),
            (None, Reason::SignIn) => self.shell.h1("factor-lead-sign-in", "account", self.handle),
            (_, Reason::AddEmail) => self.shell.h1("factor-lead-add-email", "account", self.handle),
            (_, Reason::StepUp) => self.shell.h1("factor-lead-step-up", "account", self.handle),
        }
    }

    /// What can be typed.
    fn hint(&self) -> String {
        match self.asked {
            Asked::Factor(FactorWays { totp: true, recovery: true, .. }) => {
                self.shell.t("factor-hint-totp-recovery")
            }
            Asked::Factor(FactorWays { totp: true, recovery: false, .. }) => self.shell.t("factor-hint-totp"),
            Asked::Factor(FactorWays { recovery: true, .. }) => self.shell.t("factor-hint-recovery"),
            Asked::Factor(_) => self.shell.t("factor-hint-email"),
            Asked::Password => String::new(),
        }
    }

    /// Whether there is anything to type.
    fn has_code(&self) -> bool {
        matches!(self.asked, Asked::Factor(ways) if ways.totp || ways.recovery || ways.email)
    }

    /// What the code is called in the form: the first code by mail proves nobody.
    const fn field(&self) -> &'static str {
        match self.reason {
            Reason::AddEmail => "mail_code",
            Reason::SignIn | Reason::StepUp => "code",
        }
    }

    /// Whether a code can be asked for by mail.
    fn can_send(&self) -> bool {
        self.reason != Reason::AddEmail && matches!(self.asked, Asked::Factor(ways) if ways.email)
    }

    fn invalid(&self) -> bool {
        self.refused.is_some_and(FactorRefused::blames_input)
    }

    fn refusal(&self) -> Option<String> {
        Some(self.refused?.text(self.shell.locale, self.asked))
    }
}

impl Page for FactorPage<'_> {
    fn content(&self) -> Content<'_> {
        if self.passkey.is_some() { Content::Script } else { Content::Plain }
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for FactorPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let hidden = Hidden::sample();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let both = FactorWays { totp: true, recovery: true, ..FactorWays::default() };
        let page = |reason, asked, client| Self {
            shell,
            action: paths::FACTOR,
            carried: Carried(vec![field("csrf", hidden.csrf), field("request", hidden.request)]),
            handle: "alice.test",
            reason,
            asked,
            passkey: None,
            client,
            is_sent: false,
            refused: None,
            cancel: Some(hidden),
        };
        let own = |reason, asked, refused| Self {
            action: paths::ADD_TOTP,
            carried: Carried(vec![field("csrf", hidden.csrf), field("name", "\"><b>alice")]),
            cancel: None,
            refused,
            ..page(reason, asked, None)
        };
        let too_many = Some(FactorRefused::TooMany { minutes: 5 });
        vec![
            ("sign_in", page(Reason::SignIn, Asked::Factor(both), Some(ClientName::sample_host()))),
            ("own_sign_in", own(Reason::SignIn, Asked::Factor(both), Some(FactorRefused::Wrong))),
            ("step_up", page(Reason::StepUp, Asked::Factor(both), Some(ClientName::sample_host()))),
            (
                "passkey",
                Self {
                    passkey: Some(AskedPasskey::sample()),
                    ..own(
                        Reason::StepUp,
                        Asked::Factor(FactorWays { passkey: true, ..both }),
                        Some(FactorRefused::Passkey),
                    )
                },
            ),
            (
                "only_passkey",
                Self {
                    passkey: Some(AskedPasskey::sample()),
                    ..page(
                        Reason::SignIn,
                        Asked::Factor(FactorWays { passkey: true, ..FactorWays::default() }),
                        Some(ClientName::sample_host()),
                    )
                },
            ),
            (
                "mail",
                Self {
                    is_sent: true,
                    ..page(
                        Reason::SignIn,
                        Asked::Factor(FactorWays { email: true, ..both }),
                        Some(ClientName::sample_host()),
                    )
                },
            ),
            (
                "add_mail",
                Self {
                    action: paths::CONFIRM_EMAIL_FACTOR,
                    ..own(
                        Reason::AddEmail,
                        Asked::Factor(FactorWays { email: true, ..FactorWays::default() }),
                        Some(FactorRefused::Wrong),
                    )
                },
            ),
            ("password", own(Reason::StepUp, Asked::Password, None)),
            ("wrong_password", own(Reason::StepUp, Asked::Password, Some(FactorRefused::Wrong))),
            (
                "too_many",
                own(Reason::StepUp, Asked::Factor(FactorWays { recovery: false, ..both }), too_many),
            ),
            (
                "empty",
                own(
                    Reason::StepUp,
                    Asked::Factor(FactorWays { totp: false, ..both }),
                    Some(FactorRefused::Empty),
                ),
            ),
        ]
    }
}
