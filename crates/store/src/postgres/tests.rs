//! What only PostgreSQL promises, and that its schema is SQLite's.

use sqlx::Executor as _;

use super::*;
use crate::contract::cluster::{Cluster, empty_database};
use crate::postgres::row::{Columns, all, params};

async fn store() -> (Postgres, String, Option<Cluster>) {
    let (url, cluster) = empty_database().await.expect("there is a server");
    (
        Postgres::connect(&url, Options::default()).await.expect("an empty database is made ready"),
        url,
        cluster,
    )
}

#[tokio::test]
async fn every_statement_prepares_on_a_new_database() {
    let (store, _, _cluster) = store().await;
    let files = [
        account::STATEMENTS,
        app_password::STATEMENTS,
        blob::STATEMENTS,
        consent::STATEMENTS,
        device::STATEMENTS,
        factor::STATEMENTS,
        invite_code::STATEMENTS,
        legacy_session::STATEMENTS,
        lexicon::STATEMENTS,
        mail_code::STATEMENTS,
        migrate::STATEMENTS,
        preference::STATEMENTS,
        replay::STATEMENTS,
        repo::STATEMENTS,
        request::STATEMENTS,
        room::STATEMENTS,
        scope_reference::STATEMENTS,
        security_event::STATEMENTS,
        set_change::STATEMENTS,
        sweep::STATEMENTS,
        token::STATEMENTS,
    ];
    let mut connection = store.connection().await.expect("it connects");
    let mut prepared = 0;
    for statement in files.concat() {
        let statement: &'static str = statement;
        connection.prepare(sqlx::SqlStr::from_static(statement)).await.expect(statement);
        prepared += 1;
    }
    assert!(prepared > 100 && prepared < PREPARED, "{prepared}");
}

/// Files, tables and columns: what is added for one engine is added for the other.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_schema_is_that_of_sqlite() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = |engine: &str| {
        let entries = std::fs::read_dir(folder.join(engine)).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let mut mirrored = files("sqlite");
    // Its one process remembers proofs in its memory.
    mirrored.push("0013_proof.sql".to_owned());
    mirrored.sort();
    assert_eq!(files("postgres"), mirrored);

    let (store, _, _cluster) = store().await;
    let mut connection = store.connection().await.expect("it connects");
    let sql = "SELECT table_name::text, column_name::text, is_nullable = 'NO' FROM information_schema.columns \
               WHERE table_schema = 'public' AND table_name <> 'proof' ORDER BY 1, 2";
    let column = |row: &sqlx::postgres::PgRow| {
        let columns = Columns::new("columns", row);
        Ok((
            columns.value::<String>(0, "table")?,
            columns.value::<String>(1, "column")?,
            columns.value::<bool>(2, "required")?,
        ))
    };
    let ours = all(&mut connection, sql, params![], column).await.expect("it reads");
    assert!(ours.len() > 100, "{}", ours.len());

    let file = tempfile::tempdir().expect("a folder");
    let path = file.path().join("store.db");
    drop(crate::sqlite::Sqlite::open(&path, crate::sqlite::Options::default()).expect("it opens"));
    let sqlite = rusqlite::Connection::open(&path).expect("it opens");
    let mut tables = sqlite
        .prepare(
            "SELECT t.name, c.name, c.\"notnull\" FROM sqlite_schema AS t, pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
        )
        .expect("it prepares");
    let rows = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("it reads");
    let mut theirs: Vec<(String, String, bool)> = rows.map(|row| row.expect("a row")).collect();
    theirs.sort();
    let names = |rows: &[(String, String, bool)]| -> Vec<(String, String)> {
        rows.iter().map(|(table, column, _)| (table.clone(), column.clone())).collect()
    };
    let mut sorted = ours.clone();
    sorted.sort();
    assert_eq!(names(&sorted), names(&theirs));
    // SQLite does not say so of a key that is the row's number.
    let required = |rows: &[(String, String, bool)]| -> Vec<(String, String)> {
        let rows = rows.iter().filter(|(table, column, is)| {
            *is && column != "number" && (table.as_str(), column.as_str()) != ("token_set", "token")
        });
        rows.map(|(table, column, _)| (table.clone(), column.clone())).collect()
    };
    assert_eq!(required(&sorted), required(&theirs));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_together_make_the_schema_once() {
    let (url, _cluster) = empty_database().await.expect("there is a server");
    let start = |_| {
        let url = url.clone();
        tokio::spawn(async move { Postgres::connect(&url, Options::default()).await })
    };
    for node in futures_of(6, start) {
        node.await.expect("it ends").expect("it connects");
    }
}

fn futures_of<T>(count: usize, start: impl Fn(usize) -> T) -> Vec<T> {
    (0..count).map(start).collect()
}

#[tokio::test]
async fn a_database_of_another_text_or_a_newer_program_is_refused() {
    let (store, url, _cluster) = store().await;
    for (sql, error) in [
        (
            "INSERT INTO migration VALUES (9999, 'later', ''::bytea || decode(repeat('00', 32), 'hex'))",
            "Newer",
        ),
        ("UPDATE migration SET checksum = decode(repeat('00', 32), 'hex')", "Changed"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&store.pool).await.expect("it changes");
        let refused = Postgres::connect(&url, Options::default()).await.expect_err(error);
        assert!(format!("{refused:?}").contains(error), "{refused:?}");
    }
}

/// What one node has ended or seen, the other refuses at once.
#[tokio::test]
async fn two_nodes_see_the_same() {
    use crate::contract::fixture::*;
    use crate::replay::{Namespace, ReplayStore as _};
    use crate::token::TokenStore as _;

    let (first, url, _cluster) = store().await;
    let second = Postgres::connect(&url, Options::default()).await.expect("a second node");
    let subject = crate::contract::Subject::new(first);
    grant(&subject, 1).await;
    assert!(second.find_token(token_id(1)).await.expect("it reads").is_some());
    assert!(subject.revoke_token(token_id(1)).await.expect("it writes"));
    assert!(second.find_token(token_id(1)).await.expect("it reads").is_none());
    for namespace in [Namespace::Proof, Namespace::Assertion, Namespace::ServiceToken] {
        let key = [7; 32];
        assert!(subject.remember(namespace, key, after(60), NOW).await.expect("it writes"));
        assert!(!second.remember(namespace, key, after(60), NOW).await.expect("it answers"));
    }
}

/// Whoever asked for a step may leave at any moment; the connection goes back without a transaction open in it.
#[tokio::test]
async fn a_step_that_nobody_waits_for_takes_nothing_with_it() {
    use crate::contract::fixture::*;
    use crate::replay::{Namespace, ReplayStore as _};

    let (other, url, _cluster) = store().await;
    let options = Options { connections: 1, ..Options::default() };
    let store = Postgres::connect(&url, options).await.expect("it connects");
    for number in 0..40 {
        let patience = Duration::from_micros(number as u64 * 25);
        drop(tokio::time::timeout(patience, store.begin()).await);
        let key = bytes("use", number);
        assert!(store.remember(Namespace::Proof, key, after(60), NOW).await.expect("it writes"));
        let again = other.remember(Namespace::Proof, key, after(60), NOW).await.expect("it answers");
        assert!(!again, "use {number} was forgotten, after {patience:?}");
    }
}

/// A node whose clock is right sweeps, and one whose clock is behind takes the proof still.
#[tokio::test]
async fn sec_33_what_was_used_is_known_to_a_node_whose_clock_is_behind() {
    use crate::contract::fixture::*;
    use crate::replay::{Namespace, ReplayStore as _};
    use crate::sweep::Sweep as _;

    let (store, _, _cluster) = store().await;
    let (behind, key) = (Duration::from_secs(80), [7; 32]);
    for namespace in [Namespace::Proof, Namespace::Assertion] {
        assert!(store.remember(namespace, key, after(198), NOW).await.expect("it writes"));
        store.sweep(horizon(after(197).plus(behind))).await.expect("it sweeps");
        assert!(!store.remember(namespace, key, after(400), after(197)).await.expect("it answers"));
    }
}

/// Refused early, and not left hanging.
#[tokio::test]
async fn who_finds_no_connection_is_refused_in_time() {
    use crate::account::AccountStore as _;

    let (_, url, _cluster) = store().await;
    let options = Options { connections: 1, patience: Duration::from_millis(200), ..Options::default() };
    let store = Postgres::connect(&url, options).await.expect("it connects");
    let held = store.connection().await.expect("the only one");
    let did = crate::contract::fixture::did(1);
    let refused = store.find_account(&did).await.expect_err("there is none left");
    assert!(matches!(refused, StoreError::Full { what: "connections", .. }), "{refused:?}");
    drop(held);
    assert!(store.find_account(&did).await.expect("there is one again").is_none());
}
