//! `/oauth/authorize/consent`: a person approves or denies (AS-40 … AS-43).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::syntax::Did;
use gatewright_store::request::RequestId;
use http::HeaderMap;

use super::screen::{Remark, Screen};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::page_form::{Fields, PageForm, page_form};
use crate::http::extract::peer::Peer;
use crate::http::step_up;
use crate::operations::{self, ConsentError, Decision, Opened, Ticked, Want};
use crate::pages::consent::ConsentRefused;
use crate::pages::error::Trouble;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let PageForm { device, request, fields } = match page_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let screen = Screen::new(&app, &headers, device);
    let (id, from) = (screen.device.id.clone(), Some(peer.into()));
    let account = fields.get("account").and_then(|did| did.parse::<Did>().ok());
    let decision = match (fields.get("decision"), account.clone()) {
        (Some("deny"), _) => Decision::Deny,
        (_, None) => return screen.refuse(PageRefusal::of(Trouble::FormStale)),
        (Some("approve"), Some(account)) => Decision::Approve { account, ticked: ticked(&fields) },
        (_, Some(account)) => {
            return again(screen, from, &request, &account, ConsentRefused::Undecided).await;
        }
    };
    let mut decided = operations::consent(&app.ctx, &request, &id, from, decision.clone()).await;
    if let Err(ConsentError::Unproven(unproven)) = decided {
        let account = &unproven.account.did;
        let asked =
            step_up::check(&app, peer, &headers, &screen.device, account, Some(&request), &fields).await;
        match asked {
            Ok(None) => decided = operations::consent(&app.ctx, &request, &id, from, decision).await,
            Ok(Some(ask)) => return screen.ask(&unproven, ask),
            Err(refusal) => return screen.refuse(refusal),
        }
    }
    match decided {
        Ok(answer) => screen.send(&answer),
        // The sign-in became too old while the page was open: the password is asked for again.
        Err(ConsentError::NotSignedIn) => {
            let opened = operations::open_request(&app.ctx, &request, &id, from, Want::SignIn).await;
            screen.show_or_refuse(opened)
        }
        Err(ConsentError::SetsChanged) => match account {
            Some(account) => again(screen, from, &request, &account, ConsentRefused::SetsChanged).await,
            None => screen.refuse(PageRefusal::of(Trouble::FormStale)),
        },
        Err(error) => screen.refuse(error),
    }
}

/// The page once more, with the reason.
async fn again(
    screen: Screen<'_>,
    peer: Option<gatewright_resolve::Peer>,
    request: &RequestId,
    account: &Did,
    why: ConsentRefused,
) -> Response {
    let remark = Remark { consent: Some(why), ..Remark::default() };
    let id = screen.device.id.clone();
    match operations::open_request(screen.ctx(), request, &id, peer, Want::Account(account)).await {
        Ok(Opened::Page(step)) => screen.page(&step, remark),
        other => screen.show_or_refuse(other),
    }
}

fn ticked(fields: &Fields) -> Ticked {
    let all = |name: &'static str| fields.all(name).map(str::to_owned).collect();
    Ticked { boxes: all("scope"), versions: all("set") }
}
