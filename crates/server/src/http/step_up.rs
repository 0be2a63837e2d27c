//! Asking for the second factor, or the password, before something that matters. The page that asks carries the form
//! along that was sent, so that it is sent again together with the proof and nothing is kept meanwhile.

use gatewright_guard::rate::TooMany;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::Did;
use gatewright_store::request::RequestId;
use http::{HeaderMap, StatusCode};

use super::app::App;
use super::errors::PageRefusal;
use super::extract::device::Device;
use super::extract::factor_proof::factor_proof;
use super::extract::locale::accepted;
use super::extract::page_form::Fields;
use super::extract::peer::Peer;
use crate::operations::{self, Asked, AskedPasskey, Given, StepUpError};
use crate::pages::factor::{Carried, FactorRefused};

/// What has to be asked before a form is followed.
#[derive(Debug)]
pub(crate) struct Ask {
    /// What is asked for.
    pub(crate) asked: Asked,
    /// The form that was sent, without what was to prove it.
    pub(crate) carried: Carried,
    /// Whether a code was just sent by mail.
    pub(crate) is_sent: bool,
    /// Why what was sent as proof is none.
    pub(crate) refused: Option<FactorRefused>,
    /// The status of the page.
    pub(crate) status: StatusCode,
}

/// The fields of a form that prove somebody.
const PROOFS: [&str; 4] = ["code", "passkey", "passkey_sealed", "password"];
/// Those of them that a person fills in.
const FILLED_IN: [&str; 3] = ["code", "passkey", "password"];

/// The field of the button that asks for a code by mail.
const SEND: &str = "send";

/// Whether the form asks for a code by mail, instead of showing anything.
pub(crate) fn wants_mail(fields: &Fields) -> bool {
    fields.get(SEND) == Some("email")
}

/// Whether the account proved itself on this device lately, or does so with this form; what to ask if not.
pub(crate) async fn check(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    device: &Device,
    account: &Did,
    request: Option<&RequestId>,
    fields: &Fields,
) -> Result<Option<Ask>, PageRefusal> {
    let Some(asked) = operations::asked_again(&app.ctx, &device.id, account, request).await? else {
        return Ok(None);
    };
    let carried = fields.pairs().filter(|(name, _)| !PROOFS.contains(name) && *name != SEND);
    let carried = Carried(carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    if wants_mail(fields) {
        let ask = |is_sent, refused, status| Ok(Some(Ask { asked, carried, is_sent, refused, status }));
        if let Err(too_many) = app.limits.sign_in(peer.network(), account.as_str(), app.ctx.now()) {
            return ask(false, Some(refused_too_many(too_many)), StatusCode::TOO_MANY_REQUESTS);
        }
        operations::send_factor_code(&app.ctx, account, accepted(headers)).await?;
        return ask(true, None, StatusCode::OK);
    }
    let ask = |refused, status| Ok(Some(Ask { asked, carried, is_sent: false, refused, status }));
    let given = match asked {
        Asked::Factor(_) => {
            let is_shown = fields.get("code").or_else(|| fields.get("passkey")).is_some();
            is_shown.then(|| factor_proof(fields).map(Given::Factor))
        }
        Asked::Password => fields.get("password").map(|text| Password::parse(text).map(Given::Password)),
    };
    let wrong = match &given {
        Some(Ok(Given::Factor(proof))) => FactorRefused::of(proof),
        _ => FactorRefused::Wrong,
    };
    let given = match given {
        None => return ask(None, StatusCode::OK),
        Some(_) if FILLED_IN.iter().all(|name| fields.get(name).unwrap_or_default().trim().is_empty()) => {
            return ask(Some(FactorRefused::Empty), StatusCode::BAD_REQUEST);
        }
        Some(Err(_)) => return ask(Some(FactorRefused::Wrong), StatusCode::UNAUTHORIZED),
        Some(Ok(given)) => given,
    };
    if let Err(too_many) = app.limits.sign_in(peer.network(), account.as_str(), app.ctx.now()) {
        return ask(Some(refused_too_many(too_many)), StatusCode::TOO_MANY_REQUESTS);
    }
    match operations::step_up(&app.ctx, &device.id, account, given).await {
        Ok(()) => Ok(None),
        Err(StepUpError::TooMany(too_many)) => {
            ask(Some(refused_too_many(too_many)), StatusCode::TOO_MANY_REQUESTS)
        }
        Err(StepUpError::Wrong) => ask(Some(wrong), StatusCode::UNAUTHORIZED),
        Err(error) => Err(error.into()),
    }
}

/// What this browser is asked for, if a passkey is among what will do.
pub(crate) fn passkey_question(app: &App, device: &Device, asked: Asked) -> Option<AskedPasskey> {
    match asked {
        Asked::Factor(ways) if ways.passkey => operations::ask_passkey(&app.ctx, &device.id),
        _ => None,
    }
}

/// What a person is told who tried too often.
pub(crate) fn refused_too_many(too_many: TooMany) -> FactorRefused {
    let seconds = too_many.retry_after.as_secs().max(1);
    FactorRefused::TooMany { minutes: u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX) }
}
