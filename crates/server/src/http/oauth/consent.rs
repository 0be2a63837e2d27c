//! `/oauth/authorize/consent`: a person approves or denies (AS-40 … AS-43).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use http::HeaderMap;

use super::screen::{Remark, Screen};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::page_form::{Fields, PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, ConsentError, Decision, Opened, Want};
use crate::pages::consent::ConsentRefused;
use crate::pages::error::Trouble;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let screen = Screen::new(&app, &headers, device);
    let (id, peer) = (screen.device.id.clone(), Some(peer.into()));
    let account = fields.get("account").and_then(|did| did.parse::<Did>().ok());
    let decision = match (fields.get("decision"), account.clone()) {
        (Some("deny"), _) => Decision::Deny,
        (_, None) => return screen.refuse(PageRefusal::of(Trouble::FormStale)),
        (Some("approve"), Some(account)) => {
            let Some(ticked) = ticked(&fields) else {
                return screen.refuse(PageRefusal::of(Trouble::BadLink));
            };
            Decision::Approve { account, ticked }
        }
        (_, Some(account)) => {
            let remark = Remark { consent: Some(ConsentRefused::Undecided), ..Remark::default() };
            return match operations::open_request(&app.ctx, &request, &id, peer, Want::Account(&account))
                .await
            {
                Ok(Opened::Page(step)) => screen.page(&step, remark),
                other => screen.show_or_refuse(other),
            };
        }
    };
    match operations::consent(&app.ctx, &request, &id, peer, decision).await {
        Ok(answer) => screen.send(&answer),
        // The sign-in became too old while the page was open: the password is asked for again.
        Err(ConsentError::NotSignedIn) => {
            let opened = operations::open_request(&app.ctx, &request, &id, peer, Want::SignIn).await;
            screen.show_or_refuse(opened)
        }
        Err(error) => screen.refuse(error),
    }
}

fn ticked(fields: &Fields) -> Option<Scopes> {
    Scopes::from_tokens(fields.all("scope")).ok()
}
