//! The language of a page.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::i18n::Locale;

/// What the client asked for, then what the browser sends, then English.
pub(crate) fn locale(headers: &HeaderMap, ui_locales: Option<&str>) -> &'static Locale {
    Locale::negotiate(ui_locales, accepted(headers))
}

/// What the browser sends.
pub(crate) fn accepted(headers: &HeaderMap) -> Option<&str> {
    headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())
}
