//! `gatewright app-password create | list | revoke`.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;
use gatewright_protocol::app_password::AppPasswordName;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Datetime;
use gatewright_server::operations::{
    CreateAppPassword, create_app_password, list_app_passwords, revoke_app_password,
};
use gatewright_store::account::Account;
use gatewright_store::app_password::AppPassword;
use serde_json::json;

use crate::args::Installation;
use crate::config::Config;
use crate::hint::Hint;
use crate::printer::Printer;
use crate::solo::Solo;

const EXAMPLES: &str = "The password is printed once, alone on standard output.

Examples:
  gatewright app-password create alice.example.net backup --config gatewright.toml
  gatewright app-password create alice.example.net notes-bot --scope 'repo:com.example.note' --expires-in 90d";

/// Make, list and revoke app passwords.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an app password, for a bot or a client without OAuth
    #[command(after_help = EXAMPLES)]
    Create(Create),
    /// List the app passwords of an account and when each was last used
    List {
        /// Its handle or DID
        account: String,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// Revoke an app password, which ends what came from it at once
    Revoke {
        /// The handle or DID of the account
        account: String,
        /// The name of the app password
        name: AppPasswordName,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
}

/// Make an app password.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The handle or DID of the account
    account: String,
    /// What to call the app password
    name: AppPasswordName,
    /// What it may do, as scopes; everything that app passwords may when absent
    #[arg(long, value_name = "SCOPES")]
    scope: Option<Scopes>,
    /// Let it read and write direct messages too
    #[arg(long)]
    privileged: bool,
    /// End it by itself after this long: 90d, 12h, 30m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires_in: Option<Duration>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Which installation
    #[command(flatten)]
    installation: Installation,
}

/// A number and one of d, h, m, s.
fn duration(text: &str) -> Result<Duration, String> {
    let read = || {
        let (at, unit) = text.char_indices().next_back()?;
        let seconds = match unit {
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let number: u32 = text.get(..at)?.parse().ok()?;
        (number > 0).then(|| Duration::from_secs(u64::from(number) * seconds))
    };
    read().ok_or_else(|| "it is a number and a unit, as 90d, 12h, 30m or 45s".to_owned())
}

/// Runs a command of `app-password`.
///
/// # Errors
/// When the installation cannot be opened, the account is not there, or the app password cannot be made or found.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    super::runtime()?.block_on(async {
        match command {
            Command::Create(command) => create(command, printer).await?,
            Command::List { account, json, installation } => {
                let (solo, account) = open(&installation, &account).await?;
                for row in list_app_passwords(&solo.server().context(), &account.did).await? {
                    show(&row, json, printer)?;
                }
            }
            Command::Revoke { account, name, installation } => {
                let (solo, account) = open(&installation, &account).await?;
                if !revoke_app_password(&solo.server().context(), &account.did, &name).await? {
                    let hint = "`gatewright app-password list` prints those there are";
                    let error = format!("{} has no app password `{name}`", account.handle);
                    return Err(Hint::new(error, hint).into());
                }
                printer.note(format_args!("`{name}` is revoked; what came from it is over"));
            }
        }
        Ok(0)
    })
}

async fn create(command: Create, printer: &mut Printer) -> Result<()> {
    let Create { account, name, scope, privileged, expires_in, json, installation } = command;
    let (solo, account) = open(&installation, &account).await?;
    let ctx = solo.server().context();
    let expires_at = expires_in.map(|after| ctx.now().plus(after));
    let new = CreateAppPassword { name, privileged, scope, expires_at };
    let (row, secret) = create_app_password(&ctx, &account.did, new).await?;
    if json {
        let mut shown = as_json(&row);
        if let Some(members) = shown.as_object_mut() {
            members.insert("password".to_owned(), secret.expose().into());
        }
        printer.json(&shown)?;
    } else {
        printer.line(secret.expose())?;
        let may = if row.scope.is_some() { " within its scope" } else { "" };
        printer.note(format_args!("`{}` can act for {}{may}; this is shown once", row.name, account.handle));
    }
    Ok(())
}

async fn open(installation: &Installation, name: &str) -> Result<(Solo, Account)> {
    let solo = Solo::open_installation(&Config::load(&installation.config)?).await?;
    let account = solo.find_account(name).await?.ok_or_else(|| {
        Hint::new(
            format!("there is no account {name} here"),
            "`gatewright account list` prints those there are",
        )
    })?;
    Ok((solo, account))
}

fn show(row: &AppPassword, json: bool, printer: &mut Printer) -> Result<()> {
    if json {
        return printer.json(&as_json(row));
    }
    let mut line = format!("{}  ", row.name);
    match &row.scope {
        Some(scope) => line.push_str(scope.as_str()),
        None => line.push_str(if row.privileged { "privileged" } else { "everything but direct messages" }),
    }
    if let Some(end) = row.expires_at {
        write!(line, "  ends {}", Datetime::from(end))?;
    }
    match &row.last_use {
        None => line.push_str("  never used"),
        Some(used) => {
            write!(line, "  last used {}", Datetime::from(used.at))?;
            let by = [used.client.as_deref(), used.network.as_deref()];
            for word in by.into_iter().flatten() {
                write!(line, " {word}")?;
            }
        }
    }
    printer.line(line)?;
    Ok(())
}

fn as_json(row: &AppPassword) -> serde_json::Value {
    json!({
        "name": row.name.as_str(),
        "privileged": row.privileged,
        "scope": row.scope,
        "createdAt": Datetime::from(row.created_at),
        "expiresAt": row.expires_at.map(Datetime::from),
        "lastUse": row.last_use.as_ref().map(|used| json!({
            "at": Datetime::from(used.at), "client": used.client, "network": used.network,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        assert_eq!(duration("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(duration("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        for text in ["", "d", "0d", "-1d", "1", "1w", "1.5h", "99999999999d", "1é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
