//! `gatewright call`: one method of the account's host, or of a service behind it.

use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use gatewright_client::{Body, Call};
use gatewright_protocol::syntax::Nsid;
use serde_json::{Map, Value};

use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

const EXAMPLES: &str = "\
A method whose name begins with get, list, search, describe, resolve, check or query is read with GET, and KEY=VALUE are
its parameters. Any other is a procedure: KEY=VALUE are the members of its JSON input, where a value that is JSON is taken
as such. --query and --procedure say otherwise.

Examples:
  gatewright call com.atproto.server.getSession
  gatewright call com.atproto.repo.listRecords repo=alice.example.com collection=com.example.note limit=5
  gatewright call com.atproto.repo.createRecord --data input.json
  gatewright call app.bsky.actor.getProfile actor=alice.example.com --proxy 'did:web:api.bsky.app#bsky_appview'";

/// What is called.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The method
    #[arg(value_name = "NSID")]
    pub nsid: Nsid,
    /// Parameters, or members of the input
    #[arg(value_name = "KEY=VALUE")]
    pub pairs: Vec<Pair>,
    /// A file with the JSON input; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    pub data: Option<PathBuf>,
    /// It is a query, whatever its name
    #[arg(long, conflicts_with = "procedure")]
    pub query: bool,
    /// It is a procedure, whatever its name
    #[arg(long)]
    pub procedure: bool,
    /// Have the host pass the call on to this service
    #[arg(long, value_name = "DID#SERVICE")]
    pub proxy: Option<String>,
    /// Which account
    #[command(flatten)]
    pub whose: As,
}

/// One `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    key: String,
    value: String,
}

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self { key: key.to_owned(), value: value.to_owned() })
            }
            _ => Err("a parameter is KEY=VALUE"),
        }
    }
}

/// Calls, and prints the answer as it is.
///
/// # Errors
/// Nobody is signed in, the host refuses, or the network fails.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    let call = call(args)?;
    let answer = crate::commands::runtime()?.block_on(async {
        let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
        session.call(&call).await.map_err(|error| over(error, session.account().as_str()))
    })?;
    if !answer.body.is_empty() {
        printer.out().write_all(&answer.body)?;
        printer.line("")?;
    }
    Ok(0)
}

fn call(args: &Args) -> Result<Call> {
    let nsid = args.nsid.as_str();
    let is_query = args.query || (!args.procedure && args.data.is_none() && reads(nsid));
    let mut call = if is_query { Call::query(nsid) } else { Call::procedure(nsid) };
    match &args.data {
        None if is_query => {}
        None if args.pairs.is_empty() => {}
        None => return Ok(proxied(call.json(&input(&args.pairs)), args)),
        Some(file) => {
            let text = read(file)?;
            serde_json::from_slice::<Value>(&text)
                .with_context(|| format!("{} is no JSON", file.display()))?;
            call = call.body("application/json", Body::from(text));
        }
    }
    for Pair { key, value } in &args.pairs {
        call = call.param(key, value);
    }
    Ok(proxied(call, args))
}

fn proxied(call: Call, args: &Args) -> Call {
    match &args.proxy {
        Some(service) => call.proxied_to(service),
        None => call,
    }
}

/// Whether a method of this name reads, as the field names them.
fn reads(nsid: &str) -> bool {
    const WORDS: [&str; 7] = ["check", "describe", "get", "list", "query", "resolve", "search"];
    let name = nsid.rsplit('.').next().unwrap_or_default();
    WORDS.iter().any(|word| {
        name.strip_prefix(word)
            .is_some_and(|rest| rest.chars().next().is_none_or(|next| next.is_ascii_uppercase()))
    })
}

/// The input that the pairs make: numbers, objects and the like as JSON, anything else as text.
fn input(pairs: &[Pair]) -> Value {
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Value::Object(
        pairs.iter().map(|Pair { key, value: text }| (key.clone(), value(text))).collect::<Map<_, _>>(),
    )
}

/// A file, or standard input for `-`.
pub(super) fn read(file: &std::path::Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_reads() {
        for nsid in ["com.atproto.repo.getRecord", "com.atproto.server.checkAccountStatus", "com.example.get"]
        {
            assert!(reads(nsid), "{nsid}");
        }
        for nsid in ["com.atproto.repo.createRecord", "com.example.getaway", "com.example.listen"] {
            assert!(!reads(nsid), "{nsid}");
        }
    }

    #[test]
    fn pairs_become_input() {
        let pairs: Vec<Pair> =
            ["a=text", "b=1", "c={\"d\":true}", "e=x=y"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(input(&pairs), serde_json::json!({"a": "text", "b": 1, "c": {"d": true}, "e": "x=y"}));
        "=x".parse::<Pair>().unwrap_err();
        "x".parse::<Pair>().unwrap_err();
    }
}
