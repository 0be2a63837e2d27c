//! A row's rule against the request: everything about permissions that does not need the body.

use std::borrow::Cow;

use gatewright_protocol::scope::{AccountNeed, Audience, BlobNeed, IdentityNeed, Need, Permission, RpcNeed};
use gatewright_protocol::syntax::Did;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::table::{self, CREATE_ACCOUNT, Kind, Row, Rule};
use crate::{Granted, GuardError};

/// Whether the token may call the method of this row with these parameters.
pub(crate) fn check(row: &Row, granted: &Granted, parts: &Parts) -> Result<(), GuardError> {
    match row.oauth {
        Rule::Any | Rule::Body | Rule::Unasked => Ok(()),
        // What no application may, a password session of the right kind may.
        Rule::Forbidden if granted.is_scoped() => Err(GuardError::Forbidden),
        Rule::Forbidden => Ok(()),
        Rule::Account(attr, action) => granted.require([Need::Account(AccountNeed { attr, action })]),
        Rule::Identity(attr) => granted.require([Need::Identity(IdentityNeed { attr })]),
        Rule::Scope(scope) => match scope.parse::<Permission>() {
            Ok(permission) if !permission.needs().is_empty() => granted.require(permission.needs()),
            // A row that demands nothing sensible opens nothing.
            _ => Err(GuardError::Forbidden),
        },
        Rule::Upload => match declared_type(parts)? {
            // That declares nothing: the handler looks at the bytes, and must ask then.
            "*/*" => Ok(()),
            mime => granted.require([Need::Blob(BlobNeed { mime })]),
        },
        Rule::Profile if granted.kind() != Kind::OAuth => Ok(()),
        Rule::Call | Rule::Profile => {
            let aud = proxied_to(parts)?;
            granted.require([Need::Rpc(RpcNeed { lxm: method(row, parts), aud })])
        }
        Rule::CallBoth(other) => {
            let aud = proxied_to(parts)?;
            let lxm = method(row, parts);
            granted.require([Need::Rpc(RpcNeed { lxm, aud }), Need::Rpc(RpcNeed { lxm: other, aud })])
        }
        Rule::ServiceToken => check_service_token(granted, parts),
    }
}

fn method<'a>(row: &Row, parts: &'a Parts) -> &'a str
where
    'static: 'a,
{
    match row.nsid.strip_suffix(".*") {
        Some(_) => table::method_of(parts.uri.path()).unwrap_or_default(),
        None => row.nsid,
    }
}

/// The essence of the declared media type: parameters are not part of what a scope names (SC-16).
fn declared_type(parts: &Parts) -> Result<&str, GuardError> {
    let Some(header) = parts.headers.get(CONTENT_TYPE) else { return Ok("application/octet-stream") };
    let text =
        header.to_str().map_err(|_| GuardError::InvalidRequest("the header Content-Type is not readable"))?;
    Ok(text.split(';').next().unwrap_or_default().trim())
}

/// The service that a call is for. Nothing is answered on behalf of another service yet, so there is none by default:
/// a token must then be good for every service.
fn proxied_to(parts: &Parts) -> Result<&str, GuardError> {
    let Some(header) = parts.headers.get("atproto-proxy") else { return Ok("*") };
    header.to_str().ok().filter(|text| Audience::parse(text).is_some()).ok_or(GuardError::InvalidRequest(
        "the header atproto-proxy is not a DID with a service, as did#serviceId",
    ))
}

/// `getServiceAuth` (SA-6): the call that the service token would be good for.
fn check_service_token(granted: &Granted, parts: &Parts) -> Result<(), GuardError> {
    let query = parts.uri.query().unwrap_or_default();
    let (mut aud, mut lxm) = (None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let place: &mut Option<Cow<'_, str>> = match &*name {
            "aud" => &mut aud,
            "lxm" => &mut lxm,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(GuardError::InvalidRequest("a parameter is given twice"));
        }
    }
    // Somebody whose account was taken down may move it elsewhere, and nothing else.
    let moves = lxm.as_deref().is_some_and(|lxm| lxm.eq_ignore_ascii_case(CREATE_ACCOUNT));
    if granted.kind() == Kind::TakenDown && !moves {
        return Err(GuardError::LegacyMethod);
    }
    if lxm.as_deref().is_some_and(table::is_protected) {
        return Err(GuardError::InvalidRequest("this method is never called with a service token"));
    }
    let Some(aud) = aud else {
        // Nobody who holds no permission for any service learns more than that.
        let any = Need::Rpc(RpcNeed { lxm: lxm.as_deref().unwrap_or("*"), aud: "*" });
        return Err(if granted.may(&any) {
            GuardError::InvalidRequest("the parameter aud is missing")
        } else if lxm.is_some() {
            granted.require([any]).err().unwrap_or(GuardError::Forbidden)
        } else {
            granted.refuse_unnamed(&any)
        });
    };
    let need = Need::Rpc(RpcNeed { lxm: lxm.as_deref().unwrap_or("*"), aud: &aud });
    granted.require([need])?;
    let names_a_service =
        Audience::parse(&aud).is_some() || aud.parse::<Did>().is_ok_and(|did| did.is_atproto());
    if names_a_service {
        Ok(())
    } else {
        Err(GuardError::InvalidRequest("aud is not a DID or did#serviceId"))
    }
}
