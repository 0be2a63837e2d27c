//! `[sign_up]`: who may make an account.

use gatewright_host::settings::SignUpMode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may make an account, beside the operator.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignUp {
    /// Nobody (`closed`, the default), whoever has an invite code (`invite`), or anybody (`open`).
    pub mode: Mode,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nobody.
    #[default]
    Closed,
    /// Whoever has an invite code: `gatewright account invite`.
    Invite,
    /// Anybody.
    Open,
}

impl From<Mode> for SignUpMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Closed => Self::Closed,
            Mode::Invite => Self::Invite,
            Mode::Open => Self::Open,
        }
    }
}
