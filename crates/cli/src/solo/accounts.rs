//! The accounts of an installation, in the words of the authorization server.

use async_trait::async_trait;
use gatewright_host::Host;
use gatewright_host::operations::create_account::{CreateAccount, CreateAccountError, NewIdentity};
use gatewright_host::operations::sign_up::{SignUp, SignUpError as HostSignUpError};
use gatewright_host::settings::SignUpMode;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::Did;
use gatewright_server::accounts::{Accounts, AccountsError, KnownAccount, ProvenAccount, StoreAccounts};
use gatewright_server::passwords::Passwords;
use gatewright_server::sign_ups::{NewSignUp, SignUpError, SignUpMode as ServerSignUpMode, SignUps};

/// The accounts of the store, whose documents the host beside the server knows.
pub(super) struct HostedAccounts {
    pub(super) accounts: StoreAccounts,
    pub(super) host: Host,
}

#[async_trait]
impl Accounts for HostedAccounts {
    async fn check_password(
        &self,
        identifier: &str,
        password: Password,
    ) -> Result<Option<ProvenAccount>, AccountsError> {
        self.accounts.check_password(identifier, password).await
    }

    async fn find(&self, did: &Did) -> Result<Option<KnownAccount>, AccountsError> {
        self.accounts.find(did).await
    }

    async fn find_named(&self, identifier: &str) -> Result<Option<KnownAccount>, AccountsError> {
        self.accounts.find_named(identifier).await
    }

    fn kept_passwords(&self) -> Option<&Passwords> {
        self.accounts.kept_passwords()
    }

    async fn describe(&self, account: &KnownAccount) -> Result<Option<serde_json::Value>, AccountsError> {
        let document = self.host.did_document(&account.did).await?;
        document.map(serde_json::to_value).transpose().map_err(|error| AccountsError::Elsewhere(error.into()))
    }

    async fn delete_elsewhere(&self, did: &Did) -> Result<(), AccountsError> {
        self.host.delete_behind(did).await.map_err(|error| AccountsError::Elsewhere(error.into()))
    }
}

/// New accounts are the host's to make; their passwords are hashed where those of all others are checked.
#[async_trait]
impl SignUps for HostedAccounts {
    fn mode(&self) -> ServerSignUpMode {
        match self.host.settings().sign_up {
            SignUpMode::Closed => ServerSignUpMode::Closed,
            SignUpMode::Invite => ServerSignUpMode::Invite,
            SignUpMode::Open => ServerSignUpMode::Open,
        }
    }

    fn handle_domains(&self) -> Vec<String> {
        self.host.settings().handle_domains.clone()
    }

    async fn sign_up(&self, new: NewSignUp) -> Result<ProvenAccount, SignUpError> {
        let elsewhere = |error: AccountsError| SignUpError::Elsewhere(error.into());
        let hash =
            self.accounts.passwords().hash(new.password).await.map_err(|error| elsewhere(error.into()))?;
        let identity = match new.moved {
            Some(did) => NewIdentity::Moved(did),
            None => NewIdentity::Plc { recovery_key: new.recovery_key },
        };
        let account = CreateAccount {
            handle: new.handle,
            email: Some(new.email.as_str().to_owned()),
            password: Some(hash.clone()),
            identity,
        };
        let wanted = SignUp { account, invite: new.invite, peer: new.peer };
        let account = self.host.sign_up(wanted).await.map_err(refused)?;
        Ok(ProvenAccount { account: account.into(), password: Some(hash) })
    }
}

/// Why the host made no account, in the words of the server.
fn refused(error: HostSignUpError) -> SignUpError {
    match error {
        HostSignUpError::Closed => SignUpError::Closed,
        HostSignUpError::Create(error) => match error {
            CreateAccountError::Did(did) => SignUpError::IncompatibleDid(did),
            CreateAccountError::DidTaken => SignUpError::DidTaken,
            CreateAccountError::EmailTaken => SignUpError::EmailTaken,
            CreateAccountError::Handle(handle) => SignUpError::Domain(handle),
            CreateAccountError::HandleTaken(handle) => SignUpError::HandleTaken(handle),
            CreateAccountError::InviteCode => SignUpError::InviteCode,
            CreateAccountError::NoRoom => SignUpError::Closed,
            error => SignUpError::Elsewhere(error.into()),
        },
        HostSignUpError::InviteCode => SignUpError::InviteCode,
        HostSignUpError::RecoveryKey => SignUpError::RecoveryKey,
        HostSignUpError::Reserved(handle) => SignUpError::HandleTaken(handle),
        HostSignUpError::UnresolvableDid(did) => SignUpError::UnresolvableDid(did),
        HostSignUpError::UnresolvedHandle(handle) => SignUpError::UnresolvedHandle(handle),
        error => SignUpError::Elsewhere(error.into()),
    }
}
