//! A row's rule against the request: everything about permissions that does not need the body.

mod service_token;

use gatewright_protocol::scope::{AccountNeed, BlobNeed, IdentityNeed, Need, Permission, RpcNeed};
use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::destination::{self, Destination};
use crate::table::{self, Kind, Row, Rule};
use crate::{Caller, Granted, GuardError};

/// Whether whoever calls may call the method of this row with these parameters, and there.
pub(crate) fn check(
    row: &Row,
    caller: &Caller,
    destination: Option<&Destination>,
    parts: &Parts,
) -> Result<(), GuardError> {
    if row.oauth == Rule::ServiceToken {
        return service_token::check(caller, parts);
    }
    check_elsewhere(row, caller.kind(), destination, parts)?;
    caller.granted().map_or(Ok(()), |granted| check_granted(row, granted, destination, parts))
}

/// What is never called elsewhere, whatever was granted (RS-15, RS-16): a protected method, and by an ordinary app
/// password a privileged one. A protected method that is answered here is answered here, whatever the header says.
fn check_elsewhere(
    row: &Row,
    kind: Kind,
    destination: Option<&Destination>,
    parts: &Parts,
) -> Result<(), GuardError> {
    let leads_away =
        destination.is_some() || (!row.answered && parts.headers.contains_key(destination::HEADER));
    let method = method(row, parts);
    let is_barred =
        table::is_protected(method) || (kind == Kind::AppPassword && table::is_privileged(method));
    if leads_away && is_barred { Err(GuardError::Barred) } else { Ok(()) }
}

/// Whether the token may.
fn check_granted(
    row: &Row,
    granted: &Granted,
    destination: Option<&Destination>,
    parts: &Parts,
) -> Result<(), GuardError> {
    // A call for which there is no service: a token must be good for every service.
    let aud = destination.map_or("*", |destination| destination.audience().as_str());
    match row.oauth {
        // What no application may, a password session of the right kind may.
        Rule::Forbidden if granted.is_scoped() => Err(GuardError::Forbidden),
        Rule::Any | Rule::Body | Rule::Forbidden | Rule::ServiceToken | Rule::Unasked => Ok(()),
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
        Rule::Call | Rule::Profile => granted.require([Need::Rpc(RpcNeed { lxm: method(row, parts), aud })]),
        Rule::CallBoth(other) => {
            let lxm = method(row, parts);
            granted.require([Need::Rpc(RpcNeed { lxm, aud }), Need::Rpc(RpcNeed { lxm: other, aud })])
        }
    }
}

/// The method of a request: that of its row, or of its path where the row is for many.
pub(crate) fn method<'a>(row: &Row, parts: &'a Parts) -> &'a str
where
    'static: 'a,
{
    if row.nsid.ends_with('*') { table::method_of(parts.uri.path()).unwrap_or_default() } else { row.nsid }
}

/// The essence of the declared media type: parameters are not part of what a scope names (SC-16).
fn declared_type(parts: &Parts) -> Result<&str, GuardError> {
    let Some(header) = parts.headers.get(CONTENT_TYPE) else { return Ok("application/octet-stream") };
    let text =
        header.to_str().map_err(|_| GuardError::InvalidRequest("the header Content-Type is not readable"))?;
    Ok(text.split(';').next().unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::Table;

    fn barred(kind: Kind, nsid: &str, header: bool) -> bool {
        let mut request = Request::get(format!("/xrpc/{nsid}"));
        if header {
            request = request.header("atproto-proxy", "did:web:evil.example.com#s");
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let table = Table::atproto();
        let row = *table.find(nsid).or_else(|| table.otherwise_row()).unwrap();
        let destination = destination::find(None, &row, &parts).unwrap();
        check_elsewhere(&row, kind, destination.as_ref(), &parts).is_err()
    }

    #[test]
    fn sec_45_no_protected_method_is_led_away_by_anybody() {
        for kind in [Kind::Full, Kind::OAuth, Kind::PrivilegedAppPassword, Kind::AppPassword] {
            assert!(barred(kind, "com.atproto.identity.signPlcOperation", true), "{kind:?}");
            assert!(!barred(kind, "com.atproto.identity.signPlcOperation", false), "{kind:?}");
            assert!(!barred(kind, "com.atproto.server.getSession", true), "{kind:?}: it is answered here");
        }
    }

    #[test]
    fn an_ordinary_app_password_calls_no_privileged_method_elsewhere() {
        for nsid in ["chat.bsky.convo.getLog", "chat.bsky.convo.methodOfTomorrow"] {
            assert!(barred(Kind::AppPassword, nsid, true), "{nsid}");
            assert!(!barred(Kind::PrivilegedAppPassword, nsid, true), "{nsid}");
            assert!(!barred(Kind::Full, nsid, true), "{nsid}");
        }
        assert!(!barred(Kind::AppPassword, "app.bsky.feed.getTimeline", true));
        assert!(!barred(Kind::AppPassword, "com.example.notes.list", true));
    }
}
