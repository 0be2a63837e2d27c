use super::*;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const URI: &str = "https://app.example.com/cb";

fn read(form: &str) -> Result<TokenRequest, OAuthError> {
    TokenRequest::from_params(&Params::from_form(form.as_bytes()).expect("a form"))
}

#[test]
fn requests_are_read_and_written() {
    for form in [
        format!("grant_type=authorization_code&code=c&redirect_uri={URI}&code_verifier={VERIFIER}"),
        "grant_type=refresh_token&refresh_token=r&scope=atproto".to_owned(),
        "grant_type=refresh_token&refresh_token=r".to_owned(),
    ] {
        let request = read(&form).expect("it is good");
        let written: Vec<String> =
            request.to_params().iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(written.join("&"), form);
        assert!(!format!("{request:?}").contains("\"c\""), "{request:?}");
    }
}

#[test]
fn only_two_grants_exist() {
    for grant in ["password", "client_credentials", "implicit", "Authorization_Code"] {
        let error = read(&format!("grant_type={grant}&code=c&redirect_uri={URI}")).expect_err(grant);
        assert_eq!(error.code, ErrorCode::UnsupportedGrantType);
    }
    for form in [
        "",
        "grant_type=authorization_code&redirect_uri=x",
        "grant_type=authorization_code&code=c",
        "grant_type=refresh_token",
        &format!("grant_type=refresh_token&refresh_token={}", "x".repeat(5000)),
    ] {
        assert_eq!(read(form).expect_err(form).code, ErrorCode::InvalidRequest);
    }
    let error = read("grant_type=refresh_token&refresh_token=r&scope=%22").expect_err("malformed");
    assert_eq!(error.code, ErrorCode::InvalidScope);
}

#[test]
fn sec_03_verifiers_that_are_none_are_noticed_after_the_code_is_used_up() {
    for verifier in ["", "short", &"x".repeat(129), "dBjftJeZ4CVP+mB92K27uhbUJU1p1r_wW1gFWFOEjXk"] {
        let request =
            read(&format!("grant_type=authorization_code&code=c&redirect_uri=x&code_verifier={verifier}"));
        assert!(
            matches!(request, Ok(TokenRequest::AuthorizationCode { code_verifier: None, .. })),
            "{verifier}"
        );
    }
}

#[test]
fn codes_are_for_one_redirect_uri_and_one_verifier() {
    let stored: AuthorizationRequest = serde_json::from_value(
        serde_json::json!({"redirect_uri": URI, "scope": "atproto", "code_challenge": CHALLENGE}),
    )
    .expect("a request");
    let good: CodeVerifier = VERIFIER.parse().expect("a verifier");
    let bad = CodeVerifier::from_bytes(&[1; 32]);
    assert_eq!(check_code_grant(&stored, URI, Some(&good)), Ok(()));
    for (uri, verifier) in
        [(URI, None), (URI, Some(&bad)), ("https://app.example.com/cb/", Some(&good)), ("", Some(&good))]
    {
        let error = check_code_grant(&stored, uri, verifier).expect_err("it does not fit");
        assert_eq!(error.code, ErrorCode::InvalidGrant);
    }
}

#[test]
fn answers_are_written_and_read() {
    let response = TokenResponse {
        access_token: AccessToken::new("a".to_owned()),
        token_type: TokenType::Dpop,
        expires_in: Some(900),
        refresh_token: Some(RefreshToken::parse("r").expect("short enough")),
        scope: "atproto".parse().expect("a scope"),
        sub: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().expect("a DID"),
    };
    let text = serde_json::to_string(&response).expect("it is JSON");
    assert_eq!(
        text,
        r#"{"access_token":"a","token_type":"DPoP","expires_in":900,"refresh_token":"r","scope":"atproto","sub":"did:plc:ewvi7nxzyoun6zhxrhs64oiz"}"#
    );
    let again = TokenResponse::parse(text.as_bytes()).expect("it is good");
    assert_eq!(serde_json::to_string(&again).expect("it is JSON"), text);
    assert!(!format!("{again:?}").contains("\"r\""));
}

#[test]
fn answers_of_others_are_not_believed() {
    use InvalidTokenResponse as Error;
    let answer = |name: &str, value: serde_json::Value| {
        let mut answer = serde_json::json!({
            "access_token": "a", "token_type": "dpop", "scope": "atproto", "sub": "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        });
        answer[name] = value;
        TokenResponse::parse(answer.to_string().as_bytes()).map(|_| ())
    };
    assert_eq!(answer("unknown", 1.into()), Ok(()));
    for (name, value, error) in [
        ("access_token", "".into(), Error::Members),
        ("access_token", 1.into(), Error::Members),
        ("token_type", "Bearer".into(), Error::TokenType),
        ("scope", "x".into(), Error::Scope),
        ("scope", serde_json::Value::Null, Error::Members),
        ("sub", "did:key:x".into(), Error::Subject),
        ("sub", "alice.test".into(), Error::Members),
        ("id_token", "x".into(), Error::IdToken),
        ("expires_in", "900".into(), Error::Members),
    ] {
        assert_eq!(answer(name, value.clone()), Err(error), "{name} {value}");
    }
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = TokenResponse::parse(&bytes);
        if let Ok(params) = Params::from_form(&bytes) {
            let _ = TokenRequest::from_params(&params);
        }
    }
}
