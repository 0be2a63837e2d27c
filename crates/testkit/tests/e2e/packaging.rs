//! What an operator installs: the Debian package, the unit, the container and the proxies' examples.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::program;
use gatewright_testkit::wire::Connection;
use tempfile::TempDir;

const CONFIG: &str = "etc/gatewright/gatewright.toml";

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name)
}

/// What a command printed, if it went well.
fn printed(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    Ok(String::from_utf8(stdout)?)
}

/// The program without what only a debugger reads: as it is in a package.
fn stripped(folder: &Path) -> Result<PathBuf> {
    let program = folder.join("gatewright");
    printed(Command::new("strip").arg("-o").arg(&program).arg(program::path()?))?;
    Ok(program)
}

/// A port that nobody listens on.
fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A root folder with an empty database of packages, and what installs into it.
struct Root(TempDir);

impl Root {
    fn new() -> Result<Self> {
        let root = tempfile::tempdir()?;
        let database = root.path().join("var/lib/dpkg");
        for folder in ["info", "updates"] {
            std::fs::create_dir_all(database.join(folder))?;
        }
        std::fs::write(database.join("status"), "")?;
        Ok(Self(root))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn dpkg(&self, words: &[&str]) -> Result<String> {
        let mut root = std::ffi::OsString::from("--root=");
        root.push(self.0.path());
        let mut dpkg = Command::new("dpkg");
        // The packages that ours needs are those of the machine, not of this folder.
        let force = "--force-script-chrootless,not-root,depends,confold,bad-path";
        printed(dpkg.arg(root).arg(force).args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    }
}

/// Starts a program, and waits until it is healthy on this port. It ends with what is returned.
async fn healthy(command: &mut Command, port: u16) -> Result<Ended> {
    let running = Ended(command.stdout(Stdio::null()).spawn().with_context(|| format!("{command:?}"))?);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if let Ok(mut connection) = Connection::open(([127, 0, 0, 1], port).into()).await
            && connection.send("GET", "/xrpc/_health", &[], &[]).await?.status == 200
        {
            return Ok(running);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{command:?} is not healthy")
}

/// A child that is killed at the end.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_debian_package_is_built_installed_started_upgraded_and_removed() -> Result<()> {
    let built = tempfile::tempdir()?;
    let program = stripped(built.path())?;
    let mut making = Command::new(packaging("deb.sh"));
    making.arg(&program).arg(built.path().join("out")).env("DPKG_DEB_COMPRESSOR_TYPE", "gzip");
    let package = printed(making.env("DPKG_DEB_COMPRESSOR_LEVEL", "1"))?;
    let package = package.trim();
    let root = Root::new()?;
    root.dpkg(&["--install", package])?;
    let (config, data) = (root.path(CONFIG), root.path("var/lib/gatewright"));
    assert_eq!(std::fs::metadata(&data)?.permissions().mode() & 0o777, 0o700, "its keys lie there");
    for file in ["usr/share/bash-completion/completions/gatewright", "usr/share/doc/gatewright/operate.md"] {
        assert!(root.path(file).metadata()?.len() > 1000, "{file}");
    }

    // Started as the unit does.
    let installed = root.path("usr/bin/gatewright");
    let unit = std::fs::read_to_string(root.path("usr/lib/systemd/system/gatewright.service"))?;
    let start =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).context("it starts something")?;
    let mut words = start.split(' ').map(|word| match word.strip_prefix('/') {
        Some(inside) => root.path(inside),
        None => word.into(),
    });
    assert_eq!(words.next(), Some(installed.clone()));
    printed(Command::new(&installed).args(["config", "check"]).arg(&config))?;
    let port = free_port()?;
    let mut serve = Command::new(&installed);
    serve.args(words).env("GATEWRIGHT_DATA", &data).env("GATEWRIGHT_LISTEN", format!("127.0.0.1:{port}"));
    drop(healthy(&mut serve, port).await?);

    // An upgrade keeps what the operator wrote, and nothing ever removes accounts and keys.
    let own = format!("{}\n# mine\n", std::fs::read_to_string(&config)?);
    std::fs::write(&config, &own)?;
    root.dpkg(&["--install", package])?;
    assert_eq!(std::fs::read_to_string(&config)?, own);
    root.dpkg(&["--purge", "gatewright"])?;
    assert!(!installed.exists() && !config.exists());
    assert!(data.join("keys.json").is_file() && data.join("gatewright.sqlite").is_file());
    Ok(())
}

#[test]
fn the_unit_is_in_order_and_lets_the_program_do_little() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let unit = std::fs::read_to_string(packaging("gatewright.service"))?;
    assert!(unit.contains("ExecStart=/usr/bin/gatewright "));
    let program = program::path()?;
    let unit = unit.replace("/usr/bin/gatewright", program.to_str().context("a path of text")?);
    let unit = unit.replace("Documentation=file:/usr/share/doc/gatewright/operate.md\n", "");
    let file = folder.path().join("gatewright.service");
    std::fs::write(&file, &unit)?;
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output()?;
    let said = String::from_utf8(verified.stderr)?;
    let own: Vec<&str> = said.lines().filter(|line| line.contains("gatewright")).collect();
    assert!(verified.status.success() && own.is_empty(), "{said}");
    // The word that is wrong is found: the check is one.
    std::fs::write(&file, unit.replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"))?;
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output()?;
    assert!(String::from_utf8(verified.stderr)?.contains("NoNewPrivilege"));
    // The scale goes from 0, nothing is open, to 10.
    std::fs::write(&file, &unit)?;
    let mut exposure = Command::new("systemd-analyze");
    printed(exposure.args(["security", "--offline=true", "--threshold=20", "--no-pager"]).arg(&file))?;
    Ok(())
}

/// There is no engine for containers here: the steps of the last stage are done in a folder, over what its base brings,
/// and what it would start is started there, as the user it names.
#[tokio::test]
async fn the_container_starts_what_it_says() -> Result<()> {
    let source = std::fs::read_to_string(packaging("Containerfile"))?;
    let source = source.replace("\\\n", " ");
    let (first, last) = source.rsplit_once("\nFROM ").context("it has two stages")?;
    assert!(last.starts_with("gcr.io/distroless/cc-debian12:nonroot\n"), "the base that is imitated here");
    assert!(first.contains("\nRUN cargo build --release --locked --package gatewright --bin gatewright\n"));
    let tree = tempfile::tempdir()?;
    let at = |path: &str| tree.path().join(path.trim_start_matches('/'));
    let built = stripped(tree.path())?;
    for line in printed(Command::new("ldd").arg(&built))?.lines() {
        let library = line.split_whitespace().find(|word| word.starts_with('/'));
        let Some(library) = library else { continue };
        std::fs::create_dir_all(at(library).parent().context("a folder")?)?;
        std::fs::copy(library, at(library))?;
    }
    std::fs::create_dir_all(at("/tmp"))?;
    let port = free_port()?;
    let (mut user, mut environment, mut words) = (String::new(), Vec::new(), Vec::new());
    for line in last.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (step, rest) = line.split_once(' ').with_context(|| line.to_owned())?;
        match step {
            "COPY" => {
                let (from, to) = rest.rsplit_once(' ').context("COPY FROM TO")?;
                std::fs::create_dir_all(at(to).parent().context("a folder")?)?;
                if from == "--from=build /source/target/release/gatewright" {
                    std::fs::copy(&built, at(to))?;
                } else {
                    std::fs::copy(packaging("..").join(from), at(to))?;
                }
            }
            "ENV" => environment.push(rest.split_once('=').context("ENV NAME=VALUE")?),
            "USER" => rest.clone_into(&mut user),
            // An engine makes it belong to the user.
            "VOLUME" => {
                std::fs::create_dir_all(at(rest))?;
                printed(Command::new("chown").arg(&user).arg(at(rest)))?;
            }
            "EXPOSE" => assert!(source.contains(&format!("0.0.0.0:{rest}"))),
            "ENTRYPOINT" | "CMD" => words.extend(serde_json::from_str::<Vec<String>>(rest)?),
            _ => anyhow::bail!("the test does not know {step}"),
        }
    }
    let mut chroot = Command::new("chroot");
    chroot.arg(format!("--userspec={user}")).arg(tree.path()).args(&words).env_clear();
    chroot.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").envs(environment);
    chroot.env("GATEWRIGHT_PUBLIC_URL", "https://pds.example.org");
    chroot.env("GATEWRIGHT_LISTEN", format!("127.0.0.1:{port}"));
    let running = healthy(&mut chroot, port).await?;
    let mut connection = Connection::open(([127, 0, 0, 1], port).into()).await?;
    let answer = connection.send("GET", "/.well-known/oauth-authorization-server", &[], &[]).await?;
    assert_eq!(answer.json()?["issuer"], "https://pds.example.org");
    assert!(at("/var/lib/gatewright/keys.json").is_file());
    drop(running);
    Ok(())
}

#[test]
fn the_examples_of_proxies_are_in_order_and_those_of_the_guide() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let example = std::fs::read_to_string(packaging("nginx.conf"))?;
    let (certificate, key) = (folder.path().join("fullchain.pem"), folder.path().join("privkey.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=pds.example.net"]);
    printed(openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate))?;
    let folder_name = folder.path().to_str().context("a path of text")?;
    let site = example.replace("/etc/ssl/example.net", folder_name);
    let whole = format!("pid {folder_name}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{site}\n}}\n");
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, whole)?;
    printed(Command::new("nginx").arg("-t").arg("-e").arg("stderr").arg("-c").arg(&file))?;
    // The guide shows them whole.
    let guide = std::fs::read_to_string(packaging("../docs/guides/operate.md"))?;
    for name in ["nginx.conf", "Caddyfile", "gatewright.service"] {
        let shown = std::fs::read_to_string(packaging(name))?;
        assert!(
            guide.contains(shown.trim()),
            "docs/guides/operate.md does not show packaging/{name} as it is"
        );
    }
    Ok(())
}
