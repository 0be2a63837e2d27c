//! Reading columns. Whatever is not what this program writes is a [`Corrupt`] row, never a panic.

use std::str::FromStr;

use gatewright_protocol::time::UnixTime;
use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};

use crate::{Corrupt, StoreError};

/// The columns of a row. The first one is its key, and no secret.
pub(super) struct Columns<'r, 's> {
    table: &'static str,
    row: &'r Row<'s>,
}

impl<'r, 's> Columns<'r, 's> {
    pub(super) fn new(table: &'static str, row: &'r Row<'s>) -> Self {
        Self { table, row }
    }

    pub(super) fn value<T: FromSql>(&self, at: usize, column: &'static str) -> Result<T, StoreError> {
        self.row.get(at).map_err(|_| self.corrupt(column))
    }

    pub(super) fn text(&self, at: usize, column: &'static str) -> Result<&'r str, StoreError> {
        self.optional_text(at, column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn optional_text(
        &self,
        at: usize,
        column: &'static str,
    ) -> Result<Option<&'r str>, StoreError> {
        let value = self.row.get_ref(at).map_err(|_| self.corrupt(column))?;
        value.as_str_or_null().map_err(|_| self.corrupt(column))
    }

    pub(super) fn parse<T: FromStr>(&self, at: usize, column: &'static str) -> Result<T, StoreError> {
        self.text(at, column)?.parse().map_err(|_| self.corrupt(column))
    }

    pub(super) fn time(&self, at: usize, column: &'static str) -> Result<UnixTime, StoreError> {
        self.value(at, column).map(UnixTime::from_millis)
    }

    pub(super) fn bytes(&self, at: usize, column: &'static str) -> Result<&'r [u8], StoreError> {
        let value = self.row.get_ref(at).map_err(|_| self.corrupt(column))?;
        value.as_blob().map_err(|_| self.corrupt(column))
    }

    /// Whatever `read` makes of a value, if it makes anything of it.
    pub(super) fn read<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn corrupt(&self, column: &'static str) -> StoreError {
        let key = match self.row.get_ref(0) {
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Ok(ValueRef::Blob(bytes)) => {
                bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
            }
            Ok(ValueRef::Integer(number)) => number.to_string(),
            _ => "?".to_owned(),
        };
        Corrupt { table: self.table, column, key }.into()
    }
}

/// The one row of a query, or none.
pub(super) fn one<T>(
    connection: &rusqlite::Connection,
    sql: &'static str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// All rows of a query.
pub(super) fn all<T>(
    connection: &rusqlite::Connection,
    sql: &'static str,
    params: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        listed.push(read(row)?);
    }
    Ok(listed)
}
