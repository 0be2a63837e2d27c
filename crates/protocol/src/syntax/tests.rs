use proptest::prelude::*;

use super::*;
use crate::time::UnixTime;

fn did(text: &str) -> Did {
    text.parse().unwrap()
}

#[test]
fn sec_55_other_did_methods_are_not_of_the_protocol() {
    assert!(did("did:plc:ewvi7nxzyoun6zhxrhs64oiz").is_atproto());
    assert!(did("did:web:social.test").is_atproto());
    for refused in [
        "did:key:zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc",
        "did:web:social.test:path",
        "did:web:social.test%3A8443",
        "did:web:localhost%3A0",
        "did:web:localhost%3A65536",
        "did:plc:EWVI7NXZYOUN6ZHXRHS64OIZ",
        "did:plc:ewvi7nxzyoun6zhxrhs64oi",
        "did:plc:ewvi7nxzyoun6zhxrhs64oi1",
    ] {
        assert!(!did(refused).is_atproto(), "{refused}");
    }
}

#[test]
fn sec_55_did_web_leads_only_to_public_host_names() {
    use Development::{Allowed, Refused};
    let origin = |text: &str, development| did(text).web_origin(development).map(|url| url.to_string());
    assert_eq!(origin("did:web:pds.social", Refused).as_deref(), Some("https://pds.social/"));
    assert_eq!(origin("did:web:localhost%3A2583", Allowed).as_deref(), Some("http://localhost:2583/"));
    assert_eq!(origin("did:web:pds.test", Allowed).as_deref(), Some("https://pds.test/"));
    for refused in [
        "did:web:localhost",
        "did:web:localhost%3A2583",
        "did:web:pds.test",
        "did:web:pds.internal",
        "did:web:127.0.0.1",
        "did:web:single",
        "did:web:pds.social:path",
        "did:web:pds.social%3A8443",
        "did:web:pds.social%2Fpath",
        "did:web:.pds.social",
        "did:web:pds.social.",
        "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
    ] {
        assert_eq!(origin(refused, Refused), None, "{refused}");
    }
    for refused in ["did:web:pds.social%3A8443", "did:web:127.0.0.1", "did:web:pds.internal"] {
        assert_eq!(origin(refused, Allowed), None, "{refused} in development");
    }
}

#[test]
fn a_service_names_itself_by_its_host() {
    assert_eq!(Did::of_web_host("localhost:2583").unwrap().as_str(), "did:web:localhost%3A2583");
    assert_eq!(Did::of_web_host("pds.social").unwrap().as_str(), "did:web:pds.social");
    assert!(Did::of_web_host("[::1]:80").is_err());
}

#[test]
fn handles_compare_in_lower_case() {
    let typed = Handle::from_input("  @Alice.Test ").unwrap();
    assert_eq!(typed, "alice.test".parse().unwrap());
    assert_eq!(typed.to_string(), "alice.test");
    assert!("@alice.test".parse::<Handle>().is_err());
}

#[test]
fn reserved_domains_are_told_apart() {
    let reserved = |text: &str, development| text.parse::<Handle>().unwrap().is_reserved(development);
    for text in
        ["a.alt", "a.arpa", "a.example", "a.internal", "handle.invalid", "a.local", "a.LOCALHOST", "a.onion"]
    {
        assert!(reserved(text, Development::Allowed), "{text}");
    }
    assert!(reserved("alice.test", Development::Refused));
    assert!(!reserved("alice.test", Development::Allowed));
    assert!(!reserved("local.social", Development::Refused));
}

#[test]
fn only_the_authority_of_an_nsid_ignores_case() {
    let nsid: Nsid = "Chat.Bsky.convo.getLog".parse().unwrap();
    assert_eq!(nsid.authority_lowercased().as_str(), "chat.bsky.convo.getLog");
    assert_eq!(nsid.authority(), "convo.Bsky.Chat");
    assert_eq!(nsid.name(), "getLog");
}

#[test]
fn at_uris_give_their_parts() {
    let uri: AtUri = "at://alice.test/com.example.note/3jzfcijpj2z2a#/text".parse().unwrap();
    assert_eq!(uri.handle().unwrap().as_str(), "alice.test");
    assert_eq!(uri.did(), None);
    assert_eq!(uri.collection().unwrap().as_str(), "com.example.note");
    assert_eq!(uri.record_key().unwrap().as_str(), "3jzfcijpj2z2a");
    let bare: AtUri = "at://did:web:pds.social".parse().unwrap();
    assert_eq!(bare.did().unwrap(), did("did:web:pds.social"));
    assert_eq!((bare.collection(), bare.record_key()), (None, None));
}

#[test]
fn serde_reads_only_what_parses() {
    assert!(serde_json::from_str::<Did>(r#""did:plc:ewvi7nxzyoun6zhxrhs64oiz""#).is_ok());
    assert!(serde_json::from_str::<Did>(r#""did:\u0070lc:ewvi7nxzyoun6zhxrhs64oiz""#).is_ok());
    assert!(serde_json::from_str::<Did>(r#""did""#).is_err());
    assert_eq!(serde_json::to_string(&did("did:web:a.b")).unwrap(), r#""did:web:a.b""#);
}

#[test]
fn errors_do_not_repeat_what_was_sent() {
    let error = "<script>".parse::<Did>().unwrap_err();
    assert_eq!(error.to_string(), "not a valid DID: does not start with `did:`");
    assert_eq!(error.kind(), "DID");
}

#[test]
fn datetimes_name_moments() {
    let millis = |text: &str| text.parse::<Datetime>().unwrap().unix().millis();
    assert_eq!(millis("1970-01-01T00:00:00Z"), 0);
    assert_eq!(millis("1985-04-12T23:20:50.123Z"), 482_196_050_123);
    assert_eq!(millis("1985-04-12T23:20:50.12345-07:00"), 482_221_250_123);
    assert_eq!(millis("2000-03-01T00:00:00Z") - millis("2000-02-29T00:00:00Z"), 86_400_000);
    assert_eq!(millis("1969-12-31T23:59:59.9Z"), -100);
    assert_eq!(Datetime::from(UnixTime::from_millis(482_196_050_123)).as_str(), "1985-04-12T23:20:50.123Z");
    assert_eq!(Datetime::from(UnixTime::from_millis(i64::MAX)).as_str(), "9999-12-31T23:59:59.999Z");
    assert!("0000-01-01T00:00:00+01:00".parse::<Datetime>().is_err());
}

#[test]
fn tids_never_begin_anew() {
    let last = Tid::new(Tid::LAST, 1023);
    assert_eq!(last.as_str(), "bzzzzzzzzzzzz");
    assert_eq!(last.next(), last);
    assert_eq!(Tid::new(u64::MAX, 1023), last);
    let later: Tid = "jzzzzzzzzzzzz".parse().unwrap();
    assert!(later.micros() > Tid::LAST);
    assert_eq!(later.next(), last);
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,80}|[a-z:.%/#@0-9-]{0,80}|at://[a-z:.%/#@0-9-]{0,80}") {
        let _ = (text.parse::<Did>(), text.parse::<Handle>(), text.parse::<Nsid>(), text.parse::<AtUri>());
        let _ = (text.parse::<RecordKey>(), text.parse::<Tid>(), text.parse::<Datetime>(), did_web_to_url(&text));
        let _ = (Handle::normalize(&text), Handle::from_input(&text));
    }

    #[test]
    fn what_parses_prints_as_it_was(
        did in "did:[a-z]{1,9}:[A-Za-z0-9._-]{1,40}",
        nsid in "[a-z][a-z0-9]{0,9}(\\.[a-z0-9]{1,9}){1,4}\\.[a-zA-Z][a-zA-Z0-9]{0,9}",
        key in "[A-Za-z0-9_~:-]{1,40}",
    ) {
        prop_assert_eq!(did.parse::<Did>().unwrap().to_string(), did.as_str());
        prop_assert_eq!(nsid.parse::<Nsid>().unwrap().to_string(), nsid.as_str());
        prop_assert_eq!(key.parse::<RecordKey>().unwrap().to_string(), key.as_str());
        let uri = format!("at://{did}/{nsid}/{key}");
        let parsed = uri.parse::<AtUri>().unwrap();
        prop_assert_eq!(parsed.as_str(), uri.as_str());
        prop_assert_eq!(AtUri::of_record(&parsed.did().unwrap(), &parsed.collection().unwrap(), &parsed.record_key().unwrap()), parsed);
    }

    #[test]
    fn tids_keep_moment_and_order(micros in 0_u64..(1 << 53) - 1, clock in 0_u16..1024) {
        let tid = Tid::new(micros, clock);
        prop_assert_eq!((tid.micros(), tid.clock()), (micros, clock));
        prop_assert_eq!(tid.as_str().parse::<Tid>().unwrap(), tid.clone());
        prop_assert!(tid.next() > tid);
    }

    #[test]
    fn datetimes_keep_the_millisecond(millis in -62_135_596_800_000_i64..253_402_300_799_999) {
        let datetime = Datetime::from(UnixTime::from_millis(millis));
        prop_assert_eq!(datetime.as_str().parse::<Datetime>().unwrap().unix().millis(), millis);
    }
}
