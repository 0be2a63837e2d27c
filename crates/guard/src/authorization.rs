//! The `Authorization` header (RS-1).

/// What an `Authorization` header presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization<'a> {
    /// `Basic`: the operator.
    Basic(&'a str),
    /// `Bearer`: a legacy session or a service token.
    Bearer(&'a str),
    /// `DPoP`: an access token that needs a proof.
    Dpop(&'a str),
}

impl<'a> Authorization<'a> {
    /// Reads the header: a scheme in any case, one space, one word of `token68` (RFC 9110 section 11.4).
    pub fn parse(header: &'a str) -> Option<Self> {
        let (scheme, word) = header.split_once(' ')?;
        if !is_token68(word) {
            return None;
        }
        if scheme.eq_ignore_ascii_case("DPoP") {
            Some(Self::Dpop(word))
        } else if scheme.eq_ignore_ascii_case("Bearer") {
            Some(Self::Bearer(word))
        } else if scheme.eq_ignore_ascii_case("Basic") {
            Some(Self::Basic(word))
        } else {
            None
        }
    }
}

fn is_token68(word: &str) -> bool {
    let body = word.trim_end_matches('=');
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_has_no_case_and_the_rest_is_one_word() {
        assert_eq!(Authorization::parse("dpop tok"), Some(Authorization::Dpop("tok")));
        assert_eq!(
            Authorization::parse("BEARER a.b-c_d~e+f/g=="),
            Some(Authorization::Bearer("a.b-c_d~e+f/g=="))
        );
        for header in
            ["", "DPoP", "DPoP ", "DPoP  tok", "DPoP tok ", "DPoP a b", "DPoP a,b", "DPoP =", "Digest tok"]
        {
            assert_eq!(Authorization::parse(header), None, "{header}");
        }
    }
}
