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
fn config_check_refuses_what_serve_would_refuse() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gatewright.toml");
    let check = |url: &str, more: &str| {
        let text = format!("[server]\npublic_url = \"{url}\"\ndata = \"data\"\n{more}");
        std::fs::write(&file, text).expect("written");
        gatewright(&["config", "check", path(&file)])
    };
    let good = "https://pds.example.net";
    assert_eq!(check(good, "").status, 0);
    for (url, more, key) in [
        ("https://pds.example.net:8443", "", "server.public_url"),
        ("https://192.0.2.1", "", "server.public_url"),
        ("https://pds.internal", "", "server.public_url"),
        ("pds.example.net", "", "server.public_url"),
        (good, "[identity]\nplc_url = \"plc.directory\"\n", "identity.plc_url"),
        (good, "[identity]\nplc_url = \"http://plc.directory\"\n", "identity.plc_url"),
        (good, "[identity]\nplc_url = \"https://10.0.0.1\"\n", "identity.plc_url"),
        (good, "[identity]\nhandle_domains = [\".exa_mple.net\"]\n", "identity.handle_domains"),
        (good, "[identity]\nhandle_domains = [\".test\"]\n", "identity.handle_domains"),
        (good, "[oauth]\ntrusted_clients = [\"https://app.example.net\"]\n", "oauth.trusted_clients"),
        (good, "[oauth]\naccess_token_minutes = 60\n", "oauth.access_token_minutes"),
        (good, "[limits]\nconnections = 0\n", "limits.connections"),
        (good, "[telemetry]\nfilter = \"info,x=loud\"\n", "telemetry.filter"),
    ] {
        let output = check(url, more);
        assert_eq!(output.status, 1, "{url} {more}");
        assert!(output.err.contains(key), "{url} {more}: {}", output.err);
    }
}

#[test]
fn an_account_may_bring_its_own_did_web() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gatewright.toml");
    let data = folder.path().join("data");
    let text = format!("[server]\npublic_url = \"https://pds.example.net\"\ndata = {data:?}\n");
    std::fs::write(&file, text).expect("written");
    let config = ["--config", path(&file)];

    let missing = gatewright(&[&["account", "list"][..], &config].concat());
    assert_eq!(missing.status, 1);
    assert!(
        missing.err.contains("there is no installation") && missing.err.contains("hint:"),
        "{}",
        missing.err
    );
    assert!(!data.exists(), "listing makes nothing");

    let create = |handle: &str, did: &str| {
        let args = [&["account", "create", handle, "--did", did, "--json"][..], &config].concat();
        gatewright_with(&args, "a long sentence\n")
    };
    let made = create("dave.example.org", "did:web:dave.example.org");
    assert_eq!(made.status, 0, "{}", made.err);
    assert_eq!(lines(&made)[0]["did"], "did:web:dave.example.org");
    assert!(made.err.contains("https://dave.example.org/.well-known/did.json"), "{}", made.err);
    for (handle, did) in [
        ("erin.example.org", "did:web:dave.example.org"),
        ("erin.example.org", "did:web:localhost%3A2583"),
        ("erin.example.org", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
    ] {
        let output = create(handle, did);
        assert_eq!(output.status, 1, "{did}: {}", output.out);
    }
    assert_eq!(create("erin.example.org", "erin").status, 2, "a usage error");
    let listed = gatewright(&[&["account", "list", "--json"][..], &config].concat());
    assert_eq!(lines(&listed).len(), 1, "{}", listed.err);
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
