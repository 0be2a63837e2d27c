//! A web application that signs people in: its routes, its cookie, several accounts in one browser.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use gatewright_client::web::{MaybeSignedIn, SignedIn, Web};
use gatewright_client::{Client, ClientDescription, Sessions};
use gatewright_resolve::system::SystemClock;
use gatewright_testkit::app::Person;
use gatewright_testkit::form::{Arrival, Browser};
use gatewright_testkit::network::TestNetwork;
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::client_start::{SCOPE, memory, sessions_in};

struct Site {
    network: TestNetwork,
    sessions: Sessions,
    origin: String,
}

async fn home(MaybeSignedIn(signed_in): MaybeSignedIn) -> Html<String> {
    let Some(signed_in) = signed_in else {
        let form = "<form method=post action=/login><input name=identifier><input name=return_to value=/me>\
                    <button>Sign in</button></form>";
        return Html(format!("Nobody. {form}"));
    };
    let others = signed_in.others.iter().map(|other| {
        format!(
            "<form method=post action=/switch><input name=account value={0}><button>Switch {0}</button></form>",
            other.account()
        )
    });
    Html(format!(
        "Current: {}. {} <form method=post action=/login><input name=identifier><button>Add</button></form>\
         <form method=post action=/logout><button>Leave</button></form>\
         <form method=post action=/logout><input name=all value=1><button>Leave all</button></form>",
        signed_in.session.account(),
        others.collect::<String>(),
    ))
}

async fn me(signed_in: SignedIn) -> String {
    let account = signed_in.session.query::<Value>("com.atproto.server.getSession", &[]).await;
    account.map_or_else(|error| error.to_string(), |account| account["did"].to_string())
}

impl Site {
    async fn start() -> Result<Self> {
        let network = TestNetwork::start().await?;
        let (sessions, _) = sessions_in(&network, memory(), Arc::new(SystemClock)).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let description =
            ClientDescription::loopback().redirect_uri("http://127.0.0.1/callback").scope(SCOPE);
        let web = Web::new(Client::new(description, sessions.clone())?).origin(&origin);
        let app = Router::new().route("/", get(home)).route("/me", get(me)).with_state(web.clone());
        let app = app.merge(web.router());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { network, sessions, origin })
    }

    fn people(&self) -> Vec<Person> {
        self.network.people()
    }

    /// Presses a button of the home page.
    async fn press(&self, browser: &mut Browser, button: &str, identifier: Option<&str>) -> Result<Arrival> {
        let page = browser.open(&self.origin).await?.page()?;
        let mut form = page.form_saying(button)?;
        if let Some(identifier) = identifier {
            form = form.fill("identifier", identifier)?;
        }
        browser.send(&form).await
    }

    async fn sign_in(&self, browser: &mut Browser, button: &str, person: &Person) -> Result<Arrival> {
        let to = self.press(browser, button, Some(&person.handle)).await?.left()?;
        // The server's pages are in another tab, as it were: its cookies are its own.
        let back =
            Browser::new().sign_in_and(to.as_str(), &person.handle, &person.password, "approve").await?;
        browser.open(back.as_str()).await
    }

    async fn text(&self, browser: &mut Browser, path: &str) -> Result<String> {
        Ok(browser.open(&format!("{}{path}", self.origin)).await?.page()?.text().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_link_accounts_switch_and_leave() -> Result<()> {
    let site = Site::start().await?;
    let [alice, bob] = <[Person; 2]>::try_from(site.people()).ok().context("there are two")?;
    let mut browser = Browser::new();
    assert_eq!(browser.open(&format!("{}/me", site.origin)).await?.page()?.status, StatusCode::UNAUTHORIZED);
    let page = site.sign_in(&mut browser, "Sign in", &alice).await?.page()?;
    assert!(page.url.path() == "/me" && page.text().contains(&alice.did), "{} {}", page.url, page.text());
    let first = browser.cookie("127.0.0.1", "gatewright").context("there is a cookie")?.to_owned();
    site.sign_in(&mut browser, "Add", &bob).await?;
    let second = browser.cookie("127.0.0.1", "gatewright").context("there is a cookie")?.to_owned();
    assert_ne!(first, second, "a cookie from before the sign-in is worth nothing");
    let mut thief = Browser::new();
    thief.set_cookie("127.0.0.1", "gatewright", &first);
    assert!(site.text(&mut thief, "/").await?.contains("Nobody"));
    assert!(site.text(&mut browser, "/me").await?.contains(&bob.did));
    site.press(&mut browser, &format!("Switch {}", alice.did), None).await?;
    assert!(site.text(&mut browser, "/me").await?.contains(&alice.did));
    assert_eq!(site.sessions.list().await?.len(), 2);
    site.press(&mut browser, "Leave", None).await?;
    assert!(site.text(&mut browser, "/me").await?.contains(&bob.did), "the other account stays");
    site.sign_in(&mut browser, "Add", &alice).await?;
    site.press(&mut browser, "Leave all", None).await?;
    assert!(site.text(&mut browser, "/").await?.contains("Nobody"));
    assert!(site.sessions.list().await?.is_empty());
    assert_eq!(browser.cookie("127.0.0.1", "gatewright"), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_08_a_way_back_counts_in_the_browser_that_went_and_forms_of_others_count_nowhere() -> Result<()> {
    let site = Site::start().await?;
    let alice = site.people().into_iter().next().context("there is alice")?;
    let (mut browser, mut other) = (Browser::new(), Browser::new());
    let to = site.press(&mut browser, "Sign in", Some(&alice.handle)).await?.left()?;
    let back = Browser::new().sign_in_and(to.as_str(), &alice.handle, &alice.password, "approve").await?;
    let page = other.open(back.as_str()).await?.page()?;
    assert!(page.url.query().is_some_and(|query| query.contains("auth_error=expired")), "{}", page.url);
    assert!(site.text(&mut other, "/").await?.contains("Nobody"));
    // And it is not used up by that.
    browser.open(back.as_str()).await?.page()?;
    assert!(site.text(&mut browser, "/me").await?.contains(&alice.did));
    // A form that another site sends signs nobody out.
    browser.overrides.insert("sec-fetch-site", "cross-site".parse()?);
    let refused = site.press(&mut browser, "Leave", None).await?.page()?;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    browser.overrides.clear();
    assert!(site.text(&mut browser, "/me").await?.contains(&alice.did));
    Ok(())
}
