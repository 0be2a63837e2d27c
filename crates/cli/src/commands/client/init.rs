//! `gatewright client init`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gatewright_client::{ClientDescription, ClientKey, ClientKeys};
use gatewright_resolve::system::SystemRandom;
use gatewright_server::secret_file;
use url::Url;

use crate::commands::REFUSED;
use crate::printer::Printer;

const EXAMPLES: &str = "Examples:
  gatewright client init --client-id https://app.example.com/client.json --redirect-uri https://app.example.com/callback --scope 'repo:com.example.note'
  gatewright client init --client-id https://app.example.com/client.json --redirect-uri https://app.example.com/callback --scope 'repo:com.example.note' --confidential --jwks-uri https://app.example.com/jwks.json
  gatewright client init --native --client-id https://app.example.com/app.json --redirect-uri com.example.app:/callback --scope 'repo:com.example.note'";

/// The client.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where its document will be: its name for ever, since another one orphans every session
    #[arg(long, value_name = "URL")]
    pub client_id: Url,
    /// Make it a key, which servers trust with longer sessions; for what runs on a server of yours only
    #[arg(long)]
    pub confidential: bool,
    /// The folder to write to
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// Replace documents that exist; a key never is
    #[arg(long)]
    pub force: bool,
    /// Its home page, on the host of its client id
    #[arg(long, value_name = "URL")]
    pub home: Option<Url>,
    /// Publish its keys in a document of their own at this URL
    #[arg(long, requires = "confidential", value_name = "URL")]
    pub jwks_uri: Option<Url>,
    /// Its picture
    #[arg(long, value_name = "URL")]
    pub logo: Option<Url>,
    /// What people call it
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// It is a program on a device
    #[arg(long, conflicts_with = "confidential")]
    pub native: bool,
    /// Its privacy policy
    #[arg(long, value_name = "URL")]
    pub policy: Option<Url>,
    /// A place that browsers are sent back to; can be repeated
    #[arg(long = "redirect-uri", required = true, value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// Everything that it may ever ask for; `atproto` is added
    #[arg(long, value_name = "SCOPE")]
    pub scope: String,
    /// Its terms of service
    #[arg(long, value_name = "URL")]
    pub terms: Option<Url>,
}

/// Writes the documents of a client, which no server refuses, and its key.
///
/// # Errors
/// A file cannot be read or written.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let key = args.dir.join("client-key.jwk");
    let keys = if args.confidential { vec![own_key(&key, printer)?] } else { Vec::new() };
    let description = describe(args, keys.clone());
    let metadata = match description.metadata() {
        Ok(metadata) => metadata,
        Err(error) => {
            printer.error(&error);
            printer.hint("`gatewright client init --help` has examples that are taken");
            return Ok(REFUSED);
        }
    };
    write(
        &args.dir.join("client-metadata.json"),
        &serde_json::to_string_pretty(&metadata.to_json())?,
        args,
        printer,
    )?;
    printer.note(format_args!("  serve it at {} as application/json", args.client_id));
    if let Some(url) = &args.jwks_uri {
        let public = ClientKeys::new(keys).public();
        write(&args.dir.join("jwks.json"), &serde_json::to_string_pretty(&public)?, args, printer)?;
        printer.note(format_args!("  serve it at {url} as application/json"));
    }
    printer.note(format_args!("then: gatewright client check {}", args.client_id));
    Ok(0)
}

/// Of a field of the description.
type Setter = fn(ClientDescription, String) -> ClientDescription;

fn describe(args: &Args, keys: Vec<ClientKey>) -> ClientDescription {
    let id = args.client_id.as_str();
    let mut description =
        if args.native { ClientDescription::native(id) } else { ClientDescription::web(id) };
    description = description.scope(&args.scope).keys(ClientKeys::new(keys));
    for uri in &args.redirect_uris {
        description = description.redirect_uri(uri);
    }
    let fields: [(Option<String>, Setter); 6] = [
        (args.name.clone(), ClientDescription::name),
        (args.home.as_ref().map(Url::to_string), ClientDescription::home),
        (args.logo.as_ref().map(Url::to_string), ClientDescription::logo),
        (args.terms.as_ref().map(Url::to_string), ClientDescription::terms),
        (args.policy.as_ref().map(Url::to_string), ClientDescription::policy),
        (args.jwks_uri.as_ref().map(Url::to_string), ClientDescription::jwks_uri),
    ];
    for (value, set) in fields {
        if let Some(value) = value {
            description = set(description, value);
        }
    }
    description
}

/// The key that is there, or a new one: sessions end with the key that they began with.
fn own_key(path: &Path, printer: &mut Printer) -> Result<ClientKey> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let fresh = ClientKey::generate(&SystemRandom);
    if secret_file::create(path, fresh.to_private_jwk().as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?
    {
        printer.note(format_args!("{} is written; keep it secret, and keep it", path.display()));
        return Ok(fresh);
    }
    let kept = secret_file::read(path).with_context(|| format!("{} cannot be used", path.display()))?;
    let Ok(text) = std::str::from_utf8(&kept) else { bail!("{} holds no key", path.display()) };
    ClientKey::parse(text).with_context(|| format!("{} holds no key of a client", path.display()))
}

fn write(path: &Path, text: &str, args: &Args, printer: &mut Printer) -> Result<()> {
    std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot make {}", args.dir.display()))?;
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options
        .open(path)
        .with_context(|| format!("cannot write {}; --force replaces it", path.display()))?;
    writeln!(file, "{text}").with_context(|| format!("cannot write {}", path.display()))?;
    printer.note(format_args!("{} is written", path.display()));
    Ok(())
}
