//! Mail that strangers ask for. Nobody waits for it, so nobody learns by the time it takes whether there was an account to
//! send it to.

use super::app::App;
use crate::operations;

/// Sends a code for a new password to whoever this is, some time soon.
pub(crate) fn send_reset_code(app: &App, identifier: String, languages: Option<&str>) {
    let (app, languages) = (app.clone(), languages.map(str::to_owned));
    tokio::spawn(async move {
        let sent = operations::request_password_reset(&app.ctx, &identifier, languages.as_deref()).await;
        if let Err(error) = sent {
            super::errors::log_internal(&error);
        }
    });
}
