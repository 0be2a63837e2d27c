//! Identifiers: nothing panics, and what is accepted prints as it was read.

#![no_main]

use gatewright_protocol::syntax::{AtUri, Datetime, Did, Handle, Nsid, RecordKey, Tid, did_web_to_url};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(uri) = text.parse::<AtUri>() {
        assert_eq!(uri.as_str(), text);
        assert!(uri.did().is_some() || uri.handle().is_some());
        let _ = (uri.collection(), uri.record_key());
    }
    if let Ok(did) = text.parse::<Did>() {
        assert_eq!(did.as_str(), text);
        let _ = (did.method(), did.is_atproto());
    }
    if let Ok(handle) = text.parse::<Handle>() {
        assert_eq!(handle.as_str(), text.to_ascii_lowercase());
    }
    if let Ok(nsid) = text.parse::<Nsid>() {
        assert_eq!(nsid.as_str(), text);
        assert!(nsid.authority_lowercased().as_str().eq_ignore_ascii_case(text));
        let _ = (nsid.authority(), nsid.name());
    }
    if let Ok(tid) = text.parse::<Tid>() {
        let again = Tid::new(tid.micros(), tid.clock());
        assert!(again.as_str() == text || tid.micros() > Tid::LAST);
        assert!(tid.next().as_str() >= again.as_str());
    }
    if let Ok(datetime) = text.parse::<Datetime>() {
        let _ = datetime.unix();
    }
    let _ = (text.parse::<RecordKey>(), did_web_to_url(text));
});
