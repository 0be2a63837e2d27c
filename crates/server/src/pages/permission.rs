//! Permissions as pages list them: exactly what is granted, no more and no less.

use gatewright_protocol::scope::{Permission, Scopes, Sentence, Transition, Warning, sentences};

use crate::i18n::{Html, Locale};
use crate::sentences;

/// One permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Names it on the page.
    pub(crate) id: String,
    /// The value of its checkbox.
    pub(crate) value: String,
    /// What it allows, one plain sentence or more.
    pub(crate) sentences: Vec<Html>,
    /// What is unusual about it.
    pub(crate) warning: Option<Html>,
    /// Whether it can be unticked.
    pub(crate) optional: bool,
    /// What is to be said about earlier decisions.
    pub(crate) mark: Option<Mark>,
}

/// What is to be said about a permission of an application that was approved before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It was declined the last time.
    Declined,
    /// It was not asked for the last time.
    New,
}

/// What scopes are together: some mean something else beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Company {
    generic: bool,
}

impl Company {
    /// Of these scopes.
    pub(crate) fn of<'s>(scopes: impl IntoIterator<Item = &'s str>) -> Self {
        Self { generic: scopes.into_iter().any(|scope| scope == Transition::Generic.as_str()) }
    }
}

/// One permission as a row that can be read.
pub(crate) fn row(id: String, permission: &Permission, company: Company, locale: &Locale) -> Row {
    let sentences = sentences(permission);
    Row {
        id,
        value: permission.to_string(),
        warning: warning(permission, &sentences, company).map(|id| locale.html(id, &[])),
        sentences: sentences.iter().map(|sentence| say(sentence, company, locale)).collect(),
        optional: false,
        mark: None,
    }
}

/// What a list of scopes allows, in its order: one sentence a thing. Scopes that mean nothing here allow nothing.
pub(crate) fn said(scopes: &Scopes, locale: &Locale) -> Vec<Html> {
    let company = Company::of(scopes.iter());
    let known = scopes.permissions().filter_map(|(_, permission)| permission.ok());
    known
        .flat_map(|permission| sentences(&permission))
        .map(|sentence| say(&sentence, company, locale))
        .collect()
}

fn say(sentence: &Sentence, company: Company, locale: &Locale) -> Html {
    if sentence.message == CHAT {
        // Alone it has no effect (SC-23), and the page says what is granted.
        return locale.html(if company.generic { "permission-chat" } else { "permission-chat-idle" }, &[]);
    }
    sentences::html(sentence, locale)
}

/// What is unusual about the permission (AS-40), as the id of a message.
fn warning(permission: &Permission, sentences: &[Sentence], company: Company) -> Option<&'static str> {
    let serious = sentences.iter().find(|sentence| sentence.warning == Warning::Serious)?;
    Some(match serious.message {
        _ if *permission == Permission::Transition(Transition::Generic) => "warning-generic",
        CHAT if company.generic => "warning-chat",
        CHAT => return None,
        "identity-any" => "warning-identity",
        "repo-any-create" => "warning-repo-add",
        "rpc-any-method" => "warning-any-method",
        "rpc-any-service" => "warning-any-service",
        message if message.starts_with("repo-any-") => "warning-repo",
        _ => "warning-far-reaching",
    })
}

const CHAT: &str = "transition-chat";

#[cfg(test)]
mod tests {
    use gatewright_protocol::scope::ENGLISH;

    use super::*;
    use crate::i18n::Arg;

    fn page(scopes: &str) -> Vec<Row> {
        let scopes: Scopes = scopes.parse().unwrap();
        let company = Company::of(scopes.iter());
        let known = scopes.permissions().filter_map(|(_, permission)| permission.ok());
        known.map(|permission| row(String::new(), &permission, company, Locale::english())).collect()
    }

    #[test]
    fn the_catalogue_says_what_the_scope_language_says() {
        for (id, text) in ENGLISH {
            let names = text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap());
            let arguments: Vec<(&'static str, Arg<'_>)> = names.map(|name| (name, "X".into())).collect();
            let expected = arguments.iter().fold(text.replace("{kind}/*", "{kind}"), |text, (name, _)| {
                text.replace(&format!("{{{name}}}"), "X")
            });
            assert_eq!(Locale::english().text(&format!("permission-{id}"), &arguments), expected, "{id}");
        }
    }

    #[test]
    fn the_page_says_what_is_granted() {
        let rows = page("atproto repo:com.example.note?action=create nonsense:x");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].sentences[0].to_string(), "Create <bdi>com.example.note</bdi> records");
        let (alone, together) =
            (page("atproto transition:chat.bsky"), page("transition:generic transition:chat.bsky"));
        assert!(alone[1].sentences[0].to_string().starts_with("Nothing"), "{alone:?}");
        assert!(alone[1].warning.is_none() && together[1].warning.is_some());
        let said = said(&"atproto repo:a.b.c transition:chat.bsky".parse().unwrap(), Locale::english());
        assert!(said[2].to_string().starts_with("Nothing"), "{said:?}");
    }

    #[test]
    fn what_is_far_reaching_is_marked() {
        for (scope, marked) in [
            ("repo:*", true),
            ("repo:*?action=create", true),
            ("identity:*", true),
            ("rpc:*?aud=did:web:x.com%23s", true),
            ("rpc:a.b.c?aud=*", true),
            ("transition:generic", true),
            ("repo:a.b.c", false),
            ("account:email", false),
            ("atproto", false),
        ] {
            assert_eq!(page(scope)[0].warning.is_some(), marked, "{scope}");
        }
    }
}
