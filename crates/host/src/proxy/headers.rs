//! Which headers go along, in both directions: those that are listed, and no other (PX-6, PX-7, SEC-46).

use http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE,
    HeaderName, RETRY_AFTER,
};
use http::{HeaderMap, Method};

const ACCEPT_LABELERS: HeaderName = HeaderName::from_static("atproto-accept-labelers");
const CONTENT_LABELERS: HeaderName = HeaderName::from_static("atproto-content-labelers");
const REPO_REV: HeaderName = HeaderName::from_static("atproto-repo-rev");
const TOPICS: HeaderName = HeaderName::from_static("x-bsky-topics");

/// What a client says to the service.
const OF_CALL: [HeaderName; 4] = [ACCEPT_ENCODING, ACCEPT_LANGUAGE, ACCEPT_LABELERS, TOPICS];
/// What it says about the body.
const OF_BODY: [HeaderName; 3] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE];
/// What the service says to the client.
const OF_ANSWER: [HeaderName; 7] = [
    CONTENT_ENCODING,
    CONTENT_LABELERS,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    REPO_REV,
    RETRY_AFTER,
];

/// Those of a call. The client's credentials are none of them.
pub(crate) fn of_call(headers: &HeaderMap, method: &Method) -> HeaderMap {
    let mut chosen = HeaderMap::new();
    copy(headers, &OF_CALL, &mut chosen);
    if method == Method::POST {
        copy(headers, &OF_BODY, &mut chosen);
    }
    chosen
}

/// Those of an answer.
pub(crate) fn of_answer(headers: &HeaderMap) -> HeaderMap {
    let mut chosen = HeaderMap::new();
    copy(headers, &OF_ANSWER, &mut chosen);
    chosen
}

fn copy(from: &HeaderMap, names: &[HeaderName], to: &mut HeaderMap) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn all(names: &[&'static str]) -> HeaderMap {
        names.iter().map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x"))).collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    const SECRET: [&str; 11] = [
        "authorization",
        "proxy-authorization",
        "dpop",
        "cookie",
        "atproto-proxy",
        "host",
        "origin",
        "referer",
        "x-forwarded-for",
        "connection",
        "transfer-encoding",
    ];

    #[test]
    fn sec_46_a_call_takes_along_what_is_listed_and_no_credentials() {
        let mut sent = all(&SECRET);
        sent.extend(all(&[
            "accept-encoding",
            "accept-language",
            "atproto-accept-labelers",
            "x-bsky-topics",
            "content-type",
            "content-encoding",
            "content-length",
        ]));
        assert_eq!(
            names(&of_call(&sent, &Method::POST)),
            [
                "accept-encoding",
                "accept-language",
                "atproto-accept-labelers",
                "content-encoding",
                "content-length",
                "content-type",
                "x-bsky-topics",
            ]
        );
        let query = of_call(&sent, &Method::GET);
        assert_eq!(
            names(&query),
            ["accept-encoding", "accept-language", "atproto-accept-labelers", "x-bsky-topics"]
        );
    }

    #[test]
    fn sec_12_an_answer_brings_no_cookie_no_redirect_and_no_policy_of_its_own() {
        let mut answered = all(&[
            "set-cookie",
            "location",
            "refresh",
            "www-authenticate",
            "dpop-nonce",
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "content-security-policy",
            "clear-site-data",
            "strict-transport-security",
            "transfer-encoding",
            "connection",
        ]);
        assert!(of_answer(&answered).is_empty());
        answered.extend(all(&["content-type", "atproto-repo-rev", "retry-after"]));
        assert_eq!(names(&of_answer(&answered)), ["atproto-repo-rev", "content-type", "retry-after"]);
    }
}
