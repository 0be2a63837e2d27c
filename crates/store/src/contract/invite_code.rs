//! What invite codes promise.

use gatewright_protocol::invite_code::InviteCode;

use super::fixture::*;
use super::{RACERS, Subject};
use crate::account::AccountCreated;
use crate::invite_code::{Invitation, InvitationUse, InvitedAccountCreated};

fn code(number: usize) -> InviteCode {
    format!("example-net-abcde-{number:05}").parse().expect("a code")
}

/// A code of the operator's for so many accounts.
fn invitation(number: usize, uses: u32) -> Invitation {
    Invitation {
        code: code(number),
        uses,
        for_account: None,
        created_by: None,
        disabled: false,
        created_at: NOW,
        used: Vec::new(),
    }
}

async fn create(store: &Subject, number: usize, with: usize) -> InvitedAccountCreated {
    store.create_invited_account(account(number), &code(with)).await.expect("it answers")
}

const CREATED: InvitedAccountCreated = InvitedAccountCreated::Outcome(AccountCreated::Created);

/// All of them or none, and each account's own.
pub async fn codes_are_found_as_they_were_made(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    let own = Invitation { for_account: Some(did(1)), created_by: Some(did(1)), ..invitation(2, 3) };
    let new = vec![invitation(1, 1), own.clone()];
    assert!(store.create_invitations(new).await.expect("it writes"));
    assert_eq!(store.find_invitation(&code(2)).await.expect("it reads"), Some(own.clone()));
    assert_eq!(store.find_invitation(&code(9)).await.expect("it reads"), None);
    assert_eq!(store.list_invitations(&did(1)).await.expect("it reads"), [own]);
    let again = vec![invitation(3, 1), invitation(1, 5)];
    assert!(!store.create_invitations(again).await.expect("it answers"));
    assert_eq!(store.find_invitation(&code(3)).await.expect("it reads"), None, "all or none");
    assert_eq!(store.find_invitation(&code(1)).await.expect("it reads"), Some(invitation(1, 1)));
}

/// And only with an account that was made.
pub async fn a_code_is_used_up_with_the_account_that_it_makes(store: Subject) {
    assert!(store.create_invitations(vec![invitation(1, 2)]).await.expect("it writes"));
    assert_eq!(create(&store, 1, 9).await, InvitedAccountCreated::NoUse, "there is no such code");
    assert_eq!(create(&store, 1, 1).await, CREATED);
    let taken = InvitedAccountCreated::Outcome(AccountCreated::DidTaken);
    assert_eq!(create(&store, 1, 1).await, taken);
    let found = store.find_invitation(&code(1)).await.expect("it reads").expect("it is there");
    let used = InvitationUse { account: Some(did(1)), at: NOW };
    assert_eq!((found.uses_left(), found.used.as_slice()), (1, [used].as_slice()));
    assert_eq!(create(&store, 2, 1).await, CREATED);
    assert_eq!(create(&store, 3, 1).await, InvitedAccountCreated::NoUse, "it is used up");
    assert_eq!(store.find_account(&did(3)).await.expect("it reads"), None);
    assert_eq!(store.find_account(&did(2)).await.expect("it reads"), Some(account(2).account));
}

/// Whoever has it already keeps the account.
pub async fn a_code_that_was_withdrawn_makes_nothing(store: Subject) {
    assert!(store.create_invitations(vec![invitation(1, 5)]).await.expect("it writes"));
    assert_eq!(create(&store, 1, 1).await, CREATED);
    assert!(store.disable_invitation(&code(1)).await.expect("it writes"));
    assert!(!store.disable_invitation(&code(9)).await.expect("it answers"));
    assert_eq!(create(&store, 2, 1).await, InvitedAccountCreated::NoUse);
    let found = store.find_invitation(&code(1)).await.expect("it reads").expect("it is there");
    assert!(found.disabled && found.uses_left() == 0 && found.used.len() == 1, "{found:?}");
}

/// A use does not come back with the account that goes; codes go with whose they are.
pub async fn a_deleted_account_leaves_its_use_and_takes_its_codes_along(store: Subject) {
    let own = Invitation { for_account: Some(did(1)), ..invitation(2, 1) };
    assert!(store.create_invitations(vec![invitation(1, 1)]).await.expect("it writes"));
    assert_eq!(create(&store, 1, 1).await, CREATED);
    assert!(store.create_invitations(vec![own]).await.expect("it writes"));
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    let found = store.find_invitation(&code(1)).await.expect("it reads").expect("it is there");
    assert_eq!(found.used, [InvitationUse { account: None, at: NOW }]);
    assert_eq!(store.find_invitation(&code(2)).await.expect("it reads"), None);
    assert_eq!(create(&store, 2, 1).await, InvitedAccountCreated::NoUse);
}

/// One use, many who want it.
pub async fn the_last_use_of_a_code_is_raced_for_and_one_wins(store: Subject) {
    assert!(store.create_invitations(vec![invitation(1, 1)]).await.expect("it writes"));
    let created = store.race(|store, racer| async move { create(&store, racer, 1).await }).await;
    assert_eq!(created.iter().filter(|outcome| **outcome == CREATED).count(), 1);
    let none = |outcome: &&InvitedAccountCreated| **outcome == InvitedAccountCreated::NoUse;
    assert_eq!(created.iter().filter(none).count(), RACERS - 1);
}
