//! What accounts promise.

use super::fixture::*;
use super::{RACERS, Subject};
use crate::account::{AccountCreated, AccountStatus, HandleReplaced};
use crate::request::CodeExchanged;

/// An account is found by its DID, handle and address, and its password and key are found by its DID.
pub async fn an_account_is_found_by_all_its_names(store: Subject) {
    let mut new = account(1);
    assert_eq!(store.find_account(&did(1)).await.expect("it reads"), None);
    assert_eq!(store.create_account(new.clone()).await.expect("it writes"), AccountCreated::Created);
    new.account.email = Some("P1@Example.COM".to_lowercase());
    let account = Some(new.account.clone());
    assert_eq!(store.find_account(&did(1)).await.expect("it reads"), account);
    assert_eq!(store.find_account_by_handle(&new.account.handle).await.expect("it reads"), account);
    assert_eq!(store.find_account_by_email("P1@Example.COM").await.expect("it reads"), account);
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), new.password);
    assert_eq!(store.find_signing_key(&did(1)).await.expect("it reads"), new.sealed_signing_key);
    assert_eq!(store.find_account(&did(2)).await.expect("it reads"), None);
    assert_eq!(store.find_password(&did(2)).await.expect("it reads"), None);
}

/// A name that is taken is named, and the account that has it keeps it.
pub async fn what_is_taken_is_refused_and_changes_nothing(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    let mut same_did = account(2);
    same_did.account.did = did(1);
    assert_eq!(store.create_account(same_did).await.expect("it answers"), AccountCreated::DidTaken);
    let mut same_handle = account(2);
    same_handle.account.handle = account(1).account.handle;
    assert_eq!(store.create_account(same_handle).await.expect("it answers"), AccountCreated::HandleTaken);
    let mut same_email = account(2);
    same_email.account.email = Some("P1@EXAMPLE.com".to_owned());
    assert_eq!(store.create_account(same_email).await.expect("it answers"), AccountCreated::EmailTaken);
    assert_eq!(store.find_account(&did(2)).await.expect("it reads"), None);
    assert_eq!(store.find_account_by_email("p2@example.com").await.expect("it reads"), None);
    assert_eq!(store.create_account(account(2)).await.expect("it writes"), AccountCreated::Created);
    let without = |number| {
        let mut new = account(number);
        new.account.email = None;
        new
    };
    assert_eq!(store.create_account(without(3)).await.expect("it writes"), AccountCreated::Created);
    assert_eq!(store.create_account(without(4)).await.expect("it writes"), AccountCreated::Created);
}

/// Pages follow each other without gap.
pub async fn accounts_are_listed_in_the_order_of_their_dids(store: Subject) {
    for number in [3, 1, 5, 2, 4] {
        store.create_account(account(number)).await.expect("it writes");
    }
    let dids =
        |accounts: Vec<crate::account::Account>| accounts.into_iter().map(|it| it.did).collect::<Vec<_>>();
    assert_eq!(dids(store.list_accounts(None, 2).await.expect("it reads")), [did(1), did(2)]);
    assert_eq!(
        dids(store.list_accounts(Some(&did(2)), 9).await.expect("it reads")),
        [did(3), did(4), did(5)]
    );
    assert!(store.list_accounts(Some(&did(5)), 9).await.expect("it reads").is_empty());
}

/// AS-62: whoever knew the old password is out everywhere.
pub async fn a_new_password_ends_codes_tokens_and_sign_ins(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
        store.create_device(device(number)).await.expect("it writes");
        assert!(store.sign_in_device(sign_in(number, number), None, None).await.expect("it writes"));
        grant(&store, number).await;
    }
    approve_another(&store, 3, 1).await;
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some());
    assert!(store.replace_password(&did(1), password(9)).await.expect("it writes"));
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), Some(password(9)));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.find_token_by_refresh(&refresh(1, 0)).await.expect("it reads").is_none());
    assert!(store.list_device_accounts(&device_id(1), None).await.expect("it reads").is_empty());
    let late = store.exchange_code(&code(3), token(3).into()).await.expect("it answers");
    assert!(matches!(late, CodeExchanged::Unknown), "a code outlived the password: {late:?}");
    assert!(store.find_token(token_id(2)).await.expect("it reads").is_some(), "another account's token");
    assert_eq!(store.list_device_accounts(&device_id(2), None).await.expect("it reads").len(), 1);
    assert!(!store.replace_password(&did(7), password(9)).await.expect("it answers"));
}

/// AS-62: an approval that was on its way when the password was replaced is none.
pub async fn a_new_password_ends_open_requests_where_the_account_is_signed_in(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
        store.create_device(device(number)).await.expect("it writes");
        assert!(store.sign_in_device(sign_in(number, number), None, None).await.expect("it writes"));
        store.create_request(request(number), NOW.plus(DAY)).await.expect("it is kept");
        let opened = store.open_request(&request_id(number), &device_id(number), NOW, after(300)).await;
        opened.expect("it opens");
    }
    assert!(store.replace_password(&did(1), password(9)).await.expect("it writes"));
    for (number, goes_on) in [(1, false), (2, true)] {
        let stage = approved(number);
        let approved = store.approve_request(&request_id(number), &device_id(number), stage, None, NOW).await;
        assert_eq!(approved.expect("it answers"), goes_on, "{number}");
    }
}

/// Better parameters for the same password are nobody's loss.
pub async fn a_new_hash_of_the_same_password_ends_nothing(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    grant(&store, 1).await;
    assert!(store.rehash_password(&did(1), &password(1), password(9)).await.expect("it writes"));
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), Some(password(9)));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some());
    assert!(!store.rehash_password(&did(2), &password(2), password(9)).await.expect("it answers"));
}

/// AS-62, whichever comes first: a hash that was on its way never brings the old password back.
pub async fn a_new_hash_never_brings_a_replaced_password_back(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
    }
    assert!(store.replace_password(&did(1), password(8)).await.expect("it writes"));
    assert!(!store.rehash_password(&did(1), &password(1), password(9)).await.expect("it answers"));
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), Some(password(8)));
    assert!(store.rehash_password(&did(2), &password(2), password(9)).await.expect("it writes"));
    assert!(store.replace_password(&did(2), password(8)).await.expect("it writes"));
    assert_eq!(store.find_password(&did(2)).await.expect("it reads"), Some(password(8)));
}

/// AS-62: taken down or put to rest.
pub async fn an_account_that_may_not_act_has_no_tokens(store: Subject) {
    for (number, status) in [(1, AccountStatus::TakenDown), (2, AccountStatus::Deactivated)] {
        store.create_account(account(number)).await.expect("it writes");
        grant(&store, number).await;
        assert!(store.find_account(&did(number)).await.expect("it reads").is_some());
        assert!(store.set_account_status(&did(number), status).await.expect("it writes"));
        assert!(store.find_token(token_id(number)).await.expect("it reads").is_none());
        let account = store.find_account(&did(number)).await.expect("it reads").expect("it exists");
        assert_eq!(account.status, status);
    }
    grant(&store, 3).await;
    store.create_account(account(3)).await.expect("it writes");
    assert!(store.set_account_status(&did(3), AccountStatus::Active).await.expect("it writes"));
    assert!(
        store.find_token(token_id(3)).await.expect("it reads").is_some(),
        "an active account keeps its tokens"
    );
    assert!(!store.set_account_status(&did(9), AccountStatus::Active).await.expect("it answers"));
}

/// What its owner decides counts only where nobody decided otherwise meanwhile.
pub async fn a_status_changes_only_from_the_one_that_was_seen(store: Subject) {
    use AccountStatus::{Active, Deactivated, TakenDown};
    store.create_account(account(1)).await.expect("it writes");
    grant(&store, 1).await;
    assert!(!store.change_account_status(&did(1), Deactivated, Active).await.expect("it answers"));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some(), "nothing was changed");
    assert!(store.change_account_status(&did(1), Active, Deactivated).await.expect("it writes"));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none(), "put to rest");
    assert!(store.set_account_status(&did(1), TakenDown).await.expect("it writes"));
    assert!(!store.change_account_status(&did(1), Deactivated, Active).await.expect("it answers"));
    let found = store.find_account(&did(1)).await.expect("it reads").expect("it exists");
    assert_eq!(found.status, TakenDown);
    assert!(!store.change_account_status(&did(9), Active, Deactivated).await.expect("it answers"));
}

/// The former handle is free at once, and one that is taken changes nothing.
pub async fn a_handle_is_replaced_in_one_step(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
    }
    let former = account(1).account.handle;
    let new = "other.example.com".parse().expect("a handle");
    let replace =
        async |number, handle| store.replace_handle(&did(number), handle).await.expect("it answers");
    assert!(store.find_account(&did(1)).await.expect("it reads").is_some());
    assert_eq!(replace(1, &new).await, HandleReplaced::Replaced);
    assert_eq!(replace(1, &new).await, HandleReplaced::Replaced, "it has it already");
    assert_eq!(replace(2, &new).await, HandleReplaced::Taken);
    assert_eq!(replace(9, &former).await, HandleReplaced::NoAccount);
    let found = store.find_account(&did(1)).await.expect("it reads").expect("it exists");
    assert_eq!(found.handle, new);
    let by_handle = async |handle| store.find_account_by_handle(handle).await.expect("it reads");
    assert_eq!(by_handle(&new).await.expect("it is found").did, did(1));
    assert_eq!(by_handle(&former).await, None);
    assert_eq!(replace(2, &former).await, HandleReplaced::Replaced, "it is free");
    assert_eq!(by_handle(&former).await.expect("it is found").did, did(2));
}

/// One handle, many accounts that want to change to it.
pub async fn changes_to_one_handle_race_and_one_wins(store: Subject) {
    for number in 0..RACERS {
        store.create_account(account(number)).await.expect("it writes");
    }
    let replaced = store
        .race(|store, racer| async move {
            let wanted = "wanted.example.com".parse().expect("a handle");
            store.replace_handle(&did(racer), &wanted).await.expect("it answers")
        })
        .await;
    assert_eq!(replaced.iter().filter(|outcome| **outcome == HandleReplaced::Replaced).count(), 1);
    assert_eq!(replaced.iter().filter(|outcome| **outcome == HandleReplaced::Taken).count(), RACERS - 1);
}

/// SESS-19: the same DID may come back, and finds nothing of before.
pub async fn a_deleted_account_leaves_nothing_behind(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    store.create_device(device(1)).await.expect("it writes");
    store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes");
    store.create_blob(blob(1, 50)).await.expect("it writes");
    let consents = a_consent(&store, 2).await;
    grant(&store, 1).await;
    store.commit_repo(commit(1, None, 10, &[record("a", 20)])).await.expect("it writes");
    assert!(consents);
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    assert!(!store.delete_account(&did(1)).await.expect("it answers"));
    store.create_account(account(1)).await.expect("it writes");
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.find_token_by_refresh(&refresh(1, 0)).await.expect("it reads").is_none());
    assert!(store.list_tokens(&did(1)).await.expect("it reads").is_empty());
    assert!(store.list_device_accounts(&device_id(1), None).await.expect("it reads").is_empty());
    assert!(store.find_consent(&did(1), &client(2)).await.expect("it reads").is_none());
    assert!(store.find_blob(&did(1), &block(50).0).await.expect("it reads").is_none());
    assert!(store.find_repo(&did(1)).await.expect("it reads").is_none());
    assert!(store.find_block(&did(1), &block(10).0).await.expect("it reads").is_none());
    assert!(store.list_collections(&did(1)).await.expect("it reads").is_empty());
}

/// Where accounts are kept elsewhere, the store still forgets what it keeps for one.
pub async fn an_account_that_is_kept_elsewhere_can_be_forgotten_too(store: Subject) {
    grant(&store, 1).await;
    assert!(store.find_account(&did(1)).await.expect("it reads").is_none());
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
}

/// One handle, many who want it.
pub async fn accounts_of_one_name_race_and_one_wins(store: Subject) {
    let created = store
        .race(|store, racer| async move {
            let mut new = account(racer);
            new.account.handle = "wanted.example.com".parse().expect("a handle");
            store.create_account(new).await.expect("it answers")
        })
        .await;
    assert_eq!(created.iter().filter(|outcome| **outcome == AccountCreated::Created).count(), 1);
    assert_eq!(created.iter().filter(|outcome| **outcome == AccountCreated::HandleTaken).count(), RACERS - 1);
}

/// Those beside the store belong to none.
pub async fn accounts_are_counted_by_their_host(store: Subject) {
    let host = |number: usize| Some(format!("did:web:h{number}.example.com").parse().expect("a DID"));
    for (number, host) in [(1, host(1)), (2, host(1)), (3, host(2)), (4, None)] {
        let mut new = account(number);
        new.account.host.clone_from(&host);
        store.create_account(new).await.expect("it writes");
        let found = store.find_account(&did(number)).await.expect("it reads").expect("it exists");
        assert_eq!(found.host, host);
    }
    for (number, count) in [(1, 2), (2, 1), (3, 0)] {
        let host = host(number).expect("there is one");
        assert_eq!(store.count_accounts(&host).await.expect("it counts"), count, "{host}");
    }
}

/// Approves request `number` as account `account`.
async fn approve_another(store: &Subject, number: usize, account: usize) {
    store.create_request(request(number), NOW.plus(DAY)).await.expect("it is kept");
    store.open_request(&request_id(number), &device_id(number), NOW, after(300)).await.expect("it opens");
    let stage = crate::request::Stage::Approved {
        account: did(account),
        scope: scopes("atproto"),
        sets: Vec::new(),
        code: code(number),
        code_expires_at: NOW.plus(MINUTE),
    };
    let approved = store.approve_request(&request_id(number), &device_id(number), stage, None, NOW).await;
    assert!(approved.expect("it writes"));
}

/// Account 1 approves request `number` and it is remembered for client `number`.
async fn a_consent(store: &Subject, number: usize) -> bool {
    store.create_request(request(number), NOW.plus(DAY)).await.expect("it is kept");
    store.open_request(&request_id(number), &device_id(number), NOW, after(300)).await.expect("it opens");
    let stage = crate::request::Stage::Approved {
        account: did(1),
        scope: scopes("atproto"),
        sets: Vec::new(),
        code: code(number),
        code_expires_at: NOW.plus(MINUTE),
    };
    let consent = crate::consent::Consent { account: did(1), ..consent(number) };
    store
        .approve_request(&request_id(number), &device_id(number), stage, Some(consent), NOW)
        .await
        .expect("it writes")
        && store.find_consent(&did(1), &client(number)).await.expect("it reads").is_some()
}
