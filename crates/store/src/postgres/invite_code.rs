//! Invite codes.

use async_trait::async_trait;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::syntax::Did;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::{create_in, own};
use super::row::{Columns, all, one, params};
use super::writer::atomic;
use super::{Postgres, read, statements};
use crate::StoreError;
use crate::account::{AccountCreated, NewAccount};
use crate::invite_code::{Invitation, InvitationUse, InviteCodeStore, InvitedAccountCreated};

#[async_trait]
impl InviteCodeStore for Postgres {
    async fn create_invitations(&self, new: Vec<Invitation>) -> Result<bool, StoreError> {
        atomic!(self, write => {
            for row in &new {
                if one(&mut write.connection, FIND, params![row.code.expose()], |_| Ok(())).await?.is_some() {
                    return Ok(false);
                }
            }
            for row in &new {
                for owner in [&row.for_account, &row.created_by].into_iter().flatten() {
                    own(write, owner).await?;
                }
                let params = params![
                    row.code.expose(),
                    row.uses,
                    row.for_account.as_ref().map(Did::as_str),
                    row.created_by.as_ref().map(Did::as_str),
                    row.disabled,
                    row.created_at.millis(),
                ];
                write.execute(INSERT, params).await?;
            }
            Ok(true)
        })
    }

    async fn find_invitation(&self, code: &InviteCode) -> Result<Option<Invitation>, StoreError> {
        read!(self, connection => find(connection, code).await)
    }

    async fn list_invitations(&self, account: &Did) -> Result<Vec<Invitation>, StoreError> {
        read!(self, connection => {
            let mut found = all(connection, LIST, params![account.as_str()], read).await?;
            for row in &mut found {
                row.used = used(connection, &row.code).await?;
            }
            Ok(found)
        })
    }

    async fn disable_invitation(&self, code: &InviteCode) -> Result<bool, StoreError> {
        atomic!(self, write => Ok(write.execute(DISABLE, params![code.expose()]).await? > 0))
    }

    async fn create_invited_account(
        &self,
        new: NewAccount,
        code: &InviteCode,
    ) -> Result<InvitedAccountCreated, StoreError> {
        atomic!(self, write => {
            if find(&mut write.connection, code).await?.is_none_or(|row| row.uses_left() == 0) {
                return Ok(InvitedAccountCreated::NoUse);
            }
            let outcome = create_in(write, &new).await?;
            if outcome == AccountCreated::Created {
                let account = &new.account;
                let params = params![code.expose(), account.did.as_str(), account.created_at.millis()];
                write.execute(USE, params).await?;
            }
            Ok(InvitedAccountCreated::Outcome(outcome))
        })
    }
}

async fn find(connection: &mut PgConnection, code: &InviteCode) -> Result<Option<Invitation>, StoreError> {
    let Some(found) = one(connection, FIND, params![code.expose()], read).await? else { return Ok(None) };
    Ok(Some(Invitation { used: used(connection, code).await?, ..found }))
}

async fn used(connection: &mut PgConnection, code: &InviteCode) -> Result<Vec<InvitationUse>, StoreError> {
    all(connection, USES, params![code.expose()], |row| {
        let columns = Columns::new("invite_code_use", row);
        let account =
            columns.optional_text(1, "used_by")?.map(|_| columns.parse(1, "used_by")).transpose()?;
        Ok(InvitationUse { account, at: columns.time(2, "used_at")? })
    })
    .await
}

/// Without its uses. The key of the table is a secret of sorts, so that it is not the first column.
fn read(row: &PgRow) -> Result<Invitation, StoreError> {
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
        VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT created_at, code, uses, for_account, created_by, disabled FROM invite_code WHERE code = $1";
    LIST = "SELECT created_at, code, uses, for_account, created_by, disabled FROM invite_code \
        WHERE for_account = $1 ORDER BY code";
    USES = "SELECT number, used_by, used_at FROM invite_code_use WHERE code = $1 ORDER BY number";
    USE = "INSERT INTO invite_code_use (code, used_by, used_at) VALUES ($1, $2, $3)";
    DISABLE = "UPDATE invite_code SET disabled = TRUE WHERE code = $1";
}
