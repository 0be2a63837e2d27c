//! Preferences: what the applications of an account note for each other, out of sight of everybody else.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;

use crate::StoreError;

/// One preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// Its `$type`.
    pub kind: String,
    /// The whole of it, as JSON.
    pub json: String,
}

/// Preferences.
#[async_trait]
pub trait PreferenceStore: Send + Sync {
    /// The preferences of an account, in the order in which they were put.
    async fn list_preferences(&self, account: &Did) -> Result<Vec<Preference>, StoreError>;
    /// Puts these in the place of all preferences of the account but those of the kind `kept`, which stay as they are.
    async fn replace_preferences(
        &self,
        account: &Did,
        kept: Option<&'static str>,
        preferences: Vec<Preference>,
    ) -> Result<(), StoreError>;
}
