use proptest::prelude::*;

use super::*;

#[test]
fn discoverable_ids_are_urls_of_documents() {
    for (text, error) in [
        ("https://app.example.com/client.json", None),
        ("https://app.example.com/a?x=y", None),
        ("https://app.example.com/%C3%A9", None),
        ("https://app.example.com:8443/a", None),
        ("https://app.example.com", Some(InvalidClientId::NoPath)),
        ("https://app.example.com/", Some(InvalidClientId::NoPath)),
        ("https://app.example.com?x=/a", Some(InvalidClientId::NoPath)),
        ("https://app.example.com/a/", Some(InvalidClientId::TrailingSlash)),
        ("https://app.example.com/a/../b", Some(InvalidClientId::NotCanonical)),
        ("https://app.example.com/a\t", Some(InvalidClientId::NotCanonical)),
        ("https://app.example.com/é", Some(InvalidClientId::NotCanonical)),
        ("https://app.example.com/a\\b", Some(InvalidClientId::NotCanonical)),
        ("https://app.example.com/a#", Some(InvalidClientId::Fragment)),
        ("https://u@app.example.com/a", Some(InvalidClientId::Credentials)),
        ("https://127.0.0.1/a", Some(InvalidClientId::Host)),
        ("https://2130706433/a", Some(InvalidClientId::Host)),
        ("https://[::1]/a", Some(InvalidClientId::Host)),
        ("https://localhost/a", Some(InvalidClientId::Host)),
        ("https://intranet/a", Some(InvalidClientId::Host)),
        ("https://printer.local/a", Some(InvalidClientId::Host)),
        ("https://", Some(InvalidClientId::Url)),
        ("HTTPS://app.example.com/a", Some(InvalidClientId::Scheme)),
        ("http://app.example.com/a", Some(InvalidClientId::Scheme)),
        ("did:web:example.com", Some(InvalidClientId::Scheme)),
        ("", Some(InvalidClientId::Scheme)),
    ] {
        assert_eq!(text.parse::<ClientId>().err(), error, "{text}");
    }
}

#[test]
fn no_client_is_loaded_from_a_port() {
    let id: ClientId = "https://app.example.com:443/a".parse().expect("well formed");
    assert_eq!(id.document_url(), Err(InvalidClientId::Port));
    let id: ClientId = "https://app.example.com/a".parse().expect("well formed");
    assert_eq!(
        id.document_url().map(|url| url.map(String::from)),
        Ok(Some("https://app.example.com/a".to_owned()))
    );
}

#[test]
fn documents_on_this_machine_are_for_development() {
    for (text, good) in [
        ("http://localhost:3000/client.json", true),
        ("http://localhost/client.json", true),
        ("http://127.0.0.1:3000/client.json", true),
        ("http://127.0.0.1:3000/client.json#x", false),
        ("http://127.0.0.1:3000/a/../client.json", false),
        ("http://127.0.0.1:3000/", false),
        ("http://127.0.0.1:3000", false),
        ("http://127.0.0.1", false),
        ("http://u@localhost:3000/client.json", false),
        ("http://localhost:3000@evil.example/client.json", false),
        ("http://localhost.evil.example/client.json", false),
        ("http://192.168.0.1/client.json", false),
    ] {
        let read = ClientId::parse(text, Development::Allowed);
        assert_eq!(read.as_ref().map(ClientId::kind).ok(), good.then_some(Kind::Development), "{text}");
        assert!(text.parse::<ClientId>().is_err(), "{text}");
    }
    assert_eq!(
        ClientId::parse("http://localhost/", Development::Allowed).map(|id| id.kind()),
        Ok(Kind::Loopback)
    );
    assert!(ClientId::from_stored("http://localhost:3000/client.json").is_ok());
}

#[test]
fn loopback_ids_say_everything_themselves() {
    for text in
        ["http://localhost", "http://localhost/", "http://localhost?", "http://localhost/?scope=atproto&"]
    {
        let id: ClientId = text.parse().expect("a client id");
        assert!(id.is_loopback());
        assert_eq!(id.document_url(), Ok(None));
        let Loopback { scope, redirect_uris } = Loopback::parse(text).expect("it is one");
        assert_eq!(scope.as_str(), "atproto");
        let uris: Vec<&str> = redirect_uris.iter().map(RedirectUri::as_str).collect();
        assert_eq!(uris, ["http://127.0.0.1/", "http://[::1]/"]);
    }
    for (text, error) in [
        ("http://localhost:80", InvalidClientId::Loopback),
        ("http://localhost/x", InvalidClientId::Loopback),
        ("http://localhostx", InvalidClientId::Loopback),
        ("http://localhost?client_name=x", InvalidClientId::Loopback),
        ("http://localhost?scope=atproto&scope=atproto", InvalidClientId::Loopback),
        ("http://localhost?scope=%zz", InvalidClientId::Loopback),
        ("http://localhost#", InvalidClientId::Fragment),
        ("http://localhost?scope=x", InvalidClientId::LoopbackScope),
        ("http://localhost?scope=atproto%0A", InvalidClientId::LoopbackScope),
        ("http://localhost?scope=", InvalidClientId::LoopbackScope),
        ("http://localhost?redirect_uri=http://localhost/", InvalidClientId::LoopbackRedirect),
        ("http://localhost?redirect_uri=https://app.example.com/", InvalidClientId::LoopbackRedirect),
        ("http://localhost?redirect_uri=http://127.0.0.1/%23x", InvalidClientId::LoopbackRedirect),
    ] {
        assert_eq!(text.parse::<ClientId>(), Err(error), "{text}");
    }
}

#[test]
fn spellings_are_different_clients() {
    let [one, other] =
        ["http://localhost", "http://localhost/"].map(|text| text.parse::<ClientId>().expect("an id"));
    assert_ne!(one, other);
    assert_eq!(serde_json::to_string(&one).expect("it is JSON"), r#""http://localhost""#);
    assert_eq!(serde_json::from_str::<ClientId>(r#""http://localhost""#).expect("it was stored"), one);
}

#[test]
fn hosts_are_shown_in_punycode() {
    let id: ClientId = "https://exämple.com/oauth-client-metadata.json".parse().expect("an id");
    assert_eq!(id.host(), "xn--exmple-cua.com");
    assert!(id.is_conventional());
    for text in [
        "https://a.example.com/x.json",
        "https://a.example.com:8/oauth-client-metadata.json",
        "http://localhost",
    ] {
        assert!(!text.parse::<ClientId>().expect("an id").is_conventional(), "{text}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics(text in ".{0,100}", rest in "[ -~]{0,60}") {
        for text in [text, format!("https://{rest}"), format!("http://localhost{rest}"), format!("https://a.example.com/{rest}")] {
            if let Ok(id) = ClientId::parse(&text, Development::Allowed) {
                let _ = (id.url(), id.host(), id.document_url(), id.is_conventional());
                prop_assert_eq!(id.as_str(), text.as_str());
            }
        }
    }
}
