//! Invite codes.

use async_trait::async_trait;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::syntax::Did;
use rusqlite::{Connection, Row, params};

use super::account::{create_in, own};
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, statements};
use crate::StoreError;
use crate::account::{AccountCreated, NewAccount};
use crate::invite_code::{Invitation, InvitationUse, InviteCodeStore, InvitedAccountCreated};

#[async_trait]
impl InviteCodeStore for Sqlite {
    async fn create_invitations(&self, new: Vec<Invitation>) -> Result<bool, StoreError> {
        let step = move |write: &mut Write<'_>| {
            for row in &new {
                if one(write.connection, FIND, [row.code.expose()], |_| Ok(()))?.is_some() {
                    return Ok(false);
                }
            }
            for row in &new {
                for owner in [&row.for_account, &row.created_by].into_iter().flatten() {
                    own(write, owner)?;
                }
                let params = params![
                    row.code.expose(),
                    row.uses,
                    row.for_account.as_ref().map(Did::as_str),
                    row.created_by.as_ref().map(Did::as_str),
                    row.disabled,
                    row.created_at.millis(),
                ];
                write.execute(INSERT, params)?;
            }
            Ok(true)
        };
        self.write(step).await
    }

    async fn find_invitation(&self, code: &InviteCode) -> Result<Option<Invitation>, StoreError> {
        let code = code.clone();
        self.scan(move |connection| find(connection, &code)).await
    }

    async fn list_invitations(&self, account: &Did) -> Result<Vec<Invitation>, StoreError> {
        let account = account.clone();
        self.scan(move |connection| {
            let mut found = all(connection, LIST, [account.as_str()], read)?;
            for row in &mut found {
                row.used = used(connection, &row.code)?;
            }
            Ok(found)
        })
        .await
    }

    async fn disable_invitation(&self, code: &InviteCode) -> Result<bool, StoreError> {
        let code = code.clone();
        self.write(move |write| Ok(write.execute(DISABLE, [code.expose()])? > 0)).await
    }

    async fn create_invited_account(
        &self,
        new: NewAccount,
        code: &InviteCode,
    ) -> Result<InvitedAccountCreated, StoreError> {
        let code = code.clone();
        let step = move |write: &mut Write<'_>| {
            if find(write.connection, &code)?.is_none_or(|row| row.uses_left() == 0) {
                return Ok(InvitedAccountCreated::NoUse);
            }
            let outcome = create_in(write, &new)?;
            if outcome == AccountCreated::Created {
                let account = &new.account;
                let params = params![code.expose(), account.did.as_str(), account.created_at.millis()];
                write.execute(USE, params)?;
            }
            Ok(InvitedAccountCreated::Outcome(outcome))
        };
        self.write(step).await
    }
}

fn find(connection: &Connection, code: &InviteCode) -> Result<Option<Invitation>, StoreError> {
    let Some(found) = one(connection, FIND, [code.expose()], read)? else { return Ok(None) };
    Ok(Some(Invitation { used: used(connection, code)?, ..found }))
}

fn used(connection: &Connection, code: &InviteCode) -> Result<Vec<InvitationUse>, StoreError> {
    all(connection, USES, [code.expose()], |row| {
        let columns = Columns::new("invite_code_use", row);
        let account =
            columns.optional_text(1, "used_by")?.map(|_| columns.parse(1, "used_by")).transpose()?;
        Ok(InvitationUse { account, at: columns.time(2, "used_at")? })
    })
}

/// Without its uses. The key of the table is a secret of sorts, so that it is not the first column.
fn read(row: &Row<'_>) -> Result<Invitation, StoreError> {
    let columns = Columns::new("invite_code", row);
    let did = |at, column| columns.optional_text(at, column)?.map(|_| columns.parse(at, column)).transpose();
    Ok(Invitation {
        created_at: columns.time(0, "created_at")?,
        code: columns.parse(1, "code")?,
        uses: columns.value(2, "uses")?,
        for_account: did(3, "for_account")?,
        created_by: did(4, "created_by")?,
        disabled: columns.value(5, "disabled")?,
        used: Vec::new(),
    })
}

statements! {
    INSERT = "INSERT INTO invite_code (code, uses, for_account, created_by, disabled, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND = "SELECT created_at, code, uses, for_account, created_by, disabled FROM invite_code WHERE code = ?1";
    LIST = "SELECT created_at, code, uses, for_account, created_by, disabled FROM invite_code \
        WHERE for_account = ?1 ORDER BY code";
    USES = "SELECT number, used_by, used_at FROM invite_code_use WHERE code = ?1 ORDER BY number";
    USE = "INSERT INTO invite_code_use (code, used_by, used_at) VALUES (?1, ?2, ?3)";
    DISABLE = "UPDATE invite_code SET disabled = 1 WHERE code = ?1";
}
