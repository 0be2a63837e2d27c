//! What was found, check by check.

use anyhow::Result;
use owo_colors::OwoColorize as _;
use serde::Serialize;

use crate::printer::Printer;

/// All checks there are. What each means and what to do about it stands in docs/guides/doctor.md.
pub(super) const IDS: [&str; 32] = [
    "client.document",
    "client.id",
    "client.keys",
    "client.metadata",
    "config.file",
    "config.proxies",
    "data.folder",
    "data.key",
    "did.document",
    "did.handle",
    "did.host",
    "did.key",
    "handle.did",
    "handle.dns",
    "handle.https",
    "handle.name",
    "host.clock",
    "host.cors",
    "host.describe",
    "host.metadata",
    "host.reached",
    "host.resource",
    "host.servers",
    "listen",
    "proof.accepted",
    "proof.cors",
    "proof.nonce",
    "server.cors",
    "server.issuer",
    "server.keys",
    "server.metadata",
    "server.profile",
];

/// All that was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) checks: Vec<Check>,
}

/// What one check found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) id: &'static str,
    pub(super) ok: bool,
    pub(super) found: String,
    pub(super) mend: Option<String>,
}

/// Something that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) found: String,
    pub(super) mend: String,
}

impl Fault {
    pub(super) fn new(found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { found: found.into(), mend: mend.into() }
    }
}

impl Report {
    /// Notes what was seen; the value, where nothing is wrong, for the checks that need it.
    pub(super) fn note<T>(
        &mut self,
        id: &'static str,
        seen: Result<T, Fault>,
        found: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        debug_assert!(IDS.contains(&id), "{id} is in no list");
        let (check, value) = match seen {
            Ok(value) => (Check { id, ok: true, found: found(&value), mend: None }, Some(value)),
            Err(Fault { found, mend }) => (Check { id, ok: false, found, mend: Some(mend) }, None),
        };
        self.checks.push(check);
        value
    }

    /// The same where what was found is all there is to it.
    pub(super) fn say(&mut self, id: &'static str, seen: Result<String, Fault>) -> bool {
        self.note(id, seen, Clone::clone).is_some()
    }

    /// Is nothing wrong?
    pub(super) fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// Prints a line a check, and below each fault what to do.
    pub(super) fn print(&self, printer: &mut Printer) -> Result<()> {
        let width = self.checks.iter().map(|check| check.id.len()).max().unwrap_or_default();
        for Check { id, ok, found, mend } in &self.checks {
            if *ok {
                printer.line(format_args!("{}     {id:width$}  {found}", "ok".green()))?;
            } else {
                printer.line(format_args!("{}  {id:width$}  {found}", "wrong".red().bold()))?;
            }
            if let Some(mend) = mend {
                printer.line(format_args!("       {:width$}  {} {mend}", "", "→".cyan()))?;
            }
        }
        let wrong = self.checks.iter().filter(|check| !check.ok).count();
        printer.note(match wrong {
            0 => format!("{} checks, nothing is wrong", self.checks.len()),
            _ => format!("{} checks, {wrong} wrong", self.checks.len()),
        });
        Ok(())
    }
}
