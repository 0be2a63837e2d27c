//! What every handler has at hand.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use super::extract::locale::locale;
use super::limits::RateLimits;
use super::loopbacks::Loopbacks;
use crate::context::Context;
use crate::pages::Shell;
use crate::pages::brand::Look;

/// What every handler has at hand. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Parts>);

/// See [`App`].
#[derive(Debug)]
pub(crate) struct Parts {
    /// What operations may use.
    pub(crate) ctx: Arc<Context>,
    /// How much strangers may send.
    pub(crate) limits: RateLimits,
    /// What is known of loopback clients.
    pub(crate) loopbacks: Loopbacks,
    /// How pages look.
    pub(crate) look: Look,
    /// The server's metadata, as JSON.
    pub(crate) metadata: Bytes,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// What every page needs, in the language that the browser asks for.
    pub(crate) fn shell(&self, headers: &HeaderMap) -> Shell<'_> {
        Shell { locale: locale(headers, None), look: &self.look }
    }

    /// The origin of this server.
    pub(crate) fn issuer(&self) -> &str {
        self.ctx.settings.issuer.as_str()
    }

    /// Whether browsers reach it by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.ctx.settings.issuer.is_secure()
    }
}
