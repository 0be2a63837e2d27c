use axum::body::{Body, to_bytes};
use http::Request;
use tower::ServiceExt as _;

use super::*;

fn config(data: &Path, more: &str) -> Config {
    let data = data.display();
    let text = format!("[server]\npublic_url = \"https://pds.example.net\"\ndata = \"{data}\"\n{more}");
    Config::parse(&text).expect("it is a configuration")
}

#[tokio::test]
async fn the_root_says_in_a_line_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let solo = Solo::open_installation(&config(folder.path(), "")).await.expect("it opens");
    let request = Request::get("/").body(Body::empty()).expect("a request");
    let answer = solo.router().oneshot(request).await.expect("it is answered");
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("it is text");
    assert!(kind.starts_with("text/plain"), "{kind}");
    let text = to_bytes(answer.into_body(), 1000).await.expect("it is short");
    assert_eq!(text, WHAT_THIS_IS);
    assert_eq!(WHAT_THIS_IS.lines().count(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("mispelt");
    let config = config(&data, "");
    let error = Solo::open_existing(&config).await.expect_err("it is not there");
    assert!(format!("{error:#}").contains("there is no installation in"), "{error:#}");
    assert!(!data.exists(), "nothing was made");
    drop(Solo::open_installation(&config).await.expect("it is made"));
    drop(Solo::open_existing(&config).await.expect("now it is there"));
    for file in ["keys.json", "plc-rotation.key"] {
        let (file, aside) = (data.join(file), folder.path().join(file));
        std::fs::rename(&file, &aside).expect("it moves");
        Solo::open_existing(&config).await.expect_err("a key is missing");
        assert!(!file.exists(), "no other key takes its place");
        std::fs::rename(&aside, &file).expect("it moves back");
    }
}

#[test]
fn the_flag_for_confidential_native_clients_reaches_what_reads_their_documents() {
    let flag = "[oauth]\nconfidential_native_clients = true\n";
    for (more, allowed) in [("", false), (flag, true)] {
        let parts = Parts::of(&config(Path::new("/nowhere"), more)).expect("it can be opened");
        assert_eq!(parts.resolver().unwrap().client_rules().native_assertions, allowed);
    }
}

#[tokio::test]
async fn hosts_behind_are_told_the_same_key_at_every_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("one.password");
    std::fs::write(&password, "secret\n").expect("it writes");
    let password = password.display();
    let more = format!("[[host]]\nurl = \"https://one.pds.net\"\nadmin_password_file = \"{password}\"\n");
    let config = config(folder.path(), &more);
    let told =
        async || Solo::open_installation(&config).await.expect("it opens").host_environment().expect("a key");
    let first = told().await;
    assert_eq!(told().await, first);
    let value = |name: &str| first.iter().find(|(known, _)| *known == name).expect("it is told").1.as_str();
    assert_eq!(value("PDS_ENTRYWAY_URL"), "https://pds.example.net");
    assert_eq!(value("PDS_ENTRYWAY_DID"), "did:web:pds.example.net");
    let key = value("PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX");
    assert!(key.len() == 66 && (key.starts_with("02") || key.starts_with("03")), "{key}");
    assert!(value("PDS_ENTRYWAY_PLC_ROTATION_KEY").starts_with("did:key:zQ3s"));
    let shown = first.iter().map(|(_, value)| value.as_str()).collect::<String>();
    assert!(!shown.contains("secret"));
}
