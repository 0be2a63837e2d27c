//! What codes that are sent by mail promise.

use gatewright_protocol::factor::MailPurpose;

use super::fixture::*;
use super::{RACERS, Subject};
use crate::mail_code::{ChangeEmail, EmailChanged, MOST, ResetPassword};

/// SESS-22: once, in its time, by the account and for the purpose it was sent for; and with it go those that were sent
/// for the same.
pub async fn a_mail_code_is_used_once_in_its_time(store: Subject) {
    let sign_in = |number| mail_code(1, number, MailPurpose::SignIn);
    let consume = async |account, purpose, code, seconds| {
        let used = store.consume_mail_code(&did(account), purpose, one_time_code(code), after(seconds)).await;
        used.expect("it answers")
    };
    for number in [1, 2] {
        keep(&store, sign_in(number)).await;
    }
    keep(&store, mail_code(1, 3, MailPurpose::DeleteAccount)).await;
    let found = store.find_mail_code(one_time_code(2), MailPurpose::SignIn).await.expect("it reads");
    assert_eq!(found, Some(sign_in(2)));
    let found = store.find_mail_code(one_time_code(2), MailPurpose::ResetPassword).await.expect("it reads");
    assert_eq!(found, None);
    assert!(!consume(1, MailPurpose::SignIn, 9, 0).await, "another code");
    assert!(!consume(2, MailPurpose::SignIn, 2, 0).await, "another account");
    assert!(!consume(1, MailPurpose::ConfirmEmail, 2, 0).await, "another purpose");
    assert!(!consume(1, MailPurpose::SignIn, 2, 60).await, "after its time");
    assert!(consume(1, MailPurpose::SignIn, 1, 59).await);
    assert!(!consume(1, MailPurpose::SignIn, 1, 59).await, "once");
    assert!(!consume(1, MailPurpose::SignIn, 2, 59).await, "one that was sent for the same");
    assert!(consume(1, MailPurpose::DeleteAccount, 3, 59).await);
    keep(&store, sign_in(4)).await;
    let used = store
        .race(|store, _| async move {
            let code = one_time_code(4);
            store.consume_mail_code(&did(1), MailPurpose::SignIn, code, NOW).await.expect("it answers")
        })
        .await;
    assert_eq!((used.len(), used.iter().filter(|won| **won).count()), (RACERS, 1));
}

/// Whoever asks in somebody's name fills no mailbox, and takes no code from them.
pub async fn mail_codes_are_limited(store: Subject) {
    let code = |account, number, purpose| mail_code(account, number, purpose);
    for number in 0..MOST {
        keep(&store, code(1, number, MailPurpose::ResetPassword)).await;
    }
    let more = code(1, 10, MailPurpose::ResetPassword);
    assert!(!store.keep_mail_code(more.clone(), after(59)).await.expect("it answers"));
    assert!(
        store.find_mail_code(one_time_code(0), MailPurpose::ResetPassword).await.expect("it reads").is_some()
    );
    keep(&store, code(1, 11, MailPurpose::SignIn)).await;
    keep(&store, code(2, 12, MailPurpose::ResetPassword)).await;
    assert!(store.keep_mail_code(more, after(60)).await.expect("it writes"), "when their time is over");
}

/// The code was sent to it.
pub async fn a_confirmed_address_is_the_present_one(store: Subject) {
    let mut new = account(1);
    new.account.email_confirmed = false;
    store.create_account(new).await.expect("it writes");
    keep(&store, mail_code(1, 1, MailPurpose::ConfirmEmail)).await;
    let confirm = async |account, email, code, seconds| {
        let confirmed = store.confirm_email(&did(account), email, one_time_code(code), after(seconds)).await;
        confirmed.expect("it answers")
    };
    assert!(!confirm(1, "p2@example.com", 1, 0).await, "another address");
    assert!(!confirm(2, "p1@example.com", 1, 0).await, "another account");
    assert!(!confirm(1, "p1@example.com", 2, 0).await, "another code");
    assert!(!confirm(1, "p1@example.com", 1, 60).await, "after its time");
    assert!(!is_confirmed(&store, 1).await);
    assert!(confirm(1, "P1@Example.com", 1, 59).await);
    assert!(is_confirmed(&store, 1).await);
    assert!(!confirm(1, "p1@example.com", 1, 59).await, "once");
}

/// An address that is not confirmed is changed without, and a new one is not confirmed.
pub async fn a_confirmed_address_is_changed_with_a_code(store: Subject) {
    for (number, confirmed) in [(1, true), (2, false)] {
        let mut new = account(number);
        new.account.email_confirmed = confirmed;
        store.create_account(new).await.expect("it writes");
    }
    let change = async |account, email: &str, code: Option<usize>| {
        let (email, code) = (email.to_owned(), code.map(one_time_code));
        let change = ChangeEmail { account: did(account), email, code, now: after(59) };
        store.change_email(change).await.expect("it answers")
    };
    keep(&store, mail_code(1, 1, MailPurpose::ChangeEmail)).await;
    keep(&store, mail_code(1, 2, MailPurpose::ResetPassword)).await;
    assert_eq!(change(1, "new@example.com", None).await, EmailChanged::CodeRequired);
    assert_eq!(
        change(1, "new@example.com", Some(2)).await,
        EmailChanged::Unknown,
        "a code for something else"
    );
    assert_eq!(change(1, "P2@example.com", Some(1)).await, EmailChanged::Taken);
    assert_eq!(change(9, "new@example.com", None).await, EmailChanged::Unknown, "no account");
    assert!(is_confirmed(&store, 1).await);
    assert_eq!(change(1, "New@Example.com", Some(1)).await, EmailChanged::Changed);
    assert!(!is_confirmed(&store, 1).await);
    let found = store.find_account_by_email("new@example.com").await.expect("it reads").expect("it is found");
    assert_eq!((found.did, found.email.as_deref()), (did(1), Some("new@example.com")));
    assert!(store.find_account_by_email("p1@example.com").await.expect("it reads").is_none());
    let reset = store.find_mail_code(one_time_code(2), MailPurpose::ResetPassword).await.expect("it reads");
    assert_eq!(reset, None, "a code that was sent to the address before");
    assert_eq!(change(2, "p1@example.com", None).await, EmailChanged::Changed, "it is free now");
}

/// SEC-67, AS-62.
pub async fn sec_67_a_code_replaces_the_password_and_ends_everything(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
        store.create_device(device(number)).await.expect("it writes");
        assert!(store.sign_in_device(sign_in(number, number), None, None).await.expect("it writes"));
        grant(&store, number).await;
        app_password_and_session(&store, number).await;
    }
    keep(&store, mail_code(1, 1, MailPurpose::ResetPassword)).await;
    keep(&store, mail_code(1, 2, MailPurpose::SignIn)).await;
    let reset =
        async |code, seconds| store.reset_password(reset(code, seconds, false)).await.expect("it answers");
    assert_eq!((reset(9, 0).await, reset(2, 0).await, reset(1, 60).await), (None, None, None));
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), Some(password(1)));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some());
    assert_eq!(reset(1, 59).await, Some(did(1)));
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), Some(password(9)));
    for (number, lives) in [(1, false), (2, true)] {
        let token = store.find_token(token_id(number)).await.expect("it reads");
        let devices = store.list_device_accounts(&device_id(number), None).await.expect("it reads");
        let session = store.find_legacy_session(session_id(number)).await.expect("it reads");
        assert_eq!(
            (token.is_some(), !devices.is_empty(), session.is_some()),
            (lives, lives, lives),
            "{number}"
        );
        assert_eq!(store.list_app_passwords(&did(number)).await.expect("it reads").len(), 1, "they stay");
    }
    assert_eq!(reset(1, 59).await, None, "once");
}

/// SEC-67, SESS-18: what they began ended in any case.
pub async fn sec_67_a_reset_ends_app_passwords_if_asked_to(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
        app_password_and_session(&store, number).await;
    }
    keep(&store, mail_code(1, 1, MailPurpose::ResetPassword)).await;
    assert_eq!(store.reset_password(reset(1, 0, true)).await.expect("it writes"), Some(did(1)));
    assert!(store.list_app_passwords(&did(1)).await.expect("it reads").is_empty());
    assert!(store.find_legacy_session(session_id(1)).await.expect("it reads").is_none());
    assert_eq!(store.list_app_passwords(&did(2)).await.expect("it reads").len(), 1);
    assert!(store.find_legacy_session(session_id(2)).await.expect("it reads").is_some());
}

/// Only the account it was sent to, and only if it was sent for that.
pub async fn a_code_deletes_its_account(store: Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
        grant(&store, number).await;
    }
    keep(&store, mail_code(1, 1, MailPurpose::DeleteAccount)).await;
    keep(&store, mail_code(1, 2, MailPurpose::SignIn)).await;
    let delete = async |account, code, seconds| {
        let deleted = store.delete_account_by_code(&did(account), one_time_code(code), after(seconds)).await;
        deleted.expect("it answers")
    };
    assert!(!delete(2, 1, 0).await && !delete(1, 2, 0).await && !delete(1, 1, 60).await);
    assert!(store.find_account(&did(1)).await.expect("it reads").is_some());
    assert!(delete(1, 1, 59).await);
    assert!(store.find_account(&did(1)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.find_account(&did(2)).await.expect("it reads").is_some());
}

/// AS-62: whoever asked for one before cannot undo it.
pub async fn a_new_password_ends_mail_codes(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    for (number, purpose) in MailPurpose::ALL.into_iter().enumerate() {
        keep(&store, mail_code(1, number, purpose)).await;
    }
    keep(&store, mail_code(2, 20, MailPurpose::ResetPassword)).await;
    assert!(store.replace_password(&did(1), password(5)).await.expect("it writes"));
    for (number, purpose) in MailPurpose::ALL.into_iter().enumerate() {
        let found = store.find_mail_code(one_time_code(number), purpose).await.expect("it reads");
        assert_eq!(found, None, "{purpose:?}");
    }
    let other = store.find_mail_code(one_time_code(20), MailPurpose::ResetPassword).await.expect("it reads");
    assert!(other.is_some());
}

/// With everything else of it.
pub async fn a_deleted_account_leaves_no_mail_code(store: Subject) {
    for number in [1, 2] {
        keep(&store, mail_code(number, number, MailPurpose::SignIn)).await;
    }
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    let found = async |number| {
        let found = store.find_mail_code(one_time_code(number), MailPurpose::SignIn).await;
        found.expect("it reads").is_some()
    };
    assert!(!found(1).await && found(2).await);
}

/// One code, many who know it.
pub async fn resets_with_one_code_race_and_one_wins(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    keep(&store, mail_code(1, 1, MailPurpose::ResetPassword)).await;
    let resets = store
        .race(|store, racer| async move {
            let reset = ResetPassword { password: password(100 + racer), ..reset(1, 0, false) };
            (racer, store.reset_password(reset).await.expect("it answers"))
        })
        .await;
    let won: Vec<usize> =
        resets.iter().filter(|(_, account)| *account == Some(did(1))).map(|(racer, _)| *racer).collect();
    let [winner] = won[..] else { panic!("{won:?} of {RACERS}") };
    assert_eq!(store.find_password(&did(1)).await.expect("it reads"), Some(password(100 + winner)));
}

fn reset(code: usize, seconds: u64, end_app_passwords: bool) -> ResetPassword {
    ResetPassword { code: one_time_code(code), password: password(9), end_app_passwords, now: after(seconds) }
}

async fn keep(store: &Subject, code: crate::mail_code::MailCode) {
    assert!(store.keep_mail_code(code, NOW).await.expect("it writes"));
}

async fn is_confirmed(store: &Subject, account: usize) -> bool {
    let account = store.find_account(&did(account)).await.expect("it reads");
    account.expect("there is one").email_confirmed
}

/// An app password of the account, and a session begun with it.
async fn app_password_and_session(store: &Subject, account: usize) {
    let new = crate::app_password::NewAppPassword {
        app_password: app_password(account, account),
        hash: app_password_hash(account, account),
    };
    store.create_app_password(new).await.expect("it writes");
    assert!(
        store
            .create_legacy_session(new_session_of(account, account, Some(account)))
            .await
            .expect("it writes")
    );
}
