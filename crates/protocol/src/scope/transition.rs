//! `transition:…`: what applications held before there were permissions (SC-21 to SC-25).

use super::account::{AccountAction, AccountAttr};
use super::describe::{Sentence, Warning};
use super::parse::Syntax;
use super::permission::Resource;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// A transitional scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transition {
    /// Any record, any upload, any call that is not about chat.
    Generic,
    /// Seeing the e-mail address.
    Email,
    /// Calls about chat, beside `transition:generic`.
    ChatBsky,
}

impl Transition {
    const ALL: [Self; 3] = [Self::Generic, Self::Email, Self::ChatBsky];

    /// The whole scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "transition:generic",
            Self::Email => "transition:email",
            Self::ChatBsky => "transition:chat.bsky",
        }
    }
}

/// Which transitional scopes stand in one list: two of them have an effect on each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transitions {
    pub(super) generic: bool,
    pub(super) chat: bool,
}

impl Transitions {
    #[must_use]
    pub(super) fn with(self, scope: Transition) -> Self {
        Self {
            generic: self.generic || scope == Transition::Generic,
            chat: self.chat || scope == Transition::ChatBsky,
        }
    }
}

/// Whether `scope` grants `need`, standing in a list with `beside`.
pub(super) fn grants<'a>(scope: Transition, beside: Transitions, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
    match (scope, need) {
        (Transition::Generic, Need::Rpc(call)) if call.lxm == "*" => {
            // A service token without a method opens chat too (SC-21).
            if beside.chat {
                Ok(())
            } else {
                Err(WhyNot::Because(
                    "a call that names no method needs `transition:chat.bsky` beside it, or `rpc:*` for the service",
                ))
            }
        }
        (Transition::Generic, Need::Rpc(call)) if is_chat(call.lxm) => {
            Err(WhyNot::Because("chat is granted by `transition:chat.bsky` beside it"))
        }
        (Transition::Generic, Need::Blob(_) | Need::Repo(_) | Need::Rpc(_)) => Ok(()),
        (Transition::Email, Need::Account(account)) if account.attr == AccountAttr::Email => {
            if account.action == AccountAction::Read {
                Ok(())
            } else {
                Err(WhyNot::Action { needed: account.action.as_str() })
            }
        }
        (Transition::ChatBsky, Need::Rpc(call)) if is_chat(call.lxm) => {
            if beside.generic {
                Ok(())
            } else {
                Err(WhyNot::Because("it has no effect without `transition:generic`"))
            }
        }
        _ => Err(WhyNot::resource(scope.as_str(), need)),
    }
}

/// Whether a method is about chat. The authority of an NSID is a domain name: its case is nothing (SC-24).
fn is_chat(lxm: &str) -> bool {
    const PREFIX: &str = "chat.bsky.";
    lxm.as_bytes().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

impl Resource for Transition {
    const NAME: &'static str = "transition";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == syntax.text)
            .ok_or_else(|| InvalidScope::unknown_scope(syntax.text))
    }

    fn normal_form(&self) -> String {
        self.as_str().to_owned()
    }

    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        grants(*self, Transitions::default().with(*self), need)
    }

    fn sentences(&self) -> Vec<Sentence> {
        match self {
            Self::Generic => vec![
                Sentence::new("repo-any-create-update-delete").warn(Warning::Serious),
                Sentence::new("blob-any"),
                Sentence::new("transition-generic-rpc").warn(Warning::Serious),
            ],
            Self::Email => vec![Sentence::new("account-email-read")],
            Self::ChatBsky => vec![Sentence::new("transition-chat").warn(Warning::Serious)],
        }
    }
}
