//! Codes that are sent by mail, and what they are exchanged for.

use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::factor::{MailPurpose, OneTimeCodeHash};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::{Memory, Tables};
use crate::StoreError;
use crate::mail_code::{ChangeEmail, EmailChanged, MOST, MailCode, MailCodeStore, ResetPassword};

#[derive(Debug, Default)]
pub(super) struct MailCodes {
    rows: HashMap<OneTimeCodeHash, MailCode>,
}

impl MailCodes {
    /// Forgets the codes of an account; whether there were any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let before = self.rows.len();
        self.rows.retain(|_, code| code.account != *did);
        self.rows.len() < before
    }

    /// Deletes up to `batch` codes whose time has passed; how many those were.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> u64 {
        let over = self.rows.values().filter(|code| code.is_over(now)).map(|code| code.hash);
        let over: Vec<_> = over.take(batch).collect();
        for hash in &over {
            self.rows.remove(hash);
        }
        over.len() as u64
    }

    fn find(&self, hash: OneTimeCodeHash, purpose: MailPurpose) -> Option<&MailCode> {
        self.rows.get(&hash).filter(|code| code.purpose == purpose)
    }

    fn keep(&mut self, code: MailCode, now: UnixTime) -> bool {
        let is_alike = |known: &&MailCode| {
            known.account == code.account && known.purpose == code.purpose && !known.is_over(now)
        };
        if self.rows.values().filter(is_alike).count() >= MOST {
            return false;
        }
        self.rows.insert(code.hash, code);
        true
    }

    /// Uses a code up, and the others of the same account and purpose with it.
    fn consume(&mut self, account: &Did, purpose: MailPurpose, hash: OneTimeCodeHash, now: UnixTime) -> bool {
        let found = self.find(hash, purpose);
        if !found.is_some_and(|found| found.account == *account && !found.is_over(now)) {
            return false;
        }
        self.rows.retain(|_, code| code.account != *account || code.purpose != purpose);
        true
    }
}

#[async_trait]
impl MailCodeStore for Memory {
    async fn keep_mail_code(&self, code: MailCode, now: UnixTime) -> Result<bool, StoreError> {
        Ok(self.tables().mail_codes.keep(code, now))
    }

    async fn find_mail_code(
        &self,
        code: OneTimeCodeHash,
        purpose: MailPurpose,
    ) -> Result<Option<MailCode>, StoreError> {
        Ok(self.tables().mail_codes.find(code, purpose).cloned())
    }

    async fn consume_mail_code(
        &self,
        account: &Did,
        purpose: MailPurpose,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        Ok(self.tables().mail_codes.consume(account, purpose, code, now))
    }

    async fn confirm_email(
        &self,
        account: &Did,
        email: &str,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let Tables { accounts, mail_codes, .. } = &mut *self.tables();
        let Some(account) = accounts.get_mut(account) else { return Ok(false) };
        if account.email.as_deref() != Some(email.to_lowercase().as_str())
            || !mail_codes.consume(&account.did, MailPurpose::ConfirmEmail, code, now)
        {
            return Ok(false);
        }
        account.email_confirmed = true;
        Ok(true)
    }

    async fn change_email(&self, change: ChangeEmail) -> Result<EmailChanged, StoreError> {
        let ChangeEmail { account: did, email, code, now } = change;
        let Tables { accounts, mail_codes, .. } = &mut *self.tables();
        let email = email.to_lowercase();
        let Some(account) = accounts.get_mut(&did) else { return Ok(EmailChanged::Unknown) };
        let is_confirmed = account.email_confirmed;
        if accounts.has_another(&did, &email) {
            return Ok(EmailChanged::Taken);
        }
        if is_confirmed {
            let Some(code) = code else { return Ok(EmailChanged::CodeRequired) };
            if !mail_codes.consume(&did, MailPurpose::ChangeEmail, code, now) {
                return Ok(EmailChanged::Unknown);
            }
        }
        accounts.set_email(&did, email);
        mail_codes.remove_account(&did);
        Ok(EmailChanged::Changed)
    }

    async fn reset_password(&self, reset: ResetPassword) -> Result<Option<Did>, StoreError> {
        let ResetPassword { code, password, end_app_passwords, now } = reset;
        let tables = &mut *self.tables();
        let found = tables.mail_codes.find(code, MailPurpose::ResetPassword);
        let Some(did) = found.filter(|found| !found.is_over(now)).map(|found| found.account.clone()) else {
            return Ok(None);
        };
        if !tables.replace_password(&did, password) {
            return Ok(None);
        }
        if end_app_passwords {
            // Their sessions have just ended with all others.
            tables.app_passwords.remove_account(&did);
        }
        Ok(Some(did))
    }

    async fn delete_account_by_code(
        &self,
        account: &Did,
        code: OneTimeCodeHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let tables = &mut *self.tables();
        Ok(tables.mail_codes.consume(account, MailPurpose::DeleteAccount, code, now)
            && tables.delete_account(account))
    }
}
