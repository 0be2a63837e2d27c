//! `WWW-Authenticate`: what a refused client is told (RS-5 to RS-7).
//!
//! Clients in the field refresh their token when the header *starts with* `DPoP ` and contains
//! `error="invalid_token"`: the DPoP challenge comes first, in a field line of its own, its values in double quotes.

use gatewright_protocol::oauth::authorization_header::Scheme;
use gatewright_protocol::oauth::error::ErrorCode;
use http::HeaderValue;

/// The algorithms of proofs, as the metadata advertises them.
const ALGORITHMS: &str = "ES256 ES256K";

/// The two challenges of a request without credentials, in the order in which they are sent (RS-6).
#[derive(Clone, Debug)]
pub struct Challenges {
    pub(crate) dpop: HeaderValue,
    pub(crate) bearer: HeaderValue,
}

impl Challenges {
    /// Those of the resource server at this origin.
    pub(crate) fn of_origin(origin: &str) -> Self {
        let path = gatewright_protocol::oauth::resource_metadata::PATH;
        let dpop = format!("DPoP algs=\"{ALGORITHMS}\", resource_metadata=\"{origin}{path}\"");
        Self { dpop: value(&dpop), bearer: HeaderValue::from_static("Bearer") }
    }
}

/// The challenge to a token or proof that was refused (RS-5).
pub(crate) fn refused(code: ErrorCode, description: &str) -> HeaderValue {
    value(&format!("DPoP algs=\"{ALGORITHMS}\", error=\"{code}\", error_description=\"{description}\""))
}

/// The challenge to a token that lacks a scope (RFC 6750 section 3.1), in the scheme in which it was presented.
pub(crate) fn insufficient(scheme: Scheme, scope: Option<&str>) -> HeaderValue {
    let scheme = scheme.as_str();
    match scope {
        Some(scope) => value(&format!("{scheme} error=\"insufficient_scope\", scope=\"{scope}\"")),
        None => value(&format!("{scheme} error=\"insufficient_scope\"")),
    }
}

/// What is put in is our own text or a scope in normal form, neither of which holds a quote or a line break; should
/// it ever, the scheme alone is sent.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("DPoP"))
}
