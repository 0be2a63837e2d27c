//! What goes back to the client through the browser.

use std::borrow::Cow;
use std::fmt;

use gatewright_protocol::oauth::authorize::{AuthorizeResponse, Delivery};
use gatewright_protocol::oauth::error::{ErrorCode, OAuthError};
use gatewright_protocol::oauth::redirect_uri::RedirectUri;
use gatewright_protocol::secret::Code;
use gatewright_store::request::Request;

use crate::context::Context;

/// What goes back to the client through the browser: always to the redirect URI that was checked when the request was
/// pushed, always with `iss` (AS-44).
pub struct Answer {
    redirect_uri: RedirectUri,
    delivery: Delivery,
}

impl Answer {
    /// The client gets its code.
    pub(super) fn code(ctx: &Context, request: &Request, code: &Code) -> Self {
        Self::new(ctx, request, &AuthorizeResponse::Code(code))
    }

    /// The client gets an error.
    pub(super) fn error(
        ctx: &Context,
        request: &Request,
        code: ErrorCode,
        why: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(ctx, request, &AuthorizeResponse::Error(&OAuthError::new(code, why)))
    }

    fn new(ctx: &Context, request: &Request, response: &AuthorizeResponse<'_>) -> Self {
        let delivery = response.deliver(ctx.settings.issuer.as_str(), &request.parameters);
        Self { redirect_uri: request.parameters.redirect_uri.clone(), delivery }
    }

    /// How it travels. May hold a code.
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Where it goes.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // How it travels may hold a code.
        f.debug_struct("Answer").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}
