//! The parameters of a query, each at most once, each of its type.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use url::form_urlencoded;

use super::errors::XrpcError;

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Params(BTreeMap<String, String>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = XrpcError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, XrpcError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Params {
    fn parse(query: &str) -> Result<Self, XrpcError> {
        let mut map = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match map.entry(name.into_owned()) {
                Entry::Vacant(place) => place.insert(value.into_owned()),
                Entry::Occupied(place) => {
                    let message = format!("the parameter `{}` is there more than once", place.key());
                    return Err(XrpcError::invalid_request(message));
                }
            };
        }
        Ok(Self(map))
    }

    /// A parameter that must be there.
    pub(crate) fn required<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, XrpcError> {
        let missing = || XrpcError::invalid_request(format!("the parameter `{name}` is missing"));
        self.optional(name)?.ok_or_else(missing)
    }

    /// A parameter that may be there. An empty one is not.
    pub(crate) fn optional<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, XrpcError> {
        let Some(text) = self.0.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let invalid = |error| XrpcError::invalid_request(format!("the parameter `{name}`: {error}"));
        text.parse().map(Some).map_err(invalid)
    }

    /// How many rows are wanted.
    pub(crate) fn limit(&self, allowed: RangeInclusive<usize>, default: usize) -> Result<usize, XrpcError> {
        let limit = self.optional("limit")?.unwrap_or(default);
        if allowed.contains(&limit) {
            return Ok(limit);
        }
        let (from, to) = allowed.into_inner();
        Err(XrpcError::invalid_request(format!("the parameter `limit` must be {from} to {to}")))
    }
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::syntax::Did;

    use super::*;

    #[test]
    fn each_parameter_is_of_its_type_and_there_once() {
        let params = Params::parse("did=did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz&limit=7&empty=").unwrap();
        assert_eq!(params.required::<Did>("did").unwrap().method(), "plc");
        assert_eq!(params.limit(1..=10, 5).unwrap(), 7);
        assert!(params.limit(1..=5, 5).is_err());
        assert!(params.required::<bool>("limit").is_err());
        assert!(params.optional::<Did>("empty").unwrap().is_none());
        assert!(params.required::<Did>("absent").is_err());
        assert!(Params::parse("a=1&a=1").is_err());
        assert!(Params::parse("%ff=%&&=").is_ok());
    }
}
