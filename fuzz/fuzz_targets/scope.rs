//! Scopes: nothing panics, and a normal form is a fixed point.

#![no_main]

use gatewright_protocol::scope::{Permission, Permissions, Scopes, Syntax, sentences};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Syntax::parse(text);
    if let Ok(permission) = text.parse::<Permission>() {
        let normal = permission.to_string();
        let again: Permission = normal.parse().expect("a normal form parses");
        assert_eq!(again.to_string(), normal);
        assert!(Scopes::from_tokens([&normal]).is_ok());
        assert!(!sentences(&permission).is_empty());
        let held: Permissions = [normal.as_str()].into_iter().collect();
        for need in permission.needs() {
            // What a scope needs of a request it grants; but a pattern of media types is no media type.
            assert!(held.allows(&need) || permission.resource() == "blob");
        }
    }
    if let Ok(scopes) = text.parse::<Scopes>() {
        assert_eq!(scopes.normalized().normalized(), scopes.normalized());
        assert!(scopes.known().is_subset(&scopes));
    }
});
