//! The services that calls go to which name none (PX-2).

use gatewright_protocol::scope::Audience;
use url::Url;

/// A service of the configuration, and where it is: nothing is looked up to reach it (PX-3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its DID and its name there, as in `did:web:api.example.com#bsky_appview`.
    pub audience: Audience,
    /// Its origin.
    pub origin: Url,
}

/// The services that calls go to which name none. Where there is none for a method, it is not implemented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// For everything that has no service of its own.
    pub app_view: Option<Service>,
    /// For `tools.ozone.*`.
    pub moderation: Option<Service>,
    /// For `com.atproto.moderation.createReport`.
    pub report: Option<Service>,
}

/// Where people's reports go.
const CREATE_REPORT: &str = "com.atproto.moderation.createReport";
/// What moderators work with.
const OZONE: &str = "tools.ozone.";

impl Services {
    /// The service for calls of this method that name none.
    pub fn usual(&self, method: &str) -> Option<&Service> {
        if method == CREATE_REPORT {
            self.report.as_ref()
        } else if method.starts_with(OZONE) {
            self.moderation.as_ref()
        } else {
            self.app_view.as_ref()
        }
    }

    /// The service of the configuration that has this very name.
    pub fn find(&self, audience: &Audience) -> Option<&Service> {
        let all = [&self.app_view, &self.moderation, &self.report];
        all.into_iter().flatten().find(|service| service.audience == *audience)
    }
}
