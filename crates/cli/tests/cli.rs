//! The command line as a program sees it: exit status, standard output, standard error.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

struct Output {
    status: i32,
    out: String,
    err: String,
}

fn gatewright(args: &[&str]) -> Output {
    gatewright_with(args, "")
}

fn gatewright_with(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatewright"))
        .args(args)
        .env_remove("GATEWRIGHT_CONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Output {
        status: output.status.code().expect("no signal"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn lines(output: &Output) -> Vec<Value> {
    output.out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn scope_explain_says_what_each_scope_means() {
    let output =
        gatewright(&["scope", "explain", "--json", "repo:x.y.z?action=create", "repo:read", "what:ever"]);
    assert_eq!(output.status, 3, "one is invalid");
    let [create, read, unknown] = <[Value; 3]>::try_from(lines(&output)).expect("one line a scope");
    assert_eq!(create["valid"], true);
    assert_eq!(create["normalized"], "repo:x.y.z?action=create");
    assert_eq!(create["resource"], "repo");
    assert_eq!(create["sentences"], serde_json::json!(["Create x.y.z records"]));
    assert_eq!(create["error"], Value::Null);
    assert_eq!(
        (&read["valid"], &read["normalized"], &read["resource"]),
        (&Value::Bool(false), &Value::Null, &"repo".into())
    );
    assert!(
        read["error"].as_str().expect("an error").starts_with("`read` is not a collection NSID"),
        "{read}"
    );
    assert_eq!(unknown["resource"], Value::Null);
}

#[test]
fn scope_explain_takes_whole_scope_strings() {
    let output = gatewright(&["scope", "explain", "--json", "atproto blob:image/*", "identity:handle"]);
    assert_eq!(output.status, 0, "{}", output.err);
    let scopes: Vec<Value> = lines(&output).into_iter().map(|line| line["scope"].clone()).collect();
    assert_eq!(scopes, ["atproto", "blob:image/*", "identity:handle"]);
}

#[test]
fn scope_check_says_what_would_suffice() {
    let granted = ["scope", "check", "--json", "--granted", "atproto repo:x.y.z?action=update unheard:of"];
    let output = gatewright(&[&granted[..], &["--needs", "repo:x.y.z?action=create"]].concat());
    assert_eq!(output.status, 3);
    let answer = &lines(&output)[0];
    assert_eq!((&answer["allowed"], &answer["by"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(answer["missing"], "repo:x.y.z?action=create");
    let considered = answer["considered"].as_array().expect("a list");
    let why = |scope: &str| {
        considered.iter().find(|row| row["scope"] == scope).map(|row| row["why_not"].to_string())
    };
    assert!(why("repo:x.y.z?action=update").expect("considered").contains("create"), "{answer}");
    assert!(why("unheard:of").is_some(), "an unknown scope is listed: {answer}");

    let output = gatewright(&[&granted[..], &["--needs", "repo:x.y.z?action=update"]].concat());
    assert_eq!(output.status, 0);
    assert_eq!(lines(&output)[0]["by"], "repo:x.y.z?action=update");
    assert_eq!(gatewright(&[&granted[..], &["--needs", "nonsense"]].concat()).status, 2, "a usage error");
}

#[test]
fn client_check_lists_every_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("client.json");
    std::fs::write(&file, r#"{"client_id":"https://app.example.dev/client.json","redirect_uris":["http://localhost/cb"],"scope":"repo:*","grant_types":["authorization_code"],"response_types":["code"]}"#).expect("written");
    let output = gatewright(&["client", "check", "--json", path(&file)]);
    assert_eq!(output.status, 3, "{}", output.err);
    let answer = &lines(&output)[0];
    assert_eq!(answer["valid"], false);
    assert!(
        answer["errors"].as_array().expect("errors").len() >= 3,
        "scope, redirect and DPoP are wrong: {answer}"
    );

    std::fs::write(&file, r#"{"client_id":"https://app.example.dev/client.json","redirect_uris":["https://app.example.dev/cb"],"scope":"atproto repo:com.example.note","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","dpop_bound_access_tokens":true,"application_type":"web"}"#).expect("written");
    let output = gatewright(&["client", "check", "--json", path(&file)]);
    assert_eq!((output.status, &lines(&output)[0]["valid"]), (0, &Value::Bool(true)), "{}", output.out);
}

#[test]
fn config_check_names_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gatewright.toml");
    std::fs::write(
        &file,
        "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"data\"\nlisen = \"127.0.0.1:1\"\n",
    )
    .expect("written");
    let output = gatewright(&["config", "check", path(&file)]);
    assert_eq!(output.status, 1);
    assert!(output.err.contains("lisen") && output.err.contains("line 4"), "{}", output.err);
    std::fs::write(&file, "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"data\"\n")
        .expect("written");
    assert_eq!(gatewright(&["config", "check", path(&file)]).status, 0);
    let shown = gatewright(&["config", "show", "--config", path(&file)]);
    assert!(shown.out.contains("synchronous = \"full\""), "the defaults are shown: {}", shown.out);
    let schema: Value = serde_json::from_str(&gatewright(&["config", "schema"]).out).expect("a JSON schema");
    assert!(schema["properties"]["server"].is_object());
    std::fs::write(&file, "[server]\npublic_url = \"http://pds.example.net\"\ndata = \"data\"\n")
        .expect("written");
    let output = gatewright(&["config", "check", path(&file)]);
    assert_eq!(output.status, 1, "sec_70: only dev goes without TLS");
    assert!(output.err.contains("https"), "{}", output.err);
}

#[test]
fn usage_errors_are_2_and_help_has_examples() {
    assert_eq!(gatewright(&["scope"]).status, 2);
    assert_eq!(gatewright(&["--no-such-option"]).status, 2);
    let help = gatewright(&["--help"]);
    assert!(help.status == 0 && help.out.contains("Examples:"));
    assert!(!help.out.contains('\u{1b}'), "no colours where there is no terminal");
    assert!(gatewright(&["completions", "bash"]).out.contains("gatewright"));
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

/// An installation with one account, as its configuration file names it.
async fn installation(folder: &Path) -> std::path::PathBuf {
    use gatewright_protocol::time::UnixTime;
    use gatewright_store::account::{Account, AccountStatus, AccountStore as _, NewAccount};
    use gatewright_store::sqlite::{Options, Sqlite};
    let file = folder.join("gatewright.toml");
    let text = format!("[server]\npublic_url = \"https://pds.example.net\"\ndata = {folder:?}\n");
    std::fs::write(&file, text).expect("it writes");
    let account = Account {
        did: "did:web:alice.example.net".parse().expect("a DID"),
        handle: "alice.example.net".parse().expect("a handle"),
        email: None,
        email_confirmed: false,
        status: AccountStatus::Active,
        created_at: UnixTime::from_seconds(1_800_000_000),
    };
    let store = Sqlite::open(folder.join("gatewright.sqlite"), Options::default()).expect("it opens");
    let new = NewAccount { account, password: None, sealed_signing_key: None };
    store.create_account(new).await.expect("it writes");
    file
}

#[tokio::test]
async fn app_passwords_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = installation(folder.path()).await;
    let config = file.to_str().expect("text");
    let run = |args: &[&str]| gatewright(&[&["app-password"], args, &["--config", config]].concat());
    let made = run(&["create", "alice.example.net", "backup"]);
    assert_eq!(made.status, 0, "{}", made.err);
    let secret = made.out.trim();
    assert!(secret.parse::<gatewright_protocol::app_password::AppPasswordSecret>().is_ok(), "{secret}");
    assert!(made.err.contains("shown once"), "{}", made.err);
    let scope = "repo:com.example.note?action=create";
    let scoped = run(&[
        "create",
        "did:web:alice.example.net",
        "bot",
        "--scope",
        scope,
        "--expires-in",
        "90d",
        "--json",
    ]);
    let shown = &lines(&scoped)[0];
    assert_eq!((&shown["name"], &shown["scope"]), (&"bot".into(), &scope.into()));
    assert!(shown["password"].is_string() && shown["expiresAt"].is_string(), "{shown}");

    let listed = run(&["list", "alice.example.net"]);
    assert!(listed.out.contains("backup  everything but direct messages  never used"), "{}", listed.out);
    assert!(listed.out.contains(&format!("bot  {scope}  ends 20")), "{}", listed.out);
    assert!(!listed.out.contains(secret));
    let names: Vec<Value> =
        lines(&run(&["list", "alice.example.net", "--json"])).iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["bot", "backup"]);

    let again = run(&["create", "alice.example.net", "bot"]);
    assert_eq!(again.status, 1);
    assert!(again.err.contains("of this name already"), "{}", again.err);
    let owner = run(&["create", "alice.example.net", "x", "--scope", "identity:*"]);
    assert!(owner.status == 1 && owner.err.contains("never looks after the account"), "{}", owner.err);
    assert_eq!(run(&["create", "alice.example.net", ""]).status, 2);
    assert_eq!(run(&["create", "alice.example.net", "x", "--expires-in", "soon"]).status, 2);
    let nobody = run(&["list", "nobody.example.net"]);
    assert!(nobody.status == 1 && nobody.err.contains("hint:"), "{}", nobody.err);

    assert_eq!(run(&["revoke", "alice.example.net", "bot"]).status, 0);
    assert_eq!(run(&["revoke", "alice.example.net", "bot"]).status, 1);
    assert_eq!(lines(&run(&["list", "alice.example.net", "--json"])).len(), 1);
}

#[test]
fn keys_rotate_keeps_older_keys_and_withdraw_drops_them() {
    use gatewright_protocol::time::Clock as _;
    use gatewright_resolve::system::{SystemClock, SystemRandom};
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gatewright.toml");
    let text = format!("[server]\npublic_url = \"https://pds.example.net\"\ndata = {:?}\n", folder.path());
    std::fs::write(&file, text).expect("it writes");
    let keys = folder.path().join("keys.json");
    gatewright_server::keys::KeyFile::load_or_create(&keys, &SystemRandom, SystemClock.now()).expect("keys");
    let config = file.to_str().expect("text");
    let kids = |args: &[&str]| {
        let output = gatewright(&[&["keys"], args, &["--config", config]].concat());
        assert_eq!(output.status, 0, "{}", output.err);
        (output.out.lines().map(str::to_owned).collect::<Vec<_>>(), output.err)
    };
    let (first, _) = kids(&["list"]);
    let (rotated, said) = kids(&["rotate"]);
    assert_eq!((rotated.len(), rotated.last()), (2, first.last()), "what it signed stays good");
    assert!(said.contains("restart the server"), "{said}");
    let (withdrawn, said) = kids(&["rotate", "--withdraw"]);
    assert_eq!(withdrawn.len(), 1);
    assert!(!rotated.contains(&withdrawn[0]), "the newest may be the stolen one");
    assert!(said.contains("restart the server now") && said.contains("stop working"), "{said}");
    assert_eq!(kids(&["list"]).0, withdrawn);
}
