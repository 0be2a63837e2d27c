//! Sign-up: a new account, in the middle of a sign-in.

use std::fmt;

use askama::Template;

use super::client_name::ClientName;
use super::{Hidden, Page, Shell, paths};

/// The form for a new account.
#[derive(Debug, Template)]
#[template(path = "sign_up.html")]
pub(crate) struct SignUpPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// The hidden fields of its forms.
    pub(crate) hidden: Hidden<'a>,
    /// Who asks for the sign-in.
    pub(crate) client: ClientName,
    /// A handle as they are given away here.
    pub(crate) example: String,
    /// Whether an invite code is asked for.
    pub(crate) asks_code: bool,
    /// What was typed before.
    pub(crate) typed: &'a Typed,
    /// What was wrong with it.
    pub(crate) refused: SignUpRefused,
    /// Where the sign-in form is.
    pub(crate) sign_in: &'a str,
}

/// What was typed: all of it but the password.
#[derive(Default)]
pub(crate) struct Typed {
    /// A word, or a whole handle.
    pub(crate) handle: String,
    /// An e-mail address.
    pub(crate) email: String,
    /// An invite code.
    pub(crate) invite: String,
    /// Whether "remember" was ticked.
    pub(crate) remember: bool,
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").finish_non_exhaustive()
    }
}

/// Why no account was made, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignUpRefused {
    /// The handle.
    pub(crate) handle: Option<HandleRefused>,
    /// The address.
    pub(crate) email: Option<EmailRefused>,
    /// The password is too short or too long.
    pub(crate) password: bool,
    /// The code is none that can be used.
    pub(crate) invite: bool,
    /// No field is to blame.
    pub(crate) otherwise: Option<OtherwiseRefused>,
}

/// What is wrong with a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandleRefused {
    /// It is none, or none that is given away here.
    Invalid,
    /// Somebody has it, or it is the operator's.
    Taken,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmailRefused {
    /// It is none.
    Invalid,
    /// It has an account here.
    Taken,
}

/// Why no account was made, whatever was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherwiseRefused {
    /// Something of ours, or the directory of identities, failed.
    Failed,
    /// Too many attempts; may try again in so many minutes.
    TooMany {
        /// At least one.
        minutes: u32,
    },
}

/// The fields, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Handle,
    Email,
    Password,
    Invite,
}

impl SignUpRefused {
    /// Whether anything was wrong.
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }
}

impl HandleRefused {
    fn text(self, shell: &Shell<'_>) -> String {
        match self {
            Self::Invalid => shell.t("sign-up-refused-handle"),
            Self::Taken => shell.t("sign-up-refused-handle-taken"),
        }
    }
}

impl EmailRefused {
    fn text(self, shell: &Shell<'_>) -> String {
        match self {
            Self::Invalid => shell.t("sign-up-refused-email"),
            Self::Taken => shell.t("sign-up-refused-email-taken"),
        }
    }
}

impl SignUpPage<'_> {
    fn refusal(&self) -> Option<String> {
        match self.refused.otherwise {
            Some(OtherwiseRefused::Failed) => Some(self.shell.t("sign-up-refused-failed")),
            Some(OtherwiseRefused::TooMany { minutes }) => {
                Some(self.shell.t1("sign-in-refused-too-many", "minutes", minutes))
            }
            None => self.refused.is_any().then(|| self.shell.t("sign-up-refused")),
        }
    }

    /// The first field that is wrong, or else the first; the password where nothing else is, which has to come again.
    fn focuses(&self, field: Field) -> bool {
        let refused = self.refused;
        let first = if refused.handle.is_some() {
            Field::Handle
        } else if refused.email.is_some() {
            Field::Email
        } else if refused.password {
            Field::Password
        } else if refused.invite {
            Field::Invite
        } else if refused.otherwise.is_some() {
            Field::Password
        } else {
            Field::Handle
        };
        field == first
    }
}

impl Page for SignUpPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for SignUpPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let typed = |handle: &str, email: &str, invite: &str, remember| -> &'static Typed {
            let text = str::to_owned;
            Box::leak(Box::new(Typed {
                handle: text(handle),
                email: text(email),
                invite: text(invite),
                remember,
            }))
        };
        let plain = |client| Self {
            shell,
            hidden: Hidden::sample(),
            client,
            example: "alice.example.net".to_owned(),
            asks_code: false,
            typed: typed("", "", "", false),
            refused: SignUpRefused::default(),
            sign_in: "/oauth/authorize/sign-in?client_id=a&request_uri=b",
        };
        let all = SignUpRefused {
            handle: Some(HandleRefused::Taken),
            email: Some(EmailRefused::Taken),
            password: true,
            invite: true,
            otherwise: None,
        };
        vec![
            ("first", plain(ClientName::sample_host())),
            ("invited", Self { asks_code: true, ..plain(ClientName::Device) }),
            (
                "all_wrong",
                Self {
                    asks_code: true,
                    typed: typed("\"><b>alice", "alice@example.com", "example-net-abcde-23456", true),
                    refused: all,
                    ..plain(ClientName::sample_url())
                },
            ),
            (
                "none",
                Self {
                    typed: typed("a_b", "nowhere", "", false),
                    refused: SignUpRefused {
                        handle: Some(HandleRefused::Invalid),
                        email: Some(EmailRefused::Invalid),
                        ..SignUpRefused::default()
                    },
                    ..plain(ClientName::sample_trusted())
                },
            ),
            (
                "too_many",
                Self {
                    typed: typed("alice", "alice@example.com", "", false),
                    refused: SignUpRefused {
                        otherwise: Some(OtherwiseRefused::TooMany { minutes: 1 }),
                        ..SignUpRefused::default()
                    },
                    ..plain(ClientName::sample_host())
                },
            ),
            (
                "failed",
                Self {
                    typed: typed("alice", "alice@example.com", "", false),
                    refused: SignUpRefused {
                        otherwise: Some(OtherwiseRefused::Failed),
                        ..SignUpRefused::default()
                    },
                    ..plain(ClientName::sample_host())
                },
            ),
        ]
    }
}
