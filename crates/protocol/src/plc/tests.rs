use std::time::Duration;

use serde_json::json;

use super::*;
use crate::crypto::{Curve, PrivateKey};
use crate::syntax::Development;
use crate::time::UnixTime;

const START: UnixTime = UnixTime::from_seconds(1_750_000_000);

fn key(seed: u8) -> PrivateKey {
    let curve = if seed.is_multiple_of(2) { Curve::K256 } else { Curve::P256 };
    PrivateKey::from_bytes(curve, &[seed; 32]).unwrap()
}

fn did_key(seed: u8) -> String {
    key(seed).public().to_did_key()
}

/// Keys 1 and 2 may change it, 1 is the mightier.
fn state(handle: &str) -> State {
    State {
        rotation_keys: vec![did_key(1), did_key(2)],
        verification_methods: [("atproto".to_owned(), did_key(4))].into(),
        also_known_as: vec![format!("at://{handle}")],
        services: [(
            "atproto_pds".to_owned(),
            Service {
                kind: "AtprotoPersonalDataServer".to_owned(),
                endpoint: "https://pds.social".to_owned(),
            },
        )]
        .into(),
    }
}

fn log_of_one() -> (Did, Vec<Entry>) {
    let (did, operation) = genesis(state("alice.test"), &key(1));
    check_genesis(&did, &operation).unwrap();
    (did, vec![Entry::new(operation, START)])
}

fn after(entry: &Entry, seed: u8) -> Operation {
    Operation::update(state("bob.test"), Some(&entry.cid), &key(seed))
}

fn hours(hours: u64) -> UnixTime {
    START.plus(Duration::from_hours(hours))
}

#[test]
fn operations_are_objects() {
    let operation = Operation::update(state("alice.test"), None, &key(1));
    let good = serde_json::to_value(&operation).unwrap();
    let read = |value: &serde_json::Value| crate::json::from_slice::<Operation>(value.to_string().as_bytes());
    assert_eq!(read(&good).unwrap(), operation);
    let mut list = good.clone();
    let service = &mut list["services"]["atproto_pds"];
    assert!(service["endpoint"].is_string());
    *service = json!([service["type"], service["endpoint"]]);
    assert!(read(&list).is_err());
    assert!(read(&json!(["plc_operation", good])).is_err());
    assert!(read(&json!(["plc_tombstone", "prev", "sig"])).is_err());
}

/// Two operations that the public directory's own test data signs and names.
#[test]
fn operations_of_the_public_directory_check() {
    let operation = |value| serde_json::from_value::<Operation>(value).unwrap();
    let first = operation(json!({
        "sig": "IypAT0szH_8Ygl7QrnXZrxemIcg_RkW_GyYbjih_9BEe5DRGgLxmQGeWsvB0TfDqm50c0xB8mGraOf25IA25qA",
        "prev": null, "type": "plc_operation", "services": {}, "alsoKnownAs": ["at://op0"],
        "rotationKeys": [
            "did:key:zQ3shhiASLv8GN7ob3iWqsAxP7nE95LUPWsNEb2jTfW7e2yCt",
            "did:key:zQ3shsnWCW7HC7bYVnRcY5XxQpKArfafpB5S39DoqTkexuiTu"
        ],
        "verificationMethods": {}
    }));
    let second = operation(json!({
        "sig": "eabKT5-1i2MW8Z7iWXHp2tlEYn1y6HmbuHexP-fgOzQq6RuNBGlWWOjMygxl8BK98FCNU8wvX9eWkM-soBrfow",
        "prev": "bafyreiadih3ot3zecxp3yghygj2mwxh3szrrifwer2z4iodazbrtuvmmgm",
        "type": "plc_operation", "services": {}, "alsoKnownAs": ["at://op1"],
        "rotationKeys": [
            "did:key:zQ3shXPgp1NrzoXSpa7YTn9ZFUVco39X8ygph16Bj6Ku4NJd2",
            "did:key:zQ3shd4eC3ykuq1GfpuyosoBLSX3JASu9qFXggqWGWwH9MXg6"
        ],
        "verificationMethods": {}
    }));
    check_genesis(&"did:plc:ana7n2ppeqk57pay7azhjs24".parse().unwrap(), &first).unwrap();
    assert_eq!(first.cid().to_string(), "bafyreiadih3ot3zecxp3yghygj2mwxh3szrrifwer2z4iodazbrtuvmmgm");
    assert_eq!(second.cid().to_string(), "bafyreieshd5ujokbnxfzqmaoyimbdsiuwklji2st7ffga2vkhsozxn324u");
    assert_eq!(check_next(&[Entry::new(first, START)], &second, START), Ok(Vec::new()));
}

#[test]
fn a_genesis_makes_its_did_and_no_other() {
    let (did, operation) = genesis(state("alice.test"), &key(2));
    assert!(did.is_atproto());
    check_genesis(&did, &operation).unwrap();
    let (other, by_other) = genesis(state("alice.test"), &key(9));
    assert_eq!(check_genesis(&other, &operation), Err(PlcError::OtherDid));
    assert_eq!(check_genesis(&other, &by_other), Err(PlcError::NotAuthorized));
}

#[test]
fn operations_print_as_they_are_read() {
    let (_, log) = log_of_one();
    let tombstone = Operation::tombstone(&log[0].cid, &key(1));
    for operation in [log[0].operation.clone(), after(&log[0], 1), tombstone] {
        let json = serde_json::to_value(&operation).unwrap();
        assert!(json["type"].is_string() && json["sig"].is_string());
        let read: Operation = serde_json::from_value(json).unwrap();
        assert_eq!(read.cid(), operation.cid());
        assert_eq!(read, operation);
    }
    assert_eq!(serde_json::to_value(&log[0].operation).unwrap()["prev"], json!(null));
}

#[test]
fn a_changed_operation_is_not_the_signed_one() {
    let (_, log) = log_of_one();
    let mut json = serde_json::to_value(after(&log[0], 1)).unwrap();
    json["alsoKnownAs"] = json!(["at://mallory.test"]);
    let changed: Operation = serde_json::from_value(json).unwrap();
    assert_eq!(check_next(&log, &changed, START), Err(PlcError::NotAuthorized));
}

#[test]
fn only_rotation_keys_of_the_operation_before_go_on() {
    let (_, mut log) = log_of_one();
    assert_eq!(check_next(&log, &after(&log[0], 3), START), Err(PlcError::NotAuthorized));
    let moved = State { rotation_keys: vec![did_key(5)], ..state("alice.test") };
    let next = Operation::update(moved, Some(&log[0].cid), &key(2));
    assert_eq!(check_next(&log, &next, START), Ok(Vec::new()));
    log.push(Entry::new(next, START));
    assert_eq!(check_next(&log, &after(&log[1], 2), START), Err(PlcError::NotAuthorized));
    assert_eq!(check_next(&log, &after(&log[1], 5), START), Ok(Vec::new()));
    assert_eq!(current(&log).unwrap().rotation_keys, [did_key(5)]);
}

#[test]
fn an_operation_follows_one_of_the_log() {
    let (_, log) = log_of_one();
    let (_, elsewhere) = genesis(state("carol.test"), &key(1));
    let stray = Operation::update(state("bob.test"), Some(&elsewhere.cid()), &key(1));
    assert_eq!(check_next(&log, &stray, START), Err(PlcError::OutOfPlace));
    assert_eq!(check_next(&log, &elsewhere, START), Err(PlcError::OutOfPlace));
    assert_eq!(check_genesis(&did_of(&stray), &stray), Err(PlcError::OutOfPlace));
}

#[test]
fn the_mightier_key_undoes_within_72_hours() {
    let (_, mut log) = log_of_one();
    log.push(Entry::new(after(&log[0], 2), hours(1)));
    log.push(Entry::new(after(&log[1], 2), hours(2)));
    let undo = after(&log[0], 1);
    let undone = vec![log[1].cid, log[2].cid];
    assert_eq!(check_next(&log, &undo, hours(73)), Ok(undone));
    assert_eq!(check_next(&log, &undo, hours(73).plus(Duration::from_millis(1))), Err(PlcError::Late));
    // Neither the same key nor a lesser one.
    assert_eq!(check_next(&log, &after(&log[0], 2), hours(3)), Err(PlcError::NotAuthorized));
    log[1] = Entry::new(after(&log[0], 1), hours(1));
    log.truncate(2);
    assert_eq!(check_next(&log, &after(&log[0], 2), hours(3)), Err(PlcError::NotAuthorized));
}

#[test]
fn what_was_undone_does_not_count() {
    let (_, mut log) = log_of_one();
    log.push(Entry { nullified: true, ..Entry::new(after(&log[0], 2), hours(1)) });
    assert_eq!(current(&log).unwrap().also_known_as, ["at://alice.test"]);
    assert_eq!(check_next(&log, &after(&log[1], 1), hours(2)), Err(PlcError::OutOfPlace));
    assert_eq!(check_next(&log, &after(&log[0], 2), hours(2)), Ok(Vec::new()));
}

#[test]
fn a_tombstone_ends_it_unless_it_is_undone() {
    let (_, mut log) = log_of_one();
    let tombstone = Operation::tombstone(&log[0].cid, &key(2));
    assert_eq!(check_next(&log, &tombstone, hours(1)), Ok(Vec::new()));
    log.push(Entry::new(tombstone, hours(1)));
    assert_eq!(current(&log), None);
    assert_eq!(check_next(&log, &after(&log[1], 1), hours(2)), Err(PlcError::OutOfPlace));
    assert_eq!(check_next(&log, &after(&log[0], 1), hours(2)), Ok(vec![log[1].cid]));
}

#[test]
fn limits_hold() {
    let refused = |change: fn(&mut State)| {
        let mut state = state("alice.test");
        change(&mut state);
        let (did, operation) = genesis(state, &key(1));
        assert!(matches!(check_genesis(&did, &operation), Err(PlcError::Invalid(_))), "{operation:?}");
    };
    refused(|state| state.rotation_keys.clear());
    refused(|state| state.rotation_keys.push(did_key(1)));
    refused(|state| state.rotation_keys.extend([3, 4, 5, 6].map(did_key)));
    refused(|state| {
        state.rotation_keys.push("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned());
    });
    refused(|state| state.also_known_as = vec!["at://a.test".to_owned(); 11]);
    refused(|state| state.also_known_as = vec!["a".repeat(259)]);
    refused(|state| _ = state.verification_methods.insert("x".to_owned(), "key".to_owned()));
    refused(|state| _ = state.verification_methods.insert("x".repeat(33), did_key(1)));
    refused(|state| state.services.values_mut().for_each(|service| service.endpoint = "x".repeat(513)));
    refused(|state| {
        state.also_known_as = vec!["a".repeat(258); 10];
        let key = format!("did:key:z{}", "x".repeat(240));
        state.verification_methods = (0..9).map(|number| (number.to_string(), key.clone())).collect();
    });
}

#[test]
fn a_legacy_genesis_is_read() {
    let json = json!({
        "type": "create", "signingKey": did_key(4), "recoveryKey": did_key(2), "handle": "alice.test",
        "service": "pds.social", "prev": null, "sig": "AA"
    });
    let operation: Operation = serde_json::from_value(json).unwrap();
    let state = operation.state().unwrap();
    assert_eq!(state.rotation_keys, [did_key(2), did_key(4)]);
    assert_eq!(state.also_known_as, ["at://alice.test"]);
    assert_eq!(state.services["atproto_pds"].endpoint, "https://pds.social");
    assert_eq!(check_genesis(&did_of(&operation), &operation), Err(PlcError::NotAuthorized));
}

#[test]
fn the_document_says_what_the_state_says() {
    let (did, log) = log_of_one();
    let state = current(&log).unwrap();
    let rendered = document(&did, &state);
    assert_eq!(rendered.handle().unwrap().as_str(), "alice.test");
    assert_eq!(rendered.pds(Development::Refused).as_deref(), Some("https://pds.social"));
    assert_eq!(rendered.signing_key().as_ref(), Some(key(4).public()));
    assert_eq!(DidDocument::from_value(&did, &rendered.to_json()).unwrap(), rendered);
    assert_eq!(data(&did, &state)["rotationKeys"], json!([did_key(1), did_key(2)]));
    assert_eq!(data(&did, &state)["did"], did.as_str());
}
