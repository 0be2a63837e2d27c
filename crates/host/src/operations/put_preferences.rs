//! `app.bsky.actor.putPreferences`.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::preference::Preference;
use serde_json::Value;

use super::preferences::{Access, DECLARED_AGE, NAMESPACE, PERSONAL_DETAILS, kind_of};
use crate::context::Context;

/// The most preferences of one account.
const MOST: usize = 500;

/// Why preferences are not kept. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutPreferencesError {
    /// One is of another application, or of no kind at all.
    #[error("a preference has no `$type` that begins with {NAMESPACE}")]
    Kind,
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// One is for the owner's own sessions only.
    #[error("only a session begun with the password of the account may set {PERSONAL_DETAILS}")]
    OwnerOnly,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are too many.
    #[error("there are more than {MOST} preferences")]
    TooMany,
}

/// Puts these in the place of all preferences that this caller may set; others stay. What is reckoned here is left out:
/// applications send back all that they were given.
pub async fn put_preferences(
    context: &Context,
    caller: &Did,
    access: Access,
    preferences: Vec<Value>,
) -> Result<(), PutPreferencesError> {
    context.store.find_account(caller).await?.ok_or(PutPreferencesError::NotFound)?;
    if preferences.len() > MOST {
        return Err(PutPreferencesError::TooMany);
    }
    let mut rows = Vec::with_capacity(preferences.len());
    for preference in preferences {
        let kind = kind_of(&preference).filter(|kind| kind.starts_with(NAMESPACE));
        let kind = kind.ok_or(PutPreferencesError::Kind)?.to_owned();
        match kind.as_str() {
            DECLARED_AGE => {}
            PERSONAL_DETAILS if access != Access::Owner => return Err(PutPreferencesError::OwnerOnly),
            _ => rows.push(Preference { kind, json: preference.to_string() }),
        }
    }
    let kept = (access != Access::Owner).then_some(PERSONAL_DETAILS);
    Ok(context.store.replace_preferences(caller, kept, rows).await?)
}
