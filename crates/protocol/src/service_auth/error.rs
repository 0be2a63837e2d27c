//! Why a service token is refused.

/// Why a service token is refused. Every one is status 401, its name that of RS-7.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceAuthError {
    /// For another recipient. Names both, for a DID and a service of it are easily mixed up.
    #[error("the service token is for {named}; this is {accepted}")]
    Audience {
        /// Whom it names.
        named: String,
        /// The names that are taken.
        accepted: String,
    },
    /// Its time has passed.
    #[error("the service token has expired")]
    Expired,
    /// Its issuer is no DID of the protocol, or none that exists.
    #[error("the issuer of the service token is no DID that can be resolved")]
    Issuer,
    /// It is signed with a key that is not taken here, or that its issuer does not have.
    #[error("the service token is signed with a key that its issuer does not have for this")]
    Key,
    /// Not a JWT of the form of service tokens.
    #[error("not a well-formed service token")]
    Malformed,
    /// For another method, or for none.
    #[error("the service token must be for the method {expected}")]
    Method {
        /// The method that was called.
        expected: String,
    },
    /// There is no token.
    #[error("this method is called with a service token")]
    Missing,
    /// The same token came before. Said by whoever remembers.
    #[error("the service token was used before")]
    Replayed,
    /// The signature is not of the issuer's key, or it is the high one of the two.
    #[error("the signature of the service token is wrong")]
    Signature,
    /// Good for too long, or made in the future.
    #[error("the service token is good for more than an hour, or made ahead of time")]
    Time,
    /// A token of another kind.
    #[error("a token of this kind is not taken as a service token")]
    Type,
    /// Whoever signed it may not call this method.
    #[error("the issuer of the service token may not call this method")]
    Untrusted,
    /// A request that changes something needs a token that can be told from others.
    #[error("the service token has no jti, which a method that changes something needs")]
    Unnamed,
}

impl ServiceAuthError {
    /// Its name in an answer (RS-7).
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Audience { .. } => "BadJwtAudience",
            Self::Expired => "JwtExpired",
            Self::Issuer | Self::Key => "BadJwtIss",
            Self::Malformed | Self::Replayed | Self::Time | Self::Unnamed => "BadJwt",
            Self::Method { .. } => "BadJwtLexiconMethod",
            Self::Missing => "MissingJwt",
            Self::Signature => "BadJwtSignature",
            Self::Type => "BadJwtType",
            Self::Untrusted => "UntrustedIss",
        }
    }
}
