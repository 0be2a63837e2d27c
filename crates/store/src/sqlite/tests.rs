//! What only a file can promise.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

use gatewright_protocol::app_password::AppPasswordSecret;
use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::random::Random;
use gatewright_protocol::secret::{Code, DeviceSecret, RefreshToken};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tempfile::TempDir;

use super::*;
use crate::account::AccountStore as _;
use crate::app_password::NewAppPassword;
use crate::contract::fixture::*;
use crate::contract::{LIMITS, Subject};
use crate::device::{DeviceId, DeviceStore as _};
use crate::factor::{FactorCreated, NewFactor, WaitingSignIn};
use crate::preference::Preference;
use crate::replay::{Namespace, ReplayStore as _};
use crate::repo::RepoStore as _;
use crate::request::{Request, RequestStore as _, Stage};
use crate::security_event::{SecurityEvent, SecurityEventKind};
use crate::token::{NewToken, RotateToken, Rotation, Token, TokenStore as _};

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> Sqlite {
        let options = Options { limits: LIMITS, synchronous: Synchronous::Normal, ..Options::default() };
        Sqlite::open(self.path(), options).expect("it opens")
    }

    /// As another process would.
    fn raw(&self) -> Connection {
        let connection = Connection::open(self.path()).expect("it opens");
        connection.busy_timeout(BUSY).expect("it waits");
        connection
    }
}

#[test]
fn every_statement_prepares_on_a_new_file() {
    let file = File::new();
    drop(file.open());
    let connection = file.raw();
    let files = [
        account::STATEMENTS,
        app_password::STATEMENTS,
        backup::STATEMENTS,
        blob::STATEMENTS,
        consent::STATEMENTS,
        device::STATEMENTS,
        factor::STATEMENTS,
        invite_code::STATEMENTS,
        legacy_session::STATEMENTS,
        lexicon::STATEMENTS,
        mail_code::STATEMENTS,
        security_event::STATEMENTS,
        preference::STATEMENTS,
        replay::STATEMENTS,
        repo::STATEMENTS,
        set_change::STATEMENTS,
        request::STATEMENTS,
        scope_reference::STATEMENTS,
        sweep::STATEMENTS,
        token::STATEMENTS,
        writer::STATEMENTS,
    ];
    let statements: Vec<&str> = files.concat();
    assert!(statements.len() < PREPARED, "{} statements do not stay prepared", statements.len());
    for sql in statements {
        connection.prepare(sql).map(drop).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}

#[test]
fn hot_statements_look_nothing_through() {
    let file = File::new();
    drop(file.open());
    let connection = file.raw();
    let files = [
        token::STATEMENTS,
        request::STATEMENTS,
        repo::STATEMENTS,
        set_change::STATEMENTS,
        device::STATEMENTS,
        account::STATEMENTS,
        app_password::STATEMENTS,
        invite_code::STATEMENTS,
        legacy_session::STATEMENTS,
        preference::STATEMENTS,
    ];
    for sql in files.concat() {
        // A sweep's list of keys, a new password and the end of an account are rare enough to cost something.
        let is_rare = sql.contains("client_key IS NOT NULL")
            || sql.starts_with("DELETE FROM owner")
            || sql.starts_with("DELETE FROM request WHERE code IS NULL");
        if is_rare || sql.starts_with("INSERT") {
            continue;
        }
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("it prepares");
        let count = statement.parameter_count();
        let plan = statement
            .query_map(rusqlite::params_from_iter(vec![rusqlite::types::Null; count]), |row| row.get(3));
        for step in plan.expect("it explains") {
            let step: String = step.expect("it is text");
            assert!(!step.starts_with("SCAN"), "{step}: {sql}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_file_and_its_log_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let file = File::new();
    let _store = file.open();
    for entry in file.folder.path().read_dir().expect("it lists") {
        let entry = entry.expect("it lists");
        let mode = entry.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn everything_survives_a_restart_but_the_memory_of_proofs() {
    let file = File::new();
    let store = Subject::new(file.open());
    store.create_account(account(1)).await.expect("it writes");
    store.create_device(device(1)).await.expect("it writes");
    store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes");
    grant(&store, 1).await;
    store.rotate_token(rotate(1, 1, after(1))).await.expect("it writes");
    approve(&store, 2).await;
    store.commit_repo(commit(1, None, 10, &[record("a", 20)])).await.expect("it writes");
    for namespace in [Namespace::Assertion, Namespace::Proof] {
        store.remember(namespace, bytes("use", 1), after(100), NOW).await.expect("it writes");
    }
    let before = store.find_token(token_id(1)).await.expect("it reads").expect("it lives");
    drop(store);
    let store = file.open();
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(before.clone()));
    assert_eq!(store.find_token_by_refresh(&refresh(1, 0)).await.expect("it reads"), Some(before));
    assert_eq!(store.find_account(&did(1)).await.expect("it reads"), Some(account(1).account));
    assert_eq!(store.list_device_accounts(&device_id(1), None).await.expect("it reads"), [sign_in(1, 1)]);
    let request = store.find_request_by_code(&code(2)).await.expect("it reads").expect("it is kept");
    assert_eq!((request.stage, request.device), (approved(2), Some(device_id(2))));
    assert_eq!(
        store.find_record(&did(1), &collection("note"), &key("a")).await.expect("it reads"),
        Some(record("a", 20))
    );
    let remember = |namespace| store.remember(namespace, bytes("use", 1), after(100), after(1));
    assert!(!remember(Namespace::Assertion).await.expect("it answers"));
    assert!(remember(Namespace::Proof).await.expect("it answers"));
    let outcome = store.rotate_token(rotate(1, 1, after(2))).await.expect("it answers");
    assert!(matches!(outcome, Rotation::Recovered(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fails_takes_nothing_with_it() {
    let file = File::new();
    let store = Arc::new(file.open());
    let (go, gate) = mpsc::channel::<()>();
    let held = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.write(move |_| gate.recv().map_err(failed)).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    // All of these wait for the first, and go into one transaction.
    let steps = (0..30).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store
                .write(move |write| {
                    account::own(write, &did(number))?;
                    write.counts.devices += 1;
                    match number % 3 {
                        0 => Ok(()),
                        1 => Err(failed("not this one")),
                        _ => panic!("nor this one"),
                    }
                })
                .await
        })
    });
    let steps: Vec<_> = steps.collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    go.send(()).expect("it waits");
    held.await.expect("no panic").expect("it is done");
    for (number, step) in steps.into_iter().enumerate() {
        assert_eq!(step.await.expect("no panic").is_ok(), number % 3 == 0, "{number}");
    }
    let kept = store.scan(|connection| {
        Ok(connection.query_row("SELECT count(*) FROM owner", [], |row| row.get::<_, u32>(0))?)
    });
    assert_eq!(kept.await.expect("it reads"), 10);
    assert_eq!(store.write(|write| Ok(write.counts.devices)).await.expect("it answers"), 10);
    // Alone in its transaction, too.
    let alone =
        store.write(|write| account::own(write, &did(99)).and(Err::<(), _>(failed("not this one")))).await;
    assert!(alone.is_err());
    let panicked = store
        .write(|write| -> Result<(), StoreError> { panic!("{:?}", account::own(write, &did(98))) })
        .await;
    assert!(panicked.is_err());
    let kept = store.scan(|connection| {
        Ok(connection.query_row("SELECT count(*) FROM owner", [], |row| row.get::<_, u32>(0))?)
    });
    assert_eq!(kept.await.expect("it reads"), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once() {
    let file = File::new();
    let options = Options { waiting_steps: 4, synchronous: Synchronous::Normal, ..Options::default() };
    let store = Arc::new(Sqlite::open(file.path(), options).expect("it opens"));
    let (go, gate) = mpsc::channel::<()>();
    let mut steps = vec![{
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.write(move |_| gate.recv().map_err(failed)).await })
    }];
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..4 {
        let store = Arc::clone(&store);
        steps.push(tokio::spawn(async move { store.write(|_| Ok(())).await }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = store.write(|_| Ok(())).await;
    assert!(matches!(refused, Err(StoreError::Full { what: "waiting steps", .. })), "{refused:?}");
    go.send(()).expect("it waits");
    for step in steps {
        step.await.expect("no panic").expect("it is done");
    }
}

#[tokio::test]
async fn what_another_process_changed_is_noticed() {
    let file = File::new();
    let store = Subject::new(file.open());
    grant(&store, 1).await;
    store.create_account(account(1)).await.expect("it writes");
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some());
    assert!(store.find_account(&did(1)).await.expect("it reads").is_some());
    let other = file.open();
    assert!(other.replace_password(&did(1), password(2)).await.expect("it writes"));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(
        store.find_token(token_id(1)).await.expect("it reads").is_none(),
        "a revoked token is still known"
    );
    drop(other);
    grant(&store, 2).await;
    assert!(store.find_token(token_id(2)).await.expect("it reads").is_some());
}

#[tokio::test]
async fn a_row_that_cannot_exist_is_an_error_that_names_it() {
    let file = File::new();
    let store = Subject::new(file.open());
    grant(&store, 1).await;
    drop(store);
    file.raw()
        .execute("UPDATE token SET account = 'did:web:a001.example.com', audience = 'nobody'", [])
        .expect("it writes");
    let error = file.open().find_token(token_id(1)).await.expect_err("it cannot be read");
    let StoreError::Corrupt(corrupt) = error else { panic!("{error:?}") };
    assert_eq!((corrupt.table, corrupt.column), ("token", "audience"));
    assert_eq!(format!("tok-{}", corrupt.key), token_id(1).to_string());
}

#[tokio::test]
async fn forgetting_an_owner_empties_every_table_that_names_it() {
    let file = File::new();
    let store = Subject::new(file.open());
    let secrets = Secrets::new();
    a_whole_life(&store, &secrets).await;
    a_password_session(&store, &secrets.app_password).await;
    a_second_factor(&store, &DeviceId::of_cookie(&secrets.cookie)).await;
    let event = SecurityEvent::new(did(1), SecurityEventKind::SignIn, NOW);
    store.note_security_event(event).await.expect("it writes");
    let rows = |store: &File| {
        let connection = store.raw();
        let tables = [
            "account",
            "consent",
            "device_account",
            "token",
            "refresh",
            "token_set",
            "set_change",
            "used_code",
            "repo",
            "block",
            "record",
            "blob",
            "record_blob",
            "app_password",
            "legacy_session",
            "legacy_refresh",
            "preference",
            "factor",
            "recovery_code",
            "mail_code",
            "security_event",
            "waiting_sign_in",
            "owner",
        ];
        tables.map(|table| (table, count(&connection, table)))
    };
    for (table, rows) in rows(&file) {
        assert!(rows > 0, "the test puts nothing into `{table}`");
    }
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    for (table, rows) in rows(&file) {
        assert_eq!(rows, 0, "{table}");
    }
}

/// Every secret of a whole life, and the SHA-256 of some to show that the search finds what is there.
#[tokio::test]
async fn sec_31_no_secret_in_a_row() {
    let file = File::new();
    let secrets = Secrets::new();
    let store = Subject::new(file.open());
    a_whole_life(&store, &secrets).await;
    a_password_session(&store, &secrets.app_password).await;
    let connection = file.raw();
    let mut contents = Vec::new();
    for table in tables(&connection) {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).expect("it prepares");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("it reads");
        while let Some(row) = rows.next().expect("it reads") {
            for column in 0..columns {
                match row.get_ref(column).expect("there is such a column") {
                    ValueRef::Text(value) | ValueRef::Blob(value) => contents.push(value.to_vec()),
                    _ => {}
                }
            }
        }
    }
    let holds =
        |needle: &[u8]| contents.iter().any(|value| value.windows(needle.len()).any(|part| part == needle));
    assert!(holds(secrets.first.hash().as_bytes()), "the search finds nothing");
    assert!(holds(secrets.next_device.hash().as_bytes()), "the search finds nothing");
    assert!(holds(&secrets.app_password.hash(&[1; 32], &did(1)).0), "the search finds nothing");
    assert!(!holds(secrets.device.hash().as_bytes()), "the secret before a sign-in is over");
    for secret in secrets.in_clear() {
        assert!(!holds(secret.as_bytes()), "a row holds {}", secret.split('_').nth(1).unwrap_or("a cookie"));
        let body = secret.rsplit('_').next().and_then(|body| body.get(..43)).unwrap_or(secret);
        assert!(!holds(body.as_bytes()), "a row holds the body of a secret");
    }
    drop((connection, store));
    let everything: Vec<u8> = file
        .folder
        .path()
        .read_dir()
        .expect("it lists")
        .flat_map(|entry| std::fs::read(entry.expect("it lists").path()).expect("it reads"))
        .collect();
    for secret in secrets.in_clear() {
        let found = everything.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "the file holds a secret that no row does");
    }
}

struct Secrets {
    code: Code,
    first: RefreshToken,
    second: RefreshToken,
    device: DeviceSecret,
    next_device: DeviceSecret,
    app_password: AppPasswordSecret,
    cookie: String,
}

#[derive(Debug)]
struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    }
}

impl Secrets {
    fn new() -> Self {
        let random = Counting(std::sync::atomic::AtomicU8::new(100));
        let first = RefreshToken::generate(&random);
        Self {
            code: Code::generate(&random),
            second: first.successor(&[1; 32], &token_id(1).0),
            first,
            device: DeviceSecret::generate(&random),
            next_device: DeviceSecret::generate(&random),
            app_password: AppPasswordSecret::generate(&random),
            cookie: "dev-0123456789abcdef0123456789abcdef".to_owned(),
        }
    }

    fn in_clear(&self) -> [&str; 7] {
        let Self { code, first, second, device, next_device, app_password, cookie } = self;
        let app_password = app_password.expose();
        [
            code.expose(),
            first.expose(),
            second.expose(),
            device.expose(),
            next_device.expose(),
            app_password,
            cookie,
        ]
    }
}

/// From the first visit of a browser to a used refresh token, as account 1.
async fn a_whole_life(store: &Subject, secrets: &Secrets) {
    let browser = DeviceId::of_cookie(&secrets.cookie);
    store.create_account(account(1)).await.expect("it writes");
    let device = crate::device::Device { id: browser.clone(), secret: secrets.device.hash(), ..device(1) };
    store.create_device(device).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    store.open_request(&request_id(1), &browser, NOW, after(300)).await.expect("it opens");
    let sign_in = crate::device::DeviceAccount { device: browser.clone(), ..sign_in(1, 1) };
    assert!(store.sign_in_device(sign_in, None, Some(secrets.next_device.hash())).await.expect("it writes"));
    let stage = Stage::Approved {
        account: did(1),
        scope: scopes("atproto"),
        sets: vec![set(1)],
        code: secrets.code.hash(),
        code_expires_at: after(60),
    };
    let approved = store.approve_request(&request_id(1), &browser, stage, Some(consent(1)), NOW).await;
    assert!(approved.expect("it writes"));
    assert!(store.find_consent(&did(1), &client(1)).await.expect("it reads").is_some());
    let token = Token { refresh: Some(secrets.first.hash()), device: Some(browser), ..token(1) };
    let new = NewToken { token, sets: vec![set(1)], changes: vec![set_change(1, 1, NOW)], event: None };
    store.exchange_code(&secrets.code.hash(), new).await.expect("it writes");
    let rotate = RotateToken {
        presented: secrets.first.hash(),
        successor: secrets.second.hash(),
        ..rotate(1, 1, after(1))
    };
    assert!(matches!(store.rotate_token(rotate).await.expect("it writes"), Rotation::Rotated(_)));
    store
        .create_request(Request { client_auth: key_auth(1), ..request(2) }, NOW.plus(DAY))
        .await
        .expect("it writes");
    store.create_blob(blob(1, 50)).await.expect("it writes");
    let mut new = commit(1, None, 10, &[record("a", 20)]);
    if let Some(crate::repo::RecordChange::Put { blobs, .. }) = new.changes.first_mut() {
        blobs.push(block(50).0);
    }
    assert_eq!(store.commit_repo(new).await.expect("it writes"), crate::repo::Committed::Committed);
}

/// An app password, a session of it and a preference of account 1.
async fn a_password_session(store: &Subject, secret: &AppPasswordSecret) {
    let hash = secret.hash(&[1; 32], &did(1));
    let new = NewAppPassword { app_password: app_password(1, 0), hash };
    store.create_app_password(new).await.expect("it writes");
    assert!(store.create_legacy_session(new_session(1, Some(0))).await.expect("it writes"));
    let preference = Preference { kind: "app.bsky.a".to_owned(), json: "{}".to_owned() };
    store.replace_preferences(&did(1), None, vec![preference]).await.expect("it writes");
}

/// A factor of account 1 and everything beside it.
async fn a_second_factor(store: &Subject, browser: &DeviceId) {
    let new = NewFactor { device: browser.clone(), ..new_factor(1, 1) };
    assert_eq!(store.create_factor(new).await.expect("it writes"), FactorCreated::Created);
    assert!(store.keep_mail_code(mail_code(1, 1, MailPurpose::SignIn), NOW).await.expect("it writes"));
    let waiting = WaitingSignIn { device: browser.clone(), ..waiting_sign_in(1, 1) };
    assert!(store.await_factor(waiting, None).await.expect("it writes"));
}

fn tables(connection: &Connection) -> Vec<String> {
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("it prepares");
    let names = statement.query_map([], |row| row.get(0)).expect("it reads");
    names.collect::<Result<_, _>>().expect("it reads")
}

fn count(connection: &Connection, table: &str) -> u32 {
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("it counts")
}
