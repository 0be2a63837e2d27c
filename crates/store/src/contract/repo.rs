//! What repositories promise.

use super::Subject;
use super::fixture::*;
use crate::repo::{Committed, ListRecords, RecordChange, RepoCounts};

/// And the next one moves the head, drops what is no more, and changes the index.
pub async fn a_commit_keeps_head_blocks_and_records(store: Subject) {
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), None);
    let records = [record("a", 20), record("b", 21)];
    assert_eq!(
        store.commit_repo(commit(1, None, 10, &records)).await.expect("it writes"),
        Committed::Committed
    );
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), Some(head(10)));
    let found = store.find_record(&did(1), &collection("note"), &key("a")).await.expect("it reads");
    assert_eq!(found, Some(record("a", 20)));
    assert_eq!(store.find_block(&did(1), &block(10).0).await.expect("it reads"), Some(block(10).1));
    let mut next = commit(1, Some(10), 12, &[record("a", 22)]);
    next.removed.push(block(20).0);
    next.removed.push(block(21).0);
    next.changes.push(RecordChange::Delete { collection: collection("note"), key: key("b") });
    assert_eq!(store.commit_repo(next).await.expect("it writes"), Committed::Committed);
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), Some(head(12)));
    let found = store.find_record(&did(1), &collection("note"), &key("a")).await.expect("it reads");
    assert_eq!(found, Some(record("a", 22)));
    assert_eq!(store.find_record(&did(1), &collection("note"), &key("b")).await.expect("it reads"), None);
    for gone in [10, 20, 21] {
        assert_eq!(store.find_block(&did(1), &block(gone).0).await.expect("it reads"), None, "{gone}");
    }
    assert_eq!(
        store.find_block(&did(2), &block(12).0).await.expect("it reads"),
        None,
        "another account's block"
    );
    assert_eq!(store.find_record(&did(1), &collection("other"), &key("a")).await.expect("it reads"), None);
}

/// A value lies with its record and is no block.
pub async fn a_value_that_two_records_have_stays_when_one_goes(store: Subject) {
    let records = [record("a", 20), record("b", 20)];
    let mut first = commit(1, None, 10, &records);
    first.blocks.retain(|(cid, _)| *cid != block(20).0);
    store.commit_repo(first).await.expect("it writes");
    let mut next = commit(1, Some(10), 12, &[]);
    next.changes.push(RecordChange::Delete { collection: collection("note"), key: key("b") });
    store.commit_repo(next).await.expect("it writes");
    let found = store.find_record(&did(1), &collection("note"), &key("a")).await.expect("it reads");
    assert_eq!(found, Some(record("a", 20)));
}

/// Each record, each block and value once, each blob that is named once.
pub async fn what_there_is_of_an_account_is_counted(store: Subject) {
    let count = async |number| store.count_repo(&did(number)).await.expect("it reads");
    assert_eq!(count(1).await, RepoCounts::default());
    store.create_blob(blob(1, 50)).await.expect("it writes");
    store.create_blob(blob(1, 51)).await.expect("it writes");
    assert_eq!(count(1).await, RepoCounts { blobs: 2, ..RepoCounts::default() });
    let mut first = commit(1, None, 10, &[record("a", 20), record("b", 20), record("c", 21)]);
    first.blocks.retain(|(cid, _)| *cid == block(10).0 || *cid == block(11).0);
    for change in &mut first.changes {
        if let RecordChange::Put { blobs, .. } = change {
            blobs.push(block(50).0);
        }
    }
    store.commit_repo(first).await.expect("it writes");
    assert_eq!(count(1).await, RepoCounts { blobs: 2, blocks: 4, named_blobs: 1, records: 3 });
    assert_eq!(count(2).await, RepoCounts::default(), "another account");
}

/// Compare and swap.
pub async fn a_commit_on_another_head_changes_nothing(store: Subject) {
    let stale = commit(1, Some(10), 12, &[record("a", 20)]);
    assert_eq!(
        store.commit_repo(stale.clone()).await.expect("it answers"),
        Committed::Stale,
        "there is no head"
    );
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), None);
    store.commit_repo(commit(1, None, 14, &[])).await.expect("it writes");
    assert_eq!(store.commit_repo(stale).await.expect("it answers"), Committed::Stale);
    let again = commit(1, None, 16, &[]);
    assert_eq!(store.commit_repo(again).await.expect("it answers"), Committed::Stale, "there is a head");
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), Some(head(14)));
    assert_eq!(store.find_block(&did(1), &block(12).0).await.expect("it reads"), None);
    assert_eq!(store.find_record(&did(1), &collection("note"), &key("a")).await.expect("it reads"), None);
}

/// A blob that another account uploaded is unknown too.
pub async fn a_record_that_names_an_unknown_blob_changes_nothing(store: Subject) {
    store.create_blob(blob(2, 50)).await.expect("it writes");
    let mut new = commit(1, None, 10, &[record("a", 20)]);
    if let Some(RecordChange::Put { blobs, .. }) = new.changes.first_mut() {
        blobs.push(block(50).0);
    }
    let refused = store.commit_repo(new.clone()).await.expect("it answers");
    assert_eq!(refused, Committed::BlobMissing(block(50).0));
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), None);
    assert_eq!(store.find_block(&did(1), &block(10).0).await.expect("it reads"), None);
    store.create_blob(blob(1, 50)).await.expect("it writes");
    assert_eq!(store.commit_repo(new).await.expect("it writes"), Committed::Committed);
}

/// Newest first is the usual way.
pub async fn records_are_listed_both_ways_and_by_pages(store: Subject) {
    let records: Vec<_> =
        ["a", "b", "c", "d"].into_iter().zip(20..).map(|(name, it)| record(name, it)).collect();
    store.commit_repo(commit(1, None, 10, &records)).await.expect("it writes");
    let list = |cursor: Option<&str>, limit, reverse| {
        let (store, cursor) = (store.clone(), cursor.map(key));
        async move {
            let list = ListRecords { collection: collection("note"), cursor, limit, reverse };
            let listed = store.list_records(&did(1), list).await.expect("it reads");
            listed.into_iter().map(|record| record.key.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(list(None, 9, false).await, ["d", "c", "b", "a"]);
    assert_eq!(list(None, 9, true).await, ["a", "b", "c", "d"]);
    assert_eq!(list(None, 3, false).await, ["d", "c", "b"]);
    assert_eq!(list(Some("c"), 9, false).await, ["b", "a"]);
    assert_eq!(list(Some("c"), 1, false).await, ["b"]);
    assert_eq!(list(Some("b"), 9, true).await, ["c", "d"]);
    let all = ListRecords { collection: collection("note"), cursor: None, limit: 9, reverse: true };
    assert_eq!(store.list_records(&did(1), all.clone()).await.expect("it reads"), records);
    assert!(store.list_records(&did(2), all).await.expect("it reads").is_empty());
}

/// By their bytes, by pages.
pub async fn blocks_are_listed_in_the_order_of_their_cids(store: Subject) {
    let records: Vec<_> = (20..26).map(|number| record(&format!("k{number}"), number)).collect();
    store.commit_repo(commit(1, None, 10, &records)).await.expect("it writes");
    let mut expected: Vec<_> = (20..26).chain([10, 11]).map(block).collect();
    expected.sort_by_key(|(cid, _)| cid.to_bytes());
    let mut listed = store.list_blocks(&did(1), None, 3).await.expect("it reads");
    assert_eq!(listed.len(), 3);
    let last = listed.last().map(|(cid, _)| *cid);
    listed.extend(store.list_blocks(&did(1), last.as_ref(), 100).await.expect("it reads"));
    assert_eq!(listed, expected);
}

/// Collections that lost their last record are gone.
pub async fn collections_and_repositories_are_listed_in_order(store: Subject) {
    let mut other = record("x", 21);
    other.collection = collection("album");
    for number in [2, 1, 3] {
        let new = commit(number, None, 10, &[record("a", 20), other.clone()]);
        store.commit_repo(new).await.expect("it writes");
    }
    let collections = store.list_collections(&did(1)).await.expect("it reads");
    assert_eq!(collections, [collection("album"), collection("note")]);
    let mut next = commit(1, Some(10), 12, &[]);
    next.changes.push(RecordChange::Delete { collection: collection("album"), key: key("x") });
    store.commit_repo(next).await.expect("it writes");
    assert_eq!(store.list_collections(&did(1)).await.expect("it reads"), [collection("note")]);
    let first = store.list_repos(None, 2).await.expect("it reads");
    assert_eq!(first, [(did(1), head(12)), (did(2), head(10))]);
    assert_eq!(store.list_repos(Some(&did(2)), 9).await.expect("it reads"), [(did(3), head(10))]);
}

/// All from one head.
pub async fn commits_race_and_one_wins(store: Subject) {
    store.commit_repo(commit(1, None, 10, &[])).await.expect("it writes");
    let outcomes = store
        .race(|store, racer| async move {
            let next = 100 + 10 * racer;
            let new = commit(1, Some(10), next, &[record(&format!("r{racer}"), next + 5)]);
            (next, store.commit_repo(new).await.expect("it answers"))
        })
        .await;
    let won: Vec<usize> = outcomes
        .iter()
        .filter(|(_, outcome)| *outcome == Committed::Committed)
        .map(|(next, _)| *next)
        .collect();
    assert!(outcomes.iter().all(|(_, outcome)| matches!(outcome, Committed::Committed | Committed::Stale)));
    let [won] = won.as_slice() else { panic!("{} commits won", won.len()) };
    assert_eq!(store.find_repo(&did(1)).await.expect("it reads"), Some(head(*won)));
    let all = ListRecords { collection: collection("note"), cursor: None, limit: 99, reverse: true };
    assert_eq!(store.list_records(&did(1), all).await.expect("it reads").len(), 1);
}
