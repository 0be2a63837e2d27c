//! Codes that are sent by mail, and what they are exchanged for.

use async_trait::async_trait;
use gatewright_protocol::factor::{MailPurpose, OneTimeCodeHash};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use rusqlite::{Connection, Row, params};

use super::account::{self, own};
use super::cache::Change;
use super::row::{Columns, one};
use super::writer::Write;
use super::{Sqlite, app_password, statements};
use crate::StoreError;
use crate::mail_code::{ChangeEmail, EmailChanged, MOST, MailCode, MailCodeStore, ResetPassword};

#[async_trait]
impl MailCodeStore for Sqlite {
    async fn keep_mail_code(&self, code: MailCode, now: UnixTime) -> Result<bool, StoreError> {
        self.write(move |write| keep_in(write, &code, now)).await
    }

    async fn find_mail_code(
        &self,
        code: OneTimeCodeHash,
        purpose: MailPurpose,
    ) -> Result<Option<MailCode>, StoreError> {
        self.point(|connection| find(connection, code, purpose)).await
    }

    async fn consume_mail_code(
        &self,
        account: &Did,
        purpose: MailPurpose,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let account = account.clone();
        self.write(move |write| consume_in(write, &account, purpose, code, now)).await
    }

    async fn confirm_email(
        &self,
        account: &Did,
        email: &str,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let (account, email) = (account.clone(), email.to_lowercase());
        let step = move |write: &mut Write<'_>| {
            let is_address = |_: &Row<'_>| Ok(());
            if one(write.connection, HAS_EMAIL, [account.as_str(), &email], is_address)?.is_none()
                || !consume_in(write, &account, MailPurpose::ConfirmEmail, code, now)?
            {
                return Ok(false);
            }
            write.execute(CONFIRM, [account.as_str()])?;
            write.change(Change::AccountGone(account));
            Ok(true)
        };
        self.write(step).await
    }

    async fn change_email(&self, change: ChangeEmail) -> Result<EmailChanged, StoreError> {
        self.write(move |write| change_in(write, &change)).await
    }

    async fn reset_password(&self, reset: ResetPassword) -> Result<Option<Did>, StoreError> {
        let step = move |write: &mut Write<'_>| {
            let ResetPassword { code, password, end_app_passwords, now } = &reset;
            let found = find(write.connection, *code, MailPurpose::ResetPassword)?;
            let Some(found) = found.filter(|found| !found.is_over(*now)) else { return Ok(None) };
            if !account::replace_password_in(write, &found.account, password)? {
                return Ok(None);
            }
            if *end_app_passwords {
                app_password::end_all(write, &found.account)?;
            }
            Ok(Some(found.account))
        };
        self.write(step).await
    }

    async fn delete_account_by_code(
        &self,
        account: &Did,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let account = account.clone();
        let step = move |write: &mut Write<'_>| {
            Ok(consume_in(write, &account, MailPurpose::DeleteAccount, code, now)?
                && account::delete_in(write, account)?)
        };
        self.write(step).await
    }
}

/// Ends the codes of an account: whoever reads its mail may be another now.
pub(super) fn end_all(write: &Write<'_>, account: &Did) -> Result<(), StoreError> {
    write.execute(END_ALL, [account.as_str()]).map(drop)
}

/// Deletes up to `batch` codes whose time has passed; how many rows those were.
pub(super) fn sweep(write: &Write<'_>, now: i64, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP, [now, batch])? as u64)
}

fn keep_in(write: &mut Write<'_>, code: &MailCode, now: UnixTime) -> Result<bool, StoreError> {
    let (account, purpose) = (code.account.as_str(), code.purpose.word());
    let good: i64 =
        write.prepare(COUNT)?.query_row(params![account, purpose, now.millis()], |row| row.get(0))?;
    if usize::try_from(good).is_ok_and(|good| good >= MOST) {
        return Ok(false);
    }
    own(write, &code.account)?;
    write.execute(INSERT, params![code.hash.0, account, purpose, code.ends_at.millis()])?;
    Ok(true)
}

/// Uses a code up, and the others of the same account and purpose with it.
fn consume_in(
    write: &Write<'_>,
    account: &Did,
    purpose: MailPurpose,
    code: OneTimeCodeHash,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let found = find(write.connection, code, purpose)?;
    if !found.is_some_and(|found| found.account == *account && !found.is_over(now)) {
        return Ok(false);
    }
    write.execute(END, [account.as_str(), purpose.word()])?;
    Ok(true)
}

fn change_in(write: &mut Write<'_>, change: &ChangeEmail) -> Result<EmailChanged, StoreError> {
    let ChangeEmail { account, email, code, now } = change;
    let (did, email) = (account.as_str(), email.to_lowercase());
    let confirmed = |row: &Row<'_>| Columns::new("account", row).value::<bool>(0, "email_confirmed");
    let Some(is_confirmed) = one(write.connection, IS_CONFIRMED, [did], confirmed)? else {
        return Ok(EmailChanged::Unknown);
    };
    if one(write.connection, IS_TAKEN, [email.as_str(), did], |_| Ok(()))?.is_some() {
        return Ok(EmailChanged::Taken);
    }
    if is_confirmed {
        let Some(code) = code else { return Ok(EmailChanged::CodeRequired) };
        if !consume_in(write, account, MailPurpose::ChangeEmail, *code, *now)? {
            return Ok(EmailChanged::Unknown);
        }
    }
    write.execute(SET_EMAIL, [did, email.as_str()])?;
    end_all(write, account)?;
    write.change(Change::AccountGone(account.clone()));
    Ok(EmailChanged::Changed)
}

fn find(
    connection: &Connection,
    code: OneTimeCodeHash,
    purpose: MailPurpose,
) -> Result<Option<MailCode>, StoreError> {
    one(connection, FIND, params![code.0, purpose.word()], read)
}

fn read(row: &Row<'_>) -> Result<MailCode, StoreError> {
    let columns = Columns::new("mail_code", row);
    let purpose = MailPurpose::read(columns.text(2, "purpose")?);
    Ok(MailCode {
        hash: OneTimeCodeHash(columns.value(0, "hash")?),
        account: columns.parse(1, "account")?,
        purpose: columns.read("purpose", purpose)?,
        ends_at: columns.time(3, "ends_at")?,
    })
}

statements! {
    FIND = "SELECT hash, account, purpose, ends_at FROM mail_code WHERE hash = ?1 AND purpose = ?2";
    COUNT = "SELECT count(*) FROM mail_code WHERE account = ?1 AND purpose = ?2 AND ends_at > ?3";
    INSERT = "INSERT INTO mail_code (hash, account, purpose, ends_at) VALUES (?1, ?2, ?3, ?4)";
    END = "DELETE FROM mail_code WHERE account = ?1 AND purpose = ?2";
    END_ALL = "DELETE FROM mail_code WHERE account = ?1";
    SWEEP = "DELETE FROM mail_code WHERE hash IN (SELECT hash FROM mail_code WHERE ends_at <= ?1 LIMIT ?2)";
    HAS_EMAIL = "SELECT 1 FROM account WHERE did = ?1 AND email = ?2";
    CONFIRM = "UPDATE account SET email_confirmed = 1 WHERE did = ?1";
    IS_CONFIRMED = "SELECT email_confirmed FROM account WHERE did = ?1";
    IS_TAKEN = "SELECT 1 FROM account WHERE email = ?1 AND did <> ?2";
    SET_EMAIL = "UPDATE account SET email = ?2, email_confirmed = 0 WHERE did = ?1";
}
