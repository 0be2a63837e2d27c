//! What is counted for whoever runs the server (`/metrics`). Nobody is named: counts are of kinds.

use gatewright_store::legacy_session::LegacyAccess;
use metrics::counter;

/// What a session was begun with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SessionKind {
    AppPassword,
    OAuth,
    Password,
}

impl SessionKind {
    /// Of a legacy session.
    pub(crate) const fn of(access: &LegacyAccess) -> Self {
        match access {
            LegacyAccess::AppPassword(_) => Self::AppPassword,
            LegacyAccess::Full | LegacyAccess::TakenDown => Self::Password,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::AppPassword => "app-password",
            Self::OAuth => "oauth",
            Self::Password => "password",
        }
    }
}

/// A session began.
pub(crate) fn session_begun(kind: SessionKind) {
    counter!("gatewright_sessions_begun_total", "kind" => kind.word()).increment(1);
}

/// A session was renewed.
pub(crate) fn session_refreshed(kind: SessionKind) {
    counter!("gatewright_sessions_refreshed_total", "kind" => kind.word()).increment(1);
}

/// Somebody tried a password.
pub(crate) fn password_tried(is_right: bool) {
    let outcome = if is_right { "right" } else { "wrong" };
    counter!("gatewright_passwords_total", "outcome" => outcome).increment(1);
}
