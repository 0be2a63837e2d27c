//! The fields of a form that prove a second factor, or a passkey alone.

use gatewright_protocol::secret::{FactorCode, TooLong};

use super::page_form::Fields;
use crate::operations::{FactorProof, PasskeyProof};

/// What a passkey answered, if the form holds that.
pub(crate) fn passkey_proof(fields: &Fields) -> Option<PasskeyProof> {
    let answer = fields.get("passkey").filter(|answer| !answer.is_empty())?;
    let sealed = fields.get("passkey_sealed").unwrap_or_default();
    Some(PasskeyProof { answer: answer.to_owned(), sealed: sealed.to_owned() })
}

/// What the form shows as a second factor: a passkey, or a code, which may be nothing.
///
/// # Errors
/// The code is longer than any.
pub(crate) fn factor_proof(fields: &Fields) -> Result<FactorProof, TooLong> {
    match passkey_proof(fields) {
        Some(proof) => Ok(FactorProof::Passkey(proof)),
        None => FactorCode::parse(fields.get("code").unwrap_or_default()).map(FactorProof::Code),
    }
}
