//! Whoever makes the faults, one after the other, in an order that the seed says.

use std::time::Duration;

use anyhow::Result;
use gatewright_testkit::cluster::Cluster;
use tokio::time::{Instant, sleep};

use crate::dice::Dice;
use crate::proxy::Proxy;
use crate::tally::{Fault, Tally};

/// How far a clock is off.
const SKEW: i64 = 40;

/// Makes faults until then; at the end everything runs.
pub(crate) async fn make(
    cluster: &mut Cluster,
    proxy: &Proxy,
    dice: &Dice,
    tally: &Tally,
    until: Instant,
) -> Result<()> {
    let mut deck = Vec::new();
    while Instant::now() < until {
        sleep(Duration::from_millis(1500 + dice.below(2500))).await;
        let Some(fault) = deck.pop() else {
            deck = Fault::ALL.to_vec();
            // What nodes are most often asked to survive.
            deck.extend([Fault::NodeKilled, Fault::DatabaseConnectionsCut, Fault::ProxyConnectionsCut]);
            dice.shuffle(&mut deck);
            continue;
        };
        look_after(cluster, tally).await?;
        one(cluster, proxy, dice, fault).await?;
        tally.fault(fault);
    }
    look_after(cluster, tally).await
}

async fn one(cluster: &mut Cluster, proxy: &Proxy, dice: &Dice, fault: Fault) -> Result<()> {
    let which = dice.below(cluster.nodes.len() as u64) as usize;
    let said = match fault {
        Fault::NodeKilled => {
            let skew = cluster.nodes[which].skew;
            restart(cluster, dice, which, skew).await?;
            format!("node {which} was killed, and runs again")
        }
        Fault::ClockAhead | Fault::ClockBehind => {
            // One clock is off at a time: two could be 80 s apart.
            for other in 0..cluster.nodes.len() {
                if other != which && cluster.nodes[other].skew != 0 {
                    restart(cluster, dice, other, 0).await?;
                }
            }
            let skew = if fault == Fault::ClockAhead { SKEW } else { -SKEW };
            restart(cluster, dice, which, skew).await?;
            format!("the clock of node {which} is {skew:+} s off")
        }
        Fault::DatabaseConnectionsCut => format!("{} connections to PostgreSQL cut", cluster.database.cut()?),
        Fault::ProxyConnectionsCut => {
            proxy.cut(dice.below(16))?;
            "all connections of a worker of the proxy cut".to_owned()
        }
        Fault::DatabaseStoppedFast => {
            tokio::task::block_in_place(|| cluster.database.restart("fast"))?;
            "PostgreSQL stopped (fast), and runs again".to_owned()
        }
        Fault::DatabaseStoppedImmediately => {
            tokio::task::block_in_place(|| cluster.database.restart("immediate"))?;
            "PostgreSQL stopped (immediate), and runs again".to_owned()
        }
    };
    eprintln!("{said}");
    Ok(())
}

async fn restart(cluster: &mut Cluster, dice: &Dice, which: usize, skew: i64) -> Result<()> {
    let node = &mut cluster.nodes[which];
    node.kill()?;
    sleep(Duration::from_millis(dice.below(1500))).await;
    node.start(skew).await
}

/// A node that ended by itself is counted, and started again.
async fn look_after(cluster: &mut Cluster, tally: &Tally) -> Result<()> {
    for node in &mut cluster.nodes {
        if node.has_ended()? {
            tally.wrong(
                crate::tally::Wrong::NodeEnded,
                format!("the node at {} ended by itself", node.address),
            );
        }
        let skew = node.skew;
        node.start(skew).await?;
    }
    Ok(())
}
