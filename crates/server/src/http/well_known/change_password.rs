//! `/.well-known/change-password`: where password managers look for the page on which a password is set (AS-48).

use axum::response::Redirect;

use crate::pages::paths;

pub(crate) async fn get() -> Redirect {
    Redirect::to(paths::RESET_PASSWORD)
}
