//! Who is at the other end of the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The address of a client: of the connection, or what a proxy of ours says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(IpAddr);

/// What counts as one network: an IPv4 address, or the 64 bits of an IPv6 address that a subscriber cannot choose. No
/// subscriber has an IPv6 address whose bits could be those of an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(u64);

impl Peer {
    /// Whose request has these headers and came over this connection. `X-Forwarded-For` is believed only from
    /// `proxies`; where the connection is not known, everybody is one client.
    pub fn of(headers: &HeaderMap, connection: Option<SocketAddr>, proxies: &[IpNet]) -> Self {
        let is_proxy = |address: IpAddr| proxies.iter().any(|network| network.contains(&address));
        let Some(connection) = connection.map(|address| address.ip().to_canonical()) else {
            return Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        };
        if !is_proxy(connection) {
            return Self(connection);
        }
        // Each proxy appends whom it talks to, so the last one that is no proxy of ours is true; what stands before
        // that is hearsay.
        // A line that is no text is one address that cannot be read: nothing before it is believed.
        let said = headers.get_all("x-forwarded-for").iter().rev().map(|value| value.to_str().unwrap_or("?"));
        let mut addresses =
            said.flat_map(|value| value.rsplit(',')).map(|text| text.trim().parse::<IpAddr>());
        let mut last = connection;
        loop {
            match addresses.next() {
                Some(Ok(address)) if is_proxy(address.to_canonical()) => last = address.to_canonical(),
                Some(Ok(address)) => return Self(address.to_canonical()),
                Some(Err(_)) | None => return Self(last),
            }
        }
    }

    /// Roughly where it is, for people: the network of 256 addresses (`192.0.2.0/24`), or what a provider gives to a
    /// site (`2001:db8:1::/48`). Never the address itself.
    pub fn place(self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{}/24", Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        }
    }

    /// The network it is in.
    pub fn network(self) -> Network {
        match self.0.to_canonical() {
            IpAddr::V4(address) => Network(u64::from(u32::from(address))),
            IpAddr::V6(address) => Network(u64::try_from(u128::from(address) >> 64).unwrap_or(0)),
        }
    }
}

impl From<Peer> for gatewright_resolve::Peer {
    fn from(peer: Peer) -> Self {
        Self::new(peer.0)
    }
}

impl Network {
    /// For a keyed digest, never for a log or a row.
    pub fn to_text(self) -> String {
        Ipv6Addr::from(u128::from(self.0) << 64).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connection: &str, forwarded: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Peer::of(&headers, Some(connection.parse().unwrap()), &["10.0.0.0/8".parse().unwrap()]).0
    }

    #[test]
    fn only_proxies_of_ours_are_believed() {
        for (connection, forwarded, expected) in [
            ("192.0.2.1:5", &[][..], "192.0.2.1"),
            ("192.0.2.1:5", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1:5", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1:5", &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1:5", &["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1:5", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1:5", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1:5", &["198.51.100.7", "203.0.113.9, nonsense"], "10.0.0.1"),
            ("10.0.0.1:5", &["198.51.100.7", "\u{fc}, 203.0.113.9"], "10.0.0.1"),
            ("[::ffff:192.0.2.1]:5", &[], "192.0.2.1"),
        ] {
            assert_eq!(
                peer(connection, forwarded),
                expected.parse::<IpAddr>().unwrap(),
                "{connection} {forwarded:?}"
            );
        }
    }

    #[test]
    fn a_place_is_never_an_address() {
        for (address, place) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ] {
            assert_eq!(Peer(address.parse().unwrap()).place(), place);
        }
    }

    #[test]
    fn a_subscriber_is_one_network() {
        let network = |text: &str| Peer(text.parse().unwrap()).network();
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
    }
}
