//! What a permission opens, in plain words: for consent pages, account pages and `scope explain`.
//!
//! A sentence is a message id and its arguments, so that a page can say it in another language; the English text
//! is built in. A sentence never says more than is granted (and a consent page never says less).

use std::fmt;

use serde::Serialize;

use super::Permission;

/// What one permission opens: one sentence a thing, in the order of the normal form.
///
/// ```
/// use gatewright_protocol::scope::{Permission, sentences};
/// let permission: Permission = "repo:app.example.note?action=create".parse()?;
/// assert_eq!(sentences(&permission)[0].to_string(), "Create app.example.note records");
/// # Ok::<(), gatewright_protocol::scope::InvalidScope>(())
/// ```
pub fn sentences(permission: &Permission) -> Vec<Sentence> {
    permission.sentences()
}

/// How much attention a sentence asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Warning {
    /// None beyond reading it.
    None,
    /// Far-reaching: a wildcard, or control over the account's identity (AS-40).
    Serious,
}

/// One sentence: prints as English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Names the message in a catalogue of translations.
    pub message: &'static str,
    /// What the message mentions, by name.
    pub arguments: Vec<(&'static str, String)>,
    /// How much attention it asks for.
    pub warning: Warning,
}

impl Sentence {
    pub(super) const fn new(message: &'static str) -> Self {
        Self { message, arguments: Vec::new(), warning: Warning::None }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.arguments.push((name, value.to_owned()));
        self
    }

    #[must_use]
    pub(super) const fn warn(mut self, warning: Warning) -> Self {
        self.warning = warning;
        self
    }

    fn argument(&self, name: &str) -> &str {
        self.arguments.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest =
            ENGLISH.iter().find(|(id, _)| *id == self.message).map_or(self.message, |(_, text)| text);
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
        {
            f.write_str(before)?;
            f.write_str(self.argument(name))?;
            rest = after;
        }
        f.write_str(rest)
    }
}

/// Every message and its English text; `{name}` stands for an argument.
pub const ENGLISH: &[(&str, &str)] = &[
    ("account-email-manage", "See and confirm your e-mail address"),
    ("account-email-read", "See your e-mail address and whether it is confirmed"),
    ("account-repo-manage", "Replace all your records by importing a repository"),
    ("account-repo-read", "See the state of your repository, as everybody may"),
    ("account-status-manage", "See whether your account is active; only you can change that"),
    ("account-status-read", "See whether your account is active, as every application may"),
    ("atproto", "Know which account is yours"),
    ("blob-any", "Upload files of any type"),
    ("blob-kind", "Upload files of the types {kind}/*"),
    ("blob-type", "Upload files of the type {type}"),
    ("identity-any", "Control your whole identity: your handle, your keys and where your account lives"),
    ("identity-handle", "Change your handle"),
    ("include", "Everything in the permission set {set}"),
    ("include-service", "Everything in the permission set {set}, with the service {service}"),
    ("repo-any-create", "Create records in every collection"),
    ("repo-any-create-delete", "Create and delete records in every collection"),
    ("repo-any-create-update", "Create and update records in every collection"),
    ("repo-any-create-update-delete", "Create, update and delete records in every collection"),
    ("repo-any-delete", "Delete records in every collection"),
    ("repo-any-update", "Update records in every collection"),
    ("repo-any-update-delete", "Update and delete records in every collection"),
    ("repo-create", "Create {collection} records"),
    ("repo-create-delete", "Create and delete {collection} records"),
    ("repo-create-update", "Create and update {collection} records"),
    ("repo-create-update-delete", "Create, update and delete {collection} records"),
    ("repo-delete", "Delete {collection} records"),
    ("repo-update", "Update {collection} records"),
    ("repo-update-delete", "Update and delete {collection} records"),
    ("rpc", "Call {method} of the service {service} in your name"),
    ("rpc-any-method", "Call every method of the service {service} in your name"),
    ("rpc-any-service", "Call {method} of every service in your name"),
    ("transition-chat", "Read and write your chat messages, together with transition:generic"),
    (
        "transition-generic-rpc",
        "Call every method of every service in your name, chat excepted; among them your preferences",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn english(scope: &str) -> Vec<String> {
        sentences(&scope.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sentence_says_exactly_what_was_asked() {
        assert_eq!(english("repo:x.y.z?action=create"), ["Create x.y.z records"]);
        assert_eq!(english("repo:x.y.z"), ["Create, update and delete x.y.z records"]);
        assert_eq!(
            english("repo?collection=b.b.b&collection=a.a.a&action=delete"),
            ["Delete a.a.a records", "Delete b.b.b records"]
        );
        assert_eq!(english("blob:image/*"), ["Upload files of the types image/*"]);
        assert_eq!(
            english("rpc:a.b.c?aud=did:web:x.com%23s"),
            ["Call a.b.c of the service did:web:x.com#s in your name"]
        );
    }

    /// The methods that these would open are forbidden to applications, or open to everybody.
    #[test]
    fn a_sentence_promises_nothing_that_is_not_opened() {
        for (scope, sentence) in [
            ("account:email?action=manage", "See and confirm your e-mail address"),
            ("account:repo", "See the state of your repository, as everybody may"),
            ("account:status", "See whether your account is active, as every application may"),
            ("account:status?action=manage", "See whether your account is active; only you can change that"),
        ] {
            assert_eq!(english(scope), [sentence]);
        }
    }

    #[test]
    fn wildcards_and_identity_warn() {
        let warned = |scope: &str| {
            let permission = scope.parse().unwrap();
            sentences(&permission).iter().any(|sentence| sentence.warning == Warning::Serious)
        };
        for scope in
            ["repo:*", "repo:*?action=create", "identity:*", "rpc:*?aud=did:web:x.com%23s", "rpc:a.b.c?aud=*"]
        {
            assert!(warned(scope), "{scope}");
        }
        for scope in
            ["atproto", "repo:a.b.c", "blob:*/*", "identity:handle", "account:email", "include:a.b.c"]
        {
            assert!(!warned(scope), "{scope}");
        }
    }

    #[test]
    fn every_message_has_a_text_and_its_arguments() {
        for scope in [
            "atproto",
            "account:email",
            "account:email?action=manage",
            "account:repo",
            "account:repo?action=manage",
            "account:status",
            "account:status?action=manage",
            "blob:*/*",
            "blob:a/*",
            "blob:a/b",
            "identity:*",
            "identity:handle",
            "include:a.b.c",
            "include:a.b.c?aud=did:web:x.com%23s",
            "rpc:a.b.c?aud=*",
            "rpc:*?aud=did:web:x.com%23s",
            "rpc:a.b.c?aud=did:web:x.com%23s",
            "transition:generic",
            "transition:chat.bsky",
            "transition:email",
            "repo:*",
            "repo:a.b.c",
            "repo:*?action=create",
            "repo:a.b.c?action=update&action=delete",
            "repo:*?action=create&action=delete",
        ] {
            for sentence in sentences(&scope.parse().unwrap()) {
                let (_, text) = ENGLISH.iter().find(|(id, _)| *id == sentence.message).unwrap();
                for (name, _) in &sentence.arguments {
                    assert!(text.contains(&format!("{{{name}}}")), "{scope}: {name}");
                }
                assert!(!sentence.to_string().contains(['{', '}']), "{scope}");
            }
        }
    }
}
