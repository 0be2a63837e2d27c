use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::oauth::client_id::ClientId;
use crate::oauth::client_metadata::MetadataRules;

const ID: &str = "https://app.example.com/client.json";
const JKT: Thumbprint = Thumbprint([9; 32]);
const SCOPES: &str =
    "atproto transition:generic repo:com.example.note blob:image/* bogus:x openid repo:bad-nsid";

fn client(confidential: bool) -> ClientMetadata {
    let mut document = json!({
        "client_id": ID,
        "redirect_uris": ["https://app.example.com/cb", "https://app.example.com/other"],
        "scope": SCOPES,
        "dpop_bound_access_tokens": true,
    });
    if confidential {
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["token_endpoint_auth_signing_alg"] = json!("ES256");
        document["jwks_uri"] = json!("https://app.example.com/jwks.json");
    }
    let id: ClientId = ID.parse().expect("a client id");
    ClientMetadata::parse(&id, document.to_string().as_bytes(), MetadataRules::default()).expect("it is good")
}

fn params(changes: &Value) -> Params {
    let mut params = json!({
        "client_id": ID, "response_type": "code", "redirect_uri": "https://app.example.com/cb", "scope": "atproto",
        "state": "s", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    });
    for (name, value) in changes.as_object().expect("an object") {
        params[name] = value.clone();
    }
    Params::from_json(params.to_string().as_bytes()).expect("an object")
}

const RULES: ParRules<'_> = ParRules { dpop_jkt: &JKT, state: StateRule::Required, trusted: false };

fn pushed(changes: &Value) -> Result<AuthorizationRequest, ErrorCode> {
    AuthorizationRequest::from_params(&params(changes), &client(true), RULES).map_err(|error| error.code)
}

#[test]
fn a_good_request_is_kept_as_it_was_asked() {
    let request = pushed(&json!({
        "response_mode": "fragment", "prompt": "login", "login_hint": "Alice.Example.com", "max_age": "0",
        "ui_locales": "fr-CA fr", "display": "popup", "dpop_jkt": JKT, "unknown": "x", "client_secret": "x",
    }))
    .expect("it is good");
    assert_eq!(request.response_mode, ResponseMode::Fragment);
    assert_eq!(request.prompt, Some(Prompt::Login));
    assert_eq!(request.login_hint.as_ref().map(LoginHint::as_str), Some("alice.example.com"));
    assert_eq!((request.max_age, request.display), (Some(0), Some(Display::Popup)));
    let row = serde_json::to_string(&request).expect("it is JSON");
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&row).expect("it is a row"), request);
    let small = pushed(&json!({})).expect("it is good");
    let row = serde_json::to_string(&small).expect("it is JSON");
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&row).expect("it is a row"), small);
}

#[test]
fn sec_02_challenges_are_required_and_s256() {
    for changes in [
        json!({"code_challenge": null}),
        json!({"code_challenge": "short"}),
        json!({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="}),
        json!({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"}),
        json!({"code_challenge_method": "plain"}),
        json!({"code_challenge_method": "s256"}),
        json!({"code_challenge_method": null}),
    ] {
        assert_eq!(pushed(&changes), Err(ErrorCode::InvalidRequest), "{changes}");
    }
}

#[test]
fn sec_05_redirect_uris_are_those_of_the_document() {
    assert!(pushed(&json!({"redirect_uri": "https://app.example.com/other"})).is_ok());
    for uri in [
        "",
        "https://app.example.com/cb/",
        "https://app.example.com/cb?x=y",
        "https://app.example.com/CB",
        "https://app.example.com:8443/cb",
        "https://app.example.com@evil.example/cb",
        "http://localhost/cb",
        "https://evil.example/cb",
    ] {
        assert_eq!(pushed(&json!({"redirect_uri": uri})), Err(ErrorCode::InvalidRequest), "{uri}");
    }
}

#[test]
fn every_row_of_the_table_has_its_code() {
    use ErrorCode::{
        InvalidAuthorizationDetails, InvalidDpopProof, InvalidRequest, InvalidScope, UnsupportedResponseType,
    };
    for (changes, code) in [
        (json!({"client_id": "https://app.example.com/other.json"}), InvalidRequest),
        (json!({"response_type": null}), InvalidRequest),
        (json!({"response_type": "token"}), UnsupportedResponseType),
        (json!({"state": null}), InvalidRequest),
        (json!({"state": ""}), InvalidRequest),
        (json!({"state": "x".repeat(513)}), InvalidRequest),
        (json!({"scope": null}), InvalidScope),
        (json!({"scope": "transition:generic"}), InvalidScope),
        (json!({"scope": "atproto  x"}), InvalidScope),
        (json!({"scope": "atproto openid"}), InvalidScope),
        (json!({"scope": "atproto undeclared:x"}), InvalidScope),
        (json!({"scope": "atproto repo:com.example.note?action=create"}), InvalidScope),
        (json!({"login_hint": "alice"}), InvalidRequest),
        (json!({"login_hint": "did:key:z6Mk"}), InvalidRequest),
        (json!({"prompt": "login consent"}), InvalidRequest),
        (json!({"response_mode": "query.jwt"}), InvalidRequest),
        (json!({"dpop_jkt": Thumbprint([8; 32])}), InvalidDpopProof),
        (json!({"dpop_jkt": "x"}), InvalidDpopProof),
        (json!({"ui_locales": "fr_CA"}), InvalidRequest),
        (json!({"display": "bogus"}), InvalidRequest),
        (json!({"max_age": "-1"}), InvalidRequest),
        (json!({"nonce": "n"}), InvalidRequest),
        (json!({"claims": {}}), InvalidRequest),
        (json!({"id_token_hint": "x"}), InvalidRequest),
        (json!({"request": "x"}), InvalidRequest),
        (json!({"request_uri": "urn:x"}), InvalidRequest),
        (json!({"authorization_details": []}), InvalidAuthorizationDetails),
    ] {
        assert_eq!(pushed(&changes), Err(code), "{changes}");
    }
}

#[test]
fn state_may_be_absent_by_a_switch_only() {
    let rules = ParRules { state: StateRule::Optional, ..RULES };
    let request = AuthorizationRequest::from_params(&params(&json!({"state": null})), &client(true), rules);
    assert_eq!(request.expect("by the switch").state, None);
}

#[test]
fn scopes_are_declared_known_and_single() {
    let scope = |asked: &str| requested_scope(asked, &client(true)).map(|scope| scope.to_string());
    assert_eq!(scope("transition:generic atproto").as_deref(), Ok("transition:generic atproto"));
    assert_eq!(scope("atproto atproto").as_deref(), Ok("atproto"));
    assert_eq!(scope("atproto bogus:x repo:bad-nsid").as_deref(), Ok("atproto"));
    assert_eq!(
        scope("atproto repo?collection=com.example.note").as_deref(),
        Ok("atproto repo?collection=com.example.note")
    );
    let many = format!("atproto {}", vec!["bogus:x"; 300].join(" "));
    assert_eq!(scope(&many).map_err(|error| error.code), Err(ErrorCode::InvalidScope));
}

#[test]
fn what_was_dropped_of_a_scope_can_be_told() {
    let asked = "atproto bogus:x repo:com.example.note bogus:x repo:bad-nsid atproto";
    let kept = requested_scope(asked, &client(true)).expect("it is good");
    assert_eq!(dropped_scopes(asked, &kept), ["bogus:x", "repo:bad-nsid"]);
    assert!(dropped_scopes("atproto atproto", &kept).is_empty());
}

#[test]
fn capitals_of_a_hint_count_in_dids_and_not_in_handles() {
    let hint = |text: &str| text.parse::<LoginHint>().map(|hint| hint.to_string());
    assert_eq!(hint("Alice.Example.COM").as_deref(), Ok("alice.example.com"));
    assert_eq!(hint("did:web:localhost%3A2583").as_deref(), Ok("did:web:localhost%3A2583"));
    assert_eq!(hint("did:plc:ewvi7nxzyoun6zhxrhs64oiz").as_deref(), Ok("did:plc:ewvi7nxzyoun6zhxrhs64oiz"));
    for another in ["did:plc:EWVI7NXZYOUN6ZHXRHS64OIZ", "DID:plc:ewvi7nxzyoun6zhxrhs64oiz"] {
        assert_eq!(hint(another), Err(InvalidLoginHint), "{another}");
    }
}

#[test]
fn clients_that_can_be_impersonated_always_show_what_they_ask() {
    let prompted = |prompt: Value, rules| {
        AuthorizationRequest::from_params(&params(&json!({"prompt": prompt})), &client(false), rules)
            .map(|request| request.prompt)
            .map_err(|error| error.code)
    };
    for (asked, shown) in [
        (json!(null), Ok(Some(Prompt::Consent))),
        (json!("login"), Ok(Some(Prompt::Consent))),
        (json!("select_account"), Ok(Some(Prompt::Consent))),
        (json!("create"), Ok(Some(Prompt::Create))),
        (json!("none"), Err(ErrorCode::ConsentRequired)),
    ] {
        assert_eq!(prompted(asked.clone(), RULES), shown, "{asked}");
    }
    let trusted = ParRules { trusted: true, ..RULES };
    assert_eq!(prompted(json!("none"), trusted), Ok(Some(Prompt::None)));
    assert_eq!(prompted(json!(null), trusted), Ok(None));
}

proptest! {
    #[test]
    fn reading_never_panics(name in "(state|scope|redirect_uri|login_hint|prompt|max_age|ui_locales|dpop_jkt)", text in ".{0,80}") {
        let _ = pushed(&json!({name: text}));
    }
}
