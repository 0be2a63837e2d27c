//! Mail: handed on to a mail host that we did not write.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use gatewright_server::notices::{Message, Notices as _};
use gatewright_server::smtp::{Encryption, Login, Smtp, SmtpSettings};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_host_gets_what_a_person_is_to_read() -> Result<()> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../interop/pypi");
    let mut host = Command::new(folder.join(".venv/bin/python"))
        .args(["mail_host.py", "gatewright", "open sesame"])
        .current_dir(&folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONWARNINGS", "ignore")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("interop/pypi is not installed: `cargo xtask test` does that")?;
    let mut lines = BufReader::new(host.stdout.take().context("its output")?).lines();
    let mut line = || lines.next().context("it ended early")?.context("it is read");
    let port = line()?.parse()?;
    let smtp = |password: &str| {
        Smtp::new(SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(port),
            encryption: Encryption::None,
            login: Some(Login { user: "gatewright".to_owned(), password: password.to_owned().into() }),
            from: "Example Net <no-reply@example.net>".to_owned(),
        })
    };
    let message = Message {
        to: "alice@example.com".to_owned(),
        subject: "新しいパスワードのためのコード".to_owned(),
        text: "Geben Sie ihn niemandem: größer, schöner.\n\nabcde-23456\n.\nA line with a dot alone."
            .to_owned(),
    };
    let refused = smtp("wrong")?.send(message.clone()).await;
    assert!(refused.is_err(), "a wrong password was taken");
    smtp("open sesame")?.send(message.clone()).await?;
    let got: Value = serde_json::from_str(&line()?)?;
    assert_eq!(got["authenticated"], true);
    assert_eq!((&got["mail_from"], &got["rcpt_to"]), (&json!("no-reply@example.net"), &json!([message.to])));
    assert_eq!(got["from"], "Example Net <no-reply@example.net>");
    assert_eq!(
        (&got["subject"], &got["auto_submitted"]),
        (&json!(message.subject), &json!("auto-generated"))
    );
    assert_eq!(got["has_date"], true);
    let text = got["text"].as_str().context("a text")?.replace("\r\n", "\n");
    assert_eq!(text.trim_end(), message.text);
    drop(host.stdin.take());
    host.wait()?;
    Ok(())
}
