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
fn client_init_writes_what_client_check_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = path(folder.path());
    let id = "https://app.example.dev/client.json";
    let init = |more: &[&str]| {
        let mut words =
            vec!["client", "init", "--dir", dir, "--client-id", id, "--scope", "repo:com.example.note"];
        words.extend(more);
        gatewright(&words)
    };
    let secret = ["--confidential", "--jwks-uri", "https://app.example.dev/jwks.json", "--redirect-uri"];
    let made = init(&[&secret[..], &["https://app.example.dev/callback"]].concat());
    assert_eq!(made.status, 0, "{}", made.err);
    let document = folder.path().join("client-metadata.json");
    let checked = gatewright(&["client", "check", "--json", path(&document)]);
    assert_eq!(checked.status, 0, "{}", checked.out);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("it is there");
    assert!(read("client-metadata.json").contains("private_key_jwt"));
    let (key, keys) = (read("client-key.jwk"), read("jwks.json"));
    let (private, public): (Value, Value) =
        (serde_json::from_str(&key).expect("JSON"), serde_json::from_str(&keys).expect("JSON"));
    assert_eq!(private["kid"], public["keys"][0]["kid"]);
    assert!(private["d"].is_string() && public["keys"][0]["d"].is_null(), "{public}");

    // Again: nothing is replaced unasked, and the key never.
    let again = init(&[&secret[..], &["https://app.example.dev/other"]].concat());
    assert!(again.status != 0 && again.err.contains("--force"), "{}", again.err);
    let forced = init(&[&["--force"], &secret[..], &["https://app.example.dev/other"]].concat());
    assert_eq!(forced.status, 0, "{}", forced.err);
    assert!(read("client-metadata.json").contains("/other"));
    assert_eq!(read("client-key.jwk"), key);

    // What no server takes is not written.
    let refused = init(&["--force", "--redirect-uri", "http://elsewhere.example.net/callback"]);
    assert_eq!(refused.status, 3, "{}", refused.err);
    assert!(read("client-metadata.json").contains("/other"));
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

/// Whoever copies from a guide has something that `serve` takes.
#[test]
fn the_configurations_of_the_guides_can_be_served() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides");
    let folder = tempfile::tempdir().expect("a folder");
    let mut checked = 0;
    for guide in ["operate.md", "run-your-own.md"] {
        let text = std::fs::read_to_string(guides.join(guide)).expect("the guide is there");
        for block in text.split("```toml\n").skip(1) {
            let file = folder.path().join("gatewright.toml");
            std::fs::write(&file, block.split("```").next().expect("its beginning")).expect("it writes");
            let output = gatewright(&["config", "check", path(&file)]);
            assert_eq!(output.status, 0, "{guide}: {}", output.err);
            checked += 1;
        }
    }
    assert_eq!(checked, 2);
}

/// A password in the file would be shown by `config show`.
#[test]
fn the_url_of_a_database_holds_no_password_and_is_one_of_postgresql() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gatewright.toml");
    for (store, why) in [
        ("url = \"postgres://gatewright@db.example.net/gatewright\"", None),
        ("url = \"postgres://gatewright:secret@db.example.net/gatewright\"", Some("password_file")),
        ("url = \"sqlite:gatewright.db\"", Some("postgres://")),
        ("url = \"postgres://gatewright@db/gatewright\"\nconnections = 0", Some("connections")),
        ("password_file = \"password\"", Some("store.url")),
    ] {
        let text = format!(
            "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"data\"\n[store]\n{store}\n"
        );
        std::fs::write(&file, text).expect("it writes");
        let output = gatewright(&["config", "check", path(&file)]);
        match why {
            None => assert_eq!(output.status, 0, "{store}: {}", output.err),
            Some(why) => assert!(output.status == 1 && output.err.contains(why), "{store}: {}", output.err),
        }
        assert!(!output.err.contains("secret"), "{}", output.err);
    }
    // Copying a file does not copy a database.
    let text = "[server]\npublic_url = \"https://pds.example.net\"\ndata = \"data\"\n[store]\nurl = \"postgres://g@db/g\"\n";
    std::fs::write(&file, text).expect("it writes");
    let output = gatewright(&["store", "backup", path(folder.path()), "--config", path(&file)]);
    assert!(output.status == 1 && output.err.contains("pg_dump"), "{}", output.err);
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

    let act = |what: &str| gatewright(&[&["account", what, "dave.example.org"][..], &config].concat());
    let status =
        || lines(&gatewright(&[&["account", "list", "--json"][..], &config].concat()))[0]["status"].clone();
    assert_eq!(status(), "active");
    assert_eq!(act("restore").status, 1, "it is not taken down");
    assert_eq!(act("takedown").status, 0);
    assert_eq!(status(), "takendown");
    assert_eq!(act("restore").status, 0);
    assert_eq!(status(), "active");
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
    let text =
        format!("[server]\npublic_url = \"https://pds.example.net\"\ndata = \"{}\"\n", folder.display());
    std::fs::write(&file, text).expect("it writes");
    let account = Account {
        did: "did:web:alice.example.net".parse().expect("a DID"),
        handle: "alice.example.net".parse().expect("a handle"),
        email: None,
        email_confirmed: false,
        status: AccountStatus::Active,
        host: None,
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
    assert!(said.contains("reload the server"), "{said}");
    let (withdrawn, said) = kids(&["rotate", "--withdraw"]);
    assert_eq!(withdrawn.len(), 1);
    assert!(!rotated.contains(&withdrawn[0]), "the newest may be the stolen one");
    assert!(said.contains("reload the server now") && said.contains("stop working"), "{said}");
    assert_eq!(kids(&["list"]).0, withdrawn);
}

/// A file with a set of `com.example.app.authBasic` in it.
fn set_file(folder: &tempfile::TempDir, name: &str, entries: &[&str]) -> String {
    let entries = entries.join(",\n      ");
    let text = format!(
        "{{\n  \"lexicon\": 1,\n  \"id\": \"com.example.app.authBasic\",\n  \"defs\": {{\"main\": {{\n    \
         \"type\": \"permission-set\", \"title\": \"Notes\", \"detail\": \"Write notes.\",\n    \
         \"permissions\": [\n      {entries}\n    ]\n  }}}}\n}}\n"
    );
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    path(&file).to_owned()
}

const NOTE: &str = r#"{"type": "permission", "resource": "repo", "collection": ["com.example.app.note"]}"#;
const TAG: &str = r#"{"type": "permission", "resource": "repo", "collection": ["com.example.app.tag"], "action": ["create"]}"#;
const CALL: &str =
    r#"{"type": "permission", "resource": "rpc", "lxm": ["com.example.app.get"], "inheritAud": true}"#;
const UPLOAD: &str = r#"{"type": "permission", "resource": "blob", "accept": ["image/*"]}"#;
const OUTSIDE: &str = r#"{"type": "permission", "resource": "repo", "collection": ["com.other.note"]}"#;

#[test]
fn permission_set_expand_prints_scopes_and_what_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = set_file(&folder, "set.json", &[NOTE, UPLOAD, CALL, OUTSIDE]);
    let expand =
        |include: &str| gatewright(&["permission-set", "expand", "--json", &file, "--include", include]);
    let output = expand("include:com.example.app.authBasic?aud=did:web:api.example.org%23svc");
    assert_eq!(output.status, 0, "{}", output.err);
    let answer = &lines(&output)[0];
    assert_eq!(
        answer["scopes"],
        serde_json::json!([
            "repo:com.example.app.note",
            "rpc:com.example.app.get?aud=did:web:api.example.org%23svc"
        ])
    );
    let dropped = answer["dropped"].as_array().expect("a list");
    let indices: Vec<&Value> = dropped.iter().map(|row| &row["index"]).collect();
    assert_eq!(indices, [1, 3]);
    assert!(dropped[0]["reason"].as_str().expect("a reason").starts_with("`blob` cannot be"), "{answer}");
    let answer = &lines(&expand("include:com.example.app.authBasic"))[0];
    assert_eq!(answer["dropped"].as_array().map(Vec::len), Some(3), "no service to inherit: {answer}");

    let output =
        gatewright(&["permission-set", "expand", &file, "--include", "include:com.example.app.authBasic"]);
    assert_eq!((output.status, output.out.as_str()), (0, "repo:com.example.app.note\n"));
    assert!(output.err.contains("set.json:8: entry 1: dropped: `blob`"), "{}", output.err);

    for bad in ["repo:com.example.app.note", "include:nothing", "atproto include:com.example.app.authBasic"] {
        assert_eq!(expand(bad).status, 2, "{bad}");
    }
    std::fs::write(&file, "{\"lexicon\": 1}").expect("written");
    let output = expand("include:com.example.app.authBasic");
    assert_eq!((output.status, &lines(&output)[0]["scopes"]), (3, &serde_json::json!([])));
    assert!(lines(&output)[0]["error"].is_string(), "{}", output.out);
    assert_eq!(
        gatewright(&["permission-set", "expand", "/nowhere", "--include", "include:a.b.authC"]).status,
        1
    );
}

#[test]
fn permission_set_lint_has_one_error_an_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = set_file(&folder, "good.json", &[NOTE, CALL]);
    let output = gatewright(&["permission-set", "lint", "--json", &good]);
    assert_eq!((output.status, output.out.as_str()), (0, "{\"errors\":[],\"warnings\":[]}\n"));

    let described = NOTE.replace("\"repo\"", "\"repo\", \"description\": \"notes\"");
    let file = set_file(&folder, "set.json", &[UPLOAD, &described, OUTSIDE]);
    let output = gatewright(&["permission-set", "lint", "--json", &file]);
    assert_eq!(output.status, 3);
    let answer = &lines(&output)[0];
    let indices = |kind: &str| -> Vec<Value> {
        answer[kind].as_array().expect("a list").iter().map(|row| row["index"].clone()).collect()
    };
    assert_eq!(indices("errors"), [0, 2], "{answer}");
    assert_eq!(indices("warnings"), [1], "{answer}");

    let output = gatewright(&["permission-set", "lint", &file]);
    let text: Vec<&str> = output.out.lines().collect();
    assert_eq!(output.status, 3);
    assert_eq!(text.len(), 4, "{text:?}");
    for (line, place) in text.iter().zip([
        "set.json:7: entry 0: error: ",
        "set.json:9: entry 2: error: ",
        "set.json:8: entry 1: warning: ",
    ]) {
        assert!(line.contains(place), "{line}");
    }
    assert_eq!(text[3], "errors: 2, warnings: 1");

    std::fs::write(&file, "{\n  \"lexicon\": 1,\n").expect("written");
    let output = gatewright(&["permission-set", "lint", "--json", &file]);
    assert_eq!((output.status, &lines(&output)[0]["errors"][0]["index"]), (3, &Value::Null));
    assert!(output.out.contains("not JSON"), "{}", output.out);
    assert_eq!(gatewright(&["permission-set", "lint", "/nowhere"]).status, 1);
}

#[test]
fn permission_set_diff_classifies_by_meaning() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = set_file(&folder, "old.json", &[NOTE, CALL]);
    let diff = |new: &str, more: &[&str]| {
        let output = gatewright(&[&["permission-set", "diff", "--json", &old, new], more].concat());
        (output.status, lines(&output).remove(0))
    };
    let split = [
        NOTE.replace('}', ", \"action\": [\"create\"]}"),
        CALL.to_owned(),
        NOTE.replace('}', ", \"action\": [\"delete\", \"update\"]}"),
    ];
    let same = set_file(&folder, "same.json", &split.each_ref().map(String::as_str));
    assert_eq!(
        diff(&same, &[]),
        (0, serde_json::json!({"change": "same", "added": [], "removed": [], "texts": []}))
    );
    let wider = set_file(&folder, "wider.json", &[NOTE, CALL, TAG]);
    let (status, answer) = diff(&wider, &[]);
    assert_eq!((status, &answer["change"]), (0, &Value::from("wider")));
    assert_eq!(answer["added"], serde_json::json!(["repo:com.example.app.tag?action=create"]));
    assert_eq!(diff(&wider, &["--refuse-wider"]).0, 3);
    let narrower = set_file(&folder, "narrower.json", &[NOTE]);
    let (status, answer) = diff(&narrower, &["--refuse-wider", "--aud", "did:web:api.example.org#svc"]);
    assert_eq!((status, &answer["change"]), (0, &Value::from("narrower")));
    assert_eq!(
        answer["removed"],
        serde_json::json!(["rpc:com.example.app.get?aud=did:web:api.example.org%23svc"])
    );
    let both = set_file(&folder, "both.json", &[NOTE, TAG]);
    let text = std::fs::read_to_string(&both).expect("read").replace("Write notes.", "Write.");
    std::fs::write(&both, text).expect("written");
    let (_, answer) = diff(&both, &[]);
    assert_eq!((&answer["change"], &answer["texts"]), (&Value::from("both"), &serde_json::json!(["detail"])));
    let output = gatewright(&["permission-set", "diff", &old, &both]);
    let text: Vec<&str> = output.out.lines().collect();
    assert_eq!(text.first(), Some(&"wider and narrower"));
    assert!(text.contains(&"+ repo:com.example.app.tag?action=create"), "{text:?}");
    assert!(text.contains(&"texts that changed: detail"), "{text:?}");
    assert_eq!(gatewright(&["permission-set", "diff", &old, path(folder.path())]).status, 1);
}

#[test]
fn permission_set_new_writes_a_set_that_lint_has_nothing_against() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("set.json");
    let file = path(&file);
    let options = [
        "--nsid=com.example.app.authBasic",
        "--title=Notes",
        "--title-lang=de=Notizen",
        "--detail=Write notes.",
        "--collection=com.example.app.note",
        "--action=create",
        "--lxm=com.example.app.get",
        "--aud=inherit",
    ];
    let new = |more: &[&str]| gatewright(&[&["permission-set", "new"], &options[..], more].concat());
    let output = new(&[file]);
    assert_eq!((output.status, output.out.as_str()), (0, ""), "{}", output.err);
    let output = gatewright(&["permission-set", "lint", "--json", file]);
    assert_eq!((output.status, output.out.as_str()), (0, "{\"errors\":[],\"warnings\":[]}\n"));
    let include = "include:com.example.app.authBasic?aud=did:web:api.example.org%23svc";
    let output = gatewright(&["permission-set", "expand", file, "--include", include]);
    assert_eq!(
        output.out,
        "repo:com.example.app.note?action=create\nrpc:com.example.app.get?aud=did:web:api.example.org%23svc\n"
    );
    assert_eq!(new(&[file]).status, 1, "nothing is replaced");
    assert_eq!(new(&[file, "--force"]).status, 0);
    let document: Value = serde_json::from_str(&new(&["--json"]).out).expect("JSON alone");
    assert_eq!(document["defs"]["main"]["title:lang"]["de"], "Notizen");

    let output = gatewright(&["permission-set", "new", "--nsid=com.example.app.authBasic"]);
    assert_eq!(output.status, 2);
    assert!(output.err.contains("--title, --detail, --collection or --lxm"), "{}", output.err);
    let output = new(&["--json", "--collection=com.other.note"]);
    assert_eq!((output.status, output.out.as_str()), (3, ""), "it would grant nothing");
    assert!(output.err.contains("outside"), "{}", output.err);
}
