//! The permissions of a request, as the consent page lists them: exactly what would be granted, no more and no less.

use gatewright_protocol::scope::{Permission, Scopes, Sentence, Transition, Warning, sentences};

use crate::i18n::{Arg, Html, Locale};
use crate::operations::is_optional;

/// One permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The scope as it was asked for; the value of its checkbox.
    pub(crate) scope: String,
    /// What it allows, one plain sentence or more.
    pub(crate) sentences: Vec<Html>,
    /// What is unusual about it.
    pub(crate) warning: Option<Html>,
    /// Whether it can be unticked.
    pub(crate) optional: bool,
}

/// The rows of a request, in its order. Scopes that mean nothing here grant nothing, and have none.
pub(crate) fn rows(scopes: &Scopes, locale: &Locale) -> Vec<Row> {
    let generic = scopes.contains(Transition::Generic.as_str());
    let known = scopes.permissions().filter_map(|(scope, permission)| Some((scope, permission.ok()?)));
    let row = |(scope, permission): (&str, Permission)| {
        let sentences = sentences(&permission);
        Row {
            scope: scope.to_owned(),
            warning: warning(&permission, &sentences, generic).map(|id| locale.html(id, &[])),
            sentences: sentences.iter().map(|sentence| say(sentence, generic, locale)).collect(),
            optional: is_optional(scope),
        }
    };
    known.map(row).collect()
}

fn say(sentence: &Sentence, generic: bool, locale: &Locale) -> Html {
    if sentence.message == CHAT {
        // Alone it has no effect (SC-23), and the page says what is granted.
        return locale.html(if generic { "permission-chat" } else { "permission-chat-idle" }, &[]);
    }
    if let (BLOB_KIND, [(name, kind)]) = (sentence.message, sentence.arguments.as_slice()) {
        // So that the whole of `image/*` stands out, not its first half.
        return locale.html("permission-blob-kind", &[(*name, (&format!("{kind}/*")).into())]);
    }
    let arguments: Vec<(&'static str, Arg<'_>)> =
        sentence.arguments.iter().map(|(name, value)| (*name, value.into())).collect();
    locale.html(&format!("permission-{}", sentence.message), &arguments)
}

/// What is unusual about the permission (AS-40), as the id of a message.
fn warning(permission: &Permission, sentences: &[Sentence], generic: bool) -> Option<&'static str> {
    let serious = sentences.iter().find(|sentence| sentence.warning == Warning::Serious)?;
    Some(match serious.message {
        _ if *permission == Permission::Transition(Transition::Generic) => "warning-generic",
        CHAT if generic => "warning-chat",
        CHAT => return None,
        "identity-any" => "warning-identity",
        "repo-any-create" => "warning-repo-add",
        "rpc-any-method" => "warning-any-method",
        "rpc-any-service" => "warning-any-service",
        message if message.starts_with("repo-any-") => "warning-repo",
        _ => "warning-far-reaching",
    })
}

const BLOB_KIND: &str = "blob-kind";
const CHAT: &str = "transition-chat";

#[cfg(test)]
mod tests {
    use gatewright_protocol::scope::ENGLISH;

    use super::*;

    fn page(scopes: &str) -> Vec<Row> {
        rows(&scopes.parse().unwrap(), Locale::english())
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
        assert_eq!((rows[0].optional, rows[1].optional), (false, true));
        let (alone, together) =
            (page("atproto transition:chat.bsky"), page("transition:generic transition:chat.bsky"));
        assert!(alone[1].sentences[0].to_string().starts_with("Nothing"), "{alone:?}");
        assert!(alone[1].warning.is_none() && together[1].warning.is_some());
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
