//! Identifiers, keys and signatures.

use base64ct::{Base64Unpadded, Encoding as _};
use gatewright_protocol::crypto::{Curve, PrivateKey, PublicKey};
use gatewright_protocol::jose::{Algorithm, Jwk, JwkSet, PublishedKey};
use gatewright_protocol::syntax::{
    AtUri, Datetime, Did, Handle, Nsid, RecordKey, SyntaxError, Tid, did_web_to_url,
};
use serde_json::{Value, json};

use crate::Outcome;

/// Runs a case of this module.
pub(crate) fn run(op: &str, input: &Value, _reference: &Value) -> Outcome {
    let answer = match op {
        "crypto.did_key_of_private" => did_key_of_private(input),
        "crypto.did_key_parse" => text(input).and_then(did_key_parse),
        "crypto.verify" => verify(input).map(Value::from),
        "jwk.thumbprint_sha256" => {
            Jwk::parse_public(input).ok().map(|jwk| jwk.thumbprint().to_string().into())
        }
        "jwk.valid_public" => Some(json!({ "valid": PublishedKey::parse(input).is_some() })),
        "jwks.valid_public" => JwkSet::parse(input).ok().map(|set| json!({ "valid": true, "value": set })),
        _ => return text(input).map_or(Outcome::Unknown, |text| of_text(op, text)),
    };
    answer.map_or(Outcome::Rejected, Outcome::Value)
}

fn of_text(op: &str, text: &str) -> Outcome {
    let answer = match op {
        "aturi.valid" => return is::<AtUri>(text),
        "datetime.valid" => return is::<Datetime>(text),
        "did.is_atproto" => return parsed(text).is_some_and(|did: Did| did.is_atproto()).into(),
        "did.valid" => return is::<Did>(text),
        "did.web_to_url" => did_web_to_url(text).map(|url| json!({ "ok": url.as_str() })),
        "handle.normalize" => Some(Handle::normalize(text).into()),
        "handle.valid" => return is::<Handle>(text),
        "nsid.authority" => parsed(text).map(|nsid: Nsid| nsid.authority().into()),
        "nsid.name" => parsed(text).map(|nsid: Nsid| nsid.name().into()),
        "nsid.valid" => return is::<Nsid>(text),
        "recordkey.valid" => return is::<RecordKey>(text),
        "tid.valid" => return is::<Tid>(text),
        _ => return Outcome::Unknown,
    };
    answer.map_or(Outcome::Rejected, Outcome::Value)
}

fn is<T: std::str::FromStr<Err = SyntaxError>>(text: &str) -> Outcome {
    text.parse::<T>().is_ok().into()
}

fn parsed<T: std::str::FromStr<Err = SyntaxError>>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

fn did_key_parse(did_key: &str) -> Option<Value> {
    let key = PublicKey::from_did_key(did_key).ok()?;
    Some(json!({ "alg": Algorithm::from(key.curve()), "key_hex": hex(key.uncompressed()) }))
}

fn did_key_of_private(input: &Value) -> Option<Value> {
    let curve = match text(input.get("curve")?)? {
        "K256" => Curve::K256,
        "P256" => Curve::P256,
        _ => return None,
    };
    let number = u256(text(input.get("private_hex")?)?)?;
    Some(PrivateKey::from_bytes(curve, &number).ok()?.public().to_did_key().into())
}

fn verify(input: &Value) -> Option<bool> {
    let bytes = |name| Base64Unpadded::decode_vec(text(input.get(name)?)?.trim_end_matches('=')).ok();
    let key = PublicKey::from_did_key(text(input.get("did_key")?)?).ok()?;
    let algorithm: Algorithm = text(input.get("alg")?)?.parse().ok()?;
    let verified = key.verify_low_s(&bytes("message_b64")?, &bytes("signature_b64")?).is_ok();
    Some(verified && algorithm == Algorithm::from(key.curve()))
}

fn u256(hex: &str) -> Option<[u8; 32]> {
    let (high, low) = hex.split_at_checked(32)?;
    let half = |digits: &str| u128::from_str_radix(digits, 16).ok().map(u128::to_be_bytes);
    [half(high)?, half(low)?].concat().try_into().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
