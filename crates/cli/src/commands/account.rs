//! `gatewright account create | invite | list | password | rename | restore | takedown`.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use gatewright_host::operations::create_account::NewIdentity;
use gatewright_host::operations::create_invite_codes::CreateInviteCodes;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_store::account::Account;
use serde_json::json;

use crate::args::Installation;
use crate::config::Config;
use crate::hint::Hint;
use crate::printer::Printer;
use crate::solo::Solo;

const CREATE_EXAMPLES: &str = "The password is asked for; from a pipe it is the first line.

Examples:
  gatewright account create carol.example.net --email carol@example.org --config gatewright.toml
  gatewright account create dave.example.org --did did:web:dave.example.org --config gatewright.toml";

const RENAME_EXAMPLES: &str =
    "A handle under one of `identity.handle_domains` is given away here. Any other must lead
to the account already, by DNS or by a file at its name.

Examples:
  gatewright account rename carol.example.net caroline.example.net --config gatewright.toml
  gatewright account rename did:plc:ewvi7nxzyoun6zhxrhs64oiz carol.example.org --config gatewright.toml";

const INVITE_EXAMPLES: &str =
    "Codes are asked for where `sign_up.mode` is \"invite\". Each is printed on a line of its own.

Examples:
  gatewright account invite --config gatewright.toml
  gatewright account invite --count 10 --uses 1 --for carol.example.net --config gatewright.toml
  gatewright account invite --withdraw example-net-abcde-23456 --config gatewright.toml";

/// Make, list and rename accounts, make invite codes, set passwords.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account with a new did:plc identity, or a did:web of one's own, and an empty repository
    #[command(after_help = CREATE_EXAMPLES)]
    Create {
        /// Its handle: under one of `identity.handle_domains`, or the host name of its did:web
        handle: String,
        /// The did:web that it shall be, instead of a new did:plc
        #[arg(long, value_name = "DID")]
        did: Option<Did>,
        /// Its e-mail address
        #[arg(long)]
        email: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// Make invite codes, with which people make accounts for themselves
    #[command(after_help = INVITE_EXAMPLES)]
    Invite {
        /// How many codes
        #[arg(long, default_value_t = 1, value_name = "N")]
        count: u32,
        /// How many accounts can be made with each
        #[arg(long, default_value_t = 1, value_name = "N")]
        uses: u32,
        /// The account that may give them away, by handle or DID: it sees them in its applications
        #[arg(long = "for", value_name = "ACCOUNT")]
        owner: Option<String>,
        /// Withdraw this code instead; accounts that were made with it stay
        #[arg(long, value_name = "CODE", conflicts_with_all = ["count", "uses", "owner"])]
        withdraw: Option<InviteCode>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// List the accounts
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// Give an account another handle, also in its identity
    #[command(after_help = RENAME_EXAMPLES)]
    Rename {
        /// Its handle or DID
        account: String,
        /// The handle that it shall have
        handle: Handle,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// Let an account act again that was taken down
    Restore {
        /// Its handle or DID
        account: String,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// Take an account down: nobody signs in to it, every session and application of it ends now. Nothing is deleted
    Takedown {
        /// Its handle or DID
        account: String,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
    /// Set a new password, which ends every session and sign-in of the account
    Password {
        /// Its handle or DID
        account: String,
        /// Which installation
        #[command(flatten)]
        installation: Installation,
    },
}

/// Runs a command of `account`.
///
/// # Errors
/// When the installation cannot be opened, or the account cannot be made or found.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    super::runtime()?.block_on(async {
        match command {
            Command::Create { handle, did, email, json, installation } => {
                let solo = Solo::open_installation(&Config::load(&installation.config)?).await?;
                let password = read_password(printer)?;
                let identity = did.map_or(NewIdentity::Plc { recovery_key: None }, NewIdentity::Web);
                let did = solo.create_account_of(identity, &handle, email.as_deref(), &password).await?;
                if json {
                    printer.json(&json!({"did": did, "handle": handle}))?;
                } else {
                    printer.line(&did)?;
                    printer.note(format_args!("{handle} can sign in now"));
                }
                if did.method() == "web" {
                    printer.hint(format_args!(
                        "its document has to be at https://{}/.well-known/did.json; where that name leads here, this \
                         server answers there",
                        did.identifier()
                    ));
                }
            }
            Command::Invite { withdraw: Some(code), installation, .. } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                ensure!(solo.kept().disable_invitation(&code).await?, "there is no such code here");
                printer.note("the code makes no more accounts");
            }
            Command::Invite { count, uses, owner, withdraw: None, json, installation } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                let owner = match owner {
                    Some(owner) => Some(find(&solo, &owner).await?.did),
                    None => None,
                };
                let for_accounts = owner.into_iter().collect();
                let new = CreateInviteCodes { count, uses, for_accounts };
                let made = solo.host().create_invite_codes(new).await?;
                let codes = made.iter().flat_map(|(_, codes)| codes).map(InviteCode::expose);
                if json {
                    printer.json(&codes.collect::<Vec<_>>())?;
                } else {
                    for code in codes {
                        printer.line(code)?;
                    }
                }
            }
            Command::List { json, installation } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                list(&solo, json, printer).await?;
            }
            Command::Rename { account, handle, installation } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                let found = find(&solo, &account).await?;
                solo.host().update_handle(&found.did, &handle).await?;
                printer.note(format_args!("{} is {handle} from now on", found.handle));
            }
            Command::Restore { account, installation } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                let found = find(&solo, &account).await?;
                ensure!(solo.host().take_down(&found, false).await?, "{} is not taken down", found.handle);
                printer.note(format_args!("{} can sign in again", found.handle));
            }
            Command::Takedown { account, installation } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                let found = find(&solo, &account).await?;
                solo.host().take_down(&found, true).await?;
                printer.note(format_args!("{} is taken down; its sessions are over", found.handle));
                printer.hint("`gatewright account restore` lets it act again");
            }
            Command::Password { account, installation } => {
                let solo = Solo::open_existing(&Config::load(&installation.config)?).await?;
                let found = find(&solo, &account).await?;
                solo.replace_password(&found.did, &read_password(printer)?).await?;
                printer.note(format_args!("the password of {} is new; its sessions are over", found.handle));
            }
        }
        Ok(0)
    })
}

async fn find(solo: &Solo, account: &str) -> Result<Account> {
    solo.find_account(account).await?.with_context(|| {
        Hint::new(
            format!("there is no account {account} here"),
            "`gatewright account list` prints those there are",
        )
    })
}

async fn list(solo: &Solo, json: bool, printer: &mut Printer) -> Result<()> {
    let mut after: Option<Did> = None;
    loop {
        let page = solo.list_accounts(after.as_ref(), 500).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.did.clone());
        for account in &page {
            if json {
                printer.json(&json!({"did": account.did, "handle": account.handle, "email": account.email, "status": account.status}))?;
            } else {
                printer.line(format_args!("{}  {}  {:?}", account.did, account.handle, account.status))?;
            }
        }
    }
}

/// Asks for a password twice on a terminal, and takes the first line of anything else.
fn read_password(printer: &mut Printer) -> Result<String> {
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("New password: ")?;
        if rpassword::prompt_password("The same again: ")? != first {
            bail!("the two differ");
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if let Err(unfit) = Password::parse_new(&password) {
        printer.hint("a sentence of a few words is easy to remember and hard to guess");
        bail!(unfit);
    }
    Ok(password)
}
