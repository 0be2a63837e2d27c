//! Preferences.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use sqlx::postgres::PgRow;

use super::account::own;
use super::row::{Columns, all, params};
use super::writer::atomic;
use super::{Postgres, read, statements};
use crate::StoreError;
use crate::preference::{Preference, PreferenceStore};

#[async_trait]
impl PreferenceStore for Postgres {
    async fn list_preferences(&self, account: &Did) -> Result<Vec<Preference>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }

    async fn replace_preferences(
        &self,
        account: &Did,
        kept: Option<&'static str>,
        preferences: Vec<Preference>,
    ) -> Result<(), StoreError> {
        atomic!(self, write => {
            own(write, account).await?;
            write.execute(DELETE, params![account.as_str(), kept]).await?;
            for preference in &preferences {
                write.execute(APPEND, params![account.as_str(), &preference.kind, &preference.json]).await?;
            }
            Ok(())
        })
    }
}

fn read(row: &PgRow) -> Result<Preference, StoreError> {
    let columns = Columns::new("preference", row);
    Ok(Preference { kind: columns.value(1, "kind")?, json: columns.value(2, "json")? })
}

statements! {
    LIST = "SELECT account, kind, json FROM preference WHERE account = $1 ORDER BY place";
    DELETE = "DELETE FROM preference WHERE account = $1 AND kind IS DISTINCT FROM $2";
    APPEND = "INSERT INTO preference (account, place, kind, json) \
        SELECT $1, 1 + coalesce(max(place), 0), $2, $3 FROM preference WHERE account = $1";
}
