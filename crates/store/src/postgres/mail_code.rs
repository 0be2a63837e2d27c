//! Codes that are sent by mail, and what they are exchanged for.

use async_trait::async_trait;
use gatewright_protocol::factor::{MailPurpose, OneTimeCodeHash};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::{self, own};
use super::row::{Columns, count, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, app_password, read, statements};
use crate::StoreError;
use crate::mail_code::{ChangeEmail, EmailChanged, MOST, MailCode, MailCodeStore, ResetPassword};

#[async_trait]
impl MailCodeStore for Postgres {
    async fn keep_mail_code(&self, code: MailCode, now: UnixTime) -> Result<bool, StoreError> {
        atomic!(self, write => keep_in(write, &code, now).await)
    }

    async fn find_mail_code(
        &self,
        code: OneTimeCodeHash,
        purpose: MailPurpose,
    ) -> Result<Option<MailCode>, StoreError> {
        read!(self, connection => find(connection, code, purpose).await)
    }

    async fn consume_mail_code(
        &self,
        account: &Did,
        purpose: MailPurpose,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => consume_in(write, account, purpose, code, now).await)
    }

    async fn confirm_email(
        &self,
        account: &Did,
        email: &str,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let (account, email) = (account.clone(), email.to_lowercase());
        atomic!(self, write => {
            let is_address = |_: &PgRow| Ok(());
            if one(&mut write.connection, HAS_EMAIL, params![account.as_str(), &email], is_address).await?.is_none()
                || !consume_in(write, &account, MailPurpose::ConfirmEmail, code, now).await?
            {
                return Ok(false);
            }
            write.execute(CONFIRM, params![account.as_str()]).await?;
            Ok(true)
        })
    }

    async fn change_email(&self, change: ChangeEmail) -> Result<EmailChanged, StoreError> {
        atomic!(self, write => change_in(write, &change).await)
    }

    async fn reset_password(&self, reset: ResetPassword) -> Result<Option<Did>, StoreError> {
        atomic!(self, write => {
            let ResetPassword { code, password, end_app_passwords, now } = &reset;
            let found = find(&mut write.connection, *code, MailPurpose::ResetPassword).await?;
            let Some(found) = found.filter(|found| !found.is_over(*now)) else { return Ok(None) };
            if !account::replace_password_in(write, &found.account, password).await? {
                return Ok(None);
            }
            if *end_app_passwords {
                app_password::end_all(write, &found.account).await?;
            }
            Ok(Some(found.account))
        })
    }

    async fn delete_account_by_code(
        &self,
        account: &Did,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            Ok(consume_in(write, account, MailPurpose::DeleteAccount, code, now).await?
                && account::delete_in(write, account).await?)
        })
    }
}

/// Ends the codes of an account: whoever reads its mail may be another now.
pub(super) async fn end_all(write: &mut Write, account: &Did) -> Result<(), StoreError> {
    write.execute(END_ALL, params![account.as_str()]).await.map(drop)
}

/// Deletes up to `batch` codes whose time has passed; how many rows those were.
pub(super) async fn sweep(write: &mut Write, now: i64, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP, params![now, batch]).await? as u64)
}

async fn keep_in(write: &mut Write, code: &MailCode, now: UnixTime) -> Result<bool, StoreError> {
    let (account, purpose) = (code.account.as_str(), code.purpose.word());
    let good = count(&mut write.connection, COUNT, params![account, purpose, now.millis()]).await?;
    if usize::try_from(good).is_ok_and(|good| good >= MOST) {
        return Ok(false);
    }
    own(write, &code.account).await?;
    write.execute(INSERT, params![code.hash.0, account, purpose, code.ends_at.millis()]).await?;
    Ok(true)
}

/// Uses a code up, and the others of the same account and purpose with it.
async fn consume_in(
    write: &mut Write,
    account: &Did,
    purpose: MailPurpose,
    code: OneTimeCodeHash,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let found = find(&mut write.connection, code, purpose).await?;
    if !found.is_some_and(|found| found.account == *account && !found.is_over(now)) {
        return Ok(false);
    }
    write.execute(END, params![account.as_str(), purpose.word()]).await?;
    Ok(true)
}

async fn change_in(write: &mut Write, change: &ChangeEmail) -> Result<EmailChanged, StoreError> {
    let ChangeEmail { account, email, code, now } = change;
    let (did, email) = (account.as_str(), email.to_lowercase());
    let confirmed = |row: &PgRow| Columns::new("account", row).value::<bool>(0, "email_confirmed");
    let Some(is_confirmed) = one(&mut write.connection, IS_CONFIRMED, params![did], confirmed).await? else {
        return Ok(EmailChanged::Unknown);
    };
    if one(&mut write.connection, IS_TAKEN, params![email.as_str(), did], |_| Ok(())).await?.is_some() {
        return Ok(EmailChanged::Taken);
    }
    if is_confirmed {
        let Some(code) = code else { return Ok(EmailChanged::CodeRequired) };
        if !consume_in(write, account, MailPurpose::ChangeEmail, *code, *now).await? {
            return Ok(EmailChanged::Unknown);
        }
    }
    write.execute(SET_EMAIL, params![did, email.as_str()]).await?;
    end_all(write, account).await?;
    Ok(EmailChanged::Changed)
}

async fn find(
    connection: &mut PgConnection,
    code: OneTimeCodeHash,
    purpose: MailPurpose,
) -> Result<Option<MailCode>, StoreError> {
    one(connection, FIND, params![code.0, purpose.word()], read).await
}

fn read(row: &PgRow) -> Result<MailCode, StoreError> {
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
    FIND = "SELECT hash, account, purpose, ends_at FROM mail_code WHERE hash = $1 AND purpose = $2";
    COUNT = "SELECT count(*) FROM mail_code WHERE account = $1 AND purpose = $2 AND ends_at > $3";
    INSERT = "INSERT INTO mail_code (hash, account, purpose, ends_at) VALUES ($1, $2, $3, $4)";
    END = "DELETE FROM mail_code WHERE account = $1 AND purpose = $2";
    END_ALL = "DELETE FROM mail_code WHERE account = $1";
    SWEEP = "DELETE FROM mail_code WHERE hash IN (SELECT hash FROM mail_code WHERE ends_at <= $1 LIMIT $2)";
    HAS_EMAIL = "SELECT 1 FROM account WHERE did = $1 AND email = $2";
    CONFIRM = "UPDATE account SET email_confirmed = TRUE WHERE did = $1";
    IS_CONFIRMED = "SELECT email_confirmed FROM account WHERE did = $1";
    IS_TAKEN = "SELECT 1 FROM account WHERE email = $1 AND did <> $2";
    SET_EMAIL = "UPDATE account SET email = $2, email_confirmed = FALSE WHERE did = $1";
}
