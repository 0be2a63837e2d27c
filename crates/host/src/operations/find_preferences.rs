//! `app.bsky.actor.getPreferences`.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use serde_json::Value;

use super::preferences::{Access, PERSONAL_DETAILS, declared_age, kind_of};
use crate::context::Context;

/// Why no preferences are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindPreferencesError {
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The preferences of an account that this caller may see.
pub async fn find_preferences(
    context: &Context,
    caller: &Did,
    access: Access,
) -> Result<Vec<Value>, FindPreferencesError> {
    context.store.find_account(caller).await?.ok_or(FindPreferencesError::NotFound)?;
    let rows = context.store.list_preferences(caller).await?;
    let mut preferences: Vec<Value> =
        rows.iter().filter_map(|row| serde_json::from_str(&row.json).ok()).collect();
    let details = preferences.iter().find(|preference| kind_of(preference) == Some(PERSONAL_DETAILS));
    let age = details.and_then(|details| declared_age(details, context.now()));
    if access != Access::Owner {
        preferences.retain(|preference| kind_of(preference) != Some(PERSONAL_DETAILS));
    }
    preferences.extend(age);
    Ok(preferences)
}
