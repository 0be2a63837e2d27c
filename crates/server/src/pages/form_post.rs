//! `response_mode=form_post`: a page whose one form carries the answer to the client (AS-45).

use askama::Template;
use gatewright_protocol::oauth::redirect_uri::RedirectUri;

use super::consent::Destination;
use super::{Page, Shell};
use crate::http::headers::Content;

/// A form that sends itself, beside a button that does the same.
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPostPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Where it goes: the redirect URI of the request.
    pub(crate) action: String,
    /// What the button calls it.
    pub(crate) destination: Destination,
    /// The parameters of the answer.
    pub(crate) parameters: &'a [(&'a str, &'a str)],
}

/// Written without a form name: the first form of the page is its only one.
pub(crate) const SCRIPT: &str = "document.forms[0].submit()";

impl<'a> FormPostPage<'a> {
    /// The answer `parameters` for the client at `redirect_uri`.
    pub(crate) fn new(
        shell: Shell<'a>,
        redirect_uri: &RedirectUri,
        parameters: &'a [(&'a str, &'a str)],
    ) -> Self {
        let action = redirect_uri.url().into();
        Self { shell, action, destination: Destination::new(redirect_uri), parameters }
    }
}

impl std::fmt::Debug for FormPostPage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The parameters hold a code.
        f.debug_struct("FormPostPage").field("destination", &self.destination).finish_non_exhaustive()
    }
}

impl Page for FormPostPage<'_> {
    fn content(&self) -> Content<'_> {
        Content::SubmittingScript
    }
}

#[cfg(test)]
impl<'a> super::Sampled<'a> for FormPostPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let code = &[
            ("iss", "https://auth.example.com"),
            ("state", "\"><script>1</script>"),
            ("code", "gatewright_ac_x"),
        ];
        let error = &[("iss", "https://auth.example.com"), ("error", "access_denied")];
        let page = |uri: &str, parameters| Self::new(shell, &uri.parse().unwrap(), parameters);
        vec![
            ("code", page("https://notes.example.com/callback?a=\"b\"", code)),
            ("error", page("http://127.0.0.1:4711/callback", error)),
            ("app", page("com.example.reader:/callback", error)),
        ]
    }
}
