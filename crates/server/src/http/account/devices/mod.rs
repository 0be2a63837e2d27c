//! `/account/devices…`: where an account is signed in (SEC-71).

pub(crate) mod end_session;
pub(crate) mod home;
pub(crate) mod sign_out;
pub(crate) mod sign_out_others;

use axum::response::Response;
use http::HeaderMap;

use super::back_to;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::AccountForm;
use crate::operations::{self, Elsewhere};
use crate::pages::devices::DeviceDone;
use crate::pages::paths;
use crate::pages::said::Said as _;

/// Ends something and goes back to the page, which says so. What ended meanwhile is as gone as the person wanted it.
async fn end(
    app: &App,
    headers: &HeaderMap,
    form: AccountForm,
    what: Elsewhere,
    done: DeviceDone,
) -> Response {
    match operations::sign_out_elsewhere(&app.ctx, &form.account, &form.device.id, what).await {
        Ok(_) => back(app, &form, Some(done)),
        Err(error) => PageRefusal::from(error).for_device(form.device).respond(app, headers),
    }
}

fn back(app: &App, form: &AccountForm, done: Option<DeviceDone>) -> Response {
    back_to(app, &form.device, paths::DEVICES, Some(&form.account), done.map(DeviceDone::word))
}
