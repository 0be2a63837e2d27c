//! A real Chromium, driven through chromedriver: with or without JavaScript, in any size, in light and dark; and
//! axe-core, which looks for what keeps people with disabilities out of a page.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::json;
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver, WebElement};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How to open the browser.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whether pages are shown in their dark colours.
    pub dark: bool,
    /// Height of the window in CSS pixels.
    pub height: u32,
    /// Whether the scripts of pages run.
    pub scripts: bool,
    /// Width of the window in CSS pixels.
    pub width: u32,
}

impl Default for Look {
    fn default() -> Self {
        Self { dark: false, height: 800, scripts: true, width: 1000 }
    }
}

impl Look {
    /// A narrow phone.
    pub const PHONE: Self = Self { dark: false, height: 780, scripts: true, width: 360 };

    /// The same with the scripts of pages turned off.
    #[must_use]
    pub const fn without_scripts(self) -> Self {
        Self { scripts: false, ..self }
    }

    /// The same in dark colours.
    #[must_use]
    pub const fn in_the_dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// A running Chromium. Call [`close`](Self::close) at the end; what is dropped instead is ended in haste.
#[derive(Debug)]
pub struct Chromium {
    driver: WebDriver,
    chromedriver: Child,
    port: u16,
    scripts: bool,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts chromedriver on a free port, and a headless Chromium with an empty profile.
    ///
    /// # Errors
    /// One of the two is not installed, or does not start.
    pub async fn open(look: Look) -> anyhow::Result<Self> {
        let (chromedriver, port) = start_chromedriver().await?;
        let profile = tempfile::tempdir()?;
        let capabilities = capabilities(look, profile.path())?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities);
        let driver = timeout(PATIENCE, driver).await.context("Chromium does not start")??;
        let chromium = Self { driver, chromedriver, port, scripts: look.scripts, _profile: profile };
        chromium.emulate(look).await?;
        Ok(chromium)
    }

    async fn emulate(&self, look: Look) -> anyhow::Result<()> {
        let scheme = if look.dark { "dark" } else { "light" };
        let tools = self.driver.cdp();
        // A window of its own is never narrower than 500 pixels; what the page sees can be.
        let size =
            json!({ "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": false });
        tools.send_raw("Emulation.setDeviceMetricsOverride", size).await?;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        tools.send_raw("Emulation.setEmulatedMedia", scheme).await?;
        Ok(())
    }

    /// All that `WebDriver` can do.
    pub const fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Opens an address.
    ///
    /// # Errors
    /// The browser says no.
    pub async fn open_page(&self, url: &str) -> anyhow::Result<()> {
        Ok(self.driver.goto(url).await?)
    }

    /// Where the browser is.
    ///
    /// # Errors
    /// The browser says nothing.
    pub async fn url(&self) -> anyhow::Result<url::Url> {
        Ok(self.driver.current_url().await?)
    }

    /// Types into the field of this name, in place of what stands there.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn fill(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let selector = format!("input[name='{name}']");
        for _ in 0..STALE_TRIES {
            let field = self.find(&selector).await?;
            let cleared = field.clear().await;
            let typed = if cleared.is_ok() { field.send_keys(text).await } else { cleared };
            match typed {
                Err(error) if is_stale(&error) => {}
                done => return Ok(done?),
            }
        }
        bail!("`{selector}` is replaced whenever it is found")
    }

    /// Clicks what the CSS selector finds first.
    ///
    /// # Errors
    /// There is nothing to click.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        for _ in 0..STALE_TRIES {
            match self.find(selector).await?.click().await {
                Err(error) if is_stale(&error) => {}
                done => return Ok(done?),
            }
        }
        bail!("`{selector}` is replaced whenever it is found")
    }

    /// What the CSS selector finds first, within a few seconds.
    ///
    /// # Errors
    /// It finds nothing; the error says where the browser is and what the page says.
    pub async fn find(&self, selector: &str) -> anyhow::Result<WebElement> {
        for _ in 0..50 {
            if let Ok(found) = self.driver.find(By::Css(selector)).await {
                return Ok(found);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let text = match self.driver.find(By::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        bail!("no `{selector}` at {}: {text}", self.driver.current_url().await?)
    }

    /// Waits until the browser is at an address that begins so.
    ///
    /// # Errors
    /// It does not come there within a few seconds.
    pub async fn wait_for(&self, start: &str) -> anyhow::Result<url::Url> {
        for _ in 0..100 {
            let url = self.driver.current_url().await?;
            if url.as_str().starts_with(start) {
                return Ok(url);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("at {} where {start} was expected", self.driver.current_url().await?)
    }

    /// What axe-core finds wrong with the page, whatever its content security policy says.
    ///
    /// # Errors
    /// axe-core is not installed (`npm ci` in `interop/npm`), or does not run: it waits on promises, which never come
    /// with the scripts of pages turned off.
    pub async fn violations(&self) -> anyhow::Result<Vec<Violation>> {
        anyhow::ensure!(
            self.scripts,
            "axe-core needs scripts: look at the same page in a browser that has them on"
        );
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/npm/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file).with_context(|| {
            format!("axe-core is missing: run `npm ci` in interop/npm ({})", file.display())
        })?;
        self.driver.execute(axe, Vec::new()).await.context("axe-core cannot be loaded")?;
        let run = "const done = arguments[arguments.length - 1]; \
                   axe.run(document, { resultTypes: ['violations'] }) \
                      .then(found => done({ violations: found.violations, passes: found.passes.length })) \
                      .catch(error => done({ error: String(error) }));";
        let found = self.driver.execute_async(run, Vec::new()).await.context("axe-core does not run")?;
        let found: Found = serde_json::from_value(found.json().clone()).context("axe-core failed")?;
        // A page on which no rule applies would pass everything.
        anyhow::ensure!(found.passes >= 10, "axe-core looked at next to nothing: {} rules", found.passes);
        Ok(found.violations)
    }

    /// Whether the page is wider than the window, so that it has to be scrolled sideways.
    ///
    /// # Errors
    /// The browser does not say.
    pub async fn overflows(&self) -> anyhow::Result<bool> {
        let script = "return document.documentElement.scrollWidth > window.innerWidth";
        Ok(self.driver.execute(script, Vec::new()).await?.json().as_bool().unwrap_or(true))
    }

    /// Ends the browser, then chromedriver.
    ///
    /// # Errors
    /// One of the two does not end.
    pub async fn close(mut self) -> anyhow::Result<()> {
        timeout(PATIENCE, self.driver.clone().quit()).await.context("Chromium does not end")??;
        self.chromedriver.kill().await?;
        Ok(())
    }
}

impl Drop for Chromium {
    /// The end of a test that failed: chromedriver is asked to end Chromium, then killed. What `WebDriver`'s own end
    /// does would wait for a server of the same test, which may not run any more.
    fn drop(&mut self) {
        if self.driver.clone().leak().is_err() {
            return;
        }
        let end = || {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            let session = self.driver.session_id();
            write!(stream, "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port)?;
            stream.read(&mut [0; 64])
        };
        // There is nobody left to tell.
        let _: std::io::Result<usize> = end();
    }
}

/// What was found belonged to the page before this one, which was just being left: nothing was clicked or typed.
fn is_stale(error: &WebDriverError) -> bool {
    matches!(error.as_inner(), WebDriverErrorInner::StaleElementReference(_))
}

/// Something that keeps people out.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Violation {
    /// The rule, as axe-core names it.
    pub id: String,
    /// What the rule wants.
    pub help: String,
    /// Where it is broken.
    pub nodes: Vec<Node>,
}

/// A place where a rule is broken.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Node {
    /// The element.
    pub html: String,
    /// What is wrong with it.
    #[serde(rename = "failureSummary", default)]
    pub summary: String,
}

#[derive(Deserialize)]
struct Found {
    violations: Vec<Violation>,
    passes: usize,
}

/// How long a program may take to start or end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often an element is looked for again that went away with its page.
const STALE_TRIES: usize = 5;

/// How often a driver is started.
const START_TRIES: usize = 4;

/// A driver on a free port. The port that one finds free may be another program's by the time it listens, so it is tried
/// again.
async fn start_chromedriver() -> anyhow::Result<(Child, u16)> {
    let mut tries = 0;
    loop {
        tries += 1;
        match try_chromedriver().await {
            Err(_) if tries < START_TRIES => {}
            outcome => return outcome,
        }
    }
}

async fn try_chromedriver() -> anyhow::Result<(Child, u16)> {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("chromedriver does not start: `apt-get install chromium chromium-driver`")?;
    let mut lines = BufReader::new(child.stdout.take().context("its output is piped")?).lines();
    let port = async {
        while let Some(line) = lines.next_line().await? {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Ok(port.trim_end_matches('.').parse()?);
            }
        }
        bail!("chromedriver ended without a word about its port")
    };
    let port = timeout(PATIENCE, port).await.context("chromedriver does not say its port")??;
    // Its output is read on, so that it never waits for somebody to read it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, port))
}

fn capabilities(look: Look, profile: &Path) -> anyhow::Result<thirtyfour::ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for flag in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ] {
        capabilities.add_arg(flag)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    capabilities.add_arg(&format!("--window-size={},{}", look.width, look.height))?;
    if !look.scripts {
        // As a person turns them off in the settings.
        let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
        capabilities.add_experimental_option("prefs", off)?;
    }
    Ok(capabilities)
}
