//! The page on which people make and revoke app passwords.

use gatewright_protocol::app_password::AppPasswordSecret;
use gatewright_store::app_password::AppPasswordStore as _;
use gatewright_store::legacy_session::LegacySessionStore as _;

use crate::factors::with_totp;
use crate::support::app::replaced;
use crate::support::browser::{Browser, PageForm, form_of, forms, location};
use crate::support::machine::Reply;
use crate::support::session::{Session, refusal, refused};
use crate::support::{ALICE, ALICE_PASSWORD, BOB, BOB_PASSWORD, World};

const PAGE: &str = "/account/app-passwords";
const CREATE: &str = "/account/app-passwords/create";
const REVOKE: &str = "/account/app-passwords/revoke";

/// A browser in which somebody signed in on the account page.
pub(crate) async fn signed_in<'w>(world: &'w World, name: &str, password: &str) -> Browser<'w> {
    let mut browser = Browser::new(world);
    let page = browser.get("/account").await;
    let form = form_of(&page, "/account/sign-in");
    let fields = replaced(replaced(form.fields, "identifier", name), "password", password);
    let fields = replaced(fields, "remember", "on");
    location(&browser.post(&form.action, &fields).await);
    browser
}

async fn alice(world: &World) -> Browser<'_> {
    signed_in(world, "alice.example.net", ALICE_PASSWORD).await
}

/// Fills in the form for a new one and sends it.
async fn create(browser: &mut Browser<'_>, typed: &[(&str, &str)]) -> Reply {
    let page = browser.get(PAGE).await;
    page.assert_ok();
    send(browser, form_of(&page, CREATE), typed).await
}

async fn send(browser: &mut Browser<'_>, form: PageForm, typed: &[(&str, &str)]) -> Reply {
    let fields = typed.iter().fold(form.fields, |fields, (name, value)| replaced(fields, name, value));
    browser.post(&form.action, &fields).await
}

/// What stands in the only `<code>` of the page.
fn secret(page: &Reply) -> String {
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.text.matches("<code>").count(), 1, "{}", page.text);
    let text = page.text.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
    text.parse::<AppPasswordSecret>().unwrap();
    text.to_owned()
}

async fn count(world: &World) -> usize {
    world.store.list_app_passwords(&ALICE.parse().unwrap()).await.unwrap().len()
}

#[tokio::test]
async fn one_is_made_shown_once_and_signs_in() {
    let world = World::new().await;
    let mut browser = alice(&world).await;
    for (kind, scope) in [("normal", "com.atproto.appPass"), ("messages", "com.atproto.appPassPrivileged")] {
        let made = create(&mut browser, &[("name", kind), ("kind", kind), ("days", "30")]).await;
        let secret = secret(&made);
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let page = browser.get(PAGE).await;
        assert!(!page.text.contains(&secret) && page.text.contains("2025-07-15"), "{}", page.text);
        let session = Session::of(&world.log_in(ALICE, &secret).await);
        assert_eq!(session.claims()["scope"], scope);
        let page = browser.get(PAGE).await;
        for shown in ["2025-06-15 15:06 UTC", "testbot", "192.0.2.0/24"] {
            assert!(page.text.contains(shown), "{shown}: {}", page.text);
        }
        // The same form once more makes no second one.
        let again = create(&mut browser, &[("name", kind), ("kind", kind)]).await;
        assert_eq!(again.status, 400);
        assert!(again.text.contains("of this name already"), "{}", again.text);
    }
    assert_eq!(count(&world).await, 2);
}

#[tokio::test]
async fn sec_65_revoking_on_the_page_ends_what_came_from_it_at_once() {
    let world = World::new().await;
    let mut browser = alice(&world).await;
    let keys = ["bot", "other"];
    let mut sessions = Vec::new();
    for name in keys {
        let secret = secret(&create(&mut browser, &[("name", name)]).await);
        sessions.push((Session::of(&world.log_in(ALICE, &secret).await), secret));
    }
    let page = browser.get(PAGE).await;
    assert_eq!(world.store.list_legacy_sessions(&ALICE.parse().unwrap()).await.unwrap().len(), 2);
    let of_bot =
        |form: &PageForm| form.fields.iter().any(|(name, value)| name == "app_password" && value == "bot");
    let revoke = forms(&page.text).into_iter().find(|form| form.action == REVOKE && of_bot(form)).unwrap();
    let done = send(&mut browser, revoke, &[]).await;
    let page = browser.get(&location(&done)).await;
    assert!(page.text.contains("Revoked.") && !page.text.contains(">bot<"), "{}", page.text);
    assert!(page.text.contains(">other<"));
    let gone = refused(400, "ExpiredToken", "Token has been revoked");
    // Which the guard asks for on every request.
    let open = world.store.list_legacy_sessions(&ALICE.parse().unwrap()).await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(refusal(&world.refresh_session(&sessions[0].0.refresh).await), gone);
    assert_eq!(world.log_in(ALICE, &sessions[0].1).await.status, 401);
    Session::of(&world.refresh_session(&sessions[1].0.refresh).await);
    Session::of(&world.log_in(ALICE, &sessions[1].1).await);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let mut browser = alice(&world).await;
    for (name, kind, scope, days, said, field) in [
        ("", "normal", "", "", "1 to 64", "name"),
        ("bot", "", "", "", "Choose what", "kind"),
        ("bot", "what", "", "", "Choose what", "kind"),
        ("bot", "scoped", " ", "7", "at least one", "scope"),
        ("bot", "normal", "repo:com.example.note", "", "or empty the field", "scope"),
        ("bot", "scoped", "repo:com.example.note what:ever", "7", "<bdi>what:ever</bdi>", "scope"),
        ("bot", "scoped", "identity:handle", "7", "never looks after the account", "scope"),
        ("bot", "scoped", "include:com.example.unresolved", "7", "cannot be resolved", "scope"),
        ("bot", "scoped", "repo:com.example.note\n\"<b>&", "7", "These permissions", "scope"),
        ("bot", "normal", "", "soon", "number of days", "days"),
        ("bot", "normal", "", "0", "number of days", "days"),
        ("bot", "normal", "", "3651", "number of days", "days"),
        ("bot", "normal", "", "99999999999999999999", "number of days", "days"),
    ] {
        let typed = [("name", name), ("kind", kind), ("scope", scope), ("days", days)];
        let page = create(&mut browser, &typed).await;
        assert_eq!(page.status, 400, "{typed:?}");
        let refusal = page.text.split("id=\"refusal\"").nth(1).unwrap().split("</p>").next().unwrap();
        assert!(refusal.contains(said), "{typed:?}: {refusal}");
        if field != "kind" {
            let input =
                page.text.split(&format!("id=\"{field}\"")).nth(1).unwrap().split('>').next().unwrap();
            assert!(input.contains("aria-invalid"), "{field}: {input}");
            let checked = format!("value=\"{kind}\" aria-describedby=\"kind-{kind}-hint\" checked");
            assert!(page.text.contains(&checked), "{typed:?}");
        }
        let form = form_of(&page, CREATE);
        for (field, value) in [("name", name), ("days", days)] {
            assert!(form.fields.contains(&(field.to_owned(), value.to_owned())), "{typed:?} {field}");
        }
        let area = page.text.split("</textarea>").next().unwrap().rsplit('>').next().unwrap();
        let escaped = scope.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
        assert_eq!(area, escaped.replace('"', "&#34;"), "{typed:?}");
    }
    assert_eq!(count(&world).await, 0);
}

#[tokio::test]
async fn a_scope_with_a_permission_set_is_listed_as_what_it_gives() {
    let world = World::new().await;
    world.sets.publish_music(&["like"]);
    let mut browser = alice(&world).await;
    let scope = "include:com.example.music.authFull\nrepo:com.example.note?action=create";
    let made = create(&mut browser, &[("name", "bot"), ("kind", "scoped"), ("scope", scope)]).await;
    let secret = secret(&made);
    Session::of(&world.log_in(ALICE, &secret).await);
    let page = browser.get(PAGE).await;
    for said in [
        "com.example.music.like",
        "Music library",
        "com.example.music.authFull",
        "Create <bdi>com.example.note</bdi> records",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains("Everything in the permission set"), "it is known what is in it");
}

#[tokio::test]
async fn a_fresh_proof_is_asked_for_and_the_form_goes_on() {
    let world = World::new().await;
    let mut browser = alice(&world).await;
    let page = browser.get(PAGE).await;
    world.clock.seconds(11 * 60);
    let typed = [("name", "bot"), ("kind", "scoped"), ("scope", "repo:com.example.note"), ("days", "3")];
    let asked = send(&mut browser, form_of(&page, CREATE), &typed).await;
    asked.assert_ok();
    assert!(asked.text.contains("Confirm that it is you"), "{}", asked.text);
    assert_eq!(count(&world).await, 0);
    let wrong = send(&mut browser, form_of(&asked, CREATE), &[("password", "wrong")]).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(count(&world).await, 0);
    secret(&send(&mut browser, form_of(&wrong, CREATE), &[("password", ALICE_PASSWORD)]).await);
    let listed = world.store.list_app_passwords(&ALICE.parse().unwrap()).await.unwrap();
    assert_eq!(listed[0].scope.as_ref().unwrap().as_str(), "repo:com.example.note");
    assert_eq!(listed[0].expires_at.unwrap().since(listed[0].created_at).as_secs(), 3 * 86_400);
    // Taking one back asks for nothing.
    world.clock.seconds(11 * 60);
    let page = browser.get(PAGE).await;
    location(&send(&mut browser, form_of(&page, REVOKE), &[]).await);
    assert_eq!(count(&world).await, 0);
}

#[tokio::test]
async fn with_a_second_factor_the_password_is_no_proof() {
    let world = World::new().await;
    let (mut browser, authenticator) = with_totp(&world).await;
    world.clock.seconds(11 * 60);
    let asked = create(&mut browser, &[("name", "bot")]).await;
    let wrong = send(&mut browser, form_of(&asked, CREATE), &[("password", ALICE_PASSWORD)]).await;
    assert!(wrong.text.contains("Confirm that it is you") && count(&world).await == 0, "{}", wrong.text);
    let code = authenticator.code(&world);
    secret(&send(&mut browser, form_of(&wrong, CREATE), &[("code", &code)]).await);
}

#[tokio::test]
async fn sec_11_forms_from_elsewhere_make_and_revoke_nothing() {
    let world = World::new().await;
    let mut browser = alice(&world).await;
    secret(&create(&mut browser, &[("name", "bot")]).await);
    let page = browser.get(PAGE).await;
    for form in [CREATE, REVOKE].map(|action| form_of(&page, action)) {
        let mut fields = form.fields.clone();
        if form.action == CREATE {
            fields = replaced(fields, "name", "another");
        }
        let bare = replaced(fields.clone(), "csrf", "");
        assert_eq!(browser.post(&form.action, &bare).await.status, 403, "{}", form.action);
        assert_eq!(Browser::new(&world).post(&form.action, &fields).await.status, 403, "{}", form.action);
        for (name, value) in [
            ("origin", "https://evil.example.net"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "cors"),
            ("referer", "https://evil.example.net/account"),
        ] {
            browser.extra = vec![(name, value.to_owned())];
            assert_eq!(browser.post(&form.action, &fields).await.status, 403, "{} {name}", form.action);
        }
        browser.extra = Vec::new();
        assert_eq!(browser.get(&form.action).await.status, 405, "{}", form.action);
    }
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn nobody_sees_or_revokes_what_is_not_theirs() {
    let world = World::new().await;
    let mut own = alice(&world).await;
    secret(&create(&mut own, &[("name", "bot")]).await);
    let revoke = form_of(&own.get(PAGE).await, REVOKE);
    let mut bob = signed_in(&world, "bob.example.net", BOB_PASSWORD).await;
    let page = bob.get(&format!("{PAGE}?account={}", ALICE.replace(':', "%3A"))).await;
    assert!(page.text.contains("bob.example.net") && !page.text.contains(">bot<"), "{}", page.text);
    let token = form_of(&page, CREATE).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    for account in [BOB, ALICE] {
        let reply = send(&mut bob, revoke.clone(), &[("csrf", &token), ("account", account)]).await;
        assert!([303, 403].contains(&reply.status.as_u16()), "{}", reply.status);
        assert_eq!(count(&world).await, 1, "as {account}");
    }
    let made = send(&mut bob, form_of(&page, CREATE), &[("name", "mine"), ("account", ALICE)]).await;
    assert_eq!(made.status, 403);
    assert_eq!(count(&world).await, 1);
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_asked_first() {
    let world = World::new().await;
    let reply = Browser::new(&world).get(PAGE).await;
    assert_eq!(location(&reply), "/account");
    let mut browser = alice(&world).await;
    let page = browser.get("/account").await;
    location(&send(&mut browser, form_of(&page, "/account/sign-out"), &[]).await);
    assert_eq!(location(&browser.get(PAGE).await), "/account");
}

#[tokio::test]
async fn the_pages_of_an_account_lead_to_each_other() {
    let world = World::new().await;
    let mut browser = alice(&world).await;
    let page = browser.get("/account").await;
    let nav = page.text.split("<nav").nth(1).unwrap().split("</nav>").next().unwrap().to_owned();
    let links: Vec<&str> = nav.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() >= 3, "{nav}");
    for link in &links {
        let page = browser.get(link).await;
        page.assert_ok();
        let marked = format!("<a href=\"{link}\" aria-current=\"page\">");
        assert_eq!(page.text.matches(&marked).count(), 1, "{link}");
        for other in &links {
            assert!(page.text.contains(&format!("href=\"{other}\"")), "{link} leads to {other}");
        }
    }
}
