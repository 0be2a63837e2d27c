//! What second factors promise.

use super::fixture::*;
use super::{RACERS, Subject};
use crate::device::{ACCOUNT_PAGES, DeviceAccount};
use crate::factor::{Factor, FactorCreated, FactorKind, FactorUse, MOST, NewFactor, WaitingSignIn};
use crate::request::RequestId;

/// As it was kept, in its account only.
pub async fn a_factor_is_found_as_it_was_added(store: Subject) {
    let passkey = Factor {
        kind: FactorKind::Passkey,
        name: "Telephone".to_owned(),
        counter: 0,
        created_at: after(1),
        used_at: Some(after(2)),
        ..factor(1, 2)
    };
    create(&store, &factor(1, 1)).await;
    create(&store, &passkey).await;
    create(&store, &factor(2, 3)).await;
    assert_eq!(store.list_factors(&did(1)).await.expect("it reads"), [factor(1, 1), passkey.clone()]);
    assert_eq!(store.find_factor(passkey.id).await.expect("it reads"), Some(passkey));
    assert_eq!(store.find_factor(factor(1, 9).id).await.expect("it reads"), None);
    assert!(store.list_factors(&did(3)).await.expect("it reads").is_empty());
}

/// One TOTP and one e-mail factor, passkeys as many as there may be.
pub async fn factors_of_one_account_are_limited(store: Subject) {
    create(&store, &factor(1, 0)).await;
    assert_eq!(keep(&store, &factor(1, 1)).await, FactorCreated::Taken, "a second TOTP");
    let passkey = |number| Factor { kind: FactorKind::Passkey, ..factor(1, number) };
    for number in 1..MOST {
        create(&store, &passkey(number)).await;
    }
    let same = Factor { account: did(2), ..passkey(1) };
    assert_eq!(keep(&store, &same).await, FactorCreated::Taken, "a passkey of somebody else");
    assert_eq!(keep(&store, &passkey(MOST)).await, FactorCreated::TooMany);
    assert!(store.delete_factor(&did(1), passkey(1).id).await.expect("it writes"));
    create(&store, &passkey(MOST)).await;
}

/// A code is taken once: the counter grows with every use.
pub async fn a_factor_is_used_once_for_each_count(store: Subject) {
    create(&store, &factor(1, 1)).await;
    let used = async |counter, seconds| {
        let used = FactorUse { id: factor(1, 1).id, counter, sealed: None, at: after(seconds) };
        store.use_factor(used).await.expect("it answers")
    };
    assert!(!used(99, 1).await && !used(100, 1).await);
    assert!(used(101, 2).await);
    assert!(!used(101, 3).await && !used(0, 3).await);
    let expected = Factor { counter: 101, used_at: Some(after(2)), ..factor(1, 1) };
    assert_eq!(store.find_factor(expected.id).await.expect("it reads"), Some(expected));
    // One that counts nothing is used as often as one likes, and what it is checked with may change.
    create(&store, &Factor { kind: FactorKind::Passkey, counter: 0, ..factor(1, 2) }).await;
    for sealed in [None, Some(vec![1, 2, 3]), None] {
        let used = FactorUse { id: factor(1, 2).id, counter: 0, sealed, at: after(9) };
        assert!(store.use_factor(used).await.expect("it answers"));
    }
    let found = store.find_factor(factor(1, 2).id).await.expect("it reads").expect("it is there");
    assert_eq!(found.sealed, [1, 2, 3]);
    let gone = FactorUse { id: factor(1, 3).id, counter: 0, sealed: None, at: after(9) };
    assert!(!store.use_factor(gone).await.expect("it answers"));
}

/// One code, many who present it.
pub async fn uses_of_one_count_race_and_one_wins(store: Subject) {
    create(&store, &factor(1, 1)).await;
    let used = store
        .race(|store, _| async move {
            let used = FactorUse { id: factor(1, 1).id, counter: 101, sealed: None, at: NOW };
            store.use_factor(used).await.expect("it answers")
        })
        .await;
    assert_eq!(used.iter().filter(|won| **won).count(), 1);
}

/// Only its owner's, and recovery codes go with the last one.
pub async fn a_deleted_factor_is_gone(store: Subject) {
    create(&store, &factor(1, 1)).await;
    create(&store, &Factor { kind: FactorKind::Passkey, ..factor(1, 2) }).await;
    assert!(!store.delete_factor(&did(2), factor(1, 1).id).await.expect("it answers"));
    assert!(store.delete_factor(&did(1), factor(1, 1).id).await.expect("it writes"));
    assert!(!store.delete_factor(&did(1), factor(1, 1).id).await.expect("it answers"));
    assert_eq!(store.count_recovery_codes(&did(1)).await.expect("it reads"), 10);
    assert!(store.delete_factor(&did(1), factor(1, 2).id).await.expect("it writes"));
    assert_eq!(store.count_recovery_codes(&did(1)).await.expect("it reads"), 0);
}

/// Once each, in their account only, and new ones take their place.
pub async fn a_recovery_code_is_used_once(store: Subject) {
    create(&store, &factor(1, 1)).await;
    let consume = async |account, code| {
        store.consume_recovery_code(&did(account), one_time_code(code)).await.expect("it answers")
    };
    assert!(!consume(2, 1).await && !consume(1, 10).await);
    assert!(consume(1, 1).await);
    assert!(!consume(1, 1).await);
    assert_eq!(store.count_recovery_codes(&did(1)).await.expect("it reads"), 9);
    // A factor that is added without codes leaves them.
    let more = NewFactor {
        factor: Factor { kind: FactorKind::Passkey, ..factor(1, 2) },
        recovery_codes: Vec::new(),
        device: device_id(1),
    };
    assert_eq!(store.create_factor(more).await.expect("it writes"), FactorCreated::Created);
    assert_eq!(store.count_recovery_codes(&did(1)).await.expect("it reads"), 9);
    let new = vec![one_time_code(20), one_time_code(21)];
    assert!(store.replace_recovery_codes(&did(1), new.clone()).await.expect("it writes"));
    assert!(!consume(1, 2).await && consume(1, 20).await);
    assert!(!store.replace_recovery_codes(&did(2), new).await.expect("it answers"), "there is no factor");
    assert_eq!(store.count_recovery_codes(&did(2)).await.expect("it reads"), 0);
    let used = store
        .race(|store, _| async move {
            store.consume_recovery_code(&did(1), one_time_code(21)).await.expect("it answers")
        })
        .await;
    assert_eq!((used.len(), used.iter().filter(|won| **won).count()), (RACERS, 1));
}

/// In its browser, for its request, in its time, and not for ever.
pub async fn a_sign_in_waits_for_its_factor(store: Subject) {
    for number in [1, 2] {
        store.create_device(device(number)).await.expect("it writes");
    }
    store.create_account(account(1)).await.expect("it writes");
    assert!(!wait(&store, waiting_sign_in(9, 1)).await, "there is no such device");
    let wrong = store.await_factor(waiting_sign_in(1, 1), Some(password(2))).await;
    assert!(!wrong.expect("it answers"), "another password");
    assert!(store.await_factor(waiting_sign_in(1, 1), Some(password(1))).await.expect("it writes"));
    let find = async |device, request, seconds| {
        let found =
            store.find_waiting_sign_in(&device_id(device), &request_id(request), after(seconds)).await;
        found.expect("it reads")
    };
    assert_eq!(find(1, 1, 299).await, Some(waiting_sign_in(1, 1)));
    assert_eq!(find(1, 1, 300).await, None);
    assert_eq!(find(2, 1, 1).await, None);
    assert_eq!(find(1, 2, 1).await, None);
    let attempt = async |seconds| {
        let tried = store.try_waiting_sign_in(&device_id(1), &request_id(1), 3, after(seconds)).await;
        tried.expect("it answers").map(|waiting| waiting.tries)
    };
    for tries in [Some(1), Some(2), Some(3), None] {
        assert_eq!(attempt(1).await, tries);
    }
    assert_eq!(find(1, 1, 1).await, None, "it was tried too often");
    // Another password begins anew, and after its time it is tried no more.
    assert!(wait(&store, waiting_sign_in(1, 2)).await);
    assert_eq!(find(1, 1, 1).await.map(|waiting| waiting.account), Some(did(2)));
    assert_eq!(attempt(300).await, None);
    assert_eq!(find(1, 1, 1).await, None);
}

/// One atomic step: nothing waits any more, and the account is signed in.
pub async fn a_factor_completes_its_sign_in_once(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    let complete = async |waiting: &WaitingSignIn, seconds| {
        store.complete_waiting_sign_in(waiting, secret(11), after(seconds)).await.expect("it answers")
    };
    let once = WaitingSignIn { remember: false, ..waiting_sign_in(1, 1) };
    assert!(!complete(&once, 1).await, "nothing waits");
    assert!(wait(&store, once.clone()).await);
    assert!(!complete(&waiting_sign_in(1, 2), 1).await, "another account");
    assert!(!complete(&once, 300).await, "its time is over");
    assert_eq!(store.find_device(&device_id(1)).await.expect("it reads"), Some(device(1)), "nothing changed");
    assert!(complete(&once, 2).await);
    assert!(!complete(&once, 2).await);
    let signed_in = DeviceAccount {
        request: Some(request_id(1)),
        signed_in_at: after(2),
        proven_at: after(2),
        ..sign_in(1, 1)
    };
    let listed = store.list_device_accounts(&device_id(1), Some(&request_id(1))).await.expect("it reads");
    assert_eq!(listed, [signed_in]);
    let device = store.find_device(&device_id(1)).await.expect("it reads").expect("it is known");
    assert_eq!((device.secret, device.previous_secret), (secret(11), None));
    // On the account pages, remembered.
    let pages = RequestId(ACCOUNT_PAGES.to_owned());
    let own = WaitingSignIn { request: pages, ..waiting_sign_in(1, 2) };
    assert!(wait(&store, own.clone()).await && complete(&own, 3).await);
    let listed = store.list_device_accounts(&device_id(1), None).await.expect("it reads");
    assert_eq!(listed, [DeviceAccount { signed_in_at: after(3), proven_at: after(3), ..sign_in(1, 2) }]);
    // For a request that is gone, nobody signs in.
    assert!(wait(&store, once.clone()).await);
    store.delete_request(&request_id(1)).await.expect("it writes");
    assert!(!complete(&once, 4).await);
}

/// AS-62: whoever replaces a password ends what was begun with the old one.
pub async fn a_new_password_ends_what_waits(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    store.create_account(account(1)).await.expect("it writes");
    create(&store, &factor(1, 1)).await;
    assert!(store.await_factor(waiting_sign_in(1, 1), Some(password(1))).await.expect("it writes"));
    assert!(store.replace_password(&did(1), password(5)).await.expect("it writes"));
    let completed = store.complete_waiting_sign_in(&waiting_sign_in(1, 1), secret(11), after(1)).await;
    assert!(!completed.expect("it answers"));
    assert_eq!(store.list_factors(&did(1)).await.expect("it reads"), [factor(1, 1)], "factors stay");
    assert_eq!(store.count_recovery_codes(&did(1)).await.expect("it reads"), 10);
}

/// On one device, for as long as no factor is added elsewhere.
pub async fn an_account_proves_itself_on_a_device(store: Subject) {
    for number in [1, 2] {
        store.create_device(device(number)).await.expect("it writes");
        assert!(store.sign_in_device(sign_in(number, 1), None, None).await.expect("it writes"));
    }
    assert!(!store.prove_device(&device_id(1), &did(2), after(5)).await.expect("it answers"));
    assert!(store.prove_device(&device_id(2), &did(1), after(5)).await.expect("it writes"));
    let proven = async |number| {
        let listed = store.list_device_accounts(&device_id(number), None).await.expect("it reads");
        listed.first().map(|sign_in| (sign_in.signed_in_at, sign_in.proven_at)).expect("it is signed in")
    };
    assert_eq!(proven(1).await, (NOW, NOW));
    assert_eq!(proven(2).await, (NOW, after(5)));
    create(&store, &factor(1, 1)).await;
    assert_eq!(proven(1).await, (NOW, NOW), "where it was added");
    assert_eq!(proven(2).await.1.millis(), 0);
}

/// With everything else of it.
pub async fn a_deleted_account_leaves_no_factor(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    for number in [1, 2] {
        create(&store, &factor(number, number)).await;
    }
    assert!(wait(&store, waiting_sign_in(1, 1)).await);
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    assert!(store.list_factors(&did(1)).await.expect("it reads").is_empty());
    assert_eq!(store.count_recovery_codes(&did(1)).await.expect("it reads"), 0);
    let waiting = store.find_waiting_sign_in(&device_id(1), &request_id(1), NOW).await.expect("it reads");
    assert_eq!(waiting, None);
    assert_eq!(store.list_factors(&did(2)).await.expect("it reads"), [factor(2, 2)]);
}

async fn keep(store: &Subject, factor: &Factor) -> FactorCreated {
    let recovery_codes = (0..10).map(one_time_code).collect();
    let new = NewFactor { factor: factor.clone(), recovery_codes, device: device_id(1) };
    store.create_factor(new).await.expect("it answers")
}

async fn create(store: &Subject, factor: &Factor) {
    assert_eq!(keep(store, factor).await, FactorCreated::Created);
}

async fn wait(store: &Subject, waiting: WaitingSignIn) -> bool {
    store.await_factor(waiting, None).await.expect("it answers")
}
