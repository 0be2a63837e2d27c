//! The examples of the client, each as the program that it is, against a whole network.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::app::Person;
use gatewright_testkit::form::Browser;
use gatewright_testkit::loopback::{come_back, printed_address};
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::program;
use gatewright_testkit::wire::Connection;

/// A program whose state is in a folder of the test.
fn command(network: &TestNetwork, name: &str, state: &Path) -> Result<Command> {
    let mut command = Command::new(program::beside(name)?);
    command
        .env_clear()
        .env("STATE", state)
        .env("PLC_URL", network.ready()["plc_url"].as_str().unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

fn alice(network: &TestNetwork) -> Result<Person> {
    network.people().into_iter().next().context("there is alice")
}

/// Reads the address that a program prints, signs in there, and comes back to the program.
async fn sign_in(child: &mut Child, person: &Person) -> Result<()> {
    let mut lines = BufReader::new(child.stderr.take().context("piped")?);
    let url = printed_address(&mut lines)?;
    // Nobody reads what it says from now on, but it must be able to say it.
    std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
    let back = Browser::new().sign_in_and(url.as_str(), &person.handle, &person.password, "approve").await?;
    come_back(&back)
}

fn ended(child: Child) -> Result<String> {
    let output = child.wait_with_output()?;
    let (out, err) =
        (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(output.status.success(), "{}: {out} {err}", output.status);
    Ok(format!("{out}{err}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_signs_in_once_and_writes_each_time() -> Result<()> {
    let (network, state) = (TestNetwork::start().await?, tempfile::tempdir()?);
    let password = network.ready()["accounts"][0]["app_password"].as_str().context("it has one")?.to_owned();
    for round in 1..=3 {
        let mut bot = command(&network, "bot", state.path())?;
        bot.env("IDENTIFIER", alice(&network)?.handle).env("APP_PASSWORD", &password);
        let said = ended(bot.env("HOST_URL", network.url()).arg("Good morning.").spawn()?)?;
        assert!(said.contains("/com.example.note/"), "{said}");
        assert_eq!(said.contains("created did:plc:"), round == 1, "round {round}: {said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desktop_program_asks_its_person_to_sign_in_once() -> Result<()> {
    let (network, state) = (TestNetwork::start().await?, tempfile::tempdir()?);
    let start = || -> Result<Child> {
        let mut program = command(&network, "desktop-cli", state.path())?;
        Ok(program.args([network.url(), "Written from a desktop."]).spawn()?)
    };
    let mut first = start()?;
    sign_in(&mut first, &alice(&network)?).await?;
    assert!(ended(first)?.contains("/com.example.note/"));
    assert!(ended(start()?)?.contains("/com.example.note/"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_session() -> Result<()> {
    let (network, state) = (TestNetwork::start().await?, tempfile::tempdir()?);
    let mut first =
        command(&network, "background-worker", state.path())?.args(["sign-in", network.url()]).spawn()?;
    sign_in(&mut first, &alice(&network)?).await?;
    let name = ended(first)?.trim().to_owned();
    let work = || {
        command(&network, "background-worker", state.path())?
            .args(["work", &name, "10"])
            .spawn()
            .context("starts")
    };
    let workers = [work()?, work()?];
    let mut renewals = 0;
    for worker in workers {
        let said = ended(worker)?;
        assert_eq!(said.matches("works for alice.test").count(), 10, "{said}");
        renewals += said.matches(": refreshed").count();
    }
    assert!(renewals >= 10, "{renewals} renewals");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_application_signs_people_in_and_writes() -> Result<()> {
    let (network, state) = (TestNetwork::start().await?, tempfile::tempdir()?);
    let alice = alice(&network)?;
    let mut site = command(&network, "web-app", state.path())?.env("LISTEN", "127.0.0.1:0").spawn()?;
    let mut origin = String::new();
    BufReader::new(site.stdout.take().context("piped")?).read_line(&mut origin)?;
    let origin = origin.trim();
    let tried = async {
        let mut browser = Browser::new();
        let form =
            browser.open(origin).await?.page()?.form_with("identifier")?.fill("identifier", network.url())?;
        let to = browser.send(&form).await?.left()?;
        let back = Browser::new().sign_in_and(to.as_str(), &alice.handle, &alice.password, "approve").await?;
        let page = browser.open(back.as_str()).await?.page()?;
        ensure!(page.text().contains(&alice.did), "{}", page.text());
        let page = browser.send(&page.form_with("text")?.fill("text", "From a form.")?).await?.page()?;
        ensure!(page.url.path() == "/" && page.status == 200, "{} {}", page.status, page.text());
        let left = browser.send(&page.form_saying("Sign out")?).await?.page()?;
        ensure!(left.text().contains("Sign in"), "{}", left.text());
        Ok(())
    };
    let outcome = tried.await;
    site.kill()?;
    outcome
}

/// The pair; with the host beside a handle, which leads nowhere by itself.
fn with<'a>(pair: &[(&'a str, &'a str)], host: &'a str) -> Vec<(&'a str, &'a str)> {
    let is_did = pair.iter().any(|(_, value)| value.starts_with("did:"));
    let host = (!is_did).then_some(("x-atproto-pds-url", host));
    pair.iter().copied().chain(host).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_acts_for_whoever_sends_the_request() -> Result<()> {
    let (network, state) = (TestNetwork::start().await?, tempfile::tempdir()?);
    let mut api = command(&network, "multi-tenant-api", state.path())?;
    let mut api = api.env("LISTEN", "127.0.0.1:0").env("ALLOW_HOST", network.url()).spawn()?;
    let mut origin = String::new();
    BufReader::new(api.stdout.take().context("piped")?).read_line(&mut origin)?;
    let address = origin.trim().trim_start_matches("http://").parse()?;
    let tried = async {
        let mut connection = Connection::open(address).await?;
        for (account, person) in network.people().iter().enumerate() {
            let password =
                network.ready()["accounts"][account]["app_password"].as_str().context("it has one")?;
            // Names under `.test` are known inside the network only: one asks by DID, the other names the host.
            let name = if account == 0 { &person.did } else { &person.handle };
            let pair = [("x-atproto-handle", &**name), ("x-atproto-password", password)];
            let me = connection.send("GET", "/me", &with(&pair, network.url()), b"").await?.json()?;
            ensure!(me["did"] == *person.did && me["credential"] == "app-password", "{me}");
            let mut headers = with(&pair, network.url());
            headers.push(("content-type", "application/json"));
            let written =
                connection.send("POST", "/notes", &headers, br#"{"text": "Mine."}"#).await?.json()?;
            let uri = written["uri"].as_str().unwrap_or_default();
            ensure!(uri.starts_with(&format!("at://{}/com.example.note/", person.did)), "{written}");
            let half = connection.send("GET", "/notes", &pair[..1], b"").await?;
            ensure!(
                half.status == 400 && half.json()?["error"] == "HalfCredentials",
                half.unexpected("half")
            );
        }
        let nobody = connection.send("GET", "/notes", &[], b"").await?;
        ensure!(
            nobody.status == 401 && nobody.header("www-authenticate").is_some(),
            nobody.unexpected("nobody")
        );
        Ok(())
    };
    let outcome = tried.await;
    api.kill()?;
    outcome
}
