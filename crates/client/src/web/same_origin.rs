//! Whether a form was sent from a page of this application.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

use super::Web;

impl Web {
    /// Was this form sent from a page of this application? The routes of this module ask for themselves; the application
    /// asks in each of its own that changes something, since a cookie comes with the forms of others too.
    ///
    /// Every browser of the last years says one or the other. Who says neither is none, and has no form of ours.
    pub fn is_own_form(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
            (Some(site), origin) => {
                site == "same-origin" && origin.is_none_or(|origin| origin == self.0.origin)
            }
            (None, Some(origin)) => origin == self.0.origin,
            (None, None) => false,
        }
    }
}

/// A path of this application, and nothing that leads elsewhere: browsers read `//host` and `/\host` as other sites.
pub(super) fn own_path(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (text.starts_with('/') && !text.starts_with("//") && plain && text.len() <= 2048).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_12_only_paths_of_this_application_are_gone_back_to() {
        for path in ["/", "/notes/new?draft=1#end"] {
            assert_eq!(own_path(path), Some(path));
        }
        for path in [
            "",
            "//elsewhere.net",
            "/\\elsewhere.net",
            "https://elsewhere.net",
            "notes",
            "/a b",
            "/\t/x",
            "/é",
        ] {
            assert_eq!(own_path(path), None, "{path}");
        }
    }
}
