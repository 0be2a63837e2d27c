//! What requests promise.

use super::fixture::*;
use super::{RACERS, Subject};
use crate::request::{CodeExchanged, Request, RequestCreated, RequestOpened, Stage};
use crate::token::Token;

/// Everything that it was pushed with.
pub async fn a_request_is_found_as_it_was_pushed(store: Subject) {
    let pushed = Request { client_auth: key_auth(1), ..request(1) };
    assert!(store.find_request(&request_id(1)).await.expect("it reads").is_none());
    let created = store.create_request(pushed.clone(), NOW.plus(DAY)).await.expect("it writes");
    assert_eq!(created, RequestCreated::Created);
    let found = store.find_request(&request_id(1)).await.expect("it reads").expect("it is kept");
    same(&found, &pushed);
    assert!(store.delete_request(&request_id(1)).await.expect("it writes"));
    assert!(!store.delete_request(&request_id(1)).await.expect("it answers"));
    assert!(store.find_request(&request_id(1)).await.expect("it reads").is_none());
}

/// AS-29: even when the request is long gone.
pub async fn a_challenge_is_reserved_for_its_time(store: Subject) {
    let again = |number, created_at| {
        let store = store.clone();
        async move {
            let same = Request { created_at, parameters: request(1).parameters, ..request(number) };
            store.create_request(same, created_at.plus(DAY)).await.expect("it answers")
        }
    };
    assert_eq!(again(1, NOW).await, RequestCreated::Created);
    assert_eq!(again(2, after(1)).await, RequestCreated::ChallengeUsed);
    assert!(store.find_request(&request_id(2)).await.expect("it reads").is_none());
    store.delete_request(&request_id(1)).await.expect("it writes");
    assert_eq!(again(3, after(86_399)).await, RequestCreated::ChallengeUsed);
    assert_eq!(again(4, after(86_400)).await, RequestCreated::Created);
    assert_eq!(again(5, after(86_401)).await, RequestCreated::ChallengeUsed);
}

/// A flood finds an end, and what was there stays.
pub async fn sec_72_open_requests_are_limited(store: Subject) {
    for number in 0..100 {
        let created = store.create_request(request(number), NOW.plus(DAY)).await.expect("it writes");
        assert_eq!(created, RequestCreated::Created, "{number}");
    }
    let over = store.create_request(request(100), NOW.plus(DAY)).await.expect("it answers");
    assert_eq!(over, RequestCreated::Full);
    assert!(store.find_request(&request_id(100)).await.expect("it reads").is_none());
    assert!(store.find_request(&request_id(0)).await.expect("it reads").is_some());
    // Each way out makes room: deletion, exchange, sweep.
    assert!(store.delete_request(&request_id(0)).await.expect("it writes"));
    grant_open(&store, 1).await;
    for number in [100, 101] {
        let created = store.create_request(request(number), NOW.plus(DAY)).await.expect("it writes");
        assert_eq!(created, RequestCreated::Created, "{number}");
    }
    assert_eq!(
        store.create_request(request(102), NOW.plus(DAY)).await.expect("it answers"),
        RequestCreated::Full
    );
    store.sweep(horizon(after(301))).await.expect("it sweeps");
    // Challenges have their own limit, and outlive the requests.
    let mut created = 0;
    for number in 103..500 {
        match store.create_request(request(number), NOW.plus(DAY)).await.expect("it answers") {
            RequestCreated::Created => created += 1,
            RequestCreated::Full => {}
            RequestCreated::ChallengeUsed => panic!("{number} is new"),
        }
        store.delete_request(&request_id(number)).await.expect("it writes");
    }
    assert_eq!(created + 102, 300, "as many challenges as the limit");
}

/// AS-32: a reload is fine, another browser ends it.
pub async fn the_first_device_owns_the_request(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it is kept");
    let open = |device, now, until| {
        let store = store.clone();
        async move {
            store.open_request(&request_id(1), &device_id(device), now, until).await.expect("it answers")
        }
    };
    for seconds in [10, 200] {
        let RequestOpened::Opened(opened) = open(1, after(seconds), after(seconds + 300)).await else {
            panic!("it opens at {seconds}");
        };
        let expected = Request { device: Some(device_id(1)), expires_at: after(seconds + 300), ..request(1) };
        same(&opened, &expected);
        same(&store.find_request(&request_id(1)).await.expect("it reads").expect("it is kept"), &expected);
    }
    assert!(matches!(open(2, after(201), after(900)).await, RequestOpened::OtherDevice));
    assert!(matches!(open(1, after(202), after(900)).await, RequestOpened::Unknown));
    assert!(store.find_request(&request_id(1)).await.expect("it reads").is_none());
}

/// It is told once, with what the client needs to hear of it.
pub async fn an_expired_request_is_not_opened(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it is kept");
    let open = || async {
        store.open_request(&request_id(1), &device_id(1), after(300), after(600)).await.expect("it answers")
    };
    let RequestOpened::Expired(expired) = open().await else { panic!("it has ended") };
    same(&expired, &request(1));
    assert!(matches!(open().await, RequestOpened::Unknown));
}

/// AS-32: the back button does not cost the sign-in.
pub async fn an_approved_request_keeps_its_code_when_it_is_opened_again(store: Subject) {
    approve(&store, 1).await;
    for device in [1, 2] {
        let opened = store.open_request(&request_id(1), &device_id(device), after(1), after(300)).await;
        assert!(matches!(opened.expect("it answers"), RequestOpened::Approved(_)));
    }
    let exchanged = store.exchange_code(&code(1), token(1).into()).await.expect("it answers");
    assert!(matches!(exchanged, CodeExchanged::Created));
}

/// And only once.
pub async fn only_its_device_approves_an_open_request(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it is kept");
    let approve = |device, stage: Stage, now| {
        let store = store.clone();
        async move {
            store
                .approve_request(&request_id(1), &device_id(device), stage, None, now)
                .await
                .expect("it answers")
        }
    };
    assert!(!approve(1, approved(1), NOW).await, "nobody opened it");
    store.open_request(&request_id(1), &device_id(1), NOW, after(300)).await.expect("it opens");
    assert!(!approve(2, approved(1), NOW).await, "another device");
    assert!(!approve(1, approved(1), after(300)).await, "it has ended");
    assert!(!approve(1, Stage::Pushed, NOW).await, "that is no approval");
    assert!(store.find_request_by_code(&code(1)).await.expect("it reads").is_none());
    assert!(approve(1, approved(1), after(299)).await);
    assert!(!approve(1, approved(2), after(299)).await, "it is approved already");
    let expected = Request { device: Some(device_id(1)), stage: approved(1), ..request(1) };
    same(&store.find_request(&request_id(1)).await.expect("it reads").expect("it is kept"), &expected);
    same(&store.find_request_by_code(&code(1)).await.expect("it reads").expect("it is kept"), &expected);
    assert!(store.find_request_by_code(&code(2)).await.expect("it reads").is_none());
    assert!(
        !store
            .approve_request(&request_id(9), &device_id(1), approved(9), None, NOW)
            .await
            .expect("it answers")
    );
}

/// The thief and the owner both lose it, and the browser asks for the password again.
pub async fn sec_18_a_code_that_comes_again_ends_its_token_and_sign_in(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes");
    store.sign_in_device(sign_in(1, 2), None, None).await.expect("it writes");
    grant(&store, 1).await;
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(token(1)));
    assert!(store.find_request_by_code(&code(1)).await.expect("it reads").is_none(), "the code is used");
    let again = store.exchange_code(&code(1), token(2).into()).await.expect("it answers");
    let CodeExchanged::Replayed(Some(ended)) = again else { panic!("{again:?}") };
    assert_eq!(*ended, token(1));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.find_token_by_refresh(&refresh(1, 0)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(2)).await.expect("it reads").is_none());
    assert_eq!(store.list_device_accounts(&device_id(1), None).await.expect("it reads"), [sign_in(1, 2)]);
    let third = store.consume_code(&code(1), after(1)).await.expect("it answers");
    assert!(matches!(third, CodeExchanged::Replayed(None)), "{third:?}");
    let unknown = store.exchange_code(&code(7), token(7).into()).await.expect("it answers");
    assert!(matches!(unknown, CodeExchanged::Unknown), "{unknown:?}");
}

/// A refused exchange does not leave the code for a second try.
pub async fn sec_19_a_consumed_code_is_used_up_without_a_token(store: Subject) {
    approve(&store, 1).await;
    let consumed = store.consume_code(&code(1), after(1)).await.expect("it answers");
    assert!(matches!(consumed, CodeExchanged::Created), "{consumed:?}");
    let late = store.exchange_code(&code(1), token(1).into()).await.expect("it answers");
    assert!(matches!(late, CodeExchanged::Replayed(None)), "{late:?}");
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    let unknown = store.consume_code(&code(2), after(1)).await.expect("it answers");
    assert!(matches!(unknown, CodeExchanged::Unknown), "{unknown:?}");
}

/// All or nothing: a name that is taken is the server's defect, not the client's loss.
pub async fn an_exchange_that_fails_leaves_the_code(store: Subject) {
    grant(&store, 1).await;
    approve(&store, 2).await;
    assert!(store.exchange_code(&code(2), token(1).into()).await.is_err(), "the name is taken");
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(token(1)));
    let exchanged = store.exchange_code(&code(2), token(2).into()).await.expect("it answers");
    assert!(matches!(exchanged, CodeExchanged::Created), "{exchanged:?}");
}

/// And the winner's token is ended by the second.
pub async fn sec_20_exchanges_of_one_code_race_and_one_wins(store: Subject) {
    approve(&store, 1).await;
    let outcomes = store
        .race(|store, racer| async move {
            let token = Token { account: did(1), ..token(racer + 10) };
            store.exchange_code(&code(1), token.into()).await.expect("it answers")
        })
        .await;
    let count =
        |wanted: fn(&CodeExchanged) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
    assert_eq!(count(|it| matches!(it, CodeExchanged::Created)), 1);
    assert_eq!(count(|it| matches!(it, CodeExchanged::Replayed(Some(_)))), 1);
    assert_eq!(count(|it| matches!(it, CodeExchanged::Replayed(None))), RACERS - 2);
    for racer in 0..RACERS {
        assert!(store.find_token(token_id(racer + 10)).await.expect("it reads").is_none(), "{racer}");
    }
}

/// Two clicks on one button.
pub async fn approvals_race_and_one_wins(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it is kept");
    store.open_request(&request_id(1), &device_id(1), NOW, after(300)).await.expect("it opens");
    let outcomes = store
        .race(|store, racer| async move {
            let stage = approved(racer + 10);
            store.approve_request(&request_id(1), &device_id(1), stage, None, NOW).await.expect("it answers")
        })
        .await;
    assert_eq!(outcomes.iter().filter(|won| **won).count(), 1);
    let mut good = 0;
    for racer in 0..RACERS {
        let found = store.find_request_by_code(&code(racer + 10)).await.expect("it reads");
        assert_eq!(found.is_some(), outcomes.get(racer).copied().unwrap_or(false), "{racer}");
        good += usize::from(found.is_some());
    }
    assert_eq!(good, 1);
}

/// AS-29.
pub async fn requests_with_one_challenge_race_and_one_wins(store: Subject) {
    let outcomes = store
        .race(|store, racer| async move {
            let same = Request { parameters: request(1).parameters, ..request(racer + 10) };
            store.create_request(same, NOW.plus(DAY)).await.expect("it answers")
        })
        .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == RequestCreated::Created).count(), 1);
    assert_eq!(
        outcomes.iter().filter(|outcome| **outcome == RequestCreated::ChallengeUsed).count(),
        RACERS - 1
    );
}

/// Takes request `number`, which is pushed already, to its token.
async fn grant_open(store: &Subject, number: usize) {
    store.open_request(&request_id(number), &device_id(number), NOW, after(300)).await.expect("it opens");
    let done =
        store.approve_request(&request_id(number), &device_id(number), approved(number), None, NOW).await;
    assert!(done.expect("it writes"));
    store.exchange_code(&code(number), token(number).into()).await.expect("it is exchanged");
}

fn same(found: &Request, expected: &Request) {
    assert_eq!(found.id, expected.id);
    assert_eq!(found.client, expected.client);
    assert_eq!(found.client_auth, expected.client_auth);
    assert_eq!(found.dpop_jkt, expected.dpop_jkt);
    assert_eq!(found.parameters, expected.parameters);
    assert_eq!((found.created_at, found.expires_at), (expected.created_at, expected.expires_at));
    assert_eq!(found.device, expected.device);
    assert_eq!(found.stage, expected.stage);
}
