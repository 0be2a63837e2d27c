//! Whoever makes new accounts: in the store of the server, under one domain, with one code.

use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::time::Clock as _;
use gatewright_server::accounts::{ProvenAccount, StoreAccounts};
use gatewright_server::sign_ups::{NewSignUp, SignUpError, SignUpMode, SignUps};
use gatewright_store::account::{Account, AccountCreated, AccountStatus, AccountStore as _, NewAccount};
use gatewright_store::memory::Memory;

use super::TestClock;

pub(crate) const CODE: &str = "example-net-abcde-23456";

pub(crate) struct Registrar {
    pub(super) mode: SignUpMode,
    pub(super) store: Arc<Memory>,
    pub(super) accounts: Arc<StoreAccounts>,
    pub(super) clock: Arc<TestClock>,
}

#[async_trait]
impl SignUps for Registrar {
    fn mode(&self) -> SignUpMode {
        self.mode
    }

    fn handle_domains(&self) -> Vec<String> {
        vec![".example.net".to_owned()]
    }

    async fn sign_up(&self, new: NewSignUp) -> Result<ProvenAccount, SignUpError> {
        assert_ne!(self.mode, SignUpMode::Closed, "nobody asks for what is not offered");
        if !new.handle.as_str().ends_with(".example.net") {
            return Err(SignUpError::Domain(new.handle));
        }
        if self.mode == SignUpMode::Invite && new.invite.is_none_or(|code| code.expose() != CODE) {
            return Err(SignUpError::InviteCode);
        }
        if new.handle.as_str() == "broken.example.net" {
            return Err(SignUpError::Elsewhere("injected".into()));
        }
        let name = sha256(new.handle.as_str().as_bytes());
        let letters: String = name.iter().take(24).map(|byte| char::from(b'a' + byte % 26)).collect();
        let hash = self.accounts.passwords().hash(new.password).await.expect("it hashes");
        let account = Account {
            did: format!("did:plc:{letters}").parse().expect("a DID"),
            handle: new.handle.clone(),
            email: Some(new.email.as_str().to_owned()),
            email_confirmed: false,
            status: AccountStatus::Active,
            host: None,
            created_at: self.clock.now(),
        };
        let row =
            NewAccount { account: account.clone(), password: Some(hash.clone()), sealed_signing_key: None };
        match self.store.create_account(row).await.expect("it writes") {
            AccountCreated::Created => {}
            AccountCreated::DidTaken => return Err(SignUpError::DidTaken),
            AccountCreated::EmailTaken => return Err(SignUpError::EmailTaken),
            AccountCreated::HandleTaken => return Err(SignUpError::HandleTaken(new.handle)),
        }
        Ok(ProvenAccount { account: account.into(), password: Some(hash) })
    }
}
