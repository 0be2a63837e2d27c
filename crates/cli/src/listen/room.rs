//! How many connections there is room for, in all and from one network.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gatewright_guard::peer::{Network, Peer};
use http::HeaderMap;
use ipnet::IpNet;
use parking_lot::Mutex;

/// How long the body of a request may keep the program waiting.
const BODY: Duration = Duration::from_secs(30);

/// How many connections there is room for, and how long they are waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub connections: usize,
    /// From one network: an IPv4 address, or the 64 bits of an IPv6 address that a subscriber cannot choose.
    pub per_network: usize,
    /// Whose connections are not counted by network: proxies, which bring everybody's.
    pub proxies: Vec<IpNet>,
    /// How long the body of a request may keep the program waiting, beyond the second that each KiB earns it.
    pub body: Duration,
}

/// As many connections, whoever they come from: for what listens on loopback.
impl From<usize> for Room {
    fn from(connections: usize) -> Self {
        Self { connections, per_network: connections, proxies: Vec::new(), body: BODY }
    }
}

/// The connections of each network that has any.
#[derive(Debug)]
pub(super) struct Networks {
    open: Mutex<HashMap<Network, usize>>,
    most: usize,
    proxies: Vec<IpNet>,
}

/// A connection that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    networks: Arc<Networks>,
    network: Option<Network>,
}

impl Networks {
    pub(super) fn new(room: &Room) -> Arc<Self> {
        let (most, proxies) = (room.per_network, room.proxies.clone());
        Arc::new(Self { open: Mutex::default(), most, proxies })
    }

    /// `None` if its network has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, peer: SocketAddr) -> Option<Counted> {
        let counted = |network| Some(Counted { networks: Arc::clone(self), network });
        let address: IpAddr = peer.ip().to_canonical();
        if self.proxies.iter().any(|proxies| proxies.contains(&address)) {
            return counted(None);
        }
        let network = Peer::of(&HeaderMap::new(), Some(peer), &[]).network();
        let mut open = self.open.lock();
        let count = open.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(open);
        counted(Some(network))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut open = self.networks.open.lock();
        if let Some(count) = open.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_72_a_network_has_so_many_connections_and_leaves_nothing_behind() {
        let room = Room {
            per_network: 2,
            proxies: vec!["10.0.0.0/8".parse().expect("a network")],
            ..Room::from(10)
        };
        let networks = Networks::new(&room);
        let enter = |peer: &str| networks.enter(peer.parse().expect("an address"));
        let first = enter("192.0.2.1:1").expect("there is room");
        let second = enter("[::ffff:192.0.2.1]:2").expect("there is room");
        assert!(enter("192.0.2.1:3").is_none());
        let others = [enter("192.0.2.2:1"), enter("[2001:db8::1]:1"), enter("[2001:db8::2:1]:1")];
        assert!(others.iter().all(Option::is_some), "other networks");
        assert!(enter("[2001:db8::3]:1").is_none(), "the same 64 bits");
        let proxied: Vec<_> = (1..9).map(|port| enter(&format!("10.0.0.1:{port}"))).collect();
        assert!(proxied.iter().all(Option::is_some), "everybody comes from there");
        drop(first);
        let third = enter("192.0.2.1:4").expect("there is room again");
        drop((second, third, others, proxied));
        assert!(networks.open.lock().is_empty());
    }
}
