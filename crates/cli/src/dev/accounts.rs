//! The accounts of the network: made at the first start, kept with their passwords and app passwords in a file of mode
//! 0600 so that the next start can print them again. Only `dev` keeps passwords.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use gatewright_protocol::app_password::AppPasswordName;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::syntax::Did;
use gatewright_server::operations::{
    CreateAppPassword, create_app_password, list_app_passwords, revoke_app_password,
};
use serde::{Deserialize, Serialize};

use super::Options;
use crate::solo::Solo;

/// The first two; the others are user3, user4…
const NAMES: [&str; 2] = ["alice", "bob"];

/// An account, as the ready line tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DevAccount {
    /// Its handle.
    pub handle: String,
    /// Its DID.
    pub did: String,
    /// Its address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// An app password of it.
    #[serde(default)]
    pub app_password: String,
}

/// The accounts of the folder, after making those that are missing.
pub(super) async fn ensure(options: &Options, solo: &Solo) -> Result<Vec<DevAccount>> {
    let file = options.data.join("dev-accounts.json");
    let mut accounts: Vec<DevAccount> = match std::fs::read(&file) {
        Ok(text) => {
            serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", file.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
    };
    while accounts.len() < options.accounts.max(NAMES.len()) {
        let name = NAMES
            .get(accounts.len())
            .map_or_else(|| format!("user{}", accounts.len() + 1), |n| (*n).to_owned());
        let account = make(solo, &name, &*options.random)
            .await
            .with_context(|| format!("{name}.test cannot be made"))?;
        accounts.push(account);
        save(&file, &accounts)?;
    }
    for at in 0..accounts.len() {
        let Some(account) = accounts.get_mut(at) else { break };
        if let Some(made) = app_password(solo, account).await? {
            account.app_password = made;
            save(&file, &accounts)?;
        }
    }
    Ok(accounts)
}

/// A new app password for an account whose own was never made, was revoked, or was made by a start that ended before
/// the file was written.
async fn app_password(solo: &Solo, account: &DevAccount) -> Result<Option<String>> {
    let ctx = solo.server().context();
    let did: Did = account.did.parse()?;
    let name: AppPasswordName = APP_PASSWORD.parse()?;
    let is_there = list_app_passwords(&ctx, &did).await?.iter().any(|row| row.name == name);
    if is_there && !account.app_password.is_empty() {
        return Ok(None);
    }
    revoke_app_password(&ctx, &did, &name).await?;
    let new = CreateAppPassword { name, privileged: false, scope: None, expires_at: None };
    let (_, secret) = create_app_password(&ctx, &did, new).await?;
    Ok(Some(secret.expose().to_owned()))
}

/// What the app password of each account is called.
const APP_PASSWORD: &str = "gatewright dev";

async fn make(solo: &Solo, name: &str, random: &dyn Random) -> Result<DevAccount> {
    let handle = format!("{name}.test");
    let email = format!("{name}@mail.test");
    let password = password(random);
    let did = match solo.find_account(&handle).await? {
        // Made by a start that ended before the file was written.
        Some(account) => {
            solo.replace_password(&account.did, &password).await?;
            account.did
        }
        None => solo.create_account(&handle, Some(&email), &password).await?,
    };
    Ok(DevAccount { handle, did: did.to_string(), email, password, app_password: String::new() })
}

/// Twenty letters in groups of five: easy to type, 100 random bits.
fn password(random: &dyn Random) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let letters: Vec<char> = random_bytes::<20>(random)
        .iter()
        .map(|byte| char::from(LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a')))
        .collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn save(file: &Path, accounts: &[DevAccount]) -> Result<()> {
    let beside = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut kept = options.open(&beside)?;
    kept.write_all(&serde_json::to_vec_pretty(accounts)?)?;
    kept.sync_all()?;
    std::fs::rename(beside, file)?;
    Ok(())
}
