//! What a client publishes under its id (CM-*).

use std::fmt::Write as _;

use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::{Authentication, ClientMetadata, Finding};

use super::network::{Network, document};
use super::report::{Fault, Report};

/// The document of a client, and its keys.
pub(super) async fn examine(network: &Network, id: &str, report: &mut Report) {
    let parsed = ClientId::parse(id, network.development());
    let seen = parsed.and_then(|id| Ok((id.document_url()?, id))).map_err(|error| {
        Fault::new(
            error.to_string(),
            "a client id is an https URL with a path, and without a port, a fragment, or a slash at the end of a bare host",
        )
    });
    let Some((url, id)) = report.note("client.id", seen, |(_, id)| format!("{id} can be a client id")) else {
        return;
    };
    // What a client on its user's own machine may do stands in its id.
    let Some(url) = url else { return };
    let seen = network.get(&url).await.and_then(|answer| document(&url, &answer).map(|_| answer));
    let Some(answer) = report.note("client.document", seen, |_| "it has a document".to_owned()) else {
        return;
    };
    let checked = ClientMetadata::check(&id, &answer.body, network.resolver.client_rules());
    let metadata = checked.metadata.ok_or_else(|| wrong(&checked.errors));
    let Some(metadata) = report.note("client.metadata", metadata, |_| warned(&checked.warnings)) else {
        return;
    };
    if let Authentication::None = metadata.authentication {
        return;
    }
    let keys = network.resolver.client_keys(&id).await.map_err(|error| {
        let found = format!("its keys: {:#}", anyhow::Error::from(error));
        Fault::new(
            found,
            "publish a key set with public ES256 keys, each with a `kid`, at jwks_uri or in jwks",
        )
    });
    report.note("client.keys", keys, |_| "its keys can be used".to_owned());
}

fn wrong(errors: &[Finding]) -> Fault {
    let found = list(errors);
    let fields: Vec<&str> = errors.iter().map(|finding| &*finding.field).collect();
    Fault::new(found, format!("correct {} in the document: servers refuse it as it is", fields.join(", ")))
}

fn warned(warnings: &[Finding]) -> String {
    if warnings.is_empty() {
        "it can be used".to_owned()
    } else {
        format!("it can be used, but {}", list(warnings))
    }
}

fn list(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { field, message } in findings {
        let comma = if text.is_empty() { "" } else { "; " };
        let _ = write!(text, "{comma}`{field}` {message}");
    }
    text
}
