//! The parameters of a request by a program: a form or a JSON body (AS-20).

use axum::body::Body;
use gatewright_protocol::oauth::params::{MAX_BODY, Params};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::http::errors::Refusal;

/// Reads the parameters of a body; no more of it than is allowed.
pub(crate) async fn params(headers: &HeaderMap, body: Body) -> Result<Params, Refusal> {
    let format = Format::of(headers)?;
    let bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| Refusal::too_large())?;
    Ok(match format {
        Format::Form => Params::from_form(&bytes)?,
        Format::Json => Params::from_json(&bytes)?,
    })
}

enum Format {
    Form,
    Json,
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let (first, second) = (values.next(), values.next());
        let (Some(Ok(text)), None) = (first.map(http::HeaderValue::to_str), second) else {
            return Err(Refusal::content_type());
        };
        let essence = text.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self::Form)
        } else if essence.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else {
            Err(Refusal::content_type())
        }
    }
}
