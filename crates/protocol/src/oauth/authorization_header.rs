//! The `Authorization` header of a call (RS-1, RFC 9449 section 7.1).

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever has it may use it.
    Bearer,
    /// Bound to a key, with a proof beside it.
    Dpop,
}

impl Scheme {
    /// Its name in a header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Reads an `Authorization` header: a scheme, in any case, one space, and one token.
///
/// # Errors
/// The scheme is neither of the two, or what follows is not one token.
pub fn parse(header: &str) -> Result<(Scheme, &str), InvalidAuthorization> {
    let (name, token) = header.split_once(' ').ok_or(InvalidAuthorization)?;
    let scheme = [Scheme::Dpop, Scheme::Bearer]
        .into_iter()
        .find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
        .ok_or(InvalidAuthorization)?;
    let body = token.trim_end_matches('=');
    let token68 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    if body.is_empty() || !body.bytes().all(token68) {
        return Err(InvalidAuthorization);
    }
    Ok((scheme, token))
}

/// The header is not a scheme that is known here and one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header has to be `DPoP` or `Bearer`, one space, and a token")]
pub struct InvalidAuthorization;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_a_scheme_and_a_token() {
        assert_eq!(parse("DPoP a.b-c_d~+/=="), Ok((Scheme::Dpop, "a.b-c_d~+/==")));
        assert_eq!(parse("dpop tok"), Ok((Scheme::Dpop, "tok")));
        assert_eq!(parse("BEARER tok"), Ok((Scheme::Bearer, "tok")));
        for header in [
            "",
            "DPoP",
            "DPoP ",
            "DPoP  tok",
            "DPoP tok ",
            " DPoP tok",
            "DPoP a b",
            "Basic abc",
            "DPoP =",
            "DPoP a,b",
        ] {
            assert_eq!(parse(header), Err(InvalidAuthorization), "{header}");
        }
    }
}
