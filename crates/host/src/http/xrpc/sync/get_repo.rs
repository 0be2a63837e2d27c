//! `GET /xrpc/com.atproto.sync.getRepo`. `since` is not heeded: the whole repository has what came since, too.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::CAR;
use crate::http::caller::Reader;
use crate::http::errors::XrpcError;
use crate::http::params::Params;
use crate::http::stream::file_body;
use crate::http::xrpc::App;
use crate::operations::read_repo::read_repo;

pub(crate) async fn get(context: App, reader: Reader, params: Params) -> Result<Response, XrpcError> {
    let did = params.required("did")?;
    let repo = read_repo(&context, &did, reader.viewer()).await?;
    Ok(([(CONTENT_TYPE, CAR)], file_body(repo.file, repo.place)).into_response())
}
