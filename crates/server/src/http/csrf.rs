//! Whether a request comes from where it should: from a page of ours, in this very browser (AS-33, AS-35).
//!
//! Two things are asked of a form that changes something. Its token must be the one that this device was given for this
//! request, always: the token is a keyed hash, so nothing is kept for it and it cannot be made or used elsewhere. And
//! what the browser says about where the form was sent from must fit, as far as it says anything: browsers that send no
//! `Sec-Fetch-*` headers exist.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use gatewright_protocol::crypto::{constant_time_eq, hmac_sha256};
use gatewright_store::device::DeviceId;
use http::HeaderMap;
use http::header::{HeaderName, ORIGIN, REFERER};

/// The token for the forms of `purpose` (the request id, or a path where there is no request) on this device.
pub(crate) fn token(device_key: &[u8; 32], device: &DeviceId, purpose: &str) -> String {
    // The length keeps the two texts apart.
    let length = (device.0.len() as u64).to_be_bytes();
    let digest = hmac_sha256(device_key, &[b"csrf", &length, device.0.as_bytes(), purpose.as_bytes()]);
    Base64UrlUnpadded::encode_string(&digest)
}

/// Whether `presented` is the token of this device for `purpose`.
pub(crate) fn matches(device_key: &[u8; 32], device: &DeviceId, purpose: &str, presented: &str) -> bool {
    constant_time_eq(token(device_key, device, purpose).as_bytes(), presented.as_bytes())
}

/// Checks the opening of a page by a browser (AS-33): it may be linked from anywhere, but it is to be a navigation of
/// the whole window. `issuer` is the origin of the server.
///
/// # Errors
/// A header that says where the request comes from does not fit. Absent headers are no error.
pub(crate) fn check_navigation(headers: &HeaderMap, issuer: &str) -> Result<(), WrongSource> {
    expect(headers, &SEC_FETCH_MODE, &["navigate"]).map_err(|()| WrongSource::Mode)?;
    expect(headers, &SEC_FETCH_DEST, &["document"]).map_err(|()| WrongSource::Destination)?;
    expect(headers, &SEC_FETCH_SITE, &["cross-site", "none", "same-origin", "same-site"])
        .map_err(|()| WrongSource::Site)?;
    expect(headers, &ORIGIN, &[issuer]).map_err(|()| WrongSource::Origin)
}

/// Checks the sending of a form that changes something (AS-35): from a page of ours, as a navigation.
///
/// # Errors
/// A header that says where the request comes from does not fit. Absent headers are no error.
pub(crate) fn check_form(headers: &HeaderMap, issuer: &str) -> Result<(), WrongSource> {
    check_navigation(headers, issuer)?;
    expect(headers, &SEC_FETCH_SITE, &["same-origin"]).map_err(|()| WrongSource::Site)?;
    let mut referers = headers.get_all(REFERER).iter();
    let (first, second) = (referers.next(), referers.next());
    match (first, second) {
        (None, _) => Ok(()),
        (Some(referer), None) if referer.to_str().is_ok_and(|referer| is_page(referer, issuer)) => Ok(()),
        _ => Err(WrongSource::Referer),
    }
}

/// What did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongSource {
    /// `Sec-Fetch-Dest`
    #[error(
        "`Sec-Fetch-Dest` is not `document`: the page is opened in a window of its own, never in a frame"
    )]
    Destination,
    /// `Sec-Fetch-Mode`
    #[error("`Sec-Fetch-Mode` is not `navigate`: the page is opened by a person, never by a script")]
    Mode,
    /// `Origin`
    #[error("`Origin` is another site's")]
    Origin,
    /// `Referer`
    #[error("`Referer` is not a page with such a form")]
    Referer,
    /// `Sec-Fetch-Site`
    #[error("`Sec-Fetch-Site` says that the form was sent from another site")]
    Site,
}

/// The header is absent, or it is there once and has one of these values.
fn expect(headers: &HeaderMap, name: &HeaderName, values: &[&str]) -> Result<(), ()> {
    let mut present = headers.get_all(name).iter();
    match (present.next(), present.next()) {
        (None, _) => Ok(()),
        (Some(value), None) if values.iter().any(|wanted| value.as_bytes() == wanted.as_bytes()) => Ok(()),
        _ => Err(()),
    }
}

/// Whether the address is of a page that has forms: `/oauth/authorize` or `/account`, or below one of them.
fn is_page(referer: &str, issuer: &str) -> bool {
    let Some(path) = referer.strip_prefix(issuer).filter(|path| path.starts_with('/')) else { return false };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // Browsers send paths without dot segments; one that has them is not a browser's.
    !path.split('/').any(|segment| segment == "..")
        && ["/oauth/authorize", "/account"].iter().any(|page| {
            path.strip_prefix(page).is_some_and(|below| below.is_empty() || below.starts_with('/'))
        })
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ISSUER: &str = "https://auth.example.com";

    fn headers(text: &str) -> HeaderMap {
        let mut map = HeaderMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn sec_11_a_token_is_good_for_one_device_and_one_request() {
        let (key, other_key) = ([1; 32], [2; 32]);
        let (device, other) = (DeviceId("dev-1".to_owned()), DeviceId("dev-2".to_owned()));
        let good = token(&key, &device, "req-1");
        assert_eq!(good.len(), 43);
        assert!(matches(&key, &device, "req-1", &good));
        for (key, device, purpose, presented, why) in [
            (&key, &other, "req-1", good.as_str(), "another device"),
            (&key, &device, "req-2", &good, "another request"),
            (&other_key, &device, "req-1", &good, "another key"),
            (&key, &device, "req-1", "", "none"),
            (&key, &device, "req-1", &good[..42], "shortened"),
            (&key, &device, "req-1", &format!("{good}A"), "lengthened"),
        ] {
            assert!(!matches(key, device, purpose, presented), "{why}");
        }
        let (left, right) = (DeviceId("dev-1r".to_owned()), DeviceId("dev-1".to_owned()));
        assert_ne!(token(&key, &left, "eq"), token(&key, &right, "req"), "the split counts");
    }

    #[test]
    fn sec_11_a_form_is_sent_from_a_page_of_ours() {
        let all = "sec-fetch-site: same-origin\nsec-fetch-mode: navigate\nsec-fetch-dest: document\n\
                   origin: https://auth.example.com\nreferer: https://auth.example.com/oauth/authorize?client_id=x";
        for (text, expected) in [
            (all, Ok(())),
            ("", Ok(())),
            ("sec-fetch-site: cross-site", Err(WrongSource::Site)),
            ("sec-fetch-site: same-site", Err(WrongSource::Site)),
            ("sec-fetch-site: none", Err(WrongSource::Site)),
            ("sec-fetch-site: same-origin\nsec-fetch-site: cross-site", Err(WrongSource::Site)),
            ("sec-fetch-mode: cors", Err(WrongSource::Mode)),
            ("sec-fetch-mode: no-cors", Err(WrongSource::Mode)),
            ("sec-fetch-dest: iframe", Err(WrongSource::Destination)),
            ("origin: null", Err(WrongSource::Origin)),
            ("origin: https://evil.example", Err(WrongSource::Origin)),
            ("origin: http://auth.example.com", Err(WrongSource::Origin)),
            ("origin: https://auth.example.com.evil.example", Err(WrongSource::Origin)),
            ("origin: https://auth.example.com\norigin: https://evil.example", Err(WrongSource::Origin)),
            ("referer: https://auth.example.com/oauth/authorize", Ok(())),
            ("referer: https://auth.example.com/oauth/authorize/sign-in", Ok(())),
            ("referer: https://auth.example.com/account/apps?page=2", Ok(())),
            ("referer: https://auth.example.com/", Err(WrongSource::Referer)),
            ("referer: https://auth.example.com", Err(WrongSource::Referer)),
            ("referer: https://auth.example.com/oauth/authorized", Err(WrongSource::Referer)),
            ("referer: https://auth.example.com/accounts", Err(WrongSource::Referer)),
            ("referer: https://auth.example.com/xrpc/x?/oauth/authorize", Err(WrongSource::Referer)),
            ("referer: https://auth.example.com/oauth/authorize/../../xrpc", Err(WrongSource::Referer)),
            ("referer: https://auth.example.com.evil.example/oauth/authorize", Err(WrongSource::Referer)),
            ("referer: https://evil.example/oauth/authorize", Err(WrongSource::Referer)),
        ] {
            assert_eq!(check_form(&headers(text), ISSUER), expected, "{text}");
        }
    }

    #[test]
    fn sec_10_the_page_is_opened_in_a_window_of_its_own() {
        for (text, expected) in [
            ("sec-fetch-site: cross-site\nsec-fetch-mode: navigate\nsec-fetch-dest: document", Ok(())),
            ("sec-fetch-site: none\nsec-fetch-mode: navigate\nsec-fetch-dest: document", Ok(())),
            ("referer: https://app.example.com/sign-in", Ok(())),
            ("", Ok(())),
            ("sec-fetch-site: elsewhere", Err(WrongSource::Site)),
            ("sec-fetch-dest: iframe", Err(WrongSource::Destination)),
            ("sec-fetch-dest: empty\nsec-fetch-mode: cors", Err(WrongSource::Mode)),
            ("origin: https://app.example.com", Err(WrongSource::Origin)),
        ] {
            assert_eq!(check_navigation(&headers(text), ISSUER), expected, "{text}");
        }
    }
}
