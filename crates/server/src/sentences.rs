//! What permissions allow, in the language of a page: the same sentences everywhere, made from the permission that is
//! granted.

use gatewright_protocol::scope::{Audience, Sentence};

use crate::i18n::{Arg, Html, Locale};

/// The sentence as HTML.
pub(crate) fn html(sentence: &Sentence, locale: &Locale) -> Html {
    let arguments = arguments(sentence);
    locale.html(&id(sentence), &borrowed(&arguments))
}

/// The sentence as plain text.
pub(crate) fn text(sentence: &Sentence, locale: &Locale) -> String {
    let arguments = arguments(sentence);
    locale.text(&id(sentence), &borrowed(&arguments))
}

/// Where a service is, as a person can know it: the host of a `did:web`, and whatever else it is called (AS-40).
pub(crate) fn service_host(audience: &str) -> String {
    let host = Audience::parse(audience).and_then(|audience| {
        let (did, _) = audience.as_str().split_once('#')?;
        Some(did.strip_prefix("did:web:")?.replace("%3A", ":"))
    });
    host.unwrap_or_else(|| audience.to_owned())
}

fn id(sentence: &Sentence) -> String {
    format!("permission-{}", sentence.message)
}

fn arguments(sentence: &Sentence) -> Vec<(&'static str, String)> {
    let shown = |(name, value): &(&'static str, String)| {
        let value = match *name {
            // So that the whole of `image/*` stands out, not its first half.
            "kind" => format!("{value}/*"),
            "service" => service_host(value),
            _ => value.clone(),
        };
        (*name, value)
    };
    sentence.arguments.iter().map(shown).collect()
}

fn borrowed<'a>(arguments: &'a [(&'static str, String)]) -> Vec<(&'static str, Arg<'a>)> {
    arguments.iter().map(|(name, value)| (*name, value.into())).collect()
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::scope::{Permission, sentences};

    use super::*;

    fn english(scope: &str) -> Vec<String> {
        let permission: Permission = scope.parse().unwrap();
        sentences(&permission).iter().map(|sentence| text(sentence, Locale::english())).collect()
    }

    #[test]
    fn a_service_is_shown_by_its_host() {
        for (audience, shown) in [
            ("did:web:api.bsky.app#bsky_appview", "api.bsky.app"),
            ("did:web:localhost%3A2583#x", "localhost:2583"),
            ("did:plc:l3rouwludahu3ui3bt66mfvj#s", "did:plc:l3rouwludahu3ui3bt66mfvj#s"),
            ("*", "*"),
        ] {
            assert_eq!(service_host(audience), shown, "{audience}");
        }
        assert_eq!(
            english("rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview"),
            ["Call app.bsky.feed.getFeed of the service api.bsky.app in your name"]
        );
    }

    #[test]
    fn what_a_scope_says_is_said_and_no_more() {
        assert_eq!(english("repo:app.bsky.feed.post?action=create"), ["Create app.bsky.feed.post records"]);
        assert_eq!(english("blob:image/*"), ["Upload files of the types image/*"]);
    }
}
