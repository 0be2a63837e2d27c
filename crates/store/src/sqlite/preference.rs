//! Preferences.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use rusqlite::{Row, params};

use super::account::own;
use super::row::{Columns, all};
use super::writer::Write;
use super::{Sqlite, statements};
use crate::StoreError;
use crate::preference::{Preference, PreferenceStore};

#[async_trait]
impl PreferenceStore for Sqlite {
    async fn list_preferences(&self, account: &Did) -> Result<Vec<Preference>, StoreError> {
        let account = account.clone();
        self.scan(move |connection| all(connection, LIST, [account.as_str()], read)).await
    }

    async fn replace_preferences(
        &self,
        account: &Did,
        kept: Option<&'static str>,
        preferences: Vec<Preference>,
    ) -> Result<(), StoreError> {
        let account = account.clone();
        let step = move |write: &mut Write<'_>| {
            own(write, &account)?;
            write.execute(DELETE, params![account.as_str(), kept])?;
            for preference in &preferences {
                write.execute(APPEND, [account.as_str(), &preference.kind, &preference.json])?;
            }
            Ok(())
        };
        self.write(step).await
    }
}

fn read(row: &Row<'_>) -> Result<Preference, StoreError> {
    let columns = Columns::new("preference", row);
    Ok(Preference { kind: columns.value(1, "kind")?, json: columns.value(2, "json")? })
}

statements! {
    LIST = "SELECT account, kind, json FROM preference WHERE account = ?1 ORDER BY place";
    DELETE = "DELETE FROM preference WHERE account = ?1 AND kind IS NOT ?2";
    APPEND = "INSERT INTO preference (account, place, kind, json) \
        SELECT ?1, 1 + coalesce(max(place), 0), ?2, ?3 FROM preference WHERE account = ?1";
}
