//! `gatewright login`: signs in, in a browser or with an app password, and keeps the session.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gatewright_client::loopback::Loopback;
use gatewright_client::{AppSignIn, BrowserSecret, CallError, Client, Session, Sessions, SignIn};
use gatewright_protocol::syntax::Handle;
use gatewright_resolve::system::SystemRandom;
use tokio::sync::oneshot;
use url::Url;

use crate::env;
use crate::hint::Hint;
use crate::own_sessions::{OwnSessions, ask_host, client};
use crate::printer::Printer;

const EXAMPLES: &str = "\
In a browser, the account's own host asks for the password and says what is asked for. Over SSH, open the address that is
printed on your own machine, and paste the address that the browser ends at.

Examples:
  gatewright login alice.example.com
  gatewright login alice.example.com --scope 'atproto repo:com.example.note'
  gatewright login bot.example.com --app-password < password-file
  gatewright login alice.test --host http://localhost:2583 --plc http://localhost:2582";

/// What is asked for when nobody says: to write records and files, and nothing of the account itself.
const SCOPE: &str = "atproto repo:* blob:*/*";
/// How long the browser is waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// Who signs in, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A handle, a DID, or the URL of a host
    #[arg(value_name = "IDENTIFIER")]
    pub identifier: String,
    /// Sign in with an app password in place of a browser; without a terminal it is read from standard input
    #[arg(long, conflicts_with = "scope")]
    pub app_password: bool,
    /// What to ask for
    #[arg(long, value_name = "SCOPES", default_value = SCOPE)]
    pub scope: String,
    /// The account's host, where its name does not lead there
    #[arg(long, value_name = "URL", env = env::HOST)]
    pub host: Option<String>,
    /// The PLC directory to ask, as `gatewright dev` prints it; one on this machine makes hosts on it count too
    #[arg(long, value_name = "URL", env = env::PLC)]
    pub plc: Option<Url>,
    /// Do not open a browser: print the address, and take the one that it ends at
    #[arg(long)]
    pub no_browser: bool,
}

/// Signs in and keeps the session.
///
/// # Errors
/// Nobody was signed in, or the session cannot be kept.
pub fn run(args: &Args, printer: &mut Printer) -> Result<u8> {
    crate::commands::runtime()?.block_on(login(args, printer))?;
    Ok(0)
}

async fn login(args: &Args, printer: &mut Printer) -> Result<()> {
    let mut own = OwnSessions::open()?;
    let sessions = own.sessions(args.plc.as_ref())?;
    let (session, scope) = if args.app_password {
        (with_app_password(args, &sessions).await?, None)
    } else {
        let client = client(sessions, &args.scope)?;
        (in_browser(args, &client, printer).await?, Some(args.scope.as_str()))
    };
    own.note(&session, scope, args.plc.as_ref())?;
    let who = session.handle().map_or_else(|| session.account().to_string(), |handle| handle.to_string());
    printer.note(format_args!("signed in as {who}"));
    Ok(())
}

async fn with_app_password(args: &Args, sessions: &Sessions) -> Result<Session> {
    let password = secret_line(&format!("App password of {}: ", args.identifier))?;
    if password.is_empty() {
        let hint = "make one on the account page of your host, or with `gatewright app-password create`";
        return Err(Hint::new("an app password is needed", hint).into());
    }
    let mut sign_in = AppSignIn::new(args.identifier.as_str(), password.as_str());
    if let Some(host) = &args.host {
        sign_in = sign_in.at_host(host.as_str());
    }
    let wrong = |error| match error {
        CallError::PasswordRefused => Hint::new(
            "the host does not take this identifier and password",
            "app passwords have four groups of four letters",
        )
        .into(),
        other => anyhow::Error::from(other),
    };
    sessions
        .sign_in(sign_in)
        .await
        .map_err(wrong)
        .with_context(|| format!("could not sign in as {}", args.identifier))
}

/// A secret from the terminal without echo, or the first line of standard input.
pub(crate) fn secret_line(prompt: &str) -> Result<zeroize::Zeroizing<String>> {
    if std::io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password(prompt)?.into());
    }
    let mut line = zeroize::Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned().into())
}

async fn in_browser(args: &Args, client: &Client, printer: &mut Printer) -> Result<Session> {
    let identifier = match (&args.host, args.identifier.trim_start_matches('@').parse::<Handle>()) {
        (Some(host), Ok(handle)) => ask_host(client.sessions().resolver(), host, &handle).await?.to_string(),
        _ => args.identifier.clone(),
    };
    let (browser, back) = (BrowserSecret::generate(&SystemRandom), Loopback::bind().await?);
    let sign_in = SignIn::at(identifier).ask(&args.scope).redirect_uri(back.redirect_uri());
    let started = client.start(sign_in, &browser).await.context("the sign-in could not begin")?;
    let url = started.url.as_str();
    let is_far = args.no_browser || std::env::var_os("SSH_CONNECTION").is_some();
    let opened = !is_far && webbrowser::open(url).is_ok();
    if opened {
        printer.note(format_args!("your browser was opened; if nothing shows, go to\n\n  {url}\n"));
    } else {
        printer.note(format_args!("open this address in a browser:\n\n  {url}\n"));
    }
    let can_paste = std::io::stdin().is_terminal() || args.no_browser;
    if can_paste && !opened {
        printer
            .note("then paste here the address that it ends at, if this program does not go on by itself:");
    }
    let finished = tokio::select! {
        finished = back.finish(client, &browser, PATIENCE) => finished?,
        Some(query) = pasted(can_paste) => client.finish(&query, &browser).await?,
    };
    Ok(finished.session)
}

/// The query of an address that somebody pastes; nothing if nobody can, or standard input ends.
async fn pasted(can: bool) -> Option<String> {
    if !can {
        return std::future::pending().await;
    }
    let (send, line) = oneshot::channel();
    // A thread of its own, which nobody waits for: reading a terminal cannot be broken off.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            match query_of(line.trim()) {
                Ok(query) => {
                    let _ = send.send(query);
                    return;
                }
                Err(error) => {
                    let _ = writeln!(anstream::stderr(), "{error}");
                }
            }
        }
    });
    match line.await {
        Ok(query) => Some(query),
        Err(_) => std::future::pending().await,
    }
}

fn query_of(line: &str) -> Result<String> {
    let url = Url::parse(line).ok();
    match url.as_ref().and_then(Url::query) {
        Some(query) if query.contains("state=") => Ok(query.to_owned()),
        _ => bail!(
            "this is not it: the address begins with http://127.0.0.1 and has `state=` and `code=` in it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_the_way_back_is_taken() {
        let query = query_of("http://127.0.0.1:4711/callback?state=a&code=b&iss=c").unwrap();
        assert_eq!(query, "state=a&code=b&iss=c");
        for text in ["", "alice", "http://127.0.0.1:4711/callback", "https://example.com/?q=1"] {
            query_of(text).unwrap_err();
        }
    }
}
