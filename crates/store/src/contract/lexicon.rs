//! What lexicons promise.

use super::fixture::*;
use super::{LIMITS, RACERS, Subject};
use crate::StoreError;
use crate::lexicon::{LexiconKept, LexiconVersion, MOST_AUTHORITIES, MOST_VERSIONS};

/// And the next one takes its place, with the time that it was seen.
pub async fn a_lexicon_is_found_as_it_was_resolved(store: Subject) {
    assert_eq!(store.find_lexicon(&lexicon_name(1)).await.expect("it reads"), None);
    keep(&store, lexicon(1, 1, 10), LexiconKept::New).await;
    let found = store.find_lexicon(&lexicon_name(1)).await.expect("it reads").expect("it is there");
    assert_eq!((found.version, found.checked_at), (lexicon(1, 1, 10), after(10)));
    keep(&store, lexicon(1, 2, 20), LexiconKept::New).await;
    let found = store.find_lexicon(&lexicon_name(1)).await.expect("it reads").expect("it is there");
    assert_eq!((found.version, found.checked_at), (lexicon(1, 2, 20), after(20)));
    assert_eq!(store.find_lexicon(&lexicon_name(2)).await.expect("it reads"), None);
}

/// The same record in a newer revision of the repository is the same version, seen again.
pub async fn a_lexicon_that_did_not_change_is_seen_again(store: Subject) {
    keep(&store, lexicon(1, 1, 10), LexiconKept::New).await;
    let again = LexiconVersion { rev: tid(5), resolved_at: after(50), ..lexicon(1, 1, 10) };
    keep(&store, again.clone(), LexiconKept::Unchanged).await;
    keep(&store, LexiconVersion { resolved_at: after(60), ..again }, LexiconKept::Unchanged).await;
    let found = store.find_lexicon(&lexicon_name(1)).await.expect("it reads").expect("it is there");
    assert_eq!((found.version, found.checked_at), (lexicon(1, 1, 10), after(60)));
    let listed = store.list_lexicon_versions(&lexicon_name(1), 9).await.expect("it reads");
    assert_eq!(listed, [lexicon(1, 1, 10)]);
    // The revision that was seen counts from now on, not the one in which the version came.
    keep(&store, LexiconVersion { rev: tid(4), ..lexicon(1, 2, 70) }, LexiconKept::RolledBack).await;
}

/// PS-15: nobody can turn a lexicon back, and one revision has one record.
pub async fn sec_60_an_older_revision_is_ignored(store: Subject) {
    keep(&store, lexicon(1, 1, 10), LexiconKept::New).await;
    keep(&store, lexicon(1, 3, 30), LexiconKept::New).await;
    let before = store.find_lexicon(&lexicon_name(1)).await.expect("it reads");
    keep(&store, LexiconVersion { resolved_at: after(40), ..lexicon(1, 1, 10) }, LexiconKept::RolledBack)
        .await;
    keep(&store, lexicon(1, 2, 40), LexiconKept::RolledBack).await;
    keep(&store, LexiconVersion { rev: tid(3), ..lexicon(1, 4, 40) }, LexiconKept::RolledBack).await;
    assert_eq!(store.find_lexicon(&lexicon_name(1)).await.expect("it reads"), before, "nothing was changed");
    let listed = store.list_lexicon_versions(&lexicon_name(1), 9).await.expect("it reads");
    assert_eq!(listed, [lexicon(1, 3, 30), lexicon(1, 1, 10)]);
    keep(&store, lexicon(2, 1, 40), LexiconKept::New).await;
}

/// A domain may name another account, whose revisions have nothing to do with those of the first. And it may change
/// its mind, but not get an old version of the first account's back.
pub async fn sec_60_each_authority_has_its_own_revisions(store: Subject) {
    keep(&store, lexicon(1, 5, 10), LexiconKept::New).await;
    let other = LexiconVersion { did: did(2), ..lexicon(1, 2, 20) };
    keep(&store, other.clone(), LexiconKept::New).await;
    keep(&store, lexicon(1, 4, 30), LexiconKept::RolledBack).await;
    let found = store.find_lexicon(&lexicon_name(1)).await.expect("it reads").expect("it is there");
    assert_eq!(found.version, other);
    let back = LexiconVersion { resolved_at: after(40), ..lexicon(1, 5, 10) };
    keep(&store, back.clone(), LexiconKept::New).await;
    let listed = store.list_lexicon_versions(&lexicon_name(1), 9).await.expect("it reads");
    assert_eq!(listed, [back, other, lexicon(1, 5, 10)]);
    // The same record of another account is another version: somebody else answers for it now.
    let copied = LexiconVersion { did: did(3), resolved_at: after(50), ..lexicon(1, 5, 10) };
    keep(&store, copied.clone(), LexiconKept::New).await;
    let found = store.find_lexicon(&lexicon_name(1)).await.expect("it reads").expect("it is there");
    assert_eq!(found.version, copied);
}

/// What did this name mean on that day?
pub async fn the_version_that_was_in_force_is_found_by_time(store: Subject) {
    for (number, seconds) in [(1, 10), (2, 20), (3, 30)] {
        keep(&store, lexicon(1, number, seconds), LexiconKept::New).await;
    }
    for (seconds, expected) in [(9, None), (10, Some(1)), (19, Some(1)), (20, Some(2)), (99, Some(3))] {
        let found = store.find_lexicon_at(&lexicon_name(1), after(seconds)).await.expect("it reads");
        let expected = expected.map(|number| lexicon(1, number, number as u64 * 10));
        assert_eq!(found, expected, "after {seconds} seconds");
    }
    assert_eq!(store.find_lexicon_at(&lexicon_name(2), after(99)).await.expect("it reads"), None);
    let listed = store.list_lexicon_versions(&lexicon_name(1), 2).await.expect("it reads");
    assert_eq!(listed, [lexicon(1, 3, 30), lexicon(1, 2, 20)]);
}

/// A name has a bounded number of versions, and the names together too: those that are known go on.
pub async fn sec_72_lexicons_are_limited(store: Subject) {
    for number in 1..=MOST_VERSIONS + 3 {
        keep(&store, lexicon(1, number, number as u64), LexiconKept::New).await;
    }
    let listed = store.list_lexicon_versions(&lexicon_name(1), 1000).await.expect("it reads");
    assert_eq!(listed.len(), MOST_VERSIONS);
    assert_eq!(listed.last(), Some(&lexicon(1, 4, 4)));

    let room = usize::try_from(LIMITS.lexicon_versions).expect("a small number") - MOST_VERSIONS;
    for name in 2..2 + room {
        keep(&store, lexicon(name, 1, 1), LexiconKept::New).await;
    }
    let refused = store.keep_lexicon(lexicon(2 + room, 1, 1)).await;
    assert!(matches!(refused, Err(StoreError::Full { what: "lexicons", .. })), "{refused:?}");
    assert_eq!(store.find_lexicon(&lexicon_name(2 + room)).await.expect("it reads"), None);
    // A new version of a known one takes the place of its oldest.
    for name in [1, 2] {
        let versions = store.list_lexicon_versions(&lexicon_name(name), 1000).await.expect("it reads").len();
        keep(&store, lexicon(name, 500, 600), LexiconKept::New).await;
        let listed = store.list_lexicon_versions(&lexicon_name(name), 1000).await.expect("it reads");
        assert_eq!((listed.len(), listed.first()), (versions, Some(&lexicon(name, 500, 600))));
    }
    keep(&store, LexiconVersion { resolved_at: after(700), ..lexicon(2, 500, 600) }, LexiconKept::Unchanged)
        .await;
}

/// A domain that names another account again and again leaves no more than a bounded trace.
pub async fn sec_72_authorities_of_a_lexicon_are_limited(store: Subject) {
    let of = |authority: usize, number: usize| LexiconVersion {
        did: did(authority),
        ..lexicon(1, number, authority as u64)
    };
    for authority in 1..=MOST_AUTHORITIES + 1 {
        keep(&store, of(authority, 9), LexiconKept::New).await;
    }
    keep(&store, of(2, 8), LexiconKept::RolledBack).await;
    keep(&store, of(1, 8), LexiconKept::New).await;
}

/// Two nodes that resolve at once agree on which is newer, whoever comes first.
pub async fn versions_race_and_the_newest_wins(store: Subject) {
    let newest = RACERS - 1;
    store
        .race(|store, racer| async move {
            store.keep_lexicon(lexicon(1, racer + 1, 10)).await.expect("it answers")
        })
        .await;
    let found = store.find_lexicon(&lexicon_name(1)).await.expect("it reads").expect("it is there");
    assert_eq!(found.version, lexicon(1, newest + 1, 10));
}

async fn keep(store: &Subject, lexicon: LexiconVersion, expected: LexiconKept) {
    let shown = format!("{lexicon:?}");
    assert_eq!(store.keep_lexicon(lexicon).await.expect("it answers"), expected, "{shown}");
}
