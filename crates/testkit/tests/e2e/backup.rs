//! A copy that is made while the server writes, and going back to it as the guide says.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::program::{self, Program};
use serde_json::{Value, json};

const SCOPE: &str = "atproto repo:com.example.note blob:image/png";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

fn backup(config: &Path, folder: &Path, keys: &Path) -> Result<Output> {
    let mut command = Command::new(program::path()?);
    command.args(["store", "backup"]).arg(folder).arg("--keys").arg(keys).arg("--config").arg(config);
    Ok(command.output()?)
}

async fn write(app: &mut App, url: &str, did: &str, record: &Value) -> Result<()> {
    let body = json!({"repo": did, "collection": "com.example.note", "record": record});
    let written = app.procedure(url, "com.atproto.repo.createRecord", &body).await?;
    ensure!(written.status == 200, "{written:?}");
    Ok(())
}

async fn count(app: &mut App, url: &str, did: &str) -> Result<usize> {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let asked =
            [("repo", did), ("collection", "com.example.note"), ("limit", "100"), ("cursor", &cursor)];
        let asked = if cursor.is_empty() { &asked[..3] } else { &asked };
        let listed = app.query(url, "com.atproto.repo.listRecords", asked).await?.json()?;
        count += listed["records"].as_array().context("records")?.len();
        match listed["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(count),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_while_the_server_writes_and_holds_all_of_it() -> Result<()> {
    let place = tempfile::tempdir()?;
    let (data, copy, keys) =
        (place.path().join("data"), place.path().join("copy"), place.path().join("keys"));
    let config = place.path().join("gatewright.toml");
    let text = format!("[server]\npublic_url = \"https://pds.example.net\"\ndata = {:?}\n", data.display());
    std::fs::write(&config, text)?;
    let program = Program::start_on_file(&data, &["--port", "0"])?;
    let (url, alice) = (program.url().to_owned(), Person::all(&program.ready)[0].clone());
    let mut app = App::loopback(&url, SCOPE)?;
    app.sign_in(&alice).await?;
    let blob =
        app.call("POST", &format!("{url}/xrpc/com.atproto.repo.uploadBlob"), Some("image/png"), PNG).await?;
    let blob = blob.json()?["blob"].clone();
    write(&mut app, &url, &alice.did, &json!({"$type": "com.example.note", "image": blob})).await?;

    // As where there are hosts behind the server.
    std::fs::write(data.join("entryway.key"), [7; 32])?;

    // Beside somebody who writes without pause.
    let mut busy = App::loopback(&url, SCOPE)?;
    busy.sign_in(&alice).await?;
    let before = count(&mut app, &url, &alice.did).await?;
    let making = {
        let (config, copy, keys) = (config.clone(), copy.clone(), keys.clone());
        tokio::task::spawn_blocking(move || backup(&config, &copy, &keys))
    };
    let mut more = 0;
    while !making.is_finished() {
        write(&mut busy, &url, &alice.did, &json!({"$type": "com.example.note", "text": "more"})).await?;
        more += 1;
    }
    let made = making.await??;
    assert!(made.status.success() && more > 0, "{made:?} {more}");
    assert!(String::from_utf8(made.stdout)?.contains("and 1 new blobs"));
    let secrets = ["keys.json", "plc-rotation.key", "entryway.key"].map(|name| keys.join(name));
    for file in secrets.into_iter().chain([copy.join("gatewright.sqlite")]) {
        assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    let beside = std::fs::read_dir(&copy)?.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>>>()?;
    assert!(beside.iter().all(|name| name == "gatewright.sqlite" || name == "blobs"), "{beside:?}");

    // A second run copies what is new, and refuses to put the keys beside the rest.
    let again = backup(&config, &copy, &keys)?;
    assert!(String::from_utf8(again.stdout)?.contains("and 0 new blobs"));
    let together = backup(&config, &copy, &copy)?;
    let said = String::from_utf8(together.stderr)?;
    assert!(!together.status.success() && said.contains("hint:"), "{said}");
    let all = count(&mut app, &url, &alice.did).await?;
    write(&mut app, &url, &alice.did, &json!({"$type": "com.example.note", "text": "after it"})).await?;

    // Everything is lost, and put back as the guide says.
    program.kill()?;
    for file in ["gatewright.sqlite", "gatewright.sqlite-wal", "gatewright.sqlite-shm", "keys.json"] {
        let _ = std::fs::remove_file(data.join(file));
    }
    std::fs::remove_dir_all(data.join("blobs"))?;
    std::fs::rename(copy.join("gatewright.sqlite"), data.join("gatewright.sqlite"))?;
    std::fs::rename(copy.join("blobs"), data.join("blobs"))?;
    std::fs::rename(keys.join("keys.json"), data.join("keys.json"))?;
    let program = Program::start_on_file(&data, &["--port", "0"])?;
    assert_eq!(program.url(), url);
    assert_eq!(count(&mut app, &url, &alice.did).await?, all, "of before {before} and beside {more}");
    let cid = blob["ref"]["$link"].as_str().context("a blob has a CID")?;
    let asked = [("did", alice.did.as_str()), ("cid", cid)];
    assert_eq!(app.query(&url, "com.atproto.sync.getBlob", &asked).await?.body, PNG);
    // The session goes on, and so does the repository.
    app.refresh().await?;
    write(&mut app, &url, &alice.did, &json!({"$type": "com.example.note", "text": "goes on"})).await?;
    program.stop("TERM")
}
