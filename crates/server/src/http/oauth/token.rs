//! `/oauth/token`: a client exchanges a code or a refresh token (3.4).

use axum::Json;
use axum::extract::State;
use gatewright_protocol::oauth::token::{TokenRequest, TokenResponse, TokenType};

use crate::http::app::App;
use crate::http::errors::Refusal;
use crate::http::extract::client_auth::ClientRequest;
use crate::operations::{self, ExchangeCode, RefreshError};

pub(crate) async fn post(
    State(app): State<App>,
    ClientRequest { params, client, peer }: ClientRequest,
) -> Result<Json<TokenResponse>, Refusal> {
    let tokens = match TokenRequest::from_params(&params)? {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let exchange = ExchangeCode { code, redirect_uri, code_verifier };
            operations::exchange_code(&app.ctx, &client, exchange).await?
        }
        TokenRequest::RefreshToken { refresh_token, scope } => {
            let refreshed = operations::refresh(&app.ctx, &client, refresh_token, scope).await;
            if let Err(RefreshError::TooMany(_)) = refreshed {
                app.limits.count_insistent(peer.network(), &client, app.ctx.now());
            }
            refreshed?
        }
    };
    Ok(Json(TokenResponse {
        access_token: tokens.access_token,
        token_type: TokenType::Dpop,
        expires_in: i64::try_from(tokens.expires_in.as_secs()).ok(),
        refresh_token: tokens.refresh_token,
        scope: tokens.scope,
        sub: tokens.sub,
    }))
}
