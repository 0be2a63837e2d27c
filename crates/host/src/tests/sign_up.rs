//! Accounts that people make for themselves, and the codes they need for it.

use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::syntax::Did;
use gatewright_store::account::{Account, AccountStatus};
use gatewright_store::invite_code::InviteCodeStore as _;
use serde_json::json;

use super::support::{EVERYTHING, Network, TestRandom, refused};
use crate::operations::create_account::{CreateAccount, CreateAccountError as C, NewIdentity};
use crate::operations::create_invite_codes::CreateInviteCodes;
use crate::operations::sign_up::{SignUp, SignUpError as E};
use crate::settings::SignUpMode;

const PLC: NewIdentity = NewIdentity::Plc { recovery_key: None };

fn mode(mode: SignUpMode) -> Network {
    Network::with(|settings| settings.sign_up = mode)
}

async fn sign_up(
    network: &Network,
    handle: &str,
    identity: NewIdentity,
    code: Option<&str>,
) -> Result<Account, E> {
    let email = Some(format!("{handle}@example.com"));
    let account = CreateAccount { handle: handle.parse().unwrap(), email, password: None, identity };
    network.host.sign_up(SignUp { account, invite: code.map(|code| code.parse().unwrap()), peer: None }).await
}

async fn codes(network: &Network, count: u32, uses: u32, for_accounts: Vec<Did>) -> Vec<String> {
    let made =
        network.host.create_invite_codes(CreateInviteCodes { count, uses, for_accounts }).await.unwrap();
    made.into_iter().flat_map(|(_, codes)| codes).map(|code| code.expose().to_owned()).collect()
}

#[tokio::test]
async fn who_may_sign_up_is_the_operators_to_say() {
    for (allowed, required) in
        [(SignUpMode::Closed, true), (SignUpMode::Invite, true), (SignUpMode::Open, false)]
    {
        let network = mode(allowed);
        let described = network.get("/xrpc/com.atproto.server.describeServer").await.ok();
        assert_eq!(described["inviteCodeRequired"], required);
        let code = codes(&network, 1, 1, Vec::new()).await.remove(0);
        let plain = sign_up(&network, "carol.test", PLC, None).await;
        let invited = sign_up(&network, "carl.test", PLC, Some(&code)).await;
        match allowed {
            SignUpMode::Closed => {
                assert!(matches!((plain, invited), (Err(E::Closed), Err(E::Closed))));
                assert!(network.plc.0.lock().await.is_empty());
            }
            SignUpMode::Invite => assert!(matches!((plain, invited), (Err(E::InviteCode), Ok(_)))),
            SignUpMode::Open => assert!(plain.is_ok() && invited.is_ok()),
        }
    }
}

#[tokio::test]
async fn a_code_makes_as_many_accounts_as_it_says_and_none_for_an_account_that_fails() {
    let network = mode(SignUpMode::Invite);
    let code = codes(&network, 1, 2, Vec::new()).await.remove(0);
    assert!(code.starts_with("host-example-com-"), "{code}");
    assert!(matches!(sign_up(&network, "carol.test", PLC, Some("no-such-code")).await, Err(E::InviteCode)));
    sign_up(&network, "carol.test", PLC, Some(&code.to_uppercase())).await.unwrap();
    let taken = sign_up(&network, "carol.test", PLC, Some(&code)).await;
    assert!(matches!(taken, Err(E::Create(C::HandleTaken(_)))));
    sign_up(&network, "dave.test", PLC, Some(&code)).await.unwrap();
    assert!(matches!(sign_up(&network, "erin.test", PLC, Some(&code)).await, Err(E::InviteCode)));
    assert_eq!(network.plc.0.lock().await.len(), 2, "no identity was published for nothing");
    let found = network.store.find_invitation(&code.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.used.len(), 2);
}

#[tokio::test]
async fn only_names_for_anybody_are_had_by_anybody() {
    let network = mode(SignUpMode::Open);
    for handle in ["admin.test", "www.test", "al.test"] {
        let refused = sign_up(&network, handle, PLC, None).await;
        assert!(matches!(refused, Err(E::Reserved(_))), "{handle}: {refused:?}");
    }
    for handle in ["carol.example.org", "a.carol.test", "carol.invalid"] {
        let refused = sign_up(&network, handle, PLC, None).await;
        assert!(matches!(refused, Err(E::Create(C::Handle(_)))), "{handle}: {refused:?}");
    }
    let web = NewIdentity::Web("did:web:carol.test".parse().unwrap());
    let refused = sign_up(&network, "carol.test", web, None).await;
    assert!(
        matches!(refused, Err(E::Create(C::Did(_)))),
        "a did:web is the operator's to let in: {refused:?}"
    );
}

#[tokio::test]
async fn a_recovery_key_is_the_mightiest_of_the_identity() {
    let network = mode(SignUpMode::Open);
    let with = |key: &str| NewIdentity::Plc { recovery_key: Some(key.to_owned()) };
    let host = network.account("alice").await;
    let (_, genesis) = network.plc.0.lock().await[0].clone();
    let own = genesis.state().unwrap().rotation_keys[0].clone();
    for key in ["", "did:key:zNo", own.as_str()] {
        let refused = sign_up(&network, "carol.test", with(key), None).await;
        assert!(matches!(refused, Err(E::RecoveryKey)), "{key}: {refused:?} beside {}", host.did);
    }
    let key = PrivateKey::generate(Curve::P256, &TestRandom::default()).public().to_did_key();
    let account = sign_up(&network, "carol.test", with(&key), None).await.unwrap();
    let (did, operation) = network.plc.0.lock().await.last().unwrap().clone();
    assert_eq!(did, account.did);
    assert_eq!(operation.state().unwrap().rotation_keys, [key, own]);
}

#[tokio::test]
async fn an_account_that_moves_here_rests_until_its_identity_leads_here() {
    let network = mode(SignUpMode::Open);
    let did: Did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap();
    let moved = || NewIdentity::Moved(did.clone());
    let refused_now = sign_up(&network, "carol.test", moved(), None).await;
    assert!(matches!(refused_now, Err(E::UnresolvableDid(_))), "{refused_now:?}");
    let document = DidDocument::new(did.clone()).with_pds("https://other.example.com");
    network.publish(&did, Some(document.clone())).await;
    let foreign = sign_up(&network, "carol.example.org", moved(), None).await;
    assert!(matches!(foreign, Err(E::UnresolvedHandle(_))), "{foreign:?}");
    network.publish_handle("carol.example.org", &did).await;
    let account = sign_up(&network, "carol.example.org", moved(), None).await.unwrap();
    assert_eq!((&account.did, account.status), (&did, AccountStatus::Deactivated));
    let activate = "com.atproto.server.activateAccount";
    let answer = network.post_bare_as(&did, EVERYTHING, activate).await;
    assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "it is elsewhere still");
    let session = network.get_as(&did, "atproto", "/xrpc/com.atproto.server.getSession").await.ok();
    let key = session["didDoc"]["verificationMethod"][0]["publicKeyMultibase"].as_str().unwrap();
    let key = gatewright_protocol::crypto::PublicKey::from_did_key(&format!("did:key:{key}")).unwrap();
    let here = DidDocument::new(did.clone()).with_pds("https://host.example.com").with_key("atproto", &key);
    network.publish(&did, Some(here)).await;
    assert_eq!(network.post_bare_as(&did, EVERYTHING, activate).await.status, 200);
    let again = sign_up(&network, "caroline.test", moved(), None).await;
    assert!(matches!(again, Err(E::Create(C::DidTaken))), "{again:?}");
}

#[tokio::test]
async fn codes_are_made_by_the_operator_and_seen_by_whose_they_are() {
    let network = mode(SignUpMode::Invite);
    let alice = network.account("alice").await.did;
    let create = "com.atproto.server.createInviteCodes";
    let body = json!({"codeCount": 2, "useCount": 1, "forAccounts": [alice]});
    // Who may call is the guard's to say: its row takes the operator alone.
    let made = network.post_as(&alice, EVERYTHING, create, &body).await.ok();
    assert_eq!(made["codes"][0]["account"], alice.as_str());
    let codes = made["codes"][0]["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 2);
    let one = network
        .post_as(&alice, EVERYTHING, "com.atproto.server.createInviteCode", &json!({"useCount": 3}))
        .await
        .ok();
    assert!(one["code"].is_string());
    for wrong in [
        json!({"useCount": 0}),
        json!({"codeCount": 0, "useCount": 1}),
        json!({"codeCount": 1001, "useCount": 1}),
        json!({"useCount": 1, "forAccounts": ["did:web:nobody.example.com"]}),
    ] {
        let answer = network.post_as(&alice, EVERYTHING, create, &wrong).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{wrong}");
    }
    let used = codes[0].as_str().unwrap();
    let carol = sign_up(&network, "carol.test", PLC, Some(used)).await.unwrap().did;
    let list = "/xrpc/com.atproto.server.getAccountInviteCodes";
    let seen = network.get_as(&alice, EVERYTHING, list).await.ok();
    let seen = seen["codes"].as_array().unwrap().clone();
    assert_eq!(seen.len(), 2);
    let row = seen.iter().find(|row| row["code"] == used).unwrap();
    assert_eq!(row["uses"][0]["usedBy"], carol.as_str());
    for (field, expected) in [
        ("available", json!(1)),
        ("disabled", json!(false)),
        ("forAccount", json!(alice)),
        ("createdBy", json!("admin")),
    ] {
        assert_eq!(row[field], expected, "{field}");
    }
    let left = network.get_as(&alice, EVERYTHING, &format!("{list}?includeUsed=false")).await.ok();
    assert_eq!(left["codes"].as_array().unwrap().len(), 1);
    assert_eq!(network.get_as(&carol, EVERYTHING, list).await.ok()["codes"], json!([]));
}

#[tokio::test]
async fn an_account_that_comes_back_has_another_key_and_a_repository_of_its_own() {
    use gatewright_store::account::AccountStore as _;

    let network = mode(SignUpMode::Open);
    let did = network.account("alice").await.did;
    network.note(&did, "one", "x").await;
    let document = async || {
        let session = network.get_as(&did, "atproto", "/xrpc/com.atproto.server.getSession").await.ok();
        session["didDoc"]["verificationMethod"][0]["publicKeyMultibase"].clone()
    };
    let former = document().await;
    assert!(network.store.delete_account(&did).await.unwrap());
    sign_up(&network, "alice.test", NewIdentity::Moved(did.clone()), None).await.unwrap();
    assert_ne!(document().await, former);
    let status = network.get_as(&did, "atproto", "/xrpc/com.atproto.server.checkAccountStatus").await.ok();
    assert_eq!((&status["indexedRecords"], &status["validDid"]), (&json!(0), &json!(false)));
}
