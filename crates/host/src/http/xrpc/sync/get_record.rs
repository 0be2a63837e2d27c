//! `GET /xrpc/com.atproto.sync.getRecord`.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::CAR;
use crate::http::caller::Reader;
use crate::http::errors::XrpcError;
use crate::http::params::Params;
use crate::http::xrpc::App;
use crate::operations::prove_record::prove_record;

pub(crate) async fn get(context: App, reader: Reader, params: Params) -> Result<Response, XrpcError> {
    let did = params.required("did")?;
    let collection = params.required("collection")?;
    let key = params.required("rkey")?;
    let file = prove_record(&context, &did, &collection, &key, reader.viewer()).await?;
    Ok(([(CONTENT_TYPE, CAR)], file).into_response())
}
