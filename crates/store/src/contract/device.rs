//! What devices promise.

use super::Subject;
use super::fixture::*;
use crate::StoreError;
use crate::device::{Device, DeviceAccount};

/// AS-36: whoever has an old secret cannot rotate.
pub async fn a_secret_is_rotated_only_from_the_current_one(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    assert_eq!(store.find_device(&device_id(1)).await.expect("it reads"), Some(device(1)));
    let fingerprint = bytes("fingerprint", 9);
    let rotate = |old, new, now| {
        let store = store.clone();
        let place = Some("198.51.100.0/24".to_owned());
        async move {
            store.rotate_device(&device_id(1), &secret(old), &secret(new), fingerprint, place, now).await
        }
    };
    assert!(rotate(1, 11, after(300)).await.expect("it writes"));
    assert!(!rotate(1, 12, after(301)).await.expect("it answers"), "an old secret was rotated");
    let rotated = Device {
        secret: secret(11),
        previous_secret: Some(secret(1)),
        rotated_at: after(300),
        seen_at: after(300),
        fingerprint,
        place: Some("198.51.100.0/24".to_owned()),
        ..device(1)
    };
    assert_eq!(store.find_device(&device_id(1)).await.expect("it reads"), Some(rotated));
    assert!(store.create_device(device(1)).await.is_err(), "two devices of one name");
}

/// AS-37: a sign-in that is not remembered is good for its request.
pub async fn a_sign_in_is_listed_for_its_request_only(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    let once = DeviceAccount {
        request: Some(request_id(1)),
        signed_in_at: after(5),
        proven_at: after(5),
        ..sign_in(1, 2)
    };
    assert!(store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes"));
    assert!(store.sign_in_device(once.clone(), None, Some(secret(11))).await.expect("it writes"));
    let listed = |request: Option<usize>| {
        let store = store.clone();
        async move {
            let request = request.map(request_id);
            store.list_device_accounts(&device_id(1), request.as_ref()).await.expect("it reads")
        }
    };
    assert_eq!(listed(None).await, [sign_in(1, 1)]);
    assert_eq!(listed(Some(2)).await, [sign_in(1, 1)]);
    assert_eq!(listed(Some(1)).await, [once, sign_in(1, 1)], "newest first");
    let device = store.find_device(&device_id(1)).await.expect("it reads").expect("it is known");
    assert_eq!(
        (device.secret, device.previous_secret),
        (secret(11), None),
        "the secret before a sign-in is over"
    );
    assert_eq!((device.rotated_at, device.seen_at), (after(5), after(5)));
    assert!(
        !store.sign_in_device(sign_in(9, 1), None, None).await.expect("it answers"),
        "there is no such device"
    );
    assert!(!store.sign_in_device(sign_in(9, 1), None, Some(secret(12))).await.expect("it answers"));
}

/// AS-62, whichever comes first: who proved a password that was replaced since is not signed in.
pub async fn a_password_that_was_replaced_signs_nobody_in(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    store.create_device(device(1)).await.expect("it writes");
    let prove = |proven, secret| {
        let store = store.clone();
        async move {
            let done = store.sign_in_device(sign_in(1, 1), Some(password(proven)), Some(secret)).await;
            done.expect("it answers")
        }
    };
    let signed_in =
        || async { store.list_device_accounts(&device_id(1), None).await.expect("it reads").len() };
    assert!(prove(1, secret(11)).await);
    assert!(store.replace_password(&did(1), password(9)).await.expect("it writes"));
    assert_eq!(signed_in().await, 0, "the new password ends the sign-in");
    assert!(!prove(1, secret(12)).await, "the sign-in comes after the new password");
    assert_eq!(signed_in().await, 0);
    let known = store.find_device(&device_id(1)).await.expect("it reads").expect("it is known");
    assert_eq!(known.secret, secret(11), "nothing was changed");
    assert!(prove(9, secret(13)).await);
    assert_eq!(signed_in().await, 1);
    // Of an account that is kept elsewhere there is no password here that anybody could have proven.
    let elsewhere = store.sign_in_device(sign_in(1, 2), Some(password(2)), None).await;
    assert!(!elsewhere.expect("it answers"));
}

/// The same account and request, later.
pub async fn signing_in_again_takes_the_place_of_the_earlier(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    let later = DeviceAccount { signed_in_at: after(60), proven_at: after(60), ..sign_in(1, 1) };
    assert!(store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes"));
    assert!(store.sign_in_device(later.clone(), None, None).await.expect("it writes"));
    assert_eq!(store.list_device_accounts(&device_id(1), None).await.expect("it reads"), [later]);
}

/// And takes the account's own sign-ins for a request along.
pub async fn signing_out_leaves_other_accounts(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    let once = DeviceAccount { request: Some(request_id(1)), ..sign_in(1, 1) };
    for sign_in in [sign_in(1, 1), once, sign_in(1, 2)] {
        assert!(store.sign_in_device(sign_in, None, None).await.expect("it writes"));
    }
    store.sign_out_device(&device_id(1), &did(1)).await.expect("it writes");
    let left = store.list_device_accounts(&device_id(1), Some(&request_id(1))).await.expect("it reads");
    assert_eq!(left, [sign_in(1, 2)]);
}

/// Nobody is signed in on a device that is no more.
pub async fn a_deleted_device_takes_its_sign_ins_along(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes");
    store.delete_device(&device_id(1)).await.expect("it writes");
    assert_eq!(store.find_device(&device_id(1)).await.expect("it reads"), None);
    store.create_device(device(1)).await.expect("it writes");
    assert!(store.list_device_accounts(&device_id(1), None).await.expect("it reads").is_empty());
}

/// The one that came last first.
pub async fn devices_are_listed_where_an_account_is_remembered(store: Subject) {
    for number in 1..=4 {
        store.create_device(device(number)).await.expect("it writes");
    }
    store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes");
    let later = DeviceAccount { signed_in_at: after(60), ..sign_in(2, 1) };
    store.sign_in_device(later, None, Some(secret(12))).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    let once = DeviceAccount { request: Some(request_id(1)), ..sign_in(3, 1) };
    store.sign_in_device(once, None, None).await.expect("it writes");
    store.sign_in_device(sign_in(4, 2), None, None).await.expect("it writes");
    let listed = store.list_devices(&did(1)).await.expect("it reads");
    let ids: Vec<_> = listed.into_iter().map(|device| device.id).collect();
    assert_eq!(ids, [device_id(2), device_id(1)]);
}

/// For the page on which people look after their devices: what is not remembered is listed too.
pub async fn sec_71_every_sign_in_of_an_account_is_listed(store: Subject) {
    for number in 1..=3 {
        store.create_device(device(number)).await.expect("it writes");
    }
    let once = DeviceAccount { request: Some(request_id(1)), signed_in_at: after(60), ..sign_in(1, 1) };
    for sign_in in [sign_in(1, 1), once.clone(), DeviceAccount { signed_in_at: after(30), ..sign_in(2, 1) }] {
        store.sign_in_device(sign_in, None, None).await.expect("it writes");
    }
    store.sign_in_device(sign_in(3, 2), None, None).await.expect("it writes");
    let listed = store.list_sign_ins(&did(1)).await.expect("it reads");
    let expected = [once, DeviceAccount { signed_in_at: after(30), ..sign_in(2, 1) }, sign_in(1, 1)];
    assert_eq!(listed, expected);
}

/// Each other device counts once, however often the account signed in there.
pub async fn sec_71_signing_out_elsewhere_leaves_this_device(store: Subject) {
    for number in 1..=3 {
        store.create_device(device(number)).await.expect("it writes");
        store.sign_in_device(sign_in(number, 1), None, None).await.expect("it writes");
        store.sign_in_device(sign_in(number, 2), None, None).await.expect("it writes");
    }
    let once = DeviceAccount { request: Some(request_id(1)), ..sign_in(2, 1) };
    store.sign_in_device(once, None, None).await.expect("it writes");
    assert_eq!(store.sign_out_elsewhere(&device_id(1), &did(1)).await.expect("it writes"), 2);
    assert_eq!(store.list_sign_ins(&did(1)).await.expect("it reads"), [sign_in(1, 1)]);
    assert_eq!(store.list_sign_ins(&did(2)).await.expect("it reads").len(), 3, "another account stays");
    assert_eq!(store.sign_out_elsewhere(&device_id(1), &did(1)).await.expect("it writes"), 0);
}

/// Whoever opens a page gets a device, so there is an end to it.
pub async fn sec_72_devices_are_limited(store: Subject) {
    for number in 0..100 {
        store.create_device(device(number)).await.expect("there is room");
    }
    let refused = store.create_device(device(100)).await;
    assert!(matches!(refused, Err(StoreError::Full { what: "devices", .. })), "{refused:?}");
    assert!(
        store.find_device(&device_id(0)).await.expect("it reads").is_some(),
        "nothing was forgotten for it"
    );
    store.delete_device(&device_id(0)).await.expect("it writes");
    store.create_device(device(100)).await.expect("there is room again");
}

/// Two windows of one browser.
pub async fn rotations_of_one_secret_race_and_one_wins(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    let rotated = store
        .race(|store, racer| async move {
            let new = secret(1000 + racer);
            let rotated = store.rotate_device(&device_id(1), &secret(1), &new, [0; 32], None, NOW).await;
            rotated.expect("it answers")
        })
        .await;
    assert_eq!(rotated.iter().filter(|won| **won).count(), 1);
}
