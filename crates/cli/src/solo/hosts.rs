//! Stock hosts behind an installation: what tokens for them look like, and what they are told.

use std::fmt::Write as _;

use anyhow::Result;
use gatewright_host::entryway::HostBehind;
use gatewright_protocol::crypto::PrivateKey;
use gatewright_protocol::syntax::Did;
use gatewright_server::settings::{Audience, Verification};

use super::Parts;
use crate::rotation_key;

/// Whom tokens are for: the host of this installation first, and those behind it.
pub(super) fn audiences(parts: &Parts, service_did: &Did, behind: &[HostBehind]) -> Vec<Audience> {
    let own = Audience {
        origin: parts.origin.clone(),
        service: service_did.clone(),
        verification: Verification::Shared,
    };
    let behind = behind.iter().map(|host| Audience {
        origin: host.origin(),
        service: host.service.clone(),
        verification: Verification::Entryway,
    });
    std::iter::once(own).chain(behind).collect()
}

/// What a host is told in its environment, name and value.
pub(super) fn environment(
    parts: &Parts,
    service_did: &Did,
    rotation: &PrivateKey,
) -> Result<Vec<(&'static str, String)>> {
    let key = rotation_key::entryway(&parts.data, &*parts.random)?;
    let hex = key.public().compressed().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(vec![
        ("PDS_ENTRYWAY_URL", parts.origin.clone()),
        ("PDS_ENTRYWAY_DID", service_did.to_string()),
        ("PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX", hex),
        ("PDS_ENTRYWAY_PLC_ROTATION_KEY", rotation.public().to_did_key()),
        ("PDS_SERVICE_HANDLE_DOMAINS", parts.handle_domains.join(",")),
        ("PDS_DID_PLC_URL", parts.plc_url.as_str().trim_end_matches('/').to_owned()),
    ])
}
