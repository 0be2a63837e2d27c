//! `[services]`: who answers what this server does not.

use anyhow::{Context, Result, bail};
use gatewright_guard::{Service as Known, Services as Usual};
use gatewright_host::proxy::RecipientForm;
use gatewright_protocol::scope::Audience;
use gatewright_protocol::syntax::Did;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// Who answers what this server does not. Calls that name a service in `atproto-proxy` go to that one, whatever stands
/// here; calls that name none go to these, and are answered 501 where there is none.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Services {
    /// Whom the tokens of calls name: `did`, the DID alone, which is what most services understand today; `service`, the
    /// DID with its service.
    pub token_audience: TokenAudience,
    /// The app view (`#bsky_appview`): everything that has no service of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_view: Option<Service>,
    /// The moderation service (`#atproto_labeler`): `tools.ozone.*`. Its own tokens open the methods of moderators here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation: Option<Service>,
    /// The service that takes people's reports (`#atproto_labeler`): `com.atproto.moderation.createReport`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Service>,
}

/// A service, and where it is.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its origin: `https://` and a host, no path.
    pub url: String,
    /// Who it is: a did:plc or did:web.
    pub did: String,
}

/// Whom the tokens of calls name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenAudience {
    /// The DID alone.
    #[default]
    Did,
    /// The DID with its service.
    Service,
}

impl From<TokenAudience> for RecipientForm {
    fn from(audience: TokenAudience) -> Self {
        match audience {
            TokenAudience::Did => Self::Did,
            TokenAudience::Service => Self::Service,
        }
    }
}

impl Services {
    /// # Errors
    /// When a URL is not an https origin or a DID is none.
    pub(super) fn check(&self) -> Result<()> {
        let usual = self.usual()?;
        for service in [usual.app_view, usual.moderation, usual.report].into_iter().flatten() {
            if service.origin.scheme() != "https" {
                bail!("services: the url of {} must begin with https://", service.audience);
            }
        }
        Ok(())
    }

    /// The services that calls go to which name none.
    ///
    /// # Errors
    /// When a URL is not an origin or a DID is none.
    pub fn usual(&self) -> Result<Usual> {
        let known = |name: &str, service: &Option<Service>, id: &str| {
            service
                .as_ref()
                .map(|service| service.known(id).with_context(|| format!("services.{name}")))
                .transpose()
        };
        Ok(Usual {
            app_view: known("app_view", &self.app_view, "bsky_appview")?,
            moderation: known("moderation", &self.moderation, "atproto_labeler")?,
            report: known("report", &self.report, "atproto_labeler")?,
        })
    }

    /// Whose tokens are those of the moderation service.
    ///
    /// # Errors
    /// When its DID is none.
    pub fn moderator(&self) -> Result<Option<Did>> {
        Ok(self.usual()?.moderation.map(|service| service.audience.did()))
    }
}

impl Service {
    fn known(&self, id: &str) -> Result<Known> {
        let origin = Url::parse(&self.url).with_context(|| format!("`{}` is not a URL", self.url))?;
        if origin.origin().ascii_serialization() != self.url {
            bail!("the url must be an origin, without a path and without a slash at its end: `{}`", self.url);
        }
        let audience = Audience::parse(&format!("{}#{id}", self.did));
        let audience = audience.with_context(|| format!("`{}` is not a did:plc or did:web", self.did))?;
        Ok(Known { audience, origin })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const SERVER: &str =
        "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"/nowhere\"\n[services]\n";

    fn error(services: &str) -> String {
        let error = Config::parse(&format!("{SERVER}{services}")).expect_err("it is wrong");
        format!("{error:#}")
    }

    #[test]
    fn services_are_named_by_origin_and_did() {
        let services = "app_view = { url = \"https://api.view.net\", did = \"did:web:api.view.net\" }\n\
                        moderation = { url = \"https://mod.net\", did = \"did:plc:ewvi7nxzyoun6zhxrhs64oiz\" }\n\
                        token_audience = \"service\"\n";
        let config = Config::parse(&format!("{SERVER}{services}")).expect("it is a configuration");
        let usual = config.services.usual().expect("they are services");
        let app_view = usual.app_view.expect("there is one");
        assert_eq!(app_view.audience.as_str(), "did:web:api.view.net#bsky_appview");
        assert_eq!(app_view.origin.as_str(), "https://api.view.net/");
        assert_eq!(usual.report, None);
        let moderator = config.services.moderator().expect("it is a DID").expect("there is one");
        assert_eq!(moderator.as_str(), "did:plc:ewvi7nxzyoun6zhxrhs64oiz");
        let shown = toml::to_string(&config).expect("it can be shown");
        Config::parse(&shown).expect("what is shown is a configuration");
    }

    #[test]
    fn what_is_no_service_is_named_with_its_key() {
        let service =
            |url: &str, did: &str| error(&format!("app_view = {{ url = \"{url}\", did = \"{did}\" }}"));
        for wrong in [
            service("https://api.view.net/", "did:web:api.view.net"),
            service("https://api.view.net/path", "did:web:api.view.net"),
            service("api.view.net", "did:web:api.view.net"),
            service("https://api.view.net", "did:key:z6"),
            service("https://api.view.net", "did:web:api.view.net#bsky_appview"),
        ] {
            assert!(wrong.contains("services.app_view"), "{wrong}");
        }
        assert!(service("http://api.view.net", "did:web:api.view.net").contains("https://"));
        assert!(error("appview = 1").contains("appview"));
    }
}
