//! `[mail]`: how mail leaves.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use gatewright_server::notices::Notices;
use gatewright_server::smtp::{Encryption as Kept, Login, Smtp, SmtpSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hint::Hint;

/// How mail leaves: codes for new passwords and addresses, and what people are told of their account. Without a host
/// none is sent.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The host that takes mail by SMTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its port; the usual one of `encryption` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `tls`, from the first byte; `starttls`, after a greeting; `none`, for a host on this machine.
    pub encryption: Encryption,
    /// Who the server is to that host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A file with the password of `user`, which nobody else can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Whom mail is from: `Example Net <no-reply@example.net>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// How what is said to a mail host is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Not at all.
    None,
    /// TLS after a greeting.
    Starttls,
    /// TLS from the first byte.
    #[default]
    Tls,
}

impl Mail {
    /// # Errors
    /// When no mail could be sent so. The file of the password is not read.
    pub(super) fn check(&self) -> Result<()> {
        let Some(host) = &self.host else {
            if self.from.is_some() || self.user.is_some() || self.password_file.is_some() {
                bail!("mail.host is missing: without it no mail is sent");
            }
            return Ok(());
        };
        if self.user.is_some() != self.password_file.is_some() {
            bail!("mail.user and mail.password_file belong together");
        }
        self.smtp(host, None).map(drop)
    }

    /// What sends mail, if anything does.
    ///
    /// # Errors
    /// When the file of the password cannot be read, or no mail could be sent so.
    pub fn notices(&self) -> Result<Option<Arc<dyn Notices>>> {
        let Some(host) = &self.host else { return Ok(None) };
        let login = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => {
                let text = std::fs::read_to_string(file).map(zeroize::Zeroizing::new).with_context(|| {
                    let hint = "write the password of mail.user into that file, and let nobody else read it";
                    Hint::new(format!("cannot read mail.password_file {}", file.display()), hint)
                })?;
                let password = zeroize::Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
                Some(Login { user: user.clone(), password })
            }
            _ => None,
        };
        Ok(Some(Arc::new(self.smtp(host, login)?)))
    }

    fn smtp(&self, host: &str, login: Option<Login>) -> Result<Smtp> {
        let from = self.from.clone().context("mail.from is missing: whom is mail from?")?;
        let encryption = match self.encryption {
            Encryption::None => Kept::None,
            Encryption::Starttls => Kept::StartTls,
            Encryption::Tls => Kept::Tls,
        };
        let settings = SmtpSettings { host: host.to_owned(), port: self.port, encryption, login, from };
        Smtp::new(settings).context("[mail]")
    }
}
