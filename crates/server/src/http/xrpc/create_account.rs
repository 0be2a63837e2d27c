//! `POST /xrpc/com.atproto.server.createAccount`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use gatewright_guard::Caller;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::{Did, Handle};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::JsonBody;
use super::count::say;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations::{self, SessionClient, SessionTokens};
use crate::sign_ups::NewSignUp;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    handle: String,
    email: Option<String>,
    password: Option<String>,
    invite_code: Option<String>,
    recovery_key: Option<String>,
    did: Option<Did>,
    plc_op: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    access_jwt: &'a str,
    refresh_jwt: &'a str,
    handle: &'a Handle,
    did: &'a Did,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_doc: Option<&'a Value>,
}

pub(crate) async fn post(
    State(app): State<App>,
    peer: Peer,
    client: SessionClient,
    Extension(caller): Extension<Caller>,
    JsonBody(input): JsonBody<Input>,
) -> Response {
    let budget = match app.limits.sign_up(peer.network(), app.ctx.now()) {
        Ok(budget) => budget,
        Err(too_many) => return XrpcRefusal::TooMany(too_many).into_response(),
    };
    let mut response = match read(input, &caller, peer) {
        Ok(new) => match operations::create_account(&app.ctx, new, client).await {
            Ok(tokens) => answer(&tokens),
            Err(error) => XrpcRefusal::from(error).into_response(),
        },
        Err(refusal) => refusal.into_response(),
    };
    say(&mut response, budget);
    response
}

fn read(input: Input, caller: &Caller, peer: Peer) -> Result<NewSignUp, XrpcRefusal> {
    // Nobody takes an account along that is not theirs (SA-10).
    let proven = match caller {
        Caller::Service(service) => Some(&service.issuer),
        _ => None,
    };
    if proven != input.did.as_ref() {
        return Err(match input.did {
            Some(did) => XrpcRefusal::not_yours(&did),
            None => {
                XrpcRefusal::invalid_request("a service token is for taking an account along: send its `did`")
            }
        });
    }
    if input.plc_op.is_some() {
        return Err(XrpcRefusal::invalid_request("`plcOp` is not taken: the identity is made here"));
    }
    let handle = input.handle.parse().map_err(|_| XrpcRefusal::invalid_handle())?;
    let email = input.email.unwrap_or_default().parse();
    let password = Password::parse_new(input.password.as_deref().unwrap_or_default());
    let invite = input.invite_code.filter(|code| !code.trim().is_empty());
    let invite = invite.map(|code| code.parse::<InviteCode>()).transpose();
    Ok(NewSignUp {
        handle,
        email: email.map_err(|_| XrpcRefusal::invalid_request("`email` must be an e-mail address"))?,
        password: password.map_err(XrpcRefusal::invalid_password)?,
        invite: invite.map_err(|_| XrpcRefusal::invalid_invite_code())?,
        recovery_key: input.recovery_key,
        moved: input.did,
        peer: Some(peer.into()),
    })
}

fn answer(tokens: &SessionTokens) -> Response {
    let SessionTokens { access, refresh, account, document, .. } = tokens;
    Json(Output {
        access_jwt: access.expose(),
        refresh_jwt: refresh.expose(),
        handle: &account.handle,
        did: &account.did,
        did_doc: document.as_ref(),
    })
    .into_response()
}
