//! What blobs promise.

use super::Subject;
use super::fixture::*;
use crate::blob::BlobsSwept;
use crate::repo::{Committed, RecordChange};

/// An upload that is repeated is one upload.
pub async fn the_same_blob_again_only_changes_its_declared_type_and_time(store: Subject) {
    let first = blob(1, 50);
    store.create_blob(first.clone()).await.expect("it writes");
    assert_eq!(store.find_blob(&did(1), &first.cid).await.expect("it reads"), Some(first.clone()));
    let mut again = first.clone();
    "image/webp".clone_into(&mut again.declared_type);
    again.created_at = after(60);
    store.create_blob(again).await.expect("it writes");
    let found = store.find_blob(&did(1), &first.cid).await.expect("it reads").expect("it is known");
    assert_eq!((found.declared_type.as_str(), found.created_at), ("image/webp", after(60)));
    assert!(
        store.find_blob(&did(2), &first.cid).await.expect("it reads").is_none(),
        "another account's blob"
    );
}

/// In the order of the text of their CIDs, each once, by pages.
pub async fn only_blobs_that_records_name_are_listed(store: Subject) {
    for number in 50..56 {
        store.create_blob(blob(1, number)).await.expect("it writes");
    }
    let mut new = commit(1, None, 10, &[record("a", 20), record("b", 21)]);
    let mut named: Vec<_> = (50..55).map(|number| block(number).0).collect();
    for change in &mut new.changes {
        if let RecordChange::Put { blobs, .. } = change {
            blobs.extend(&named);
        }
    }
    assert_eq!(store.commit_repo(new).await.expect("it writes"), Committed::Committed);
    named.sort_by_key(ToString::to_string);
    let first = store.list_blobs(&did(1), None, 2).await.expect("it reads");
    assert_eq!(first.as_slice(), named.get(..2).expect("there are five"));
    let rest = store.list_blobs(&did(1), first.last(), 9).await.expect("it reads");
    assert_eq!(rest.as_slice(), named.get(2..).expect("there are five"));
    // `a` is replaced by a value that names one blob, and `b` is deleted.
    let mut next = commit(1, Some(10), 12, &[record("a", 22)]);
    for change in &mut next.changes {
        if let RecordChange::Put { blobs, .. } = change {
            blobs.push(block(50).0);
        }
    }
    next.changes.push(RecordChange::Delete { collection: collection("note"), key: key("b") });
    assert_eq!(store.commit_repo(next).await.expect("it writes"), Committed::Committed);
    assert_eq!(store.list_blobs(&did(1), None, 9).await.expect("it reads"), [block(50).0]);
    assert!(store.list_blobs(&did(2), None, 9).await.expect("it reads").is_empty());
}

/// A blob that was uploaded again is new again, one that a record names stays, and what another account has is not gone.
pub async fn old_blobs_that_no_record_names_can_be_swept(store: Subject) {
    for (owner, number, at) in
        [(1, 50, 0), (1, 51, 0), (1, 52, 0), (1, 53, 0), (1, 54, 60), (2, 51, 0), (3, 53, 60)]
    {
        let mut blob = blob(owner, number);
        blob.created_at = after(at);
        store.create_blob(blob).await.expect("it writes");
    }
    let mut again = blob(1, 52);
    again.created_at = after(60);
    store.create_blob(again).await.expect("it writes");
    let mut new = commit(1, None, 10, &[record("a", 20)]);
    for change in &mut new.changes {
        if let RecordChange::Put { blobs, .. } = change {
            blobs.push(block(50).0);
        }
    }
    assert_eq!(store.commit_repo(new).await.expect("it writes"), Committed::Committed);

    let early = store.sweep_blobs(NOW, 10).await.expect("it sweeps");
    assert_eq!(early, BlobsSwept::default(), "nothing was uploaded before that");
    let (mut uploads, mut gone) = (Vec::new(), Vec::new());
    loop {
        let swept = store.sweep_blobs(after(60), 2).await.expect("it sweeps");
        if swept == BlobsSwept::default() {
            break;
        }
        uploads.push(swept.uploads);
        gone.extend(swept.gone);
    }
    assert_eq!(uploads, [2, 1], "51 and 53 of the first account, 51 of the second");
    assert_eq!(gone, [block(51).0], "the third account still has 53");
    for (owner, number, there) in [
        (1, 50, true),
        (1, 51, false),
        (1, 52, true),
        (1, 53, false),
        (1, 54, true),
        (2, 51, false),
        (3, 53, true),
    ] {
        let found = store.find_blob(&did(owner), &block(number).0).await.expect("it reads");
        assert_eq!(found.is_some(), there, "{number} of {owner}");
    }
    // Named by a record of another account is not named.
    assert_eq!(store.sweep_blobs(after(600), 10).await.expect("it sweeps").uploads, 3);
    assert!(store.find_blob(&did(1), &block(50).0).await.expect("it reads").is_some());
}

/// SESS-19: whether a record named them or not, unless another account has the same.
pub async fn blobs_of_a_deleted_account_can_be_swept(store: Subject) {
    for (owner, number) in [(1, 50), (1, 51), (1, 52), (2, 52)] {
        store.create_blob(blob(owner, number)).await.expect("it writes");
    }
    let mut new = commit(1, None, 10, &[record("a", 20)]);
    for change in &mut new.changes {
        if let RecordChange::Put { blobs, .. } = change {
            blobs.push(block(50).0);
        }
    }
    assert_eq!(store.commit_repo(new).await.expect("it writes"), Committed::Committed);
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    let (mut uploads, mut gone) = (0, Vec::new());
    for _ in 0..2 {
        let swept = store.sweep_blobs(NOW, 2).await.expect("it sweeps");
        uploads += swept.uploads;
        gone.extend(swept.gone);
    }
    gone.sort();
    let mut expected = [block(50).0, block(51).0];
    expected.sort();
    assert_eq!((uploads, gone.as_slice()), (3, expected.as_slice()));
    assert_eq!(store.sweep_blobs(NOW, 2).await.expect("it sweeps"), BlobsSwept::default());
    assert!(store.find_blob(&did(2), &block(52).0).await.expect("it reads").is_some());
}
