//! The error page: what was wrong, and what to do. Shown where the answer cannot go to the client (AS-31).

use askama::Template;

use super::{Page, Shell};

/// What was wrong, and what to do.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// What was wrong.
    pub(crate) trouble: Trouble,
    /// What a developer of the client wants to know; may hold what a stranger sent.
    pub(crate) detail: Option<&'a str>,
}

/// What was wrong, as far as the person before the page is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The link does not hold what it must.
    BadLink,
    /// There is no room for it at the moment.
    Busy,
    /// The request does not come from a page of ours, or not as browsers send them (AS-33, AS-35).
    CrossSite,
    /// The request has ended, was used, or never was.
    Expired,
    /// The form is not of this device's session: cookies are off, or it was open for too long (AS-35).
    FormStale,
    /// Something failed that is ours to mend.
    Internal,
    /// The address is one that forms are sent to, not a page: somebody loaded it again.
    NotAPage,
    /// Another browser opened the request first (AS-32).
    OtherDevice,
    /// Passwords are kept elsewhere: none can be set here.
    PasswordsElsewhere,
    /// Too many requests.
    TooMany,
}

impl Trouble {
    const fn id(self) -> &'static str {
        match self {
            Self::BadLink => "error-bad-link",
            Self::Busy => "error-busy",
            Self::CrossSite => "error-cross-site",
            Self::Expired => "error-expired",
            Self::FormStale => "error-form-stale",
            Self::Internal => "error-internal",
            Self::NotAPage => "error-not-a-page",
            Self::OtherDevice => "error-other-device",
            Self::PasswordsElsewhere => "error-passwords-elsewhere",
            Self::TooMany => "error-too-many",
        }
    }

    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::BadLink,
        Self::Busy,
        Self::CrossSite,
        Self::Expired,
        Self::FormStale,
        Self::Internal,
        Self::NotAPage,
        Self::OtherDevice,
        Self::PasswordsElsewhere,
        Self::TooMany,
    ];
}

impl ErrorPage<'_> {
    fn says(&self, part: &str) -> String {
        self.shell.t(&format!("{}-{part}", self.trouble.id()))
    }
}

impl Page for ErrorPage<'_> {}

#[cfg(test)]
impl<'a> super::Sampled<'a> for ErrorPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |trouble: Trouble| {
            (trouble.id().trim_start_matches("error-"), Self { shell, trouble, detail: None })
        };
        let detail = "unknown parameter `\"><img src=x onerror=alert(1)>`";
        let mut pages: Vec<_> = Trouble::ALL.into_iter().map(page).collect();
        pages.push(("detail", Self { shell, trouble: Trouble::BadLink, detail: Some(detail) }));
        pages
    }
}
