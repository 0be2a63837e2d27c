//! How a client proved who it is.

use serde::{Deserialize, Serialize};

use crate::jose::{Algorithm, Thumbprint};

/// How a client proved who it is. A request, and the token that comes of it, stay bound to it (AS-28, CM-30).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum ClientAuth {
    /// A public client: it only gave its name.
    None,
    /// A confidential client: it signed an assertion with a key of its published set.
    PrivateKeyJwt {
        /// The name of the key in the set.
        kid: String,
        /// What the assertion was signed with.
        alg: Algorithm,
        /// Which key it is, whatever its name.
        thumbprint: Thumbprint,
    },
}

impl ClientAuth {
    /// The name of the method as metadata spells it.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
        }
    }

    /// Whether a token bound to `self` may be refreshed by a client that proved itself with `now`: the same method,
    /// key name, algorithm and key (CM-30), or a public client that has become confidential (CM-36).
    pub fn admits(&self, now: &Self) -> bool {
        *self == Self::None || self == now
    }

    /// The assertion key, if there is one.
    pub const fn thumbprint(&self) -> Option<&Thumbprint> {
        match self {
            Self::None => None,
            Self::PrivateKeyJwt { thumbprint, .. } => Some(thumbprint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_client_may_become_confidential_but_never_the_reverse() {
        let key = ClientAuth::PrivateKeyJwt {
            kid: "k".into(),
            alg: Algorithm::Es256,
            thumbprint: Thumbprint([1; 32]),
        };
        let other = ClientAuth::PrivateKeyJwt {
            kid: "k".into(),
            alg: Algorithm::Es256,
            thumbprint: Thumbprint([2; 32]),
        };
        assert!(ClientAuth::None.admits(&ClientAuth::None));
        assert!(ClientAuth::None.admits(&key));
        assert!(key.admits(&key));
        assert!(!key.admits(&other));
        assert!(!key.admits(&ClientAuth::None));
    }

    #[test]
    fn rows_keep_it_as_json() {
        let none = serde_json::to_string(&ClientAuth::None).expect("it serialises");
        assert_eq!(none, r#"{"method":"none"}"#);
        assert_eq!(serde_json::from_str::<ClientAuth>(&none).expect("it parses"), ClientAuth::None);
        let key = ClientAuth::PrivateKeyJwt {
            kid: "k".into(),
            alg: Algorithm::Es256,
            thumbprint: Thumbprint([1; 32]),
        };
        let text = serde_json::to_string(&key).expect("it serialises");
        assert_eq!(serde_json::from_str::<ClientAuth>(&text).expect("it parses"), key);
    }
}
