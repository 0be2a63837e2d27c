//! Accounts that are not Gatewright's: a table of the application, and the one trait that the server asks.

use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::system::SystemRandom;
use gatewright_server::accounts::{Accounts, AccountsError, KnownAccount, ProvenAccount};
use gatewright_server::passwords::{Checked, Passwords};
use gatewright_store::account::{AccountStatus, PasswordHash};

/// The members of the village.
#[derive(Debug)]
pub struct Members {
    passwords: Passwords,
    rows: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    did: Did,
    handle: Handle,
    password: PasswordHash,
}

impl Members {
    /// Two members. Yours come from a table that you have already.
    ///
    /// # Errors
    /// A password cannot be hashed.
    pub async fn of_the_village() -> anyhow::Result<Self> {
        let passwords = Passwords::new(Arc::new(SystemRandom));
        let mut rows = Vec::new();
        for (did, handle, password) in [
            ("did:web:alice.example.net", "alice.example.net", "a walk in the wood"),
            ("did:web:bob.example.net", "bob.example.net", "a boat on the lake"),
        ] {
            let password = passwords.hash(Password::parse(password)?).await?;
            rows.push(Member { did: did.parse()?, handle: handle.parse()?, password });
        }
        Ok(Self { passwords, rows })
    }

    fn named(&self, identifier: &str) -> Option<&Member> {
        let identifier = identifier.trim();
        self.rows.iter().find(|member| [member.handle.as_str(), member.did.as_str()].contains(&identifier))
    }
}

#[async_trait]
impl Accounts for Members {
    async fn check_password(
        &self,
        identifier: &str,
        password: Password,
    ) -> Result<Option<ProvenAccount>, AccountsError> {
        let member = self.named(identifier);
        // Also without a member: nobody shall learn from the time it takes who is one.
        let checked = self.passwords.check(password, member.map(|member| member.password.clone())).await?;
        // Where passwords change, whoever changes one signs the member out too: the server cannot see it.
        let proven = |member: &Member| ProvenAccount { account: member.into(), password: None };
        Ok(member.filter(|_| checked != Checked::Wrong).map(proven))
    }

    async fn find_named(&self, identifier: &str) -> Result<Option<KnownAccount>, AccountsError> {
        Ok(self.named(identifier).map(Into::into))
    }

    async fn find(&self, did: &Did) -> Result<Option<KnownAccount>, AccountsError> {
        Ok(self.rows.iter().find(|member| member.did == *did).map(Into::into))
    }
}

impl From<&Member> for KnownAccount {
    fn from(member: &Member) -> Self {
        Self {
            did: member.did.clone(),
            handle: member.handle.clone(),
            status: AccountStatus::Active,
            // Whose tokens are for the first audience of the server.
            audience: None,
            email: None,
            email_confirmed: false,
        }
    }
}
