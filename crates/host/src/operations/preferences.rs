//! What `getPreferences` and `putPreferences` share: which preferences there are that not everybody may see or set.

use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::UnixTime;
use serde_json::{Value, json};

/// Under what name preferences are kept here.
pub(super) const NAMESPACE: &str = "app.bsky.";
/// For the owner's own sessions only: it holds the date of birth (SEC-48).
pub(super) const PERSONAL_DETAILS: &str = "app.bsky.actor.defs#personalDetailsPref";
/// What everybody may know of that. It is reckoned here and never set.
pub(super) const DECLARED_AGE: &str = "app.bsky.actor.defs#declaredAgePref";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Somebody with the password of the account.
    Owner,
    /// An application, or somebody with an app password.
    Other,
}

/// The `$type` of a preference.
pub(super) fn kind_of(preference: &Value) -> Option<&str> {
    preference.as_object()?.get("$type")?.as_str()
}

/// How old the owner says to be, out of the personal details.
pub(super) fn declared_age(details: &Value, now: UnixTime) -> Option<Value> {
    let born: Datetime = details.get("birthDate")?.as_str()?.parse().ok()?;
    let (born, today) = (date_of(&born)?, date_of(&Datetime::from(now))?);
    let is_over = |years: u32| (born.0 + years, born.1, born.2) <= today;
    Some(json!({
        "$type": DECLARED_AGE,
        "isOverAge13": is_over(13),
        "isOverAge16": is_over(16),
        "isOverAge18": is_over(18),
    }))
}

/// Year, month and day as they are written.
fn date_of(time: &Datetime) -> Option<(u32, u32, u32)> {
    let mut parts = time.as_str().get(..10)?.split('-').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_change_on_birthdays() {
        // 2027-01-15
        let now = UnixTime::from_seconds(1_800_000_000);
        let over = |born: &str| {
            let age = declared_age(&json!({ "birthDate": born }), now).expect("a date");
            ["isOverAge13", "isOverAge16", "isOverAge18"].map(|name| age[name] == true)
        };
        assert_eq!(over("2009-01-15T00:00:00Z"), [true, true, true]);
        assert_eq!(over("2009-01-16T00:00:00Z"), [true, true, false]);
        assert_eq!(over("2011-01-15T00:00:00.000Z"), [true, true, false]);
        assert_eq!(over("2013-12-31T00:00:00Z"), [true, false, false]);
        assert_eq!(over("2020-02-29T00:00:00Z"), [false, false, false]);
        for details in [json!({}), json!({"birthDate": 7}), json!({"birthDate": "long ago"})] {
            assert_eq!(declared_age(&details, now), None);
        }
    }
}
