//! `gatewright permission-set publish`: one set, by its file, from the account that its namespace belongs to.

mod rename;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gatewright_client::sessions::{KeyRing, memory::Memory};
use gatewright_client::{Session, Sessions};
use gatewright_protocol::permission_set::lint;
use gatewright_protocol::syntax::{Did, Nsid};
use gatewright_resolve::lexicon::{self, COLLECTION, Lexicon};
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{ResolveError, Resolver};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

pub use self::rename::Namespace;
use super::file::File;
use crate::commands::REFUSED;
use crate::env;
use crate::hint::Hint;
use crate::printer::Printer;

const EXAMPLES: &str = "The app password is asked for; from a pipe it is the first line.

Examples:
  gatewright permission-set publish authBasic.json --as music.example.com --dry-run
  gatewright permission-set publish authBasic.json --as music.example.com
  gatewright permission-set publish authBasic.json --as music.example.com --namespace fm.plyr=fm.plyr.stg";

/// How often the published set is looked up before it is said that it does not show yet, and how long between.
const LOOKS: u32 = 10;
const BETWEEN: Duration = Duration::from_secs(1);

/// Which set, and from where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The lexicon document of the set
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The account to publish from: the one that the `_lexicon` DNS record names
    #[arg(long = "as", value_name = "IDENTIFIER")]
    pub identifier: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Publish under another namespace, for an environment: every name below OLD moves below NEW
    #[arg(long, value_name = "OLD=NEW")]
    pub namespace: Option<Namespace>,
    /// The account's host, where its name does not lead there
    #[arg(long, value_name = "URL", env = env::HOST)]
    pub host: Option<String>,
    /// The PLC directory to ask, as `gatewright dev` prints it; one on this machine makes hosts on it count too
    #[arg(long, value_name = "URL", env = env::PLC)]
    pub plc: Option<Url>,
    /// Do without the `_lexicon` DNS record: servers must be told that this account publishes the sets
    #[arg(long, value_name = "DID")]
    pub authority: Option<Did>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Answer {
    nsid: Nsid,
    did: Did,
    uri: String,
    /// The address of the record; null where nothing was written.
    cid: Option<String>,
    /// Whether the set can be resolved as it is now.
    live: bool,
    changed: bool,
    dry_run: bool,
}

/// Publishes a set, and says when everybody can resolve it.
///
/// # Errors
/// The file cannot be read, the DNS record is missing or names another account, the host refuses, or the network fails.
pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let file = File::read(&args.file)?;
    let mut document = file.document().map_err(anyhow::Error::msg).context("it is no lexicon document")?;
    if let Some(namespace) = &args.namespace {
        namespace.rename(&mut document)?;
    }
    let found = lint(&document);
    for finding in &found.warnings {
        printer.note(format_args!("{}warning: {}", file.places().of(finding.index), finding.message));
    }
    if !found.errors.is_empty() {
        for finding in &found.errors {
            printer.error(format_args!("{}{}", file.places().of(finding.index), finding.message));
        }
        return Ok(REFUSED);
    }
    let answer = crate::commands::runtime()?.block_on(publish(args, document, printer))?;
    if args.json {
        printer.json(&answer)?;
    } else {
        print(&answer, printer)?;
    }
    Ok(0)
}

async fn publish(args: &Args, mut document: Value, printer: &mut Printer) -> Result<Answer> {
    let nsid: Nsid =
        document.get("id").and_then(Value::as_str).context("the document has no `id`")?.parse()?;
    let members = document.as_object_mut().context("the document is no object")?;
    members.insert("$type".to_owned(), json!(COLLECTION));
    let resolver = resolver(args);
    let session = sign_in(args, &resolver).await?;
    let did = session.account().clone();
    check_authority(args, &resolver, &nsid, &did).await?;
    let uri = format!("at://{did}/{COLLECTION}/{nsid}");
    let before = live(&resolver, &nsid).await?;
    let is_there = before.as_ref().is_some_and(|lexicon| lexicon.document == document);
    if args.dry_run || is_there {
        let cid = before.filter(|_| is_there).map(|lexicon| lexicon.cid.to_string());
        return Ok(Answer { nsid, did, uri, cid, live: is_there, changed: false, dry_run: args.dry_run });
    }
    let input = json!({"repo": did, "collection": COLLECTION, "rkey": nsid, "record": document});
    let written: Written = session.procedure("com.atproto.repo.putRecord", &input).await?;
    printer.note("written; waiting until it can be resolved");
    let mut live_now = false;
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        live_now =
            live(&resolver, &nsid).await?.is_some_and(|lexicon| lexicon.cid.to_string() == written.cid);
        if live_now {
            break;
        }
    }
    Ok(Answer { nsid, did, uri, cid: Some(written.cid), live: live_now, changed: true, dry_run: false })
}

#[derive(Deserialize)]
struct Written {
    cid: String,
}

fn resolver(args: &Args) -> Resolver {
    let mut resolver = Resolver::builder(Arc::new(SystemClock));
    if let Some(plc) = &args.plc {
        resolver = resolver.directory(plc.clone());
    }
    if let Some(authority) = &args.authority {
        resolver = resolver.lexicon_authority(authority.clone());
    }
    resolver.build()
}

async fn sign_in(args: &Args, resolver: &Resolver) -> Result<Session> {
    let password = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("App password of {}: ", args.identifier))?
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if password.is_empty() {
        bail!("an app password is needed: make one on the account page of the host");
    }
    // Nothing of the session is kept: it serves one command.
    let sessions = Sessions::builder(Memory::new(), KeyRing::generate(&SystemRandom));
    let sessions = sessions.resolver(resolver.clone()).build();
    Session::for_bot_at(&sessions, &args.identifier, password, args.host.as_deref())
        .await
        .with_context(|| format!("could not sign in as {}", args.identifier))
}

/// Whether the name belongs to this account (PS-10): nobody would find the set otherwise.
async fn check_authority(args: &Args, resolver: &Resolver, nsid: &Nsid, did: &Did) -> Result<()> {
    if let Some(authority) = &args.authority {
        if authority == did {
            return Ok(());
        }
        bail!("{authority} is to publish the sets, but this is {did}");
    }
    let name = lexicon::txt_name(nsid);
    let record = format!("add the DNS record:  {name}.  TXT  \"did={did}\"");
    let values = match resolver.txt(&name).await {
        Ok(values) => values,
        Err(error) if error.is_transient() => {
            return Err(error).with_context(|| format!("{name} could not be looked up"));
        }
        Err(_) => Vec::new(),
    };
    let named: Vec<&str> = values.iter().filter_map(|value| value.strip_prefix("did=")).collect();
    match named.as_slice() {
        [] => Err(Hint::new(format!("no DNS record says who publishes `{nsid}`"), record).into()),
        [one] if *one == did.as_str() => Ok(()),
        [other] => {
            let message = format!("the DNS record {name} names {other}, but this is {did}");
            Err(Hint::new(message, "publish from that account, or change the record").into())
        }
        _ => {
            let message = format!("{name} has {} records that begin with `did=`", named.len());
            Err(Hint::new(message, "leave exactly one: with several, no server resolves the set").into())
        }
    }
}

/// The set as anybody finds it now.
async fn live(resolver: &Resolver, nsid: &Nsid) -> Result<Option<Lexicon>> {
    match resolver.lexicon(nsid).await {
        Ok(lexicon) => Ok(Some(lexicon)),
        Err(ResolveError::LexiconNotFound { .. }) => Ok(None),
        Err(error) if error.is_transient() => Err(error).context("the published set could not be looked up"),
        // It does not prove itself, or is no lexicon: what is published now mends that.
        Err(_) => Ok(None),
    }
}

fn print(answer: &Answer, printer: &mut Printer) -> Result<()> {
    let Answer { nsid, uri, .. } = answer;
    let text = match answer {
        Answer { changed: false, live: true, .. } => format!("{nsid} is published already: {uri}"),
        Answer { dry_run: true, .. } => format!("would write {uri}"),
        Answer { live: true, .. } => format!("{nsid} is live: {uri}"),
        _ => format!("{nsid} is written at {uri}, but cannot be resolved yet; servers may take up to a day"),
    };
    printer.line(text)?;
    Ok(())
}
