//! What can go wrong on the way to somebody else's document. No error holds any of its bytes, nor its URL.

use gatewright_protocol::oauth::client_id::InvalidClientId;
use gatewright_protocol::oauth::client_metadata::InvalidClientMetadata;
use gatewright_protocol::repo_proof::ProofFault;
use gatewright_protocol::syntax::{Did, SyntaxError};

/// Why a host was not asked, or what was wrong with how it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The answer broke off or was not HTTP.
    #[error("the answer broke off or was not understood")]
    Broken,
    /// Whoever asked has too many fetches under way.
    #[error("too many documents are being fetched on this behalf")]
    Busy,
    /// Nobody listens there, or TLS could not be agreed on.
    #[error("no connection could be made")]
    Connect,
    /// Not one of the content types that are taken.
    #[error("the answer has another content type than it must have")]
    ContentType,
    /// The host's name could not be looked up, or has no address.
    #[error("the host's name leads to no address")]
    Lookup,
    /// Our own fault: this machine has no root certificates.
    #[error("this machine has no root certificates to check https with")]
    NoRootCertificates,
    /// The name or address leads into a private network.
    #[error("the host is not on the public internet")]
    NotPublic,
    /// A redirect where none is followed, or one too many.
    #[error("the answer is a redirect")]
    Redirected,
    /// Another status than the one that is taken.
    #[error("the host answered with status {0}")]
    Status(u16),
    /// It took longer than allowed.
    #[error("the host did not answer in time")]
    TimedOut,
    /// The document is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// A last good copy cannot answer this, and its publisher cannot be reached at the moment.
    #[error("the host could not be reached just now")]
    Unreachable,
    /// The URL is not one that is asked.
    #[error("the URL cannot be fetched: {0}")]
    Url(&'static str),
}

impl FetchError {
    /// May the same request succeed later, with nothing changed by its publisher? Then a last good copy may serve
    /// meanwhile, and nobody's session ends (CM-32).
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Broken
            | Self::Busy
            | Self::Connect
            | Self::Lookup
            | Self::NoRootCertificates
            | Self::TimedOut
            | Self::Unreachable => true,
            Self::Status(status) => status >= 500 || status == 429 || status == 408,
            Self::ContentType | Self::NotPublic | Self::Redirected | Self::TooLarge | Self::Url(_) => false,
        }
    }
}

/// Why something could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A handle has two or more `did=` values (ID-6, SEC-56).
    #[error("the handle names more than one DID")]
    AmbiguousHandle,
    /// The domain of a lexicon has two or more `did=` values (PS-10, SEC-56).
    #[error("`{name}` names more than one DID")]
    AmbiguousLexicon {
        /// The name whose TXT records were asked for.
        name: String,
    },
    /// The client identifier is not one that this server loads: `invalid_client_id`.
    #[error(transparent)]
    ClientId(#[from] InvalidClientId),
    /// The client's document breaks a rule; the error knows the code to answer with.
    #[error(transparent)]
    ClientMetadata(#[from] Box<InvalidClientMetadata>),
    /// The DID does not exist.
    #[error("there is no document for this DID")]
    DidNotFound,
    /// A document was fetched and is not what it should be.
    #[error("the {what} is not acceptable: {reason}")]
    Document {
        /// Which document.
        what: &'static str,
        /// The rule that it breaks. Never a part of it.
        reason: String,
    },
    /// A document could not be fetched.
    #[error("the {what} could not be fetched")]
    Fetch {
        /// Which document.
        what: &'static str,
        /// Why not.
        #[source]
        source: FetchError,
    },
    /// The handle leads to an account that does not claim it (ID-14, SEC-53).
    #[error("the handle leads to an account that does not claim it")]
    HandleMismatch,
    /// No DID is published for the handle.
    #[error("no account is published for this handle")]
    HandleNotFound,
    /// Whoever publishes the lexicons of this domain does not publish this one.
    #[error("the repository of {did} has no such lexicon")]
    LexiconNotFound {
        /// Whose repository it would be in.
        did: Did,
    },
    /// The domain of a lexicon names no DID (PS-10).
    #[error("`{name}` has no TXT record that names a DID")]
    NoLexiconAuthority {
        /// The name whose TXT records were asked for.
        name: String,
    },
    /// The host's answer does not prove that the record is what it says (PS-13, SEC-59).
    #[error("its proof does not hold: {0}")]
    Proof(#[from] ProofFault),
    /// The handle is under a domain that never resolves (ID-4).
    #[error("handles under this domain never resolve")]
    ReservedHandle,
    /// Not a handle or DID at all.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A DID of a method, or of a form of it, that the protocol does not take (ID-9, ID-10).
    #[error("this kind of DID is not supported")]
    UnsupportedDid,
}

impl ResolveError {
    /// See [`FetchError::is_transient`].
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Fetch { source, .. } if source.is_transient())
    }

    pub(crate) const fn fetching(what: &'static str) -> impl Fn(FetchError) -> Self {
        move |source| Self::Fetch { what, source }
    }

    pub(crate) fn document(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Document { what, reason: reason.to_string() }
    }
}
