//! Whatever a stranger publishes as a client, or writes as its name, is read without a panic.

#![no_main]

use gatewright_protocol::oauth::client_id::{ClientId, Development};
use gatewright_protocol::oauth::client_metadata::{ClientMetadata, MetadataRules};
use gatewright_protocol::oauth::redirect_uri::RedirectUri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let id: ClientId = "https://app.example.com/client.json".parse().expect("a constant client id");
    let checked = ClientMetadata::check(&id, data, MetadataRules::default());
    assert_eq!(checked.metadata.is_some(), checked.errors.is_empty());
    if let Some(metadata) = checked.metadata {
        let again = metadata.to_json().to_string();
        ClientMetadata::parse(&id, again.as_bytes(), MetadataRules::default())
            .expect("what was read can be read again");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = ClientId::parse(text, Development::Allowed) {
        let _ = (id.url(), id.host(), id.document_url(), ClientMetadata::loopback(&id));
    }
    if let Ok(uri) = text.parse::<RedirectUri>() {
        let _ = uri.url();
    }
});
