//! Everything that runs: the database, three nodes over it, the proxy in front of them, and people with accounts.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use gatewright::config::Config;
use gatewright::dev::plc::Directory;
use gatewright::listen;
use gatewright::solo::{Parts, Solo};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::system::SystemClock;
use gatewright_resolve::{DevNetwork, Network};
use gatewright_testkit::app::Person;
use tempfile::TempDir;
use tokio::sync::watch;
use url::Url;

use crate::database::{Database, open_to_all};
use crate::node::Node;
use crate::proxy::{Proxy, free_address};

/// Who the nodes are to the world. Nobody ever asks the network for it.
const HOST: &str = "pds.gatewright-faults.net";
const NODES: usize = 3;
const PASSWORD: &str = "correct horse battery staple";

/// What runs, in the order in which it ends.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) proxy: Proxy,
    pub(crate) nodes: Vec<Node>,
    pub(crate) database: Database,
    folder: TempDir,
}

/// Where clients find it.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    /// The issuer.
    pub(crate) issuer: String,
    /// The proxy.
    pub(crate) proxy: SocketAddr,
    /// Each node, past the proxy.
    pub(crate) nodes: Vec<SocketAddr>,
}

impl Cluster {
    /// Starts all of it; so many people have accounts.
    pub(crate) async fn start(people: usize) -> Result<(Self, Vec<Person>)> {
        let folder = tempfile::Builder::new().prefix("gatewright-faults-").tempdir()?;
        open_to_all(folder.path())?;
        let database = Database::start(&folder.path().join("postgres"))?;
        let mut nodes = Vec::new();
        for index in 0..NODES {
            let (own, address) = (folder.path().join(format!("node{index}")), free_address()?);
            let data = own.join("data");
            std::fs::create_dir_all(&data)?;
            let file = own.join("gatewright.toml");
            std::fs::write(&file, config(address, &data, &database.url()))?;
            nodes.push(Node::new(file, &own, address));
        }
        let first = folder.path().join("node0");
        let people = make_people(&first, people).await?;
        // The others have the keys that the first one made, and blobs are in one folder.
        for index in 1..NODES {
            let data = folder.path().join(format!("node{index}/data"));
            for key in ["keys.json", "plc-rotation.key"] {
                std::fs::copy(first.join("data").join(key), data.join(key)).context(key)?;
            }
            std::os::unix::fs::symlink(first.join("data/blobs"), data.join("blobs"))?;
        }
        for node in &mut nodes {
            node.start(0).await?;
        }
        let addresses: Vec<SocketAddr> = nodes.iter().map(|node| node.address).collect();
        let proxy = Proxy::start(folder.path(), HOST, &addresses)?;
        Ok((Self { proxy, nodes, database, folder }, people))
    }

    pub(crate) fn doors(&self) -> Doors {
        Doors {
            issuer: format!("https://{HOST}"),
            proxy: self.proxy.address,
            nodes: self.nodes.iter().map(|node| node.address).collect(),
        }
    }

    /// Leaves the folder, with the logs, to whoever wants to know what happened.
    pub(crate) fn keep_folder(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }
}

fn config(listen: SocketAddr, data: &Path, store: &str) -> String {
    format!(
        "[server]\npublic_url = \"https://{HOST}\"\nlisten = \"{listen}\"\ndata = \"{}\"\n\
         trusted_proxies = [\"127.0.0.1\"]\n[identity]\nhandle_domains = [\".{HOST}\"]\n\
         [store]\nurl = \"{store}\"\n[limits]\nrate_limits = false\n\
         [telemetry]\nfilter = \"warn\"\nmetrics = \"off\"\n",
        data.display()
    )
}

/// Accounts as `gatewright account create` makes them, with identities of a directory that is there for this alone.
async fn make_people(node: &Path, count: usize) -> Result<Vec<Person>> {
    let (listener, clock) =
        (listen::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?, Arc::new(SystemClock));
    let plc_url = format!("http://localhost:{}", listener.local_addr()?.port());
    let directory = Directory::open(&node.join("plc.jsonl"), clock)?;
    let (_stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(listen::serve(listener, directory.router(), 16, stopped));
    let config = Config::load(&node.join("gatewright.toml"))?;
    let (plc_url, network) = (Url::parse(&plc_url)?, Network::Development(Arc::new(NoNames) as _));
    let solo = Solo::open(Parts { plc_url, network, ..Parts::of(&config)? }).await?;
    let mut people = Vec::new();
    for index in 0..count {
        let handle = format!("person{index}.{HOST}");
        let did = solo.create_account(&handle, None, PASSWORD).await?.to_string();
        people.push(Person { handle, did, password: PASSWORD.to_owned() });
    }
    serving.abort();
    std::fs::create_dir_all(node.join("data/blobs"))?;
    Ok(people)
}

#[derive(Debug)]
struct NoNames;

#[async_trait]
impl DevNetwork for NoNames {
    async fn handle(&self, _: &Handle) -> Option<Did> {
        None
    }

    async fn txt(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}
