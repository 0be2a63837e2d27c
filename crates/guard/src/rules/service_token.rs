//! `getServiceAuth` (SA-6): the call that the service token would be good for.

use std::borrow::Cow;

use gatewright_protocol::scope::{Need, RpcNeed};
use gatewright_protocol::service_auth::Recipient;
use gatewright_protocol::syntax::Nsid;
use http::request::Parts;

use crate::table::{self, CREATE_ACCOUNT, Kind};
use crate::{Caller, Granted, GuardError};

/// Whether whoever calls may have a token for this method of this service.
pub(super) fn check(caller: &Caller, parts: &Parts) -> Result<(), GuardError> {
    let asked = Asked::read(parts.uri.query().unwrap_or_default())?;
    asked.check_kind(caller.kind())?;
    match caller.granted() {
        Some(granted) => asked.check_granted(granted),
        None => Ok(()),
    }
}

/// What the query asks for.
struct Asked<'q> {
    aud: Option<Cow<'q, str>>,
    lxm: Option<Cow<'q, str>>,
}

impl<'q> Asked<'q> {
    fn read(query: &'q str) -> Result<Self, GuardError> {
        let mut asked = Self { aud: None, lxm: None };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "aud" => &mut asked.aud,
                "lxm" => &mut asked.lxm,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(GuardError::InvalidRequest("a parameter is given twice"));
            }
        }
        // Nothing but a method: an empty text, which others may read as none, would be a token for every method.
        if asked.lxm.as_deref().is_some_and(|lxm| lxm.parse::<Nsid>().is_err()) {
            return Err(GuardError::InvalidRequest("lxm is not the NSID of a method"));
        }
        if asked.lxm.as_deref().is_some_and(table::is_protected) {
            return Err(GuardError::InvalidRequest("this method is never called with a service token"));
        }
        Ok(asked)
    }

    /// What no scope can grant (APP-8, APP-10).
    fn check_kind(&self, kind: Kind) -> Result<(), GuardError> {
        let lxm = self.lxm.as_deref();
        match kind {
            // Without a method it would open the privileged ones too.
            Kind::AppPassword if lxm.is_none_or(table::is_privileged) => Err(GuardError::Barred),
            // Somebody whose account was taken down may move it elsewhere, and nothing else.
            Kind::TakenDown if lxm != Some(CREATE_ACCOUNT) => Err(GuardError::Barred),
            _ => Ok(()),
        }
    }

    fn check_granted(&self, granted: &Granted) -> Result<(), GuardError> {
        let lxm = self.lxm.as_deref().unwrap_or("*");
        let Some(aud) = self.aud.as_deref() else {
            // Nobody who holds no permission for any service learns more than that.
            let any = Need::Rpc(RpcNeed { lxm, aud: "*" });
            return Err(if granted.may(&any) {
                GuardError::InvalidRequest("the parameter aud is missing")
            } else if self.lxm.is_some() {
                granted.require([any]).err().unwrap_or(GuardError::Forbidden)
            } else {
                granted.refuse_unnamed(&any)
            });
        };
        granted.require([Need::Rpc(RpcNeed { lxm, aud })])?;
        if aud.parse::<Recipient>().is_ok() {
            Ok(())
        } else {
            Err(GuardError::InvalidRequest("aud is not a DID or did#serviceId"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: Kind, query: &str) -> Result<(), GuardError> {
        Asked::read(query)?.check_kind(kind)
    }

    #[test]
    fn sec_44_an_ordinary_app_password_names_a_method_and_not_a_privileged_one() {
        let ordinary = |query| kind(Kind::AppPassword, query).is_ok();
        assert!(!ordinary("aud=did:web:x.com"));
        assert!(!ordinary("aud=did:web:x.com&lxm="));
        assert!(!ordinary("aud=did:web:x.com&lxm=*"));
        assert!(!ordinary("aud=did:web:x.com&lxm=chat.bsky.convo.getLog"));
        assert!(!ordinary("aud=did:web:x.com&lxm=Chat.Bsky.convo.getLog"));
        assert!(!ordinary("aud=did:web:x.com&lxm=com.atproto.server.createAccount"));
        assert!(ordinary("aud=did:web:x.com&lxm=app.bsky.feed.getFeed"));
        for privileged in [Kind::PrivilegedAppPassword, Kind::Full] {
            assert!(kind(privileged, "aud=did:web:x.com").is_ok());
            assert!(kind(privileged, "aud=did:web:x.com&lxm=chat.bsky.convo.getLog").is_ok());
        }
    }

    #[test]
    fn who_was_taken_down_may_move_away_and_nothing_else() {
        assert!(kind(Kind::TakenDown, "aud=did:web:x.com&lxm=com.atproto.server.createAccount").is_ok());
        for query in ["aud=did:web:x.com", "aud=did:web:x.com&lxm=app.bsky.feed.getFeed"] {
            assert!(matches!(kind(Kind::TakenDown, query), Err(GuardError::Barred)), "{query}");
        }
    }

    #[test]
    fn sec_45_nobody_gets_a_token_for_a_protected_method() {
        for lxm in ["com.atproto.server.updateEmail", "COM.atproto.identity.signPlcOperation"] {
            assert!(kind(Kind::Full, &format!("aud=did:web:x.com&lxm={lxm}")).is_err(), "{lxm}");
        }
    }
}
