//! The sessions of whoever uses the command line: where they are kept, and which one is meant.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gatewright_client::sessions::KeyRing;
use gatewright_client::sessions::file::FolderStore;
use gatewright_client::{CallError, Client, ClientDescription, Session, SessionId, Sessions, Summary};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Resolver;
use gatewright_resolve::fetch::Get;
use gatewright_resolve::system::SystemRandom;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::env;
use crate::hint::Hint;

/// The redirect URI of the program; it stands for every port.
const REDIRECT: &str = "http://127.0.0.1/callback";

/// What is kept beside the sessions, none of it secret: which one is meant when nobody says so, and what each needs to be
/// come back to.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Book {
    current: Option<String>,
    entries: Vec<Entry>,
}

/// What a session needs to be come back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its name in the store.
    pub(crate) session: String,
    /// The scope of the client that it belongs to; none for an app password.
    pub(crate) scope: Option<String>,
    /// The PLC directory it was made with, if not the public one.
    pub(crate) plc: Option<Url>,
}

/// Which account a command acts as.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct As {
    /// Act as this account: a handle or DID that is signed in. Default: the one that signed in last
    #[arg(long = "as", value_name = "ACCOUNT")]
    pub account: Option<String>,
}

/// The kept sessions. They lie sealed in the state folder, the key in the configuration folder: a copy of the one is
/// nothing without the other. Whoever can read both can act as the account.
#[derive(Debug)]
pub(crate) struct OwnSessions {
    state: PathBuf,
    keys: PathBuf,
    book: Book,
}

impl OwnSessions {
    /// Opens what is kept, which may be nothing.
    pub(crate) fn open() -> Result<Self> {
        let state = state_folder()?;
        let keys = folder(env::CONFIG_HOME, ".config")?.join("session.keys");
        let book = match std::fs::read(state.join("accounts.json")) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", state.join("accounts.json").display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Book::default(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", state.display())),
        };
        Ok(Self { state, keys, book })
    }

    /// The store of the sessions, with accounts looked up in the network of this directory.
    pub(crate) fn sessions(&self, plc: Option<&Url>) -> Result<Sessions> {
        let ring = KeyRing::load_or_create(&self.keys, &SystemRandom)
            .with_context(|| format!("the key file {} cannot be used", self.keys.display()))?;
        let store = FolderStore::open(self.state.join("sessions")).context("sessions cannot be kept")?;
        let mut sessions = Sessions::builder(store, ring);
        if let Some(plc) = plc {
            sessions = sessions.plc(plc.clone());
        }
        Ok(sessions.build())
    }

    /// Notes a session that somebody has just signed in to; from now on it is the one that is meant.
    pub(crate) fn note(&mut self, session: &Session, scope: Option<&str>, plc: Option<&Url>) -> Result<()> {
        let name = session.id().to_string();
        self.book.entries.retain(|entry| entry.session != name);
        self.book.entries.push(Entry {
            session: name.clone(),
            scope: scope.map(str::to_owned),
            plc: plc.cloned(),
        });
        self.book.current = Some(name);
        self.write()
    }

    /// Forgets a session that is over; the one before it is meant from now on.
    pub(crate) fn forget(&mut self, session: &str) -> Result<()> {
        self.book.entries.retain(|entry| entry.session != session);
        if self.book.current.as_deref() == Some(session) {
            self.book.current = self.book.entries.last().map(|entry| entry.session.clone());
        }
        self.write()
    }

    /// Everybody who is signed in, and whether it is the one that is meant.
    pub(crate) async fn list(&self) -> Result<Vec<(Summary, bool)>> {
        let known =
            |summary: &Summary| self.book.entries.iter().any(|entry| entry.session == summary.id.as_str());
        let mut summaries = self.sessions(None)?.list().await?;
        summaries.retain(known);
        summaries.sort_by_key(|summary| summary.created);
        let current = self.book.current.as_deref();
        Ok(summaries
            .into_iter()
            .map(|summary| {
                let is_current = current == Some(summary.id.as_str());
                (summary, is_current)
            })
            .collect())
    }

    /// The session of the account that is meant.
    pub(crate) async fn resume(&self, whose: &As) -> Result<(Session, Entry)> {
        let summary = self.meant(whose).await?;
        let entry = self.entry(&summary)?;
        let sessions = self.sessions(entry.plc.as_ref())?;
        let resumed = match &entry.scope {
            None => sessions.resume(&summary.id).await,
            Some(scope) => client(sessions, scope)?.resume(&summary.id).await,
        };
        let who = summary.handle.as_ref().map_or_else(|| summary.account.to_string(), ToString::to_string);
        resumed.map(|session| (session, entry)).map_err(|error| over(error, &who))
    }

    /// What is noted of a session.
    pub(crate) fn entry(&self, summary: &Summary) -> Result<Entry> {
        let name = summary.id.as_str();
        self.book
            .entries
            .iter()
            .find(|entry| entry.session == name)
            .cloned()
            .context("the session is not noted")
    }

    /// The session of the account that is meant, unopened.
    pub(crate) async fn meant(&self, whose: &As) -> Result<Summary> {
        let all = self.list().await?;
        let Some(account) = &whose.account else {
            return all
                .into_iter()
                .find_map(|(summary, is_current)| is_current.then_some(summary))
                .ok_or_else(|| {
                    Hint::new("nobody is signed in", "sign in with `gatewright login HANDLE`").into()
                });
        };
        let account = account.trim_start_matches('@');
        let is_meant = |summary: &Summary| {
            summary.account.as_str() == account
                || summary.handle.as_ref().is_some_and(|handle| handle.as_str().eq_ignore_ascii_case(account))
        };
        // Of several sessions of one account, the last.
        all.into_iter().map(|(summary, _)| summary).rfind(is_meant).ok_or_else(|| {
            let hint =
                format!("`gatewright accounts` lists who is; sign in with `gatewright login {account}`");
            Hint::new(format!("{account} is not signed in here"), hint).into()
        })
    }

    fn write(&self) -> Result<()> {
        let path = self.state.join("accounts.json");
        let draft = self.state.join(format!(".accounts.{}.new", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || {
            std::fs::create_dir_all(&self.state)?;
            let mut file = options.open(&draft)?;
            file.write_all(&serde_json::to_vec_pretty(&self.book)?)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// The client of the command line: a program on somebody's own machine, with the scope that it asks for.
pub(crate) fn client(sessions: Sessions, scope: &str) -> Result<Client> {
    let description = ClientDescription::loopback().redirect_uri(REDIRECT).scope(scope);
    Client::new(description, sessions).context("this scope cannot be asked for")
}

/// The DID of a handle, as this host tells it: for hosts whose names lead nowhere else.
pub(crate) async fn ask_host(resolver: &Resolver, host: &str, handle: &Handle) -> Result<Did> {
    let mut url = Url::parse(host).context("--host is the URL of a host")?;
    url.set_path("/xrpc/com.atproto.identity.resolveHandle");
    url.query_pairs_mut().clear().append_pair("handle", handle.as_str());
    let answer = resolver.fetcher().get(Get::json(&url)).await;
    let document = answer.with_context(|| format!("{host} does not know {handle}"))?;
    let answer: serde_json::Value = serde_json::from_slice(&document.bytes)?;
    crate::commands::text(&answer, "/did").parse().context("the host's answer names no DID")
}

/// What became of a session, and what to do about it.
pub(crate) fn over(error: CallError, who: &str) -> anyhow::Error {
    let hint = match &error {
        error if error.is_over() => format!("sign in again with `gatewright login {who}`"),
        CallError::ScopeMissing { scope: Some(scope) } => {
            format!("ask for it with `gatewright login {who} --scope \"atproto {scope}\"`")
        }
        CallError::ScopeMissing { scope: None } => {
            "ask for more with `gatewright login … --scope`; `gatewright whoami` says what was granted"
                .to_owned()
        }
        _ => return error.into(),
    };
    Hint::new(error.to_string(), hint).into()
}

/// Our folder below one of the person's, as the XDG base directory specification has it.
/// Where the state of this user is kept.
pub(crate) fn state_folder() -> Result<PathBuf> {
    folder(env::STATE_HOME, ".local/state")
}

fn folder(variable: &str, below_home: &str) -> Result<PathBuf> {
    let own = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match (own, std::env::var_os("HOME")) {
        (Some(base), _) => base,
        (None, Some(home)) => Path::new(&home).join(below_home),
        (None, None) => bail!("neither {variable} nor HOME says where to keep sessions"),
    };
    Ok(base.join("gatewright"))
}

/// The name of a session that was typed or printed.
pub(crate) fn session_id(entry: &Entry) -> Result<SessionId> {
    entry.session.parse().context("the name of the session is damaged")
}
