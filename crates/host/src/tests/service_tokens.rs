//! Service tokens for the accounts of the host.

use gatewright_protocol::crypto::PublicKey;
use gatewright_protocol::service_auth::{self, Expected, Recipient};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::{Clock as _, UnixTime};
use gatewright_store::account::{AccountStatus, AccountStore as _};

use super::support::{Network, refused};

const PATH: &str = "/xrpc/com.atproto.server.getServiceAuth";
const SCOPE: &str = "atproto rpc:*?aud=did:web:api.example.com%23notes";

/// The key that the DID document of the account names.
pub(super) async fn key(network: &Network, did: &Did) -> PublicKey {
    let multikey = network.host.context().multikey(did).await.unwrap().unwrap();
    PublicKey::from_multikey(&multikey).unwrap()
}

/// What a service with these names makes of a token, for this method.
pub(super) async fn checked(
    network: &Network,
    did: &Did,
    token: &str,
    recipient: &str,
    method: Option<&str>,
) -> service_auth::Proven {
    let recipients = [recipient.parse::<Recipient>().unwrap()];
    let expected = Expected {
        recipients: &recipients,
        method: method.unwrap_or("com.example.any"),
        without_method: method.is_none(),
        label_key: false,
        now: network.clock.now(),
    };
    let presented = service_auth::read(token, &expected).unwrap_or_else(|error| panic!("{error}: {token}"));
    assert_eq!(presented.issuer(), did);
    presented.verify(&key(network, did).await).unwrap()
}

fn path(aud: &str, lxm: Option<&str>, exp: Option<i64>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("aud", aud);
    if let Some(lxm) = lxm {
        query.append_pair("lxm", lxm);
    }
    if let Some(exp) = exp {
        query.append_pair("exp", &exp.to_string());
    }
    format!("{PATH}?{}", query.finish())
}

#[tokio::test]
async fn a_token_is_signed_by_the_key_of_the_did_document() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for (aud, method) in [
        ("did:web:api.example.com", Some("com.example.notes.list")),
        ("did:web:api.example.com#notes", Some("com.example.notes.list")),
        ("did:plc:ewvi7nxzyoun6zhxrhs64oiz#atproto_labeler", None),
    ] {
        let answer = network.get_as(&did, SCOPE, &path(aud, method, None)).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        let token = answer.ok()["token"].as_str().unwrap().to_owned();
        let proven = checked(&network, &did, &token, aud, method).await;
        assert_eq!(proven.method.as_ref().map(gatewright_protocol::syntax::Nsid::as_str), method);
        let once = proven.once.unwrap();
        let left = once.until.since(network.clock.now()).as_secs();
        assert!((60..=70).contains(&left), "a minute, and the skew: {left}");
        let again = network.get_as(&did, SCOPE, &path(aud, method, None)).await.ok();
        let again = checked(&network, &did, again["token"].as_str().unwrap(), aud, method).await;
        assert_ne!(again.once.unwrap().key, once.key, "each has a name of its own");
    }
}

#[tokio::test]
async fn a_token_lives_an_hour_at_most_and_one_for_every_method_a_minute() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let aud = "did:web:api.example.com#notes";
    let now = network.clock.now().seconds();
    let method = Some("com.example.notes.list");
    for (method, exp, good) in [
        (method, now + 1800, true),
        (method, now + 3600, true),
        (method, now + 3660, false),
        (method, now, false),
        (method, now - 1, false),
        (method, 0, false),
        (method, i64::MAX, false),
        (method, i64::MIN, false),
        (None, now + 59, true),
        (None, now + 120, false),
    ] {
        let answer = network.get_as(&did, SCOPE, &path(aud, method, Some(exp))).await;
        if good {
            let token = answer.ok()["token"].as_str().unwrap().to_owned();
            let until = checked(&network, &did, &token, aud, method).await.once.unwrap().until;
            assert_eq!(until, UnixTime::from_seconds(exp).plus(service_auth::SKEW));
        } else {
            assert_eq!(answer.refusal(), refused(400, "BadExpiration"), "{method:?} {}", exp - now);
        }
    }
}

#[tokio::test]
async fn what_is_asked_for_must_be_in_order() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for query in [
        "",
        "?lxm=com.example.notes.list",
        "?aud=alice.test",
        "?aud=did:key:z6",
        "?aud=did:web:api.example.com%23",
        "?aud=did:web:api.example.com&lxm=notes",
        "?aud=did:web:api.example.com&exp=soon",
        "?aud=did:web:api.example.com&aud=did:web:b.example.com",
    ] {
        let answer = network.get_as(&did, SCOPE, &format!("{PATH}{query}")).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{query}");
    }
}

#[tokio::test]
async fn sec_49_an_account_that_may_not_act_gets_a_token_only_for_moving_away() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let ask = async |method| {
        network.get_as(&did, SCOPE, &path("did:web:new.example.com", Some(method), None)).await
    };
    for (status, error) in
        [(AccountStatus::TakenDown, "AccountTakedown"), (AccountStatus::Deactivated, "AccountDeactivated")]
    {
        network.store.set_account_status(&did, status).await.unwrap();
        assert_eq!(ask("com.example.notes.list").await.refusal(), refused(401, error));
        ask("com.atproto.server.createAccount").await.ok();
    }
    let nobody = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
    let answer = network.get_as(&nobody, SCOPE, &path("did:web:new.example.com", None, None)).await;
    assert_eq!(answer.refusal(), refused(403, "AccountNotFound"));
}
