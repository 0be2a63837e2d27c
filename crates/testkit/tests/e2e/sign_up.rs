//! Accounts that people make for themselves, over HTTP.

#![expect(clippy::indexing_slicing, reason = "a test that panics has failed")]

use anyhow::{Context, Result, ensure};
use gatewright::dev::{Network, Options};
use gatewright_host::operations::create_invite_codes::CreateInviteCodes;
use gatewright_host::settings::SignUpMode;
use gatewright_protocol::syntax::Did;
use gatewright_testkit::app::App;
use gatewright_testkit::browser::{Chromium, Look};
use gatewright_testkit::wire::Answer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::start::NOTES;

const CREATE: &str = "com.atproto.server.createAccount";
const PASSWORD: &str = "a sentence of a few words";

/// A network in which people make accounts.
struct Place {
    network: Network,
    app: App,
    _data: TempDir,
}

impl Place {
    async fn new(sign_up: SignUpMode) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let options = Options {
            port: 0,
            demo: false,
            rate_limits: false,
            sign_up,
            ..Options::new(data.path().to_owned())
        };
        let network = Network::start(options).await?;
        let app = App::loopback(&network.ready().url, NOTES)?;
        Ok(Self { network, app, _data: data })
    }

    /// Calls a procedure, or a query if there is no body.
    async fn call(&mut self, method: &str, token: Option<&str>, body: Option<&Value>) -> Result<Answer> {
        let url = format!("{}/xrpc/{method}", self.network.ready().url);
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        match body {
            Some(body) => {
                headers.push(("content-type", "application/json"));
                self.app.send("POST", &url, &headers, body.to_string().as_bytes()).await
            }
            None => self.app.send("GET", &url, &headers, &[]).await,
        }
    }

    async fn create(&mut self, token: Option<&str>, body: &Value) -> Result<Answer> {
        self.call(CREATE, token, Some(body)).await
    }
}

fn error(answer: &Answer) -> (u16, String) {
    let body = answer.json().unwrap_or_default();
    (answer.status, body["error"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// A whole input with some fields changed.
fn input(changes: &Value) -> Value {
    let mut input = json!({"handle": "carol.test", "email": "carol@example.com", "password": PASSWORD});
    if let (Some(input), Some(changes)) = (input.as_object_mut(), changes.as_object()) {
        input.extend(changes.clone());
    }
    input
}

#[tokio::test]
async fn an_account_is_made_and_used_at_once() -> Result<()> {
    let mut place = Place::new(SignUpMode::Open).await?;
    for (changes, name) in [
        (json!({"handle": "no handle"}), "InvalidHandle"),
        (json!({"handle": "alice.test"}), "HandleNotAvailable"),
        (json!({"handle": "admin.test"}), "HandleNotAvailable"),
        (json!({"handle": "carol.example.org"}), "UnsupportedDomain"),
        (json!({"password": "short"}), "InvalidPassword"),
        (json!({"password": "x".repeat(257)}), "InvalidPassword"),
        (json!({"password": null}), "InvalidPassword"),
        (json!({"inviteCode": "not a code"}), "InvalidInviteCode"),
        (json!({"email": "nowhere"}), "InvalidRequest"),
        (json!({"email": null}), "InvalidRequest"),
        (json!({"email": "ALICE@mail.test"}), "InvalidRequest"),
        (json!({"recoveryKey": "did:key:zNo"}), "InvalidRequest"),
        (json!({"plcOp": {}}), "InvalidRequest"),
    ] {
        assert_eq!(error(&place.create(None, &input(&changes)).await?), refused(400, name), "{changes}");
    }
    let made = place.create(None, &input(&json!({}))).await?;
    assert_eq!(made.status, 200, "{:?}", made.json());
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json()?;
    assert_eq!(made["handle"], "carol.test");
    assert_eq!(made["didDoc"]["id"], made["did"]);
    let access = made["accessJwt"].as_str().context("a token")?;
    let session = place.call("com.atproto.server.getSession", Some(access), None).await?.json()?;
    assert_eq!((&session["did"], &session["email"]), (&made["did"], &json!("carol@example.com")));
    let record = json!({"$type": "com.example.note", "text": "x"});
    let note = json!({"repo": made["did"], "collection": "com.example.note", "record": record});
    let written = place.call("com.atproto.repo.createRecord", Some(access), Some(&note)).await?;
    assert_eq!(written.status, 200, "{:?}", written.json());

    // The life of the account, by the session that came with it.
    let deactivate = "com.atproto.server.deactivateAccount";
    assert_eq!(place.call(deactivate, Some(access), Some(&json!({}))).await?.status, 200);
    let written = place.call("com.atproto.repo.createRecord", Some(access), Some(&note)).await?;
    assert_eq!(error(&written), refused(401, "AccountDeactivated"));
    let activate = format!("{}/xrpc/com.atproto.server.activateAccount", place.network.ready().url);
    let authorization = format!("Bearer {access}");
    let bare = place.app.send("POST", &activate, &[("authorization", &authorization)], &[]).await?;
    assert_eq!((bare.status, bare.body.len()), (200, 0));
    let rename = "com.atproto.identity.updateHandle";
    let renamed = place.call(rename, Some(access), Some(&json!({"handle": "caroline.test"}))).await?;
    assert_eq!(renamed.status, 200, "{:?}", renamed.json());
    let did = made["did"].as_str().context("a DID")?;
    let document = format!("{}/{did}", place.network.ready().plc_url);
    let document = place.app.send("GET", &document, &[], &[]).await?.json()?;
    assert_eq!(document["alsoKnownAs"], json!(["at://caroline.test"]), "the directory has it");
    place.network.stop().await;
    Ok(())
}

#[tokio::test]
async fn nobody_signs_up_where_the_operator_does_not_let_them() -> Result<()> {
    let mut place = Place::new(SignUpMode::Closed).await?;
    let answer = place.create(None, &input(&json!({"inviteCode": "a-code"}))).await?;
    assert_eq!(error(&answer), refused(400, "InvalidInviteCode"));
    let url = format!("{}/.well-known/oauth-authorization-server", place.network.ready().url);
    let metadata = place.app.send("GET", &url, &[], &[]).await?.json()?;
    let prompts = metadata["prompt_values_supported"].as_array().context("a list")?;
    assert!(!prompts.contains(&json!("create")), "{prompts:?}");
    place.network.stop().await;

    let mut place = Place::new(SignUpMode::Invite).await?;
    assert_eq!(error(&place.create(None, &input(&json!({}))).await?), refused(400, "InvalidInviteCode"));
    let new = CreateInviteCodes { count: 1, uses: 1, for_accounts: Vec::new() };
    let made = place.network.solo().host().create_invite_codes(new).await?;
    let code = made[0].1[0].expose().to_owned();
    let invited = input(&json!({"inviteCode": code}));
    assert_eq!(place.create(None, &invited).await?.status, 200);
    let again = input(&json!({"inviteCode": code, "handle": "dave.test", "email": "dave@example.com"}));
    assert_eq!(error(&place.create(None, &again).await?), refused(400, "InvalidInviteCode"));
    let described = place.call("com.atproto.server.describeServer", None, None).await?.json()?;
    assert_eq!(described["inviteCodeRequired"], true);
    assert_eq!(described["availableUserDomains"], json!([".test"]));
    for method in ["com.atproto.server.createInviteCode", "com.atproto.server.createInviteCodes"] {
        let answer = place.call(method, None, Some(&json!({"useCount": 1}))).await?;
        assert_eq!(answer.status, 401, "{method} is the operator's");
    }
    place.network.stop().await;
    Ok(())
}

#[tokio::test]
async fn sa_10_an_account_is_taken_along_only_by_its_own_key() -> Result<()> {
    let mut place = Place::new(SignUpMode::Open).await?;
    let people = place.network.ready().accounts.clone();
    let (alice, bob) = (&people[0], &people[1]);
    let aud = place.network.ready().service_did.replace('%', "%25");
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let login = json!({"identifier": alice.handle, "password": alice.password});
        let session = place.call("com.atproto.server.createSession", None, Some(&login)).await?.json()?;
        let access = session["accessJwt"].as_str().context("a token")?.to_owned();
        let query = format!("com.atproto.server.getServiceAuth?aud={aud}&lxm={CREATE}");
        let token = place.call(&query, Some(&access), None).await?.json()?;
        tokens.push(token["token"].as_str().context("a token")?.to_owned());
    }
    let moved = |did: &str| input(&json!({"did": did, "handle": alice.handle, "email": alice.email}));
    let anonymous = place.create(None, &moved(&alice.did)).await?;
    assert_eq!(error(&anonymous), refused(401, "AuthenticationRequired"));
    let other = place.create(Some(&tokens[0]), &moved(&bob.did)).await?;
    assert_eq!(error(&other), refused(401, "AuthenticationRequired"), "bob's, by alice's key");
    let here = place.create(Some(&tokens[1]), &moved(&alice.did)).await?;
    assert_eq!(error(&here), refused(400, "HandleNotAvailable"), "it is here already");
    // The former host and this one are one here, so its account goes first.
    let did: Did = alice.did.parse()?;
    place.network.solo().kept().delete_account(&did).await?;
    let made = place.create(Some(&tokens[2]), &moved(&alice.did)).await?;
    assert_eq!(made.status, 200, "{:?}", made.json());
    let made = made.json()?;
    assert_eq!(made["did"], alice.did.as_str());
    let access = made["accessJwt"].as_str().context("a token")?.to_owned();
    let session = place.call("com.atproto.server.getSession", Some(&access), None).await?.json()?;
    assert_eq!((&session["active"], &session["status"]), (&json!(false), &json!("deactivated")));
    let status = place.call("com.atproto.server.checkAccountStatus", Some(&access), None).await?.json()?;
    assert_eq!((&status["activated"], &status["validDid"]), (&json!(false), &json!(false)));
    let again = place.create(Some(&tokens[2]), &moved(&alice.did)).await?;
    assert_eq!(again.status, 401, "a service token is used once: {:?}", again.json());
    place.network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_an_account_in_a_browser() -> Result<()> {
    let Place { network, mut app, _data } = Place::new(SignUpMode::Invite).await?;
    for (at, look) in
        [Look::default(), Look::PHONE.without_scripts(), Look::PHONE.in_the_dark()].into_iter().enumerate()
    {
        let new = CreateInviteCodes { count: 1, uses: 1, for_accounts: Vec::new() };
        let code = network.solo().host().create_invite_codes(new).await?[0].1[0].expose().to_owned();
        let pushed = app.push(&[]).await?;
        let chromium = Chromium::open(look).await?;
        chromium.open_page(&app.authorize_url(&pushed.request_uri)).await?;
        chromium.click("a[href*='sign-up']").await?;
        chromium.fill("handle", "alice").await?;
        chromium.fill("email", &format!("carol{at}@mail.test")).await?;
        chromium.fill("password", PASSWORD).await?;
        chromium.fill("invite", &code).await?;
        let is_fit = async |page: &str| -> Result<()> {
            shoot(&chromium, &format!("sign-up-{page}-{at}")).await?;
            ensure!(!chromium.overflows().await?, "{page} is wider than the window");
            if look.scripts {
                let violations = chromium.violations().await?;
                ensure!(violations.is_empty(), "{page}: {violations:#?}");
            }
            Ok(())
        };
        is_fit("first").await?;
        chromium.click("main form button.main").await?;
        chromium.find("#handle-refusal").await?;
        is_fit("taken").await?;
        chromium.fill("handle", &format!("carol{at}")).await?;
        chromium.fill("password", PASSWORD).await?;
        chromium.click("main form button.main").await?;
        chromium.find("button[name='decision']").await?;
        is_fit("consent").await?;
        chromium.click("button[name='decision'][value='approve']").await?;
        let back = chromium.wait_for(&app.redirect_uri).await?;
        let code = app.code(&back, &pushed)?;
        let answer = app.exchange(&code, &pushed).await?;
        let tokens = app.keep(&answer)?;
        let made = network.solo().find_account(&format!("carol{at}.test")).await?.context("an account")?;
        assert_eq!(tokens.sub, made.did.as_str());
        chromium.close().await?;
    }
    network.stop().await;
    Ok(())
}

/// Keeps a picture, where somebody wants to look at it: `GATEWRIGHT_SCREENSHOTS` names the folder.
async fn shoot(chromium: &Chromium, name: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("GATEWRIGHT_SCREENSHOTS") {
        let file = std::path::Path::new(&folder).join(format!("{name}.png"));
        chromium.driver().screenshot(&file).await?;
    }
    Ok(())
}
