//! App passwords: the failure table of the systems that came before, row by row, and the seven faults of SC-43.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use futures::future::join_all;
use gatewright_client::sessions::{KeyRing, SessionStore};
use gatewright_client::{AppSignIn, CallError, Session, Sessions};
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::peer::{ALICE, Fault, PASSWORD, Peer};
use tempfile::TempDir;

use crate::client_start::{PING, Told, folder, memory, ping, sessions_at, sessions_of};

const CREATE: &str = "/xrpc/com.atproto.server.createSession";
const REFRESH: &str = "/xrpc/com.atproto.server.refreshSession";

/// A bot on a machine that is started again and again.
struct Machine {
    peer: Peer,
    place: TempDir,
}

impl Machine {
    async fn new() -> Result<Self> {
        Ok(Self { peer: Peer::start().await?, place: tempfile::tempdir()? })
    }

    fn sessions(&self) -> (Sessions, Told) {
        sessions_of(&self.peer, self.store())
    }

    fn store(&self) -> Arc<dyn SessionStore> {
        folder(self.place.path())
    }

    /// The program starts anew: nothing is left of the last run but the files.
    async fn start(&self) -> Result<Session, CallError> {
        Session::for_bot(&self.sessions().0, "alice.test", PASSWORD).await
    }

    fn sign_ins(&self) -> usize {
        self.peer.asked(CREATE)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_a_good_token_asks_for_nothing() -> Result<()> {
    let machine = Machine::new().await?;
    for _ in 0..3 {
        let bot = machine.start().await?;
        assert_eq!(bot.account().as_str(), ALICE);
        ping(&bot).await?;
    }
    assert_eq!((machine.sign_ins(), machine.peer.asked(REFRESH)), (1, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_43_a_what_is_refreshed_after_a_fresh_sign_in_is_kept() -> Result<()> {
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    for _ in 0..3 {
        machine.peer.expire_legacy_tokens();
        ping(&bot).await?;
    }
    drop(bot);
    ping(&machine.start().await?).await?;
    assert_eq!((machine.sign_ins(), machine.peer.asked(REFRESH)), (1, 3));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_43_b_what_is_refreshed_at_the_start_is_kept() -> Result<()> {
    let machine = Machine::new().await?;
    drop(machine.start().await?);
    for _ in 0..3 {
        // The server takes only the newest refresh token and the one before: an unsaved one would be noticed.
        machine.peer.expire_legacy_tokens();
        ping(&machine.start().await?).await?;
    }
    assert_eq!((machine.sign_ins(), machine.peer.asked(REFRESH)), (1, 3));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_43_c_what_is_kept_is_the_session_and_not_nothing() -> Result<()> {
    let machine = Machine::new().await?;
    let (sessions, told) = machine.sessions();
    let bot = Session::for_bot(&sessions, "@Alice.test", PASSWORD).await?;
    let kept = sessions.list().await?;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].account.as_str(), kept[0].host.as_str()), (ALICE, machine.peer.origin()));
    assert_eq!(kept[0].handle.as_ref().map(gatewright_protocol::syntax::Handle::as_str), Some("alice.test"));
    assert_eq!(*told.lock(), ["created"], "told by whoever was named before anything happened");
    assert_eq!(&kept[0].id, bot.id());
    Ok(())
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn sc_43_d_files_are_private_whole_and_hold_nothing_in_clear() -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    machine.peer.expire_legacy_tokens();
    ping(&bot).await?;
    for entry in std::fs::read_dir(machine.place.path())? {
        let entry = entry?;
        assert_eq!(entry.metadata()?.permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        assert!(!entry.path().to_string_lossy().ends_with(".new"), "{:?}", entry.path());
        let bytes = std::fs::read(entry.path())?;
        for clear in [PASSWORD, "eyJ", ALICE, "alice"] {
            let found = bytes.windows(clear.len()).any(|window| window == clear.as_bytes());
            assert!(!found, "`{clear}` in {:?}", entry.path());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_43_e_processes_and_tasks_that_start_at_once_sign_in_once() -> Result<()> {
    let machine = Machine::new().await?;
    let starts = (0..6).flat_map(|_| {
        let (sessions, _) = machine.sessions();
        (0..4).map(move |_| {
            let sessions = sessions.clone();
            tokio::spawn(async move {
                let bot = Session::for_bot(&sessions, "alice.test", PASSWORD).await?;
                ping(&bot).await
            })
        })
    });
    for started in join_all(starts).await {
        started??;
    }
    assert_eq!(machine.sign_ins(), 1);
    let bots = join_all((0..4).map(|_| machine.start())).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    machine.peer.expire_legacy_tokens();
    let pings = bots.iter().flat_map(|bot| (0..8).map(move |_| ping(bot)));
    for done in join_all(pings).await {
        done?;
    }
    assert_eq!((machine.sign_ins(), machine.peer.asked(REFRESH)), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_43_f_a_bot_needs_its_identifier_and_password_and_nothing_else() -> Result<()> {
    let machine = Machine::new().await?;
    let (sessions, _) = machine.sessions();
    for identifier in ["alice.test", ALICE] {
        assert_eq!(Session::for_bot(&sessions, identifier, PASSWORD).await?.account().as_str(), ALICE);
    }
    let at = Session::for_bot_at(&sessions, "alice.test", PASSWORD, Some(machine.peer.origin())).await?;
    assert_eq!(at.account().as_str(), ALICE);
    assert!(matches!(
        Session::for_bot(&sessions, "alice@example.net", PASSWORD).await,
        Err(CallError::Request(_))
    ));
    assert!(matches!(Session::for_bot(&sessions, "nobody.test", PASSWORD).await, Err(CallError::Resolve(_))));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_43_g_a_session_that_the_server_has_ended_is_signed_in_to_anew() -> Result<()> {
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    // While it runs.
    machine.peer.expire_legacy_tokens();
    machine.peer.end_legacy_sessions();
    assert!(ping(&bot).await.is_ok());
    assert_eq!(machine.sign_ins(), 2);
    drop(bot);
    // At the start.
    machine.peer.expire_legacy_tokens();
    machine.peer.end_legacy_sessions();
    ping(&machine.start().await?).await?;
    assert_eq!(machine.sign_ins(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_as_good_as_none() -> Result<()> {
    let machine = Machine::new().await?;
    for damage in [b"garbage".as_slice(), b"", b"gwsess1\n0123456789abcdef\x01"] {
        drop(machine.start().await?);
        let before = machine.sign_ins();
        for entry in std::fs::read_dir(machine.place.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "session") {
                std::fs::write(path, damage)?;
            }
        }
        ping(&machine.start().await?).await?;
        assert_eq!(machine.sign_ins(), before + 1, "a fresh sign-in");
        ping(&machine.start().await?).await?;
        assert_eq!(machine.sign_ins(), before + 1, "which is kept");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_sealed_with_another_key_is_left_as_it_is() -> Result<()> {
    let machine = Machine::new().await?;
    drop(machine.start().await?);
    let other = Sessions::builder_shared(machine.store(), KeyRing::new([1; 32], [7; 32]))
        .resolver(machine.sessions().0.resolver().clone())
        .build();
    let refused = Session::for_bot(&other, "alice.test", PASSWORD).await;
    assert!(matches!(refused, Err(CallError::Store(_))), "{refused:?}");
    ping(&machine.start().await?).await?;
    assert_eq!(machine.sign_ins(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_drops_during_a_refresh_keeps_the_session() -> Result<()> {
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    for faults in [
        vec![Fault::Broken, Fault::Broken],
        vec![Fault::Lost, Fault::Lost],
        vec![Fault::Answer(502, "")],
        vec![Fault::Answer(500, r#"{"error":"InternalServerError"}"#)],
        vec![Fault::Answer(429, "")],
        vec![Fault::Answer(400, "<html>")],
    ] {
        machine.peer.expire_legacy_tokens();
        for fault in &faults {
            machine.peer.fault(REFRESH, fault.clone());
        }
        let failed = ping(&bot).await.expect_err("it cannot be refreshed just now");
        assert!(!failed.is_over(), "{faults:?}: {failed}");
        ping(&bot).await?;
    }
    machine.peer.expire_legacy_tokens();
    machine.peer.fault(REFRESH, Fault::Lost);
    ping(&bot).await?;
    assert_eq!(machine.sign_ins(), 1, "no fresh sign-in for any of it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_goes_ahead_of_the_tokens_end() -> Result<()> {
    use gatewright_protocol::time::Clock as _;
    let peer = Peer::start().await?;
    let now = gatewright_resolve::system::SystemClock.now().seconds();
    let clock = Arc::new(TestClock::at(now));
    let (sessions, _) = sessions_at(memory(), peer.names(), peer.origin(), Arc::clone(&clock) as _);
    let bot = Session::for_bot(&sessions, "alice.test", PASSWORD).await?;
    clock.advance(Duration::from_mins(119));
    ping(&bot).await?;
    assert_eq!(peer.asked(REFRESH), 0);
    clock.advance(Duration::from_secs(55));
    ping(&bot).await?;
    assert_eq!(peer.asked(REFRESH), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused_is_not_tried_again_and_again() -> Result<()> {
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    machine.peer.revoke_app_password();
    machine.peer.expire_legacy_tokens();
    assert!(matches!(ping(&bot).await, Err(CallError::PasswordRefused)));
    let tried = machine.sign_ins();
    for _ in 0..20 {
        assert!(ping(&bot).await.is_err());
    }
    assert_eq!(machine.sign_ins(), tried, "a running bot does not try again");
    // A program that is started over and over stays far below what hosts allow.
    let mut limited = 0;
    for _ in 0..40 {
        match machine.start().await {
            Err(CallError::RateLimited { retry_after: Some(wait) }) => {
                assert!(wait <= Duration::from_mins(5), "{wait:?}");
                limited += 1;
            }
            Err(CallError::PasswordRefused) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(limited > 25 && machine.sign_ins() <= 10, "{limited} {}", machine.sign_ins());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_session_string_comes_and_goes() -> Result<()> {
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    let text = bot.export_sdk()?;
    let fields: Vec<&str> = text.split(":::").collect();
    assert_eq!(
        (fields.len(), fields[0], fields[1], fields[4]),
        (5, "alice.test", ALICE, machine.peer.origin())
    );
    let (elsewhere, told) = sessions_of(&machine.peer, memory());
    let imported = elsewhere.import_sdk(&format!("{}/xrpc", text.as_str())).await?;
    ping(&imported).await?;
    assert_eq!(imported.export_sdk()?, text, "the tail is gone, the rest is as it was");
    assert_eq!(*told.lock(), ["imported"]);
    let four = fields[..4].join(":::");
    assert_eq!(elsewhere.import_sdk(&four).await?.host().as_deref(), Some("https://bsky.social"));
    for bad in [
        "",
        "a:::b",
        &fields[..3].join(":::"),
        &format!("{}:::x", text.as_str()),
        &text.replace(ALICE, "alice"),
    ] {
        assert!(matches!(elsewhere.import_sdk(bad).await, Err(CallError::Request(_))), "{bad}");
    }
    // The sealed form, which says nothing to anybody without the key.
    let sealed = bot.export_sealed()?;
    let closed = sealed.strip_prefix("gatewright_session_1.").context("it is recognised by its beginning")?;
    let closed = Base64UrlUnpadded::decode_vec(closed)?;
    for token in [fields[2], fields[3]] {
        let end = token.as_bytes().last_chunk::<16>().context("a token stands there")?;
        assert!([sealed.as_bytes(), &closed].iter().all(|text| !text.windows(16).any(|part| part == end)));
    }
    let back = elsewhere.import_sealed(&sealed).await?;
    assert_eq!(back.id(), bot.id());
    ping(&back).await?;
    assert!(elsewhere.import_sealed(&sealed[..sealed.len() - 4]).await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_to_the_host_that_the_session_names() -> Result<()> {
    let (entry, home) = (Peer::start().await?, Peer::start().await?);
    entry.legacy_host(home.origin());
    let (sessions, _) = sessions_of(&entry, memory());
    let session = sessions.sign_in(AppSignIn::new("alice.test", PASSWORD).at_host(entry.origin())).await?;
    assert_eq!(session.host().as_deref(), Some(home.origin()));
    let _ = ping(&session).await;
    assert_eq!(home.asked(&format!("/xrpc/{PING}")), 1);
    assert_eq!(entry.asked(&format!("/xrpc/{PING}")), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_with_its_refresh_token() -> Result<()> {
    let machine = Machine::new().await?;
    let bot = machine.start().await?;
    assert_eq!(machine.peer.legacy_sessions(), 1);
    bot.sign_out().await?;
    assert_eq!(machine.peer.legacy_sessions(), 0);
    assert!(machine.sessions().0.list().await?.is_empty());
    Ok(())
}
