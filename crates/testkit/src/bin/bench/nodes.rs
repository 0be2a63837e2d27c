//! Nodes over PostgreSQL: what one costs beside a server over SQLite, and what two serve beside one.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use gatewright_testkit::app::Person;
use gatewright_testkit::cluster::{Cluster, Node};
use serde_json::{Map, Value, json};

use crate::compare::{COMPARED, figures};
use crate::measure::{Round, median};
use crate::operations;
use crate::process::{Process, children_of, cpu_of, cpu_of_tree, pin};
use crate::quota::Quota;
use crate::round;
use crate::subject::Subject;

/// Accounts, as many as the others have.
const ACCOUNTS: usize = 8;
/// The share of a processor that each of several nodes is held to, so that neither database nor driver is what limits them.
const SHARE: f64 = 0.2;
/// At most so many times the CPU of SQLite, node and database together.
const MOST_CPU: f64 = 2.5;
/// Two nodes serve at least so many times what one does…
const LEAST_SERVED: f64 = 1.7;
/// …and an operation costs at most so many times as much.
const MOST_CPU_OF_TWO: f64 = 1.15;

/// Nodes that are measured as one server.
#[derive(Debug)]
pub(crate) struct Nodes {
    pub(crate) issuer: String,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) people: Vec<Person>,
    ids: Vec<u32>,
    database: u32,
}

impl Nodes {
    /// The first so many nodes of a cluster.
    fn of(cluster: &Cluster, people: &[Person], count: usize) -> Result<Self> {
        let nodes = cluster.nodes.iter().take(count);
        let ids: Option<Vec<u32>> = nodes.map(Node::process_id).collect();
        let mut addresses = cluster.addresses();
        addresses.truncate(count);
        Ok(Self {
            issuer: Cluster::issuer(),
            addresses,
            people: people.to_vec(),
            ids: ids.context("a node has ended")?,
            database: cluster.database.process_id()?,
        })
    }

    /// CPU time so far of nodes and database, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.ids.iter().copied().map(cpu_of).sum::<f64>() + cpu_of_tree(self.database)
    }

    pub(crate) fn ids(&self) -> Vec<u32> {
        self.ids.clone()
    }

    /// Keeps the nodes, and the database, to these processors.
    fn pin(&self, nodes: &str, database: &str) -> Result<()> {
        self.ids.iter().try_for_each(|id| pin(*id, nodes))?;
        pin(self.database, database)?;
        // One of them may just have ended.
        for child in children_of(self.database) {
            let _ = pin(child, database);
        }
        Ok(())
    }
}

/// Measures both, and adds the tables.
pub(crate) async fn measure(server: &Path, seconds: f64, rounds: usize, table: &mut String) -> Result<Value> {
    let data = tempfile::tempdir()?;
    let process = Process::start(server, data.path(), "normal")?;
    let sqlite = Subject::Ours(&process);
    let (cluster, people) = Cluster::start(server, 2, ACCOUNTS).await?;
    let one = Nodes::of(&cluster, &people, 1)?;
    let two = Nodes::of(&cluster, &people, 2)?;
    // Node and database have together what the server over SQLite has alone.
    two.pin("0", "0")?;
    let mut operations = Map::new();
    writeln!(
        table,
        "\n| operation | SQLite: CPU µs | PostgreSQL: CPU µs, node and database | ratio |\n|---|---|---|---|"
    )?;
    for (name, _) in COMPARED {
        let [first, second] = in_turn(name, [sqlite, Subject::Nodes(&one)], seconds, rounds).await?;
        let cpu = |rounds: &[Round]| median(rounds.iter().map(Round::cpu_us));
        let ratio = cpu(&second) / cpu(&first);
        eprintln!("{name:<16} {ratio:>6.2} times the CPU over SQLite (at most {MOST_CPU})");
        writeln!(
            table,
            "| {} | {:.0} | {:.0} | **{ratio:.2}** |",
            name.replace('_', " "),
            cpu(&first),
            cpu(&second)
        )?;
        operations.insert(
            (*name).to_owned(),
            json!({"ratio": round(ratio), "at_most": MOST_CPU, "holds": ratio <= MOST_CPU, "cpu_us": round(cpu(&second))}),
        );
    }
    sqlite.run(false)?;
    two.pin("0", "0-1")?;
    let _quotas: Vec<Quota> = two.ids.iter().map(|id| Quota::hold(*id, SHARE)).collect::<Result<_>>()?;
    let mut both = Map::new();
    writeln!(
        table,
        "\n| operation | one node: per second, CPU µs | two nodes | served | CPU |\n|---|---|---|---|---|"
    )?;
    for name in ["guarded_read", "refresh"] {
        let [first, second] =
            in_turn(name, [Subject::Nodes(&one), Subject::Nodes(&two)], seconds, rounds).await?;
        let of = |rounds: &[Round], figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        let times = of(&second, Round::per_second) / of(&first, Round::per_second);
        let cpu = of(&second, Round::cpu_us) / of(&first, Round::cpu_us);
        eprintln!(
            "{name:<16} two nodes serve {times:.2} times one (at least {LEAST_SERVED}), for {cpu:.2} times the CPU (at most {MOST_CPU_OF_TWO})"
        );
        writeln!(
            table,
            "| {} | {:.0}, {:.0} | {:.0}, {:.0} | **{times:.2}** | **{cpu:.2}** |",
            name.replace('_', " "),
            of(&first, Round::per_second),
            of(&first, Round::cpu_us),
            of(&second, Round::per_second),
            of(&second, Round::cpu_us),
        )?;
        both.insert(
            name.to_owned(),
            json!({
                "served": round(times), "at_least": LEAST_SERVED, "cpu": round(cpu), "at_most": MOST_CPU_OF_TWO,
                "holds": times >= LEAST_SERVED && cpu <= MOST_CPU_OF_TWO,
                "one": figures(&first, 1.0), "two": figures(&second, 1.0),
            }),
        );
    }
    sqlite.run(true)?;
    process.stop()?;
    Ok(json!({"beside_sqlite": operations, "two_nodes": both}))
}

/// Rounds of one operation at two servers in turn: while one is measured the other stands still.
async fn in_turn(
    name: &str,
    subjects: [Subject<'_>; 2],
    seconds: f64,
    rounds: usize,
) -> Result<[Vec<Round>; 2]> {
    let operation = operations::ALL.iter().find(|one| one.name == name).context("it is measured")?;
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (at, subject) in subjects.into_iter().enumerate() {
            subjects.into_iter().try_for_each(|other| other.run(false))?;
            subject.run(true)?;
            found[at].push(operation.run(subject, seconds, 16).await.with_context(|| name.to_owned())?);
        }
    }
    Ok(found)
}
