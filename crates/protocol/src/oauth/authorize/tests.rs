use super::*;

const ISSUER: &str = "https://pds.example.com";
const CLIENT: &str = "client_id=https%3A%2F%2Fapp.example.com%2Fclient.json";

fn request(redirect_uri: &str, response_mode: ResponseMode, state: Option<&str>) -> AuthorizationRequest {
    serde_json::from_value(serde_json::json!({
        "redirect_uri": redirect_uri, "response_mode": response_mode, "state": state, "scope": "atproto",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    }))
    .expect("a request")
}

fn code() -> Code {
    Code::parse("c o&de").expect("short enough")
}

#[test]
fn a_query_names_client_and_request() {
    let query = format!(
        "{CLIENT}&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Areq-1&scope=atproto&state=x"
    );
    let query = AuthorizeQuery::parse(&query, Development::Refused).expect("it is good");
    assert_eq!(
        (query.client_id.as_str(), query.request.as_str()),
        ("https://app.example.com/client.json", "req-1")
    );
}

#[test]
fn queries_without_a_pushed_request_are_refused() {
    for query in [
        String::new(),
        CLIENT.to_owned(),
        format!("{CLIENT}&response_type=code&redirect_uri=https://app.example.com/&scope=atproto"),
        format!("{CLIENT}&request_uri="),
        format!("{CLIENT}&request_uri=urn:ietf:params:oauth:request_uri:"),
        format!("{CLIENT}&request_uri=https://evil.example/request"),
        format!(
            "{CLIENT}&request_uri=urn:ietf:params:oauth:request_uri:a&request_uri=urn:ietf:params:oauth:request_uri:b"
        ),
        format!("{CLIENT}&request_uri=urn:ietf:params:oauth:request_uri:a&request=eyJ"),
        "request_uri=urn:ietf:params:oauth:request_uri:a".to_owned(),
        "client_id=x&request_uri=urn:ietf:params:oauth:request_uri:a".to_owned(),
        "%zz".to_owned(),
    ] {
        assert!(AuthorizeQuery::parse(&query, Development::Refused).is_err(), "{query}");
    }
}

#[test]
fn an_answer_is_added_to_the_query() {
    let sent = |uri: &str, state| {
        AuthorizeResponse::Code(&code()).deliver(ISSUER, &request(uri, ResponseMode::Query, state))
    };
    assert_eq!(
        sent("https://app.example.com/cb", Some("s=1&x")),
        Delivery::Redirect(
            "https://app.example.com/cb?iss=https%3A%2F%2Fpds.example.com&state=s%3D1%26x&code=c+o%26de"
                .into()
        )
    );
    assert_eq!(
        sent("https://app.example.com/cb?a=b", None),
        Delivery::Redirect(
            "https://app.example.com/cb?a=b&iss=https%3A%2F%2Fpds.example.com&code=c+o%26de".into()
        )
    );
    assert_eq!(
        sent("com.example.app:/cb", None),
        Delivery::Redirect("com.example.app:/cb?iss=https%3A%2F%2Fpds.example.com&code=c+o%26de".into())
    );
}

#[test]
fn an_answer_may_be_a_fragment_or_a_form() {
    let fragment = request("https://app.example.com/cb?a=b", ResponseMode::Fragment, Some("s"));
    assert_eq!(
        AuthorizeResponse::Code(&code()).deliver(ISSUER, &fragment),
        Delivery::Redirect(
            "https://app.example.com/cb?a=b#iss=https%3A%2F%2Fpds.example.com&state=s&code=c+o%26de".into()
        )
    );
    let form = request("https://app.example.com/cb", ResponseMode::FormPost, Some("s"));
    assert_eq!(
        AuthorizeResponse::Code(&code()).deliver(ISSUER, &form),
        Delivery::Form {
            action: "https://app.example.com/cb".into(),
            fields: vec![
                ("iss", ISSUER.to_owned()),
                ("state", "s".to_owned()),
                ("code", "c o&de".to_owned())
            ],
        }
    );
}

#[test]
fn sec_05_the_port_that_was_asked_for_is_answered() {
    let loopback = request("http://127.0.0.1:54321/cb", ResponseMode::Query, None);
    let Delivery::Redirect(url) = AuthorizeResponse::Code(&code()).deliver(ISSUER, &loopback) else {
        panic!("a redirect")
    };
    assert!(url.starts_with("http://127.0.0.1:54321/cb?iss="));
}

#[test]
fn sec_13_what_is_sent_cannot_break_out_of_a_header() {
    let error = OAuthError::new(ErrorCode::AccessDenied, "no\r\nSet-Cookie: x=\"y\"".to_owned());
    let request = request("https://app.example.com/cb\r\n", ResponseMode::Query, Some("s\r\nt"));
    let Delivery::Redirect(url) = AuthorizeResponse::Error(&error).deliver(ISSUER, &request) else {
        panic!("a redirect")
    };
    assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{url}");
    assert!(url.contains("error=access_denied&error_description=no%3F%3FSet-Cookie%3A+x%3D%27y%27"), "{url}");
    assert!(url.contains("iss=https%3A%2F%2Fpds.example.com&state=s%0D%0At"), "{url}");
}
