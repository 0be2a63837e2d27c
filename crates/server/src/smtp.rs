//! Mail by SMTP (RFC 5321), over TLS wherever it leaves the machine.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::notices::{Message, NoticeError, Notices};

/// Where mail is handed on.
pub struct SmtpSettings {
    /// The host that takes it.
    pub host: String,
    /// Its port, where it is not the usual one: 465 with [`Encryption::Tls`], 587 with [`Encryption::StartTls`], 25 without.
    pub port: Option<u16>,
    /// How what is said to it is kept secret.
    pub encryption: Encryption,
    /// Who we are to it, if it asks.
    pub login: Option<Login>,
    /// Whom mail is from: `Example <no-reply@example.net>`.
    pub from: String,
}

/// Name and password at a mail host.
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: zeroize::Zeroizing<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How what is said to a mail host is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all: for a mail program on the same machine, and nowhere else.
    None,
    /// TLS after a greeting in clear; nothing is said to a host that offers none (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
}

/// Settings with which no mail can be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSmtp {
    /// Codes would cross the network in clear.
    #[error(
        "mail to {0} would cross the network in clear: only a host of this machine is spoken to without TLS"
    )]
    Clear(String),
    /// The sender is none.
    #[error("`{0}` is not a sender: an address, or a name and an address in angle brackets")]
    From(String),
    /// The host is none.
    #[error("`{host}` is not a mail host")]
    Host {
        /// What stands there.
        host: String,
        /// Why not.
        #[source]
        source: lettre::transport::smtp::Error,
    },
}

/// Hands mail to one host, over a few connections that are kept for a minute.
pub struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    /// Made with the first message: its connections need the runtime that settings are read without.
    transport: OnceLock<AsyncSmtpTransport<Tokio1Executor>>,
    from: Mailbox,
}

/// A host that has not taken a message after so long is away.
const SILENCE: Duration = Duration::from_secs(20);
/// Connections at once.
const CONNECTIONS: u32 = 4;

impl Smtp {
    /// Nothing is connected to yet.
    ///
    /// # Errors
    /// Host or sender are none, or mail would leave the machine in clear.
    pub fn new(settings: SmtpSettings) -> Result<Self, InvalidSmtp> {
        let SmtpSettings { host, port, encryption, login, from } = settings;
        let from = from.parse().map_err(|_| InvalidSmtp::From(from))?;
        let is_here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let usual = match encryption {
            Encryption::None if !is_here => return Err(InvalidSmtp::Clear(host)),
            Encryption::None => 25,
            Encryption::StartTls => 587,
            Encryption::Tls => 465,
        };
        let parameters = || {
            TlsParameters::new(host.clone())
                .map_err(|source| InvalidSmtp::Host { host: host.clone(), source })
        };
        let tls = match encryption {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Tls => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)
            .port(port.unwrap_or(usual))
            .tls(tls)
            .timeout(Some(SILENCE))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let Some(Login { user, password }) = login {
            builder = builder.credentials(Credentials::new(user, password.as_str().to_owned()));
        }
        Ok(Self { builder, transport: OnceLock::new(), from })
    }
}

#[async_trait]
impl Notices for Smtp {
    async fn send(&self, message: Message) -> Result<(), NoticeError> {
        let Message { to, subject, text } = message;
        let to: Mailbox =
            to.parse().map_err(|error: lettre::address::AddressError| NoticeError(error.into()))?;
        let message = MessageBuilder::new()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            // Nobody shall answer with "out of office" (RFC 3834 section 5).
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| NoticeError(error.into()))?;
        let transport = self.transport.get_or_init(|| self.builder.clone().build());
        let sent = tokio::time::timeout(SILENCE, transport.send(message)).await;
        sent.map_err(|late| NoticeError(late.into()))?.map_err(|error| NoticeError(error.into()))?;
        Ok(())
    }
}

#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, encryption: Encryption, from: &str) -> SmtpSettings {
        SmtpSettings { host: host.to_owned(), port: None, encryption, login: None, from: from.to_owned() }
    }

    /// Without a runtime, as a configuration is checked.
    #[test]
    fn mail_leaves_the_machine_by_tls_only() {
        let from = "Example <no-reply@example.net>";
        for (host, encryption, is_fine) in [
            ("mail.example.net", Encryption::Tls, true),
            ("mail.example.net", Encryption::StartTls, true),
            ("mail.example.net", Encryption::None, false),
            ("192.0.2.1", Encryption::None, false),
            ("localhost", Encryption::None, true),
        ] {
            let made = Smtp::new(settings(host, encryption, from));
            assert_eq!(made.is_ok(), is_fine, "{host} {encryption:?}");
        }
        let made = Smtp::new(settings("localhost", Encryption::None, "nobody"));
        assert!(matches!(made, Err(InvalidSmtp::From(_))));
    }

    #[tokio::test]
    async fn a_host_that_is_away_is_an_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let from = "no-reply@example.net";
        let smtp =
            Smtp::new(SmtpSettings { port: Some(port), ..settings("127.0.0.1", Encryption::None, from) });
        let message =
            Message { to: "a@example.com".into(), subject: "Hello".into(), text: "abcde-23456".into() };
        let error = smtp.unwrap().send(message).await.unwrap_err();
        assert!(!format!("{error:?}").contains("abcde"), "{error:?}");
    }
}
