//! What the server does: one file, one public function, one error enum each. Nothing here knows of HTTP.

mod account_pages;
mod add_totp;
mod approve;
mod approve_held;
mod authorization_answer;
mod check_factor;
mod choose_account;
mod consent;
mod create_app_password;
mod create_session;
mod delete_session;
mod end_session;
mod exchange_code;
mod expand_scopes;
mod judge_request;
mod list_app_passwords;
mod list_factors;
mod list_sessions;
mod mint;
mod offer;
mod offer_totp;
mod open_request;
mod permission_parts;
mod prove_sign_in;
mod push_request;
mod recognise_device;
mod refresh;
mod refresh_session;
mod remove_factor;
mod renew_recovery_codes;
mod revoke;
mod revoke_app_password;
mod session_tokens;
mod set_drift;
mod sign_in;
mod step_up;
mod sweep_client_keys;
mod tell_set_growth;

use std::sync::Arc;

use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_metadata::ClientMetadata;

pub use account_pages::{
    AccountPagesError, ProveHereError, ReachedHere, SignedInHere, list_own_accounts, prove_sign_in_here,
    sign_in_here, sign_out_here,
};
pub use add_totp::{AddFactorError, add_totp};
pub use approve_held::{ApproveHeldError, approve_held, held_name};
pub use authorization_answer::Answer;
pub use check_factor::{FactorCheck, FactorWays, factor_ways};
pub use choose_account::{ChooseAccountError, choose_account};
pub use consent::{ConsentError, Decision, Unproven, consent};
pub use create_app_password::{CreateAppPassword, CreateAppPasswordError, create_app_password};
pub use create_session::{CreateSession, CreateSessionError, create_session};
pub use delete_session::{DeleteSessionError, delete_session};
pub use end_session::{EndSessionError, end_removed_key, end_session};
pub use exchange_code::{ExchangeCode, ExchangeCodeError, exchange_code};
pub(crate) use expand_scopes::FoundSet;
pub use expand_scopes::{Before, ExpandScopesError, Expanded, expand_scopes};
pub use gatewright_guard::rate::TooMany;
pub use judge_request::{Show, Want};
pub use list_app_passwords::{ListAppPasswordsError, list_app_passwords};
pub use list_factors::{Factors, ListFactorsError, list_factors};
pub use list_sessions::{ListSessionsError, Session, list_sessions};
pub use mint::TokenSet;
pub use offer::{DecidedBefore, Offer, OfferedPart, OfferedScope, OfferedSet, Ticked};
pub use offer_totp::{OfferedTotp, offer_totp, open_offered_totp};
pub use open_request::{OpenRequestError, Opened, Step, find_request, open_request, request_uri};
pub use prove_sign_in::{ProveSignInError, prove_sign_in, waiting_account};
pub use push_request::{PushRequestError, Pushed, push_request};
pub use recognise_device::{DeviceCookie, Presented, RecogniseDeviceError, Recognised, recognise_device};
pub use refresh::{RefreshError, refresh};
pub use refresh_session::{RefreshSessionError, refresh_session};
pub use remove_factor::{RemoveFactorError, remove_factor};
pub use renew_recovery_codes::{RenewRecoveryCodesError, renew_recovery_codes};
pub use revoke::{RevokeError, revoke};
pub use revoke_app_password::{RevokeAppPasswordError, revoke_app_password};
pub use session_tokens::{SessionClient, SessionTokens};
pub use set_drift::SetDrift;
pub use sign_in::{SignIn, SignInError, SignedIn, sign_in};
pub use step_up::{Asked, Given, StepUpError, asked_again, step_up};
pub use sweep_client_keys::{SweepClientKeysError, sweep_client_keys};

/// A client that proved who it is, as far as its document asks for it.
#[derive(Clone, Debug)]
pub struct ProvenClient {
    /// What it publishes.
    pub metadata: Arc<ClientMetadata>,
    /// How it proved itself.
    pub auth: ClientAuth,
    /// The key of its DPoP proof, checked with everything else about the proof.
    pub jkt: Thumbprint,
}
