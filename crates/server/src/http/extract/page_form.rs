//! The fields of a form on one of our pages, sent by the browser that was given the page (AS-35).

use axum::body::Body;
use gatewright_protocol::oauth::authorize::REQUEST_URI_PREFIX;
use gatewright_protocol::oauth::params::MAX_BODY;
use gatewright_store::request::RequestId;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::device::Device;
use super::peer::Peer;
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::pages::error::Trouble;

/// A form of ours. That it comes from a page of ours, in this very browser and for this request, is proven.
#[derive(Debug)]
pub(crate) struct PageForm {
    pub(crate) device: Device,
    pub(crate) request: RequestId,
    pub(crate) fields: Fields,
}

/// Names and values. They may hold a password.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The only value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every field, as it was sent.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of this name: boxes that were left ticked.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Reads a form and checks where it comes from. Nothing has changed when it is refused.
pub(crate) async fn page_form(
    app: &App,
    headers: &HeaderMap,
    peer: Peer,
    body: Body,
) -> Result<PageForm, PageRefusal> {
    csrf::check_form(headers, app.issuer())?;
    let fields = read_form(headers, body).await?;
    let device =
        Device::recognise(app, headers, peer, false).await?.ok_or(PageRefusal::of(Trouble::FormStale))?;
    match request(app, &device, &fields) {
        Some(request) => Ok(PageForm { device, request, fields }),
        None => Err(PageRefusal::of(Trouble::FormStale).for_device(device)),
    }
}

/// The request that the form goes on with: its token proves that this device was given the form.
fn request(app: &App, device: &Device, fields: &Fields) -> Option<RequestId> {
    let id = fields.get("request")?.strip_prefix(REQUEST_URI_PREFIX)?;
    let is_ours = csrf::matches(app.ctx.keys.device_key(), &device.id, id, fields.get("csrf")?);
    is_ours.then(|| RequestId(id.to_owned()))
}

/// Reads a form, wherever it comes from.
pub(crate) async fn read_form(headers: &HeaderMap, body: Body) -> Result<Fields, PageRefusal> {
    let bad = || PageRefusal::of(Trouble::BadLink);
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(bad());
    }
    let bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| PageRefusal::too_large())?;
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(&bytes) {
        let may_repeat = matches!(&*name, "scope" | "set");
        let is_repeated = !may_repeat && fields.iter().any(|(known, _)| *known == name);
        if is_repeated || fields.len() >= MOST_FIELDS {
            return Err(bad());
        }
        fields.push((name.into_owned(), value.into_owned()));
    }
    Ok(Fields(fields))
}

/// More boxes than the things that one expanded `scope` value can be about, and the other fields.
const MOST_FIELDS: usize = 1500;
