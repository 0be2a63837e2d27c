//! The headers of pages (AS-34) and of what pages load.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use gatewright_protocol::crypto::sha256;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use url::Url;

use crate::pages::form_post;

/// What a page needs of the content security policy beyond its stylesheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// A picture from elsewhere: the logo of a trusted client.
    Image(&'a Url),
    /// Nothing.
    Plain,
    /// The script for passkeys, from this origin.
    Script,
    /// The one script of the `form_post` page.
    SubmittingScript,
}

/// A page as an answer, with the headers of AS-34. `https` says how browsers reach the server: on the plain HTTP of a
/// development network the headers that would force TLS are left out.
pub(crate) fn page(content: &Content<'_>, https: bool, status: StatusCode, html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy(content, https));
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
    response
}

/// A file that pages load, under a path that names its content.
pub(crate) fn asset(content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CORP, HeaderValue::from_static("same-origin"));
    response
}

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const ALWAYS: [(HeaderName, &str); 9] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    // Without `require-corp`: the logo of a trusted client comes from a host that sends no such header.
    (HeaderName::from_static("cross-origin-embedder-policy"), "credentialless"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (CORP, "same-origin"),
    (REFERRER_POLICY, "same-origin"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// The content security policy. There is no `form-action`: browsers hold it against every hop of a redirect, so it
/// would keep the decision from reaching the client (AS-34).
fn policy(content: &Content<'_>, https: bool) -> HeaderValue {
    match (content, https) {
        (Content::Plain, true) => POLICIES.plain_https.clone(),
        (Content::Plain, false) => POLICIES.plain_http.clone(),
        (Content::Script, true) => POLICIES.own_script_https.clone(),
        (Content::Script, false) => POLICIES.own_script_http.clone(),
        (Content::SubmittingScript, true) => POLICIES.script_https.clone(),
        (Content::SubmittingScript, false) => POLICIES.script_http.clone(),
        // An origin is a scheme, a host in punycode and a port: nothing in it can end the directive.
        (Content::Image(url), https) => write_policy("", &url.origin().ascii_serialization(), https),
    }
}

struct Policies {
    own_script_http: HeaderValue,
    own_script_https: HeaderValue,
    plain_http: HeaderValue,
    plain_https: HeaderValue,
    script_http: HeaderValue,
    script_https: HeaderValue,
}

static POLICIES: LazyLock<Policies> = LazyLock::new(|| {
    let script = format!("'sha256-{}'", Base64::encode_string(&sha256(form_post::SCRIPT.as_bytes())));
    Policies {
        own_script_http: write_policy("'self'", "", false),
        own_script_https: write_policy("'self'", "", true),
        plain_http: write_policy("", "", false),
        plain_https: write_policy("", "", true),
        script_http: write_policy(&script, "", false),
        script_https: write_policy(&script, "", true),
    }
});

fn write_policy(script: &str, image: &str, https: bool) -> HeaderValue {
    let script = if script.is_empty() { "'none'" } else { script };
    let (space, upgrade) =
        (if image.is_empty() { "" } else { " " }, if https { "; upgrade-insecure-requests" } else { "" });
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:{space}{image}; \
         connect-src 'self'; base-uri 'none'; frame-ancestors 'none'{upgrade}"
    );
    HeaderValue::try_from(policy).expect("hashes and origins are visible ASCII")
}

#[cfg(test)]
mod tests {
    use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;

    use super::*;

    const KINDS: [Content<'static>; 3] = [Content::Plain, Content::Script, Content::SubmittingScript];

    fn policy_of(response: &Response) -> &str {
        response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap()
    }

    #[test]
    fn sec_10_no_page_can_be_framed_or_read_from_elsewhere() {
        for content in KINDS {
            let response = page(&content, true, StatusCode::OK, String::new());
            assert!(policy_of(&response).contains("frame-ancestors 'none'"));
            assert!(policy_of(&response).starts_with("default-src 'none';"));
            assert_eq!(response.headers()[X_FRAME_OPTIONS], "DENY");
            assert_eq!(response.headers()[CORP], "same-origin");
            assert!(!response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        }
    }

    #[test]
    fn pages_are_not_kept_anywhere() {
        let response = page(&Content::Plain, false, StatusCode::BAD_REQUEST, "x".to_owned());
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()["x-robots-tag"], "noindex");
    }

    #[test]
    fn a_redirect_after_a_form_may_lead_to_the_client() {
        for content in KINDS {
            assert!(!policy_of(&page(&content, true, StatusCode::OK, String::new())).contains("form-action"));
        }
    }

    #[test]
    fn sec_70_tls_is_forced_where_there_is_tls() {
        for content in KINDS {
            let https = page(&content, true, StatusCode::OK, String::new());
            assert!(policy_of(&https).contains("upgrade-insecure-requests"));
            assert_eq!(https.headers()[STRICT_TRANSPORT_SECURITY], "max-age=63072000");
            let http = page(&content, false, StatusCode::OK, String::new());
            assert!(!policy_of(&http).contains("upgrade-insecure-requests"));
            assert!(!http.headers().contains_key(STRICT_TRANSPORT_SECURITY));
        }
    }

    #[test]
    fn only_the_submitting_script_runs() {
        let plain = page(&Content::Plain, true, StatusCode::OK, String::new());
        assert!(policy_of(&plain).contains("script-src 'none';"));
        let form_post = page(&Content::SubmittingScript, true, StatusCode::OK, String::new());
        // The digest that `printf %s 'document.forms[0].submit()' | openssl dgst -sha256 -binary | base64` prints.
        assert!(
            policy_of(&form_post)
                .contains("script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE=';"),
            "{}",
            policy_of(&form_post)
        );
    }

    #[test]
    fn a_logo_adds_its_origin_and_no_more() {
        let url = "https://b\u{fc}cher.example:8443/a;script-src *?x".parse().unwrap();
        let response = page(&Content::Image(&url), true, StatusCode::OK, String::new());
        assert!(policy_of(&response).contains("img-src 'self' data: https://xn--bcher-kva.example:8443;"));
        assert!(policy_of(&response).contains("script-src 'none';"));
    }
}
