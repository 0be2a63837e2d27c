//! `gatewright client check`.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use gatewright_protocol::oauth::client_id::{ClientId, Development, Kind};
use gatewright_protocol::oauth::client_metadata::{Checked, ClientMetadata, Finding, MetadataRules};
use gatewright_resolve::system::SystemClock;
use gatewright_resolve::{ResolveError, Resolver};
use serde::Serialize;
use url::Url;

use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright client check https://app.example.com/oauth-client-metadata.json
  gatewright client check client.json --client-id https://app.example.com/oauth-client-metadata.json
  gatewright client check --json 'http://localhost?scope=atproto'";

/// Which document to check.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The client id the document is for; default: the URL, or what the file says of itself
    #[arg(long, value_name = "URL")]
    pub client_id: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Where the document is
    #[arg(value_name = "URL|FILE")]
    pub document: String,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Answer {
    valid: bool,
    errors: Vec<Said>,
    warnings: Vec<Said>,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Said {
    field: String,
    message: String,
}

/// Says all that is wrong with a document, and what is unwise.
///
/// # Errors
/// When the file cannot be read, the network fails, or the answer cannot be printed.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let runtime = crate::commands::runtime()?;
    let answer = check(args, |url| {
        let resolver = Resolver::builder(Arc::new(SystemClock)).build();
        runtime.block_on(async { resolver.fetch_client_document(url).await.map(|bytes| bytes.to_vec()) })
    })?;
    if args.json {
        printer.json(&answer)?;
    } else {
        print(&answer, printer)?;
    }
    Ok(if answer.valid { 0 } else { REFUSED })
}

/// `fetch` gets the bytes behind a client id.
fn check(args: &Args, fetch: impl FnOnce(&Url) -> Result<Vec<u8>, ResolveError>) -> Result<Answer> {
    let is_url = args.document.starts_with("https://") || args.document.starts_with("http://");
    if !is_url {
        let bytes =
            std::fs::read(&args.document).with_context(|| format!("cannot read {}", args.document))?;
        return Ok(match args.client_id.clone().or_else(|| own_id(&bytes)) {
            Some(id) => check_document(&id, &bytes),
            None => Answer::refused("client_id", "is missing: name the URL of the document with --client-id"),
        });
    }
    let place = match ClientId::parse(&args.document, Development::Allowed).map(|id| id.document_url()) {
        Ok(Ok(place)) => place,
        Ok(Err(error)) | Err(error) => return Ok(Answer::refused("client_id", error.to_string())),
    };
    let id = args.client_id.as_deref().unwrap_or(&args.document);
    let Some(place) = place else { return Ok(check_document(id, &[])) };
    match fetch(&place) {
        Ok(bytes) => Ok(check_document(id, &bytes)),
        Err(error) if error.is_transient() => Err(error).context("the document could not be loaded"),
        Err(error) => {
            Ok(Answer::refused("document", format!("cannot be loaded: {:#}", anyhow::Error::from(error))))
        }
    }
}

/// What a document says of itself.
fn own_id(bytes: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    Some(document.get("client_id")?.as_str()?.to_owned())
}

/// The document of a loopback client follows from its id; `bytes` are those of every other.
fn check_document(id: &str, bytes: &[u8]) -> Answer {
    let id = match ClientId::parse(id, Development::Allowed) {
        Ok(id) => id,
        Err(error) => return Answer::refused("client_id", error.to_string()),
    };
    if id.is_loopback() {
        return Answer { valid: true, errors: Vec::new(), warnings: Vec::new() };
    }
    let is_development = id.kind() == Kind::Development;
    let development = if is_development { Development::Allowed } else { Development::Refused };
    let rules = MetadataRules { development, ..MetadataRules::default() };
    let Checked { errors, warnings, .. } = ClientMetadata::check(&id, bytes, rules);
    let mut answer = Answer {
        valid: errors.is_empty(),
        errors: errors.iter().map(Said::from).collect(),
        warnings: warnings.iter().map(Said::from).collect(),
    };
    if is_development {
        answer.warnings.push(Said {
            field: "client_id".to_owned(),
            message: "is on this machine: only a development network takes it".to_owned(),
        });
    }
    answer
}

impl Answer {
    fn refused(field: &str, message: impl Into<String>) -> Self {
        let errors = vec![Said { field: field.to_owned(), message: message.into() }];
        Self { valid: false, errors, warnings: Vec::new() }
    }
}

impl From<&Finding> for Said {
    fn from(finding: &Finding) -> Self {
        Self { field: finding.field.to_string(), message: finding.message.to_string() }
    }
}

fn print(answer: &Answer, printer: &mut Printer) -> Result<()> {
    for Said { field, message } in &answer.errors {
        printer.line(format_args!("error: `{field}` {message}"))?;
    }
    for Said { field, message } in &answer.warnings {
        printer.line(format_args!("warning: `{field}` {message}"))?;
    }
    if answer.valid {
        printer.line("the metadata can be used")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "https://app.example.com/client.json";

    fn document() -> serde_json::Value {
        serde_json::json!({
            "client_id": ID,
            "redirect_uris": ["https://app.example.com/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "atproto",
            "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": true,
        })
    }

    fn args(document: &str, client_id: Option<&str>) -> Args {
        Args { client_id: client_id.map(str::to_owned), json: true, document: document.to_owned() }
    }

    fn unreachable(_: &Url) -> Result<Vec<u8>, ResolveError> {
        panic!("nothing is to be fetched")
    }

    #[test]
    fn a_good_document_has_nothing_said_of_it() {
        let answer = check(&args(ID, None), |_| Ok(document().to_string().into_bytes())).unwrap();
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(json, r#"{"valid":true,"errors":[],"warnings":[]}"#);
    }

    #[test]
    fn every_error_names_its_field() {
        let mut broken = document();
        broken["scope"] = "transition:generic".into();
        broken["dpop_bound_access_tokens"] = false.into();
        broken["redirect_uris"] = serde_json::json!(["http://localhost/callback"]);
        let answer = check_document(ID, broken.to_string().as_bytes());
        let fields: Vec<&str> = answer.errors.iter().map(|said| said.field.as_str()).collect();
        assert!(!answer.valid);
        assert_eq!(fields, ["scope", "redirect_uris[0]", "dpop_bound_access_tokens"]);
    }

    #[test]
    fn a_file_says_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.json");
        std::fs::write(&path, document().to_string()).unwrap();
        let path = path.to_str().unwrap();
        assert!(check(&args(path, None), unreachable).unwrap().valid);
        assert!(!check(&args(path, Some("https://other.example.com/c.json")), unreachable).unwrap().valid);
        std::fs::write(path, "{}").unwrap();
        let answer = check(&args(path, None), unreachable).unwrap();
        assert_eq!(answer.errors.first().map(|said| said.field.as_str()), Some("client_id"));
        assert!(check(&args("/nowhere/at/all.json", None), unreachable).is_err());
    }

    #[test]
    fn ids_that_need_no_document_or_can_have_none() {
        assert!(check(&args("http://localhost?scope=atproto", None), unreachable).unwrap().valid);
        for id in [
            "https://app.example.com",
            "https://app.example.com:8443/c.json",
            "http://app.example.com/c.json",
        ] {
            assert!(!check(&args(id, None), unreachable).unwrap().valid, "{id}");
        }
    }
}
