//! The page on which people see where their account is signed in, and sign it out there (AS-48, SEC-71).

use askama::Template;

use super::account_picker::AccountName;
use super::browser_name::BrowserName;
use super::said::Said;
use super::{Moment, Page, Shell, day, paths};
use crate::i18n::Html;
use crate::operations::{OwnDevice, OwnDevices, OwnSession};

/// Where an account is signed in.
#[derive(Debug, Template)]
#[template(path = "devices.html")]
pub(crate) struct DevicesPage<'a> {
    /// Language and look.
    pub(crate) shell: Shell<'a>,
    /// Proves that its forms come from a page this browser was given (AS-35).
    pub(crate) csrf: &'a str,
    /// Whose page it is.
    pub(crate) account: AccountName,
    /// The browsers, this one first.
    pub(crate) devices: Vec<DeviceView>,
    /// The password sessions, newest first.
    pub(crate) sessions: Vec<PasswordSessionView>,
    /// What was just done.
    pub(crate) done: Option<DeviceDone>,
}

/// A browser as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceView {
    /// Names it on the page.
    pub(crate) id: String,
    /// Names it in its form.
    pub(crate) name: String,
    /// What it is.
    pub(crate) browser: Html,
    /// The day on which it first came.
    pub(crate) first: String,
    /// When it last came.
    pub(crate) last: Moment,
    /// From which network.
    pub(crate) place: Option<String>,
    /// When the account signed in there.
    pub(crate) signed_in: Moment,
    /// Whether the account is remembered there.
    pub(crate) is_remembered: bool,
    /// Whether it is this one.
    pub(crate) is_this: bool,
}

/// A password session as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PasswordSessionView {
    /// Names it on the page.
    pub(crate) id: String,
    /// Names it in its form.
    pub(crate) session: String,
    /// What it was begun with.
    pub(crate) with: Html,
    /// The day on which it was begun.
    pub(crate) created: String,
    /// When it last got a new token.
    pub(crate) used: Moment,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceDone {
    /// A password session was ended.
    Ended,
    /// The account was signed out on another device.
    SignedOut,
    /// The account was signed out on all others.
    SignedOutOthers,
}

impl Said for DeviceDone {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Ended, "ended", "devices-done-ended"),
        (Self::SignedOut, "signed-out", "devices-done-signed-out"),
        (Self::SignedOutOthers, "signed-out-others", "devices-done-signed-out-others"),
    ];
}

impl<'a> DevicesPage<'a> {
    /// The page of this.
    pub(crate) fn new(
        shell: Shell<'a>,
        csrf: &'a str,
        account: AccountName,
        own: &OwnDevices,
        done: Option<DeviceDone>,
    ) -> Self {
        let devices = (1..).zip(&own.devices).map(|(number, own)| DeviceView::new(own, number, &shell));
        let sessions =
            (1..).zip(&own.sessions).map(|(number, own)| PasswordSessionView::new(own, number, &shell));
        Self { shell, csrf, account, devices: devices.collect(), sessions: sessions.collect(), done }
    }

    fn has_others(&self) -> bool {
        self.devices.iter().any(|device| !device.is_this)
    }
}

impl DeviceView {
    fn new(own: &OwnDevice, number: usize, shell: &Shell<'_>) -> Self {
        Self {
            id: format!("device-{number}"),
            name: own.name.clone(),
            browser: BrowserName::of(own.device.user_agent.as_deref()).said(shell),
            first: day(own.device.created_at),
            last: Moment::of(own.device.seen_at),
            place: own.device.place.clone(),
            signed_in: Moment::of(own.signed_in_at),
            is_remembered: own.is_remembered,
            is_this: own.is_this,
        }
    }
}

impl PasswordSessionView {
    fn new(own: &OwnSession, number: usize, shell: &Shell<'_>) -> Self {
        Self {
            id: format!("session-{number}"),
            session: own.session.id.to_string(),
            with: match &own.app_password {
                Some(name) => shell.h1("devices-with-app-password", "name", name),
                None => shell.locale.html("devices-with-password", &[]),
            },
            created: day(own.session.created_at),
            used: Moment::of(own.session.refreshed_at),
        }
    }
}

impl Page for DevicesPage<'_> {}

#[cfg(test)]
mod samples;
