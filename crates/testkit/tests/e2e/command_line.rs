//! Signing in and calling from the command line, with the real program (contract.md, "Signing in and calling").

use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::app::Person;
use gatewright_testkit::form::Browser;
use gatewright_testkit::loopback::{come_back, printed_address};
use gatewright_testkit::program::{self, Program};
use serde_json::Value;
use tempfile::TempDir;

/// Somebody at a terminal with a home of their own.
struct Terminal {
    home: TempDir,
    plc: String,
}

struct Done {
    status: i32,
    out: String,
    err: String,
}

impl Done {
    fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("no JSON: {} {}", self.out, self.err))
    }

    fn expect(self, status: i32) -> Result<Self> {
        ensure!(self.status == status, "ended with {}: {} {}", self.status, self.out, self.err);
        Ok(self)
    }
}

impl Terminal {
    fn new(program: &Program) -> Result<Self> {
        let plc = program.ready["plc_url"].as_str().context("there is a directory")?.to_owned();
        Ok(Self { home: tempfile::tempdir()?, plc })
    }

    fn start(&self, words: &[&str]) -> Result<Child> {
        let mut command = Command::new(program::path()?);
        command.args(words).env_clear().env("HOME", self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command.spawn()?)
    }

    fn run(&self, words: &[&str], input: &str) -> Result<Done> {
        let mut child = self.start(words)?;
        child.stdin.take().context("piped")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let text = |bytes| String::from_utf8(bytes).context("output is text");
        let status = output.status.code().context("no signal")?;
        Ok(Done { status, out: text(output.stdout)?, err: text(output.stderr)? })
    }

    fn with_app_password(&self, program: &Program, identifier: &str, password: &str) -> Result<Done> {
        let words =
            ["login", identifier, "--app-password", "--host", program.url(), "--plc", self.plc.as_str()];
        self.run(&words, &format!("{password}\n"))
    }

    /// Signs in over the pages. The browser comes back by itself, or its address is pasted.
    async fn in_browser(
        &self,
        program: &Program,
        person: &Person,
        scope: &str,
        pastes: bool,
    ) -> Result<Done> {
        let plc = self.plc.as_str();
        let handle = person.handle.as_str();
        let mut child = self.start(&[
            "login",
            handle,
            "--scope",
            scope,
            "--host",
            program.url(),
            "--plc",
            plc,
            "--no-browser",
        ])?;
        let mut err = BufReader::new(child.stderr.take().context("piped")?);
        let url = printed_address(&mut err)?;
        let back = Browser::new().sign_in_and(url.as_str(), handle, &person.password, "approve").await?;
        let mut input = child.stdin.take().context("piped")?;
        if pastes {
            writeln!(input, "http://example.com/not-this\n{back}")?;
        } else {
            come_back(&back)?;
        }
        let status = child.wait()?.code().context("no signal")?;
        let mut text = String::new();
        err.read_to_string(&mut text)?;
        drop(input);
        Ok(Done { status, out: String::new(), err: text })
    }
}

/// Whether any file below holds the text.
fn holds(folder: &Path, text: &str) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            holds(&path, text)?
        } else {
            std::fs::read(&path)?.windows(text.len()).any(|window| window == text.as_bytes())
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_signs_in_writes_reads_and_signs_out() -> Result<()> {
    let data = tempfile::tempdir()?;
    let program = Program::start(data.path(), &["--port", "0"])?;
    let terminal = Terminal::new(&program)?;
    let alice = Person::all(&program.ready).remove(0);
    let app_password =
        program.ready["accounts"][0]["app_password"].as_str().context("it has one")?.to_owned();

    let nobody = terminal.run(&["whoami"], "")?.expect(1)?;
    assert!(nobody.err.contains("gatewright login"), "{}", nobody.err);
    let wrong = terminal.with_app_password(&program, &alice.handle, "abcd-efgh-ijkl-mnop")?.expect(1)?;
    assert!(wrong.err.contains("does not take this identifier and password"), "{}", wrong.err);
    terminal.with_app_password(&program, &alice.handle, &app_password)?.expect(0)?;

    let who = terminal.run(&["whoami", "--json"], "")?.expect(0)?.json()?;
    assert_eq!(who["did"], alice.did.as_str());
    assert_eq!(who["handle"], alice.handle.as_str());
    assert_eq!(who["host"], program.url());
    assert_eq!(who["kind"], "app-password");
    assert!(who["scope"].is_string());

    let made = terminal.run(&["record", "create", "com.example.note", r#"{"text":"one"}"#], "")?.expect(0)?;
    let uri = made.out.trim();
    assert!(uri.starts_with(&format!("at://{}/com.example.note/", alice.did)), "{uri}");
    let got = terminal.run(&["record", "get", uri], "")?.expect(0)?.json()?;
    assert_eq!(got["value"]["text"], "one");
    terminal.run(&["record", "put", uri, r#"{"text":"two"}"#], "")?.expect(0)?;
    assert_eq!(terminal.run(&["record", "get", uri], "")?.json()?["value"]["text"], "two");

    let lines = "{\"text\":\"a\"}\nnot json\n\n{\"text\":\"b\"}\n[]\n";
    let many = terminal.run(&["record", "create", "com.example.note", "-"], lines)?.expect(1)?;
    assert_eq!(many.out.lines().count(), 2, "those that worked: {}", many.out);
    assert!(many.err.contains("line 2:") && many.err.contains("line 5:"), "{}", many.err);
    assert!(many.err.contains("2 done, 2 failed"), "{}", many.err);
    let listed = terminal.run(&["record", "list", "com.example.note", "--json"], "")?.expect(0)?.json()?;
    assert_eq!(listed["records"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        terminal.run(&["record", "list", "com.example.note", "--limit", "2"], "")?.out.lines().count(),
        2
    );
    let deleted = terminal.run(&["record", "delete", "-"], &many.out)?.expect(0)?;
    assert!(deleted.err.contains("2 done, 0 failed"), "{}", deleted.err);
    terminal.run(&["record", "delete", uri], "")?.expect(0)?;
    let rest = terminal.run(&["record", "list", "com.example.note"], "")?.expect(0)?;
    assert_eq!(rest.out, "");

    let picture = terminal.home.path().join("picture.png");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n and so on")?;
    let picture = picture.to_string_lossy();
    let blob = terminal.run(&["blob", "upload", &picture, "--json"], "")?.expect(0)?.json()?;
    assert_eq!((blob["mimeType"].as_str(), blob["size"].as_u64()), (Some("image/png"), Some(18)));

    let params = ["call", "com.atproto.repo.describeRepo", &format!("repo={}", alice.handle)];
    assert_eq!(terminal.run(&params, "")?.expect(0)?.json()?["did"], alice.did.as_str());
    let repo = format!("repo={}", alice.did);
    let record = r#"record={"$type":"com.example.note"}"#;
    let create = ["call", "com.atproto.repo.createRecord", &repo, "collection=com.example.note", record];
    assert!(terminal.run(&create, "")?.expect(0)?.json()?["uri"].is_string());
    let input = format!(r#"{{"repo":"{}","collection":"com.example.note","record":{{}}}}"#, alice.did);
    let data = ["call", "com.atproto.repo.createRecord", "--data", "-"];
    assert!(terminal.run(&data, &input)?.expect(0)?.json()?["uri"].is_string());
    let refused = terminal.run(&["call", "com.atproto.server.listAppPasswords"], "")?.expect(1)?;
    assert!(refused.err.contains("Bad token scope"), "{}", refused.err);
    terminal.run(&["call", "not-an-nsid"], "")?.expect(2)?;

    // The string of the Python SDK carries it to another machine.
    let exported = terminal.run(&["session", "export"], "")?.expect(0)?;
    assert_eq!(exported.out.trim().split(":::").count(), 5);
    let other = Terminal::new(&program)?;
    other.run(&["session", "import", "--plc", &other.plc], &exported.out)?.expect(0)?;
    assert_eq!(other.run(&["whoami", "--json"], "")?.expect(0)?.json()?["did"], alice.did.as_str());

    let refresh = exported.out.trim().split(":::").nth(3).context("five fields")?;
    assert!(!holds(terminal.home.path(), refresh)?, "a token lies in clear in a file");
    assert!(!holds(terminal.home.path(), &app_password)?, "an app password lies in a file");
    terminal.run(&["logout"], "")?.expect(0)?;
    terminal.run(&["whoami"], "")?.expect(1)?;
    let over = other.run(&["whoami"], "")?.expect(1)?;
    assert!(over.err.contains("sign in again"), "its session was ended at the host: {}", over.err);
    other.run(&["logout"], "")?.expect(0)?;
    program.stop("TERM")
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_over_the_pages_and_are_told_apart() -> Result<()> {
    let data = tempfile::tempdir()?;
    let program = Program::start(data.path(), &["--port", "0"])?;
    let terminal = Terminal::new(&program)?;
    let people = Person::all(&program.ready);
    let (alice, bob) = (&people[0], &people[1]);
    let scope = "atproto repo:com.example.note?action=create";
    terminal.in_browser(&program, alice, scope, false).await?.expect(0)?;
    terminal.in_browser(&program, bob, "atproto", true).await?.expect(0)?;

    let who = terminal.run(&["whoami", "--json"], "")?.expect(0)?.json()?;
    assert_eq!((who["did"].as_str(), who["kind"].as_str()), (Some(bob.did.as_str()), Some("oauth")));
    let listed = terminal.run(&["accounts", "--json"], "")?.expect(0)?.json()?;
    let current: Vec<_> =
        listed.as_array().context("a list")?.iter().map(|row| row["current"].clone()).collect();
    assert_eq!(current, [false, true]);

    let note = ["record", "create", "com.example.note", "{}"];
    let refused = terminal.run(&note, "")?.expect(1)?;
    assert!(
        refused.err.contains("--scope \"atproto repo:com.example.note?action=create\""),
        "{}",
        refused.err
    );
    let as_alice = [&note[..], &["--as", &alice.did]].concat();
    let made = terminal.run(&as_alice, "")?.expect(0)?;
    assert!(made.out.contains(&alice.did), "{}", made.out);
    let unknown = terminal.run(&["whoami", "--as", "eve.test"], "")?.expect(1)?;
    assert!(unknown.err.contains("gatewright accounts"), "{}", unknown.err);

    // Sealed, for another machine with the same keys.
    let exported = terminal.run(&["session", "export", "--as", &alice.did], "")?.expect(0)?;
    let other = Terminal::new(&program)?;
    let keys = Path::new(".config/gatewright/session.keys");
    std::fs::create_dir_all(other.home.path().join(".config/gatewright"))?;
    std::fs::copy(terminal.home.path().join(keys), other.home.path().join(keys))?;
    other.run(&["session", "import", "--plc", &other.plc], &exported.out)?.expect(0)?;
    other.run(&note, "")?.expect(0)?;
    let sdk = terminal.run(&["session", "export", "--format", "sdk", "--as", &alice.did], "")?.expect(1)?;
    assert!(sdk.err.contains("app passwords"), "{}", sdk.err);

    terminal.run(&["logout"], "")?.expect(0)?;
    let who = terminal.run(&["whoami", "--json"], "")?.expect(0)?.json()?;
    assert_eq!(who["did"], alice.did.as_str(), "whoever signed in before is meant again");
    program.stop("TERM")
}
