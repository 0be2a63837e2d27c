//! Reading columns and handing values over. Whatever is not what this program writes is a [`Corrupt`] row, never a panic.

use std::str::FromStr;

use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{Arguments as _, Row as _, TypeInfo as _, ValueRef as _};

use super::failed;
use crate::{Corrupt, StoreError};

/// The columns of a row. The first one is its key, and no secret.
pub(super) struct Columns<'r> {
    table: &'static str,
    row: &'r PgRow,
}

impl<'r> Columns<'r> {
    pub(super) fn new(table: &'static str, row: &'r PgRow) -> Self {
        Self { table, row }
    }

    pub(super) fn value<T: Column>(&self, at: usize, column: &'static str) -> Result<T, StoreError> {
        T::read(self.row, at).ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn text(&self, at: usize, column: &'static str) -> Result<&'r str, StoreError> {
        self.optional_text(at, column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn optional_text(
        &self,
        at: usize,
        column: &'static str,
    ) -> Result<Option<&'r str>, StoreError> {
        self.row.try_get(at).map_err(|_| self.corrupt(column))
    }

    pub(super) fn parse<T: FromStr>(&self, at: usize, column: &'static str) -> Result<T, StoreError> {
        self.text(at, column)?.parse().map_err(|_| self.corrupt(column))
    }

    pub(super) fn time(&self, at: usize, column: &'static str) -> Result<UnixTime, StoreError> {
        self.value(at, column).map(UnixTime::from_millis)
    }

    pub(super) fn bytes(&self, at: usize, column: &'static str) -> Result<&'r [u8], StoreError> {
        self.row.try_get(at).map_err(|_| self.corrupt(column))
    }

    /// Whatever `read` makes of a value, if it makes anything of it.
    pub(super) fn read<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt(column))
    }

    pub(super) fn corrupt(&self, column: &'static str) -> StoreError {
        let kind = self.row.try_get_raw(0).map(|value| value.type_info().name().to_owned());
        let key =
            match kind.as_deref() {
                Ok("TEXT") => self.row.try_get::<String, _>(0).ok(),
                Ok("BYTEA") => self.row.try_get::<&[u8], _>(0).ok().map(|bytes| {
                    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
                }),
                Ok("INT8") => self.row.try_get::<i64, _>(0).ok().map(|number| number.to_string()),
                _ => None,
            };
        Corrupt { table: self.table, column, key: key.unwrap_or_else(|| "?".to_owned()) }.into()
    }
}

/// What a column can be read as.
pub(super) trait Column: Sized {
    /// `None` if it is something else.
    fn read(row: &PgRow, at: usize) -> Option<Self>;
}

macro_rules! as_it_is {
    ($($type:ty),*) => {
        $(impl Column for $type {
            fn read(row: &PgRow, at: usize) -> Option<Self> {
                row.try_get(at).ok()
            }
        })*
    };
}
as_it_is!(bool, i64, String, Vec<u8>);

impl Column for u32 {
    fn read(row: &PgRow, at: usize) -> Option<Self> {
        Self::try_from(row.try_get::<i64, _>(at).ok()?).ok()
    }
}

impl<const N: usize> Column for [u8; N] {
    fn read(row: &PgRow, at: usize) -> Option<Self> {
        row.try_get::<&[u8], _>(at).ok()?.try_into().ok()
    }
}

impl<T: Column> Column for Option<T> {
    fn read(row: &PgRow, at: usize) -> Option<Self> {
        if row.try_get_raw(at).ok()?.is_null() { Some(None) } else { T::read(row, at).map(Some) }
    }
}

/// The values of a statement.
#[derive(Default)]
pub(super) struct Params {
    arguments: PgArguments,
    /// Why one of them cannot be handed over.
    failure: Option<sqlx::error::BoxDynError>,
}

impl Params {
    /// These and one more.
    pub(super) fn with(mut self, value: &impl Param) -> Self {
        value.add(&mut self);
        self
    }

    fn add<'t, T: sqlx::Encode<'t, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(&mut self, value: T) {
        if let Err(error) = self.arguments.add(value) {
            self.failure.get_or_insert(error);
        }
    }

    pub(super) fn arguments(self) -> Result<PgArguments, StoreError> {
        match self.failure {
            None => Ok(self.arguments),
            Some(error) => Err(failed(error)),
        }
    }
}

/// A value that can be handed over.
pub(super) trait Param {
    fn add(&self, params: &mut Params);
    /// Hands over that there is none.
    fn add_none(params: &mut Params);
}

macro_rules! param {
    ($($type:ty as $column:ty: $of:expr),* $(,)?) => {
        $(impl Param for $type {
            fn add(&self, params: &mut Params) {
                let of: fn(&Self) -> $column = $of;
                params.add(of(self));
            }

            fn add_none(params: &mut Params) {
                params.add(None::<$column>);
            }
        })*
    };
}
param! {
    bool as bool: |value| *value,
    i64 as i64: |value| *value,
    u32 as i64: |value| i64::from(*value),
    str as String: str::to_owned,
    String as String: Clone::clone,
    [u8] as Vec<u8>: <[u8]>::to_vec,
    Vec<u8> as Vec<u8>: Clone::clone,
    Vec<i64> as Vec<i64>: Clone::clone,
    Vec<String> as Vec<String>: Clone::clone,
    Vec<Vec<u8>> as Vec<Vec<u8>>: Clone::clone,
}

impl<const N: usize> Param for [u8; N] {
    fn add(&self, params: &mut Params) {
        self.as_slice().add(params);
    }

    fn add_none(params: &mut Params) {
        <[u8]>::add_none(params);
    }
}

impl<const N: usize> Param for Vec<[u8; N]> {
    fn add(&self, params: &mut Params) {
        params.add(self.iter().map(|bytes| bytes.to_vec()).collect::<Vec<Vec<u8>>>());
    }

    fn add_none(params: &mut Params) {
        params.add(None::<Vec<Vec<u8>>>);
    }
}

impl<T: Param + ?Sized> Param for &T {
    fn add(&self, params: &mut Params) {
        T::add(self, params);
    }

    fn add_none(params: &mut Params) {
        T::add_none(params);
    }
}

impl<T: Param> Param for Option<T> {
    fn add(&self, params: &mut Params) {
        match self {
            Some(value) => value.add(params),
            None => T::add_none(params),
        }
    }

    fn add_none(params: &mut Params) {
        T::add_none(params);
    }
}

/// The values of a statement, in their order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        $crate::postgres::row::Params::default()$(.with(&$value))*
    };
}
pub(super) use params;

/// The one row of a query, or none.
pub(super) async fn one<T>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
    read: impl FnOnce(&PgRow) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let found = sqlx::query_with(sql, params.arguments()?).fetch_optional(connection).await?;
    found.as_ref().map(read).transpose()
}

/// All rows of a query.
pub(super) async fn all<T>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
    read: impl FnMut(&PgRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let found = sqlx::query_with(sql, params.arguments()?).fetch_all(connection).await?;
    found.iter().map(read).collect()
}

/// The number that a query counts.
pub(super) async fn count(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
) -> Result<u64, StoreError> {
    let counted = one(connection, sql, params, |row| Columns::new("count", row).value::<i64>(0, "count"));
    Ok(u64::try_from(counted.await?.unwrap_or(0)).unwrap_or(0))
}
