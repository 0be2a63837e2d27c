//! What the server does: one file, one public function, one error enum each. Nothing here knows of HTTP.

mod account_pages;
mod add_email_factor;
mod add_passkey;
mod add_totp;
mod approve;
mod approve_held;
mod ask_passkey;
mod authorization_answer;
mod check_factor;
mod choose_account;
mod confirm_email;
mod consent;
mod create_account;
mod create_app_password;
mod create_session;
mod delete_account;
mod delete_session;
mod dereference_scope;
mod end_session;
mod exchange_code;
mod expand_scopes;
mod find_mail_code;
mod judge_request;
mod list_app_passwords;
mod list_factors;
mod list_own_devices;
mod list_security_events;
mod list_sessions;
mod mint;
mod note_event;
mod offer;
mod offer_passkey;
mod offer_totp;
mod open_request;
mod own_app_passwords;
mod permission_parts;
mod prove_sign_in;
mod push_request;
mod recognise_device;
mod refresh;
mod refresh_session;
mod remove_factor;
mod renew_recovery_codes;
mod request_email_update;
mod request_mail_code;
mod request_password_reset;
mod reset_password;
mod revoke;
mod revoke_app_password;
mod send_factor_code;
mod send_mail_code;
mod session_tokens;
mod set_drift;
mod sign_in;
mod sign_out_elsewhere;
mod sign_up;
mod step_up;
mod sweep_client_keys;
mod tell_email_changed;
mod tell_password_changed;
mod tell_set_growth;
mod update_email;

use std::sync::Arc;

use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_metadata::ClientMetadata;

pub use account_pages::{
    AccountPagesError, ProveHereError, ReachedHere, SignedInHere, list_own_accounts, prove_sign_in_here,
    send_sign_in_code_here, sign_in_here, sign_in_here_by_passkey, sign_out_here,
};
pub use add_email_factor::add_email_factor;
pub use add_passkey::add_passkey;
pub use add_totp::{AddFactorError, add_totp};
pub use approve_held::{ApproveHeldError, approve_held, held_name};
pub use ask_passkey::{AskedPasskey, PasskeyProof, ask_passkey};
pub use authorization_answer::Answer;
pub use check_factor::{FactorCheck, FactorProof, FactorWays, factor_ways};
pub use choose_account::{ChooseAccountError, choose_account};
pub use confirm_email::{ConfirmEmailError, confirm_email};
pub use consent::{ConsentError, Decision, Unproven, consent};
pub use create_account::{CreateAccountError, create_account};
pub use create_app_password::{CreateAppPassword, CreateAppPasswordError, create_app_password};
pub use create_session::{CreateSession, CreateSessionError, create_session};
pub use delete_account::{DeleteAccountError, delete_account};
pub use delete_session::{DeleteSessionError, delete_session};
pub use dereference_scope::{DereferenceScopeError, dereference_scope};
pub use end_session::{EndSessionError, end_removed_key, end_session};
pub use exchange_code::{ExchangeCode, ExchangeCodeError, exchange_code};
pub(crate) use expand_scopes::FoundSet;
pub use expand_scopes::{Before, ExpandScopesError, Expanded, expand_scopes};
pub use find_mail_code::FindMailCodeError;
pub use gatewright_guard::rate::TooMany;
pub use judge_request::{Show, Want};
pub use list_app_passwords::{ListAppPasswordsError, list_app_passwords};
pub use list_factors::{Factors, ListFactorsError, list_factors};
pub use list_own_devices::{ListOwnDevicesError, OwnDevice, OwnDevices, OwnSession, list_own_devices};
pub use list_security_events::{ListSecurityEventsError, list_security_events};
pub use list_sessions::{ListSessionsError, Session, list_sessions};
pub use mint::TokenSet;
pub use offer::{DecidedBefore, Offer, OfferedPart, OfferedScope, OfferedSet, Ticked};
pub use offer_passkey::{OfferPasskeyError, offer_passkey};
pub use offer_totp::{OfferedTotp, offer_totp, open_offered_totp};
pub use open_request::{OpenRequestError, Opened, Step, find_request, open_request, request_uri};
pub use own_app_passwords::{OwnAppPassword, OwnSet, own_app_passwords};
pub use prove_sign_in::{ProveSignInError, prove_sign_in, send_sign_in_code, waiting_account};
pub use push_request::{PushRequestError, Pushed, push_request};
pub use recognise_device::{DeviceCookie, Presented, RecogniseDeviceError, Recognised, recognise_device};
pub use refresh::{RefreshError, refresh};
pub use refresh_session::{RefreshSessionError, refresh_session};
pub use remove_factor::{RemoveFactorError, remove_factor};
pub use renew_recovery_codes::{RenewRecoveryCodesError, renew_recovery_codes};
pub use request_email_update::request_email_update;
pub use request_mail_code::{RequestMailCodeError, request_mail_code};
pub use request_password_reset::{RequestPasswordResetError, request_password_reset};
pub use reset_password::{ResetPassword, ResetPasswordError, reset_password};
pub use revoke::{RevokeError, revoke};
pub use revoke_app_password::{RevokeAppPasswordError, revoke_app_password};
pub use send_factor_code::{SendFactorCodeError, send_factor_code};
pub use send_mail_code::{SendMailCodeError, send_mail_code};
pub use session_tokens::{SessionClient, SessionTokens};
pub use set_drift::SetDrift;
pub use sign_in::{SignIn, SignInError, SignedIn, sign_in, sign_in_by_passkey};
pub use sign_out_elsewhere::{Elsewhere, SignOutElsewhereError, sign_out_elsewhere};
pub use sign_up::{SignUpHereError, sign_up};
pub use step_up::{Asked, Given, StepUpError, asked_again, step_up};
pub use sweep_client_keys::{SweepClientKeysError, sweep_client_keys};
pub use update_email::{UpdateEmailError, update_email};

/// A client that proved who it is, as far as its document asks for it.
#[derive(Clone, Debug)]
pub struct ProvenClient {
    /// What it publishes.
    pub metadata: Arc<ClientMetadata>,
    /// How it proved itself.
    pub auth: ClientAuth,
    /// The key of its DPoP proof, checked with everything else about the proof.
    pub jkt: Thumbprint,
    /// Roughly where it asks from: a network, never an address.
    pub place: String,
}
