//! Several nodes as an operator has them: `gatewright serve` in processes of their own over one PostgreSQL, and people with
//! accounts.

mod database;
mod node;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
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
use tempfile::TempDir;
use tokio::sync::watch;
use url::Url;

pub use database::Database;
pub use node::Node;

use crate::app::Person;
use database::open_to_all;

/// Who the nodes are to the world. Nobody ever asks the network for it.
pub const HOST: &str = "pds.gatewright-nodes.net";
const PASSWORD: &str = "correct horse battery staple";

/// What runs, in the order in which it ends.
#[derive(Debug)]
pub struct Cluster {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// What they share.
    pub database: Database,
    folder: TempDir,
}

impl Cluster {
    /// Starts so many nodes of this program; so many people have accounts.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or a node does not get ready.
    pub async fn start(program: &Path, nodes: usize, people: usize) -> Result<(Self, Vec<Person>)> {
        let folder = tempfile::Builder::new().prefix("gatewright-nodes-").tempdir()?;
        open_to_all(folder.path())?;
        let database = Database::start(&folder.path().join("postgres"))?;
        let mut cluster = Self { nodes: Vec::new(), database, folder };
        for index in 0..nodes {
            let (own, address) = (cluster.folder_of(index), free_address()?);
            let data = own.join("data");
            std::fs::create_dir_all(&data)?;
            let file = own.join("gatewright.toml");
            std::fs::write(&file, config(address, &data, &cluster.database.url()))?;
            cluster.nodes.push(Node::new(program.to_owned(), file, &own, address));
        }
        let first = cluster.folder_of(0);
        let people = make_people(&first, people).await?;
        // The others have the keys that the first one made, and blobs are in one folder.
        for index in 1..nodes {
            let data = cluster.folder_of(index).join("data");
            for key in ["keys.json", "plc-rotation.key"] {
                std::fs::copy(first.join("data").join(key), data.join(key)).context(key)?;
            }
            std::os::unix::fs::symlink(first.join("data/blobs"), data.join("blobs"))?;
        }
        for node in &mut cluster.nodes {
            node.start(0).await?;
        }
        Ok((cluster, people))
    }

    /// The issuer of all nodes.
    pub fn issuer() -> String {
        format!("https://{HOST}")
    }

    /// Where each node listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.address).collect()
    }

    /// Everything that it keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves the folder, with the logs, to whoever wants to know what happened.
    pub fn keep_folder(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }

    fn folder_of(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("node{node}"))
    }
}

/// An address that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
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
