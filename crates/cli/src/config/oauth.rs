//! `[oauth]`: the authorization server.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gatewright_protocol::oauth::client_id::{ClientId, Development};
use gatewright_server::settings::{BroadScope, SessionLifetime, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lifetimes, trusted clients and what is tolerated of clients.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of an operator, not a state")]
pub struct Oauth {
    /// Client ids whose name and logo are shown, and who may be signed in silently (CM-11).
    pub trusted_clients: Vec<String>,
    /// Let sessions of trusted clients that cannot prove who they are live as long as those of clients that can.
    pub long_sessions_for_trusted_clients: bool,
    /// Take apps (`application_type: native`) that prove who they are by a server of their own (CM-12).
    pub confidential_native_clients: bool,
    /// Take requests without `state`: some older clients send none.
    pub tolerate_absent_state: bool,
    /// Take client assertions without `exp`, as ending 60 s after their `iat`: some older clients make such (CM-27).
    pub tolerate_absent_assertion_expiry: bool,
    /// How long an access token is good: 1 to 30 minutes.
    pub access_token_minutes: u32,
    /// How long the session of a client that cannot prove who it is lives: 1 to 14 days.
    pub public_session_days: u32,
    /// How long the session of a client that proves who it is lives: 1 to 36500 days.
    pub confidential_session_days: u32,
    /// How long such a session lives without being refreshed: 1 to 180 days.
    pub confidential_refresh_days: u32,
    /// How long a browser that remembers a sign-in is not asked for the password again: 1 to 90 days.
    pub remembered_sign_in_days: u32,
    /// What is granted only to who proved themselves lately, by a second factor or else the password: any of `identity:*`,
    /// `repo:*`, `account:*?action=manage` and `transition:generic`.
    pub step_up_scopes: Vec<String>,
    /// How lately, on the same device: 1 to 60 minutes. App passwords and second factors ask for it too.
    pub step_up_minutes: u32,
}

impl Default for Oauth {
    fn default() -> Self {
        Self {
            trusted_clients: Vec::new(),
            long_sessions_for_trusted_clients: false,
            confidential_native_clients: false,
            tolerate_absent_state: false,
            tolerate_absent_assertion_expiry: false,
            access_token_minutes: 15,
            public_session_days: 14,
            confidential_session_days: 730,
            confidential_refresh_days: 90,
            remembered_sign_in_days: 7,
            step_up_scopes: BroadScope::ALL.map(|scope| scope.as_str().to_owned()).to_vec(),
            step_up_minutes: 10,
        }
    }
}

impl Oauth {
    /// # Errors
    /// When a trusted client or a scope is none, or a lifetime out of bounds.
    pub(super) fn check(&self) -> Result<()> {
        self.trusted()?;
        self.broad()?;
        for (key, value, bounds) in self.bounds() {
            let (least, most) = (bounds.start(), bounds.end());
            ensure!(bounds.contains(&value), "oauth.{key}: {value} is not between {least} and {most}");
        }
        Ok(())
    }

    fn bounds(&self) -> [(&'static str, u32, RangeInclusive<u32>); 6] {
        [
            ("access_token_minutes", self.access_token_minutes, 1..=30),
            ("public_session_days", self.public_session_days, 1..=14),
            ("confidential_session_days", self.confidential_session_days, 1..=36_500),
            ("confidential_refresh_days", self.confidential_refresh_days, 1..=180),
            ("remembered_sign_in_days", self.remembered_sign_in_days, 1..=90),
            ("step_up_minutes", self.step_up_minutes, 1..=60),
        ]
    }

    /// The trusted clients.
    ///
    /// # Errors
    /// When one is no client id.
    pub fn trusted(&self) -> Result<Vec<ClientId>> {
        let parse = |client: &String| {
            ClientId::parse(client, Development::Refused)
                .with_context(|| format!("oauth.trusted_clients: `{client}` is not a client id"))
        };
        self.trusted_clients.iter().map(parse).collect()
    }

    fn broad(&self) -> Result<Vec<BroadScope>> {
        let parse = |text: &String| {
            BroadScope::parse(text).with_context(|| {
                let known = BroadScope::ALL.map(BroadScope::as_str).join(", ");
                format!("oauth.step_up_scopes: `{text}` is none of {known}")
            })
        };
        self.step_up_scopes.iter().map(parse).collect()
    }

    /// Puts everything but the trusted clients into the settings of a server. What does not pass the check is left as it
    /// was there.
    pub fn apply(&self, settings: &mut Settings) {
        settings.step_up.fresh = Duration::from_mins(1) * self.step_up_minutes;
        if let Ok(scopes) = self.broad() {
            settings.step_up.scopes = scopes;
        }
        let days = |days: u32| Duration::from_hours(24) * days;
        settings.long_sessions_for_trusted_clients = self.long_sessions_for_trusted_clients;
        settings.confidential_native_clients = self.confidential_native_clients;
        settings.tolerate_absent_state = self.tolerate_absent_state;
        settings.tolerate_absent_assertion_expiry = self.tolerate_absent_assertion_expiry;
        let lifetimes = &mut settings.lifetimes;
        lifetimes.access_shared = Duration::from_mins(1) * self.access_token_minutes;
        let public = days(self.public_session_days);
        lifetimes.public = SessionLifetime { session: public, refresh: public };
        lifetimes.confidential = SessionLifetime {
            session: days(self.confidential_session_days),
            refresh: days(self.confidential_refresh_days),
        };
        lifetimes.remembered_sign_in = days(self.remembered_sign_in_days);
    }
}

#[cfg(test)]
mod tests {
    use gatewright_server::settings::Issuer;

    use super::*;
    use crate::config::Config;

    fn parse(oauth: &str) -> Result<Config> {
        Config::parse(&format!(
            "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"/nowhere\"\n[oauth]\n{oauth}"
        ))
    }

    fn settings(config: &Config) -> Settings {
        let issuer = Issuer::parse(&config.server.public_url, false).expect("an issuer");
        let mut settings = Settings::new(issuer);
        config.oauth.apply(&mut settings);
        settings
    }

    #[test]
    fn the_defaults_are_those_of_the_server() {
        let config = parse("").expect("it is a configuration");
        let (ours, defaults) =
            (settings(&config), Settings::new(Issuer::parse("https://a.net", false).expect("one")));
        assert_eq!(format!("{:?}", ours.lifetimes), format!("{:?}", defaults.lifetimes));
        assert_eq!(format!("{:?}", ours.step_up), format!("{:?}", defaults.step_up));
        assert!(!ours.confidential_native_clients && !ours.tolerate_absent_assertion_expiry);
    }

    #[test]
    fn what_is_written_holds() {
        let config = parse(
            "long_sessions_for_trusted_clients = true\nconfidential_native_clients = true\n\
             tolerate_absent_assertion_expiry = true\ntolerate_absent_state = true\naccess_token_minutes = 5\n\
             public_session_days = 2\nconfidential_session_days = 100\nconfidential_refresh_days = 30\n\
             remembered_sign_in_days = 1\nstep_up_minutes = 3\nstep_up_scopes = [\"repo:*\"]\n",
        );
        let settings = settings(&config.expect("it is a configuration"));
        assert!(settings.long_sessions_for_trusted_clients && settings.confidential_native_clients);
        assert!(settings.tolerate_absent_assertion_expiry && settings.tolerate_absent_state);
        let (minutes, days) = (Duration::from_mins, |days: u64| Duration::from_hours(24 * days));
        let lifetimes = settings.lifetimes;
        assert_eq!(lifetimes.access_shared, minutes(5));
        assert_eq!(lifetimes.public, SessionLifetime { session: days(2), refresh: days(2) });
        assert_eq!(lifetimes.confidential, SessionLifetime { session: days(100), refresh: days(30) });
        assert_eq!(lifetimes.remembered_sign_in, days(1));
        assert_eq!(settings.step_up.fresh, minutes(3));
        assert_eq!(settings.step_up.scopes, [BroadScope::RepoAny]);
    }

    #[test]
    fn sec_27_what_is_out_of_bounds_is_named() {
        for (oauth, key) in [
            ("access_token_minutes = 31", "oauth.access_token_minutes"),
            ("access_token_minutes = 0", "oauth.access_token_minutes"),
            ("public_session_days = 15", "oauth.public_session_days"),
            ("confidential_refresh_days = 181", "oauth.confidential_refresh_days"),
            ("step_up_minutes = 0", "oauth.step_up_minutes"),
            ("step_up_minutes = 61", "oauth.step_up_minutes"),
            ("step_up_scopes = [\"repo:com.example.note\"]", "oauth.step_up_scopes"),
            ("trusted_clients = [\"https://localhost/client.json\"]", "oauth.trusted_clients"),
            ("trusted_clients = [\"https://app.example.net\"]", "oauth.trusted_clients"),
        ] {
            let error = parse(oauth).expect_err(oauth);
            assert!(format!("{error:#}").contains(key), "{oauth}: {error:#}");
        }
    }
}
